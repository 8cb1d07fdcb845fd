/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integer intrinsics, of any width up to 64 bits. */
#include "nouveau/compiler/nvir_from_llvm_call_priv.h"

struct nvir_comps
nvir_call_int(struct nvir_import *im, LLVMValueRef v,
              const struct nvir_call *info)
{
   LLVMTypeRef t = nvir_scalar_of(LLVMTypeOf(v));
   unsigned bits = nvir_scalar_bits(t);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   for (unsigned i = 0; i < r.n; i++)
      r.c[i] = nvir_i2(im, info->op, nvir_container(t),
                       nvir_import_extend(im, a.c[i], bits, info->arg),
                       nvir_import_extend(im, b.c[i], bits, info->arg));
   return r;
}

static struct nvir_src
absolute(struct nvir_import *im, struct nvir_src x, unsigned bits,
         enum nvir_type t)
{
   x = nvir_import_extend(im, x, bits, true);
   struct nvir_src minus = nvir_i2(im, NVIR_OP_SUB, t, nvir_imm(0), x);
   return nvir_i2(im, NVIR_OP_SMAX, t, x, minus);
}

/* Results of the full width are moved to the type's: counts of a wider
 * zero-extended value are too large, reversed bits too high. */
static struct nvir_src
bit_function(struct nvir_import *im, enum nvir_op op, struct nvir_src x,
             unsigned bits, enum nvir_type t)
{
   unsigned width = nvir_type_bits(t), gap = width - bits;
   struct nvir_src r;

   switch (op) {
   case NVIR_OP_POPC:
   case NVIR_OP_CLZ:
      r = nvir_i1(im, op, t, nvir_import_extend(im, x, bits, false));
      return op == NVIR_OP_CLZ && gap
                ? nvir_i2(im, NVIR_OP_SUB, t, r, nvir_imm(gap))
                : r;
   case NVIR_OP_CTZ:
      if (gap)
         x = nvir_i2(im, NVIR_OP_OR, t, x, nvir_imm(1ull << bits));
      return nvir_i1(im, op, t, x);
   default:
      r = nvir_i1(im, op, t, x);
      return gap ? nvir_i2(im, NVIR_OP_LSHR, t, r, nvir_imm(gap)) : r;
   }
}

struct nvir_comps
nvir_call_bits(struct nvir_import *im, LLVMValueRef v,
               const struct nvir_call *info)
{
   LLVMTypeRef t = nvir_scalar_of(LLVMTypeOf(v));
   enum nvir_type ct = nvir_container(t);
   unsigned bits = nvir_scalar_bits(t);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   for (unsigned i = 0; i < r.n; i++)
      r.c[i] = info->op < 0 ? absolute(im, a.c[i], bits, ct)
                            : bit_function(im, info->op, a.c[i], bits, ct);
   return r;
}

/* (a:b) shifted by c modulo the width; narrow types by two shifts. */
static struct nvir_src
funnel(struct nvir_import *im, bool left, struct nvir_src a, struct nvir_src b,
       struct nvir_src c, unsigned bits, enum nvir_type t)
{
   if (bits == nvir_type_bits(t))
      return nvir_i3(im, left ? NVIR_OP_FSHL : NVIR_OP_FSHR, t, a, b, c);
   /* With a and b of the same narrow width in one word: (a << n | b) shifted. */
   c = nvir_import_extend(im, c, bits, false);
   c = util_is_pow2(bits) ? nvir_i2(im, NVIR_OP_AND, t, c, nvir_imm(bits - 1))
                          : nvir_i2(im, NVIR_OP_UREM, t, c, nvir_imm(bits));
   struct nvir_src hi = nvir_i2(im, NVIR_OP_SHL, t, a, nvir_imm(bits));
   struct nvir_src both =
      nvir_i2(im, NVIR_OP_OR, t, hi, nvir_import_extend(im, b, bits, false));
   if (!left)
      return nvir_i2(im, NVIR_OP_LSHR, t, both, c);
   both = nvir_i2(im, NVIR_OP_SHL, t, both, c);
   return nvir_i2(im, NVIR_OP_LSHR, t, both, nvir_imm(bits));
}

struct nvir_comps
nvir_call_funnel(struct nvir_import *im, LLVMValueRef v,
                 const struct nvir_call *info)
{
   LLVMTypeRef t = nvir_scalar_of(LLVMTypeOf(v));
   unsigned bits = nvir_scalar_bits(t);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps c = nvir_import_value(im, LLVMGetOperand(v, 2));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
      return nvir_import_fail(im, v, "funnel shift of this width");
   for (unsigned i = 0; i < r.n; i++)
      r.c[i] =
         funnel(im, info->arg, a.c[i], b.c[i], c.c[i], bits, nvir_container(t));
   return r;
}

/* ---- overflow and saturation ---- */

struct checked {
   struct nvir_src result, overflow;
};

static struct nvir_src
check_narrow(struct nvir_import *im, struct nvir_src r, unsigned bits,
             bool is_signed)
{
   struct nvir_src fits = nvir_import_extend(im, r, bits, is_signed);
   return nvir_icmp(im, NVIR_COND_NE, false,
                    bits <= 32 ? NVIR_TYPE_I32 : NVIR_TYPE_I64, fits, r);
}

static struct nvir_src
check_mul(struct nvir_import *im, struct nvir_src a, struct nvir_src b,
          struct nvir_src lo, enum nvir_type t, bool is_signed)
{
   struct nvir_src hi =
      nvir_i2(im, is_signed ? NVIR_OP_SMULHI : NVIR_OP_UMULHI, t, a, b);
   struct nvir_src want = nvir_imm(0);
   if (is_signed)
      want = nvir_i2(im, NVIR_OP_ASHR, t, lo, nvir_imm(nvir_type_bits(t) - 1));
   return nvir_icmp(im, NVIR_COND_NE, false, t, hi, want);
}

/* Signed overflow of a + b or a - b: the sign is that of neither (both)
 * operand. */
static struct nvir_src
check_sign(struct nvir_import *im, enum nvir_op op, struct nvir_src a,
           struct nvir_src b, struct nvir_src r, enum nvir_type t)
{
   struct nvir_src x = nvir_i2(im, NVIR_OP_XOR, t, a, r);
   struct nvir_src y = nvir_i2(im, NVIR_OP_XOR, t, op == NVIR_OP_ADD ? b : a,
                               op == NVIR_OP_ADD ? r : b);
   struct nvir_src both = nvir_i2(im, NVIR_OP_AND, t, x, y);
   return nvir_icmp(im, NVIR_COND_LT, true, t, both, nvir_imm(0));
}

static struct checked
checked_op(struct nvir_import *im, enum nvir_op op, bool is_signed,
           struct nvir_src a, struct nvir_src b, unsigned bits,
           enum nvir_type t)
{
   a = nvir_import_extend(im, a, bits, is_signed);
   b = nvir_import_extend(im, b, bits, is_signed);
   struct checked c = {.result = nvir_i2(im, op, t, a, b)};
   bool narrow = bits < nvir_type_bits(t);

   if (narrow && (op != NVIR_OP_MUL || bits <= nvir_type_bits(t) / 2))
      c.overflow = check_narrow(im, c.result, bits, is_signed);
   else if (op == NVIR_OP_MUL)
      c.overflow = check_mul(im, a, b, c.result, t, is_signed);
   else if (is_signed)
      c.overflow = check_sign(im, op, a, b, c.result, t);
   else if (op == NVIR_OP_ADD)
      c.overflow = nvir_icmp(im, NVIR_COND_LT, false, t, c.result, a);
   else
      c.overflow = nvir_icmp(im, NVIR_COND_LT, false, t, a, b);
   return c;
}

/* llvm.{s,u}{add,sub,mul}.with.overflow: op, arg = signed. */
struct nvir_comps
nvir_call_overflow(struct nvir_import *im, LLVMValueRef v,
                   const struct nvir_call *info)
{
   LLVMTypeRef t = LLVMTypeOf(LLVMGetOperand(v, 0)), st = nvir_scalar_of(t);
   unsigned bits = nvir_scalar_bits(st);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, 2 * a.n);

   if (info->op == NVIR_OP_MUL && bits != 8 && bits != 16 && bits != 32 &&
       bits != 64)
      return nvir_import_fail(im, v, "checked product of this width");
   for (unsigned i = 0; i < a.n; i++) {
      struct checked c = checked_op(im, info->op, info->arg, a.c[i], b.c[i],
                                    bits, nvir_container(st));
      r.c[i] = c.result;
      r.c[a.n + i] = c.overflow;
   }
   return r;
}

/* llvm.{s,u}{add,sub}.sat */
struct nvir_comps
nvir_call_saturate(struct nvir_import *im, LLVMValueRef v,
                   const struct nvir_call *info)
{
   LLVMTypeRef st = nvir_scalar_of(LLVMTypeOf(v));
   enum nvir_type t = nvir_container(st);
   unsigned bits = nvir_scalar_bits(st), width = nvir_type_bits(t);
   uint64_t max = util_bits(~0ull, 0, bits), smax = max >> 1;
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   for (unsigned i = 0; i < a.n; i++) {
      struct checked c =
         checked_op(im, info->op, info->arg, a.c[i], b.c[i], bits, t);
      struct nvir_src limit = nvir_imm(info->op == NVIR_OP_ADD ? max : 0);
      if (info->arg) {
         /* The limit on the side of a's sign. */
         struct nvir_src x = nvir_import_extend(im, a.c[i], bits, true);
         struct nvir_src sign =
            nvir_i2(im, NVIR_OP_ASHR, t, x, nvir_imm(width - 1));
         limit = nvir_i2(im, NVIR_OP_XOR, t, sign, nvir_imm(smax));
      }
      r.c[i] = nvir_i3(im, NVIR_OP_SELECT, t, c.overflow, limit, c.result);
   }
   return r;
}
