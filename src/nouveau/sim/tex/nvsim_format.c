/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Elements of textures. Names and sizes: clc097tex.h; which bits are which
 * component: nv_tex.h, checked against the formats that Mesa maps to them. */
#include "nvsim_tex_priv.h"

#include <math.h>
#include <string.h>

#include "nouveau/isa/sass_sem_half.h"

/* clang-format off */
#define ROW(id_, kind_, B, w, h, ...)                                          \
   {NV_TIC_##id_, NVSIM_FORMAT_##kind_, B, w, h, {__VA_ARGS__}}
#define PLAIN(id, B, ...) ROW(id, PLAIN, B, 1, 1, __VA_ARGS__)
#define BLOCK(id, B)      ROW(id, COMPRESSED, B, 4, 4, {0, 0})

static const struct nvsim_format formats[] = {
   PLAIN(R32_G32_B32_A32, 16, {0, 32}, {32, 32}, {64, 32}, {96, 32}),
   PLAIN(R32_G32_B32, 12, {0, 32}, {32, 32}, {64, 32}),
   PLAIN(R16_G16_B16_A16, 8, {0, 16}, {16, 16}, {32, 16}, {48, 16}),
   PLAIN(R32_G32, 8, {0, 32}, {32, 32}),
   PLAIN(R32_B24G8, 8, {0, 32}, {32, 8}, {40, 24}),
   PLAIN(X8B8G8R8, 4, {0, 8}, {8, 8}, {16, 8}),
   PLAIN(A8B8G8R8, 4, {0, 8}, {8, 8}, {16, 8}, {24, 8}),
   PLAIN(A2B10G10R10, 4, {0, 10}, {10, 10}, {20, 10}, {30, 2}),
   PLAIN(R16_G16, 4, {0, 16}, {16, 16}),
   PLAIN(G8R24, 4, {0, 24}, {24, 8}),
   PLAIN(G24R8, 4, {0, 8}, {8, 24}),
   PLAIN(R32, 4, {0, 32}),
   PLAIN(A4B4G4R4, 2, {0, 4}, {4, 4}, {8, 4}, {12, 4}),
   PLAIN(A5B5G5R1, 2, {0, 1}, {1, 5}, {6, 5}, {11, 5}),
   PLAIN(A1B5G5R5, 2, {0, 5}, {5, 5}, {10, 5}, {15, 1}),
   PLAIN(B5G6R5, 2, {0, 5}, {5, 6}, {11, 5}),
   PLAIN(B6G5R5, 2, {0, 5}, {5, 5}, {10, 6}),
   PLAIN(G8R8, 2, {0, 8}, {8, 8}),
   PLAIN(R16, 2, {0, 16}),
   PLAIN(R8, 1, {0, 8}),
   PLAIN(G4R4, 1, {0, 4}, {4, 4}),
   PLAIN(BF10GF11RF11, 4, {0, 11}, {11, 11}, {22, 10}),
   PLAIN(Z24S8, 4, {0, 8}, {8, 24}),
   PLAIN(X8Z24, 4, {0, 24}),
   PLAIN(S8Z24, 4, {0, 24}, {24, 8}),
   PLAIN(ZF32, 4, {0, 32}),
   PLAIN(ZF32_X24S8, 8, {0, 32}, {32, 8}),
   PLAIN(Z16, 2, {0, 16}),
   ROW(E5B9G9R9, SHARED_EXP, 4, 1, 1, {0, 9}, {9, 9}, {18, 9}),
   ROW(G8B8G8R8, SUBSAMPLED, 4, 2, 1, {0, 8}, {8, 8}, {16, 8}, {24, 8}),
   ROW(B8G8R8G8, SUBSAMPLED, 4, 2, 1, {8, 8}, {0, 8}, {24, 8}, {16, 8}),
   BLOCK(DXT1, 8), BLOCK(DXT23, 16), BLOCK(DXT45, 16),
   BLOCK(DXN1, 8), BLOCK(DXN2, 16),
};
/* clang-format on */

const struct nvsim_format *
nvsim_format_find(unsigned components)
{
   for (unsigned i = 0; i < ARRAY_SIZE(formats); i++)
      if (formats[i].id == components)
         return &formats[i];
   return NULL;
}

/* ---- one component ---- */

static uint32_t
get_bits(const uint8_t *p, unsigned first, unsigned bits)
{
   uint64_t v = 0;
   memcpy(&v, p + first / 8, DIV_ROUND_UP(first % 8 + bits, 8));
   return (uint32_t)(v >> first % 8 & ((1ull << bits) - 1));
}

static void
put_bits(uint8_t *p, unsigned first, unsigned bits, uint32_t value)
{
   uint64_t v = 0, mask = ((1ull << bits) - 1) << first % 8;
   unsigned n = DIV_ROUND_UP(first % 8 + bits, 8);
   memcpy(&v, p + first / 8, n);
   v = (v & ~mask) | ((uint64_t)value << first % 8 & mask);
   memcpy(p + first / 8, &v, n);
}

static int32_t
sign_extend(uint32_t v, unsigned bits)
{
   return (int32_t)(v << (32 - bits)) >> (32 - bits);
}

/* Ten and eleven bits have no sign: five of exponent, as a half. */
static float
read_float(uint32_t v, unsigned bits)
{
   if (bits == 32)
      return sass_f32(v);
   return sass_f16(bits == 16 ? v : v << (15 - bits));
}

static uint32_t
read_component(unsigned type, uint32_t v, unsigned bits)
{
   switch (type) {
   case NV_TIC_SINT:
      return (uint32_t)sign_extend(v, bits);
   case NV_TIC_UINT:
      return v;
   case NV_TIC_FLOAT:
      return sass_f32_bits(read_float(v, bits));
   case NV_TIC_SNORM: {
      double f = sign_extend(v, bits) / (double)((1ull << (bits - 1)) - 1);
      return sass_f32_bits((float)MAX2(f, -1.0));
   }
   default:
      return sass_f32_bits((float)(v / (double)((1ull << bits) - 1)));
   }
}

static uint32_t
write_float(float v, unsigned bits)
{
   if (bits == 32)
      return sass_f32_bits(v);
   uint32_t half = sass_round_f16(v, SASS_RN);
   if (bits == 16)
      return half;
   /* No sign, and no rounding up to infinity. */
   unsigned drop = 15 - bits;
   if (v != v)
      return (1u << bits) - 1;
   if (signbit(v))
      return 0;
   if (isinf(v))
      return 0x7c00 >> drop;
   double unit = ldexp(1, MAX2(ilogb(v), -14) - (int)(bits - 5));
   half = sass_round_f16(v == 0 ? 0 : rint(v / unit) * unit, SASS_RN);
   return MIN2(half, 0x7bffu & ~((1u << drop) - 1)) >> drop;
}

static uint32_t
write_norm(float v, double scale, double lowest)
{
   if (v != v)
      return 0;
   return (uint32_t)(int64_t)rint(CLAMP((double)v, lowest, 1.0) * scale);
}

static uint32_t
write_component(unsigned type, uint32_t v, unsigned bits)
{
   int64_t top = (1ll << (bits - 1)) - 1;
   switch (type) {
   case NV_TIC_SINT:
      return (uint32_t)CLAMP((int64_t)(int32_t)v, -top - 1, top);
   case NV_TIC_UINT:
      return (uint32_t)MIN2(v, (1ull << bits) - 1);
   case NV_TIC_FLOAT:
      return write_float(sass_f32(v), bits);
   case NV_TIC_SNORM:
      return write_norm(sass_f32(v), top, -1);
   default:
      return write_norm(sass_f32(v), (double)((1ull << bits) - 1), 0);
   }
}

/* ---- elements ---- */

/* What a component reads that the format does not have. */
static uint32_t
missing(unsigned comp, unsigned type)
{
   if (comp != 3)
      return 0;
   return nvsim_type_is_int(type) ? 1 : sass_f32_bits(1);
}

static struct nvsim_texel
read_shared_exp(const uint8_t *p)
{
   struct nvsim_texel t;
   int exp = get_bits(p, 27, 5);
   for (unsigned c = 0; c < 3; c++)
      t.v[c] =
         sass_f32_bits(ldexpf((float)get_bits(p, 9 * c, 9), exp - 15 - 9));
   t.v[3] = sass_f32_bits(1);
   return t;
}

static struct nvsim_texel
read_compressed(const struct nvsim_format *f, bool is_signed, const uint8_t *p,
                unsigned x, unsigned y)
{
   float v[4];
   struct nvsim_texel t;
   nvsim_compressed_read(f, is_signed, p, x, y, v);
   for (unsigned c = 0; c < 4; c++)
      t.v[c] = sass_f32_bits(v[c]);
   return t;
}

struct nvsim_texel
nvsim_format_read(const struct nvsim_format *f, const uint8_t type[4],
                  const uint8_t *p, unsigned x, unsigned y)
{
   struct nvsim_texel t;
   if (f->kind == NVSIM_FORMAT_SHARED_EXP)
      return read_shared_exp(p);
   if (f->kind == NVSIM_FORMAT_COMPRESSED)
      return read_compressed(f, type[0] == NV_TIC_SNORM, p, x, y);
   for (unsigned c = 0; c < 4; c++) {
      unsigned bits = f->comp[c].bits;
      t.v[c] = bits ? read_component(type[c],
                                     get_bits(p, f->comp[c].first, bits), bits)
                    : missing(c, type[c]);
   }
   if (f->kind == NVSIM_FORMAT_SUBSAMPLED) {
      if (x)
         t.v[1] = t.v[3];
      t.v[3] = sass_f32_bits(1);
   }
   return t;
}

void
nvsim_format_write(const struct nvsim_format *f, const uint8_t type[4],
                   const struct nvsim_texel *t, uint8_t *p)
{
   memset(p, 0, f->block_B);
   for (unsigned c = 0; c < 4; c++)
      if (f->comp[c].bits)
         put_bits(p, f->comp[c].first, f->comp[c].bits,
                  write_component(type[c], t->v[c], f->comp[c].bits));
}

/* ---- sRGB: IEC 61966-2-1 ---- */

float
nvsim_srgb_to_linear(float v)
{
   return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

float
nvsim_linear_to_srgb(float v)
{
   v = v >= 0 ? MIN2(v, 1.0f) : 0; /* NaN: 0 */
   return v < 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1 / 2.4f) - 0.055f;
}
