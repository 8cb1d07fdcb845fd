/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Calls: LLVM's intrinsics and the library's doors to the hardware
 * (clc_intrinsics.h). A table of names and functions; a name that ends in "."
 * stands for all that begin so. */
#include <string.h>

#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_from_llvm_call_priv.h"
#include "nouveau/compiler/nvir_llvm_shim.h"

static struct nvir_src
scalar_arg(struct nvir_import *im, LLVMValueRef v, unsigned n)
{
   return nvir_import_scalar(im, LLVMGetOperand(v, n));
}

/* ---- nothing and trap ---- */

static struct nvir_comps
call_nothing(struct nvir_import *im, LLVMValueRef v,
             const struct nvir_call *info)
{
   return (struct nvir_comps){0};
}

/* The first operand is the result: expect, annotations, launder. */
static struct nvir_comps
call_same(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
{
   return nvir_import_value(im, LLVMGetOperand(v, 0));
}

static struct nvir_comps
call_constant(struct nvir_import *im, LLVMValueRef v,
              const struct nvir_call *info)
{
   return nvir_comps_one(im, nvir_imm((int64_t)info->arg));
}

/* Ends the block: the rest of it is dead, but stays well formed behind a false
 * edge. */
static struct nvir_comps
call_trap(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
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
call_float(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
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
      ins->fast = info->op == NVIR_OP_FSQRT && nvir_import_may_be_fast(im, v);
      r.c[i] = nvir_val(ins->dsts[0].val);
      if (half)
         r.c[i] = nvir_convert(im, NVIR_OP_FTOF, NVIR_TYPE_F16, t, 0, r.c[i]);
   }
   return r;
}

/* llvm.minimum, maximum: a NaN wins. */
static struct nvir_comps
call_minimum(struct nvir_import *im, LLVMValueRef v,
             const struct nvir_call *info)
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
call_mufu(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
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
                 const struct nvir_call *info)
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
call_fp16(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
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
call_s2r(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
{
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_S2R, NVIR_TYPE_I32, NULL, 0);
   i->imm = info->arg;
   return nvir_comps_one(im, nvir_val(i->dsts[0].val));
}

static struct nvir_comps
call_c0(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
{
   return nvir_comps_one(im,
                         nvir_import_c0(im, scalar_arg(im, v, 0), info->arg));
}

static struct nvir_comps
call_c0_known(struct nvir_import *im, LLVMValueRef v,
              const struct nvir_call *info)
{
   return nvir_comps_one(im, nvir_import_c0(im, nvir_imm(info->arg), 4));
}

static struct nvir_comps
call_dot4(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
{
   struct nvir_src x[2] = {scalar_arg(im, v, 0), scalar_arg(im, v, 1)};
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_DOT4, NVIR_TYPE_I32, x, 2);
   i->imm = info->arg;
   return nvir_comps_one(im, nvir_val(i->dsts[0].val));
}

static struct nvir_comps
call_shfl(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
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
            const struct nvir_call *info)
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
             const struct nvir_call *info)
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
            const struct nvir_call *info)
{
   struct nvir_instr *f =
      nvir_build_op(&im->b, NVIR_OP_FENCE, NVIR_TYPE_NONE, NULL, 0);
   f->imm = info->arg;
   return (struct nvir_comps){0};
}

static struct nvir_comps
call_clock(struct nvir_import *im, LLVMValueRef v, const struct nvir_call *info)
{
   struct nvir_instr *i =
      nvir_build_op(&im->b, NVIR_OP_CLOCK, NVIR_TYPE_I64, NULL, 0);
   i->imm = info->arg;
   return nvir_comps_one(im, nvir_val(i->dsts[0].val));
}

static struct nvir_comps
call_memory(struct nvir_import *im, LLVMValueRef v,
            const struct nvir_call *info)
{
   nvir_import_mem_intrinsic(im, v, info->name);
   return (struct nvir_comps){0};
}

#define ACQ NVIR_FENCE_ACQUIRE

static const struct nvir_call calls[] = {
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

   {"llvm.smin.", nvir_call_int, NVIR_OP_SMIN, 1},
   {"llvm.smax.", nvir_call_int, NVIR_OP_SMAX, 1},
   {"llvm.umin.", nvir_call_int, NVIR_OP_UMIN, 0},
   {"llvm.umax.", nvir_call_int, NVIR_OP_UMAX, 0},
   {"llvm.abs.", nvir_call_bits, -1},
   {"llvm.ctpop.", nvir_call_bits, NVIR_OP_POPC},
   {"llvm.ctlz.", nvir_call_bits, NVIR_OP_CLZ},
   {"llvm.cttz.", nvir_call_bits, NVIR_OP_CTZ},
   {"llvm.bitreverse.", nvir_call_bits, NVIR_OP_BREV},
   {"llvm.bswap.", nvir_call_bits, NVIR_OP_BSWAP},
   {"llvm.fshl.", nvir_call_funnel, 0, 1},
   {"llvm.fshr.", nvir_call_funnel, 0, 0},
   {"llvm.sadd.with.overflow.", nvir_call_overflow, NVIR_OP_ADD, 1},
   {"llvm.uadd.with.overflow.", nvir_call_overflow, NVIR_OP_ADD, 0},
   {"llvm.ssub.with.overflow.", nvir_call_overflow, NVIR_OP_SUB, 1},
   {"llvm.usub.with.overflow.", nvir_call_overflow, NVIR_OP_SUB, 0},
   {"llvm.smul.with.overflow.", nvir_call_overflow, NVIR_OP_MUL, 1},
   {"llvm.umul.with.overflow.", nvir_call_overflow, NVIR_OP_MUL, 0},
   {"llvm.sadd.sat.", nvir_call_saturate, NVIR_OP_ADD, 1},
   {"llvm.uadd.sat.", nvir_call_saturate, NVIR_OP_ADD, 0},
   {"llvm.ssub.sat.", nvir_call_saturate, NVIR_OP_SUB, 1},
   {"llvm.usub.sat.", nvir_call_saturate, NVIR_OP_SUB, 0},

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
   {"__nvir_idp4a_uu", call_dot4, 0, 0},
   {"__nvir_idp4a_su", call_dot4, 0, NVIR_DOT4_SIGNED_A},
   {"__nvir_idp4a_us", call_dot4, 0, NVIR_DOT4_SIGNED_B},
   {"__nvir_idp4a_ss", call_dot4, 0, NVIR_DOT4_SIGNED_A | NVIR_DOT4_SIGNED_B},
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

static const struct nvir_call *
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
   const struct nvir_call *info = find_call(name);

   if (!info)
      return nvir_import_fail(im, v, "call of '%s'", name);
   return info->run(im, v, info);
}
