/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Interval notifiers. Order of an invalidation: the sequence is advanced and
 * the interval marked active, then the callback takes its lock and clears. A
 * writer of PTEs that asks read_retry under that lock either sees the new
 * sequence, or has written before the callback got the lock, and is cleared. */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "kernel/mm/kmm_priv.h"

struct kmm_invalidation {
   struct kmm_mm *mm;
   struct kmm_invalidation *before;
   unsigned num;
   struct kmm_notifier *hit[];
};

int
kmm_notifier_insert(struct kmm_mm *mm, struct kmm_notifier *n, uint64_t start,
                    uint64_t end, const struct kmm_notifier_ops *ops)
{
   assert(util_svc_contains(n, sizeof(*n)) && "notifier not in service memory");
   if (kmm_mm_check(mm))
      return -EPERM;
   if (start >= end || (start | end) & ~KMM_PAGE_MASK)
      return -EINVAL;
   n->node.key = n->start = start;
   n->end = end;
   n->ops = ops;
   n->mm = mm;
   n->seq = 1;
   n->active = 0;
   util_rank_lock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);
   util_rb_insert(&mm->notifiers, &n->node);
   mm->notifier_max_B = MAX2(mm->notifier_max_B, end - start);
   util_rank_unlock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);
   return 0;
}

void
kmm_notifier_remove(struct kmm_notifier *n)
{
   struct kmm_mm *mm = n->mm;
   util_rank_lock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);
   while (n->active)
      pthread_cond_wait(&mm->notifier_idle, &mm->notifier_lock);
   util_rb_remove(&mm->notifiers, &n->node);
   util_rank_unlock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);
   n->mm = NULL;
}

int
kmm_notifier_read_begin(struct kmm_notifier *n, uint64_t *seq_out)
{
   struct timespec until;
   clock_gettime(CLOCK_REALTIME, &until);
   until.tv_sec += 1;
   int err = 0;
   util_rank_lock(&n->mm->notifier_lock, UTIL_RANK_NOTIFIER);
   while (n->active && !err)
      err = pthread_cond_timedwait(&n->mm->notifier_idle, &n->mm->notifier_lock,
                                   &until);
   *seq_out = n->seq;
   if (n->active)
      err = -EBUSY;
   else
      err = 0;
   util_rank_unlock(&n->mm->notifier_lock, UTIL_RANK_NOTIFIER);
   return err;
}

bool
kmm_notifier_read_retry(const struct kmm_notifier *n, uint64_t seq)
{
   return __atomic_load_n(&n->seq, __ATOMIC_ACQUIRE) != seq;
}

/* Calls visit for each notifier that overlaps; visit may be NULL to count. */
static unsigned
collect_locked(struct kmm_mm *mm, uint64_t start, uint64_t end,
               struct kmm_notifier **hit)
{
   unsigned num = 0;
   uint64_t from = start > mm->notifier_max_B ? start - mm->notifier_max_B : 0;
   for (struct util_rb_node *r = util_rb_ceil(&mm->notifiers, from);
        r && r->key < end; r = util_rb_next(r)) {
      struct kmm_notifier *n = container_of(r, struct kmm_notifier, node);
      if (n->end <= start)
         continue;
      if (hit)
         hit[num] = n;
      num++;
   }
   return num;
}

struct kmm_invalidation *
kmm_invalidate_begin(struct kmm_mm *mm, uint64_t start, uint64_t end,
                     enum kmm_event event, const void *owner,
                     struct kmm_invalidation *before)
{
   util_rank_assert_below(UTIL_RANK_GRANULE); /* for the callbacks */
   struct kmm_invalidation *inv;
   unsigned num;
   for (;;) {
      util_rank_lock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);
      num = collect_locked(mm, start, end, NULL);
      /* It cannot be refused, so it does not fail on purpose, and waits for
       * memory (≙ __GFP_NOFAIL). */
      inv = util_svc_calloc(1, sizeof(*inv) + num * sizeof(inv->hit[0]));
      if (inv)
         break;
      util_rank_unlock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);
      sched_yield();
   }
   inv->mm = mm;
   inv->before = before;
   inv->num = collect_locked(mm, start, end, inv->hit);
   for (unsigned i = 0; i < num; i++) {
      inv->hit[i]->active++;
      __atomic_add_fetch(&inv->hit[i]->seq, 1, __ATOMIC_RELEASE);
   }
   __atomic_add_fetch(&mm->stats.invalidations, num, __ATOMIC_RELAXED);
   util_rank_unlock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);

   for (unsigned i = 0; i < num; i++) {
      struct kmm_notifier *n = inv->hit[i];
      struct kmm_invalidate what = {
         .start = MAX2(start, n->start),
         .end = MIN2(end, n->end),
         .event = event,
         .owner = owner,
      };
      n->ops->invalidate(n, &what);
   }
   return inv;
}

void
kmm_invalidate_end(struct kmm_invalidation *inv)
{
   while (inv) {
      struct kmm_mm *mm = inv->mm;
      struct kmm_invalidation *before = inv->before;
      util_rank_lock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);
      for (unsigned i = 0; i < inv->num; i++)
         inv->hit[i]->active--;
      pthread_cond_broadcast(&mm->notifier_idle);
      util_rank_unlock(&mm->notifier_lock, UTIL_RANK_NOTIFIER);
      util_svc_free(inv);
      inv = before;
   }
}
