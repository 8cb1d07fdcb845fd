/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A made-up address space below kmm, for tests: one thread, no userfaultfd,
 * every interleaving on purpose. A test may change mappings between the steps
 * of a migration, which on the real process is a matter of luck.
 *
 * CPU accesses are calls. One that would have to wait (for a migration that is
 * under way) answers -EAGAIN. All calls from inside util_svc_call. */
#ifndef KMM_MODEL_H
#define KMM_MODEL_H

#include "kernel/mm/kmm.h"

struct kmm_model;

/* Pages [base, base + pages * 4 KiB), nothing mapped. Goes into
 * kmm_config.model and is destroyed with the mm. `seed`: the host says "not
 * now" at random; 0: never. */
int kmm_model_create(uint64_t base, unsigned pages, unsigned seed,
                     struct kmm_model **model_out);
struct kmm_host *kmm_model_host(struct kmm_model *m);

/* flags: KMM_VMA_READ, WRITE, SHARED. What was there is unmapped first. */
void kmm_model_map(struct kmm_model *m, uint64_t va, unsigned n,
                   uint32_t flags);
void kmm_model_unmap(struct kmm_model *m, uint64_t va, unsigned n);
void kmm_model_protect(struct kmm_model *m, uint64_t va, unsigned n,
                       uint32_t flags);
/* madvise(MADV_DONTNEED), and its halves: the event, which comes first, and
 * what the caller does when that has been read. */
void kmm_model_clear(struct kmm_model *m, uint64_t va, unsigned n);
void kmm_model_clear_tell(struct kmm_model *m, uint64_t va, unsigned n);
void kmm_model_clear_do(struct kmm_model *m, uint64_t va, unsigned n);
/* mremap; the ranges do not overlap. */
void kmm_model_remap(struct kmm_model *m, uint64_t from, uint64_t to,
                     unsigned n);
/* A pinned page cannot be isolated. */
void kmm_model_pin(struct kmm_model *m, uint64_t va, bool pinned);

/* The CPU's access to a 32-bit word: 0, -EFAULT (SIGSEGV), -EAGAIN (would
 * wait). */
int kmm_model_cpu(struct kmm_model *m, uint64_t va, bool write,
                  uint32_t *value);
/* A device's access by bus address: as the CPU's, but -EFAULT as well where a
 * page is missing in a watched range: a device must not get there. */
int kmm_model_bus(struct kmm_model *m, uint64_t va, bool write,
                  uint32_t *value);

#endif
