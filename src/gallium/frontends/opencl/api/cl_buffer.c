/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The linear buffer commands. */
#include "cl_priv.h"

#include <string.h>

#define MAX_PATTERN_B 128

/* Queue, buffer, range, host access and wait list, in the order of the
 * specification. */
static cl_int
check_transfer(cl_command_queue queue, cl_mem buffer, size_t offset,
               size_t size, const void *ptr, cl_mem_flags forbidden, cl_uint n,
               const cl_event *list, struct ocl_queue **q_out,
               struct ocl_mem **mem_out)
{
   struct ocl_queue *q = ocl_queue_check(queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   cl_int err = cl_check_buffer(q, buffer, mem_out);
   CL_CHECK(!err, err);
   CL_CHECK(ptr, CL_INVALID_VALUE);
   err = cl_check_range(*mem_out, offset, size);
   CL_CHECK(!err, err);
   err = cl_check_wait_list(q->ctx, n, list);
   CL_CHECK(!err, err);
   CL_CHECK(!((*mem_out)->flags & forbidden), CL_INVALID_OPERATION);
   *q_out = q;
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueReadBuffer(cl_command_queue command_queue, cl_mem buffer,
                    cl_bool blocking_read, size_t offset, size_t size,
                    void *ptr, cl_uint num_events_in_wait_list,
                    const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q;
   struct ocl_mem *mem;
   cl_int err =
      check_transfer(command_queue, buffer, offset, size, ptr,
                     CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS,
                     num_events_in_wait_list, event_wait_list, &q, &mem);

   CL_CHECK(!err, err);
   return cl_enqueue(q, ocl_cmd_read(q, ocl_mem_range(mem, offset, size), ptr),
                     num_events_in_wait_list, event_wait_list, event,
                     blocking_read ? CL_WAIT_DONE : CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueWriteBuffer(cl_command_queue command_queue, cl_mem buffer,
                     cl_bool blocking_write, size_t offset, size_t size,
                     const void *ptr, cl_uint num_events_in_wait_list,
                     const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q;
   struct ocl_mem *mem;
   cl_int err =
      check_transfer(command_queue, buffer, offset, size, ptr,
                     CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS,
                     num_events_in_wait_list, event_wait_list, &q, &mem);

   CL_CHECK(!err, err);
   return cl_enqueue(q, ocl_cmd_write(q, ocl_mem_range(mem, offset, size), ptr),
                     num_events_in_wait_list, event_wait_list, event,
                     blocking_write ? CL_WAIT_RUN : CL_DO_NOT_WAIT);
}

static bool
ranges_overlap(const struct ocl_range *a, const struct ocl_range *b)
{
   return a->root == b->root && a->offset_B < b->offset_B + b->size_B &&
          b->offset_B < a->offset_B + a->size_B;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyBuffer(cl_command_queue command_queue, cl_mem src_buffer,
                    cl_mem dst_buffer, size_t src_offset, size_t dst_offset,
                    size_t size, cl_uint num_events_in_wait_list,
                    const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);
   struct ocl_mem *src, *dst;

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   cl_int err = cl_check_buffer(q, src_buffer, &src);
   CL_CHECK(!err, err);
   err = cl_check_buffer(q, dst_buffer, &dst);
   CL_CHECK(!err, err);
   err = cl_check_range(src, src_offset, size);
   CL_CHECK(!err, err);
   err = cl_check_range(dst, dst_offset, size);
   CL_CHECK(!err, err);
   err = cl_check_wait_list(q->ctx, num_events_in_wait_list, event_wait_list);
   CL_CHECK(!err, err);
   struct ocl_range from = ocl_mem_range(src, src_offset, size);
   struct ocl_range to = ocl_mem_range(dst, dst_offset, size);
   CL_CHECK(!ranges_overlap(&from, &to), CL_MEM_COPY_OVERLAP);
   return cl_enqueue(q, ocl_cmd_copy(q, to, from), num_events_in_wait_list,
                     event_wait_list, event, CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueFillBuffer(cl_command_queue command_queue, cl_mem buffer,
                    const void *pattern, size_t pattern_size, size_t offset,
                    size_t size, cl_uint num_events_in_wait_list,
                    const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q;
   struct ocl_mem *mem;
   cl_int err =
      check_transfer(command_queue, buffer, offset, size, pattern, 0,
                     num_events_in_wait_list, event_wait_list, &q, &mem);

   CL_CHECK(!err, err);
   CL_CHECK(util_is_pow2(pattern_size) && pattern_size <= MAX_PATTERN_B,
            CL_INVALID_VALUE);
   CL_CHECK(offset % pattern_size == 0 && size % pattern_size == 0,
            CL_INVALID_VALUE);
   return cl_enqueue(
      q,
      ocl_cmd_fill(q, ocl_mem_range(mem, offset, size), pattern, pattern_size),
      num_events_in_wait_list, event_wait_list, event, CL_DO_NOT_WAIT);
}

/* ---- map, unmap, migrate ---- */

static cl_int
check_map_flags(const struct ocl_mem *mem, cl_map_flags flags)
{
   const cl_map_flags writes = CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION;

   CL_CHECK(!(flags & ~(CL_MAP_READ | writes)), CL_INVALID_VALUE);
   CL_CHECK(!(flags & CL_MAP_WRITE_INVALIDATE_REGION) ||
               !(flags & (CL_MAP_READ | CL_MAP_WRITE)),
            CL_INVALID_VALUE);
   CL_CHECK(!(mem->flags & CL_MEM_HOST_NO_ACCESS), CL_INVALID_OPERATION);
   CL_CHECK(!(mem->flags & CL_MEM_HOST_WRITE_ONLY) || !(flags & CL_MAP_READ),
            CL_INVALID_OPERATION);
   CL_CHECK(!(mem->flags & CL_MEM_HOST_READ_ONLY) || !(flags & writes),
            CL_INVALID_OPERATION);
   return CL_SUCCESS;
}

static cl_int
map_buffer(struct ocl_queue *q, struct ocl_mem *mem, cl_bool blocking,
           cl_map_flags flags, size_t offset, size_t size, cl_uint n,
           const cl_event *list, cl_event *event, void **ptr_out)
{
   struct ocl_map dropped;
   void *ptr = ocl_mem_map(mem, offset, size, flags);

   CL_CHECK(ptr, CL_MAP_FAILURE);
   struct ocl_event *cmd =
      ocl_cmd_map(q, ocl_mem_range(mem, offset, size), ptr, flags);
   cl_int err = cl_enqueue(q, cmd, n, list, event,
                           blocking ? CL_WAIT_DONE : CL_DO_NOT_WAIT);
   if (err)
      ocl_mem_unmap(mem, ptr, &dropped);
   else
      *ptr_out = ptr;
   return err;
}

CL_API_ENTRY void *CL_API_CALL
clEnqueueMapBuffer(cl_command_queue command_queue, cl_mem buffer,
                   cl_bool blocking_map, cl_map_flags map_flags, size_t offset,
                   size_t size, cl_uint num_events_in_wait_list,
                   const cl_event *event_wait_list, cl_event *event,
                   cl_int *errcode_ret)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);
   struct ocl_mem *mem;
   void *ptr = NULL;

   if (!q)
      return cl_fail(errcode_ret, CL_INVALID_COMMAND_QUEUE);
   cl_int err = cl_check_buffer(q, buffer, &mem);
   if (!err)
      err =
         cl_check_wait_list(q->ctx, num_events_in_wait_list, event_wait_list);
   if (!err)
      err = cl_check_range(mem, offset, size);
   if (!err)
      err = check_map_flags(mem, map_flags);
   if (!err)
      err = map_buffer(q, mem, blocking_map, map_flags, offset, size,
                       num_events_in_wait_list, event_wait_list, event, &ptr);
   if (errcode_ret)
      *errcode_ret = err;
   return ptr;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueUnmapMemObject(cl_command_queue command_queue, cl_mem memobj,
                        void *mapped_ptr, cl_uint num_events_in_wait_list,
                        const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q = ocl_queue_check(command_queue);
   struct ocl_mem *mem;
   struct ocl_map map;

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   cl_int err = cl_check_buffer(q, memobj, &mem);
   CL_CHECK(!err, err);
   err = cl_check_wait_list(q->ctx, num_events_in_wait_list, event_wait_list);
   CL_CHECK(!err, err);
   CL_CHECK(mapped_ptr && ocl_mem_unmap(mem, mapped_ptr, &map),
            CL_INVALID_VALUE);
   return cl_enqueue(q, ocl_cmd_unmap(q, mem, &map), num_events_in_wait_list,
                     event_wait_list, event, CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueMigrateMemObjects(cl_command_queue command_queue,
                           cl_uint num_mem_objects, const cl_mem *mem_objects,
                           cl_mem_migration_flags flags,
                           cl_uint num_events_in_wait_list,
                           const cl_event *event_wait_list, cl_event *event)
{
   const cl_mem_migration_flags known =
      CL_MIGRATE_MEM_OBJECT_HOST | CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED;
   struct ocl_queue *q = ocl_queue_check(command_queue);
   struct ocl_mem *mem;

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   CL_CHECK(num_mem_objects && mem_objects && !(flags & ~known),
            CL_INVALID_VALUE);
   for (cl_uint i = 0; i < num_mem_objects; i++) {
      cl_int err = cl_check_mem(q, mem_objects[i], &mem);
      CL_CHECK(!err, err);
   }
   cl_int err =
      cl_check_wait_list(q->ctx, num_events_in_wait_list, event_wait_list);
   CL_CHECK(!err, err);
   return cl_enqueue(q,
                     ocl_cmd_migrate(q, (struct ocl_mem *const *)mem_objects,
                                     num_mem_objects, flags),
                     num_events_in_wait_list, event_wait_list, event,
                     CL_DO_NOT_WAIT);
}
