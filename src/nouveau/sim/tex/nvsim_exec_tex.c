/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Operands and results of the texture instructions (isa.md §2.9). In Ra: array
 * index, coordinates (TXD: handle, coordinates, array index and offsets); in
 * Rb: handle, sample, lod or bias, offsets, depth reference (TXD: d/dx and d/dy
 * of each coordinate). */
#include "nvsim_tex_priv.h"

#include <string.h>

#include "nouveau/isa/sass_sem_half.h"
#include "nouveau/sim/nvsim_exec_priv.h"

#define MAX_ARGS 8

/* The instruction, whatever its form. */
struct shape {
   enum sass_op op;
   unsigned dims; /* coordinates */
   bool array, cube, aoffi, dc, ms, clamp;
   bool bindless, is_short;
   unsigned ptp; /* registers of TLD4's four offsets */
   enum sass_lod lod;
   unsigned component, tmask;
   bool f16;
   const uint32_t *arg[MAX_ARGS]; /* rows in the order of Ra, then Rb */
   unsigned num_args;
};

/* What one lane reads. */
struct lane {
   const struct nvsim_tic *tic;
   const struct nvsim_tsc *tsc;
};

static void __attribute__((noreturn))
refuse(struct nvsim_warp *w, uint32_t lanes, const char *why)
{
   nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_PARAM, lanes, 0, why);
}

/* ---- shape ---- */

static void
set_dim(struct shape *s, enum sass_tex_dim dim)
{
   static const uint8_t dims[] = {1, 2, 3, 3};
   s->dims = dims[dim >> 1];
   s->array = dim & 1;
   s->cube = dim >> 1 == SASS_TEX_CUBE >> 1;
}

static void
add_args(struct shape *s, struct nvsim_warp *w, unsigned row, unsigned n)
{
   for (unsigned k = 0; k < n && s->num_args < MAX_ARGS; k++)
      s->arg[s->num_args++] = w->r[row + k];
}

static void
short_shape(struct nvsim_warp *w, const struct nvsim_instr *in, struct shape *s)
{
   struct sass_texs t;
   if (!sass_texs_decode(&in->i, &t))
      refuse(w, w->active, "undefined mode of a short texture instruction");
   s->is_short = true;
   s->op = in->i.op == SASS_OP_TEXS   ? SASS_OP_TEX
           : in->i.op == SASS_OP_TLDS ? SASS_OP_TLD
                                      : SASS_OP_TLD4;
   set_dim(s, t.dim);
   s->lod = t.lod;
   s->dc = t.dc;
   s->ms = t.ms;
   s->aoffi = t.aoffi;
   s->tmask = t.tmask;
   s->component = t.comp;
   s->f16 = t.f16;
   add_args(s, w, in->ra, t.a_count);
   add_args(s, w, in->rb, t.b_count);
}

static void
long_shape(struct nvsim_warp *w, const struct nvsim_instr *in, struct shape *s)
{
   const struct sass_instr *i = &in->i;
   s->op = i->op;
   set_dim(s, i->tex_dim);
   s->bindless = i->form == SASS_FORM_R;
   s->lod = i->lod;
   s->dc = i->dc;
   s->ms = i->ms;
   s->clamp = i->cl;
   s->aoffi = i->aoffi || i->tld4_off == 1;
   s->ptp = i->tld4_off == 2 ? 2 : 0;
   s->tmask = i->tmask;
   s->component = i->tld4_comp;
   bool txd = i->op == SASS_OP_TXD;
   unsigned in_a = s->dims + s->array;
   if (txd)
      in_a += s->bindless + (s->aoffi && !s->array);
   if (in_a > 4)
      refuse(w, w->active, "texture instruction with too many coordinates");
   add_args(s, w, in->ra, in_a);
   add_args(s, w, in->rb, 4);
}

static void
check_shape(struct nvsim_warp *w, const struct nvsim_instr *in,
            const struct shape *s)
{
   if (s->lod > SASS_LOD_LL)
      refuse(w, w->active, "lod mode that nobody understands");
   if (in->i.tld4_off == 3)
      refuse(w, w->active, "offset mode that nobody understands");
   if (s->op == SASS_OP_TXD && (s->dims > 2 || s->cube))
      refuse(w, w->active, "explicit derivatives of more than two coordinates");
   if (s->op == SASS_OP_TLD4 && s->dims != 2 && !s->cube)
      refuse(w, w->active, "gather of a texture that is not 2D");
   if (s->cube && (s->aoffi || s->ptp || s->op == SASS_OP_TLD))
      refuse(w, w->active, "offsets or integer coordinates in a cube");
}

/* ---- headers ---- */

static bool
dims_agree(const struct shape *s, const struct nvsim_tic *t)
{
   switch (t->dim) {
   case NV_TIC_1D:
   case NV_TIC_1D_ARRAY:
   case NV_TIC_1D_BUFFER:
      return s->dims == 1;
   case NV_TIC_3D:
      return s->dims == 3 && !s->cube;
   case NV_TIC_CUBE:
   case NV_TIC_CUBE_ARRAY:
      return s->cube;
   default:
      return s->dims == 2;
   }
}

static void
check_lane(struct nvsim_warp *w, const struct shape *s, const struct lane *l,
           uint32_t bit)
{
   const struct nvsim_tic *t = l->tic;
   if (!dims_agree(s, t))
      refuse(w, bit, "dimensions of instruction and texture header differ");
   if (s->ms != (t->samples > 1))
      refuse(w, bit, "multisample texture and instruction do not agree");
   if (s->op == SASS_OP_TLD)
      return;
   if (t->version == NV_TIC_BUFFER)
      refuse(w, bit, "a buffer is sampled");
   const char *why = nvsim_tsc_check(l->tsc);
   if (why)
      refuse(w, bit, why);
}

static uint32_t
handle_of(struct nvsim_warp *w, const struct nvsim_instr *in,
          const struct shape *s, unsigned lane)
{
   if (!s->bindless)
      return nvsim_tex_bound_handle(w, in->i.tex_idx);
   unsigned first_b = s->dims + s->array;
   return s->arg[s->op == SASS_OP_TXD ? 0 : first_b][lane];
}

/* What a load takes from a sampler is whether to convert sRGB, and always from
 * the first (Mesa keeps that one alive for it). */
static void
find_headers(struct nvsim_warp *w, const struct nvsim_instr *in,
             const struct shape *s, uint32_t mask,
             struct lane lanes[NVSIM_LANES])
{
   uint32_t last = 0;
   int done = -1;
   nvsim_tex_cache_begin(w);
   nvsim_for_each_lane(l, mask) {
      uint32_t handle = handle_of(w, in, s, l);
      uint32_t bit = 1u << l, tic = NV_TEX_HANDLE_TIC(handle);
      uint32_t tsc = w->grid->tex.tsc_as_tic ? tic : NV_TEX_HANDLE_TSC(handle);
      if (done >= 0 && handle == last) {
         lanes[l] = lanes[done];
         continue;
      }
      lanes[l].tic = nvsim_tic_get(w, bit, tic, false);
      lanes[l].tsc = NULL;
      if (s->op != SASS_OP_TLD)
         lanes[l].tsc = nvsim_tsc_get(w, bit, tsc);
      else if (lanes[l].tic->srgb)
         lanes[l].tsc = nvsim_tsc_get(w, bit, 0);
      check_lane(w, s, &lanes[l], bit);
      last = handle;
      done = l;
   }
}

/* ---- one lane's arguments ---- */

struct cursor {
   const struct shape *s;
   unsigned next, lane;
};

static uint32_t
take(struct cursor *c)
{
   return c->next < c->s->num_args ? c->s->arg[c->next++][c->lane] : 0;
}

static int32_t
sign4(uint32_t v)
{
   return (int32_t)(v << 28) >> 28;
}

/* Four bits a coordinate; TLD4: a byte, of which six bits count. */
static void
take_offsets(struct cursor *c, struct nvsim_sample *out)
{
   const struct shape *s = c->s;
   if (s->op != SASS_OP_TLD4) {
      uint32_t v = take(c);
      for (unsigned a = 0; a < s->dims; a++)
         out->offset[0][a] = sign4(v >> (4 * a));
      out->num_offsets = 1;
      return;
   }
   out->num_offsets = s->ptp ? 4 : 1;
   for (unsigned n = 0; n < out->num_offsets; n += 2) {
      uint32_t v = take(c);
      for (unsigned k = 0; k < 4; k++)
         out->offset[n + k / 2][k % 2] = (int32_t)(v >> (8 * k) << 26) >> 26;
      if (!s->ptp)
         memset(out->offset[1], 0, sizeof(out->offset[1]));
   }
}

static void
take_coords(struct cursor *c, struct nvsim_sample *out)
{
   const struct shape *s = c->s;
   /* Rows of the quad's corner, its right and its lower neighbour. */
   unsigned quad = c->lane & ~3u;
   for (unsigned a = 0; a < s->dims; a++) {
      const uint32_t *row = s->arg[c->next];
      float first = sass_f32(row[quad]);
      out->ddx[a] = sass_f32(row[quad + 1]) - first;
      out->ddy[a] = sass_f32(row[quad + 2]) - first;
      out->texel[a] = (int32_t)row[c->lane];
      out->coord[a] = sass_f32(take(c));
   }
}

static void
take_lod(struct cursor *c, struct nvsim_sample *out)
{
   const struct shape *s = c->s;
   out->implicit = s->lod == SASS_LOD_AUTO || s->lod == SASS_LOD_LB;
   if (s->lod == SASS_LOD_LB || s->lod == SASS_LOD_LL) {
      uint32_t v = take(c);
      out->lod = s->op == SASS_OP_TLD ? (float)(int32_t)v : sass_f32(v);
   }
   if (s->op == SASS_OP_TLD || s->op == SASS_OP_TLD4)
      out->implicit = false;
}

static void
take_txd(struct cursor *c, struct nvsim_sample *out)
{
   const struct shape *s = c->s;
   if (s->bindless)
      take(c);
   take_coords(c, out);
   if (s->array || s->aoffi) {
      uint32_t v = take(c);
      out->layer = v & 0xffff;
      for (unsigned a = 0; s->aoffi && a < s->dims; a++)
         out->offset[0][a] = sign4(v >> (16 + 4 * a));
   }
   for (unsigned a = 0; a < s->dims; a++) {
      out->ddx[a] = sass_f32(take(c));
      out->ddy[a] = sass_f32(take(c));
   }
   out->implicit = true;
}

static struct nvsim_sample
arguments(const struct shape *s, const struct lane *l, unsigned lane)
{
   struct cursor c = {s, 0, lane};
   struct nvsim_sample out = {
      .tic = l->tic,
      .tsc = l->tsc,
      .dims = s->dims,
      .cube = s->cube,
      .component = s->dc ? 0 : s->component,
      .clamp = s->clamp,
      .compare = s->dc && l->tsc && l->tsc->compare,
   };
   if (s->op == SASS_OP_TXD) {
      take_txd(&c, &out);
      return out;
   }
   if (s->array)
      out.layer = take(&c) & 0xffff;
   take_coords(&c, &out);
   if (s->bindless)
      take(&c);
   if (s->ms)
      out.sample = take(&c);
   take_lod(&c, &out);
   if (s->aoffi || s->ptp)
      take_offsets(&c, &out);
   if (s->dc)
      out.ref = sass_f32(take(&c));
   return out;
}

/* ---- results ---- */

/* Components of the mask, packed. */
static unsigned
pack(const struct shape *s, nvsim_row t[4], nvsim_row out[4])
{
   unsigned n = 0;
   for (unsigned c = 0; c < 4; c++)
      if (s->tmask >> c & 1)
         memcpy(out[n++], t[c], sizeof(nvsim_row));
   return n;
}

static void
pack_halves(const struct lane lanes[], uint32_t mask, nvsim_row v[4],
            unsigned n)
{
   nvsim_for_each_lane(l, mask) {
      bool is_int = nvsim_tic_is_int(lanes[l].tic);
      uint32_t h[4] = {0};
      for (unsigned c = 0; c < n; c++)
         h[c] = is_int ? v[c][l] & 0xffff
                       : sass_round_f16(sass_f32(v[c][l]), SASS_RN);
      v[0][l] = h[0] | h[1] << 16;
      v[1][l] = h[2] | h[3] << 16;
   }
}

static unsigned
row_of(uint8_t reg)
{
   return reg == SASS_RZ ? NVSIM_ROW_SINK : NVSIM_ROW_REG + reg;
}

static void
write_result(struct nvsim_warp *w, const struct nvsim_instr *in,
             const struct shape *s, const struct lane lanes[], nvsim_row t[4],
             uint32_t mask)
{
   nvsim_row v[4];
   unsigned n = pack(s, t, v), first = s->is_short ? 2 : 4;
   if (s->f16) {
      pack_halves(lanes, mask, v, n);
      n = DIV_ROUND_UP(n, 2);
      first = 1;
   }
   for (unsigned k = 0; k < n; k++)
      nvsim_write_row(
         w->r[k < first ? in->rd + k : row_of(in->i.rd2) + k - first], v[k],
         mask);
}

/* ---- the instructions ---- */

static struct nvsim_texel
sample_lod(const struct nvsim_sample *s)
{
   float raw, level = nvsim_sample_lod(s, &raw);
   return (struct nvsim_texel){{(uint32_t)(int32_t)rintf(raw * 256),
                                (uint32_t)rintf(level * 256), 0, 0}};
}

static struct nvsim_texel
run_lane(struct nvsim_tex_io *io, enum sass_op op, const struct nvsim_sample *s)
{
   switch (op) {
   case SASS_OP_TLD:
      return nvsim_sample_load(io, s);
   case SASS_OP_TLD4:
      return nvsim_sample_gather(io, s);
   case SASS_OP_TMML:
      return sample_lod(s);
   default:
      return nvsim_sample_filter(io, s);
   }
}

void
nvsim_exec_sample(struct nvsim_warp *w, const struct nvsim_instr *in,
                  uint32_t mask)
{
   struct shape s = {0};
   struct lane lanes[NVSIM_LANES];
   struct nvsim_tex_io io;
   nvsim_row t[4];
   if (!mask)
      return;
   if (in->i.op == SASS_OP_TEXS || in->i.op == SASS_OP_TLDS ||
       in->i.op == SASS_OP_TLD4S)
      short_shape(w, in, &s);
   else
      long_shape(w, in, &s);
   check_shape(w, in, &s);
   find_headers(w, in, &s, mask, lanes);
   nvsim_tex_io_begin(&io, w);
   nvsim_for_each_lane(l, mask) {
      struct nvsim_sample one = arguments(&s, &lanes[l], l);
      struct nvsim_texel v = run_lane(&io, s.op, &one);
      for (unsigned c = 0; c < 4; c++)
         t[c][l] = v.v[c];
   }
   nvsim_tex_io_end(&io);
   write_result(w, in, &s, lanes, t, mask);
}

/* ---- queries ---- */

static struct nvsim_texel
query_size(const struct nvsim_tic *t, uint32_t lod)
{
   uint32_t levels = t->view_last - t->view_first + 1;
   struct nvsim_texel v = {{0, 0, 0, levels}};
   if (lod >= levels)
      return v;
   unsigned level = t->view_first + lod, n = 0;
   v.v[n++] = nvsim_tic_extent(t, level, 0);
   if (t->dim != NV_TIC_1D && t->dim != NV_TIC_1D_ARRAY &&
       t->dim != NV_TIC_1D_BUFFER)
      v.v[n++] = nvsim_tic_extent(t, level, 1);
   if (t->dim == NV_TIC_3D)
      v.v[n++] = nvsim_tic_extent(t, level, 2);
   else if (nvsim_tic_is_array(t))
      v.v[n++] = t->depth;
   return v;
}

/* DIMENSION: width, height, depth or layers, levels. TYPE: samples in z; what
 * its other components hold is not known. */
void
nvsim_exec_txq(struct nvsim_warp *w, const struct nvsim_instr *in,
               uint32_t mask)
{
   struct shape s = {.tmask = in->i.tmask};
   bool bindless = in->i.form == SASS_FORM_R;
   nvsim_row t[4] = {{0}};
   if (!mask)
      return;
   if (in->i.txq != SASS_TXQ_DIMENSION &&
       !(in->i.txq == SASS_TXQ_TYPE && in->i.tmask == 0x4))
      refuse(w, mask, "texture query that nobody understands");
   nvsim_tex_cache_begin(w);
   nvsim_for_each_lane(l, mask) {
      uint32_t handle =
         bindless ? w->r[in->ra][l] : nvsim_tex_bound_handle(w, in->i.tex_idx);
      uint32_t lod = w->r[in->ra + bindless][l];
      const struct nvsim_tic *tic =
         nvsim_tic_get(w, 1u << l, NV_TEX_HANDLE_TIC(handle), false);
      struct nvsim_texel v = query_size(tic, lod);
      if (in->i.txq == SASS_TXQ_TYPE)
         v.v[2] = tic->samples;
      for (unsigned c = 0; c < 4; c++)
         t[c][l] = v.v[c];
   }
   write_result(w, in, &s, NULL, t, mask);
}

nvsim_exec_fn
nvsim_exec_tex(const struct sass_instr *i)
{
   switch (i->op) {
   case SASS_OP_TEX:
   case SASS_OP_TEXS:
   case SASS_OP_TLD:
   case SASS_OP_TLDS:
   case SASS_OP_TLD4:
   case SASS_OP_TLD4S:
   case SASS_OP_TXD:
   case SASS_OP_TMML:
      return nvsim_exec_sample;
   case SASS_OP_TXQ:
      return nvsim_exec_txq;
   case SASS_OP_SULD:
      return nvsim_exec_suld;
   case SASS_OP_SUST:
      return nvsim_exec_sust;
   default:
      return NULL;
   }
}
