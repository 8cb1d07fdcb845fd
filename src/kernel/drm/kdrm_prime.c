/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_prime.h"

#include <errno.h>
#include <fcntl.h>

#include <drm-uapi/nouveau_drm.h>

void
kdrm_prime_init(struct kdrm_prime *prime)
{
   kdrm_handles_init(&prime->fds, KDRM_PRIME_FIRST_FD);
}

void
kdrm_prime_finish(struct kdrm_prime *prime)
{
   kdrm_handles_finish(&prime->fds);
}

static void
get_object(void *ptr)
{
   kdrm_gem_get(ptr);
}

int
kdrm_prime_close(struct kdrm_prime *prime, int fd)
{
   struct kdrm_gem_object *obj = kdrm_handles_remove(&prime->fds, fd);
   if (!obj)
      return -EBADF;
   kdrm_gem_put(obj);
   return 0;
}

void
kdrm_prime_forget(struct kdrm_prime *prime, struct kdrm_device *dev)
{
   struct kdrm_handles *h = &prime->fds;
   for (unsigned i = 0; i < h->capacity; i++) {
      struct kdrm_gem_object *obj =
         kdrm_handles_get(h, h->first + i, get_object);
      if (obj && obj->dev == dev)
         kdrm_prime_close(prime, h->first + i);
      kdrm_gem_put(obj);
   }
}

/* Whoever has it, and by whatever way: the object that has the memory. */
static struct kdrm_gem_object *
origin(struct kdrm_gem_object *obj)
{
   return obj->imported_from ? obj->imported_from : obj;
}

int
kdrm_prime_handle_to_fd_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_prime_handle *a = arg;
   struct kdrm_prime *prime = file->dev->prime;
   if (!prime)
      return -EOPNOTSUPP;
   if (a->flags & ~(DRM_CLOEXEC | DRM_RDWR))
      return -EINVAL;
   struct kdrm_gem_object *obj = kdrm_gem_lookup(file, a->handle);
   if (!obj)
      return -ENOENT;
   int ret = obj->funcs->may_export(obj);
   if (!ret) {
      kdrm_gem_get(origin(obj));
      ret = kdrm_handles_add(&prime->fds, origin(obj));
      if (ret < 0)
         kdrm_gem_put(origin(obj));
   }
   kdrm_gem_put(obj);
   a->fd = ret;
   return MIN2(ret, 0);
}

/* 0: the file has it not. */
static int
handle_in(struct kdrm_file *file, const struct kdrm_gem_object *obj)
{
   int handle = 0;
   pthread_mutex_lock(&file->gem.lock);
   for (unsigned i = 0; i < file->gem.capacity && !handle; i++) {
      struct kdrm_gem_object *has = file->gem.slots[i];
      if (has && origin(has) == obj)
         handle = i + file->gem.first;
   }
   pthread_mutex_unlock(&file->gem.lock);
   return handle;
}

static int
import(struct kdrm_file *file, struct kdrm_gem_object *obj)
{
   if (obj->dev == file->dev)
      return kdrm_gem_handle_create(file, obj);
   struct kdrm_gem_object *ours;
   int ret = file->dev->driver->prime_import(file->dev, obj, &ours);
   if (ret)
      return ret;
   ret = kdrm_gem_handle_create(file, ours);
   kdrm_gem_put(ours);
   return ret;
}

int
kdrm_prime_fd_to_handle_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_prime_handle *a = arg;
   struct kdrm_prime *prime = file->dev->prime;
   if (!prime)
      return -EOPNOTSUPP;
   struct kdrm_gem_object *obj =
      a->fd < 0 ? NULL : kdrm_handles_get(&prime->fds, a->fd, get_object);
   if (!obj)
      return -EBADF;
   int ret = handle_in(file, obj);
   if (!ret)
      ret = import(file, obj);
   kdrm_gem_put(obj);
   if (ret > 0)
      a->handle = ret;
   return MIN2(ret, 0);
}
