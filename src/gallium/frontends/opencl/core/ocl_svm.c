/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_svm.h"

#include "ocl_platform.h"
#include "ocl_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Smaller ones come from malloc: a page of their own each would be waste, and a
 * process may have no more than 65530 mappings. */
#define OWN_MAPPING_B (64u << 10)
/* What the kernel mirrors and migrates at once (design: granule of the mirror).
 */
#define GRANULE_B (2u << 20)
#define PAGE_B    4096u

void
ocl_svm_space_init(struct ocl_context *ctx)
{
   struct ocl_svm_space *s = &ctx->svm;

   pthread_mutex_init(&s->lock, NULL);
   s->system = true;
   for (unsigned i = 0; i < ctx->num_devices; i++) {
      const struct ocl_device *dev = ctx->devices[i];
      s->caps |= dev->svm_caps;
      if (!(dev->svm_caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM))
         s->system = false;
   }
}

void
ocl_svm_space_finish(struct ocl_context *ctx)
{
   struct util_rb_node *n;

   while ((n = util_rb_first(&ctx->svm.allocs)))
      ocl_svm_free(ctx, container_of(n, struct ocl_svm_alloc, node)->ptr);
   pthread_mutex_destroy(&ctx->svm.lock);
}

static bool
alloc_own_mapping(struct ocl_svm_alloc *a, uint64_t align_B)
{
   align_B = MAX2(align_B, a->size_B >= GRANULE_B ? GRANULE_B : PAGE_B);
   uint64_t map_B = util_align(a->size_B, PAGE_B) + align_B - PAGE_B;
   void *base = mmap(NULL, map_B, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

   if (base == MAP_FAILED)
      return false;
   a->map_base = base;
   a->map_B = map_B;
   a->ptr = (char *)util_align((uintptr_t)base, align_B);
   return true;
}

void *
ocl_svm_create_resources(struct ocl_context *ctx, uint64_t size_B,
                         uint64_t align_B, struct pipe_resource **res)
{
   struct pipe_screen *screens[OCL_MAX_DEVICES];
   struct pipe_resource *made[OCL_MAX_DEVICES];
   unsigned index[OCL_MAX_DEVICES], n = 0;

   for (unsigned i = 0; i < ctx->num_devices; i++) {
      if (!ocl_device_caps(ctx->devices[i])->svm_buffer)
         continue;
      screens[n] = ctx->devices[i]->screen;
      index[n++] = i;
   }
   if (!n)
      return NULL;
   /* Where devices cannot share memory an allocation is the first one's. */
   int ret = screens[0]->resource_create_svm(screens, n, size_B, align_B, made);
   if (ret == -EXDEV)
      ret =
         screens[0]->resource_create_svm(screens, n = 1, size_B, align_B, made);
   if (ret)
      return NULL;
   for (unsigned i = 0; i < n; i++)
      res[index[i]] = made[i];
   return made[0]->user_ptr;
}

static bool
alloc_memory(struct ocl_svm_alloc *a, uint64_t align_B)
{
   struct ocl_context *ctx = a->ctx;
   void *ptr;

   if (!ctx->svm.system) {
      a->ptr = ocl_svm_create_resources(ctx, a->size_B, align_B, a->res);
      return a->ptr != NULL;
   }
   if (a->size_B >= OWN_MAPPING_B || align_B > PAGE_B)
      return alloc_own_mapping(a, align_B);
   if (posix_memalign(&ptr, align_B, util_align(a->size_B, align_B)))
      return false;
   a->ptr = ptr;
   return true;
}

static void
alloc_destroy(struct ocl_svm_alloc *a)
{
   struct ocl_context *ctx = a->ctx;

   ocl_watch_remove_range(ctx->devices[0]->platform->watch, a->ptr);
   for (unsigned i = 0; i < ctx->num_devices; i++)
      pipe_resource_reference(&a->res[i], NULL);
   if (a->map_B)
      munmap(a->map_base, a->map_B);
   else if (ctx->svm.system)
      free(a->ptr);
   free(a->res);
   free(a);
}

void *
ocl_svm_alloc(struct ocl_context *ctx, cl_svm_mem_flags flags, size_t size_B,
              size_t align_B)
{
   struct ocl_svm_alloc *a = calloc(1, sizeof(*a));

   if (!a)
      return NULL;
   a->refs = 1;
   a->ctx = ctx;
   a->size_B = size_B;
   a->flags = flags;
   a->res = calloc(ctx->num_devices, sizeof(*a->res));
   if (!a->res || !alloc_memory(a, MAX2(align_B, OCL_DEVICE_MEM_ALIGN_B))) {
      free(a->res);
      free(a);
      return NULL;
   }
   ocl_watch_add_range(ctx->devices[0]->platform->watch, "clSVMAlloc", a->ptr,
                       size_B);
   a->node.key = (uintptr_t)a->ptr;
   pthread_mutex_lock(&ctx->svm.lock);
   util_rb_insert(&ctx->svm.allocs, &a->node);
   pthread_mutex_unlock(&ctx->svm.lock);
   return a->ptr;
}

bool
ocl_svm_free(struct ocl_context *ctx, void *ptr)
{
   pthread_mutex_lock(&ctx->svm.lock);
   struct util_rb_node *n = util_rb_find(&ctx->svm.allocs, (uintptr_t)ptr);
   if (n)
      util_rb_remove(&ctx->svm.allocs, n);
   pthread_mutex_unlock(&ctx->svm.lock);
   if (!n)
      return false;
   ocl_svm_put(container_of(n, struct ocl_svm_alloc, node));
   return true;
}

struct ocl_svm_alloc *
ocl_svm_find(struct ocl_context *ctx, const void *ptr)
{
   struct ocl_svm_alloc *a = NULL;

   pthread_mutex_lock(&ctx->svm.lock);
   struct util_rb_node *n = util_rb_floor(&ctx->svm.allocs, (uintptr_t)ptr);
   if (n) {
      a = container_of(n, struct ocl_svm_alloc, node);
      a = ocl_svm_contains(a, ptr, 1) ? ocl_svm_get(a) : NULL;
   }
   pthread_mutex_unlock(&ctx->svm.lock);
   return a;
}

void
ocl_svm_put(struct ocl_svm_alloc *alloc)
{
   if (alloc && __atomic_sub_fetch(&alloc->refs, 1, __ATOMIC_ACQ_REL) == 0)
      alloc_destroy(alloc);
}

struct pipe_resource *
ocl_svm_resource_made(struct ocl_svm_alloc *alloc, unsigned dev_index)
{
   pthread_mutex_lock(&alloc->ctx->svm.lock);
   struct pipe_resource *res = alloc->res[dev_index];
   pthread_mutex_unlock(&alloc->ctx->svm.lock);
   return res;
}

struct pipe_resource *
ocl_svm_resource(struct ocl_svm_alloc *alloc, unsigned dev_index)
{
   struct ocl_context *ctx = alloc->ctx;
   struct pipe_screen *screen = ctx->devices[dev_index]->screen;

   pthread_mutex_lock(&ctx->svm.lock);
   if (!alloc->res[dev_index] && ctx->svm.system)
      alloc->res[dev_index] =
         screen->resource_from_user_memory(screen, alloc->ptr, alloc->size_B);
   struct pipe_resource *res = alloc->res[dev_index];
   pthread_mutex_unlock(&ctx->svm.lock);
   return res;
}
