/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared virtual memory as the specification has it: each error of each call,
 * types of events, deferred freeing, buffers and sub-buffers on shared memory,
 * kernels' indirect pointers. */
#include "e2e.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <CL/cl.h>

static const char source[] =
   "kernel void set(global int *p, int v) { p[get_global_id(0)] = v; }\n"
   "kernel void locals(local int *l, int v, constant int *c) { l[0] = v; }\n"
   "struct box { global int *inner; };\n"
   "kernel void follow(global struct box *b)\n"
   "{ b->inner[get_global_id(0)] += 1; }\n";

enum {
   PAGE = 4096,
   SIZE = 4 * PAGE
};

struct api {
   struct e2e *e;
   cl_program program;
   cl_kernel kernel;
   char *svm;                   /* SIZE bytes */
   cl_context other_context;    /* with the same device */
   cl_event other_event, event; /* of the other and of our context */
   cl_event failed;             /* ended with an error */
   bool system;
};

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

/* ---- what they do ---- */

static void
launch_set(struct api *a, void *p, unsigned n, int v, cl_event *ev)
{
   e2e_arg_svm(a->kernel, 0, p);
   e2e_arg(a->kernel, 1, sizeof(v), &v);
   OK(e2e_launch(a->e->queue, a->kernel, n, 0, ev));
}

struct freed {
   cl_context context;
   cl_command_queue queue;
   void *ptrs[2];
   int value;
   atomic_int calls;
};

static void CL_CALLBACK
free_them(cl_command_queue q, cl_uint n, void *ptrs[], void *data)
{
   struct freed *f = data;
   f->queue = q;
   f->value = *(volatile int *)ptrs[1];
   for (cl_uint i = 0; i < n && i < 2; i++) {
      f->ptrs[i] = ptrs[i];
      clSVMFree(f->context, ptrs[i]);
   }
   atomic_fetch_add(&f->calls, 1);
}

/* The callback comes once, after what is before it in the queue, and frees. */
static void
test_free_with_callback(void **state)
{
   struct api *a = *state;
   struct freed f = {.context = a->e->context};
   void *p[2], *kept[2];
   cl_int err;
   cl_event gate = clCreateUserEvent(a->e->context, &err), done;
   for (unsigned i = 0; i < 2; i++)
      kept[i] = p[i] = clSVMAlloc(a->e->context, 0, PAGE, 0);
   launch_set(a, p[1], 100, 77, NULL);
   OK(clEnqueueSVMFree(a->e->queue, 2, p, free_them, &f, 1, &gate, &done));
   p[0] = p[1] = NULL; /* copied */
   OK(clFlush(a->e->queue));
   usleep(20000);
   assert_int_equal(atomic_load(&f.calls), 0);
   OK(clSetUserEventStatus(gate, CL_COMPLETE));
   OK(clWaitForEvents(1, &done));
   assert_int_equal(atomic_load(&f.calls), 1);
   assert_ptr_equal(f.queue, a->e->queue);
   assert_memory_equal(f.ptrs, kept, sizeof(kept));
   assert_int_equal(f.value, 77);
   clReleaseEvent(gate);
   clReleaseEvent(done);
}

/* Without one the memory is freed: many times more than there is. */
static void
test_free_without_callback(void **state)
{
   struct api *a = *state;
   enum {
      BIG = 8 << 20,
      ROUNDS = 40
   };
   for (int i = 0; i < ROUNDS; i++) {
      void *p = clSVMAlloc(a->e->context, 0, BIG, 0);
      const void *at = p;
      const size_t one = 1;
      assert_non_null(p);
      launch_set(a, p, 1000, i, NULL);
      OK(clEnqueueSVMFree(a->e->queue, 1, &p, NULL, NULL, 0, NULL, NULL));
      OK(clFinish(a->e->queue));
      /* It is no allocation any more. */
      assert_int_equal(
         clEnqueueSVMMigrateMem(a->e->queue, 1, &at, &one, 0, 0, NULL, NULL),
         CL_INVALID_VALUE);
   }
}

/* A buffer over memory of the program is that memory, and so are its parts. */
static void
buffer_is_memory(struct api *a, char *p, cl_bool want_uses)
{
   struct e2e *e = a->e;
   cl_int err;
   cl_bool uses;
   cl_mem b =
      clCreateBuffer(e->context, CL_MEM_USE_HOST_PTR, 2 * PAGE, p + 256, &err);
   OK(err);
   const cl_buffer_region region = {1024, 512};
   cl_mem sub =
      clCreateSubBuffer(b, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &err);
   OK(err);
   int *inside = (int *)(p + 256 + 1024), v = 1234;
   memset(p, 0, SIZE);
   OK(clGetMemObjectInfo(b, CL_MEM_USES_SVM_POINTER, sizeof(uses), &uses,
                         NULL));
   assert_int_equal(uses, want_uses);
   OK(clGetMemObjectInfo(sub, CL_MEM_USES_SVM_POINTER, sizeof(uses), &uses,
                         NULL));
   assert_int_equal(uses, want_uses);
   void *host;
   OK(clGetMemObjectInfo(sub, CL_MEM_HOST_PTR, sizeof(host), &host, NULL));
   assert_ptr_equal(host, inside);
   /* Whole buffer, part, and plain pointer in turn: one memory. */
   e2e_arg(a->kernel, 0, sizeof(sub), &sub);
   e2e_arg(a->kernel, 1, sizeof(v), &v);
   OK(e2e_run(e, a->kernel, 512 / 4, 0));
   if (want_uses)
      assert_int_equal(inside[0], v); /* and no map */
   int *map = clEnqueueMapBuffer(e->queue, b, CL_TRUE, CL_MAP_READ, 1000, 1000,
                                 0, NULL, NULL, &err);
   OK(err);
   assert_ptr_equal(map, p + 256 + 1000);
   assert_int_equal(inside[-1], 0);
   assert_int_equal(inside[0], v);
   assert_int_equal(inside[512 / 4 - 1], v);
   assert_int_equal(inside[512 / 4], 0);
   OK(clEnqueueUnmapMemObject(e->queue, b, map, 0, NULL, NULL));
   map = clEnqueueMapBuffer(e->queue, sub, CL_TRUE, CL_MAP_WRITE, 0, 512, 0,
                            NULL, NULL, &err);
   OK(err);
   assert_ptr_equal(map, inside);
   map[1] = 99;
   OK(clEnqueueUnmapMemObject(e->queue, sub, map, 0, NULL, NULL));
   int got;
   OK(clEnqueueReadBuffer(e->queue, b, CL_TRUE, 1028, 4, &got, 0, NULL, NULL));
   assert_int_equal(got, 99);
   OK(clEnqueueMigrateMemObjects(e->queue, 1, &sub, 0, 0, NULL, NULL));
   OK(clEnqueueFillBuffer(e->queue, sub, &v, 4, 0, 512, 0, NULL, NULL));
   OK(clEnqueueReadBuffer(e->queue, sub, CL_TRUE, 4, 4, &got, 0, NULL, NULL));
   assert_int_equal(got, v);
   clReleaseMemObject(sub);
   clReleaseMemObject(b);
}

static void
test_buffers(void **state)
{
   struct api *a = *state;
   cl_int err;
   buffer_is_memory(a, a->svm, CL_TRUE);
   /* Ordinary memory is as good where all of it is shared. */
   char *plain = malloc(SIZE);
   buffer_is_memory(a, plain, a->system);
   free(plain);
   /* Past the end of the allocation. */
   static const cl_mem_flags flags[] = {CL_MEM_USE_HOST_PTR,
                                        CL_MEM_COPY_HOST_PTR};
   for (unsigned i = 0; i < 2; i++) {
      assert_null(
         clCreateBuffer(a->e->context, flags[i], SIZE + 1, a->svm, &err));
      assert_int_equal(err, CL_INVALID_BUFFER_SIZE);
      assert_null(
         clCreateBuffer(a->e->context, flags[i], SIZE, a->svm + 1, &err));
      assert_int_equal(err, CL_INVALID_BUFFER_SIZE);
      cl_mem b = clCreateBuffer(a->e->context, flags[i], SIZE, a->svm, &err);
      OK(err);
      clReleaseMemObject(b);
   }
}

/* Pointers inside allocations, told by clSetKernelExecInfo; the set is the
 * kernel's and its clones'. */
static void
test_indirect(void **state)
{
   struct api *a = *state;
   cl_int err;
   struct {
      int *inner;
   } *box = clSVMAlloc(a->e->context, 0, sizeof(*box), 0);
   int *inner = clSVMAlloc(a->e->context, 0, PAGE, 0);
   cl_kernel k = clCreateKernel(a->program, "follow", &err);
   OK(clEnqueueSVMMap(a->e->queue, CL_TRUE, CL_MAP_WRITE, box, sizeof(*box), 0,
                      NULL, NULL));
   box->inner = inner + 10;
   OK(clEnqueueSVMUnmap(a->e->queue, box, 0, NULL, NULL));
   memset(inner, 0, PAGE);
   e2e_arg_svm(k, 0, box);
   OK(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(inner),
                          &inner));
   cl_kernel clone = clCloneKernel(k, &err);
   OK(err);
   OK(e2e_run(a->e, k, 100, 0));
   OK(e2e_run(a->e, clone, 50, 0));
   OK(clEnqueueSVMMap(a->e->queue, CL_TRUE, CL_MAP_READ, inner, PAGE, 0, NULL,
                      NULL));
   for (int i = 0; i < 200; i++)
      assert_int_equal(inner[i], (i >= 10 && i < 110) + (i >= 10 && i < 60));
   OK(clEnqueueSVMUnmap(a->e->queue, inner, 0, NULL, NULL));
   OK(clFinish(a->e->queue));
   clReleaseKernel(clone);
   clReleaseKernel(k);
   clSVMFree(a->e->context, inner);
   clSVMFree(a->e->context, box);
}

/* A pointer of the system's goes where all memory is shared, only. */
static void
test_system_pointer(void **state)
{
   struct api *a = *state;
   int *plain = calloc(100, sizeof(int));
   int v = 3;
   e2e_arg_svm(a->kernel, 0, plain);
   e2e_arg(a->kernel, 1, sizeof(v), &v);
   assert_int_equal(e2e_launch(a->e->queue, a->kernel, 100, 0, NULL),
                    a->system ? CL_SUCCESS : CL_INVALID_OPERATION);
   OK(clFinish(a->e->queue));
   assert_int_equal(plain[99], a->system ? 3 : 0);
   free(plain);
}

/* To the device and home again by all flags, from the middle of an allocation. */
static void
test_migrate(void **state)
{
   struct api *a = *state;
   for (cl_mem_migration_flags flags = 0; flags < 4; flags++) {
      const void *ptrs[2] = {a->svm + PAGE + 12, a->svm + 3 * PAGE};
      const size_t sizes[2] = {PAGE, 0};
      memset(a->svm, 5, SIZE);
      OK(clEnqueueSVMMigrateMem(a->e->queue, 2, ptrs, sizes, flags, 0, NULL,
                                NULL));
      OK(clFinish(a->e->queue));
      if (!(flags & CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED))
         for (unsigned i = 0; i < SIZE; i++)
            assert_int_equal(a->svm[i], 5);
      launch_set(a, a->svm, SIZE / 4, 6, NULL);
      OK(clFinish(a->e->queue));
      for (unsigned i = 0; i < SIZE / 4; i++)
         assert_int_equal(((int *)a->svm)[i], 6);
   }
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
