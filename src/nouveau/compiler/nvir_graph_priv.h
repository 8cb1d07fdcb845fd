/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A bare graph with at most two successors a node: order, dominators,
 * reachability. Node 0 is the entry. Used on copies of the CFG, which passes
 * may then rework without touching the IR. */
#ifndef NVIR_GRAPH_PRIV_H
#define NVIR_GRAPH_PRIV_H

#include "nouveau/compiler/nvir_ir.h"
#include "util/util_bitset.h"

#define NVIR_NODE_NONE (-1)

struct nvir_graph {
   struct util_arena *arena;
   unsigned n, cap;
   int (*succ)[2]; /* NVIR_NODE_NONE from the end */

   /* Results of nvir_graph_analyze; stale after any change. */
   unsigned num_order;
   unsigned *order; /* reverse post-order of the nodes reached */
   int *rpo;        /* place in it, -1: not reached */
   int *idom;
   unsigned *dom_first,
      *dom_count;          /* its subtree of the dominator tree, numbered */
   unsigned *stack, *next; /* scratch of the functions below */
   unsigned *first_pred,
      *preds; /* preds of i: preds[first_pred[i] .. first_pred[i+1]) */
};

/* Nodes are block->index. */
void nvir_graph_from_shader(struct nvir_graph *g, struct nvir_shader *s,
                            struct util_arena *arena);
int nvir_graph_add(struct nvir_graph *g, int succ0, int succ1);
void nvir_graph_analyze(struct nvir_graph *g);
bool nvir_graph_dominates(const struct nvir_graph *g, int a, int b);

/* Immediate post-dominators with the virtual sink `g->n`: ends of the program
 * and what `is_end` names lead there. Nodes that never get there:
 * NVIR_NODE_NONE. */
void nvir_graph_post_dominators(const struct nvir_graph *g, const bool *is_end,
                                int *ipdom_out);
int nvir_graph_common_post_dominator(const struct nvir_graph *g,
                                     const int *ipdom, int a, int b);

/* Nodes of the natural loop with this header (0 nodes: not a header). */
unsigned nvir_graph_natural_loop(const struct nvir_graph *g, int header,
                                 uint64_t *nodes_out);
/* Adds all that `from` reaches without passing `stop`. */
void nvir_graph_reach(const struct nvir_graph *g, int from, int stop,
                      uint64_t *nodes);
/* Some edge goes back to it. */
bool nvir_graph_is_header(const struct nvir_graph *g, int node);
bool nvir_graph_is_reducible(const struct nvir_graph *g);

static inline uint64_t *
nvir_graph_set(const struct nvir_graph *g)
{
   return util_arena_array(g->arena, uint64_t, UTIL_BITSET_WORDS(g->cap + 1));
}

#endif
