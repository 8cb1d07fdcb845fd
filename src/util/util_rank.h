/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Order of locks, asserted. Every lock of the service has a rank
 * (docs/locking.md); a thread takes a lock only if its rank is above all that
 * it holds. The check is a bit mask of the thread, cheap enough to stay on. Not
 * for locks of which a thread takes two of one rank. */
#ifndef UTIL_RANK_H
#define UTIL_RANK_H

#include <assert.h>
#include <pthread.h>

#include "util/util_macros.h"

enum util_rank {
   UTIL_RANK_GRANULE,  /* kdrm_gpusvm: a granule */
   UTIL_RANK_KDRM,     /* kdrm_gpusvm: the tree; kdrm_pagemap */
   UTIL_RANK_NOTIFIER, /* kmm_mm.notifier_lock */
   UTIL_RANK_MM,       /* kmm_mm.lock */
};

extern __thread uint32_t util_rank_held
   __attribute__((tls_model("initial-exec")));

/* No lock of this rank or above is held: what follows may take it, or wait. */
static inline void
util_rank_assert_below(enum util_rank rank)
{
   assert(util_rank_held >> rank == 0 && "locks out of order: docs/locking.md");
}

static inline void
util_rank_lock(pthread_mutex_t *lock, enum util_rank rank)
{
   util_rank_assert_below(rank);
   pthread_mutex_lock(lock);
   util_rank_held |= 1u << rank;
}

static inline void
util_rank_unlock(pthread_mutex_t *lock, enum util_rank rank)
{
   assert(util_rank_held >> rank & 1);
   util_rank_held &= ~(1u << rank);
   pthread_mutex_unlock(lock);
}

#endif
