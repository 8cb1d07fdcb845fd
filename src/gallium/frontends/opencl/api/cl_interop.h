/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the ICD table holds for extensions that no device has (cl_interop.c). */
#ifndef CL_INTEROP_H
#define CL_INTEROP_H

#include "cl_priv.h"

cl_mem CL_API_CALL cl_no_gl_buffer(cl_context context, cl_mem_flags flags,
                                   cl_GLuint bufobj, cl_int *errcode_ret);
cl_mem CL_API_CALL cl_no_gl_texture(cl_context context, cl_mem_flags flags,
                                    cl_GLenum target, cl_GLint miplevel,
                                    cl_GLuint texture, cl_int *errcode_ret);
cl_int CL_API_CALL cl_no_gl_object_info(cl_mem memobj, cl_gl_object_type *type,
                                        cl_GLuint *name);
cl_int CL_API_CALL cl_no_gl_texture_info(cl_mem memobj,
                                         cl_gl_texture_info param_name,
                                         size_t param_value_size,
                                         void *param_value,
                                         size_t *param_value_size_ret);
cl_int CL_API_CALL cl_no_shared_objects(cl_command_queue queue,
                                        cl_uint num_objects,
                                        const cl_mem *objects, cl_uint n,
                                        const cl_event *list, cl_event *event);
cl_int CL_API_CALL cl_no_gl_context_info(
   const cl_context_properties *properties, cl_gl_context_info param_name,
   size_t param_value_size, void *param_value, size_t *param_value_size_ret);
cl_event CL_API_CALL cl_no_gl_event(cl_context context, cl_GLsync sync,
                                    cl_int *errcode_ret);
cl_mem CL_API_CALL cl_no_egl_image(cl_context context, CLeglDisplayKHR display,
                                   CLeglImageKHR image, cl_mem_flags flags,
                                   const cl_egl_image_properties_khr *properties,
                                   cl_int *errcode_ret);
cl_event CL_API_CALL cl_no_egl_event(cl_context context, CLeglSyncKHR sync,
                                     CLeglDisplayKHR display,
                                     cl_int *errcode_ret);
cl_int CL_API_CALL cl_no_sub_devices(
   cl_device_id in_device, const cl_device_partition_property_ext *properties,
   cl_uint num_entries, cl_device_id *out_devices, cl_uint *num_devices);
cl_int CL_API_CALL cl_no_d3d(void);
void *CL_API_CALL cl_no_d3d_object(void);

#endif
