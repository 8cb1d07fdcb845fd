/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the files of the userfaultfd host share: kmm_host_uffd.c and its slots
 * (kmm_host_uffd_slots.c). */
#ifndef KMM_HOST_UFFD_PRIV_H
#define KMM_HOST_UFFD_PRIV_H

#include "kernel/mm/kmm_host_process.h"

#define NUM_ACTIVE 8  /* migrations at a time */
#define NUM_LEFT   32 /* slots with pages left behind: 64 MiB */
#define NUM_SLOTS  (NUM_ACTIVE + NUM_LEFT)
#define SLOT_SIZE  (KMM_MIGRATE_MAX_PG * KMM_PAGE_SIZE)

struct slot {
   bool active, staged; /* staged: has pages in the stage area */
   bool has_left;       /* some of `left` are set */
   uint64_t left[UTIL_BITSET_WORDS(KMM_MIGRATE_MAX_PG)]; /* present in limbo */
};

struct host_uffd {
   struct kmm_host_process proc;
   uint64_t debug;
   int uffd, stop_fd;
   pthread_t reader;
   bool running;
   char *limbo, *stage; /* NUM_SLOTS * SLOT_SIZE each; limbo is registered */
   char *nothing;       /* a page that nobody touches */
   pthread_mutex_t slot_lock;
   pthread_cond_t slot_free;
   unsigned num_active, num_left;
   struct slot slots[NUM_SLOTS];
};

static inline struct host_uffd *
uffd_of(struct kmm_host *h)
{
   return container_of(h, struct host_uffd, proc.base);
}

/* Page i of a slot belongs to page i of the 2 MiB block: huge pages stay whole.
 */
static inline char *
kmm_uffd_slot_page(char *area, int slot, uint64_t cpu_va)
{
   return area + slot * SLOT_SIZE + (cpu_va & (SLOT_SIZE - 1));
}

int kmm_uffd_register(struct host_uffd *u, uint64_t start, uint64_t end);
void kmm_uffd_unwatch(struct kmm_host *h, uint64_t start, uint64_t end);

/* As kmm_host_ops. */
int kmm_uffd_slot_get(struct kmm_host *h, enum kmm_direction direction);
void kmm_uffd_slot_put(struct kmm_host *h, int slot, uint64_t start,
                       uint64_t end);
void kmm_uffd_stage(struct kmm_host *h, int slot, uint64_t cpu_va,
                    struct kmm_migrate_page *mig);

#endif
