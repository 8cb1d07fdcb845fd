/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nvsim_priv.h"
#include "nvsim_surface_priv.h"

/* Bytes that lie together, one after the other. */
static int
access(struct nvsim_channel *c, const struct nvsim_surface *s, uint32_t x,
       uint32_t y, uint32_t n, uint8_t *row, bool write, const char *what)
{
   uint64_t x_B = (uint64_t)x * s->format->size_B;
   uint64_t end_B = x_B + (uint64_t)n * s->format->size_B;
   while (x_B < end_B) {
      uint64_t next_B =
         s->pitch ? end_B : MIN2((x_B | (NVSIM_GOB_RUN_B - 1)) + 1, end_B);
      uint64_t gpu_va =
         s->gpu_va + (s->pitch ? (uint64_t)y * s->pitch_B + x_B
                               : nvsim_tiling_offset(&s->tiling, x_B, y, s->z));
      struct nvsim_mem_fault f;
      int err = write
                   ? nvsim_mem_write(c->worker, gpu_va, row, next_B - x_B, &f)
                   : nvsim_mem_read(c->worker, gpu_va, row, next_B - x_B, &f);
      if (err)
         return nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_FE, what);
      if (nvsim_chan_stopped(c))
         return -1;
      row += next_B - x_B;
      x_B = next_B;
   }
   return 0;
}

int
nvsim_surface_read(struct nvsim_channel *c, const struct nvsim_surface *s,
                   uint32_t x, uint32_t y, uint32_t n, void *row,
                   const char *what)
{
   return access(c, s, x, y, n, row, false, what);
}

int
nvsim_surface_write(struct nvsim_channel *c, const struct nvsim_surface *s,
                    uint32_t x, uint32_t y, uint32_t n, const void *row,
                    const char *what)
{
   return access(c, s, x, y, n, (uint8_t *)row, true, what);
}
