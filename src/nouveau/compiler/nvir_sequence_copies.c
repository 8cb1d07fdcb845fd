/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <assert.h>
#include <string.h>

#include "nouveau/compiler/nvir_sequence_copies_priv.h"

enum {
   NUM_REGS = 256,
   NONE = 0xffff
};

/* The copies as a graph: each register has at most one source, and any number
 * of readers. Trees are emitted from the leaves; what is left is cycles. */
struct graph {
   uint16_t src_of[NUM_REGS];  /* NONE: not a destination, or done */
   uint16_t readers[NUM_REGS]; /* copies still to come that read it */
   struct nvir_copy_step *steps;
   unsigned num_steps;
};

static void
emit(struct graph *g, bool swap, uint8_t dst, uint8_t src)
{
   g->steps[g->num_steps++] = (struct nvir_copy_step){swap, dst, src};
}

/* Emits the copy into `reg` and then every copy that it made possible. */
static void
emit_tree_from(struct graph *g, unsigned reg)
{
   while (g->src_of[reg] != NONE && g->readers[reg] == 0) {
      unsigned src = g->src_of[reg];
      emit(g, false, reg, src);
      g->src_of[reg] = NONE;
      g->readers[src]--;
      reg = src;
   }
}

/* temp = first; first = its source; ...; last = temp. */
static void
break_cycle_with_temp(struct graph *g, unsigned first, uint8_t temp)
{
   emit(g, false, temp, first);
   unsigned reg = first;
   while (g->src_of[reg] != first) {
      unsigned src = g->src_of[reg];
      emit(g, false, reg, src);
      g->src_of[reg] = NONE;
      reg = src;
   }
   emit(g, false, reg, temp);
   g->src_of[reg] = NONE;
}

/* After a swap `reg` has its final value and the rest is a cycle one shorter. */
static void
break_cycle_with_swaps(struct graph *g, unsigned first)
{
   unsigned reg = first;
   while (g->src_of[reg] != first) {
      unsigned src = g->src_of[reg];
      emit(g, true, reg, src);
      g->src_of[reg] = NONE;
      reg = src;
   }
   g->src_of[reg] = NONE;
}

unsigned
nvir_sequence_copies(const struct nvir_copy *copies, unsigned n, uint8_t temp,
                     struct nvir_copy_step *steps_out)
{
   struct graph g = {.steps = steps_out};
   memset(g.src_of, 0xff, sizeof(g.src_of));
   for (unsigned i = 0; i < n; i++) {
      assert(g.src_of[copies[i].dst] == NONE);
      assert(temp == NVIR_COPY_NO_TEMP ||
             (copies[i].dst != temp && copies[i].src != temp));
      if (copies[i].dst == copies[i].src)
         continue;
      g.src_of[copies[i].dst] = copies[i].src;
      g.readers[copies[i].src]++;
   }
   for (unsigned i = 0; i < n; i++)
      emit_tree_from(&g, copies[i].dst);
   for (unsigned i = 0; i < n; i++) {
      unsigned reg = copies[i].dst;
      if (g.src_of[reg] == NONE)
         continue;
      if (temp == NVIR_COPY_NO_TEMP)
         break_cycle_with_swaps(&g, reg);
      else
         break_cycle_with_temp(&g, reg, temp);
   }
   return g.num_steps;
}
