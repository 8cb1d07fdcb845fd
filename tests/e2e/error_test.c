/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What users get wrong: the specified error each time, and a device that goes
 * on working. */
#include "e2e.h"

#include <sys/mman.h>

static const char chase_source[] =
   "kernel void chase(global int *global *p, global int *out)\n"
   "{ out[get_global_id(0)] = **p; }\n"
   "kernel void poke(global int *p, int v) { p[get_global_id(0)] = v; }\n"
   "kernel void add(global int *p) { atomic_add(p, 1); }\n"
   "kernel void trap(global int *p) { if (*p) __builtin_trap(); }\n";

/* The device still computes, on a new queue. */
static void
assert_device_works(struct e2e *e)
{
   cl_int err;
   int v[64] = {0};
   cl_command_queue q =
      clCreateCommandQueueWithProperties(e->context, e->device, NULL, &err);
   OK(err);
   cl_kernel k = e2e_kernel(e, chase_source, "poke");
   cl_mem b = clCreateBuffer(e->context, 0, sizeof(v), NULL, &err);
   OK(err);
   int value = 77;
   e2e_arg(k, 0, sizeof(b), &b);
   e2e_arg(k, 1, sizeof(value), &value);
   OK(e2e_launch(q, k, 64, 0, NULL));
   OK(clEnqueueReadBuffer(q, b, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL));
   for (unsigned i = 0; i < 64; i++)
      assert_int_equal(v[i], 77);
   clReleaseMemObject(b);
   clReleaseKernel(k);
   clReleaseCommandQueue(q);
}

/* Runs on a queue of its own, which the fault takes down. */
static void
assert_faults(struct e2e *e, cl_kernel k, const char *kernel,
              const void *address, const char *access)
{
   cl_int err, status = 0;
   cl_event event;
   cl_command_queue q =
      clCreateCommandQueueWithProperties(e->context, e->device, NULL, &err);
   OK(err);
   e->notify[0] = 0;
   OK(e2e_launch(q, k, 1, 1, &event));
   clFinish(q);
   OK(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                     &status, NULL));
   assert_int_equal(status, CL_OUT_OF_RESOURCES);
   char hex[32];
   snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)(uintptr_t)address);
   if (!strstr(e->notify, kernel) || !strstr(e->notify, access) ||
       (address && !strstr(e->notify, hex)))
      fail_msg("want %s, %s, %s in: %s", kernel, access, hex, e->notify);
   clReleaseEvent(event);
   clReleaseCommandQueue(q);
   clReleaseKernel(k);
   assert_device_works(e);
}

static void
need_system_svm(struct e2e *e)
{
   if (!(e2e_svm_caps(e) & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM))
      skip();
}

static void
test_wild_read(void **state)
{
   struct e2e *e = *state;
   need_system_svm(e);
   int *wild = (int *)0x123456789000, out;
   cl_kernel k = e2e_kernel(e, chase_source, "chase");
   e2e_arg_svm(k, 0, &wild);
   e2e_arg_svm(k, 1, &out);
   assert_faults(e, k, "chase", wild, "read");
}

static void
test_null_pointer(void **state)
{
   struct e2e *e = *state;
   need_system_svm(e);
   int *null = NULL, out;
   cl_kernel k = e2e_kernel(e, chase_source, "chase");
   e2e_arg_svm(k, 0, &null);
   e2e_arg_svm(k, 1, &out);
   assert_faults(e, k, "chase", NULL, "read");
   assert_non_null(strstr(e->notify, "null pointer"));
}

/* The line of the source that the wild access comes from, in a function that is
 * inlined too. */
static void
test_line(void **state)
{
   struct e2e *e = *state;
   static const char source[] = "int get(global int *p)\n"
                                "{\n"
                                "   return *p;\n"
                                "}\n"
                                "kernel void copy(global int *to,\n"
                                "                 global int *from)\n"
                                "{\n"
                                "   int v = get(from) + 1;\n"
                                "   *to = v;\n"
                                "}\n";
   need_system_svm(e);
   int *wild = (int *)0x123456789000, v = 0;
   static const char *const want[] = {"line 9,", "line 3,"};
   for (unsigned n = 0; n < 2; n++) {
      cl_kernel k = e2e_kernel(e, source, "copy");
      e2e_arg_svm(k, n, wild);
      e2e_arg_svm(k, !n, &v);
      assert_faults(e, k, "copy", wild, n ? "read" : "write");
      if (!strstr(e->notify, want[n]))
         fail_msg("want %s in: %s", want[n], e->notify);
   }
}

static void
test_write_to_read_only(void **state)
{
   struct e2e *e = *state;
   need_system_svm(e);
   int *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   int value = 1;
   cl_kernel k = e2e_kernel(e, chase_source, "poke");
   e2e_arg_svm(k, 0, p);
   e2e_arg(k, 1, sizeof(value), &value);
   assert_faults(e, k, "poke", p, "write");
   assert_int_equal(*p, 0);
   munmap(p, 4096);
}

static void
test_atomic_on_no_access(void **state)
{
   struct e2e *e = *state;
   need_system_svm(e);
   int *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   cl_kernel k = e2e_kernel(e, chase_source, "add");
   e2e_arg_svm(k, 0, p);
   assert_faults(e, k, "add", p, "atomic");
   munmap(p, 4096);
}

static void
test_misaligned(void **state)
{
   struct e2e *e = *state;
   need_system_svm(e);
   static int v[4];
   int value = 1;
   cl_kernel k = e2e_kernel(e, chase_source, "poke");
   e2e_arg_svm(k, 0, (char *)v + 2);
   e2e_arg(k, 1, sizeof(value), &value);
   assert_faults(e, k, "poke", (char *)v + 2, "misaligned");
   for (unsigned i = 0; i < 4; i++)
      assert_int_equal(v[i], 0);
}

static void
test_build_errors(void **state)
{
   struct e2e *e = *state;
   cl_int err;
   const char *bad = "kernel void k(global int *p) { *p = nonsense; }";
   cl_program p = clCreateProgramWithSource(e->context, 1, &bad, NULL, &err);
   OK(err);
   assert_int_equal(clBuildProgram(p, 1, &e->device, "", NULL, NULL),
                    CL_BUILD_PROGRAM_FAILURE);
   char log[4096];
   OK(clGetProgramBuildInfo(p, e->device, CL_PROGRAM_BUILD_LOG, sizeof(log),
                            log, NULL));
   assert_non_null(strstr(log, "nonsense"));
   assert_non_null(strstr(log, ":1:"));
   assert_int_equal(
      clBuildProgram(p, 1, &e->device, "-cl-no-such-option", NULL, NULL),
      CL_INVALID_BUILD_OPTIONS);
   cl_kernel k = clCreateKernel(p, "k", &err);
   assert_int_equal(err, CL_INVALID_PROGRAM_EXECUTABLE);
   assert_null(k);
   clReleaseProgram(p);
   assert_null(clCreateProgramWithSource(e->context, 0, NULL, NULL, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
}

static void
test_argument_errors(void **state)
{
   struct e2e *e = *state;
   cl_int err;
   assert_null(clCreateBuffer(e->context, 0, 0, NULL, &err));
   assert_int_equal(err, CL_INVALID_BUFFER_SIZE);
   assert_null(clCreateBuffer(NULL, 0, 16, NULL, &err));
   assert_int_equal(err, CL_INVALID_CONTEXT);
   cl_kernel k = e2e_kernel(e, chase_source, "poke");
   size_t n = 1, wide[3] = {2048, 1, 1}, big[3] = {64, 32, 1};
   assert_int_equal(
      clEnqueueNDRangeKernel(e->queue, k, 1, NULL, &n, NULL, 0, NULL, NULL),
      CL_INVALID_KERNEL_ARGS);
   int v = 0;
   assert_int_equal(clSetKernelArg(k, 9, sizeof(v), &v), CL_INVALID_ARG_INDEX);
   assert_int_equal(clSetKernelArg(k, 1, 8, &v), CL_INVALID_ARG_SIZE);
   assert_int_equal(clSetKernelArg(k, 1, sizeof(v), NULL),
                    CL_INVALID_ARG_VALUE);
   e2e_arg(k, 1, sizeof(v), &v);
   e2e_arg(k, 0, sizeof(cl_mem), NULL);
   assert_int_equal(
      clEnqueueNDRangeKernel(e->queue, k, 1, NULL, wide, wide, 0, NULL, NULL),
      CL_INVALID_WORK_ITEM_SIZE);
   assert_int_equal(
      clEnqueueNDRangeKernel(e->queue, k, 2, NULL, big, big, 0, NULL, NULL),
      CL_INVALID_WORK_GROUP_SIZE);
   assert_int_equal(
      clEnqueueNDRangeKernel(e->queue, k, 4, NULL, big, NULL, 0, NULL, NULL),
      CL_INVALID_WORK_DIMENSION);
   assert_null(clCreateKernel(NULL, "x", &err));
   assert_int_equal(err, CL_INVALID_PROGRAM);
   assert_int_equal(clFinish(NULL), CL_INVALID_COMMAND_QUEUE);
   assert_int_equal(clReleaseMemObject(NULL), CL_INVALID_MEM_OBJECT);
   clReleaseKernel(k);
}

static void
test_too_much_local_memory(void **state)
{
   static const char source[] =
      "kernel void k(local int *l, global int *p)\n"
      "{ l[get_local_id(0)] = 1; barrier(CLK_LOCAL_MEM_FENCE); *p = l[0]; }\n";
   struct e2e *e = *state;
   cl_int err;
   cl_ulong limit = 0;
   OK(clGetDeviceInfo(e->device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(limit),
                      &limit, NULL));
   cl_kernel k = e2e_kernel(e, source, "k");
   cl_mem b = clCreateBuffer(e->context, 0, 4, NULL, &err);
   OK(err);
   e2e_arg(k, 1, sizeof(b), &b);
   e2e_arg(k, 0, limit, NULL);
   OK(e2e_run(e, k, 1, 1));
   err = clSetKernelArg(k, 0, limit + 4, NULL);
   if (err == CL_SUCCESS)
      err = e2e_launch(e->queue, k, 1, 1, NULL);
   assert_true(err == CL_OUT_OF_RESOURCES ||
               err == CL_MAX_SIZE_RESTRICTION_EXCEEDED);
   clReleaseMemObject(b);
   clReleaseKernel(k);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wild_read),
      cmocka_unit_test(test_null_pointer),
      cmocka_unit_test(test_line),
      cmocka_unit_test(test_write_to_read_only),
      cmocka_unit_test(test_atomic_on_no_access),
      cmocka_unit_test(test_misaligned),
      cmocka_unit_test(test_build_errors),
      cmocka_unit_test(test_argument_errors),
      cmocka_unit_test(test_too_much_local_memory),
   };
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
