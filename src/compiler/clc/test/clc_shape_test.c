/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What nvir may rely on (docs/compiler.md, "What nvir gets"), seen in the IR. */
#include "clc_test_util.h"

#include <stdlib.h>
#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/Core.h>

#include "compiler/clc/clc_intrinsics_llvm.h"
#include "nouveau/compiler/nvir.h"

struct shape {
   LLVMContextRef context;
   LLVMModuleRef module;
};

static struct shape
build(const char *source, const char *options)
{
   struct clc_test_result r = clc_test_build(source, options);
   if (r.ret)
      fail_msg("%s", r.log);
   struct shape s = {.context = LLVMContextCreate()};
   LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
      r.blob.data, r.blob.size_B, "program");
   assert_false(LLVMParseBitcodeInContext2(s.context, buffer, &s.module));
   LLVMDisposeMemoryBuffer(buffer);
   clc_test_free(&r);
   return s;
}

static void
finish(struct shape *s)
{
   LLVMDisposeModule(s->module);
   LLVMContextDispose(s->context);
}

typedef bool (*predicate)(LLVMValueRef inst);

static unsigned
count(const struct shape *s, predicate p)
{
   unsigned n = 0;
   for (LLVMValueRef fn = LLVMGetFirstFunction(s->module); fn;
        fn = LLVMGetNextFunction(fn))
      for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(fn); b;
           b = LLVMGetNextBasicBlock(b))
         for (LLVMValueRef i = LLVMGetFirstInstruction(b); i;
              i = LLVMGetNextInstruction(i))
            n += p(i);
   return n;
}

/* ---- what to look for ---- */

static const char *
callee_name(LLVMValueRef inst)
{
   return LLVMIsACallInst(inst) ? LLVMGetValueName(LLVMGetCalledValue(inst))
                                : "";
}

static bool
is_foreign_call(LLVMValueRef inst)
{
   const char *name = callee_name(inst);
   return LLVMIsACallInst(inst) && strncmp(name, "llvm.", 5) != 0 &&
          !clc_intrinsic_exists(name);
}

static bool
is_memory_call(LLVMValueRef inst)
{
   return strncmp(callee_name(inst), "llvm.mem", 8) == 0;
}

static bool
is_switch(LLVMValueRef inst)
{
   return LLVMGetInstructionOpcode(inst) == LLVMSwitch;
}

static bool
is_vector_arithmetic(LLVMValueRef inst)
{
   LLVMOpcode op = LLVMGetInstructionOpcode(inst);
   bool moves = op == LLVMLoad || op == LLVMInsertElement ||
                op == LLVMShuffleVector || op == LLVMBitCast;
   return LLVMGetTypeKind(LLVMTypeOf(inst)) == LLVMVectorTypeKind && !moves;
}

static bool
is_wide(LLVMValueRef inst)
{
   LLVMTypeRef type = LLVMTypeOf(inst);
   return LLVMGetTypeKind(type) == LLVMIntegerTypeKind &&
          LLVMGetIntTypeWidth(type) > 64;
}

static bool
is_ordered_atomic(LLVMValueRef inst)
{
   LLVMOpcode op = LLVMGetInstructionOpcode(inst);
   if (op == LLVMFence)
      return true;
   if (op == LLVMAtomicCmpXchg)
      return LLVMGetCmpXchgSuccessOrdering(inst) != LLVMAtomicOrderingMonotonic;
   return op == LLVMAtomicRMW &&
          LLVMGetOrdering(inst) != LLVMAtomicOrderingMonotonic;
}

/* A load, store or atomic through a pointer of space 0. */
static bool
is_generic_access(LLVMValueRef inst)
{
   LLVMOpcode op = LLVMGetInstructionOpcode(inst);
   bool access = op == LLVMLoad || op == LLVMStore || op == LLVMAtomicRMW ||
                 op == LLVMAtomicCmpXchg;
   if (!access)
      return false;
   LLVMValueRef pointer = LLVMGetOperand(inst, op == LLVMStore ? 1 : 0);
   return LLVMGetPointerAddressSpace(LLVMTypeOf(pointer)) == 0;
}

static bool
is_vector_load(LLVMValueRef inst)
{
   return LLVMIsALoadInst(inst) &&
          LLVMGetTypeKind(LLVMTypeOf(inst)) == LLVMVectorTypeKind;
}

static bool
reads_local_size(LLVMValueRef inst)
{
   if (strcmp(callee_name(inst), "__nvir_c0_u32") != 0)
      return false;
   uint64_t offset_B = LLVMConstIntGetZExtValue(LLVMGetOperand(inst, 0));
   return offset_B < NVIR_C0_LOCAL_SIZE + 12 ||
          offset_B - NVIR_C0_LOCAL_SIZE_ENQUEUED < 12;
}

/* ---- tests ---- */

static void
check_promises(const char *source, const char *options)
{
   struct shape s = build(source, options);
   assert_int_equal(count(&s, is_foreign_call), 0);
   assert_int_equal(count(&s, is_memory_call), 0);
   assert_int_equal(count(&s, is_switch), 0);
   assert_int_equal(count(&s, is_vector_arithmetic), 0);
   assert_int_equal(count(&s, is_wide), 0);
   assert_int_equal(count(&s, is_ordered_atomic), 0);
   finish(&s);
}

static void
test_promises(void **state)
{
   check_promises("kernel void k(global float16 *p, global long4 *q, int n) {\n"
                  "   p[0] = pow(p[1], p[2]) + native_sin(p[3]);\n"
                  "   q[0] = mul_hi(q[1], q[2]) * rotate(q[3], q[4]);\n"
                  "   q[5] = select(q[1], q[2], q[1] > q[2]);\n"
                  "}",
                  NULL);
   check_promises("typedef struct { int a[200]; } S;\n"
                  "int twice(int x) { return x + x; }\n"
                  "kernel void inner(global int *p) { *p = twice(*p); }\n"
                  "kernel void k(global S *s, S v, int n) {\n"
                  "   switch (n) { case 1: s[1] = s[0]; break;\n"
                  "   case 2: s[1] = v; break; case 7: s[2] = s[3]; break;\n"
                  "   case 9: inner(s[1].a); }\n"
                  "   s[4].a[n] = v.a[n];\n"
                  "}",
                  "-cl-opt-disable");
   check_promises("kernel void k(global atomic_int *p, global long *q) {\n"
                  "   int e = 1;\n"
                  "   atomic_compare_exchange_weak(p, &e, 5);\n"
                  "   atomic_fetch_min(p, e);\n"
                  "   atom_max(q, 3l);\n"
                  "   atomic_store(p, atomic_load(p));\n"
                  "   atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE,\n"
                  "      memory_order_seq_cst, memory_scope_all_svm_devices);\n"
                  "}",
                  "-cl-std=CL3.0");
}

/* Where a pointer comes from is found out. */
static void
test_address_spaces(void **state)
{
   struct shape s =
      build("int sum(const int *p, int n) {\n"
            "   int s = 0;\n"
            "   for (int i = 0; i < n; i++) s += p[i];\n"
            "   return s;\n"
            "}\n"
            "kernel void k(global int *g, local int *l, constant int *c,\n"
            "              int n, global atomic_int *a) {\n"
            "   l[n] = sum(g, n) + c[n];\n"
            "   barrier(CLK_LOCAL_MEM_FENCE);\n"
            "   g[n] = sum(l, n);\n"
            "   atomic_fetch_add(a, 1);\n"
            "}",
            "-cl-std=CL3.0");
   assert_int_equal(count(&s, is_generic_access), 0);
   finish(&s);

   s = build("kernel void k(global int *g, local int *l, int n) {\n"
             "   int *p = n ? (int *)g : (int *)l; *p = n; }",
             "-cl-std=CL3.0");
   assert_true(count(&s, is_generic_access) > 0);
   finish(&s);
}

static void
test_vector_loads_stay(void **state)
{
   struct shape s = build("kernel void k(global float4 *p) {\n"
                          "   p[0] = p[1] * p[2]; }",
                          NULL);
   assert_int_equal(count(&s, is_vector_load), 2);
   finish(&s);
}

static void
test_known_local_size(void **state)
{
#define KERNEL(attribute)                                                      \
   "kernel " attribute " void k(global int *p) {\n"                            \
   "   p[get_global_id(0)] = get_local_size(0) * get_local_size(1); }"
   struct shape s = build(KERNEL(""), NULL);
   assert_true(count(&s, reads_local_size) > 0);
   finish(&s);
   s = build(KERNEL("__attribute__((reqd_work_group_size(8, 4, 1)))"), NULL);
   assert_int_equal(count(&s, reads_local_size), 0);
   finish(&s);
   /* A last group of OpenCL 3.0 may be smaller. */
   s = build(KERNEL("__attribute__((reqd_work_group_size(8, 4, 1)))"),
             "-cl-std=CL3.0");
   assert_int_equal(count(&s, reads_local_size), 2);
   finish(&s);
   s = build(KERNEL("__attribute__((reqd_work_group_size(8, 4, 1)))"),
             "-cl-std=CL3.0 -cl-uniform-work-group-size");
   assert_int_equal(count(&s, reads_local_size), 0);
   finish(&s);
}

/* Square roots may be fast, unless asked otherwise; others' roots may not. */
static bool
is_fast_sqrt(LLVMValueRef inst)
{
   return strcmp(callee_name(inst), "llvm.sqrt.f32") == 0 &&
          LLVMGetMetadata(inst, LLVMGetMDKindID("fpmath", 6));
}

static bool
is_sqrt(LLVMValueRef inst)
{
   return strcmp(callee_name(inst), "llvm.sqrt.f32") == 0;
}

static void
test_square_roots(void **state)
{
   static const char source[] = "kernel void k(global float4 *p) {\n"
                                "   p[0] = sqrt(p[1]); }";
   struct shape s = build(source, NULL);
   assert_int_equal(count(&s, is_fast_sqrt), 4);
   finish(&s);
   s = build(source, "-cl-fp32-correctly-rounded-divide-sqrt");
   assert_int_equal(count(&s, is_sqrt), 4);
   assert_int_equal(count(&s, is_fast_sqrt), 0);
   finish(&s);
   s =
      build("kernel void k(global float *p) { *p = hypot(p[0], p[1]); }", NULL);
   assert_true(count(&s, is_sqrt) > 0);
   assert_int_equal(count(&s, is_fast_sqrt), 0);
   finish(&s);
}

/* Only what is read of a struct is read, and no private copy remains. */
static bool
is_alloca(LLVMValueRef inst)
{
   return LLVMGetInstructionOpcode(inst) == LLVMAlloca;
}

static bool
is_c0_read(LLVMValueRef inst)
{
   return strncmp(callee_name(inst), "__nvir_c0_", 10) == 0;
}

static void
test_struct_words(void **state)
{
   struct shape s =
      build("typedef struct { int a; double b; ulong c[40]; } S;\n"
            "kernel void k(S s, global double *p) { *p = s.b + s.c[7]; }",
            NULL);
   assert_int_equal(count(&s, is_alloca), 0);
   assert_int_equal(count(&s, is_c0_read), 2);
   finish(&s);
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_promises),
      cmocka_unit_test(test_address_spaces),
      cmocka_unit_test(test_vector_loads_stay),
      cmocka_unit_test(test_known_local_size),
      cmocka_unit_test(test_square_roots),
      cmocka_unit_test(test_struct_words),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
