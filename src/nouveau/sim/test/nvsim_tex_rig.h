/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Textures for tests: header and sampler pools, headers by the class's fields,
 * and one instruction run with arguments for many lanes. */
#ifndef NVSIM_TEX_RIG_H
#define NVSIM_TEX_RIG_H

#include "nvsim_rig.h"

#include "nouveau/headers/nv_tex.h"

#define TEX_LANES 512 /* most of a run */

struct tex_rig {
   struct rig r;
   uint64_t tics, tscs, in, out; /* VRAM */
};

/* R4.. (four registers) and R9..R11: arguments; R8: handle. */
struct tex_in {
   uint32_t a[4];
   uint32_t handle; /* filled in */
   uint32_t b[3];
};
struct tex_out {
   uint32_t v[4]; /* R12.. */
};

void tex_rig_init(struct tex_rig *t);
/* The pools again, after rig_bind. */
void tex_rig_bind_pools(struct tex_rig *t);
void tex_rig_finish(struct tex_rig *t);

uint32_t *tex_rig_tic(struct tex_rig *t, unsigned index); /* words */
uint32_t *tex_rig_tsc(struct tex_rig *t, unsigned index);

struct tex_header {
   unsigned components, type; /* all four */
   enum nv_tic_version version;
   enum nv_tic_texture_type dim;
   uint64_t gpu_va;
   uint32_t width, height, depth, pitch_B;
   unsigned last_level, view_first, view_last, bh, bd;
   bool normalized, srgb;
};
/* Sources R G B A; sizes of 0 are 1. */
void tex_rig_header(struct tex_rig *t, unsigned index,
                    const struct tex_header *h);

/* Linear or point everywhere; wraps as told. */
void tex_rig_sampler(struct tex_rig *t, unsigned index, unsigned address,
                     bool linear, unsigned mip);

/* `code`: one instruction that reads R4.., R8.. and R16.. (a copy of R4) and
 * writes R12... All handles are tsc << 20 | tic. False: an error. */
bool tex_rig_run(struct tex_rig *t, const char *code, uint32_t handle,
                 const struct tex_in *in, unsigned n, struct tex_out *out);

/* The same in two steps: begins and does not wait; takes what is there. */
void tex_rig_launch(struct tex_rig *t, const char *code, uint32_t handle,
                    const struct tex_in *in, unsigned n);
void tex_rig_results(struct tex_rig *t, unsigned n, struct tex_out *out);

static inline uint32_t
tex_bits(float v)
{
   union {
      float f;
      uint32_t u;
   } x = {v};
   return x.u;
}

static inline float
tex_float(uint32_t v)
{
   union {
      uint32_t u;
      float f;
   } x = {v};
   return x.f;
}

#endif
