/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Kernel launches: the arguments are taken at the enqueue; addresses are filled
 * in when the command runs, because a buffer may get its memory that late. */
#include "ocl_cmd.h"
#include "ocl_printf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/p_context.h"
#include "util/util_trace.h"

struct cmd_launch {
   struct ocl_event ev;
   struct ocl_build *build;
   const struct clc_kernel *kernel;
   struct ocl_args args;
   struct ocl_ndrange range;
   const struct ocl_kernel_state *state; /* of `build` */
};

static struct cmd_launch *
cast(struct ocl_event *ev)
{
   return container_of(ev, struct cmd_launch, ev);
}

static void
finish_launch(struct ocl_event *ev)
{
   ocl_args_finish(&cast(ev)->args);
   ocl_build_put(cast(ev)->build);
}

/* What pipe_grid_info points to while it is being recorded. */
struct launch_space {
   char *input;
   struct pipe_resource **resources;
   unsigned num_resources;
   struct pipe_svm_range *ranges;
   unsigned num_ranges;
   uint64_t local_end_B;
};

static bool
space_init(struct launch_space *s, const struct cmd_launch *c)
{
   unsigned max = c->args.num + c->args.num_svm_ptrs;
   size_t input_B = util_align(c->kernel->args_size_B + 1, 16);
   char *p =
      calloc(1, input_B + max * (sizeof(*s->resources) + sizeof(*s->ranges)));

   memset(s, 0, sizeof(*s));
   if (!p)
      return false;
   s->input = p;
   s->ranges = (struct pipe_svm_range *)(p + input_B);
   s->resources = (struct pipe_resource **)(s->ranges + max);
   s->local_end_B = c->state->info.static_local_memory_B;
   return true;
}

static void
put_u64(char *input, const struct clc_arg *info, uint64_t v)
{
   memcpy(input + info->offset_B, &v, sizeof(v));
}

/* The driver needs no list of SVM memory to run; it helps those that prefetch,
 * and keeps allocated-as-resource memory resident. */
static void
note_svm(struct launch_space *s, struct ocl_queue *q, const void *ptr)
{
   struct ocl_svm_alloc *a = ocl_svm_find(q->ctx, ptr);

   if (!a)
      return;
   s->ranges[s->num_ranges++] = (struct pipe_svm_range){a->ptr, a->size_B};
   struct pipe_resource *res = ocl_svm_resource_made(a, q->dev_index);
   if (res)
      s->resources[s->num_resources++] = res;
   ocl_svm_put(a);
}

static cl_int
put_mem(struct launch_space *s, struct ocl_queue *q, const struct clc_arg *info,
        struct ocl_mem *mem)
{
   struct pipe_screen *screen = q->dev->screen;
   uint64_t start;
   struct pipe_resource *res = ocl_mem_resource(ocl_mem_root(mem), q, &start);

   if (!res)
      return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   s->resources[s->num_resources++] = res;
   put_u64(s->input, info,
           screen->resource_get_address(screen, res) + start + mem->offset_B);
   return CL_SUCCESS;
}

static void
put_local(struct launch_space *s, const struct clc_arg *info, uint32_t size_B)
{
   s->local_end_B = util_align(MAX2(s->local_end_B, 1), OCL_DEVICE_MEM_ALIGN_B);
   put_u64(s->input, info, s->local_end_B);
   s->local_end_B += size_B;
}

static cl_int
put_arg(struct launch_space *s, struct ocl_queue *q, const struct clc_arg *info,
        const struct ocl_arg *arg)
{
   switch (info->kind) {
   case CLC_ARG_VALUE:
      memcpy(s->input + info->offset_B, arg->value, info->size_B);
      return CL_SUCCESS;
   case CLC_ARG_LOCAL:
      put_local(s, info, arg->size_B);
      return CL_SUCCESS;
   default:
      break;
   }
   if (arg->mem)
      return put_mem(s, q, info, arg->mem);
   put_u64(s->input, info, (uintptr_t)arg->svm);
   if (arg->svm)
      note_svm(s, q, arg->svm);
   return CL_SUCCESS;
}

static cl_int
put_args(struct launch_space *s, struct ocl_queue *q,
         const struct cmd_launch *c)
{
   for (unsigned i = 0; i < c->args.num; i++) {
      cl_int err = put_arg(s, q, &c->kernel->args[i], &c->args.arg[i]);
      if (err)
         return err;
   }
   for (unsigned i = 0; i < c->args.num_svm_ptrs; i++)
      note_svm(s, q, c->args.svm_ptrs[i]);
   return CL_SUCCESS;
}

static void
fill_grid(struct pipe_grid_info *info, const struct cmd_launch *c,
          const struct launch_space *s)
{
   info->work_dim = c->range.work_dim;
   for (unsigned i = 0; i < 3; i++) {
      info->block[i] = c->range.local[i];
      info->last_block[i] = c->range.global[i] % c->range.local[i];
      info->global_size[i] = c->range.global[i];
      info->global_offset[i] = c->range.offset[i];
      info->grid[i] = DIV_ROUND_UP(c->range.global[i], c->range.local[i]);
   }
   info->variable_shared_mem_B =
      s->local_end_B - c->state->info.static_local_memory_B;
   info->input = s->input;
   info->input_size_B = c->kernel->args_size_B;
   info->resources = s->resources;
   info->num_resources = s->num_resources;
   info->svm_ranges = s->ranges;
   info->num_svm_ranges = s->num_ranges;
   info->kernel_name = c->kernel->name;
}

/* A kernel that prints runs alone, and this waits for it. */
static int
launch(struct ocl_queue *q, struct cmd_launch *c, struct pipe_grid_info *info)
{
   struct pipe_context *pipe = ocl_queue_pipe(q);
   bool prints = c->kernel->uses_printf;
   int ret = prints ? ocl_printf_begin(q, &info->printf_buffer) : 0;

   if (!ret)
      ret = pipe->launch_grid(pipe, c->state->cso, info);
   return !ret && prints ? ocl_printf_end(q, &c->build->info) : ret;
}

static cl_int
run_launch(struct ocl_event *ev, struct ocl_queue *q)
{
   struct cmd_launch *c = cast(ev);
   struct pipe_grid_info info = {0};
   struct launch_space space;

   if (!ocl_queue_pipe(q))
      return CL_OUT_OF_RESOURCES;
   if (!space_init(&space, c))
      return CL_OUT_OF_HOST_MEMORY;
   cl_int err = put_args(&space, q, c);
   if (!err) {
      fill_grid(&info, c, &space);
      err = ocl_queue_result(q, launch(q, c, &info));
   }
   free(space.input);
   return err;
}

static const char *
describe_launch(const struct ocl_event *ev, struct util_trace_args *args)
{
   const struct cmd_launch *c =
      container_of((struct ocl_event *)ev, struct cmd_launch, ev);
   const size_t *g = c->range.global, *l = c->range.local;
   char text[96];

   snprintf(text, sizeof(text), "%zu x %zu x %zu", g[0], g[1], g[2]);
   util_trace_arg_str(args, "global", text);
   snprintf(text, sizeof(text), "%zu x %zu x %zu", l[0], l[1], l[2]);
   util_trace_arg_str(args, "local", text);
   return c->kernel->name;
}

static const struct ocl_command_ops launch_ops = {
   .run = run_launch,
   .finish = finish_launch,
   .describe = describe_launch,
};

struct ocl_event *
ocl_cmd_ndrange(struct ocl_queue *q, struct ocl_kernel *kernel,
                struct ocl_build *build, cl_command_type type,
                const struct ocl_ndrange *range, cl_int *err_out)
{
   const struct clc_kernel *info = ocl_build_find(build, kernel->info->name);
   const struct ocl_kernel_state *state =
      info ? ocl_build_state(build, info) : NULL;

   *err_out = CL_OUT_OF_RESOURCES;
   if (!state)
      return NULL;
   *err_out = CL_OUT_OF_HOST_MEMORY;
   struct ocl_event *ev =
      ocl_event_create(q->ctx, q, type, &launch_ops,
                       info->uses_printf ? OCL_CMD_HOST | OCL_CMD_SLOW : 0,
                       sizeof(struct cmd_launch));
   if (!ev)
      return NULL;
   struct cmd_launch *c = cast(ev);
   c->build = ocl_build_get(build);
   c->kernel = info;
   c->range = *range;
   c->state = state;
   if (ocl_args_copy(&c->args, &kernel->args, info, true)) {
      ocl_event_put(ev);
      return NULL;
   }
   *err_out = CL_SUCCESS;
   return ev;
}

/* ---- the local size, if the application leaves it to us ---- */

/* Four warps hide latency and leave room for several groups on an SM. */
#define WANTED_THREADS 128

/* The largest divisor of `n` that is at most `max`; a multiple of `unit` if
 * there is one. */
static size_t
best_divisor(size_t n, size_t max, size_t unit)
{
   size_t best = 1;

   for (size_t d = MIN2(n, max); d > 1; d--) {
      if (n % d)
         continue;
      if (d % unit == 0)
         return d;
      best = MAX2(best, d);
   }
   return best;
}

void
ocl_choose_local_size(const struct pipe_caps *caps, uint32_t max_threads,
                      bool non_uniform, struct ocl_ndrange *range)
{
   size_t left = MIN2(max_threads, WANTED_THREADS);
   size_t unit = caps->subgroup_size ? caps->subgroup_size : 1;

   for (unsigned i = 0; i < 3; i++) {
      size_t max = MIN2(left, caps->max_block[i]);
      size_t d = best_divisor(range->global[i], max, i == 0 ? unit : 1);
      /* With a smaller last group, a prime size need not mean groups of one. */
      if (non_uniform && i == 0 && d < unit)
         d = MIN2(range->global[i], max);
      range->local[i] = d;
      left /= d;
   }
}
