/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Comparisons, predicates, selection. */
#include <assert.h>

#include "nouveau/compiler/nvir_legalize_priv.h"

static enum sass_cond
swap_cond(enum sass_cond c)
{
   switch (c) {
   case SASS_COND_LT:
      return SASS_COND_GT;
   case SASS_COND_LE:
      return SASS_COND_GE;
   case SASS_COND_GT:
      return SASS_COND_LT;
   case SASS_COND_GE:
      return SASS_COND_LE;
   case SASS_COND_LTU:
      return SASS_COND_GTU;
   case SASS_COND_LEU:
      return SASS_COND_GEU;
   case SASS_COND_GTU:
      return SASS_COND_LTU;
   case SASS_COND_GEU:
      return SASS_COND_LEU;
   default:
      return c;
   }
}

struct lz_pred
lz_isetp(struct lz *lz, enum sass_cond cond, bool is_signed, struct nvir_src a,
         struct nvir_src b, enum sass_bool_op op, struct lz_pred p)
{
   if (a.kind != NVIR_SRC_VALUE &&
       (b.kind == NVIR_SRC_VALUE || lz_is_zero(b))) {
      lz_swap(&a, &b);
      cond = swap_cond(cond);
   }
   struct nvir_instr *m = lz_alu(lz, SASS_OP_ISETP, a, b, LZ_ZERO, LZ_IMM_INT);
   m->mi.cond = cond;
   m->mi.is_signed = is_signed;
   m->mi.bool_op = op;
   lz_bind_pred(lz, m, NVIR_SLOT_PC, p);
   return lz_pd(lz, m);
}

/* Two predicates into one. */
static struct lz_pred
psetp(struct lz *lz, enum sass_bool_op op, struct lz_pred a, struct lz_pred b)
{
   struct nvir_instr *m = lz_mach(lz, SASS_OP_PSETP, SASS_FORM_R);
   m->mi.bool_op0 = op;
   m->mi.bool_op = SASS_AND;
   lz_bind_pred(lz, m, NVIR_SLOT_PA, a);
   lz_bind_pred(lz, m, NVIR_SLOT_PB, b);
   return lz_pd(lz, m);
}

static bool
is_setp(const struct nvir_instr *m)
{
   return m->op == NVIR_OP_MACH &&
          (m->mi.op == SASS_OP_ISETP || m->mi.op == SASS_OP_FSETP ||
           m->mi.op == SASS_OP_DSETP);
}

/* A comparison made in this block takes the other predicate as its third
 * operand; the plain one is then dead, as a rule. */
static bool
fuse_compare(struct lz *lz, enum sass_bool_op op, struct lz_pred a,
             struct lz_pred b, struct lz_pred *out)
{
   const struct nvir_instr *d = a.val->def;
   if (!d || !is_setp(d) || d->block != lz->b.block ||
       d->mi.bool_op != SASS_AND || d->mi.pc_not)
      return false;
   nvir_foreach_src(src, d) {
      if (src->slot == NVIR_SLOT_PC)
         return false;
   }
   struct nvir_instr *m = lz_mach(lz, d->mi.op, d->mi.form);
   m->mi = d->mi;
   for (unsigned n = 0; n < d->num_srcs; n++)
      m->srcs[m->num_srcs++] = d->srcs[n];
   /* Codes of opposites add up to 7, with unordered ones to 15. */
   if (a.not )
      m->mi.cond = (d->mi.op == SASS_OP_ISETP ? 7 : 15) - d->mi.cond;
   m->mi.bool_op = op;
   lz_bind_pred(lz, m, NVIR_SLOT_PC, b);
   *out = lz_pd(lz, m);
   return true;
}

static struct lz_pred
pred_logic(struct lz *lz, enum sass_bool_op op, struct lz_pred a,
           struct lz_pred b)
{
   if (!a.val) {
      struct lz_pred t = a;
      a = b;
      b = t;
   }
   if (!b.val) {
      bool truth = !b.not ;
      switch (op) {
      case SASS_AND:
         return truth ? a : b;
      case SASS_OR:
         return truth ? b : a;
      default:
         return (struct lz_pred){a.val, a.not != truth};
      }
   }
   struct lz_pred r;
   if (op != SASS_XOR &&
       (fuse_compare(lz, op, a, b, &r) || fuse_compare(lz, op, b, a, &r)))
      return r;
   return psetp(lz, op, a, b);
}

static struct lz_pred
pred_select(struct lz *lz, struct lz_pred p, struct lz_pred a, struct lz_pred b)
{
   struct lz_pred np = {p.val, !p.not };
   if (!p.val)
      return p.not ? b : a;
   return pred_logic(lz, SASS_OR, pred_logic(lz, SASS_AND, p, a),
                     pred_logic(lz, SASS_AND, np, b));
}

/* Equality of both words, or order by the high word with the low as tie
 * breaker. */
static struct lz_pred
compare64(struct lz *lz, enum sass_cond cond, bool is_signed, struct nvir_src a,
          struct nvir_src b)
{
   struct nvir_src al = lz_word(lz, a, 0), ah = lz_word(lz, a, 1);
   struct nvir_src bl = lz_word(lz, b, 0), bh = lz_word(lz, b, 1);
   struct lz_pred low = lz_isetp(lz, cond, false, al, bl, SASS_AND, LZ_TRUE);

   if (cond == SASS_COND_EQ)
      return lz_isetp(lz, cond, false, ah, bh, SASS_AND, low);
   if (cond == SASS_COND_NE)
      return lz_isetp(lz, cond, false, ah, bh, SASS_OR, low);
   enum sass_cond strict = cond == SASS_COND_LT || cond == SASS_COND_LE
                              ? SASS_COND_LT
                              : SASS_COND_GT;
   struct lz_pred tie =
      lz_isetp(lz, SASS_COND_EQ, false, ah, bh, SASS_AND, low);
   return lz_isetp(lz, strict, is_signed, ah, bh, SASS_OR, tie);
}

static void
legalize_icmp(struct lz *lz, struct nvir_instr *i)
{
   if (i->src_type == NVIR_TYPE_I64) {
      lz_set_pred(lz, i,
                  compare64(lz, i->cond, i->is_signed, i->srcs[0], i->srcs[1]));
      return;
   }
   /* Operands one after the other here and below: each may emit instructions,
    * and compilers differ in the order of a call's arguments. */
   struct nvir_src b = lz_word(lz, i->srcs[1], 0);
   struct nvir_src a = lz_word(lz, i->srcs[0], 0);
   lz_set_pred(lz, i,
               lz_isetp(lz, i->cond, i->is_signed, a, b, SASS_AND, LZ_TRUE));
}

static void
legalize_select(struct lz *lz, struct nvir_instr *i)
{
   struct lz_pred p = lz_pred(lz, i->srcs[0]);

   if (i->type == NVIR_TYPE_I1) {
      struct lz_pred b = lz_pred(lz, i->srcs[2]), a = lz_pred(lz, i->srcs[1]);
      lz_set_pred(lz, i, pred_select(lz, p, a, b));
      return;
   }
   for (unsigned n = 0; n < i->dsts[0].val->words; n++) {
      struct nvir_src b = lz_word(lz, i->srcs[2], n);
      struct nvir_src a = lz_word(lz, i->srcs[1], n);
      lz_set_word(lz, i, n, lz_select(lz, p, a, b));
   }
}

static void
legalize_bool(struct lz *lz, struct nvir_instr *i, enum sass_bool_op op)
{
   struct lz_pred b = lz_pred(lz, i->srcs[1]), a = lz_pred(lz, i->srcs[0]);
   lz_set_pred(lz, i, pred_logic(lz, op, a, b));
}

bool
lz_compare(struct lz *lz, struct nvir_instr *i)
{
   switch (i->op) {
   case NVIR_OP_ICMP:
      legalize_icmp(lz, i);
      return true;
   case NVIR_OP_SELECT:
      legalize_select(lz, i);
      return true;
   case NVIR_OP_AND:
   case NVIR_OP_OR:
   case NVIR_OP_XOR:
      if (i->type != NVIR_TYPE_I1)
         return false;
      legalize_bool(lz, i, SASS_AND + (i->op - NVIR_OP_AND));
      return true;
   default:
      return false;
   }
}
