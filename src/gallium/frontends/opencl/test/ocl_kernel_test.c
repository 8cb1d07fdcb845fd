/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Kernels: arguments, information, launch geometry. */
#include "ocl_test.h"

#include "util/test/test_random.h"

static cl_program
create(struct cl_test *t, const char *source)
{
   cl_int err;
   cl_program p = clCreateProgramWithSource(t->ctx, 1, &source, NULL, &err);

   OK(err);
   return p;
}

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
   unsigned seed = test_seed();

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
