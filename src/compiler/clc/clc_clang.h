/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* clang in process: the only C++ behind this header. Threads: any. */
#ifndef CLC_CLANG_H
#define CLC_CLANG_H

#include "compiler/clc/clc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The name the user's source has in messages and in __FILE__. */
#define CLC_CLANG_SOURCE_NAME "program.cl"
/* Where the embedded headers of clCompileProgram appear to lie, and the base
 * header of the language. */
#define CLC_CLANG_HEADER_DIR  "/partage/include"
#define CLC_CLANG_BASE_HEADER "/partage/opencl-c-base.h"

/* Runs cc1 with `argv` (without the program name and the input). Returns 0 and
 * malloc'ed bitcode, or -EINVAL. Diagnostics, malloc'ed, in either case.
 *
 * clang recurses as deep as a program nests, and does not look where it is.
 * With `guarded` a program that is larger or nested deeper than any that was
 * written by hand gets -E2BIG before it can do harm. To be called on an
 * LLVM_STACK_B. */
int clc_clang_compile(const char *const *argv, unsigned argc,
                      const char *source, const struct clc_header *headers,
                      unsigned num_headers, bool guarded,
                      struct clc_blob *object_out, char **diagnostics_out);

#ifdef __cplusplus
}
#endif
#endif
