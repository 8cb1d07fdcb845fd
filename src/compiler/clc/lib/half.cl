/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* vstore_half with directed rounding: libclc's gives 0 where the smallest
 * subnormal is due (toolchain.md §2). The other modes are libclc's. */
#include "half_bits.h"

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
