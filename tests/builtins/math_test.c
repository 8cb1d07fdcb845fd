/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The mathematical functions on the card against long double, with the limits
 * of OpenCL C 7.4 (single precision without subnormals, double precision). */
#define CL_TARGET_OPENCL_VERSION 300
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <CL/cl.h>

#include "util/test/test_random.h"
#include "util/util_buf.h"
#include "util/util_macros.h"

#define COUNT 8192

typedef long double wide;

/* ---- what libm lacks ---- */

#define PI 3.14159265358979323846264338327950288L

static wide
ref_rsqrt(wide x)
{
   return 1 / sqrtl(x);
}

static wide
ref_recip(wide x)
{
   return 1 / x;
}

static wide
ref_sinpi(wide x)
{
   if (!isfinite(x))
      return NAN;
   wide r = remainderl(x, 2); /* [-1, 1], then [-1/2, 1/2] */
   if (r == truncl(r))
      return copysignl(0, x);
   return sinl(PI * (fabsl(r) > 0.5L ? copysignl(1, r) - r : r));
}

static wide
ref_cospi(wide x)
{
   if (!isfinite(x))
      return NAN;
   return sinl(PI * (0.5L - fabsl(remainderl(x, 2))));
}

static wide
ref_tanpi(wide x)
{
   if (!isfinite(x))
      return NAN;
   wide r = fmodl(x, 2); /* (-2, 2) */
   if (r == truncl(r))
      return fabsl(r) == 1 ? -copysignl(0, x) : copysignl(0, x);
   if (r * 2 == truncl(r * 2))
      return r == 0.5L || r == -1.5L ? INFINITY : -INFINITY;
   r = remainderl(x, 1); /* [-1/2, 1/2] */
   if (fabsl(r) <= 0.25L)
      return tanl(PI * r);
   return copysignl(1 / tanl(PI * (0.5L - fabsl(r))), r);
}

static wide
ref_asinpi(wide x)
{
   return asinl(x) / PI;
}

static wide
ref_acospi(wide x)
{
   return acosl(x) / PI;
}

static wide
ref_atanpi(wide x)
{
   return atanl(x) / PI;
}

static wide
ref_atan2pi(wide y, wide x)
{
   return atan2l(y, x) / PI;
}

static wide
ref_divide(wide x, wide y)
{
   return x / y;
}

static wide
ref_powr(wide x, wide y)
{
   bool undefined = x < 0 || (x == 0 && y == 0) || (isinf(x) && y == 0) ||
                    (x == 1 && isinf(y)) || isnan(x) || isnan(y);
   return undefined ? NAN : powl(fabsl(x), y);
}

static wide
ref_maxmag(wide x, wide y)
{
   return fabsl(x) > fabsl(y) ? x : fabsl(y) > fabsl(x) ? y : fmaxl(x, y);
}

static wide
ref_minmag(wide x, wide y)
{
   return fabsl(x) < fabsl(y) ? x : fabsl(y) < fabsl(x) ? y : fminl(x, y);
}

static wide
ref_same(wide x)
{
   return x;
}

static wide
ref_remquo(wide x, wide y)
{
   int quotient;
   return remquol(x, y, &quotient);
}

/* Three bits are what the host's function promises. */
static wide
ref_quotient(wide x, wide y)
{
   int quotient = 0;
   wide r = remquol(x, y, &quotient);
   return isnan(r) ? 0 : quotient % 8;
}

/* ---- the table ---- */

struct function {
   const char *name, *call; /* of x and y */
   wide (*one)(wide);
   wide (*two)(wide, wide);
   double ulp_f, ulp_d;
};

#define ONE(name, ref, f, d)                                                   \
   {                                                                           \
#name, #name "(x)", ref, NULL, f, d                                      \
   }
#define TWO(name, ref, f, d)                                                   \
   {                                                                           \
#name, #name "(x, y)", NULL, ref, f, d                                   \
   }

static const struct function functions[] = {
   {"add", "x + y", NULL, NULL, 0.5, 0.5},
   {"multiply", "x * y", NULL, NULL, 0.5, 0.5},
   {"divide", "x / y", NULL, ref_divide, 2.5, 0.5},
   {"recip", "1 / x", ref_recip, NULL, 2.5, 0.5},
   ONE(acos, acosl, 4, 4),
   ONE(acosh, acoshl, 4, 4),
   ONE(acospi, ref_acospi, 5, 5),
   ONE(asin, asinl, 4, 4),
   ONE(asinh, asinhl, 4, 4),
   ONE(asinpi, ref_asinpi, 5, 5),
   ONE(atan, atanl, 5, 5),
   ONE(atanh, atanhl, 5, 5),
   ONE(atanpi, ref_atanpi, 5, 5),
   ONE(cbrt, cbrtl, 2, 2),
   ONE(ceil, ceill, 0, 0),
   ONE(cos, cosl, 4, 4),
   ONE(cosh, coshl, 4, 4),
   ONE(cospi, ref_cospi, 4, 4),
   ONE(erf, erfl, 16, 16),
   ONE(erfc, erfcl, 16, 16),
   ONE(exp, expl, 3, 3),
   ONE(exp2, exp2l, 3, 3),
   ONE(exp10, exp10l, 3, 3),
   ONE(expm1, expm1l, 3, 3),
   ONE(fabs, fabsl, 0, 0),
   ONE(floor, floorl, 0, 0),
   ONE(log, logl, 3, 3),
   ONE(log2, log2l, 3, 3),
   ONE(log10, log10l, 3, 3),
   ONE(log1p, log1pl, 2, 2),
   ONE(logb, logbl, 0, 0),
   ONE(rint, rintl, 0, 0),
   ONE(round, roundl, 0, 0),
   ONE(rsqrt, ref_rsqrt, 2, 2),
   ONE(sin, sinl, 4, 4),
   ONE(sinh, sinhl, 4, 4),
   ONE(sinpi, ref_sinpi, 4, 4),
   ONE(sqrt, sqrtl, 3, 0.5),
   ONE(tan, tanl, 5, 5),
   ONE(tanh, tanhl, 5, 5),
   ONE(tanpi, ref_tanpi, 6, 6),
   ONE(tgamma, tgammal, 16, 16),
   ONE(trunc, truncl, 0, 0),
   TWO(atan2, atan2l, 6, 6),
   TWO(atan2pi, ref_atan2pi, 6, 6),
   TWO(copysign, copysignl, 0, 0),
   TWO(fdim, fdiml, 0.5, 0.5),
   TWO(fmax, fmaxl, 0, 0),
   TWO(fmin, fminl, 0, 0),
   TWO(fmod, fmodl, 0, 0),
   TWO(hypot, hypotl, 4, 4),
   TWO(maxmag, ref_maxmag, 0, 0),
   TWO(minmag, ref_minmag, 0, 0),
   TWO(pow, powl, 16, 16),
   TWO(powr, ref_powr, 16, 16),
   TWO(remainder, remainderl, 0, 0),
   {"remquo", "remquo(x, y, &n)", NULL, ref_remquo, 0, 0},
   {"quotient", "(remquo(x, y, &n), n % 8)", NULL, ref_quotient, 0, 0},
   {"rootn_1", "rootn(x, 1)", ref_same, NULL, 0, 0},
   {"rootn_m1", "rootn(x, -1)", ref_recip, NULL, 16, 16},
   {"rootn_3", "rootn(x, 3)", cbrtl, NULL, 16, 16},
};

static wide
reference(const struct function *f, wide x, wide y)
{
   if (f->one)
      return f->one(x);
   if (f->two)
      return f->two(x, y);
   return f->name[0] == 'a' ? x + y : x * y;
}

/* ---- arguments ---- */

static uint64_t random_state;

static const float specials[] = {
   0,         -0.0f, 1,      -1,  2,    -2,      0.5f,     -0.5f,  INFINITY,
   -INFINITY, NAN,   3,      -3,  1.5f, 2.5f,    1e10f,    -1e10f, 0.75f,
   7,         88.0f, -87.0f, 100, -100, 3.4e38f, -3.4e38f, 1e-38f, 0x1p-126f,
};

/* All pairs of specials, then random bits and random numbers of usual sizes. */
static double
argument(unsigned i, bool second, bool is_double)
{
   unsigned n = ARRAY_SIZE(specials);
   if (i < n * n)
      return specials[second ? i / n : i % n];
   uint64_t bits = test_rng(&random_state);
   double unit = (bits >> 11) * 0x1p-53 * 2 - 1;
   static const double sizes[] = {1.2, 10, 120, 600};
   if (i % 2)
      return unit * sizes[i / 2 % ARRAY_SIZE(sizes)];
   if (is_double) {
      double d;
      memcpy(&d, &bits, 8);
      return d;
   }
   float f;
   memcpy(&f, &bits, 4);
   return f;
}

/* ---- errors ---- */

static double
ulp_error(double got, wide want, bool is_double)
{
   int mantissa = is_double ? 53 : 24;
   int min_exponent = is_double ? -1022 : -126;
   wide largest = ldexpl(1, is_double ? 1024 : 128);
   if (isnan(got) || isnan((double)want))
      return isnan(got) && isnan((double)want) ? 0 : INFINITY;
   if (isinf(got))
      return fabsl(want) > largest * (1 - ldexpl(16, -mantissa)) &&
                   signbit(got) == signbit((double)want)
                ? 0
                : INFINITY;
   if (fabsl(want) >= largest * (1 + ldexpl(16, -mantissa)))
      return INFINITY;
   if (want == 0)
      return got == 0 ? 0 : fabs(got) / ldexp(1, min_exponent - mantissa + 1);
   int exponent = MAX2(ilogbl(want), min_exponent);
   return fabsl(got - want) / ldexpl(1, exponent - mantissa + 1);
}

static double
flush(double x)
{
   return fabs(x) < 0x1p-126 ? copysign(0, x) : x;
}

/* Where the device flushes, arguments and results that are subnormal may be
 * zero. */
static double
best_error(const struct function *f, double x, double y, double got,
           bool is_double, bool may_flush)
{
   if (!may_flush)
      return ulp_error(got, reference(f, x, y), is_double);
   double best = INFINITY;
   for (unsigned i = 0; i < 4; i++) {
      wide want = reference(f, i & 1 ? flush(x) : x, i & 2 ? flush(y) : y);
      double error = ulp_error(got, want, false);
      if (got == 0 && fabsl(want) < 0x1p-126L * (1 + 1e-6L))
         error = 0;
      best = fmin(best, error);
   }
   return best;
}

/* ---- running ---- */

struct card {
   cl_device_id device;
   cl_context context;
   cl_command_queue queue;
   cl_program program;
   bool flushes; /* subnormal floats */
};

static void
check(cl_int err, const char *what)
{
   if (err) {
      fprintf(stderr, "math: %s: %d\n", what, err);
      exit(1);
   }
}

static char *
make_source(void)
{
   struct util_buf out;
   util_buf_init(&out);
   for (unsigned i = 0; i < ARRAY_SIZE(functions); i++) {
      static const char *const types[] = {"float", "double"};
      for (unsigned t = 0; t < 2; t++)
         util_buf_printf(
            &out,
            "kernel void %s_%s(global const %s *xs,\n"
            "      global const %s *ys, global %s *r)\n"
            "{\n   size_t i = get_global_id(0);\n"
            "   int n;\n   %s x = xs[i], y = ys[i];\n   r[i] = %s;\n}\n",
            functions[i].name, types[t], types[t], types[t], types[t], types[t],
            functions[i].call);
   }
   return util_buf_steal(&out);
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
   cl_device_fp_config config;
   check(clGetDeviceInfo(card->device, CL_DEVICE_SINGLE_FP_CONFIG,
                         sizeof(config), &config, NULL),
         "single precision");
   card->flushes = !(config & CL_FP_DENORM);
   char *source = make_source();
   card->program = clCreateProgramWithSource(
      card->context, 1, (const char **)&source, NULL, &err);
   check(err, "program");
   check(clBuildProgram(card->program, 1, &card->device, "", NULL, NULL),
         "build");
   free(source);
}

static cl_mem
make_buffer(struct card *card, const void *data, size_t size_B)
{
   cl_int err;
   cl_mem m = clCreateBuffer(card->context, CL_MEM_COPY_HOST_PTR, size_B,
                             (void *)data, &err);
   check(err, "buffer");
   return m;
}

static void
run(struct card *card, const char *name, const void *x, const void *y,
    void *result, size_t size_B)
{
   cl_int err;
   cl_kernel kernel = clCreateKernel(card->program, name, &err);
   check(err, name);
   cl_mem m[3] = {make_buffer(card, x, size_B), make_buffer(card, y, size_B),
                  make_buffer(card, result, size_B)};
   for (unsigned i = 0; i < 3; i++)
      check(clSetKernelArg(kernel, i, sizeof(m[i]), &m[i]), name);
   size_t global = COUNT;
   check(clEnqueueNDRangeKernel(card->queue, kernel, 1, NULL, &global, NULL, 0,
                                NULL, NULL),
         name);
   check(clEnqueueReadBuffer(card->queue, m[2], CL_TRUE, 0, size_B, result, 0,
                             NULL, NULL),
         name);
   for (unsigned i = 0; i < 3; i++)
      clReleaseMemObject(m[i]);
   clReleaseKernel(kernel);
}

static bool
test_function(struct card *card, const struct function *f, bool is_double)
{
   static double x[COUNT], y[COUNT], r[COUNT];
   static float xf[COUNT], yf[COUNT], rf[COUNT];
   for (unsigned i = 0; i < COUNT; i++) {
      xf[i] = x[i] = argument(i, false, is_double);
      yf[i] = y[i] = argument(i, true, is_double);
   }
   char name[64];
   snprintf(name, sizeof(name), "%s_%s", f->name,
            is_double ? "double" : "float");
   if (is_double)
      run(card, name, x, y, r, sizeof(x));
   else
      run(card, name, xf, yf, rf, sizeof(xf));

   double worst = 0;
   unsigned at = 0;
   for (unsigned i = 0; i < COUNT; i++) {
      double error =
         is_double ? best_error(f, x[i], y[i], r[i], true, false)
                   : best_error(f, xf[i], yf[i], rf[i], false, card->flushes);
      if (error > worst) {
         worst = error;
         at = i;
      }
   }
   double limit = is_double ? f->ulp_d : f->ulp_f;
   printf("%-18s %8.3f of %g ulp", name, worst, limit);
   if (worst > limit)
      printf("   x %a y %a result %a", is_double ? x[at] : xf[at],
             is_double ? y[at] : yf[at], is_double ? r[at] : rf[at]);
   puts("");
   return worst <= limit;
}

int
main(void)
{
   random_state = test_rng_state(test_seed());

   struct card card;
   unsigned bad = 0;
   open_card(&card);
   for (unsigned i = 0; i < ARRAY_SIZE(functions); i++) {
      bad += !test_function(&card, &functions[i], false);
      bad += !test_function(&card, &functions[i], true);
   }
   clReleaseProgram(card.program);
   clReleaseCommandQueue(card.queue);
   clReleaseContext(card.context);
   printf("%u functions beyond their limits\n", bad);
   return bad != 0;
}
