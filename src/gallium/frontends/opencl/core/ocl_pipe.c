/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A pipe is a buffer laid out as clc_pipe.h says, empty at first. */
#include "ocl_device.h"
#include "ocl_mem.h"

#include <stdlib.h>

#include "compiler/clc/clc_pipe.h"

struct ocl_mem *
ocl_pipe_create(struct ocl_context *ctx, cl_uint packet_B, cl_uint max_packets,
                cl_int *err_out)
{
   const cl_mem_flags flags = CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS;
   uint64_t slots = util_next_pow2(max_packets);
   uint64_t marks_B = CLC_PIPE_WRITTEN_B + 2 * slots * sizeof(uint32_t);
   uint64_t size_B = util_align(marks_B, CLC_PIPE_ALIGN_B) + slots * packet_B;
   struct clc_pipe *first = calloc(1, size_B);

   *err_out = CL_OUT_OF_HOST_MEMORY;
   if (!first)
      return NULL;
   first->mask = slots - 1;
   first->capacity = max_packets;
   struct ocl_mem *mem = ocl_mem_create(ctx, flags | CL_MEM_COPY_HOST_PTR,
                                        size_B, first, NULL, 0, err_out);
   free(first);
   if (!mem)
      return NULL;
   mem->flags = flags;
   mem->packet_B = packet_B;
   mem->max_packets = max_packets;
   return mem;
}
