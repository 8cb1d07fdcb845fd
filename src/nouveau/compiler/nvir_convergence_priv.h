/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Where lanes of a warp wait for each other (isa.md §3.2).
 *
 * The CFG is copied into a graph and seen as a tree of levels: the function,
 * and each loop with the blocks that lead out of it. Three kinds of nodes are
 * added to a loop: one before it (PBK goes there), one that all ways out of it
 * pass (the PBK's target), and one latch. A level without its inner loops and
 * back edges is acyclic. In it a divergent branch pushes an SSY token for the
 * node where its ways meet, and an edge into the node that the newest token
 * names is a SYNC. Branches that share their meeting node nest: the inner
 * token's target is a lone SYNC, which goes on to the outer. Ways that leave
 * the loop are BRK, ways to the end EXIT: these drop tokens.
 *
 * A CFG whose tokens differ between two ways to one node is refused (-EAGAIN);
 * LLVM's structurizer makes such a CFG acceptable. */
#ifndef NVIR_CONVERGENCE_PRIV_H
#define NVIR_CONVERGENCE_PRIV_H

#include "nouveau/compiler/nvir_graph_priv.h"

enum nvir_edge {
   NVIR_EDGE_PLAIN,
   NVIR_EDGE_SYNC,
   NVIR_EDGE_BRK,
   NVIR_EDGE_EXIT
};

enum nvir_node_kind {
   NVIR_NODE_BLOCK,
   NVIR_NODE_BEFORE,
   NVIR_NODE_AFTER,
   NVIR_NODE_LATCH
};

/* Open tokens at a node, newest first; equal neighbours are one cell. */
struct nvir_token {
   struct nvir_token *below;
   int join;
   unsigned count; /* how many at most */
};

struct nvir_node {
   struct nvir_block *block; /* NULL: added, not made yet */
   uint8_t kind;             /* enum nvir_node_kind */
   uint8_t edge[2];          /* enum nvir_edge */
   bool exits[2];            /* this way leads to nothing but EXIT */
   bool is_divergent;        /* two ways and lanes may differ */
   bool has_exit, has_trap;  /* the block's terminator */
   int level;                /* index of its loop */
   int join;      /* pushes a token for this node, or NVIR_NODE_NONE */
   bool to_outer; /* …by way of a lone SYNC */
   /* of the analysis of a level */
   bool seen, stays;
   int ipdom, depth;
   struct nvir_token *tokens;
};

struct nvir_level {
   int header;        /* NVIR_NODE_NONE: the function */
   int before, after; /* added nodes; after: or NVIR_NODE_NONE */
   uint64_t *nodes;   /* the loop and what leads out of it */
   bool needs_break;
   unsigned max_depth; /* tokens, inner loops included */
};

struct nvir_convergence {
   struct nvir_shader *s;
   struct util_arena arena;
   struct nvir_graph g;
   struct nvir_node *nodes;
   struct nvir_level *levels; /* inner before outer, the function last */
   unsigned num_levels;
   int *level_of_header; /* by node; NVIR_NODE_NONE: no header */
   /* While loops are added: */
   bool *reaches_end;
   uint64_t *changed; /* nodes whose edges g's analysis does not know */
   bool all_divergent;
   const char *refused; /* why, or NULL */
};

/* 0 or -EAGAIN; to be finished in both cases. Nothing of the shader is changed.
 */
int nvir_convergence_init(struct nvir_convergence *cv, struct nvir_shader *s);
void nvir_convergence_finish(struct nvir_convergence *cv);
/* Second half: tokens and edges, level by level. */
bool nvir_convergence_levels(struct nvir_convergence *cv);

#endif
