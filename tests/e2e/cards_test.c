/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Several cards in one process and one context (NVSIM_CARDS): buffers and
 * shared virtual memory go from one to the other, through system memory or,
 * with NOUVEAU_SVM_P2P=1, across the bus. Results and counts. */
#include "e2e.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include <CL/cl_ext.h>

static const char source[] =
   "kernel void add(global int *p, int v) { p[get_global_id(0)] += v; }\n"
   "struct node { global struct node *next; int value; };\n"
   "kernel void walk(global struct node *n)\n"
   "{ for (; n; n = n->next) n->value++; }\n"
   "kernel void count(global int *p, uint times)\n"
   "{ for (uint t = 0; t < times; t++) atomic_inc(p); }\n"
   "kernel void bytes(global uchar *p, uint n, uint first, uint step,\n"
   "                  uint times)\n"
   "{\n"
   "   for (uint t = 1; t <= times; t++)\n"
   "      for (uint i = get_global_id(0); i < n; i += get_global_size(0))\n"
   "         p[i * step + first] = (uchar)(t + i);\n"
   "}\n"
   "kernel void every(global int *p, uint n, uint first, uint step,\n"
   "                  uint times)\n"
   "{\n"
   "   for (uint t = 0; t < times; t++)\n"
   "      for (uint i = get_global_id(0); i < n / step; i +=\n"
   "           get_global_size(0))\n"
   "         p[i * step + first]++;\n"
   "}\n";

enum {
   MAX_CARDS = 8,
   PAGE = 4096,
};

struct cards {
   cl_platform_id platform;
   cl_uint n;
   cl_device_id dev[MAX_CARDS];
   cl_context context;
   cl_command_queue queue[MAX_CARDS];
   cl_program program;
   cl_device_svm_capabilities caps;
};

static int
setup(void **state)
{
   struct cards *c = calloc(1, sizeof(*c));
   const char *text = source;
   cl_int err;
   OK(clGetPlatformIDs(1, &c->platform, NULL));
   OK(clGetDeviceIDs(c->platform, CL_DEVICE_TYPE_GPU, MAX_CARDS, c->dev,
                     &c->n));
   c->context = clCreateContext(NULL, c->n, c->dev, NULL, NULL, &err);
   OK(err);
   for (unsigned i = 0; i < c->n; i++) {
      c->queue[i] =
         clCreateCommandQueueWithProperties(c->context, c->dev[i], NULL, &err);
      OK(err);
   }
   c->program = clCreateProgramWithSource(c->context, 1, &text, NULL, &err);
   OK(clBuildProgram(c->program, 0, NULL, "-cl-std=CL3.0", NULL, NULL));
   OK(clGetDeviceInfo(c->dev[0], CL_DEVICE_SVM_CAPABILITIES, sizeof(c->caps),
                      &c->caps, NULL));
   *state = c;
   return 0;
}

static int
teardown(void **state)
{
   struct cards *c = *state;
   for (unsigned i = 0; i < c->n; i++) {
      clFinish(c->queue[i]);
      clReleaseCommandQueue(c->queue[i]);
   }
   clReleaseProgram(c->program);
   clReleaseContext(c->context);
   free(c);
   return 0;
}

static cl_kernel
kernel(struct cards *c, const char *name)
{
   cl_int err;
   cl_kernel k = clCreateKernel(c->program, name, &err);
   OK(err);
   return k;
}

static struct cl_svm_counters_partage
counters(struct cards *c, unsigned card)
{
   struct cl_svm_counters_partage v;
   OK(clGetDeviceInfo(c->dev[card], CL_DEVICE_SVM_COUNTERS_PARTAGE, sizeof(v),
                      &v, NULL));
   return v;
}

static void
need(struct cards *c, cl_device_svm_capabilities caps)
{
   if ((c->caps & caps) != caps)
      skip();
}

/* Counts hold only where nothing is moved behind the test's back. */
static bool
counts_hold(void)
{
   const char *debug = getenv("KMD_DEBUG");
   return !getenv("NOUVEAU_SVM_MIGRATE") && !debug;
}

static bool
is_p2p(void)
{
   const char *p2p = getenv("NOUVEAU_SVM_P2P");
   return p2p && atoi(p2p);
}

static int *
svm_alloc(struct cards *c, size_t n)
{
   int *p =
      clSVMAlloc(c->context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
                 n * sizeof(int), PAGE);
   assert_non_null(p);
   return p;
}

static void
run_add(struct cards *c, unsigned card, int *p, size_t n, int v)
{
   cl_kernel k = kernel(c, "add");
   e2e_arg_svm(k, 0, p);
   e2e_arg(k, 1, sizeof(v), &v);
   OK(e2e_launch(c->queue[card], k, n, 0, NULL));
   OK(clFinish(c->queue[card]));
   clReleaseKernel(k);
}

static void
migrate(struct cards *c, unsigned card, const void *p,
        cl_mem_migration_flags flags)
{
   OK(clEnqueueSVMMigrateMem(c->queue[card], 1, &p, NULL, flags, 0, NULL,
                             NULL));
   OK(clFinish(c->queue[card]));
}

static void
assert_all(const int *p, size_t n, int offset)
{
   for (size_t i = 0; i < n; i++)
      if (p[i] != (int)i + offset)
         fail_msg("p[%zu] = %d, want %d", i, p[i], (int)i + offset);
}

/* Each card is a device of its own: name, place on the bus, identity. */
static void
test_each_is_itself(void **state)
{
   struct cards *c = *state;
   const char *env = getenv("NVSIM_CARDS");
   char names[MAX_CARDS][128], uuids[MAX_CARDS][CL_UUID_SIZE_KHR];
   cl_device_pci_bus_info_khr pci[MAX_CARDS];
   assert_int_equal(c->n, env ? atoi(env) : 1);
   for (unsigned i = 0; i < c->n; i++) {
      OK(clGetDeviceInfo(c->dev[i], CL_DEVICE_NAME, sizeof(names[i]), names[i],
                         NULL));
      OK(clGetDeviceInfo(c->dev[i], CL_DEVICE_PCI_BUS_INFO_KHR, sizeof(pci[i]),
                         &pci[i], NULL));
      OK(clGetDeviceInfo(c->dev[i], CL_DEVICE_UUID_KHR, sizeof(uuids[i]),
                         uuids[i], NULL));
      for (unsigned j = 0; j < i; j++) {
         assert_string_not_equal(names[i], names[j]);
         assert_int_not_equal(pci[i].pci_bus, pci[j].pci_bus);
         assert_memory_not_equal(uuids[i], uuids[j], CL_UUID_SIZE_KHR);
      }
   }
   cl_uint n;
   OK(clGetContextInfo(c->context, CL_CONTEXT_NUM_DEVICES, sizeof(n), &n,
                       NULL));
   assert_int_equal(n, c->n);
   size_t sizes[MAX_CARDS];
   OK(clGetProgramInfo(c->program, CL_PROGRAM_BINARY_SIZES, sizeof(sizes),
                       sizes, NULL));
   for (unsigned i = 0; i < c->n; i++)
      assert_true(sizes[i] > 0);
}

/* A buffer is used on the cards in turn, ordered by events alone. */
static void
test_buffer_goes_round(void **state)
{
   struct cards *c = *state;
   enum {
      N = 10000,
      ROUNDS = 12
   };
   int *init = calloc(N, sizeof(int)), sum = 0;
   const cl_mem_flags flags[] = {CL_MEM_COPY_HOST_PTR, CL_MEM_USE_HOST_PTR,
                                 CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR};
   cl_kernel k = kernel(c, "add");
   for (unsigned f = 0; f < 3; f++) {
      cl_event last = NULL;
      cl_int err;
      for (int i = 0; i < N; i++)
         init[i] = i;
      cl_mem b =
         clCreateBuffer(c->context, flags[f], N * sizeof(int), init, &err);
      OK(err);
      sum = 0;
      for (int r = 0; r < ROUNDS; r++) {
         size_t n = N;
         cl_command_queue q = c->queue[r % c->n];
         cl_event ev, moved;
         e2e_arg(k, 0, sizeof(b), &b);
         e2e_arg(k, 1, sizeof(r), &r);
         OK(clEnqueueMigrateMemObjects(q, 1, &b, 0, last ? 1 : 0,
                                       last ? &last : NULL, &moved));
         OK(clEnqueueNDRangeKernel(q, k, 1, NULL, &n, NULL, 1, &moved, &ev));
         sum += r;
         clReleaseEvent(moved);
         if (last)
            clReleaseEvent(last);
         last = ev;
      }
      int *map = clEnqueueMapBuffer(c->queue[c->n - 1], b, CL_TRUE, CL_MAP_READ,
                                    0, N * sizeof(int), 1, &last, NULL, &err);
      OK(err);
      assert_all(map, N, sum);
      OK(clEnqueueUnmapMemObject(c->queue[c->n - 1], b, map, 0, NULL, NULL));
      OK(clFinish(c->queue[c->n - 1]));
      clReleaseEvent(last);
      clReleaseMemObject(b);
   }
   clReleaseKernel(k);
   free(init);
}

struct node {
   struct node *next;
   int value;
};

/* One list through two allocations and the heap; every card walks it. */
static void
test_same_pointers(void **state)
{
   struct cards *c = *state;
   need(c, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   enum {
      N = 300
   };
   struct node *svm =
      clSVMAlloc(c->context, CL_MEM_READ_WRITE, N * sizeof(struct node), 0);
   struct node *heap = calloc(N, sizeof(*heap)), *head = NULL;
   for (int i = 0; i < N; i++) {
      svm[i] = (struct node){head, i};
      heap[i] = (struct node){&svm[i], -i};
      head = &heap[i];
   }
   cl_kernel k = kernel(c, "walk");
   e2e_arg_svm(k, 0, head);
   for (unsigned i = 0; i < c->n; i++) {
      OK(e2e_launch(c->queue[i], k, 1, 1, NULL));
      OK(clFinish(c->queue[i]));
   }
   for (int i = 0; i < N; i++) {
      assert_int_equal(svm[i].value, i + (int)c->n);
      assert_int_equal(heap[i].value, -i + (int)c->n);
   }
   clReleaseKernel(k);
   clSVMFree(c->context, svm);
   free(heap);
}

enum {
   PAGES = 96,
   WORDS = PAGES * PAGE / 4
};

/* A list through two allocations, coarse and fine, which is all that there is
 * without system SVM: every card walks it, and all cards count in one word at
 * the same time. */
static void
test_allocations_are_everybodys(void **state)
{
   struct cards *c = *state;
   enum {
      N = 3000,
      TIMES = 2000
   };
   struct node *coarse =
      clSVMAlloc(c->context, CL_MEM_READ_WRITE, N * sizeof(struct node), 0);
   struct node *fine =
      clSVMAlloc(c->context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
                 N * sizeof(struct node), 0);
   struct node *head = NULL;
   assert_non_null(coarse);
   assert_non_null(fine);
   OK(clEnqueueSVMMap(c->queue[0], CL_TRUE, CL_MAP_WRITE, coarse,
                      N * sizeof(*coarse), 0, NULL, NULL));
   for (int i = 0; i < N; i++) {
      coarse[i] = (struct node){head, i};
      fine[i] = (struct node){&coarse[i], -i};
      head = &fine[i];
   }
   OK(clEnqueueSVMUnmap(c->queue[0], coarse, 0, NULL, NULL));
   OK(clFinish(c->queue[0]));
   cl_kernel k = kernel(c, "walk");
   e2e_arg_svm(k, 0, head);
   void *both[] = {coarse, fine};
   OK(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(both), both));
   for (unsigned i = 0; i < c->n; i++) {
      OK(e2e_launch(c->queue[i], k, 1, 1, NULL));
      OK(clFinish(c->queue[i]));
   }
   OK(clEnqueueSVMMap(c->queue[c->n - 1], CL_TRUE, CL_MAP_READ, coarse,
                      N * sizeof(*coarse), 0, NULL, NULL));
   for (int i = 0; i < N; i++) {
      assert_int_equal(coarse[i].value, i + (int)c->n);
      assert_int_equal(fine[i].value, -i + (int)c->n);
   }
   OK(clEnqueueSVMUnmap(c->queue[c->n - 1], coarse, 0, NULL, NULL));
   cl_kernel count = kernel(c, "count");
   cl_uint times = TIMES;
   fine[0].value = 0;
   e2e_arg_svm(count, 0, &fine[0].value);
   e2e_arg(count, 1, sizeof(times), &times);
   for (unsigned i = 0; i < c->n; i++)
      OK(e2e_launch(c->queue[i], count, 4, 0, NULL));
   for (int t = 0; t < TIMES; t++)
      __atomic_add_fetch(&fine[0].value, 1, __ATOMIC_RELAXED);
   for (unsigned i = 0; i < c->n; i++)
      OK(clFinish(c->queue[i]));
   assert_int_equal(fine[0].value, TIMES * (4 * (int)c->n + 1));
   clReleaseKernel(count);
   clReleaseKernel(k);
   clSVMFree(c->context, coarse);
   clSVMFree(c->context, fine);
}

/* Allocations of all sizes come and go while cards use others of them. */
static void
test_many_allocations(void **state)
{
   struct cards *c = *state;
   enum {
      N = 24,
      ROUNDS = 120
   };
   int *p[N] = {0}, size[N], value[N];
   for (int r = 0; r < ROUNDS; r++) {
      int i = r * 7 % N;
      if (p[i]) {
         for (int w = 0; w < size[i]; w += 97)
            assert_int_equal(p[i][w], value[i]);
         clSVMFree(c->context, p[i]);
      }
      size[i] = 100 << r % 11;
      p[i] = svm_alloc(c, size[i]);
      for (int w = 0; w < size[i]; w++)
         p[i][w] = r;
      value[i] = r;
      int other = r * 5 % N;
      if (!p[other])
         continue;
      run_add(c, r % c->n, p[other], size[other], 1);
      value[other]++;
   }
   for (int i = 0; i < N; i++)
      if (p[i])
         clSVMFree(c->context, p[i]);
}

/* Pages in the first card's memory, used by the second: through system memory,
 * or in place if peers may. */
static void
test_use_of_anothers_pages(void **state)
{
   struct cards *c = *state;
   need(c, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   if (c->n < 2)
      skip();
   int *p = svm_alloc(c, WORDS);
   for (int i = 0; i < WORDS; i++)
      p[i] = i;
   struct cl_svm_counters_partage a = counters(c, 0);
   migrate(c, 0, p, 0);
   run_add(c, 0, p, WORDS, 1);
   struct cl_svm_counters_partage b = counters(c, 0);
   if (counts_hold())
      assert_int_equal(b.pages_to_device - a.pages_to_device, PAGES);
   run_add(c, 1, p, WORDS, 10);
   struct cl_svm_counters_partage d = counters(c, 0);
   const char *nouffd = getenv("KMD_DEBUG");
   if (counts_hold() || (nouffd && !strcmp(nouffd, "nouffd")))
      assert_int_equal(d.pages_to_host - b.pages_to_host,
                       is_p2p() || nouffd ? 0 : PAGES);
   run_add(c, 0, p, WORDS, 100);
   assert_all(p, WORDS, 111);
   clSVMFree(c->context, p);
}

/* Told to, pages go from one card to the other, and the counts say so. */
static void
test_migrate_between(void **state)
{
   struct cards *c = *state;
   need(c, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   int *p = svm_alloc(c, WORDS);
   struct cl_svm_counters_partage first[MAX_CARDS];
   const unsigned rounds = 3;
   for (int i = 0; i < WORDS; i++)
      p[i] = i;
   for (unsigned i = 0; i < c->n; i++)
      first[i] = counters(c, i);
   for (unsigned r = 0; r < rounds; r++)
      for (unsigned i = 0; i < c->n; i++) {
         migrate(c, i, p, 0);
         run_add(c, i, p, WORDS, 1);
      }
   for (unsigned i = 0; i < c->n && counts_hold() && c->n > 1; i++) {
      struct cl_svm_counters_partage now = counters(c, i);
      bool last = i == c->n - 1;
      assert_int_equal(now.pages_to_device - first[i].pages_to_device,
                       rounds * PAGES);
      assert_int_equal(now.pages_to_host - first[i].pages_to_host,
                       (rounds - last) * PAGES);
   }
   migrate(c, 0, p, CL_MIGRATE_MEM_OBJECT_HOST); /* whoever has them */
   assert_all(p, WORDS, rounds * c->n);
   clSVMFree(c->context, p);
}

struct toucher {
   pthread_t thread;
   struct cards *c;
   int *p;
   unsigned card, seed;
   atomic_bool *stop;
   unsigned touched;
};

/* Neighbours of the words that the cards write, by the first; and wishes to
 * migrate. */
static void *
touch(void *arg)
{
   struct toucher *t = arg;
   cl_int err;
   cl_command_queue q = clCreateCommandQueueWithProperties(
      t->c->context, t->c->dev[t->card], NULL, &err);
   OK(err);
   unsigned step = t->c->n + 1, n = WORDS / step;
   while (!atomic_load(t->stop)) {
      const void *ptr = t->p + e2e_rand(&t->seed) % WORDS;
      size_t size_B = 1;
      for (unsigned i = 0; i < n && t->card == 0; i += 37)
         t->p[i * step + step - 1]++;
      t->touched++;
      OK(clEnqueueSVMMigrateMem(q, 1, &ptr, &size_B, 0, 0, NULL, NULL));
      OK(clFinish(q));
      usleep(200); /* faults of many cards in one granule want a pause, too */
   }
   clReleaseCommandQueue(q);
   return NULL;
}

/* All cards and the CPU write words of the same pages, while the pages go from
 * card to card: no write is lost. */
static void
test_everybody_writes(void **state)
{
   struct cards *c = *state;
   need(c, CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
   enum {
      TIMES = 12
   };
   int *p = svm_alloc(c, WORDS);
   memset(p, 0, WORDS * sizeof(int));
   atomic_bool stop = false;
   struct toucher t[MAX_CARDS];
   cl_uint step = c->n + 1, times = TIMES, n = WORDS;
   for (unsigned i = 0; i < c->n; i++) {
      cl_kernel k = kernel(c, "every");
      e2e_arg_svm(k, 0, p);
      e2e_arg(k, 1, sizeof(n), &n);
      e2e_arg(k, 2, sizeof(i), &i);
      e2e_arg(k, 3, sizeof(step), &step);
      e2e_arg(k, 4, sizeof(times), &times);
      OK(e2e_launch(c->queue[i], k, 128, 64, NULL));
      OK(clFlush(c->queue[i]));
      clReleaseKernel(k);
   }
   for (unsigned i = 0; i < c->n; i++) {
      t[i] =
         (struct toucher){.c = c, .p = p, .card = i, .seed = i, .stop = &stop};
      pthread_create(&t[i].thread, NULL, touch, &t[i]);
   }
   for (unsigned i = 0; i < c->n; i++)
      OK(clFinish(c->queue[i]));
   atomic_store(&stop, true);
   for (unsigned i = 0; i < c->n; i++)
      pthread_join(t[i].thread, NULL);
   for (unsigned i = 0; i < WORDS / step * step; i++) {
      bool cpu = i % step == step - 1;
      int want = !cpu ? TIMES : i / step % 37 == 0 ? (int)t[0].touched : 0;
      if (p[i] != want)
         fail_msg("p[%u] = %d, want %d", i, p[i], want);
   }
   clSVMFree(c->context, p);
}

/* The same with bytes: who writes one writes no other, whatever the page does
 * meanwhile. The last byte of each step is the CPU's, one more nobody's. */
static void
test_everybody_writes_bytes(void **state)
{
   struct cards *c = *state;
   need(c, CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
   enum {
      TIMES = 20,
      N = 4000
   };
   cl_uint step = c->n + 2, times = TIMES, n = N;
   unsigned char *p =
      clSVMAlloc(c->context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
                 N * step, 0);
   memset(p, 0x5a, N * step);
   for (cl_uint i = 0; i < c->n; i++) {
      cl_kernel k = kernel(c, "bytes");
      e2e_arg_svm(k, 0, p);
      e2e_arg(k, 1, sizeof(n), &n);
      e2e_arg(k, 2, sizeof(i), &i);
      e2e_arg(k, 3, sizeof(step), &step);
      e2e_arg(k, 4, sizeof(times), &times);
      OK(e2e_launch(c->queue[i], k, 128, 64, NULL));
      OK(clFlush(c->queue[i]));
      clReleaseKernel(k);
   }
   for (unsigned t = 1; t <= TIMES; t++)
      for (unsigned i = 0; i < N; i++)
         ((volatile unsigned char *)p)[i * step + step - 1] = 3 * t + i;
   for (unsigned i = 0; i < c->n; i++)
      OK(clFinish(c->queue[i]));
   for (unsigned i = 0; i < N * step; i++) {
      unsigned who = i % step, k = i / step;
      unsigned char want = who < c->n        ? TIMES + k
                           : who == step - 1 ? 3 * TIMES + k
                                             : 0x5a;
      if (p[i] != want)
         fail_msg("byte %u of %u: %#x, want %#x", who, k, p[i], want);
   }
   clSVMFree(c->context, p);
}

/* One word, counted up by all cards and the CPU at once. */
static void
test_atomics_of_all(void **state)
{
   struct cards *c = *state;
   need(c, CL_DEVICE_SVM_FINE_GRAIN_BUFFER | CL_DEVICE_SVM_ATOMICS);
   enum {
      ITEMS = 128,
      TIMES = 100,
      CPU_TIMES = 50000
   };
   int *p = svm_alloc(c, 1024);
   atomic_int *word = (atomic_int *)p;
   memset(p, 0, PAGE);
   migrate(c, 0, p, 0); /* atomics do not cross the bus: it must come home */
   cl_uint times = TIMES;
   cl_kernel k = kernel(c, "count");
   e2e_arg_svm(k, 0, p);
   e2e_arg(k, 1, sizeof(times), &times);
   for (unsigned i = 0; i < c->n; i++) {
      OK(e2e_launch(c->queue[i], k, ITEMS, 64, NULL));
      OK(clFlush(c->queue[i]));
   }
   for (unsigned i = 0; i < CPU_TIMES; i++)
      atomic_fetch_add(word, 1);
   for (unsigned i = 0; i < c->n; i++)
      OK(clFinish(c->queue[i]));
   assert_int_equal(atomic_load(word), c->n * ITEMS * TIMES + CPU_TIMES);
   clReleaseKernel(k);
   clSVMFree(c->context, p);
}

/* A mapping that goes away under a peer: the peer sees the new one, never the
 * old page. */
static void
test_unmap_of_anothers_pages(void **state)
{
   struct cards *c = *state;
   need(c, CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
   for (int round = 0; round < 8; round++) {
      int *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      cl_int err;
      cl_mem b =
         clCreateBuffer(c->context, CL_MEM_USE_HOST_PTR, PAGES * PAGE, p, &err);
      OK(err);
      for (int i = 0; i < WORDS; i++)
         p[i] = i;
      OK(clEnqueueMigrateMemObjects(c->queue[0], 1, &b, 0, 0, NULL, NULL));
      OK(clFinish(c->queue[0]));
      for (unsigned i = 0; i < c->n; i++)
         run_add(c, i, p, WORDS, 1); /* the peers have PTEs now */
      clReleaseMemObject(b);
      if (round % 2) {
         void *again = mmap(p, PAGES * PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
         assert_ptr_equal(again, p);
      } else {
         assert_int_equal(madvise(p, PAGES * PAGE, MADV_DONTNEED), 0);
      }
      for (unsigned i = c->n; i-- > 0;)
         run_add(c, i, p, WORDS, 5);
      for (int i = 0; i < WORDS; i++)
         if (p[i] != 5 * (int)c->n)
            fail_msg("round %d: p[%d] = %d", round, i, p[i]);
      munmap(p, PAGES * PAGE);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_is_itself),
      cmocka_unit_test(test_buffer_goes_round),
      cmocka_unit_test(test_same_pointers),
      cmocka_unit_test(test_allocations_are_everybodys),
      cmocka_unit_test(test_many_allocations),
      cmocka_unit_test(test_use_of_anothers_pages),
      cmocka_unit_test(test_migrate_between),
      cmocka_unit_test(test_everybody_writes),
      cmocka_unit_test(test_everybody_writes_bytes),
      cmocka_unit_test(test_atomics_of_all),
      cmocka_unit_test(test_unmap_of_anothers_pages),
   };
   return cmocka_run_group_tests(tests, setup, teardown);
}
