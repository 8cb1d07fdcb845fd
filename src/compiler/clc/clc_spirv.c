/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/clc/clc_spirv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/BitReader.h>
#include <llvm-c/IRReader.h>

#include "compiler/clc/clc_priv.h"
#include "compiler/clc/clc_spirv_tools.h"
#include "compiler/clc/clc_target.h"

#define SPIRV_MAGIC       0x07230203u
#define SPIRV_MAX_VERSION 0x00010400u

/* The translator trusts its input, so it gets valid modules only. The
 * environment is the universal one: that of OpenCL 2.2 refuses what 3.0 allows
 * (toolchain.md §3). */
static int
validate(struct clc_job *job, const uint32_t *words, size_t num_words)
{
   spv_context context = spvContextCreate(SPV_ENV_UNIVERSAL_1_4);
   spv_const_binary_t binary = {words, num_words};
   spv_diagnostic diagnostic = NULL;
   spv_result_t result = spvValidate(context, &binary, &diagnostic);
   if (result != SPV_SUCCESS)
      clc_job_error(job, "invalid SPIR-V at word %zu: %s",
                    diagnostic ? diagnostic->position.index : 0,
                    diagnostic ? diagnostic->error : "");
   spvDiagnosticDestroy(diagnostic);
   spvContextDestroy(context);
   return result == SPV_SUCCESS ? 0 : -EINVAL;
}

static int
check_header(struct clc_job *job, const uint32_t *words, size_t num_words)
{
   if (num_words < 5 || words[0] != SPIRV_MAGIC)
      clc_job_error(job, "this is not SPIR-V of this machine's byte order");
   else if (words[1] > SPIRV_MAX_VERSION)
      clc_job_error(job, "SPIR-V version %u.%u is not supported",
                    words[1] >> 16 & 0xff, words[1] >> 8 & 0xff);
   else
      return 0;
   return -EINVAL;
}

static LLVMModuleRef
parse_bitcode(struct clc_job *job, const struct clc_blob *bitcode)
{
   LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRange(
      bitcode->data, bitcode->size_B, "spirv", false);
   LLVMModuleRef module;
   if (LLVMParseBitcodeInContext2(job->context, buffer, &module))
      module = NULL;
   LLVMDisposeMemoryBuffer(buffer);
   return module;
}

static LLVMModuleRef
parse_text(struct clc_job *job, const char *text)
{
   LLVMMemoryBufferRef buffer =
      LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text), "spirv");
   LLVMModuleRef module;
   char *why = NULL;
   if (LLVMParseIRInContext(job->context, buffer, &module, &why)) {
      clc_job_error(job, "SPIR-V: %s", why);
      LLVMDisposeMessage(why);
      return NULL;
   }
   if (LLVMVerifyModule(module, LLVMReturnStatusAction, &why)) {
      clc_job_error(job, "SPIR-V: %s", why);
      LLVMDisposeModule(module);
      module = NULL;
   }
   LLVMDisposeMessage(why);
   return module;
}

/* The module with our numbers and names. */
static LLVMModuleRef
rename_module(struct clc_job *job, LLVMModuleRef module)
{
   LLVMSetTarget(module, CLC_TARGET_TRIPLE);
   LLVMSetDataLayout(module, CLC_TARGET_DATA_LAYOUT);
   char *text = LLVMPrintModuleToString(module);
   char *renamed = clc_spirv_rename(text);
   LLVMModuleRef result = parse_text(job, renamed);
   LLVMDisposeMessage(text);
   free(renamed);
   return result;
}

static bool
is_float(LLVMTypeRef type)
{
   if (LLVMGetTypeKind(type) == LLVMVectorTypeKind)
      type = LLVMGetElementType(type);
   return LLVMGetTypeKind(type) == LLVMFloatTypeKind;
}

/* What lies in SPIR-V's UniformConstant. */
static void
mark_constants(LLVMModuleRef module)
{
   for (LLVMValueRef g = LLVMGetFirstGlobal(module); g;
        g = LLVMGetNextGlobal(g))
      if (LLVMGetPointerAddressSpace(LLVMTypeOf(g)) == 4)
         LLVMSetGlobalConstant(g, true);
}

/* 2.5 ulp are enough for OpFDiv (SPIR-V environment, 8.2), as clang says of
 * OpenCL C's division. */
static void
relax_divisions(struct clc_job *job, LLVMModuleRef module)
{
   LLVMContextRef context = job->context;
   LLVMMetadataRef ulp =
      LLVMValueAsMetadata(LLVMConstReal(LLVMFloatTypeInContext(context), 2.5));
   LLVMValueRef node =
      LLVMMetadataAsValue(context, LLVMMDNodeInContext2(context, &ulp, 1));
   unsigned kind = LLVMGetMDKindIDInContext(context, "fpmath", 6);

   clc_for_each_function(fn, module)
   {
      clc_for_each_block(block, fn)
      {
         clc_for_each_instruction(inst, block)
         {
            if (LLVMGetInstructionOpcode(inst) == LLVMFDiv &&
                is_float(LLVMTypeOf(inst)))
               LLVMSetMetadata(inst, kind, node);
         }
      }
   }
}

/* "f", "Dh", "Dv4_f": how a builtin's name says it has such a parameter. */
static void
mangle(LLVMTypeRef type, char *out, size_t out_B)
{
   char vector[16] = "";
   if (LLVMGetTypeKind(type) == LLVMVectorTypeKind) {
      snprintf(vector, sizeof(vector), "Dv%u_", LLVMGetVectorSize(type));
      type = LLVMGetElementType(type);
   }
   LLVMTypeKind kind = LLVMGetTypeKind(type);
   snprintf(out, out_B, "%s%s", vector,
            kind == LLVMHalfTypeKind    ? "Dh"
            : kind == LLVMFloatTypeKind ? "f"
                                        : "d");
}

/* LLVM's frem is fmod, which no other instruction comes near. */
static void
call_fmod(LLVMModuleRef module, LLVMBuilderRef b, LLVMValueRef rem)
{
   LLVMTypeRef type = LLVMTypeOf(rem), params[] = {type, type};
   LLVMTypeRef fn_type = LLVMFunctionType(type, params, 2, false);
   LLVMValueRef args[] = {LLVMGetOperand(rem, 0), LLVMGetOperand(rem, 1)};
   char param[32], name[80];
   mangle(type, param, sizeof(param));
   bool repeats = strlen(param) == 1 || strcmp(param, "Dh") == 0;
   snprintf(name, sizeof(name), "_Z4fmod%s%s", param, repeats ? param : "S_");
   LLVMValueRef fn = LLVMGetNamedFunction(module, name);
   if (!fn)
      fn = LLVMAddFunction(module, name, fn_type);
   LLVMPositionBuilderBefore(b, rem);
   LLVMReplaceAllUsesWith(rem, LLVMBuildCall2(b, fn_type, fn, args, 2, ""));
   LLVMInstructionEraseFromParent(rem);
}

static void
lower_remainders(struct clc_job *job, LLVMModuleRef module)
{
   LLVMBuilderRef b = LLVMCreateBuilderInContext(job->context);
   clc_for_each_function(fn, module)
   {
      clc_for_each_block(block, fn)
      {
         LLVMValueRef next;
         for (LLVMValueRef inst = LLVMGetFirstInstruction(block); inst;
              inst = next) {
            next = LLVMGetNextInstruction(inst);
            if (LLVMGetInstructionOpcode(inst) == LLVMFRem)
               call_fmod(module, b, inst);
         }
      }
   }
   LLVMDisposeBuilder(b);
}

static int
import_valid(struct clc_job *job, const void *spirv, size_t size_B,
             bool exact_division, struct clc_blob *object_out)
{
   struct clc_blob bitcode = {0};
   char *why;
   int ret = clc_spirv_read(spirv, size_B, &bitcode, &why);
   if (ret == -EINVAL)
      clc_job_error(job, "SPIR-V: %s", why);
   free(why);
   if (ret)
      return ret;

   LLVMModuleRef spir = parse_bitcode(job, &bitcode);
   LLVMModuleRef module = spir ? rename_module(job, spir) : NULL;
   if (module) {
      mark_constants(module);
      lower_remainders(job, module);
   }
   if (module && !exact_division)
      relax_divisions(job, module);
   ret = module ? clc_job_write(job, module, object_out) : -EINVAL;
   if (module)
      LLVMDisposeModule(module);
   if (spir)
      LLVMDisposeModule(spir);
   free(bitcode.data);
   return ret;
}

static int
import_lowered(struct clc_job *job, const uint32_t *words, size_t num_words,
               bool exact_division, struct clc_blob *object_out)
{
   struct util_buf lowered;
   util_buf_init(&lowered);
   int ret = clc_spirv_lower(&job->arena, words, num_words, &lowered);
   if (!ret)
      ret = import_valid(job, lowered.data, lowered.size_B, exact_division,
                         object_out);
   else
      clc_job_error(job, "SPIR-V: OpCopyLogical of too many members");
   util_buf_finish(&lowered);
   return ret ? -EINVAL : 0;
}

int
clc_spirv_import(struct clc_job *job, const void *spirv, size_t size_B,
                 bool exact_division, struct clc_blob *object_out)
{
   /* The bytes may lie anywhere. */
   size_t num_words = size_B / sizeof(uint32_t);
   uint32_t *words = util_arena_dup(&job->arena, spirv, size_B);
   if (size_B % sizeof(uint32_t)) {
      clc_job_error(job, "SPIR-V comes in words of four bytes");
      return -EINVAL;
   }
   int ret = check_header(job, words, num_words);
   if (!ret)
      ret = validate(job, words, num_words);
   if (!ret)
      ret = import_lowered(job, words, num_words, exact_division, object_out);
   return ret;
}
