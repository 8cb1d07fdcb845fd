/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The page tables of one address space, in VRAM, in the format of the Pascal
 * GMMU (nv_mmu.h; kernel.md §7). 4 KiB, 64 KiB and 2 MiB pages mix freely: a
 * large page that is changed in part is split into smaller ones first.
 *
 * No locking (kmd_vmm's lock), no TLB: `stale` says that the card may still use
 * what was there before. Tables that became empty are unlinked at once and
 * freed by kmd_pgtable_reap, after the caller's TLB invalidate. */
#ifndef KMD_PGTABLE_H
#define KMD_PGTABLE_H

#include "kmd_heap.h"

#include "nouveau/headers/nv_mmu.h"

struct pt_dir;
struct pt_page;

/* Tables that an operation may take at most. */
struct kmd_pgtable_need {
   unsigned pages, dirs;
};

struct kmd_pgtable {
   struct kmd_heap *vram;
   struct pt_dir *root;
   struct pt_page *dead;
   bool stale;
   unsigned tables; /* VRAM pages in use, dead and spare ones included */
   struct pt_page *spare_pages;
   struct pt_dir *spare_dirs;
   struct kmd_pgtable_need num_spare,
      reserved;         /* at least as many as reserved */
   bool may_use_spares; /* what is done now has reserved */
};

#define KMD_PAGE_SIZES_4K  KMD_PAGE_B
#define KMD_PAGE_SIZES_ALL (KMD_PAGE_B | KMD_PAGE_64K_B | KMD_PAGE_2M_B)

int kmd_pgtable_init(struct kmd_pgtable *pt, struct kmd_heap *vram);
/* The card does not use it any more. */
void kmd_pgtable_finish(struct kmd_pgtable *pt);
/* Video address of the root directory. */
uint64_t kmd_pgtable_root(const struct kmd_pgtable *pt);

/* Maps contiguous memory, replacing what is there. `flags`: NV_PTE_* and kind;
 * `page_sizes`: those allowed, ORed (4 KiB always is). -ENOMEM: a part may be
 * mapped. */
int kmd_pgtable_map(struct kmd_pgtable *pt, uint64_t gpu_va, uint64_t size_B,
                    uint64_t pa, enum nv_aperture aperture, uint64_t flags,
                    uint64_t page_sizes);
/* Cannot fail; where a large page cannot be split for lack of memory, all of it
 * goes. */
void kmd_pgtable_unmap(struct kmd_pgtable *pt, uint64_t gpu_va,
                       uint64_t size_B);
/* As unmap, but accesses there do not fault afterwards: what is read is
 * undefined, what is written lost (kernel.md §7.4). -ENOMEM: a part may be
 * done. Map and unmap end it. */
int kmd_pgtable_sparse(struct kmd_pgtable *pt, uint64_t gpu_va,
                       uint64_t size_B);
/* Tables for what must not fail later, with `may_use_spares` set; -ENOMEM.
 * Reservations add up. */
int kmd_pgtable_reserve(struct kmd_pgtable *pt, struct kmd_pgtable_need need);
/* Done, or not to be done. */
void kmd_pgtable_unreserve(struct kmd_pgtable *pt,
                           struct kmd_pgtable_need need);
/* What a map of contiguous memory may need at most. */
unsigned kmd_pgtable_count_pages(uint64_t gpu_va, uint64_t size_B, uint64_t pa,
                                 uint64_t page_sizes);
unsigned kmd_pgtable_count_dirs(uint64_t gpu_va, uint64_t size_B);
/* Frees unlinked tables and clears `stale`. */
void kmd_pgtable_reap(struct kmd_pgtable *pt);

#endif
