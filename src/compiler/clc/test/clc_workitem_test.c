/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Kernels on the host: who work-items are and what they say to each other. */
#include "clc_exec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/test/test_random.h"
#include "util/util_macros.h"

static uint64_t random_state;

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
   struct clc_host_program *p =
      clc_exec_build(workitem_source, "-cl-std=CL3.0");
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
      in[i] = (int)(test_rng(&random_state) % 200) - 100;
   const void *args[] = {in, out};
   clc_exec_run(p, "ints", groups, local, args, sizeof(args));
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
      in[i] = (int)(test_rng(&random_state) % 2000) - 1000; /* sums are exact */
   const void *args[] = {in, out};
   clc_exec_run(p, "doubles", 1, n, args, sizeof(args));
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
   struct clc_host_program *p =
      clc_exec_build(collective_source, "-cl-std=CL3.0");
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
      in[i] = (int)test_rng(&random_state) >> 8;
   const void *args[] = {in, out};
   clc_exec_run(p, "all", 1, 64, args, sizeof(args));
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
      in[i] = test_rng(&random_state) % 19 - 9;
   const void *args[] = {in, out};
   clc_exec_run(p, "odd", 1, 32, args, sizeof(args));
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
   struct clc_host_program *p =
      clc_exec_build(subgroup_source, "-cl-std=CL3.0");
   for (unsigned i = 0; i < 20; i++) {
      check_subgroup_all(p);
      check_subgroup_odd(p);
   }
   clc_host_destroy(p);
}

int
main(void)
{
   random_state = test_rng_state(test_seed());
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_work_items),
      cmocka_unit_test(test_collectives),
      cmocka_unit_test(test_subgroup_extensions),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
