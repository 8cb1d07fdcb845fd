/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the files of the scenario runner share. Language: docs/testing.md. */
#ifndef SVM_SCENARIO_H
#define SVM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "partage/cl_partage.h"

#define PAGE        4096
#define MAX_REGIONS 26
#define MAX_WORDS   32
#define EXIT_SKIP   77

struct child; /* a process to look with */

struct region {
   char name[16];
   char *at;
   size_t pages;
   int fd; /* of file and memfd; else -1 */
   bool heap;
};

struct run {
   const char *file;
   unsigned line;
   cl_device_id device;
   cl_context context;
   cl_command_queue queue;
   cl_program program;
   cl_kernel put, add, inc, get;
   struct region regions[MAX_REGIONS];
   unsigned num_regions;
   /* the statement */
   char *word[MAX_WORDS];
   unsigned num_words, next;
   struct region *region;
   unsigned first, count;
   bool cancelled; /* it ended in a refused access */
   struct child *child;
   int pin_ring;
   struct cl_svm_counters_partage before;
};

/* Prints the line and exits with 1. */
void stop(struct run *r, const char *fmt, ...)
   __attribute__((format(printf, 2, 3), noreturn));
void cl_ok(struct run *r, const char *what, cl_int err);
/* The host cannot do this: exits with 77. */
void skip_scenario(struct run *r, const char *why) __attribute__((noreturn));

/* The next word; it is a mistake if there is none. */
const char *take(struct run *r);
bool take_if(struct run *r, const char *word);
void want(struct run *r, const char *word);
uint32_t take_number(struct run *r);
/* "A 3..7", "A 3", "A": into region, first, count. */
void take_pages(struct run *r);
char *page_at(struct run *r, unsigned i);

cl_command_queue new_queue(struct run *r);
void unmap_for_good(void *at, size_t size);

/* Statements (svm_regions.c). */
void do_map(struct run *r);
void do_svm(struct run *r);
void do_heap(struct run *r);
void do_alias(struct run *r);
void do_munmap(struct run *r);
void do_renew(struct run *r);
void do_protect(struct run *r);
void do_clear(struct run *r);
void do_move(struct run *r);
void do_lock(struct run *r);
void do_pin(struct run *r);
void do_unpin(struct run *r);
void do_forget(struct run *r);
void do_free(struct run *r);
void do_wp(struct run *r);
void do_vdso(struct run *r);
/* Statements (svm_access.c). */
void do_cpu(struct run *r);
void do_gpu(struct run *r);
void do_migrate(struct run *r);
void do_pipe(struct run *r);
void do_fork(struct run *r);
void do_child(struct run *r);
void do_file(struct run *r);
void do_race(struct run *r);
void do_spin(struct run *r);
void do_evict(struct run *r);

#endif
