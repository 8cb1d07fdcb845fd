/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nouveau/isa/sass_priv.h"

/* --- Members by number --- */

static const struct {
   uint16_t offset;
   uint8_t size_B;
   const char *name;
} members[] = {{0, 0, "none"},
#define X(m)                                                                   \
   {offsetof(struct sass_instr, m), sizeof(((struct sass_instr *)0)->m), #m},
               SASS_MEMBERS(X)
#undef X
};

int64_t
sass_member_get(const struct sass_instr *i, enum sass_member m)
{
   const char *at = (const char *)i + members[m].offset;
   switch (members[m].size_B) {
   case 1:
      return *(const uint8_t *)at;
   case 2:
      return *(const uint16_t *)at;
   default:
      return *(const int32_t *)at;
   }
}

void
sass_member_set(struct sass_instr *i, enum sass_member m, int64_t value)
{
   char *at = (char *)i + members[m].offset;
   switch (members[m].size_B) {
   case 1:
      *(uint8_t *)at = (uint8_t)value;
      break;
   case 2:
      *(uint16_t *)at = (uint16_t)value;
      break;
   default:
      *(int32_t *)at = (int32_t)value;
      break;
   }
}

const char *
sass_member_name(enum sass_member m)
{
   return members[m].name;
}

int
sass_fail(struct sass_error *err, unsigned column, const char *fmt, ...)
{
   if (err) {
      err->column = column;
      va_list args;
      va_start(args, fmt);
      vsnprintf(err->msg, sizeof(err->msg), fmt, args);
      va_end(args);
   }
   return -EINVAL;
}

/* --- One field --- */

bool
sass_field_to_raw(const struct sass_field *f, int64_t value, uint64_t *raw_out)
{
   uint64_t raw = (uint64_t)value;
   if (f->map_count) {
      for (raw = 0; raw < f->map_count && f->map[raw] != value; raw++)
         ;
      if (raw == f->map_count)
         return false;
   }
   raw = f->invert ? !raw : raw - f->bias;

   int64_t back;
   uint64_t bits = 0;
   for (unsigned p = 0; p < f->piece_count; p++)
      bits |= util_bits(raw, f->piece[p].val, f->piece[p].n) << f->piece[p].val;
   *raw_out = bits;
   return sass_field_from_raw(f, bits, &back) &&
          (back == value || (!f->sext && (uint32_t)back == (uint32_t)value));
}

bool
sass_field_from_raw(const struct sass_field *f, uint64_t raw,
                    int64_t *value_out)
{
   int64_t value = (int64_t)raw;
   if (f->sext)
      value = util_sign_extend(raw, f->sext);
   if (f->invert)
      value = !value;
   value += f->bias;
   if (f->map_count) {
      if (raw >= f->map_count || f->map[raw] < 0)
         return false;
      value = f->map[raw];
   }
   *value_out = value;
   return true;
}

static uint64_t
field_raw_of_word(const struct sass_field *f, uint64_t word)
{
   uint64_t raw = 0;
   for (unsigned p = 0; p < f->piece_count; p++)
      raw |= util_bits(word, f->piece[p].lo, f->piece[p].n) << f->piece[p].val;
   return raw;
}

static uint64_t
field_word_of_raw(const struct sass_field *f, uint64_t raw)
{
   uint64_t word = 0;
   for (unsigned p = 0; p < f->piece_count; p++)
      word |= util_bits(raw, f->piece[p].val, f->piece[p].n) << f->piece[p].lo;
   return word;
}

/* --- Rows --- */

const struct sass_field *
sass_row_field(const struct sass_row *row, enum sass_member m)
{
   for (unsigned n = 0; n < row->field_count; n++) {
      if (sass_fields[row->field + n].member == m)
         return &sass_fields[row->field + n];
   }
   return NULL;
}

static bool
row_consts_match(const struct sass_row *row, const struct sass_instr *i)
{
   for (unsigned n = 0; n < row->const_count; n++) {
      const struct sass_const *c = &sass_consts[row->const_ + n];
      if (sass_member_get(i, c->member) != c->value)
         return false;
   }
   return true;
}

const struct sass_row *
sass_row_of(const struct sass_instr *i)
{
   if (i->op >= SASS_OP_COUNT)
      return NULL;
   struct sass_range rows = sass_op_rows[i->op].rows;
   const struct sass_row *best = NULL;
   for (unsigned n = 0; n < rows.count; n++) {
      const struct sass_row *row = &sass_rows[rows.start + n];
      if (row->form != i->form || !row_consts_match(row, i))
         continue;
      if (!best || row->const_count > best->const_count)
         best = row;
   }
   return best;
}

const struct sass_row *
sass_row_of_word(uint64_t word)
{
   struct sass_range rows = sass_byte_index[word >> 56];
   for (unsigned n = 0; n < rows.count; n++) {
      const struct sass_row *row = &sass_rows[sass_byte_rows[rows.start + n]];
      if ((word & row->mask) == row->value)
         return row;
   }
   return NULL;
}

static const struct sass_instr defaults = {
   .guard = SASS_PT,
   .rd = SASS_RZ,
   .ra = SASS_RZ,
   .rb = SASS_RZ,
   .rc = SASS_RZ,
   .rd2 = SASS_RZ,
   .pd = SASS_PT,
   .pd2 = SASS_PT,
   .pa = SASS_PT,
   .pb = SASS_PT,
   .pc = SASS_PT,
   .ccode = SASS_COND_T,
   .lane_mask = 0xf,
   .tmask = 0xf,
   .clamp = SASS_CLAMP_DEFAULT,
};

void
sass_instr_init_row(struct sass_instr *i, const struct sass_row *row)
{
   *i = defaults;
   i->op = row->op;
   i->form = row->form;
   for (unsigned n = 0; n < row->const_count; n++) {
      const struct sass_const *c = &sass_consts[row->const_ + n];
      sass_member_set(i, c->member, c->value);
   }
}

void
sass_instr_init(struct sass_instr *i, enum sass_op op, enum sass_form form)
{
   assert(sass_op_has_form(op, form));
   *i = defaults;
   i->op = op;
   i->form = form;
}

bool
sass_op_has_form(enum sass_op op, enum sass_form form)
{
   assert(op < SASS_OP_COUNT);
   struct sass_range rows = sass_op_rows[op].rows;
   for (unsigned n = 0; n < rows.count; n++) {
      if (sass_rows[rows.start + n].form == form)
         return true;
   }
   return false;
}

enum sass_form
sass_op_first_form(enum sass_op op)
{
   assert(op < SASS_OP_COUNT);
   return sass_op_rows[op].first_form;
}

const struct sass_op_info *
sass_op_info(enum sass_op op)
{
   assert(op < SASS_OP_COUNT);
   return &sass_op_rows[op].info;
}

uint64_t
sass_word_mask(const struct sass_instr *i)
{
   const struct sass_row *row = sass_row_of(i);
   return row ? row->care : 0;
}

/* --- Modifiers --- */

/* Encoded value of a modifier's member; a member without a field has only the
 * first name. */
static bool
mod_raw(const struct sass_row *row, enum sass_member m,
        const struct sass_instr *i, uint64_t *raw_out)
{
   const struct sass_field *f = m == M_none ? NULL : sass_row_field(row, m);
   *raw_out = 0;
   if (!f)
      return true;
   /* A flag's text follows the member, also where the bit is inverted. */
   if (f->invert) {
      *raw_out = sass_member_get(i, m);
      return true;
   }
   return sass_field_to_raw(f, sass_member_get(i, m), raw_out);
}

int
sass_mod_index(const struct sass_mod *mod, const struct sass_row *row,
               const struct sass_instr *i)
{
   uint64_t first, second;
   if (!mod_raw(row, mod->member, i, &first) ||
       !mod_raw(row, mod->member2, i, &second))
      return -1;
   uint64_t index = first + 2 * second;
   return index < mod->count && mod->names[index] ? (int)index : -1;
}

static bool
mod_set(const struct sass_row *row, enum sass_member m, uint64_t raw,
        struct sass_instr *i)
{
   const struct sass_field *f = m == M_none ? NULL : sass_row_field(row, m);
   if (!f)
      return raw == 0;
   int64_t value = (int64_t)raw;
   if (!f->invert && !sass_field_from_raw(f, raw, &value))
      return false;
   sass_member_set(i, m, value);
   return true;
}

bool
sass_mod_apply(const struct sass_mod *mod, const struct sass_row *row,
               unsigned index, struct sass_instr *i)
{
   if (mod->member2 == M_none)
      return mod_set(row, mod->member, index, i);
   return mod_set(row, mod->member, index & 1, i) &&
          mod_set(row, mod->member2, index >> 1, i);
}

static const struct sass_mod *
row_illegal_mod(const struct sass_row *row, const struct sass_instr *i)
{
   for (unsigned n = 0; n < row->mod_count; n++) {
      const struct sass_mod *mod = &sass_mods[sass_row_mods[row->mod + n]];
      if (sass_mod_index(mod, row, i) < 0)
         return mod;
   }
   return NULL;
}

/* --- The whole word --- */

/* The word must mean exactly `i`: no member may be set that the form lacks, and
 * the fields together must not make a more specific form. */
static int
check_word(const struct sass_instr *i, uint64_t word, struct sass_error *err)
{
   const char *name = sass_op_rows[i->op].info.name;
   struct sass_instr back;
   if (sass_row_of_word(word) != sass_row_of(i) || sass_decode(word, &back))
      return sass_fail(
         err, 0, "%s: this combination of fields is another instruction", name);
   for (unsigned m = M_none + 1; m < M_count; m++) {
      if (sass_member_get(i, m) != sass_member_get(&back, m)) {
         return sass_fail(err, 0, "%s: this form has no %s = %lld", name,
                          members[m].name, (long long)sass_member_get(i, m));
      }
   }
   return 0;
}

int
sass_encode(const struct sass_instr *i, uint64_t *word_out,
            struct sass_error *err)
{
   const struct sass_row *row = sass_row_of(i);
   if (!row)
      return sass_fail(err, 0, "no such op and form: %u, %u", i->op, i->form);

   const char *name = sass_op_rows[i->op].info.name;
   uint64_t word = row->value;
   for (unsigned n = 0; n < row->field_count; n++) {
      const struct sass_field *f = &sass_fields[row->field + n];
      int64_t value = sass_member_get(i, f->member);
      uint64_t raw;
      if (!sass_field_to_raw(f, value, &raw)) {
         return sass_fail(err, 0, "%s: %s = %lld (0x%llx) does not fit", name,
                          members[f->member].name, (long long)value,
                          (unsigned long long)value & 0xffffffff);
      }
      word |= field_word_of_raw(f, raw);
   }

   const struct sass_mod *mod = row_illegal_mod(row, i);
   if (mod)
      return sass_fail(err, 0, "%s: undefined value of %s", name,
                       members[mod->member].name);
   int ret = check_word(i, word, err);
   if (ret)
      return ret;
   ret = sass_check_regs(i, err);
   if (ret)
      return ret;
   *word_out = word;
   return 0;
}

int
sass_decode(uint64_t word, struct sass_instr *i_out)
{
   const struct sass_row *row = sass_row_of_word(word);
   if (!row)
      return -EILSEQ;

   sass_instr_init_row(i_out, row);
   for (unsigned n = 0; n < row->field_count; n++) {
      const struct sass_field *f = &sass_fields[row->field + n];
      int64_t value;
      if (!sass_field_from_raw(f, field_raw_of_word(f, word), &value))
         return -EILSEQ;
      sass_member_set(i_out, f->member, value);
   }
   return row_illegal_mod(row, i_out) ? -EILSEQ : 0;
}
