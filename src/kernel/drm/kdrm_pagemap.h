/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Device memory for SVM (≙ drm_pagemap, nouveau_dmem): pages of VRAM that hold
 * pages of the process, their allocation, copies in both directions, eviction.
 * One a card; several kdrm_gpusvm may use it.
 *
 * VRAM comes in blocks of 2 MiB from the driver (2 MiB aligned). A block serves
 * one 2 MiB granule of address space, page i of the block page i of the
 * granule, so that a full granule can have one large PTE; blocks are given back
 * when empty (upstream never does, kernel.md §4.2) and evicted least recently
 * used first (L8).
 *
 * Locks: kdrm_pagemap.lock (leaf: no callback under it). Callbacks `copy`,
 * `block_alloc`, `block_free` are called with no lock of this layer held except
 * where said, from app threads, the fault thread and kmm's service thread; they
 * must not touch program memory other than through the card's copy engine. */
#ifndef KDRM_PAGEMAP_H
#define KDRM_PAGEMAP_H

#include <pthread.h>

#include "kernel/drm/kdrm_fence.h"
#include "kernel/mm/kmm.h"

#define KDRM_BLOCK_SIZE (2ull << 20)
#define KDRM_BLOCK_PG   512

enum kdrm_copy_kind {
   KDRM_COPY_TO_VRAM,   /* bus_va -> vram_off */
   KDRM_COPY_TO_SYSTEM, /* vram_off -> bus_va */
   KDRM_COPY_CLEAR,     /* vram_off = 0 */
};

/* One 4 KiB page. Neighbours in the list are often neighbours in memory. */
struct kdrm_copy {
   enum kdrm_copy_kind kind;
   uint64_t vram_off;
   uint64_t bus_va;
};

/* Why pages move. */
enum kdrm_cause {
   KDRM_CAUSE_ASKED, /* by the program */
   KDRM_CAUSE_GPU,   /* the card touched them */
   KDRM_CAUSE_CPU,   /* the program touched them, forks, or ends */
   KDRM_CAUSE_EVICT, /* VRAM is wanted for something else */
};

/* n pages from cpu_va on have moved. */
struct kdrm_moved {
   uint64_t cpu_va;
   unsigned n;
   enum kmm_direction direction;
   enum kdrm_cause cause;
   uint64_t started_ns; /* util_time_ns() when their migration began */
};

struct kdrm_pagemap;

struct kdrm_pagemap_ops {
   /* 2 MiB of VRAM, aligned. -ENOMEM: full. */
   int (*block_alloc)(struct kdrm_pagemap *pm, uint64_t *vram_off_out);
   void (*block_free)(struct kdrm_pagemap *pm, uint64_t vram_off);
   /* Begins the copies of the list, at most KDRM_BLOCK_PG; one reference to a
    * fence, in the order of the calls, or NULL: they are complete. May wait for
    * room; may be called concurrently. 0 or -errno: nothing has been begun. */
   int (*copy)(struct kdrm_pagemap *pm, const struct kdrm_copy *list,
               unsigned n, struct kdrm_fence **fence_out);
   /* Waits for the fence, which is that of the list. 0: all copies are complete
    * and visible. -errno: nothing will write the targets any more, and nothing
    * is assumed about them. */
   int (*copy_wait)(struct kdrm_pagemap *pm, struct kdrm_fence *fence,
                    const struct kdrm_copy *list, unsigned n);
   /* May be NULL. For the driver's event log. No lock held. */
   void (*moved)(struct kdrm_pagemap *pm, const struct kdrm_moved *moved);
};

struct kdrm_pagemap_stats {
   uint64_t pages_to_vram, pages_to_system, pages_cleared;
   uint64_t blocks, blocks_evicted, alloc_failures, copy_failures;
};

struct kdrm_pagemap {
   struct kmm_pagemap base;
   const struct kdrm_pagemap_ops *ops;
   void *driver_data;
   bool no_evict; /* KMD_COMPAT=upstream: a full VRAM leaves pages in RAM */
   pthread_mutex_t lock;
   struct util_rb blocks;         /* by granule number (cpu_va >> 21) */
   struct kdrm_transfer *idle;    /* transfers to use again */
   struct kdrm_transfer *reserve; /* for coming home without memory */
   bool reserve_busy;
   struct util_list pending; /* kdrm_transfer.link: copies are under way */
   pthread_cond_t changed;   /* pending, reserve_busy or stop */
   uint64_t finished;        /* of those that were pending */
   pthread_t worker;         /* maps what has been copied */
   bool stop;
   struct util_list lru; /* struct kdrm_block, least recently used first */
   struct kdrm_pagemap_stats stats;
};

/* `pm` is embedded in a struct of the driver, in service memory. */
int kdrm_pagemap_init(struct kdrm_pagemap *pm, struct kmm_mm *mm,
                      const struct kdrm_pagemap_ops *ops, const void *owner);
/* Brings everything home. Waits. */
void kdrm_pagemap_finish(struct kdrm_pagemap *pm);

/* Called for runs of pages of one granule that have just moved, before the
 * range is released: the chance to write PTEs (kdrm_gpusvm does). pfns[i] as of
 * kmm_hmm_range, 0: did not move. */
struct kdrm_migrate_done {
   void (*fn)(void *data, uint64_t start, unsigned n, const uint64_t *pfns);
   /* Keep `data` for a migration that goes on when the call has returned (L6).
    * May be NULL if none does. */
   void (*hold)(void *data);
   void (*release)(void *data);
   void *data;
   enum kdrm_cause cause;
};

/* Best effort, any mappings; *moved_out = pages that are in device memory
 * because of this call. Holes, shared and file pages are skipped. 0 even if
 * nothing moved. -EINVAL: start >= end; -EPERM: forked child. `done` may be
 * NULL.
 * Without `wait` it returns when all copies have been begun: a worker maps the
 * pages as their fences signal. *moved_out then counts what is on its way; less
 * arrives only if a mapping goes away meanwhile or a copy fails. */
int kdrm_pagemap_migrate_to_vram(struct kdrm_pagemap *pm, uint64_t start,
                                 uint64_t end,
                                 const struct kdrm_migrate_done *done,
                                 bool wait, uint64_t *moved_out);
/* Until no page of [start, end) is on its way to VRAM by such a call. */
void kdrm_pagemap_wait(struct kdrm_pagemap *pm, uint64_t start, uint64_t end);
/* Back to RAM, same rules. */
int kdrm_pagemap_migrate_to_system(struct kdrm_pagemap *pm, uint64_t start,
                                   uint64_t end, uint64_t *moved_out);
/* Brings home up to `blocks` least recently used blocks; returns how many were
 * emptied. Waits. For the driver's own VRAM pressure. */
unsigned kdrm_pagemap_evict(struct kdrm_pagemap *pm, unsigned blocks);
/* The GPU used the granule of cpu_va. */
void kdrm_pagemap_touch(struct kdrm_pagemap *pm, uint64_t cpu_va);

void kdrm_pagemap_get_stats(struct kdrm_pagemap *pm,
                            struct kdrm_pagemap_stats *out);

#endif
