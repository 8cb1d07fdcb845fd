/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* SHFL for every scalar type: idx_TYPE(v, lane), up_TYPE(v, delta), down_TYPE
 * and bfly_TYPE(v, lane_xor). And the operations that reductions and scans
 * know. */
#ifndef CLC_SHUFFLE_H
#define CLC_SHUFFLE_H

#include "clc_lib.h"

#define WARP 32u

#define SHUFFLE_WORD(name, c)                                                  \
   HELPER uint name##_word32(uint v, uint lane)                                \
   {                                                                           \
      return __nvir_shfl_##name(v, lane, c);                                   \
   }                                                                           \
   HELPER ulong name##_word64(ulong v, uint lane)                              \
   {                                                                           \
      uint low = __nvir_shfl_##name((uint)v, lane, c);                         \
      uint high = __nvir_shfl_##name((uint)(v >> 32), lane, c);                \
      return (ulong)high << 32 | low;                                          \
   }

SHUFFLE_WORD(idx, 0x1f)
SHUFFLE_WORD(up, 0)
SHUFFLE_WORD(down, 0x1f)
SHUFFLE_WORD(bfly, 0x1f)

/* `same` is an unsigned type of the size, `bits` the word that carries it. */
#define SHUFFLE_AS(name, type, same, bits)                                     \
   HELPER type name##_##type(type v, uint lane)                                \
   {                                                                           \
      return __builtin_astype(                                                 \
         (same)name##_word##bits(__builtin_astype(v, same), lane), type);      \
   }

#define SHUFFLE_TYPE(type, same, bits)                                         \
   SHUFFLE_AS(idx, type, same, bits)                                           \
   SHUFFLE_AS(up, type, same, bits)                                            \
   SHUFFLE_AS(down, type, same, bits)                                          \
   SHUFFLE_AS(bfly, type, same, bits)

SHUFFLE_TYPE(char, uchar, 32)
SHUFFLE_TYPE(uchar, uchar, 32)
SHUFFLE_TYPE(short, ushort, 32)
SHUFFLE_TYPE(ushort, ushort, 32)
SHUFFLE_TYPE(half, ushort, 32)
SHUFFLE_TYPE(int, uint, 32)
SHUFFLE_TYPE(uint, uint, 32)
SHUFFLE_TYPE(float, uint, 32)
SHUFFLE_TYPE(long, ulong, 64)
SHUFFLE_TYPE(ulong, ulong, 64)
SHUFFLE_TYPE(double, ulong, 64)

#define OP_add(a, b)         ((a) + (b))
#define OP_mul(a, b)         ((a) * (b))
#define OP_min(a, b)         ((b) < (a) ? (b) : (a))
#define OP_max(a, b)         ((b) > (a) ? (b) : (a))
#define OP_and(a, b)         ((a) & (b))
#define OP_or(a, b)          ((a) | (b))
#define OP_xor(a, b)         ((a) ^ (b))
#define OP_logical_and(a, b) ((a) && (b))
#define OP_logical_or(a, b)  ((a) || (b))
#define OP_logical_xor(a, b) (!(a) != !(b))

#endif
