/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The short texture forms (isa.md 2.9): what their mode bits stand for. Codes
 * as Mesa's nv50_ir emits them for the variants that it calls legal. */
#include <string.h>

#include "nouveau/isa/sass.h"
#include "util/util_macros.h"

#define D(dim)  SASS_TEX_##dim
#define L(mode) SASS_LOD_##mode

struct variant {
   enum sass_tex_dim dim;
   enum sass_lod lod;
   bool dc, aoffi, ms, defined;
};

static const struct variant texs_variants[16] = {
   [0] = {D(1D), L(LZ), .defined = true},
   [1] = {D(2D), L(AUTO), .defined = true},
   [2] = {D(2D), L(LZ), .defined = true},
   [3] = {D(2D), L(LL), .defined = true},
   [4] = {D(2D), L(AUTO), .dc = true, .defined = true},
   [5] = {D(2D), L(LL), .dc = true, .defined = true},
   [6] = {D(2D), L(LZ), .dc = true, .defined = true},
   [7] = {D(ARRAY_2D), L(AUTO), .defined = true},
   [8] = {D(ARRAY_2D), L(LZ), .defined = true},
   [9] = {D(ARRAY_2D), L(LZ), .dc = true, .defined = true},
   [10] = {D(3D), L(AUTO), .defined = true},
   [11] = {D(3D), L(LZ), .defined = true},
   [12] = {D(CUBE), L(AUTO), .defined = true},
   [13] = {D(CUBE), L(LL), .defined = true},
};

static const struct variant tlds_variants[16] = {
   [0] = {D(1D), L(LZ), .defined = true},
   [1] = {D(1D), L(LL), .defined = true},
   [2] = {D(2D), L(LZ), .defined = true},
   [4] = {D(2D), L(LZ), .aoffi = true, .defined = true},
   [5] = {D(2D), L(LL), .defined = true},
   [6] = {D(2D), L(LZ), .ms = true, .defined = true},
   [7] = {D(3D), L(LZ), .defined = true},
   [8] = {D(ARRAY_2D), L(LZ), .defined = true},
   [12] = {D(2D), L(LL), .aoffi = true, .defined = true},
};

/* Components by the mask code: with one destination, with two; 0 undefined. */
static const uint8_t mask_of_one[8] = {0x1, 0x2, 0x4, 0x8, 0x3, 0x9, 0xa, 0xc};
static const uint8_t mask_of_two[8] = {0x7, 0xb, 0xd, 0xe, 0xf, 0, 0, 0};

static bool
texs_variant(const struct sass_instr *i, struct sass_texs *out)
{
   const struct variant *table =
      i->op == SASS_OP_TEXS ? texs_variants : tlds_variants;
   const struct variant *v = &table[i->texs >> 3 & 15];
   unsigned code = i->texs & 7;
   out->dim = v->dim;
   out->lod = v->lod;
   out->dc = v->dc;
   out->aoffi = v->aoffi;
   out->ms = v->ms;
   out->tmask = i->rd2 == SASS_RZ ? mask_of_one[code] : mask_of_two[code];
   out->f16 = !(i->texs >> 7 & 1);
   return v->defined && out->tmask;
}

static void
tld4s_variant(const struct sass_instr *i, struct sass_texs *out)
{
   out->dim = SASS_TEX_2D;
   out->lod = SASS_LOD_LZ;
   out->dc = i->texs & 1;
   out->aoffi = i->texs >> 1 & 1;
   out->comp = i->texs >> 2 & 3;
   out->tmask = i->rd2 == SASS_RZ ? 0x3 : 0xf;
   out->f16 = i->texs >> 4 & 1;
}

bool
sass_texs_decode(const struct sass_instr *i, struct sass_texs *out)
{
   static const uint8_t coords[] = {1, 2, 3, 3};
   memset(out, 0, sizeof(*out));
   if (i->op == SASS_OP_TLD4S)
      tld4s_variant(i, out);
   else if (!texs_variant(i, out))
      return false;
   unsigned args = coords[out->dim >> 1] + (out->dim & 1);
   args += (out->lod > SASS_LOD_LZ) + out->ms + out->aoffi + out->dc;
   /* The array index of a load stands alone. */
   bool alone = i->op == SASS_OP_TLDS && out->dim == SASS_TEX_ARRAY_2D;
   out->a_count = args > 2 && !alone ? 2 : 1;
   out->b_count = args - out->a_count;
   unsigned comps = __builtin_popcount(out->tmask);
   unsigned regs = out->f16 ? DIV_ROUND_UP(comps, 2) : comps;
   out->d_count = out->f16 ? 1 : MIN2(regs, 2);
   out->d2_count = regs - out->d_count;
   return true;
}
