/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Random structured control flow on the card, under strict, in other orders of
 * groups and warps, against an interpreter that knows no warps. Long runs:
 * FUZZ_ROUNDS=100000 TEST_SEED=… nvsim_flow_test; a program that fails is
 * printed as a file for nvsim-run. */
#include "nvsim_flow.h"
#include "nvsim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "util/test/test_random.h"

#define GROUPS         3
#define ROUNDS         400
#define ROUNDS_OF_CARD 20

static uint64_t random_state;

static uint32_t
draw(void)
{
   return test_rng(&random_state) >> 33;
}

static void
print_program(const char *text, uint32_t items, const uint32_t *want)
{
   printf("#! grid %u\n#! block %u\n#! buffer out %u\n#! arg %u\n#! arg %u\n"
          "#! regs 40\n#! shared 4096\n#! barriers 1\n#! strict 0\n",
          GROUPS, items, GROUPS * items * 4, items, items - 1);
   for (uint32_t k = 0; k < GROUPS * items; k++)
      printf("#! want out[%u] = 0x%x\n", k, want[k]);
   printf("%s", text);
}

static void
check_program(struct rig *r, uint64_t out, uint64_t seed)
{
   struct flow_program p;
   struct util_buf text;
   uint32_t want[GROUPS * 128], items = 1 + draw() % 128;
   struct nvsim_stats before, after;
   util_buf_init(&text);
   flow_generate(&p, draw);
   flow_print(&p, &text);
   for (uint32_t g = 0; g < GROUPS; g++)
      flow_interpret(&p, g * items, items, want + g * items);
   struct rig_launch l = {
      .code = text.data,
      .grid = {GROUPS},
      .block = {items},
      .regs = 40,
      .shared_B = 4096,
      .barriers = 1,
      .args = {(uint32_t)rig_va(out), rig_va(out) >> 32, items, items - 1}};
   uint32_t *got = rig_ptr(r, out);
   memset(got, 0xee, sizeof(want));
   nvsim_get_stats(r->sim, &before);
   bool ran = rig_run(r, &l);
   nvsim_get_stats(r->sim, &after);
   bool same = memcmp(got, want, GROUPS * items * 4) == 0;
   if (!ran || !same || after.strict_reports != before.strict_reports) {
      print_program(text.data, items, want);
      fail_msg("seed %#llx: %s", (unsigned long long)seed,
               !ran    ? "an error"
               : !same ? "other results"
                       : "a strict report");
   }
   util_buf_finish(&text);
}

static void
test_random_flow(void **state)
{
   const char *n = getenv("FUZZ_ROUNDS");
   unsigned rounds = n ? (unsigned)atoi(n) : ROUNDS;
   random_state = test_rng_state(test_seed());
   for (unsigned done = 0; done < rounds; done += ROUNDS_OF_CARD) {
      struct rig r;
      struct rig_config config = {.sms = 2,
                                  .host_threads = 1 + draw() % 2,
                                  .seed = draw() % 4,
                                  .debug = NVSIM_DEBUG_STRICT,
                                  .watchdog = 2};
      rig_init(&r, &config);
      uint64_t out = rig_alloc(&r, 4096);
      for (unsigned k = 0; k < ROUNDS_OF_CARD; k++)
         check_program(&r, out, random_state);
      rig_finish(&r);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_flow)};
   return cmocka_run_group_tests(tests, NULL, NULL);
}
