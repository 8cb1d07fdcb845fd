/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The target as clang and LLVM know it (toolchain.md §1). */
#ifndef CLC_TARGET_H
#define CLC_TARGET_H

#define CLC_TARGET_TRIPLE      "nvptx64-nvidia-nvcl"
#define CLC_TARGET_DATA_LAYOUT "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"

/* Address spaces in the bitcode; private and generic are one. */
#define CLC_AS_GENERIC  0
#define CLC_AS_GLOBAL   1
#define CLC_AS_LOCAL    3
#define CLC_AS_CONSTANT 4

#endif
