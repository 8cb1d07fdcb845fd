/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integer instructions on whole warps. What happens to a lane is written in
 * sass_sem_int.h; here stand the loops, with the common modifiers taken out of
 * them so that the compiler makes vector code. */
#include "nvsim_exec_priv.h"

#include "nouveau/isa/sass_sem_int.h"

#define for_lanes(l) for (unsigned l = 0; l < NVSIM_LANES; l++)

/* An executor of d = expr(a[l], b[l], c[l]) without flags. */
#define EXEC_ABC(name, expr)                                                   \
   static void name(struct nvsim_warp *w, const struct nvsim_instr *in,        \
                    uint32_t mask)                                             \
   {                                                                           \
      const struct sass_instr *i = &in->i;                                     \
      const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);         \
      const uint32_t *c = nvsim_src_c(w, in);                                  \
      nvsim_row d;                                                             \
      for_lanes(l) d[l] = (expr);                                              \
      (void)i, (void)a, (void)b, (void)c;                                      \
      write_result(w, in, d, mask);                                            \
   }

/* .X of ISET belongs to the comparison. */
static inline bool
accumulates_zero(const struct sass_instr *i)
{
   return i->x && i->op != SASS_OP_ISET;
}

/* Result of logic and shifts: Z and S of the value. */
static inline void
write_result(struct nvsim_warp *w, const struct nvsim_instr *in,
             const uint32_t *d, uint32_t mask)
{
   nvsim_write_row(w->r[in->rd], d, mask);
   if (unlikely(in->i.cc)) {
      bool x = accumulates_zero(&in->i);
      nvsim_row cc;
      for_lanes(l) cc[l] = sass_cc_logic_x(d[l], x, (uint8_t)w->cc[l]);
      nvsim_write_row(w->cc, cc, mask);
   }
}

static inline void
write_sum(struct nvsim_warp *w, const struct nvsim_instr *in, const uint32_t *d,
          const uint32_t *cc, uint32_t mask)
{
   nvsim_write_row(w->r[in->rd], d, mask);
   if (in->i.cc)
      nvsim_write_row(w->cc, cc, mask);
}

/* ---- sums ---- */

static void
iadd_sat(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   bool neg_a = i->neg_a, neg_b = i->neg_b, po = i->po, x = i->x;
   nvsim_row d, cc;
   for_lanes(l)
   {
      struct sass_sum s = sass_iadd_full(a[l], b[l], neg_a, neg_b, po, x, true,
                                         (uint8_t)w->cc[l]);
      d[l] = s.r;
      cc[l] = s.cc;
   }
   write_sum(w, in, d, cc, mask);
}

/* sass_add's flags of r = x + y + cin (cin 0..3) in 32 bits: carry and overflow
 * of both steps. */
static inline uint32_t
sum_flags(uint32_t x, uint32_t y, uint32_t r)
{
   uint32_t s = x + y;
   uint32_t carry = (uint32_t)(s < x) + (uint32_t)(r < s);
   uint32_t overflow = (((x ^ s) & (y ^ s)) ^ (~s & r)) >> 31;
   return (r == 0 ? SASS_CC_Z : 0) | r >> 31 << 1 | carry << 2 | overflow << 4;
}

static void
iadd_flags(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   uint32_t na = i->neg_a ? ~0u : 0, nb = i->neg_b ? ~0u : 0;
   uint32_t cin = i->x ? 0 : i->neg_a + i->neg_b + i->po, x_mask = i->x ? 3 : 0;
   nvsim_row d, cc;
   for_lanes(l)
   {
      uint32_t x = a[l] ^ na, y = b[l] ^ nb;
      d[l] = x + y + cin + (w->cc[l] >> 2 & x_mask);
      cc[l] = sum_flags(x, y, d[l]);
   }
   write_sum(w, in, d, cc, mask);
}

static void
exec_iadd(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (in->i.sat)
      iadd_sat(w, in, mask);
   else
      iadd_flags(w, in, mask);
}

static void
exec_iadd3(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in),
                  *c = nvsim_src_c(w, in);
   nvsim_row d, cc;
   for_lanes(l)
   {
      struct sass_sum s = sass_iadd3(
         sass_half_of(a[l], i->half_a), sass_half_of(b[l], i->half_b),
         sass_half_of(c[l], i->half_c), i->neg_a, i->neg_b, i->neg_c,
         i->iadd3_mode, i->x, (uint8_t)w->cc[l]);
      d[l] = s.r;
      cc[l] = s.cc;
   }
   write_sum(w, in, d, cc, mask);
}

static void
write_carry_pred(struct nvsim_warp *w, const struct nvsim_instr *in,
                 const uint32_t *cc, uint32_t mask)
{
   if (in->pd == SASS_PT)
      return;
   nvsim_row t;
   for_lanes(l) t[l] = cc[l] & SASS_CC_C_MASK ? ~0u : 0;
   nvsim_write_pred(w, in->pd, nvsim_movemask(t), mask);
}

/* LEA and ISCADD (sass_lea); LEA's predicate is the carry out. */
static void
exec_lea(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   unsigned shift = i->shift;
   uint32_t na = i->neg_a ? ~0u : 0, nb = i->neg_b ? ~0u : 0;
   uint32_t cin = i->x ? 0 : i->neg_a + i->neg_b + i->po, x_mask = i->x ? 3 : 0;
   nvsim_row d, cc;
   for_lanes(l)
   {
      uint32_t x = (a[l] << shift) ^ na, y = b[l] ^ nb;
      d[l] = x + y + cin + (w->cc[l] >> 2 & x_mask);
      cc[l] = sum_flags(x, y, d[l]);
   }
   write_sum(w, in, d, cc, mask);
   if (i->op == SASS_OP_LEA)
      write_carry_pred(w, in, cc, mask);
}

/* sass_lea_hi; a shift of 0 leaves c alone. */
static void
exec_lea_hi(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in),
                  *c = nvsim_src_c(w, in);
   unsigned shift = i->shift & 31, down = (32 - shift) & 31;
   uint32_t low = shift ? ~0u : 0, na = i->neg_a ? ~0u : 0;
   uint32_t cin = i->x ? 0 : i->neg_a, x_mask = i->x ? 3 : 0;
   nvsim_row d, cc;
   for_lanes(l)
   {
      uint32_t x = (c[l] << shift | (a[l] >> down & low)) ^ na, y = b[l];
      d[l] = x + y + cin + (w->cc[l] >> 2 & x_mask);
      cc[l] = sum_flags(x, y, d[l]);
   }
   write_sum(w, in, d, cc, mask);
   write_carry_pred(w, in, cc, mask);
}

/* ---- products ---- */

static void
exec_xmad(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const struct sass_xmad m = {i->h1_a, i->h1_b, i->signed_a, i->signed_b,
                               i->psl,  i->mrg,  i->x,        i->cmode};
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in),
                  *c = nvsim_src_c(w, in);
   nvsim_row d, cc;
   for_lanes(l)
   {
      struct sass_sum s = sass_xmad(&m, a[l], b[l], c[l], (uint8_t)w->cc[l]);
      d[l] = s.r;
      cc[l] = s.cc;
   }
   write_sum(w, in, d, cc, mask);
}

EXEC_ABC(exec_imul, sass_imul(a[l], b[l], i->signed_a, i->signed_b, i->hi))

static void
imad(struct nvsim_warp *w, const struct nvsim_instr *in, const uint32_t *c,
     uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   nvsim_row d, cc;
   for_lanes(l)
   {
      uint32_t p = sass_imul(a[l], b[l], i->signed_a, i->signed_b, i->hi);
      struct sass_sum s = sass_imad(p, c[l], i->neg_b, i->neg_c, i->x, i->sat,
                                    (uint8_t)w->cc[l]);
      d[l] = s.r;
      cc[l] = s.cc;
   }
   write_sum(w, in, d, cc, mask);
}

static void
exec_imad(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   imad(w, in, nvsim_src_c(w, in), mask);
}

static void
exec_imad32i(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   imad(w, in, nvsim_src_d(w, in), mask);
}

EXEC_ABC(exec_idp,
         sass_idp(a[l], b[l], c[l], i->dp2a, i->hi, i->signed_a, i->signed_b))

/* ---- comparisons ---- */

/* Bit l: the comparison holds in lane l. */
static inline uint32_t
icmp_mask(enum sass_cond cond, bool is_signed, const uint32_t *a,
          const uint32_t *b)
{
   nvsim_row t;
   uint32_t flip = is_signed ? 0x80000000 : 0;
   uint32_t lt = cond & 1 ? ~0u : 0, eq = cond & 2 ? ~0u : 0,
            gt = cond & 4 ? ~0u : 0;
   for_lanes(l)
   {
      uint32_t x = a[l] ^ flip, y = b[l] ^ flip;
      t[l] = ((x < y ? ~0u : 0) & lt) | ((x == y ? ~0u : 0) & eq) |
             ((x > y ? ~0u : 0) & gt);
   }
   return nvsim_movemask(t);
}

static uint32_t
icmp(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   if (likely(!i->x))
      return icmp_mask(i->cond, i->is_signed, a, b);
   uint32_t m = 0;
   for_lanes(l) m |=
      (uint32_t)sass_icmp_x(i->cond, i->is_signed, a[l], b[l], (uint8_t)w->cc[l])
      << l;
   return m;
}

static void
exec_isetp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_write_setp(w, in, icmp(w, in), mask);
}

static void
exec_iset(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t p = nvsim_bool_op(in->i.bool_op, icmp(w, in),
                              nvsim_pred(w, in->pc, in->pc_not));
   uint32_t one = in->i.bf ? 0x3f800000 : ~0u;
   nvsim_row d;
   nvsim_expand(d, p);
   for_lanes(l) d[l] &= one;
   write_result(w, in, d, mask);
}

EXEC_ABC(exec_icmp, sass_icmp(i->cond, i->is_signed, c[l], 0) ? a[l] : b[l])

static void
exec_imnmx(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   uint32_t flip = in->i.is_signed ? 0x80000000 : 0;
   nvsim_row d, want_min;
   nvsim_expand(want_min, nvsim_pred(w, in->pc, in->pc_not));
   for_lanes(l)
   {
      uint32_t a_first = (a[l] ^ flip) < (b[l] ^ flip) ? ~0u : 0;
      uint32_t take_b = a_first ^ want_min[l];
      d[l] = (a[l] & ~take_b) | (b[l] & take_b);
   }
   write_result(w, in, d, mask);
}

static void
exec_imnmx_wide(struct nvsim_warp *w, const struct nvsim_instr *in,
                uint32_t mask)
{
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   nvsim_row d, cc, want_min;
   nvsim_expand(want_min, nvsim_pred(w, in->pc, in->pc_not));
   for_lanes(l)
   {
      struct sass_sum s =
         sass_imnmx_wide(a[l], b[l], in->i.is_signed, want_min[l] != 0,
                         in->i.mnmx_mode, (uint8_t)w->cc[l]);
      d[l] = s.r;
      cc[l] = s.cc;
   }
   write_sum(w, in, d, cc, mask);
}

static void
exec_sel(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   nvsim_row d, p;
   nvsim_expand(p, nvsim_pred(w, in->pc, in->pc_not));
   for_lanes(l) d[l] = (a[l] & p[l]) | (b[l] & ~p[l]);
   nvsim_write_row(w->r[in->rd], d, mask);
}

/* ---- shifts, fields, bits ---- */

EXEC_ABC(exec_shl, sass_shl(a[l], b[l], i->w))
EXEC_ABC(exec_shr, sass_shr(a[l], b[l], i->is_signed, i->w, i->brev))
EXEC_ABC(exec_shf_l, sass_shf_l(a[l], b[l], c[l], i->shf_type, i->w))
EXEC_ABC(exec_shf_r, sass_shf_r(a[l], b[l], c[l], i->shf_type, i->w, i->hi))
EXEC_ABC(exec_bfe, sass_bfe(a[l], b[l], i->is_signed, i->brev))
EXEC_ABC(exec_bfi, sass_bfi(a[l], b[l], c[l]))
EXEC_ABC(exec_popc, sass_popc(b[l], i->not_b))
EXEC_ABC(exec_flo, sass_flo(b[l], i->is_signed, i->sh, i->not_b))
EXEC_ABC(exec_prmt, sass_prmt(a[l], b[l], c[l], i->prmt_mode))

/* Before the condition code is written: .X reads it. */
static void
write_pmode(struct nvsim_warp *w, const struct nvsim_instr *in,
            const uint32_t *d, uint32_t mask)
{
   if (in->i.pmode == SASS_PMODE_NONE)
      return;
   nvsim_row p;
   enum sass_pmode mode = in->i.pmode;
   bool x = in->i.x;
   for_lanes(l) p[l] =
      sass_pmode_value(mode, sass_zero_x(d[l], x, (uint8_t)w->cc[l])) ? ~0u : 0;
   nvsim_write_pred(w, in->pd, nvsim_movemask(p), mask);
}

static void
exec_lop(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const struct sass_instr *i = &in->i;
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   uint32_t na = i->not_a ? ~0u : 0, nb = i->not_b ? ~0u : 0;
   enum sass_lop op = i->lop;
   nvsim_row d;
   for_lanes(l) d[l] = sass_lop(op, a[l] ^ na, b[l] ^ nb);
   write_pmode(w, in, d, mask);
   write_result(w, in, d, mask);
}

/* The table's rows as masks: eight terms, each on or off. */
static void
exec_lop3(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in),
                  *c = nvsim_src_c(w, in);
   uint32_t t[8];
   for (unsigned n = 0; n < 8; n++)
      t[n] = in->i.lut >> n & 1 ? ~0u : 0;
   nvsim_row d;
   for_lanes(l)
   {
      uint32_t x = a[l], y = b[l], z = c[l];
      uint32_t y0 = (~z & t[0]) | (z & t[1]), y1 = (~z & t[2]) | (z & t[3]);
      uint32_t y2 = (~z & t[4]) | (z & t[5]), y3 = (~z & t[6]) | (z & t[7]);
      uint32_t x0 = (~y & y0) | (y & y1), x1 = (~y & y2) | (y & y3);
      d[l] = (~x & x0) | (x & x1);
   }
   write_pmode(w, in, d, mask);
   write_result(w, in, d, mask);
}

/* lane_mask: lanes of each quad. */
static void
exec_mov(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_write_row(w->r[in->rd], nvsim_src_b(w, in),
                   mask & (0x11111111u * (in->i.lane_mask & 0xf)));
}

nvsim_exec_fn
NVSIM_ISA_NAME(nvsim_exec_int_)(const struct sass_instr *i)
{
   static const nvsim_exec_fn table[SASS_OP_COUNT] = {
      [SASS_OP_IADD] = exec_iadd,     [SASS_OP_IADD32I] = exec_iadd,
      [SASS_OP_IADD3] = exec_iadd3,   [SASS_OP_ISCADD] = exec_lea,
      [SASS_OP_ISCADD32I] = exec_lea, [SASS_OP_LEA] = exec_lea,
      [SASS_OP_LEA_HI] = exec_lea_hi, [SASS_OP_XMAD] = exec_xmad,
      [SASS_OP_IMUL] = exec_imul,     [SASS_OP_IMUL32I] = exec_imul,
      [SASS_OP_IMAD] = exec_imad,     [SASS_OP_IMAD32I] = exec_imad32i,
      [SASS_OP_IMNMX] = exec_imnmx,   [SASS_OP_ISETP] = exec_isetp,
      [SASS_OP_ISET] = exec_iset,     [SASS_OP_ICMP] = exec_icmp,
      [SASS_OP_SHL] = exec_shl,       [SASS_OP_SHR] = exec_shr,
      [SASS_OP_SHF_L] = exec_shf_l,   [SASS_OP_SHF_R] = exec_shf_r,
      [SASS_OP_BFE] = exec_bfe,       [SASS_OP_BFI] = exec_bfi,
      [SASS_OP_LOP] = exec_lop,       [SASS_OP_LOP32I] = exec_lop,
      [SASS_OP_LOP3] = exec_lop3,     [SASS_OP_POPC] = exec_popc,
      [SASS_OP_FLO] = exec_flo,       [SASS_OP_PRMT] = exec_prmt,
      [SASS_OP_SEL] = exec_sel,       [SASS_OP_IDP] = exec_idp,
      [SASS_OP_MOV] = exec_mov,       [SASS_OP_MOV32I] = exec_mov,
   };
   if (i->op == SASS_OP_IMNMX && i->mnmx_mode != SASS_MNMX_NONE)
      return exec_imnmx_wide;
   return table[i->op];
}
