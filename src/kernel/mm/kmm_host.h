/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The host below kmm: what a CPU's page tables and Linux do for it. Three of
 * them: userfaultfd, coherent (both on the real process, sharing
 * kmm_host_process.c) and the model. */
#ifndef KMM_HOST_H
#define KMM_HOST_H

#include "kernel/mm/kmm.h"

struct kmm_host;

struct kmm_host_ops {
   enum kmm_host_kind kind;
   /* Starts to deliver touches and events to mm. 0 or -errno. */
   int (*start)(struct kmm_host *h, struct kmm_mm *mm);
   void (*stop)(struct kmm_host *h);
   void (*destroy)(struct kmm_host *h);
   void (*forked_child)(struct kmm_host *h);

   /* As kmm_vma_find without exclusions. */
   int (*vma_find)(struct kmm_host *h, uint64_t cpu_va,
                   struct kmm_vma *vma_out);
   /* Makes pages present (writable). Does not wait for mm->lock to be free of
    * the caller: hold none. -EFAULT: refused, -ENOMEM, -EAGAIN. */
   int (*populate)(struct kmm_host *h, uint64_t start, uint64_t end,
                   bool write);
   /* One bit a page, at most KMM_MIGRATE_MAX_PG. */
   void (*present)(struct kmm_host *h, uint64_t start, unsigned n,
                   uint64_t *bits_out);

   /* The rest: mm->lock held, but for the slots. */

   /* 0: touches of missing pages and events of [start, *end_out) are delivered
    * from now on, until an event says that the mapping is gone. Else they are
    * not, for whatever reason, and *end_out is where to go on. */
   int (*watch)(struct kmm_host *h, uint64_t start, uint64_t end,
                uint64_t *end_out);
   void (*unwatch)(struct kmm_host *h, uint64_t start, uint64_t end);
   void (*wake)(struct kmm_host *h, uint64_t start, uint64_t end);
   /* A zero page at cpu_va, and wake. */
   void (*fill)(struct kmm_host *h, uint64_t cpu_va);
   /* Touches of the missing page end in SIGBUS. */
   void (*poison)(struct kmm_host *h, uint64_t cpu_va);

   /* Room for one migration; waits. Slot number or -errno. No lock held. */
   int (*slot_get)(struct kmm_host *h, enum kmm_direction direction);
   /* [start, end) of a block is what it was used for. */
   void (*slot_put)(struct kmm_host *h, int slot, uint64_t start, uint64_t end);

   /* `busy`: refused because shared or pinned; may be asked again.
    * Takes the run of n pages from cpu_va out of the process (nobody but the
    * copy can write them any more) and sets `isolated`, `bus_va`, HOLE, STAYS
    * of mig[]. How many of the run it dealt with (>= 1), the first of them
    * possibly not isolated; 0 or -EAGAIN: let go of the lock and call again. */
   int (*isolate)(struct kmm_host *h, int slot, uint64_t cpu_va, unsigned n,
                  struct kmm_migrate_page *mig);
   /* Puts an isolated page back. 0, -EAGAIN as above. */
   int (*restore)(struct kmm_host *h, int slot, struct kmm_migrate_page *mig);

   /* TO_SYSTEM: where the copy of the page claimed at cpu_va goes (bus_va,
    * flags); one of the slot's for each page of its block. */
   void (*stage)(struct kmm_host *h, int slot, uint64_t cpu_va,
                 struct kmm_migrate_page *mig);
   /* Makes n staged pages, neighbours from mig->cpu_va, the process's. How many
    * were placed (>= 1); -EAGAIN as above; other errors: the first could not. */
   int (*place)(struct kmm_host *h, int slot, unsigned n,
                struct kmm_migrate_page *mig);

   /* May be NULL. The end of a page's migration: bus_va is not needed any more.
    * (The others do it for the whole slot.) */
   void (*release)(struct kmm_host *h, struct kmm_migrate_page *mig);
};

struct kmm_host {
   const struct kmm_host_ops *ops;
   struct kmm_mm *mm;
};

/* -ENOSYS, -EPERM: not granted here. */
int kmm_host_uffd_create(uint64_t debug, struct kmm_host **host_out);
int kmm_host_coherent_create(struct kmm_host **host_out);

#endif
