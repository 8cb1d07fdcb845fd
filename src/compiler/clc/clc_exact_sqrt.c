/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* -cl-fp32-correctly-rounded-divide-sqrt. For divisions clang does it: it
 * leaves !fpmath out. The library's square root carries !fpmath always, so the
 * objects that want it exact are marked, and the linked program loses it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/clc/clc_priv.h"

#define MD_EXACT_SQRT "partage_exact_sqrt"

int
clc_exact_sqrt_mark(struct clc_job *job, struct clc_blob *object)
{
   LLVMModuleRef module = clc_job_read(job, object->data, object->size_B);
   if (!module)
      return -ENOEXEC;
   LLVMMetadataRef node = LLVMMDNodeInContext2(job->context, NULL, 0);
   LLVMAddNamedMetadataOperand(module, MD_EXACT_SQRT,
                               LLVMMetadataAsValue(job->context, node));
   free(object->data);
   *object = (struct clc_blob){0};
   int ret = clc_job_write(job, module, object);
   LLVMDisposeModule(module);
   return ret;
}

void
clc_exact_sqrt_apply(struct clc_job *job, LLVMModuleRef module)
{
   static const char name[] = "llvm.sqrt.f32";
   LLVMValueRef sqrt = LLVMGetNamedFunction(module, name);
   if (!sqrt || !LLVMGetNamedMetadataNumOperands(module, MD_EXACT_SQRT))
      return;
   unsigned kind = LLVMGetMDKindIDInContext(job->context, "fpmath", 6);
   for (LLVMUseRef use = LLVMGetFirstUse(sqrt); use; use = LLVMGetNextUse(use))
      LLVMSetMetadata(LLVMGetUser(use), kind, NULL);
}
