/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integers of 64 bits in two words: isa.md §4.1. */
#include "nouveau/compiler/nvir_legalize_priv.h"

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
   struct nvir_src lo = lz_add_carry(lz, a.lo, b.lo, NULL, &cc);
   return (struct pair){lo, lz_add_carry(lz, a.hi, b.hi, cc, NULL)};
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
   struct nvir_src lo = lz_sub_carry(lz, a.lo, b.lo, NULL, &cc);
   return (struct pair){lo, lz_sub_carry(lz, a.hi, b.hi, cc, NULL)};
}

static struct pair
mul64(struct lz *lz, struct pair a, struct pair b)
{
   struct pair r;
   r.lo = lz_mad(lz, a.lo, b.lo, LZ_ZERO);
   r.hi = lz_mul_hi_unsigned(lz, a.lo, b.lo);
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
      return n >= 32 ? (struct pair){LZ_ZERO, lz_shift(lz, op, a.lo, over)}
                     : (struct pair){lz_shift(lz, op, a.lo, c),
                                     funnel(lz, SASS_OP_SHF_L, SASS_SHF_U64,
                                            a.lo, c, a.hi)};
   if (n >= 32)
      return (struct pair){
         lz_shift(lz, op, a.hi, over),
         op == NVIR_OP_ASHR ? lz_shift(lz, op, a.hi, nvir_imm(31)) : LZ_ZERO};
   return (struct pair){funnel(lz, SASS_OP_SHF_R, SASS_SHF_U64, a.lo, c, a.hi),
                        lz_shift(lz, op, a.hi, c)};
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
         lz_shift(lz, op, a.lo, n),
         funnel(lz, SASS_OP_SHF_L, SASS_SHF_U64, a.lo, n, a.hi)};
   enum sass_shf_type type = op == NVIR_OP_ASHR ? SASS_SHF_S64 : SASS_SHF_U64;
   return (struct pair){funnel(lz, SASS_OP_SHF_R, type, a.lo, n, a.hi),
                        lz_shift(lz, op, a.hi, n)};
}

static struct nvir_src
leading_zeros64(struct lz *lz, struct nvir_src lo, struct nvir_src hi)
{
   struct lz_pred high_is_0 =
      lz_isetp(lz, SASS_COND_EQ, false, hi, LZ_ZERO, SASS_AND, LZ_TRUE);
   struct nvir_src low = lz_add(lz, lz_leading_zeros(lz, lo), nvir_imm(32));
   return lz_select(lz, high_is_0, low, lz_leading_zeros(lz, hi));
}

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
      lz_read_cc(lz, m, cc);
      set_pair(lz, i, lo, hi);
      return true;
   }
   return false;
}

bool
lz_int64(struct lz *lz, struct nvir_instr *i)
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
      r = (struct pair){lz_add(lz, lz_bit_op(lz, SASS_OP_POPC, a.lo),
                               lz_bit_op(lz, SASS_OP_POPC, a.hi)),
                        LZ_ZERO};
      break;
   case NVIR_OP_BREV:
      r = (struct pair){lz_bit_reverse(lz, a.hi), lz_bit_reverse(lz, a.lo)};
      break;
   case NVIR_OP_BSWAP:
      r = (struct pair){lz_byte_swap(lz, a.hi), lz_byte_swap(lz, a.lo)};
      break;
   case NVIR_OP_CLZ:
      r = (struct pair){leading_zeros64(lz, a.lo, a.hi), LZ_ZERO};
      break;
   case NVIR_OP_CTZ:
      r = (struct pair){leading_zeros64(lz, lz_bit_reverse(lz, a.hi),
                                        lz_bit_reverse(lz, a.lo)),
                        LZ_ZERO};
      break;
   default:
      return false;
   }
   set_pair(lz, i, r.lo, r.hi);
   return true;
}
