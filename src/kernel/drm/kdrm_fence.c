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
