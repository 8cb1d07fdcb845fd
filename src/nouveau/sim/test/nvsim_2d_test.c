/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The copies of the 2D class: layouts, formats, sizes, filters. */
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

#define D2 NV_SUBCH_2D

static struct rig r;

static int
setup(void **state)
{
   engine_rig_init(&r, D2, NV_CLASS_FERMI_TWOD_A);
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
   engine_rig_expect_error(&r, text, D2, NV_CLASS_FERMI_TWOD_A);
   run();
}

static void
surface(uint32_t base, uint64_t gpu_va, uint32_t format, bool pitch,
        uint32_t width, uint32_t height, uint32_t pitch_B)
{
   const uint32_t words[] = {format,  pitch, 1 << 4, 1,          0,
                             pitch_B, width, height, HI(gpu_va), LO(gpu_va)};
   for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
      rig_method(&r, D2, base + 4 * i, words[i]);
}

/* `wrong`: a method and its data, before the last one. */
static void
blit(const uint32_t dst[4], const uint64_t src[4], const uint32_t *wrong)
{
   for (unsigned i = 0; i < 4; i++)
      rig_method(&r, D2, NV_2D_DST_X0 + 4 * i, dst[i]);
   static const unsigned order[] = {NV_2D_DU_DX_FRAC, NV_2D_DV_DY_FRAC,
                                    NV_2D_SRC_X0_FRAC, NV_2D_SRC_Y0_FRAC};
   rig_method(&r, D2, NV_2D_SET_OPERATION, NV_2D_OPERATION_SRCCOPY);
   for (unsigned i = 0; i < 3; i++) {
      rig_method(&r, D2, order[i], LO(src[i]));
      rig_method(&r, D2, order[i] + 4, HI(src[i]));
   }
   rig_method(&r, D2, order[3], LO(src[3]));
   if (wrong)
      rig_method(&r, D2, wrong[0], wrong[1]);
   rig_method(&r, D2, NV_2D_PIXELS_FROM_MEMORY, HI(src[3]));
}

#define ONE (1ull << 32)

static void
copy_2d(void **state)
{
   enum {
      W = 20,
      H = 18
   };
   uint64_t in = rig_alloc(&r, W * H * 16), tiled = rig_alloc(&r, 65536),
            out = rig_alloc(&r, W * H * 4);
   float(*f)[4] = rig_ptr(&r, in);
   uint32_t *p = rig_ptr(&r, out);
   for (unsigned i = 0; i < W * H; i++)
      for (unsigned c = 0; c < 4; c++)
         f[i][c] = (float)((i * (c + 3)) % 256) / 255.f;
   /* Floats to bytes and another layout; back to pitch with other places. */
   surface(NV_2D_SET_SRC_FORMAT, rig_va(in), NV_3D_FORMAT_RF32_GF32_BF32_AF32,
           true, W, H, W * 16);
   surface(NV_2D_SET_DST_FORMAT, rig_va(tiled), NV_3D_FORMAT_A8B8G8R8, false, W,
           H, 0);
   blit((uint32_t[]){0, 0, W, H}, (uint64_t[]){ONE, ONE, 0, 0}, NULL);
   surface(NV_2D_SET_SRC_FORMAT, rig_va(tiled), NV_3D_FORMAT_A8B8G8R8, false, W,
           H, 0);
   surface(NV_2D_SET_DST_FORMAT, rig_va(out), NV_3D_FORMAT_A8R8G8B8, true, W, H,
           W * 4);
   /* Columns 2.. doubled, rows upside down; clipped on the right. */
   rig_method(&r, D2, NV_2D_SET_CLIP_ENABLE, 1);
   rig_method(&r, D2, NV_2D_SET_CLIP_WIDTH, 11);
   rig_method(&r, D2, NV_2D_SET_CLIP_HEIGHT, 100);
   blit((uint32_t[]){1, 0, W, H}, (uint64_t[]){ONE / 2, -ONE, 2 * ONE, H * ONE},
        NULL);
   run();
   for (unsigned y = 0; y < H; y++)
      for (unsigned x = 0; x < W; x++) {
         unsigned i = (H - 1 - y) * W + 2 + (x - 1) / 2;
         uint32_t rgba[4];
         for (unsigned c = 0; c < 4; c++)
            rgba[c] = (i * (c + 3)) % 256;
         assert_int_equal(p[y * W + x], x >= 1 && x < 11
                                           ? rgba[3] << 24 | rgba[0] << 16 |
                                                rgba[1] << 8 | rgba[2]
                                           : 0);
      }
}

/* 4 by 2 elements scaled: from corners (halved: the mean of four, as a resolve
 * of samples) and from centers, where the edges repeat. */
static void
filter_2d(void **state)
{
   uint64_t in = rig_alloc(&r, 4096), out = rig_alloc(&r, 4096);
   float *f = rig_ptr(&r, in), *p = rig_ptr(&r, out);
   static const float from[8] = {1, 2, 4, 8, 16, 32, 64, 128};
   memcpy(f, from, sizeof(from));
   static const struct {
      uint32_t mode, width, height;
      uint64_t src[4];
      float want[16];
   } cases[] = {
      {NV_2D_SAMPLE_BILINEAR | NV_2D_SAMPLE_CORNER,
       2,
       1,
       {2 * ONE, 2 * ONE, ONE, ONE},
       {(1 + 2 + 16 + 32) / 4.f, (4 + 8 + 64 + 128) / 4.f}},
      {NV_2D_SAMPLE_BILINEAR,
       2,
       1,
       {2 * ONE, 2 * ONE, 0, 0},
       {(1 + 2 + 16 + 32) / 4.f, (4 + 8 + 64 + 128) / 4.f}},
      {NV_2D_SAMPLE_BILINEAR,
       8,
       1,
       {ONE / 2, ONE, 0, 0},
       {1, 1.25, 1.75, 2.5, 3.5, 5, 7, 8}},
      {NV_2D_SAMPLE_BILINEAR,
       4,
       2,
       {-ONE, -ONE, 4 * ONE, 2 * ONE},
       {128, 64, 32, 16, 8, 4, 2, 1}},
      {0, 1, 1, {3 * ONE, 2 * ONE, 0, 0}, {32}},
      {NV_2D_SAMPLE_CORNER, 1, 1, {3 * ONE, 2 * ONE, 0, 0}, {1}},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      uint32_t w = cases[i].width, h = cases[i].height;
      surface(NV_2D_SET_SRC_FORMAT, rig_va(in), NV_3D_FORMAT_RF32, true, 4, 2,
              16);
      surface(NV_2D_SET_DST_FORMAT, rig_va(out), NV_3D_FORMAT_RF32, true, w, h,
              w * 4);
      rig_method(&r, D2, NV_2D_SAMPLE_MODE, cases[i].mode);
      blit((uint32_t[]){0, 0, w, h}, cases[i].src, NULL);
      run();
      for (unsigned n = 0; n < w * h; n++)
         if (p[n] != cases[i].want[n])
            fail_msg("case %u, element %u: %g, not %g", i, n, p[n],
                     cases[i].want[n]);
   }
   surface(NV_2D_SET_SRC_FORMAT, rig_va(in), NV_3D_FORMAT_RU32, true, 4, 2, 16);
   surface(NV_2D_SET_DST_FORMAT, rig_va(out), NV_3D_FORMAT_RU32, true, 4, 2,
           16);
   rig_method(&r, D2, NV_2D_SAMPLE_MODE, NV_2D_SAMPLE_BILINEAR);
   blit((uint32_t[]){0, 0, 4, 2}, (uint64_t[]){ONE / 2, ONE, 0, 0}, NULL);
   expect_error("integers");
}

static void
refused_2d(void **state)
{
   uint64_t buf = rig_alloc(&r, 4096);
   static const struct {
      uint32_t method, data;
      const char *text;
   } cases[] = {
      {NV_2D_SET_OPERATION, 4, "plain"},
      {NV_2D_SET_SRC_FORMAT, 0x1c, "format"},
      {NV_2D_SET_SRC_FORMAT, NV_3D_FORMAT_RU32, "integers"},
      {NV_2D_SET_SRC_FORMAT + NV_2D_OFFSET_UPPER, 0x99, "MMU fault"},
      {NV_2D_PIXELS_FROM_CPU, 0, "2D drawing"},
      {NV_2D_SOLID_PRIM_FIRST, 0, "2D drawing"},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      surface(NV_2D_SET_SRC_FORMAT, rig_va(buf), NV_3D_FORMAT_A8B8G8R8, true, 4,
              4, 16);
      surface(NV_2D_SET_DST_FORMAT, rig_va(buf), NV_3D_FORMAT_A8B8G8R8, true, 4,
              4, 16);
      const uint32_t wrong[] = {cases[i].method, cases[i].data};
      blit((uint32_t[]){0, 0, 4, 4}, (uint64_t[]){ONE / 2, ONE, 0, 0}, wrong);
      expect_error(cases[i].text);
   }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
   const struct CMUnitTest tests[] = {
      T(copy_2d),
      T(filter_2d),
      T(refused_2d),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
