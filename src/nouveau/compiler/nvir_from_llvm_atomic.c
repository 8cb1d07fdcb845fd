/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Atomic operations and fences as LLVM has them; what the hardware lacks is for
 * nvir_lower_atomics. */
#include "nouveau/compiler/nvir_from_llvm_priv.h"

void
nvir_import_fence(struct nvir_import *im, LLVMAtomicOrdering order, bool before)
{
   bool needed =
      order == LLVMAtomicOrderingAcquireRelease ||
      order == LLVMAtomicOrderingSequentiallyConsistent ||
      order == (before ? LLVMAtomicOrderingRelease : LLVMAtomicOrderingAcquire);
   if (!needed)
      return;
   /* LLVM 15's C interface hides the scope: the widest is always right. */
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_FENCE, NVIR_TYPE_NONE, NULL, 0);
   i->imm = NVIR_FENCE_SYSTEM | (before ? 0 : NVIR_FENCE_ACQUIRE);
}

static struct nvir_src
build_atom(struct nvir_import *im, LLVMValueRef ptr, enum nvir_atom op,
           enum nvir_type type, const struct nvir_src *operands, unsigned n)
{
   struct nvir_address a = nvir_address_of(im, ptr, nvir_type_bits(type) / 8);
   struct nvir_src srcs[3] = {a.base, operands[0],
                              n > 1 ? operands[1] : nvir_undef()};
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_ATOM, type, srcs, 1 + n);
   nvir_address_set(i, &a, 0, nvir_type_bits(type) / 8);
   i->atom = op;
   i->ftz = im->ftz && type == NVIR_TYPE_F32;
   im->s->uses_atomics = true;
   return nvir_val(i->dsts[0].val);
}

static int
rmw_op(LLVMAtomicRMWBinOp op)
{
   switch (op) {
   case LLVMAtomicRMWBinOpXchg:
      return NVIR_ATOM_EXCH;
   case LLVMAtomicRMWBinOpAdd:
      return NVIR_ATOM_ADD;
   case LLVMAtomicRMWBinOpSub:
      return NVIR_ATOM_SUB;
   case LLVMAtomicRMWBinOpAnd:
      return NVIR_ATOM_AND;
   case LLVMAtomicRMWBinOpNand:
      return NVIR_ATOM_NAND;
   case LLVMAtomicRMWBinOpOr:
      return NVIR_ATOM_OR;
   case LLVMAtomicRMWBinOpXor:
      return NVIR_ATOM_XOR;
   case LLVMAtomicRMWBinOpMax:
      return NVIR_ATOM_MAX;
   case LLVMAtomicRMWBinOpMin:
      return NVIR_ATOM_MIN;
   case LLVMAtomicRMWBinOpUMax:
      return NVIR_ATOM_UMAX;
   case LLVMAtomicRMWBinOpUMin:
      return NVIR_ATOM_UMIN;
   case LLVMAtomicRMWBinOpFAdd:
   case LLVMAtomicRMWBinOpFSub:
      return NVIR_ATOM_FADD;
   case LLVMAtomicRMWBinOpFMax:
      return NVIR_ATOM_FMAX;
   case LLVMAtomicRMWBinOpFMin:
      return NVIR_ATOM_FMIN;
   default:
      return -1;
   }
}

struct nvir_comps
nvir_import_rmw(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = LLVMTypeOf(v);
   enum nvir_type type = nvir_container(t);
   LLVMAtomicRMWBinOp llvm_op = LLVMGetAtomicRMWBinOp(v);
   LLVMAtomicOrdering order = LLVMGetOrdering(v);
   struct nvir_src x = nvir_import_scalar(im, LLVMGetOperand(v, 1));
   int op = rmw_op(llvm_op);

   if (op < 0 || nvir_scalar_bits(t) < 32 ||
       nvir_type_bits(type) != nvir_scalar_bits(t))
      return nvir_import_fail(im, v, "atomic operation of this kind or width");
   if (llvm_op == LLVMAtomicRMWBinOpFSub)
      x = nvir_i1(im, NVIR_OP_FNEG, type, x);
   nvir_import_fence(im, order, true);
   struct nvir_src r = build_atom(im, LLVMGetOperand(v, 0), op, type, &x, 1);
   nvir_import_fence(im, order, false);
   return nvir_comps_one(im, r);
}

struct nvir_comps
nvir_import_cmpxchg(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = LLVMTypeOf(LLVMGetOperand(v, 1));
   enum nvir_type type = nvir_container(t);
   LLVMAtomicOrdering order = LLVMGetCmpXchgSuccessOrdering(v);
   struct nvir_src ops[2] = {nvir_import_scalar(im, LLVMGetOperand(v, 1)),
                             nvir_import_scalar(im, LLVMGetOperand(v, 2))};
   struct nvir_comps r = nvir_comps_new(im, 2);

   if (nvir_scalar_bits(t) < 32 || nvir_type_bits(type) != nvir_scalar_bits(t))
      return nvir_import_fail(im, v, "compare-exchange of this width");
   nvir_import_fence(im, order, true);
   r.c[0] = build_atom(im, LLVMGetOperand(v, 0), NVIR_ATOM_CAS, type, ops, 2);
   nvir_import_fence(im, order, false);
   r.c[1] = nvir_icmp(im, NVIR_COND_EQ, false, type, r.c[0], ops[0]);
   return r;
}
