/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The rectangular buffer commands. */
#include "cl_priv.h"

#include <string.h>

/* Fills in the pitches that were left to us. CL_INVALID_VALUE: they do not fit.
 */
static cl_int
make_box(struct ocl_box *box, const size_t *origin, const size_t *region,
         size_t row_pitch, size_t slice_pitch)
{
   row_pitch = row_pitch ? row_pitch : region[0];
   CL_CHECK(row_pitch >= region[0], CL_INVALID_VALUE);
   /* Rows below the origin belong to the slice too, but only the region must
    * fit. */
   size_t least = region[1] * row_pitch;
   slice_pitch = slice_pitch ? slice_pitch : least;
   CL_CHECK(slice_pitch >= least && slice_pitch % row_pitch == 0,
            CL_INVALID_VALUE);
   memcpy(box->origin, origin, sizeof(box->origin));
   box->row_pitch_B = row_pitch;
   box->slice_pitch_B = slice_pitch;
   return CL_SUCCESS;
}

static cl_int
check_region(const size_t *region)
{
   CL_CHECK(region && region[0] && region[1] && region[2], CL_INVALID_VALUE);
   return CL_SUCCESS;
}

static uint64_t
box_end(const struct ocl_box *box, const size_t *region)
{
   return ocl_box_offset(box, region[1] - 1, region[2] - 1) + region[0];
}

static cl_int
check_box_fits(const struct ocl_mem *mem, const struct ocl_box *box,
               const size_t *region)
{
   CL_CHECK(box_end(box, region) <= mem->size_B, CL_INVALID_VALUE);
   return CL_SUCCESS;
}

struct rect_args {
   cl_command_queue queue;
   cl_mem buffer;
   const size_t *buffer_origin, *host_origin, *region;
   size_t buffer_row_pitch, buffer_slice_pitch, host_row_pitch,
      host_slice_pitch;
   const void *ptr;
   cl_mem_flags forbidden;
   cl_uint n;
   const cl_event *list;
};

struct rect_checked {
   struct ocl_queue *q;
   struct ocl_mem *mem;
   struct ocl_box buffer, host;
};

static cl_int
check_rect(const struct rect_args *a, struct rect_checked *c)
{
   c->q = ocl_queue_check(a->queue);
   CL_CHECK(c->q, CL_INVALID_COMMAND_QUEUE);
   cl_int err = cl_check_buffer(c->q, a->buffer, &c->mem);
   CL_CHECK(!err, err);
   CL_CHECK(a->ptr && a->buffer_origin && a->host_origin, CL_INVALID_VALUE);
   err = check_region(a->region);
   CL_CHECK(!err, err);
   err = make_box(&c->buffer, a->buffer_origin, a->region, a->buffer_row_pitch,
                  a->buffer_slice_pitch);
   CL_CHECK(!err, err);
   err = make_box(&c->host, a->host_origin, a->region, a->host_row_pitch,
                  a->host_slice_pitch);
   CL_CHECK(!err, err);
   err = check_box_fits(c->mem, &c->buffer, a->region);
   CL_CHECK(!err, err);
   err = cl_check_wait_list(c->q->ctx, a->n, a->list);
   CL_CHECK(!err, err);
   CL_CHECK(!(c->mem->flags & a->forbidden), CL_INVALID_OPERATION);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueReadBufferRect(cl_command_queue command_queue, cl_mem buffer,
                        cl_bool blocking_read, const size_t *buffer_origin,
                        const size_t *host_origin, const size_t *region,
                        size_t buffer_row_pitch, size_t buffer_slice_pitch,
                        size_t host_row_pitch, size_t host_slice_pitch,
                        void *ptr, cl_uint num_events_in_wait_list,
                        const cl_event *event_wait_list, cl_event *event)
{
   const struct rect_args args = {
      command_queue,
      buffer,
      buffer_origin,
      host_origin,
      region,
      buffer_row_pitch,
      buffer_slice_pitch,
      host_row_pitch,
      host_slice_pitch,
      ptr,
      CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS,
      num_events_in_wait_list,
      event_wait_list};
   struct rect_checked c;
   cl_int err = check_rect(&args, &c);

   CL_CHECK(!err, err);
   return cl_enqueue(
      c.q, ocl_cmd_read_rect(c.q, c.mem, &c.buffer, ptr, &c.host, region),
      num_events_in_wait_list, event_wait_list, event,
      blocking_read ? CL_WAIT_DONE : CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueWriteBufferRect(cl_command_queue command_queue, cl_mem buffer,
                         cl_bool blocking_write, const size_t *buffer_origin,
                         const size_t *host_origin, const size_t *region,
                         size_t buffer_row_pitch, size_t buffer_slice_pitch,
                         size_t host_row_pitch, size_t host_slice_pitch,
                         const void *ptr, cl_uint num_events_in_wait_list,
                         const cl_event *event_wait_list, cl_event *event)
{
   const struct rect_args args = {command_queue,
                                  buffer,
                                  buffer_origin,
                                  host_origin,
                                  region,
                                  buffer_row_pitch,
                                  buffer_slice_pitch,
                                  host_row_pitch,
                                  host_slice_pitch,
                                  ptr,
                                  CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS,
                                  num_events_in_wait_list,
                                  event_wait_list};
   struct rect_checked c;
   cl_int err = check_rect(&args, &c);

   CL_CHECK(!err, err);
   return cl_enqueue(
      c.q, ocl_cmd_write_rect(c.q, c.mem, &c.buffer, ptr, &c.host, region),
      num_events_in_wait_list, event_wait_list, event,
      blocking_write ? CL_WAIT_RUN : CL_DO_NOT_WAIT);
}

/* Two runs of `size` bytes that repeat every `pitch` never meet. */
static bool
interleave(uint64_t a, uint64_t b, uint64_t size, uint64_t pitch)
{
   uint64_t ahead = (b % pitch + pitch - a % pitch) % pitch;

   return ahead >= size && pitch - ahead >= size;
}

/* Do two boxes of one size and the same pitches share a byte? They do not if
 * their spans are apart, or if the lines or the slices of one fit into the gaps
 * of the other (the specification's test for CL_MEM_COPY_OVERLAP). */
static bool
boxes_overlap(const struct ocl_box *src, uint64_t src_base,
              const struct ocl_box *dst, uint64_t dst_base,
              const size_t *region)
{
   uint64_t row = src->row_pitch_B, slice = src->slice_pitch_B;
   uint64_t slice_size = (region[1] - 1) * row + region[0];
   uint64_t size = (region[2] - 1) * slice + slice_size;
   uint64_t s = src_base + ocl_box_offset(src, 0, 0);
   uint64_t d = dst_base + ocl_box_offset(dst, 0, 0);

   if (s + size <= d || d + size <= s)
      return false;
   return !interleave(s, d, region[0], row) &&
          !interleave(s, d, slice_size, slice);
}

static cl_int
check_copy_rect(cl_command_queue queue, cl_mem src_buffer, cl_mem dst_buffer,
                const size_t *src_origin, const size_t *dst_origin,
                const size_t *region, struct ocl_queue **q_out,
                struct ocl_mem **src, struct ocl_mem **dst)
{
   struct ocl_queue *q = ocl_queue_check(queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   cl_int err = cl_check_buffer(q, src_buffer, src);
   CL_CHECK(!err, err);
   err = cl_check_buffer(q, dst_buffer, dst);
   CL_CHECK(!err, err);
   CL_CHECK(src_origin && dst_origin, CL_INVALID_VALUE);
   *q_out = q;
   return check_region(region);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyBufferRect(cl_command_queue command_queue, cl_mem src_buffer,
                        cl_mem dst_buffer, const size_t *src_origin,
                        const size_t *dst_origin, const size_t *region,
                        size_t src_row_pitch, size_t src_slice_pitch,
                        size_t dst_row_pitch, size_t dst_slice_pitch,
                        cl_uint num_events_in_wait_list,
                        const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q;
   struct ocl_mem *src, *dst;
   struct ocl_box from, to;
   cl_int err = check_copy_rect(command_queue, src_buffer, dst_buffer,
                                src_origin, dst_origin, region, &q, &src, &dst);

   CL_CHECK(!err, err);
   err = make_box(&from, src_origin, region, src_row_pitch, src_slice_pitch);
   CL_CHECK(!err, err);
   err = make_box(&to, dst_origin, region, dst_row_pitch, dst_slice_pitch);
   CL_CHECK(!err, err);
   CL_CHECK(
      src_buffer != dst_buffer || (from.row_pitch_B == to.row_pitch_B &&
                                   from.slice_pitch_B == to.slice_pitch_B),
      CL_INVALID_VALUE);
   err = check_box_fits(src, &from, region);
   CL_CHECK(!err, err);
   err = check_box_fits(dst, &to, region);
   CL_CHECK(!err, err);
   err = cl_check_wait_list(q->ctx, num_events_in_wait_list, event_wait_list);
   CL_CHECK(!err, err);
   bool same = ocl_mem_root(src) == ocl_mem_root(dst) &&
               from.row_pitch_B == to.row_pitch_B &&
               from.slice_pitch_B == to.slice_pitch_B;
   CL_CHECK(
      !same || !boxes_overlap(&from, src->offset_B, &to, dst->offset_B, region),
      CL_MEM_COPY_OVERLAP);
   return cl_enqueue(q, ocl_cmd_copy_rect(q, dst, &to, src, &from, region),
                     num_events_in_wait_list, event_wait_list, event,
                     CL_DO_NOT_WAIT);
}
