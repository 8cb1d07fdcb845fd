/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Against words seen on the wire: mesa.md §1.8 (QMD), §1.9, §1.14 (methods). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: needs the four above */
#include <cmocka.h>
/* clang-format on */

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_fault.h"
#include "nouveau/headers/nv_mmu.h"
#include "nouveau/headers/nv_push.h"
#include "nouveau/headers/nv_qmd.h"
#include "nouveau/headers/nv_regs.h"

/* The vecadd of mesa.md §1.8: 4 groups of 64, code at +0x7f680, 9 registers. */
static void
qmd_worked_example(void **state)
{
   uint32_t q[NV_QMD_DW];
   nv_qmd_init(q);
   nv_qmd_set(q, NV_QMD_SM_GLOBAL_CACHING_ENABLE, 0, 1);
   nv_qmd_set(q, NV_QMD_PROGRAM_OFFSET, 0, 0x7f680);
   nv_qmd_set(q, NV_QMD_RELEASE_MEMBAR_TYPE, 0,
              NV_QMD_RELEASE_MEMBAR_FE_SYSMEMBAR);
   nv_qmd_set(q, NV_QMD_CWD_MEMBAR_TYPE, 0, NV_QMD_CWD_MEMBAR_L1_SYSMEMBAR);
   nv_qmd_set(q, NV_QMD_API_VISIBLE_CALL_LIMIT, 0, NV_QMD_CALL_LIMIT_NO_CHECK);
   nv_qmd_set(q, NV_QMD_CTA_RASTER_WIDTH, 0, 4);
   nv_qmd_set(q, NV_QMD_CTA_RASTER_HEIGHT, 0, 1);
   nv_qmd_set(q, NV_QMD_CTA_RASTER_DEPTH, 0, 1);
   nv_qmd_set(q, NV_QMD_CTA_THREAD_DIMENSION, 0, 64);
   nv_qmd_set(q, NV_QMD_CTA_THREAD_DIMENSION, 1, 1);
   nv_qmd_set(q, NV_QMD_CTA_THREAD_DIMENSION, 2, 1);
   nv_qmd_set(q, NV_QMD_REGISTER_COUNT, 0, 9);
   nv_qmd_set(q, NV_QMD_SHADER_LOCAL_MEMORY_CRS_SIZE, 0, 0x800);
   nv_qmd_set_cb(q, 0, 0x310000, 0x10000);
   nv_qmd_set_cb(q, 7, 0x370000, 0x800);

   uint32_t want[NV_QMD_DW] = {
      [4] = 0x40,        [8] = 0x7f680,     [11] = 0x04014000,
      [12] = 4,          [13] = 1,          [14] = 1,
      [18] = 0x00400000, [19] = 0x00010001, [20] = 0x81,
      [30] = 0x09000000, [31] = 0x800,      [32] = 0x310000,
      [33] = 0x80000000, [46] = 0x370000,   [47] = 0x04000000,
   };
   assert_memory_equal(q, want, sizeof(want));
   assert_int_equal(nv_qmd_cb_size_B(q, 0), 0x10000);
   assert_int_equal(nv_qmd_cb_gpu_va(q, 7), 0x370000);
}

static void
qmd_fields_do_not_cross_or_overlap(void **state)
{
   uint8_t used[NV_QMD_DW * 32] = {0};
   for (unsigned i = 0; i < sizeof(nv_qmd_fields) / sizeof(nv_qmd_fields[0]);
        i++) {
      const struct nv_qmd_field_info *f = &nv_qmd_fields[i];
      assert_int_equal(f->lo / 32, (f->lo + f->width - 1) / 32);
      for (unsigned b = f->lo; b < f->lo + f->width; b++)
         assert_int_equal(used[b]++, 0);
   }
}

static void
push_headers(void **state)
{
   struct nv_push_packet p;
   /* INC x4 to 3D 0x1b00, as a fence. */
   assert_int_equal(
      nv_push_header(NV_PUSH_OP_INC, 0, NV_SET_REPORT_SEMAPHORE_A, 4),
      0x200406c0);
   assert_true(nv_push_decode(0xa01120ecu | 0x2000, &p));
   assert_int_equal(p.op, NV_PUSH_OP_ONEINC);
   assert_true(nv_push_decode(0, &p));
   assert_int_equal(p.count, 0);
   assert_false(nv_push_decode(6u << 29, &p));
   assert_true(nv_push_decode(
      nv_push_header(NV_PUSH_OP_IMMD, 1, NV_MTHD_WAIT_FOR_IDLE, 0x123), &p));
   assert_int_equal(p.subch, 1);
   assert_int_equal(p.method, 0x110);
   assert_int_equal(p.count, 0x123);

   uint64_t e = nv_gpfifo_entry(0xab12345678, 0x1234, true);
   assert_int_equal(nv_gpfifo_gpu_va(e), 0xab12345678);
   assert_int_equal(nv_gpfifo_length_dw(e), 0x1234);
}

static void
mmu_entries(void **state)
{
   uint64_t pte =
      nv_pte(NV_APERTURE_SYS_COH, 0x7f1234567000, NV_PTE_RO | NV_PTE_VOL);
   assert_int_equal(pte, 0x7f123456700ull << 4 >> 4 | 0x4d);
   assert_int_equal(nv_pte_pa(pte), 0x7f1234567000);
   assert_int_equal(nv_pte_aperture(pte), NV_APERTURE_SYS_COH);
   uint64_t vid = nv_pte(NV_APERTURE_VID, 0x1ff000, 0);
   assert_int_equal(vid, 0x1ff01);
   uint64_t pde = nv_pde(NV_APERTURE_VID, 0x123000);
   assert_int_equal(pde, 0x12302);
   assert_int_equal(nv_pde_pa(pde), 0x123000);
   assert_true(nv_pde_is_present(pde));
   assert_int_equal(nv_pde0_big_pa(nv_pde0_big(NV_APERTURE_VID, 0x123100)),
                    0x123100);
}

static void
fault_entry(void **state)
{
   struct nv_fault f = {
      .inst_pa = 0x123456000,
      .inst_aperture = NV_APERTURE_VID,
      .gpu_va = 0x7fff12345000,
      .timestamp_ns = 0x1122334455667788,
      .type = NV_FAULT_TYPE_RO,
      .access = NV_FAULT_ACCESS_WRITE,
      .client = NV_FAULT_CLIENT_GPC_T1_0,
      .gpc = 3,
      .valid = true,
   };
   uint32_t dw[8];
   nv_fault_pack(dw, &f);
   assert_int_equal(dw[7], 0x83010106);
   struct nv_fault g = {0};
   nv_fault_unpack(dw, &g);
   assert_int_equal(g.inst_pa, f.inst_pa);
   assert_int_equal(g.gpu_va, f.gpu_va);
   assert_int_equal(g.timestamp_ns, f.timestamp_ns);
   assert_int_equal(g.gpc, 3);
   assert_false(g.hub);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(qmd_worked_example),
      cmocka_unit_test(qmd_fields_do_not_cross_or_overlap),
      cmocka_unit_test(push_headers),
      cmocka_unit_test(mmu_entries),
      cmocka_unit_test(fault_entry),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
