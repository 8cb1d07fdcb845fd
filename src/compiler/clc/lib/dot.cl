/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* cl_khr_integer_dot_product: four 8-bit products and their sum. */
#include "clc_lib.h"

#define DOT(result, a_type, b_type, signs)                                     \
   BUILTIN result dot(a_type a, b_type b)                                      \
   {                                                                           \
      return __nvir_idp4a_##signs(__builtin_astype(a, uint),                   \
                                  __builtin_astype(b, uint));                  \
   }

DOT(uint, uchar4, uchar4, uu)
DOT(int, char4, char4, ss)
DOT(int, uchar4, char4, us)
DOT(int, char4, uchar4, su)

/* A dot product has 18 bits, so only the last sum can saturate. */
HELPER uint
add_sat_u(uint a, uint b)
{
   uint sum = a + b;
   return sum < a ? UINT_MAX : sum;
}

HELPER int
add_sat_s(int a, int b)
{
   long sum = (long)a + b;
   return sum > INT_MAX ? INT_MAX : sum < INT_MIN ? INT_MIN : (int)sum;
}

#define DOT_ACC(result, a_type, b_type, s)                                     \
   BUILTIN result dot_acc_sat(a_type a, b_type b, result acc)                  \
   {                                                                           \
      return add_sat_##s(dot(a, b), acc);                                      \
   }

DOT_ACC(uint, uchar4, uchar4, u)
DOT_ACC(int, char4, char4, s)
DOT_ACC(int, uchar4, char4, s)
DOT_ACC(int, char4, uchar4, s)

#define PACKED(signs, result, a_type, b_type)                                  \
   BUILTIN result dot_4x8packed_##signs##_##result(uint a, uint b)             \
   {                                                                           \
      return dot(__builtin_astype(a, a_type), __builtin_astype(b, b_type));    \
   }                                                                           \
   BUILTIN result dot_acc_sat_4x8packed_##signs##_##result(uint a, uint b,     \
                                                           result acc)         \
   {                                                                           \
      return dot_acc_sat(__builtin_astype(a, a_type),                          \
                         __builtin_astype(b, b_type), acc);                    \
   }

PACKED(uu, uint, uchar4, uchar4)
PACKED(ss, int, char4, char4)
PACKED(us, int, uchar4, char4)
PACKED(su, int, char4, uchar4)
