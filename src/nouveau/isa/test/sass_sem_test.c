/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integers and bits of sass_sem.h against wide host integers, bit-by-bit
 * loops, and the instruction sequences of isa.md 4 against plain C operators. */
#include "sass_sem_random.h"
#include "sass_sem_sequences.h"

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

/* --- Products --- */

static void
test_products(void **state)
{
   for (unsigned n = 0; n < 300000; n++) {
      uint32_t a = rng32(), b = rng32(), c = rng32();
      CHECK(mul_lo(a, b, c), a * b + c, "lo %#x * %#x", a, b);
      CHECK(mul_hi(a, b, 0), (uint32_t)((uint64_t)a * b >> 32), "hi %#x * %#x",
            a, b);
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
      uint32_t dot = c, dot2 = c;
      for (unsigned k = 0; k < 4; k++)
         dot += (uint32_t)((int8_t)(a >> 8 * k) * (uint8_t)(b >> 8 * k));
      for (unsigned k = 0; k < 2; k++)
         dot2 +=
            (uint32_t)((int16_t)(a >> 16 * k) * (int8_t)(b >> (16 + 8 * k)));
      CHECK(sass_idp(a, b, c, false, false, true, false), dot, "4a %#x %#x", a,
            b);
      CHECK(sass_idp(a, b, c, true, true, true, true), dot2, "2a.hi %#x %#x", a,
            b);
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

/* --- Division, built on MUFU --- */

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
   z = mul_hi(z, mul_lo(-b, z, 0), 0) + z;
   uint32_t q = mul_hi(z, a, 0);
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
      CHECK(fdiv32(x, y), sass_f32_bits(sass_f32(x) / sass_f32(y)),
            "%08x / %08x", x, y);
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
      cmocka_unit_test_setup(test_sums, seed),
      cmocka_unit_test_setup(test_products, seed),
      cmocka_unit_test_setup(test_shifts, seed),
      cmocka_unit_test_setup(test_bits_and_bytes, seed),
      cmocka_unit_test_setup(test_division, seed),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
