/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* stress [SECONDS]: runs everything at the same time; TEST_SEED repeats the
 * choices, though not their order between threads. */
#include "stress.h"

#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ARENA        ((void *)0x200000000000) /* not a sanitizer's */
#define ARENA_PAGES  1536                     /* three granules */
#define WORKERS      4   /* the last one's pages hold the chain */
#define HUNG_SECONDS 120 /* without any operation: a deadlock */

static const char source[] =
   "kernel void step(global uint *p)\n"
   "{ uint i = get_global_id(0); p[i] = p[i] * 3 + i + 1; }\n"
   "struct node { global struct node *next; uint value; uint visits; };\n"
   "kernel void chase(global struct node *n, global uint *result)\n"
   "{\n"
   "   uint sum = 0;\n"
   "   for (; n; n = n->next) { sum += n->value; atomic_inc(&n->visits); }\n"
   "   result[get_global_id(0)] = sum;\n"
   "}\n";

void
stress_fail(const char *fmt, ...)
{
   va_list ap;
   va_start(ap, fmt);
   fprintf(stderr, "stress: ");
   vfprintf(stderr, fmt, ap);
   fprintf(stderr, "\n");
   va_end(ap);
   abort();
}

void
stress_cl(cl_int err, const char *what)
{
   if (err)
      stress_fail("%s: OpenCL error %d", what, err);
}

uint32_t
stress_random(struct worker *w, uint32_t below)
{
   w->random ^= w->random << 13;
   w->random ^= w->random >> 7;
   w->random ^= w->random << 17;
   return (w->random >> 32) * (uint64_t)below >> 32;
}

/* ---- OpenCL ---- */

void
worker_open(struct worker *w)
{
   cl_int err;
   w->queue = clCreateCommandQueueWithProperties(
      w->s->ctx, w->s->devices[w->card], NULL, &err);
   stress_cl(err, "queue");
   w->step = clCreateKernel(w->s->program, "step", &err);
   stress_cl(err, "kernel");
   w->chase = clCreateKernel(w->s->program, "chase", &err);
   stress_cl(err, "kernel");
}

void
worker_close(struct worker *w)
{
   clFinish(w->queue);
   clReleaseKernel(w->step);
   clReleaseKernel(w->chase);
   clReleaseCommandQueue(w->queue);
}

/* Wild accesses are reported here; they are meant. */
static void CL_CALLBACK
quiet(const char *text, const void *info, size_t size, void *data)
{
}

static bool
open_cards(struct stress *s)
{
   const char *text = source;
   cl_device_svm_capabilities caps;
   cl_platform_id platform;
   cl_int err;
   stress_cl(clGetPlatformIDs(1, &platform, NULL), "platform");
   stress_cl(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_CARDS, s->devices,
                            &s->num_devices),
             "devices");
   stress_cl(clGetDeviceInfo(s->devices[0], CL_DEVICE_SVM_CAPABILITIES,
                             sizeof(caps), &caps, NULL),
             "capabilities");
   if (!(caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM))
      return false;
   s->ctx =
      clCreateContext(NULL, s->num_devices, s->devices, quiet, NULL, &err);
   stress_cl(err, "context");
   s->program = clCreateProgramWithSource(s->ctx, 1, &text, NULL, &err);
   stress_cl(err, "program");
   stress_cl(clBuildProgram(s->program, 0, NULL, "", NULL, NULL), "build");
   return true;
}

/* ---- what must not grow ---- */

struct level {
   unsigned files, threads;
   size_t largest_B; /* buffer that the first card has room for */
};

static unsigned
count_entries(const char *path)
{
   unsigned n = 0;
   DIR *d = opendir(path);
   while (d && readdir(d))
      n++;
   if (d)
      closedir(d);
   return n;
}

static bool
has_room(struct stress *s, cl_command_queue q, size_t size_B)
{
   cl_int err, zero = 0;
   cl_mem m = clCreateBuffer(s->ctx, 0, size_B, NULL, &err);
   if (!m)
      return false;
   err = clEnqueueFillBuffer(q, m, &zero, 4, 0, size_B, 0, NULL, NULL);
   bool room = !err && !clFinish(q);
   clReleaseMemObject(m);
   return room;
}

static void
measure(struct stress *s, struct level *l)
{
   cl_int err;
   cl_command_queue q =
      clCreateCommandQueueWithProperties(s->ctx, s->devices[0], NULL, &err);
   stress_cl(err, "queue");
   l->largest_B = 0;
   for (size_t size_B = 1u << 30; size_B >= 1u << 20; size_B /= 2)
      if (has_room(s, q, l->largest_B + size_B))
         l->largest_B += size_B;
   clReleaseCommandQueue(q);
   l->files = count_entries("/proc/self/fd");
   l->threads = count_entries("/proc/self/task");
}

static bool
is_less(const struct level *after, const struct level *before)
{
   return after->files > before->files || after->threads > before->threads ||
          after->largest_B < before->largest_B;
}

/* ---- the run ---- */

/* Far below where mmap looks for room: nobody else gets a page that is unmapped
 * for a while. */
static void
map_arena(struct stress *s)
{
   size_t size_B = (size_t)s->num_pages * PAGE;
   cl_int err;
   s->arena =
      mmap(ARENA, size_B + s->num_workers * PAGE, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
   if (s->arena != ARENA)
      stress_fail("no memory for the arena");
   s->buffer =
      clCreateBuffer(s->ctx, CL_MEM_USE_HOST_PTR, size_B, s->arena, &err);
   stress_cl(err, "buffer");
   for (unsigned i = 0; i < s->num_pages; i++) {
      s->models[i] = (struct model){.mapped = true, .writable = true};
      if (i % s->num_workers != s->num_workers - 1)
         stress_fill_page(s, i, i + 1);
   }
}

static void
unmap_arena(struct stress *s)
{
   stress_cl(clReleaseMemObject(s->buffer), "buffer");
   munmap(s->arena, (size_t)(s->num_pages + s->num_workers) * PAGE);
}

/* A deadlock shows as nobody doing anything. */
static void
watch(struct stress *s, unsigned seconds)
{
   uint64_t last = 0;
   unsigned idle = 0;
   for (unsigned i = 0; i < seconds || idle; i++) {
      sleep(1);
      uint64_t now = s->operations;
      idle = now == last ? idle + 1 : 0;
      last = now;
      if (idle == HUNG_SECONDS)
         stress_fail("nothing has happened for %u s", idle);
   }
}

#define THREADS (WORKERS + 3)

static void
run_threads(struct stress *s, unsigned seconds)
{
   void *(*bodies[THREADS])(void *) = {
      stress_pages, stress_pages,   stress_pages,   stress_chase,
      stress_heap,  stress_migrate, stress_migrate,
   };
   static struct worker workers[THREADS];
   pthread_t threads[THREADS];
   for (unsigned i = 0; i < THREADS; i++) {
      workers[i] = (struct worker){
         .s = s,
         .nr = i,
         .card = i % s->num_devices,
         .random = (s->seed + i) * 0x9e3779b97f4a7c15ull | 1,
      };
      if (pthread_create(&threads[i], NULL, bodies[i], &workers[i]))
         stress_fail("no thread");
   }
   watch(s, seconds);
   s->stop = true;
   for (unsigned i = 0; i < THREADS; i++) {
      pthread_join(threads[i], NULL);
      printf("thread %u:", i);
      for (unsigned k = 0; k < 12; k++)
         printf(" %llu", (unsigned long long)workers[i].done[k]);
      printf("\n");
   }
}

int
main(int argc, char **argv)
{
   const char *seed = getenv("TEST_SEED");
   unsigned seconds = argc > 1 ? atoi(argv[1]) : 8;
   static struct model models[ARENA_PAGES];
   struct stress s = {
      .num_pages = ARENA_PAGES,
      .num_workers = WORKERS,
      .models = models,
      .seed = seed ? strtoull(seed, NULL, 0) : 1,
      .forking = ATOMIC_FLAG_INIT,
   };
   struct level before, after;
   printf("TEST_SEED=%llu\n", (unsigned long long)s.seed);
   if (!open_cards(&s)) {
      printf("no shared virtual memory of the system's\n");
      return 77;
   }
   printf("%u card%s\n", s.num_devices, s.num_devices > 1 ? "s" : "");
   fflush(stdout);
   for (unsigned round = 0; round < 2; round++) { /* once to warm up */
      s.stop = false;
      map_arena(&s);
      run_threads(&s, round ? seconds : 1);
      unmap_arena(&s);
      measure(&s, round ? &after : &before);
   }
   /* Threads end and buffers go a moment after their release. */
   for (unsigned i = 0; i < 100 && is_less(&after, &before); i++) {
      usleep(100000);
      measure(&s, &after);
   }
   printf("%llu operations; files %u, %u; threads %u, %u; room %zu, %zu KiB\n",
          (unsigned long long)s.operations, before.files, after.files,
          before.threads, after.threads, before.largest_B >> 10,
          after.largest_B >> 10);
   fflush(stdout);
   if (is_less(&after, &before))
      stress_fail("something was not given back");
   clReleaseProgram(s.program);
   clReleaseContext(s.ctx);
   return 0;
}
