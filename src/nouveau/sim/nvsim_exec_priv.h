/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What executors share. An executor handles one op for a whole warp: it takes
 * rows of 32 values and a lane mask. Those that compute are compiled once for
 * each level of the host's vector unit (NVSIM_ISA, see meson.build); the table
 * of the best level is taken at run time. */
#ifndef NVSIM_EXEC_PRIV_H
#define NVSIM_EXEC_PRIV_H

#include "nvsim_sm_priv.h"

#include <string.h>

#include "nouveau/isa/sass_sem_int.h"

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <immintrin.h>
#define NVSIM_AVX512 1
#elif defined(__AVX2__)
#include <immintrin.h>
#define NVSIM_AVX2 1
#elif defined(__SSE2__)
#include <emmintrin.h>
#define NVSIM_SSE2 1
#endif

/* ---- special instructions (nvsim_warp.c) ---- */
void nvsim_exec_decode(struct nvsim_warp *w, const struct nvsim_instr *in,
                       uint32_t mask);
void nvsim_exec_next_page(struct nvsim_warp *w, const struct nvsim_instr *in,
                          uint32_t mask);
void nvsim_exec_illegal(struct nvsim_warp *w, const struct nvsim_instr *in,
                        uint32_t mask);
void nvsim_exec_misaligned_reg(struct nvsim_warp *w,
                               const struct nvsim_instr *in, uint32_t mask);

/* ---- tables: NULL where the file does not have the op ---- */
typedef nvsim_exec_fn (*nvsim_exec_select)(const struct sass_instr *i);
nvsim_exec_fn nvsim_exec_ctrl(const struct sass_instr *i);
nvsim_exec_fn nvsim_exec_misc(const struct sass_instr *i);
nvsim_exec_fn nvsim_exec_video(const struct sass_instr *i);
/* One table a file and level of the vector unit. */
struct nvsim_exec_vector {
   nvsim_exec_select plain, integer, single, wide, memory, atomic;
};
extern const struct nvsim_exec_vector nvsim_exec_base, nvsim_exec_v3,
   nvsim_exec_v4;

#ifdef NVSIM_ISA
#define NVSIM_CAT_(a, b)     a##b
#define NVSIM_CAT(a, b)      NVSIM_CAT_(a, b)
#define NVSIM_ISA_NAME(name) NVSIM_CAT(name, NVSIM_ISA)
nvsim_exec_fn NVSIM_ISA_NAME(nvsim_exec_plain_)(const struct sass_instr *i);
nvsim_exec_fn NVSIM_ISA_NAME(nvsim_exec_int_)(const struct sass_instr *i);
nvsim_exec_fn NVSIM_ISA_NAME(nvsim_exec_float_)(const struct sass_instr *i);
nvsim_exec_fn NVSIM_ISA_NAME(nvsim_exec_wide_)(const struct sass_instr *i);
nvsim_exec_fn NVSIM_ISA_NAME(nvsim_exec_mem_)(const struct sass_instr *i);
nvsim_exec_fn NVSIM_ISA_NAME(nvsim_exec_atom_)(const struct sass_instr *i);
#endif

/* Any special register. */
void nvsim_exec_s2r(struct nvsim_warp *w, const struct nvsim_instr *in,
                    uint32_t mask);
/* What the simulator does not implement. */
void nvsim_exec_unsupported(struct nvsim_warp *w, const struct nvsim_instr *in,
                            uint32_t mask);

/* ---- rows ---- */

typedef uint32_t nvsim_row[NVSIM_LANES];

/* Fills `row` with one value. */
static inline void
nvsim_splat(uint32_t *row, uint32_t v)
{
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      row[l] = v;
}

static inline uint32_t
nvsim_const32(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   uint32_t v;
   memcpy(&v, nvsim_const(w, in->cb_bank, in->cb_off, 4), 4);
   return v;
}

static inline const uint32_t *
nvsim_src_a(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   return w->r[in->ra];
}

static inline const uint32_t *
nvsim_src_b(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   if (likely(in->b_src == NVSIM_SRC_REG))
      return w->r[in->rb];
   nvsim_splat(w->src_b[0],
               in->b_src == NVSIM_SRC_IMM ? in->imm : nvsim_const32(w, in));
   return w->src_b[0];
}

static inline const uint32_t *
nvsim_src_c(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   if (likely(in->c_src == NVSIM_SRC_REG))
      return w->r[in->rc];
   nvsim_splat(w->src_c[0], nvsim_const32(w, in));
   return w->src_c[0];
}

/* 64-bit operands: the pair of rows, or both halves of an immediate or
 * constant. */
static inline void
nvsim_splat64(uint32_t (*rows)[NVSIM_LANES], uint64_t v)
{
   nvsim_splat(rows[0], (uint32_t)v);
   nvsim_splat(rows[1], v >> 32);
}

static inline uint64_t
nvsim_const64(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   uint64_t v;
   memcpy(&v, nvsim_const(w, in->cb_bank, in->cb_off, 8), 8);
   return v;
}

typedef const uint32_t (*nvsim_rows)[NVSIM_LANES];

static inline nvsim_rows
nvsim_src_a64(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   return (nvsim_rows)&w->r[in->ra];
}

/* f64 immediates are the high word. */
static inline nvsim_rows
nvsim_src_b64(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   if (likely(in->b_src == NVSIM_SRC_REG))
      return (nvsim_rows)&w->r[in->rb];
   nvsim_splat64(w->src_b, in->b_src == NVSIM_SRC_IMM ? (uint64_t)in->imm << 32
                                                      : nvsim_const64(w, in));
   return (nvsim_rows)w->src_b;
}

static inline nvsim_rows
nvsim_src_c64(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   if (likely(in->c_src == NVSIM_SRC_REG))
      return (nvsim_rows)&w->r[in->rc];
   nvsim_splat64(w->src_c, nvsim_const64(w, in));
   return (nvsim_rows)w->src_c;
}

static inline uint64_t
nvsim_pair(nvsim_rows r, unsigned l)
{
   return (uint64_t)r[1][l] << 32 | r[0][l];
}

/* Old value of the destination as an operand: RZ reads 0. */
static inline const uint32_t *
nvsim_src_d(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   return w->r[in->rd == NVSIM_ROW_SINK ? NVSIM_ROW_ZERO : in->rd];
}

/* d = mask ? t : d */
static inline void
nvsim_write_row(uint32_t *restrict d, const uint32_t *restrict t, uint32_t mask)
{
   if (likely(mask == NVSIM_ALL)) {
      memcpy(d, t, sizeof(nvsim_row));
      return;
   }
#ifdef NVSIM_AVX512
   /* Whole stores: the host does not forward a masked one to the next load. */
   for (unsigned l = 0; l < NVSIM_LANES; l += 16)
      _mm512_storeu_si512(
         d + l, _mm512_mask_loadu_epi32(_mm512_loadu_si512(d + l),
                                        (__mmask16)(mask >> l), t + l));
#else
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      uint32_t m = -(mask >> l & 1);
      d[l] = (t[l] & m) | (d[l] & ~m);
   }
#endif
}

/* Loop over the lanes, which do not depend on each other although a destination
 * may be one of the sources. */
#ifdef __clang__
#define nvsim_lanes(l)                                                         \
   _Pragma("clang loop vectorize(assume_safety)") for (unsigned l = 0;         \
                                                       l < NVSIM_LANES; l++)
#else
#define nvsim_lanes(l)                                                         \
   _Pragma("GCC ivdep") for (unsigned l = 0; l < NVSIM_LANES; l++)
#endif

/* dst[l] = expr in the lanes of mask; all lanes go straight to the row. */
#define nvsim_set_row(dst, mask, expr)                                         \
   do {                                                                        \
      uint32_t *dst_ = (dst);                                                  \
      if (likely((mask) == NVSIM_ALL)) {                                       \
         nvsim_lanes(l) dst_[l] = (expr);                                      \
      } else {                                                                 \
         nvsim_row t_;                                                         \
         for (unsigned l = 0; l < NVSIM_LANES; l++)                            \
            t_[l] = (expr);                                                    \
         nvsim_write_row(dst_, t_, mask);                                      \
      }                                                                        \
   } while (0)

/* Bit l = (row[l] has its sign bit). Rows of comparisons are 0 or ~0. */
static inline uint32_t
nvsim_movemask(const uint32_t *row)
{
   uint32_t m = 0;
#ifdef NVSIM_AVX512
   m = _mm512_movepi32_mask(_mm512_loadu_si512(row)) |
       (uint32_t)_mm512_movepi32_mask(_mm512_loadu_si512(row + 16)) << 16;
#elif defined(NVSIM_AVX2)
   for (unsigned l = 0; l < NVSIM_LANES; l += 8)
      m |=
         (uint32_t)_mm256_movemask_ps(_mm256_loadu_ps((const float *)(row + l)))
         << l;
#elif defined(NVSIM_SSE2)
   for (unsigned l = 0; l < NVSIM_LANES; l += 4)
      m |= (uint32_t)_mm_movemask_ps(_mm_loadu_ps((const float *)(row + l)))
           << l;
#else
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      m |= (row[l] >> 31) << l;
#endif
   return m;
}

/* row[l] = bit l of mask ? ~0 : 0 */
static inline void
nvsim_expand(uint32_t *row, uint32_t mask)
{
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      row[l] = -(mask >> l & 1);
}

/* ---- predicates ---- */

static inline uint32_t
nvsim_pred(const struct nvsim_warp *w, unsigned p, uint32_t invert)
{
   return w->pred[p] ^ invert;
}

static inline void
nvsim_write_pred(struct nvsim_warp *w, unsigned p, uint32_t value,
                 uint32_t mask)
{
   if (p != SASS_PT)
      w->pred[p] = (w->pred[p] & ~mask) | (value & mask);
}

static inline uint32_t
nvsim_bool_op(enum sass_bool_op op, uint32_t a, uint32_t b)
{
   return op == SASS_AND ? a & b : op == SASS_OR ? a | b : a ^ b;
}

/* SETP family: t = outcome of the comparison (isa.md §3.3). */
static inline void
nvsim_write_setp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t t,
                 uint32_t mask)
{
   uint32_t pc = nvsim_pred(w, in->pc, in->pc_not);
   uint32_t p = nvsim_bool_op(in->i.bool_op, t, pc);
   uint32_t p2 = nvsim_bool_op(in->i.bool_op, ~t, pc);
   nvsim_write_pred(w, in->pd, p, mask);
   nvsim_write_pred(w, in->pd2, p2, mask);
}

/* Lanes whose condition code passes `test` (isa.md §1.5). */
static inline uint32_t
nvsim_cc_test(const struct nvsim_warp *w, enum sass_cond test)
{
   uint32_t m = 0;
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      m |= (uint32_t)sass_cc_test(test, w->cc[l]) << l;
   return m;
}

#endif
