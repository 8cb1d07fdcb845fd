/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_fence.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

#include "kernel/drm/kdrm_alloc.h"

struct kdrm_fence *
kdrm_fence_create(uint64_t context, uint64_t seqno)
{
   struct kdrm_fence *f = kdrm_zalloc(sizeof(*f));
   if (!f)
      return NULL;
   pthread_condattr_t attr;
   pthread_condattr_init(&attr);
   pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
   pthread_cond_init(&f->cond, &attr);
   pthread_condattr_destroy(&attr);
   pthread_mutex_init(&f->lock, NULL);
   util_list_init(&f->callbacks);
   util_list_init(&f->link);
   f->context = context;
   f->seqno = seqno;
   atomic_init(&f->refs, 1);
   return f;
}

struct kdrm_fence *
kdrm_fence_get(struct kdrm_fence *f)
{
   if (f)
      atomic_fetch_add(&f->refs, 1);
   return f;
}

void
kdrm_fence_put(struct kdrm_fence *f)
{
   if (!f || atomic_fetch_sub(&f->refs, 1) != 1)
      return;
   assert(util_list_is_empty(&f->link) && "freed while its creator lists it");
   pthread_cond_destroy(&f->cond);
   pthread_mutex_destroy(&f->lock);
   kdrm_free(f);
}

void
kdrm_fence_signal(struct kdrm_fence *f, int error)
{
   struct util_list run;
   util_list_init(&run);
   pthread_mutex_lock(&f->lock);
   if (!kdrm_fence_is_signalled(f)) {
      f->error = error;
      atomic_store_explicit(&f->signalled, true, memory_order_release);
      util_list_splice_tail(&f->callbacks, &run);
      f->callbacks_done = util_list_is_empty(&run);
      pthread_cond_broadcast(&f->cond);
   }
   pthread_mutex_unlock(&f->lock);
   if (util_list_is_empty(&run))
      return;
   while (!util_list_is_empty(&run)) {
      struct kdrm_fence_cb *cb =
         util_list_first(&run, struct kdrm_fence_cb, link);
      util_list_del(&cb->link);
      cb->func(f, cb);
   }
   pthread_mutex_lock(&f->lock);
   f->callbacks_done = true;
   pthread_cond_broadcast(&f->cond);
   pthread_mutex_unlock(&f->lock);
}

static struct timespec
deadline(uint64_t timeout_ns)
{
   struct timespec ts;
   clock_gettime(CLOCK_MONOTONIC, &ts);
   uint64_t ns = ts.tv_nsec + timeout_ns % 1000000000ull;
   ts.tv_sec += timeout_ns / 1000000000ull + ns / 1000000000ull;
   ts.tv_nsec = ns % 1000000000ull;
   return ts;
}

int
kdrm_fence_wait(struct kdrm_fence *f, uint64_t timeout_ns)
{
   if (kdrm_fence_is_signalled(f))
      return 0;
   if (timeout_ns == 0)
      return -ETIME;
   bool forever = timeout_ns > INT64_MAX;
   struct timespec until = deadline(forever ? 0 : timeout_ns);
   int ret = 0;
   pthread_mutex_lock(&f->lock);
   while (!kdrm_fence_is_signalled(f) && ret == 0)
      ret = forever ? pthread_cond_wait(&f->cond, &f->lock)
                    : pthread_cond_timedwait(&f->cond, &f->lock, &until);
   pthread_mutex_unlock(&f->lock);
   return kdrm_fence_is_signalled(f) ? 0 : -ETIME;
}

bool
kdrm_fence_add_cb(struct kdrm_fence *f, struct kdrm_fence_cb *cb)
{
   pthread_mutex_lock(&f->lock);
   bool pending = !kdrm_fence_is_signalled(f);
   if (pending)
      util_list_add_tail(&cb->link, &f->callbacks);
   else
      util_list_init(&cb->link);
   pthread_mutex_unlock(&f->lock);
   return pending;
}

bool
kdrm_fence_remove_cb(struct kdrm_fence *f, struct kdrm_fence_cb *cb)
{
   pthread_mutex_lock(&f->lock);
   bool pending = !kdrm_fence_is_signalled(f);
   if (pending)
      util_list_del(&cb->link);
   while (!pending && !f->callbacks_done)
      pthread_cond_wait(&f->cond, &f->lock);
   pthread_mutex_unlock(&f->lock);
   return pending;
}

/* --- Reservation objects ------------------------------------------------- */

void
kdrm_resv_init(struct kdrm_resv *r)
{
   pthread_mutex_init(&r->lock, NULL);
   r->entries = NULL;
   r->count = r->capacity = 0;
}

void
kdrm_resv_finish(struct kdrm_resv *r)
{
   for (unsigned i = 0; i < r->count; i++)
      kdrm_fence_put(r->entries[i].fence);
   kdrm_free(r->entries);
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
      if (e->fence->context == f->context && e->usage == usage) {
         kdrm_fence_put(e->fence);
         e->fence = kdrm_fence_get(f);
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
   unsigned capacity = MAX2(4, r->capacity * 2);
   struct kdrm_resv_entry *e = kdrm_zalloc(capacity * sizeof(*e));
   if (!e)
      return false;
   for (unsigned i = 0; i < r->count; i++)
      e[i] = r->entries[i];
   kdrm_free(r->entries);
   r->entries = e;
   r->capacity = capacity;
   return true;
}

void
kdrm_resv_add(struct kdrm_resv *r, struct kdrm_fence *f, enum kdrm_usage usage)
{
   pthread_mutex_lock(&r->lock);
   forget_signalled_locked(r);
   bool done = replace_locked(r, f, usage);
   if (!done && grow_locked(r)) {
      r->entries[r->count++] =
         (struct kdrm_resv_entry){kdrm_fence_get(f), usage};
      done = true;
   }
   pthread_mutex_unlock(&r->lock);
   if (!done)
      kdrm_fence_wait(f, UINT64_MAX);
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
      bool both_read = usage == KDRM_USAGE_READ && e->usage == KDRM_USAGE_READ;
      if (!both_read && e->fence->context != except_context)
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
