/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The intrinsics of clc_intrinsics.h as LLVM functions. */
#ifndef CLC_INTRINSICS_LLVM_H
#define CLC_INTRINSICS_LLVM_H

#include <stdbool.h>

#include <llvm-c/Core.h>

#include "compiler/clc/clc_intrinsics.h"

bool clc_intrinsic_exists(const char *name);
/* Gives an intrinsic's declaration and calls their class's attributes; leaves
 * other functions alone. */
void clc_intrinsic_annotate(LLVMValueRef fn);
/* The function, declared and annotated if the module does not have it. */
LLVMValueRef clc_intrinsic_declare(LLVMModuleRef module, const char *name,
                                   LLVMTypeRef result, LLVMTypeRef *params,
                                   unsigned num_params);

#endif
