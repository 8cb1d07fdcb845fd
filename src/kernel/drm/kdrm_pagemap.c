/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Ranges of the process to device memory and back; life of a pagemap. */
#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_pagemap_priv.h"
#include "util/util_svc.h"

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
                             bool wait, uint64_t *moved_out)
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
      else {
         kmm_bring_foreign_home(&pm->base, at, to);
         err = kdrm_pagemap_to_vram(pm, at, to, done, wait, moved_out);
      }
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
   if (!err)
      kdrm_pagemap_wait(pm, start, end);
   for (uint64_t at = start; at < end && !err;) {
      if (kmm_count_device_pages(pm->base.mm, at, granule_end(at, end))) {
         err = kdrm_pagemap_to_system(pm, at, granule_end(at, end),
                                      KDRM_CAUSE_ASKED, moved_out);
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

/* ---- life ---- */

static int
migrate_to_ram(struct kmm_pagemap *base, uint64_t start, uint64_t end)
{
   uint64_t moved = 0;
   return kdrm_pagemap_to_system(container_of(base, struct kdrm_pagemap, base),
                                 start, end, KDRM_CAUSE_CPU, &moved);
}

static const struct kmm_pagemap_ops kmm_ops = {
   .migrate_to_ram = migrate_to_ram,
   .page_free = kdrm_block_free_page,
};

int
kdrm_pagemap_init(struct kdrm_pagemap *pm, struct kmm_mm *mm,
                  const struct kdrm_pagemap_ops *ops, const void *owner)
{
   pm->ops = ops;
   pm->blocks = (struct util_rb){0};
   pm->idle = NULL;
   util_list_init(&pm->lru);
   util_list_init(&pm->pending);
   pm->stop = false;
   pthread_mutex_init(&pm->lock, NULL);
   pthread_cond_init(&pm->changed, NULL);
   pm->reserve = util_svc_alloc(sizeof(*pm->reserve));
   pm->reserve_busy = false;
   int err = pm->reserve ? 0 : -ENOMEM;
   if (!err)
      err = util_svc_thread_create(&pm->worker, "kdrm-migrate",
                                   kdrm_pagemap_worker, pm);
   if (err) {
      util_svc_free(pm->reserve);
      return err;
   }
   kmm_pagemap_init(&pm->base, mm, &kmm_ops, owner);
   return 0;
}

void
kdrm_pagemap_finish(struct kdrm_pagemap *pm)
{
   if (kmm_mm_check(pm->base.mm))
      return;
   kdrm_pagemap_wait(pm, 0, UINT64_MAX);
   kmm_pagemap_finish(&pm->base);
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   pm->stop = true;
   pthread_cond_broadcast(&pm->changed);
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   util_svc_thread_join(pm->worker);
   assert(!util_rb_first(&pm->blocks) && "device pages outlive their pagemap");
   while (pm->idle) {
      struct kdrm_transfer *t = pm->idle;
      pm->idle = t->next;
      util_svc_free(t);
   }
   util_svc_free(pm->reserve);
   pthread_cond_destroy(&pm->changed);
   pthread_mutex_destroy(&pm->lock);
}

void
kdrm_pagemap_get_stats(struct kdrm_pagemap *pm, struct kdrm_pagemap_stats *out)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   *out = pm->stats;
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
}
