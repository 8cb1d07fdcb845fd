/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The loops behind llvm.memcpy, memmove and memset (clc_lower_memory.c), by
 * address spaces (d: destination, s: source) and unit of access (u). A null
 * pointer of one address space is no problem: length is then 0. */
#include "clc_lib.h"

#define AS_0
#define AS_1 global
#define AS_3 local
#define AS_4 constant

#define LOOP __attribute__((always_inline)) void

#define MEMCPY(d, s, unit, type)                                               \
   LOOP __partage_memcpy_d##d##_s##s##_u##unit(AS_##d void *to,                \
                                               const AS_##s void *from,        \
                                               ulong length)                   \
   {                                                                           \
      AS_##d type *to_words = to;                                              \
      const AS_##s type *from_words = from;                                    \
      AS_##d uchar *to_bytes = to;                                             \
      const AS_##s uchar *from_bytes = from;                                   \
      for (ulong i = 0; i < length / unit; i++)                                \
         to_words[i] = from_words[i];                                          \
      for (ulong i = length / unit * unit; i < length; i++)                    \
         to_bytes[i] = from_bytes[i];                                          \
   }

/* Only ends that may overlap can need the backward way; those of two different
 * address spaces cannot, and generic pointers compare as addresses. */
#define MEMMOVE(d, s, unit, type)                                              \
   LOOP __partage_memmove_d##d##_s##s##_u##unit(AS_##d void *to,               \
                                                const AS_##s void *from,       \
                                                ulong length)                  \
   {                                                                           \
      AS_##d type *to_words = to;                                              \
      const AS_##s type *from_words = from;                                    \
      AS_##d uchar *to_bytes = to;                                             \
      const AS_##s uchar *from_bytes = from;                                   \
      bool may_overlap = d == s || d == 0 || s == 0;                           \
      if (!may_overlap || (ulong)to <= (ulong)from) {                          \
         __partage_memcpy_d##d##_s##s##_u##unit(to, from, length);             \
      } else {                                                                 \
         for (ulong i = length; i > length / unit * unit; i--)                 \
            to_bytes[i - 1] = from_bytes[i - 1];                               \
         for (ulong i = length / unit; i > 0; i--)                             \
            to_words[i - 1] = from_words[i - 1];                               \
      }                                                                        \
   }

#define MEMSET(d, unit, type, splat)                                           \
   LOOP __partage_memset_d##d##_u##unit(AS_##d void *to, uchar value,          \
                                        ulong length)                          \
   {                                                                           \
      AS_##d type *to_words = to;                                              \
      AS_##d uchar *to_bytes = to;                                             \
      type word = splat;                                                       \
      for (ulong i = 0; i < length / unit; i++)                                \
         to_words[i] = word;                                                   \
      for (ulong i = length / unit * unit; i < length; i++)                    \
         to_bytes[i] = value;                                                  \
   }

#define COPIES_UNIT(d, s, unit, type)                                          \
   MEMCPY(d, s, unit, type)                                                    \
   MEMMOVE(d, s, unit, type)

#define COPIES(d, s)                                                           \
   COPIES_UNIT(d, s, 1, uchar)                                                 \
   COPIES_UNIT(d, s, 4, uint)                                                  \
   COPIES_UNIT(d, s, 16, uint4)

#define SPACE(d)                                                               \
   COPIES(d, 0)                                                                \
   COPIES(d, 1)                                                                \
   COPIES(d, 3)                                                                \
   COPIES(d, 4)                                                                \
   MEMSET(d, 1, uchar, value)                                                  \
   MEMSET(d, 4, uint, value * 0x01010101u)                                     \
   MEMSET(d, 16, uint4, (uint4)(value * 0x01010101u))

SPACE(0)
SPACE(1)
SPACE(3)
