/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One operand from text. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass_parse_priv.h"

/* --- Registers --- */

static bool
take_index(struct sass_parser *p, char letter, char zero, unsigned max,
           unsigned none, uint8_t *out)
{
   const char *at = p->at;
   char *end;
   if (*at++ != letter)
      return false;
   if (*at == zero) {
      p->at = at + 1;
      *out = none;
      return true;
   }
   if (!isdigit((unsigned char)*at))
      return false;
   unsigned long v = strtoul(at, &end, 10);
   if (v > max)
      return false;
   p->at = end;
   *out = v;
   return true;
}

static bool
take_gpr(struct sass_parser *p, uint8_t *out)
{
   sass_parse_skip_space(p);
   return take_index(p, 'R', 'Z', 254, SASS_RZ, out) ||
          sass_parse_fail(p, "expected R0..R254 or RZ");
}

static bool
take_gpr_into(struct sass_parser *p, enum sass_member m)
{
   uint8_t reg;
   return take_gpr(p, &reg) && sass_parse_set(p, m, reg);
}

bool
sass_parse_pred(struct sass_parser *p, uint8_t *out, bool *not_out)
{
   sass_parse_skip_space(p);
   *not_out = sass_parse_take(p, "!");
   return take_index(p, 'P', 'T', 6, SASS_PT, out) ||
          sass_parse_fail(p, "expected P0..P6 or PT");
}

static bool
take_pred_into(struct sass_parser *p, enum sass_member m,
               enum sass_member m_not)
{
   uint8_t pred;
   bool inverted;
   if (!sass_parse_pred(p, &pred, &inverted) || !sass_parse_set(p, m, pred))
      return false;
   if (m_not == M_none)
      return !inverted || sass_parse_fail(p, "a destination has no !");
   return sass_parse_set(p, m_not, inverted);
}

static bool
take_const(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_expect(p, "c[") && sass_parse_int_into(p, M_cb_bank) &&
          sass_parse_expect(p, "]") && sass_parse_expect(p, "[") &&
          sass_parse_int_into(p, M_cb_off) && sass_parse_expect(p, "]");
}

/* --- Source operands --- */

struct source_members {
   enum sass_member reg, neg, abs, inv, h1, half, swz, vpart;
};

static const struct source_members members_a = {
   M_ra, M_neg_a, M_abs_a, M_not_a, M_h1_a, M_half_a, M_swz_a, M_vpart_a};
static const struct source_members members_b = {
   M_rb, M_neg_b, M_abs_b, M_not_b, M_h1_b, M_half_b, M_swz_b, M_vpart_b};
static const struct source_members members_c = {
   M_rc, M_neg_c, M_none, M_none, M_none, M_half_c, M_swz_c, M_none};

/* The `index`th of `names` behind a register. */
static bool
take_part_name(struct sass_parser *p, const char *const *names, unsigned count,
               enum sass_member m)
{
   for (unsigned n = 1; n < count; n++) {
      if (names[n] && *names[n] && sass_parse_word(p, names[n]))
         return sass_parse_set(p, m, n);
   }
   return true;
}

static bool
take_part(struct sass_parser *p, enum sass_part part,
          const struct source_members *m)
{
   static const char *const h1[] = {NULL, ".H1"};
   static const char *const halves[] = {NULL, ".H0", ".H1"};
   static const char *const swizzles[] = {NULL, ".F32", ".H0_H0", ".H1_H1"};
   static const char *const bytes[] = {NULL, ".B1", ".B2", ".B3"};
   switch (part) {
   case PART_H1:
      return take_part_name(p, h1, ARRAY_SIZE(h1), m->h1);
   case PART_HALF:
      return take_part_name(p, halves, ARRAY_SIZE(halves), m->half);
   case PART_SWZ:
      return take_part_name(p, swizzles, ARRAY_SIZE(swizzles), m->swz);
   case PART_BYTE:
      if (sass_parse_word(p, ".H1"))
         return sass_parse_set(p, M_byte_sel, 2);
      return take_part_name(p, bytes, ARRAY_SIZE(bytes), M_byte_sel);
   case PART_VPART:
      return take_part_name(p, sass_vpart_names, SASS_VPART_COUNT, m->vpart);
   case PART_VSELA:
      return take_part_name(p, sass_vsel_a_names, SASS_VSEL_COUNT, M_vsel_a);
   case PART_VSELB:
      return take_part_name(p, sass_vsel_b_names, SASS_VSEL_COUNT, M_vsel_b);
   case PART_NONE:
      break;
   }
   return true;
}

static bool
set_flag(struct sass_parser *p, enum sass_member m)
{
   if (m == M_none || !sass_parse_has(p, m))
      return sass_parse_fail(p, "this operand has no such sign");
   return sass_parse_set(p, m, 1);
}

static bool
take_signs(struct sass_parser *p, const struct source_members *m, bool *abs_out)
{
   sass_parse_skip_space(p);
   if (sass_parse_take(p, "-") && !set_flag(p, m->neg))
      return false;
   if (sass_parse_take(p, "~") && !set_flag(p, m->inv))
      return false;
   *abs_out = sass_parse_take(p, "|");
   return !*abs_out || set_flag(p, m->abs);
}

static bool
take_source(struct sass_parser *p, enum sass_part part,
            const struct source_members *m)
{
   bool abs;
   if (!take_signs(p, m, &abs))
      return false;
   bool is_reg = m->reg != M_none && sass_parse_has(p, m->reg);
   if (is_reg ? !take_gpr_into(p, m->reg) : !take_const(p, PART_NONE))
      return false;
   return take_part(p, part, m) && (!abs || sass_parse_expect(p, "|"));
}

/* 0x1, -0x1, -(0x1), |1|, -|1|, ~(0x1). */
static bool
take_imm_source(struct sass_parser *p)
{
   sass_parse_skip_space(p);
   const char *at = p->at;
   bool abs = false, paren = false;
   if (strncmp(at, "-(", 2) == 0 || strncmp(at, "~(", 2) == 0 ||
       strncmp(at, "-~(", 3) == 0 || strncmp(at, "-|", 2) == 0 || *at == '|') {
      if (!take_signs(p, &members_b, &abs))
         return false;
      paren = !abs && sass_parse_take(p, "(");
   }
   if (!sass_parse_imm(p))
      return false;
   return !abs && !paren ? true : sass_parse_expect(p, abs ? "|" : ")");
}

static bool
take_b(struct sass_parser *p, enum sass_part part)
{
   if (p->row->form == SASS_FORM_I && sass_parse_has(p, M_imm))
      return take_imm_source(p);
   return take_source(p, part, &members_b);
}

/* --- Addresses, targets, names --- */

static bool
take_brackets(struct sass_parser *p, bool has_off)
{
   int64_t off = 0;
   uint8_t reg = SASS_RZ;
   if (!sass_parse_expect(p, "["))
      return false;
   sass_parse_skip_space(p);
   bool is_reg = *p->at == 'R';
   if (is_reg && !take_gpr(p, &reg))
      return false;
   sass_parse_skip_space(p);
   bool plus = is_reg && sass_parse_take(p, "+");
   if ((plus || !is_reg) && !sass_parse_int(p, &off))
      return false;
   if (off && !has_off)
      return sass_parse_fail(p, "no offset here");
   return sass_parse_set(p, M_ra, reg) &&
          (!has_off || sass_parse_set(p, M_off, off)) &&
          sass_parse_expect(p, "]");
}

static bool
take_caddr(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_expect(p, "c[") && sass_parse_int_into(p, M_cb_bank) &&
          sass_parse_expect(p, "]") && take_brackets(p, true);
}

static bool
take_rel(struct sass_parser *p, enum sass_part part)
{
   int64_t to;
   sass_parse_skip_space(p);
   const char *start = p->at;
   if (!sass_parse_int(p, &to))
      return false;
   const char *end = p->at;
   p->at = start;
   if (!sass_parse_set(p, M_target, to - (int64_t)p->pc - SASS_WORD_B))
      return false;
   p->at = end;
   return true;
}

static bool
take_reg_target(struct sass_parser *p, enum sass_part part)
{
   if (!take_gpr_into(p, M_ra))
      return false;
   sass_parse_skip_space(p);
   return !*p->at || *p->at == ';' || sass_parse_int_into(p, M_target);
}

static bool
take_name(struct sass_parser *p, const char *const *names, unsigned count,
          enum sass_member m)
{
   sass_parse_skip_space(p);
   for (unsigned n = 0; n < count; n++) {
      if (names[n] && sass_parse_word(p, names[n]))
         return sass_parse_set(p, m, n);
   }
   return sass_parse_fail(p, "unknown name");
}

static bool
take_sreg(struct sass_parser *p, enum sass_part part)
{
   if (!sass_parse_expect(p, "SR_"))
      return false;
   for (unsigned n = 0; n < 256; n++) {
      const char *name = sass_sreg_name(n);
      if (name && sass_parse_word(p, name))
         return sass_parse_set(p, M_sreg, n);
   }
   char *end;
   unsigned long v = strtoul(p->at, &end, 16);
   if (end != p->at + 2 || !isxdigit((unsigned char)*p->at))
      return sass_parse_fail(p, "unknown special register");
   p->at = end;
   return sass_parse_set(p, M_sreg, v);
}

static bool
take_sbmask(struct sass_parser *p, enum sass_part part)
{
   unsigned mask = 0;
   if (!sass_parse_expect(p, "{"))
      return false;
   while (isdigit((unsigned char)*p->at) && *p->at <= '5') {
      mask |= 1u << (*p->at++ - '0');
      sass_parse_take(p, ",");
      sass_parse_skip_space(p);
   }
   return sass_parse_set(p, M_sb_mask, mask) && sass_parse_expect(p, "}");
}

static bool
take_swizzle(struct sass_parser *p, enum sass_part part)
{
   unsigned swizzle = 0;
   sass_parse_skip_space(p);
   for (int n = 3; n >= 0; n--) {
      unsigned s = 0;
      while (s < 4 && !sass_parse_take(p, sass_swizzle_names[s]))
         s++;
      if (s == 4)
         return sass_parse_fail(p, "expected PP, PN, NP or ZP");
      swizzle |= s << (2 * n);
   }
   return sass_parse_set(p, M_swizzle, swizzle);
}

static bool
take_pr(struct sass_parser *p, enum sass_part part)
{
   sass_parse_skip_space(p);
   if (sass_parse_word(p, "PR"))
      return true;
   return sass_parse_expect(p, "CC") && sass_parse_set(p, M_use_cc, 1);
}

static bool
take_sb(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_expect(p, "SB") && sass_parse_int_into(p, M_sb);
}

static bool
take_dest(struct sass_parser *p, enum sass_part part)
{
   if (!take_gpr_into(p, M_rd))
      return false;
   return !sass_parse_word(p, ".CC") || set_flag(p, M_cc);
}

/* C = Rd: must repeat the destination. */
static bool
take_dest_again(struct sass_parser *p, enum sass_part part)
{
   uint8_t reg;
   sass_parse_skip_space(p);
   if (sass_parse_take(p, "-") && !set_flag(p, M_neg_c))
      return false;
   return take_gpr(p, &reg) &&
          (reg == p->i.rd || sass_parse_fail(p, "must be the destination"));
}

/* The second register of the pair that starts at rb. */
static bool
take_swap(struct sass_parser *p, enum sass_part part)
{
   uint8_t reg;
   if (!take_gpr(p, &reg))
      return false;
   unsigned expected = MIN2(p->i.rb + (p->i.wide ? 2 : 1), SASS_RZ);
   return reg == expected ||
          sass_parse_fail(p, "must follow the compare operand");
}

static bool
take_zero(struct sass_parser *p, enum sass_part part)
{
   int64_t v;
   return sass_parse_int(p, &v) &&
          (v == 0 || sass_parse_fail(p, "must be 0x0"));
}

/* --- Operands by kind --- */

static bool
take_s(struct sass_parser *p, enum sass_part part)
{
   return take_gpr_into(p, M_rd);
}

static bool
take_rd2(struct sass_parser *p, enum sass_part part)
{
   return take_gpr_into(p, M_rd2);
}

static bool
take_a(struct sass_parser *p, enum sass_part part)
{
   return take_source(p, part, &members_a);
}

static bool
take_c(struct sass_parser *p, enum sass_part part)
{
   return take_source(p, part, &members_c);
}

static bool
take_pd(struct sass_parser *p, enum sass_part part)
{
   return take_pred_into(p, M_pd, M_none);
}

static bool
take_pd2(struct sass_parser *p, enum sass_part part)
{
   return take_pred_into(p, M_pd2, M_none);
}

static bool
take_pa(struct sass_parser *p, enum sass_part part)
{
   return take_pred_into(p, M_pa,
                         sass_parse_has(p, M_pa_not) ? M_pa_not : M_none);
}

static bool
take_pb(struct sass_parser *p, enum sass_part part)
{
   return take_pred_into(p, M_pb, M_pb_not);
}

static bool
take_pc(struct sass_parser *p, enum sass_part part)
{
   return take_pred_into(p, M_pc, M_pc_not);
}

static bool
take_cc(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_expect(p, "CC");
}

static bool
take_ccode(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_expect(p, "CC.") &&
          take_name(p, sass_cond_names, 32, M_ccode);
}

static bool
take_shift(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_shift);
}

static bool
take_lut(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_lut);
}

static bool
take_lane_mask(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_lane_mask);
}

static bool
take_imm1(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_imm);
}

static bool
take_imm2(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_imm2);
}

static bool
take_abs(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_target);
}

static bool
take_texidx(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_tex_idx);
}

static bool
take_tmask(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_tmask);
}

static bool
take_texs(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_int_into(p, M_texs);
}

static bool
take_attr(struct sass_parser *p, enum sass_part part)
{
   return sass_parse_expect(p, "a") &&
          take_brackets(p, sass_parse_has(p, M_off));
}

static bool
take_addr(struct sass_parser *p, enum sass_part part)
{
   return take_brackets(p, true);
}

static bool
take_surf(struct sass_parser *p, enum sass_part part)
{
   return take_brackets(p, false);
}

static bool
take_texdim(struct sass_parser *p, enum sass_part part)
{
   return take_name(p, sass_tex_dim_names, 8, M_tex_dim);
}

static bool
take_txq(struct sass_parser *p, enum sass_part part)
{
   sass_parse_skip_space(p);
   if (isdigit((unsigned char)*p->at))
      return sass_parse_int_into(p, M_txq);
   return take_name(p, sass_txq_names, 64, M_txq);
}

static bool (*const takers[])(struct sass_parser *p, enum sass_part part) = {
   [OPERAND_D] = take_dest,
   [OPERAND_S] = take_s,
   [OPERAND_RD2] = take_rd2,
   [OPERAND_A] = take_a,
   [OPERAND_B] = take_b,
   [OPERAND_C] = take_c,
   [OPERAND_D_READ] = take_dest_again,
   [OPERAND_PD] = take_pd,
   [OPERAND_PD2] = take_pd2,
   [OPERAND_PA] = take_pa,
   [OPERAND_PB] = take_pb,
   [OPERAND_PC] = take_pc,
   [OPERAND_CC] = take_cc,
   [OPERAND_PR] = take_pr,
   [OPERAND_PR_W] = take_pr,
   [OPERAND_CCODE] = take_ccode,
   [OPERAND_SHIFT] = take_shift,
   [OPERAND_LUT] = take_lut,
   [OPERAND_LANE_MASK] = take_lane_mask,
   [OPERAND_IMM] = take_imm1,
   [OPERAND_IMM2] = take_imm2,
   [OPERAND_SREG] = take_sreg,
   [OPERAND_SWIZZLE] = take_swizzle,
   [OPERAND_SB] = take_sb,
   [OPERAND_SBMASK] = take_sbmask,
   [OPERAND_SWAP] = take_swap,
   [OPERAND_ADDR] = take_addr,
   [OPERAND_CADDR] = take_caddr,
   [OPERAND_SURF] = take_surf,
   [OPERAND_CB] = take_const,
   [OPERAND_REL] = take_rel,
   [OPERAND_ABS] = take_abs,
   [OPERAND_BRX] = take_reg_target,
   [OPERAND_JMX] = take_reg_target,
   [OPERAND_ZERO] = take_zero,
   [OPERAND_TEXIDX] = take_texidx,
   [OPERAND_TEXDIM] = take_texdim,
   [OPERAND_TMASK] = take_tmask,
   [OPERAND_TXQ] = take_txq,
   [OPERAND_TEXS] = take_texs,
   [OPERAND_ATTR] = take_attr,
};

bool
sass_parse_operand(struct sass_parser *p, const struct sass_operand_desc *o)
{
   return takers[o->kind](p, o->part);
}
