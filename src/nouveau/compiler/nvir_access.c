/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_access_priv.h"
#include "nouveau/compiler/nvir_bind_priv.h"

static unsigned
first_place(const struct sass_operand *o)
{
   switch (o->file) {
   case SASS_FILE_GPR:
      return o->reg;
   case SASS_FILE_PRED:
      return NVIR_FIRST_PRED_PLACE + o->reg;
   default:
      return NVIR_CC_PLACE;
   }
}

struct nvir_access
nvir_access_of(const struct nvir_instr *i)
{
   struct sass_instr mi;
   struct sass_operands list;
   struct nvir_access a = {0};
   nvir_bind(i, &mi);
   sass_operands(&mi, &list);
   for (unsigned n = 0; n < list.count; n++) {
      const struct sass_operand *o = &list.v[n];
      util_bitset_set_range(o->write ? a.writes.w : a.reads.w, first_place(o),
                            o->count);
   }
   return a;
}

unsigned
nvir_place_latency(const struct nvir_instr *i, unsigned place)
{
   bool is_pred = place >= NVIR_FIRST_PRED_PLACE && place < NVIR_CC_PLACE;
   return is_pred ? sass_pred_latency(i->mi.op) : sass_gpr_latency(i->mi.op);
}
