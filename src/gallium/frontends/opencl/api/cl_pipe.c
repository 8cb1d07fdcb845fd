/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Pipes: memory that only kernels look into. */
#include "cl_priv.h"

static bool
any_device_has_pipes(const struct ocl_context *ctx)
{
   for (unsigned i = 0; i < ctx->num_devices; i++)
      if (ocl_device_has_c_feature(ctx->devices[i], "__opencl_c_pipes"))
         return true;
   return false;
}

static cl_int
check_create(struct ocl_context *ctx, cl_mem_flags flags, cl_uint packet_B,
             cl_uint max_packets, const cl_pipe_properties *props)
{
   CL_CHECK(any_device_has_pipes(ctx), CL_INVALID_OPERATION);
   CL_CHECK(!(flags & ~(CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS)),
            CL_INVALID_VALUE);
   CL_CHECK(!props || !props[0], CL_INVALID_VALUE);
   CL_CHECK(packet_B && packet_B <= OCL_PIPE_MAX_PACKET_B && max_packets &&
               max_packets <= OCL_PIPE_MAX_PACKETS,
            CL_INVALID_PIPE_SIZE);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreatePipe(cl_context context, cl_mem_flags flags, cl_uint pipe_packet_size,
             cl_uint pipe_max_packets, const cl_pipe_properties *properties,
             cl_int *errcode_ret)
{
   struct ocl_context *ctx = ocl_context_check(context);

   if (!ctx)
      return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
   cl_int err =
      check_create(ctx, flags, pipe_packet_size, pipe_max_packets, properties);
   if (err)
      return cl_fail(errcode_ret, err);
   struct ocl_mem *mem =
      ocl_pipe_create(ctx, pipe_packet_size, pipe_max_packets, &err);
   if (errcode_ret)
      *errcode_ret = err;
   return (cl_mem)mem;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetPipeInfo(cl_mem pipe, cl_pipe_info param_name, size_t param_value_size,
              void *param_value, size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_mem *mem = ocl_mem_check(pipe);

   CL_CHECK(mem && ocl_mem_is_pipe(mem), CL_INVALID_MEM_OBJECT);
   switch (param_name) {
   case CL_PIPE_PACKET_SIZE:
      CL_RETURN(&out, cl_uint, mem->packet_B);
   case CL_PIPE_MAX_PACKETS:
      CL_RETURN(&out, cl_uint, mem->max_packets);
   case CL_PIPE_PROPERTIES: /* none were given */
      return cl_return(&out, NULL, 0);
   default:
      return CL_INVALID_VALUE;
   }
}
