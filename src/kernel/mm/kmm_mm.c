/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The process: making and ending its mirror, catching up with it. */
#include <errno.h>
#include <unistd.h>

#include "kernel/mm/kmm_priv.h"

const struct util_flag kmm_debug_flags[] = {
   {"events", KMM_DEBUG_EVENTS, "print each host event and CPU fault"},
   {"migrate", KMM_DEBUG_MIGRATE, "print each page's change of state"},
   {"nouffd", KMM_DEBUG_NOUFFD,
    "leave pages where they are (coherent), as without userfaultfd"},
   {NULL, 0, NULL},
};

static int
create_host(const struct kmm_config *config, struct kmm_host **host_out)
{
   if (config->model) {
      *host_out = config->model;
      return 0;
   }
   if (!config->no_uffd && !(config->debug & KMM_DEBUG_NOUFFD)) {
      int err = kmm_host_uffd_create(config->debug, host_out);
      if (!err || err == -ENOMEM) /* which may be better next time */
         return err;
      util_info("kmm", "userfaultfd is not granted (%d): pages stay in place",
                err);
   }
   return kmm_host_coherent_create(host_out);
}

int
kmm_mm_create(const struct kmm_config *config, struct kmm_mm **mm_out)
{
   struct kmm_mm *mm = util_svc_alloc(sizeof(*mm));
   if (!mm)
      return -ENOMEM;
   mm->debug = config->debug;
   mm->one_page = config->one_page;
   mm->pid = getpid();
   pthread_mutex_init(&mm->lock, NULL);
   pthread_mutex_init(&mm->notifier_lock, NULL);
   pthread_cond_init(&mm->notifier_idle, NULL);
   pthread_cond_init(&mm->changed, NULL);
   pthread_cond_init(&mm->work, NULL);
   util_list_init(&mm->faults);
   util_list_init(&mm->gone);
   util_list_init(&mm->quiets);
   util_list_init(&mm->pagemaps);

   int err = create_host(config, &mm->host);
   if (err)
      goto free_mm;
   mm->host->mm = mm;
   err = mm->host->ops->start(mm->host, mm);
   if (err)
      goto destroy_host;
   if (!config->model) {
      err = util_svc_thread_create(&mm->service_thread, "kmm-service",
                                   kmm_service_main, mm);
      if (err)
         goto stop_host;
      mm->has_thread = true;
   }
   kmm_fork_register(mm);
   *mm_out = mm;
   return 0;
stop_host:
   mm->host->ops->stop(mm->host);
destroy_host:
   if (!config->model)
      mm->host->ops->destroy(mm->host);
free_mm:
   util_svc_free(mm->exclusions);
   util_svc_free(mm);
   return err;
}

static void
destroy_inside(void *arg)
{
   struct kmm_mm *mm = arg;
   kmm_bring_home(mm, NULL);
   if (mm->has_thread) {
      kmm_lock(mm);
      mm->stop = true;
      pthread_cond_signal(&mm->work);
      kmm_unlock(mm);
      util_svc_thread_join(mm->service_thread);
   }
   kmm_lock(mm);
   kmm_blocks_trim(mm, 0);
   kmm_unlock(mm);
   mm->host->ops->stop(mm->host);
   kmm_reap(mm, true);
   mm->host->ops->destroy(mm->host);
   assert(!util_rb_first(&mm->notifiers) && "a notifier outlives its mm");
   assert(util_list_is_empty(&mm->pagemaps) && "a pagemap outlives its mm");
   util_svc_free(mm->exclusions);
   util_svc_free(mm);
}

void
kmm_mm_destroy(struct kmm_mm *mm)
{
   if (kmm_mm_check(mm))
      return; /* the parent's threads and locks are not here */
   kmm_fork_unregister(mm);
   util_svc_call(destroy_inside, mm);
}

enum kmm_host_kind
kmm_mm_host_kind(const struct kmm_mm *mm)
{
   return mm->host->ops->kind;
}

int
kmm_mm_check(const struct kmm_mm *mm)
{
   return mm->dead || getpid() != mm->pid ? -EPERM : 0;
}

void
kmm_mm_get_stats(struct kmm_mm *mm, struct kmm_stats *stats_out)
{
   kmm_lock(mm);
   *stats_out = mm->stats;
   stats_out->watched_blocks = 0;
   util_rb_for_each(n, &mm->blocks) {
      struct kmm_block *b = container_of(n, struct kmm_block, node);
      stats_out->watched_blocks +=
         util_bitset_any_range(b->watched, 0, KMM_BLOCK_PG);
   }
   kmm_unlock(mm);
}

/* ---- catching up ---- */

/* A label of a coherent page whose mapping is gone: nobody told us. */
static void
drop_labels_in_gaps(struct kmm_mm *mm, struct kmm_block *b)
{
   uint64_t base = b->node.key << KMM_BLOCK_SHIFT;
   struct kmm_vma vma = {0};
   for (unsigned i = 0; i < KMM_BLOCK_PG; i++) {
      uint64_t va = base + i * KMM_PAGE_SIZE;
      if (b->pages[i].state != KMM_PAGE_DEVICE)
         continue;
      if (va >= vma.end && mm->host->ops->vma_find(mm->host, va, &vma))
         vma = (struct kmm_vma){.start = UINT64_MAX, .end = UINT64_MAX};
      if (va < vma.start || !(vma.flags & KMM_VMA_ANON))
         kmm_pages_discard(mm, va, va + KMM_PAGE_SIZE, KMM_EVENT_UNMAP);
   }
}

/* Invalidates the device pages whose mapping allows less than it did. */
static void
notice_block(struct kmm_mm *mm, struct kmm_block *b, struct kmm_vma *cache)
{
   uint64_t base = b->node.key << KMM_BLOCK_SHIFT;
   uint64_t r[ARRAY_SIZE(b->readable)], w[ARRAY_SIZE(b->writable)];
   kmm_block_permissions(mm, b, cache, r, w);
   if (!memcmp(r, b->readable, sizeof(r)) && !memcmp(w, b->writable, sizeof(w)))
      return; /* as ever: this runs at each submission */
   for (unsigned i = 0; i < KMM_BLOCK_PG; i++) {
      unsigned n = 0;
      while (i + n < KMM_BLOCK_PG && b->pages[i + n].state == KMM_PAGE_DEVICE &&
             ((util_bitset_test(b->readable, i + n) &&
               !util_bitset_test(r, i + n)) ||
              (util_bitset_test(b->writable, i + n) &&
               !util_bitset_test(w, i + n))))
         n++;
      if (!n)
         continue;
      uint64_t va = base + i * KMM_PAGE_SIZE;
      kmm_gone_add(mm, va, va + n * KMM_PAGE_SIZE, KMM_EVENT_PROT, NULL);
      i += n;
   }
   if (mm->host->ops->kind == KMM_HOST_COHERENT)
      drop_labels_in_gaps(mm, b);
   memcpy(b->readable, r, sizeof(r));
   memcpy(b->writable, w, sizeof(w));
}

/* mprotect sends no event; look whether permissions changed where pages are
 * away. */
void
kmm_notice_permissions_locked(struct kmm_mm *mm)
{
   struct kmm_vma cache = {0};
   util_rb_for_each(n, &mm->blocks) {
      struct kmm_block *b = container_of(n, struct kmm_block, node);
      if (b->num_device)
         notice_block(mm, b, &cache);
   }
}

void
kmm_mm_sync(struct kmm_mm *mm)
{
   kmm_assert_inside();
   if (kmm_mm_check(mm))
      return;
   /* Taking mm->lock once is enough to see the events of calls that returned:
    * the reader reads and applies them under it. */
   kmm_lock(mm);
   kmm_notice_permissions_locked(mm);
   kmm_unlock(mm);
   kmm_reap(mm, true);
}

/* ---- pagemaps ---- */

void
kmm_pagemap_init(struct kmm_pagemap *pm, struct kmm_mm *mm,
                 const struct kmm_pagemap_ops *ops, const void *owner)
{
   assert(util_svc_contains(pm, sizeof(*pm)) &&
          "pagemap not in service memory");
   pm->mm = mm;
   pm->ops = ops;
   pm->owner = owner;
   pm->peer_base = 0;
   pm->busy = 0;
   kmm_lock(mm);
   util_list_add_tail(&pm->link, &mm->pagemaps);
   kmm_unlock(mm);
}

void
kmm_pagemap_finish(struct kmm_pagemap *pm)
{
   struct kmm_mm *mm = pm->mm;
   if (kmm_mm_check(mm))
      return;
   kmm_assert_inside();
   kmm_bring_home(mm, pm);
   kmm_lock(mm);
   while (pm->busy)
      pthread_cond_wait(&mm->changed, &mm->lock);
   util_list_del(&pm->link);
   kmm_unlock(mm);
}
