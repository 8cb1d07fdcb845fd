/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Reservation objects (≙ dma-resv) and locking many of them (≙ drm_exec).
 *
 * A reservation object remembers which fences read and write a buffer; it
 * forgets them as they signal. Its entries have a lock of their own, innermost
 * of all. Apart from that it can be held, by a kdrm_exec: who wants to look at
 * several buffers' fences and then add one to all must hold them all.
 *
 * Nobody deadlocks over that: each exec has a stamp, and one that meets an
 * object held by an older exec lets go of everything, waits for that object
 * with nothing held, and starts again. It keeps its stamp, so it becomes the
 * oldest in the end. */
#ifndef KDRM_RESV_H
#define KDRM_RESV_H

#include "kernel/drm/kdrm_fence.h"

enum kdrm_usage {
   KDRM_USAGE_READ,
   KDRM_USAGE_WRITE,
   /* Page-table work: only who moves or frees memory waits for it. */
   KDRM_USAGE_BOOKKEEP,
};

struct kdrm_resv_entry {
   struct kdrm_fence *fence;
   enum kdrm_usage usage;
};

struct kdrm_exec;

struct kdrm_resv {
   pthread_mutex_t lock;            /* of all that follows */
   struct kdrm_resv_entry *entries; /* `first`, or allocated */
   struct kdrm_resv_entry first[4]; /* more than there are usages */
   unsigned count, capacity;
   struct kdrm_exec *holder; /* NULL: nobody */
   pthread_cond_t released;
};

void kdrm_resv_init(struct kdrm_resv *r);
void kdrm_resv_finish(struct kdrm_resv *r);

/* Takes its own reference. A later fence of the same context and usage replaces
 * the earlier (context 0: none does). Without memory an earlier fence is waited
 * for, to have its place; never f, whose job may not have been submitted. */
void kdrm_resv_add(struct kdrm_resv *r, struct kdrm_fence *f,
                   enum kdrm_usage usage);

/* Waits until what `usage` conflicts with is over: writes before a read, reads
 * and writes before a write, all before BOOKKEEP; fences of `except_context`
 * are left out (0: none is; the caller is ordered after them anyway). 0 or
 * -ETIME. */
int kdrm_resv_wait(struct kdrm_resv *r, enum kdrm_usage usage,
                   uint64_t except_context, uint64_t timeout_ns);

/* --- Holding many --- */

struct kdrm_exec {
   uint64_t stamp; /* time of birth: the smaller the older */
   struct kdrm_resv **held;
   unsigned count, capacity;
   struct kdrm_resv *contended; /* to be waited for with nothing held */
   unsigned retries;
};

/*    kdrm_exec_init(&e);
 *    do {
 *       ret = kdrm_exec_lock(&e, a);
 *       if (!ret)
 *          ret = kdrm_exec_lock(&e, b);
 *    } while (kdrm_exec_retry(&e, ret));
 *    ...
 *    kdrm_exec_finish(&e); */
void kdrm_exec_init(struct kdrm_exec *e);
/* 0: held, maybe already; -EDEADLK: everything must be let go, ask
 * kdrm_exec_retry; -ENOMEM. */
int kdrm_exec_lock(struct kdrm_exec *e, struct kdrm_resv *r);
/* As above, but -EBUSY where it would have to wait: for who wants any object
 * and not this one. */
int kdrm_exec_trylock(struct kdrm_exec *e, struct kdrm_resv *r);
/* True after -EDEADLK: all has been let go but for the one that was waited for;
 * lock them all again. */
bool kdrm_exec_retry(struct kdrm_exec *e, int ret);
static inline bool
kdrm_exec_holds(const struct kdrm_exec *e, struct kdrm_resv *r)
{
   return __atomic_load_n(&r->holder, __ATOMIC_RELAXED) == e;
}
/* Lets go of all. */
void kdrm_exec_finish(struct kdrm_exec *e);

#endif
