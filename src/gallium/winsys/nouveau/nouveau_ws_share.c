/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One buffer on several devices, through a PRIME descriptor. With VM_BIND its
 * address is ours to choose. Older kernels choose themselves, the smallest
 * gap that fits and the lowest of those, and so can be led: what they would
 * choose is taken for a moment. */
#include "nouveau_ws_priv.h"
#include "nouveau_ws_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* A filler is memory while it is there. */
#define MAX_FILLER_B (256ull << 20)
#define MAX_FILLERS  64

static void
close_handle(struct nouveau_ws_device *dev, uint32_t handle)
{
   struct drm_gem_close args = {.handle = handle};
   ws_ioctl(dev, DRM_IOCTL_GEM_CLOSE, &args);
}

static int
import(struct nouveau_ws_bo *bo, struct nouveau_ws_device *dev,
       struct drm_nouveau_gem_info *info_out)
{
   struct nouveau_ws_device *from = bo->dev;
   struct drm_prime_handle args = {.handle = bo->handle,
                                   .flags = DRM_CLOEXEC | DRM_RDWR};
   int ret = ws_ioctl(from, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
   if (ret)
      return ret;
   int fd = args.fd;
   ret = ws_ioctl(dev, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args);
   from->os->close(from->os->data, fd);
   if (ret)
      return ret;
   *info_out = (struct drm_nouveau_gem_info){.handle = args.handle};
   ret = ws_ioctl(dev, DRM_IOCTL_NOUVEAU_GEM_INFO, info_out);
   if (ret)
      close_handle(dev, args.handle);
   return ret;
}

/* -EEXIST: it came to lie at info_out->offset, and is closed. */
static int
import_placed(struct nouveau_ws_bo *bo, struct nouveau_ws_device *dev,
              struct drm_nouveau_gem_info *info_out)
{
   int ret = import(bo, dev, info_out);
   if (ret || info_out->offset == bo->gpu_va)
      return ret;
   close_handle(dev, info_out->handle);
   return -EEXIST;
}

int
nouveau_ws_bo_take_gap(struct nouveau_ws_device *dev, uint64_t start,
                       uint64_t end, uint64_t size_B,
                       struct nouveau_ws_bo **filler_out)
{
   size_B = util_align(size_B, 4096);
   uint64_t try_B = start < end ? end - start : 0;
   for (; try_B > size_B; try_B = util_align(try_B / 2, 4096)) {
      if (try_B > MAX_FILLER_B ||
          nouveau_ws_bo_create(dev, try_B, 4096, NOUVEAU_WS_GART, filler_out))
         continue;
      if ((*filler_out)->gpu_va == start)
         return 0;
      nouveau_ws_bo_unref(*filler_out);
   }
   return nouveau_ws_bo_create(dev, size_B, 4096, NOUVEAU_WS_GART, filler_out);
}

static int
import_led(struct nouveau_ws_bo *bo, struct nouveau_ws_device *dev,
           struct drm_nouveau_gem_info *info_out)
{
   struct nouveau_ws_bo *fillers[MAX_FILLERS];
   unsigned n = 0;
   int ret;
   while ((ret = import_placed(bo, dev, info_out)) == -EEXIST &&
          info_out->offset < bo->gpu_va && n < MAX_FILLERS) {
      if (nouveau_ws_bo_take_gap(dev, info_out->offset, bo->gpu_va, bo->size_B,
                                 &fillers[n]))
         break;
      n++;
   }
   while (n)
      nouveau_ws_bo_unref(fillers[--n]);
   return ret;
}

static int
import_bound(struct nouveau_ws_bo *bo, struct nouveau_ws_bo *copy,
             struct drm_nouveau_gem_info *info_out)
{
   int ret = import(bo, copy->dev, info_out);
   if (ret)
      return ret;
   copy->handle = info_out->handle;
   ret = nouveau_ws_vm_bind_foreign(copy->dev->vm, copy);
   if (ret)
      close_handle(copy->dev, copy->handle);
   return ret;
}

int
nouveau_ws_bo_share(struct nouveau_ws_bo *bo, struct nouveau_ws_device *dev,
                    struct nouveau_ws_bo **bo_out, uint64_t *instead_out)
{
   if (dev->os->ioctl != bo->dev->os->ioctl || !dev->vm != !bo->dev->vm)
      return -EXDEV;
   struct nouveau_ws_bo *copy = calloc(1, sizeof(*copy));
   if (!copy)
      return -ENOMEM;
   *copy = (struct nouveau_ws_bo){
      .dev = dev,
      .refcount = 1,
      .flags = bo->flags,
      .size_B = bo->size_B,
      .gpu_va = bo->gpu_va,
   };
   struct drm_nouveau_gem_info info = {0};
   int ret =
      dev->vm ? import_bound(bo, copy, &info) : import_led(bo, dev, &info);
   *instead_out = info.offset;
   if (ret) {
      free(copy);
      return ret;
   }
   copy->handle = info.handle;
   copy->map_handle = info.map_handle;
   copy->origin = bo;
   nouveau_ws_bo_ref(bo);
   *bo_out = copy;
   return 0;
}
