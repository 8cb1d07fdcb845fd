/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Short names for building generic arithmetic in lower_ passes. */
#ifndef NVIR_BUILD_PRIV_H
#define NVIR_BUILD_PRIV_H

#include "nouveau/compiler/nvir_ir.h"

#define I1  NVIR_TYPE_I1
#define I32 NVIR_TYPE_I32
#define I64 NVIR_TYPE_I64
#define F32 NVIR_TYPE_F32
#define F64 NVIR_TYPE_F64

static inline struct nvir_src
op1(struct nvir_builder *b, enum nvir_op op, enum nvir_type t,
    struct nvir_src x)
{
   return nvir_val(nvir_build1(b, op, t, x));
}

static inline struct nvir_src
op2(struct nvir_builder *b, enum nvir_op op, enum nvir_type t,
    struct nvir_src x, struct nvir_src y)
{
   return nvir_val(nvir_build2(b, op, t, x, y));
}

static inline struct nvir_src
op3(struct nvir_builder *b, enum nvir_op op, enum nvir_type t,
    struct nvir_src x, struct nvir_src y, struct nvir_src z)
{
   return nvir_val(nvir_build3(b, op, t, x, y, z));
}

static inline struct nvir_src
convert(struct nvir_builder *b, enum nvir_op op, enum nvir_type to,
        enum nvir_type from, enum nvir_round rnd, struct nvir_src x)
{
   struct nvir_src r = op1(b, op, to, x);
   r.val->def->src_type = from;
   r.val->def->rnd = rnd;
   return r;
}

static inline struct nvir_src
compare(struct nvir_builder *b, enum nvir_cond cond, bool is_signed,
        enum nvir_type t, struct nvir_src x, struct nvir_src y)
{
   struct nvir_src r =
      op2(b, nvir_type_is_float(t) ? NVIR_OP_FCMP : NVIR_OP_ICMP, I1, x, y);
   r.val->def->src_type = t;
   r.val->def->cond = cond;
   r.val->def->is_signed = is_signed;
   return r;
}

static inline struct nvir_src
select_value(struct nvir_builder *b, enum nvir_type t, struct nvir_src p,
             struct nvir_src x, struct nvir_src y)
{
   return op3(b, NVIR_OP_SELECT, t, p, x, y);
}

static inline struct nvir_src
mufu(struct nvir_builder *b, enum sass_mufu function, struct nvir_src x)
{
   struct nvir_src r = op1(b, NVIR_OP_MUFU, F32, x);
   r.val->def->imm = function;
   return r;
}

/* The words of a 64-bit value. */
static inline struct nvir_src
low_word(struct nvir_builder *b, struct nvir_src x)
{
   return x.kind == NVIR_SRC_IMM ? nvir_imm((uint32_t)x.imm)
                                 : op1(b, NVIR_OP_TRUNC, I32, x);
}

static inline struct nvir_src
high_word(struct nvir_builder *b, struct nvir_src x)
{
   if (x.kind == NVIR_SRC_IMM)
      return nvir_imm(x.imm >> 32);
   return low_word(b, op2(b, NVIR_OP_LSHR, I64, x, nvir_imm(32)));
}

static inline struct nvir_src
from_words(struct nvir_builder *b, struct nvir_src lo, struct nvir_src hi)
{
   return nvir_val(nvir_build_collect(b, (struct nvir_src[]){lo, hi}, 2));
}

/* The instruction's result is `src` from now on. */
static inline void
become(struct nvir_instr *i, struct nvir_src src)
{
   i->op = NVIR_OP_COPY;
   i->srcs[0] = src;
   i->num_srcs = 1;
   i->src_type = i->cond = i->rnd = 0;
   i->imm = 0;
}

#endif
