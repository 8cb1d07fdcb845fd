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

#define LO(x) (uint32_t)(x)
#define HI(x) (uint32_t)((uint64_t)(x) >> 32)

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

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(vector_add),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
