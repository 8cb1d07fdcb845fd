/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_mem.h"

#include "ocl_platform.h"
#include "ocl_queue.h"
#include "ocl_svm.h"
#include "ocl_watch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pipe/p_context.h"

struct destructor {
   struct util_list link;
   void(CL_CALLBACK *fn)(cl_mem, void *);
   void *data;
};

/* ---- life ---- */

static struct ocl_watch *
watch_of(const struct ocl_mem *mem)
{
   return mem->ctx->devices[0]->platform->watch;
}

static void
release_storage(struct ocl_mem *mem)
{
   if (!mem->res)
      return;
   if (mem->shared && !mem->svm)
      ocl_watch_remove_range(watch_of(mem), mem->host);
   for (unsigned i = 0; i < mem->ctx->num_devices; i++)
      pipe_resource_reference(&mem->res[i], NULL);
   free(mem->res);
   if (mem->host_owned)
      munmap(mem->host, mem->size_B);
   ocl_svm_put(mem->svm);
}

/* The storage goes first: in the callbacks the application may free what it
 * gave us. */
static void
mem_destroy(struct ocl_object *obj)
{
   struct ocl_mem *mem = container_of(obj, struct ocl_mem, obj);

   release_storage(mem);
   util_list_for_each_safe(struct destructor, d, &mem->destructors, link) {
      d->fn((cl_mem)mem, d->data);
      free(d);
   }
   util_list_for_each_safe(struct ocl_map, map, &mem->maps, link) {
      free(map);
   }
   ocl_mem_put(mem->parent);
   pthread_mutex_destroy(&mem->lock);
   free(mem->props);
   ocl_context_put(mem->ctx);
   free(mem);
}

static struct ocl_mem *
mem_new(struct ocl_context *ctx, cl_mem_flags flags, uint64_t size_B)
{
   struct ocl_mem *mem = calloc(1, sizeof(*mem));

   if (!mem)
      return NULL;
   ocl_object_init(&mem->obj, OCL_MAGIC_MEM, mem_destroy);
   mem->ctx = ocl_context_get(ctx);
   mem->flags = flags;
   mem->size_B = size_B;
   mem->owner = -1;
   util_list_init(&mem->destructors);
   util_list_init(&mem->maps);
   pthread_mutex_init(&mem->lock, NULL);
   return mem;
}

cl_int
ocl_mem_add_destructor(struct ocl_mem *mem,
                       void(CL_CALLBACK *fn)(cl_mem, void *), void *data)
{
   struct destructor *d = malloc(sizeof(*d));

   if (!d)
      return CL_OUT_OF_HOST_MEMORY;
   d->fn = fn;
   d->data = data;
   pthread_mutex_lock(&mem->lock);
   util_list_add(&d->link, &mem->destructors);
   pthread_mutex_unlock(&mem->lock);
   return CL_SUCCESS;
}

/* ---- where the bytes are ---- */

static char *
map_anonymous(uint64_t size_B)
{
   void *p = mmap(NULL, size_B, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
   return p == MAP_FAILED ? NULL : p;
}

static cl_int
place_on_host_ptr(struct ocl_mem *mem, void *host_ptr)
{
   struct ocl_svm_alloc *svm = ocl_svm_find(mem->ctx, host_ptr);

   if (svm && !ocl_svm_contains(svm, host_ptr, mem->size_B)) {
      ocl_svm_put(svm);
      return CL_INVALID_BUFFER_SIZE;
   }
   mem->host = host_ptr;
   mem->svm = svm;
   mem->shared = svm || mem->ctx->svm.system;
   mem->uses_svm = mem->shared;
   mem->host_first = !mem->shared;
   if (mem->shared && !svm)
      ocl_watch_add_range(watch_of(mem), "USE_HOST_PTR", host_ptr, mem->size_B);
   return CL_SUCCESS;
}

/* Memory that both sides reach, if there is such a thing; else it stays
 * private, which is slower but legal. */
static void
place_shared(struct ocl_mem *mem)
{
   struct ocl_context *ctx = mem->ctx;
   struct pipe_screen *screen = ctx->devices[0]->screen;

   if (ctx->num_devices == 1 && screen->caps.svm_buffer) {
      mem->host = ocl_svm_create_resources(ctx, mem->size_B,
                                           OCL_DEVICE_MEM_ALIGN_B, mem->res);
      if (mem->host) {
         mem->shared = true;
         return;
      }
   }
   if (ctx->svm.system) {
      mem->host = map_anonymous(mem->size_B);
      mem->shared = mem->host_owned = mem->host != NULL;
   }
}

static struct pipe_resource *
make_resource(struct ocl_mem *root, unsigned dev_index)
{
   struct pipe_screen *screen = root->ctx->devices[dev_index]->screen;

   if (root->shared)
      return screen->resource_from_user_memory(screen, root->host,
                                               root->size_B);
   return screen->resource_create(screen, root->size_B, PIPE_USAGE_DEFAULT, 0);
}

/* First contents of a private buffer, without a queue. */
static cl_int
upload_first(struct ocl_mem *mem, const void *data)
{
   struct ocl_device *dev = mem->ctx->devices[0];
   struct pipe_screen *screen = dev->screen;
   struct pipe_fence_handle *fence = NULL;
   struct pipe_context *pipe = ocl_device_lock_helper(dev);

   if (!pipe)
      return CL_OUT_OF_RESOURCES;
   int ret = pipe->buffer_subdata(pipe, mem->res[0], 0, mem->size_B, data);
   if (!ret)
      ret = pipe->flush(pipe, &fence);
   ocl_device_unlock_helper(dev);
   if (fence) {
      screen->fence_finish(screen, fence, PIPE_TIMEOUT_INFINITE);
      ret = screen->fence_get_error(screen, fence, NULL);
      screen->fence_reference(screen, &fence, NULL);
   }
   mem->owner = 0;
   return ocl_error_from_errno(ret);
}

static cl_int
place(struct ocl_mem *mem, void *host_ptr)
{
   if (mem->flags & CL_MEM_USE_HOST_PTR) {
      cl_int err = place_on_host_ptr(mem, host_ptr);
      if (err)
         return err;
   } else if (mem->flags & CL_MEM_ALLOC_HOST_PTR) {
      place_shared(mem);
   }
   /* With one device the memory is taken now, so that the error comes now. */
   if (!mem->svm && !mem->res[0] && (mem->ctx->num_devices == 1 || host_ptr)) {
      mem->res[0] = make_resource(mem, 0);
      if (!mem->res[0])
         return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   }
   if (!(mem->flags & CL_MEM_COPY_HOST_PTR))
      return CL_SUCCESS;
   if (!mem->shared)
      return upload_first(mem, host_ptr);
   memcpy(mem->host, host_ptr, mem->size_B);
   return CL_SUCCESS;
}

static bool
copy_props(struct ocl_mem *mem, const cl_mem_properties *props, unsigned n)
{
   if (!n)
      return true;
   mem->props = malloc(n * sizeof(*props));
   if (!mem->props)
      return false;
   memcpy(mem->props, props, n * sizeof(*props));
   mem->num_props = n;
   return true;
}

struct ocl_mem *
ocl_mem_create(struct ocl_context *ctx, cl_mem_flags flags, uint64_t size_B,
               void *host_ptr, const cl_mem_properties *props,
               unsigned num_props, cl_int *err_out)
{
   struct ocl_mem *mem = mem_new(ctx, flags, size_B);

   *err_out = CL_OUT_OF_HOST_MEMORY;
   if (!mem)
      return NULL;
   mem->res = calloc(ctx->num_devices, sizeof(*mem->res));
   if (!mem->res || !copy_props(mem, props, num_props))
      goto fail;
   if (flags & CL_MEM_USE_HOST_PTR)
      mem->host_ptr = host_ptr;
   *err_out = place(mem, host_ptr);
   if (*err_out)
      goto fail;
   return mem;

fail:
   ocl_mem_put(mem);
   return NULL;
}

struct ocl_mem *
ocl_mem_create_sub(struct ocl_mem *parent, cl_mem_flags flags,
                   uint64_t origin_B, uint64_t size_B)
{
   struct ocl_mem *mem = mem_new(parent->ctx, flags, size_B);

   if (!mem)
      return NULL;
   mem->parent = ocl_mem_get(parent);
   mem->offset_B = origin_B;
   mem->uses_svm = parent->uses_svm;
   if (parent->host_ptr)
      mem->host_ptr = (char *)parent->host_ptr + origin_B;
   return mem;
}

/* ---- residence ---- */

/* The contents of another device's copy, through the CPU. */
static int
move_from_device(struct ocl_mem *root, struct pipe_context *pipe,
                 struct pipe_resource *dst)
{
   struct ocl_device *from = root->ctx->devices[root->owner];
   char *tmp = map_anonymous(root->size_B);
   int ret = -ENOMEM;

   if (!tmp)
      return ret;
   struct pipe_context *src_pipe = ocl_device_lock_helper(from);
   if (src_pipe) {
      ret = src_pipe->buffer_read(src_pipe, root->res[root->owner], 0,
                                  root->size_B, tmp);
      ocl_device_unlock_helper(from);
   }
   if (!ret)
      ret = pipe->buffer_subdata(pipe, dst, 0, root->size_B, tmp);
   munmap(tmp, root->size_B);
   return ret;
}

static bool
make_current_locked(struct ocl_mem *root, struct ocl_queue *q)
{
   unsigned i = q->dev_index;
   struct pipe_context *pipe = ocl_queue_pipe(q);
   int ret = 0;

   if (!pipe)
      return false;
   if (root->owner >= 0)
      ret = move_from_device(root, pipe, root->res[i]);
   else if (root->host_first)
      ret =
         pipe->buffer_subdata(pipe, root->res[i], 0, root->size_B, root->host);
   if (ret)
      return false;
   root->owner = i;
   return true;
}

static struct pipe_resource *
resource_locked(struct ocl_mem *root, struct ocl_queue *q)
{
   unsigned i = q->dev_index;

   if (!root->res[i])
      root->res[i] = make_resource(root, i);
   if (!root->res[i])
      return NULL;
   if (!root->shared && root->owner != (int)i && !make_current_locked(root, q))
      return NULL;
   return root->res[i];
}

struct pipe_resource *
ocl_mem_resource(struct ocl_mem *root, struct ocl_queue *q, uint64_t *start_out)
{
   assert(!root->parent);
   *start_out = 0;
   if (root->svm) {
      *start_out = root->host - root->svm->ptr;
      return ocl_svm_resource(root->svm, q->dev_index);
   }
   pthread_mutex_lock(&root->lock);
   struct pipe_resource *res = resource_locked(root, q);
   pthread_mutex_unlock(&root->lock);
   return res;
}

/* ---- maps ---- */

static bool
ensure_host(struct ocl_mem *root)
{
   pthread_mutex_lock(&root->lock);
   if (!root->host) {
      root->host = map_anonymous(root->size_B);
      root->host_owned = root->host != NULL;
   }
   bool ok = root->host != NULL;
   pthread_mutex_unlock(&root->lock);
   return ok;
}

void *
ocl_mem_map(struct ocl_mem *mem, uint64_t offset_B, uint64_t size_B,
            cl_map_flags flags)
{
   struct ocl_range range = ocl_mem_range(mem, offset_B, size_B);
   struct ocl_map *map = malloc(sizeof(*map));

   if (!map || !ensure_host(range.root)) {
      free(map);
      return NULL;
   }
   map->ptr = range.root->host + range.offset_B;
   map->offset_B = range.offset_B;
   map->size_B = size_B;
   map->flags = flags;
   pthread_mutex_lock(&mem->lock);
   util_list_add_tail(&map->link, &mem->maps);
   pthread_mutex_unlock(&mem->lock);
   return map->ptr;
}

/* The newest map of that pointer: nested maps end in the order of a stack. */
bool
ocl_mem_unmap(struct ocl_mem *mem, void *ptr, struct ocl_map *map_out)
{
   struct ocl_map *found = NULL;

   pthread_mutex_lock(&mem->lock);
   util_list_for_each(struct ocl_map, map, &mem->maps, link) {
      if (map->ptr == ptr)
         found = map;
   }
   if (found)
      util_list_del(&found->link);
   pthread_mutex_unlock(&mem->lock);
   if (!found)
      return false;
   *map_out = *found;
   free(found);
   return true;
}

unsigned
ocl_mem_map_count(struct ocl_mem *mem)
{
   unsigned n = 0;

   pthread_mutex_lock(&mem->lock);
   util_list_for_each(struct ocl_map, map, &mem->maps, link)
      n++;
   pthread_mutex_unlock(&mem->lock);
   return n;
}
