/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The common, geometric and relational functions of halves, and those that only move
 * them. Arithmetic is done in float and rounded once. */
#include "vectors.h"

/* X(n) for the lengths of vectors. */
#define LENGTHS(X) X(2) X(3) X(4) X(8) X(16)

/* ---- common ---- */

#define UNARY(name)                                                            \
   EXTERNAL float name(float);                                                 \
   BUILTIN half name(half x)                                                   \
   {                                                                           \
      return (half)name((float)x);                                             \
   }                                                                           \
   VECTORS_1(name, half)

UNARY(degrees)
UNARY(radians)
UNARY(sign)

BUILTIN half
max(half x, half y)
{
   return x < y ? y : x;
}

BUILTIN half
min(half x, half y)
{
   return y < x ? y : x;
}

VECTORS_2(max, half, half)
VECTORS_2(min, half, half)
VECTORS_BY_SCALAR(max, half, half)
VECTORS_BY_SCALAR(min, half, half)

BUILTIN half
clamp(half x, half low, half high)
{
   return min(max(x, low), high);
}

BUILTIN half
mix(half x, half y, half a)
{
   return (half)((float)x + ((float)y - (float)x) * (float)a);
}

BUILTIN half
step(half edge, half x)
{
   return x < edge ? (half)0.0f : (half)1.0f;
}

EXTERNAL float smoothstep(float, float, float);

BUILTIN half
smoothstep(half low, half high, half x)
{
   return (half)smoothstep((float)low, (float)high, (float)x);
}

VECTORS_2(step, half, half)

#define COMMON_N(n)                                                            \
   BUILTIN half##n step(half edge, half##n x)                                  \
   {                                                                           \
      return step((half##n)edge, x);                                           \
   }                                                                           \
   BUILTIN half##n clamp(half##n x, half##n low, half##n high)                 \
   {                                                                           \
      return min(max(x, low), high);                                           \
   }                                                                           \
   BUILTIN half##n clamp(half##n x, half low, half high)                       \
   {                                                                           \
      return min(max(x, low), high);                                           \
   }                                                                           \
   BUILTIN half##n mix(half##n x, half##n y, half##n a)                        \
   {                                                                           \
      half##n result;                                                          \
      for (uint i = 0; i < n; i++)                                             \
         result[i] = mix(x[i], y[i], a[i]);                                    \
      return result;                                                           \
   }                                                                           \
   BUILTIN half##n mix(half##n x, half##n y, half a)                           \
   {                                                                           \
      return mix(x, y, (half##n)a);                                            \
   }                                                                           \
   BUILTIN half##n smoothstep(half##n low, half##n high, half##n x)            \
   {                                                                           \
      half##n result;                                                          \
      for (uint i = 0; i < n; i++)                                             \
         result[i] = smoothstep(low[i], high[i], x[i]);                        \
      return result;                                                           \
   }                                                                           \
   BUILTIN half##n smoothstep(half low, half high, half##n x)                  \
   {                                                                           \
      return smoothstep((half##n)low, (half##n)high, x);                       \
   }

LENGTHS(COMMON_N)

/* ---- geometric ---- */

#define FLOATS(n) EXTERNAL float##n convert_float##n(half##n);
#define HALVES(n) EXTERNAL half##n convert_half##n(float##n);
LENGTHS(FLOATS)
LENGTHS(HALVES)
FLOATS()
HALVES()

#define GEOMETRIC(n)                                                           \
   EXTERNAL float dot(float##n, float##n);                                     \
   EXTERNAL float distance(float##n, float##n);                                \
   EXTERNAL float length(float##n);                                            \
   EXTERNAL float##n normalize(float##n);                                      \
   BUILTIN half dot(half##n x, half##n y)                                      \
   {                                                                           \
      return (half)dot(convert_float##n(x), convert_float##n(y));              \
   }                                                                           \
   BUILTIN half distance(half##n x, half##n y)                                 \
   {                                                                           \
      return (half)distance(convert_float##n(x), convert_float##n(y));         \
   }                                                                           \
   BUILTIN half length(half##n x)                                              \
   {                                                                           \
      return (half)length(convert_float##n(x));                                \
   }                                                                           \
   BUILTIN half##n normalize(half##n x)                                        \
   {                                                                           \
      return convert_half##n(normalize(convert_float##n(x)));                  \
   }

GEOMETRIC()
GEOMETRIC(2)
GEOMETRIC(3)
GEOMETRIC(4)

#define CROSS(n)                                                               \
   EXTERNAL float##n cross(float##n, float##n);                                \
   BUILTIN half##n cross(half##n x, half##n y)                                 \
   {                                                                           \
      return convert_half##n(cross(convert_float##n(x), convert_float##n(y))); \
   }

CROSS(3)
CROSS(4)

/* ---- relational: 1 for true, -1 in vectors ---- */

#define COMPARISONS(X)                                                         \
   X(isequal, x == y)                                                          \
   X(isnotequal, x != y)                                                       \
   X(isgreater, x > y)                                                         \
   X(isgreaterequal, x >= y)                                                   \
   X(isless, x < y)                                                            \
   X(islessequal, x <= y)                                                      \
   X(islessgreater, (x < y) | (x > y))                                         \
   X(isordered, (x == x) & (y == y))                                           \
   X(isunordered, (x != x) | (y != y))

#define COMPARE(name, expression)                                              \
   BUILTIN int name(half x, half y)                                            \
   {                                                                           \
      return expression;                                                       \
   }                                                                           \
   COMPARE_N(name, expression, 2)                                              \
   COMPARE_N(name, expression, 3)                                              \
   COMPARE_N(name, expression, 4)                                              \
   COMPARE_N(name, expression, 8)                                              \
   COMPARE_N(name, expression, 16)
#define COMPARE_N(name, expression, n)                                         \
   BUILTIN short##n name(half##n x, half##n y)                                 \
   {                                                                           \
      return expression;                                                       \
   }

COMPARISONS(COMPARE)

#define CLASSES(X)                                                             \
   X(isfinite, bits < (short)0x7c00)                                           \
   X(isinf, bits == (short)0x7c00)                                             \
   X(isnan, bits > (short)0x7c00)                                              \
   X(isnormal, (bits < (short)0x7c00) & (bits >= (short)0x400))                \
   X(signbit, bits != all)

#define CLASSIFY(name, expression)                                             \
   BUILTIN int name(half x)                                                    \
   {                                                                           \
      short all = __builtin_astype(x, short), bits = all & 0x7fff;             \
      return expression;                                                       \
   }                                                                           \
   CLASSIFY_N(name, expression, 2)                                             \
   CLASSIFY_N(name, expression, 3)                                             \
   CLASSIFY_N(name, expression, 4)                                             \
   CLASSIFY_N(name, expression, 8)                                             \
   CLASSIFY_N(name, expression, 16)
#define CLASSIFY_N(name, expression, n)                                        \
   BUILTIN short##n name(half##n x)                                            \
   {                                                                           \
      short##n all = __builtin_astype(x, short##n),                            \
               bits = all & (short##n)0x7fff;                                  \
      return expression;                                                       \
   }

CLASSES(CLASSIFY)

/* ---- selection: bits of ushorts ---- */

BUILTIN half
select(half x, half y, short which)
{
   return which ? y : x;
}

BUILTIN half
select(half x, half y, ushort which)
{
   return which ? y : x;
}

#define BITSELECT(n)                                                           \
   BUILTIN half##n bitselect(half##n x, half##n y, half##n which)              \
   {                                                                           \
      ushort##n mask = __builtin_astype(which, ushort##n);                     \
      ushort##n bits = (__builtin_astype(x, ushort##n) & ~mask) |              \
                       (__builtin_astype(y, ushort##n) & mask);                \
      return __builtin_astype(bits, half##n);                                  \
   }

#define SELECT_N(n)                                                            \
   BUILTIN half##n select(half##n x, half##n y, short##n which)                \
   {                                                                           \
      return which < (short##n)0 ? y : x;                                      \
   }                                                                           \
   BUILTIN half##n select(half##n x, half##n y, ushort##n which)               \
   {                                                                           \
      return __builtin_astype(which, short##n) < (short##n)0 ? y : x;          \
   }

BITSELECT()
LENGTHS(BITSELECT)
LENGTHS(SELECT_N)

/* ---- moves ---- */

#define SHUFFLE(from, to)                                                      \
   BUILTIN half##to shuffle(half##from x, ushort##to which)                    \
   {                                                                           \
      half##to result;                                                         \
      for (uint i = 0; i < to; i++)                                            \
         result[i] = x[which[i] & (from - 1)];                                 \
      return result;                                                           \
   }                                                                           \
   BUILTIN half##to shuffle2(half##from x, half##from y, ushort##to which)     \
   {                                                                           \
      half##to result;                                                         \
      for (uint i = 0; i < to; i++) {                                          \
         ushort k = which[i] & (2 * from - 1);                                 \
         result[i] = k < from ? x[k] : y[k - from];                            \
      }                                                                        \
      return result;                                                           \
   }
#define SHUFFLES(to)                                                           \
   SHUFFLE(2, to)                                                              \
   SHUFFLE(4, to)                                                              \
   SHUFFLE(8, to)                                                              \
   SHUFFLE(16, to)

SHUFFLES(2)
SHUFFLES(4)
SHUFFLES(8)
SHUFFLES(16)

#define LOAD(space, n)                                                         \
   BUILTIN half##n vload##n(size_t i, const space half *p)                     \
   {                                                                           \
      half##n result;                                                          \
      for (uint k = 0; k < n; k++)                                             \
         result[k] = p[i * n + k];                                             \
      return result;                                                           \
   }
#define STORE(space, n)                                                        \
   BUILTIN void vstore##n(half##n v, size_t i, space half *p)                  \
   {                                                                           \
      for (uint k = 0; k < n; k++)                                             \
         p[i * n + k] = v[k];                                                  \
   }
#define MOVES(n)                                                               \
   LOAD(, n)                                                                   \
   LOAD(global, n)                                                             \
   LOAD(local, n)                                                              \
   LOAD(constant, n)                                                           \
   STORE(, n)                                                                  \
   STORE(global, n)                                                            \
   STORE(local, n)

LENGTHS(MOVES)
