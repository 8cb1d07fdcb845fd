/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Programs, binaries, kernels, arguments, launch geometry. */
#include "ocl_test.h"

#include <stdio.h>

#include "../core/ocl_spirv.h"

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
   unsigned seed =
      getenv("OCL_TEST_SEED") ? atoi(getenv("OCL_TEST_SEED")) : getpid();

   print_message("OCL_TEST_SEED=%u\n", seed);
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
   unsigned seed =
      getenv("OCL_TEST_SEED") ? atoi(getenv("OCL_TEST_SEED")) : getpid();

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
   print_message("OCL_TEST_SEED=%u\n", seed);
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

/* ---- kernels ---- */

static void
test_kernels(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_uint n;
   cl_kernel all[2], clone;
   cl_program p;

   cl_test_open(&t, 0);
   p = cl_test_program(&t, "kernel a gcl4\nkernel b 16\n");
   assert_null(clCreateKernel(NULL, "a", &err));
   assert_int_equal(err, CL_INVALID_PROGRAM);
   assert_null(clCreateKernel(p, NULL, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
   assert_null(clCreateKernel(p, "none", &err));
   assert_int_equal(err, CL_INVALID_KERNEL_NAME);
   assert_int_equal(clCreateKernelsInProgram(p, 1, all, NULL),
                    CL_INVALID_VALUE);
   OK(clCreateKernelsInProgram(p, 2, all, &n));
   assert_int_equal(n, 2);

   /* arguments */
   cl_kernel k = all[0];
   cl_mem buf = clCreateBuffer(t.ctx, 0, 64, NULL, &err), null = NULL;
   cl_mem bad = (cl_mem)t.q;
   int v = 3;
   const struct {
      cl_uint i;
      size_t size;
      const void *value;
      cl_int err;
   } rows[] = {
      {4, 4, &v, CL_INVALID_ARG_INDEX},
      {0, 4, &buf, CL_INVALID_ARG_SIZE},
      {0, 8, &bad, CL_INVALID_MEM_OBJECT},
      {0, 8, &null, CL_SUCCESS},
      {0, 8, NULL, CL_SUCCESS},
      {0, 8, &buf, CL_SUCCESS},
      {1, 8, &buf, CL_SUCCESS},
      {2, 0, NULL, CL_INVALID_ARG_SIZE},
      {2, 64, &v, CL_INVALID_ARG_VALUE},
      {2, 1 << 20, NULL, CL_MAX_SIZE_RESTRICTION_EXCEEDED},
      {2, 64, NULL, CL_SUCCESS},
      {3, 4, NULL, CL_INVALID_ARG_VALUE},
      {3, 8, &v, CL_INVALID_ARG_SIZE},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
      assert_int_equal(
         clSetKernelArg(k, rows[i].i, rows[i].size, rows[i].value),
         rows[i].err);
   assert_int_equal(clSetKernelArg(NULL, 0, 8, &buf), CL_INVALID_KERNEL);
   const size_t one = 1;
#define LAUNCH(k)                                                              \
   clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL)
   assert_int_equal(LAUNCH(k), CL_INVALID_KERNEL_ARGS);
   OK(clSetKernelArg(k, 3, sizeof(v), &v));

   /* The clone has the arguments; from now on they part. */
   clone = clCloneKernel(k, &err);
   OK(err);
   v = 4;
   OK(clSetKernelArg(k, 3, sizeof(v), &v));
   OK(LAUNCH(clone));
   OK(clFinish(t.q));
   memcpy(&v, fake_screen(0)->last.input + 24, sizeof(v));
   assert_int_equal(v, 3);
   uint64_t local;
   memcpy(&local, fake_screen(0)->last.input + 16, sizeof(local));
   assert_int_equal(local, 128); /* 0 is NULL */
   assert_int_equal(fake_screen(0)->last.info.variable_shared_mem_B, 128 + 64);
   OK(clReleaseKernel(clone));
   OK(clReleaseKernel(all[0]));
   OK(clReleaseKernel(all[1]));
   OK(clReleaseProgram(p));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

static void
note_gone(cl_mem m, void *data)
{
   *(bool *)data = true;
}

/* A kernel does not keep its arguments alive; a launch does (CTS api/
 * retain_mem_object_set_kernel_arg). */
static void
test_args_are_not_held(void **state)
{
   struct cl_test t;
   cl_int err;
   bool gone = false;
   const size_t one = 1;

   cl_test_open(&t, 0);
   cl_kernel k = cl_test_kernel(&t, "kernel a g\n", "a");
   cl_mem buf = clCreateBuffer(t.ctx, 0, 64, NULL, &err);
   OK(clSetMemObjectDestructorCallback(buf, note_gone, &gone));
   OK(clSetKernelArg(k, 0, sizeof(buf), &buf));
   cl_kernel clone = clCloneKernel(k, &err);
   OK(err);
   fake_gate(fake_screen(0), false);
   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clReleaseMemObject(buf));
   assert_false(gone);
   fake_gate(fake_screen(0), true);
   OK(clFinish(t.q));
   assert_true(gone);
   OK(clReleaseKernel(clone));
   OK(clReleaseKernel(k));
   cl_test_close(&t);
}

/* Local memory lies behind the kernel's own, each argument aligned. */
static void
test_local_args(void **state)
{
   struct cl_test t;
   const size_t one = 1;
   uint64_t at[2];
   cl_ulong used;

   cl_test_open(&t, 0);
   cl_kernel k = cl_test_kernel(&t, "kernel static ll\n", "static");
   OK(clSetKernelArg(k, 0, 40, NULL));
   OK(clSetKernelArg(k, 1, 4, NULL));
   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clFinish(t.q));
   memcpy(at, fake_screen(0)->last.input, sizeof(at));
   assert_int_equal(at[0], 128); /* 100 bytes are the kernel's */
   assert_int_equal(at[1], 256);
   assert_int_equal(fake_screen(0)->last.info.variable_shared_mem_B, 260 - 100);
   OK(clGetKernelWorkGroupInfo(k, t.device, CL_KERNEL_LOCAL_MEM_SIZE,
                               sizeof(used), &used, NULL));
   assert_int_equal(used, 260);
   OK(clSetKernelArg(k, 0, (48 << 10) - 128, NULL));
   assert_int_equal(
      clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL),
      CL_OUT_OF_RESOURCES);
   OK(clReleaseKernel(k));
   cl_test_close(&t);
}

static void
test_ndrange(void **state)
{
   struct cl_test t;
   cl_int err;

   cl_test_open(&t, 0);
   cl_program p =
      create(&t, "kernel a\nkernel small\nreqd 8 4 1\nkernel fixed\n");
   OK(clBuildProgram(p, 0, NULL, NULL, NULL, NULL));
   cl_kernel a = clCreateKernel(p, "a", &err),
             small = clCreateKernel(p, "small", &err);
   cl_kernel fixed = clCreateKernel(p, "fixed", &err);
   const struct {
      cl_kernel k;
      cl_uint dim;
      size_t global[3], local[3];
      cl_int err;
   } rows[] = {
      {a, 0, {1}, {1}, CL_INVALID_WORK_DIMENSION},
      {a, 4, {1}, {1}, CL_INVALID_WORK_DIMENSION},
      {a, 1, {64}, {0}, CL_INVALID_WORK_GROUP_SIZE},
      {a, 1, {2048}, {2048}, CL_INVALID_WORK_ITEM_SIZE},
      {a, 2, {64, 64}, {64, 32}, CL_INVALID_WORK_GROUP_SIZE},
      {a, 3, {1, 1, 128}, {1, 1, 128}, CL_INVALID_WORK_ITEM_SIZE},
      {a, 1, {100}, {64}, CL_INVALID_WORK_GROUP_SIZE}, /* OpenCL C 1.2 */
      {small, 1, {128}, {128}, CL_INVALID_WORK_GROUP_SIZE},
      {fixed, 2, {16, 16}, {4, 8}, CL_INVALID_WORK_GROUP_SIZE},
      {fixed, 2, {16, 16}, {8, 4}, CL_SUCCESS},
      {a, 3, {64, 4, 2}, {32, 2, 1}, CL_SUCCESS},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
      assert_int_equal(
         clEnqueueNDRangeKernel(t.q, rows[i].k, rows[i].dim, NULL,
                                rows[i].global, rows[i].local, 0, NULL, NULL),
         rows[i].err);
   OK(clFinish(t.q));
   const struct pipe_grid_info *info = &fake_screen(0)->last.info;
   assert_int_equal(info->grid[0], 2);
   assert_int_equal(info->grid[1], 2);
   assert_int_equal(info->grid[2], 2);
   assert_int_equal(info->block[1], 2);
   assert_int_equal(info->last_block[0], 0);

   /* The required size is taken if none is given. */
   const size_t global[2] = {16, 16}, huge[1] = {(size_t)-1}, off[1] = {2};
   OK(clEnqueueNDRangeKernel(t.q, fixed, 2, NULL, global, NULL, 0, NULL, NULL));
   OK(clFinish(t.q));
   assert_int_equal(info->block[0], 8);
   assert_int_equal(info->block[1], 4);
   assert_int_equal(
      clEnqueueNDRangeKernel(t.q, a, 1, off, huge, NULL, 0, NULL, NULL),
      CL_INVALID_GLOBAL_OFFSET);
   OK(clEnqueueTask(t.q, a, 0, NULL, NULL));
   assert_int_equal(
      clEnqueueNativeKernel(t.q, NULL, NULL, 0, 0, NULL, NULL, 0, NULL, NULL),
      CL_INVALID_OPERATION);

   /* No work-items: nothing runs, the event ends. */
   const size_t none[1] = {0};
   cl_event ev;
   OK(clFinish(t.q));
   unsigned launches = fake_screen(0)->launches;
   OK(clEnqueueNDRangeKernel(t.q, a, 1, NULL, none, NULL, 0, NULL, &ev));
   OK(clWaitForEvents(1, &ev));
   OK(clReleaseEvent(ev));
   assert_int_equal(fake_screen(0)->launches, launches);
   OK(clReleaseKernel(a));
   OK(clReleaseKernel(small));
   OK(clReleaseKernel(fixed));
   OK(clReleaseProgram(p));
   cl_test_close(&t);
}

/* The last group may be smaller in OpenCL C 3.0. */
static void
test_non_uniform(void **state)
{
   struct cl_test t;
   cl_int err;
   const size_t global[1] = {100}, local[1] = {64};

   cl_test_open(&t, 0);
   for (unsigned uniform = 0; uniform < 2; uniform++) {
      cl_program p = create(&t, "kernel a\n");
      OK(clBuildProgram(p, 0, NULL,
                        uniform ? "-cl-std=CL3.0 -cl-uniform-work-group-size"
                                : "-cl-std=CL3.0",
                        NULL, NULL));
      cl_kernel k = clCreateKernel(p, "a", &err);
      err =
         clEnqueueNDRangeKernel(t.q, k, 1, NULL, global, local, 0, NULL, NULL);
      assert_int_equal(err, uniform ? CL_INVALID_WORK_GROUP_SIZE : CL_SUCCESS);
      OK(clFinish(t.q));
      OK(clReleaseKernel(k));
      OK(clReleaseProgram(p));
   }
   assert_int_equal(fake_screen(0)->last.info.grid[0], 2);
   assert_int_equal(fake_screen(0)->last.info.last_block[0], 36);
   cl_test_close(&t);
}

/* Whatever the size, the choice divides it and fits. */
static void
test_automatic_local_size(void **state)
{
   struct cl_test t;
   unsigned seed =
      getenv("OCL_TEST_SEED") ? atoi(getenv("OCL_TEST_SEED")) : getpid();

   print_message("OCL_TEST_SEED=%u\n", seed);
   cl_test_open(&t, 0);
   cl_kernel k = cl_test_kernel(&t, "kernel small\n", "small");
   for (unsigned i = 0; i < 300; i++) {
      size_t global[3];
      for (unsigned d = 0; d < 3; d++)
         global[d] = 1 + rand_r(&seed) % (rand_r(&seed) % 3 ? 40 : 5000);
      cl_uint dim = 1 + rand_r(&seed) % 3;
      OK(clEnqueueNDRangeKernel(t.q, k, dim, NULL, global, NULL, 0, NULL,
                                NULL));
      const struct pipe_grid_info *info = &fake_screen(0)->last.info;
      OK(clFinish(t.q));
      uint64_t threads = 1;
      for (unsigned d = 0; d < 3; d++) {
         size_t n = d < dim ? global[d] : 1;
         assert_int_equal(info->block[d] * (uint64_t)info->grid[d], n);
         assert_int_equal(info->last_block[d], 0);
         threads *= info->block[d];
      }
      assert_true(threads <= 64);
   }
   OK(clReleaseKernel(k));
   cl_test_close(&t);
}

static void
test_kernel_info(void **state)
{
   struct cl_test t;
   size_t size;
   cl_ulong u64;
   cl_kernel_arg_address_qualifier space;

   cl_test_open(&t, 0);
   cl_kernel k = cl_test_kernel(&t, "kernel small g\n", "small");
   OK(clGetKernelWorkGroupInfo(k, t.device, CL_KERNEL_WORK_GROUP_SIZE,
                               sizeof(size), &size, NULL));
   assert_int_equal(size, 64);
   OK(clGetKernelWorkGroupInfo(k, NULL,
                               CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE,
                               sizeof(size), &size, NULL));
   assert_int_equal(size, 32);
   OK(clGetKernelWorkGroupInfo(k, NULL, CL_KERNEL_PRIVATE_MEM_SIZE, sizeof(u64),
                               &u64, NULL));
   assert_int_equal(clGetKernelWorkGroupInfo(
                       k, NULL, CL_KERNEL_GLOBAL_WORK_SIZE, 24, &u64, NULL),
                    CL_INVALID_VALUE);
   OK(clGetKernelArgInfo(k, 0, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(space),
                         &space, NULL));
   assert_int_equal(space, CL_KERNEL_ARG_ADDRESS_GLOBAL);
   assert_int_equal(
      clGetKernelArgInfo(k, 1, CL_KERNEL_ARG_ADDRESS_QUALIFIER, 0, NULL, NULL),
      CL_INVALID_ARG_INDEX);
   const size_t local[2] = {40, 2}, count = 2;
   size_t n, out[3];
   OK(clGetKernelSubGroupInfo(k, t.device,
                              CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE,
                              sizeof(local), local, sizeof(n), &n, NULL));
   assert_int_equal(n, 3);
   OK(clGetKernelSubGroupInfo(k, t.device,
                              CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT,
                              sizeof(count), &count, sizeof(out), out, NULL));
   assert_int_equal(out[0], 64);
   assert_int_equal(out[1], 1);
   OK(clReleaseKernel(k));
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
      cmocka_unit_test(test_kernels),
      cmocka_unit_test(test_args_are_not_held),
      cmocka_unit_test(test_local_args),
      cmocka_unit_test(test_ndrange),
      cmocka_unit_test(test_non_uniform),
      cmocka_unit_test(test_automatic_local_size),
      cmocka_unit_test(test_kernel_info),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
