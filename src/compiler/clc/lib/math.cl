/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Where libclc is wrong or lacks something (toolchain.md §2): tgamma, erfc of
 * floats, lgamma(-inf), smoothstep with scalar double edges, nan of a double, sinh and
 * cosh of a double NaN, zeros of sinpi and tanpi, subnormal floats in atan2, exp,
 * exp2 and rootn. And sqrt of floats, which may be fast. */
#include "vectors.h"

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

VECTORS_1(tgamma, float)
VECTORS_1(tgamma, double)

/* ---- erfc, lgamma ---- */

BUILTIN float
erfc(float x)
{
   return (float)erfc((double)x);
}

VECTORS_1(erfc, float)

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

VECTORS_1(lgamma, float)
VECTORS_1(lgamma, double)

/* ---- nan ---- */

/* Quiet, whatever the code. */
#define NAN_OF(type, code_type, quiet)                                         \
   BUILTIN type nan(code_type code)                                            \
   {                                                                           \
      return __builtin_astype(code | (code_type)(quiet), type);                \
   }

#define NANS(type, code_type, quiet)                                           \
   NAN_OF(type, code_type, quiet)                                              \
   NAN_OF(type##2, code_type##2, quiet)                                        \
   NAN_OF(type##3, code_type##3, quiet)                                        \
   NAN_OF(type##4, code_type##4, quiet)                                        \
   NAN_OF(type##8, code_type##8, quiet)                                        \
   NAN_OF(type##16, code_type##16, quiet)

NANS(float, uint, 0x7fc00000u)
NANS(double, ulong, 0x7ff8000000000000ul)

/* ---- sinh, cosh ---- */

/* libclc takes a table's index from the argument before it looks whether the
 * argument is a number of reasonable size. Beyond 1000 the result is infinite. */
#define TABLE_FUNCTION(name, libclc)                                           \
   double libclc(double);                                                      \
   BUILTIN double name(double x)                                               \
   {                                                                           \
      double bounded = x > 1000.0 ? 1000.0 : x < -1000.0 ? -1000.0 : x;        \
      double result = libclc(x == x ? bounded : 0.0);                          \
      return x == x ? result : x;                                              \
   }                                                                           \
   VECTORS_1(name, double)

TABLE_FUNCTION(sinh, __libclc__Z4sinhd)
TABLE_FUNCTION(cosh, __libclc__Z4coshd)

/* ---- sinpi, tanpi ---- */

/* IEEE 754: sinpi of an integer is a zero of the argument's sign; cospi's zeros are
 * positive; tanpi's alternate, and so do its infinities at the halves. atanpi keeps a
 * zero. */
#define PI_FUNCTIONS(type, libclc_sinpi, libclc_cospi, libclc_tanpi,           \
                     libclc_atanpi)                                            \
   EXTERNAL type copysign(type, type);                                         \
   EXTERNAL type trunc(type);                                                  \
   type libclc_sinpi(type);                                                    \
   type libclc_cospi(type);                                                    \
   type libclc_tanpi(type);                                                    \
   type libclc_atanpi(type);                                                   \
   HELPER bool is_odd_##type(type x)                                           \
   {                                                                           \
      return trunc(x * (type)0.5) * (type)2.0 != x;                            \
   }                                                                           \
   HELPER bool is_integer_##type(type x)                                       \
   {                                                                           \
      return trunc(x) == x && x - x == 0;                                      \
   }                                                                           \
   BUILTIN type sinpi(type x)                                                  \
   {                                                                           \
      type zero = copysign((type)0.0, x);                                      \
      return is_integer_##type(x) ? zero : libclc_sinpi(x);                    \
   }                                                                           \
   BUILTIN type cospi(type x)                                                  \
   {                                                                           \
      type below = x - (type)0.5;                                              \
      bool half_way = !is_integer_##type(x) && is_integer_##type(below) &&     \
                      below + (type)0.5 == x;                                  \
      return half_way ? (type)0.0 : libclc_cospi(x);                           \
   }                                                                           \
   BUILTIN type atanpi(type x)                                                 \
   {                                                                           \
      return x == 0 ? x : libclc_atanpi(x);                                    \
   }                                                                           \
   BUILTIN type tanpi(type x)                                                  \
   {                                                                           \
      type below = x - (type)0.5;                                              \
      if (is_integer_##type(x))                                                \
         return copysign((type)0.0, is_odd_##type(x) ? -x : x);                \
      if (is_integer_##type(below))                                            \
         return is_odd_##type(below) ? -INFINITY : INFINITY;                   \
      return libclc_tanpi(x);                                                  \
   }                                                                           \
   VECTORS_1(sinpi, type)                                                      \
   VECTORS_1(cospi, type)                                                      \
   VECTORS_1(atanpi, type)                                                     \
   VECTORS_1(tanpi, type)

PI_FUNCTIONS(float, __libclc__Z5sinpif, __libclc__Z5cospif, __libclc__Z5tanpif,
             __libclc__Z6atanpif)
PI_FUNCTIONS(double, __libclc__Z5sinpid, __libclc__Z5cospid, __libclc__Z5tanpid,
             __libclc__Z6atanpid)

/* ---- subnormal floats ---- */

/* libclc's atan2 flushes subnormals, and 0/0 comes of it. Only the ratio counts, so
 * both are made larger, where the larger leaves room; where not, a subnormal is as
 * good as zero. */
#define RATIO_FUNCTION(name, libclc)                                           \
   float libclc(float, float);                                                 \
   BUILTIN float name(float y, float x)                                        \
   {                                                                           \
      bool small = __builtin_fabsf(x) < 0x1p100f &&                            \
                   __builtin_fabsf(y) < 0x1p100f;                              \
      float scale = small ? 0x1p24f : 1.0f;                                    \
      return libclc(y * scale, x * scale);                                     \
   }                                                                           \
   VECTORS_2(name, float, float)

RATIO_FUNCTION(atan2, __libclc__Z5atan2ff)
RATIO_FUNCTION(atan2pi, __libclc__Z7atan2piff)

/* libclc's result is 0 where it should be subnormal: there it is taken as a square,
 * half of the argument being exact. Errors double, and stay below the limit. */
#define SQUARED_FUNCTION(name, libclc, lowest)                                 \
   float libclc(float);                                                        \
   BUILTIN float name(float x)                                                 \
   {                                                                           \
      bool tiny = x < lowest;                                                  \
      float result = libclc(tiny ? 0.5f * x : x);                              \
      return tiny ? result * result : result;                                  \
   }                                                                           \
   VECTORS_1(name, float)

SQUARED_FUNCTION(exp, __libclc__Z3expf, -87.0f)
SQUARED_FUNCTION(exp2, __libclc__Z4exp2f, -125.0f)

/* libclc's result is 0 below 2^-125, which only a first root can be. */
float __libclc__Z5rootnfi(float, int);

BUILTIN float
rootn(float x, int n)
{
   return n == 1 ? x : n == -1 ? 1.0f / x : __libclc__Z5rootnfi(x, n);
}

VECTORS_2(rootn, float, int)

/* ---- sqrt ---- */

/* Exact again with -cl-fp32-correctly-rounded-divide-sqrt (clc_pipeline.c). Other
 * functions that need a root keep libclc's, which is exact. */
float __partage_sqrt(float);

BUILTIN float
sqrt(float x)
{
   bool small = __builtin_fabsf(x) < 0x1p-126f; /* MUFU flushes */
   float root = __partage_sqrt(small ? x * 0x1p24f : x);
   return small ? root * 0x1p-12f : root;
}

VECTORS_1(sqrt, float)

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
