/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The data segment: initialisers to bytes. An address in an initialiser is
 * written as the offset it has in the segment and noted, for the segment's own
 * address is only known when it is loaded (nvir_program_data). */
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/nvir_from_llvm_priv.h"

void
nvir_data_segment_init(struct nvir_data_segment *data)
{
   *data = (struct nvir_data_segment){0};
   util_buf_init(&data->bytes);
   util_buf_init(&data->relocs);
}

void
nvir_data_segment_finish(struct nvir_data_segment *data)
{
   util_buf_finish(&data->bytes);
   util_buf_finish(&data->relocs);
   free(data->items);
}

/* An initialiser being written; the segment may grow meanwhile. */
struct writer {
   struct nvir_import *im;
   char *bytes;
   uint32_t segment_offset_B;
};

static bool write_constant(struct writer *w, LLVMValueRef c, uint64_t at);

static unsigned
num_members(LLVMTypeRef t)
{
   switch (LLVMGetTypeKind(t)) {
   case LLVMStructTypeKind:
      return LLVMCountStructElementTypes(t);
   case LLVMArrayTypeKind:
      return LLVMGetArrayLength(t);
   case LLVMVectorTypeKind:
      return LLVMGetVectorSize(t);
   default:
      return 0;
   }
}

static uint64_t
member_offset(struct nvir_import *im, LLVMTypeRef t, uint64_t n)
{
   if (LLVMGetTypeKind(t) == LLVMStructTypeKind)
      return LLVMOffsetOfElement(im->layout, t, n);
   return n * LLVMABISizeOfType(im->layout, LLVMGetElementType(t));
}

static LLVMTypeRef
member_type(LLVMTypeRef t, uint64_t n)
{
   return LLVMGetTypeKind(t) == LLVMStructTypeKind
             ? LLVMStructGetTypeAtIndex(t, n)
             : LLVMGetElementType(t);
}

/* Bytes that the indices of a constant getelementptr add. */
static bool
gep_offset(struct nvir_import *im, LLVMValueRef gep, int64_t *offset_out)
{
   LLVMTypeRef t = LLVMGetGEPSourceElementType(gep);
   int64_t offset = 0;
   for (unsigned i = 1; i < (unsigned)LLVMGetNumOperands(gep); i++) {
      LLVMValueRef index = LLVMGetOperand(gep, i);
      if (!LLVMIsAConstantInt(index))
         return false;
      int64_t n = LLVMConstIntGetSExtValue(index);
      if (i == 1) {
         offset += n * (int64_t)LLVMABISizeOfType(im->layout, t);
         continue;
      }
      offset += member_offset(im, t, n);
      t = member_type(t, n);
   }
   *offset_out = offset;
   return true;
}

/* A variable and an offset, of which a constant address consists. */
static bool
take_address(struct nvir_import *im, LLVMValueRef c, LLVMValueRef *global_out,
             int64_t *offset_out)
{
   int64_t offset = 0, more;
   while (!LLVMIsAGlobalVariable(c)) {
      if (!LLVMIsAConstantExpr(c))
         return false;
      switch (LLVMGetConstOpcode(c)) {
      case LLVMGetElementPtr:
         if (!gep_offset(im, c, &more))
            return false;
         offset += more;
         break;
      case LLVMAddrSpaceCast:
      case LLVMBitCast:
      case LLVMPtrToInt:
      case LLVMIntToPtr:
         break;
      default:
         return false;
      }
      c = LLVMGetOperand(c, 0);
   }
   *global_out = c;
   *offset_out = offset;
   return LLVMGetPointerAddressSpace(LLVMTypeOf(c)) != NVIR_AS_SHARED;
}

static bool
write_address(struct writer *w, LLVMValueRef c, uint64_t at)
{
   LLVMValueRef global;
   int64_t offset;
   if (nvir_scalar_bits(LLVMTypeOf(c)) != 64 ||
       !take_address(w->im, c, &global, &offset))
      return false;
   uint64_t value = nvir_data_offset(w->im, global) + offset;
   uint32_t place = w->segment_offset_B + at;
   memcpy(w->bytes + at, &value, sizeof(value));
   util_buf_append(&w->im->data->relocs, &place, sizeof(place));
   return true;
}

static bool
write_constant(struct writer *w, LLVMValueRef c, uint64_t at)
{
   LLVMTypeRef t = LLVMTypeOf(c);

   if (LLVMIsUndef(c) || LLVMIsNull(c))
      return true;
   if (LLVMIsAConstantInt(c) && LLVMGetIntTypeWidth(t) <= 64) {
      uint64_t v = LLVMConstIntGetZExtValue(c);
      memcpy(w->bytes + at, &v, LLVMStoreSizeOfType(w->im->layout, t));
      return true;
   }
   if (LLVMIsAConstantFP(c) && nvir_scalar_bits(t)) {
      LLVMTypeRef it = LLVMIntTypeInContext(w->im->ctx, nvir_scalar_bits(t));
      return write_constant(w, LLVMConstBitCast(c, it), at);
   }
   if (LLVMIsAConstantExpr(c) || LLVMIsAGlobalVariable(c))
      return write_address(w, c, at);
   unsigned n = num_members(t);
   for (unsigned i = 0; i < n; i++)
      if (!write_constant(w, LLVMGetAggregateElement(c, i),
                          at + member_offset(w->im, t, i)))
         return false;
   return n > 0;
}

uint32_t
nvir_data_offset(struct nvir_import *im, LLVMValueRef global)
{
   struct nvir_data_segment *data = im->data;
   LLVMValueRef init = LLVMGetInitializer(global);

   for (unsigned i = 0; i < data->num_items; i++)
      if (data->items[i].global == global)
         return data->items[i].offset_B;
   unsigned align =
      MAX2(LLVMPreferredAlignmentOfGlobal(im->layout, global), 16);
   size_t size = LLVMABISizeOfType(im->layout, LLVMGlobalGetValueType(global));
   uint32_t at = util_align(data->bytes.size_B, align);
   util_buf_extend(&data->bytes, at + size - data->bytes.size_B);
   data->items =
      realloc(data->items, (data->num_items + 1) * sizeof(*data->items));
   if (!data->items)
      abort();
   data->items[data->num_items++] = (struct nvir_data_item){global, at};

   struct writer w = {im, calloc(1, MAX2(size, 8)), at};
   if (!w.bytes)
      abort();
   if (init && !write_constant(&w, init, 0))
      nvir_import_fail(im, global, "initialiser of variable '%s'",
                       LLVMGetValueName(global));
   memcpy(data->bytes.data + at, w.bytes, size);
   free(w.bytes);
   return at;
}
