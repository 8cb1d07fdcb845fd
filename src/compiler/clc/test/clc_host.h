/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Runs clc's output on the host, without nvir, simulator or GPU: LLVM compiles
 * the program for the CPU, and the intrinsics of clc_intrinsics.h are C
 * functions here. Each work-item is a coroutine; shuffles, votes and barriers
 * wait for the rest of the warp or group. One launch at a time. */
#ifndef CLC_HOST_H
#define CLC_HOST_H

#include "compiler/clc/clc.h"

struct clc_host_launch {
   const char *kernel;
   uint32_t groups[3], local[3]; /* 0 counts as 1 */
   uint32_t global_offset[3];
   /* Argument block; pointers are host pointers, __local ones too. */
   const void *args;
   size_t args_size_B;
   void *printf_buffer; /* or NULL */
};

struct clc_host_program;

/* NULL if the blob cannot be compiled for the host. */
struct clc_host_program *clc_host_create(const struct clc_blob *program);
void clc_host_destroy(struct clc_host_program *p);
/* Fences that were executed by the launch, by level: what the C11 atomics'
 * orders and scopes came to. */
struct clc_host_fences {
   unsigned cta, gl, sys;
};
struct clc_host_fences clc_host_run(struct clc_host_program *p,
                                    const struct clc_host_launch *launch);

#endif
