/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What clc_spirv_lower makes of modules as text: valid, and without what the
 * translator does not know. That results are right is shown by tests/e2e. */
#include "clc_test_util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compiler/clc/clc_spirv.h"
#include "compiler/clc/clc_spirv_tools.h"
#include "util/util_arena.h"
#include "util/util_buf.h"
#include "util/util_macros.h"

static const char head[] =
   "OpCapability Addresses\nOpCapability Kernel\nOpCapability Linkage\n"
   "OpMemoryModel Physical64 OpenCL\n"
   "OpEntryPoint Kernel %k \"k\"\n";
static const char types[] =
   "%void = OpTypeVoid\n%bool = OpTypeBool\n%uint = OpTypeInt 32 0\n"
   "%two = OpConstant %uint 2\n%four = OpConstant %uint 4\n"
   "%ptr = OpTypePointer CrossWorkgroup %uint\n"
   "%arr = OpTypeArray %uint %two\n%arr2 = OpTypeArray %uint %two\n"
   "%s = OpTypeStruct %uint %arr\n%s2 = OpTypeStruct %uint %arr2\n"
   "%null = OpConstantNull %s\n%vec = OpTypeVector %uint 3\n"
   "%pair = OpTypeStruct %uint %uint\n%vpair = OpTypeStruct %vec %vec\n"
   "%v = OpConstantNull %vec\n%vec2 = OpTypeVector %uint 2\n"
   "%w = OpConstantNull %vec2\n"
   "%f = OpTypeFunction %void %ptr %ptr\n";
static const char start[] = "%k = OpFunction %void None %f\n"
                            "%p = OpFunctionParameter %ptr\n"
                            "%q = OpFunctionParameter %ptr\n"
                            "%l = OpLabel\n";
static const char end[] = "OpReturn\nOpFunctionEnd\n";

/* Decorations, types and instructions of a module, and what is to be found in
 * the result and what not. */
static const struct lower_case {
   const char *decorations, *types, *body, *has, *has_not;
} cases[] = {
   {"", "", "%r = OpPtrEqual %bool %p %q\n", "OpIEqual", "OpPtrEqual"},
   {"", "", "%r = OpPtrNotEqual %bool %p %q\n", "OpINotEqual", "OpPtrNotEqual"},
   {"", "", "%r = OpPtrDiff %uint %p %q\n", "OpSConvert", "OpPtrDiff"},
   {"OpCapability Int64\n", "%ulong = OpTypeInt 64 0\n",
    "%r = OpPtrDiff %ulong %p %q\n", "OpSDiv", "OpSConvert"},
   {"", "", "%r = OpCopyLogical %s2 %null\n", "OpCompositeInsert",
    "OpCopyLogical"},
   {"OpDecorateString %p UserSemantic \"x\"\n"
    "OpMemberDecorateString %s 0 UserSemantic \"y\"\n",
    "", "", "OpReturn", "UserSemantic"},
   {"", "", "OpCopyMemory %p %q Aligned 8 Volatile|Aligned 4\n",
    "Volatile|Aligned 4", "OpCopyMemory"},
   {"", "", "OpCopyMemorySized %p %q %four Volatile Aligned 4\n", "Volatile",
    "Aligned"},
   {"", "", "OpCopyMemorySized %p %q %four Aligned 4 Aligned 4\n", "Aligned 4",
    "Aligned 4 Aligned"},
   {"", "", "%r = OpIAddCarry %pair %two %four\n", "OpIAdd ", "OpIAddCarry"},
   {"", "", "%r = OpISubBorrow %vpair %v %v\n", "OpISub ", "OpISubBorrow"},
   {"", "", "%r = OpSMulExtended %pair %two %four\n", "s_mul_hi",
    "OpSMulExtended"},
   {"", "", "%x = OpLoad %uint %p\n%r = OpCompositeConstruct %arr %x %two\n",
    "OpCompositeInsert", "OpCompositeConstruct"},
   {"", "", "%r = OpVectorShuffle %vec %w %v 1 4294967295 4\n",
    "OpCompositeInsert", "OpVectorShuffle"},
   /* what nobody has to touch */
   {"", "", "OpCopyMemorySized %p %q %four Aligned 4\n", "OpCopyMemorySized",
    "OpSDiv"},
};

static spv_binary
assemble(spv_context context, const struct lower_case *c)
{
   char text[4096];
   bool capability = strncmp(c->decorations, "OpCapability", 12) == 0;
   spv_binary binary = NULL;
   spv_diagnostic why = NULL;
   snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s",
            capability ? c->decorations : "", head,
            capability ? "" : c->decorations, types, c->types, start, c->body,
            end);
   if (spvTextToBinary(context, text, strlen(text), &binary, &why))
      fail_msg("%s\n%s", why->error, text);
   return binary;
}

static void
check_valid(spv_context context, const struct util_buf *words)
{
   spv_const_binary_t binary = {(const uint32_t *)words->data,
                                words->size_B / 4};
   spv_diagnostic why = NULL;
   if (spvValidate(context, &binary, &why))
      fail_msg("%s", why->error);
}

static void
test_lower(void **state)
{
   spv_context context = spvContextCreate(SPV_ENV_UNIVERSAL_1_4);
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      const struct lower_case *c = &cases[i];
      spv_binary binary = assemble(context, c);
      struct util_arena arena;
      struct util_buf out;
      spv_text text = NULL;
      util_arena_init(&arena);
      util_buf_init(&out);
      assert_int_equal(
         clc_spirv_lower(&arena, binary->code, binary->wordCount, &out), 0);
      check_valid(context, &out);
      assert_int_equal(spvBinaryToText(context, (const uint32_t *)out.data,
                                       out.size_B / 4, 0, &text, NULL),
                       SPV_SUCCESS);
      if (!strstr(text->str, c->has) || strstr(text->str, c->has_not))
         fail_msg("case %u:\n%s", i, text->str);
      spvTextDestroy(text);
      util_buf_finish(&out);
      util_arena_finish(&arena);
      spvBinaryDestroy(binary);
   }
   spvContextDestroy(context);
}

/* Not a module that takes all memory when its copies are written out. */
static void
test_too_many(void **state)
{
   static const struct lower_case big = {
      "",
      "%n = OpConstant %uint 70000\n%a = OpTypeArray %uint %n\n"
      "%b = OpTypeArray %uint %n\n%z = OpConstantNull %a\n",
      "%r = OpCopyLogical %b %z\n", NULL, NULL};
   spv_context context = spvContextCreate(SPV_ENV_UNIVERSAL_1_4);
   spv_binary binary = assemble(context, &big);
   struct util_arena arena;
   struct util_buf out;
   util_arena_init(&arena);
   util_buf_init(&out);
   assert_int_equal(
      clc_spirv_lower(&arena, binary->code, binary->wordCount, &out), -E2BIG);
   util_buf_finish(&out);
   util_arena_finish(&arena);
   spvBinaryDestroy(binary);
   spvContextDestroy(context);
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lower),
      cmocka_unit_test(test_too_many),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
