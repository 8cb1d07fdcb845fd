/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Entry points of extensions that no device has, but which the ICD table names.
 * A context is never one made for sharing, which is CL_INVALID_CONTEXT in all
 * of them. */
#include "cl_interop.h"

static cl_int
not_shared(cl_command_queue queue)
{
   CL_CHECK(ocl_queue_check(queue), CL_INVALID_COMMAND_QUEUE);
   return CL_INVALID_CONTEXT;
}

cl_mem CL_API_CALL
cl_no_gl_buffer(cl_context context, cl_mem_flags flags, cl_GLuint bufobj,
                cl_int *errcode_ret)
{
   return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
}

cl_mem CL_API_CALL
cl_no_gl_texture(cl_context context, cl_mem_flags flags, cl_GLenum target,
                 cl_GLint miplevel, cl_GLuint texture, cl_int *errcode_ret)
{
   return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
}

cl_int CL_API_CALL
cl_no_gl_object_info(cl_mem memobj, cl_gl_object_type *type, cl_GLuint *name)
{
   return ocl_mem_check(memobj) ? CL_INVALID_GL_OBJECT : CL_INVALID_MEM_OBJECT;
}

cl_int CL_API_CALL
cl_no_gl_texture_info(cl_mem memobj, cl_gl_texture_info param_name,
                      size_t param_value_size, void *param_value,
                      size_t *param_value_size_ret)
{
   return ocl_mem_check(memobj) ? CL_INVALID_GL_OBJECT : CL_INVALID_MEM_OBJECT;
}

cl_int CL_API_CALL
cl_no_shared_objects(cl_command_queue queue, cl_uint num_objects,
                     const cl_mem *objects, cl_uint n, const cl_event *list,
                     cl_event *event)
{
   return not_shared(queue);
}

cl_int CL_API_CALL
cl_no_gl_context_info(const cl_context_properties *properties,
                      cl_gl_context_info param_name, size_t param_value_size,
                      void *param_value, size_t *param_value_size_ret)
{
   return CL_INVALID_OPERATION;
}

cl_event CL_API_CALL
cl_no_gl_event(cl_context context, cl_GLsync sync, cl_int *errcode_ret)
{
   return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
}

cl_mem CL_API_CALL
cl_no_egl_image(cl_context context, CLeglDisplayKHR display,
                CLeglImageKHR image, cl_mem_flags flags,
                const cl_egl_image_properties_khr *properties,
                cl_int *errcode_ret)
{
   return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
}

cl_event CL_API_CALL
cl_no_egl_event(cl_context context, CLeglSyncKHR sync, CLeglDisplayKHR display,
                cl_int *errcode_ret)
{
   return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
}

cl_int CL_API_CALL
cl_no_sub_devices(cl_device_id in_device,
                  const cl_device_partition_property_ext *properties,
                  cl_uint num_entries, cl_device_id *out_devices,
                  cl_uint *num_devices)
{
   return ocl_device_check(in_device) ? CL_INVALID_VALUE : CL_INVALID_DEVICE;
}

/* Direct3D's entries have no types here; called with whatever arguments, these
 * answer and touch nothing. */
cl_int CL_API_CALL
cl_no_d3d(void)
{
   return CL_INVALID_OPERATION;
}

void *CL_API_CALL
cl_no_d3d_object(void)
{
   return NULL;
}
