/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Integers of more than 64 bits as words of 32. The source has none. GVN and
 * SROA make them where one vector is written and another read from the same
 * bytes: a vector cast to i128 or i512, shifted by a constant and truncated.
 * And loops whose result has a formula get it: the sum of the first n numbers
 * is n (n - 1) / 2, in 65 bits for a long.
 *
 * Everything that yields such an integer gets its words on demand, and
 * everything that takes one reads the words; what is dead then goes with the
 * next adce. Bits of the last word above the width are 0. What is not handled
 * here stays and is refused. */
#include <stdlib.h>
#include <string.h>

#include "compiler/clc/clc_priv.h"

#define WORD_BITS 32

struct wide {
   struct wide *next;
   LLVMValueRef value;
   unsigned num;
   LLVMValueRef word[];
};

struct lower {
   LLVMContextRef context;
   LLVMTypeRef i32;
   struct wide *known;
   bool changed;
};

/* Words of the type, 0: not a wide integer or one we do not split. */
static unsigned
num_words(LLVMTypeRef type)
{
   if (LLVMGetTypeKind(type) != LLVMIntegerTypeKind)
      return 0;
   unsigned bits = LLVMGetIntTypeWidth(type);
   return bits > 64 ? DIV_ROUND_UP(bits, WORD_BITS) : 0;
}

/* Of the last word that do not count. */
static unsigned
spare_bits(LLVMValueRef v)
{
   unsigned rest = LLVMGetIntTypeWidth(LLVMTypeOf(v)) % WORD_BITS;
   return rest ? WORD_BITS - rest : 0;
}

static LLVMBuilderRef
builder_before(struct lower *l, LLVMValueRef inst)
{
   LLVMBuilderRef b = LLVMCreateBuilderInContext(l->context);
   LLVMPositionBuilderBefore(b, inst);
   return b;
}

static LLVMValueRef
i32_const(struct lower *l, unsigned v)
{
   return LLVMConstInt(l->i32, v, false);
}

static LLVMTypeRef
words_type(struct lower *l, unsigned num)
{
   return LLVMVectorType(l->i32, num);
}

static struct wide *words_of(struct lower *l, LLVMValueRef v);

static void
clear_spare(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst,
            struct wide *w)
{
   unsigned spare = spare_bits(inst);
   LLVMValueRef *last = &w->word[w->num - 1];
   if (spare)
      *last = LLVMBuildAnd(b, *last, i32_const(l, ~0u >> spare), "");
}

/* The last word as a signed number. */
static LLVMValueRef
signed_last(struct lower *l, LLVMBuilderRef b, LLVMValueRef v,
            const struct wide *w)
{
   LLVMValueRef spare = i32_const(l, spare_bits(v));
   return LLVMBuildAShr(b, LLVMBuildShl(b, w->word[w->num - 1], spare, ""),
                        spare, "");
}

/* ---- making words ---- */

static void
split_vector(struct lower *l, LLVMBuilderRef b, LLVMValueRef vector,
             struct wide *w)
{
   for (unsigned n = 0; n < w->num; n++)
      w->word[n] = LLVMBuildExtractElement(b, vector, i32_const(l, n), "");
}

static bool
split_constant(struct lower *l, LLVMValueRef c, struct wide *w)
{
   LLVMTypeRef type = LLVMTypeOf(c);
   for (unsigned n = 0; n < w->num; n++) {
      if (LLVMIsUndef(c))
         w->word[n] = LLVMGetUndef(l->i32);
      else
         w->word[n] = LLVMConstTrunc(
            LLVMConstLShr(c, LLVMConstInt(type, n * WORD_BITS, false)), l->i32);
   }
   return true;
}

/* Word n of an operand with another last word, or what fills up past its end. */
static LLVMValueRef
word_at(const struct wide *w, int n, LLVMValueRef last, LLVMValueRef fill)
{
   if (n == (int)w->num - 1)
      return last;
   return n >= 0 && n < (int)w->num ? w->word[n] : fill;
}

static bool
split_shift(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst,
            struct wide *w)
{
   LLVMValueRef amount = LLVMGetOperand(inst, 1);
   LLVMOpcode op = LLVMGetInstructionOpcode(inst);
   struct wide *x = words_of(l, LLVMGetOperand(inst, 0));
   if (!x || !LLVMIsAConstantInt(amount))
      return false;
   unsigned by = LLVMConstIntGetZExtValue(amount);
   int step = by / WORD_BITS;
   unsigned rest = by % WORD_BITS;
   LLVMValueRef fill = i32_const(l, 0);
   LLVMValueRef last = x->word[x->num - 1];
   if (op == LLVMAShr) {
      last = signed_last(l, b, LLVMGetOperand(inst, 0), x);
      fill = LLVMBuildAShr(b, last, i32_const(l, 31), "");
   }
   for (int n = 0; n < (int)w->num; n++) {
      bool left = op == LLVMShl;
      LLVMValueRef low = word_at(x, left ? n - step - 1 : n + step, last, fill);
      LLVMValueRef high =
         word_at(x, left ? n - step : n + step + 1, last, fill);
      unsigned down = left ? WORD_BITS - rest : rest;
      if (!rest) {
         w->word[n] = left ? high : low;
         continue;
      }
      w->word[n] = LLVMBuildOr(
         b, LLVMBuildLShr(b, low, i32_const(l, down), ""),
         LLVMBuildShl(b, high, i32_const(l, WORD_BITS - down), ""), "");
   }
   return true;
}

static bool
split_bitwise(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst,
              struct wide *w)
{
   struct wide *x = words_of(l, LLVMGetOperand(inst, 0));
   struct wide *y = words_of(l, LLVMGetOperand(inst, 1));
   LLVMOpcode op = LLVMGetInstructionOpcode(inst);
   for (unsigned n = 0; x && y && n < w->num; n++)
      w->word[n] = LLVMBuildBinOp(b, op, x->word[n], y->word[n], "");
   return x && y;
}

static LLVMValueRef
widen(struct lower *l, LLVMBuilderRef b, LLVMValueRef word)
{
   return LLVMBuildZExt(b, word, LLVMInt64TypeInContext(l->context), "");
}

/* The low word of a 64-bit value; *rest gets the high one, as 64 bits. */
static LLVMValueRef
low_word(struct lower *l, LLVMBuilderRef b, LLVMValueRef v, LLVMValueRef *rest)
{
   LLVMTypeRef i64 = LLVMInt64TypeInContext(l->context);
   *rest = LLVMBuildLShr(b, v, LLVMConstInt(i64, WORD_BITS, false), "");
   return LLVMBuildTrunc(b, v, l->i32, "");
}

/* x - y is x + ~y + 1. */
static bool
split_sum(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst, struct wide *w)
{
   struct wide *x = words_of(l, LLVMGetOperand(inst, 0));
   struct wide *y = words_of(l, LLVMGetOperand(inst, 1));
   bool subtract = LLVMGetInstructionOpcode(inst) == LLVMSub;
   LLVMValueRef carry =
      LLVMConstInt(LLVMInt64TypeInContext(l->context), subtract, false);
   for (unsigned n = 0; x && y && n < w->num; n++) {
      LLVMValueRef v = y->word[n];
      if (subtract)
         v = LLVMBuildNot(b, v, "");
      v = LLVMBuildAdd(b, widen(l, b, x->word[n]), widen(l, b, v), "");
      w->word[n] = low_word(l, b, LLVMBuildAdd(b, v, carry, ""), &carry);
   }
   return x && y;
}

/* As on paper: a product of words, a word of the sum and a carry fit into 64
 * bits. */
static bool
split_product(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst,
              struct wide *w)
{
   struct wide *x = words_of(l, LLVMGetOperand(inst, 0));
   struct wide *y = words_of(l, LLVMGetOperand(inst, 1));
   if (!x || !y)
      return false;
   for (unsigned n = 0; n < w->num; n++)
      w->word[n] = i32_const(l, 0);
   for (unsigned i = 0; i < w->num; i++) {
      LLVMValueRef carry =
         LLVMConstInt(LLVMInt64TypeInContext(l->context), 0, false);
      for (unsigned k = 0; i + k < w->num; k++) {
         LLVMValueRef v = LLVMBuildMul(b, widen(l, b, x->word[i]),
                                       widen(l, b, y->word[k]), "");
         v = LLVMBuildAdd(b, v, widen(l, b, w->word[i + k]), "");
         v = LLVMBuildAdd(b, v, carry, "");
         w->word[i + k] = low_word(l, b, v, &carry);
      }
   }
   return true;
}

static bool
split_sext(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst, struct wide *w)
{
   LLVMValueRef from = LLVMGetOperand(inst, 0), rest;
   struct wide *x = words_of(l, from);
   LLVMTypeRef i64 = LLVMInt64TypeInContext(l->context);
   unsigned num = 2;
   if (!x && LLVMGetIntTypeWidth(LLVMTypeOf(from)) > 64)
      return false;
   if (x) {
      num = x->num;
      memcpy(w->word, x->word, (num - 1) * sizeof(w->word[0]));
      w->word[num - 1] = signed_last(l, b, from, x);
   } else {
      w->word[0] =
         low_word(l, b, LLVMBuildSExtOrBitCast(b, from, i64, ""), &rest);
      w->word[1] = LLVMBuildTrunc(b, rest, l->i32, "");
   }
   for (unsigned n = num; n < w->num; n++)
      w->word[n] = LLVMBuildAShr(b, w->word[num - 1], i32_const(l, 31), "");
   return true;
}

static bool
split_zext(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst, struct wide *w)
{
   LLVMValueRef from = LLVMGetOperand(inst, 0);
   struct wide *x = words_of(l, from);
   LLVMTypeRef i64 = LLVMInt64TypeInContext(l->context);
   for (unsigned n = 0; n < w->num; n++)
      w->word[n] = x && n < x->num ? x->word[n] : i32_const(l, 0);
   if (x)
      return true;
   if (LLVMGetIntTypeWidth(LLVMTypeOf(from)) > 64)
      return false;
   LLVMValueRef wide = LLVMBuildZExtOrBitCast(b, from, i64, "");
   w->word[0] = LLVMBuildTrunc(b, wide, l->i32, "");
   w->word[1] = LLVMBuildTrunc(
      b, LLVMBuildLShr(b, wide, LLVMConstInt(i64, WORD_BITS, false), ""),
      l->i32, "");
   return true;
}

static bool
split_trunc(struct lower *l, LLVMValueRef inst, struct wide *w)
{
   struct wide *x = words_of(l, LLVMGetOperand(inst, 0));
   for (unsigned n = 0; x && n < w->num; n++)
      w->word[n] = x->word[n];
   return x;
}

static bool
split_load(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst, struct wide *w)
{
   if (spare_bits(inst))
      return false;
   LLVMValueRef load =
      LLVMBuildLoad2(b, words_type(l, w->num), LLVMGetOperand(inst, 0), "");
   LLVMSetAlignment(load, LLVMGetAlignment(inst));
   LLVMSetVolatile(load, LLVMGetVolatile(inst));
   split_vector(l, b, load, w);
   return true;
}

static bool
split_select(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst,
             struct wide *w)
{
   struct wide *x = words_of(l, LLVMGetOperand(inst, 1));
   struct wide *y = words_of(l, LLVMGetOperand(inst, 2));
   for (unsigned n = 0; x && y && n < w->num; n++)
      w->word[n] = LLVMBuildSelect(b, LLVMGetOperand(inst, 0), x->word[n],
                                   y->word[n], "");
   return x && y;
}

/* The phis are known before their sources are asked for: loops end there. */
static bool
split_phi(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst, struct wide *w)
{
   bool ok = true;
   for (unsigned n = 0; n < w->num; n++)
      w->word[n] = LLVMBuildPhi(b, l->i32, "");
   for (unsigned k = 0; k < LLVMCountIncoming(inst); k++) {
      LLVMBasicBlockRef from = LLVMGetIncomingBlock(inst, k);
      struct wide *x = words_of(l, LLVMGetIncomingValue(inst, k));
      LLVMValueRef undef = LLVMGetUndef(l->i32);
      for (unsigned n = 0; n < w->num; n++)
         LLVMAddIncoming(w->word[n], x ? &x->word[n] : &undef, &from, 1);
      ok &= x != NULL;
   }
   return ok;
}

static bool
split_cast(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst, struct wide *w)
{
   LLVMValueRef from = LLVMGetOperand(inst, 0);
   if (LLVMGetTypeKind(LLVMTypeOf(from)) != LLVMVectorTypeKind)
      return false;
   split_vector(l, b, LLVMBuildBitCast(b, from, words_type(l, w->num), ""), w);
   return true;
}

static bool
split_inst(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst, struct wide *w)
{
   switch (LLVMGetInstructionOpcode(inst)) {
   case LLVMBitCast:
      return split_cast(l, b, inst, w);
   case LLVMLShr:
   case LLVMAShr:
   case LLVMShl:
      return split_shift(l, b, inst, w);
   case LLVMAdd:
   case LLVMSub:
      return split_sum(l, b, inst, w);
   case LLVMMul:
      return split_product(l, b, inst, w);
   case LLVMSExt:
      return split_sext(l, b, inst, w);
   case LLVMAnd:
   case LLVMOr:
   case LLVMXor:
      return split_bitwise(l, b, inst, w);
   case LLVMZExt:
      return split_zext(l, b, inst, w);
   case LLVMTrunc:
      return split_trunc(l, inst, w);
   case LLVMLoad:
      return split_load(l, b, inst, w);
   case LLVMSelect:
      return split_select(l, b, inst, w);
   case LLVMPHI:
      return split_phi(l, b, inst, w);
   default:
      return false;
   }
}

/* NULL: not a wide integer, or made by something we do not know. */
static struct wide *
words_of(struct lower *l, LLVMValueRef v)
{
   unsigned num = num_words(LLVMTypeOf(v));
   if (!num)
      return NULL;
   for (struct wide *w = l->known; w; w = w->next)
      if (w->value == v)
         return w->word[0] ? w : NULL;
   struct wide *w = calloc(1, sizeof(*w) + num * sizeof(w->word[0]));
   if (!w)
      abort();
   *w = (struct wide){.next = l->known, .value = v, .num = num};
   l->known = w;
   bool ok = false;
   if (LLVMIsAInstruction(v)) {
      LLVMBuilderRef b = builder_before(l, v);
      ok = split_inst(l, b, v, w);
      if (ok && !LLVMIsAPHINode(v))
         clear_spare(l, b, v, w);
      LLVMDisposeBuilder(b);
   } else if (LLVMIsConstant(v)) {
      ok = split_constant(l, v, w);
   }
   if (!ok)
      w->word[0] = NULL;
   return ok ? w : NULL;
}

/* ---- taking words ---- */

static LLVMValueRef
join_vector(struct lower *l, LLVMBuilderRef b, const struct wide *w)
{
   LLVMValueRef v = LLVMGetUndef(words_type(l, w->num));
   for (unsigned n = 0; n < w->num; n++)
      v = LLVMBuildInsertElement(b, v, w->word[n], i32_const(l, n), "");
   return v;
}

static LLVMValueRef
join_trunc(struct lower *l, LLVMBuilderRef b, const struct wide *w,
           LLVMTypeRef type)
{
   LLVMTypeRef i64 = LLVMInt64TypeInContext(l->context);
   if (LLVMGetIntTypeWidth(type) <= WORD_BITS)
      return LLVMBuildTruncOrBitCast(b, w->word[0], type, "");
   LLVMValueRef high = LLVMBuildShl(b, LLVMBuildZExt(b, w->word[1], i64, ""),
                                    LLVMConstInt(i64, WORD_BITS, false), "");
   LLVMValueRef both =
      LLVMBuildOr(b, high, LLVMBuildZExt(b, w->word[0], i64, ""), "");
   return LLVMBuildTruncOrBitCast(b, both, type, "");
}

/* The last words decide, where they are equal those below them. */
static LLVMValueRef
join_order(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst,
           const struct wide *x, const struct wide *y)
{
   LLVMIntPredicate how = LLVMGetICmpPredicate(inst);
   bool is_signed = how == LLVMIntSGT || how == LLVMIntSGE ||
                    how == LLVMIntSLT || how == LLVMIntSLE;
   bool swap = how == LLVMIntUGT || how == LLVMIntSGT || how == LLVMIntULE ||
               how == LLVMIntSLE;
   bool negate = how == LLVMIntUGE || how == LLVMIntSGE || how == LLVMIntULE ||
                 how == LLVMIntSLE;
   LLVMTypeRef i1 = LLVMInt1TypeInContext(l->context);
   LLVMValueRef less = LLVMConstInt(i1, 0, false);
   for (unsigned n = 0; n < x->num; n++) {
      LLVMValueRef u = x->word[n], v = y->word[n];
      bool top = is_signed && n + 1 == x->num;
      if (top) {
         u = signed_last(l, b, LLVMGetOperand(inst, 0), x);
         v = signed_last(l, b, LLVMGetOperand(inst, 1), y);
      }
      LLVMValueRef here = LLVMBuildICmp(b, top ? LLVMIntSLT : LLVMIntULT,
                                        swap ? v : u, swap ? u : v, "");
      LLVMValueRef same = LLVMBuildICmp(b, LLVMIntEQ, u, v, "");
      less = LLVMBuildOr(b, here, LLVMBuildAnd(b, same, less, ""), "");
   }
   return negate ? LLVMBuildNot(b, less, "") : less;
}

static LLVMValueRef
join_compare(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst)
{
   LLVMIntPredicate how = LLVMGetICmpPredicate(inst);
   struct wide *x = words_of(l, LLVMGetOperand(inst, 0));
   struct wide *y = words_of(l, LLVMGetOperand(inst, 1));
   if (!x || !y)
      return NULL;
   if (how != LLVMIntEQ && how != LLVMIntNE)
      return join_order(l, b, inst, x, y);
   LLVMValueRef differ = i32_const(l, 0);
   for (unsigned n = 0; n < x->num; n++)
      differ = LLVMBuildOr(b, differ,
                           LLVMBuildXor(b, x->word[n], y->word[n], ""), "");
   return LLVMBuildICmp(b, how, differ, i32_const(l, 0), "");
}

static void
lower_store(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst)
{
   struct wide *w = words_of(l, LLVMGetOperand(inst, 0));
   if (!w || spare_bits(LLVMGetOperand(inst, 0)))
      return;
   LLVMValueRef store =
      LLVMBuildStore(b, join_vector(l, b, w), LLVMGetOperand(inst, 1));
   LLVMSetAlignment(store, LLVMGetAlignment(inst));
   LLVMSetVolatile(store, LLVMGetVolatile(inst));
   LLVMInstructionEraseFromParent(inst);
   l->changed = true;
}

/* The same in terms of words, NULL if there is nothing to do. */
static LLVMValueRef
lowered(struct lower *l, LLVMBuilderRef b, LLVMValueRef inst)
{
   LLVMTypeRef type = LLVMTypeOf(inst);
   LLVMOpcode op = LLVMGetInstructionOpcode(inst);
   if (op == LLVMICmp)
      return join_compare(l, b, inst);
   if ((op != LLVMTrunc && op != LLVMBitCast) || num_words(type))
      return NULL;
   struct wide *w = words_of(l, LLVMGetOperand(inst, 0));
   if (!w)
      return NULL;
   return op == LLVMTrunc ? join_trunc(l, b, w, type)
                          : LLVMBuildBitCast(b, join_vector(l, b, w), type, "");
}

static void
lower_inst(struct lower *l, LLVMValueRef inst)
{
   if (LLVMGetNumOperands(inst) < 1 ||
       !num_words(LLVMTypeOf(LLVMGetOperand(inst, 0))))
      return;
   LLVMBuilderRef b = builder_before(l, inst);
   if (LLVMIsAStoreInst(inst)) {
      lower_store(l, b, inst);
   } else {
      LLVMValueRef v = lowered(l, b, inst);
      if (v) {
         LLVMReplaceAllUsesWith(inst, v);
         LLVMInstructionEraseFromParent(inst);
         l->changed = true;
      }
   }
   LLVMDisposeBuilder(b);
}

static void
lower_function(struct lower *l, LLVMValueRef fn)
{
   clc_for_each_block(block, fn)
   {
      LLVMValueRef next;
      for (LLVMValueRef inst = LLVMGetFirstInstruction(block); inst;
           inst = next) {
         next = LLVMGetNextInstruction(inst);
         lower_inst(l, inst);
      }
   }
   while (l->known) {
      struct wide *next = l->known->next;
      free(l->known);
      l->known = next;
   }
}

bool
clc_lower_wide(LLVMModuleRef module)
{
   struct lower l = {.context = LLVMGetModuleContext(module)};
   l.i32 = LLVMInt32TypeInContext(l.context);
   clc_for_each_function(fn, module)
   {
      lower_function(&l, fn);
   }
   return l.changed;
}
