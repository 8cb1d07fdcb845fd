/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What LLVM 15's C interface does not say (toolchain.md §4). */
#ifndef NVIR_LLVM_SHIM_H
#define NVIR_LLVM_SHIM_H

#include <stdbool.h>

#include <llvm-c/Core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `contract` (or `fast`) on a floating-point instruction. */
bool nvir_llvm_may_contract(LLVMValueRef inst);
/* `arcp` or `afn`: an approximate quotient or square root will do. */
bool nvir_llvm_may_approximate(LLVMValueRef inst);
LLVMAtomicOrdering nvir_llvm_fence_ordering(LLVMValueRef fence);

#ifdef __cplusplus
}
#endif

#endif
