/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Condition codes, predicates and the modifiers around the operations of
 * sass_sem.h: FTZ, FMZ, SAT, scales, sets, wide comparisons and minima. */
#include "sass_sem_random.h"

/* ---- condition codes ---- */

/* isa.md 1.5, written as sets of CC values: bit Z S C O of the argument. */
static bool
cc_by_table(enum sass_cond code, bool z, bool s, bool c, bool o)
{
   bool less = s != o; /* of signed operands, after a subtraction */
   switch (code) {
   case SASS_COND_LT:
      return (s && !z) != o;
   case SASS_COND_EQ:
      return z && !s;
   case SASS_COND_LE:
      return s != (z || o);
   case SASS_COND_GT:
      return !z && !less;
   case SASS_COND_NE:
      return !z;
   case SASS_COND_GE:
      return !less;
   case SASS_COND_NUM:
      return !(z && s);
   case SASS_COND_NAN:
      return z && s;
   case SASS_COND_LTU:
      return less;
   case SASS_COND_EQU:
      return z;
   case SASS_COND_LEU:
      return z || less;
   case SASS_COND_GTU:
      return !s != (z || o);
   case SASS_COND_NEU:
      return !z || s;
   case SASS_COND_GEU:
      return (!s || z) != o;
   case SASS_COND_T:
      return true;
   case SASS_COND_OFF:
   case SASS_COND_OFT:
      return o == (code == SASS_COND_OFT);
   case SASS_COND_LO:
   case SASS_COND_HS:
      return c == (code == SASS_COND_HS);
   case SASS_COND_SFF:
   case SASS_COND_SFT:
      return s == (code == SASS_COND_SFT);
   case SASS_COND_LS:
      return z || !c;
   case SASS_COND_HI:
      return c && !z;
   case SASS_COND_RLE:
      return s || z;
   case SASS_COND_RGT:
      return !(s || z);
   default: /* F and those of graphics */
      return false;
   }
}

static void
test_cc(void **state)
{
   for (unsigned bits = 0; bits < 16; bits++) {
      uint8_t cc = (bits & 1 ? SASS_CC_Z : 0) | (bits & 2 ? SASS_CC_S : 0) |
                   (bits & 4 ? SASS_CC_C : 0) | (bits & 8 ? SASS_CC_O : 0);
      assert_int_equal(sass_cc_to_bits(cc), bits);
      for (enum sass_cond code = 0; code < 32; code++)
         CHECK(sass_cc_test(code, cc),
               cc_by_table(code, bits & 1, bits & 2, bits & 4, bits & 8),
               "CC test %u of %#x", code, bits);
   }
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a = rng_f32();
      uint64_t d = rng_f64();
      float x = sass_f32(a);
      double y = sass_f64(d);
      CHECK(sass_cc_f32(a),
            (x == 0 || isnan(x) ? 1u : 0) | (x < 0 || isnan(x) ? 2u : 0),
            "cc of %a", x);
      CHECK(sass_cc_f64(d),
            (y == 0 || isnan(y) ? 1u : 0) | (y < 0 || isnan(y) ? 2u : 0),
            "cc of %a", y);
      /* .X: zero if both words are. */
      uint32_t lo = n % 3 ? rng32() : 0, hi = n % 5 ? rng32() : 0;
      uint8_t cc = sass_cc_logic_x(hi, true, sass_cc_logic(lo));
      CHECK(sass_cc_test(SASS_COND_EQU, cc), ((uint64_t)hi << 32 | lo) == 0,
            "zero of %#x:%#x", hi, lo);
      CHECK(sass_pmode_value(SASS_PMODE_NZ,
                             sass_zero_x(hi, true, sass_cc_logic(lo))),
            ((uint64_t)hi << 32 | lo) != 0, "NZ of %#x:%#x", hi, lo);
      assert_int_equal(sass_cc_logic_x(hi, false, sass_cc_logic(lo)),
                       sass_cc_logic(hi));
   }
   assert_true(sass_pmode_value(SASS_PMODE_T, false));
   assert_true(sass_pmode_value(SASS_PMODE_Z, true));
   assert_false(sass_pmode_value(SASS_PMODE_NONE, true));
}

/* ---- logic, sets, halves of words ---- */

static void
test_logic(void **state)
{
   static const enum sass_bool_op ops[] = {SASS_AND, SASS_OR, SASS_XOR};
   for (unsigned n = 0; n < 12; n++) {
      bool a = n & 1, b = n & 2;
      unsigned k = n / 4;
      bool want[] = {a && b, a || b, a != b};
      assert_int_equal(sass_bool(ops[k], a, b), want[k]);
   }
   for (unsigned n = 0; n < 10000; n++) {
      uint32_t a = rng32(), b = rng32();
      assert_int_equal(sass_lop(SASS_LOP_AND, a, b), a & b);
      assert_int_equal(sass_lop(SASS_LOP_OR, a, b), a | b);
      assert_int_equal(sass_lop(SASS_LOP_XOR, a, b), a ^ b);
      assert_int_equal(sass_lop(SASS_LOP_PASS_B, a, b), b);
      assert_int_equal(sass_half_of(a, SASS_HALF_NONE), a);
      assert_int_equal(sass_half_of(a, SASS_HALF_H0), a % 65536);
      assert_int_equal(sass_half_of(a, SASS_HALF_H1), a / 65536);
      assert_int_equal(sass_rro(a), a);
   }
   assert_int_equal(sass_set_value(false, true), 0);
   assert_int_equal(sass_set_value(true, false), 0xffffffff);
   assert_int_equal(sass_set_value(true, true), sass_f32_bits(1));
}

/* ---- wide minimum, IMAD ---- */

static void
test_wide_integers(void **state)
{
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a[3], b[3];
      for (unsigned k = 0; k < 3; k++) {
         a[k] = rng32();
         b[k] = rng() & 1 ? a[k] : rng32();
      }
      bool is_signed = n & 1, want_min = n & 2;
      /* 96 bits, highest first. */
      static const uint8_t modes[] = {SASS_MNMX_XLO, SASS_MNMX_XMED,
                                      SASS_MNMX_XHI};
      uint32_t got[3];
      uint8_t cc = (uint8_t)rng();
      for (int k = 2; k >= 0; k--) {
         struct sass_sum s = sass_imnmx_wide(a[k], b[k], is_signed && k == 2,
                                             want_min, modes[k], cc);
         got[k] = s.r;
         cc = s.cc;
      }
      __int128 x = (__int128)((unsigned __int128)a[2] << 64) |
                   (uint64_t)a[1] << 32 | a[0];
      __int128 y = (__int128)((unsigned __int128)b[2] << 64) |
                   (uint64_t)b[1] << 32 | b[0];
      if (is_signed && a[2] >> 31)
         x -= (__int128)1 << 96;
      if (is_signed && b[2] >> 31)
         y -= (__int128)1 << 96;
      const uint32_t *want = (x < y) == want_min ? a : b;
      for (unsigned k = 0; k < 3; k++)
         CHECK(got[k], want[k], "word %u of 96-bit minimum %d", k, want_min);

      uint32_t p = rng32(), c = rng32();
      bool neg_p = n & 4, neg_c = n & 8;
      int64_t sum = (neg_p ? -(int64_t)(int32_t)p : (int32_t)p) +
                    (neg_c ? -(int64_t)(int32_t)c : (int32_t)c);
      if (!(neg_p && neg_c))
         CHECK(sass_imad(p, c, neg_p, neg_c, false, false, 0).r, (uint32_t)sum,
               "imad %#x %#x", p, c);
      /* Sign and value below are apart: ~p + 1 of INT_MIN. */
      if (p != 0x80000000 && c != 0x80000000 && !(neg_p && neg_c))
         CHECK(sass_imad(p, c, neg_p, neg_c, false, true, 0).r,
               (uint32_t)(sum > INT32_MAX   ? INT32_MAX
                          : sum < INT32_MIN ? INT32_MIN
                                            : sum),
               "imad.sat %#x %#x", p, c);
   }
}

/* ---- modifiers of floats ---- */

static float
flushed(float v)
{
   return fpclassify(v) == FP_SUBNORMAL ? copysignf(0, v) : v;
}

static uint32_t
saturated(float v)
{
   return sass_f32_bits(isnan(v) || v <= 0 ? 0 : v > 1 ? 1 : v);
}

static uint32_t
bits_of(float v)
{
   return isnan(v) ? SASS_F32_NAN : sass_f32_bits(v);
}

static void
test_float_modifiers(void **state)
{
   static const float scales[] = {1, 0.5f, 0.25f, 0.125f, 8, 4, 2};
   for (unsigned n = 0; n < 200000; n++) {
      uint32_t a = rng_f32(), b = rng_f32(), c = rng_f32();
      float x = sass_f32(a), y = sass_f32(b), z = sass_f32(c);
      float fx = flushed(x), fy = flushed(y), fz = flushed(z);
      CHECK(sass_fadd_full(a, b, SASS_FTZ, SASS_RN, false),
            bits_of(flushed(fx + fy)), "fadd.ftz %a %a", x, y);
      CHECK(sass_fadd_full(a, b, 0, SASS_RN, true), saturated(x + y),
            "fadd.sat %a %a", x, y);
      CHECK(sass_fmul_full(a, b, 0, SASS_FTZ, SASS_RN, false),
            bits_of(flushed(fx * fy)), "fmul.ftz %a %a", x, y);
      bool zero = fx == 0 || fy == 0;
      CHECK(sass_fmul_full(a, b, 0, SASS_FMZ, SASS_RN, false),
            zero ? 0 : bits_of(flushed(fx * fy)), "fmul.fmz %a %a", x, y);
      CHECK(sass_fmul_full(a, b, 0, 0, SASS_RN, true), saturated(x * y),
            "fmul.sat %a %a", x, y);
      unsigned scale = rng() % 7;
      CHECK(sass_fmul_full(a, b, scale, 0, SASS_RN, false),
            bits_of((float)((double)x * y * scales[scale])), "fmul.%u %a %a",
            scale, x, y);
      CHECK(sass_ffma_full(a, b, c, SASS_FTZ, SASS_RN, false),
            bits_of(flushed(fmaf(fx, fy, fz))), "ffma.ftz %a %a %a", x, y, z);
      CHECK(sass_ffma_full(a, b, c, SASS_FMZ, SASS_RN, false),
            zero ? bits_of(0.0f + fz) : bits_of(flushed(fmaf(fx, fy, fz))),
            "ffma.fmz %a %a %a", x, y, z);
      CHECK(sass_ffma_full(a, b, c, 0, SASS_RN, true), saturated(fmaf(x, y, z)),
            "ffma.sat %a %a %a", x, y, z);
      bool u = isnan(x) || isnan(y);
      CHECK(sass_fcmp_full(SASS_COND_LTU, a, b, SASS_FTZ), u || fx < fy,
            "fcmp.ftz %a %a", x, y);
      CHECK(sass_fcmp_full(SASS_COND_EQ, a, b, 0), !u && x == y, "fcmp %a %a",
            x, y);
      unsigned lane = rng() % 32;
      uint8_t swizzle = (uint8_t)rng();
      unsigned s = swizzle >> (3 - lane % 4) * 2 & 3; /* lane 0: highest */
      CHECK(sass_fswzadd(a, b, swizzle, lane, 0, SASS_RN),
            bits_of((s == 3   ? 0
                     : s == 2 ? -x
                              : x) +
                    (s == 1 ? -y : y)),
            "fswzadd %u %a %a", s, x, y);
   }
}

static void
test_double_minimum(void **state)
{
   uint64_t nan = 0x7ff8000000000001, one = sass_f64_bits(1);
   assert_true(sass_dmnmx(nan, one, true) == one);
   assert_true(sass_dmnmx(one, nan, false) == one);
   assert_true(sass_dmnmx(nan, nan, true) == SASS_F64_NAN);
   assert_true(sass_dmnmx(0, 1ull << 63, true) == 1ull << 63);
   assert_true(sass_dmnmx(1ull << 63, 0, false) == 0);
   for (unsigned n = 0; n < 100000; n++) {
      uint64_t a = rng_f64(), b = rng_f64();
      double x = sass_f64(a), y = sass_f64(b);
      if (isnan(x) || isnan(y) || x == y)
         continue;
      CHECK(sass_dmnmx(a, b, true), sass_f64_bits(x < y ? x : y),
            "min of %a %a", x, y);
      CHECK(sass_dmnmx(a, b, false), sass_f64_bits(x < y ? y : x),
            "max of %a %a", x, y);
   }
}

/* ---- half sets ---- */

static void
test_half_sets(void **state)
{
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a = rng32(), b = n & 1 ? rng32() : a;
      struct sass_half2 x = sass_half_src(a, SASS_SWZ_H1_H0, 0, 0, 0);
      struct sass_half2 y = sass_half_src(b, SASS_SWZ_H1_H0, 0, 0, 0);
      bool pc = n & 2, h_and = n & 4, bf = n & 8, pd, pd2;
      bool lo = x.lo < y.lo, hi = x.hi < y.hi;
      uint32_t one = bf ? 0x3c00 : 0xffff;
      CHECK(sass_hset2(SASS_COND_LT, x, y, SASS_OR, pc, bf),
            (lo || pc ? one : 0) | (hi || pc ? one << 16 : 0), "hset2 %#x %#x",
            a, b);
      sass_hsetp2(SASS_COND_LT, x, y, SASS_XOR, pc, h_and, &pd, &pd2);
      bool first = h_and ? lo && hi : lo, other = h_and ? !(lo && hi) : hi;
      CHECK(pd, first != pc, "hsetp2 %#x %#x", a, b);
      CHECK(pd2, other != pc, "hsetp2 second %#x %#x", a, b);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_cc, seed),
      cmocka_unit_test_setup(test_logic, seed),
      cmocka_unit_test_setup(test_wide_integers, seed),
      cmocka_unit_test_setup(test_float_modifiers, seed),
      cmocka_unit_test_setup(test_double_minimum, seed),
      cmocka_unit_test_setup(test_half_sets, seed),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
