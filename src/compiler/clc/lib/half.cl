/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* vstore_half with directed rounding: libclc's gives 0 where the smallest
 * subnormal is due (toolchain.md §2). The other modes are libclc's. */
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

#define STORE_1(space, type, mode)                                             \
   BUILTIN void vstore_half_##mode(type v, size_t i, space half *p)            \
   {                                                                           \
      ((space ushort *)p)[i] = mode##_##type(v);                               \
   }                                                                           \
   BUILTIN void vstorea_half_##mode(type v, size_t i, space half *p)           \
   {                                                                           \
      ((space ushort *)p)[i] = mode##_##type(v);                               \
   }

/* vstorea's three halves take the room of four. */
#define STORE_N(space, type, mode, n, stride)                                  \
   BUILTIN void vstore_half##n##_##mode(type##n v, size_t i, space half *p)    \
   {                                                                           \
      for (uint k = 0; k < n; k++)                                             \
         ((space ushort *)p)[i * n + k] = mode##_##type(v[k]);                 \
   }                                                                           \
   BUILTIN void vstorea_half##n##_##mode(type##n v, size_t i, space half *p)   \
   {                                                                           \
      for (uint k = 0; k < n; k++)                                             \
         ((space ushort *)p)[i * stride + k] = mode##_##type(v[k]);            \
   }

#define STORES(space, type, mode)                                              \
   STORE_1(space, type, mode)                                                  \
   STORE_N(space, type, mode, 2, 2)                                            \
   STORE_N(space, type, mode, 3, 4)                                            \
   STORE_N(space, type, mode, 4, 4)                                            \
   STORE_N(space, type, mode, 8, 8)                                            \
   STORE_N(space, type, mode, 16, 16)

#define SPACE(space)                                                           \
   STORES(space, float, rtp)                                                   \
   STORES(space, float, rtn)                                                   \
   STORES(space, double, rtp)                                                  \
   STORES(space, double, rtn)

SPACE()
SPACE(global)
SPACE(local)
