/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Tokens within a level: which branches push, which edges are SYNC, BRK or
 * EXIT. */
#include <assert.h>

#include "nouveau/compiler/nvir_convergence_priv.h"

/* Successors as a level sees them. */
#define TO_STAY  (-2) /* back to the header, or the end of the function */
#define TO_LEAVE (-3)

struct walk {
   struct nvir_convergence *cv;
   struct nvir_level *l;
   int level;
};

static const struct nvir_level *
child_with_header(const struct walk *w, int node)
{
   if (node == NVIR_NODE_NONE)
      return NULL;
   int k = w->cv->level_of_header[node];
   return k == NVIR_NODE_NONE || k == w->level ? NULL : &w->cv->levels[k];
}

/* A node, TO_STAY, TO_LEAVE or NVIR_NODE_NONE. An inner loop is a step from its
 * header to what comes after it. */
static int
resolve(const struct walk *w, int node)
{
   if (node == NVIR_NODE_NONE)
      return NVIR_NODE_NONE;
   if (node == w->l->header)
      return TO_STAY;
   if (node == w->l->after)
      return TO_LEAVE;
   const struct nvir_level *child = child_with_header(w, node);
   return child ? child->after : node;
}

static int
succ(const struct walk *w, int node, unsigned e)
{
   return resolve(w, w->cv->g.succ[node][e]);
}

/* A node of the function level from which the program ends. */
static bool
is_end(const struct walk *w, int node)
{
   return w->l->header == NVIR_NODE_NONE &&
          w->cv->g.succ[node][0] == NVIR_NODE_NONE &&
          !w->cv->nodes[node].has_trap;
}

#define for_level_backwards(i, w)                                              \
   for (unsigned k_ = (w)->cv->g.num_order, i; k_-- > 0;)                      \
      if (i = (w)->cv->g.order[k_], (w)->cv->nodes[i].level == (w)->level)

#define for_level(i, w)                                                        \
   for (unsigned k_ = 0, i; k_ < (w)->cv->g.num_order; k_++)                   \
      if (i = (w)->cv->g.order[k_], (w)->cv->nodes[i].level == (w)->level)

/* ---- post-dominators of the acyclic level: those that stay among themselves,
 * the rest towards the way out; -1 stands for either sink ---- */

static void
find_staying(const struct walk *w)
{
   for_level_backwards(i, w)
   {
      bool stays = is_end(w, i);
      for (unsigned e = 0; e < 2; e++) {
         int s = succ(w, i, e);
         stays |= s == TO_STAY || (s >= 0 && w->cv->nodes[s].stays);
      }
      w->cv->nodes[i].stays = stays;
   }
}

static int
intersect(const struct nvir_node *nodes, int a, int b)
{
   while (a != b) {
      int da = a < 0 ? 0 : nodes[a].depth, db = b < 0 ? 0 : nodes[b].depth;
      if (da >= db)
         a = nodes[a].ipdom;
      if (db > da)
         b = nodes[b].ipdom;
   }
   return a;
}

/* Edges of the part of the level that the node belongs to. */
static bool
counts(const struct walk *w, const struct nvir_node *n, int s)
{
   if (n->stays)
      return s == TO_STAY || (s >= 0 && w->cv->nodes[s].stays);
   return s == TO_LEAVE || s >= 0;
}

static void
find_post_dominators(const struct walk *w)
{
   struct nvir_node *nodes = w->cv->nodes;
   for_level_backwards(i, w)
   {
      int dom = NVIR_NODE_NONE;
      bool any = false;
      for (unsigned e = 0; e < 2; e++) {
         int s = succ(w, i, e);
         if (!counts(w, &nodes[i], s))
            continue;
         int at = s >= 0 ? s : NVIR_NODE_NONE;
         dom = any ? intersect(nodes, dom, at) : at;
         any = true;
      }
      nodes[i].ipdom = dom;
      nodes[i].depth = dom < 0 ? 1 : nodes[dom].depth + 1;
   }
}

/* ---- joins ---- */

/* Two ways that never meet: one of them counts as leaving. */
static int
larger_of_apart(const struct walk *w, int a, int b)
{
   const struct nvir_graph *g = &w->cv->g;
   uint64_t *ra = nvir_graph_set(g), *rb = nvir_graph_set(g);

   nvir_graph_reach(g, a, w->l->after, ra);
   nvir_graph_reach(g, b, w->l->after, rb);
   util_bitset_for_each(i, ra, g->n)
      if (util_bitset_test(rb, i))
         return NVIR_NODE_NONE;
   return util_bitset_count_range(ra, 0, g->n) >=
                util_bitset_count_range(rb, 0, g->n)
             ? a
             : b;
}

/* The node where the lanes that part at this branch meet again. */
static int
join_of(const struct walk *w, int i)
{
   const struct nvir_node *n = &w->cv->nodes[i];
   int s0 = succ(w, i, 0), s1 = succ(w, i, 1);

   if (w->cv->g.succ[i][1] == NVIR_NODE_NONE)
      return NVIR_NODE_NONE; /* the other way is EXIT */
   if (!n->stays)
      return n->ipdom;
   bool stay0 = counts(w, n, s0), stay1 = counts(w, n, s1);
   if (stay0 && stay1) {
      if (n->ipdom >= 0)
         return n->ipdom;
      return w->l->header == NVIR_NODE_NONE && s0 >= 0 && s1 >= 0
                ? larger_of_apart(w, s0, s1)
                : NVIR_NODE_NONE;
   }
   int other = stay0 ? s1 : s0, stay = stay0 ? s0 : s1;
   /* Leaving at once is a predicated BRK. */
   return other < 0 || stay < 0 ? NVIR_NODE_NONE : stay;
}

static bool
may_leave(const struct walk *w, int i)
{
   const struct nvir_node *n = &w->cv->nodes[i];
   for (unsigned e = 0; e < 2; e++) {
      int s = succ(w, i, e);
      if (s == TO_LEAVE || (s >= 0 && !w->cv->nodes[s].stays))
         return true;
   }
   return !n->stays;
}

/* ---- tokens ---- */

static struct nvir_token *
push(const struct walk *w, struct nvir_token *below, int join, unsigned count)
{
   struct nvir_token *t = util_arena_new(w->cv->g.arena, struct nvir_token);
   *t = (struct nvir_token){below, join, count};
   return t;
}

static bool
same_tokens(const struct nvir_token *a, const struct nvir_token *b)
{
   for (; a && b; a = a->below, b = b->below)
      if (a->join != b->join)
         return false;
   return a == b;
}

static struct nvir_token *
merge(const struct walk *w, struct nvir_token *a, struct nvir_token *b)
{
   if (!a || a == b)
      return a;
   return push(w, merge(w, a->below, b->below), a->join,
               MAX2(a->count, b->count));
}

static bool
arrive(const struct walk *w, int node, struct nvir_token *tokens)
{
   struct nvir_node *n = &w->cv->nodes[node];
   for (const struct nvir_token *t = tokens; t; t = t->below)
      if (t->join == node) {
         w->cv->refused = "tokens of nested branches cross";
         return false;
      }
   if (n->seen && !same_tokens(n->tokens, tokens)) {
      w->cv->refused = "ways to a block differ in their open branches";
      return false;
   }
   n->tokens = n->seen ? merge(w, n->tokens, tokens) : tokens;
   n->seen = true;
   return true;
}

static bool
follow(const struct walk *w, int i, unsigned e, struct nvir_token *tokens)
{
   struct nvir_node *n = &w->cv->nodes[i];
   int raw = w->cv->g.succ[i][e], s = resolve(w, raw);

   n->edge[e] = NVIR_EDGE_PLAIN;
   if (raw == NVIR_NODE_NONE)
      return true;
   if (s == TO_STAY) {
      if (tokens)
         w->cv->refused = "a branch does not join before the loop's next turn";
      return !tokens;
   }
   if (s == TO_LEAVE) {
      n->edge[e] = NVIR_EDGE_BRK; /* plain if the loop turns out uniform */
      w->l->needs_break |= tokens != NULL;
      return true;
   }
   if (tokens && tokens->join == raw) {
      n->edge[e] = NVIR_EDGE_SYNC;
      tokens = tokens->below;
   }
   if (s == NVIR_NODE_NONE)
      return true;
   /* What leaves does so by BRK or EXIT, which drop the tokens of the level: no
    * matter which they were. */
   if (n->stays && !w->cv->nodes[s].stays) {
      w->l->needs_break |= tokens != NULL;
      tokens = NULL;
   }
   return arrive(w, s, tokens);
}

static unsigned
depth_of(const struct nvir_token *t)
{
   unsigned depth = 1; /* a branch being taken */
   for (; t; t = t->below)
      depth += 2 * t->count;
   return depth;
}

static bool
visit(const struct walk *w, int i)
{
   struct nvir_node *n = &w->cv->nodes[i];
   struct nvir_token *tokens = n->tokens;
   const struct nvir_level *inner = child_with_header(w, w->cv->g.succ[i][0]);

   n->join = NVIR_NODE_NONE;
   if (n->is_divergent) {
      n->join = join_of(w, i);
      w->l->needs_break |= w->l->header != NVIR_NODE_NONE && may_leave(w, i);
   }
   if (n->join != NVIR_NODE_NONE) {
      n->to_outer = tokens && tokens->join == n->join;
      tokens = n->to_outer ? push(w, tokens->below, n->join, tokens->count + 1)
                           : push(w, tokens, n->join, 1);
   }
   unsigned depth = depth_of(tokens) + (inner ? 1 + inner->max_depth : 0);
   w->l->max_depth = MAX2(w->l->max_depth, depth);
   return follow(w, i, 0, tokens) && follow(w, i, 1, tokens);
}

static bool
run_level(const struct walk *w)
{
   find_staying(w);
   find_post_dominators(w);
   for_level(i, w) if (!visit(w, i)) return false;
   if (!w->l->needs_break)
      for_level(i, w) for (unsigned e = 0; e < 2;
                           e++) if (w->cv->nodes[i].edge[e] == NVIR_EDGE_BRK)
         w->cv->nodes[i]
            .edge[e] = NVIR_EDGE_PLAIN;
   return true;
}

bool
nvir_convergence_levels(struct nvir_convergence *cv)
{
   for (unsigned k = 0; k < cv->num_levels; k++) {
      struct walk w = {cv, &cv->levels[k], k};
      if (!run_level(&w))
         return false;
   }
   return true;
}
