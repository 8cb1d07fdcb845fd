/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Words, text and fields against each other and against golden vectors. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass_priv.h"
#include "nouveau/isa/sass_text.h"
#include "util/test/test_random.h"
#include "util/util_buf.h"

/* --- Golden vectors --- */

struct golden {
   uint64_t word, pc;
   char text[160];
};

/* "hex    text    # at 0xpc" */
static bool
golden_next(FILE *f, struct golden *g)
{
   char line[256];
   while (fgets(line, sizeof(line), f)) {
      if (line[0] == '#' || line[0] == '\n')
         continue;
      char *end;
      g->word = strtoull(line, &end, 16);
      g->pc = 0;
      end += strspn(end, " ");
      char *at = strstr(end, "    # at ");
      if (at) {
         g->pc = strtoull(at + 9, NULL, 16);
         *at = 0;
      }
      end[strcspn(end, "\n")] = 0;
      snprintf(g->text, sizeof(g->text), "%s", end);
      return true;
   }
   return false;
}

static void
test_golden(void **state)
{
   FILE *f = fopen(GOLDEN_TXT, "r");
   assert_non_null(f);
   struct golden g;
   unsigned count = 0;
   while (golden_next(f, &g)) {
      struct sass_instr i, parsed;
      struct sass_error err;
      struct util_buf text;
      uint64_t word = 0;
      count++;

      if (sass_decode(g.word, &i))
         fail_msg("%016lx %s: does not decode", g.word, g.text);
      util_buf_init(&text);
      sass_print(&i, g.pc, &text);
      if (strcmp(text.data, g.text) != 0)
         fail_msg("%016lx: printed %s, golden %s", g.word, text.data, g.text);
      util_buf_finish(&text);

      if (sass_parse(g.text, g.pc, &parsed, &err))
         fail_msg("%s: column %u: %s", g.text, err.column, err.msg);
      if (sass_encode(&parsed, &word, &err))
         fail_msg("%s: %s", g.text, err.msg);
      /* Bits that no field covers may differ. */
      if ((word ^ g.word) & sass_word_mask(&parsed))
         fail_msg("%s: made %016lx, golden %016lx", g.text, word, g.word);
   }
   fclose(f);
   assert_int_equal(count, GOLDEN_COUNT);
}

/* --- Random words and instructions --- */

static uint64_t rng_state;

static uint64_t
rng(void)
{
   return test_rng(&rng_state);
}

/* A word of a random row with random fields. */
static uint64_t
random_word(void)
{
   const struct sass_row *row = &sass_rows[rng() % sass_row_count];
   return row->value | (rng() & rng() & ~row->mask) | (rng() & 1 ? 0x70000 : 0);
}

static bool
same_instr(const struct sass_instr *a, const struct sass_instr *b,
           const char **member_out)
{
   if (a->op != b->op || a->form != b->form) {
      *member_out = "op, form";
      return false;
   }
   for (unsigned m = M_none + 1; m < M_count; m++) {
      if (sass_member_get(a, m) != sass_member_get(b, m)) {
         *member_out = sass_member_name(m);
         return false;
      }
   }
   return true;
}

static void
check_word(uint64_t word, unsigned *decoded, unsigned *encoded)
{
   struct sass_instr i, back;
   struct sass_error err = {0};
   struct util_buf text;
   const char *member = "";
   uint64_t again = 0;

   if (sass_decode(word, &i))
      return;
   (*decoded)++;
   uint64_t pc = 0x100000 + (rng() & 0xfff8);
   util_buf_init(&text);
   sass_print(&i, pc, &text);
   if (sass_parse(text.data, pc, &back, &err))
      fail_msg("%016lx %s: column %u: %s", word, text.data, err.column,
               err.msg);
   if (!same_instr(&i, &back, &member))
      fail_msg("%016lx %s: parses to another %s", word, text.data, member);

   if (sass_encode(&i, &again, &err) == 0) {
      (*encoded)++;
      if ((again ^ word) & sass_word_mask(&i))
         fail_msg("%016lx %s: encodes as %016lx", word, text.data, again);
      if (again & ~sass_word_mask(&i))
         fail_msg("%016lx %s: sets bits outside of its mask: %016lx", word,
                  text.data, again);
   } else if (!sass_check_regs(&i, NULL)) {
      fail_msg("%016lx %s: does not encode: %s", word, text.data, err.msg);
   }
   util_buf_finish(&text);
}

static void
test_random_words(void **state)
{
   rng_state = test_rng_state(test_seed());
   unsigned decoded = 0, encoded = 0;
   for (unsigned n = 0; n < 300000; n++)
      check_word(random_word(), &decoded, &encoded);
   for (unsigned n = 0; n < 100000; n++)
      check_word(rng(), &decoded, &encoded);
   print_message("%u words decoded, %u encoded again\n", decoded, encoded);
   assert_true(decoded > 100000);
   assert_true(encoded > decoded / 2);
}

/* Every form's zero word: legal or refused, never a crash; every row reachable.
 */
static void
test_every_row_decodes(void **state)
{
   rng_state = test_rng_state(test_seed());
   for (unsigned r = 0; r < sass_row_count; r++) {
      bool hit = false;
      for (unsigned n = 0; n < 2000 && !hit; n++) {
         struct sass_instr i;
         uint64_t word = sass_rows[r].value | (rng() & ~sass_rows[r].mask);
         hit = sass_row_of_word(word) == &sass_rows[r] &&
               sass_decode(word, &i) == 0;
      }
      if (!hit)
         fail_msg("row %u (%s) never decodes", r, sass_rows[r].base);
   }
}

/* --- Refusals --- */

static void
expect_refused(const struct sass_instr *i, const char *why)
{
   uint64_t word;
   struct sass_error err = {0};
   assert_int_equal(sass_encode(i, &word, &err), -EINVAL);
   if (!strstr(err.msg, why))
      fail_msg("expected `%s`, got `%s`", why, err.msg);
}

static void
test_encode_refuses(void **state)
{
   struct sass_instr i;
   sass_instr_init(&i, SASS_OP_IADD, SASS_FORM_I);
   i.imm = 0x80000;
   expect_refused(&i, "imm");
   i.imm = -0x80000;
   i.rb = 3;
   expect_refused(&i, "no rb");

   sass_instr_init(&i, SASS_OP_FADD, SASS_FORM_I);
   i.imm = 0x3f800001; /* 1 + ulp has no 20-bit form */
   expect_refused(&i, "imm");

   sass_instr_init(&i, SASS_OP_IADD, SASS_FORM_R);
   i.neg_a = i.neg_b = true; /* this is .PO */
   expect_refused(&i, "another instruction");

   sass_instr_init(&i, SASS_OP_DADD, SASS_FORM_R);
   i.rd = 1;
   expect_refused(&i, "R1 is not aligned");
   i.rd = 254;
   expect_refused(&i, "past R254");

   sass_instr_init(&i, SASS_OP_LDG, SASS_FORM_R);
   i.e = true;
   i.ra = 3;
   i.size = SASS_SIZE_32;
   expect_refused(&i, "R3 is not aligned");
   i.ra = 4;
   i.off = 1 << 23;
   expect_refused(&i, "off");

   sass_instr_init(&i, SASS_OP_IADD, SASS_FORM_C);
   i.cb_off = 6;
   expect_refused(&i, "cb_off");
   i.cb_off = 0x10000;
   expect_refused(&i, "cb_off");

   sass_instr_init(&i, SASS_OP_F2F, SASS_FORM_R);
   expect_refused(&i, "type");
}

static void
expect_no_parse(const char *text, unsigned column)
{
   struct sass_instr i;
   struct sass_error err = {0};
   assert_int_equal(sass_parse(text, 0, &i, &err), -EINVAL);
   if (err.column != column)
      fail_msg("%s: column %u: %s; expected column %u", text, err.column,
               err.msg, column);
}

static void
test_parse_errors(void **state)
{
   expect_no_parse("", 1);
   expect_no_parse("FROB R0", 1);
   expect_no_parse("@P9 EXIT", 2);
   expect_no_parse("@P0 SSY 0x8", 8);
   expect_no_parse("IADD.FTZ R0, R1, R2", 5);
   expect_no_parse("IADD R0, R1", 12);
   expect_no_parse("IADD R0, R256, R1", 10);
   expect_no_parse("IADD R0, R1, 0x80000", 14);
   expect_no_parse("IADD R0, |R1|, R2", 11);
   expect_no_parse("IADD R0, R1, R2, R3", 16);
   expect_no_parse("ATOM.E.CAS R0, [R2], R4, R6", 28);
   expect_no_parse("MOV R0, c[0x0][0x2]", 16);
}

/* --- Control words --- */

static void
test_ctrl(void **state)
{
   struct sass_ctrl idle = SASS_CTRL_IDLE(6), safe = SASS_CTRL_SAFE;
   assert_int_equal(sass_ctrl_pack(&idle), 0x7f6); /* isa.md 1.1 */
   assert_int_equal(sass_ctrl_pack(&safe), 0x1ffef);
   for (uint32_t slot = 0; slot < 1u << 21; slot += 1 + slot % 5) {
      struct sass_ctrl c = sass_ctrl_unpack(slot), back;
      struct util_buf text;
      struct sass_error err;
      assert_int_equal(sass_ctrl_pack(&c), slot);
      util_buf_init(&text);
      sass_ctrl_print(&c, &text);
      assert_int_equal(sass_ctrl_parse(text.data, &back, &err), text.size_B);
      assert_int_equal(sass_ctrl_pack(&back), slot);
      util_buf_finish(&text);
   }
   struct sass_ctrl three[3] = {idle, safe, SASS_CTRL_IDLE(1)}, out[3];
   sass_bundle_unpack(sass_bundle_pack(three), out);
   for (unsigned n = 0; n < 3; n++)
      assert_int_equal(sass_ctrl_pack(&three[n]), sass_ctrl_pack(&out[n]));
   struct util_buf text;
   util_buf_init(&text);
   sass_ctrl_print(&(struct sass_ctrl){6, true, 0, 7, 1, 0}, &text);
   assert_string_equal(text.data, "[B0-----:R-:W0:Y:S06]");
   util_buf_finish(&text);
   assert_int_equal(sass_ctrl_check(&(struct sass_ctrl){.wr_bar = 6}, NULL),
                    -EINVAL);
   assert_int_equal(sass_ctrl_check(&safe, NULL), 0);
}

/* --- Operands --- */

static void
expect_operands(const char *text, const char *expected)
{
   struct sass_instr i;
   struct sass_operands list;
   struct sass_error err = {0};
   char got[256] = "";
   if (sass_parse(text, 0, &i, &err))
      fail_msg("%s: %u: %s", text, err.column, err.msg);
   sass_operands(&i, &list);
   for (unsigned n = 0; n < list.count; n++) {
      const struct sass_operand *o = &list.v[n];
      static const char letters[] = "RPC";
      size_t used = strlen(got);
      snprintf(got + used, sizeof(got) - used, "%s%s%c%u", n ? " " : "",
               o->write ? "=" : "", letters[o->file], o->reg);
      used = strlen(got);
      if (o->count > 1)
         snprintf(got + used, sizeof(got) - used, ":%u", o->count);
   }
   if (strcmp(got, expected) != 0)
      fail_msg("%s: operands `%s`, expected `%s`", text, got, expected);
}

static void
test_operands(void **state)
{
   expect_operands("@!P2 IADD.X R1.CC, R2, -R3", "P2 C0 R2 R3 =R1 =C0");
   expect_operands("MOV R0, RZ", "=R0");
   expect_operands("DFMA R4, R6, c[0x0][0x8], R10", "R6:2 R10:2 =R4:2");
   expect_operands("LDG.E.128 R8, [R2]", "R2:2 =R8:4");
   expect_operands("STG.E.64 [R2+0x8], R8", "R2:2 R8:2");
   expect_operands("LDS.U8 R1, [R2]", "R2 =R1");
   expect_operands("ATOM.E.CAS.64 R0, [R2], R4, R6", "R2:2 R4:4 =R0:2");
   expect_operands("ATOM.E.ADD.U64 R0, [R2], R4", "R2:2 R4:2 =R0:2");
   expect_operands("RED.E.ADD [R2], R5", "R2:2 R5");
   expect_operands("ISETP.LT.AND P0, P1, R1, 0x2, !P3", "R1 P3 =P0 =P1");
   expect_operands("SEL R0, R1, R2, P4", "R1 R2 P4 =R0");
   expect_operands("F2I.S64.F32.TRUNC R2, R1", "R1 =R2:2");
   expect_operands("I2F.F64.U32 R2, R1", "R1 =R2:2");
   expect_operands("R2P PR, R1, 0x5", "R1 =P0 =P2");
   expect_operands("P2R R0, PR, RZ, 0x3", "P0 P1 =R0");
   expect_operands("HADD2.MRG_H0 R0, R1, R2", "R0 R1 R2 =R0");
   expect_operands("FFMA32I R0, R1, 1.5, R0", "R1 R0 =R0");
   expect_operands("FFMA R0, R1, c[0x0][0x4], R2", "R1 R2 =R0");
   expect_operands("FFMA R0, R1, R2, c[0x0][0x4]", "R1 R2 =R0");
   expect_operands("BRA CC.NEU, 0x40", "C0");
   expect_operands("VOTE.ANY R1, P0, P2", "P2 =R1 =P0");
   expect_operands("SHFL.BFLY PT, R0, R1, R2, 0x1f", "R1 R2 =R0");
   expect_operands("LDC.64 R2, c[0x3][R5+0x8]", "R5 =R2:2");
}

/* --- Whole programs --- */

static const char program[] =
   "# counts down\n"
   "[B------:R-:W0:-:S02] S2R R0, SR_TID.X;\n"
   ".Lhead:\n"
   "[B0-----:R-:W-:-:S06] IADD R0, R0, -0x1 # comment\n"
   "\n"
   "   ISETP.GT.AND P0, PT, R0, RZ, PT;\n"
   ".Lnext:\n"
   "[B------:R-:W-:Y:S13:U1] @P0 BRA .Lhead;\n"
   "[B------:R-:W-:Y:S13] @!P0 BRA .Lnext;\n"
   "[B------:R-:W-:Y:S15] EXIT;\n"
   ".word 0xffffffffffffffff\n";

static void
expect_word(const uint64_t *words, unsigned n, const char *text)
{
   struct sass_instr i;
   struct sass_error err;
   uint64_t word;
   assert_int_equal(sass_parse(text, n * SASS_WORD_B, &i, &err), 0);
   assert_int_equal(sass_encode(&i, &word, &err), 0);
   assert_int_equal(words[n], word);
}

static void
test_program_text(void **state)
{
   struct util_buf code, again, text;
   struct sass_error err;
   unsigned line;
   util_buf_init(&code);
   util_buf_init(&again);
   util_buf_init(&text);
   if (sass_text_parse(program, &code, &line, &err))
      fail_msg("%u:%u: %s", line, err.column, err.msg);
   assert_int_equal(code.size_B, 3 * SASS_BUNDLE_B);
   const uint64_t *words = (const uint64_t *)code.data;
   expect_word(words, 1, "S2R R0, SR_TID.X");
   expect_word(words, 5, "@P0 BRA 0x10"); /* an instruction of its own */
   expect_word(words, 6,
               "@!P0 BRA 0x20"); /* first of a bundle: its control word */
   assert_int_equal(words[9], UINT64_MAX);
   expect_word(words, 11, "NOP");
   struct sass_ctrl ctrl[3];
   sass_bundle_unpack(words[0], ctrl);
   assert_int_equal(ctrl[0].wr_bar, 0);
   assert_int_equal(ctrl[1].wait_mask, 1);
   assert_int_equal(sass_ctrl_pack(&ctrl[2]), sass_ctrl_pack(&SASS_CTRL_SAFE));

   assert_int_equal(sass_text_print(words, 12, &text), 0);
   assert_non_null(strstr(text.data, ".L0020:\n"));
   assert_non_null(strstr(text.data, "BRA .L0010;"));
   if (sass_text_parse(text.data, &again, &line, &err))
      fail_msg("%u:%u: %s", line, err.column, err.msg);
   assert_int_equal(again.size_B, code.size_B);
   assert_memory_equal(again.data, code.data, code.size_B);
   util_buf_finish(&code);
   util_buf_finish(&again);
   util_buf_finish(&text);
}

static void
expect_text_error(const char *text, unsigned line, unsigned column)
{
   struct util_buf code;
   struct sass_error err;
   unsigned at;
   util_buf_init(&code);
   assert_int_equal(sass_text_parse(text, &code, &at, &err), -EINVAL);
   if (at != line || err.column != column)
      fail_msg("%u:%u: %s; expected %u:%u", at, err.column, err.msg, line,
               column);
   util_buf_finish(&code);
}

static void
test_program_errors(void **state)
{
   expect_text_error("NOP\n  IADD R0, R1, R300\n", 2, 16);
   expect_text_error("NOP\nBRA .Lgone;\n", 2, 5);
   expect_text_error(".La:\nNOP\n.La:\n", 3, 1);
   expect_text_error("[B9-----:R-:W-:Y:S00] NOP\n", 1, 3);
   expect_text_error("[B------:R-:W-:Y:S00] DADD R1, R2, R4\n", 1, 23);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_golden),
      cmocka_unit_test(test_random_words),
      cmocka_unit_test(test_every_row_decodes),
      cmocka_unit_test(test_encode_refuses),
      cmocka_unit_test(test_parse_errors),
      cmocka_unit_test(test_ctrl),
      cmocka_unit_test(test_operands),
      cmocka_unit_test(test_program_text),
      cmocka_unit_test(test_program_errors),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
