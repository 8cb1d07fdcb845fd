/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* List scheduling of a run of instructions in one block: what both schedulers
 * share. A client says what depends on what and what an instruction costs; of
 * those that may issue, the cheapest goes first, then the one that need not
 * wait, then the one with the longest way to the end. */
#ifndef NVIR_WINDOW_PRIV_H
#define NVIR_WINDOW_PRIV_H

#include <limits.h>

#include "nouveau/compiler/nvir_ir.h"

/* Longer runs are cut: choosing is quadratic in what is ready. */
#define NVIR_MAX_WINDOW 256

/* As a cost: may not go now. */
#define NVIR_NOT_NOW INT_MAX

struct nvir_edge {
   struct nvir_edge *next;
   unsigned to, cycles; /* from issue to issue */
};

struct nvir_node {
   struct nvir_instr *i;
   struct nvir_edge *succs;
   unsigned num_preds; /* not yet placed */
   unsigned height;    /* cycles from issue to the end of the window */
   unsigned earliest;  /* cycle of issue */
   bool done;
};

struct nvir_window {
   const struct nvir_window_client *client;
   struct nvir_node nodes[NVIR_MAX_WINDOW]; /* in program order */
   unsigned num;
   struct util_arena arena; /* of the edges */
};

struct nvir_window_client {
   /* Ends a window: nothing moves across it. */
   bool (*stays)(const struct nvir_instr *i);
   /* Adds the edges of all nodes; may raise heights for what comes after. */
   void (*connect)(struct nvir_window *w);
   /* 0, more, or NVIR_NOT_NOW; of equals the first in program order goes.
    * May be NULL: nothing costs. */
   int (*cost)(const struct nvir_window *w, const struct nvir_instr *i);
   /* Every instruction of the block, in its new order. May be NULL. */
   void (*pass)(struct nvir_window *w, const struct nvir_instr *i);
};

void nvir_window_init(struct nvir_window *w, const struct nvir_window_client *);
void nvir_window_finish(struct nvir_window *w);

/* `from` < `to`, both indices of nodes. */
void nvir_window_add_edge(struct nvir_window *w, unsigned from, unsigned to,
                          unsigned cycles);

/* Puts a block's instructions into their new order. */
void nvir_window_schedule(struct nvir_window *w, struct nvir_block *b);

#endif
