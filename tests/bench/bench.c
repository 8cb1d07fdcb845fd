/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Measures the first device of the first platform that the loader shows. Prints
 * one "name value unit" a line; bin/bench runs it for several implementations
 * in turn and compares. A case that the device cannot do is left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "partage/cl_partage.h"

static const char source[] =
   "kernel void empty(global int *p) { }\n"
   "kernel void vadd(global const float *a, global const float *b, global float *c)\n"
   "{ size_t i = get_global_id(0); c[i] = a[i] + b[i]; }\n"
   "kernel void touch(global int *p, uint stride)\n"
   "{ p[get_global_id(0) * stride]++; }\n"
   "kernel void fma_loop(global float *p)\n"
   "{\n"
   "   float x = p[get_global_id(0)], y = x + 1.0f;\n"
   "   for (int i = 0; i < 256; i++) { x = fma(x, 0.999f, y); y = fma(y, 0.998f, x); }\n"
   "   p[get_global_id(0)] = x + y;\n"
   "}\n";

static cl_device_id device;
static cl_context context;
static cl_command_queue queue;
static cl_program program;

static double
now(clockid_t clock)
{
   struct timespec ts;
   clock_gettime(clock, &ts);
   return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void
report(const char *name, double value, const char *unit)
{
   printf("%s %.6g %s\n", name, value, unit);
   fflush(stdout);
}

static void
check(cl_int err, const char *what)
{
   if (err) {
      fprintf(stderr, "bench: %s: OpenCL error %d\n", what, err);
      exit(1);
   }
}

static void
start_up(void)
{
   cl_int err;
   cl_platform_id platform;
   char name[256];
   double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
   check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
   check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL),
         "clGetDeviceIDs");
   context = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
   check(err, "clCreateContext");
   queue = clCreateCommandQueueWithProperties(context, device, NULL, &err);
   check(err, "clCreateCommandQueue");
   report("start", (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3, "ms-cpu");
   clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof(name), name, NULL);
   printf("# %s\n", name);
}

/* A different source each time, so that no cache helps. */
static cl_program
build(int salt)
{
   char salted[sizeof(source) + 64];
   const char *text = salted;
   cl_int err;
   snprintf(salted, sizeof(salted), "%s// %d %d\n", source, salt, getpid());
   cl_program p = clCreateProgramWithSource(context, 1, &text, NULL, &err);
   check(err, "clCreateProgramWithSource");
   check(clBuildProgram(p, 1, &device, "", NULL, NULL), "clBuildProgram");
   return p;
}

static void
builds(void)
{
   double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
   program = build(0);
   report("build-first", (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3, "ms-cpu");
   cpu = now(CLOCK_PROCESS_CPUTIME_ID);
   clReleaseProgram(build(1));
   report("build-second", (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3,
          "ms-cpu");
}

static cl_kernel
kernel(const char *name)
{
   cl_int err;
   cl_kernel k = clCreateKernel(program, name, &err);
   check(err, name);
   return k;
}

static cl_mem
buffer(size_t size_B)
{
   cl_int err;
   cl_mem m = clCreateBuffer(context, CL_MEM_READ_WRITE, size_B, NULL, &err);
   check(err, "clCreateBuffer");
   int zero = 0;
   check(clEnqueueFillBuffer(queue, m, &zero, 4, 0, size_B, 0, NULL, NULL),
         "fill");
   clFinish(queue);
   return m;
}

static void
launch(cl_kernel k, size_t global, size_t local)
{
   check(clEnqueueNDRangeKernel(queue, k, 1, NULL, &global,
                                local ? &local : NULL, 0, NULL, NULL),
         "launch");
}

static void
latency(void)
{
   enum {
      N = 2000
   };
   cl_kernel k = kernel("empty");
   cl_mem m = buffer(4096);
   clSetKernelArg(k, 0, sizeof(m), &m);
   launch(k, 1, 1);
   clFinish(queue);
   double t = now(CLOCK_MONOTONIC);
   for (int i = 0; i < N; i++) {
      launch(k, 1, 1);
      clFinish(queue);
   }
   report("launch-latency", (now(CLOCK_MONOTONIC) - t) / N * 1e6, "us");
   t = now(CLOCK_MONOTONIC);
   for (int i = 0; i < N; i++)
      launch(k, 1, 1);
   clFinish(queue);
   report("launch-throughput", N / (now(CLOCK_MONOTONIC) - t) / 1e3, "per-ms");
   clReleaseMemObject(m);
   clReleaseKernel(k);
}

static void
bandwidth(void)
{
   enum {
      SIZE_B = 32 << 20,
      ROUNDS = 4
   };
   char *host = malloc(SIZE_B);
   cl_mem a = buffer(SIZE_B), b = buffer(SIZE_B);
   memset(host, 1, SIZE_B);
   double t = now(CLOCK_MONOTONIC);
   for (int i = 0; i < ROUNDS; i++)
      clEnqueueWriteBuffer(queue, a, CL_TRUE, 0, SIZE_B, host, 0, NULL, NULL);
   report("write-buffer",
          ROUNDS * (double)SIZE_B / (now(CLOCK_MONOTONIC) - t) / 1e9, "GB/s");
   t = now(CLOCK_MONOTONIC);
   for (int i = 0; i < ROUNDS; i++)
      clEnqueueReadBuffer(queue, a, CL_TRUE, 0, SIZE_B, host, 0, NULL, NULL);
   report("read-buffer",
          ROUNDS * (double)SIZE_B / (now(CLOCK_MONOTONIC) - t) / 1e9, "GB/s");
   t = now(CLOCK_MONOTONIC);
   for (int i = 0; i < ROUNDS; i++)
      clEnqueueCopyBuffer(queue, a, b, 0, 0, SIZE_B, 0, NULL, NULL);
   clFinish(queue);
   report("copy-buffer",
          ROUNDS * (double)SIZE_B / (now(CLOCK_MONOTONIC) - t) / 1e9, "GB/s");
   clReleaseMemObject(a);
   clReleaseMemObject(b);
   free(host);
}

static void
kernels(void)
{
   enum {
      N = 1 << 20
   };
   cl_kernel k = kernel("vadd");
   cl_mem m[3];
   for (int i = 0; i < 3; i++) {
      m[i] = buffer(N * 4);
      clSetKernelArg(k, i, sizeof(m[i]), &m[i]);
   }
   launch(k, N, 256);
   clFinish(queue);
   double t = now(CLOCK_MONOTONIC);
   for (int i = 0; i < 4; i++)
      launch(k, N, 256);
   clFinish(queue);
   report("vadd", 4 * 12.0 * N / (now(CLOCK_MONOTONIC) - t) / 1e9, "GB/s");
   clReleaseKernel(k);
   k = kernel("fma_loop");
   clSetKernelArg(k, 0, sizeof(m[0]), &m[0]);
   launch(k, 1 << 14, 256);
   clFinish(queue);
   t = now(CLOCK_MONOTONIC);
   launch(k, 1 << 17, 256);
   clFinish(queue);
   report("fma", 2 * 512.0 * (1 << 17) / (now(CLOCK_MONOTONIC) - t) / 1e9,
          "GFlop/s");
   clReleaseKernel(k);
   for (int i = 0; i < 3; i++)
      clReleaseMemObject(m[i]);
}

/* Shared virtual memory: the price of the GPU's first touch, of a move there
 * and of the CPU's touch afterwards. */
static void
svm(void)
{
   enum {
      SIZE_B = 16 << 20,
      PAGES = SIZE_B / 4096
   };
   cl_device_svm_capabilities caps = 0;
   clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof(caps), &caps,
                   NULL);
   if (!(caps & CL_DEVICE_SVM_FINE_GRAIN_BUFFER))
      return;
   char *p = clSVMAlloc(
      context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, SIZE_B, 4096);
   if (!p)
      return;
   memset(p, 1, SIZE_B);
   cl_kernel k = kernel("touch");
   cl_uint stride = 1024;
   clSetKernelArgSVMPointer(k, 0, p);
   clSetKernelArg(k, 1, sizeof(stride), &stride);
   double t = now(CLOCK_MONOTONIC);
   launch(k, PAGES, 64);
   clFinish(queue);
   report("svm-first-touch", (now(CLOCK_MONOTONIC) - t) / PAGES * 1e6,
          "us/page");
   t = now(CLOCK_MONOTONIC);
   launch(k, PAGES, 64);
   clFinish(queue);
   report("svm-touch-again", (now(CLOCK_MONOTONIC) - t) / PAGES * 1e6,
          "us/page");
   struct cl_svm_counters_partage c;
   if (clGetDeviceInfo(device, CL_DEVICE_SVM_COUNTERS_PARTAGE, sizeof(c), &c,
                       NULL) == CL_SUCCESS) {
      const void *ptr = p;
      t = now(CLOCK_MONOTONIC);
      clEnqueueSVMMigrateMem(queue, 1, &ptr, NULL, 0, 0, NULL, NULL);
      clFinish(queue);
      report("svm-migrate", SIZE_B / (now(CLOCK_MONOTONIC) - t) / 1e9, "GB/s");
      volatile char sink = 0;
      t = now(CLOCK_MONOTONIC);
      for (unsigned i = 0; i < PAGES; i++)
         sink += p[i * 4096];
      report("svm-fault-back", (now(CLOCK_MONOTONIC) - t) / PAGES * 1e6,
             "us/page");
   }
   clReleaseKernel(k);
   clSVMFree(context, p);
}

int
main(void)
{
   start_up();
   builds();
   latency();
   bandwidth();
   kernels();
   svm();
   clReleaseProgram(program);
   clReleaseCommandQueue(queue);
   clReleaseContext(context);
   return 0;
}
