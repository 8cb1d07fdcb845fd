/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Surface loads, stores and atomics; and what must be refused. */
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

#include <stdio.h>

#define HANDLE(tic, tsc) ((uint32_t)(tsc) << 20 | (tic))

/* ---- surfaces ---- */

#define SURF_W 20
#define SURF_H 12

static uint64_t
make_surface(struct tex_rig *t, unsigned components, unsigned type)
{
   uint64_t mem = rig_alloc(&t->r, 16384);
   tex_rig_header(t, 0,
                  &(struct tex_header){.components = components,
                                       .type = type,
                                       .version = NV_TIC_PITCH,
                                       .dim = NV_TIC_2D_NO_MIPMAP,
                                       .gpu_va = rig_va(mem),
                                       .width = SURF_W,
                                       .height = SURF_H,
                                       .pitch_B = 512});
   return mem;
}

/* x, y of lane i; some lie outside. */
static void
surface_lanes(struct tex_in in[64])
{
   memset(in, 0, 64 * sizeof(*in));
   for (unsigned i = 0; i < 64; i++) {
      in[i].a[0] = i % 32 - 4;
      in[i].a[1] = i / 8;
   }
}

static bool
is_inside(const struct tex_in *in)
{
   return in->a[0] < SURF_W && in->a[1] < SURF_H;
}

static void
surface_raw(void **state)
{
   struct tex_rig t;
   struct tex_in in[64];
   struct tex_out out[64];
   tex_rig_init(&t);
   uint64_t mem = make_surface(&t, NV_TIC_R32_G32, NV_TIC_UINT);
   uint8_t *p = rig_ptr(&t.r, mem);
   surface_lanes(in);
   for (unsigned i = 0; i < SURF_H * 512; i++)
      p[i] = (uint8_t)(i * 7 + i / 512);
   assert_true(
      tex_rig_run(&t, "SULD.D.2D.64.IGN R12, [R4], R8", 0, in, 64, out));
   for (unsigned i = 0; i < 64; i++) {
      uint32_t want[4] = {0};
      if (is_inside(&in[i]))
         memcpy(want, p + in[i].a[1] * 512 + in[i].a[0] * 8, 8);
      assert_memory_equal(out[i].v, want, 16);
   }
   /* Stores: the copy of the coordinates goes there, nothing else changes. */
   memset(p, 0xee, SURF_H * 512);
   assert_true(
      tex_rig_run(&t, "SUST.D.2D.64.IGN [R4], R16, R8", 0, in, 64, out));
   for (unsigned i = 0; i < 64; i++)
      if (is_inside(&in[i])) {
         uint8_t *at = p + in[i].a[1] * 512 + in[i].a[0] * 8;
         assert_memory_equal(at, in[i].a, 8);
         memset(at, 0xee, 8);
      }
   for (unsigned i = 0; i < SURF_H * 512; i++)
      assert_int_equal(p[i], 0xee);
   tex_rig_finish(&t);
}

static void
surface_formatted(void **state)
{
   static const struct {
      unsigned components, type;
      float v[4];
      uint32_t want;
   } cases[] = {
      {NV_TIC_A8B8G8R8, NV_TIC_UNORM, {0, 1, 0.5f, 2}, 0xff80ff00},
      {NV_TIC_A8B8G8R8, NV_TIC_SNORM, {-1, 1, -7, 0}, 0x00817f81},
      {NV_TIC_R16_G16, NV_TIC_FLOAT, {1, -2}, 0xc0003c00},
      {NV_TIC_A2B10G10R10, NV_TIC_UNORM, {1, 0, 0.5f, 1}, 0xe00003ff},
      {NV_TIC_BF10GF11RF11, NV_TIC_FLOAT, {1, -1, 2}, 0x800003c0},
      {NV_TIC_R32, NV_TIC_FLOAT, {0.1f}, 0x3dcccccd},
   };
   struct tex_rig t;
   tex_rig_init(&t);
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      struct tex_in in = {{3, 2}};
      struct tex_out out;
      char code[512];
      uint64_t mem = make_surface(&t, cases[i].components, cases[i].type);
      snprintf(code, sizeof(code),
               "MOV32I R20, 0x%x;\nMOV32I R21, 0x%x;\nMOV32I R22, 0x%x;\n"
               "MOV32I R23, 0x%x;\nSUST.P.2D.IGN [R4], R20, R8",
               tex_bits(cases[i].v[0]), tex_bits(cases[i].v[1]),
               tex_bits(cases[i].v[2]), tex_bits(cases[i].v[3]));
      assert_true(tex_rig_run(&t, code, 0, &in, 1, &out));
      uint32_t got;
      memcpy(&got, (uint8_t *)rig_ptr(&t.r, mem) + 2 * 512 + 3 * 4, 4);
      assert_int_equal(got, cases[i].want);
   }
   tex_rig_finish(&t);
}

static void
surface_atomics(void **state)
{
   struct tex_rig t;
   struct tex_in in[64];
   struct tex_out out[64];
   uint64_t seen = 0;
   tex_rig_init(&t);
   uint64_t mem = make_surface(&t, NV_TIC_R32, NV_TIC_UINT);
   memset(in, 0, sizeof(in));
   for (unsigned i = 0; i < 64; i++) {
      in[i].a[0] = i < 60 ? 5 : 1000;
      in[i].a[1] = 7;
      in[i].b[0] = 1;
   }
   assert_true(
      tex_rig_run(&t, "SUATOM.D.2D.ADD.IGN R12, [R4], R9, R8", 0, in, 64, out));
   uint32_t sum;
   memcpy(&sum, (uint8_t *)rig_ptr(&t.r, mem) + 7 * 512 + 5 * 4, 4);
   assert_int_equal(sum, 60);
   for (unsigned i = 0; i < 60; i++)
      seen |= 1ull << out[i].v[0];
   assert_true(seen == (1ull << 60) - 1);
   for (unsigned i = 60; i < 64; i++)
      assert_int_equal(out[i].v[0], 0);
   tex_rig_finish(&t);
}

/* ---- refusals ---- */

static void
set_field(struct tex_rig *t, unsigned first, unsigned width, uint32_t value)
{
   nv_tex_set(tex_rig_tic(t, 0), first, width, value);
}

static void
refused(struct tex_rig *t, const char *code, uint32_t handle, const char *why)
{
   struct tex_in in = {{100, 100}};
   struct tex_out out;
   struct nvsim_error e;
   assert_false(tex_rig_run(t, code, handle, &in, 1, &out));
   assert_true(rig_wait_interrupt(&t->r, NVSIM_INTR_ERROR));
   assert_true(nvsim_next_error(t->r.sim, &e));
   assert_int_equal(e.kind, NVSIM_ERROR_WARP);
   if (!strstr(e.text, why)) {
      print_message("%s: %s\n", why, e.text);
      fail();
   }
   rig_bind(&t->r);
   tex_rig_bind_pools(t);
}

/* Each leaves the device usable. */
static void
refusals(void **state)
{
   static const char tex[] = "TEX.B.LZ R12, R4, R8, 0x0, 2D, 0xf";
   struct tex_rig t;
   tex_rig_init(&t);
   tex_rig_sampler(&t, 1, NV_TSC_WRAP, false, NV_TSC_MIP_NONE);
   make_surface(&t, NV_TIC_R32, NV_TIC_FLOAT);
   refused(&t, tex, HANDLE(64, 1), "header index");
   refused(&t, tex, HANDLE(0, 64), "sampler index");
   refused(&t, tex, HANDLE(0, 2), "undefined filter");
   refused(&t, "TEX.B.LZ R12, R4, R8, 0x0, 3D, 0xf", HANDLE(0, 1),
           "dimensions");
   refused(&t, "SULD.D.3D.IGN R12, [R4], R8", 0, "dimensions");
   refused(&t, "SULD.D.2D.TRAP R12, [R4], R8", 0, "out of range");
   refused(&t, "SULD.D.2D.128 R12, [R4], R8", 0, "larger than a texel");
   refused(&t, "TLD.B.LZ.MS R12, R4, R8, 0x0, 2D, 0xf", 0, "multisample");
   refused(&t, "TEX.B.LLA R12, R4, R8, 0x0, 2D, 0xf", HANDLE(0, 1), "lod mode");
   set_field(&t, NV_TIC_COMPONENTS, NV_TIC_BC7U);
   refused(&t, tex, HANDLE(0, 1), "format");
   set_field(&t, NV_TIC_COMPONENTS, NV_TIC_R32);
   set_field(&t, NV_TIC_VERSION, NV_TIC_PITCH_COLOR_KEY);
   refused(&t, tex, HANDLE(0, 1), "version");
   set_field(&t, NV_TIC_VERSION, NV_TIC_PITCH);
   set_field(&t, NV_TIC_BORDER_SIZE, 0);
   refused(&t, tex, HANDLE(0, 1), "border");
   set_field(&t, NV_TIC_BORDER_SIZE, NV_TIC_BORDER_SAMPLER);
   struct tex_in in = {{0}};
   struct tex_out out;
   assert_true(tex_rig_run(&t, tex, HANDLE(0, 1), &in, 1, &out));
   tex_rig_finish(&t);
}

/* ---- faults ---- */

/* Texels of three pages that are not there: one entry each, then a replay. */
static void
faults(void **state)
{
   enum {
      PAGES = 3,
      N = 96
   };
   uint8_t *p = aligned_alloc(4096, PAGES * 4096);
   struct tex_rig t;
   struct tex_in in[N];
   struct tex_out out[N];
   tex_rig_init(&t);
   assert_non_null(p);
   for (unsigned i = 0; i < PAGES * 1024; i++)
      memcpy(p + 4 * i, &i, 4);
   tex_rig_header(&t, 0,
                  &(struct tex_header){.components = NV_TIC_R32,
                                       .type = NV_TIC_UINT,
                                       .version = NV_TIC_BUFFER,
                                       .dim = NV_TIC_1D_BUFFER,
                                       .gpu_va = (uintptr_t)p,
                                       .width = PAGES * 1024});
   memset(in, 0, sizeof(in));
   for (unsigned i = 0; i < N; i++)
      in[i].a[0] = i * 32;
   tex_rig_launch(&t, "TLD.B.LZ R12, R4, R8, 0x0, 1D, 0xf", 0, in, N);
   unsigned seen = 0;
   while (!rig_is_done(&t.r)) {
      struct nv_fault f;
      unsigned mapped = 0;
      assert_true(rig_wait_interrupt(
                     &t.r, NVSIM_INTR_REPLAYABLE_FAULT | NVSIM_INTR_NONSTALL) ||
                  rig_is_done(&t.r));
      while (rig_next_fault(&t.r, &f)) {
         assert_int_equal(f.access, NV_FAULT_ACCESS_READ);
         assert_int_equal(f.client, NV_FAULT_CLIENT_GPC_T1_0);
         rig_set_pte(&t.r, f.gpu_va,
                     nv_pte(NV_APERTURE_SYS_COH, f.gpu_va, NV_PTE_RO));
         mapped++;
      }
      seen += mapped;
      if (mapped)
         nvsim_wr32(t.r.sim, NV_MMU_INVALIDATE,
                    NV_MMU_INVAL_TRIGGER | NV_MMU_INVAL_ALL_VA |
                       NV_MMU_INVAL_ALL_PDB |
                       NV_MMU_REPLAY_START << NV_MMU_INVAL_REPLAY_SHIFT);
   }
   assert_true(seen >= PAGES);
   tex_rig_results(&t, N, out);
   for (unsigned i = 0; i < N; i++)
      assert_int_equal(out[i].v[0], i * 32);
   tex_rig_finish(&t);
   free(p);
}

/* ---- anything ---- */

static uint64_t rng = 1;

static uint32_t
rnd(void)
{
   rng ^= rng << 13;
   rng ^= rng >> 7;
   rng ^= rng << 17;
   return (uint32_t)(rng >> 16);
}

static const struct {
   const char *text;
   uint8_t dim; /* of the header */
} any_code[] = {
   {"TEX.B R12, R4, R8, 0x0, 2D, 0xf", NV_TIC_2D},
   {"TEX.B.LL.DC R12, R4, R8, 0x0, ARRAY_2D, 0xf", NV_TIC_2D_ARRAY},
   {"TEX.B.LB.AOFFI R12, R4, R8, 0x0, 3D, 0xf", NV_TIC_3D},
   {"TEX.B R12, R4, R8, 0x0, CUBE, 0xf", NV_TIC_CUBE},
   {"TEX.B.LZ R12, R4, R8, 0x0, ARRAY_CUBE, 0xf", NV_TIC_CUBE_ARRAY},
   {"TLD.B.LL R12, R4, R8, 0x0, 1D, 0xf", NV_TIC_1D},
   {"TLD.B.LZ.MS R12, R4, R8, 0x0, 2D, 0xf", NV_TIC_2D},
   {"TLD4.B.R.PTP R12, R4, R8, 0x0, 2D, 0xf", NV_TIC_2D},
   {"TMML.B R12, R4, R8, 0x0, 2D, 0x3", NV_TIC_2D},
   {"SULD.P.2D R12, [R4], R8", NV_TIC_2D},
   {"SULD.D.BA.1D.U16 R12, [R4], R8", NV_TIC_1D},
   {"SUST.P.2D_ARRAY [R4], R12, R8", NV_TIC_2D_ARRAY},
   {"SUATOM.D.3D.ADD R12, [R4], R9, R8", NV_TIC_3D},
};

/* Bits at random, but what nearly always would be refused at once. */
static void
random_header(uint32_t *tic, unsigned dim, bool samples, bool small,
              uint64_t gpu_va)
{
   static const uint8_t known[] = {0x03, 0x08, 0x09, 0x0c, 0x12, 0x15, 0x18,
                                   0x1b, 0x1d, 0x23, 0x24, 0x26, 0x28, 0x3a};
   for (unsigned i = 0; i < NV_TEX_ENTRY_DW; i++)
      tic[i] = rnd();
   nv_tex_set(tic, NV_TIC_VERSION, rnd() % 8 ? NV_TIC_BLOCK_LINEAR : rnd());
   nv_tex_set(tic, NV_TIC_TEXTURE_TYPE, dim);
   nv_tex_set(tic, NV_TIC_COMPONENTS,
              rnd() % 8 ? known[rnd() % ARRAY_SIZE(known)] : rnd());
   nv_tex_set(tic, NV_TIC_BORDER_SIZE, NV_TIC_BORDER_SAMPLER);
   nv_tex_set(tic, NV_TIC_MIN_LOD_CLAMP, 0);
   nv_tex_set(tic, NV_TIC_MIP_LOD_BIAS, 0);
   nv_tex_set(tic, NV_TIC_SAMPLES, samples ? NV_TIC_4X2 : NV_TIC_1X1);
   nv_tex_set(tic, 96, 14, (rnd() % 6) << 3 | (rnd() % 6) << 6); /* blocks */
   nv_tex_set(tic, NV_TIC_GOB_DEPTH_OFFSET, 0);
   nv_tex_set(tic, NV_TIC_VIEW_MIN_LEVEL, 0);
   nv_tex_set(tic, NV_TIC_VIEW_MAX_LEVEL,
              nv_tex_get(tic, NV_TIC_MAX_MIP_LEVEL));
   nv_tex_set(tic, NV_TIC_ADDRESS_HI, gpu_va >> 32);
   nv_tex_set(tic, NV_TIC_ADDRESS_LO, (uint32_t)gpu_va);
   for (unsigned c = 0; c < 4; c++) {
      nv_tex_set(tic, NV_TIC_TYPE(c), rnd() % 16 ? NV_TIC_UNORM : rnd());
      nv_tex_set(tic, NV_TIC_SOURCE(c), rnd() % 16 ? 2 + rnd() % 6 : rnd());
   }
   if (small) { /* else nothing is there to read */
      nv_tex_set(tic, NV_TIC_WIDTH_MINUS_1, rnd() % 64);
      nv_tex_set(tic, NV_TIC_HEIGHT_MINUS_1, rnd() % 64);
      nv_tex_set(tic, NV_TIC_DEPTH_MINUS_1, rnd() % 4);
      nv_tex_set(tic, NV_TIC_DEPTH_BIT14, 0);
      nv_tex_set(tic, NV_TIC_HEIGHT_BIT16, 0);
   }
   if (dim == NV_TIC_CUBE || dim == NV_TIC_CUBE_ARRAY)
      nv_tex_set(tic, NV_TIC_HEIGHT_MINUS_1,
                 nv_tex_get(tic, NV_TIC_WIDTH_MINUS_1));
}

static void
random_sampler(uint32_t *tsc)
{
   for (unsigned i = 0; i < NV_TEX_ENTRY_DW; i++)
      tsc[i] = rnd();
   nv_tex_set(tsc, NV_TSC_MAG_FILTER, 1 + rnd() % 2);
   nv_tex_set(tsc, NV_TSC_MIN_FILTER, 1 + rnd() % 3);
   nv_tex_set(tsc, NV_TSC_MIP_FILTER, 1 + rnd() % 3);
   nv_tex_set(tsc, NV_TSC_REDUCTION, rnd() % 3);
}

/* Cancels faults and takes errors until the work is done. */
static unsigned
wait_anyhow(struct tex_rig *t)
{
   unsigned errors = 0;
   while (!rig_is_done(&t->r)) {
      struct nvsim_error e;
      struct nv_fault f;
      rig_wait_interrupt(&t->r, NVSIM_INTR_REPLAYABLE_FAULT | NVSIM_INTR_ERROR |
                                   NVSIM_INTR_NONSTALL);
      while (rig_next_fault(&t->r, &f))
         nvsim_wr32(
            t->r.sim, NV_MMU_INVALIDATE,
            NV_MMU_INVAL_TRIGGER | NV_MMU_INVAL_ALL_VA | NV_MMU_INVAL_ALL_PDB |
               NV_MMU_REPLAY_CANCEL_GLOBAL << NV_MMU_INVAL_REPLAY_SHIFT);
      if (nvsim_next_error(t->r.sim, &e)) {
         errors++;
         rig_bind(&t->r);
         tex_rig_bind_pools(t);
         rig_kick(&t->r);
      }
   }
   return errors;
}

/* Random headers, samplers and arguments: a result or an error, and the card
 * lives. */
static void
anything(void **state)
{
   struct tex_rig t;
   unsigned errors = 0, rounds = 400;
   const char *seed = getenv("TEST_SEED");
   rng = seed ? strtoull(seed, NULL, 0) | 1 : 1;
   print_message("TEST_SEED=%llu\n", (unsigned long long)rng);
   tex_rig_init(&t);
   uint64_t mem = rig_alloc(&t.r, 1 << 20);
   for (unsigned k = 0; k < rounds; k++) {
      unsigned n = k % ARRAY_SIZE(any_code);
      struct tex_in in[32];
      random_header(tex_rig_tic(&t, 0), any_code[n].dim,
                    strstr(any_code[n].text, ".MS"), k & 3, rig_va(mem));
      random_sampler(tex_rig_tsc(&t, 0));
      for (unsigned i = 0; i < 32; i++)
         for (unsigned c = 0; c < 4; c++) {
            in[i].a[c] = rnd() & 1 ? rnd() % 64 : rnd();
            in[i].b[c % 3] = rnd() & 1 ? tex_bits(rnd() % 8) : rnd();
         }
      tex_rig_launch(&t, any_code[n].text, 0, in, 32);
      errors += wait_anyhow(&t);
   }
   print_message("%u of %u refused\n", errors, rounds);
   assert_true(errors < rounds);
   tex_rig_finish(&t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(surface_raw),     cmocka_unit_test(surface_formatted),
      cmocka_unit_test(surface_atomics), cmocka_unit_test(refusals),
      cmocka_unit_test(faults),          cmocka_unit_test(anything),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
