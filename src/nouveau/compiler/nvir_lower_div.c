/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integer division: isa.md §4.3. The reciprocal comes from MUFU.RCP of the
 * divisor rounded up, so the estimate is never too large; Newton's step and at
 * most two corrections make it exact. Division by a constant is a high product.
 */
#include "nouveau/compiler/nvir_build_priv.h"
#include "nouveau/compiler/nvir_passes.h"

struct division {
   struct nvir_src quotient, remainder;
};

static struct nvir_src
minus(struct nvir_builder *b, enum nvir_type t, struct nvir_src x)
{
   return op2(b, NVIR_OP_SUB, t, nvir_imm(0), x);
}

/* 2^width / d, a little less. The added number moves the exponent up and the
 * mantissa down by two units, for MUFU's error. */
static struct nvir_src
reciprocal(struct nvir_builder *b, enum nvir_type t, struct nvir_src d)
{
   struct nvir_src f = convert(b, NVIR_OP_UTOF, F32, t, NVIR_ROUND_RP, d);
   struct nvir_src r = mufu(b, SASS_MUFU_RCP, f);
   r =
      op2(b, NVIR_OP_ADD, I32, r, nvir_imm(t == I64 ? 0x1ffffffe : 0x0ffffffe));
   struct nvir_src z = convert(b, NVIR_OP_FTOU, t, F32, NVIR_ROUND_RZ, r);
   z.val->def->ftz = true;
   return z;
}

static struct division
divide_unsigned(struct nvir_builder *b, enum nvir_type t, struct nvir_src n,
                struct nvir_src d)
{
   struct nvir_src z = reciprocal(b, t, d), neg_d = minus(b, t, d);
   struct division r;

   for (unsigned step = 0; step < (t == I64 ? 2 : 1); step++) {
      struct nvir_src error = op2(b, NVIR_OP_MUL, t, neg_d, z);
      z = op2(b, NVIR_OP_ADD, t, op2(b, NVIR_OP_UMULHI, t, z, error), z);
   }
   r.quotient = op2(b, NVIR_OP_UMULHI, t, z, n);
   r.remainder =
      op2(b, NVIR_OP_ADD, t, op2(b, NVIR_OP_MUL, t, r.quotient, neg_d), n);
   for (unsigned k = 0; k < 2; k++) {
      struct nvir_src more = compare(b, NVIR_COND_GE, false, t, r.remainder, d);
      struct nvir_src less = op2(b, NVIR_OP_SUB, t, r.remainder, d);
      struct nvir_src next = op2(b, NVIR_OP_ADD, t, r.quotient, nvir_imm(1));
      r.remainder = select_value(b, t, more, less, r.remainder);
      r.quotient = select_value(b, t, more, next, r.quotient);
   }
   return r;
}

/* With s = ceil(log2 d) and m = floor(2^w (2^s - d) / d) + 1, the quotient is
 * (((n - h) >> 1) + h) >> (s - 1) for h = high(m n). Granlund and Montgomery,
 * "Division by invariant integers using multiplication". d is no power of two. */
static struct division
divide_by_constant(struct nvir_builder *b, enum nvir_type t, struct nvir_src n,
                   uint64_t d)
{
   unsigned width = nvir_type_bits(t), s = 64 - __builtin_clzll(d - 1);
   unsigned __int128 over = ((unsigned __int128)1 << s) - d;
   uint64_t m = (uint64_t)((over << width) / d) + 1;
   struct division r;

   struct nvir_src h =
      op2(b, NVIR_OP_UMULHI, t, n, nvir_imm(width == 64 ? m : (uint32_t)m));
   struct nvir_src x =
      op2(b, NVIR_OP_LSHR, t, op2(b, NVIR_OP_SUB, t, n, h), nvir_imm(1));
   r.quotient =
      op2(b, NVIR_OP_LSHR, t, op2(b, NVIR_OP_ADD, t, x, h), nvir_imm(s - 1));
   struct nvir_src back = op2(b, NVIR_OP_MUL, t, r.quotient, nvir_imm(d));
   r.remainder = op2(b, NVIR_OP_SUB, t, n, back);
   return r;
}

static struct division
divide(struct nvir_builder *b, enum nvir_type t, struct nvir_src n,
       struct nvir_src d)
{
   if (d.kind != NVIR_SRC_IMM || d.imm == 0)
      return divide_unsigned(b, t, n, d);
   if (!util_is_pow2(d.imm))
      return divide_by_constant(b, t, n, d.imm);
   return (struct division){
      op2(b, NVIR_OP_LSHR, t, n, nvir_imm(__builtin_ctzll(d.imm))),
      op2(b, NVIR_OP_AND, t, n, nvir_imm(d.imm - 1)),
   };
}

/* x with the sign taken off (or put on) where `sign` is -1. */
static struct nvir_src
apply_sign(struct nvir_builder *b, enum nvir_type t, struct nvir_src x,
           struct nvir_src sign)
{
   return op2(b, NVIR_OP_SUB, t, op2(b, NVIR_OP_XOR, t, x, sign), sign);
}

static struct nvir_src
magnitude_of_imm(enum nvir_type t, uint64_t imm)
{
   int64_t v = util_sign_extend(imm, nvir_type_bits(t));
   uint64_t m = v < 0 ? -(uint64_t)v : (uint64_t)v;
   return nvir_imm(t == I64 ? m : (uint32_t)m);
}

static struct division
divide_signed(struct nvir_builder *b, enum nvir_type t, struct nvir_src n,
              struct nvir_src d)
{
   struct nvir_src top = nvir_imm(nvir_type_bits(t) - 1);
   struct nvir_src sn = op2(b, NVIR_OP_ASHR, t, n, top), sd, md;

   if (d.kind == NVIR_SRC_IMM) {
      bool negative = util_sign_extend(d.imm, nvir_type_bits(t)) < 0;
      sd = nvir_imm(!negative ? 0 : t == I64 ? ~0ull : 0xffffffff);
      md = magnitude_of_imm(t, d.imm);
   } else {
      sd = op2(b, NVIR_OP_ASHR, t, d, top);
      md = apply_sign(b, t, d, sd);
   }
   struct division r = divide(b, t, apply_sign(b, t, n, sn), md);
   r.quotient = apply_sign(b, t, r.quotient, op2(b, NVIR_OP_XOR, t, sn, sd));
   r.remainder = apply_sign(b, t, r.remainder, sn);
   return r;
}

void
nvir_lower_div(struct nvir_shader *s)
{
   nvir_foreach_block(blk, s)
      nvir_foreach_instr_safe(i, blk) {
         if (i->op < NVIR_OP_UDIV || i->op > NVIR_OP_SREM)
            continue;
         bool is_signed = i->op == NVIR_OP_SDIV || i->op == NVIR_OP_SREM;
         bool is_rem = i->op == NVIR_OP_UREM || i->op == NVIR_OP_SREM;
         struct nvir_builder b = nvir_builder_before(i);
         struct division d = (is_signed ? divide_signed : divide)(
            &b, i->type, i->srcs[0], i->srcs[1]);
         become(i, is_rem ? d.remainder : d.quotient);
      }
}
