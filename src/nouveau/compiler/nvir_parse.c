/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Reads what nvir_print writes: tests state a pass's input and output as text.
 * Two rounds over the lines: the first creates blocks, so that edges may go
 * forward. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/nvir_text_priv.h"

#define MAX_OPERANDS 64

struct parser {
   const char *p; /* in the current line */
   unsigned line;
   struct nvir_shader *s;
   struct nvir_block **blocks; /* by index in the text */
   unsigned num_blocks;
   struct nvir_value **values;
   unsigned num_values;
   struct util_buf *log;
   bool failed;
};

static bool PRINTFLIKE(2, 3) fail(struct parser *ps, const char *fmt, ...)
{
   if (!ps->failed && ps->log) {
      char text[256];
      va_list ap;
      va_start(ap, fmt);
      vsnprintf(text, sizeof(text), fmt, ap);
      va_end(ap);
      util_buf_printf(ps->log, "line %u: %s at \"%.30s\"\n", ps->line, text,
                      ps->p);
   }
   ps->failed = true;
   return false;
}

static void
skip_blanks(struct parser *ps)
{
   while (*ps->p == ' ' || *ps->p == '\t')
      ps->p++;
}

static bool
accept(struct parser *ps, const char *word)
{
   size_t n = strlen(word);
   skip_blanks(ps);
   if (strncmp(ps->p, word, n))
      return false;
   if (isalnum((unsigned char)word[n - 1]) &&
       (isalnum((unsigned char)ps->p[n]) || ps->p[n] == '_'))
      return false;
   ps->p += n;
   return true;
}

static bool
expect(struct parser *ps, const char *word)
{
   return accept(ps, word) || fail(ps, "expected '%s'", word);
}

static int64_t
number(struct parser *ps)
{
   char *end;
   skip_blanks(ps);
   bool negative = *ps->p == '-';
   uint64_t v = strtoull(ps->p + negative, &end, 0);
   if (end == ps->p + negative)
      fail(ps, "expected a number");
   ps->p = end;
   return negative ? -v : v;
}

static size_t
word(struct parser *ps, char *out, size_t size)
{
   size_t n = 0;
   skip_blanks(ps);
   while ((isalnum((unsigned char)*ps->p) || *ps->p == '_') && n + 1 < size)
      out[n++] = *ps->p++;
   out[n] = 0;
   return n;
}

static bool
type_of(struct parser *ps, const char *name, uint8_t *out)
{
   for (unsigned t = 0; t < NVIR_NUM_TYPES; t++)
      if (!strcmp(name, nvir_type_name(t))) {
         *out = t;
         return true;
      }
   return false;
}

static struct nvir_value *
value_at(struct parser *ps, unsigned index)
{
   if (index >= 1u << 20) {
      fail(ps, "value number too large");
      index = 0;
   }
   if (index >= ps->num_values) {
      unsigned n = MAX2(64, index * 2);
      ps->values = realloc(ps->values, n * sizeof(*ps->values));
      memset(ps->values + ps->num_values, 0,
             (n - ps->num_values) * sizeof(*ps->values));
      ps->num_values = n;
   }
   if (!ps->values[index]) {
      struct nvir_value *v = nvir_value_create(ps->s, NVIR_CLASS_GPR, 1);
      v->index = index;
      ps->values[index] = v;
   }
   return ps->values[index];
}

static uint8_t
slot_suffix(struct parser *ps)
{
   char name[16];
   if (*ps->p != '@')
      return NVIR_SLOT_NONE;
   ps->p++;
   word(ps, name, sizeof(name));
   for (unsigned i = 0; i < NVIR_NUM_SLOTS; i++)
      if (!strcmp(name, nvir_text_slots[i]))
         return i;
   fail(ps, "unknown slot");
   return 0;
}

static struct nvir_dst
definition(struct parser *ps)
{
   struct nvir_dst d = {0};
   if (accept(ps, "_")) {
      d.slot = slot_suffix(ps);
      return d;
   }
   if (!expect(ps, "%"))
      return d;
   struct nvir_value *v = value_at(ps, number(ps));
   if (*ps->p++ != '.')
      fail(ps, "expected .class");
   switch (*ps->p++) {
   case 'g':
      v->words = *ps->p >= '1' && *ps->p <= '4' ? *ps->p++ - '0' : 1;
      break;
   case 'p':
      v->cls = NVIR_CLASS_PRED;
      break;
   case 'c':
      v->cls = NVIR_CLASS_CC;
      break;
   default:
      fail(ps, "unknown class");
   }
   if (*ps->p == '=' && (ps->p[1] == 'R' || ps->p[1] == 'P')) {
      ps->p += 2;
      v->reg = number(ps);
   }
   d.val = v;
   d.slot = slot_suffix(ps);
   return d;
}

static struct nvir_src
source(struct parser *ps)
{
   struct nvir_src src = {0};
   if (accept(ps, "%"))
      src = nvir_val(value_at(ps, number(ps)));
   else if (accept(ps, "#"))
      src = nvir_imm(number(ps));
   else if (accept(ps, "undef"))
      src = nvir_undef();
   else if (expect(ps, "c[")) {
      src = nvir_cbank(number(ps));
      expect(ps, "]");
   }
   src.slot = slot_suffix(ps);
   return src;
}

static void
fields(struct parser *ps, void *object, const struct nvir_text_field *table,
       char end)
{
   char name[32];
   for (skip_blanks(ps); *ps->p && *ps->p != end && !ps->failed;
        skip_blanks(ps)) {
      const struct nvir_text_field *f = table;
      uint8_t type = 0;
      word(ps, name, sizeof(name));
      while (f->name && strcmp(f->name, name))
         f++;
      if (!f->name) {
         fail(ps, "unknown field '%s'", name);
         return;
      }
      expect(ps, "=");
      if (f->kind == NVIR_TEXT_NUMBER)
         nvir_text_set(object, f, number(ps));
      else if (word(ps, name, sizeof(name)) && type_of(ps, name, &type))
         nvir_text_set(object, f, type);
      else
         fail(ps, "unknown type");
   }
}

static struct nvir_block *
block_at(struct parser *ps, unsigned index)
{
   if (index < ps->num_blocks)
      return ps->blocks[index];
   fail(ps, "no block %u", index);
   return ps->blocks[0];
}

static void
machine_text(struct parser *ps, struct nvir_instr *i)
{
   char text[256];
   struct sass_error err;
   if (!expect(ps, "\""))
      return;
   size_t n = strcspn(ps->p, "\"");
   if (n >= sizeof(text) || ps->p[n] != '"') {
      fail(ps, "unterminated instruction text");
      return;
   }
   memcpy(text, ps->p, n);
   text[n] = 0;
   if (sass_parse(text, 0, &i->mi, &err))
      fail(ps, "%s", err.msg);
   ps->p += n + 1;
}

static int
op_of(const char *name)
{
   for (unsigned op = 0; op < NVIR_NUM_OPS; op++)
      if (!strcmp(name, nvir_op_infos[op].name))
         return op;
   return -1;
}

static void
operation(struct parser *ps, struct nvir_instr *i)
{
   char name[32];
   word(ps, name, sizeof(name));
   int op = op_of(name);
   if (op < 0) {
      fail(ps, "unknown operation '%s'", name);
      return;
   }
   i->op = op;
   const char *back = ps->p;
   if (!word(ps, name, sizeof(name)) || !type_of(ps, name, &i->type))
      ps->p = back;
   if (i->op == NVIR_OP_MACH)
      machine_text(ps, i);
}

static void
instruction(struct parser *ps, struct nvir_block *b)
{
   struct nvir_dst dsts[MAX_OPERANDS];
   struct nvir_src srcs[MAX_OPERANDS];
   unsigned num_dsts = 0, num_srcs = 0;

   skip_blanks(ps);
   if (*ps->p == '%' || *ps->p == '_') {
      do
         dsts[num_dsts++] = definition(ps);
      while (accept(ps, ",") && num_dsts < MAX_OPERANDS && !ps->failed);
      expect(ps, "=");
   }
   struct nvir_instr *i =
      nvir_instr_create(ps->s, NVIR_OP_BR, num_dsts, MAX_OPERANDS);
   operation(ps, i);
   for (skip_blanks(ps); *ps->p && strchr("%#cu", *ps->p) &&
                         num_srcs < MAX_OPERANDS && !ps->failed;
        accept(ps, ","), skip_blanks(ps))
      srcs[num_srcs++] = source(ps);
   if (accept(ps, "->"))
      i->target = block_at(ps, number(ps));
   if (accept(ps, "{")) {
      fields(ps, i, nvir_text_instr_fields, '}');
      expect(ps, "}");
   }
   for (unsigned n = 0; n < num_dsts; n++) {
      nvir_instr_set_dst(i, n, dsts[n].val);
      i->dsts[n].slot = dsts[n].slot;
   }
   memcpy(i->srcs, srcs, num_srcs * sizeof(*srcs));
   i->num_srcs = num_srcs;
   nvir_instr_append(i, b);
}

/* "preds [1 2] succs [3]:" */
static void
edges(struct parser *ps, struct nvir_block *b)
{
   expect(ps, "preds");
   expect(ps, "[");
   while (!accept(ps, "]") && !ps->failed) {
      b->preds = util_arena_grow(&ps->s->arena, b->preds,
                                 b->num_preds * sizeof(*b->preds),
                                 (b->num_preds + 1) * sizeof(*b->preds));
      b->cap_preds = b->num_preds + 1;
      b->preds[b->num_preds++] = block_at(ps, number(ps));
   }
   expect(ps, "succs");
   expect(ps, "[");
   for (unsigned n = 0; !accept(ps, "]") && !ps->failed; n++) {
      struct nvir_block *succ = block_at(ps, number(ps));
      if (n < 2)
         b->succs[n] = succ;
      else
         fail(ps, "more than two successors");
   }
   expect(ps, ":");
}

static void
kernel_line(struct parser *ps)
{
   expect(ps, "kernel");
   expect(ps, "\"");
   size_t n = strcspn(ps->p, "\"");
   ps->s->name = util_arena_printf(&ps->s->arena, "%.*s", (int)n, ps->p);
   ps->p += n;
   expect(ps, "\"");
   fields(ps, ps->s, nvir_text_shader_fields, '\n');
}

static void
create_blocks(struct parser *ps, char **lines, unsigned num_lines)
{
   for (unsigned l = 0; l < num_lines; l++) {
      ps->p = lines[l];
      ps->line = l + 1;
      if (!accept(ps, "block"))
         continue;
      unsigned index = number(ps);
      if (index >= num_lines) {
         fail(ps, "block number too large");
         return;
      }
      ps->blocks[index] = nvir_block_create(ps->s);
      ps->blocks[index]->index = index;
      ps->num_blocks = MAX2(ps->num_blocks, index + 1);
   }
   for (unsigned i = 0; i < ps->num_blocks; i++)
      if (!ps->blocks[i])
         fail(ps, "block %u is missing", i);
   ps->s->num_blocks = ps->num_blocks;
}

static void
parse_lines(struct parser *ps, char **lines, unsigned num_lines)
{
   struct nvir_block *b = NULL;
   bool seen_kernel = false;

   create_blocks(ps, lines, num_lines);
   for (unsigned l = 0; l < num_lines && !ps->failed; l++) {
      ps->p = lines[l];
      ps->line = l + 1;
      skip_blanks(ps);
      if (!*ps->p || *ps->p == ';')
         continue;
      if (!seen_kernel) {
         kernel_line(ps);
         seen_kernel = true;
      } else if (accept(ps, "block")) {
         b = block_at(ps, number(ps));
         edges(ps, b);
      } else if (b) {
         instruction(ps, b);
      } else {
         fail(ps, "instruction outside of a block");
      }
      skip_blanks(ps);
      if (*ps->p && *ps->p != ';')
         fail(ps, "left over");
   }
}

int
nvir_parse(const char *text, struct nvir_shader **shader_out,
           struct util_buf *log)
{
   struct parser ps = {.s = nvir_shader_create("", 0x134), .log = log, .p = ""};
   unsigned num_lines = 1;
   for (const char *c = text; *c; c++)
      num_lines += *c == '\n';
   char **lines = util_arena_array(&ps.s->arena, char *, num_lines);
   char *copy = util_arena_strdup(&ps.s->arena, text);
   for (unsigned l = 0; l < num_lines; l++)
      lines[l] = strsep(&copy, "\n");

   ps.blocks =
      util_arena_array(&ps.s->arena, struct nvir_block *, num_lines + 1);
   parse_lines(&ps, lines, num_lines);
   for (unsigned i = 0; i < ps.num_values; i++)
      if (ps.values[i])
         ps.s->num_values = i + 1;
   free(ps.values);
   if (ps.failed) {
      nvir_shader_destroy(ps.s);
      return -EINVAL;
   }
   *shader_out = ps.s;
   return 0;
}
