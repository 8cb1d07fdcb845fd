/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_gpusvm_priv.h"
#include "util/util_svc.h"

/* ---- granules ---- */

static void
forget_locked(struct kdrm_granule *g, unsigned first, unsigned n)
{
   util_bitset_clear_range(g->present, first, n);
   util_bitset_clear_range(g->writable, first, n);
   util_bitset_clear_range(g->device, first, n);
}

/* Forgets and clears the PTEs of [first, first + n). */
static void
unmap_pages_locked(struct kdrm_granule *g, unsigned first, unsigned n)
{
   struct kdrm_gpusvm *svm = g->svm;
   unsigned from = util_bitset_next(g->present, first, first + n);
   if (from == first + n)
      return;
   unsigned to = first + n;
   while (!util_bitset_test(g->present, to - 1))
      to--;
   kdrm_count(&svm->stats.pages_unmapped,
              util_bitset_count_range(g->present, from, to - from));
   forget_locked(g, from, to - from);
   svm->config.ops->unmap(
      svm, (g->node.key << GRANULE_SHIFT) + from * KMM_PAGE_SIZE, to - from);
}

static void
tell_invalidated_locked(struct kdrm_granule *g, unsigned first, unsigned n,
                        enum kmm_event event)
{
   struct kdrm_gpusvm *svm = g->svm;
   if (svm->config.ops->invalidated && event != KMM_EVENT_MIGRATE &&
       util_bitset_any_range(g->present, first, n))
      svm->config.ops->invalidated(
         svm, (g->node.key << GRANULE_SHIFT) + first * KMM_PAGE_SIZE, n, event);
}

static void
invalidate(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
   struct kdrm_granule *g = container_of(n, struct kdrm_granule, notifier);
   unsigned first = kdrm_granule_page(inv->start);
   unsigned num = (inv->end - inv->start) >> KMM_PAGE_SHIFT;
   util_rank_lock(&g->lock, UTIL_RANK_GRANULE);
   kdrm_count(&g->svm->stats.invalidations, 1);
   if (inv->event == KMM_EVENT_MIGRATE &&
       util_bitset_any_range(g->device, first, num))
      kdrm_policy_note_bounce_locked(g);
   tell_invalidated_locked(g, first, num, inv->event);
   unmap_pages_locked(g, first, num);
   util_rank_unlock(&g->lock, UTIL_RANK_GRANULE);
}

static const struct kmm_notifier_ops notifier_ops = {.invalidate = invalidate};

static struct kdrm_granule *
find_granule(struct kdrm_gpusvm *svm, uint64_t gpu_va)
{
   util_rank_lock(&svm->lock, UTIL_RANK_KDRM);
   struct util_rb_node *n =
      util_rb_find(&svm->granules, gpu_va >> GRANULE_SHIFT);
   util_rank_unlock(&svm->lock, UTIL_RANK_KDRM);
   return n ? container_of(n, struct kdrm_granule, node) : NULL;
}

struct kdrm_granule *
kdrm_granule_get(struct kdrm_gpusvm *svm, uint64_t gpu_va)
{
   struct kdrm_granule *g = find_granule(svm, gpu_va);
   if (g)
      return g;
   g = util_svc_alloc(sizeof(*g));
   if (!g)
      return NULL;
   g->svm = svm;
   g->node.key = gpu_va >> GRANULE_SHIFT;
   pthread_mutex_init(&g->lock, NULL);
   uint64_t base = util_align_down(gpu_va, GRANULE_SIZE);
   util_rank_lock(&svm->lock, UTIL_RANK_KDRM);
   struct util_rb_node *other = util_rb_find(&svm->granules, g->node.key);
   int err = 0;
   if (!other) {
      err = kmm_notifier_insert(svm->config.mm, &g->notifier, base,
                                base + GRANULE_SIZE, &notifier_ops);
      if (!err) {
         util_rb_insert(&svm->granules, &g->node);
         kdrm_count(&svm->stats.granules, 1);
      }
   }
   util_rank_unlock(&svm->lock, UTIL_RANK_KDRM);
   if (other || err) {
      pthread_mutex_destroy(&g->lock);
      util_svc_free(g);
      g = other ? container_of(other, struct kdrm_granule, node) : NULL;
   }
   return g;
}

/* Writes the PTEs of pfns[] and notes them. */
int
kdrm_granule_map_locked(struct kdrm_granule *g, unsigned first, unsigned n,
                        const uint64_t *pfns)
{
   struct kdrm_gpusvm *svm = g->svm;
   uint64_t va = (g->node.key << GRANULE_SHIFT) + first * KMM_PAGE_SIZE;
   int err = svm->config.ops->map(svm, va, n, pfns);
   if (err) {
      /* A part may have been written, and what is not noted is never cleared. */
      forget_locked(g, first, n);
      svm->config.ops->unmap(svm, va, n);
      return err;
   }
   unsigned mapped = 0;
   for (unsigned i = 0; i < n; i++) {
      if (!pfns[i])
         continue;
      mapped++;
      util_bitset_set(g->present, first + i);
      util_bitset_clear(g->writable, first + i);
      util_bitset_clear(g->device, first + i);
      if (pfns[i] & KMM_PFN_WRITE)
         util_bitset_set(g->writable, first + i);
      if (pfns[i] & (KMM_PFN_DEVICE | KMM_PFN_COHERENT))
         util_bitset_set(g->device, first + i);
   }
   kdrm_count(&svm->stats.pages_mapped, mapped);
   return 0;
}

/* ---- migration ---- */

/* Maps what has just moved, while the range is still held. */
static void
map_moved(void *data, uint64_t start, unsigned n, const uint64_t *pfns)
{
   struct kdrm_gpusvm *svm = data;
   struct kdrm_granule *g = kdrm_granule_get(svm, start);
   if (!g)
      return; /* the next access faults */
   util_rank_lock(&g->lock, UTIL_RANK_GRANULE);
   kdrm_granule_map_locked(g, kdrm_granule_page(start), n, pfns);
   util_rank_unlock(&g->lock, UTIL_RANK_GRANULE);
}

/* Calls fn for the parts of [start, end) outside the hole. */
static int
outside_hole(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end,
             enum kdrm_cause cause,
             int (*fn)(struct kdrm_gpusvm *, uint64_t, uint64_t,
                       enum kdrm_cause, uint64_t *),
             uint64_t *moved_out)
{
   uint64_t lo = svm->config.hole_start, hi = svm->config.hole_end, n = 0;
   *moved_out = 0;
   if (start >= end)
      return -EINVAL;
   if (!svm->config.pagemap)
      return kmm_mm_check(svm->config.mm);
   if (lo >= hi || end <= lo || start >= hi)
      return fn(svm, start, end, cause, moved_out);
   int err = 0;
   if (start < lo)
      err = fn(svm, start, lo, cause, moved_out);
   if (!err && end > hi)
      err = fn(svm, hi, end, cause, &n);
   *moved_out += n;
   return err;
}

static void
hold(void *data)
{
   struct kdrm_gpusvm *svm = data;
   svm->config.ops->hold(svm);
}

static void
release(void *data)
{
   struct kdrm_gpusvm *svm = data;
   svm->config.ops->release(svm);
}

static int
part_to_vram(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end,
             enum kdrm_cause cause, uint64_t *moved_out)
{
   const struct kdrm_migrate_done done = {.fn = map_moved,
                                          .data = svm,
                                          .cause = cause};
   return kdrm_pagemap_migrate_to_vram(svm->config.pagemap, start, end, &done,
                                       true, moved_out);
}

static int
begin_part(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end,
           enum kdrm_cause cause, uint64_t *queued_out)
{
   const struct kdrm_migrate_done done = {map_moved, hold, release, svm, cause};
   return kdrm_pagemap_migrate_to_vram(svm->config.pagemap, start, end, &done,
                                       false, queued_out);
}

static int
part_to_system(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end,
               enum kdrm_cause cause, uint64_t *moved_out)
{
   return kdrm_pagemap_migrate_to_system(svm->config.pagemap, start, end,
                                         moved_out);
}

int
kdrm_gpusvm_migrate_to_vram(struct kdrm_gpusvm *svm, uint64_t start,
                            uint64_t end, enum kdrm_cause cause,
                            uint64_t *moved_out)
{
   int err = outside_hole(svm, start, end, cause, part_to_vram, moved_out);
   kdrm_count(&svm->stats.migrated_to_vram, *moved_out);
   return err;
}

int
kdrm_gpusvm_migrate_begin(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end,
                          uint64_t *queued_out)
{
   if (!svm->config.ops->hold)
      return kdrm_gpusvm_migrate_to_vram(svm, start, end, KDRM_CAUSE_ASKED,
                                         queued_out);
   int err =
      outside_hole(svm, start, end, KDRM_CAUSE_ASKED, begin_part, queued_out);
   kdrm_count(&svm->stats.migrated_to_vram, *queued_out);
   return err;
}

void
kdrm_gpusvm_migrate_wait(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end)
{
   if (svm->config.pagemap && !kmm_mm_check(svm->config.mm))
      kdrm_pagemap_wait(svm->config.pagemap, start, end);
}

int
kdrm_gpusvm_migrate_to_system(struct kdrm_gpusvm *svm, uint64_t start,
                              uint64_t end, uint64_t *moved_out)
{
   int err = outside_hole(svm, start, end, KDRM_CAUSE_ASKED, part_to_system,
                          moved_out);
   kdrm_count(&svm->stats.migrated_to_system, *moved_out);
   return err;
}

void
kdrm_gpusvm_evict_all(struct kdrm_gpusvm *svm)
{
   if (svm->config.pagemap)
      kdrm_pagemap_evict(svm->config.pagemap, UINT32_MAX);
}

/* ---- life ---- */

int
kdrm_gpusvm_create(const struct kdrm_gpusvm_config *config,
                   struct kdrm_gpusvm **svm_out)
{
   int err = kmm_mm_check(config->mm);
   if (err)
      return err;
   struct kdrm_gpusvm *svm = util_svc_alloc(sizeof(*svm));
   if (!svm)
      return -ENOMEM;
   svm->config = *config;
   struct kdrm_gpusvm_config *c = &svm->config;
   c->fault_window_pg = c->fault_window_pg ? c->fault_window_pg : 16;
   c->migrate_window_pg = c->migrate_window_pg ? c->migrate_window_pg : 512;
   assert(util_is_pow2(c->fault_window_pg) && c->fault_window_pg <= GRANULE_PG);
   assert(util_is_pow2(c->migrate_window_pg) &&
          c->migrate_window_pg <= GRANULE_PG);
   pthread_mutex_init(&svm->lock, NULL);
   *svm_out = svm;
   return 0;
}

void
kdrm_gpusvm_destroy(struct kdrm_gpusvm *svm)
{
   if (kmm_mm_check(svm->config.mm))
      return;
   struct util_rb_node *n;
   while ((n = util_rb_first(&svm->granules))) {
      struct kdrm_granule *g = container_of(n, struct kdrm_granule, node);
      kmm_notifier_remove(&g->notifier);
      util_rank_lock(&g->lock, UTIL_RANK_GRANULE);
      unmap_pages_locked(g, 0, GRANULE_PG);
      util_rank_unlock(&g->lock, UTIL_RANK_GRANULE);
      util_rb_remove(&svm->granules, n);
      pthread_mutex_destroy(&g->lock);
      util_svc_free(g);
   }
   pthread_mutex_destroy(&svm->lock);
   util_svc_free(svm);
}

void *
kdrm_gpusvm_driver_data(const struct kdrm_gpusvm *svm)
{
   return svm->config.driver_data;
}

void
kdrm_gpusvm_get_stats(struct kdrm_gpusvm *svm, struct kdrm_gpusvm_stats *out)
{
   const uint64_t *from = (const uint64_t *)&svm->stats;
   uint64_t *to = (uint64_t *)out;
   for (unsigned i = 0; i < sizeof(*out) / sizeof(*to); i++)
      to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

void
kdrm_gpusvm_query(struct kdrm_gpusvm *svm, uint64_t start, unsigned n,
                  uint8_t *state_out)
{
   for (unsigned i = 0; i < n; i++) {
      uint64_t va = start + i * KMM_PAGE_SIZE;
      struct kdrm_granule *g = find_granule(svm, va);
      unsigned p = kdrm_granule_page(va);
      state_out[i] = 0;
      if (!g)
         continue;
      util_rank_lock(&g->lock, UTIL_RANK_GRANULE);
      state_out[i] = util_bitset_test(g->present, p) |
                     util_bitset_test(g->writable, p) << 1 |
                     util_bitset_test(g->device, p) << 2;
      util_rank_unlock(&g->lock, UTIL_RANK_GRANULE);
   }
}
