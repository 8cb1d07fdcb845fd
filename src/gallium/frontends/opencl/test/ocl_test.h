/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the front end's tests share: a context and a queue on the fake device. */
#ifndef OCL_TEST_H
#define OCL_TEST_H

#include "fake_screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../core/ocl_object.h"

struct cl_test {
   cl_platform_id platform;
   cl_device_id device;
   cl_context ctx;
   cl_command_queue q;
};

#define OK(call) assert_int_equal((call), CL_SUCCESS)

static inline void
cl_test_open(struct cl_test *t, cl_command_queue_properties props)
{
   const cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, props, 0};
   cl_int err;

   OK(clGetPlatformIDs(1, &t->platform, NULL));
   OK(clGetDeviceIDs(t->platform, CL_DEVICE_TYPE_GPU, 1, &t->device, NULL));
   t->ctx = clCreateContext(NULL, 1, &t->device, NULL, NULL, &err);
   OK(err);
   t->q = clCreateCommandQueueWithProperties(t->ctx, t->device, list, &err);
   OK(err);
}

static inline void
cl_test_close(struct cl_test *t)
{
   OK(clFinish(t->q));
   OK(clReleaseCommandQueue(t->q));
   OK(clReleaseContext(t->ctx));
}

static inline cl_program
cl_test_program(struct cl_test *t, const char *source)
{
   cl_int err;
   cl_program prog = clCreateProgramWithSource(t->ctx, 1, &source, NULL, &err);

   OK(err);
   OK(clBuildProgram(prog, 0, NULL, NULL, NULL, NULL));
   return prog;
}

static inline cl_kernel
cl_test_kernel(struct cl_test *t, const char *source, const char *name)
{
   cl_int err;
   cl_program prog = cl_test_program(t, source);
   cl_kernel k = clCreateKernel(prog, name, &err);

   OK(err);
   OK(clReleaseProgram(prog));
   return k;
}

static inline cl_int
cl_test_status(cl_event ev)
{
   cl_int status;

   OK(clGetEventInfo(ev, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                     &status, NULL));
   return status;
}

/* Polls for at most five seconds: for what other threads will do. */
#define EVENTUALLY(condition)                                                  \
   do {                                                                        \
      for (unsigned ms = 0; !(condition) && ms < 5000; ms++)                   \
         usleep(1000);                                                         \
      assert_true(condition);                                                  \
   } while (0)

/* But for the helper's context. */
static inline bool
cl_test_is_all_gone(struct fake_screen *s)
{
   pthread_mutex_lock(&s->lock);
   bool gone = !s->fences_alive && s->contexts <= 1;
   pthread_mutex_unlock(&s->lock);
   return gone && !__atomic_load_n(&s->resources_alive, __ATOMIC_RELAXED);
}

/* A test that comes last: nothing is left over, once the threads that still let
 * go of something have done so. */
static inline void
cl_test_no_leaks(void **state)
{
   struct fake_screen *s = fake_screen(0);

   EVENTUALLY(cl_test_is_all_gone(s));
}

#endif
