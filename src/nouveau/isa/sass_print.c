/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Text of an instruction, in nvdisasm's spelling where golden vectors show it. */
#include "nouveau/isa/sass_priv.h"
#include "util/util_buf.h"

/* May be left out: it has its default. */
static bool
is_omitted(const struct sass_instr *i, const struct sass_operand_desc *o)
{
   if (o->omit == OMIT_NEVER)
      return false;
   switch (o->kind) {
   case OPERAND_D:
      return i->rd == SASS_RZ;
   case OPERAND_A:
      return i->ra == SASS_RZ;
   case OPERAND_B:
      return i->rb == SASS_RZ;
   case OPERAND_PD:
      return i->pd == SASS_PT && (o->omit == OMIT_DEFAULT || !i->pmode);
   case OPERAND_PC:
      return i->pc == SASS_PT && !i->pc_not;
   case OPERAND_SHIFT:
      return !i->shift;
   case OPERAND_LANE_MASK:
      return i->lane_mask == 0xf;
   case OPERAND_CCODE:
      return i->ccode == SASS_COND_T;
   case OPERAND_IMM2:
      return !i->imm2;
   case OPERAND_SBMASK:
      return !i->sb_mask;
   case OPERAND_PB:
      return i->pb == SASS_PT && !i->pb_not;
   default:
      return false;
   }
}

static void
print_mnemonic(struct util_buf *out, const struct sass_row *row,
               const struct sass_instr *i)
{
   util_buf_puts(out, row->base);
   for (unsigned n = 0; n < row->mod_count; n++) {
      const struct sass_mod *mod = &sass_mods[sass_row_mods[row->mod + n]];
      int index = sass_mod_index(mod, row, i);
      util_buf_puts(out, index < 0 ? ".?" : mod->names[index]);
   }
}

void
sass_print(const struct sass_instr *i, uint64_t pc, struct util_buf *out)
{
   const struct sass_row *row = sass_row_of(i);
   if (!row) {
      util_buf_printf(out, "?%u.%u", i->op, i->form);
      return;
   }
   if (row->guard && (i->guard != SASS_PT || i->guard_not)) {
      util_buf_puts(out, i->guard_not ? "@!" : "@");
      util_buf_printf(out, i->guard == SASS_PT ? "PT " : "P%u ", i->guard);
   }
   print_mnemonic(out, row, i);
   const char *sep = " ";
   for (unsigned n = 0; n < row->operand_count; n++) {
      const struct sass_operand_desc *o = &sass_operand_descs[row->operand + n];
      if (is_omitted(i, o))
         continue;
      util_buf_puts(out, sep);
      sass_print_operand(o, row, i, pc, out);
      sep = ", ";
   }
}
