/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Which values may differ between the lanes of a warp, and so which branches
 * diverge. Errs on the side of divergence: a phi counts as divergent if it lies
 * anywhere between a divergent branch and the place where its ways meet, and so
 * does what leaves a loop that lanes leave at different times. */
#include <string.h>

#include "nouveau/compiler/nvir_graph_priv.h"
#include "nouveau/compiler/nvir_passes.h"

struct loop {
   uint64_t *nodes;
   bool is_left_divergently;
};

struct uniformity {
   struct nvir_shader *s;
   struct util_arena arena;
   struct nvir_graph g;
   struct loop *loops;
   unsigned num_loops;
   uint64_t *region; /* scratch */
   int *ipdom;
   uint64_t *values; /* divergent ones */
   uint64_t *blocks; /* whose phis are divergent */
   bool changed;
};

static bool
is_divergent_src(const struct uniformity *u, const struct nvir_src *src)
{
   return src->kind == NVIR_SRC_VALUE &&
          util_bitset_test(u->values, src->val->index);
}

static bool
is_lane_register(unsigned sr)
{
   return !(sr >= SASS_SR_CTAID_X && sr <= SASS_SR_CTAID_Z) &&
          sr != SASS_SR_NTID;
}

/* Divergent whatever the sources are. */
static bool
is_source(const struct nvir_instr *i)
{
   switch (i->op) {
   case NVIR_OP_S2R:
      return is_lane_register(i->imm);
   case NVIR_OP_ATOM:
   case NVIR_OP_SHFL:
   case NVIR_OP_VOTE:
   case NVIR_OP_CLOCK:
      return true;
   case NVIR_OP_LOAD:
      return i->is_volatile || i->space == NVIR_SPACE_LOCAL ||
             i->space == NVIR_SPACE_GENERIC;
   default:
      return false;
   }
}

static bool
result_diverges(const struct uniformity *u, const struct nvir_instr *i)
{
   if (is_source(i))
      return true;
   if (i->op == NVIR_OP_PHI && util_bitset_test(u->blocks, i->block->index))
      return true;
   nvir_foreach_src(src, i)
      if (is_divergent_src(u, src))
         return true;
   return false;
}

static void
mark_value(struct uniformity *u, const struct nvir_value *v)
{
   if (util_bitset_test(u->values, v->index))
      return;
   util_bitset_set(u->values, v->index);
   u->changed = true;
}

/* Values of a loop that lanes leave in different turns differ outside. */
static void
mark_leaving(struct uniformity *u, const uint64_t *loop)
{
   nvir_foreach_block(b, u->s) {
      if (util_bitset_test(loop, b->index))
         continue;
      nvir_foreach_instr(i, b)
         nvir_foreach_src(src, i)
            if (src->kind == NVIR_SRC_VALUE && src->val->def &&
                util_bitset_test(loop, src->val->def->block->index))
               mark_value(u, src->val);
   }
}

static void
mark_loops_left(struct uniformity *u, const struct nvir_block *b)
{
   for (unsigned k = 0; k < u->num_loops; k++) {
      struct loop *l = &u->loops[k];
      if (l->is_left_divergently || !util_bitset_test(l->nodes, b->index))
         continue;
      l->is_left_divergently = true;
      mark_leaving(u, l->nodes);
   }
}

static void
find_loops(struct uniformity *u)
{
   u->loops = util_arena_array(&u->arena, struct loop, u->g.n);
   for (unsigned h = 0; h < u->g.n; h++) {
      if (!nvir_graph_is_header(&u->g, h))
         continue;
      struct loop *l = &u->loops[u->num_loops++];
      l->nodes = nvir_graph_set(&u->g);
      nvir_graph_natural_loop(&u->g, h, l->nodes);
   }
}

static void
mark_branch(struct uniformity *u, struct nvir_instr *i)
{
   struct nvir_block *b = i->block;
   uint64_t *region = u->region;
   int join = u->ipdom[b->index];

   memset(region, 0, UTIL_BITSET_WORDS(u->g.n) * sizeof(*region));
   i->is_divergent = true;
   u->changed = true;
   for (unsigned e = 0; e < 2; e++)
      nvir_graph_reach(&u->g, b->succs[e]->index, join, region);
   if (join >= 0 && join < (int)u->g.n)
      util_bitset_set(region, join);
   util_bitset_for_each(k, region, u->g.n)
      util_bitset_set(u->blocks, k);
   /* Its region reaches round to itself: it decides about leaving a loop. */
   if (util_bitset_test(region, b->index))
      mark_loops_left(u, b);
}

static void
step(struct uniformity *u)
{
   nvir_foreach_block(b, u->s)
      nvir_foreach_instr(i, b) {
         if (i->op == NVIR_OP_CBR && !i->is_divergent &&
             is_divergent_src(u, &i->srcs[0]))
            mark_branch(u, i);
         if (i->num_dsts && result_diverges(u, i))
            nvir_foreach_dst(d, i)
               mark_value(u, d->val);
      }
}

void
nvir_analyze_uniformity(struct nvir_shader *s)
{
   struct uniformity u = {.s = s};

   util_arena_init(&u.arena);
   nvir_graph_from_shader(&u.g, s, &u.arena);
   nvir_graph_analyze(&u.g);
   u.ipdom = util_arena_array(&u.arena, int, u.g.n + 1);
   nvir_graph_post_dominators(&u.g, NULL, u.ipdom);
   find_loops(&u);
   u.region = nvir_graph_set(&u.g);
   u.values = util_arena_array(&u.arena, uint64_t,
                               UTIL_BITSET_WORDS(s->num_values + 1));
   u.blocks = nvir_graph_set(&u.g);
   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b)
         i->is_divergent = false;
   do {
      u.changed = false;
      step(&u);
   } while (u.changed);
   util_arena_finish(&u.arena);
}
