/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Barriers and fences (OpenCL C 6.15.8, 6.15.12.5). Shared memory is ordered by
 * the barrier itself; other memory needs a MEMBAR (isa.md §3.6). */
#include "clc_lib.h"
#include "fence.h"

HELPER void
barrier_with(cl_mem_fence_flags flags, memory_scope scope)
{
   if (flags & ~CLK_LOCAL_MEM_FENCE)
      clc_membar(scope);
   __nvir_barrier();
   /* Consumers fence too, so that stale lines are not read. */
   if (flags & ~CLK_LOCAL_MEM_FENCE)
      clc_membar(scope);
}

BUILTIN __attribute__((convergent)) void
barrier(cl_mem_fence_flags flags)
{
   barrier_with(flags, memory_scope_work_group);
}

BUILTIN __attribute__((convergent)) void
work_group_barrier(cl_mem_fence_flags flags)
{
   barrier_with(flags, memory_scope_work_group);
}

BUILTIN __attribute__((convergent)) void
work_group_barrier(cl_mem_fence_flags flags, memory_scope scope)
{
   barrier_with(flags, scope);
}

/* A warp runs in lockstep, only the order of memory is left to do. */
BUILTIN __attribute__((convergent)) void
sub_group_barrier(cl_mem_fence_flags flags)
{
   clc_membar(memory_scope_work_group);
}

BUILTIN __attribute__((convergent)) void
sub_group_barrier(cl_mem_fence_flags flags, memory_scope scope)
{
   clc_membar(scope);
}

BUILTIN void
mem_fence(cl_mem_fence_flags flags)
{
   clc_membar(memory_scope_work_group);
}

BUILTIN void
read_mem_fence(cl_mem_fence_flags flags)
{
   clc_membar(memory_scope_work_group);
}

BUILTIN void
write_mem_fence(cl_mem_fence_flags flags)
{
   clc_membar(memory_scope_work_group);
}

BUILTIN void
atomic_work_item_fence(cl_mem_fence_flags flags, memory_order order,
                       memory_scope scope)
{
   if (order != memory_order_relaxed)
      clc_membar(scope);
}
