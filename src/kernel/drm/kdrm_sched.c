/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_sched.h"

#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"

static void run_job(struct kdrm_job *job);

/* --- A job's end --------------------------------------------------------- */

static void
destroy(struct kdrm_job *job)
{
   kdrm_fence_put(job->scheduled);
   kdrm_fence_put(job->finished);
   kdrm_fence_put(job->hw);
   for (unsigned i = 0; i < job->num_deps; i++)
      kdrm_fence_put(job->deps[i].fence);
   kdrm_free(job->deps);
   job->ops->free(job);
}

/* Callbacks of fences get here, which must not wait: who has time frees. */
static void
finish_job(struct kdrm_job *job, int error)
{
   struct kdrm_sched *s = job->entity->sched;
   struct kdrm_fence *scheduled = kdrm_fence_get(job->scheduled);
   struct kdrm_fence *finished = kdrm_fence_get(job->finished);
   kdrm_fence_signal(scheduled, error);
   kdrm_fence_signal(finished, error);
   pthread_mutex_lock(&s->lock);
   util_list_add_tail(&job->link, &s->done);
   pthread_mutex_unlock(&s->lock);
   kdrm_fence_put(scheduled);
   kdrm_fence_put(finished);
}

static struct kdrm_job *
take(struct kdrm_sched *s, struct util_list *from)
{
   struct kdrm_job *job = NULL;
   pthread_mutex_lock(&s->lock);
   if (!util_list_is_empty(from)) {
      job = util_list_first(from, struct kdrm_job, link);
      util_list_del(&job->link);
   }
   pthread_mutex_unlock(&s->lock);
   return job;
}

static void
reap(struct kdrm_sched *s)
{
   struct kdrm_job *job;
   while ((job = take(s, &s->done))) {
      struct kdrm_entity *e = job->entity;
      pthread_mutex_lock(&e->lock);
      util_list_del(&job->entity_link);
      pthread_mutex_unlock(&e->lock);
      destroy(job);
   }
}

static void
hw_signalled(struct kdrm_fence *f, struct kdrm_fence_cb *cb)
{
   finish_job(container_of(cb, struct kdrm_job, hw_cb), f->error);
}

/* --- A job's turn -------------------------------------------------------- */

static void
make_ready(struct kdrm_job *job)
{
   struct kdrm_sched *s = job->entity->sched;
   pthread_mutex_lock(&s->lock);
   util_list_add_tail(&job->link, &s->ready);
   pthread_cond_signal(&s->cond);
   pthread_mutex_unlock(&s->lock);
}

static void
room_signalled(struct kdrm_fence *f, struct kdrm_fence_cb *cb)
{
   make_ready(container_of(cb, struct kdrm_job, hw_cb));
}

static void
dep_signalled(struct kdrm_fence *f, struct kdrm_fence_cb *cb)
{
   struct kdrm_job *job = container_of(cb, struct kdrm_job_dep, cb)->job;
   if (atomic_fetch_sub(&job->pending, 1) == 1)
      make_ready(job);
}

/* `job` has been handed over: `hw` tells when it is finished. */
static void
follow(struct kdrm_job *job, struct kdrm_fence *hw)
{
   job->hw = hw;
   job->hw_cb.func = hw_signalled;
   struct kdrm_fence *scheduled = kdrm_fence_get(job->scheduled);
   bool pending = kdrm_fence_add_cb(hw, &job->hw_cb);
   int error = pending ? 0 : hw->error;
   kdrm_fence_signal(scheduled, 0);
   kdrm_fence_put(scheduled);
   if (!pending)
      finish_job(job, error);
}

static void
run_job(struct kdrm_job *job)
{
   struct kdrm_fence *hw = NULL;
   atomic_store(&job->begun, true);
   int ret =
      atomic_load(&job->cancelled) ? -ECANCELED : job->ops->run(job, &hw);
   if (ret == -EAGAIN) {
      kdrm_fence_put(job->hw);
      job->hw = hw;
      job->hw_cb.func = room_signalled;
      if (!kdrm_fence_add_cb(hw, &job->hw_cb))
         make_ready(job);
   } else if (!ret && hw) {
      kdrm_fence_put(job->hw);
      follow(job, hw);
   } else {
      finish_job(job, ret);
   }
}

static void *
sched_main(void *arg)
{
   struct kdrm_sched *s = arg;
   for (;;) {
      pthread_mutex_lock(&s->lock);
      while (util_list_is_empty(&s->ready) && !s->stop)
         pthread_cond_wait(&s->cond, &s->lock);
      bool stop = s->stop;
      pthread_mutex_unlock(&s->lock);
      if (stop)
         return NULL;
      struct kdrm_job *job;
      while ((job = take(s, &s->ready)))
         run_job(job);
      reap(s);
   }
}

int
kdrm_sched_init(struct kdrm_sched *s, const char *thread_name)
{
   pthread_mutex_init(&s->lock, NULL);
   pthread_cond_init(&s->cond, NULL);
   util_list_init(&s->ready);
   util_list_init(&s->done);
   s->stop = false;
   return util_svc_thread_create(&s->thread, thread_name, sched_main, s);
}

void
kdrm_sched_finish(struct kdrm_sched *s)
{
   pthread_mutex_lock(&s->lock);
   s->stop = true;
   pthread_cond_signal(&s->cond);
   pthread_mutex_unlock(&s->lock);
   util_svc_thread_join(s->thread);
   assert(util_list_is_empty(&s->ready) && util_list_is_empty(&s->done));
   pthread_cond_destroy(&s->cond);
   pthread_mutex_destroy(&s->lock);
}

/* --- Entities ------------------------------------------------------------ */

void
kdrm_entity_init(struct kdrm_entity *e, struct kdrm_sched *s, uint64_t context,
                 bool ordered)
{
   *e =
      (struct kdrm_entity){.sched = s, .context = context, .ordered = ordered};
   pthread_mutex_init(&e->lock, NULL);
   util_list_init(&e->jobs);
}

void
kdrm_entity_finish(struct kdrm_entity *e)
{
   assert(util_list_is_empty(&e->jobs));
   kdrm_fence_put(e->last_scheduled);
   pthread_mutex_destroy(&e->lock);
}

/* The oldest job's fence, referenced; NULL: there is none. */
static struct kdrm_fence *
oldest(struct kdrm_entity *e)
{
   struct kdrm_fence *f = NULL;
   pthread_mutex_lock(&e->lock);
   if (!util_list_is_empty(&e->jobs))
      f = kdrm_fence_get(
         util_list_first(&e->jobs, struct kdrm_job, entity_link)->finished);
   pthread_mutex_unlock(&e->lock);
   return f;
}

/* Takes what they wait for away from jobs that have not begun. They stay on the
 * list, and so exist, while its lock is held. */
static void
cancel_all(struct kdrm_entity *e)
{
   pthread_mutex_lock(&e->lock);
   util_list_for_each(struct kdrm_job, job, &e->jobs, entity_link) {
      atomic_store(&job->cancelled, true);
      if (atomic_load(&job->begun))
         continue;
      for (unsigned i = 0; i < job->num_deps; i++) {
         struct kdrm_job_dep *d = &job->deps[i];
         if (kdrm_fence_remove_cb(d->fence, &d->cb))
            dep_signalled(d->fence, &d->cb);
      }
   }
   pthread_mutex_unlock(&e->lock);
}

void
kdrm_entity_flush(struct kdrm_entity *e, uint64_t timeout_ns)
{
   uint64_t start = util_time_ns();
   struct kdrm_fence *f;
   bool cancelled = false;
   for (reap(e->sched); (f = oldest(e)); reap(e->sched)) {
      uint64_t gone = util_time_ns() - start;
      uint64_t left = gone < timeout_ns ? timeout_ns - gone : 0;
      /* Finished but not on the list of done yet: that takes no time. */
      int ret = kdrm_fence_wait(f, cancelled ? UINT64_MAX : MAX2(left, 1));
      kdrm_fence_put(f);
      if (ret && !cancelled) {
         cancel_all(e);
         cancelled = true;
      }
   }
}

/* --- Submission ---------------------------------------------------------- */

int
kdrm_job_init(struct kdrm_job *job, struct kdrm_entity *e,
              const struct kdrm_job_ops *ops)
{
   job->entity = e;
   job->ops = ops;
   job->deps = NULL;
   job->num_deps = job->cap_deps = 0;
   job->hw = NULL;
   atomic_init(&job->pending, 1);
   atomic_init(&job->cancelled, false);
   atomic_init(&job->begun, false);
   util_list_init(&job->link);
   util_list_init(&job->entity_link);
   pthread_mutex_lock(&e->lock);
   uint64_t seqno = ++e->seqno;
   pthread_mutex_unlock(&e->lock);
   job->scheduled = kdrm_fence_create(0, seqno);
   job->finished = kdrm_fence_create(e->context, seqno);
   if (job->scheduled && job->finished)
      return 0;
   kdrm_fence_put(job->scheduled);
   kdrm_fence_put(job->finished);
   return -ENOMEM;
}

static bool
grow(struct kdrm_job *job)
{
   if (job->num_deps < job->cap_deps)
      return true;
   unsigned cap = MAX2(4, job->cap_deps * 2);
   struct kdrm_job_dep *deps = kdrm_zalloc(cap * sizeof(*deps));
   if (!deps)
      return false;
   for (unsigned i = 0; i < job->num_deps; i++)
      deps[i] = job->deps[i];
   kdrm_free(job->deps);
   job->deps = deps;
   job->cap_deps = cap;
   return true;
}

int
kdrm_job_depend(struct kdrm_job *job, struct kdrm_fence *fence)
{
   if (kdrm_fence_is_signalled(fence))
      return 0;
   if (!grow(job))
      return -ENOMEM;
   job->deps[job->num_deps++] =
      (struct kdrm_job_dep){.job = job, .fence = kdrm_fence_get(fence)};
   return 0;
}

/* After the one before. Without memory to wait for it on its own, here. */
static void
enlist(struct kdrm_job *job)
{
   struct kdrm_entity *e = job->entity;
   pthread_mutex_lock(&e->lock);
   util_list_add_tail(&job->entity_link, &e->jobs);
   struct kdrm_fence *before = e->last_scheduled;
   if (e->ordered)
      e->last_scheduled = kdrm_fence_get(job->scheduled);
   pthread_mutex_unlock(&e->lock);
   if (!before)
      return;
   if (kdrm_job_depend(job, before))
      kdrm_fence_wait(before, UINT64_MAX);
   kdrm_fence_put(before);
}

void
kdrm_job_submit(struct kdrm_job *job)
{
   struct kdrm_sched *s = job->entity->sched;
   enlist(job);
   atomic_store(&job->pending, job->num_deps + 1);
   for (unsigned i = 0; i < job->num_deps; i++) {
      struct kdrm_job_dep *d = &job->deps[i];
      d->cb.func = dep_signalled;
      /* Ours is still there: this is not the last. */
      if (!kdrm_fence_add_cb(d->fence, &d->cb))
         atomic_fetch_sub(&job->pending, 1);
   }
   if (atomic_fetch_sub(&job->pending, 1) == 1)
      run_job(job);
   reap(s);
}

void
kdrm_job_give_up(struct kdrm_job *job, int error)
{
   kdrm_fence_signal(job->scheduled, error);
   kdrm_fence_signal(job->finished, error);
   destroy(job);
}
