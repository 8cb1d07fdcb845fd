/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Where libclc is wrong or lacks something (toolchain.md §2): tgamma, erfc of
 * floats, lgamma(-inf), smoothstep with scalar double edges. */
#include "clc_lib.h"

EXTERNAL double exp(double);
EXTERNAL double log(double);
EXTERNAL double pow(double, double);
EXTERNAL double sinpi(double);
EXTERNAL double floor(double);
EXTERNAL double erfc(double);
EXTERNAL double fabs(double);

/* libclc's own, which ours replaces (clc_shard.c renames it). */
float __libclc__Z6lgammaf(float);
double __libclc__Z6lgammad(double);

/* ---- vectors from scalars ---- */

#define VECTORS(name, type)                                                    \
   BUILTIN type##2 name(type##2 x)                                             \
   {                                                                           \
      return (type##2)(name(x.x), name(x.y));                                  \
   }                                                                           \
   BUILTIN type##3 name(type##3 x)                                             \
   {                                                                           \
      return (type##3)(name(x.x), name(x.y), name(x.z));                       \
   }                                                                           \
   BUILTIN type##4 name(type##4 x)                                             \
   {                                                                           \
      return (type##4)(name(x.lo), name(x.hi));                                \
   }                                                                           \
   BUILTIN type##8 name(type##8 x)                                             \
   {                                                                           \
      return (type##8)(name(x.lo), name(x.hi));                                \
   }                                                                           \
   BUILTIN type##16 name(type##16 x)                                           \
   {                                                                           \
      return (type##16)(name(x.lo), name(x.hi));                               \
   }

/* ---- tgamma ---- */

#define SQRT_2PI 2.50662827463100050242

/* Stirling's series for x >= 12, as two factors whose product may overflow:
 * sqrt(2 pi) x^(x - 1/2) e^-x e^(1/(12 x) - ...). The power is taken in two halves,
 * for it overflows before the result does. */
struct gamma {
   double a, b;
};

HELPER struct gamma
gamma_stirling(double x)
{
   double r = 1.0 / x, r2 = r * r;
   double series =
      r * (1.0 / 12 +
           r2 * (-1.0 / 360 +
                 r2 * (1.0 / 1260 +
                       r2 * (-1.0 / 1680 +
                             r2 * (1.0 / 1188 +
                                   r2 * (-691.0 / 360360 +
                                         r2 * (1.0 / 156)))))));
   double power = pow(x, 0.5 * x - 0.25);
   return (struct gamma){SQRT_2PI * power * exp(-x), power * exp(series)};
}

/* For x + rest >= 1/2: small arguments are moved up to where the series holds. What
 * the move rounds away would count many times in the result, so it is put back with
 * the derivative: gamma(x + e) = gamma(x) (1 + e psi(x)), psi(x) ~ log(x) - 1/2x. */
HELPER struct gamma
gamma_positive(double x, double rest)
{
   double up = x, product = 1.0, n = 0.0;
   for (; up < 12.0; up = x + n) {
      product *= up;
      n += 1.0;
   }
   struct gamma g = gamma_stirling(up);
   double lost = x - (up - n) + rest;
   g.b *= 1.0 + lost * (log(up) - 0.5 / up);
   g.b /= product;
   return g;
}

BUILTIN double
tgamma(double x)
{
   if (x >= 0.5)
      return x > 171.7 ? INFINITY
                       : gamma_positive(x, 0).a * gamma_positive(x, 0).b;
   if (x == 0.0)
      return 1.0 / x;
   if (x != x || x == floor(x)) /* NaN, negative integers, -inf */
      return NAN;
   /* Reflection; tiny x loses nothing, for 1 - x is then 1. */
   double y = 1.0 - x;
   struct gamma g = gamma_positive(y, (1.0 - y) - x);
   double sine = x * M_PI;
   if (x < -0x1p-30 || x > 0x1p-30)
      sine = sinpi(x);
   return x < -184.0 ? (sine < 0 ? -0.0 : 0.0) : M_PI / (sine * g.a) / g.b;
}

BUILTIN float
tgamma(float x)
{
   return (float)tgamma((double)x);
}

VECTORS(tgamma, float)
VECTORS(tgamma, double)

/* ---- erfc, lgamma ---- */

BUILTIN float
erfc(float x)
{
   return (float)erfc((double)x);
}

VECTORS(erfc, float)

BUILTIN float
lgamma(float x)
{
   return x == -INFINITY ? INFINITY : __libclc__Z6lgammaf(x);
}

BUILTIN double
lgamma(double x)
{
   return x == -INFINITY ? INFINITY : __libclc__Z6lgammad(x);
}

VECTORS(lgamma, float)
VECTORS(lgamma, double)

/* ---- smoothstep ---- */

#define SMOOTHSTEP(n)                                                          \
   EXTERNAL double##n smoothstep(double##n, double##n, double##n);             \
   BUILTIN double##n smoothstep(double low, double high, double##n x)          \
   {                                                                           \
      return smoothstep((double##n)low, (double##n)high, x);                   \
   }

SMOOTHSTEP(2)
SMOOTHSTEP(3)
SMOOTHSTEP(4)
SMOOTHSTEP(8)
SMOOTHSTEP(16)
