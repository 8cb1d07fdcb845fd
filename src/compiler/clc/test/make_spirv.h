/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef MAKE_SPIRV_H
#define MAKE_SPIRV_H

#include "compiler/clc/clc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* OpenCL C 3.0 → SPIR-V by clang and the translator, as an offline compiler
 * would do. False with messages on stderr. */
bool make_spirv(const char *source, struct clc_blob *spirv_out);

#ifdef __cplusplus
}
#endif
#endif
