/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Removes what nobody needs: marks from effects upwards, so that loops of phis
 * without another use go too. */
#include "nouveau/compiler/nvir_passes.h"

static bool
has_effect(const struct nvir_instr *i)
{
   if (i->op != NVIR_OP_MACH)
      return nvir_op_infos[i->op].flags &
                (NVIR_OP_EFFECT | NVIR_OP_TERMINATOR) ||
             i->is_volatile;
   if (i->num_dsts == 0)
      return true;
   switch (sass_op_info(i->mi.op)->class_) {
   case SASS_CLASS_ATOMIC:
   case SASS_CLASS_CONTROL:
   case SASS_CLASS_STORE:
      return true;
   case SASS_CLASS_LOAD:
      return i->mi.cache == SASS_CACHE_CV && i->mi.op != SASS_OP_LDC;
   default:
      return i->mi.op == SASS_OP_SHFL || i->mi.op == SASS_OP_VOTE ||
             i->mi.op == SASS_OP_CS2R;
   }
}

struct dce {
   struct nvir_instr **stack;
   unsigned depth;
};

static void
mark(struct dce *d, struct nvir_instr *i)
{
   if (i->scratch)
      return;
   i->scratch = 1;
   d->stack[d->depth++] = i;
}

void
nvir_opt_dce(struct nvir_shader *s)
{
   struct dce d = {0};
   unsigned count = 0;

   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b) {
         i->scratch = 0;
         count++;
      }
   d.stack = util_arena_array(&s->arena, struct nvir_instr *, count + 1);
   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b)
         if (has_effect(i))
            mark(&d, i);
   while (d.depth) {
      struct nvir_instr *i = d.stack[--d.depth];
      nvir_foreach_src(src, i)
         if (src->kind == NVIR_SRC_VALUE && src->val->def)
            mark(&d, src->val->def);
   }
   nvir_foreach_block(b, s)
      nvir_foreach_instr_safe(i, b)
         if (!i->scratch)
            nvir_instr_remove(i);
}
