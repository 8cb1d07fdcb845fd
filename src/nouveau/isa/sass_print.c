/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Text of an instruction, in nvdisasm's spelling where golden vectors show it. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nouveau/isa/sass_priv.h"
#include "util/util_buf.h"

/* --- Numbers --- */

static void
print_hex_signed(struct util_buf *out, int64_t v)
{
   util_buf_printf(out, "%s0x%" PRIx64, v < 0 ? "-" : "",
                   v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/* Digits enough to come back exactly; infinities by name; NaNs by bits, 0f or
 * 0d and hexadecimal, except the two usual ones. */
static void
print_double(struct util_buf *out, double v, const char *nan_text)
{
   if (isnan(v))
      util_buf_puts(out, nan_text);
   else if (isinf(v))
      util_buf_puts(out, v < 0 ? "-INF" : "+INF");
   else
      util_buf_printf(out, "%.20g", v);
}

static void
print_f32(struct util_buf *out, uint32_t bits)
{
   float v;
   char nan_text[16];
   memcpy(&v, &bits, sizeof(v));
   snprintf(nan_text, sizeof(nan_text), "0f%08x", bits);
   if (bits << 1 == 0x7fc00000u << 1)
      strcpy(nan_text, bits >> 31 ? "-QNAN" : "+QNAN");
   print_double(out, v, nan_text);
}

static void
print_f64(struct util_buf *out, uint32_t high)
{
   double v;
   char nan_text[16];
   uint64_t bits = (uint64_t)high << 32;
   memcpy(&v, &bits, sizeof(v));
   snprintf(nan_text, sizeof(nan_text), "0d%08x", high);
   if (high << 1 == 0x7ff80000u << 1)
      strcpy(nan_text, high >> 31 ? "-QNAN" : "+QNAN");
   print_double(out, v, nan_text);
}

static void
print_f16(struct util_buf *out, uint32_t bits)
{
   unsigned exp = bits >> 10 & 0x1f, mant = bits & 0x3ff;
   double v = exp ? ldexp(1024 + mant, (int)exp - 25) : ldexp(mant, -24);
   char nan_text[16];
   snprintf(nan_text, sizeof(nan_text), "0h%04x", bits);
   if ((bits & 0x7fff) == 0x7e00)
      strcpy(nan_text, bits >> 15 ? "-QNAN" : "+QNAN");
   if (exp == 31)
      v = mant ? NAN : INFINITY;
   print_double(out, bits >> 15 ? -v : v, nan_text);
}

static void
print_imm(struct util_buf *out, const struct sass_row *row, int32_t imm)
{
   switch (row->imm_kind) {
   case IMM_UINT:
      util_buf_printf(out, "0x%x", (uint32_t)imm);
      break;
   case IMM_SINT:
      print_hex_signed(out, imm);
      break;
   case IMM_UINT20:
      util_buf_printf(out, "0x%x", imm & 0xfffff);
      break;
   case IMM_F32:
      print_f32(out, imm);
      break;
   case IMM_F64:
      print_f64(out, imm);
      break;
   case IMM_F16X2:
      print_f16(out, (uint32_t)imm >> 16);
      util_buf_puts(out, ", ");
      print_f16(out, imm & 0xffff);
      break;
   }
}

/* --- Registers and what surrounds them --- */

static void
print_gpr(struct util_buf *out, unsigned reg)
{
   if (reg == SASS_RZ)
      util_buf_puts(out, "RZ");
   else
      util_buf_printf(out, "R%u", reg);
}

static void
print_pred(struct util_buf *out, unsigned pred, bool inverted)
{
   util_buf_puts(out, inverted ? "!" : "");
   if (pred == SASS_PT)
      util_buf_puts(out, "PT");
   else
      util_buf_printf(out, "P%u", pred);
}

struct source {
   bool neg, abs, inv;
   const char *part;
};

static const char *
byte_part(const struct sass_instr *i)
{
   static const char *const names[] = {"", ".B1", ".B2", ".B3"};
   bool half = i->stype == SASS_U16 || i->stype == SASS_S16;
   return i->byte_sel == 2 && half ? ".H1" : names[i->byte_sel & 3];
}

static const char *
part_text(const struct sass_instr *i, enum sass_part part, bool h1,
          unsigned half, unsigned swz)
{
   static const char *const halves[] = {"", ".H0", ".H1", ""};
   static const char *const swizzles[] = {"", ".F32", ".H0_H0", ".H1_H1"};
   switch (part) {
   case PART_H1:
      return h1 ? ".H1" : "";
   case PART_HALF:
      return halves[half & 3];
   case PART_SWZ:
      return swizzles[swz & 3];
   case PART_BYTE:
      return byte_part(i);
   case PART_NONE:
      break;
   }
   return "";
}

static void
open_source(struct util_buf *out, const struct source *s)
{
   util_buf_puts(out, s->neg ? "-" : "");
   util_buf_puts(out, s->inv ? "~" : "");
   util_buf_puts(out, s->abs ? "|" : "");
}

static void
close_source(struct util_buf *out, const struct source *s)
{
   util_buf_puts(out, s->part);
   util_buf_puts(out, s->abs ? "|" : "");
}

static void
print_const(struct util_buf *out, const struct sass_instr *i)
{
   util_buf_printf(out, "c[0x%x][0x%x]", i->cb_bank, i->cb_off);
}

/* An immediate's own sign is not operand b's: -(0x1) has neg_b. */
static void
print_imm_source(struct util_buf *out, const struct sass_row *row,
                 const struct sass_instr *i, const struct source *s)
{
   bool plain = !s->neg && !s->inv && !s->abs;
   struct source sign = *s;
   sign.abs = false;
   open_source(out, &sign);
   util_buf_puts(out, plain ? "" : s->abs ? "|" : "(");
   print_imm(out, row, i->imm);
   util_buf_puts(out, plain ? "" : s->abs ? "|" : ")");
}

static void
print_source_a(struct util_buf *out, const struct sass_instr *i,
               enum sass_part part)
{
   struct source s = {i->neg_a, i->abs_a, i->not_a,
                      part_text(i, part, i->h1_a, i->half_a, i->swz_a)};
   open_source(out, &s);
   print_gpr(out, i->ra);
   close_source(out, &s);
}

static void
print_source_b(struct util_buf *out, const struct sass_row *row,
               const struct sass_instr *i, enum sass_part part)
{
   struct source s = {i->neg_b, i->abs_b, i->not_b,
                      part_text(i, part, i->h1_b, i->half_b, i->swz_b)};
   if (sass_row_field(row, M_imm) && row->form == SASS_FORM_I) {
      print_imm_source(out, row, i, &s);
      return;
   }
   open_source(out, &s);
   if (sass_row_field(row, M_rb))
      print_gpr(out, i->rb);
   else
      print_const(out, i);
   close_source(out, &s);
}

static void
print_source_c(struct util_buf *out, const struct sass_row *row,
               const struct sass_instr *i, enum sass_part part)
{
   struct source s = {i->neg_c, false, false,
                      part_text(i, part, false, i->half_c, i->swz_c)};
   open_source(out, &s);
   if (sass_row_field(row, M_rc))
      print_gpr(out, i->rc);
   else
      print_const(out, i);
   close_source(out, &s);
}

/* --- Addresses and targets --- */

static void
print_addr(struct util_buf *out, unsigned reg, int32_t off)
{
   util_buf_puts(out, "[");
   if (reg != SASS_RZ || !off)
      print_gpr(out, reg);
   if (off) {
      util_buf_puts(out, reg != SASS_RZ ? "+" : "");
      print_hex_signed(out, off);
   }
   util_buf_puts(out, "]");
}

static void
print_reg_target(struct util_buf *out, const struct sass_instr *i)
{
   print_gpr(out, i->ra);
   if (i->target) {
      util_buf_puts(out, " ");
      print_hex_signed(out, i->target);
   }
}

static void
print_sreg(struct util_buf *out, unsigned sreg)
{
   const char *name = sass_sreg_name(sreg);
   if (name)
      util_buf_printf(out, "SR_%s", name);
   else
      util_buf_printf(out, "SR_%02x", sreg);
}

static void
print_sbmask(struct util_buf *out, unsigned mask)
{
   const char *sep = "";
   util_buf_puts(out, "{");
   for (int b = 5; b >= 0; b--) {
      if (mask & 1u << b) {
         util_buf_printf(out, "%s%d", sep, b);
         sep = ",";
      }
   }
   util_buf_puts(out, "}");
}

static void
print_swizzle(struct util_buf *out, unsigned swizzle)
{
   for (int n = 3; n >= 0; n--)
      util_buf_puts(out, sass_swizzle_names[swizzle >> (2 * n) & 3]);
}

static void
print_txq(struct util_buf *out, unsigned txq)
{
   if (sass_txq_names[txq & 63])
      util_buf_puts(out, sass_txq_names[txq & 63]);
   else
      util_buf_printf(out, "0x%x", txq);
}

/* --- The list --- */

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
   case OPERAND_VIDEO:
      return i->video == SASS_VIDEO_PLAIN;
   default:
      return false;
   }
}

static void
print_number(struct util_buf *out, const struct sass_instr *i,
             enum sass_operand_kind kind)
{
   unsigned v = 0;
   switch (kind) {
   case OPERAND_SHIFT:
      v = i->shift;
      break;
   case OPERAND_LUT:
      v = i->lut;
      break;
   case OPERAND_LANE_MASK:
      v = i->lane_mask;
      break;
   case OPERAND_IMM:
      v = i->imm;
      break;
   case OPERAND_IMM2:
      v = i->imm2;
      break;
   case OPERAND_ABS:
      v = i->target;
      break;
   case OPERAND_TEXIDX:
      v = i->tex_idx;
      break;
   case OPERAND_TMASK:
      v = i->tmask;
      break;
   case OPERAND_TEXS:
      v = i->texs;
      break;
   case OPERAND_VIDEO:
      v = i->video;
      break;
   default:
      break;
   }
   util_buf_printf(out, "0x%x", v);
}

/* The register behind the pair that starts at rb. */
static void
print_swap(struct util_buf *out, const struct sass_instr *i)
{
   unsigned reg = i->rb + (i->wide ? 2 : 1);
   print_gpr(out, reg < SASS_RZ ? reg : SASS_RZ);
}

static void
print_operand(struct util_buf *out, const struct sass_row *row,
              const struct sass_instr *i, const struct sass_operand_desc *o,
              uint64_t pc)
{
   switch (o->kind) {
   case OPERAND_D:
      print_gpr(out, i->rd);
      util_buf_puts(out, i->cc ? ".CC" : "");
      break;
   case OPERAND_S:
      print_gpr(out, i->rd);
      break;
   case OPERAND_RD2:
      print_gpr(out, i->rd2);
      break;
   case OPERAND_A:
      print_source_a(out, i, o->part);
      break;
   case OPERAND_B:
      print_source_b(out, row, i, o->part);
      break;
   case OPERAND_C:
      print_source_c(out, row, i, o->part);
      break;
   case OPERAND_D_READ:
      util_buf_puts(out, i->neg_c ? "-" : "");
      print_gpr(out, i->rd);
      break;
   case OPERAND_PD:
      print_pred(out, i->pd, false);
      break;
   case OPERAND_PD2:
      print_pred(out, i->pd2, false);
      break;
   case OPERAND_PA:
      print_pred(out, i->pa, i->pa_not);
      break;
   case OPERAND_PB:
      print_pred(out, i->pb, i->pb_not);
      break;
   case OPERAND_PC:
      print_pred(out, i->pc, i->pc_not);
      break;
   case OPERAND_CC:
      util_buf_puts(out, "CC");
      break;
   case OPERAND_PR:
   case OPERAND_PR_W:
      util_buf_puts(out, i->use_cc ? "CC" : "PR");
      break;
   case OPERAND_CCODE:
      util_buf_printf(out, "CC.%s", sass_cond_names[i->ccode & 31]);
      break;
   case OPERAND_SREG:
      print_sreg(out, i->sreg);
      break;
   case OPERAND_SWIZZLE:
      print_swizzle(out, i->swizzle);
      break;
   case OPERAND_SB:
      util_buf_printf(out, "SB%u", i->sb);
      break;
   case OPERAND_SBMASK:
      print_sbmask(out, i->sb_mask);
      break;
   case OPERAND_SWAP:
      print_swap(out, i);
      break;
   case OPERAND_ADDR:
      print_addr(out, i->ra, i->off);
      break;
   case OPERAND_CADDR:
      util_buf_printf(out, "c[0x%x]", i->cb_bank);
      print_addr(out, i->ra, i->off);
      break;
   case OPERAND_SURF:
      print_addr(out, i->ra, 0);
      break;
   case OPERAND_CB:
      print_const(out, i);
      break;
   case OPERAND_REL:
      print_hex_signed(out, (int64_t)pc + SASS_WORD_B + i->target);
      break;
   case OPERAND_BRX:
   case OPERAND_JMX:
      print_reg_target(out, i);
      break;
   case OPERAND_ZERO:
      util_buf_puts(out, "0x0");
      break;
   case OPERAND_TEXDIM:
      util_buf_puts(out, sass_tex_dim_names[i->tex_dim & 7]);
      break;
   case OPERAND_TXQ:
      print_txq(out, i->txq);
      break;
   default:
      print_number(out, i, o->kind);
      break;
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
      util_buf_puts(out, "@");
      print_pred(out, i->guard, i->guard_not);
      util_buf_puts(out, " ");
   }
   print_mnemonic(out, row, i);
   const char *sep = " ";
   for (unsigned n = 0; n < row->operand_count; n++) {
      const struct sass_operand_desc *o = &sass_operand_descs[row->operand + n];
      if (is_omitted(i, o))
         continue;
      util_buf_puts(out, sep);
      print_operand(out, row, i, o, pc);
      sep = ", ";
   }
}
