/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Random kernels on the GPU against their interpreter. TEST_SEED and
 * FUZZ_ROUNDS choose; FUZZ_PRINT=1 shows each source, FUZZ_REDUCE=1 a reduced
 * one that fails. */
#include "fuzz.h"

#include "../e2e/e2e.h"

static unsigned
env_number(const char *name, unsigned dflt)
{
   const char *text = getenv(name);
   return text ? strtoul(text, NULL, 0) : dflt;
}

static void
fill_input(uint32_t *input, uint32_t seed)
{
   static const uint32_t edges[] = {
      0, 1, 2, 3, 31, 0x80, 0x7fffffff, 0x80000000, 0xffffffff, 0xff, 0x10000};
   for (unsigned i = 0; i < FUZZ_INPUT; i++) {
      uint32_t r = e2e_rand(&seed);
      input[i] = r % 2 ? edges[r / 2 % ARRAY_SIZE(edges)]
                       : e2e_rand(&seed) << 12 ^ e2e_rand(&seed);
   }
}

/* NULL and a message if it does not build: the others shall run. */
static cl_program
build(struct e2e *e, const char *source, uint32_t seed, bool quiet)
{
   char log[4096] = "";
   cl_int err;
   cl_program p = clCreateProgramWithSource(e->context, 1, &source, NULL, &err);
   OK(err);
   err = clBuildProgram(p, 1, &e->device,
                        "-cl-std=CL3.0 -cl-fp32-correctly-rounded-divide-sqrt",
                        NULL, NULL);
   if (err == CL_SUCCESS)
      return p;
   clGetProgramBuildInfo(p, e->device, CL_PROGRAM_BUILD_LOG, sizeof(log), log,
                         NULL);
   if (!quiet)
      print_error("seed %u: build error %d: %s\n", seed, err, log);
   clReleaseProgram(p);
   return NULL;
}

static void
run_on_gpu(struct e2e *e, cl_program p, const uint32_t *input,
           struct fuzz_result *out)
{
   cl_int err;
   cl_kernel k = clCreateKernel(p, "fuzz", &err);
   OK(err);
   cl_mem in = clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, FUZZ_INPUT * 4,
                              (void *)input, &err);
   OK(err);
   cl_mem o = clCreateBuffer(e->context, 0, sizeof(out->out), NULL, &err);
   OK(err);
   cl_mem c = clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR,
                             sizeof(out->counters), out->counters, &err);
   OK(err);
   cl_mem m =
      clCreateBuffer(e->context, 0, FUZZ_ITEMS * FUZZ_MEM_B, NULL, &err);
   OK(err);
   e2e_arg(k, 3, sizeof(m), &m);
   e2e_arg(k, 0, sizeof(in), &in);
   e2e_arg(k, 1, sizeof(o), &o);
   e2e_arg(k, 2, sizeof(c), &c);
   OK(e2e_run(e, k, FUZZ_ITEMS, FUZZ_GROUP));
   OK(clEnqueueReadBuffer(e->queue, o, CL_TRUE, 0, sizeof(out->out), out->out,
                          0, NULL, NULL));
   OK(clEnqueueReadBuffer(e->queue, c, CL_TRUE, 0, sizeof(out->counters),
                          out->counters, 0, NULL, NULL));
   clReleaseMemObject(in);
   clReleaseMemObject(o);
   clReleaseMemObject(c);
   clReleaseMemObject(m);
   clReleaseKernel(k);
   clReleaseProgram(p);
}

struct attempt {
   struct e2e *e;
   uint32_t input[FUZZ_INPUT];
   bool quiet;
   bool built;      /* the last program did */
   bool want_built; /* what we look for */
};

static void
report(const struct fuzz_program *p, const struct fuzz_result *want,
       const struct fuzz_result *got)
{
   for (unsigned i = 0, n = 0; i < FUZZ_ITEMS && n < 3; i++)
      if (want->out[i] != got->out[i] && ++n)
         print_error("seed %u size %u: item %u: GPU %lx, CPU %lx\n", p->seed,
                     p->size, i, (long)got->out[i], (long)want->out[i]);
   for (unsigned i = 0; i < FUZZ_COUNTERS; i++)
      if (want->counters[i] != got->counters[i])
         print_error("seed %u size %u: counter %u: GPU %x, CPU %x\n", p->seed,
                     p->size, i, got->counters[i], want->counters[i]);
}

static bool
fails(void *ctx, const struct fuzz_program *p)
{
   struct attempt *a = ctx;
   struct fuzz_result want = {0}, got = {0};
   struct util_buf source;
   for (unsigned i = 0; i < FUZZ_COUNTERS; i++)
      want.counters[i] = got.counters[i] = i % 4 == 3 ? ~0u : 0;
   util_buf_init(&source);
   fuzz_print(p, &source);
   if (env_number("FUZZ_PRINT", 0) && !a->quiet)
      fputs(source.data, stdout);
   fuzz_interpret(p, a->input, &want);
   cl_program program = build(a->e, source.data, p->seed, a->quiet);
   if (program)
      run_on_gpu(a->e, program, a->input, &got);
   util_buf_finish(&source);
   a->built = program != NULL;
   if (a->quiet && a->built != a->want_built)
      return false;
   if (!program)
      return true;
   bool differ = memcmp(&want, &got, sizeof(want));
   if (differ && !a->quiet)
      report(p, &want, &got);
   return differ;
}

/* Returns whether the results agree. FUZZ_REDUCE=1 shows a small program that
 * fails. */
static bool
run_one(struct e2e *e, uint32_t seed, unsigned size)
{
   struct fuzz_program p;
   struct attempt a = {.e = e};
   fill_input(a.input, seed);
   fuzz_generate(&p, seed, size);
   bool bad = fails(&a, &p);
   if (bad && env_number("FUZZ_REDUCE", 0)) {
      struct util_buf source;
      a.quiet = true;
      a.want_built = a.built;
      fuzz_reduce(&p, fails, &a);
      util_buf_init(&source);
      fuzz_print(&p, &source);
      fputs(source.data, stdout);
      a.quiet = false;
      fails(&a, &p);
      util_buf_finish(&source);
   }
   fuzz_finish(&p);
   return !bad;
}

static void
test_random_kernels(void **state)
{
   unsigned seed = env_number("TEST_SEED", 1);
   unsigned rounds = env_number("FUZZ_ROUNDS", 60), wrong = 0;
   print_message("seeds %u..%u\n", seed, seed + rounds - 1);
   for (unsigned n = 0; n < rounds; n++)
      wrong += !run_one(*state, seed + n,
                        env_number("FUZZ_SIZE", 5 + (seed + n) % 40));
   assert_int_equal(wrong, 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_kernels)};
   setvbuf(stdout, NULL, _IOLBF, 0); /* the source, even if we crash on it */
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
