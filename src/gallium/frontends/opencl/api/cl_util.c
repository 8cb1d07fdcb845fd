/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

#include <string.h>

cl_int
cl_return(const struct cl_out *out, const void *data, size_t size)
{
   if (out->value) {
      if (out->size < size)
         return CL_INVALID_VALUE;
      if (size)
         memcpy(out->value, data, size);
   }
   if (out->size_ret)
      *out->size_ret = size;
   return CL_SUCCESS;
}

cl_int
cl_return_string(const struct cl_out *out, const char *s)
{
   s = s ? s : "";
   return cl_return(out, s, strlen(s) + 1);
}

unsigned
cl_count_properties(const cl_properties *props)
{
   unsigned n = 0;

   if (!props)
      return 0;
   while (props[n])
      n += 2;
   return n + 1;
}

cl_int
cl_check_wait_list(struct ocl_context *ctx, cl_uint n, const cl_event *list)
{
   CL_CHECK((n == 0) == (list == NULL), CL_INVALID_EVENT_WAIT_LIST);
   for (cl_uint i = 0; i < n; i++) {
      struct ocl_event *ev = ocl_event_check(list[i]);
      CL_CHECK(ev, CL_INVALID_EVENT_WAIT_LIST);
      CL_CHECK(ev->ctx == ctx, CL_INVALID_CONTEXT);
   }
   return CL_SUCCESS;
}

static cl_int
wait_for(struct ocl_queue *q, struct ocl_event *cmd, enum cl_blocking blocking)
{
   if (blocking == CL_DO_NOT_WAIT)
      return CL_SUCCESS;
   if (blocking == CL_WAIT_RUN) {
      ocl_queue_wait_run(q, cmd);
      return cmd->error;
   }
   return ocl_event_wait(cmd);
}

cl_int
cl_enqueue(struct ocl_queue *q, struct ocl_event *cmd, cl_uint n,
           const cl_event *list, cl_event *event, enum cl_blocking blocking)
{
   if (!cmd)
      return CL_OUT_OF_HOST_MEMORY;
   if (ocl_event_set_deps(cmd, (struct ocl_event *const *)list, n)) {
      ocl_event_put(cmd);
      return CL_OUT_OF_HOST_MEMORY;
   }
   ocl_event_get(cmd); /* the queue takes the first reference */
   ocl_queue_submit(q, cmd, blocking != CL_DO_NOT_WAIT);
   cl_int status = wait_for(q, cmd, blocking);
   if (event && status >= CL_SUCCESS)
      *event = (cl_event)cmd;
   else
      ocl_event_put(cmd);
   return MIN2(status, CL_SUCCESS);
}

cl_int
cl_check_mem(struct ocl_queue *q, cl_mem handle, struct ocl_mem **mem_out)
{
   struct ocl_mem *mem = ocl_mem_check(handle);

   CL_CHECK(mem, CL_INVALID_MEM_OBJECT);
   CL_CHECK(mem->ctx == q->ctx, CL_INVALID_CONTEXT);
   *mem_out = mem;
   return CL_SUCCESS;
}

cl_int
cl_check_buffer(struct ocl_queue *q, cl_mem handle, struct ocl_mem **mem_out)
{
   cl_int err = cl_check_mem(q, handle, mem_out);

   CL_CHECK(!err, err);
   CL_CHECK(!ocl_mem_is_pipe(*mem_out), CL_INVALID_MEM_OBJECT);
   return CL_SUCCESS;
}

cl_int
cl_check_range(const struct ocl_mem *mem, size_t offset, size_t size)
{
   CL_CHECK(size && offset <= mem->size_B && size <= mem->size_B - offset,
            CL_INVALID_VALUE);
   return CL_SUCCESS;
}

cl_int
cl_check_devices(const struct ocl_context *ctx, cl_uint n,
                 const cl_device_id *devices)
{
   CL_CHECK((n == 0) == (devices == NULL), CL_INVALID_VALUE);
   for (cl_uint i = 0; i < n; i++) {
      struct ocl_device *dev = ocl_device_check(devices[i]);
      CL_CHECK(dev && ocl_context_device_index(ctx, dev) >= 0,
               CL_INVALID_DEVICE);
   }
   return CL_SUCCESS;
}
