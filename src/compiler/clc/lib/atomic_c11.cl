/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* C11 atomics (OpenCL C 6.15.12): a relaxed operation between the fences that its
 * order asks for. Order and scope are constants in nearly every program, and what
 * does not apply folds away. */
#include "atomic.h"
#include "fence.h"

HELPER void
fence_before(memory_order order, memory_scope scope)
{
   if (order == memory_order_release || order == memory_order_acq_rel ||
       order == memory_order_seq_cst)
      clc_membar(scope);
}

HELPER void
fence_after(memory_order order, memory_scope scope)
{
   if (order == memory_order_acquire || order == memory_order_acq_rel ||
       order == memory_order_seq_cst)
      clc_membar(scope);
}

/* The forms without scope and without order. */
#define FORMS_1(type, name, object, params, args)                              \
   BUILTIN type name##_explicit(object, params, memory_order order)            \
   {                                                                           \
      return name##_explicit(args, order, memory_scope_device);                \
   }                                                                           \
   BUILTIN type name(object, params)                                           \
   {                                                                           \
      return name##_explicit(args, memory_order_seq_cst, memory_scope_device); \
   }
#define COMMA ,

/* ---- read, modify, write ---- */

/* `operand` differs from `type` for pointer arithmetic on uintptr_t. */
#define RMW(name, space, n, atomic, type, operand, word, bits, op)             \
   BUILTIN type name##_explicit(volatile space atomic *p, operand v,           \
                                memory_order order, memory_scope scope)        \
   {                                                                           \
      fence_before(order, scope);                                              \
      word old = __partage_##op##_##n##_u##bits(                               \
         (space word *)p, __builtin_astype(v, word));                          \
      fence_after(order, scope);                                               \
      return __builtin_astype(old, type);                                      \
   }                                                                           \
   FORMS_1(type, name, volatile space atomic *p, operand v, p COMMA v)

#define FETCH(space, n, atomic, type, operand, word, bits, max_op, min_op)     \
   RMW(atomic_fetch_add, space, n, atomic, type, operand, word, bits, add)     \
   RMW(atomic_fetch_sub, space, n, atomic, type, operand, word, bits, sub)     \
   RMW(atomic_fetch_and, space, n, atomic, type, operand, word, bits, and)     \
   RMW(atomic_fetch_or, space, n, atomic, type, operand, word, bits, or)       \
   RMW(atomic_fetch_xor, space, n, atomic, type, operand, word, bits, xor)     \
   RMW(atomic_fetch_max, space, n, atomic, type, operand, word, bits, max_op)  \
   RMW(atomic_fetch_min, space, n, atomic, type, operand, word, bits, min_op)

/* cl_ext_float_atomics: x - v is x + -v, to the bit. */
#define FLOAT_RMW(name, space, n, atomic, type, op, sign)                      \
   BUILTIN type name##_explicit(volatile space atomic *p, type v,              \
                                memory_order order, memory_scope scope)        \
   {                                                                           \
      fence_before(order, scope);                                              \
      type old = __partage_##op##_##n##_##type((space type *)p, sign v);       \
      fence_after(order, scope);                                               \
      return old;                                                              \
   }                                                                           \
   FORMS_1(type, name, volatile space atomic *p, type v, p COMMA v)

#define FLOAT_FETCH(space, n, atomic, type)                                    \
   FLOAT_RMW(atomic_fetch_add, space, n, atomic, type, fadd, )                 \
   FLOAT_RMW(atomic_fetch_sub, space, n, atomic, type, fadd, -)                \
   FLOAT_RMW(atomic_fetch_max, space, n, atomic, type, fmax, )                 \
   FLOAT_RMW(atomic_fetch_min, space, n, atomic, type, fmin, )

/* ---- load, store, exchange ---- */

#define LOAD(space, n, atomic, type, word, bits)                               \
   BUILTIN type atomic_load_explicit(                                          \
      volatile space atomic *p, memory_order order, memory_scope scope)        \
   {                                                                           \
      if (order == memory_order_seq_cst)                                       \
         clc_membar(scope);                                                    \
      word v = __partage_load_##n##_u##bits((space word *)p);                  \
      fence_after(order, scope);                                               \
      return __builtin_astype(v, type);                                        \
   }                                                                           \
   BUILTIN type atomic_load_explicit(volatile space atomic *p,                 \
                                     memory_order order)                       \
   {                                                                           \
      return atomic_load_explicit(p, order, memory_scope_device);              \
   }                                                                           \
   BUILTIN type atomic_load(volatile space atomic *p)                          \
   {                                                                           \
      return atomic_load_explicit(p, memory_order_seq_cst,                     \
                                  memory_scope_device);                        \
   }

#define STORE(space, n, atomic, type, word, bits)                              \
   BUILTIN void atomic_store_explicit(volatile space atomic *p, type v,        \
                                      memory_order order, memory_scope scope)  \
   {                                                                           \
      fence_before(order, scope);                                              \
      __partage_store_##n##_u##bits((space word *)p,                           \
                                    __builtin_astype(v, word));                \
      if (order == memory_order_seq_cst)                                       \
         clc_membar(scope);                                                    \
   }                                                                           \
   FORMS_1(void, atomic_store, volatile space atomic *p, type v, p COMMA v)    \
   BUILTIN void atomic_init(volatile space atomic *p, type v)                  \
   {                                                                           \
      __partage_store_##n##_u##bits((space word *)p,                           \
                                    __builtin_astype(v, word));                \
   }

/* ---- compare and exchange ---- */

/* The fences of a failure are never stronger than those of success (the language
 * says so), and cost nothing extra to have. Bits are compared, as C11 says. */
#define COMPARE(name, space, n, atomic, type, word, bits, expected_space)      \
   BUILTIN bool name##_explicit(volatile space atomic *p,                      \
                                expected_space type *expected, type v,         \
                                memory_order success, memory_order failure,    \
                                memory_scope scope)                            \
   {                                                                           \
      word want = __builtin_astype(*expected, word);                           \
      fence_before(success, scope);                                            \
      word old = __partage_cas_##n##_u##bits((space word *)p, want,            \
                                             __builtin_astype(v, word));       \
      fence_after(success, scope);                                             \
      if (old != want)                                                         \
         *expected = __builtin_astype(old, type);                              \
      return old == want;                                                      \
   }                                                                           \
   BUILTIN bool name##_explicit(volatile space atomic *p,                      \
                                expected_space type *expected, type v,         \
                                memory_order success, memory_order failure)    \
   {                                                                           \
      return name##_explicit(p, expected, v, success, failure,                 \
                             memory_scope_device);                             \
   }                                                                           \
   BUILTIN bool name(volatile space atomic *p, expected_space type *expected,  \
                     type v)                                                   \
   {                                                                           \
      return name##_explicit(p, expected, v, memory_order_seq_cst,             \
                             memory_order_seq_cst, memory_scope_device);       \
   }

#define COMPARE_BOTH(space, n, atomic, type, word, bits, expected_space)       \
   COMPARE(atomic_compare_exchange_strong, space, n, atomic, type, word, bits, \
           expected_space)                                                     \
   COMPARE(atomic_compare_exchange_weak, space, n, atomic, type, word, bits,   \
           expected_space)

/* ---- all types, all spaces ---- */

#define PLAIN(space, n, atomic, type, word, bits)                              \
   LOAD(space, n, atomic, type, word, bits)                                    \
   STORE(space, n, atomic, type, word, bits)                                   \
   RMW(atomic_exchange, space, n, atomic, type, type, word, bits, xchg)        \
   COMPARE_BOTH(space, n, atomic, type, word, bits, )                          \
   COMPARE_BOTH(space, n, atomic, type, word, bits, global)                    \
   COMPARE_BOTH(space, n, atomic, type, word, bits, local)

#define SPACE(space, n)                                                        \
   PLAIN(space, n, atomic_int, int, uint, 32)                                  \
   PLAIN(space, n, atomic_uint, uint, uint, 32)                                \
   PLAIN(space, n, atomic_float, float, uint, 32)                              \
   PLAIN(space, n, atomic_long, long, ulong, 64)                               \
   PLAIN(space, n, atomic_ulong, ulong, ulong, 64)                             \
   PLAIN(space, n, atomic_double, double, ulong, 64)                           \
   FETCH(space, n, atomic_int, int, int, uint, 32, max, min)                   \
   FETCH(space, n, atomic_uint, uint, uint, uint, 32, umax, umin)              \
   FETCH(space, n, atomic_long, long, long, ulong, 64, max, min)               \
   FETCH(space, n, atomic_ulong, ulong, ulong, ulong, 64, umax, umin)          \
   FETCH(space, n, atomic_ulong, ulong, long, ulong, 64, umax, umin)           \
   FETCH(space, n, atomic_long, long, ulong, ulong, 64, max, min)              \
   FLOAT_FETCH(space, n, atomic_float, float)                                  \
   FLOAT_FETCH(space, n, atomic_double, double)

SPACE(, 0)
SPACE(global, 1)
SPACE(local, 3)

/* ---- flags: an atomic_int that is 0 or 1 ---- */

#define FLAG(space, n)                                                         \
   BUILTIN bool atomic_flag_test_and_set_explicit(                             \
      volatile space atomic_flag *p, memory_order order, memory_scope scope)   \
   {                                                                           \
      fence_before(order, scope);                                              \
      uint old = __partage_xchg_##n##_u32((space uint *)p, 1);                 \
      fence_after(order, scope);                                               \
      return old != 0;                                                         \
   }                                                                           \
   BUILTIN bool atomic_flag_test_and_set_explicit(                             \
      volatile space atomic_flag *p, memory_order order)                       \
   {                                                                           \
      return atomic_flag_test_and_set_explicit(p, order, memory_scope_device); \
   }                                                                           \
   BUILTIN bool atomic_flag_test_and_set(volatile space atomic_flag *p)        \
   {                                                                           \
      return atomic_flag_test_and_set_explicit(p, memory_order_seq_cst,        \
                                               memory_scope_device);           \
   }                                                                           \
   BUILTIN void atomic_flag_clear_explicit(                                    \
      volatile space atomic_flag *p, memory_order order, memory_scope scope)   \
   {                                                                           \
      atomic_store_explicit((volatile space atomic_int *)p, 0, order, scope);  \
   }                                                                           \
   BUILTIN void atomic_flag_clear_explicit(volatile space atomic_flag *p,      \
                                           memory_order order)                 \
   {                                                                           \
      atomic_flag_clear_explicit(p, order, memory_scope_device);               \
   }                                                                           \
   BUILTIN void atomic_flag_clear(volatile space atomic_flag *p)               \
   {                                                                           \
      atomic_flag_clear_explicit(p, memory_order_seq_cst,                      \
                                 memory_scope_device);                         \
   }

FLAG(, 0)
FLAG(global, 1)
FLAG(local, 3)
