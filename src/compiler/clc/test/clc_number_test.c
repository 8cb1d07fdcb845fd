/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Kernels on the host: arithmetic and functions against the same in C. */
#include "clc_exec.h"

#include <math.h>
#include <string.h>

#include "util/test/test_random.h"
#include "util/util_macros.h"

static uint64_t random_state;

/* |got - want| in units of the last place of `want` at `mantissa` bits. */
static double
ulp_error(double got, long double want, int mantissa, int min_exponent)
{
   if (isnan(got) || isnan((double)want))
      return isnan(got) && isnan((double)want) ? 0 : INFINITY;
   long double limit = ldexpl(1, 128);
   if (mantissa == 53)
      limit = ldexpl(1, 1024);
   if (fabsl(want) >= limit)
      return isinf(got) && signbit(got) == signbit(want) ? 0 : INFINITY;
   if (want == 0)
      return got == 0 ? 0 : INFINITY;
   int exponent = MAX2(ilogbl(want), min_exponent);
   return fabsl(got - want) / ldexpl(1, exponent - mantissa + 1);
}

static void
check_math(struct clc_host_program *p, const char *kernel,
           long double (*reference)(long double), double low, double high,
           double max_ulp)
{
   bool is_double = kernel[strlen(kernel) - 1] == 'd';
   double worst = 0, worst_x = 0;
   for (unsigned i = 0; i < 20000; i++) {
      double x = low + (high - low) * (test_rng(&random_state) >> 11) * 0x1p-53;
      double dx = x, dr;
      float fx = x, fr;
      void *args[] = {is_double ? (void *)&dx : &fx,
                      is_double ? (void *)&dr : &fr};
      clc_exec_run(p, kernel, 1, 1, args, sizeof(args));
      long double want = reference(is_double ? dx : fx);
      double ulp = is_double ? ulp_error(dr, want, 53, -1022)
                             : ulp_error(fr, want, 24, -126);
      /* Subnormal floats may be flushed: no CL_FP_DENORM. */
      if (!is_double && fabsl(want) < 0x1p-126 && fr == 0)
         ulp = 0;
      if (ulp > worst) {
         worst = ulp;
         worst_x = is_double ? dx : fx;
      }
   }
   printf("   %s [%g, %g]: %.2f ulp at %a\n", kernel, low, high, worst,
          worst_x);
   if (worst > max_ulp)
      fail_msg("%s: %g ulp at %a", kernel, worst, worst_x);
}

static const char math_source[] =
   "#define F(name)\\\n"
   "kernel void name##_f(global float *x, global float *r) { *r = name(*x); }\\\n"
   "kernel void name##_d(global double *x, global double *r) { *r = name(*x); }\n"
   "F(tgamma) F(erfc) F(lgamma)\n";

static float
run_float(struct clc_host_program *p, const char *kernel, float x)
{
   float r;
   void *args[] = {&x, &r};
   clc_exec_run(p, kernel, 1, 1, args, sizeof(args));
   return r;
}

static double
run_double(struct clc_host_program *p, const char *kernel, double x)
{
   double r;
   void *args[] = {&x, &r};
   clc_exec_run(p, kernel, 1, 1, args, sizeof(args));
   return r;
}

/* Limits: OpenCL C 7.4, tables 62 and 66. */
static void
test_math(void **state)
{
   struct clc_host_program *p = clc_exec_build(math_source, NULL);
   check_math(p, "tgamma_f", tgammal, -40, 37, 16);
   check_math(p, "tgamma_d", tgammal, 0.01, 180, 16);
   check_math(p, "tgamma_d", tgammal, -0.999, 30, 16);
   check_math(p, "tgamma_d", tgammal, -183, 0, 16);
   check_math(p, "tgamma_d", tgammal, -1e-30, 1e-30, 16);
   check_math(p, "erfc_f", erfcl, -3, 10.5, 16);

   assert_true(run_float(p, "lgamma_f", -INFINITY) == INFINITY);
   assert_true(run_double(p, "lgamma_d", -INFINITY) == INFINITY);
   assert_true(run_float(p, "tgamma_f", 0.0f) == INFINITY);
   assert_true(run_float(p, "tgamma_f", -0.0f) == -INFINITY);
   assert_true(isnan(run_float(p, "tgamma_f", -INFINITY)));
   assert_true(isnan(run_double(p, "tgamma_d", -3.0)));
   assert_true(isnan(run_double(p, "tgamma_d", NAN)));
   assert_true(run_double(p, "tgamma_d", INFINITY) == INFINITY);
   assert_true(fabs(run_double(p, "tgamma_d", 5.0) - 24.0) <= 16 * 0x1p-48);
   clc_host_destroy(p);
}

static const char integer_source[] =
   "kernel void i32(global int *a, global int *r)\n"
   "{ r[0] = mad_hi(a[0], a[1], a[2]); r[1] = ctz(a[0]); }\n"
   "kernel void u32(global uint *a, global uint *r)\n"
   "{ r[0] = mad_hi(a[0], a[1], a[2]); r[1] = ctz(a[0]); }\n"
   "kernel void u64(global ulong *a, global ulong *r)\n"
   "{ r[0] = mad_hi(a[0], a[1], a[2]); r[1] = ctz(a[0]); }\n"
   "kernel void i16(global short *a, global short *r)\n"
   "{ r[0] = mad_hi(a[0], a[1], a[2]); r[1] = ctz(a[0]); }\n";

#define CHECK_INTEGER(name, type, wide, bits)                                  \
   static void check_mad_##name(struct clc_host_program *p)                    \
   {                                                                           \
      type a[3], r[2];                                                         \
      for (unsigned i = 0; i < 3; i++)                                         \
         a[i] = test_rng(&random_state) << test_rng(&random_state) % bits;     \
      if (test_rng(&random_state) % 8 == 0)                                    \
         a[0] = 0;                                                             \
      void *args[] = {a, r};                                                   \
      clc_exec_run(p, #name, 1, 1, args, sizeof(args));                        \
      type want = (type)((wide)a[0] * a[1] >> bits) + a[2];                    \
      unsigned zeros = 0;                                                      \
      while (zeros < bits && !(a[0] >> zeros & 1))                             \
         zeros++;                                                              \
      assert_true(r[0] == want);                                               \
      assert_int_equal(r[1], zeros);                                           \
   }

CHECK_INTEGER(i32, int32_t, int64_t, 32)
CHECK_INTEGER(u32, uint32_t, uint64_t, 32)
CHECK_INTEGER(u64, uint64_t, unsigned __int128, 64)
CHECK_INTEGER(i16, int16_t, int32_t, 16)

static void
test_integers(void **state)
{
   struct clc_host_program *p = clc_exec_build(integer_source, "-cl-std=CL3.0");
   for (unsigned i = 0; i < 1000; i++) {
      check_mad_i32(p);
      check_mad_u32(p);
      check_mad_u64(p);
      check_mad_i16(p);
   }
   clc_host_destroy(p);
}

static void
test_saturation(void **state)
{
   struct clc_host_program *p =
      clc_exec_build("kernel void k(global const double *x, global long *r)\n"
                     "{\n"
                     "   double d = *x;\n"
                     "   r[0] = convert_int_sat_rte(d);\n"
                     "   r[1] = convert_uchar_sat((float)d);\n"
                     "   r[2] = convert_long_sat_rtn((float)d);\n"
                     "   r[3] = convert_ushort2_sat_rtp((double2)(d)).y;\n"
                     "   r[4] = convert_ulong_sat_rtz(d);\n"
                     "}\n",
                     NULL);
   static const struct {
      double x;
      int64_t want[5];
   } cases[] = {
      {NAN, {0, 0, 0, 0, 0}},
      {INFINITY, {INT32_MAX, 255, INT64_MAX, 65535, -1}},
      {-INFINITY, {INT32_MIN, 0, INT64_MIN, 0, 0}},
      {2.5, {2, 2, 2, 3, 2}},
      {-0.5, {0, 0, -1, 0, 0}},
      {1e30, {INT32_MAX, 255, INT64_MAX, 65535, -1}},
      {65534.5, {65534, 255, 65534, 65535, 65534}},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      int64_t r[5];
      const void *args[] = {&cases[i].x, r};
      clc_exec_run(p, "k", 1, 1, args, sizeof(args));
      for (unsigned k = 0; k < 5; k++)
         if (r[k] != cases[i].want[k])
            fail_msg("%g, %u: %lld", cases[i].x, k, (long long)r[k]);
   }
   clc_host_destroy(p);
}

static const char bits_source[] =
   "kernel void k(global const uint *a, global uint *r)\n"
   "{\n"
   "   r[0] = bitfield_insert(a[0], a[1], a[2], a[3]);\n"
   "   r[1] = bitfield_extract_unsigned(a[0], a[2], a[3]);\n"
   "   r[2] = bitfield_extract_signed(a[0], a[2], a[3]);\n"
   "   r[3] = bit_reverse((ushort)a[0]);\n"
   "   r[4] = dot_acc_sat_4x8packed_ss_int(a[0], a[1], (int)a[4]);\n"
   "   r[5] = dot_4x8packed_uu_uint(a[0], a[1]);\n"
   "   r[6] = dot(as_uchar4(a[0]), as_char4(a[1]));\n"
   "}\n";

static void
check_bits(struct clc_host_program *p)
{
   uint32_t a[5], r[7];
   for (unsigned i = 0; i < 5; i++)
      a[i] = test_rng(&random_state);
   a[2] %= 33;
   a[3] %= 33 - a[2];
   void *args[] = {a, r};
   clc_exec_run(p, "k", 1, 1, args, sizeof(args));

   uint64_t ones = (1ull << a[3]) - 1;
   uint32_t mask = ones << a[2], field = (uint64_t)a[0] >> a[2] & ones;
   uint32_t insert =
      (a[0] & ~mask) | ((uint32_t)((uint64_t)a[1] << a[2]) & mask);
   assert_int_equal(r[0], insert);
   assert_int_equal(r[1], field);
   uint32_t extended = a[3] ? util_sign_extend(field, a[3]) : 0;
   assert_int_equal(r[2], extended);
   uint32_t reversed = 0;
   int64_t ss = (int32_t)a[4], uu = 0, us = 0;
   for (unsigned i = 0; i < 16; i++)
      reversed |= (a[0] >> i & 1) << (15 - i);
   for (unsigned i = 0; i < 32; i += 8) {
      ss += (int8_t)(a[0] >> i) * (int8_t)(a[1] >> i);
      uu += (uint8_t)(a[0] >> i) * (uint8_t)(a[1] >> i);
      us += (uint8_t)(a[0] >> i) * (int8_t)(a[1] >> i);
   }
   assert_int_equal(r[3], reversed);
   assert_int_equal((int32_t)r[4], CLAMP(ss, INT32_MIN, INT32_MAX));
   assert_int_equal(r[5], uu);
   assert_int_equal((int32_t)r[6], us);
}

static void
test_bits(void **state)
{
   struct clc_host_program *p = clc_exec_build(bits_source, NULL);
   for (unsigned i = 0; i < 2000; i++)
      check_bits(p);
   clc_host_destroy(p);
}

static double
half_value(uint16_t h)
{
   int exponent = h >> 10 & 31;
   double mantissa = h & 1023, sign = h & 0x8000 ? -1 : 1;
   if (exponent == 31)
      return mantissa ? NAN : sign * INFINITY;
   if (exponent == 0)
      return sign * ldexp(mantissa, -24);
   return sign * ldexp(mantissa + 1024, exponent - 25);
}

/* Around every half: the value itself and its neighbours as a double. */
static void
test_directed_halves(void **state)
{
   struct clc_host_program *p =
      clc_exec_build("kernel void d(global const double *x, global half *up,\n"
                     "              global half *down, local half *unused)\n"
                     "{\n"
                     "   size_t i = get_global_id(0);\n"
                     "   vstore_half_rtp(x[i], i, up);\n"
                     "   vstore_half_rtn(x[i], i, down);\n"
                     "}\n"
                     "kernel void f(global const float *x, global half *up,\n"
                     "              global half *down, local half *unused)\n"
                     "{\n"
                     "   size_t i = get_global_id(0);\n"
                     "   vstore_half_rtp(x[i], i, up);\n"
                     "   vstore_half_rtn(x[i], i, down);\n"
                     "}\n",
                     NULL);
   enum {
      COUNT = 0x7c01
   };
   static double x[COUNT];
   static float xf[COUNT];
   static uint16_t up[COUNT], down[COUNT];
   for (unsigned pass = 0; pass < 12; pass++) {
      for (unsigned h = 0; h < COUNT; h++) {
         double v = half_value(h);
         v = pass % 3 == 0 ? v : nextafter(v, pass % 3 == 1 ? 0 : INFINITY);
         if (pass >= 6)
            v = pass % 3 == 0
                   ? v
                   : nextafterf(half_value(h), pass % 3 == 1 ? 0 : INFINITY);
         xf[h] = x[h] = pass / 3 % 2 ? -v : v;
      }
      bool floats = pass >= 6;
      void *args[] = {floats ? (void *)xf : x, up, down, NULL};
      clc_exec_run(p, floats ? "f" : "d", 1, 1, args, sizeof(args));
      struct clc_host_launch l = {.kernel = floats ? "f" : "d",
                                  .groups = {COUNT},
                                  .args = args,
                                  .args_size_B = sizeof(args)};
      clc_host_run(p, &l);
      for (unsigned h = 0; h < COUNT; h++) {
         double a = half_value(down[h]), b = half_value(up[h]);
         bool ok = a <= x[h] && x[h] <= b;
         /* Nothing lies between, and an exact value stays. */
         ok &= a == b ? a == x[h]
                      : abs((int16_t)down[h] - (int16_t)up[h]) == 1 ||
                           (a == 0 || b == 0);
         ok &= a != 0 || fabs(x[h]) < 0x1p-24;
         ok &= b != 0 || fabs(x[h]) < 0x1p-24;
         if (!ok)
            fail_msg("pass %u: %a between %a and %a", pass, x[h], a, b);
      }
   }
   clc_host_destroy(p);
}

/* Next to powers of two, where the nearest is not in the mode's direction, and
 * the sign of a zero. */
static void
test_directed_floats(void **state)
{
   struct clc_host_program *p = clc_exec_build(
      "kernel void k(global uint *r, uint u, int i, ulong ul, double d)\n"
      "{\n"
      "   r[0] = as_uint(convert_float_rtz(u));\n"
      "   r[1] = as_uint(convert_float2_rtp((uint2)(u)).y);\n"
      "   r[2] = as_uint(convert_float_rtn(i));\n"
      "   r[3] = as_uint(convert_float_rtn(-i));\n"
      "   r[4] = as_uint(convert_float_rtz(ul));\n"
      "   r[5] = as_uint(convert_float_rtp(d));\n"
      "   r[6] = as_uint(convert_float_rtn(d));\n"
      "   r[7] = as_ulong(convert_double_rtz(ul)) >> 32;\n"
      "}\n",
      NULL);
   static const uint32_t want[8] = {0x4f7fffff, 0x4f800000, 0x4effffff,
                                    0xcf000000, 0x5f7fffff, 0x80000000,
                                    0x80000001, 0x43efffff};
   uint32_t r[8] = {0};
   struct {
      uint32_t *r;
      uint32_t u;
      int32_t i;
      uint64_t ul;
      double d;
   } args = {r, UINT32_MAX, INT32_MAX, UINT64_MAX, -0x1.fp-150};
   clc_exec_run(p, "k", 1, 1, &args, sizeof(args));
   for (unsigned n = 0; n < 8; n++)
      assert_int_equal(r[n], want[n]);
   clc_host_destroy(p);
}

int
main(void)
{
   random_state = test_rng_state(test_seed());
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_math),
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_saturation),
      cmocka_unit_test(test_bits),
      cmocka_unit_test(test_directed_halves),
      cmocka_unit_test(test_directed_floats),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
