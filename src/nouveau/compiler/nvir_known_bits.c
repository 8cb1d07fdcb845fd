/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_passes.h"

#define MAX_DEPTH 6

/* All bits up to the highest of m. */
static uint64_t
fill_down(uint64_t m)
{
   return m ? ~0ull >> __builtin_clzll(m) : 0;
}

static uint64_t
all_bits(enum nvir_type t)
{
   return t == NVIR_TYPE_I64 ? ~0ull : UINT32_MAX;
}

/* Work-groups have 1024 × 1024 × 64 places at most, grids 2^31 × 65535². */
static uint64_t
special_register_bits(unsigned sr)
{
   switch (sr) {
   case SASS_SR_TID_X:
   case SASS_SR_TID_Y:
      return 0x3ff;
   case SASS_SR_TID_Z:
      return 0x3f;
   case SASS_SR_CTAID_X:
      return INT32_MAX;
   case SASS_SR_CTAID_Y:
   case SASS_SR_CTAID_Z:
      return 0xffff;
   default:
      return UINT32_MAX;
   }
}

static uint64_t
shifted_bits(const struct nvir_instr *i, uint64_t a)
{
   if (i->srcs[1].kind != NVIR_SRC_IMM ||
       i->srcs[1].imm >= nvir_type_bits(i->type))
      return all_bits(i->type);
   return i->op == NVIR_OP_SHL ? a << i->srcs[1].imm & all_bits(i->type)
                               : a >> i->srcs[1].imm;
}

static uint64_t possible_bits(struct nvir_src src, enum nvir_type t,
                              unsigned depth);

static uint64_t
result_bits(const struct nvir_instr *i, unsigned depth)
{
#define SOURCE(n) possible_bits(i->srcs[n], i->type, depth + 1)
   switch (i->op) {
   case NVIR_OP_COPY:
   case NVIR_OP_CONST:
      return SOURCE(0);
   case NVIR_OP_AND:
      return SOURCE(0) & SOURCE(1);
   case NVIR_OP_OR:
   case NVIR_OP_XOR:
      return SOURCE(0) | SOURCE(1);
   case NVIR_OP_SELECT:
      return SOURCE(1) | SOURCE(2);
   case NVIR_OP_UMIN:
      return MIN2(fill_down(SOURCE(0)), fill_down(SOURCE(1)));
   case NVIR_OP_UMAX:
      return fill_down(SOURCE(0) | SOURCE(1));
   case NVIR_OP_SHL:
   case NVIR_OP_LSHR:
      return shifted_bits(i, SOURCE(0));
   case NVIR_OP_ZEXT:
      return possible_bits(i->srcs[0], i->src_type, depth + 1);
   case NVIR_OP_TRUNC:
      return possible_bits(i->srcs[0], NVIR_TYPE_I64, depth + 1) & UINT32_MAX;
   case NVIR_OP_LOAD:
      return i->imm < 4 && !i->is_signed ? util_bits(~0ull, 0, 8 * i->imm)
                                         : all_bits(i->type);
   case NVIR_OP_S2R:
      return special_register_bits(i->imm);
   default:
      return all_bits(i->type);
   }
#undef SOURCE
}

static uint64_t
possible_bits(struct nvir_src src, enum nvir_type t, unsigned depth)
{
   if (t == NVIR_TYPE_I1)
      return 1;
   if (t != NVIR_TYPE_I32 && t != NVIR_TYPE_I64)
      return ~0ull;
   if (src.kind == NVIR_SRC_IMM)
      return src.imm & all_bits(t);
   const struct nvir_instr *d =
      src.kind == NVIR_SRC_VALUE ? src.val->def : NULL;
   if (!d || d->type != t || depth > MAX_DEPTH)
      return all_bits(t);
   return result_bits(d, depth);
}

uint64_t
nvir_possible_bits(struct nvir_src src, enum nvir_type type)
{
   return possible_bits(src, type, 0);
}
