/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Builtins that move memory, in all their types and widths: halves with every
 * rounding, asynchronous copies, prefetch; and variables at program scope. */
#include "e2e.h"

#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* ---- a program of many kernels, built in pieces ---- */

struct buffers {
   struct e2e *e;
   cl_mem in, out;
   size_t in_B, out_B;
};

static void
buffers_init(struct buffers *b, struct e2e *e, const void *in, size_t in_B,
             size_t out_B)
{
   cl_int err;
   *b = (struct buffers){.e = e, .in_B = in_B, .out_B = out_B};
   b->in =
      clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, in_B, (void *)in, &err);
   OK(err);
   b->out = clCreateBuffer(e->context, 0, out_B, NULL, &err);
   OK(err);
}

static void
buffers_finish(struct buffers *b)
{
   clReleaseMemObject(b->in);
   clReleaseMemObject(b->out);
}

/* Kernel `name` of the program with (in, out), which is 0xee before. */
static void
run(struct buffers *b, cl_program p, const char *name, size_t items,
    size_t group, void *out)
{
   static const uint8_t before = 0xee;
   cl_int err;
   cl_kernel k = clCreateKernel(p, name, &err);
   OK(err);
   e2e_arg(k, 0, sizeof(cl_mem), &b->in);
   e2e_arg(k, 1, sizeof(cl_mem), &b->out);
   OK(clEnqueueFillBuffer(b->e->queue, b->out, &before, 1, 0, b->out_B, 0, NULL,
                          NULL));
   OK(e2e_launch(b->e->queue, k, items, group, NULL));
   OK(clEnqueueReadBuffer(b->e->queue, b->out, CL_TRUE, 0, b->out_B, out, 0,
                          NULL, NULL));
   clReleaseKernel(k);
}

/* ---- halves ---- */

#define HALF_ITEMS 64
#define HALF_IN    (HALF_ITEMS * 16)

static const unsigned widths[] = {1, 2, 3, 4, 8, 16};
static const char *const roundings[] = {"", "_rte", "_rtz", "_rtp", "_rtn"};

/* What is left of `x` (in units of the last place) is cut off or not. */
static double
round_units(double x, const char *rounding)
{
   switch (rounding[0] ? rounding[3] : 'e') {
   case 'e':
      return nearbyint(x);
   case 'z':
      return trunc(x);
   case 'p':
      return ceil(x);
   default:
      return floor(x);
   }
}

static uint16_t
to_half(double x, const char *rounding)
{
   uint16_t sign = signbit(x) ? 0x8000 : 0;
   int exponent;
   if (isnan(x))
      return 0x7e00;
   if (isinf(x) || x == 0)
      return sign | (x == 0 ? 0 : 0x7c00);
   frexp(x, &exponent);
   exponent = exponent < -13 ? -13 : exponent; /* subnormals */
   double units = fabs(round_units(ldexp(x, 11 - exponent), rounding));
   double value = ldexp(units, exponent - 11);
   if (value >= 65536) { /* too large: infinity, or the largest number */
      char way = rounding[0] ? rounding[3] : 'e';
      bool away = way == 'e' || (way == 'p' && !sign) || (way == 'n' && sign);
      return sign | (away ? 0x7c00 : 0x7bff);
   }
   if (value < ldexp(1, -14))
      return sign | (uint16_t)ldexp(value, 24);
   frexp(value, &exponent);
   return sign | ((exponent + 14) << 10 |
                  ((uint16_t)ldexp(value, 11 - exponent) & 0x3ff));
}

static float
from_half(uint16_t h)
{
   int exponent = h >> 10 & 31, fraction = h & 0x3ff;
   float v = exponent == 31  ? (fraction ? NAN : INFINITY)
             : exponent == 0 ? ldexpf(fraction, -24)
                             : ldexpf(fraction | 0x400, exponent - 25);
   return h & 0x8000 ? -v : v;
}

static double
random_number(uint32_t *seed)
{
   static const double ends[] = {
      0,      -0.0,    INFINITY, -INFINITY, NAN,    65504,       65519.9, 65520,
      -65520, 0x1p-24, 0x1p-25,  0x1.8p-25, -1e-30, 0x1.ffcp-15, 0x1p-14, 1};
   uint32_t r = e2e_rand(seed);
   if (r % 4 == 0)
      return ends[r / 4 % COUNT(ends)];
   double x =
      ldexp(1 + (e2e_rand(seed) & 0xffff) / 65536.0, (int)(r / 4 % 44) - 27);
   return r & 1 << 20 ? -x : x;
}

static const char half_source[] =
   "#define STORE(A, N, R)                                                  \\\n"
   "   kernel void store##A##N##R(global const T *in, global half *out)     \\\n"
   "   {                                                                    \\\n"
   "      size_t i = get_global_id(0);                                      \\\n"
   "      vstore##A##_half##N##R(vload##N(i, in), i, out);                  \\\n"
   "   }\n"
   "#define LOAD(A, N)                                                      \\\n"
   "   kernel void load##A##N(global const half *in, global float *out)     \\\n"
   "   {                                                                    \\\n"
   "      size_t i = get_global_id(0);                                      \\\n"
   "      vstore##N(vload##A##_half##N(i, in), i, out);                     \\\n"
   "   }\n"
   "#define ALL(A, N) LOAD(A, N) STORE(A, N, ) STORE(A, N, _rte)            \\\n"
   "   STORE(A, N, _rtz) STORE(A, N, _rtp) STORE(A, N, _rtn)\n"
   "#define vload(i, p) (p)[i]\n"
   "#define vstore(v, i, p) (p)[i] = v\n"
   "ALL(, ) ALL(, 2) ALL(, 3) ALL(, 4) ALL(, 8) ALL(, 16)\n"
   "ALL(a, 2) ALL(a, 3) ALL(a, 4) ALL(a, 8) ALL(a, 16)\n";

/* Of three, those aligned lie in four. */
static unsigned
stride_of(unsigned width, bool aligned)
{
   return width == 3 && aligned ? 4 : width;
}

static void
kernel_name(char *name, const char *what, bool aligned, unsigned width,
            const char *rounding)
{
   char n[12] = "";
   if (width > 1)
      sprintf(n, "%u", width);
   sprintf(name, "%s%s%s%s", what, aligned ? "a" : "", n, rounding);
}

static void
check_stores(struct buffers *b, cl_program p, bool aligned, unsigned width,
             const double *in)
{
   uint16_t out[HALF_IN];
   char name[48];
   unsigned stride = stride_of(width, aligned);
   for (unsigned r = 0; r < COUNT(roundings); r++) {
      kernel_name(name, "store", aligned, width, roundings[r]);
      run(b, p, name, HALF_ITEMS, 0, out);
      for (unsigned i = 0; i < HALF_ITEMS * width; i++) {
         uint16_t got = out[i / width * stride + i % width];
         uint16_t want = to_half(in[i], roundings[r]);
         if (got != want && !(isnan(in[i]) && isnan(from_half(got))))
            fail_msg("%s of %a: %x, want %x", name, in[i], got, want);
      }
   }
}

static void
check_loads(struct buffers *b, cl_program p, bool aligned, unsigned width,
            const uint16_t *in)
{
   float out[HALF_IN];
   char name[48];
   unsigned stride = stride_of(width, aligned);
   kernel_name(name, "load", aligned, width, "");
   run(b, p, name, HALF_ITEMS, 0, out);
   for (unsigned i = 0; i < HALF_ITEMS * width; i++) {
      float want = from_half(in[i / width * stride + i % width]);
      if (out[i] != want && !(isnan(want) && isnan(out[i])))
         fail_msg("%s: %a, want %a", name, out[i], want);
   }
}

static void
check_halves(struct e2e *e, bool is_double, uint32_t *seed)
{
   double in[HALF_IN];
   float floats[HALF_IN];
   uint16_t halves[HALF_IN];
   struct buffers stores, loads;
   for (unsigned i = 0; i < HALF_IN; i++) {
      in[i] = random_number(seed);
      floats[i] = in[i];
      if (!is_double)
         in[i] = floats[i];
      halves[i] = e2e_rand(seed);
   }
   cl_program p = e2e_program(
      e, half_source,
      is_double ? "-cl-std=CL3.0 -DT=double" : "-cl-std=CL3.0 -DT=float");
   buffers_init(&stores, e, is_double ? (void *)in : floats,
                is_double ? sizeof(in) : sizeof(floats), sizeof(halves));
   buffers_init(&loads, e, halves, sizeof(halves), sizeof(floats));
   for (unsigned w = 0; w < COUNT(widths); w++)
      for (unsigned aligned = 0; aligned < 2; aligned++) {
         if (aligned && widths[w] == 1)
            continue;
         check_stores(&stores, p, aligned, widths[w], in);
         if (!is_double)
            check_loads(&loads, p, aligned, widths[w], halves);
      }
   buffers_finish(&stores);
   buffers_finish(&loads);
   clReleaseProgram(p);
}

static void
test_halves(void **state)
{
   uint32_t seed = e2e_seed();
   check_halves(*state, false, &seed);
   check_halves(*state, true, &seed);
}

/* ---- asynchronous copies ---- */

#define ELEMENTS   37 /* a group copies; no multiple of its size */
#define GROUPS     3
#define GROUP      32
#define ELEMENT_B  128 /* the largest */
#define IN_STEP    3
#define OUT_STEP   2
#define COPY_IN_B  (GROUPS * ELEMENTS * IN_STEP * ELEMENT_B)
#define COPY_OUT_B (GROUPS * ELEMENTS * OUT_STEP * ELEMENT_B)

static const char copy_source[] =
   "#define N 37\n"
   "#define COPY(T)                                                         \\\n"
   "   kernel void copy_##T(global const T *in, global T *out)              \\\n"
   "   {                                                                    \\\n"
   "      local T room[N];                                                  \\\n"
   "      size_t at = get_group_id(0) * N;                                  \\\n"
   "      prefetch(in + at, N);                                             \\\n"
   "      event_t e = async_work_group_copy(room, in + at, N, 0);           \\\n"
   "      wait_group_events(1, &e);                                         \\\n"
   "      e = async_work_group_copy(out + at, room, N, 0);                  \\\n"
   "      wait_group_events(1, &e);                                         \\\n"
   "   }                                                                    \\\n"
   "   kernel void stride_##T(global const T *in, global T *out)            \\\n"
   "   {                                                                    \\\n"
   "      local T room[N];                                                  \\\n"
   "      size_t at = get_group_id(0) * N;                                  \\\n"
   "      event_t e[2];                                                     \\\n"
   "      e[0] = async_work_group_strided_copy(room, in + at * 3, N, 3, 0); \\\n"
   "      e[1] = e[0];                                                      \\\n"
   "      wait_group_events(2, e);                                          \\\n"
   "      e[0] = async_work_group_strided_copy(out + at * 2, room, N, 2,    \\\n"
   "                                           e[1]);                       \\\n"
   "      wait_group_events(1, e);                                          \\\n"
   "   }\n"
   "#define ALL(T) COPY(T) COPY(T##2) COPY(T##3) COPY(T##4) COPY(T##8)      \\\n"
   "               COPY(T##16)\n"
   "#define EACH(T) ALL(T)\n"
   "EACH(TYPE)\n";

static void
check_copy(struct buffers *b, cl_program p, const char *type, unsigned size_B,
           const uint8_t *in)
{
   uint8_t *out = malloc(COPY_OUT_B);
   char name[48];
   sprintf(name, "copy_%s", type);
   run(b, p, name, GROUPS * GROUP, GROUP, out);
   if (memcmp(in, out, GROUPS * ELEMENTS * size_B) ||
       out[GROUPS * ELEMENTS * size_B] != 0xee)
      fail_msg("%s", name);
   sprintf(name, "stride_%s", type);
   run(b, p, name, GROUPS * GROUP, GROUP, out);
   for (unsigned i = 0; i < GROUPS * ELEMENTS; i++) {
      const uint8_t *to = out + i * OUT_STEP * size_B;
      if (memcmp(in + i * IN_STEP * size_B, to, size_B))
         fail_msg("%s: element %u", name, i);
      for (unsigned k = size_B; k < OUT_STEP * size_B; k++)
         if (to[k] != 0xee)
            fail_msg("%s: written behind element %u", name, i);
   }
   free(out);
}

static void
test_async_copies(void **state)
{
   static const struct {
      const char *name;
      unsigned size_B;
   } types[] = {{"char", 1}, {"uchar", 1}, {"short", 2}, {"ushort", 2},
                {"int", 4},  {"uint", 4},  {"long", 8},  {"ulong", 8},
                {"half", 2}, {"float", 4}, {"double", 8}};
   struct e2e *e = *state;
   uint8_t *in = malloc(COPY_IN_B);
   uint32_t seed = e2e_seed();
   struct buffers b;
   for (unsigned i = 0; i < COPY_IN_B; i++)
      in[i] = e2e_rand(&seed);
   buffers_init(&b, e, in, COPY_IN_B, COPY_OUT_B);
   for (unsigned t = 0; t < COUNT(types); t++) {
      char options[64];
      sprintf(options, "-cl-std=CL3.0 -DTYPE=%s", types[t].name);
      cl_program p = e2e_program(e, copy_source, options);
      for (unsigned w = 0; w < COUNT(widths); w++) {
         char name[24];
         sprintf(name, widths[w] == 1 ? "%s" : "%s%u", types[t].name,
                 widths[w]);
         check_copy(&b, p, name, types[t].size_B * stride_of(widths[w], true),
                    in);
      }
      clReleaseProgram(p);
   }
   buffers_finish(&b);
   free(in);
}

/* ---- program scope ---- */

static const char variable_source[] =
   "struct node { int value; global struct node *next; };\n"
   "global struct node last = {3, 0};\n"
   "global struct node nodes[2] = {{1, &nodes[1]}, {2, &last}};\n"
   "global struct node *global head = &nodes[0];\n"
   "constant int table[4] = {10, 20, 30, 40};\n"
   "constant int *constant picks[3] = {&table[3], table, table + 1};\n"
   "global float4 vector = (float4)(1, 2, 3, 4);\n"
   "global long counter = -5;\n"
   "global char text[] = \"text\";\n"
   "global int *global into_array = (global int *)&nodes[1];\n"
   "kernel void use(global const int *in, global int *out)\n"
   "{\n"
   "   static global int calls;\n"
   "   int sum = 0, n = 0;\n"
   "   for (global struct node *p = head; p; p = p->next)\n"
   "      sum = sum * 10 + p->value;\n"
   "   out[n++] = sum;\n"
   "   for (int i = 0; i < 3; i++)\n"
   "      out[n++] = *picks[i];\n"
   "   out[n++] = vector.z;\n"
   "   out[n++] = (int)counter++;\n"
   "   out[n++] = text[1] + sizeof(text);\n"
   "   out[n++] = *into_array;\n"
   "   out[n++] = ++calls;\n"
   "   nodes[1].value++;\n"
   "}\n";

static void
test_variables(void **state)
{
   struct e2e *e = *state;
   static const int32_t in[1];
   int32_t out[9];
   struct buffers b;
   buffers_init(&b, e, in, sizeof(in), sizeof(out));
   cl_program p = e2e_program(e, variable_source, "-cl-std=CL3.0");
   /* They keep their values between launches. */
   for (int i = 0; i < 3; i++) {
      const int32_t want[9] = {123 + 10 * i, 40,      10,    20,   3,
                               i - 5,        'e' + 5, 2 + i, i + 1};
      run(&b, p, "use", 1, 1, out);
      assert_memory_equal(out, want, sizeof(want));
   }
   clReleaseProgram(p);
   /* Another program has its own. */
   p = e2e_program(e, variable_source, "-cl-std=CL3.0");
   run(&b, p, "use", 1, 1, out);
   assert_int_equal(out[0], 123);
   clReleaseProgram(p);
   buffers_finish(&b);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_halves),
      cmocka_unit_test(test_async_copies),
      cmocka_unit_test(test_variables),
   };
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
