/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Clears of the depth and stencil target, read back through the copy engine. */
#include "nvsim_engine_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "nouveau/headers/nv_class_3d.h"

#define D3   NV_SUBCH_3D
#define BOTH (NV_3D_CLEAR_Z | NV_3D_CLEAR_STENCIL)

enum {
   W = 37,
   H = 70,
   BLOCK_H = 1, /* log2 of GOBs */
   MAX_B = 8,
   LAYER_B = (W * MAX_B / 64 + 1) * 512 * 2 * (H / 16 + 1),
};

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
target(uint64_t gpu_va, uint32_t format)
{
   rig_method(&r, D3, NV_3D_SET_SURFACE_CLIP_HORIZONTAL, 1000 << 16);
   rig_method(&r, D3, NV_3D_SET_SURFACE_CLIP_VERTICAL, 1000 << 16);
   rig_method(&r, D3, NV_3D_SET_RENDER_ENABLE_C, NV_3D_RENDER_ALWAYS);
   rig_method(&r, D3, NV_3D_SET_ZT_SELECT, 1);
   rig_method(&r, D3, NV_3D_SET_ZT_A, HI(gpu_va));
   rig_method(&r, D3, NV_3D_SET_ZT_B, LO(gpu_va));
   rig_method(&r, D3, NV_3D_SET_ZT_FORMAT, format);
   rig_method(&r, D3, NV_3D_SET_ZT_BLOCK_SIZE, BLOCK_H << 4);
   rig_method(&r, D3, NV_3D_SET_ZT_ARRAY_PITCH, LAYER_B / 4);
   rig_method(&r, D3, NV_3D_SET_ZT_SIZE_A, W);
   rig_method(&r, D3, NV_3D_SET_ZT_SIZE_B, H);
   rig_method(&r, D3, NV_3D_SET_ZT_LAYER, 0);
}

static void
clear(float depth, uint32_t stencil, uint32_t what)
{
   uint32_t word;
   memcpy(&word, &depth, sizeof(word));
   rig_method(&r, D3, NV_3D_SET_Z_CLEAR_VALUE, word);
   rig_method(&r, D3, NV_3D_SET_STENCIL_CLEAR_VALUE, stencil);
   rig_method(&r, D3, NV_3D_CLEAR_SURFACE, what);
}

/* From block linear to lines without gaps. */
static void
read_back(uint64_t from, uint64_t to, uint32_t size_B)
{
   const uint32_t src[] = {BLOCK_H << 4 | 1 << 12, W * size_B, H, 1, 0, 0};
   for (unsigned i = 0; i < 6; i++)
      rig_method(&r, NV_SUBCH_COPY, NV_COPY_SET_SRC_BLOCK_SIZE + 4 * i, src[i]);
   const uint32_t copy[] = {HI(from), LO(from),   HI(to),     LO(to),
                            0,        W * size_B, W * size_B, H};
   for (unsigned i = 0; i < 8; i++)
      rig_method(&r, NV_SUBCH_COPY, NV_COPY_OFFSET_IN_UPPER + 4 * i, copy[i]);
   rig_method(&r, NV_SUBCH_COPY, NV_COPY_LAUNCH_DMA,
              NV_COPY_LAUNCH_NON_PIPELINED | NV_COPY_LAUNCH_DST_PITCH |
                 NV_COPY_LAUNCH_MULTI_LINE);
   run();
}

/* Depth alone, stencil alone, both; the rest of the bits stays. */
static void
formats(void **state)
{
   static const struct {
      uint32_t format, size_B;
      uint64_t depth, stencil, both; /* 0.75 and 0x5a over zeros */
   } cases[] = {
      {NV_3D_ZT_FORMAT_ZF32, 4, 0x3f400000, 0, 0x3f400000},
      {NV_3D_ZT_FORMAT_Z16, 2, 0xbfff, 0, 0xbfff},
      {NV_3D_ZT_FORMAT_Z24S8, 4, 0xbfffff00, 0x5a, 0xbfffff5a},
      {NV_3D_ZT_FORMAT_X8Z24, 4, 0xbfffff, 0, 0xbfffff},
      {NV_3D_ZT_FORMAT_S8Z24, 4, 0xbfffff, 0x5a000000, 0x5abfffff},
      {NV_3D_ZT_FORMAT_S8, 1, 0, 0x5a, 0x5a},
      {NV_3D_ZT_FORMAT_ZF32_X24S8, 8, 0x3f400000, 0x5a00000000, 0x5a3f400000},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases) * 3; i++) {
      uint64_t want[] = {cases[i / 3].depth, cases[i / 3].stencil,
                         cases[i / 3].both};
      uint32_t size_B = cases[i / 3].size_B;
      uint64_t buf = rig_alloc(&r, LAYER_B), out = rig_alloc(&r, W * H * 8);
      target(rig_va(buf), cases[i / 3].format);
      clear(0.75, 0x5a, i % 3 + 1);
      read_back(rig_va(buf), rig_va(out), size_B);
      for (unsigned e = 0; e < W * H; e++) {
         uint64_t got = 0;
         memcpy(&got, (uint8_t *)rig_ptr(&r, out) + e * size_B, size_B);
         if (got != want[i % 3])
            fail_msg("format 0x%x, clear %u, element %u: %llx, not %llx",
                     cases[i / 3].format, i % 3 + 1, e, (long long)got,
                     (long long)want[i % 3]);
      }
   }
}

static void
one_element(uint64_t out, unsigned x, unsigned y, uint32_t want)
{
   assert_int_equal(((uint32_t *)rig_ptr(&r, out))[y * W + x], want);
}

/* A layer, a rectangle, a stencil mask, values out of range; and no clear. */
static void
parts(void **state)
{
   uint64_t buf = rig_alloc(&r, 3 * LAYER_B), out = rig_alloc(&r, W * H * 4);
   const uint32_t *words = rig_ptr(&r, buf);
   target(rig_va(buf), NV_3D_ZT_FORMAT_S8Z24);
   rig_method(&r, D3, NV_3D_SET_ZT_LAYER, 1);
   clear(7, 0xff, BOTH); /* depth saturates */
   rig_method(&r, D3, NV_3D_SET_CLEAR_SURFACE_CONTROL,
              NV_3D_CLEAR_USE_RECT | NV_3D_CLEAR_USE_STENCIL_MASK);
   rig_method(&r, D3, NV_3D_SET_STENCIL_MASK, 0x0f);
   rig_method(&r, D3, NV_3D_SET_CLEAR_RECT_HORIZONTAL, 33 << 16 | 3);
   rig_method(&r, D3, NV_3D_SET_CLEAR_RECT_VERTICAL, 69 << 16 | 7);
   clear(-1, 0, BOTH);
   rig_method(&r, D3, NV_3D_SET_ZT_SELECT, 0);
   clear(0, 0, BOTH);
   rig_method(&r, D3, NV_3D_SET_ZT_SELECT, 1);
   rig_method(&r, D3, NV_3D_SET_RENDER_ENABLE_C, NV_3D_RENDER_NEVER);
   clear(0, 0, BOTH);
   read_back(rig_va(buf) + LAYER_B, rig_va(out), 4);
   for (unsigned y = 0; y < H; y++)
      for (unsigned x = 0; x < W; x++)
         one_element(
            out, x, y,
            x >= 3 && x < 33 && y >= 7 && y < 69 ? 0xf0000000 : 0xffffffff);
   for (unsigned i = 0; i < LAYER_B / 4; i++) {
      assert_int_equal(words[i], 0);
      assert_int_equal(words[2 * LAYER_B / 4 + i], 0);
   }
}

/* Rectangles are of pixels, targets of samples. */
static void
samples(void **state)
{
   uint64_t buf = rig_alloc(&r, LAYER_B), out = rig_alloc(&r, W * H * 4);
   target(rig_va(buf), NV_3D_ZT_FORMAT_X8Z24);
   rig_method(&r, D3, NV_3D_SET_ANTI_ALIAS, 3); /* 4 by 2 */
   rig_method(&r, D3, NV_3D_SET_SURFACE_CLIP_HORIZONTAL, 5 << 16 | 2);
   rig_method(&r, D3, NV_3D_SET_SURFACE_CLIP_VERTICAL, 1000 << 16 | 3);
   clear(1, 0, NV_3D_CLEAR_Z);
   read_back(rig_va(buf), rig_va(out), 4);
   for (unsigned y = 0; y < H; y++)
      for (unsigned x = 0; x < W; x++)
         one_element(out, x, y, x >= 8 && x < 28 && y >= 6 ? 0xffffff : 0);
}

/* One method for both kinds of targets. */
static void
with_color(void **state)
{
   uint64_t depth = rig_alloc(&r, LAYER_B), color = rig_alloc(&r, 4096);
   target(rig_va(depth), NV_3D_ZT_FORMAT_Z16);
   rig_method(&r, D3, NV_3D_SET_CT_SELECT, 1);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_A(0), HI(rig_va(color)));
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_B(0), LO(rig_va(color)));
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_WIDTH(0), 256);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_HEIGHT(0), 4);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_FORMAT(0), NV_3D_FORMAT_RU32);
   rig_method(&r, D3, NV_3D_SET_COLOR_TARGET_MEMORY(0),
              NV_3D_COLOR_TARGET_PITCH);
   rig_method(&r, D3, NV_3D_SET_COLOR_CLEAR_VALUE(0), 99);
   clear(1, 0, BOTH | 0xf << 2);
   run();
   assert_int_equal(*(uint32_t *)rig_ptr(&r, color), 99);
   assert_int_equal(*(uint16_t *)rig_ptr(&r, depth), 0xffff);
}

static void
refused(uint32_t format, uint32_t block, const char *text)
{
   target(rig_va(rig_alloc(&r, 4096)), format);
   rig_method(&r, D3, NV_3D_SET_ZT_BLOCK_SIZE, block);
   clear(1, 0, BOTH);
   engine_rig_expect_error(&r, text, D3, NV_CLASS_PASCAL_B);
}

static void
refusals(void **state)
{
   refused(0x18, 0, "depth format"); /* with coverage of samples */
   refused(0, 0, "depth format");
   refused(NV_3D_ZT_FORMAT_Z16, 0xf0, "block size");
   run();
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
   const struct CMUnitTest tests[] = {
      T(formats), T(parts), T(samples), T(with_color), T(refusals),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
