/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Sub-group and work-group functions (OpenCL C 6.15.16, 6.15.19). A sub-group is a
 * warp: 32 consecutive local linear ids, fewer in the last one. */
#include "clc_lib.h"

#define WARP 32u

EXTERNAL size_t get_local_linear_id(void);
EXTERNAL void work_group_barrier(cl_mem_fence_flags);

/* One 64-bit word per warp (gen_primitives.py). */
local ulong *__partage_scratch(void);

HELPER uint
linear_id(void)
{
   return (uint)get_local_linear_id();
}

HELPER uint
group_size(void)
{
   return C0_U32(NVIR_C0_LOCAL_SIZE) * C0_U32(NVIR_C0_LOCAL_SIZE + 4) *
          C0_U32(NVIR_C0_LOCAL_SIZE + 8);
}

HELPER uint
enqueued_group_size(void)
{
   return C0_U32(NVIR_C0_LOCAL_SIZE_ENQUEUED) *
          C0_U32(NVIR_C0_LOCAL_SIZE_ENQUEUED + 4) *
          C0_U32(NVIR_C0_LOCAL_SIZE_ENQUEUED + 8);
}

/* ---- queries ---- */

BUILTIN uint
get_sub_group_size(void)
{
   uint left = group_size() - linear_id() / WARP * WARP;
   return left < WARP ? left : WARP;
}

BUILTIN uint
get_max_sub_group_size(void)
{
   return WARP;
}

BUILTIN uint
get_num_sub_groups(void)
{
   return (group_size() + WARP - 1) / WARP;
}

BUILTIN uint
get_enqueued_num_sub_groups(void)
{
   return (enqueued_group_size() + WARP - 1) / WARP;
}

BUILTIN uint
get_sub_group_id(void)
{
   return linear_id() / WARP;
}

BUILTIN uint
get_sub_group_local_id(void)
{
   return __nvir_laneid();
}

/* ---- votes ---- */

BUILTIN int
sub_group_any(int x)
{
   return __nvir_vote_ballot(x != 0) != 0;
}

BUILTIN int
sub_group_all(int x)
{
   return __nvir_vote_ballot(x == 0) == 0;
}

/* ---- shuffles by type ---- */

#define SHUFFLE(name, c)                                                       \
   HELPER uint name##_u32(uint v, uint lane)                                   \
   {                                                                           \
      return __nvir_##name(v, lane, c);                                        \
   }                                                                           \
   HELPER ulong name##_u64(ulong v, uint lane)                                 \
   {                                                                           \
      uint low = __nvir_##name((uint)v, lane, c);                              \
      uint high = __nvir_##name((uint)(v >> 32), lane, c);                     \
      return (ulong)high << 32 | low;                                          \
   }

SHUFFLE(shfl_idx, 0x1f)
SHUFFLE(shfl_up, 0)
SHUFFLE(shfl_down, 0x1f)

/* ---- operations ---- */

#define OP_add(a, b) ((a) + (b))
#define OP_min(a, b) ((b) < (a) ? (b) : (a))
#define OP_max(a, b) ((b) > (a) ? (b) : (a))

#define AS(v, type) __builtin_astype(v, type)

/* Both go through the lanes in steps of 1, 2, 4, 8, 16; lanes beyond a last,
 * smaller sub-group are never read. `identity` is what a scan starts with. */
#define SUB_GROUP_OP(op, type, word, bits, identity)                           \
   BUILTIN type sub_group_reduce_##op(type x)                                  \
   {                                                                           \
      uint lane = __nvir_laneid(), size = get_sub_group_size();                \
      for (uint step = 1; step < WARP; step *= 2) {                            \
         type other = AS(shfl_down_u##bits(AS(x, word), step), type);          \
         if (lane + step < size)                                               \
            x = OP_##op(x, other);                                             \
      }                                                                        \
      return AS(shfl_idx_u##bits(AS(x, word), 0), type);                       \
   }                                                                           \
   BUILTIN type sub_group_scan_inclusive_##op(type x)                          \
   {                                                                           \
      uint lane = __nvir_laneid();                                             \
      for (uint step = 1; step < WARP; step *= 2) {                            \
         type other = AS(shfl_up_u##bits(AS(x, word), step), type);            \
         if (lane >= step)                                                     \
            x = OP_##op(other, x);                                             \
      }                                                                        \
      return x;                                                                \
   }                                                                           \
   BUILTIN type sub_group_scan_exclusive_##op(type x)                          \
   {                                                                           \
      type all = sub_group_scan_inclusive_##op(x);                             \
      type before = AS(shfl_up_u##bits(AS(all, word), 1), type);               \
      return __nvir_laneid() == 0 ? (type)(identity) : before;                 \
   }

/* Each warp's result goes through local memory; the second barrier keeps the next
 * call from overwriting it too early. */
#define WORK_GROUP_OP(op, type, word, bits, identity)                          \
   BUILTIN type work_group_reduce_##op(type x)                                 \
   {                                                                           \
      local type *scratch = (local type *)__partage_scratch();                 \
      type result = sub_group_reduce_##op(x);                                  \
      scratch[get_sub_group_id()] = result;                                    \
      __nvir_barrier();                                                        \
      result = scratch[0];                                                     \
      for (uint i = 1; i < get_num_sub_groups(); i++)                          \
         result = OP_##op(result, scratch[i]);                                 \
      __nvir_barrier();                                                        \
      return result;                                                           \
   }                                                                           \
   HELPER type before_##op##_##type(type total)                                \
   {                                                                           \
      local type *scratch = (local type *)__partage_scratch();                 \
      if (__nvir_laneid() + 1 == get_sub_group_size())                         \
         scratch[get_sub_group_id()] = total;                                  \
      __nvir_barrier();                                                        \
      type before = identity;                                                  \
      for (uint i = 0; i < get_sub_group_id(); i++)                            \
         before = OP_##op(before, scratch[i]);                                 \
      __nvir_barrier();                                                        \
      return before;                                                           \
   }                                                                           \
   BUILTIN type work_group_scan_inclusive_##op(type x)                         \
   {                                                                           \
      type own = sub_group_scan_inclusive_##op(x);                             \
      type before = before_##op##_##type(own);                                 \
      return OP_##op(before, own);                                             \
   }                                                                           \
   BUILTIN type work_group_scan_exclusive_##op(type x)                         \
   {                                                                           \
      type all = sub_group_scan_inclusive_##op(x);                             \
      type own = AS(shfl_up_u##bits(AS(all, word), 1), type);                  \
      type before = before_##op##_##type(all);                                 \
      return __nvir_laneid() == 0 ? before : OP_##op(before, own);             \
   }

#define BROADCAST(type, word, bits)                                            \
   BUILTIN type sub_group_broadcast(type x, uint lane)                         \
   {                                                                           \
      return AS(shfl_idx_u##bits(AS(x, word), lane), type);                    \
   }                                                                           \
   HELPER type broadcast_##type(type x, bool mine)                             \
   {                                                                           \
      local type *scratch = (local type *)__partage_scratch();                 \
      if (mine)                                                                \
         scratch[0] = x;                                                       \
      __nvir_barrier();                                                        \
      type result = scratch[0];                                                \
      __nvir_barrier();                                                        \
      return result;                                                           \
   }                                                                           \
   BUILTIN type work_group_broadcast(type x, size_t i)                         \
   {                                                                           \
      return broadcast_##type(x, __nvir_tid_x() == i);                         \
   }                                                                           \
   BUILTIN type work_group_broadcast(type x, size_t i, size_t j)               \
   {                                                                           \
      return broadcast_##type(x, __nvir_tid_x() == i && __nvir_tid_y() == j);  \
   }                                                                           \
   BUILTIN type work_group_broadcast(type x, size_t i, size_t j, size_t k)     \
   {                                                                           \
      return broadcast_##type(x, __nvir_tid_x() == i && __nvir_tid_y() == j && \
                                    __nvir_tid_z() == k);                      \
   }

#define TYPE(type, word, bits, lowest, highest)                                \
   BROADCAST(type, word, bits)                                                 \
   SUB_GROUP_OP(add, type, word, bits, 0)                                      \
   SUB_GROUP_OP(min, type, word, bits, highest)                                \
   SUB_GROUP_OP(max, type, word, bits, lowest)                                 \
   WORK_GROUP_OP(add, type, word, bits, 0)                                     \
   WORK_GROUP_OP(min, type, word, bits, highest)                               \
   WORK_GROUP_OP(max, type, word, bits, lowest)

TYPE(int, uint, 32, INT_MIN, INT_MAX)
TYPE(uint, uint, 32, 0, UINT_MAX)
TYPE(float, uint, 32, -INFINITY, INFINITY)
TYPE(long, ulong, 64, LONG_MIN, LONG_MAX)
TYPE(ulong, ulong, 64, 0, ULONG_MAX)
TYPE(double, ulong, 64, -INFINITY, INFINITY)

BUILTIN int
work_group_any(int x)
{
   return work_group_reduce_max((uint)(x != 0)) != 0;
}

BUILTIN int
work_group_all(int x)
{
   return work_group_reduce_min((uint)(x != 0)) != 0;
}
