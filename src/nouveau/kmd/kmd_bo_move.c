/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffers between VRAM and system memory. Who moves one holds its reservation,
 * which is that of its address space, with all fences in it over: no work runs
 * there, none is submitted, and the page tables are as the tree says. */
#include "kmd_bo.h"
#include "kmd_chan.h"
#include "kmd_uvmm.h"

#include <errno.h>
#include <string.h>

/* --- Which --------------------------------------------------------------- */

/* Only private ones: their reservation is that of the one space that has them,
 * which a VM_BIND there must hold. */
void
kmd_bo_lru_touch(struct kmd_bo *bo)
{
   if (!bo->base.resv_owner || !bo->vram)
      return;
   pthread_mutex_lock(&bo->kmd->lru_lock);
   util_list_del(&bo->lru);
   util_list_add_tail(&bo->lru, &bo->kmd->lru);
   pthread_mutex_unlock(&bo->kmd->lru_lock);
}

void
kmd_bo_lru_remove(struct kmd_bo *bo)
{
   pthread_mutex_lock(&bo->kmd->lru_lock);
   util_list_del(&bo->lru);
   pthread_mutex_unlock(&bo->kmd->lru_lock);
}

/* The least lately used of the next *left, which goes to the list's other end;
 * referenced. NULL: all have been looked at. */
static struct kmd_bo *
next_candidate(struct kmd *kmd, unsigned *left)
{
   struct kmd_bo *found = NULL;
   pthread_mutex_lock(&kmd->lru_lock);
   while (!found && *left && !util_list_is_empty(&kmd->lru)) {
      struct kmd_bo *bo = util_list_first(&kmd->lru, struct kmd_bo, lru);
      util_list_del(&bo->lru);
      util_list_add_tail(&bo->lru, &kmd->lru);
      --*left;
      /* On its way to bo_free, which waits for the lock: as good as gone. */
      unsigned refs = atomic_load(&bo->base.refs);
      while (refs &&
             !atomic_compare_exchange_weak(&bo->base.refs, &refs, refs + 1))
         ;
      found = refs ? bo : NULL;
   }
   pthread_mutex_unlock(&kmd->lru_lock);
   return found;
}

static unsigned
count_candidates(struct kmd *kmd)
{
   unsigned n = 0;
   pthread_mutex_lock(&kmd->lru_lock);
   util_list_for_each(struct kmd_bo, bo, &kmd->lru, lru)
      n++;
   pthread_mutex_unlock(&kmd->lru_lock);
   return n;
}

/* --- How ----------------------------------------------------------------- */

/* Where a buffer is. */
struct place {
   struct kmd_heap *heap;
   struct kmd_extent *extents;
   unsigned num_extents;
   bool vram;
};

static struct place
place_of(const struct kmd_bo *bo)
{
   return (struct place){bo->heap, bo->extents, bo->num_extents, bo->vram};
}

static void
set_place(struct kmd_bo *bo, const struct place *p)
{
   bo->heap = p->heap;
   bo->extents = p->extents;
   bo->num_extents = p->num_extents;
   bo->vram = p->vram;
   bo->domain = p->vram ? NOUVEAU_GEM_DOMAIN_VRAM : NOUVEAU_GEM_DOMAIN_GART;
}

static void
copy_bytes(const struct place *from, const struct place *to)
{
   uint64_t in_from = 0, in_to = 0;
   for (unsigned f = 0, t = 0; f < from->num_extents && t < to->num_extents;) {
      const struct kmd_extent *a = &from->extents[f], *b = &to->extents[t];
      uint64_t n = MIN2(a->size_B - in_from, b->size_B - in_to);
      memcpy(to->heap->cpu + b->off + in_to, from->heap->cpu + a->off + in_from,
             n);
      in_from += n;
      in_to += n;
      if (in_from == a->size_B) {
         f++;
         in_from = 0;
      }
      if (in_to == b->size_B) {
         t++;
         in_to = 0;
      }
   }
}

static int
write_ptes(struct kmd_bo *bo)
{
   int ret = 0;
   pthread_mutex_lock(&bo->base.gpuva_lock);
   util_list_for_each(struct kdrm_gpuvm_bo, vm_bo, &bo->base.gpuvm_bos,
                      obj_link) {
      struct kmd_uvmm *u = container_of(vm_bo->vm, struct kmd_uvmm, vm);
      util_list_for_each(struct kdrm_gpuva, va, &vm_bo->vas, bo_link)
         if (!ret)
            ret = kmd_vmm_map_bo(u->vmm, va->addr, va->range, bo, va->offset,
                                 va->flags & 0xff);
   }
   pthread_mutex_unlock(&bo->base.gpuva_lock);
   return ret;
}

/* -ENOMEM: it stays. -EBUSY: it may not move now. */
static int
move_locked(struct kmd_bo *bo, struct kmd_heap *heap)
{
   struct place from = place_of(bo);
   struct place to = {.heap = heap, .vram = heap == &bo->kmd->vram};
   if (bo->cpu_mapped || !util_list_is_empty(&bo->vmas))
      return -EBUSY;
   int ret =
      kmd_heap_alloc(heap, bo->base.size_B, 0, &to.extents, &to.num_extents);
   if (ret)
      return ret;
   copy_bytes(&from, &to);
   set_place(bo, &to);
   ret = write_ptes(bo);
   if (ret) { /* no memory for page tables */
      set_place(bo, &from);
      write_ptes(bo);
      from = to;
   }
   kmd_heap_free(from.heap, from.extents, from.num_extents);
   return ret;
}

static int
move(struct kmd_bo *bo, struct kmd_heap *heap)
{
   kmd_fences_update(bo->kmd);
   if (kdrm_resv_wait(bo->base.resv, KDRM_USAGE_BOOKKEEP, 0, 0))
      return -EBUSY;
   pthread_mutex_lock(&bo->lock);
   int ret = bo->heap == heap ? 0 : move_locked(bo, heap);
   pthread_mutex_unlock(&bo->lock);
   return ret;
}

/* --- When ---------------------------------------------------------------- */

static bool
evict(struct kmd_bo *bo)
{
   struct kdrm_exec e;
   kdrm_exec_init(&e);
   int ret = kdrm_exec_trylock(&e, bo->base.resv);
   if (!ret)
      ret = move(bo, &bo->kmd->gart);
   if (!ret) {
      kmd_bo_lru_remove(bo);
      kdrm_gpuvm_bo_evict(&bo->base, true);
   }
   kdrm_exec_finish(&e);
   return !ret;
}

void
kmd_bo_make_room(struct kmd *kmd, uint64_t size_B)
{
   unsigned left = count_candidates(kmd);
   struct kmd_bo *bo;
   uint64_t freed_B = 0;
   while (freed_B < size_B && (bo = next_candidate(kmd, &left))) {
      if (evict(bo))
         freed_B += bo->base.size_B;
      kdrm_gem_put(&bo->base);
   }
}

int
kmd_bo_validate(struct kdrm_gpuvm_bo *vm_bo, struct kdrm_exec *exec)
{
   struct kmd_bo *bo = container_of(vm_bo->obj, struct kmd_bo, base);
   if (move(bo, &bo->kmd->vram) == 0) {
      kdrm_gpuvm_bo_evict(&bo->base, false);
      kmd_bo_lru_touch(bo);
   }
   return 0;
}
