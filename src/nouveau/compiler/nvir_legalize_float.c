/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Floats and conversions. Negation and absolute value of a source become
 * modifiers. */
#include <assert.h>

#include "nouveau/compiler/nvir_legalize_priv.h"

/* A float operand: word or wide value with modifiers. */
struct foperand {
   struct nvir_src src; /* generic */
   bool neg, abs;
};

static struct foperand
operand(struct lz *lz, struct nvir_src src, bool may_abs)
{
   struct foperand f = {.src = src};
   while (f.src.kind == NVIR_SRC_VALUE && f.src.val->index < lz->num_values) {
      const struct nvir_instr *def = lz_map(lz, f.src.val)->def;
      if (!def || (def->op != NVIR_OP_FNEG && def->op != NVIR_OP_FABS))
         break;
      if (def->op == NVIR_OP_FABS) {
         if (!may_abs)
            break;
         f.abs = true;
         f.src = def->srcs[0];
         /* Signs below an absolute value do not matter. */
         while (f.src.kind == NVIR_SRC_VALUE &&
                f.src.val->index < lz->num_values &&
                lz_map(lz, f.src.val)->def &&
                lz_map(lz, f.src.val)->def->op == NVIR_OP_FNEG)
            f.src = lz_map(lz, f.src.val)->def->srcs[0];
         break;
      }
      f.neg = !f.neg;
      f.src = def->srcs[0];
   }
   return f;
}

/* What slots take: one word, or the wide value of a double. Immediate doubles
 * whose low bits are 0 and doubles in c[] stay as they are for slot B. */
static struct nvir_src
slot_value(struct lz *lz, enum nvir_type t, struct nvir_src src, bool slot_b)
{
   if (nvir_type_words(t) == 1)
      return lz_word(lz, src, 0);
   if (src.kind == NVIR_SRC_UNDEF)
      src = nvir_imm(0);
   if (slot_b && src.kind == NVIR_SRC_IMM && (src.imm & 0xfffffffffffull) == 0)
      return src;
   if (src.kind == NVIR_SRC_IMM && src.imm == 0)
      return src;
   return nvir_val(lz_wide(lz, src, 2));
}

static enum lz_imm
imm_kind(enum nvir_type t)
{
   return t == NVIR_TYPE_F64 ? LZ_IMM_F64 : LZ_IMM_F32;
}

static void
set_float(struct lz *lz, struct nvir_instr *i, struct nvir_instr *m)
{
   unsigned words = nvir_type_words(i->type);
   lz_set_wide(lz, i, lz_dst(lz, m, NVIR_SLOT_RD, NVIR_CLASS_GPR, words));
   if (i->type == NVIR_TYPE_F64)
      lz->s->uses_double = true;
}

static bool
is_register(struct nvir_src src)
{
   return src.kind == NVIR_SRC_VALUE;
}

static struct nvir_instr *
binary(struct lz *lz, enum nvir_type t, enum sass_op op32, enum sass_op op64,
       struct foperand a, struct foperand b)
{
   struct nvir_src x = slot_value(lz, t, a.src, false);
   struct nvir_src y = slot_value(lz, t, b.src, true);
   struct nvir_instr *m =
      lz_alu(lz, t == NVIR_TYPE_F64 ? op64 : op32, x, y, LZ_ZERO, imm_kind(t));
   m->mi.neg_a = a.neg;
   m->mi.abs_a = a.abs;
   m->mi.neg_b = b.neg;
   m->mi.abs_b = b.abs;
   return m;
}

static void
swap(struct foperand *a, struct foperand *b)
{
   struct foperand t = *a;
   *a = *b;
   *b = t;
}

/* A constant with more than 20 significant bits: the long form has room for it,
 * but not for a rounding mode. */
static bool
takes_long_form(const struct nvir_instr *i, struct foperand b)
{
   return i->type == NVIR_TYPE_F32 && b.src.kind == NVIR_SRC_IMM &&
          (b.src.imm & 0xfff) && i->rnd == NVIR_ROUND_RN;
}

static struct nvir_instr *
long_form(struct lz *lz, const struct nvir_instr *i, enum sass_op op,
          struct foperand a, struct foperand b)
{
   struct nvir_src x = lz_reg(lz, lz_word(lz, a.src, 0));
   struct nvir_instr *m = lz_mach(lz, op, SASS_FORM_I);
   uint32_t imm = b.src.imm;
   if (b.abs)
      imm &= 0x7fffffff;
   if (b.neg)
      imm ^= 0x80000000;
   lz_bind(lz, m, NVIR_SLOT_RA, x);
   m->mi.imm = imm;
   m->mi.neg_a = a.neg;
   m->mi.abs_a = a.abs;
   m->mi.ftz = i->ftz ? SASS_FTZ : SASS_FTZ_NONE;
   return m;
}

static void
legalize_add(struct lz *lz, struct nvir_instr *i)
{
   struct foperand a = operand(lz, i->srcs[0], true),
                   b = operand(lz, i->srcs[1], true);
   if (i->op == NVIR_OP_FSUB)
      b.neg = !b.neg;
   if (!is_register(a.src) && is_register(b.src))
      swap(&a, &b);
   if (takes_long_form(i, b)) {
      set_float(lz, i, long_form(lz, i, SASS_OP_FADD32I, a, b));
      return;
   }
   struct nvir_instr *m = binary(lz, i->type, SASS_OP_FADD, SASS_OP_DADD, a, b);
   m->mi.ftz = i->ftz ? SASS_FTZ : SASS_FTZ_NONE;
   m->mi.rnd = i->rnd;
   set_float(lz, i, m);
}

/* The product has one sign, in neg_a's place for FMUL, DMUL, FFMA and DFMA
 * alike. */
static void
legalize_mul(struct lz *lz, struct nvir_instr *i)
{
   struct foperand a = operand(lz, i->srcs[0], false),
                   b = operand(lz, i->srcs[1], false);
   if (!is_register(a.src) && is_register(b.src))
      swap(&a, &b);
   bool neg = a.neg != b.neg;
   a.neg = b.neg = false;
   if (takes_long_form(i, b)) {
      b.neg = neg;
      set_float(lz, i, long_form(lz, i, SASS_OP_FMUL32I, a, b));
      return;
   }
   struct nvir_instr *m = binary(lz, i->type, SASS_OP_FMUL, SASS_OP_DMUL, a, b);
   m->mi.neg_b = neg;
   m->mi.ftz = i->ftz ? SASS_FTZ : SASS_FTZ_NONE;
   m->mi.rnd = i->rnd;
   set_float(lz, i, m);
}

static void
legalize_fma(struct lz *lz, struct nvir_instr *i)
{
   struct foperand a = operand(lz, i->srcs[0], false),
                   b = operand(lz, i->srcs[1], false);
   struct foperand c = operand(lz, i->srcs[2], false);
   if (!is_register(a.src) && is_register(b.src))
      swap(&a, &b);
   struct nvir_src x = slot_value(lz, i->type, a.src, false);
   struct nvir_src y = slot_value(lz, i->type, b.src, true);
   struct nvir_src z = slot_value(lz, i->type, c.src, false);
   struct nvir_instr *m =
      lz_alu(lz, i->type == NVIR_TYPE_F64 ? SASS_OP_DFMA : SASS_OP_FFMA, x, y,
             z, imm_kind(i->type));
   m->mi.neg_b = a.neg != b.neg;
   m->mi.neg_c = c.neg;
   m->mi.ftz = i->ftz ? SASS_FTZ : SASS_FTZ_NONE;
   m->mi.rnd = i->rnd;
   set_float(lz, i, m);
}

static void
legalize_min_max(struct lz *lz, struct nvir_instr *i)
{
   struct foperand a = operand(lz, i->srcs[0], true),
                   b = operand(lz, i->srcs[1], true);
   if (!is_register(a.src) && is_register(b.src))
      swap(&a, &b);
   struct nvir_instr *m =
      binary(lz, i->type, SASS_OP_FMNMX, SASS_OP_DMNMX, a, b);
   m->mi.pc_not = i->op == NVIR_OP_FMAX;
   m->mi.ftz = i->ftz ? SASS_FTZ : SASS_FTZ_NONE;
   set_float(lz, i, m);
}

static void
legalize_fcmp(struct lz *lz, struct nvir_instr *i)
{
   struct foperand a = operand(lz, i->srcs[0], true),
                   b = operand(lz, i->srcs[1], true);
   struct nvir_instr *m =
      binary(lz, i->src_type, SASS_OP_FSETP, SASS_OP_DSETP, a, b);
   m->mi.cond = i->cond;
   m->mi.ftz = i->ftz ? SASS_FTZ : SASS_FTZ_NONE;
   lz_set_pred(lz, i, lz_pd(lz, m));
}

/* ---- signs ---- */

static void
legalize_sign(struct lz *lz, struct nvir_instr *i)
{
   unsigned top = nvir_type_words(i->type) - 1;
   struct nvir_src hi = lz_word(lz, i->srcs[0], top);

   if (i->op == NVIR_OP_FNEG) {
      hi = lz_logic(lz, SASS_LOP_XOR, hi, nvir_imm(0x80000000));
   } else {
      hi = lz_logic(lz, SASS_LOP_AND, hi, nvir_imm(0x7fffffff));
      if (i->op == NVIR_OP_FCOPYSIGN) {
         struct nvir_src sign = lz_word(lz, i->srcs[1], top);
         sign = lz_logic(lz, SASS_LOP_AND, sign, nvir_imm(0x80000000));
         hi = lz_logic(lz, SASS_LOP_OR, hi, sign);
      }
   }
   if (top)
      lz_set_word(lz, i, 0, lz_word(lz, i->srcs[0], 0));
   lz_set_word(lz, i, top, hi);
}

/* ---- conversions ---- */

static enum sass_type
sass_type_of(enum nvir_type t, bool is_signed)
{
   switch (t) {
   case NVIR_TYPE_F16:
      return SASS_F16;
   case NVIR_TYPE_F32:
      return SASS_F32;
   case NVIR_TYPE_F64:
      return SASS_F64;
   case NVIR_TYPE_I64:
      return is_signed ? SASS_S64 : SASS_U64;
   default:
      return is_signed ? SASS_S32 : SASS_U32;
   }
}

static struct nvir_instr *
conversion(struct lz *lz, enum sass_op op, struct nvir_src src,
           enum nvir_type from)
{
   struct nvir_src x = src;
   if (nvir_type_words(from) == 1)
      x = lz_reg(lz, lz_word(lz, src, 0));
   else
      x = nvir_val(lz_wide(lz, src, 2));
   if (from == NVIR_TYPE_F64)
      lz->s->uses_double = true;
   return lz_unary(lz, op, x, LZ_IMM_NONE);
}

static void
legalize_convert(struct lz *lz, struct nvir_instr *i, enum sass_op op,
                 bool dst_signed, bool src_signed)
{
   struct foperand f = {.src = i->srcs[0]};
   if (op != SASS_OP_I2F && i->src_type != NVIR_TYPE_F16)
      f = operand(lz, i->srcs[0], true);
   struct nvir_instr *m = conversion(lz, op, f.src, i->src_type);
   m->mi.neg_b = f.neg;
   m->mi.abs_b = f.abs;
   m->mi.dtype = sass_type_of(i->type, dst_signed);
   m->mi.stype = sass_type_of(i->src_type, src_signed);
   m->mi.rnd = i->rnd;
   if (op != SASS_OP_I2F)
      m->mi.ftz = i->ftz ? SASS_FTZ : SASS_FTZ_NONE;
   set_float(lz, i, m);
}

static void
legalize_round(struct lz *lz, struct nvir_instr *i)
{
   struct foperand f = operand(lz, i->srcs[0], true);
   struct nvir_instr *m = conversion(lz, SASS_OP_F2F, f.src, i->type);
   m->mi.neg_b = f.neg;
   m->mi.abs_b = f.abs;
   m->mi.dtype = m->mi.stype = sass_type_of(i->type, false);
   m->mi.to_int = true;
   m->mi.rnd = i->rnd;
   m->mi.ftz = i->ftz ? SASS_FTZ : SASS_FTZ_NONE;
   set_float(lz, i, m);
}

/* MUFU.SIN, COS and EX2 want their argument prepared by RRO. */
static void
legalize_mufu(struct lz *lz, struct nvir_instr *i)
{
   struct foperand f = operand(lz, i->srcs[0], true);
   struct nvir_src x = lz_reg(lz, lz_word(lz, f.src, 0));

   if (i->imm == SASS_MUFU_SIN || i->imm == SASS_MUFU_COS ||
       i->imm == SASS_MUFU_EX2) {
      struct nvir_instr *rro = lz_unary(lz, SASS_OP_RRO, x, LZ_IMM_NONE);
      rro->mi.rro_ex2 = i->imm == SASS_MUFU_EX2;
      rro->mi.neg_b = f.neg;
      rro->mi.abs_b = f.abs;
      f.neg = f.abs = false;
      x = lz_rd(lz, rro);
   }
   struct nvir_instr *m =
      lz_mach(lz, SASS_OP_MUFU, sass_op_first_form(SASS_OP_MUFU));
   lz_bind(lz, m, NVIR_SLOT_RA, x);
   m->mi.neg_a = f.neg;
   m->mi.abs_a = f.abs;
   m->mi.mufu = i->imm;
   set_float(lz, i, m);
}

bool
lz_float(struct lz *lz, struct nvir_instr *i)
{
   switch (i->op) {
   case NVIR_OP_FADD:
   case NVIR_OP_FSUB:
      legalize_add(lz, i);
      return true;
   case NVIR_OP_FMUL:
      legalize_mul(lz, i);
      return true;
   case NVIR_OP_FMA:
      legalize_fma(lz, i);
      return true;
   case NVIR_OP_FMIN:
   case NVIR_OP_FMAX:
      legalize_min_max(lz, i);
      return true;
   case NVIR_OP_FCMP:
      legalize_fcmp(lz, i);
      return true;
   case NVIR_OP_FNEG:
   case NVIR_OP_FABS:
   case NVIR_OP_FCOPYSIGN:
      legalize_sign(lz, i);
      return true;
   case NVIR_OP_FTOF:
      legalize_convert(lz, i, SASS_OP_F2F, false, false);
      return true;
   case NVIR_OP_FTOU:
      legalize_convert(lz, i, SASS_OP_F2I, false, false);
      return true;
   case NVIR_OP_FTOS:
      legalize_convert(lz, i, SASS_OP_F2I, true, false);
      return true;
   case NVIR_OP_UTOF:
      legalize_convert(lz, i, SASS_OP_I2F, false, false);
      return true;
   case NVIR_OP_STOF:
      legalize_convert(lz, i, SASS_OP_I2F, false, true);
      return true;
   case NVIR_OP_FROUND:
      legalize_round(lz, i);
      return true;
   case NVIR_OP_MUFU:
      legalize_mufu(lz, i);
      return true;
   default:
      return false;
   }
}
