/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

#include <string.h>

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelInfo(cl_kernel kernel, cl_kernel_info param_name,
                size_t param_value_size, void *param_value,
                size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_kernel *k = ocl_kernel_check(kernel);

   CL_CHECK(k, CL_INVALID_KERNEL);
   switch (param_name) {
   case CL_KERNEL_FUNCTION_NAME:
      return cl_return_string(&out, k->info->name);
   case CL_KERNEL_NUM_ARGS:
      CL_RETURN(&out, cl_uint, k->info->num_args);
   case CL_KERNEL_REFERENCE_COUNT:
      CL_RETURN(&out, cl_uint, k->obj.api_refs);
   case CL_KERNEL_CONTEXT:
      CL_RETURN(&out, cl_context, k->program->ctx);
   case CL_KERNEL_PROGRAM:
      CL_RETURN(&out, cl_program, k->program);
   case CL_KERNEL_ATTRIBUTES:
      return cl_return_string(&out, k->info->attributes);
   default:
      return CL_INVALID_VALUE;
   }
}

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelArgInfo(cl_kernel kernel, cl_uint arg_index,
                   cl_kernel_arg_info param_name, size_t param_value_size,
                   void *param_value, size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_kernel *k = ocl_kernel_check(kernel);

   CL_CHECK(k, CL_INVALID_KERNEL);
   CL_CHECK(arg_index < k->info->num_args, CL_INVALID_ARG_INDEX);
   const struct clc_arg *arg = &k->info->args[arg_index];
   CL_CHECK(arg->type_name, CL_KERNEL_ARG_INFO_NOT_AVAILABLE);
   switch (param_name) {
   case CL_KERNEL_ARG_ADDRESS_QUALIFIER:
      CL_RETURN(&out, cl_kernel_arg_address_qualifier, arg->addr_space);
   case CL_KERNEL_ARG_ACCESS_QUALIFIER:
      CL_RETURN(&out, cl_kernel_arg_access_qualifier, arg->access);
   case CL_KERNEL_ARG_TYPE_NAME:
      return cl_return_string(&out, arg->type_name);
   case CL_KERNEL_ARG_TYPE_QUALIFIER:
      CL_RETURN(&out, cl_kernel_arg_type_qualifier, arg->type_qual);
   case CL_KERNEL_ARG_NAME:
      CL_CHECK(arg->name, CL_KERNEL_ARG_INFO_NOT_AVAILABLE);
      return cl_return_string(&out, arg->name);
   default:
      return CL_INVALID_VALUE;
   }
}

/* The build for the device asked for; NULL stands for the only one. */
static cl_int
find_build(struct ocl_kernel *k, cl_device_id device,
           struct ocl_build **build_out)
{
   struct ocl_device *dev = device ? ocl_device_check(device) : k->build->dev;

   CL_CHECK(device || k->program->num_devs == 1, CL_INVALID_DEVICE);
   CL_CHECK(dev && ocl_program_find_device(k->program, dev), CL_INVALID_DEVICE);
   *build_out = ocl_program_device_executable(k->program, dev);
   return *build_out ? CL_SUCCESS : CL_INVALID_DEVICE;
}

struct work_group_info {
   struct ocl_kernel *kernel;
   const struct pipe_caps *caps;
   const struct pipe_compute_state_object_info *dev;
};

static uint64_t
local_memory(const struct work_group_info *w)
{
   return ocl_args_local_end(&w->kernel->args, w->kernel->info,
                             w->dev->static_local_memory_B);
}

static cl_int
return_work_group_info(const struct work_group_info *w,
                       cl_kernel_work_group_info param,
                       const struct cl_out *out)
{
   const uint32_t *reqd = w->kernel->info->reqd_wg_size;
   const size_t size[3] = {reqd[0], reqd[1], reqd[2]};

   switch (param) {
   case CL_KERNEL_WORK_GROUP_SIZE:
      CL_RETURN(out, size_t, w->dev->max_threads);
   case CL_KERNEL_COMPILE_WORK_GROUP_SIZE:
      return cl_return(out, size, sizeof(size));
   case CL_KERNEL_LOCAL_MEM_SIZE:
      CL_RETURN(out, cl_ulong, local_memory(w));
   case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
      CL_RETURN(out, size_t,
                w->dev->preferred_simd_size ? w->dev->preferred_simd_size
                                            : w->caps->subgroup_size);
   case CL_KERNEL_PRIVATE_MEM_SIZE:
      CL_RETURN(out, cl_ulong, w->dev->private_memory_B);
   default: /* CL_KERNEL_GLOBAL_WORK_SIZE: custom devices and built-in kernels
               only */
      return CL_INVALID_VALUE;
   }
}

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device,
                         cl_kernel_work_group_info param_name,
                         size_t param_value_size, void *param_value,
                         size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct work_group_info w = {.kernel = ocl_kernel_check(kernel)};
   struct ocl_build *build;

   CL_CHECK(w.kernel, CL_INVALID_KERNEL);
   cl_int err = find_build(w.kernel, device, &build);
   CL_CHECK(!err, err);
   const struct clc_kernel *info = ocl_build_find(build, w.kernel->info->name);
   const struct ocl_kernel_state *state =
      info ? ocl_build_state(build, info) : NULL;
   if (state) {
      w.dev = &state->info;
      w.caps = ocl_device_caps(build->dev);
      err = return_work_group_info(&w, param_name, &out);
   } else {
      err = CL_OUT_OF_RESOURCES;
   }
   ocl_build_put(build);
   return err;
}

/* ---- sub-groups ---- */

static cl_int
read_sizes(size_t input_size, const void *input, size_t *product_out)
{
   size_t dims[3] = {1, 1, 1};

   CL_CHECK(input && input_size && input_size % sizeof(size_t) == 0 &&
               input_size <= sizeof(dims),
            CL_INVALID_VALUE);
   memcpy(dims, input, input_size);
   *product_out = dims[0] * dims[1] * dims[2];
   return CL_SUCCESS;
}

/* A local size with that many sub-groups: a row of them; zeros if there can be
 * none. */
static cl_int
return_local_size(const struct cl_out *out, size_t count, size_t sub,
                  size_t max)
{
   size_t size[3] = {0, 0, 0};

   if (count && count * sub <= max) {
      size[0] = count * sub;
      size[1] = size[2] = 1;
   }
   CL_CHECK(!out->value ||
               (out->size % sizeof(size_t) == 0 && out->size <= sizeof(size)),
            CL_INVALID_VALUE);
   if (out->value)
      memcpy(out->value, size, out->size);
   if (out->size_ret)
      *out->size_ret = out->value ? out->size : sizeof(size);
   return CL_SUCCESS;
}

static cl_int
return_sub_group_info(const struct pipe_compute_state_object_info *dev,
                      size_t sub, cl_kernel_sub_group_info param,
                      size_t input_size, const void *input,
                      const struct cl_out *out)
{
   size_t n = 0;
   cl_int err = CL_SUCCESS;

   switch (param) {
   case CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE:
      err = read_sizes(input_size, input, &n);
      CL_CHECK(!err, err);
      CL_RETURN(out, size_t, MIN2(n, sub));
   case CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE:
      err = read_sizes(input_size, input, &n);
      CL_CHECK(!err, err);
      CL_RETURN(out, size_t, DIV_ROUND_UP(n, sub));
   case CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT:
      CL_CHECK(input && input_size == sizeof(size_t), CL_INVALID_VALUE);
      memcpy(&n, input, sizeof(n));
      return return_local_size(out, n, sub, dev->max_threads);
   case CL_KERNEL_MAX_NUM_SUB_GROUPS:
      CL_RETURN(out, size_t, dev->max_threads / sub);
   case CL_KERNEL_COMPILE_NUM_SUB_GROUPS:
      CL_RETURN(out, size_t, 0);
   default:
      return CL_INVALID_VALUE;
   }
}

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelSubGroupInfo(cl_kernel kernel, cl_device_id device,
                        cl_kernel_sub_group_info param_name,
                        size_t input_value_size, const void *input_value,
                        size_t param_value_size, void *param_value,
                        size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_kernel *k = ocl_kernel_check(kernel);

   struct ocl_build *build;

   CL_CHECK(k, CL_INVALID_KERNEL);
   cl_int err = find_build(k, device, &build);
   CL_CHECK(!err, err);
   const struct clc_kernel *info = ocl_build_find(build, k->info->name);
   const struct ocl_kernel_state *state =
      info ? ocl_build_state(build, info) : NULL;
   if (!ocl_device_has_c_feature(build->dev, "__opencl_c_subgroups"))
      err = CL_INVALID_OPERATION;
   else if (!state)
      err = CL_OUT_OF_RESOURCES;
   else
      err = return_sub_group_info(
         &state->info, ocl_device_caps(build->dev)->subgroup_size, param_name,
         input_value_size, input_value, &out);
   ocl_build_put(build);
   return err;
}

/* cl_khr_subgroups: the same under its older name. */
CL_API_ENTRY cl_int CL_API_CALL
clGetKernelSubGroupInfoKHR(cl_kernel in_kernel, cl_device_id in_device,
                           cl_kernel_sub_group_info param_name,
                           size_t input_value_size, const void *input_value,
                           size_t param_value_size, void *param_value,
                           size_t *param_value_size_ret)
{
   return clGetKernelSubGroupInfo(
      in_kernel, in_device, param_name, input_value_size, input_value,
      param_value_size, param_value, param_value_size_ret);
}
