/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* An OpenCL program of the plainest sort, to be run with another vendor's driver
 * on the simulated card. Whatever fails ends the process with one line. */
#ifndef MESA_CLIENT_H
#define MESA_CLIENT_H

#include "compare.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <CL/cl.h>

struct client {
   cl_device_id device;
   cl_context context;
   cl_command_queue queue;
   bool clover; /* an OpenCL 1.1 driver with defects, see the cases */
   bool images, doubles;
   bool raw_pointers; /* kernels take any pointer of this process */
};

void check(cl_int error, const char *what);

void client_init(struct client *c, unsigned index);
void client_finish(struct client *c);

cl_kernel client_kernel(struct client *c, const char *source, const char *name);
void client_kernel_release(cl_kernel kernel);

/* Arguments of one launch, set in order. */
struct call {
   struct client *client;
   cl_kernel kernel;
   cl_uint next;
};
struct call call_begin(struct client *c, const char *source, const char *name);
void call_value(struct call *call, const void *value, size_t size_B);
void call_buffer(struct call *call, cl_mem buffer);
void call_pointer(struct call *call, const void *pointer);
void call_local(struct call *call, size_t size_B);
/* Launches, waits and releases the kernel. Sizes: `dims` of each; local may be
 * NULL. */
void call_run(struct call *call, unsigned dims, const size_t *global,
              const size_t *local);
void call_run1(struct call *call, size_t global, size_t local);

/* A buffer with a copy of `data` (NULL: undefined contents). */
cl_mem buffer_of(struct client *c, const void *data, size_t size_B);
void buffer_read(struct client *c, cl_mem buffer, void *data, size_t size_B);
/* Reads the rest of the buffer's life. */
void buffer_take(struct client *c, cl_mem buffer, void *data, size_t size_B);

void all_ops(struct client *c); /* ops.c */
/* images.c */
void image_formats(struct client *c);
void image_kinds(struct client *c);
void image_samplers(struct client *c);

struct test_case {
   const char *name;
   void (*run)(struct client *c);
   bool not_for_clover, needs_images, needs_raw_pointers;
};
extern const struct test_case test_cases[]; /* ends with a NULL name */

#endif
