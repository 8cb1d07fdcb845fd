/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

#define KNOWN_PROPERTIES                                                       \
   (CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE |       \
    CL_QUEUE_ON_DEVICE | CL_QUEUE_ON_DEVICE_DEFAULT)

static cl_int
check_bits(cl_command_queue_properties bits)
{
   CL_CHECK(!(bits & ~(cl_command_queue_properties)KNOWN_PROPERTIES),
            CL_INVALID_VALUE);
   CL_CHECK(!(bits & CL_QUEUE_ON_DEVICE_DEFAULT) || (bits & CL_QUEUE_ON_DEVICE),
            CL_INVALID_VALUE);
   CL_CHECK(!(bits & CL_QUEUE_ON_DEVICE) ||
               (bits & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE),
            CL_INVALID_VALUE);
   CL_CHECK(!(bits & CL_QUEUE_ON_DEVICE), CL_INVALID_QUEUE_PROPERTIES);
   return CL_SUCCESS;
}

static cl_int
read_properties(const cl_queue_properties *props,
                cl_command_queue_properties *bits_out)
{
   bool has_bits = false, has_size = false;

   *bits_out = 0;
   for (; props && props[0]; props += 2) {
      switch (props[0]) {
      case CL_QUEUE_PROPERTIES:
         CL_CHECK(!has_bits, CL_INVALID_VALUE);
         *bits_out = props[1];
         has_bits = true;
         break;
      case CL_QUEUE_SIZE:
         CL_CHECK(!has_size, CL_INVALID_VALUE);
         has_size = true;
         break;
      default:
         return CL_INVALID_VALUE;
      }
   }
   cl_int err = check_bits(*bits_out);
   CL_CHECK(err || !has_size, CL_INVALID_VALUE); /* queues on the device only */
   return err;
}

static cl_command_queue
create(cl_context context, cl_device_id device,
       const cl_queue_properties *props, unsigned num_props,
       cl_command_queue_properties bits, cl_int *errcode_ret)
{
   struct ocl_context *ctx = ocl_context_check(context);
   struct ocl_device *dev = ocl_device_check(device);
   cl_int err;

   struct ocl_queue *q =
      ocl_queue_create(ctx, dev, props, num_props, bits, &err);
   if (errcode_ret)
      *errcode_ret = err;
   return (cl_command_queue)q;
}

static cl_int
check_handles(cl_context context, cl_device_id device)
{
   struct ocl_context *ctx = ocl_context_check(context);
   struct ocl_device *dev = ocl_device_check(device);

   CL_CHECK(ctx, CL_INVALID_CONTEXT);
   CL_CHECK(dev && ocl_context_device_index(ctx, dev) >= 0, CL_INVALID_DEVICE);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_command_queue CL_API_CALL
clCreateCommandQueueWithProperties(cl_context context, cl_device_id device,
                                   const cl_queue_properties *properties,
                                   cl_int *errcode_ret)
{
   cl_command_queue_properties bits;
   cl_int err = check_handles(context, device);

   if (!err)
      err = read_properties(properties, &bits);
   if (err)
      return cl_fail(errcode_ret, err);
   return create(context, device, properties, cl_count_properties(properties),
                 bits, errcode_ret);
}

CL_API_ENTRY cl_command_queue CL_API_CALL
clCreateCommandQueue(cl_context context, cl_device_id device,
                     cl_command_queue_properties properties,
                     cl_int *errcode_ret)
{
   const cl_command_queue_properties host =
      CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE;
   cl_int err = check_handles(context, device);

   if (!err)
      err = properties & ~host ? CL_INVALID_VALUE : check_bits(properties);
   if (err)
      return cl_fail(errcode_ret, err);
   return create(context, device, NULL, 0, properties, errcode_ret);
}

CL_API_ENTRY cl_int CL_API_CALL
clRetainCommandQueue(cl_command_queue command_queue)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   ocl_object_api_retain(&q->obj);
   return CL_SUCCESS;
}

/* The last release flushes; commands keep the queue until they are done. */
CL_API_ENTRY cl_int CL_API_CALL
clReleaseCommandQueue(cl_command_queue command_queue)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   ocl_queue_flush(q);
   ocl_object_api_release(&q->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetCommandQueueInfo(cl_command_queue command_queue,
                      cl_command_queue_info param_name, size_t param_value_size,
                      void *param_value, size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_queue *q = ocl_queue_check(command_queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   switch (param_name) {
   case CL_QUEUE_CONTEXT:
      CL_RETURN(&out, cl_context, q->ctx);
   case CL_QUEUE_DEVICE:
      CL_RETURN(&out, cl_device_id, q->dev);
   case CL_QUEUE_REFERENCE_COUNT:
      CL_RETURN(&out, cl_uint, q->obj.api_refs);
   case CL_QUEUE_PROPERTIES:
      CL_RETURN(&out, cl_command_queue_properties, q->props);
   case CL_QUEUE_PROPERTIES_ARRAY:
      return cl_return(&out, q->props_array,
                       q->num_props * sizeof(q->props_array[0]));
   case CL_QUEUE_SIZE:
      return CL_INVALID_COMMAND_QUEUE; /* not a queue on the device */
   case CL_QUEUE_DEVICE_DEFAULT:
      CL_RETURN(&out, cl_command_queue, NULL);
   default:
      return CL_INVALID_VALUE;
   }
}

/* Removed from OpenCL; properties are fixed when the queue is made. */
CL_API_ENTRY cl_int CL_API_CALL
clSetCommandQueueProperty(cl_command_queue command_queue,
                          cl_command_queue_properties properties,
                          cl_bool enable,
                          cl_command_queue_properties *old_properties)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   if (old_properties)
      *old_properties = q->props;
   return CL_INVALID_OPERATION;
}

CL_API_ENTRY cl_int CL_API_CALL
clFlush(cl_command_queue command_queue)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   ocl_queue_flush(q);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clFinish(cl_command_queue command_queue)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   ocl_queue_finish(q);
   return CL_SUCCESS;
}

/* ---- markers and barriers: they only have a place (ocl_order.c) ---- */

static cl_int
enqueue_marker(cl_command_queue queue, cl_command_type type, cl_uint n,
               const cl_event *list, cl_event *event)
{
   struct ocl_queue *q = ocl_queue_check(queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   cl_int err = cl_check_wait_list(q->ctx, n, list);
   CL_CHECK(!err, err);
   return cl_enqueue(q, ocl_cmd_marker(q, type), n, list, event,
                     CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueMarkerWithWaitList(cl_command_queue command_queue,
                            cl_uint num_events_in_wait_list,
                            const cl_event *event_wait_list, cl_event *event)
{
   return enqueue_marker(command_queue, CL_COMMAND_MARKER,
                         num_events_in_wait_list, event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueBarrierWithWaitList(cl_command_queue command_queue,
                             cl_uint num_events_in_wait_list,
                             const cl_event *event_wait_list, cl_event *event)
{
   return enqueue_marker(command_queue, CL_COMMAND_BARRIER,
                         num_events_in_wait_list, event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueMarker(cl_command_queue command_queue, cl_event *event)
{
   CL_CHECK(ocl_queue_check(command_queue), CL_INVALID_COMMAND_QUEUE);
   CL_CHECK(event, CL_INVALID_VALUE);
   return enqueue_marker(command_queue, CL_COMMAND_MARKER, 0, NULL, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueBarrier(cl_command_queue command_queue)
{
   return enqueue_marker(command_queue, CL_COMMAND_BARRIER, 0, NULL, NULL);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueWaitForEvents(cl_command_queue command_queue, cl_uint num_events,
                       const cl_event *event_list)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   CL_CHECK(num_events && event_list, CL_INVALID_VALUE);
   cl_int err = cl_check_wait_list(q->ctx, num_events, event_list);
   CL_CHECK(!err, err == CL_INVALID_CONTEXT ? err : CL_INVALID_EVENT);
   return enqueue_marker(command_queue, CL_COMMAND_BARRIER, num_events,
                         event_list, NULL);
}
