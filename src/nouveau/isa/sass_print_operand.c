/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Text of one operand. */
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

/* `vpart`: of video operands. */
static const char *
part_text(const struct sass_instr *i, enum sass_part part, bool h1,
          unsigned half, unsigned swz, unsigned vpart)
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
   case PART_VPART:
      return sass_vpart_names[vpart % SASS_VPART_COUNT];
   case PART_VSELA:
      return sass_vsel_a_names[i->vsel_a % SASS_VSEL_COUNT];
   case PART_VSELB:
      return sass_vsel_b_names[i->vsel_b % SASS_VSEL_COUNT];
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

/* --- Addresses and targets --- */

static void
print_brackets(struct util_buf *out, unsigned reg, int32_t off)
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

/* --- Operands by kind --- */

/* What an operand's printer sees. */
struct operand_text {
   struct util_buf *out;
   const struct sass_row *row;
   const struct sass_instr *i;
   enum sass_part part;
   uint64_t pc;
};

static void
print_number(const struct operand_text *t, unsigned v)
{
   util_buf_printf(t->out, "0x%x", v);
}

static void
print_a(const struct operand_text *t)
{
   const struct sass_instr *i = t->i;
   struct source s = {
      i->neg_a, i->abs_a, i->not_a,
      part_text(i, t->part, i->h1_a, i->half_a, i->swz_a, i->vpart_a)};
   open_source(t->out, &s);
   print_gpr(t->out, i->ra);
   close_source(t->out, &s);
}

static void
print_b(const struct operand_text *t)
{
   const struct sass_instr *i = t->i;
   struct source s = {
      i->neg_b, i->abs_b, i->not_b,
      part_text(i, t->part, i->h1_b, i->half_b, i->swz_b, i->vpart_b)};
   if (sass_row_field(t->row, M_imm) && t->row->form == SASS_FORM_I) {
      print_imm_source(t->out, t->row, i, &s);
      return;
   }
   open_source(t->out, &s);
   if (sass_row_field(t->row, M_rb))
      print_gpr(t->out, i->rb);
   else
      print_const(t->out, i);
   close_source(t->out, &s);
}

static void
print_c(const struct operand_text *t)
{
   const struct sass_instr *i = t->i;
   struct source s = {i->neg_c, false, false,
                      part_text(i, t->part, false, i->half_c, i->swz_c, 0)};
   open_source(t->out, &s);
   if (sass_row_field(t->row, M_rc))
      print_gpr(t->out, i->rc);
   else
      print_const(t->out, i);
   close_source(t->out, &s);
}

static void
print_d(const struct operand_text *t)
{
   print_gpr(t->out, t->i->rd);
   util_buf_puts(t->out, t->i->cc ? ".CC" : "");
}

static void
print_s(const struct operand_text *t)
{
   print_gpr(t->out, t->i->rd);
}

static void
print_rd2(const struct operand_text *t)
{
   print_gpr(t->out, t->i->rd2);
}

/* Operand c is the destination itself. */
static void
print_d_read(const struct operand_text *t)
{
   util_buf_puts(t->out, t->i->neg_c ? "-" : "");
   print_gpr(t->out, t->i->rd);
}

static void
print_pd(const struct operand_text *t)
{
   print_pred(t->out, t->i->pd, false);
}

static void
print_pd2(const struct operand_text *t)
{
   print_pred(t->out, t->i->pd2, false);
}

static void
print_pa(const struct operand_text *t)
{
   print_pred(t->out, t->i->pa, t->i->pa_not);
}

static void
print_pb(const struct operand_text *t)
{
   print_pred(t->out, t->i->pb, t->i->pb_not);
}

static void
print_pc(const struct operand_text *t)
{
   print_pred(t->out, t->i->pc, t->i->pc_not);
}

static void
print_cc(const struct operand_text *t)
{
   util_buf_puts(t->out, "CC");
}

static void
print_pr(const struct operand_text *t)
{
   util_buf_puts(t->out, t->i->use_cc ? "CC" : "PR");
}

static void
print_ccode(const struct operand_text *t)
{
   util_buf_printf(t->out, "CC.%s", sass_cond_names[t->i->ccode & 31]);
}

static void
print_shift(const struct operand_text *t)
{
   print_number(t, t->i->shift);
}

static void
print_lut(const struct operand_text *t)
{
   print_number(t, t->i->lut);
}

static void
print_lane_mask(const struct operand_text *t)
{
   print_number(t, t->i->lane_mask);
}

static void
print_imm1(const struct operand_text *t)
{
   print_number(t, t->i->imm);
}

static void
print_imm2(const struct operand_text *t)
{
   print_number(t, t->i->imm2);
}

static void
print_sreg(const struct operand_text *t)
{
   const char *name = sass_sreg_name(t->i->sreg);
   if (name)
      util_buf_printf(t->out, "SR_%s", name);
   else
      util_buf_printf(t->out, "SR_%02x", t->i->sreg);
}

static void
print_swizzle(const struct operand_text *t)
{
   for (int n = 3; n >= 0; n--)
      util_buf_puts(t->out, sass_swizzle_names[t->i->swizzle >> (2 * n) & 3]);
}

static void
print_sb(const struct operand_text *t)
{
   util_buf_printf(t->out, "SB%u", t->i->sb);
}

static void
print_sbmask(const struct operand_text *t)
{
   const char *sep = "";
   util_buf_puts(t->out, "{");
   for (int b = 5; b >= 0; b--) {
      if (t->i->sb_mask & 1u << b) {
         util_buf_printf(t->out, "%s%d", sep, b);
         sep = ",";
      }
   }
   util_buf_puts(t->out, "}");
}

/* The register behind the pair that starts at rb. */
static void
print_swap(const struct operand_text *t)
{
   unsigned reg = t->i->rb + (t->i->wide ? 2 : 1);
   print_gpr(t->out, MIN2(reg, SASS_RZ));
}

static void
print_addr(const struct operand_text *t)
{
   print_brackets(t->out, t->i->ra, t->i->off);
}

static void
print_caddr(const struct operand_text *t)
{
   util_buf_printf(t->out, "c[0x%x]", t->i->cb_bank);
   print_brackets(t->out, t->i->ra, t->i->off);
}

static void
print_surf(const struct operand_text *t)
{
   print_brackets(t->out, t->i->ra, 0);
}

static void
print_cb(const struct operand_text *t)
{
   print_const(t->out, t->i);
}

static void
print_rel(const struct operand_text *t)
{
   print_hex_signed(t->out, (int64_t)t->pc + SASS_WORD_B + t->i->target);
}

static void
print_abs(const struct operand_text *t)
{
   print_number(t, t->i->target);
}

static void
print_reg_target(const struct operand_text *t)
{
   print_gpr(t->out, t->i->ra);
   if (t->i->target) {
      util_buf_puts(t->out, " ");
      print_hex_signed(t->out, t->i->target);
   }
}

static void
print_zero(const struct operand_text *t)
{
   print_number(t, 0);
}

static void
print_texidx(const struct operand_text *t)
{
   print_number(t, t->i->tex_idx);
}

static void
print_texdim(const struct operand_text *t)
{
   util_buf_puts(t->out, sass_tex_dim_names[t->i->tex_dim & 7]);
}

static void
print_tmask(const struct operand_text *t)
{
   print_number(t, t->i->tmask);
}

static void
print_txq(const struct operand_text *t)
{
   const char *name = sass_txq_names[t->i->txq & 63];
   if (name)
      util_buf_puts(t->out, name);
   else
      print_number(t, t->i->txq);
}

static void
print_texs(const struct operand_text *t)
{
   print_number(t, t->i->texs);
}

static void
print_attr(const struct operand_text *t)
{
   util_buf_puts(t->out, "a");
   print_brackets(t->out, t->i->ra, t->i->off);
}

static void (*const printers[])(const struct operand_text *) = {
   [OPERAND_D] = print_d,
   [OPERAND_S] = print_s,
   [OPERAND_A] = print_a,
   [OPERAND_B] = print_b,
   [OPERAND_C] = print_c,
   [OPERAND_D_READ] = print_d_read,
   [OPERAND_RD2] = print_rd2,
   [OPERAND_PD] = print_pd,
   [OPERAND_PD2] = print_pd2,
   [OPERAND_PA] = print_pa,
   [OPERAND_PB] = print_pb,
   [OPERAND_PC] = print_pc,
   [OPERAND_CC] = print_cc,
   [OPERAND_PR] = print_pr,
   [OPERAND_PR_W] = print_pr,
   [OPERAND_CCODE] = print_ccode,
   [OPERAND_SHIFT] = print_shift,
   [OPERAND_LUT] = print_lut,
   [OPERAND_LANE_MASK] = print_lane_mask,
   [OPERAND_IMM] = print_imm1,
   [OPERAND_IMM2] = print_imm2,
   [OPERAND_SREG] = print_sreg,
   [OPERAND_SWIZZLE] = print_swizzle,
   [OPERAND_SB] = print_sb,
   [OPERAND_SBMASK] = print_sbmask,
   [OPERAND_SWAP] = print_swap,
   [OPERAND_ADDR] = print_addr,
   [OPERAND_CADDR] = print_caddr,
   [OPERAND_SURF] = print_surf,
   [OPERAND_CB] = print_cb,
   [OPERAND_REL] = print_rel,
   [OPERAND_ABS] = print_abs,
   [OPERAND_BRX] = print_reg_target,
   [OPERAND_JMX] = print_reg_target,
   [OPERAND_ZERO] = print_zero,
   [OPERAND_TEXIDX] = print_texidx,
   [OPERAND_TEXDIM] = print_texdim,
   [OPERAND_TMASK] = print_tmask,
   [OPERAND_TXQ] = print_txq,
   [OPERAND_TEXS] = print_texs,
   [OPERAND_ATTR] = print_attr,
};

void
sass_print_operand(const struct sass_operand_desc *o,
                   const struct sass_row *row, const struct sass_instr *i,
                   uint64_t pc, struct util_buf *out)
{
   printers[o->kind](&(struct operand_text){out, row, i, o->part, pc});
}
