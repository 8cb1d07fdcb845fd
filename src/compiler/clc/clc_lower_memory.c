/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* llvm.memcpy, memmove and memset: short ones become loads and stores in place,
 * others calls to the loops of lib/memory.cl. Runs after O2, whose passes want
 * to see the intrinsics. */
#include <stdio.h>
#include <string.h>

#include <llvm-c/DebugInfo.h>

#include "compiler/clc/clc_priv.h"
#include "compiler/clc/clc_target.h"

/* Accesses in place of one call; more than that is a loop. */
#define MAX_ACCESSES 32

struct mem_call {
   LLVMModuleRef module;
   LLVMContextRef context;
   LLVMBuilderRef builder;
   LLVMValueRef call, to, from, length; /* `from`: the byte for memset */
   enum {
      MEM_COPY,
      MEM_MOVE,
      MEM_SET
   } kind;
   uint64_t align_B; /* of both ends */
};

static uint64_t
operand_align(LLVMValueRef call, unsigned operand)
{
   unsigned kind = LLVMGetEnumAttributeKindForName("align", 5);
   LLVMAttributeRef align =
      LLVMGetCallSiteEnumAttribute(call, operand + 1, kind);
   return align ? LLVMGetEnumAttributeValue(align) : 1;
}

static bool
parse_call(struct mem_call *m, LLVMValueRef inst)
{
   if (!LLVMIsACallInst(inst))
      return false;
   const char *name = LLVMGetValueName(LLVMGetCalledValue(inst));
   if (strncmp(name, "llvm.memcpy.", 12) == 0)
      m->kind = MEM_COPY;
   else if (strncmp(name, "llvm.memmove.", 13) == 0)
      m->kind = MEM_MOVE;
   else if (strncmp(name, "llvm.memset.", 12) == 0)
      m->kind = MEM_SET;
   else
      return false;

   m->call = inst;
   m->to = LLVMGetOperand(inst, 0);
   m->from = LLVMGetOperand(inst, 1);
   m->length = LLVMGetOperand(inst, 2);
   m->align_B = operand_align(inst, 0);
   if (m->kind != MEM_SET)
      m->align_B = MIN2(m->align_B, operand_align(inst, 1));
   return true;
}

/* ---- in place ---- */

/* The access at `at_B`: as wide as alignment and rest allow. */
static uint64_t
access_size(const struct mem_call *m, uint64_t at_B, uint64_t length_B)
{
   uint64_t size_B = 16;
   while (size_B > m->align_B || size_B > length_B - at_B || at_B % size_B)
      size_B /= 2;
   return size_B;
}

static unsigned
count_accesses(const struct mem_call *m, uint64_t length_B)
{
   unsigned n = 0;
   for (uint64_t at_B = 0; at_B < length_B && n <= MAX_ACCESSES; n++)
      at_B += access_size(m, at_B, length_B);
   return n;
}

static LLVMTypeRef
access_type(const struct mem_call *m, uint64_t size_B)
{
   if (size_B == 16)
      return LLVMVectorType(LLVMInt32TypeInContext(m->context), 4);
   return LLVMIntTypeInContext(m->context, 8 * size_B);
}

static LLVMValueRef
address(struct mem_call *m, LLVMValueRef base, uint64_t at_B)
{
   LLVMValueRef index =
      LLVMConstInt(LLVMInt64TypeInContext(m->context), at_B, false);
   return LLVMBuildInBoundsGEP2(m->builder, LLVMInt8TypeInContext(m->context),
                                base, &index, 1, "");
}

/* The byte of a memset, repeated. */
static LLVMValueRef
splat(struct mem_call *m, uint64_t size_B)
{
   uint64_t word_B = MIN2(size_B, 8);
   if (size_B == 16)
      word_B = 4;
   LLVMTypeRef type = LLVMIntTypeInContext(m->context, 8 * word_B);
   LLVMValueRef ones =
      LLVMConstInt(type, 0x0101010101010101ull >> (64 - 8 * word_B), false);
   LLVMValueRef word = LLVMBuildMul(
      m->builder, LLVMBuildZExt(m->builder, m->from, type, ""), ones, "");
   if (size_B != 16)
      return word;

   LLVMValueRef vector = LLVMGetUndef(access_type(m, 16));
   for (unsigned i = 0; i < 4; i++) {
      LLVMValueRef lane =
         LLVMConstInt(LLVMInt32TypeInContext(m->context), i, false);
      vector = LLVMBuildInsertElement(m->builder, vector, word, lane, "");
   }
   return vector;
}

/* All loads come before all stores, which is right for memmove as well. */
static void
expand(struct mem_call *m, uint64_t length_B)
{
   LLVMValueRef values[MAX_ACCESSES];
   unsigned n = 0;
   for (uint64_t at_B = 0, size_B; at_B < length_B; at_B += size_B) {
      size_B = access_size(m, at_B, length_B);
      if (m->kind == MEM_SET) {
         values[n++] = splat(m, size_B);
         continue;
      }
      LLVMValueRef load = LLVMBuildLoad2(m->builder, access_type(m, size_B),
                                         address(m, m->from, at_B), "");
      LLVMSetAlignment(load, size_B);
      values[n++] = load;
   }
   n = 0;
   for (uint64_t at_B = 0, size_B; at_B < length_B; at_B += size_B) {
      size_B = access_size(m, at_B, length_B);
      LLVMValueRef store =
         LLVMBuildStore(m->builder, values[n++], address(m, m->to, at_B));
      LLVMSetAlignment(store, size_B);
   }
}

/* ---- by a loop ---- */

static void
call_loop(struct mem_call *m)
{
   static const char *const names[] = {"memcpy", "memmove", "memset"};
   unsigned unit_B = m->align_B >= 16 ? 16 : m->align_B >= 4 ? 4 : 1;
   unsigned to_as = LLVMGetPointerAddressSpace(LLVMTypeOf(m->to));
   char name[64];
   if (m->kind == MEM_SET)
      snprintf(name, sizeof(name), "__partage_memset_d%u_u%u", to_as, unit_B);
   else
      snprintf(name, sizeof(name), "__partage_%s_d%u_s%u_u%u", names[m->kind],
               to_as, LLVMGetPointerAddressSpace(LLVMTypeOf(m->from)), unit_B);

   LLVMTypeRef u64 = LLVMInt64TypeInContext(m->context);
   LLVMTypeRef params[] = {LLVMTypeOf(m->to), LLVMTypeOf(m->from), u64};
   LLVMTypeRef type =
      LLVMFunctionType(LLVMVoidTypeInContext(m->context), params, 3, false);
   LLVMValueRef fn = LLVMGetNamedFunction(m->module, name);
   if (!fn)
      fn = LLVMAddFunction(m->module, name, type);
   LLVMValueRef args[] = {m->to, m->from,
                          LLVMBuildZExt(m->builder, m->length, u64, "")};
   LLVMValueRef call = LLVMBuildCall2(m->builder, type, fn, args, 3, "");
   LLVMInstructionSetDebugLoc(call, LLVMInstructionGetDebugLoc(m->call));
}

static bool
lower_call(struct mem_call *m)
{
   LLVMPositionBuilderBefore(m->builder, m->call);
   bool constant = LLVMIsAConstantInt(m->length);
   uint64_t length_B = constant ? LLVMConstIntGetZExtValue(m->length) : 0;
   bool in_place = constant && count_accesses(m, length_B) <= MAX_ACCESSES;
   if (in_place)
      expand(m, length_B);
   else
      call_loop(m);
   LLVMInstructionEraseFromParent(m->call);
   return !in_place;
}

bool
clc_lower_memory(struct clc_job *job, LLVMModuleRef module)
{
   struct mem_call m = {
      .module = module,
      .context = job->context,
      .builder = LLVMCreateBuilderInContext(job->context),
   };
   bool loops = false;
   clc_for_each_function(fn, module)
   {
      clc_for_each_block(block, fn)
      {
         for (LLVMValueRef inst = LLVMGetFirstInstruction(block), next; inst;
              inst = next) {
            next = LLVMGetNextInstruction(inst);
            if (parse_call(&m, inst))
               loops |= lower_call(&m);
         }
      }
   }
   LLVMDisposeBuilder(m.builder);
   return loops;
}
