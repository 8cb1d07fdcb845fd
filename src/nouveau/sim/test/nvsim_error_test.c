/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What a warp does wrong, as the card tells it: id, place and thread. */
#include "nvsim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

static const struct rig_config plain = {0};

static const struct {
   const char *name, *code;
   unsigned error, regs, barriers, shared_B, local_B, pc;
} bad_code[] = {
   {"misaligned address",
    "MOV32I R4, 0x2;\nMOV R5, RZ;\nLDG.E R6, [R4];\nEXIT;\n", 0xf, .pc = 0x18},
   {"garbage", "MOV R1, RZ;\n.word 0xffffffffffffffff;\nEXIT;\n", 0x9,
    .pc = 0x10},
   {"register out of range", "MOV R20, RZ;\nEXIT;\n", 0xd, .regs = 20, .pc = 8},
   {"constant bank", "MOV R0, c[0x3][0x0];\nEXIT;\n", 0xc, .pc = 8},
   {"constant bank, LDC", "LDC R0, c[0x3][0x0];\nEXIT;\n", 0x12, .pc = 8},
   {"trap", "BPT.TRAP 0x1;\nEXIT;\n", 0x9, .pc = 8},
   {"SYNC alone", "SYNC;\nEXIT;\n", 0x1, .pc = 8},
   {"BRK alone", "BRK;\nEXIT;\n", 0x1, .pc = 8},
   {"RET alone", "RET;\nEXIT;\n", 0x3, .pc = 8},
   {"stack overflow", ".l:\nSSY .l;\nBRA .l;\n", 0x1, .pc = 8},
   {"barrier", "BAR.SYNC 0x1;\nEXIT;\n", 0x11, .barriers = 1, .pc = 8},
   {"shared", "MOV32I R0, 0x100;\nSTS [R0], RZ;\nEXIT;\n", 0xe, .shared_B = 256,
    .pc = 0x10},
   {"local", "MOV32I R0, 0x40;\nSTL [R0], RZ;\nEXIT;\n", 0xe, .local_B = 64,
    .pc = 0x10},
   {"misaligned PC", "MOV32I R0, 0x4;\nJMX R0 0x0;\nEXIT;\n", 0x5, .pc = 0x10},
   {"atomic on shared",
    "MOV32I R4, 0xfe000000;\nMOV R5, RZ;\n"
    "RED.E.ADD [R4], R5;\nEXIT;\n",
    0x10, .shared_B = 256, .pc = 0x18},
   {"half a barrier",
    "S2R R0, SR_TID.X;\nISETP.GE.U32.AND P0, PT, R0, 0x20, PT;\n"
    "@P0 BAR.SYNC 0x0;\nBAR.SYNC 0x0, 0x80;\nEXIT;\n",
    0x11, .barriers = 1, .pc = 0x28},
};

static void
warp_errors(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   for (unsigned i = 0; i < ARRAY_SIZE(bad_code); i++) {
      struct rig_launch l = {.code = bad_code[i].code,
                             .block = {64},
                             .regs = bad_code[i].regs,
                             .barriers = bad_code[i].barriers,
                             .shared_B = bad_code[i].shared_B,
                             .local_B = bad_code[i].local_B};
      assert_false(rig_run(&r, &l));
      assert_true(rig_wait_interrupt(&r, NVSIM_INTR_ERROR));
      struct nvsim_error e;
      assert_true(nvsim_next_error(r.sim, &e));
      if (e.kind != NVSIM_ERROR_WARP || e.warp_error != bad_code[i].error ||
          e.pc != bad_code[i].pc)
         fail_msg("%s: got %s", bad_code[i].name, e.text);
      assert_int_equal(e.chid, RIG_CHID);
      assert_true(e.program_va == rig_va(r.code));
      assert_false(nvsim_next_error(r.sim, &e));
      rig_bind(&r);
   }
   assert_true(rig_good_kernel_runs(&r));
   rig_finish(&r);
}

static void
error_names_the_thread(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   struct rig_launch l = {
      .code = "S2R R0, SR_TID.X;\nS2R R1, SR_TID.Y;\nS2R R2, SR_CTAID.Y;\n"
              "ISETP.EQ.U32.AND P0, PT, R0, 0x3, PT;\n"
              "ISETP.EQ.U32.AND P0, PT, R1, 0x5, P0;\n"
              "ISETP.EQ.U32.AND P0, PT, R2, 0x1, P0;\n"
              "MOV32I R4, 0x1;\nMOV R5, RZ;\n@P0 LDG.E R6, [R4];\nEXIT;\n",
      .grid = {1, 2},
      .block = {8, 8},
   };
   assert_false(rig_run(&r, &l));
   struct nvsim_error e;
   assert_true(nvsim_next_error(r.sim, &e));
   assert_int_equal(e.warp_error, 0xf);
   assert_int_equal(e.cta[1], 1);
   assert_int_equal(e.tid[0], 3);
   assert_int_equal(e.tid[1], 5);
   assert_true(e.gpu_va == 1);
   rig_finish(&r);
}

/* IDP is an instruction of sm_61, and of no chip before it. */
static void
idp_by_chip(void **state)
{
   static const uint32_t chipsets[] = {0x130, 0x132, 0x134, 0x138};
   for (unsigned i = 0; i < ARRAY_SIZE(chipsets); i++) {
      const struct rig_config config = {.chipset = chipsets[i]};
      const struct rig_launch l = {
         .code = "IDP.4A.U8.S8 R0, RZ, RZ, RZ;\nEXIT;\n",
         .grid = {1},
         .block = {32},
      };
      struct nvsim_error e;
      struct rig r;
      rig_init(&r, &config);
      assert_int_equal(rig_run(&r, &l), chipsets[i] != 0x130);
      if (chipsets[i] == 0x130) {
         assert_true(nvsim_next_error(r.sim, &e));
         assert_int_equal(e.warp_error, 0x9);
      }
      rig_finish(&r);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(warp_errors),
      cmocka_unit_test(error_names_the_thread),
      cmocka_unit_test(idp_by_chip),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
