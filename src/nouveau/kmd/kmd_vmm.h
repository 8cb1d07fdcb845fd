/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* GPU address spaces (≙ nvkm/subdev/mmu, nouveau_vmm). One has page tables and
 * a range in which the kernel places buffer objects; a client with SVM has a
 * second range, everything around that hole, which mirrors the process
 * (kernel.md §2).
 *
 * Lock: vmm->lock, held over the TLB invalidate; innermost but for the heap's
 * and the register lock. */
#ifndef KMD_VMM_H
#define KMD_VMM_H

#include "kmd_pgtable.h"

#include <stdatomic.h>

#include "kernel/drm/kdrm_gpuvm.h"
#include "util/util_list.h"

struct kmd;
struct kmd_bo;

enum kmd_vmm_kind {
   KMD_VMM_CLIENT, /* the kernel places everything */
   KMD_VMM_SVM,    /* ... inside the hole; outside is the process */
   KMD_VMM_RAW,    /* VM_BIND: the client places, the kernel inside its part */
};

struct kmd_vmm {
   _Atomic unsigned refs;
   struct kmd *kmd;
   enum kmd_vmm_kind kind;
   bool replay; /* channels made from now on can wait for a fault's service */
   pthread_mutex_t lock;
   struct kmd_pgtable pt;
   struct kdrm_gpuvm vm;     /* kmd_vma.va, where the kernel places */
   struct kdrm_gpuva window; /* kept free: see kmd_vmm.c */
};

/* A buffer object at an address. */
struct kmd_vma {
   struct kdrm_gpuva va;
   struct util_list link; /* kmd_bo.vmas */
   struct kmd_vmm *vmm;   /* referenced */
   struct kmd_bo *bo;
   unsigned handles; /* of the client that holds it open */
};

/* The kernel places objects in [start, end). */
int kmd_vmm_create(struct kmd *kmd, enum kmd_vmm_kind kind, uint64_t start,
                   uint64_t end, struct kmd_vmm **vmm_out);
struct kmd_vmm *kmd_vmm_get(struct kmd_vmm *vmm);
void kmd_vmm_put(struct kmd_vmm *vmm); /* NULL: nothing */

/* Physical address of its root directory: how the card names it. */
static inline uint64_t
kmd_vmm_root(const struct kmd_vmm *vmm)
{
   return kmd_pgtable_root(&vmm->pt);
}

/* Writes the words of an instance block that choose this address space. */
void kmd_vmm_join(struct kmd_vmm *vmm, uint32_t *inst);

/* Finds an address for all of `bo` and maps it. -ENOSPC, -ENOMEM. The vma is
 * not on the object's list. */
int kmd_vma_create(struct kmd_vmm *vmm, struct kmd_bo *bo, uint64_t align_B,
                   struct kmd_vma **vma_out);
/* The card uses the address no more. */
void kmd_vma_destroy(struct kmd_vma *vma);

/* Part of an object at an address chosen by the client: page tables only. */
int kmd_vmm_map_bo(struct kmd_vmm *vmm, uint64_t gpu_va, uint64_t size_B,
                   struct kmd_bo *bo, uint64_t bo_off, uint8_t kind);
void kmd_vmm_unmap(struct kmd_vmm *vmm, uint64_t gpu_va, uint64_t size_B);

/* VM_BIND promises in the call what is done later, when there may be no memory:
 * it reserves what that may need (added to *need), and does it between begin
 * and end, with the functions _locked and those of kmd_pgtable. */
void kmd_vmm_need_map(uint64_t gpu_va, uint64_t size_B, const struct kmd_bo *bo,
                      uint64_t bo_off, struct kmd_pgtable_need *need);
void kmd_vmm_need_sparse(uint64_t gpu_va, uint64_t size_B,
                         struct kmd_pgtable_need *need);
int kmd_vmm_reserve(struct kmd_vmm *vmm, struct kmd_pgtable_need need);
void kmd_vmm_unreserve(struct kmd_vmm *vmm, struct kmd_pgtable_need need);
void kmd_vmm_begin_reserved(struct kmd_vmm *vmm);
void kmd_vmm_end_reserved(struct kmd_vmm *vmm, struct kmd_pgtable_need need);
int kmd_vmm_map_bo_locked(struct kmd_vmm *vmm, uint64_t gpu_va, uint64_t size_B,
                          struct kmd_bo *bo, uint64_t bo_off, uint8_t kind);

/* Pages of the process, as kdrm_gpusvm_ops.map says: KMM_PFN_* words. */
int kmd_vmm_pfnmap(struct kmd_vmm *vmm, uint64_t gpu_va, unsigned n,
                   const uint64_t *pfns);

#endif
