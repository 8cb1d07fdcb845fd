/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The condition code, predicates and comparisons: isa.md 1.5, 3.3. */
#ifndef SASS_SEM_CC_H
#define SASS_SEM_CC_H

#include "nouveau/isa/sass.h"

/* C counts 0..3, because sums of three addends carry more than one (isa.md 9). */
enum {
   SASS_CC_Z = 1,
   SASS_CC_S = 2,
   SASS_CC_C = 4, /* lowest bit of the two-bit carry */
   SASS_CC_C_MASK = 12,
   SASS_CC_O = 16,
};

static inline unsigned
sass_cc_carry(uint8_t cc)
{
   return cc >> 2 & 3;
}

/* Of a logic, shift or conversion result: C = O = 0. */
static inline uint8_t
sass_cc_logic(uint32_t r)
{
   return (r == 0 ? SASS_CC_Z : 0) | (r >> 31 ? SASS_CC_S : 0);
}

/* .X of logic and shifts: one word more of a number. The value is that without
 * .X, there being no carry; zero means that the words before were zero as well,
 * which is what the vendor's LOP.AND.X.NZ is for [guess]. */
static inline bool
sass_zero_x(uint32_t r, bool x, uint8_t cc)
{
   return r == 0 && (!x || cc & SASS_CC_Z);
}

static inline uint8_t
sass_cc_logic_x(uint32_t r, bool x, uint8_t cc)
{
   return (sass_zero_x(r, x, cc) ? SASS_CC_Z : 0) | (r >> 31 ? SASS_CC_S : 0);
}

/* Of an f32 result: Z for 0 or NaN, S for negative or NaN. */
static inline uint8_t
sass_cc_f32(uint32_t r)
{
   bool nan = (r & 0x7fffffff) > 0x7f800000;
   bool zero = (r & 0x7fffffff) == 0;
   return (zero || nan ? SASS_CC_Z : 0) |
          ((r >> 31 && !zero) || nan ? SASS_CC_S : 0);
}

static inline uint8_t
sass_cc_f64(uint64_t r)
{
   uint64_t mag = r & INT64_MAX;
   bool nan = mag > 0x7ffull << 52;
   return (mag == 0 || nan ? SASS_CC_Z : 0) |
          ((r >> 63 && mag) || nan ? SASS_CC_S : 0);
}

/* The four bits that P2R and R2P move: Z, S, C, O from the lowest. */
static inline uint8_t
sass_cc_to_bits(uint8_t cc)
{
   return (cc & 7) | (cc & SASS_CC_O ? 8 : 0);
}

static inline uint8_t
sass_cc_from_bits(uint8_t bits)
{
   return (bits & 7) | (bits & 8 ? SASS_CC_O : 0);
}

/* CSM_* and FCSM_* (graphics) are false; RLE, RGT are S|Z and neither [guess]. */
static inline bool
sass_cc_test(enum sass_cond code, uint8_t cc)
{
   bool z = cc & SASS_CC_Z, s = cc & SASS_CC_S, c = cc & SASS_CC_C_MASK,
        o = cc & SASS_CC_O;
   switch (code) {
   case SASS_COND_F:
      return false;
   case SASS_COND_LT:
      return (s && !z) ^ o;
   case SASS_COND_EQ:
      return z && !s;
   case SASS_COND_LE:
      return s ^ (z || o);
   case SASS_COND_GT:
      return !z && !(s ^ o);
   case SASS_COND_NE:
      return !z;
   case SASS_COND_GE:
      return !(s ^ o);
   case SASS_COND_NUM:
      return !z || !s;
   case SASS_COND_NAN:
      return z && s;
   case SASS_COND_LTU:
      return s ^ o;
   case SASS_COND_EQU:
      return z;
   case SASS_COND_LEU:
      return z || (s ^ o);
   case SASS_COND_GTU:
      return !s ^ (z || o);
   case SASS_COND_NEU:
      return !z || s;
   case SASS_COND_GEU:
      return (!s || z) ^ o;
   case SASS_COND_T:
      return true;
   case SASS_COND_OFF:
      return !o;
   case SASS_COND_LO:
      return !c;
   case SASS_COND_SFF:
      return !s;
   case SASS_COND_LS:
      return z || !c;
   case SASS_COND_HI:
      return c && !z;
   case SASS_COND_SFT:
      return s;
   case SASS_COND_HS:
      return c;
   case SASS_COND_OFT:
      return o;
   case SASS_COND_RLE:
      return s || z;
   case SASS_COND_RGT:
      return !s && !z;
   default:
      return false;
   }
}

/* --- Predicates and comparisons --- */

static inline bool
sass_bool(enum sass_bool_op op, bool a, bool b)
{
   return op == SASS_AND ? a & b : op == SASS_OR ? a | b : a ^ b;
}

/* A condition is a set of outcomes: 1 less, 2 equal, 4 greater, 8 unordered. */
static inline bool
sass_cond_holds(enum sass_cond cond, bool lt, bool eq, bool gt, bool unordered)
{
   return (cond & (lt | eq << 1 | gt << 2 | unordered << 3)) != 0;
}

static inline bool
sass_icmp(enum sass_cond cond, bool is_signed, uint32_t a, uint32_t b)
{
   uint32_t flip = is_signed ? 0x80000000 : 0;
   bool lt = (a ^ flip) < (b ^ flip), eq = a == b;
   return sass_cond_holds(cond, lt, eq, !lt && !eq, false);
}

/* .X: high words, after `IADD RZ.CC, a.lo, -b.lo`. */
static inline bool
sass_icmp_x(enum sass_cond cond, bool is_signed, uint32_t a, uint32_t b,
            uint8_t cc)
{
   uint32_t flip = is_signed ? 0x80000000 : 0;
   bool hi_eq = a == b;
   bool lt = (a ^ flip) < (b ^ flip) || (hi_eq && !sass_cc_carry(cc));
   bool eq = hi_eq && (cc & SASS_CC_Z);
   return sass_cond_holds(cond, lt, eq, !lt && !eq, false);
}

/* Result of ISET, FSET, DSET, PSET, CSET. */
static inline uint32_t
sass_set_value(bool v, bool bf)
{
   return v ? (bf ? 0x3f800000 : 0xffffffff) : 0;
}

#endif
