/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Single precision on whole warps (sass_sem_float.h, sass_sem_mufu.h). Round to
 * nearest goes through vector code, with FTZ and SAT around it; other roundings
 * lane by lane. */
#include "nvsim_exec_priv.h"

#include "nouveau/isa/sass_sem.h"

#define for_lanes(l) for (unsigned l = 0; l < NVSIM_LANES; l++)

static inline void
write_f32(struct nvsim_warp *w, const struct nvsim_instr *in, const uint32_t *d,
          uint32_t mask)
{
   nvsim_write_row(w->r[in->rd], d, mask);
   if (unlikely(in->i.cc)) {
      nvsim_row cc;
      for_lanes(l) cc[l] = sass_cc_f32(d[l]);
      nvsim_write_row(w->cc, cc, mask);
   }
}

/* Source modifiers as two masks. */
static inline void
modify(uint32_t *t, const uint32_t *s, bool neg, bool abs)
{
   uint32_t keep = abs ? 0x7fffffff : ~0u, flip = neg ? 0x80000000 : 0;
   for_lanes(l) t[l] = (s[l] & keep) ^ flip;
}

static inline void
flush(uint32_t *t)
{
   for_lanes(l) t[l] = sass_f32_flush(t[l]);
}

static inline void
saturate(uint32_t *t)
{
   for_lanes(l) t[l] = sass_f32_sat(t[l]);
}

/* What round-to-nearest results still need. */
static inline void
finish(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t *d,
       uint32_t mask)
{
   if (in->i.ftz)
      flush(d);
   if (in->i.sat)
      saturate(d);
   write_f32(w, in, d, mask);
}

static void
exec_fadd(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   nvsim_row a, b, d;
   modify(a, nvsim_src_a(w, in), i->neg_a, i->abs_a);
   modify(b, nvsim_src_b(w, in), i->neg_b, i->abs_b);
   if (i->rnd != SASS_RN) {
      for_lanes(l) d[l] = sass_fadd_full(a[l], b[l], i->ftz, i->rnd, i->sat);
      write_f32(w, in, d, mask);
      return;
   }
   if (i->ftz) {
      flush(a);
      flush(b);
   }
   for_lanes(l) d[l] = sass_fadd(a[l], b[l]);
   finish(w, in, d, mask);
}

/* FMZ is left to the full form. */
static void
exec_fmul(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   nvsim_row a, b, d;
   modify(a, nvsim_src_a(w, in), false, false);
   modify(b, nvsim_src_b(w, in), i->neg_b, false);
   if (i->rnd != SASS_RN || i->fscale || i->ftz == SASS_FMZ) {
      for_lanes(l) d[l] =
         sass_fmul_full(a[l], b[l], i->fscale, i->ftz, i->rnd, i->sat);
      write_f32(w, in, d, mask);
      return;
   }
   if (i->ftz) {
      flush(a);
      flush(b);
   }
   for_lanes(l) d[l] = sass_fmul(a[l], b[l]);
   finish(w, in, d, mask);
}

static void
multiply_add(struct nvsim_warp *w, const struct nvsim_instr *in,
             const uint32_t *src_c, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   nvsim_row a, b, c, d;
   modify(a, nvsim_src_a(w, in), false, false);
   modify(b, nvsim_src_b(w, in), i->neg_b, false);
   modify(c, src_c, i->neg_c, false);
   if (i->rnd != SASS_RN || i->ftz == SASS_FMZ) {
      for_lanes(l) d[l] =
         sass_ffma_full(a[l], b[l], c[l], i->ftz, i->rnd, i->sat);
      write_f32(w, in, d, mask);
      return;
   }
   if (i->ftz) {
      flush(a);
      flush(b);
      flush(c);
   }
   for_lanes(l) d[l] = sass_ffma(a[l], b[l], c[l]);
   finish(w, in, d, mask);
}

static void
exec_ffma(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   multiply_add(w, in, nvsim_src_c(w, in), mask);
}

static void
exec_ffma32i(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   multiply_add(w, in, nvsim_src_d(w, in), mask);
}

static void
exec_fmnmx(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   uint32_t want_min = nvsim_pred(w, in->pc, in->pc_not);
   nvsim_row a, b, d;
   modify(a, nvsim_src_a(w, in), i->neg_a, i->abs_a);
   modify(b, nvsim_src_b(w, in), i->neg_b, i->abs_b);
   enum sass_ftz ftz = i->ftz;
   for_lanes(l) d[l] = sass_fmnmx(a[l], b[l], ftz, want_min >> l & 1);
   write_f32(w, in, d, mask);
}

/* ---- comparisons ---- */

static uint32_t
fcmp(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   const struct sass_instr *i = &in->i;
   nvsim_row a, b, t;
   modify(a, nvsim_src_a(w, in), i->neg_a, i->abs_a);
   modify(b, nvsim_src_b(w, in), i->neg_b, i->abs_b);
   if (i->ftz) {
      flush(a);
      flush(b);
   }
   uint32_t lt = i->cond & 1 ? ~0u : 0, eq = i->cond & 2 ? ~0u : 0,
            gt = i->cond & 4 ? ~0u : 0, un = i->cond & 8 ? ~0u : 0;
   for_lanes(l)
   {
      float x = sass_f32(a[l]), y = sass_f32(b[l]);
      t[l] = ((x < y ? ~0u : 0) & lt) | ((x == y ? ~0u : 0) & eq) |
             ((x > y ? ~0u : 0) & gt) | ((x != x || y != y ? ~0u : 0) & un);
   }
   return nvsim_movemask(t);
}

static void
exec_fsetp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_write_setp(w, in, fcmp(w, in), mask);
}

static void
exec_fset(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t p = nvsim_bool_op(in->i.bool_op, fcmp(w, in),
                              nvsim_pred(w, in->pc, in->pc_not));
   nvsim_row d, cc;
   bool bf = in->i.bf;
   for_lanes(l) d[l] = sass_set_value(p >> l & 1, bf);
   nvsim_write_row(w->r[in->rd], d, mask);
   if (in->i.cc) {
      for_lanes(l) cc[l] = sass_cc_logic(d[l]);
      nvsim_write_row(w->cc, cc, mask);
   }
}

static void
exec_fcmp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in),
                  *c = nvsim_src_c(w, in);
   nvsim_row d;
   for_lanes(l) d[l] = sass_fcmp_full(i->cond, c[l], 0, i->ftz) ? a[l] : b[l];
   nvsim_write_row(w->r[in->rd], d, mask);
}

static void
exec_fchk(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   nvsim_row a, b, t;
   modify(a, nvsim_src_a(w, in), i->neg_a, i->abs_a);
   modify(b, nvsim_src_b(w, in), i->neg_b, i->abs_b);
   for_lanes(l) t[l] = sass_fchk_divide(a[l], b[l]) ? ~0u : 0;
   nvsim_write_pred(w, in->pd, nvsim_movemask(t), mask);
}

/* ---- transcendental ---- */

/* 1/x and 1/sqrt(x) of normal numbers, which is nearly all of them: in doubles,
 * then rounded once, as sass_mufu does. */
static void
mufu_rcp_rsq(uint32_t *d, const uint32_t *a, enum sass_mufu op)
{
   if (op == SASS_MUFU_RCP) {
      for_lanes(l) d[l] = sass_f32_flush(sass_f32_result(
         (float)(1.0 / (double)sass_f32(sass_f32_flush(a[l])))));
   } else {
      for_lanes(l) d[l] = sass_mufu(op, a[l], false);
   }
}

static void
exec_mufu(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   nvsim_row a, d = {0};
   modify(a, nvsim_src_a(w, in), i->neg_a, i->abs_a);
   if (unlikely(nvsim_debug(w->grid->sim, NVSIM_DEBUG_MUFU)))
      nvsim_for_each_lane(l, mask)
         d[l] = sass_mufu_at(i->mufu, a[l], i->sat, sass_mufu_edge(a[l]));
   else if (i->mufu == SASS_MUFU_RCP && !i->sat)
      mufu_rcp_rsq(d, a, i->mufu);
   else
      nvsim_for_each_lane(l, mask)
         d[l] = sass_mufu(i->mufu, a[l], i->sat);
   nvsim_write_row(w->r[in->rd], d, mask);
}

static void
exec_rro(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_row b, d;
   modify(b, nvsim_src_b(w, in), in->i.neg_b, in->i.abs_b);
   for_lanes(l) d[l] = sass_rro(b[l]);
   nvsim_write_row(w->r[in->rd], d, mask);
}

static void
exec_fswzadd(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   nvsim_row d;
   for_lanes(l) d[l] = sass_fswzadd(a[l], b[l], i->swizzle, l, i->ftz, i->rnd);
   nvsim_write_row(w->r[in->rd], d, mask);
}

nvsim_exec_fn
NVSIM_ISA_NAME(nvsim_exec_float_)(const struct sass_instr *i)
{
   static const nvsim_exec_fn table[SASS_OP_COUNT] = {
      [SASS_OP_FADD] = exec_fadd,   [SASS_OP_FADD32I] = exec_fadd,
      [SASS_OP_FMUL] = exec_fmul,   [SASS_OP_FMUL32I] = exec_fmul,
      [SASS_OP_FFMA] = exec_ffma,   [SASS_OP_FFMA32I] = exec_ffma32i,
      [SASS_OP_FMNMX] = exec_fmnmx, [SASS_OP_FSETP] = exec_fsetp,
      [SASS_OP_FSET] = exec_fset,   [SASS_OP_FCMP] = exec_fcmp,
      [SASS_OP_FCHK] = exec_fchk,   [SASS_OP_MUFU] = exec_mufu,
      [SASS_OP_RRO] = exec_rro,     [SASS_OP_FSWZADD] = exec_fswzadd,
   };
   return table[i->op];
}
