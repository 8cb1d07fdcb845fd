/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Register assignment on SSA form. nvir_spill has seen to it that there are
 * enough registers everywhere; here each value gets a place. Blocks are walked
 * so that a dominator comes first; within a block a value takes a free place at
 * its definition and gives it back at its last use. If free registers do not
 * line up for a vector, everything is packed anew (nvir_assign_relayout.c). At
 * meeting points the predecessors copy (nvir_assign_edges.c). The result is
 * checked against the SSA program (nvir_validate_ra.c), then phis and copies
 * become moves (nvir_lower_copies.c). */
#include <assert.h>
#include <errno.h>

#include "nouveau/compiler/nvir_assign_priv.h"

struct nvir_value *
nvir_ra_name(struct nvir_ra *ra, struct nvir_value *v, int reg)
{
   if (v->reg == NVIR_NO_REG)
      v->reg = reg;
   if (v->reg == reg)
      return v;
   struct nvir_value *name = nvir_value_create(ra->s, v->cls, v->words);
   name->reg = reg;
   name->def = v->def;
   name->origin = v;
   return name;
}

void
nvir_ra_place(struct nvir_ra *ra, struct nvir_value *v, int reg)
{
   nvir_regfile_place(nvir_ra_file(ra, v), v, reg);
   ra->name[v->index] = nvir_ra_name(ra, v, reg);
   nvir_hints_placed(ra, v, reg);
}

static bool
is_dead(const struct nvir_ra *ra, const struct nvir_value *v)
{
   return ra->uses_left[v->index] == 0 &&
          !nvir_is_live_out(&ra->live, ra->block, v);
}

/* ---- block boundaries ---- */

static void
count_uses(struct nvir_ra *ra, const struct nvir_block *b)
{
   nvir_foreach_instr(i, b) {
      nvir_foreach_src(src, i)
         if (src->kind == NVIR_SRC_VALUE && i->op != NVIR_OP_PHI)
            ra->uses_left[src->val->index]++;
   }
}

static void
clear_files(struct nvir_ra *ra)
{
   for (unsigned c = 0; c < NVIR_NUM_CLASSES; c++) {
      memset(ra->files[c].owner, 0, sizeof(ra->files[c].owner));
      memset(ra->files[c].reserved, 0, sizeof(ra->files[c].reserved));
   }
}

/* The value that begins at register `r`, or NULL. */
static struct nvir_value *
first_word_at(const struct nvir_regfile *f, unsigned r)
{
   struct nvir_value *v = f->owner[r];
   return v && (r == 0 || f->owner[r - 1] != v) ? v : NULL;
}

static unsigned
count_places(const struct nvir_ra *ra)
{
   unsigned n = 0;
   for (unsigned c = 0; c < NVIR_NUM_CLASSES; c++)
      for (unsigned r = 0; r < ra->files[c].limit; r++)
         n += first_word_at(&ra->files[c], r) != NULL;
   return n;
}

/* Everything that is in a register now. */
static struct nvir_place *
record_places(struct nvir_ra *ra, unsigned *num_out)
{
   struct nvir_place *p = util_arena_array(&ra->live.arena, struct nvir_place,
                                           count_places(ra) + 1);
   unsigned n = 0;
   for (unsigned c = 0; c < NVIR_NUM_CLASSES; c++) {
      for (unsigned r = 0; r < ra->files[c].limit; r++) {
         struct nvir_value *v = first_word_at(&ra->files[c], r);
         if (v)
            p[n++] = (struct nvir_place){v, ra->name[v->index]};
      }
   }
   *num_out = n;
   return p;
}

static const struct nvir_block_places *
first_known_pred(const struct nvir_ra *ra, const struct nvir_block *b)
{
   for (unsigned p = 0; p < b->num_preds; p++)
      if (ra->blocks[b->preds[p]->index].done)
         return &ra->blocks[b->preds[p]->index];
   return NULL;
}

/* Live-in values stay where the first known predecessor left them. */
static void
place_live_in(struct nvir_ra *ra, const struct nvir_block *b)
{
   const struct nvir_block_places *pred = first_known_pred(ra, b);
   for (unsigned n = 0; pred && n < pred->num_exit; n++) {
      const struct nvir_place *p = &pred->exit[n];
      if (!nvir_is_live_in(&ra->live, b, p->orig))
         continue;
      nvir_regfile_place(nvir_ra_file(ra, p->orig), p->orig, p->name->reg);
      ra->name[p->orig->index] = p->name;
   }
}

static int
find_place(struct nvir_ra *ra, struct nvir_value *v)
{
   int reg = nvir_hints_find(ra, v);
   if (reg == NVIR_NO_REG)
      reg = nvir_regfile_find(nvir_ra_file(ra, v), v->words, v);
   return reg;
}

/* The phis take what is left; one nobody reads is dropped. */
static int
place_phis(struct nvir_ra *ra, struct nvir_block *b)
{
   struct nvir_value *wait[NVIR_MAX_GPR + 1];
   unsigned num_wait = 0;
   nvir_foreach_instr_safe(i, b) {
      if (i->op != NVIR_OP_PHI)
         break;
      struct nvir_value *v = i->dsts[0].val;
      if (is_dead(ra, v)) {
         nvir_instr_remove(i);
         continue;
      }
      int reg = num_wait ? NVIR_NO_REG : find_place(ra, v);
      if (reg != NVIR_NO_REG)
         nvir_ra_place(ra, v, reg);
      else if (num_wait < ARRAY_SIZE(wait))
         wait[num_wait++] = v;
      else
         return -ENOSPC;
   }
   for (unsigned n = 0; n < num_wait; n++) {
      if (wait[n]->cls == NVIR_CLASS_GPR)
         continue;
      int reg = find_place(ra, wait[n]);
      if (reg == NVIR_NO_REG)
         return -ENOSPC;
      nvir_ra_place(ra, wait[n], reg);
   }
   return num_wait ? nvir_ra_relayout_entry(ra, wait, num_wait) : 0;
}

/* What goes round a loop does best to stay where it is. */
static void
keep_homes(struct nvir_ra *ra, const struct nvir_block *b)
{
   for (unsigned c = 0; c < NVIR_NUM_CLASSES; c++) {
      struct nvir_value **wanted = ra->files[c].wanted;
      for (unsigned r = 0; r < ra->files[c].limit; r++)
         if (wanted[r] && wanted[r]->def->block->loop_depth > b->loop_depth)
            wanted[r] = NULL;
   }
   bool is_header = false;
   for (unsigned p = 0; p < b->num_preds; p++)
      is_header |= !ra->blocks[b->preds[p]->index].done;
   nvir_foreach_instr(i, b) {
      if (!is_header || i->op != NVIR_OP_PHI)
         break;
      if (i->dsts[0].val->reg != NVIR_NO_REG)
         nvir_regfile_want(nvir_ra_file(ra, i->dsts[0].val), i->dsts[0].val);
   }
}

static int
enter_block(struct nvir_ra *ra, struct nvir_block *b)
{
   struct nvir_block_places *places = &ra->blocks[b->index];
   ra->block = b;
   clear_files(ra);
   count_uses(ra, b);
   place_live_in(ra, b);
   int err = place_phis(ra, b);
   keep_homes(ra, b);
   if (!err)
      places->entry = record_places(ra, &places->num_entry);
   return err;
}

static void
leave_block(struct nvir_ra *ra, struct nvir_block *b)
{
   struct nvir_block_places *places = &ra->blocks[b->index];
   places->exit = record_places(ra, &places->num_exit);
   places->done = true;
   for (unsigned n = 0; n < places->num_exit; n++) {
      assert(nvir_is_live_out(&ra->live, b, places->exit[n].orig));
      ra->name[places->exit[n].orig->index] = NULL;
   }
}

/* ---- one instruction ---- */

/* Takes sources that are read for the last time out of the file. */
static void
kill_sources(struct nvir_ra *ra, struct nvir_ra_step *step)
{
   nvir_foreach_src(src, step->i) {
      if (src->kind != NVIR_SRC_VALUE)
         continue;
      struct nvir_value *v = src->val;
      assert(ra->name[v->index] && "use before definition");
      if (--ra->uses_left[v->index] || !is_dead(ra, v))
         continue;
      assert(step->num_killed < NVIR_MAX_OPERANDS);
      step->killed[step->num_killed++] = v;
      nvir_regfile_remove(nvir_ra_file(ra, v), v, ra->name[v->index]->reg);
   }
}

/* A result that nobody reads goes to RZ or PT; a dead carry is not written. */
static void
drop_dead_dst(struct nvir_dst *dst)
{
   if (dst->val->cls == NVIR_CLASS_CC)
      dst->val = NULL;
   else
      dst->val->reg =
         dst->val->cls == NVIR_CLASS_GPR ? (int)SASS_RZ : (int)SASS_PT;
}

static void
list_dsts(struct nvir_ra *ra, struct nvir_ra_step *step)
{
   nvir_foreach_dst(dst, step->i)
      if (is_dead(ra, dst->val))
         drop_dead_dst(dst);
   for (unsigned words = 4; words; words--) {
      nvir_foreach_dst(dst, step->i) {
         if (dst->val->words != words || dst->val->reg != NVIR_NO_REG)
            continue;
         assert(step->num_dsts < NVIR_MAX_OPERANDS);
         step->dsts[step->num_dsts++] = dst->val;
      }
   }
}

/* Words of the vector at `base` that a COLLECT has to copy. */
static unsigned
collect_cost(const struct nvir_ra *ra, const struct nvir_ra_step *step,
             int base)
{
   unsigned cost = 0;
   for (unsigned n = 0; n < step->i->num_srcs; n++) {
      const struct nvir_src *src = &step->i->srcs[n];
      cost += src->kind == NVIR_SRC_VALUE &&
              ra->name[src->val->index]->reg != base + n;
   }
   return cost;
}

static int
find_collect_place(struct nvir_ra *ra, const struct nvir_ra_step *step)
{
   struct nvir_value *v = step->dsts[0];
   struct nvir_regfile *f = nvir_ra_file(ra, v);
   int best = find_place(ra, v);
   if (best == NVIR_NO_REG)
      return best;
   unsigned best_cost = collect_cost(ra, step, best);
   for (int reg = 0; reg + v->words <= f->limit && best_cost;
        reg += nvir_reg_align(v->words)) {
      if (!nvir_regfile_is_free(f, reg, v->words))
         continue;
      unsigned cost = collect_cost(ra, step, reg);
      if (cost < best_cost) {
         best = reg;
         best_cost = cost;
      }
   }
   return best;
}

/* Where `v`'s words are already, if its instruction only renames a value that
 * ends here. */
static int
find_renamed_place(struct nvir_ra *ra, const struct nvir_ra_step *step,
                   const struct nvir_value *v)
{
   const struct nvir_instr *i = step->i;
   if ((i->op != NVIR_OP_SPLIT && i->op != NVIR_OP_COPY) || !step->num_killed)
      return NVIR_NO_REG;
   const struct nvir_value *from = ra->name[i->srcs[0].val->index];
   if (from->cls != v->cls)
      return NVIR_NO_REG;
   for (unsigned n = 0; n < i->num_dsts; n++)
      if (i->dsts[n].val == v)
         return from->reg + n;
   return NVIR_NO_REG;
}

static bool
place_dst(struct nvir_ra *ra, struct nvir_ra_step *step, struct nvir_value *v)
{
   int reg = find_renamed_place(ra, step, v);
   if (!nvir_regfile_is_free(nvir_ra_file(ra, v), reg, v->words))
      reg = step->i->op == NVIR_OP_COLLECT ? find_collect_place(ra, step)
                                           : find_place(ra, v);
   if (reg == NVIR_NO_REG)
      return false;
   nvir_ra_place(ra, v, reg);
   return true;
}

static int
place_dsts(struct nvir_ra *ra, struct nvir_ra_step *step)
{
   struct nvir_value *placed[NVIR_MAX_OPERANDS];
   unsigned num_placed = 0;
   bool fits = true;
   for (unsigned n = 0; n < step->num_dsts; n++) {
      struct nvir_value *v = step->dsts[n];
      bool ok = place_dst(ra, step, v);
      if (!ok && v->cls != NVIR_CLASS_GPR)
         return -ENOSPC;
      fits &= ok;
      if (ok && v->cls == NVIR_CLASS_GPR)
         placed[num_placed++] = v;
   }
   if (fits)
      return 0;
   for (unsigned n = 0; n < num_placed; n++) {
      nvir_regfile_remove(&ra->files[NVIR_CLASS_GPR], placed[n],
                          placed[n]->reg);
      placed[n]->reg = NVIR_NO_REG;
   }
   return nvir_ra_relayout(ra, step);
}

static int
assign_instr(struct nvir_ra *ra, struct nvir_instr *i)
{
   struct nvir_ra_step step = {.i = i};
   kill_sources(ra, &step);
   list_dsts(ra, &step);
   int err = place_dsts(ra, &step);
   if (err)
      return err;
   nvir_foreach_src(src, i)
      if (src->kind == NVIR_SRC_VALUE)
         src->val = ra->name[src->val->index];
   for (unsigned n = 0; n < step.num_killed; n++)
      ra->name[step.killed[n]->index] = NULL;
   return 0;
}

static int
assign_block(struct nvir_ra *ra, struct nvir_block *b)
{
   int err = enter_block(ra, b);
   nvir_foreach_instr(i, b) {
      if (err)
         return err;
      if (i->op != NVIR_OP_PHI)
         err = assign_instr(ra, i);
   }
   if (!err)
      leave_block(ra, b);
   return err;
}

/* ---- the whole shader ---- */

/* Reverse postorder: at least one predecessor, the dominators among them, comes
 * before each block. */
static unsigned
order_blocks(struct nvir_ra *ra, struct nvir_block **order)
{
   struct util_arena *a = &ra->live.arena;
   unsigned num = ra->s->num_blocks, first = num, depth = 0;
   uint8_t *next = util_arena_array(a, uint8_t, num);
   bool *seen = util_arena_array(a, bool, num);
   struct nvir_block **stack = util_arena_array(a, struct nvir_block *, num);
   stack[depth++] = nvir_shader_entry(ra->s);
   seen[stack[0]->index] = true;
   while (depth) {
      struct nvir_block *b = stack[depth - 1];
      unsigned n = next[b->index]++;
      struct nvir_block *succ = n < 2 ? b->succs[n] : NULL;
      if (!succ) {
         order[--first] = b;
         depth--;
      } else if (!seen[succ->index]) {
         seen[succ->index] = true;
         stack[depth++] = succ;
      }
   }
   return first;
}

static int
assign_all(struct nvir_ra *ra)
{
   struct nvir_block **order =
      util_arena_array(&ra->live.arena, struct nvir_block *, ra->s->num_blocks);
   int err = 0;
   for (unsigned n = order_blocks(ra, order); n < ra->s->num_blocks && !err;
        n++)
      err = assign_block(ra, order[n]);
   return err;
}

/* A phi of a block with one predecessor is a copy; there is no place on that
 * edge for a parallel copy. */
static void
lower_lone_phis(struct nvir_shader *s)
{
   nvir_foreach_block(b, s) {
      if (b->num_preds != 1)
         continue;
      nvir_foreach_instr(i, b) {
         if (i->op != NVIR_OP_PHI)
            break;
         i->op =
            i->srcs[0].kind == NVIR_SRC_UNDEF ? NVIR_OP_UNDEF : NVIR_OP_COPY;
         if (i->op == NVIR_OP_UNDEF)
            i->num_srcs = 0;
      }
   }
}

/* A little above the demand, so that vectors find room without moves, as far as
 * that does not cost occupancy (isa.md §6.1: registers come in eights) or make
 * work-groups smaller: 1024 items with 64 registers, 512 with 128. */
static unsigned
choose_gpr_limit(const struct nvir_shader *s, unsigned demand)
{
   unsigned max = nvir_register_limit(s, NVIR_CLASS_GPR);
   unsigned wish = MAX2(util_align(demand + demand / 16, 8), 32);
   unsigned step = demand <= 64 ? 64 : demand <= 128 ? 128 : wish;
   return MIN2(MIN2(wish, step), MAX2(max, demand));
}

static void
init_ra(struct nvir_ra *ra, struct nvir_shader *s)
{
   *ra = (struct nvir_ra){.s = s};
   lower_lone_phis(s);
   nvir_liveness_init(&ra->live, s);
   struct util_arena *a = &ra->live.arena;
   unsigned demand[NVIR_NUM_CLASSES];
   nvir_register_demand(s, &ra->live, demand);
   ra->files[NVIR_CLASS_GPR].limit =
      choose_gpr_limit(s, demand[NVIR_CLASS_GPR]);
   ra->files[NVIR_CLASS_GPR].free_height =
      util_align(MAX2(demand[NVIR_CLASS_GPR], 32), 8);
   ra->files[NVIR_CLASS_PRED].free_height = SASS_PT;
   ra->files[NVIR_CLASS_PRED].limit = nvir_register_limit(s, NVIR_CLASS_PRED);
   ra->files[NVIR_CLASS_CC].limit = 1;
   /* Names made on the way are never looked up here: they only stand in
    * instructions that are done. */
   ra->name = util_arena_array(a, struct nvir_value *, s->num_values);
   ra->uses_left = util_arena_array(a, uint32_t, s->num_values);
   ra->blocks = util_arena_array(a, struct nvir_block_places, s->num_blocks);
   nvir_hints_init(ra);
}

int
nvir_assign_regs(struct nvir_shader *s)
{
   struct nvir_ra ra;
   init_ra(&ra, s);
   int err = assign_all(&ra);
   if (!err) {
      nvir_ra_copy_on_edges(&ra);
      nvir_validate_ra(s);
      s->num_gprs = nvir_lower_copies(s);
      s->has_regs = true;
   } else if (s->log) {
      util_buf_printf(s->log, "%s: out of registers\n", s->name);
   }
   nvir_liveness_finish(&ra.live);
   return err == -ENOSPC ? -E2BIG : err;
}
