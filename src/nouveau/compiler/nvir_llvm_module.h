/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Reading and preparing LLVM modules. */
#ifndef NVIR_LLVM_MODULE_H
#define NVIR_LLVM_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include <llvm-c/Core.h>

#include "util/util_buf.h"

/* Bitcode, or LLVM's text (for tests). 0, -ENOEXEC with a line in `log`. */
int nvir_llvm_read(LLVMContextRef ctx, const void *data, size_t size_B,
                   struct util_buf *log, LLVMModuleRef *module_out);
/* Inlines what is left, and gives the CFG the shape nvir_from_llvm takes. 0 or
 * -EINVAL. */
int nvir_llvm_prepare(LLVMModuleRef module, struct util_buf *log);
int nvir_llvm_optimize(LLVMModuleRef module, struct util_buf *log);
/* Makes every branch meet its other side before anything else happens. */
int nvir_llvm_structurize(LLVMModuleRef module, struct util_buf *log);
bool nvir_llvm_is_kernel(LLVMValueRef func);

#endif
