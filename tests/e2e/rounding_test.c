/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT: with the option for it, division and
 * square root give the host's bits. */
#include "e2e.h"

#include <math.h>

static const char source[] =
   "kernel void quotient(global const float *a, global const float *b,\n"
   "                     global float *q, global float *r)\n"
   "{\n"
   "   size_t i = get_global_id(0);\n"
   "   q[i] = a[i] / b[i];\n"
   "   r[i] = sqrt(a[i]);\n"
   "}\n";

enum {
   N = 1 << 16
};

static float
from_bits(uint32_t bits)
{
   float f;
   memcpy(&f, &bits, sizeof(f));
   return f;
}

/* All kinds of numbers; near each other, denormal, at the ends. */
static float
any_float(uint32_t *seed)
{
   static const uint32_t special[] = {
      0,          0x80000000, 1,          0x807fffff, 0x00800000, 0x3f800000,
      0x3f7fffff, 0x3f800001, 0x7f7fffff, 0xff800000, 0x7f800000, 0x7fc00000};
   uint32_t r = e2e_rand(seed) << 16 ^ e2e_rand(seed);
   switch (e2e_rand(seed) % 8) {
   case 0:
      return from_bits(special[r % (sizeof(special) / sizeof(special[0]))]);
   case 1:
      return from_bits(r & 0x807fffff); /* denormal */
   case 2 ... 4:
      return from_bits(0x3f000000 + (r & 0x1ffffff));
   default:
      return from_bits(r);
   }
}

static bool
same(float a, float b)
{
   return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

static cl_mem
buffer(struct e2e *e, void *data)
{
   cl_int err;
   cl_mem b = clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR,
                             N * sizeof(float), data, &err);
   OK(err);
   return b;
}

static void
test_divide_sqrt(void **state)
{
   struct e2e *e = *state;
   cl_device_fp_config config;
   OK(clGetDeviceInfo(e->device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof(config),
                      &config, NULL));
   assert_true(config & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT);
   cl_int err;
   cl_program p =
      e2e_program(e, source, "-cl-fp32-correctly-rounded-divide-sqrt");
   cl_kernel k = clCreateKernel(p, "quotient", &err);
   OK(err);
   float *v[4];
   cl_mem m[4];
   uint32_t seed = e2e_seed();
   for (unsigned i = 0; i < 4; i++) {
      v[i] = malloc(N * sizeof(float));
      for (unsigned j = 0; j < N; j++)
         v[i][j] = any_float(&seed);
      m[i] = buffer(e, v[i]);
      e2e_arg(k, i, sizeof(m[i]), &m[i]);
   }
   OK(e2e_run(e, k, N, 0));
   for (unsigned i = 2; i < 4; i++)
      OK(clEnqueueReadBuffer(e->queue, m[i], CL_TRUE, 0, N * sizeof(float),
                             v[i], 0, NULL, NULL));
   for (unsigned j = 0; j < N; j++) {
      float a = v[0][j], b = v[1][j];
      if (!same(v[2][j], a / b))
         fail_msg("%a / %a = %a, want %a", a, b, v[2][j], a / b);
      if (!same(v[3][j], sqrtf(a)))
         fail_msg("sqrt(%a) = %a, want %a", a, v[3][j], sqrtf(a));
   }
   for (unsigned i = 0; i < 4; i++) {
      clReleaseMemObject(m[i]);
      free(v[i]);
   }
   clReleaseKernel(k);
   clReleaseProgram(p);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {cmocka_unit_test(test_divide_sqrt)};
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
