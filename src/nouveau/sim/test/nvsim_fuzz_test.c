/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Whatever a push buffer says and whatever code a kernel has: the process lives,
 * its memory is its own, and the card works for the next channel. Long runs:
 * FUZZ_ROUNDS=100000 TEST_SEED=… nvsim_fuzz_test [part of a test's name]. */
#include "nvsim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "nouveau/headers/nv_class_3d.h"
#include "nouveau/isa/sass.h"
#include "util/test/test_random.h"

static uint64_t random_state;

static uint32_t
draw(void)
{
   return test_rng(&random_state) >> 33;
}

static uint32_t
below(uint32_t n)
{
   return draw() % n;
}

static uint32_t
word32(void)
{
   return draw() ^ draw() << 16;
}

static unsigned
begin(unsigned rounds)
{
   const char *n = getenv("FUZZ_ROUNDS");
   random_state = test_rng_state(test_seed());
   return n ? (unsigned)atoi(n) : rounds;
}

static const struct rig_config card = {.sms = 2, .watchdog = 1};

/* The rig maps all VRAM, its own tables included: they are put back. */
static uint8_t *tables;
static uint64_t tables_end;

/* Its tables are in front of the push buffers and behind the local memory. */
static void
copy_tables(const struct rig *r, uint8_t *dst, const uint8_t *src)
{
   uint64_t tail = r->tls + (4 << 20);
   memcpy(dst, src, r->push);
   memcpy(dst + tail, src + tail, tables_end - tail);
}

static void
save_tables(const struct rig *r)
{
   tables_end = r->next;
   tables = malloc(tables_end);
   copy_tables(r, tables, r->vram);
}

/* Whatever happened: the next one gets a card that works. */
static void
recover(struct rig *r)
{
   struct nvsim_error e;
   nvsim_wr32(r->sim, NV_CHAN_INST(RIG_CHID), 0); /* stops */
   copy_tables(r, r->vram, tables);
   rig_invalidate(r);
   rig_bind(r);
   while (nvsim_next_error(r->sim, &e)) {
      if (getenv("FUZZ_PRINT"))
         print_message("%s\n", e.text);
   }
   r->fault_get = nvsim_rd32(r->sim, NV_FAULT_BUFFER_PUT);
   nvsim_wr32(r->sim, NV_FAULT_BUFFER_GET, r->fault_get);
   r->pending = 0;
   r->seq++;
}

static void
works(struct rig *r, uint64_t buf, uint32_t value)
{
   uint32_t *p = rig_ptr(r, buf);
   p[0] = ~value;
   rig_method(r, NV_SUBCH_COPY, NV_COPY_SET_REMAP_CONST_A, value);
   rig_method(r, NV_SUBCH_COPY, NV_COPY_SET_REMAP_COMPONENTS,
              NV_COPY_REMAP(NV_COPY_REMAP_CONST_A, 0, 0, 0, 4, 1, 1));
   rig_method(r, NV_SUBCH_COPY, NV_COPY_OFFSET_OUT_UPPER, rig_va(buf) >> 32);
   rig_method(r, NV_SUBCH_COPY, NV_COPY_OFFSET_OUT_LOWER,
              (uint32_t)rig_va(buf));
   rig_method(r, NV_SUBCH_COPY, NV_COPY_LINE_LENGTH_IN, 1);
   rig_method(r, NV_SUBCH_COPY, NV_COPY_LAUNCH_DMA,
              NV_COPY_LAUNCH_LINEAR | NV_COPY_LAUNCH_REMAP);
   rig_kick(r);
   assert_true(rig_wait(r));
   assert_int_equal(p[0], value);
}

/* ---- methods ---- */

struct range {
   unsigned subch;
   uint16_t first, last;
};

/* Where methods do something. */
static const struct range ranges[] = {
   {NV_SUBCH_3D, 0x0114, 0x01e4},      {NV_SUBCH_3D, 0x0800, 0x0860},
   {NV_SUBCH_3D, 0x0d6c, 0x0dac},      {NV_SUBCH_3D, 0x0fe0, 0x0ff8},
   {NV_SUBCH_3D, 0x10f8, 0x10f8},      {NV_SUBCH_3D, 0x1228, 0x1230},
   {NV_SUBCH_3D, 0x1538, 0x1538},      {NV_SUBCH_3D, 0x179c, 0x179c},
   {NV_SUBCH_3D, 0x121c, 0x121c},      {NV_SUBCH_3D, 0x1550, 0x1558},
   {NV_SUBCH_3D, 0x19d0, 0x19d0},      {NV_SUBCH_3D, 0x1b00, 0x1b0c},
   {NV_SUBCH_3D, 0x2380, 0x23d0},      {NV_SUBCH_3D, 0x3800, 0x3820},
   {NV_SUBCH_2D, 0x0200, 0x0290},      {NV_SUBCH_2D, 0x02ac, 0x02ac},
   {NV_SUBCH_2D, 0x088c, 0x08dc},      {NV_SUBCH_COMPUTE, 0x0180, 0x01e4},
   {NV_SUBCH_COMPUTE, 0x0200, 0x02fc}, {NV_SUBCH_COMPUTE, 0x0790, 0x07b4},
   {NV_SUBCH_COMPUTE, 0x1550, 0x1700}, {NV_SUBCH_COMPUTE, 0x1b00, 0x1b0c},
   {NV_SUBCH_COMPUTE, 0x2600, 0x260c}, {NV_SUBCH_I2M, 0x0180, 0x01e4},
   {NV_SUBCH_COPY, 0x0240, 0x0264},    {NV_SUBCH_COPY, 0x0300, 0x0300},
   {NV_SUBCH_COPY, 0x0400, 0x041c},    {NV_SUBCH_COPY, 0x0700, 0x073c},
   {NV_SUBCH_COMPUTE, 0x0000, 0x00fc},
};

static uint32_t
data_word(uint64_t buf)
{
   switch (below(8)) {
   case 0:
      return word32();
   case 1:
      return below(64);
   case 2:
      return RIG_VA >> 32;
   case 3:
   case 4:
      return (uint32_t)rig_va(buf) + below(65536);
   case 5:
      return 1u << below(32);
   case 6:
      return below(2)   ? 0x1000
             : below(4) ? NV_3D_FORMAT_RF32_GF32_BF32_AF32 + below(64)
                        : NV_3D_ZT_FORMAT_ZF32 + below(32);
   default:
      return ~0u << below(32);
   }
}

/* A method of what does something, often the one after the last. */
static void
push_method(struct rig *r, uint64_t buf)
{
   const struct range *range = &ranges[below(ARRAY_SIZE(ranges))];
   unsigned n = 1 + below(12);
   uint32_t method =
      range->first + 4 * below((range->last - range->first) / 4 + 1);
   static const enum nv_push_op ops[] = {NV_PUSH_OP_INC, NV_PUSH_OP_INC,
                                         NV_PUSH_OP_NINC, NV_PUSH_OP_ONEINC};
   rig_word(r, nv_push_header(ops[below(4)], range->subch, method, n));
   for (unsigned i = 0; i < n; i++)
      rig_word(r, data_word(buf));
}

static void
bind_classes(struct rig *r)
{
   rig_method(r, NV_SUBCH_3D, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_B);
   rig_method(r, NV_SUBCH_2D, NV_HOST_SET_OBJECT, NV_CLASS_FERMI_TWOD_A);
   rig_method(r, NV_SUBCH_I2M, NV_HOST_SET_OBJECT, NV_CLASS_KEPLER_I2M_B);
   rig_method(r, NV_SUBCH_COMPUTE, NV_HOST_SET_OBJECT,
              NV_CLASS_PASCAL_COMPUTE_B);
   rig_method(r, NV_SUBCH_3D, NV_3D_SET_RENDER_ENABLE_C, 1);
}

static void
methods(void **state)
{
   unsigned rounds = begin(1000);
   struct rig r;
   rig_init(&r, &card);
   save_tables(&r);
   uint64_t buf = rig_alloc(&r, 65536), out = rig_alloc(&r, 4096);
   for (unsigned round = 0; round < rounds; round++) {
      bind_classes(&r);
      for (unsigned i = 0; i < 30; i++)
         if (below(20))
            push_method(&r, buf);
         else
            rig_word(&r, word32());
      rig_submit(&r);
      usleep(200); /* it may run, hang or be dead: all are fine */
      recover(&r);
      works(&r, out, round);
   }
   rig_finish(&r);
   free(tables);
}

/* ---- launches ---- */

static void
launches(void **state)
{
   unsigned rounds = begin(1000);
   struct rig r;
   rig_init(&r, &card);
   save_tables(&r);
   uint64_t out = rig_alloc(&r, 4096);
   for (unsigned round = 0; round < rounds; round++) {
      struct rig_launch l = {
         .code = "S2R R0, SR_TID.X;\nBAR.SYNC 0x0;\nEXIT;\n",
         .block = {40},
         .barriers = 1};
      rig_launch(&r, &l);
      uint32_t *q = rig_ptr(&r, r.qmd);
      for (unsigned i = 1 + below(4); i; i--)
         q[below(NV_QMD_DW)] ^= below(2) ? 1u << below(32) : word32();
      rig_kick(&r);
      for (unsigned i = 0; i < 50 && !rig_is_done(&r) && !r.pending; i++)
         usleep(100);
      recover(&r);
      works(&r, out, round);
   }
   rig_finish(&r);
   free(tables);
}

/* ---- code ---- */

static uint64_t seeds[1024];
static unsigned num_seeds;

/* Words of real programs, to start from. */
static int
read_seeds(void **state)
{
   const char *path = getenv("GOLDEN_WORDS");
   FILE *f = path ? fopen(path, "r") : NULL;
   char line[256];
   if (!f)
      fail_msg("GOLDEN_WORDS: no such file");
   while (num_seeds < ARRAY_SIZE(seeds) && fgets(line, sizeof(line), f))
      if (line[0] != '#')
         seeds[num_seeds++] = strtoull(line, NULL, 16);
   fclose(f);
   return 0;
}

static uint64_t
instruction(void)
{
   if (!below(16))
      return (uint64_t)word32() << 32 | word32();
   uint64_t w = seeds[below(num_seeds)];
   for (unsigned i = below(4); i; i--)
      w ^= 1ull << below(64);
   /* Most run: no guard, small registers. */
   if (below(4))
      w = (w & ~0xff00f00full) | (uint64_t)(below(12) << 12 | 7 << 16) |
          below(12);
   return w;
}

static void
put_random_code(struct rig *r, unsigned bundles)
{
   uint64_t *code = rig_ptr(r, r->code);
   for (unsigned b = 0; b < bundles; b++) {
      struct sass_ctrl ctrl[SASS_BUNDLE_SLOTS];
      for (unsigned i = 0; i < SASS_BUNDLE_SLOTS; i++)
         ctrl[i] = sass_ctrl_unpack(below(8) ? 0x7e0 | below(16) : word32());
      code[4 * b] = sass_bundle_pack(ctrl);
      for (unsigned i = 1; i < 4; i++)
         code[4 * b + i] = instruction();
   }
   struct sass_instr exit;
   sass_instr_init(&exit, SASS_OP_EXIT, sass_op_first_form(SASS_OP_EXIT));
   uint64_t w = 0;
   assert_int_equal(sass_encode(&exit, &w, NULL), 0);
   for (unsigned i = 0; i < 8; i++)
      code[4 * bundles + i] = i % 4 ? w : 0;
}

static void
run_code(uint64_t debug, unsigned rounds)
{
   struct rig r;
   struct rig_config config = card;
   config.debug = debug;
   rig_init(&r, &config);
   save_tables(&r);
   uint64_t buf = rig_alloc(&r, 65536), out = rig_alloc(&r, 4096);
   for (unsigned round = 0; round < rounds; round++) {
      struct rig_launch l = {.grid = {3},
                             .block = {48},
                             .regs = below(4) ? 128 : 8 + below(120),
                             .barriers = below(17),
                             .shared_B = below(4) * 1024,
                             .local_B = below(4) * 64};
      for (unsigned i = 0; i < ARRAY_SIZE(l.args); i += 2) {
         l.args[i] = (uint32_t)rig_va(buf) + (below(2) ? 0 : below(70000));
         l.args[i + 1] = below(20) ? (uint32_t)(rig_va(buf) >> 32) : word32();
      }
      put_random_code(&r, 1 + below(12));
      rig_launch(&r, &l);
      rig_kick(&r);
      for (unsigned i = 0; i < 400 && !rig_is_done(&r) && !r.pending; i++)
         usleep(50);
      recover(&r);
      works(&r, out, round);
   }
   rig_finish(&r);
   free(tables);
}

static void
code(void **state)
{
   run_code(0, begin(6000));
}

static void
code_strict(void **state)
{
   run_code(NVSIM_DEBUG_STRICT, begin(1500));
}

int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(methods),
      cmocka_unit_test(launches),
      cmocka_unit_test(code),
      cmocka_unit_test(code_strict),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, read_seeds, NULL);
}
