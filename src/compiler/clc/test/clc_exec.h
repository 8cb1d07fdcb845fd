/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* For tests of what kernels compute: OpenCL C to a run on the host. */
#ifndef CLC_EXEC_H
#define CLC_EXEC_H

#include "clc_host.h"
#include "clc_test_util.h"

/* Fails the test, with the log, unless the source builds. */
struct clc_host_program *clc_exec_build(const char *source,
                                        const char *options);

/* A kernel on one dimension; `args` as in struct clc_host_launch. */
struct clc_host_fences clc_exec_run(struct clc_host_program *p,
                                    const char *kernel, unsigned groups,
                                    unsigned local, const void *args,
                                    size_t args_size_B);

#endif
