/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* convert_TYPE_sat from floating point (OpenCL C 6.4.3): NaN gives 0, which libclc
 * leaves to the hardware, and hardware gives INT_MIN for double. The other
 * conversions are libclc's. */
#include "clc_lib.h"

EXTERNAL float rint(float);
EXTERNAL float ceil(float);
EXTERNAL float floor(float);
EXTERNAL double rint(double);
EXTERNAL double ceil(double);
EXTERNAL double floor(double);

/* gen_primitives.py; the width in bits and the sign of the result are in the name. */
#define PRIMITIVES(type, name)                                                 \
   type __partage_sat_##name##_float(float);                                   \
   type __partage_sat_##name##_double(double);

PRIMITIVES(char, s8)
PRIMITIVES(uchar, u8)
PRIMITIVES(short, s16)
PRIMITIVES(ushort, u16)
PRIMITIVES(int, s32)
PRIMITIVES(uint, u32)
PRIMITIVES(long, s64)
PRIMITIVES(ulong, u64)

/* The intrinsic has to give 0 for NaN, but F2I does that from float to 32 bits only. */
#define NUMBER(x) ((x) == (x) ? (x) : 0)

#define SCALAR(type, name, from, suffix, round)                                \
   BUILTIN type convert_##type##_sat##suffix(from x)                           \
   {                                                                           \
      return __partage_sat_##name##_##from(round(NUMBER(x)));                  \
   }

#define VECTOR(type, name, from, suffix, round, n)                             \
   BUILTIN type##n convert_##type##n##_sat##suffix(from##n x)                  \
   {                                                                           \
      type##n result;                                                          \
      for (uint i = 0; i < n; i++)                                             \
         result[i] = __partage_sat_##name##_##from(round(NUMBER(x[i])));       \
      return result;                                                           \
   }

#define MODE(type, name, from, suffix, round)                                  \
   SCALAR(type, name, from, suffix, round)                                     \
   VECTOR(type, name, from, suffix, round, 2)                                  \
   VECTOR(type, name, from, suffix, round, 3)                                  \
   VECTOR(type, name, from, suffix, round, 4)                                  \
   VECTOR(type, name, from, suffix, round, 8)                                  \
   VECTOR(type, name, from, suffix, round, 16)

/* The conversion itself rounds towards zero. */
#define MODES(type, name, from)                                                \
   MODE(type, name, from, , )                                                  \
   MODE(type, name, from, _rtz, )                                              \
   MODE(type, name, from, _rte, rint)                                          \
   MODE(type, name, from, _rtp, ceil)                                          \
   MODE(type, name, from, _rtn, floor)

#define TYPE(type, name)                                                       \
   MODES(type, name, float)                                                    \
   MODES(type, name, double)

TYPE(char, s8)
TYPE(uchar, u8)
TYPE(short, s16)
TYPE(ushort, u16)
TYPE(int, s32)
TYPE(uint, u32)
TYPE(long, s64)
TYPE(ulong, u64)
