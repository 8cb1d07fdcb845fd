/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Generic instructions to machine instructions: operands, results, phis, copies
 * and the walk. Blocks are taken in layout order, which must be a reverse
 * post-order. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "nouveau/compiler/nvir_legalize_priv.h"
#include "nouveau/compiler/nvir_passes.h"

void
lz_fail(struct lz *lz, const struct nvir_instr *i, const char *what)
{
   if (!lz->err && lz->s->log)
      util_buf_printf(lz->s->log,
                      "kernel '%s', line %u: not supported: %s (%s)\n",
                      lz->s->name, i->line, what, nvir_op_infos[i->op].name);
   lz->err = -EINVAL;
}

/* ---- building ---- */

struct nvir_instr *
lz_mach(struct lz *lz, enum sass_op op, enum sass_form form)
{
   struct nvir_instr *m = nvir_instr_create(lz->s, NVIR_OP_MACH, 0, 0);
   /* Room for all operands a machine instruction can have. */
   m->dsts = util_arena_array(&lz->s->arena, struct nvir_dst, 3);
   m->srcs = util_arena_array(&lz->s->arena, struct nvir_src, 6);
   sass_instr_init(&m->mi, op, form);
   nvir_build_insert(&lz->b, m);
   return m;
}

void
lz_bind(struct lz *lz, struct nvir_instr *m, enum nvir_slot slot,
        struct nvir_src src)
{
   if (src.kind != NVIR_SRC_VALUE) {
      assert(lz_is_zero(src)); /* stays RZ */
      return;
   }
   src.slot = slot;
   m->srcs[m->num_srcs++] = src;
}

void
lz_bind_pred(struct lz *lz, struct nvir_instr *m, enum nvir_slot slot,
             struct lz_pred p)
{
   switch (slot) {
   case NVIR_SLOT_PA:
      m->mi.pa_not = p.not ;
      break;
   case NVIR_SLOT_PB:
      m->mi.pb_not = p.not ;
      break;
   case NVIR_SLOT_PC:
      m->mi.pc_not = p.not ;
      break;
   default:
      m->mi.guard_not = p.not ;
      break;
   }
   if (p.val)
      lz_bind(lz, m, slot, nvir_val(p.val));
}

struct nvir_value *
lz_dst(struct lz *lz, struct nvir_instr *m, enum nvir_slot slot,
       enum nvir_class cls, unsigned words)
{
   struct nvir_value *v = nvir_value_create(lz->s, cls, words);
   unsigned n = m->num_dsts++;
   m->dsts[n].slot = slot;
   nvir_instr_set_dst(m, n, v);
   if (slot == NVIR_SLOT_CC)
      m->mi.cc = true;
   return v;
}

struct nvir_src
lz_rd(struct lz *lz, struct nvir_instr *m)
{
   return nvir_val(lz_dst(lz, m, NVIR_SLOT_RD, NVIR_CLASS_GPR, 1));
}

struct lz_pred
lz_pd(struct lz *lz, struct nvir_instr *m)
{
   return (struct lz_pred){lz_dst(lz, m, NVIR_SLOT_PD, NVIR_CLASS_PRED, 1),
                           false};
}

static bool
imm_fits(uint64_t imm, enum lz_imm kind)
{
   switch (kind) {
   case LZ_IMM_INT:
      return lz_fits_short(imm);
   case LZ_IMM_F32:
      return (imm & 0xfff) == 0;
   case LZ_IMM_F64:
      return (imm & 0xfffffffffffull) == 0;
   case LZ_IMM_U16:
      return (uint32_t)imm <= 0xffff;
   case LZ_IMM_U6:
      return (uint32_t)imm <= 63;
   default:
      return false;
   }
}

static void
bind_cbank(struct nvir_instr *m, struct nvir_src src)
{
   m->mi.cb_bank = 0;
   m->mi.cb_off = src.imm;
}

/* Slot B, changing form and template as needed. The form is R so far. */
static void
bind_b(struct lz *lz, struct nvir_instr *m, struct nvir_src b, enum lz_imm imm)
{
   enum sass_op op = m->mi.op;
   struct nvir_src saved_b = b;

   if (b.kind == NVIR_SRC_UNDEF || lz_is_zero(b)) {
      if (imm != LZ_IMM_F64 || b.imm == 0)
         return; /* RZ */
   }
   if (b.kind == NVIR_SRC_IMM && imm_fits(b.imm, imm) &&
       sass_op_has_form(op, SASS_FORM_I)) {
      m->mi.form = SASS_FORM_I;
      m->mi.imm = imm == LZ_IMM_F64 ? b.imm >> 32 : b.imm;
   } else if (b.kind == NVIR_SRC_CBANK && sass_op_has_form(op, SASS_FORM_C)) {
      m->mi.form = SASS_FORM_C;
      bind_cbank(m, saved_b);
   } else {
      assert(b.kind == NVIR_SRC_VALUE);
      lz_bind(lz, m, NVIR_SLOT_RB, b);
   }
}

/* Must be put into a register before the instruction is inserted. */
static bool
needs_reg(struct nvir_src x, enum sass_op op, enum lz_imm imm)
{
   if (x.kind == NVIR_SRC_VALUE || x.kind == NVIR_SRC_UNDEF)
      return false;
   if (x.kind == NVIR_SRC_CBANK)
      return !sass_op_has_form(op, SASS_FORM_C);
   if (x.imm == 0 || (imm != LZ_IMM_F64 && (uint32_t)x.imm == 0))
      return false;
   return !(imm_fits(x.imm, imm) && sass_op_has_form(op, SASS_FORM_I));
}

struct nvir_instr *
lz_alu(struct lz *lz, enum sass_op op, struct nvir_src a, struct nvir_src b,
       struct nvir_src c, enum lz_imm imm)
{
   a = lz_reg(lz, a);
   if (needs_reg(b, op, imm))
      b = lz_reg(lz, b);
   bool c_from_bank = c.kind == NVIR_SRC_CBANK && b.kind == NVIR_SRC_VALUE &&
                      sass_op_has_form(op, SASS_FORM_RC);
   if (!c_from_bank)
      c = lz_reg(lz, c);
   struct nvir_instr *m = lz_mach(lz, op, sass_op_first_form(op));
   lz_bind(lz, m, NVIR_SLOT_RA, a);
   if (c_from_bank) {
      m->mi.form = SASS_FORM_RC;
      lz_bind(lz, m, NVIR_SLOT_RB, b);
      bind_cbank(m, c);
   } else {
      bind_b(lz, m, b, imm);
      lz_bind(lz, m, NVIR_SLOT_RC, c);
   }
   return m;
}

struct nvir_instr *
lz_unary(struct lz *lz, enum sass_op op, struct nvir_src b, enum lz_imm imm)
{
   if (needs_reg(b, op, imm))
      b = lz_reg(lz, b);
   struct nvir_instr *m = lz_mach(lz, op, sass_op_first_form(op));
   bind_b(lz, m, b, imm);
   return m;
}

/* ---- operands ---- */

struct legal *
lz_map(struct lz *lz, const struct nvir_value *v)
{
   assert(v->index < lz->num_values);
   return &lz->map[v->index];
}

/* Where they are wanted: split off at the definition, words would live beside
 * the whole. */
static void
split_words(struct lz *lz, struct legal *l)
{
   struct nvir_value *parts[4];
   nvir_build_split(&lz->b, l->wide, parts);
   for (unsigned n = 0; n < l->wide->words; n++)
      l->w[n] = nvir_val(parts[n]);
   l->word_block = lz->b.block;
}

struct nvir_src
lz_word(struct lz *lz, struct nvir_src src, unsigned n)
{
   switch (src.kind) {
   case NVIR_SRC_IMM:
      return nvir_imm((uint32_t)(src.imm >> 32 * n));
   case NVIR_SRC_CBANK:
      return nvir_cbank(src.imm + 4 * n);
   case NVIR_SRC_UNDEF:
      return nvir_imm(0);
   default:
      break;
   }
   if (src.val->index >= lz->num_values)
      return src; /* already a machine word */
   struct legal *l = lz_map(lz, src.val);
   bool unknown = l->w[n].kind == NVIR_SRC_VALUE && !l->w[n].val;
   if (unknown || (l->word_block && l->word_block != lz->b.block)) {
      assert(l->wide && !l->wide_block);
      split_words(lz, l);
   }
   return l->w[n].kind == NVIR_SRC_UNDEF ? nvir_imm(0) : l->w[n];
}

static struct nvir_src
move_constant(struct lz *lz, uint32_t imm)
{
   for (unsigned n = 0; n < lz->num_consts; n++)
      if (lz->consts[n].imm == imm)
         return nvir_val(lz->consts[n].val);
   struct nvir_instr *m = lz_mach(lz, SASS_OP_MOV32I, SASS_FORM_I);
   m->mi.imm = imm;
   struct nvir_src r = lz_rd(lz, m);
   if (lz->num_consts < ARRAY_SIZE(lz->consts))
      lz->consts[lz->num_consts++] = (struct lz_const){imm, r.val};
   return r;
}

struct nvir_src
lz_reg(struct lz *lz, struct nvir_src x)
{
   if (x.kind == NVIR_SRC_VALUE)
      return x;
   if (x.kind == NVIR_SRC_CBANK) {
      struct nvir_instr *m = lz_mach(lz, SASS_OP_MOV, SASS_FORM_C);
      bind_cbank(m, x);
      return lz_rd(lz, m);
   }
   return lz_is_zero(x) ? LZ_ZERO : move_constant(lz, x.imm);
}

struct nvir_value *
lz_collect(struct lz *lz, const struct nvir_src *words, unsigned n)
{
   struct nvir_src regs[4];
   for (unsigned k = 0; k < n; k++)
      regs[k] =
         words[k].kind == NVIR_SRC_CBANK ? lz_reg(lz, words[k]) : words[k];
   if (n == 1) {
      struct nvir_src r = lz_reg(lz, regs[0]);
      if (r.kind == NVIR_SRC_VALUE)
         return r.val;
      return move_constant(lz, 0).val;
   }
   return nvir_build_collect(&lz->b, regs, n);
}

/* An address that was put together serves later blocks too. */
static bool
is_collected(struct lz *lz, const struct legal *l)
{
   if (!l->wide_block || l->wide_block == lz->b.block)
      return true;
   return l->is_address && nvir_graph_dominates(&lz->g, l->wide_block->index,
                                                lz->b.block->index);
}

struct nvir_value *
lz_wide(struct lz *lz, struct nvir_src src, unsigned words)
{
   struct nvir_src w[4] = {0};
   struct legal *l = NULL;

   if (src.kind == NVIR_SRC_VALUE && src.val->index >= lz->num_values)
      return src.val;
   if (src.kind == NVIR_SRC_VALUE && words > 1) {
      l = lz_map(lz, src.val);
      if (l->wide && is_collected(lz, l))
         return l->wide;
   }
   for (unsigned n = 0; n < words; n++)
      w[n] = lz_word(lz, src, n);
   struct nvir_value *v = lz_collect(lz, w, words);
   if (l) {
      l->wide = v;
      l->wide_block = lz->b.block;
   }
   return v;
}

static struct nvir_value *
pred_from_gpr(struct lz *lz, struct legal *l)
{
   if (l->pred && l->pred_block == lz->b.block)
      return l->pred;
   struct lz_pred p =
      lz_isetp(lz, SASS_COND_NE, false, l->w[0], LZ_ZERO, SASS_AND, LZ_TRUE);
   l->pred = p.val;
   l->pred_block = lz->b.block;
   return p.val;
}

struct lz_pred
lz_pred(struct lz *lz, struct nvir_src src)
{
   if (src.kind != NVIR_SRC_VALUE)
      return (struct lz_pred){NULL, !(src.imm & 1)};
   if (src.val->index >= lz->num_values)
      return (struct lz_pred){src.val, false};
   struct legal *l = lz_map(lz, src.val);
   if (l->pred_in_gpr)
      return (struct lz_pred){pred_from_gpr(lz, l), false};
   if (l->w[0].kind != NVIR_SRC_VALUE)
      return (struct lz_pred){NULL, l->pred_not};
   return (struct lz_pred){l->w[0].val, l->pred_not};
}

/* ---- results ---- */

void
lz_set_word(struct lz *lz, const struct nvir_instr *i, unsigned n,
            struct nvir_src w)
{
   lz_map(lz, i->dsts[0].val)->w[n] = w;
}

void
lz_set_wide(struct lz *lz, const struct nvir_instr *i, struct nvir_value *v)
{
   struct legal *l = lz_map(lz, i->dsts[0].val);
   l->wide = v;
   if (v->words == 1)
      l->w[0] = nvir_val(v);
}

void
lz_set_pred(struct lz *lz, const struct nvir_instr *i, struct lz_pred p)
{
   struct legal *l = lz_map(lz, i->dsts[0].val);
   l->w[0] = p.val ? nvir_val(p.val) : nvir_undef();
   l->pred_not = p.not ;
}

/* ---- copies ---- */

static void
legalize_copy(struct lz *lz, struct nvir_instr *i)
{
   if (i->type == NVIR_TYPE_I1) {
      lz_set_pred(lz, i, lz_pred(lz, i->srcs[0]));
      return;
   }
   for (unsigned n = 0; n < i->dsts[0].val->words; n++)
      lz_set_word(lz, i, n, lz_word(lz, i->srcs[0], n));
}

static void
legalize_collect(struct lz *lz, struct nvir_instr *i)
{
   const struct nvir_value *whole = NULL;
   bool same = true;

   for (unsigned n = 0; n < i->num_srcs; n++) {
      struct nvir_src w = lz_word(lz, i->srcs[n], 0);
      lz_set_word(lz, i, n, w);
      const struct nvir_instr *def =
         w.kind == NVIR_SRC_VALUE ? w.val->def : NULL;
      if (!def || def->op != NVIR_OP_SPLIT || n >= def->num_dsts ||
          def->dsts[n].val != w.val || (whole && def->srcs[0].val != whole))
         same = false;
      else
         whole = def->srcs[0].val;
   }
   /* Put together again what was split: the original will do. */
   if (same && whole && whole->words == i->num_srcs) {
      struct legal *l = lz_map(lz, i->dsts[0].val);
      l->wide = (struct nvir_value *)whole;
      l->wide_block = NULL;
   }
}

static void
legalize_split(struct lz *lz, struct nvir_instr *i)
{
   for (unsigned n = 0; n < i->num_dsts; n++)
      if (i->dsts[n].val)
         lz_map(lz, i->dsts[n].val)->w[0] = lz_word(lz, i->srcs[0], n);
}

/* ---- the walk ---- */

static void
legalize_branch(struct lz *lz, struct nvir_instr *i)
{
   struct lz_pred p = lz_pred(lz, i->srcs[0]);
   if (p.not ) {
      struct nvir_block *t = i->block->succs[0];
      i->block->succs[0] = i->block->succs[1];
      i->block->succs[1] = t;
   }
   if (p.val) {
      i->srcs[0] = nvir_val(p.val);
      return;
   }
   nvir_block_unlink(i->block, i->block->succs[1]);
   i->op = NVIR_OP_BR;
   i->num_srcs = 0;
}

static bool
may_fuse(struct lz *lz, struct nvir_instr *i)
{
   return !(lz->s->debug & NVIR_DEBUG_NOOPT) && lz_fuse(lz, i);
}

static void
legalize_instr(struct lz *lz, struct nvir_instr *i)
{
   lz->b = nvir_builder_before(i);
   switch (i->op) {
   case NVIR_OP_PHI:
      lz_start_phi(lz, i);
      return; /* stays until its sources are known */
   case NVIR_OP_BR:
   case NVIR_OP_EXIT:
   case NVIR_OP_TRAP:
      return;
   case NVIR_OP_CBR:
      legalize_branch(lz, i);
      return;
   case NVIR_OP_COPY:
   case NVIR_OP_CONST:
      legalize_copy(lz, i);
      break;
   case NVIR_OP_UNDEF:
      for (unsigned n = 0; n < 4; n++)
         lz_map(lz, i->dsts[0].val)->w[n] = nvir_undef();
      break;
   case NVIR_OP_COLLECT:
      legalize_collect(lz, i);
      break;
   case NVIR_OP_SPLIT:
      legalize_split(lz, i);
      break;
   default:
      if (!may_fuse(lz, i) && !lz_int(lz, i) && !lz_compare(lz, i) &&
          !lz_float(lz, i) && !lz_memory(lz, i))
         lz_fail(lz, i, "operation");
   }
   nvir_instr_remove(i);
}

static void
mark_address(struct lz *lz, const struct nvir_instr *i)
{
   bool is_memory =
      i->op == NVIR_OP_LOAD || i->op == NVIR_OP_STORE || i->op == NVIR_OP_ATOM;
   if (is_memory && i->srcs[0].kind == NVIR_SRC_VALUE &&
       (i->space == NVIR_SPACE_GLOBAL || i->space == NVIR_SPACE_GENERIC))
      lz_map(lz, i->srcs[0].val)->is_address = true;
}

static void
mark_halves(struct lz *lz, const struct nvir_instr *i)
{
   if (i->op != NVIR_OP_MUL || i->type != NVIR_TYPE_I32)
      return;
   nvir_foreach_src(src, i)
      if (src->kind == NVIR_SRC_VALUE)
         lz_map(lz, src->val)->is_half =
            nvir_possible_bits(*src, i->type) <= 0xffff;
}

static void
count_uses(struct lz *lz)
{
   nvir_foreach_block(b, lz->s)
      nvir_foreach_instr(i, b) {
         nvir_foreach_src(src, i)
            if (src->kind == NVIR_SRC_VALUE)
               lz_map(lz, src->val)->num_uses++;
         mark_address(lz, i);
         mark_halves(lz, i);
         nvir_foreach_dst(d, i)
            lz_map(lz, d->val)->def = i;
      }
}

/* Branches on constants leave blocks that nobody enters. */
static void
remove_unreached_blocks(struct nvir_shader *s)
{
   struct nvir_graph g;
   nvir_graph_from_shader(&g, s, &s->arena);
   nvir_graph_analyze(&g);
   nvir_foreach_block(b, s) {
      while (g.rpo[b->index] < 0 && b->succs[0])
         nvir_block_unlink(b, b->succs[0]);
   }
   nvir_foreach_block_safe(b, s) {
      if (g.rpo[b->index] < 0)
         util_list_del(&b->link);
   }
   nvir_shader_number_blocks(s);
}

int
nvir_legalize(struct nvir_shader *s)
{
   struct lz lz = {.s = s, .num_values = s->num_values};

   lz.map = util_arena_array(&s->arena, struct legal, MAX2(s->num_values, 1));
   count_uses(&lz);
   nvir_graph_from_shader(&lz.g, s, &s->arena);
   nvir_graph_analyze(&lz.g);
   nvir_foreach_block(b, s) {
      lz.num_consts = 0;
      nvir_foreach_instr_safe(i, b) {
         legalize_instr(&lz, i);
         if (lz.err)
            return lz.err;
      }
   }
   nvir_foreach_block(b, s)
      nvir_foreach_instr_safe(i, b) {
         if (i->op != NVIR_OP_PHI)
            break;
         if (i->dsts[0].val->index < lz.num_values)
            lz_finish_phi(&lz, i);
      }
   remove_unreached_blocks(s);
   s->is_legal = true;
   return 0;
}
