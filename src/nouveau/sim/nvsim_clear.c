/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* CLEAR_SURFACE of a color target, with which Mesa fills buffers (pitch,
 * mesa.md §1.11) and images (block linear), and of the depth and stencil
 * target. */
#include "nvsim_priv.h"
#include "nvsim_surface_priv.h"

#include <string.h>

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_class_3d.h"

#define PIECE_B 4096

/* One element, repeated. Zero bits of `mask` keep what is there. */
struct pattern {
   uint8_t value[PIECE_B], mask[PIECE_B];
   bool whole; /* no such bits */
};

struct rect {
   uint32_t x0, y0, x1, y1;
};

static void
intersect(struct rect *r, uint32_t horizontal, uint32_t vertical)
{
   r->x0 = MAX2(r->x0, horizontal & 0xffff);
   r->x1 = MIN2(r->x1, horizontal >> 16);
   r->y0 = MAX2(r->y0, vertical & 0xffff);
   r->y1 = MIN2(r->y1, vertical >> 16);
}

static struct rect
clear_rect(const uint32_t *state, const struct nvsim_surface *s)
{
   uint32_t h = state[NV_3D_SET_SURFACE_CLIP_HORIZONTAL / 4];
   uint32_t v = state[NV_3D_SET_SURFACE_CLIP_VERTICAL / 4];
   uint32_t control = state[NV_3D_SET_CLEAR_SURFACE_CONTROL / 4];
   struct rect r = {h & 0xffff, v & 0xffff, (h & 0xffff) + (h >> 16),
                    (v & 0xffff) + (v >> 16)};
   if (control & NV_3D_CLEAR_USE_RECT)
      intersect(&r, state[NV_3D_SET_CLEAR_RECT_HORIZONTAL / 4],
                state[NV_3D_SET_CLEAR_RECT_VERTICAL / 4]);
   if ((control & NV_3D_CLEAR_USE_SCISSOR0) &&
       state[NV_3D_SET_SCISSOR_ENABLE(0) / 4] & 1)
      intersect(&r, state[NV_3D_SET_SCISSOR_HORIZONTAL(0) / 4],
                state[NV_3D_SET_SCISSOR_VERTICAL(0) / 4]);
   uint32_t mode = state[NV_3D_SET_ANTI_ALIAS / 4];
   r.x0 <<= NV_3D_SAMPLES_LOG2_X(mode);
   r.y0 <<= NV_3D_SAMPLES_LOG2_Y(mode);
   r.x1 = MIN2(r.x1 << NV_3D_SAMPLES_LOG2_X(mode), s->width);
   r.y1 = MIN2(r.y1 << NV_3D_SAMPLES_LOG2_Y(mode), s->height);
   return r;
}

static void
repeat_element(struct pattern *p, const struct nvsim_color *f)
{
   p->whole = true;
   for (unsigned i = 0; i < f->size_B; i++)
      p->whole &= p->mask[i] == 0xff;
   for (unsigned i = f->size_B; i < PIECE_B; i++) {
      p->value[i] = p->value[i - f->size_B];
      p->mask[i] = p->mask[i - f->size_B];
   }
}

/* At most PIECE_B bytes of a row. */
static int
clear_piece(struct nvsim_channel *c, const struct nvsim_surface *s,
            const struct pattern *p, uint32_t x, uint32_t y, uint32_t n)
{
   static const char what[] = "render target clear";
   if (p->whole)
      return nvsim_surface_write(c, s, x, y, n, p->value, what);
   uint8_t old[PIECE_B];
   if (nvsim_surface_read(c, s, x, y, n, old, what))
      return -1;
   for (uint32_t i = 0; i < n * s->format->size_B; i++)
      old[i] = (old[i] & ~p->mask[i]) | p->value[i];
   return nvsim_surface_write(c, s, x, y, n, old, what);
}

/* NULL, or why not. `memory`: log2 of a block's GOBs. */
static const char *
set_tiling(struct nvsim_surface *s, uint32_t memory)
{
   s->tiling = (struct nvsim_tiling){
      .width_B = s->width * s->format->size_B,
      .height = s->height,
      .depth = s->z + 1,
      .bw = NV_3D_COLOR_TARGET_BLOCK_W(memory),
      .bh = NV_3D_COLOR_TARGET_BLOCK_H(memory),
      .bd = NV_3D_COLOR_TARGET_BLOCK_D(memory),
   };
   if (s->tiling.bw > NVSIM_BLOCK_LOG2 || s->tiling.bh > NVSIM_BLOCK_LOG2 ||
       s->tiling.bd > NVSIM_BLOCK_LOG2)
      return "illegal block size of a render target";
   return NULL;
}

/* ---- color ---- */

/* NULL, or why not. */
static const char *
find_color(struct nvsim_surface *s, const uint32_t *state, unsigned rt,
           uint32_t layer)
{
   uint32_t memory = state[NV_3D_SET_COLOR_TARGET_MEMORY(rt) / 4];
   uint32_t width = state[NV_3D_SET_COLOR_TARGET_WIDTH(rt) / 4];
   *s = (struct nvsim_surface){
      .format =
         nvsim_color_find(state[NV_3D_SET_COLOR_TARGET_FORMAT(rt) / 4] & 0xff),
      .gpu_va = nvsim_state_addr(state, NV_3D_SET_COLOR_TARGET_A(rt)) &
                (NV_MMU_VA_END - 1),
      .height = state[NV_3D_SET_COLOR_TARGET_HEIGHT(rt) / 4] & 0x1ffff,
      .pitch = memory & NV_3D_COLOR_TARGET_PITCH,
      .pitch_B = width,
   };
   if (!s->format)
      return "clear of this format is not supported";
   s->width = s->pitch ? width / s->format->size_B : width & 0xffff;
   layer += state[NV_3D_SET_COLOR_TARGET_LAYER(rt) / 4] & 0xffff;
   if (memory & NV_3D_COLOR_TARGET_IS_3D)
      s->z = layer;
   else
      s->gpu_va += 4ull * layer * state[NV_3D_SET_COLOR_TARGET_STRIDE(rt) / 4];
   if (s->pitch)
      return NULL;
   return set_tiling(s, memory);
}

static int
clear_target(struct nvsim_channel *c, const uint32_t *state,
             const struct nvsim_surface *s, const struct pattern *p)
{
   struct rect r = clear_rect(state, s);
   uint32_t most = PIECE_B / s->format->size_B;
   for (uint32_t y = r.y0; y < r.y1; y++)
      for (uint32_t x = r.x0; x < r.x1; x += most)
         if (clear_piece(c, s, p, x, y, MIN2(most, r.x1 - x)))
            return -1;
   return 0;
}

static int
clear_color(struct nvsim_channel *c, const uint32_t *state, uint32_t data)
{
   uint32_t select = state[NV_3D_SET_CT_SELECT / 4];
   unsigned output = NV_3D_CLEAR_OUTPUT(data);
   if (!NV_3D_CLEAR_COLOR(data) || output >= MIN2(select & 0xf, 8))
      return 0; /* nothing selected */
   unsigned rt = NV_3D_CT_SELECT_TARGET(select, output & 7);
   struct nvsim_surface s;
   if (!state[NV_3D_SET_COLOR_TARGET_FORMAT(rt) / 4])
      return 0; /* disabled */
   const char *why = find_color(&s, state, rt, NV_3D_CLEAR_LAYER(data));
   if (why)
      return nvsim_chan_method_error(c, NV_3D_CLEAR_SURFACE, data, why);
   struct pattern p;
   nvsim_color_encode(s.format, &state[NV_3D_SET_COLOR_CLEAR_VALUE(0) / 4],
                      NV_3D_CLEAR_COLOR(data), p.value, p.mask);
   repeat_element(&p, s.format);
   return clear_target(c, state, &s, &p);
}

/* ---- depth and stencil ---- */

/* field[0] is depth, field[1] stencil. */
static const struct nvsim_color *
zeta_format(uint32_t id)
{
   static const struct nvsim_color formats[] = {
      {NV_3D_ZT_FORMAT_ZF32, 4, NVSIM_COLOR_FLOAT, {{0, 32}}},
      {NV_3D_ZT_FORMAT_Z16, 2, NVSIM_COLOR_UNORM, {{0, 16}}},
      {NV_3D_ZT_FORMAT_Z24S8, 4, NVSIM_COLOR_UNORM, {{8, 24}, {0, 8}}},
      {NV_3D_ZT_FORMAT_X8Z24, 4, NVSIM_COLOR_UNORM, {{0, 24}}},
      {NV_3D_ZT_FORMAT_S8Z24, 4, NVSIM_COLOR_UNORM, {{0, 24}, {24, 8}}},
      {NV_3D_ZT_FORMAT_S8, 1, NVSIM_COLOR_UNORM, {{0, 0}, {0, 8}}},
      {NV_3D_ZT_FORMAT_ZF32_X24S8, 8, NVSIM_COLOR_FLOAT, {{0, 32}, {32, 8}}},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(formats); i++)
      if (formats[i].id == id)
         return &formats[i];
   return NULL;
}

/* NULL, or why not. */
static const char *
find_zeta(struct nvsim_surface *s, const uint32_t *state, uint32_t layer)
{
   *s = (struct nvsim_surface){
      .format = zeta_format(state[NV_3D_SET_ZT_FORMAT / 4] & 0x1f),
      .gpu_va = nvsim_state_addr(state, NV_3D_SET_ZT_A) & (NV_MMU_VA_END - 1),
      .width = state[NV_3D_SET_ZT_SIZE_A / 4] & 0xffff,
      .height = state[NV_3D_SET_ZT_SIZE_B / 4] & 0x1ffff,
   };
   if (!s->format)
      return "clear of this depth format is not supported";
   layer += state[NV_3D_SET_ZT_LAYER / 4] & 0xffff;
   s->gpu_va += 4ull * layer * state[NV_3D_SET_ZT_ARRAY_PITCH / 4];
   return set_tiling(s, state[NV_3D_SET_ZT_BLOCK_SIZE / 4]);
}

static uint64_t
depth_bits(const struct nvsim_color *f, uint32_t word)
{
   float depth;
   memcpy(&depth, &word, sizeof(depth));
   if (f->kind == NVSIM_COLOR_FLOAT)
      return word;
   double most = (double)((1u << f->field[0].bits) - 1);
   return depth > 0 ? (uint64_t)(MIN2((double)depth, 1.0) * most + 0.5) : 0;
}

static int
clear_zeta(struct nvsim_channel *c, const uint32_t *state, uint32_t data)
{
   struct nvsim_surface s;
   if (!(data & (NV_3D_CLEAR_Z | NV_3D_CLEAR_STENCIL)) ||
       !(state[NV_3D_SET_ZT_SELECT / 4] & 1))
      return 0;
   const char *why = find_zeta(&s, state, NV_3D_CLEAR_LAYER(data));
   if (why)
      return nvsim_chan_method_error(c, NV_3D_CLEAR_SURFACE, data, why);
   const struct nvsim_color_field *f = s.format->field;
   uint64_t value = 0, mask = 0;
   if (data & NV_3D_CLEAR_Z && f[0].bits) {
      mask = ((1ull << f[0].bits) - 1) << f[0].from;
      value = depth_bits(s.format, state[NV_3D_SET_Z_CLEAR_VALUE / 4])
              << f[0].from;
   }
   if (data & NV_3D_CLEAR_STENCIL && f[1].bits) {
      uint64_t m = 0xff;
      if (state[NV_3D_SET_CLEAR_SURFACE_CONTROL / 4] &
          NV_3D_CLEAR_USE_STENCIL_MASK)
         m &= state[NV_3D_SET_STENCIL_MASK / 4];
      mask |= m << f[1].from;
      value |= (state[NV_3D_SET_STENCIL_CLEAR_VALUE / 4] & m) << f[1].from;
   }
   struct pattern p;
   memcpy(p.value, &value, sizeof(value));
   memcpy(p.mask, &mask, sizeof(mask));
   repeat_element(&p, s.format);
   return clear_target(c, state, &s, &p);
}

int
nvsim_clear(struct nvsim_channel *c, const uint32_t *state, uint32_t data)
{
   int err = clear_zeta(c, state, data);
   return err ? err : clear_color(c, state, data);
}
