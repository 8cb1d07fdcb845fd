/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Edges from a block with two ways to a block with several predecessors get a
 * block of their own, where nvir_assign_regs can put a phi's copies. */
#include "nouveau/compiler/nvir_passes.h"

void
nvir_split_critical_edges(struct nvir_shader *s)
{
   nvir_foreach_block_safe(b, s) {
      if (!b->succs[1])
         continue;
      for (unsigned e = 0; e < 2; e++)
         if (b->succs[e]->num_preds > 1)
            nvir_edge_split(b, b->succs[e]);
   }
   nvir_shader_number_blocks(s);
}
