/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Takes out blocks that only go on, as they are left where an edge needed no
 * copies. A block that several ways enter stays: it may be where they meet. */
#include <assert.h>

#include "nouveau/compiler/nvir_passes.h"

static bool
is_empty(const struct nvir_block *b)
{
   const struct nvir_instr *term = nvir_block_terminator(b);
   return term && term->op == NVIR_OP_BR && b->instrs.next == &term->link;
}

void
nvir_opt_jumps(struct nvir_shader *s)
{
   assert(s->has_regs && !s->has_control);
   nvir_foreach_block_safe(b, s) {
      struct nvir_block *to = b->succs[0];
      if (!is_empty(b) || b->num_preds != 1 || to == b)
         continue;
      struct nvir_block *from = b->preds[0];
      if (from->succs[0] == to || from->succs[1] == to)
         continue;
      /* The way out of a loop: nvir_insert_convergence wants one that nobody
       * enters from elsewhere, the next loop's header neither. */
      if (from->loop_depth != b->loop_depth || b->loop_depth != to->loop_depth)
         continue;
      from->succs[from->succs[0] == b ? 0 : 1] = to;
      to->preds[nvir_block_pred_index(to, b)] = from;
      util_list_del(&b->link);
   }
   nvir_shader_number_blocks(s);
}
