/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Contexts, fences and the thread that runs what is flushed. */
#include "fake_clc.h"
#include "fake_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/util_list.h"

struct fake_fence {
   int refs;
   bool done;
   int error;
   uint64_t start_ns, end_ns;
   struct pipe_device_fault fault;
};

enum op_kind {
   OP_COPY,
   OP_FILL,
   OP_WRITE,
   OP_LAUNCH
};

struct op {
   struct util_list link;
   enum op_kind kind;
   char *dst;
   const char *src;
   uint64_t size_B;
   char pattern[128];
   unsigned pattern_B;
   char *data;
   struct fake_launch launch;
};

struct fake_context {
   struct pipe_context base;
   struct util_list ops;
   bool lost;
   struct pipe_device_fault fault;
   int refs; /* itself and its jobs */
};

struct job {
   struct util_list link, ops;
   struct fake_context *ctx;
   struct fake_fence *fence;
};

/* ---- kernels ---- */

static struct {
   char name[32];
   fake_kernel fn;
} kernels[32];
static unsigned num_kernels;

void
fake_register_kernel(const char *name, fake_kernel fn)
{
   assert(num_kernels < ARRAY_SIZE(kernels));
   snprintf(kernels[num_kernels].name, sizeof(kernels[0].name), "%s", name);
   kernels[num_kernels++].fn = fn;
}

static __thread const char *fault_text;

void
fake_fault(const char *message)
{
   fault_text = message;
}

static void
run_kernel(struct fake_launch *l)
{
   for (unsigned i = 0; i < num_kernels; i++)
      if (!strcmp(kernels[i].name, l->kernel))
         kernels[i].fn(l);
}

/* ---- the device's thread ---- */

static void
run_op(struct op *op)
{
   switch (op->kind) {
   case OP_COPY:
      memmove(op->dst, op->src, op->size_B);
      break;
   case OP_FILL:
      for (uint64_t i = 0; i < op->size_B; i += op->pattern_B)
         memcpy(op->dst + i, op->pattern, op->pattern_B);
      break;
   case OP_WRITE:
      memcpy(op->dst, op->data, op->size_B);
      break;
   case OP_LAUNCH:
      op->launch.info.input = op->launch.input;
      run_kernel(&op->launch);
      break;
   }
}

static void
drop_ops(struct util_list *ops)
{
   util_list_for_each_safe(struct op, op, ops, link) {
      util_list_del(&op->link);
      free(op->data);
      free(op);
   }
}

static void
context_put_locked(struct fake_context *c)
{
   if (--c->refs == 0) {
      drop_ops(&c->ops);
      free(c);
   }
}

static void
fence_put_locked(struct fake_screen *s, struct fake_fence *f)
{
   if (f && --f->refs == 0) {
      s->fences_alive--;
      free(f);
   }
}

static void
lose_locked(struct fake_screen *s, struct fake_context *c, const char *text)
{
   c->lost = true;
   s->lost_contexts++;
   c->fault.status = PIPE_GUILTY_CONTEXT_RESET;
   snprintf(c->fault.message, sizeof(c->fault.message), "%s", text);
}

static void
run_job(struct fake_screen *s, struct job *job)
{
   fault_text = NULL;
   job->fence->start_ns = util_time_ns();
   util_list_for_each(struct op, op, &job->ops, link) {
      if (job->ctx->lost || fault_text)
         break;
      run_op(op);
   }
   pthread_mutex_lock(&s->lock);
   if (fault_text)
      lose_locked(s, job->ctx, fault_text);
   if (job->ctx->lost) {
      job->fence->error = -ENODEV;
      job->fence->fault = job->ctx->fault;
   }
   job->fence->end_ns = util_time_ns();
   job->fence->done = true;
   pthread_cond_broadcast(&s->cond);
   fence_put_locked(s, job->fence);
   drop_ops(&job->ops);
   context_put_locked(job->ctx);
   pthread_mutex_unlock(&s->lock);
   free(job);
}

void *
fake_screen_main(void *arg)
{
   struct fake_screen *s = arg;

   pthread_mutex_lock(&s->lock);
   while (!s->stop) {
      if (!s->open || util_list_is_empty(&s->jobs)) {
         pthread_cond_wait(&s->cond, &s->lock);
         continue;
      }
      struct job *job = util_list_first(&s->jobs, struct job, link);
      util_list_del(&job->link);
      pthread_mutex_unlock(&s->lock);
      run_job(s, job);
      pthread_mutex_lock(&s->lock);
   }
   pthread_mutex_unlock(&s->lock);
   return NULL;
}

void
fake_gate(struct fake_screen *s, bool open)
{
   pthread_mutex_lock(&s->lock);
   s->open = open;
   pthread_cond_broadcast(&s->cond);
   pthread_mutex_unlock(&s->lock);
}

unsigned
fake_flushes(struct fake_screen *s)
{
   pthread_mutex_lock(&s->lock);
   unsigned n = s->flushes;
   pthread_mutex_unlock(&s->lock);
   return n;
}

/* ---- contexts ---- */

static struct fake_context *
ctx_cast(struct pipe_context *c)
{
   return container_of(c, struct fake_context, base);
}

char *
fake_place(struct pipe_resource *res, uint64_t offset_B, uint64_t size_B)
{
   assert(offset_B + size_B <= res->width0_B);
   char *base = res->user_ptr ? res->user_ptr : *(char **)(res + 1);
   return base + offset_B;
}

static struct op *
add_op(struct pipe_context *pipe, enum op_kind kind)
{
   struct op *op = calloc(1, sizeof(*op));
   op->kind = kind;
   util_list_add_tail(&op->link, &ctx_cast(pipe)->ops);
   return op;
}

static bool
is_lost(struct pipe_context *pipe)
{
   struct fake_screen *s = fake_cast(pipe->screen);

   pthread_mutex_lock(&s->lock);
   bool lost = ctx_cast(pipe)->lost;
   pthread_mutex_unlock(&s->lock);
   return lost;
}

static void
context_destroy(struct pipe_context *pipe)
{
   struct fake_screen *s = fake_cast(pipe->screen);

   pthread_mutex_lock(&s->lock);
   s->contexts--;
   context_put_locked(ctx_cast(pipe));
   pthread_mutex_unlock(&s->lock);
}

static void *
create_state(struct pipe_context *pipe, const struct pipe_compute_state *state)
{
   return fake_binary_has_kernel(state->binary, state->binary_size_B,
                                 state->kernel)
             ? strdup(state->kernel)
             : NULL;
}

static void
delete_state(struct pipe_context *pipe, void *cso)
{
   free(cso);
}

static void
state_info(struct pipe_context *pipe, void *cso,
           struct pipe_compute_state_object_info *info)
{
   memset(info, 0, sizeof(*info));
   info->max_threads = strstr(cso, "small") ? 64 : 1024;
   info->preferred_simd_size = 32;
   info->program_data_B = 24;
   info->static_local_memory_B = strstr(cso, "static") ? 100 : 0;
}

static int
launch(struct pipe_context *pipe, void *cso, const struct pipe_grid_info *info)
{
   struct fake_screen *s = fake_cast(pipe->screen);

   if (is_lost(pipe))
      return -ENODEV;
   struct op *op = add_op(pipe, OP_LAUNCH);
   snprintf(op->launch.kernel, sizeof(op->launch.kernel), "%s", (char *)cso);
   op->launch.info = *info;
   assert(info->input_size_B <= sizeof(op->launch.input));
   memcpy(op->launch.input, info->input, info->input_size_B);
   pthread_mutex_lock(&s->lock);
   s->launches++;
   s->last = op->launch;
   pthread_mutex_unlock(&s->lock);
   return 0;
}

static int
copy_region(struct pipe_context *pipe, struct pipe_resource *dst,
            uint64_t dst_offset, struct pipe_resource *src, uint64_t src_offset,
            uint64_t size)
{
   if (is_lost(pipe))
      return -ENODEV;
   struct op *op = add_op(pipe, OP_COPY);
   op->dst = fake_place(dst, dst_offset, size);
   op->src = fake_place(src, src_offset, size);
   op->size_B = size;
   return 0;
}

static int
clear(struct pipe_context *pipe, struct pipe_resource *res, uint64_t offset,
      uint64_t size, const void *pattern, unsigned pattern_B)
{
   if (is_lost(pipe))
      return -ENODEV;
   struct op *op = add_op(pipe, OP_FILL);
   op->dst = fake_place(res, offset, size);
   op->size_B = size;
   memcpy(op->pattern, pattern, pattern_B);
   op->pattern_B = pattern_B;
   return 0;
}

static int
subdata(struct pipe_context *pipe, struct pipe_resource *res, uint64_t offset,
        uint64_t size, const void *data)
{
   if (is_lost(pipe))
      return -ENODEV;
   struct op *op = add_op(pipe, OP_WRITE);
   op->dst = fake_place(res, offset, size);
   op->size_B = size;
   op->data = malloc(size);
   memcpy(op->data, data, size);
   return 0;
}

static int
flush(struct pipe_context *pipe, struct pipe_fence_handle **fence_out)
{
   struct fake_screen *s = fake_cast(pipe->screen);
   struct fake_context *c = ctx_cast(pipe);

   if (is_lost(pipe))
      return -ENODEV;
   struct job *job = calloc(1, sizeof(*job));
   struct fake_fence *f = calloc(1, sizeof(*f));
   util_list_init(&job->ops);
   util_list_splice_tail(&c->ops, &job->ops);
   job->ctx = c;
   job->fence = f;
   f->refs = 1 + (fence_out != NULL);
   if (fence_out)
      *fence_out = (struct pipe_fence_handle *)f;
   pthread_mutex_lock(&s->lock);
   c->refs++;
   s->flushes++;
   s->fences_alive++;
   util_list_add_tail(&job->link, &s->jobs);
   pthread_cond_broadcast(&s->cond);
   pthread_mutex_unlock(&s->lock);
   return 0;
}

bool
fake_fence_finish(struct pipe_screen *screen, struct pipe_fence_handle *fence,
                  uint64_t timeout)
{
   struct fake_screen *s = fake_cast(screen);
   struct fake_fence *f = (struct fake_fence *)fence;

   pthread_mutex_lock(&s->lock);
   while (!f->done && timeout)
      pthread_cond_wait(&s->cond, &s->lock);
   bool done = f->done;
   pthread_mutex_unlock(&s->lock);
   return done;
}

void
fake_fence_reference(struct pipe_screen *screen, struct pipe_fence_handle **dst,
                     struct pipe_fence_handle *src)
{
   struct fake_screen *s = fake_cast(screen);

   pthread_mutex_lock(&s->lock);
   if (src)
      ((struct fake_fence *)src)->refs++;
   fence_put_locked(s, (struct fake_fence *)*dst);
   *dst = src;
   pthread_mutex_unlock(&s->lock);
}

static int
buffer_read(struct pipe_context *pipe, struct pipe_resource *res,
            uint64_t offset, uint64_t size, void *data_out)
{
   struct pipe_fence_handle *fence = NULL;
   int ret = flush(pipe, &fence);

   if (ret)
      return ret;
   fake_fence_finish(pipe->screen, fence, PIPE_TIMEOUT_INFINITE);
   fake_fence_reference(pipe->screen, &fence, NULL);
   if (is_lost(pipe))
      return -ENODEV;
   memcpy(data_out, fake_place(res, offset, size), size);
   return 0;
}

static enum pipe_reset_status
reset_status(struct pipe_context *pipe, struct pipe_device_fault *fault_out)
{
   struct fake_context *c = ctx_cast(pipe);

   if (!is_lost(pipe))
      return PIPE_NO_RESET;
   if (fault_out)
      *fault_out = c->fault;
   return c->fault.status;
}

struct pipe_context *
fake_context_create(struct pipe_screen *screen)
{
   struct fake_screen *s = fake_cast(screen);
   struct fake_context *c = calloc(1, sizeof(*c));

   c->refs = 1;
   util_list_init(&c->ops);
   c->base = (struct pipe_context){
      .screen = screen,
      .destroy = context_destroy,
      .create_compute_state = create_state,
      .delete_compute_state = delete_state,
      .get_compute_state_info = state_info,
      .launch_grid = launch,
      .resource_copy_region = copy_region,
      .clear_buffer = clear,
      .buffer_subdata = subdata,
      .buffer_read = buffer_read,
      .flush = flush,
      .get_device_reset_status = reset_status,
   };
   pthread_mutex_lock(&s->lock);
   s->contexts++;
   pthread_mutex_unlock(&s->lock);
   return &c->base;
}

bool
fake_fence_times(struct pipe_screen *screen, struct pipe_fence_handle *fence,
                 uint64_t *start, uint64_t *end)
{
   struct fake_fence *f = (struct fake_fence *)fence;

   *start = f->start_ns;
   *end = f->end_ns;
   return f->done;
}

int
fake_fence_error(struct pipe_screen *screen, struct pipe_fence_handle *fence,
                 struct pipe_device_fault *fault_out)
{
   struct fake_fence *f = (struct fake_fence *)fence;

   if (f->error && fault_out)
      *fault_out = f->fault;
   return f->error;
}
