/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integer instructions: isa.md 3.3. */
#ifndef SASS_SEM_INT_H
#define SASS_SEM_INT_H

#include "nouveau/isa/sass_sem_cc.h"

/* P ? min : max. */
static inline uint32_t
sass_imnmx(uint32_t a, uint32_t b, bool is_signed, bool want_min)
{
   uint32_t flip = is_signed ? 0x80000000 : 0;
   bool a_first = (a ^ flip) < (b ^ flip);
   return a_first == want_min ? a : b;
}

/* --- Sums --- */

struct sass_sum {
   uint32_t r;
   uint8_t cc;
};

/* One word of a minimum or maximum of wide integers, highest first: XHI begins,
 * XMED and XLO go on while the words above were equal. Between them CC tells:
 * Z, equal so far; C, a is taken [guess: nothing else reads that CC]. Only the
 * highest word has a sign: Mesa sends .XLO without .U32 for signed ones, the
 * vendor's compiler with it [guess]. */
static inline struct sass_sum
sass_imnmx_wide(uint32_t a, uint32_t b, bool is_signed, bool want_min,
                unsigned mode, uint8_t cc)
{
   uint32_t flip = is_signed && mode == SASS_MNMX_XHI ? 0x80000000 : 0;
   bool decided = mode != SASS_MNMX_XHI && !(cc & SASS_CC_Z);
   bool take_a =
      decided ? cc & SASS_CC_C : ((a ^ flip) < (b ^ flip)) == want_min;
   bool equal = !decided && a == b;
   return (struct sass_sum){take_a ? a : b,
                            (equal ? SASS_CC_Z : 0) | (take_a ? SASS_CC_C : 0)};
}

/* a + b + cin with all flags of the literal 33-bit sum. */
static inline struct sass_sum
sass_add(uint32_t a, uint32_t b, unsigned cin)
{
   uint64_t wide = (uint64_t)a + b + cin;
   int64_t exact = (int64_t)(int32_t)a + (int32_t)b + cin;
   uint32_t r = (uint32_t)wide;
   unsigned o = exact != (int32_t)exact ? SASS_CC_O : 0;
   return (struct sass_sum){
      r, sass_cc_logic(r) | (unsigned)(wide >> 32) * SASS_CC_C | o};
}

/* Carry into a sum: a negated addend is its complement plus 1; .X takes the
 * carry instead; .PO adds 1. */
static inline unsigned
sass_carry_in(unsigned negated, bool po, bool x, uint8_t cc)
{
   return x ? sass_cc_carry(cc) : negated + po;
}

static inline uint32_t
sass_not_if(uint32_t v, bool inverted)
{
   return inverted ? ~v : v;
}

static inline uint32_t
sass_add_sat(uint32_t a, uint32_t b, unsigned cin)
{
   int64_t exact = (int64_t)(int32_t)a + (int32_t)b + cin;
   return exact > INT32_MAX   ? INT32_MAX
          : exact < INT32_MIN ? (uint32_t)INT32_MIN
                              : (uint32_t)exact;
}

/* IADD, IADD32I. */
static inline struct sass_sum
sass_iadd_full(uint32_t a, uint32_t b, bool neg_a, bool neg_b, bool po, bool x,
               bool sat, uint8_t cc)
{
   unsigned cin = sass_carry_in(neg_a + neg_b, po, x, cc);
   a = sass_not_if(a, neg_a);
   b = sass_not_if(b, neg_b);
   struct sass_sum sum = sass_add(a, b, cin);
   if (sat)
      sum.r = sass_add_sat(a, b, cin);
   return sum;
}

static inline uint32_t
sass_half_of(uint32_t v, enum sass_half half)
{
   return half == SASS_HALF_NONE ? v
          : half == SASS_HALF_H0 ? v & 0xffff
                                 : v >> 16;
}

/* Operands after half selection.  .RS, .LS shift the 33-bit sum of a and b. */
static inline struct sass_sum
sass_iadd3(uint32_t a, uint32_t b, uint32_t c, bool neg_a, bool neg_b,
           bool neg_c, enum sass_iadd3_mode mode, bool x, uint8_t cc)
{
   unsigned cin = sass_carry_in(neg_a + neg_b + neg_c, false, x, cc);
   a = sass_not_if(a, neg_a);
   b = sass_not_if(b, neg_b);
   c = sass_not_if(c, neg_c);
   if (mode == SASS_IADD3_NONE) {
      uint64_t wide = (uint64_t)a + b + c + cin;
      int64_t exact = (int64_t)(int32_t)a + (int32_t)b + (int32_t)c + cin;
      uint32_t r = (uint32_t)wide;
      unsigned o = exact != (int32_t)exact ? SASS_CC_O : 0;
      return (struct sass_sum){
         r, sass_cc_logic(r) | (unsigned)(wide >> 32) * SASS_CC_C | o};
   }
   /* The carries in of a and b belong inside the shift [guess: with signs]. */
   unsigned cin_ab = x ? 0 : neg_a + neg_b;
   uint64_t ab = ((uint64_t)a + b + cin_ab) & 0x1ffffffff;
   uint32_t shifted =
      mode == SASS_IADD3_RS ? (uint32_t)(ab >> 16) : (uint32_t)(ab << 16);
   return sass_add(shifted, c, cin - cin_ab);
}

/* (a << shift) + b: LEA and ISCADD; neg_a negates the shifted value. */
static inline struct sass_sum
sass_lea(uint32_t a, uint32_t b, unsigned shift, bool neg_a, bool neg_b,
         bool po, bool x, uint8_t cc)
{
   unsigned cin = sass_carry_in(neg_a + neg_b, po, x, cc);
   return sass_add(sass_not_if(a << shift, neg_a), sass_not_if(b, neg_b), cin);
}

/* hi32({c:a} << shift) + b. */
static inline struct sass_sum
sass_lea_hi(uint32_t a, uint32_t b, uint32_t c, unsigned shift, bool neg_a,
            bool x, uint8_t cc)
{
   uint32_t hi = (uint32_t)(((uint64_t)c << 32 | a) << shift >> 32);
   return sass_add(sass_not_if(hi, neg_a), b,
                   sass_carry_in(neg_a, false, x, cc));
}

/* --- Products --- */

/* Everything about an XMAD but its registers (isa.md 2.2). */
struct sass_xmad {
   bool h1_a, h1_b, signed_a, signed_b, psl, mrg, x;
   enum sass_cmode cmode;
};

/* CSFU: what is taken from C for signed factors. For the upper halves, as the
 * vendor's compiler uses it, no other rule makes its signed high product exact
 * (sass_sem_modes_test.c): the shift of IADD3.RS is of an unsigned sum, which
 * is 65536 too much for each partial product that is negative, and that is
 * known from the sign of one half and whether the other factor's is zero. With
 * lower halves it is the same rule [guess: nobody emits that]. */
static inline uint32_t
sass_xmad_csfu(const struct sass_xmad *m, uint32_t a, uint32_t b)
{
   bool a_negative = (m->h1_a ? a >> 31 : a >> 15 & 1);
   bool b_negative = (m->h1_b ? b >> 31 : b >> 15 & 1);
   uint32_t a_other = m->h1_a ? a & 0xffff : a >> 16;
   uint32_t b_other = m->h1_b ? b & 0xffff : b >> 16;
   return 65536u * ((a_negative && b_other) + (b_negative && a_other));
}

static inline uint32_t
sass_xmad_c(const struct sass_xmad *m, uint32_t a, uint32_t b, uint32_t c)
{
   switch (m->cmode) {
   case SASS_CLO:
      return c & 0xffff;
   case SASS_CHI:
      return c >> 16;
   case SASS_CSFU:
      return c - sass_xmad_csfu(m, a, b);
   case SASS_CBCC:
      return c + (b << 16);
   default:
      return c;
   }
}

static inline uint32_t
sass_factor16(uint32_t v, bool h1, bool is_signed)
{
   v = h1 ? v >> 16 : v & 0xffff;
   return is_signed ? (uint32_t)(int16_t)v : v;
}

/* For the C form b is the constant, for RC the register: operand B. */
static inline struct sass_sum
sass_xmad(const struct sass_xmad *m, uint32_t a, uint32_t b, uint32_t c,
          uint8_t cc)
{
   uint32_t product = sass_factor16(a, m->h1_a, m->signed_a) *
                      sass_factor16(b, m->h1_b, m->signed_b);
   if (m->psl)
      product <<= 16;
   struct sass_sum sum =
      sass_add(product, sass_xmad_c(m, a, b, c), m->x ? sass_cc_carry(cc) : 0);
   if (m->mrg) {
      sum.r = (sum.r & 0xffff) | b << 16;
      sum.cc = (sum.cc & ~(SASS_CC_Z | SASS_CC_S)) | sass_cc_logic(sum.r);
   }
   return sum;
}

/* IMUL, IMUL32I. */
static inline uint32_t
sass_imul(uint32_t a, uint32_t b, bool signed_a, bool signed_b, bool hi)
{
   int64_t wide_a = signed_a ? (int32_t)a : (int64_t)a;
   int64_t wide_b = signed_b ? (int32_t)b : (int64_t)b;
   uint64_t product = (uint64_t)wide_a * (uint64_t)wide_b;
   return hi ? (uint32_t)(product >> 32) : (uint32_t)product;
}

/* IMAD, IMAD32I: neg_b negates the product's selected word. */
static inline struct sass_sum
sass_imad(uint32_t product, uint32_t c, bool neg_b, bool neg_c, bool x,
          bool sat, uint8_t cc)
{
   return sass_iadd_full(product, c, neg_b, neg_c, false, x, sat, cc);
}

static inline int32_t
sass_idp_byte(uint32_t v, unsigned byte, bool is_signed)
{
   uint8_t b = v >> (8 * byte);
   return is_signed ? (int8_t)b : b;
}

/* IDP.4A: four products of bytes.  .2A: halves of a times bytes {0,1} of b, or
 * {2,3} with .HI. */
static inline uint32_t
sass_idp(uint32_t a, uint32_t b, uint32_t c, bool dp2a, bool hi, bool signed_a,
         bool signed_b)
{
   uint32_t sum = c;
   for (unsigned n = 0; n < (dp2a ? 2 : 4); n++) {
      int32_t fa = dp2a ? (int32_t)sass_factor16(a, n, signed_a)
                        : sass_idp_byte(a, n, signed_a);
      int32_t fb = sass_idp_byte(b, dp2a ? n + 2 * hi : n, signed_b);
      sum += (uint32_t)fa * (uint32_t)fb;
   }
   return sum;
}

/* --- Shifts and fields --- */

static inline uint32_t
sass_brev(uint32_t v)
{
   v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
   v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
   v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
   return __builtin_bswap32(v);
}

static inline uint32_t
sass_shl(uint32_t a, uint32_t b, bool w)
{
   return !w && b > 31 ? 0 : a << (b & 31);
}

static inline uint32_t
sass_shr(uint32_t a, uint32_t b, bool is_signed, bool w, bool brev)
{
   a = brev ? sass_brev(a) : a;
   uint32_t n = w ? b & 31 : b > 31 ? 32 : b;
   if (is_signed)
      return (uint32_t)((int32_t)a >> (n > 31 ? 31 : n));
   return n > 31 ? 0 : a >> n;
}

static inline uint32_t
sass_shf_count(uint32_t b, enum sass_shf_type type, bool w)
{
   uint32_t width = type == SASS_SHF_32 ? 32 : 64;
   return w ? b & (width - 1) : b > width ? width : b;
}

/* hi32({c:a} << n). */
static inline uint32_t
sass_shf_l(uint32_t a, uint32_t b, uint32_t c, enum sass_shf_type type, bool w)
{
   uint32_t n = sass_shf_count(b, type, w);
   uint64_t v = (uint64_t)c << 32 | a;
   return n > 63 ? 0 : (uint32_t)(v << n >> 32);
}

/* lo32({c:a} >> n), or hi32. */
static inline uint32_t
sass_shf_r(uint32_t a, uint32_t b, uint32_t c, enum sass_shf_type type, bool w,
           bool hi)
{
   uint32_t n = sass_shf_count(b, type, w);
   uint64_t v = (uint64_t)c << 32 | a;
   if (type == SASS_SHF_S64)
      v = (uint64_t)((int64_t)v >> (n > 63 ? 63 : n));
   else
      v = n > 63 ? 0 : v >> n;
   return hi ? (uint32_t)(v >> 32) : (uint32_t)v;
}

static inline uint32_t
sass_bfe(uint32_t a, uint32_t b, bool is_signed, bool brev)
{
   uint32_t pos = b & 0xff, len = b >> 8 & 0xff;
   a = brev ? sass_brev(a) : a;
   if (len == 0)
      return 0;
   if (!is_signed) {
      uint64_t v = pos > 31 ? 0 : a >> pos;
      return len > 31 ? (uint32_t)v : (uint32_t)(v & ((1u << len) - 1));
   }
   uint32_t top = pos + len - 1 > 31 ? 31 : pos + len - 1;
   if (pos > 31)
      return (uint32_t)((int32_t)a >> 31);
   return (uint32_t)((int32_t)(a << (31 - top)) >> (31 - top + pos));
}

/* Bits of a go into c. */
static inline uint32_t
sass_bfi(uint32_t a, uint32_t b, uint32_t c)
{
   uint32_t pos = b & 0xff, len = b >> 8 & 0xff;
   if (pos > 31)
      return c;
   uint32_t mask = (len > 31 ? 0xffffffff : (1u << len) - 1) << pos;
   return (c & ~mask) | (a << pos & mask);
}

static inline uint32_t
sass_popc(uint32_t b, bool inverted)
{
   return __builtin_popcount(sass_not_if(b, inverted));
}

/* Highest 1, or for signed the highest bit unlike the sign; -1 if there is
 * none, also with .SH (PTX: bfind.shiftamt). */
static inline uint32_t
sass_flo(uint32_t b, bool is_signed, bool sh, bool inverted)
{
   b = sass_not_if(b, inverted);
   if (is_signed)
      b ^= (uint32_t)((int32_t)b >> 31);
   if (b == 0)
      return 0xffffffff;
   uint32_t high = 31 - __builtin_clz(b);
   return sh ? 31 - high : high;
}

/* --- Bits and bytes --- */

static inline uint32_t
sass_lop(enum sass_lop op, uint32_t a, uint32_t b)
{
   switch (op) {
   case SASS_LOP_AND:
      return a & b;
   case SASS_LOP_OR:
      return a | b;
   case SASS_LOP_XOR:
      return a ^ b;
   case SASS_LOP_PASS_B:
      return b;
   }
   return 0;
}

static inline uint32_t
sass_lop3(uint32_t a, uint32_t b, uint32_t c, uint8_t lut)
{
   uint32_t r = 0;
   for (unsigned n = 0; n < 8; n++) {
      uint32_t term = (n & 4 ? a : ~a) & (n & 2 ? b : ~b) & (n & 1 ? c : ~c);
      r |= lut >> n & 1 ? term : 0;
   }
   return r;
}

/* `zero`: of the result, with .X of all words (sass_zero_x). */
static inline bool
sass_pmode_value(enum sass_pmode mode, bool zero)
{
   return mode == SASS_PMODE_T || (mode == SASS_PMODE_Z && zero) ||
          (mode == SASS_PMODE_NZ && !zero);
}

/* Selector nibbles of the modes that compute them from sel & 3. */
static inline uint32_t
sass_prmt_selector(uint32_t sel, enum sass_prmt_mode mode)
{
   uint32_t n = sel & 3, r = 0;
   if (mode == SASS_PRMT_IDX)
      return sel;
   for (uint32_t k = 0; k < 4; k++) {
      uint32_t s = 0;
      switch (mode) {
      case SASS_PRMT_F4E:
         s = n + k;
         break;
      case SASS_PRMT_B4E:
         s = (n - k) & 7;
         break;
      case SASS_PRMT_RC8:
         s = n;
         break;
      case SASS_PRMT_ECL:
         s = k < n ? n : k;
         break;
      case SASS_PRMT_ECR:
         s = k > n ? n : k;
         break;
      case SASS_PRMT_RC16:
         s = (n & 1 ? 2 : 0) + (k & 1);
         break;
      default:
         break;
      }
      r |= s << (4 * k);
   }
   return r;
}

/* Bytes 0..3 are a, 4..7 are c; bit 3 of a nibble spreads that byte's sign. */
static inline uint32_t
sass_prmt(uint32_t a, uint32_t sel, uint32_t c, enum sass_prmt_mode mode)
{
   uint64_t bytes = (uint64_t)c << 32 | a;
   uint32_t r = 0;
   sel = sass_prmt_selector(sel, mode);
   for (unsigned n = 0; n < 4; n++) {
      uint32_t nibble = sel >> (4 * n);
      uint32_t byte = bytes >> (8 * (nibble & 7)) & 0xff;
      if (nibble & 8)
         byte = byte & 0x80 ? 0xff : 0;
      r |= byte << (8 * n);
   }
   return r;
}

#endif
