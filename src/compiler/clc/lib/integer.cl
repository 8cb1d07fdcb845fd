/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integer functions that libclc lacks or has wrong: ctz, mad_hi, sub_sat,
 * mad_sat of longs, abs and abs_diff of signed numbers (OpenCL C 6.15.3). */
#include "clc_lib.h"

/* Wrapping, so the sum is done unsigned: signed overflow would be undefined. The
 * cast takes a promoted char or short back. */
#define MAD_HI(type, utype)                                                    \
   EXTERNAL type mul_hi(type, type);                                           \
   BUILTIN type mad_hi(type a, type b, type c)                                 \
   {                                                                           \
      return __builtin_astype(                                                 \
         (utype)(__builtin_astype(mul_hi(a, b), utype) +                       \
                 __builtin_astype(c, utype)),                                  \
         type);                                                                \
   }

/* The trailing zeros are the ones of ~x & (x - 1); for x = 0 that counts the
 * whole width, as it must be. */
#define CTZ(type, utype)                                                       \
   EXTERNAL utype popcount(utype);                                             \
   BUILTIN type ctz(type x)                                                    \
   {                                                                           \
      utype u = __builtin_astype(x, utype);                                    \
      return __builtin_astype(popcount((utype)(~u & (u - (utype)1))), type);   \
   }

/* libclc takes 0 - INT_MIN, an overflow upwards, for one downwards. */
#define SUB_SAT(type, utype)                                                   \
   BUILTIN type sub_sat(type x, type y)                                        \
   {                                                                           \
      utype max = (utype)-1 >> (utype)1;                                       \
      utype diff =                                                             \
         __builtin_astype(x, utype) - __builtin_astype(y, utype);              \
      type r = __builtin_astype(diff, type);                                   \
      type limit = x < (type)0 ? __builtin_astype((utype)~max, type)           \
                               : __builtin_astype(max, type);                  \
      return ((x ^ y) & (x ^ r)) < (type)0 ? limit : r;                        \
   }

/* The sum of 128 bits, whose high half must be the sign of the low one. libclc's
 * saturates some that fit. */
#define MAD_SAT(type, utype)                                                   \
   BUILTIN type mad_sat(type a, type b, type c)                                \
   {                                                                           \
      utype product =                                                          \
         __builtin_astype(a, utype) * __builtin_astype(b, utype);              \
      utype sum = product + __builtin_astype(c, utype);                        \
      type carry = sum < product ? (type)1 : (type)0;                          \
      type low = __builtin_astype(sum, type);                                  \
      type high = mul_hi(a, b) + (c >> (type)63) + carry;                      \
      utype max = (utype)-1 >> (utype)1;                                       \
      type limit = high < (type)0 ? __builtin_astype((utype)~max, type)        \
                                  : __builtin_astype(max, type);               \
      return high == (low >> (type)63) ? low : limit;                          \
   }

/* libclc subtracts signed numbers, whose overflow the optimiser takes for
 * impossible. */
#define ABS(type, utype)                                                       \
   BUILTIN utype abs_diff(type x, type y)                                      \
   {                                                                           \
      utype u = __builtin_astype(x, utype), v = __builtin_astype(y, utype);    \
      return x > y ? (utype)(u - v) : (utype)(v - u);                          \
   }                                                                           \
   BUILTIN utype abs(type x)                                                   \
   {                                                                           \
      utype u = __builtin_astype(x, utype);                                    \
      return x < (type)0 ? (utype)((utype)0 - u) : u;                          \
   }

#define ALL_SIZES(MACRO, type, utype)                                          \
   MACRO(type, utype)                                                          \
   MACRO(type##2, utype##2)                                                    \
   MACRO(type##3, utype##3)                                                    \
   MACRO(type##4, utype##4)                                                    \
   MACRO(type##8, utype##8)                                                    \
   MACRO(type##16, utype##16)

#define ALL_TYPES(MACRO)                                                       \
   ALL_SIZES(MACRO, char, uchar)                                               \
   ALL_SIZES(MACRO, uchar, uchar)                                              \
   ALL_SIZES(MACRO, short, ushort)                                             \
   ALL_SIZES(MACRO, ushort, ushort)                                            \
   ALL_SIZES(MACRO, int, uint)                                                 \
   ALL_SIZES(MACRO, uint, uint)                                                \
   ALL_SIZES(MACRO, long, ulong)                                               \
   ALL_SIZES(MACRO, ulong, ulong)

ALL_TYPES(MAD_HI)
ALL_TYPES(CTZ)
ALL_SIZES(SUB_SAT, char, uchar)
ALL_SIZES(SUB_SAT, short, ushort)
ALL_SIZES(SUB_SAT, int, uint)
ALL_SIZES(SUB_SAT, long, ulong)
ALL_SIZES(MAD_SAT, long, ulong)
ALL_SIZES(ABS, char, uchar)
ALL_SIZES(ABS, short, ushort)
ALL_SIZES(ABS, int, uint)
ALL_SIZES(ABS, long, ulong)
