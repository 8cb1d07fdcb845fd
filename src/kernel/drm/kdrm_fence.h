/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Fences (≙ dma-fence). One starts pending and is signalled once, with an error
 * or without. Its lock is innermost of all; callbacks run on the signalling
 * thread without any lock held here. */
#ifndef KDRM_FENCE_H
#define KDRM_FENCE_H

#include <pthread.h>
#include <stdatomic.h>

#include "util/util_list.h"

struct kdrm_fence {
   _Atomic unsigned refs;
   pthread_mutex_t lock;
   pthread_cond_t cond;
   _Atomic bool signalled;
   bool callbacks_done;
   int error;                  /* 0 or -errno; valid once signalled */
   struct util_list callbacks; /* kdrm_fence_cb.link */
   struct util_list link;      /* the creator's: list of pending fences */
   uint64_t context, seqno;    /* fences of one context signal in order */
};

/* Owned by the caller of kdrm_fence_add_cb until `func` has been called or
 * kdrm_fence_remove_cb has returned true. */
struct kdrm_fence_cb {
   void (*func)(struct kdrm_fence *fence, struct kdrm_fence_cb *cb);
   struct util_list link;
};

/* One reference. NULL without memory. */
struct kdrm_fence *kdrm_fence_create(uint64_t context, uint64_t seqno);
struct kdrm_fence *kdrm_fence_get(struct kdrm_fence *f); /* NULL: NULL */
void kdrm_fence_put(struct kdrm_fence *f);               /* NULL: nothing */

/* A second signal is ignored. The caller holds a reference. */
void kdrm_fence_signal(struct kdrm_fence *f, int error);
static inline bool
kdrm_fence_is_signalled(struct kdrm_fence *f)
{
   return atomic_load_explicit(&f->signalled, memory_order_acquire);
}

/* 0: signalled, with or without error; -ETIME: not within `timeout_ns`
 * (0: only look; UINT64_MAX: for ever). */
int kdrm_fence_wait(struct kdrm_fence *f, uint64_t timeout_ns);

/* False: already signalled, `func` will not be called. */
bool kdrm_fence_add_cb(struct kdrm_fence *f, struct kdrm_fence_cb *cb);
/* True: removed before it ran; else it has returned. Not from a callback. */
bool kdrm_fence_remove_cb(struct kdrm_fence *f, struct kdrm_fence_cb *cb);

#endif
