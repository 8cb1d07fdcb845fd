/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A fixed set of threads that run queued jobs in order of arrival. */
#ifndef UTIL_POOL_H
#define UTIL_POOL_H

#include "util/util_list.h"

struct util_pool;

/* Owned by the caller; must live until `run` has returned. */
struct util_job {
   void (*run)(struct util_job *job);
   struct util_list link; /* private to the pool while queued */
};

/* Threads are named `name` (at most 15 characters show). 0 or -errno. */
int util_pool_create(const char *name, unsigned threads,
                     struct util_pool **pool_out);
/* Runs what is queued, then joins the threads. */
void util_pool_destroy(struct util_pool *pool);
void util_pool_submit(struct util_pool *pool, struct util_job *job);
/* Waits until nothing is queued or running. */
void util_pool_wait_idle(struct util_pool *pool);
unsigned util_pool_threads(const struct util_pool *pool);

/* Number of CPUs this process may run on. */
unsigned util_cpu_count(void);

#endif
