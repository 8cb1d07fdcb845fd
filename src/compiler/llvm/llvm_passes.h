/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* LLVM's own passes with the costs of a GPU, for both halves of the compiler. */
#ifndef LLVM_PASSES_H
#define LLVM_PASSES_H

#include <llvm-c/Core.h>

/* Runs a pipeline in opt's notation over the module. NULL, or what was wrong, to
 * be freed with LLVMDisposeMessage. Any thread, a context of its own each. */
char *llvm_passes_run(LLVMModuleRef module, const char *passes);

#endif
