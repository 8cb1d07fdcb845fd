/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The door as a client sees it: options, logs, linking, kernel information. */
#include "clc_test_util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>

#include "util/util_macros.h"

#define VADD                                                                   \
   "kernel void vadd(global const float *a, global const float *b,\n"          \
   "                 global float *c)\n"                                       \
   "{\n"                                                                       \
   "   size_t i = get_global_id(0);\n"                                         \
   "   c[i] = a[i] + b[i];\n"                                                  \
   "}\n"

/* ---- options ---- */

static int
check(const char *options, bool linking, char **log)
{
   return clc_get_ops()->check_options(options, linking, log);
}

static void
test_options_legal(void **state)
{
   static const struct {
      const char *options;
      bool linking;
   } legal[] = {
      {NULL, false},
      {"", true},
      {"  \t\n ", false},
      {"-DA -D B -DC=1 -D D=2 -I/tmp -I . -U A", false},
      {"-DNAME='\"a b\"' -D \"X=1 2\"", false},
      {"-w -Werror -g -cl-kernel-arg-info -cl-opt-disable", false},
      {"-cl-std=CL1.0", false},
      {"-cl-std=CL1.1 -cl-std=CL1.2", false},
      {"-cl-std=CL2.0", false},
      {"-cl-std=CL3.0", false},
      {"-cl-single-precision-constant -cl-denorms-are-zero "
       "-cl-fp32-correctly-rounded-divide-sqrt -cl-strict-aliasing "
       "-cl-mad-enable -cl-no-signed-zeros -cl-unsafe-math-optimizations "
       "-cl-finite-math-only -cl-fast-relaxed-math "
       "-cl-uniform-work-group-size -cl-no-subgroup-ifp",
       false},
      {"-create-library", true},
      {"-create-library -enable-link-options -cl-finite-math-only", true},
      {"-cl-denorms-are-zero -cl-fast-relaxed-math", true},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(legal); i++) {
      char *log;
      int ret = check(legal[i].options, legal[i].linking, &log);
      if (ret)
         fail_msg("[%s]: %d %s", legal[i].options, ret, log);
      assert_string_equal(log, "");
      free(log);
   }
}

static void
test_options_illegal(void **state)
{
   static const struct {
      const char *options;
      bool linking;
      const char *named;
   } illegal[] = {
      {"-foo", false, "'-foo'"},
      {"-w -cl-std=CL4.0", false, "CL4.0"},
      {"-cl-std=", false, "''"},
      {"-cl-std=clc++", false, "clc++"},
      {"-cl-no-such", false, "'-cl-no-such'"},
      {"-D", false, "'-D'"},
      {"-I", false, "'-I'"},
      {"word", false, "'word'"},
      {"-O2", false, "'-O2'"},
      {"-Xclang -load", false, "'-Xclang'"},
      {"-create-library", false, "'-create-library'"},
      {"-DA", true, "'-DA'"},
      {"-w", true, "'-w'"},
      {"-enable-link-options", true, "-enable-link-options"},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(illegal); i++) {
      char *log;
      int ret = check(illegal[i].options, illegal[i].linking, &log);
      if (ret != -EPROTO)
         fail_msg("[%s]: %d", illegal[i].options, ret);
      clc_test_contains(log, illegal[i].named);
      free(log);
   }
   struct clc_test_result r = clc_test_compile(VADD, "-bad-option");
   assert_int_equal(r.ret, -EPROTO);
   clc_test_contains(r.log, "'-bad-option'");
   clc_test_free(&r);
}

static void
test_options_take_effect(void **state)
{
   clc_test_must_build("#if N != 7 || M != 1\n#error no\n#endif\n" VADD,
                       "-DN=7 -D M");
   clc_test_must_build("#ifdef N\n#error no\n#endif\n" VADD, "-DN -U N");
   clc_test_must_build("constant char s[] = S;\n"
                       "kernel void k(global char *p) { *p = s[1]; }",
                       "-DS='\"a b\"'");
   clc_test_must_build(
      "#ifndef __FAST_RELAXED_MATH__\n#error no\n#endif\n" VADD,
      "-cl-fast-relaxed-math");
   clc_test_must_build("#if __OPENCL_C_VERSION__ != 120\n#error no\n#endif\n"
                       "#if __OPENCL_VERSION__ != 300\n#error no\n#endif\n"
                       "#ifdef __IMAGE_SUPPORT__\n#error no\n#endif\n"
                       "#ifndef __ENDIAN_LITTLE__\n#error no\n#endif\n" VADD,
                       NULL);
   clc_test_must_build(
      "#if __OPENCL_C_VERSION__ != 300\n#error no\n#endif\n"
      "#ifndef __opencl_c_generic_address_space\n#error\n#endif\n"
      "#ifndef __opencl_c_atomic_scope_all_devices\n#error\n#endif\n"
      "#ifndef __opencl_c_fp64\n#error\n#endif\n"
      "#ifndef __opencl_c_int64\n#error\n#endif\n"
      "#ifdef __opencl_c_images\n#error\n#endif\n"
      "#ifndef __opencl_c_pipes\n#error\n#endif\n"
      "#ifdef __opencl_c_device_enqueue\n#error\n#endif\n"
      "#ifndef cl_khr_fp16\n#error\n#endif\n" VADD,
      "-cl-std=CL3.0");
}

/* ---- logs ---- */

static void
test_error_names_line(void **state)
{
   struct clc_test_result r = clc_test_compile(
      "kernel void k(global int *p)\n{\n   *p = undeclared;\n}\n", NULL);
   assert_int_equal(r.ret, -EINVAL);
   assert_null(r.blob.data);
   clc_test_contains(
      r.log,
      "program.cl:3:9: error: use of undeclared identifier 'undeclared'");
   clc_test_contains(r.log, "1 error generated.");
   clc_test_free(&r);
}

static void
test_warnings(void **state)
{
   static const char warns[] = "#warning careful\n" VADD;
   struct clc_test_result r = clc_test_compile(warns, NULL);
   assert_int_equal(r.ret, 0);
   clc_test_contains(r.log, "program.cl:1:2: warning: careful");
   clc_test_free(&r);

   r = clc_test_compile(warns, "-w");
   assert_int_equal(r.ret, 0);
   assert_string_equal(r.log, "");
   clc_test_free(&r);

   r = clc_test_compile(warns, "-Werror");
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "error: careful");
   clc_test_free(&r);
}

static void
test_empty_source(void **state)
{
   clc_test_must_build("", NULL);
   clc_test_must_build("\n", "-cl-std=CL3.0");
}

/* ---- headers ---- */

static void
test_embedded_headers(void **state)
{
   static const struct clc_header headers[] = {
      {"a.h", "#include \"sub/b.h\"\n#define A (B + 1)\n"},
      {"sub/b.h", "#define B 41\n"},
   };
   struct clc_compile_args args = {
      .source = "#include <a.h>\n"
                "#include \"sub/b.h\"\n"
                "#if A != 42\n#error no\n#endif\n" VADD,
      .headers = headers,
      .num_headers = ARRAY_SIZE(headers),
      .chipset = CLC_TEST_CHIPSET,
   };
   struct clc_blob object;
   char *log;
   int ret = clc_get_ops()->compile(&args, &object, &log);
   if (ret)
      fail_msg("%s", log);
   free(object.data);
   free(log);

   struct clc_test_result r = clc_test_compile("#include \"a.h\"\n", NULL);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "'a.h' file not found");
   clc_test_free(&r);
}

static void
test_include_directory(void **state)
{
   char dir[] = "/tmp/clc_test_XXXXXX";
   assert_non_null(mkdtemp(dir));
   char path[64], options[64];
   snprintf(path, sizeof(path), "%s/on_disk.h", dir);
   snprintf(options, sizeof(options), "-I %s", dir);
   FILE *f = fopen(path, "w");
   assert_non_null(f);
   fputs("#define ON_DISK 1\n", f);
   fclose(f);

   clc_test_must_build("#include \"on_disk.h\"\n"
                       "#if !ON_DISK\n#error no\n#endif\n" VADD,
                       options);
   remove(path);
   remove(dir);
}

/* ---- linking ---- */

static void
test_link_two_objects(void **state)
{
   struct clc_test_result a =
      clc_test_compile("float twice(float x);\n"
                       "kernel void k(global float *p) { *p = twice(*p); }\n",
                       NULL);
   struct clc_test_result b =
      clc_test_compile("float twice(float x) { return 2 * x; }\n", NULL);
   assert_int_equal(a.ret, 0);
   assert_int_equal(b.ret, 0);

   const struct clc_blob *both[] = {&a.blob, &b.blob};
   struct clc_test_result r = clc_test_link(both, 2, NULL, false);
   assert_int_equal(r.ret, 0);
   clc_test_free(&r);

   r = clc_test_link(both, 1, NULL, false);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log,
                     "program.cl:2:39: error: undefined function 'twice'");
   clc_test_free(&r);

   /* A library may lack symbols and may be linked again. */
   struct clc_test_result library =
      clc_test_link(both, 1, "-create-library", true);
   assert_int_equal(library.ret, 0);
   const struct clc_blob *again[] = {&library.blob, &b.blob};
   r = clc_test_link(again, 2, NULL, false);
   assert_int_equal(r.ret, 0);
   clc_test_free(&r);

   const struct clc_blob *duplicate[] = {&b.blob, &b.blob};
   r = clc_test_link(duplicate, 2, NULL, false);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "twice");
   clc_test_free(&r);

   clc_test_free(&library);
   clc_test_free(&a);
   clc_test_free(&b);
}

static void
test_link_refuses(void **state)
{
   struct clc_test_result r = clc_test_build(
      "int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\n"
      "kernel void k(global int *p) { *p = f(*p); }\n",
      NULL);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "program.cl:1:35: error: recursive call of 'f'");
   clc_test_free(&r);

   r = clc_test_build("kernel void k(read_only image2d_t i, sampler_t s,\n"
                      "              global float4 *p)\n"
                      "{ *p = read_imagef(i, s, (int2)(0, 0)); }\n",
                      NULL);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "program.cl:3:8: error: undefined function "
                            "'read_imagef(ocl_image2d_ro");
   clc_test_free(&r);

   r = clc_test_link(NULL, 0, NULL, false);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_free(&r);
}

/* Every cut and some flipped bits: the checksum has to notice. */
static void
test_damaged_objects(void **state)
{
   struct clc_test_result object = clc_test_compile(VADD, NULL);
   assert_int_equal(object.ret, 0);
   for (size_t size_B = 0; size_B < object.blob.size_B; size_B += 97) {
      struct clc_blob cut = {object.blob.data, size_B};
      const struct clc_blob *objects[] = {&cut};
      struct clc_test_result r = clc_test_link(objects, 1, NULL, false);
      assert_int_equal(r.ret, -ENOEXEC);
      clc_test_free(&r);
   }
   unsigned char *bytes = object.blob.data;
   for (size_t i = 0; i < object.blob.size_B; i += 41) {
      bytes[i] ^= 1 << i % 8;
      struct clc_program_info info;
      assert_int_equal(clc_get_ops()->info(&object.blob, &info), -ENOEXEC);
      bytes[i] ^= 1 << i % 8;
   }
   clc_test_free(&object);
}

static void
test_printf_refuses(void **state)
{
   struct clc_test_result r = clc_test_build(
      "kernel void k(constant char *s) { printf(\"%s\", s); }", NULL);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "program.cl:1:35: error: printf: the argument of "
                            "%s has to be a string literal");
   clc_test_free(&r);
}

/* ---- kernel information ---- */

struct expected_arg {
   enum clc_arg_kind kind;
   uint32_t offset_B, size_B, align_B;
   uint32_t addr_space;
   uint64_t type_qual;
   const char *type_name, *name;
};

static void
check_args(const struct clc_kernel *kernel, const struct expected_arg *expected,
           unsigned num)
{
   assert_int_equal(kernel->num_args, num);
   for (unsigned i = 0; i < num; i++) {
      const struct clc_arg *arg = &kernel->args[i];
      const struct expected_arg *want = &expected[i];
      assert_string_equal(arg->name, want->name);
      assert_string_equal(arg->type_name, want->type_name);
      assert_int_equal(arg->kind, want->kind);
      assert_int_equal(arg->offset_B, want->offset_B);
      assert_int_equal(arg->size_B, want->size_B);
      assert_int_equal(arg->align_B, want->align_B);
      assert_int_equal(arg->addr_space, want->addr_space);
      assert_int_equal(arg->type_qual, want->type_qual);
      assert_int_equal(arg->access, CL_KERNEL_ARG_ACCESS_NONE);
   }
}

#define GLOBAL  CL_KERNEL_ARG_ADDRESS_GLOBAL
#define PRIVATE CL_KERNEL_ARG_ADDRESS_PRIVATE

static const char info_source[] =
   "typedef struct { char c; double d; int i[3]; } S;\n"
   "struct P { int x, y; };\n"
   "typedef unsigned int my_uint;\n"
   "kernel void first(global const float *restrict a, char c, float3 v,\n"
   "                  local int *l, constant uint4 *k, S s, struct P p,\n"
   "                  my_uint u, ulong2 w, global volatile int *q) {}\n"
   "__attribute__((reqd_work_group_size(8, 4, 2)))\n"
   "__attribute__((vec_type_hint(uint4)))\n"
   "__attribute__((work_group_size_hint(16, 1, 1)))\n"
   "kernel void second(void) {}\n"
   "void not_a_kernel(void) {}\n";

static const struct expected_arg first_args[] = {
   {CLC_ARG_GLOBAL, 0, 8, 8, GLOBAL,
    CL_KERNEL_ARG_TYPE_CONST | CL_KERNEL_ARG_TYPE_RESTRICT, "float*", "a"},
   {CLC_ARG_VALUE, 8, 1, 1, PRIVATE, 0, "char", "c"},
   {CLC_ARG_VALUE, 16, 16, 16, PRIVATE, 0, "float3", "v"},
   {CLC_ARG_LOCAL, 32, 8, 8, CL_KERNEL_ARG_ADDRESS_LOCAL, 0, "int*", "l"},
   {CLC_ARG_CONSTANT, 40, 8, 8, CL_KERNEL_ARG_ADDRESS_CONSTANT,
    CL_KERNEL_ARG_TYPE_CONST, "uint4*", "k"},
   {CLC_ARG_VALUE, 48, 32, 8, PRIVATE, 0, "S", "s"},
   {CLC_ARG_VALUE, 80, 8, 4, PRIVATE, 0, "struct P", "p"},
   {CLC_ARG_VALUE, 88, 4, 4, PRIVATE, 0, "my_uint", "u"},
   {CLC_ARG_VALUE, 96, 16, 16, PRIVATE, 0, "ulong2", "w"},
   {CLC_ARG_GLOBAL, 112, 8, 8, GLOBAL, CL_KERNEL_ARG_TYPE_VOLATILE, "int*",
    "q"},
};

static void
check_info(const struct clc_blob *blob)
{
   struct clc_program_info info;
   assert_int_equal(clc_get_ops()->info(blob, &info), 0);
   assert_int_equal(info.num_kernels, 2);
   const struct clc_kernel *first = &info.kernels[0];
   const struct clc_kernel *second = &info.kernels[1];

   assert_string_equal(first->name, "first");
   assert_string_equal(first->attributes, "");
   assert_int_equal(first->args_size_B, 120);
   assert_int_equal(first->reqd_wg_size[0], 0);
   check_args(first, first_args, ARRAY_SIZE(first_args));

   assert_string_equal(second->name, "second");
   assert_int_equal(second->num_args, 0);
   assert_int_equal(second->args_size_B, 0);
   static const uint32_t required[3] = {8, 4, 2}, hint[3] = {16, 1, 1};
   assert_memory_equal(second->reqd_wg_size, required, sizeof(required));
   assert_memory_equal(second->wg_size_hint, hint, sizeof(hint));
   assert_string_equal(second->vec_type_hint, "uint4");
   clc_test_contains(second->attributes, "reqd_work_group_size(8,4,2)");
   clc_test_contains(second->attributes, "work_group_size_hint(16,1,1)");
   clc_test_contains(second->attributes, "vec_type_hint(uint4)");
   clc_get_ops()->info_finish(&info);
   assert_int_equal(info.num_kernels, 0);
}

/* Object, library and program tell the same. */
static void
test_kernel_info(void **state)
{
   struct clc_test_result object = clc_test_compile(info_source, NULL);
   assert_int_equal(object.ret, 0);
   check_info(&object.blob);
   const struct clc_blob *objects[] = {&object.blob};
   struct clc_test_result library = clc_test_link(objects, 1, NULL, true);
   assert_int_equal(library.ret, 0);
   check_info(&library.blob);
   struct clc_test_result program = clc_test_link(objects, 1, NULL, false);
   assert_int_equal(program.ret, 0);
   check_info(&program.blob);
   clc_test_free(&program);
   clc_test_free(&library);
   clc_test_free(&object);
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_options_legal),
      cmocka_unit_test(test_options_illegal),
      cmocka_unit_test(test_options_take_effect),
      cmocka_unit_test(test_error_names_line),
      cmocka_unit_test(test_warnings),
      cmocka_unit_test(test_empty_source),
      cmocka_unit_test(test_embedded_headers),
      cmocka_unit_test(test_include_directory),
      cmocka_unit_test(test_link_two_objects),
      cmocka_unit_test(test_link_refuses),
      cmocka_unit_test(test_damaged_objects),
      cmocka_unit_test(test_printf_refuses),
      cmocka_unit_test(test_kernel_info),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
