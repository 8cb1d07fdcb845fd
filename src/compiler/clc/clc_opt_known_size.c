/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* With reqd_work_group_size the local size is a constant, which lets LLVM
 * unroll loops over it. The size of a last, smaller group is not: only where
 * groups are uniform. */
#include "compiler/clc/clc_priv.h"
#include "nouveau/compiler/nvir.h"

static bool
is_uniform(LLVMValueRef fn)
{
   static const char name[] = "uniform-work-group-size";
   LLVMAttributeRef attribute = LLVMGetStringAttributeAtIndex(
      fn, LLVMAttributeFunctionIndex, name, sizeof(name) - 1);
   unsigned length;
   return attribute &&
          LLVMGetStringAttributeValue(attribute, &length)[0] == 't';
}

/* The dimension if `offset_B` is one of the u32[3] at `vector_B`, else -1. */
static int
dimension(uint64_t offset_B, uint64_t vector_B)
{
   uint64_t at_B = offset_B - vector_B;
   return at_B < 12 && at_B % 4 == 0 ? (int)(at_B / 4) : -1;
}

static void
replace_read(LLVMValueRef call, bool uniform, const uint32_t size[3])
{
   LLVMValueRef offset = LLVMGetOperand(call, 0);
   if (!LLVMIsAConstantInt(offset))
      return;
   uint64_t offset_B = LLVMConstIntGetZExtValue(offset);
   int dim = dimension(offset_B, NVIR_C0_LOCAL_SIZE_ENQUEUED);
   if (dim < 0 && uniform)
      dim = dimension(offset_B, NVIR_C0_LOCAL_SIZE);
   if (dim >= 0)
      LLVMReplaceAllUsesWith(call,
                             LLVMConstInt(LLVMTypeOf(call), size[dim], false));
}

static void
replace_in_kernel(LLVMValueRef fn, LLVMValueRef c0, const uint32_t size[3])
{
   bool uniform = is_uniform(fn);
   clc_for_each_block(block, fn)
   {
      clc_for_each_instruction(inst, block)
      {
         if (LLVMIsACallInst(inst) && LLVMGetCalledValue(inst) == c0)
            replace_read(inst, uniform, size);
      }
   }
}

void
clc_opt_known_size(struct clc_job *job, LLVMModuleRef module)
{
   LLVMValueRef c0 = LLVMGetNamedFunction(module, "__nvir_c0_u32");
   if (!c0)
      return;
   clc_for_each_function(fn, module)
   {
      uint32_t size[3];
      if (clc_is_kernel(fn) && clc_kernel_reqd_size(job, fn, size))
         replace_in_kernel(fn, c0, size);
   }
}
