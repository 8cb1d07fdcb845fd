/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The compiler's door: what it says about a kernel, what it refuses and how.
 * Programs are LLVM text; what compiled code computes is tests/e2e's business. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nouveau/compiler/nvir_pipeline.h"

#define HEAD                                                                   \
   "target datalayout = \"e-i64:64-i128:128-v16:16-v32:32-n16:32:64\"\n"       \
   "target triple = \"nvptx64-nvidia-nvcl\"\n"                                 \
   "declare i32 @__nvir_tid_x()\n"                                             \
   "declare i64 @__nvir_c0_u64(i32)\n"                                         \
   "declare void @__nvir_barrier() convergent\n"

static int
compile(const char *text, struct nvir_blob *blob, char **log)
{
   *blob = (struct nvir_blob){0};
   return nvir_get_ops()->compile(text, strlen(text), 0x134, blob, log);
}

static void
test_kernel_facts(void **state)
{
   static const char text[] = HEAD
      "@s = internal addrspace(3) global [10 x i64] undef, align 8\n"
      "@v = addrspace(1) global i32 7\n"
      "define spir_kernel void @k(i8 %a, <4 x float> %b, ptr addrspace(1) %c)"
      " !reqd_work_group_size !0 {\n"
      "  %x = extractelement <4 x float> %b, i32 1\n"
      "  %d = fpext float %x to double\n"
      "  %i = call i32 @__nvir_tid_x()\n"
      "  %p = getelementptr [10 x i64], ptr addrspace(3) @s, i32 0, i32 %i\n"
      "  store double %d, ptr addrspace(3) %p\n"
      "  call void @__nvir_barrier()\n"
      "  %o = load i64, ptr addrspace(3) @s\n"
      "  store i64 %o, ptr addrspace(1) %c\n"
      "  %old = atomicrmw add ptr addrspace(1) @v, i32 1 monotonic\n"
      "  %pf = call i64 @__nvir_c0_u64(i32 104)\n"
      "  %q = getelementptr i64, ptr addrspace(1) %c, i32 1\n"
      "  store i64 %pf, ptr addrspace(1) %q\n"
      "  ret void\n"
      "}\n"
      "!0 = !{i32 8, i32 4, i32 1}\n";
   struct nvir_blob blob;
   struct nvir_program p;
   char *log;

   assert_int_equal(compile(text, &blob, &log), 0);
   assert_string_equal(log, "");
   assert_int_equal(nvir_program_open(blob.data, blob.size_B, 0x134, &p), 0);
   assert_int_equal(p.num_kernels, 1);
   const struct nvir_kernel *k = &p.kernels[0];
   assert_string_equal(k->name, "k");
   assert_int_equal(k->args_B, 40);
   assert_int_equal(k->shared_B, 96); /* place 0 is the null pointer */
   assert_int_equal(k->num_barriers, 1);
   assert_true(k->uses_double && k->uses_atomics && k->uses_printf);
   assert_int_equal(k->reqd_wg_size[0], 8);
   assert_int_equal(k->reqd_wg_size[1], 4);
   assert_in_range(k->num_gprs, 1, 40);
   assert_int_equal(p.data_size_B, 4);
   assert_int_equal(*(const int32_t *)p.data, 7);
   nvir_program_close(&p);
   free(blob.data);
   free(log);
}

/* An address in an initialiser is completed for the place where the data lies. */
static void
test_addresses_in_data(void **state)
{
   static const char text[] = HEAD
      "@a = addrspace(4) constant [4 x i8] c\"abc\\00\"\n"
      "@t = addrspace(4) constant [2 x ptr addrspace(4)] [ptr addrspace(4) "
      "getelementptr ([4 x i8], ptr addrspace(4) @a, i32 0, i32 2), "
      "ptr addrspace(4) @a]\n"
      "define spir_kernel void @k(ptr addrspace(1) %o) {\n"
      "  %i = call i32 @__nvir_tid_x()\n"
      "  %p = getelementptr [2 x ptr addrspace(4)], ptr addrspace(4) @t, i32 0, "
      "i32 %i\n"
      "  %q = load ptr addrspace(4), ptr addrspace(4) %p\n"
      "  %c = load i8, ptr addrspace(4) %q\n"
      "  store i8 %c, ptr addrspace(1) %o\n"
      "  ret void\n"
      "}\n";
   struct nvir_blob blob;
   struct nvir_program p;
   uint64_t table[2], base = 0x7f0000001000ull;
   char *log;

   assert_int_equal(compile(text, &blob, &log), 0);
   assert_int_equal(nvir_program_open(blob.data, blob.size_B, 0x134, &p), 0);
   assert_int_equal(p.num_relocs, 2);
   char *data = malloc(p.data_size_B);
   nvir_program_data(&p, base, data);
   memcpy(table, data, sizeof(table));
   assert_memory_equal(data + (table[1] - base), "abc", 4);
   assert_true(table[0] == table[1] + 2);
   free(data);
   nvir_program_close(&p);
   free(blob.data);
   free(log);
}

static const struct {
   const char *text, *says;
   int err;
} refused[] = {
   {"define spir_kernel void @k(ptr addrspace(1) %p) {\n"
    "  %x = load i128, ptr addrspace(1) %p\n"
    "  %q = getelementptr i128, ptr addrspace(1) %p, i32 1\n"
    "  store i128 %x, ptr addrspace(1) %q\n"
    "  ret void\n"
    "}\n",
    "load", -EINVAL},
   {"declare void @elsewhere()\n"
    "define spir_kernel void @k() {\n"
    "  call void @elsewhere()\n"
    "  ret void\n"
    "}\n",
    "call of 'elsewhere'", -EINVAL},
   {"define spir_kernel void @k(i64 %f) {\n"
    "  %p = inttoptr i64 %f to ptr\n"
    "  call void %p()\n"
    "  ret void\n"
    "}\n",
    "through a pointer", -EINVAL},
   {"define spir_kernel void @k(ptr addrspace(1) %p) {\n"
    "  %x = atomicrmw add ptr addrspace(1) %p, i8 1 monotonic\n"
    "  ret void\n"
    "}\n",
    "atomic", -EINVAL},
   {"define spir_kernel void @k(i32 %n) {\n"
    "  %a = alloca i32, i32 %n\n"
    "  store volatile i32 1, ptr %a\n"
    "  ret void\n"
    "}\n",
    "variable-size array", -EINVAL},
   {"@s = internal addrspace(3) global [50000 x i8] undef\n"
    "define spir_kernel void @k() {\n"
    "  store volatile i8 1, ptr addrspace(3) @s\n"
    "  ret void\n"
    "}\n",
    "local memory", -E2BIG},
   {"define spir_kernel void @k(float %x, ptr addrspace(1) %p) {\n"
    "  %y = frem float %x, 3.0\n"
    "  store float %y, ptr addrspace(1) %p\n"
    "  ret void\n"
    "}\n",
    "frem", -EINVAL},
};

static void
test_refused(void **state)
{
   for (unsigned i = 0; i < ARRAY_SIZE(refused); i++) {
      char text[2048], *log;
      struct nvir_blob blob;
      snprintf(text, sizeof(text), "%s%s", HEAD, refused[i].text);
      int err = compile(text, &blob, &log);
      if (err != refused[i].err || !strstr(log, refused[i].says) ||
          !strstr(log, "kernel 'k'"))
         fail_msg("%d, expected %d and \"%s\": %s", err, refused[i].err,
                  refused[i].says, log);
      assert_null(blob.data);
      free(log);
   }
}

static void
test_damaged(void **state)
{
   static const char *const bad[] = {"", "nonsense", "BC\xc0\xde garbage"};
   for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
      struct nvir_blob blob;
      char *log;
      assert_int_equal(compile(bad[i], &blob, &log), i ? -ENOEXEC : 0);
      assert_non_null(log);
      free(blob.data);
      free(log);
   }
}

/* The line of the source is named if the bitcode has it. */
static void
test_line(void **state)
{
   static const char text[] = HEAD
      "declare void @elsewhere()\n"
      "define spir_kernel void @k() !dbg !4 {\n"
      "  call void @elsewhere(), !dbg !7\n"
      "  ret void, !dbg !7\n"
      "}\n"
      "!llvm.dbg.cu = !{!0}\n"
      "!llvm.module.flags = !{!3}\n"
      "!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, emissionKind: "
      "LineTablesOnly)\n"
      "!1 = !DIFile(filename: \"a.cl\", directory: \"\")\n"
      "!2 = !{}\n"
      "!3 = !{i32 2, !\"Debug Info Version\", i32 3}\n"
      "!4 = distinct !DISubprogram(name: \"k\", file: !1, line: 3, type: !5, unit: "
      "!0)\n"
      "!5 = !DISubroutineType(types: !2)\n"
      "!7 = !DILocation(line: 42, column: 1, scope: !4)\n";
   struct nvir_blob blob;
   char *log;
   assert_int_equal(compile(text, &blob, &log), -EINVAL);
   assert_non_null(strstr(log, "line 42"));
   free(log);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kernel_facts),
      cmocka_unit_test(test_addresses_in_data),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_line),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
