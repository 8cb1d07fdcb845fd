/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Migration in the background: the call returns when the copies have begun. */
#include "gpusvm_rig.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/util_svc.h"

/* The call returns before the copy; the pages are mapped when it is over. */
static void
test_background(void **state)
{
   struct gpu *g = *state;
   if (!gpu_is_uffd(g))
      skip(); /* nothing is copied */
   memset(g->app, 7, 3 * GRANULE);
   munmap(g->app + 5 * PG, PG);
   g->hold_copies = true;
   assert_int_equal(gpu_migrate_begin(g, g->app, 3 * GRANULE), 3 * 512 - 1);
   assert_int_equal(g->refs, 4);
   assert_int_equal(gpu_state(g, g->app), 0);
   assert_int_equal(gpu_migrate_begin(g, g->app, GRANULE), 0); /* on its way */
   /* The mapping of some goes away meanwhile, and what is new there stays. */
   munmap(g->app + 600 * PG, 10 * PG);
   mmap(g->app + 600 * PG, PG, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   g->app[600 * PG] = 9;
   gpu_copy_go(g);
   gpu_migrate_wait(g, g->app, 3 * GRANULE);
   assert_int_equal(g->refs, 1);
   assert_int_equal(gpu_state(g, g->app), 7);
   assert_int_equal(gpu_state(g, g->app + 2 * GRANULE + 511 * PG), 7);
   assert_int_equal(gpu_state(g, g->app + 600 * PG), 0);
   assert_int_equal(gpu_stats(g).hmm_calls, 0);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app + 600 * PG, &v), 0);
   assert_int_equal(v, 9);
   /* Home waits for what is on its way. */
   assert_int_equal(gpu_migrate(g, true, g->app, 3 * GRANULE), 3 * 512 - 11);
   for (unsigned i = 0; i < 3 * 512; i++)
      if (i != 5 && (i < 600 || i >= 610))
         assert_int_equal(g->app[i * PG + i % PG], 7);
}

/* The CPU and a child want pages that are on their way. */
static void
test_background_touched(void **state)
{
   struct gpu *g = *state;
   if (!gpu_is_uffd(g))
      skip();
   memset(g->app, 7, GRANULE);
   assert_int_equal(gpu_migrate_begin(g, g->app, GRANULE), 512);
   assert_int_equal(((volatile char *)g->app)[100 * PG], 7);
   assert_true(gpu_migrate_begin(g, g->app, GRANULE) >= 0);
   pid_t pid = fork();
   if (!pid) {
      alarm(10);
      _exit(g->app[200 * PG] == 7 ? 0 : 1);
   }
   int status;
   waitpid(pid, &status, 0);
   assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app + PG, &v), 0);
   assert_int_equal(v, 0x07070707);
}

static void *
let_go_soon(void *gpu)
{
   usleep(20000);
   gpu_copy_go(gpu);
   return NULL;
}

/* The mirror is given up while copies are under way: the last of them ends it;
 * the pagemap waits for that, and what was copied comes home. */
static void
test_background_teardown(void **state)
{
   struct gpu *g = *state;
   memset(g->app, 7, 2 * GRANULE);
   g->hold_copies = true;
   int queued = gpu_migrate_begin(g, g->app, 2 * GRANULE);
   assert_int_equal(queued, 1024);
   pthread_t thread;
   pthread_create(&thread, NULL, let_go_soon, g);
   util_svc_call(gpu_destroy_inside, g);
   pthread_join(thread, NULL);
   assert_int_equal(g->refs, 0);
   assert_int_equal(g->blocks_in_use, 0);
   for (unsigned i = 0; i < 2 * GRANULE; i += 512)
      assert_int_equal(g->app[i], 7);
}

/* The copies fail when the call has long returned: nothing is lost. */
static void
test_background_failure(void **state)
{
   struct gpu *g = *state;
   if (!gpu_is_uffd(g))
      skip();
   memset(g->app, 7, GRANULE);
   g->hold_copies = true;
   assert_int_equal(gpu_migrate_begin(g, g->app, GRANULE), 512);
   g->fail_copy = true;
   gpu_copy_go(g);
   gpu_migrate_wait(g, g->app, GRANULE);
   g->fail_copy = false;
   assert_int_equal(g->blocks_in_use, 0);
   for (unsigned i = 0; i < GRANULE; i += 512)
      assert_int_equal(g->app[i], 7);
   assert_int_equal(gpu_state(g, g->app), 0);
}

int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      WITH(test_background, setup_plain),
      WITH(test_background_touched, setup_plain),
      WITH(test_background_failure, setup_plain),
      {"test_background_teardown", test_background_teardown, gpu_setup_plain,
       gpu_teardown_rest, NULL},
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
