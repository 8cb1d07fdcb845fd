/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "clc_host.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/Core.h>
#include <llvm-c/ExecutionEngine.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>

#include "compiler/clc/clc_intrinsics.h"
#include "nouveau/compiler/nvir.h"
#include "util/util_macros.h"

#define WARP      32
#define STACK_B   (256 << 10)
#define BANK_B    (NVIR_C0_ARGS + 4352)
#define MAX_LOCAL 1024

enum item_state {
   ITEM_RUNS,
   ITEM_WAITS_WARP,
   ITEM_WAITS_GROUP,
   ITEM_DONE
};

/* One work-item. What it waits for, and the answer. */
struct item {
   ucontext_t context;
   enum item_state state;
   uint32_t tid[3];
   enum {
      ASK_BALLOT,
      ASK_IDX,
      ASK_UP,
      ASK_DOWN,
      ASK_BFLY
   } ask;
   uint32_t value, lane, c, answer;
   char *stack;
};

/* The launch that runs. The intrinsics are called from compiled code, so it has
 * to be reached from here. */
static struct {
   ucontext_t scheduler;
   struct item items[MAX_LOCAL], *current;
   unsigned num_items;
   uint32_t ctaid[3];
   uint8_t bank[BANK_B];
   struct clc_host_fences fences;
   void (*entry)(const void *args);
} run;

/* ---- scheduling ---- */

static void
item_main(void)
{
   run.entry(run.bank + NVIR_C0_ARGS);
   run.current->state = ITEM_DONE;
}

static void
wait_in(enum item_state state)
{
   run.current->state = state;
   swapcontext(&run.current->context, &run.scheduler);
}

static bool
all_are(unsigned first, unsigned num, enum item_state state)
{
   bool any = false;
   for (unsigned i = first; i < first + num; i++) {
      if (run.items[i].state != state && run.items[i].state != ITEM_DONE)
         return false;
      any |= run.items[i].state == state;
   }
   return any;
}

static uint32_t
ballot(const struct item *warp, unsigned num)
{
   uint32_t bits = 0;
   for (unsigned i = 0; i < num; i++)
      if (warp[i].state == ITEM_WAITS_WARP && warp[i].value)
         bits |= 1u << i;
   return bits;
}

/* isa.md §3.6 */
static uint32_t
shuffle(const struct item *warp, unsigned num, unsigned lane)
{
   const struct item *self = &warp[lane];
   uint32_t mask = self->c >> 8 & 31, clamp = self->c & 31;
   uint32_t min = lane & mask, max = min | (clamp & ~mask);
   int64_t from = 0;
   bool ok = false;
   switch (self->ask) {
   case ASK_IDX:
      from = min | (self->lane & ~mask & 31);
      ok = from <= max;
      break;
   case ASK_UP:
      from = (int64_t)lane - self->lane;
      ok = from >= max;
      break;
   case ASK_DOWN:
      from = (int64_t)lane + self->lane;
      ok = from <= max;
      break;
   case ASK_BFLY:
      from = lane ^ self->lane;
      ok = from <= max;
      break;
   default:
      break;
   }
   /* An absent lane's value is undefined: make it show. */
   if (ok && (from < 0 || from >= num))
      return 0xdeadbeef;
   return ok ? warp[from].value : self->value;
}

static void
release_warp(unsigned first, unsigned num)
{
   struct item *warp = &run.items[first];
   for (unsigned i = 0; i < num; i++)
      warp[i].answer =
         warp[i].ask == ASK_BALLOT ? ballot(warp, num) : shuffle(warp, num, i);
   for (unsigned i = 0; i < num; i++)
      if (warp[i].state == ITEM_WAITS_WARP)
         warp[i].state = ITEM_RUNS;
}

static bool
release_waiting(void)
{
   bool any = false;
   for (unsigned first = 0; first < run.num_items; first += WARP) {
      unsigned num = MIN2(WARP, run.num_items - first);
      if (all_are(first, num, ITEM_WAITS_WARP)) {
         release_warp(first, num);
         any = true;
      }
   }
   if (all_are(0, run.num_items, ITEM_WAITS_GROUP)) {
      for (unsigned i = 0; i < run.num_items; i++)
         if (run.items[i].state == ITEM_WAITS_GROUP)
            run.items[i].state = ITEM_RUNS;
      any = true;
   }
   return any;
}

static void
run_group(void)
{
   for (unsigned i = 0; i < run.num_items; i++) {
      struct item *item = &run.items[i];
      getcontext(&item->context);
      item->context.uc_stack.ss_sp = item->stack;
      item->context.uc_stack.ss_size = STACK_B;
      item->context.uc_link = &run.scheduler;
      makecontext(&item->context, item_main, 0);
      item->state = ITEM_RUNS;
   }
   do {
      for (unsigned i = 0; i < run.num_items; i++) {
         run.current = &run.items[i];
         if (run.current->state == ITEM_RUNS)
            swapcontext(&run.scheduler, &run.current->context);
      }
   } while (release_waiting());
   for (unsigned i = 0; i < run.num_items; i++)
      assert(run.items[i].state == ITEM_DONE && "a barrier not all reach");
}

/* ---- intrinsics ---- */

#define TID(axis, n)                                                           \
   static uint32_t host___nvir_tid_##axis(void)                                \
   {                                                                           \
      return run.current->tid[n];                                              \
   }                                                                           \
   static uint32_t host___nvir_ctaid_##axis(void)                              \
   {                                                                           \
      return run.ctaid[n];                                                     \
   }
TID(x, 0)
TID(y, 1)
TID(z, 2)

static uint32_t
host___nvir_laneid(void)
{
   return (run.current - run.items) % WARP;
}

#define BANK(bits)                                                             \
   static uint##bits##_t host___nvir_c0_u##bits(uint32_t offset_B)             \
   {                                                                           \
      uint##bits##_t v;                                                        \
      assert(offset_B + sizeof(v) <= BANK_B && offset_B % sizeof(v) == 0);     \
      memcpy(&v, run.bank + offset_B, sizeof(v));                              \
      return v;                                                                \
   }
BANK(8)
BANK(16)
BANK(32)
BANK(64)

#define MUFU(name, value)                                                      \
   static float host___nvir_mufu_##name(float x)                               \
   {                                                                           \
      return value;                                                            \
   }
MUFU(rcp, 1.0f / x)
MUFU(rsq, 1.0f / sqrtf(x))
MUFU(sqrt, sqrtf(x))
MUFU(ex2, exp2f(x))
MUFU(lg2, log2f(x))
MUFU(sin, sinf(x))
MUFU(cos, cosf(x))

#define IDP4A(signs, a_type, b_type)                                           \
   static uint32_t host___nvir_idp4a_##signs(uint32_t a, uint32_t b)           \
   {                                                                           \
      uint32_t sum = 0;                                                        \
      for (unsigned bit = 0; bit < 32; bit += 8)                               \
         sum += (a_type)(a >> bit) * (b_type)(b >> bit);                       \
      return sum;                                                              \
   }
IDP4A(uu, uint8_t, uint8_t)
IDP4A(us, uint8_t, int8_t)
IDP4A(su, int8_t, uint8_t)
IDP4A(ss, int8_t, int8_t)

static uint32_t
ask_warp(unsigned ask, uint32_t value, uint32_t lane, uint32_t c)
{
   struct item *self = run.current;
   self->ask = ask;
   self->value = value;
   self->lane = lane;
   self->c = c;
   wait_in(ITEM_WAITS_WARP);
   return self->answer;
}

#define SHFL(name, ask)                                                        \
   static uint32_t host___nvir_shfl_##name(uint32_t v, uint32_t lane,          \
                                           uint32_t c)                         \
   {                                                                           \
      return ask_warp(ask, v, lane, c);                                        \
   }
SHFL(idx, ASK_IDX)
SHFL(up, ASK_UP)
SHFL(down, ASK_DOWN)
SHFL(bfly, ASK_BFLY)

static uint32_t
host___nvir_vote_ballot(bool v)
{
   return ask_warp(ASK_BALLOT, v, 0, 0);
}

static void
host___nvir_barrier(void)
{
   wait_in(ITEM_WAITS_GROUP);
}

static void
host___nvir_membar_cta(void)
{
   run.fences.cta++;
}

static void
host___nvir_membar_gl(void)
{
   run.fences.gl++;
}

static void
host___nvir_membar_sys(void)
{
   run.fences.sys++;
}

static uint64_t
host___nvir_clock(void)
{
   return 1;
}

/* ---- programs ---- */

struct clc_host_program {
   LLVMContextRef context;
   LLVMExecutionEngineRef engine;
};

static uint32_t
arg_offset(LLVMContextRef context, LLVMValueRef fn, unsigned index)
{
   unsigned kind = LLVMGetMDKindIDInContext(context, CLC_MD_ARG_OFFSET,
                                            strlen(CLC_MD_ARG_OFFSET));
   size_t num;
   LLVMValueMetadataEntry *entries = LLVMGlobalCopyAllMetadata(fn, &num);
   LLVMValueRef operands[256];
   for (size_t i = 0; i < num; i++) {
      if (LLVMValueMetadataEntriesGetKind(entries, i) != kind)
         continue;
      LLVMValueRef node = LLVMMetadataAsValue(
         context, LLVMValueMetadataEntriesGetMetadata(entries, i));
      assert(index < LLVMGetMDNodeNumOperands(node));
      LLVMGetMDNodeOperands(node, operands);
   }
   LLVMDisposeValueMetadataEntries(entries);
   return LLVMConstIntGetZExtValue(operands[index]);
}

/* void entry_NAME(const void *args): loads the arguments and calls the kernel. */
static void
add_entry(LLVMContextRef context, LLVMModuleRef module, LLVMValueRef fn)
{
   char name[256];
   snprintf(name, sizeof(name), "entry_%s", LLVMGetValueName(fn));
   LLVMTypeRef ptr = LLVMPointerTypeInContext(context, 0);
   LLVMValueRef entry = LLVMAddFunction(
      module, name,
      LLVMFunctionType(LLVMVoidTypeInContext(context), &ptr, 1, false));
   LLVMBuilderRef b = LLVMCreateBuilderInContext(context);
   LLVMPositionBuilderAtEnd(b,
                            LLVMAppendBasicBlockInContext(context, entry, ""));

   unsigned byval = LLVMGetEnumAttributeKindForName("byval", 5);
   unsigned num = LLVMCountParams(fn);
   LLVMValueRef args[256];
   for (unsigned i = 0; i < num; i++) {
      LLVMTypeRef type = LLVMTypeOf(LLVMGetParam(fn, i));
      if (LLVMGetEnumAttributeAtIndex(fn, i + 1, byval)) {
         args[i] = LLVMConstNull(type);
         LLVMRemoveEnumAttributeAtIndex(fn, i + 1, byval);
         continue;
      }
      LLVMValueRef at = LLVMConstInt(LLVMInt32TypeInContext(context),
                                     arg_offset(context, fn, i), false);
      LLVMValueRef p = LLVMBuildGEP2(b, LLVMInt8TypeInContext(context),
                                     LLVMGetParam(entry, 0), &at, 1, "");
      args[i] = LLVMBuildLoad2(b, type, p, "");
      LLVMSetAlignment(args[i], 1);
   }
   LLVMBuildCall2(b, LLVMGlobalGetValueType(fn), fn, args, num, "");
   LLVMBuildRetVoid(b);
   LLVMDisposeBuilder(b);
}

/* A GPU always fuses; so that results can be compared, so do we. */
static void
fuse_multiply_add(LLVMModuleRef module)
{
   for (LLVMValueRef fn = LLVMGetFirstFunction(module); fn;
        fn = LLVMGetNextFunction(fn)) {
      const char *name = LLVMGetValueName(fn);
      char fma[64];
      if (strncmp(name, "llvm.fmuladd.", 13) != 0)
         continue;
      snprintf(fma, sizeof(fma), "llvm.fma.%s", name + 13);
      LLVMValueRef fused = LLVMGetNamedFunction(module, fma);
      if (!fused)
         fused = LLVMAddFunction(module, fma, LLVMGlobalGetValueType(fn));
      LLVMReplaceAllUsesWith(fn, fused);
   }
}

static void
retarget(struct clc_host_program *p, LLVMModuleRef module)
{
   fuse_multiply_add(module);
   char *triple = LLVMGetDefaultTargetTriple();
   LLVMSetTarget(module, triple);
   LLVMSetDataLayout(module, "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-"
                             "f80:128-n8:16:32:64-S128");
   LLVMDisposeMessage(triple);
   unsigned num = 0;
   LLVMValueRef kernels[64];
   for (LLVMValueRef fn = LLVMGetFirstFunction(module); fn;
        fn = LLVMGetNextFunction(fn)) {
      if (LLVMIsDeclaration(fn))
         continue;
      assert(num < ARRAY_SIZE(kernels));
      LLVMSetFunctionCallConv(fn, LLVMCCallConv);
      kernels[num++] = fn;
   }
   for (unsigned i = 0; i < num; i++)
      add_entry(p->context, module, kernels[i]);
}

static void
map_intrinsics(struct clc_host_program *p, LLVMModuleRef module)
{
#define MAP(result, name, params, cls)                                         \
   {                                                                           \
      LLVMValueRef fn = LLVMGetNamedFunction(module, #name);                   \
      if (fn)                                                                  \
         LLVMAddGlobalMapping(p->engine, fn, (void *)host_##name);             \
   }
   CLC_INTRINSICS(MAP)
#undef MAP
}

struct clc_host_program *
clc_host_create(const struct clc_blob *program)
{
   LLVMLinkInMCJIT();
   LLVMInitializeNativeTarget();
   LLVMInitializeNativeAsmPrinter();

   struct clc_host_program *p = calloc(1, sizeof(*p));
   p->context = LLVMContextCreate();
   LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRange(
      program->data, program->size_B, "program", false);
   LLVMModuleRef module;
   if (LLVMParseBitcodeInContext2(p->context, buffer, &module))
      abort();
   LLVMDisposeMemoryBuffer(buffer);
   retarget(p, module);

   struct LLVMMCJITCompilerOptions options;
   LLVMInitializeMCJITCompilerOptions(&options, sizeof(options));
   options.OptLevel = 1;
   char *why;
   if (LLVMCreateMCJITCompilerForModule(&p->engine, module, &options,
                                        sizeof(options), &why)) {
      fprintf(stderr, "%s\n", why);
      LLVMContextDispose(p->context);
      free(p);
      return NULL;
   }
   map_intrinsics(p, module);
   return p;
}

void
clc_host_destroy(struct clc_host_program *p)
{
   LLVMDisposeExecutionEngine(p->engine);
   LLVMContextDispose(p->context);
   free(p);
}

/* ---- launch ---- */

static void
put_u32(uint32_t offset_B, uint32_t v)
{
   memcpy(run.bank + offset_B, &v, sizeof(v));
}

static void
put_u64(uint32_t offset_B, uint64_t v)
{
   memcpy(run.bank + offset_B, &v, sizeof(v));
}

static void
fill_bank(const struct clc_host_launch *l, const uint32_t groups[3],
          const uint32_t local[3])
{
   memset(run.bank, 0, sizeof(run.bank));
   unsigned dim = 1;
   for (unsigned i = 0; i < 3; i++) {
      if (l->groups[i])
         dim = i + 1;
      put_u32(NVIR_C0_LOCAL_SIZE + 4 * i, local[i]);
      put_u32(NVIR_C0_LOCAL_SIZE_ENQUEUED + 4 * i, local[i]);
      put_u32(NVIR_C0_NUM_GROUPS + 4 * i, groups[i]);
      put_u64(NVIR_C0_GLOBAL_OFFSET + 8 * i, l->global_offset[i]);
      put_u64(NVIR_C0_ID_ORIGIN + 8 * i, l->global_offset[i]);
      put_u64(NVIR_C0_GLOBAL_SIZE + 8 * i, (uint64_t)groups[i] * local[i]);
   }
   put_u32(NVIR_C0_WORK_DIM, dim);
   put_u64(NVIR_C0_PRINTF, (uintptr_t)l->printf_buffer);
   assert(l->args_size_B <= BANK_B - NVIR_C0_ARGS);
   if (l->args_size_B)
      memcpy(run.bank + NVIR_C0_ARGS, l->args, l->args_size_B);
}

struct clc_host_fences
clc_host_run(struct clc_host_program *p, const struct clc_host_launch *l)
{
   uint32_t groups[3], local[3];
   for (unsigned i = 0; i < 3; i++) {
      groups[i] = MAX2(l->groups[i], 1);
      local[i] = MAX2(l->local[i], 1);
   }
   fill_bank(l, groups, local);
   char name[256];
   snprintf(name, sizeof(name), "entry_%s", l->kernel);
   run.entry = (void (*)(const void *))LLVMGetFunctionAddress(p->engine, name);
   assert(run.entry);

   run.fences = (struct clc_host_fences){0};
   run.num_items = local[0] * local[1] * local[2];
   assert(run.num_items <= MAX_LOCAL);
   for (unsigned i = 0; i < run.num_items; i++) {
      run.items[i].stack = malloc(STACK_B);
      run.items[i].tid[0] = i % local[0];
      run.items[i].tid[1] = i / local[0] % local[1];
      run.items[i].tid[2] = i / local[0] / local[1];
   }
   for (unsigned g = 0; g < groups[0] * groups[1] * groups[2]; g++) {
      run.ctaid[0] = g % groups[0];
      run.ctaid[1] = g / groups[0] % groups[1];
      run.ctaid[2] = g / groups[0] / groups[1];
      run_group();
   }
   for (unsigned i = 0; i < run.num_items; i++)
      free(run.items[i].stack);
   return run.fences;
}
