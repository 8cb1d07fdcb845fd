/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

CL_API_ENTRY cl_event CL_API_CALL
clCreateUserEvent(cl_context context, cl_int *errcode_ret)
{
   struct ocl_context *ctx = ocl_context_check(context);

   if (!ctx)
      return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
   struct ocl_event *ev =
      ocl_event_create(ctx, NULL, CL_COMMAND_USER, NULL, 0, sizeof(*ev));
   if (!ev)
      return cl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
   return cl_ok(errcode_ret, ev);
}

CL_API_ENTRY cl_int CL_API_CALL
clSetUserEventStatus(cl_event event, cl_int execution_status)
{
   struct ocl_event *ev = ocl_event_check(event);

   CL_CHECK(ev && !ev->queue, CL_INVALID_EVENT);
   CL_CHECK(execution_status <= CL_COMPLETE, CL_INVALID_VALUE);
   return ocl_event_set_user_status(ev, execution_status);
}

CL_API_ENTRY cl_int CL_API_CALL
clWaitForEvents(cl_uint num_events, const cl_event *event_list)
{
   bool failed = false;

   CL_CHECK(num_events && event_list, CL_INVALID_VALUE);
   for (cl_uint i = 0; i < num_events; i++)
      CL_CHECK(ocl_event_check(event_list[i]), CL_INVALID_EVENT);
   struct ocl_context *ctx = ((struct ocl_event *)event_list[0])->ctx;
   for (cl_uint i = 0; i < num_events; i++)
      CL_CHECK(((struct ocl_event *)event_list[i])->ctx == ctx,
               CL_INVALID_CONTEXT);
   for (cl_uint i = 0; i < num_events; i++)
      failed |= ocl_event_wait((struct ocl_event *)event_list[i]) < 0;
   return failed ? CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : CL_SUCCESS;
}

/* Asking is no flush by the specification, but programs that poll exist. */
static cl_int
poll_status(struct ocl_event *ev)
{
   if (ev->queue && !ocl_event_ended(ev))
      ocl_queue_flush(ev->queue);
   return ocl_event_status(ev);
}

CL_API_ENTRY cl_int CL_API_CALL
clGetEventInfo(cl_event event, cl_event_info param_name,
               size_t param_value_size, void *param_value,
               size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_event *ev = ocl_event_check(event);

   CL_CHECK(ev, CL_INVALID_EVENT);
   switch (param_name) {
   case CL_EVENT_COMMAND_QUEUE:
      CL_RETURN(&out, cl_command_queue, ev->queue);
   case CL_EVENT_CONTEXT:
      CL_RETURN(&out, cl_context, ev->ctx);
   case CL_EVENT_COMMAND_TYPE:
      CL_RETURN(&out, cl_command_type, ev->type);
   case CL_EVENT_COMMAND_EXECUTION_STATUS:
      CL_RETURN(&out, cl_int, poll_status(ev));
   case CL_EVENT_REFERENCE_COUNT:
      CL_RETURN(&out, cl_uint, ev->obj.api_refs);
   default:
      return CL_INVALID_VALUE;
   }
}

CL_API_ENTRY cl_int CL_API_CALL
clRetainEvent(cl_event event)
{
   struct ocl_event *ev = ocl_event_check(event);

   CL_CHECK(ev, CL_INVALID_EVENT);
   ocl_object_api_retain(&ev->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseEvent(cl_event event)
{
   struct ocl_event *ev = ocl_event_check(event);

   CL_CHECK(ev, CL_INVALID_EVENT);
   ocl_object_api_release(&ev->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetEventCallback(cl_event event, cl_int command_exec_callback_type,
                   void(CL_CALLBACK *pfn_notify)(cl_event, cl_int, void *),
                   void *user_data)
{
   struct ocl_event *ev = ocl_event_check(event);

   CL_CHECK(ev, CL_INVALID_EVENT);
   CL_CHECK(pfn_notify, CL_INVALID_VALUE);
   CL_CHECK(command_exec_callback_type == CL_SUBMITTED ||
               command_exec_callback_type == CL_RUNNING ||
               command_exec_callback_type == CL_COMPLETE,
            CL_INVALID_VALUE);
   return ocl_event_add_callback(ev, command_exec_callback_type, pfn_notify,
                                 user_data);
}

CL_API_ENTRY cl_int CL_API_CALL
clGetEventProfilingInfo(cl_event event, cl_profiling_info param_name,
                        size_t param_value_size, void *param_value,
                        size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_event *ev = ocl_event_check(event);

   CL_CHECK(ev, CL_INVALID_EVENT);
   CL_CHECK(ev->queue && ocl_queue_is_profiling(ev->queue) &&
               ocl_event_status(ev) == CL_COMPLETE,
            CL_PROFILING_INFO_NOT_AVAILABLE);
   switch (param_name) {
   case CL_PROFILING_COMMAND_QUEUED:
      CL_RETURN(&out, cl_ulong, ev->queued_ns);
   case CL_PROFILING_COMMAND_SUBMIT:
      CL_RETURN(&out, cl_ulong, ev->submit_ns);
   case CL_PROFILING_COMMAND_START:
      CL_RETURN(&out, cl_ulong, ev->start_ns);
   case CL_PROFILING_COMMAND_END:
   case CL_PROFILING_COMMAND_COMPLETE: /* no children on the device */
      CL_RETURN(&out, cl_ulong, ev->end_ns);
   default:
      return CL_INVALID_VALUE;
   }
}
