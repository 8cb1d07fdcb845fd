/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* kernel/mm under threads: CPU and device on the same words, mappings that
 * change, forks, all while pages migrate. */
#include "test_host.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/test/test_random.h"
#include "util/util_svc.h"

struct racer {
   struct fixture *f;
   unsigned num_words, stride;
   unsigned seed;
   uint64_t adds;
   bool *stop;
   bool device;
};

static void *
race_main(void *arg)
{
   struct racer *r = arg;
   char *base = r->f->app;
   while (!__atomic_load_n(r->stop, __ATOMIC_RELAXED)) {
      for (unsigned i = 0; i < 64; i++) {
         unsigned w = rand_r(&r->seed) % r->num_words;
         uint32_t *word = (uint32_t *)(base + (size_t)w * r->stride);
         if (r->device) {
            int err = test_dev_add(r->f->dev, word, 1);
            assert(!err);
         } else {
            __atomic_add_fetch(word, 1, __ATOMIC_RELAXED);
         }
         r->adds++;
      }
   }
   return NULL;
}

/* Four CPU threads and two of the device add to the same words while their
 * pages go to and fro: no addition is lost. */
static void
test_race_adds(void **state)
{
   struct fixture *f = *state;
   enum {
      PAGES = 96,
      CPUS = 4,
      DEVICES = 2
   };
   unsigned seed = test_seed();
   bool stop = false;
   struct racer r[CPUS + DEVICES];
   pthread_t t[CPUS + DEVICES];
   for (unsigned i = 0; i < CPUS + DEVICES; i++) {
      r[i] = (struct racer){
         .f = f,
         .num_words = PAGES * 4,
         .stride = PG / 4,
         .seed = seed + i,
         .stop = &stop,
         .device = i >= CPUS,
      };
      pthread_create(&t[i], NULL, race_main, &r[i]);
   }
   uint64_t end = util_time_ns() + 3000000000ull, moved = 0;
   while (util_time_ns() < end) {
      unsigned first = rand_r(&seed) % PAGES;
      unsigned n = 1 + rand_r(&seed) % (PAGES - first);
      int m = test_dev_migrate(
         f->dev, rand_r(&seed) % 4 ? KMM_TO_DEVICE : KMM_TO_SYSTEM,
         f->app + first * PG, n * PG);
      assert_true(m >= 0);
      moved += m;
   }
   __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
   uint64_t want = 0, got = 0;
   for (unsigned i = 0; i < CPUS + DEVICES; i++) {
      pthread_join(t[i], NULL);
      want += r[i].adds;
   }
   for (unsigned w = 0; w < PAGES * 4; w++)
      got += *(uint32_t *)(f->app + w * (PG / 4));
   struct kmm_stats s = host_stats(f);
   print_message("%lu adds, %lu pages moved, %lu CPU faults\n", want, moved,
                 s.cpu_faults);
   assert_int_equal(got, want);
   assert_true(moved > 100);
}

struct mapper {
   struct fixture *f;
   bool *stop;
   unsigned rounds;
   unsigned bad[3]; /* new mapping, after stores, after madvise */
};

/* Maps, writes, unmaps, maps again: must always see its own data or zeros. */
static void *
mapper_main(void *arg)
{
   struct mapper *m = arg;
   char *at = m->f->app + (1 << 20);
   const size_t size = 32 * PG;
   while (!__atomic_load_n(m->stop, __ATOMIC_RELAXED)) {
      char *p = mmap(at, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      for (unsigned i = 0; i < 32; i++)
         m->bad[0] += p[i * PG] != 0;
      unsigned char tag = 1 + m->rounds++ % 255;
      for (unsigned i = 0; i < 32; i++)
         p[i * PG] = tag;
      for (unsigned i = 0; i < 32; i++)
         m->bad[1] += (unsigned char)p[i * PG] != tag;
      if (m->rounds % 3 == 0)
         madvise(p, size / 2, MADV_DONTNEED);
      for (unsigned i = 0; i < 32; i++)
         m->bad[2] += (unsigned char)p[i * PG] !=
                      (m->rounds % 3 == 0 && i < 16 ? 0 : tag);
      if (m->rounds % 4 == 0)
         munmap(p, size);
   }
   return NULL;
}

static void
test_race_munmap(void **state)
{
   struct fixture *f = *state;
   bool stop = false;
   struct mapper m = {.f = f, .stop = &stop};
   pthread_t t;
   pthread_create(&t, NULL, mapper_main, &m);
   uint64_t end = util_time_ns() + 2000000000ull, moved = 0;
   while (util_time_ns() < end) {
      int n =
         test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app + (1 << 20), 32 * PG);
      assert_true(n >= 0);
      moved += n;
   }
   __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
   pthread_join(t, NULL);
   print_message("%u rounds, %lu pages moved\n", m.rounds, moved);
   for (unsigned i = 0; i < 3; i++)
      assert_int_equal(m.bad[i], 0);
   assert_true(m.rounds > 10 && moved > 0);
}

static void
test_race_fork(void **state)
{
   struct fixture *f = *state;
   bool stop = false;
   enum {
      PAGES = 64
   };
   struct racer r = {.f = f,
                     .num_words = PAGES,
                     .stride = PG,
                     .seed = 3,
                     .stop = &stop,
                     .device = true};
   pthread_t t;
   pthread_create(&t, NULL, race_main, &r);
   uint64_t end = util_time_ns() + 1500000000ull;
   unsigned forks = 0, bad = 0;
   while (util_time_ns() < end) {
      test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, PAGES * PG);
      f->app[PAGES * PG] = 99;
      test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app + PAGES * PG, PG);
      pid_t pid = fork();
      if (!pid)
         _exit(f->app[PAGES * PG] == 99 ? 0 : 1);
      int status;
      waitpid(pid, &status, 0);
      bad += !WIFEXITED(status) || WEXITSTATUS(status);
      forks++;
   }
   __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
   pthread_join(t, NULL);
   uint64_t got = 0;
   for (unsigned w = 0; w < PAGES; w++)
      got += *(uint32_t *)(f->app + w * PG);
   print_message("%u forks, %lu adds\n", forks, r.adds);
   assert_int_equal(got, r.adds);
   assert_int_equal(bad, 0);
   assert_true(forks > 5);
}

/* Moves a page away while a migration that has claimed it waits for devices. */
struct meddler {
   struct kmm_notifier notifier;
   char *from, *to;
   bool done;
};

static void *
meddle(void *arg)
{
   struct meddler *m = arg;
   m->done =
      mremap(m->from, PG, PG, MREMAP_MAYMOVE | MREMAP_FIXED, m->to) == m->to;
   return NULL;
}

static void
meddler_invalidate(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
   struct meddler *m = container_of(n, struct meddler, notifier);
   pthread_t t;
   if (inv->event != KMM_EVENT_MIGRATE || m->done)
      return;
   pthread_create(&t, NULL, meddle, m);
   pthread_join(t, NULL);
}

static const struct kmm_notifier_ops meddler_ops = {meddler_invalidate};

/* It goes to the place of another page of the same migration, in another block:
 * each comes home with its own bytes. */
static void
test_mremap_of_claimed_page(void **state)
{
   struct fixture *f = *state;
   host_fill(f->app, 16);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 16 * PG),
                    16);
   struct meddler *m = util_svc_alloc(sizeof(*m));
   m->from = f->app + 9 * PG;
   m->to = f->app + (2 << 20) + 5 * PG;
   kmm_notifier_insert(f->mm, &m->notifier, (uintptr_t)f->app,
                       (uintptr_t)f->app + 16 * PG, &meddler_ops);
   test_dev_migrate(f->dev, KMM_TO_SYSTEM, f->app, 16 * PG);
   kmm_notifier_remove(&m->notifier);
   assert_true(m->done);
   for (unsigned i = 0; i < 16; i++) {
      const char *p = i == 9 ? m->to : f->app + i * PG;
      for (unsigned k = 0; k < PG; k++)
         assert_int_equal((unsigned char)p[k], 1 + i);
   }
   util_svc_free(m);
}

/* An argument selects tests by pattern. */
int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      BOTH(test_race_adds),
      BOTH(test_race_munmap),
      BOTH(test_mremap_of_claimed_page),
      BOTH(test_race_fork),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
