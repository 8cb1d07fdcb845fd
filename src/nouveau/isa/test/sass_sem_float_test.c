/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Floating point and conversions of sass_sem.h against the host's own
 * arithmetic: fesetround, quad precision, the table of all halves.  Compiled
 * with -frounding-math. */
#include "sass_sem_random.h"

#include <fenv.h>

static const int host_modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD,
                                 FE_TOWARDZERO};

/* --- Floating point against fesetround --- */

static uint32_t
host_f32(volatile float v)
{
   return isnan(v) ? SASS_F32_NAN : sass_f32_bits(v);
}

static uint64_t
host_f64(volatile double v)
{
   return isnan(v) ? SASS_F64_NAN : sass_f64_bits(v);
}

static void
test_f32_rounding(void **state)
{
   for (unsigned n = 0; n < 400000; n++) {
      uint32_t a = rng_f32(), b = rng_f32(), c = rng_f32();
      enum sass_rnd rnd = n & 3;
      volatile float x = sass_f32(a), y = sass_f32(b), z = sass_f32(c);
      if (n % 7 == 0) /* near cancellation */
         c = sass_f32_bits(-(x * y)), z = sass_f32(c);
      fesetround(host_modes[rnd]);
      uint32_t sum = host_f32(x + y), product = host_f32(x * y),
               fma = host_f32(fmaf(x, y, z));
      fesetround(FE_TONEAREST);
      CHECK(sass_fadd_full(a, b, 0, rnd, false), sum, "%08x + %08x mode %d", a,
            b, rnd);
      CHECK(sass_fmul_full(a, b, 0, 0, rnd, false), product,
            "%08x * %08x mode %d", a, b, rnd);
      CHECK(sass_ffma_full(a, b, c, 0, rnd, false), fma,
            "fma %08x %08x %08x mode %d", a, b, c, rnd);
      if (rnd == SASS_RN) {
         CHECK(sass_fadd(a, b), sum, "%08x + %08x", a, b);
         CHECK(sass_fmul(a, b), product, "%08x * %08x", a, b);
         CHECK(sass_ffma(a, b, c), fma, "fma %08x %08x %08x", a, b, c);
      }
   }
}

static void
test_f64_rounding(void **state)
{
   for (unsigned n = 0; n < 400000; n++) {
      uint64_t a = rng_f64(), b = rng_f64(), c = rng_f64();
      enum sass_rnd rnd = n & 3;
      volatile double x = sass_f64(a), y = sass_f64(b), z = sass_f64(c);
      if (n % 7 == 0)
         c = sass_f64_bits(-(x * y)), z = sass_f64(c);
      fesetround(host_modes[rnd]);
      uint64_t sum = host_f64(x + y), product = host_f64(x * y),
               fused = host_f64(fma(x, y, z));
      fesetround(FE_TONEAREST);
      CHECK(sass_dadd_full(a, b, rnd), sum, "%016lx + %016lx mode %d", a, b,
            rnd);
      CHECK(sass_dmul_full(a, b, rnd), product, "%016lx * %016lx mode %d", a, b,
            rnd);
      CHECK(sass_dfma_full(a, b, c, rnd), fused,
            "fma %016lx %016lx %016lx mode %d", a, b, c, rnd);
   }
}

static void
test_f32_modifiers(void **state)
{
   uint32_t sub = 0x00000001, one = 0x3f800000, inf = 0x7f800000,
            nan = 0x7fc00000;
   assert_int_equal(sass_fadd_full(sub, sub, SASS_FTZ, 0, false), 0);
   assert_int_equal(sass_fadd_full(0x80000001, 0x80000001, SASS_FTZ, 0, false),
                    0x80000000);
   assert_int_equal(
      sass_fmul_full(0x00800000, 0x3f000000, 0, SASS_FTZ, 0, false), 0);
   assert_int_equal(sass_fmul_full(0, inf, 0, SASS_FTZ, 0, false),
                    SASS_F32_NAN);
   assert_int_equal(sass_fmul_full(0x80000000, inf, 0, SASS_FMZ, 0, false), 0);
   assert_int_equal(sass_fmul_full(sub, nan, 0, SASS_FMZ, 0, false), 0);
   assert_int_equal(sass_ffma_full(0, nan, one, SASS_FMZ, 0, false), one);
   assert_int_equal(sass_fadd_full(one, one, 0, 0, true), one);
   assert_int_equal(sass_fadd_full(nan, one, 0, 0, true), 0);
   assert_int_equal(sass_fadd_full(one ^ 0x80000000, 0, 0, 0, true), 0);
   assert_int_equal(
      sass_fmul_full(0x40400000, 0x40000000, SASS_FSCALE_D4, 0, 0, false),
      0x3fc00000);
   assert_int_equal(
      sass_fmul_full(0x40400000, 0x40000000, SASS_FSCALE_M8, 0, 0, false),
      0x42400000);
   assert_int_equal(sass_f32_mod(0x7fc00000, true, false), 0xffc00000);
   assert_int_equal(sass_fmnmx(nan, one, 0, true), one);
   assert_int_equal(sass_fmnmx(one, nan, 0, false), one);
   assert_int_equal(sass_fmnmx(nan, 0xffffffff, 0, true), SASS_F32_NAN);
   assert_int_equal(sass_fmnmx(0, 0x80000000, 0, true), 0x80000000);
   assert_int_equal(sass_fmnmx(0x80000000, 0, 0, false), 0);
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a = rng_f32(), b = rng_f32();
      float x = sass_f32(a), y = sass_f32(b);
      if (isnan(x) || isnan(y) || x == y)
         continue;
      assert_int_equal(sass_fmnmx(a, b, 0, true), sass_f32_bits(x < y ? x : y));
      assert_int_equal(sass_fmnmx(a, b, 0, false),
                       sass_f32_bits(x < y ? y : x));
   }
}

static void
test_float_compare(void **state)
{
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a = rng_f32(),
               b = n & 1 ? rng_f32() : a ^ (n & 2 ? 0x80000000 : 0);
      float x = sass_f32(a), y = sass_f32(b);
      bool u = isnan(x) || isnan(y);
      bool want[16] = {false,
                       x<y, x == y, x <= y, x>
                          y,
                       x < y || x > y,
                       x >= y,
                       !u,
                       u,
                       !(x >= y),
                       u || x == y,
                       !(x > y),
                       !(x <= y),
                       x != y,
                       !(x < y),
                       true};
      for (unsigned cond = 0; cond < 16; cond++) {
         CHECK(sass_fcmp(cond, a, b), want[cond], "%08x cond %u %08x", a, cond,
               b);
         CHECK(sass_dcmp(cond, sass_f64_bits(x), sass_f64_bits(y)), want[cond],
               "f64 %08x cond %u %08x", a, cond, b);
         CHECK(sass_hcmp(cond, x, y), want[cond], "f16 %08x cond %u %08x", a,
               cond, b);
      }
   }
}

/* --- Half --- */

/* All finite halves as numbers, by bits without sign. */
static double half_table[0x7c01];

static int
setup_half(void **state)
{
   for (unsigned bits = 0; bits < 0x7c00; bits++) {
      unsigned exp = bits >> 10, mant = bits & 0x3ff;
      half_table[bits] =
         exp ? ldexp(1 + mant / 1024.0, (int)exp - 15) : ldexp(mant, -24);
   }
   half_table[0x7c00] = 65536; /* what would come next */
   return seed(state);
}

/* Nearest entry by search: the rounding rules from their definition. */
static uint16_t
half_by_table(sass_quad v, enum sass_rnd rnd)
{
   bool negative = v < 0;
   sass_quad mag = negative ? -v : v;
   unsigned lo = 0, hi = 0x7c00; /* table[lo] <= mag */
   if (mag >= 65536)
      lo = 0x7c00;
   while (lo < 0x7c00 && hi - lo > 1) {
      unsigned mid = (lo + hi) / 2;
      if (half_table[mid] <= mag)
         lo = mid;
      else
         hi = mid;
   }
   bool exact = lo < 0x7c00 && half_table[lo] == mag;
   unsigned r = lo;
   if (!exact && lo < 0x7c00) {
      sass_quad below = mag - half_table[lo], above = half_table[lo + 1] - mag;
      bool up = rnd == SASS_RN   ? above < below || (above == below && lo & 1)
                : rnd == SASS_RP ? !negative
                : rnd == SASS_RM ? negative
                                 : false;
      r = lo + up;
   }
   bool keep = rnd == SASS_RTZ || (rnd == SASS_RM && !negative) ||
               (rnd == SASS_RP && negative);
   if (r == 0x7c00 && keep)
      r = 0x7bff;
   return r | (negative ? 0x8000 : 0);
}

static void
test_half_convert(void **state)
{
   for (unsigned bits = 0; bits < 0x10000; bits++) {
      unsigned mag = bits & 0x7fff;
      float v = sass_f16(bits);
      if (mag > 0x7c00)
         assert_true(isnan(v));
      else if (mag == 0x7c00)
         assert_true(isinf(v) && !!signbit(v) == bits >> 15);
      else
         assert_true(v == (bits >> 15 ? -half_table[mag] : half_table[mag]));
      if (mag <= 0x7c00)
         assert_int_equal(sass_round_f16(v, SASS_RN), bits);
   }
   for (unsigned n = 0; n < 400000; n++) {
      /* Around the range of halves, and ties. */
      float v = sass_f32((rng32() & 0x8fffffff) | 0x30000000);
      if (n & 1)
         v = (float)((half_table[rng() % 0x7c00] + half_table[rng() % 0x7c00]) /
                     2);
      if (n % 5 == 0)
         v = sass_f32(rng_f32());
      if (isnan(v) || v == 0 || isinf(v))
         continue;
      CHECK(sass_round_f16(v, n & 3), half_by_table(v, n & 3), "%a mode %u", v,
            n & 3);
   }
}

static void
test_half_arithmetic(void **state)
{
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t a = rng32(), b = rng32(), c = rng32();
      struct sass_half2 x =
         sass_half_src(a, SASS_SWZ_H1_H0, false, false, false);
      struct sass_half2 y =
         sass_half_src(b, SASS_SWZ_H1_H0, false, false, false);
      struct sass_half2 z =
         sass_half_src(c, SASS_SWZ_H1_H0, false, false, false);
      uint32_t add = sass_hadd2(x, y, 0, SASS_MERGE_NONE, 0, false);
      uint32_t mul = sass_hmul2(x, y, 0, SASS_MERGE_NONE, 0, false);
      uint32_t fma = sass_hfma2(x, y, z, 0, SASS_MERGE_NONE, 0, false);
      sass_quad exact[] = {(sass_quad)x.lo + y.lo, (sass_quad)x.lo * y.lo,
                           (sass_quad)x.lo * y.lo + z.lo};
      uint16_t got[] = {add, mul, fma};
      for (unsigned k = 0; k < 3; k++) {
         if (exact[k] - exact[k] != 0 || exact[k] == 0)
            continue; /* infinities, NaN; signs of zero below */
         CHECK(got[k], half_by_table(exact[k], SASS_RN), "op %u %08x %08x %08x",
               k, a, b, c);
      }
      CHECK(fma & 0xffff,
            sass_hfma2((struct sass_half2){x.lo, 0}, y, z, 0, SASS_MERGE_NONE,
                       0, false) &
               0xffff,
            "halves are independent %08x", a);
   }
   struct sass_half2 one =
      sass_half_src(0x3c004000, SASS_SWZ_H1_H0, false, false, false);
   assert_true(one.hi == 1 && one.lo == 2);
   struct sass_half2 dup =
      sass_half_src(0x3c004000, SASS_SWZ_H0_H0, true, false, false);
   assert_true(dup.hi == -2 && dup.lo == -2);
   assert_int_equal(sass_hadd2(one, dup, 0xaaaabbbb, SASS_MERGE_H1, 0, false),
                    0xbc00bbbb);
   assert_int_equal(sass_hadd2(one, dup, 0xaaaabbbb, SASS_MERGE_H0, 0, false),
                    0xaaaa0000);
   /* HADD2.F32 d, a.H0_H0, -RZ: the widening idiom. */
   struct sass_half2 a =
      sass_half_src(0x8001, SASS_SWZ_H0_H0, false, false, false);
   struct sass_half2 rz = sass_half_src(0, SASS_SWZ_H0_H0, true, false, false);
   assert_int_equal(sass_hadd2(a, rz, 0, SASS_MERGE_F32, 0, false),
                    sass_f32_bits(-0x1p-24f));
   assert_int_equal(sass_hadd2(a, rz, 0, SASS_MERGE_NONE, SASS_FTZ, false),
                    0x80008000);
}

/* --- Conversions --- */

static void
test_f2i(void **state)
{
   for (unsigned n = 0; n < 400000; n++) {
      bool wide = n & 4;
      uint64_t bits = wide ? rng_f64() : rng_f32();
      if (n & 8) /* in reach of the integers */
         bits = wide
                   ? (bits & 0x800fffffffffffff) | (0x3fd + rng() % 68) << 52
                   : (bits & 0x807fffff) | (uint32_t)(0x7d + rng() % 68) << 23;
      volatile double v = wide ? sass_f64(bits) : sass_f32((uint32_t)bits);
      enum sass_type stype = wide ? SASS_F64 : SASS_F32;
      enum sass_type dtype = SASS_U16 + rng() % 6;
      enum sass_rnd rnd = n & 3;
      fesetround(host_modes[rnd]);
      volatile long double r = rintl(v);
      fesetround(FE_TONEAREST);
      static const long double low[] = {0, -0x1p15L, 0, -0x1p31L, 0, -0x1p63L};
      static const long double high[] = {0xffff,     0x7fff,      0xffffffffu,
                                         0x7fffffff, 0x1p64L - 1, 0x1p63L - 1};
      unsigned t = dtype - SASS_U16;
      uint64_t want;
      if (isnan(v))
         want = dtype >= SASS_U64   ? 1ull << 63
                : !wide             ? 0
                : dtype >= SASS_U32 ? 0x80000000
                : dtype == SASS_S16 ? 0xffff8000
                                    : 0x8000;
      else if (r <= low[t])
         want = (uint64_t)(int64_t)low[t];
      else if (r >= high[t])
         want = (uint64_t)high[t];
      else
         want = r < 0 ? (uint64_t)(int64_t)r : (uint64_t)r;
      if (dtype < SASS_U64)
         want = (uint32_t)want;
      CHECK(sass_f2i(sass_float_src(bits, stype, false, false, false, false),
                     dtype, stype, rnd),
            want, "F2I %#lx type %u from %u mode %u", bits, dtype, stype, rnd);
   }
}

static void
test_i2f(void **state)
{
   for (unsigned n = 0; n < 400000; n++) {
      uint64_t v = rng64() >> (n & 4 ? rng() % 64 : 0);
      enum sass_type stype = rng() % 8;
      enum sass_rnd rnd = n & 3;
      bool neg = n & 8, abs = n & 16;
      __int128 exact = sass_type_is_signed(stype)
                          ? (__int128)(int64_t)sass_int_extend(v, stype)
                          : (__int128)sass_int_extend(v, stype);
      if (abs && exact < 0)
         exact = -exact;
      if (neg)
         exact = -exact;
      volatile long double e =
         (long double)exact; /* 65 bits in 64: sign apart */
      fesetround(host_modes[rnd]);
      volatile float f = (float)e;
      volatile double d = (double)e;
      fesetround(FE_TONEAREST);
      if (e == 0)
         f = d = 0;
      struct sass_int src = sass_int_src(v, stype, 0, neg, abs);
      CHECK(sass_i2f(src, SASS_F32, rnd), sass_f32_bits(f),
            "I2F.F32 %#lx type %u mode %u", v, stype, rnd);
      CHECK(sass_i2f(src, SASS_F64, rnd), sass_f64_bits(d),
            "I2F.F64 %#lx type %u mode %u", v, stype, rnd);
      CHECK(sass_i2f(src, SASS_F16, rnd), half_by_table(exact, rnd),
            "I2F.F16 %#lx type %u mode %u", v, stype, rnd);
   }
   assert_int_equal(sass_int_src(0x80ff0000, SASS_S8, 3, false, false).mag,
                    128);
   assert_int_equal(sass_int_src(0x80ff0000, SASS_U16, 2, false, false).mag,
                    0x80ff);
}

static void
test_f2f(void **state)
{
   for (unsigned n = 0; n < 200000; n++) {
      uint64_t a = rng_f64();
      uint32_t b = rng_f32();
      enum sass_rnd rnd = n & 3;
      volatile double d = sass_f64(a);
      volatile float f = sass_f32(b);
      fesetround(host_modes[rnd]);
      uint32_t narrow = host_f32((float)d), whole = host_f32(rintf(f));
      fesetround(FE_TONEAREST);
      CHECK(sass_f2f(d, SASS_F32, rnd, false, false), narrow,
            "F2F.F32.F64 %#lx mode %u", a, rnd);
      CHECK(sass_f2f(f, SASS_F64, rnd, false, false), host_f64(f),
            "F2F.F64.F32 %#x", b);
      CHECK(sass_f2f(f, SASS_F32, rnd, true, false), whole,
            "F2F integral %#x mode %u", b, rnd);
   }
   assert_int_equal(sass_f2f(-0.25, SASS_F32, SASS_RP, true, false),
                    0x80000000); /* ceil */
   assert_int_equal(sass_f2f(2.5, SASS_F32, SASS_RN, true, false), 0x40000000);
   assert_int_equal(sass_f2f(2.5, SASS_F32, SASS_RN, false, true), 0x3f800000);
}

static void
test_i2i(void **state)
{
   assert_int_equal(
      sass_i2i(0x80000000, SASS_S32, SASS_S32, 0, false, true, true),
      0x7fffffff);
   assert_int_equal(
      sass_i2i(0x80000000, SASS_S32, SASS_S32, 0, false, true, false),
      0x80000000);
   assert_int_equal(
      sass_i2i(0xffffff00, SASS_S8, SASS_S32, 0, false, false, true),
      0xffffff80);
   assert_int_equal(sass_i2i(300, SASS_U8, SASS_S32, 0, false, false, true),
                    255);
   assert_int_equal(
      sass_i2i((uint32_t)-1, SASS_U8, SASS_S32, 0, false, false, true), 0);
   assert_int_equal(sass_i2i(300, SASS_U8, SASS_S32, 0, false, false, false),
                    300 & 255);
   assert_int_equal(
      sass_i2i(0x12345678, SASS_U32, SASS_U8, 2, false, false, false), 0x34);
   assert_int_equal(sass_i2i(5, SASS_S32, SASS_U32, 0, true, false, false),
                    (uint32_t)-5);
   for (unsigned n = 0; n < 100000; n++) {
      int32_t v = (int32_t)rng32();
      CHECK(sass_i2i((uint32_t)v, SASS_S16, SASS_S32, 0, false, false, true),
            (uint32_t)(v > 32767    ? 32767
                       : v < -32768 ? -32768
                                    : v),
            "S16.S32.SAT %d", v);
      CHECK(sass_i2i((uint32_t)v, SASS_S16, SASS_S32, 0, false, false, false),
            (uint32_t)(int16_t)v, "S16.S32 %d", v);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_f32_rounding, seed),
      cmocka_unit_test_setup(test_f64_rounding, seed),
      cmocka_unit_test_setup(test_f32_modifiers, seed),
      cmocka_unit_test_setup(test_float_compare, seed),
      cmocka_unit_test_setup(test_half_convert, setup_half),
      cmocka_unit_test_setup(test_half_arithmetic, setup_half),
      cmocka_unit_test_setup(test_f2i, seed),
      cmocka_unit_test_setup(test_i2f, setup_half),
      cmocka_unit_test_setup(test_f2f, seed),
      cmocka_unit_test_setup(test_i2i, seed),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
