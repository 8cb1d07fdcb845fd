/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/sim/tex/nvsim_layout.h"

#include "util/util_macros.h"

static uint32_t
offset_in_gob(uint32_t x_B, uint32_t y)
{
   return (x_B & 32) << 3 | (y & 6) << 5 | (x_B & 16) << 1 | (y & 1) << 4 |
          (x_B & 15);
}

static uint64_t
blocks(uint64_t n, unsigned log2)
{
   return (n + (1ull << log2) - 1) >> log2;
}

/* log2 of a block's edge: bytes, rows. */
static unsigned
edge_x(const struct nvsim_tiling *t)
{
   return 6 + t->bw;
}

static unsigned
edge_y(const struct nvsim_tiling *t)
{
   return 3 + t->bh;
}

uint64_t
nvsim_tiling_offset(const struct nvsim_tiling *t, uint64_t x_B, uint32_t y,
                    uint32_t z)
{
   uint64_t across = blocks(t->width_B, edge_x(t));
   uint64_t down = blocks(t->height, edge_y(t));
   uint64_t block =
      ((z >> t->bd) * down + (y >> edge_y(t))) * across + (x_B >> edge_x(t));
   uint32_t gx = x_B / NVSIM_GOB_W_B & ((1u << t->bw) - 1);
   uint32_t gy = y / NVSIM_GOB_H & ((1u << t->bh) - 1);
   uint32_t gz = z & ((1u << t->bd) - 1);
   uint32_t gob = (gz << t->bh | gy) << t->bw | gx;
   return ((block << (t->bw + t->bh + t->bd)) + gob) * NVSIM_GOB_B +
          offset_in_gob((uint32_t)x_B, y);
}

uint64_t
nvsim_tiling_block_B(const struct nvsim_tiling *t)
{
   return (uint64_t)NVSIM_GOB_B << (t->bw + t->bh + t->bd);
}

uint64_t
nvsim_tiling_size_B(const struct nvsim_tiling *t)
{
   return blocks(t->width_B, edge_x(t)) * blocks(t->height, edge_y(t)) *
          blocks(t->depth, t->bd) * nvsim_tiling_block_B(t);
}

void
nvsim_tiling_shrink(struct nvsim_tiling *t)
{
   while (t->bw && t->width_B <= NVSIM_GOB_W_B << (t->bw - 1))
      t->bw--;
   while (t->bh && t->height <= NVSIM_GOB_H << (t->bh - 1))
      t->bh--;
   while (t->bd && t->depth <= 1u << (t->bd - 1))
      t->bd--;
}
