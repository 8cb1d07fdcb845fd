/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* printf calls → records in the launch's buffer (clc_printf.h). Runs before
 * inlining, where a literal is still an operand of the call. */
#include <string.h>

#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>

#include "compiler/clc/clc_printf.h"
#include "compiler/clc/clc_priv.h"
#include "compiler/clc/clc_target.h"

struct printf_pass {
   struct clc_job *job;
   LLVMModuleRef module;
   LLVMTargetDataRef layout;
   LLVMBuilderRef builder;
   unsigned num_literals;
};

/* One call of printf. */
struct printf_call {
   LLVMValueRef inst;
   const char *format;
   size_t format_length;
   unsigned num_args;
   uint32_t *args; /* CLC_PRINTF_ARG */
   LLVMValueRef *values;
};

static LLVMTypeRef
u32_type(const struct printf_pass *p)
{
   return LLVMInt32TypeInContext(p->job->context);
}

static LLVMValueRef
u32(const struct printf_pass *p, uint32_t v)
{
   return LLVMConstInt(u32_type(p), v, false);
}

/* Bytes from the pointer of a getelementptr, constant or instruction, to its
 * result; false if they are not constant. */
static bool
constant_offset(LLVMTargetDataRef layout, LLVMValueRef gep, uint64_t *sum)
{
   LLVMTypeRef type = LLVMGetGEPSourceElementType(gep);
   for (int i = 1; i < LLVMGetNumOperands(gep); i++) {
      LLVMValueRef index = LLVMGetOperand(gep, i);
      if (!LLVMIsAConstantInt(index))
         return false;
      if (i > 1 && LLVMGetTypeKind(type) != LLVMArrayTypeKind)
         return false;
      if (i > 1)
         type = LLVMGetElementType(type);
      *sum += LLVMConstIntGetSExtValue(index) * LLVMABISizeOfType(layout, type);
   }
   return true;
}

/* The variable that `v` points into, or what it is if not a variable; SPIR-V
 * says with instructions what clang says in constants. */
static LLVMValueRef
pointed_to(LLVMTargetDataRef layout, LLVMValueRef v, uint64_t *offset_B)
{
   *offset_B = 0;
   while (LLVMIsAConstantExpr(v) || LLVMIsAInstruction(v)) {
      LLVMOpcode op = LLVMIsAInstruction(v) ? LLVMGetInstructionOpcode(v)
                                            : LLVMGetConstOpcode(v);
      bool is_cast = op == LLVMBitCast || op == LLVMAddrSpaceCast;
      if (!is_cast &&
          (op != LLVMGetElementPtr || !constant_offset(layout, v, offset_B)))
         return v;
      v = LLVMGetOperand(v, 0);
   }
   return v;
}

/* The text of a string literal, without its NUL; NULL if `v` is something else.
 */
static const char *
literal_text(const struct printf_pass *p, LLVMValueRef v, size_t *length_out)
{
   uint64_t offset_B;
   v = pointed_to(p->layout, v, &offset_B);
   LLVMValueRef initial = LLVMIsAGlobalVariable(v) && LLVMIsGlobalConstant(v)
                             ? LLVMGetInitializer(v)
                             : NULL;
   if (!initial)
      return NULL;
   if (LLVMIsAConstantAggregateZero(initial)) {
      *length_out = 0;
      return "";
   }
   if (!LLVMIsConstantString(initial))
      return NULL;
   const char *text = LLVMGetAsString(initial, length_out);
   if (offset_B >= *length_out)
      return NULL;
   *length_out = strnlen(text + offset_B, *length_out - offset_B);
   return text + offset_B;
}

/* Adds a literal to the module's list and returns its index. */
static unsigned
add_literal(struct printf_pass *p, const char *text, size_t length,
            const uint32_t *args, unsigned num_args)
{
   LLVMContextRef context = p->job->context;
   LLVMMetadataRef *words =
      util_arena_array(&p->job->arena, LLVMMetadataRef, num_args + 1);
   words[0] = LLVMMDStringInContext2(context, text, length);
   for (unsigned i = 0; i < num_args; i++)
      words[i + 1] = LLVMValueAsMetadata(u32(p, args[i]));
   LLVMMetadataRef node = LLVMMDNodeInContext2(context, words, num_args + 1);
   LLVMAddNamedMetadataOperand(p->module, CLC_MD_PRINTFS,
                               LLVMMetadataAsValue(context, node));
   return p->num_literals++;
}

static bool
fail(struct printf_pass *p, const struct printf_call *c, const char *why)
{
   clc_job_error_at(p->job, c->inst, "printf: %s", why);
   return false;
}

/* Size of a plain argument; clang has promoted it. */
static bool
describe_value(struct printf_pass *p, struct printf_call *c, unsigned i)
{
   LLVMTypeRef type = LLVMTypeOf(c->values[i]);
   unsigned count = 1;
   if (LLVMGetTypeKind(type) == LLVMVectorTypeKind) {
      count = LLVMGetVectorSize(type);
      type = LLVMGetElementType(type);
   }
   switch (LLVMGetTypeKind(type)) {
   case LLVMIntegerTypeKind:
   case LLVMHalfTypeKind:
   case LLVMFloatTypeKind:
   case LLVMDoubleTypeKind:
   case LLVMPointerTypeKind:
      c->args[i] = CLC_PRINTF_ARG(LLVMABISizeOfType(p->layout, type), count, 0);
      return true;
   default:
      return fail(p, c, "an argument of this type cannot be printed");
   }
}

/* A string is replaced by the index of its text. */
static bool
describe_string(struct printf_pass *p, struct printf_call *c, unsigned i)
{
   size_t length;
   const char *text = literal_text(p, c->values[i], &length);
   if (!text)
      return fail(p, c, "the argument of %s has to be a string literal");
   c->values[i] = u32(p, add_literal(p, text, length, NULL, 0));
   c->args[i] = CLC_PRINTF_ARG(4, 1, 1);
   return true;
}

static bool
describe_args(struct printf_pass *p, struct printf_call *c)
{
   const char *text = c->format, *end = text + c->format_length;
   struct clc_printf_spec spec;
   unsigned i = 0;
   while (i < c->num_args && clc_printf_next(text, end - text, &spec)) {
      text = spec.text + spec.length;
      if (spec.conversion == '%' || !spec.conversion)
         continue;
      bool ok = spec.conversion == 's' ? describe_string(p, c, i)
                                       : describe_value(p, c, i);
      if (!ok)
         return false;
      i++;
   }
   c->num_args = i; /* more than the format asks for: evaluated, not printed */
   return true;
}

static bool
parse_call(struct printf_pass *p, LLVMValueRef inst, struct printf_call *c)
{
   c->inst = inst;
   c->format = literal_text(p, LLVMGetArgOperand(inst, 0), &c->format_length);
   if (!c->format)
      return fail(p, c, "the format has to be a string literal");
   c->num_args = LLVMGetNumArgOperands(inst) - 1;
   c->args = util_arena_array(&p->job->arena, uint32_t, c->num_args + 1);
   c->values = util_arena_array(&p->job->arena, LLVMValueRef, c->num_args + 1);
   for (unsigned i = 0; i < c->num_args; i++)
      c->values[i] = LLVMGetArgOperand(inst, i + 1);
   return describe_args(p, c);
}

static LLVMValueRef
call_library(struct printf_pass *p, const char *name, LLVMTypeRef type,
             LLVMValueRef *args, unsigned num_args, LLVMValueRef at)
{
   LLVMValueRef fn = LLVMGetNamedFunction(p->module, name);
   if (!fn)
      fn = LLVMAddFunction(p->module, name, type);
   LLVMValueRef call = LLVMBuildCall2(p->builder, type, fn, args, num_args, "");
   LLVMInstructionSetDebugLoc(call, LLVMInstructionGetDebugLoc(at));
   return call;
}

static void
store_args(struct printf_pass *p, const struct printf_call *c,
           LLVMValueRef record)
{
   LLVMTypeRef u8 = LLVMInt8TypeInContext(p->job->context);
   uint32_t end_B = 0;
   for (unsigned i = 0; i < c->num_args; i++) {
      LLVMValueRef offset = u32(p, clc_printf_place(c->args[i], &end_B));
      LLVMValueRef to =
         LLVMBuildInBoundsGEP2(p->builder, u8, record, &offset, 1, "");
      LLVMValueRef store = LLVMBuildStore(p->builder, c->values[i], to);
      unsigned natural_B = CLC_PRINTF_ARG_ELEMENT_B(c->args[i]) *
                           util_next_pow2(CLC_PRINTF_ARG_COUNT(c->args[i]));
      LLVMSetAlignment(store, MIN2(natural_B, 8));
   }
}

static void
lower_call(struct printf_pass *p, struct printf_call *c)
{
   uint32_t end_B = 0;
   for (unsigned i = 0; i < c->num_args; i++)
      clc_printf_place(c->args[i], &end_B);
   uint32_t size_B = util_align(end_B + CLC_PRINTF_RECORD_B, 8);
   if (size_B > CLC_PRINTF_MAX_RECORD_B) {
      fail(p, c, "too many arguments");
      return;
   }
   unsigned index =
      add_literal(p, c->format, c->format_length, c->args, c->num_args);
   LLVMTypeRef ptr = LLVMPointerTypeInContext(p->job->context, CLC_AS_GLOBAL);
   LLVMTypeRef params[] = {u32_type(p), u32_type(p)};
   LLVMValueRef args[] = {u32(p, size_B), u32(p, index)};
   LLVMPositionBuilderBefore(p->builder, c->inst);
   LLVMValueRef record =
      call_library(p, "__partage_printf_begin",
                   LLVMFunctionType(ptr, params, 2, false), args, 2, c->inst);
   store_args(p, c, record);
   if (LLVMGetFirstUse(c->inst)) {
      LLVMValueRef result = call_library(
         p, "__partage_printf_end",
         LLVMFunctionType(u32_type(p), &ptr, 1, false), &record, 1, c->inst);
      LLVMReplaceAllUsesWith(c->inst, result);
   }
   LLVMInstructionEraseFromParent(c->inst);
}

void
clc_lower_printf(struct clc_job *job, LLVMModuleRef module)
{
   LLVMValueRef fn = LLVMGetNamedFunction(module, "printf");
   if (!fn || !LLVMIsDeclaration(fn))
      return;
   struct printf_pass p = {
      .job = job,
      .module = module,
      .layout = LLVMGetModuleDataLayout(module),
      .builder = LLVMCreateBuilderInContext(job->context),
   };
   for (LLVMUseRef use = LLVMGetFirstUse(fn), next; use; use = next) {
      next = LLVMGetNextUse(use);
      struct printf_call call;
      LLVMValueRef inst = LLVMGetUser(use);
      if (LLVMIsACallInst(inst) && LLVMGetCalledValue(inst) == fn &&
          parse_call(&p, inst, &call))
         lower_call(&p, &call);
   }
   LLVMDisposeBuilder(p.builder);
}
