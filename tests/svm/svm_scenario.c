/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Runs a text of memory operations by CPU, GPU and kernel, and checks what each
 * sees and what it costs. Language: docs/testing.md, "SVM scenarios".
 *
 *    svm_scenario file.svm
 *
 * SVM_COUNTS=0: numbers of faults and moves are not compared.
 * Exit status 0: as expected; 1: not; 77: this device has no system SVM. */
#include "svm_scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
   "{ out[get_global_id(0)] = *AT(get_global_id(0)); }\n"
   "kernel void spin(global volatile uint *p, global volatile uint *stop)\n"
   "{ for (stop[1] = 1; !stop[0];) *p = 1; }\n";

void
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

void
skip_scenario(struct run *r, const char *why)
{
   fprintf(stderr, "%s:%u: %s\n", r->file, r->line, why);
   exit(EXIT_SKIP);
}

void
cl_ok(struct run *r, const char *what, cl_int err)
{
   if (err)
      stop(r, "%s: error %d", what, err);
}

/* ---- words ---- */

const char *
take(struct run *r)
{
   if (r->next == r->num_words)
      stop(r, "something is missing at the end of the line");
   return r->word[r->next++];
}

bool
take_if(struct run *r, const char *word)
{
   if (r->next == r->num_words || strcmp(r->word[r->next], word))
      return false;
   r->next++;
   return true;
}

void
want(struct run *r, const char *word)
{
   const char *got = take(r);
   if (strcmp(got, word))
      stop(r, "'%s' where '%s' should be", got, word);
}

uint32_t
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
void
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

char *
page_at(struct run *r, unsigned i)
{
   return r->region->at + (size_t)(r->first + i) * PAGE;
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

static const struct {
   const char *word;
   void (*run)(struct run *r);
} statements[] = {
   {"map", do_map},     {"heap", do_heap},       {"svm", do_svm},
   {"alias", do_alias}, {"munmap", do_munmap},   {"renew", do_renew},
   {"move", do_move},   {"protect", do_protect}, {"clear", do_clear},
   {"lock", do_lock},   {"pin", do_pin},         {"unpin", do_unpin},
   {"pipe", do_pipe},   {"migrate", do_migrate}, {"cpu", do_cpu},
   {"gpu", do_gpu},     {"fork", do_fork},       {"child", do_child},
   {"file", do_file},   {"race", do_race},       {"spin", do_spin},
   {"evict", do_evict}, {"forget", do_forget},   {"free", do_free},
   {"wp", do_wp},       {"vdso", do_vdso},
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
      skip_scenario(r, "no system SVM");
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

/* SVM_PRINT=1: what all of it has cost. */
static void
print_cost(struct run *r)
{
   if (!getenv("SVM_PRINT"))
      return;
   struct cl_svm_counters_partage c = counters(r);
   printf(
      "faults %llu, replays %llu, pages to the device %llu, back %llu\n",
      (unsigned long long)(c.faults_read + c.faults_write + c.faults_atomic),
      (unsigned long long)c.replays, (unsigned long long)c.pages_to_device,
      (unsigned long long)c.pages_to_host);
}

static void
close_device(struct run *r)
{
   print_cost(r);
   cl_kernel all[] = {r->put, r->add, r->inc, r->get};
   for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
      clReleaseKernel(all[i]);
   clReleaseProgram(r->program);
   clReleaseCommandQueue(r->queue);
   clReleaseContext(r->context);
}

/* repeat N ... end */
static void
run_file(struct run *r, FILE *f)
{
   char line[512], rest[512];
   long body = 0;
   unsigned body_line = 0, times = 0, n;
   while (fgets(line, sizeof(line), f)) {
      r->line++;
      if (sscanf(line, " repeat %u", &n) == 1) {
         times = n;
         body = ftell(f);
         body_line = r->line;
      } else if (sscanf(line, " %511s", rest) == 1 && !strcmp(rest, "end")) {
         if (!times)
            stop(r, "end of what?");
         if (--times) {
            fseek(f, body, SEEK_SET);
            r->line = body_line;
         }
      } else {
         run_line(r, line);
      }
   }
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
   run_file(r, f);
   fclose(f);
   close_device(r);
   for (unsigned i = 0; i < r->num_regions; i++)
      if (r->regions[i].heap)
         free(r->regions[i].at);
   free(r);
   return 0;
}
