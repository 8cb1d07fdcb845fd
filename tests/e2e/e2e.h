/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the end-to-end tests share: a context on our device through the system's
 * OpenCL loader, kernels from source, and checks that say where they failed. */
#ifndef E2E_H
#define E2E_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "partage/cl_partage.h"

struct e2e {
   cl_platform_id platform;
   cl_device_id device;
   cl_context context;
   cl_command_queue queue;
   char notify[512]; /* last text the context callback got */
};

/* cmocka fixture: *state is a struct e2e *. */
int e2e_setup(void **state);
int e2e_teardown(void **state);

/* Fails the test with the build log if it does not build. */
cl_program e2e_program(struct e2e *e, const char *source, const char *options);
/* A kernel of a program made from `source`; the kernel keeps the program alive.
 */
cl_kernel e2e_kernel(struct e2e *e, const char *source, const char *name);
/* 1-D launch and clFinish; returns what clFinish returned. */
cl_int e2e_run(struct e2e *e, cl_kernel kernel, size_t global, size_t local);
cl_int e2e_launch(cl_command_queue queue, cl_kernel kernel, size_t global,
                  size_t local, cl_event *event_out);
void e2e_arg_svm(cl_kernel kernel, cl_uint index, const void *ptr);
void e2e_arg(cl_kernel kernel, cl_uint index, size_t size_B, const void *value);
cl_device_svm_capabilities e2e_svm_caps(struct e2e *e);
struct cl_svm_counters_partage e2e_counters(struct e2e *e);

/* Reproducible random numbers; the seed is TEST_SEED or 1 and is printed. */
uint32_t e2e_seed(void);
uint32_t e2e_rand(uint32_t *state);

#define OK(call) assert_int_equal((call), CL_SUCCESS)

#endif
