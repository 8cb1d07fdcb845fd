/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Rounding of floats and doubles to the bits of a half: rtp_TYPE, rtn_TYPE. */
#ifndef CLC_HALF_BITS_H
#define CLC_HALF_BITS_H

#include "clc_lib.h"

#define SIGN 0x8000

/* The half next to `h` towards plus infinity; `h` is no NaN. */
HELPER ushort
half_up(ushort h)
{
   if (h == 0x7c00)
      return h;
   if (h == SIGN)
      return 1;
   return h & SIGN ? h - 1 : h + 1;
}

HELPER ushort
half_down(ushort h)
{
   return half_up(h ^ SIGN) ^ SIGN;
}

HELPER ushort
nearest_half(float x)
{
   ushort bits;
   __builtin_store_halff(x, (half *)&bits);
   return bits;
}

HELPER float
half_value(ushort bits)
{
   return __builtin_load_halff((half *)&bits);
}

/* A step at most from the nearest: two for a double, which is rounded twice. */
#define DIRECTED(type)                                                         \
   HELPER ushort rtp_##type(type x)                                            \
   {                                                                           \
      ushort h = nearest_half((float)x);                                       \
      if (half_value(h) < x)                                                   \
         h = half_up(h);                                                       \
      else if (half_value(half_down(h)) >= x)                                  \
         h = half_down(h);                                                     \
      return h;                                                                \
   }                                                                           \
   HELPER ushort rtn_##type(type x)                                            \
   {                                                                           \
      return rtp_##type(-x) ^ SIGN;                                            \
   }

DIRECTED(float)
DIRECTED(double)

#endif
