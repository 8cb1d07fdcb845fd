/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Replayable faults of all clients: one thread reads the card's ring and sorts
 * entries into a queue per client; workers serve one client each at a time, a
 * bounded batch, then the next client's turn comes (kernel.md L5). So a client
 * whose process is slow delays itself only.
 *
 * kmd_fault.c has the ring, the queues and the workers; kmd_fault_serve.c what
 * is done with a batch. */
#ifndef KMD_FAULT_H
#define KMD_FAULT_H

#include "kmd_svm.h"

#include "nouveau/headers/nv_fault.h"

#define KMD_FAULT_BATCH 1024 /* entries of one client in one turn */

struct kmd_fault_entry {
   struct util_list link; /* kmd_svm.faults or the free ones */
   struct nv_fault hw;
};

/* What a worker has taken; its own. */
struct kmd_fault_batch {
   struct kmd_svm *svm;
   unsigned count;
   bool replay; /* in any case: entries were dropped */
   struct kmd_fault_entry *entries[KMD_FAULT_BATCH];
   struct kdrm_gpusvm_fault faults[KMD_FAULT_BATCH];
};

void kmd_fault_serve(struct kmd *kmd, struct kmd_fault_batch *batch);

#endif
