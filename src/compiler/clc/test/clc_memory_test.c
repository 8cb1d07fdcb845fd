/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Kernels on the host: atomics, fences, arguments, memory. */
#include "clc_exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/test/test_random.h"
#include "util/util_macros.h"

static uint64_t random_state;

/* ---- atomics ---- */

static const char atomic_source[] =
   "#define ALL(name, atomic, type)\\\n"
   "kernel void name(global atomic *a, global type *v, global type *old)\\\n"
   "{\\\n"
   "   old[0] = atomic_fetch_add(a, v[0]);\\\n"
   "   old[1] = atomic_fetch_sub(a, v[1]);\\\n"
   "   old[2] = atomic_fetch_or(a, v[2]);\\\n"
   "   old[3] = atomic_fetch_xor(a, v[3]);\\\n"
   "   old[4] = atomic_fetch_and(a, v[4]);\\\n"
   "   old[5] = atomic_fetch_min(a, v[5]);\\\n"
   "   old[6] = atomic_fetch_max(a, v[6]);\\\n"
   "   old[7] = atomic_exchange(a, v[7]);\\\n"
   "   type e = v[7];\\\n"
   "   old[8] = atomic_compare_exchange_strong(a, &e, v[8]);\\\n"
   "   e = v[9];\\\n"
   "   old[9] = atomic_compare_exchange_strong(a, &e, v[9]);\\\n"
   "   old[10] = e;\\\n"
   "   atomic_store(a, v[10]);\\\n"
   "   old[11] = atomic_load(a);\\\n"
   "}\n"
   "ALL(i32, atomic_int, int)\n"
   "ALL(u32, atomic_uint, uint)\n"
   "ALL(i64, atomic_long, long)\n"
   "ALL(u64, atomic_ulong, ulong)\n";

/* The kernel above in C. */
#define CHECK_ATOMIC(name, type)                                               \
   static void check_##name(struct clc_host_program *p)                        \
   {                                                                           \
      type a = test_rng(&random_state), v[11], old[12], want[12], host = a;    \
      for (unsigned i = 0; i < 11; i++)                                        \
         v[i] = test_rng(&random_state);                                       \
      void *args[] = {&a, v, old};                                             \
      clc_exec_run(p, #name, 1, 1, args, sizeof(args));                        \
      want[0] = host, host += v[0];                                            \
      want[1] = host, host -= v[1];                                            \
      want[2] = host, host |= v[2];                                            \
      want[3] = host, host ^= v[3];                                            \
      want[4] = host, host &= v[4];                                            \
      want[5] = host, host = MIN2(host, v[5]);                                 \
      want[6] = host, host = MAX2(host, v[6]);                                 \
      want[7] = host, host = v[7];                                             \
      want[8] = 1, host = v[8];                                                \
      want[9] = host == v[9], want[10] = host;                                 \
      want[11] = v[10];                                                        \
      assert_memory_equal(old, want, sizeof(want));                            \
      assert_true(a == v[10]);                                                 \
   }

CHECK_ATOMIC(i32, int32_t)
CHECK_ATOMIC(u32, uint32_t)
CHECK_ATOMIC(i64, int64_t)
CHECK_ATOMIC(u64, uint64_t)

static void
test_atomics(void **state)
{
   struct clc_host_program *p = clc_exec_build(atomic_source, "-cl-std=CL3.0");
   for (unsigned i = 0; i < 50; i++) {
      check_i32(p);
      check_u32(p);
      check_i64(p);
      check_u64(p);
   }
   clc_host_destroy(p);
}

/* Orders and scopes come out as fences of the right level and number. */
static void
test_fences(void **state)
{
   static const struct {
      const char *statement;
      struct clc_host_fences want;
   } cases[] = {
      {"atomic_fetch_add_explicit(p, 1, memory_order_relaxed, "
       "memory_scope_all_svm_devices)",
       {0, 0, 0}},
      {"atomic_fetch_add_explicit(p, 1, memory_order_acquire, "
       "memory_scope_device)",
       {0, 1, 0}},
      {"atomic_fetch_add_explicit(p, 1, memory_order_acq_rel, "
       "memory_scope_all_svm_devices)",
       {0, 0, 2}},
      {"atomic_fetch_add_explicit(p, 1, memory_order_release, "
       "memory_scope_work_group)",
       {1, 0, 0}},
      {"atomic_fetch_add_explicit(p, 1, memory_order_seq_cst)", {0, 2, 0}},
      {"atomic_fetch_add(p, 1)", {0, 2, 0}},
      {"atomic_store_explicit(p, 1, memory_order_release, "
       "memory_scope_all_devices)",
       {0, 0, 1}},
      {"atomic_store_explicit(p, 1, memory_order_relaxed)", {0, 0, 0}},
      {"*q = atomic_load_explicit(p, memory_order_acquire, "
       "memory_scope_device)",
       {0, 1, 0}},
      {"*q = atomic_load(p)", {0, 2, 0}},
      {"atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_acq_rel, "
       "memory_scope_device)",
       {0, 1, 0}},
      {"mem_fence(CLK_GLOBAL_MEM_FENCE)", {1, 0, 0}},
      {"barrier(CLK_LOCAL_MEM_FENCE)", {0, 0, 0}},
      {"work_group_barrier(CLK_GLOBAL_MEM_FENCE, memory_scope_device)",
       {0, 2, 0}},
      {"atomic_add((volatile global int *)q, 1)", {0, 0, 0}},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      char source[512];
      snprintf(source, sizeof(source),
               "kernel void k(global atomic_int *p, global int *q) { %s; }",
               cases[i].statement);
      struct clc_host_program *p = clc_exec_build(source, "-cl-std=CL3.0");
      int a = 0, b = 0;
      void *args[] = {&a, &b};
      struct clc_host_fences got =
         clc_exec_run(p, "k", 1, 1, args, sizeof(args));
      if (memcmp(&got, &cases[i].want, sizeof(got)) != 0)
         fail_msg("%s: %u %u %u", cases[i].statement, got.cta, got.gl, got.sys);
      clc_host_destroy(p);
   }
}

/* ---- arguments and memory ---- */

static const char struct_source[] =
   "typedef struct { char c; union { int i; char b[6]; } u; long l; } Inner;\n"
   "typedef struct { float f; Inner in[3]; double d; ulong p; } S;\n"
   "kernel void k(char before, S s, global long *out, Inner last)\n"
   "{\n"
   "   out[0] = before;\n"
   "   out[1] = (long)s.f;\n"
   "   for (int i = 0; i < 3; i++) {\n"
   "      out[2 + 3 * i] = s.in[i].c;\n"
   "      out[3 + 3 * i] = s.in[i].u.b[out[20]];\n"
   "      out[4 + 3 * i] = s.in[i].l;\n"
   "   }\n"
   "   out[11] = (long)s.d;\n"
   "   out[12] = *(global int *)s.p;\n"
   "   s.in[out[20] & 1].l = 77;\n"
   "   out[13] = s.in[0].l;\n"
   "   out[14] = s.in[1].l;\n"
   "   out[15] = last.u.i;\n"
   "}\n";

struct host_inner {
   char c;
   union {
      int i;
      char b[6];
   } u;
   long l;
};

struct host_args {
   char before;
   struct {
      float f;
      struct host_inner in[3];
      double d;
      int *p;
   } s;
   long *out;
   struct host_inner last;
};

static void
test_struct_arguments(void **state)
{
   struct clc_host_program *p = clc_exec_build(struct_source, "-cl-std=CL3.0");
   int pointed = 4711;
   long out[21] = {[20] = 5};
   struct host_args args = {
      .before = -3,
      .s = {.f = 12, .d = 1e6, .p = &pointed},
      .out = out,
      .last.u.i = 99,
   };
   for (int i = 0; i < 3; i++)
      args.s.in[i] = (struct host_inner){.c = i,
                                         .u.b = {0, 1, 2, 3, 4, 50 + i},
                                         .l = 1000 + i};
   clc_exec_run(p, "k", 1, 1, &args, sizeof(args));

   static const long want[] = {-3, 12, 0,    50,      1000, 1,    51, 1001,
                               2,  52, 1002, 1000000, 4711, 1000, 77, 99};
   for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
      assert_int_equal(out[i], want[i]);
   clc_host_destroy(p);
}

static const char memory_source[] =
   "typedef struct { int a[5]; } Small;\n"
   "typedef struct { int a[100]; } Big;\n"
   "typedef struct __attribute__((packed)) { char c[77]; } Odd;\n"
   "kernel void k(global Small *s, global Big *b, global Odd *o, int n)\n"
   "{\n"
   "   s[1] = s[0];\n"
   "   b[1] = b[0];\n"
   "   o[1] = o[0];\n"
   "   Big copy = b[0];\n"
   "   copy.a[n] = -1;\n"
   "   b[2] = copy;\n"
   "   Big zero = {0};\n"
   "   zero.a[n] = 5;\n"
   "   b[3] = zero;\n"
   "   for (int i = 0; i < n; i++)\n"
   "      ((global char *)o)[200 + i] = 9;\n"
   "}\n";

static void
test_memory_intrinsics(void **state)
{
   struct clc_host_program *p = clc_exec_build(memory_source, NULL);
   struct {
      int *s, *b;
      char *o;
      int n;
   } args = {calloc(10, 4), calloc(400, 4), calloc(300, 1), 42};
   for (int i = 0; i < 5; i++)
      args.s[i] = i + 1;
   for (int i = 0; i < 100; i++)
      args.b[i] = i * i;
   for (int i = 0; i < 77; i++)
      args.o[i] = i;
   clc_exec_run(p, "k", 1, 1, &args, sizeof(args));
   assert_memory_equal(args.s, args.s + 5, 20);
   assert_memory_equal(args.b, args.b + 100, 400);
   assert_memory_equal(args.o, args.o + 77, 77);
   for (int i = 0; i < 100; i++) {
      assert_int_equal(args.b[200 + i], i == 42 ? -1 : i * i);
      assert_int_equal(args.b[300 + i], i == 42 ? 5 : 0);
      assert_int_equal(args.o[200 + i], i < 42 ? 9 : 0);
   }
   free(args.s);
   free(args.b);
   free(args.o);
   clc_host_destroy(p);
}

static void
test_async_copies(void **state)
{
   struct clc_host_program *p = clc_exec_build(
      "kernel void k(global int *to, global const int *from,\n"
      "              local int *room)\n"
      "{\n"
      "   event_t e = async_work_group_strided_copy(room, from, 100, 3, 0);\n"
      "   e = async_work_group_copy(room + 100, from + 7, 50, e);\n"
      "   wait_group_events(1, &e);\n"
      "   e = async_work_group_copy(to, room, 150, 0);\n"
      "   e = async_work_group_strided_copy(to + 150, room, 20, 2, e);\n"
      "   wait_group_events(1, &e);\n"
      "}\n",
      NULL);
   int to[200] = {0}, from[300], room[150];
   for (int i = 0; i < 300; i++)
      from[i] = i + 1;
   void *args[] = {to, from, room};
   clc_exec_run(p, "k", 1, 48, args, sizeof(args));
   for (int i = 0; i < 100; i++)
      assert_int_equal(to[i], from[3 * i]);
   for (int i = 0; i < 50; i++)
      assert_int_equal(to[100 + i], from[7 + i]);
   for (int i = 0; i < 40; i++)
      assert_int_equal(to[150 + i], i % 2 ? 0 : from[3 * (i / 2)]);
   clc_host_destroy(p);
}

int
main(void)
{
   random_state = test_rng_state(test_seed());
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_atomics),
      cmocka_unit_test(test_fences),
      cmocka_unit_test(test_struct_arguments),
      cmocka_unit_test(test_memory_intrinsics),
      cmocka_unit_test(test_async_copies),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
