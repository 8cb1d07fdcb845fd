/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_ws_vm.h"

#include "nouveau_ws_priv.h"
#include "nouveau_ws_va.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* For the rings and fences of channels, at the end of our addresses. */
#define KERNEL_MAX_B (256ull << 20)
#define MAX_WAITS    16

struct nouveau_ws_vm {
   struct nouveau_ws_device *dev;
   pthread_mutex_t lock; /* of what follows, and of the buffers' last use */
   struct nouveau_ws_va va;
   struct nouveau_ws_bo *zombies; /* released while busy; next_zombie */
};

struct nouveau_ws_timeline {
   struct nouveau_ws_device *dev;
   int refcount;
   uint32_t syncobj;
   uint64_t point; /* last submitted */
};

/* --- Timelines ----------------------------------------------------------- */

int
nouveau_ws_timeline_create(struct nouveau_ws_vm *vm,
                           struct nouveau_ws_timeline **timeline_out)
{
   struct nouveau_ws_timeline *t = calloc(1, sizeof(*t));
   if (!t)
      return -ENOMEM;
   struct drm_syncobj_create args = {0};
   int ret = ws_ioctl(vm->dev, DRM_IOCTL_SYNCOBJ_CREATE, &args);
   if (ret) {
      free(t);
      return ret;
   }
   t->dev = vm->dev;
   t->refcount = 1;
   t->syncobj = args.handle;
   *timeline_out = t;
   return 0;
}

static struct nouveau_ws_timeline *
timeline_ref(struct nouveau_ws_timeline *t)
{
   if (t)
      __atomic_add_fetch(&t->refcount, 1, __ATOMIC_RELAXED);
   return t;
}

void
nouveau_ws_timeline_unref(struct nouveau_ws_timeline *t)
{
   if (!t || __atomic_sub_fetch(&t->refcount, 1, __ATOMIC_ACQ_REL))
      return;
   struct drm_syncobj_destroy args = {.handle = t->syncobj};
   ws_ioctl(t->dev, DRM_IOCTL_SYNCOBJ_DESTROY, &args);
   free(t);
}

/* -ETIME: not over. A point whose work died is over. */
static int
timeline_wait(struct nouveau_ws_timeline *t, uint64_t point, bool nowait)
{
   struct drm_syncobj_timeline_wait args = {
      .handles = (uintptr_t)&t->syncobj,
      .points = (uintptr_t)&point,
      .timeout_nsec = nowait ? 0 : INT64_MAX,
      .count_handles = 1,
      .flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL,
   };
   return ws_ioctl(t->dev, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);
}

int
nouveau_ws_vm_wait(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *bo,
                   bool nowait)
{
   pthread_mutex_lock(&vm->lock);
   struct nouveau_ws_timeline *t = timeline_ref(bo->timeline);
   uint64_t point = bo->point;
   pthread_mutex_unlock(&vm->lock);
   int ret = t ? timeline_wait(t, point, nowait) : 0;
   nouveau_ws_timeline_unref(t);
   return ret == -ETIME ? -EBUSY : ret;
}

/* --- Addresses ----------------------------------------------------------- */

static int
bind(struct nouveau_ws_vm *vm, uint32_t op, const struct nouveau_ws_bo *bo)
{
   struct drm_nouveau_vm_bind_op o = {
      .op = op,
      .handle = op == DRM_NOUVEAU_VM_BIND_OP_MAP ? bo->handle : 0,
      .addr = bo->gpu_va,
      .range = bo->size_B,
   };
   struct drm_nouveau_vm_bind args = {.op_count = 1, .op_ptr = (uintptr_t)&o};
   return ws_ioctl(vm->dev, DRM_IOCTL_NOUVEAU_VM_BIND, &args);
}

static void
free_bo(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *bo)
{
   if (bo->gpu_va) {
      bind(vm, DRM_NOUVEAU_VM_BIND_OP_UNMAP, bo);
      if (!bo->origin) {
         pthread_mutex_lock(&vm->lock);
         nouveau_ws_va_free(&vm->va, bo->gpu_va, bo->size_B);
         pthread_mutex_unlock(&vm->lock);
      }
   }
   struct drm_gem_close args = {.handle = bo->handle};
   ws_ioctl(vm->dev, DRM_IOCTL_GEM_CLOSE, &args);
   nouveau_ws_timeline_unref(bo->timeline);
   nouveau_ws_bo_unref(bo->origin);
   free(bo);
}

/* Frees released buffers that the GPU has finished with. */
static void
reap(struct nouveau_ws_vm *vm, bool wait)
{
   pthread_mutex_lock(&vm->lock);
   struct nouveau_ws_bo *bo = vm->zombies, *next;
   vm->zombies = NULL;
   pthread_mutex_unlock(&vm->lock);
   for (; bo; bo = next) {
      next = bo->next_zombie;
      if (nouveau_ws_vm_wait(vm, bo, !wait) != -EBUSY) {
         free_bo(vm, bo);
         continue;
      }
      pthread_mutex_lock(&vm->lock);
      bo->next_zombie = vm->zombies;
      vm->zombies = bo;
      pthread_mutex_unlock(&vm->lock);
   }
}

void
nouveau_ws_vm_release(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *bo)
{
   /* Its address is another device's, which may give it away then. */
   if (bo->origin) {
      nouveau_ws_vm_wait(vm, bo, false);
      free_bo(vm, bo);
      return;
   }
   pthread_mutex_lock(&vm->lock);
   bo->next_zombie = vm->zombies;
   vm->zombies = bo;
   pthread_mutex_unlock(&vm->lock);
   reap(vm, false);
}

/* Page tables of large pages want aligned addresses. */
static uint64_t
natural_align(const struct nouveau_ws_bo *bo)
{
   if (bo->size_B >= 2 << 20)
      return 2 << 20;
   return bo->size_B >= 64 << 10 ? 64 << 10 : 4096;
}

int
nouveau_ws_vm_bind(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *bo,
                   uint64_t align_B)
{
   align_B = MAX2(util_next_pow2(align_B), natural_align(bo));
   reap(vm, false);
   pthread_mutex_lock(&vm->lock);
   int ret = nouveau_ws_va_alloc(&vm->va, bo->size_B, align_B, &bo->gpu_va);
   pthread_mutex_unlock(&vm->lock);
   if (ret)
      return -ENOMEM;
   ret = bind(vm, DRM_NOUVEAU_VM_BIND_OP_MAP, bo);
   if (ret) {
      pthread_mutex_lock(&vm->lock);
      nouveau_ws_va_free(&vm->va, bo->gpu_va, bo->size_B);
      pthread_mutex_unlock(&vm->lock);
      bo->gpu_va = 0;
   }
   return ret;
}

/* Each device has a part of the process's addresses for itself, so that the
 * other's are free here. */
int
nouveau_ws_vm_bind_foreign(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *bo)
{
   const struct nouveau_ws_device_info *info = &vm->dev->info;
   if (bo->gpu_va < info->hole_start + info->hole_size_B &&
       info->hole_start < bo->gpu_va + bo->size_B)
      return -EEXIST;
   reap(vm, false);
   return bind(vm, DRM_NOUVEAU_VM_BIND_OP_MAP, bo);
}

/* --- Submission ---------------------------------------------------------- */

struct waits {
   struct nouveau_ws_timeline *timeline[MAX_WAITS];
   uint64_t point[MAX_WAITS];
   unsigned count;
};

/* True: noted, or nothing to wait for. */
static bool
note_wait_locked(struct waits *w, const struct nouveau_ws_bo *bo,
                 const struct nouveau_ws_timeline *self)
{
   if (!bo->timeline || bo->timeline == self)
      return true;
   unsigned i = 0;
   while (i < w->count && w->timeline[i] != bo->timeline)
      i++;
   if (i == MAX_WAITS)
      return false;
   if (i == w->count) {
      w->timeline[w->count++] = timeline_ref(bo->timeline);
      w->point[i] = 0;
   }
   w->point[i] = MAX2(w->point[i], bo->point);
   return true;
}

/* Other contexts' work on our buffers comes first. Where more than MAX_WAITS
 * contexts share buffers with us, the caller waits for the rest. */
static void
collect_waits(struct nouveau_ws_vm *vm, struct waits *w,
              struct nouveau_ws_bo *const *bos, unsigned num_bos,
              const struct nouveau_ws_timeline *self)
{
   w->count = 0;
   for (unsigned i = 0; i < num_bos; i++) {
      pthread_mutex_lock(&vm->lock);
      bool noted = note_wait_locked(w, bos[i], self);
      pthread_mutex_unlock(&vm->lock);
      if (!noted)
         nouveau_ws_vm_wait(vm, bos[i], false);
   }
}

static void
note_use(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *const *bos,
         unsigned num_bos, struct nouveau_ws_timeline *timeline)
{
   pthread_mutex_lock(&vm->lock);
   for (unsigned i = 0; i < num_bos; i++) {
      struct nouveau_ws_timeline *before = bos[i]->timeline;
      bos[i]->timeline = timeline_ref(timeline);
      bos[i]->point = timeline->point;
      nouveau_ws_timeline_unref(before);
   }
   pthread_mutex_unlock(&vm->lock);
}

int
nouveau_ws_vm_exec(struct nouveau_ws_vm *vm, int32_t channel,
                   struct nouveau_ws_timeline *timeline,
                   struct nouveau_ws_bo *const *bos, unsigned num_bos,
                   const struct nouveau_ws_push *pushes, unsigned num_pushes)
{
   struct drm_nouveau_exec_push push[64];
   struct drm_nouveau_sync wait[MAX_WAITS];
   if (num_pushes > ARRAY_SIZE(push))
      return -EINVAL;
   for (unsigned i = 0; i < num_pushes; i++)
      push[i] = (struct drm_nouveau_exec_push){
         .va = bos[pushes[i].bo_index]->gpu_va + pushes[i].offset_B,
         .va_len = pushes[i].size_B,
      };
   struct waits w;
   collect_waits(vm, &w, bos, num_bos, timeline);
   for (unsigned i = 0; i < w.count; i++)
      wait[i] = (struct drm_nouveau_sync){
         .flags = DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ,
         .handle = w.timeline[i]->syncobj,
         .timeline_value = w.point[i],
      };
   struct drm_nouveau_sync sig = {
      .flags = DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ,
      .handle = timeline->syncobj,
      .timeline_value = timeline->point + 1,
   };
   struct drm_nouveau_exec args = {
      .channel = channel,
      .push_count = num_pushes,
      .wait_count = w.count,
      .sig_count = 1,
      .wait_ptr = (uintptr_t)wait,
      .sig_ptr = (uintptr_t)&sig,
      .push_ptr = (uintptr_t)push,
   };
   int ret = ws_ioctl(vm->dev, DRM_IOCTL_NOUVEAU_EXEC, &args);
   for (unsigned i = 0; i < w.count; i++)
      nouveau_ws_timeline_unref(w.timeline[i]);
   if (ret)
      return ret;
   timeline->point++;
   note_use(vm, bos, num_bos, timeline);
   return 0;
}

/* --- Life ---------------------------------------------------------------- */

int
nouveau_ws_vm_create(struct nouveau_ws_device *dev, uint64_t start,
                     uint64_t size_B, struct nouveau_ws_vm **vm_out)
{
   uint64_t kernel_B = MIN2(size_B / 8, KERNEL_MAX_B);
   struct nouveau_ws_vm *vm = calloc(1, sizeof(*vm));
   if (!vm)
      return -ENOMEM;
   vm->dev = dev;
   int ret = nouveau_ws_va_init(&vm->va, start, size_B - kernel_B);
   if (!ret) {
      struct drm_nouveau_vm_init args = {
         .kernel_managed_addr = start + size_B - kernel_B,
         .kernel_managed_size = kernel_B,
      };
      ret = ws_ioctl(dev, DRM_IOCTL_NOUVEAU_VM_INIT, &args);
   }
   if (ret) {
      nouveau_ws_va_finish(&vm->va);
      free(vm);
      return ret;
   }
   pthread_mutex_init(&vm->lock, NULL);
   *vm_out = vm;
   return 0;
}

void
nouveau_ws_vm_destroy(struct nouveau_ws_vm *vm)
{
   if (!vm)
      return;
   reap(vm, true);
   nouveau_ws_va_finish(&vm->va);
   pthread_mutex_destroy(&vm->lock);
   free(vm);
}
