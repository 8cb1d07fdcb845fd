/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A driver for tests of kdrm_gpusvm and kdrm_pagemap, on the real memory of
 * this process: its page table is an array, its copy engine memcpy, its TLB a
 * mutex. */
#ifndef KDRM_GPUSVM_RIG_H
#define KDRM_GPUSVM_RIG_H

/* cmocka.h wants these in this order */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <pthread.h>

#include "kernel/drm/kdrm_gpusvm.h"

#define PG         KMM_PAGE_SIZE
#define GRANULE    (2ull << 20)
#define GPU_PAGES  (16 * 512) /* 32 MiB of address space with a page table */
#define MAX_BLOCKS 16

/* Each is a card; two of them may share the process. */
struct gpu {
   struct kmm_mm *mm;
   struct gpu *peer; /* NULL: alone */
   struct kdrm_gpusvm *svm;
   struct kdrm_pagemap pm;
   uint8_t *vram;
   bool block_used[MAX_BLOCKS];
   unsigned num_blocks;
   _Atomic unsigned blocks_in_use; /* looked at without the lock */
   uint64_t start;                 /* of the address space with a page table */
   pthread_mutex_t lock;
   uint64_t pte[GPU_PAGES];
   unsigned map_calls, unmap_calls;
   _Atomic unsigned moved_back;
   _Atomic bool fail_copy;
   /* Called when a block is asked for, with how often it has been. */
   void (*on_alloc)(struct gpu *g, unsigned times);
   unsigned alloc_calls;
   unsigned
      map_room; /* pages that the next map writes before it fails; 0: all */
   /* Copies wait for gpu_copy_go (or are done at once). */
   bool hold_copies;
   pthread_cond_t copy_go;
   unsigned refs; /* of the mirror, by migrations in the background */
   _Atomic unsigned free_delay_us; /* that giving VRAM back takes */
   char *app;
   size_t app_B;
};

extern const struct kdrm_gpusvm_ops gpu_svm_ops; /* driver_data: struct gpu */
extern const struct kdrm_pagemap_ops gpu_pagemap_ops;

/* cmocka fixtures: *state is a struct gpu *. */
int gpu_setup_plain(void **state);
int gpu_setup_coherent(void **state);
int gpu_setup_small(void **state);
int gpu_setup_small_coherent(void **state);
int gpu_setup_upstream(void **state);
int gpu_setup_learning(void **state);
int gpu_setup_exclusive(void **state);
/* Two cards, *state is the first: with and without leave to map each other's
 * pages. The first migrates on faults in `peers_on_fault`. */
int gpu_setup_peers(void **state);
int gpu_setup_peers_on_fault(void **state);
int gpu_setup_strangers(void **state);
int gpu_teardown(void **state);
int gpu_teardown_rest(void **state); /* mirror and pagemap have ended */
/* Its place in the page table, or NULL. Under g->lock. */
uint64_t *gpu_pte_at(struct gpu *g, uint64_t va);
/* What the host refuses becomes a GPU fault. Anew in each test: cmocka has
 * handlers. */
void gpu_guard_accesses(void);
/* From the program; sorts. */
void gpu_batch(struct gpu *g, struct kdrm_gpusvm_fault *f, unsigned n);
/* Pages moved, or -errno. */
int gpu_migrate(struct gpu *g, bool to_system, void *start, uint64_t size_B);
/* As gpu_migrate to VRAM, but returns when the copies have begun. */
int gpu_migrate_begin(struct gpu *g, void *start, uint64_t size_B);
void gpu_migrate_wait(struct gpu *g, void *start, uint64_t size_B);
void gpu_copy_go(struct gpu *g);
/* As the GPU, with faults as needed: 0 or -errno. */
int gpu_add(struct gpu *g, void *at, uint32_t n);
int gpu_read(struct gpu *g, void *at, uint32_t *value_out);
/* By an ordinary store: the word is nobody else's. */
int gpu_store_add(struct gpu *g, void *at, uint32_t n);
/* The PTE that the GPU has, 0: none. */
uint64_t gpu_pte(struct gpu *g, void *at);
void gpu_sync(struct gpu *g);
struct kdrm_gpusvm_stats gpu_stats(struct gpu *g);
/* Byte of kdrm_gpusvm_query. */
uint8_t gpu_state(struct gpu *g, void *at);
bool gpu_is_uffd(struct gpu *g);
/* Ends the mirror and the pagemap; from inside util_svc_call. */
void gpu_destroy_inside(void *gpu);

#define WITH(test, setup)                                                      \
   {                                                                           \
#test " (" #setup ")", test, gpu_##setup, gpu_teardown, NULL             \
   }

#endif
