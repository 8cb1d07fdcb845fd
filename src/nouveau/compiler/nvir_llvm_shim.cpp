// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The partage authors
#include "nouveau/compiler/nvir_llvm_shim.h"

#include <llvm/IR/Instructions.h>
#include <llvm/IR/Operator.h>

static const llvm::FPMathOperator *
fp_operator(LLVMValueRef inst)
{
   return llvm::dyn_cast<llvm::FPMathOperator>(llvm::unwrap(inst));
}

bool
nvir_llvm_may_contract(LLVMValueRef inst)
{
   const llvm::FPMathOperator *op = fp_operator(inst);
   return op && op->hasAllowContract();
}

bool
nvir_llvm_may_approximate(LLVMValueRef inst)
{
   const llvm::FPMathOperator *op = fp_operator(inst);
   return op && (op->hasAllowReciprocal() || op->hasApproxFunc());
}

LLVMAtomicOrdering
nvir_llvm_fence_ordering(LLVMValueRef fence)
{
   const auto *inst = llvm::cast<llvm::FenceInst>(llvm::unwrap(fence));
   switch (inst->getOrdering()) {
   case llvm::AtomicOrdering::Acquire:
      return LLVMAtomicOrderingAcquire;
   case llvm::AtomicOrdering::Release:
      return LLVMAtomicOrderingRelease;
   case llvm::AtomicOrdering::AcquireRelease:
      return LLVMAtomicOrderingAcquireRelease;
   default:
      return LLVMAtomicOrderingSequentiallyConsistent;
   }
}
