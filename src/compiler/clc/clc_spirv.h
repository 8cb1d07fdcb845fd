/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* SPIR-V (kernels, versions 1.0 to 1.4) → an object as compile() makes it. */
#ifndef CLC_SPIRV_H
#define CLC_SPIRV_H

#include <stddef.h>
#include <stdint.h>

#include "compiler/clc/clc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clc_spirv_read.cpp: Khronos' translator. 0 and malloc'ed bitcode (no blob
 * header), or -EINVAL and a malloc'ed message. The module has SPIR's numbers
 * and names. */
int clc_spirv_read(const void *spirv, size_t size_B,
                   struct clc_blob *bitcode_out, char **why_out);

struct util_arena;
struct util_buf;
/* clc_spirv_lower.c: the words of a valid module, appended to `out` without what
 * the translator does not know. 0; -EINVAL; -E2BIG: there would be too many. */
int clc_spirv_lower(struct util_arena *arena, const uint32_t *words,
                    size_t num_words, struct util_buf *out);

/* clc_spirv_rename.c: the same module as clang would have made it for our
 * target, as text; malloc'ed. */
char *clc_spirv_rename(const char *ir);

#ifdef __cplusplus
}
#endif

struct clc_job;
/* clc_spirv.c: all of it. 0, -EINVAL or -ENOMEM; errors go to the log.
 * `exact_division`: as -cl-fp32-correctly-rounded-divide-sqrt asks. */
int clc_spirv_import(struct clc_job *job, const void *spirv, size_t size_B,
                     bool exact_division, struct clc_blob *object_out);

#endif
