/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Single precision: isa.md 3.4, 2.3.
 *
 * Exact sums and products are a pair of doubles s + e with |e| no more than
 * half an ulp of s; sass_odd folds e into the last bit of s ("round to odd"),
 * and since a double has more than two bits to spare over a float, one further
 * rounding in any mode is then correct, subnormal results among them. */
#ifndef SASS_SEM_FLOAT_H
#define SASS_SEM_FLOAT_H

#include <math.h>
#include <string.h>

#include "nouveau/isa/sass_sem_int.h"

#define SASS_F32_NAN 0x7fffffffu

/* --- Bits --- */

static inline float
sass_f32(uint32_t bits)
{
   float v;
   memcpy(&v, &bits, sizeof(v));
   return v;
}

static inline uint32_t
sass_f32_bits(float v)
{
   uint32_t bits;
   memcpy(&bits, &v, sizeof(bits));
   return bits;
}

static inline double
sass_f64(uint64_t bits)
{
   double v;
   memcpy(&v, &bits, sizeof(v));
   return v;
}

static inline uint64_t
sass_f64_bits(double v)
{
   uint64_t bits;
   memcpy(&bits, &v, sizeof(bits));
   return bits;
}

/* A result: NaNs become the one NaN. */
static inline uint32_t
sass_f32_result(float v)
{
   return v != v ? SASS_F32_NAN : sass_f32_bits(v);
}

/* |v| then -v, also of NaN. */
static inline uint32_t
sass_f32_mod(uint32_t v, bool neg, bool abs)
{
   return (v & (abs ? 0x7fffffff : 0xffffffff)) ^ (neg ? 0x80000000 : 0);
}

static inline uint32_t
sass_f32_flush(uint32_t v)
{
   return v & 0x7f800000 ? v : v & 0x80000000;
}

/* Clamp to [0, 1]; NaN and -0 give +0. */
static inline uint32_t
sass_f32_sat(uint32_t v)
{
   float f = sass_f32(v);
   return f > 0 ? (f < 1 ? v : 0x3f800000) : 0;
}

/* --- Exact sums, one rounding --- */

struct sass_exact {
   double s, e; /* exact value s + e */
};

/* Knuth: exact unless the sum overflows a double. */
static inline struct sass_exact
sass_two_sum(double a, double b)
{
   double s = a + b;
   double b1 = s - a;
   double a1 = s - b1;
   return (struct sass_exact){s, (a - a1) + (b - b1)};
}

/* The double with an odd last bit next to s + e, or s if that is exact.
 * Infinities and NaN (e is NaN too) stay. */
static inline double
sass_odd(struct sass_exact x)
{
   uint64_t bits = sass_f64_bits(x.s);
   bool inexact = x.e < 0 || x.e > 0;
   int64_t step = (x.e > 0) == (x.s > 0) ? 1 : -1;
   return sass_f64(inexact && !(bits & 1) ? bits + (uint64_t)step : bits);
}

/* v rounded to a float, toward `rnd`. */
static inline float
sass_round_f32(double v, enum sass_rnd rnd)
{
   float r = (float)v;
   if (rnd == SASS_RN || !(v - v == 0) || v == 0)
      return r;
   bool up = rnd == SASS_RP || (rnd == SASS_RTZ && v < 0);
   if (up && r < v)
      return nextafterf(r, INFINITY);
   if (!up && r > v)
      return nextafterf(r, -INFINITY);
   return r;
}

/* A sum of zero is -0 towards minus infinity, unless both addends are +0. */
static inline double
sass_exact_sum(double a, double b, enum sass_rnd rnd)
{
   double s = sass_odd(sass_two_sum(a, b));
   bool plus_zeros = a == 0 && b == 0 && !signbit(a) && !signbit(b);
   return rnd == SASS_RM && s == 0 && !plus_zeros ? -0.0 : s;
}

static inline uint32_t
sass_f32_finish(double exact, enum sass_ftz ftz, enum sass_rnd rnd, bool sat)
{
   uint32_t r = sass_f32_result(sass_round_f32(exact, rnd));
   if (ftz)
      r = sass_f32_flush(r);
   return sat ? sass_f32_sat(r) : r;
}

/* FMZ: 0 times anything is +0. */
static inline double
sass_f32_product(uint32_t a, uint32_t b, enum sass_ftz ftz)
{
   if (ftz) {
      a = sass_f32_flush(a);
      b = sass_f32_flush(b);
   }
   bool zero = !(a << 1) || !(b << 1);
   return ftz == SASS_FMZ && zero ? 0.0
                                  : (double)sass_f32(a) * (double)sass_f32(b);
}

/* --- FADD, FMUL, FFMA --- */

static inline uint32_t
sass_fadd(uint32_t a, uint32_t b)
{
   return sass_f32_result(sass_f32(a) + sass_f32(b));
}

static inline uint32_t
sass_fadd_full(uint32_t a, uint32_t b, enum sass_ftz ftz, enum sass_rnd rnd,
               bool sat)
{
   if (ftz) {
      a = sass_f32_flush(a);
      b = sass_f32_flush(b);
   }
   return sass_f32_finish(sass_exact_sum(sass_f32(a), sass_f32(b), rnd), ftz,
                          rnd, sat);
}

static inline uint32_t
sass_fmul(uint32_t a, uint32_t b)
{
   return sass_f32_result(sass_f32(a) * sass_f32(b));
}

static inline uint32_t
sass_fmul_full(uint32_t a, uint32_t b, enum sass_fscale scale,
               enum sass_ftz ftz, enum sass_rnd rnd, bool sat)
{
   static const float scales[] = {1, .5f, .25f, .125f, 8, 4, 2, 1};
   return sass_f32_finish(sass_f32_product(a, b, ftz) * scales[scale & 7], ftz,
                          rnd, sat);
}

static inline uint32_t
sass_ffma(uint32_t a, uint32_t b, uint32_t c)
{
#ifdef __FMA__
   return sass_f32_result(
      __builtin_fmaf(sass_f32(a), sass_f32(b), sass_f32(c)));
#else
   double product = (double)sass_f32(a) * (double)sass_f32(b);
   return sass_f32_result((float)sass_odd(sass_two_sum(product, sass_f32(c))));
#endif
}

static inline uint32_t
sass_ffma_full(uint32_t a, uint32_t b, uint32_t c, enum sass_ftz ftz,
               enum sass_rnd rnd, bool sat)
{
   if (ftz)
      c = sass_f32_flush(c);
   double exact = sass_exact_sum(sass_f32_product(a, b, ftz), sass_f32(c), rnd);
   return sass_f32_finish(exact, ftz, rnd, sat);
}

/* --- Comparisons --- */

static inline bool
sass_fcmp(enum sass_cond cond, uint32_t a, uint32_t b)
{
   float x = sass_f32(a), y = sass_f32(b);
   return sass_cond_holds(cond, x<y, x == y, x> y, x != x || y != y);
}

static inline bool
sass_fcmp_full(enum sass_cond cond, uint32_t a, uint32_t b, enum sass_ftz ftz)
{
   return ftz ? sass_fcmp(cond, sass_f32_flush(a), sass_f32_flush(b))
              : sass_fcmp(cond, a, b);
}

/* The operand that is no NaN; -0 is less than +0 (PTX: min, max). */
static inline uint32_t
sass_fmnmx(uint32_t a, uint32_t b, enum sass_ftz ftz, bool want_min)
{
   if (ftz) {
      a = sass_f32_flush(a);
      b = sass_f32_flush(b);
   }
   bool nan_a = (a & 0x7fffffff) > 0x7f800000,
        nan_b = (b & 0x7fffffff) > 0x7f800000;
   /* Order of floats as order of integers. */
   int32_t key_a = (int32_t)(a ^ (uint32_t)((int32_t)a >> 31) >> 1);
   int32_t key_b = (int32_t)(b ^ (uint32_t)((int32_t)b >> 31) >> 1);
   uint32_t r = (key_a < key_b) == want_min ? a : b;
   r = nan_a ? b : nan_b ? a : r;
   return nan_a && nan_b ? SASS_F32_NAN : r;
}

/* FCHK.DIVIDE: a / b needs the slow path; a superset of the hardware's cases
 * (isa.md 3.4). */
static inline bool
sass_fchk_divide(uint32_t a, uint32_t b)
{
   int exp_a = a >> 23 & 0xff, exp_b = b >> 23 & 0xff;
   int diff = exp_a - exp_b;
   bool special = exp_a == 0 || exp_b == 0 || exp_a == 255 || exp_b == 255;
   return special || exp_b >= 252 || exp_b <= 2 || diff >= 120 || diff <= -120;
}

/* FSWZADD: the lane's entry of the swizzle says what is added. A quad's first
 * lane has the highest bits, as the text has it (Mesa: nv50_ir QUADOP, NAK). */
static inline uint32_t
sass_fswzadd(uint32_t a, uint32_t b, uint8_t swizzle, unsigned lane,
             enum sass_ftz ftz, enum sass_rnd rnd)
{
   switch (swizzle >> (6 - 2 * (lane & 3)) & 3) {
   case 1:
      b ^= 0x80000000;
      break;
   case 2:
      a ^= 0x80000000;
      break;
   case 3:
      a = 0;
      break;
   }
   return sass_fadd_full(a, b, ftz, rnd, false);
}

#endif
