/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_SKIP 77

void
check(cl_int error, const char *what)
{
   if (error != CL_SUCCESS)
      fail("%s: OpenCL error %d", what, error);
}

#define MAX_DEVICES 8

/* As many as NVSIM_CARDS says. */
static unsigned
count_devices(void)
{
   cl_platform_id platform;
   cl_uint n = 0;
   const char *cards = getenv("NVSIM_CARDS");
   check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
   check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &n),
         "clGetDeviceIDs");
   if (n > MAX_DEVICES || n != (cards ? (unsigned)atoi(cards) : 1))
      fail("%u devices, NVSIM_CARDS=%s", n, cards ? cards : "");
   return n;
}

void
client_init(struct client *c, unsigned index)
{
   cl_platform_id platform;
   cl_device_id devices[MAX_DEVICES];
   cl_int err;
   char platform_name[64], device_name[64];
   check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
   clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof(platform_name),
                     platform_name, NULL);
   check(
      clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_DEVICES, devices, NULL),
      "clGetDeviceIDs");
   c->device = devices[index];
   clGetDeviceInfo(c->device, CL_DEVICE_NAME, sizeof(device_name), device_name,
                   NULL);
   c->context = clCreateContext(NULL, 1, &c->device, NULL, NULL, &err);
   check(err, "clCreateContext");
   c->queue =
      clCreateCommandQueueWithProperties(c->context, c->device, NULL, &err);
   check(err, "clCreateCommandQueueWithProperties");
   cl_bool images = CL_FALSE;
   clGetDeviceInfo(c->device, CL_DEVICE_IMAGE_SUPPORT, sizeof(images), &images,
                   NULL);
   c->clover = !strcmp(platform_name, "Clover");
   c->images = images;
   cl_device_fp_config doubles = 0;
   clGetDeviceInfo(c->device, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof(doubles),
                   &doubles, NULL);
   c->doubles = doubles != 0;
   c->raw_pointers =
      c->clover && getenv("NOUVEAU_SVM") && atoi(getenv("NOUVEAU_SVM"));
   printf("%s on %s\n", platform_name, device_name);
}

void
client_finish(struct client *c)
{
   clReleaseCommandQueue(c->queue);
   clReleaseContext(c->context);
}

/* ---- kernels ---- */

cl_kernel
client_kernel(struct client *c, const char *source, const char *name)
{
   cl_int err;
   cl_program program =
      clCreateProgramWithSource(c->context, 1, &source, NULL, &err);
   check(err, "clCreateProgramWithSource");
   err = clBuildProgram(program, 1, &c->device, "", NULL, NULL);
   if (err) {
      static char log[16384];
      clGetProgramBuildInfo(program, c->device, CL_PROGRAM_BUILD_LOG,
                            sizeof(log), log, NULL);
      fail("clBuildProgram: error %d\n%s", err, log);
   }
   cl_kernel kernel = clCreateKernel(program, name, &err);
   check(err, "clCreateKernel");
   clReleaseProgram(program);
   return kernel;
}

struct call
call_begin(struct client *c, const char *source, const char *name)
{
   return (struct call){c, client_kernel(c, source, name), 0};
}

void
call_value(struct call *call, const void *value, size_t size_B)
{
   check(clSetKernelArg(call->kernel, call->next++, size_B, value),
         "clSetKernelArg");
}

void
call_buffer(struct call *call, cl_mem buffer)
{
   call_value(call, &buffer, sizeof(buffer));
}

void
call_pointer(struct call *call, const void *pointer)
{
   check(clSetKernelArgSVMPointer(call->kernel, call->next++, pointer),
         "clSetKernelArgSVMPointer");
}

void
call_local(struct call *call, size_t size_B)
{
   call_value(call, NULL, size_B);
}

void
call_run(struct call *call, unsigned dims, const size_t *global,
         const size_t *local)
{
   cl_command_queue queue = call->client->queue;
   check(clEnqueueNDRangeKernel(queue, call->kernel, dims, NULL, global, local,
                                0, NULL, NULL),
         "clEnqueueNDRangeKernel");
   check(clFinish(queue), "clFinish");
   clReleaseKernel(call->kernel);
}

void
call_run1(struct call *call, size_t global, size_t local)
{
   call_run(call, 1, &global, &local);
}

/* ---- buffers ---- */

cl_mem
buffer_of(struct client *c, const void *data, size_t size_B)
{
   cl_int err;
   cl_mem buffer =
      clCreateBuffer(c->context, CL_MEM_READ_WRITE, size_B, NULL, &err);
   check(err, "clCreateBuffer");
   if (data)
      check(clEnqueueWriteBuffer(c->queue, buffer, CL_TRUE, 0, size_B, data, 0,
                                 NULL, NULL),
            "clEnqueueWriteBuffer");
   return buffer;
}

void
buffer_read(struct client *c, cl_mem buffer, void *data, size_t size_B)
{
   check(clEnqueueReadBuffer(c->queue, buffer, CL_TRUE, 0, size_B, data, 0,
                             NULL, NULL),
         "clEnqueueReadBuffer");
}

void
buffer_take(struct client *c, cl_mem buffer, void *data, size_t size_B)
{
   buffer_read(c, buffer, data, size_B);
   clReleaseMemObject(buffer);
}

/* ---- main ---- */

static bool
can_run(const struct client *c, const struct test_case *t)
{
   return (!c->clover || !t->not_for_clover) &&
          (c->images || !t->needs_images) &&
          (c->raw_pointers || !t->needs_raw_pointers);
}

static unsigned
run_cases(unsigned device, int argc, char **argv)
{
   struct client c;
   client_init(&c, device);
   unsigned ran = 0;
   for (const struct test_case *t = test_cases; t->name; t++) {
      bool asked = !strcmp(argv[1], "all");
      for (int i = 1; i < argc; i++)
         asked |= !strcmp(argv[i], t->name);
      if (!asked || !can_run(&c, t))
         continue;
      t->run(&c);
      printf("%s: ok\n", t->name);
      ran++;
   }
   client_finish(&c);
   return ran;
}

int
main(int argc, char **argv)
{
   const char *vendor = getenv("OCL_ICD_VENDORS");
   setvbuf(stdout, NULL, _IOLBF, 0);
   if (argc < 2 || !vendor)
      fail("usage: OCL_ICD_VENDORS=FILE %s CASE... | all", argv[0]);
   if (access(vendor, R_OK)) {
      printf("skipped: %s is not there (Debian: mesa-opencl-icd)\n", vendor);
      return EXIT_SKIP;
   }
   unsigned ran = 0, devices = count_devices();
   for (unsigned i = 0; i < devices; i++)
      ran += run_cases(i, argc, argv);
   if (!ran)
      printf("skipped: not for this driver\n");
   return ran ? 0 : EXIT_SKIP;
}
