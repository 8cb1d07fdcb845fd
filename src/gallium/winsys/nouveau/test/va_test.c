/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The address allocator against one byte a page. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gallium/winsys/nouveau/nouveau_ws_va.h"
#include "util/test/test_random.h"

#define PAGE  4096ull
#define BASE  (3 * PAGE) /* aligned to nothing larger */
#define PAGES 100

static unsigned
random_below(unsigned n)
{
   return rand() % n;
}

/* The first place, or PAGES. */
static unsigned
model_find(const uint8_t *used, unsigned n, unsigned align_pg)
{
   for (unsigned i = 0; i + n <= PAGES; i++) {
      if ((BASE / PAGE + i) % align_pg)
         continue;
      unsigned k = 0;
      while (k < n && !used[i + k])
         k++;
      if (k == n)
         return i;
   }
   return PAGES;
}

static void
random_against_bytes(void **state)
{
   unsigned seed = test_seed();
   srand(seed);
   struct nouveau_ws_va va;
   assert_int_equal(nouveau_ws_va_init(&va, BASE, PAGES * PAGE), 0);
   uint8_t used[PAGES] = {0};
   struct {
      unsigned first, n;
   } live[PAGES];
   unsigned num_live = 0;
   for (unsigned step = 0; step < 50000; step++) {
      if (random_below(2) && num_live) {
         unsigned i = random_below(num_live);
         memset(used + live[i].first, 0, live[i].n);
         nouveau_ws_va_free(&va, BASE + live[i].first * PAGE, live[i].n * PAGE);
         live[i] = live[--num_live];
         continue;
      }
      unsigned n = 1 + random_below(12), align_pg = 1u << random_below(4);
      unsigned want = model_find(used, n, align_pg);
      uint64_t start;
      int ret = nouveau_ws_va_alloc(&va, n * PAGE, align_pg * PAGE, &start);
      assert_int_equal(ret, want == PAGES ? -ENOSPC : 0);
      if (ret)
         continue;
      assert_int_equal(start, BASE + want * PAGE);
      memset(used + want, 1, n);
      live[num_live].first = want;
      live[num_live++].n = n;
   }
   while (num_live--)
      nouveau_ws_va_free(&va, BASE + live[num_live].first * PAGE,
                         live[num_live].n * PAGE);
   /* All of it is one range again. */
   uint64_t start;
   assert_int_equal(nouveau_ws_va_alloc(&va, PAGES * PAGE, PAGE, &start), 0);
   assert_int_equal(start, BASE);
   nouveau_ws_va_finish(&va);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_against_bytes),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
