/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* builtins FILE.cl...: runs every kernel of the files on the card and, from the
 * same bitcode, on the host (clc_host.h), with the same random arguments, and
 * compares what lies in memory afterwards. So clc's output is given; nvir,
 * driver and card are on trial.
 *
 * builtins_run.py writes the files. The comment before a kernel says what its
 * arguments may be: any, small (0 to 2), or range (0 to 100, for conversions).
 * All its parameters are pointers to global or constant memory. */
#define CL_TARGET_OPENCL_VERSION 300
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>

#include "compiler/clc/clc_ops.h"
#include "compiler/clc/test/clc_host.h"
#include "util/test/test_random.h"
#include "util/util_buf.h"
#include "util/util_macros.h"

#define OPTIONS  "-cl-std=CL3.0"
#define BUFFER_B 512
#define MAX_ARGS 16
/* Of divisions and the like, after a function's worth of amplification. */
#define MAX_ULP 64

struct card {
   cl_device_id device;
   cl_context context;
   cl_command_queue queue;
};

/* One file, in both forms. */
struct program {
   const char *path;
   char *source;
   struct clc_program_info info;
   struct clc_host_program *host;
   cl_program card;
};

enum fill {
   FILL_ANY,
   FILL_SMALL,
   FILL_RANGE
};

struct arg {
   enum {
      ARG_FLOAT,
      ARG_INTEGER
   } kind;
   unsigned element_B;
   unsigned compared_B; /* a third of nothing follows a vector of three */
   unsigned char host[BUFFER_B] __attribute__((aligned(256)));
   unsigned char card[BUFFER_B] __attribute__((aligned(256)));
};

static struct arg args[MAX_ARGS];
static uint64_t random_state;
static unsigned num_kernels, num_bad;

static void
check(cl_int err, const char *what)
{
   if (err) {
      fprintf(stderr, "builtins: %s: %d\n", what, err);
      exit(1);
   }
}

/* ---- arguments ---- */

static void
describe(struct arg *arg, const char *type)
{
   bool is_float = !strncmp(type, "half", 4) || !strncmp(type, "float", 5) ||
                   !strncmp(type, "double", 6);
   size_t length = strlen(type);
   arg->kind = is_float ? ARG_FLOAT : ARG_INTEGER;
   arg->element_B = strstr(type, "char")                            ? 1
                    : strstr(type, "short") || strstr(type, "half") ? 2
                    : strstr(type, "long") || strstr(type, "double") ||
                          strstr(type, "size_t") || strstr(type, "ptr")
                       ? 8
                       : 4;
   arg->compared_B =
      length > 1 && type[length - 2] == '3' ? 3 * arg->element_B : BUFFER_B;
}

static double
random_float(enum fill fill)
{
   double unit = (test_rng(&random_state) >> 11) * 0x1p-53;
   if (fill == FILL_SMALL)
      return test_rng(&random_state) % 3;
   if (fill == FILL_RANGE)
      return unit * 100;
   switch (test_rng(&random_state) % 8) {
   case 0:
      return 0;
   case 1:
      return test_rng(&random_state) % 2 ? INFINITY : -INFINITY;
   case 2:
      return NAN;
   case 3:
      return (double)(test_rng(&random_state) % 2001) - 1000;
   case 4:
      return 2 * unit - 1;
   case 5:
      return (2 * unit - 1) * 1e4;
   default:
      return (2 * unit - 1) * 10;
   }
}

static uint64_t
random_integer(enum fill fill)
{
   if (fill == FILL_SMALL)
      return test_rng(&random_state) % 3;
   uint64_t v = test_rng(&random_state);
   switch (test_rng(&random_state) % 8) {
   case 0:
      return -1ull;
   case 1:
   case 2:
      return v % 40;
   default:
      return v;
   }
}

static void
fill_arg(struct arg *arg, enum fill fill)
{
   for (unsigned at = 0; at < BUFFER_B; at += arg->element_B) {
      double d = random_float(fill);
      float f = d;
      _Float16 h = d;
      uint64_t v = random_integer(fill);
      const void *from = arg->kind == ARG_INTEGER ? (void *)&v
                         : arg->element_B == 2    ? (void *)&h
                         : arg->element_B == 4    ? (void *)&f
                                                  : &d;
      memcpy(arg->host + at, from, arg->element_B);
   }
   memcpy(arg->card, arg->host, BUFFER_B);
}

/* ---- comparison ---- */

static double
read_float(const unsigned char *p, unsigned size_B)
{
   _Float16 h;
   float f;
   double d;
   memcpy(&h, p, 2);
   if (size_B == 2)
      return h;
   memcpy(&f, p, 4);
   if (size_B == 4)
      return f;
   memcpy(&d, p, 8);
   return d;
}

static bool
same_float(double a, double b, unsigned size_B)
{
   if (a == b || (isnan(a) && isnan(b)))
      return true;
   /* Subnormal floats may be flushed. */
   if (size_B == 4 && fabs(a) < 0x1p-125 && fabs(b) < 0x1p-125)
      return true;
   /* Halves are rounded from floats. */
   if (size_B == 2)
      return fabs(a - b) <= fmax(0x1p-24, 0x1p-10 * fabs(a));
   double ulp = size_B == 4 ? 0x1p-23 : 0x1p-52;
   return fabs(a - b) <= MAX_ULP * ulp * fabs(a);
}

static bool
same_arg(const struct arg *arg)
{
   if (arg->kind == ARG_INTEGER)
      return memcmp(arg->host, arg->card, arg->compared_B) == 0;
   for (unsigned at = 0; at < arg->compared_B; at += arg->element_B)
      if (!same_float(read_float(arg->host + at, arg->element_B),
                      read_float(arg->card + at, arg->element_B),
                      arg->element_B))
         return false;
   return true;
}

static void
report(const struct program *p, const struct clc_kernel *kernel, unsigned index)
{
   num_bad++;
   printf("%s: %s differs in %s (%s)\n", p->path, kernel->name,
          kernel->args[index].name, kernel->args[index].type_name);
   for (unsigned i = 0; i < kernel->num_args; i++) {
      const uint32_t *host = (const void *)args[i].host;
      const uint32_t *card = (const void *)args[i].card;
      printf("   %-7s host %08x %08x %08x %08x  card %08x %08x %08x %08x\n",
             kernel->args[i].name, host[0], host[1], host[2], host[3], card[0],
             card[1], card[2], card[3]);
   }
}

/* ---- running ---- */

static enum fill
kernel_fill(const struct program *p, const struct clc_kernel *kernel)
{
   static const char *const words[] = {"any", "small", "range"};
   for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
      char text[128];
      snprintf(text, sizeof(text), "/* %s */\nkernel void %s(", words[i],
               kernel->name);
      if (strstr(p->source, text))
         return i;
   }
   fprintf(stderr, "builtins: %s: no word for %s\n", p->path, kernel->name);
   exit(1);
}

static void
prepare_args(const struct clc_kernel *kernel, enum fill fill)
{
   for (unsigned i = 0; i < kernel->num_args; i++) {
      describe(&args[i], kernel->args[i].type_name);
      fill_arg(&args[i], fill);
   }
}

static void
run_on_host(struct program *p, const struct clc_kernel *kernel)
{
   unsigned char block[MAX_ARGS * 8];
   for (unsigned i = 0; i < kernel->num_args; i++) {
      void *pointer = args[i].host;
      memcpy(block + kernel->args[i].offset_B, &pointer, 8);
   }
   struct clc_host_launch launch = {.kernel = kernel->name,
                                    .args = block,
                                    .args_size_B = kernel->args_size_B};
   clc_host_run(p->host, &launch);
}

static void
run_on_card(struct card *card, struct program *p,
            const struct clc_kernel *kernel)
{
   cl_int err;
   size_t one = 1;
   cl_kernel k = clCreateKernel(p->card, kernel->name, &err);
   check(err, kernel->name);
   for (unsigned i = 0; i < kernel->num_args; i++)
      check(clSetKernelArgSVMPointer(k, i, args[i].card), kernel->name);
   check(clEnqueueNDRangeKernel(card->queue, k, 1, NULL, &one, &one, 0, NULL,
                                NULL),
         kernel->name);
   check(clFinish(card->queue), kernel->name);
   clReleaseKernel(k);
}

static void
run_kernel(struct card *card, struct program *p,
           const struct clc_kernel *kernel)
{
   if (kernel->num_args > MAX_ARGS)
      return;
   num_kernels++;
   enum fill fill = kernel_fill(p, kernel);
   for (unsigned round = 0; round < 2; round++) {
      prepare_args(kernel, fill);
      run_on_host(p, kernel);
      run_on_card(card, p, kernel);
      for (unsigned i = 0; i < kernel->num_args; i++) {
         if (!same_arg(&args[i])) {
            report(p, kernel, i);
            return;
         }
      }
   }
}

/* ---- programs ---- */

static char *
read_file(const char *path)
{
   FILE *f = fopen(path, "rb");
   if (!f) {
      perror(path);
      exit(1);
   }
   struct util_buf buf;
   char block[4096];
   util_buf_init(&buf);
   for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
      util_buf_append(&buf, block, n);
   fclose(f);
   return util_buf_steal(&buf);
}

static void
build_for_host(struct program *p)
{
   const struct clc_ops *clc = clc_get_ops();
   struct clc_compile_args compile = {.source = p->source,
                                      .options = OPTIONS,
                                      .chipset = 0x134};
   struct clc_blob object, linked;
   char *log;
   check(clc->compile(&compile, &object, &log), p->path);
   free(log);
   const struct clc_blob *objects[] = {&object};
   check(clc->link(objects, 1, OPTIONS, false, &linked, &log), p->path);
   free(log);
   check(clc->info(&linked, &p->info), p->path);
   p->host = clc_host_create(&linked);
   free(object.data);
   free(linked.data);
}

static void
build_for_card(struct card *card, struct program *p)
{
   cl_int err;
   p->card = clCreateProgramWithSource(card->context, 1,
                                       (const char **)&p->source, NULL, &err);
   check(err, p->path);
   err = clBuildProgram(p->card, 1, &card->device, OPTIONS, NULL, NULL);
   if (err) {
      char log[4096] = "";
      clGetProgramBuildInfo(p->card, card->device, CL_PROGRAM_BUILD_LOG,
                            sizeof(log), log, NULL);
      fprintf(stderr, "%s\n", log);
   }
   check(err, p->path);
}

static void
run_file(struct card *card, const char *path)
{
   struct program p = {.path = path, .source = read_file(path)};
   build_for_host(&p);
   build_for_card(card, &p);
   for (unsigned k = 0; k < p.info.num_kernels; k++)
      run_kernel(card, &p, &p.info.kernels[k]);
   clReleaseProgram(p.card);
   clc_host_destroy(p.host);
   clc_get_ops()->info_finish(&p.info);
   free(p.source);
}

static void
open_card(struct card *card)
{
   cl_platform_id platform;
   cl_int err;
   char name[32] = "";
   check(clGetPlatformIDs(1, &platform, NULL), "no platform");
   check(
      clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof(name), name, NULL),
      "platform");
   check(strcmp(name, "partage"), name); /* not somebody else's card */
   check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &card->device, NULL),
         "no device");
   card->context = clCreateContext(NULL, 1, &card->device, NULL, NULL, &err);
   check(err, "context");
   card->queue = clCreateCommandQueueWithProperties(card->context, card->device,
                                                    NULL, &err);
   check(err, "queue");
}

int
main(int argc, char **argv)
{
   struct card card;
   random_state = test_rng_state(test_seed());
   open_card(&card);
   for (int i = 1; i < argc; i++)
      run_file(&card, argv[i]);
   clReleaseCommandQueue(card.queue);
   clReleaseContext(card.context);
   printf("%u kernels, %u differ\n", num_kernels, num_bad);
   return num_bad || !num_kernels ? 1 : 0;
}
