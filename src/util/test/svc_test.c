/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* cmocka.h wants these in this order */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/test/test_random.h"
#include "util/util_sanitize.h"
#include "util/util_svc.h"

#if UTIL_HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

/* Random blocks, each filled with its own byte: none may overlap another. */
static void
test_heap_random(void **state)
{
   enum {
      N = 300,
      STEPS = 40000
   };
   unsigned seed = test_seed();
   static unsigned char *block[N];
   static size_t size[N];
   for (unsigned step = 0; step < STEPS; step++) {
      unsigned i = rand_r(&seed) % N;
      if (block[i]) {
         for (size_t k = 0; k < size[i]; k += 1 + size[i] / 64)
            assert_int_equal(block[i][k], (i + 1) & 0xff);
         util_svc_free(block[i]);
         block[i] = NULL;
         continue;
      }
      unsigned shift = rand_r(&seed) % 18;
      size[i] = 1 + rand_r(&seed) % (1u << shift);
      block[i] = util_svc_alloc(size[i]);
      assert_non_null(block[i]);
      assert_true(((uintptr_t)block[i] & 15) == 0);
      assert_true(util_svc_contains(block[i], size[i]));
      for (size_t k = 0; k < size[i]; k++)
         assert_int_equal(block[i][k], 0);
      memset(block[i], (i + 1) & 0xff, size[i]);
   }
   for (unsigned i = 0; i < N; i++) {
      util_svc_free(block[i]);
      block[i] = NULL;
   }
}

static void
test_map(void **state)
{
   char *small = util_svc_map(100), *big = util_svc_map(3 << 20);
   assert_non_null(small);
   assert_true(((uintptr_t)big & ((2 << 20) - 1)) == 0);
   big[(3 << 20) - 1] = 1;
   util_svc_unmap(big, 3 << 20);
   char *again = util_svc_map(3 << 20);
   assert_ptr_equal(again, big);
   assert_int_equal(again[(3 << 20) - 1], 0);
   util_svc_unmap(again, 3 << 20);
   util_svc_unmap(small, 100);
   assert_null(util_svc_alloc(0));
   assert_null(util_svc_calloc(1ull << 40, 1ull << 40));
   char *s = util_svc_strdup("abc");
   s = util_svc_realloc(s, 100);
   assert_string_equal(s, "abc");
   assert_int_equal(s[99], 0);
   util_svc_free(s);
}

static void *
service_main(void *arg)
{
   int on_stack = 0;
   bool *ok = arg;
   char name[16];
   ok[0] = util_svc_contains(&on_stack, sizeof(on_stack));
   ok[1] = util_svc_is_service_thread() && util_svc_is_inside();
   ok[2] = util_svc_find_thread(gettid(), name) && !strcmp(name, "svc-test");
   util_svc_leave();
   ok[3] = !util_svc_find_thread(gettid(), name) && !util_svc_is_inside();
   util_svc_enter();
   ok[4] = util_svc_contains(&errno, sizeof(errno));
   return NULL;
}

static void
test_thread(void **state)
{
   for (unsigned round = 0; round < 20; round++) {
      bool ok[5] = {0};
      pthread_t t;
      assert_int_equal(util_svc_thread_create(&t, "svc-test", service_main, ok),
                       0);
      assert_int_equal(util_svc_thread_join(t), 0);
      for (unsigned i = 0; i < 5; i++)
         assert_true(ok[i]);
   }
   assert_false(util_svc_is_service_thread());
}

struct call {
   unsigned depth;
   uintptr_t sp[2];
};

static void
inner(void *arg)
{
   struct call *c = arg;
   char here;
   c->sp[c->depth] = (uintptr_t)&here;
   if (c->depth++ == 0)
      util_svc_call(inner, c);
}

static void
check_call(void)
{
   struct call c = {0};
   assert_false(util_svc_contains(&c, sizeof(c)));
   util_svc_call(inner, &c);
   assert_int_equal(c.depth, 2);
   assert_true(util_svc_contains((void *)c.sp[0], 1));
   assert_true(util_svc_contains((void *)c.sp[1], 1));
   assert_true(c.sp[1] < c.sp[0]);
   assert_false(util_svc_is_inside());
   uint64_t self = (uint64_t)pthread_self();
   assert_true(util_svc_pins(self, self + 1));
   assert_false(util_svc_pins(self + 65536, self + 65537));
}

static void *
other_thread(void *arg)
{
   check_call();
   return NULL;
}

static void
test_call(void **state)
{
   check_call();
   pthread_t t;
   pthread_create(&t, NULL, other_thread, NULL);
   pthread_join(t, NULL);
   check_call();
}

/* ---- failing on purpose ---- */

static void *
return_at_once(void *arg)
{
   return arg;
}

/* The kernel's requests fail, the card's do not: a channel without its thread
 * would be one that waits for ever. */
static void
test_failing(void **state)
{
   pthread_t thread;
   unsigned before = util_svc_num_failed(), blocks = util_svc_num_blocks();
   util_svc_fail_every(1);
   assert_null(util_svc_alloc(8));
   assert_int_equal(
      util_svc_thread_create(&thread, "kernel", return_at_once, NULL), -ENOMEM);
   assert_int_equal(
      util_svc_thread_create_nofail(&thread, "card", return_at_once, NULL), 0);
   util_svc_thread_join(thread);
   void *p = util_svc_calloc(1, 8);
   p = util_svc_realloc(p, 16);
   assert_non_null(p);
   assert_int_equal(util_svc_num_blocks(), blocks + 1);
   util_svc_free(p);
   util_svc_fail_every(0);
   assert_int_equal(util_svc_num_failed() - before, 2);

   util_svc_fail_once(2);
   for (unsigned i = 1; i <= 4; i++) {
      p = util_svc_alloc(8);
      assert_int_equal(p != NULL, i != 2);
      util_svc_free(p);
   }
   assert_int_equal(util_svc_num_blocks(), blocks);
}

/* ---- fork ---- */

static void
do_nothing(void *arg)
{
}

static void
use_service(void)
{
   util_svc_call(do_nothing, NULL);
}

static void *
fork_main(void *arg)
{
   pid_t pid = fork();
   if (!pid)
      _exit(0);
   int status = -1;
   waitpid(pid, &status, 0);
   assert_int_equal(status, 0);
   return NULL;
}

/* Whoever has started a service thread may use the service when the process
 * forks. First of all tests, because the order of fork handlers is made once. */
static void
test_fork(void **state)
{
   pthread_t thread, forker;
   assert_int_equal(
      util_svc_thread_create(&thread, "first", return_at_once, NULL), 0);
   pthread_atfork(use_service, use_service, NULL);
   util_svc_thread_join(thread);
   assert_int_equal(pthread_create(&forker, NULL, fork_main, NULL), 0);
   pthread_join(forker, NULL);
}

/* An array with what AddressSanitizer puts around it. */
static __attribute__((noinline)) void
jump(jmp_buf to, volatile uintptr_t *array_out)
{
   volatile char array[1000];
   memset((char *)array, 1, sizeof(array));
   *array_out = (uintptr_t)array;
   longjmp(to, 1);
}

static void
jump_inside(void *arg)
{
   bool *clean = arg;
   volatile uintptr_t array = 0;
   jmp_buf here;
   if (!setjmp(here))
      jump(here, &array);
#if UTIL_HAS_ASAN
   *clean = !__asan_region_is_poisoned((void *)(array - 32), 1100);
#else
   *clean = array;
#endif
}

/* The sanitizer knows which stack the function is on: it forgets what was left
 * by a jump. */
static void
test_jump(void **state)
{
   bool clean = false;
   util_svc_call(jump_inside, &clean);
   assert_true(clean);
   clean = false;
   jump_inside(&clean); /* and which one it came back to */
   assert_true(clean);
}

int
main(void)
{
   alarm(50);
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fork),    cmocka_unit_test(test_heap_random),
      cmocka_unit_test(test_failing), cmocka_unit_test(test_map),
      cmocka_unit_test(test_thread),  cmocka_unit_test(test_call),
      cmocka_unit_test(test_jump),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
