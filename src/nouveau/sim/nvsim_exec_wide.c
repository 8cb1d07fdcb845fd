/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Double, half and conversions on whole warps (sass_sem_double.h, _half.h,
 * _conv.h). */
#include "nvsim_exec_priv.h"

#include "nouveau/isa/sass_sem.h"

#define for_lanes(l) for (unsigned l = 0; l < NVSIM_LANES; l++)

/* ---- double ---- */

static inline void
load_pairs(uint64_t *t, nvsim_rows r, bool neg, bool abs)
{
   uint64_t keep = abs ? INT64_MAX : ~0ull, flip = neg ? 1ull << 63 : 0;
   for_lanes(l) t[l] = (nvsim_pair(r, l) & keep) ^ flip;
}

static inline void
write_pairs(struct nvsim_warp *w, const struct nvsim_instr *in,
            const uint64_t *t, uint32_t mask)
{
   nvsim_row lo, hi;
   for_lanes(l)
   {
      lo[l] = (uint32_t)t[l];
      hi[l] = t[l] >> 32;
   }
   nvsim_write_row(w->r[in->rd], lo, mask);
   nvsim_write_row(w->r[in->rd + 1], hi, mask);
}

static void
write_f64(struct nvsim_warp *w, const struct nvsim_instr *in, const uint64_t *t,
          uint32_t mask)
{
   write_pairs(w, in, t, mask);
   if (unlikely(in->i.cc)) {
      nvsim_row cc;
      for_lanes(l) cc[l] = sass_cc_f64(t[l]);
      nvsim_write_row(w->cc, cc, mask);
   }
}

static void
exec_dadd(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   uint64_t a[NVSIM_LANES], b[NVSIM_LANES], d[NVSIM_LANES];
   load_pairs(a, nvsim_src_a64(w, in), i->neg_a, i->abs_a);
   load_pairs(b, nvsim_src_b64(w, in), i->neg_b, i->abs_b);
   if (i->rnd == SASS_RN)
      for_lanes(l) d[l] = sass_dadd(a[l], b[l]);
   else
      for_lanes(l) d[l] = sass_dadd_full(a[l], b[l], i->rnd);
   write_f64(w, in, d, mask);
}

static void
exec_dmul(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   uint64_t a[NVSIM_LANES], b[NVSIM_LANES], d[NVSIM_LANES];
   load_pairs(a, nvsim_src_a64(w, in), false, false);
   load_pairs(b, nvsim_src_b64(w, in), i->neg_b, false);
   if (i->rnd == SASS_RN)
      for_lanes(l) d[l] = sass_dmul(a[l], b[l]);
   else
      for_lanes(l) d[l] = sass_dmul_full(a[l], b[l], i->rnd);
   write_f64(w, in, d, mask);
}

static void
exec_dfma(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   uint64_t a[NVSIM_LANES], b[NVSIM_LANES], c[NVSIM_LANES], d[NVSIM_LANES];
   load_pairs(a, nvsim_src_a64(w, in), false, false);
   load_pairs(b, nvsim_src_b64(w, in), i->neg_b, false);
   load_pairs(c, nvsim_src_c64(w, in), i->neg_c, false);
   if (i->rnd == SASS_RN)
      for_lanes(l) d[l] = sass_dfma(a[l], b[l], c[l]);
   else
      for_lanes(l) d[l] = sass_dfma_full(a[l], b[l], c[l], i->rnd);
   write_f64(w, in, d, mask);
}

static void
exec_dmnmx(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   uint32_t want_min = nvsim_pred(w, in->pc, in->pc_not);
   uint64_t a[NVSIM_LANES], b[NVSIM_LANES], d[NVSIM_LANES];
   load_pairs(a, nvsim_src_a64(w, in), i->neg_a, i->abs_a);
   load_pairs(b, nvsim_src_b64(w, in), i->neg_b, i->abs_b);
   for_lanes(l) d[l] = sass_dmnmx(a[l], b[l], want_min >> l & 1);
   write_f64(w, in, d, mask);
}

static uint32_t
dcmp(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   const struct sass_instr *i = &in->i;
   uint64_t a[NVSIM_LANES], b[NVSIM_LANES];
   nvsim_row t;
   load_pairs(a, nvsim_src_a64(w, in), i->neg_a, i->abs_a);
   load_pairs(b, nvsim_src_b64(w, in), i->neg_b, i->abs_b);
   for_lanes(l) t[l] = sass_dcmp(i->cond, a[l], b[l]) ? ~0u : 0;
   return nvsim_movemask(t);
}

static void
exec_dsetp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_write_setp(w, in, dcmp(w, in), mask);
}

static void
write_set(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t p,
          uint32_t mask)
{
   nvsim_row d, cc;
   for_lanes(l)
   {
      d[l] = sass_set_value(p >> l & 1, in->i.bf);
      cc[l] = sass_cc_logic(d[l]);
   }
   nvsim_write_row(w->r[in->rd], d, mask);
   if (in->i.cc)
      nvsim_write_row(w->cc, cc, mask);
}

static void
exec_dset(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t pc = nvsim_pred(w, in->pc, in->pc_not);
   write_set(w, in, nvsim_bool_op(in->i.bool_op, dcmp(w, in), pc), mask);
}

/* ---- half ---- */

struct half_rows {
   const uint32_t *a, *b, *c, *old;
};

static struct half_rows
half_sources(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   return (struct half_rows){nvsim_src_a(w, in), nvsim_src_b(w, in),
                             nvsim_src_c(w, in), nvsim_src_d(w, in)};
}

static inline struct sass_half2
half_a(const struct sass_instr *i, uint32_t v)
{
   return sass_half_src(v, i->swz_a, i->neg_a, i->abs_a, i->ftz);
}

static inline struct sass_half2
half_b(const struct sass_instr *i, uint32_t v)
{
   return sass_half_src(v, i->swz_b, i->neg_b, i->abs_b, i->ftz);
}

static inline struct sass_half2
half_c(const struct sass_instr *i, uint32_t v)
{
   return sass_half_src(v, i->swz_c, i->neg_c, false, i->ftz);
}

static void
exec_hadd2(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   struct half_rows s = half_sources(w, in);
   nvsim_row d = {0};
   nvsim_for_each_lane(l, mask)
      d[l] = sass_hadd2(half_a(i, s.a[l]), half_b(i, s.b[l]), s.old[l],
                        i->merge, i->ftz, i->sat);
   nvsim_write_row(w->r[in->rd], d, mask);
}

static void
exec_hmul2(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   struct half_rows s = half_sources(w, in);
   nvsim_row d = {0};
   nvsim_for_each_lane(l, mask)
      d[l] = sass_hmul2(half_a(i, s.a[l]), half_b(i, s.b[l]), s.old[l],
                        i->merge, i->ftz, i->sat);
   nvsim_write_row(w->r[in->rd], d, mask);
}

static void
exec_hfma2(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   struct half_rows s = half_sources(w, in);
   const uint32_t *c = i->op == SASS_OP_HFMA2_32I ? s.old : s.c;
   nvsim_row d = {0};
   nvsim_for_each_lane(l, mask)
      d[l] = sass_hfma2(half_a(i, s.a[l]), half_b(i, s.b[l]), half_c(i, c[l]),
                        s.old[l], i->merge, i->ftz, i->sat);
   nvsim_write_row(w->r[in->rd], d, mask);
}

static void
exec_hsetp2(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   struct half_rows s = half_sources(w, in);
   uint32_t pc = nvsim_pred(w, in->pc, in->pc_not), p = 0, p2 = 0;
   nvsim_for_each_lane(l, mask) {
      bool r, r2;
      sass_hsetp2(i->cond, half_a(i, s.a[l]), half_b(i, s.b[l]), i->bool_op,
                  pc >> l & 1, i->h_and, &r, &r2);
      p |= (uint32_t)r << l;
      p2 |= (uint32_t)r2 << l;
   }
   nvsim_write_pred(w, in->pd, p, mask);
   nvsim_write_pred(w, in->pd2, p2, mask);
}

static void
exec_hset2(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   struct half_rows s = half_sources(w, in);
   uint32_t pc = nvsim_pred(w, in->pc, in->pc_not);
   nvsim_row d = {0};
   nvsim_for_each_lane(l, mask)
      d[l] = sass_hset2(i->cond, half_a(i, s.a[l]), half_b(i, s.b[l]),
                        i->bool_op, pc >> l & 1, i->bf);
   nvsim_write_row(w->r[in->rd], d, mask);
}

/* ---- conversions ---- */

/* Operand B as 64 bits; narrow integers and floats in the low word. */
static void
conv_source(struct nvsim_warp *w, const struct nvsim_instr *in, uint64_t *t)
{
   enum sass_type type = in->i.stype;
   if (sass_type_B(type) < 8) {
      const uint32_t *b = nvsim_src_b(w, in);
      for_lanes(l) t[l] = b[l];
   } else if (in->b_src == NVSIM_SRC_IMM && type != SASS_F64) {
      for_lanes(l) t[l] = (uint64_t)(int64_t)in->i.imm;
   } else {
      nvsim_rows b = nvsim_src_b64(w, in);
      for_lanes(l) t[l] = nvsim_pair(b, l);
   }
}

static void
conv_write(struct nvsim_warp *w, const struct nvsim_instr *in,
           const uint64_t *t, uint32_t mask)
{
   enum sass_type type = in->i.dtype;
   bool wide = sass_type_B(type) == 8;
   if (wide) {
      write_pairs(w, in, t, mask);
   } else {
      nvsim_row d;
      for_lanes(l) d[l] = (uint32_t)t[l];
      nvsim_write_row(w->r[in->rd], d, mask);
   }
   if (unlikely(in->i.cc)) {
      nvsim_row cc;
      for_lanes(l) cc[l] = type == SASS_F64   ? sass_cc_f64(t[l])
                           : type == SASS_F32 ? sass_cc_f32((uint32_t)t[l])
                                              : sass_cc_logic((uint32_t)t[l]);
      nvsim_write_row(w->cc, cc, mask);
   }
}

static void
exec_f2f(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   uint64_t s[NVSIM_LANES], d[NVSIM_LANES] = {0};
   conv_source(w, in, s);
   nvsim_for_each_lane(l, mask)
      d[l] = sass_f2f(
         sass_float_src(s[l], i->stype, i->h1_b, i->neg_b, i->abs_b, false),
         i->dtype, i->rnd, i->to_int, i->sat);
   conv_write(w, in, d, mask);
}

static void
exec_f2i(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   uint64_t s[NVSIM_LANES], d[NVSIM_LANES] = {0};
   conv_source(w, in, s);
   nvsim_for_each_lane(l, mask)
      d[l] = sass_f2i(
         sass_float_src(s[l], i->stype, i->h1_b, i->neg_b, i->abs_b, i->ftz),
         i->dtype, i->stype, i->rnd);
   conv_write(w, in, d, mask);
}

static void
exec_i2f(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   uint64_t s[NVSIM_LANES], d[NVSIM_LANES] = {0};
   conv_source(w, in, s);
   nvsim_for_each_lane(l, mask)
      d[l] =
         sass_i2f(sass_int_src(s[l], i->stype, i->byte_sel, i->neg_b, i->abs_b),
                  i->dtype, i->rnd);
   conv_write(w, in, d, mask);
}

static void
exec_i2i(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *b = nvsim_src_b(w, in);
   uint64_t d[NVSIM_LANES];
   for_lanes(l) d[l] = sass_i2i(b[l], i->dtype, i->stype, i->byte_sel, i->neg_b,
                                i->abs_b, i->sat);
   conv_write(w, in, d, mask);
}

nvsim_exec_fn
NVSIM_ISA_NAME(nvsim_exec_wide_)(const struct sass_instr *i)
{
   static const nvsim_exec_fn table[SASS_OP_COUNT] = {
      [SASS_OP_DADD] = exec_dadd,     [SASS_OP_DMUL] = exec_dmul,
      [SASS_OP_DFMA] = exec_dfma,     [SASS_OP_DMNMX] = exec_dmnmx,
      [SASS_OP_DSETP] = exec_dsetp,   [SASS_OP_DSET] = exec_dset,
      [SASS_OP_HADD2] = exec_hadd2,   [SASS_OP_HADD2_32I] = exec_hadd2,
      [SASS_OP_HMUL2] = exec_hmul2,   [SASS_OP_HMUL2_32I] = exec_hmul2,
      [SASS_OP_HFMA2] = exec_hfma2,   [SASS_OP_HFMA2_32I] = exec_hfma2,
      [SASS_OP_HSETP2] = exec_hsetp2, [SASS_OP_HSET2] = exec_hset2,
      [SASS_OP_F2F] = exec_f2f,       [SASS_OP_F2I] = exec_f2i,
      [SASS_OP_I2F] = exec_i2f,       [SASS_OP_I2I] = exec_i2i,
   };
   return table[i->op];
}
