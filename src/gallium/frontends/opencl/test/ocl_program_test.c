/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Programs: sources, builds, binaries, SPIR-V. */
#include "ocl_test.h"

#include <stdio.h>

#include "../core/ocl_spirv.h"
#include "util/test/test_random.h"

static cl_program
create(struct cl_test *t, const char *source)
{
   cl_int err;
   cl_program p = clCreateProgramWithSource(t->ctx, 1, &source, NULL, &err);

   OK(err);
   return p;
}

static cl_build_status
build_status(struct cl_test *t, cl_program p)
{
   cl_build_status s;

   OK(clGetProgramBuildInfo(p, t->device, CL_PROGRAM_BUILD_STATUS, sizeof(s),
                            &s, NULL));
   return s;
}

static cl_program_binary_type
binary_type(struct cl_test *t, cl_program p)
{
   cl_program_binary_type type;

   OK(clGetProgramBuildInfo(p, t->device, CL_PROGRAM_BINARY_TYPE, sizeof(type),
                            &type, NULL));
   return type;
}

static void
test_create(void **state)
{
   struct cl_test t;
   cl_int err;
   const char *text[3] = {"kernel a g\n", "kernel b 4XXXX", NULL};
   const size_t len[2] = {0, 10};
   char source[64];

   cl_test_open(&t, 0);
   assert_null(clCreateProgramWithSource(t.ctx, 0, text, NULL, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
   assert_null(clCreateProgramWithSource(t.ctx, 1, NULL, NULL, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
   assert_null(clCreateProgramWithSource(t.ctx, 3, text, NULL, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
   cl_program p = clCreateProgramWithSource(t.ctx, 2, text, len, &err);
   OK(err);
   OK(clGetProgramInfo(p, CL_PROGRAM_SOURCE, sizeof(source), source, NULL));
   assert_string_equal(source, "kernel a g\nkernel b 4");
   size_t n;
   assert_int_equal(
      clGetProgramInfo(p, CL_PROGRAM_NUM_KERNELS, sizeof(n), &n, NULL),
      CL_INVALID_PROGRAM_EXECUTABLE);
   OK(clBuildProgram(p, 0, NULL, NULL, NULL, NULL));
   OK(clGetProgramInfo(p, CL_PROGRAM_NUM_KERNELS, sizeof(n), &n, NULL));
   assert_int_equal(n, 2);
   OK(clGetProgramInfo(p, CL_PROGRAM_KERNEL_NAMES, sizeof(source), source,
                       NULL));
   assert_string_equal(source, "a;b");
   OK(clGetProgramInfo(p, CL_PROGRAM_IL, 0, NULL, &n));
   assert_int_equal(n, 0);
   OK(clReleaseProgram(p));
   cl_test_close(&t);
}

static void
count_call(cl_program p, void *data)
{
   ++*(int *)data;
}

static void
test_build(void **state)
{
   struct cl_test t;
   char log[128];
   int calls = 0;

   cl_test_open(&t, 0);
   cl_program p = create(&t, "#error\n"),
              good = create(&t, "kernel a g\n// warn\n");
   assert_int_equal(build_status(&t, p), CL_BUILD_NONE);
   assert_int_equal(clBuildProgram(p, 1, NULL, NULL, NULL, NULL),
                    CL_INVALID_VALUE);
   assert_int_equal(clBuildProgram(p, 0, &t.device, NULL, NULL, NULL),
                    CL_INVALID_VALUE);
   assert_int_equal(clBuildProgram(p, 0, NULL, NULL, NULL, &t),
                    CL_INVALID_VALUE);
   assert_int_equal(clBuildProgram(p, 0, NULL, "-bad", NULL, NULL),
                    CL_INVALID_BUILD_OPTIONS);
   assert_int_equal(clBuildProgram(p, 0, NULL, NULL, count_call, &calls),
                    CL_BUILD_PROGRAM_FAILURE);
   assert_int_equal(calls, 1);
   assert_int_equal(build_status(&t, p), CL_BUILD_ERROR);
   OK(clGetProgramBuildInfo(p, t.device, CL_PROGRAM_BUILD_LOG, sizeof(log), log,
                            NULL));
   assert_string_equal(log, "source:1: error: #error\n");
   assert_int_equal(binary_type(&t, p), CL_PROGRAM_BINARY_TYPE_NONE);

   OK(clBuildProgram(good, 1, &t.device, "-cl-std=CL3.0", count_call, &calls));
   assert_int_equal(calls, 2);
   assert_int_equal(build_status(&t, good), CL_BUILD_SUCCESS);
   assert_int_equal(binary_type(&t, good), CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
   OK(clGetProgramBuildInfo(good, t.device, CL_PROGRAM_BUILD_OPTIONS,
                            sizeof(log), log, NULL));
   assert_string_equal(log, "-cl-std=CL3.0");
   size_t size;
   OK(clGetProgramBuildInfo(good, t.device,
                            CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE,
                            sizeof(size), &size, NULL));
   assert_int_equal(size, 24);

   /* Again, unless a kernel is attached. */
   cl_int err;
   cl_kernel k = clCreateKernel(good, "a", &err);
   assert_int_equal(clBuildProgram(good, 0, NULL, NULL, NULL, NULL),
                    CL_INVALID_OPERATION);
   OK(clReleaseKernel(k));
   OK(clBuildProgram(good, 0, NULL, NULL, NULL, NULL));
   OK(clReleaseProgram(p));
   OK(clReleaseProgram(good));
   cl_test_close(&t);
}

static void
test_compile_and_link(void **state)
{
   struct cl_test t;
   cl_int err;
   size_t n;

   cl_test_open(&t, 0);
   cl_program a = create(&t, "kernel a g\n"), b = create(&t, "kernel b 4\n");
   cl_program header = create(&t, "kernel from_header 8\n");
   const char *name = "h.h";
   assert_int_equal(
      clCompileProgram(a, 0, NULL, NULL, 1, NULL, &name, NULL, NULL),
      CL_INVALID_VALUE);
   assert_int_equal(
      clCompileProgram(a, 0, NULL, "-bad", 0, NULL, NULL, NULL, NULL),
      CL_INVALID_COMPILER_OPTIONS);
   OK(clCompileProgram(a, 0, NULL, NULL, 1, &header, &name, NULL, NULL));
   OK(clCompileProgram(b, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL));
   assert_int_equal(binary_type(&t, a), CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT);
   assert_null(clCreateKernel(a, "a", &err));
   assert_int_equal(err, CL_INVALID_PROGRAM_EXECUTABLE);

   cl_program both[2] = {a, b};
   assert_null(clLinkProgram(t.ctx, 0, NULL, NULL, 0, both, NULL, NULL, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
   assert_null(
      clLinkProgram(t.ctx, 0, NULL, "-bad", 2, both, NULL, NULL, &err));
   assert_int_equal(err, CL_INVALID_LINKER_OPTIONS);
   cl_program exe =
      clLinkProgram(t.ctx, 0, NULL, NULL, 2, both, NULL, NULL, &err);
   OK(err);
   OK(clGetProgramInfo(exe, CL_PROGRAM_NUM_KERNELS, sizeof(n), &n, NULL));
   assert_int_equal(n, 3);
   cl_program lib = clLinkProgram(t.ctx, 0, NULL, "-create-library", 2, both,
                                  NULL, NULL, &err);
   OK(err);
   assert_int_equal(binary_type(&t, lib), CL_PROGRAM_BINARY_TYPE_LIBRARY);
   cl_program exe2 =
      clLinkProgram(t.ctx, 0, NULL, NULL, 1, &lib, NULL, NULL, &err);
   OK(err);
   assert_null(clLinkProgram(t.ctx, 0, NULL, NULL, 1, &exe, NULL, NULL, &err));
   assert_int_equal(err, CL_INVALID_OPERATION);

   /* A failed link gives the program with its log (CTS
    * link_error_returns_program). */
   cl_program bad = create(&t, "unresolved\n");
   OK(clCompileProgram(bad, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL));
   cl_program failed =
      clLinkProgram(t.ctx, 0, NULL, NULL, 1, &bad, NULL, NULL, &err);
   assert_int_equal(err, CL_LINK_PROGRAM_FAILURE);
   assert_non_null(failed);
   assert_int_equal(build_status(&t, failed), CL_BUILD_ERROR);
   cl_program all[] = {a, b, header, exe, lib, exe2, bad, failed};
   for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
      OK(clReleaseProgram(all[i]));
   cl_test_close(&t);
}

/* ---- binaries ---- */

static size_t
get_binary(cl_program p, unsigned char **out)
{
   size_t size;

   OK(clGetProgramInfo(p, CL_PROGRAM_BINARY_SIZES, sizeof(size), &size, NULL));
   *out = malloc(size);
   OK(clGetProgramInfo(p, CL_PROGRAM_BINARIES, sizeof(*out), out, NULL));
   return size;
}

static cl_program
load(struct cl_test *t, const unsigned char *data, size_t size, cl_int *err)
{
   cl_int status;
   cl_program p = clCreateProgramWithBinary(t->ctx, 1, &t->device, &size, &data,
                                            &status, err);

   assert_int_equal(status, *err);
   return p;
}

static void
test_binary_round_trip(void **state)
{
   struct cl_test t;
   cl_int err;
   unsigned char *data;
   char text[32];
   size_t reqd[3];

   cl_test_open(&t, 0);
   cl_program p =
      cl_test_program(&t, "reqd 8 4 1\nkernel a gcl4\nkernel b 128\n");
   size_t size = get_binary(p, &data);
   OK(clReleaseProgram(p));
   p = load(&t, data, size, &err);
   OK(err);
   assert_null(clCreateKernel(p, "a", &err));
   assert_int_equal(err, CL_INVALID_PROGRAM_EXECUTABLE); /* not built yet */
   OK(clBuildProgram(p, 0, NULL, NULL, NULL, NULL));
   cl_kernel k = clCreateKernel(p, "a", &err);
   OK(err);
   cl_uint n;
   OK(clGetKernelInfo(k, CL_KERNEL_NUM_ARGS, sizeof(n), &n, NULL));
   assert_int_equal(n, 4);
   OK(clGetKernelArgInfo(k, 3, CL_KERNEL_ARG_NAME, sizeof(text), text, NULL));
   assert_string_equal(text, "a3");
   OK(clGetKernelWorkGroupInfo(k, NULL, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
                               sizeof(reqd), reqd, NULL));
   assert_int_equal(reqd[0], 8);
   assert_int_equal(reqd[1], 4);
   OK(clReleaseKernel(k));
   OK(clReleaseProgram(p));

   /* An object keeps being one. */
   p = create(&t, "kernel c g\n");
   OK(clCompileProgram(p, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL));
   free(data);
   size = get_binary(p, &data);
   OK(clReleaseProgram(p));
   p = load(&t, data, size, &err);
   assert_int_equal(binary_type(&t, p), CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT);
   cl_program exe =
      clLinkProgram(t.ctx, 0, NULL, NULL, 1, &p, NULL, NULL, &err);
   OK(err);
   OK(clReleaseProgram(exe));
   OK(clReleaseProgram(p));
   free(data);
   cl_test_close(&t);
}

/* Every damaged byte is noticed; no input whatever crashes. */
static void
test_binary_damage(void **state)
{
   struct cl_test t;
   cl_int err;
   unsigned char *data;
   unsigned seed = test_seed();

   cl_test_open(&t, 0);
   cl_program p = cl_test_program(&t, "kernel a gcl4\nkernel b 128\n");
   size_t size = get_binary(p, &data);
   OK(clReleaseProgram(p));
   for (size_t i = 0; i < size; i++) {
      if (i >= 16 && i < 24)
         continue; /* chipset (another chip's binary is legal) and the reserved
                      word */
      unsigned char saved = data[i];
      data[i] ^= 1 << rand_r(&seed) % 8;
      assert_null(load(&t, data, size, &err));
      assert_int_equal(err, CL_INVALID_BINARY);
      data[i] = saved;
   }
   for (size_t n = 1; n < size; n += 3) {
      assert_null(load(&t, data, n, &err));
      assert_int_equal(err, CL_INVALID_BINARY);
   }
   assert_null(load(&t, (const unsigned char *)"foreign", 7, &err));
   assert_int_equal(err, CL_INVALID_BINARY);
   assert_null(load(&t, NULL, 7, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
   free(data);
   cl_test_close(&t);
}

/* ---- SPIR-V ---- */

#define OP(op, words) ((uint32_t)(words) << 16 | (op))

/* A module of constants only: ids 11 (int, id 1), 12 (long, 2), 13 (bool, 3),
 * 14 (short, 4). */
static const uint32_t spirv_module[] = {
   0x07230203, 0x00010000, 0,         20,     0,         OP(71, 4),
   11,         1,          1, /* OpDecorate SpecId */
   OP(71, 4),  12,         1,         2,      OP(71, 4), 13,
   1,          3,          OP(71, 4), 14,     1,         4,
   OP(21, 4),  1,          32,        0, /* OpTypeInt */
   OP(21, 4),  2,          64,        0,      OP(21, 4), 3,
   16,         0,          OP(20, 2), 4,   /* OpTypeBool */
   OP(50, 4),  1,          11,        100, /* OpSpecConstant */
   OP(50, 5),  2,          12,        200,    0,         OP(48, 3),
   4,          13, /* OpSpecConstantTrue */
   OP(50, 4),  3,          14,        0xffff,
};

static void
test_spirv_constants(void **state)
{
   uint32_t m[ARRAY_SIZE(spirv_module)], random[ARRAY_SIZE(spirv_module)];
   const uint32_t v32 = 7;
   const uint64_t v64 = 0x123456789abcull;
   const uint16_t v16 = 5;
   const uint8_t no = 0, yes = 1;
   unsigned seed = test_seed();

   memcpy(m, spirv_module, sizeof(m));
   assert_int_equal(ocl_spirv_specialize(m, sizeof(m), 9, 4, &v32),
                    CL_INVALID_SPEC_ID);
   assert_int_equal(ocl_spirv_specialize(m, sizeof(m), 1, 8, &v64),
                    CL_INVALID_VALUE);
   assert_int_equal(ocl_spirv_specialize(m, sizeof(m), 3, 4, &v32),
                    CL_INVALID_VALUE);
   OK(ocl_spirv_specialize(m, sizeof(m), 1, 4, &v32));
   OK(ocl_spirv_specialize(m, sizeof(m), 2, 8, &v64));
   OK(ocl_spirv_specialize(m, sizeof(m), 3, 1, &no));
   OK(ocl_spirv_specialize(m, sizeof(m), 4, 2, &v16));
   const uint32_t *end = m + ARRAY_SIZE(m);
   assert_int_equal(end[-1], 5);
   assert_int_equal(end[-7], OP(49, 3)); /* false */
   assert_memory_equal(&end[-9], &v64, sizeof(v64));
   assert_int_equal(end[-13], 7);
   OK(ocl_spirv_specialize(m, sizeof(m), 3, 1, &yes));
   assert_int_equal(end[-7], OP(48, 3));

   /* Damaged modules: any answer, no crash (run under ASan). */
   for (unsigned i = 0; i < 20000; i++) {
      memcpy(random, spirv_module, sizeof(random));
      for (unsigned k = 0; k < 3; k++)
         random[rand_r(&seed) % ARRAY_SIZE(random)] ^= 1u << rand_r(&seed) % 32;
      size_t size = rand_r(&seed) % (sizeof(random) + 1);
      uint32_t *exact = malloc(size + 1);
      memcpy(exact, random, size);
      ocl_spirv_specialize(exact, size, 1 + i % 4, 8 >> i % 4, &v64);
      free(exact);
   }
}

static void
test_il_program(void **state)
{
   struct cl_test t;
   cl_int err;
   const uint32_t v = 1;
   uint32_t back[ARRAY_SIZE(spirv_module)];

   cl_test_open(&t, 0);
   cl_program p =
      clCreateProgramWithIL(t.ctx, spirv_module, sizeof(spirv_module), &err);
   OK(err);
   assert_int_equal(clSetProgramSpecializationConstant(p, 1, 0, &v),
                    CL_INVALID_VALUE);
   assert_int_equal(clSetProgramSpecializationConstant(p, 1, 4, NULL),
                    CL_INVALID_VALUE);
   assert_int_equal(clSetProgramSpecializationConstant(p, 8, 4, &v),
                    CL_INVALID_SPEC_ID);
   OK(clSetProgramSpecializationConstant(p, 1, 4, &v));
   OK(clGetProgramInfo(p, CL_PROGRAM_IL, sizeof(back), back, NULL));
   assert_memory_equal(back, spirv_module, sizeof(back)); /* as it was given */
   assert_int_equal(clBuildProgram(p, 0, NULL, NULL, NULL, NULL),
                    CL_BUILD_PROGRAM_FAILURE); /* the toy compiler takes none */
   OK(clReleaseProgram(p));
   p = create(&t, "kernel a\n");
   assert_int_equal(clSetProgramSpecializationConstant(p, 1, 4, &v),
                    CL_INVALID_PROGRAM);
   OK(clReleaseProgram(p));
   cl_test_close(&t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_create),
      cmocka_unit_test(test_build),
      cmocka_unit_test(test_compile_and_link),
      cmocka_unit_test(test_binary_round_trip),
      cmocka_unit_test(test_binary_damage),
      cmocka_unit_test(test_spirv_constants),
      cmocka_unit_test(test_il_program),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
