/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared virtual memory. With system SVM an allocation is plain process memory,
 * which the GPU reaches as it reaches any other; without it, it is a resource
 * that the driver placed at one address for the CPU and all devices. The
 * context's tree finds the allocation around a pointer in O(log n). */
#ifndef OCL_SVM_H
#define OCL_SVM_H

#include "ocl_context.h"

struct pipe_resource;

struct ocl_svm_alloc {
   struct util_rb_node node; /* key: address */
   int refs; /* atomic: the tree, buffers made on it, commands */
   struct ocl_context
      *ctx; /* not counted: clSVMFree comes before the context ends */
   char *ptr;
   uint64_t size_B;
   cl_svm_mem_flags flags;
   uint64_t map_B; /* mmap'ed size at map_base; 0: from malloc */
   void *map_base;
   struct pipe_resource *
      *res; /* one a device; plain memory gets them when needed */
};

void ocl_svm_space_init(struct ocl_context *ctx);
/* Frees what the application forgot. */
void ocl_svm_space_finish(struct ocl_context *ctx);

/* Arguments are checked. NULL: out of memory. */
void *ocl_svm_alloc(struct ocl_context *ctx, cl_svm_mem_flags flags,
                    size_t size_B, size_t align_B);
/* False: not the start of an allocation. */
bool ocl_svm_free(struct ocl_context *ctx, void *ptr);
/* The allocation that holds the byte, with a reference, or NULL. */
struct ocl_svm_alloc *ocl_svm_find(struct ocl_context *ctx, const void *ptr);
void ocl_svm_put(struct ocl_svm_alloc *alloc);

static inline struct ocl_svm_alloc *
ocl_svm_get(struct ocl_svm_alloc *alloc)
{
   __atomic_add_fetch(&alloc->refs, 1, __ATOMIC_RELAXED);
   return alloc;
}

/* [ptr, ptr + size) lies inside. */
static inline bool
ocl_svm_contains(const struct ocl_svm_alloc *a, const void *ptr,
                 uint64_t size_B)
{
   uint64_t off = (const char *)ptr - a->ptr;
   return off <= a->size_B && size_B <= a->size_B - off;
}

/* The resource behind the allocation on that device of the context; made on
 * first use. Valid as long as the allocation. NULL: out of memory, or not of
 * that device. */
struct pipe_resource *ocl_svm_resource(struct ocl_svm_alloc *alloc,
                                       unsigned dev_index);
/* The same, if there is one already. */
struct pipe_resource *ocl_svm_resource_made(struct ocl_svm_alloc *alloc,
                                            unsigned dev_index);

/* Memory at one address for the CPU and all devices of the context that have
 * `svm_buffer`; res[] (one a device) gets their resources. The address, or
 * NULL: out of memory, or there is no such device. */
void *ocl_svm_create_resources(struct ocl_context *ctx, uint64_t size_B,
                               uint64_t align_B, struct pipe_resource **res);

#endif
