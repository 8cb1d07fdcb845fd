/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Which values to spill. Blocks are walked, innermost loops first, with the set
 * of live values; where it is too large, those go whose next use is far and
 * whose uses are few and outside loops. A chosen value is out of registers
 * everywhere except at its definition and its uses. */
#include "nouveau/compiler/nvir_spill_priv.h"

#define NEVER     UINT32_MAX
#define FOREVER   1e30f /* cost of a value that must not be chosen */
#define LOOP_COST 8
#define MAX_DEPTH 6
/* Distance of a use in another block, beyond the end of this one. */
#define FAR 64

struct choose {
   struct nvir_spill *sp;
   float *cost;         /* by value index */
   uint32_t *next_use;  /* position in the block, NEVER: not in this block */
   uint32_t *uses_left; /* in this block */
   uint32_t *stamp;     /* `tick` when the value was last protected */
   uint32_t *place;     /* in `live`, + 1 */
   struct nvir_value **live;
   unsigned num_live, now; /* values; registers they take */
   uint32_t *next;         /* of each source of the block, in order */
   const struct nvir_block *block;
   uint32_t pos, end, tick, num_chosen;
};

static bool
is_ours(const struct choose *c, const struct nvir_value *v)
{
   return v->cls == c->sp->cls;
}

static bool
is_our_src(const struct choose *c, const struct nvir_src *src)
{
   return src->kind == NVIR_SRC_VALUE && is_ours(c, src->val);
}

static unsigned
size_of(const struct nvir_value *v)
{
   return nvir_reg_align(v->words);
}

/* ---- costs ---- */

static float
block_weight(const struct nvir_block *b)
{
   float w = 1;
   for (unsigned d = 0; d < MIN2(b->loop_depth, MAX_DEPTH); d++)
      w *= LOOP_COST;
   return w;
}

static bool
has_home(const struct choose *c, const struct nvir_value *v)
{
   const struct nvir_home *h = &c->sp->homes[v->index];
   return h->word || h->offset_B >= 0;
}

/* Loads and stores that spilling would add. One that comes from its home and
 * goes right to its only user cannot get any shorter. */
static void
compute_costs(struct choose *c)
{
   unsigned *uses =
      util_arena_array(&c->sp->arena, unsigned, c->sp->s->num_values);
   nvir_foreach_block(b, c->sp->s) {
      nvir_foreach_instr(i, b) {
         for (unsigned n = 0; n < i->num_srcs; n++) {
            const struct nvir_src *src = &i->srcs[n];
            if (!is_our_src(c, src))
               continue;
            uses[src->val->index]++;
            c->cost[src->val->index] +=
               block_weight(i->op == NVIR_OP_PHI ? b->preds[n] : b);
         }
         nvir_foreach_dst(dst, i)
            if (!nvir_spill_can_repeat(dst->val) && !has_home(c, dst->val))
               c->cost[dst->val->index] += block_weight(b);
      }
   }
   for (unsigned v = 0; v < c->sp->s->num_values; v++)
      if (c->sp->homes[v].is_fill && uses[v] <= 1)
         c->cost[v] = FOREVER;
}

/* ---- the set of live values ---- */

static void
add_live(struct choose *c, struct nvir_value *v)
{
   if (c->place[v->index])
      return;
   c->live[c->num_live++] = v;
   c->place[v->index] = c->num_live;
   c->now += size_of(v);
}

static void
remove_live(struct choose *c, struct nvir_value *v)
{
   uint32_t place = c->place[v->index];
   if (!place)
      return;
   struct nvir_value *last = c->live[--c->num_live];
   c->live[place - 1] = last;
   c->place[last->index] = place;
   c->place[v->index] = 0;
   c->now -= size_of(v);
}

static void
clear_live(struct choose *c)
{
   while (c->num_live)
      remove_live(c, c->live[c->num_live - 1]);
}

static bool
is_kept(const struct choose *c, const struct nvir_value *v)
{
   return c->sp->choice[v->index] == NVIR_KEEP;
}

static float
score(const struct choose *c, const struct nvir_value *v)
{
   uint32_t use = c->next_use[v->index];
   float distance =
      use == NEVER ? c->end - c->pos + FAR : use - MIN2(use, c->pos) + 1;
   return distance * size_of(v) / MAX2(c->cost[v->index], 0.1f);
}

/* The best value that is not protected at this tick, or NULL. */
static struct nvir_value *
pick_victim(const struct choose *c)
{
   struct nvir_value *best = NULL;
   float best_score = 0;
   for (unsigned n = 0; n < c->num_live; n++) {
      struct nvir_value *v = c->live[n];
      if (c->stamp[v->index] == c->tick || c->cost[v->index] >= FOREVER)
         continue;
      float s = score(c, v);
      if (!best || s > best_score ||
          (s == best_score && v->index < best->index)) {
         best = v;
         best_score = s;
      }
   }
   return best;
}

/* Spills until `extra` more registers fit. */
static void
make_room(struct choose *c, unsigned extra)
{
   while (c->now + extra > c->sp->limit) {
      struct nvir_value *v = pick_victim(c);
      if (!v)
         return;
      remove_live(c, v);
      c->sp->choice[v->index] = NVIR_SPILL;
      c->num_chosen++;
   }
}

/* ---- one block ---- */

static uint32_t
count_sources(const struct choose *c, const struct nvir_block *b)
{
   uint32_t n = 0;
   nvir_foreach_instr(i, b)
      n += i->num_srcs;
   return n;
}

/* Positions of uses, backwards, so that each use knows the next one. */
static void
find_next_uses(struct choose *c, const struct nvir_block *b)
{
   uint32_t k = count_sources(c, b), pos = 0;
   c->next = util_arena_array(&c->sp->arena, uint32_t, k + 1);
   nvir_foreach_instr(i, b)
      pos++;
   c->end = pos;
   nvir_foreach_instr_rev(i, b) {
      pos--;
      for (unsigned n = i->num_srcs; n-- > 0;) {
         k--;
         if (i->op == NVIR_OP_PHI || !is_our_src(c, &i->srcs[n]))
            continue;
         uint32_t v = i->srcs[n].val->index;
         c->next[k] = c->next_use[v];
         c->next_use[v] = pos;
         c->uses_left[v]++;
      }
   }
}

/* Widest phi of the block that lives in memory: its value passes through a
 * register on entry. */
static unsigned
memory_phi_size(const struct choose *c, const struct nvir_block *b)
{
   unsigned size = 0;
   nvir_foreach_instr(i, b) {
      if (i->op != NVIR_OP_PHI)
         break;
      const struct nvir_value *v = i->dsts[0].val;
      if (is_ours(c, v) && c->sp->choice[v->index] == NVIR_SPILL_PHI &&
          v->cls == NVIR_CLASS_GPR)
         size = MAX2(size, size_of(v));
   }
   return size;
}

/* All phis start together. First those go to memory that are spilled anyway. */
static void
shrink_phis(struct choose *c, const struct nvir_block *b)
{
   for (unsigned pass = 0; pass < 2; pass++) {
      while (c->now + memory_phi_size(c, b) > c->sp->limit) {
         struct nvir_value *worst = NULL;
         nvir_foreach_instr(i, b) {
            struct nvir_value *v = i->dsts ? i->dsts[0].val : NULL;
            if (i->op != NVIR_OP_PHI)
               break;
            if (is_ours(c, v) && c->place[v->index] &&
                is_kept(c, v) == (pass == 1) &&
                (!worst || score(c, v) > score(c, worst)))
               worst = v;
         }
         if (!worst)
            break;
         remove_live(c, worst);
         c->num_chosen += is_kept(c, worst);
         c->sp->choice[worst->index] = NVIR_SPILL_PHI;
      }
      if (pass == 0) /* values from outside, before phis that are kept */
         make_room(c, memory_phi_size(c, b));
   }
}

static void
start_block(struct choose *c, const struct nvir_block *b)
{
   struct nvir_spill *sp = c->sp;
   c->block = b;
   c->pos = 0;
   c->tick++;
   clear_live(c);
   util_bitset_for_each(bit, sp->live.live_in[b->index], sp->live.num_bits) {
      struct nvir_value *v = sp->live.values[bit];
      if (is_ours(c, v) && is_kept(c, v))
         add_live(c, v);
   }
   nvir_foreach_instr(i, b) {
      if (i->op != NVIR_OP_PHI)
         break;
      struct nvir_value *v = i->dsts[0].val;
      if (is_ours(c, v) && sp->choice[v->index] != NVIR_SPILL_PHI)
         add_live(c, v);
      c->stamp[v->index] = c->tick;
   }
   shrink_phis(c, b);
   for (unsigned n = c->num_live; n-- > 0;)
      if (!is_kept(c, c->live[n]))
         remove_live(c, c->live[n]);
}

/* Spilled sources take a register for the time of the instruction. */
static unsigned
stamp_sources(struct choose *c, const struct nvir_instr *i)
{
   unsigned fills = 0;
   nvir_foreach_src(src, i) {
      if (!is_our_src(c, src))
         continue;
      struct nvir_value *v = src->val;
      if (c->stamp[v->index] != c->tick && !is_kept(c, v))
         fills += size_of(v);
      c->stamp[v->index] = c->tick;
   }
   return fills;
}

static void
end_sources(struct choose *c, const struct nvir_instr *i)
{
   nvir_foreach_src(src, i) {
      uint32_t next = *c->next++;
      if (!is_our_src(c, src))
         continue;
      struct nvir_value *v = src->val;
      c->next_use[v->index] = next;
      if (--c->uses_left[v->index] == 0 &&
          !nvir_is_live_out(&c->sp->live, c->block, v))
         remove_live(c, v);
   }
}

static void
walk_instr(struct choose *c, const struct nvir_instr *i)
{
   unsigned results = 0;
   c->tick++;
   make_room(c, stamp_sources(c, i));
   end_sources(c, i);
   c->tick++; /* from here on sources may go */
   nvir_foreach_dst(dst, i)
      if (is_ours(c, dst->val))
         results += size_of(dst->val);
   make_room(c, results);
   nvir_foreach_dst(dst, i) {
      struct nvir_value *v = dst->val;
      if (is_ours(c, v) && is_kept(c, v) &&
          (c->uses_left[v->index] ||
           nvir_is_live_out(&c->sp->live, c->block, v)))
         add_live(c, v);
   }
}

static bool
is_memory_phi(const struct choose *c, const struct nvir_instr *i)
{
   return c->sp->choice[i->dsts[0].val->index] == NVIR_SPILL_PHI;
}

/* Registers to load the sources of register phis that are not in one. Sources
 * that are become protected. */
static unsigned
phi_fills(struct choose *c, const struct nvir_block *succ, unsigned pred)
{
   unsigned fills = 0;
   c->tick++;
   nvir_foreach_instr(i, succ) {
      if (i->op != NVIR_OP_PHI)
         break;
      const struct nvir_src *src = &i->srcs[pred];
      if (!is_our_src(c, src) || is_memory_phi(c, i) ||
          c->stamp[src->val->index] == c->tick)
         continue;
      c->stamp[src->val->index] = c->tick;
      if (!is_kept(c, src->val))
         fills += size_of(src->val);
   }
   return fills;
}

/* Sources of memory phis go first, each through a register if it is not in one;
 * those in registers end there unless somebody else wants them. */
static void
pass_memory_phis(struct choose *c, const struct nvir_block *succ, unsigned pred)
{
   unsigned pass = 0;
   nvir_foreach_instr(i, succ) {
      if (i->op != NVIR_OP_PHI)
         break;
      const struct nvir_src *src = &i->srcs[pred];
      if (is_ours(c, i->dsts[0].val) && is_memory_phi(c, i) &&
          src->kind != NVIR_SRC_UNDEF &&
          (src->kind == NVIR_SRC_IMM || !is_kept(c, src->val)))
         pass = MAX2(pass, size_of(i->dsts[0].val));
   }
   c->tick++;
   make_room(c, pass);
   phi_fills(c, succ, pred); /* for the stamps */
   nvir_foreach_instr(i, succ) {
      if (i->op != NVIR_OP_PHI)
         break;
      const struct nvir_src *src = &i->srcs[pred];
      if (is_our_src(c, src) && is_memory_phi(c, i) &&
          c->stamp[src->val->index] != c->tick &&
          !nvir_is_live_in(&c->sp->live, succ, src->val))
         remove_live(c, src->val);
   }
}

/* The sources of the successor's phis are read at the end of a block. */
static void
end_block(struct choose *c, const struct nvir_block *b)
{
   const struct nvir_block *succ = b->succs[0];
   if (!succ || b->succs[1])
      return;
   unsigned pred = nvir_block_pred_index(succ, b);
   pass_memory_phis(c, succ, pred);
   make_room(c, phi_fills(c, succ, pred));
}

static void
walk_block(struct choose *c, const struct nvir_block *b)
{
   find_next_uses(c, b);
   start_block(c, b);
   nvir_foreach_instr(i, b) {
      if (i->op == NVIR_OP_PHI)
         c->next += i->num_srcs;
      else
         walk_instr(c, i);
      c->pos++;
   }
   end_block(c, b);
}

unsigned
nvir_spill_choose(struct nvir_spill *sp)
{
   unsigned num = sp->s->num_values, deepest = 0;
   struct choose c = {
      .sp = sp,
      .cost = util_arena_array(&sp->arena, float, num),
      .next_use = util_arena_array(&sp->arena, uint32_t, num),
      .uses_left = util_arena_array(&sp->arena, uint32_t, num),
      .stamp = util_arena_array(&sp->arena, uint32_t, num),
      .place = util_arena_array(&sp->arena, uint32_t, num),
      .live = util_arena_array(&sp->arena, struct nvir_value *, num),
   };
   memset(c.next_use, 0xff, sizeof(uint32_t) * num);
   compute_costs(&c);
   nvir_foreach_block(b, sp->s)
      deepest = MAX2(deepest, b->loop_depth);
   for (unsigned depth = deepest + 1; depth-- > 0;) {
      nvir_foreach_block(b, sp->s) {
         if (b->loop_depth == depth)
            walk_block(&c, b);
      }
   }
   return c.num_chosen;
}
