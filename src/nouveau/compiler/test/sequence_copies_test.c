/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Every parallel copy over few registers, and random ones over many, run step
 * by step against "read all, then write all". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nouveau/compiler/nvir_sequence_copies_priv.h"
#include "util/test/test_random.h"

static void
run_steps(const struct nvir_copy_step *steps, unsigned n, unsigned *regs)
{
   for (unsigned i = 0; i < n; i++) {
      unsigned old = regs[steps[i].dst];
      regs[steps[i].dst] = regs[steps[i].src];
      if (steps[i].swap)
         regs[steps[i].src] = old;
   }
}

static void
check(const struct nvir_copy *copies, unsigned n, uint8_t temp)
{
   struct nvir_copy_step steps[2 * 256];
   unsigned got[256], want[256];
   for (unsigned i = 0; i < 256; i++)
      got[i] = want[i] = 1000 + i;
   for (unsigned i = 0; i < n; i++)
      want[copies[i].dst] = 1000 + copies[i].src;
   unsigned num = nvir_sequence_copies(copies, n, temp, steps);
   assert_true(num <= 2 * n);
   run_steps(steps, num, got);
   for (unsigned i = 0; i < 256; i++)
      if (i != temp)
         assert_int_equal(got[i], want[i]);
   for (unsigned i = 0; i < num && temp != NVIR_COPY_NO_TEMP; i++)
      assert_false(steps[i].swap);
}

/* Each of R registers takes one of R sources or is no destination. */
static void
test_all_small(void **state)
{
   enum {
      R = 6
   };
   unsigned total = 1;
   for (unsigned i = 0; i < R; i++)
      total *= R + 1;
   for (unsigned code = 0; code < total; code++) {
      struct nvir_copy copies[R];
      unsigned n = 0, c = code;
      for (unsigned d = 0; d < R; d++, c /= R + 1)
         if (c % (R + 1) != R)
            copies[n++] = (struct nvir_copy){d, c % (R + 1)};
      check(copies, n, NVIR_COPY_NO_TEMP);
      check(copies, n, R);
   }
}

static void
test_random_large(void **state)
{
   unsigned seed = test_seed();
   for (unsigned round = 0; round < 2000; round++) {
      uint8_t perm[255];
      struct nvir_copy copies[254];
      for (unsigned i = 0; i < 255; i++)
         perm[i] = i;
      for (unsigned i = 254; i; i--) {
         unsigned j = rand_r(&seed) % (i + 1);
         uint8_t t = perm[i];
         perm[i] = perm[j], perm[j] = t;
      }
      unsigned n = rand_r(&seed) % 254;
      bool any_source = round % 2;
      for (unsigned i = 0; i < n; i++) {
         unsigned s = any_source ? rand_r(&seed) % 254 : (i + 1) % n;
         copies[i] = (struct nvir_copy){perm[i], perm[s]};
      }
      check(copies, n, NVIR_COPY_NO_TEMP);
      check(copies, n, perm[254]);
   }
}

/* Moves when nothing needs a cycle broken, n - 1 swaps for a cycle of n. */
static void
test_lengths(void **state)
{
   struct nvir_copy chain[] = {{1, 0}, {2, 1}, {3, 2}};
   struct nvir_copy cycle[] = {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {5, 3}};
   struct nvir_copy_step steps[16];
   assert_int_equal(nvir_sequence_copies(chain, 3, 9, steps), 3);
   assert_int_equal(nvir_sequence_copies(cycle, 5, NVIR_COPY_NO_TEMP, steps),
                    1 + 3);
   assert_int_equal(nvir_sequence_copies(cycle, 5, 9, steps), 1 + 5);
   assert_int_equal(nvir_sequence_copies(NULL, 0, 9, steps), 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_small),
      cmocka_unit_test(test_random_large),
      cmocka_unit_test(test_lengths),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
