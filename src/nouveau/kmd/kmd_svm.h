/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared virtual memory of one client: its mirror and its log (≙ nouveau_svm's
 * svmm). Referenced by the client, by each channel made after SVM_INIT, and by
 * the fault thread while it serves it: a close never pulls it away
 * (kernel.md §3.3, weak point of step 4). */
#ifndef KMD_SVM_H
#define KMD_SVM_H

#include "kmd_priv.h"

#include <stdatomic.h>

#include "kernel/drm/kdrm_gpusvm.h"

/* Kept for a reader, who comes every few milliseconds if he wants them all. */
#define KMD_SVM_EVENTS 16384

struct kmd_svm {
   _Atomic unsigned refs;
   struct kmd *kmd;
   struct kmd_vmm *vmm;   /* referenced */
   struct kmd_uvmm *uvmm; /* whose mappings share vmm with us; NULL: none */
   struct kdrm_gpusvm *mirror;
   uint64_t hole_start, hole_end; /* excluded from the process's memory */
   struct util_list link;         /* kmd_dmem.svms */

   /* Under the lock of kmd_fault.c. */
   struct util_list faults;     /* kmd_fault_entry.link: wait for their turn */
   struct util_list fault_link; /* in the line of those that have some */
   bool fault_serving, fault_dropped;
   uint64_t faults_queued, faults_served;

   pthread_mutex_t events_lock; /* leaf */
   struct drm_nouveau_svm_event events[KMD_SVM_EVENTS];
   unsigned first, count, lost;
   uint64_t totals[DRM_NOUVEAU_SVM_EVENT_KINDS];
};

struct kmd_svm *kmd_svm_get(struct kmd_svm *svm);
void kmd_svm_put(struct kmd_svm *svm); /* NULL: nothing */

/* The end of the card: its memory is the process's no more. */
void kmd_svm_unbind_process(struct kmd *kmd);

/* time_ns is filled in. Leaf: under any lock. */
void kmd_svm_log(struct kmd_svm *svm,
                 const struct drm_nouveau_svm_event *event);
/* For duration_ns, from util_time_ns() of the beginning. */
uint32_t kmd_svm_since(uint64_t start_ns);

int kmd_svm_init_ioctl(struct kdrm_file *, void *, size_t);
int kmd_svm_bind_ioctl(struct kdrm_file *, void *, size_t);
int kmd_svm_events_ioctl(struct kdrm_file *, void *, size_t);

/* Replayable faults (kmd_fault.c). */
int kmd_fault_init(struct kmd *kmd);
void kmd_fault_finish(struct kmd *kmd);
/* Ends its threads; before what they use goes away. */
void kmd_fault_stop(struct kmd *kmd);
/* The fault thread's work: gives what is in the ring to the workers. */
void kmd_fault_work(struct kmd *kmd);
/* All entries of the client that are in the ring now have been served when it
 * returns. Not from a thread of kmd_fault.c, nor with anything held that one
 * may want. */
void kmd_fault_flush(struct kmd_svm *svm);

#endif
