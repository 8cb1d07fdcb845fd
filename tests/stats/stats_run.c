/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Runs the kernels of tests/stats on the first GPU of whatever OpenCL driver
 * there is, so that the card's own numbers (NVSIM_DEBUG=stats) can be compared
 * between compilers. bin/sass-stats drives it.
 *
 *   stats_run FILE.cl [KERNEL]
 *
 * A line "// run KERNEL global X[,Y] local X[,Y] args …" in the source says how
 * to launch it. Arguments: fN uN pN a buffer of N random floats, integers,
 * small integers in 64 bits; FN UN DN N words that the kernel writes, as
 * floats, integers, doubles; lN N bytes of local memory; iN an integer; sX a
 * float. Prints "KERNEL sum" for each, the sum over what it wrote. */
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS /* clCreateCommandQueue */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>

#define MAX_ARGS 16

struct output {
   cl_mem mem;
   char kind;
   size_t words;
};

struct run {
   cl_context context;
   cl_command_queue queue;
   cl_program program;
   cl_mem buffers[MAX_ARGS];
   unsigned num_buffers;
   struct output outputs[MAX_ARGS];
   unsigned num_outputs;
};

static void
check(cl_int err, const char *what)
{
   if (err == CL_SUCCESS)
      return;
   fprintf(stderr, "stats_run: %s: error %d\n", what, err);
   exit(1);
}

static uint32_t
next_random(void)
{
   static uint32_t x = 1;
   x = x * 1664525 + 1013904223;
   return x >> 8 ^ x << 13;
}

static char *
read_file(const char *path)
{
   FILE *f = fopen(path, "r");
   char *text = calloc(1, 1 << 20);
   if (!f || !text || !fread(text, 1, (1 << 20) - 1, f)) {
      perror(path);
      exit(1);
   }
   fclose(f);
   return text;
}

static void
fill(char kind, void *data, size_t words)
{
   uint32_t *u = data;
   for (size_t i = 0; i < words; i++) {
      float f = (next_random() & 0xffff) / 65536.f;
      if (kind == 'f')
         memcpy(&u[i], &f, 4);
      else if (kind == 'u')
         u[i] = next_random();
      else if (kind == 'p')
         u[i] = i & 1 ? 0 : next_random() & 0xffff;
   }
}

static cl_mem
add_buffer(struct run *r, char kind, size_t words)
{
   cl_int err;
   void *data = calloc(words, 4);
   fill(kind, data, words);
   cl_mem m =
      clCreateBuffer(r->context, CL_MEM_COPY_HOST_PTR, words * 4, data, &err);
   check(err, "clCreateBuffer");
   free(data);
   r->buffers[r->num_buffers++] = m;
   if (strchr("FUD", kind))
      r->outputs[r->num_outputs++] = (struct output){m, kind, words};
   return m;
}

static void
set_arg(struct run *r, cl_kernel k, unsigned n, const char *word)
{
   cl_int i = atoi(word + 1);
   cl_float f = atof(word + 1);
   if (word[0] == 'l') {
      check(clSetKernelArg(k, n, i, NULL), word);
   } else if (word[0] == 'i') {
      check(clSetKernelArg(k, n, sizeof(i), &i), word);
   } else if (word[0] == 's') {
      check(clSetKernelArg(k, n, sizeof(f), &f), word);
   } else {
      cl_mem m = add_buffer(r, word[0], i);
      check(clSetKernelArg(k, n, sizeof(m), &m), word);
   }
}

static double
sum_output(struct run *r, const struct output *o)
{
   double sum = 0;
   uint32_t *u = malloc(o->words * 4);
   check(clEnqueueReadBuffer(r->queue, o->mem, CL_TRUE, 0, o->words * 4, u, 0,
                             NULL, NULL),
         "clEnqueueReadBuffer");
   for (size_t i = 0; i < o->words; i++) {
      float f;
      double d = 0;
      memcpy(&f, &u[i], 4);
      if (o->kind == 'D' && !(i & 1))
         memcpy(&d, &u[i], 8);
      sum += o->kind == 'F' ? f : o->kind == 'D' ? d : u[i];
   }
   free(u);
   return sum;
}

static unsigned
parse_sizes(const char *text, size_t size[2])
{
   char *end;
   size[0] = strtoul(text, &end, 0);
   if (*end != ',')
      return 1;
   size[1] = strtoul(end + 1, NULL, 0);
   return 2;
}

/* `line` is a copy of what follows "// run ". */
static void
run_line(struct run *r, char *line, const char *only)
{
   cl_int err;
   size_t global[2], local[2];
   char *save, *name = strtok_r(line, " ", &save);
   if (only && strcmp(name, only))
      return;
   cl_kernel k = clCreateKernel(r->program, name, &err);
   check(err, name);
   strtok_r(NULL, " ", &save);
   unsigned dim = parse_sizes(strtok_r(NULL, " ", &save), global);
   strtok_r(NULL, " ", &save);
   parse_sizes(strtok_r(NULL, " ", &save), local);
   strtok_r(NULL, " ", &save);
   unsigned n = 0;
   for (char *w; (w = strtok_r(NULL, " ", &save)) && n < MAX_ARGS;)
      set_arg(r, k, n++, w);
   check(clEnqueueNDRangeKernel(r->queue, k, dim, NULL, global, local, 0, NULL,
                                NULL),
         name);
   check(clFinish(r->queue), name);
   double sum = 0;
   for (unsigned i = 0; i < r->num_outputs; i++)
      sum += sum_output(r, &r->outputs[i]);
   printf("%s %.9g\n", name, sum);
   for (unsigned i = 0; i < r->num_buffers; i++)
      clReleaseMemObject(r->buffers[i]);
   r->num_buffers = r->num_outputs = 0;
   clReleaseKernel(k);
}

static void
build(struct run *r, const char *source)
{
   cl_platform_id platform;
   cl_device_id device;
   cl_int err;
   check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
   check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_GPU, 1, &device, NULL),
         "clGetDeviceIDs");
   r->context = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
   check(err, "clCreateContext");
   r->queue = clCreateCommandQueue(r->context, device, 0, &err);
   check(err, "clCreateCommandQueue");
   r->program = clCreateProgramWithSource(r->context, 1, &source, NULL, &err);
   check(err, "clCreateProgramWithSource");
   check(clBuildProgram(r->program, 1, &device, "", NULL, NULL),
         "clBuildProgram");
}

int
main(int argc, char **argv)
{
   struct run r = {0};
   if (argc < 2 || argc > 3) {
      fprintf(stderr, "usage: stats_run FILE.cl [KERNEL]\n");
      return 2;
   }
   char *source = read_file(argv[1]);
   build(&r, source);
   for (char *at = source; (at = strstr(at, "// run "));) {
      at += strlen("// run ");
      char *line = strndup(at, strcspn(at, "\n"));
      run_line(&r, line, argc > 2 ? argv[2] : NULL);
      free(line);
   }
   clReleaseProgram(r.program);
   clReleaseCommandQueue(r.queue);
   clReleaseContext(r.context);
   free(source);
   return 0;
}
