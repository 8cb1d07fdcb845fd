/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The validator must accept good allocations and abort on each kind of bad one.
 * The allocations are written by hand, places included. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "nouveau/compiler/nvir_passes.h"

static bool
is_accepted(const char *body)
{
   struct util_buf text, log;
   struct nvir_shader *s = NULL;
   util_buf_init(&text);
   util_buf_init(&log);
   util_buf_printf(&text, "kernel \"k\" is_legal=1\n%s", body);
   if (nvir_parse(text.data, &s, &log))
      fail_msg("%s", log.data);
   fflush(NULL);
   pid_t child = fork();
   if (child == 0) {
      signal(SIGABRT, SIG_DFL);
      if (!freopen("/dev/null", "w", stderr))
         _exit(2);
      nvir_validate_ra(s);
      _exit(0);
   }
   int status = 0;
   assert_int_equal(waitpid(child, &status, 0), child);
   assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
   util_buf_finish(&text);
   util_buf_finish(&log);
   nvir_shader_destroy(s);
   return WIFEXITED(status);
}

#define STRAIGHT(second, store)                                                \
   "block 0 preds [] succs []:\n"                                              \
   "   %0.g1=R0@rd = mach \"MOV32I RZ, 0x1\"\n"                                \
   "   %1.g1=R" second "@rd = mach \"MOV32I RZ, 0x2\"\n"                       \
   "   mach \"STL [0x0], RZ\" %" store "@rd\n"                                 \
   "   exit\n"

static void
test_overwritten(void **state)
{
   assert_true(is_accepted(STRAIGHT("1", "0")));
   assert_true(is_accepted(STRAIGHT("0", "1")));
   assert_false(is_accepted(STRAIGHT("0", "0")));
}

#define PAIR(reg)                                                              \
   "block 0 preds [] succs []:\n"                                              \
   "   %0.g2=R" reg "@rd = mach \"LDL.64 RZ, [0x0]\"\n"                        \
   "   mach \"STL.64 [0x8], RZ\" %0@rd\n"                                      \
   "   exit\n"

static void
test_alignment(void **state)
{
   assert_true(is_accepted(PAIR("2")));
   assert_false(is_accepted(PAIR("1")));
   assert_false(is_accepted(PAIR("254")));
}

/* One side of a branch overwrites what the other keeps. */
#define DIAMOND(reg)                                                           \
   "block 0 preds [] succs [1 2]:\n"                                           \
   "   %0.g1=R0@rd = mach \"MOV32I RZ, 0x1\"\n"                                \
   "   %1.p=P0@pd = mach \"ISETP.EQ.U32.AND PT, PT, RZ, RZ, PT\" %0@ra\n"      \
   "   cbr %1\n"                                                               \
   "block 1 preds [0] succs [3]:\n"                                            \
   "   %2.g1=R" reg "@rd = mach \"MOV32I RZ, 0x2\"\n"                          \
   "   mach \"STL [0x0], RZ\" %2@rd\n"                                         \
   "   br\n"                                                                   \
   "block 2 preds [0] succs [3]:\n"                                            \
   "   br\n"                                                                   \
   "block 3 preds [1 2] succs []:\n"                                           \
   "   mach \"STL [0x4], RZ\" %0@rd\n"                                         \
   "   exit\n"

static void
test_join(void **state)
{
   assert_true(is_accepted(DIAMOND("1")));
   assert_false(is_accepted(DIAMOND("0")));
}

/* A phi whose back edge brings its source to `reg`; R1 is the phi's place. */
#define LOOP(next, copy)                                                       \
   "block 0 preds [] succs [1]:\n"                                             \
   "   %0.g1=R1@rd = mach \"MOV32I RZ, 0x1\"\n"                                \
   "   br\n"                                                                   \
   "block 1 preds [0 2] succs [2 3]:\n"                                        \
   "   %1.g1=R1 = phi %0, %2\n"                                                \
   "   %2.g1=R" next "@rd = mach \"IADD32I RZ, RZ, 0x1\" %1@ra\n"              \
   "   %3.p=P0@pd = mach \"ISETP.EQ.U32.AND PT, PT, RZ, RZ, PT\" %2@ra\n"      \
   "   cbr %3\n"                                                               \
   "block 2 preds [1] succs [1]:\n" copy "   br\n"                             \
   "block 3 preds [1] succs []:\n"                                             \
   "   mach \"STL [0x0], RZ\" %2@rd\n"                                         \
   "   exit\n"

static void
test_phi(void **state)
{
   assert_true(is_accepted(LOOP("1", "")));
   assert_false(is_accepted(LOOP("0", "")));
   assert_true(is_accepted(LOOP("0", "   %4.g1=R1 = pcopy %2\n")));
   assert_false(is_accepted(LOOP("0", "   %4.g1=R2 = pcopy %2\n")));
}

/* A swap reads before it writes; copied one after the other it would not. */
static void
test_parallel_copy(void **state)
{
   const char *swap =
      "block 0 preds [] succs [1]:\n"
      "   %0.g1=R0@rd = mach \"MOV32I RZ, 0x1\"\n"
      "   %1.g1=R1@rd = mach \"MOV32I RZ, 0x2\"\n"
      "   %2.g1=R1, %3.g1=R0 = pcopy %0, %1\n"
      "   br\n"
      "block 1 preds [0 2] succs [2 3]:\n"
      "   %4.g1=R1 = phi %0, %5\n"
      "   %5.g1=R0 = phi %1, %4\n"
      "   %6.p=P0@pd = mach \"ISETP.EQ.U32.AND PT, PT, RZ, RZ, PT\" %4@ra\n"
      "   cbr %6\n"
      "block 2 preds [1] succs [1]:\n"
      "   %7.g1=R1, %8.g1=R0 = pcopy %5, %4\n"
      "   br\n"
      "block 3 preds [1] succs []:\n"
      "   exit\n";
   const char *no_swap = "block 0 preds [] succs [1]:\n"
                         "   %0.g1=R0@rd = mach \"MOV32I RZ, 0x1\"\n"
                         "   %1.g1=R1@rd = mach \"MOV32I RZ, 0x2\"\n"
                         "   %2.g1=R1 = pcopy %0\n"
                         "   br\n"
                         "block 1 preds [0] succs []:\n"
                         "   %4.g1=R1 = phi %0\n"
                         "   %5.g1=R0 = phi %1\n"
                         "   exit\n";
   assert_true(is_accepted(swap));
   assert_false(is_accepted(no_swap));
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_overwritten),   cmocka_unit_test(test_alignment),
      cmocka_unit_test(test_join),          cmocka_unit_test(test_phi),
      cmocka_unit_test(test_parallel_copy),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
