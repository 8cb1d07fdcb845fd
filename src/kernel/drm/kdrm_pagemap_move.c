/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One migration of up to a granule: copies by the driver, what comes before
 * them and what comes after, at once or by the worker. */
#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_pagemap_priv.h"
#include "util/util_log.h"
#include "util/util_svc.h"

static unsigned
num_pages(const struct kmm_migrate *m)
{
   return (m->end - m->start) >> KMM_PAGE_SHIFT;
}

/* ---- transfers ---- */

/* A page has to be able to come home: whoever touches it cannot be told that
 * there is no memory. One transfer is kept for that; its users wait for nothing
 * that waits for it. */
static struct kdrm_transfer *
wait_for_reserve(struct kdrm_pagemap *pm)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   while (pm->reserve_busy)
      pthread_cond_wait(&pm->changed, &pm->lock);
   pm->reserve_busy = true;
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   return pm->reserve;
}

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
   if (!t && dir == KMM_TO_SYSTEM)
      t = wait_for_reserve(pm);
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
   if (t == pm->reserve) {
      pm->reserve_busy = false;
      pthread_cond_broadcast(&pm->changed);
   } else {
      t->next = pm->idle;
      pm->idle = t;
   }
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
}

/* ---- copies ---- */

static bool
has_copy(const struct kmm_migrate_page *p)
{
   return p->flags & KMM_MIGRATE_PFN && p->dpage &&
          !(p->flags & KMM_MIGRATE_STAYS);
}

/* Has the driver begin the copies of all candidates. */
static void
begin_copies(struct kdrm_pagemap *pm, struct kdrm_transfer *t)
{
   bool out = t->m.direction == KMM_TO_DEVICE;
   unsigned n = 0;
   for (unsigned i = 0; i < num_pages(&t->m); i++) {
      struct kmm_migrate_page *p = &t->pages[i];
      if (!has_copy(p))
         continue;
      t->copies[n++] = (struct kdrm_copy){
         .kind = p->flags & KMM_MIGRATE_HOLE ? KDRM_COPY_CLEAR
                 : out                       ? KDRM_COPY_TO_VRAM
                                             : KDRM_COPY_TO_SYSTEM,
         .vram_off = p->dpage->vram_off,
         .bus_va = p->bus_va,
      };
   }
   t->num_copies = n;
   t->fence = NULL;
   t->copy_error = n ? pm->ops->copy(pm, t->copies, n, &t->fence) : 0;
}

static void
count_copies(struct kdrm_pagemap *pm, const struct kdrm_transfer *t)
{
   bool out = t->m.direction == KMM_TO_DEVICE;
   unsigned n = t->num_copies, cleared = 0;
   for (unsigned i = 0; i < n; i++)
      cleared += t->copies[i].kind == KDRM_COPY_CLEAR;
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   if (t->copy_error)
      pm->stats.copy_failures++;
   else if (out)
      pm->stats.pages_to_vram += n - cleared;
   else
      pm->stats.pages_to_system += n;
   pm->stats.pages_cleared += t->copy_error ? 0 : cleared;
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
}

/* Waits for them. False: nothing may be moved. */
static bool
end_copies(struct kdrm_pagemap *pm, struct kdrm_transfer *t)
{
   if (t->fence) {
      t->copy_error =
         pm->ops->copy_wait(pm, t->fence, t->copies, t->num_copies);
      kdrm_fence_put(t->fence);
      t->fence = NULL;
   }
   if (t->copy_error)
      util_err("kdrm", "copy of %u pages %s VRAM failed: %d", t->num_copies,
               t->m.direction == KMM_TO_DEVICE ? "to" : "from", t->copy_error);
   count_copies(pm, t);
   return !t->copy_error;
}

/* ---- to VRAM ---- */

static void
assign_pages(struct kdrm_pagemap *pm, struct kdrm_transfer *t)
{
   unsigned first = kdrm_block_page(t->m.start);
   for (unsigned i = 0; i < num_pages(&t->m); i++)
      if (t->pages[i].flags & KMM_MIGRATE_PFN)
         t->pages[i].dpage = kdrm_block_take_page(pm, t->block, first + i);
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
      kdrm_block_free_page(&pm->base, d);
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
tell_moved(struct kdrm_transfer *t)
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
   t->done.fn(t->done.data, t->m.start, num_pages(&t->m), t->pfns);
}

/* What follows the copies: the pages are mapped and let go of. */
static void
finish_to_vram(struct kdrm_pagemap *pm, struct kdrm_transfer *t)
{
   if (!end_copies(pm, t))
      return_pages(pm, t, true);
   kmm_migrate_pages(&t->m);
   return_pages(pm, t, false);
   if (t->done.fn && t->m.moved)
      tell_moved(t);
   kmm_migrate_finalize(&t->m);
   report_moved(pm, t);
   kdrm_block_put(pm, t->block);
}

static unsigned
count_accepted(const struct kdrm_transfer *t)
{
   unsigned n = 0;
   for (unsigned i = 0; i < num_pages(&t->m); i++)
      n += t->pages[i].flags & KMM_MIGRATE_PFN && t->pages[i].dpage;
   return n;
}

/* ---- later ---- */

/* Hands a transfer whose copies are under way to the worker. */
static void
queue_finish(struct kdrm_pagemap *pm, struct kdrm_transfer *t)
{
   if (t->done.hold)
      t->done.hold(t->done.data);
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   util_list_add_tail(&t->link, &pm->pending);
   pthread_cond_broadcast(&pm->changed);
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
}

static struct kdrm_transfer *
first_pending_locked(struct kdrm_pagemap *pm)
{
   return util_list_is_empty(&pm->pending)
             ? NULL
             : util_list_first(&pm->pending, struct kdrm_transfer, link);
}

/* The copy engine works in order, and so does this: what it waits for is what
 * ends next. The transfer stays on the list until nothing of it is left. */
void *
kdrm_pagemap_worker(void *arg)
{
   struct kdrm_pagemap *pm = arg;
   for (;;) {
      util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
      struct kdrm_transfer *t;
      while (!(t = first_pending_locked(pm)) && !pm->stop)
         pthread_cond_wait(&pm->changed, &pm->lock);
      util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
      if (!t)
         return NULL;
      struct kdrm_migrate_done done = t->done;
      finish_to_vram(pm, t);
      if (done.release)
         done.release(done.data);
      util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
      util_list_del(&t->link);
      pm->finished++;
      pthread_cond_broadcast(&pm->changed);
      util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
      transfer_put(pm, t);
   }
}

static bool
is_pending_locked(struct kdrm_pagemap *pm, uint64_t start, uint64_t end)
{
   util_list_for_each(struct kdrm_transfer, t, &pm->pending, link)
      if (t->m.start < end && start < t->m.end)
         return true;
   return false;
}

void
kdrm_pagemap_wait(struct kdrm_pagemap *pm, uint64_t start, uint64_t end)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   while (is_pending_locked(pm, start, end))
      pthread_cond_wait(&pm->changed, &pm->lock);
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
}

bool
kdrm_pagemap_wait_one(struct kdrm_pagemap *pm)
{
   util_rank_lock(&pm->lock, UTIL_RANK_KDRM);
   bool any = first_pending_locked(pm);
   uint64_t finished = pm->finished;
   while (any && pm->finished == finished)
      pthread_cond_wait(&pm->changed, &pm->lock);
   util_rank_unlock(&pm->lock, UTIL_RANK_KDRM);
   return any;
}

int
kdrm_pagemap_to_vram(struct kdrm_pagemap *pm, uint64_t start, uint64_t end,
                     const struct kdrm_migrate_done *done, bool wait,
                     uint64_t *moved)
{
   /* Room first: eviction must not wait for what we hold. */
   struct kdrm_block *b =
      kdrm_block_get(pm, start >> GRANULE_SHIFT, kdrm_block_page(start),
                     (end - start) >> KMM_PAGE_SHIFT);
   if (!b)
      return 0;
   enum kdrm_cause cause = done ? done->cause : KDRM_CAUSE_ASKED;
   struct kdrm_transfer *t = transfer_get(pm, KMM_TO_DEVICE, cause, start, end);
   int err = t ? kmm_migrate_setup(&t->m) : -ENOMEM;
   if (err)
      goto put;
   t->block = b;
   t->done = done ? *done : (struct kdrm_migrate_done){0};
   assign_pages(pm, t);
   begin_copies(pm, t);
   if (!wait && t->fence) {
      *moved += count_accepted(t);
      queue_finish(pm, t);
      return 0;
   }
   finish_to_vram(pm, t);
   *moved += t->m.moved;
   transfer_put(pm, t);
   return 0;
put:
   if (t)
      transfer_put(pm, t);
   kdrm_block_put(pm, b);
   return err;
}

/* ---- to system ---- */

int
kdrm_pagemap_to_system(struct kdrm_pagemap *pm, uint64_t start, uint64_t end,
                       enum kdrm_cause cause, uint64_t *moved)
{
   struct kdrm_transfer *t = transfer_get(pm, KMM_TO_SYSTEM, cause, start, end);
   if (!t)
      return -ENOMEM;
   int err = kmm_migrate_setup(&t->m);
   if (err)
      goto put;
   begin_copies(pm, t);
   if (!end_copies(pm, t)) {
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
