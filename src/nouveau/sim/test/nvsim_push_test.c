/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Push buffers, host methods, copy engine, inline uploads, broken input. */
#include "nvsim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <cmocka.h>

#include "util/test/test_random.h"
/* clang-format on */

#define COMPUTE NV_SUBCH_COMPUTE
#define COPY    NV_SUBCH_COPY

static const struct rig_config plain = {0};
static const struct rig_config kernels_own = {.privileged = true};

static void
header(struct rig *r, enum nv_push_op op, unsigned subch, unsigned method,
       unsigned count)
{
   rig_word(r, nv_push_header(op, subch, method, count));
}

static void
i2m_setup(struct rig *r, unsigned subch, uint64_t gpu_va, uint32_t size_B)
{
   rig_method(r, subch, NV_I2M_LINE_LENGTH_IN, size_B);
   rig_method(r, subch, NV_I2M_LINE_COUNT, 1);
   rig_method(r, subch, NV_I2M_OFFSET_OUT_UPPER, HI(gpu_va));
   rig_method(r, subch, NV_I2M_OFFSET_OUT, LO(gpu_va));
}

static void
inline_upload(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t buf = rig_alloc(&r, 8192);
   uint8_t *p = rig_ptr(&r, buf);
   memset(p, 0xcc, 8192);
   i2m_setup(&r, COMPUTE, rig_va(buf) + 3, 10); /* ten bytes: three words */
   header(&r, NV_PUSH_OP_ONEINC, COMPUTE, NV_I2M_LAUNCH_DMA, 4);
   rig_word(&r, NV_I2M_LAUNCH_LINEAR);
   rig_word(&r, 0x03020100);
   rig_word(&r, 0x07060504);
   rig_word(&r, 0xdead0908);
   /* The stand-alone class, two lines with a pitch, across a page. */
   rig_method(&r, NV_SUBCH_I2M, NV_HOST_SET_OBJECT, NV_CLASS_KEPLER_I2M_B);
   i2m_setup(&r, NV_SUBCH_I2M, rig_va(buf) + 4090, 8);
   rig_method(&r, NV_SUBCH_I2M, NV_I2M_LINE_COUNT, 2);
   rig_method(&r, NV_SUBCH_I2M, NV_I2M_PITCH_OUT, 256);
   rig_method(&r, NV_SUBCH_I2M, NV_I2M_LAUNCH_DMA, NV_I2M_LAUNCH_LINEAR_FLUSH);
   header(&r, NV_PUSH_OP_NINC, NV_SUBCH_I2M, NV_I2M_LOAD_INLINE_DATA, 4);
   for (uint32_t i = 0; i < 4; i++)
      rig_word(&r, 0x11111111 * (i + 1));
   rig_kick(&r);
   assert_true(rig_wait(&r));
   for (unsigned i = 0; i < 10; i++)
      assert_int_equal(p[3 + i], i);
   assert_int_equal(p[2], 0xcc);
   assert_int_equal(p[13], 0xcc);
   uint32_t w[4];
   memcpy(w, p + 4090, 8);
   memcpy(w + 2, p + 4090 + 256, 8);
   for (uint32_t i = 0; i < 4; i++)
      assert_int_equal(w[i], 0x11111111 * (i + 1));
   assert_int_equal(p[4098], 0xcc);
   rig_finish(&r);
}

/* Long uploads go in pieces: of the packet, of the segment, of the page. */
static void
long_upload(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   enum {
      WORDS = 3000,
      TAIL = 3
   };
   uint64_t buf = rig_alloc(&r, 16384);
   uint8_t *p = rig_ptr(&r, buf);
   memset(p, 0xcc, 16384);
   i2m_setup(&r, COMPUTE, rig_va(buf) + 100, (WORDS - 1) * 4 + TAIL);
   rig_method(&r, COMPUTE, NV_I2M_LAUNCH_DMA, NV_I2M_LAUNCH_LINEAR);
   for (uint32_t i = 0; i < WORDS;) {
      uint32_t n = MIN2(WORDS - i, 1 + i % 997);
      header(&r, NV_PUSH_OP_NINC, COMPUTE, NV_I2M_LOAD_INLINE_DATA, n);
      for (uint32_t end = i + n; i < end; i++) {
         rig_word(&r, i * 2654435761u);
         if (i % 1250 == 600)
            rig_submit(&r);
      }
   }
   rig_kick(&r);
   assert_true(rig_wait(&r));
   for (uint32_t i = 0; i < WORDS; i++) {
      uint32_t v = i * 2654435761u;
      assert_memory_equal(p + 100 + i * 4, &v, i + 1 < WORDS ? 4 : TAIL);
   }
   assert_int_equal(p[99], 0xcc);
   assert_int_equal(p[100 + (WORDS - 1) * 4 + TAIL], 0xcc);
   rig_finish(&r);
}

/* Every word of the stream in an entry of its own. */
static void
packets_split_anywhere(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t buf = rig_alloc(&r, 4096);
   uint64_t va = rig_va(buf);
   const uint32_t words[] = {
      nv_push_header(NV_PUSH_OP_INC, COMPUTE, NV_I2M_LINE_LENGTH_IN, 4),
      16,
      1,
      HI(va),
      LO(va),
      nv_push_header(NV_PUSH_OP_ONEINC, COMPUTE, NV_I2M_LAUNCH_DMA, 5),
      NV_I2M_LAUNCH_LINEAR,
      1,
      2,
      3,
      4,
      0, /* a NOP */
   };
   for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
      rig_word(&r, words[i]);
      rig_submit(&r);
   }
   header(&r, NV_PUSH_OP_IMMD, COMPUTE, NV_MTHD_WAIT_FOR_IDLE, 0);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   for (uint32_t i = 0; i < 4; i++)
      assert_int_equal(((uint32_t *)rig_ptr(&r, buf))[i], i + 1);
   /* END skips the rest of its segment only. */
   header(&r, NV_PUSH_OP_END, 0, 0, 0);
   rig_word(&r, 0xffffffff);
   rig_submit(&r);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   rig_finish(&r);
}

static void
copy_addresses(struct rig *r, uint64_t src, uint64_t dst)
{
   header(r, NV_PUSH_OP_INC, COPY, NV_COPY_OFFSET_IN_UPPER, 4);
   rig_word(r, HI(src));
   rig_word(r, LO(src));
   rig_word(r, HI(dst));
   rig_word(r, LO(dst));
}

static void
copy_engine(void **state)
{
   struct rig r;
   rig_init(&r, &kernels_own);
   enum {
      N = 100000
   };
   uint64_t a = rig_alloc(&r, N), b = rig_alloc(&r, N);
   uint8_t *pa = rig_ptr(&r, a), *pb = rig_ptr(&r, b);
   for (unsigned i = 0; i < N; i++)
      pa[i] = i * 31 + i / 256;
   /* Unaligned, virtual; no SET_OBJECT: subchannel 4 is bound. LINE_COUNT is
    * stale and must not count. */
   rig_method(&r, COPY, NV_COPY_LINE_COUNT, 77);
   copy_addresses(&r, rig_va(a) + 5, rig_va(b) + 11);
   rig_method(&r, COPY, NV_COPY_LINE_LENGTH_IN, N - 100);
   rig_method(&r, COPY, NV_COPY_LAUNCH_DMA, NV_COPY_LAUNCH_LINEAR);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   assert_memory_equal(pb + 11, pa + 5, N - 100);
   assert_int_equal(pb[10], 0);
   assert_int_equal(pb[11 + N - 100], 0);

   /* 3 lines of 5 bytes, physical VRAM to physical process memory, four-word
    * semaphore. */
   uint8_t host[64] = {0};
   uint64_t sem = rig_alloc(&r, 4096);
   rig_method(&r, COPY, NV_COPY_SET_SRC_PHYS_MODE, NV_COPY_PHYS_LOCAL_FB);
   rig_method(&r, COPY, NV_COPY_SET_DST_PHYS_MODE, NV_COPY_PHYS_SYS_COH);
   copy_addresses(&r, a, (uintptr_t)host);
   rig_method(&r, COPY, NV_COPY_PITCH_IN, 100);
   rig_method(&r, COPY, NV_COPY_PITCH_OUT, 8);
   rig_method(&r, COPY, NV_COPY_LINE_LENGTH_IN, 5);
   rig_method(&r, COPY, NV_COPY_LINE_COUNT, 3);
   rig_method(&r, COPY, NV_COPY_SET_SEMAPHORE_A, HI(rig_va(sem)));
   rig_method(&r, COPY, NV_COPY_SET_SEMAPHORE_B, LO(rig_va(sem)));
   rig_method(&r, COPY, NV_COPY_SET_SEMAPHORE_PAYLOAD, 0x1234);
   rig_method(&r, COPY, NV_COPY_LAUNCH_DMA,
              NV_COPY_LAUNCH_LINEAR | NV_COPY_LAUNCH_MULTI_LINE |
                 NV_COPY_LAUNCH_SRC_PHYSICAL | NV_COPY_LAUNCH_DST_PHYSICAL |
                 NV_COPY_LAUNCH_SEM_FOUR_WORD);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   for (unsigned l = 0; l < 3; l++) {
      assert_memory_equal(host + l * 8, pa + l * 100, 5);
      assert_int_equal(host[l * 8 + 5], 0);
   }
   const uint32_t *ps = rig_ptr(&r, sem);
   uint64_t ns;
   memcpy(&ns, ps + 2, 8);
   assert_int_equal(ps[0], 0x1234);
   assert_int_equal(ps[1], 0);
   assert_true(ns > 0 && ns <= nvsim_ptimer_ns(r.sim));
   rig_finish(&r);
}

static void
copy_fill_and_swizzle(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t a = rig_alloc(&r, 4096), b = rig_alloc(&r, 65536);
   uint16_t *pa = rig_ptr(&r, a);
   for (unsigned i = 0; i < 2048; i++)
      pa[i] = i;
   /* 5000 elements of 8 bytes: constants A, B. */
   copy_addresses(&r, 0, rig_va(b));
   rig_method(&r, COPY, NV_COPY_SET_REMAP_CONST_A, 0xaaaa0001);
   rig_method(&r, COPY, NV_COPY_SET_REMAP_CONST_B, 0xbbbb0002);
   rig_method(&r, COPY, NV_COPY_SET_REMAP_COMPONENTS,
              NV_COPY_REMAP(NV_COPY_REMAP_CONST_A, NV_COPY_REMAP_CONST_B, 0, 0,
                            4, 1, 2));
   rig_method(&r, COPY, NV_COPY_LINE_LENGTH_IN, 5000);
   rig_method(&r, COPY, NV_COPY_LAUNCH_DMA,
              NV_COPY_LAUNCH_LINEAR | NV_COPY_LAUNCH_REMAP);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   const uint32_t *pb = rig_ptr(&r, b);
   for (unsigned i = 0; i < 5000; i++) {
      assert_int_equal(pb[2 * i], 0xaaaa0001);
      assert_int_equal(pb[2 * i + 1], 0xbbbb0002);
   }
   assert_int_equal(pb[10000], 0);
   /* Pairs of halves, swapped. */
   copy_addresses(&r, rig_va(a), rig_va(b));
   rig_method(
      &r, COPY, NV_COPY_SET_REMAP_COMPONENTS,
      NV_COPY_REMAP(NV_COPY_REMAP_SRC_Y, NV_COPY_REMAP_SRC_X, 0, 0, 2, 2, 2));
   rig_method(&r, COPY, NV_COPY_LINE_LENGTH_IN, 100);
   rig_method(&r, COPY, NV_COPY_LAUNCH_DMA,
              NV_COPY_LAUNCH_LINEAR | NV_COPY_LAUNCH_REMAP);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   for (unsigned i = 0; i < 100; i++)
      assert_int_equal(pb[i], (2u * i) << 16 | (2 * i + 1));
   rig_finish(&r);
}

static void
host_sem(struct rig *r, uint64_t gpu_va, uint32_t payload, uint32_t op)
{
   rig_method(r, COMPUTE, NV_HOST_SEMAPHOREA, HI(gpu_va));
   rig_method(r, COMPUTE, NV_HOST_SEMAPHOREB, LO(gpu_va));
   rig_method(r, COMPUTE, NV_HOST_SEMAPHOREC, payload);
   rig_method(r, COMPUTE, NV_HOST_SEMAPHORED, op);
}

static void
host_semaphores(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t sem = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, sem);
   host_sem(&r, rig_va(sem), 5, NV_HOST_SEM_ACQ_GEQ);
   host_sem(&r, rig_va(sem) + 16, 9,
            NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B);
   host_sem(&r, rig_va(sem) + 16, 3,
            NV_HOST_SEM_REDUCTION | (uint32_t)NV_RED_ADD << 27);
   rig_kick(&r);
   usleep(20000);
   assert_int_equal(p[4], 0); /* still waits */
   __atomic_store_n(&p[0], 6, __ATOMIC_RELEASE);
   assert_true(rig_wait(&r));
   assert_int_equal(p[4], 12);
   /* An acquire that never comes ends with the channel. */
   host_sem(&r, rig_va(sem), 0x1234, NV_HOST_SEM_ACQUIRE);
   rig_kick(&r);
   usleep(2000);
   rig_bind(&r);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   rig_finish(&r);
}

static void
semaphore_of_3d_and_qmd(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   uint64_t sem = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, sem);
   rig_method(&r, NV_SUBCH_3D, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_B);
   rig_method(&r, NV_SUBCH_3D, 0x1558, 1); /* swallowed */
   header(&r, NV_PUSH_OP_INC, NV_SUBCH_3D, NV_SET_REPORT_SEMAPHORE_A, 4);
   rig_word(&r, HI(rig_va(sem)));
   rig_word(&r, LO(rig_va(sem)));
   rig_word(&r, 42);
   rig_word(&r, 0x1000f010); /* as Mesa's fences */
   header(&r, NV_PUSH_OP_INC, NV_SUBCH_3D, NV_SET_REPORT_SEMAPHORE_A, 4);
   rig_word(&r, HI(rig_va(sem)));
   rig_word(&r, LO(rig_va(sem)) + 16);
   rig_word(&r, 43);
   rig_word(&r, 0x00005002); /* as Mesa's timestamps */
   struct rig_launch l = {.code = "EXIT;\n", .grid = {5}, .block = {33}};
   rig_launch(&r, &l);
   uint32_t *q = rig_ptr(&r, r.qmd);
   nv_qmd_set_release(q, 0, rig_va(sem) + 32, 44, NV_QMD_RELEASE_ONE_WORD);
   nv_qmd_set_release(q, 1, rig_va(sem) + 48, 45, NV_QMD_RELEASE_FOUR_WORDS);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   uint64_t t0, t1;
   memcpy(&t0, p + 6, 8);
   memcpy(&t1, p + 14, 8);
   assert_int_equal(p[0], 42);
   assert_int_equal(p[1], 0);
   assert_int_equal(p[4], 43);
   assert_int_equal(p[8], 44);
   assert_int_equal(p[12], 45);
   assert_true(t0 && t0 <= t1);
   rig_finish(&r);
}

/* ---- broken input ---- */

static void
expect(struct rig *r, enum nvsim_error_kind kind, uint32_t method)
{
   assert_false(rig_wait(r));
   assert_true(rig_wait_interrupt(r, NVSIM_INTR_ERROR));
   struct nvsim_error e;
   assert_true(nvsim_next_error(r->sim, &e));
   if (e.kind != kind || e.method != method)
      fail_msg("kind %d, method 0x%x: %s", e.kind, e.method, e.text);
   assert_false(nvsim_next_error(r->sim, &e));
   /* Dead: nothing runs any more. */
   rig_kick(r);
   usleep(3000);
   assert_false(rig_is_done(r));
   rig_bind(r);
   rig_kick(r);
   assert_true(rig_wait(r));
}

static void
broken_pushes(void **state)
{
   static const struct {
      uint32_t words[4];
      unsigned n;
      enum nvsim_error_kind kind;
      uint32_t method;
   } cases[] = {
      {{0xc0000000}, 1, NVSIM_ERROR_PBDMA, 0},
      {{0x20010001, 0}, 2, NVSIM_ERROR_PBDMA, NV_HOST_ILLEGAL},
      {{0x2001e040, 0}, 2, NVSIM_ERROR_METHOD, 0x100}, /* nothing on 7 */
      {{0x20012000, 0x1234}, 2, NVSIM_ERROR_METHOD, NV_HOST_SET_OBJECT},
      {{0x20012000, NV_CLASS_PASCAL_COMPUTE_A},
       2,
       NVSIM_ERROR_METHOD,
       NV_HOST_SET_OBJECT},                            /* the other chip's */
      {{0x200183ff, 0}, 2, NVSIM_ERROR_METHOD, 0xffc}, /* copy has no such */
      {{0x20012000 | 0x1b4 / 4, 0},
       2,
       NVSIM_ERROR_METHOD,
       NV_I2M_LOAD_INLINE_DATA}, /* data without launch */
   };
   struct rig r;
   rig_init(&r, &plain);
   assert_true((rig_kick(&r), rig_wait(&r)));
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      r.pending = 0;
      for (unsigned w = 0; w < cases[i].n; w++)
         rig_word(&r, cases[i].words[w]);
      r.seq++; /* never comes */
      rig_submit(&r);
      expect(&r, cases[i].kind, cases[i].method);
   }
   rig_finish(&r);
}

static void
break_qmd(struct rig *r, enum nv_qmd_field field, unsigned i, uint32_t value)
{
   struct rig_launch l = {.code = "EXIT;\n", .block = {32}};
   rig_launch(r, &l);
   nv_qmd_set(rig_ptr(r, r->qmd), field, i, value);
   r->pending = 0;
   rig_kick(r);
   assert_false(rig_wait(r));
   struct nvsim_error e;
   assert_true(rig_wait_interrupt(r, NVSIM_INTR_ERROR));
   assert_true(nvsim_next_error(r->sim, &e));
   assert_int_equal(e.kind, NVSIM_ERROR_METHOD);
   rig_bind(r);
}

static void
broken_qmds(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   break_qmd(&r, NV_QMD_CTA_THREAD_DIMENSION, 0, 1025);
   break_qmd(&r, NV_QMD_CTA_THREAD_DIMENSION, 1, 0);
   break_qmd(&r, NV_QMD_CTA_THREAD_DIMENSION, 2, 65);
   break_qmd(&r, NV_QMD_REGISTER_COUNT, 0, 0);
   break_qmd(&r, NV_QMD_SHARED_MEMORY_SIZE, 0, 0xc100);
   break_qmd(&r, NV_QMD_SHARED_MEMORY_SIZE, 0, 0x80);
   break_qmd(&r, NV_QMD_PROGRAM_OFFSET, 0, 0x20);
   break_qmd(&r, NV_QMD_CONSTANT_BUFFER_SIZE_SHIFTED4, 0, 0x1fff);
   break_qmd(&r, NV_QMD_IS_QUEUE, 0, 1);
   break_qmd(&r, NV_QMD_SHADER_LOCAL_MEMORY_LOW_SIZE, 0, 0x80000);
   break_qmd(&r, NV_QMD_BARRIER_COUNT, 0, 17);
   rig_finish(&r);
}

/* Random words never hurt the process. */
static void
random_pushes(void **state)
{
   unsigned seed = test_seed();
   srand(seed);
   struct rig r;
   rig_init(&r, &plain);
   for (unsigned round = 0; round < 300; round++) {
      r.pending = 0;
      for (unsigned i = 0; i < 40; i++) {
         uint32_t w = (uint32_t)rand() ^ (uint32_t)rand() << 16;
         if (rand() % 2) /* likely headers: few words, known subchannels */
            w = (w & 0xe0000fff) | (rand() % 4) << 16 | (rand() % 5) << 13;
         if ((w & 0xfff) == NV_HOST_SEMAPHORED / 4)
            w = 0; /* no waits for a value that never comes */
         rig_word(&r, w);
      }
      rig_submit(&r);
      usleep(100);
      struct nvsim_error e;
      while (nvsim_next_error(r.sim, &e))
         ;
      rig_bind(&r);
   }
   rig_kick(&r);
   r.pending = 0;
   assert_true(rig_wait(&r));
   rig_finish(&r);
}

static void
registers(void **state)
{
   struct rig r;
   rig_init(&r, &plain);
   assert_int_equal(NV_PMC_BOOT_0_CHIPSET(nvsim_rd32(r.sim, NV_PMC_BOOT_0)),
                    0x134);
   uint32_t t0 = nvsim_rd32(r.sim, NV_PTIMER_TIME_0);
   usleep(1000);
   assert_true(nvsim_rd32(r.sim, NV_PTIMER_TIME_0) - t0 >= 1000000);
   nvsim_wr32(r.sim, 0x123450, 5);
   assert_int_equal(nvsim_rd32(r.sim, 0x123450), 0);
   rig_finish(&r);

   struct nvsim *sim;
   struct nvsim_config c = {.chipset = 0x140, .sm_count = 1, .vram_B = 2 << 20};
   assert_true(nvsim_create(&c, &sim) < 0);
   c.chipset = 0x134;
   c.vram_B = 12345;
   assert_true(nvsim_create(&c, &sim) < 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(inline_upload),
      cmocka_unit_test(long_upload),
      cmocka_unit_test(packets_split_anywhere),
      cmocka_unit_test(copy_engine),
      cmocka_unit_test(copy_fill_and_swizzle),
      cmocka_unit_test(host_semaphores),
      cmocka_unit_test(semaphore_of_3d_and_qmd),
      cmocka_unit_test(broken_pushes),
      cmocka_unit_test(broken_qmds),
      cmocka_unit_test(random_pushes),
      cmocka_unit_test(registers),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
