/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Calls: LLVM's intrinsics and the library's doors to the hardware
 * (clc_intrinsics.h). A table of names and functions; a name that ends in "."
 * stands for all that begin so. */
#include <string.h>

#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_from_llvm_priv.h"
#include "nouveau/compiler/nvir_llvm_shim.h"

struct call_info {
   const char *name;
   struct nvir_comps (*run)(struct nvir_import *im, LLVMValueRef v,
                            const struct call_info *info);
   int op; /* enum nvir_op, or what `run` makes of it */
   int arg;
};

static struct nvir_src
scalar_arg(struct nvir_import *im, LLVMValueRef v, unsigned n)
{
   return nvir_import_scalar(im, LLVMGetOperand(v, n));
}

/* ---- nothing and trap ---- */

static struct nvir_comps
call_nothing(struct nvir_import *im, LLVMValueRef v,
             const struct call_info *info)
{
   return (struct nvir_comps){0};
}

/* The first operand is the result: expect, annotations, launder. */
static struct nvir_comps
call_same(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   return nvir_import_value(im, LLVMGetOperand(v, 0));
}

static struct nvir_comps
call_constant(struct nvir_import *im, LLVMValueRef v,
              const struct call_info *info)
{
   return nvir_comps_one(im, nvir_imm((int64_t)info->arg));
}

/* Ends the block: the rest of it is dead, but stays well formed behind a false
 * edge. */
static struct nvir_comps
call_trap(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   struct nvir_block *dead = nvir_block_create_after(im->b.block);
   struct nvir_block *rest = nvir_block_create_after(dead);
   struct nvir_src always = nvir_icmp(im, NVIR_COND_EQ, false, NVIR_TYPE_I32,
                                      nvir_imm(0), nvir_imm(0));

   nvir_build_cbr(&im->b, always, dead, rest);
   im->b.block = dead;
   nvir_build_op(&im->b, NVIR_OP_TRAP, NVIR_TYPE_NONE, NULL, 0);
   im->b.block = rest;
   return (struct nvir_comps){0};
}

/* ---- integers ---- */

static struct nvir_comps
call_int(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
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

static struct nvir_comps
call_bits(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
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

static struct nvir_comps
call_funnel(struct nvir_import *im, LLVMValueRef v,
            const struct call_info *info)
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
static struct nvir_comps
call_overflow(struct nvir_import *im, LLVMValueRef v,
              const struct call_info *info)
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
static struct nvir_comps
call_saturate(struct nvir_import *im, LLVMValueRef v,
              const struct call_info *info)
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

/* ---- floats ---- */

static bool
is_half(LLVMTypeRef t)
{
   return LLVMGetTypeKind(t) == LLVMHalfTypeKind;
}

/* Any function of floats, component by component; half goes through single (fma
 * through double, where the product of two halves is exact). arg: rounding
 * mode. */
static struct nvir_comps
call_float(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   LLVMTypeRef st = nvir_scalar_of(LLVMTypeOf(v));
   unsigned num_args = nvir_op_infos[info->op].num_srcs;
   bool half = is_half(st);
   enum nvir_type t = !half                     ? nvir_container(st)
                      : info->op == NVIR_OP_FMA ? NVIR_TYPE_F64
                                                : NVIR_TYPE_F32;
   struct nvir_comps args[3],
      r = nvir_comps_new(im, nvir_type_leaves(LLVMTypeOf(v)));

   for (unsigned n = 0; n < num_args; n++)
      args[n] = nvir_import_value(im, LLVMGetOperand(v, n));
   for (unsigned i = 0; i < r.n; i++) {
      struct nvir_src x[3];
      for (unsigned n = 0; n < num_args; n++)
         x[n] = half ? nvir_convert(im, NVIR_OP_FTOF, t, NVIR_TYPE_F16, 0,
                                    args[n].c[i])
                     : args[n].c[i];
      struct nvir_instr *ins = nvir_build_op(&im->b, info->op, t, x, num_args);
      ins->rnd = info->arg;
      ins->ftz = im->ftz && t == NVIR_TYPE_F32 && !half;
      ins->fast = info->op == NVIR_OP_FSQRT && nvir_llvm_may_approximate(v);
      r.c[i] = nvir_val(ins->dsts[0].val);
      if (half)
         r.c[i] = nvir_convert(im, NVIR_OP_FTOF, NVIR_TYPE_F16, t, 0, r.c[i]);
   }
   return r;
}

/* llvm.minimum, maximum: a NaN wins. */
static struct nvir_comps
call_minimum(struct nvir_import *im, LLVMValueRef v,
             const struct call_info *info)
{
   LLVMTypeRef st = nvir_scalar_of(LLVMTypeOf(v));
   enum nvir_type t = nvir_container(st);
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps b = nvir_import_value(im, LLVMGetOperand(v, 1));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   if (is_half(st))
      return nvir_import_fail(im, v, "minimum of halves");
   for (unsigned i = 0; i < r.n; i++) {
      struct nvir_instr *nan =
         nvir_build_op(&im->b, NVIR_OP_FCMP, NVIR_TYPE_I1,
                       (struct nvir_src[]){a.c[i], b.c[i]}, 2);
      nan->src_type = t;
      nan->cond = NVIR_COND_NAN;
      struct nvir_src sum = nvir_i2(im, NVIR_OP_FADD, t, a.c[i], b.c[i]);
      struct nvir_src m = nvir_i2(im, info->op, t, a.c[i], b.c[i]);
      r.c[i] =
         nvir_i3(im, NVIR_OP_SELECT, t, nvir_val(nan->dsts[0].val), sum, m);
   }
   return r;
}

static struct nvir_comps
call_mufu(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   if (nvir_container(nvir_scalar_of(LLVMTypeOf(v))) != NVIR_TYPE_F32)
      return nvir_import_fail(im, v, "function of this type");
   for (unsigned i = 0; i < r.n; i++) {
      struct nvir_instr *ins =
         nvir_build_op(&im->b, NVIR_OP_MUFU, NVIR_TYPE_F32, &a.c[i], 1);
      ins->imm = info->arg;
      r.c[i] = nvir_val(ins->dsts[0].val);
   }
   return r;
}

/* llvm.fpto{s,u}i.sat, also to narrow types. */
static struct nvir_comps
call_fptoint_sat(struct nvir_import *im, LLVMValueRef v,
                 const struct call_info *info)
{
   LLVMTypeRef from = nvir_scalar_of(LLVMTypeOf(LLVMGetOperand(v, 0)));
   LLVMTypeRef to = nvir_scalar_of(LLVMTypeOf(v));
   enum nvir_type ft = is_half(from) ? NVIR_TYPE_F16 : nvir_container(from),
                  t = nvir_container(to);
   unsigned bits = nvir_scalar_bits(to);
   uint64_t mask = util_bits(~0ull, 0, nvir_type_bits(t));
   struct nvir_comps a = nvir_import_value(im, LLVMGetOperand(v, 0));
   struct nvir_comps r = nvir_comps_new(im, a.n);

   for (unsigned i = 0; i < r.n; i++) {
      bool is_signed = info->arg;
      struct nvir_src x =
         nvir_convert(im, is_signed ? NVIR_OP_FTOS : NVIR_OP_FTOU, t, ft,
                      NVIR_ROUND_RZ, a.c[i]);
      if (bits < nvir_type_bits(t) && is_signed) {
         int64_t max = (1ll << (bits - 1)) - 1;
         x = nvir_i2(im, NVIR_OP_SMIN, t, x, nvir_imm(max));
         x = nvir_i2(im, NVIR_OP_SMAX, t, x, nvir_imm(~(uint64_t)max & mask));
      } else if (bits < nvir_type_bits(t)) {
         x = nvir_i2(im, NVIR_OP_UMIN, t, x, nvir_imm((1ull << bits) - 1));
      }
      r.c[i] = x;
   }
   return r;
}

/* llvm.convert.to.fp16, from.fp16: halves as i16. */
static struct nvir_comps
call_fp16(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   LLVMTypeRef ft = LLVMTypeOf(LLVMGetOperand(v, 0)), tt = LLVMTypeOf(v);
   struct nvir_src x = scalar_arg(im, v, 0);
   enum nvir_type from = info->arg ? nvir_container(ft) : NVIR_TYPE_F16;
   enum nvir_type to = info->arg ? NVIR_TYPE_F16 : nvir_container(tt);
   return nvir_comps_one(
      im, nvir_convert(im, NVIR_OP_FTOF, to, from, NVIR_ROUND_RN, x));
}

/* ---- hardware ---- */

static struct nvir_comps
call_s2r(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_S2R, NVIR_TYPE_I32, NULL, 0);
   i->imm = info->arg;
   return nvir_comps_one(im, nvir_val(i->dsts[0].val));
}

static struct nvir_comps
call_c0(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   return nvir_comps_one(im,
                         nvir_import_c0(im, scalar_arg(im, v, 0), info->arg));
}

static struct nvir_comps
call_c0_known(struct nvir_import *im, LLVMValueRef v,
              const struct call_info *info)
{
   return nvir_comps_one(im, nvir_import_c0(im, nvir_imm(info->arg), 4));
}

static struct nvir_comps
call_shfl(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   struct nvir_src x[3] = {scalar_arg(im, v, 0), scalar_arg(im, v, 1),
                           scalar_arg(im, v, 2)};
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_SHFL, NVIR_TYPE_I32, x, 3);
   i->imm = info->arg;
   return nvir_comps_one(im, nvir_val(i->dsts[0].val));
}

/* The argument is a bool: i1, or i8 as clang passes it. */
static struct nvir_comps
call_ballot(struct nvir_import *im, LLVMValueRef v,
            const struct call_info *info)
{
   LLVMTypeRef t = LLVMTypeOf(LLVMGetOperand(v, 0));
   struct nvir_src x = scalar_arg(im, v, 0);
   if (nvir_scalar_bits(t) != 1)
      x = nvir_icmp(im, NVIR_COND_NE, false, NVIR_TYPE_I32,
                    nvir_import_extend(im, x, nvir_scalar_bits(t), false),
                    nvir_imm(0));
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_VOTE, NVIR_TYPE_I32, &x, 1);
   i->imm = 3;
   return nvir_comps_one(im, nvir_val(i->dsts[0].val));
}

static struct nvir_comps
call_barrier(struct nvir_import *im, LLVMValueRef v,
             const struct call_info *info)
{
   if (info->arg) {
      /* nvvm's barrier orders memory, ours does not. */
      struct nvir_instr *f =
         nvir_build_op(&im->b, NVIR_OP_FENCE, NVIR_TYPE_NONE, NULL, 0);
      f->imm = NVIR_FENCE_CTA;
   }
   nvir_build_op(&im->b, NVIR_OP_BAR, NVIR_TYPE_NONE, NULL, 0);
   im->s->num_barriers = 1;
   return (struct nvir_comps){0};
}

static struct nvir_comps
call_membar(struct nvir_import *im, LLVMValueRef v,
            const struct call_info *info)
{
   struct nvir_instr *f =
      nvir_build_op(&im->b, NVIR_OP_FENCE, NVIR_TYPE_NONE, NULL, 0);
   f->imm = info->arg;
   return (struct nvir_comps){0};
}

static struct nvir_comps
call_clock(struct nvir_import *im, LLVMValueRef v, const struct call_info *info)
{
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_CLOCK, NVIR_TYPE_I64, NULL, 0);
   i->imm = info->arg;
   return nvir_comps_one(im, nvir_val(i->dsts[0].val));
}

static struct nvir_comps
call_memory(struct nvir_import *im, LLVMValueRef v,
            const struct call_info *info)
{
   nvir_import_mem_intrinsic(im, v, info->name);
   return (struct nvir_comps){0};
}

#define ACQ NVIR_FENCE_ACQUIRE

static const struct call_info calls[] = {
   {"llvm.dbg.", call_nothing},
   {"llvm.lifetime.", call_nothing},
   {"llvm.assume", call_nothing},
   {"llvm.experimental.noalias.scope.decl", call_nothing},
   {"llvm.invariant.", call_nothing},
   {"llvm.prefetch.", call_nothing},
   {"llvm.sideeffect", call_nothing},
   {"llvm.donothing", call_nothing},
   {"llvm.pseudoprobe", call_nothing},
   {"llvm.expect.", call_same},
   {"llvm.annotation.", call_same},
   {"llvm.ptr.annotation.", call_same},
   {"llvm.launder.", call_same},
   {"llvm.strip.", call_same},
   {"llvm.canonicalize.", call_same},
   {"llvm.arithmetic.fence.", call_same},
   {"llvm.is.constant.", call_constant, 0, 0},
   {"llvm.objectsize.", call_constant, 0, -1},
   {"llvm.trap", call_trap},
   {"llvm.debugtrap", call_trap},
   {"llvm.ubsantrap", call_trap},

   {"llvm.smin.", call_int, NVIR_OP_SMIN, 1},
   {"llvm.smax.", call_int, NVIR_OP_SMAX, 1},
   {"llvm.umin.", call_int, NVIR_OP_UMIN, 0},
   {"llvm.umax.", call_int, NVIR_OP_UMAX, 0},
   {"llvm.abs.", call_bits, -1},
   {"llvm.ctpop.", call_bits, NVIR_OP_POPC},
   {"llvm.ctlz.", call_bits, NVIR_OP_CLZ},
   {"llvm.cttz.", call_bits, NVIR_OP_CTZ},
   {"llvm.bitreverse.", call_bits, NVIR_OP_BREV},
   {"llvm.bswap.", call_bits, NVIR_OP_BSWAP},
   {"llvm.fshl.", call_funnel, 0, 1},
   {"llvm.fshr.", call_funnel, 0, 0},
   {"llvm.sadd.with.overflow.", call_overflow, NVIR_OP_ADD, 1},
   {"llvm.uadd.with.overflow.", call_overflow, NVIR_OP_ADD, 0},
   {"llvm.ssub.with.overflow.", call_overflow, NVIR_OP_SUB, 1},
   {"llvm.usub.with.overflow.", call_overflow, NVIR_OP_SUB, 0},
   {"llvm.smul.with.overflow.", call_overflow, NVIR_OP_MUL, 1},
   {"llvm.umul.with.overflow.", call_overflow, NVIR_OP_MUL, 0},
   {"llvm.sadd.sat.", call_saturate, NVIR_OP_ADD, 1},
   {"llvm.uadd.sat.", call_saturate, NVIR_OP_ADD, 0},
   {"llvm.ssub.sat.", call_saturate, NVIR_OP_SUB, 1},
   {"llvm.usub.sat.", call_saturate, NVIR_OP_SUB, 0},

   {"llvm.fabs.", call_float, NVIR_OP_FABS},
   {"llvm.sqrt.", call_float, NVIR_OP_FSQRT},
   {"llvm.fma.", call_float, NVIR_OP_FMA},
   {"llvm.fmuladd.", call_float, NVIR_OP_FMA},
   {"llvm.floor.", call_float, NVIR_OP_FROUND, NVIR_ROUND_RM},
   {"llvm.ceil.", call_float, NVIR_OP_FROUND, NVIR_ROUND_RP},
   {"llvm.trunc.", call_float, NVIR_OP_FROUND, NVIR_ROUND_RZ},
   {"llvm.rint.", call_float, NVIR_OP_FROUND, NVIR_ROUND_RN},
   {"llvm.nearbyint.", call_float, NVIR_OP_FROUND, NVIR_ROUND_RN},
   {"llvm.roundeven.", call_float, NVIR_OP_FROUND, NVIR_ROUND_RN},
   {"llvm.round.", call_float, NVIR_OP_FROUNDA},
   {"llvm.copysign.", call_float, NVIR_OP_FCOPYSIGN},
   {"llvm.minnum.", call_float, NVIR_OP_FMIN},
   {"llvm.maxnum.", call_float, NVIR_OP_FMAX},
   {"llvm.minimum.", call_minimum, NVIR_OP_FMIN},
   {"llvm.maximum.", call_minimum, NVIR_OP_FMAX},
   {"llvm.exp2.", call_mufu, 0, SASS_MUFU_EX2},
   {"llvm.log2.", call_mufu, 0, SASS_MUFU_LG2},
   {"llvm.sin.", call_mufu, 0, SASS_MUFU_SIN},
   {"llvm.cos.", call_mufu, 0, SASS_MUFU_COS},
   {"llvm.fptosi.sat.", call_fptoint_sat, 0, 1},
   {"llvm.fptoui.sat.", call_fptoint_sat, 0, 0},
   {"llvm.convert.to.fp16.", call_fp16, 0, 1},
   {"llvm.convert.from.fp16.", call_fp16, 0, 0},

   {"llvm.memcpy.", call_memory},
   {"llvm.memmove.", call_memory},
   {"llvm.memset.", call_memory},

   {"__nvir_tid_x", call_s2r, 0, SASS_SR_TID_X},
   {"__nvir_tid_y", call_s2r, 0, SASS_SR_TID_Y},
   {"__nvir_tid_z", call_s2r, 0, SASS_SR_TID_Z},
   {"__nvir_ctaid_x", call_s2r, 0, SASS_SR_CTAID_X},
   {"__nvir_ctaid_y", call_s2r, 0, SASS_SR_CTAID_Y},
   {"__nvir_ctaid_z", call_s2r, 0, SASS_SR_CTAID_Z},
   {"__nvir_laneid", call_s2r, 0, SASS_SR_LANEID},
   {"__nvir_c0_u8", call_c0, 0, 1},
   {"__nvir_c0_u16", call_c0, 0, 2},
   {"__nvir_c0_u32", call_c0, 0, 4},
   {"__nvir_c0_u64", call_c0, 0, 8},
   {"__nvir_mufu_rcp", call_mufu, 0, SASS_MUFU_RCP},
   {"__nvir_mufu_rsq", call_mufu, 0, SASS_MUFU_RSQ},
   {"__nvir_mufu_sqrt", call_mufu, 0, SASS_MUFU_SQRT},
   {"__nvir_mufu_ex2", call_mufu, 0, SASS_MUFU_EX2},
   {"__nvir_mufu_lg2", call_mufu, 0, SASS_MUFU_LG2},
   {"__nvir_mufu_sin", call_mufu, 0, SASS_MUFU_SIN},
   {"__nvir_mufu_cos", call_mufu, 0, SASS_MUFU_COS},
   {"__nvir_shfl_idx", call_shfl, 0, SASS_SHFL_IDX},
   {"__nvir_shfl_up", call_shfl, 0, SASS_SHFL_UP},
   {"__nvir_shfl_down", call_shfl, 0, SASS_SHFL_DOWN},
   {"__nvir_shfl_bfly", call_shfl, 0, SASS_SHFL_BFLY},
   {"__nvir_vote_ballot", call_ballot},
   {"__nvir_barrier", call_barrier, 0, 0},
   {"__nvir_membar_cta", call_membar, 0, NVIR_FENCE_CTA | ACQ},
   {"__nvir_membar_gl", call_membar, 0, NVIR_FENCE_GPU | ACQ},
   {"__nvir_membar_sys", call_membar, 0, NVIR_FENCE_SYSTEM | ACQ},
   {"__nvir_clock", call_clock, 0, SASS_SR_CLOCKLO},

   /* libclc's own way to the hardware */
   {"llvm.nvvm.read.ptx.sreg.tid.x", call_s2r, 0, SASS_SR_TID_X},
   {"llvm.nvvm.read.ptx.sreg.tid.y", call_s2r, 0, SASS_SR_TID_Y},
   {"llvm.nvvm.read.ptx.sreg.tid.z", call_s2r, 0, SASS_SR_TID_Z},
   {"llvm.nvvm.read.ptx.sreg.ctaid.x", call_s2r, 0, SASS_SR_CTAID_X},
   {"llvm.nvvm.read.ptx.sreg.ctaid.y", call_s2r, 0, SASS_SR_CTAID_Y},
   {"llvm.nvvm.read.ptx.sreg.ctaid.z", call_s2r, 0, SASS_SR_CTAID_Z},
   {"llvm.nvvm.read.ptx.sreg.laneid", call_s2r, 0, SASS_SR_LANEID},
   {"llvm.nvvm.read.ptx.sreg.ntid.x", call_c0_known, 0, NVIR_C0_LOCAL_SIZE},
   {"llvm.nvvm.read.ptx.sreg.ntid.y", call_c0_known, 0, NVIR_C0_LOCAL_SIZE + 4},
   {"llvm.nvvm.read.ptx.sreg.ntid.z", call_c0_known, 0, NVIR_C0_LOCAL_SIZE + 8},
   {"llvm.nvvm.read.ptx.sreg.nctaid.x", call_c0_known, 0, NVIR_C0_NUM_GROUPS},
   {"llvm.nvvm.read.ptx.sreg.nctaid.y", call_c0_known, 0,
    NVIR_C0_NUM_GROUPS + 4},
   {"llvm.nvvm.read.ptx.sreg.nctaid.z", call_c0_known, 0,
    NVIR_C0_NUM_GROUPS + 8},
   {"llvm.nvvm.barrier0", call_barrier, 0, 1},
   {"llvm.nvvm.membar.cta", call_membar, 0, NVIR_FENCE_CTA | ACQ},
   {"llvm.nvvm.membar.gl", call_membar, 0, NVIR_FENCE_GPU | ACQ},
   {"llvm.nvvm.membar.sys", call_membar, 0, NVIR_FENCE_SYSTEM | ACQ},
};

static const struct call_info *
find_call(const char *name)
{
   for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
      size_t n = strlen(calls[i].name);
      bool prefix = calls[i].name[n - 1] == '.';
      if (prefix ? !strncmp(name, calls[i].name, n)
                 : !strcmp(name, calls[i].name))
         return &calls[i];
   }
   return NULL;
}

struct nvir_comps
nvir_import_call(struct nvir_import *im, LLVMValueRef v)
{
   LLVMValueRef callee = LLVMGetCalledValue(v);
   const char *name =
      LLVMIsAFunction(callee) ? LLVMGetValueName(callee) : "through a pointer";
   const struct call_info *info = find_call(name);

   if (!info)
      return nvir_import_fail(im, v, "call of '%s'", name);
   return info->run(im, v, info);
}
