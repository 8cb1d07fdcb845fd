/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffers and sub-buffers. The storage belongs to the root buffer:
 *
 *   shared   one resource that CPU and GPU use at the same place (USE_HOST_PTR
 * with shared virtual memory, ALLOC_HOST_PTR): `host` is the address private  a
 * resource per device, made on first use; `host` is the application's pointer
 * (USE_HOST_PTR) or a shadow for maps, made on first map
 *
 * With several devices the private copies move: `owner` is the one that is
 * valid.
 *
 * Locks: mem->lock guards maps, owner and the creation of resources and shadow.
 */
#ifndef OCL_MEM_H
#define OCL_MEM_H

#include "ocl_context.h"

struct ocl_queue;
struct pipe_resource;

struct ocl_map {
   struct util_list link;
   void *ptr;
   uint64_t offset_B, size_B; /* in the root buffer */
   cl_map_flags flags;
};

struct ocl_mem {
   struct ocl_object obj;
   struct ocl_context *ctx;
   struct ocl_mem *parent; /* reference; sub-buffers only */
   cl_mem_flags flags;
   uint64_t offset_B, size_B;
   void *host_ptr;           /* what CL_MEM_HOST_PTR answers */
   bool uses_svm;            /* CL_MEM_USES_SVM_POINTER */
   cl_mem_properties *props; /* as given, with the closing 0; may be NULL */
   unsigned num_props;
   struct util_list destructors; /* last registered first */
   pthread_mutex_t lock;
   struct util_list maps;         /* of this object, ocl_map */
   cl_uint packet_B, max_packets; /* pipes; else 0 */

   /* root buffers only */
   bool shared;
   int owner;                  /* device index, or -1: none yet */
   struct pipe_resource **res; /* one a device, made on first use */
   char *host;
   bool host_owned;           /* ours to unmap */
   bool host_first;           /* private: the first contents are at `host` */
   struct ocl_svm_alloc *svm; /* shared with this allocation; reference */
};

OCL_OBJECT_TYPE(mem, cl_mem, OCL_MAGIC_MEM)

static inline bool
ocl_mem_is_pipe(const struct ocl_mem *mem)
{
   return mem->packet_B != 0;
}

/* A place in a root buffer, as the commands use it. */
struct ocl_range {
   struct ocl_mem *root;
   uint64_t offset_B, size_B;
};

struct ocl_mem *ocl_mem_create(struct ocl_context *ctx, cl_mem_flags flags,
                               uint64_t size_B, void *host_ptr,
                               const cl_mem_properties *props,
                               unsigned num_props, cl_int *err_out);
struct ocl_mem *ocl_mem_create_sub(struct ocl_mem *parent, cl_mem_flags flags,
                                   uint64_t origin_B, uint64_t size_B);
/* An empty pipe. */
struct ocl_mem *ocl_pipe_create(struct ocl_context *ctx, cl_uint packet_B,
                                cl_uint max_packets, cl_int *err_out);
cl_int ocl_mem_add_destructor(struct ocl_mem *mem,
                              void(CL_CALLBACK *fn)(cl_mem, void *),
                              void *data);

static inline struct ocl_mem *
ocl_mem_root(struct ocl_mem *mem)
{
   return mem->parent ? mem->parent : mem;
}

static inline struct ocl_range
ocl_mem_range(struct ocl_mem *mem, uint64_t offset_B, uint64_t size_B)
{
   return (struct ocl_range){ocl_mem_root(mem), mem->offset_B + offset_B,
                             size_B};
}

/* The resource with valid contents on the device of `q`, and where the buffer
 * starts in it. For command_ops::run. NULL: out of memory. */
struct pipe_resource *ocl_mem_resource(struct ocl_mem *root,
                                       struct ocl_queue *q,
                                       uint64_t *start_out);

/* Address for the CPU of the mapped range; the shadow is made if there is none.
 * NULL: out of memory. Registers the map. */
void *ocl_mem_map(struct ocl_mem *mem, uint64_t offset_B, uint64_t size_B,
                  cl_map_flags flags);
/* Unregisters. False: not a mapped pointer. */
bool ocl_mem_unmap(struct ocl_mem *mem, void *ptr, struct ocl_map *map_out);
unsigned ocl_mem_map_count(struct ocl_mem *mem);

#endif
