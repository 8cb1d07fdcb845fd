/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Compilation in a process of its own, for input that clang or the SPIR-V
 * translator may not survive: Debian's translator aborts where it is surprised,
 * and both recurse as deep as their input. The process is partage-clc, which
 * lies beside the compiler module; it lives for one call and is limited in
 * memory and processor time, so that the worst a program can do is to fail its
 * build. */
#ifndef CLC_REMOTE_H
#define CLC_REMOTE_H

#include "compiler/clc/clc.h"

/* What one call asks for: OpenCL C, or SPIR-V (`source` NULL). */
struct clc_remote_request {
   struct clc_compile_args compile;
   const void *spirv;
   size_t spirv_size_B;
};

/* 0, -EINVAL and so on as clc_ops.compile and .from_spirv. -ENOENT: there is no
 * partage-clc, nothing was done. */
int clc_remote_call(const struct clc_remote_request *request,
                    struct clc_blob *object_out, char **log_out);

/* partage-clc: answers one request on the socket `fd` with what `run` makes. */
int clc_remote_serve(int fd,
                     int (*run)(const struct clc_remote_request *request,
                                struct clc_blob *object_out, char **log_out));

#endif
