/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A fixed set of service threads (util_svc.h) that run queued jobs in order of
 * arrival. Any thread may submit. */
#ifndef UTIL_POOL_H
#define UTIL_POOL_H

#include "util/util_list.h"

struct util_pool;

/* Owned by the submitter; must live until `run` has begun. */
struct util_job {
   void (*run)(struct util_job *job);
   struct util_list link; /* private to the pool while queued */
};

/* NULL without memory; fewer threads if the system gives no more. They are
 * named `name` (at most 15 characters show). Not from a thread of the service:
 * pthread_create touches memory of the C library that may have migrated. */
struct util_pool *util_pool_create(const char *name, unsigned threads);
/* Runs what is queued, then joins the threads. */
void util_pool_destroy(struct util_pool *pool);
void util_pool_submit(struct util_pool *pool, struct util_job *job);

/* Number of CPUs this process may run on. */
unsigned util_cpu_count(void);

#endif
