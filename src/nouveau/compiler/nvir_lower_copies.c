/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* After register assignment: every copy, of words, vectors or many values at
 * once, is a parallel copy of single registers, in order to be moved one by
 * one. */
#include <assert.h>

#include "nouveau/compiler/nvir_assign_priv.h"
#include "nouveau/compiler/nvir_sequence_copies_priv.h"

struct imm_copy {
   uint8_t dst, kind;
   uint32_t imm; /* or offset in c[0] */
};

struct word_copies {
   struct nvir_copy regs[NVIR_MAX_GPR + 1];
   struct imm_copy imms[NVIR_MAX_GPR + 1];
   unsigned num_regs, num_imms;
};

struct lower {
   struct nvir_shader *s;
   struct nvir_instr *at;                   /* new instructions go before it */
   struct nvir_value *gprs[256], *preds[8]; /* one value a register */
   struct word_copies copies[2];            /* GPR, PRED */
};

static struct nvir_value *
reg_value(struct lower *l, enum nvir_class cls, unsigned reg)
{
   struct nvir_value **v =
      cls == NVIR_CLASS_GPR ? &l->gprs[reg] : &l->preds[reg];
   if (!*v) {
      *v = nvir_value_create(l->s, cls, 1);
      (*v)->reg = reg;
   }
   return *v;
}

static struct nvir_instr *
emit(struct lower *l, enum sass_op op, enum sass_form form,
     struct nvir_value *dst, enum nvir_slot dst_slot)
{
   struct nvir_instr *i = nvir_instr_create(l->s, NVIR_OP_MACH, 1, 0);
   sass_instr_init(&i->mi, op, form);
   nvir_instr_set_dst(i, 0, dst);
   i->dsts[0].slot = dst_slot;
   i->line = l->at->line;
   nvir_instr_insert_before(i, l->at);
   return i;
}

static void
add_src(struct nvir_instr *i, struct nvir_value *v, enum nvir_slot slot)
{
   struct nvir_src src = nvir_val(v);
   src.slot = slot;
   nvir_instr_add_src(i, src);
}

static void
move_reg(struct lower *l, enum nvir_class cls, unsigned dst, unsigned src)
{
   struct nvir_value *to = reg_value(l, cls, dst);
   struct nvir_value *from = reg_value(l, cls, src);
   if (cls == NVIR_CLASS_GPR)
      add_src(emit(l, SASS_OP_MOV, SASS_FORM_R, to, NVIR_SLOT_RD), from,
              NVIR_SLOT_RB);
   else
      add_src(emit(l, SASS_OP_PSETP, SASS_FORM_R, to, NVIR_SLOT_PD), from,
              NVIR_SLOT_PA);
}

static void
xor_into(struct lower *l, enum nvir_class cls, unsigned dst, unsigned src)
{
   struct nvir_value *to = reg_value(l, cls, dst);
   struct nvir_value *from = reg_value(l, cls, src);
   struct nvir_instr *i;
   if (cls == NVIR_CLASS_GPR) {
      i = emit(l, SASS_OP_LOP, SASS_FORM_R, to, NVIR_SLOT_RD);
      i->mi.lop = SASS_LOP_XOR;
      add_src(i, to, NVIR_SLOT_RA);
      add_src(i, from, NVIR_SLOT_RB);
   } else {
      i = emit(l, SASS_OP_PSETP, SASS_FORM_R, to, NVIR_SLOT_PD);
      i->mi.bool_op0 = SASS_XOR;
      add_src(i, to, NVIR_SLOT_PA);
      add_src(i, from, NVIR_SLOT_PB);
   }
}

static void
swap_regs(struct lower *l, enum nvir_class cls, unsigned a, unsigned b)
{
   xor_into(l, cls, a, b);
   xor_into(l, cls, b, a);
   xor_into(l, cls, a, b);
}

static void
load_imm(struct lower *l, enum nvir_class cls, const struct imm_copy *c)
{
   struct nvir_value *to = reg_value(l, cls, c->dst);
   if (cls == NVIR_CLASS_PRED) {
      struct nvir_instr *i =
         emit(l, SASS_OP_PSETP, SASS_FORM_R, to, NVIR_SLOT_PD);
      i->mi.pa_not = !(c->imm & 1); /* PT or !PT */
   } else if (c->kind == NVIR_SRC_CBANK) {
      emit(l, SASS_OP_MOV, SASS_FORM_C, to, NVIR_SLOT_RD)->mi.cb_off = c->imm;
   } else if (c->imm == 0) {
      emit(l, SASS_OP_MOV, SASS_FORM_R, to, NVIR_SLOT_RD); /* RZ */
   } else {
      emit(l, SASS_OP_MOV32I, SASS_FORM_I, to, NVIR_SLOT_RD)->mi.imm = c->imm;
   }
}

static bool
is_sink(const struct nvir_value *v)
{
   return v->reg == (v->cls == NVIR_CLASS_GPR ? (int)SASS_RZ : (int)SASS_PT);
}

/* Word `to_word` of `to` becomes word `from_word` of `from`. */
static void
add_word(struct lower *l, const struct nvir_value *to, unsigned to_word,
         const struct nvir_src *from, unsigned from_word)
{
   assert(to->cls != NVIR_CLASS_CC && "copy of a carry");
   struct word_copies *c = &l->copies[to->cls];
   uint8_t dst = to->reg + to_word;
   if (is_sink(to) || from->kind == NVIR_SRC_UNDEF)
      return;
   if (from->kind == NVIR_SRC_VALUE) {
      uint8_t src = from->val->reg + from_word;
      c->regs[c->num_regs++] = (struct nvir_copy){dst, src};
      return;
   }
   bool is_cbank = from->kind == NVIR_SRC_CBANK;
   uint32_t imm =
      is_cbank ? from->imm + 4 * from_word
               : (uint32_t)(from_word < 2 ? from->imm >> (32 * from_word) : 0);
   c->imms[c->num_imms++] = (struct imm_copy){dst, from->kind, imm};
}

static void
gather(struct lower *l, const struct nvir_instr *i)
{
   for (unsigned n = 0; i->op == NVIR_OP_COLLECT && n < i->num_srcs; n++)
      add_word(l, i->dsts[0].val, n, &i->srcs[n], 0);
   for (unsigned n = 0; i->op == NVIR_OP_SPLIT && n < i->num_dsts; n++)
      if (i->dsts[n].val)
         add_word(l, i->dsts[n].val, 0, &i->srcs[0], n);
   if (i->op != NVIR_OP_COPY && i->op != NVIR_OP_PCOPY)
      return;
   for (unsigned n = 0; n < i->num_dsts; n++)
      for (unsigned w = 0; w < i->dsts[n].val->words; w++)
         add_word(l, i->dsts[n].val, w, &i->srcs[n], w);
}

/* Registers first: immediates read nothing, and overwrite what was read. */
static void
emit_copies(struct lower *l, enum nvir_class cls, uint8_t temp)
{
   struct word_copies *c = &l->copies[cls];
   struct nvir_copy_step steps[2 * ARRAY_SIZE(c->regs)];
   unsigned n = nvir_sequence_copies(c->regs, c->num_regs, temp, steps);
   for (unsigned k = 0; k < n; k++) {
      if (steps[k].swap)
         swap_regs(l, cls, steps[k].dst, steps[k].src);
      else
         move_reg(l, cls, steps[k].dst, steps[k].src);
   }
   for (unsigned k = 0; k < c->num_imms; k++)
      load_imm(l, cls, &c->imms[k]);
   c->num_regs = c->num_imms = 0;
}

static void
lower_instr(struct lower *l, struct nvir_instr *i)
{
   switch (i->op) {
   case NVIR_OP_COLLECT:
   case NVIR_OP_SPLIT:
   case NVIR_OP_COPY:
   case NVIR_OP_PCOPY:
      break;
   case NVIR_OP_PHI:
   case NVIR_OP_UNDEF:
      nvir_instr_remove(i);
      return;
   default:
      return;
   }
   l->at = i;
   gather(l, i);
   emit_copies(l, NVIR_CLASS_GPR,
               i->op == NVIR_OP_PCOPY ? i->scratch : NVIR_COPY_NO_TEMP);
   emit_copies(l, NVIR_CLASS_PRED, NVIR_COPY_NO_TEMP);
   nvir_instr_remove(i);
}

static void
note_height(const struct nvir_value *v, unsigned *height)
{
   if (v->cls == NVIR_CLASS_GPR && !is_sink(v))
      *height = MAX2(*height, v->reg + v->words);
}

static unsigned
count_gprs(struct nvir_shader *s)
{
   unsigned height = 0;
   nvir_foreach_block(b, s) {
      nvir_foreach_instr(i, b) {
         nvir_foreach_src(src, i)
            if (src->kind == NVIR_SRC_VALUE)
               note_height(src->val, &height);
         nvir_foreach_dst(dst, i)
            note_height(dst->val, &height);
      }
   }
   return height;
}

unsigned
nvir_lower_copies(struct nvir_shader *s)
{
   struct util_arena arena;
   util_arena_init(&arena);
   struct lower *l = util_arena_new(&arena, struct lower);
   l->s = s;
   nvir_foreach_block(b, s)
      nvir_foreach_instr_safe(i, b)
         lower_instr(l, i);
   util_arena_finish(&arena);
   return count_gprs(s);
}
