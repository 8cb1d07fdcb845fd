/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The relaxed operations of gen_primitives.py, and for what they are called
 * with: address spaces 0 generic, 1 global, 3 local. */
#ifndef CLC_ATOMIC_H
#define CLC_ATOMIC_H

#include "clc_lib.h"

#define DECLARE_PRIMITIVES(space, n, word, bits)                               \
   word __partage_xchg_##n##_u##bits(space word *, word);                      \
   word __partage_add_##n##_u##bits(space word *, word);                       \
   word __partage_sub_##n##_u##bits(space word *, word);                       \
   word __partage_and_##n##_u##bits(space word *, word);                       \
   word __partage_or_##n##_u##bits(space word *, word);                        \
   word __partage_xor_##n##_u##bits(space word *, word);                       \
   word __partage_max_##n##_u##bits(space word *, word);                       \
   word __partage_min_##n##_u##bits(space word *, word);                       \
   word __partage_umax_##n##_u##bits(space word *, word);                      \
   word __partage_umin_##n##_u##bits(space word *, word);                      \
   word __partage_cas_##n##_u##bits(space word *, word, word);                 \
   word __partage_load_##n##_u##bits(space word *);                            \
   void __partage_store_##n##_u##bits(space word *, word);

#define DECLARE_FLOAT(space, n, type)                                          \
   type __partage_fadd_##n##_##type(space type *, type);                       \
   type __partage_fmax_##n##_##type(space type *, type);                       \
   type __partage_fmin_##n##_##type(space type *, type);

#define DECLARE_SPACE(space, n)                                                \
   DECLARE_PRIMITIVES(space, n, uint, 32)                                      \
   DECLARE_PRIMITIVES(space, n, ulong, 64)                                     \
   DECLARE_FLOAT(space, n, float)                                              \
   DECLARE_FLOAT(space, n, double)

DECLARE_SPACE(, 0)
DECLARE_SPACE(global, 1)
DECLARE_SPACE(local, 3)

#endif
