/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Vector forms from the scalar one. A function that replaces libclc's needs
 * them: in libclc's own vector forms the scalar code is inlined. */
#ifndef CLC_VECTORS_H
#define CLC_VECTORS_H

#include "clc_lib.h"

#define VECTORS_1(name, type)                                                  \
   BUILTIN type##2 name(type##2 x)                                             \
   {                                                                           \
      return (type##2)(name(x.x), name(x.y));                                  \
   }                                                                           \
   BUILTIN type##3 name(type##3 x)                                             \
   {                                                                           \
      return (type##3)(name(x.x), name(x.y), name(x.z));                       \
   }                                                                           \
   BUILTIN type##4 name(type##4 x)                                             \
   {                                                                           \
      return (type##4)(name(x.lo), name(x.hi));                                \
   }                                                                           \
   BUILTIN type##8 name(type##8 x)                                             \
   {                                                                           \
      return (type##8)(name(x.lo), name(x.hi));                                \
   }                                                                           \
   BUILTIN type##16 name(type##16 x)                                           \
   {                                                                           \
      return (type##16)(name(x.lo), name(x.hi));                               \
   }

/* `second` is the element type of the second argument. */
#define VECTORS_2(name, type, second)                                          \
   BUILTIN type##2 name(type##2 x, second##2 y)                                \
   {                                                                           \
      return (type##2)(name(x.x, y.x), name(x.y, y.y));                        \
   }                                                                           \
   BUILTIN type##3 name(type##3 x, second##3 y)                                \
   {                                                                           \
      return (type##3)(name(x.x, y.x), name(x.y, y.y), name(x.z, y.z));        \
   }                                                                           \
   BUILTIN type##4 name(type##4 x, second##4 y)                                \
   {                                                                           \
      return (type##4)(name(x.lo, y.lo), name(x.hi, y.hi));                    \
   }                                                                           \
   BUILTIN type##8 name(type##8 x, second##8 y)                                \
   {                                                                           \
      return (type##8)(name(x.lo, y.lo), name(x.hi, y.hi));                    \
   }                                                                           \
   BUILTIN type##16 name(type##16 x, second##16 y)                             \
   {                                                                           \
      return (type##16)(name(x.lo, y.lo), name(x.hi, y.hi));                   \
   }

/* The second argument is a scalar for all elements. */
#define VECTORS_BY_SCALAR(name, type, second)                                  \
   BUILTIN type##2 name(type##2 x, second y)                                   \
   {                                                                           \
      return name(x, (second##2)y);                                            \
   }                                                                           \
   BUILTIN type##3 name(type##3 x, second y)                                   \
   {                                                                           \
      return name(x, (second##3)y);                                            \
   }                                                                           \
   BUILTIN type##4 name(type##4 x, second y)                                   \
   {                                                                           \
      return name(x, (second##4)y);                                            \
   }                                                                           \
   BUILTIN type##8 name(type##8 x, second y)                                   \
   {                                                                           \
      return name(x, (second##8)y);                                            \
   }                                                                           \
   BUILTIN type##16 name(type##16 x, second y)                                 \
   {                                                                           \
      return name(x, (second##16)y);                                           \
   }

/* With the quotient's low bits at *second. */
#define VECTOR_REMQUO(type, space, n)                                          \
   BUILTIN type##n remquo(type##n x, type##n y, space int##n *second)          \
   {                                                                           \
      type##n result;                                                          \
      int##n quotient;                                                         \
      for (uint i = 0; i < n; i++) {                                           \
         int one;                                                              \
         result[i] = remquo(x[i], y[i], &one);                                 \
         quotient[i] = one;                                                    \
      }                                                                        \
      *second = quotient;                                                      \
      return result;                                                           \
   }

#define VECTORS_REMQUO(type, space)                                            \
   VECTOR_REMQUO(type, space, 2)                                               \
   VECTOR_REMQUO(type, space, 3)                                               \
   VECTOR_REMQUO(type, space, 4)                                               \
   VECTOR_REMQUO(type, space, 8)                                               \
   VECTOR_REMQUO(type, space, 16)

#endif
