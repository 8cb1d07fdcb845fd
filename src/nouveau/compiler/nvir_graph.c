/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <assert.h>
#include <string.h>

#include "nouveau/compiler/nvir_graph_priv.h"

/* Dominators after Cooper, Harvey and Kennedy, "A simple, fast dominance
 * algorithm". */

void
nvir_graph_from_shader(struct nvir_graph *g, struct nvir_shader *s,
                       struct util_arena *arena)
{
   nvir_shader_number_blocks(s);
   /* nvir_convergence adds up to three nodes a loop. */
   unsigned cap = 4 * s->num_blocks + 8;
   *g = (struct nvir_graph){.arena = arena, .n = s->num_blocks, .cap = cap};
   g->succ = util_arena_alloc(arena, cap * sizeof(*g->succ));
   g->order = util_arena_array(arena, unsigned, cap);
   g->rpo = util_arena_array(arena, int, cap);
   g->idom = util_arena_array(arena, int, cap);
   g->dom_first = util_arena_array(arena, unsigned, cap);
   g->dom_count = util_arena_array(arena, unsigned, cap);
   g->first_pred = util_arena_array(arena, unsigned, cap + 2);
   g->preds = util_arena_array(arena, unsigned, 2 * cap);
   g->stack = util_arena_array(arena, unsigned, cap + 1);
   g->next = util_arena_array(arena, unsigned, cap);
   nvir_foreach_block(b, s) {
      for (unsigned k = 0; k < 2; k++)
         g->succ[b->index][k] =
            b->succs[k] ? (int)b->succs[k]->index : NVIR_NODE_NONE;
   }
}

int
nvir_graph_add(struct nvir_graph *g, int succ0, int succ1)
{
   assert(g->n < g->cap);
   g->succ[g->n][0] = succ0;
   g->succ[g->n][1] = succ1;
   return g->n++;
}

static void
find_order(struct nvir_graph *g)
{
   unsigned *stack = g->stack, *next = g->next, depth = 0, at = g->n;

   memset(next, 0, g->n * sizeof(*next));
   for (unsigned i = 0; i < g->n; i++)
      g->rpo[i] = -1;
   stack[depth++] = 0;
   g->rpo[0] = 0;
   while (depth) {
      unsigned i = stack[depth - 1];
      if (next[i] == 2 || g->succ[i][next[i]] == NVIR_NODE_NONE) {
         g->order[--at] = i;
         depth--;
         continue;
      }
      int s = g->succ[i][next[i]++];
      if (g->rpo[s] < 0) {
         g->rpo[s] = 0;
         stack[depth++] = s;
      }
   }
   g->num_order = g->n - at;
   memmove(g->order, g->order + at, g->num_order * sizeof(*g->order));
   for (unsigned k = 0; k < g->num_order; k++)
      g->rpo[g->order[k]] = k;
}

static void
find_preds(struct nvir_graph *g)
{
   memset(g->first_pred, 0, (g->n + 2) * sizeof(*g->first_pred));
   for (unsigned k = 0; k < g->num_order; k++)
      for (unsigned e = 0; e < 2; e++)
         if (g->succ[g->order[k]][e] >= 0)
            g->first_pred[g->succ[g->order[k]][e] + 2]++;
   for (unsigned i = 2; i < g->n + 2; i++)
      g->first_pred[i] += g->first_pred[i - 1];
   for (unsigned k = 0; k < g->num_order; k++)
      for (unsigned e = 0; e < 2; e++)
         if (g->succ[g->order[k]][e] >= 0)
            g->preds[g->first_pred[g->succ[g->order[k]][e] + 1]++] =
               g->order[k];
}

static int
intersect(const struct nvir_graph *g, int a, int b)
{
   while (a != b) {
      while (g->rpo[a] > g->rpo[b])
         a = g->idom[a];
      while (g->rpo[b] > g->rpo[a])
         b = g->idom[b];
   }
   return a;
}

static void
find_dominators(struct nvir_graph *g)
{
   for (unsigned i = 0; i < g->n; i++)
      g->idom[i] = NVIR_NODE_NONE;
   g->idom[0] = 0;
   for (bool changed = true; changed;) {
      changed = false;
      for (unsigned k = 1; k < g->num_order; k++) {
         unsigned i = g->order[k];
         int dom = NVIR_NODE_NONE;
         for (unsigned p = g->first_pred[i]; p < g->first_pred[i + 1]; p++)
            if (g->idom[g->preds[p]] != NVIR_NODE_NONE)
               dom = dom == NVIR_NODE_NONE ? (int)g->preds[p]
                                           : intersect(g, g->preds[p], dom);
         if (g->idom[i] != dom) {
            g->idom[i] = dom;
            changed = true;
         }
      }
   }
}

/* Numbers the dominator tree so that each subtree is a range. */
static void
number_dominators(struct nvir_graph *g)
{
   unsigned *first = g->dom_first, *count = g->dom_count, *next = g->next;

   for (unsigned k = 0; k < g->num_order; k++)
      count[g->order[k]] = 1;
   for (unsigned k = g->num_order; k-- > 1;)
      count[g->idom[g->order[k]]] += count[g->order[k]];
   first[0] = 0;
   next[0] = 1;
   for (unsigned k = 1; k < g->num_order; k++) {
      unsigned i = g->order[k], dom = g->idom[i];
      first[i] = next[dom];
      next[dom] += count[i];
      next[i] = first[i] + 1;
   }
}

void
nvir_graph_analyze(struct nvir_graph *g)
{
   find_order(g);
   find_preds(g);
   find_dominators(g);
   number_dominators(g);
}

bool
nvir_graph_dominates(const struct nvir_graph *g, int a, int b)
{
   if (g->rpo[a] < 0 || g->rpo[b] < 0)
      return false;
   return g->dom_first[b] - g->dom_first[a] < g->dom_count[a];
}

/* ---- post-dominators ---- */

struct post {
   const struct nvir_graph *g;
   const bool *is_end;
   int *ipdom;
   int *number; /* distance order from the sink: smaller is nearer */
};

static int
post_intersect(const struct post *p, int a, int b)
{
   int sink = p->g->n;
   while (a != b) {
      while (a != sink && (b == sink || p->number[a] > p->number[b]))
         a = p->ipdom[a];
      while (b != sink && (a == sink || p->number[b] > p->number[a]))
         b = p->ipdom[b];
   }
   return a;
}

static bool
ends_here(const struct post *p, int i)
{
   return p->is_end ? p->is_end[i] : p->g->succ[i][0] == NVIR_NODE_NONE;
}

/* Post-order of the reversed graph from the sink, last visited first. */
static unsigned
reverse_order(const struct post *p, unsigned *order)
{
   const struct nvir_graph *g = p->g;
   unsigned *stack = g->stack, *next = g->next, depth = 0, at = g->n;
   bool *seen = util_arena_array(g->arena, bool, g->n);

   memset(next, 0, g->n * sizeof(*next));
   for (unsigned k = g->num_order; k-- > 0;) {
      if (!ends_here(p, g->order[k]) || seen[g->order[k]])
         continue;
      seen[g->order[k]] = true;
      stack[depth++] = g->order[k];
      while (depth) {
         unsigned i = stack[depth - 1];
         if (g->first_pred[i] + next[i] == g->first_pred[i + 1]) {
            order[--at] = i;
            depth--;
            continue;
         }
         unsigned pred = g->preds[g->first_pred[i] + next[i]++];
         if (!seen[pred]) {
            seen[pred] = true;
            stack[depth++] = pred;
         }
      }
   }
   memmove(order, order + at, (g->n - at) * sizeof(*order));
   return g->n - at;
}

void
nvir_graph_post_dominators(const struct nvir_graph *g, const bool *is_end,
                           int *ipdom)
{
   struct post p = {g, is_end, ipdom,
                    util_arena_array(g->arena, int, g->n + 1)};
   unsigned *order = util_arena_array(g->arena, unsigned, g->n);
   unsigned n = reverse_order(&p, order);
   int sink = g->n;

   for (unsigned i = 0; i < g->n; i++)
      ipdom[i] = NVIR_NODE_NONE;
   for (unsigned k = 0; k < n; k++)
      p.number[order[k]] = k;
   for (bool changed = true; changed;) {
      changed = false;
      for (unsigned k = 0; k < n; k++) {
         unsigned i = order[k];
         int dom = ends_here(&p, i) ? sink : NVIR_NODE_NONE;
         for (unsigned e = 0; e < 2; e++) {
            int s = g->succ[i][e];
            if (s == NVIR_NODE_NONE || ipdom[s] == NVIR_NODE_NONE)
               continue;
            dom = dom == NVIR_NODE_NONE ? s : post_intersect(&p, dom, s);
         }
         if (ipdom[i] != dom) {
            ipdom[i] = dom;
            changed = true;
         }
      }
   }
}

int
nvir_graph_common_post_dominator(const struct nvir_graph *g, const int *ipdom,
                                 int a, int b)
{
   uint64_t *seen = nvir_graph_set(g);
   int sink = g->n;

   for (int i = a; i != sink && i != NVIR_NODE_NONE; i = ipdom[i])
      util_bitset_set(seen, i);
   for (int i = b; i != sink && i != NVIR_NODE_NONE; i = ipdom[i])
      if (util_bitset_test(seen, i))
         return i;
   return sink;
}

/* ---- sets ---- */

bool
nvir_graph_is_header(const struct nvir_graph *g, int node)
{
   for (unsigned p = g->first_pred[node]; p < g->first_pred[node + 1]; p++)
      if (g->rpo[node] >= 0 && nvir_graph_dominates(g, node, g->preds[p]))
         return true;
   return false;
}

unsigned
nvir_graph_natural_loop(const struct nvir_graph *g, int header, uint64_t *nodes)
{
   unsigned *stack = g->stack, depth = 0, count = 0;

   for (unsigned p = g->first_pred[header]; p < g->first_pred[header + 1];
        p++) {
      unsigned from = g->preds[p];
      if (!nvir_graph_dominates(g, header, from))
         continue;
      if (!count) {
         util_bitset_set(nodes, header);
         count = 1;
      }
      if (!util_bitset_test(nodes, from)) {
         util_bitset_set(nodes, from);
         stack[depth++] = from;
         count++;
      }
   }
   while (depth) {
      unsigned i = stack[--depth];
      for (unsigned p = g->first_pred[i]; p < g->first_pred[i + 1]; p++) {
         unsigned from = g->preds[p];
         if (util_bitset_test(nodes, from))
            continue;
         util_bitset_set(nodes, from);
         stack[depth++] = from;
         count++;
      }
   }
   return count;
}

void
nvir_graph_reach(const struct nvir_graph *g, int from, int stop,
                 uint64_t *nodes)
{
   unsigned *stack = g->stack, depth = 0;

   if (from == stop || util_bitset_test(nodes, from))
      return;
   util_bitset_set(nodes, from);
   stack[depth++] = from;
   while (depth) {
      unsigned i = stack[--depth];
      for (unsigned e = 0; e < 2; e++) {
         int s = g->succ[i][e];
         if (s == NVIR_NODE_NONE || s == stop || util_bitset_test(nodes, s))
            continue;
         util_bitset_set(nodes, s);
         stack[depth++] = s;
      }
   }
}

bool
nvir_graph_is_reducible(const struct nvir_graph *g)
{
   for (unsigned k = 0; k < g->num_order; k++) {
      unsigned i = g->order[k];
      for (unsigned e = 0; e < 2; e++) {
         int s = g->succ[i][e];
         if (s != NVIR_NODE_NONE && g->rpo[s] <= (int)k &&
             !nvir_graph_dominates(g, s, i))
            return false;
      }
   }
   return true;
}
