/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Jobs that wait for fences and signal one (≙ drm_sched). A job runs on the
 * submitter's thread if nothing has to be waited for, else on the scheduler's.
 *
 * A job has two fences: `scheduled` (it has been handed to the card) and
 * `finished`. Jobs of an ordered entity are handed over in the order of
 * submission; those of another as soon as their own fences allow.
 *
 * Locks: entity->lock, sched->lock, leaves both but for each other in this
 * order. run and free are called with none. */
#ifndef KDRM_SCHED_H
#define KDRM_SCHED_H

#include "kernel/drm/kdrm_fence.h"

struct kdrm_sched {
   pthread_mutex_t lock;
   pthread_cond_t cond;
   struct util_list ready; /* kdrm_job.link: may run */
   struct util_list done;  /* kdrm_job.link: to be freed, when there is time */
   pthread_t thread;
   bool stop;
};

int kdrm_sched_init(struct kdrm_sched *s, const char *thread_name);
/* No jobs are left. */
void kdrm_sched_finish(struct kdrm_sched *s);

/* Where jobs come from: a channel, an address space. */
struct kdrm_entity {
   struct kdrm_sched *sched;
   uint64_t context; /* of the finished fences */
   bool ordered;
   pthread_mutex_t lock;  /* of what follows */
   struct util_list jobs; /* kdrm_job.entity_link: not freed yet, by age */
   struct kdrm_fence *last_scheduled; /* ordered: of the newest; or NULL */
   uint64_t seqno;
};

/* `context`: a number that only this entity uses, for jobs that also finish in
 * order; or 0. */
void kdrm_entity_init(struct kdrm_entity *e, struct kdrm_sched *s,
                      uint64_t context, bool ordered);
/* Waits until all jobs are finished and freed; those that have not begun after
 * `timeout_ns` finish with -ECANCELED. */
void kdrm_entity_flush(struct kdrm_entity *e, uint64_t timeout_ns);
void kdrm_entity_finish(struct kdrm_entity *e); /* flushed */

struct kdrm_job;

struct kdrm_job_ops {
   /* 0: finished with the fence *hw_out (one reference), or now if NULL.
    * -EAGAIN: to be called again when *hw_out has signalled. Else: finished
    * with that error. */
   int (*run)(struct kdrm_job *job, struct kdrm_fence **hw_out);
   /* Finished, or given up before it was submitted. */
   void (*free)(struct kdrm_job *job);
};

struct kdrm_job_dep {
   struct kdrm_job *job;
   struct kdrm_fence *fence; /* referenced */
   struct kdrm_fence_cb cb;
};

/* Embedded. */
struct kdrm_job {
   struct kdrm_entity *entity;
   const struct kdrm_job_ops *ops;
   struct kdrm_fence *scheduled, *finished; /* referenced */
   struct kdrm_job_dep *deps;
   unsigned num_deps, cap_deps;
   _Atomic unsigned pending; /* deps that have not signalled, and us */
   _Atomic bool cancelled, begun;
   struct util_list link, entity_link;
   struct kdrm_fence *hw; /* referenced */
   struct kdrm_fence_cb hw_cb;
};

/* -ENOMEM */
int kdrm_job_init(struct kdrm_job *job, struct kdrm_entity *e,
                  const struct kdrm_job_ops *ops);
/* Before submit. Takes its own reference. -ENOMEM */
int kdrm_job_depend(struct kdrm_job *job, struct kdrm_fence *fence);
/* The job is the scheduler's. It may be freed before this returns. */
void kdrm_job_submit(struct kdrm_job *job);
/* Instead of submit: its fences signal `error`, and it is freed. */
void kdrm_job_give_up(struct kdrm_job *job, int error);

#endif
