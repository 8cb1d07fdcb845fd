/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the files of the pagemap share: blocks of VRAM (kdrm_pagemap_block.c)
 * and transfers, one migration of up to a granule (kdrm_pagemap_move.c). */
#ifndef KDRM_PAGEMAP_PRIV_H
#define KDRM_PAGEMAP_PRIV_H

#include "kernel/drm/kdrm_pagemap.h"
#include "util/util_bitset.h"
#include "util/util_rank.h"

#define GRANULE_SHIFT 21

struct kdrm_block {
   struct util_rb_node node; /* key: granule number */
   struct util_list lru;
   uint64_t vram_off;
   unsigned used, pins; /* a pinned or used block stays */
   bool evicting;
   uint64_t used_bits[UTIL_BITSET_WORDS(KDRM_BLOCK_PG)];
   struct kmm_dpage pages[KDRM_BLOCK_PG];
};

/* What one migration of up to a granule needs; too large for a stack. */
struct kdrm_transfer {
   struct kdrm_transfer *next; /* of the idle */
   struct util_list link;      /* kdrm_pagemap.pending */
   struct kdrm_block *block;   /* pinned; to VRAM only */
   struct kdrm_fence *fence;   /* of the copies; NULL: none are needed */
   unsigned num_copies;
   int copy_error;
   struct kdrm_migrate_done done;
   enum kdrm_cause cause;
   uint64_t started_ns;
   struct kmm_migrate m;
   struct kmm_migrate_page pages[KDRM_BLOCK_PG];
   /* The list of copies, until they are submitted; then the words that become
    * PTEs (kernel.md §4.4: no second array). */
   union {
      struct kdrm_copy copies[KDRM_BLOCK_PG];
      uint64_t pfns[KDRM_BLOCK_PG];
   };
};

static inline unsigned
kdrm_block_page(uint64_t cpu_va)
{
   return cpu_va >> KMM_PAGE_SHIFT & (KDRM_BLOCK_PG - 1);
}

/* A block for these pages, pinned. NULL: no room. Waits (eviction). */
struct kdrm_block *kdrm_block_get(struct kdrm_pagemap *pm, uint64_t granule,
                                  unsigned first, unsigned n);
void kdrm_block_put(struct kdrm_pagemap *pm, struct kdrm_block *b);
/* NULL: in use. */
struct kmm_dpage *kdrm_block_take_page(struct kdrm_pagemap *pm,
                                       struct kdrm_block *b, unsigned i);
/* kmm_pagemap_ops.page_free */
void kdrm_block_free_page(struct kmm_pagemap *base, struct kmm_dpage *d);

/* [start, end) of one granule. Added to *moved: the pages that have moved or,
 * without `wait`, are on their way: the worker ends it. */
int kdrm_pagemap_to_vram(struct kdrm_pagemap *pm, uint64_t start, uint64_t end,
                         const struct kdrm_migrate_done *done, bool wait,
                         uint64_t *moved);
int kdrm_pagemap_to_system(struct kdrm_pagemap *pm, uint64_t start,
                           uint64_t end, enum kdrm_cause cause,
                           uint64_t *moved);
void *kdrm_pagemap_worker(void *pm);
/* Waits until a migration that is under way has ended; false: none is. */
bool kdrm_pagemap_wait_one(struct kdrm_pagemap *pm);

#endif
