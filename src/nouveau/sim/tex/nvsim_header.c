/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Texture headers and samplers: from the words of the pools to what the rest of
 * sim/tex works with. What is not understood is refused here, once. */
#include "nvsim_tex_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- texture headers ---- */

static const char *
decode_format(const uint32_t *h, struct nvsim_tic *t)
{
   t->format = nvsim_format_find(nv_tex_get(h, NV_TIC_COMPONENTS));
   if (!t->format)
      return "texture header: format that the simulator does not know";
   for (unsigned c = 0; c < 4; c++) {
      t->type[c] = nv_tex_get(h, NV_TIC_TYPE(c));
      t->source[c] = nv_tex_get(h, NV_TIC_SOURCE(c));
      if (t->source[c] == 1)
         return "texture header: undefined component source";
      if (t->format->comp[c].bits == 0)
         continue;
      if (t->type[c] == 0 || t->type[c] == NV_TIC_SNORM_FP16 ||
          t->type[c] == NV_TIC_UNORM_FP16)
         return "texture header: component type that the simulator does not "
                "know";
      unsigned bits = t->format->comp[c].bits;
      if (t->type[c] == NV_TIC_FLOAT && bits != 32 && bits != 16 &&
          t->format->id != NV_TIC_BF10GF11RF11 &&
          t->format->id != NV_TIC_E5B9G9R9)
         return "texture header: no floats of this size";
   }
   t->srgb = nv_tex_get(h, NV_TIC_SRGB);
   return NULL;
}

static const char *
decode_samples(const uint32_t *h, bool surface, struct nvsim_tic *t)
{
   static const uint8_t log2[][2] = {
      [NV_TIC_1X1] = {0, 0},     [NV_TIC_2X1] = {1, 0},
      [NV_TIC_2X2] = {1, 1},     [NV_TIC_4X2] = {2, 1},
      [NV_TIC_4X2_D3D] = {2, 1}, [NV_TIC_2X1_D3D] = {1, 0},
   };
   unsigned mode = nv_tex_get(h, NV_TIC_SAMPLES);
   if (mode >= ARRAY_SIZE(log2))
      return "texture header: multisample mode that the simulator does not "
             "know";
   t->ms_x = surface ? 0 : log2[mode][0];
   t->ms_y = surface ? 0 : log2[mode][1];
   t->samples = 1 << (t->ms_x + t->ms_y);
   return NULL;
}

static uint64_t
address(const uint32_t *h, unsigned align_B)
{
   uint64_t va = (uint64_t)nv_tex_get(h, NV_TIC_ADDRESS_HI) << 32 |
                 nv_tex_get(h, NV_TIC_ADDRESS_LO);
   return va & ~(uint64_t)(align_B - 1);
}

static const char *
decode_buffer(const uint32_t *h, struct nvsim_tic *t)
{
   if (t->dim != NV_TIC_1D_BUFFER)
      return "texture header: a buffer of another type";
   if (t->format->block_w > 1)
      return "texture header: a buffer of blocks";
   t->gpu_va = address(h, 1);
   t->width = (nv_tex_get(h, NV_TIC_BUFFER_WIDTH_HI) << 16 |
               nv_tex_get(h, NV_TIC_BUFFER_WIDTH_LO)) +
              1;
   t->height = t->depth = 1;
   t->samples = 1;
   return NULL;
}

static void
decode_size(const uint32_t *h, struct nvsim_tic *t)
{
   t->width = nv_tex_get(h, NV_TIC_WIDTH_MINUS_1) + 1;
   t->height = (nv_tex_get(h, NV_TIC_HEIGHT_BIT16) << 16 |
                nv_tex_get(h, NV_TIC_HEIGHT_MINUS_1)) +
               1;
   t->depth = nv_tex_get(h, NV_TIC_DEPTH_MINUS_1) + 1;
   t->normalized = nv_tex_get(h, NV_TIC_NORMALIZED);
}

static const char *
decode_pitch(const uint32_t *h, struct nvsim_tic *t)
{
   if (t->dim != NV_TIC_2D_NO_MIPMAP && t->dim != NV_TIC_2D)
      return "texture header: pitch-linear, but not 2D";
   if (nv_tex_get(h, NV_TIC_MAX_MIP_LEVEL) || t->samples > 1 ||
       t->format->kind == NVSIM_FORMAT_COMPRESSED)
      return "texture header: pitch-linear with levels, samples or blocks";
   decode_size(h, t);
   t->gpu_va = address(h, NV_TIC_PITCH_ALIGN_B);
   t->pitch_B = nv_tex_get(h, NV_TIC_PITCH_HI16) << 5 |
                nv_tex_get(h, NV_TIC_PITCH_BIT21) << 21;
   return NULL;
}

/* Levels follow each other; blocks shrink with them. */
static void
lay_out_levels(const uint32_t *h, struct nvsim_tic *t)
{
   const struct nvsim_format *f = t->format;
   struct nvsim_tiling tiling = {.bw = nv_tex_get(h, NV_TIC_BLOCK_WIDTH),
                                 .bh = nv_tex_get(h, NV_TIC_BLOCK_HEIGHT),
                                 .bd = nv_tex_get(h, NV_TIC_BLOCK_DEPTH)};
   uint64_t total_B = 0;
   for (unsigned l = 0; l <= t->last_level; l++) {
      tiling.width_B =
         DIV_ROUND_UP(nvsim_tic_extent(t, l, 0) << t->ms_x, f->block_w) *
         f->block_B;
      tiling.height =
         DIV_ROUND_UP(nvsim_tic_extent(t, l, 1) << t->ms_y, f->block_h);
      tiling.depth = nvsim_tic_extent(t, l, 2);
      if (l)
         nvsim_tiling_shrink(&tiling);
      t->level[l].offset_B = total_B;
      t->level[l].tiling = tiling;
      total_B += nvsim_tiling_size_B(&tiling);
   }
   t->layer_B = util_align(total_B, nvsim_tiling_block_B(&t->level[0].tiling));
}

static const char *
decode_tiled(const uint32_t *h, struct nvsim_tic *t)
{
   decode_size(h, t);
   t->depth += nv_tex_get(h, NV_TIC_DEPTH_BIT14) << 14;
   t->gpu_va = address(h, NV_TIC_TILED_ALIGN_B);
   t->last_level = nv_tex_get(h, NV_TIC_MAX_MIP_LEVEL);
   t->view_first = nv_tex_get(h, NV_TIC_VIEW_MIN_LEVEL);
   t->view_last = nv_tex_get(h, NV_TIC_VIEW_MAX_LEVEL);
   if (t->dim == NV_TIC_1D_BUFFER)
      return "texture header: a block-linear buffer";
   if (t->dim == NV_TIC_2D_NO_MIPMAP && t->last_level)
      return "texture header: levels in a texture without";
   if (t->dim == NV_TIC_1D || t->dim == NV_TIC_1D_ARRAY)
      t->height = 1;
   if (nv_tex_get(h, NV_TIC_BLOCK_WIDTH) ||
       nv_tex_get(h, NV_TIC_BLOCK_HEIGHT) > NVSIM_BLOCK_LOG2 ||
       nv_tex_get(h, NV_TIC_BLOCK_DEPTH) > NVSIM_BLOCK_LOG2 ||
       nv_tex_get(h, NV_TIC_TILE_WIDTH) || nv_tex_get(h, NV_TIC_GOB3D) ||
       nv_tex_get(h, NV_TIC_GOB_DEPTH_OFFSET))
      return "texture header: blocks that the simulator does not know";
   if (nvsim_tic_is_cube(t) && t->width != t->height)
      return "texture header: a cube that is not one";
   if (t->view_first > t->view_last || t->view_last > t->last_level)
      return "texture header: the view's levels are not the texture's";
   if (t->samples > 1 && t->last_level)
      return "texture header: levels with samples";
   lay_out_levels(h, t);
   return NULL;
}

const char *
nvsim_tic_decode(const uint32_t *h, bool surface, struct nvsim_tic *t)
{
   memset(t, 0, sizeof(*t));
   t->version = nv_tex_get(h, NV_TIC_VERSION);
   t->dim = nv_tex_get(h, NV_TIC_TEXTURE_TYPE);
   if (t->dim > NV_TIC_CUBE_ARRAY)
      return "texture header: undefined texture type";
   const char *why = decode_format(h, t);
   if (!why && t->version == NV_TIC_BUFFER)
      return decode_buffer(h, t);
   if (!why)
      why = decode_samples(h, surface, t);
   if (!why && nv_tex_get(h, NV_TIC_BORDER_SIZE) != NV_TIC_BORDER_SAMPLER)
      why = "texture header: borders in memory";
   if (!why && (nv_tex_get(h, NV_TIC_MIN_LOD_CLAMP) ||
                nv_tex_get(h, NV_TIC_MIP_LOD_BIAS)))
      why = "texture header: lod bias or clamp of its own";
   if (why)
      return why;
   if (t->version == NV_TIC_PITCH)
      return decode_pitch(h, t);
   if (t->version == NV_TIC_BLOCK_LINEAR)
      return decode_tiled(h, t);
   return "texture header: version that the simulator does not know";
}

/* ---- samplers ---- */

static float
fixed8(const uint32_t *s, unsigned first, unsigned width)
{
   return nv_tex_get(s, first, width) / 256.0f;
}

void
nvsim_tsc_decode(const uint32_t *s, struct nvsim_tsc *t)
{
   static const uint8_t aniso[] = {1, 2, 4, 6, 8, 10, 12, 16};
   memset(t, 0, sizeof(*t));
   for (unsigned i = 0; i < 3; i++)
      t->address[i] = nv_tex_get(s, NV_TSC_ADDRESS(i));
   t->compare = nv_tex_get(s, NV_TSC_COMPARE);
   t->compare_func = nv_tex_get(s, NV_TSC_COMPARE_FUNC);
   t->srgb = nv_tex_get(s, NV_TSC_SRGB);
   t->max_aniso = aniso[nv_tex_get(s, NV_TSC_MAX_ANISOTROPY)];
   t->mag = nv_tex_get(s, NV_TSC_MAG_FILTER);
   t->min = nv_tex_get(s, NV_TSC_MIN_FILTER);
   t->mip = nv_tex_get(s, NV_TSC_MIP_FILTER);
   t->cube = nv_tex_get(s, NV_TSC_CUBE_FILTER);
   t->reduction = nv_tex_get(s, NV_TSC_REDUCTION);
   t->unnormalized = nv_tex_get(s, NV_TSC_UNNORMALIZED);
   t->lod_bias =
      (int32_t)(nv_tex_get(s, NV_TSC_LOD_BIAS) << 19) / (float)(1 << 27);
   t->min_lod = fixed8(s, NV_TSC_MIN_LOD);
   t->max_lod = fixed8(s, NV_TSC_MAX_LOD);
   for (unsigned c = 0; c < 4; c++)
      t->border[c] = t->srgb_border[c] = nv_tex_get(s, NV_TSC_BORDER(c));
   const uint32_t srgb[] = {nv_tex_get(s, NV_TSC_SRGB_BORDER_R),
                            nv_tex_get(s, NV_TSC_SRGB_BORDER_G),
                            nv_tex_get(s, NV_TSC_SRGB_BORDER_B)};
   for (unsigned c = 0; c < 3; c++) {
      float v = nvsim_srgb_to_linear(srgb[c] / 255.0f);
      memcpy(&t->srgb_border[c], &v, 4);
   }
}

const char *
nvsim_tsc_check(const struct nvsim_tsc *t)
{
   if ((t->mag != NV_TSC_POINT && t->mag != NV_TSC_LINEAR) ||
       t->min < NV_TSC_POINT || t->mip < NV_TSC_MIP_NONE)
      return "sampler: undefined filter";
   if (t->reduction > NV_TSC_REDUCE_MAX)
      return "sampler: undefined reduction";
   return NULL;
}

/* ---- what a launch has named ---- */

#define ENTRIES 64 /* more than the lanes of a warp */

struct entry {
   uint32_t index;
   bool valid, surface;
   uint64_t used; /* by which instruction */
};

/* Which headers or samplers are decoded, and where they come from. */
struct entries {
   struct entry at[ENTRIES];
   unsigned next;
};

struct pool {
   uint64_t va;
   uint32_t last; /* index */
   const char *past_end;
};

struct nvsim_tex_cache {
   uint64_t launch, instructions;
   struct entries tic_at, tsc_at;
   struct nvsim_tic tic[ENTRIES];
   struct nvsim_tsc tsc[ENTRIES];
};

void
nvsim_tex_cache_destroy(struct nvsim_tex_cache *cache)
{
   util_svc_free(cache);
}

void
nvsim_tex_cache_begin(struct nvsim_warp *w)
{
   struct nvsim_tex_cache *c = w->worker->tex;
   if (!c) {
      c = w->worker->tex = util_svc_calloc(1, sizeof(*c));
      if (!c)
         abort();
   }
   if (c->launch != w->grid->serial) {
      memset(&c->tic_at, 0, sizeof(c->tic_at));
      memset(&c->tsc_at, 0, sizeof(c->tsc_at));
      c->launch = w->grid->serial;
   }
   c->instructions++;
}

/* The entry of `index`, or one to fill, in which case its `valid` is false. */
static unsigned
find(struct nvsim_tex_cache *c, struct entries *e, uint32_t index, bool surface)
{
   for (unsigned i = 0; i < ENTRIES; i++) {
      struct entry *at = &e->at[i];
      if (at->valid && at->index == index && at->surface == surface) {
         at->used = c->instructions;
         return i;
      }
   }
   /* Not one that another lane of this instruction has. */
   do
      e->next = (e->next + 1) % ENTRIES;
   while (e->at[e->next].valid && e->at[e->next].used == c->instructions);
   e->at[e->next] = (struct entry){index, false, surface, c->instructions};
   return e->next;
}

/* Likewise; for one to fill its words are read. */
static unsigned
find_or_read(struct nvsim_warp *w, uint32_t lanes, struct entries *e,
             const struct pool *pool, uint32_t index, bool surface,
             uint32_t words[NV_TEX_ENTRY_DW])
{
   unsigned i = find(w->worker->tex, e, index, surface);
   if (e->at[i].valid)
      return i;
   if (index > pool->last)
      nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_PARAM, lanes, index,
                       pool->past_end);
   nvsim_warp_read(w, pool->va + (uint64_t)index * NV_TEX_ENTRY_B, words,
                   NV_TEX_ENTRY_B);
   return i;
}

const struct nvsim_tic *
nvsim_tic_get(struct nvsim_warp *w, uint32_t lanes, uint32_t index,
              bool surface)
{
   struct nvsim_tex_cache *c = w->worker->tex;
   const struct pool pool = {w->grid->tex.tic_va, w->grid->tex.tic_last,
                             "texture header index past the end of the pool"};
   uint32_t words[NV_TEX_ENTRY_DW];
   unsigned i =
      find_or_read(w, lanes, &c->tic_at, &pool, index, surface, words);
   if (c->tic_at.at[i].valid)
      return &c->tic[i];
   const char *why = nvsim_tic_decode(words, surface, &c->tic[i]);
   if (why)
      nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_PARAM, lanes,
                       pool.va + (uint64_t)index * NV_TEX_ENTRY_B, why);
   c->tic_at.at[i].valid = true;
   return &c->tic[i];
}

const struct nvsim_tsc *
nvsim_tsc_get(struct nvsim_warp *w, uint32_t lanes, uint32_t index)
{
   struct nvsim_tex_cache *c = w->worker->tex;
   const struct pool pool = {w->grid->tex.tsc_va, w->grid->tex.tsc_last,
                             "sampler index past the end of the pool"};
   uint32_t words[NV_TEX_ENTRY_DW];
   unsigned i = find_or_read(w, lanes, &c->tsc_at, &pool, index, false, words);
   if (!c->tsc_at.at[i].valid)
      nvsim_tsc_decode(words, &c->tsc[i]);
   c->tsc_at.at[i].valid = true;
   return &c->tsc[i];
}

uint32_t
nvsim_tex_bound_handle(struct nvsim_warp *w, unsigned slot)
{
   uint32_t handle;
   memcpy(&handle, nvsim_const(w, w->grid->tex.cb_slot, slot * 4, 4), 4);
   return handle;
}
