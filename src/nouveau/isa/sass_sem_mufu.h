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
   /* Subnormals count as zero [guess]. */
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

/* `v` after neg and abs. */
static inline uint32_t
sass_mufu(enum sass_mufu op, uint32_t v, bool sat)
{
   if (op == SASS_MUFU_RCP64H || op == SASS_MUFU_RSQ64H)
      return sass_mufu_64h(op, v);
   double exact = sass_mufu_exact(op, sass_f32(sass_f32_flush(v)));
   return sass_f32_finish(exact, SASS_FTZ, SASS_RN, sat);
}

#endif
