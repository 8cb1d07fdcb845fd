/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_llvm_module.h"

#include <errno.h>
#include <llvm/Config/llvm-config.h>
#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/IRReader.h>

#include "compiler/llvm/llvm_passes.h"

#if LLVM_VERSION_MAJOR >= 19
#define LOWER_SWITCH "lower-switch"
#else
#define LOWER_SWITCH "lowerswitch"
#endif

#define CALLCONV_SPIR_KERNEL 76

static bool
is_bitcode(const unsigned char *p, size_t size_B)
{
   static const unsigned char wrapper[4] = {0xde, 0xc0, 0x17, 0x0b};
   return size_B >= 4 &&
          (!memcmp(p, "BC\xc0\xde", 4) || !memcmp(p, wrapper, 4));
}

static void
ignore_diagnostic(LLVMDiagnosticInfoRef info, void *buf)
{
   char *text = LLVMGetDiagInfoDescription(info);
   util_buf_printf(buf, "%s\n", text);
   LLVMDisposeMessage(text);
}

int
nvir_llvm_read(LLVMContextRef ctx, const void *data, size_t size_B,
               struct util_buf *log, LLVMModuleRef *module_out)
{
   LLVMMemoryBufferRef mem =
      LLVMCreateMemoryBufferWithMemoryRangeCopy(data, size_B, "program");
   char *message = NULL;

#if LLVM_VERSION_MAJOR == 15
   LLVMContextSetOpaquePointers(ctx, true);
#endif
   /* Without a handler LLVM ends the process. */
   LLVMContextSetDiagnosticHandler(ctx, ignore_diagnostic, log);
   if (is_bitcode(data, size_B)) {
      bool failed = LLVMParseBitcodeInContext2(ctx, mem, module_out);
      LLVMDisposeMemoryBuffer(mem);
      return failed ? -ENOEXEC : 0;
   }
   if (LLVMParseIRInContext(ctx, mem, module_out, &message)) {
      util_buf_printf(log, "%s\n", message);
      LLVMDisposeMessage(message);
      return -ENOEXEC;
   }
   return 0;
}

bool
nvir_llvm_is_kernel(LLVMValueRef func)
{
   return !LLVMIsDeclaration(func) &&
          LLVMGetFunctionCallConv(func) == CALLCONV_SPIR_KERNEL;
}

static int
run_passes(LLVMModuleRef module, const char *passes, struct util_buf *log)
{
   char *why = llvm_passes_run(module, passes);
   if (!why)
      return 0;
   util_buf_printf(log, "LLVM: %s\n", why);
   LLVMDisposeMessage(why);
   return -EINVAL;
}

static void
remove_attribute(LLVMValueRef func, const char *name)
{
   LLVMRemoveEnumAttributeAtIndex(
      func, LLVMAttributeFunctionIndex,
      LLVMGetEnumAttributeKindForName(name, strlen(name)));
}

static void
mark_for_inlining(LLVMModuleRef module)
{
   LLVMContextRef ctx = LLVMGetModuleContext(module);
   unsigned always = LLVMGetEnumAttributeKindForName("alwaysinline", 12);

   for (LLVMValueRef f = LLVMGetFirstFunction(module); f;
        f = LLVMGetNextFunction(f)) {
      if (LLVMIsDeclaration(f))
         continue;
      remove_attribute(f, "optnone");
      remove_attribute(f, "noinline");
      if (nvir_llvm_is_kernel(f))
         continue;
      LLVMSetLinkage(f, LLVMInternalLinkage);
      LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
                              LLVMCreateEnumAttribute(ctx, always, 0));
   }
}

int
nvir_llvm_prepare(LLVMModuleRef module, struct util_buf *log)
{
   mark_for_inlining(module);
   return run_passes(module,
                     "always-inline,globaldce,function(sroa," LOWER_SWITCH
                     ",fix-irreducible,loop-simplify)",
                     log);
}

#define ADDRESSES "separate-const-offset-from-gep,early-cse,"

/* What LLVM's own back ends do to addresses before they select instructions:
 * constant parts apart, one sum from the other, pointers that step instead of
 * products. */
int
nvir_llvm_optimize(LLVMModuleRef module, struct util_buf *log)
{
   if (llvm_has_many_loops(module))
      return run_passes(module, "function(" ADDRESSES "adce,loop-simplify)",
                        log);
   return run_passes(module,
                     "function(" ADDRESSES "slsr,early-cse,"
                     "loop-simplify,lcssa,loop(loop-reduce),early-cse,adce,"
                     "loop-simplify)",
                     log);
}

int
nvir_llvm_structurize(LLVMModuleRef module, struct util_buf *log)
{
   return run_passes(module,
                     "function(" LOWER_SWITCH
                     ",fix-irreducible,unify-loop-exits,structurizecfg,"
                     "early-cse)",
                     log);
}
