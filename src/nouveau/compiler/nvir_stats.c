/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One line a kernel of what people compare between compilers: "key value" pairs
 * in a fixed order, read by bin/sass-stats. */
#include "nouveau/compiler/nvir_passes.h"

struct counts {
   unsigned instrs, blocks, moves, memory, waits, stall_cycles;
};

static bool
is_memory(const struct sass_instr *mi)
{
   enum sass_class c = sass_op_info(mi->op)->class_;
   return c == SASS_CLASS_LOAD || c == SASS_CLASS_STORE ||
          c == SASS_CLASS_ATOMIC || c == SASS_CLASS_TEX;
}

static void
count_instr(struct counts *n, const struct nvir_instr *i)
{
   n->instrs++;
   n->moves += i->mi.op == SASS_OP_MOV || i->mi.op == SASS_OP_MOV32I;
   n->memory += is_memory(&i->mi);
   n->waits += i->wait_mask != 0;
   n->stall_cycles += i->stall;
}

void
nvir_stats(const struct nvir_shader *s, struct util_buf *out)
{
   struct counts n = {.blocks = s->num_blocks};
   nvir_foreach_block(b, (struct nvir_shader *)s)
      nvir_foreach_instr(i, b)
         count_instr(&n, i);
   util_buf_printf(out,
                   "%s: instrs %u blocks %u moves %u memory %u waits %u "
                   "stall %u gprs %u spills %u fills %u local %u shared %u "
                   "crs %u\n",
                   s->name, n.instrs, n.blocks, n.moves, n.memory, n.waits,
                   n.stall_cycles, s->num_gprs, s->num_spills, s->num_fills,
                   s->local_B, s->shared_B, s->crs_B);
}
