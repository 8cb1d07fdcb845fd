/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Physical memory, VRAM or GART: a buddy allocator over offsets of one memory
 * file. Free memory is zero: what leaves a buffer never shows in the next. */
#ifndef KMD_HEAP_H
#define KMD_HEAP_H

#include <pthread.h>

#include "util/util_macros.h"

#define KMD_PAGE_SHIFT 12
#define KMD_PAGE_B     4096ull
#define KMD_PAGE_64K_B 65536ull
#define KMD_PAGE_2M_B  (2ull << 20)

#define KMD_HEAP_ORDERS 19 /* 4 KiB .. 1 GiB */

struct kmd_heap_page {
   uint32_t prev, next; /* in the free list of its order, page index + 1 */
   uint8_t order;       /* of the block that begins here */
   bool free;           /* a free block begins here */
};

struct kmd_heap {
   pthread_mutex_t lock; /* leaf */
   int fd;               /* memory file; owned by the creator */
   uint8_t *cpu;         /* all of it, mapped; bus address 0 of the heap */
   uint64_t size_B, used_B;
   uint64_t reserve_B; /* only for KMD_HEAP_KERNEL */
   uint32_t npages;
   uint32_t free_head[KMD_HEAP_ORDERS]; /* page index + 1; 0: none */
   struct kmd_heap_page *pages;
};

/* A run of physical memory, offset from the heap's start. */
struct kmd_extent {
   uint64_t off, size_B;
};

#define KMD_HEAP_KERNEL (1u << 0) /* may take from the reserve */

/* `size_B` is a multiple of 4 KiB. `fd` and `cpu` must outlive the heap. */
int kmd_heap_init(struct kmd_heap *h, int fd, void *cpu, uint64_t size_B,
                  uint64_t reserve_B);
void kmd_heap_finish(struct kmd_heap *h); /* nothing may be in use */

/* 4 KiB << order, aligned to its size. -ENOMEM. */
int kmd_heap_alloc_block(struct kmd_heap *h, unsigned order, unsigned flags,
                         uint64_t *off_out);
void kmd_heap_free_block(struct kmd_heap *h, uint64_t off, unsigned order);

/* `size_B` in as few runs as there are, largest first; sizes are powers of two
 * and each run is aligned to its size. The array belongs to the caller
 * (kmd_heap_free). -ENOMEM. */
int kmd_heap_alloc(struct kmd_heap *h, uint64_t size_B, unsigned flags,
                   struct kmd_extent **extents_out, unsigned *count_out);
void kmd_heap_free(struct kmd_heap *h, struct kmd_extent *extents,
                   unsigned count);

uint64_t kmd_heap_used_B(struct kmd_heap *h);

#endif
