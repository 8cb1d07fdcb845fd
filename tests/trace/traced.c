/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Does a little of everything that a trace tells, prints what it cost by the
 * driver's counters, and ends as it is told: traced [abort|fork|cards]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "partage/cl_partage.h"

#define PAGES  512
#define ROUNDS 5

static const char source[] =
   "kernel void add(global int *p) { p[get_global_id(0) * 1024]++; }\n"
   "kernel void sum(global const int *p, global int *out)\n"
   "{ atomic_add(out, p[get_global_id(0) * 1024]); }\n";

static cl_command_queue queue;
static unsigned kernels;

static void
check(cl_int err, const char *what)
{
   if (err) {
      fprintf(stderr, "traced: %s: OpenCL error %d\n", what, err);
      exit(2);
   }
}

static void
launch(cl_kernel k, void *p, void *out, size_t n)
{
   check(clSetKernelArgSVMPointer(k, 0, p), "argument");
   if (out)
      check(clSetKernelArgSVMPointer(k, 1, out), "argument");
   check(clEnqueueNDRangeKernel(queue, k, 1, NULL, &n, NULL, 0, NULL, NULL),
         "launch");
   kernels++;
}

/* An allocation that is sent and touched in turns. */
static void
ping_pong(cl_context ctx, cl_kernel add)
{
   int *p = clSVMAlloc(ctx, CL_MEM_SVM_FINE_GRAIN_BUFFER, PAGES * 4096, 0);
   const void *list[1] = {p};

   memset(p, 0, PAGES * 4096);
   for (int round = 0; round < ROUNDS; round++) {
      check(clEnqueueSVMMigrateMem(queue, 1, list, NULL, 0, 0, NULL, NULL),
            "migrate");
      launch(add, p, NULL, PAGES);
      clFinish(queue);
      for (unsigned i = 0; i < PAGES; i++)
         if (p[i * 1024] != round + 1)
            exit(3);
   }
   clSVMFree(ctx, p);
}

static void
print_counters(cl_device_id device, const char *suffix)
{
   struct cl_svm_counters_partage c;
   check(clGetDeviceInfo(device, CL_DEVICE_SVM_COUNTERS_PARTAGE, sizeof(c), &c,
                         NULL),
         "counters");
   printf("kernels%s %u\nto-card%s %lu\nto-host%s %lu\nfaults%s %lu\n"
          "refused%s %lu\n",
          suffix, kernels, suffix, (unsigned long)c.pages_to_device, suffix,
          (unsigned long)c.pages_to_host, suffix,
          (unsigned long)(c.faults_read + c.faults_write + c.faults_atomic),
          suffix, (unsigned long)c.cancels);
}

/* Memory that the first card has is used by the second and taken by it, and the
 * other way round. */
static int
two_cards(cl_platform_id platform)
{
   const char *text = source;
   cl_device_id dev[2];
   cl_command_queue queues[2];
   cl_int err;
   check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 2, dev, NULL), "devices");
   cl_context ctx = clCreateContext(NULL, 2, dev, NULL, NULL, &err);
   check(err, "context");
   cl_program prog = clCreateProgramWithSource(ctx, 1, &text, NULL, &err);
   check(clBuildProgram(prog, 2, dev, "", NULL, NULL), "build");
   cl_kernel add = clCreateKernel(prog, "add", &err);
   for (unsigned i = 0; i < 2; i++)
      queues[i] = clCreateCommandQueueWithProperties(ctx, dev[i], NULL, &err);
   int *p = clSVMAlloc(ctx, CL_MEM_SVM_FINE_GRAIN_BUFFER, PAGES * 4096, 0);
   const void *list[1] = {p};
   memset(p, 0, PAGES * 4096);
   for (unsigned i = 0; i < 2; i++) {
      check(clEnqueueSVMMigrateMem(queues[i], 1, list, NULL, 0, 0, NULL, NULL),
            "migrate");
      clFinish(queues[i]);
      for (unsigned k = 0; k < 2; k++) {
         queue = queues[(i + 1 + k) % 2]; /* the other one first */
         launch(add, p, NULL, PAGES);
         clFinish(queue);
      }
   }
   kernels /= 2; /* of each */
   for (unsigned i = 0; i < PAGES; i++)
      if (p[i * 1024] != 4)
         return 3;
   usleep(50000);
   for (unsigned i = 0; i < 2; i++) {
      print_counters(dev[i], i ? "-2" : "-1");
      clReleaseCommandQueue(queues[i]);
   }
   clSVMFree(ctx, p);
   clReleaseKernel(add);
   clReleaseProgram(prog);
   clReleaseContext(ctx);
   return 0;
}

int
main(int argc, char **argv)
{
   const char *how = argc > 1 ? argv[1] : "", *text = source;
   cl_platform_id platform;
   cl_device_id device;
   cl_int err;

   check(clGetPlatformIDs(1, &platform, NULL), "platform");
   if (!strcmp(how, "cards"))
      return two_cards(platform);
   check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL),
         "device");
   cl_context ctx = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
   check(err, "context");
   queue = clCreateCommandQueueWithProperties(ctx, device, NULL, &err);
   check(err, "queue");
   cl_program prog = clCreateProgramWithSource(ctx, 1, &text, NULL, &err);
   check(clBuildProgram(prog, 1, &device, "", NULL, NULL), "build");
   cl_kernel add = clCreateKernel(prog, "add", &err);
   cl_kernel sum = clCreateKernel(prog, "sum", &err);

   ping_pong(ctx, add);
   int *own = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   int *result = calloc(1024, sizeof(int));
   launch(add, own, NULL, PAGES);
   launch(sum, own, result, PAGES);
   clFinish(queue);
   if (*result != PAGES)
      exit(3);
   pid_t pid = strcmp(how, "fork") ? -1 : fork();
   if (!pid)
      exit(0); /* the child ends as any program does */
   if (pid > 0)
      waitpid(pid, NULL, 0);

   print_counters(device, "");
   fflush(stdout);
   usleep(50000); /* what is logged behind our back is taken */
   if (!strcmp(how, "abort"))
      abort();
   free(result);
   clReleaseKernel(add);
   clReleaseKernel(sum);
   clReleaseProgram(prog);
   clReleaseCommandQueue(queue);
   clReleaseContext(ctx);
   return 0;
}
