/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* LLVM IR to generic nvir. The module must be valid, with private and generic
 * pointers in address space 0, global 1, shared 3, constant 4, and without
 * calls but to intrinsics (clc.h). */
#ifndef NVIR_FROM_LLVM_H
#define NVIR_FROM_LLVM_H

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include "nouveau/compiler/nvir_ir.h"

/* The program's data segment: initial contents of variables and constants, laid
 * out as kernels first name them. */
struct nvir_data_segment {
   struct util_buf bytes;
   struct util_buf relocs; /* uint32_t each: where addresses within it stand */
   struct nvir_data_item *items;
   unsigned num_items;
};

struct nvir_data_item {
   LLVMValueRef global;
   uint32_t offset_B;
};

void nvir_data_segment_init(struct nvir_data_segment *data);
void nvir_data_segment_finish(struct nvir_data_segment *data);

/* 0, or -EINVAL: a construct is not supported, named in `log`. */
int nvir_from_llvm(LLVMValueRef kernel, uint32_t chipset, uint64_t debug,
                   struct nvir_data_segment *data, struct util_buf *log,
                   struct nvir_shader **shader_out);

#endif
