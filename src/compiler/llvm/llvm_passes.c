/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/llvm/llvm_passes.h"

#include <pthread.h>

#include <llvm-c/Error.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>

static pthread_once_t target_once = PTHREAD_ONCE_INIT;

static void
init_target(void)
{
   LLVMInitializeNVPTXTargetInfo();
   LLVMInitializeNVPTXTarget();
   LLVMInitializeNVPTXTargetMC();
}

/* Not for code: its cost model tells LLVM of flat addresses, cheap branches and
 * no vector units (toolchain.md §4). The large code model keeps LLVM from tables
 * of relative addresses, which it builds wrongly in other address spaces. */
static LLVMTargetMachineRef
create_target_machine(char **why_out)
{
   static const char triple[] = "nvptx64-nvidia-cuda";
   LLVMTargetRef target;
   pthread_once(&target_once, init_target);
   if (LLVMGetTargetFromTriple(triple, &target, why_out))
      return NULL;
   return LLVMCreateTargetMachine(target, triple, "sm_60", "",
                                  LLVMCodeGenLevelDefault, LLVMRelocDefault,
                                  LLVMCodeModelLarge);
}

char *
llvm_passes_run(LLVMModuleRef module, const char *passes)
{
   char *why = NULL;
   LLVMTargetMachineRef tm = create_target_machine(&why);
   if (!tm)
      return why ? why : LLVMCreateMessage("no NVPTX target in this LLVM");

   LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
   LLVMErrorRef error = LLVMRunPasses(module, passes, tm, options);
   LLVMDisposePassBuilderOptions(options);
   LLVMDisposeTargetMachine(tm);
   if (!error)
      return NULL;
   char *text = LLVMGetErrorMessage(error);
   why = LLVMCreateMessage(text);
   LLVMDisposeErrorMessage(text);
   return why;
}
