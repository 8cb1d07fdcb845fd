/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A device for tests of kernel/mm: a few MiB of memory, one page table over one
 * range of the process, and the plainest driver that the contract of kmm.h
 * allows. */
#ifndef KMM_TEST_DEV_H
#define KMM_TEST_DEV_H

#include <pthread.h>

#include "kernel/mm/kmm.h"

#define TEST_DEV_PAGES 2048

struct test_dev {
   struct kmm_pagemap pm;
   struct kmm_mm *mm;
   uint8_t *vram;
   pthread_mutex_t lock; /* pages */
   bool used[TEST_DEV_PAGES];
   struct kmm_dpage pages[TEST_DEV_PAGES];
   unsigned num_used;
   /* Orders of the test to the thread that brings pages home. */
   _Atomic bool fail_copy;
   _Atomic bool skip_odd; /* the driver gives no page for every second one */
   /* Called once, when a migration has been copied and not yet installed. */
   void (*midway)(void *data);
   void *midway_data;
   /* Called when a CPU touch has brought pages home, before the service looks
    * what has become of them; once. */
   void (*at_home)(void *data);
   void *at_home_data;

   /* the mirror of [start, end) */
   struct kmm_notifier notifier;
   uint64_t start, end;
   pthread_mutex_t pte_lock; /* held over an access: its release is the TLB's */
   uint64_t *pte;            /* KMM_PFN_* words */
   unsigned events[5];       /* invalidations by kmm_event */
   unsigned faults;
};

/* All of these may be called from any thread; they go through util_svc_call. */
struct test_dev *test_dev_create(struct kmm_mm *mm);
/* Pages that were not given back: 0. */
unsigned test_dev_destroy(struct test_dev *dev);
void test_dev_mirror(struct test_dev *dev, void *start, uint64_t size_B);
void test_dev_unmirror(struct test_dev *dev);

/* Pages moved, or -errno. Any range. */
int test_dev_migrate(struct test_dev *dev, enum kmm_direction dir, void *start,
                     uint64_t size_B);
/* Atomic add on the 32-bit word at cpu_va by the device; faults as needed. 0 or
 * the error of kmm_hmm_range_fault. Within the mirror. */
int test_dev_add(struct test_dev *dev, void *cpu_va, uint32_t n);
int test_dev_read(struct test_dev *dev, void *cpu_va, uint32_t *value_out);
/* hmm over pages of the mirror: 0 or -errno; pfns_out may be NULL. */
int test_dev_hmm(struct test_dev *dev, void *start, unsigned n, uint64_t flags,
                 uint64_t *pfns_out);
void test_dev_sync(struct test_dev *dev);
unsigned test_dev_used(struct test_dev *dev);

#endif
