/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The 2D class: pixels from memory to memory with another format, layout or
 * size, by which Mesa uploads, reads back and blits images. Raster operations,
 * blending, drawing and pixels from the push buffer are refused.
 *
 * Where a pixel's source lies: SRC_X0 + i * DU_DX, from the corner of pixel i,
 * or half a step further, from its center. So Mesa's resolves, from corners,
 * are the mean of all samples; centers [guess: by their name]. */
#include "nvsim_priv.h"
#include "nvsim_surface_priv.h"

#include <math.h>
#include <string.h>

#include "nouveau/headers/nv_class_3d.h"

static const char what[] = "2D copy";

/* NULL, or why not. `base`: SET_DST_FORMAT or SET_SRC_FORMAT. */
static const char *
find_surface(struct nvsim_surface *s, const uint32_t *state, uint32_t base)
{
   const uint32_t *m = &state[base / 4];
   uint32_t block = m[NV_2D_BLOCK_SIZE / 4];
   *s = (struct nvsim_surface){
      .format = nvsim_color_find(m[0] & 0xff),
      .gpu_va = nvsim_state_addr(state, base + NV_2D_OFFSET_UPPER) &
                (NV_MMU_VA_END - 1),
      .width = MIN2(m[NV_2D_WIDTH / 4], NV_2D_MAX_EDGE),
      .height = MIN2(m[NV_2D_HEIGHT / 4], NV_2D_MAX_EDGE),
      .pitch = m[NV_2D_MEMORY_LAYOUT / 4] & 1,
      .pitch_B = m[NV_2D_PITCH / 4],
      .z = m[NV_2D_LAYER / 4],
   };
   if (!s->format)
      return "2D copy with a format that is not supported";
   if (s->pitch)
      return NULL;
   s->tiling = (struct nvsim_tiling){
      .width_B = s->width * s->format->size_B,
      .height = s->height,
      .depth = m[NV_2D_DEPTH / 4],
      .bh = block >> 4 & 7,
      .bd = block >> 8 & 7,
   };
   if (s->tiling.bh > NVSIM_BLOCK_LOG2 || s->tiling.bd > NVSIM_BLOCK_LOG2)
      return "illegal block size of a 2D surface";
   return NULL;
}

/* 32.32 fixed point. */
static int64_t
fixed(const uint32_t *state, uint32_t method_frac)
{
   return (int64_t)((uint64_t)state[method_frac / 4 + 1] << 32 |
                    state[method_frac / 4]);
}

struct blit {
   struct nvsim_surface src, dst;
   int64_t x0, y0, dx, dy; /* in src */
   bool raw;               /* no conversion */
   bool filter;            /* the mean of four elements, by distance */
};

/* The element at `from` + n * `step`, or the nearest one inside. */
static uint32_t
sample_index(int64_t from, int64_t step, uint32_t n, uint32_t size)
{
   int64_t i = (int64_t)((uint64_t)from + n * (uint64_t)step) >> 32;
   return i < 0 ? 0 : i >= size ? size - 1 : (uint32_t)i;
}

static int
read_element(struct nvsim_channel *c, const struct nvsim_surface *s, uint32_t x,
             uint32_t y, uint32_t words[4])
{
   uint8_t in[NVSIM_COLOR_MAX_B];
   if (nvsim_surface_read(c, s, x, y, 1, in, what))
      return -1;
   nvsim_color_decode(s->format, in, words);
   return 0;
}

/* Weights are exact; how many bits hardware's have is not known [guess]. */
static int
filtered(struct nvsim_channel *c, const struct blit *b, uint32_t i, uint32_t j,
         uint32_t words[4])
{
   static const uint64_t half = 1ull << 31; /* centers lie there */
   static const int64_t one = 1ll << 32;
   int64_t at_x = (int64_t)((uint64_t)b->x0 + i * (uint64_t)b->dx - half);
   int64_t at_y = (int64_t)((uint64_t)b->y0 + j * (uint64_t)b->dy - half);
   double fx = ldexp((uint32_t)at_x, -32), fy = ldexp((uint32_t)at_y, -32);
   double sum[4] = {0};
   for (unsigned k = 0; k < 4; k++) {
      double weight = (k & 1 ? fx : 1 - fx) * (k & 2 ? fy : 1 - fy);
      uint32_t in[4];
      if (weight == 0)
         continue;
      if (read_element(c, &b->src, sample_index(at_x, one, k & 1, b->src.width),
                       sample_index(at_y, one, k >> 1, b->src.height), in))
         return -1;
      for (unsigned n = 0; n < 4; n++) {
         float v;
         memcpy(&v, &in[n], sizeof(v));
         sum[n] += weight * v;
      }
   }
   for (unsigned n = 0; n < 4; n++)
      memcpy(&words[n], &(float){(float)sum[n]}, sizeof(float));
   return 0;
}

static int
blit_element(struct nvsim_channel *c, const struct blit *b, uint32_t x,
             uint32_t y, uint32_t i, uint32_t j)
{
   uint8_t out[NVSIM_COLOR_MAX_B], mask[NVSIM_COLOR_MAX_B];
   uint32_t words[4];
   uint32_t sx = sample_index(b->x0, b->dx, i, b->src.width);
   uint32_t sy = sample_index(b->y0, b->dy, j, b->src.height);
   if (b->raw)
      return nvsim_surface_read(c, &b->src, sx, sy, 1, out, what) ||
                   nvsim_surface_write(c, &b->dst, x, y, 1, out, what)
                ? -1
                : 0;
   if (b->filter ? filtered(c, b, i, j, words)
                 : read_element(c, &b->src, sx, sy, words))
      return -1;
   nvsim_color_encode(b->dst.format, words, 0xf, out, mask);
   return nvsim_surface_write(c, &b->dst, x, y, 1, out, what);
}

static const char *
decode_blit(struct blit *b, const uint32_t *state)
{
   const char *why = find_surface(&b->dst, state, NV_2D_SET_DST_FORMAT);
   if (!why)
      why = find_surface(&b->src, state, NV_2D_SET_SRC_FORMAT);
   if (why)
      return why;
   b->x0 = fixed(state, NV_2D_SRC_X0_FRAC);
   b->y0 = fixed(state, NV_2D_SRC_Y0_FRAC);
   b->dx = fixed(state, NV_2D_DU_DX_FRAC);
   b->dy = fixed(state, NV_2D_DV_DY_FRAC);
   uint32_t mode = state[NV_2D_SAMPLE_MODE / 4];
   bool whole = b->dx == 1ll << 32 && b->dy == 1ll << 32 && !(uint32_t)b->x0 &&
                !(uint32_t)b->y0;
   b->filter = mode & NV_2D_SAMPLE_BILINEAR && !whole;
   b->raw = b->src.format == b->dst.format && !b->filter;
   if (!(mode & NV_2D_SAMPLE_CORNER)) {
      b->x0 = (int64_t)((uint64_t)b->x0 + (uint64_t)(b->dx / 2));
      b->y0 = (int64_t)((uint64_t)b->y0 + (uint64_t)(b->dy / 2));
   }
   if (state[NV_2D_SET_OPERATION / 4] % 8 != NV_2D_OPERATION_SRCCOPY)
      return "only plain 2D copies are simulated";
   if (b->filter && b->src.format->kind == NVSIM_COLOR_INT)
      return "filtered 2D copy of integers";
   if ((b->src.format->kind == NVSIM_COLOR_INT) !=
       (b->dst.format->kind == NVSIM_COLOR_INT))
      return "2D copy between integers and others";
   if (!b->src.width || !b->src.height)
      return "2D copy from a surface of no size";
   return NULL;
}

static int
pixels_from_memory(struct nvsim_channel *c, const uint32_t *state,
                   uint32_t data)
{
   struct blit b;
   const char *why = decode_blit(&b, state);
   if (why)
      return nvsim_chan_method_error(c, NV_2D_PIXELS_FROM_MEMORY, data, why);
   int64_t x0 = (int32_t)state[NV_2D_DST_X0 / 4];
   int64_t y0 = (int32_t)state[NV_2D_DST_Y0 / 4];
   int64_t x1 = MIN2(x0 + state[NV_2D_DST_WIDTH / 4], (int64_t)b.dst.width);
   int64_t y1 = MIN2(y0 + state[NV_2D_DST_HEIGHT / 4], (int64_t)b.dst.height);
   int64_t cx0 = 0, cy0 = 0, cx1 = x1, cy1 = y1;
   if (state[NV_2D_SET_CLIP_ENABLE / 4] & 1) {
      cx0 = state[NV_2D_SET_CLIP_X0 / 4];
      cy0 = state[NV_2D_SET_CLIP_Y0 / 4];
      cx1 = MIN2(x1, cx0 + state[NV_2D_SET_CLIP_WIDTH / 4]);
      cy1 = MIN2(y1, cy0 + state[NV_2D_SET_CLIP_HEIGHT / 4]);
   }
   for (int64_t y = MAX2(y0, cy0); y < cy1; y++)
      for (int64_t x = MAX2(x0, cx0); x < cx1; x++)
         if (blit_element(c, &b, (uint32_t)x, (uint32_t)y, (uint32_t)(x - x0),
                          (uint32_t)(y - y0)))
            return -1;
   return 0;
}

int
nvsim_2d_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                uint32_t data)
{
   if (method == NV_2D_PIXELS_FROM_MEMORY)
      return pixels_from_memory(c, c->state[NVSIM_ENGINE_2D], data);
   if (method == NV_2D_PIXELS_FROM_CPU ||
       (method >= NV_2D_SOLID_PRIM_FIRST && method <= NV_2D_SOLID_PRIM_LAST))
      return nvsim_chan_method_error(c, method, data,
                                     "2D drawing is not simulated");
   return 0;
}
