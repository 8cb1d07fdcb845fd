/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

static cl_int
check_properties(const cl_context_properties *props)
{
   bool platform = false, sync = false;

   for (; props && props[0]; props += 2) {
      switch (props[0]) {
      case CL_CONTEXT_PLATFORM:
         CL_CHECK(!platform, CL_INVALID_PROPERTY);
         CL_CHECK(ocl_platform_check((cl_platform_id)props[1]),
                  CL_INVALID_PLATFORM);
         platform = true;
         break;
      case CL_CONTEXT_INTEROP_USER_SYNC:
         CL_CHECK(!sync && (props[1] == CL_TRUE || props[1] == CL_FALSE),
                  CL_INVALID_PROPERTY);
         sync = true;
         break;
      default:
         return CL_INVALID_PROPERTY;
      }
   }
   return CL_SUCCESS;
}

/* A device may be named twice; it is one all the same. */
static unsigned
unique_devices(struct ocl_device **out, cl_uint n, const cl_device_id *devices)
{
   unsigned count = 0;

   for (cl_uint i = 0; i < n; i++) {
      struct ocl_device *dev = (struct ocl_device *)devices[i];
      bool seen = false;
      for (unsigned k = 0; k < count; k++)
         seen |= out[k] == dev;
      if (!seen)
         out[count++] = dev;
   }
   return count;
}

CL_API_ENTRY cl_context CL_API_CALL
clCreateContext(const cl_context_properties *properties, cl_uint num_devices,
                const cl_device_id *devices,
                void(CL_CALLBACK *pfn_notify)(const char *, const void *,
                                              size_t, void *),
                void *user_data, cl_int *errcode_ret)
{
   struct ocl_device *list[OCL_MAX_DEVICES];
   cl_int err = check_properties(properties);

   if (err)
      return cl_fail(errcode_ret, err);
   if (!devices || !num_devices || (!pfn_notify && user_data))
      return cl_fail(errcode_ret, CL_INVALID_VALUE);
   for (cl_uint i = 0; i < num_devices; i++)
      if (!ocl_device_check(devices[i]))
         return cl_fail(errcode_ret, CL_INVALID_DEVICE);
   unsigned n = unique_devices(list, num_devices, devices);
   struct ocl_context *ctx =
      ocl_context_create(properties, list, n, pfn_notify, user_data);
   if (!ctx)
      return cl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
   return cl_ok(errcode_ret, ctx);
}

CL_API_ENTRY cl_context CL_API_CALL
clCreateContextFromType(
   const cl_context_properties *properties, cl_device_type device_type,
   void(CL_CALLBACK *pfn_notify)(const char *, const void *, size_t, void *),
   void *user_data, cl_int *errcode_ret)
{
   cl_device_id devices[OCL_MAX_DEVICES];
   cl_uint n = 0;
   cl_int err = check_properties(properties);

   if (err)
      return cl_fail(errcode_ret, err);
   if (!pfn_notify && user_data)
      return cl_fail(errcode_ret, CL_INVALID_VALUE);
   err = clGetDeviceIDs(NULL, device_type, OCL_MAX_DEVICES, devices, &n);
   if (err)
      return cl_fail(errcode_ret, err);
   return clCreateContext(properties, n, devices, pfn_notify, user_data,
                          errcode_ret);
}

CL_API_ENTRY cl_int CL_API_CALL
clRetainContext(cl_context context)
{
   struct ocl_context *ctx = ocl_context_check(context);

   CL_CHECK(ctx, CL_INVALID_CONTEXT);
   ocl_object_api_retain(&ctx->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseContext(cl_context context)
{
   struct ocl_context *ctx = ocl_context_check(context);

   CL_CHECK(ctx, CL_INVALID_CONTEXT);
   ocl_object_api_release(&ctx->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetContextInfo(cl_context context, cl_context_info param_name,
                 size_t param_value_size, void *param_value,
                 size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_context *ctx = ocl_context_check(context);

   CL_CHECK(ctx, CL_INVALID_CONTEXT);
   switch (param_name) {
   case CL_CONTEXT_REFERENCE_COUNT:
      CL_RETURN(&out, cl_uint, ctx->obj.api_refs);
   case CL_CONTEXT_NUM_DEVICES:
      CL_RETURN(&out, cl_uint, ctx->num_devices);
   case CL_CONTEXT_DEVICES:
      return cl_return(&out, ctx->devices,
                       ctx->num_devices * sizeof(cl_device_id));
   case CL_CONTEXT_PROPERTIES:
      return cl_return(&out, ctx->props,
                       ctx->num_props * sizeof(ctx->props[0]));
   default:
      return CL_INVALID_VALUE;
   }
}

CL_API_ENTRY cl_int CL_API_CALL
clSetContextDestructorCallback(cl_context context,
                               void(CL_CALLBACK *pfn_notify)(cl_context,
                                                             void *),
                               void *user_data)
{
   struct ocl_context *ctx = ocl_context_check(context);

   CL_CHECK(ctx, CL_INVALID_CONTEXT);
   CL_CHECK(pfn_notify, CL_INVALID_VALUE);
   return ocl_context_add_destructor(ctx, pfn_notify, user_data);
}
