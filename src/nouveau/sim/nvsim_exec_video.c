/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What OpenCL kernels seldom have: video instructions and IMADSP on whole
 * warps, and instructions of graphics, which a compute kernel may not use. */
#include "nvsim_exec_priv.h"

#include "nouveau/isa/sass_sem_video.h"

typedef uint32_t (*lane_fn)(const struct sass_instr *i, uint32_t a, uint32_t b,
                            uint32_t c);

static lane_fn
lane_op(const struct sass_instr *i)
{
   switch (i->op) {
   case SASS_OP_VMAD:
      return sass_vmad;
   case SASS_OP_VSET:
      return sass_vset;
   case SASS_OP_VABSDIFF4:
      return sass_vabsdiff4;
   case SASS_OP_IMADSP:
      return sass_imadsp;
   default:
      return sass_video;
   }
}

static void
exec_abc(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   const uint32_t *c = nvsim_src_c(w, in);
   lane_fn fn = lane_op(&in->i);
   nvsim_row d, cc;
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      d[l] = fn(&in->i, a[l], b[l], c[l]);
      cc[l] = sass_cc_logic(d[l]);
   }
   nvsim_write_row(w->r[in->rd], d, mask);
   if (in->i.cc)
      nvsim_write_row(w->cc, cc, mask);
}

static void
exec_vsetp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   uint32_t t = 0;
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      t |= (uint32_t)sass_video_compare(&in->i, a[l], b[l]) << l;
   nvsim_write_setp(w, in, t, mask);
}

static void
exec_graphics(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_SPH_COMBO, w->active, 0,
                    "instruction of graphics in a compute kernel");
}

nvsim_exec_fn
nvsim_exec_video(const struct sass_instr *i)
{
   switch (i->op) {
   case SASS_OP_IMADSP:
      return i->width_c == 3 ? nvsim_exec_unsupported : exec_abc;
   case SASS_OP_VADD:
   case SASS_OP_VMNMX:
   case SASS_OP_VABSDIFF:
   case SASS_OP_VABSDIFF4:
   case SASS_OP_VSET:
   case SASS_OP_VSHL:
   case SASS_OP_VSHR:
   case SASS_OP_VMAD:
      return exec_abc;
   case SASS_OP_VSETP:
      return exec_vsetp;
   case SASS_OP_VOTE_VTG:
   case SASS_OP_IPA:
   case SASS_OP_AL2P:
   case SASS_OP_ALD:
   case SASS_OP_AST:
   case SASS_OP_ISBERD:
   case SASS_OP_OUT:
   case SASS_OP_PIXLD:
   case SASS_OP_STP:
      return exec_graphics;
   default:
      return NULL;
   }
}
