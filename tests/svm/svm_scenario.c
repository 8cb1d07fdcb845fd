/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Runs a text of memory operations by CPU, GPU and kernel, and checks what each
 * sees and what it costs. Language: docs/testing.md, "SVM scenarios".
 *
 *    svm_scenario file.svm
 *
 * SVM_COUNTS=0: numbers of faults and moves are not compared.
 * Exit status 0: as expected; 1: not; 77: this device has no system SVM. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "partage/cl_partage.h"

#define PAGE        4096
#define MAX_REGIONS 26
#define MAX_WORDS   32

static const char kernels[] =
   "#define AT(i) (p + ((first + (i)) * step))\n"
   "kernel void put(global uint *p, uint first, uint step, uint v)\n"
   "{ *AT(get_global_id(0)) = v; }\n"
   "kernel void add(global uint *p, uint first, uint step, uint v)\n"
   "{ *AT(get_global_id(0)) += v; }\n"
   "kernel void inc(global uint *p, uint first, uint step, uint v)\n"
   "{ atomic_add(AT(get_global_id(0)), v); }\n"
   "kernel void get(global uint *p, uint first, uint step, uint v,\n"
   "                global uint *out)\n"
   "{ out[get_global_id(0)] = *AT(get_global_id(0)); }\n";

struct region {
   char name[16];
   char *at;
   size_t pages;
};

struct run {
   const char *file;
   unsigned line;
   cl_device_id device;
   cl_context context;
   cl_command_queue queue;
   cl_program program;
   cl_kernel put, add, inc, get;
   struct region regions[MAX_REGIONS];
   unsigned num_regions;
   /* the statement */
   char *word[MAX_WORDS];
   unsigned num_words, next;
   struct region *region;
   unsigned first, count;
   bool cancelled; /* it ended in a refused access */
   struct cl_svm_counters_partage before;
};

static void __attribute__((format(printf, 2, 3), noreturn))
stop(struct run *r, const char *fmt, ...)
{
   va_list ap;
   va_start(ap, fmt);
   fprintf(stderr, "%s:%u: ", r->file, r->line);
   vfprintf(stderr, fmt, ap);
   fprintf(stderr, "\n");
   va_end(ap);
   exit(1);
}

static void
cl_ok(struct run *r, const char *what, cl_int err)
{
   if (err)
      stop(r, "%s: error %d", what, err);
}

/* ---- words ---- */

static const char *
take(struct run *r)
{
   if (r->next == r->num_words)
      stop(r, "something is missing at the end of the line");
   return r->word[r->next++];
}

static bool
take_if(struct run *r, const char *word)
{
   if (r->next == r->num_words || strcmp(r->word[r->next], word))
      return false;
   r->next++;
   return true;
}

static void
want(struct run *r, const char *word)
{
   const char *got = take(r);
   if (strcmp(got, word))
      stop(r, "'%s' where '%s' should be", got, word);
}

static uint32_t
take_number(struct run *r)
{
   const char *w = take(r);
   char *end;
   unsigned long v = strtoul(w, &end, 0);
   if (end == w || *end)
      stop(r, "'%s' is not a number", w);
   return v;
}

static struct region *
find_region(struct run *r, const char *name)
{
   for (unsigned i = 0; i < r->num_regions; i++)
      if (!strcmp(r->regions[i].name, name))
         return &r->regions[i];
   return NULL;
}

/* "A 3..7", "A 3", "A" */
static void
take_pages(struct run *r)
{
   const char *name = take(r);
   r->region = find_region(r, name);
   if (!r->region)
      stop(r, "no region '%s'", name);
   r->first = 0;
   r->count = r->region->pages;
   if (r->next == r->num_words)
      return;
   unsigned a, b;
   int n = sscanf(r->word[r->next], "%u..%u", &a, &b);
   if (n < 1)
      return;
   r->next++;
   r->first = a;
   r->count = n == 2 ? b - a + 1 : 1;
   if (r->count > r->region->pages || a + r->count > r->region->pages)
      stop(r, "'%s' has %zu pages", name, r->region->pages);
}

static char *
page_at(struct run *r, unsigned i)
{
   return r->region->at + (size_t)(r->first + i) * PAGE;
}

/* ---- regions ---- */

static int
take_protection(struct run *r)
{
   if (take_if(r, "none"))
      return PROT_NONE;
   if (take_if(r, "ro"))
      return PROT_READ;
   take_if(r, "rw");
   return PROT_READ | PROT_WRITE;
}

/* map NAME N pages [shared|file] [rw|ro|none] */
static void
do_map(struct run *r)
{
   struct region *g = &r->regions[r->num_regions++];
   if (r->num_regions > MAX_REGIONS)
      stop(r, "too many regions");
   snprintf(g->name, sizeof(g->name), "%s", take(r));
   g->pages = take_number(r);
   want(r, "pages");
   int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = -1;
   if (take_if(r, "shared")) {
      flags = MAP_SHARED | MAP_ANONYMOUS;
   } else if (take_if(r, "file")) {
      flags = MAP_SHARED;
      FILE *f = tmpfile();
      fd = f ? fileno(f) : -1;
      if (fd < 0 || ftruncate(fd, g->pages * PAGE))
         stop(r, "no file");
   }
   int prot = take_protection(r);
   g->at = mmap(NULL, g->pages * PAGE, prot, flags, fd, 0);
   if (g->at == MAP_FAILED)
      stop(r, "mmap failed");
}

/* svm NAME N pages: with clSVMAlloc, the only memory that may be migrated by
 * hint */
static void
do_svm(struct run *r)
{
   struct region *g = &r->regions[r->num_regions++];
   snprintf(g->name, sizeof(g->name), "%s", take(r));
   g->pages = take_number(r);
   want(r, "pages");
   g->at = clSVMAlloc(
      r->context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
      g->pages * PAGE, 2 * PAGE); /* more than a page: a mapping of its own */
   if (!g->at)
      stop(r, "clSVMAlloc failed");
}

/* heap NAME N pages: with malloc, at an odd address, neighbours around it */
static void
do_heap(struct run *r)
{
   struct region *g = &r->regions[r->num_regions++];
   snprintf(g->name, sizeof(g->name), "%s", take(r));
   g->pages = take_number(r);
   want(r, "pages");
   if (g->pages * PAGE >= 100000)
      stop(r, "that much would not come from the heap");
   g->at = malloc(g->pages * PAGE);
   memset(g->at, 0, g->pages * PAGE);
}

static void
do_munmap(struct run *r)
{
   take_pages(r);
   munmap(page_at(r, 0), (size_t)r->count * PAGE);
}

/* remap PAGES: unmapped and mapped anew */
static void
do_renew(struct run *r)
{
   take_pages(r);
   mmap(page_at(r, 0), (size_t)r->count * PAGE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void
do_protect(struct run *r)
{
   take_pages(r);
   mprotect(page_at(r, 0), (size_t)r->count * PAGE, take_protection(r));
}

static void
do_clear(struct run *r)
{
   take_pages(r);
   madvise(page_at(r, 0), (size_t)r->count * PAGE, MADV_DONTNEED);
}

/* move PAGES to REGION PAGE */
static void
do_move(struct run *r)
{
   take_pages(r);
   char *from = page_at(r, 0);
   size_t size = (size_t)r->count * PAGE;
   want(r, "to");
   take_pages(r);
   if (mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, page_at(r, 0)) ==
       MAP_FAILED)
      stop(r, "mremap failed");
}

static void
do_lock(struct run *r)
{
   take_pages(r);
   if (mlock(page_at(r, 0), (size_t)r->count * PAGE))
      stop(r, "mlock failed");
}

/* pipe PAGE to PAGE: through two system calls */
static void
do_pipe(struct run *r)
{
   int p[2];
   take_pages(r);
   char *from = page_at(r, 0);
   want(r, "to");
   take_pages(r);
   if (pipe(p) || write(p[1], from, PAGE) != PAGE ||
       read(p[0], page_at(r, 0), PAGE) != PAGE)
      stop(r, "pipe failed: %s", strerror(errno));
   close(p[0]);
   close(p[1]);
}

/* migrate PAGES device|host */
static void
do_migrate(struct run *r)
{
   take_pages(r);
   cl_mem_migration_flags flags =
      take_if(r, "host") ? CL_MIGRATE_MEM_OBJECT_HOST : 0;
   if (!flags)
      want(r, "device");
   const void *ptr = page_at(r, 0);
   size_t size = (size_t)r->count * PAGE;
   cl_ok(
      r, "migrate",
      clEnqueueSVMMigrateMem(r->queue, 1, &ptr, &size, flags, 0, NULL, NULL));
   cl_ok(r, "finish", clFinish(r->queue));
}

/* ---- accesses ---- */

static void
check_value(struct run *r, const char *who, unsigned page, uint32_t got,
            uint32_t expected)
{
   if (got != expected)
      stop(r, "%s sees %u in page %u, not %u", who, got, r->first + page,
           expected);
}

static void
cpu_access(struct run *r)
{
   const char *op = take(r);
   take_pages(r);
   const char *sign = take(r);
   uint32_t v = take_number(r);
   (void)sign;
   for (unsigned i = 0; i < r->count; i++) {
      volatile uint32_t *w = (uint32_t *)page_at(r, i);
      if (!strcmp(op, "write"))
         *w = v;
      else if (!strcmp(op, "add"))
         *w += v;
      else if (!strcmp(op, "read"))
         check_value(r, "the CPU", i, *w, v);
      else
         stop(r, "cpu what?");
   }
}

static cl_command_queue
new_queue(struct run *r)
{
   cl_int err;
   cl_command_queue q =
      clCreateCommandQueueWithProperties(r->context, r->device, NULL, &err);
   cl_ok(r, "queue", err);
   return q;
}

static void
launch(struct run *r, cl_kernel k, uint32_t v, cl_mem out)
{
   cl_uint first = r->first, step = PAGE / 4;
   size_t global = r->count;
   cl_ok(r, "argument", clSetKernelArgSVMPointer(k, 0, r->region->at));
   cl_ok(r, "argument", clSetKernelArg(k, 1, sizeof(first), &first));
   cl_ok(r, "argument", clSetKernelArg(k, 2, sizeof(step), &step));
   cl_ok(r, "argument", clSetKernelArg(k, 3, sizeof(v), &v));
   if (out)
      cl_ok(r, "argument", clSetKernelArg(k, 4, sizeof(out), &out));
   cl_event event;
   cl_ok(r, "launch",
         clEnqueueNDRangeKernel(r->queue, k, 1, NULL, &global, NULL, 0, NULL,
                                &event));
   clFinish(r->queue);
   cl_int status;
   clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                  &status, NULL);
   clReleaseEvent(event);
   r->cancelled = status < 0;
   if (!r->cancelled)
      return;
   /* Its queue is gone with it. */
   clReleaseCommandQueue(r->queue);
   r->queue = new_queue(r);
}

static void
gpu_access(struct run *r)
{
   const char *op = take(r);
   take_pages(r);
   const char *sign = take(r);
   uint32_t v = take_number(r);
   (void)sign;
   cl_kernel k = !strcmp(op, "write")    ? r->put
                 : !strcmp(op, "add")    ? r->add
                 : !strcmp(op, "atomic") ? r->inc
                 : !strcmp(op, "read")   ? r->get
                                         : NULL;
   if (!k)
      stop(r, "gpu what?");
   if (k != r->get) {
      launch(r, k, v, NULL);
      return;
   }
   cl_int err;
   uint32_t *got = calloc(r->count, 4);
   cl_mem out =
      clCreateBuffer(r->context, CL_MEM_WRITE_ONLY, r->count * 4ul, NULL, &err);
   cl_ok(r, "buffer", err);
   launch(r, k, 0, out);
   if (!r->cancelled)
      cl_ok(r, "read",
            clEnqueueReadBuffer(r->queue, out, CL_TRUE, 0, r->count * 4ul, got,
                                0, NULL, NULL));
   for (unsigned i = 0; i < r->count && !r->cancelled; i++)
      check_value(r, "the GPU", i, got[i], v);
   clReleaseMemObject(out);
   free(got);
}

/* fork read PAGES == V: a child looks */
static void
do_fork(struct run *r)
{
   fflush(NULL);
   pid_t pid = fork();
   if (!pid) {
      cpu_access(r);
      _exit(0);
   }
   int status;
   waitpid(pid, &status, 0);
   if (!WIFEXITED(status) || WEXITSTATUS(status))
      stop(r, "the child saw something else");
   r->next = r->num_words;
}

/* ---- expectations ---- */

static struct cl_svm_counters_partage
counters(struct run *r)
{
   struct cl_svm_counters_partage c;
   cl_ok(r, "counters",
         clGetDeviceInfo(r->device, CL_DEVICE_SVM_COUNTERS_PARTAGE, sizeof(c),
                         &c, NULL));
   return c;
}

/* expect cancelled | faults|moved|back|replays [<=|>=] N */
static void
check_expectation(struct run *r)
{
   if (take_if(r, "cancelled")) {
      if (!r->cancelled)
         stop(r, "the access was not refused");
      r->cancelled = false;
      return;
   }
   const struct cl_svm_counters_partage *b = &r->before, a = counters(r);
   const char *what = take(r);
   uint64_t got = !strcmp(what, "faults")
                     ? a.faults_read - b->faults_read + a.faults_write -
                          b->faults_write + a.faults_atomic - b->faults_atomic
                  : !strcmp(what, "moved")
                     ? a.pages_to_device - b->pages_to_device
                  : !strcmp(what, "back") ? a.pages_to_host - b->pages_to_host
                  : !strcmp(what, "replays") ? a.replays - b->replays
                                             : (stop(r, "expect what?"), 0);
   bool most = take_if(r, "<="), least = !most && take_if(r, ">=");
   uint64_t n = take_number(r);
   const char *env = getenv("SVM_COUNTS");
   if (env && !strcmp(env, "0"))
      return;
   if (most ? got > n : least ? got < n : got != n)
      stop(r, "%s: %llu, expected %s%llu", what, (unsigned long long)got,
           most    ? "at most "
           : least ? "at least "
                   : "",
           (unsigned long long)n);
}

/* ---- statements ---- */

static void
do_cpu(struct run *r)
{
   cpu_access(r);
}

static void
do_gpu(struct run *r)
{
   gpu_access(r);
}

static const struct {
   const char *word;
   void (*run)(struct run *r);
} statements[] = {
   {"map", do_map},         {"heap", do_heap},       {"svm", do_svm},
   {"munmap", do_munmap},   {"renew", do_renew},     {"move", do_move},
   {"protect", do_protect}, {"clear", do_clear},     {"lock", do_lock},
   {"pipe", do_pipe},       {"migrate", do_migrate}, {"cpu", do_cpu},
   {"gpu", do_gpu},         {"fork", do_fork},
};

static void
run_line(struct run *r, char *line)
{
   line[strcspn(line, "#\n")] = 0;
   r->num_words = r->next = 0;
   for (char *w = strtok(line, " \t"); w; w = strtok(NULL, " \t")) {
      if (r->num_words == MAX_WORDS)
         stop(r, "too many words");
      r->word[r->num_words++] = w;
   }
   if (!r->num_words)
      return;
   r->before = counters(r);
   r->cancelled = false;
   const char *word = take(r);
   unsigned i = 0, n = sizeof(statements) / sizeof(statements[0]);
   while (i < n && strcmp(statements[i].word, word))
      i++;
   if (i == n)
      stop(r, "'%s'?", word);
   statements[i].run(r);
   while (take_if(r, "expect"))
      check_expectation(r);
   if (r->next != r->num_words)
      stop(r, "'%s' was not understood", r->word[r->next]);
   if (r->cancelled)
      stop(r, "the GPU's access was refused");
}

/* ---- the device ---- */

static cl_kernel
kernel(struct run *r, const char *name)
{
   cl_int err;
   cl_kernel k = clCreateKernel(r->program, name, &err);
   cl_ok(r, name, err);
   return k;
}

static void
open_device(struct run *r)
{
   cl_platform_id platform;
   cl_device_svm_capabilities caps = 0;
   cl_int err;
   cl_ok(r, "platform", clGetPlatformIDs(1, &platform, NULL));
   cl_ok(r, "device",
         clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &r->device, NULL));
   clGetDeviceInfo(r->device, CL_DEVICE_SVM_CAPABILITIES, sizeof(caps), &caps,
                   NULL);
   if (!(caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM))
      exit(77);
   r->context = clCreateContext(NULL, 1, &r->device, NULL, NULL, &err);
   cl_ok(r, "context", err);
   r->queue = new_queue(r);
   const char *source = kernels;
   r->program = clCreateProgramWithSource(r->context, 1, &source, NULL, &err);
   cl_ok(r, "program", err);
   cl_ok(r, "build", clBuildProgram(r->program, 1, &r->device, "", NULL, NULL));
   r->put = kernel(r, "put");
   r->add = kernel(r, "add");
   r->inc = kernel(r, "inc");
   r->get = kernel(r, "get");
}

static void
close_device(struct run *r)
{
   cl_kernel all[] = {r->put, r->add, r->inc, r->get};
   for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
      clReleaseKernel(all[i]);
   clReleaseProgram(r->program);
   clReleaseCommandQueue(r->queue);
   clReleaseContext(r->context);
}

int
main(int argc, char **argv)
{
   if (argc != 2) {
      fprintf(stderr, "usage: svm_scenario file.svm\n");
      return 1;
   }
   struct run *r = calloc(1, sizeof(*r));
   r->file = argv[1];
   FILE *f = fopen(r->file, "r");
   if (!f)
      stop(r, "cannot be read");
   alarm(60);
   open_device(r);
   char line[512];
   while (fgets(line, sizeof(line), f)) {
      r->line++;
      run_line(r, line);
   }
   fclose(f);
   close_device(r);
   free(r);
   return 0;
}
