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
   struct nvir_value **leaving; /* used outside */
   unsigned num_leaving;
   bool is_left_divergently;
};

/* The loops around a block, in a list. */
struct around {
   struct around *next;
   struct loop *loop;
};

struct uniformity {
   struct nvir_shader *s;
   struct util_arena arena;
   struct nvir_graph g;
   struct loop *loops;
   unsigned num_loops;
   struct around **around;
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
mark_loops_left(struct uniformity *u, const struct nvir_block *b)
{
   for (const struct around *a = u->around[b->index]; a; a = a->next) {
      struct loop *l = a->loop;
      if (l->is_left_divergently)
         continue;
      l->is_left_divergently = true;
      for (unsigned k = 0; k < l->num_leaving; k++)
         mark_value(u, l->leaving[k]);
   }
}

static void
add_loop(struct uniformity *u, unsigned header)
{
   struct loop *l = &u->loops[u->num_loops++];
   l->nodes = nvir_graph_set(&u->g);
   nvir_graph_natural_loop(&u->g, header, l->nodes);
   util_bitset_for_each(i, l->nodes, u->g.n) {
      struct around *a = util_arena_new(&u->arena, struct around);
      *a = (struct around){u->around[i], l};
      u->around[i] = a;
   }
}

/* Calls add for each loop that a value is used outside of. */
static void
for_each_leaving(struct uniformity *u,
                 void (*add)(struct loop *l, struct nvir_value *v))
{
   nvir_foreach_block(b, u->s)
      nvir_foreach_instr(i, b)
         nvir_foreach_src(src, i) {
            if (src->kind != NVIR_SRC_VALUE || !src->val->def)
               continue;
            const struct around *a = u->around[src->val->def->block->index];
            for (; a; a = a->next)
               if (!util_bitset_test(a->loop->nodes, b->index))
                  add(a->loop, src->val);
         }
}

static void
count_leaving(struct loop *l, struct nvir_value *v)
{
   l->num_leaving++;
}

static void
add_leaving(struct loop *l, struct nvir_value *v)
{
   l->leaving[l->num_leaving++] = v;
}

static void
find_loops(struct uniformity *u)
{
   u->loops = util_arena_array(&u->arena, struct loop, u->g.n);
   u->around = util_arena_array(&u->arena, struct around *, u->g.n);
   for (unsigned h = 0; h < u->g.n; h++)
      if (nvir_graph_is_header(&u->g, h))
         add_loop(u, h);
   for_each_leaving(u, count_leaving);
   for (unsigned k = 0; k < u->num_loops; k++) {
      struct loop *l = &u->loops[k];
      l->leaving =
         util_arena_array(&u->arena, struct nvir_value *, l->num_leaving);
      l->num_leaving = 0;
   }
   for_each_leaving(u, add_leaving);
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
