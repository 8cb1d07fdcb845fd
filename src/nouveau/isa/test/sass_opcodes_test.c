/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* sass.isa against the list of all opcodes (opcodes.txt): each is there under
 * its name, goes to words and text and back, and there are no others. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "nouveau/isa/sass_priv.h"
#include "nouveau/isa/test/sass_sem_random.h"
#include "util/util_buf.h"

#define MAX_OPCODES 400
#define TRIES       4000

static struct opcode {
   uint16_t value, mask;
   char name[24];
   unsigned rows; /* of sass.isa */
} opcodes[MAX_OPCODES];
static unsigned opcode_count;

static int
read_opcodes(void **state)
{
   char line[128];
   FILE *f = fopen(OPCODES_TXT, "r");
   assert_non_null(f);
   while (fgets(line, sizeof(line), f)) {
      struct opcode *o = &opcodes[opcode_count];
      if (line[0] == '#')
         continue;
      assert_int_equal(
         sscanf(line, "%hx/%hx %23s", &o->value, &o->mask, o->name), 3);
      assert_true(++opcode_count < MAX_OPCODES);
   }
   fclose(f);
   return seed(state);
}

static struct opcode *
opcode_of(uint64_t word)
{
   for (unsigned n = 0; n < opcode_count; n++)
      if ((word >> 48 & opcodes[n].mask) == opcodes[n].value)
         return &opcodes[n];
   return NULL;
}

/* "ATOM.CAS" in "@P0 ATOM.E.CAS R0, ...": the first part begins the mnemonic,
 * the others occur in it.  "(imm)" of the list is a form, not a name. */
static bool
has_name(const char *text, const char *name)
{
   char mnemonic[64];
   if (*text == '@')
      text += strcspn(text, " ") + 1;
   snprintf(mnemonic, sizeof(mnemonic), "%.*s.", (int)strcspn(text, " "), text);
   size_t first = strcspn(name, ".(");
   if (strncmp(mnemonic, name, first) != 0 || mnemonic[first] != '.')
      return false;
   for (name += first; *name == '.';) {
      char part[24];
      size_t n = strcspn(name + 1, ".(") + 1;
      snprintf(part, sizeof(part), "%.*s.", (int)n, name);
      if (!strstr(mnemonic, part))
         return false;
      name += n;
   }
   return true;
}

/* Word to text and back to the same word; false: it does not decode. */
static bool
check_word(const struct opcode *o, uint64_t word)
{
   struct sass_instr i, back;
   struct sass_error err = {0};
   struct util_buf text;
   uint64_t again = 0;
   if (sass_decode(word, &i))
      return false;
   util_buf_init(&text);
   sass_print(&i, 0, &text);
   if (!has_name(text.data, o->name))
      fail_msg("%016lx is %s, not %s", word, text.data, o->name);
   if (sass_parse(text.data, 0, &back, &err))
      fail_msg("%s: column %u: %s", text.data, err.column, err.msg);
   if (!sass_check_regs(&i, NULL) && (sass_encode(&back, &again, &err) ||
                                      (again ^ word) & sass_word_mask(&i)))
      fail_msg("%s: %016lx becomes %016lx: %s", text.data, word, again,
               err.msg);
   util_buf_finish(&text);
   return true;
}

static void
every_opcode_works(void **state)
{
   for (unsigned n = 0; n < opcode_count; n++) {
      const struct opcode *o = &opcodes[n];
      unsigned good = 0;
      for (unsigned t = 0; t < TRIES && good < 200; t++) {
         uint64_t word = rng() & rng();
         uint64_t top = o->value | (word >> 48 & ~o->mask & 0xffff);
         word = top << 48 | (word & UINT64_MAX >> 16);
         good += check_word(o, word);
      }
      if (!good)
         fail_msg("%04x %s never decodes", o->value, o->name);
   }
}

static void
no_other_opcode(void **state)
{
   for (unsigned r = 0; r < sass_row_count; r++) {
      const struct sass_row *row = &sass_rows[r];
      struct opcode *o = opcode_of(row->value);
      if (!o || (row->mask >> 48 & o->mask) != o->mask)
         fail_msg("row %u (%s, %016lx) is in no opcode of the list", r,
                  row->base, row->value);
      o->rows++;
   }
   for (unsigned n = 0; n < opcode_count; n++) {
      if (!opcodes[n].rows)
         fail_msg("no form of %s (%04x)", opcodes[n].name, opcodes[n].value);
      for (unsigned k = 0; k < n; k++)
         if (!((opcodes[n].value ^ opcodes[k].value) & opcodes[n].mask &
               opcodes[k].mask))
            fail_msg("%s and %s overlap", opcodes[n].name, opcodes[k].name);
   }
   struct sass_instr i;
   for (unsigned t = 0; t < 400000; t++) {
      uint64_t word = rng();
      if (!opcode_of(word) && !sass_decode(word, &i))
         fail_msg("%016lx decodes", word);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_opcode_works),
      cmocka_unit_test(no_other_opcode),
   };
   return cmocka_run_group_tests(tests, read_opcodes, NULL);
}
