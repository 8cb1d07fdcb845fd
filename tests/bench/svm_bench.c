/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What shared memory costs: svm_bench CASE prints "name value unit" a line.
 * Cases: move, cost, and the patterns seq, stride, random, of which the number
 * of faults is counted from KMD_DEBUG=fault by svm_table.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <CL/cl.h>

#define MIB  (1u << 20)
#define PAGE 4096u

static const char source[] =
   "kernel void touch(global char *p, global const uint *page)\n"
   "{ p[(ulong)page[get_global_id(0)] * 4096]++; }\n"
   "kernel void chase(global uint *p, uint n, ulong stride)\n"
   "{ for (uint i = 0; i < n; i++) p[i * stride / 4]++; }\n";

static cl_context ctx;
static cl_command_queue queue;
static cl_program program;

static void
check(cl_int err, const char *what)
{
   if (err) {
      fprintf(stderr, "svm_bench: %s: OpenCL error %d\n", what, err);
      exit(1);
   }
}

/* CPU time of all threads, the card's too: other load on the machine does not
 * count. */
static double
now(void)
{
   struct timespec ts;
   clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
   return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void
start(void)
{
   const char *text = source;
   cl_platform_id platform;
   cl_device_id device;
   cl_int err;
   check(clGetPlatformIDs(1, &platform, NULL), "platform");
   check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL),
         "device");
   ctx = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
   check(err, "context");
   queue = clCreateCommandQueueWithProperties(ctx, device, NULL, &err);
   check(err, "queue");
   program = clCreateProgramWithSource(ctx, 1, &text, NULL, &err);
   check(clBuildProgram(program, 1, &device, "", NULL, NULL), "build");
}

static char *
allocate(size_t size_B)
{
   char *p = clSVMAlloc(ctx, CL_MEM_SVM_FINE_GRAIN_BUFFER, size_B, 0);
   check(p ? 0 : -4, "clSVMAlloc");
   memset(p, 1, size_B);
   return p;
}

static void
migrate(void *p, cl_mem_migration_flags flags)
{
   const void *list[1] = {p};
   check(clEnqueueSVMMigrateMem(queue, 1, list, NULL, flags, 0, NULL, NULL),
         "migrate");
   check(clFinish(queue), "migrate");
}

/* ---- bandwidth ---- */

static void
least(double *best, double value)
{
   if (value < *best)
      *best = value;
}

/* Of memory that has not moved before; a plain copy of as much beside it. */
static void
move(void)
{
   const size_t size_B = 64 * MIB;
   char *a = malloc(size_B), *b = malloc(size_B);
   double copy = 1e9, out = 1e9, back = 1e9;
   memset(a, 1, size_B);
   memset(b, 2, size_B);
   for (int round = 0; round < 3; round++) {
      char *p = allocate(size_B);
      double t[4] = {now()};
      memcpy(b, a, size_B);
      t[1] = now();
      migrate(p, 0);
      t[2] = now();
      migrate(p, CL_MIGRATE_MEM_OBJECT_HOST);
      t[3] = now();
      least(&copy, t[1] - t[0]);
      least(&out, t[2] - t[1]);
      least(&back, t[3] - t[2]);
      clSVMFree(ctx, p);
   }
   printf("memcpy %g GB/s\nto-card %g GB/s\nback %g GB/s\n",
          size_B / copy / 1e9, size_B / out / 1e9, size_B / back / 1e9);
   free(a);
   free(b);
}

/* ---- the price of one fault ---- */

/* One item touches a page of each 2 MiB: a fault each, whatever is mapped
 * ahead. */
static double
chase(cl_kernel k, char *p, cl_uint n)
{
   cl_ulong stride = 2 * MIB;
   size_t one = 1;
   check(clSetKernelArgSVMPointer(k, 0, p), "argument");
   check(clSetKernelArg(k, 1, sizeof(n), &n), "argument");
   check(clSetKernelArg(k, 2, sizeof(stride), &stride), "argument");
   double t = now();
   check(clEnqueueNDRangeKernel(queue, k, 1, NULL, &one, NULL, 0, NULL, NULL),
         "launch");
   check(clFinish(queue), "chase");
   return now() - t;
}

static double
touch_all(char *p, size_t size_B, size_t stride_B)
{
   double t = now();
   for (size_t i = 0; i < size_B; i += stride_B)
      ((volatile char *)p)[i]++;
   return now() - t;
}

static void
cost(void)
{
   const cl_uint n = 48;
   const size_t size_B = (size_t)n * 2 * MIB;
   double first = 1e9, again = 1e9, one = 1e9, all = 1e9;
   cl_int err;
   cl_kernel k = clCreateKernel(program, "chase", &err);
   check(err, "kernel");
   for (int round = 0; round < 3; round++) {
      char *p = allocate(size_B);
      least(&first, chase(k, p, n));
      least(&again, chase(k, p, n));
      migrate(p, 0);
      least(&one, touch_all(p, size_B, 2 * MIB));
      clSVMFree(ctx, p);
      p = allocate(size_B);
      migrate(p, 0);
      least(&all, touch_all(p, size_B, PAGE));
      clSVMFree(ctx, p);
   }
   printf("gpu-fault %g us\ncpu-fault %g us\ncpu-all %g us/page\n",
          (first - again) / n * 1e6, one / n * 1e6, all / (n * 512) * 1e6);
   clReleaseKernel(k);
}

/* ---- patterns ---- */

/* The host makes the simulated card's memory when it is first used, which costs
 * more than to copy there: before the clock runs. */
static void
warm_up(void)
{
   char *p = allocate(32 * MIB);
   migrate(p, 0);
   clSVMFree(ctx, p);
}

static void
pattern(const char *name)
{
   const unsigned pages = 32 * MIB / PAGE;
   const char *policy = getenv("NOUVEAU_SVM_MIGRATE");
   unsigned n = strcmp(name, "seq") ? 512 : pages, seed = 1;
   warm_up();
   char *p = allocate(32 * MIB);
   cl_uint *list =
      clSVMAlloc(ctx, CL_MEM_SVM_FINE_GRAIN_BUFFER, pages * sizeof(*list), 0);
   for (unsigned i = 0; i < n; i++)
      list[i] = !strcmp(name, "seq")      ? i
                : !strcmp(name, "stride") ? i * (pages / n)
                                          : rand_r(&seed) % pages;
   cl_int err;
   cl_kernel k = clCreateKernel(program, "touch", &err);
   check(err, "kernel");
   size_t items = n;
   double t = now();
   if (policy && !strcmp(policy, "hint"))
      migrate(p, 0);
   check(clSetKernelArgSVMPointer(k, 0, p), "argument");
   check(clSetKernelArgSVMPointer(k, 1, list), "argument");
   check(clEnqueueNDRangeKernel(queue, k, 1, NULL, &items, NULL, 0, NULL, NULL),
         "launch");
   check(clFinish(queue), "touch");
   printf("kernel %g ms\ntouched %g MiB\n", (now() - t) * 1e3,
          (double)n * PAGE / MIB);
   t = now();
   for (unsigned i = 0; i < n; i++)
      ((volatile char *)p)[(size_t)list[i] * PAGE]++;
   printf("read-back %g ms\n", (now() - t) * 1e3);
   clReleaseKernel(k);
   clSVMFree(ctx, p);
   clSVMFree(ctx, list);
}

int
main(int argc, char **argv)
{
   const char *name = argc > 1 ? argv[1] : "move";
   start();
   if (!strcmp(name, "move"))
      move();
   else if (!strcmp(name, "cost"))
      cost();
   else
      pattern(name);
   return 0;
}
