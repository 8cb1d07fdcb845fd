/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The rectangular buffer commands. The device copies lines; boxes of many lines
 * go through the CPU in one piece, because a command a line costs more. */
#include "ocl_cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/p_context.h"

/* [guess] Lines above which one read and one write of the whole span is
 * cheaper. */
#define MAX_LINES 256

struct cmd_rect {
   struct ocl_event ev;
   struct ocl_mem *dst, *src; /* roots; NULL: CPU memory */
   char *to;
   const char *from;
   struct ocl_box dst_box, src_box;
   size_t size[3];
};

static struct cmd_rect *
cast(struct ocl_event *ev)
{
   return container_of(ev, struct cmd_rect, ev);
}

static void
finish_rect(struct ocl_event *ev)
{
   ocl_mem_put(cast(ev)->dst);
   ocl_mem_put(cast(ev)->src);
}

/* From the first byte of the box to its last. */
static uint64_t
span(const struct ocl_box *b, const size_t size[3])
{
   return ocl_box_offset(b, size[1] - 1, size[2] - 1) + size[0] -
          ocl_box_offset(b, 0, 0);
}

static size_t
lines(const size_t size[3])
{
   return size[1] * size[2];
}

/* Lines that follow each other on both sides become one. */
static void
merge_lines(struct cmd_rect *c)
{
   if (c->dst_box.row_pitch_B == c->size[0] &&
       c->src_box.row_pitch_B == c->size[0]) {
      uint64_t dst = ocl_box_offset(&c->dst_box, 0, 0);
      uint64_t src = ocl_box_offset(&c->src_box, 0, 0);
      c->size[0] *= c->size[1];
      c->size[1] = c->size[2];
      c->size[2] = 1;
      c->dst_box = (struct ocl_box){{dst}, c->dst_box.slice_pitch_B, 0};
      c->src_box = (struct ocl_box){{src}, c->src_box.slice_pitch_B, 0};
   }
}

/* Lines between two spans in CPU memory, each starting at its box's first byte.
 */
static void
copy_lines(const struct cmd_rect *c, char *dst, const char *src)
{
   uint64_t dst0 = ocl_box_offset(&c->dst_box, 0, 0);
   uint64_t src0 = ocl_box_offset(&c->src_box, 0, 0);

   for (size_t z = 0; z < c->size[2]; z++)
      for (size_t y = 0; y < c->size[1]; y++)
         memmove(dst + ocl_box_offset(&c->dst_box, y, z) - dst0,
                 src + ocl_box_offset(&c->src_box, y, z) - src0, c->size[0]);
}

/* A span of a buffer in CPU memory: the memory itself if shared, else a copy. */
static int
load_span(struct ocl_queue *q, struct ocl_mem *root, const struct ocl_box *box,
          const size_t size[3], char **out)
{
   uint64_t first = ocl_box_offset(box, 0, 0), n = span(box, size), start;

   if (root->shared) {
      *out = root->host + first;
      return 0;
   }
   *out = malloc(n);
   struct pipe_context *pipe = ocl_queue_pipe(q);
   struct pipe_resource *res = pipe ? ocl_mem_resource(root, q, &start) : NULL;
   if (!*out || !res)
      return -ENOMEM;
   return pipe->buffer_read(pipe, res, start + first, n, *out);
}

static int
store_span(struct ocl_queue *q, struct ocl_mem *root, const struct ocl_box *box,
           const size_t size[3], const char *data)
{
   uint64_t start;

   if (root->shared)
      return 0;
   struct pipe_context *pipe = ocl_queue_pipe(q);
   struct pipe_resource *res = ocl_mem_resource(root, q, &start);
   if (!res)
      return -ENOMEM;
   return pipe->buffer_subdata(pipe, res, start + ocl_box_offset(box, 0, 0),
                               span(box, size), data);
}

static void
drop_span(struct ocl_mem *root, char *data)
{
   if (!root->shared)
      free(data);
}

/* Any of the three commands through the CPU, everything before it being done. */
static cl_int
run_on_cpu(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_rect *c = cast(ev);
   char *dst = NULL, *src = NULL;
   int ret = 0;

   if (c->src)
      ret = load_span(q, c->src, &c->src_box, c->size, &src);
   if (!ret && c->dst)
      ret = load_span(q, c->dst, &c->dst_box, c->size, &dst);
   if (!ret)
      copy_lines(c, dst ? dst : c->to + ocl_box_offset(&c->dst_box, 0, 0),
                 src ? src : c->from + ocl_box_offset(&c->src_box, 0, 0));
   if (!ret && c->dst)
      ret = store_span(q, c->dst, &c->dst_box, c->size, dst);
   if (c->src)
      drop_span(c->src, src);
   if (c->dst)
      drop_span(c->dst, dst);
   return ocl_queue_result(q, ret);
}

static int
record_line(const struct cmd_rect *c, struct pipe_context *pipe,
            struct pipe_resource *dst, uint64_t dst_start,
            struct pipe_resource *src, uint64_t src_start, size_t y, size_t z)
{
   uint64_t to = dst_start + ocl_box_offset(&c->dst_box, y, z);
   uint64_t from = ocl_box_offset(&c->src_box, y, z);

   if (src)
      return pipe->resource_copy_region(pipe, dst, to, src, src_start + from,
                                        c->size[0]);
   return pipe->buffer_subdata(pipe, dst, to, c->size[0], c->from + from);
}

/* Writes and copies, line by line on the device. */
static cl_int
run_on_device(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_rect *c = cast(ev);
   struct pipe_context *pipe = ocl_queue_pipe(q);
   struct pipe_resource *src = NULL;
   uint64_t dst_start, src_start = 0;
   int ret = 0;

   if (!pipe)
      return CL_OUT_OF_RESOURCES;
   if (c->src && !(src = ocl_mem_resource(c->src, q, &src_start)))
      return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   struct pipe_resource *dst = ocl_mem_resource(c->dst, q, &dst_start);
   if (!dst)
      return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   for (size_t z = 0; !ret && z < c->size[2]; z++)
      for (size_t y = 0; !ret && y < c->size[1]; y++)
         ret = record_line(c, pipe, dst, dst_start, src, src_start, y, z);
   return ocl_queue_result(q, ret);
}

static const struct ocl_command_ops cpu_ops = {run_on_cpu, finish_rect};
static const struct ocl_command_ops device_ops = {run_on_device, finish_rect};

/* A box of a sub-buffer as a box of its root. */
static struct ocl_mem *
attach(struct ocl_mem *mem, struct ocl_box *box)
{
   box->origin[0] += mem->offset_B;
   return ocl_mem_get(ocl_mem_root(mem));
}

static struct ocl_event *
make(struct ocl_queue *q, cl_command_type type, struct ocl_mem *dst, void *to,
     const struct ocl_box *dst_box, struct ocl_mem *src, const void *from,
     const struct ocl_box *src_box, const size_t size[3])
{
   struct ocl_event *ev = ocl_event_create(
      q->ctx, q, type, &cpu_ops, OCL_CMD_HOST, sizeof(struct cmd_rect));

   if (!ev)
      return NULL;
   struct cmd_rect *c = cast(ev);
   c->dst_box = *dst_box;
   c->src_box = *src_box;
   c->to = to;
   c->from = from;
   memcpy(c->size, size, sizeof(c->size));
   if (dst)
      c->dst = attach(dst, &c->dst_box);
   if (src)
      c->src = attach(src, &c->src_box);
   merge_lines(c);

   bool shared = (c->dst && c->dst->shared) && (!c->src || c->src->shared);
   if (c->dst && !shared && lines(c->size) <= MAX_LINES &&
       (c->src || !c->dst->shared)) {
      ev->ops = &device_ops;
      ev->flags = 0;
   }
   return ev;
}

struct ocl_event *
ocl_cmd_read_rect(struct ocl_queue *q, struct ocl_mem *src,
                  const struct ocl_box *src_box, void *dst,
                  const struct ocl_box *dst_box, const size_t size[3])
{
   return make(q, CL_COMMAND_READ_BUFFER_RECT, NULL, dst, dst_box, src, NULL,
               src_box, size);
}

struct ocl_event *
ocl_cmd_write_rect(struct ocl_queue *q, struct ocl_mem *dst,
                   const struct ocl_box *dst_box, const void *src,
                   const struct ocl_box *src_box, const size_t size[3])
{
   return make(q, CL_COMMAND_WRITE_BUFFER_RECT, dst, NULL, dst_box, NULL, src,
               src_box, size);
}

struct ocl_event *
ocl_cmd_copy_rect(struct ocl_queue *q, struct ocl_mem *dst,
                  const struct ocl_box *dst_box, struct ocl_mem *src,
                  const struct ocl_box *src_box, const size_t size[3])
{
   return make(q, CL_COMMAND_COPY_BUFFER_RECT, dst, NULL, dst_box, src, NULL,
               src_box, size);
}
