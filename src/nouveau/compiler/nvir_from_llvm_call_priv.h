/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef NVIR_FROM_LLVM_CALL_PRIV_H
#define NVIR_FROM_LLVM_CALL_PRIV_H

#include "nouveau/compiler/nvir_from_llvm_priv.h"

/* An entry of the table in nvir_from_llvm_call.c. */
struct nvir_call {
   const char *name;
   struct nvir_comps (*run)(struct nvir_import *im, LLVMValueRef v,
                            const struct nvir_call *info);
   int op; /* enum nvir_op, or what `run` makes of it */
   int arg;
};

struct nvir_comps nvir_call_int(struct nvir_import *im, LLVMValueRef v,
                                const struct nvir_call *info);
struct nvir_comps nvir_call_bits(struct nvir_import *im, LLVMValueRef v,
                                 const struct nvir_call *info);
struct nvir_comps nvir_call_funnel(struct nvir_import *im, LLVMValueRef v,
                                   const struct nvir_call *info);
struct nvir_comps nvir_call_overflow(struct nvir_import *im, LLVMValueRef v,
                                     const struct nvir_call *info);
struct nvir_comps nvir_call_saturate(struct nvir_import *im, LLVMValueRef v,
                                     const struct nvir_call *info);

#endif
