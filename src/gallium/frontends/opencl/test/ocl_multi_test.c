/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A context with two devices: buffers follow their use. The argument says
 * which SVM they have: none ("private"), any pointer ("shared"), "buffer"s that
 * both can use, or that only the one can use that made it ("apart"), or
 * the "first" device has them alone. */
#include "ocl_test.h"

#include <stdio.h>

#include "util/test/test_random.h"

struct two {
   cl_platform_id platform;
   cl_device_id dev[2];
   cl_context ctx;
   cl_command_queue q[2];
};

static void
add_kernel(struct fake_launch *l)
{
   int *p, v;

   memcpy(&p, l->input, sizeof(p));
   memcpy(&v, l->input + 8, sizeof(v));
   for (uint64_t i = 0; i < l->info.global_size[0]; i++)
      p[i] += v;
}

static void
open_two(struct two *t)
{
   cl_int err;
   cl_uint n;

   OK(clGetPlatformIDs(1, &t->platform, NULL));
   OK(clGetDeviceIDs(t->platform, CL_DEVICE_TYPE_GPU, 2, t->dev, &n));
   assert_int_equal(n, 2);
   t->ctx = clCreateContext(NULL, 2, t->dev, NULL, NULL, &err);
   OK(err);
   for (unsigned i = 0; i < 2; i++)
      t->q[i] = clCreateCommandQueue(t->ctx, t->dev[i], 0, &err);
}

static void
close_two(struct two *t)
{
   for (unsigned i = 0; i < 2; i++) {
      OK(clFinish(t->q[i]));
      OK(clReleaseCommandQueue(t->q[i]));
   }
   OK(clReleaseContext(t->ctx));
}

static cl_kernel
build_add(struct two *t)
{
   const char *source = "kernel add g4\n";
   cl_int err;
   cl_program p = clCreateProgramWithSource(t->ctx, 1, &source, NULL, &err);

   OK(clBuildProgram(p, 0, NULL, NULL, NULL, NULL));
   cl_kernel k = clCreateKernel(p, "add", &err);
   OK(err);
   OK(clReleaseProgram(p));
   return k;
}

/* The same buffer on both devices in turn, with copies in between; any order of
 * devices gives the same sum. */
static void
test_buffer_follows(void **state)
{
   enum {
      N = 1000
   };
   struct two t;
   cl_int err;
   static int data[N], out[N];
   unsigned seed = test_seed();
   const cl_mem_flags flags[] = {CL_MEM_COPY_HOST_PTR, CL_MEM_USE_HOST_PTR};

   open_two(&t);
   cl_kernel k = build_add(&t);
   for (unsigned f = 0; f < 2; f++) {
      int sum = 0;
      for (unsigned i = 0; i < N; i++)
         data[i] = i;
      cl_mem b = clCreateBuffer(t.ctx, flags[f], sizeof(data), data, &err);
      OK(err);
      for (unsigned round = 0; round < 60; round++) {
         unsigned d = rand_r(&seed) % 2;
         const size_t n = N;
         int v = rand_r(&seed) % 100;
         OK(clSetKernelArg(k, 0, sizeof(b), &b));
         OK(clSetKernelArg(k, 1, sizeof(v), &v));
         OK(clEnqueueNDRangeKernel(t.q[d], k, 1, NULL, &n, NULL, 0, NULL,
                                   NULL));
         sum += v;
         if (rand_r(&seed) % 4 == 0)
            OK(clEnqueueMigrateMemObjects(t.q[!d], 1, &b, 0, 0, NULL, NULL));
         OK(clFinish(t.q[d])); /* order between queues is the application's */
         OK(clFinish(t.q[!d]));
      }
      OK(clEnqueueReadBuffer(t.q[rand_r(&seed) % 2], b, CL_TRUE, 0, sizeof(out),
                             out, 0, NULL, NULL));
      for (unsigned i = 0; i < N; i++)
         assert_int_equal(out[i], (int)i + sum);
      OK(clReleaseMemObject(b));
   }
   OK(clReleaseKernel(k));
   close_two(&t);
}

/* A program is built for each device and its binaries come in that order. */
static void
test_program_of_two(void **state)
{
   struct two t;
   cl_int err;
   size_t sizes[2];
   const char *source = "kernel add g4\n";

   open_two(&t);
   cl_program p = clCreateProgramWithSource(t.ctx, 1, &source, NULL, &err);
   OK(clBuildProgram(p, 1, &t.dev[1], NULL, NULL, NULL));
   OK(clGetProgramInfo(p, CL_PROGRAM_BINARY_SIZES, sizeof(sizes), sizes, NULL));
   assert_int_equal(sizes[0], 0);
   assert_true(sizes[1] > 0);
   cl_kernel k = clCreateKernel(p, "add", &err);
   OK(err);
   int v = 1;
   const size_t one = 1;
   OK(clSetKernelArg(k, 0, sizeof(cl_mem), NULL));
   OK(clSetKernelArg(k, 1, sizeof(v), &v));
   assert_int_equal(
      clEnqueueNDRangeKernel(t.q[0], k, 1, NULL, &one, NULL, 0, NULL, NULL),
      CL_INVALID_PROGRAM_EXECUTABLE);
   size_t size;
   assert_int_equal(clGetKernelWorkGroupInfo(k, NULL, CL_KERNEL_WORK_GROUP_SIZE,
                                             sizeof(size), &size, NULL),
                    CL_INVALID_DEVICE);
   OK(clGetKernelWorkGroupInfo(k, t.dev[1], CL_KERNEL_WORK_GROUP_SIZE,
                               sizeof(size), &size, NULL));
   OK(clReleaseKernel(k));
   OK(clReleaseProgram(p));
   close_two(&t);
}

/* One allocation, one address, two devices. */
static void
test_svm_of_two(void **state)
{
   struct two t;
   const size_t one = 1;
   int v = 5;

   open_two(&t);
   cl_device_svm_capabilities caps;
   OK(clGetDeviceInfo(t.dev[1], CL_DEVICE_SVM_CAPABILITIES, sizeof(caps), &caps,
                      NULL));
   if (caps) {
      bool apart = fake_config.svm_apart;
      cl_kernel k = build_add(&t);
      int *p = clSVMAlloc(t.ctx, 0, 64, 0);
      p[0] = 1;
      OK(clSetKernelArgSVMPointer(k, 0, p));
      OK(clSetKernelArg(k, 1, sizeof(v), &v));
      for (unsigned d = 0; d < 2; d++) {
         assert_int_equal(clEnqueueNDRangeKernel(t.q[d], k, 1, NULL, &one, NULL,
                                                 0, NULL, NULL),
                          apart && d ? CL_INVALID_OPERATION : CL_SUCCESS);
         OK(clFinish(t.q[d]));
      }
      assert_int_equal(p[0], apart ? 6 : 11);
      clSVMFree(t.ctx, p);
      OK(clReleaseKernel(k));
   }
   close_two(&t);
}

/* One of the two has SVM: allocations are made, and used there; the other's
 * queue refuses everything that has to do with them. */
static void
test_svm_of_one(void **state)
{
   struct two t;
   const size_t one = 1;
   const cl_int no = CL_INVALID_OPERATION;
   int v = 5;

   if (!fake_config.svm_first_only)
      return;
   open_two(&t);
   cl_kernel k = build_add(&t);
   int *p = clSVMAlloc(t.ctx, 0, 64, 0);
   assert_non_null(p);
   void *list[1] = {p};
   const void *const_list[1] = {p};
   cl_command_queue q = t.q[1];
   p[0] = 1;
   assert_int_equal(clEnqueueSVMFree(q, 1, list, NULL, NULL, 0, NULL, NULL),
                    no);
   assert_int_equal(clEnqueueSVMMemcpy(q, CL_TRUE, p, p + 8, 4, 0, NULL, NULL),
                    no);
   assert_int_equal(clEnqueueSVMMemFill(q, p, &v, 4, 4, 0, NULL, NULL), no);
   assert_int_equal(
      clEnqueueSVMMap(q, CL_TRUE, CL_MAP_READ, p, 4, 0, NULL, NULL), no);
   assert_int_equal(clEnqueueSVMUnmap(q, p, 0, NULL, NULL), no);
   assert_int_equal(
      clEnqueueSVMMigrateMem(q, 1, const_list, NULL, 0, 0, NULL, NULL), no);
   OK(clSetKernelArgSVMPointer(k, 0, p)); /* a device of the context has it */
   OK(clSetKernelArg(k, 1, sizeof(v), &v));
   assert_int_equal(
      clEnqueueNDRangeKernel(q, k, 1, NULL, &one, NULL, 0, NULL, NULL), no);
   OK(clEnqueueNDRangeKernel(t.q[0], k, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clFinish(t.q[0]));
   assert_int_equal(p[0], 6);
   cl_mem buf = clCreateBuffer(t.ctx, 0, 64, NULL, NULL);
   OK(clSetKernelArg(k, 0, sizeof(buf), &buf));
   OK(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(list), list));
   assert_int_equal(
      clEnqueueNDRangeKernel(q, k, 1, NULL, &one, NULL, 0, NULL, NULL), no);
   OK(clReleaseMemObject(buf));
   clSVMFree(t.ctx, p);
   OK(clReleaseKernel(k));
   close_two(&t);
}

int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_buffer_follows),
      cmocka_unit_test(test_program_of_two),
      cmocka_unit_test(test_svm_of_two),
      cmocka_unit_test(test_svm_of_one),
   };
   fake_config.num_devices = 2;
   const char *mode = argc > 1 ? argv[1] : "private";
   fake_config.svm_system = !strcmp(mode, "shared");
   fake_config.svm_apart = !strcmp(mode, "apart");
   fake_config.svm_first_only = !strcmp(mode, "first");
   fake_config.svm_buffer = !strcmp(mode, "buffer") || fake_config.svm_apart ||
                            fake_config.svm_first_only;
   fake_register_kernel("add", add_kernel);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
