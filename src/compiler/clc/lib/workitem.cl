/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Work-item functions (OpenCL C 6.15.1). A launch may be a part of the range:
 * the group base is added to CTAID, and in the last, smaller group of a
 * non-uniform range the local size differs from the enqueued one. */
#include "clc_lib.h"

HELPER uint
local_id(uint dim)
{
   return dim == 0   ? __nvir_tid_x()
          : dim == 1 ? __nvir_tid_y()
          : dim == 2 ? __nvir_tid_z()
                     : 0;
}

HELPER uint
group_id(uint dim)
{
   return dim == 0   ? __nvir_ctaid_x() + C0_U32(NVIR_C0_GROUP_BASE)
          : dim == 1 ? __nvir_ctaid_y() + C0_U32(NVIR_C0_GROUP_BASE + 4)
          : dim == 2 ? __nvir_ctaid_z() + C0_U32(NVIR_C0_GROUP_BASE + 8)
                     : 0;
}

/* The u32 of dimension `dim` of a vector in bank 0, `beyond` for dim > 2. */
HELPER uint
c0_dim32(uint offset_B, uint dim, uint beyond)
{
   return dim == 0   ? C0_U32(offset_B)
          : dim == 1 ? C0_U32(offset_B + 4)
          : dim == 2 ? C0_U32(offset_B + 8)
                     : beyond;
}

HELPER ulong
c0_dim64(uint offset_B, uint dim, ulong beyond)
{
   return dim == 0   ? C0_U64(offset_B)
          : dim == 1 ? C0_U64(offset_B + 8)
          : dim == 2 ? C0_U64(offset_B + 16)
                     : beyond;
}

/* The id within the launch. A work-group has at most 1024 work-items in a
 * dimension; saying so saves a third of the product. */
HELPER uint
launch_id(uint dim)
{
   uint size = c0_dim32(NVIR_C0_LOCAL_SIZE_ENQUEUED, dim, 1) & 0xffff;
   uint group = dim == 0   ? __nvir_ctaid_x()
                : dim == 1 ? __nvir_ctaid_y()
                : dim == 2 ? __nvir_ctaid_z()
                           : 0;
   return group * size + local_id(dim);
}

BUILTIN uint
get_work_dim(void)
{
   return C0_U32(NVIR_C0_WORK_DIM);
}

BUILTIN size_t
get_global_size(uint dim)
{
   return c0_dim64(NVIR_C0_GLOBAL_SIZE, dim, 1);
}

BUILTIN size_t
get_global_offset(uint dim)
{
   return c0_dim64(NVIR_C0_GLOBAL_OFFSET, dim, 0);
}

BUILTIN size_t
get_global_id(uint dim)
{
   return launch_id(dim) + c0_dim64(NVIR_C0_ID_ORIGIN, dim, 0);
}

BUILTIN size_t
get_local_size(uint dim)
{
   return c0_dim32(NVIR_C0_LOCAL_SIZE, dim, 1);
}

BUILTIN size_t
get_enqueued_local_size(uint dim)
{
   return c0_dim32(NVIR_C0_LOCAL_SIZE_ENQUEUED, dim, 1);
}

BUILTIN size_t
get_local_id(uint dim)
{
   return local_id(dim);
}

BUILTIN size_t
get_num_groups(uint dim)
{
   return c0_dim32(NVIR_C0_NUM_GROUPS, dim, 1);
}

BUILTIN size_t
get_group_id(uint dim)
{
   return group_id(dim);
}

BUILTIN size_t
get_global_linear_id(void)
{
   ulong size_x = C0_U64(NVIR_C0_GLOBAL_SIZE);
   ulong size_y = C0_U64(NVIR_C0_GLOBAL_SIZE + 8);
   ulong x = get_global_id(0) - get_global_offset(0);
   ulong y = get_global_id(1) - get_global_offset(1);
   ulong z = get_global_id(2) - get_global_offset(2);
   return (z * size_y + y) * size_x + x;
}

BUILTIN size_t
get_local_linear_id(void)
{
   uint size_x = C0_U32(NVIR_C0_LOCAL_SIZE);
   uint size_y = C0_U32(NVIR_C0_LOCAL_SIZE + 4);
   return (__nvir_tid_z() * size_y + __nvir_tid_y()) * size_x + __nvir_tid_x();
}
