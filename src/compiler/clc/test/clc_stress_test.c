/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Threads, garbage, and how long a build takes (printed, never judged). */
#include "clc_test_util.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/test/test_random.h"
#include "util/util_macros.h"

static uint64_t random_state;

static unsigned
random_below(unsigned n)
{
   return test_rng(&random_state) % n;
}

static const char *const sources[] = {
   "kernel void vadd(global const float *a, global const float *b,\n"
   "                 global float *c)\n"
   "{\n"
   "   size_t i = get_global_id(0);\n"
   "   c[i] = a[i] + b[i];\n"
   "}\n",
   "kernel void reduce(global const float *in, global float *out,\n"
   "                   local float *tmp)\n"
   "{\n"
   "   size_t l = get_local_id(0);\n"
   "   tmp[l] = in[get_global_id(0)];\n"
   "   for (size_t s = get_local_size(0) / 2; s > 0; s >>= 1) {\n"
   "      barrier(CLK_LOCAL_MEM_FENCE);\n"
   "      if (l < s)\n"
   "         tmp[l] += tmp[l + s];\n"
   "   }\n"
   "   if (l == 0)\n"
   "      out[get_group_id(0)] = tmp[0];\n"
   "}\n",
   "kernel void nbody(global const float4 *p, global float4 *a, uint n)\n"
   "{\n"
   "   float4 self = p[get_global_id(0)], sum = 0;\n"
   "   for (uint i = 0; i < n; i++) {\n"
   "      float3 d = p[i].xyz - self.xyz;\n"
   "      float r = rsqrt(dot(d, d) + 1e-6f);\n"
   "      sum.xyz += d * (p[i].w * r * r * r);\n"
   "   }\n"
   "   a[get_global_id(0)] = sum;\n"
   "}\n",
   "typedef struct { int key, value; } Pair;\n"
   "Pair pick(global const Pair *p, int n)\n"
   "{\n"
   "   Pair best = p[0];\n"
   "   for (int i = 1; i < n; i++)\n"
   "      if (p[i].key > best.key)\n"
   "         best = p[i];\n"
   "   return best;\n"
   "}\n"
   "kernel void most(global const Pair *p, int n, global double *out)\n"
   "{\n"
   "   switch (n & 7) {\n"
   "   case 0: out[0] = sin((double)pick(p, n).value); break;\n"
   "   case 3: out[0] = pow((double)n, 0.3); break;\n"
   "   case 5: out[0] = atan2pi((double)n, 3.0); break;\n"
   "   default: out[1] = convert_double_rtz(pick(p, n).key);\n"
   "   }\n"
   "}\n",
};

/* ---- threads ---- */

static void *
build_many(void *data)
{
   unsigned first = (uintptr_t)data;
   unsigned failures = 0;
   for (unsigned i = 0; i < 24; i++) {
      const char *source = sources[(first + i) % ARRAY_SIZE(sources)];
      struct clc_test_result r =
         clc_test_build(source, i % 2 ? "-cl-std=CL3.0" : "-w");
      failures += r.ret != 0 || r.blob.size_B == 0;
      clc_test_free(&r);
      r = clc_test_build("kernel void k() { *oops; }", NULL);
      failures += r.ret != -EINVAL || !strstr(r.log, "'oops'");
      clc_test_free(&r);
   }
   return (void *)(uintptr_t)failures;
}

static void
test_threads(void **state)
{
   pthread_t threads[4];
   for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
      assert_int_equal(
         pthread_create(&threads[i], NULL, build_many, (void *)(uintptr_t)i),
         0);
   for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
      void *failures;
      pthread_join(threads[i], &failures);
      assert_null(failures);
   }
}

/* The same input gives the same bytes: caches key on nothing else. */
static void
test_deterministic(void **state)
{
   for (unsigned i = 0; i < ARRAY_SIZE(sources); i++) {
      struct clc_test_result a = clc_test_build(sources[i], NULL);
      struct clc_test_result b = clc_test_build(sources[i], NULL);
      assert_int_equal(a.ret, 0);
      assert_int_equal(a.blob.size_B, b.blob.size_B);
      assert_memory_equal(a.blob.data, b.blob.data, a.blob.size_B);
      clc_test_free(&a);
      clc_test_free(&b);
   }
}

/* ---- garbage ---- */

static void
test_option_garbage(void **state)
{
   static const char *const words[] = {
      "-D",
      "-DX=1",
      "-I",
      "-cl-std=CL3.0",
      "-cl-std=",
      "\"",
      "'",
      "\\",
      "-w",
      "-cl-fast-relaxed-math",
      "-create-library",
      "\xff\x01",
      "-enable-link-options",
      "-U",
      "=",
      "-mllvm",
      "-",
      "--",
      "@file",
      "-o",
   };
   for (unsigned i = 0; i < 20000; i++) {
      char options[256];
      size_t at = 0;
      for (unsigned n = random_below(8); n > 0; n--) {
         at += snprintf(options + at, sizeof(options) - at, "%s%s",
                        words[random_below(ARRAY_SIZE(words))],
                        random_below(4) ? " " : "");
      }
      options[at] = 0;
      char *log;
      int ret = clc_get_ops()->check_options(options, random_below(2), &log);
      assert_true(ret == 0 || ret == -EPROTO);
      assert_int_equal(ret == 0, log[0] == 0);
      free(log);
   }
}

/* Removes, doubles or swaps pieces of a source: it builds, or says why not. */
static void
mutate(char *text)
{
   size_t length = strlen(text);
   for (unsigned n = 1 + random_below(4); n > 0 && length > 8; n--) {
      size_t at = random_below(length - 4), size = 1 + random_below(4);
      switch (random_below(3)) {
      case 0:
         memmove(text + at, text + at + size, length - at - size + 1);
         length -= size;
         break;
      case 1:
         text[at] = text[random_below(length)];
         break;
      default:
         text[at] = " (){}[];,*+-<>=&|\"#\\0az"[random_below(23)];
         break;
      }
   }
}

static void
test_source_garbage(void **state)
{
   unsigned built = 0;
   for (unsigned i = 0; i < 400; i++) {
      char *text = strdup(sources[i % ARRAY_SIZE(sources)]);
      mutate(text);
      struct clc_test_result r = clc_test_build(text, NULL);
      if (r.ret != 0 && r.ret != -EINVAL)
         fail_msg("%d for\n%s\n%s", r.ret, text, r.log);
      if (r.ret)
         clc_test_contains(r.log, "error: ");
      built += r.ret == 0;
      clc_test_free(&r);
      free(text);
   }
   printf("   %u of 400 mutants build\n", built);
   assert_true(built > 0 && built < 400);
}

/* Deep nesting and blow-up must end in a message. */
static void
test_hostile_sources(void **state)
{
   char source[4096];
   size_t at =
      snprintf(source, sizeof(source), "int f0(int x) { return x * 3 + 1; }\n");
   for (unsigned i = 1; i < 40; i++)
      at += snprintf(source + at, sizeof(source) - at,
                     "int f%u(int x) { return f%u(x) + f%u(x ^ 5); }\n", i,
                     i - 1, i - 1);
   snprintf(source + at, sizeof(source) - at,
            "kernel void k(global int *p) { *p = f39(*p); }\n");
   struct clc_test_result r = clc_test_build(source, NULL);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "too large with all calls inlined");
   clc_test_free(&r);

   /* Taking it apart word by word would take hours. */
   r = clc_test_build("struct huge { int a[100000]; };\n"
                      "kernel void k(global int *p, struct huge h)\n"
                      "{ *p = h.a[*p]; }\n",
                      NULL);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "400008 bytes of arguments, 4096 at most");
   clc_test_free(&r);

   static const char deep[] = "#define A(x) ((x))\n"
                              "#define B(x) A(A(A(A(x))))\n"
                              "#define C(x) B(B(B(B(x))))\n"
                              "#define D(x) C(C(C(C(x))))\n"
                              "kernel void k(global int *p) { *p = D(D(1)); }";
   r = clc_test_build(deep, NULL);
   assert_true(r.ret == 0 || r.ret == -EINVAL);
   clc_test_free(&r);
}

/* ---- time ---- */

static double
now_ms(void)
{
   struct timespec t;
   clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
   return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static void
test_time(void **state)
{
   for (unsigned i = 0; i < ARRAY_SIZE(sources); i++) {
      double start = now_ms(), linked = 0;
      for (unsigned n = 0; n < 10; n++) {
         struct clc_test_result object = clc_test_compile(sources[i], NULL);
         const struct clc_blob *objects[] = {&object.blob};
         double before = now_ms();
         struct clc_test_result r = clc_test_link(objects, 1, NULL, false);
         linked += now_ms() - before;
         clc_test_free(&r);
         clc_test_free(&object);
      }
      double total = now_ms() - start;
      printf("   source %u: compile %.2f ms, link %.2f ms CPU\n", i,
             (total - linked) / 10, linked / 10);
   }
}

int
main(void)
{
   random_state = test_rng_state(test_seed());

   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_deterministic),
      cmocka_unit_test(test_option_garbage),
      cmocka_unit_test(test_source_garbage),
      cmocka_unit_test(test_hostile_sources),
      cmocka_unit_test(test_time),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
