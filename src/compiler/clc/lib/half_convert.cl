/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* convert_*() from and to halves. A half is a float exactly; and no integer that
 * differs from another beyond 2^17 makes another half. */
#include "half_bits.h"

#define LENGTHS(X, ...)                                                        \
   X(2, __VA_ARGS__)                                                           \
   X(3, __VA_ARGS__) X(4, __VA_ARGS__) X(8, __VA_ARGS__) X(16, __VA_ARGS__)

/* convert_TOn##mode(FROMn) from the scalar one. */
#define VECTOR(n, to, from, mode)                                              \
   BUILTIN to##n convert_##to##n##mode(from##n x)                              \
   {                                                                           \
      to##n result;                                                            \
      for (uint i = 0; i < n; i++)                                             \
         result[i] = convert_##to##mode(x[i]);                                 \
      return result;                                                           \
   }

#define CONVERT(to, from, mode, expression)                                    \
   BUILTIN to convert_##to##mode(from x)                                       \
   {                                                                           \
      return expression;                                                       \
   }                                                                           \
   LENGTHS(VECTOR, to, from, mode)

#define MODES(X, ...)                                                          \
   X(, __VA_ARGS__)                                                            \
   X(_rte, __VA_ARGS__) X(_rtz, __VA_ARGS__) X(_rtp, __VA_ARGS__)              \
      X(_rtn, __VA_ARGS__)

/* ---- to integers ---- */

#define TO_INTEGER(mode, type)                                                 \
   EXTERNAL type convert_##type##mode(float);                                  \
   EXTERNAL type convert_##type##_sat##mode(float);                            \
   CONVERT(type, half, mode, convert_##type##mode((float)x))                   \
   CONVERT(type, half, _sat##mode, convert_##type##_sat##mode((float)x))

MODES(TO_INTEGER, char)
MODES(TO_INTEGER, uchar)
MODES(TO_INTEGER, short)
MODES(TO_INTEGER, ushort)
MODES(TO_INTEGER, int)
MODES(TO_INTEGER, uint)
MODES(TO_INTEGER, long)
MODES(TO_INTEGER, ulong)

/* ---- to floats ---- */

#define TO_FLOAT(mode, type) CONVERT(type, half, mode, x)

MODES(TO_FLOAT, half)
MODES(TO_FLOAT, float)
MODES(TO_FLOAT, double)

/* ---- to halves ---- */

#define AS_HALF(bits) __builtin_astype((ushort)(bits), half)

#define FROM_FLOAT(type)                                                       \
   CONVERT(half, type, , (half)x)                                              \
   CONVERT(half, type, _rte, (half)x)                                          \
   CONVERT(half, type, _rtp, x == x ? AS_HALF(rtp_##type(x)) : (half)x)        \
   CONVERT(half, type, _rtn, x == x ? AS_HALF(rtn_##type(x)) : (half)x)        \
   CONVERT(half, type, _rtz, x < 0 ? convert_half_rtp(x) : convert_half_rtn(x))

FROM_FLOAT(float)
FROM_FLOAT(double)

/* Near enough to 0 that a float holds it, or far beyond the largest half. */
#define FROM_INTEGER(mode, type, low, high)                                    \
   CONVERT(half, type, mode,                                                   \
           convert_half##mode((float)(x < (low)    ? (low)                     \
                                      : x > (high) ? (high)                    \
                                                   : x)))

MODES(FROM_INTEGER, char, x, x)
MODES(FROM_INTEGER, uchar, x, x)
MODES(FROM_INTEGER, short, x, x)
MODES(FROM_INTEGER, ushort, x, x)
MODES(FROM_INTEGER, int, -(1 << 20), 1 << 20)
MODES(FROM_INTEGER, uint, 0u, 1u << 20)
MODES(FROM_INTEGER, long, -(1l << 20), 1l << 20)
MODES(FROM_INTEGER, ulong, 0ul, 1ul << 20)
