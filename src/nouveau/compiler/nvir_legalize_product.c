/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Products by XMAD (isa.md §4.2) and IDP. */
#include "nouveau/compiler/nvir_legalize_priv.h"

static struct nvir_instr *
xmad(struct lz *lz, struct nvir_src a, bool a_h1, struct nvir_src b, bool b_h1,
     struct nvir_src c)
{
   struct nvir_instr *m =
      lz_alu(lz, SASS_OP_XMAD, a, b, lz_reg(lz, c), LZ_IMM_U16);
   m->mi.h1_a = a_h1;
   m->mi.h1_b = b_h1;
   return m;
}

/* Immediates and c[] to the second place, where they may be operands. */
static void
order_factors(struct nvir_src *a, struct nvir_src *b)
{
   if (a->kind != NVIR_SRC_VALUE && b->kind == NVIR_SRC_VALUE)
      lz_swap(a, b);
}

/* lo32(a * b) + c, where only the low half of b counts */
static struct nvir_src
mad_half(struct lz *lz, struct nvir_src a, struct nvir_src b, struct nvir_src c)
{
   struct nvir_src lo = lz_rd(lz, xmad(lz, a, false, b, false, c));
   struct nvir_instr *m = xmad(lz, a, true, b, false, lo);
   m->mi.psl = true;
   return lz_rd(lz, m);
}

/* lo32(a * b) + c */
struct nvir_src
lz_mad(struct lz *lz, struct nvir_src a, struct nvir_src b, struct nvir_src c)
{
   struct nvir_instr *m;
   order_factors(&a, &b);
   if (lz_is_zero(b) || lz_is_zero(a))
      return c;
   if (lz_is_imm(b) && (uint32_t)b.imm <= 0xffff)
      return mad_half(lz, a, b, c);
   a = lz_reg(lz, a);
   if (b.kind == NVIR_SRC_IMM)
      b = lz_reg(lz, b);
   m = xmad(lz, a, false, b, true, LZ_ZERO);
   m->mi.mrg = true;
   struct nvir_src t = lz_rd(lz, m);
   struct nvir_src lo = lz_rd(lz, xmad(lz, a, false, b, false, c));
   m = xmad(lz, a, true, t, true, lo);
   m->mi.psl = true;
   m->mi.cmode = SASS_CBCC;
   return lz_rd(lz, m);
}

/* Of a factor only the low half counts, as its other bits are 0. Those need not
 * be cleared for that. */
static bool
is_half(const struct lz *lz, struct nvir_src *src)
{
   if (src->kind == NVIR_SRC_IMM)
      return (uint32_t)src->imm <= 0xffff;
   if (src->kind != NVIR_SRC_VALUE || src->val->index >= lz->num_values)
      return false;
   const struct legal *l = &lz->map[src->val->index];
   const struct nvir_instr *d = l->def;
   if (d && d->op == NVIR_OP_AND && d->srcs[1].kind == NVIR_SRC_IMM &&
       d->srcs[1].imm == 0xffff)
      *src = d->srcs[0];
   return l->is_half;
}

/* lo32 of the product `mul`, plus c */
struct nvir_src
lz_product(struct lz *lz, const struct nvir_instr *mul, struct nvir_src c)
{
   struct nvir_src x = mul->srcs[0], y = mul->srcs[1];
   bool half_x = is_half(lz, &x), half_y = is_half(lz, &y);
   if (half_x && !half_y)
      lz_swap(&x, &y);
   struct nvir_src a = lz_word(lz, x, 0), b = lz_word(lz, y, 0);
   if (!half_x && !half_y)
      return lz_mad(lz, a, b, c);
   if (half_x && half_y)
      order_factors(&a, &b);
   if (lz_is_zero(a) || lz_is_zero(b))
      return c;
   a = lz_reg(lz, a);
   return half_x && half_y ? lz_rd(lz, xmad(lz, a, false, b, false, c))
                           : mad_half(lz, a, b, c);
}

/* The dot product `dot`, plus c. Its factors may change places. */
struct nvir_src
lz_dot4(struct lz *lz, const struct nvir_instr *dot, struct nvir_src c)
{
   struct nvir_src a = lz_word(lz, dot->srcs[0], 0),
                   b = lz_word(lz, dot->srcs[1], 0);
   bool swap = a.kind != NVIR_SRC_VALUE && b.kind == NVIR_SRC_VALUE;
   order_factors(&a, &b);
   struct nvir_instr *m = lz_alu(lz, SASS_OP_IDP, a, b, c, LZ_IMM_NONE);
   m->mi.signed_a = dot->imm & (swap ? NVIR_DOT4_SIGNED_B : NVIR_DOT4_SIGNED_A);
   m->mi.signed_b = dot->imm & (swap ? NVIR_DOT4_SIGNED_A : NVIR_DOT4_SIGNED_B);
   return lz_rd(lz, m);
}

struct nvir_src
lz_mul_hi_unsigned(struct lz *lz, struct nvir_src a, struct nvir_src b)
{
   order_factors(&a, &b);
   a = lz_reg(lz, a);
   if (b.kind == NVIR_SRC_IMM)
      b = lz_reg(lz, b);
   if (lz_is_zero(a) || lz_is_zero(b))
      return LZ_ZERO;
   struct nvir_src l = lz_rd(lz, xmad(lz, a, false, b, false, LZ_ZERO));
   struct nvir_src mid = lz_rd(lz, xmad(lz, a, false, b, true, LZ_ZERO));
   struct nvir_src h = lz_rd(lz, xmad(lz, a, true, b, true, LZ_ZERO));
   struct nvir_instr *m = xmad(lz, a, true, b, false, l);
   m->mi.cmode = SASS_CHI;
   struct nvir_src t = lz_rd(lz, m);
   m = lz_alu(lz, SASS_OP_IADD3, t, mid, h, LZ_IMM_NONE);
   m->mi.iadd3_mode = SASS_IADD3_RS;
   return lz_rd(lz, m);
}

struct nvir_src
lz_mul_hi_signed(struct lz *lz, struct nvir_src a, struct nvir_src b)
{
   struct nvir_src d = lz_mul_hi_unsigned(lz, a, b);
   struct nvir_src t = lz_logic(lz, SASS_LOP_AND,
                                lz_shift(lz, NVIR_OP_ASHR, a, nvir_imm(31)), b);
   struct nvir_src u = lz_logic(lz, SASS_LOP_AND,
                                lz_shift(lz, NVIR_OP_ASHR, b, nvir_imm(31)), a);
   return lz_sub(lz, lz_sub(lz, d, t), u);
}
