/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Texture headers (TIC) and samplers (TSC) of Maxwell and Pascal: 32 bytes each
 * in the two pools, 8 little-endian words. A field is `first bit, width`; bit n
 * is bit n % 32 of word n / 32 (clc097tex.h). */
#ifndef NV_TEX_H
#define NV_TEX_H

#include <stdint.h>

#define NV_TEX_ENTRY_B  32
#define NV_TEX_ENTRY_DW 8

/* The handle that a shader gives: header index, sampler index. */
#define NV_TEX_HANDLE_TIC(h) ((h)&0xfffff)
#define NV_TEX_HANDLE_TSC(h) ((h) >> 20)

/* Widths are at most 32; a field may cross words. */
static inline uint32_t
nv_tex_get(const uint32_t *words, unsigned first, unsigned width)
{
   uint64_t v = words[first / 32];
   if (first / 32 + 1 < NV_TEX_ENTRY_DW)
      v |= (uint64_t)words[first / 32 + 1] << 32;
   return (uint32_t)(v >> first % 32 & ((1ull << width) - 1));
}

static inline void
nv_tex_set(uint32_t *words, unsigned first, unsigned width, uint32_t value)
{
   for (unsigned i = 0; i < width; i++) {
      uint32_t bit = 1u << (first + i) % 32;
      if (value >> i & 1)
         words[(first + i) / 32] |= bit;
      else
         words[(first + i) / 32] &= ~bit;
   }
}

/* ---- texture header ---- */

#define NV_TIC_COMPONENTS       0, 7
#define NV_TIC_TYPE(i)          7 + 3 * (i), 3  /* of R, G, B, A */
#define NV_TIC_SOURCE(i)        19 + 3 * (i), 3 /* of X, Y, Z, W */
#define NV_TIC_GOB_DEPTH_OFFSET 37, 2
#define NV_TIC_ADDRESS_LO       32, 32
#define NV_TIC_ADDRESS_HI       64, 17
#define NV_TIC_VERSION          85, 3
#define NV_TIC_BLOCK_WIDTH      96, 3
#define NV_TIC_BLOCK_HEIGHT     99, 3
#define NV_TIC_BLOCK_DEPTH      102, 3
#define NV_TIC_TILE_WIDTH       106, 3
#define NV_TIC_GOB3D            109, 1
#define NV_TIC_PITCH_HI16       96, 16 /* pitch headers: >> 5 */
#define NV_TIC_BUFFER_WIDTH_HI  96, 16 /* buffer headers */
#define NV_TIC_BUFFER_WIDTH_LO  128, 16
#define NV_TIC_MAX_MIP_LEVEL    124, 4
#define NV_TIC_WIDTH_MINUS_1    128, 17
#define NV_TIC_DEPTH_BIT14      145, 1 /* block-linear */
#define NV_TIC_PITCH_BIT21      145, 1 /* pitch */
#define NV_TIC_HEIGHT_BIT16     146, 1
#define NV_TIC_SRGB             150, 1
#define NV_TIC_TEXTURE_TYPE     151, 4
#define NV_TIC_BORDER_SIZE      157, 3
#define NV_TIC_HEIGHT_MINUS_1   160, 16
#define NV_TIC_DEPTH_MINUS_1    176, 14
#define NV_TIC_NORMALIZED       191, 1
#define NV_TIC_MIP_LOD_BIAS     198, 13
#define NV_TIC_VIEW_MIN_LEVEL   224, 4
#define NV_TIC_VIEW_MAX_LEVEL   228, 4
#define NV_TIC_SAMPLES          232, 4
#define NV_TIC_MIN_LOD_CLAMP    236, 12

enum nv_tic_version {
   NV_TIC_BUFFER = 0,
   NV_TIC_PITCH_COLOR_KEY = 1,
   NV_TIC_PITCH = 2,
   NV_TIC_BLOCK_LINEAR = 3,
   NV_TIC_BLOCK_LINEAR_COLOR_KEY = 4,
};

#define NV_TIC_PITCH_ALIGN_B  32
#define NV_TIC_TILED_ALIGN_B  512
#define NV_TIC_BORDER_SAMPLER 7 /* NV_TIC_BORDER_SIZE: TSC's colour */

/* Named from the most significant bit down within a word, so that R is in the
 * lowest bits; from the lowest address up if several words have names. */
enum nv_tic_components {
   NV_TIC_R32_G32_B32_A32 = 0x01,
   NV_TIC_R32_G32_B32 = 0x02,
   NV_TIC_R16_G16_B16_A16 = 0x03,
   NV_TIC_R32_G32 = 0x04,
   NV_TIC_R32_B24G8 = 0x05,
   NV_TIC_X8B8G8R8 = 0x07,
   NV_TIC_A8B8G8R8 = 0x08,
   NV_TIC_A2B10G10R10 = 0x09,
   NV_TIC_R16_G16 = 0x0c,
   NV_TIC_G8R24 = 0x0d,
   NV_TIC_G24R8 = 0x0e,
   NV_TIC_R32 = 0x0f,
   NV_TIC_BC6H_SF16 = 0x10,
   NV_TIC_BC6H_UF16 = 0x11,
   NV_TIC_A4B4G4R4 = 0x12,
   NV_TIC_A5B5G5R1 = 0x13,
   NV_TIC_A1B5G5R5 = 0x14,
   NV_TIC_B5G6R5 = 0x15,
   NV_TIC_B6G5R5 = 0x16,
   NV_TIC_BC7U = 0x17,
   NV_TIC_G8R8 = 0x18,
   NV_TIC_R16 = 0x1b,
   NV_TIC_R8 = 0x1d,
   NV_TIC_G4R4 = 0x1e,
   NV_TIC_E5B9G9R9 = 0x20,
   NV_TIC_BF10GF11RF11 = 0x21,
   NV_TIC_G8B8G8R8 = 0x22,
   NV_TIC_B8G8R8G8 = 0x23,
   NV_TIC_DXT1 = 0x24,
   NV_TIC_DXT23 = 0x25,
   NV_TIC_DXT45 = 0x26,
   NV_TIC_DXN1 = 0x27,
   NV_TIC_DXN2 = 0x28,
   NV_TIC_Z24S8 = 0x29,
   NV_TIC_X8Z24 = 0x2a,
   NV_TIC_S8Z24 = 0x2b,
   NV_TIC_ZF32 = 0x2f,
   NV_TIC_ZF32_X24S8 = 0x30,
   NV_TIC_Z16 = 0x3a,
};

enum nv_tic_type {
   NV_TIC_SNORM = 1,
   NV_TIC_UNORM = 2,
   NV_TIC_SINT = 3,
   NV_TIC_UINT = 4,
   NV_TIC_SNORM_FP16 = 5,
   NV_TIC_UNORM_FP16 = 6,
   NV_TIC_FLOAT = 7,
};

enum nv_tic_source {
   NV_TIC_ZERO = 0,
   NV_TIC_IN_R = 2,
   NV_TIC_IN_G = 3,
   NV_TIC_IN_B = 4,
   NV_TIC_IN_A = 5,
   NV_TIC_ONE_INT = 6,
   NV_TIC_ONE_FLOAT = 7,
};

enum nv_tic_texture_type {
   NV_TIC_1D = 0,
   NV_TIC_2D = 1,
   NV_TIC_3D = 2,
   NV_TIC_CUBE = 3,
   NV_TIC_1D_ARRAY = 4,
   NV_TIC_2D_ARRAY = 5,
   NV_TIC_1D_BUFFER = 6,
   NV_TIC_2D_NO_MIPMAP = 7,
   NV_TIC_CUBE_ARRAY = 8,
};

enum nv_tic_samples {
   NV_TIC_1X1 = 0,
   NV_TIC_2X1 = 1,
   NV_TIC_2X2 = 2,
   NV_TIC_4X2 = 3,
   NV_TIC_4X2_D3D = 4,
   NV_TIC_2X1_D3D = 5,
   NV_TIC_4X4 = 6,
};

/* ---- sampler ---- */

#define NV_TSC_ADDRESS(i)     3 * (i), 3 /* U, V, P */
#define NV_TSC_COMPARE        9, 1
#define NV_TSC_COMPARE_FUNC   10, 3
#define NV_TSC_SRGB           13, 1
#define NV_TSC_MAX_ANISOTROPY 20, 3
#define NV_TSC_MAG_FILTER     32, 3
#define NV_TSC_MIN_FILTER     36, 2
#define NV_TSC_MIP_FILTER     38, 2
#define NV_TSC_CUBE_FILTER    40, 2
#define NV_TSC_REDUCTION      42, 2
#define NV_TSC_LOD_BIAS       44, 13 /* signed, 8 bits of fraction */
#define NV_TSC_UNNORMALIZED   57, 1
#define NV_TSC_MIN_LOD        64, 12 /* 8 bits of fraction */
#define NV_TSC_MAX_LOD        76, 12
#define NV_TSC_SRGB_BORDER_R  88, 8
#define NV_TSC_SRGB_BORDER_G  108, 8
#define NV_TSC_SRGB_BORDER_B  116, 8
#define NV_TSC_BORDER(i)      128 + 32 * (i), 32

enum nv_tsc_address {
   NV_TSC_WRAP = 0,
   NV_TSC_MIRROR = 1,
   NV_TSC_CLAMP_TO_EDGE = 2,
   NV_TSC_CLAMP_TO_BORDER = 3,
   NV_TSC_CLAMP_OGL = 4,
   NV_TSC_MIRROR_ONCE_EDGE = 5,
   NV_TSC_MIRROR_ONCE_BORDER = 6,
   NV_TSC_MIRROR_ONCE_OGL = 7,
};

enum nv_tsc_compare {
   NV_TSC_NEVER,
   NV_TSC_LESS,
   NV_TSC_EQUAL,
   NV_TSC_LEQUAL,
   NV_TSC_GREATER,
   NV_TSC_NOTEQUAL,
   NV_TSC_GEQUAL,
   NV_TSC_ALWAYS,
};

enum nv_tsc_filter {
   NV_TSC_POINT = 1,
   NV_TSC_LINEAR = 2,
   NV_TSC_ANISO = 3, /* min filter */
};

enum nv_tsc_mip {
   NV_TSC_MIP_NONE = 1,
   NV_TSC_MIP_POINT = 2,
   NV_TSC_MIP_LINEAR = 3,
};

enum nv_tsc_cube {
   NV_TSC_CUBE_USE_WRAP = 0,
   NV_TSC_CUBE_OVERRIDE_WRAP = 1,
   NV_TSC_CUBE_SPAN_SEAM = 2,
   NV_TSC_CUBE_CROSS_SEAM = 3,
};

enum nv_tsc_reduction {
   NV_TSC_REDUCE_NONE = 0,
   NV_TSC_REDUCE_MIN = 1,
   NV_TSC_REDUCE_MAX = 2,
};

#endif
