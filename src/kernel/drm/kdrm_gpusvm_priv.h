/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the mirror's files share: granules. */
#ifndef KDRM_GPUSVM_PRIV_H
#define KDRM_GPUSVM_PRIV_H

#include "kernel/drm/kdrm_gpusvm.h"
#include "util/util_bitset.h"
#include "util/util_rank.h"

#define GRANULE_SHIFT 21
#define GRANULE_SIZE  (1ull << GRANULE_SHIFT)
#define GRANULE_PG    512

/* 2 MiB of the mirror. Persistent: made at the first fault, gone with the svm. */
struct kdrm_granule {
   struct util_rb_node node; /* key: gpu_va >> 21 */
   struct kmm_notifier notifier;
   struct kdrm_gpusvm *svm;
   pthread_mutex_t lock; /* the bitmaps, and the PTEs that they describe */
   uint64_t present[UTIL_BITSET_WORDS(GRANULE_PG)];
   uint64_t writable[UTIL_BITSET_WORDS(GRANULE_PG)];
   uint64_t device[UTIL_BITSET_WORDS(GRANULE_PG)];
   /* kdrm_gpusvm_policy.c */
   unsigned bounces;
   uint64_t bounced_ns, braked_until_ns;
   uint32_t windows; /* touched, of 64 KiB each */
   unsigned score;
};

struct kdrm_gpusvm {
   struct kdrm_gpusvm_config config;
   pthread_mutex_t lock; /* the tree */
   struct util_rb granules;
   struct kdrm_gpusvm_stats stats;
};

static inline void
kdrm_count(uint64_t *counter, uint64_t n)
{
   __atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

/* Of a page in its granule. */
static inline unsigned
kdrm_granule_page(uint64_t gpu_va)
{
   return gpu_va >> KMM_PAGE_SHIFT & (GRANULE_PG - 1);
}

/* VRAM pages leave for the CPU. */
void kdrm_policy_note_bounce_locked(struct kdrm_granule *g);
/* These faults have come: the size in pages of the aligned pieces around them
 * that are to move to VRAM now; 0: none. */
unsigned kdrm_policy_window(struct kdrm_granule *g,
                            const struct kdrm_gpusvm_fault *f, unsigned n);
/* Is this page to be mapped although nobody has touched it? */
bool kdrm_policy_maps_ahead(const struct kdrm_granule *g, uint64_t pfn);

/* Made if need be. NULL: no memory. */
struct kdrm_granule *kdrm_granule_get(struct kdrm_gpusvm *svm, uint64_t gpu_va);
/* Writes the PTEs of pfns[] from page `first` on and notes them. The granule's
 * lock is held, and the sequence good, or the pages held by a migration of the
 * caller. */
int kdrm_granule_map_locked(struct kdrm_granule *g, unsigned first, unsigned n,
                            const uint64_t *pfns);

#endif
