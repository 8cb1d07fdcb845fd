/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The card through its bus: everything goes through registers, page tables and
 * push buffers; kernels are assembled from text. */
#include "nvsim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

/* R0 = global id of a one-dimensional grid; block size in c[0][0x0]. */
#define GLOBAL_ID                                                              \
   "S2R R0, SR_TID.X;\n"                                                       \
   "S2R R1, SR_CTAID.X;\n"                                                     \
   "XMAD R0, R1, c[0x0][0x0], R0;\n"
/* R4:R5 = c[0][off] + 4 * R0 */
#define ADDRESS(lo, hi, off_lo, off_hi)                                        \
   "SHL R2, R0, 0x2;\n"                                                        \
   "IADD " lo ".CC, R2, c[0x0][" off_lo "];\n"                                 \
   "IADD.X " hi ", RZ, c[0x0][" off_hi "];\n"

static const struct rig_config plain = {0};

/* ---- launches ---- */

static const char vecadd[] = GLOBAL_ID ADDRESS("R4", "R5", "0x8", "0xc")
   ADDRESS("R6", "R7", "0x10", "0x14")
      ADDRESS("R8", "R9", "0x18", "0x1c") "LDG.E R10, [R4];\n"
                                          "LDG.E R11, [R6];\n"
                                          "IADD R12, R10, R11;\n"
                                          "STG.E [R8], R12;\n"
                                          "EXIT;\n";

static void
check_vecadd(struct rig *r, uint32_t n, uint32_t block)
{
   uint64_t a = rig_alloc(r, n * 4), b = rig_alloc(r, n * 4),
            c = rig_alloc(r, n * 4 + 4096);
   uint32_t *pa = rig_ptr(r, a), *pb = rig_ptr(r, b), *pc = rig_ptr(r, c);
   for (uint32_t i = 0; i < n; i++) {
      pa[i] = i * 7 + 1;
      pb[i] = 0x80000000u + i * i;
   }
   struct rig_launch l = {
      .code = vecadd,
      .grid = {n / block},
      .block = {block},
      .args = {block, 0, LO(rig_va(a)), HI(rig_va(a)), LO(rig_va(b)),
               HI(rig_va(b)), LO(rig_va(c)), HI(rig_va(c))},
   };
   assert_true(rig_run(r, &l));
   for (uint32_t i = 0; i < n; i++)
      assert_int_equal(pc[i], pa[i] + pb[i]);
   assert_int_equal(pc[n], 0);
}

static void
vector_add(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   check_vecadd(&r, 4096, 64);
   check_vecadd(&r, 96, 32);
   check_vecadd(&r, 3 * 40, 40); /* partial warps */
   check_vecadd(&r, 65536, 1024);
   struct nvsim_stats s;
   nvsim_get_stats(r.sim, &s);
   assert_int_equal(s.launches, 4);
   assert_int_equal(s.ctas, 64 + 3 + 3 + 64);
   rig_finish(&r);
}

/* ---- control flow ---- */

/* Steps of the Collatz sequence of id + 1: each lane leaves the loop by itself.
 */
static const char collatz[] = GLOBAL_ID ADDRESS(
   "R4", "R5", "0x8", "0xc") "IADD R6, R0, 0x1;\n"
                             "MOV R7, RZ;\n"
                             "PBK .out;\n"
                             ".loop:\n"
                             "ISETP.EQ.U32.AND P0, PT, R6, 0x1, PT;\n"
                             "@P0 BRK;\n"
                             "LOP.AND R8, R6, 0x1;\n"
                             "ISETP.EQ.U32.AND P1, PT, R8, RZ, PT;\n"
                             "SSY .join;\n"
                             "@P1 BRA .even;\n"
                             "XMAD R9, R6, 0x3, RZ;\n"
                             "XMAD.PSL R9, R6.H1, 0x3, R9;\n"
                             "IADD R6, R9, 0x1;\n"
                             "SYNC;\n"
                             ".even:\n"
                             "SHR.U32 R6, R6, 0x1;\n"
                             "SYNC;\n"
                             ".join:\n"
                             "IADD R7, R7, 0x1;\n"
                             "BRA .loop;\n"
                             ".out:\n"
                             "STG.E [R4], R7;\n"
                             "EXIT;\n";

static uint32_t
collatz_steps(uint32_t n)
{
   uint32_t steps = 0;
   for (; n != 1; steps++)
      n = n & 1 ? 3 * n + 1 : n / 2;
   return steps;
}

static void
loop_with_divergence(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t out = rig_alloc(&r, 4096);
   struct rig_launch l = {.code = collatz,
                          .grid = {8},
                          .block = {96},
                          .args = {96, 0, LO(rig_va(out)), HI(rig_va(out))}};
   assert_true(rig_run(&r, &l));
   const uint32_t *p = rig_ptr(&r, out);
   for (uint32_t i = 0; i < 8 * 96; i++)
      assert_int_equal(p[i], collatz_steps(i + 1));
   rig_finish(&r);
}

/* if (bit 0) { if (bit 1) 3 else 1 } else { if (bit 1) 2 else 0 }, early exits
 * of lanes 28 to 31, one call. */
static const char nested[] = GLOBAL_ID ADDRESS(
   "R4", "R5", "0x8", "0xc") "ISETP.GE.U32.AND P3, PT, R0, 0x1c, PT;\n"
                             "LOP.AND.NZ P0, RZ, R0, 0x1;\n"
                             "LOP.AND.NZ P1, RZ, R0, 0x2;\n"
                             "MOV R6, RZ;\n"
                             "SSY .join;\n"
                             "@P0 BRA .odd;\n"
                             "SSY .join0;\n"
                             "@P1 BRA .two;\n"
                             "@P3 EXIT;\n"
                             "SYNC;\n"
                             ".two:\n"
                             "MOV32I R6, 0x2;\n"
                             "SYNC;\n"
                             ".join0:\n"
                             "SYNC;\n"
                             ".odd:\n"
                             "SSY .join1;\n"
                             "@P1 BRA .three;\n"
                             "CAL .one;\n"
                             "SYNC;\n"
                             ".three:\n"
                             "MOV32I R6, 0x3;\n"
                             "SYNC;\n"
                             ".join1:\n"
                             "SYNC;\n"
                             ".join:\n"
                             "VOTE.ANY R7, PT, PT;\n"
                             "STG.E [R4], R6;\n"
                             "STG.E [R4+0x100], R7;\n"
                             "EXIT;\n"
                             ".one:\n"
                             "MOV32I R6, 0x1;\n"
                             "RET;\n";

static void
nested_ssy_and_call(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t out = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, out);
   memset(p, 0xee, 4096);
   struct rig_launch l = {.code = nested,
                          .block = {32},
                          .args = {32, 0, LO(rig_va(out)), HI(rig_va(out))}};
   assert_true(rig_run(&r, &l));
   for (uint32_t i = 0; i < 32; i++) {
      bool gone = i == 28; /* even, bit 1 clear, >= 28 */
      assert_int_equal(p[i], gone ? 0xeeeeeeee : i & 3);
      assert_int_equal(p[64 + i], gone ? 0xeeeeeeee : 0xefffffff);
   }
   rig_finish(&r);
}

/* ---- shared, barriers, local, atomics ---- */

/* Each block reverses its 128 numbers through shared memory, half of the
 * accesses through the generic window. */
static const char reverse[] =
   GLOBAL_ID ADDRESS("R4", "R5", "0x8", "0xc") "S2R R6, SR_TID.X;\n"
                                               "SHL R7, R6, 0x2;\n"
                                               "LDG.E R8, [R4];\n"
                                               "IADD R10, R7, c[0x0][0x10];\n"
                                               "MOV R11, RZ;\n"
                                               "ST.E [R10], R8, PT;\n"
                                               "BAR.SYNC 0x0;\n"
                                               "IADD R9, -R7, 0x1fc;\n"
                                               "LDS R8, [R9];\n"
                                               "BAR.RED.POPC 0x0, PT;\n"
                                               "B2R.RESULT R12;\n"
                                               "STG.E [R4], R8;\n"
                                               "STG.E [R4+0x1000], R12;\n"
                                               "EXIT;\n";

static void
barrier_and_shared(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t buf = rig_alloc(&r, 8192);
   uint32_t *p = rig_ptr(&r, buf);
   for (uint32_t i = 0; i < 1024; i++)
      p[i] = i;
   struct rig_launch l = {
      .code = reverse,
      .grid = {8},
      .block = {128},
      .barriers = 1,
      .shared_B = 512,
      .args = {128, 0, LO(rig_va(buf)), HI(rig_va(buf)), RIG_SHARED_WIN}};
   assert_true(rig_run(&r, &l));
   for (uint32_t i = 0; i < 1024; i++) {
      assert_int_equal(p[i], i / 128 * 128 + 127 - i % 128);
      assert_int_equal(p[1024 + i], 128);
   }
   rig_finish(&r);
}

/* A ticket for each thread, a sum, and a compare-and-swap counter. */
static const char tickets[] =
   GLOBAL_ID "MOV R4, c[0x0][0x8];\n"
             "MOV R5, c[0x0][0xc];\n"
             "MOV32I R6, 0x1;\n"
             "ATOM.E.ADD R7, [R4], R6;\n"
             "RED.E.ADD [R4+0x4], R0;\n"
             "RED.E.MAX.S32 [R4+0x8], R0;\n"
             ".again:\n"
             "LDG.E.CV R8, [R4+0xc];\n"
             "IADD R9, R8, 0x3;\n"
             "ATOM.E.CAS R10, [R4+0xc], R8, R9;\n"
             "ISETP.NE.U32.AND P0, PT, R10, R8, PT;\n"
             "@P0 BRA .again;\n"
             "SHL R2, R7, 0x2;\n"
             "IADD R4.CC, R4, R2;\n"
             "IADD.X R5, R5, RZ;\n"
             "STG.E [R4+0x10], R0;\n"
             "EXIT;\n";

static void
atomics_across_ctas(void **state)
{
   struct rig r;
   rig_init(&r, &(struct rig_config){.host_threads = 4});
   enum {
      N = 64 * 64
   };
   uint64_t buf = rig_alloc(&r, 32768);
   uint32_t *p = rig_ptr(&r, buf);
   struct rig_launch l = {.code = tickets,
                          .grid = {64},
                          .block = {64},
                          .crs_B = 0x8000,
                          .args = {64, 0, LO(rig_va(buf)), HI(rig_va(buf))}};
   assert_true(rig_run(&r, &l));
   assert_int_equal(p[0], N);
   assert_int_equal(p[1], N * (N - 1) / 2);
   assert_int_equal(p[2], N - 1);
   assert_int_equal(p[3], N * 3);
   uint8_t *seen = calloc(N, 1);
   for (uint32_t i = 0; i < N; i++) {
      assert_true(p[4 + i] < N);
      assert_int_equal(seen[p[4 + i]]++, 0);
   }
   free(seen);
   rig_finish(&r);
}

/* l[i] = id + i for i = 0..15, then their sum; once through the generic window.
 */
static const char local_sum[] = GLOBAL_ID ADDRESS(
   "R4", "R5", "0x8", "0xc") "MOV R6, RZ;\n"
                             "MOV R7, R0;\n"
                             ".store:\n"
                             "STL [R6], R7;\n"
                             "IADD R6, R6, 0x4;\n"
                             "IADD R7, R7, 0x1;\n"
                             "ISETP.LT.U32.AND P0, PT, R6, 0x40, PT;\n"
                             "@P0 BRA .store;\n"
                             "MOV R6, RZ;\n"
                             "MOV R8, RZ;\n"
                             ".load:\n"
                             "LDL.64 R10, [R6];\n"
                             "IADD3 R8, R8, R10, R11;\n"
                             "IADD R6, R6, 0x8;\n"
                             "ISETP.LT.U32.AND P0, PT, R6, 0x38, PT;\n"
                             "@P0 BRA .load;\n"
                             "IADD R12, R6, c[0x0][0x10];\n"
                             "MOV R13, RZ;\n"
                             "LD.E.64 R10, [R12], PT;\n"
                             "IADD3 R8, R8, R10, R11;\n"
                             "STG.E [R4], R8;\n"
                             "EXIT;\n";

static void
local_memory(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t out = rig_alloc(&r, 8192);
   const uint32_t *p = rig_ptr(&r, out);
   struct rig_launch l = {
      .code = local_sum,
      .grid = {16},
      .block = {128},
      .local_B = 64,
      .args = {128, 0, LO(rig_va(out)), HI(rig_va(out)), RIG_LOCAL_WIN}};
   assert_true(rig_run(&r, &l));
   for (uint32_t i = 0; i < 2048; i++)
      assert_int_equal(p[i], 16 * i + 120);
   rig_finish(&r);
}

/* ---- arithmetic of several kinds ---- */

static const char floats[] = GLOBAL_ID ADDRESS(
   "R4", "R5", "0x8", "0xc") "I2F.F32.U32 R6, R0;\n"
                             "FFMA R6, R6, 0.5, R6;\n"
                             "STG.E [R4], R6;\n"
                             "F2F.F64.F32 R8, R6;\n"
                             "DMUL R8, R8, R8;\n"
                             "DADD R8, R8, 1;\n"
                             "F2I.U32.F64.TRUNC R10, R8;\n"
                             "STG.E [R4+0x1000], R10;\n"
                             "SHFL.BFLY PT, R11, R6, 0x1, 0x1f;\n"
                             "STG.E [R4+0x2000], R11;\n"
                             "FSETP.GT.AND P0, PT, R6, 10, PT;\n"
                             "SEL R12, R0, RZ, P0;\n"
                             "STG.E [R4+0x3000], R12;\n"
                             "EXIT;\n";

static void
float_and_double(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t out = rig_alloc(&r, 16384);
   const uint32_t *p = rig_ptr(&r, out);
   struct rig_launch l = {.code = floats,
                          .grid = {4},
                          .block = {64},
                          .args = {64, 0, LO(rig_va(out)), HI(rig_va(out))}};
   assert_true(rig_run(&r, &l));
   for (uint32_t i = 0; i < 256; i++) {
      float f = i * 1.5f, g = (i ^ 1) * 1.5f;
      assert_memory_equal(&p[i], &f, 4);
      assert_int_equal(p[1024 + i], (uint32_t)((double)f * f + 1));
      assert_memory_equal(&p[2048 + i], &g, 4);
      assert_int_equal(p[3072 + i], f > 10 ? i : 0);
   }
   rig_finish(&r);
}

/* ---- order ---- */

/* A hash of what each run left behind must not depend on the seed or on how
 * many threads there are. */
static uint64_t
run_with(uint64_t seed, uint32_t threads)
{
   struct rig r;
   rig_init(&r, &(struct rig_config){.seed = seed, .host_threads = threads});
   uint64_t buf = rig_alloc(&r, 32768);
   uint32_t *p = rig_ptr(&r, buf);
   for (uint32_t i = 0; i < 2048; i++)
      p[i] = i * 2654435761u;
   struct rig_launch l = {
      .code = reverse,
      .grid = {8},
      .block = {128},
      .barriers = 1,
      .shared_B = 512,
      .args = {128, 0, LO(rig_va(buf)), HI(rig_va(buf)), RIG_SHARED_WIN}};
   assert_true(rig_run(&r, &l));
   l.code = collatz;
   l.args[2] = LO(rig_va(buf + 16384));
   assert_true(rig_run(&r, &l));
   uint64_t h = 14695981039346656037ull;
   for (uint32_t i = 0; i < 8192; i++)
      h = (h ^ p[i]) * 1099511628211ull;
   rig_finish(&r);
   return h;
}

static void
seeds_agree(void **state)
{
   uint64_t want = run_with(0, 1);
   for (uint64_t seed = 0; seed < 12; seed++)
      assert_true(run_with(seed, 1 + seed % 3) == want);
}

/* CTA 0 waits for a word that the last CTA writes. */
static const char wait_for_last[] = "S2R R0, SR_CTAID.X;\n"
                                    "MOV R4, c[0x0][0x8];\n"
                                    "MOV R5, c[0x0][0xc];\n"
                                    "MOV R6, c[0x0][0x0];\n"
                                    "ISETP.EQ.U32.AND P0, PT, R0, R6, PT;\n"
                                    "MOV32I R7, 0x1;\n"
                                    "@P0 STG.E [R4], R7;\n"
                                    "@P0 EXIT;\n"
                                    ".wait:\n"
                                    "LDG.E.CV R8, [R4];\n"
                                    "ISETP.EQ.U32.AND P1, PT, R8, RZ, PT;\n"
                                    "@P1 BRA .wait;\n"
                                    "RED.E.ADD [R4+0x4], R7;\n"
                                    "EXIT;\n";

static void
ctas_wait_for_each_other(void **state)
{
   for (uint32_t threads = 1; threads <= 3; threads++) {
      struct rig r;
      rig_init(&r, &(struct rig_config){.host_threads = threads});
      uint64_t out = rig_alloc(&r, 4096);
      struct rig_launch l = {.code = wait_for_last,
                             .grid = {40},
                             .block = {32},
                             .args = {39, 0, LO(rig_va(out)), HI(rig_va(out))}};
      assert_true(rig_run(&r, &l));
      const uint32_t *p = rig_ptr(&r, out);
      assert_int_equal(p[1], 39 * 32);
      rig_finish(&r);
   }
}

/* New code is seen after an invalidate, and only then. */
static void
instruction_cache(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t out = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, out);
   struct rig_launch l = {
      .code = "MOV R4, c[0x0][0x8];\nMOV R5, c[0x0][0xc];\nMOV32I R6, 0x11;\n"
              "STG.E [R4], R6;\nEXIT;\n",
      .args = {0, 0, LO(rig_va(out)), HI(rig_va(out))}};
   assert_true(rig_run(&r, &l));
   assert_int_equal(p[0], 0x11);
   l.code = "MOV R4, c[0x0][0x8];\nMOV R5, c[0x0][0xc];\nMOV32I R6, 0x22;\n"
            "STG.E [R4], R6;\nEXIT;\n";
   assert_true(rig_run(&r, &l));
   assert_int_equal(p[0], 0x22);
   rig_finish(&r);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(vector_add),
      cmocka_unit_test(loop_with_divergence),
      cmocka_unit_test(nested_ssy_and_call),
      cmocka_unit_test(barrier_and_shared),
      cmocka_unit_test(atomics_across_ctas),
      cmocka_unit_test(local_memory),
      cmocka_unit_test(float_and_double),
      cmocka_unit_test(seeds_agree),
      cmocka_unit_test(ctas_wait_for_each_other),
      cmocka_unit_test(instruction_cache),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
