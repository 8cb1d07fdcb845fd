/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Half precision, two at a time: isa.md 2.5, 3.4. */
#ifndef SASS_SEM_HALF_H
#define SASS_SEM_HALF_H

#include "nouveau/isa/sass_sem_float.h"

#define SASS_F16_NAN 0x7fffu

/* Exact. */
static inline float
sass_f16(uint16_t bits)
{
   uint32_t sign = (uint32_t)(bits & 0x8000) << 16, mag = bits & 0x7fff;
   if (mag >= 0x7c00)
      return sass_f32(sign | 0x7f800000 | (mag & 0x3ff) << 13);
   /* Scaling by 2^112 moves the exponent and makes subnormals normal. */
   float v = sass_f32(mag << 13) * 0x1p112f;
   return sass_f32(sign | sass_f32_bits(v));
}

static inline uint16_t
sass_f16_flush(uint16_t v)
{
   return v & 0x7c00 ? v : v & 0x8000;
}

/* v, exact or rounded to odd, as a half. */
static inline uint16_t
sass_round_f16(double v, enum sass_rnd rnd)
{
   uint16_t sign = signbit(v) ? 0x8000 : 0;
   double mag = fabs(v);
   if (v != v)
      return SASS_F16_NAN;
   if (mag > 65535.99) /* 2^16 and infinity: past every half */
      mag = mag - mag == 0 ? 65536 : mag;
   if (mag - mag != 0 || mag == 0)
      return sign | (mag == 0 ? 0 : 0x7c00);

   int exp;
   frexp(mag, &exp);
   int ulp_exp = (exp - 1 < -14 ? -14 : exp - 1) - 10;
   double units = ldexp(mag, -ulp_exp); /* exact */
   double down = floor(units), rest = units - down;
   bool away = rnd == SASS_RN ? rest > .5 || (rest == .5 && fmod(down, 2) == 1)
               : rnd == SASS_RP ? rest > 0 && !sign
               : rnd == SASS_RM ? rest > 0 && sign
                                : false;
   uint32_t r = (uint32_t)down + away;
   /* Mantissas past 2^11 carry into the exponent by themselves. */
   r = ulp_exp == -24 ? r : r + ((uint32_t)(ulp_exp + 24) << 10);
   if (r >= 0x7c00) {
      bool keep_finite = rnd == SASS_RTZ || (rnd == SASS_RM && !sign) ||
                         (rnd == SASS_RP && sign);
      r = keep_finite ? 0x7bff : 0x7c00;
   }
   return sign | r;
}

/* Both halves of an operand as exact values. */
struct sass_half2 {
   float lo, hi;
};

static inline float
sass_half_mod(float v, bool neg, bool abs)
{
   return sass_f32(sass_f32_mod(sass_f32_bits(v), neg, abs));
}

/* Operand by swizzle; .F32 uses the register as one float for both. */
static inline struct sass_half2
sass_half_src(uint32_t v, enum sass_swz swz, bool neg, bool abs, bool flush)
{
   if (swz == SASS_SWZ_F32) {
      float f = sass_half_mod(sass_f32(v), neg, abs);
      return (struct sass_half2){f, f};
   }
   uint16_t lo = swz == SASS_SWZ_H1_H1 ? v >> 16 : v;
   uint16_t hi = swz == SASS_SWZ_H0_H0 ? v : v >> 16;
   if (flush) {
      lo = sass_f16_flush(lo);
      hi = sass_f16_flush(hi);
   }
   return (struct sass_half2){sass_half_mod(sass_f16(lo), neg, abs),
                              sass_half_mod(sass_f16(hi), neg, abs)};
}

static inline uint16_t
sass_half_result(double exact, enum sass_ftz ftz, bool sat)
{
   if (sat)
      exact = exact > 0 ? (exact < 1 ? exact : 1) : 0;
   uint16_t r = sass_round_f16(exact, SASS_RN);
   return ftz ? sass_f16_flush(r) : r;
}

/* Exact results of both halves into the register, whose old value is `old`.
 * .F32 writes the low result as a float. */
static inline uint32_t
sass_half_merge(double lo, double hi, uint32_t old, enum sass_merge merge,
                enum sass_ftz ftz, bool sat)
{
   if (merge == SASS_MERGE_F32)
      return sass_f32_finish(lo, ftz, SASS_RN, sat);
   uint32_t l = sass_half_result(lo, ftz, sat),
            h = sass_half_result(hi, ftz, sat);
   if (merge == SASS_MERGE_H0)
      return (old & 0xffff0000) | l;
   if (merge == SASS_MERGE_H1)
      return (old & 0xffff) | h << 16;
   return l | h << 16;
}

static inline double
sass_half_product(float a, float b, enum sass_ftz ftz)
{
   return ftz == SASS_FMZ && (a == 0 || b == 0) ? 0.0 : (double)a * (double)b;
}

static inline uint32_t
sass_hadd2(struct sass_half2 a, struct sass_half2 b, uint32_t old,
           enum sass_merge merge, enum sass_ftz ftz, bool sat)
{
   return sass_half_merge(sass_exact_sum(a.lo, b.lo, SASS_RN),
                          sass_exact_sum(a.hi, b.hi, SASS_RN), old, merge, ftz,
                          sat);
}

static inline uint32_t
sass_hmul2(struct sass_half2 a, struct sass_half2 b, uint32_t old,
           enum sass_merge merge, enum sass_ftz ftz, bool sat)
{
   return sass_half_merge(sass_half_product(a.lo, b.lo, ftz),
                          sass_half_product(a.hi, b.hi, ftz), old, merge, ftz,
                          sat);
}

static inline uint32_t
sass_hfma2(struct sass_half2 a, struct sass_half2 b, struct sass_half2 c,
           uint32_t old, enum sass_merge merge, enum sass_ftz ftz, bool sat)
{
   return sass_half_merge(
      sass_exact_sum(sass_half_product(a.lo, b.lo, ftz), c.lo, SASS_RN),
      sass_exact_sum(sass_half_product(a.hi, b.hi, ftz), c.hi, SASS_RN), old,
      merge, ftz, sat);
}

static inline bool
sass_hcmp(enum sass_cond cond, float a, float b)
{
   return sass_cond_holds(cond, a<b, a == b, a> b, a != a || b != b);
}

/* HSET2: per half all ones or, with .BF, 1.0; both combined with pc. */
static inline uint32_t
sass_hset2(enum sass_cond cond, struct sass_half2 a, struct sass_half2 b,
           enum sass_bool_op op, bool pc, bool bf)
{
   uint32_t one = bf ? 0x3c00 : 0xffff;
   uint32_t lo = sass_bool(op, sass_hcmp(cond, a.lo, b.lo), pc) ? one : 0;
   uint32_t hi = sass_bool(op, sass_hcmp(cond, a.hi, b.hi), pc) ? one : 0;
   return lo | hi << 16;
}

/* HSETP2: pd of the low half, pd2 of the high (PTX: setp.f16x2). With .H_AND pd
 * is of both, and pd2 its complement as in FSETP [guess]. */
static inline void
sass_hsetp2(enum sass_cond cond, struct sass_half2 a, struct sass_half2 b,
            enum sass_bool_op op, bool pc, bool h_and, bool *pd_out,
            bool *pd2_out)
{
   bool lo = sass_hcmp(cond, a.lo, b.lo), hi = sass_hcmp(cond, a.hi, b.hi);
   *pd_out = sass_bool(op, h_and ? lo && hi : lo, pc);
   *pd2_out = sass_bool(op, h_and ? !(lo && hi) : hi, pc);
}

#endif
