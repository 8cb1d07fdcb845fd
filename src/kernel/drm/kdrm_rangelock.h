/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A lock of address ranges: who holds one keeps others out of what overlaps it,
 * and nobody else out. First come, first served. */
#ifndef KDRM_RANGELOCK_H
#define KDRM_RANGELOCK_H

#include <pthread.h>

#include "util/util_list.h"

struct kdrm_rangelock {
   pthread_mutex_t lock;
   pthread_cond_t released;
   struct util_list queue; /* kdrm_range.link: holders and who waits, by age */
};

struct kdrm_range {
   uint64_t start, end;
   struct util_list link;
};

void kdrm_rangelock_init(struct kdrm_rangelock *l);
void kdrm_rangelock_finish(struct kdrm_rangelock *l);
/* `r` is the caller's until unlock. An empty range meets nobody. */
void kdrm_rangelock_lock(struct kdrm_rangelock *l, struct kdrm_range *r,
                         uint64_t start, uint64_t end);
/* False: somebody holds or waits for a part of it. */
bool kdrm_rangelock_trylock(struct kdrm_rangelock *l, struct kdrm_range *r,
                            uint64_t start, uint64_t end);
void kdrm_rangelock_unlock(struct kdrm_rangelock *l, struct kdrm_range *r);

#endif
