/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Block-linear surfaces: the layout against a walk through memory that gives
 * each byte its place, and the copy engine's rectangles against that. */
#include "nvsim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "nouveau/sim/tex/nvsim_layout.h"

#define COPY NV_SUBCH_COPY

/* Calls visit(x_B, y, z, offset) for all bytes of the surface in memory order,
 * the fill at the edges included. */
static void
walk(const struct nvsim_tiling *t,
     void (*visit)(void *data, uint32_t x_B, uint32_t y, uint32_t z,
                   uint64_t off),
     void *data)
{
   uint32_t bw = 64u << t->bw, bh = 8u << t->bh, bd = 1u << t->bd;
   uint64_t off = 0;
   for (uint32_t z0 = 0; z0 < t->depth; z0 += bd)
      for (uint32_t y0 = 0; y0 < t->height; y0 += bh)
         for (uint32_t x0 = 0; x0 < t->width_B; x0 += bw)
            for (uint32_t z = 0; z < bd; z++)
               for (uint32_t y = 0; y < bh; y += 8)
                  for (uint32_t x = 0; x < bw; x += 64)
                     for (unsigned b = 0; b < 512; b++, off++) {
                        /* From bit 8 down: x5 y2 y1 x4 y0 x3 x2 x1 x0. */
                        uint32_t gx = (b & 15) | (b & 32) >> 1 | (b & 256) >> 3;
                        uint32_t gy = (b & 16) >> 4 | (b & 192) >> 5;
                        visit(data, x0 + x + gx, y0 + y + gy, z0 + z, off);
                     }
}

struct expect {
   const struct nvsim_tiling *t;
   uint64_t bytes;
};

static void
check_byte(void *data, uint32_t x_B, uint32_t y, uint32_t z, uint64_t off)
{
   struct expect *e = data;
   assert_int_equal(nvsim_tiling_offset(e->t, x_B, y, z), off);
   e->bytes++;
}

static void
layout(void **state)
{
   static const struct nvsim_tiling cases[] = {
      {64, 8, 1, 0, 0, 0},   {200, 30, 1, 0, 1, 0}, {129, 70, 1, 0, 4, 0},
      {100, 20, 5, 0, 1, 2}, {65, 9, 33, 0, 0, 5},  {300, 260, 1, 0, 5, 0},
      {640, 17, 3, 1, 2, 0}, {1, 1, 1, 0, 0, 0},    {130, 33, 7, 0, 2, 1},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      struct expect e = {&cases[i], 0};
      walk(&cases[i], check_byte, &e);
      assert_int_equal(nvsim_tiling_size_B(&cases[i]), e.bytes);
   }
}

static void
shrink(void **state)
{
   static const struct {
      struct nvsim_tiling t;
      unsigned bh, bd;
   } cases[] = {
      {{64, 129, 1, 0, 4, 0}, 4, 0}, {{64, 64, 1, 0, 4, 0}, 3, 0},
      {{64, 65, 1, 0, 4, 0}, 4, 0},  {{64, 1, 1, 0, 4, 0}, 0, 0},
      {{64, 16, 3, 0, 2, 4}, 1, 2},  {{64, 17, 1, 0, 2, 4}, 2, 0},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      struct nvsim_tiling t = cases[i].t;
      nvsim_tiling_shrink(&t);
      assert_int_equal(t.bh, cases[i].bh);
      assert_int_equal(t.bd, cases[i].bd);
   }
}

/* ---- the copy engine ---- */

static uint8_t
pattern(uint32_t x_B, uint32_t y, uint32_t z)
{
   return (x_B * 7 + y * 13 + z * 29) ^ (x_B >> 5);
}

static void
side(struct rig *r, unsigned first, const struct nvsim_tiling *t,
     unsigned element_B, uint32_t x, uint32_t y, uint32_t z)
{
   rig_word(r, nv_push_header(NV_PUSH_OP_INC, COPY, first, 6));
   rig_word(r, NV_COPY_BLOCK_GOB_HEIGHT_FERMI_8 << 12 | t->bd << 8 |
                  t->bh << 4 | t->bw);
   rig_word(r, t->width_B / element_B);
   rig_word(r, t->height);
   rig_word(r, t->depth);
   rig_word(r, z);
   rig_word(r, y << 16 | x);
}

static void
launch(struct rig *r, uint64_t src, uint64_t dst, uint32_t pitch_B, uint32_t w,
       uint32_t h, uint32_t flags)
{
   rig_word(r,
            nv_push_header(NV_PUSH_OP_INC, COPY, NV_COPY_OFFSET_IN_UPPER, 8));
   rig_word(r, rig_va(src) >> 32);
   rig_word(r, (uint32_t)rig_va(src));
   rig_word(r, rig_va(dst) >> 32);
   rig_word(r, (uint32_t)rig_va(dst));
   rig_word(r, pitch_B);
   rig_word(r, pitch_B);
   rig_word(r, w);
   rig_word(r, h);
   rig_method(r, COPY, NV_COPY_LAUNCH_DMA,
              NV_COPY_LAUNCH_NON_PIPELINED | NV_COPY_LAUNCH_FLUSH |
                 NV_COPY_LAUNCH_MULTI_LINE | flags);
}

struct part {
   uint8_t *tiled;
   uint32_t x_B, y, z, w_B, h;
   unsigned wrong;
};

/* Inside of the part: its pattern; outside: nothing. */
static void
check_part(void *data, uint32_t x_B, uint32_t y, uint32_t z, uint64_t off)
{
   struct part *p = data;
   bool in = x_B >= p->x_B && x_B < p->x_B + p->w_B && y >= p->y &&
             y < p->y + p->h && z == p->z;
   uint8_t want = in ? pattern(x_B - p->x_B, y - p->y, 0) : 0;
   p->wrong += p->tiled[off] != want;
}

/* Pitch to block-linear, block-linear to another block size, and back. */
static void
round_trip(const struct nvsim_tiling *a, const struct nvsim_tiling *b,
           unsigned size_B, unsigned comps, uint32_t x, uint32_t y, uint32_t z,
           uint32_t w, uint32_t h)
{
   struct rig r;
   unsigned el = size_B * comps;
   uint32_t pitch_B = w * el + 5;
   rig_init(&r, &(struct rig_config){0});
   uint64_t lin = rig_alloc(&r, (uint64_t)pitch_B * h);
   uint64_t ta = rig_alloc(&r, nvsim_tiling_size_B(a));
   uint64_t tb = rig_alloc(&r, nvsim_tiling_size_B(b));
   uint64_t back = rig_alloc(&r, (uint64_t)pitch_B * h);
   uint8_t *src = rig_ptr(&r, lin), *end = rig_ptr(&r, back);
   for (uint32_t l = 0; l < h; l++)
      for (uint32_t i = 0; i < w * el; i++)
         src[l * pitch_B + i] = pattern(i, l, 0);
   rig_method(&r, COPY, NV_COPY_SET_REMAP_COMPONENTS,
              NV_COPY_REMAP(0, 1, 2, 3, size_B, comps, comps));
   side(&r, NV_COPY_SET_DST_BLOCK_SIZE, a, el, x, y, z);
   launch(&r, lin, ta, pitch_B, w, h,
          NV_COPY_LAUNCH_SRC_PITCH | NV_COPY_LAUNCH_REMAP);
   /* Bytes from here: no remap. */
   side(&r, NV_COPY_SET_SRC_BLOCK_SIZE, a, 1, x * el, y, z);
   side(&r, NV_COPY_SET_DST_BLOCK_SIZE, b, 1, 0, 0, 0);
   launch(&r, ta, tb, 0, w * el, h, 0);
   side(&r, NV_COPY_SET_SRC_BLOCK_SIZE, b, el, 0, 0, 0);
   launch(&r, tb, back, pitch_B, w, h,
          NV_COPY_LAUNCH_DST_PITCH | NV_COPY_LAUNCH_REMAP);
   rig_kick(&r);
   assert_true(rig_wait(&r));
   struct part pa = {rig_ptr(&r, ta), x * el, y, z, w * el, h, 0};
   walk(a, check_part, &pa);
   assert_int_equal(pa.wrong, 0);
   struct part pb = {rig_ptr(&r, tb), 0, 0, 0, w * el, h, 0};
   walk(b, check_part, &pb);
   assert_int_equal(pb.wrong, 0);
   for (uint32_t l = 0; l < h; l++)
      assert_memory_equal(end + l * pitch_B, src + l * pitch_B, w * el);
   rig_finish(&r);
}

static void
copies(void **state)
{
   static const struct nvsim_tiling a = {160 * 16, 40, 6, 0, 2, 2};
   static const struct nvsim_tiling b = {160 * 16, 64, 1, 0, 3, 0};
   round_trip(&a, &b, 4, 4, 3, 5, 4, 130, 33);
   round_trip(&a, &b, 1, 1, 0, 0, 0, 2560, 40);
   round_trip(&a, &b, 2, 1, 17, 9, 5, 77, 3);
   round_trip(&b, &a, 1, 4, 1, 63, 0, 31, 1);
   round_trip(&b, &a, 2, 4, 7, 2, 0, 100, 13);
}

/* The channel must say what it does not do. */
static void
refusals(void **state)
{
   static const struct nvsim_tiling t = {256, 32, 2, 0, 1, 1};
   static const struct {
      uint32_t block, x, y, z, w, h, off;
   } cases[] = {
      {0x0110, 0, 0, 0, 16, 4, 0}, /* GOBs of four rows */
      {0x1060 | 0x100, 0, 0, 0, 16, 4, 0},
      {0x1110, 250, 0, 0, 16, 4, 0}, /* right edge */
      {0x1110, 0, 30, 0, 16, 4, 0},  /* lower edge */
      {0x1110, 0, 0, 2, 16, 4, 0},   /* slice */
      {0x1110, 0, 0, 0, 16, 4, 128}, /* inside of a GOB */
   };
   struct rig r;
   rig_init(&r, &(struct rig_config){0});
   uint64_t lin = rig_alloc(&r, 65536), surf = rig_alloc(&r, 65536);
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      side(&r, NV_COPY_SET_DST_BLOCK_SIZE, &t, 1, cases[i].x, cases[i].y,
           cases[i].z);
      rig_method(&r, COPY, NV_COPY_SET_DST_BLOCK_SIZE, cases[i].block);
      launch(&r, lin, surf + cases[i].off, 64, cases[i].w, cases[i].h,
             NV_COPY_LAUNCH_SRC_PITCH);
      rig_kick(&r);
      struct nvsim_error e;
      assert_true(rig_wait_interrupt(&r, NVSIM_INTR_ERROR));
      assert_true(nvsim_next_error(r.sim, &e));
      assert_int_equal(e.kind, NVSIM_ERROR_METHOD);
      assert_int_equal(e.method, NV_COPY_LAUNCH_DMA);
      assert_non_null(strstr(e.text, "block linear"));
      rig_bind(&r);
   }
   rig_finish(&r);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(layout),
      cmocka_unit_test(shrink),
      cmocka_unit_test(copies),
      cmocka_unit_test(refusals),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
