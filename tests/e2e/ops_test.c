/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Every computation of ops.inc on the GPU and, from the same text, on the CPU. */
#include "e2e.h"
#include "ops_text.h" /* ops_text */

#include <math.h>

#define ITEMS 4096

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef signed char schar;

static uint
as_uint(float f)
{
   uint u;
   memcpy(&u, &f, 4);
   return u;
}

static ulong
as_ulong(double d)
{
   ulong u;
   memcpy(&u, &d, 8);
   return u;
}

/* OpenCL C's char is signed, as it is on this host. */
#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#define OP(name, type) static void cpu_##name(const type *in, type *out, uint i)
#include "ops.inc"
#undef OP

struct op {
   const char *name, *type;
   size_t size_B;
   void (*run)(const void *in, void *out, uint i);
};

/* The same list as a table: each OP becomes an entry, its body is thrown away. */
#define OP(name, type)                                                         \
   static void call_##name(const void *in, void *out, uint i)                  \
   {                                                                           \
      cpu_##name(in, out, i);                                                  \
   }
#include "ops_list.h"
#undef OP

static const struct op ops[] = {
#define OP(name, type) {#name, #type, sizeof(type), call_##name},
#include "ops_list.h"
#undef OP
};

static const double specials[] = {
   0.0,      -0.0,      1.0,       -1.0,     0.5,      3.0,
   1e-40,    -1e-40,    1e30,      -1e30,    1e38,     3.4e38,
   INFINITY, -INFINITY, NAN,       1e-310,   1.7e308,  -2e-308,
   1.0 / 3,  0x1p-126,  0x1p-1022, 0x1p-149, 16777217, 4294967296.0};

static void
fill(const struct op *op, void *in, uint32_t *seed)
{
   const uint special[] = {0, 1, 2, 0xffffffff, 0x80000000, 0x7fffffff, 0xff};
   for (unsigned i = 0; i < ITEMS + 2; i++) {
      uint32_t r = e2e_rand(seed) ^ e2e_rand(seed) << 16;
      bool edge = e2e_rand(seed) % 8 == 0;
      double d =
         edge ? specials[r % (sizeof(specials) / sizeof(double))]
              : ldexp((double)(int32_t)r, (int)(e2e_rand(seed) % 80) - 60);
      if (!strcmp(op->type, "float"))
         ((float *)in)[i] = d;
      else if (!strcmp(op->type, "double"))
         ((double *)in)[i] = d + (edge ? 0 : d * 1e-9);
      else if (op->size_B == 8)
         ((ulong *)in)[i] = edge ? (ulong)(long)(int)special[r % 7]
                                 : (ulong)r << (r % 33) ^ r * 77ul;
      else if (op->size_B == 4)
         ((uint *)in)[i] = edge ? special[r % 7] : r >> (r & 7);
      else if (op->size_B == 2)
         ((ushort *)in)[i] = r;
      else
         ((uchar *)in)[i] = r;
   }
}

/* NaNs are equal whatever their payload. */
static bool
same(const struct op *op, const void *a, const void *b)
{
   if (!strcmp(op->type, "float") && isnan(*(const float *)a))
      return isnan(*(const float *)b);
   if (!strcmp(op->type, "double") && isnan(*(const double *)a))
      return isnan(*(const double *)b);
   return !memcmp(a, b, op->size_B);
}

static unsigned
run_op(struct e2e *e, cl_program program, const struct op *op, uint32_t *seed)
{
   size_t size_B = (ITEMS + 2) * op->size_B;
   char *in = malloc(size_B), *want = calloc(1, size_B),
        *got = calloc(1, size_B);
   cl_int err;
   unsigned wrong = 0;
   fill(op, in, seed);
   for (uint i = 0; i < ITEMS; i++)
      op->run(in, want, i);
   cl_kernel k = clCreateKernel(program, op->name, &err);
   OK(err);
   cl_mem bi =
      clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, size_B, in, &err);
   OK(err);
   cl_mem bo =
      clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, size_B, got, &err);
   OK(err);
   e2e_arg(k, 0, sizeof(bi), &bi);
   e2e_arg(k, 1, sizeof(bo), &bo);
   OK(e2e_launch(e->queue, k, ITEMS, 0, NULL));
   OK(clEnqueueReadBuffer(e->queue, bo, CL_TRUE, 0, ITEMS * op->size_B, got, 0,
                          NULL, NULL));
   for (unsigned i = 0; i < ITEMS; i++) {
      if (same(op, want + i * op->size_B, got + i * op->size_B))
         continue;
      if (wrong++ < 3) {
         unsigned long w = 0, g = 0, v[3] = {0};
         memcpy(&w, want + i * op->size_B, op->size_B);
         memcpy(&g, got + i * op->size_B, op->size_B);
         for (unsigned j = 0; j < 3; j++)
            memcpy(&v[j], in + (i + j) * op->size_B, op->size_B);
         print_error("%s[%u](%lx, %lx, %lx): GPU %lx, CPU %lx\n", op->name, i,
                     v[0], v[1], v[2], g, w);
      }
   }
   clReleaseMemObject(bi);
   clReleaseMemObject(bo);
   clReleaseKernel(k);
   free(in);
   free(want);
   free(got);
   return wrong;
}

static void
run_all(void **state)
{
   static const char head[] =
      "#pragma OPENCL FP_CONTRACT OFF\n"
      "#define OP(name, type) \\\n"
      "   static void dev_##name(global const type *in, global type *out, uint i); \\\n"
      "   kernel void name(global const type *in, global type *out) \\\n"
      "   { dev_##name(in, out, get_global_id(0)); } \\\n"
      "   static void dev_##name(global const type *in, global type *out, uint i)\n";
   struct e2e *e = *state;
   uint32_t seed = e2e_seed();
   const char *only = getenv("E2E_OP");
   unsigned bad = 0;
   size_t n = strlen(head) + strlen(ops_text) + 1;
   char *source = malloc(n);
   snprintf(source, n, "%s%s", head, ops_text);
   cl_program p = e2e_program(
      e, source, "-cl-std=CL3.0 -cl-fp32-correctly-rounded-divide-sqrt");
   for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
      if (only && strcmp(only, ops[i].name))
         continue;
      unsigned wrong = run_op(e, p, &ops[i], &seed);
      if (wrong)
         print_error("%s: %u of %u wrong\n", ops[i].name, wrong, ITEMS);
      bad += wrong != 0;
   }
   clReleaseProgram(p);
   free(source);
   assert_int_equal(bad, 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(run_all),
   };
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
