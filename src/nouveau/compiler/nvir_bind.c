/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <assert.h>

#include "nouveau/compiler/nvir_bind_priv.h"

static void
bind_slot(struct sass_instr *mi, enum nvir_slot slot, int reg, bool is_dst)
{
   uint8_t *const fields[NVIR_NUM_SLOTS] = {
      [NVIR_SLOT_RD] = &mi->rd, [NVIR_SLOT_RA] = &mi->ra,
      [NVIR_SLOT_RB] = &mi->rb, [NVIR_SLOT_RC] = &mi->rc,
      [NVIR_SLOT_PD] = &mi->pd, [NVIR_SLOT_PD2] = &mi->pd2,
      [NVIR_SLOT_PA] = &mi->pa, [NVIR_SLOT_PB] = &mi->pb,
      [NVIR_SLOT_PC] = &mi->pc, [NVIR_SLOT_GUARD] = &mi->guard,
   };
   if (slot == NVIR_SLOT_CC) {
      *(is_dst ? &mi->cc : &mi->x) = true;
      return;
   }
   assert(slot < NVIR_NUM_SLOTS && fields[slot] && reg >= 0);
   *fields[slot] = reg;
}

void
nvir_bind(const struct nvir_instr *i, struct sass_instr *out)
{
   assert(i->op == NVIR_OP_MACH);
   *out = i->mi;
   out->cc = out->x = false;
   nvir_foreach_src(src, i)
      if (src->kind == NVIR_SRC_VALUE)
         bind_slot(out, src->slot, src->val->reg, false);
   nvir_foreach_dst(dst, i)
      bind_slot(out, dst->slot, dst->val->reg, true);
}
