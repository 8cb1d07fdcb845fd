/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The client's own address space. Simpler than Linux in three ways, which
 * docs/uapi.md tells: jobs run inside the call (RUN_ASYNC too: fences waited
 * for belong to work that is under way, so the wait ends), a job that fails in
 * the middle for lack of memory leaves its first operations done, and there are
 * no sparse regions. */
#include "kmd_uvmm.h"

#include "kmd_abi16.h"
#include "kmd_bo.h"
#include "kmd_chan.h"

#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_gpuvm.h"
#include "kernel/drm/kdrm_syncobj.h"
#include "kernel/drm/kdrm_uaccess.h"

#define VA_END (1ull << 47)

struct kmd_uvmm {
   struct kmd_vmm *vmm; /* referenced; places the kernel's own buffers */
   uint64_t kernel_start, kernel_end;
   pthread_mutex_t lock; /* of vm; outside vmm->lock */
   struct kdrm_gpuvm vm; /* struct uvma */
};

struct uvma {
   struct kdrm_gpuva va; /* obj is referenced */
};

static struct kmd_bo *
bo_of(const struct kdrm_gpuva *va)
{
   return container_of(va->obj, struct kmd_bo, base);
}

/* --- Life ---------------------------------------------------------------- */

static void
uvma_destroy(struct kmd_uvmm *u, struct kdrm_gpuva *va)
{
   kdrm_gpuvm_remove(&u->vm, va);
   kdrm_gem_put(va->obj);
   kdrm_free(container_of(va, struct uvma, va));
}

void
kmd_uvmm_destroy(struct kmd_uvmm *u)
{
   if (!u)
      return;
   struct kdrm_gpuva *va;
   while ((va = kdrm_gpuvm_find(&u->vm, 0, VA_END))) {
      kmd_vmm_unmap(u->vmm, va->addr, va->range);
      uvma_destroy(u, va);
   }
   kmd_vmm_put(u->vmm);
   pthread_mutex_destroy(&u->lock);
   kdrm_free(u);
}

struct kmd_vmm *
kmd_uvmm_vmm(struct kmd_uvmm *u)
{
   return u->vmm;
}

static int
uvmm_create(struct kmd *kmd, uint64_t kernel_start, uint64_t kernel_end,
            struct kmd_uvmm **uvmm_out)
{
   struct kmd_uvmm *u = kdrm_zalloc(sizeof(*u));
   if (!u)
      return -ENOMEM;
   /* The kernel hands out no address 0. */
   uint64_t start = MAX2(util_align(kernel_start, KMD_PAGE_B), KMD_PAGE_B);
   uint64_t end = util_align_down(kernel_end, KMD_PAGE_B);
   int ret = kmd_vmm_create(kmd, KMD_VMM_RAW, start, MAX2(start, end), &u->vmm);
   if (ret) {
      kdrm_free(u);
      return ret;
   }
   u->kernel_start = kernel_start;
   u->kernel_end = kernel_end;
   pthread_mutex_init(&u->lock, NULL);
   kdrm_gpuvm_init(&u->vm, 0, VA_END);
   *uvmm_out = u;
   return 0;
}

static int
vm_init_locked(struct kmd_client *client, uint64_t start, uint64_t end)
{
   if (client->uvmm_disabled)
      return -ENOSYS;
   /* Linux makes another and forgets the first. */
   if (client->uvmm)
      return kmd_is_better(client->kmd) ? -EBUSY : 0;
   return uvmm_create(client->kmd, start, end, &client->uvmm);
}

int
kmd_vm_init_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_vm_init *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   uint64_t end;
   if (__builtin_add_overflow(a->kernel_managed_addr, a->kernel_managed_size,
                              &end) ||
       end > VA_END)
      return -EINVAL;
   pthread_mutex_lock(&client->lock);
   int ret = vm_init_locked(client, a->kernel_managed_addr, end);
   pthread_mutex_unlock(&client->lock);
   return ret;
}

static struct kmd_uvmm *
client_uvmm(struct kmd_client *client)
{
   pthread_mutex_lock(&client->lock);
   struct kmd_uvmm *u = client->uvmm;
   pthread_mutex_unlock(&client->lock);
   return u;
}

/* --- Fences in and out --------------------------------------------------- */

struct syncs {
   struct drm_nouveau_sync *wait, *sig;
   uint32_t wait_count, sig_count;
};

static void
syncs_finish(struct syncs *s)
{
   kdrm_free(s->wait);
   kdrm_free(s->sig);
}

static bool
sync_type_is_known(const struct drm_nouveau_sync *s)
{
   return (s->flags & DRM_NOUVEAU_SYNC_TYPE_MASK) <=
          DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ;
}

static uint64_t
sync_point(const struct drm_nouveau_sync *s)
{
   bool timeline = (s->flags & DRM_NOUVEAU_SYNC_TYPE_MASK) ==
                   DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ;
   return timeline ? s->timeline_value : 0;
}

static int
syncs_init(struct syncs *s, uint64_t wait_ptr, uint32_t wait_count,
           uint64_t sig_ptr, uint32_t sig_count)
{
   *s = (struct syncs){.wait_count = wait_count, .sig_count = sig_count};
   int ret = kdrm_dup_from_user(wait_ptr, wait_count, sizeof(*s->wait),
                                (void **)&s->wait);
   if (!ret)
      ret = kdrm_dup_from_user(sig_ptr, sig_count, sizeof(*s->sig),
                               (void **)&s->sig);
   for (unsigned i = 0; i < wait_count && !ret; i++)
      ret = sync_type_is_known(&s->wait[i]) ? 0 : -EOPNOTSUPP;
   for (unsigned i = 0; i < sig_count && !ret; i++)
      ret = sync_type_is_known(&s->sig[i]) ? 0 : -EINVAL;
   if (ret)
      syncs_finish(s);
   return ret;
}

static int
syncs_wait(const struct syncs *s, struct kdrm_file *file)
{
   for (unsigned i = 0; i < s->wait_count; i++) {
      struct kdrm_fence *f = NULL;
      int ret = kdrm_syncobj_find_fence(file, s->wait[i].handle,
                                        sync_point(&s->wait[i]), &f);
      if (ret)
         return ret;
      kdrm_fence_wait(f, UINT64_MAX);
      kdrm_fence_put(f);
   }
   return 0;
}

static int
syncs_signal(const struct syncs *s, struct kdrm_file *file,
             struct kdrm_fence *fence)
{
   int ret = 0;
   for (unsigned i = 0; i < s->sig_count && !ret; i++)
      ret = kdrm_syncobj_set_fence(file, s->sig[i].handle,
                                   sync_point(&s->sig[i]), fence);
   return ret;
}

static int
syncs_signal_now(const struct syncs *s, struct kdrm_file *file)
{
   if (!s->sig_count)
      return 0;
   struct kdrm_fence *f = kdrm_fence_create(0, 0);
   if (!f)
      return -ENOMEM;
   kdrm_fence_signal(f, 0);
   int ret = syncs_signal(s, file, f);
   kdrm_fence_put(f);
   return ret;
}

/* --- VM_BIND ------------------------------------------------------------- */

static int
uvma_insert(struct kmd_uvmm *u, const struct kdrm_gpuva *va)
{
   struct uvma *n = kdrm_zalloc(sizeof(*n));
   if (!n)
      return -ENOMEM;
   n->va = *va;
   int ret = kdrm_gpuvm_insert(&u->vm, &n->va);
   assert(ret == 0);
   kdrm_gem_get(va->obj);
   return ret;
}

static int
step_map(void *data, const struct kdrm_gpuva *request)
{
   struct kmd_uvmm *u = data;
   int ret = kmd_vmm_map_bo(u->vmm, request->addr, request->range,
                            bo_of(request), request->offset, request->flags);
   return ret ? ret : uvma_insert(u, request);
}

static int
step_unmap(void *data, struct kdrm_gpuva *va, bool keep)
{
   struct kmd_uvmm *u = data;
   if (!keep)
      kmd_vmm_unmap(u->vmm, va->addr, va->range);
   uvma_destroy(u, va);
   return 0;
}

static int
step_remap(void *data, struct kdrm_gpuva *va, const struct kdrm_gpuva *prev,
           const struct kdrm_gpuva *next, bool keep)
{
   struct kmd_uvmm *u = data;
   uint64_t start = va->addr + prev->range;
   uint64_t end = va->addr + va->range - next->range;
   struct kdrm_gem_object *obj = va->obj;
   kdrm_gem_get(obj); /* over the moment without a mapping */
   if (!keep)
      kmd_vmm_unmap(u->vmm, start, end - start);
   uvma_destroy(u, va);
   int ret = prev->range ? uvma_insert(u, prev) : 0;
   if (!ret && next->range)
      ret = uvma_insert(u, next);
   kdrm_gem_put(obj);
   return ret;
}

static const struct kdrm_gpuvm_ops steps = {step_map, step_unmap, step_remap};

static int
check_op(const struct kmd_uvmm *u, const struct drm_nouveau_vm_bind_op *op,
         const struct kmd_bo *bo)
{
   uint64_t end, bo_end;
   if (!util_is_aligned(op->addr | op->range, KMD_PAGE_B) || !op->range ||
       __builtin_add_overflow(op->addr, op->range, &end) || end > VA_END)
      return -EINVAL;
   if (op->addr < u->kernel_end && end > u->kernel_start)
      return -EINVAL;
   if (!bo)
      return 0;
   if (!util_is_aligned(op->bo_offset, KMD_PAGE_B) ||
       __builtin_add_overflow(op->bo_offset, op->range, &bo_end) ||
       bo_end > bo->base.size_B)
      return -EINVAL;
   return 0;
}

static int
run_op(struct kmd_uvmm *u, const struct drm_nouveau_vm_bind_op *op,
       struct kmd_bo *bo)
{
   if (!bo)
      return kdrm_gpuvm_sm_unmap(&u->vm, op->addr, op->range, &steps, u);
   struct kdrm_gpuva request = {.addr = op->addr,
                                .range = op->range,
                                .obj = &bo->base,
                                .offset = op->bo_offset,
                                .flags = op->flags & 0xff};
   return kdrm_gpuvm_sm_map(&u->vm, &request, &steps, u);
}

static int
lookup_op(struct kdrm_file *file, const struct drm_nouveau_vm_bind_op *op,
          struct kmd_bo **bo_out)
{
   *bo_out = NULL;
   if (op->op > DRM_NOUVEAU_VM_BIND_OP_UNMAP)
      return -EINVAL;
   if (op->flags & DRM_NOUVEAU_VM_BIND_SPARSE)
      return -EOPNOTSUPP;
   if (op->op == DRM_NOUVEAU_VM_BIND_OP_UNMAP)
      return 0;
   *bo_out = kmd_bo_lookup(file, op->handle);
   return *bo_out ? 0 : -ENOENT;
}

/* All are checked before the first is done. */
static int
run_ops(struct kmd_uvmm *u, struct kdrm_file *file,
        const struct drm_nouveau_vm_bind_op *ops, unsigned n)
{
   struct kmd_bo **bos = kdrm_zalloc(n * sizeof(*bos));
   int ret = bos ? 0 : -ENOMEM;
   for (unsigned i = 0; i < n && !ret; i++) {
      ret = lookup_op(file, &ops[i], &bos[i]);
      if (!ret)
         ret = check_op(u, &ops[i], bos[i]);
   }
   pthread_mutex_lock(&u->lock);
   for (unsigned i = 0; i < n && !ret; i++)
      ret = run_op(u, &ops[i], bos[i]);
   pthread_mutex_unlock(&u->lock);
   for (unsigned i = 0; bos && i < n; i++)
      if (bos[i])
         kdrm_gem_put(&bos[i]->base);
   kdrm_free(bos);
   return ret;
}

int
kmd_vm_bind_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_vm_bind *a = arg;
   struct kmd_uvmm *u = client_uvmm(kmd_client_of(file));
   if (!u)
      return -ENOSYS;
   if (a->flags & ~DRM_NOUVEAU_VM_BIND_RUN_ASYNC)
      return -EINVAL;
   if (!(a->flags & DRM_NOUVEAU_VM_BIND_RUN_ASYNC) &&
       (a->wait_count || a->sig_count))
      return -EINVAL;
   struct drm_nouveau_vm_bind_op *ops;
   int ret =
      kdrm_dup_from_user(a->op_ptr, a->op_count, sizeof(*ops), (void **)&ops);
   if (ret)
      return ret;
   struct syncs syncs;
   ret =
      syncs_init(&syncs, a->wait_ptr, a->wait_count, a->sig_ptr, a->sig_count);
   if (!ret) {
      ret = syncs_wait(&syncs, file);
      if (!ret)
         ret = run_ops(u, file, ops, a->op_count);
      if (!ret)
         ret = syncs_signal_now(&syncs, file);
      syncs_finish(&syncs);
   }
   kdrm_free(ops);
   return ret;
}

/* --- EXEC ---------------------------------------------------------------- */

static int
translate_pushes(const struct drm_nouveau_exec_push *from, unsigned n,
                 struct kmd_push *to)
{
   for (unsigned i = 0; i < n; i++) {
      if (from[i].va_len >= NOUVEAU_GEM_PUSHBUF_NO_PREFETCH)
         return -EINVAL;
      to[i] = (struct kmd_push){
         .gpu_va = from[i].va,
         .size_B = from[i].va_len,
         .no_prefetch = from[i].flags & DRM_NOUVEAU_EXEC_PUSH_NO_PREFETCH,
      };
   }
   return 0;
}

/* The work may use whatever is mapped. */
static void
fence_buffers(struct kmd_uvmm *u, struct kdrm_fence *fence)
{
   pthread_mutex_lock(&u->lock);
   kdrm_gpuvm_for_each_va(va, &u->vm)
      kdrm_resv_add(&va->obj->resv, fence, KDRM_USAGE_WRITE);
   pthread_mutex_unlock(&u->lock);
}

static int
exec_pushes(struct kmd_uvmm *u, struct kdrm_file *file, struct kmd_chan *chan,
            const struct drm_nouveau_exec_push *pushes, unsigned n,
            const struct syncs *syncs)
{
   struct kmd_push *hw = kdrm_zalloc(n * sizeof(*hw));
   int ret = hw ? translate_pushes(pushes, n, hw) : -ENOMEM;
   if (!ret)
      ret = syncs_wait(syncs, file);
   struct kdrm_fence *fence = NULL;
   if (!ret && n)
      ret = kmd_chan_submit(chan, hw, n, &fence);
   if (!ret && fence) {
      fence_buffers(u, fence);
      ret = syncs_signal(syncs, file, fence);
   } else if (!ret) {
      ret = syncs_signal_now(syncs, file);
   }
   kdrm_fence_put(fence);
   kdrm_free(hw);
   return ret;
}

int
kmd_exec_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_exec *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   struct kmd_uvmm *u = client_uvmm(client);
   if (!u)
      return -ENOSYS;
   struct kmd_abi16_chan *ac = kmd_abi16_chan_get(client, a->channel);
   if (!ac)
      return -ENOENT;
   int ret = kmd_chan_is_killed(ac->chan) ? -ENODEV : 0;
   if (!ret && a->push_count > KMD_CHAN_MAX_PUSHES)
      ret = -EINVAL;
   struct drm_nouveau_exec_push *pushes = NULL;
   if (!ret)
      ret = kdrm_dup_from_user(a->push_ptr, a->push_count, sizeof(*pushes),
                               (void **)&pushes);
   struct syncs syncs;
   if (!ret)
      ret = syncs_init(&syncs, a->wait_ptr, a->wait_count, a->sig_ptr,
                       a->sig_count);
   if (!ret) {
      ret = exec_pushes(u, file, ac->chan, pushes, a->push_count, &syncs);
      syncs_finish(&syncs);
   }
   kdrm_free(pushes);
   kmd_abi16_chan_put(ac);
   return ret;
}
