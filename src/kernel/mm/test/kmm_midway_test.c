/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Real memory that changes between the copy of a migration and its
 * installation, in both directions: what was copied must not come back. */
#include "test_host.h"

#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/util_svc.h"

#define N       16 /* pages that migrate; CHANGED of them change */
#define FIRST   4
#define CHANGED 8

enum change {
   CLEAR,
   UNMAP,
   RENEW,   /* mmap over it */
   REWRITE, /* mmap over it, and written before the migration goes on */
   MOVE_AWAY,
   MOVE_HERE, /* mremap of other pages over it */
   READONLY,
   NUM_CHANGES,
};

struct midway {
   struct fixture *f;
   enum change change;
   char *at;    /* of the pages that change */
   char *other; /* where MOVE_AWAY goes, MOVE_HERE comes from */
   pthread_t thread;
   bool called;
};

static void
map_anew(char *at)
{
   void *p = mmap(at, CHANGED * PG, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   assert_ptr_equal(p, at);
}

static void
remap(char *from, char *to)
{
   void *p = mremap(from, CHANGED * PG, CHANGED * PG,
                    MREMAP_MAYMOVE | MREMAP_FIXED, to);
   assert_ptr_equal(p, to);
}

/* Runs where the driver waits for its copy engine. */
static void
change_now(void *data)
{
   struct midway *w = data;
   w->called = true;
   switch (w->change) {
   case CLEAR:
      assert_int_equal(madvise(w->at, CHANGED * PG, MADV_DONTNEED), 0);
      break;
   case UNMAP:
      assert_int_equal(munmap(w->at, CHANGED * PG), 0);
      break;
   case RENEW:
      map_anew(w->at);
      break;
   case REWRITE:
      map_anew(w->at);
      memset(w->at, 0x77, CHANGED * PG);
      break;
   case MOVE_AWAY:
      remap(w->at, w->other);
      break;
   case MOVE_HERE:
      remap(w->other, w->at);
      break;
   case READONLY:
      assert_int_equal(mprotect(w->at, CHANGED * PG, PROT_READ), 0);
      break;
   case NUM_CHANGES:
      break;
   }
}

static void
expect_bytes(struct fixture *f, char *at, int want)
{
   for (unsigned i = 0; i < CHANGED; i++) {
      uint32_t v;
      assert_int_equal(test_dev_read(f->dev, at + i * PG, &v), 0);
      assert_int_equal(v & 0xff, want < 0 ? 1 + FIRST + i : want);
      assert_int_equal((unsigned char)at[i * PG],
                       want < 0 ? 1 + FIRST + i : want);
   }
}

static void
expect_none(struct fixture *f, char *at)
{
   uint32_t v;
   for (unsigned i = 0; i < CHANGED; i++)
      assert_int_equal(test_dev_read(f->dev, at + i * PG, &v), -EFAULT);
}

static void
expect_after(struct fixture *f, const struct midway *w)
{
   test_dev_sync(f->dev);
   switch (w->change) {
   case CLEAR:
   case RENEW:
      expect_bytes(f, w->at, 0);
      break;
   case UNMAP:
      expect_none(f, w->at);
      break;
   case REWRITE:
      expect_bytes(f, w->at, 0x77);
      break;
   case MOVE_AWAY:
      expect_none(f, w->at);
      expect_bytes(f, w->other, -1);
      break;
   case MOVE_HERE:
      expect_bytes(f, w->at, 0x55);
      break;
   case READONLY:
      expect_bytes(f, w->at, -1);
      break;
   case NUM_CHANGES:
      break;
   }
   /* The neighbours, which nobody changed. */
   host_check(f->app, FIRST);
   char *rest = w->at + CHANGED * PG;
   for (unsigned i = FIRST + CHANGED; i < N; i++, rest += PG)
      assert_int_equal((unsigned char)*rest, 1 + i);
}

static void
change_midway(struct fixture *f, enum kmm_direction dir, enum change change)
{
   struct midway w = {.f = f, .change = change, .at = f->app + FIRST * PG};
   w.other = f->app + 64 * PG; /* in the mirror as well */
   test_dev_migrate(f->dev, KMM_TO_SYSTEM, f->app, f->app_B);
   mmap(f->app, f->app_B, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   host_fill(f->app, N);
   if (change == MOVE_HERE)
      memset(w.other, 0x55, CHANGED * PG);
   if (dir == KMM_TO_SYSTEM)
      assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, N * PG),
                       N);
   f->dev->midway_data = &w;
   f->dev->midway = change_now;
   assert_true(test_dev_migrate(f->dev, dir, f->app, N * PG) >= N - CHANGED);
   assert_true(w.called);
   expect_after(f, &w);
}

static void
test_changes(void **state)
{
   struct fixture *f = *state;
   for (enum change c = 0; c < NUM_CHANGES; c++) {
      print_message("change %u\n", c);
      change_midway(f, KMM_TO_SYSTEM, c);
      change_midway(f, KMM_TO_DEVICE, c);
   }
}

/* MADV_FREE may keep the content or take it, and a store after it counts. */
static void
free_now(void *data)
{
   struct midway *w = data;
   w->called = true;
   assert_int_equal(madvise(w->at, CHANGED * PG, MADV_FREE), 0);
   w->at[0] = 0x66;
}

static void
test_madv_free(void **state)
{
   struct fixture *f = *state;
   for (enum kmm_direction dir = KMM_TO_DEVICE; dir <= KMM_TO_SYSTEM; dir++) {
      struct midway w = {.f = f, .at = f->app + FIRST * PG};
      host_fill(f->app, N);
      if (dir == KMM_TO_SYSTEM)
         test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, N * PG);
      f->dev->midway_data = &w;
      f->dev->midway = free_now;
      test_dev_migrate(f->dev, dir, f->app, N * PG);
      assert_true(w.called);
      test_dev_sync(f->dev);
      uint32_t v;
      assert_int_equal(test_dev_read(f->dev, w.at, &v), 0);
      assert_int_equal(v & 0xff, 0x66);
      for (unsigned i = 1; i < CHANGED; i++) {
         unsigned char c = w.at[i * PG];
         assert_true(!c || c == 1 + FIRST + i);
      }
      host_check(f->app, FIRST);
   }
}

/* A child that is made meanwhile sees everything. */
static void *
fork_main(void *arg)
{
   struct midway *w = arg;
   pid_t pid = fork();
   if (!pid) {
      bool same = true;
      for (unsigned i = 0; i < N; i++)
         same &= (unsigned char)w->f->app[i * PG] == 1 + i;
      _exit(same ? 0 : 1);
   }
   int status;
   assert_int_equal(waitpid(pid, &status, 0), pid);
   assert_int_equal(status, 0);
   return NULL;
}

static void
fork_now(void *data)
{
   struct midway *w = data;
   w->called = true;
   assert_int_equal(pthread_create(&w->thread, NULL, fork_main, w), 0);
   usleep(20000); /* it waits for us: nothing to see but that it gets there */
}

static void
test_fork(void **state)
{
   struct fixture *f = *state;
   for (enum kmm_direction dir = KMM_TO_DEVICE; dir <= KMM_TO_SYSTEM; dir++) {
      struct midway w = {.f = f};
      host_fill(f->app, N);
      if (dir == KMM_TO_SYSTEM)
         test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, N * PG);
      f->dev->midway_data = &w;
      f->dev->midway = fork_now;
      test_dev_migrate(f->dev, dir, f->app, N * PG);
      assert_true(w.called);
      pthread_join(w.thread, NULL);
      host_check(f->app, N);
   }
}

struct touch {
   struct fixture *f;
   sem_t touched, gone;
};

static void
go_again(void *data)
{
   struct touch *t = data;
   sem_wait(&t->touched);
   assert_int_equal(
      test_dev_migrate(t->f->dev, KMM_TO_DEVICE, t->f->app, N * PG), N);
   sem_post(&t->gone);
}

/* A touch is served once: pages that went to the device again before the
 * service has looked stay there. */
static void
test_gone_again(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   struct touch *t = util_svc_alloc(sizeof(*t));
   t->f = f;
   sem_init(&t->touched, 0, 0);
   sem_init(&t->gone, 0, 0);
   host_fill(f->app, N);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, N * PG), N);
   f->dev->at_home_data = t;
   __atomic_store_n(&f->dev->at_home, go_again, __ATOMIC_RELEASE);
   assert_int_equal(*(volatile char *)f->app, 1);
   sem_post(&t->touched);
   sem_wait(&t->gone);
   usleep(50000); /* for what must not happen */
   struct kmm_stats s = host_stats(f);
   assert_int_equal(s.cpu_faults, 1);
   assert_int_equal(s.device_pages, N);
   host_check(f->app, N);
   util_svc_free(t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      BOTH(test_changes),
      BOTH(test_madv_free),
      BOTH(test_fork),
      BOTH(test_gone_again),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
