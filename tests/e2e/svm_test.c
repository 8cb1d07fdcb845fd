/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared virtual memory: every kind of CPU pointer, concurrency of CPU and GPU,
 * and what happens when mappings change under the GPU. Results and counts. */
#include "e2e.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char source[] =
   "kernel void inc(global int *p) { p[get_global_id(0)]++; }\n"
   "struct node { global struct node *next; int value; };\n"
   "kernel void sum_list(global struct node *n, global long *out)\n"
   "{ long s = 0; for (; n; n = n->next) s += n->value; *out = s; }\n"
   "kernel void bytes(global uchar *p, uint stride, uint times, uchar v)\n"
   "{\n"
   "   size_t i = get_global_id(0) * stride;\n"
   "   for (uint t = 0; t < times; t++) p[i] = (uchar)(v + t);\n"
   "}\n"
   "kernel void count(global int *p, uint times)\n"
   "{ for (uint t = 0; t < times; t++) atomic_inc(p); }\n"
   "kernel void sweep(global int *p, uint n, uint times)\n"
   "{\n"
   "   for (uint t = 0; t < times; t++)\n"
   "      for (uint i = get_global_id(0); i < n; i += get_global_size(0))\n"
   "         p[i] += 1;\n"
   "}\n";

enum {
   PAGE = 4096
};

struct svm {
   struct e2e *e;
   cl_program program;
};

static int
setup(void **state)
{
   struct svm *s = calloc(1, sizeof(*s));
   void *e;
   e2e_setup(&e);
   s->e = e;
   s->program = e2e_program(s->e, source, "-cl-std=CL3.0");
   *state = s;
   return 0;
}

static int
teardown(void **state)
{
   struct svm *s = *state;
   void *e = s->e;
   clReleaseProgram(s->program);
   e2e_teardown(&e);
   free(s);
   return 0;
}

static cl_kernel
kernel(struct svm *s, const char *name)
{
   cl_int err;
   cl_kernel k = clCreateKernel(s->program, name, &err);
   OK(err);
   return k;
}

static void
need(struct svm *s, cl_device_svm_capabilities caps)
{
   if ((e2e_svm_caps(s->e) & caps) != caps)
      skip();
}

static void
increment(struct svm *s, int *p, unsigned n)
{
   cl_kernel k = kernel(s, "inc");
   for (unsigned i = 0; i < n; i++)
      p[i] = i * 3;
   e2e_arg_svm(k, 0, p);
   OK(e2e_run(s->e, k, n, 0));
   for (unsigned i = 0; i < n; i++)
      if (p[i] != i * 3 + 1)
         fail_msg("p[%u] = %d, want %d", i, p[i], i * 3 + 1);
   clReleaseKernel(k);
}

static int global_array[3000];

static void
test_every_pointer(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   int on_stack[500];
   increment(s, on_stack, 500);
   increment(s, global_array, 3000);
   int *heap = malloc(100000 * sizeof(int));
   increment(s, heap, 100000);
   free(heap);

   int *anon = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   increment(s, anon + 100, 60 * PAGE / 4);
   munmap(anon, 64 * PAGE);

   /* A file: what the GPU wrote is in the file. */
   FILE *f = tmpfile();
   assert_int_equal(ftruncate(fileno(f), 8 * PAGE), 0);
   int *file =
      mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
   increment(s, file, 8 * PAGE / 4);
   munmap(file, 8 * PAGE);
   int v[4];
   assert_int_equal(pread(fileno(f), v, sizeof(v), PAGE), sizeof(v));
   assert_int_equal(v[0], PAGE / 4 * 3 + 1);
   fclose(f);
}

static void
test_svm_alloc(void **state)
{
   struct svm *s = *state;
   const cl_svm_mem_flags flags[] = {0, CL_MEM_SVM_FINE_GRAIN_BUFFER};
   for (unsigned i = 0; i < 2; i++) {
      int *p = clSVMAlloc(s->e->context, CL_MEM_READ_WRITE | flags[i],
                          5000 * sizeof(int), 0);
      assert_non_null(p);
      cl_kernel k = kernel(s, "inc");
      e2e_arg_svm(k, 0, p);
      OK(clEnqueueSVMMap(s->e->queue, CL_TRUE, CL_MAP_WRITE, p,
                         5000 * sizeof(int), 0, NULL, NULL));
      for (int j = 0; j < 5000; j++)
         p[j] = j;
      OK(clEnqueueSVMUnmap(s->e->queue, p, 0, NULL, NULL));
      OK(e2e_run(s->e, k, 5000, 0));
      OK(clEnqueueSVMMap(s->e->queue, CL_TRUE, CL_MAP_READ, p,
                         5000 * sizeof(int), 0, NULL, NULL));
      for (int j = 0; j < 5000; j++)
         assert_int_equal(p[j], j + 1);
      OK(clEnqueueSVMUnmap(s->e->queue, p, 0, NULL, NULL));
      OK(clFinish(s->e->queue));
      clReleaseKernel(k);
      clSVMFree(s->e->context, p);
   }
}

struct node {
   struct node *next;
   int value;
};

static void
test_linked_list(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   struct node *head = NULL;
   long want = 0, got = -1;
   uint32_t seed = e2e_seed();
   for (unsigned i = 0; i < 2000; i++) {
      struct node *n = malloc(sizeof(*n) + e2e_rand(&seed) % 200);
      n->value = e2e_rand(&seed) % 1000;
      n->next = head;
      head = n;
      want += n->value;
   }
   cl_kernel k = kernel(s, "sum_list");
   e2e_arg_svm(k, 0, head);
   e2e_arg_svm(k, 1, &got);
   OK(e2e_run(s->e, k, 1, 1));
   assert_int_equal(got, want);
   clReleaseKernel(k);
   for (struct node *next; head; head = next) {
      next = head->next;
      free(head);
   }
}

/* A zero-copy buffer over ordinary memory. */
static void
test_use_host_ptr(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   cl_int err;
   int *p = malloc(1000 * sizeof(int)), out[10];
   for (int i = 0; i < 1000; i++)
      p[i] = i;
   cl_mem b = clCreateBuffer(s->e->context, CL_MEM_USE_HOST_PTR,
                             1000 * sizeof(int), p, &err);
   OK(err);
   cl_kernel k = kernel(s, "inc");
   e2e_arg(k, 0, sizeof(b), &b);
   OK(e2e_run(s->e, k, 1000, 0));
   void *map = clEnqueueMapBuffer(s->e->queue, b, CL_TRUE, CL_MAP_READ, 40, 400,
                                  0, NULL, NULL, &err);
   OK(err);
   assert_ptr_equal(map, p + 10);
   for (int i = 10; i < 110; i++)
      assert_int_equal(p[i], i + 1);
   OK(clEnqueueUnmapMemObject(s->e->queue, b, map, 0, NULL, NULL));
   OK(clEnqueueReadBuffer(s->e->queue, b, CL_TRUE, 0, sizeof(out), out, 0, NULL,
                          NULL));
   assert_int_equal(out[9], 10);
   clReleaseMemObject(b);
   clReleaseKernel(k);
   free(p);
}

/* Fine grain: neighbouring bytes of one page, both sides at once. */
static void
test_neighbouring_bytes(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   enum {
      N = 4096,
      TIMES = 500
   };
   volatile unsigned char *p = calloc(N * 2, 1);
   cl_kernel k = kernel(s, "bytes");
   cl_uint stride = 2, times = TIMES;
   cl_uchar v = 3;
   e2e_arg_svm(k, 0, (void *)p);
   e2e_arg(k, 1, sizeof(stride), &stride);
   e2e_arg(k, 2, sizeof(times), &times);
   e2e_arg(k, 3, sizeof(v), &v);
   OK(e2e_launch(s->e->queue, k, N, 0, NULL));
   OK(clFlush(s->e->queue));
   for (unsigned t = 0; t < TIMES; t++)
      for (unsigned i = 0; i < N; i++)
         p[i * 2 + 1] = (unsigned char)(t + i);
   OK(clFinish(s->e->queue));
   for (unsigned i = 0; i < N; i++) {
      assert_int_equal(p[i * 2], (unsigned char)(3 + TIMES - 1));
      assert_int_equal(p[i * 2 + 1], (unsigned char)(TIMES - 1 + i));
   }
   clReleaseKernel(k);
   free((void *)p);
}

struct adder {
   pthread_t thread;
   atomic_int *word;
   unsigned times;
};

static void *
add(void *arg)
{
   struct adder *a = arg;
   for (unsigned i = 0; i < a->times; i++)
      atomic_fetch_add(a->word, 1);
   return NULL;
}

static void
test_shared_atomics(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM | CL_DEVICE_SVM_ATOMICS);
   atomic_int *word = calloc(1, sizeof(*word));
   enum {
      ITEMS = 256,
      TIMES = 200,
      CPU_TIMES = 200000
   };
   cl_kernel k = kernel(s, "count");
   cl_uint times = TIMES;
   struct adder a[2];
   e2e_arg_svm(k, 0, word);
   e2e_arg(k, 1, sizeof(times), &times);
   OK(e2e_launch(s->e->queue, k, ITEMS, 64, NULL));
   OK(clFlush(s->e->queue));
   for (unsigned i = 0; i < 2; i++) {
      a[i] = (struct adder){.word = word, .times = CPU_TIMES};
      pthread_create(&a[i].thread, NULL, add, &a[i]);
   }
   for (unsigned i = 0; i < 2; i++)
      pthread_join(a[i].thread, NULL);
   OK(clFinish(s->e->queue));
   assert_int_equal(atomic_load(word), ITEMS * TIMES + 2 * CPU_TIMES);
   clReleaseKernel(k);
   free(word);
}

/* Under evictall, pages go out whenever a fault has been served, also the last
 * of a kernel before: how often they move is not known. */
static void
check_moved(uint64_t moved, uint64_t least)
{
   const char *debug = getenv("KMD_DEBUG");
   if (debug && strstr(debug, "evictall"))
      assert_true(moved >= least);
   else
      assert_int_equal(moved, least);
}

static void
test_migrate(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   enum {
      N = 256 * PAGE / 4
   };
   int *p = clSVMAlloc(s->e->context,
                       CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
                       N * sizeof(int), PAGE);
   const void *ptr = p;
   assert_non_null(p);
   for (int i = 0; i < N; i++)
      p[i] = i;
   struct cl_svm_counters_partage before = e2e_counters(s->e);
   OK(clEnqueueSVMMigrateMem(s->e->queue, 1, &ptr, NULL, 0, 0, NULL, NULL));
   cl_kernel k = kernel(s, "inc");
   e2e_arg_svm(k, 0, p);
   OK(e2e_run(s->e, k, N, 0));
   struct cl_svm_counters_partage after = e2e_counters(s->e);
   check_moved(after.pages_to_device - before.pages_to_device, 256);
   for (int i = 0; i < N; i++)
      if (p[i] != i + 1)
         fail_msg("p[%d] = %d", i, p[i]);
   OK(clEnqueueSVMMigrateMem(s->e->queue, 1, &ptr, NULL,
                             CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL, NULL));
   OK(clFinish(s->e->queue));
   after = e2e_counters(s->e);
   check_moved(after.pages_to_host - before.pages_to_host, 256);
   clReleaseKernel(k);
   clSVMFree(s->e->context, p);
}

/* Kernels sweep a region while its pages are moved to the device and touched by
 * the CPU: each addition must be there in the end. */
static void
test_migrate_under_load(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   enum {
      N = 16 * PAGE / 4,
      TIMES = 50,
      ITEMS = 128
   };
   int *p = clSVMAlloc(s->e->context,
                       CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
                       N * sizeof(int), PAGE);
   cl_int err;
   cl_command_queue other = clCreateCommandQueueWithProperties(
      s->e->context, s->e->device, NULL, &err);
   OK(err);
   memset(p, 0, N * sizeof(int));
   cl_kernel k = kernel(s, "sweep");
   cl_uint n = N, times = TIMES;
   const void *ptr = p;
   e2e_arg_svm(k, 0, p);
   e2e_arg(k, 1, sizeof(n), &n);
   e2e_arg(k, 2, sizeof(times), &times);
   OK(e2e_launch(s->e->queue, k, ITEMS, 64, NULL));
   OK(clFlush(s->e->queue));
   volatile int sink = 0;
   for (unsigned round = 0; round < 40; round++) {
      OK(clEnqueueSVMMigrateMem(other, 1, &ptr, NULL, 0, 0, NULL, NULL));
      OK(clFinish(other));
      for (unsigned i = 0; i < N; i += PAGE / 4 * 3)
         sink += p[i];
   }
   OK(clFinish(s->e->queue));
   for (unsigned i = 0; i < N; i++)
      if (p[i] != TIMES)
         fail_msg("p[%u] = %d, want %d", i, p[i], TIMES);
   clReleaseKernel(k);
   clReleaseCommandQueue(other);
   clSVMFree(s->e->context, p);
}

/* A kernel that sweeps over pages of its own for a long time, on a queue of its
 * own. */
struct long_sweep {
   cl_command_queue queue;
   cl_kernel kernel;
   cl_event event;
};

/* Returns the pages when the kernel has written all of them. */
static int *
long_sweep_start(struct svm *s, struct long_sweep *w, unsigned pages)
{
   cl_int err;
   cl_uint n = pages * PAGE / 4, times = 100000;
   w->queue = clCreateCommandQueueWithProperties(s->e->context, s->e->device,
                                                 NULL, &err);
   OK(err);
   int *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   w->kernel = kernel(s, "sweep");
   e2e_arg_svm(w->kernel, 0, p);
   e2e_arg(w->kernel, 1, sizeof(n), &n);
   e2e_arg(w->kernel, 2, sizeof(times), &times);
   OK(e2e_launch(w->queue, w->kernel, 64, 64, &w->event));
   OK(clFlush(w->queue));
   while (!__atomic_load_n(&p[n - 1], __ATOMIC_RELAXED))
      usleep(100);
   return p;
}

static void
long_sweep_assert_killed(struct long_sweep *w)
{
   cl_int status;
   clFinish(w->queue);
   OK(clGetEventInfo(w->event, CL_EVENT_COMMAND_EXECUTION_STATUS,
                     sizeof(status), &status, NULL));
   assert_int_equal(status, CL_OUT_OF_RESOURCES);
   clReleaseEvent(w->event);
   clReleaseKernel(w->kernel);
   clReleaseCommandQueue(w->queue);
}

/* K7: unmapping under a running kernel ends in an error, not in a crash, and
 * nothing of the new mapping at that place is touched. */
static void
test_munmap_under_load(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   enum {
      PAGES = 64,
      N = PAGES * PAGE / 4
   };
   struct long_sweep sweep;
   int *p = long_sweep_start(s, &sweep, PAGES);
   /* In its place a mapping that must stay as it is. */
   int *again = mmap(p, PAGES * PAGE, PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   assert_ptr_equal(again, p);
   long_sweep_assert_killed(&sweep);
   for (unsigned i = 0; i < N; i++)
      assert_int_equal(p[i], 0);
   munmap(p, PAGES * PAGE);
   int small[100];
   increment(s, small, 100);
}

static void
test_mprotect_under_load(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   enum {
      PAGES = 16,
      N = PAGES * PAGE / 4
   };
   struct long_sweep sweep;
   int *p = long_sweep_start(s, &sweep, PAGES);
   assert_int_equal(mprotect(p, PAGES * PAGE, PROT_READ), 0);
   int *copy = malloc(PAGES * PAGE);
   memcpy(copy, p, PAGES * PAGE);
   long_sweep_assert_killed(&sweep);
   assert_memory_equal(copy, p, PAGES * PAGE);
   free(copy);
   munmap(p, PAGES * PAGE);
}

/* fork with pages on the device: the child sees the data as they were, and what
 * the two write stays apart. */
static void
test_fork(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   enum {
      N = 64 * PAGE / 4
   };
   int *p = clSVMAlloc(s->e->context,
                       CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
                       N * sizeof(int), PAGE);
   const void *ptr = p;
   for (int i = 0; i < N; i++)
      p[i] = i;
   cl_kernel k = kernel(s, "inc");
   e2e_arg_svm(k, 0, p);
   OK(clEnqueueSVMMigrateMem(s->e->queue, 1, &ptr, NULL, 0, 0, NULL, NULL));
   OK(e2e_run(s->e, k, N, 0));
   pid_t child = fork();
   if (child == 0) {
      for (int i = 0; i < N; i++)
         if (p[i] != i + 1)
            _exit(1);
      memset(p, 0xff, N * sizeof(int));
      _exit(0);
   }
   OK(e2e_run(s->e, k, N, 0));
   int status;
   assert_int_equal(waitpid(child, &status, 0), child);
   assert_true(WIFEXITED(status));
   assert_int_equal(WEXITSTATUS(status), 0);
   for (int i = 0; i < N; i++)
      if (p[i] != i + 2)
         fail_msg("p[%d] = %d", i, p[i]);
   clReleaseKernel(k);
   clSVMFree(s->e->context, p);
}

/* System calls on memory that is on the device. */
static void
test_syscall_on_device_memory(void **state)
{
   struct svm *s = *state;
   need(s, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   enum {
      N = 8 * PAGE / 4
   };
   int *p = clSVMAlloc(s->e->context,
                       CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
                       N * sizeof(int), PAGE);
   const void *ptr = p;
   for (int i = 0; i < N; i++)
      p[i] = i;
   cl_kernel k = kernel(s, "inc");
   e2e_arg_svm(k, 0, p);
   OK(clEnqueueSVMMigrateMem(s->e->queue, 1, &ptr, NULL, 0, 0, NULL, NULL));
   OK(e2e_run(s->e, k, N, 0));
   FILE *f = tmpfile();
   ssize_t written = write(fileno(f), p, N * sizeof(int));
   if (written != N * sizeof(int))
      fail_msg("write: %zd (%s)", written, strerror(errno));
   int *back = malloc(N * sizeof(int));
   assert_int_equal(pread(fileno(f), back, N * sizeof(int), 0),
                    N * sizeof(int));
   for (int i = 0; i < N; i++)
      assert_int_equal(back[i], i + 1);
   free(back);
   fclose(f);
   clReleaseKernel(k);
   clSVMFree(s->e->context, p);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_pointer),
      cmocka_unit_test(test_svm_alloc),
      cmocka_unit_test(test_linked_list),
      cmocka_unit_test(test_use_host_ptr),
      cmocka_unit_test(test_neighbouring_bytes),
      cmocka_unit_test(test_shared_atomics),
      cmocka_unit_test(test_migrate),
      cmocka_unit_test(test_migrate_under_load),
      cmocka_unit_test(test_munmap_under_load),
      cmocka_unit_test(test_mprotect_under_load),
      cmocka_unit_test(test_fork),
      cmocka_unit_test(test_syscall_on_device_memory),
   };
   return cmocka_run_group_tests(tests, setup, teardown);
}
