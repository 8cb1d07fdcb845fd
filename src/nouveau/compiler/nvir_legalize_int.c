/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integers: isa.md §4.1 (64 bits in two words) and §4.2 (products by XMAD). */
#include <assert.h>

#include "nouveau/compiler/nvir_legalize_priv.h"

/* ---- 32-bit pieces ---- */

static void
read_cc(struct lz *lz, struct nvir_instr *m, struct nvir_value *cc)
{
   m->mi.x = true;
   lz_bind(lz, m, NVIR_SLOT_CC, nvir_val(cc));
}

/* a + b, with carry in and out. */
static struct nvir_src
add_word(struct lz *lz, struct nvir_src a, struct nvir_src b,
         struct nvir_value *cc_in, struct nvir_value **cc_out)
{
   if (a.kind != NVIR_SRC_VALUE &&
       !(lz_is_imm(a) && b.kind == NVIR_SRC_CBANK)) {
      struct nvir_src t = a;
      a = b;
      b = t;
   }
   struct nvir_instr *m = lz_alu(lz, SASS_OP_IADD, a, b, LZ_ZERO, LZ_IMM_INT);
   struct nvir_src r = lz_rd(lz, m);
   if (cc_in)
      read_cc(lz, m, cc_in);
   if (cc_out)
      *cc_out = lz_dst(lz, m, NVIR_SLOT_CC, NVIR_CLASS_CC, 1);
   return r;
}

/* a - b; under a borrow the hardware takes ~b + carry. */
static struct nvir_src
sub_word(struct lz *lz, struct nvir_src a, struct nvir_src b,
         struct nvir_value *cc_in, struct nvir_value **cc_out)
{
   if (b.kind == NVIR_SRC_IMM)
      b = lz_reg(lz, b);
   struct nvir_instr *m = lz_alu(lz, SASS_OP_IADD, a, b, LZ_ZERO, LZ_IMM_NONE);
   m->mi.neg_b = true;
   struct nvir_src r = lz_rd(lz, m);
   if (cc_in)
      read_cc(lz, m, cc_in);
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
   if (lz_is_imm(a)) {
      struct nvir_src t = a;
      a = b;
      b = t;
   }
   if (lz_is_imm(b) && !lz_fits_short(b.imm)) {
      a = lz_reg(lz, a);
      struct nvir_instr *m = lz_mach(lz, SASS_OP_IADD32I, SASS_FORM_I);
      lz_bind(lz, m, NVIR_SLOT_RA, a);
      m->mi.imm = b.imm;
      return lz_rd(lz, m);
   }
   return add_word(lz, a, b, NULL, NULL);
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
   return sub_word(lz, a, b, NULL, NULL);
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
   if (a.kind != NVIR_SRC_VALUE) {
      struct nvir_src t = a;
      a = b;
      b = t;
   }
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
      struct nvir_src t = a;
      a = b;
      b = t;
      p.not = !p.not ;
   }
   struct nvir_instr *m = lz_alu(lz, SASS_OP_SEL, a, b, LZ_ZERO, LZ_IMM_INT);
   lz_bind_pred(lz, m, NVIR_SLOT_PC, p);
   return lz_rd(lz, m);
}

static struct nvir_src
shift(struct lz *lz, enum nvir_op op, struct nvir_src a, struct nvir_src n)
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

static struct nvir_src
unary(struct lz *lz, enum sass_op op, struct nvir_src x)
{
   return lz_rd(lz, lz_unary(lz, op, lz_reg(lz, x), LZ_IMM_NONE));
}

/* ---- products ---- */

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
   if (a->kind != NVIR_SRC_VALUE && b->kind == NVIR_SRC_VALUE) {
      struct nvir_src t = *a;
      *a = *b;
      *b = t;
   }
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

/* A factor of which only the low half counts, as its other bits are 0: what it
 * is read from. */
static bool
is_half(const struct lz *lz, struct nvir_src *src)
{
   if (src->kind == NVIR_SRC_IMM)
      return (uint32_t)src->imm <= 0xffff;
   if (src->kind != NVIR_SRC_VALUE || src->val->index >= lz->num_values)
      return false;
   const struct nvir_instr *d = lz->map[src->val->index].def;
   if (!d || d->type != NVIR_TYPE_I32)
      return false;
   if (d->op == NVIR_OP_AND && d->srcs[1].kind == NVIR_SRC_IMM) {
      if (d->srcs[1].imm == 0xffff)
         *src = d->srcs[0];
      return (uint32_t)d->srcs[1].imm <= 0xffff;
   }
   return d->op == NVIR_OP_LSHR && d->srcs[1].kind == NVIR_SRC_IMM &&
          d->srcs[1].imm >= 16;
}

/* lo32 of the product `mul`, plus c */
struct nvir_src
lz_product(struct lz *lz, const struct nvir_instr *mul, struct nvir_src c)
{
   struct nvir_src x = mul->srcs[0], y = mul->srcs[1];
   bool half_x = is_half(lz, &x), half_y = is_half(lz, &y);
   if (half_x && !half_y) {
      struct nvir_src t = x;
      x = y;
      y = t;
   }
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

static struct nvir_src
mul_hi_unsigned(struct lz *lz, struct nvir_src a, struct nvir_src b)
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

static struct nvir_src
mul_hi_signed(struct lz *lz, struct nvir_src a, struct nvir_src b)
{
   struct nvir_src d = mul_hi_unsigned(lz, a, b);
   struct nvir_src t =
      lz_logic(lz, SASS_LOP_AND, shift(lz, NVIR_OP_ASHR, a, nvir_imm(31)), b);
   struct nvir_src u =
      lz_logic(lz, SASS_LOP_AND, shift(lz, NVIR_OP_ASHR, b, nvir_imm(31)), a);
   return lz_sub(lz, lz_sub(lz, d, t), u);
}

/* ---- 64 bits ---- */

struct pair {
   struct nvir_src lo, hi;
};

static struct pair
add64(struct lz *lz, struct pair a, struct pair b)
{
   struct nvir_value *cc;
   if (lz_is_zero(b.lo))
      return (struct pair){a.lo, lz_add(lz, a.hi, b.hi)};
   if (lz_is_zero(a.lo))
      return (struct pair){b.lo, lz_add(lz, a.hi, b.hi)};
   /* Moves of constants may come between the two: they leave CC alone. */
   struct nvir_src lo = add_word(lz, a.lo, b.lo, NULL, &cc);
   return (struct pair){lo, add_word(lz, a.hi, b.hi, cc, NULL)};
}

static struct pair
sub64(struct lz *lz, struct pair a, struct pair b)
{
   struct nvir_value *cc;
   if (lz_is_imm(b.lo) && lz_is_imm(b.hi)) {
      uint64_t v = -((uint64_t)(uint32_t)b.lo.imm | (uint64_t)b.hi.imm << 32);
      return add64(lz, a,
                   (struct pair){nvir_imm((uint32_t)v), nvir_imm(v >> 32)});
   }
   a.hi = lz_reg(lz, a.hi);
   if (b.hi.kind == NVIR_SRC_IMM)
      b.hi = lz_reg(lz, b.hi);
   struct nvir_src lo = sub_word(lz, a.lo, b.lo, NULL, &cc);
   return (struct pair){lo, sub_word(lz, a.hi, b.hi, cc, NULL)};
}

static struct pair
mul64(struct lz *lz, struct pair a, struct pair b)
{
   struct pair r;
   r.lo = lz_mad(lz, a.lo, b.lo, LZ_ZERO);
   r.hi = mul_hi_unsigned(lz, a.lo, b.lo);
   r.hi = lz_mad(lz, a.hi, b.lo, r.hi);
   r.hi = lz_mad(lz, a.lo, b.hi, r.hi);
   return r;
}

/* hi32({hi:lo} << n) or lo32({hi:lo} >> n), counts up to 64 clamp. */
static struct nvir_src
funnel(struct lz *lz, enum sass_op op, enum sass_shf_type type,
       struct nvir_src lo, struct nvir_src n, struct nvir_src hi)
{
   struct nvir_instr *m = lz_alu(lz, op, lo, n, lz_reg(lz, hi), LZ_IMM_U6);
   m->mi.shf_type = type;
   return lz_rd(lz, m);
}

static struct pair
shift64_const(struct lz *lz, enum nvir_op op, struct pair a, unsigned n)
{
   struct nvir_src c = nvir_imm(n), over = nvir_imm(n - 32);
   if (op == NVIR_OP_SHL)
      return n >= 32 ? (struct pair){LZ_ZERO, shift(lz, op, a.lo, over)}
                     : (struct pair){shift(lz, op, a.lo, c),
                                     funnel(lz, SASS_OP_SHF_L, SASS_SHF_U64,
                                            a.lo, c, a.hi)};
   if (n >= 32)
      return (struct pair){
         shift(lz, op, a.hi, over),
         op == NVIR_OP_ASHR ? shift(lz, op, a.hi, nvir_imm(31)) : LZ_ZERO};
   return (struct pair){funnel(lz, SASS_OP_SHF_R, SASS_SHF_U64, a.lo, c, a.hi),
                        shift(lz, op, a.hi, c)};
}

static struct pair
shift64(struct lz *lz, enum nvir_op op, struct pair a, struct nvir_src n)
{
   if (lz_is_imm(n)) {
      unsigned count = n.imm & 63;
      return count ? shift64_const(lz, op, a, count) : a;
   }
   n = lz_reg(lz, n);
   if (op == NVIR_OP_SHL)
      return (struct pair){
         shift(lz, op, a.lo, n),
         funnel(lz, SASS_OP_SHF_L, SASS_SHF_U64, a.lo, n, a.hi)};
   enum sass_shf_type type = op == NVIR_OP_ASHR ? SASS_SHF_S64 : SASS_SHF_U64;
   return (struct pair){funnel(lz, SASS_OP_SHF_R, type, a.lo, n, a.hi),
                        shift(lz, op, a.hi, n)};
}

/* ---- one source of bit tricks ---- */

static struct nvir_src
bit_reverse(struct lz *lz, struct nvir_src x)
{
   struct nvir_instr *m = lz_alu(lz, SASS_OP_BFE, lz_reg(lz, x),
                                 nvir_imm(0x2000), LZ_ZERO, LZ_IMM_INT);
   m->mi.brev = true;
   return lz_rd(lz, m);
}

/* 31 - FLO, FLO(0) being -1. */
static struct nvir_src
leading_zeros(struct lz *lz, struct nvir_src x)
{
   return lz_sub(lz, nvir_imm(31), unary(lz, SASS_OP_FLO, x));
}

static struct nvir_src
byte_swap(struct lz *lz, struct nvir_src x)
{
   return lz_rd(
      lz, lz_alu(lz, SASS_OP_PRMT, x, nvir_imm(0x0123), LZ_ZERO, LZ_IMM_INT));
}

static struct nvir_src
leading_zeros64(struct lz *lz, struct nvir_src lo, struct nvir_src hi)
{
   struct lz_pred high_is_0 =
      lz_isetp(lz, SASS_COND_EQ, false, hi, LZ_ZERO, SASS_AND, LZ_TRUE);
   struct nvir_src low = lz_add(lz, leading_zeros(lz, lo), nvir_imm(32));
   return lz_select(lz, high_is_0, low, leading_zeros(lz, hi));
}

/* ---- dispatch ---- */

static struct pair
pair_of(struct lz *lz, struct nvir_src src)
{
   return (struct pair){lz_word(lz, src, 0), lz_word(lz, src, 1)};
}

static void
set_pair(struct lz *lz, struct nvir_instr *i, struct nvir_src lo,
         struct nvir_src hi)
{
   lz_set_word(lz, i, 0, lo);
   lz_set_word(lz, i, 1, hi);
}

/* base + (index << k), the address of an array's element. */
static bool
scaled_sum(struct lz *lz, struct nvir_instr *i)
{
   for (unsigned n = 0; n < 2; n++) {
      struct nvir_src src = i->srcs[n];
      if (src.kind != NVIR_SRC_VALUE || src.val->index >= lz->num_values)
         continue;
      const struct nvir_instr *d = lz_map(lz, src.val)->def;
      if (!d || d->op != NVIR_OP_SHL || d->srcs[1].kind != NVIR_SRC_IMM ||
          d->srcs[1].imm == 0 || d->srcs[1].imm > 31)
         continue;
      struct pair index = pair_of(lz, d->srcs[0]);
      struct pair base = pair_of(lz, i->srcs[!n]);
      if (lz_is_imm(index.lo) || lz_is_zero(base.lo))
         continue;
      struct nvir_instr *m =
         lz_alu(lz, SASS_OP_LEA, index.lo, base.lo, LZ_ZERO, LZ_IMM_INT);
      m->mi.shift = d->srcs[1].imm;
      struct nvir_src lo = lz_rd(lz, m);
      struct nvir_value *cc = lz_dst(lz, m, NVIR_SLOT_CC, NVIR_CLASS_CC, 1);
      m = lz_alu(lz, SASS_OP_LEA_HI, index.lo, base.hi, lz_reg(lz, index.hi),
                 LZ_IMM_NONE);
      m->mi.shift = d->srcs[1].imm;
      struct nvir_src hi = lz_rd(lz, m);
      read_cc(lz, m, cc);
      set_pair(lz, i, lo, hi);
      return true;
   }
   return false;
}

static bool
int64_op(struct lz *lz, struct nvir_instr *i)
{
   if (i->op == NVIR_OP_ADD && scaled_sum(lz, i))
      return true;
   struct pair a = pair_of(lz, i->srcs[0]), b = {LZ_ZERO, LZ_ZERO}, r;
   if (i->num_srcs > 1)
      b = pair_of(lz, i->srcs[1]);

   switch (i->op) {
   case NVIR_OP_ADD:
      r = add64(lz, a, b);
      break;
   case NVIR_OP_SUB:
      r = sub64(lz, a, b);
      break;
   case NVIR_OP_MUL:
      r = mul64(lz, a, b);
      break;
   case NVIR_OP_AND:
   case NVIR_OP_OR:
   case NVIR_OP_XOR: {
      enum sass_lop op = SASS_LOP_AND + (i->op - NVIR_OP_AND);
      r = (struct pair){lz_logic(lz, op, a.lo, b.lo),
                        lz_logic(lz, op, a.hi, b.hi)};
      break;
   }
   case NVIR_OP_SHL:
   case NVIR_OP_LSHR:
   case NVIR_OP_ASHR:
      r = shift64(lz, i->op, a, b.lo);
      break;
   case NVIR_OP_POPC:
      r = (struct pair){lz_add(lz, unary(lz, SASS_OP_POPC, a.lo),
                               unary(lz, SASS_OP_POPC, a.hi)),
                        LZ_ZERO};
      break;
   case NVIR_OP_BREV:
      r = (struct pair){bit_reverse(lz, a.hi), bit_reverse(lz, a.lo)};
      break;
   case NVIR_OP_BSWAP:
      r = (struct pair){byte_swap(lz, a.hi), byte_swap(lz, a.lo)};
      break;
   case NVIR_OP_CLZ:
      r = (struct pair){leading_zeros64(lz, a.lo, a.hi), LZ_ZERO};
      break;
   case NVIR_OP_CTZ:
      r = (struct pair){
         leading_zeros64(lz, bit_reverse(lz, a.hi), bit_reverse(lz, a.lo)),
         LZ_ZERO};
      break;
   default:
      return false;
   }
   set_pair(lz, i, r.lo, r.hi);
   return true;
}

static struct nvir_src
min_max(struct lz *lz, enum nvir_op op, struct nvir_src a, struct nvir_src b)
{
   if (a.kind != NVIR_SRC_VALUE) {
      struct nvir_src t = a;
      a = b;
      b = t;
   }
   struct nvir_instr *m = lz_alu(lz, SASS_OP_IMNMX, a, b, LZ_ZERO, LZ_IMM_INT);
   m->mi.is_signed = op == NVIR_OP_SMIN || op == NVIR_OP_SMAX;
   m->mi.pc_not = op == NVIR_OP_SMAX || op == NVIR_OP_UMAX;
   return lz_rd(lz, m);
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
      r = mul_hi_unsigned(lz, a, b);
      break;
   case NVIR_OP_SMULHI:
      r = mul_hi_signed(lz, a, b);
      break;
   case NVIR_OP_AND:
   case NVIR_OP_OR:
   case NVIR_OP_XOR:
      r = lz_logic(lz, SASS_LOP_AND + (i->op - NVIR_OP_AND), a, b);
      break;
   case NVIR_OP_SHL:
   case NVIR_OP_LSHR:
   case NVIR_OP_ASHR:
      r = shift(lz, i->op, a, b);
      break;
   case NVIR_OP_FSHL:
   case NVIR_OP_FSHR: {
      enum sass_op op = i->op == NVIR_OP_FSHL ? SASS_OP_SHF_L : SASS_OP_SHF_R;
      struct nvir_src n = lz_word(lz, i->srcs[2], 0);
      if (lz_is_imm(n))
         n.imm &= 31;
      struct nvir_instr *m = lz_alu(lz, op, b, n, lz_reg(lz, a), LZ_IMM_U6);
      m->mi.w = true;
      r = lz_rd(lz, m);
      break;
   }
   case NVIR_OP_SMIN:
   case NVIR_OP_SMAX:
   case NVIR_OP_UMIN:
   case NVIR_OP_UMAX:
      r = min_max(lz, i->op, a, b);
      break;
   case NVIR_OP_POPC:
      r = unary(lz, SASS_OP_POPC, a);
      break;
   case NVIR_OP_BREV:
      r = bit_reverse(lz, a);
      break;
   case NVIR_OP_BSWAP:
      r = byte_swap(lz, a);
      break;
   case NVIR_OP_CLZ:
      r = leading_zeros(lz, a);
      break;
   case NVIR_OP_CTZ:
      r = leading_zeros(lz, bit_reverse(lz, a));
      break;
   default:
      return false;
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
                     ? shift(lz, NVIR_OP_ASHR, x, nvir_imm(31))
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
      return int64_op(lz, i);
   return i->type == NVIR_TYPE_I32 && int32_op(lz, i);
}
