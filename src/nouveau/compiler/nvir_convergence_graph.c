/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The graph of levels: loops, ways out, added nodes. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "nouveau/compiler/nvir_convergence_priv.h"

/* A block with nothing but EXIT: its predecessors may end there themselves. */
static bool
is_bare_exit(const struct nvir_block *b)
{
   const struct nvir_instr *term = nvir_block_terminator(b);
   return term && term->op == NVIR_OP_EXIT && b->instrs.next == &term->link;
}

static void
init_node(struct nvir_convergence *cv, struct nvir_block *b)
{
   struct nvir_node *n = &cv->nodes[b->index];
   struct nvir_instr *term = nvir_block_terminator(b);
   int *succ = cv->g.succ[b->index];

   n->block = b;
   n->level = n->join = NVIR_NODE_NONE;
   assert(term);
   n->has_exit = term->op == NVIR_OP_EXIT;
   n->has_trap = term->op == NVIR_OP_TRAP;
   n->is_divergent =
      term->op == NVIR_OP_CBR && (term->is_divergent || cv->all_divergent);
   for (unsigned e = 0; e < 2; e++)
      n->exits[e] = b->succs[e] && is_bare_exit(b->succs[e]);
   /* An edge that is an EXIT is none for the graph; the other moves up. */
   if (n->exits[0]) {
      succ[0] = n->exits[1] ? NVIR_NODE_NONE : succ[1];
      succ[1] = NVIR_NODE_NONE;
   } else if (n->exits[1]) {
      succ[1] = NVIR_NODE_NONE;
   }
}

static int
add_node(struct nvir_convergence *cv, enum nvir_node_kind kind, int succ)
{
   int i = nvir_graph_add(&cv->g, succ, NVIR_NODE_NONE);
   cv->nodes[i] = (struct nvir_node){.kind = kind,
                                     .level = NVIR_NODE_NONE,
                                     .join = NVIR_NODE_NONE};
   cv->reaches_end[i] = cv->reaches_end[succ];
   util_bitset_set(cv->changed, i);
   return i;
}

/* A loop that is left by EXIT alone reaches no end; these EXITs are ends. */
static void
add_ends_of_last_loops(struct nvir_convergence *cv, bool *is_end)
{
   const struct nvir_graph *g = &cv->g;
   bool *ends = util_arena_array(g->arena, bool, g->n);
   unsigned *stack = g->stack, depth = 0;
   for (unsigned i = 0; i < g->n; i++) {
      ends[i] = is_end[i];
      if (ends[i])
         stack[depth++] = i;
   }
   while (depth) {
      unsigned i = stack[--depth];
      for (unsigned p = g->first_pred[i]; p < g->first_pred[i + 1]; p++) {
         unsigned from = g->preds[p];
         if (!ends[from]) {
            ends[from] = true;
            stack[depth++] = from;
         }
      }
   }
   for (unsigned i = 0; i < g->n; i++)
      is_end[i] |= !ends[i] && (cv->nodes[i].exits[0] || cv->nodes[i].exits[1]);
}

/* Ends of the program as post-dominance sees them: traps do not count. */
static int *
post_dominators(struct nvir_convergence *cv)
{
   bool *is_end = util_arena_array(cv->g.arena, bool, cv->g.n);
   int *ipdom = util_arena_array(cv->g.arena, int, cv->g.n + 1);
   for (unsigned i = 0; i < cv->g.n; i++)
      is_end[i] = cv->g.succ[i][0] == NVIR_NODE_NONE && !cv->nodes[i].has_trap;
   add_ends_of_last_loops(cv, is_end);
   nvir_graph_post_dominators(&cv->g, is_end, ipdom);
   return ipdom;
}

static unsigned
reach_count(struct nvir_convergence *cv, int from)
{
   uint64_t *set = nvir_graph_set(&cv->g);
   nvir_graph_reach(&cv->g, from, NVIR_NODE_NONE, set);
   return util_bitset_count_range(set, 0, cv->g.n);
}

/* The one node to which all ways out of the loop go at once and from which the
 * program ends, or NVIR_NODE_NONE. The usual case, and a cheap one. */
static int
only_exit(const struct nvir_convergence *cv, const uint64_t *loop)
{
   int exit = NVIR_NODE_NONE;
   util_bitset_for_each(i, loop, cv->g.n) {
      for (unsigned e = 0; e < 2; e++) {
         int s = cv->g.succ[i][e];
         if (s == NVIR_NODE_NONE || util_bitset_test(loop, s))
            continue;
         if (exit != NVIR_NODE_NONE && exit != s)
            return NVIR_NODE_NONE;
         exit = s;
      }
   }
   return exit != NVIR_NODE_NONE && cv->reaches_end[exit] ? exit
                                                          : NVIR_NODE_NONE;
}

/* Where all ways out of the loop come together: the ways of one that returns by
 * itself are left out. NVIR_NODE_NONE: nobody goes on after the loop. */
static int
find_after(struct nvir_convergence *cv, const uint64_t *loop)
{
   int *ipdom = post_dominators(cv);
   int after = NVIR_NODE_NONE, largest = NVIR_NODE_NONE, sink = cv->g.n;
   unsigned most = 0;

   util_bitset_for_each(i, loop, cv->g.n) {
      for (unsigned e = 0; e < 2; e++) {
         int s = cv->g.succ[i][e];
         if (s == NVIR_NODE_NONE || util_bitset_test(loop, s) ||
             ipdom[s] == NVIR_NODE_NONE)
            continue;
         unsigned reach = reach_count(cv, s);
         if (reach > most) {
            most = reach;
            largest = s;
         }
         after = after == NVIR_NODE_NONE || after == sink
                    ? (after == sink ? sink : s)
                    : nvir_graph_common_post_dominator(&cv->g, ipdom, after, s);
      }
   }
   return after == sink ? largest : after;
}

static void
add_ways_out(struct nvir_convergence *cv, uint64_t *nodes, int after)
{
   uint64_t *out = nvir_graph_set(&cv->g);
   util_bitset_for_each(i, nodes, cv->g.n)
      for (unsigned e = 0; e < 2; e++) {
         int s = cv->g.succ[i][e];
         if (s != NVIR_NODE_NONE && !util_bitset_test(nodes, s))
            nvir_graph_reach(&cv->g, s, after, out);
      }
   util_bitset_for_each(i, out, cv->g.n)
      util_bitset_set(nodes, i);
}

static void
redirect(struct nvir_convergence *cv, unsigned from, int old, int to)
{
   for (unsigned e = 0; e < 2; e++)
      if (cv->g.succ[from][e] == old) {
         cv->g.succ[from][e] = to;
         util_bitset_set(cv->changed, from);
      }
}

/* One edge back, from a node that does nothing else, unless the loop's last
 * test has the only one and leaves directly. */
static void
add_latch(struct nvir_convergence *cv, struct nvir_level *l)
{
   unsigned count = 0, plain = 0;
   util_bitset_for_each(i, l->nodes, cv->g.n)
      for (unsigned e = 0; e < 2; e++) {
         if (cv->g.succ[i][e] != l->header)
            continue;
         int other = cv->g.succ[i][!e];
         count++;
         plain += other == NVIR_NODE_NONE || other == l->after;
      }
   if (count == 1 && plain == 1)
      return;
   unsigned n = cv->g.n;
   int latch = add_node(cv, NVIR_NODE_LATCH, l->header);
   util_bitset_for_each(i, l->nodes, n)
      redirect(cv, i, l->header, latch);
   util_bitset_set(l->nodes, latch);
}

static void
analyze_again(struct nvir_convergence *cv)
{
   nvir_graph_analyze(&cv->g);
   memset(cv->changed, 0, UTIL_BITSET_WORDS(cv->g.cap + 1) * sizeof(uint64_t));
}

static bool
intersects(const struct nvir_convergence *cv, const uint64_t *a,
           const uint64_t *b)
{
   for (unsigned w = 0; w < UTIL_BITSET_WORDS(cv->g.n); w++)
      if (a[w] & b[w])
         return true;
   return false;
}

/* Nodes of the level of this header, and where it goes on; false: no loop. The
 * analysis of the graph is made anew only where something in the loop changed,
 * or where its ways out part. */
static bool
find_level(struct nvir_convergence *cv, struct nvir_level *l, int header,
           int *join_out)
{
   *l = (struct nvir_level){.header = header,
                            .after = NVIR_NODE_NONE,
                            .nodes = nvir_graph_set(&cv->g)};
   if (nvir_graph_natural_loop(&cv->g, header, l->nodes) &&
       !intersects(cv, l->nodes, cv->changed)) {
      *join_out = only_exit(cv, l->nodes);
      if (*join_out != NVIR_NODE_NONE)
         return true;
   }
   analyze_again(cv);
   memset(l->nodes, 0, UTIL_BITSET_WORDS(cv->g.cap + 1) * sizeof(uint64_t));
   if (!nvir_graph_natural_loop(&cv->g, header, l->nodes))
      return false;
   *join_out = only_exit(cv, l->nodes);
   if (*join_out == NVIR_NODE_NONE) {
      *join_out = find_after(cv, l->nodes);
      add_ways_out(cv, l->nodes, *join_out);
   }
   return true;
}

static bool
add_level(struct nvir_convergence *cv, int header)
{
   struct nvir_level *l = &cv->levels[cv->num_levels];
   unsigned n;
   int join;

   if (!find_level(cv, l, header, &join))
      return true;
   cv->level_of_header[header] = cv->num_levels;
   util_bitset_for_each(i, l->nodes, cv->g.n)
      if (!nvir_graph_dominates(&cv->g, header, i)) {
         cv->refused = "a way out of a loop is entered from elsewhere";
         return false;
      }
   n = cv->g.n;
   l->before = add_node(cv, NVIR_NODE_BEFORE, header);
   for (unsigned i = 0; i < n; i++)
      if (!util_bitset_test(l->nodes, i))
         redirect(cv, i, header, l->before);
   if (join != NVIR_NODE_NONE) {
      l->after = add_node(cv, NVIR_NODE_AFTER, join);
      util_bitset_for_each(i, l->nodes, n)
         redirect(cv, i, join, l->after);
   }
   add_latch(cv, l);
   util_bitset_for_each(i, l->nodes, cv->g.n)
      if (cv->nodes[i].level == NVIR_NODE_NONE)
         cv->nodes[i].level = cv->num_levels;
   cv->num_levels++;
   return true;
}

static bool
add_loops(struct nvir_convergence *cv)
{
   unsigned n = cv->g.num_order, count = 0;
   unsigned *headers = util_arena_array(&cv->arena, unsigned, n);

   /* From the last header to the first is inner to outer: a header dominates
    * its loop and the ways out of it, where there may be loops too. */
   for (unsigned k = n; k-- > 0;)
      if (nvir_graph_is_header(&cv->g, cv->g.order[k]))
         headers[count++] = cv->g.order[k];
   cv->levels = util_arena_array(&cv->arena, struct nvir_level, count + 1);
   cv->level_of_header = util_arena_array(&cv->arena, int, cv->g.cap);
   for (unsigned i = 0; i < cv->g.cap; i++)
      cv->level_of_header[i] = NVIR_NODE_NONE;
   cv->changed = nvir_graph_set(&cv->g);
   cv->reaches_end = util_arena_array(&cv->arena, bool, cv->g.cap);
   const int *ipdom = post_dominators(cv);
   for (unsigned i = 0; i < cv->g.n; i++)
      cv->reaches_end[i] = ipdom[i] != NVIR_NODE_NONE;
   for (unsigned i = 0; i < count; i++)
      if (!add_level(cv, headers[i]))
         return false;
   return true;
}

/* A loop and the ways out of it lie within the loop around them. `outermost`
 * is the largest level so far around each node, `taken` a count for each. */
static bool
level_nests(struct nvir_convergence *cv, int level, int *outermost,
            unsigned *taken)
{
   const uint64_t *nodes = cv->levels[level].nodes;
   util_bitset_for_each(i, nodes, cv->g.n)
      if (outermost[i] != NVIR_NODE_NONE)
         taken[outermost[i]]++;
   util_bitset_for_each(i, nodes, cv->g.n) {
      int inner = outermost[i];
      outermost[i] = level;
      if (inner == NVIR_NODE_NONE || !taken[inner])
         continue;
      const struct nvir_level *l = &cv->levels[inner];
      if (taken[inner] != util_bitset_count_range(l->nodes, 0, cv->g.n)) {
         cv->refused = "loops overlap";
         return false;
      }
      if (l->after != NVIR_NODE_NONE && !util_bitset_test(nodes, l->after)) {
         cv->refused = "an inner loop is left together with an outer one";
         return false;
      }
      taken[inner] = 0; /* looked at */
   }
   return true;
}

static bool
levels_nest(struct nvir_convergence *cv)
{
   int *outermost = util_arena_array(&cv->arena, int, cv->g.n);
   unsigned *taken = util_arena_array(&cv->arena, unsigned, cv->num_levels + 1);
   for (unsigned i = 0; i < cv->g.n; i++)
      outermost[i] = NVIR_NODE_NONE;
   for (unsigned k = 0; k < cv->num_levels; k++)
      if (!level_nests(cv, k, outermost, taken))
         return false;
   return true;
}

static void
add_function_level(struct nvir_convergence *cv)
{
   struct nvir_level *l = &cv->levels[cv->num_levels];
   *l = (struct nvir_level){.header = NVIR_NODE_NONE,
                            .before = NVIR_NODE_NONE,
                            .after = NVIR_NODE_NONE,
                            .nodes = nvir_graph_set(&cv->g)};
   util_bitset_set_range(l->nodes, 0, cv->g.n);
   for (unsigned i = 0; i < cv->g.n; i++)
      if (cv->nodes[i].level == NVIR_NODE_NONE)
         cv->nodes[i].level = cv->num_levels;
   cv->num_levels++;
}

static bool
build(struct nvir_convergence *cv, struct nvir_shader *s, bool all_divergent)
{
   *cv = (struct nvir_convergence){.s = s, .all_divergent = all_divergent};
   util_arena_init(&cv->arena);
   nvir_graph_from_shader(&cv->g, s, &cv->arena);
   cv->nodes = util_arena_array(&cv->arena, struct nvir_node, cv->g.cap);
   nvir_foreach_block(b, s)
      init_node(cv, b);
   nvir_graph_analyze(&cv->g);
   if (!nvir_graph_is_reducible(&cv->g)) {
      cv->refused = "irreducible control flow";
      return false;
   }
   if (!add_loops(cv) || !levels_nest(cv))
      return false;
   add_function_level(cv);
   nvir_graph_analyze(&cv->g);
   return nvir_convergence_levels(cv);
}

int
nvir_convergence_init(struct nvir_convergence *cv, struct nvir_shader *s)
{
   if (build(cv, s, false))
      return 0;
   /* Tokens for uniform branches too can make two ways to a node agree. */
   nvir_convergence_finish(cv);
   return build(cv, s, true) ? 0 : -EAGAIN;
}

void
nvir_convergence_finish(struct nvir_convergence *cv)
{
   util_arena_finish(&cv->arena);
}
