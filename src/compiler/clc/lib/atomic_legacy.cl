/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* atomic_* and atom_* of OpenCL C 1.x (OpenCL C 6.15.12.8 and the 64-bit atomics
 * extensions): relaxed, device scope. */
#include "atomic.h"

/* `prefix` is atomic or atom; smin/smax are the primitives for the type's sign. */
#define RMW(prefix, name, space, n, type, word, bits, op)                      \
   BUILTIN type prefix##_##name(volatile space type *p, type v)                \
   {                                                                           \
      return (type)__partage_##op##_##n##_u##bits((space word *)p, (word)v);   \
   }

#define STEP(prefix, name, space, n, type, word, bits, op)                     \
   BUILTIN type prefix##_##name(volatile space type *p)                        \
   {                                                                           \
      return (type)__partage_##op##_##n##_u##bits((space word *)p, 1);         \
   }

#define CMPXCHG(prefix, space, n, type, word, bits)                            \
   BUILTIN type prefix##_cmpxchg(volatile space type *p, type expected,        \
                                 type v)                                       \
   {                                                                           \
      return (type)__partage_cas_##n##_u##bits((space word *)p,                \
                                               (word)expected, (word)v);       \
   }

#define ALL_OPS(prefix, space, n, type, word, bits, max_op, min_op)            \
   RMW(prefix, add, space, n, type, word, bits, add)                           \
   RMW(prefix, sub, space, n, type, word, bits, sub)                           \
   RMW(prefix, xchg, space, n, type, word, bits, xchg)                         \
   RMW(prefix, and, space, n, type, word, bits, and)                           \
   RMW(prefix, or, space, n, type, word, bits, or)                             \
   RMW(prefix, xor, space, n, type, word, bits, xor)                           \
   RMW(prefix, max, space, n, type, word, bits, max_op)                        \
   RMW(prefix, min, space, n, type, word, bits, min_op)                        \
   STEP(prefix, inc, space, n, type, word, bits, add)                          \
   STEP(prefix, dec, space, n, type, word, bits, sub)                          \
   CMPXCHG(prefix, space, n, type, word, bits)

#define XCHG_FLOAT(space, n)                                                   \
   BUILTIN float atomic_xchg(volatile space float *p, float v)                 \
   {                                                                           \
      return __builtin_astype(                                                 \
         __partage_xchg_##n##_u32((space uint *)p, __builtin_astype(v, uint)), \
         float);                                                               \
   }

#define SPACE(space, n)                                                        \
   ALL_OPS(atomic, space, n, int, uint, 32, max, min)                          \
   ALL_OPS(atomic, space, n, uint, uint, 32, umax, umin)                       \
   ALL_OPS(atom, space, n, int, uint, 32, max, min)                            \
   ALL_OPS(atom, space, n, uint, uint, 32, umax, umin)                         \
   ALL_OPS(atom, space, n, long, ulong, 64, max, min)                          \
   ALL_OPS(atom, space, n, ulong, ulong, 64, umax, umin)                       \
   XCHG_FLOAT(space, n)

SPACE(, 0)
SPACE(global, 1)
SPACE(local, 3)
