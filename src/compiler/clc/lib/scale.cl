/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Exact functions that libclc gets wrong where subnormal floats are involved,
 * as argument or as result: fmod, remainder, remquo and ldexp of floats; ldexp
 * of a double NaN. */
#include "vectors.h"

EXTERNAL double trunc(double);

/* Every float is a normal double. */
HELPER int
exponent(double x)
{
   return (int)(__builtin_astype(x, ulong) >> 52 & 0x7ff) - 1023;
}

/* 2 to the power of n, a normal double. */
HELPER double
power_of_2(int n)
{
   return __builtin_astype((ulong)(n + 1023) << 52, double);
}

/* r modulo d, for r >= 0 and d > 0 with 24 significant bits or fewer. Each step
 * takes off 24 bits of the quotient: quotient and product are exact. */
HELPER double
reduce(double r, double d)
{
   while (r >= d) {
      int n = exponent(r) - exponent(d) - 24;
      double step = n > 0 ? d * power_of_2(n) : d;
      r -= trunc(r / step) * step;
   }
   return r;
}

HELPER bool
has_no_remainder(float x, float y)
{
   return !(__builtin_fabsf(x) < __builtin_inff()) || !(y < 0 || y > 0);
}

BUILTIN float
fmod(float x, float y)
{
   if (has_no_remainder(x, y))
      return __builtin_nanf("");
   float r = reduce(__builtin_fabsf(x), __builtin_fabsf(y));
   return __builtin_copysignf(r, x);
}

/* Modulo 128 y keeps seven bits of the quotient. Whether it is odd decides a
 * tie. */
HELPER float
remainder_and_quotient(float x, float y, private int *quotient)
{
   *quotient = 0;
   if (has_no_remainder(x, y))
      return __builtin_nanf("");
   double d = __builtin_fabsf(y), r = __builtin_fabsf(x);
   if (d < __builtin_inff()) {
      r = reduce(r, 128 * d);
      int q = (int)(r / d);
      r -= q * d;
      if (2 * r > d || (2 * r == d && q & 1)) {
         r -= d;
         q++;
      }
      q &= 0x7f;
      *quotient = (x < 0) == (y < 0) ? q : -q;
   }
   return r == 0 ? __builtin_copysignf(0.0f, x) : x < 0 ? (float)-r : (float)r;
}

BUILTIN float
remainder(float x, float y)
{
   int quotient;
   return remainder_and_quotient(x, y, &quotient);
}

#define REMQUO(space)                                                          \
   BUILTIN float remquo(float x, float y, space int *second)                   \
   {                                                                           \
      int quotient;                                                            \
      float result = remainder_and_quotient(x, y, &quotient);                  \
      *second = quotient;                                                      \
      return result;                                                           \
   }                                                                           \
   VECTORS_REMQUO(float, space)

REMQUO()
REMQUO(global)
REMQUO(local)

/* The last product is the only one that rounds: the steps down stay 24 bits
 * above the smallest normal number. */
BUILTIN float
ldexp(float x, int n)
{
   for (int k = 0; k < 2 && n > 127; k++) {
      x *= 0x1p127f;
      n -= 127;
   }
   for (int k = 0; k < 2 && n < -126; k++) {
      x *= 0x1p-102f;
      n += 102;
   }
   n = n > 127 ? 127 : n < -126 ? -126 : n;
   return x * __builtin_astype((n + 127) << 23, float);
}

BUILTIN double
ldexp(double x, int n)
{
   for (int k = 0; k < 2 && n > 1023; k++) {
      x *= 0x1p1023;
      n -= 1023;
   }
   for (int k = 0; k < 2 && n < -1022; k++) {
      x *= 0x1p-969;
      n += 969;
   }
   n = n > 1023 ? 1023 : n < -1022 ? -1022 : n;
   return x * power_of_2(n);
}

VECTORS_2(fmod, float, float)
VECTORS_2(remainder, float, float)
VECTORS_2(ldexp, float, int)
VECTORS_2(ldexp, double, int)
VECTORS_BY_SCALAR(ldexp, float, int)
VECTORS_BY_SCALAR(ldexp, double, int)
