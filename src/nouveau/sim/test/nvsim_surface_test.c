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

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(surface_raw),
      cmocka_unit_test(surface_formatted),
      cmocka_unit_test(surface_atomics),
      cmocka_unit_test(refusals),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
