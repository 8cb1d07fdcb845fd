/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Where paths meet, each predecessor brings every value to the place where the
 * block expects it: phis and values that moved, in one parallel copy. Critical
 * edges are split, so a block with several predecessors is the only successor
 * of each, and the copy sits before the jump. */
#include <assert.h>

#include "nouveau/compiler/nvir_assign_priv.h"

struct edge {
   struct nvir_instr *copy;
   uint64_t busy[NVIR_NUM_CLASSES][UTIL_BITSET_WORDS(256)];
};

static void
mark_busy(struct edge *e, const struct nvir_value *name)
{
   util_bitset_set_range(e->busy[name->cls], name->reg, name->words);
}

static void
add_copy(struct edge *e, struct nvir_value *to, struct nvir_src from)
{
   if (from.kind == NVIR_SRC_UNDEF)
      return;
   if (from.kind == NVIR_SRC_VALUE && from.val->reg == to->reg)
      return;
   e->copy->dsts[e->copy->num_dsts++] = (struct nvir_dst){.val = to};
   e->copy->srcs[e->copy->num_srcs++] = from;
}

/* What `entry` holds when control comes from predecessor `pred`. */
static struct nvir_src
incoming(struct nvir_ra *ra, const struct nvir_place *entry,
         const struct nvir_block *to, unsigned pred)
{
   const struct nvir_instr *def = entry->orig->def;
   struct nvir_src src = nvir_val(entry->orig);
   if (def->op == NVIR_OP_PHI && def->block == to)
      src = def->srcs[pred];
   if (src.kind != NVIR_SRC_VALUE)
      return src;
   struct nvir_value *name = ra->name[src.val->index];
   assert(name && "value is not where the edge begins");
   return nvir_val(name);
}

/* The lowest register that is neither live at the end of the block nor a
 * destination. */
static unsigned
find_temp(const struct nvir_ra *ra, const struct edge *e)
{
   for (unsigned r = 0; r < ra->files[NVIR_CLASS_GPR].limit; r++)
      if (!util_bitset_test(e->busy[NVIR_CLASS_GPR], r))
         return r;
   return NVIR_NO_TEMP;
}

static void
copy_on_edge(struct nvir_ra *ra, struct nvir_block *from)
{
   struct nvir_block *to = from->succs[0];
   const struct nvir_block_places *out = &ra->blocks[from->index];
   const struct nvir_block_places *in = &ra->blocks[to->index];
   struct edge e = {.copy = nvir_instr_create(ra->s, NVIR_OP_PCOPY,
                                              in->num_entry, in->num_entry)};
   unsigned pred = nvir_block_pred_index(to, from);
   e.copy->num_dsts = e.copy->num_srcs = 0;
   for (unsigned n = 0; n < out->num_exit; n++) {
      ra->name[out->exit[n].orig->index] = out->exit[n].name;
      mark_busy(&e, out->exit[n].name);
   }
   for (unsigned n = 0; n < in->num_entry; n++) {
      mark_busy(&e, in->entry[n].name);
      add_copy(&e, in->entry[n].name, incoming(ra, &in->entry[n], to, pred));
   }
   e.copy->scratch = find_temp(ra, &e);
   if (e.copy->num_dsts)
      nvir_instr_append_body(e.copy, from);
   for (unsigned n = 0; n < out->num_exit; n++)
      ra->name[out->exit[n].orig->index] = NULL;
}

void
nvir_ra_copy_on_edges(struct nvir_ra *ra)
{
   nvir_foreach_block(b, ra->s) {
      if (!b->succs[0])
         continue;
      for (unsigned n = 0; n < 2 && b->succs[n]; n++)
         assert((b->succs[n]->num_preds == 1 || !b->succs[1]) &&
                "critical edge");
      if (b->succs[0]->num_preds > 1)
         copy_on_edge(ra, b);
   }
}
