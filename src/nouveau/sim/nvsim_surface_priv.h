/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Surfaces of colors, as clears and 2D copies see them: pitch or block linear,
 * in a format of the render targets. */
#ifndef NVSIM_SURFACE_PRIV_H
#define NVSIM_SURFACE_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "nouveau/sim/tex/nvsim_layout.h"

struct nvsim_channel;

/* ---- formats (nvsim_color.c) ---- */

enum nvsim_color_kind {
   NVSIM_COLOR_UNORM,
   NVSIM_COLOR_SRGB,
   NVSIM_COLOR_SNORM,
   NVSIM_COLOR_INT,
   NVSIM_COLOR_FLOAT,
   NVSIM_COLOR_UFLOAT, /* no sign, as f16 with fewer bits of mantissa */
};

struct nvsim_color_field {
   uint8_t from, bits;
};

#define NVSIM_COLOR_MAX_B 16

struct nvsim_color {
   uint8_t id, size_B; /* NV_3D_FORMAT_*; a power of two */
   enum nvsim_color_kind kind;
   struct nvsim_color_field field[4]; /* red, green, blue, alpha */
};

/* NULL: none that we know. */
const struct nvsim_color *nvsim_color_find(uint32_t id);
/* Words: floats, or integers of 32 bits, as the kind is. The bits of `mask` are
 * those that the selected components have. */
void nvsim_color_encode(const struct nvsim_color *f, const uint32_t words[4],
                        unsigned components, uint8_t *element, uint8_t *mask);
void nvsim_color_decode(const struct nvsim_color *f, const uint8_t *element,
                        uint32_t words[4]);

/* ---- surfaces (nvsim_surface.c) ---- */

struct nvsim_surface {
   const struct nvsim_color *format;
   uint64_t gpu_va;
   uint32_t width, height; /* elements */
   bool pitch;
   uint32_t pitch_B;
   struct nvsim_tiling tiling; /* unless pitch */
   uint32_t z;
};

/* Elements [x, x + n) of row y, to or from `row`. 0, or -1 with the channel's
 * error. */
int nvsim_surface_read(struct nvsim_channel *c, const struct nvsim_surface *s,
                       uint32_t x, uint32_t y, uint32_t n, void *row,
                       const char *what);
int nvsim_surface_write(struct nvsim_channel *c, const struct nvsim_surface *s,
                        uint32_t x, uint32_t y, uint32_t n, const void *row,
                        const char *what);

#endif
