/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_gem.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#define PAGE_B 4096ull

void
kdrm_gem_init(struct kdrm_device *dev, struct kdrm_gem_object *obj,
              const struct kdrm_gem_funcs *funcs, uint64_t size_B)
{
   obj->dev = dev;
   obj->funcs = funcs;
   obj->size_B = size_B;
   atomic_init(&obj->refs, 1);
   kdrm_resv_init(&obj->own_resv);
   obj->resv = &obj->own_resv;
   pthread_mutex_init(&obj->gpuva_lock, NULL);
   util_list_init(&obj->gpuvm_bos);
   pthread_mutex_lock(&dev->offset_lock);
   obj->offset_node.key = dev->next_offset;
   /* Never reused: 47 bits of offsets outlast any process. */
   dev->next_offset += util_align(size_B, PAGE_B) + PAGE_B;
   util_rb_insert(&dev->offsets, &obj->offset_node);
   pthread_mutex_unlock(&dev->offset_lock);
}

void
kdrm_gem_finish(struct kdrm_gem_object *obj)
{
   assert(util_list_is_empty(&obj->gpuvm_bos));
   pthread_mutex_destroy(&obj->gpuva_lock);
   kdrm_resv_finish(&obj->own_resv);
   kdrm_gem_put(obj->resv_owner);
}

void
kdrm_gem_share_resv(struct kdrm_gem_object *obj, struct kdrm_gem_object *owner)
{
   kdrm_gem_get(owner);
   obj->resv_owner = owner;
   obj->resv = owner->resv;
}

void
kdrm_gem_get(struct kdrm_gem_object *obj)
{
   atomic_fetch_add(&obj->refs, 1);
}

static void
get_object(void *ptr)
{
   kdrm_gem_get(ptr);
}

void
kdrm_gem_put(struct kdrm_gem_object *obj)
{
   if (!obj || atomic_fetch_sub(&obj->refs, 1) != 1)
      return;
   pthread_mutex_lock(&obj->dev->offset_lock);
   util_rb_remove(&obj->dev->offsets, &obj->offset_node);
   pthread_mutex_unlock(&obj->dev->offset_lock);
   obj->funcs->free(obj);
}

uint64_t
kdrm_gem_map_handle(const struct kdrm_gem_object *obj)
{
   return obj->offset_node.key;
}

int
kdrm_gem_handle_create(struct kdrm_file *file, struct kdrm_gem_object *obj)
{
   int ret = obj->funcs->open(obj, file);
   if (ret)
      return ret;
   kdrm_gem_get(obj);
   ret = kdrm_handles_add(&file->gem, obj);
   if (ret < 0) {
      obj->funcs->close(obj, file);
      kdrm_gem_put(obj);
   }
   return ret;
}

int
kdrm_gem_handle_delete(struct kdrm_file *file, unsigned handle)
{
   struct kdrm_gem_object *obj = kdrm_handles_remove(&file->gem, handle);
   if (!obj)
      return -EINVAL;
   obj->funcs->close(obj, file);
   kdrm_gem_put(obj);
   return 0;
}

struct kdrm_gem_object *
kdrm_gem_lookup(struct kdrm_file *file, unsigned handle)
{
   return kdrm_handles_get(&file->gem, handle, get_object);
}

void
kdrm_gem_release(struct kdrm_file *file)
{
   struct kdrm_gem_object *obj;
   while ((obj = kdrm_handles_pop(&file->gem, NULL))) {
      obj->funcs->close(obj, file);
      kdrm_gem_put(obj);
   }
}

/* --- mmap ---------------------------------------------------------------- */

/* Referenced. The offset may lie inside the object. */
static struct kdrm_gem_object *
object_at(struct kdrm_device *dev, uint64_t offset)
{
   struct kdrm_gem_object *obj = NULL;
   pthread_mutex_lock(&dev->offset_lock);
   struct util_rb_node *n = util_rb_floor(&dev->offsets, offset);
   if (n) {
      obj = container_of(n, struct kdrm_gem_object, offset_node);
      unsigned refs = atomic_load(&obj->refs);
      /* On its way to free: as good as gone. */
      while (refs && !atomic_compare_exchange_weak(&obj->refs, &refs, refs + 1))
         ;
      if (!refs)
         obj = NULL;
   }
   pthread_mutex_unlock(&dev->offset_lock);
   return obj;
}

static bool
file_holds(struct kdrm_file *file, const struct kdrm_gem_object *obj)
{
   bool found = false;
   pthread_mutex_lock(&file->gem.lock);
   for (unsigned i = 0; i < file->gem.capacity && !found; i++)
      found = file->gem.slots[i] == obj;
   pthread_mutex_unlock(&file->gem.lock);
   return found;
}

void *
kdrm_gem_mmap(struct kdrm_file *file, void *addr, size_t length, int prot,
              int flags, off_t offset, struct kdrm_gem_object **obj_out)
{
   *obj_out = NULL;
   struct kdrm_gem_object *obj =
      offset < 0 ? NULL : object_at(file->dev, (uint64_t)offset);
   int err = EINVAL;
   if (!obj)
      goto fail;
   uint64_t start = (uint64_t)offset - kdrm_gem_map_handle(obj);
   uint64_t size_B = util_align(obj->size_B, PAGE_B);
   if (length == 0 || start % PAGE_B || start >= size_B ||
       util_align(length, PAGE_B) > size_B - start)
      goto fail;
   err = EACCES;
   if (!file_holds(file, obj))
      goto fail;
   void *map = obj->funcs->mmap(obj, addr, length, prot, flags, start);
   if (map == MAP_FAILED) {
      err = errno;
      goto fail;
   }
   *obj_out = obj;
   return map;

fail:
   kdrm_gem_put(obj);
   errno = err;
   return MAP_FAILED;
}
