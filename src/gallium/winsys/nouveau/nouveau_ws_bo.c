/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_ws_priv.h"
#include "nouveau_ws_vm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "util/util_log.h"

static uint32_t
domains(const struct nouveau_ws_device *dev, uint32_t flags)
{
   bool mine = dev->vm && !(flags & NOUVEAU_WS_SHARED);
   uint32_t d = mine ? NOUVEAU_GEM_DOMAIN_NO_SHARE : 0;
   if (flags & NOUVEAU_WS_VRAM)
      d |= NOUVEAU_GEM_DOMAIN_VRAM;
   if (flags & NOUVEAU_WS_GART)
      d |= NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_COHERENT;
   if (flags & NOUVEAU_WS_MAPPABLE)
      d |= NOUVEAU_GEM_DOMAIN_MAPPABLE;
   return d;
}

int
nouveau_ws_bo_create(struct nouveau_ws_device *dev, uint64_t size_B,
                     uint64_t align_B, uint32_t flags,
                     struct nouveau_ws_bo **bo_out)
{
   if (!size_B)
      return -EINVAL;
   struct nouveau_ws_bo *bo = calloc(1, sizeof(*bo));
   if (!bo)
      return -ENOMEM;
   struct drm_nouveau_gem_new args = {
      .info = {.size = util_align(size_B, 4096),
               .domain = domains(dev, flags),
               .tile_flags = NOUVEAU_GEM_TILE_NONCONTIG},
      .align = MAX2(align_B, 4096),
   };
   int ret = ws_ioctl(dev, DRM_IOCTL_NOUVEAU_GEM_NEW, &args);
   if (ret) {
      free(bo);
      return ret;
   }
   *bo = (struct nouveau_ws_bo){
      .dev = dev,
      .refcount = 1,
      .handle = args.info.handle,
      .flags = flags,
      .size_B = args.info.size,
      .gpu_va = args.info.offset,
      .map_handle = args.info.map_handle,
   };
   ret = dev->vm ? nouveau_ws_vm_bind(dev->vm, bo, align_B) : 0;
   if (ret) {
      nouveau_ws_bo_unref(bo);
      return ret;
   }
   *bo_out = bo;
   return 0;
}

void
nouveau_ws_bo_ref(struct nouveau_ws_bo *bo)
{
   __atomic_add_fetch(&bo->refcount, 1, __ATOMIC_RELAXED);
}

/* With a hole the buffer was mapped over our own reservation, which
 * must be whole again before anybody else gets the address. */
static void
unmap(struct nouveau_ws_bo *bo)
{
   struct nouveau_ws_device *dev = bo->dev;
   if (!bo->map)
      return;
   dev->os->munmap(dev->os->data, bo->map, bo->size_B);
   if (bo->at_va && dev->info.hole_size_B)
      mmap(bo->map, bo->size_B, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
           -1, 0);
   bo->map = NULL;
}

void
nouveau_ws_bo_unref(struct nouveau_ws_bo *bo)
{
   if (!bo || __atomic_sub_fetch(&bo->refcount, 1, __ATOMIC_ACQ_REL))
      return;
   unmap(bo);
   if (bo->dev->vm) {
      nouveau_ws_vm_release(bo->dev->vm, bo);
      return;
   }
   struct drm_gem_close args = {.handle = bo->handle};
   ws_ioctl(bo->dev, DRM_IOCTL_GEM_CLOSE, &args);
   nouveau_ws_bo_unref(bo->origin);
   free(bo);
}

int
nouveau_ws_bo_map(struct nouveau_ws_bo *bo, void **map_out)
{
   struct nouveau_ws_device *dev = bo->dev;
   int err = 0;
   void *map = __atomic_load_n(&bo->map, __ATOMIC_ACQUIRE);
   if (!map) {
      map =
         dev->os->mmap(dev->os->data, NULL, bo->size_B, PROT_READ | PROT_WRITE,
                       MAP_SHARED, dev->fd, bo->map_handle, &err);
      if (!map)
         return err;
      void *expected = NULL;
      if (!__atomic_compare_exchange_n(&bo->map, &expected, map, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
         dev->os->munmap(dev->os->data, map, bo->size_B);
         map = expected;
      }
   }
   *map_out = map;
   return 0;
}

int
nouveau_ws_bo_map_at_va(struct nouveau_ws_bo *bo)
{
   struct nouveau_ws_device *dev = bo->dev;
   void *want = (void *)(uintptr_t)bo->gpu_va;
   int err = 0;
   if (bo->map)
      return bo->at_va ? 0 : -EBUSY;
   /* Inside the hole the only thing there is our PROT_NONE reservation. */
   int fixed = dev->info.hole_size_B ? MAP_FIXED : MAP_FIXED_NOREPLACE;
   void *map =
      dev->os->mmap(dev->os->data, want, bo->size_B, PROT_READ | PROT_WRITE,
                    MAP_SHARED | fixed, dev->fd, bo->map_handle, &err);
   if (!map)
      return err;
   if (map != want) {
      dev->os->munmap(dev->os->data, map, bo->size_B);
      return -EEXIST;
   }
   bo->map = map;
   bo->at_va = true;
   return 0;
}

/* Once: who waits for an endless kernel would see nothing at all. */
static void
tell_of_long_work(struct nouveau_ws_device *dev)
{
   if (!__atomic_exchange_n(&dev->told_of_long_work, true, __ATOMIC_RELAXED))
      util_warn(
         "winsys", "%s: a command has been running for 30 s%s", dev->info.name,
         dev->info.simulated ? "; NVSIM_WATCHDOG ends endless kernels" : "");
}

int
nouveau_ws_bo_wait(struct nouveau_ws_bo *bo, bool nowait)
{
   if (bo->dev->vm)
      return nouveau_ws_vm_wait(bo->dev->vm, bo, nowait);
   struct drm_nouveau_gem_cpu_prep args = {
      .handle = bo->handle,
      .flags = NOUVEAU_GEM_CPU_PREP_WRITE |
               (nowait ? NOUVEAU_GEM_CPU_PREP_NOWAIT : 0),
   };
   /* Without nowait the kernel gives up after 30 s; a kernel may run longer. */
   for (;;) {
      int ret = ws_ioctl(bo->dev, DRM_IOCTL_NOUVEAU_GEM_CPU_PREP, &args);
      if (ret != -EBUSY || nowait)
         return ret;
      tell_of_long_work(bo->dev);
   }
}
