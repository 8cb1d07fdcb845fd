/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Assignment of small programs in text: how many moves are left and how many
 * registers are used. */
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
   int err = nvir_parse(text, &s, &log);
   if (err)
      fail_msg("%s", log.data);
   util_buf_finish(&log);
   return s;
}

static void
check(const char *text, unsigned moves, unsigned gprs)
{
   struct nvir_shader *s = parse(text);
   struct util_buf out;
   unsigned got = 0;
   assert_int_equal(nvir_spill(s), 0);
   assert_int_equal(nvir_assign_regs(s), 0);
   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b)
         got += i->op == NVIR_OP_MACH && i->mi.op == SASS_OP_MOV;
   util_buf_init(&out);
   nvir_print(s, &out);
   if (got != moves || s->num_gprs != gprs)
      fail_msg("%u moves, %u registers:\n%s", got, s->num_gprs, out.data);
   util_buf_finish(&out);
   nvir_shader_destroy(s);
}

/* Counter and sum stay in one register each all the way round. */
static void
test_loop(void **state)
{
   check("kernel \"loop\" is_legal=1\n"
         "block 0 preds [] succs [1]:\n"
         "   %0.g1@rd = mach \"MOV32I RZ, 0x1\"\n"
         "   %1.g1@rd = mach \"MOV32I RZ, 0x2\"\n"
         "   br\n"
         "block 1 preds [0 2] succs [2 3]:\n"
         "   %2.g1 = phi %0, %4\n"
         "   %3.g1 = phi %1, %5\n"
         "   %4.g1@rd = mach \"IADD32I RZ, RZ, 0x1\" %2@ra\n"
         "   %5.g1@rd = mach \"IADD RZ, RZ, RZ\" %3@ra, %4@rb\n"
         "   %6.p@pd = mach \"ISETP.LT.AND PT, PT, RZ, 0x64, PT\" %4@ra\n"
         "   cbr %6\n"
         "block 2 preds [1] succs [1]:\n"
         "   br\n"
         "block 3 preds [1] succs []:\n"
         "   mach \"STL [0x0], RZ\" %5@rd\n"
         "   exit\n",
         0, 2);
}

/* A pointer advanced by a 64-bit add: split, carry, collect cost nothing. */
static void
test_pointer(void **state)
{
   check("kernel \"pointer\" is_legal=1\n"
         "block 0 preds [] succs [1]:\n"
         "   %0.g1@rd = mach \"MOV RZ, c[0x0][0x80]\"\n"
         "   %1.g1@rd = mach \"MOV RZ, c[0x0][0x84]\"\n"
         "   %2.g2 = collect %0, %1\n"
         "   %3.g1@rd = mach \"MOV32I RZ, 0x0\"\n"
         "   br\n"
         "block 1 preds [0 2] succs [2 3]:\n"
         "   %4.g2 = phi %2, %12\n"
         "   %5.g1 = phi %3, %7\n"
         "   %6.g1@rd = mach \"LDG.E RZ, [RZ]\" %4@ra\n"
         "   %7.g1@rd = mach \"IADD RZ, RZ, RZ\" %5@ra, %6@rb\n"
         "   %8.g1, %9.g1 = split %4\n"
         "   %10.g1@rd, %13.c@cc = mach \"IADD RZ, RZ, 0x4\" %8@ra\n"
         "   %11.g1@rd = mach \"IADD RZ, RZ, RZ\" %9@ra, %13@cc\n"
         "   %12.g2 = collect %10, %11\n"
         "   %14.p@pd = mach \"ISETP.LT.AND PT, PT, RZ, 0x64, PT\" %7@ra\n"
         "   cbr %14\n"
         "block 2 preds [1] succs [1]:\n"
         "   br\n"
         "block 3 preds [1] succs []:\n"
         "   mach \"STL [0x0], RZ\" %7@rd\n"
         "   exit\n",
         2, 4);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_loop),
      cmocka_unit_test(test_pointer),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
