/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Threads that do to memory whatever a program may, while kernels use the same
 * memory, with a model of every byte.
 *
 * The memory is an arena of pages. Page p belongs to worker p % workers: only
 * he changes it, by CPU, GPU or system call, and so knows what must be in it.
 * Neighbouring pages belong to different workers, so that all of them meet in
 * each 2 MiB granule, and a migrating thread moves everything all the time. A
 * chain of nodes lies in pages of the last worker and is chased by kernels. */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <CL/cl.h>

#define PAGE       4096u
#define PAGE_WORDS (PAGE / 4)
#define MAX_CARDS  8

/* What must be in a page: words f(seed, i), changed `steps` times by kernels. */
struct model {
   uint32_t seed; /* 0: all zero */
   uint32_t steps;
   bool mapped, writable;
};

struct stress {
   cl_context ctx;
   cl_program program;
   cl_device_id devices[MAX_CARDS];
   unsigned num_devices;
   char *arena;   /* 2 MiB aligned; a page a worker follows */
   cl_mem buffer; /* around it: OpenCL migrates what it knows */
   unsigned num_pages, num_workers;
   struct model *models;
   uint64_t seed;
   _Atomic bool stop;
   _Atomic uint64_t operations; /* all threads: the watchdog looks at it */
   atomic_flag forking;
};

/* One thread's own. */
struct worker {
   struct stress *s;
   unsigned nr, card;
   uint64_t random;
   cl_command_queue queue;
   cl_kernel step, chase;
   uint64_t done[16]; /* operations by kind */
};

void stress_fail(const char *fmt, ...)
   __attribute__((format(printf, 1, 2), noreturn));
void stress_cl(cl_int err, const char *what);
uint32_t stress_random(struct worker *w, uint32_t below);

uint32_t stress_word(const struct model *m, unsigned i);
/* Every byte of the page, by the CPU. */
void stress_check_page(const struct stress *s, unsigned page);
void stress_fill_page(struct stress *s, unsigned page, uint32_t seed);

void worker_open(struct worker *w);
void worker_close(struct worker *w);

/* Thread bodies; the argument is a struct worker. */
void *stress_pages(void *arg);   /* operations on own pages */
void *stress_chase(void *arg);   /* kernels along a chain of nodes */
void *stress_migrate(void *arg); /* sends everything to and fro */
void *stress_heap(void *arg);    /* malloc, free and kernels on the heap */

#endif
