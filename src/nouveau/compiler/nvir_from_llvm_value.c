/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* LLVM values, types and constants as lists of components. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/nvir_from_llvm_priv.h"

/* ---- pointer-keyed map ---- */

static unsigned
map_slot(const struct nvir_map *m, const void *key)
{
   uint64_t h = (uintptr_t)key * 0x9e3779b97f4a7c15ull;
   unsigned i = h >> 32 & (m->size - 1);
   while (m->entries[i].key && m->entries[i].key != key)
      i = (i + 1) & (m->size - 1);
   return i;
}

static void
map_grow(struct nvir_map *m)
{
   struct nvir_map old = *m;
   m->size = MAX2(64, old.size * 2);
   m->entries = calloc(m->size, sizeof(*m->entries));
   if (!m->entries)
      abort();
   for (unsigned i = 0; i < old.size; i++)
      if (old.entries[i].key)
         m->entries[map_slot(m, old.entries[i].key)] = old.entries[i];
   free(old.entries);
}

struct nvir_map_entry *
nvir_map_get(struct nvir_map *m, const void *key)
{
   if (!m->size)
      return NULL;
   struct nvir_map_entry *e = &m->entries[map_slot(m, key)];
   return e->key ? e : NULL;
}

struct nvir_map_entry *
nvir_map_insert(struct nvir_map *m, const void *key)
{
   if (m->used * 2 >= m->size)
      map_grow(m);
   struct nvir_map_entry *e = &m->entries[map_slot(m, key)];
   if (!e->key) {
      e->key = key;
      m->used++;
   }
   return e;
}

void
nvir_map_finish(struct nvir_map *m)
{
   free(m->entries);
   *m = (struct nvir_map){0};
}

/* ---- types ---- */

unsigned
nvir_type_leaves(LLVMTypeRef t)
{
   unsigned n = 0;
   switch (LLVMGetTypeKind(t)) {
   case LLVMStructTypeKind:
      for (unsigned i = 0; i < LLVMCountStructElementTypes(t); i++)
         n += nvir_type_leaves(LLVMStructGetTypeAtIndex(t, i));
      return n;
   case LLVMArrayTypeKind:
      return LLVMGetArrayLength(t) * nvir_type_leaves(LLVMGetElementType(t));
   case LLVMVectorTypeKind:
      return LLVMGetVectorSize(t);
   case LLVMVoidTypeKind:
      return 0;
   default:
      return 1;
   }
}

LLVMTypeRef
nvir_type_leaf(LLVMTypeRef t, unsigned n)
{
   switch (LLVMGetTypeKind(t)) {
   case LLVMStructTypeKind:
      for (unsigned i = 0; i < LLVMCountStructElementTypes(t); i++) {
         LLVMTypeRef member = LLVMStructGetTypeAtIndex(t, i);
         unsigned leaves = nvir_type_leaves(member);
         if (n < leaves)
            return nvir_type_leaf(member, n);
         n -= leaves;
      }
      return NULL;
   case LLVMArrayTypeKind: {
      LLVMTypeRef member = LLVMGetElementType(t);
      return nvir_type_leaf(member, n % nvir_type_leaves(member));
   }
   case LLVMVectorTypeKind:
      return LLVMGetElementType(t);
   default:
      return t;
   }
}

LLVMTypeRef
nvir_scalar_of(LLVMTypeRef t)
{
   return LLVMGetTypeKind(t) == LLVMVectorTypeKind ? LLVMGetElementType(t) : t;
}

unsigned
nvir_scalar_bits(LLVMTypeRef t)
{
   switch (LLVMGetTypeKind(t)) {
   case LLVMIntegerTypeKind:
      return LLVMGetIntTypeWidth(t);
   case LLVMHalfTypeKind:
      return 16;
   case LLVMFloatTypeKind:
      return 32;
   case LLVMDoubleTypeKind:
   case LLVMPointerTypeKind:
      return 64;
   default:
      return 0;
   }
}

enum nvir_type
nvir_container(LLVMTypeRef t)
{
   switch (LLVMGetTypeKind(t)) {
   case LLVMFloatTypeKind:
      return NVIR_TYPE_F32;
   case LLVMDoubleTypeKind:
      return NVIR_TYPE_F64;
   default:
      break;
   }
   unsigned bits = nvir_scalar_bits(t);
   if (bits == 0 || bits > 64)
      return NVIR_TYPE_NONE;
   return bits == 1 ? NVIR_TYPE_I1 : bits <= 32 ? NVIR_TYPE_I32 : NVIR_TYPE_I64;
}

/* ---- shorthands ---- */

struct nvir_src
nvir_i1(struct nvir_import *im, enum nvir_op op, enum nvir_type t,
        struct nvir_src x)
{
   return nvir_val(nvir_build1(&im->b, op, t, x));
}

struct nvir_src
nvir_i2(struct nvir_import *im, enum nvir_op op, enum nvir_type t,
        struct nvir_src x, struct nvir_src y)
{
   return nvir_val(nvir_build2(&im->b, op, t, x, y));
}

struct nvir_src
nvir_i3(struct nvir_import *im, enum nvir_op op, enum nvir_type t,
        struct nvir_src x, struct nvir_src y, struct nvir_src z)
{
   return nvir_val(nvir_build3(&im->b, op, t, x, y, z));
}

struct nvir_src
nvir_icmp(struct nvir_import *im, enum nvir_cond cond, bool is_signed,
          enum nvir_type t, struct nvir_src x, struct nvir_src y)
{
   struct nvir_instr *i = nvir_build_op(&im->b, NVIR_OP_ICMP, NVIR_TYPE_I1,
                                        (struct nvir_src[]){x, y}, 2);
   i->src_type = t;
   i->cond = cond;
   i->is_signed = is_signed;
   return nvir_val(i->dsts[0].val);
}

struct nvir_src
nvir_convert(struct nvir_import *im, enum nvir_op op, enum nvir_type to,
             enum nvir_type from, enum nvir_round rnd, struct nvir_src x)
{
   struct nvir_instr *i = nvir_build_op(&im->b, op, to, &x, 1);
   i->src_type = from;
   i->rnd = rnd;
   i->ftz = im->ftz && (to == NVIR_TYPE_F32 || from == NVIR_TYPE_F32);
   return nvir_val(i->dsts[0].val);
}

struct nvir_comps
nvir_comps_new(struct nvir_import *im, unsigned n)
{
   return (struct nvir_comps){
      util_arena_array(&im->s->arena, struct nvir_src, MAX2(n, 1)), n};
}

struct nvir_comps
nvir_comps_one(struct nvir_import *im, struct nvir_src src)
{
   struct nvir_comps c = nvir_comps_new(im, 1);
   c.c[0] = src;
   return c;
}

/* Bits beyond the type known to be what an extension makes them. */
static bool
is_extended(struct nvir_src x, unsigned bits, bool is_signed)
{
   const struct nvir_instr *def = x.kind == NVIR_SRC_VALUE ? x.val->def : NULL;
   return def && def->op == NVIR_OP_LOAD && def->imm * 8 == bits &&
          def->is_signed == is_signed;
}

struct nvir_src
nvir_import_extend(struct nvir_import *im, struct nvir_src x, unsigned bits,
                   bool is_signed)
{
   enum nvir_type t = bits <= 32 ? NVIR_TYPE_I32 : NVIR_TYPE_I64;
   unsigned width = bits <= 32 ? 32 : 64;
   if (bits == width || bits == 1 || x.kind == NVIR_SRC_UNDEF ||
       is_extended(x, bits, is_signed))
      return x;
   if (x.kind == NVIR_SRC_IMM) {
      uint64_t v = is_signed ? (uint64_t)util_sign_extend(x.imm, bits)
                             : util_bits(x.imm, 0, bits);
      return nvir_imm(width == 32 ? (uint32_t)v : v);
   }
   if (!is_signed)
      return nvir_i2(im, NVIR_OP_AND, t, x,
                     nvir_imm(util_bits(~0ull, 0, bits)));
   struct nvir_src up = nvir_i2(im, NVIR_OP_SHL, t, x, nvir_imm(width - bits));
   return nvir_i2(im, NVIR_OP_ASHR, t, up, nvir_imm(width - bits));
}

/* ---- constants ---- */

static uint64_t
float_bits(struct nvir_import *im, LLVMValueRef v, unsigned bits)
{
   /* A bitcast keeps signalling NaNs, LLVMConstRealGetDouble does not. */
   LLVMValueRef i = LLVMConstBitCast(v, LLVMIntTypeInContext(im->ctx, bits));
   return LLVMConstIntGetZExtValue(i);
}

static struct nvir_comps
zero_value(struct nvir_import *im, LLVMTypeRef t, bool undef)
{
   struct nvir_comps c = nvir_comps_new(im, nvir_type_leaves(t));
   for (unsigned i = 0; i < c.n; i++)
      c.c[i] = undef ? nvir_undef() : nvir_imm(0);
   return c;
}

static struct nvir_comps
constant_members(struct nvir_import *im, LLVMValueRef v, LLVMTypeRef t)
{
   struct nvir_comps c = nvir_comps_new(im, nvir_type_leaves(t));
   bool is_struct = LLVMGetTypeKind(t) == LLVMStructTypeKind;
   unsigned members = is_struct ? LLVMCountStructElementTypes(t)
                      : LLVMGetTypeKind(t) == LLVMVectorTypeKind
                         ? LLVMGetVectorSize(t)
                         : LLVMGetArrayLength(t);
   for (unsigned i = 0, at = 0; i < members; i++) {
      LLVMValueRef member = LLVMGetAggregateElement(v, i);
      struct nvir_comps m = nvir_import_value(im, member);
      memcpy(c.c + at, m.c, m.n * sizeof(*m.c));
      at += m.n;
   }
   return c;
}

static struct nvir_comps
constant_expr(struct nvir_import *im, LLVMValueRef v)
{
   LLVMOpcode op = LLVMGetConstOpcode(v);
   switch (op) {
   case LLVMGetElementPtr:
      return nvir_import_gep(im, v);
   case LLVMTrunc:
   case LLVMZExt:
   case LLVMSExt:
   case LLVMPtrToInt:
   case LLVMIntToPtr:
   case LLVMBitCast:
   case LLVMAddrSpaceCast:
      return nvir_import_cast(im, v, op);
   case LLVMSelect:
   case LLVMExtractElement:
   case LLVMInsertElement:
   case LLVMShuffleVector:
      return nvir_import_vector(im, v, op);
   default:
      return nvir_import_alu(im, v, op);
   }
}

static struct nvir_comps
constant_value(struct nvir_import *im, LLVMValueRef v, LLVMTypeRef t)
{
   unsigned bits = nvir_scalar_bits(t);

   if (LLVMIsUndef(v)) /* also poison */
      return zero_value(im, t, true);
   if (LLVMIsAGlobalVariable(v))
      return nvir_comps_one(im, nvir_import_global(im, v));
   if (LLVMIsAConstantExpr(v))
      return constant_expr(im, v);
   if (LLVMIsNull(v))
      return zero_value(im, t, false);
   if (LLVMIsAConstantInt(v) && bits <= 64)
      return nvir_comps_one(im, nvir_imm(LLVMConstIntGetZExtValue(v)));
   if (LLVMIsAConstantFP(v) && bits)
      return nvir_comps_one(im, nvir_imm(float_bits(im, v, bits)));
   switch (LLVMGetTypeKind(t)) {
   case LLVMStructTypeKind:
   case LLVMArrayTypeKind:
   case LLVMVectorTypeKind:
      return constant_members(im, v, t);
   default:
      return nvir_import_fail(im, v, "constant");
   }
}

struct nvir_comps
nvir_import_value(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = LLVMTypeOf(v);
   struct nvir_map_entry *e = nvir_map_get(&im->values, v);
   if (e)
      return e->comps;
   if (LLVMIsAFunction(v))
      return nvir_import_fail(im, v, "address of a function");
   if (LLVMIsConstant(v))
      return constant_value(im, v, t);
   return nvir_import_fail(im, v, "value used before it is defined");
}

struct nvir_src
nvir_import_scalar(struct nvir_import *im, LLVMValueRef v)
{
   struct nvir_comps c = nvir_import_value(im, v);
   assert(c.n == 1);
   return c.c[0];
}

/* ---- memory words ---- */

static void
put_bits(struct nvir_import *im, struct nvir_src *words, unsigned at,
         unsigned bits, struct nvir_src x)
{
   struct nvir_src *w = &words[at / 32];
   if (bits == 32) {
      *w = x;
      return;
   }
   x = nvir_import_extend(im, x, bits, false);
   if (x.kind == NVIR_SRC_UNDEF)
      x = nvir_imm(0);
   if (at % 32)
      x = x.kind == NVIR_SRC_IMM
             ? nvir_imm((uint32_t)(x.imm << at % 32))
             : nvir_i2(im, NVIR_OP_SHL, NVIR_TYPE_I32, x, nvir_imm(at % 32));
   if (w->kind == NVIR_SRC_IMM && x.kind == NVIR_SRC_IMM)
      w->imm |= x.imm;
   else if (w->kind == NVIR_SRC_IMM && w->imm == 0)
      *w = x;
   else
      *w = nvir_i2(im, NVIR_OP_OR, NVIR_TYPE_I32, *w, x);
}

static void
put_wide(struct nvir_import *im, struct nvir_src *words, unsigned at,
         struct nvir_src x)
{
   struct nvir_src *w = &words[at / 32];
   if (x.kind == NVIR_SRC_VALUE) {
      struct nvir_value *halves[2];
      nvir_build_split(&im->b, x.val, halves);
      w[0] = nvir_val(halves[0]);
      w[1] = nvir_val(halves[1]);
   } else if (x.kind == NVIR_SRC_CBANK) {
      w[0] = x;
      w[1] = nvir_cbank(x.imm + 4);
   } else {
      w[0] = x;
      w[1] = x;
      w[0].imm = (uint32_t)x.imm;
      w[1].imm = x.imm >> 32;
   }
}

/* Elements of vectors are packed, scalars fill bytes. */
static unsigned
storage_bits(LLVMTypeRef t)
{
   unsigned bits = nvir_scalar_bits(nvir_scalar_of(t));
   if (LLVMGetTypeKind(t) == LLVMVectorTypeKind)
      return bits;
   return bits <= 8 ? 8 : util_next_pow2(bits);
}

unsigned
nvir_comps_to_words(struct nvir_import *im, LLVMTypeRef t, struct nvir_comps c,
                    struct nvir_src *words_out)
{
   unsigned at = 0, n = nvir_type_leaves(t);

   for (unsigned i = 0; i < NVIR_MAX_WORDS; i++)
      words_out[i] = nvir_imm(0);
   for (unsigned i = 0; i < n; i++) {
      LLVMTypeRef leaf = nvir_type_leaf(t, i);
      unsigned bits = storage_bits(t), real = nvir_scalar_bits(leaf);
      struct nvir_src x = c.c[i];
      if (real == 1)
         x = nvir_i3(im, NVIR_OP_SELECT, NVIR_TYPE_I32, x, nvir_imm(1),
                     nvir_imm(0));
      else if (real < bits)
         x = nvir_import_extend(im, x, real, false);
      if (bits == 64)
         put_wide(im, words_out, at, x);
      else
         put_bits(im, words_out, at, bits, x);
      at += bits;
   }
   return at;
}

static struct nvir_src
take_bits(struct nvir_import *im, const struct nvir_src *words, unsigned at,
          LLVMTypeRef leaf)
{
   struct nvir_src w = words[at / 32];
   unsigned bits = nvir_scalar_bits(leaf);

   if (bits > 32)
      return nvir_val(nvir_build_collect(&im->b, &words[at / 32], 2));
   if (at % 32)
      w = w.kind == NVIR_SRC_IMM
             ? nvir_imm(w.imm >> at % 32)
             : nvir_i2(im, NVIR_OP_LSHR, NVIR_TYPE_I32, w, nvir_imm(at % 32));
   if (bits == 1) {
      w = nvir_i2(im, NVIR_OP_AND, NVIR_TYPE_I32, w, nvir_imm(1));
      return nvir_icmp(im, NVIR_COND_NE, false, NVIR_TYPE_I32, w, nvir_imm(0));
   }
   return w;
}

struct nvir_comps
nvir_words_to_comps(struct nvir_import *im, LLVMTypeRef t,
                    const struct nvir_src *words)
{
   struct nvir_comps c = nvir_comps_new(im, nvir_type_leaves(t));
   unsigned at = 0;
   for (unsigned i = 0; i < c.n; i++) {
      LLVMTypeRef leaf = nvir_type_leaf(t, i);
      c.c[i] = take_bits(im, words, at, leaf);
      at += storage_bits(t);
   }
   return c;
}
