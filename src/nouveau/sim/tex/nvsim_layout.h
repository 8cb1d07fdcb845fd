/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Block-linear surfaces: where a byte of an image lies (Maxwell and Pascal).
 *
 * A GOB is 64 bytes by 8 rows, 512 bytes, in sectors of 16 bytes by 2 rows. A
 * block is 1 << bw by 1 << bh by 1 << bd GOBs (x, then y, then z); blocks are
 * laid out likewise over the surface, whose edges are filled up to whole
 * blocks. Mip levels follow each other, with blocks that shrink with the level;
 * an array's layers each have all levels.
 *
 * Units: x in bytes, y in rows (of elements or compressed blocks), z in slices.
 * Offsets are relative to the surface's first byte. Pure functions.
 * Source: clc0b5.h, clc097tex.h; the order within a GOB: Tegra X1 TRM, 16Bx2. */
#ifndef NVSIM_LAYOUT_H
#define NVSIM_LAYOUT_H

#include <stdint.h>

#define NVSIM_GOB_B      512u
#define NVSIM_GOB_W_B    64u
#define NVSIM_GOB_H      8u
#define NVSIM_GOB_RUN_B  16u /* bytes of a row that lie together */
#define NVSIM_BLOCK_LOG2 5   /* largest block: 32 GOBs each way */

struct nvsim_tiling {
   uint32_t width_B, height, depth;
   uint8_t bw, bh, bd; /* log2 of GOBs a block */
};

uint64_t nvsim_tiling_offset(const struct nvsim_tiling *t, uint64_t x_B,
                             uint32_t y, uint32_t z);
/* With the fill at the edges. */
uint64_t nvsim_tiling_size_B(const struct nvsim_tiling *t);
/* Of a block. */
uint64_t nvsim_tiling_block_B(const struct nvsim_tiling *t);
/* The blocks that a smaller mip level has: no larger than it needs. */
void nvsim_tiling_shrink(struct nvsim_tiling *t);

#endif
