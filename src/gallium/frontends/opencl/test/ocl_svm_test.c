/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared virtual memory. The argument says what the device can do: "system"
 * (any pointer), "buffer" (its own allocations) or "none". */
#include "ocl_test.h"

#include <stdio.h>

#include "partage/cl_partage.h"
#include "util/test/test_random.h"

static const char *mode;

static bool
is_mode(const char *m)
{
   return !strcmp(mode, m);
}

/* *(int **)(p) is followed: the address in memory means the same on both sides.
 */
static void
chase_kernel(struct fake_launch *l)
{
   int **p;

   memcpy(&p, l->input, sizeof(p));
   **p += 1;
}

static void
test_capabilities(void **state)
{
   struct cl_test t;
   cl_device_svm_capabilities caps, want = 0;

   cl_test_open(&t, 0);
   OK(clGetDeviceInfo(t.device, CL_DEVICE_SVM_CAPABILITIES, sizeof(caps), &caps,
                      NULL));
   if (!is_mode("none"))
      want |=
         CL_DEVICE_SVM_COARSE_GRAIN_BUFFER | CL_DEVICE_SVM_FINE_GRAIN_BUFFER;
   if (is_mode("system"))
      want |= CL_DEVICE_SVM_FINE_GRAIN_SYSTEM | CL_DEVICE_SVM_ATOMICS;
   assert_int_equal(caps, want);
   cl_test_close(&t);
}

static void
test_alloc(void **state)
{
   struct cl_test t;

   cl_test_open(&t, 0);
   bool atomics = is_mode("system");
   const struct {
      cl_svm_mem_flags flags;
      size_t size;
      cl_uint align;
      bool good;
   } rows[] = {
      {0, 64, 0, true},
      {CL_MEM_READ_ONLY, 1 << 20, 128, true},
      {CL_MEM_SVM_FINE_GRAIN_BUFFER, 4096, 4096, true},
      {CL_MEM_SVM_FINE_GRAIN_BUFFER | CL_MEM_SVM_ATOMICS, 64, 0, atomics},
      {CL_MEM_SVM_ATOMICS, 64, 0, false},
      {CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 64, 0, false},
      {CL_MEM_USE_HOST_PTR, 64, 0, false},
      {1 << 20, 64, 0, false},
      {0, 0, 0, false},
      {0, (size_t)1 << 40, 0, false},
      {0, 64, 3, false},
      {0, 64, 1u << 31, false},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      char *p = clSVMAlloc(t.ctx, rows[i].flags, rows[i].size, rows[i].align);
      assert_int_equal(p != NULL, rows[i].good && !is_mode("none"));
      if (!p)
         continue;
      cl_uint align = rows[i].align ? rows[i].align : 128;
      assert_int_equal((uintptr_t)p % align, 0);
      p[0] = p[rows[i].size - 1] = 1;
      clSVMFree(t.ctx, p);
   }
   assert_null(clSVMAlloc(NULL, 0, 64, 0));
   clSVMFree(t.ctx, NULL);
   clSVMFree(NULL, &t);
   clSVMFree(t.ctx, &t); /* not ours: nothing happens */
   cl_test_close(&t);
}

/* Without SVM, every call says so (CTS api/consistency_svm). */
static void
test_none(void **state)
{
   struct cl_test t;
   char a[64], b[64];
   void *list[1] = {a};
   cl_int err;

   if (!is_mode("none"))
      return;
   cl_test_open(&t, 0);
   cl_kernel k = cl_test_kernel(&t, "kernel chase g\n", "chase");
   const cl_int want = CL_INVALID_OPERATION;
   assert_int_equal(clEnqueueSVMFree(t.q, 1, list, NULL, NULL, 0, NULL, NULL),
                    want);
   assert_int_equal(clEnqueueSVMMemcpy(t.q, CL_TRUE, a, b, 64, 0, NULL, NULL),
                    want);
   assert_int_equal(clEnqueueSVMMemFill(t.q, a, b, 4, 64, 0, NULL, NULL), want);
   assert_int_equal(
      clEnqueueSVMMap(t.q, CL_TRUE, CL_MAP_READ, a, 64, 0, NULL, NULL), want);
   assert_int_equal(clEnqueueSVMUnmap(t.q, a, 0, NULL, NULL), want);
   assert_int_equal(clEnqueueSVMMigrateMem(t.q, 1, (const void **)list, NULL, 0,
                                           0, NULL, NULL),
                    want);
   assert_int_equal(clSetKernelArgSVMPointer(k, 0, a), want);
   assert_int_equal(
      clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(list), list),
      want);
   const cl_bool yes = CL_TRUE;
   assert_int_equal(
      clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM,
                          sizeof(yes), &yes),
      want);
   cl_bool uses = CL_TRUE;
   cl_mem buf = clCreateBuffer(t.ctx, CL_MEM_USE_HOST_PTR, 64, a, &err);
   OK(clGetMemObjectInfo(buf, CL_MEM_USES_SVM_POINTER, sizeof(uses), &uses,
                         NULL));
   assert_int_equal(uses, CL_FALSE);
   OK(clReleaseMemObject(buf));
   OK(clReleaseKernel(k));
   cl_test_close(&t);
}

static void
test_errors(void **state)
{
   struct cl_test t;
   char pattern[256] = {0};

   if (is_mode("none"))
      return;
   cl_test_open(&t, 0);
   char *p = clSVMAlloc(t.ctx, 0, 4096, 0);
   void *list[1] = {p};
#define FREE(n, l) clEnqueueSVMFree(t.q, n, l, NULL, NULL, 0, NULL, NULL)
   assert_int_equal(clEnqueueSVMFree(NULL, 1, list, NULL, NULL, 0, NULL, NULL),
                    CL_INVALID_COMMAND_QUEUE);
   assert_int_equal(FREE(0, list), CL_INVALID_VALUE);
   assert_int_equal(FREE(1, NULL), CL_INVALID_VALUE);
   OK(FREE(0, NULL)); /* a marker */
#define MEMCPY(d, s, n) clEnqueueSVMMemcpy(t.q, CL_TRUE, d, s, n, 0, NULL, NULL)
   assert_int_equal(MEMCPY(NULL, p, 4), CL_INVALID_VALUE);
   assert_int_equal(MEMCPY(p, NULL, 0), CL_INVALID_VALUE);
   assert_int_equal(MEMCPY(p, p, 4), CL_MEM_COPY_OVERLAP);
   assert_int_equal(MEMCPY(p + 2, p, 4), CL_MEM_COPY_OVERLAP);
   assert_int_equal(MEMCPY(p, p + 2, 4), CL_MEM_COPY_OVERLAP);
   OK(MEMCPY(p, p + 4, 4));
   OK(MEMCPY(p, p + 4, 0));
#define FILL(d, pat, pn, n)                                                    \
   clEnqueueSVMMemFill(t.q, d, pat, pn, n, 0, NULL, NULL)
   assert_int_equal(FILL(NULL, pattern, 4, 4), CL_INVALID_VALUE);
   assert_int_equal(FILL(p, NULL, 4, 4), CL_INVALID_VALUE);
   assert_int_equal(FILL(p + 2, pattern, 4, 4), CL_INVALID_VALUE);
   assert_int_equal(FILL(p, pattern, 0, 4), CL_INVALID_VALUE);
   assert_int_equal(FILL(p, pattern, 3, 3), CL_INVALID_VALUE);
   assert_int_equal(FILL(p, pattern, 256, 256), CL_INVALID_VALUE);
   assert_int_equal(FILL(p, pattern, 4, 6), CL_INVALID_VALUE);
   OK(FILL(p, pattern, 128, 256));
#define MAP(ptr, n, flags)                                                     \
   clEnqueueSVMMap(t.q, CL_TRUE, flags, ptr, n, 0, NULL, NULL)
   assert_int_equal(MAP(NULL, 4, CL_MAP_READ), CL_INVALID_VALUE);
   assert_int_equal(MAP(p, 0, CL_MAP_READ), CL_INVALID_VALUE);
   assert_int_equal(MAP(p, 4, 1 << 7), CL_INVALID_VALUE);
   OK(MAP(p, 4, CL_MAP_READ | CL_MAP_WRITE));
   assert_int_equal(clEnqueueSVMUnmap(t.q, NULL, 0, NULL, NULL),
                    CL_INVALID_VALUE);
   OK(clEnqueueSVMUnmap(t.q, p, 0, NULL, NULL));
   clSVMFree(t.ctx, p);
   cl_test_close(&t);
}

static void
test_migrate(void **state)
{
   struct cl_test t;
   cl_event ev;
   cl_command_type type;

   if (is_mode("none"))
      return;
   cl_test_open(&t, 0);
   char *p = clSVMAlloc(t.ctx, 0, 8192, 0), *other = malloc(64);
#define MIGRATE(n, ptrs, sizes, flags)                                         \
   clEnqueueSVMMigrateMem(t.q, n, ptrs, sizes, flags, 0, NULL, &ev)
   const void *inner[1] = {p + 100}, *foreign[1] = {other}, *null[1] = {NULL};
   const size_t fits[1] = {100}, runs_out[1] = {8192}, zero[1] = {0};
   assert_int_equal(MIGRATE(0, inner, fits, 0), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, NULL, fits, 0), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, inner, fits, 4), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, inner, runs_out, 0), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, foreign, zero, 0), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, foreign, NULL, 0), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, foreign, fits, 0), CL_INVALID_VALUE);
   const cl_mem_migration_flags any = CL_MIGRATE_SVM_SYSTEM_PARTAGE;
   if (is_mode("system")) {
      OK(MIGRATE(1, foreign, fits, any));
      OK(clWaitForEvents(1, &ev));
      OK(clReleaseEvent(ev));
   } else {
      assert_int_equal(MIGRATE(1, foreign, fits, any), CL_INVALID_VALUE);
   }
   assert_int_equal(MIGRATE(1, null, zero, 0), CL_INVALID_VALUE);
   for (cl_mem_migration_flags flags = 0; flags < 4; flags++) {
      OK(MIGRATE(1, inner, flags % 2 ? NULL : fits, flags));
      OK(clGetEventInfo(ev, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
      assert_int_equal(type, CL_COMMAND_SVM_MIGRATE_MEM);
      OK(clWaitForEvents(1, &ev));
      OK(clReleaseEvent(ev));
   }
   assert_int_equal(fake_screen(0)->migrations, is_mode("system") ? 5 : 0);
   clSVMFree(t.ctx, p);
   free(other);
   cl_test_close(&t);
}

/* ---- data ---- */

static void
test_memcpy_and_fill(void **state)
{
   struct cl_test t;
   enum {
      N = 1 << 20
   };

   if (is_mode("none"))
      return;
   cl_test_open(&t, 0);
   unsigned char *a = clSVMAlloc(t.ctx, 0, N, 0),
                 *b = clSVMAlloc(t.ctx, 0, N, 0);
   unsigned char *plain = malloc(N);
   for (unsigned i = 0; i < N; i++)
      plain[i] = i * 13 + i / 256;
   const unsigned pattern = 0xcafef00d;
   OK(clEnqueueSVMMemFill(t.q, b, &pattern, 4, N, 0, NULL,
                          NULL)); /* big: the device */
   OK(clEnqueueSVMMemcpy(t.q, CL_FALSE, a, plain, N, 0, NULL,
                         NULL)); /* the CPU */
   OK(clEnqueueSVMMemcpy(t.q, CL_FALSE, b + 8, a + 16, N / 2, 0, NULL, NULL));
   OK(clEnqueueSVMMemcpy(t.q, CL_TRUE, a, b, N, 0, NULL, NULL));
   assert_memory_equal(a + 8, plain + 16, N / 2);
   assert_memory_equal(a, &pattern, 4);
   assert_memory_equal(a + N - 4, &pattern, 4);
   free(plain);
   clSVMFree(t.ctx, a);
   clSVMFree(t.ctx, b);
   cl_test_close(&t);
}

static void
test_kernel_follows_pointer(void **state)
{
   struct cl_test t;
   const size_t one = 1;
   int *stack_pointer, on_stack = 5;

   if (is_mode("none"))
      return;
   cl_test_open(&t, 0);
   cl_kernel k = cl_test_kernel(&t, "kernel chase gl4\n", "chase");
   int **p = clSVMAlloc(t.ctx, 0, 4096, 0), *q = clSVMAlloc(t.ctx, 0, 4096, 0);
   *p = q + 7;
   q[7] = 41;
   assert_int_equal(clSetKernelArgSVMPointer(k, 9, p), CL_INVALID_ARG_INDEX);
   assert_int_equal(clSetKernelArgSVMPointer(k, 1, p), CL_INVALID_ARG_VALUE);
   assert_int_equal(clSetKernelArgSVMPointer(k, 2, p), CL_INVALID_ARG_VALUE);
   assert_int_equal(clSetKernelArgSVMPointer(NULL, 0, p), CL_INVALID_KERNEL);
   OK(clSetKernelArgSVMPointer(k, 0, p));
   OK(clSetKernelArg(k, 1, 64, NULL));
   OK(clSetKernelArg(k, 2, 4, &on_stack));
   OK(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(q), &q));
   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clFinish(t.q));
   assert_int_equal(q[7], 42);
   assert_int_equal(fake_screen(0)->last.info.num_svm_ranges, 2);

   if (is_mode("system")) {
      stack_pointer = &on_stack;
      OK(clSetKernelArgSVMPointer(k, 0, &stack_pointer));
      OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL));
      OK(clFinish(t.q));
      assert_int_equal(on_stack, 6);
   }
   clSVMFree(t.ctx, p);
   clSVMFree(t.ctx, q);
   OK(clReleaseKernel(k));
   cl_test_close(&t);
}

static void
test_exec_info(void **state)
{
   struct cl_test t;
   const cl_bool yes = CL_TRUE, no = CL_FALSE;

   if (is_mode("none"))
      return;
   cl_test_open(&t, 0);
   cl_kernel k = cl_test_kernel(&t, "kernel chase g\n", "chase");
   void *p[2] = {clSVMAlloc(t.ctx, 0, 64, 0), NULL};
   const cl_kernel_exec_info ptrs = CL_KERNEL_EXEC_INFO_SVM_PTRS;
   const cl_kernel_exec_info fgs = CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM;
   OK(clSetKernelExecInfo(k, ptrs, sizeof(p), p));
   OK(clSetKernelExecInfo(k, ptrs, 0, NULL)); /* clears the set */
   assert_int_equal(clSetKernelExecInfo(k, ptrs, 8, NULL), CL_INVALID_VALUE);
   assert_int_equal(clSetKernelExecInfo(k, ptrs, 7, p), CL_INVALID_VALUE);
   assert_int_equal(clSetKernelExecInfo(k, 0x1234, 8, p), CL_INVALID_VALUE);
   assert_int_equal(clSetKernelExecInfo(NULL, ptrs, 8, p), CL_INVALID_KERNEL);
   assert_int_equal(clSetKernelExecInfo(k, fgs, sizeof(yes), &yes),
                    is_mode("system") ? CL_SUCCESS : CL_INVALID_OPERATION);
   OK(clSetKernelExecInfo(k, fgs, sizeof(no), &no));
   assert_int_equal(clSetKernelExecInfo(k, fgs, 1, &no), CL_INVALID_VALUE);
   clSVMFree(t.ctx, p[0]);
   OK(clReleaseKernel(k));
   cl_test_close(&t);
}

/* A buffer on SVM memory is that memory. */
static void
test_buffer_on_svm(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_bool uses;

   if (is_mode("none"))
      return;
   cl_test_open(&t, 0);
   int *p = clSVMAlloc(t.ctx, 0, 4096, 0);
   memset(p, 0, 4096);
   assert_null(clCreateBuffer(t.ctx, CL_MEM_USE_HOST_PTR, 8192, p, &err));
   assert_int_equal(err, CL_INVALID_BUFFER_SIZE);
   assert_null(clCreateBuffer(t.ctx, CL_MEM_COPY_HOST_PTR, 4096, p + 1, &err));
   assert_int_equal(err, CL_INVALID_BUFFER_SIZE);
   cl_mem b = clCreateBuffer(t.ctx, CL_MEM_USE_HOST_PTR, 2048, p + 256, &err);
   OK(err);
   OK(clGetMemObjectInfo(b, CL_MEM_USES_SVM_POINTER, sizeof(uses), &uses,
                         NULL));
   assert_int_equal(uses, CL_TRUE);
   cl_buffer_region region = {512, 512};
   cl_mem sub =
      clCreateSubBuffer(b, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &err);
   OK(clGetMemObjectInfo(sub, CL_MEM_USES_SVM_POINTER, sizeof(uses), &uses,
                         NULL));
   assert_int_equal(uses, CL_TRUE);
   const int v = 77;
   OK(clEnqueueFillBuffer(t.q, sub, &v, 4, 0, 512, 0, NULL, NULL));
   OK(clFinish(t.q));
   assert_int_equal(p[256 + 128], 77); /* no map */
   assert_int_equal(p[256 + 127], 0);
   int *m = clEnqueueMapBuffer(t.q, b, CL_TRUE, CL_MAP_WRITE, 64, 64, 0, NULL,
                               NULL, &err);
   assert_ptr_equal(m, p + 256 + 16);
   OK(clEnqueueUnmapMemObject(t.q, b, m, 0, NULL, NULL));

   /* The kernel argument is the pointer itself. */
   const size_t one = 1;
   cl_kernel k = cl_test_kernel(&t, "kernel nothing g\n", "nothing");
   void *arg;
   OK(clSetKernelArg(k, 0, sizeof(sub), &sub));
   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clFinish(t.q));
   memcpy(&arg, fake_screen(0)->last.input, sizeof(arg));
   assert_ptr_equal(arg, p + 256 + 128);
   OK(clReleaseKernel(k));
   OK(clReleaseMemObject(sub));
   OK(clReleaseMemObject(b));
   clSVMFree(t.ctx, p);
   cl_test_close(&t);
}

/* ---- enqueued free ---- */

struct freed {
   int calls;
   cl_uint num;
   void *first;
};

static void
free_callback(cl_command_queue q, cl_uint n, void *ptrs[], void *data)
{
   struct freed *f = data;
   cl_context ctx;

   OK(clGetCommandQueueInfo(q, CL_QUEUE_CONTEXT, sizeof(ctx), &ctx, NULL));
   f->num = n;
   f->first = ptrs[0];
   for (cl_uint i = 0; i < n; i++)
      clSVMFree(ctx, ptrs[i]);
   __atomic_add_fetch(&f->calls, 1, __ATOMIC_RELEASE);
}

static void
test_enqueue_free(void **state)
{
   struct cl_test t;
   struct freed f = {0};
   cl_int err;

   if (is_mode("none"))
      return;
   cl_test_open(&t, 0);
   void *p[2] = {clSVMAlloc(t.ctx, 0, 64, 0), clSVMAlloc(t.ctx, 0, 64, 0)};
   void *first = p[0];
   cl_event gate = clCreateUserEvent(t.ctx, &err), done;
   OK(clEnqueueSVMFree(t.q, 2, p, free_callback, &f, 1, &gate, &done));
   p[0] = p[1] = NULL; /* the list was copied */
   usleep(5000);
   assert_int_equal(f.calls, 0);
   OK(clSetUserEventStatus(gate, CL_COMPLETE));
   OK(clWaitForEvents(1, &done));
   assert_int_equal(f.calls, 1);
   assert_int_equal(f.num, 2);
   assert_ptr_equal(f.first, first);
   OK(clReleaseEvent(done));
   OK(clReleaseEvent(gate));
   p[0] = clSVMAlloc(t.ctx, 0, 64, 0);
   OK(clEnqueueSVMFree(t.q, 1, p, NULL, NULL, 0, NULL, NULL));
   OK(clFinish(t.q));
   cl_test_close(&t);
}

/* Many allocations against a model: every pointer finds its own, and only that.
 */
static void
test_tree(void **state)
{
   enum {
      N = 400
   };
   struct cl_test t;
   static char *ptr[N];
   static size_t size[N];
   unsigned seed = test_seed();

   if (is_mode("none"))
      return;
   cl_test_open(&t, 0);
   for (unsigned step = 0; step < 4000; step++) {
      unsigned i = rand_r(&seed) % N;
      if (!ptr[i]) {
         size[i] = 1 + rand_r(&seed) % (rand_r(&seed) % 8 ? 2000 : 300000);
         ptr[i] = clSVMAlloc(t.ctx, 0, size[i], 0);
         assert_non_null(ptr[i]);
         continue;
      }
      size_t off = rand_r(&seed) % size[i];
      const void *at[1] = {ptr[i] + off};
      const size_t rest[1] = {size[i] - off}, over[1] = {size[i] - off + 1};
      OK(clEnqueueSVMMigrateMem(t.q, 1, at, rest, 0, 0, NULL, NULL));
      assert_int_equal(
         clEnqueueSVMMigrateMem(t.q, 1, at, over, 0, 0, NULL, NULL),
         CL_INVALID_VALUE);
      if (rand_r(&seed) % 2) {
         OK(clFinish(t.q));
         clSVMFree(t.ctx, ptr[i]);
         assert_int_equal(
            clEnqueueSVMMigrateMem(t.q, 1, at, rest, 0, 0, NULL, NULL),
            CL_INVALID_VALUE);
         ptr[i] = NULL;
      }
   }
   cl_test_close(&t); /* the context frees the rest */
}

int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_capabilities),
      cmocka_unit_test(test_alloc),
      cmocka_unit_test(test_none),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_migrate),
      cmocka_unit_test(test_memcpy_and_fill),
      cmocka_unit_test(test_kernel_follows_pointer),
      cmocka_unit_test(test_exec_info),
      cmocka_unit_test(test_buffer_on_svm),
      cmocka_unit_test(test_enqueue_free),
      cmocka_unit_test(test_tree),
   };
   mode = argc > 1 ? argv[1] : "system";
   fake_config.svm_system = is_mode("system");
   fake_config.svm_atomics = is_mode("system");
   fake_config.svm_buffer = is_mode("buffer");
   fake_register_kernel("chase", chase_kernel);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
