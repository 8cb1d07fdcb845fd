/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* MUFU and RRO: isa.md 3.4.  The hardware's tables are not known; results are
 * computed in double precision and rounded, which is inside its error bounds.
 * RRO keeps its argument, so that MUFU.SIN takes radians and MUFU.EX2 a plain
 * exponent: the private format between the two is ours. */
#ifndef SASS_SEM_MUFU_H
#define SASS_SEM_MUFU_H

#include "nouveau/isa/sass_sem_double.h"

static inline uint32_t
sass_rro(uint32_t v)
{
   return v;
}

/* Seeds for f64: the high word of f(x) from the high word of x. */
static inline uint32_t
sass_mufu_64h(enum sass_mufu op, uint32_t high)
{
   /* Subnormals count as zero (PTX: rcp, rsqrt.approx.ftz.f64). */
   if (!(high & 0x7ff00000))
      high &= 0x80000000;
   double x = sass_f64((uint64_t)high << 32);
   double r = op == SASS_MUFU_RCP64H ? 1 / x : x < 0 ? NAN : 1 / sqrt(x);
   if (op == SASS_MUFU_RSQ64H && x == 0)
      r = copysign(INFINITY, x);
   uint32_t bits = (uint32_t)(sass_f64_result(r) >> 32);
   return bits & 0x7ff00000 ? bits : bits & 0x80000000;
}

static inline double
sass_mufu_exact(enum sass_mufu op, double x)
{
   switch (op) {
   case SASS_MUFU_COS:
      return cos(x);
   case SASS_MUFU_SIN:
      return sin(x);
   case SASS_MUFU_EX2:
      return exp2(x);
   case SASS_MUFU_LG2:
      return x < 0 ? NAN : x == 0 ? -INFINITY : log2(x);
   case SASS_MUFU_RCP:
      return 1 / x;
   case SASS_MUFU_RSQ:
      return x < 0 ? NAN : x == 0 ? copysign(INFINITY, x) : 1 / sqrt(x);
   case SASS_MUFU_SQRT:
      return x < 0 ? NAN : sqrt(x);
   default:
      return NAN;
   }
}

/* How far a result may be from the exact one; 0: special value, never wrong. */
static inline double
sass_mufu_error(enum sass_mufu op, double x, double exact)
{
   double magnitude = fabs(exact);
   if (!(exact - exact == 0) || (x == 0 && op != SASS_MUFU_SIN))
      return 0;
   double ulp = magnitude == 0 ? 0 : ldexp(1, ilogb(magnitude) - 23);
   switch (op) {
   case SASS_MUFU_COS:
   case SASS_MUFU_SIN:
      return 0x1p-20 * 0.5358867312681466; /* 2^-20.9 */
   case SASS_MUFU_EX2:
      return magnitude * 0x1p-22;
   case SASS_MUFU_LG2:
      return x >= 0.5 && x <= 2 ? 0x1p-22 * 0.6597539553864471 /* 2^-22.6 */
                                : 2 * ulp;
   case SASS_MUFU_RCP:
      return ulp;
   case SASS_MUFU_RSQ:
      return magnitude * 0x1p-22 * 0.757858283255199; /* 2^-22.4 */
   case SASS_MUFU_SQRT:
      return magnitude * 0x1p-23;
   default:
      return 0;
   }
}

/* `v` after neg and abs. `edge` 0: the exact result, rounded; 1, -1: as far
 * above or below as the documented error allows. */
static inline uint32_t
sass_mufu_at(enum sass_mufu op, uint32_t v, bool sat, int edge)
{
   if (op == SASS_MUFU_RCP64H || op == SASS_MUFU_RSQ64H) {
      uint32_t r = sass_mufu_64h(op, v), exp = r >> 20 & 0x7ff;
      /* 2^-20: the last place of the high word. */
      return exp == 0 || exp == 0x7ff || exp == 0x7fe ? r : r + (uint32_t)edge;
   }
   double x = sass_f32(sass_f32_flush(v));
   double exact = sass_mufu_exact(op, x);
   double error = edge ? sass_mufu_error(op, x, exact) : 0;
   if (error == 0)
      return sass_f32_finish(exact, SASS_FTZ, SASS_RN, sat);
   double at = exact + edge * error;
   /* Back to the inside of the bound, but what overflows is infinite. */
   bool over = fabs(at) > 0x1.fffffep127;
   return sass_f32_finish(at, SASS_FTZ,
                          over       ? SASS_RN
                          : edge > 0 ? SASS_RM
                                     : SASS_RP,
                          sat);
}

static inline uint32_t
sass_mufu(enum sass_mufu op, uint32_t v, bool sat)
{
   return sass_mufu_at(op, v, sat, 0);
}

/* Which edge an operand gets: by its bits, half of them each. */
static inline int
sass_mufu_edge(uint32_t v)
{
   return (v * 2654435761u) >> 31 ? 1 : -1;
}

#endif
