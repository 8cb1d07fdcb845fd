/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/isa/sass_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass_priv.h"
#include "util/util_buf.h"

#define BUNDLE_DW 4 /* 64-bit words */

/* Offset of instruction `n` of the program. */
static uint64_t
instr_pc(unsigned n)
{
   return (uint64_t)SASS_BUNDLE_B * (n / SASS_BUNDLE_SLOTS) +
          SASS_WORD_B * (1 + n % SASS_BUNDLE_SLOTS);
}

/* Where a label before instruction `n` points: for the first of a bundle to the
 * control word, as NVIDIA's compiler does. */
static uint64_t
label_pc(unsigned n)
{
   return n % SASS_BUNDLE_SLOTS ? instr_pc(n) : instr_pc(n) - SASS_WORD_B;
}

/* --- Print --- */

/* Target of a relative jump. */
static bool
jump_target(const struct sass_instr *i, uint64_t pc, uint64_t *target_out)
{
   const struct sass_row *row = sass_row_of(i);
   for (unsigned n = 0; n < row->operand_count; n++) {
      if (sass_operand_descs[row->operand + n].kind == OPERAND_REL) {
         *target_out = pc + SASS_WORD_B + (int64_t)i->target;
         return true;
      }
   }
   return false;
}

/* One byte an instruction: whether a jump leads to it. */
static void
find_targets(const uint64_t *words, unsigned instr_count, struct util_buf *out)
{
   char *is_target = util_buf_extend(out, instr_count);
   for (unsigned n = 0; n < instr_count; n++) {
      struct sass_instr i;
      uint64_t target;
      if (sass_decode(words[instr_pc(n) / SASS_WORD_B], &i) ||
          !jump_target(&i, instr_pc(n), &target))
         continue;
      uint64_t slot = target % SASS_BUNDLE_B / SASS_WORD_B;
      uint64_t index =
         target / SASS_BUNDLE_B * SASS_BUNDLE_SLOTS + (slot ? slot - 1 : 0);
      if (index < instr_count && label_pc(index) == target)
         is_target[index] = true;
   }
}

/* A jump to an instruction of the program ends in its label. */
static void
print_instr(const struct sass_instr *i, unsigned n, unsigned instr_count,
            struct util_buf *out)
{
   uint64_t target;
   size_t start = out->size_B;
   sass_print(i, instr_pc(n), out);
   if (!jump_target(i, instr_pc(n), &target))
      return;
   uint64_t slot = target % SASS_BUNDLE_B / SASS_WORD_B;
   if (target % SASS_WORD_B || slot == 1 ||
       target >= instr_pc(instr_count - 1) + SASS_WORD_B)
      return;
   while (out->size_B > start && out->data[out->size_B - 1] != ' ')
      out->size_B--;
   util_buf_printf(out, ".L%04" PRIx64, target);
}

/* Others set bits that hardware ignores: their words must come back. */
static bool
is_own(const struct sass_instr *i, uint64_t word)
{
   struct sass_error err;
   uint64_t again;
   return !sass_encode(i, &again, &err) && again == word;
}

static void
print_line(uint64_t word, uint32_t slot, unsigned n, unsigned instr_count,
           struct util_buf *out)
{
   struct sass_instr i;
   size_t start = out->size_B;
   struct sass_ctrl ctrl = sass_ctrl_unpack(slot);
   sass_ctrl_print(&ctrl, out);
   util_buf_puts(out, " ");
   bool decodes = !sass_decode(word, &i), exact = decodes && is_own(&i, word);
   if (exact)
      print_instr(&i, n, instr_count, out);
   else
      util_buf_printf(out, ".word 0x%016" PRIx64, word);
   size_t width = out->size_B - start;
   util_buf_printf(out, ";%*s # %04" PRIx64 ": ",
                   width < 70 ? (int)(70 - width) : 1, "", instr_pc(n));
   if (decodes && !exact)
      print_instr(&i, n, instr_count, out);
   else
      util_buf_printf(out, "%016" PRIx64, word);
   util_buf_puts(out, "\n");
}

int
sass_text_print(const uint64_t *words, size_t count, struct util_buf *out)
{
   unsigned instr_count = count / BUNDLE_DW * SASS_BUNDLE_SLOTS;
   struct util_buf is_target;
   util_buf_init(&is_target);
   find_targets(words, instr_count, &is_target);
   for (unsigned n = 0; n < instr_count; n++) {
      uint64_t ctrl = words[n / SASS_BUNDLE_SLOTS * BUNDLE_DW];
      if (is_target.data[n])
         util_buf_printf(out, ".L%04" PRIx64 ":\n", label_pc(n));
      print_line(words[instr_pc(n) / SASS_WORD_B],
                 util_bits(ctrl, 21 * (n % SASS_BUNDLE_SLOTS), 21), n,
                 instr_count, out);
   }
   util_buf_finish(&is_target);
   return count % BUNDLE_DW ? -EINVAL : 0;
}

/* --- Parse --- */

#define LINE_MAX_B  512
#define LABEL_MAX_B 64

struct label {
   char name[LABEL_MAX_B];
   unsigned instr;
};

struct program {
   const char *text;
   struct util_buf labels; /* struct label */
   unsigned instr_count, line;
   struct sass_error err;
};

/* Copies the next line without comment and blanks at its end. */
static bool
next_line(struct program *p, const char **at, char *line)
{
   if (!**at)
      return false;
   size_t length = strcspn(*at, "\n");
   size_t n = MIN2(length, LINE_MAX_B - 1);
   memcpy(line, *at, n);
   line[n] = 0;
   line[strcspn(line, "#")] = 0;
   for (n = strlen(line); n && isspace((unsigned char)line[n - 1]); n--)
      line[n - 1] = 0;
   *at += length + ((*at)[length] == '\n');
   p->line++;
   return true;
}

/* Name of the label that the line defines; false: it is none. */
static bool
label_of_line(const char *line, char *name_out)
{
   line += strspn(line, " \t");
   size_t n = strcspn(line, ": \t");
   if (line[n] != ':' || line[n + 1] || n == 0 || n >= LABEL_MAX_B)
      return false;
   memcpy(name_out, line, n);
   name_out[n] = 0;
   return true;
}

static const struct label *
find_label(const struct program *p, const char *name)
{
   const struct label *labels = (const struct label *)p->labels.data;
   for (size_t n = 0; n < p->labels.size_B / sizeof(*labels); n++) {
      if (strcmp(labels[n].name, name) == 0)
         return &labels[n];
   }
   return NULL;
}

/* First pass: where the labels are. */
static int
collect_labels(struct program *p)
{
   char line[LINE_MAX_B];
   struct label label;
   const char *at = p->text;
   p->line = p->instr_count = 0;
   while (next_line(p, &at, line)) {
      if (label_of_line(line, label.name)) {
         label.instr = p->instr_count;
         if (find_label(p, label.name))
            return sass_fail(&p->err, 1, "label %s twice", label.name);
         util_buf_append(&p->labels, &label, sizeof(label));
      } else if (line[strspn(line, " \t")]) {
         p->instr_count++;
      }
   }
   return 0;
}

/* The last operand may be a label: a number takes its place. */
static int
resolve_label(struct program *p, char *line)
{
   char *end = line + strlen(line);
   while (end > line && (end[-1] == ';' || isspace((unsigned char)end[-1])))
      *--end = 0;
   char *word = end;
   while (word > line && !strchr(" ,\t", word[-1]))
      word--;
   if (*word != '.' || strncmp(line, ".word", 5) == 0)
      return 0;
   const struct label *label = find_label(p, word);
   if (!label)
      return sass_fail(&p->err, word - line + 1, "no label %s", word);
   snprintf(word, LINE_MAX_B - (word - line), "0x%" PRIx64,
            label_pc(label->instr));
   return 0;
}

/* ".word 0x..." */
static int
parse_word(struct program *p, const char *line, uint64_t *word_out)
{
   const char *at = line + 6;
   char *end;
   errno = 0;
   *word_out = strtoull(at, &end, 16);
   bool good = end != at && !errno;
   end += strspn(end, "; \t");
   return good && !*end ? 0
                        : sass_fail(&p->err, at - line + 1,
                                    "expected a hexadecimal word of 64 bits");
}

/* `ctrl_out`: NULL, or gets the control fields that go with it. */
static int
parse_instr(struct program *p, char *line, unsigned n,
            struct sass_ctrl *ctrl_out, uint64_t *word_out)
{
   struct sass_instr i;
   if (strncmp(line, ".word ", 6) == 0)
      return parse_word(p, line, word_out);
   int ret = resolve_label(p, line);
   if (!ret)
      ret = sass_parse(line, instr_pc(n), &i, &p->err);
   if (!ret) {
      ret = sass_encode(&i, word_out, &p->err);
      p->err.column = 1;
   }
   if (!ret && ctrl_out)
      *ctrl_out = sass_ctrl_safe(&i);
   return ret;
}

/* "[control fields] instruction" */
static int
parse_line(struct program *p, char *line, unsigned n,
           struct sass_ctrl *ctrl_out, uint64_t *word_out)
{
   char *at = line + strspn(line, " \t");
   *ctrl_out = SASS_CTRL_SAFE;
   bool given = *at == '[';
   int ret = 0;
   if (given) {
      ret = sass_ctrl_parse(at, ctrl_out, &p->err);
      if (ret > 0) {
         at += ret;
         at += strspn(at, " \t");
         ret = 0;
      }
   }
   if (!ret)
      ret = parse_instr(p, at, n, given ? NULL : ctrl_out, word_out);
   if (ret)
      p->err.column += at - line;
   return ret;
}

/* Second pass. */
static int
assemble(struct program *p, struct util_buf *code)
{
   char line[LINE_MAX_B], name[LABEL_MAX_B];
   const char *at = p->text;
   unsigned bundles = DIV_ROUND_UP(p->instr_count, SASS_BUNDLE_SLOTS);
   size_t start = code->size_B;
   unsigned n = 0;
   struct sass_ctrl ctrl[SASS_BUNDLE_SLOTS];

   util_buf_extend(code, (size_t)bundles * SASS_BUNDLE_B);
   p->line = 0;
   while (n < bundles * SASS_BUNDLE_SLOTS) {
      uint64_t *bundle =
         (uint64_t *)(code->data + start) + n / SASS_BUNDLE_SLOTS * BUNDLE_DW;
      unsigned slot = n % SASS_BUNDLE_SLOTS;
      if (!next_line(p, &at, line))
         strcpy(line, "NOP");
      if (!line[strspn(line, " \t")] || label_of_line(line, name))
         continue;
      int ret = parse_line(p, line, n, &ctrl[slot], &bundle[1 + slot]);
      if (ret)
         return ret;
      n++;
      if (slot == SASS_BUNDLE_SLOTS - 1)
         bundle[0] = sass_bundle_pack(ctrl);
   }
   return 0;
}

int
sass_text_parse(const char *text, struct util_buf *code, unsigned *line_out,
                struct sass_error *err)
{
   struct program p = {.text = text};
   util_buf_init(&p.labels);
   int ret = collect_labels(&p);
   if (!ret)
      ret = assemble(&p, code);
   util_buf_finish(&p.labels);
   *line_out = p.line;
   *err = p.err;
   return ret;
}
