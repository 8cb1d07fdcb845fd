/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Between the walk over a module (clc_spirv_lower.c) and what is done to single
 * instructions (clc_spirv_lower_ops.c). */
#ifndef CLC_SPIRV_LOWER_PRIV_H
#define CLC_SPIRV_LOWER_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "util/util_arena.h"
#include "util/util_buf.h"

/* SPIR-V specification, 3.32 and 3.26. */
enum op {
   OP_UNDEF = 1,
   OP_EXT_INST_IMPORT = 11,
   OP_EXT_INST = 12,
   OP_MEMORY_MODEL = 14,
   OP_CAPABILITY = 17,
   OP_TYPE_INT = 21,
   OP_TYPE_VECTOR = 23,
   OP_TYPE_ARRAY = 28,
   OP_TYPE_STRUCT = 30,
   OP_CONSTANT = 43,
   OP_CONSTANT_COMPOSITE = 44,
   OP_CONSTANT_NULL = 46,
   OP_SPEC_CONSTANT = 50,
   OP_FUNCTION = 54,
   OP_LOAD = 61,
   OP_STORE = 62,
   OP_COPY_MEMORY = 63,
   OP_COPY_MEMORY_SIZED = 64,
   OP_PTR_ACCESS_CHAIN = 67,
   OP_VECTOR_SHUFFLE = 79,
   OP_COMPOSITE_CONSTRUCT = 80,
   OP_COMPOSITE_EXTRACT = 81,
   OP_COMPOSITE_INSERT = 82,
   OP_COPY_OBJECT = 83,
   OP_S_CONVERT = 114,
   OP_CONVERT_PTR_TO_U = 117,
   OP_I_ADD = 128,
   OP_I_SUB = 130,
   OP_I_MUL = 132,
   OP_S_DIV = 135,
   OP_I_ADD_CARRY = 149,
   OP_I_SUB_BORROW = 150,
   OP_U_MUL_EXTENDED = 151,
   OP_S_MUL_EXTENDED = 152,
   OP_I_EQUAL = 170,
   OP_I_NOT_EQUAL = 171,
   OP_SHIFT_RIGHT_LOGICAL = 194,
   OP_BITWISE_OR = 197,
   OP_BITWISE_XOR = 198,
   OP_BITWISE_AND = 199,
   OP_NOT = 200,
   OP_COPY_LOGICAL = 400,
   OP_PTR_EQUAL = 401,
   OP_PTR_NOT_EQUAL = 402,
   OP_PTR_DIFF = 403,
   OP_DECORATE_STRING = 5632,
   OP_MEMBER_DECORATE_STRING = 5633,
};
#define CAPABILITY_INT64 11
#define ACCESS_VOLATILE  1
#define ACCESS_ALIGNED   2
/* Where OpCopyMemorySized has its memory operands. */
#define SIZED_ACCESS 4

/* OpenCL.std, 2.1. */
#define STD_S_MUL_HI 160
#define STD_U_MUL_HI 203

/* Each becomes two instructions. */
#define MAX_COPIED 65536u

#define HEADER_WORDS 5
#define BOUND        3 /* word of the header: ids are below it */

struct lower {
   struct util_arena *arena;
   const uint32_t *words;
   size_t num_words;
   uint32_t first_id; /* of our own */
   uint32_t bound;
   const uint32_t **def; /* by id below first_id: the instruction, or NULL */
   uint32_t *type;       /* by id below first_id: of its value, or 0 */
   bool needed;
   uint32_t num_copied;       /* members, by OpCopyLogical */
   uint32_t ulong_id, one_id; /* 0: not asked for yet */
   uint32_t std_id;
   struct util_buf head, imports, declarations, body;
};

static inline unsigned
opcode(const uint32_t *in)
{
   return in[0] & 0xffff;
}

/* The module's instruction after `in` (NULL: the first), or NULL. */
static inline const uint32_t *
next(const struct lower *l, const uint32_t *in)
{
   in = in ? in + (in[0] >> 16) : l->words + HEADER_WORDS;
   return in < l->words + l->num_words ? in : NULL;
}

/* ---- writing ---- */

#define WORDS(...)                                                             \
   (const uint32_t[]){__VA_ARGS__},                                            \
      sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)

static inline void
put(struct util_buf *out, enum op op, const uint32_t *operands, size_t n)
{
   uint32_t first = (uint32_t)(n + 1) << 16 | op;
   util_buf_append(out, &first, sizeof(first));
   util_buf_append(out, operands, n * sizeof(uint32_t));
}

static inline void
put_as_is(struct util_buf *out, const uint32_t *in)
{
   util_buf_append(out, in, (in[0] >> 16) * sizeof(uint32_t));
}

static inline uint32_t
new_id(struct lower *l)
{
   return l->bound++;
}

/* Words of memory operands at `at` of the instruction: the mask and what it
 * asks for. */
static inline unsigned
access_words(const uint32_t *in, unsigned at)
{
   if (at >= in[0] >> 16)
      return 0;
   return in[at] & ACCESS_ALIGNED ? 2 : 1;
}

/* Appends to the body what does the same as an instruction of a function. */
void lower_instruction(struct lower *l, const uint32_t *in);

#endif
