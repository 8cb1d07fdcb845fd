/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Hardware channels: instance block, USERD, GPFIFO ring, submission, fences and
 * death (≙ nouveau_chan, nouveau_fence, nv84_fence).
 *
 * A fence is a sequence number that the host engine writes to the channel's
 * fence page behind the work, waiting for idle, and a non-stall interrupt. */
#ifndef KMD_CHAN_H
#define KMD_CHAN_H

#include "kmd_priv.h"

#include <stdatomic.h>

#include "kernel/drm/kdrm_sched.h"

struct kmd_bo;
struct kmd_vma;

/* GPFIFO entries; a submission needs one a push and one for its fence. */
#define KMD_CHAN_RING_ENTRIES 1024
/* What EXEC may bring, as upstream: half the ring, and room for the fence. */
#define KMD_CHAN_MAX_PUSHES (KMD_CHAN_RING_ENTRIES / 2 - 1)

struct kmd_push {
   uint64_t gpu_va;
   uint32_t size_B;
   bool no_prefetch;
};

struct kmd_chan {
   _Atomic unsigned refs;
   struct kmd *kmd;
   struct kmd_vmm *vmm; /* referenced */
   struct kmd_svm *svm; /* referenced, or NULL */
   unsigned chid;
   uint64_t inst_off;  /* instance block, in VRAM */
   uint64_t userd_off; /* in VRAM */
   struct kmd_bo *bo;  /* ring, fence methods, fence page: see kmd_chan.c */
   struct kmd_vma *vma;

   struct kdrm_entity entity; /* jobs of EXEC */

   pthread_mutex_t lock; /* submission */
   uint32_t put;         /* GPFIFO index */

   pthread_mutex_t fence_lock; /* leaf */
   uint64_t fence_context;
   uint32_t fence_seq;       /* last emitted */
   struct util_list pending; /* kdrm_fence.link, in order */
   uint64_t head_since_ns;   /* the first of them is what the card works on */
   struct kdrm_fence *last;  /* referenced, or NULL */
   bool killed;              /* under fence_lock; never back */
   bool has_error;
   struct drm_nouveau_channel_error error; /* with has_error */
};

/* Enabled and ready. -ENOSPC: no channel left; -ENOMEM. `svm` may be NULL. A
 * privileged channel may use physical addresses: the kernel's own alone. */
int kmd_chan_create(struct kmd *kmd, struct kmd_vmm *vmm, struct kmd_svm *svm,
                    bool privileged, struct kmd_chan **chan_out);
/* Waits for its work, 15 s at most, then ends it; fences still pending are
 * signalled with -ENODEV. Drops the creator's reference. */
void kmd_chan_destroy(struct kmd_chan *chan);
struct kmd_chan *kmd_chan_get(struct kmd_chan *chan);
void kmd_chan_put(struct kmd_chan *chan);

/* The channel of an instance block, or of an id; referenced, or NULL. */
struct kmd_chan *kmd_chan_of_inst(struct kmd *kmd, uint64_t inst_off);
struct kmd_chan *kmd_chan_of_chid(struct kmd *kmd, unsigned chid);

/* Queues n pushes, 0 < n <= NOUVEAU_GEM_MAX_PUSH, and a fence behind. May wait
 * for room. -ENODEV: killed; -ENOMEM. One reference to the fence. */
int kmd_chan_submit(struct kmd_chan *chan, const struct kmd_push *pushes,
                    unsigned n, struct kdrm_fence **fence_out);
/* The same with a fence (0, 0) of the caller's, for who may not fail for lack
 * of memory. */
int kmd_chan_submit_with(struct kmd_chan *chan, const struct kmd_push *pushes,
                         unsigned n, struct kdrm_fence *fence);
/* NULL: n pushes can be queued at once; else what to wait for, referenced. */
struct kdrm_fence *kmd_chan_no_room(struct kmd_chan *chan, unsigned n);
/* Of the newest submission, referenced, or NULL. */
struct kdrm_fence *kmd_chan_last_fence(struct kmd_chan *chan);
bool kmd_chan_is_killed(struct kmd_chan *chan);
/* 0, or -ENODATA while it lives or died without an error of its own. */
int kmd_chan_get_error(struct kmd_chan *chan,
                       struct drm_nouveau_channel_error *error_out);

/* Signals what the card has finished; the irq thread's work. */
void kmd_fences_update(struct kmd *kmd);
/* Kills the channels that the card reports errors of; the work thread's. */
void kmd_chan_handle_errors(struct kmd *kmd);

#endif
