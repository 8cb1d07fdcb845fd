/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* clang and LLVM recurse as deep as programs nest, and an application may call
 * us from a thread with very little stack. */
#ifndef LLVM_STACK_H
#define LLVM_STACK_H

#include <stddef.h>

/* Address space only; what is not touched costs nothing. */
#define LLVM_STACK_B ((size_t)256 << 20)

/* Runs `run(data)` on a stack of LLVM_STACK_B, waits, and returns what it
 * returns. Where no such thread is to be had it runs on the caller's. */
int llvm_stack_run(int (*run)(void *data), void *data);

#endif
