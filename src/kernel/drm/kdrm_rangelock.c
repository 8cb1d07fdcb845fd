/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_rangelock.h"

#include <assert.h>

void
kdrm_rangelock_init(struct kdrm_rangelock *l)
{
   pthread_mutex_init(&l->lock, NULL);
   pthread_cond_init(&l->released, NULL);
   util_list_init(&l->queue);
}

void
kdrm_rangelock_finish(struct kdrm_rangelock *l)
{
   assert(util_list_is_empty(&l->queue));
   pthread_cond_destroy(&l->released);
   pthread_mutex_destroy(&l->lock);
}

/* Somebody before `r` in the queue overlaps it. */
static bool
is_blocked_locked(struct kdrm_rangelock *l, const struct kdrm_range *r)
{
   util_list_for_each(struct kdrm_range, other, &l->queue, link) {
      if (other == r)
         return false;
      if (other->start < r->end && r->start < other->end)
         return true;
   }
   return false;
}

static void
enqueue_locked(struct kdrm_rangelock *l, struct kdrm_range *r, uint64_t start,
               uint64_t end)
{
   r->start = start;
   r->end = end;
   util_list_add_tail(&r->link, &l->queue);
}

void
kdrm_rangelock_lock(struct kdrm_rangelock *l, struct kdrm_range *r,
                    uint64_t start, uint64_t end)
{
   pthread_mutex_lock(&l->lock);
   enqueue_locked(l, r, start, end);
   while (is_blocked_locked(l, r))
      pthread_cond_wait(&l->released, &l->lock);
   pthread_mutex_unlock(&l->lock);
}

bool
kdrm_rangelock_trylock(struct kdrm_rangelock *l, struct kdrm_range *r,
                       uint64_t start, uint64_t end)
{
   pthread_mutex_lock(&l->lock);
   enqueue_locked(l, r, start, end);
   bool blocked = is_blocked_locked(l, r);
   if (blocked)
      util_list_del(&r->link);
   pthread_mutex_unlock(&l->lock);
   return !blocked;
}

void
kdrm_rangelock_unlock(struct kdrm_rangelock *l, struct kdrm_range *r)
{
   pthread_mutex_lock(&l->lock);
   util_list_del(&r->link);
   pthread_cond_broadcast(&l->released);
   pthread_mutex_unlock(&l->lock);
}
