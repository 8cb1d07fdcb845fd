/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Color formats of render targets and 2D surfaces. */
#include "nvsim_surface_priv.h"

#include <math.h>
#include <string.h>

#include "nouveau/headers/nv_class_3d.h"
#include "nouveau/isa/sass_sem.h"
#include "util/util_macros.h"

#define X1(n)                                                                  \
   {                                                                           \
      {                                                                        \
         0, n                                                                  \
      }                                                                        \
   }
#define X2(n)                                                                  \
   {                                                                           \
      {0, n},                                                                  \
      {                                                                        \
         n, n                                                                  \
      }                                                                        \
   }
#define X3(n)                                                                  \
   {                                                                           \
      {0, n}, {n, n},                                                          \
      {                                                                        \
         2 * n, n                                                              \
      }                                                                        \
   }
#define X4(n)                                                                  \
   {                                                                           \
      {0, n}, {n, n}, {2 * n, n},                                              \
      {                                                                        \
         3 * n, n                                                              \
      }                                                                        \
   }
#define F(id, n) NV_3D_FORMAT_##id, n

/* What X stands for is not written [guess]. */
static const struct nvsim_color formats[] = {
   {F(RF32_GF32_BF32_AF32, 16), NVSIM_COLOR_FLOAT, X4(32)},
   {F(RS32_GS32_BS32_AS32, 16), NVSIM_COLOR_INT, X4(32)},
   {F(RU32_GU32_BU32_AU32, 16), NVSIM_COLOR_INT, X4(32)},
   {F(RF32_GF32_BF32_X32, 16), NVSIM_COLOR_FLOAT, X3(32)},
   {F(RS32_GS32_BS32_X32, 16), NVSIM_COLOR_INT, X3(32)},
   {F(RU32_GU32_BU32_X32, 16), NVSIM_COLOR_INT, X3(32)},
   {F(R16_G16_B16_A16, 8), NVSIM_COLOR_UNORM, X4(16)},
   {F(RN16_GN16_BN16_AN16, 8), NVSIM_COLOR_SNORM, X4(16)},
   {F(RS16_GS16_BS16_AS16, 8), NVSIM_COLOR_INT, X4(16)},
   {F(RU16_GU16_BU16_AU16, 8), NVSIM_COLOR_INT, X4(16)},
   {F(RF16_GF16_BF16_AF16, 8), NVSIM_COLOR_FLOAT, X4(16)},
   {F(RF16_GF16_BF16_X16, 8), NVSIM_COLOR_FLOAT, X3(16)},
   {F(RF32_GF32, 8), NVSIM_COLOR_FLOAT, X2(32)},
   {F(RS32_GS32, 8), NVSIM_COLOR_INT, X2(32)},
   {F(RU32_GU32, 8), NVSIM_COLOR_INT, X2(32)},
   {F(A8R8G8B8, 4), NVSIM_COLOR_UNORM, {{16, 8}, {8, 8}, {0, 8}, {24, 8}}},
   {F(A8RL8GL8BL8, 4), NVSIM_COLOR_SRGB, {{16, 8}, {8, 8}, {0, 8}, {24, 8}}},
   {F(X8R8G8B8, 4), NVSIM_COLOR_UNORM, {{16, 8}, {8, 8}, {0, 8}}},
   {F(A2B10G10R10, 4),
    NVSIM_COLOR_UNORM,
    {{0, 10}, {10, 10}, {20, 10}, {30, 2}}},
   {F(AU2BU10GU10RU10, 4),
    NVSIM_COLOR_INT,
    {{0, 10}, {10, 10}, {20, 10}, {30, 2}}},
   {F(A2R10G10B10, 4),
    NVSIM_COLOR_UNORM,
    {{20, 10}, {10, 10}, {0, 10}, {30, 2}}},
   {F(BF10GF11RF11, 4), NVSIM_COLOR_UFLOAT, {{0, 11}, {11, 11}, {22, 10}}},
   {F(A8B8G8R8, 4), NVSIM_COLOR_UNORM, X4(8)},
   {F(A8BL8GL8RL8, 4), NVSIM_COLOR_SRGB, X4(8)},
   {F(X8B8G8R8, 4), NVSIM_COLOR_UNORM, X3(8)},
   {F(AN8BN8GN8RN8, 4), NVSIM_COLOR_SNORM, X4(8)},
   {F(AS8BS8GS8RS8, 4), NVSIM_COLOR_INT, X4(8)},
   {F(AU8BU8GU8RU8, 4), NVSIM_COLOR_INT, X4(8)},
   {F(R16_G16, 4), NVSIM_COLOR_UNORM, X2(16)},
   {F(RN16_GN16, 4), NVSIM_COLOR_SNORM, X2(16)},
   {F(RS16_GS16, 4), NVSIM_COLOR_INT, X2(16)},
   {F(RU16_GU16, 4), NVSIM_COLOR_INT, X2(16)},
   {F(RF16_GF16, 4), NVSIM_COLOR_FLOAT, X2(16)},
   {F(RS32, 4), NVSIM_COLOR_INT, X1(32)},
   {F(RU32, 4), NVSIM_COLOR_INT, X1(32)},
   {F(RF32, 4), NVSIM_COLOR_FLOAT, X1(32)},
   {F(R5G6B5, 2), NVSIM_COLOR_UNORM, {{11, 5}, {5, 6}, {0, 5}}},
   {F(A1R5G5B5, 2), NVSIM_COLOR_UNORM, {{10, 5}, {5, 5}, {0, 5}, {15, 1}}},
   {F(G8R8, 2), NVSIM_COLOR_UNORM, X2(8)},
   {F(GN8RN8, 2), NVSIM_COLOR_SNORM, X2(8)},
   {F(GS8RS8, 2), NVSIM_COLOR_INT, X2(8)},
   {F(GU8RU8, 2), NVSIM_COLOR_INT, X2(8)},
   {F(R16, 2), NVSIM_COLOR_UNORM, X1(16)},
   {F(RN16, 2), NVSIM_COLOR_SNORM, X1(16)},
   {F(RS16, 2), NVSIM_COLOR_INT, X1(16)},
   {F(RU16, 2), NVSIM_COLOR_INT, X1(16)},
   {F(RF16, 2), NVSIM_COLOR_FLOAT, X1(16)},
   {F(A8, 1), NVSIM_COLOR_UNORM, {{0, 0}, {0, 0}, {0, 0}, {0, 8}}},
   {F(R8, 1), NVSIM_COLOR_UNORM, X1(8)},
   {F(RN8, 1), NVSIM_COLOR_SNORM, X1(8)},
   {F(RS8, 1), NVSIM_COLOR_INT, X1(8)},
   {F(RU8, 1), NVSIM_COLOR_INT, X1(8)},
};

const struct nvsim_color *
nvsim_color_find(uint32_t id)
{
   for (unsigned i = 0; i < ARRAY_SIZE(formats); i++)
      if (formats[i].id == id)
         return &formats[i];
   return NULL;
}

/* NaN counts as 0. */
static float
clamp(float v, float lo, float hi)
{
   return isnan(v) ? 0 : fminf(fmaxf(v, lo), hi);
}

static float
srgb_of_linear(float v)
{
   return v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1 / 2.4f) - 0.055f;
}

/* A component's bits from the word of SET_COLOR_CLEAR_VALUE. Integers that do
 * not fit lose their upper bits [guess]. */
static uint32_t
encode(enum nvsim_color_kind kind, unsigned bits, bool alpha, uint32_t word)
{
   float v;
   memcpy(&v, &word, 4);
   uint32_t max = bits < 32 ? (1u << bits) - 1 : ~0u;
   switch (kind) {
   case NVSIM_COLOR_SRGB:
      v = clamp(v, 0, 1);
      return (uint32_t)lrintf((alpha ? v : srgb_of_linear(v)) * max);
   case NVSIM_COLOR_UNORM:
      return (uint32_t)lrintf(clamp(v, 0, 1) * max);
   case NVSIM_COLOR_SNORM:
      return (uint32_t)lrintf(clamp(v, -1, 1) * (max >> 1)) & max;
   case NVSIM_COLOR_FLOAT:
      return bits == 32 ? word : sass_round_f16(v, SASS_RN);
   case NVSIM_COLOR_UFLOAT: /* rounds down [guess] */
      return sass_round_f16(fmaxf(v, 0), SASS_RTZ) >> (15 - bits);
   case NVSIM_COLOR_INT:
      break;
   }
   return word & max;
}

static void
put_bits(uint8_t *out, unsigned from, unsigned bits, uint32_t value)
{
   for (unsigned i = 0; i < bits; i++) {
      unsigned at = from + i;
      out[at / 8] = (out[at / 8] & ~(1u << at % 8)) | (value >> i & 1)
                                                         << at % 8;
   }
}

static uint32_t
get_bits(const uint8_t *in, unsigned from, unsigned bits)
{
   uint32_t v = 0;
   for (unsigned i = 0; i < bits; i++)
      v |= (uint32_t)(in[(from + i) / 8] >> (from + i) % 8 & 1) << i;
   return v;
}

static float
linear_of_srgb(float v)
{
   return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

/* The word that encode() takes. */
static uint32_t
decode(enum nvsim_color_kind kind, unsigned bits, bool alpha, uint32_t field)
{
   uint32_t max = bits < 32 ? (1u << bits) - 1 : ~0u, word;
   float v = 0;
   switch (kind) {
   case NVSIM_COLOR_SRGB:
   case NVSIM_COLOR_UNORM:
      v = (float)field / (float)max;
      if (kind == NVSIM_COLOR_SRGB && !alpha)
         v = linear_of_srgb(v);
      break;
   case NVSIM_COLOR_SNORM:
      v = fmaxf((float)((int32_t)(field << (32 - bits)) >> (32 - bits)) /
                   (float)(max >> 1),
                -1);
      break;
   case NVSIM_COLOR_FLOAT:
      if (bits == 32)
         return field;
      v = (float)sass_f16((uint16_t)field);
      break;
   case NVSIM_COLOR_UFLOAT:
      v = (float)sass_f16((uint16_t)(field << (15 - bits)));
      break;
   case NVSIM_COLOR_INT:
      return field;
   }
   memcpy(&word, &v, 4);
   return word;
}

void
nvsim_color_encode(const struct nvsim_color *f, const uint32_t words[4],
                   unsigned components, uint8_t *element, uint8_t *mask)
{
   memset(element, 0, f->size_B);
   memset(mask, 0, f->size_B);
   for (unsigned i = 0; i < 4; i++) {
      const struct nvsim_color_field *d = &f->field[i];
      if (!(components >> i & 1) || !d->bits)
         continue;
      put_bits(element, d->from, d->bits,
               encode(f->kind, d->bits, i == 3, words[i]));
      put_bits(mask, d->from, d->bits, ~0u);
   }
}

void
nvsim_color_decode(const struct nvsim_color *f, const uint8_t *element,
                   uint32_t words[4])
{
   static const float one = 1;
   memset(words, 0, 3 * sizeof(*words));
   memcpy(&words[3], &one, 4);
   if (f->kind == NVSIM_COLOR_INT)
      words[3] = 1;
   for (unsigned i = 0; i < 4; i++) {
      const struct nvsim_color_field *d = &f->field[i];
      if (d->bits)
         words[i] = decode(f->kind, d->bits, i == 3,
                           get_bits(element, d->from, d->bits));
   }
}
