/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_file.h"

#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_gem.h"
#include "kernel/drm/kdrm_syncobj.h"

/* --- Handle tables ------------------------------------------------------- */

void
kdrm_handles_init(struct kdrm_handles *h, unsigned first)
{
   pthread_mutex_init(&h->lock, NULL);
   h->slots = NULL;
   h->capacity = 0;
   h->first = first;
}

void
kdrm_handles_finish(struct kdrm_handles *h)
{
   assert(kdrm_handles_count(h) == 0);
   kdrm_free(h->slots);
   pthread_mutex_destroy(&h->lock);
}

static bool
grow_locked(struct kdrm_handles *h)
{
   unsigned capacity = MAX2(16, h->capacity * 2);
   void **slots = kdrm_zalloc(capacity * sizeof(*slots));
   if (!slots)
      return false;
   for (unsigned i = 0; i < h->capacity; i++)
      slots[i] = h->slots[i];
   kdrm_free(h->slots);
   h->slots = slots;
   h->capacity = capacity;
   return true;
}

int
kdrm_handles_add(struct kdrm_handles *h, void *ptr)
{
   pthread_mutex_lock(&h->lock);
   unsigned i = 0;
   while (i < h->capacity && h->slots[i])
      i++;
   int ret = -ENOMEM;
   if (i < h->capacity || grow_locked(h)) {
      h->slots[i] = ptr;
      ret = (int)(i + h->first);
   }
   pthread_mutex_unlock(&h->lock);
   return ret;
}

static void **
slot_locked(struct kdrm_handles *h, unsigned handle)
{
   if (handle < h->first || handle - h->first >= h->capacity)
      return NULL;
   return &h->slots[handle - h->first];
}

void *
kdrm_handles_remove(struct kdrm_handles *h, unsigned handle)
{
   pthread_mutex_lock(&h->lock);
   void **slot = slot_locked(h, handle);
   void *ptr = slot ? *slot : NULL;
   if (slot)
      *slot = NULL;
   pthread_mutex_unlock(&h->lock);
   return ptr;
}

void *
kdrm_handles_get(struct kdrm_handles *h, unsigned handle,
                 void (*get)(void *ptr))
{
   pthread_mutex_lock(&h->lock);
   void **slot = slot_locked(h, handle);
   void *ptr = slot ? *slot : NULL;
   if (ptr && get)
      get(ptr);
   pthread_mutex_unlock(&h->lock);
   return ptr;
}

void *
kdrm_handles_pop(struct kdrm_handles *h, unsigned *handle_out)
{
   void *ptr = NULL;
   pthread_mutex_lock(&h->lock);
   for (unsigned i = 0; i < h->capacity && !ptr; i++) {
      ptr = h->slots[i];
      h->slots[i] = NULL;
      if (handle_out)
         *handle_out = i + h->first;
   }
   pthread_mutex_unlock(&h->lock);
   return ptr;
}

unsigned
kdrm_handles_count(struct kdrm_handles *h)
{
   unsigned n = 0;
   pthread_mutex_lock(&h->lock);
   for (unsigned i = 0; i < h->capacity; i++)
      n += h->slots[i] != NULL;
   pthread_mutex_unlock(&h->lock);
   return n;
}

/* --- Devices and files --------------------------------------------------- */

void
kdrm_device_init(struct kdrm_device *dev, const struct kdrm_driver *driver,
                 void *priv)
{
   *dev = (struct kdrm_device){.driver = driver, .priv = priv};
   kdrm_handles_init(&dev->files, 0);
   pthread_mutex_init(&dev->offset_lock, NULL);
   dev->next_offset = KDRM_GEM_FIRST_OFFSET;
}

void
kdrm_device_finish(struct kdrm_device *dev)
{
   kdrm_handles_finish(&dev->files);
   pthread_mutex_destroy(&dev->offset_lock);
}

static void
file_free(struct kdrm_file *file)
{
   kdrm_handles_finish(&file->gem);
   kdrm_handles_finish(&file->syncobj);
   pthread_cond_destroy(&file->idle);
   pthread_mutex_destroy(&file->idle_lock);
   kdrm_free(file);
}

int
kdrm_open(struct kdrm_device *dev)
{
   struct kdrm_file *file = kdrm_zalloc(sizeof(*file));
   if (!file)
      return -ENOMEM;
   file->dev = dev;
   atomic_init(&file->refs, 1);
   pthread_mutex_init(&file->idle_lock, NULL);
   pthread_cond_init(&file->idle, NULL);
   kdrm_handles_init(&file->gem, 1);
   kdrm_handles_init(&file->syncobj, 1);
   int ret = dev->driver->open(file);
   if (ret)
      goto fail;
   ret = kdrm_handles_add(&dev->files, file);
   if (ret < 0)
      goto fail_opened;
   file->handle = ret;
   return ret;

fail_opened:
   dev->driver->postclose(file);
fail:
   file_free(file);
   return ret;
}

static void
file_ref(void *ptr)
{
   atomic_fetch_add(&((struct kdrm_file *)ptr)->refs, 1);
}

struct kdrm_file *
kdrm_file_get(struct kdrm_device *dev, int file)
{
   return file < 0 ? NULL : kdrm_handles_get(&dev->files, file, file_ref);
}

void
kdrm_file_put(struct kdrm_file *file)
{
   pthread_mutex_lock(&file->idle_lock);
   if (atomic_fetch_sub(&file->refs, 1) == 2)
      pthread_cond_signal(&file->idle); /* only the closer is left */
   pthread_mutex_unlock(&file->idle_lock);
}

int
kdrm_close(struct kdrm_device *dev, int handle)
{
   struct kdrm_file *file =
      handle < 0 ? NULL : kdrm_handles_remove(&dev->files, handle);
   if (!file)
      return -EBADF;
   pthread_mutex_lock(&file->idle_lock);
   while (atomic_load(&file->refs) > 1)
      pthread_cond_wait(&file->idle, &file->idle_lock);
   pthread_mutex_unlock(&file->idle_lock);
   dev->driver->preclose(file);
   kdrm_gem_release(file);
   kdrm_syncobj_release(file);
   dev->driver->postclose(file);
   file_free(file);
   return 0;
}
