/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Half precision on the card: functions of all 65536 halves and conversions
 * against long double, vector forms against scalar ones. */
#define CL_TARGET_OPENCL_VERSION 300
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>

#include "util/test/test_random.h"
#include "util/util_buf.h"
#include "util/util_macros.h"

#define COUNT 65536

typedef long double wide;
typedef _Float16 half;

/* ---- references ---- */

/* Rounded to a half in the current mode, without the host's own conversion. */
static wide
round_to_half(wide x)
{
   if (isnan(x) || isinf(x) || x == 0)
      return x;
   int scale = 10 - MAX2(ilogbl(x), -14);
   wide r = ldexpl(nearbyintl(ldexpl(x, scale)), -scale);
   if (fabsl(r) < 65536)
      return r;
   int mode = fegetround();
   bool to_infinity = mode == FE_TONEAREST || (mode == FE_UPWARD && x > 0) ||
                      (mode == FE_DOWNWARD && x < 0);
   return copysignl(to_infinity ? INFINITY : 65504, x);
}

struct function {
   const char *expression; /* of halves x and y */
   wide (*reference)(wide x, wide y);
   double ulp; /* 0: correctly rounded */
};

#define REFERENCE(name, value)                                                 \
   static wide name(wide x, wide y)                                            \
   {                                                                           \
      return value;                                                            \
   }
REFERENCE(ref_add, x + y)
REFERENCE(ref_sub, x - y)
REFERENCE(ref_mul, x *y)
REFERENCE(ref_div, x / y)
REFERENCE(ref_fma, fmal(x, y, x))
REFERENCE(ref_neg, -x)
REFERENCE(ref_fabs, fabsl(x))
REFERENCE(ref_sqrt, sqrtl(x))
REFERENCE(ref_rint, rintl(x))
REFERENCE(ref_floor, floorl(x))
REFERENCE(ref_round, roundl(x))
REFERENCE(ref_fmod, fmodl(x, y))
REFERENCE(ref_remainder, remainderl(x, y))
REFERENCE(ref_fmax, fmaxl(x, y))
REFERENCE(ref_fdim, fdiml(x, y))
REFERENCE(ref_copysign, copysignl(x, y))
REFERENCE(ref_fract, isnan(x)   ? x
                     : isinf(x) ? 0
                                : fminl(x - floorl(x), 0x1.ffcp-1L))
REFERENCE(ref_ldexp, ldexpl(x, 3))
REFERENCE(ref_ldexp_down, ldexpl(x, -9))
REFERENCE(ref_exp, expl(x))
REFERENCE(ref_exp2, exp2l(x))
REFERENCE(ref_log, logl(x))
REFERENCE(ref_log2, log2l(x))
REFERENCE(ref_sin, sinl(x))
REFERENCE(ref_cos, cosl(x))
REFERENCE(ref_tan, tanl(x))
REFERENCE(ref_asin, asinl(x))
REFERENCE(ref_atan2, atan2l(x, y))
REFERENCE(ref_sinh, sinhl(x))
REFERENCE(ref_tanh, tanhl(x))
REFERENCE(ref_cbrt, cbrtl(x))
REFERENCE(ref_rsqrt, 1 / sqrtl(x))
REFERENCE(ref_hypot, hypotl(x, y))
REFERENCE(ref_pow, powl(x, y))
REFERENCE(ref_erf, erfl(x))
REFERENCE(ref_tgamma, tgammal(x))

/* What a step too small to count rounds to. */
static wide
ref_nextafter(wide x, wide y)
{
   if (isnan(x) || isnan(y))
      return NAN;
   if (x == y)
      return y;
   if (isinf(x))
      return copysignl(65504, x);
   fesetround(y > x ? FE_UPWARD : FE_DOWNWARD);
   wide next = round_to_half(x + copysignl(0x1p-30L, y - x));
   fesetround(FE_TONEAREST);
   return next == 0 ? copysignl(0, x) : next;
}

/* The limits of the full profile are 2 ulp for most, 4 for pow, tgamma, erf. */
static const struct function functions[] = {
   {"x + y", ref_add},
   {"x - y", ref_sub},
   {"x * y", ref_mul},
   {"x / y", ref_div, 1},
   {"fma(x, y, x)", ref_fma},
   {"-x", ref_neg},
   {"fabs(x)", ref_fabs},
   {"sqrt(x)", ref_sqrt},
   {"rint(x)", ref_rint},
   {"floor(x)", ref_floor},
   {"round(x)", ref_round},
   {"fmod(x, y)", ref_fmod},
   {"remainder(x, y)", ref_remainder},
   {"fmax(x, y)", ref_fmax},
   {"fdim(x, y)", ref_fdim},
   {"copysign(x, y)", ref_copysign},
   {"fract(x, &second)", ref_fract},
   {"ldexp(x, 3)", ref_ldexp},
   {"ldexp(x, -9)", ref_ldexp_down},
   {"nextafter(x, y)", ref_nextafter},
   {"exp(x)", ref_exp, 1},
   {"exp2(x)", ref_exp2, 1},
   {"log(x)", ref_log, 1},
   {"log2(x)", ref_log2, 1},
   {"sin(x)", ref_sin, 1},
   {"cos(x)", ref_cos, 1},
   {"tan(x)", ref_tan, 1},
   {"asin(x)", ref_asin, 1},
   {"atan2(x, y)", ref_atan2, 1},
   {"sinh(x)", ref_sinh, 1},
   {"tanh(x)", ref_tanh, 1},
   {"cbrt(x)", ref_cbrt, 1},
   {"rsqrt(x)", ref_rsqrt, 1},
   {"hypot(x, y)", ref_hypot, 1},
   {"pow(x, y)", ref_pow, 1},
   {"erf(x)", ref_erf, 1},
   {"tgamma(x)", ref_tgamma, 1},
};

static uint16_t
bits_of(half h)
{
   uint16_t bits;
   memcpy(&bits, &h, sizeof(bits));
   return bits;
}

static half
half_of(uint16_t bits)
{
   half h;
   memcpy(&h, &bits, sizeof(h));
   return h;
}

static bool
same(wide got, wide want)
{
   if (isnan(want))
      return isnan(got);
   return got == want && (want != 0 || signbit(got) == signbit(want));
}

static bool
is_right(const struct function *f, half x, half y, half got)
{
   wide want = f->reference(x, y), nearest = round_to_half(want);
   if (same(got, nearest))
      return true;
   if (!f->ulp || isnan(want) || isnan((float)got))
      return false;
   if (nearest == 0 && got == 0)
      return true;
   wide ulp = ldexpl(1, MAX2(ilogbl(want), -14) - 10);
   wide reached = isinf((float)got) ? copysignl(65536, got) : got;
   return fabsl(reached - want) <= f->ulp * ulp;
}

/* ---- the card ---- */

struct card {
   cl_device_id device;
   cl_context context;
   cl_command_queue queue;
   cl_program program;
   unsigned bad;
};

static void
check(cl_int err, const char *what)
{
   if (err) {
      fprintf(stderr, "half: %s: %d\n", what, err);
      exit(1);
   }
}

static void
build(struct card *card, const char *source)
{
   cl_int err;
   char log[4096];
   card->program =
      clCreateProgramWithSource(card->context, 1, &source, NULL, &err);
   check(err, "program");
   err = clBuildProgram(card->program, 1, &card->device, "-cl-std=CL3.0", NULL,
                        NULL);
   if (err) {
      clGetProgramBuildInfo(card->program, card->device, CL_PROGRAM_BUILD_LOG,
                            sizeof(log), log, NULL);
      fprintf(stderr, "%s\n", log);
   }
   check(err, "build");
}

/* Two inputs, one output, an item each. */
static void
launch(struct card *card, const char *name, const void *x, size_t x_B,
       const void *y, size_t y_B, void *out, size_t out_B)
{
   cl_int err;
   size_t count = COUNT;
   cl_mem_flags copy = CL_MEM_COPY_HOST_PTR;
   cl_mem mem[3] = {
      clCreateBuffer(card->context, copy, COUNT * x_B, (void *)x, &err),
      clCreateBuffer(card->context, copy, COUNT * y_B, (void *)y, &err),
      clCreateBuffer(card->context, 0, COUNT * out_B, NULL, &err),
   };
   check(err, "buffer");
   cl_kernel kernel = clCreateKernel(card->program, name, &err);
   check(err, name);
   for (unsigned i = 0; i < 3; i++)
      check(clSetKernelArg(kernel, i, sizeof(cl_mem), &mem[i]), "argument");
   check(clEnqueueNDRangeKernel(card->queue, kernel, 1, NULL, &count, NULL, 0,
                                NULL, NULL),
         "launch");
   check(clEnqueueReadBuffer(card->queue, mem[2], CL_TRUE, 0, COUNT * out_B,
                             out, 0, NULL, NULL),
         "read");
   clReleaseKernel(kernel);
   for (unsigned i = 0; i < 3; i++)
      clReleaseMemObject(mem[i]);
}

static uint64_t random_state;

/* ---- functions ---- */

static void
test_functions(struct card *card)
{
   static half x[COUNT], y[COUNT], got[COUNT];
   struct util_buf source;
   util_buf_init(&source);
   for (unsigned i = 0; i < ARRAY_SIZE(functions); i++)
      util_buf_printf(&source,
                      "kernel void f%u(global const half *xs,\n"
                      "      global const half *ys, global half *r)\n"
                      "{\n   size_t i = get_global_id(0);\n"
                      "   half x = xs[i], y = ys[i], second;\n"
                      "   r[i] = %s;\n}\n",
                      i, functions[i].expression);
   build(card, source.data);
   util_buf_finish(&source);
   for (unsigned i = 0; i < COUNT; i++) {
      x[i] = half_of(i);
      y[i] = half_of(test_rng(&random_state) >> 20);
   }
   for (unsigned i = 0; i < ARRAY_SIZE(functions); i++) {
      const struct function *f = &functions[i];
      unsigned bad = 0;
      char name[16];
      snprintf(name, sizeof(name), "f%u", i);
      launch(card, name, x, 2, y, 2, got, 2);
      for (unsigned k = 0; k < COUNT; k++)
         if (!is_right(f, x[k], y[k], got[k]) && bad++ < 3)
            printf("%s: x %04x y %04x gives %04x (%g), not %Lg\n",
                   f->expression, bits_of(x[k]), bits_of(y[k]), bits_of(got[k]),
                   (double)got[k], f->reference(x[k], y[k]));
      card->bad += bad != 0;
   }
   clReleaseProgram(card->program);
}

/* ---- conversions ---- */

#define FOR_NUMBERS(X)                                                         \
   X(0, short, int16_t)                                                        \
   X(1, int, int32_t)                                                          \
   X(2, uint, uint32_t)                                                        \
   X(3, long, int64_t)                                                         \
   X(4, ulong, uint64_t)                                                       \
   X(5, float, float)                                                          \
   X(6, double, double)

static const struct number {
   const char *name;
   size_t size_B;
} numbers[] = {
#define ROW(index, name, type) {#name, sizeof(type)},
   FOR_NUMBERS(ROW)
#undef ROW
};

static wide
read_number(unsigned type, const unsigned char *p)
{
   switch (type) {
#define ROW(index, name, type)                                                 \
   case index: {                                                               \
      type v;                                                                  \
      memcpy(&v, p, sizeof(v));                                                \
      return v;                                                                \
   }
      FOR_NUMBERS(ROW)
#undef ROW
   }
   return 0;
}

static const struct mode {
   const char *suffix;
   int rounding;
} modes[] = {{"", FE_TONEAREST},
             {"_rte", FE_TONEAREST},
             {"_rtz", FE_TOWARDZERO},
             {"_rtp", FE_UPWARD},
             {"_rtn", FE_DOWNWARD}};

/* Numbers of every size, so that some are near what a half can be. */
static void
fill(unsigned type, unsigned char *p)
{
   for (unsigned i = 0; i < COUNT; i++, p += numbers[type].size_B) {
      uint64_t v = test_rng(&random_state);
      double d =
         ldexp((double)(int64_t)v, -(int)(test_rng(&random_state) % 100));
      float f = d;
      v = (int64_t)v >> test_rng(&random_state) % 64;
      memcpy(p,
             type == 5   ? (void *)&f
             : type == 6 ? (void *)&d
                         : &v,
             numbers[type].size_B);
   }
}

static void
check_conversion(struct card *card, unsigned type, const struct mode *mode)
{
   static unsigned char in[COUNT * 8];
   static half got[COUNT];
   char name[64];
   unsigned bad = 0;
   size_t size_B = numbers[type].size_B;
   snprintf(name, sizeof(name), "from_%s%s", numbers[type].name, mode->suffix);
   fill(type, in);
   launch(card, name, in, size_B, in, size_B, got, 2);
   fesetround(mode->rounding);
   for (unsigned i = 0; i < COUNT; i++) {
      wide x = read_number(type, in + i * size_B);
      wide want = round_to_half(x);
      if (!same(got[i], want) && bad++ < 3)
         printf("%s: %.20Lg gives %g, not %Lg\n", name, x, (double)got[i],
                want);
   }
   fesetround(FE_TONEAREST);
   card->bad += bad != 0;
}

static void
test_conversions(struct card *card)
{
   struct util_buf source;
   util_buf_init(&source);
   for (unsigned t = 0; t < ARRAY_SIZE(numbers); t++)
      for (unsigned m = 0; m < ARRAY_SIZE(modes); m++)
         util_buf_printf(
            &source,
            "kernel void from_%s%s(global const %s *xs, global %s *unused,\n"
            "      global half *r)\n"
            "{\n   size_t i = get_global_id(0);\n"
            "   r[i] = convert_half%s(xs[i]);\n}\n",
            numbers[t].name, modes[m].suffix, numbers[t].name, numbers[t].name,
            modes[m].suffix);
   build(card, source.data);
   util_buf_finish(&source);
   for (unsigned t = 0; t < ARRAY_SIZE(numbers); t++)
      for (unsigned m = 0; m < ARRAY_SIZE(modes); m++)
         check_conversion(card, t, &modes[m]);
   clReleaseProgram(card->program);
}

/* ---- what only moves halves, and vectors ---- */

static const char vectors_source[] =
   "kernel void vectors(global const half *xs, global const half *ys,\n"
   "      global uint *r)\n"
   "{\n"
   "   size_t i = get_global_id(0) & 0xfff0;\n"
   "   half16 x = vload16(0, xs + i), y = vload16(0, ys + i);\n"
   "   half3 x3 = vload3(0, xs + i);\n"
   "   half16 m = fmax(x, y), c = clamp(x, (half)-2.0f, (half)2.0f);\n"
   "   half16 s = select(x, y, isgreater(x, y));\n"
   "   half4 h = shuffle(x, (ushort4)(3, 9, 0, 15));\n"
   "   int3 to = convert_int3_sat_rte(x3);\n"
   "   half mine[16];\n"
   "   vstore16(m, 0, mine);\n"
   "   uint bad = 0;\n"
   "   for (int k = 0; k < 16; k++) {\n"
   "      bad += as_ushort(mine[k]) != as_ushort(fmax(x[k], y[k]));\n"
   "      bad += as_ushort(c[k]) !=\n"
   "             as_ushort(clamp(x[k], (half)-2.0f, (half)2.0f));\n"
   "      bad += as_ushort(s[k]) != as_ushort(x[k] > y[k] ? y[k] : x[k]);\n"
   "   }\n"
   "   bad += as_ushort(h.y) != as_ushort(x[9]);\n"
   "   bad += as_ushort(h.w) != as_ushort(x[15]);\n"
   "   for (int k = 0; k < 3; k++)\n"
   "      bad += to[k] != convert_int_sat_rte(xs[i + k]);\n"
   "   half all = work_group_reduce_max((half)(get_local_id(0) & 31));\n"
   "   bad += all != (half)min(31ul, get_local_size(0) - 1);\n"
   "   r[get_global_id(0)] = bad;\n"
   "}\n";

static void
test_vectors(struct card *card)
{
   static half x[COUNT], y[COUNT];
   static uint32_t bad[COUNT];
   unsigned sum = 0;
   for (unsigned i = 0; i < COUNT; i++) {
      x[i] = half_of(test_rng(&random_state) >> 20);
      y[i] = half_of(test_rng(&random_state) >> 20);
   }
   build(card, vectors_source);
   launch(card, "vectors", x, 2, y, 2, bad, 4);
   for (unsigned i = 0; i < COUNT; i++)
      sum += bad[i];
   if (sum)
      printf("vectors: %u differ\n", sum);
   card->bad += sum != 0;
   clReleaseProgram(card->program);
}

int
main(void)
{
   struct card card = {0};
   cl_platform_id platform;
   cl_int err;
   check(clGetPlatformIDs(1, &platform, NULL), "platform");
   check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_GPU, 1, &card.device, NULL),
         "device");
   card.context = clCreateContext(NULL, 1, &card.device, NULL, NULL, &err);
   check(err, "context");
   card.queue =
      clCreateCommandQueueWithProperties(card.context, card.device, NULL, &err);
   check(err, "queue");
   random_state = test_rng_state(test_seed());
   test_functions(&card);
   test_conversions(&card);
   test_vectors(&card);
   clReleaseCommandQueue(card.queue);
   clReleaseContext(card.context);
   printf("%u bad\n", card.bad);
   return card.bad != 0;
}
