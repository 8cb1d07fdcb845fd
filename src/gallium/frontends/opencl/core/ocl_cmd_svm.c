/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The shared virtual memory commands. All SVM here is coherent, so maps are
 * markers. */
#include "ocl_cmd.h"
#include "ocl_platform.h"
#include "ocl_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/p_context.h"
#include "util/util_trace.h"

/* [guess] On an idle queue the CPU has copied this much before the GPU has
 * begun. */
#define CPU_COPY_MAX_B (256u << 10)

/* ---- free ---- */

struct cmd_svm_free {
   struct ocl_event ev;
   ocl_svm_free_notify notify;
   void *data;
   unsigned num;
   void *ptrs[];
};

static cl_int
run_free(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_svm_free *c = container_of(ev, struct cmd_svm_free, ev);

   if (c->notify) {
      c->notify((cl_command_queue)q, c->num, c->ptrs, c->data);
      return CL_SUCCESS;
   }
   for (unsigned i = 0; i < c->num; i++)
      ocl_svm_free(q->ctx, c->ptrs[i]);
   return CL_SUCCESS;
}

static const struct ocl_command_ops free_ops = {run_free, NULL};

struct ocl_event *
ocl_cmd_svm_free(struct ocl_queue *q, void *const *ptrs, unsigned n,
                 ocl_svm_free_notify notify, void *data)
{
   unsigned flags = OCL_CMD_HOST | (notify ? OCL_CMD_SLOW : 0);
   struct ocl_event *ev =
      ocl_event_create(q->ctx, q, CL_COMMAND_SVM_FREE, &free_ops, flags,
                       sizeof(struct cmd_svm_free) + n * sizeof(void *));

   if (!ev)
      return NULL;
   struct cmd_svm_free *c = container_of(ev, struct cmd_svm_free, ev);
   c->notify = notify;
   c->data = data;
   c->num = n;
   if (n)
      memcpy(c->ptrs, ptrs, n * sizeof(*ptrs));
   return ev;
}

/* ---- memcpy and fill ---- */

struct cmd_svm_copy {
   struct ocl_event ev;
   char *dst;
   const char *src;
   size_t size_B;
   struct ocl_svm_alloc *dst_alloc, *src_alloc; /* device path only */
   unsigned pattern_B;
   char pattern[128];
};

static struct cmd_svm_copy *
cast_copy(struct ocl_event *ev)
{
   return container_of(ev, struct cmd_svm_copy, ev);
}

static void
finish_copy(struct ocl_event *ev)
{
   ocl_svm_put(cast_copy(ev)->dst_alloc);
   ocl_svm_put(cast_copy(ev)->src_alloc);
}

static cl_int
run_copy_cpu(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_svm_copy *c = cast_copy(ev);

   memmove(c->dst, c->src, c->size_B);
   return CL_SUCCESS;
}

static cl_int
run_copy_device(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_svm_copy *c = cast_copy(ev);
   struct pipe_context *pipe = ocl_queue_pipe(q);
   struct pipe_resource *dst = ocl_svm_resource(c->dst_alloc, q->dev_index);
   struct pipe_resource *src = ocl_svm_resource(c->src_alloc, q->dev_index);

   if (!pipe || !dst || !src)
      return CL_OUT_OF_RESOURCES;
   return ocl_queue_result(
      q, pipe->resource_copy_region(pipe, dst, c->dst - c->dst_alloc->ptr, src,
                                    c->src - c->src_alloc->ptr, c->size_B));
}

static cl_int
run_fill_cpu(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_svm_copy *c = cast_copy(ev);

   if (c->pattern_B == 1) {
      memset(c->dst, c->pattern[0], c->size_B);
      return CL_SUCCESS;
   }
   for (size_t i = 0; i < c->size_B; i += c->pattern_B)
      memcpy(c->dst + i, c->pattern, c->pattern_B);
   return CL_SUCCESS;
}

static cl_int
run_fill_device(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_svm_copy *c = cast_copy(ev);
   struct pipe_context *pipe = ocl_queue_pipe(q);
   struct pipe_resource *dst = ocl_svm_resource(c->dst_alloc, q->dev_index);

   if (!pipe || !dst)
      return CL_OUT_OF_RESOURCES;
   return ocl_queue_result(
      q, pipe->clear_buffer(pipe, dst, c->dst - c->dst_alloc->ptr, c->size_B,
                            c->pattern, c->pattern_B));
}

static const struct ocl_command_ops copy_cpu_ops = {run_copy_cpu, finish_copy};
static const struct ocl_command_ops copy_device_ops = {run_copy_device,
                                                       finish_copy};
static const struct ocl_command_ops fill_cpu_ops = {run_fill_cpu, finish_copy};
static const struct ocl_command_ops fill_device_ops = {run_fill_device,
                                                       finish_copy};

/* The allocation, if the whole range lies in it and the queue's device knows
 * it. */
static struct ocl_svm_alloc *
device_side(struct ocl_queue *q, const void *ptr, size_t size_B)
{
   struct ocl_svm_alloc *a = ocl_svm_find(q->ctx, ptr);

   if (!a ||
       (ocl_svm_contains(a, ptr, size_B) && ocl_svm_resource(a, q->dev_index)))
      return a;
   ocl_svm_put(a);
   return NULL;
}

static bool
wants_cpu(struct ocl_queue *q, size_t size_B)
{
   return size_B <= CPU_COPY_MAX_B && ocl_queue_looks_idle(q);
}

static void
use_device(struct ocl_event *ev, const struct ocl_command_ops *ops)
{
   ev->ops = ops;
   ev->flags = 0;
}

struct ocl_event *
ocl_cmd_svm_memcpy(struct ocl_queue *q, void *dst, const void *src,
                   size_t size_B)
{
   struct ocl_event *ev =
      ocl_event_create(q->ctx, q, CL_COMMAND_SVM_MEMCPY, &copy_cpu_ops,
                       OCL_CMD_HOST, sizeof(struct cmd_svm_copy));

   if (!ev)
      return NULL;
   struct cmd_svm_copy *c = cast_copy(ev);
   c->dst = dst;
   c->src = src;
   c->size_B = size_B;
   if (!size_B || wants_cpu(q, size_B))
      return ev;
   c->dst_alloc = device_side(q, dst, size_B);
   c->src_alloc = c->dst_alloc ? device_side(q, src, size_B) : NULL;
   if (c->src_alloc)
      use_device(ev, &copy_device_ops);
   return ev;
}

struct ocl_event *
ocl_cmd_svm_fill(struct ocl_queue *q, void *dst, const void *pattern,
                 size_t pattern_B, size_t size_B)
{
   struct ocl_event *ev =
      ocl_event_create(q->ctx, q, CL_COMMAND_SVM_MEMFILL, &fill_cpu_ops,
                       OCL_CMD_HOST, sizeof(struct cmd_svm_copy));

   if (!ev)
      return NULL;
   struct cmd_svm_copy *c = cast_copy(ev);
   c->dst = dst;
   c->size_B = size_B;
   c->pattern_B = pattern_B;
   memcpy(c->pattern, pattern, pattern_B);
   if (!size_B || wants_cpu(q, size_B))
      return ev;
   c->dst_alloc = device_side(q, dst, size_B);
   if (c->dst_alloc)
      use_device(ev, &fill_device_ops);
   return ev;
}

/* ---- migrate ---- */

struct svm_span {
   struct ocl_svm_alloc *alloc; /* reference; NULL: other memory */
   struct ocl_mem *mem;         /* or this one; reference */
   const char *ptr;
   size_t size_B;
};

struct cmd_svm_migrate {
   struct ocl_event ev;
   cl_mem_migration_flags migration;
   unsigned num;
   struct svm_span spans[];
};

static struct cmd_svm_migrate *
cast_migrate(struct ocl_event *ev)
{
   return container_of(ev, struct cmd_svm_migrate, ev);
}

static void
finish_migrate(struct ocl_event *ev)
{
   struct cmd_svm_migrate *c = cast_migrate(ev);

   for (unsigned i = 0; i < c->num; i++) {
      ocl_svm_put(c->spans[i].alloc);
      ocl_mem_put(c->spans[i].mem);
   }
}

/* Migration is a hint: that a kernel cannot do it is no error. */
static void
migrate_span(struct cmd_svm_migrate *c, struct ocl_queue *q,
             const struct svm_span *s)
{
   struct pipe_screen *screen = q->dev->screen;
   bool to_device = !(c->migration & CL_MIGRATE_MEM_OBJECT_HOST);

   ocl_watch_migrate_hint(q->dev->platform->watch, s->ptr, s->size_B);
   if (screen->caps.svm_system)
      screen->svm_migrate(
         screen, s->ptr, s->size_B, to_device,
         c->migration & CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED, NULL);
}

static cl_int
run_migrate(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_svm_migrate *c = cast_migrate(ev);
   uint64_t start;

   for (unsigned i = 0; i < c->num; i++) {
      const struct svm_span *s = &c->spans[i];
      if (s->ptr)
         migrate_span(c, q, s);
      else if (!(c->migration & CL_MIGRATE_MEM_OBJECT_HOST) &&
               !ocl_mem_resource(s->mem, q, &start))
         return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   }
   return CL_SUCCESS;
}

static const char *
describe_migrate(const struct ocl_event *ev, struct util_trace_args *args)
{
   const struct cmd_svm_migrate *c = cast_migrate((struct ocl_event *)ev);
   bool home = c->migration & CL_MIGRATE_MEM_OBJECT_HOST;
   uint64_t size_B = 0;

   for (unsigned i = 0; i < c->num; i++)
      size_B += c->spans[i].size_B;
   util_trace_arg_u64(args, "bytes", size_B);
   util_trace_arg_str(args, "to", home ? "host" : "device");
   return NULL;
}

static const struct ocl_command_ops migrate_ops = {
   .run = run_migrate,
   .finish = finish_migrate,
   .describe = describe_migrate,
};

/* Towards the device, earlier commands need not be waited for: nothing is lost
 * by moving pages early. Moving home would only make them go again, and
 * dropping contents must not happen before the last use. */
static struct cmd_svm_migrate *
make_migrate(struct ocl_queue *q, cl_command_type type, unsigned n,
             cl_mem_migration_flags migration)
{
   unsigned flags = OCL_CMD_SLOW | (migration ? OCL_CMD_HOST : OCL_CMD_NO_WORK);
   struct ocl_event *ev = ocl_event_create(
      q->ctx, q, type, &migrate_ops, flags,
      sizeof(struct cmd_svm_migrate) + n * sizeof(struct svm_span));

   if (!ev)
      return NULL;
   struct cmd_svm_migrate *c = cast_migrate(ev);
   c->migration = migration;
   c->num = n;
   return c;
}

struct ocl_event *
ocl_cmd_svm_migrate(struct ocl_queue *q, const void *const *ptrs,
                    const size_t *sizes, unsigned n,
                    cl_mem_migration_flags flags)
{
   struct cmd_svm_migrate *c =
      make_migrate(q, CL_COMMAND_SVM_MIGRATE_MEM, n, flags);

   if (!c)
      return NULL;
   for (unsigned i = 0; i < n; i++) {
      struct svm_span *s = &c->spans[i];
      bool whole = !sizes || !sizes[i];
      s->alloc = ocl_svm_find(q->ctx, ptrs[i]);
      s->ptr = whole && s->alloc ? s->alloc->ptr : ptrs[i];
      s->size_B = whole && s->alloc ? s->alloc->size_B : (sizes ? sizes[i] : 0);
   }
   return &c->ev;
}

/* A private buffer moves to the device of the queue by being asked for. */
struct ocl_event *
ocl_cmd_migrate(struct ocl_queue *q, struct ocl_mem *const *mems, unsigned n,
                cl_mem_migration_flags flags)
{
   struct cmd_svm_migrate *c =
      make_migrate(q, CL_COMMAND_MIGRATE_MEM_OBJECTS, n, flags);

   if (!c)
      return NULL;
   if (q->ctx->num_devices > 1)
      c->ev.flags &= ~OCL_CMD_NO_WORK;
   for (unsigned i = 0; i < n; i++) {
      struct ocl_range r = ocl_mem_range(mems[i], 0, mems[i]->size_B);
      c->spans[i].mem = ocl_mem_get(r.root);
      if (r.root->shared) {
         c->spans[i].ptr = r.root->host + r.offset_B;
         c->spans[i].size_B = r.size_B;
      }
   }
   return &c->ev;
}
