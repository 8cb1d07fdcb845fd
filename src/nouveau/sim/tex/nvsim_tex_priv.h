/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Inside of sim/tex:
 *
 *    nvsim_format.c    elements of memory <-> four values
 *    nvsim_compressed.c  blocks of 4x4
 *    nvsim_header.c    texture headers and samplers, decoded and kept
 *    nvsim_fetch.c     one texel: its address, its bytes, its swizzle
 *    nvsim_sample.c    coordinates, levels, filters
 *    nvsim_exec_tex.c  operands and results of the instructions
 *    nvsim_exec_surf.c SULD, SUST, SUATOM
 */
#ifndef NVSIM_TEX_PRIV_H
#define NVSIM_TEX_PRIV_H

#include "nouveau/headers/nv_tex.h"
#include "nouveau/sim/nvsim_sm_priv.h"
#include "nouveau/sim/tex/nvsim_layout.h"
#include "nouveau/sim/tex/nvsim_tex.h"

/* ---- formats ---- */

enum nvsim_format_kind {
   NVSIM_FORMAT_PLAIN,
   NVSIM_FORMAT_SHARED_EXP, /* E5B9G9R9 */
   NVSIM_FORMAT_SUBSAMPLED, /* two texels share R and B */
   NVSIM_FORMAT_COMPRESSED, /* 4x4 texels */
};

struct nvsim_format {
   enum nv_tic_components id;
   enum nvsim_format_kind kind;
   uint8_t block_B, block_w, block_h;
   struct {
      uint8_t first, bits; /* no bits: there is no such component */
   } comp[4];              /* R, G, B, A; of the second texel if subsampled: A
                              is its G */
};

#define NVSIM_ELEMENT_MAX_B 16

/* R, G, B, A or X, Y, Z, W: bits of a float or an integer, by the type. */
struct nvsim_texel {
   uint32_t v[4];
};

/* NULL: this chip has no such format, or the simulator does not. */
const struct nvsim_format *nvsim_format_find(unsigned components);
/* Texel (x, y) of the element or block at `p`. */
struct nvsim_texel nvsim_format_read(const struct nvsim_format *f,
                                     const uint8_t type[4], const uint8_t *p,
                                     unsigned x, unsigned y);
/* Plain formats: converts and rounds to the nearest, saturating. */
void nvsim_format_write(const struct nvsim_format *f, const uint8_t type[4],
                        const struct nvsim_texel *t, uint8_t *p);
void nvsim_compressed_read(const struct nvsim_format *f, bool is_signed,
                           const uint8_t *p, unsigned x, unsigned y,
                           float out[4]);
float nvsim_srgb_to_linear(float v);
float nvsim_linear_to_srgb(float v);

static inline bool
nvsim_type_is_int(unsigned type)
{
   return type == NV_TIC_SINT || type == NV_TIC_UINT;
}

/* ---- headers ---- */

#define NVSIM_LEVELS 16

struct nvsim_tic {
   const struct nvsim_format *format;
   uint8_t type[4], source[4];
   enum nv_tic_version version;
   enum nv_tic_texture_type dim;
   uint64_t gpu_va;
   uint32_t width, height,
      depth; /* texels of level 0; depth, layers or cubes */
   bool normalized, srgb;
   uint8_t last_level, view_first, view_last;
   uint8_t samples, ms_x, ms_y; /* log2 of a texel's samples each way */
   uint32_t pitch_B;
   uint64_t layer_B;
   struct {
      uint64_t offset_B;
      struct nvsim_tiling tiling;
   } level[NVSIM_LEVELS];
};

struct nvsim_tsc {
   uint8_t address[3];
   bool compare, srgb, unnormalized;
   uint8_t compare_func, mag, min, mip, cube, reduction;
   float max_aniso;
   float lod_bias, min_lod, max_lod;
   uint32_t border[4], srgb_border[4];
};

/* NULL, or what is wrong. `surface`: coordinates count samples as texels. */
const char *nvsim_tic_decode(const uint32_t *words, bool surface,
                             struct nvsim_tic *out);
void nvsim_tsc_decode(const uint32_t *words, struct nvsim_tsc *out);
/* For instructions that filter: NULL, or what is wrong. */
const char *nvsim_tsc_check(const struct nvsim_tsc *t);

/* Of the launch; leaves the instruction if there is no such header. They stay
 * until nvsim_tex_cache_begin. */
void nvsim_tex_cache_begin(struct nvsim_warp *w);
const struct nvsim_tic *nvsim_tic_get(struct nvsim_warp *w, uint32_t lanes,
                                      uint32_t index, bool surface);
const struct nvsim_tsc *nvsim_tsc_get(struct nvsim_warp *w, uint32_t lanes,
                                      uint32_t index);
uint32_t nvsim_tex_bound_handle(struct nvsim_warp *w, unsigned slot);

static inline bool
nvsim_tic_is_array(const struct nvsim_tic *t)
{
   return t->dim == NV_TIC_1D_ARRAY || t->dim == NV_TIC_2D_ARRAY ||
          t->dim == NV_TIC_CUBE_ARRAY;
}

static inline bool
nvsim_tic_is_cube(const struct nvsim_tic *t)
{
   return t->dim == NV_TIC_CUBE || t->dim == NV_TIC_CUBE_ARRAY;
}

static inline bool
nvsim_tic_is_int(const struct nvsim_tic *t)
{
   return nvsim_type_is_int(t->type[0]);
}

/* Size of a level of the resource (not of the view): x, y, z. */
static inline uint32_t
nvsim_tic_extent(const struct nvsim_tic *t, unsigned level, unsigned axis)
{
   if (axis == 0)
      return MAX2(t->width >> level, 1u);
   if (axis == 1)
      return MAX2(t->height >> level, 1u);
   return t->dim == NV_TIC_3D ? MAX2(t->depth >> level, 1u) : 1;
}

/* ---- texels ---- */

/* Reads of one instruction, within a section: faults are collected, so that a
 * replay finds all pages. */
struct nvsim_tex_io {
   struct nvsim_warp *w;
   unsigned faults;
};

void nvsim_tex_io_begin(struct nvsim_tex_io *io, struct nvsim_warp *w);
/* Leaves the instruction if there were faults. */
void nvsim_tex_io_end(struct nvsim_tex_io *io);

/* Place of a texel; all in range. `layer`: of arrays, 6 * cube + face. */
struct nvsim_texel_at {
   uint32_t x, y, z, layer, level, sample;
};

/* Address of its element or block. */
uint64_t nvsim_texel_va(const struct nvsim_tic *t,
                        const struct nvsim_texel_at *at);
/* As the header's swizzle gives it. `srgb`: the sampler converts. */
struct nvsim_texel nvsim_texel_fetch(struct nvsim_tex_io *io,
                                     const struct nvsim_tic *t, bool srgb,
                                     const struct nvsim_texel_at *at);
struct nvsim_texel nvsim_texel_swizzle(const struct nvsim_tic *t,
                                       const struct nvsim_texel *rgba);

/* ---- sampling ---- */

/* What one lane asks for. */
struct nvsim_sample {
   const struct nvsim_tic *tic;
   const struct nvsim_tsc *tsc; /* NULL: TLD */
   unsigned dims;               /* coordinates: 1..3; cube 3 */
   bool cube, compare;
   float coord[3];
   int32_t texel[3]; /* TLD */
   int32_t offset[4][3];
   unsigned num_offsets; /* 0, 1; gathers: 4 */
   uint32_t layer, sample;
   float ref;
   /* Of the quad's neighbours: coordinates' differences. */
   float ddx[3], ddy[3];
   bool implicit; /* lod from the differences */
   float lod;     /* given, or added to the implicit one */
   bool clamp;    /* TLD.CL */
   unsigned component;
};

/* Before bias and clamps, in `raw_out`; returned: with them. */
float nvsim_sample_lod(const struct nvsim_sample *s, float *raw_out);
struct nvsim_texel nvsim_sample_filter(struct nvsim_tex_io *io,
                                       const struct nvsim_sample *s);
struct nvsim_texel nvsim_sample_gather(struct nvsim_tex_io *io,
                                       const struct nvsim_sample *s);
struct nvsim_texel nvsim_sample_load(struct nvsim_tex_io *io,
                                     const struct nvsim_sample *s);

/* ---- instructions ---- */

void nvsim_exec_sample(struct nvsim_warp *w, const struct nvsim_instr *in,
                       uint32_t mask);
void nvsim_exec_txq(struct nvsim_warp *w, const struct nvsim_instr *in,
                    uint32_t mask);
void nvsim_exec_suld(struct nvsim_warp *w, const struct nvsim_instr *in,
                     uint32_t mask);
void nvsim_exec_sust(struct nvsim_warp *w, const struct nvsim_instr *in,
                     uint32_t mask);

#endif
