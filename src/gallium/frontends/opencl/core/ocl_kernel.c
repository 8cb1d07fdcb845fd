/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_kernel.h"

#include <stdlib.h>
#include <string.h>

/* ---- argument lists ---- */

static cl_int
args_init(struct ocl_args *args, const struct clc_kernel *info)
{
   size_t bytes = 0;

   memset(args, 0, sizeof(*args));
   for (unsigned i = 0; i < info->num_args; i++)
      if (info->args[i].kind == CLC_ARG_VALUE)
         bytes += info->args[i].size_B;
   args->arg = calloc(info->num_args + 1, sizeof(*args->arg));
   args->storage = malloc(bytes + 1);
   if (!args->arg || !args->storage) {
      ocl_args_finish(args);
      return CL_OUT_OF_HOST_MEMORY;
   }
   args->num = info->num_args;
   args->fine_grain_system = true; /* the default of clSetKernelExecInfo */
   char *p = args->storage;
   for (unsigned i = 0; i < info->num_args; i++) {
      if (info->args[i].kind != CLC_ARG_VALUE)
         continue;
      args->arg[i].value = p;
      p += info->args[i].size_B;
   }
   return CL_SUCCESS;
}

void
ocl_args_finish(struct ocl_args *args)
{
   for (unsigned i = 0; args->holds && i < args->num; i++)
      ocl_mem_put(args->arg[i].mem);
   free(args->arg);
   free(args->storage);
   free(args->svm_ptrs);
   memset(args, 0, sizeof(*args));
}

static void
copy_arg(struct ocl_arg *dst, const struct ocl_arg *src, bool hold)
{
   char *value = dst->value;

   *dst = *src;
   dst->value = value;
   if (value && src->set)
      memcpy(value, src->value, src->size_B);
   if (src->mem && hold)
      ocl_mem_get(src->mem);
}

cl_int
ocl_args_copy(struct ocl_args *dst, const struct ocl_args *src,
              const struct clc_kernel *info, bool hold)
{
   cl_int err = args_init(dst, info);

   if (err)
      return err;
   for (unsigned i = 0; i < src->num; i++)
      copy_arg(&dst->arg[i], &src->arg[i], hold);
   dst->holds = hold;
   dst->fine_grain_system = src->fine_grain_system;
   if (!src->num_svm_ptrs)
      return CL_SUCCESS;
   dst->svm_ptrs = malloc(src->num_svm_ptrs * sizeof(void *));
   if (!dst->svm_ptrs) {
      ocl_args_finish(dst);
      return CL_OUT_OF_HOST_MEMORY;
   }
   memcpy(dst->svm_ptrs, src->svm_ptrs, src->num_svm_ptrs * sizeof(void *));
   dst->num_svm_ptrs = src->num_svm_ptrs;
   return CL_SUCCESS;
}

uint64_t
ocl_args_local_end(const struct ocl_args *args, const struct clc_kernel *info,
                   uint64_t start_B)
{
   uint64_t at = start_B;

   for (unsigned i = 0; i < args->num; i++) {
      if (info->args[i].kind != CLC_ARG_LOCAL || !args->arg[i].set)
         continue;
      at = util_align(MAX2(at, 1), OCL_DEVICE_MEM_ALIGN_B);
      at += args->arg[i].size_B;
   }
   return at;
}

/* ---- kernels ---- */

static void
kernel_destroy(struct ocl_object *obj)
{
   struct ocl_kernel *k = container_of(obj, struct ocl_kernel, obj);

   pthread_mutex_lock(&k->program->lock);
   k->program->kernels--;
   pthread_mutex_unlock(&k->program->lock);
   ocl_args_finish(&k->args);
   ocl_build_put(k->build);
   ocl_program_put(k->program);
   free(k);
}

static struct ocl_kernel *
kernel_new(struct ocl_program *prog, struct ocl_build *build,
           const struct clc_kernel *info)
{
   struct ocl_kernel *k = calloc(1, sizeof(*k));

   if (!k)
      return NULL;
   ocl_object_init(&k->obj, OCL_MAGIC_KERNEL, kernel_destroy);
   k->program = ocl_program_get(prog);
   k->build = ocl_build_get(build);
   k->info = info;
   pthread_mutex_lock(&prog->lock);
   prog->kernels++;
   pthread_mutex_unlock(&prog->lock);
   return k;
}

struct ocl_kernel *
ocl_kernel_create(struct ocl_program *prog, struct ocl_build *build,
                  const struct clc_kernel *info)
{
   struct ocl_kernel *k = kernel_new(prog, build, info);

   if (k && args_init(&k->args, info)) {
      ocl_kernel_put(k);
      return NULL;
   }
   return k;
}

struct ocl_kernel *
ocl_kernel_clone(struct ocl_kernel *kernel)
{
   struct ocl_kernel *k =
      kernel_new(kernel->program, kernel->build, kernel->info);

   if (k && ocl_args_copy(&k->args, &kernel->args, kernel->info, false)) {
      ocl_kernel_put(k);
      return NULL;
   }
   return k;
}

static struct ocl_arg *
begin_set(struct ocl_kernel *k, unsigned i)
{
   struct ocl_arg *a = &k->args.arg[i];

   a->mem = NULL;
   a->svm = NULL;
   a->is_svm = false;
   a->set = true;
   return a;
}

void
ocl_kernel_set_value(struct ocl_kernel *k, unsigned i, const void *value)
{
   struct ocl_arg *a = begin_set(k, i);

   a->size_B = k->info->args[i].size_B;
   memcpy(a->value, value, a->size_B);
}

void
ocl_kernel_set_local(struct ocl_kernel *k, unsigned i, size_t size_B)
{
   begin_set(k, i)->size_B = size_B;
}

void
ocl_kernel_set_mem(struct ocl_kernel *k, unsigned i, struct ocl_mem *mem)
{
   begin_set(k, i)->mem = mem;
}

void
ocl_kernel_set_svm(struct ocl_kernel *k, unsigned i, const void *ptr)
{
   struct ocl_arg *a = begin_set(k, i);

   a->svm = ptr;
   a->is_svm = true;
}

cl_int
ocl_kernel_set_svm_ptrs(struct ocl_kernel *k, const void *const *ptrs,
                        unsigned n)
{
   const void **copy = malloc((n + 1) * sizeof(*copy));

   if (!copy)
      return CL_OUT_OF_HOST_MEMORY;
   if (n)
      memcpy(copy, ptrs, n * sizeof(*copy));
   free(k->args.svm_ptrs);
   k->args.svm_ptrs = copy;
   k->args.num_svm_ptrs = n;
   return CL_SUCCESS;
}

bool
ocl_kernel_args_complete(const struct ocl_kernel *k)
{
   for (unsigned i = 0; i < k->args.num; i++) {
      const struct ocl_arg *a = &k->args.arg[i];
      if (!a->set || (a->mem && !ocl_mem_check((cl_mem)a->mem)))
         return false;
   }
   return true;
}
