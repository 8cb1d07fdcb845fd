/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integers of 32 bits; smaller ones live in them. */
#include <assert.h>

#include "nouveau/compiler/nvir_legalize_priv.h"

/* a + b, with carry in and out. */
struct nvir_src
lz_add_carry(struct lz *lz, struct nvir_src a, struct nvir_src b,
             struct nvir_value *cc_in, struct nvir_value **cc_out)
{
   if (a.kind != NVIR_SRC_VALUE && !(lz_is_imm(a) && b.kind == NVIR_SRC_CBANK))
      lz_swap(&a, &b);
   struct nvir_instr *m = lz_alu(lz, SASS_OP_IADD, a, b, LZ_ZERO, LZ_IMM_INT);
   struct nvir_src r = lz_rd(lz, m);
   if (cc_in)
      lz_read_cc(lz, m, cc_in);
   if (cc_out)
      *cc_out = lz_dst(lz, m, NVIR_SLOT_CC, NVIR_CLASS_CC, 1);
   return r;
}

/* a - b; under a borrow the hardware takes ~b + carry. */
struct nvir_src
lz_sub_carry(struct lz *lz, struct nvir_src a, struct nvir_src b,
             struct nvir_value *cc_in, struct nvir_value **cc_out)
{
   if (b.kind == NVIR_SRC_IMM)
      b = lz_reg(lz, b);
   struct nvir_instr *m = lz_alu(lz, SASS_OP_IADD, a, b, LZ_ZERO, LZ_IMM_NONE);
   m->mi.neg_b = true;
   struct nvir_src r = lz_rd(lz, m);
   if (cc_in)
      lz_read_cc(lz, m, cc_in);
   if (cc_out)
      *cc_out = lz_dst(lz, m, NVIR_SLOT_CC, NVIR_CLASS_CC, 1);
   return r;
}

struct nvir_src
lz_add(struct lz *lz, struct nvir_src a, struct nvir_src b)
{
   if (lz_is_zero(a))
      return b;
   if (lz_is_zero(b))
      return a;
   if (lz_is_imm(a) && lz_is_imm(b))
      return nvir_imm((uint32_t)(a.imm + b.imm));
   if (lz_is_imm(a))
      lz_swap(&a, &b);
   if (lz_is_imm(b) && !lz_fits_short(b.imm)) {
      a = lz_reg(lz, a);
      struct nvir_instr *m = lz_mach(lz, SASS_OP_IADD32I, SASS_FORM_I);
      lz_bind(lz, m, NVIR_SLOT_RA, a);
      m->mi.imm = b.imm;
      return lz_rd(lz, m);
   }
   return lz_add_carry(lz, a, b, NULL, NULL);
}

struct nvir_src
lz_sub(struct lz *lz, struct nvir_src a, struct nvir_src b)
{
   if (lz_is_imm(b))
      return lz_add(lz, a, nvir_imm((uint32_t)-b.imm));
   if (lz_is_imm(a) && !lz_is_zero(a)) {
      struct nvir_instr *m =
         lz_alu(lz, SASS_OP_IADD, b, a, LZ_ZERO, LZ_IMM_INT);
      m->mi.neg_a = true;
      return lz_rd(lz, m);
   }
   return lz_sub_carry(lz, a, b, NULL, NULL);
}

static uint32_t
fold_logic(enum sass_lop op, uint32_t a, uint32_t b)
{
   return op == SASS_LOP_AND ? a & b : op == SASS_LOP_OR ? a | b : a ^ b;
}

static bool
is_value_of(struct nvir_src x, uint32_t imm)
{
   return lz_is_imm(x) && (uint32_t)x.imm == imm;
}

struct nvir_src
lz_logic(struct lz *lz, enum sass_lop op, struct nvir_src a, struct nvir_src b)
{
   if (a.kind != NVIR_SRC_VALUE)
      lz_swap(&a, &b);
   if (lz_is_imm(a) && lz_is_imm(b))
      return nvir_imm(fold_logic(op, a.imm, b.imm));
   if (is_value_of(b, op == SASS_LOP_AND ? 0xffffffff : 0))
      return a;
   if (is_value_of(b, 0) && op == SASS_LOP_AND)
      return LZ_ZERO;
   bool wide_imm = b.kind == NVIR_SRC_IMM &&
                   ((int32_t)b.imm >= 1 << 19 || (int32_t)b.imm < -(1 << 19));
   struct nvir_instr *m;
   if (wide_imm) {
      a = lz_reg(lz, a);
      m = lz_mach(lz, SASS_OP_LOP32I, SASS_FORM_I);
      lz_bind(lz, m, NVIR_SLOT_RA, a);
      m->mi.imm = b.imm;
   } else {
      m = lz_alu(lz, SASS_OP_LOP, a, b, LZ_ZERO, LZ_IMM_INT);
   }
   m->mi.lop = op;
   return lz_rd(lz, m);
}

struct nvir_src
lz_select(struct lz *lz, struct lz_pred p, struct nvir_src a, struct nvir_src b)
{
   if (!p.val)
      return p.not ? b : a;
   if (lz_is_imm(a) && lz_is_imm(b) && (uint32_t)a.imm == (uint32_t)b.imm)
      return a;
   if (a.kind != NVIR_SRC_VALUE && !lz_is_zero(a)) {
      lz_swap(&a, &b);
      p.not = !p.not ;
   }
   struct nvir_instr *m = lz_alu(lz, SASS_OP_SEL, a, b, LZ_ZERO, LZ_IMM_INT);
   lz_bind_pred(lz, m, NVIR_SLOT_PC, p);
   return lz_rd(lz, m);
}

struct nvir_src
lz_shift(struct lz *lz, enum nvir_op op, struct nvir_src a, struct nvir_src n)
{
   if (lz_is_zero(n))
      return a;
   if (lz_is_zero(a))
      return a;
   if (lz_is_imm(a) && lz_is_imm(n) && (uint32_t)n.imm < 32) {
      uint32_t v = a.imm;
      return nvir_imm(op == NVIR_OP_SHL    ? v << n.imm
                      : op == NVIR_OP_LSHR ? v >> n.imm
                                           : (uint32_t)((int32_t)v >> n.imm));
   }
   struct nvir_instr *m =
      lz_alu(lz, op == NVIR_OP_SHL ? SASS_OP_SHL : SASS_OP_SHR, a, n, LZ_ZERO,
             LZ_IMM_INT);
   m->mi.is_signed = op == NVIR_OP_ASHR;
   return lz_rd(lz, m);
}

struct nvir_src
lz_bit_op(struct lz *lz, enum sass_op op, struct nvir_src x)
{
   return lz_rd(lz, lz_unary(lz, op, lz_reg(lz, x), LZ_IMM_NONE));
}

/* ---- bit tricks ---- */

struct nvir_src
lz_bit_reverse(struct lz *lz, struct nvir_src x)
{
   struct nvir_instr *m = lz_alu(lz, SASS_OP_BFE, lz_reg(lz, x),
                                 nvir_imm(0x2000), LZ_ZERO, LZ_IMM_INT);
   m->mi.brev = true;
   return lz_rd(lz, m);
}

/* 31 - FLO, FLO(0) being -1. */
struct nvir_src
lz_leading_zeros(struct lz *lz, struct nvir_src x)
{
   return lz_sub(lz, nvir_imm(31), lz_bit_op(lz, SASS_OP_FLO, x));
}

struct nvir_src
lz_byte_swap(struct lz *lz, struct nvir_src x)
{
   return lz_rd(
      lz, lz_alu(lz, SASS_OP_PRMT, x, nvir_imm(0x0123), LZ_ZERO, LZ_IMM_INT));
}

/* ---- dispatch ---- */

static struct nvir_src
min_max(struct lz *lz, enum nvir_op op, struct nvir_src a, struct nvir_src b)
{
   if (a.kind != NVIR_SRC_VALUE)
      lz_swap(&a, &b);
   struct nvir_instr *m = lz_alu(lz, SASS_OP_IMNMX, a, b, LZ_ZERO, LZ_IMM_INT);
   m->mi.is_signed = op == NVIR_OP_SMIN || op == NVIR_OP_SMAX;
   m->mi.pc_not = op == NVIR_OP_SMAX || op == NVIR_OP_UMAX;
   return lz_rd(lz, m);
}

/* {hi:lo} shifted by n modulo 32: the upper word of it, or the lower one. */
static struct nvir_src
funnel_shift(struct lz *lz, enum nvir_op op, struct nvir_src hi,
             struct nvir_src lo, struct nvir_src n)
{
   if (lz_is_imm(n))
      n.imm &= 31;
   struct nvir_instr *m =
      lz_alu(lz, op == NVIR_OP_FSHL ? SASS_OP_SHF_L : SASS_OP_SHF_R, lo, n,
             lz_reg(lz, hi), LZ_IMM_U6);
   m->mi.w = true;
   return lz_rd(lz, m);
}

/* Of one source. */
static bool
bit_trick(struct lz *lz, const struct nvir_instr *i, struct nvir_src a)
{
   struct nvir_src r;
   switch (i->op) {
   case NVIR_OP_POPC:
      r = lz_bit_op(lz, SASS_OP_POPC, a);
      break;
   case NVIR_OP_BREV:
      r = lz_bit_reverse(lz, a);
      break;
   case NVIR_OP_BSWAP:
      r = lz_byte_swap(lz, a);
      break;
   case NVIR_OP_CLZ:
      r = lz_leading_zeros(lz, a);
      break;
   case NVIR_OP_CTZ:
      r = lz_leading_zeros(lz, lz_bit_reverse(lz, a));
      break;
   default:
      return false;
   }
   lz_set_word(lz, i, 0, r);
   return true;
}

static bool
int32_op(struct lz *lz, struct nvir_instr *i)
{
   struct nvir_src a = lz_word(lz, i->srcs[0], 0), b = LZ_ZERO, r;
   if (i->num_srcs > 1)
      b = lz_word(lz, i->srcs[1], 0);

   switch (i->op) {
   case NVIR_OP_ADD:
      r = lz_add(lz, a, b);
      break;
   case NVIR_OP_SUB:
      r = lz_sub(lz, a, b);
      break;
   case NVIR_OP_MUL:
      r = lz_product(lz, i, LZ_ZERO);
      break;
   case NVIR_OP_UMULHI:
      r = lz_mul_hi_unsigned(lz, a, b);
      break;
   case NVIR_OP_SMULHI:
      r = lz_mul_hi_signed(lz, a, b);
      break;
   case NVIR_OP_AND:
   case NVIR_OP_OR:
   case NVIR_OP_XOR:
      r = lz_logic(lz, SASS_LOP_AND + (i->op - NVIR_OP_AND), a, b);
      break;
   case NVIR_OP_SHL:
   case NVIR_OP_LSHR:
   case NVIR_OP_ASHR:
      r = lz_shift(lz, i->op, a, b);
      break;
   case NVIR_OP_FSHL:
   case NVIR_OP_FSHR:
      r = funnel_shift(lz, i->op, a, b, lz_word(lz, i->srcs[2], 0));
      break;
   case NVIR_OP_SMIN:
   case NVIR_OP_SMAX:
   case NVIR_OP_UMIN:
   case NVIR_OP_UMAX:
      r = min_max(lz, i->op, a, b);
      break;
   default:
      return bit_trick(lz, i, a);
   }
   lz_set_word(lz, i, 0, r);
   return true;
}

static void
extend(struct lz *lz, struct nvir_instr *i)
{
   struct nvir_src x = lz_word(lz, i->srcs[0], 0);
   lz_set_word(lz, i, 0, x);
   if (i->type == NVIR_TYPE_I64)
      lz_set_word(lz, i, 1,
                  i->op == NVIR_OP_SEXT
                     ? lz_shift(lz, NVIR_OP_ASHR, x, nvir_imm(31))
                     : LZ_ZERO);
}

bool
lz_int(struct lz *lz, struct nvir_instr *i)
{
   switch (i->op) {
   case NVIR_OP_TRUNC:
      lz_set_word(lz, i, 0, lz_word(lz, i->srcs[0], 0));
      return true;
   case NVIR_OP_ZEXT:
   case NVIR_OP_SEXT:
      extend(lz, i);
      return true;
   case NVIR_OP_BITCAST:
      for (unsigned n = 0; n < i->dsts[0].val->words; n++)
         lz_set_word(lz, i, n, lz_word(lz, i->srcs[0], n));
      return true;
   case NVIR_OP_DOT4:
      lz_set_word(lz, i, 0, lz_dot4(lz, i, LZ_ZERO));
      return true;
   default:
      break;
   }
   if (i->op < NVIR_OP_ADD || i->op > NVIR_OP_BSWAP)
      return false;
   if (i->type == NVIR_TYPE_I64)
      return lz_int64(lz, i);
   return i->type == NVIR_TYPE_I32 && int32_op(lz, i);
}
