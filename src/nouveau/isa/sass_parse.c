/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* From text back to an instruction: every form of the mnemonic is tried, the
 * error of the one that got furthest is reported. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "nouveau/isa/sass_parse_priv.h"

/* Whether an operand that may be missing stands here. */
static bool
starts_operand(struct sass_parser *p, enum sass_operand_kind kind)
{
   sass_parse_skip_space(p);
   switch (kind) {
   case OPERAND_PD:
   case OPERAND_PB:
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
take_operands(struct sass_parser *p)
{
   bool first = true;
   for (unsigned n = 0; n < p->row->operand_count; n++) {
      const struct sass_operand_desc *o =
         &sass_operand_descs[p->row->operand + n];
      const char *start = p->at;
      sass_parse_skip_space(p);
      bool comma = first || sass_parse_take(p, ",");
      if (o->omit != OMIT_NEVER && (!comma || !starts_operand(p, o->kind))) {
         p->at = start;
         continue;
      }
      if (!comma)
         return sass_parse_fail(p, "expected `,`");
      if (!sass_parse_operand(p, o))
         return false;
      first = false;
   }
   sass_parse_skip_space(p);
   sass_parse_take(p, ";");
   sass_parse_skip_space(p);
   return !*p->at || sass_parse_fail(p, "more than the instruction takes");
}

/* The longest name of the modifier that stands here. */
static bool
take_mod(struct sass_parser *p, const struct sass_mod *mod)
{
   int best = -1;
   size_t best_length = 0;
   for (unsigned n = 0; n < mod->count; n++) {
      const char *name = mod->names[n];
      size_t length = name ? strlen(name) : 0;
      if (!name || strncmp(p->at, name, length) != 0)
         continue;
      char next = p->at[length];
      if (length && next != '.' && sass_parse_is_word_char(next))
         continue;
      if (best < 0 || length > best_length) {
         best = n;
         best_length = length;
      }
   }
   if (best < 0)
      return sass_parse_fail(p, "unknown modifier");
   if (!sass_mod_apply(mod, p->row, best, &p->i))
      return sass_parse_fail(p, "this form has no such modifier");
   p->at += best_length;
   return true;
}

static bool
take_mods(struct sass_parser *p)
{
   for (unsigned n = 0; n < p->row->mod_count; n++) {
      if (!take_mod(p, &sass_mods[sass_row_mods[p->row->mod + n]]))
         return false;
   }
   return !sass_parse_is_word_char(*p->at) ||
          sass_parse_fail(p, "unknown modifier");
}

/* --- The instruction --- */

struct guard {
   uint8_t pred;
   bool inverted;
};

static bool
parse_row(struct sass_parser *p, const char *after_base, const struct guard *g)
{
   p->at = after_base;
   sass_instr_init_row(&p->i, p->row);
   if (!p->row->guard && (g->pred != SASS_PT || g->inverted))
      return sass_parse_fail(p, "takes no guard");
   p->i.guard = g->pred;
   p->i.guard_not = g->inverted;
   return take_mods(p) && take_operands(p);
}

/* Of the forms' errors that one helps which got further, and among equals what
 * says more than what was expected. */
static bool
is_better(const struct sass_error *e, const struct sass_error *best)
{
   bool says_more = strncmp(best->msg, "expected", 8) == 0 &&
                    strncmp(e->msg, "expected", 8) != 0;
   return e->column > best->column || (e->column == best->column && says_more);
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
   struct sass_parser p = {.text = text, .at = text, .pc = pc};
   struct guard g = {SASS_PT, false};
   struct sass_error best = {0};

   sass_parse_skip_space(&p);
   if (sass_parse_take(&p, "@") && !sass_parse_pred(&p, &g.pred, &g.inverted)) {
      best = p.err;
      goto error;
   }
   sass_parse_skip_space(&p);
   size_t length = 0;
   while (isalnum((unsigned char)p.at[length]) || p.at[length] == '_')
      length++;
   const struct sass_base *base = find_base(p.at, length);
   if (!base) {
      sass_parse_fail(&p, "unknown instruction");
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
      if (is_better(&p.err, &best))
         best = p.err;
   }

error:
   if (err)
      *err = best;
   return -EINVAL;
}
