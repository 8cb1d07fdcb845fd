/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What right calls do: deferred freeing, buffers and sub-buffers on shared
 * memory, kernels' indirect pointers, migration. */
#include "svm_api.h"

#include <stdatomic.h>
#include <unistd.h>

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
void
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
void
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

void
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
void
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
void
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
void
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
