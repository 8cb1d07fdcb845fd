/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Random structured programs: as SASS with every construct of the divergence
 * stack, and as what they mean for one item after the other. */
#ifndef NVSIM_FLOW_H
#define NVSIM_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "util/util_buf.h"

#define FLOW_FUNCTIONS 3 /* the first one is the kernel */
#define FLOW_MAX_NODES 160

enum flow_kind {
   FLOW_MIX,    /* changes the item's number */
   FLOW_IF,     /* SSY, BRA, SYNC */
   FLOW_SWITCH, /* BRX, cases that fall through or not */
   FLOW_LOOP,   /* PBK, BRK; perhaps PCNT, CONT */
   FLOW_BREAK,  /* from here on: if the condition holds */
   FLOW_CONTINUE,
   FLOW_EXIT, /* or KIL */
   FLOW_RETURN,
   FLOW_CALL,     /* no recursion */
   FLOW_TRY,      /* PLONGJMP */
   FLOW_THROW,    /* LONGJMP to the innermost FLOW_TRY of the function */
   FLOW_EXCHANGE, /* barriers; kernel's outermost statements only */
};

struct flow_node {
   enum flow_kind kind;
   unsigned variant;
   unsigned shift;   /* the condition: some bit of state >> shift & mask */
   uint32_t mask, k; /* k: a constant; FLOW_CALL: the function */
   unsigned depth;   /* FLOW_LOOP: of loops around it in the function */
   struct flow_node *body[4]; /* then, else; cases; the body */
   struct flow_node *next;
};

struct flow_program {
   struct flow_node *function[FLOW_FUNCTIONS];
   struct flow_node node[FLOW_MAX_NODES];
   unsigned num_nodes;
};

/* `draw`: random words. */
void flow_generate(struct flow_program *p, uint32_t (*draw)(void));
/* Text for sass_text_parse. c[0x0]: address of the results (64 bits), items of
 * a group, the last item's number; 4 bytes of shared memory an item, a barrier.
 */
void flow_print(const struct flow_program *p, struct util_buf *out);
/* Results of a group of `items`, the first of which has the number `first`. */
void flow_interpret(const struct flow_program *p, uint32_t first,
                    uint32_t items, uint32_t *out);

#endif
