/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_vmm.h"

#include "kmd_bo.h"
#include "kmd_priv.h"

#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/mm/kmm.h"
#include "nouveau/headers/nv_regs.h"

/* Drivers put the windows of shared and local memory of compute programs here:
 * a buffer at the same address would be hidden behind them (mesa.md §1.7). */
#define WINDOW_START 0xfe000000ull
#define WINDOW_END   0x100000000ull

int
kmd_vmm_create(struct kmd *kmd, enum kmd_vmm_kind kind, uint64_t start,
               uint64_t end, struct kmd_vmm **vmm_out)
{
   struct kmd_vmm *vmm = kdrm_zalloc(sizeof(*vmm));
   if (!vmm)
      return -ENOMEM;
   int ret = kmd_pgtable_init(&vmm->pt, &kmd->vram);
   if (ret) {
      kdrm_free(vmm);
      return ret;
   }
   vmm->kmd = kmd;
   vmm->kind = kind;
   vmm->replay = kind == KMD_VMM_SVM;
   atomic_init(&vmm->refs, 1);
   pthread_mutex_init(&vmm->lock, NULL);
   kdrm_gpuvm_init(&vmm->vm, start, end, NULL, NULL);
   vmm->window.addr = MAX2(start, WINDOW_START);
   if (vmm->window.addr < MIN2(end, WINDOW_END)) {
      vmm->window.range = MIN2(end, WINDOW_END) - vmm->window.addr;
      ret = kdrm_gpuvm_insert(&vmm->vm, &vmm->window);
      assert(ret == 0);
   }
   *vmm_out = vmm;
   return 0;
}

struct kmd_vmm *
kmd_vmm_get(struct kmd_vmm *vmm)
{
   atomic_fetch_add(&vmm->refs, 1);
   return vmm;
}

void
kmd_vmm_put(struct kmd_vmm *vmm)
{
   if (!vmm || atomic_fetch_sub(&vmm->refs, 1) != 1)
      return;
   kmd_mmu_invalidate(vmm->kmd, kmd_pgtable_root(&vmm->pt));
   kmd_pgtable_finish(&vmm->pt);
   kdrm_gpuvm_finish(&vmm->vm);
   pthread_mutex_destroy(&vmm->lock);
   kdrm_free(vmm);
}

void
kmd_vmm_join(struct kmd_vmm *vmm, uint32_t *inst)
{
   uint64_t root = kmd_pgtable_root(&vmm->pt), limit = NV_MMU_VA_END - 1;
   uint32_t flags =
      NV_APERTURE_VID | NV_INST_PDB_VER2 | NV_INST_PDB_64K_BIG_PAGES;
   if (vmm->replay)
      flags |= NV_INST_PDB_FAULT_REPLAY_TEX | NV_INST_PDB_FAULT_REPLAY_GCC;
   inst[NV_INST_PDB_LO / 4] = (uint32_t)root | flags;
   inst[NV_INST_PDB_HI / 4] = root >> 32;
   inst[NV_INST_LIMIT_LO / 4] = (uint32_t)limit;
   inst[NV_INST_LIMIT_HI / 4] = limit >> 32;
}

/* --- TLB ----------------------------------------------------------------- */

static void
flush_locked(struct kmd_vmm *vmm)
{
   if (vmm->pt.stale) {
      kmd_mmu_invalidate(vmm->kmd, kmd_pgtable_root(&vmm->pt));
      kmd_pgtable_reap(&vmm->pt);
   }
}

/* --- Buffer objects ------------------------------------------------------ */

/* Maps `size_B` bytes of the object from `bo_off`, extent by extent. */
static int
map_extents_locked(struct kmd_vmm *vmm, uint64_t gpu_va, uint64_t size_B,
                   const struct kmd_bo *bo, uint64_t bo_off, uint8_t kind)
{
   enum nv_aperture aperture = bo->vram ? NV_APERTURE_VID : NV_APERTURE_SYS_COH;
   uint64_t flags = (uint64_t)kind << NV_PTE_KIND_SHIFT;
   uint64_t base = bo->vram ? 0 : (uintptr_t)bo->heap->cpu;
   /* Host memory has 4 KiB pages only, as upstream. */
   uint64_t sizes = bo->vram ? KMD_PAGE_SIZES_ALL : KMD_PAGE_SIZES_4K;
   if (!bo->vram)
      flags |= NV_PTE_VOL;
   uint64_t at = 0; /* of the extent in the object */
   for (unsigned i = 0; i < bo->num_extents && size_B; i++) {
      const struct kmd_extent *e = &bo->extents[i];
      uint64_t skip = bo_off > at ? bo_off - at : 0;
      at += e->size_B;
      if (skip >= e->size_B)
         continue;
      uint64_t n = MIN2(size_B, e->size_B - skip);
      int ret = kmd_pgtable_map(&vmm->pt, gpu_va, n, base + e->off + skip,
                                aperture, flags, sizes);
      if (ret)
         return ret;
      gpu_va += n;
      bo_off += n;
      size_B -= n;
   }
   assert(size_B == 0);
   return 0;
}

static uint64_t
natural_align(const struct kmd_bo *bo)
{
   if (bo->vram && bo->base.size_B >= KMD_PAGE_2M_B)
      return KMD_PAGE_2M_B;
   if (bo->vram && bo->base.size_B >= KMD_PAGE_64K_B)
      return KMD_PAGE_64K_B;
   return KMD_PAGE_B;
}

static int
place_locked(struct kmd_vmm *vmm, struct kmd_vma *vma, uint64_t align_B)
{
   uint64_t size_B = vma->bo->base.size_B;
   uint64_t align = MAX2(natural_align(vma->bo), util_next_pow2(align_B));
   int ret = kdrm_gpuvm_find_hole(&vmm->vm, size_B, align, &vma->va.addr);
   if (ret)
      return ret;
   vma->va.range = size_B;
   vma->va.obj = &vma->bo->base;
   ret = kdrm_gpuvm_insert(&vmm->vm, &vma->va);
   assert(ret == 0);
   ret =
      map_extents_locked(vmm, vma->va.addr, size_B, vma->bo, 0, vma->bo->kind);
   if (ret) {
      kmd_pgtable_unmap(&vmm->pt, vma->va.addr, size_B);
      kdrm_gpuvm_remove(&vmm->vm, &vma->va);
   }
   flush_locked(vmm);
   return ret;
}

int
kmd_vma_create(struct kmd_vmm *vmm, struct kmd_bo *bo, uint64_t align_B,
               struct kmd_vma **vma_out)
{
   struct kmd_vma *vma = kdrm_zalloc(sizeof(*vma));
   if (!vma)
      return -ENOMEM;
   vma->bo = bo;
   util_list_init(&vma->link);
   pthread_mutex_lock(&vmm->lock);
   int ret = place_locked(vmm, vma, align_B);
   pthread_mutex_unlock(&vmm->lock);
   if (ret) {
      kdrm_free(vma);
      return ret;
   }
   vma->vmm = kmd_vmm_get(vmm);
   *vma_out = vma;
   return 0;
}

void
kmd_vma_destroy(struct kmd_vma *vma)
{
   struct kmd_vmm *vmm = vma->vmm;
   pthread_mutex_lock(&vmm->lock);
   kmd_pgtable_unmap(&vmm->pt, vma->va.addr, vma->va.range);
   flush_locked(vmm);
   kdrm_gpuvm_remove(&vmm->vm, &vma->va);
   pthread_mutex_unlock(&vmm->lock);
   kmd_vmm_put(vmm);
   kdrm_free(vma);
}

int
kmd_vmm_map_bo_locked(struct kmd_vmm *vmm, uint64_t gpu_va, uint64_t size_B,
                      struct kmd_bo *bo, uint64_t bo_off, uint8_t kind)
{
   int ret = map_extents_locked(vmm, gpu_va, size_B, bo, bo_off, kind);
   if (ret)
      kmd_pgtable_unmap(&vmm->pt, gpu_va, size_B);
   return ret;
}

int
kmd_vmm_map_bo(struct kmd_vmm *vmm, uint64_t gpu_va, uint64_t size_B,
               struct kmd_bo *bo, uint64_t bo_off, uint8_t kind)
{
   pthread_mutex_lock(&vmm->lock);
   int ret = kmd_vmm_map_bo_locked(vmm, gpu_va, size_B, bo, bo_off, kind);
   flush_locked(vmm);
   pthread_mutex_unlock(&vmm->lock);
   return ret;
}

void
kmd_vmm_unmap(struct kmd_vmm *vmm, uint64_t gpu_va, uint64_t size_B)
{
   pthread_mutex_lock(&vmm->lock);
   kmd_pgtable_unmap(&vmm->pt, gpu_va, size_B);
   flush_locked(vmm);
   pthread_mutex_unlock(&vmm->lock);
}

/* --- Reserved tables ----------------------------------------------------- */

void
kmd_vmm_need_map(uint64_t gpu_va, uint64_t size_B, const struct kmd_bo *bo,
                 uint64_t bo_off, struct kmd_pgtable_need *need)
{
   uint64_t sizes = bo->vram ? KMD_PAGE_SIZES_ALL : KMD_PAGE_SIZES_4K;
   unsigned most = kmd_pgtable_count_pages(gpu_va, size_B, 0, KMD_PAGE_B);
   unsigned pages = 0;
   uint64_t at = 0, va = gpu_va, end = gpu_va + size_B;
   need->dirs += kmd_pgtable_count_dirs(gpu_va, size_B);
   for (unsigned i = 0; i < bo->num_extents && va < end; i++) {
      const struct kmd_extent *e = &bo->extents[i];
      uint64_t skip = bo_off > at ? bo_off - at : 0;
      at += e->size_B;
      if (skip >= e->size_B)
         continue;
      uint64_t n = MIN2(end - va, e->size_B - skip);
      pages += kmd_pgtable_count_pages(va, n, e->off + skip, sizes);
      va += n;
      bo_off += n;
   }
   need->pages += MIN2(pages, most);
}

void
kmd_vmm_need_sparse(uint64_t gpu_va, uint64_t size_B,
                    struct kmd_pgtable_need *need)
{
   need->dirs += kmd_pgtable_count_dirs(gpu_va, size_B);
   need->pages +=
      kmd_pgtable_count_pages(gpu_va, size_B, gpu_va, KMD_PAGE_SIZES_ALL);
}

int
kmd_vmm_reserve(struct kmd_vmm *vmm, struct kmd_pgtable_need need)
{
   pthread_mutex_lock(&vmm->lock);
   int ret = kmd_pgtable_reserve(&vmm->pt, need);
   pthread_mutex_unlock(&vmm->lock);
   return ret;
}

void
kmd_vmm_unreserve(struct kmd_vmm *vmm, struct kmd_pgtable_need need)
{
   pthread_mutex_lock(&vmm->lock);
   kmd_pgtable_unreserve(&vmm->pt, need);
   pthread_mutex_unlock(&vmm->lock);
}

void
kmd_vmm_begin_reserved(struct kmd_vmm *vmm)
{
   pthread_mutex_lock(&vmm->lock);
   vmm->pt.may_use_spares = true;
}

void
kmd_vmm_end_reserved(struct kmd_vmm *vmm, struct kmd_pgtable_need need)
{
   flush_locked(vmm);
   vmm->pt.may_use_spares = false;
   kmd_pgtable_unreserve(&vmm->pt, need);
   pthread_mutex_unlock(&vmm->lock);
}

/* --- Pages of the process ------------------------------------------------ */

/* What has to agree for two neighbouring pages to share a PTE or a call. */
#define PFN_KIND                                                               \
   (KMM_PFN_VALID | KMM_PFN_WRITE | KMM_PFN_DEVICE | KMM_PFN_COHERENT |        \
    KMM_PFN_PEER | KMM_PFN_ATOMIC)

/* Another card's BAR is a bus address like any other, but carries no atomics.
 * Nor does the bus of KMD_DEBUG=exclusive. */
static bool
refuses_atomics(const struct kmd *kmd, uint64_t pfn)
{
   if (pfn & KMM_PFN_PEER)
      return true;
   return kmd->config.debug & KMD_DEBUG_EXCLUSIVE &&
          !(pfn & (KMM_PFN_DEVICE | KMM_PFN_COHERENT | KMM_PFN_ATOMIC));
}

static unsigned
run_length(const uint64_t *pfns, unsigned n)
{
   unsigned i = 1;
   while (i < n && (pfns[i] & PFN_KIND) == (pfns[0] & PFN_KIND) &&
          (pfns[i] & ~KMM_PFN_FLAGS) ==
             (pfns[0] & ~KMM_PFN_FLAGS) + i * KMM_PAGE_SIZE)
      i++;
   return i;
}

int
kmd_vmm_pfnmap(struct kmd_vmm *vmm, uint64_t gpu_va, unsigned n,
               const uint64_t *pfns)
{
   int ret = 0;
   pthread_mutex_lock(&vmm->lock);
   for (unsigned i = 0, run; i < n && !ret; i += run) {
      run = 1;
      if (!(pfns[i] & KMM_PFN_VALID))
         continue;
      run = run_length(&pfns[i], n - i);
      bool device = pfns[i] & KMM_PFN_DEVICE;
      uint64_t flags = device ? 0 : NV_PTE_VOL;
      if (!(pfns[i] & KMM_PFN_WRITE))
         flags |= NV_PTE_RO;
      if (refuses_atomics(vmm->kmd, pfns[i]))
         flags |= NV_PTE_ATOMIC_DISABLE;
      /* Upstream has no 64 KiB PTEs of the process's pages (kernel.md §7.5). */
      uint64_t sizes = kmd_is_better(vmm->kmd) ? KMD_PAGE_SIZES_ALL
                                               : KMD_PAGE_B | KMD_PAGE_2M_B;
      ret = kmd_pgtable_map(&vmm->pt, gpu_va + i * KMD_PAGE_B, run * KMD_PAGE_B,
                            pfns[i] & ~KMM_PFN_FLAGS,
                            device ? NV_APERTURE_VID : NV_APERTURE_SYS_COH,
                            flags, sizes);
   }
   flush_locked(vmm);
   pthread_mutex_unlock(&vmm->lock);
   return ret;
}
