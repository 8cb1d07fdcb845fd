/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What both hosts on the real process share: mappings, presence, faulting in. */
#ifndef KMM_HOST_PROCESS_H
#define KMM_HOST_PROCESS_H

#include "kernel/mm/kmm_priv.h"

struct kmm_host_process {
   struct kmm_host base;
   int maps_fd, pagemap_fd;
   bool no_query;    /* no PROCMAP_QUERY: Linux before 6.11 */
   bool no_populate; /* no MADV_POPULATE_*: Linux before 5.14 */
};

/* 0 or -errno. */
int kmm_host_process_init(struct kmm_host_process *h);
void kmm_host_process_finish(struct kmm_host_process *h);
/* Excludes the loaded libraries' data from migration, once mm exists. */
/* 0 or -ENOMEM. */
int kmm_host_process_exclude_libraries(struct kmm_mm *mm);

int kmm_host_process_vma_find(struct kmm_host *h, uint64_t cpu_va,
                              struct kmm_vma *vma_out);
int kmm_host_process_populate(struct kmm_host *h, uint64_t start, uint64_t end,
                              bool write);
void kmm_host_process_present(struct kmm_host *h, uint64_t start, unsigned n,
                              uint64_t *bits_out);

#endif
