/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nvsim_tex_rig.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define POOL 64 /* entries */

void
tex_rig_bind_pools(struct tex_rig *t)
{
   struct rig *r = &t->r;
   unsigned c = NV_SUBCH_COMPUTE;
   rig_method(r, c, NV_COMPUTE_SET_TEX_HEADER_POOL_A, rig_va(t->tics) >> 32);
   rig_method(r, c, NV_COMPUTE_SET_TEX_HEADER_POOL_B,
              (uint32_t)rig_va(t->tics));
   rig_method(r, c, NV_COMPUTE_SET_TEX_HEADER_POOL_C, POOL - 1);
   rig_method(r, c, NV_COMPUTE_SET_TEX_SAMPLER_POOL_A, rig_va(t->tscs) >> 32);
   rig_method(r, c, NV_COMPUTE_SET_TEX_SAMPLER_POOL_B,
              (uint32_t)rig_va(t->tscs));
   rig_method(r, c, NV_COMPUTE_SET_TEX_SAMPLER_POOL_C, POOL - 1);
}

void
tex_rig_init(struct tex_rig *t)
{
   struct rig *r = &t->r;
   rig_init(r, &(struct rig_config){0});
   t->tics = rig_alloc(r, POOL * NV_TEX_ENTRY_B);
   t->tscs = rig_alloc(r, POOL * NV_TEX_ENTRY_B);
   t->in = rig_alloc(r, TEX_LANES * sizeof(struct tex_in));
   t->out = rig_alloc(r, TEX_LANES * sizeof(struct tex_out));
   tex_rig_bind_pools(t);
}

void
tex_rig_finish(struct tex_rig *t)
{
   rig_finish(&t->r);
}

uint32_t *
tex_rig_tic(struct tex_rig *t, unsigned index)
{
   return (uint32_t *)rig_ptr(&t->r, t->tics) + index * NV_TEX_ENTRY_DW;
}

uint32_t *
tex_rig_tsc(struct tex_rig *t, unsigned index)
{
   return (uint32_t *)rig_ptr(&t->r, t->tscs) + index * NV_TEX_ENTRY_DW;
}

static void
put_size(uint32_t *w, const struct tex_header *h)
{
   uint32_t width = MAX2(h->width, 1u) - 1, height = MAX2(h->height, 1u) - 1;
   if (h->version == NV_TIC_BUFFER) {
      nv_tex_set(w, NV_TIC_BUFFER_WIDTH_HI, width >> 16);
      nv_tex_set(w, NV_TIC_BUFFER_WIDTH_LO, width & 0xffff);
      return;
   }
   nv_tex_set(w, NV_TIC_WIDTH_MINUS_1, width);
   nv_tex_set(w, NV_TIC_HEIGHT_MINUS_1, height);
   nv_tex_set(w, NV_TIC_DEPTH_MINUS_1, MAX2(h->depth, 1u) - 1);
   nv_tex_set(w, NV_TIC_BORDER_SIZE, NV_TIC_BORDER_SAMPLER);
   nv_tex_set(w, NV_TIC_NORMALIZED, h->normalized);
   if (h->version == NV_TIC_PITCH) {
      nv_tex_set(w, NV_TIC_PITCH_HI16, h->pitch_B >> 5);
      return;
   }
   nv_tex_set(w, NV_TIC_BLOCK_HEIGHT, h->bh);
   nv_tex_set(w, NV_TIC_BLOCK_DEPTH, h->bd);
   nv_tex_set(w, NV_TIC_MAX_MIP_LEVEL, h->last_level);
   nv_tex_set(w, NV_TIC_VIEW_MIN_LEVEL, h->view_first);
   nv_tex_set(w, NV_TIC_VIEW_MAX_LEVEL, h->view_last);
}

void
tex_rig_header(struct tex_rig *t, unsigned index, const struct tex_header *h)
{
   uint32_t *w = tex_rig_tic(t, index);
   memset(w, 0, NV_TEX_ENTRY_B);
   nv_tex_set(w, NV_TIC_COMPONENTS, h->components);
   for (unsigned c = 0; c < 4; c++) {
      nv_tex_set(w, NV_TIC_TYPE(c), h->type);
      nv_tex_set(w, NV_TIC_SOURCE(c), NV_TIC_IN_R + c);
   }
   nv_tex_set(w, NV_TIC_ADDRESS_LO, (uint32_t)h->gpu_va);
   nv_tex_set(w, NV_TIC_ADDRESS_HI, h->gpu_va >> 32);
   nv_tex_set(w, NV_TIC_VERSION, h->version);
   nv_tex_set(w, NV_TIC_TEXTURE_TYPE, h->dim);
   nv_tex_set(w, NV_TIC_SRGB, h->srgb);
   put_size(w, h);
}

void
tex_rig_sampler(struct tex_rig *t, unsigned index, unsigned address,
                bool linear, unsigned mip)
{
   uint32_t *w = tex_rig_tsc(t, index);
   memset(w, 0, NV_TEX_ENTRY_B);
   for (unsigned i = 0; i < 3; i++)
      nv_tex_set(w, NV_TSC_ADDRESS(i), address);
   nv_tex_set(w, NV_TSC_SRGB, 1);
   nv_tex_set(w, NV_TSC_MAG_FILTER, linear ? NV_TSC_LINEAR : NV_TSC_POINT);
   nv_tex_set(w, NV_TSC_MIN_FILTER, linear ? NV_TSC_LINEAR : NV_TSC_POINT);
   nv_tex_set(w, NV_TSC_MIP_FILTER, mip);
   nv_tex_set(w, NV_TSC_MAX_LOD, 15 << 8);
}

#define BEFORE                                                                 \
   "S2R R0, SR_TID.X;\n"                                                       \
   "SHL R1, R0, 0x5;\n"                                                        \
   "IADD R2.CC, R1, c[0x0][0x8];\n"                                            \
   "IADD.X R3, RZ, c[0x0][0xc];\n"                                             \
   "LDG.E.128 R4, [R2];\n"                                                     \
   "LDG.E.128 R8, [R2+0x10];\n"                                                \
   "MOV R16, R4;\n"                                                            \
   "MOV R17, R5;\n"                                                            \
   "MOV R12, RZ;\n"                                                            \
   "MOV R13, RZ;\n"                                                            \
   "MOV R14, RZ;\n"                                                            \
   "MOV R15, RZ;\n"
#define AFTER                                                                  \
   "SHL R1, R0, 0x4;\n"                                                        \
   "IADD R2.CC, R1, c[0x0][0x10];\n"                                           \
   "IADD.X R3, RZ, c[0x0][0x14];\n"                                            \
   "STG.E.128 [R2], R12;\n"                                                    \
   "EXIT;\n"

void
tex_rig_launch(struct tex_rig *t, const char *code, uint32_t handle,
               const struct tex_in *in, unsigned n)
{
   char text[2048];
   struct tex_in *to = rig_ptr(&t->r, t->in);
   assert(n <= TEX_LANES);
   for (unsigned i = 0; i < n; i++) {
      to[i] = in[i];
      to[i].handle = handle;
   }
   snprintf(text, sizeof(text), "%s%s;\n%s", BEFORE, code, AFTER);
   struct rig_launch l = {
      .code = text,
      .block = {n},
      .args = {0, 0, (uint32_t)rig_va(t->in), rig_va(t->in) >> 32,
               (uint32_t)rig_va(t->out), rig_va(t->out) >> 32},
   };
   rig_launch(&t->r, &l);
   rig_kick(&t->r);
}

void
tex_rig_results(struct tex_rig *t, unsigned n, struct tex_out *out)
{
   memcpy(out, rig_ptr(&t->r, t->out), n * sizeof(*out));
}

bool
tex_rig_run(struct tex_rig *t, const char *code, uint32_t handle,
            const struct tex_in *in, unsigned n, struct tex_out *out)
{
   tex_rig_launch(t, code, handle, in, n);
   bool ok = rig_wait(&t->r);
   tex_rig_results(t, n, out);
   return ok;
}
