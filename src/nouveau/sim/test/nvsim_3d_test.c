/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The 3D class without a rasteriser. */
#include "nvsim_engine_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "nouveau/headers/nv_class_3d.h"

#define D3 NV_SUBCH_3D

static struct rig r;

static int
setup(void **state)
{
   engine_rig_init(&r, D3, NV_CLASS_PASCAL_B);
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
   engine_rig_expect_error(&r, text, D3, NV_CLASS_PASCAL_B);
   run();
}

/* ---- macros ---- */

enum {
   FETCH = NV_MME_ASSIGN_FETCH,
   MOVE = NV_MME_ASSIGN_MOVE,
   METHOD = NV_MME_ASSIGN_MOVE_METHOD,
   SEND = NV_MME_ASSIGN_MOVE_SEND,
   EXIT = NV_MME_EXIT,
};

static uint32_t
insn(unsigned op, unsigned assign, unsigned dst, unsigned a, uint32_t rest)
{
   return op | assign << 4 | dst << 8 | a << 11 | rest;
}

static uint32_t
addi(unsigned assign, unsigned dst, unsigned a, int imm)
{
   return insn(NV_MME_OP_ADD_IMM, assign, dst, a, (uint32_t)imm << 14);
}

static uint32_t
alu(enum nv_mme_alu op, unsigned assign, unsigned dst, unsigned a, unsigned b)
{
   return insn(NV_MME_OP_ALU, assign, dst, a, b << 14 | (uint32_t)op << 17);
}

static uint32_t
field(unsigned op, unsigned dst, unsigned a, unsigned b, unsigned from,
      unsigned bits, unsigned to)
{
   return insn(op, MOVE, dst, a,
               b << 14 | from << 17 | bits << 22 | (uint32_t)to << 27);
}

static uint32_t
read_method(unsigned dst, unsigned a, int imm)
{
   return insn(NV_MME_OP_READ, MOVE, dst, a, (uint32_t)imm << 14);
}

/* Relative to itself. */
static uint32_t
branch(unsigned flags, unsigned a, int to)
{
   return NV_MME_OP_BRANCH | flags | a << 11 | (uint32_t)to << 14;
}

/* Sends go to scratch registers from `first` on. */
static uint32_t
to_scratch(unsigned first)
{
   return addi(METHOD, 0, 0,
               (int)(NV_3D_SET_MME_SHADOW_SCRATCH(first) / 4 | 1 << 12));
}

static void
load(unsigned macro, unsigned at, const uint32_t *code, unsigned n)
{
   rig_method(&r, D3, NV_3D_LOAD_MME_START_ADDRESS_RAM_POINTER, macro);
   rig_method(&r, D3, NV_3D_LOAD_MME_START_ADDRESS_RAM, at);
   rig_method(&r, D3, NV_3D_LOAD_MME_INSTRUCTION_RAM_POINTER, at);
   for (unsigned i = 0; i < n; i++)
      rig_method(&r, D3, NV_3D_LOAD_MME_INSTRUCTION_RAM, code[i]);
}
#define LOAD(macro, at, code) load(macro, at, code, ARRAY_SIZE(code))

static void
call(unsigned macro, const uint32_t *parameters, unsigned n)
{
   rig_method(&r, D3, NV_3D_CALL_MME_MACRO(macro), parameters[0]);
   for (unsigned i = 1; i < n; i++)
      rig_method(&r, D3, NV_3D_CALL_MME_DATA(macro), parameters[i]);
}
#define CALL(macro, ...)                                                       \
   call(macro, (const uint32_t[]){__VA_ARGS__},                                \
        sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

#define DUMP 127 /* macro: scratch `first` to memory at an address */

/* Memory gets what scratch registers hold, through constant buffer updates. */
static void
load_dump(void)
{
   const uint32_t code[] = {
      /* r1: first, then: count, size, address */
      addi(FETCH, 2, 0, 0),
      addi(FETCH, 3, 0, 0),
      addi(FETCH, 4, 0, 0),
      addi(FETCH, 5, 0, 0),
      addi(METHOD, 0, 0, NV_3D_SET_CONSTANT_BUFFER_SELECTOR_A / 4 | 1 << 12),
      addi(SEND, 0, 3, 0),
      addi(SEND, 0, 4, 0),
      addi(SEND, 0, 5, 0),
      addi(SEND, 0, 0, 0), /* offset */
      addi(METHOD, 0, 0, NV_3D_LOAD_CONSTANT_BUFFER(0) / 4),
      read_method(6, 1, NV_3D_SET_MME_SHADOW_SCRATCH(0) / 4),
      addi(SEND, 0, 6, 0),
      addi(MOVE, 2, 2, -1),
      branch(NV_MME_BRANCH_NONZERO | EXIT, 2, -3),
      addi(MOVE, 1, 1, 1),
   };
   LOAD(DUMP, 1000, code);
}

static const uint32_t *
scratch(unsigned first, unsigned count)
{
   uint64_t buf = rig_alloc(&r, 4096);
   load_dump();
   CALL(DUMP, first, count, 4096, HI(rig_va(buf)), LO(rig_va(buf)));
   run();
   return rig_ptr(&r, buf);
}

static void
macro_arithmetic(void **state)
{
   const uint32_t code[] = {
      addi(FETCH, 2, 0, 0),
      to_scratch(0),
      alu(NV_MME_ALU_ADD, SEND, 3, 1, 2),
      alu(NV_MME_ALU_ADD_CARRY, SEND, 3, 0, 0), /* the carry */
      alu(NV_MME_ALU_SUB, SEND, 3, 1, 2),
      alu(NV_MME_ALU_SUB_BORROW, SEND, 3, 0, 0), /* minus the borrow */
      alu(NV_MME_ALU_XOR, SEND, 3, 1, 2),
      alu(NV_MME_ALU_OR, SEND, 3, 1, 2),
      alu(NV_MME_ALU_AND, SEND, 3, 1, 2),
      alu(NV_MME_ALU_AND_NOT, SEND, 3, 1, 2),
      alu(NV_MME_ALU_NAND, SEND, 3, 1, 2),
      addi(SEND, 3, 1, -5),
      field(NV_MME_OP_INSERT, 3, 1, 2, 4, 8, 12),
      addi(SEND, 0, 3, 0),
      addi(MOVE, 4, 0, 9),
      field(NV_MME_OP_SHIFT_TO_IMM, 3, 4, 2, 0, 7, 3),
      addi(SEND, 0, 3, 0),
      field(NV_MME_OP_SHIFT_TO_REG, 3, 4, 2, 20, 10, 0),
      addi(SEND | 0, 0, 3, 0) | EXIT,
      addi(SEND, 0, 0, 77), /* still runs */
      addi(SEND, 0, 0, 78), /* does not */
   };
   LOAD(5, 20, code);
   rig_method(&r, D3, NV_3D_SET_MME_SHADOW_SCRATCH(14), 0x1234);
   const uint32_t a = 0xf0001235, b = 0x7fe98765;
   CALL(5, a, b);
   const uint32_t *got = scratch(0, 15);
   const uint32_t want[] = {
      a + b,
      1,
      a - b,
      0,
      a ^ b,
      a | b,
      a & b,
      a & ~b,
      ~(a & b),
      a - 5,
      (a & ~(0xffu << 12)) | (b >> 4 & 0xff) << 12,
      (b >> 9 & 0x7f) << 3,
      (b >> 20 & 0x3ff) << 9,
      77,
      0x1234,
   };
   for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
      assert_int_equal(got[i], want[i]);
   CALL(5, b, a); /* smaller: a borrow */
   got = scratch(2, 2);
   assert_int_equal(got[0], b - a);
   assert_int_equal(got[1], ~0u);
}

/* Loops, delay slots, parameters that come late and from other entries. */
static void
macro_control(void **state)
{
   const uint32_t sum[] = {
      /* r1 parameters follow; their sum, and how many were odd */
      addi(MOVE, 2, 0, 0),
      addi(MOVE, 3, 0, 0),
      addi(FETCH, 4, 0, 0), /* loop */
      field(NV_MME_OP_INSERT, 5, 0, 4, 0, 1, 0),
      branch(NV_MME_BRANCH_ANNUL, 5, 2), /* even: not the next */
      addi(MOVE, 3, 3, 1),
      addi(MOVE, 1, 1, -1),
      branch(NV_MME_BRANCH_NONZERO, 1, -5),
      alu(NV_MME_ALU_ADD, MOVE, 2, 2, 4), /* each time */
      to_scratch(20),
      addi(SEND, 0, 2, 0) | EXIT,
      addi(SEND, 0, 3, 0),
   };
   LOAD(0, 0, sum);
   rig_method(&r, D3, NV_3D_CALL_MME_MACRO(0), 6);
   for (uint32_t i = 0; i < 6; i++) {
      rig_submit(&r); /* a new entry for each word */
      rig_word(&r,
               nv_push_header(NV_PUSH_OP_NINC, D3, NV_3D_CALL_MME_DATA(0), 1));
      rig_submit(&r);
      rig_word(&r, 10 * i + i % 3);
   }
   const uint32_t *got = scratch(20, 2);
   assert_int_equal(got[0], 10 * 15 + 6);
   assert_int_equal(got[1], 2);

   const uint32_t assigns[] = {
      insn(NV_MME_OP_ADD_IMM, NV_MME_ASSIGN_FETCH_METHOD, 2, 0,
           (uint32_t)(NV_3D_SET_MME_SHADOW_SCRATCH(30) / 4 | 1 << 12) << 14),
      insn(NV_MME_OP_ADD_IMM, NV_MME_ASSIGN_FETCH_SEND, 3, 2, 1u << 14),
      addi(SEND, 0, 3, 0),
      insn(NV_MME_OP_ADD_IMM, NV_MME_ASSIGN_METHOD_FETCH, 0, 0,
           (uint32_t)(NV_3D_SET_MME_SHADOW_SCRATCH(34) / 4) << 14),
      insn(NV_MME_OP_ADD_IMM, NV_MME_ASSIGN_METHOD_SEND, 0, 0,
           (uint32_t)(NV_3D_SET_MME_SHADOW_SCRATCH(32) / 4 | 9 << 12) << 14) |
         EXIT,
      addi(MOVE, 0, 0, 0),
   };
   LOAD(1, 100, assigns);
   CALL(1, 0, 500, 600, 700);
   got = scratch(30, 5);
   const uint32_t want[] = {501, 600, 9, 0, 700};
   assert_memory_equal(got, want, sizeof(want));
}

static void
macro_errors(void **state)
{
   const uint32_t forever[] = {branch(NV_MME_BRANCH_ANNUL, 0, 0)};
   const uint32_t illegal[] = {6 | MOVE << 4};
   const uint32_t nested[] = {addi(METHOD, 0, 0, NV_3D_CALL_MME_MACRO(0) / 4),
                              addi(SEND, 0, 0, 0)};
   const uint32_t host[] = {addi(METHOD, 0, 0, NV_HOST_SEMAPHORED / 4),
                            addi(SEND, 0, 0, 2)};
   const uint32_t away[] = {branch(NV_MME_BRANCH_ANNUL, 0, -5)};
   const uint32_t waits[] = {addi(FETCH, 0, 0, 0)};
   const struct {
      const uint32_t *code;
      unsigned n;
      const char *text;
   } cases[] = {
      {forever, 1, "does not end"}, {illegal, 1, "illegal macro"},
      {nested, 2, "may not send"},  {host, 2, "may not send"},
      {away, 1, "left its memory"},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      load(3, 0, cases[i].code, cases[i].n);
      CALL(3, 1);
      expect_error(cases[i].text);
   }
   load(3, 0, waits, 1);
   CALL(3, 1);
   rig_method(&r, D3, NV_SET_REPORT_SEMAPHORE_A, 0);
   expect_error("still waits");
   rig_method(&r, D3, NV_3D_CALL_MME_MACRO(200), 0);
   expect_error("no such macro");
   rig_method(&r, D3, NV_3D_LOAD_MME_INSTRUCTION_RAM_POINTER, 1u << 31);
   rig_method(&r, D3, NV_3D_LOAD_MME_INSTRUCTION_RAM, 0);
   expect_error("macro memory");
}

/* ---- constant buffers, reports, predication ---- */

static void
constant_buffer(void **state)
{
   uint64_t buf = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, buf);
   rig_method(&r, D3, NV_3D_SET_CONSTANT_BUFFER_SELECTOR_A, 64);
   rig_method(&r, D3, NV_3D_SET_CONSTANT_BUFFER_SELECTOR_B, HI(rig_va(buf)));
   rig_method(&r, D3, NV_3D_SET_CONSTANT_BUFFER_SELECTOR_C, LO(rig_va(buf)));
   rig_word(&r, nv_push_header(NV_PUSH_OP_ONEINC, D3,
                               NV_3D_LOAD_CONSTANT_BUFFER_OFFSET, 4));
   rig_word(&r, 48); /* and behind the end */
   for (uint32_t i = 0; i < 3; i++)
      rig_word(&r, 100 + i);
   rig_method(&r, D3, NV_3D_LOAD_CONSTANT_BUFFER(7), 200);
   rig_method(&r, D3, NV_3D_LOAD_CONSTANT_BUFFER(0), 201);
   run();
   const uint32_t want[] = {0, 100, 101, 102, 200, 0, 0};
   assert_memory_equal(p + 11, want, sizeof(want));
}

static void
report(uint64_t buf, unsigned at, uint32_t payload, uint32_t d)
{
   rig_method(&r, D3, NV_SET_REPORT_SEMAPHORE_A, HI(rig_va(buf) + at));
   rig_method(&r, D3, NV_SET_REPORT_SEMAPHORE_B, LO(rig_va(buf) + at));
   rig_method(&r, D3, NV_SET_REPORT_SEMAPHORE_C, payload);
   rig_method(&r, D3, NV_SET_REPORT_SEMAPHORE_D, d);
}

static void
reports(void **state)
{
   uint64_t buf = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, buf);
   memset(p, 0xcc, 256);
   report(buf, 0, 5, 0x00005002);      /* time */
   report(buf, 16, 6, 0x0100f002);     /* samples that passed: 32 bits */
   report(buf, 32, 7, 0x09005002);     /* primitives: 64 bits */
   report(buf, 48, 8, 0x1000f010);     /* release, one word */
   report(buf, 48, 8, 1 | 0x1000f000); /* acquire: equal */
   report(buf, 48, 3, 1 | 0x1001f000); /* acquire: at least */
   run();
   uint64_t t[3];
   for (unsigned i = 0; i < 3; i++)
      memcpy(&t[i], p + 4 * i + 2, 8);
   assert_int_equal(p[0], 5);
   assert_int_equal(p[1], 0);
   assert_int_equal(p[4], 6);
   assert_int_equal(p[5], 0);
   assert_int_equal(p[8], 0);
   assert_int_equal(p[9], 0);
   assert_int_equal(p[12], 8);
   assert_int_equal(p[13], 0xcccccccc);
   assert_true(t[0] && t[0] <= t[1] && t[1] <= t[2]);
   assert_true(t[2] <= nvsim_ptimer_ns(r.sim));
   report(buf, 64 + 4, 1, 0x00005002);
   expect_error("misaligned");
}

/* A target of 16 by 4, pitch 256. */
static void
target(uint64_t gpu_va, uint32_t format)
{
   rig_method(&r, D3, NV_3D_SET_SURFACE_CLIP_HORIZONTAL, 16 << 16);
   rig_method(&r, D3, NV_3D_SET_SURFACE_CLIP_VERTICAL, 4 << 16);
   rig_method(&r, D3, NV_3D_SET_CT_SELECT, 1);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_A(0), HI(gpu_va));
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_B(0), LO(gpu_va));
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_WIDTH(0), 256);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_HEIGHT(0), 4);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_FORMAT(0), format);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_MEMORY(0),
              NV_3D_COLOR_TARGET_PITCH);
   rig_method(&r, D3, NV_3D_SET_RENDER_ENABLE_C, NV_3D_RENDER_ALWAYS);
}

static void
clear_words(const uint32_t *words)
{
   for (unsigned i = 0; i < 4; i++)
      rig_method(&r, D3, NV_3D_SET_COLOR_CLEAR_VALUE(i), words[i]);
}

static void
clear_color(float red, float green, float blue, float alpha)
{
   uint32_t words[4];
   memcpy(words, (float[]){red, green, blue, alpha}, sizeof(words));
   clear_words(words);
}

static void
predication(void **state)
{
   static const struct {
      uint32_t mode;
      uint64_t a, b;
      bool enabled;
   } cases[] = {
      {NV_3D_RENDER_NEVER, 1, 1, false},
      {NV_3D_RENDER_ALWAYS, 0, 0, true},
      {NV_3D_RENDER_IF_NONZERO, 0, 1, false},
      {NV_3D_RENDER_IF_NONZERO, 1ull << 32, 1, true},
      {NV_3D_RENDER_IF_EQUAL, 5, 5, true},
      {NV_3D_RENDER_IF_EQUAL, 5, 5 | 1ull << 32, false},
      {NV_3D_RENDER_IF_NOT_EQUAL, 5, 5, false},
      {NV_3D_RENDER_IF_NOT_EQUAL, 5, 6, true},
   };
   uint64_t buf = rig_alloc(&r, 4096), cond = rig_alloc(&r, 4096);
   uint64_t *c = rig_ptr(&r, cond);
   uint32_t *p = rig_ptr(&r, buf);
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      p[0] = 0;
      c[0] = cases[i].a;
      c[2] = cases[i].b;
      target(rig_va(buf), NV_3D_FORMAT_RU32);
      clear_words((uint32_t[4]){i + 1});
      rig_method(&r, D3, NV_3D_SET_RENDER_ENABLE_A, HI(rig_va(cond)));
      rig_method(&r, D3, NV_3D_SET_RENDER_ENABLE_B, LO(rig_va(cond)));
      rig_method(&r, D3, NV_3D_SET_RENDER_ENABLE_C, cases[i].mode);
      rig_method(&r, D3, NV_3D_CLEAR_SURFACE, 0x3c);
      if (!cases[i].enabled)
         rig_method(&r, D3, NV_3D_BEGIN, 4); /* no harm */
      run();
      assert_int_equal(p[0], cases[i].enabled ? i + 1 : 0);
   }
   static const uint32_t draws[] = {NV_3D_BEGIN, NV_3D_DRAW_VERTEX_FIRST,
                                    NV_3D_DRAW_INDEX_BUFFER_LAST};
   for (unsigned i = 0; i < ARRAY_SIZE(draws); i++) {
      rig_method(&r, D3, NV_3D_SET_RENDER_ENABLE_C, NV_3D_RENDER_ALWAYS);
      rig_method(&r, D3, draws[i], 4);
      expect_error("drawing is not simulated");
   }
}

/* ---- clears ---- */

static void
clear_formats(void **state)
{
   static const struct {
      uint32_t format;
      unsigned size_B;
      uint32_t element[4];
   } cases[] = {
      {NV_3D_FORMAT_A8B8G8R8, 4, {0xff00bf40}},
      {NV_3D_FORMAT_A8R8G8B8, 4, {0xff40bf00}},
      {NV_3D_FORMAT_A8BL8GL8RL8, 4, {0xff00e189}},
      {NV_3D_FORMAT_AN8BN8GN8RN8, 4, {0x7f815f20}},
      {NV_3D_FORMAT_A2B10G10R10, 4, {0xc0000000 | 767 << 10 | 256}},
      {NV_3D_FORMAT_R5G6B5, 2, {8 << 11 | 47 << 5}},
      {NV_3D_FORMAT_A1R5G5B5, 2, {1 << 15 | 8 << 10 | 23 << 5}},
      {NV_3D_FORMAT_RF16_GF16, 4, {0x3a003400}},
      {NV_3D_FORMAT_RF16_GF16_BF16_AF16, 8, {0x3a003400, 0x4000bc00}},
      {NV_3D_FORMAT_BF10GF11RF11, 4, {0x3a0 << 11 >> 0 | 0x340}},
      {NV_3D_FORMAT_R16_G16, 4, {0xbfff4000}},
      {NV_3D_FORMAT_RF32_GF32_BF32_AF32,
       16,
       {0x3e800000, 0x3f400000, 0xbf800000, 0x40000000}},
      {NV_3D_FORMAT_R8, 1, {0x40}},
      {NV_3D_FORMAT_A8, 1, {0xff}},
   };
   uint64_t buf = rig_alloc(&r, 4096);
   uint8_t *p = rig_ptr(&r, buf);
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      unsigned n = cases[i].size_B;
      memset(p, 0xee, 4096);
      target(rig_va(buf), cases[i].format);
      clear_color(.25f, .75f, -1, 2);
      rig_method(&r, D3, NV_3D_CLEAR_SURFACE, 0x3c);
      run();
      for (unsigned y = 0; y < 4; y++)
         for (unsigned x = 0; x < 16; x++)
            if (256 * y + n * x < 1024 && x < 256 / n &&
                memcmp(p + 256 * y + n * x, cases[i].element, n))
               fail_msg("format 0x%x at %u, %u: 0x%x", cases[i].format, x, y,
                        *(uint32_t *)(p + 256 * y + n * x));
      if (n < 16)
         assert_int_equal(p[16 * n], 0xee);
      assert_int_equal(p[1024], 0xee);
   }
   target(rig_va(buf), 0x7f);
   rig_method(&r, D3, NV_3D_CLEAR_SURFACE, 0x3c);
   expect_error("format");
}

static void
clear_parts(void **state)
{
   uint64_t buf = rig_alloc(&r, 4096);
   uint32_t *p = rig_ptr(&r, buf);
   for (unsigned i = 0; i < 1024; i++)
      p[i] = 0x11223344;
   target(rig_va(buf), NV_3D_FORMAT_AU8BU8GU8RU8);
   clear_words((const uint32_t[]){0xaa, 0xbb, 0xcc, 0xdd});
   rig_method(&r, D3, NV_3D_SET_CLEAR_SURFACE_CONTROL,
              NV_3D_CLEAR_USE_RECT | NV_3D_CLEAR_USE_SCISSOR0);
   rig_method(&r, D3, NV_3D_SET_CLEAR_RECT_HORIZONTAL, 9 << 16 | 2);
   rig_method(&r, D3, NV_3D_SET_CLEAR_RECT_VERTICAL, 3 << 16 | 1);
   rig_method(&r, D3, NV_3D_SET_SCISSOR_ENABLE(0), 1);
   rig_method(&r, D3, NV_3D_SET_SCISSOR_HORIZONTAL(0), 100 << 16 | 4);
   rig_method(&r, D3, NV_3D_SET_SCISSOR_VERTICAL(0), 100 << 16);
   rig_method(&r, D3, NV_3D_CLEAR_SURFACE, 1 << 2 | 1 << 4); /* red, blue */
   rig_method(&r, D3, NV_3D_CLEAR_SURFACE, 0x3c | 1 << 6);   /* no output 1 */
   run();
   for (unsigned y = 0; y < 4; y++)
      for (unsigned x = 0; x < 64; x++)
         assert_int_equal(p[64 * y + x], y >= 1 && y < 3 && x >= 4 && x < 9
                                            ? 0x11cc33aa
                                            : 0x11223344);
}

/* Block linear with layers, read through the copy engine. */
static void
clear_block_linear(void **state)
{
   enum {
      W = 37,
      H = 70,
      LAYER_B = 3 * 5 * 512 * 2
   };
   uint64_t buf = rig_alloc(&r, 4 * LAYER_B), out = rig_alloc(&r, W * H * 4);
   uint32_t *p = rig_ptr(&r, out);
   target(rig_va(buf), NV_3D_FORMAT_RU32);
   rig_method(&r, D3, NV_3D_SET_SURFACE_CLIP_HORIZONTAL, 1000 << 16);
   rig_method(&r, D3, NV_3D_SET_SURFACE_CLIP_VERTICAL, 1000 << 16);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_WIDTH(0), W);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_HEIGHT(0), H);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_MEMORY(0), 1 << 4); /* 2 GOBs */
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_STRIDE(0), LAYER_B / 4);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_LAYER(0), 1);
   clear_words((uint32_t[4]){7});
   rig_method(&r, D3, NV_3D_CLEAR_SURFACE, 0x3c | 1 << 10); /* layer 1 + 1 */
   clear_words((uint32_t[4]){8});
   rig_method(&r, D3, NV_3D_SET_CLEAR_SURFACE_CONTROL, NV_3D_CLEAR_USE_RECT);
   rig_method(&r, D3, NV_3D_SET_CLEAR_RECT_HORIZONTAL, 33 << 16 | 3);
   rig_method(&r, D3, NV_3D_SET_CLEAR_RECT_VERTICAL, 69 << 16 | 7);
   rig_method(&r, D3, NV_3D_CLEAR_SURFACE, 0x3c | 1 << 10);
   const uint32_t src[] = {1 << 4 | 1 << 12, W * 4, H, 1, 0, 0};
   for (unsigned i = 0; i < 6; i++)
      rig_method(&r, NV_SUBCH_COPY, NV_COPY_SET_SRC_BLOCK_SIZE + 4 * i, src[i]);
   const uint64_t at[] = {rig_va(buf) + 2 * LAYER_B, rig_va(out)};
   const uint32_t copy[] = {HI(at[0]), LO(at[0]), HI(at[1]), LO(at[1]),
                            0,         W * 4,     W * 4,     H};
   for (unsigned i = 0; i < 8; i++)
      rig_method(&r, NV_SUBCH_COPY, NV_COPY_OFFSET_IN_UPPER + 4 * i, copy[i]);
   rig_method(&r, NV_SUBCH_COPY, NV_COPY_LAUNCH_DMA,
              NV_COPY_LAUNCH_NON_PIPELINED | NV_COPY_LAUNCH_DST_PITCH |
                 NV_COPY_LAUNCH_MULTI_LINE);
   run();
   for (unsigned y = 0; y < H; y++)
      for (unsigned x = 0; x < W; x++)
         assert_int_equal(p[W * y + x],
                          x >= 3 && x < 33 && y >= 7 && y < 69 ? 8 : 7);
   const uint32_t *all = rig_ptr(&r, buf);
   for (unsigned i = 0; i < 2 * LAYER_B / 4; i++)
      assert_int_equal(all[i], 0);
   for (unsigned i = 3 * LAYER_B / 4; i < LAYER_B; i++)
      assert_int_equal(all[i], 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
   const struct CMUnitTest tests[] = {
      T(macro_arithmetic), T(macro_control), T(macro_errors),
      T(constant_buffer),  T(reports),       T(predication),
      T(clear_formats),    T(clear_parts),   T(clear_block_linear),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
