/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_program.h"

#include <stdlib.h>

static void
program_destroy(struct ocl_object *obj)
{
   struct ocl_program *prog = container_of(obj, struct ocl_program, obj);

   for (unsigned i = 0; i < prog->num_devs; i++) {
      ocl_build_put(prog->devs[i].build);
      free(prog->devs[i].options);
      free(prog->devs[i].log);
   }
   free(prog->devs);
   free(prog->source);
   free(prog->il);
   free(prog->il_special);
   pthread_mutex_destroy(&prog->lock);
   ocl_context_put(prog->ctx);
   free(prog);
}

struct ocl_program *
ocl_program_create(struct ocl_context *ctx, struct ocl_device *const *devs,
                   unsigned num)
{
   struct ocl_program *prog = calloc(1, sizeof(*prog));

   if (!prog)
      return NULL;
   prog->devs = calloc(num, sizeof(*prog->devs));
   if (!prog->devs) {
      free(prog);
      return NULL;
   }
   ocl_object_init(&prog->obj, OCL_MAGIC_PROGRAM, program_destroy);
   pthread_mutex_init(&prog->lock, NULL);
   prog->ctx = ocl_context_get(ctx);
   prog->num_devs = num;
   for (unsigned i = 0; i < num; i++) {
      prog->devs[i].dev = devs[i];
      prog->devs[i].status = CL_BUILD_NONE;
   }
   return prog;
}

struct ocl_program_device *
ocl_program_find_device(struct ocl_program *prog, const struct ocl_device *dev)
{
   for (unsigned i = 0; i < prog->num_devs; i++)
      if (prog->devs[i].dev == dev)
         return &prog->devs[i];
   return NULL;
}

cl_int
ocl_program_begin(struct ocl_program *prog)
{
   pthread_mutex_lock(&prog->lock);
   bool free_to_go = !prog->busy && !prog->kernels;
   if (free_to_go)
      prog->busy = true;
   pthread_mutex_unlock(&prog->lock);
   return free_to_go ? CL_SUCCESS : CL_INVALID_OPERATION;
}

void
ocl_program_end(struct ocl_program *prog)
{
   pthread_mutex_lock(&prog->lock);
   prog->busy = false;
   pthread_mutex_unlock(&prog->lock);
}

static struct ocl_build *
executable_locked(const struct ocl_program_device *pd)
{
   struct ocl_build *b = pd->build;

   if (!b || pd->status != CL_BUILD_SUCCESS ||
       b->type != CL_PROGRAM_BINARY_TYPE_EXECUTABLE || !b->binary.data)
      return NULL;
   return ocl_build_get(b);
}

struct ocl_build *
ocl_program_executable(struct ocl_program *prog)
{
   struct ocl_build *b = NULL;

   pthread_mutex_lock(&prog->lock);
   for (unsigned i = 0; !b && i < prog->num_devs; i++)
      b = executable_locked(&prog->devs[i]);
   pthread_mutex_unlock(&prog->lock);
   return b;
}

struct ocl_build *
ocl_program_device_executable(struct ocl_program *prog,
                              const struct ocl_device *dev)
{
   struct ocl_program_device *pd = ocl_program_find_device(prog, dev);

   if (!pd)
      return NULL;
   pthread_mutex_lock(&prog->lock);
   struct ocl_build *b = executable_locked(pd);
   pthread_mutex_unlock(&prog->lock);
   return b;
}
