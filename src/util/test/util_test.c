/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/test/test_random.h"
#include "util/util_arena.h"
#include "util/util_bitset.h"
#include "util/util_buf.h"
#include "util/util_flags.h"
#include "util/util_pool.h"
#include "util/util_rb.h"

/* The tree against a sorted array under random inserts and removes. */
static void
test_rb_against_array(void **state)
{
   enum {
      N = 400,
      STEPS = 20000
   };
   unsigned seed = test_seed();
   static struct util_rb_node nodes[N];
   bool in[N] = {0};
   struct util_rb t = {0};
   for (unsigned step = 0; step < STEPS; step++) {
      unsigned i = rand_r(&seed) % N;
      if (in[i]) {
         util_rb_remove(&t, &nodes[i]);
      } else {
         nodes[i].key = i * 10;
         util_rb_insert(&t, &nodes[i]);
      }
      in[i] = !in[i];
      if (step % 64 == 0)
         util_rb_validate(&t);
      unsigned key = rand_r(&seed) % (N * 10);
      int lo = key / 10, hi = (key + 9) / 10;
      while (lo >= 0 && !in[lo])
         lo--;
      while (hi < N && !in[hi])
         hi++;
      assert_ptr_equal(util_rb_floor(&t, key), lo < 0 ? NULL : &nodes[lo]);
      assert_ptr_equal(util_rb_ceil(&t, key), hi >= N ? NULL : &nodes[hi]);
   }
   unsigned count = 0, want = 0;
   util_rb_for_each(n, &t)
      count++;
   for (unsigned i = 0; i < N; i++)
      want += in[i];
   assert_int_equal(count, want);
}

static void
test_bitset_ranges(void **state)
{
   enum {
      N = 200
   };
   for (unsigned first = 0; first < N; first += 7) {
      for (unsigned n = 0; first + n <= N; n += 5) {
         uint64_t s[UTIL_BITSET_WORDS(N)] = {0};
         util_bitset_set_range(s, first, n);
         for (unsigned i = 0; i < N; i++)
            assert_int_equal(util_bitset_test(s, i),
                             i >= first && i < first + n);
         assert_int_equal(util_bitset_count_range(s, 0, N), n);
         assert_int_equal(util_bitset_next(s, 0, N), n ? first : N);
         util_bitset_clear_range(s, first, n);
         assert_false(util_bitset_any_range(s, 0, N));
      }
   }
}

static void
test_arena_and_buf(void **state)
{
   struct util_arena a;
   util_arena_init(&a);
   char *big = util_arena_alloc(&a, 1 << 20);
   for (unsigned i = 0; i < 1 << 20; i++)
      assert_int_equal(big[i], 0);
   assert_string_equal(util_arena_printf(&a, "%d-%s", 7, "x"), "7-x");
   util_arena_finish(&a);

   struct util_buf b;
   util_buf_init(&b);
   for (int i = 0; i < 100; i++)
      util_buf_printf(&b, "%d,", i);
   assert_int_equal(b.size_B, 290);
   char *s = util_buf_steal(&b);
   assert_int_equal(strlen(s), 290);
   free(s);
   util_buf_finish(&b);
}

static void
test_flags(void **state)
{
   static const struct util_flag table[] = {{"one", 1, "first"},
                                            {"two", 2, "second"},
                                            {0}};
   unsigned unknown;
   assert_int_equal(util_flags_parse("T", "one,two", table, &unknown), 3);
   assert_int_equal(unknown, 0);
   assert_int_equal(util_flags_parse("T", "on,,two", table, &unknown), 2);
   assert_int_equal(unknown, 1);
}

struct count_job {
   struct util_job job;
   unsigned *counter;
};

static void
count(struct util_job *job)
{
   __atomic_add_fetch(container_of(job, struct count_job, job)->counter, 1,
                      __ATOMIC_RELAXED);
}

static void
test_pool(void **state)
{
   unsigned counter = 0;
   struct count_job jobs[500];
   struct util_pool *pool = util_pool_create("t", 3);
   assert_non_null(pool);
   for (unsigned i = 0; i < 500; i++) {
      jobs[i] = (struct count_job){.job.run = count, .counter = &counter};
      util_pool_submit(pool, &jobs[i].job);
   }
   util_pool_destroy(pool);
   assert_int_equal(counter, 500);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rb_against_array),
      cmocka_unit_test(test_bitset_ranges),
      cmocka_unit_test(test_arena_and_buf),
      cmocka_unit_test(test_flags),
      cmocka_unit_test(test_pool),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
