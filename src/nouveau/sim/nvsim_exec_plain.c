/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The forms that most of a program consists of: no flags, no rounding modes, no
 * saturation. One small function for each way to give operand b, so that the
 * host's compiler keeps everything in registers; what these are is decided when
 * the instruction is decoded. All else is in the other files; the meaning is in
 * sass_sem*.h. */
#include "nvsim_exec_priv.h"

#include "nouveau/isa/sass_sem_float.h"

struct plain {
   nvsim_exec_fn reg, imm, constant;
};

/* name = three executors of rd = expr(a, b); `setup` declares what all lanes
 * share. */
#define PLAIN_AB(name, setup, expr)                                            \
   static void name##_reg(struct nvsim_warp *w, const struct nvsim_instr *in,  \
                          uint32_t mask)                                       \
   {                                                                           \
      const struct sass_instr *i = &in->i;                                     \
      const uint32_t *a_ = w->r[in->ra], *b_ = w->r[in->rb];                   \
      setup;                                                                   \
      (void)i, (void)a_;                                                       \
      nvsim_set_row(w->r[in->rd], mask, ({                                     \
                       uint32_t a = a_[l], b = b_[l];                          \
                       (void)a;                                                \
                       (expr);                                                 \
                    }));                                                       \
   }                                                                           \
   static inline void name##_uniform(struct nvsim_warp *w,                     \
                                     const struct nvsim_instr *in,             \
                                     uint32_t mask, uint32_t b)                \
   {                                                                           \
      const struct sass_instr *i = &in->i;                                     \
      const uint32_t *a_ = w->r[in->ra];                                       \
      setup;                                                                   \
      (void)i, (void)a_;                                                       \
      nvsim_set_row(w->r[in->rd], mask, ({                                     \
                       uint32_t a = a_[l];                                     \
                       (void)a;                                                \
                       (expr);                                                 \
                    }));                                                       \
   }                                                                           \
   static void name##_imm(struct nvsim_warp *w, const struct nvsim_instr *in,  \
                          uint32_t mask)                                       \
   {                                                                           \
      name##_uniform(w, in, mask, in->imm);                                    \
   }                                                                           \
   static void name##_const(struct nvsim_warp *w,                              \
                            const struct nvsim_instr *in, uint32_t mask)       \
   {                                                                           \
      name##_uniform(w, in, mask, nvsim_const32(w, in));                       \
   }                                                                           \
   static const struct plain name = {name##_reg, name##_imm, name##_const}

#define ALL_IF(condition)  ((condition) ? ~0u : 0)
#define SIGN_IF(condition) ((uint32_t)(condition) << 31)
#define KEEP(abs)          ((abs) ? 0x7fffffffu : ~0u)

/* ---- integer ---- */

#define ADD_SETUP                                                              \
   const uint32_t na = ALL_IF(i->neg_a), nb = ALL_IF(i->neg_b);                \
   const uint32_t cin = i->neg_a + i->neg_b + i->po
PLAIN_AB(iadd, ADD_SETUP, (a ^ na) + (b ^ nb) + cin);

#define ADD_X_SETUP                                                            \
   const uint32_t na = ALL_IF(i->neg_a), nb = ALL_IF(i->neg_b);                \
   const uint32_t *cc = w->cc
PLAIN_AB(iadd_x, ADD_X_SETUP, (a ^ na) + (b ^ nb) + (cc[l] >> 2 & 3));

#define ADD3_SETUP                                                             \
   const uint32_t na = ALL_IF(i->neg_a), nb = ALL_IF(i->neg_b),                \
                  nc = ALL_IF(i->neg_c);                                       \
   const uint32_t cin = i->neg_a + i->neg_b + i->neg_c;                        \
   const uint32_t *c = w->r[in->rc]
PLAIN_AB(iadd3, ADD3_SETUP, (a ^ na) + (b ^ nb) + (c[l] ^ nc) + cin);

/* .RS: bits 47:16 of the 33-bit sum of a and b, then c. High products end so. */
static inline uint32_t
sum_rs(uint32_t a, uint32_t b)
{
   uint32_t s = a + b;
   return s >> 16 | (uint32_t)(s < a) << 16;
}
PLAIN_AB(iadd3_rs, const uint32_t *c = w->r[in->rc], sum_rs(a, b) + c[l]);

PLAIN_AB(iscadd, const unsigned n = i->shift, (a << n) + b);

#define XMAD_SETUP                                                             \
   const unsigned sa = i->h1_a * 16, sb = i->h1_b * 16, psl = i->psl * 16;     \
   const unsigned sc = i->cmode == SASS_CHI ? 16 : 0;                          \
   const uint32_t mc = i->cmode == SASS_CLO ? 0xffff : ~0u;                    \
   const uint32_t bcc = ALL_IF(i->cmode == SASS_CBCC);                         \
   const uint32_t *c = w->r[in->rc]
#define XMAD_SUM                                                               \
   ((((a >> sa & 0xffff) * (b >> sb & 0xffff)) << psl) + (c[l] >> sc & mc) +   \
    (b << 16 & bcc))
PLAIN_AB(xmad, XMAD_SETUP, XMAD_SUM);
PLAIN_AB(xmad_mrg, XMAD_SETUP, (XMAD_SUM & 0xffff) | b << 16);

#define LOP_SETUP                                                              \
   const uint32_t na = ALL_IF(i->not_a), nb = ALL_IF(i->not_b);                \
   (void)na
PLAIN_AB(lop_and, LOP_SETUP, (a ^ na) & (b ^ nb));
PLAIN_AB(lop_or, LOP_SETUP, (a ^ na) | (b ^ nb));
PLAIN_AB(lop_xor, LOP_SETUP, (a ^ na) ^ (b ^ nb));
PLAIN_AB(lop_pass, LOP_SETUP, b ^ nb);
PLAIN_AB(mov, , b);

PLAIN_AB(shl, const bool wrap = i->w, sass_shl(a, b, wrap));
PLAIN_AB(shr_u, const bool wrap = i->w, sass_shr(a, b, false, wrap, false));
PLAIN_AB(shr_s, const bool wrap = i->w, sass_shr(a, b, true, wrap, false));

/* ---- float, to nearest ---- */

#define FADD_SETUP                                                             \
   const uint32_t ka = KEEP(i->abs_a), kb = KEEP(i->abs_b);                    \
   const uint32_t fa = SIGN_IF(i->neg_a), fb = SIGN_IF(i->neg_b)
PLAIN_AB(f32_add, FADD_SETUP, sass_fadd((a & ka) ^ fa, (b & kb) ^ fb));
PLAIN_AB(f32_mul, const uint32_t fb = SIGN_IF(i->neg_b), sass_fmul(a, b ^ fb));

#define FFMA_SETUP                                                             \
   const uint32_t fb = SIGN_IF(i->neg_b), fc = SIGN_IF(i->neg_c);              \
   const uint32_t *c = w->r[in->rc]
PLAIN_AB(f32_fma, FFMA_SETUP, sass_ffma(a, b ^ fb, c[l] ^ fc));

/* ---- comparisons of integers ---- */

#define SETP(name, setup, expr)                                                \
   static inline void name##_any(struct nvsim_warp *w,                         \
                                 const struct nvsim_instr *in, uint32_t mask,  \
                                 const uint32_t *b_, uint32_t uniform)         \
   {                                                                           \
      const struct sass_instr *i = &in->i;                                     \
      const uint32_t *a_ = w->r[in->ra];                                       \
      nvsim_row t;                                                             \
      setup;                                                                   \
      if (b_) {                                                                \
         nvsim_lanes(l) t[l] = ({                                              \
            uint32_t a = a_[l], b = b_[l];                                     \
            (expr);                                                            \
         });                                                                   \
      } else {                                                                 \
         nvsim_lanes(l) t[l] = ({                                              \
            uint32_t a = a_[l], b = uniform;                                   \
            (expr);                                                            \
         });                                                                   \
      }                                                                        \
      nvsim_write_setp(w, in, nvsim_movemask(t), mask);                        \
   }                                                                           \
   static void name##_reg(struct nvsim_warp *w, const struct nvsim_instr *in,  \
                          uint32_t mask)                                       \
   {                                                                           \
      name##_any(w, in, mask, w->r[in->rb], 0);                                \
   }                                                                           \
   static void name##_imm(struct nvsim_warp *w, const struct nvsim_instr *in,  \
                          uint32_t mask)                                       \
   {                                                                           \
      name##_any(w, in, mask, NULL, in->imm);                                  \
   }                                                                           \
   static void name##_const(struct nvsim_warp *w,                              \
                            const struct nvsim_instr *in, uint32_t mask)       \
   {                                                                           \
      name##_any(w, in, mask, NULL, nvsim_const32(w, in));                     \
   }                                                                           \
   static const struct plain name = {name##_reg, name##_imm, name##_const}

/* A condition is a set of less, equal, greater (sass_cond_holds). */
#define ISETP_SETUP                                                            \
   const uint32_t flip = SIGN_IF(i->is_signed);                                \
   const uint32_t lt = ALL_IF(i->cond & 1), eq = ALL_IF(i->cond & 2),          \
                  gt = ALL_IF(i->cond & 4)
SETP(isetp, ISETP_SETUP,
     (ALL_IF((a ^ flip) < (b ^ flip)) & lt) | (ALL_IF(a == b) & eq) |
        (ALL_IF((a ^ flip) > (b ^ flip)) & gt));

/* ---- where am I ---- */

static void
ctaid(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t id = w->cta->id[in->i.sreg - SASS_SR_CTAID_X];
   nvsim_set_row(w->r[in->rd], mask, id);
}

static void
tid_x(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (unlikely(w->grid->threads != w->grid->block[0])) {
      nvsim_exec_s2r(w, in, mask);
      return;
   }
   uint32_t first = w->index * NVSIM_LANES;
   nvsim_set_row(w->r[in->rd], mask, first + l);
}

/* ---- which ---- */

/* ---- which ---- */

static const struct plain *
select_float(const struct sass_instr *i)
{
   if (i->ftz || i->rnd || i->sat || i->cc)
      return NULL;
   switch (i->op) {
   case SASS_OP_FADD:
   case SASS_OP_FADD32I:
      return &f32_add;
   case SASS_OP_FMUL:
   case SASS_OP_FMUL32I:
      return i->fscale ? NULL : &f32_mul;
   case SASS_OP_FFMA:
      return &f32_fma;
   default:
      return NULL;
   }
}

static const struct plain *
select_iadd3(const struct sass_instr *i)
{
   if (i->x || i->half_a || i->half_b || i->half_c)
      return NULL;
   if (i->iadd3_mode == SASS_IADD3_NONE)
      return &iadd3;
   bool neg = i->neg_a || i->neg_b || i->neg_c;
   return i->iadd3_mode == SASS_IADD3_RS && !neg ? &iadd3_rs : NULL;
}

static const struct plain *
select_xmad(const struct sass_instr *i)
{
   if (i->x || i->signed_a || i->signed_b || i->cmode == SASS_CSFU)
      return NULL;
   return i->mrg ? &xmad_mrg : &xmad;
}

static const struct plain *
select_lop(const struct sass_instr *i)
{
   static const struct plain *const ops[] = {&lop_and, &lop_or, &lop_xor,
                                             &lop_pass};
   return i->x || i->pmode ? NULL : ops[i->lop & 3];
}

static const struct plain *
select_integer(const struct sass_instr *i)
{
   if (i->cc || i->sat)
      return NULL;
   switch (i->op) {
   case SASS_OP_IADD:
   case SASS_OP_IADD32I:
      return i->x ? &iadd_x : &iadd;
   case SASS_OP_IADD3:
      return select_iadd3(i);
   case SASS_OP_ISCADD:
   case SASS_OP_LEA:
      return i->neg_a || i->neg_b || i->po || i->x || i->pd != SASS_PT
                ? NULL
                : &iscadd;
   case SASS_OP_XMAD:
      return select_xmad(i);
   case SASS_OP_LOP:
   case SASS_OP_LOP32I:
      return select_lop(i);
   case SASS_OP_MOV:
   case SASS_OP_MOV32I:
      return i->lane_mask == 0xf ? &mov : NULL;
   case SASS_OP_SHL:
      return i->x ? NULL : &shl;
   case SASS_OP_SHR:
      return i->x || i->brev ? NULL : i->is_signed ? &shr_s : &shr_u;
   case SASS_OP_ISETP:
      return i->x ? NULL : &isetp;
   default:
      return NULL;
   }
}

static nvsim_exec_fn
select_s2r(const struct sass_instr *i)
{
   if (i->op != SASS_OP_S2R)
      return NULL;
   if (i->sreg >= SASS_SR_CTAID_X && i->sreg <= SASS_SR_CTAID_Z)
      return ctaid;
   return i->sreg == SASS_SR_TID_X ? tid_x : NULL;
}

nvsim_exec_fn
NVSIM_ISA_NAME(nvsim_exec_plain_)(const struct sass_instr *i)
{
   const struct plain *p = select_integer(i);
   if (!p)
      p = select_float(i);
   if (!p)
      return select_s2r(i);
   switch (i->form) {
   case SASS_FORM_R:
      return p->reg;
   case SASS_FORM_I:
      return p->imm;
   case SASS_FORM_C:
      return p->constant;
   default:
      return NULL;
   }
}
