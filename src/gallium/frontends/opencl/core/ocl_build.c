/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_program.h"

#include <stdlib.h>
#include <string.h>

#include "pipe/p_context.h"

static char *
dup_string(struct util_arena *a, const char *s)
{
   return s ? util_arena_strdup(a, s) : NULL;
}

static void
copy_kernel(struct util_arena *a, struct clc_kernel *dst,
            const struct clc_kernel *src)
{
   *dst = *src;
   dst->name = dup_string(a, src->name);
   dst->attributes = dup_string(a, src->attributes);
   dst->args = util_arena_array(a, struct clc_arg, src->num_args);
   for (unsigned i = 0; i < src->num_args; i++) {
      dst->args[i] = src->args[i];
      dst->args[i].name = dup_string(a, src->args[i].name);
      dst->args[i].type_name = dup_string(a, src->args[i].type_name);
   }
}

static void
copy_printfs(struct ocl_build *b, const struct clc_program_info *src)
{
   b->info.num_printfs = src->num_printfs;
   b->info.printfs =
      util_arena_array(&b->arena, struct clc_printf, src->num_printfs);
   for (unsigned i = 0; i < src->num_printfs; i++) {
      const struct clc_printf *p = &src->printfs[i];
      struct clc_printf *copy = &b->info.printfs[i];
      *copy = *p;
      copy->text = util_arena_alloc(&b->arena, p->length + 1);
      memcpy(copy->text, p->text, p->length);
      copy->args = util_arena_array(&b->arena, uint32_t, p->num_args);
      if (p->num_args)
         memcpy(copy->args, p->args, p->num_args * sizeof(*p->args));
   }
}

static void
copy_info(struct ocl_build *b, const struct clc_program_info *src)
{
   b->info.num_kernels = src->num_kernels;
   b->info.kernels =
      util_arena_array(&b->arena, struct clc_kernel, src->num_kernels);
   b->states =
      util_arena_array(&b->arena, struct ocl_kernel_state, src->num_kernels);
   for (unsigned i = 0; i < src->num_kernels; i++)
      copy_kernel(&b->arena, &b->info.kernels[i], &src->kernels[i]);
   copy_printfs(b, src);
}

struct ocl_build *
ocl_build_create(struct ocl_device *dev, cl_program_binary_type type,
                 struct clc_blob bitcode, struct pipe_binary binary,
                 const struct clc_program_info *info)
{
   struct ocl_build *b = calloc(1, sizeof(*b));

   if (!b) {
      free(bitcode.data);
      free(binary.data);
      return NULL;
   }
   b->refs = 1;
   b->dev = dev;
   b->type = type;
   b->bitcode = bitcode;
   b->binary = binary;
   util_arena_init(&b->arena);
   pthread_mutex_init(&b->lock, NULL);
   copy_info(b, info);
   return b;
}

/* Through the helper context; the object belongs to the screen. */
static void
make_state(const struct ocl_build *build, const struct clc_kernel *kernel,
           struct ocl_kernel_state *state)
{
   struct pipe_compute_state desc = {
      .binary = build->binary.data,
      .binary_size_B = build->binary.size_B,
      .kernel = kernel->name,
   };
   struct pipe_context *pipe = ocl_device_lock_helper(build->dev);

   if (!pipe)
      return;
   state->cso = pipe->create_compute_state(pipe, &desc);
   if (state->cso)
      pipe->get_compute_state_info(pipe, state->cso, &state->info);
   ocl_device_unlock_helper(build->dev);
}

static void
drop_states(struct ocl_build *build)
{
   struct pipe_context *pipe = NULL;

   for (unsigned i = 0; i < build->info.num_kernels; i++) {
      if (!build->states[i].cso)
         continue;
      pipe = pipe ? pipe : ocl_device_lock_helper(build->dev);
      if (!pipe)
         return; /* the device is gone, and the object with it */
      pipe->delete_compute_state(pipe, build->states[i].cso);
   }
   if (pipe)
      ocl_device_unlock_helper(build->dev);
}

void
ocl_build_put(struct ocl_build *build)
{
   if (!build || __atomic_sub_fetch(&build->refs, 1, __ATOMIC_ACQ_REL))
      return;
   drop_states(build);
   free(build->bitcode.data);
   free(build->binary.data);
   util_arena_finish(&build->arena);
   pthread_mutex_destroy(&build->lock);
   free(build);
}

const struct clc_kernel *
ocl_build_find(const struct ocl_build *build, const char *name)
{
   for (unsigned i = 0; i < build->info.num_kernels; i++)
      if (!strcmp(build->info.kernels[i].name, name))
         return &build->info.kernels[i];
   return NULL;
}

const struct ocl_kernel_state *
ocl_build_state(struct ocl_build *build, const struct clc_kernel *kernel)
{
   struct ocl_kernel_state *state =
      &build->states[kernel - build->info.kernels];

   pthread_mutex_lock(&build->lock);
   if (!state->cso)
      make_state(build, kernel, state);
   bool made = state->cso != NULL;
   pthread_mutex_unlock(&build->lock);
   return made ? state : NULL;
}
