/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Variables of all address spaces, and addresses within them. */
#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_from_llvm_priv.h"

static uint32_t
shared_offset(struct nvir_import *im, LLVMValueRef global)
{
   struct nvir_map_entry *e = nvir_map_get(&im->shared, global);
   if (e)
      return e->number;
   LLVMTypeRef t = LLVMGlobalGetValueType(global);
   unsigned align =
      MAX2(LLVMPreferredAlignmentOfGlobal(im->layout, global), 16);
   /* Place 0 is the null pointer of local memory. */
   uint32_t at = util_align(MAX2(im->s->shared_B, 1), align);
   uint64_t size = LLVMABISizeOfType(im->layout, t);
   if (at + size > 48 * 1024)
      nvir_import_too_big(im, global, "more than 48 KiB of local memory");
   else
      im->s->shared_B = at + size;
   nvir_map_insert(&im->shared, global)->number = at;
   return at;
}

struct nvir_src
nvir_import_global(struct nvir_import *im, LLVMValueRef global)
{
   if (LLVMGetPointerAddressSpace(LLVMTypeOf(global)) == NVIR_AS_SHARED)
      return nvir_imm(shared_offset(im, global));
   uint32_t at = nvir_data_offset(im, global);
   struct nvir_src base = nvir_import_c0(im, nvir_imm(NVIR_C0_DATA), 8);
   return at ? nvir_i2(im, NVIR_OP_ADD, NVIR_TYPE_I64, base, nvir_imm(at))
             : base;
}

struct nvir_comps
nvir_import_alloca(struct nvir_import *im, LLVMValueRef v)
{
   LLVMValueRef count = LLVMGetOperand(v, 0);
   LLVMTypeRef t = LLVMGetAllocatedType(v);

   if (!LLVMIsAConstantInt(count))
      return nvir_import_fail(im, v, "variable-size array on the stack");
   uint64_t size =
      LLVMABISizeOfType(im->layout, t) * LLVMConstIntGetZExtValue(count);
   uint32_t at = util_align(im->s->local_B, MAX2(LLVMGetAlignment(v), 4));
   if (at + size > 512 * 1024)
      return nvir_import_too_big(im, v, "more than 512 KiB of private memory");
   im->s->local_B = at + size;
   return nvir_comps_one(im, nvir_imm((uint64_t)NVIR_LOCAL_WINDOW + at));
}

struct nvir_src
nvir_import_c0(struct nvir_import *im, struct nvir_src offset, unsigned size_B)
{
   if (offset.kind == NVIR_SRC_IMM && offset.imm == NVIR_C0_PRINTF)
      im->s->uses_printf = true;
   /* Whole words at a known place are operands; copies keep them apart from
    * uses. */
   if (offset.kind == NVIR_SRC_IMM && size_B >= 4)
      return nvir_i1(im, NVIR_OP_COPY,
                     size_B == 8 ? NVIR_TYPE_I64 : NVIR_TYPE_I32,
                     nvir_cbank(offset.imm));
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_LOAD,
                    size_B == 8 ? NVIR_TYPE_I64 : NVIR_TYPE_I32, &offset, 1);
   i->space = NVIR_SPACE_CONST;
   i->imm = size_B;
   i->align_B = size_B;
   i->is_invariant = true;
   return nvir_val(i->dsts[0].val);
}

/* ---- address arithmetic ---- */

static struct nvir_src
scaled_index(struct nvir_import *im, LLVMValueRef index, uint64_t size)
{
   struct nvir_src x = nvir_import_scalar(im, index);
   unsigned bits = nvir_scalar_bits(LLVMTypeOf(index));

   x = nvir_import_extend(im, x, bits, true);
   if (bits <= 32)
      x = nvir_convert(im, NVIR_OP_SEXT, NVIR_TYPE_I64, NVIR_TYPE_I32, 0, x);
   if (size == 1)
      return x;
   if (util_is_pow2(size))
      return nvir_i2(im, NVIR_OP_SHL, NVIR_TYPE_I64, x,
                     nvir_imm(__builtin_ctzll(size)));
   return nvir_i2(im, NVIR_OP_MUL, NVIR_TYPE_I64, x, nvir_imm(size));
}

/* The constant part is added last, where memory instructions can absorb it. */
struct nvir_comps
nvir_import_gep(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = LLVMGetGEPSourceElementType(v);
   int64_t constant = 0;

   if (LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMVectorTypeKind)
      return nvir_import_fail(im, v, "vector of pointers");
   struct nvir_src p = nvir_import_scalar(im, LLVMGetOperand(v, 0));
   for (unsigned i = 1; i < (unsigned)LLVMGetNumOperands(v); i++) {
      LLVMValueRef index = LLVMGetOperand(v, i);
      if (i > 1 && LLVMGetTypeKind(t) == LLVMStructTypeKind) {
         unsigned member = LLVMConstIntGetZExtValue(index);
         constant += LLVMOffsetOfElement(im->layout, t, member);
         t = LLVMStructGetTypeAtIndex(t, member);
         continue;
      }
      if (i > 1)
         t = LLVMGetElementType(t);
      uint64_t size = LLVMABISizeOfType(im->layout, t);
      if (LLVMIsAConstantInt(index))
         constant += LLVMConstIntGetSExtValue(index) * size;
      else
         p = nvir_i2(im, NVIR_OP_ADD, NVIR_TYPE_I64,
                     scaled_index(im, index, size), p);
   }
   if (constant && p.kind == NVIR_SRC_IMM)
      p.imm += constant;
   else if (constant)
      p = nvir_i2(im, NVIR_OP_ADD, NVIR_TYPE_I64, p, nvir_imm(constant));
   return nvir_comps_one(im, p);
}
