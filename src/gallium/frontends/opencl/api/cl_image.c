/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Images and samplers. No device has them (CL_DEVICE_IMAGE_SUPPORT is false),
 * so none can exist: making one is CL_INVALID_OPERATION, and whatever is passed
 * as one is not one. */
#include "cl_priv.h"

static void *
no_images(cl_context context, cl_int *errcode_ret)
{
   return cl_fail(errcode_ret, ocl_context_check(context) ? CL_INVALID_OPERATION
                                                          : CL_INVALID_CONTEXT);
}

/* For a command on an image: the queue first, then the image, which cannot be
 * one. */
static cl_int
not_an_image(cl_command_queue queue)
{
   CL_CHECK(ocl_queue_check(queue), CL_INVALID_COMMAND_QUEUE);
   return CL_INVALID_OPERATION;
}

/* ---- images ---- */

CL_API_ENTRY cl_mem CL_API_CALL
clCreateImage(cl_context context, cl_mem_flags flags,
              const cl_image_format *format, const cl_image_desc *desc,
              void *host_ptr, cl_int *errcode_ret)
{
   return no_images(context, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateImageWithProperties(cl_context context,
                            const cl_mem_properties *properties,
                            cl_mem_flags flags, const cl_image_format *format,
                            const cl_image_desc *desc, void *host_ptr,
                            cl_int *errcode_ret)
{
   return no_images(context, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateImage2D(cl_context context, cl_mem_flags flags,
                const cl_image_format *format, size_t width, size_t height,
                size_t row_pitch, void *host_ptr, cl_int *errcode_ret)
{
   return no_images(context, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateImage3D(cl_context context, cl_mem_flags flags,
                const cl_image_format *format, size_t width, size_t height,
                size_t depth, size_t row_pitch, size_t slice_pitch,
                void *host_ptr, cl_int *errcode_ret)
{
   return no_images(context, errcode_ret);
}

/* Legal everywhere: the list is empty. */
CL_API_ENTRY cl_int CL_API_CALL
clGetSupportedImageFormats(cl_context context, cl_mem_flags flags,
                           cl_mem_object_type image_type, cl_uint num_entries,
                           cl_image_format *image_formats,
                           cl_uint *num_image_formats)
{
   CL_CHECK(ocl_context_check(context), CL_INVALID_CONTEXT);
   CL_CHECK(image_type >= CL_MEM_OBJECT_IMAGE2D &&
               image_type <= CL_MEM_OBJECT_IMAGE1D_BUFFER,
            CL_INVALID_VALUE);
   CL_CHECK(num_entries || !image_formats, CL_INVALID_VALUE);
   if (num_image_formats)
      *num_image_formats = 0;
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetImageInfo(cl_mem image, cl_image_info param_name, size_t param_value_size,
               void *param_value, size_t *param_value_size_ret)
{
   return CL_INVALID_MEM_OBJECT;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueReadImage(cl_command_queue command_queue, cl_mem image,
                   cl_bool blocking, const size_t *origin, const size_t *region,
                   size_t row_pitch, size_t slice_pitch, void *ptr, cl_uint n,
                   const cl_event *list, cl_event *event)
{
   return not_an_image(command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueWriteImage(cl_command_queue command_queue, cl_mem image,
                    cl_bool blocking, const size_t *origin,
                    const size_t *region, size_t input_row_pitch,
                    size_t input_slice_pitch, const void *ptr, cl_uint n,
                    const cl_event *list, cl_event *event)
{
   return not_an_image(command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueFillImage(cl_command_queue command_queue, cl_mem image,
                   const void *fill_color, const size_t *origin,
                   const size_t *region, cl_uint n, const cl_event *list,
                   cl_event *event)
{
   return not_an_image(command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyImage(cl_command_queue command_queue, cl_mem src_image,
                   cl_mem dst_image, const size_t *src_origin,
                   const size_t *dst_origin, const size_t *region, cl_uint n,
                   const cl_event *list, cl_event *event)
{
   return not_an_image(command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyImageToBuffer(cl_command_queue command_queue, cl_mem src_image,
                           cl_mem dst_buffer, const size_t *src_origin,
                           const size_t *region, size_t dst_offset, cl_uint n,
                           const cl_event *list, cl_event *event)
{
   return not_an_image(command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyBufferToImage(cl_command_queue command_queue, cl_mem src_buffer,
                           cl_mem dst_image, size_t src_offset,
                           const size_t *dst_origin, const size_t *region,
                           cl_uint n, const cl_event *list, cl_event *event)
{
   return not_an_image(command_queue);
}

CL_API_ENTRY void *CL_API_CALL
clEnqueueMapImage(cl_command_queue command_queue, cl_mem image,
                  cl_bool blocking_map, cl_map_flags map_flags,
                  const size_t *origin, const size_t *region,
                  size_t *image_row_pitch, size_t *image_slice_pitch, cl_uint n,
                  const cl_event *list, cl_event *event, cl_int *errcode_ret)
{
   return cl_fail(errcode_ret, not_an_image(command_queue));
}

/* ---- samplers ---- */

CL_API_ENTRY cl_sampler CL_API_CALL
clCreateSampler(cl_context context, cl_bool normalized_coords,
                cl_addressing_mode addressing_mode, cl_filter_mode filter_mode,
                cl_int *errcode_ret)
{
   return no_images(context, errcode_ret);
}

CL_API_ENTRY cl_sampler CL_API_CALL
clCreateSamplerWithProperties(cl_context context,
                              const cl_sampler_properties *sampler_properties,
                              cl_int *errcode_ret)
{
   return no_images(context, errcode_ret);
}

CL_API_ENTRY cl_int CL_API_CALL
clRetainSampler(cl_sampler sampler)
{
   return CL_INVALID_SAMPLER;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseSampler(cl_sampler sampler)
{
   return CL_INVALID_SAMPLER;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetSamplerInfo(cl_sampler sampler, cl_sampler_info param_name,
                 size_t param_value_size, void *param_value,
                 size_t *param_value_size_ret)
{
   return CL_INVALID_SAMPLER;
}
