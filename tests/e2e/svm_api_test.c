/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared virtual memory as the specification has it: each error of each call,
 * types of events. What right calls do is in svm_api_calls.c. */
#include "svm_api.h"

static const char source[] =
   "kernel void set(global int *p, int v) { p[get_global_id(0)] = v; }\n"
   "kernel void locals(local int *l, int v, constant int *c) { l[0] = v; }\n"
   "struct box { global int *inner; };\n"
   "kernel void follow(global struct box *b)\n"
   "{ b->inner[get_global_id(0)] += 1; }\n";

static int
setup(void **state)
{
   struct api *a = calloc(1, sizeof(*a));
   void *e;
   cl_int err;
   e2e_setup(&e);
   a->e = e;
   a->program = e2e_program(a->e, source, "-cl-std=CL3.0");
   a->kernel = clCreateKernel(a->program, "set", &err);
   a->svm = clSVMAlloc(a->e->context, 0, SIZE, PAGE);
   assert_non_null(a->svm);
   a->other_context = clCreateContext(NULL, 1, &a->e->device, NULL, NULL, &err);
   a->other_event = clCreateUserEvent(a->other_context, &err);
   a->event = clCreateUserEvent(a->e->context, &err);
   a->failed = clCreateUserEvent(a->e->context, &err);
   OK(clSetUserEventStatus(a->event, CL_COMPLETE));
   OK(clSetUserEventStatus(a->failed, -7));
   a->system = e2e_svm_caps(a->e) & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM;
   *state = a;
   return 0;
}

static int
teardown(void **state)
{
   struct api *a = *state;
   void *e = a->e;
   clSVMFree(a->e->context, a->svm);
   clReleaseEvent(a->failed);
   clReleaseEvent(a->event);
   clReleaseEvent(a->other_event);
   clReleaseContext(a->other_context);
   clReleaseKernel(a->kernel);
   clReleaseProgram(a->program);
   e2e_teardown(&e);
   free(a);
   return 0;
}

/* What a call answered, and what it had to. */
struct row {
   const char *call;
   cl_int want, got;
};

#define ROW(want, call)                                                        \
   {                                                                           \
#call, want, call                                                        \
   }

static void
check(const struct row *rows, unsigned n)
{
   unsigned bad = 0;
   for (unsigned i = 0; i < n; i++)
      if (rows[i].got != rows[i].want) {
         print_error("%s: %d, want %d\n", rows[i].call, rows[i].got,
                     rows[i].want);
         bad++;
      }
   assert_int_equal(bad, 0);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

/* One correct command of each kind but for its queue and events. */
static void
each_enqueue(struct api *a, cl_command_queue q, cl_uint n, const cl_event *list,
             cl_event *event, cl_int want)
{
   const int v = 0;
   const void *ptr = a->svm;
   cl_event *ev = event;
   const struct row rows[] = {
      ROW(want,
          clEnqueueSVMFree(q, 0, NULL, NULL, NULL, n, list, ev ? ev++ : NULL)),
   };
   CHECK(rows);
   const struct row memcpy_rows[] = {
      ROW(want, clEnqueueSVMMemcpy(q, CL_FALSE, a->svm, a->svm + 64, 64, n,
                                   list, ev ? ev++ : NULL)),
   };
   CHECK(memcpy_rows);
   const struct row fill_rows[] = {
      ROW(want,
          clEnqueueSVMMemFill(q, a->svm, &v, 4, 64, n, list, ev ? ev++ : NULL)),
   };
   CHECK(fill_rows);
   const struct row map_rows[] = {
      ROW(want, clEnqueueSVMMap(q, CL_FALSE, CL_MAP_READ, a->svm, 64, n, list,
                                ev ? ev++ : NULL)),
   };
   CHECK(map_rows);
   const struct row unmap_rows[] = {
      ROW(want, clEnqueueSVMUnmap(q, a->svm, n, list, ev ? ev++ : NULL)),
   };
   CHECK(unmap_rows);
   const struct row migrate_rows[] = {
      ROW(want, clEnqueueSVMMigrateMem(q, 1, &ptr, NULL, 0, n, list,
                                       ev ? ev++ : NULL)),
   };
   CHECK(migrate_rows);
}

static void
test_errors_of_all_enqueues(void **state)
{
   struct api *a = *state;
   cl_command_queue q = a->e->queue;
   const cl_event bad[1] = {(cl_event)a->e->context};
   const cl_event mixed[2] = {a->event, a->other_event};
   each_enqueue(a, NULL, 0, NULL, NULL, CL_INVALID_COMMAND_QUEUE);
   each_enqueue(a, (cl_command_queue)a->e->context, 0, NULL, NULL,
                CL_INVALID_COMMAND_QUEUE);
   each_enqueue(a, q, 2, mixed, NULL, CL_INVALID_CONTEXT);
   each_enqueue(a, q, 1, NULL, NULL, CL_INVALID_EVENT_WAIT_LIST);
   each_enqueue(a, q, 0, mixed, NULL, CL_INVALID_EVENT_WAIT_LIST);
   each_enqueue(a, q, 1, bad, NULL, CL_INVALID_EVENT_WAIT_LIST);
   OK(clFinish(q));
}

static void
test_events(void **state)
{
   struct api *a = *state;
   static const cl_command_type types[] = {
      CL_COMMAND_SVM_FREE, CL_COMMAND_SVM_MEMCPY, CL_COMMAND_SVM_MEMFILL,
      CL_COMMAND_SVM_MAP,  CL_COMMAND_SVM_UNMAP,  CL_COMMAND_SVM_MIGRATE_MEM};
   cl_event ev[6];
   each_enqueue(a, a->e->queue, 1, &a->event, ev, CL_SUCCESS);
   OK(clWaitForEvents(6, ev));
   for (unsigned i = 0; i < 6; i++) {
      cl_command_type type;
      cl_context context;
      cl_command_queue queue;
      cl_int status;
      OK(clGetEventInfo(ev[i], CL_EVENT_COMMAND_TYPE, sizeof(type), &type,
                        NULL));
      OK(clGetEventInfo(ev[i], CL_EVENT_CONTEXT, sizeof(context), &context,
                        NULL));
      OK(clGetEventInfo(ev[i], CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue,
                        NULL));
      OK(clGetEventInfo(ev[i], CL_EVENT_COMMAND_EXECUTION_STATUS,
                        sizeof(status), &status, NULL));
      assert_int_equal(type, types[i]);
      assert_ptr_equal(context, a->e->context);
      assert_ptr_equal(queue, a->e->queue);
      assert_int_equal(status, CL_COMPLETE);
      OK(clReleaseEvent(ev[i]));
   }
   /* After a failure, none of them runs. */
   each_enqueue(a, a->e->queue, 1, &a->failed, ev, CL_SUCCESS);
   OK(clFinish(a->e->queue));
   for (unsigned i = 0; i < 6; i++) {
      cl_int status;
      OK(clGetEventInfo(ev[i], CL_EVENT_COMMAND_EXECUTION_STATUS,
                        sizeof(status), &status, NULL));
      assert_int_equal(status, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
      OK(clReleaseEvent(ev[i]));
   }
   cl_command_queue q = a->e->queue;
   const struct row rows[] = {
      ROW(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
          clEnqueueSVMMemcpy(q, CL_TRUE, a->svm, a->svm + 64, 64, 1, &a->failed,
                             NULL)),
      ROW(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
          clEnqueueSVMMap(q, CL_TRUE, CL_MAP_READ, a->svm, 64, 1, &a->failed,
                          NULL)),
   };
   CHECK(rows);
}

static void
test_alloc(void **state)
{
   struct api *a = *state;
   cl_context c = a->e->context;
   cl_ulong max;
   cl_device_svm_capabilities caps = e2e_svm_caps(a->e);
   OK(clGetDeviceInfo(a->e->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(max),
                      &max, NULL));
   const cl_svm_mem_flags fine = CL_MEM_SVM_FINE_GRAIN_BUFFER;
   const cl_svm_mem_flags atomics = fine | CL_MEM_SVM_ATOMICS;
   const struct {
      cl_context context;
      cl_svm_mem_flags flags;
      size_t size;
      cl_uint align;
      bool good;
   } rows[] = {
      {c, 0, 1, 0, true},
      {c, CL_MEM_READ_WRITE, 100, 1, true},
      {c, CL_MEM_READ_ONLY, 100, 128, true},
      {c, CL_MEM_WRITE_ONLY, 3 * PAGE, PAGE, true},
      {c, fine, 100, 0, caps & CL_DEVICE_SVM_FINE_GRAIN_BUFFER},
      {c, atomics, 100, 0, caps & CL_DEVICE_SVM_ATOMICS},
      {NULL, 0, 100, 0, false},
      {(cl_context)a->e->queue, 0, 100, 0, false},
      {c, CL_MEM_SVM_ATOMICS, 100, 0, false},
      {c, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 100, 0, false},
      {c, CL_MEM_READ_WRITE | CL_MEM_READ_ONLY, 100, 0, false},
      {c, CL_MEM_USE_HOST_PTR, 100, 0, false},
      {c, CL_MEM_ALLOC_HOST_PTR, 100, 0, false},
      {c, CL_MEM_COPY_HOST_PTR, 100, 0, false},
      {c, CL_MEM_HOST_NO_ACCESS, 100, 0, false},
      {c, 1ull << 40, 100, 0, false},
      {c, 0, 0, 0, false},
      {c, 0, max + 1, 0, false},
      {c, 0, 100, 3, false},
      {c, 0, 100, 96, false},
      {c, 0, 100, 1u << 31, false},
   };
   for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
      char *p = clSVMAlloc(rows[i].context, rows[i].flags, rows[i].size,
                           rows[i].align);
      if (!p != !rows[i].good)
         fail_msg("row %u: %p", i, (void *)p);
      if (!p)
         continue;
      assert_int_equal((uintptr_t)p % (rows[i].align ? rows[i].align : 128), 0);
      memset(p, 1, rows[i].size);
      clSVMFree(c, p);
   }
   clSVMFree(c, NULL);
   clSVMFree(c, a->svm + 4); /* not what clSVMAlloc gave */
   clSVMFree(NULL, a->svm);
   a->svm[0] = a->svm[SIZE - 1] = 1;
}

static void
test_errors(void **state)
{
   struct api *a = *state;
   cl_command_queue q = a->e->queue;
   char *p = a->svm, pattern[256] = {0}, *other = malloc(64);
   void *list[1] = {p};
   const void *start[1] = {p}, *inner[1] = {p + 100}, *null[1] = {NULL};
   const void *foreign[1] = {other}, *two[2] = {p, other};
   const size_t fits[1] = {SIZE - 100}, over[1] = {SIZE - 99}, some[1] = {8};
   const size_t zero[2] = {0, 0};
   const cl_map_flags invalidate = CL_MAP_WRITE_INVALIDATE_REGION;
#define FREE(n, l)          clEnqueueSVMFree(q, n, l, NULL, NULL, 0, NULL, NULL)
#define COPY(d, s, n)       clEnqueueSVMMemcpy(q, CL_TRUE, d, s, n, 0, NULL, NULL)
#define FILL(d, pat, pn, n) clEnqueueSVMMemFill(q, d, pat, pn, n, 0, NULL, NULL)
#define MAP(f, at, n)       clEnqueueSVMMap(q, CL_TRUE, f, at, n, 0, NULL, NULL)
#define MIGRATE(n, l, s, f) clEnqueueSVMMigrateMem(q, n, l, s, f, 0, NULL, NULL)
   const struct row rows[] = {
      ROW(CL_INVALID_VALUE, FREE(0, list)),
      ROW(CL_INVALID_VALUE, FREE(1, NULL)),
      ROW(CL_SUCCESS, FREE(0, NULL)),
      ROW(CL_INVALID_VALUE, COPY(NULL, p, 4)),
      ROW(CL_INVALID_VALUE, COPY(p, NULL, 4)),
      ROW(CL_INVALID_VALUE, COPY(NULL, p, 0)),
      ROW(CL_INVALID_VALUE, COPY(p, NULL, 0)),
      ROW(CL_MEM_COPY_OVERLAP, COPY(p, p, 64)),
      ROW(CL_MEM_COPY_OVERLAP, COPY(p, p + 63, 64)),
      ROW(CL_MEM_COPY_OVERLAP, COPY(p + 63, p, 64)),
      ROW(CL_SUCCESS, COPY(p, p + 64, 64)),
      ROW(CL_SUCCESS, COPY(p + 64, p, 64)),
      ROW(CL_SUCCESS, COPY(p, p + 64, 0)),
      ROW(CL_SUCCESS, COPY(p, pattern, 64)),
      ROW(CL_SUCCESS, COPY(pattern, p, 64)),
      ROW(CL_SUCCESS, COPY(pattern, pattern + 64, 64)),
      ROW(CL_INVALID_VALUE, FILL(NULL, pattern, 4, 4)),
      ROW(CL_INVALID_VALUE, FILL(p, NULL, 4, 4)),
      ROW(CL_INVALID_VALUE, FILL(p + 2, pattern, 4, 4)),
      ROW(CL_INVALID_VALUE, FILL(p, pattern, 0, 4)),
      ROW(CL_INVALID_VALUE, FILL(p, pattern, 3, 3)),
      ROW(CL_INVALID_VALUE, FILL(p, pattern, 12, 12)),
      ROW(CL_INVALID_VALUE, FILL(p, pattern, 256, 256)),
      ROW(CL_INVALID_VALUE, FILL(p, pattern, 8, 12)),
      ROW(CL_SUCCESS, FILL(p, pattern, 1, 7)),
      ROW(CL_SUCCESS, FILL(p + 4, pattern, 4, 8)),
      ROW(CL_SUCCESS, FILL(p, pattern, 128, 256)),
      ROW(CL_SUCCESS, FILL(p, pattern, 128, 0)),
      ROW(CL_INVALID_VALUE, MAP(CL_MAP_READ, NULL, 4)),
      ROW(CL_INVALID_VALUE, MAP(CL_MAP_READ, p, 0)),
      ROW(CL_INVALID_VALUE, MAP(1 << 7, p, 4)),
      ROW(CL_INVALID_VALUE, MAP(invalidate | CL_MAP_READ, p, 4)),
      ROW(CL_INVALID_VALUE, MAP(invalidate | CL_MAP_WRITE, p, 4)),
      ROW(CL_SUCCESS, MAP(CL_MAP_READ | CL_MAP_WRITE, p, SIZE)),
      ROW(CL_SUCCESS, MAP(invalidate, p + 100, 4)),
      ROW(CL_INVALID_VALUE, clEnqueueSVMUnmap(q, NULL, 0, NULL, NULL)),
      ROW(CL_SUCCESS, clEnqueueSVMUnmap(q, p, 0, NULL, NULL)),
      ROW(CL_SUCCESS, clEnqueueSVMUnmap(q, p + 100, 0, NULL, NULL)),
      ROW(CL_INVALID_VALUE, MIGRATE(0, start, NULL, 0)),
      ROW(CL_INVALID_VALUE, MIGRATE(0, NULL, NULL, 0)),
      ROW(CL_INVALID_VALUE, MIGRATE(1, NULL, NULL, 0)),
      ROW(CL_INVALID_VALUE, MIGRATE(1, start, NULL, 4)),
      ROW(CL_INVALID_VALUE, MIGRATE(1, start, NULL, 1ull << 40)),
      ROW(CL_INVALID_VALUE, MIGRATE(1, inner, over, 0)),
      ROW(CL_INVALID_VALUE, MIGRATE(1, null, NULL, 0)),
      ROW(CL_INVALID_VALUE, MIGRATE(1, foreign, NULL, 0)),
      ROW(CL_INVALID_VALUE, MIGRATE(1, foreign, some, 0)),
      ROW(CL_INVALID_VALUE, MIGRATE(2, two, zero, 0)),
      ROW(CL_SUCCESS, MIGRATE(1, start, NULL, 0)),
      ROW(CL_SUCCESS, MIGRATE(1, inner, NULL, 0)),
      ROW(CL_SUCCESS, MIGRATE(1, inner, zero, 0)),
      ROW(CL_SUCCESS, MIGRATE(1, inner, fits, 0)),
      ROW(CL_SUCCESS, MIGRATE(1, inner, fits, CL_MIGRATE_MEM_OBJECT_HOST)),
      /* Ours: any memory, where any memory is shared. */
      ROW(a->system ? CL_SUCCESS : CL_INVALID_VALUE,
          MIGRATE(1, foreign, some, CL_MIGRATE_SVM_SYSTEM_PARTAGE)),
      ROW(CL_INVALID_VALUE,
          MIGRATE(1, foreign, NULL, CL_MIGRATE_SVM_SYSTEM_PARTAGE)),
      ROW(CL_INVALID_VALUE,
          MIGRATE(1, inner, over, CL_MIGRATE_SVM_SYSTEM_PARTAGE)),
   };
   CHECK(rows);
   OK(clFinish(q));
   free(other);
}

static void
test_kernel_errors(void **state)
{
   struct api *a = *state;
   cl_int err;
   cl_kernel k = a->kernel, l = clCreateKernel(a->program, "locals", &err);
   const cl_bool yes = CL_TRUE, no = CL_FALSE;
   void *ptrs[2] = {a->svm, NULL};
   const cl_kernel_exec_info set = CL_KERNEL_EXEC_INFO_SVM_PTRS;
   const cl_kernel_exec_info system = CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM;
   const struct row rows[] = {
      ROW(CL_INVALID_KERNEL, clSetKernelArgSVMPointer(NULL, 0, a->svm)),
      ROW(CL_INVALID_ARG_INDEX, clSetKernelArgSVMPointer(k, 2, a->svm)),
      ROW(CL_INVALID_ARG_VALUE, clSetKernelArgSVMPointer(k, 1, a->svm)),
      ROW(CL_INVALID_ARG_VALUE, clSetKernelArgSVMPointer(l, 0, a->svm)),
      ROW(CL_SUCCESS, clSetKernelArgSVMPointer(l, 2, a->svm)),
      ROW(CL_SUCCESS, clSetKernelArgSVMPointer(k, 0, a->svm + 20)),
      ROW(CL_SUCCESS, clSetKernelArgSVMPointer(k, 0, NULL)),
      ROW(CL_INVALID_KERNEL, clSetKernelExecInfo(NULL, set, 8, ptrs)),
      ROW(CL_INVALID_VALUE, clSetKernelExecInfo(k, 0x1234, 8, ptrs)),
      ROW(CL_INVALID_VALUE, clSetKernelExecInfo(k, set, 8, NULL)),
      ROW(CL_INVALID_VALUE, clSetKernelExecInfo(k, set, 7, ptrs)),
      ROW(CL_SUCCESS, clSetKernelExecInfo(k, set, 16, ptrs)),
      ROW(CL_SUCCESS, clSetKernelExecInfo(k, set, 0, NULL)),
      ROW(CL_INVALID_VALUE, clSetKernelExecInfo(k, system, 1, &no)),
      ROW(CL_INVALID_VALUE, clSetKernelExecInfo(k, system, 8, ptrs)),
      ROW(CL_INVALID_VALUE, clSetKernelExecInfo(k, system, 4, NULL)),
      ROW(CL_SUCCESS, clSetKernelExecInfo(k, system, 4, &no)),
      ROW(a->system ? CL_SUCCESS : CL_INVALID_OPERATION,
          clSetKernelExecInfo(k, system, 4, &yes)),
   };
   CHECK(rows);
   clReleaseKernel(l);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_alloc),
      cmocka_unit_test(test_errors_of_all_enqueues),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_kernel_errors),
      cmocka_unit_test(test_events),
      cmocka_unit_test(test_free_with_callback),
      cmocka_unit_test(test_free_without_callback),
      cmocka_unit_test(test_buffers),
      cmocka_unit_test(test_indirect),
      cmocka_unit_test(test_system_pointer),
      cmocka_unit_test(test_migrate),
   };
   return cmocka_run_group_tests(tests, setup, teardown);
}
