/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The computations of tests/e2e/ops.inc once more, compiled by the peer. Each
 * is a program of its own, so that one that the peer cannot compile does not
 * hide the rest. */
#include "client.h"
#include "ops_text.h" /* ops_text */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS 1024

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;

static uint
as_uint(float f)
{
   uint u;
   memcpy(&u, &f, 4);
   return u;
}

static ulong
as_ulong(double d)
{
   ulong u;
   memcpy(&u, &d, 8);
   return u;
}

#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#define OP(name, type) static void cpu_##name(const type *in, type *out, uint i)
#include "../e2e/ops.inc"
#undef OP

struct op {
   const char *name, *type;
   size_t size_B;
   void (*run)(const void *in, void *out, uint i);
};

#define OP(name, type)                                                         \
   static void call_##name(const void *in, void *out, uint i)                  \
   {                                                                           \
      cpu_##name(in, out, i);                                                  \
   }
#include "ops_list.h"
#undef OP

static const struct op ops[] = {
#define OP(name, type) {#name, #type, sizeof(type), call_##name},
#include "ops_list.h"
#undef OP
};

/* Mesa's defects. */
struct defect {
   const char *name;
   bool clover, clover_svm, rusticl;
};

static const struct defect defects[] = {
   {"collatz", .clover = true,
    .clover_svm = true}, /* loses the assignments to v */
   /* irreducible control flow: wrong results, or a loop without an end */
   {"goto_into_loops", .clover = true, .clover_svm = true, .rusticl = true},
   {"f64_div", .clover = true,
    .clover_svm = true},               /* a * (1 / b), off by one unit */
   {"private_bytes", .rusticl = true}, /* its compiler crashes */
   /* A register that holds 0 is overwritten by an address's high word, which is
    * 0 without SVM. */
   {"u64_div_small", .clover_svm = true},
   {"sum_of_products", .clover_svm = true}, /* n's high word: without end */
   {"sum_of_cubes", .clover_svm = true},
   {NULL},
};

static bool
is_float(const struct op *op)
{
   return !strcmp(op->type, "float") || !strcmp(op->type, "double");
}

static bool
is_expected_to_fail(const struct client *c, const struct op *op)
{
   for (const struct defect *d = defects; d->name; d++)
      if (!strcmp(d->name, op->name))
         return c->raw_pointers ? d->clover_svm
                : c->clover     ? d->clover
                                : d->rusticl;
   return false;
}

/* Finite numbers of moderate size, exact in float: what is to be proved is the
 * card's arithmetic, not how the peer treats denormals. */
static void
fill(const struct op *op, void *in, uint64_t *seed)
{
   static const uint32_t edges[] = {0,          1,          2,    0xffffffff,
                                    0x80000000, 0x7fffffff, 0xff, 0x10000};
   for (unsigned i = 0; i < ITEMS + 2; i++) {
      uint32_t r = next_random(seed), how = next_random(seed);
      uint32_t word = how % 8 ? r >> (how >> 8 & 7) : edges[r % 8];
      float f = ldexpf((int32_t)r >> 8, (int)(how % 40) - 44);
      uint64_t whole = (uint64_t)r << (how % 33) ^ word * 77ul;
      double d = f * (1 + 1e-9);
      if (!strcmp(op->type, "float"))
         memcpy((char *)in + 4 * i, &f, 4);
      else if (!strcmp(op->type, "double"))
         memcpy((char *)in + 8 * i, &d, 8);
      else
         memcpy((char *)in + op->size_B * i,
                op->size_B == 8 ? (void *)&whole : (void *)&word, op->size_B);
   }
}

/* The head that makes a kernel of an OP, and that OP's text. */
static void
make_source(const struct op *op, char *out, size_t size_B)
{
   char head[64];
   snprintf(head, sizeof(head), "\nOP(%s, %s)", op->name, op->type);
   const char *begin = strstr(ops_text, head);
   if (!begin)
      fail("%s is not in ops.inc", op->name);
   const char *end = strstr(begin + 1, "\nOP("), *part = strstr(begin, "\n/*");
   if (!end || (part && part < end))
      end = part ? part : begin + strlen(begin);
   snprintf(out, size_B,
            "#pragma OPENCL FP_CONTRACT OFF\n"
            "#define OP(name, type) kernel void k(global const type *in, "
            "global type *out)\n"
            "%.*s",
            (int)(end - begin), begin);
   char *body = strchr(strstr(out, "\nOP("), '{');
   static const char id[] = " uint i = get_global_id(0); ";
   memmove(body + 1 + strlen(id), body + 1, strlen(body + 1) + 1);
   memcpy(body + 1, id, strlen(id));
}

static bool
same(const struct op *op, const void *a, const void *b)
{
   if (!strcmp(op->type, "double") && isnan(*(const double *)a))
      return isnan(*(const double *)b);
   if (is_float(op) && op->size_B == 4 && isnan(*(const float *)a))
      return isnan(*(const float *)b);
   return !memcmp(a, b, op->size_B);
}

/* How many results are wrong; the first is printed. */
static unsigned
run_op(struct client *c, const struct op *op, uint64_t *seed)
{
   static char source[16384];
   static uint64_t in[ITEMS + 2], want[ITEMS], got[ITEMS];
   fill(op, in, seed);
   make_source(op, source, sizeof(source));
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, in, (ITEMS + 2) * op->size_B);
   cl_mem b = buffer_of(c, NULL, ITEMS * op->size_B);
   call_buffer(&call, a);
   call_buffer(&call, b);
   call_run1(&call, ITEMS, 64);
   buffer_take(c, b, got, ITEMS * op->size_B);
   clReleaseMemObject(a);
   unsigned wrong = 0;
   for (unsigned i = 0; i < ITEMS; i++) {
      const char *w = (char *)want + i * op->size_B;
      const char *g = (char *)got + i * op->size_B;
      op->run(in, want, i);
      if (same(op, w, g) || wrong++)
         continue;
      unsigned long gv = 0, wv = 0;
      memcpy(&gv, g, op->size_B);
      memcpy(&wv, w, op->size_B);
      printf("%s: [%u] is %lx, not %lx\n", op->name, i, gv, wv);
   }
   return wrong;
}

void
all_ops(struct client *c)
{
   const char *only = getenv("MESA_OP");
   uint64_t seed = 17;
   unsigned failed = 0;
   for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
      bool is_double = strstr(ops[i].name, "f64") != NULL;
      if (is_double && !c->doubles)
         continue;
      if (only ? strcmp(only, ops[i].name) : is_expected_to_fail(c, &ops[i]))
         continue;
      failed += run_op(c, &ops[i], &seed) != 0;
   }
   if (failed)
      fail("%u of the computations", failed);
}
