/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffers, launches in three dimensions, events, programs, threads. */
#include "e2e.h"

#include <pthread.h>
#include <unistd.h>

static const char vadd_source[] =
   "kernel void vadd(global const float *a, global const float *b,\n"
   "                 global float *c)\n"
   "{ size_t i = get_global_id(0); c[i] = a[i] + b[i]; }\n";

static void
vadd(struct e2e *e, cl_command_queue queue, size_t n)
{
   float *a = malloc(n * 4), *b = malloc(n * 4), *c = calloc(n, 4);
   cl_int err;
   for (size_t i = 0; i < n; i++) {
      a[i] = i * 0.5f;
      b[i] = 1.0f / (i + 1);
   }
   cl_kernel k = e2e_kernel(e, vadd_source, "vadd");
   cl_mem ba = clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, n * 4, a, &err);
   OK(err);
   cl_mem bb = clCreateBuffer(e->context, CL_MEM_READ_ONLY, n * 4, NULL, &err);
   OK(err);
   cl_mem bc = clCreateBuffer(e->context, CL_MEM_WRITE_ONLY, n * 4, NULL, &err);
   OK(err);
   OK(clEnqueueWriteBuffer(queue, bb, CL_FALSE, 0, n * 4, b, 0, NULL, NULL));
   e2e_arg(k, 0, sizeof(ba), &ba);
   e2e_arg(k, 1, sizeof(bb), &bb);
   e2e_arg(k, 2, sizeof(bc), &bc);
   OK(e2e_launch(queue, k, n, 0, NULL));
   OK(clEnqueueReadBuffer(queue, bc, CL_TRUE, 0, n * 4, c, 0, NULL, NULL));
   for (size_t i = 0; i < n; i++)
      if (c[i] != a[i] + b[i])
         fail_msg("c[%zu] = %g, want %g", i, c[i], a[i] + b[i]);
   clReleaseMemObject(ba);
   clReleaseMemObject(bb);
   clReleaseMemObject(bc);
   clReleaseKernel(k);
   free(a);
   free(b);
   free(c);
}

static void
test_vadd(void **state)
{
   struct e2e *e = *state;
   const size_t sizes[] = {1, 31, 32, 33, 1000, 4096, 100003};
   for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
      vadd(e, e->queue, sizes[i]);
}

static void
test_dimensions(void **state)
{
   static const char source[] =
      "kernel void ids(global uint *out)\n"
      "{\n"
      "   size_t x = get_global_id(0) - get_global_offset(0);\n"
      "   size_t y = get_global_id(1) - get_global_offset(1);\n"
      "   size_t z = get_global_id(2) - get_global_offset(2);\n"
      "   size_t i = x + get_global_size(0) * (y + get_global_size(1) * z);\n"
      "   uint ok = get_global_id(0) == get_group_id(0) * get_local_size(0)\n"
      "                + get_local_id(0) + get_global_offset(0)\n"
      "          && get_global_id(1) == get_group_id(1) * get_local_size(1)\n"
      "                + get_local_id(1) + get_global_offset(1)\n"
      "          && get_num_groups(2) * get_local_size(2) == get_global_size(2)\n"
      "          && get_work_dim() == 3;\n"
      "   out[i] = ok ? (uint)(get_global_id(0) | get_global_id(1) << 8\n"
      "                        | get_global_id(2) << 16) : 0xffffffff;\n"
      "}\n";
   struct e2e *e = *state;
   const size_t global[3] = {12, 6, 4}, local[3] = {4, 3, 2},
                offset[3] = {5, 7, 9};
   uint32_t out[12 * 6 * 4];
   cl_int err;
   cl_kernel k = e2e_kernel(e, source, "ids");
   cl_mem b = clCreateBuffer(e->context, 0, sizeof(out), NULL, &err);
   OK(err);
   e2e_arg(k, 0, sizeof(b), &b);
   for (unsigned automatic = 0; automatic < 2; automatic++) {
      memset(out, 0, sizeof(out));
      OK(clEnqueueNDRangeKernel(e->queue, k, 3, offset, global,
                                automatic ? NULL : local, 0, NULL, NULL));
      OK(clEnqueueReadBuffer(e->queue, b, CL_TRUE, 0, sizeof(out), out, 0, NULL,
                             NULL));
      for (unsigned z = 0; z < 4; z++)
         for (unsigned y = 0; y < 6; y++)
            for (unsigned x = 0; x < 12; x++)
               assert_int_equal(out[x + 12 * (y + 6 * z)],
                                (x + 5) | (y + 7) << 8 | (z + 9) << 16);
   }
   clReleaseMemObject(b);
   clReleaseKernel(k);
}

/* The same sub-group function on both ways of a branch: each sees its own
 * lanes. */
static void
test_divergent_sub_groups(void **state)
{
   struct e2e *e = *state;
   static const char source[] =
      "kernel void k(global uint *out) {\n"
      "   uint i = get_global_id(0), first, ones;\n"
      "   if (i % 32 < 16) {\n"
      "      first = sub_group_broadcast_first(i);\n"
      "      ones = sub_group_ballot_bit_count(sub_group_ballot(i & 1));\n"
      "   } else {\n"
      "      first = sub_group_broadcast_first(i);\n"
      "      ones = sub_group_ballot_bit_count(sub_group_ballot(i & 1));\n"
      "   }\n"
      "   out[2 * i] = first;\n"
      "   out[2 * i + 1] = ones;\n"
      "}\n";
   uint32_t got[128];
   cl_int err;
   cl_mem out =
      clCreateBuffer(e->context, CL_MEM_READ_WRITE, sizeof(got), NULL, &err);
   OK(err);
   cl_kernel k = e2e_kernel(e, source, "k");
   e2e_arg(k, 0, sizeof(out), &out);
   OK(e2e_run(e, k, 64, 64));
   OK(clEnqueueReadBuffer(e->queue, out, CL_TRUE, 0, sizeof(got), got, 0, NULL,
                          NULL));
   for (unsigned i = 0; i < 64; i++) {
      assert_int_equal(got[2 * i], i / 16 * 16);
      assert_int_equal(got[2 * i + 1], 8);
   }
   clReleaseKernel(k);
   clReleaseMemObject(out);
}

/* FFMA with a kernel argument, which lies in a constant bank, as its addend;
 * DFMA beside it. */
/* Stored as one type, loaded as another: -cl-strict-aliasing was not given.
 * Then nothing was stored to `out` at all (piglit's vload-half-private). */
static void
test_aliasing(void **state)
{
   struct e2e *e = *state;
   static const char source[] =
      "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
      "kernel void k(global ushort *in, global half16 *out) {\n"
      "   volatile private short loc[33];\n"
      "   for (int i = 0; i < 33; i++)\n"
      "      loc[i] = in[i];\n"
      "   out[0] = vload16(1, (private half *)loc);\n"
      "   out[1] = vload16(1, (private half *)loc + 1);\n"
      "}\n";
   uint16_t in[33], got[32];
   cl_int err;
   for (unsigned i = 0; i < 33; i++)
      in[i] = 0x3c00 + 5 * i;
   cl_mem from =
      clCreateBuffer(e->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                     sizeof(in), in, &err);
   OK(err);
   cl_mem out =
      clCreateBuffer(e->context, CL_MEM_READ_WRITE, sizeof(got), NULL, &err);
   OK(err);
   cl_kernel k = e2e_kernel(e, source, "k");
   e2e_arg(k, 0, sizeof(from), &from);
   e2e_arg(k, 1, sizeof(out), &out);
   OK(e2e_run(e, k, 1, 1));
   OK(clEnqueueReadBuffer(e->queue, out, CL_TRUE, 0, sizeof(got), got, 0, NULL,
                          NULL));
   assert_memory_equal(got, in + 16, 32);
   assert_memory_equal(got + 16, in + 17, 32);
   OK(clReleaseKernel(k));
   OK(clReleaseMemObject(from));
   OK(clReleaseMemObject(out));
}

static void
test_fma_argument(void **state)
{
   struct e2e *e = *state;
   static const char source[] =
      "kernel void k(global float *f, float x, global double *d, double y)\n"
      "{\n"
      "   size_t i = get_global_id(0);\n"
      "   f[i] = fma(f[i], f[i + 64], -x);\n"
      "   d[i] = fma(d[i], d[i + 64], y);\n"
      "}\n";
   float *f = clSVMAlloc(e->context, 0, 128 * sizeof(*f), 0), x = 10;
   double *d = clSVMAlloc(e->context, 0, 128 * sizeof(*d), 0), y = 100;
   assert_non_null(f);
   assert_non_null(d);
   OK(clEnqueueSVMMap(e->queue, CL_TRUE, CL_MAP_WRITE, f, 512, 0, NULL, NULL));
   OK(clEnqueueSVMMap(e->queue, CL_TRUE, CL_MAP_WRITE, d, 1024, 0, NULL, NULL));
   for (int i = 0; i < 128; i++)
      f[i] = d[i] = i + 1;
   OK(clEnqueueSVMUnmap(e->queue, f, 0, NULL, NULL));
   OK(clEnqueueSVMUnmap(e->queue, d, 0, NULL, NULL));
   cl_kernel k = e2e_kernel(e, source, "k");
   e2e_arg_svm(k, 0, f);
   e2e_arg(k, 1, sizeof(x), &x);
   e2e_arg_svm(k, 2, d);
   e2e_arg(k, 3, sizeof(y), &y);
   OK(e2e_run(e, k, 64, 32));
   OK(clEnqueueSVMMap(e->queue, CL_TRUE, CL_MAP_READ, f, 512, 0, NULL, NULL));
   OK(clEnqueueSVMMap(e->queue, CL_TRUE, CL_MAP_READ, d, 1024, 0, NULL, NULL));
   for (int i = 0; i < 64; i++) {
      assert_true(f[i] == (i + 1) * (i + 65) - x);
      assert_true(d[i] == (i + 1) * (i + 65) + y);
   }
   OK(clEnqueueSVMUnmap(e->queue, f, 0, NULL, NULL));
   OK(clEnqueueSVMUnmap(e->queue, d, 0, NULL, NULL));
   OK(clFinish(e->queue));
   clReleaseKernel(k);
   clSVMFree(e->context, f);
   clSVMFree(e->context, d);
}

static void
test_buffer_commands(void **state)
{
   struct e2e *e = *state;
   enum {
      N = 1 << 20
   };
   cl_int err;
   char *host = malloc(N), *want = malloc(N);
   uint32_t seed = e2e_seed();
   cl_mem a = clCreateBuffer(e->context, CL_MEM_READ_WRITE, N, NULL, &err);
   OK(err);
   cl_mem b = clCreateBuffer(e->context, CL_MEM_READ_WRITE, N, NULL, &err);
   OK(err);
   for (unsigned i = 0; i < N; i++)
      want[i] = e2e_rand(&seed);
   OK(clEnqueueWriteBuffer(e->queue, a, CL_TRUE, 0, N, want, 0, NULL, NULL));
   /* Every pattern size, odd places. */
   for (unsigned p = 1; p <= 128; p *= 2) {
      char pattern[128];
      for (unsigned i = 0; i < p; i++)
         pattern[i] = e2e_rand(&seed);
      size_t at = p * (1000 / p + 3), n = p * 77;
      OK(clEnqueueFillBuffer(e->queue, a, pattern, p, at, n, 0, NULL, NULL));
      for (size_t i = 0; i < n; i++)
         want[at + i] = pattern[i % p];
   }
   OK(clEnqueueCopyBuffer(e->queue, a, b, 13, 7, N - 100, 0, NULL, NULL));
   OK(clEnqueueWriteBuffer(e->queue, b, CL_FALSE, 3, 1, want + 5, 0, NULL,
                           NULL));
   OK(clEnqueueReadBuffer(e->queue, a, CL_TRUE, 0, N, host, 0, NULL, NULL));
   assert_memory_equal(host, want, N);
   OK(clEnqueueReadBuffer(e->queue, b, CL_TRUE, 7, N - 100, host, 0, NULL,
                          NULL));
   assert_memory_equal(host, want + 13, N - 100);

   char *map =
      clEnqueueMapBuffer(e->queue, b, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 7,
                         4096, 0, NULL, NULL, &err);
   OK(err);
   assert_memory_equal(map, want + 13, 4096);
   memset(map, 0x5a, 4096);
   OK(clEnqueueUnmapMemObject(e->queue, b, map, 0, NULL, NULL));
   OK(clEnqueueReadBuffer(e->queue, b, CL_TRUE, 7, 4097, host, 0, NULL, NULL));
   for (unsigned i = 0; i < 4096; i++)
      assert_int_equal(host[i], 0x5a);
   assert_int_equal(host[4096], want[13 + 4096]);
   clReleaseMemObject(a);
   clReleaseMemObject(b);
   free(host);
   free(want);
}

static void CL_CALLBACK
count_callback(cl_event event, cl_int status, void *data)
{
   __atomic_add_fetch((int *)data, 1, __ATOMIC_SEQ_CST);
}

static void
test_events(void **state)
{
   static const char source[] =
      "kernel void inc(global int *p) { p[get_global_id(0)]++; }\n";
   struct e2e *e = *state;
   cl_int err, status;
   cl_queue_properties props[] = {CL_QUEUE_PROPERTIES,
                                  CL_QUEUE_PROFILING_ENABLE, 0};
   cl_command_queue q =
      clCreateCommandQueueWithProperties(e->context, e->device, props, &err);
   OK(err);
   cl_kernel k = e2e_kernel(e, source, "inc");
   int zero[64] = {0}, out[64];
   cl_mem b = clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, sizeof(zero),
                             zero, &err);
   OK(err);
   e2e_arg(k, 0, sizeof(b), &b);
   cl_event gate = clCreateUserEvent(e->context, &err), done, read;
   OK(err);
   size_t n = 64;
   OK(clEnqueueNDRangeKernel(q, k, 1, NULL, &n, NULL, 1, &gate, &done));
   OK(clEnqueueReadBuffer(q, b, CL_FALSE, 0, sizeof(out), out, 1, &done,
                          &read));
   int called = 0;
   OK(clSetEventCallback(done, CL_COMPLETE, count_callback, &called));
   OK(clFlush(q));
   usleep(20000);
   OK(clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                     &status, NULL));
   assert_true(status > CL_COMPLETE);
   OK(clSetUserEventStatus(gate, CL_COMPLETE));
   OK(clWaitForEvents(1, &read));
   for (unsigned i = 0; i < 64; i++)
      assert_int_equal(out[i], 1);
   OK(clFinish(q));
   for (unsigned i = 0; i < 1000 && !__atomic_load_n(&called, __ATOMIC_SEQ_CST);
        i++)
      usleep(1000);
   assert_int_equal(__atomic_load_n(&called, __ATOMIC_SEQ_CST), 1);
   cl_ulong t[4];
   for (unsigned i = 0; i < 4; i++)
      OK(clGetEventProfilingInfo(done, CL_PROFILING_COMMAND_QUEUED + i,
                                 sizeof(t[i]), &t[i], NULL));
   for (unsigned i = 1; i < 4; i++)
      assert_true(t[i] >= t[i - 1]);
   assert_true(t[3] > t[2]);
   clReleaseEvent(gate);
   clReleaseEvent(done);
   clReleaseEvent(read);
   clReleaseMemObject(b);
   clReleaseKernel(k);
   clReleaseCommandQueue(q);
}

/* A failed user event fails what waits for it, and nothing else. */
static void
test_failed_dependency(void **state)
{
   struct e2e *e = *state;
   cl_int err, status;
   cl_event gate = clCreateUserEvent(e->context, &err), marker;
   OK(err);
   OK(clEnqueueMarkerWithWaitList(e->queue, 1, &gate, &marker));
   OK(clSetUserEventStatus(gate, -42));
   assert_int_equal(clWaitForEvents(1, &marker),
                    CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   OK(clGetEventInfo(marker, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                     &status, NULL));
   assert_true(status < 0);
   clReleaseEvent(gate);
   clReleaseEvent(marker);
   vadd(e, e->queue, 100);
}

static void
test_binaries(void **state)
{
   struct e2e *e = *state;
   cl_int err, status;
   cl_program p = e2e_program(e, vadd_source, "");
   size_t size_B;
   OK(clGetProgramInfo(p, CL_PROGRAM_BINARY_SIZES, sizeof(size_B), &size_B,
                       NULL));
   unsigned char *binary = malloc(size_B);
   OK(clGetProgramInfo(p, CL_PROGRAM_BINARIES, sizeof(binary), &binary, NULL));
   clReleaseProgram(p);
   const unsigned char *in = binary;
   p = clCreateProgramWithBinary(e->context, 1, &e->device, &size_B, &in,
                                 &status, &err);
   OK(err);
   OK(status);
   OK(clBuildProgram(p, 1, &e->device, "", NULL, NULL));
   cl_kernel k = clCreateKernel(p, "vadd", &err);
   OK(err);
   clReleaseKernel(k);
   clReleaseProgram(p);
   for (unsigned cut = 1; cut < 8; cut++) {
      size_t short_B = size_B * cut / 8;
      p = clCreateProgramWithBinary(e->context, 1, &e->device, &short_B, &in,
                                    &status, &err);
      assert_int_equal(err, CL_INVALID_BINARY);
   }
   binary[size_B / 2] ^= 0x10;
   p = clCreateProgramWithBinary(e->context, 1, &e->device, &size_B, &in,
                                 &status, &err);
   assert_int_equal(err, CL_INVALID_BINARY);
   free(binary);
}

struct worker {
   pthread_t thread;
   unsigned index;
   bool own_context;
   struct e2e *e;
};

/* Two contexts, four threads, each with its own queue and program. */
static void *
work(void *arg)
{
   struct worker *w = arg;
   cl_int err;
   cl_command_queue q = clCreateCommandQueueWithProperties(
      w->e->context, w->e->device, NULL, &err);
   OK(err);
   for (unsigned i = 0; i < 4; i++)
      vadd(w->e, q, 1000 + w->index * 777);
   clReleaseCommandQueue(q);
   return NULL;
}

static void
test_threads(void **state)
{
   void *second;
   e2e_setup(&second);
   struct worker w[4];
   for (unsigned i = 0; i < 4; i++) {
      w[i] = (struct worker){.index = i, .e = i % 2 ? second : *state};
      pthread_create(&w[i].thread, NULL, work, &w[i]);
   }
   for (unsigned i = 0; i < 4; i++)
      pthread_join(w[i].thread, NULL);
   e2e_teardown(&second);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vadd),
      cmocka_unit_test(test_dimensions),
      cmocka_unit_test(test_divergent_sub_groups),
      cmocka_unit_test(test_aliasing),
      cmocka_unit_test(test_fma_argument),
      cmocka_unit_test(test_buffer_commands),
      cmocka_unit_test(test_events),
      cmocka_unit_test(test_failed_dependency),
      cmocka_unit_test(test_binaries),
      cmocka_unit_test(test_threads),
   };
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
