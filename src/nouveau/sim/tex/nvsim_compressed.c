/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Blocks of 4x4 texels: DXT1, DXT2/3, DXT4/5 (BC1..BC3), DXN1, DXN2 (BC4, BC5),
 * as the Khronos Data Format Specification, chapters 18 and 19, defines them. */
#include "nvsim_tex_priv.h"

#include <string.h>

static void
color565(uint16_t v, float out[3])
{
   out[0] = (v >> 11) / 31.0f;
   out[1] = (v >> 5 & 63) / 63.0f;
   out[2] = (v & 31) / 31.0f;
}

/* `opaque`: four colours, whatever the order of the two that are given. */
static void
read_color(const uint8_t *p, unsigned texel, bool opaque, float out[4])
{
   uint16_t c[2];
   uint32_t codes;
   float a[3], b[3];
   memcpy(c, p, 4);
   memcpy(&codes, p + 4, 4);
   color565(c[0], a);
   color565(c[1], b);
   unsigned code = codes >> (2 * texel) & 3;
   bool three = !opaque && c[0] <= c[1];
   for (unsigned i = 0; i < 3; i++) {
      float mixed[2] = {three ? (a[i] + b[i]) / 2 : (2 * a[i] + b[i]) / 3,
                        three ? 0 : (a[i] + 2 * b[i]) / 3};
      out[i] = code == 0 ? a[i] : code == 1 ? b[i] : mixed[code - 2];
   }
   out[3] = three && code == 3 ? 0 : 1;
}

/* Eight values between two bytes, or six and the ends of the range. */
static float
read_ramp(const uint8_t *p, unsigned texel, bool is_signed)
{
   uint64_t codes = 0;
   memcpy(&codes, p + 2, 6);
   unsigned code = codes >> (3 * texel) & 7;
   float scale = is_signed ? 127 : 255;
   int e0 = is_signed ? MAX2((int8_t)p[0], -127) : p[0];
   int e1 = is_signed ? MAX2((int8_t)p[1], -127) : p[1];
   if (code < 2)
      return (code ? e1 : e0) / scale;
   bool eight = is_signed ? (int8_t)p[0] > (int8_t)p[1] : p[0] > p[1];
   if (eight)
      return ((8 - code) * e0 + (code - 1.0f) * e1) / 7 / scale;
   if (code < 6)
      return ((6 - code) * e0 + (code - 1.0f) * e1) / 5 / scale;
   return code == 7 ? 1 : is_signed ? -1 : 0;
}

static float
read_alpha4(const uint8_t *p, unsigned texel)
{
   return (p[texel / 2] >> (texel % 2 * 4) & 15) / 15.0f;
}

void
nvsim_compressed_read(const struct nvsim_format *f, bool is_signed,
                      const uint8_t *p, unsigned x, unsigned y, float out[4])
{
   unsigned texel = y * 4 + x;
   memcpy(out, (float[4]){0, 0, 0, 1}, 16);
   switch (f->id) {
   case NV_TIC_DXT1:
      read_color(p, texel, false, out);
      break;
   case NV_TIC_DXT23:
      read_color(p + 8, texel, true, out);
      out[3] = read_alpha4(p, texel);
      break;
   case NV_TIC_DXT45:
      read_color(p + 8, texel, true, out);
      out[3] = read_ramp(p, texel, false);
      break;
   case NV_TIC_DXN2:
      out[1] = read_ramp(p + 8, texel, is_signed);
      out[0] = read_ramp(p, texel, is_signed);
      break;
   default: /* DXN1 */
      out[0] = read_ramp(p, texel, is_signed);
      break;
   }
}
