/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the compiled kernels compute, on the host (clc_host.h), against the same
 * in C. */
#include "clc_host.h"
#include "clc_test_util.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/util_macros.h"

static uint64_t random_state;

static uint64_t
random_u64(void)
{
   random_state ^= random_state << 13;
   random_state ^= random_state >> 7;
   random_state ^= random_state << 17;
   return random_state * 0x2545f4914f6cdd1dull;
}

static struct clc_host_program *
build(const char *source, const char *options)
{
   struct clc_test_result r = clc_test_build(source, options);
   if (r.ret)
      fail_msg("%s", r.log);
   struct clc_host_program *p = clc_host_create(&r.blob);
   assert_non_null(p);
   clc_test_free(&r);
   return p;
}

/* A kernel on one dimension. */
static struct clc_host_fences
launch(struct clc_host_program *p, const char *kernel, unsigned groups,
       unsigned local, const void *args, size_t args_size_B)
{
   struct clc_host_launch l = {
      .kernel = kernel,
      .groups = {groups},
      .local = {local},
      .args = args,
      .args_size_B = args_size_B,
   };
   return clc_host_run(p, &l);
}

/* ---- work-items ---- */

static const char workitem_source[] =
   "kernel void ids(global ulong *out)\n"
   "{\n"
   "   size_t at = 0, size = 1;\n"
   "   for (int d = 0; d < 3; d++) {\n"
   "      at += (get_global_id(d) - get_global_offset(d)) * size;\n"
   "      size *= get_global_size(d);\n"
   "   }\n"
   "   global ulong *o = out + at * 24;\n"
   "   for (uint d = 0; d < 4; d++) {\n"
   "      o[d * 5] = get_global_id(d);\n"
   "      o[d * 5 + 1] = get_local_id(d);\n"
   "      o[d * 5 + 2] = get_group_id(d);\n"
   "      o[d * 5 + 3] = get_local_size(d) | get_num_groups(d) << 16;\n"
   "      o[d * 5 + 4] = get_global_size(d) | get_global_offset(d) << 16;\n"
   "   }\n"
   "   o[20] = get_global_linear_id();\n"
   "   o[21] = get_local_linear_id();\n"
   "   o[22] = get_work_dim();\n"
   "   o[23] = get_sub_group_id() | get_sub_group_local_id() << 8 |\n"
   "           get_sub_group_size() << 16 | get_num_sub_groups() << 24;\n"
   "}\n";

#define GROUPS                                                                 \
   {                                                                           \
      3, 2, 2                                                                  \
   }
#define LOCAL                                                                  \
   {                                                                           \
      5, 4, 2                                                                  \
   }
#define OFFSET                                                                 \
   {                                                                           \
      7, 100, 9                                                                \
   }

static void
check_item(const uint64_t *o, const uint32_t id[3])
{
   static const uint32_t groups[3] = GROUPS, local[3] = LOCAL,
                         offset[3] = OFFSET;
   for (unsigned d = 0; d < 3; d++) {
      assert_int_equal(o[d * 5], id[d] + offset[d]);
      assert_int_equal(o[d * 5 + 1], id[d] % local[d]);
      assert_int_equal(o[d * 5 + 2], id[d] / local[d]);
      assert_int_equal(o[d * 5 + 3], local[d] | groups[d] << 16);
      assert_int_equal(o[d * 5 + 4], groups[d] * local[d] | offset[d] << 16);
   }
   assert_int_equal(o[15], 0);
   assert_int_equal(o[16], 0);
   assert_int_equal(o[17], 0);
   assert_int_equal(o[18], 1 | 1 << 16);
   assert_int_equal(o[19], 1);
   unsigned linear = (id[2] * 8 + id[1]) * 15 + id[0];
   assert_int_equal(o[20], linear);
   unsigned in_group =
      (id[2] % local[2] * local[1] + id[1] % local[1]) * local[0] +
      id[0] % local[0];
   assert_int_equal(o[21], in_group);
   assert_int_equal(o[22], 3);
   unsigned size = in_group < 32 ? 32 : 8; /* of 40 */
   assert_int_equal(o[23],
                    in_group / 32 | in_group % 32 << 8 | size << 16 | 2u << 24);
}

static void
test_work_items(void **state)
{
   struct clc_host_program *p = build(workitem_source, "-cl-std=CL3.0");
   uint64_t *out = calloc(15 * 8 * 4 * 24, sizeof(*out));
   struct clc_host_launch l = {
      .kernel = "ids",
      .groups = GROUPS,
      .local = LOCAL,
      .global_offset = OFFSET,
      .args = &out,
      .args_size_B = sizeof(out),
   };
   clc_host_run(p, &l);
   for (uint32_t z = 0; z < 4; z++)
      for (uint32_t y = 0; y < 8; y++)
         for (uint32_t x = 0; x < 15; x++)
            check_item(out + ((z * 8 + y) * 15 + x) * 24,
                       (uint32_t[]){x, y, z});
   free(out);
   clc_host_destroy(p);
}

/* ---- collectives ---- */

static const char collective_source[] =
   "kernel void ints(global const int *in, global int *out)\n"
   "{\n"
   "   size_t i = get_global_id(0), n = get_global_size(0);\n"
   "   int x = in[i];\n"
   "   out[i] = work_group_reduce_add(x);\n"
   "   out[i + n] = work_group_reduce_min(x);\n"
   "   out[i + 2 * n] = work_group_reduce_max(x);\n"
   "   out[i + 3 * n] = work_group_scan_inclusive_add(x);\n"
   "   out[i + 4 * n] = work_group_scan_exclusive_add(x);\n"
   "   out[i + 5 * n] = work_group_scan_inclusive_max(x);\n"
   "   out[i + 6 * n] = work_group_scan_exclusive_min(x);\n"
   "   out[i + 7 * n] = work_group_any(x > 90);\n"
   "   out[i + 8 * n] = work_group_all(x > -90);\n"
   "   out[i + 9 * n] = work_group_broadcast(x, get_local_size(0) / 2);\n"
   "   out[i + 10 * n] = sub_group_reduce_add(x);\n"
   "   out[i + 11 * n] = sub_group_scan_exclusive_add(x);\n"
   "   out[i + 12 * n] = sub_group_broadcast(x, 0);\n"
   "   out[i + 13 * n] = sub_group_any(x > 90) | sub_group_all(x > -90) << 1;\n"
   "}\n"
   "kernel void doubles(global const double *in, global double *out)\n"
   "{\n"
   "   size_t i = get_global_id(0), n = get_global_size(0);\n"
   "   out[i] = work_group_scan_inclusive_add(in[i]);\n"
   "   out[i + n] = work_group_scan_exclusive_max(in[i]);\n"
   "   out[i + 2 * n] = work_group_reduce_min(in[i]);\n"
   "}\n";

/* The outputs for item `i` of items [first, first + n) of a group. */
static void
expect_ints(const int *in, unsigned n, unsigned i, int want[14])
{
   unsigned warp = i / 32 * 32, end = MIN2(warp + 32, n);
   memset(want, 0, 14 * sizeof(int));
   want[1] = want[6] = INT32_MAX;
   want[2] = want[5] = INT32_MIN;
   want[8] = 1;
   for (unsigned k = 0; k < n; k++) {
      want[0] += in[k];
      want[1] = MIN2(want[1], in[k]);
      want[2] = MAX2(want[2], in[k]);
      want[3] += k <= i ? in[k] : 0;
      want[4] += k < i ? in[k] : 0;
      want[5] = k <= i ? MAX2(want[5], in[k]) : want[5];
      want[6] = k < i ? MIN2(want[6], in[k]) : want[6];
      want[7] |= in[k] > 90;
      want[8] &= in[k] > -90;
   }
   want[9] = in[n / 2];
   bool any = false, all = true;
   for (unsigned k = warp; k < end; k++) {
      want[10] += in[k];
      want[11] += k < i ? in[k] : 0;
      any |= in[k] > 90;
      all &= in[k] > -90;
   }
   want[12] = in[warp];
   want[13] = any | all << 1;
}

static void
check_ints(struct clc_host_program *p, unsigned groups, unsigned local)
{
   unsigned n = groups * local;
   int *in = calloc(n, sizeof(int)), *out = calloc(14 * n, sizeof(int));
   for (unsigned i = 0; i < n; i++)
      in[i] = (int)(random_u64() % 200) - 100;
   const void *args[] = {in, out};
   launch(p, "ints", groups, local, args, sizeof(args));
   for (unsigned i = 0; i < n; i++) {
      int want[14];
      expect_ints(in + i / local * local, local, i % local, want);
      for (unsigned k = 0; k < 14; k++)
         if (out[i + k * n] != want[k])
            fail_msg("local %u item %u output %u: %d, want %d", local, i, k,
                     out[i + k * n], want[k]);
   }
   free(in);
   free(out);
}

static void
check_doubles(struct clc_host_program *p, unsigned n)
{
   double *in = calloc(n, sizeof(double)), *out = calloc(3 * n, sizeof(double));
   for (unsigned i = 0; i < n; i++)
      in[i] = (int)(random_u64() % 2000) - 1000; /* sums are exact */
   const void *args[] = {in, out};
   launch(p, "doubles", 1, n, args, sizeof(args));
   double sum = 0, max = -INFINITY, min = INFINITY;
   for (unsigned i = 0; i < n; i++)
      min = fmin(min, in[i]);
   for (unsigned i = 0; i < n; i++) {
      sum += in[i];
      assert_true(out[i] == sum);
      assert_true(out[i + n] == max);
      assert_true(out[i + 2 * n] == min);
      max = fmax(max, in[i]);
   }
   free(in);
   free(out);
}

static void
test_collectives(void **state)
{
   static const unsigned sizes[] = {1, 2, 31, 32, 33, 64, 100, 255, 1024};
   struct clc_host_program *p = build(collective_source, "-cl-std=CL3.0");
   for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
      check_ints(p, 2, sizes[i]);
      check_doubles(p, sizes[i]);
   }
   clc_host_destroy(p);
}

/* ---- sub-group extensions ---- */

static const char subgroup_source[] =
   "kernel void all(global const int *in, global int *out)\n"
   "{\n"
   "   uint i = get_global_id(0), n = get_global_size(0);\n"
   "   int x = in[i];\n"
   "   out[i] = sub_group_shuffle(x, i * 7 & 31);\n"
   "   out[i + n] = sub_group_shuffle_xor(x, 5);\n"
   "   out[i + 2 * n] = sub_group_rotate(x, 3);\n"
   "   out[i + 3 * n] = sub_group_clustered_rotate(x, 3, 8);\n"
   "   out[i + 4 * n] = sub_group_clustered_reduce_add(x, 4);\n"
   "   out[i + 5 * n] = sub_group_ballot(x > 0).x;\n"
   "   out[i + 6 * n] = sub_group_ballot_exclusive_scan((uint4)(x));\n"
   "   out[i + 7 * n] = sub_group_non_uniform_all_equal(x & 0);\n"
   "}\n"
   "kernel void odd(global const long *in, global long *out)\n"
   "{\n"
   "   uint i = get_global_id(0), n = get_global_size(0);\n"
   "   if (!(i & 1)) return;\n"
   "   out[i] = sub_group_non_uniform_reduce_add(in[i]);\n"
   "   out[i + n] = sub_group_non_uniform_scan_exclusive_mul(in[i]);\n"
   "   out[i + 2 * n] = sub_group_non_uniform_scan_inclusive_max(in[i]);\n"
   "   out[i + 3 * n] = sub_group_elect();\n"
   "   out[i + 4 * n] = sub_group_broadcast_first(in[i]);\n"
   "}\n";

static void
check_subgroup_all(struct clc_host_program *p)
{
   int in[64], out[8 * 64];
   for (unsigned i = 0; i < 64; i++)
      in[i] = (int)random_u64() >> 8;
   const void *args[] = {in, out};
   launch(p, "all", 1, 64, args, sizeof(args));
   for (unsigned i = 0; i < 64; i++) {
      const int *warp = in + i / 32 * 32;
      unsigned lane = i % 32;
      assert_int_equal(out[i], warp[i * 7 & 31]);
      assert_int_equal(out[i + 64], warp[lane ^ 5]);
      assert_int_equal(out[i + 128], warp[(lane + 3) % 32]);
      assert_int_equal(out[i + 192], warp[(lane & 24) + (lane + 3) % 8]);
      unsigned sum = 0, positive = 0;
      for (unsigned k = 0; k < 32; k++) {
         sum += k / 4 == lane / 4 ? warp[k] : 0;
         positive |= (unsigned)(warp[k] > 0) << k;
      }
      assert_int_equal(out[i + 256], (int)sum);
      assert_int_equal((unsigned)out[i + 320], positive);
      assert_int_equal(out[i + 384],
                       __builtin_popcount(in[i] & ((1u << lane) - 1)));
      assert_int_equal(out[i + 448], 1);
   }
}

/* Only odd lanes take part. */
static void
check_subgroup_odd(struct clc_host_program *p)
{
   long in[32], out[5 * 32];
   for (unsigned i = 0; i < 32; i++)
      in[i] = random_u64() % 19 - 9;
   const void *args[] = {in, out};
   launch(p, "odd", 1, 32, args, sizeof(args));
   long sum = 0, product = 1, max = INT64_MIN;
   for (unsigned i = 1; i < 32; i += 2)
      sum += in[i];
   for (unsigned i = 1; i < 32; i += 2) {
      max = MAX2(max, in[i]);
      assert_int_equal(out[i], sum);
      assert_int_equal(out[i + 32], product);
      assert_int_equal(out[i + 64], max);
      assert_int_equal(out[i + 96], i == 1);
      assert_int_equal(out[i + 128], in[1]);
      product *= in[i];
   }
}

static void
test_subgroup_extensions(void **state)
{
   struct clc_host_program *p = build(subgroup_source, "-cl-std=CL3.0");
   for (unsigned i = 0; i < 20; i++) {
      check_subgroup_all(p);
      check_subgroup_odd(p);
   }
   clc_host_destroy(p);
}

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
      type a = random_u64(), v[11], old[12], want[12], host = a;               \
      for (unsigned i = 0; i < 11; i++)                                        \
         v[i] = random_u64();                                                  \
      void *args[] = {&a, v, old};                                             \
      launch(p, #name, 1, 1, args, sizeof(args));                              \
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
   struct clc_host_program *p = build(atomic_source, "-cl-std=CL3.0");
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
      struct clc_host_program *p = build(source, "-cl-std=CL3.0");
      int a = 0, b = 0;
      void *args[] = {&a, &b};
      struct clc_host_fences got = launch(p, "k", 1, 1, args, sizeof(args));
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
   struct clc_host_program *p = build(struct_source, "-cl-std=CL3.0");
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
   launch(p, "k", 1, 1, &args, sizeof(args));

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
   struct clc_host_program *p = build(memory_source, NULL);
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
   launch(p, "k", 1, 1, &args, sizeof(args));
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
   struct clc_host_program *p = build(
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
   launch(p, "k", 1, 48, args, sizeof(args));
   for (int i = 0; i < 100; i++)
      assert_int_equal(to[i], from[3 * i]);
   for (int i = 0; i < 50; i++)
      assert_int_equal(to[100 + i], from[7 + i]);
   for (int i = 0; i < 40; i++)
      assert_int_equal(to[150 + i], i % 2 ? 0 : from[3 * (i / 2)]);
   clc_host_destroy(p);
}

/* ---- numbers ---- */

/* |got - want| in units of the last place of `want` at `mantissa` bits. */
static double
ulp_error(double got, long double want, int mantissa, int min_exponent)
{
   if (isnan(got) || isnan((double)want))
      return isnan(got) && isnan((double)want) ? 0 : INFINITY;
   long double limit = ldexpl(1, 128);
   if (mantissa == 53)
      limit = ldexpl(1, 1024);
   if (fabsl(want) >= limit)
      return isinf(got) && signbit(got) == signbit(want) ? 0 : INFINITY;
   if (want == 0)
      return got == 0 ? 0 : INFINITY;
   int exponent = MAX2(ilogbl(want), min_exponent);
   return fabsl(got - want) / ldexpl(1, exponent - mantissa + 1);
}

static void
check_math(struct clc_host_program *p, const char *kernel,
           long double (*reference)(long double), double low, double high,
           double max_ulp)
{
   bool is_double = kernel[strlen(kernel) - 1] == 'd';
   double worst = 0, worst_x = 0;
   for (unsigned i = 0; i < 20000; i++) {
      double x = low + (high - low) * (random_u64() >> 11) * 0x1p-53;
      double dx = x, dr;
      float fx = x, fr;
      void *args[] = {is_double ? (void *)&dx : &fx,
                      is_double ? (void *)&dr : &fr};
      launch(p, kernel, 1, 1, args, sizeof(args));
      long double want = reference(is_double ? dx : fx);
      double ulp = is_double ? ulp_error(dr, want, 53, -1022)
                             : ulp_error(fr, want, 24, -126);
      /* Subnormal floats may be flushed: no CL_FP_DENORM. */
      if (!is_double && fabsl(want) < 0x1p-126 && fr == 0)
         ulp = 0;
      if (ulp > worst) {
         worst = ulp;
         worst_x = is_double ? dx : fx;
      }
   }
   printf("   %s [%g, %g]: %.2f ulp at %a\n", kernel, low, high, worst,
          worst_x);
   if (worst > max_ulp)
      fail_msg("%s: %g ulp at %a", kernel, worst, worst_x);
}

static const char math_source[] =
   "#define F(name)\\\n"
   "kernel void name##_f(global float *x, global float *r) { *r = name(*x); }\\\n"
   "kernel void name##_d(global double *x, global double *r) { *r = name(*x); }\n"
   "F(tgamma) F(erfc) F(lgamma)\n";

static float
run_float(struct clc_host_program *p, const char *kernel, float x)
{
   float r;
   void *args[] = {&x, &r};
   launch(p, kernel, 1, 1, args, sizeof(args));
   return r;
}

static double
run_double(struct clc_host_program *p, const char *kernel, double x)
{
   double r;
   void *args[] = {&x, &r};
   launch(p, kernel, 1, 1, args, sizeof(args));
   return r;
}

/* Limits: OpenCL C 7.4, tables 62 and 66. */
static void
test_math(void **state)
{
   struct clc_host_program *p = build(math_source, NULL);
   check_math(p, "tgamma_f", tgammal, -40, 37, 16);
   check_math(p, "tgamma_d", tgammal, 0.01, 180, 16);
   check_math(p, "tgamma_d", tgammal, -0.999, 30, 16);
   check_math(p, "tgamma_d", tgammal, -183, 0, 16);
   check_math(p, "tgamma_d", tgammal, -1e-30, 1e-30, 16);
   check_math(p, "erfc_f", erfcl, -3, 10.5, 16);

   assert_true(run_float(p, "lgamma_f", -INFINITY) == INFINITY);
   assert_true(run_double(p, "lgamma_d", -INFINITY) == INFINITY);
   assert_true(run_float(p, "tgamma_f", 0.0f) == INFINITY);
   assert_true(run_float(p, "tgamma_f", -0.0f) == -INFINITY);
   assert_true(isnan(run_float(p, "tgamma_f", -INFINITY)));
   assert_true(isnan(run_double(p, "tgamma_d", -3.0)));
   assert_true(isnan(run_double(p, "tgamma_d", NAN)));
   assert_true(run_double(p, "tgamma_d", INFINITY) == INFINITY);
   assert_true(fabs(run_double(p, "tgamma_d", 5.0) - 24.0) <= 16 * 0x1p-48);
   clc_host_destroy(p);
}

static const char integer_source[] =
   "kernel void i32(global int *a, global int *r)\n"
   "{ r[0] = mad_hi(a[0], a[1], a[2]); r[1] = ctz(a[0]); }\n"
   "kernel void u32(global uint *a, global uint *r)\n"
   "{ r[0] = mad_hi(a[0], a[1], a[2]); r[1] = ctz(a[0]); }\n"
   "kernel void u64(global ulong *a, global ulong *r)\n"
   "{ r[0] = mad_hi(a[0], a[1], a[2]); r[1] = ctz(a[0]); }\n"
   "kernel void i16(global short *a, global short *r)\n"
   "{ r[0] = mad_hi(a[0], a[1], a[2]); r[1] = ctz(a[0]); }\n";

#define CHECK_INTEGER(name, type, wide, bits)                                  \
   static void check_mad_##name(struct clc_host_program *p)                    \
   {                                                                           \
      type a[3], r[2];                                                         \
      for (unsigned i = 0; i < 3; i++)                                         \
         a[i] = random_u64() << random_u64() % bits;                           \
      if (random_u64() % 8 == 0)                                               \
         a[0] = 0;                                                             \
      void *args[] = {a, r};                                                   \
      launch(p, #name, 1, 1, args, sizeof(args));                              \
      type want = (type)((wide)a[0] * a[1] >> bits) + a[2];                    \
      unsigned zeros = 0;                                                      \
      while (zeros < bits && !(a[0] >> zeros & 1))                             \
         zeros++;                                                              \
      assert_true(r[0] == want);                                               \
      assert_int_equal(r[1], zeros);                                           \
   }

CHECK_INTEGER(i32, int32_t, int64_t, 32)
CHECK_INTEGER(u32, uint32_t, uint64_t, 32)
CHECK_INTEGER(u64, uint64_t, unsigned __int128, 64)
CHECK_INTEGER(i16, int16_t, int32_t, 16)

static void
test_integers(void **state)
{
   struct clc_host_program *p = build(integer_source, "-cl-std=CL3.0");
   for (unsigned i = 0; i < 1000; i++) {
      check_mad_i32(p);
      check_mad_u32(p);
      check_mad_u64(p);
      check_mad_i16(p);
   }
   clc_host_destroy(p);
}

static void
test_saturation(void **state)
{
   struct clc_host_program *p =
      build("kernel void k(global const double *x, global long *r)\n"
            "{\n"
            "   double d = *x;\n"
            "   r[0] = convert_int_sat_rte(d);\n"
            "   r[1] = convert_uchar_sat((float)d);\n"
            "   r[2] = convert_long_sat_rtn((float)d);\n"
            "   r[3] = convert_ushort2_sat_rtp((double2)(d)).y;\n"
            "   r[4] = convert_ulong_sat_rtz(d);\n"
            "}\n",
            NULL);
   static const struct {
      double x;
      int64_t want[5];
   } cases[] = {
      {NAN, {0, 0, 0, 0, 0}},
      {INFINITY, {INT32_MAX, 255, INT64_MAX, 65535, -1}},
      {-INFINITY, {INT32_MIN, 0, INT64_MIN, 0, 0}},
      {2.5, {2, 2, 2, 3, 2}},
      {-0.5, {0, 0, -1, 0, 0}},
      {1e30, {INT32_MAX, 255, INT64_MAX, 65535, -1}},
      {65534.5, {65534, 255, 65534, 65535, 65534}},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      int64_t r[5];
      const void *args[] = {&cases[i].x, r};
      launch(p, "k", 1, 1, args, sizeof(args));
      for (unsigned k = 0; k < 5; k++)
         if (r[k] != cases[i].want[k])
            fail_msg("%g, %u: %lld", cases[i].x, k, (long long)r[k]);
   }
   clc_host_destroy(p);
}

static const char bits_source[] =
   "kernel void k(global const uint *a, global uint *r)\n"
   "{\n"
   "   r[0] = bitfield_insert(a[0], a[1], a[2], a[3]);\n"
   "   r[1] = bitfield_extract_unsigned(a[0], a[2], a[3]);\n"
   "   r[2] = bitfield_extract_signed(a[0], a[2], a[3]);\n"
   "   r[3] = bit_reverse((ushort)a[0]);\n"
   "   r[4] = dot_acc_sat_4x8packed_ss_int(a[0], a[1], (int)a[4]);\n"
   "   r[5] = dot_4x8packed_uu_uint(a[0], a[1]);\n"
   "   r[6] = dot(as_uchar4(a[0]), as_char4(a[1]));\n"
   "}\n";

static void
check_bits(struct clc_host_program *p)
{
   uint32_t a[5], r[7];
   for (unsigned i = 0; i < 5; i++)
      a[i] = random_u64();
   a[2] %= 33;
   a[3] %= 33 - a[2];
   void *args[] = {a, r};
   launch(p, "k", 1, 1, args, sizeof(args));

   uint64_t ones = (1ull << a[3]) - 1;
   uint32_t mask = ones << a[2], field = (uint64_t)a[0] >> a[2] & ones;
   uint32_t insert =
      (a[0] & ~mask) | ((uint32_t)((uint64_t)a[1] << a[2]) & mask);
   assert_int_equal(r[0], insert);
   assert_int_equal(r[1], field);
   uint32_t extended = a[3] ? util_sign_extend(field, a[3]) : 0;
   assert_int_equal(r[2], extended);
   uint32_t reversed = 0;
   int64_t ss = (int32_t)a[4], uu = 0, us = 0;
   for (unsigned i = 0; i < 16; i++)
      reversed |= (a[0] >> i & 1) << (15 - i);
   for (unsigned i = 0; i < 32; i += 8) {
      ss += (int8_t)(a[0] >> i) * (int8_t)(a[1] >> i);
      uu += (uint8_t)(a[0] >> i) * (uint8_t)(a[1] >> i);
      us += (uint8_t)(a[0] >> i) * (int8_t)(a[1] >> i);
   }
   assert_int_equal(r[3], reversed);
   assert_int_equal((int32_t)r[4], CLAMP(ss, INT32_MIN, INT32_MAX));
   assert_int_equal(r[5], uu);
   assert_int_equal((int32_t)r[6], us);
}

static void
test_bits(void **state)
{
   struct clc_host_program *p = build(bits_source, NULL);
   for (unsigned i = 0; i < 2000; i++)
      check_bits(p);
   clc_host_destroy(p);
}

static double
half_value(uint16_t h)
{
   int exponent = h >> 10 & 31;
   double mantissa = h & 1023, sign = h & 0x8000 ? -1 : 1;
   if (exponent == 31)
      return mantissa ? NAN : sign * INFINITY;
   if (exponent == 0)
      return sign * ldexp(mantissa, -24);
   return sign * ldexp(mantissa + 1024, exponent - 25);
}

/* Around every half: the value itself and its neighbours as a double. */
static void
test_directed_halves(void **state)
{
   struct clc_host_program *p =
      build("kernel void d(global const double *x, global half *up,\n"
            "              global half *down, local half *unused)\n"
            "{\n"
            "   size_t i = get_global_id(0);\n"
            "   vstore_half_rtp(x[i], i, up);\n"
            "   vstore_half_rtn(x[i], i, down);\n"
            "}\n"
            "kernel void f(global const float *x, global half *up,\n"
            "              global half *down, local half *unused)\n"
            "{\n"
            "   size_t i = get_global_id(0);\n"
            "   vstore_half_rtp(x[i], i, up);\n"
            "   vstore_half_rtn(x[i], i, down);\n"
            "}\n",
            NULL);
   enum {
      COUNT = 0x7c01
   };
   static double x[COUNT];
   static float xf[COUNT];
   static uint16_t up[COUNT], down[COUNT];
   for (unsigned pass = 0; pass < 12; pass++) {
      for (unsigned h = 0; h < COUNT; h++) {
         double v = half_value(h);
         v = pass % 3 == 0 ? v : nextafter(v, pass % 3 == 1 ? 0 : INFINITY);
         if (pass >= 6)
            v = pass % 3 == 0
                   ? v
                   : nextafterf(half_value(h), pass % 3 == 1 ? 0 : INFINITY);
         xf[h] = x[h] = pass / 3 % 2 ? -v : v;
      }
      bool floats = pass >= 6;
      void *args[] = {floats ? (void *)xf : x, up, down, NULL};
      launch(p, floats ? "f" : "d", 1, 1, args, sizeof(args));
      struct clc_host_launch l = {.kernel = floats ? "f" : "d",
                                  .groups = {COUNT},
                                  .args = args,
                                  .args_size_B = sizeof(args)};
      clc_host_run(p, &l);
      for (unsigned h = 0; h < COUNT; h++) {
         double a = half_value(down[h]), b = half_value(up[h]);
         bool ok = a <= x[h] && x[h] <= b;
         /* Nothing lies between, and an exact value stays. */
         ok &= a == b ? a == x[h]
                      : abs((int16_t)down[h] - (int16_t)up[h]) == 1 ||
                           (a == 0 || b == 0);
         ok &= a != 0 || fabs(x[h]) < 0x1p-24;
         ok &= b != 0 || fabs(x[h]) < 0x1p-24;
         if (!ok)
            fail_msg("pass %u: %a between %a and %a", pass, x[h], a, b);
      }
   }
   clc_host_destroy(p);
}

/* Next to powers of two, where the nearest is not in the mode's direction, and
 * the sign of a zero. */
static void
test_directed_floats(void **state)
{
   struct clc_host_program *p =
      build("kernel void k(global uint *r, uint u, int i, ulong ul, double d)\n"
            "{\n"
            "   r[0] = as_uint(convert_float_rtz(u));\n"
            "   r[1] = as_uint(convert_float2_rtp((uint2)(u)).y);\n"
            "   r[2] = as_uint(convert_float_rtn(i));\n"
            "   r[3] = as_uint(convert_float_rtn(-i));\n"
            "   r[4] = as_uint(convert_float_rtz(ul));\n"
            "   r[5] = as_uint(convert_float_rtp(d));\n"
            "   r[6] = as_uint(convert_float_rtn(d));\n"
            "   r[7] = as_ulong(convert_double_rtz(ul)) >> 32;\n"
            "}\n",
            NULL);
   static const uint32_t want[8] = {0x4f7fffff, 0x4f800000, 0x4effffff,
                                    0xcf000000, 0x5f7fffff, 0x80000000,
                                    0x80000001, 0x43efffff};
   uint32_t r[8] = {0};
   struct {
      uint32_t *r;
      uint32_t u;
      int32_t i;
      uint64_t ul;
      double d;
   } args = {r, UINT32_MAX, INT32_MAX, UINT64_MAX, -0x1.fp-150};
   launch(p, "k", 1, 1, &args, sizeof(args));
   for (unsigned n = 0; n < 8; n++)
      assert_int_equal(r[n], want[n]);
   clc_host_destroy(p);
}

int
main(void)
{
   const char *seed = getenv("TEST_SEED");
   random_state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
   random_state |= 1;
   printf("TEST_SEED=%#llx\n", (unsigned long long)random_state);

   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_work_items),
      cmocka_unit_test(test_collectives),
      cmocka_unit_test(test_subgroup_extensions),
      cmocka_unit_test(test_atomics),
      cmocka_unit_test(test_fences),
      cmocka_unit_test(test_struct_arguments),
      cmocka_unit_test(test_memory_intrinsics),
      cmocka_unit_test(test_async_copies),
      cmocka_unit_test(test_math),
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_saturation),
      cmocka_unit_test(test_bits),
      cmocka_unit_test(test_directed_halves),
      cmocka_unit_test(test_directed_floats),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
