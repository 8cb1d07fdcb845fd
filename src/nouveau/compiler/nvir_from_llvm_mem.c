/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Loads, stores and block moves. Accesses are cut here into pieces that
 * the hardware takes: a power of two of at most 16 bytes, naturally aligned. */
#include <string.h>

#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_from_llvm_priv.h"

/* ---- address spaces ---- */

static enum nvir_space merge_spaces(LLVMValueRef v, unsigned depth);

/* Of what a generic pointer was made; LLVM merges private and generic. */
static enum nvir_space
provenance(LLVMValueRef p, unsigned depth)
{
   unsigned as = LLVMGetPointerAddressSpace(LLVMTypeOf(p));
   if (as == NVIR_AS_GLOBAL || as == NVIR_AS_CONSTANT ||
       LLVMIsAGlobalVariable(p))
      return as == NVIR_AS_SHARED ? NVIR_SPACE_SHARED : NVIR_SPACE_GLOBAL;
   if (as == NVIR_AS_SHARED)
      return NVIR_SPACE_SHARED;
   if (LLVMIsAAllocaInst(p))
      return NVIR_SPACE_LOCAL;
   if (depth == 0)
      return NVIR_SPACE_GENERIC;
   if (LLVMIsAConstantExpr(p)) {
      LLVMOpcode op = LLVMGetConstOpcode(p);
      if (op == LLVMGetElementPtr || op == LLVMAddrSpaceCast ||
          op == LLVMBitCast)
         return provenance(LLVMGetOperand(p, 0), depth - 1);
      return NVIR_SPACE_GENERIC;
   }
   if (!LLVMIsAInstruction(p))
      return NVIR_SPACE_GENERIC;
   switch (LLVMGetInstructionOpcode(p)) {
   case LLVMGetElementPtr:
   case LLVMAddrSpaceCast:
   case LLVMBitCast:
      return provenance(LLVMGetOperand(p, 0), depth - 1);
   case LLVMPHI:
   case LLVMSelect:
      return merge_spaces(p, depth - 1);
   default:
      return NVIR_SPACE_GENERIC;
   }
}

static enum nvir_space
merge_spaces(LLVMValueRef v, unsigned depth)
{
   bool is_phi = LLVMGetInstructionOpcode(v) == LLVMPHI;
   unsigned n = is_phi ? LLVMCountIncoming(v) : 2;
   int all = -1;

   for (unsigned i = 0; i < n; i++) {
      LLVMValueRef from =
         is_phi ? LLVMGetIncomingValue(v, i) : LLVMGetOperand(v, 1 + i);
      if (from == v || LLVMIsUndef(from))
         continue;
      enum nvir_space s = provenance(from, depth);
      if (s == NVIR_SPACE_GENERIC || (all >= 0 && (int)s != all))
         return NVIR_SPACE_GENERIC;
      all = s;
   }
   return all < 0 ? NVIR_SPACE_GENERIC : all;
}

/* The 32-bit offset in a window from a generic or shared pointer. */
static struct nvir_src
window_offset(struct nvir_import *im, struct nvir_src p, uint32_t window)
{
   if (p.kind == NVIR_SRC_IMM)
      return nvir_imm((uint32_t)(p.imm - window));
   struct nvir_src lo = nvir_i1(im, NVIR_OP_TRUNC, NVIR_TYPE_I32, p);
   return window ? nvir_i2(im, NVIR_OP_ADD, NVIR_TYPE_I32, lo,
                           nvir_imm((uint32_t)-window))
                 : lo;
}

struct nvir_address
nvir_address_of(struct nvir_import *im, LLVMValueRef ptr, unsigned align_B)
{
   unsigned as = LLVMGetPointerAddressSpace(LLVMTypeOf(ptr));
   struct nvir_src p = nvir_import_scalar(im, ptr);
   struct nvir_address a = {.base = p,
                            .space = provenance(ptr, 8),
                            .align_B = MAX2(align_B, 1),
                            .is_invariant = as == NVIR_AS_CONSTANT};

   if (p.kind == NVIR_SRC_UNDEF)
      a.base = p = nvir_imm(0);
   if (a.space == NVIR_SPACE_SHARED)
      a.base =
         window_offset(im, p, as == NVIR_AS_SHARED ? 0 : NVIR_SHARED_WINDOW);
   else if (a.space == NVIR_SPACE_LOCAL)
      a.base = window_offset(im, p, NVIR_LOCAL_WINDOW);
   return a;
}

/* ---- pieces ---- */

/* Largest access at `at` bytes that alignment and the rest allow. */
static unsigned
piece_size(const struct nvir_address *a, unsigned at, unsigned left)
{
   unsigned size = 16;
   while (size > left || size > a->align_B || (at & (size - 1)))
      size /= 2;
   return size;
}

void
nvir_address_set(struct nvir_instr *i, const struct nvir_address *a, int64_t at,
                 unsigned size)
{
   i->srcs[0] = a->base;
   i->space = a->space;
   i->offset_B = a->offset_B + at;
   i->imm = size;
   i->align_B = size;
   i->is_volatile = a->is_volatile;
   i->is_invariant = a->is_invariant;
}

static struct nvir_value *
load_piece(struct nvir_import *im, const struct nvir_address *a, unsigned at,
           unsigned size)
{
   struct nvir_instr *i = nvir_instr_create(im->s, NVIR_OP_LOAD, 1, 1);
   i->type = size == 8    ? NVIR_TYPE_I64
             : size == 16 ? NVIR_TYPE_NONE
                          : NVIR_TYPE_I32;
   nvir_address_set(i, a, at, size);
   nvir_instr_set_dst(
      i, 0, nvir_value_create(im->s, NVIR_CLASS_GPR, MAX2(size / 4, 1)));
   nvir_build_insert(&im->b, i);
   return i->dsts[0].val;
}

static void
load_bytes(struct nvir_import *im, const struct nvir_address *a, unsigned total,
           struct nvir_src *words)
{
   for (unsigned i = 0; i < DIV_ROUND_UP(total, 4); i++)
      words[i] = nvir_imm(0);
   for (unsigned at = 0, size; at < total; at += size) {
      size = piece_size(a, at, total - at);
      struct nvir_value *v = load_piece(im, a, at, size);
      if (size > 4) {
         struct nvir_value *parts[4];
         nvir_build_split(&im->b, v, parts);
         for (unsigned i = 0; i < size / 4; i++)
            words[at / 4 + i] = nvir_val(parts[i]);
         continue;
      }
      struct nvir_src x = nvir_val(v), *w = &words[at / 4];
      if (at % 4)
         x = nvir_i2(im, NVIR_OP_SHL, NVIR_TYPE_I32, x, nvir_imm(at % 4 * 8));
      *w = w->kind == NVIR_SRC_IMM
              ? x
              : nvir_i2(im, NVIR_OP_OR, NVIR_TYPE_I32, *w, x);
   }
}

static void
store_piece(struct nvir_import *im, const struct nvir_address *a, unsigned at,
            unsigned size, struct nvir_src data)
{
   struct nvir_instr *i = nvir_instr_create(im->s, NVIR_OP_STORE, 0, 2);
   nvir_address_set(i, a, at, size);
   i->srcs[1] = data;
   nvir_build_insert(&im->b, i);
}

static void
store_bytes(struct nvir_import *im, const struct nvir_address *a,
            unsigned total, const struct nvir_src *words)
{
   for (unsigned at = 0, size; at < total; at += size) {
      size = piece_size(a, at, total - at);
      struct nvir_src x = words[at / 4];
      if (size > 4)
         x = nvir_val(nvir_build_collect(&im->b, &words[at / 4], size / 4));
      else if (at % 4)
         x = x.kind == NVIR_SRC_IMM ? nvir_imm(x.imm >> at % 4 * 8)
                                    : nvir_i2(im, NVIR_OP_LSHR, NVIR_TYPE_I32,
                                              x, nvir_imm(at % 4 * 8));
      store_piece(im, a, at, size, x);
   }
}

/* ---- load and store ---- */

static bool
is_aggregate(LLVMTypeRef t)
{
   LLVMTypeKind kind = LLVMGetTypeKind(t);
   return kind == LLVMStructTypeKind || kind == LLVMArrayTypeKind;
}

/* Byte offset of leaf n. */
static uint64_t
leaf_offset(struct nvir_import *im, LLVMTypeRef t, unsigned n)
{
   if (LLVMGetTypeKind(t) == LLVMStructTypeKind) {
      for (unsigned m = 0;; m++) {
         LLVMTypeRef member = LLVMStructGetTypeAtIndex(t, m);
         unsigned leaves = nvir_type_leaves(member);
         if (n < leaves)
            return LLVMOffsetOfElement(im->layout, t, m) +
                   leaf_offset(im, member, n);
         n -= leaves;
      }
   }
   if (LLVMGetTypeKind(t) == LLVMArrayTypeKind) {
      LLVMTypeRef member = LLVMGetElementType(t);
      unsigned leaves = nvir_type_leaves(member);
      return n / leaves * LLVMABISizeOfType(im->layout, member) +
             leaf_offset(im, member, n % leaves);
   }
   if (LLVMGetTypeKind(t) == LLVMVectorTypeKind)
      return n * LLVMStoreSizeOfType(im->layout, LLVMGetElementType(t));
   return 0;
}

static bool
type_is_loadable(struct nvir_import *im, LLVMTypeRef t)
{
   LLVMTypeRef leaf = nvir_type_leaf(t, 0);
   if (!leaf || nvir_container(leaf) == NVIR_TYPE_NONE)
      return false;
   if (LLVMGetTypeKind(t) == LLVMVectorTypeKind &&
       !util_is_pow2(nvir_scalar_bits(leaf)))
      return false;
   return is_aggregate(t) ||
          LLVMStoreSizeOfType(im->layout, t) <= 4 * NVIR_MAX_WORDS;
}

static struct nvir_comps
load_value(struct nvir_import *im, LLVMTypeRef t, const struct nvir_address *a)
{
   struct nvir_src words[NVIR_MAX_WORDS];
   if (!is_aggregate(t)) {
      load_bytes(im, a, LLVMStoreSizeOfType(im->layout, t), words);
      return nvir_words_to_comps(im, t, words);
   }
   struct nvir_comps r = nvir_comps_new(im, nvir_type_leaves(t));
   for (unsigned i = 0; i < r.n; i++) {
      struct nvir_address at = *a;
      uint64_t offset = leaf_offset(im, t, i);
      at.offset_B += offset;
      at.align_B = offset ? MIN2(a->align_B, offset & -offset) : a->align_B;
      r.c[i] = load_value(im, nvir_type_leaf(t, i), &at).c[0];
   }
   return r;
}

static void
store_value(struct nvir_import *im, LLVMTypeRef t, struct nvir_comps c,
            const struct nvir_address *a)
{
   struct nvir_src words[NVIR_MAX_WORDS];
   if (!is_aggregate(t)) {
      nvir_comps_to_words(im, t, c, words);
      store_bytes(im, a, LLVMStoreSizeOfType(im->layout, t), words);
      return;
   }
   for (unsigned i = 0; i < c.n; i++) {
      struct nvir_address at = *a;
      uint64_t offset = leaf_offset(im, t, i);
      at.offset_B += offset;
      at.align_B = offset ? MIN2(a->align_B, offset & -offset) : a->align_B;
      store_value(im, nvir_type_leaf(t, i), (struct nvir_comps){c.c + i, 1},
                  &at);
   }
}

/* Unordered accesses need nothing beyond what volatile ones get. */
static bool
is_atomic(LLVMAtomicOrdering order)
{
   return order > LLVMAtomicOrderingUnordered;
}

struct nvir_comps
nvir_import_load(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = LLVMTypeOf(v);
   LLVMAtomicOrdering order = LLVMGetOrdering(v);
   struct nvir_address a =
      nvir_address_of(im, LLVMGetOperand(v, 0), LLVMGetAlignment(v));

   if (!type_is_loadable(im, t))
      return nvir_import_fail(im, v, "load of this type");
   a.is_volatile = LLVMGetVolatile(v) || is_atomic(order);
   a.is_invariant |= !!LLVMGetMetadata(
      v, LLVMGetMDKindIDInContext(im->ctx, "invariant.load", 14));
   a.is_invariant &= !a.is_volatile;
   if (order == LLVMAtomicOrderingSequentiallyConsistent)
      nvir_import_fence(im, order, true);
   struct nvir_comps r = load_value(im, t, &a);
   nvir_import_fence(im, order, false);
   return r;
}

void
nvir_import_store(struct nvir_import *im, LLVMValueRef v)
{
   LLVMValueRef data = LLVMGetOperand(v, 0);
   LLVMTypeRef t = LLVMTypeOf(data);
   LLVMAtomicOrdering order = LLVMGetOrdering(v);
   struct nvir_comps c = nvir_import_value(im, data);
   struct nvir_address a =
      nvir_address_of(im, LLVMGetOperand(v, 1), LLVMGetAlignment(v));

   if (!type_is_loadable(im, t)) {
      nvir_import_fail(im, v, "store of this type");
      return;
   }
   a.is_volatile = LLVMGetVolatile(v) || is_atomic(order);
   a.is_invariant = false;
   nvir_import_fence(im, order, true);
   store_value(im, t, c, &a);
   if (order == LLVMAtomicOrderingSequentiallyConsistent)
      nvir_import_fence(im, order, false);
}

/* ---- memcpy, memmove, memset ---- */

#define UNROLL_MAX_B (4 * NVIR_MAX_WORDS)

static struct nvir_address
intrinsic_address(struct nvir_import *im, LLVMValueRef call, unsigned arg)
{
   unsigned kind = LLVMGetEnumAttributeKindForName("align", 5);
   LLVMAttributeRef attr = LLVMGetCallSiteEnumAttribute(call, arg + 1, kind);
   unsigned align = attr ? LLVMGetEnumAttributeValue(attr) : 1;
   return nvir_address_of(im, LLVMGetOperand(call, arg), MIN2(align, 16));
}

static void
fill_words(struct nvir_import *im, struct nvir_src byte, struct nvir_src *words,
           unsigned n)
{
   struct nvir_src w;
   if (byte.kind == NVIR_SRC_IMM) {
      w = nvir_imm((byte.imm & 0xff) * 0x01010101u);
   } else {
      w = nvir_import_extend(im, byte, 8, false);
      w = nvir_i2(im, NVIR_OP_MUL, NVIR_TYPE_I32, w, nvir_imm(0x01010101));
   }
   for (unsigned i = 0; i < n; i++)
      words[i] = w;
}

static struct nvir_address
plus(struct nvir_import *im, struct nvir_address a, struct nvir_src i)
{
   bool narrow = a.space == NVIR_SPACE_SHARED || a.space == NVIR_SPACE_LOCAL;
   if (narrow)
      i = nvir_i1(im, NVIR_OP_TRUNC, NVIR_TYPE_I32, i);
   a.base = nvir_i2(im, NVIR_OP_ADD, narrow ? NVIR_TYPE_I32 : NVIR_TYPE_I64, i,
                    a.base);
   return a;
}

/* for (i = 0; i < size; i += step) */
static void
mem_loop(struct nvir_import *im, const struct nvir_address *dst,
         const struct nvir_address *src, const struct nvir_src *fill,
         struct nvir_src size, unsigned step)
{
   struct nvir_block *head = nvir_block_create_after(im->b.block);
   struct nvir_block *body = nvir_block_create_after(head);
   struct nvir_block *done = nvir_block_create_after(body);
   struct nvir_src words[4];

   nvir_build_br(&im->b, head);
   im->b.block = head;
   struct nvir_instr *phi = nvir_build_op(&im->b, NVIR_OP_PHI, NVIR_TYPE_I64,
                                          (struct nvir_src[]){nvir_imm(0)}, 1);
   struct nvir_src i = nvir_val(phi->dsts[0].val);
   nvir_build_cbr(&im->b,
                  nvir_icmp(im, NVIR_COND_LT, false, NVIR_TYPE_I64, i, size),
                  body, done);
   im->b.block = body;
   struct nvir_address to = plus(im, *dst, i);
   if (src) {
      struct nvir_address from = plus(im, *src, i);
      load_bytes(im, &from, step, words);
   }
   store_bytes(im, &to, step, src ? words : fill);
   nvir_instr_add_src(
      phi, nvir_i2(im, NVIR_OP_ADD, NVIR_TYPE_I64, i, nvir_imm(step)));
   nvir_build_br(&im->b, head);
   im->b.block = done;
}

/* Bytes a turn for a loop over `size` bytes. */
static unsigned
loop_step(LLVMValueRef size, unsigned align)
{
   unsigned step = MIN2(align, 16);
   if (!LLVMIsAConstantInt(size))
      return 1;
   while (LLVMConstIntGetZExtValue(size) % step)
      step /= 2;
   return step;
}

void
nvir_import_mem_intrinsic(struct nvir_import *im, LLVMValueRef v,
                          const char *name)
{
   bool is_set = strstr(name, "memset"), is_move = strstr(name, "memmove");
   LLVMValueRef size = LLVMGetOperand(v, 2);
   struct nvir_address dst = intrinsic_address(im, v, 0), src = {0};
   struct nvir_src words[NVIR_MAX_WORDS];
   unsigned align = dst.align_B;

   if (is_set) {
      fill_words(im, nvir_import_scalar(im, LLVMGetOperand(v, 1)), words,
                 NVIR_MAX_WORDS);
   } else {
      src = intrinsic_address(im, v, 1);
      align = MIN2(align, src.align_B);
   }
   if (LLVMIsAConstantInt(size) &&
       LLVMConstIntGetZExtValue(size) <= UNROLL_MAX_B) {
      unsigned total = LLVMConstIntGetZExtValue(size);
      if (!is_set)
         load_bytes(im, &src, total, words);
      store_bytes(im, &dst, total, words);
   } else if (is_move) {
      nvir_import_fail(im, v, "memmove of more than %u bytes", UNROLL_MAX_B);
   } else {
      struct nvir_src n =
         nvir_import_extend(im, nvir_import_scalar(im, size),
                            nvir_scalar_bits(LLVMTypeOf(size)), false);
      if (nvir_container(LLVMTypeOf(size)) == NVIR_TYPE_I32)
         n = nvir_convert(im, NVIR_OP_ZEXT, NVIR_TYPE_I64, NVIR_TYPE_I32, 0, n);
      mem_loop(im, &dst, is_set ? NULL : &src, words, n,
               loop_step(size, align));
   }
}
