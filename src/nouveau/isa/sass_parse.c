/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* From text back to an instruction: every form of the mnemonic is tried, the
 * error of the one that got furthest is reported. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass_priv.h"

struct parser {
   const char *text, *at;
   uint64_t pc;
   const struct sass_row *row;
   struct sass_instr i;
   struct sass_error err;
};

/* --- Characters --- */

static bool
fail(struct parser *p, const char *what)
{
   sass_fail(&p->err, p->at - p->text + 1, "%s", what);
   return false;
}

static void
skip_space(struct parser *p)
{
   while (isspace((unsigned char)*p->at))
      p->at++;
}

static bool
take(struct parser *p, const char *word)
{
   size_t n = strlen(word);
   if (strncmp(p->at, word, n) != 0)
      return false;
   p->at += n;
   return true;
}

static bool
expect(struct parser *p, const char *word)
{
   skip_space(p);
   if (take(p, word))
      return true;
   char what[32];
   snprintf(what, sizeof(what), "expected `%s`", word);
   return fail(p, what);
}

static bool
is_word_char(char c)
{
   return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* Takes `word` only if no longer word begins with it. */
static bool
take_word(struct parser *p, const char *word)
{
   const char *start = p->at;
   if (take(p, word) && !is_word_char(*p->at))
      return true;
   p->at = start;
   return false;
}

/* --- Members --- */

static bool
set(struct parser *p, enum sass_member m, int64_t value)
{
   const struct sass_field *f = sass_row_field(p->row, m);
   uint64_t raw;
   if (!f && value)
      return fail(p, "this form has no such field");
   if (f && !sass_field_to_raw(f, value, &raw))
      return fail(p, "out of range or not aligned");
   if (f)
      sass_member_set(&p->i, m, value);
   return true;
}

static bool
has(struct parser *p, enum sass_member m)
{
   return sass_row_field(p->row, m) != NULL;
}

/* --- Numbers --- */

/* Signed 32 bits or unsigned 32 bits. */
static bool
take_int(struct parser *p, int64_t *out)
{
   skip_space(p);
   const char *digits = p->at + (*p->at == '-' || *p->at == '+');
   if (!isdigit((unsigned char)*digits))
      return fail(p, "expected a number");
   char *end;
   errno = 0;
   long long v = strtoll(p->at, &end, 0);
   if (errno || v < INT32_MIN || v > UINT32_MAX)
      return fail(p, "number past 32 bits");
   if (is_word_char(*end))
      return fail(p, "bad number");
   p->at = end;
   *out = v;
   return true;
}

static bool
take_int_into(struct parser *p, enum sass_member m)
{
   const char *start = p->at;
   int64_t v;
   if (!take_int(p, &v))
      return false;
   const char *end = p->at;
   const struct sass_field *f = sass_row_field(p->row, m);
   if (f && f->sext == 32)
      v = (int32_t)v; /* 0xffffffff is -1 */
   p->at = start;
   if (!set(p, m, v))
      return false;
   p->at = end;
   return true;
}

/* Bits by prefix ("0f", "0d", "0h"), or a decimal number, INF or QNAN. */
static bool
take_float(struct parser *p, const char *bits_prefix, bool *is_bits_out,
           uint64_t *bits_out, double *value_out)
{
   char *end;
   skip_space(p);
   *is_bits_out = take(p, bits_prefix);
   if (*is_bits_out) {
      *bits_out = strtoull(p->at, &end, 16);
      if (end == p->at)
         return fail(p, "expected hexadecimal digits");
      p->at = end;
      return true;
   }
   const char *sign = p->at + (*p->at == '-' || *p->at == '+');
   if (strncmp(sign, "QNAN", 4) == 0) {
      *value_out = *p->at == '-' ? -NAN : NAN;
      p->at = sign + 4;
      return true;
   }
   if (strncmp(sign, "INF", 3) == 0) {
      *value_out = *p->at == '-' ? -INFINITY : INFINITY;
      p->at = sign + 3;
      return true;
   }
   if (!isdigit((unsigned char)*sign) && *sign != '.')
      return fail(p, "expected a number");
   *value_out = strtod(p->at, &end);
   p->at = end;
   return true;
}

static bool
take_f32(struct parser *p, int32_t *imm_out)
{
   bool is_bits;
   uint64_t bits;
   double d;
   if (!take_float(p, "0f", &is_bits, &bits, &d))
      return false;
   float f = is_bits ? 0 : (float)d;
   if (is_bits)
      *imm_out = (int32_t)bits;
   else
      memcpy(imm_out, &f, sizeof(f));
   return true;
}

static bool
take_f64(struct parser *p, int32_t *imm_out)
{
   bool is_bits;
   uint64_t bits;
   double d;
   if (!take_float(p, "0d", &is_bits, &bits, &d))
      return false;
   if (is_bits) {
      *imm_out = (int32_t)bits;
      return true;
   }
   memcpy(&bits, &d, sizeof(bits));
   *imm_out = (int32_t)(bits >> 32);
   return (uint32_t)bits == 0 || fail(p, "double has no place in an immediate");
}

static bool
take_f16(struct parser *p, uint32_t *half_out)
{
   bool is_bits;
   uint64_t bits;
   double d;
   if (!take_float(p, "0h", &is_bits, &bits, &d))
      return false;
   if (is_bits) {
      *half_out = bits & 0xffff;
      return true;
   }
   uint32_t sign = signbit(d) ? 0x8000 : 0;
   double a = fabs(d);
   if (isnan(d) || isinf(d)) {
      *half_out = sign | (isnan(d) ? 0x7e00 : 0x7c00);
      return true;
   }
   int exp;
   frexp(a, &exp);
   int e = MAX2(exp - 1, -14);
   double mant = ldexp(a, 10 - e); /* 1024..2047, or less for subnormals */
   if (mant != floor(mant) || e > 15)
      return fail(p, "not a half");
   *half_out =
      sign | ((uint32_t)mant + (mant >= 1024 ? (uint32_t)(e + 14) << 10 : 0));
   return true;
}

static bool
take_imm(struct parser *p)
{
   const char *start = p->at;
   int32_t imm = 0;
   int64_t v;
   uint32_t high, low;
   switch (p->row->imm_kind) {
   case IMM_UINT:
   case IMM_SINT:
      return take_int_into(p, M_imm);
   case IMM_UINT20:
      if (!take_int(p, &v))
         return false;
      imm = v >> 19 == 1 ? v - 0x100000 : v;
      break;
   case IMM_F32:
      if (!take_f32(p, &imm))
         return false;
      break;
   case IMM_F64:
      if (!take_f64(p, &imm))
         return false;
      break;
   case IMM_F16X2:
      if (!take_f16(p, &high) || !expect(p, ",") || !take_f16(p, &low))
         return false;
      imm = high << 16 | low;
      break;
   }
   const char *end = p->at;
   p->at = start;
   if (!set(p, M_imm, imm))
      return false;
   p->at = end;
   return true;
}

/* --- Registers --- */

static bool
take_index(struct parser *p, char letter, char zero, unsigned max,
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
take_gpr(struct parser *p, uint8_t *out)
{
   skip_space(p);
   return take_index(p, 'R', 'Z', 254, SASS_RZ, out) ||
          fail(p, "expected R0..R254 or RZ");
}

static bool
take_gpr_into(struct parser *p, enum sass_member m)
{
   uint8_t reg;
   return take_gpr(p, &reg) && set(p, m, reg);
}

static bool
take_pred(struct parser *p, uint8_t *out, bool *not_out)
{
   skip_space(p);
   *not_out = take(p, "!");
   return take_index(p, 'P', 'T', 6, SASS_PT, out) ||
          fail(p, "expected P0..P6 or PT");
}

static bool
take_pred_into(struct parser *p, enum sass_member m, enum sass_member m_not)
{
   uint8_t pred;
   bool inverted;
   if (!take_pred(p, &pred, &inverted) || !set(p, m, pred))
      return false;
   if (m_not == M_none)
      return !inverted || fail(p, "a destination has no !");
   return set(p, m_not, inverted);
}

static bool
take_const(struct parser *p)
{
   return expect(p, "c[") && take_int_into(p, M_cb_bank) && expect(p, "]") &&
          expect(p, "[") && take_int_into(p, M_cb_off) && expect(p, "]");
}

/* --- Source operands --- */

struct source_members {
   enum sass_member reg, neg, abs, inv, h1, half, swz;
};

static const struct source_members members_a = {
   M_ra, M_neg_a, M_abs_a, M_not_a, M_h1_a, M_half_a, M_swz_a};
static const struct source_members members_b = {
   M_rb, M_neg_b, M_abs_b, M_not_b, M_h1_b, M_half_b, M_swz_b};
static const struct source_members members_c = {
   M_rc, M_neg_c, M_none, M_none, M_none, M_half_c, M_swz_c};

/* The `index`th of `names` behind a register. */
static bool
take_part_name(struct parser *p, const char *const *names, unsigned count,
               enum sass_member m)
{
   for (unsigned n = 1; n < count; n++) {
      if (names[n] && take_word(p, names[n]))
         return set(p, m, n);
   }
   return true;
}

static bool
take_part(struct parser *p, enum sass_part part, const struct source_members *m)
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
      if (take_word(p, ".H1"))
         return set(p, M_byte_sel, 2);
      return take_part_name(p, bytes, ARRAY_SIZE(bytes), M_byte_sel);
   case PART_NONE:
      break;
   }
   return true;
}

static bool
set_flag(struct parser *p, enum sass_member m)
{
   if (m == M_none || !has(p, m))
      return fail(p, "this operand has no such sign");
   return set(p, m, 1);
}

static bool
take_signs(struct parser *p, const struct source_members *m, bool *abs_out)
{
   skip_space(p);
   if (take(p, "-") && !set_flag(p, m->neg))
      return false;
   if (take(p, "~") && !set_flag(p, m->inv))
      return false;
   *abs_out = take(p, "|");
   return !*abs_out || set_flag(p, m->abs);
}

static bool
take_source(struct parser *p, enum sass_part part,
            const struct source_members *m)
{
   bool abs;
   if (!take_signs(p, m, &abs))
      return false;
   bool is_reg = m->reg != M_none && has(p, m->reg);
   if (is_reg ? !take_gpr_into(p, m->reg) : !take_const(p))
      return false;
   return take_part(p, part, m) && (!abs || expect(p, "|"));
}

/* 0x1, -0x1, -(0x1), |1|, -|1|, ~(0x1). */
static bool
take_imm_source(struct parser *p)
{
   skip_space(p);
   const char *at = p->at;
   bool abs = false, paren = false;
   if (strncmp(at, "-(", 2) == 0 || strncmp(at, "~(", 2) == 0 ||
       strncmp(at, "-~(", 3) == 0 || strncmp(at, "-|", 2) == 0 || *at == '|') {
      if (!take_signs(p, &members_b, &abs))
         return false;
      paren = !abs && take(p, "(");
   }
   if (!take_imm(p))
      return false;
   return !abs && !paren ? true : expect(p, abs ? "|" : ")");
}

static bool
take_source_b(struct parser *p, enum sass_part part)
{
   if (p->row->form == SASS_FORM_I && has(p, M_imm))
      return take_imm_source(p);
   return take_source(p, part, &members_b);
}

/* --- Addresses, targets, names --- */

static bool
take_addr(struct parser *p, bool has_off)
{
   int64_t off = 0;
   uint8_t reg = SASS_RZ;
   if (!expect(p, "["))
      return false;
   skip_space(p);
   bool is_reg = *p->at == 'R';
   if (is_reg && !take_gpr(p, &reg))
      return false;
   skip_space(p);
   bool plus = is_reg && take(p, "+");
   if ((plus || !is_reg) && !take_int(p, &off))
      return false;
   if (off && !has_off)
      return fail(p, "no offset here");
   return set(p, M_ra, reg) && (!has_off || set(p, M_off, off)) &&
          expect(p, "]");
}

static bool
take_caddr(struct parser *p)
{
   return expect(p, "c[") && take_int_into(p, M_cb_bank) && expect(p, "]") &&
          take_addr(p, true);
}

static bool
take_rel(struct parser *p)
{
   int64_t to;
   skip_space(p);
   const char *start = p->at;
   if (!take_int(p, &to))
      return false;
   const char *end = p->at;
   p->at = start;
   if (!set(p, M_target, to - (int64_t)p->pc - SASS_WORD_B))
      return false;
   p->at = end;
   return true;
}

static bool
take_reg_target(struct parser *p)
{
   if (!take_gpr_into(p, M_ra))
      return false;
   skip_space(p);
   return !*p->at || *p->at == ';' || take_int_into(p, M_target);
}

static bool
take_name(struct parser *p, const char *const *names, unsigned count,
          enum sass_member m)
{
   skip_space(p);
   for (unsigned n = 0; n < count; n++) {
      if (names[n] && take_word(p, names[n]))
         return set(p, m, n);
   }
   return fail(p, "unknown name");
}

static bool
take_sreg(struct parser *p)
{
   if (!expect(p, "SR_"))
      return false;
   for (unsigned n = 0; n < 256; n++) {
      const char *name = sass_sreg_name(n);
      if (name && take_word(p, name))
         return set(p, M_sreg, n);
   }
   char *end;
   unsigned long v = strtoul(p->at, &end, 16);
   if (end != p->at + 2 || !isxdigit((unsigned char)*p->at))
      return fail(p, "unknown special register");
   p->at = end;
   return set(p, M_sreg, v);
}

static bool
take_sbmask(struct parser *p)
{
   unsigned mask = 0;
   if (!expect(p, "{"))
      return false;
   while (isdigit((unsigned char)*p->at) && *p->at <= '5') {
      mask |= 1u << (*p->at++ - '0');
      take(p, ",");
      skip_space(p);
   }
   return set(p, M_sb_mask, mask) && expect(p, "}");
}

static bool
take_swizzle(struct parser *p)
{
   unsigned swizzle = 0;
   skip_space(p);
   for (int n = 3; n >= 0; n--) {
      unsigned s = 0;
      while (s < 4 && !take(p, sass_swizzle_names[s]))
         s++;
      if (s == 4)
         return fail(p, "expected PP, PN, NP or ZP");
      swizzle |= s << (2 * n);
   }
   return set(p, M_swizzle, swizzle);
}

static bool
take_pr(struct parser *p)
{
   skip_space(p);
   if (take_word(p, "PR"))
      return true;
   return expect(p, "CC") && set(p, M_use_cc, 1);
}

static bool
take_sb(struct parser *p)
{
   return expect(p, "SB") && take_int_into(p, M_sb);
}

static bool
take_dest(struct parser *p)
{
   if (!take_gpr_into(p, M_rd))
      return false;
   return !take_word(p, ".CC") || set_flag(p, M_cc);
}

/* C = Rd: must repeat the destination. */
static bool
take_dest_again(struct parser *p)
{
   uint8_t reg;
   skip_space(p);
   if (take(p, "-") && !set_flag(p, M_neg_c))
      return false;
   return take_gpr(p, &reg) &&
          (reg == p->i.rd || fail(p, "must be the destination"));
}

/* The second register of the pair that starts at rb. */
static bool
take_swap(struct parser *p)
{
   uint8_t reg;
   if (!take_gpr(p, &reg))
      return false;
   unsigned expected = MIN2(p->i.rb + (p->i.wide ? 2 : 1), SASS_RZ);
   return reg == expected || fail(p, "must follow the compare operand");
}

static bool
take_zero(struct parser *p)
{
   int64_t v;
   return take_int(p, &v) && (v == 0 || fail(p, "must be 0x0"));
}

/* --- The list --- */

static bool
take_operand(struct parser *p, const struct sass_operand_desc *o)
{
   switch (o->kind) {
   case OPERAND_D:
      return take_dest(p);
   case OPERAND_S:
      return take_gpr_into(p, M_rd);
   case OPERAND_RD2:
      return take_gpr_into(p, M_rd2);
   case OPERAND_A:
      return take_source(p, o->part, &members_a);
   case OPERAND_B:
      return take_source_b(p, o->part);
   case OPERAND_C:
      return take_source(p, o->part, &members_c);
   case OPERAND_D_READ:
      return take_dest_again(p);
   case OPERAND_PD:
      return take_pred_into(p, M_pd, M_none);
   case OPERAND_PD2:
      return take_pred_into(p, M_pd2, M_none);
   case OPERAND_PA:
      return take_pred_into(p, M_pa, has(p, M_pa_not) ? M_pa_not : M_none);
   case OPERAND_PB:
      return take_pred_into(p, M_pb, M_pb_not);
   case OPERAND_PC:
      return take_pred_into(p, M_pc, M_pc_not);
   case OPERAND_CC:
      return expect(p, "CC");
   case OPERAND_PR:
   case OPERAND_PR_W:
      return take_pr(p);
   case OPERAND_CCODE:
      return expect(p, "CC.") && take_name(p, sass_cond_names, 32, M_ccode);
   case OPERAND_SHIFT:
      return take_int_into(p, M_shift);
   case OPERAND_LUT:
      return take_int_into(p, M_lut);
   case OPERAND_LANE_MASK:
      return take_int_into(p, M_lane_mask);
   case OPERAND_IMM:
      return take_int_into(p, M_imm);
   case OPERAND_IMM2:
      return take_int_into(p, M_imm2);
   case OPERAND_SREG:
      return take_sreg(p);
   case OPERAND_SWIZZLE:
      return take_swizzle(p);
   case OPERAND_SB:
      return take_sb(p);
   case OPERAND_SBMASK:
      return take_sbmask(p);
   case OPERAND_SWAP:
      return take_swap(p);
   case OPERAND_ADDR:
      return take_addr(p, true);
   case OPERAND_CADDR:
      return take_caddr(p);
   case OPERAND_SURF:
      return take_addr(p, false);
   case OPERAND_CB:
      return take_const(p);
   case OPERAND_REL:
      return take_rel(p);
   case OPERAND_ABS:
      return take_int_into(p, M_target);
   case OPERAND_BRX:
   case OPERAND_JMX:
      return take_reg_target(p);
   case OPERAND_ZERO:
      return take_zero(p);
   case OPERAND_TEXIDX:
      return take_int_into(p, M_tex_idx);
   case OPERAND_TEXDIM:
      return take_name(p, sass_tex_dim_names, 8, M_tex_dim);
   case OPERAND_TMASK:
      return take_int_into(p, M_tmask);
   case OPERAND_TXQ:
      skip_space(p);
      if (isdigit((unsigned char)*p->at))
         return take_int_into(p, M_txq);
      return take_name(p, sass_txq_names, 64, M_txq);
   case OPERAND_TEXS:
      return take_int_into(p, M_texs);
   case OPERAND_VIDEO:
      return take_int_into(p, M_video);
   }
   return false;
}

/* Whether an operand that may be missing stands here. */
static bool
starts_operand(struct parser *p, enum sass_operand_kind kind)
{
   skip_space(p);
   switch (kind) {
   case OPERAND_PD:
   case OPERAND_PC:
      return *p->at == 'P' || *p->at == '!';
   case OPERAND_D:
   case OPERAND_A:
   case OPERAND_B:
      return *p->at == 'R';
   case OPERAND_CCODE:
      return strncmp(p->at, "CC.", 3) == 0;
   case OPERAND_SBMASK:
      return *p->at == '{';
   default:
      return isdigit((unsigned char)*p->at);
   }
}

static bool
take_operands(struct parser *p)
{
   bool first = true;
   for (unsigned n = 0; n < p->row->operand_count; n++) {
      const struct sass_operand_desc *o =
         &sass_operand_descs[p->row->operand + n];
      const char *start = p->at;
      skip_space(p);
      bool comma = first || take(p, ",");
      if (o->omit != OMIT_NEVER && (!comma || !starts_operand(p, o->kind))) {
         p->at = start;
         continue;
      }
      if (!comma)
         return fail(p, "expected `,`");
      if (!take_operand(p, o))
         return false;
      first = false;
   }
   skip_space(p);
   take(p, ";");
   skip_space(p);
   return !*p->at || fail(p, "more than the instruction takes");
}

/* The longest name of the modifier that stands here. */
static bool
take_mod(struct parser *p, const struct sass_mod *mod)
{
   int best = -1;
   size_t best_length = 0;
   for (unsigned n = 0; n < mod->count; n++) {
      const char *name = mod->names[n];
      size_t length = name ? strlen(name) : 0;
      if (!name || strncmp(p->at, name, length) != 0)
         continue;
      char next = p->at[length];
      if (length && next != '.' && is_word_char(next))
         continue;
      if (best < 0 || length > best_length) {
         best = n;
         best_length = length;
      }
   }
   if (best < 0)
      return fail(p, "unknown modifier");
   if (!sass_mod_apply(mod, p->row, best, &p->i))
      return fail(p, "this form has no such modifier");
   p->at += best_length;
   return true;
}

static bool
take_mods(struct parser *p)
{
   for (unsigned n = 0; n < p->row->mod_count; n++) {
      if (!take_mod(p, &sass_mods[sass_row_mods[p->row->mod + n]]))
         return false;
   }
   return !is_word_char(*p->at) || fail(p, "unknown modifier");
}

/* --- The instruction --- */

struct guard {
   uint8_t pred;
   bool inverted;
};

static bool
parse_row(struct parser *p, const char *after_base, const struct guard *g)
{
   p->at = after_base;
   sass_instr_init_row(&p->i, p->row);
   if (!p->row->guard && (g->pred != SASS_PT || g->inverted))
      return fail(p, "takes no guard");
   p->i.guard = g->pred;
   p->i.guard_not = g->inverted;
   return take_mods(p) && take_operands(p);
}

static const struct sass_base *
find_base(const char *at, size_t length)
{
   for (unsigned n = 0; n < sass_base_count; n++) {
      const char *name = sass_bases[n].name;
      if (strlen(name) == length && strncmp(name, at, length) == 0)
         return &sass_bases[n];
   }
   return NULL;
}

int
sass_parse(const char *text, uint64_t pc, struct sass_instr *i_out,
           struct sass_error *err)
{
   struct parser p = {.text = text, .at = text, .pc = pc};
   struct guard g = {SASS_PT, false};
   struct sass_error best = {0};

   skip_space(&p);
   if (take(&p, "@") && !take_pred(&p, &g.pred, &g.inverted)) {
      best = p.err;
      goto error;
   }
   skip_space(&p);
   size_t length = 0;
   while (isalnum((unsigned char)p.at[length]) || p.at[length] == '_')
      length++;
   const struct sass_base *base = find_base(p.at, length);
   if (!base) {
      fail(&p, "unknown instruction");
      best = p.err;
      goto error;
   }
   const char *after_base = p.at + length;
   for (unsigned n = 0; n < base->rows.count; n++) {
      p.row = &sass_rows[sass_base_rows[base->rows.start + n]];
      if (parse_row(&p, after_base, &g)) {
         *i_out = p.i;
         return 0;
      }
      if (p.err.column > best.column)
         best = p.err;
   }

error:
   if (err)
      *err = best;
   return -EINVAL;
}
