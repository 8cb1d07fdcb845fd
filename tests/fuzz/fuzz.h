/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Random kernels: a tree that is printed as OpenCL C for the GPU and
 * interpreted for every work-item on the CPU. All behaviour is defined: signed
 * arithmetic goes through unsigned, shifts, divisors and indices are masked,
 * loops are bounded. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "util/util_arena.h"
#include "util/util_buf.h"

enum fuzz_type {
   FUZZ_U8,
   FUZZ_I16,
   FUZZ_I32,
   FUZZ_U32,
   FUZZ_I64,
   FUZZ_U64,
   FUZZ_F32,
   FUZZ_F64,
   FUZZ_NUM_TYPES,
};

enum {
   FUZZ_VARS = 4, /* of each type */
   FUZZ_ITEMS = 256,
   FUZZ_GROUP = 64,
   FUZZ_ARRAY = 8,    /* words of a private array */
   FUZZ_COUNTERS = 8, /* words of the global array that atomics change */
   FUZZ_INPUT = 64,   /* words */
   FUZZ_MAX_LOOP = 7, /* rounds */
   FUZZ_MEM_B = 64,   /* bytes of each of an item's three memories */
   FUZZ_SPACES = 3,   /* private, local, global */
};

enum fuzz_op {
   FUZZ_CONST,
   FUZZ_VAR,
   FUZZ_INPUT_WORD,
   FUZZ_ITEM,
   FUZZ_ARRAY_WORD,
   FUZZ_LOAD,
   /* integers */
   FUZZ_ADD,
   FUZZ_SUB,
   FUZZ_MUL,
   FUZZ_AND,
   FUZZ_OR,
   FUZZ_XOR,
   FUZZ_NOT,
   FUZZ_SHL,
   FUZZ_SHR,
   FUZZ_DIV,
   FUZZ_REM,
   FUZZ_MIN,
   FUZZ_MAX,
   FUZZ_MUL_HI,
   FUZZ_ROTATE,
   FUZZ_CLZ,
   FUZZ_POPCOUNT,
   FUZZ_ADD_SAT,
   FUZZ_SUB_SAT,
   FUZZ_ABS_DIFF,
   FUZZ_HADD,
   FUZZ_RHADD,
   FUZZ_CTZ,
   FUZZ_MAD_HI,
   FUZZ_MAD_SAT,
   FUZZ_BITSELECT,
   FUZZ_CLAMP,
   FUZZ_BITS,    /* of a float operand */
   FUZZ_CONVERT, /* saturating, from any type; NaN is made 0 */
   /* floats: what is exact */
   FUZZ_FADD,
   FUZZ_FSUB,
   FUZZ_FMUL,
   FUZZ_FDIV,
   FUZZ_FMA,
   FUZZ_FNEG,
   FUZZ_FABS,
   FUZZ_FMIN,
   FUZZ_FMAX,
   FUZZ_FLOOR,
   FUZZ_CEIL,
   FUZZ_TRUNC,
   FUZZ_RINT,
   FUZZ_ROUND,
   FUZZ_SQRT,
   FUZZ_COPYSIGN,
   FUZZ_FMOD,
   FUZZ_REMAINDER,
   FUZZ_FDIM,
   FUZZ_NEXTAFTER,
   FUZZ_LDEXP, /* second operand: an int, made small */
   /* any */
   FUZZ_LT,
   FUZZ_EQ,
   FUZZ_SELECT,
   FUZZ_CAST,
};

/* An access to an item's memory: 1, 2, 4, 8 or 16 numbers of a type at once,
 * naturally aligned. Vectors are unsigned; stored are x, x + 1 and so on,
 * loaded the exclusive or of all. */
struct fuzz_access {
   uint8_t space, lanes;
};

struct fuzz_expr {
   struct fuzz_access access; /* LOAD; `a` is the index */
   enum fuzz_op op;
   enum fuzz_type type; /* of the result */
   struct fuzz_expr *a, *b, *c;
   uint64_t imm;
   unsigned var;
};

enum fuzz_stmt_kind {
   FUZZ_ASSIGN,
   FUZZ_ARRAY_STORE,
   FUZZ_ATOMIC,
   FUZZ_STORE,
   FUZZ_IF,
   FUZZ_FOR,
   FUZZ_WHILE,
   FUZZ_SWITCH,
   FUZZ_BREAK,
   FUZZ_CONTINUE,
   FUZZ_RETURN,
   FUZZ_EXCHANGE, /* through local memory, at the top only */
};

struct fuzz_stmt {
   struct fuzz_access access; /* STORE of y of `type` at index x */
   enum fuzz_stmt_kind kind;
   struct fuzz_stmt *next;
   enum fuzz_type type; /* ASSIGN: of the variable */
   unsigned var, loop;  /* loop: number of its counter */
   struct fuzz_expr *x, *y;
   struct fuzz_stmt *body, *other; /* SWITCH: cases 0 and 1, default */
   struct fuzz_stmt *third;
};

struct fuzz_program {
   struct util_arena arena;
   uint32_t seed;
   unsigned size;
   struct fuzz_stmt *body;
   unsigned num_loops;
};

struct fuzz_result {
   uint64_t out[FUZZ_ITEMS];
   uint32_t counters[FUZZ_COUNTERS];
};

void fuzz_generate(struct fuzz_program *p, uint32_t seed, unsigned size);
void fuzz_finish(struct fuzz_program *p);
void fuzz_print(const struct fuzz_program *p, struct util_buf *out);
void fuzz_interpret(const struct fuzz_program *p, const uint32_t *input,
                    struct fuzz_result *out);

typedef bool (*fuzz_predicate)(void *ctx, const struct fuzz_program *p);
/* `still_fails` runs the program. */
void fuzz_reduce(struct fuzz_program *p, fuzz_predicate still_fails, void *ctx);

unsigned fuzz_bits(enum fuzz_type t);
bool fuzz_is_signed(enum fuzz_type t);
static inline bool
fuzz_is_float(enum fuzz_type t)
{
   return t >= FUZZ_F32;
}

/* Values are 64 bits: integers extended from their type, floats as their bits. */
uint64_t fuzz_wrap(enum fuzz_type t, uint64_t v);
uint64_t fuzz_constant(const struct fuzz_expr *e);
uint64_t fuzz_cast(enum fuzz_type to, enum fuzz_type from, uint64_t v);
bool fuzz_is_nan(enum fuzz_type t, uint64_t v);
uint64_t fuzz_float_bits(enum fuzz_type from, uint64_t v);
uint64_t fuzz_float_op(enum fuzz_op op, enum fuzz_type t, uint64_t a,
                       uint64_t b, uint64_t c);
bool fuzz_less(enum fuzz_type t, uint64_t a, uint64_t b);
bool fuzz_equal(enum fuzz_type t, uint64_t a, uint64_t b);
uint64_t fuzz_convert(enum fuzz_type to, enum fuzz_type from, uint64_t v);
uint64_t fuzz_int_op(enum fuzz_op op, enum fuzz_type t, uint64_t a, uint64_t b,
                     uint64_t c);

/* Odd factors by which variables enter an item's result. */
static inline uint64_t
fuzz_factor(enum fuzz_type t, unsigned var)
{
   return 0x9e3779b97f4a7c15ull * (2 * (t * FUZZ_VARS + var) + 1);
}

#endif
