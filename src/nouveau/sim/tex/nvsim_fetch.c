/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One texel of memory. */
#include "nvsim_tex_priv.h"

#include <string.h>

/* ---- reads of an instruction ---- */

void
nvsim_tex_io_begin(struct nvsim_tex_io *io, struct nvsim_warp *w)
{
   io->w = w;
   io->faults = 0;
   w->mem_access = NV_FAULT_ACCESS_READ;
   w->mem_client = NV_FAULT_CLIENT_GPC_T1_0;
   w->mem_mask = 0;
   w->mem_lane = 0;
   nvsim_section_begin(w->worker);
}

void
nvsim_tex_io_end(struct nvsim_tex_io *io)
{
   if (unlikely(io->faults))
      nvsim_warp_fault(io->w, io->faults, NV_FAULT_CLIENT_GPC_T1_0);
   nvsim_section_end(io->w->worker);
}

/* A page is asked for once. */
static void
note_fault(struct nvsim_tex_io *io, uint64_t va)
{
   struct nvsim_mem_fault *f = io->w->park.faults;
   for (unsigned i = 0; i < io->faults; i++)
      if (f[i].gpu_va / NVSIM_PAGE_B == va / NVSIM_PAGE_B)
         return;
   if (io->faults < NVSIM_PARK_PAGES)
      io->faults++;
}

/* Within a page. */
static void
read_piece(struct nvsim_tex_io *io, uint64_t va, uint8_t *dst, unsigned size_B)
{
   struct nvsim_warp *w = io->w;
   struct nvsim_mem_fault f;
   const uint8_t *p = nvsim_tlb_lookup(w->worker, va, NV_FAULT_ACCESS_READ, &f);
   if (unlikely(!p)) {
      unsigned n = io->faults;
      note_fault(io, va);
      if (io->faults > n)
         w->park.faults[n] = f;
      memset(dst, 0, size_B);
      return;
   }
   w->mem_va = va;
   w->worker->guard.armed = 1;
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   memcpy(dst, p, size_B);
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   w->worker->guard.armed = 0;
}

static void
read_element(struct nvsim_tex_io *io, uint64_t va, uint8_t *dst,
             unsigned size_B)
{
   unsigned rest = NVSIM_PAGE_B - va % NVSIM_PAGE_B;
   if (likely(size_B <= rest)) {
      read_piece(io, va, dst, size_B);
      return;
   }
   read_piece(io, va, dst, rest);
   read_piece(io, va + rest, dst + rest, size_B - rest);
}

/* ---- texels ---- */

/* Where the samples of a texel lie: the first in its upper left corner. */
static void
place_sample(const struct nvsim_tic *t, unsigned sample, uint32_t *x,
             uint32_t *y)
{
   static const uint8_t at[8][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 1},
                                    {2, 0}, {3, 0}, {2, 1}, {3, 1}};
   *x = (*x << t->ms_x) + at[sample][0];
   *y = (*y << t->ms_y) + at[sample][1];
}

uint64_t
nvsim_texel_va(const struct nvsim_tic *t, const struct nvsim_texel_at *at)
{
   const struct nvsim_format *f = t->format;
   uint32_t x = at->x, y = at->y;
   if (t->samples > 1)
      place_sample(t, at->sample, &x, &y);
   uint64_t x_B = (uint64_t)(x / f->block_w) * f->block_B;
   y /= f->block_h;
   if (t->version == NV_TIC_BUFFER)
      return t->gpu_va + x_B;
   if (t->version == NV_TIC_PITCH)
      return t->gpu_va + (uint64_t)y * t->pitch_B + x_B;
   return t->gpu_va + at->layer * t->layer_B + t->level[at->level].offset_B +
          nvsim_tiling_offset(&t->level[at->level].tiling, x_B, y, at->z);
}

struct nvsim_texel
nvsim_texel_swizzle(const struct nvsim_tic *t, const struct nvsim_texel *rgba)
{
   static const float one = 1;
   struct nvsim_texel out;
   for (unsigned c = 0; c < 4; c++) {
      unsigned s = t->source[c];
      if (s >= NV_TIC_IN_R && s <= NV_TIC_IN_A)
         out.v[c] = rgba->v[s - NV_TIC_IN_R];
      else if (s == NV_TIC_ONE_FLOAT)
         memcpy(&out.v[c], &one, 4);
      else
         out.v[c] = s == NV_TIC_ONE_INT;
   }
   return out;
}

struct nvsim_texel
nvsim_texel_fetch(struct nvsim_tex_io *io, const struct nvsim_tic *t, bool srgb,
                  const struct nvsim_texel_at *at)
{
   const struct nvsim_format *f = t->format;
   uint8_t element[NVSIM_ELEMENT_MAX_B];
   read_element(io, nvsim_texel_va(t, at), element, f->block_B);
   struct nvsim_texel rgba = nvsim_format_read(
      f, t->type, element, at->x % f->block_w, at->y % f->block_h);
   for (unsigned c = 0; srgb && t->srgb && c < 3; c++) {
      float v;
      memcpy(&v, &rgba.v[c], 4);
      v = nvsim_srgb_to_linear(v);
      memcpy(&rgba.v[c], &v, 4);
   }
   return nvsim_texel_swizzle(t, &rgba);
}
