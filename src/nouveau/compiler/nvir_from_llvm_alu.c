/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Arithmetic, comparisons, conversions. */
#include <string.h>

#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_from_llvm_priv.h"
#include "nouveau/compiler/nvir_llvm_shim.h"

/* Which bits beyond an operand's width the operation looks at. */
enum widen {
   WIDEN_NONE,
   WIDEN_ZERO,
   WIDEN_SIGN
};

struct int_op {
   LLVMOpcode llvm;
   enum nvir_op op;
   enum widen a, b;
};

static const struct int_op int_ops[] = {
   {LLVMAdd, NVIR_OP_ADD, WIDEN_NONE, WIDEN_NONE},
   {LLVMSub, NVIR_OP_SUB, WIDEN_NONE, WIDEN_NONE},
   {LLVMMul, NVIR_OP_MUL, WIDEN_NONE, WIDEN_NONE},
   {LLVMUDiv, NVIR_OP_UDIV, WIDEN_ZERO, WIDEN_ZERO},
   {LLVMSDiv, NVIR_OP_SDIV, WIDEN_SIGN, WIDEN_SIGN},
   {LLVMURem, NVIR_OP_UREM, WIDEN_ZERO, WIDEN_ZERO},
   {LLVMSRem, NVIR_OP_SREM, WIDEN_SIGN, WIDEN_SIGN},
   {LLVMShl, NVIR_OP_SHL, WIDEN_NONE, WIDEN_ZERO},
   {LLVMLShr, NVIR_OP_LSHR, WIDEN_ZERO, WIDEN_ZERO},
   {LLVMAShr, NVIR_OP_ASHR, WIDEN_SIGN, WIDEN_ZERO},
   {LLVMAnd, NVIR_OP_AND, WIDEN_NONE, WIDEN_NONE},
   {LLVMOr, NVIR_OP_OR, WIDEN_NONE, WIDEN_NONE},
   {LLVMXor, NVIR_OP_XOR, WIDEN_NONE, WIDEN_NONE},
};

static struct nvir_src
widen(struct nvir_import *im, struct nvir_src x, unsigned bits, enum widen how)
{
   return how == WIDEN_NONE
             ? x
             : nvir_import_extend(im, x, bits, how == WIDEN_SIGN);
}

/* On one bit, addition is XOR and multiplication AND; the rest never survives
 * LLVM. */
static enum nvir_op
bool_op(enum nvir_op op)
{
   switch (op) {
   case NVIR_OP_ADD:
   case NVIR_OP_SUB:
      return NVIR_OP_XOR;
   case NVIR_OP_MUL:
      return NVIR_OP_AND;
   default:
      return op;
   }
}

static struct nvir_comps
int_binary(struct nvir_import *im, LLVMValueRef v, const struct int_op *io)
{
   LLVMTypeRef t = nvir_scalar_of(LLVMTypeOf(v));
   enum nvir_type ct = nvir_container(t);
   unsigned bits = nvir_scalar_bits(t);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   if (ct == NVIR_TYPE_NONE)
      return nvir_import_fail(im, v, "integer of %u bits", bits);
   for (unsigned i = 0; i < r.n; i++) {
      if (ct == NVIR_TYPE_I1)
         r.c[i] = nvir_i2(im, bool_op(io->op), ct, a.c[i], b.c[i]);
      else
         r.c[i] = nvir_i2(im, io->op, ct, widen(im, a.c[i], bits, io->a),
                          widen(im, b.c[i], bits, io->b));
   }
   return r;
}

/* ---- float ---- */

static bool
is_half(LLVMTypeRef t)
{
   return LLVMGetTypeKind(t) == LLVMHalfTypeKind;
}

/* Half arithmetic goes through single precision, whose 24 bits make the second
 * rounding of + - * / harmless (24 >= 2 * 11 + 2). */
static struct nvir_src
from_half(struct nvir_import *im, struct nvir_src x)
{
   return nvir_convert(im, NVIR_OP_FTOF, NVIR_TYPE_F32, NVIR_TYPE_F16,
                       NVIR_ROUND_RN, x);
}

static struct nvir_src
to_half(struct nvir_import *im, struct nvir_src x)
{
   return nvir_convert(im, NVIR_OP_FTOF, NVIR_TYPE_F16, NVIR_TYPE_F32,
                       NVIR_ROUND_RN, x);
}

bool
nvir_import_may_be_fast(struct nvir_import *im, LLVMValueRef v)
{
   if (!LLVMIsAInstruction(v))
      return false;
   unsigned kind = LLVMGetMDKindIDInContext(im->ctx, "fpmath", 6);
   return LLVMGetMetadata(v, kind) || nvir_llvm_may_approximate(v);
}

static struct nvir_comps
float_binary(struct nvir_import *im, LLVMValueRef v, enum nvir_op op)
{
   LLVMTypeRef t = nvir_scalar_of(LLVMTypeOf(v));
   enum nvir_type ct = is_half(t) ? NVIR_TYPE_F32 : nvir_container(t);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   for (unsigned i = 0; i < r.n; i++) {
      struct nvir_src ops[2] = {a.c[i], b.c[i]};
      if (is_half(t)) {
         ops[0] = from_half(im, ops[0]);
         ops[1] = from_half(im, ops[1]);
      }
      struct nvir_instr *n = nvir_build_op(&im->b, op, ct, ops, 2);
      n->ftz = im->ftz && ct == NVIR_TYPE_F32 && !is_half(t);
      n->fast = op == NVIR_OP_FDIV
                   ? nvir_import_may_be_fast(im, v)
                   : LLVMIsAInstruction(v) && nvir_llvm_may_contract(v);
      r.c[i] = nvir_val(n->dsts[0].val);
      if (is_half(t))
         r.c[i] = to_half(im, r.c[i]);
   }
   return r;
}

static struct nvir_comps
float_negate(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = nvir_scalar_of(LLVMTypeOf(v));
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   for (unsigned i = 0; i < r.n; i++)
      r.c[i] =
         is_half(t)
            ? nvir_i2(im, NVIR_OP_XOR, NVIR_TYPE_I32, a.c[i], nvir_imm(0x8000))
            : nvir_i1(im, NVIR_OP_FNEG, nvir_container(t), a.c[i]);
   return r;
}

/* ---- comparisons ---- */

static struct nvir_src
bool_compare(struct nvir_import *im, LLVMIntPredicate p, struct nvir_src a,
             struct nvir_src b)
{
   struct nvir_src not_a =
      nvir_i2(im, NVIR_OP_XOR, NVIR_TYPE_I1, a, nvir_imm(1));
   struct nvir_src not_b =
      nvir_i2(im, NVIR_OP_XOR, NVIR_TYPE_I1, b, nvir_imm(1));
   switch (p) {
   case LLVMIntEQ:
      return nvir_i2(im, NVIR_OP_XOR, NVIR_TYPE_I1, not_a, b);
   case LLVMIntNE:
      return nvir_i2(im, NVIR_OP_XOR, NVIR_TYPE_I1, a, b);
   /* signed true is -1 */
   case LLVMIntUGT:
   case LLVMIntSLT:
      return nvir_i2(im, NVIR_OP_AND, NVIR_TYPE_I1, a, not_b);
   case LLVMIntULT:
   case LLVMIntSGT:
      return nvir_i2(im, NVIR_OP_AND, NVIR_TYPE_I1, not_a, b);
   case LLVMIntUGE:
   case LLVMIntSLE:
      return nvir_i2(im, NVIR_OP_OR, NVIR_TYPE_I1, a, not_b);
   default:
      return nvir_i2(im, NVIR_OP_OR, NVIR_TYPE_I1, not_a, b);
   }
}

static enum nvir_cond
int_condition(LLVMIntPredicate p)
{
   switch (p) {
   case LLVMIntEQ:
      return NVIR_COND_EQ;
   case LLVMIntNE:
      return NVIR_COND_NE;
   case LLVMIntUGT:
   case LLVMIntSGT:
      return NVIR_COND_GT;
   case LLVMIntUGE:
   case LLVMIntSGE:
      return NVIR_COND_GE;
   case LLVMIntULT:
   case LLVMIntSLT:
      return NVIR_COND_LT;
   default:
      return NVIR_COND_LE;
   }
}

static struct nvir_comps
int_compare(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = nvir_scalar_of(LLVMTypeOf(LLVMGetOperand(v, 0)));
   enum nvir_type ct = nvir_container(t);
   LLVMIntPredicate p = LLVMGetICmpPredicate(v);
   unsigned bits = nvir_scalar_bits(t);
   bool is_signed = p >= LLVMIntSGT;
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   if (ct == NVIR_TYPE_NONE)
      return nvir_import_fail(im, v, "comparison of %u bits", bits);
   for (unsigned i = 0; i < r.n; i++) {
      if (ct == NVIR_TYPE_I1) {
         r.c[i] = bool_compare(im, p, a.c[i], b.c[i]);
         continue;
      }
      struct nvir_src x = nvir_import_extend(im, a.c[i], bits, is_signed);
      struct nvir_src y = nvir_import_extend(im, b.c[i], bits, is_signed);
      r.c[i] = nvir_icmp(im, int_condition(p), is_signed, ct, x, y);
   }
   return r;
}

static struct nvir_comps
float_compare(struct nvir_import *im, LLVMValueRef v)
{
   static const uint8_t conds[] = {
      [LLVMRealPredicateFalse] = NVIR_COND_F,
      [LLVMRealOEQ] = NVIR_COND_EQ,
      [LLVMRealOGT] = NVIR_COND_GT,
      [LLVMRealOGE] = NVIR_COND_GE,
      [LLVMRealOLT] = NVIR_COND_LT,
      [LLVMRealOLE] = NVIR_COND_LE,
      [LLVMRealONE] = NVIR_COND_NE,
      [LLVMRealORD] = NVIR_COND_NUM,
      [LLVMRealUNO] = NVIR_COND_NAN,
      [LLVMRealUEQ] = NVIR_COND_EQU,
      [LLVMRealUGT] = NVIR_COND_GTU,
      [LLVMRealUGE] = NVIR_COND_GEU,
      [LLVMRealULT] = NVIR_COND_LTU,
      [LLVMRealULE] = NVIR_COND_LEU,
      [LLVMRealUNE] = NVIR_COND_NEU,
      [LLVMRealPredicateTrue] = NVIR_COND_T,
   };
   LLVMTypeRef t = nvir_scalar_of(LLVMTypeOf(LLVMGetOperand(v, 0)));
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   for (unsigned i = 0; i < r.n; i++) {
      struct nvir_src ops[2] = {a.c[i], b.c[i]};
      if (is_half(t)) {
         ops[0] = from_half(im, ops[0]);
         ops[1] = from_half(im, ops[1]);
      }
      struct nvir_instr *n =
         nvir_build_op(&im->b, NVIR_OP_FCMP, NVIR_TYPE_I1, ops, 2);
      n->src_type = is_half(t) ? NVIR_TYPE_F32 : nvir_container(t);
      n->cond = conds[LLVMGetFCmpPredicate(v)];
      n->ftz = im->ftz && n->src_type == NVIR_TYPE_F32 && !is_half(t);
      r.c[i] = nvir_val(n->dsts[0].val);
   }
   return r;
}

struct nvir_comps
nvir_import_alu(struct nvir_import *im, LLVMValueRef v, LLVMOpcode op)
{
   for (unsigned i = 0; i < ARRAY_SIZE(int_ops); i++)
      if (int_ops[i].llvm == op)
         return int_binary(im, v, &int_ops[i]);
   switch (op) {
   case LLVMFAdd:
      return float_binary(im, v, NVIR_OP_FADD);
   case LLVMFSub:
      return float_binary(im, v, NVIR_OP_FSUB);
   case LLVMFMul:
      return float_binary(im, v, NVIR_OP_FMUL);
   case LLVMFDiv:
      return float_binary(im, v, NVIR_OP_FDIV);
   case LLVMFRem:
      return float_binary(im, v, NVIR_OP_FREM);
   case LLVMFNeg:
      return float_negate(im, v);
   case LLVMICmp:
      return int_compare(im, v);
   case LLVMFCmp:
      return float_compare(im, v);
   default:
      return nvir_import_fail(im, v, "operation");
   }
}

/* ---- conversions ---- */

static struct nvir_src
int_resize(struct nvir_import *im, struct nvir_src x, LLVMTypeRef from,
           LLVMTypeRef to, LLVMOpcode op)
{
   unsigned fb = nvir_scalar_bits(from), tb = nvir_scalar_bits(to);
   enum nvir_type ft = nvir_container(from), tt = nvir_container(to);

   if (op == LLVMTrunc) {
      if (ft == NVIR_TYPE_I64 && tt != NVIR_TYPE_I64)
         x = nvir_i1(im, NVIR_OP_TRUNC, NVIR_TYPE_I32, x);
      if (tb > 1)
         return x;
      x = nvir_i2(im, NVIR_OP_AND, NVIR_TYPE_I32, x, nvir_imm(1));
      return nvir_icmp(im, NVIR_COND_NE, false, NVIR_TYPE_I32, x, nvir_imm(0));
   }
   bool is_signed = op == LLVMSExt;
   if (fb == 1) {
      uint64_t ones = !is_signed ? 1 : tt == NVIR_TYPE_I64 ? ~0ull : 0xffffffff;
      return nvir_i3(im, NVIR_OP_SELECT, tt, x, nvir_imm(ones), nvir_imm(0));
   }
   x = nvir_import_extend(im, x, fb, is_signed);
   if (ft == NVIR_TYPE_I32 && tt == NVIR_TYPE_I64)
      x = nvir_convert(im, is_signed ? NVIR_OP_SEXT : NVIR_OP_ZEXT, tt, ft, 0,
                       x);
   return x;
}

static struct nvir_src
int_to_float(struct nvir_import *im, struct nvir_src x, LLVMTypeRef from,
             LLVMTypeRef to, bool is_signed)
{
   unsigned bits = nvir_scalar_bits(from);
   enum nvir_type ft = nvir_container(from);
   enum nvir_type tt = is_half(to) ? NVIR_TYPE_F16 : nvir_container(to);

   if (bits == 1) {
      x = nvir_i3(im, NVIR_OP_SELECT, NVIR_TYPE_I32, x,
                  nvir_imm(is_signed ? 0xffffffff : 1), nvir_imm(0));
      ft = NVIR_TYPE_I32;
   } else {
      x = nvir_import_extend(im, x, bits, is_signed);
   }
   return nvir_convert(im, is_signed ? NVIR_OP_STOF : NVIR_OP_UTOF, tt, ft,
                       NVIR_ROUND_RN, x);
}

static struct nvir_src
float_to_int(struct nvir_import *im, struct nvir_src x, LLVMTypeRef from,
             LLVMTypeRef to, bool is_signed)
{
   enum nvir_type ft = is_half(from) ? NVIR_TYPE_F16 : nvir_container(from);
   enum nvir_type tt = nvir_container(to);
   bool to_bool = tt == NVIR_TYPE_I1;

   if (to_bool)
      tt = NVIR_TYPE_I32;
   x = nvir_convert(im, is_signed ? NVIR_OP_FTOS : NVIR_OP_FTOU, tt, ft,
                    NVIR_ROUND_RZ, x);
   if (to_bool)
      x = nvir_icmp(im, NVIR_COND_NE, false, NVIR_TYPE_I32, x, nvir_imm(0));
   return x;
}

static struct nvir_src
float_resize(struct nvir_import *im, struct nvir_src x, LLVMTypeRef from,
             LLVMTypeRef to)
{
   enum nvir_type ft = is_half(from) ? NVIR_TYPE_F16 : nvir_container(from);
   enum nvir_type tt = is_half(to) ? NVIR_TYPE_F16 : nvir_container(to);
   return nvir_convert(im, NVIR_OP_FTOF, tt, ft, NVIR_ROUND_RN, x);
}

/* Shared pointers are offsets, generic ones lie in the window; but null is null
 * in both. */
static struct nvir_src
cast_space(struct nvir_import *im, struct nvir_src x, LLVMTypeRef from,
           LLVMTypeRef to)
{
   unsigned fs = LLVMGetPointerAddressSpace(from),
            ts = LLVMGetPointerAddressSpace(to);
   bool from_shared = fs == NVIR_AS_SHARED, to_shared = ts == NVIR_AS_SHARED;

   if (from_shared == to_shared)
      return x;
   int64_t base =
      from_shared ? (int64_t)NVIR_SHARED_WINDOW : -(int64_t)NVIR_SHARED_WINDOW;
   if (x.kind == NVIR_SRC_IMM)
      return nvir_imm(x.imm ? x.imm + base : 0);
   struct nvir_src is_null =
      nvir_icmp(im, NVIR_COND_EQ, false, NVIR_TYPE_I64, x, nvir_imm(0));
   x = nvir_i2(im, NVIR_OP_ADD, NVIR_TYPE_I64, x, nvir_imm(base));
   return nvir_i3(im, NVIR_OP_SELECT, NVIR_TYPE_I64, is_null, nvir_imm(0), x);
}

/* <n x i1> ↔ integer: one bit each. */
static struct nvir_comps
bool_vector_cast(struct nvir_import *im, LLVMValueRef v, struct nvir_comps a,
                 LLVMTypeRef to)
{
   struct nvir_comps r = nvir_comps_new(im, nvir_type_leaves(to));
   if (a.n > 32 || r.n > 32)
      return nvir_import_fail(im, v, "cast of a long bool vector");
   if (r.n == 1) {
      struct nvir_src acc = nvir_imm(0);
      for (unsigned i = 0; i < a.n; i++) {
         struct nvir_src bit = nvir_i3(im, NVIR_OP_SELECT, NVIR_TYPE_I32,
                                       a.c[i], nvir_imm(1u << i), nvir_imm(0));
         acc = nvir_i2(im, NVIR_OP_OR, NVIR_TYPE_I32, acc, bit);
      }
      r.c[0] = acc;
      return r;
   }
   for (unsigned i = 0; i < r.n; i++) {
      struct nvir_src bit =
         nvir_i2(im, NVIR_OP_AND, NVIR_TYPE_I32, a.c[0], nvir_imm(1u << i));
      r.c[i] =
         nvir_icmp(im, NVIR_COND_NE, false, NVIR_TYPE_I32, bit, nvir_imm(0));
   }
   return r;
}

static struct nvir_comps
bit_cast(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef from = LLVMTypeOf(LLVMGetOperand(v, 0)), to = LLVMTypeOf(v);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   unsigned fb = nvir_scalar_bits(nvir_scalar_of(from)),
            tb = nvir_scalar_bits(nvir_scalar_of(to));
   struct nvir_src words[NVIR_MAX_WORDS];

   if (fb == tb)
      return a;
   if ((fb == 1) != (tb == 1))
      return bool_vector_cast(im, v, a, to);
   if (fb > 64 || tb > 64 || a.n * fb > 32 * NVIR_MAX_WORDS)
      return nvir_import_fail(im, v, "bitcast");
   nvir_comps_to_words(im, from, a, words);
   return nvir_words_to_comps(im, to, words);
}

struct nvir_comps
nvir_import_cast(struct nvir_import *im, LLVMValueRef v, LLVMOpcode op)
{
   if (op == LLVMBitCast)
      return bit_cast(im, v);

   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   LLVMTypeRef from = nvir_scalar_of(LLVMTypeOf(LLVMGetOperand(v, 0)));
   LLVMTypeRef to = nvir_scalar_of(LLVMTypeOf(v));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   if (nvir_container(from) == NVIR_TYPE_NONE ||
       nvir_container(to) == NVIR_TYPE_NONE)
      return nvir_import_fail(im, v, "conversion between these types");
   for (unsigned i = 0; i < r.n; i++) {
      switch (op) {
      case LLVMTrunc:
      case LLVMZExt:
      case LLVMSExt:
         r.c[i] = int_resize(im, a.c[i], from, to, op);
         break;
      case LLVMPtrToInt:
         r.c[i] = nvir_scalar_bits(to) < 64
                     ? int_resize(im, a.c[i], from, to, LLVMTrunc)
                     : a.c[i];
         break;
      case LLVMIntToPtr:
         r.c[i] = nvir_scalar_bits(from) < 64
                     ? int_resize(im, a.c[i], from, to, LLVMZExt)
                     : a.c[i];
         break;
      case LLVMFPToSI:
         r.c[i] = float_to_int(im, a.c[i], from, to, true);
         break;
      case LLVMFPToUI:
         r.c[i] = float_to_int(im, a.c[i], from, to, false);
         break;
      case LLVMSIToFP:
         r.c[i] = int_to_float(im, a.c[i], from, to, true);
         break;
      case LLVMUIToFP:
         r.c[i] = int_to_float(im, a.c[i], from, to, false);
         break;
      case LLVMFPTrunc:
      case LLVMFPExt:
         r.c[i] = float_resize(im, a.c[i], from, to);
         break;
      case LLVMAddrSpaceCast:
         r.c[i] = cast_space(im, a.c[i], from, to);
         break;
      default:
         return nvir_import_fail(im, v, "conversion");
      }
   }
   return r;
}
