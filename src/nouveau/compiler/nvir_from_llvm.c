/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The function: arguments, blocks, phis, terminators, dispatch by opcode.
 * Blocks are taken in reverse post-order, so that but for phis every value is
 * met before its uses. */
#include "nouveau/compiler/nvir_from_llvm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/DebugInfo.h>

#include "compiler/clc/clc_intrinsics.h"
#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_from_llvm_priv.h"
#include "nouveau/compiler/nvir_llvm_shim.h"

static struct nvir_comps
zeros_for(struct nvir_import *im, LLVMValueRef value)
{
   LLVMTypeRef t = LLVMTypeOf(value);
   struct nvir_comps c = nvir_comps_new(im, MAX2(nvir_type_leaves(t), 1));
   for (unsigned i = 0; i < c.n; i++)
      c.c[i] = nvir_imm(0);
   return c;
}

/* The first failure is the one that is told. */
static bool
begin_report(struct nvir_import *im)
{
   if (im->err || !im->log)
      return false;
   unsigned line = im->inst ? LLVMGetDebugLocLine(im->inst) : 0;
   util_buf_printf(im->log, "kernel '%s'", im->s->name);
   if (line)
      util_buf_printf(im->log, ", line %u", line);
   return true;
}

struct nvir_comps
nvir_import_fail(struct nvir_import *im, LLVMValueRef value, const char *fmt,
                 ...)
{
   if (begin_report(im)) {
      char what[256];
      va_list ap;
      va_start(ap, fmt);
      vsnprintf(what, sizeof(what), fmt, ap);
      va_end(ap);
      char *text = LLVMPrintValueToString(im->inst ? im->inst : value);
      util_buf_printf(im->log, ": not supported: %s: %.200s\n", what,
                      text + strspn(text, " "));
      LLVMDisposeMessage(text);
   }
   im->err = -EINVAL;
   return zeros_for(im, value);
}

struct nvir_comps
nvir_import_too_big(struct nvir_import *im, LLVMValueRef value,
                    const char *what)
{
   if (begin_report(im))
      util_buf_printf(im->log, ": %s\n", what);
   im->err = im->err ? im->err : -E2BIG;
   return zeros_for(im, value);
}

/* ---- arguments ---- */

static LLVMValueRef
kernel_metadata(struct nvir_import *im, const char *name)
{
   LLVMValueRef found = NULL;
   size_t n;
   unsigned kind = LLVMGetMDKindIDInContext(im->ctx, name, strlen(name));
   LLVMValueMetadataEntry *entries = LLVMGlobalCopyAllMetadata(im->func, &n);
   for (size_t i = 0; i < n; i++)
      if (LLVMValueMetadataEntriesGetKind(entries, i) == kind)
         found = LLVMMetadataAsValue(
            im->ctx, LLVMValueMetadataEntriesGetMetadata(entries, i));
   LLVMDisposeValueMetadataEntries(entries);
   return found;
}

/* Integers of a metadata node; returns how many. */
static unsigned
metadata_numbers(struct nvir_import *im, const char *name, uint32_t *out,
                 unsigned max)
{
   LLVMValueRef md = kernel_metadata(im, name);
   if (!md)
      return 0;
   unsigned n = LLVMGetMDNodeNumOperands(md);
   if (n > max)
      return 0;
   LLVMValueRef *ops =
      util_arena_array(&im->s->arena, LLVMValueRef, MAX2(n, 1));
   LLVMGetMDNodeOperands(md, ops);
   for (unsigned i = 0; i < n; i++)
      out[i] = ops[i] && LLVMIsAConstantInt(ops[i])
                  ? LLVMConstIntGetZExtValue(ops[i])
                  : 0;
   return n;
}

static LLVMTypeRef
byval_type(struct nvir_import *im, unsigned arg)
{
   unsigned kind = LLVMGetEnumAttributeKindForName("byval", 5);
   LLVMAttributeRef attr = LLVMGetEnumAttributeAtIndex(im->func, arg + 1, kind);
   return attr ? LLVMGetTypeAttributeValue(attr) : NULL;
}

/* The OpenCL rule, for modules without clc's metadata: everything is aligned to
 * its own size, vectors of three to that of four. */
static void
natural_layout(struct nvir_import *im, uint32_t *offsets, unsigned n)
{
   uint32_t at = 0;
   for (unsigned i = 0; i < n; i++) {
      LLVMTypeRef by = byval_type(im, i),
                  t = by ? by : LLVMTypeOf(LLVMGetParam(im->func, i));
      unsigned align = LLVMABIAlignmentOfType(im->layout, t);
      offsets[i] = at = util_align(at, align);
      at += LLVMABISizeOfType(im->layout, t);
   }
   im->s->args_B = at;
}

static struct nvir_comps
load_argument(struct nvir_import *im, LLVMTypeRef t, uint32_t offset_B)
{
   unsigned size = LLVMStoreSizeOfType(im->layout, t);
   struct nvir_src words[NVIR_MAX_WORDS];

   if (nvir_type_leaves(t) == 1 && nvir_scalar_bits(t) >= 32 &&
       (size == 4 || size == 8)) {
      struct nvir_src x =
         nvir_import_c0(im, nvir_imm(NVIR_C0_ARGS + offset_B), size);
      return nvir_comps_one(im, x);
   }
   /* The block is padded to words, so reading whole ones is safe. */
   for (unsigned at = 0; at < size; at += 4) {
      struct nvir_src x =
         nvir_import_c0(im, nvir_imm((NVIR_C0_ARGS + offset_B + at) & ~3u), 4);
      unsigned shift = (offset_B + at) % 4 * 8;
      words[at / 4] =
         shift ? nvir_i2(im, NVIR_OP_LSHR, NVIR_TYPE_I32, x, nvir_imm(shift))
               : x;
   }
   return nvir_words_to_comps(im, t, words);
}

/* A struct argument that is still addressed is copied to the stack. */
static struct nvir_comps
copy_struct(struct nvir_import *im, LLVMTypeRef t, uint32_t offset_B)
{
   uint32_t size = util_align(LLVMABISizeOfType(im->layout, t), 4);
   uint32_t at = util_align(im->s->local_B, 16);

   im->s->local_B = at + size;
   for (uint32_t i = 0; i < size; i += 4) {
      struct nvir_src srcs[2] = {
         nvir_imm(at),
         nvir_import_c0(im, nvir_imm(NVIR_C0_ARGS + offset_B + i), 4)};
      struct nvir_instr *st =
         nvir_build_op(&im->b, NVIR_OP_STORE, NVIR_TYPE_NONE, srcs, 2);
      st->space = NVIR_SPACE_LOCAL;
      st->offset_B = i;
      st->imm = st->align_B = 4;
   }
   return nvir_comps_one(im, nvir_imm((uint64_t)NVIR_LOCAL_WINDOW + at));
}

static void
import_arguments(struct nvir_import *im)
{
   unsigned n = LLVMCountParams(im->func);
   uint32_t *offsets = util_arena_array(&im->s->arena, uint32_t, MAX2(n, 1));

   natural_layout(im, offsets, n);
   if (n && metadata_numbers(im, CLC_MD_ARG_OFFSET, offsets, n) == n)
      metadata_numbers(im, CLC_MD_ARGS_SIZE, &im->s->args_B, 1);
   metadata_numbers(im, "reqd_work_group_size", im->s->reqd_wg_size, 3);
   for (unsigned i = 0; i < n; i++) {
      LLVMValueRef arg = LLVMGetParam(im->func, i);
      LLVMTypeRef by = byval_type(im, i);
      if (!LLVMGetFirstUse(arg))
         continue;
      struct nvir_comps c = by ? copy_struct(im, by, offsets[i])
                               : load_argument(im, LLVMTypeOf(arg), offsets[i]);
      nvir_map_insert(&im->values, arg)->comps = c;
   }
}

/* ---- blocks ---- */

struct rpo {
   LLVMBasicBlockRef *blocks;
   unsigned n;
};

static void
post_order(struct nvir_import *im, LLVMBasicBlockRef entry, struct rpo *out)
{
   unsigned count = LLVMCountBasicBlocks(im->func), depth = 0;
   struct frame {
      LLVMBasicBlockRef bb;
      unsigned next;
   } *stack = util_arena_array(&im->s->arena, struct frame, count);

   nvir_map_insert(&im->blocks, entry);
   stack[depth++].bb = entry;
   while (depth) {
      struct frame *f = &stack[depth - 1];
      LLVMValueRef term = LLVMGetBasicBlockTerminator(f->bb);
      if (f->next == LLVMGetNumSuccessors(term)) {
         out->blocks[out->n++] = f->bb;
         depth--;
         continue;
      }
      LLVMBasicBlockRef succ = LLVMGetSuccessor(term, f->next++);
      if (nvir_map_get(&im->blocks, succ))
         continue;
      nvir_map_insert(&im->blocks, succ);
      stack[depth++] = (struct frame){succ, 0};
   }
}

static struct nvir_block *
block_of(struct nvir_import *im, LLVMBasicBlockRef bb)
{
   return nvir_map_get(&im->blocks, bb)->first;
}

static struct nvir_comps
import_phi(struct nvir_import *im, LLVMValueRef v)
{
   LLVMTypeRef t = LLVMTypeOf(v);
   struct nvir_comps r = nvir_comps_new(im, nvir_type_leaves(t));

   for (unsigned i = 0; i < r.n; i++) {
      enum nvir_type type = nvir_container(nvir_type_leaf(t, i));
      if (type == NVIR_TYPE_NONE)
         return nvir_import_fail(im, v, "phi of this type");
      r.c[i] = nvir_val(
         nvir_build_op(&im->b, NVIR_OP_PHI, type, NULL, 0)->dsts[0].val);
   }
   return r;
}

/* Is it an operand of anything but other phis? Then its undefined bits may be
 * merged with others (a struct's padding when it is copied in pieces), and a
 * register that was never written would be read. */
static bool
is_computed_with(LLVMValueRef phi)
{
   for (LLVMUseRef u = LLVMGetFirstUse(phi); u; u = LLVMGetNextUse(u))
      if (!LLVMIsAPHINode(LLVMGetUser(u)))
         return true;
   return false;
}

/* Constants and address computations of an incoming value are built at the end
 * of the block it comes from. */
static void
fill_phi(struct nvir_import *im, LLVMValueRef v)
{
   struct nvir_comps r = nvir_map_get(&im->values, v)->comps;
   unsigned num_preds =
      nvir_map_get(&im->blocks, LLVMGetInstructionParent(v))->first->num_preds;
   bool computed = is_computed_with(v);

   for (unsigned i = 0; i < r.n; i++) {
      struct nvir_instr *phi = r.c[i].val->def;
      phi->srcs = util_arena_array(&im->s->arena, struct nvir_src, num_preds);
      phi->num_srcs = num_preds;
   }
   for (unsigned k = 0; k < LLVMCountIncoming(v); k++) {
      struct nvir_map_entry *from =
         nvir_map_get(&im->blocks, LLVMGetIncomingBlock(v, k));
      if (!from)
         continue; /* unreachable */
      im->b = nvir_builder_at_end(from->last);
      im->b.before = nvir_block_terminator(from->last);
      struct nvir_comps c = nvir_import_value(im, LLVMGetIncomingValue(v, k));
      for (unsigned i = 0; i < r.n; i++) {
         struct nvir_instr *phi = r.c[i].val->def;
         struct nvir_src x = c.c[i];
         if (x.kind == NVIR_SRC_UNDEF && computed)
            x = nvir_imm(0);
         phi->srcs[nvir_block_pred_index(phi->block, from->last)] = x;
      }
   }
}

static void
import_branch(struct nvir_import *im, LLVMValueRef v)
{
   LLVMBasicBlockRef yes = LLVMGetSuccessor(v, 0);
   if (!LLVMIsConditional(v) || yes == LLVMGetSuccessor(v, 1)) {
      nvir_build_br(&im->b, block_of(im, yes));
      return;
   }
   struct nvir_src c = nvir_import_scalar(im, LLVMGetCondition(v));
   if (c.kind == NVIR_SRC_IMM || c.kind == NVIR_SRC_UNDEF) {
      /* Both edges stay, the block order was made with them. */
      c = nvir_icmp(im, NVIR_COND_NE, false, NVIR_TYPE_I32, nvir_imm(c.imm & 1),
                    nvir_imm(0));
   }
   nvir_build_cbr(&im->b, c, block_of(im, yes),
                  block_of(im, LLVMGetSuccessor(v, 1)));
}

static void
build_terminator(struct nvir_import *im, enum nvir_op op)
{
   nvir_build_op(&im->b, op, NVIR_TYPE_NONE, NULL, 0);
}

static struct nvir_comps
import_instruction(struct nvir_import *im, LLVMValueRef v)
{
   LLVMOpcode op = LLVMGetInstructionOpcode(v);
   struct nvir_comps none = {0};

   switch (op) {
   case LLVMRet:
      build_terminator(im, NVIR_OP_EXIT);
      return none;
   case LLVMUnreachable:
      build_terminator(im, NVIR_OP_TRAP);
      return none;
   case LLVMBr:
      import_branch(im, v);
      return none;
   case LLVMPHI:
      return import_phi(im, v);
   case LLVMAlloca:
      return nvir_import_alloca(im, v);
   case LLVMLoad:
      return nvir_import_load(im, v);
   case LLVMStore:
      nvir_import_store(im, v);
      return none;
   case LLVMGetElementPtr:
      return nvir_import_gep(im, v);
   case LLVMAtomicRMW:
      return nvir_import_rmw(im, v);
   case LLVMAtomicCmpXchg:
      return nvir_import_cmpxchg(im, v);
   case LLVMCall:
      return nvir_import_call(im, v);
   case LLVMFence: {
      LLVMAtomicOrdering order = nvir_llvm_fence_ordering(v);
      nvir_import_fence(im, order, order == LLVMAtomicOrderingRelease);
      return none;
   }
   case LLVMFreeze:
      return nvir_import_value(im, LLVMGetOperand(v, 0));
   case LLVMTrunc:
   case LLVMZExt:
   case LLVMSExt:
   case LLVMFPToUI:
   case LLVMFPToSI:
   case LLVMUIToFP:
   case LLVMSIToFP:
   case LLVMFPTrunc:
   case LLVMFPExt:
   case LLVMPtrToInt:
   case LLVMIntToPtr:
   case LLVMBitCast:
   case LLVMAddrSpaceCast:
      return nvir_import_cast(im, v, op);
   case LLVMSelect:
   case LLVMExtractElement:
   case LLVMInsertElement:
   case LLVMShuffleVector:
   case LLVMExtractValue:
   case LLVMInsertValue:
      return nvir_import_vector(im, v, op);
   default:
      return nvir_import_alu(im, v, op);
   }
}

/* A frozen or shared undefined value must be one value for all its uses. */
static void
settle_undef(struct nvir_import *im, LLVMValueRef v, struct nvir_comps *c)
{
   if (LLVMGetInstructionOpcode(v) != LLVMFreeze)
      return;
   for (unsigned i = 0; i < c->n; i++)
      if (c->c[i].kind == NVIR_SRC_UNDEF)
         c->c[i] = nvir_imm(0);
}

static void
import_block(struct nvir_import *im, LLVMBasicBlockRef bb)
{
   struct nvir_map_entry *e = nvir_map_get(&im->blocks, bb);

   im->b = nvir_builder_at_end(e->first);
   if (bb == LLVMGetEntryBasicBlock(im->func))
      import_arguments(im);
   for (LLVMValueRef v = LLVMGetFirstInstruction(bb); v;
        v = LLVMGetNextInstruction(v)) {
      im->inst = v;
      im->b.line = LLVMGetDebugLocLine(v);
      struct nvir_comps c = import_instruction(im, v);
      if (im->err)
         return;
      settle_undef(im, v, &c);
      if (c.n)
         nvir_map_insert(&im->values, v)->comps = c;
   }
   nvir_map_get(&im->blocks, bb)->last = im->b.block;
}

static void
import_function(struct nvir_import *im)
{
   struct rpo rpo = {util_arena_array(&im->s->arena, LLVMBasicBlockRef,
                                      LLVMCountBasicBlocks(im->func))};

   post_order(im, LLVMGetEntryBasicBlock(im->func), &rpo);
   for (unsigned i = rpo.n; i-- > 0;)
      nvir_map_get(&im->blocks, rpo.blocks[i])->first =
         nvir_block_create(im->s);
   for (unsigned i = rpo.n; i-- > 0 && !im->err;)
      import_block(im, rpo.blocks[i]);
   for (unsigned i = rpo.n; i-- > 0 && !im->err;)
      for (LLVMValueRef v = LLVMGetFirstInstruction(rpo.blocks[i]);
           v && LLVMIsAPHINode(v); v = LLVMGetNextInstruction(v)) {
         im->inst = v;
         fill_phi(im, v);
      }
   nvir_shader_number_blocks(im->s);
}

static bool
flushes_denormals(LLVMValueRef func)
{
   static const char name[] = "denormal-fp-math-f32";
   unsigned len;
   LLVMAttributeRef attr = LLVMGetStringAttributeAtIndex(
      func, LLVMAttributeFunctionIndex, name, sizeof(name) - 1);
   if (!attr)
      return false;
   const char *value = LLVMGetStringAttributeValue(attr, &len);
   return len >= 13 && (!strncmp(value, "preserve-sign", 13) ||
                        !strncmp(value, "positive-zero", 13));
}

int
nvir_from_llvm(LLVMValueRef kernel, uint32_t chipset, uint64_t debug,
               struct nvir_data_segment *data, struct util_buf *log,
               struct nvir_shader **shader_out)
{
   struct nvir_import im = {.module = LLVMGetGlobalParent(kernel),
                            .func = kernel,
                            .data = data,
                            .log = log};

   im.ctx = LLVMGetModuleContext(im.module);
   im.layout = LLVMGetModuleDataLayout(im.module);
   im.ftz = flushes_denormals(kernel);
   im.s = nvir_shader_create(LLVMGetValueName(kernel), chipset);
   im.s->debug = debug;
   im.s->log = log;
   import_function(&im);
   nvir_map_finish(&im.values);
   nvir_map_finish(&im.blocks);
   nvir_map_finish(&im.shared);
   if (im.err)
      nvir_shader_destroy(im.s);
   else
      *shader_out = im.s;
   return im.err;
}
