/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "e2e.h"

#include "util/test/test_random.h"

static void CL_CALLBACK
notify(const char *text, const void *info, size_t info_B, void *data)
{
   struct e2e *e = data;
   snprintf(e->notify, sizeof(e->notify), "%s", text);
}

int
e2e_setup(void **state)
{
   struct e2e *e = calloc(1, sizeof(*e));
   cl_int err;
   OK(clGetPlatformIDs(1, &e->platform, NULL));
   OK(clGetDeviceIDs(e->platform, CL_DEVICE_TYPE_ALL, 1, &e->device, NULL));
   e->context = clCreateContext(NULL, 1, &e->device, notify, e, &err);
   OK(err);
   e->queue =
      clCreateCommandQueueWithProperties(e->context, e->device, NULL, &err);
   OK(err);
   *state = e;
   return 0;
}

int
e2e_teardown(void **state)
{
   struct e2e *e = *state;
   clFinish(e->queue);
   clReleaseCommandQueue(e->queue);
   clReleaseContext(e->context);
   free(e);
   return 0;
}

cl_program
e2e_program(struct e2e *e, const char *source, const char *options)
{
   cl_int err;
   cl_program p = clCreateProgramWithSource(e->context, 1, &source, NULL, &err);
   OK(err);
   err = clBuildProgram(p, 1, &e->device, options, NULL, NULL);
   if (err) {
      char log[8192] = "";
      clGetProgramBuildInfo(p, e->device, CL_PROGRAM_BUILD_LOG, sizeof(log),
                            log, NULL);
      fail_msg("build error %d:\n%s\n%s", err, log, source);
   }
   return p;
}

cl_kernel
e2e_kernel(struct e2e *e, const char *source, const char *name)
{
   cl_int err;
   cl_program p = e2e_program(e, source, "-cl-std=CL3.0");
   cl_kernel k = clCreateKernel(p, name, &err);
   OK(err);
   clReleaseProgram(p);
   return k;
}

cl_int
e2e_launch(cl_command_queue queue, cl_kernel kernel, size_t global,
           size_t local, cl_event *event_out)
{
   return clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global,
                                 local ? &local : NULL, 0, NULL, event_out);
}

cl_int
e2e_run(struct e2e *e, cl_kernel kernel, size_t global, size_t local)
{
   OK(e2e_launch(e->queue, kernel, global, local, NULL));
   return clFinish(e->queue);
}

void
e2e_arg_svm(cl_kernel kernel, cl_uint index, const void *ptr)
{
   OK(clSetKernelArgSVMPointer(kernel, index, ptr));
}

void
e2e_arg(cl_kernel kernel, cl_uint index, size_t size_B, const void *value)
{
   OK(clSetKernelArg(kernel, index, size_B, value));
}

cl_device_svm_capabilities
e2e_svm_caps(struct e2e *e)
{
   cl_device_svm_capabilities caps = 0;
   OK(clGetDeviceInfo(e->device, CL_DEVICE_SVM_CAPABILITIES, sizeof(caps),
                      &caps, NULL));
   return caps;
}

struct cl_svm_counters_partage
e2e_counters(struct e2e *e)
{
   struct cl_svm_counters_partage c;
   OK(clGetDeviceInfo(e->device, CL_DEVICE_SVM_COUNTERS_PARTAGE, sizeof(c), &c,
                      NULL));
   return c;
}

uint32_t
e2e_seed(void)
{
   return test_seed();
}

uint32_t
e2e_rand(uint32_t *state)
{
   *state = *state * 1664525u + 1013904223u;
   return *state >> 8;
}
