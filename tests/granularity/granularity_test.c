/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What docs/granularity.md says of the four, in numbers. */
#include "granularity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum {
   PAGE,
   VMA,
   CHUNK,
   GRANULE
};

static void
run_all(const char *trace, struct gran_counts c[4])
{
   struct gran_trace t;
   gran_trace_create(trace, &t);
   for (unsigned k = 0; k < 4; k++)
      gran_run(gran_strategies[k], &t, &c[k]);
   gran_trace_finish(&t);
}

/* By hand: 64 MiB are 16384 pages, 1024 windows, 32 granules. */
static void
streaming(void **state)
{
   struct gran_counts c[4];
   run_all("sequential", c);
   assert_int_equal(c[PAGE].hmm_calls, 16384);
   assert_int_equal(c[PAGE].tree_ops, 2 * 16384);
   assert_int_equal(c[VMA].hmm_calls, 1024);
   assert_int_equal(c[CHUNK].hmm_calls, 32);
   assert_int_equal(c[GRANULE].hmm_calls, 32);
   /* A batch of 32 touches meets each of the 32 granules once. */
   assert_int_equal(c[GRANULE].faults, 32 * 32);
   assert_int_equal(c[GRANULE].tree_ops, 32 * 3);
   for (unsigned k = 0; k < 4; k++) {
      assert_int_equal(c[k].ptes, 16384);
      assert_int_equal(c[k].retries + c[k].moved_pg, 0);
   }
   /* L4: 16 times fewer reads than upstream. */
   assert_true(c[GRANULE].hmm_calls * 16 <= c[PAGE].hmm_calls);
}

/* Only whole chunks populate what nobody asked for. */
static void
sparse_use(void **state)
{
   struct gran_counts c[4];
   run_all("strided", c);
   assert_int_equal(c[PAGE].ptes, 256);
   assert_int_equal(c[VMA].ptes, 256 * GRAN_WINDOW);
   assert_int_equal(c[GRANULE].ptes, 256 * GRAN_WINDOW);
   assert_int_equal(c[CHUNK].ptes, 16384);
   assert_true(c[GRANULE].tree_ops < c[VMA].tree_ops);
}

/* L2: a page unmapped from a granule leaves its 511 others. */
static void
partial_unmap(void **state)
{
   struct gran_counts before[4], c[4];
   run_all("sequential", before);
   run_all("holes", c);
   assert_int_equal(c[PAGE].ptes, before[PAGE].ptes);
   assert_int_equal(c[GRANULE].ptes, before[GRANULE].ptes);
   assert_int_equal(c[GRANULE].hmm_calls, before[GRANULE].hmm_calls);
   assert_int_equal(c[GRANULE].tree_ops, before[GRANULE].tree_ops);
   /* The collected chunk is mapped again, in small pieces now. */
   assert_int_equal(c[CHUNK].ptes, before[CHUNK].ptes + 32 * 511);
   assert_true(c[CHUNK].hmm_calls > 32 + 32);
   assert_true(c[VMA].tree_ops > before[VMA].tree_ops);
}

/* A sequence that covers much moves for reasons that are not one's own. */
static void
false_retries(void **state)
{
   struct gran_counts c[4];
   run_all("busy-heap", c);
   assert_int_equal(c[PAGE].retries, 0);
   assert_int_equal(c[GRANULE].retries, 0);
   assert_int_equal(c[VMA].retries, 512);
   assert_true(c[CHUNK].retries > 0);
}

static void
many_mappings(void **state)
{
   struct gran_counts c[4];
   run_all("small-vmas", c);
   assert_int_equal(c[CHUNK].hmm_calls, 12000); /* 4 KiB chunks only */
   assert_int_equal(c[GRANULE].hmm_calls, 32);
   assert_true(c[GRANULE].tree_ops * 100 < c[VMA].tree_ops);
}

/* What is asked for moves there; back comes less than the range it is in. */
static void
moves(void **state)
{
   struct gran_counts c[4];
   run_all("ping-pong", c);
   /* 16 MiB once, then a page for each of 8 words, there and back. */
   assert_int_equal(c[PAGE].moved_pg, 4096 + 8 * 20 + 8 * 19);
   assert_int_equal(c[VMA].moved_pg, 2 * 20 * 4096);
   assert_true(c[GRANULE].moved_pg < c[CHUNK].moved_pg);
   assert_true(c[CHUNK].moved_pg < c[VMA].moved_pg);
   /* Mapped right after: no fault. */
   for (unsigned k = 0; k < 4; k++)
      assert_int_equal(c[k].faults, 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(streaming),     cmocka_unit_test(sparse_use),
      cmocka_unit_test(partial_unmap), cmocka_unit_test(false_retries),
      cmocka_unit_test(many_mappings), cmocka_unit_test(moves),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
