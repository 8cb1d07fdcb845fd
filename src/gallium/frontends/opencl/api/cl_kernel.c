/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

#include <string.h>

/* ---- making ---- */

CL_API_ENTRY cl_kernel CL_API_CALL
clCreateKernel(cl_program program, const char *kernel_name, cl_int *errcode_ret)
{
   struct ocl_program *prog = ocl_program_check(program);

   if (!prog)
      return cl_fail(errcode_ret, CL_INVALID_PROGRAM);
   if (!kernel_name)
      return cl_fail(errcode_ret, CL_INVALID_VALUE);
   struct ocl_build *build = ocl_program_executable(prog);
   if (!build)
      return cl_fail(errcode_ret, CL_INVALID_PROGRAM_EXECUTABLE);
   const struct clc_kernel *info = ocl_build_find(build, kernel_name);
   struct ocl_kernel *kernel =
      info ? ocl_kernel_create(prog, build, info) : NULL;
   ocl_build_put(build);
   if (!kernel)
      return cl_fail(errcode_ret,
                     info ? CL_OUT_OF_HOST_MEMORY : CL_INVALID_KERNEL_NAME);
   return cl_ok(errcode_ret, kernel);
}

static cl_int
create_all(struct ocl_program *prog, struct ocl_build *build,
           cl_kernel *kernels)
{
   for (unsigned i = 0; i < build->info.num_kernels; i++) {
      kernels[i] =
         (cl_kernel)ocl_kernel_create(prog, build, &build->info.kernels[i]);
      if (kernels[i])
         continue;
      while (i--)
         ocl_kernel_put((struct ocl_kernel *)kernels[i]);
      return CL_OUT_OF_HOST_MEMORY;
   }
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clCreateKernelsInProgram(cl_program program, cl_uint num_kernels,
                         cl_kernel *kernels, cl_uint *num_kernels_ret)
{
   struct ocl_program *prog = ocl_program_check(program);
   cl_int err = CL_SUCCESS;

   CL_CHECK(prog, CL_INVALID_PROGRAM);
   struct ocl_build *build = ocl_program_executable(prog);
   CL_CHECK(build, CL_INVALID_PROGRAM_EXECUTABLE);
   cl_uint n = build->info.num_kernels;
   if (kernels)
      err =
         num_kernels < n ? CL_INVALID_VALUE : create_all(prog, build, kernels);
   if (!err && num_kernels_ret)
      *num_kernels_ret = n;
   ocl_build_put(build);
   return err;
}

CL_API_ENTRY cl_kernel CL_API_CALL
clCloneKernel(cl_kernel source_kernel, cl_int *errcode_ret)
{
   struct ocl_kernel *kernel = ocl_kernel_check(source_kernel);

   if (!kernel)
      return cl_fail(errcode_ret, CL_INVALID_KERNEL);
   struct ocl_kernel *clone = ocl_kernel_clone(kernel);
   if (!clone)
      return cl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
   return cl_ok(errcode_ret, clone);
}

CL_API_ENTRY cl_int CL_API_CALL
clRetainKernel(cl_kernel kernel)
{
   struct ocl_kernel *k = ocl_kernel_check(kernel);

   CL_CHECK(k, CL_INVALID_KERNEL);
   ocl_object_api_retain(&k->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseKernel(cl_kernel kernel)
{
   struct ocl_kernel *k = ocl_kernel_check(kernel);

   CL_CHECK(k, CL_INVALID_KERNEL);
   ocl_object_api_release(&k->obj);
   return CL_SUCCESS;
}

/* ---- arguments ---- */

static cl_int
set_buffer(struct ocl_kernel *k, cl_uint i, size_t size, const void *value)
{
   cl_mem handle = NULL;

   CL_CHECK(size == sizeof(cl_mem), CL_INVALID_ARG_SIZE);
   if (value)
      memcpy(&handle, value, sizeof(handle));
   struct ocl_mem *mem = ocl_mem_check(handle);
   CL_CHECK(
      !handle || (mem && !ocl_mem_is_pipe(mem) && mem->ctx == k->program->ctx),
      CL_INVALID_MEM_OBJECT);
   ocl_kernel_set_mem(k, i, mem);
   return CL_SUCCESS;
}

static cl_int
set_pipe(struct ocl_kernel *k, cl_uint i, size_t size, const void *value)
{
   cl_mem handle;

   CL_CHECK(value, CL_INVALID_ARG_VALUE);
   CL_CHECK(size == sizeof(cl_mem), CL_INVALID_ARG_SIZE);
   memcpy(&handle, value, sizeof(handle));
   struct ocl_mem *mem = ocl_mem_check(handle);
   CL_CHECK(mem && ocl_mem_is_pipe(mem) && mem->ctx == k->program->ctx,
            CL_INVALID_MEM_OBJECT);
   ocl_kernel_set_mem(k, i, mem);
   return CL_SUCCESS;
}

static cl_int
set_local(struct ocl_kernel *k, cl_uint i, size_t size, const void *value)
{
   CL_CHECK(!value, CL_INVALID_ARG_VALUE);
   CL_CHECK(size, CL_INVALID_ARG_SIZE);
   CL_CHECK(
      size <= ocl_device_caps(k->build->dev)->shared_mem_B - OCL_LOCAL_NULL_B,
      CL_MAX_SIZE_RESTRICTION_EXCEEDED);
   ocl_kernel_set_local(k, i, size);
   return CL_SUCCESS;
}

static cl_int
set_value(struct ocl_kernel *k, cl_uint i, size_t size, const void *value)
{
   CL_CHECK(value, CL_INVALID_ARG_VALUE);
   CL_CHECK(size == k->info->args[i].size_B, CL_INVALID_ARG_SIZE);
   ocl_kernel_set_value(k, i, value);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetKernelArg(cl_kernel kernel, cl_uint arg_index, size_t arg_size,
               const void *arg_value)
{
   struct ocl_kernel *k = ocl_kernel_check(kernel);

   CL_CHECK(k, CL_INVALID_KERNEL);
   CL_CHECK(arg_index < k->info->num_args, CL_INVALID_ARG_INDEX);
   switch (k->info->args[arg_index].kind) {
   case CLC_ARG_VALUE:
      return set_value(k, arg_index, arg_size, arg_value);
   case CLC_ARG_LOCAL:
      return set_local(k, arg_index, arg_size, arg_value);
   case CLC_ARG_GLOBAL:
   case CLC_ARG_CONSTANT:
      return set_buffer(k, arg_index, arg_size, arg_value);
   /* None of these can exist. */
   case CLC_ARG_SAMPLER:
      return arg_size == sizeof(cl_sampler) ? CL_INVALID_SAMPLER
                                            : CL_INVALID_ARG_SIZE;
   case CLC_ARG_IMAGE:
      return arg_size == sizeof(cl_mem) ? CL_INVALID_MEM_OBJECT
                                        : CL_INVALID_ARG_SIZE;
   case CLC_ARG_PIPE:
      return set_pipe(k, arg_index, arg_size, arg_value);
   }
   return CL_INVALID_ARG_VALUE;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetKernelArgSVMPointer(cl_kernel kernel, cl_uint arg_index,
                         const void *arg_value)
{
   struct ocl_kernel *k = ocl_kernel_check(kernel);

   CL_CHECK(k, CL_INVALID_KERNEL);
   CL_CHECK(k->program->ctx->svm.caps, CL_INVALID_OPERATION);
   CL_CHECK(arg_index < k->info->num_args, CL_INVALID_ARG_INDEX);
   enum clc_arg_kind kind = k->info->args[arg_index].kind;
   CL_CHECK(kind == CLC_ARG_GLOBAL || kind == CLC_ARG_CONSTANT,
            CL_INVALID_ARG_VALUE);
   ocl_kernel_set_svm(k, arg_index, arg_value);
   return CL_SUCCESS;
}

static cl_int
set_svm_ptrs(struct ocl_kernel *k, size_t size, const void *value)
{
   CL_CHECK(k->program->ctx->svm.caps, CL_INVALID_OPERATION);
   CL_CHECK(size % sizeof(void *) == 0 && (value || !size), CL_INVALID_VALUE);
   return ocl_kernel_set_svm_ptrs(k, value, size / sizeof(void *));
}

static cl_int
set_fine_grain_system(struct ocl_kernel *k, size_t size, const void *value)
{
   cl_bool on;

   CL_CHECK(value && size == sizeof(cl_bool), CL_INVALID_VALUE);
   memcpy(&on, value, sizeof(on));
   CL_CHECK(
      !on || (k->program->ctx->svm.caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM),
      CL_INVALID_OPERATION);
   k->args.fine_grain_system = on;
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetKernelExecInfo(cl_kernel kernel, cl_kernel_exec_info param_name,
                    size_t param_value_size, const void *param_value)
{
   struct ocl_kernel *k = ocl_kernel_check(kernel);

   CL_CHECK(k, CL_INVALID_KERNEL);
   switch (param_name) {
   case CL_KERNEL_EXEC_INFO_SVM_PTRS:
      return set_svm_ptrs(k, param_value_size, param_value);
   case CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM:
      return set_fine_grain_system(k, param_value_size, param_value);
   default:
      return CL_INVALID_VALUE;
   }
}
