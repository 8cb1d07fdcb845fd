/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

#include <string.h>

#define ACCESS_FLAGS (CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY)
#define HOST_PTR_FLAGS                                                         \
   (CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR)
#define HOST_ACCESS_FLAGS                                                      \
   (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)

static bool
one_at_most(cl_mem_flags flags)
{
   return (flags & (flags - 1)) == 0;
}

static cl_int
check_flags(cl_mem_flags flags)
{
   const cl_mem_flags known = ACCESS_FLAGS | HOST_PTR_FLAGS | HOST_ACCESS_FLAGS;

   CL_CHECK(!(flags & ~known), CL_INVALID_VALUE);
   CL_CHECK(one_at_most(flags & ACCESS_FLAGS), CL_INVALID_VALUE);
   CL_CHECK(one_at_most(flags & HOST_ACCESS_FLAGS), CL_INVALID_VALUE);
   CL_CHECK(!(flags & CL_MEM_USE_HOST_PTR) ||
               !(flags & (CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR)),
            CL_INVALID_VALUE);
   return CL_SUCCESS;
}

static bool
fits_a_device(const struct ocl_context *ctx, size_t size)
{
   for (unsigned i = 0; i < ctx->num_devices; i++)
      if (size <= ocl_device_caps(ctx->devices[i])->max_alloc_B)
         return true;
   return false;
}

/* A copy may not run past the end of an SVM allocation either (CTS
 * svm_allocate_shared_buffer_negative). */
static cl_int
check_svm_source(struct ocl_context *ctx, const void *host_ptr, size_t size)
{
   struct ocl_svm_alloc *svm = host_ptr ? ocl_svm_find(ctx, host_ptr) : NULL;
   bool fits = !svm || ocl_svm_contains(svm, host_ptr, size);

   ocl_svm_put(svm);
   return fits ? CL_SUCCESS : CL_INVALID_BUFFER_SIZE;
}

static cl_int
check_create(struct ocl_context *ctx, const cl_mem_properties *props,
             cl_mem_flags flags, size_t size, void *host_ptr)
{
   CL_CHECK(!props || !props[0], CL_INVALID_PROPERTY);
   cl_int err = check_flags(flags);
   CL_CHECK(!err, err);
   CL_CHECK(size && fits_a_device(ctx, size), CL_INVALID_BUFFER_SIZE);
   bool wants = flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR);
   CL_CHECK(wants == (host_ptr != NULL), CL_INVALID_HOST_PTR);
   return check_svm_source(ctx, host_ptr, size);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateBufferWithProperties(cl_context context,
                             const cl_mem_properties *properties,
                             cl_mem_flags flags, size_t size, void *host_ptr,
                             cl_int *errcode_ret)
{
   struct ocl_context *ctx = ocl_context_check(context);

   if (!ctx)
      return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
   cl_int err = check_create(ctx, properties, flags, size, host_ptr);
   if (err)
      return cl_fail(errcode_ret, err);
   if (!(flags & ACCESS_FLAGS))
      flags |= CL_MEM_READ_WRITE;
   struct ocl_mem *mem = ocl_mem_create(ctx, flags, size, host_ptr, properties,
                                        cl_count_properties(properties), &err);
   if (errcode_ret)
      *errcode_ret = err;
   return (cl_mem)mem;
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size,
               void *host_ptr, cl_int *errcode_ret)
{
   return clCreateBufferWithProperties(context, NULL, flags, size, host_ptr,
                                       errcode_ret);
}

/* ---- sub-buffers ---- */

/* Flags of its own may narrow what the parent allows, never widen it. */
static cl_int
check_sub_flags(const struct ocl_mem *parent, cl_mem_flags flags)
{
   cl_mem_flags p = parent->flags;

   CL_CHECK(!(flags & HOST_PTR_FLAGS), CL_INVALID_VALUE);
   cl_int err = check_flags(flags);
   CL_CHECK(!err, err);
   CL_CHECK(!(p & CL_MEM_WRITE_ONLY) ||
               !(flags & (CL_MEM_READ_WRITE | CL_MEM_READ_ONLY)),
            CL_INVALID_VALUE);
   CL_CHECK(!(p & CL_MEM_READ_ONLY) ||
               !(flags & (CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY)),
            CL_INVALID_VALUE);
   CL_CHECK(!(p & CL_MEM_HOST_WRITE_ONLY) || !(flags & CL_MEM_HOST_READ_ONLY),
            CL_INVALID_VALUE);
   CL_CHECK(!(p & CL_MEM_HOST_READ_ONLY) || !(flags & CL_MEM_HOST_WRITE_ONLY),
            CL_INVALID_VALUE);
   CL_CHECK(!(p & CL_MEM_HOST_NO_ACCESS) ||
               !(flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_WRITE_ONLY)),
            CL_INVALID_VALUE);
   return CL_SUCCESS;
}

static cl_mem_flags
inherit_flags(cl_mem_flags parent, cl_mem_flags flags)
{
   if (!(flags & ACCESS_FLAGS))
      flags |= parent & ACCESS_FLAGS;
   if (!(flags & HOST_ACCESS_FLAGS))
      flags |= parent & HOST_ACCESS_FLAGS;
   return flags | (parent & HOST_PTR_FLAGS);
}

static cl_int
check_region(const struct ocl_mem *parent, cl_buffer_create_type type,
             const cl_buffer_region *region)
{
   CL_CHECK(type == CL_BUFFER_CREATE_TYPE_REGION && region, CL_INVALID_VALUE);
   CL_CHECK(region->size, CL_INVALID_BUFFER_SIZE);
   CL_CHECK(region->origin <= parent->size_B &&
               region->size <= parent->size_B - region->origin,
            CL_INVALID_VALUE);
   CL_CHECK(region->origin % OCL_DEVICE_MEM_ALIGN_B == 0,
            CL_MISALIGNED_SUB_BUFFER_OFFSET);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateSubBuffer(cl_mem buffer, cl_mem_flags flags,
                  cl_buffer_create_type buffer_create_type,
                  const void *buffer_create_info, cl_int *errcode_ret)
{
   struct ocl_mem *parent = ocl_mem_check(buffer);

   if (!parent || parent->parent || ocl_mem_is_pipe(parent))
      return cl_fail(errcode_ret, CL_INVALID_MEM_OBJECT);
   cl_int err = check_sub_flags(parent, flags);
   if (!err)
      err = check_region(parent, buffer_create_type, buffer_create_info);
   if (err)
      return cl_fail(errcode_ret, err);
   const cl_buffer_region *region = buffer_create_info;
   struct ocl_mem *mem =
      ocl_mem_create_sub(parent, inherit_flags(parent->flags, flags),
                         region->origin, region->size);
   if (!mem)
      return cl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
   return cl_ok(errcode_ret, mem);
}

/* ---- life and information ---- */

CL_API_ENTRY cl_int CL_API_CALL
clRetainMemObject(cl_mem memobj)
{
   struct ocl_mem *mem = ocl_mem_check(memobj);

   CL_CHECK(mem, CL_INVALID_MEM_OBJECT);
   ocl_object_api_retain(&mem->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseMemObject(cl_mem memobj)
{
   struct ocl_mem *mem = ocl_mem_check(memobj);

   CL_CHECK(mem, CL_INVALID_MEM_OBJECT);
   ocl_object_api_release(&mem->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetMemObjectDestructorCallback(cl_mem memobj,
                                 void(CL_CALLBACK *pfn_notify)(cl_mem, void *),
                                 void *user_data)
{
   struct ocl_mem *mem = ocl_mem_check(memobj);

   CL_CHECK(mem, CL_INVALID_MEM_OBJECT);
   CL_CHECK(pfn_notify, CL_INVALID_VALUE);
   return ocl_mem_add_destructor(mem, pfn_notify, user_data);
}

CL_API_ENTRY cl_int CL_API_CALL
clGetMemObjectInfo(cl_mem memobj, cl_mem_info param_name,
                   size_t param_value_size, void *param_value,
                   size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_mem *mem = ocl_mem_check(memobj);

   CL_CHECK(mem, CL_INVALID_MEM_OBJECT);
   switch (param_name) {
   case CL_MEM_TYPE:
      CL_RETURN(
         &out, cl_mem_object_type,
         ocl_mem_is_pipe(mem) ? CL_MEM_OBJECT_PIPE : CL_MEM_OBJECT_BUFFER);
   case CL_MEM_FLAGS:
      CL_RETURN(&out, cl_mem_flags, mem->flags);
   case CL_MEM_SIZE:
      CL_RETURN(&out, size_t, mem->size_B);
   case CL_MEM_HOST_PTR:
      CL_RETURN(&out, void *, mem->host_ptr);
   case CL_MEM_MAP_COUNT:
      CL_RETURN(&out, cl_uint, ocl_mem_map_count(mem));
   case CL_MEM_REFERENCE_COUNT:
      CL_RETURN(&out, cl_uint, mem->obj.api_refs);
   case CL_MEM_CONTEXT:
      CL_RETURN(&out, cl_context, mem->ctx);
   case CL_MEM_ASSOCIATED_MEMOBJECT:
      CL_RETURN(&out, cl_mem, mem->parent);
   case CL_MEM_OFFSET:
      CL_RETURN(&out, size_t, mem->offset_B);
   case CL_MEM_USES_SVM_POINTER:
      CL_RETURN(&out, cl_bool, mem->uses_svm);
   case CL_MEM_PROPERTIES:
      return cl_return(&out, mem->props,
                       mem->num_props * sizeof(mem->props[0]));
   default:
      return CL_INVALID_VALUE;
   }
}
