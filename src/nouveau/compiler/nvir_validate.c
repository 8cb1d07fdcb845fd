/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The rules of nvir_ir.h, checked after every pass. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "nouveau/compiler/nvir_graph_priv.h"

struct validation {
   struct nvir_shader *s;
   const char *after;
   struct util_arena arena;
   struct nvir_graph g;
   const struct nvir_instr *i;
   uint32_t *position; /* of a value's definition in its block */
};

static void PRINTFLIKE(2, 3) broken(struct validation *v, const char *fmt, ...)
{
   struct util_buf b;
   va_list ap;
   util_buf_init(&b);
   nvir_print(v->s, &b);
   if (v->i) {
      util_buf_puts(&b, ">> ");
      nvir_print_instr(v->i, &b);
      util_buf_puts(&b, "\n");
   }
   fwrite(b.data, 1, b.size_B, stderr);
   fprintf(stderr, "partage: nvir: invalid after %s: ", v->after);
   va_start(ap, fmt);
   vfprintf(stderr, fmt, ap);
   va_end(ap);
   fputc('\n', stderr);
   abort();
}

#define check(v, cond, ...)                                                    \
   do {                                                                        \
      if (!(cond))                                                             \
         broken(v, __VA_ARGS__);                                               \
   } while (0)

/* ---- blocks ---- */

static unsigned
count_pred(const struct nvir_block *b, const struct nvir_block *pred)
{
   unsigned n = 0;
   for (unsigned k = 0; k < b->num_preds; k++)
      n += b->preds[k] == pred;
   return n;
}

static void
validate_edges(struct validation *v, struct nvir_block *b)
{
   check(v, b->succs[0] || !b->succs[1],
         "block %u: second successor without a first", b->index);
   for (unsigned e = 0; e < 2; e++)
      if (b->succs[e])
         check(v, count_pred(b->succs[e], b),
               "block %u is no predecessor of its successor %u", b->index,
               b->succs[e]->index);
   for (unsigned k = 0; k < b->num_preds; k++)
      check(v, b->preds[k]->succs[0] == b || b->preds[k]->succs[1] == b,
            "block %u: predecessor %u does not go there", b->index,
            b->preds[k]->index);
}

static void
validate_terminator(struct validation *v, struct nvir_block *b)
{
   struct nvir_instr *term = nvir_block_terminator(b);
   unsigned succs = (b->succs[0] != NULL) + (b->succs[1] != NULL);
   unsigned want;

   if (v->s->has_control) {
      check(v, !term, "block %u has a generic terminator", b->index);
      return;
   }
   check(v, term, "block %u has no terminator", b->index);
   v->i = term;
   want = term->op == NVIR_OP_BR ? 1 : term->op == NVIR_OP_CBR ? 2 : 0;
   check(v, succs == want, "%u successors, expected %u", succs, want);
   nvir_foreach_instr(i, b)
      check(v, i == term || !nvir_instr_is_terminator(i),
            "terminator within block %u", b->index);
   v->i = NULL;
}

/* ---- instructions ---- */

static void
validate_operand_counts(struct validation *v, const struct nvir_instr *i)
{
   const struct nvir_op_info *info = &nvir_op_infos[i->op];
   check(v, info->num_dsts < 0 || info->num_dsts == i->num_dsts,
         "number of results");
   check(v, info->num_srcs < 0 || info->num_srcs == i->num_srcs,
         "number of sources");
   if (i->op == NVIR_OP_PHI)
      check(v, i->num_srcs == i->block->num_preds,
            "a phi needs a source a predecessor");
   if (i->op == NVIR_OP_SPLIT)
      check(v,
            i->srcs[0].kind == NVIR_SRC_VALUE &&
               i->srcs[0].val->words == i->num_dsts,
            "split into as many words as there are");
   if (i->op == NVIR_OP_COLLECT)
      check(v, i->dsts[0].val->words == i->num_srcs,
            "collect of as many words as result");
}

static void
validate_defs(struct validation *v, const struct nvir_instr *i)
{
   nvir_foreach_dst(d, i) {
      check(v, d->val->index < v->s->num_values, "value number out of range");
      check(v, v->s->has_regs || d->val->def == i,
            "%%%u has another definition", d->val->index);
      if (i->op != NVIR_OP_MACH && i->type == NVIR_TYPE_I1 && !v->s->is_legal)
         check(v, d->val->cls == NVIR_CLASS_PRED, "I1 is a predicate");
      check(v, d->val->cls != NVIR_CLASS_CC || i->op == NVIR_OP_MACH,
            "CC of a generic instruction");
   }
}

static void
validate_uses(struct validation *v, const struct nvir_instr *i)
{
   nvir_foreach_src(src, i) {
      if (src->kind != NVIR_SRC_VALUE)
         continue;
      check(v, src->val, "no value");
      if (v->s->has_regs)
         continue;
      const struct nvir_instr *def = src->val->def;
      check(v, def, "%%%u is used but not defined", src->val->index);
      const struct nvir_block *at = i->block;
      bool is_phi = i->op == NVIR_OP_PHI;
      if (is_phi)
         at = i->block->preds[src - i->srcs];
      if (v->g.rpo[at->index] < 0)
         continue;
      if (def->block == at && !is_phi)
         check(v, v->position[src->val->index] < i->scratch,
               "%%%u is used before its definition", src->val->index);
      else
         check(v, nvir_graph_dominates(&v->g, def->block->index, at->index),
               "%%%u does not dominate its use", src->val->index);
   }
}

static void
validate_machine(struct validation *v, const struct nvir_instr *i)
{
   bool has_guard = false;
   nvir_foreach_src(src, i) {
      check(v, src->kind == NVIR_SRC_VALUE, "machine source that is no value");
      check(v, src->slot != NVIR_SLOT_NONE, "machine source without slot");
      has_guard |= src->slot == NVIR_SLOT_GUARD;
   }
   check(v, !has_guard || i->num_dsts == 0 || v->s->has_regs, "guarded result");
   check(v, sass_op_has_form(i->mi.op, i->mi.form), "form");
}

static void
validate_instr(struct validation *v, const struct nvir_instr *i)
{
   v->i = i;
   validate_operand_counts(v, i);
   validate_defs(v, i);
   validate_uses(v, i);
   if (i->op == NVIR_OP_MACH)
      validate_machine(v, i);
   else
      check(v, !v->s->is_legal || nvir_op_infos[i->op].flags & NVIR_OP_PSEUDO,
            "generic instruction after nvir_legalize");
   check(
      v,
      !v->s->has_regs || i->op == NVIR_OP_MACH || nvir_instr_is_terminator(i),
      "pseudo instruction after nvir_assign_regs");
   v->i = NULL;
}

static void
number_instrs(struct validation *v)
{
   nvir_foreach_block(b, v->s) {
      uint32_t n = 0;
      bool body = false;
      nvir_foreach_instr(i, b) {
         v->i = i;
         check(v, i->block == b, "instruction in the wrong block");
         check(v, i->op != NVIR_OP_PHI || !body,
               "phi behind other instructions");
         body |= i->op != NVIR_OP_PHI;
         i->scratch = n++;
         nvir_foreach_dst(d, i)
            if (d->val->index < v->s->num_values)
               v->position[d->val->index] = i->scratch;
      }
   }
   v->i = NULL;
}

void
nvir_validate(struct nvir_shader *s, const char *after)
{
   struct validation v = {.s = s, .after = after};

   util_arena_init(&v.arena);
   nvir_graph_from_shader(&v.g, s, &v.arena);
   v.position = util_arena_array(&v.arena, uint32_t, s->num_values + 1);
   nvir_foreach_block(b, s) {
      check(&v, b->shader == s, "block of another shader");
      validate_edges(&v, b);
      validate_terminator(&v, b);
   }
   nvir_graph_analyze(&v.g);
   number_instrs(&v);
   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b)
         validate_instr(&v, i);
   util_arena_finish(&v.arena);
}
