/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef CLC_SHARD_STRIP_H
#define CLC_SHARD_STRIP_H

#include <llvm-c/Types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Removes module-level metadata (compiler versions and the like), which every
 * link of a shard would append to the user's. The C API cannot. */
void clc_shard_strip(LLVMModuleRef module);

#ifdef __cplusplus
}
#endif
#endif
