/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Two cards that mirror one process. With leave, each maps the other's pages
 * where they are; without, they go through system memory. The rig aborts if a
 * PTE of either card points at a page that is being moved, freed or filled
 * anew. */
#include "gpusvm_rig.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/test/test_random.h"
#include "util/util_svc.h"

static uint32_t
get(struct gpu *g, unsigned page)
{
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app + page * PG, &v), 0);
   return v;
}

/* Pages 0..15 have their numbers in them and are on the first card. */
static void
fill_first_card(struct gpu *g)
{
   for (uint32_t i = 0; i < 16; i++)
      memcpy(g->app + i * PG, &i, 4);
   assert_int_equal(gpu_migrate(g, false, g->app, 16 * PG), 16);
}

static void
test_peer_maps(void **state)
{
   struct gpu *a = *state, *b = a->peer;
   fill_first_card(a);
   for (unsigned i = 0; i < 16; i++) {
      assert_int_equal(get(b, i), i);
      uint64_t pte = gpu_pte(b, b->app + i * PG);
      assert_int_equal(pte & KMM_PFN_FLAGS,
                       KMM_PFN_VALID | KMM_PFN_WRITE | KMM_PFN_PEER);
      assert_in_range(pte & KMM_PAGE_MASK, (uintptr_t)a->vram,
                      (uintptr_t)a->vram + a->num_blocks * GRANULE - 1);
   }
   assert_int_equal(a->moved_back, 0);
   /* What one writes the other sees, at once. */
   assert_int_equal(gpu_store_add(b, b->app + 3 * PG, 100), 0);
   assert_int_equal(get(a, 3), 103);
   assert_int_equal(*(uint32_t *)(a->app + 3 * PG), 103); /* and the CPU */
   assert_true(a->moved_back >= 1);
   assert_int_equal(gpu_pte(b, b->app + 3 * PG), 0);
   assert_int_equal(get(b, 3), 103);
}

/* PCIe carries no atomics between the cards: the page comes home first. */
static void
test_peer_atomics(void **state)
{
   struct gpu *a = *state, *b = a->peer;
   fill_first_card(a);
   assert_int_equal(get(b, 5), 5);
   assert_true(gpu_pte(b, b->app + 5 * PG) & KMM_PFN_PEER);
   assert_int_equal(gpu_add(b, b->app + 5 * PG, 1), 0);
   assert_int_equal(gpu_pte(b, b->app + 5 * PG), ((uintptr_t)b->app + 5 * PG) |
                                                    KMM_PFN_VALID |
                                                    KMM_PFN_WRITE);
   assert_int_equal(a->moved_back, 1);
   assert_int_equal(get(a, 5), 6);
   assert_int_equal(get(b, 6), 6);
   assert_true(gpu_pte(b, b->app + 6 * PG) & KMM_PFN_PEER);
}

static void
test_strangers(void **state)
{
   struct gpu *a = *state, *b = a->peer;
   fill_first_card(a);
   assert_int_equal(get(b, 2), 2);
   assert_false(gpu_pte(b, b->app + 2 * PG) & KMM_PFN_PEER);
   assert_int_equal(gpu_pte(b, b->app + 2 * PG) & KMM_PAGE_MASK,
                    (uintptr_t)b->app + 2 * PG);
   assert_int_equal(a->moved_back, 16); /* with its neighbours, in one go */
   assert_int_equal(gpu_pte(a, a->app + 2 * PG), 0);
   for (unsigned i = 0; i < 16; i++)
      assert_int_equal(get(a, i), i);
}

/* To the other card, and back: exact counts, no PTE left behind. */
static void
test_migrate_to_peer(void **state)
{
   struct gpu *a = *state, *b = a->peer;
   fill_first_card(a);
   bool peers = a->pm.base.peer_base; /* else a look brings the page home */
   for (unsigned i = 0; i < 16 && peers; i++)
      get(b, i);
   assert_int_equal(gpu_migrate(b, false, b->app + 4 * PG, 8 * PG), 8);
   assert_int_equal(a->moved_back, 8);
   for (unsigned i = 0; i < 16 && peers; i++) {
      bool moved = i >= 4 && i < 12;
      assert_int_equal(get(b, i), i);
      assert_int_equal(!!(gpu_state(b, b->app + i * PG) & 4), moved);
      assert_int_equal(get(a, i), i);
   }
   assert_int_equal(gpu_migrate(a, false, a->app, 16 * PG), 8);
   assert_int_equal(b->moved_back, 8);
}

/* The mapping goes away, or its content, while both map the page. */
static void
test_unmap(void **state)
{
   struct gpu *a = *state, *b = a->peer;
   for (unsigned how = 0; how < 3; how++) {
      fill_first_card(a);
      for (unsigned i = 0; i < 16; i++)
         get(b, i);
      if (how == 0)
         madvise(a->app, 8 * PG, MADV_DONTNEED);
      else if (how == 1)
         mmap(a->app, 8 * PG, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      else
         assert_ptr_not_equal(
            mremap(a->app, 8 * PG, 8 * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
                   a->app + 64 * PG),
            MAP_FAILED);
      gpu_sync(a);
      for (unsigned i = 0; i < 8; i++)
         assert_int_equal(gpu_pte(b, b->app + i * PG), 0);
      assert_true(gpu_pte(b, b->app + 9 * PG) != 0);
      for (unsigned i = 0; i < 8; i++)
         assert_int_equal(get(b, i + (how == 2) * 64), how == 2 ? i : 0);
      if (how == 2)
         mmap(a->app, 8 * PG, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      usleep(1100000); /* cleared pages stay at home for a second */
   }
}

/* The owner of the pages leaves; its peer goes on with them. */
static void
test_owner_leaves(void **state)
{
   struct gpu *a = *state, *b = a->peer;
   for (uint32_t i = 0; i < 16; i++)
      memcpy(b->app + i * PG, &i, 4);
   assert_int_equal(gpu_migrate(b, false, b->app, 16 * PG), 16);
   for (unsigned i = 0; i < 16; i++)
      get(a, i);
   assert_true(gpu_pte(a, a->app) & KMM_PFN_PEER);
   /* As gpu_teardown does for the second card. */
   util_svc_call(gpu_destroy_inside, b);
   memset(b->vram, 0xee, GRANULE);
   for (unsigned i = 0; i < 16; i++) {
      assert_false(gpu_pte(a, a->app + i * PG) & KMM_PFN_PEER);
      assert_int_equal(get(a, i), i);
   }
   util_svc_unmap(b->vram, b->num_blocks * GRANULE);
   assert_int_equal(b->blocks_in_use, 0);
   util_svc_free(b);
   a->peer = NULL;
}

/* ---- stress ---- */

enum {
   WORDS = 6 * 512, /* one a page: 12 MiB for 8 MiB on each card */
   CHURN = 256,     /* pages behind them whose mapping comes and goes */
};

struct racer {
   struct gpu *g;
   pthread_t thread;
   bool *stop;
   unsigned seed, lane; /* its word of each page */
   uint64_t adds;
};

static bool
goes_on(struct racer *r)
{
   return !__atomic_load_n(r->stop, __ATOMIC_RELAXED);
}

static char *
random_page(struct racer *r)
{
   return r->g->app + rand_r(&r->seed) % WORDS * PG;
}

/* A service thread: like an SM's, its touch of a page that is on its way is
 * refused, since whoever moves the page waits for the touch. */
static void *
race_gpu(void *arg)
{
   struct racer *r = arg;
   util_svc_set_guarded(true);
   while (goes_on(r)) {
      uint32_t *word = (uint32_t *)random_page(r) + r->lane;
      int err = gpu_store_add(r->g, word, 1);
      assert(!err);
      r->adds++;
      if (rand_r(&r->seed) % 16 == 0) {
         uint32_t v;
         err = gpu_add(r->g, (uint32_t *)random_page(r) + 8, 1);
         assert(!err);
         /* May be refused, must not be stale. */
         gpu_read(r->g, r->g->app + (WORDS + rand_r(&r->seed) % CHURN) * PG,
                  &v);
      }
   }
   return NULL;
}

static void *
race_cpu(void *arg)
{
   struct racer *r = arg;
   for (; goes_on(r); r->adds++)
      ++*(volatile uint32_t *)(random_page(r) + 4 * r->lane);
   return NULL;
}

static void *
race_migrate(void *arg)
{
   struct racer *r = arg;
   while (goes_on(r)) {
      struct gpu *g = rand_r(&r->seed) % 2 ? r->g : r->g->peer;
      unsigned p = rand_r(&r->seed) % (WORDS + CHURN), n = 1u << p % 8;
      int moved =
         gpu_migrate(g, rand_r(&r->seed) % 8 == 0, g->app + p * PG, n * PG);
      assert(moved >= 0);
      r->adds += moved;
   }
   return NULL;
}

static void *
race_map(void *arg)
{
   struct racer *r = arg;
   while (goes_on(r)) {
      unsigned p = rand_r(&r->seed) % CHURN, n = 1 + p % 32;
      char *at = r->g->app + (WORDS + MIN2(p, CHURN - n)) * PG;
      unsigned how = rand_r(&r->seed) % 3;
      if (how == 0)
         madvise(at, n * PG, MADV_DONTNEED);
      else if (how == 1) /* by number: to ThreadSanitizer mmap is a write */
         syscall(SYS_mmap, at, n * PG, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      else
         munmap(at, n * PG);
      gpu_sync(r->g);
      usleep(200);
   }
   return NULL;
}

static void
test_stress(void **state)
{
   struct gpu *g = *state;
   static void *(*const what[])(void *) = {
      race_gpu, race_gpu, race_cpu, race_migrate, race_map,
   };
   struct racer r[ARRAY_SIZE(what)];
   unsigned seed = test_seed();
   bool stop = false;
   gpu_guard_accesses();
   for (unsigned i = 0; i < ARRAY_SIZE(what); i++) {
      r[i] = (struct racer){.g = i == 1 ? g->peer : g,
                            .stop = &stop,
                            .seed = seed + i,
                            .lane = i};
      if (what[i] == race_gpu)
         util_svc_thread_create(&r[i].thread, "gpu", race_gpu, &r[i]);
      else
         pthread_create(&r[i].thread, NULL, what[i], &r[i]);
   }
   usleep(1500000);
   __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
   uint64_t got[3] = {0};
   for (unsigned i = 0; i < ARRAY_SIZE(what); i++) {
      if (what[i] == race_gpu)
         util_svc_thread_join(r[i].thread);
      else
         pthread_join(r[i].thread, NULL);
   }
   for (unsigned w = 0; w < WORDS; w++)
      for (unsigned i = 0; i < 3; i++)
         got[i] += ((uint32_t *)(g->app + w * PG))[i];
   print_message("stores %lu + %lu, CPU %lu, %lu pages migrated\n", r[0].adds,
                 r[1].adds, r[2].adds, r[3].adds);
   for (unsigned i = 0; i < 3; i++)
      assert_int_equal(got[i], r[i].adds);
}

int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      WITH(test_peer_maps, setup_peers),
      WITH(test_peer_atomics, setup_peers),
      WITH(test_strangers, setup_strangers),
      WITH(test_migrate_to_peer, setup_peers),
      WITH(test_migrate_to_peer, setup_strangers),
      WITH(test_unmap, setup_peers),
      WITH(test_owner_leaves, setup_peers),
      WITH(test_stress, setup_peers),
      WITH(test_stress, setup_peers_on_fault),
      WITH(test_stress, setup_strangers),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
