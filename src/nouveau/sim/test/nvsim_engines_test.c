/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The engines of a channel together: which class a subchannel has, what comes
 * before what, what is looked up anew and when, time. */
#include "nvsim_engine_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "nouveau/headers/nv_class_3d.h"

#define COMPUTE NV_SUBCH_COMPUTE
#define COPY    NV_SUBCH_COPY
#define D3      NV_SUBCH_3D

static struct rig r;

static int
setup(void **state)
{
   engine_rig_init(&r, 0, 0);
   return 0;
}

static int
teardown(void **state)
{
   rig_finish(&r);
   return 0;
}

static void
run(void)
{
   engine_rig_run(&r);
}

static void
expect_error(const char *text)
{
   engine_rig_expect_error(&r, text, 0, 0);
}

static void
copy(unsigned subch, uint64_t src, uint64_t dst, uint32_t size_B)
{
   const uint32_t words[] = {HI(src), LO(src), HI(dst), LO(dst)};
   for (unsigned i = 0; i < 4; i++)
      rig_method(&r, subch, NV_COPY_OFFSET_IN_UPPER + 4 * i, words[i]);
   rig_method(&r, subch, NV_COPY_LINE_LENGTH_IN, size_B);
   rig_method(&r, subch, NV_COPY_LAUNCH_DMA, NV_COPY_LAUNCH_LINEAR);
}

/* ---- classes ---- */

/* nouveau's software class: known, and without effect on the card. */
static void
software_class(void **state)
{
   uint64_t a = rig_alloc(&r, 4096), b = rig_alloc(&r, 4096);
   memset(rig_ptr(&r, a), 0x5a, 64);
   rig_method(&r, NV_SUBCH_SW, NV_HOST_SET_OBJECT, NV_CLASS_NOUVEAU_SW);
   static const enum nv_push_op ops[] = {NV_PUSH_OP_INC, NV_PUSH_OP_NINC,
                                         NV_PUSH_OP_ONEINC};
   for (unsigned i = 0; i < 3; i++) {
      rig_word(&r, nv_push_header(ops[i], NV_SUBCH_SW, 0x500, 3));
      for (unsigned k = 0; k < 3; k++)
         rig_word(&r, 0x20010001); /* data, not a header */
   }
   rig_word(&r, nv_push_header(NV_PUSH_OP_IMMD, NV_SUBCH_SW, 0x600, 7));
   copy(COPY, rig_va(a), rig_va(b), 64);
   run();
   assert_memory_equal(rig_ptr(&r, b), rig_ptr(&r, a), 64);
   /* That of older cards, and none at all. */
   rig_method(&r, NV_SUBCH_SW, NV_HOST_SET_OBJECT, 0x506e);
   expect_error("no such class");
   rig_method(&r, NV_SUBCH_SW, 0x500, 1);
   expect_error("no object");
}

/* Subchannel 4 is a copy engine although nobody said so, others are not. */
static void
copy_without_object(void **state)
{
   uint64_t a = rig_alloc(&r, 4096), b = rig_alloc(&r, 4096);
   uint8_t *pa = rig_ptr(&r, a), *pb = rig_ptr(&r, b);
   memset(pa, 1, 4096);
   copy(COPY, rig_va(a), rig_va(b), 100);
   run();
   assert_memory_equal(pa, pb, 100);
   assert_int_equal(pb[100], 0);
   copy(5, rig_va(a), rig_va(b), 200);
   expect_error("no object");
   /* So it is after the channel has been bound again, and with the object. */
   copy(COPY, rig_va(a), rig_va(b), 200);
   rig_method(&r, 5, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_DMA_COPY_B);
   copy(5, rig_va(a) + 200, rig_va(b) + 200, 100);
   rig_method(&r, COPY, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_DMA_COPY_B);
   copy(COPY, rig_va(a) + 300, rig_va(b) + 300, 100);
   run();
   assert_memory_equal(pa, pb, 400);
   assert_int_equal(pb[400], 0);
   /* Another object takes the place. */
   rig_method(&r, COPY, NV_HOST_SET_OBJECT, NV_CLASS_FERMI_TWOD_A);
   copy(COPY, rig_va(a), rig_va(b) + 2048, 100);
   run();
   assert_int_equal(pb[2048], 0);
   rig_method(&r, COPY, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_DMA_COPY_A);
   expect_error("no such class"); /* GP100's */
}

static void
copy_on_gp100(void **state)
{
   static const struct rig_config gp100 = {.chipset = 0x130};
   rig_finish(&r);
   rig_init(&r, &gp100);
   uint64_t a = rig_alloc(&r, 4096), b = rig_alloc(&r, 4096);
   memset(rig_ptr(&r, a), 1, 64);
   copy(COPY, rig_va(a), rig_va(b), 64);
   rig_method(&r, COPY, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_DMA_COPY_A);
   run();
   assert_memory_equal(rig_ptr(&r, a), rig_ptr(&r, b), 64);
}

/* ---- order ---- */

/* c[0][0]: where; each thread of each group stores its group's number + 1. */
static const char store_groups[] = "MOV R4, c[0x0][0x0];\n"
                                   "MOV R5, c[0x0][0x4];\n"
                                   "S2R R0, SR_CTAID.X;\n"
                                   "S2R R1, SR_CTAID.Y;\n"
                                   "MOV R2, c[0x0][0x8];\n"
                                   "XMAD R0, R1, R2, R0;\n"
                                   "SHL R3, R0, 0x2;\n"
                                   "IADD R4.CC, R4, R3;\n"
                                   "IADD.X R5, R5, RZ;\n"
                                   "IADD R6, R0, 0x1;\n"
                                   "STG.E [R4], R6;\n"
                                   "EXIT;\n";

/* Compute, copy, compute again, inline upload: each sees the one before. */
static void
engines_in_order(void **state)
{
   enum {
      N = 500
   };
   uint64_t a = rig_alloc(&r, 4096), b = rig_alloc(&r, 4096),
            c = rig_alloc(&r, 4096);
   uint32_t *pa = rig_ptr(&r, a), *pb = rig_ptr(&r, b), *pc = rig_ptr(&r, c);
   struct rig_launch l = {.code = store_groups,
                          .grid = {N},
                          .args = {LO(rig_va(a)), HI(rig_va(a)), N}};
   rig_launch(&r, &l);
   rig_method(&r, COMPUTE, NV_MTHD_WAIT_FOR_IDLE, 0);
   copy(COPY, rig_va(a), rig_va(b), N * 4);
   rig_method(&r, COPY, NV_HOST_WFI, 1);
   const uint32_t upload[] = {N * 2, 1, HI(rig_va(b)), LO(rig_va(b))};
   for (unsigned i = 0; i < 4; i++)
      rig_method(&r, COMPUTE, NV_I2M_LINE_LENGTH_IN + 4 * i, upload[i]);
   rig_method(&r, COMPUTE, NV_I2M_LAUNCH_DMA, NV_I2M_LAUNCH_LINEAR);
   rig_word(&r, nv_push_header(NV_PUSH_OP_NINC, COMPUTE,
                               NV_I2M_LOAD_INLINE_DATA, N / 2));
   for (unsigned i = 0; i < N / 2; i++)
      rig_word(&r, 7);
   rig_method(&r, D3, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_B);
   rig_method(&r, D3, NV_MTHD_WAIT_FOR_IDLE, 0);
   copy(COPY, rig_va(b), rig_va(c), N * 4);
   run();
   for (unsigned i = 0; i < N; i++) {
      assert_int_equal(pa[i], i + 1);
      assert_int_equal(pb[i], i < N / 2 ? 7 : i + 1);
      assert_int_equal(pc[i], pb[i]);
   }
}

/* The grid's size is the payload of an upload to the QMD, fetched from a buffer
 * that a kernel has written just before (mesa.md, facts 18 and §1.9). */
static void
indirect_dispatch(void **state)
{
   static const char write_sizes[] = "MOV R4, c[0x0][0x0];\n"
                                     "MOV R5, c[0x0][0x4];\n"
                                     "MOV32I R0, 0x7;\n"
                                     "MOV32I R1, 0x3;\n"
                                     "MOV32I R2, 0x1;\n"
                                     "STG.E [R4], R0;\n"
                                     "STG.E [R4+0x4], R1;\n"
                                     "STG.E [R4+0x8], R2;\n"
                                     "EXIT;\n";
   uint64_t sizes = rig_alloc(&r, 4096), out = rig_alloc(&r, 4096);
   uint64_t second = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, out);
   run();
   /* The second launch, whose QMD says 100 groups. */
   struct rig_launch l = {.code = store_groups,
                          .grid = {100},
                          .args = {LO(rig_va(out)), HI(rig_va(out)), 7}};
   rig_launch(&r, &l);
   r.words.size_B = 0;
   memcpy(rig_ptr(&r, second), rig_ptr(&r, r.qmd), 4 * NV_QMD_DW);
   uint64_t code = rig_alloc(&r, 4096), cb = rig_alloc(&r, 4096);
   memcpy(rig_ptr(&r, code), rig_ptr(&r, r.code), 4096);
   memcpy(rig_ptr(&r, cb), rig_ptr(&r, r.cb0), 4096);
   uint32_t *q = rig_ptr(&r, second);
   nv_qmd_set(q, NV_QMD_PROGRAM_OFFSET, 0, (uint32_t)(code - r.code));
   nv_qmd_set_cb(q, 0, rig_va(cb), 256);

   l = (struct rig_launch){.code = write_sizes,
                           .args = {LO(rig_va(sizes)), HI(rig_va(sizes))}};
   rig_launch(&r, &l);
   rig_method(&r, COMPUTE, NV_MTHD_WAIT_FOR_IDLE, 0);
   const uint32_t upload[] = {12, 1, HI(rig_va(second)),
                              LO(rig_va(second)) + 48};
   for (unsigned i = 0; i < 4; i++)
      rig_method(&r, COMPUTE, NV_I2M_LINE_LENGTH_IN + 4 * i, upload[i]);
   rig_word(
      &r, nv_push_header(NV_PUSH_OP_ONEINC, COMPUTE, NV_I2M_LAUNCH_DMA, 1 + 3));
   rig_word(&r, NV_I2M_LAUNCH_LINEAR);
   rig_submit(&r);
   rig_submit_at(&r, rig_va(sizes), 3); /* the packet's other words */
   rig_method(&r, COMPUTE, NV_COMPUTE_SEND_PCAS_A,
              (uint32_t)(rig_va(second) >> 8));
   rig_method(&r, COMPUTE, NV_COMPUTE_SEND_SIGNALING_PCAS_B,
              NV_COMPUTE_PCAS_INVALIDATE | NV_COMPUTE_PCAS_SCHEDULE);
   run();
   for (unsigned i = 0; i < 7 * 3; i++)
      assert_int_equal(p[i], i + 1);
   assert_int_equal(p[7 * 3], 0);
}

/* ---- caches ---- */

static void
launch_again(void)
{
   rig_method(&r, COMPUTE, NV_COMPUTE_SEND_PCAS_A,
              (uint32_t)(rig_va(r.qmd) >> 8));
   rig_method(&r, COMPUTE, NV_COMPUTE_SEND_SIGNALING_PCAS_B,
              NV_COMPUTE_PCAS_INVALIDATE | NV_COMPUTE_PCAS_SCHEDULE);
   run();
}

/* Code is read again only after an invalidate, by whichever class and method;
 * constants and the QMD are read for each launch. */
static void
invalidates(void **state)
{
   static const char store[] = "MOV R4, c[0x0][0x0];\n"
                               "MOV R5, c[0x0][0x4];\n"
                               "MOV R6, c[0x0][0x8];\n"
                               "MOV32I R7, 0x%x;\n"
                               "STG.E.64 [R4], R6;\n"
                               "EXIT;\n";
   static const struct {
      unsigned subch;
      uint32_t method, data;
      bool is_new;
   } cases[] = {
      {COMPUTE, NV_INVALIDATE_SHADER_CACHES, NV_INVALIDATE_INSTRUCTION, true},
      {COMPUTE, NV_INVALIDATE_SHADER_CACHES_NO_WFI, NV_INVALIDATE_CONSTANT,
       false},
      {COMPUTE, NV_INVALIDATE_SHADER_CACHES_NO_WFI, NV_INVALIDATE_GLOBAL_DATA,
       false},
      {COMPUTE, NV_INVALIDATE_SHADER_CACHES_NO_WFI, NV_INVALIDATE_INSTRUCTION,
       true},
      {COMPUTE, NV_MTHD_WAIT_FOR_IDLE, 0, false},
      {D3, NV_INVALIDATE_SHADER_CACHES, 0x1011, true}, /* as Mesa */
      {D3, NV_INVALIDATE_SHADER_CACHES_NO_WFI, NV_INVALIDATE_INSTRUCTION, true},
   };
   uint64_t out = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, out), seen = 0;
   rig_method(&r, D3, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_B);
   for (uint32_t i = 0; i <= ARRAY_SIZE(cases); i++) {
      char code[256];
      snprintf(code, sizeof(code), store, i);
      struct rig_launch l = {
         .code = code,
         .args = {LO(rig_va(out)), HI(rig_va(out)), 100 + i}};
      rig_launch(&r, &l);
      if (i) { /* else with the invalidate of the rig */
         r.words.size_B = 0;
         rig_method(&r, cases[i - 1].subch, cases[i - 1].method,
                    cases[i - 1].data);
         launch_again();
      }
      run();
      if (!i || cases[i - 1].is_new)
         seen = i;
      assert_int_equal(p[0], 100 + i);
      if (p[1] != seen)
         fail_msg("after case %u: code %u, not %u", i, p[1], seen);
   }
}

/* ---- time ---- */

/* Each engine's time stamp, in the order of the push buffer; they do not go
 * back, and the processor's clock lies around them. */
static void
time_stamps(void **state)
{
   enum {
      N = 6
   };
   uint64_t sem = rig_alloc(&r, 4096), a = rig_alloc(&r, 4096);
   uint64_t before = nvsim_ptimer_ns(r.sim), last = before, ns;
   rig_method(&r, D3, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_B);
   for (unsigned i = 0; i < N; i++) {
      uint64_t at = rig_va(sem) + 16 * i;
      if (i % 3 == 2) {
         rig_method(&r, COPY, NV_COPY_SET_SEMAPHORE_A, HI(at));
         rig_method(&r, COPY, NV_COPY_SET_SEMAPHORE_B, LO(at));
         rig_method(&r, COPY, NV_COPY_SET_SEMAPHORE_PAYLOAD, i + 1);
         rig_method(&r, COPY, NV_COPY_OFFSET_IN_UPPER, HI(rig_va(a)));
         rig_method(&r, COPY, NV_COPY_OFFSET_IN_UPPER + 4, LO(rig_va(a)));
         rig_method(&r, COPY, NV_COPY_OFFSET_IN_UPPER + 8, HI(rig_va(a)));
         rig_method(&r, COPY, NV_COPY_OFFSET_IN_UPPER + 12, LO(rig_va(a)) + 64);
         rig_method(&r, COPY, NV_COPY_LINE_LENGTH_IN, 64);
         rig_method(&r, COPY, NV_COPY_LAUNCH_DMA,
                    NV_COPY_LAUNCH_LINEAR | NV_COPY_LAUNCH_SEM_FOUR_WORD);
         continue;
      }
      unsigned subch = i % 3 ? COMPUTE : D3;
      const uint32_t release[] = {HI(at), LO(at), i + 1, NV_REPORT_OP_RELEASE};
      for (unsigned k = 0; k < 4; k++)
         rig_method(&r, subch, NV_SET_REPORT_SEMAPHORE_A + 4 * k, release[k]);
   }
   run();
   for (unsigned i = 0; i < N; i++) {
      const uint32_t *p = (uint32_t *)rig_ptr(&r, sem) + 4 * i;
      assert_int_equal(p[0], i + 1);
      assert_int_equal(p[1], 0);
      memcpy(&ns, p + 2, sizeof(ns));
      assert_true(ns >= last);
      last = ns;
   }
   assert_true(last <= nvsim_ptimer_ns(r.sim));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
   const struct CMUnitTest tests[] = {
      T(software_class),   T(copy_without_object), T(copy_on_gp100),
      T(engines_in_order), T(indirect_dispatch),   T(invalidates),
      T(time_stamps),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
