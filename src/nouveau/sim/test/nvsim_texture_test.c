/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Texture instructions against arithmetic of this file: formats bit by bit,
 * wrap modes and filters as the tables of the OpenGL specification have them,
 * mip levels where Mesa puts them. */
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

static uint64_t rng = 88172645463325252ull;

static uint32_t
rnd(void)
{
   rng ^= rng << 13;
   rng ^= rng >> 7;
   rng ^= rng << 17;
   return (uint32_t)(rng >> 16);
}

static float
uniform(float lo, float hi)
{
   return lo + (hi - lo) * (float)(rnd() / 4294967296.0);
}

#define HANDLE(tic, tsc) ((uint32_t)(tsc) << 20 | (tic))

static void
assert_near(float got, float want, float eps)
{
   if (!(fabsf(got - want) <= eps)) {
      print_message("got %.9g, want %.9g\n", got, want);
      fail();
   }
}

/* ---- formats ---- */

/* Components from the lowest bit up: widths, and which of R G B A each is. */
struct format_case {
   unsigned components, types; /* bit n: nv_tic_type n */
   unsigned bytes;
   uint8_t bits[4];
   char order[5];
};
#define INTS  (1u << NV_TIC_SINT | 1u << NV_TIC_UINT)
#define NORMS (1u << NV_TIC_SNORM | 1u << NV_TIC_UNORM)
#define FLOAT (1u << NV_TIC_FLOAT)
#define UNORM (1u << NV_TIC_UNORM)

static const struct format_case format_cases[] = {
   {0x01, INTS | FLOAT, 16, {32, 32, 32, 32}, "RGBA"},
   {0x02, INTS | FLOAT, 12, {32, 32, 32}, "RGB"},
   {0x03, INTS | NORMS | FLOAT, 8, {16, 16, 16, 16}, "RGBA"},
   {0x04, INTS | FLOAT, 8, {32, 32}, "RG"},
   {0x08, INTS | NORMS, 4, {8, 8, 8, 8}, "RGBA"},
   {0x09, NORMS | 1u << NV_TIC_UINT, 4, {10, 10, 10, 2}, "RGBA"},
   {0x0c, INTS | NORMS | FLOAT, 4, {16, 16}, "RG"},
   {0x0f, INTS | FLOAT, 4, {32}, "R"},
   {0x12, UNORM, 2, {4, 4, 4, 4}, "RGBA"},
   {0x13, UNORM, 2, {1, 5, 5, 5}, "RGBA"},
   {0x14, UNORM, 2, {5, 5, 5, 1}, "RGBA"},
   {0x15, UNORM, 2, {5, 6, 5}, "RGB"},
   {0x18, INTS | NORMS, 2, {8, 8}, "RG"},
   {0x1b, INTS | NORMS | FLOAT, 2, {16}, "R"},
   {0x1d, INTS | NORMS, 1, {8}, "R"},
   {0x1e, UNORM, 1, {4, 4}, "RG"},
   {0x21, FLOAT, 4, {11, 11, 10}, "RGB"},
   {0x2f, FLOAT, 4, {32}, "R"},
   {0x3a, UNORM, 2, {16}, "R"},
};

/* Five bits of exponent; `mantissa` bits; a sign above if 16 bits. */
static double
small_float(uint32_t v, unsigned bits)
{
   unsigned mantissa = bits == 16 ? 10 : bits - 5;
   double sign = bits == 16 && v >> 15 ? -1 : 1;
   unsigned e = v >> mantissa & 31;
   double m = v & ((1u << mantissa) - 1);
   if (e == 31)
      return m ? (double)NAN : sign * (double)INFINITY;
   double one = 1u << mantissa;
   return sign * (e ? ldexp(1 + m / one, (int)e - 15) : ldexp(m / one, -14));
}

static uint32_t
expected(unsigned type, uint32_t v, unsigned bits)
{
   double top = ldexp(1, (int)bits) - 1, half = ldexp(1, (int)bits - 1) - 1;
   int64_t s = v >> (bits - 1) & 1 ? (int64_t)v - (1ll << bits) : (int64_t)v;
   switch (type) {
   case NV_TIC_UINT:
      return v;
   case NV_TIC_SINT:
      return (uint32_t)s;
   case NV_TIC_UNORM:
      return tex_bits((float)(v / top));
   case NV_TIC_SNORM:
      return tex_bits((float)fmax((double)s / half, -1));
   default:
      return bits == 32 ? v : tex_bits((float)small_float(v, bits));
   }
}

static uint32_t
bits_at(const uint8_t *p, unsigned first, unsigned bits)
{
   uint32_t v = 0;
   for (unsigned i = 0; i < bits; i++)
      v |= (uint32_t)(p[(first + i) / 8] >> (first + i) % 8 & 1) << i;
   return v;
}

static bool
same(uint32_t got, uint32_t want, unsigned type)
{
   return got == want || (type == NV_TIC_FLOAT && isnan(tex_float(got)) &&
                          isnan(tex_float(want)));
}

static void
check_format(struct tex_rig *t, const struct format_case *f, unsigned type,
             uint64_t mem)
{
   enum {
      N = 64
   };
   struct tex_in in[N] = {{{0}}};
   struct tex_out out[N];
   uint8_t *p = rig_ptr(&t->r, mem);
   for (unsigned i = 0; i < N * f->bytes; i++)
      p[i] = (uint8_t)rnd();
   memset(p, 0xff, f->bytes);
   memset(p + f->bytes, 0, f->bytes);
   tex_rig_header(t, 1,
                  &(struct tex_header){.components = f->components,
                                       .type = type,
                                       .version = NV_TIC_BUFFER,
                                       .dim = NV_TIC_1D_BUFFER,
                                       .gpu_va = rig_va(mem),
                                       .width = N});
   for (unsigned i = 0; i < N; i++)
      in[i].a[0] = i;
   assert_true(tex_rig_run(t, "TLD.B.LZ R12, R4, R8, 0x0, 1D, 0xf",
                           HANDLE(1, 0), in, N, out));
   uint32_t one = type == NV_TIC_SINT || type == NV_TIC_UINT ? 1 : tex_bits(1);
   for (unsigned i = 0; i < N; i++) {
      uint32_t want[4] = {0, 0, 0, one};
      for (unsigned k = 0, at = 0; f->order[k]; at += f->bits[k++]) {
         unsigned c = (unsigned)(strchr("RGBA", f->order[k]) - "RGBA");
         want[c] = expected(type, bits_at(p + i * f->bytes, at, f->bits[k]),
                            f->bits[k]);
      }
      for (unsigned c = 0; c < 4; c++)
         if (!same(out[i].v[c], want[c], type)) {
            print_message("format %#x type %u element %u component %u: %#x, "
                          "want %#x\n",
                          f->components, type, i, c, out[i].v[c], want[c]);
            fail();
         }
   }
}

static void
formats(void **state)
{
   struct tex_rig t;
   tex_rig_init(&t);
   uint64_t mem = rig_alloc(&t.r, 4096);
   for (unsigned i = 0; i < ARRAY_SIZE(format_cases); i++)
      for (unsigned type = 1; type < 8; type++)
         if (format_cases[i].types >> type & 1)
            check_format(&t, &format_cases[i], type, mem);
   tex_rig_finish(&t);
}

/* Words whose values are known, with sources of their own. */
static void
known_words(void **state)
{
   static const struct {
      unsigned components;
      uint8_t type[4];
      bool srgb;
      uint32_t words[4];
      float want[4];
   } cases[] = {
      /* 2^(16-15-9) each; 1.0 is 2^8 with exponent 16 - 15. */
      {NV_TIC_E5B9G9R9,
       {7, 7, 7, 7},
       false,
       {0x80000000 | 256 | 128 << 9},
       {1, .5f, 0, 1}},
      {NV_TIC_A8B8G8R8,
       {2, 2, 2, 2},
       true,
       {0x80ff8000},
       {0, 0.215861f, 1, 0.501961f}},
      {NV_TIC_S8Z24, {2, 4, 4, 7}, false, {0x12ffffff}, {1, 2.5e-44f, 0, 1}},
      {NV_TIC_Z24S8, {4, 2, 4, 7}, false, {0xffffff12}, {2.5e-44f, 1, 0, 1}},
      {NV_TIC_BF10GF11RF11,
       {7, 7, 7, 7},
       false,
       {0x3c0 | 0x380 << 11 | 0x200u << 22},
       {1, .5f, 2, 1}},
      /* Red and blue, one code a texel: first texel red, second blue. */
      {NV_TIC_DXT1, {2, 2, 2, 2}, false, {0x001ff800, 0x4}, {1, 0, 0, 1}},
      {NV_TIC_DXN1, {2, 2, 2, 2}, false, {0x000040ff, 0}, {1, 0, 0, 1}},
   };
   struct tex_rig t;
   tex_rig_init(&t);
   uint64_t mem = rig_alloc(&t.r, 4096);
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      struct tex_in in = {{0}};
      struct tex_out out;
      memcpy(rig_ptr(&t.r, mem), cases[i].words, 16);
      tex_rig_header(&t, 0,
                     &(struct tex_header){.components = cases[i].components,
                                          .type = 2,
                                          .version = NV_TIC_BLOCK_LINEAR,
                                          .dim = NV_TIC_2D,
                                          .gpu_va = rig_va(mem),
                                          .width = 4,
                                          .height = 4,
                                          .srgb = cases[i].srgb});
      for (unsigned c = 0; c < 4; c++)
         nv_tex_set(tex_rig_tic(&t, 0), NV_TIC_TYPE(c), cases[i].type[c]);
      tex_rig_sampler(&t, 0, NV_TSC_WRAP, false, NV_TSC_MIP_NONE);
      assert_true(tex_rig_run(&t, "TLD.B.LZ R12, R4, R8, 0x0, 2D, 0xf",
                              HANDLE(0, 5), &in, 1, &out));
      for (unsigned c = 0; c < 4; c++)
         assert_near(tex_float(out.v[c]), cases[i].want[c],
                     1e-5f * fabsf(cases[i].want[c]));
   }
   tex_rig_finish(&t);
}

/* ---- wrap modes and filters ---- */

enum {
   W = 8,
   H = 4
};

static float image[H][W][4];
static const float border_color[4] = {0.1f, 0.7f, 0.3f, 0.9f};

static int
mirror(int a)
{
   return a >= 0 ? a : -(1 + a);
}

static int
modulo(int a, int n)
{
   return ((a % n) + n) % n;
}

/* OpenGL 4.6, table 8.20; -1 and size are the border. */
static int
wrapped(unsigned mode, int c, int size)
{
   switch (mode) {
   case NV_TSC_WRAP:
      return modulo(c, size);
   case NV_TSC_MIRROR:
      return (size - 1) - mirror(modulo(c, 2 * size) - size);
   case NV_TSC_CLAMP_TO_EDGE:
      return CLAMP(c, 0, size - 1);
   case NV_TSC_MIRROR_ONCE_EDGE:
      return CLAMP(mirror(c), 0, size - 1);
   case NV_TSC_MIRROR_ONCE_BORDER:
   case NV_TSC_MIRROR_ONCE_OGL:
      return MIN2(mirror(c), size);
   default:
      return CLAMP(c, -1, size);
   }
}

static const float *
texel(unsigned mode_x, unsigned mode_y, int x, int y)
{
   x = wrapped(mode_x, x, W);
   y = wrapped(mode_y, y, H);
   return x < 0 || x >= W || y < 0 || y >= H ? border_color : image[y][x];
}

/* GL_CLAMP and its mirrored relative limit the coordinate itself. */
static double
limited(unsigned mode, double u, int size)
{
   if (mode == NV_TSC_CLAMP_OGL)
      return CLAMP(u, 0, size);
   return mode == NV_TSC_MIRROR_ONCE_OGL ? CLAMP(u, -size, size) : u;
}

static void
model(unsigned mx, unsigned my, bool linear, double u, double v, float out[4])
{
   u = limited(mx, u, W);
   v = limited(my, v, H);
   if (!linear) {
      int x = (int)floor(u), y = (int)floor(v);
      bool gl_x = mx == NV_TSC_CLAMP_OGL || mx == NV_TSC_MIRROR_ONCE_OGL;
      bool gl_y = my == NV_TSC_CLAMP_OGL || my == NV_TSC_MIRROR_ONCE_OGL;
      memcpy(
         out,
         texel(mx, my, gl_x ? MIN2(x, W - 1) : x, gl_y ? MIN2(y, H - 1) : y),
         16);
      return;
   }
   int x = (int)floor(u - 0.5), y = (int)floor(v - 0.5);
   double a = rint((u - 0.5 - x) * 256) / 256,
          b = rint((v - 0.5 - y) * 256) / 256;
   for (unsigned c = 0; c < 4; c++)
      out[c] = (float)((1 - a) * (1 - b) * texel(mx, my, x, y)[c] +
                       a * (1 - b) * texel(mx, my, x + 1, y)[c] +
                       (1 - a) * b * texel(mx, my, x, y + 1)[c] +
                       a * b * texel(mx, my, x + 1, y + 1)[c]);
}

/* An 8x4 image of floats, header 0. */
static void
make_image(struct tex_rig *t, bool normalized)
{
   uint64_t mem = rig_alloc(&t->r, 8192);
   for (unsigned y = 0; y < H; y++)
      for (unsigned x = 0; x < W; x++)
         for (unsigned c = 0; c < 4; c++)
            image[y][x][c] = uniform(-2, 2);
   for (unsigned y = 0; y < H; y++)
      memcpy((uint8_t *)rig_ptr(&t->r, mem) + y * 160, image[y],
             sizeof(image[y]));
   tex_rig_header(t, 0,
                  &(struct tex_header){.components = NV_TIC_R32_G32_B32_A32,
                                       .type = NV_TIC_FLOAT,
                                       .version = NV_TIC_PITCH,
                                       .dim = NV_TIC_2D_NO_MIPMAP,
                                       .gpu_va = rig_va(mem),
                                       .width = W,
                                       .height = H,
                                       .pitch_B = 160,
                                       .normalized = normalized});
}

static void
set_wraps(struct tex_rig *t, unsigned mx, unsigned my, bool linear)
{
   tex_rig_sampler(t, 1, mx, linear, NV_TSC_MIP_NONE);
   nv_tex_set(tex_rig_tsc(t, 1), NV_TSC_ADDRESS(1), my);
   for (unsigned c = 0; c < 4; c++)
      nv_tex_set(tex_rig_tsc(t, 1), NV_TSC_BORDER(c),
                 tex_bits(border_color[c]));
}

static void
check_filter(struct tex_rig *t, unsigned mx, unsigned my, bool linear,
             bool normalized)
{
   enum {
      N = 192
   };
   struct tex_in in[N] = {{{0}}};
   struct tex_out out[N];
   float at[N][2];
   set_wraps(t, mx, my, linear);
   for (unsigned i = 0; i < N; i++) {
      at[i][0] = i < 4 ? (float)i * W / 2 : uniform(-2.5f * W, 2.5f * W);
      at[i][1] = i < 4 ? (float)i * H / 2 : uniform(-2.5f * H, 2.5f * H);
      in[i].a[0] = tex_bits(normalized ? at[i][0] / W : at[i][0]);
      in[i].a[1] = tex_bits(normalized ? at[i][1] / H : at[i][1]);
   }
   assert_true(tex_rig_run(t, "TEX.B.LZ R12, R4, R8, 0x0, 2D, 0xf",
                           HANDLE(0, 1), in, N, out));
   for (unsigned i = 0; i < N; i++) {
      float want[4];
      double u = tex_float(in[i].a[0]), v = tex_float(in[i].a[1]);
      model(mx, my, linear, normalized ? u * W : u, normalized ? v * H : v,
            want);
      for (unsigned c = 0; c < 4; c++)
         assert_near(tex_float(out[i].v[c]), want[c], 1e-5f);
   }
}

static void
filters(void **state)
{
   struct tex_rig t;
   tex_rig_init(&t);
   for (unsigned normalized = 0; normalized < 2; normalized++) {
      make_image(&t, normalized);
      for (unsigned mode = 0; mode < 8; mode++)
         for (unsigned linear = 0; linear < 2; linear++)
            check_filter(&t, mode, (mode + 3 * linear) % 8, linear, normalized);
   }
   tex_rig_finish(&t);
}

/* Unnormalized coordinates by the sampler; offsets; the short forms say the
 * same as the long ones. */
static void
short_forms(void **state)
{
   static const struct {
      const char *text;
      bool load, aoffi;
   } pairs[] = {
      {"TEX.B.LZ R12, R4, R8, 0x0, 2D, 0xf", false, false},
      {"TEXS R12, R14, R4, R5, 0x0, 0x94", false, false},
      {"TLD.B.LZ R12, R4, R8, 0x0, 2D, 0xf", true, false},
      {"TLDS R12, R14, R4, R5, 0x0, 0x94", true, false},
      {"TEX.B.LZ.AOFFI R12, R4, R8, 0x0, 2D, 0xf", false, true},
      {"TLD.B.LZ.AOFFI R12, R4, R8, 0x0, 2D, 0xf", true, true},
   };
   enum {
      N = 64
   };
   struct tex_rig t;
   tex_rig_init(&t);
   make_image(&t, true);
   /* The short forms' handle is c[0][0x0], which is 0. */
   tex_rig_sampler(&t, 0, NV_TSC_CLAMP_TO_EDGE, false, NV_TSC_MIP_NONE);
   nv_tex_set(tex_rig_tsc(&t, 0), NV_TSC_UNNORMALIZED, 1);
   for (unsigned p = 0; p < ARRAY_SIZE(pairs); p++) {
      struct tex_in in[N] = {{{0}}};
      struct tex_out out[N];
      for (unsigned i = 0; i < N; i++) {
         unsigned x = i % W, y = i / W % H;
         in[i].a[0] = pairs[p].load ? x : tex_bits(x + 0.25f);
         in[i].a[1] = pairs[p].load ? y : tex_bits(y + 0.75f);
         in[i].b[0] = 0x1f; /* -1, +1 */
      }
      assert_true(tex_rig_run(&t, pairs[p].text, HANDLE(0, 0), in, N, out));
      for (unsigned i = 0; i < N; i++) {
         int x = (int)(i % W), y = (int)(i / W % H);
         float zero[4] = {0};
         const float *want = image[y][x];
         if (pairs[p].aoffi) {
            bool out_of_range = x == 0 || y == H - 1;
            want = out_of_range && pairs[p].load
                      ? zero
                      : image[MIN2(y + 1, H - 1)][MAX2(x - 1, 0)];
         }
         assert_memory_equal(out[i].v, want, 16);
      }
   }
   tex_rig_finish(&t);
}

static void
gathers(void **state)
{
   enum {
      N = 64
   };
   struct tex_rig t;
   struct tex_in in[N] = {{{0}}};
   struct tex_out out[N];
   float at[N][2];
   tex_rig_init(&t);
   make_image(&t, true);
   set_wraps(&t, NV_TSC_WRAP, NV_TSC_WRAP, true);
   for (unsigned i = 0; i < N; i++) {
      at[i][0] = uniform(-W, 2 * W);
      at[i][1] = uniform(-H, 2 * H);
      in[i].a[0] = tex_bits(at[i][0] / W);
      in[i].a[1] = tex_bits(at[i][1] / H);
      in[i].b[0] = 0xfe03fd05; /* (5, -3) (3, -2) */
      in[i].b[1] = 0x00000201; /* (1, 2) (0, 0) */
   }
   static const int each[4][2] = {{5, -3}, {3, -2}, {1, 2}, {0, 0}};
   static const int corner[4][2] = {{0, 1}, {1, 1}, {1, 0}, {0, 0}};
   for (unsigned mode = 0; mode < 3; mode++) {
      static const char *const text[] = {
         "TLD4.B.G R12, R4, R8, 0x0, 2D, 0xf",
         "TLD4.B.B.AOFFI R12, R4, R8, 0x0, 2D, 0xf",
         "TLD4.B.A.PTP R12, R4, R8, 0x0, 2D, 0xf"};
      assert_true(tex_rig_run(&t, text[mode], HANDLE(0, 1), in, N, out));
      for (unsigned i = 0; i < N; i++) {
         int x = (int)floor(at[i][0] - 0.5), y = (int)floor(at[i][1] - 0.5);
         for (unsigned k = 0; k < 4; k++) {
            int dx = mode == 2 ? each[k][0] : corner[k][0] + 5 * (int)mode;
            int dy = mode == 2 ? each[k][1] : corner[k][1] - 3 * (int)mode;
            float want = texel(0, 0, x + dx, y + dy)[1 + mode];
            assert_near(tex_float(out[i].v[k]), want, 0);
         }
      }
   }
   tex_rig_finish(&t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(formats), cmocka_unit_test(known_words),
      cmocka_unit_test(filters), cmocka_unit_test(short_forms),
      cmocka_unit_test(gathers),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
