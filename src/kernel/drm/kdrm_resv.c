/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_resv.h"

#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"

void
kdrm_resv_init(struct kdrm_resv *r)
{
   pthread_mutex_init(&r->lock, NULL);
   pthread_cond_init(&r->released, NULL);
   r->entries = r->first;
   r->count = 0;
   r->capacity = ARRAY_SIZE(r->first);
   r->holder = NULL;
}

static void
free_entries(struct kdrm_resv *r)
{
   if (r->entries != r->first)
      kdrm_free(r->entries);
}

void
kdrm_resv_finish(struct kdrm_resv *r)
{
   for (unsigned i = 0; i < r->count; i++)
      kdrm_fence_put(r->entries[i].fence);
   free_entries(r);
   assert(!r->holder);
   pthread_cond_destroy(&r->released);
   pthread_mutex_destroy(&r->lock);
}

static void
forget_signalled_locked(struct kdrm_resv *r)
{
   unsigned kept = 0;
   for (unsigned i = 0; i < r->count; i++) {
      if (kdrm_fence_is_signalled(r->entries[i].fence))
         kdrm_fence_put(r->entries[i].fence);
      else
         r->entries[kept++] = r->entries[i];
   }
   r->count = kept;
}

static bool
replace_locked(struct kdrm_resv *r, struct kdrm_fence *f, enum kdrm_usage usage)
{
   for (unsigned i = 0; i < r->count; i++) {
      struct kdrm_resv_entry *e = &r->entries[i];
      if (f->context && e->fence->context == f->context && e->usage == usage) {
         if ((int64_t)(f->seqno - e->fence->seqno) > 0) {
            kdrm_fence_put(e->fence);
            e->fence = kdrm_fence_get(f);
         }
         return true;
      }
   }
   return false;
}

static bool
grow_locked(struct kdrm_resv *r)
{
   if (r->count < r->capacity)
      return true;
   unsigned capacity = r->capacity * 2;
   struct kdrm_resv_entry *e = kdrm_zalloc(capacity * sizeof(*e));
   if (!e)
      return false;
   for (unsigned i = 0; i < r->count; i++)
      e[i] = r->entries[i];
   free_entries(r);
   r->entries = e;
   r->capacity = capacity;
   return true;
}

/* The first that is not f; there is one: f has fewer usages than there are
 * first entries. */
static struct kdrm_fence *
oldest_other_locked(struct kdrm_resv *r, const struct kdrm_fence *f)
{
   unsigned i = 0;
   while (r->entries[i].fence == f)
      i++;
   assert(i < r->count);
   return kdrm_fence_get(r->entries[i].fence);
}

void
kdrm_resv_add(struct kdrm_resv *r, struct kdrm_fence *f, enum kdrm_usage usage)
{
   struct kdrm_fence *in_the_way;
   do {
      in_the_way = NULL;
      pthread_mutex_lock(&r->lock);
      forget_signalled_locked(r);
      if (replace_locked(r, f, usage)) {
         /* has the earlier one's place */
      } else if (grow_locked(r)) {
         r->entries[r->count++] =
            (struct kdrm_resv_entry){kdrm_fence_get(f), usage};
      } else {
         in_the_way = oldest_other_locked(r, f);
      }
      pthread_mutex_unlock(&r->lock);
      if (in_the_way) {
         kdrm_fence_wait(in_the_way, UINT64_MAX);
         kdrm_fence_put(in_the_way);
      }
   } while (in_the_way);
}

static bool
conflicts(enum kdrm_usage wanted, enum kdrm_usage there)
{
   switch (wanted) {
   case KDRM_USAGE_READ:
      return there == KDRM_USAGE_WRITE;
   case KDRM_USAGE_WRITE:
      return there != KDRM_USAGE_BOOKKEEP;
   default:
      return true;
   }
}

/* A referenced pending fence that conflicts with `usage`, or NULL. */
static struct kdrm_fence *
pending_conflict(struct kdrm_resv *r, enum kdrm_usage usage,
                 uint64_t except_context)
{
   struct kdrm_fence *found = NULL;
   pthread_mutex_lock(&r->lock);
   forget_signalled_locked(r);
   for (unsigned i = 0; i < r->count && !found; i++) {
      const struct kdrm_resv_entry *e = &r->entries[i];
      bool excepted = except_context && e->fence->context == except_context;
      if (conflicts(usage, e->usage) && !excepted)
         found = kdrm_fence_get(e->fence);
   }
   pthread_mutex_unlock(&r->lock);
   return found;
}

int
kdrm_resv_wait(struct kdrm_resv *r, enum kdrm_usage usage,
               uint64_t except_context, uint64_t timeout_ns)
{
   uint64_t start = util_time_ns();
   struct kdrm_fence *f;
   while ((f = pending_conflict(r, usage, except_context))) {
      uint64_t left = timeout_ns;
      if (timeout_ns != UINT64_MAX) {
         uint64_t gone = util_time_ns() - start;
         left = gone < timeout_ns ? timeout_ns - gone : 0;
      }
      int ret = kdrm_fence_wait(f, left);
      kdrm_fence_put(f);
      if (ret)
         return ret;
   }
   return 0;
}

/* --- Holding many -------------------------------------------------------- */

void
kdrm_exec_init(struct kdrm_exec *e)
{
   *e = (struct kdrm_exec){.stamp = util_time_ns()};
}

static bool
is_older(const struct kdrm_exec *a, const struct kdrm_exec *b)
{
   return a->stamp != b->stamp ? a->stamp < b->stamp : a < b;
}

static bool
make_room(struct kdrm_exec *e)
{
   if (e->count < e->capacity)
      return true;
   unsigned capacity = MAX2(8, e->capacity * 2);
   struct kdrm_resv **held = kdrm_zalloc(capacity * sizeof(*held));
   if (!held)
      return false;
   for (unsigned i = 0; i < e->count; i++)
      held[i] = e->held[i];
   kdrm_free(e->held);
   e->held = held;
   e->capacity = capacity;
   return true;
}

static void
hold_locked(struct kdrm_exec *e, struct kdrm_resv *r)
{
   __atomic_store_n(&r->holder, e, __ATOMIC_RELAXED);
   e->held[e->count++] = r;
}

int
kdrm_exec_trylock(struct kdrm_exec *e, struct kdrm_resv *r)
{
   if (kdrm_exec_holds(e, r))
      return 0;
   if (!make_room(e))
      return -ENOMEM;
   pthread_mutex_lock(&r->lock);
   bool free = !r->holder;
   if (free)
      hold_locked(e, r);
   pthread_mutex_unlock(&r->lock);
   return free ? 0 : -EBUSY;
}

int
kdrm_exec_lock(struct kdrm_exec *e, struct kdrm_resv *r)
{
   if (kdrm_exec_holds(e, r))
      return 0;
   if (!make_room(e))
      return -ENOMEM;
   int ret = 0;
   pthread_mutex_lock(&r->lock);
   while (r->holder && !ret) {
      if (e->count && is_older(r->holder, e))
         ret = -EDEADLK;
      else
         pthread_cond_wait(&r->released, &r->lock);
   }
   if (!ret)
      hold_locked(e, r);
   pthread_mutex_unlock(&r->lock);
   if (ret)
      e->contended = r;
   return ret;
}

static void
let_go(struct kdrm_exec *e)
{
   while (e->count) {
      struct kdrm_resv *r = e->held[--e->count];
      pthread_mutex_lock(&r->lock);
      __atomic_store_n(&r->holder, NULL, __ATOMIC_RELAXED);
      pthread_cond_broadcast(&r->released);
      pthread_mutex_unlock(&r->lock);
   }
}

bool
kdrm_exec_retry(struct kdrm_exec *e, int ret)
{
   if (ret != -EDEADLK)
      return false;
   let_go(e);
   e->retries++;
   kdrm_exec_lock(e, e->contended); /* with nothing held it only waits */
   e->contended = NULL;
   return true;
}

void
kdrm_exec_finish(struct kdrm_exec *e)
{
   let_go(e);
   kdrm_free(e->held);
   e->held = NULL;
   e->capacity = 0;
}
