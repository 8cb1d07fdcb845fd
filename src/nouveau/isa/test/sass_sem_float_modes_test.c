/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Modifiers of floating-point instructions in sass_sem.h in each rounding mode:
 * FTZ, FMZ, SAT, scales, neg and abs, halves by all swizzles and merges, the
 * special values of everything. Compiled with -frounding-math. */
#include "sass_sem_random.h"

#include <fenv.h>

static const int host_modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD,
                                 FE_TOWARDZERO};

/* ---- single precision ---- */

static float
flushed(float v)
{
   return fpclassify(v) == FP_SUBNORMAL ? copysignf(0, v) : v;
}

static uint32_t
finished(float v, bool ftz, bool sat)
{
   v = ftz ? flushed(v) : v;
   if (sat)
      v = isnan(v) || v <= 0 ? 0 : v > 1 ? 1 : v;
   return isnan(v) ? SASS_F32_NAN : sass_f32_bits(v);
}

static void
test_single(void **state)
{
   static const float scales[] = {1, 0.5f, 0.25f, 0.125f, 8, 4, 2};
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t a = rng_f32(), b = rng_f32(), c = rng_f32();
      enum sass_rnd rnd = n & 3;
      enum sass_ftz ftz = rng() % 3;
      bool sat = n & 4;
      unsigned scale = rng() % 7;
      float p = sass_f32(a), q = sass_f32(b), r = sass_f32(c);
      volatile float x = ftz ? flushed(p) : p, y = ftz ? flushed(q) : q,
                     z = ftz ? flushed(r) : r;
      volatile double scaled = (double)x * y * scales[scale];
      bool zero = ftz == SASS_FMZ && (x == 0 || y == 0);
      fesetround(host_modes[rnd]);
      volatile float sum = x + y, product = (float)scaled, fma = fmaf(x, y, z),
                     zero_sum = 0.0f + z;
      fesetround(FE_TONEAREST);
      /* FADD has no FMZ. */
      CHECK(sass_fadd_full(a, b, ftz ? SASS_FTZ : 0, rnd, sat),
            finished(sum, ftz, sat), "%a + %a ftz %d mode %d sat %d", p, q, ftz,
            rnd, sat);
      CHECK(sass_fmul_full(a, b, scale, ftz, rnd, sat),
            zero ? 0 : finished(product, ftz, sat),
            "%a * %a ftz %d mode %d sat %d scale %u", p, q, ftz, rnd, sat,
            scale);
      CHECK(sass_ffma_full(a, b, c, ftz, rnd, sat),
            finished(zero ? zero_sum : fma, ftz, sat),
            "fma %a %a %a ftz %d mode %d sat %d", p, q, r, ftz, rnd, sat);
      assert_int_equal(sass_f32_mod(a, n & 8, n & 16),
                       sass_f32_bits(n & 8    ? -(n & 16 ? fabsf(p) : p)
                                     : n & 16 ? fabsf(p)
                                              : p));
   }
}

/* Sums of zero by sign and mode: IEEE 754, 6.3. */
static void
test_signs_of_zero(void **state)
{
   const uint32_t zeros[] = {0, 0x80000000}, one = 0x3f800000;
   const uint64_t wide[] = {0, 1ull << 63};
   for (unsigned n = 0; n < 16; n++) {
      enum sass_rnd rnd = n & 3;
      bool na = n & 4, nb = n & 8;
      bool minus = na == nb ? na : rnd == SASS_RM;
      CHECK(sass_fadd_full(zeros[na], zeros[nb], 0, rnd, false), zeros[minus],
            "zeros %d %d mode %d", na, nb, rnd);
      CHECK(sass_dadd_full(wide[na], wide[nb], rnd), wide[minus],
            "wide zeros %d %d mode %d", na, nb, rnd);
      CHECK(sass_ffma_full(zeros[na], one, zeros[nb], 0, rnd, false),
            zeros[minus], "fma of zeros %d %d mode %d", na, nb, rnd);
      CHECK(sass_fmul_full(zeros[na], one ^ zeros[nb], 0, 0, rnd, false),
            zeros[na != nb], "product of zeros %d %d", na, nb);
      /* x - x */
      CHECK(sass_fadd_full(one, one ^ 0x80000000, 0, rnd, false),
            zeros[rnd == SASS_RM], "1 - 1 mode %d", rnd);
   }
   /* -0 + -0, saturated, is +0. */
   assert_int_equal(sass_fadd_full(zeros[1], zeros[1], 0, SASS_RN, true), 0);
}

static void
test_minimum(void **state)
{
   for (unsigned n = 0; n < 200000; n++) {
      uint32_t a = rng_f32(), b = rng_f32();
      bool ftz = n & 1, want_min = n & 2;
      float x = ftz ? flushed(sass_f32(a)) : sass_f32(a),
            y = ftz ? flushed(sass_f32(b)) : sass_f32(b);
      bool less = x < y || (x == y && (signbit(x) && !signbit(y)));
      float want = isnan(x) ? y : isnan(y) ? x : less == want_min ? x : y;
      CHECK(sass_fmnmx(a, b, ftz ? SASS_FTZ : 0, want_min),
            finished(want, false, false), "minimum %d of %a %a", want_min, x,
            y);
   }
}

/* ---- half precision ---- */

/* Through _Float16 of the host: exact operands in double, one rounding. */
static uint16_t
host_half(double v)
{
   _Float16 h = (_Float16)v;
   uint16_t bits;
   memcpy(&bits, &h, sizeof(bits));
   return v != v ? SASS_F16_NAN : bits;
}

static double
half_of(uint32_t v, unsigned half, bool ftz)
{
   uint16_t bits = half ? v >> 16 : v;
   if (ftz && !(bits & 0x7c00))
      bits &= 0x8000;
   _Float16 h;
   memcpy(&h, &bits, sizeof(h));
   return (double)h;
}

static double
modified(double v, bool neg, bool abs)
{
   v = abs ? fabs(v) : v;
   return neg ? -v : v;
}

static double
operand(uint32_t v, enum sass_swz swz, unsigned half, bool neg, bool abs,
        bool ftz)
{
   static const uint8_t from[][2] = {[SASS_SWZ_H1_H0] = {0, 1},
                                     [SASS_SWZ_H0_H0] = {0, 0},
                                     [SASS_SWZ_H1_H1] = {1, 1}};
   if (swz == SASS_SWZ_F32)
      return modified(sass_f32(v), neg, abs);
   return modified(half_of(v, from[swz][half], ftz), neg, abs);
}

static uint16_t
half_finished(double exact, bool ftz, bool sat)
{
   if (sat)
      exact = exact > 0 ? fmin(exact, 1) : 0;
   uint16_t r = host_half(exact);
   return ftz && !(r & 0x7c00) ? r & 0x8000 : r;
}

static uint32_t
merged(const double exact[2], uint32_t old, enum sass_merge merge, bool ftz,
       bool sat)
{
   uint32_t lo = half_finished(exact[0], ftz, sat),
            hi = half_finished(exact[1], ftz, sat);
   switch (merge) {
   case SASS_MERGE_F32:
      return finished((float)exact[0], ftz, sat);
   case SASS_MERGE_H0:
      return (old & 0xffff0000) | lo;
   case SASS_MERGE_H1:
      return (old & 0xffff) | hi << 16;
   default:
      return lo | hi << 16;
   }
}

/* Random halves; often zero, infinite, NaN or subnormal. */
static uint32_t
rng_half2(void)
{
   static const uint16_t special[] = {0,      0x8000, 0x7c00, 0xfc00, 0x7e00,
                                      0x0001, 0x83ff, 0x0400, 0x7bff, 0x3c00};
   uint32_t v = rng32();
   if (rng() % 3 == 0)
      v = (v & 0xffff0000) | special[rng() % 10];
   if (rng() % 3 == 0)
      v = (v & 0xffff) | (uint32_t)special[rng() % 10] << 16;
   return v;
}

/* Sums in double lose nothing but what is far below a half's last place, where
 * only the direction matters: quad for those. */
static double
exact_fma(double a, double b, double c)
{
   sass_quad v = (sass_quad)a * b + c;
   double d = (double)v;
   if (d == v || d - d != 0 || v != v)
      return d;
   /* To odd. */
   uint64_t bits = sass_f64_bits(d);
   if (!(bits & 1))
      d = nextafter(d, v > d ? INFINITY : -INFINITY);
   return d;
}

static void
test_half(void **state)
{
   static const enum sass_swz swz[] = {SASS_SWZ_H1_H0, SASS_SWZ_H0_H0,
                                       SASS_SWZ_H1_H1};
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t v[3] = {rng_half2(), rng_half2(), rng_half2()}, old = rng32();
      enum sass_merge merge = n & 3;
      enum sass_ftz ftz = rng() % 3;
      bool sat = n & 4;
      struct sass_half2 s[3];
      double x[3][2];
      for (unsigned k = 0; k < 3; k++) {
         bool neg = rng() & 1, abs = rng() & 1;
         enum sass_swz z = swz[rng() % 3];
         s[k] = sass_half_src(v[k], z, neg, abs, ftz);
         for (unsigned h = 0; h < 2; h++)
            x[k][h] = operand(v[k], z, h, neg, abs, ftz);
      }
      double add[2], mul[2], fma[2];
      for (unsigned h = 0; h < 2; h++) {
         bool zero = ftz == SASS_FMZ && (x[0][h] == 0 || x[1][h] == 0);
         add[h] = x[0][h] + x[1][h];
         mul[h] = zero ? 0 : x[0][h] * x[1][h];
         fma[h] = zero ? 0.0 + x[2][h] : exact_fma(x[0][h], x[1][h], x[2][h]);
      }
      CHECK(sass_hadd2(s[0], s[1], old, merge, ftz, sat),
            merged(add, old, merge, ftz, sat), "hadd2 %#x %#x merge %d ftz %d",
            v[0], v[1], merge, ftz);
      CHECK(sass_hmul2(s[0], s[1], old, merge, ftz, sat),
            merged(mul, old, merge, ftz, sat), "hmul2 %#x %#x merge %d ftz %d",
            v[0], v[1], merge, ftz);
      CHECK(sass_hfma2(s[0], s[1], s[2], old, merge, ftz, sat),
            merged(fma, old, merge, ftz, sat),
            "hfma2 %#x %#x %#x merge %d ftz %d", v[0], v[1], v[2], merge, ftz);
   }
   /* .F32 takes the register as one float for both. */
   struct sass_half2 f =
      sass_half_src(0xbfc00000, SASS_SWZ_F32, true, false, false);
   assert_true(f.lo == 1.5f && f.hi == 1.5f);
}

/* ---- conversions ---- */

static void
test_float_sources(void **state)
{
   for (unsigned n = 0; n < 200000; n++) {
      uint64_t v = rng_f64();
      uint32_t w = n & 1 ? rng_half2() : rng_f32();
      bool h1 = n & 2, neg = n & 4, abs = n & 8, ftz = n & 16;
      float single = ftz ? flushed(sass_f32(w)) : sass_f32(w);
      double want = modified(single, neg, abs),
             got = sass_float_src(w, SASS_F32, false, neg, abs, ftz);
      assert_true(sass_f64_bits(want) == sass_f64_bits(got) || want != want);
      want = modified(half_of(w, h1, false), neg, abs);
      got = sass_float_src(w, SASS_F16, h1, neg, abs, false);
      assert_true(sass_f64_bits(want) == sass_f64_bits(got) || want != want);
      want = modified(sass_f64(v), neg, abs);
      got = sass_float_src(v, SASS_F64, false, neg, abs, false);
      assert_true(sass_f64_bits(want) == sass_f64_bits(got));
   }
}

static void
test_f2f_modes(void **state)
{
   for (unsigned n = 0; n < 200000; n++) {
      double v = n & 1 ? sass_f64(rng_f64()) : sass_f32(rng_f32());
      enum sass_rnd rnd = n >> 1 & 3;
      bool to_int = n & 8, sat = n & 16;
      fesetround(host_modes[rnd]);
      volatile double whole = rint(v);
      volatile float narrow = (float)v;
      fesetround(FE_TONEAREST);
      volatile double from = to_int ? whole : v;
      volatile float single = to_int ? (float)whole : narrow;
      CHECK(sass_f2f(v, SASS_F32, rnd, to_int, sat),
            finished(single, false, sat), "F2F.F32 %a mode %d int %d sat %d", v,
            rnd, to_int, sat);
      double wide = sat ? (from > 0 ? fmin(from, 1) : 0) : from;
      CHECK(sass_f2f(v, SASS_F64, rnd, to_int, sat),
            wide != wide ? SASS_F64_NAN : sass_f64_bits(wide),
            "F2F.F64 %a mode %d int %d sat %d", v, rnd, to_int, sat);
      if (rnd == SASS_RN || to_int)
         CHECK(sass_f2f(v, SASS_F16, rnd, to_int, sat),
               half_finished(from, false, sat), "F2F.F16 %a int %d sat %d", v,
               to_int, sat);
   }
}

/* Every half to every integer. */
static void
test_f2i_of_halves(void **state)
{
   for (unsigned bits = 0; bits < 0x10000; bits++) {
      double v = half_of(bits, 0, false);
      for (enum sass_rnd rnd = SASS_RN; rnd <= SASS_RTZ; rnd++) {
         fesetround(host_modes[rnd]);
         volatile double r = rint(v);
         fesetround(FE_TONEAREST);
         bool nan = isnan(v);
         int64_t s16 = nan ? 0 : r < -32768 ? -32768 : r > 32767 ? 32767 : r;
         int64_t u16 = nan ? 0 : r < 0 ? 0 : r > 65535 ? 65535 : r;
         int64_t s32 = nan ? 0 : isinf(r) ? (r < 0 ? INT32_MIN : INT32_MAX) : r;
         int64_t u32 = nan ? 0 : r < 0 ? 0 : isinf(r) ? UINT32_MAX : r;
         CHECK(sass_f2i(v, SASS_S16, SASS_F16, rnd), (uint32_t)s16, "S16 %a",
               v);
         CHECK(sass_f2i(v, SASS_U16, SASS_F16, rnd), (uint32_t)u16, "U16 %a",
               v);
         CHECK(sass_f2i(v, SASS_S32, SASS_F16, rnd), (uint32_t)s32, "S32 %a",
               v);
         CHECK(sass_f2i(v, SASS_U32, SASS_F16, rnd), (uint32_t)u32, "U32 %a",
               v);
      }
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_single, seed),
      cmocka_unit_test_setup(test_signs_of_zero, seed),
      cmocka_unit_test_setup(test_minimum, seed),
      cmocka_unit_test_setup(test_half, seed),
      cmocka_unit_test_setup(test_float_sources, seed),
      cmocka_unit_test_setup(test_f2f_modes, seed),
      cmocka_unit_test_setup(test_f2i_of_halves, seed),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
