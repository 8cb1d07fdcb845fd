/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared by the nvir_legalize*.c files.
 *
 * Each generic value becomes one `struct legal`: its words, which are one-word
 * values, immediates or constant-bank operands, and, if something made or
 * needed it, the wide value they form. Words are split off and wide values
 * collected only when used. A predicate carries a negation instead of an
 * instruction for NOT. */
#ifndef NVIR_LEGALIZE_PRIV_H
#define NVIR_LEGALIZE_PRIV_H

#include "nouveau/compiler/nvir_graph_priv.h"

struct legal {
   struct nvir_src w[4]; /* kind VALUE with val NULL: not known yet */
   struct nvir_value *wide;
   struct nvir_block *word_block; /* where `w` was split off; NULL: anywhere */
   struct nvir_block
      *wide_block; /* where `wide` was collected; NULL: the definition */
   struct nvir_instr *def;        /* the generic definition, for modifiers */
   bool pred_not;                 /* predicates: w[0] negated */
   bool pred_in_gpr;              /* phi of I1: w[0] is 0 or 1 */
   struct nvir_block *pred_block; /* where `pred` was made of that */
   struct nvir_value *pred;
   uint32_t num_uses;
   bool is_address; /* of a global or generic access */
   bool is_half;    /* a factor whose upper 16 of 32 bits are 0 */
};

struct lz_const {
   uint32_t imm;
   struct nvir_value *val;
};

struct lz {
   struct nvir_shader *s;
   struct nvir_builder b;
   struct legal *map; /* of the values that existed at the start */
   uint32_t num_values;
   struct nvir_graph g;        /* for dominance */
   struct lz_const consts[16]; /* MOV32I of this block */
   unsigned num_consts;
   int err;
};

/* A predicate operand; `val` NULL: constant true (or false if `not`). */
struct lz_pred {
   struct nvir_value *val;
   bool not ;
};

/* How an immediate fits into slot B. */
enum lz_imm {
   LZ_IMM_NONE,
   LZ_IMM_INT,
   LZ_IMM_F32,
   LZ_IMM_F64,
   LZ_IMM_U16,
   LZ_IMM_U6
};

#define LZ_ZERO nvir_imm(0)

/* ---- operands ---- */

struct legal *lz_map(struct lz *lz, const struct nvir_value *v);
struct nvir_src lz_word(struct lz *lz, struct nvir_src src, unsigned n);
/* In a register: immediates and c[] are moved; 0 stays IMM (RZ). */
struct nvir_src lz_reg(struct lz *lz, struct nvir_src word);
struct nvir_value *lz_wide(struct lz *lz, struct nvir_src src, unsigned words);
struct nvir_value *lz_collect(struct lz *lz, const struct nvir_src *words,
                              unsigned n);
struct lz_pred lz_pred(struct lz *lz, struct nvir_src src);

static inline bool
lz_is_imm(struct nvir_src x)
{
   return x.kind == NVIR_SRC_IMM || x.kind == NVIR_SRC_UNDEF;
}

static inline bool
lz_is_zero(struct nvir_src x)
{
   return lz_is_imm(x) && (uint32_t)x.imm == 0;
}

/* Of 20 bits, sign extended: integer immediates of slot B. */
static inline bool
lz_fits_short(uint64_t imm)
{
   return (int32_t)imm >= -(1 << 19) && (int32_t)imm < 1 << 19;
}

static inline void
lz_swap(struct nvir_src *a, struct nvir_src *b)
{
   struct nvir_src t = *a;
   *a = *b;
   *b = t;
}

/* ---- results ---- */

void lz_set_word(struct lz *lz, const struct nvir_instr *i, unsigned n,
                 struct nvir_src w);
void lz_set_wide(struct lz *lz, const struct nvir_instr *i,
                 struct nvir_value *v);
void lz_set_pred(struct lz *lz, const struct nvir_instr *i, struct lz_pred p);

/* ---- machine instructions ---- */

/* Inserts op with A, B, C bound as far as not RZ, in the form that B (or C)
 * needs. */
struct nvir_instr *lz_alu(struct lz *lz, enum sass_op op, struct nvir_src a,
                          struct nvir_src b, struct nvir_src c,
                          enum lz_imm imm);
/* As lz_alu, but A stays out: conversions, MOV, POPC …. */
struct nvir_instr *lz_unary(struct lz *lz, enum sass_op op, struct nvir_src b,
                            enum lz_imm imm);
struct nvir_instr *lz_mach(struct lz *lz, enum sass_op op, enum sass_form form);
void lz_bind(struct lz *lz, struct nvir_instr *m, enum nvir_slot slot,
             struct nvir_src src);
void lz_bind_pred(struct lz *lz, struct nvir_instr *m, enum nvir_slot slot,
                  struct lz_pred p);
/* Adds a destination and returns it. */
struct nvir_value *lz_dst(struct lz *lz, struct nvir_instr *m,
                          enum nvir_slot slot, enum nvir_class cls,
                          unsigned words);
struct nvir_src lz_rd(struct lz *lz, struct nvir_instr *m); /* one-word rd */
struct lz_pred lz_pd(struct lz *lz, struct nvir_instr *m);

/* ---- by kind of instruction; false: not mine ---- */

bool lz_fuse(struct lz *lz, struct nvir_instr *i); /* optional */
bool lz_int(struct lz *lz, struct nvir_instr *i);
bool lz_int64(struct lz *lz, struct nvir_instr *i);
bool lz_compare(struct lz *lz, struct nvir_instr *i);
bool lz_float(struct lz *lz, struct nvir_instr *i);
bool lz_memory(struct lz *lz, struct nvir_instr *i);

/* A phi's machine form, and later, when all is known, its sources. */
void lz_start_phi(struct lz *lz, struct nvir_instr *i);
void lz_finish_phi(struct lz *lz, struct nvir_instr *i);

/* 32-bit arithmetic on words, for several kinds. */
struct nvir_src lz_add(struct lz *lz, struct nvir_src a, struct nvir_src b);
struct nvir_src lz_sub(struct lz *lz, struct nvir_src a, struct nvir_src b);
static inline void
lz_read_cc(struct lz *lz, struct nvir_instr *m, struct nvir_value *cc)
{
   m->mi.x = true;
   lz_bind(lz, m, NVIR_SLOT_CC, nvir_val(cc));
}

/* The same with carry in, out or both; NULL: none. */
struct nvir_src lz_add_carry(struct lz *lz, struct nvir_src a,
                             struct nvir_src b, struct nvir_value *cc_in,
                             struct nvir_value **cc_out);
struct nvir_src lz_sub_carry(struct lz *lz, struct nvir_src a,
                             struct nvir_src b, struct nvir_value *cc_in,
                             struct nvir_value **cc_out);
struct nvir_src lz_logic(struct lz *lz, enum sass_lop op, struct nvir_src a,
                         struct nvir_src b);
/* `op`: SHL, LSHR or ASHR. */
struct nvir_src lz_shift(struct lz *lz, enum nvir_op op, struct nvir_src a,
                         struct nvir_src n);
/* POPC or FLO. */
struct nvir_src lz_bit_op(struct lz *lz, enum sass_op op, struct nvir_src x);
struct nvir_src lz_bit_reverse(struct lz *lz, struct nvir_src x);
struct nvir_src lz_leading_zeros(struct lz *lz, struct nvir_src x);
struct nvir_src lz_byte_swap(struct lz *lz, struct nvir_src x);
/* lo32(a * b) + c, and hi32(a * b) */
struct nvir_src lz_mad(struct lz *lz, struct nvir_src a, struct nvir_src b,
                       struct nvir_src c);
struct nvir_src lz_mul_hi_unsigned(struct lz *lz, struct nvir_src a,
                                   struct nvir_src b);
struct nvir_src lz_mul_hi_signed(struct lz *lz, struct nvir_src a,
                                 struct nvir_src b);
struct nvir_src lz_product(struct lz *lz, const struct nvir_instr *mul,
                           struct nvir_src c);
struct nvir_src lz_dot4(struct lz *lz, const struct nvir_instr *dot,
                        struct nvir_src c);
struct nvir_src lz_select(struct lz *lz, struct lz_pred p, struct nvir_src a,
                          struct nvir_src b);
/* (a cond b) bool_op p */
struct lz_pred lz_isetp(struct lz *lz, enum sass_cond cond, bool is_signed,
                        struct nvir_src a, struct nvir_src b,
                        enum sass_bool_op op, struct lz_pred p);

#define LZ_TRUE ((struct lz_pred){NULL, false})

void lz_fail(struct lz *lz, const struct nvir_instr *i, const char *what);

#endif
