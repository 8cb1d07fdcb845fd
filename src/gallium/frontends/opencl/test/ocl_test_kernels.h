/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Three kernels on one buffer: "add" (p[i] += v), "step" (p[0] = p[0] * 3 + v,
 * whose order shows in the result) and "fault". */
#ifndef OCL_TEST_KERNELS_H
#define OCL_TEST_KERNELS_H

#include "ocl_test.h"

static inline void
add_kernel(struct fake_launch *l)
{
   int *p, v;

   memcpy(&p, l->input, sizeof(p));
   memcpy(&v, l->input + 8, sizeof(v));
   for (uint64_t i = 0; i < l->info.global_size[0]; i++)
      p[i] += v;
}

static inline void
step_kernel(struct fake_launch *l)
{
   unsigned *p, v; /* wraps, as on the device */

   memcpy(&p, l->input, sizeof(p));
   memcpy(&v, l->input + 8, sizeof(v));
   p[0] = p[0] * 3 + v;
}

static inline void
fault_kernel(struct fake_launch *l)
{
   fake_fault("kernel fault: write to 0xdead000");
}

#define SOURCE "kernel add g4\nkernel step g4\nkernel fault g\nkernel none\n"

static inline cl_kernel
make_kernel(struct cl_test *t, const char *name, cl_mem buf, int v)
{
   cl_kernel k = cl_test_kernel(t, SOURCE, name);

   OK(clSetKernelArg(k, 0, sizeof(buf), &buf));
   if (strcmp(name, "fault"))
      OK(clSetKernelArg(k, 1, sizeof(v), &v));
   return k;
}

static inline cl_mem
make_buffer(struct cl_test *t, int first)
{
   cl_int err;
   int data[64] = {first};
   cl_mem buf =
      clCreateBuffer(t->ctx, CL_MEM_COPY_HOST_PTR, sizeof(data), data, &err);

   OK(err);
   return buf;
}

static const size_t one = 1;

static inline int
read_first(struct cl_test *t, cl_mem buf)
{
   int v;

   OK(clEnqueueReadBuffer(t->q, buf, CL_TRUE, 0, sizeof(v), &v, 0, NULL, NULL));
   return v;
}

static inline void
register_kernels(void)
{
   fake_register_kernel("add", add_kernel);
   fake_register_kernel("step", step_kernel);
   fake_register_kernel("fault", fault_kernel);
}

#endif
