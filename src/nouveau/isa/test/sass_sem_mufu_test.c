/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* MUFU of sass_sem.h against long double: inside the documented error (isa.md
 * 3.4) for inputs all over the range, at its edge where NVSIM_DEBUG=mufu wants
 * it there, special values. MUFU_STRIDE=1 takes every float there is. */
#include "sass_sem_random.h"

#include <float.h>

#include "util/util_macros.h"

#define DEFAULT_STRIDE 12007 /* prime */

/* The documented bound for an exact result. Results below the least normal
 * number are flushed. */
static long double
bound_of(enum sass_mufu op, double x, long double exact)
{
   long double magnitude = fabsl(exact);
   long double ulp =
      magnitude ? ldexpl(1, (int)ilogbl(magnitude) - 23) : 0x1p-149L;
   switch (op) {
   case SASS_MUFU_COS:
   case SASS_MUFU_SIN:
      return exp2l(-20.9L);
   case SASS_MUFU_EX2:
      return magnitude * 0x1p-22L;
   case SASS_MUFU_LG2:
      return x >= 0.5 && x <= 2 ? exp2l(-22.6L) : 2 * ulp;
   case SASS_MUFU_RCP:
      return ulp;
   case SASS_MUFU_RSQ:
      return magnitude * exp2l(-22.4L);
   default:
      return magnitude * 0x1p-23L;
   }
}

static long double
exact_of(enum sass_mufu op, long double x)
{
   switch (op) {
   case SASS_MUFU_COS:
      return cosl(x);
   case SASS_MUFU_SIN:
      return sinl(x);
   case SASS_MUFU_EX2:
      return exp2l(x);
   case SASS_MUFU_LG2:
      return log2l(x);
   case SASS_MUFU_RCP:
      return 1 / x;
   case SASS_MUFU_RSQ:
      return 1 / sqrtl(x);
   default:
      return sqrtl(x);
   }
}

/* The function has no number here. */
static bool
is_outside(enum sass_mufu op, float x)
{
   bool root =
      op == SASS_MUFU_RSQ || op == SASS_MUFU_SQRT || op == SASS_MUFU_LG2;
   return isnan(x) || (root && x < 0) || (op <= SASS_MUFU_SIN && isinf(x));
}

static void
check_value(enum sass_mufu op, uint32_t v, uint32_t got, double *worst)
{
   float x = sass_f32(sass_f32_flush(v)), y = sass_f32(got);
   if (is_outside(op, x)) {
      CHECK(got, SASS_F32_NAN, "MUFU %d of %a", op, x);
      return;
   }
   long double exact = exact_of(op, x);
   if (op <= SASS_MUFU_SIN && fabsf(x) > (float)M_PI)
      return; /* promised on [-pi, pi] only: elsewhere sane is enough */
   /* Zeros of SIN and LG2 have an absolute bound as well. */
   bool absolute = op == SASS_MUFU_SIN || op == SASS_MUFU_LG2;
   if (isinf(exact) || (exact == 0 && !absolute)) {
      CHECK(got, sass_f32_bits((float)exact), "MUFU %d of %a", op, x);
      return;
   }
   long double bound = bound_of(op, x, exact), error = fabsl(y - exact);
   /* Overflow, and what is flushed, by the bound's either side. */
   bool over = isinf(y) && fabsl(exact) + bound > FLT_MAX;
   bool under = y == 0 && fabsl(exact) - bound < FLT_MIN;
   if (over || under)
      return;
   /* The edge is taken in double. */
   if (!(error <= bound * (1 + 0x1p-26L)))
      fail_msg("MUFU %d of %a (%#x): %a, exact %La, %Lg of the bound", op, x, v,
               y, exact, error / bound);
   if (error / bound > *worst)
      *worst = (double)(error / bound);
}

static uint32_t
stride(void)
{
   const char *text = getenv("MUFU_STRIDE");
   uint32_t n = text ? (uint32_t)strtoul(text, NULL, 0) : 0;
   return n ? n : DEFAULT_STRIDE;
}

static void
test_bounds(void **state)
{
   static const enum sass_mufu ops[] = {
      SASS_MUFU_COS, SASS_MUFU_SIN, SASS_MUFU_EX2, SASS_MUFU_LG2,
      SASS_MUFU_RCP, SASS_MUFU_RSQ, SASS_MUFU_SQRT};
   for (unsigned k = 0; k < ARRAY_SIZE(ops); k++) {
      double worst[3] = {0};
      for (uint64_t v = rng() % stride(); v < 1ull << 32; v += stride())
         for (int edge = -1; edge <= 1; edge++)
            check_value(ops[k], (uint32_t)v,
                        sass_mufu_at(ops[k], (uint32_t)v, false, edge),
                        &worst[edge + 1]);
      print_message("MUFU %d: %.3f of the bound; at its edges %.3f and %.3f\n",
                    ops[k], worst[1], worst[0], worst[2]);
      /* A result is rounded once; the edges are what software must live with.
       */
      assert_true(worst[1] <= 0.52);
      assert_true(worst[0] > 0.9 && worst[2] > 0.9);
   }
}

static void
test_special_values(void **state)
{
   uint32_t inf = 0x7f800000, minus = 0x80000000;
   static const struct {
      enum sass_mufu op;
      uint32_t of, is;
   } values[] = {
      {SASS_MUFU_RCP, 1, 0x7f800000},
      {SASS_MUFU_RCP, 0x807fffff, 0xff800000},
      {SASS_MUFU_RCP, 0x7f7fffff, 0},
      {SASS_MUFU_RCP, 0xff7fffff, 0x80000000},
      {SASS_MUFU_RSQ, 0, 0x7f800000},
      {SASS_MUFU_RSQ, 0x80000000, 0xff800000},
      {SASS_MUFU_RSQ, 0x80000001, 0xff800000},
      {SASS_MUFU_SQRT, 0x80000000, 0x80000000},
      {SASS_MUFU_SQRT, 0x40800000, 0x40000000},
      {SASS_MUFU_EX2, 0, 0x3f800000},
      {SASS_MUFU_EX2, 0xc2fe0000, 0}, /* -127: flushed */
      {SASS_MUFU_EX2, 0x43000000, 0x7f800000},
      {SASS_MUFU_LG2, 1, 0xff800000},
      {SASS_MUFU_LG2, 0x3f800000, 0},
      {SASS_MUFU_LG2, 0x7f800000, 0x7f800000},
      {SASS_MUFU_SIN, 0x80000000, 0x80000000},
      {SASS_MUFU_COS, 0x80000000, 0x3f800000},
   };
   for (unsigned n = 0; n < ARRAY_SIZE(values); n++)
      CHECK(sass_mufu(values[n].op, values[n].of, false), values[n].is,
            "MUFU %d of %#x", values[n].op, values[n].of);
   for (enum sass_mufu op = SASS_MUFU_COS; op <= SASS_MUFU_RSQ; op++)
      assert_int_equal(sass_mufu(op, inf | minus | 1, false), SASS_F32_NAN);
   /* .SAT: to [0, 1], NaN is 0. */
   assert_int_equal(sass_mufu(SASS_MUFU_RCP, 0, true), 0x3f800000);
   assert_int_equal(sass_mufu(SASS_MUFU_RCP, minus, true), 0);
   assert_int_equal(sass_mufu(SASS_MUFU_RSQ, 0xbf800000, true), 0);
   assert_int_equal(sass_mufu(SASS_MUFU_RCP, 0x40000000, true), 0x3f000000);
}

/* RCP64H, RSQ64H: seeds of 2^-20 from the high word. */
static void
test_seeds(void **state)
{
   for (unsigned n = 0; n < 200000; n++) {
      uint32_t high = rng_f64() >> 32;
      double x = sass_f64((uint64_t)high << 32);
      if (!isnormal(x) || fabs(x) > 0x1p1021)
         continue;
      for (int edge = -1; edge <= 1; edge++) {
         uint32_t r = sass_mufu_at(SASS_MUFU_RCP64H, high, false, edge);
         long double y = sass_f64((uint64_t)r << 32);
         if (!(fabsl(y * x - 1) < 0x1.8p-19L))
            fail_msg("RCP64H of %a: %La", x, y);
         r = sass_mufu_at(SASS_MUFU_RSQ64H, high, false, edge);
         y = sass_f64((uint64_t)r << 32);
         if (x > 0 && !(fabsl(y * sqrtl(x) - 1) < 0x1.8p-19L))
            fail_msg("RSQ64H of %a: %La", x, y);
         if (x < 0)
            assert_true(isnan((double)y));
      }
   }
}

/* NVSIM_DEBUG=mufu takes either side for about half of the operands. */
static void
test_edges(void **state)
{
   unsigned above = 0;
   for (unsigned n = 0; n < 100000; n++) {
      int edge = sass_mufu_edge(rng32());
      assert_true(edge == 1 || edge == -1);
      above += edge == 1;
   }
   assert_in_range(above, 30000, 70000);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_bounds, seed),
      cmocka_unit_test_setup(test_special_values, seed),
      cmocka_unit_test_setup(test_seeds, seed),
      cmocka_unit_test_setup(test_edges, seed),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
