/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Markers and the linear buffer commands. */
#include "ocl_cmd.h"

#include <errno.h>
#include <string.h>

#include "pipe/p_context.h"

struct cmd_buffer {
   struct ocl_event ev;
   struct ocl_range dst, src; /* root == NULL: not used */
   void *to;
   const void *from;
   unsigned pattern_B;
   char pattern[128];
};

static struct cmd_buffer *
cast(struct ocl_event *ev)
{
   return container_of(ev, struct cmd_buffer, ev);
}

static void
finish_buffer(struct ocl_event *ev)
{
   ocl_mem_put(cast(ev)->dst.root);
   ocl_mem_put(cast(ev)->src.root);
}

static struct cmd_buffer *
make(struct ocl_queue *q, cl_command_type type,
     const struct ocl_command_ops *ops, unsigned flags,
     const struct ocl_range *dst, const struct ocl_range *src)
{
   struct ocl_event *ev =
      ocl_event_create(q->ctx, q, type, ops, flags, sizeof(struct cmd_buffer));

   if (!ev)
      return NULL;
   struct cmd_buffer *cmd = cast(ev);
   if (dst) {
      cmd->dst = *dst;
      ocl_mem_get(dst->root);
   }
   if (src) {
      cmd->src = *src;
      ocl_mem_get(src->root);
   }
   return cmd;
}

/* The resource of a range and the range's place in it. */
static struct pipe_resource *
locate(struct ocl_queue *q, const struct ocl_range *range, uint64_t *offset_out)
{
   uint64_t start;
   struct pipe_resource *res = ocl_mem_resource(range->root, q, &start);

   *offset_out = start + range->offset_B;
   return res;
}

/* ---- marker ---- */

static const struct ocl_command_ops marker_ops = {NULL, NULL};

struct ocl_event *
ocl_cmd_marker(struct ocl_queue *q, cl_command_type type)
{
   return ocl_event_create(q->ctx, q, type, &marker_ops, OCL_CMD_NO_WORK,
                           sizeof(struct ocl_event));
}

/* ---- read ---- */

static cl_int
run_read(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_buffer *cmd = cast(ev);
   struct ocl_range *src = &cmd->src;
   uint64_t offset;

   if (src->root->shared) {
      memmove(cmd->to, src->root->host + src->offset_B, src->size_B);
      return CL_SUCCESS;
   }
   struct pipe_context *pipe = ocl_queue_pipe(q);
   struct pipe_resource *res = pipe ? locate(q, src, &offset) : NULL;
   if (!res)
      return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   return ocl_queue_result(
      q, pipe->buffer_read(pipe, res, offset, src->size_B, cmd->to));
}

static const struct ocl_command_ops read_ops = {run_read, finish_buffer};

struct ocl_event *
ocl_cmd_read(struct ocl_queue *q, struct ocl_range src, void *dst)
{
   struct cmd_buffer *cmd =
      make(q, CL_COMMAND_READ_BUFFER, &read_ops, OCL_CMD_HOST, NULL, &src);

   if (!cmd)
      return NULL;
   cmd->to = dst;
   return &cmd->ev;
}

/* ---- write ---- */

static cl_int
run_write(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_buffer *cmd = cast(ev);
   struct ocl_range *dst = &cmd->dst;
   uint64_t offset;

   if (dst->root->shared) {
      memmove(dst->root->host + dst->offset_B, cmd->from, dst->size_B);
      return CL_SUCCESS;
   }
   struct pipe_context *pipe = ocl_queue_pipe(q);
   struct pipe_resource *res = pipe ? locate(q, dst, &offset) : NULL;
   if (!res)
      return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   return ocl_queue_result(
      q, pipe->buffer_subdata(pipe, res, offset, dst->size_B, cmd->from));
}

static const struct ocl_command_ops write_ops = {run_write, finish_buffer};

/* What both sides share is written by the CPU, in its turn. */
static struct ocl_event *
make_write(struct ocl_queue *q, cl_command_type type, struct ocl_range dst,
           const void *src)
{
   unsigned flags = dst.root->shared ? OCL_CMD_HOST : 0;
   struct cmd_buffer *cmd = make(q, type, &write_ops, flags, &dst, NULL);

   if (!cmd)
      return NULL;
   cmd->from = src;
   return &cmd->ev;
}

struct ocl_event *
ocl_cmd_write(struct ocl_queue *q, struct ocl_range dst, const void *src)
{
   return make_write(q, CL_COMMAND_WRITE_BUFFER, dst, src);
}

/* ---- copy ---- */

static cl_int
run_copy(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_buffer *cmd = cast(ev);
   struct pipe_context *pipe = ocl_queue_pipe(q);
   uint64_t dst_offset, src_offset;

   if (!pipe)
      return CL_OUT_OF_RESOURCES;
   struct pipe_resource *src = locate(q, &cmd->src, &src_offset);
   struct pipe_resource *dst = locate(q, &cmd->dst, &dst_offset);
   if (!src || !dst)
      return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   return ocl_queue_result(
      q, pipe->resource_copy_region(pipe, dst, dst_offset, src, src_offset,
                                    cmd->src.size_B));
}

static const struct ocl_command_ops copy_ops = {run_copy, finish_buffer};

struct ocl_event *
ocl_cmd_copy(struct ocl_queue *q, struct ocl_range dst, struct ocl_range src)
{
   struct cmd_buffer *cmd =
      make(q, CL_COMMAND_COPY_BUFFER, &copy_ops, 0, &dst, &src);

   return cmd ? &cmd->ev : NULL;
}

/* ---- fill ---- */

static cl_int
run_fill(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_buffer *cmd = cast(ev);
   struct pipe_context *pipe = ocl_queue_pipe(q);
   uint64_t offset;
   struct pipe_resource *res = pipe ? locate(q, &cmd->dst, &offset) : NULL;

   if (!res)
      return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   return ocl_queue_result(
      q, pipe->clear_buffer(pipe, res, offset, cmd->dst.size_B, cmd->pattern,
                            cmd->pattern_B));
}

static const struct ocl_command_ops fill_ops = {run_fill, finish_buffer};

struct ocl_event *
ocl_cmd_fill(struct ocl_queue *q, struct ocl_range dst, const void *pattern,
             size_t pattern_B)
{
   struct cmd_buffer *cmd =
      make(q, CL_COMMAND_FILL_BUFFER, &fill_ops, 0, &dst, NULL);

   if (!cmd)
      return NULL;
   memcpy(cmd->pattern, pattern, pattern_B);
   cmd->pattern_B = pattern_B;
   return &cmd->ev;
}

/* ---- map and unmap ---- */

/* A shared buffer is where the pointer points; so is one whose old contents are
 * not wanted. */
struct ocl_event *
ocl_cmd_map(struct ocl_queue *q, struct ocl_range range, void *ptr,
            cl_map_flags flags)
{
   if (range.root->shared || (flags & CL_MAP_WRITE_INVALIDATE_REGION))
      return ocl_cmd_marker(q, CL_COMMAND_MAP_BUFFER);

   struct cmd_buffer *cmd =
      make(q, CL_COMMAND_MAP_BUFFER, &read_ops, OCL_CMD_HOST, NULL, &range);
   if (!cmd)
      return NULL;
   cmd->to = ptr;
   return &cmd->ev;
}

struct ocl_event *
ocl_cmd_unmap(struct ocl_queue *q, struct ocl_mem *mem,
              const struct ocl_map *map)
{
   struct ocl_mem *root = ocl_mem_root(mem);
   struct ocl_range dst = {root, map->offset_B, map->size_B};
   const cl_map_flags writes = CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION;

   if (root->shared || !(map->flags & writes))
      return ocl_cmd_marker(q, CL_COMMAND_UNMAP_MEM_OBJECT);
   return make_write(q, CL_COMMAND_UNMAP_MEM_OBJECT, dst, map->ptr);
}
