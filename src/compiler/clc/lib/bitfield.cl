/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* cl_khr_extended_bit_ops. Offsets and counts that leave the word are undefined,
 * a count of the whole width is not, hence the two shifts. */
#include "clc_lib.h"

#define FIELDS(type, utype, stype, n, bits)                                    \
   BUILTIN type##n bitfield_insert(type##n base, type##n insert, uint offset,  \
                                   uint count)                                 \
   {                                                                           \
      utype one = count ? (utype)((utype)~(utype)0 >> (bits - count)) : 0;     \
      utype##n mask = (utype)(one << (offset % bits));                         \
      utype##n value = __builtin_astype(insert, utype##n)                      \
                       << (utype##n)(offset % bits);                           \
      utype##n result =                                                        \
         (__builtin_astype(base, utype##n) & ~mask) | (value & mask);          \
      return __builtin_astype(result, type##n);                                \
   }                                                                           \
   BUILTIN stype##n bitfield_extract_signed(type##n base, uint offset,         \
                                            uint count)                        \
   {                                                                           \
      utype##n high = __builtin_astype(base, utype##n)                         \
                      << (utype##n)((bits - offset - count) % bits);           \
      return count ? __builtin_astype(high, stype##n) >>                       \
                        (stype##n)((bits - count) % bits)                      \
                   : (stype##n)0;                                              \
   }                                                                           \
   BUILTIN utype##n bitfield_extract_unsigned(type##n base, uint offset,       \
                                              uint count)                      \
   {                                                                           \
      utype##n high = __builtin_astype(base, utype##n)                         \
                      << (utype##n)((bits - offset - count) % bits);           \
      return count ? high >> (utype##n)((bits - count) % bits) : (utype##n)0;  \
   }

#define REVERSE(type, utype, stype, bits)                                      \
   BUILTIN type bit_reverse(type x)                                            \
   {                                                                           \
      return __builtin_astype((utype)__builtin_bitreverse##bits(               \
                                 __builtin_astype(x, utype)),                  \
                              type);                                           \
   }

#define REVERSE_N(type, n)                                                     \
   BUILTIN type##n bit_reverse(type##n x)                                      \
   {                                                                           \
      type##n result;                                                          \
      for (uint i = 0; i < n; i++)                                             \
         result[i] = bit_reverse(x[i]);                                        \
      return result;                                                           \
   }

#define TYPE(type, utype, stype, bits)                                         \
   FIELDS(type, utype, stype, , bits)                                          \
   FIELDS(type, utype, stype, 2, bits)                                         \
   FIELDS(type, utype, stype, 3, bits)                                         \
   FIELDS(type, utype, stype, 4, bits)                                         \
   FIELDS(type, utype, stype, 8, bits)                                         \
   FIELDS(type, utype, stype, 16, bits)                                        \
   REVERSE(type, utype, stype, bits)                                           \
   REVERSE_N(type, 2)                                                          \
   REVERSE_N(type, 3)                                                          \
   REVERSE_N(type, 4)                                                          \
   REVERSE_N(type, 8)                                                          \
   REVERSE_N(type, 16)

TYPE(char, uchar, char, 8)
TYPE(uchar, uchar, char, 8)
TYPE(short, ushort, short, 16)
TYPE(ushort, ushort, short, 16)
TYPE(int, uint, int, 32)
TYPE(uint, uint, int, 32)
TYPE(long, ulong, long, 64)
TYPE(ulong, ulong, long, 64)
