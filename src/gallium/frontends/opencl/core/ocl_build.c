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
copy_info(struct ocl_build *b, const struct clc_program_info *src)
{
   b->info.num_kernels = src->num_kernels;
   b->info.kernels =
      util_arena_array(&b->arena, struct clc_kernel, src->num_kernels);
   b->kernel_info = util_arena_array(&b->arena, struct ocl_kernel_device_info,
                                     src->num_kernels);
   for (unsigned i = 0; i < src->num_kernels; i++)
      copy_kernel(&b->arena, &b->info.kernels[i], &src->kernels[i]);
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

void
ocl_build_put(struct ocl_build *build)
{
   if (!build || __atomic_sub_fetch(&build->refs, 1, __ATOMIC_ACQ_REL))
      return;
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

static bool
ask_driver(const struct ocl_build *build, const struct clc_kernel *kernel,
           struct pipe_compute_state_object_info *info_out)
{
   struct pipe_compute_state state = {
      .binary = build->binary.data,
      .binary_size_B = build->binary.size_B,
      .kernel = kernel->name,
   };
   struct pipe_context *pipe = ocl_device_lock_helper(build->dev);

   if (!pipe)
      return false;
   void *cso = pipe->create_compute_state(pipe, &state);
   if (cso) {
      pipe->get_compute_state_info(pipe, cso, info_out);
      pipe->delete_compute_state(pipe, cso);
   }
   ocl_device_unlock_helper(build->dev);
   return cso != NULL;
}

bool
ocl_build_kernel_info(struct ocl_build *build, const struct clc_kernel *kernel,
                      struct pipe_compute_state_object_info *info_out)
{
   struct ocl_kernel_device_info *k =
      &build->kernel_info[kernel - build->info.kernels];

   pthread_mutex_lock(&build->lock);
   if (!k->known)
      k->known = ask_driver(build, kernel, &k->info);
   bool known = k->known;
   *info_out = k->info;
   pthread_mutex_unlock(&build->lock);
   return known;
}
