/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Async copies and prefetch (OpenCL C 6.15.11). The copy is done at once by the
 * work-items of the group, neighbours taking neighbouring elements, and
 * wait_group_events is the barrier that makes it visible. */
#include "clc_lib.h"

EXTERNAL size_t get_local_linear_id(void);

HELPER size_t
group_size(void)
{
   return C0_U32(NVIR_C0_LOCAL_SIZE) * C0_U32(NVIR_C0_LOCAL_SIZE + 4) *
          C0_U32(NVIR_C0_LOCAL_SIZE + 8);
}

#define COPY(type, as, to_space, from_space)                                      \
   BUILTIN event_t async_work_group_copy(                                      \
      to_space type *to, const from_space type *from, size_t n, event_t event) \
   {                                                                           \
      for (size_t i = get_local_linear_id(); i < n; i += group_size())         \
         ((to_space as *)to)[i] = ((const from_space as *)from)[i];            \
      return event;                                                            \
   }

#define ASYNC(type, as)                                                        \
   COPY(type, as, local, global)                                               \
   COPY(type, as, global, local)                                               \
   BUILTIN event_t async_work_group_strided_copy(                              \
      local type *to, const global type *from, size_t n, size_t stride,        \
      event_t event)                                                           \
   {                                                                           \
      for (size_t i = get_local_linear_id(); i < n; i += group_size())         \
         ((local as *)to)[i] = ((const global as *)from)[i * stride];          \
      return event;                                                            \
   }                                                                           \
   BUILTIN event_t async_work_group_strided_copy(                              \
      global type *to, const local type *from, size_t n, size_t stride,        \
      event_t event)                                                           \
   {                                                                           \
      for (size_t i = get_local_linear_id(); i < n; i += group_size())         \
         ((global as *)to)[i * stride] = ((const local as *)from)[i];          \
      return event;                                                            \
   }                                                                           \
   BUILTIN void prefetch(const global type *p, size_t n)                       \
   {                                                                           \
   }

/* Vectors of three are copied as those of four. */
#define ASYNC_ALL(type)                                                        \
   ASYNC(type, type)                                                           \
   ASYNC(type##2, type##2)                                                     \
   ASYNC(type##3, type##4)                                                     \
   ASYNC(type##4, type##4)                                                     \
   ASYNC(type##8, type##8)                                                     \
   ASYNC(type##16, type##16)

ASYNC_ALL(char)
ASYNC_ALL(uchar)
ASYNC_ALL(short)
ASYNC_ALL(ushort)
ASYNC_ALL(int)
ASYNC_ALL(uint)
ASYNC_ALL(long)
ASYNC_ALL(ulong)
ASYNC_ALL(half)
ASYNC_ALL(float)
ASYNC_ALL(double)

BUILTIN __attribute__((convergent)) void
wait_group_events(int n, event_t *events)
{
   __nvir_membar_cta();
   __nvir_barrier();
   __nvir_membar_cta();
}
