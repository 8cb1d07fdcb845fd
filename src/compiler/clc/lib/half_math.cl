/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Math functions of halves (cl_khr_fp16). A half is a float whose subnormals are
 * normal numbers, so each is the float's function rounded once more. That is right to
 * less than an ulp, and exact where the float's function is exact: roots, remainders,
 * rounding, sums (24 bits are more than twice 11 and two). */
#include "vectors.h"

#define UNARY(name)                                                            \
   EXTERNAL float name(float);                                                 \
   BUILTIN half name(half x)                                                   \
   {                                                                           \
      return (half)name((float)x);                                             \
   }                                                                           \
   VECTORS_1(name, half)

UNARY(acos)
UNARY(acosh)
UNARY(acospi)
UNARY(asin)
UNARY(asinh)
UNARY(asinpi)
UNARY(atan)
UNARY(atanh)
UNARY(atanpi)
UNARY(cbrt)
UNARY(ceil)
UNARY(cos)
UNARY(cosh)
UNARY(cospi)
UNARY(erf)
UNARY(erfc)
UNARY(exp)
UNARY(exp10)
UNARY(exp2)
UNARY(expm1)
UNARY(floor)
UNARY(lgamma)
UNARY(log)
UNARY(log10)
UNARY(log1p)
UNARY(log2)
UNARY(logb)
UNARY(rint)
UNARY(round)
UNARY(rsqrt)
UNARY(sin)
UNARY(sinh)
UNARY(sinpi)
UNARY(tan)
UNARY(tanh)
UNARY(tanpi)
UNARY(tgamma)
UNARY(trunc)

/* The exact root: the fast one would be rounded twice. */
float __libclc__Z4sqrtf(float);

BUILTIN half
sqrt(half x)
{
   return (half)__libclc__Z4sqrtf((float)x);
}

VECTORS_1(sqrt, half)

#define BINARY(name)                                                           \
   EXTERNAL float name(float, float);                                          \
   BUILTIN half name(half x, half y)                                           \
   {                                                                           \
      return (half)name((float)x, (float)y);                                   \
   }                                                                           \
   VECTORS_2(name, half, half)

BINARY(atan2)
BINARY(atan2pi)
BINARY(fdim)
BINARY(fmax)
BINARY(fmin)
BINARY(fmod)
BINARY(hypot)
BINARY(maxmag)
BINARY(minmag)
BINARY(pow)
BINARY(powr)
BINARY(remainder)

VECTORS_BY_SCALAR(fmax, half, half)
VECTORS_BY_SCALAR(fmin, half, half)

#define BY_INTEGER(name)                                                       \
   EXTERNAL float name(float, int);                                            \
   BUILTIN half name(half x, int y)                                            \
   {                                                                           \
      return (half)name((float)x, y);                                          \
   }                                                                           \
   VECTORS_2(name, half, int)

BY_INTEGER(ldexp)
BY_INTEGER(pown)
BY_INTEGER(rootn)
VECTORS_BY_SCALAR(ldexp, half, int)

BUILTIN half
fabs(half x)
{
   return __builtin_astype((ushort)(__builtin_astype(x, ushort) & 0x7fff),
                           half);
}

VECTORS_1(fabs, half)

/* A NaN keeps its sign in its bits only. */
BUILTIN half
copysign(half x, half y)
{
   ushort sign = __builtin_astype(y, ushort) & 0x8000;
   ushort magnitude = __builtin_astype(x, ushort) & 0x7fff;
   return __builtin_astype((ushort)(sign | magnitude), half);
}

VECTORS_2(copysign, half, half)

/* ---- other shapes ---- */

EXTERNAL int ilogb(float);

BUILTIN int
ilogb(half x)
{
   return ilogb((float)x);
}

BUILTIN half
nan(ushort code)
{
   return __builtin_astype((ushort)(0x7e00 | (code & 0x1ff)), half);
}

/* From one number to the next their bits count up, away from zero. */
BUILTIN half
nextafter(half x, half y)
{
   if (x != x || y != y)
      return x + y;
   if (x == y)
      return y;
   ushort bits = __builtin_astype(x, ushort);
   if (!(bits & 0x7fff))
      bits = y > 0 ? 1 : 0x8001;
   else
      bits += (y > x) == !(bits & 0x8000) ? 1 : -1;
   return __builtin_astype(bits, half);
}

VECTORS_2(nextafter, half, half)

/* One rounding (gen_primitives.py). */
half __partage_fma_half(half, half, half);

BUILTIN half
fma(half x, half y, half z)
{
   return __partage_fma_half(x, y, z);
}

BUILTIN half
mad(half x, half y, half z)
{
   return __partage_fma_half(x, y, z);
}

#define LOOP(n, body)                                                          \
   for (uint i = 0; i < n; i++)                                                \
      body;                                                                    \
   return result;

#define FORMS(n)                                                               \
   BUILTIN int##n ilogb(half##n x)                                             \
   {                                                                           \
      int##n result;                                                           \
      LOOP(n, result[i] = ilogb(x[i]))                                         \
   }                                                                           \
   BUILTIN half##n nan(ushort##n x)                                            \
   {                                                                           \
      half##n result;                                                          \
      LOOP(n, result[i] = nan(x[i]))                                           \
   }                                                                           \
   BUILTIN half##n fma(half##n x, half##n y, half##n z)                        \
   {                                                                           \
      half##n result;                                                          \
      LOOP(n, result[i] = __partage_fma_half(x[i], y[i], z[i]))                \
   }                                                                           \
   BUILTIN half##n mad(half##n x, half##n y, half##n z)                        \
   {                                                                           \
      return fma(x, y, z);                                                     \
   }

FORMS(2)
FORMS(3)
FORMS(4)
FORMS(8)
FORMS(16)

/* ---- a second result through a pointer ---- */

EXTERNAL float fract(float, float *);
EXTERNAL float modf(float, float *);
EXTERNAL float sincos(float, float *);
EXTERNAL float frexp(float, int *);
EXTERNAL float lgamma_r(float, int *);
EXTERNAL float remquo(float, float, int *);

/* Rounding must not make a fraction 1. */
HELPER half
below_one(half x)
{
   return x >= (half)1.0f ? (half)0x1.ffcp-1f : x;
}

HELPER half
as_it_is(half x)
{
   return x;
}

#define HALF_SECOND(name, space, limit)                                        \
   BUILTIN half name(half x, space half *second)                               \
   {                                                                           \
      float extra;                                                             \
      half result = limit((half)name((float)x, &extra));                       \
      *second = (half)extra;                                                   \
      return result;                                                           \
   }                                                                           \
   SECOND_N(name, space, half, 2)                                              \
   SECOND_N(name, space, half, 3)                                              \
   SECOND_N(name, space, half, 4)                                              \
   SECOND_N(name, space, half, 8)                                              \
   SECOND_N(name, space, half, 16)

#define INT_SECOND(name, space)                                                \
   BUILTIN half name(half x, space int *second)                                \
   {                                                                           \
      int extra;                                                               \
      half result = (half)name((float)x, &extra);                              \
      *second = extra;                                                         \
      return result;                                                           \
   }                                                                           \
   SECOND_N(name, space, int, 2)                                               \
   SECOND_N(name, space, int, 3)                                               \
   SECOND_N(name, space, int, 4)                                               \
   SECOND_N(name, space, int, 8)                                               \
   SECOND_N(name, space, int, 16)

#define SECOND_N(name, space, type, n)                                         \
   BUILTIN half##n name(half##n x, space type##n *second)                      \
   {                                                                           \
      half##n result;                                                          \
      type##n extra;                                                           \
      for (uint i = 0; i < n; i++) {                                           \
         type one;                                                             \
         result[i] = name(x[i], &one);                                         \
         extra[i] = one;                                                       \
      }                                                                        \
      *second = extra;                                                         \
      return result;                                                           \
   }

#define SPACE(space)                                                           \
   HALF_SECOND(fract, space, below_one)                                        \
   HALF_SECOND(modf, space, as_it_is)                                          \
   HALF_SECOND(sincos, space, as_it_is)                                        \
   INT_SECOND(frexp, space)                                                    \
   INT_SECOND(lgamma_r, space)                                                 \
   BUILTIN half remquo(half x, half y, space int *second)                      \
   {                                                                           \
      int extra;                                                               \
      half result = (half)remquo((float)x, (float)y, &extra);                  \
      *second = extra;                                                         \
      return result;                                                           \
   }                                                                           \
   VECTORS_REMQUO(half, space)

SPACE()
SPACE(global)
SPACE(local)
