/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Textures and surfaces: the door of sim/tex to the rest of the card
 * (docs/textures.md). Headers and samplers come from the pools in memory when a
 * launch first names them and are kept until it ends; texels are always read
 * from memory. */
#ifndef NVSIM_TEX_H
#define NVSIM_TEX_H

#include <stdint.h>

#include "nouveau/isa/sass.h"

struct nvsim_warp;
struct nvsim_instr;
struct nvsim_tex_cache;

/* What a launch takes from the compute class and the QMD. */
struct nvsim_tex_state {
   uint64_t tic_va, tsc_va;
   uint32_t tic_last, tsc_last; /* highest index */
   uint8_t cb_slot;             /* constant bank of bound handles */
   bool tsc_as_tic;             /* sampler index is the header's */
};

/* TEX .. TMML, SULD, SUST; NULL for others. */
void (*nvsim_exec_tex(const struct sass_instr *i))(struct nvsim_warp *w,
                                                   const struct nvsim_instr *in,
                                                   uint32_t mask);

/* SUATOM: addresses of the texels, 4- or 8-byte aligned. Returns the lanes of
 * `mask` that lie inside of their surface. May leave the instruction. */
uint32_t nvsim_surface_atom_va(struct nvsim_warp *w,
                               const struct nvsim_instr *in, uint32_t mask,
                               uint64_t *va);

/* A worker's. NULL is fine. */
void nvsim_tex_cache_destroy(struct nvsim_tex_cache *cache);

#endif
