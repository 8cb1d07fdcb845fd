/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_pagemap.h"

#include <assert.h>
#include <errno.h>

#include "util/util_bitset.h"
#include "util/util_log.h"
#include "util/util_rank.h"
#include "util/util_svc.h"

#define GRANULE_SHIFT 21
#define EVICT_TRIES   4

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
   struct kdrm_transfer *next;
   struct kmm_migrate m;
   enum kdrm_cause cause;
   uint64_t started_ns;
   struct kmm_migrate_page pages[KDRM_BLOCK_PG];
   struct kdrm_copy copies[KDRM_BLOCK_PG];
   uint64_t pfns[KDRM_BLOCK_PG];
};

static unsigned
page_index(uint64_t cpu_va)
{
   return cpu_va >> KMM_PAGE_SHIFT & (KDRM_BLOCK_PG - 1);
}

static unsigned
num_pages(const struct kmm_migrate *m)
{
   return (m->end - m->start) >> KMM_PAGE_SHIFT;
}

/* ---- transfers ---- */

static struct kdrm_transfer *
transfer_get(struct kdrm_pagemap *pm, enum kmm_direction dir,
             enum kdrm_cause cause, uint64_t start, uint64_t end)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   struct kdrm_transfer *t = pm->idle;
   if (t)
      pm->idle = t->next;
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   if (!t)
      t = util_svc_alloc(sizeof(*t));
   if (!t)
      return NULL;
   t->cause = cause;
   t->started_ns = util_time_ns();
   t->m = (struct kmm_migrate){
      .mm = pm->base.mm,
      .direction = dir,
      .start = start,
      .end = end,
      .pagemap = &pm->base,
      .pages = t->pages,
   };
   return t;
}

static void
transfer_put(struct kdrm_pagemap *pm, struct kdrm_transfer *t)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   t->next = pm->idle;
   pm->idle = t;
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
}

/* ---- blocks ---- */

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
      if (!kdrm_pagemap_evict(pm, 1))
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

/* A block for these pages, pinned. NULL: no room. Waits (eviction). */
static struct kdrm_block *
block_get(struct kdrm_pagemap *pm, uint64_t granule, unsigned first, unsigned n)
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

static void
block_put(struct kdrm_pagemap *pm, struct kdrm_block *b)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   b->pins--;
   unlock_and_release(pm, b);
}

static struct kmm_dpage *
page_alloc(struct kdrm_pagemap *pm, struct kdrm_block *b, unsigned i)
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

static void
page_free(struct kmm_pagemap *base, struct kmm_dpage *d)
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

/* ---- copies ---- */

static bool
has_copy(const struct kmm_migrate_page *p)
{
   return p->flags & KMM_MIGRATE_PFN && p->dpage &&
          !(p->flags & KMM_MIGRATE_STAYS);
}

/* The driver's copies of all candidates. False: nothing may be moved. */
static bool
copy_pages(struct kdrm_pagemap *pm, struct kdrm_transfer *t)
{
   bool out = t->m.direction == KMM_TO_DEVICE;
   unsigned n = 0, cleared = 0;
   for (unsigned i = 0; i < num_pages(&t->m); i++) {
      struct kmm_migrate_page *p = &t->pages[i];
      if (!has_copy(p))
         continue;
      bool clear = p->flags & KMM_MIGRATE_HOLE;
      cleared += clear;
      t->copies[n++] = (struct kdrm_copy){
         .kind = clear ? KDRM_COPY_CLEAR
                 : out ? KDRM_COPY_TO_VRAM
                       : KDRM_COPY_TO_SYSTEM,
         .vram_off = p->dpage->vram_off,
         .bus_va = p->bus_va,
      };
   }
   int err = n ? pm->ops->copy(pm, t->copies, n) : 0;
   if (err)
      util_err("kdrm", "copy of %u pages %s VRAM failed: %d", n,
               out ? "to" : "from", err);
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   if (err)
      pm->stats.copy_failures++;
   else if (out)
      pm->stats.pages_to_vram += n - cleared;
   else
      pm->stats.pages_to_system += n;
   pm->stats.pages_cleared += err ? 0 : cleared;
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   return !err;
}

/* ---- to VRAM ---- */

static void
assign_pages(struct kdrm_pagemap *pm, struct kdrm_transfer *t,
             struct kdrm_block *b)
{
   unsigned first = page_index(t->m.start);
   for (unsigned i = 0; i < num_pages(&t->m); i++)
      if (t->pages[i].flags & KMM_MIGRATE_PFN)
         t->pages[i].dpage = page_alloc(pm, b, first + i);
}

/* Pages given to the migration that it did not take. */
static void
return_pages(struct kdrm_pagemap *pm, struct kdrm_transfer *t, bool all)
{
   for (unsigned i = 0; i < num_pages(&t->m); i++) {
      struct kmm_migrate_page *p = &t->pages[i];
      if (!p->dpage || (!all && p->flags & KMM_MIGRATE_PFN))
         continue;
      struct kmm_dpage *d = p->dpage;
      p->dpage = NULL;
      page_free(&pm->base, d);
   }
}

/* For the driver's event log, in runs. */
static void
report_moved(struct kdrm_pagemap *pm, struct kdrm_transfer *t)
{
   if (!pm->ops->moved)
      return;
   for (unsigned i = 0, n; i < num_pages(&t->m); i += MAX2(n, 1)) {
      n = 0;
      while (i + n < num_pages(&t->m) &&
             t->pages[i + n].flags & KMM_MIGRATE_PFN)
         n++;
      struct kdrm_moved moved = {.cpu_va = t->m.start + i * KMM_PAGE_SIZE,
                                 .n = n,
                                 .direction = t->m.direction,
                                 .cause = t->cause,
                                 .started_ns = t->started_ns};
      if (n)
         pm->ops->moved(pm, &moved);
   }
}

static void
tell_moved(struct kdrm_transfer *t, const struct kdrm_migrate_done *done)
{
   for (unsigned i = 0; i < num_pages(&t->m); i++) {
      const struct kmm_migrate_page *p = &t->pages[i];
      t->pfns[i] = 0;
      if (!(p->flags & KMM_MIGRATE_PFN))
         continue;
      uint64_t va = t->m.start + i * KMM_PAGE_SIZE;
      t->pfns[i] = p->flags & KMM_MIGRATE_STAYS
                      ? va | KMM_PFN_COHERENT
                      : p->dpage->vram_off | KMM_PFN_DEVICE;
      t->pfns[i] |= KMM_PFN_VALID;
      if (p->flags & KMM_MIGRATE_WRITE)
         t->pfns[i] |= KMM_PFN_WRITE;
   }
   done->fn(done->data, t->m.start, num_pages(&t->m), t->pfns);
}

/* [start, end) within one granule. */
static int
granule_to_vram(struct kdrm_pagemap *pm, uint64_t start, uint64_t end,
                const struct kdrm_migrate_done *done, uint64_t *moved)
{
   /* Room first: eviction must not wait for what we hold. */
   struct kdrm_block *b =
      block_get(pm, start >> GRANULE_SHIFT, page_index(start),
                (end - start) >> KMM_PAGE_SHIFT);
   if (!b)
      return 0;
   enum kdrm_cause cause = done ? done->cause : KDRM_CAUSE_ASKED;
   struct kdrm_transfer *t = transfer_get(pm, KMM_TO_DEVICE, cause, start, end);
   int err = t ? kmm_migrate_setup(&t->m) : -ENOMEM;
   if (err)
      goto put_block;
   assign_pages(pm, t, b);
   if (!copy_pages(pm, t))
      return_pages(pm, t, true);
   kmm_migrate_pages(&t->m);
   return_pages(pm, t, false);
   if (done && t->m.moved)
      tell_moved(t, done);
   kmm_migrate_finalize(&t->m);
   report_moved(pm, t);
   *moved += t->m.moved;
put_block:
   if (t)
      transfer_put(pm, t);
   block_put(pm, b);
   return err;
}

/* ---- to system ---- */

static int
granule_to_system(struct kdrm_pagemap *pm, uint64_t start, uint64_t end,
                  enum kdrm_cause cause, uint64_t *moved)
{
   struct kdrm_transfer *t = transfer_get(pm, KMM_TO_SYSTEM, cause, start, end);
   if (!t)
      return -ENOMEM;
   int err = kmm_migrate_setup(&t->m);
   if (err)
      goto put;
   if (!copy_pages(pm, t)) {
      for (unsigned i = 0; i < num_pages(&t->m); i++)
         t->pages[i].flags &= ~KMM_MIGRATE_PFN;
      err = -EIO;
   }
   /* Counted before the program can use the pages, so that it finds them
    * counted. */
   report_moved(pm, t);
   kmm_migrate_pages(&t->m);
   kmm_migrate_finalize(&t->m);
   *moved += t->m.moved;
put:
   transfer_put(pm, t);
   return err;
}

static int
migrate_to_ram(struct kmm_pagemap *base, uint64_t start, uint64_t end)
{
   uint64_t moved = 0;
   return granule_to_system(container_of(base, struct kdrm_pagemap, base),
                            start, end, KDRM_CAUSE_CPU, &moved);
}

static const struct kmm_pagemap_ops kmm_ops = {
   .migrate_to_ram = migrate_to_ram,
   .page_free = page_free,
};

/* ---- ranges ---- */

static bool
round_range(uint64_t *start, uint64_t *end)
{
   *start = util_align_down(*start, KMM_PAGE_SIZE);
   *end = util_align(*end, KMM_PAGE_SIZE);
   return *start < *end;
}

static uint64_t
granule_end(uint64_t at, uint64_t end)
{
   uint64_t next = util_align_down(at, KDRM_BLOCK_SIZE) + KDRM_BLOCK_SIZE;
   return MIN2(next, end);
}

int
kdrm_pagemap_migrate_to_vram(struct kdrm_pagemap *pm, uint64_t start,
                             uint64_t end, const struct kdrm_migrate_done *done,
                             uint64_t *moved_out)
{
   *moved_out = 0;
   if (!round_range(&start, &end))
      return -EINVAL;
   int err = kmm_mm_check(pm->base.mm);
   for (uint64_t at = start; at < end && !err;) {
      /* Nothing mapped for a while? A range may span terabytes. */
      struct kmm_vma vma;
      if (kmm_vma_find(pm->base.mm, at, &vma))
         break;
      at = MAX2(at, vma.start);
      if (at >= end)
         break;
      uint64_t to = granule_end(at, end);
      if (!(vma.flags & KMM_VMA_ANON) || vma.flags & KMM_VMA_NOMIGRATE)
         to = MIN2(vma.end, end);
      else
         err = granule_to_vram(pm, at, to, done, moved_out);
      at = to;
   }
   return err;
}

/* First granule at or after `at` that has a block, or UINT64_MAX. */
static uint64_t
next_block_va(struct kdrm_pagemap *pm, uint64_t at)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   struct util_rb_node *n = util_rb_ceil(&pm->blocks, at >> GRANULE_SHIFT);
   uint64_t va = n ? n->key << GRANULE_SHIFT : UINT64_MAX;
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   return va;
}

int
kdrm_pagemap_migrate_to_system(struct kdrm_pagemap *pm, uint64_t start,
                               uint64_t end, uint64_t *moved_out)
{
   *moved_out = 0;
   if (!round_range(&start, &end))
      return -EINVAL;
   int err = kmm_mm_check(pm->base.mm);
   for (uint64_t at = start; at < end && !err;) {
      if (kmm_count_device_pages(pm->base.mm, at, granule_end(at, end))) {
         err = granule_to_system(pm, at, granule_end(at, end), KDRM_CAUSE_ASKED,
                                 moved_out);
         at = granule_end(at, end);
         continue;
      }
      /* Pages that mremap brought here have their block elsewhere; they are
       * seen when the granules between are few. */
      uint64_t next = granule_end(at, end);
      if (end - at > 64 * KDRM_BLOCK_SIZE)
         next = MAX2(next, next_block_va(pm, next));
      at = next;
   }
   return err;
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
         granule_to_system(pm, va, va + KMM_PAGE_SIZE, KDRM_CAUSE_EVICT,
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
      granule_to_system(pm, base, base + KDRM_BLOCK_SIZE, KDRM_CAUSE_EVICT,
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

/* ---- life ---- */

int
kdrm_pagemap_init(struct kdrm_pagemap *pm, struct kmm_mm *mm,
                  const struct kdrm_pagemap_ops *ops, const void *owner)
{
   pm->ops = ops;
   pm->blocks = (struct util_rb){0};
   pm->idle = NULL;
   util_list_init(&pm->lru);
   pthread_mutex_init(&pm->lock, NULL);
   kmm_pagemap_init(&pm->base, mm, &kmm_ops, owner);
   return 0;
}

void
kdrm_pagemap_finish(struct kdrm_pagemap *pm)
{
   if (kmm_mm_check(pm->base.mm))
      return;
   kmm_pagemap_finish(&pm->base);
   assert(!util_rb_first(&pm->blocks) && "device pages outlive their pagemap");
   while (pm->idle) {
      struct kdrm_transfer *t = pm->idle;
      pm->idle = t->next;
      util_svc_free(t);
   }
   pthread_mutex_destroy(&pm->lock);
}

void
kdrm_pagemap_get_stats(struct kdrm_pagemap *pm, struct kdrm_pagemap_stats *out)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   *out = pm->stats;
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
}
