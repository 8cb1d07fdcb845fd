/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_bo.h"

#include "kmd_chan.h"
#include "kmd_dmem.h"
#include "kmd_priv.h"
#include "kmd_uvmm.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include "kernel/drm/kdrm_alloc.h"

#define CPU_PREP_TIMEOUT_NS (30ull * 1000000000)

static inline struct kmd_bo *
to_bo(struct kdrm_gem_object *obj)
{
   return container_of(obj, struct kmd_bo, base);
}

/* --- Places that wait for the card --------------------------------------- */

/* The client closed its handle while the card may still use the memory. */
struct reap {
   struct util_list link;
   struct kmd_vma *vma;
   struct kmd_bo *bo; /* referenced */
};

static bool
is_idle(struct kmd_bo *bo)
{
   return kdrm_resv_wait(bo->base.resv, KDRM_USAGE_WRITE, 0, 0) == 0;
}

static void
release_later(struct kmd_vma *vma)
{
   struct kmd *kmd = vma->bo->kmd;
   /* The end of another card's work wakes nobody here. */
   bool wait = vma->bo->shared || is_idle(vma->bo);
   struct reap *r = wait ? NULL : kdrm_zalloc(sizeof(*r));
   if (!r) {
      kdrm_resv_wait(vma->bo->base.resv, KDRM_USAGE_WRITE, 0, UINT64_MAX);
      kmd_vma_destroy(vma);
      return;
   }
   r->vma = vma;
   r->bo = vma->bo;
   kdrm_gem_get(&r->bo->base);
   pthread_mutex_lock(&kmd->reaps_lock);
   util_list_add_tail(&r->link, &kmd->reaps);
   atomic_fetch_add(&kmd->num_reaps, 1);
   pthread_mutex_unlock(&kmd->reaps_lock);
   /* It may have become idle before it was on the list. */
   kmd_thread_poke(&kmd->work);
}

static void
take_idle(struct kmd *kmd, struct util_list *idle)
{
   util_list_init(idle);
   pthread_mutex_lock(&kmd->reaps_lock);
   util_list_for_each_safe(struct reap, r, &kmd->reaps, link) {
      if (!is_idle(r->bo))
         continue;
      util_list_del(&r->link);
      util_list_add_tail(&r->link, idle);
      atomic_fetch_sub(&kmd->num_reaps, 1);
   }
   pthread_mutex_unlock(&kmd->reaps_lock);
}

void
kmd_bo_reap(struct kmd *kmd)
{
   struct util_list idle;
   pthread_mutex_lock(&kmd->reap_lock);
   take_idle(kmd, &idle);
   util_list_for_each_safe(struct reap, r, &idle, link) {
      kmd_vma_destroy(r->vma);
      kdrm_gem_put(&r->bo->base);
      kdrm_free(r);
   }
   pthread_mutex_unlock(&kmd->reap_lock);
}

/* --- GEM callbacks ------------------------------------------------------- */

static void
bo_free(struct kdrm_gem_object *obj)
{
   struct kmd_bo *bo = to_bo(obj);
   struct kmd *lender =
      obj->imported_from ? to_bo(obj->imported_from)->kmd : NULL;
   assert(util_list_is_empty(&bo->vmas));
   kmd_bo_lru_remove(bo);
   kdrm_gem_finish(obj);
   if (!lender)
      kmd_heap_free(bo->heap, bo->extents, bo->num_extents);
   kmd_put(lender);
   pthread_mutex_destroy(&bo->lock);
   kdrm_free(bo);
}

static struct kmd_vma *
find_vma_locked(struct kmd_bo *bo, const struct kmd_vmm *vmm)
{
   util_list_for_each(struct kmd_vma, vma, &bo->vmas, link)
      if (vma->vmm == vmm)
         return vma;
   return NULL;
}

bool
kmd_bo_gpu_va(struct kmd_bo *bo, const struct kmd_vmm *vmm,
              uint64_t *gpu_va_out)
{
   pthread_mutex_lock(&bo->lock);
   struct kmd_vma *vma = find_vma_locked(bo, vmm);
   if (vma)
      *gpu_va_out = vma->va.addr;
   pthread_mutex_unlock(&bo->lock);
   return vma;
}

static int
bo_open(struct kdrm_gem_object *obj, struct kdrm_file *file)
{
   struct kmd_bo *bo = to_bo(obj);
   struct kmd_vmm *vmm = kmd_client_vmm(kmd_client_of(file));
   if (vmm->kind == KMD_VMM_RAW)
      return 0; /* VM_BIND will place it */
   int ret = 0;
   pthread_mutex_lock(&bo->lock);
   struct kmd_vma *vma = find_vma_locked(bo, vmm);
   if (!vma) {
      ret = kmd_vma_create(vmm, bo, bo->align_B, &vma);
      if (!ret)
         util_list_add_tail(&vma->link, &bo->vmas);
   }
   if (!ret)
      vma->handles++;
   pthread_mutex_unlock(&bo->lock);
   return ret;
}

static bool
client_has_vmm(struct kmd_client *client, const struct kmd_vmm *vmm)
{
   return vmm == client->vmm || vmm == kmd_client_vmm(client);
}

/* A place made before SVM_INIT lies in the client's first address space. */
static void
bo_close(struct kdrm_gem_object *obj, struct kdrm_file *file)
{
   struct kmd_bo *bo = to_bo(obj);
   struct kmd_vma *gone = NULL;
   pthread_mutex_lock(&bo->lock);
   util_list_for_each_safe(struct kmd_vma, vma, &bo->vmas, link) {
      if (!client_has_vmm(kmd_client_of(file), vma->vmm) || --vma->handles)
         continue;
      util_list_del(&vma->link);
      gone = vma;
      break;
   }
   pthread_mutex_unlock(&bo->lock);
   if (gone)
      release_later(gone);
}

static void *
map_extents(struct kmd_bo *bo, void *addr, size_t length, int prot, int flags,
            uint64_t start)
{
   length = util_align(length, KMD_PAGE_B);
   int fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
   uint8_t *at =
      mmap(addr, length, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);
   if (at == MAP_FAILED)
      return MAP_FAILED;
   uint64_t extent_start = 0, end = start + length;
   for (unsigned i = 0; i < bo->num_extents; i++) {
      const struct kmd_extent *e = &bo->extents[i];
      uint64_t lo = MAX2(start, extent_start);
      uint64_t hi = MIN2(end, extent_start + e->size_B);
      if (lo < hi &&
          mmap(at + (lo - start), hi - lo, prot, MAP_SHARED | MAP_FIXED,
               bo->heap->fd, e->off + (lo - extent_start)) == MAP_FAILED) {
         munmap(at, length);
         return MAP_FAILED;
      }
      extent_start += e->size_B;
   }
   return at;
}

static void *
bo_mmap(struct kdrm_gem_object *obj, void *addr, size_t length, int prot,
        int flags, uint64_t start)
{
   struct kmd_bo *bo = to_bo(obj);
   pthread_mutex_lock(&bo->lock);
   bo->cpu_mapped = true;
   void *at = map_extents(bo, addr, length, prot, flags, start);
   pthread_mutex_unlock(&bo->lock);
   return at;
}

static int
bo_may_export(struct kdrm_gem_object *obj)
{
   if (obj->resv_owner && !obj->imported_from)
      return -EPERM; /* NO_SHARE */
   to_bo(obj)->shared = true;
   return 0;
}

static const struct kdrm_gem_funcs bo_funcs = {
   .free = bo_free,
   .open = bo_open,
   .close = bo_close,
   .mmap = bo_mmap,
   .may_export = bo_may_export,
};

/* --- Creation ------------------------------------------------------------ */

static int
alloc_memory(struct kmd *kmd, struct kmd_bo *bo, uint64_t size_B)
{
   int ret =
      kmd_heap_alloc(bo->heap, size_B, 0, &bo->extents, &bo->num_extents);
   if (ret != -ENOMEM || !bo->vram)
      return ret;
   kmd_bo_reap(kmd);
   kmd_dmem_make_room(kmd, size_B);
   ret = kmd_heap_alloc(bo->heap, size_B, 0, &bo->extents, &bo->num_extents);
   if (ret != -ENOMEM)
      return ret;
   kmd_bo_make_room(kmd, size_B);
   return kmd_heap_alloc(bo->heap, size_B, 0, &bo->extents, &bo->num_extents);
}

int
kmd_bo_create(struct kmd *kmd, uint64_t size_B, bool vram,
              struct kmd_bo **bo_out)
{
   struct kmd_bo *bo = kdrm_zalloc(sizeof(*bo));
   if (!bo)
      return -ENOMEM;
   size_B = util_align(size_B, KMD_PAGE_B);
   bo->kmd = kmd;
   bo->vram = vram;
   bo->heap = vram ? &kmd->vram : &kmd->gart;
   bo->domain = vram ? NOUVEAU_GEM_DOMAIN_VRAM : NOUVEAU_GEM_DOMAIN_GART;
   bo->valid_domains = bo->domain;
   int ret = alloc_memory(kmd, bo, size_B);
   if (ret) {
      kdrm_free(bo);
      return ret;
   }
   pthread_mutex_init(&bo->lock, NULL);
   util_list_init(&bo->vmas);
   util_list_init(&bo->lru);
   kdrm_gem_init(&kmd->drm, &bo->base, &bo_funcs, size_B);
   *bo_out = bo;
   return 0;
}

int
kmd_bo_import(struct kdrm_device *dev, struct kdrm_gem_object *from_obj,
              struct kdrm_gem_object **obj_out)
{
   struct kmd_bo *from = to_bo(from_obj);
   if (from->vram)
      return -EINVAL;
   struct kmd_bo *bo = kdrm_zalloc(sizeof(*bo));
   if (!bo)
      return -ENOMEM;
   bo->kmd = dev->priv;
   bo->heap = from->heap;
   bo->extents = from->extents;
   bo->num_extents = from->num_extents;
   bo->kind = from->kind;
   bo->domain = bo->valid_domains = NOUVEAU_GEM_DOMAIN_GART;
   bo->tile_mode = from->tile_mode;
   bo->tile_flags = from->tile_flags;
   bo->align_B = from->align_B;
   bo->shared = true;
   pthread_mutex_init(&bo->lock, NULL);
   util_list_init(&bo->vmas);
   util_list_init(&bo->lru);
   kdrm_gem_init(dev, &bo->base, &bo_funcs, from_obj->size_B);
   kdrm_gem_share_resv(&bo->base, from_obj);
   bo->base.imported_from = from_obj;
   kmd_get(from->kmd);
   *obj_out = &bo->base;
   return 0;
}

void *
kmd_bo_cpu(const struct kmd_bo *bo)
{
   return bo->heap->cpu + bo->extents[0].off;
}

struct kmd_bo *
kmd_bo_lookup(struct kdrm_file *file, uint32_t handle)
{
   struct kdrm_gem_object *obj = kdrm_gem_lookup(file, handle);
   return obj ? to_bo(obj) : NULL;
}

/* --- Calls --------------------------------------------------------------- */

/* -EINVAL: no place in the client's current address space. */
static int
fill_info(struct kmd_client *client, struct kmd_bo *bo, uint32_t handle,
          struct drm_nouveau_gem_info *info)
{
   struct kmd_vmm *vmm = kmd_client_vmm(client);
   uint64_t gpu_va = 0;
   if (vmm->kind != KMD_VMM_RAW && !kmd_bo_gpu_va(bo, vmm, &gpu_va))
      return -EINVAL;
   *info = (struct drm_nouveau_gem_info){
      .handle = handle,
      .domain = bo->domain,
      .size = bo->base.size_B,
      .offset = gpu_va,
      .map_handle = kdrm_gem_map_handle(&bo->base),
      .tile_mode = bo->tile_mode,
      .tile_flags = bo->tile_flags,
   };
   return 0;
}

/* [guess] Of Pascal's 256 kinds only the last is known to be unused here. */
static bool
kind_is_valid(uint8_t kind)
{
   return kind != 0xff;
}

static bool
wants_vram(uint32_t domain)
{
   return domain & NOUVEAU_GEM_DOMAIN_VRAM;
}

int
kmd_gem_new_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_nouveau_gem_new *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   struct kmd *kmd = client->kmd;
   /* Upstream does this before it looks at anything. */
   if (!client->uvmm)
      kmd_client_disable_uvmm(client);
   uint8_t kind = (a->info.tile_flags & NOUVEAU_GEM_TILE_LAYOUT_MASK) >> 8;
   bool no_share = a->info.domain & NOUVEAU_GEM_DOMAIN_NO_SHARE;
   if (a->info.size == 0 || !kind_is_valid(kind) || (no_share && !client->uvmm))
      return -EINVAL;
   if (a->info.size > MAX2(kmd->vram.size_B, kmd->gart.size_B))
      return -ENOMEM;
   struct kmd_bo *bo;
   int ret = kmd_bo_create(kmd, a->info.size, wants_vram(a->info.domain), &bo);
   if (ret)
      return ret;
   bo->kind = kind;
   bo->tile_mode = a->info.tile_mode;
   bo->tile_flags = a->info.tile_flags;
   bo->align_B = MIN2(a->align, 1u << 30);
   bo->valid_domains =
      a->info.domain & (NOUVEAU_GEM_DOMAIN_VRAM | NOUVEAU_GEM_DOMAIN_GART);
   if (no_share) {
      kdrm_gem_share_resv(&bo->base, &client->uvmm->r_obj);
      kmd_bo_lru_touch(bo);
   }
   ret = kdrm_gem_handle_create(file, &bo->base);
   if (ret > 0)
      ret = fill_info(client, bo, ret, &a->info);
   kdrm_gem_put(&bo->base);
   return ret;
}

int
kmd_gem_info_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_nouveau_gem_info *a = arg;
   struct kmd_bo *bo = kmd_bo_lookup(file, a->handle);
   if (!bo)
      return -ENOENT;
   int ret = fill_info(kmd_client_of(file), bo, a->handle, a);
   kdrm_gem_put(&bo->base);
   return ret;
}

int
kmd_gem_cpu_prep_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_gem_cpu_prep *a = arg;
   struct kmd_bo *bo = kmd_bo_lookup(file, a->handle);
   if (!bo)
      return -ENOENT;
   bool write = a->flags & NOUVEAU_GEM_CPU_PREP_WRITE;
   bool nowait = a->flags & NOUVEAU_GEM_CPU_PREP_NOWAIT;
   kmd_fences_update(bo->kmd);
   int ret =
      kdrm_resv_wait(bo->base.resv, write ? KDRM_USAGE_WRITE : KDRM_USAGE_READ,
                     0, nowait ? 0 : CPU_PREP_TIMEOUT_NS);
   kdrm_gem_put(&bo->base);
   return ret ? -EBUSY : 0;
}

int
kmd_gem_cpu_fini_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_gem_cpu_fini *a = arg;
   struct kmd_bo *bo = kmd_bo_lookup(file, a->handle);
   if (!bo)
      return -ENOENT;
   kdrm_gem_put(&bo->base);
   return 0;
}
