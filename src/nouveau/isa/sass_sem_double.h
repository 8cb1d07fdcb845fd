/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Double precision: isa.md 3.4, 2.4.  NaN results are 0x7ff8000000000000; the
 * hardware may pass payloads on [guess].
 *
 * Modes other than to nearest go through a quad-precision sum, rounded to odd
 * as in sass_sem_float.h: a product of two doubles is exact there. */
#ifndef SASS_SEM_DOUBLE_H
#define SASS_SEM_DOUBLE_H

#include "nouveau/isa/sass_sem_float.h"

#define SASS_F64_NAN 0x7ff8000000000000ull

#ifdef __SIZEOF_FLOAT128__
typedef __float128 sass_quad;
#else
typedef long double sass_quad; /* quad on 64-bit ARM and RISC-V */
#endif

static inline uint64_t
sass_f64_result(double v)
{
   return v != v ? SASS_F64_NAN : sass_f64_bits(v);
}

static inline uint64_t
sass_f64_mod(uint64_t v, bool neg, bool abs)
{
   return (v & (abs ? INT64_MAX : UINT64_MAX)) ^ (neg ? 1ull << 63 : 0);
}

/* s + e rounded to a double; s a quad, e what it lacks. */
static inline double
sass_round_f64(sass_quad s, sass_quad e, enum sass_rnd rnd)
{
   double r = (double)s;
   if (s - s != 0) /* infinity, NaN */
      return r;
   /* Sign of the exact value minus r; an infinite r is past it. */
   sass_quad diff = s - r;
   int side = diff > 0 ? 1 : diff < 0 ? -1 : e > 0 ? 1 : e < 0 ? -1 : 0;
   bool up = rnd == SASS_RP || (rnd == SASS_RTZ && s < 0);
   if (rnd != SASS_RN && up && side > 0)
      return nextafter(r, (double)INFINITY);
   if (rnd != SASS_RN && !up && side < 0)
      return nextafter(r, -(double)INFINITY);
   return r;
}

/* a + b, rounded; zero sums as in sass_exact_sum. */
static inline double
sass_sum_f64(sass_quad a, sass_quad b, bool plus_zeros, enum sass_rnd rnd)
{
   sass_quad s = a + b;
   sass_quad b1 = s - a;
   sass_quad e = (a - (s - b1)) + (b - b1);
   if (rnd == SASS_RM && s == 0 && !plus_zeros)
      return -0.0;
   return sass_round_f64(s, e, rnd);
}

static inline bool
sass_is_plus_zero(double v)
{
   return v == 0 && !signbit(v);
}

static inline uint64_t
sass_dadd(uint64_t a, uint64_t b)
{
   return sass_f64_result(sass_f64(a) + sass_f64(b));
}

static inline uint64_t
sass_dadd_full(uint64_t a, uint64_t b, enum sass_rnd rnd)
{
   double x = sass_f64(a), y = sass_f64(b);
   if (rnd == SASS_RN)
      return sass_dadd(a, b);
   bool plus_zeros = sass_is_plus_zero(x) && sass_is_plus_zero(y);
   return sass_f64_result(sass_sum_f64(x, y, plus_zeros, rnd));
}

static inline uint64_t
sass_dmul(uint64_t a, uint64_t b)
{
   return sass_f64_result(sass_f64(a) * sass_f64(b));
}

static inline uint64_t
sass_dmul_full(uint64_t a, uint64_t b, enum sass_rnd rnd)
{
   if (rnd == SASS_RN)
      return sass_dmul(a, b);
   return sass_f64_result(
      sass_round_f64((sass_quad)sass_f64(a) * sass_f64(b), 0, rnd));
}

static inline uint64_t
sass_dfma(uint64_t a, uint64_t b, uint64_t c)
{
   return sass_f64_result(__builtin_fma(sass_f64(a), sass_f64(b), sass_f64(c)));
}

static inline uint64_t
sass_dfma_full(uint64_t a, uint64_t b, uint64_t c, enum sass_rnd rnd)
{
   double x = sass_f64(a), y = sass_f64(b), z = sass_f64(c);
   if (rnd == SASS_RN)
      return sass_dfma(a, b, c);
   sass_quad product = (sass_quad)x * y;
   bool plus_zeros =
      product == 0 && signbit(x) == signbit(y) && sass_is_plus_zero(z);
   return sass_f64_result(sass_sum_f64(product, z, plus_zeros, rnd));
}

static inline bool
sass_dcmp(enum sass_cond cond, uint64_t a, uint64_t b)
{
   double x = sass_f64(a), y = sass_f64(b);
   return sass_cond_holds(cond, x<y, x == y, x> y, x != x || y != y);
}

/* As sass_fmnmx. */
static inline uint64_t
sass_dmnmx(uint64_t a, uint64_t b, bool want_min)
{
   bool nan_a = (a & INT64_MAX) > 0x7ffull << 52,
        nan_b = (b & INT64_MAX) > 0x7ffull << 52;
   int64_t key_a = (int64_t)(a ^ (uint64_t)((int64_t)a >> 63) >> 1);
   int64_t key_b = (int64_t)(b ^ (uint64_t)((int64_t)b >> 63) >> 1);
   uint64_t r = (key_a < key_b) == want_min ? a : b;
   r = nan_a ? b : nan_b ? a : r;
   return nan_a && nan_b ? SASS_F64_NAN : r;
}

#endif
