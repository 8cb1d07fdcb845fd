/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* kdrm_gpusvm and kdrm_pagemap: random operations against an oracle, and threads
 * of CPU and GPU on the same words with four times as much memory as VRAM. */
#include "gpusvm_rig.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/test/test_random.h"

/* ---- random operations against an oracle ---- */

enum {
   ORACLE_PAGES = 640
}; /* more than a granule */

struct oracle {
   bool mapped[ORACLE_PAGES];
   int prot[ORACLE_PAGES];
   uint32_t value[ORACLE_PAGES];
};

/* What an access to the page must give: -EFAULT, -EPERM or 0. */
static int
oracle_access(const struct oracle *o, unsigned p, bool write)
{
   if (!o->mapped[p] || o->prot[p] == PROT_NONE)
      return -EFAULT;
   return write && !(o->prot[p] & PROT_WRITE) ? -EPERM : 0;
}

static void
random_cpu(struct gpu *g, struct oracle *o, unsigned p, unsigned n)
{
   for (unsigned i = p; i < p + n; i++) {
      volatile uint32_t *w = (uint32_t *)(g->app + i * PG);
      if (!oracle_access(o, i, false))
         assert_int_equal(*w, o->value[i]);
      if (!oracle_access(o, i, true))
         *w = ++o->value[i];
   }
}

static void
random_gpu(struct gpu *g, struct oracle *o, unsigned p, unsigned n, bool write)
{
   for (unsigned i = p; i < p + n; i++) {
      uint32_t v;
      int want = oracle_access(o, i, write);
      int err = write ? gpu_add(g, g->app + i * PG, 7)
                      : gpu_read(g, g->app + i * PG, &v);
      assert_int_equal(err, want);
      if (!err && write)
         o->value[i] += 7;
      else if (!err)
         assert_int_equal(v, o->value[i]);
   }
}

static void
random_map(struct gpu *g, struct oracle *o, unsigned p, unsigned n,
           unsigned how)
{
   static const int prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
                               PROT_READ | PROT_WRITE};
   char *at = g->app + p * PG;
   if (how == 0)
      munmap(at, n * PG);
   else if (how == 1)
      mmap(at, n * PG, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   else if (how == 2)
      madvise(at, n * PG, MADV_DONTNEED);
   for (unsigned i = p; i < p + n; i++) {
      if (how <= 1) {
         o->mapped[i] = how == 1;
         o->prot[i] = PROT_READ | PROT_WRITE;
         o->value[i] = 0;
      } else if (how == 2) {
         o->value[i] = o->mapped[i] ? 0 : o->value[i];
      } else if (o->mapped[i]) {
         o->prot[i] = prots[how - 3];
         mprotect(g->app + i * PG, PG, o->prot[i]);
      }
   }
   gpu_sync(g);
}

static void
test_random(void **state)
{
   struct gpu *g = *state;
   unsigned seed = test_seed();
   gpu_guard_accesses();
   struct oracle *o = calloc(1, sizeof(*o));
   for (unsigned i = 0; i < ORACLE_PAGES; i++) {
      o->mapped[i] = true;
      o->prot[i] = PROT_READ | PROT_WRITE;
   }
   uint64_t end = util_time_ns() + 2500000000ull;
   unsigned steps = 0;
   for (; util_time_ns() < end; steps++) {
      unsigned p = rand_r(&seed) % ORACLE_PAGES;
      unsigned n = 1 + rand_r(&seed) % (1u << rand_r(&seed) % 7);
      n = MIN2(n, ORACLE_PAGES - p);
      switch (rand_r(&seed) % 12) {
      case 0 ... 2:
         random_cpu(g, o, p, n);
         break;
      case 3 ... 4:
         random_gpu(g, o, p, n, false);
         break;
      case 5 ... 6:
         random_gpu(g, o, p, n, true);
         break;
      case 7 ... 8:
         assert_true(gpu_migrate(g, false, g->app + p * PG, n * PG) >= 0);
         break;
      case 9:
         assert_true(gpu_migrate(g, true, g->app + p * PG, n * PG) >= 0);
         break;
      default:
         random_map(g, o, p, n, rand_r(&seed) % 7);
         break;
      }
   }
   print_message("%u steps, %lu pages to VRAM\n", steps,
                 gpu_stats(g).migrated_to_vram);
   for (unsigned i = 0; i < ORACLE_PAGES; i++)
      random_cpu(g, o, i, 1);
   free(o);
}

/* ---- stress ---- */

struct racer {
   struct gpu *g;
   bool *stop;
   unsigned seed, words;
   bool cpu;
   uint64_t adds;
};

static void *
race(void *arg)
{
   struct racer *r = arg;
   while (!__atomic_load_n(r->stop, __ATOMIC_RELAXED)) {
      size_t w = rand_r(&r->seed) % r->words;
      uint32_t *word = (uint32_t *)(r->g->app + w * (PG * 3));
      if (r->cpu) {
         __atomic_add_fetch(word, 1, __ATOMIC_RELAXED);
      } else {
         int err = gpu_add(r->g, word, 1);
         assert(!err);
      }
      r->adds++;
   }
   return NULL;
}

/* Oversubscribed 4 times, CPU and GPU adding to the same words. */
static void
test_race(void **state)
{
   struct gpu *g = *state;
   enum {
      THREADS = 5
   };
   bool stop = false;
   struct racer r[THREADS];
   pthread_t t[THREADS];
   for (unsigned i = 0; i < THREADS; i++) {
      r[i] = (struct racer){.g = g,
                            .stop = &stop,
                            .seed = i,
                            .words = 12 * 512 / 3,
                            .cpu = i >= 3};
      pthread_create(&t[i], NULL, race, &r[i]);
   }
   usleep(3000000);
   __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
   uint64_t want = 0, got = 0;
   for (unsigned i = 0; i < THREADS; i++) {
      pthread_join(t[i], NULL);
      want += r[i].adds;
   }
   for (size_t w = 0; w < 12 * 512 / 3; w++)
      got += *(uint32_t *)(g->app + w * (PG * 3));
   struct kdrm_pagemap_stats ps;
   kdrm_pagemap_get_stats(&g->pm, &ps);
   print_message("%lu adds, %lu pages to VRAM, %lu evictions, %lu braked\n",
                 want, gpu_stats(g).migrated_to_vram, ps.blocks_evicted,
                 gpu_stats(g).braked);
   assert_int_equal(got, want);
}

/* An argument selects tests by pattern. */
int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      WITH(test_random, setup_plain),        WITH(test_random, setup_coherent),
      WITH(test_random, setup_small),        WITH(test_race, setup_small),
      WITH(test_race, setup_small_coherent),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
