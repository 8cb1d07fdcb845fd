/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The back half as a whole: a random SSA program must give the same memory when
 * interpreted, and when spilled, assigned, scheduled, packed and run on a
 * machine with random delays. TEST_SEED picks the first seed, NVIR_ROUNDS their
 * number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nouveau/compiler/test/random_program.h"

static unsigned
env_number(const char *name, unsigned dflt)
{
   const char *text = getenv(name);
   return text ? strtoul(text, NULL, 0) : dflt;
}

static void
compile(struct nvir_shader *s, struct util_buf *code)
{
   struct util_buf log;
   util_buf_init(&log);
   s->log = &log;
   int err = nvir_spill(s);
   if (!err)
      err = nvir_assign_regs(s);
   if (!err) {
      lower_jumps(s);
      nvir_schedule(s);
      nvir_insert_deps(s);
      err = nvir_pack(s, code);
   }
   if (err)
      print_message("%s\n", log.data);
   assert_int_equal(err, 0);
   util_buf_finish(&log);
}

static void
check_output(const uint8_t *want, const uint8_t *got, unsigned seed)
{
   for (unsigned w = 0; w < PROGRAM_LOCAL_B / 4; w++) {
      uint32_t x, y;
      memcpy(&x, want + 4 * w, 4);
      memcpy(&y, got + 4 * w, 4);
      if (x != y)
         fail_msg("seed %u: word %u is %#x, expected %#x", seed, w, y, x);
   }
}

/* The instruction words, one a line, for compare_code.py. */
static void
dump_code(const struct util_buf *code)
{
   const char *path = getenv("NVIR_DUMP");
   FILE *f = path ? fopen(path, "a") : NULL;
   for (size_t pc = 0; f && pc < code->size_B; pc += SASS_WORD_B) {
      uint64_t word;
      memcpy(&word, code->data + pc, sizeof(word));
      if (pc % SASS_BUNDLE_B)
         fprintf(f, "%016llx\n", (unsigned long long)word);
   }
   if (f)
      fclose(f);
}

struct totals {
   unsigned spills, instrs_B, gprs;
   uint64_t cycles;
};

/* `group`: required work-group size, 0: none. */
static void
run_one(const struct random_options *o, uint64_t debug, unsigned group,
        struct totals *t)
{
   uint8_t want[PROGRAM_LOCAL_B], got[PROGRAM_LOCAL_B];
   struct util_buf code;
   struct nvir_shader *s = random_program(o);
   s->debug = debug;
   s->reqd_wg_size[0] = group;
   run_ssa(s, want);
   util_buf_init(&code);
   compile(s, &code);
   dump_code(&code);
   t->spills += s->num_spills;
   t->instrs_B += code.size_B;
   t->gprs = MAX2(t->gprs, s->num_gprs);
   for (unsigned k = 0; k < 3; k++) {
      uint64_t cycles =
         run_machine((uint8_t *)code.data, code.size_B, o->seed * 7 + k, got);
      if (!cycles)
         fail_msg("seed %u: does not end", o->seed);
      check_output(want, got, o->seed);
      t->cycles += cycles;
   }
   util_buf_finish(&code);
   nvir_shader_destroy(s);
}

static struct totals
run_many(struct random_options o, unsigned rounds, uint64_t debug,
         unsigned group)
{
   struct totals t = {0};
   unsigned seed = env_number("TEST_SEED", 1);
   rounds = env_number("NVIR_ROUNDS", rounds);
   print_message("seeds %u..%u\n", seed, seed + rounds - 1);
   for (unsigned n = 0; n < rounds; n++) {
      o.seed = seed + n;
      run_one(&o, debug, group, &t);
   }
   print_message("spills %u, %u bytes of code, %u registers, %llu cycles\n",
                 t.spills, t.instrs_B, t.gprs, (unsigned long long)t.cycles);
   return t;
}

static void
test_few_registers(void **state)
{
   struct random_options o = {.num_vars = {6, 3, 1, 2, 3},
                              .num_statements = 60,
                              .max_depth = 3};
   assert_int_equal(run_many(o, 300, 0, 0).spills, 0);
}

static void
test_many_registers(void **state)
{
   struct random_options o = {.num_vars = {40, 8, 2, 6, 6},
                              .num_statements = 300,
                              .max_depth = 4};
   run_many(o, 60, 0, 0);
}

static void
test_normal_spills(void **state)
{
   struct random_options o = {.num_vars = {90, 20, 4, 10, 20},
                              .num_statements = 400,
                              .max_depth = 4};
   struct totals t = run_many(o, 40, 0, 512);
   assert_true(t.spills > 0);
   assert_true(t.gprs <= 128);
}

static void
test_forced_spills(void **state)
{
   struct random_options o = {.num_vars = {10, 5, 2, 3, 7},
                              .num_statements = 100,
                              .max_depth = 3};
   struct totals t = run_many(o, 200, NVIR_DEBUG_SPILL, 0);
   assert_true(t.spills > 0);
   assert_true(t.gprs <= 16);
}

static void
test_serial(void **state)
{
   struct random_options o = {.num_vars = {10, 5, 2, 3, 5},
                              .num_statements = 100,
                              .max_depth = 3};
   run_many(o, 60, NVIR_DEBUG_SERIAL, 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_few_registers),
      cmocka_unit_test(test_many_registers),
      cmocka_unit_test(test_normal_spills),
      cmocka_unit_test(test_forced_spills),
      cmocka_unit_test(test_serial),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
