/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The mirror of the process in one GPU address space (≙ drm_gpusvm,
 * nouveau_svmm), where GPU address = CPU address. Persistent granules of 2 MiB,
 * page-table aligned, each with its own notifier sequence and per-page bitmaps:
 * a fault takes no tree insertion, an unmap of a part clears bits and leaves
 * the rest (kernel.md §6.4, L1, L2, L4, L7, L8).
 *
 * Locks: svm->lock (granule tree; leaf) < granule lock < the driver's VMM lock.
 * `map` and `unmap` are called under the granule's lock, which is also the one
 * that orders PTE writes against invalidation. A driver calls into this layer
 * with no lock held that `map`, `unmap` or the pagemap's callbacks take.
 *
 * All structs and arrays handed in lie in service memory (util/util_svc.h). */
#ifndef KDRM_GPUSVM_H
#define KDRM_GPUSVM_H

#include "kernel/drm/kdrm_pagemap.h"

struct kdrm_gpusvm;

struct kdrm_gpusvm_ops {
   /* Write PTEs for n pages from gpu_va (one granule at most). pfns[i]: 0:
    * leave the PTE of that page alone; else KMM_PFN_* word: VALID always;
    * WRITE: else the PTE is read-only; DEVICE: address is a vram_off, aperture
    * vid; else a bus address. System pages may use atomics (host atomics), VRAM
    * pages too: A always set; PEER pages, reached across the bus, may not.
    * Replaces what is there. It must make the new
    * translation effective: if it replaces a valid PTE, invalidate the TLB.
    * Large PTEs are the driver's choice. 0, -ENOMEM: a part may have been
    * written, and `unmap` of all of it follows. */
   int (*map)(struct kdrm_gpusvm *svm, uint64_t gpu_va, unsigned n,
              const uint64_t *pfns);
   /* Clear PTEs of n pages and complete the TLB invalidate before returning: no
    * access through them runs or will run. Cannot fail. Pages may have no PTE. */
   void (*unmap)(struct kdrm_gpusvm *svm, uint64_t gpu_va, unsigned n);
   /* May be NULL. The process's memory changed under n pages from gpu_va on, of
    * which some had PTEs: for the driver's event log. Not for migration, of
    * which the pagemap tells. Called under the granule's lock. */
   void (*invalidated)(struct kdrm_gpusvm *svm, uint64_t gpu_va, unsigned n,
                       enum kmm_event event);
   /* May be NULL. The driver has something of its own at the address: faults
    * there are refused, and `map` leaves it alone. */
   bool (*is_taken)(struct kdrm_gpusvm *svm, uint64_t gpu_va);
   /* References to the mirror, taken for migrations that go on in the
    * background (L6); the last release may destroy it. Both or neither. */
   void (*hold)(struct kdrm_gpusvm *svm);
   void (*release)(struct kdrm_gpusvm *svm);
};

struct kdrm_gpusvm_config {
   struct kmm_mm *mm;
   const struct kdrm_gpusvm_ops *ops;
   struct kdrm_pagemap *pagemap;  /* NULL: nothing migrates */
   uint64_t hole_start, hole_end; /* the driver's own addresses: not mirrored */
   /* Power of two, pages faulted in around; 16. Of the rest of the granule,
    * what is present is mapped. 1: a fault maps its page and no other. */
   unsigned fault_window_pg;
   /* Map pages of other devices that allow it where they are; but atomics
    * bring them home: PCIe carries none between Pascal cards [guess]. */
   bool peers;
   bool only_faulting;    /* as upstream: map no page that has not faulted */
   bool migrate_on_fault; /* move to VRAM what the GPU touches ... */
   bool learn; /* ... but only when faults say that it pays (policy.c) */
   /* Atomics on system pages need the page in VRAM: the bus carries none. What
    * cannot move gets KMM_PFN_ATOMIC. */
   bool exclusive_atomics;
   unsigned migrate_window_pg; /* ... in aligned pieces of this size; 512 */
   void *driver_data;
};

/* Order is sort priority: the strongest access to a page wins. */
enum kdrm_access {
   KDRM_ACCESS_PREFETCH,
   KDRM_ACCESS_READ,
   KDRM_ACCESS_WRITE,
   KDRM_ACCESS_ATOMIC,
};

struct kdrm_gpusvm_fault {
   uint64_t gpu_va;
   enum kdrm_access access;
   uint32_t driver_index; /* the driver's; stays with the fault when sorted */
   /* Out: 0: serviced, replay. -EFAULT: nothing there or no access; -EPERM:
    * write to read-only; -ENOMEM: cancel the access with that reason. -EBUSY:
    * not now; replay and it will fault again (never a reason to cancel, L7). */
   int result;
   bool device; /* out: the page is in VRAM now */
};

struct kdrm_gpusvm_stats {
   uint64_t faults[4];     /* entries by access, before merging */
   uint64_t faults_merged; /* same page twice in a batch */
   uint64_t batches, hmm_calls, retries, cancelled;
   uint64_t exclusive_retries; /* of pages that an atomic wants alone */
   uint64_t pages_mapped, pages_mapped_ahead, pages_unmapped;
   uint64_t invalidations;
   uint64_t granules;
   uint64_t migrated_to_vram, migrated_to_system;
   uint64_t bounces; /* times a granule lost VRAM pages to the CPU or eviction */
   uint64_t braked;  /* times migrate_on_fault left a bouncing granule alone */
};

int kdrm_gpusvm_create(const struct kdrm_gpusvm_config *config,
                       struct kdrm_gpusvm **svm_out);
/* Clears all PTEs. The pagemap's pages stay. Waits. */
void kdrm_gpusvm_destroy(struct kdrm_gpusvm *svm);
void *kdrm_gpusvm_driver_data(const struct kdrm_gpusvm *svm);

/* Services a batch, sorted by address (kdrm_gpusvm_sort does it). Duplicates
 * and any mix of accesses are fine. One hmm call a granule in the ordinary
 * case. Waits. */
void kdrm_gpusvm_fault_batch(struct kdrm_gpusvm *svm,
                             struct kdrm_gpusvm_fault *faults, unsigned n);
void kdrm_gpusvm_sort(struct kdrm_gpusvm_fault *faults, unsigned n);

/* Best effort, maps what has moved. *moved_out: exact count of pages in VRAM
 * because of this call. Errors as of kdrm_pagemap_migrate_*. */
int kdrm_gpusvm_migrate_to_vram(struct kdrm_gpusvm *svm, uint64_t start,
                                uint64_t end, enum kdrm_cause cause,
                                uint64_t *moved_out);
int kdrm_gpusvm_migrate_to_system(struct kdrm_gpusvm *svm, uint64_t start,
                                  uint64_t end, uint64_t *moved_out);
/* The same, but returns when the copies have begun (without ops->hold: when all
 * is over). *queued_out: pages on their way; see kdrm_pagemap.h. */
int kdrm_gpusvm_migrate_begin(struct kdrm_gpusvm *svm, uint64_t start,
                              uint64_t end, uint64_t *queued_out);
/* Until nothing of the range is on its way. */
void kdrm_gpusvm_migrate_wait(struct kdrm_gpusvm *svm, uint64_t start,
                              uint64_t end);
/* Everything home (KMD_DEBUG=evictall). */
void kdrm_gpusvm_evict_all(struct kdrm_gpusvm *svm);

void kdrm_gpusvm_get_stats(struct kdrm_gpusvm *svm,
                           struct kdrm_gpusvm_stats *out);

/* What the granules believe about [start, start + n pages), for tests and
 * reports: one byte a page, bit 0 PTE present, bit 1 writable, bit 2 in VRAM. */
void kdrm_gpusvm_query(struct kdrm_gpusvm *svm, uint64_t start, unsigned n,
                       uint8_t *state_out);

#endif
