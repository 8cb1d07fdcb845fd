/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A device for the front end's unit tests: memory is the process's, "kernels"
 * are C functions, and a thread runs what was flushed, in order, while the gate
 * is open. Each test process has one or two of them behind opencl_env, and a
 * toy compiler.
 *
 * Program text: lines "kernel NAME ARGS" with ARGS of g (global), c (constant),
 * l (local) and digits (a value of that many bytes), e.g. "kernel add gg4"; an
 * attribute line "reqd X Y Z" is for the next kernel. "#error" fails to
 * compile, "unresolved" to link. */
#ifndef FAKE_SCREEN_H
#define FAKE_SCREEN_H

#include <pthread.h>

#include "pipe/p_context.h"
#include "pipe/p_screen.h"
#include "util/util_list.h"

struct fake_launch {
   char kernel[32];
   struct pipe_grid_info info; /* input points to a copy */
   char input[256];
};

typedef void (*fake_kernel)(struct fake_launch *launch);

struct fake_config {
   bool svm_system, svm_buffer, svm_atomics;
   bool svm_apart;      /* devices cannot share memory */
   bool svm_first_only; /* svm_buffer is the first device's alone */
   bool no_compiler;
   unsigned num_devices;
};

/* Before the first call of OpenCL. */
extern struct fake_config fake_config;

struct fake_screen {
   struct pipe_screen base;
   pthread_mutex_t lock;
   pthread_cond_t cond;
   pthread_t thread;
   struct util_list jobs;
   bool open; /* the gate */
   bool stop;
   unsigned flushes, launches, contexts, lost_contexts, fences_alive,
      migrations;
   int resources_alive; /* atomic */
   struct fake_launch last;
   struct pipe_svm_event events[256];
   unsigned num_events;
};

/* The i-th device's screen, after clGetDeviceIDs. */
struct fake_screen *fake_screen(unsigned i);
void fake_register_kernel(const char *name, fake_kernel fn);
/* Closed: nothing that is flushed gets done. */
void fake_gate(struct fake_screen *s, bool open);
/* From a kernel: the context dies here. */
void fake_fault(const char *message);
void fake_add_event(struct fake_screen *s, enum pipe_svm_event_kind kind,
                    const void *address, uint64_t pages);
unsigned fake_flushes(struct fake_screen *s);

#endif
