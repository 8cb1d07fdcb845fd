/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Sub-group and work-group functions (OpenCL C 6.15.16, 6.15.19). A sub-group is a
 * warp: 32 consecutive local linear ids, fewer in the last one. */
#include "shuffle.h"

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

/* ---- operations ---- */

/* Both go through the lanes in steps of 1, 2, 4, 8, 16; lanes beyond a last,
 * smaller sub-group are never read. `identity` is what a scan starts with. */
#define SUB_GROUP_OP(op, type, identity)                                       \
   BUILTIN type sub_group_reduce_##op(type x)                                  \
   {                                                                           \
      uint lane = __nvir_laneid(), size = get_sub_group_size();                \
      for (uint step = 1; step < WARP; step *= 2) {                            \
         type other = down_##type(x, step);                                    \
         if (lane + step < size)                                               \
            x = OP_##op(x, other);                                             \
      }                                                                        \
      return idx_##type(x, 0);                                                 \
   }                                                                           \
   BUILTIN type sub_group_scan_inclusive_##op(type x)                          \
   {                                                                           \
      uint lane = __nvir_laneid();                                             \
      for (uint step = 1; step < WARP; step *= 2) {                            \
         type other = up_##type(x, step);                                      \
         if (lane >= step)                                                     \
            x = OP_##op(other, x);                                             \
      }                                                                        \
      return x;                                                                \
   }                                                                           \
   BUILTIN type sub_group_scan_exclusive_##op(type x)                          \
   {                                                                           \
      type all = sub_group_scan_inclusive_##op(x);                             \
      type before = up_##type(all, 1);                                         \
      return __nvir_laneid() == 0 ? (type)(identity) : before;                 \
   }

/* Each warp's result goes through local memory; the second barrier keeps the next
 * call from overwriting it too early. */
#define WORK_GROUP_OP(op, type, identity)                                      \
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
      type own = up_##type(all, 1);                                            \
      type before = before_##op##_##type(all);                                 \
      return __nvir_laneid() == 0 ? before : OP_##op(before, own);             \
   }

#define BROADCAST(type)                                                        \
   BUILTIN type sub_group_broadcast(type x, uint lane)                         \
   {                                                                           \
      return idx_##type(x, lane);                                              \
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

#define TYPE(type, lowest, highest)                                            \
   BROADCAST(type)                                                             \
   SUB_GROUP_OP(add, type, 0)                                                  \
   SUB_GROUP_OP(min, type, highest)                                            \
   SUB_GROUP_OP(max, type, lowest)                                             \
   WORK_GROUP_OP(add, type, 0)                                                 \
   WORK_GROUP_OP(min, type, highest)                                           \
   WORK_GROUP_OP(max, type, lowest)

/* cl_khr_subgroup_extended_types; broadcasts of these are in subgroup.cl. */
#define NARROW(type, lowest, highest)                                          \
   SUB_GROUP_OP(add, type, 0)                                                  \
   SUB_GROUP_OP(min, type, highest)                                            \
   SUB_GROUP_OP(max, type, lowest)

NARROW(char, CHAR_MIN, CHAR_MAX)
NARROW(uchar, 0, UCHAR_MAX)
NARROW(short, SHRT_MIN, SHRT_MAX)
NARROW(ushort, 0, USHRT_MAX)
TYPE(int, INT_MIN, INT_MAX)
TYPE(uint, 0, UINT_MAX)
TYPE(half, -INFINITY, INFINITY)
TYPE(float, -INFINITY, INFINITY)
TYPE(long, LONG_MIN, LONG_MAX)
TYPE(ulong, 0, ULONG_MAX)
TYPE(double, -INFINITY, INFINITY)

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
