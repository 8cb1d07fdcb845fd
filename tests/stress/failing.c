/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A program that believes what it is told: with KMD_FAIL=alloc:N it either ends
 * with an error of OpenCL or with the right result, never with a wrong one.
 * failing FIRST LAST [DENSITY]: a child for each N that is a DENSITY-th (8)
 * larger than the one before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CL/cl.h>

#define PAGES  512
#define ROUNDS 4

static const char source[] =
   "kernel void add(global int *p) { p[get_global_id(0) * 1024]++; }\n";

enum {
   GOOD,
   REFUSED = 2, /* an error was told */
   WRONG = 3,
};

static void
believe(cl_int err)
{
   if (err)
      _exit(REFUSED);
}

static void
launch(cl_command_queue q, cl_kernel k, void *p)
{
   size_t n = PAGES;
   cl_int status;
   cl_event ev;
   believe(clSetKernelArgSVMPointer(k, 0, p));
   believe(clEnqueueNDRangeKernel(q, k, 1, NULL, &n, NULL, 0, NULL, &ev));
   clWaitForEvents(1, &ev);
   believe(clGetEventInfo(ev, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                          &status, NULL));
   believe(status);
   clReleaseEvent(ev);
}

static void
run(void)
{
   const char *text = source;
   cl_platform_id platform;
   cl_device_id device;
   cl_int err;
   believe(clGetPlatformIDs(1, &platform, NULL));
   believe(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL));
   cl_context ctx = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
   believe(err);
   cl_command_queue q =
      clCreateCommandQueueWithProperties(ctx, device, NULL, &err);
   believe(err);
   cl_program prog = clCreateProgramWithSource(ctx, 1, &text, NULL, &err);
   believe(err);
   believe(clBuildProgram(prog, 1, &device, "", NULL, NULL));
   cl_kernel k = clCreateKernel(prog, "add", &err);
   believe(err);
   int *p = clSVMAlloc(ctx, CL_MEM_SVM_FINE_GRAIN_BUFFER, PAGES * 4096, 0);
   believe(!p);
   memset(p, 0, PAGES * 4096);
   const void *list[1] = {p};
   for (int round = 1; round <= ROUNDS; round++) {
      clEnqueueSVMMigrateMem(q, 1, list, NULL, 0, 0, NULL, NULL); /* a hint */
      launch(q, k, p);
      for (unsigned i = 0; i < PAGES * 1024; i++)
         if (__atomic_load_n(&p[i], __ATOMIC_RELAXED) != (i % 1024 ? 0 : round))
            _exit(WRONG);
   }
}

int
main(int argc, char **argv)
{
   int first = argc > 1 ? atoi(argv[1]) : 1,
       last = argc > 2 ? atoi(argv[2]) : 8;
   int density = argc > 3 ? atoi(argv[3]) : 8;
   unsigned good = 0, refused = 0;
   for (int n = first; n <= last; n += 1 + n / density) {
      pid_t pid = fork();
      if (!pid) {
         char fail[32];
         snprintf(fail, sizeof(fail), "alloc:%d", n);
         setenv("KMD_FAIL", fail, 1);
         alarm(20);
         run();
         _exit(GOOD);
      }
      int status;
      waitpid(pid, &status, 0);
      if (!WIFEXITED(status) || WEXITSTATUS(status) == WRONG) {
         printf("every %d. allocation fails: ended with %#x\n", n, status);
         return 1;
      }
      good += WEXITSTATUS(status) == GOOD;
      refused += WEXITSTATUS(status) == REFUSED;
   }
   printf("%u right, %u refused\n", good, refused);
   return good ? 0 : 1;
}
