/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Questions about generic pointers (OpenCL C 6.15.10): shared and local memory
 * are windows in the flat address space, all else is global. clang calls
 * to_global() and the others by these names. */
#include "clc_lib.h"

HELPER bool
in_window(const void *p, ulong window)
{
   return (ulong)p - window < NVIR_WINDOW_SIZE;
}

HELPER bool
is_local(const void *p)
{
   return in_window(p, NVIR_SHARED_WINDOW);
}

HELPER bool
is_private(const void *p)
{
   return in_window(p, NVIR_LOCAL_WINDOW);
}

__attribute__((always_inline)) global void *
__to_global(void *p)
{
   return is_local(p) || is_private(p) ? 0 : (global void *)p;
}

__attribute__((always_inline)) local void *
__to_local(void *p)
{
   return is_local(p) ? (local void *)p : 0;
}

__attribute__((always_inline)) private void *
__to_private(void *p)
{
   return is_private(p) ? (private void *)p : 0;
}

BUILTIN cl_mem_fence_flags
get_fence(const void *p)
{
   return is_local(p) ? CLK_LOCAL_MEM_FENCE : CLK_GLOBAL_MEM_FENCE;
}

BUILTIN cl_mem_fence_flags
get_fence(void *p)
{
   return is_local(p) ? CLK_LOCAL_MEM_FENCE : CLK_GLOBAL_MEM_FENCE;
}
