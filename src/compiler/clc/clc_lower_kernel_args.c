/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A struct argument is a private copy which the kernel may change, so it
 * becomes an alloca filled from constant bank 0. SROA then leaves only the
 * words that are read, or a copy in local memory where an index is not known.
 */
#include <string.h>

#include <llvm-c/Target.h>

#include "compiler/clc/clc_intrinsics_llvm.h"
#include "compiler/clc/clc_priv.h"
#include "nouveau/compiler/nvir.h"

struct arg_copy {
   LLVMModuleRef module;
   LLVMContextRef context;
   LLVMTargetDataRef layout;
   LLVMBuilderRef builder;
   LLVMValueRef alloca;
   uint32_t c0_offset_B; /* of the struct in bank 0 */
   uint64_t align_B;     /* of that offset */
   uint64_t size_B;
   bool *covered; /* per byte */
};

/* The widest word the alignment allows, up to eight bytes. */
static uint64_t
word_size(const struct arg_copy *c, uint64_t at_B)
{
   uint64_t size_B = MIN2(c->align_B, 8);
   while (at_B % size_B)
      size_B /= 2;
   return size_B;
}

static LLVMValueRef
read_word(struct arg_copy *c, uint64_t at_B, uint64_t size_B)
{
   static const char *const names[] = {
      [1] = "__nvir_c0_u8",
      [2] = "__nvir_c0_u16",
      [4] = "__nvir_c0_u32",
      [8] = "__nvir_c0_u64",
   };
   LLVMTypeRef u32 = LLVMInt32TypeInContext(c->context);
   LLVMTypeRef word = LLVMIntTypeInContext(c->context, 8 * size_B);
   LLVMValueRef fn =
      clc_intrinsic_declare(c->module, names[size_B], word, &u32, 1);
   LLVMValueRef offset = LLVMConstInt(u32, c->c0_offset_B + at_B, false);
   return LLVMBuildCall2(c->builder, LLVMGlobalGetValueType(fn), fn, &offset, 1,
                         "");
}

static void
copy_word(struct arg_copy *c, uint64_t at_B, uint64_t size_B, LLVMTypeRef type)
{
   LLVMTypeRef u8 = LLVMInt8TypeInContext(c->context);
   LLVMValueRef at = LLVMConstInt(LLVMInt64TypeInContext(c->context), at_B, 0);
   LLVMValueRef to =
      LLVMBuildInBoundsGEP2(c->builder, u8, c->alloca, &at, 1, "");
   LLVMValueRef value = read_word(c, at_B, size_B);
   if (type && LLVMGetTypeKind(type) == LLVMPointerTypeKind)
      value = LLVMBuildIntToPtr(c->builder, value, type, "");
   else if (type && type != LLVMTypeOf(value))
      value = LLVMBuildBitCast(c->builder, value, type, "");
   LLVMValueRef store = LLVMBuildStore(c->builder, value, to);
   LLVMSetAlignment(store, 1);
   memset(c->covered + at_B, true, size_B);
}

static bool
is_scalar(LLVMTypeRef type)
{
   LLVMTypeKind kind = LLVMGetTypeKind(type);
   return kind == LLVMIntegerTypeKind || kind == LLVMFloatTypeKind ||
          kind == LLVMDoubleTypeKind || kind == LLVMPointerTypeKind;
}

/* Words by the members' own types, so that SROA need not take them apart. */
static void
copy_members(struct arg_copy *c, LLVMTypeRef type, uint64_t at_B)
{
   uint64_t size_B = LLVMABISizeOfType(c->layout, type);
   switch (LLVMGetTypeKind(type)) {
   case LLVMStructTypeKind:
      for (unsigned i = 0; i < LLVMCountStructElementTypes(type); i++)
         copy_members(c, LLVMStructGetTypeAtIndex(type, i),
                      at_B + LLVMOffsetOfElement(c->layout, type, i));
      break;
   case LLVMArrayTypeKind: {
      LLVMTypeRef element = LLVMGetElementType(type);
      uint64_t stride_B = LLVMABISizeOfType(c->layout, element);
      for (unsigned i = 0; i < LLVMGetArrayLength(type); i++)
         copy_members(c, element, at_B + i * stride_B);
      break;
   }
   case LLVMVectorTypeKind: {
      LLVMTypeRef element = LLVMGetElementType(type);
      uint64_t stride_B = LLVMABISizeOfType(c->layout, element);
      for (unsigned i = 0; i < LLVMGetVectorSize(type); i++)
         copy_members(c, element, at_B + i * stride_B);
      break;
   }
   default:
      if (is_scalar(type) && size_B <= word_size(c, at_B) &&
          LLVMSizeOfTypeInBits(c->layout, type) == 8 * size_B)
         copy_word(c, at_B, size_B, type);
      break;
   }
}

/* What the members left: padding (which a union may use) and odd types. */
static void
copy_rest(struct arg_copy *c)
{
   for (uint64_t at_B = 0; at_B < c->size_B;) {
      uint64_t size_B = word_size(c, at_B);
      while (size_B > c->size_B - at_B)
         size_B /= 2;
      while (size_B > 1 && memchr(c->covered + at_B, true, size_B))
         size_B /= 2;
      if (!c->covered[at_B])
         copy_word(c, at_B, size_B, NULL);
      at_B += size_B;
   }
}

static void
lower_byval(struct clc_job *job, LLVMValueRef fn, unsigned index,
            LLVMTypeRef type, uint32_t offset_B, uint64_t align_B)
{
   LLVMValueRef param = LLVMGetParam(fn, index);
   if (!LLVMGetFirstUse(param))
      return;
   LLVMModuleRef module = LLVMGetGlobalParent(fn);
   struct arg_copy c = {
      .module = module,
      .context = job->context,
      .layout = LLVMGetModuleDataLayout(module),
      .builder = LLVMCreateBuilderInContext(job->context),
      .c0_offset_B = NVIR_C0_ARGS + offset_B,
      .align_B = align_B,
   };
   c.size_B = LLVMABISizeOfType(c.layout, type);
   c.covered = util_arena_array(&job->arena, bool, c.size_B);

   LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(fn);
   LLVMPositionBuilderBefore(c.builder, LLVMGetFirstInstruction(entry));
   c.alloca = LLVMBuildAlloca(c.builder, type, "");
   LLVMSetAlignment(c.alloca, MAX2(align_B, 8));
   LLVMReplaceAllUsesWith(param, c.alloca);
   copy_members(&c, type, 0);
   copy_rest(&c);
   LLVMDisposeBuilder(c.builder);
}

static void
set_metadata(struct clc_job *job, LLVMValueRef fn, const char *name,
             LLVMMetadataRef *words, unsigned num)
{
   unsigned kind = LLVMGetMDKindIDInContext(job->context, name, strlen(name));
   LLVMGlobalSetMetadata(fn, kind,
                         LLVMMDNodeInContext2(job->context, words, num));
}

static LLVMMetadataRef
metadata_u32(struct clc_job *job, uint32_t v)
{
   return LLVMValueAsMetadata(
      LLVMConstInt(LLVMInt32TypeInContext(job->context), v, false));
}

static void
lower_kernel(struct clc_job *job, LLVMValueRef fn)
{
   unsigned byval = LLVMGetEnumAttributeKindForName("byval", 5);
   unsigned num = LLVMCountParams(fn);
   LLVMMetadataRef *offsets =
      util_arena_array(&job->arena, LLVMMetadataRef, num + 1);
   uint64_t end_B = 0;

   for (unsigned i = 0; i < num; i++) {
      uint64_t size_B, align_B;
      clc_kernel_arg_layout(fn, i, &size_B, &align_B);
      uint64_t offset_B = util_align(end_B, align_B);
      end_B = offset_B + size_B;
      offsets[i] = metadata_u32(job, offset_B);

      LLVMAttributeRef attribute =
         LLVMGetEnumAttributeAtIndex(fn, i + 1, byval);
      if (attribute)
         lower_byval(job, fn, i, LLVMGetTypeAttributeValue(attribute), offset_B,
                     align_B);
   }

   LLVMMetadataRef size = metadata_u32(job, end_B);
   set_metadata(job, fn, CLC_MD_ARG_OFFSET, offsets, num);
   set_metadata(job, fn, CLC_MD_ARGS_SIZE, &size, 1);
}

void
clc_lower_kernel_args(struct clc_job *job, LLVMModuleRef module)
{
   /* Declaring an intrinsic appends to the list, which does no harm. */
   clc_for_each_function(fn, module)
   {
      if (clc_is_kernel(fn))
         lower_kernel(job, fn);
   }
}
