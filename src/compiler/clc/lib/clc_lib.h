/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Common to the files of the builtin library, which are OpenCL C 3.0 with the
 * base header and without clang's declared builtins: what a file calls it
 * declares. Functions here win over libclc's of the same name. */
#ifndef CLC_LIB_H
#define CLC_LIB_H

#include "clc_c0.h" /* NVIR_C0_*, made from nvir.h at build time */

#include "compiler/clc/clc_intrinsics.h"

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

/* A builtin: mangled like clang's own declarations of them. */
#define BUILTIN __attribute__((overloadable, always_inline))
/* A builtin of libclc or of another file. */
#define EXTERNAL __attribute__((overloadable))
/* Not seen by users, C linkage. */
#define HELPER __attribute__((always_inline)) static inline

/* Constant bank words are never written during a launch: `const`. */
#define C0_U32(offset_B) __nvir_c0_u32(offset_B)
#define C0_U64(offset_B) __nvir_c0_u64(offset_B)

#endif
