/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Dispatch of ioctl numbers and the few calls that the DRM core answers itself
 * (≙ drm_ioctl.c). */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <drm-uapi/nouveau_drm.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_file.h"
#include "kernel/drm/kdrm_prime.h"
#include "kernel/drm/kdrm_syncobj.h"
#include "kernel/drm/kdrm_uaccess.h"

/* Copies what fits and tells the whole length, as the caller asks twice. */
static int
copy_field(char *user, __kernel_size_t *length, const char *text)
{
   size_t room = *length, have = strlen(text);
   *length = have;
   if (!user || !room)
      return 0;
   return kdrm_copy_to_user((uintptr_t)user, text, MIN2(room, have));
}

static int
ioctl_version(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_version *v = arg;
   const struct kdrm_driver *d = file->dev->driver;
   v->version_major = d->major;
   v->version_minor = d->minor;
   v->version_patchlevel = d->patch;
   int ret = copy_field(v->name, &v->name_len, d->name);
   if (!ret)
      ret = copy_field(v->date, &v->date_len, d->date);
   if (!ret)
      ret = copy_field(v->desc, &v->desc_len, d->desc);
   return ret;
}

static int
ioctl_get_cap(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_get_cap *cap = arg;
   uint64_t asked = cap->capability;
   cap->value = 0;
   switch (asked) {
   case DRM_CAP_TIMESTAMP_MONOTONIC:
      cap->value = 1;
      return 0;
   case DRM_CAP_SYNCOBJ:
   case DRM_CAP_SYNCOBJ_TIMELINE:
      cap->value = file->dev->driver->syncobj;
      return 0;
   case DRM_CAP_PRIME:
      if (file->dev->prime)
         cap->value = DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT;
      return 0;
   case DRM_CAP_DUMB_BUFFER:
      return 0;
   default:
      return -EINVAL;
   }
}

static int
ioctl_set_client_cap(struct kdrm_file *file, void *arg, size_t size_B)
{
   return -EINVAL; /* all are about display */
}

static int
ioctl_gem_close(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_gem_close *a = arg;
   return kdrm_gem_handle_delete(file, a->handle);
}

#define CORE(nr, nm, fn, type, fl)                                             \
   [nr] = {.name = nm, .func = fn, .size_B = sizeof(type), .flags = fl}

static const struct kdrm_ioctl_desc core_ioctls[] = {
   CORE(0x00, "VERSION", ioctl_version, struct drm_version, KDRM_INOUT),
   CORE(0x09, "GEM_CLOSE", ioctl_gem_close, struct drm_gem_close, KDRM_IN),
   CORE(0x0c, "GET_CAP", ioctl_get_cap, struct drm_get_cap, KDRM_INOUT),
   CORE(0x0d, "SET_CLIENT_CAP", ioctl_set_client_cap, struct drm_set_client_cap,
        KDRM_IN),
   CORE(0x2d, "PRIME_HANDLE_TO_FD", kdrm_prime_handle_to_fd_ioctl,
        struct drm_prime_handle, KDRM_INOUT),
   CORE(0x2e, "PRIME_FD_TO_HANDLE", kdrm_prime_fd_to_handle_ioctl,
        struct drm_prime_handle, KDRM_INOUT),
   CORE(0xbf, "SYNCOBJ_CREATE", kdrm_syncobj_create_ioctl,
        struct drm_syncobj_create, KDRM_INOUT),
   CORE(0xc0, "SYNCOBJ_DESTROY", kdrm_syncobj_destroy_ioctl,
        struct drm_syncobj_destroy, KDRM_INOUT),
   CORE(0xc3, "SYNCOBJ_WAIT", kdrm_syncobj_wait_ioctl, struct drm_syncobj_wait,
        KDRM_INOUT),
   CORE(0xc4, "SYNCOBJ_RESET", kdrm_syncobj_reset_ioctl,
        struct drm_syncobj_array, KDRM_INOUT),
   CORE(0xc5, "SYNCOBJ_SIGNAL", kdrm_syncobj_signal_ioctl,
        struct drm_syncobj_array, KDRM_INOUT),
   CORE(0xca, "SYNCOBJ_TIMELINE_WAIT", kdrm_syncobj_timeline_wait_ioctl,
        struct drm_syncobj_timeline_wait, KDRM_INOUT),
   CORE(0xcb, "SYNCOBJ_QUERY", kdrm_syncobj_query_ioctl,
        struct drm_syncobj_timeline_array, KDRM_INOUT),
   CORE(0xcc, "SYNCOBJ_TRANSFER", kdrm_syncobj_transfer_ioctl,
        struct drm_syncobj_transfer, KDRM_INOUT),
   CORE(0xcd, "SYNCOBJ_TIMELINE_SIGNAL", kdrm_syncobj_timeline_signal_ioctl,
        struct drm_syncobj_timeline_array, KDRM_INOUT),
};

static const struct kdrm_ioctl_desc *
find_desc(const struct kdrm_device *dev, unsigned nr)
{
   const struct kdrm_ioctl_desc *table = core_ioctls;
   unsigned count = ARRAY_SIZE(core_ioctls), index = nr;
   if (nr >= DRM_COMMAND_BASE && nr < DRM_COMMAND_END) {
      table = dev->driver->ioctls;
      count = dev->driver->num_ioctls;
      index = nr - DRM_COMMAND_BASE;
   }
   return index < count && table[index].func ? &table[index] : NULL;
}

/* The kernel's copy of the argument is as large as the larger of both sides'
 * idea of it, and zero where the user sent nothing. */
static int
call_copied(struct kdrm_file *file, const struct kdrm_ioctl_desc *desc,
            unsigned long request, void *user)
{
   size_t user_B = _IOC_SIZE(request), in_B = user_B, out_B = user_B;
   /* _IOC_WRITE: from the user's side, so the kernel reads. */
   if (!(_IOC_DIR(request) & _IOC_WRITE) || !(desc->flags & KDRM_IN))
      in_B = 0;
   if (!(_IOC_DIR(request) & _IOC_READ) || !(desc->flags & KDRM_OUT))
      out_B = 0;
   uint64_t small[16] = {0};
   size_t kernel_B = MAX2(MAX2(in_B, out_B), desc->size_B);
   void *arg = kernel_B <= sizeof(small) ? small : kdrm_zalloc(kernel_B);
   if (!arg)
      return -ENOMEM;
   int ret = kdrm_copy_from_user(arg, (uintptr_t)user, in_B);
   if (!ret) {
      ret = desc->func(file, arg, user_B);
      if (file->dev->trace)
         file->dev->trace(file, desc->name, _IOC_NR(request), arg, ret);
      if (kdrm_copy_to_user((uintptr_t)user, arg, out_B))
         ret = -EFAULT;
   }
   if (arg != small)
      kdrm_free(arg);
   return ret;
}

static int
call(struct kdrm_file *file, unsigned long request, void *user)
{
   struct kdrm_device *dev = file->dev;
   unsigned nr = _IOC_NR(request);
   const struct kdrm_ioctl_desc *desc = find_desc(dev, nr);
   int ret = -EINVAL;
   if (desc && !(desc->flags & KDRM_RAW))
      return call_copied(file, desc, request, user);
   if (desc)
      ret = desc->func(file, user, _IOC_SIZE(request));
   if (dev->trace)
      dev->trace(file, desc ? desc->name : "unknown", nr, NULL, ret);
   return ret;
}

int
kdrm_ioctl(struct kdrm_device *dev, int handle, unsigned long request,
           void *arg)
{
   struct kdrm_file *file = kdrm_file_get(dev, handle);
   if (!file)
      return -EBADF;
   int ret =
      _IOC_TYPE(request) == DRM_IOCTL_BASE ? call(file, request, arg) : -ENOTTY;
   kdrm_file_put(file);
   return ret;
}
