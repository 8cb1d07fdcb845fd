/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Levels, layers, cubes, depth compare and queries. Images are uploaded as Mesa
 * lays them out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "nvsim_tex_rig.h"

#include <math.h>

#define COPY             NV_SUBCH_COPY
#define HANDLE(tic, tsc) ((uint32_t)(tsc) << 20 | (tic))

static void
assert_near(float got, float want, float eps)
{
   if (!(fabsf(got - want) <= eps)) {
      print_message("got %.9g, want %.9g\n", got, want);
      fail();
   }
}

/* ---- levels, layers, slices: uploaded as Mesa does ---- */

struct mip {
   uint64_t offset_B;
   uint32_t w, h, d, bh, bd;
};

struct miptree {
   uint64_t mem, layer_B;
   unsigned levels, layers;
   struct mip level[8];
};

/* nv50_tex_choose_tile_dims_helper and nvc0_miptree_init_layout_tiled. */
static void
lay_out(struct tex_rig *t, struct miptree *m, uint32_t w, uint32_t h,
        uint32_t d, unsigned levels, unsigned layers)
{
   uint64_t at = 0;
   m->levels = levels;
   m->layers = layers;
   for (unsigned l = 0; l < levels; l++) {
      struct mip *p = &m->level[l];
      *p =
         (struct mip){at, MAX2(w >> l, 1u), MAX2(h >> l, 1u), MAX2(d >> l, 1u)};
      p->bh = p->h > 64 ? 4 : p->h > 32 ? 3 : p->h > 16 ? 2 : p->h > 8;
      if (d > 1) {
         p->bh = MIN2(p->bh, 2u);
         p->bd = p->d > 8 ? 4 : p->d > 4 ? 3 : p->d > 2 ? 2 : p->d > 1;
      }
      at += util_align(p->w * 4, 64) * util_align(p->h, 8u << p->bh) *
            util_align(p->d, 1u << p->bd);
   }
   m->layer_B = util_align(at, 512u << (m->level[0].bh + m->level[0].bd));
   m->mem = rig_alloc(&t->r, m->layer_B * layers);
}

static uint32_t
value_at(unsigned level, unsigned layer, unsigned x, unsigned y, unsigned z)
{
   return level << 28 | layer << 22 | z << 16 | y << 8 | x;
}

static void
upload(struct tex_rig *t, const struct miptree *m)
{
   struct rig *r = &t->r;
   uint64_t lin = rig_alloc(r, 1 << 16);
   for (unsigned layer = 0; layer < m->layers; layer++)
      for (unsigned l = 0; l < m->levels; l++)
         for (unsigned z = 0; z < m->level[l].d; z++) {
            const struct mip *p = &m->level[l];
            uint64_t dst = rig_va(m->mem + layer * m->layer_B + p->offset_B);
            uint32_t *words = rig_ptr(r, lin);
            for (unsigned i = 0; i < p->w * p->h; i++)
               words[i] = value_at(l, layer, i % p->w, i / p->w, z);
            rig_word(r, nv_push_header(NV_PUSH_OP_INC, COPY,
                                       NV_COPY_SET_DST_BLOCK_SIZE, 6));
            rig_word(r, 0x1000 | p->bd << 8 | p->bh << 4);
            rig_word(r, p->w * 4);
            rig_word(r, p->h);
            rig_word(r, p->d);
            rig_word(r, z);
            rig_word(r, 0);
            rig_word(r, nv_push_header(NV_PUSH_OP_INC, COPY,
                                       NV_COPY_OFFSET_IN_UPPER, 8));
            rig_word(r, rig_va(lin) >> 32);
            rig_word(r, (uint32_t)rig_va(lin));
            rig_word(r, dst >> 32);
            rig_word(r, (uint32_t)dst);
            rig_word(r, p->w * 4);
            rig_word(r, 0);
            rig_word(r, p->w * 4);
            rig_word(r, p->h);
            rig_method(r, COPY, NV_COPY_LAUNCH_DMA,
                       NV_COPY_LAUNCH_NON_PIPELINED | NV_COPY_LAUNCH_FLUSH |
                          NV_COPY_LAUNCH_MULTI_LINE | NV_COPY_LAUNCH_SRC_PITCH);
            rig_kick(r);
            assert_true(rig_wait(r));
         }
}

static void
tree_header(struct tex_rig *t, const struct miptree *m, unsigned dim,
            unsigned first, unsigned last)
{
   bool is_3d = dim == NV_TIC_3D;
   tex_rig_header(
      t, 0,
      &(struct tex_header){.components = NV_TIC_R32,
                           .type = NV_TIC_UINT,
                           .version = NV_TIC_BLOCK_LINEAR,
                           .dim = dim,
                           .gpu_va = rig_va(m->mem),
                           .width = m->level[0].w,
                           .height = m->level[0].h,
                           .depth = is_3d ? m->level[0].d : m->layers,
                           .last_level = m->levels - 1,
                           .view_first = first,
                           .view_last = last,
                           .bh = m->level[0].bh,
                           .bd = m->level[0].bd});
}

/* Every texel of a level of the view. */
static void
check_level(struct tex_rig *t, const struct miptree *m, const char *code,
            bool is_3d, unsigned first, unsigned lod)
{
   const struct mip *p = &m->level[first + lod];
   unsigned deep = is_3d ? p->d : m->layers, n = p->w * p->h * deep;
   for (unsigned base = 0; base < n; base += TEX_LANES) {
      static struct tex_in in[TEX_LANES];
      static struct tex_out out[TEX_LANES];
      unsigned count = MIN2(n - base, TEX_LANES);
      for (unsigned i = 0; i < count; i++) {
         unsigned x = (base + i) % p->w, y = (base + i) / p->w % p->h,
                  z = (base + i) / (p->w * p->h);
         in[i] = is_3d ? (struct tex_in){{x, y, z}, 0, {lod}}
                       : (struct tex_in){{z, x, y}, 0, {lod}};
      }
      assert_true(tex_rig_run(t, code, HANDLE(0, 0), in, count, out));
      for (unsigned i = 0; i < count; i++) {
         unsigned x = (base + i) % p->w, y = (base + i) / p->w % p->h,
                  z = (base + i) / (p->w * p->h);
         assert_int_equal(out[i].v[0], value_at(first + lod, is_3d ? 0 : z, x,
                                                y, is_3d ? z : 0));
      }
   }
}

static void
mip_trees(void **state)
{
   struct tex_rig t;
   struct miptree m;
   tex_rig_init(&t);
   lay_out(&t, &m, 70, 90, 1, 7, 3);
   upload(&t, &m);
   for (unsigned first = 0; first < 3; first++) {
      tree_header(&t, &m, NV_TIC_2D_ARRAY, first, 6);
      for (unsigned lod = first; first + lod < 7; lod += 2)
         check_level(&t, &m, "TLD.B.LL R12, R4, R8, 0x0, ARRAY_2D, 0xf", false,
                     first, lod);
   }
   lay_out(&t, &m, 20, 40, 12, 4, 1);
   upload(&t, &m);
   tree_header(&t, &m, NV_TIC_3D, 0, 3);
   for (unsigned lod = 0; lod < 4; lod++)
      check_level(&t, &m, "TLD.B.LL R12, R4, R8, 0x0, 3D, 0xf", true, 0, lod);
   tex_rig_finish(&t);
}

/* Out of range in each coordinate, the layer and the level: 0. */
static void
loads_out_of_range(void **state)
{
   static const struct tex_in in[] = {
      {{0, 70, 0}, 0, {0}}, {{0, 0, 90}, 0, {0}}, {{0, 0xffffffff, 0}, 0, {0}},
      {{3, 0, 0}, 0, {0}},  {{0, 0, 0}, 0, {7}},  {{0, 0, 0}, 0, {0xffffffff}},
      {{0, 35, 0}, 0, {1}},
   };
   struct tex_out out[ARRAY_SIZE(in)];
   struct tex_rig t;
   struct miptree m;
   tex_rig_init(&t);
   lay_out(&t, &m, 70, 90, 1, 7, 3);
   memset(rig_ptr(&t.r, m.mem), 0xff, m.layer_B * 3);
   tree_header(&t, &m, NV_TIC_2D_ARRAY, 0, 6);
   assert_true(tex_rig_run(&t, "TLD.B.LL R12, R4, R8, 0x0, ARRAY_2D, 0xf",
                           HANDLE(0, 0), in, ARRAY_SIZE(in), out));
   for (unsigned i = 0; i < ARRAY_SIZE(in); i++)
      assert_int_equal(out[i].v[0], 0);
   tex_rig_finish(&t);
}

static void
queries(void **state)
{
   struct tex_in in[3] = {{{0}}};
   struct tex_out out[3];
   struct tex_rig t;
   struct miptree m;
   tex_rig_init(&t);
   lay_out(&t, &m, 70, 90, 1, 7, 3);
   tree_header(&t, &m, NV_TIC_2D_ARRAY, 1, 5);
   for (unsigned i = 0; i < 3; i++) {
      in[i].a[0] = HANDLE(0, 0);
      in[i].a[1] = i * 3;
   }
   assert_true(tex_rig_run(&t, "TXQ.B R12, R4, TEX_HEADER_DIMENSION, 0x0, 0xf",
                           0, in, 3, out));
   static const uint32_t want[3][4] = {{35, 45, 3, 5},
                                       {4, 5, 3, 5},
                                       {0, 0, 0, 5}};
   for (unsigned i = 0; i < 3; i++)
      assert_memory_equal(out[i].v, want[i], 16);
   tex_rig_finish(&t);
}

/* ---- lod, mip filter, derivatives ---- */

/* Level l holds l + 1 everywhere. */
static void
make_levels(struct tex_rig *t)
{
   struct miptree m;
   lay_out(t, &m, 32, 32, 1, 6, 1);
   for (unsigned l = 0; l < 6; l++) {
      uint64_t end = l < 5 ? m.level[l + 1].offset_B : m.layer_B;
      float *p = rig_ptr(&t->r, m.mem);
      for (uint64_t i = m.level[l].offset_B / 4; i < end / 4; i++)
         p[i] = (float)l + 1;
   }
   tree_header(t, &m, NV_TIC_2D, 0, 5);
   for (unsigned c = 0; c < 4; c++)
      nv_tex_set(tex_rig_tic(t, 0), NV_TIC_TYPE(c), NV_TIC_FLOAT);
   nv_tex_set(tex_rig_tic(t, 0), NV_TIC_NORMALIZED, 1);
}

static void
lods(void **state)
{
   static const struct {
      unsigned mip;
      float lod, bias, min, max, want;
   } cases[] = {
      {NV_TSC_MIP_NONE, 3, 0, 0, 15, 1},
      {NV_TSC_MIP_POINT, 2.4f, 0, 0, 15, 3},
      {NV_TSC_MIP_POINT, 2.6f, 0, 0, 15, 4},
      {NV_TSC_MIP_LINEAR, 2.25f, 0, 0, 15, 3.25f},
      {NV_TSC_MIP_LINEAR, 2.25f, -1.5f, 0, 15, 1.75f},
      {NV_TSC_MIP_LINEAR, -3, 0, 0, 15, 1},
      {NV_TSC_MIP_LINEAR, 9, 0, 0, 15, 6},
      {NV_TSC_MIP_LINEAR, 4, 0, 0, 1.5f, 2.5f},
      {NV_TSC_MIP_LINEAR, 0, 0, 2.5f, 15, 3.5f},
   };
   struct tex_rig t;
   tex_rig_init(&t);
   make_levels(&t);
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      struct tex_in in = {.b = {tex_bits(cases[i].lod)}};
      struct tex_out out;
      tex_rig_sampler(&t, 0, NV_TSC_WRAP, true, cases[i].mip);
      uint32_t *s = tex_rig_tsc(&t, 0);
      nv_tex_set(s, NV_TSC_LOD_BIAS, (uint32_t)(int)(cases[i].bias * 256));
      nv_tex_set(s, NV_TSC_MIN_LOD, (uint32_t)(cases[i].min * 256));
      nv_tex_set(s, NV_TSC_MAX_LOD, (uint32_t)(cases[i].max * 256));
      assert_true(tex_rig_run(&t, "TEX.B.LL R12, R4, R8, 0x0, 2D, 0xf",
                              HANDLE(0, 0), &in, 1, &out));
      assert_near(tex_float(out.v[0]), cases[i].want, 1e-6f);
   }
   /* Four lanes 2 and 4 texels apart: level 2; TMML tells the same. */
   struct tex_in quad[4];
   struct tex_out out[4];
   memset(quad, 0, sizeof(quad));
   for (unsigned i = 0; i < 4; i++) {
      quad[i].a[0] = tex_bits((i & 1) * 2 / 32.0f);
      quad[i].a[1] = tex_bits((i >> 1) * 4 / 32.0f);
   }
   tex_rig_sampler(&t, 0, NV_TSC_WRAP, true, NV_TSC_MIP_LINEAR);
   assert_true(tex_rig_run(&t, "TEX.B R12, R4, R8, 0x0, 2D, 0xf", HANDLE(0, 0),
                           quad, 4, out));
   for (unsigned i = 0; i < 4; i++)
      assert_near(tex_float(out[i].v[0]), 3, 1e-6f);
   assert_true(tex_rig_run(&t, "TMML.B R12, R4, R8, 0x0, 2D, 0x3", HANDLE(0, 0),
                           quad, 4, out));
   for (unsigned i = 0; i < 4; i++) {
      assert_int_equal(out[i].v[0], 2 * 256);
      assert_int_equal(out[i].v[1], 2 * 256);
   }
   tex_rig_finish(&t);
}

/* ---- cubes ---- */

static void
cubes(void **state)
{
   static const float dirs[6][3] = {{1, .2f, .3f}, {-1, .2f, .3f},
                                    {.2f, 1, .3f}, {.2f, -1, .3f},
                                    {.2f, .3f, 1}, {.2f, .3f, -1}};
   /* s, t of each on a face of 4x4: OpenGL 4.6, table 8.19. */
   static const uint8_t st[6][2] = {{1, 1}, {2, 1}, {2, 2},
                                    {2, 1}, {2, 1}, {1, 1}};
   struct tex_rig t;
   struct miptree m;
   struct tex_in in[6];
   struct tex_out out[6];
   tex_rig_init(&t);
   lay_out(&t, &m, 4, 4, 1, 1, 6);
   upload(&t, &m);
   m.layers = 1;
   tree_header(&t, &m, NV_TIC_CUBE, 0, 0);
   tex_rig_sampler(&t, 0, NV_TSC_CLAMP_TO_EDGE, false, NV_TSC_MIP_NONE);
   memset(in, 0, sizeof(in));
   for (unsigned i = 0; i < 6; i++)
      for (unsigned c = 0; c < 3; c++)
         in[i].a[c] = tex_bits(dirs[i][c]);
   assert_true(tex_rig_run(&t, "TEX.B.LZ R12, R4, R8, 0x0, CUBE, 0xf",
                           HANDLE(0, 0), in, 6, out));
   for (unsigned i = 0; i < 6; i++)
      assert_int_equal(out[i].v[0], value_at(0, i, st[i][0], st[i][1], 0));
   tex_rig_finish(&t);
}

/* With a linear filter both sides of an edge see the same. */
static void
seams(void **state)
{
   struct tex_rig t;
   struct miptree m;
   struct tex_in in[64];
   struct tex_out out[64];
   tex_rig_init(&t);
   lay_out(&t, &m, 8, 8, 1, 1, 6);
   float *p = rig_ptr(&t.r, m.mem);
   for (unsigned i = 0; i < m.layer_B * 6 / 4; i++)
      p[i] = (float)(i * 2654435761u >> 8 & 255);
   m.layers = 1;
   tree_header(&t, &m, NV_TIC_CUBE, 0, 0);
   nv_tex_set(tex_rig_tic(&t, 0), NV_TIC_TYPE(0), NV_TIC_FLOAT);
   tex_rig_sampler(&t, 0, NV_TSC_CLAMP_TO_EDGE, true, NV_TSC_MIP_NONE);
   nv_tex_set(tex_rig_tsc(&t, 0), NV_TSC_CUBE_FILTER, NV_TSC_CUBE_SPAN_SEAM);
   memset(in, 0, sizeof(in));
   for (unsigned i = 0; i < 64; i++) {
      /* Pairs either side of the edge of two axes, in the middle part. */
      unsigned a = i / 2 % 3, b = (a + 1) % 3;
      float e = i & 1 ? 1e-6f : -1e-6f;
      in[i].a[a] = tex_bits(i & 8 ? 1 + e : -1 - e);
      in[i].a[b] = tex_bits(i & 16 ? 1 : -1);
      in[i].a[(a + 2) % 3] = tex_bits((i / 2 % 5) * 0.3f - 0.6f);
   }
   assert_true(tex_rig_run(&t, "TEX.B.LZ R12, R4, R8, 0x0, CUBE, 0xf",
                           HANDLE(0, 0), in, 64, out));
   for (unsigned i = 0; i < 64; i += 2)
      assert_near(tex_float(out[i].v[0]), tex_float(out[i + 1].v[0]), 2.1f);
   tex_rig_finish(&t);
}

/* ---- depth compare ---- */

static void
compares(void **state)
{
   static const float depth[4] = {0.25f, 0.5f, 0.75f, 1};
   static const uint8_t truth[8] = {/* ref below, equal, above */
                                    0, 1, 2, 3, 4, 5, 6, 7};
   struct tex_rig t;
   tex_rig_init(&t);
   uint64_t mem = rig_alloc(&t.r, 4096);
   memcpy(rig_ptr(&t.r, mem), depth, sizeof(depth));
   tex_rig_header(&t, 0,
                  &(struct tex_header){.components = NV_TIC_ZF32,
                                       .type = NV_TIC_FLOAT,
                                       .version = NV_TIC_PITCH,
                                       .dim = NV_TIC_2D_NO_MIPMAP,
                                       .gpu_va = rig_va(mem),
                                       .width = 4,
                                       .height = 1,
                                       .pitch_B = 32});
   for (unsigned func = 0; func < 8; func++) {
      struct tex_in in[3] = {{{0}}};
      struct tex_out out[3];
      tex_rig_sampler(&t, 0, NV_TSC_CLAMP_TO_EDGE, false, NV_TSC_MIP_NONE);
      nv_tex_set(tex_rig_tsc(&t, 0), NV_TSC_COMPARE, 1);
      nv_tex_set(tex_rig_tsc(&t, 0), NV_TSC_COMPARE_FUNC, func);
      for (unsigned i = 0; i < 3; i++) {
         in[i].a[0] = tex_bits(1.5f);
         in[i].b[0] = tex_bits(depth[i]);
      }
      assert_true(tex_rig_run(&t, "TEX.B.LZ.DC R12, R4, R8, 0x0, 2D, 0xf",
                              HANDLE(0, 0), in, 3, out));
      /* Codes: bit 0 less, bit 1 equal, bit 2 greater. */
      for (unsigned i = 0; i < 3; i++)
         assert_near(tex_float(out[i].v[0]), truth[func] >> i & 1, 0);
   }
   /* Between two texels: the mean of two comparisons. */
   struct tex_in in = {{tex_bits(2), tex_bits(0.5f)}, 0, {tex_bits(0.6f)}};
   struct tex_out out;
   tex_rig_sampler(&t, 0, NV_TSC_CLAMP_TO_EDGE, true, NV_TSC_MIP_NONE);
   nv_tex_set(tex_rig_tsc(&t, 0), NV_TSC_COMPARE, 1);
   nv_tex_set(tex_rig_tsc(&t, 0), NV_TSC_COMPARE_FUNC, NV_TSC_LESS);
   assert_true(tex_rig_run(&t, "TEX.B.LZ.DC R12, R4, R8, 0x0, 2D, 0xf",
                           HANDLE(0, 0), &in, 1, &out));
   assert_near(tex_float(out.v[0]), 0.5f, 0);
   tex_rig_finish(&t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(mip_trees), cmocka_unit_test(loads_out_of_range),
      cmocka_unit_test(queries),   cmocka_unit_test(lods),
      cmocka_unit_test(cubes),     cmocka_unit_test(seams),
      cmocka_unit_test(compares),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
