/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Modifiers of integer instructions in sass_sem.h, each of them alone and
 * together: carry chains, the sequences of isa.md 4 that the vendor's compiler
 * makes of XMAD, clamped and wrapping shifts, byte permutations, all lookup
 * tables, saturating conversions between integers. */
#include "sass_sem_random.h"
#include "sass_sem_sequences.h"

typedef __int128 s128;
typedef unsigned __int128 u128;

/* ---- chains ---- */

static u128
wide_of(const uint32_t *w)
{
   return (u128)w[3] << 96 | (u128)w[2] << 64 | (u128)w[1] << 32 | w[0];
}

static void
test_chains(void **state)
{
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a[4], b[4], c[4], two[4], three[4];
      uint8_t cc2 = (uint8_t)rng(), cc3 = (uint8_t)rng();
      bool na = n & 1, nb = n & 2 && !na, nc = n & 4;
      for (unsigned k = 0; k < 4; k++) {
         a[k] = rng32();
         b[k] = rng32();
         c[k] = rng() & 1 ? ~0u : rng32();
         struct sass_sum s =
            sass_iadd_full(a[k], b[k], na, nb, false, k > 0, false, cc2);
         two[k] = s.r;
         cc2 = s.cc;
         s = sass_iadd3(a[k], b[k], c[k], na, nb, nc, SASS_IADD3_NONE, k > 0,
                        cc3);
         three[k] = s.r;
         cc3 = s.cc;
      }
      u128 x = wide_of(a), y = wide_of(b), z = wide_of(c);
      u128 sum = (na ? -x : x) + (nb ? -y : y);
      assert_true(wide_of(two) == sum);
      assert_true(wide_of(three) == sum + (nc ? -z : z));
   }
}

static void
test_flags(void **state)
{
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a = rng32(), b = rng32();
      int32_t r;
      bool sub = n & 1;
      bool o = sub ? __builtin_sub_overflow((int32_t)a, (int32_t)b, &r)
                   : __builtin_add_overflow((int32_t)a, (int32_t)b, &r);
      uint8_t cc = sass_iadd_full(a, b, false, sub, false, false, false, 0).cc;
      CHECK(cc & SASS_CC_O ? 1 : 0, o, "overflow of %#x and %#x", a, b);
      CHECK(cc & SASS_CC_Z ? 1 : 0, r == 0, "zero of %#x and %#x", a, b);
      CHECK(cc & SASS_CC_S ? 1 : 0, r < 0, "sign of %#x and %#x", a, b);
      CHECK(sass_cc_carry(cc), sub ? a >= b : (uint32_t)r < a,
            "carry of %#x and %#x", a, b);
   }
}

/* ---- products: isa.md 4.2 ---- */

/* Signed by correction of the unsigned one. */
static uint32_t
mul_hi_signed(uint32_t a, uint32_t b)
{
   uint32_t t = sass_shr(a, 31, true, false, false) & b;
   uint32_t u = sass_shr(b, 31, true, false, false) & a;
   return sass_iadd3(mul_hi(a, b, 0), t, u, false, true, true, SASS_IADD3_NONE,
                     false, 0)
      .r;
}

/* The vendor's compiler: signed factors, and .CSFU for what the shift of a
 * 33-bit unsigned sum makes of negative ones. Only the rule of
 * sass_xmad_csfu makes this exact. */
static uint32_t
mul_hi_csfu(uint32_t a, uint32_t b)
{
   uint32_t l = xmad((struct sass_xmad){0}, a, b, 0);
   uint32_t m =
      xmad((struct sass_xmad){.h1_b = true, .signed_b = true}, a, b, 0);
   uint32_t h = xmad((struct sass_xmad){.h1_a = true,
                                        .h1_b = true,
                                        .signed_a = true,
                                        .signed_b = true,
                                        .cmode = SASS_CSFU},
                     a, b, 0);
   uint32_t t = xmad(
      (struct sass_xmad){.h1_a = true, .signed_a = true, .cmode = SASS_CHI}, a,
      b, l);
   return sass_iadd3(t, m, h, 0, 0, 0, SASS_IADD3_RS, false, 0).r;
}

static uint32_t
mul_u16(uint32_t a, uint32_t k, uint32_t c)
{
   uint32_t d = xmad((struct sass_xmad){0}, a, k, c);
   return xmad((struct sass_xmad){.psl = true, .h1_a = true}, a, k, d);
}

static void
test_product_sequences(void **state)
{
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t a = rng32(), b = rng32(), c = rng32(), d = rng32();
      uint64_t product = (uint64_t)a * b;
      CHECK(mul_u16(a, b & 0xffff, c), a * (b & 0xffff) + c, "%#x * %#x", a,
            b & 0xffff);
      CHECK(mul_hi(a, b, c), (uint32_t)(product >> 32) + c, "hi %#x * %#x", a,
            b);
      uint32_t hi = (uint32_t)((int64_t)(int32_t)a * (int32_t)b >> 32);
      CHECK(mul_hi_signed(a, b), hi, "signed hi %#x * %#x", a, b);
      CHECK(mul_hi_csfu(a, b), hi, "CSFU %#x * %#x", a, b);
      uint64_t x = (uint64_t)c << 32 | a, y = (uint64_t)d << 32 | b;
      uint32_t top = mul_lo(a, d, mul_lo(c, b, mul_hi(a, b, 0)));
      CHECK((uint64_t)top << 32 | mul_lo(a, b, 0), x * y, "%#lx * %#lx", x, y);
      /* .X adds the carry; .MRG keeps the sum's flags but for Z and S. */
      struct sass_xmad with_x = {.x = true};
      CHECK(sass_xmad(&with_x, a, b, c, SASS_CC_C).r,
            (a & 0xffff) * (b & 0xffff) + c + 1, "xmad.x %#x", a);
      struct sass_xmad merge = {.mrg = true, .cmode = SASS_CLO};
      CHECK(sass_xmad(&merge, a, b, c, 0).r,
            (((a & 0xffff) * (b & 0xffff) + (c & 0xffff)) & 0xffff) | b << 16,
            "xmad.mrg.clo %#x", a);
   }
}

/* ---- shifts: isa.md 3.3 ---- */

/* Count after clamping to the width or wrapping. */
static unsigned
count_of(uint32_t b, unsigned width, bool w)
{
   return w ? b % width : b > width ? width : b;
}

static void
test_shift_modes(void **state)
{
   static const enum sass_shf_type types[] = {SASS_SHF_32, SASS_SHF_U64,
                                              SASS_SHF_S64};
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t a = rng32(), c = rng32(), b = n & 1 ? rng() % 80 : rng32();
      bool w = n & 2, is_signed = n & 4, brev = n & 8, hi = n & 16;
      enum sass_shf_type type = types[rng() % 3];
      unsigned shift = count_of(b, 32, w);
      uint32_t from = brev ? sass_brev(a) : a;
      CHECK(sass_shl(a, b, w), (uint32_t)((uint64_t)a << shift),
            "shl %#x %#x w %d", a, b, w);
      CHECK(sass_shr(a, b, is_signed, w, brev),
            is_signed ? (uint32_t)((int64_t)(int32_t)from >> shift)
                      : (uint32_t)((uint64_t)from >> shift),
            "shr %#x %#x w %d brev %d", a, b, w, brev);
      unsigned far = count_of(b, type == SASS_SHF_32 ? 32 : 64, w);
      u128 pair = (u128)c << 32 | a;
      CHECK(sass_shf_l(a, b, c, type, w), (uint32_t)(pair << far >> 32),
            "shf.l type %d %#x w %d", type, b, w);
      uint64_t right = type == SASS_SHF_S64
                          ? (uint64_t)((s128)(int64_t)(uint64_t)pair >> far)
                          : (uint64_t)(pair >> far);
      CHECK(sass_shf_r(a, b, c, type, w, hi),
            hi ? (uint32_t)(right >> 32) : (uint32_t)right,
            "shf.r type %d %#x w %d hi %d", type, b, w, hi);
      /* The sequences of isa.md 4.1, clamping at 64 and by 63. */
      uint64_t v = (uint64_t)pair;
      enum sass_shf_type t = is_signed ? SASS_SHF_S64 : SASS_SHF_U64;
      unsigned s = count_of(b, 64, w);
      uint64_t left =
         (uint64_t)sass_shf_l(a, b, c, t, w) << 32 | sass_shf_l(0, b, a, t, w);
      CHECK(left, (uint64_t)((u128)v << s), "%#lx << %u", v, s);
      uint64_t down = (uint64_t)sass_shf_r(0, b, c, t, w, true) << 32 |
                      sass_shf_r(a, b, c, t, w, false);
      CHECK(down,
            is_signed ? (uint64_t)((s128)(int64_t)v >> s)
                      : (uint64_t)((u128)v >> s),
            "%#lx >> %u", v, s);
   }
}

/* ---- bits and bytes ---- */

static uint32_t
field_by_bit(uint32_t a, uint32_t b, bool is_signed)
{
   uint32_t pos = b & 255, len = b >> 8 & 255, r = 0;
   uint32_t top = pos + len - 1 < 31 ? pos + len - 1 : 31;
   for (uint32_t n = 0; len && n < 32; n++) {
      bool inside = n < len && pos + n <= 31;
      r |= (inside ? a >> (pos + n) & 1 : is_signed ? a >> top & 1 : 0) << n;
   }
   return r;
}

static void
test_fields(void **state)
{
   for (unsigned n = 0; n < 200000; n++) {
      uint32_t a = rng32(), b = rng32();
      uint32_t field = n & 1 ? rng32() : (rng() % 40) | (rng() % 40) << 8;
      CHECK(sass_bfe(a, field, false, false), field_by_bit(a, field, false),
            "bfe %#x %#x", a, field);
      CHECK(sass_bfe(a, field, true, false), field_by_bit(a, field, true),
            "bfe.s %#x %#x", a, field);
      CHECK(sass_bfe(a, field, true, true),
            field_by_bit(sass_brev(a), field, true), "bfe.s.brev %#x %#x", a,
            field);
      unsigned ones = 0, highest = ~0u, unlike = ~0u, zeros = ~0u;
      for (unsigned k = 0; k < 32; k++) {
         ones += a >> k & 1;
         highest = a >> k & 1 ? k : highest;
         zeros = a >> k & 1 ? zeros : k;
         unlike = (a >> k & 1) != a >> 31 ? k : unlike;
      }
      CHECK(sass_popc(a, false), ones, "popc %#x", a);
      CHECK(sass_popc(a, true), 32 - ones, "popc ~%#x", a);
      CHECK(sass_flo(a, false, false, false), highest, "flo %#x", a);
      CHECK(sass_flo(a, false, false, true), zeros, "flo ~%#x", a);
      CHECK(sass_flo(a, true, false, false), unlike, "flo.s %#x", a);
      CHECK(sass_flo(a, true, true, false), unlike == ~0u ? ~0u : 31 - unlike,
            "flo.s.sh %#x", a);
      CHECK(sass_imnmx(a, b, false, n & 2), (a < b) == !!(n & 2) ? a : b,
            "imnmx.u32 %#x %#x", a, b);
   }
}

/* isa.md 3.3: bytes b3..b0 of each mode, by N = selector & 3. */
static const uint8_t prmt_bytes[][4][4] = {
   [SASS_PRMT_F4E] = {{3, 2, 1, 0}, {4, 3, 2, 1}, {5, 4, 3, 2}, {6, 5, 4, 3}},
   [SASS_PRMT_B4E] = {{5, 6, 7, 0}, {6, 7, 0, 1}, {7, 0, 1, 2}, {0, 1, 2, 3}},
   [SASS_PRMT_RC8] = {{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}},
   [SASS_PRMT_ECL] = {{3, 2, 1, 0}, {3, 2, 1, 1}, {3, 2, 2, 2}, {3, 3, 3, 3}},
   [SASS_PRMT_ECR] = {{0, 0, 0, 0}, {1, 1, 1, 0}, {2, 2, 1, 0}, {3, 2, 1, 0}},
   [SASS_PRMT_RC16] = {{1, 0, 1, 0}, {3, 2, 3, 2}, {1, 0, 1, 0}, {3, 2, 3, 2}},
};

static void
test_permutations(void **state)
{
   for (unsigned n = 0; n < 100000; n++) {
      uint32_t a = rng32(), c = rng32(), sel = rng32(), want = 0;
      uint64_t bytes = (uint64_t)c << 32 | a;
      for (unsigned k = 0; k < 4; k++) {
         unsigned nibble = sel >> 4 * k & 15;
         int8_t byte = (int8_t)(bytes >> 8 * (nibble & 7));
         want |= (uint32_t)(uint8_t)(nibble & 8 ? byte >> 7 : byte) << 8 * k;
      }
      CHECK(sass_prmt(a, sel, c, SASS_PRMT_IDX), want, "prmt %#x", sel);
      enum sass_prmt_mode mode = SASS_PRMT_F4E + rng() % 6;
      want = 0;
      for (unsigned k = 0; k < 4; k++)
         want |= (uint32_t)(bytes >> 8 * prmt_bytes[mode][sel & 3][3 - k] & 255)
                 << 8 * k;
      CHECK(sass_prmt(a, sel, c, mode), want, "prmt mode %d %#x", mode, sel);
   }
}

static void
test_lookup_tables(void **state)
{
   for (unsigned lut = 0; lut < 256; lut++) {
      for (unsigned n = 0; n < 100; n++) {
         uint32_t a = rng32(), b = rng32(), c = rng32(), want = 0;
         for (unsigned k = 0; k < 32; k++) {
            unsigned row = (a >> k & 1) << 2 | (b >> k & 1) << 1 | (c >> k & 1);
            want |= (lut >> row & 1u) << k;
         }
         CHECK(sass_lop3(a, b, c, lut), want, "lop3 %#x", lut);
      }
   }
}

/* ---- conversions of integers ---- */

static s128
clamped(s128 v, s128 low, s128 high)
{
   return v < low ? low : v > high ? high : v;
}

static void
test_i2i_types(void **state)
{
   static const struct {
      enum sass_type type;
      unsigned bits;
      bool is_signed;
   } types[] = {{SASS_U8, 8, false},   {SASS_S8, 8, true},
                {SASS_U16, 16, false}, {SASS_S16, 16, true},
                {SASS_U32, 32, false}, {SASS_S32, 32, true}};
   for (unsigned n = 0; n < 400000; n++) {
      unsigned s = rng() % 6, d = rng() % 6;
      uint32_t v = rng32();
      bool neg = n & 1, abs = n & 2, sat = n & 4;
      unsigned bits = types[s].bits;
      unsigned select = bits == 8    ? (unsigned)(rng() % 4)
                        : bits == 16 ? (unsigned)(rng() % 2) * 2
                                     : 0;
      uint32_t part = (uint32_t)((uint64_t)v >> 8 * select << (32 - bits));
      s128 x = types[s].is_signed ? (s128)((int32_t)part >> (32 - bits))
                                  : (s128)(part >> (32 - bits));
      x = abs && x < 0 ? -x : x;
      x = neg ? -x : x;
      s128 one = 1;
      s128 low = types[d].is_signed ? -(one << (types[d].bits - 1)) : 0;
      s128 high = (one << (types[d].bits - types[d].is_signed)) - 1;
      if (sat)
         x = clamped(x, low, high);
      /* The low bits, extended to 32 by the type. */
      uint32_t top = (uint32_t)x << (32 - types[d].bits);
      uint32_t want = types[d].is_signed
                         ? (uint32_t)((int32_t)top >> (32 - types[d].bits))
                         : top >> (32 - types[d].bits);
      CHECK(sass_i2i(v, types[d].type, types[s].type, select, neg, abs, sat),
            want, "I2I %u from %u of %#x neg %d abs %d sat %d", d, s, v, neg,
            abs, sat);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_chains, seed),
      cmocka_unit_test_setup(test_flags, seed),
      cmocka_unit_test_setup(test_product_sequences, seed),
      cmocka_unit_test_setup(test_shift_modes, seed),
      cmocka_unit_test_setup(test_fields, seed),
      cmocka_unit_test_setup(test_permutations, seed),
      cmocka_unit_test_setup(test_lookup_tables, seed),
      cmocka_unit_test_setup(test_i2i_types, seed),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
