/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* sass_sem.h against the host's own arithmetic: fesetround, __int128, quad
 * precision, tables, bit-by-bit loops, and the instruction sequences of isa.md
 * 4 against plain C operators.  Compiled with -frounding-math. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nouveau/isa/sass_sem.h"

static uint64_t rng_state;

static uint64_t
rng(void)
{
   uint64_t x = rng_state;
   x ^= x << 13;
   x ^= x >> 7;
   x ^= x << 17;
   return rng_state = x;
}

static int
seed(void **state)
{
   const char *text = getenv("SASS_SEED");
   rng_state =
      text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * 2654435761u + 1;
   print_message("SASS_SEED=%#lx\n", rng_state);
   return 0;
}

/* Bits of interest: sparse, dense, small, all but one. */
static uint32_t
rng32(void)
{
   uint32_t v = (uint32_t)(rng() >> 16);
   switch (rng() % 8) {
   case 0:
      return v & (uint32_t)rng();
   case 1:
      return v >> (rng() % 32);
   case 2:
      return 1u << (rng() % 32);
   case 3:
      return ~(1u << (rng() % 32));
   case 4:
      return (uint32_t) - (int32_t)(v % 5);
   default:
      return v;
   }
}

static uint64_t
rng64(void)
{
   return (uint64_t)rng32() << 32 | rng32();
}

/* Floats near each other, subnormal, special. */
static uint32_t
rng_f32(void)
{
   uint32_t v = (uint32_t)(rng() >> 16);
   switch (rng() % 8) {
   case 0:
      return (v & 0x807fffff) | 0x3f800000; /* near 1 */
   case 1:
      return v & 0x807fffff; /* subnormal */
   case 2:
      return (v & 0x800007ff) | (uint32_t)(rng() % 256) << 23;
   case 3: {
      static const uint32_t special[] = {0, 0x7f800000, 0x7fc00000, 0x7f7fffff,
                                         1, 0x00800000, 0x3f800000, 0x34000000};
      return special[v % 8] | (v & 0x80000000);
   }
   case 4:
      return (v & 0x80ffffff) | 0x7e000000; /* large */
   default:
      return v;
   }
}

static uint64_t
rng_f64(void)
{
   uint64_t v = rng() ^ rng() << 32;
   switch (rng() % 8) {
   case 0:
      return (v & 0x800fffffffffffff) | 0x3ff0000000000000;
   case 1:
      return v & 0x800fffffffffffff;
   case 2:
      return (v & 0x8000000000000fff) | (rng() % 2048) << 52;
   case 3: {
      static const uint64_t special[] = {
         0, 0x7ff0000000000000, 0x7ff8000000000000, 0x7fefffffffffffff,
         1, 0x0010000000000000, 0x3ff0000000000000, 0x3ca0000000000000};
      return special[v % 8] | (v & 1ull << 63);
   }
   case 4:
      return (v & 0x801fffffffffffff) | 0x7fc0000000000000;
   default:
      return v;
   }
}

static const int host_modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD,
                                 FE_TOWARDZERO};

#define CHECK(got, want, fmt, ...)                                             \
   do {                                                                        \
      unsigned long long g_ = (got), w_ = (want);                              \
      if (g_ != w_)                                                            \
         fail_msg(fmt ": got %#llx, expected %#llx", __VA_ARGS__, g_, w_);     \
   } while (0)

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
         want = dtype >= SASS_U64 ? 1ull << 63 : wide ? 0x80000000 : 0;
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

/* --- Integer sums --- */

static void
test_sums(void **state)
{
   for (unsigned n = 0; n < 200000; n++) {
      uint64_t a = rng64(),
               b = n & 1 ? rng64() : a ^ (n & 2 ? 0 : rng64() >> 32);
      uint32_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;

      struct sass_sum lo =
         sass_iadd_full(al, bl, false, false, false, false, false, 0);
      struct sass_sum hi =
         sass_iadd_full(ah, bh, false, false, false, true, false, lo.cc);
      CHECK((uint64_t)hi.r << 32 | lo.r, a + b, "%#lx + %#lx", a, b);

      lo = sass_iadd_full(al, bl, false, true, false, false, false, 0);
      hi = sass_iadd_full(ah, bh, false, true, false, true, false, lo.cc);
      CHECK((uint64_t)hi.r << 32 | lo.r, a - b, "%#lx - %#lx", a, b);
      /* After a subtraction CC orders the operands. */
      int32_t sa = (int32_t)al, sb = (int32_t)bl;
      CHECK(sass_cc_test(SASS_COND_LT, lo.cc), sa < sb, "LT %d %d", sa, sb);
      CHECK(sass_cc_test(SASS_COND_LE, lo.cc), sa <= sb, "LE %d %d", sa, sb);
      CHECK(sass_cc_test(SASS_COND_GT, lo.cc), sa > sb, "GT %d %d", sa, sb);
      CHECK(sass_cc_test(SASS_COND_GE, lo.cc), sa >= sb, "GE %d %d", sa, sb);
      CHECK(sass_cc_test(SASS_COND_EQ, lo.cc), sa == sb, "EQ %d %d", sa, sb);
      CHECK(sass_cc_test(SASS_COND_NE, lo.cc), sa != sb, "NE %d %d", sa, sb);
      CHECK(sass_cc_test(SASS_COND_LO, lo.cc), al < bl, "LO %#x %#x", al, bl);
      CHECK(sass_cc_test(SASS_COND_HI, lo.cc), al > bl, "HI %#x %#x", al, bl);
      CHECK(sass_cc_test(SASS_COND_HS, lo.cc), al >= bl, "HS %#x %#x", al, bl);
      CHECK(sass_cc_test(SASS_COND_LS, lo.cc), al <= bl, "LS %#x %#x", al, bl);
      bool want[] = {false, a<b, a == b, a <= b, a> b, a != b, a >= b};
      bool want_s[] = {
         false,
         (int64_t)a<(int64_t)b, a == b, (int64_t)a <= (int64_t)b, (int64_t)a>(
            int64_t) b,
         a != b, (int64_t)a >= (int64_t)b};
      for (unsigned cond = 0; cond < 7; cond++) {
         CHECK(sass_icmp_x(cond, false, ah, bh, lo.cc), want[cond],
               "u64 cond %u", cond);
         CHECK(sass_icmp_x(cond, true, ah, bh, lo.cc), want_s[cond],
               "s64 cond %u", cond);
      }

      int64_t exact = (int64_t)sa + sb;
      CHECK(sass_iadd_full(al, bl, 0, 0, 0, 0, true, 0).r,
            (uint32_t)(exact > INT32_MAX   ? INT32_MAX
                       : exact < INT32_MIN ? INT32_MIN
                                           : exact),
            "sat %d %d", sa, sb);
      CHECK(sass_iadd_full(al, bl, 0, 0, true, 0, 0, 0).r, al + bl + 1,
            "po %#x %#x", al, bl);
      CHECK(sass_iadd3(al, bl, ah, true, false, true, 0, false, 0).r,
            bl - al - ah, "iadd3 %#x", al);
      CHECK(sass_iadd3(al, bl, ah, 0, 0, 0, SASS_IADD3_RS, false, 0).r,
            (uint32_t)(((uint64_t)al + bl) >> 16) + ah, "iadd3.rs %#x", al);
      CHECK(sass_iadd3(al, bl, ah, 0, 0, 0, SASS_IADD3_LS, false, 0).r,
            ((al + bl) << 16) + ah, "iadd3.ls %#x", al);

      /* base + index * 2^s in 64 bits. */
      unsigned s = rng() % 32;
      lo = sass_lea(al, bl, s, false, false, false, false, 0);
      hi = sass_lea_hi(al, bh, ah, s, false, true, lo.cc);
      CHECK((uint64_t)hi.r << 32 | lo.r, (a << s) + b, "lea %#lx << %u + %#lx",
            a, s, b);
      lo = sass_lea(al, bl, s, true, false, false, false, 0);
      hi = sass_lea_hi(al, bh, ah, s, true, true, lo.cc);
      CHECK((uint64_t)hi.r << 32 | lo.r, b - (a << s), "lea -%#lx << %u + %#lx",
            a, s, b);

      bool is_min = n & 1;
      CHECK(sass_imnmx(al, bl, true, is_min),
            (uint32_t)((sa < sb) == is_min ? sa : sb), "imnmx %d", sa);
   }
   /* Three addends carry two. */
   struct sass_sum lo = sass_iadd3(~0u, ~0u, ~0u, 0, 0, 0, 0, false, 0);
   assert_int_equal(sass_cc_carry(lo.cc), 2);
   assert_int_equal(sass_iadd3(0, 0, 0, 0, 0, 0, 0, true, lo.cc).r, 2);
   for (unsigned bits = 0; bits < 16; bits++)
      assert_int_equal(sass_cc_to_bits(sass_cc_from_bits(bits)), bits);
}

/* --- Products: the sequences of isa.md 4.2 --- */

static uint32_t
xmad(struct sass_xmad m, uint32_t a, uint32_t b, uint32_t c)
{
   return sass_xmad(&m, a, b, c, 0).r;
}

static uint32_t
mul_lo(uint32_t a, uint32_t b, uint32_t c)
{
   uint32_t t = xmad((struct sass_xmad){.mrg = true, .h1_b = true}, a, b, 0);
   uint32_t d = xmad((struct sass_xmad){0}, a, b, c);
   return xmad((struct sass_xmad){.psl = true,
                                  .cmode = SASS_CBCC,
                                  .h1_a = true,
                                  .h1_b = true},
               a, t, d);
}

static uint32_t
mul_hi(uint32_t a, uint32_t b)
{
   uint32_t l = xmad((struct sass_xmad){0}, a, b, 0);
   uint32_t m = xmad((struct sass_xmad){.h1_b = true}, a, b, 0);
   uint32_t h = xmad((struct sass_xmad){.h1_a = true, .h1_b = true}, a, b, 0);
   uint32_t t =
      xmad((struct sass_xmad){.h1_a = true, .cmode = SASS_CHI}, a, b, l);
   return sass_iadd3(t, m, h, 0, 0, 0, SASS_IADD3_RS, false, 0).r;
}

static void
test_products(void **state)
{
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t a = rng32(), b = rng32(), c = rng32();
      CHECK(mul_lo(a, b, c), a * b + c, "lo %#x * %#x", a, b);
      CHECK(mul_hi(a, b), (uint32_t)((uint64_t)a * b >> 32), "hi %#x * %#x", a,
            b);
      CHECK(
         xmad((struct sass_xmad){.signed_a = true, .signed_b = true}, a, b, c),
         (uint32_t)((int16_t)a * (int16_t)b) + c, "s16 %#x * %#x", a, b);
      CHECK(xmad((struct sass_xmad){.signed_a = true, .h1_b = true}, a, b, c),
            (uint32_t)((int16_t)a * (int32_t)(b >> 16)) + c,
            "s16.u16 %#x * %#x", a, b);
      __int128 exact = (__int128)(int32_t)a * b;
      CHECK(sass_imul(a, b, true, false, true), (uint32_t)(exact >> 32),
            "imul.hi %#x %#x", a, b);
      CHECK(sass_imul(a, b, true, true, true),
            (uint32_t)((int64_t)(int32_t)a * (int32_t)b >> 32),
            "imul.hi.s %#x %#x", a, b);
      int32_t dot = (int32_t)c, dot2 = (int32_t)c;
      for (unsigned k = 0; k < 4; k++)
         dot += (int8_t)(a >> 8 * k) * (uint8_t)(b >> 8 * k);
      for (unsigned k = 0; k < 2; k++)
         dot2 += (int16_t)(a >> 16 * k) * (int8_t)(b >> (16 + 8 * k));
      CHECK(sass_idp(a, b, c, false, false, true, false), (uint32_t)dot,
            "4a %#x %#x", a, b);
      CHECK(sass_idp(a, b, c, true, true, true, true), (uint32_t)dot2,
            "2a.hi %#x %#x", a, b);
   }
}

/* --- Shifts, fields, bytes --- */

static uint32_t
bfe_by_bit(uint32_t a, uint32_t b, bool is_signed)
{
   uint32_t pos = b & 255, len = b >> 8 & 255, r = 0;
   if (!len)
      return 0;
   uint32_t top = pos + len - 1 < 31 ? pos + len - 1 : 31;
   uint32_t sign = is_signed ? a >> top & 1 : 0;
   for (uint32_t n = 0; n < 32; n++) {
      bool inside = n < len && pos + n <= 31;
      r |= (inside ? a >> (pos + n) & 1 : sign) << n;
   }
   return r;
}

static uint32_t
bfi_by_bit(uint32_t a, uint32_t b, uint32_t c)
{
   uint32_t pos = b & 255, len = b >> 8 & 255;
   for (uint32_t n = 0; n < len && n < 32 && pos + n < 32; n++)
      c = (c & ~(1u << (pos + n))) | (a >> n & 1) << (pos + n);
   return c;
}

static void
test_shifts(void **state)
{
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t a = rng32(), c = rng32(), b = n & 1 ? rng() % 80 : rng32();
      unsigned __int128 wide = (unsigned __int128)c << 32 | a;
      unsigned n32 = b > 32 ? 32 : b, n64 = b > 64 ? 64 : b;
      CHECK(sass_shl(a, b, false), b > 31 ? 0 : a << b, "shl %#x %u", a, b);
      CHECK(sass_shl(a, b, true), a << b % 32, "shl.w %#x %u", a, b);
      CHECK(sass_shr(a, b, false, false, false), (uint64_t)a >> n32,
            "shr %#x %u", a, b);
      CHECK(sass_shr(a, b, true, false, false),
            (uint32_t)((int64_t)(int32_t)a >> n32), "sar %#x %u", a, b);
      CHECK(sass_shf_l(a, b, c, SASS_SHF_32, false),
            (uint32_t)(wide << n32 >> 32), "shf.l %#x %u", a, b);
      CHECK(sass_shf_l(a, b, c, SASS_SHF_U64, false),
            (uint32_t)(wide << n64 >> 32), "shf.l.u64 %#x %u", a, b);
      CHECK(sass_shf_l(a, b, c, SASS_SHF_U64, true),
            (uint32_t)(wide << b % 64 >> 32), "shf.l.w.u64 %#x %u", a, b);
      CHECK(sass_shf_r(a, b, c, SASS_SHF_32, false, false),
            (uint32_t)(wide >> n32), "shf.r %#x %u", a, b);
      CHECK(sass_shf_r(a, b, c, SASS_SHF_U64, false, true),
            (uint32_t)(wide >> n64 >> 32), "shf.r.hi %#x %u", a, b);
      CHECK(sass_shf_r(a, b, c, SASS_SHF_S64, false, true),
            (uint32_t)((__int128)(int64_t)wide >> n64 >> 32),
            "shf.r.s64.hi %#x %u", a, b);
      uint32_t field = (rng() % 40) | (rng() % 40) << 8;
      CHECK(sass_bfe(a, field, false, false), bfe_by_bit(a, field, false),
            "bfe %#x %#x", a, field);
      CHECK(sass_bfi(a, field, c), bfi_by_bit(a, field, c), "bfi %#x %#x", a,
            field);
      if ((field & 255) < 32)
         CHECK(sass_bfe(a, field, true, false), bfe_by_bit(a, field, true),
               "bfe.s %#x %#x", a, field);
      CHECK(sass_brev(sass_brev(a)), a, "brev %#x", a);
      CHECK(sass_bfe(a, 0x2000, false, true), sass_brev(a), "bfe.brev %#x", a);
      CHECK(31 - sass_flo(a, false, false, false),
            a ? (uint32_t)__builtin_clz(a) : 32, "clz %#x", a);
      if (a) /* ctz: BREV, then FLO.SH */
         CHECK(sass_flo(sass_brev(a), false, true, false),
               (uint32_t)__builtin_ctz(a), "ctz %#x", a);
   }
   assert_int_equal(sass_brev(1), 0x80000000);
   assert_int_equal(sass_brev(0x12345678), 0x1e6a2c48);
   assert_int_equal(sass_flo(0xfffffff0, true, false, false), 3);
   assert_int_equal(sass_flo(0xffffffff, true, false, false), 0xffffffff);
   assert_int_equal(sass_popc(0xf0f00001, false), 9);
   assert_int_equal(sass_popc(0, true), 32);
}

static void
test_bits_and_bytes(void **state)
{
   uint32_t a = 0x33221100, c = 0x77665544; /* byte n has value n * 0x11 */
   assert_int_equal(sass_prmt(a, 0x7531, c, 0), 0x77553311);
   assert_int_equal(sass_prmt(0x00008000, 0x9, 0, 0), 0x000000ff);
   assert_int_equal(sass_prmt(a, 2, c, SASS_PRMT_F4E), 0x55443322);
   assert_int_equal(sass_prmt(a, 1, c, SASS_PRMT_B4E), 0x66770011);
   assert_int_equal(sass_prmt(a, 3, c, SASS_PRMT_RC8), 0x33333333);
   assert_int_equal(sass_prmt(a, 2, c, SASS_PRMT_ECL), 0x33222222);
   assert_int_equal(sass_prmt(a, 1, c, SASS_PRMT_ECR), 0x11111100);
   assert_int_equal(sass_prmt(a, 1, c, SASS_PRMT_RC16), 0x33223322);
   for (unsigned n = 0; n < 50000; n++) {
      uint32_t x = rng32(), y = rng32(), z = rng32();
      assert_int_equal(sass_lop3(x, y, z, 0x80), x & y & z);
      assert_int_equal(sass_lop3(x, y, z, 0xfe), x | y | z);
      assert_int_equal(sass_lop3(x, y, z, 0x96), x ^ y ^ z);
      assert_int_equal(sass_lop3(x, y, z, 0xd8),
                       (z & y) | (~z & x)); /* bitselect */
      assert_int_equal(sass_lop3(x, y, z, 0xe8), (x & y) | (x & z) | (y & z));
      assert_int_equal(sass_lop3(x, y, z, 0xf0), x);
   }
   bool ok;
   assert_int_equal(sass_shfl_lane(SASS_SHFL_IDX, 5, 9, 0x1f, &ok), 9);
   assert_true(ok);
   assert_int_equal(sass_shfl_lane(SASS_SHFL_UP, 1, 2, 0, &ok), 1);
   assert_false(ok);
   assert_int_equal(sass_shfl_lane(SASS_SHFL_DOWN, 30, 1, 0x1f, &ok), 31);
   assert_true(ok);
   assert_int_equal(sass_shfl_lane(SASS_SHFL_DOWN, 31, 1, 0x1f, &ok), 31);
   assert_false(ok);
   assert_int_equal(sass_shfl_lane(SASS_SHFL_BFLY, 6, 1, 0x1f, &ok), 7);
   assert_int_equal(sass_shfl_lane(SASS_SHFL_IDX, 13, 2, 0x181f, &ok),
                    10); /* segments of 8 */
   assert_true(ok);
   assert_int_equal(sass_shfl_lane(SASS_SHFL_DOWN, 15, 1, 0x181f, &ok), 15);
   assert_false(ok);
}

/* --- MUFU, and what is built on it --- */

static void
test_mufu(void **state)
{
   uint32_t inf = 0x7f800000, minus = 0x80000000;
   assert_int_equal(sass_mufu(SASS_MUFU_RCP, 0, false), inf);
   assert_int_equal(sass_mufu(SASS_MUFU_RCP, minus, false), inf | minus);
   assert_int_equal(sass_mufu(SASS_MUFU_RCP, 1, false), inf);
   assert_int_equal(sass_mufu(SASS_MUFU_RCP, inf | minus, false), minus);
   assert_int_equal(sass_mufu(SASS_MUFU_RCP, 0x7f7fffff, false), 0);
   assert_int_equal(sass_mufu(SASS_MUFU_RSQ, minus, false), inf | minus);
   assert_int_equal(sass_mufu(SASS_MUFU_RSQ, 0xbf800000, false), SASS_F32_NAN);
   assert_int_equal(sass_mufu(SASS_MUFU_RSQ, inf, false), 0);
   assert_int_equal(sass_mufu(SASS_MUFU_SQRT, 0xbf800000, false), SASS_F32_NAN);
   assert_int_equal(sass_mufu(SASS_MUFU_EX2, inf | minus, false), 0);
   assert_int_equal(sass_mufu(SASS_MUFU_EX2, inf, false), inf);
   assert_int_equal(sass_mufu(SASS_MUFU_LG2, 0, false), inf | minus);
   assert_int_equal(sass_mufu(SASS_MUFU_LG2, 0xbf800000, false), SASS_F32_NAN);
   assert_int_equal(sass_mufu(SASS_MUFU_SIN, inf, false), SASS_F32_NAN);
   assert_int_equal(sass_mufu(SASS_MUFU_COS, 0, false), 0x3f800000);
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a = (rng32() & 0x007fffff) | (uint32_t)(64 + rng() % 128) << 23;
      float x = sass_f32(a);
      float rcp = sass_f32(sass_mufu(SASS_MUFU_RCP, a, false));
      float rsq = sass_f32(sass_mufu(SASS_MUFU_RSQ, a, false));
      assert_true(fabs((double)rcp * x - 1) < 0x1p-23);
      assert_true(fabs((double)rsq * rsq * x - 1) < 0x1p-22);
      float lg2 = sass_f32(sass_mufu(SASS_MUFU_LG2, a, false));
      if (lg2 > -120 && lg2 < 120)
         assert_true(
            fabs(sass_f32(sass_mufu(SASS_MUFU_EX2, sass_f32_bits(lg2), false)) /
                    x -
                 1) < 0x1p-16);
      /* RCP64H. */
      double d = x;
      double r = sass_f64(
         (uint64_t)sass_mufu(SASS_MUFU_RCP64H, sass_f64_bits(d) >> 32, false)
         << 32);
      assert_true(fabs(r * d - 1) < 0x1p-18);
   }
}

/* udiv32 of isa.md 4.3. */
static uint32_t
udiv32(uint32_t a, uint32_t b)
{
   uint32_t f = (uint32_t)sass_i2f(sass_int_src(b, SASS_U32, 0, false, false),
                                   SASS_F32, SASS_RP);
   uint32_t r = sass_mufu(SASS_MUFU_RCP, f, false) + 0x0ffffffe;
   uint32_t z =
      (uint32_t)sass_f2i(sass_float_src(r, SASS_F32, false, false, false, true),
                         SASS_U32, SASS_F32, SASS_RTZ);
   z = mul_hi(z, mul_lo(-b, z, 0)) + z;
   uint32_t q = mul_hi(z, a);
   uint32_t rest = a - mul_lo(q, b, 0);
   for (unsigned n = 0; n < 2; n++) {
      if (sass_icmp(SASS_COND_GE, false, rest, b)) {
         rest -= b;
         q += 1;
      }
   }
   return q;
}

/* f32 division of isa.md 4.4 inside its safe range. */
static uint32_t
fdiv32(uint32_t a, uint32_t b)
{
   uint32_t minus_b = sass_f32_mod(b, true, false), one = 0x3f800000;
   uint32_t r = sass_mufu(SASS_MUFU_RCP, b, false);
   uint32_t e = sass_ffma(minus_b, r, one);
   r = sass_ffma(r, e, r);
   uint32_t q = sass_fmul(a, r);
   uint32_t m = sass_ffma(minus_b, q, a);
   return sass_ffma(r, m, q);
}

static void
test_division(void **state)
{
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t a = rng32(), b = rng32();
      if (b)
         CHECK(udiv32(a, b), a / b, "%u / %u", a, b);
      uint32_t x = (rng32() & 0x807fffff) | (uint32_t)(110 + rng() % 30) << 23;
      uint32_t y = (rng32() & 0x807fffff) | (uint32_t)(110 + rng() % 30) << 23;
      if ((y & 0x7fffff) == 0x7fffff || sass_fchk_divide(x, y))
         continue;
      CHECK(fdiv32(x, y), sass_f32_bits(sass_f32(x) / sass_f32(y)), "%08x / %08x",
            x, y);
   }
   assert_true(sass_fchk_divide(0x3f800000, 0));
   assert_true(sass_fchk_divide(0x3f800000, 0x7f800000));
   assert_true(sass_fchk_divide(0x7f000000, 0x01000000));
   assert_false(sass_fchk_divide(0x3f800000, 0x40400000));
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
      cmocka_unit_test_setup(test_sums, seed),
      cmocka_unit_test_setup(test_products, seed),
      cmocka_unit_test_setup(test_shifts, seed),
      cmocka_unit_test_setup(test_bits_and_bytes, seed),
      cmocka_unit_test_setup(test_mufu, seed),
      cmocka_unit_test_setup(test_division, seed),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
