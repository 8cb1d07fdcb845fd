/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Short sides of a branch are executed under a guard instead of being jumped
 * over: a divergent branch costs three instructions (SSY, BRA, SYNC) and both
 * sides anyway. Runs on allocated code, where a guarded write simply leaves the
 * register as it was. Blocks that follow each other alone are joined, so that
 * nested branches go too. */
#include <assert.h>

#include "nouveau/compiler/nvir_passes.h"

/* Instructions of a side. [guess: a jump's stall is 13 cycles, a guarded
 * instruction that does nothing costs one issue] */
#define MAX_DIVERGENT 6
#define MAX_UNIFORM   2

static bool
may_be_guarded(const struct nvir_instr *i, int16_t pred)
{
   if (i->op != NVIR_OP_MACH || !sass_op_info(i->mi.op)->has_guard)
      return false;
   /* Who takes part matters, or there is a guard already. */
   if (i->mi.op == SASS_OP_BAR || i->mi.op == SASS_OP_SHFL ||
       i->mi.op == SASS_OP_VOTE || i->mi.guard != SASS_PT || i->mi.guard_not)
      return false;
   nvir_foreach_src(src, i) {
      if (src->slot == NVIR_SLOT_GUARD)
         return false;
   }
   nvir_foreach_dst(d, i) {
      if (d->val->cls == NVIR_CLASS_PRED && d->val->reg == pred)
         return false;
   }
   return true;
}

/* Of `from` alone, short, and straight on to `join`. */
static bool
is_short_side(const struct nvir_block *side, const struct nvir_block *join,
              const struct nvir_instr *branch)
{
   int16_t pred = branch->srcs[0].val->reg;
   unsigned n = 0, max = branch->is_divergent ? MAX_DIVERGENT : MAX_UNIFORM;

   if (side->num_preds != 1 || side->succs[0] != join || side->succs[1])
      return false;
   nvir_foreach_instr(i, side) {
      if (nvir_instr_is_terminator(i))
         return true;
      if (++n > max || !may_be_guarded(i, pred))
         return false;
   }
   return false;
}

static void
move_guarded(struct nvir_block *side, struct nvir_instr *branch, bool negate)
{
   struct nvir_shader *s = side->shader;
   nvir_foreach_instr_safe(i, side) {
      if (nvir_instr_is_terminator(i))
         break;
      struct nvir_src *srcs =
         util_arena_array(&s->arena, struct nvir_src, i->num_srcs + 1);
      for (unsigned n = 0; n < i->num_srcs; n++)
         srcs[n] = i->srcs[n];
      srcs[i->num_srcs] = branch->srcs[0];
      srcs[i->num_srcs].slot = NVIR_SLOT_GUARD;
      i->srcs = srcs;
      i->num_srcs++;
      i->mi.guard_not = negate;
      util_list_del(&i->link);
      nvir_instr_insert_before(i, branch);
   }
}

static void
drop_pred(struct nvir_block *b, const struct nvir_block *pred)
{
   unsigned n = nvir_block_pred_index(b, pred);
   for (unsigned k = n; k + 1 < b->num_preds; k++)
      b->preds[k] = b->preds[k + 1];
   b->num_preds--;
}

/* `b` goes on to `join` alone. The sides are empty and leave. */
static void
straighten(struct nvir_block *b, struct nvir_instr *branch,
           struct nvir_block *join)
{
   for (unsigned e = 0; e < 2; e++) {
      struct nvir_block *side = b->succs[e];
      if (side == join) {
         drop_pred(join, b);
         continue;
      }
      drop_pred(join, side);
      util_list_del(&side->link);
   }
   b->succs[0] = b->succs[1] = NULL;
   branch->op = NVIR_OP_BR;
   branch->num_srcs = 0;
   branch->is_divergent = false;
   nvir_block_link(b, join);
}

static bool
predicate(struct nvir_block *b)
{
   struct nvir_instr *branch = nvir_block_terminator(b);
   if (branch->op != NVIR_OP_CBR || b->succs[0] == b->succs[1])
      return false;
   struct nvir_block *yes = b->succs[0], *no = b->succs[1];
   struct nvir_block *join = yes->succs[0];
   bool has_yes = join && is_short_side(yes, join, branch), has_no = false;

   if (has_yes && no != join)
      has_no = is_short_side(no, join, branch);
   else if (!has_yes && is_short_side(no, yes, branch)) {
      has_no = true;
      join = yes;
   }
   /* A side that the other does not meet at once stays. */
   if (!(has_yes && (has_no || no == join)) && !(has_no && yes == join))
      return false;
   /* A loop of one block would be its own side. */
   if (join == b)
      return false;
   if (has_yes)
      move_guarded(yes, branch, false);
   if (has_no)
      move_guarded(no, branch, true);
   straighten(b, branch, join);
   return true;
}

/* A block and the only one that follows it, which nobody else enters. */
static bool
join_next(struct nvir_block *b)
{
   struct nvir_instr *term = nvir_block_terminator(b);
   struct nvir_block *next = b->succs[0];

   if (term->op != NVIR_OP_BR || next->num_preds != 1 || next == b ||
       next->loop_depth != b->loop_depth)
      return false;
   nvir_instr_remove(term);
   nvir_foreach_instr_safe(i, next) {
      util_list_del(&i->link);
      nvir_instr_append(i, b);
   }
   for (unsigned e = 0; e < 2; e++) {
      b->succs[e] = next->succs[e];
      if (b->succs[e])
         b->succs[e]->preds[nvir_block_pred_index(b->succs[e], next)] = b;
   }
   util_list_del(&next->link);
   return true;
}

void
nvir_opt_predicate(struct nvir_shader *s)
{
   assert(s->has_regs && !s->has_control);
   for (bool changed = true; changed;) {
      changed = false;
      nvir_foreach_block(b, s)
         while (predicate(b) || join_next(b))
            changed = true;
   }
   nvir_shader_number_blocks(s);
}
