/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* convert_float and convert_double with directed rounding, where libclc goes by way of
 * the nearest and is wrong next to a power of two or for the sign of a zero. */
#include "clc_lib.h"

/* The magnitude cut off after the bits the type has, or the next number up. The cut
 * one is exact, and the bits of positive numbers count upwards. */
#define CUT(type, same, digits)                                                \
   HELPER type cut_##type(ulong x, bool away)                                  \
   {                                                                           \
      int drop = 64 - digits - __builtin_clzl(x | 1);                          \
      ulong kept = drop > 0 ? x >> drop << drop : x;                           \
      same bits = __builtin_astype((type)kept, same);                          \
      return __builtin_astype(bits + (same)(away && kept != x), type);         \
   }

CUT(float, uint, 24)
CUT(double, ulong, 53)

#define VECTOR(to, from, mode, n)                                              \
   BUILTIN to##n convert_##to##n##mode(from##n x)                              \
   {                                                                           \
      to##n result;                                                            \
      for (uint i = 0; i < n; i++)                                             \
         result[i] = convert_##to##mode(x[i]);                                 \
      return result;                                                           \
   }

#define VECTORS(to, from, mode)                                                \
   VECTOR(to, from, mode, 2)                                                   \
   VECTOR(to, from, mode, 3)                                                   \
   VECTOR(to, from, mode, 4)                                                   \
   VECTOR(to, from, mode, 8)                                                   \
   VECTOR(to, from, mode, 16)

#define FROM_INTEGER(to, from, mode, away)                                     \
   BUILTIN to convert_##to##mode(from x)                                       \
   {                                                                           \
      bool negative = x < (from)0;                                             \
      to r = cut_##to(negative ? -(ulong)x : (ulong)x, away);                  \
      return negative ? -r : r;                                                \
   }                                                                           \
   VECTORS(to, from, mode)

#define INTEGER(to, from)                                                      \
   FROM_INTEGER(to, from, _rtz, false)                                         \
   FROM_INTEGER(to, from, _rtp, !negative)                                     \
   FROM_INTEGER(to, from, _rtn, negative)

INTEGER(float, int)
INTEGER(float, uint)
INTEGER(float, long)
INTEGER(float, ulong)
INTEGER(double, long)
INTEGER(double, ulong)

BUILTIN float
convert_float_rtp(double x)
{
   float f = (float)x;
   uint bits = __builtin_astype(f, uint);
   if (f < x)
      bits += f < 0 ? -1 : 1;
   return __builtin_astype(bits, float);
}

BUILTIN float
convert_float_rtn(double x)
{
   return -convert_float_rtp(-x);
}

BUILTIN float
convert_float_rtz(double x)
{
   return x < 0 ? convert_float_rtp(x) : convert_float_rtn(x);
}

VECTORS(float, double, _rtp)
VECTORS(float, double, _rtn)
VECTORS(float, double, _rtz)
