/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Control slots and bundles of small programs whose registers are given,
 * against text written by hand from the rules in isa.md §5.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nouveau/compiler/nvir_passes.h"

static struct nvir_shader *
parse(const char *text)
{
   struct util_buf log;
   struct nvir_shader *s = NULL;
   util_buf_init(&log);
   if (nvir_parse(text, &s, &log))
      fail_msg("%s", log.data);
   util_buf_finish(&log);
   return s;
}

/* "[control] instruction" a line, up to the branch to itself at the end. */
static void
disassemble(const struct util_buf *code, struct util_buf *out)
{
   for (size_t pc = 0; pc < code->size_B; pc += SASS_WORD_B) {
      uint64_t control, word;
      struct sass_ctrl slots[SASS_BUNDLE_SLOTS];
      struct sass_instr mi;
      if (pc % SASS_BUNDLE_B == 0)
         continue;
      memcpy(&control, code->data + pc / SASS_BUNDLE_B * SASS_BUNDLE_B, 8);
      memcpy(&word, code->data + pc, 8);
      sass_bundle_unpack(control, slots);
      assert_int_equal(sass_decode(word, &mi), 0);
      if (mi.op == SASS_OP_BRA && mi.target == -SASS_WORD_B)
         return;
      sass_ctrl_print(&slots[pc % SASS_BUNDLE_B / SASS_WORD_B - 1], out);
      util_buf_puts(out, " ");
      sass_print(&mi, pc, out);
      util_buf_puts(out, "\n");
   }
   fail_msg("no branch to itself at the end");
}

static void
check(const char *body, const char *want)
{
   struct util_buf text, code, got;
   util_buf_init(&text);
   util_buf_init(&code);
   util_buf_init(&got);
   util_buf_printf(&text, "kernel \"k\" is_legal=1 has_regs=1\n%s", body);
   struct nvir_shader *s = parse(text.data);
   nvir_insert_deps(s);
   assert_int_equal(nvir_pack(s, &code), 0);
   assert_int_equal(code.size_B % 0x80, 0);
   disassemble(&code, &got);
   assert_string_equal(got.data, want);
   util_buf_finish(&text);
   util_buf_finish(&code);
   util_buf_finish(&got);
   nvir_shader_destroy(s);
}

#define END "   mach \"EXIT\"\n"

/* Six cycles to an operand, thirteen to a guard. */
static void
test_fixed_latency(void **state)
{
   check("block 0 preds [] succs []:\n"
         "   %0.g1=R0@rd = mach \"MOV32I RZ, 0x1\"\n"
         "   %1.g1=R1@rd = mach \"MOV32I RZ, 0x2\"\n"
         "   %2.g1=R2@rd = mach \"IADD RZ, RZ, RZ\" %0@ra, %1@rb\n"
         "   %3.p=P0@pd = mach \"ISETP.LT.AND PT, PT, RZ, RZ, PT\" %2@ra\n"
         "   mach \"EXIT\" %3@guard\n" END,
         "[B------:R-:W-:-:S01] MOV32I R0, 0x1\n"
         "[B------:R-:W-:-:S06] MOV32I R1, 0x2\n"
         "[B------:R-:W-:-:S06] IADD R2, R0, R1\n"
         "[B------:R-:W-:Y:S13] ISETP.LT.AND P0, PT, R2, RZ, PT\n"
         "[B------:R-:W-:Y:S13] @P0 EXIT\n"
         "[B------:R-:W-:Y:S13] EXIT\n");
}

/* A load's result and a store's sources each have a scoreboard. */
static void
test_scoreboards(void **state)
{
   check("block 0 preds [] succs []:\n"
         "   %0.g1=R0@rd = mach \"LDL RZ, [0x10]\"\n"
         "   %1.g1=R1@rd = mach \"IADD32I RZ, RZ, 0x1\" %0@ra\n"
         "   mach \"STL [0x20], RZ\" %1@rd\n"
         "   %2.g1=R1@rd = mach \"MOV32I RZ, 0x7\"\n" END,
         "[B------:R-:W0:-:S02] LDL R0, [0x10]\n"
         "[B0-----:R-:W-:-:S06] IADD32I R1, R0, 0x1\n"
         "[B------:R1:W-:-:S02] STL [0x20], R1\n"
         "[B-1----:R-:W-:-:S01] MOV32I R1, 0x7\n"
         "[B------:R-:W-:Y:S13] EXIT\n");
}

/* A block's end drains fixed latencies; scoreboards stay pending along edges,
 * also round the loop. Branches go to bundles. */
static void
test_loop(void **state)
{
   check("block 0 preds [] succs [1]:\n"
         "   %0.g1=R0@rd = mach \"LDL RZ, [0x10]\"\n"
         "   %1.g1=R1@rd = mach \"MOV32I RZ, 0x1\"\n"
         "   %6.g1=R4@rd = mach \"MOV32I RZ, 0x4\"\n"
         "block 1 preds [0 1] succs [1 2]:\n"
         "   %2.g1=R2@rd = mach \"IADD RZ, RZ, RZ\" %0@ra, %1@rb\n"
         "   %3.g1=R3@rd = mach \"LDL RZ, [0x20]\" %6@ra\n"
         "   mach \"BRA 0x8\" ->1\n"
         "block 2 preds [1] succs []:\n" END,
         "[B------:R-:W0:-:S02] LDL R0, [0x10]\n"
         "[B------:R-:W-:-:S01] MOV32I R1, 0x1\n"
         "[B------:R-:W-:-:S06] MOV32I R4, 0x4\n"
         "[B0-----:R-:W-:-:S01] IADD R2, R0, R1\n"
         "[B-1----:R-:W1:-:S02] LDL R3, [R4+0x20]\n"
         "[B------:R-:W-:Y:S13] BRA 0x20\n"
         "[B------:R-:W-:Y:S13] EXIT\n");
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fixed_latency),
      cmocka_unit_test(test_scoreboards),
      cmocka_unit_test(test_loop),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
