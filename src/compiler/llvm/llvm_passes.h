/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* LLVM's own passes with the costs of a GPU, for both halves of the compiler. */
#ifndef LLVM_PASSES_H
#define LLVM_PASSES_H

#include <stdbool.h>

#include <llvm-c/Core.h>

/* Runs a pipeline in opt's notation over the module. NULL, or what was wrong, to
 * be freed with LLVMDisposeMessage. Any thread, a context of its own each. */
char *llvm_passes_run(LLVMModuleRef module, const char *passes);

/* Some function has so many loops (edges back in layout order) that LLVM's loop
 * passes should be left out: for each loop they forget what they know of all
 * that depends on it, which in a row of n loops is n² (LLVM 15: 3 s for 1000). */
#define LLVM_MANY_LOOPS 200
bool llvm_has_many_loops(LLVMModuleRef module);

#endif
