/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Selection, and taking vectors and aggregates apart: all a matter of naming
 * components, unless an index is a value. */
#include <string.h>

#include "nouveau/compiler/nvir_from_llvm_priv.h"

static struct nvir_comps
select_value(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = LLVMTypeOf(v);
   struct nvir_comps p = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 2));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   for (unsigned i = 0; i < r.n; i++)
      r.c[i] = nvir_i3(im, NVIR_OP_SELECT, nvir_container(nvir_type_leaf(t, i)),
                       p.c[p.n == 1 ? 0 : i], a.c[i], b.c[i]);
   return r;
}

static struct nvir_src
index_equals(struct nvir_import *im, LLVMValueRef index, unsigned i)
{
   LLVMTypeRef t = LLVMTypeOf(index);
   struct nvir_src x = nvir_import_extend(im, nvir_import_scalar(im, index),
                                          nvir_scalar_bits(t), false);
   return nvir_icmp(im, NVIR_COND_EQ, false, nvir_container(t), x, nvir_imm(i));
}

static struct nvir_comps
extract_element(struct nvir_import *im, LLVMValueRef v)
{
   LLVMValueRef index = LLVMGetOperand(v, 1);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));

   if (LLVMIsAConstantInt(index)) {
      uint64_t i = LLVMConstIntGetZExtValue(index);
      return nvir_comps_one(im, i < a.n ? a.c[i] : nvir_undef());
   }
   struct nvir_src r = a.c[0];
   for (unsigned i = 1; i < a.n; i++)
      r = nvir_i3(im, NVIR_OP_SELECT, nvir_container(LLVMTypeOf(v)),
                  index_equals(im, index, i), a.c[i], r);
   return nvir_comps_one(im, r);
}

static struct nvir_comps
insert_element(struct nvir_import *im, LLVMValueRef v)
{
   LLVMValueRef index = LLVMGetOperand(v, 2);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_src x = nvir_import_scalar(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);
   enum nvir_type t = nvir_container(nvir_scalar_of(LLVMTypeOf(v)));

   memcpy(r.c, a.c, a.n * sizeof(*a.c));
   for (unsigned i = 0; i < r.n; i++) {
      if (!LLVMIsAConstantInt(index))
         r.c[i] = nvir_i3(im, NVIR_OP_SELECT, t, index_equals(im, index, i), x,
                          a.c[i]);
      else if (LLVMConstIntGetZExtValue(index) == i)
         r.c[i] = x;
   }
   return r;
}

static struct nvir_comps
shuffle(struct nvir_import *im, LLVMValueRef v)
{
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, LLVMGetNumMaskElements(v));

   for (unsigned i = 0; i < r.n; i++) {
      int from = LLVMGetMaskValue(v, i);
      r.c[i] = from < 0 || from == LLVMGetUndefMaskElem() ? nvir_undef()
               : (unsigned)from < a.n                     ? a.c[from]
                                                          : b.c[from - a.n];
   }
   return r;
}

/* First component and number of components of the member that the indices name.
 */
static unsigned
member_at(LLVMTypeRef t, const unsigned *indices, unsigned num_indices,
          unsigned *count_out)
{
   unsigned at = 0;
   for (unsigned i = 0; i < num_indices; i++) {
      if (LLVMGetTypeKind(t) == LLVMStructTypeKind) {
         for (unsigned m = 0; m < indices[i]; m++)
            at += nvir_type_leaves(LLVMStructGetTypeAtIndex(t, m));
         t = LLVMStructGetTypeAtIndex(t, indices[i]);
      } else {
         t = LLVMGetElementType(t);
         at += indices[i] * nvir_type_leaves(t);
      }
   }
   *count_out = nvir_type_leaves(t);
   return at;
}

static struct nvir_comps
extract_value(struct nvir_import *im, LLVMValueRef v)
{
   LLVMValueRef agg = LLVMGetOperand(v, 0);
   struct nvir_comps a = nvir_import_value(im, agg);
   unsigned n, at = member_at(LLVMTypeOf(agg), LLVMGetIndices(v),
                              LLVMGetNumIndices(v), &n);
   return (struct nvir_comps){a.c + at, n};
}

static struct nvir_comps
insert_value(struct nvir_import *im, LLVMValueRef v)
{
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps x = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);
   unsigned n, at = member_at(LLVMTypeOf(v), LLVMGetIndices(v),
                              LLVMGetNumIndices(v), &n);

   memcpy(r.c, a.c, a.n * sizeof(*a.c));
   memcpy(r.c + at, x.c, x.n * sizeof(*x.c));
   return r;
}

struct nvir_comps
nvir_import_vector(struct nvir_import *im, LLVMValueRef v, LLVMOpcode op)
{
   switch (op) {
   case LLVMSelect:
      return select_value(im, v);
   case LLVMExtractElement:
      return extract_element(im, v);
   case LLVMInsertElement:
      return insert_element(im, v);
   case LLVMShuffleVector:
      return shuffle(im, v);
   case LLVMExtractValue:
      return extract_value(im, v);
   default:
      return insert_value(im, v);
   }
}
