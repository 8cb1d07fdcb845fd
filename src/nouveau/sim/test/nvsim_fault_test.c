/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* MMU faults: replay, cancel, host refusal, invalidate. The test is the kernel.
 */
#include "nvsim_rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/util_sanitize.h"

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

/* The signal of a refused access comes in the middle of ThreadSanitizer's own
 * atomics, and the process ends. */
static void
skip_under_tsan(void)
{
   if (UTIL_HAS_TSAN)
      skip();
}

#define PAGE 4096u

static const struct rig_config plain = {0};

static uint8_t *
map_pages(unsigned n)
{
   uint8_t *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   assert_true(p != MAP_FAILED);
   return p;
}

static void
replay(struct rig *r)
{
   nvsim_wr32(r->sim, NV_MMU_INVALIDATE,
              NV_MMU_INVAL_TRIGGER | NV_MMU_INVAL_ALL_VA |
                 NV_MMU_INVAL_ALL_PDB |
                 NV_MMU_REPLAY_START << NV_MMU_INVAL_REPLAY_SHIFT);
}

static void
cancel(struct rig *r, const struct nv_fault *f)
{
   nvsim_wr32(r->sim, NV_MMU_CANCEL_INST,
              (uint32_t)(f->inst_pa >> 12) | NV_CHAN_INST_BIND);
   nvsim_wr32(r->sim, NV_MMU_INVALIDATE,
              NV_MMU_INVAL_TRIGGER | NV_MMU_INVAL_ALL_VA |
                 NV_MMU_INVAL_ALL_PDB |
                 NV_MMU_REPLAY_CANCEL_TARGETED << NV_MMU_INVAL_REPLAY_SHIFT |
                 f->client << NV_MMU_INVAL_CLIENT_SHIFT |
                 f->gpc << NV_MMU_INVAL_GPC_SHIFT);
}

/* word[i * stride] += 1 for lane i; c[0]: stride in bytes, 0, address. */
static const char increment[] = "S2R R0, SR_TID.X;\n"
                                "XMAD R2, R0, c[0x0][0x0], RZ;\n"
                                "IADD R4.CC, R2, c[0x0][0x8];\n"
                                "IADD.X R5, RZ, c[0x0][0xc];\n"
                                "LDG.E R6, [R4];\n"
                                "IADD R6, R6, 0x1;\n"
                                "STG.E [R4], R6;\n"
                                "EXIT;\n";

static struct rig_launch
incrementing(void *p, uint32_t stride_B, uint32_t threads)
{
   return (struct rig_launch){
      .code = increment,
      .block = {threads},
      .args = {stride_B, 0, LO((uintptr_t)p), HI((uintptr_t)p)}};
}

/* Answers faults by mapping the page as the access wants it until the work is
 * done. Returns how many entries there were. */
static unsigned
serve(struct rig *r, uint64_t ro_flags)
{
   unsigned n = 0;
   uint32_t *sem = rig_ptr(r, r->sem);
   while (__atomic_load_n(sem, __ATOMIC_ACQUIRE) != r->seq) {
      struct nv_fault f;
      bool any = false;
      while (rig_next_fault(r, &f)) {
         assert_true(f.inst_pa == r->inst);
         assert_false(f.hub);
         rig_set_pte(r, f.gpu_va,
                     nv_pte(NV_APERTURE_SYS_COH, f.gpu_va,
                            f.access == NV_FAULT_ACCESS_READ ? ro_flags : 0));
         any = true;
         n++;
      }
      if (any)
         replay(r);
      else
         usleep(100);
      assert_true(n < 10000);
   }
   return n;
}

static void
fault_map_replay(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint8_t *p = map_pages(4);
   struct rig_launch l = incrementing(p + 64, 4, 32);
   rig_launch(&r, &l);
   rig_kick(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   struct nv_fault f;
   assert_true(rig_next_fault(&r, &f));
   assert_true(f.gpu_va == (uintptr_t)p);
   assert_int_equal(f.type, NV_FAULT_TYPE_PDE);
   assert_int_equal(f.access, NV_FAULT_ACCESS_READ);
   assert_int_equal(f.client, NV_FAULT_CLIENT_GPC_T1_0);
   assert_false(
      rig_next_fault(&r, &f)); /* one entry for 32 lanes of one page */

   rig_map_sys(&r, p, PAGE, NV_PTE_RO);
   replay(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   assert_true(rig_next_fault(&r, &f));
   assert_int_equal(f.type, NV_FAULT_TYPE_RO);
   assert_int_equal(f.access, NV_FAULT_ACCESS_WRITE);
   assert_int_equal(((uint32_t *)p)[16], 0);

   rig_map_sys(&r, p, PAGE, 0);
   replay(&r);
   assert_true(rig_wait(&r));
   for (unsigned i = 0; i < 32; i++)
      assert_int_equal(((uint32_t *)p)[16 + i], 1);
   struct nvsim_stats s;
   nvsim_get_stats(r.sim, &s);
   assert_int_equal(s.replayable_faults, 2);
   assert_int_equal(s.replays, 2);
   munmap(p, 4 * PAGE);
   rig_finish(&r);
}

/* 32 lanes on 32 pages, half of them mapped: nothing is stored before all can
 * be. */
static void
all_or_nothing(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint8_t *p = map_pages(32);
   for (unsigned i = 0; i < 32; i++)
      rig_map_sys(&r, p + i * PAGE, PAGE, i & 1 ? NV_PTE_RO : 0);
   struct rig_launch l = incrementing(p, PAGE, 32);
   rig_launch(&r, &l);
   rig_kick(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   usleep(1000);
   struct nv_fault f;
   unsigned n = 0;
   for (; rig_next_fault(&r, &f); n++) {
      assert_int_equal(f.type, NV_FAULT_TYPE_RO);
      assert_true((f.gpu_va - (uintptr_t)p) / PAGE & 1);
   }
   assert_int_equal(n, 16);
   for (unsigned i = 0; i < 32; i++)
      assert_int_equal(*(uint32_t *)(p + i * PAGE), 0);
   rig_map_sys(&r, p, 32 * PAGE, 0);
   replay(&r);
   assert_true(rig_wait(&r));
   for (unsigned i = 0; i < 32; i++)
      assert_int_equal(*(uint32_t *)(p + i * PAGE), 1);
   munmap(p, 32 * PAGE);
   rig_finish(&r);
}

/* 1024 threads on 1024 pages: more than the buffer holds. */
static void
full_buffer_loses_nothing(void **state)
{
   struct rig r;
   rig_init(&r, &(struct rig_config){.host_threads = 2, .seed = 7});
   uint8_t *p = map_pages(1024);
   struct rig_launch l = incrementing(p, PAGE, 1024);
   rig_launch(&r, &l);
   rig_kick(&r);
   usleep(2000);
   unsigned n = serve(&r, NV_PTE_RO);
   assert_true(n >= 2048);
   for (unsigned i = 0; i < 1024; i++)
      assert_int_equal(*(uint32_t *)(p + i * PAGE), 1);
   munmap(p, 1024 * PAGE);
   rig_finish(&r);
}

static void
cancel_is_an_error(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   struct rig_launch l = incrementing((void *)0x123456789000, 4, 32);
   for (unsigned round = 0; round < 3; round++) {
      rig_launch(&r, &l);
      rig_kick(&r);
      assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
      struct nv_fault f;
      assert_true(rig_next_fault(&r, &f));
      cancel(&r, &f);
      assert_true(rig_wait_interrupt(&r, NVSIM_INTR_ERROR));
      struct nvsim_error e;
      assert_true(nvsim_next_error(r.sim, &e));
      assert_int_equal(e.kind, NVSIM_ERROR_MMU);
      assert_int_equal(e.chid, RIG_CHID);
      assert_true(e.gpu_va == 0x123456789000);
      assert_int_equal(e.access, NV_FAULT_ACCESS_READ);
      assert_false(e.hub);
      assert_true(e.program_va == rig_va(r.code));
      assert_int_equal(e.pc, 0x30); /* fifth instruction */
      assert_false(nvsim_rd32(r.sim, NV_CHAN_CTRL(RIG_CHID)) &
                   NV_CHAN_CTRL_ENABLED);
      rig_bind(&r);
   }
   struct nvsim_stats s;
   nvsim_get_stats(r.sim, &s);
   assert_int_equal(s.cancels, 3);
   rig_finish(&r);
}

/* A cancel for another instance leaves the warp parked. */
static void
cancel_is_targeted(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint8_t *p = map_pages(1);
   struct rig_launch l = incrementing(p, 4, 32);
   rig_launch(&r, &l);
   rig_kick(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   struct nv_fault f;
   assert_true(rig_next_fault(&r, &f));
   f.inst_pa += 0x1000;
   cancel(&r, &f);
   rig_map_sys(&r, p, PAGE, 0);
   replay(&r);
   assert_true(rig_wait(&r));
   assert_int_equal(*(uint32_t *)p, 1);
   munmap(p, PAGE);
   rig_finish(&r);
}

/* The PTE is good but the process's page is gone, or read-only. */
static void
host_refuses(void **state)
{
   skip_under_tsan();
   struct rig r;
   rig_init(&r, &plain);
   /* Far from where the system would put something else into the hole. */
   uint8_t *p = mmap((void *)0x200000000000, 2 * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
   assert_true(p != MAP_FAILED);
   rig_map_sys(&r, p, 2 * PAGE, 0);
   munmap(p, PAGE);
   struct rig_launch l = incrementing(p, 4, 32);
   rig_launch(&r, &l);
   rig_kick(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   struct nv_fault f;
   assert_true(rig_next_fault(&r, &f));
   assert_true(f.gpu_va == (uintptr_t)p);
   assert_int_equal(f.type, NV_FAULT_TYPE_PTE);

   /* The page comes back, read-only. */
   assert_true(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                    -1, 0) == p);
   replay(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   assert_true(rig_next_fault(&r, &f));
   assert_int_equal(f.type, NV_FAULT_TYPE_RO);
   assert_int_equal(f.access, NV_FAULT_ACCESS_WRITE);

   assert_int_equal(mprotect(p, PAGE, PROT_READ | PROT_WRITE), 0);
   replay(&r);
   assert_true(rig_wait(&r));
   assert_int_equal(((uint32_t *)p)[31], 1);
   munmap(p, 2 * PAGE);
   rig_finish(&r);
}

/* Atomics on 32 pages of which the host refuses one in the middle: after the
 * replay each lane has added exactly once. */
static void
refusal_in_the_middle(void **state)
{
   skip_under_tsan();
   static const char add[] = "S2R R0, SR_TID.X;\n"
                             "XMAD R2, R0, c[0x0][0x0], RZ;\n"
                             "IADD R4.CC, R2, c[0x0][0x8];\n"
                             "IADD.X R5, RZ, c[0x0][0xc];\n"
                             "MOV32I R6, 0x1;\n"
                             "ATOM.E.ADD R4, [R4], R6;\n"
                             "IADD R4, R4, 0x64;\n"
                             "XMAD R2, R0, c[0x0][0x0], RZ;\n"
                             "IADD R8.CC, R2, c[0x0][0x8];\n"
                             "IADD.X R9, RZ, c[0x0][0xc];\n"
                             "STG.E [R8+0x4], R4;\n"
                             "EXIT;\n";
   struct rig r;
   rig_init(&r, &plain);
   uint8_t *p = map_pages(32);
   rig_map_sys(&r, p, 32 * PAGE, 0);
   assert_int_equal(mprotect(p + 17 * PAGE, PAGE, PROT_NONE), 0);
   struct rig_launch l = incrementing(p, PAGE, 32);
   l.code = add;
   rig_launch(&r, &l);
   rig_kick(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   struct nv_fault f;
   assert_true(rig_next_fault(&r, &f));
   assert_true(f.gpu_va == (uintptr_t)p + 17 * PAGE);
   assert_int_equal(f.access, NV_FAULT_ACCESS_ATOMIC);
   assert_int_equal(mprotect(p + 17 * PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
   replay(&r);
   assert_true(rig_wait(&r));
   for (unsigned i = 0; i < 32; i++) {
      assert_int_equal(((uint32_t *)(p + i * PAGE))[0], 1);
      assert_int_equal(((uint32_t *)(p + i * PAGE))[1], 100);
   }
   munmap(p, 32 * PAGE);
   rig_finish(&r);
}

static void
atomic_disable(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint8_t *p = map_pages(1);
   rig_map_sys(&r, p, PAGE, NV_PTE_ATOMIC_DISABLE);
   struct rig_launch l = incrementing(p, 0, 32);
   l.code = "MOV R4, c[0x0][0x8];\nMOV R5, c[0x0][0xc];\nMOV32I R6, 0x1;\n"
            "RED.E.ADD [R4], R6;\nEXIT;\n";
   rig_launch(&r, &l);
   rig_kick(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   struct nv_fault f;
   assert_true(rig_next_fault(&r, &f));
   assert_int_equal(f.type, NV_FAULT_TYPE_ATOMIC);
   assert_int_equal(f.access, NV_FAULT_ACCESS_ATOMIC);
   rig_map_sys(&r, p, PAGE, 0);
   replay(&r);
   assert_true(rig_wait(&r));
   assert_int_equal(*(uint32_t *)p, 32);
   munmap(p, PAGE);
   rig_finish(&r);
}

/* Sparse pages read 0 and drop writes; a privileged page is refused. */
static void
sparse_and_privileged(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t va = 0x7000000000;
   rig_set_pte(&r, va, NV_PTE_SPARSE);
   struct rig_launch l = incrementing((void *)va, 4, 32);
   assert_true(rig_run(&r, &l));
   rig_set_pte(&r, va, nv_pte(NV_APERTURE_VID, 0x1000, NV_PTE_PRIV));
   rig_invalidate(&r);
   rig_launch(&r, &l);
   rig_kick(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   struct nv_fault f;
   assert_true(rig_next_fault(&r, &f));
   assert_int_equal(f.type, NV_FAULT_TYPE_PRIV);
   rig_finish(&r); /* drops the parked warp */
}

/* Disable and preempt drop parked warps, and the channel lives again. */
static void
preempt_parked(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   struct rig_launch l = incrementing((void *)0x5000000000, 4, 32);
   rig_launch(&r, &l);
   rig_kick(&r);
   assert_true(rig_wait_interrupt(&r, NVSIM_INTR_REPLAYABLE_FAULT));
   rig_bind(&r);
   uint64_t buf = rig_alloc(&r, 4096);
   l = incrementing((void *)rig_va(buf), 4, 32);
   assert_true(rig_run(&r, &l));
   assert_int_equal(*(uint32_t *)rig_ptr(&r, buf), 1);
   rig_finish(&r);
}

static void
fault_on_first_touch(void **state)
{
   struct rig r;
   rig_init(&r, &(struct rig_config){.debug = NVSIM_DEBUG_FAULTALL});
   uint8_t *p = map_pages(8);
   rig_map_sys(&r, p, 8 * PAGE, 0);
   struct rig_launch l = incrementing(p, PAGE, 8);
   rig_launch(&r, &l);
   rig_kick(&r);
   unsigned n = serve(&r, 0);
   assert_true(n >= 8);
   for (unsigned i = 0; i < 8; i++)
      assert_int_equal(*(uint32_t *)(p + i * PAGE), 1);
   munmap(p, 8 * PAGE);
   rig_finish(&r);
}

/* Not an SM: no replay, the channel dies at once. */
static void
hub_faults_are_errors(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   rig_method(&r, NV_SUBCH_COMPUTE, NV_COMPUTE_SEND_PCAS_A, 0x40000000);
   rig_method(&r, NV_SUBCH_COMPUTE, NV_COMPUTE_SEND_SIGNALING_PCAS_B, 3);
   rig_kick(&r);
   assert_false(rig_wait(&r));
   struct nvsim_error e;
   assert_true(nvsim_next_error(r.sim, &e));
   assert_int_equal(e.kind, NVSIM_ERROR_MMU);
   assert_true(e.hub);
   assert_int_equal(e.client, NV_FAULT_CLIENT_HUB_FE);
   assert_true(e.gpu_va == 0x4000000000);
   assert_int_equal(nvsim_rd32(r.sim, NV_FAULT_BUFFER_PUT), 0);
   rig_finish(&r);
}

/* While a kernel adds 1 to a word for as long as it may, the page under it is
 * switched between two places; after an invalidate the old place must not
 * change any more. */
static const char spin_add[] = "MOV R4, c[0x0][0x8];\nMOV R5, c[0x0][0xc];\n"
                               "MOV R8, c[0x0][0x10];\nMOV R9, c[0x0][0x14];\n"
                               "MOV32I R6, 0x1;\n"
                               ".loop:\n"
                               "RED.E.ADD [R4], R6;\n"
                               "LDG.E.CV R7, [R8];\n"
                               "ISETP.EQ.U32.AND P0, PT, R7, RZ, PT;\n"
                               "@P0 BRA .loop;\n"
                               "EXIT;\n";

static void
invalidate_waits(void **state)
{
   struct rig r;
   rig_init(&r, &(struct rig_config){.host_threads = 3});
   uint64_t place[2] = {rig_alloc(&r, PAGE), rig_alloc(&r, PAGE)};
   uint64_t flag = rig_alloc(&r, PAGE), va = 0x6000000000;
   rig_set_pte(&r, va, nv_pte(NV_APERTURE_VID, place[0], 0));
   struct rig_launch l = {
      .code = spin_add,
      .grid = {3},
      .block = {64},
      .args = {0, 0, LO(va), HI(va), LO(rig_va(flag)), HI(rig_va(flag))}};
   rig_launch(&r, &l);
   rig_kick(&r);
   uint32_t *w[2] = {rig_ptr(&r, place[0]), rig_ptr(&r, place[1])};
   uint32_t moved = 0;
   for (unsigned i = 0; i < 2000; i++) {
      unsigned now = (i + 1) & 1;
      rig_set_pte(&r, va, nv_pte(NV_APERTURE_VID, place[now], 0));
      rig_invalidate(&r);
      uint32_t before = __atomic_load_n(w[!now], __ATOMIC_SEQ_CST);
      for (volatile unsigned k = 0; k < 200; k++)
         ;
      if (i % 100 == 0)
         usleep(200);
      assert_int_equal(__atomic_load_n(w[!now], __ATOMIC_SEQ_CST), before);
      moved += before != 0;
   }
   __atomic_store_n((uint32_t *)rig_ptr(&r, flag), 1, __ATOMIC_SEQ_CST);
   assert_true(rig_wait(&r));
   assert_true(moved > 0);
   rig_finish(&r);
}

/* Our handler passes on what is not ours. */
static sigjmp_buf app_env;

static void
app_handler(int sig)
{
   siglongjmp(app_env, 1);
}

static void
signals_of_the_application(void **state)
{
   struct sigaction sa = {.sa_handler = app_handler, .sa_flags = SA_NODEFER},
                    old;
   sigaction(SIGSEGV, &sa, &old);
   struct rig r;
   rig_init(&r, &plain);
   uint8_t *p = map_pages(1);
   rig_map_sys(&r, p, PAGE, 0);
   struct rig_launch l = incrementing(p, 4, 32);
   assert_true(rig_run(&r, &l)); /* installs the card's handler again */
   mprotect(p, PAGE, PROT_NONE);
   volatile bool caught = false;
   if (sigsetjmp(app_env, 1))
      caught = true;
   else
      (void)*(volatile uint8_t *)p;
   assert_true(caught);
   rig_finish(&r);
   munmap(p, PAGE);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(fault_map_replay),
      cmocka_unit_test(all_or_nothing),
      cmocka_unit_test(full_buffer_loses_nothing),
      cmocka_unit_test(cancel_is_an_error),
      cmocka_unit_test(cancel_is_targeted),
      cmocka_unit_test(host_refuses),
      cmocka_unit_test(refusal_in_the_middle),
      cmocka_unit_test(atomic_disable),
      cmocka_unit_test(sparse_and_privileged),
      cmocka_unit_test(preempt_parked),
      cmocka_unit_test(fault_on_first_touch),
      cmocka_unit_test(hub_faults_are_errors),
      cmocka_unit_test(invalidate_waits),
      cmocka_unit_test(signals_of_the_application),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
