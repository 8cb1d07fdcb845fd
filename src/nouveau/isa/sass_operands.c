/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What an instruction reads and writes, and how long it takes. */
#include <assert.h>

#include "nouveau/isa/sass_priv.h"

unsigned
sass_size_B(enum sass_size size)
{
   static const uint8_t bytes[] = {1, 1, 2, 2, 4, 8, 16, 16};
   assert(size < ARRAY_SIZE(bytes));
   return bytes[size];
}

unsigned
sass_type_B(enum sass_type type)
{
   switch (type) {
   case SASS_U8:
   case SASS_S8:
      return 1;
   case SASS_U16:
   case SASS_S16:
   case SASS_F16:
   case SASS_U16H1:
   case SASS_S16H1:
      return 2;
   case SASS_U64:
   case SASS_S64:
   case SASS_F64:
   case SASS_SD64:
      return 8;
   default:
      return 4;
   }
}

/* --- Latency --- */

bool
sass_is_variable(enum sass_op op)
{
   return sass_op_info(op)->class_ >= SASS_CLASS_DOUBLE;
}

unsigned
sass_gpr_latency(enum sass_op op)
{
   switch (sass_op_info(op)->class_) {
   case SASS_CLASS_FULL:
   case SASS_CLASS_HALF:
   case SASS_CLASS_COMPARE:
      return 6;
   case SASS_CLASS_HALF2:
      return 13;
   default:
      return 0;
   }
}

unsigned
sass_pred_latency(enum sass_op op)
{
   switch (sass_op_info(op)->class_) {
   case SASS_CLASS_FULL:
   case SASS_CLASS_HALF:
   case SASS_CLASS_COMPARE:
      return 13;
   case SASS_CLASS_HALF2:
      return 14;
   default:
      return 0;
   }
}

/* --- Widths of register vectors --- */

static unsigned
words(unsigned bytes)
{
   return DIV_ROUND_UP(bytes, 4);
}

static unsigned
tex_coord_count(const struct sass_instr *i)
{
   static const uint8_t dims[] = {1, 2, 3, 3};
   return dims[i->tex_dim >> 1] + (i->tex_dim & 1);
}

static bool
is_short_tex(enum sass_op op)
{
   return op == SASS_OP_TEXS || op == SASS_OP_TLDS || op == SASS_OP_TLD4S;
}

/* Coordinates and array index; TXD.B has the handle there too, and TXD's
 * offsets share a register with the array index. */
static unsigned
texa_width(const struct sass_instr *i)
{
   unsigned n = tex_coord_count(i);
   struct sass_texs short_form;
   if (is_short_tex(i->op))
      return sass_texs_decode(i, &short_form) ? short_form.a_count : 1;
   if (i->op == SASS_OP_TXD)
      n += (i->form == SASS_FORM_R) + (i->aoffi && !(i->tex_dim & 1));
   return MIN2(n, 4);
}

/* Handle, sample index or lod, offsets, depth reference (isa.md 2.9). */
static unsigned
texb_width(const struct sass_instr *i)
{
   unsigned n = i->form == SASS_FORM_R;
   struct sass_texs short_form;
   if (is_short_tex(i->op))
      return sass_texs_decode(i, &short_form) ? short_form.b_count : 1;
   if (i->op == SASS_OP_TXD)
      return MIN2(2 * (tex_coord_count(i) - (i->tex_dim & 1)), 4);
   n += i->op == SASS_OP_TEX && i->lod > SASS_LOD_LZ;
   n += i->op == SASS_OP_TLD && i->lod == SASS_LOD_LL;
   n += i->ms;
   n += i->aoffi || i->tld4_off == 1 ? 1 : i->tld4_off == 2 ? 2 : 0;
   n += i->dc;
   return CLAMP(n, 1, 4);
}

static unsigned
surf_width(const struct sass_instr *i)
{
   static const uint8_t coords[] = {1, 1, 2, 2, 3, 3};
   return i->surf_dim < ARRAY_SIZE(coords) ? coords[i->surf_dim] : 1;
}

static unsigned
operand_width(const struct sass_instr *i, enum sass_width width)
{
   struct sass_texs short_form;
   switch (width) {
   case WIDTH_1:
      return 1;
   case WIDTH_2:
      return 2;
   case WIDTH_SIZE:
      return words(sass_size_B(i->size));
   case WIDTH_DTYPE:
      return words(sass_type_B(i->dtype));
   case WIDTH_STYPE:
      return words(sass_type_B(i->stype));
   case WIDTH_TYPE:
      return words(sass_type_B(i->type));
   case WIDTH_WIDE:
      return i->wide ? 2 : 1;
   case WIDTH_CAS:
      return i->wide ? 4 : 2;
   case WIDTH_CAST:
      return 2 * words(sass_type_B(i->type));
   case WIDTH_TMASK:
      if (is_short_tex(i->op))
         return sass_texs_decode(i, &short_form) ? short_form.d_count : 1;
      return MAX2(__builtin_popcount(i->tmask), 1);
   case WIDTH_TEXA:
      return texa_width(i);
   case WIDTH_TEXB:
      return texb_width(i);
   case WIDTH_TXQA:
      return 2;
   case WIDTH_ASIZE:
      return i->attr_size + 1;
   }
   return 1;
}

/* Register vectors start at a multiple of their length, rounded up to a power
 * of two (isa.md 1.3). */
static unsigned
vector_align(unsigned count)
{
   return count > 2 ? 4 : count;
}

/* --- Operand lists --- */

static void
add(struct sass_operands *out, struct sass_operand o)
{
   assert(out->count < SASS_OPERANDS_MAX);
   out->v[out->count++] = o;
}

static void
add_gpr(struct sass_operands *out, uint8_t reg, unsigned count,
        enum sass_slot slot, bool write)
{
   if (reg == SASS_RZ || !count)
      return;
   add(out, (struct sass_operand){SASS_FILE_GPR, slot, reg, count,
                                  vector_align(count), write});
}

static void
add_pred(struct sass_operands *out, uint8_t reg, bool write)
{
   if (reg != SASS_PT)
      add(out, (struct sass_operand){SASS_FILE_PRED, SASS_SLOT_NONE, reg, 1, 1,
                                     write});
}

static void
add_cc(struct sass_operands *out, bool write)
{
   add(out,
       (struct sass_operand){SASS_FILE_CC, SASS_SLOT_NONE, 0, 1, 1, write});
}

/* P2R reads and R2P writes predicates by the mask in operand b, 7 bits. */
static void
add_preds(struct sass_operands *out, const struct sass_instr *i, bool write)
{
   unsigned mask = i->form == SASS_FORM_I ? i->imm : 0x7f;
   for (unsigned p = 0; p < SASS_PT; p++) {
      if (mask & 1u << p)
         add_pred(out, p, write);
   }
}

static void
add_operand_reads(struct sass_operands *out, const struct sass_instr *i,
                  const struct sass_row *row, const struct sass_operand_desc *o)
{
   unsigned width = operand_width(i, o->width);
   switch (o->kind) {
   case OPERAND_S:
   case OPERAND_D_READ:
      add_gpr(out, i->rd, width, SASS_SLOT_D, false);
      break;
   case OPERAND_A:
   case OPERAND_BRX:
   case OPERAND_JMX:
   case OPERAND_CADDR:
   case OPERAND_ATTR:
      add_gpr(out, i->ra, width, SASS_SLOT_A, false);
      break;
   case OPERAND_ADDR:
      add_gpr(out, i->ra, i->e ? 2 : 1, SASS_SLOT_A, false);
      break;
   case OPERAND_SURF:
      add_gpr(out, i->ra, surf_width(i), SASS_SLOT_A, false);
      break;
   case OPERAND_B:
      if (sass_row_field(row, M_rb))
         add_gpr(out, i->rb, width,
                 i->form == SASS_FORM_RC ? SASS_SLOT_C : SASS_SLOT_B, false);
      break;
   case OPERAND_C:
      if (sass_row_field(row, M_rc))
         add_gpr(out, i->rc, width, SASS_SLOT_C, false);
      break;
   case OPERAND_PA:
      add_pred(out, i->pa, false);
      break;
   case OPERAND_PB:
      add_pred(out, i->pb, false);
      break;
   case OPERAND_PC:
      add_pred(out, i->pc, false);
      break;
   case OPERAND_CC:
      add_cc(out, false);
      break;
   case OPERAND_CCODE:
      if (i->ccode != SASS_COND_T && i->op != SASS_OP_NOP)
         add_cc(out, false);
      break;
   case OPERAND_PR:
      if (i->use_cc)
         add_cc(out, false);
      else
         add_preds(out, i, false);
      break;
   default:
      break;
   }
}

static void
add_operand_writes(struct sass_operands *out, const struct sass_instr *i,
                   const struct sass_operand_desc *o)
{
   struct sass_texs short_form;
   switch (o->kind) {
   case OPERAND_D:
   case OPERAND_D_READ:
      if (o->kind == OPERAND_D)
         add_gpr(out, i->rd, operand_width(i, o->width), SASS_SLOT_D, true);
      break;
   case OPERAND_RD2:
      add_gpr(out, i->rd2,
              sass_texs_decode(i, &short_form) ? short_form.d2_count : 1,
              SASS_SLOT_NONE, true);
      break;
   case OPERAND_PD:
      add_pred(out, i->pd, true);
      break;
   case OPERAND_PD2:
      add_pred(out, i->pd2, true);
      break;
   case OPERAND_PR_W:
      if (i->use_cc)
         add_cc(out, true);
      else
         add_preds(out, i, true);
      break;
   default:
      break;
   }
}

void
sass_operands(const struct sass_instr *i, struct sass_operands *out)
{
   const struct sass_row *row = sass_row_of(i);
   out->count = 0;
   assert(row);

   if (row->guard)
      add_pred(out, i->guard, false);
   if (i->x)
      add_cc(out, false);
   /* A half result keeps the other half. */
   if (i->merge == SASS_MERGE_H0 || i->merge == SASS_MERGE_H1)
      add_gpr(out, i->rd, 1, SASS_SLOT_D, false);
   const struct sass_operand_desc *desc = &sass_operand_descs[row->operand];
   for (unsigned n = 0; n < row->operand_count; n++)
      add_operand_reads(out, i, row, &desc[n]);

   for (unsigned n = 0; n < row->operand_count; n++)
      add_operand_writes(out, i, &desc[n]);
   if (i->cc)
      add_cc(out, true);
}

int
sass_check_regs(const struct sass_instr *i, struct sass_error *err)
{
   struct sass_operands list;
   sass_operands(i, &list);
   for (unsigned n = 0; n < list.count; n++) {
      const struct sass_operand *o = &list.v[n];
      if (o->file != SASS_FILE_GPR)
         continue;
      if (o->reg % o->align)
         return sass_fail(err, 0, "%s: R%u is not aligned for %u registers",
                          sass_op_info(i->op)->name, o->reg, o->count);
      if (o->reg + o->count > SASS_RZ)
         return sass_fail(err, 0, "%s: R%u..R%u run past R254",
                          sass_op_info(i->op)->name, o->reg,
                          o->reg + o->count - 1);
   }
   return 0;
}
