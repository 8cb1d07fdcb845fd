/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* cl_ext_float_atomics: float and double in global, local and generic memory,
 * many work-items on one place. Sums are of numbers for which every order gives
 * the same, so the answer is exact. */
#include "e2e.h"

#include <float.h>
#include <math.h>

#define ITEMS 2048
#define GROUP 128
#define ALL   (7 | 7 << 16)

/* Every form once; the order of what comes from `in` is the hardware's. */
static const char source[] =
   "#define F(fn, p, v) atomic_fetch_##fn##_explicit(p, v,                  \\\n"
   "      memory_order_relaxed, memory_scope_device)                        \n"
   "void at(atomic_T *p, T v)                                              \n"
   "{                                                                       \n"
   "   atomic_fetch_add(p, v);                                              \n"
   "}                                                                       \n"
   "kernel void sums(global const T *in, global atomic_T *out, global T *old)\n"
   "{                                                                       \n"
   "   local atomic_T sum, low, high;                                       \n"
   "   size_t i = get_global_id(0);                                         \n"
   "   if (get_local_id(0) == 0) {                                          \n"
   "      atomic_init(&sum, 0);                                             \n"
   "      atomic_init(&low, INFINITY);                                      \n"
   "      atomic_init(&high, -INFINITY);                                    \n"
   "   }                                                                    \n"
   "   barrier(CLK_LOCAL_MEM_FENCE);                                        \n"
   "   T x = in[i];                                                         \n"
   "   old[i] = F(add, out + 0, 1);                                         \n"
   "   atomic_fetch_sub(out + 1, x);                                        \n"
   "   atomic_fetch_min_explicit(out + 2, x, memory_order_acq_rel);         \n"
   "   atomic_fetch_max(out + 3, x);                                        \n"
   "   F(add, &sum, x);                                                     \n"
   "   atomic_fetch_sub(&sum, (T)1);                                        \n"
   "   F(min, &low, x);                                                     \n"
   "   F(max, &high, x);                                                    \n"
   "   at(i & 1 ? (atomic_T *)&sum : (atomic_T *)(out + 4), x);             \n"
   "   barrier(CLK_LOCAL_MEM_FENCE);                                        \n"
   "   if (get_local_id(0) == 0) {                                          \n"
   "      F(add, out + 5, atomic_load(&sum));                               \n"
   "      F(min, out + 6, atomic_load(&low));                               \n"
   "      F(max, out + 7, atomic_load(&high));                              \n"
   "   }                                                                    \n"
   "}                                                                       \n"
   "kernel void pairs(global const T *in, global atomic_T *out)             \n"
   "{                                                                       \n"
   "   size_t i = get_global_id(0);                                         \n"
   "   F(add, out + i, in[i]);                                              \n"
   "}                                                                       \n"
   "kernel void ends(global const T *in, global atomic_T *out)              \n"
   "{                                                                       \n"
   "   size_t i = get_global_id(0);                                         \n"
   "   F(min, out + 2 * i, in[i]);                                          \n"
   "   F(max, out + 2 * i + 1, in[i]);                                      \n"
   "}                                                                       \n";

struct run {
   struct e2e *e;
   unsigned size_B; /* of a number */
   cl_program program;
   void *in, *out, *old;
   size_t num_out;
};

static double
get(const struct run *r, const void *array, size_t i)
{
   return r->size_B == 4 ? ((const float *)array)[i]
                         : ((const double *)array)[i];
}

static void
put(const struct run *r, void *array, size_t i, double x)
{
   if (r->size_B == 4)
      ((float *)array)[i] = x;
   else
      ((double *)array)[i] = x;
}

static void
run_start(struct run *r, struct e2e *e, bool wide, const char *std)
{
   char options[64];
   snprintf(options, sizeof(options), "-cl-std=%s -DT=%s -Datomic_T=atomic_%s",
            std, wide ? "double" : "float", wide ? "double" : "float");
   *r = (struct run){.e = e, .size_B = wide ? 8 : 4};
   r->program = e2e_program(e, source, options);
   r->in = calloc(ITEMS, 8);
   r->out = calloc(2 * ITEMS, 8);
   r->old = calloc(ITEMS, 8);
}

static void
run_end(struct run *r)
{
   clReleaseProgram(r->program);
   free(r->in);
   free(r->out);
   free(r->old);
}

static cl_mem
buffer(struct run *r, void *data, size_t n)
{
   cl_int err;
   cl_mem m = clCreateBuffer(r->e->context, CL_MEM_COPY_HOST_PTR, n * r->size_B,
                             data, &err);
   OK(err);
   return m;
}

static void
run_kernel(struct run *r, const char *name, bool has_old)
{
   cl_int err;
   cl_kernel k = clCreateKernel(r->program, name, &err);
   OK(err);
   cl_mem in = buffer(r, r->in, ITEMS), out = buffer(r, r->out, 2 * ITEMS),
          old = buffer(r, r->old, ITEMS);
   e2e_arg(k, 0, sizeof(in), &in);
   e2e_arg(k, 1, sizeof(out), &out);
   if (has_old)
      e2e_arg(k, 2, sizeof(old), &old);
   OK(e2e_launch(r->e->queue, k, ITEMS, GROUP, NULL));
   OK(clEnqueueReadBuffer(r->e->queue, out, CL_TRUE, 0, 2 * ITEMS * r->size_B,
                          r->out, 0, NULL, NULL));
   OK(clEnqueueReadBuffer(r->e->queue, old, CL_TRUE, 0, ITEMS * r->size_B,
                          r->old, 0, NULL, NULL));
   clReleaseMemObject(in);
   clReleaseMemObject(out);
   clReleaseMemObject(old);
   clReleaseKernel(k);
}

/* Additions of one give every whole number once. */
static void
check_old(struct run *r)
{
   bool seen[ITEMS] = {false};
   for (unsigned i = 0; i < ITEMS; i++) {
      double v = get(r, r->old, i);
      assert_true(v >= 0 && v < ITEMS && v == floor(v) && !seen[(int)v]);
      seen[(int)v] = true;
   }
}

static void
check_sums(struct run *r, uint32_t *seed)
{
   double sum = 0, low = INFINITY, high = -INFINITY, odd = 0;
   for (unsigned i = 0; i < ITEMS; i++) {
      double x = ((int)(e2e_rand(seed) % 2048) - 1024) / 64.0;
      put(r, r->in, i, x);
      sum += x;
      odd += i & 1 ? x : 0;
      low = fmin(low, x);
      high = fmax(high, x);
   }
   memset(r->out, 0, ITEMS * r->size_B);
   run_kernel(r, "sums", true);
   const double want[8] = {ITEMS, -sum, low, high, sum - odd, sum + odd - ITEMS,
                           low,   high};
   for (unsigned i = 0; i < 8; i++)
      if (get(r, r->out, i) != want[i])
         fail_msg("%u bytes, result %u: %g, want %g", r->size_B, i,
                  get(r, r->out, i), want[i]);
   check_old(r);
}

/* Zeros, ends of the ranges, numbers around the smallest normal one. */
static double
special(const struct run *r, unsigned i)
{
   static const double common[] = {0,        -0.0, 1,       -1,
                                   INFINITY, NAN,  0x1p-90, -0x1.8p-24};
   double tiny = r->size_B == 4 ? FLT_MIN : DBL_MIN,
          eps = r->size_B == 4 ? FLT_EPSILON : DBL_EPSILON;
   const double own[] = {tiny,
                         -tiny,
                         tiny * eps,
                         -tiny * eps,
                         tiny * 0.5,
                         tiny * (1 + eps),
                         -tiny * 1.5,
                         tiny / eps,
                         -tiny / eps,
                         tiny / eps * 4,
                         tiny * (1 - eps),
                         r->size_B == 4 ? FLT_MAX : DBL_MAX};
   return i < 8 ? common[i] : own[(i - 8) % 12];
}
#define SPECIALS 20

static double
added(const struct run *r, double x, double y)
{
   return r->size_B == 4 ? (float)x + (float)y : x + y;
}

/* One addition of each to each: subnormals are kept, as the device says. */
static void
check_pairs(struct run *r)
{
   for (unsigned i = 0; i < ITEMS; i++) {
      put(r, r->in, i, special(r, i % SPECIALS));
      put(r, r->out, i, special(r, i / SPECIALS % SPECIALS));
   }
   run_kernel(r, "pairs", false);
   for (unsigned i = 0; i < ITEMS; i++) {
      double x = special(r, i % SPECIALS),
             y = special(r, i / SPECIALS % SPECIALS), want = added(r, x, y),
             got = get(r, r->out, i);
      if (isnan(want) ? !isnan(got)
                      : got != want || signbit(got) != signbit(want))
         fail_msg("%u bytes, %a + %a: %a, want %a", r->size_B, x, y, got, want);
   }
}

/* Of a number and NaN the number is left, as with fmin and fmax. */
static void
check_ends(struct run *r)
{
   for (unsigned i = 0; i < ITEMS; i++) {
      put(r, r->in, i, special(r, i % SPECIALS));
      put(r, r->out, 2 * i, special(r, i / SPECIALS % SPECIALS));
      put(r, r->out, 2 * i + 1, special(r, i / SPECIALS % SPECIALS));
   }
   run_kernel(r, "ends", false);
   for (unsigned i = 0; i < ITEMS; i++) {
      double x = special(r, i % SPECIALS),
             y = special(r, i / SPECIALS % SPECIALS), low = fmin(x, y),
             high = fmax(x, y), got_low = get(r, r->out, 2 * i),
             got_high = get(r, r->out, 2 * i + 1);
      if (isnan(low) ? !isnan(got_low) || !isnan(got_high)
                     : got_low != low || got_high != high)
         fail_msg("%u bytes, ends of %a, %a: %a, %a", r->size_B, x, y, got_low,
                  got_high);
   }
}

static void
test_float_atomics(void **state)
{
   uint32_t seed = e2e_seed();
   for (unsigned i = 0; i < 4; i++) {
      struct run r;
      run_start(&r, *state, i & 1, i & 2 ? "CL3.0" : "CL2.0");
      check_sums(&r, &seed);
      check_pairs(&r);
      check_ends(&r);
      run_end(&r);
   }
}

static void
test_capabilities(void **state)
{
   struct e2e *e = *state;
   static const struct {
      cl_device_info info;
      cl_bitfield want;
   } rows[] = {{0x4231, ALL}, {0x4232, ALL}, {0x4233, 0}};
   for (unsigned i = 0; i < 3; i++) {
      cl_bitfield caps = 42;
      OK(clGetDeviceInfo(e->device, rows[i].info, sizeof(caps), &caps, NULL));
      assert_int_equal(caps, rows[i].want);
   }
   /* The language says the same, and half is not there. */
   clReleaseProgram(e2e_program(
      e,
      "#if !defined(cl_ext_float_atomics) ||                              \\\n"
      "    !defined(__opencl_c_ext_fp32_global_atomic_add) ||             \\\n"
      "    !defined(__opencl_c_ext_fp64_local_atomic_min_max) ||          \\\n"
      "    defined(__opencl_c_ext_fp16_global_atomic_load_store)            \n"
      "#error wrong\n"
      "#endif\n",
      "-cl-std=CL3.0"));
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_float_atomics),
      cmocka_unit_test(test_capabilities),
   };
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
