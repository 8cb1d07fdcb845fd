/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Blocks of VRAM: who has which page, least recently used first, eviction. */
#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_pagemap_priv.h"
#include "util/util_svc.h"

#define EVICT_TRIES 4

/* Do the pages [first, first + n) of the block belong to its granule? After
 * mremap some may be used from elsewhere. */
static bool
fits_locked(const struct kdrm_block *b, unsigned first, unsigned n)
{
   uint64_t base = b->node.key << GRANULE_SHIFT;
   for (unsigned i = first; i < first + n; i++)
      if (util_bitset_test(b->used_bits, i) &&
          kmm_dpage_va(&b->pages[i]) != base + i * KMM_PAGE_SIZE)
         return false;
   return true;
}

static struct kdrm_block *
find_block_locked(struct kdrm_pagemap *pm, uint64_t granule, unsigned first,
                  unsigned n)
{
   struct util_rb_node *r = util_rb_ceil(&pm->blocks, granule);
   for (; r && r->key == granule; r = util_rb_next(r)) {
      struct kdrm_block *b = container_of(r, struct kdrm_block, node);
      if (!b->evicting && fits_locked(b, first, n))
         return b;
   }
   return NULL;
}

static struct kdrm_block *
new_block(struct kdrm_pagemap *pm, uint64_t granule)
{
   uint64_t vram_off;
   int err = pm->ops->block_alloc(pm, &vram_off);
   for (unsigned i = 0; err == -ENOMEM && !pm->no_evict && i < EVICT_TRIES;
        i++) {
      /* What is on its way cannot be evicted yet. */
      if (!kdrm_pagemap_evict(pm, 1) && !kdrm_pagemap_wait_one(pm))
         break;
      err = pm->ops->block_alloc(pm, &vram_off);
   }
   if (err)
      return NULL;
   struct kdrm_block *b = util_svc_alloc(sizeof(*b));
   if (!b) {
      pm->ops->block_free(pm, vram_off);
      return NULL;
   }
   b->node.key = granule;
   b->vram_off = vram_off;
   for (unsigned i = 0; i < KDRM_BLOCK_PG; i++)
      b->pages[i] = (struct kmm_dpage){
         .pagemap = &pm->base,
         .vram_off = vram_off + i * KMM_PAGE_SIZE,
         .driver_data = b,
      };
   return b;
}

struct kdrm_block *
kdrm_block_get(struct kdrm_pagemap *pm, uint64_t granule, unsigned first,
               unsigned n)
{
   struct kdrm_block *fresh = NULL;
   for (;;) {
      util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
      struct kdrm_block *b = find_block_locked(pm, granule, first, n);
      if (!b && fresh) {
         b = fresh;
         util_rb_insert(&pm->blocks, &b->node);
         util_list_add_tail(&b->lru, &pm->lru);
         pm->stats.blocks++;
      }
      if (b) {
         b->pins++;
         util_list_del(&b->lru);
         util_list_add_tail(&b->lru, &pm->lru);
      }
      util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
      if (fresh && b != fresh) { /* somebody was faster */
         pm->ops->block_free(pm, fresh->vram_off);
         util_svc_free(fresh);
      }
      if (b)
         return b;
      fresh = new_block(pm, granule);
      if (!fresh) {
         __atomic_add_fetch(&pm->stats.alloc_failures, 1, __ATOMIC_RELAXED);
         return NULL;
      }
   }
}

/* Unlocks. Gives the block back if nobody needs it. */
static void
unlock_and_release(struct kdrm_pagemap *pm, struct kdrm_block *b)
{
   bool gone = !b->used && !b->pins;
   if (gone) {
      util_rb_remove(&pm->blocks, &b->node);
      util_list_del(&b->lru);
      pm->stats.blocks--;
   }
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   if (gone) {
      pm->ops->block_free(pm, b->vram_off);
      util_svc_free(b);
   }
}

void
kdrm_block_put(struct kdrm_pagemap *pm, struct kdrm_block *b)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   b->pins--;
   unlock_and_release(pm, b);
}

struct kmm_dpage *
kdrm_block_take_page(struct kdrm_pagemap *pm, struct kdrm_block *b, unsigned i)
{
   struct kmm_dpage *d = NULL;
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   if (!util_bitset_test(b->used_bits, i)) {
      util_bitset_set(b->used_bits, i);
      b->used++;
      d = &b->pages[i];
      kmm_dpage_set_va(d, (b->node.key << GRANULE_SHIFT) + i * KMM_PAGE_SIZE);
   }
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   return d;
}

void
kdrm_block_free_page(struct kmm_pagemap *base, struct kmm_dpage *d)
{
   struct kdrm_pagemap *pm = container_of(base, struct kdrm_pagemap, base);
   struct kdrm_block *b = d->driver_data;
   unsigned i = d - b->pages;
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   assert(util_bitset_test(b->used_bits, i));
   util_bitset_clear(b->used_bits, i);
   b->used--;
   unlock_and_release(pm, b);
}

/* ---- eviction ---- */

static struct kdrm_block *
choose_victim(struct kdrm_pagemap *pm)
{
   struct kdrm_block *victim = NULL;
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   util_list_for_each(struct kdrm_block, b, &pm->lru, lru) {
      if (!b->pins && !b->evicting && b->used) {
         victim = b;
         b->evicting = true;
         b->pins++;
         break;
      }
   }
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   return victim;
}

/* Pages that mremap took out of the granule. */
static void
evict_strays(struct kdrm_pagemap *pm, struct kdrm_block *b)
{
   for (unsigned i = 0; i < KDRM_BLOCK_PG; i++) {
      util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
      bool used = util_bitset_test(b->used_bits, i);
      util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
      uint64_t moved = 0;
      uint64_t va = kmm_dpage_va(&b->pages[i]);
      if (used)
         kdrm_pagemap_to_system(pm, va, va + KMM_PAGE_SIZE, KDRM_CAUSE_EVICT,
                                &moved);
   }
}

unsigned
kdrm_pagemap_evict(struct kdrm_pagemap *pm, unsigned blocks)
{
   unsigned done = 0;
   while (done < blocks) {
      struct kdrm_block *b = choose_victim(pm);
      if (!b)
         break;
      uint64_t base = b->node.key << GRANULE_SHIFT, moved = 0;
      kdrm_pagemap_to_system(pm, base, base + KDRM_BLOCK_SIZE, KDRM_CAUSE_EVICT,
                             &moved);
      evict_strays(pm, b);
      util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
      bool empty = !b->used;
      b->evicting = false;
      util_list_del(&b->lru);
      util_list_add_tail(&b->lru, &pm->lru);
      pm->stats.blocks_evicted += empty;
      b->pins--;
      unlock_and_release(pm, b);
      if (!empty)
         break; /* it does not want to go; do not spin */
      done++;
   }
   return done;
}

void
kdrm_pagemap_touch(struct kdrm_pagemap *pm, uint64_t cpu_va)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   struct util_rb_node *n = util_rb_find(&pm->blocks, cpu_va >> GRANULE_SHIFT);
   if (n) {
      struct kdrm_block *b = container_of(n, struct kdrm_block, node);
      util_list_del(&b->lru);
      util_list_add_tail(&b->lru, &pm->lru);
   }
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
}
