/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "gpusvm_rig.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/util_svc.h"

/* ---- calls from the program ---- */

struct call {
   struct gpu *g;
   struct kdrm_gpusvm_fault *faults;
   unsigned n;
   uint64_t start, end, moved;
   enum kdrm_access access;
   bool to_system;
   uint32_t add, value;
   int result;
};

/* Faults are copied in and out: the batch lives in service memory. */
static void
do_batch(void *arg)
{
   struct call *c = arg;
   struct kdrm_gpusvm_fault *f = util_svc_calloc(c->n, sizeof(*f));
   memcpy(f, c->faults, c->n * sizeof(*f));
   kdrm_gpusvm_sort(f, c->n);
   kdrm_gpusvm_fault_batch(c->g->svm, f, c->n);
   memcpy(c->faults, f, c->n * sizeof(*f));
   util_svc_free(f);
}

void
gpu_batch(struct gpu *g, struct kdrm_gpusvm_fault *f, unsigned n)
{
   struct call c = {.g = g, .faults = f, .n = n};
   util_svc_call(do_batch, &c);
}

static void
do_migrate(void *arg)
{
   struct call *in = arg, c = *in;
   c.result =
      c.to_system
         ? kdrm_gpusvm_migrate_to_system(c.g->svm, c.start, c.end, &c.moved)
         : kdrm_gpusvm_migrate_to_vram(c.g->svm, c.start, c.end,
                                       KDRM_CAUSE_ASKED, &c.moved);
   *in = c;
}

int
gpu_migrate(struct gpu *g, bool to_system, void *start, uint64_t size_B)
{
   struct call c = {.g = g,
                    .to_system = to_system,
                    .start = (uintptr_t)start,
                    .end = (uintptr_t)start + size_B};
   util_svc_call(do_migrate, &c);
   return c.result ? c.result : (int)c.moved;
}

static void
do_begin(void *arg)
{
   struct call *in = arg, c = *in;
   c.result = kdrm_gpusvm_migrate_begin(c.g->svm, c.start, c.end, &c.moved);
   *in = c;
}

int
gpu_migrate_begin(struct gpu *g, void *start, uint64_t size_B)
{
   struct call c = {.g = g,
                    .start = (uintptr_t)start,
                    .end = (uintptr_t)start + size_B};
   util_svc_call(do_begin, &c);
   return c.result ? c.result : (int)c.moved;
}

static void
do_wait(void *arg)
{
   struct call *in = arg, c = *in;
   kdrm_gpusvm_migrate_wait(c.g->svm, c.start, c.end);
}

void
gpu_migrate_wait(struct gpu *g, void *start, uint64_t size_B)
{
   struct call c = {.g = g,
                    .start = (uintptr_t)start,
                    .end = (uintptr_t)start + size_B};
   util_svc_call(do_wait, &c);
}

/* What the host refuses becomes a GPU fault, as in the simulated card. */
static __thread sigjmp_buf refused;
static __thread volatile bool guarded;

static void
on_refusal(int sig, siginfo_t *info, void *context)
{
   if (!guarded && info->si_code == SI_QUEUE)
      return; /* the page came before its refusal */
   if (!guarded)
      abort();
   guarded = false;
   siglongjmp(refused, 1);
}

void
gpu_guard_accesses(void)
{
   struct sigaction sa = {.sa_sigaction = on_refusal, .sa_flags = SA_SIGINFO};
   sigaction(SIGSEGV, &sa, NULL);
   sigaction(SIGBUS, &sa, NULL);
}

static bool
try_access(struct call *c)
{
   struct gpu *g = c->g;
   volatile bool done = false;
   pthread_mutex_lock(&g->lock); /* the TLB: unmap waits for accesses */
   uint64_t pte = *gpu_pte_at(g, c->start);
   bool write = c->access >= KDRM_ACCESS_WRITE;
   bool atomic = c->access == KDRM_ACCESS_ATOMIC;
   if (pte & KMM_PFN_VALID && (!write || pte & KMM_PFN_WRITE) &&
       (!atomic || !(pte & KMM_PFN_PEER))) {
      uint64_t page = pte & KMM_PAGE_MASK;
      uint8_t *base = pte & KMM_PFN_DEVICE ? g->vram + page : (uint8_t *)page;
      uint32_t *word = (uint32_t *)(base + (c->start & (PG - 1)));
      if (!sigsetjmp(refused, 1)) {
         guarded = true;
         if (atomic)
            c->value = __atomic_add_fetch(word, c->add, __ATOMIC_RELAXED);
         else
            c->value = __atomic_load_n(word, __ATOMIC_RELAXED) + c->add;
         if (write && !atomic)
            __atomic_store_n(word, c->value, __ATOMIC_RELAXED);
         done = true;
      }
      guarded = false;
   }
   pthread_mutex_unlock(&g->lock);
   return done;
}

static void
do_access(void *arg)
{
   struct call *in = arg, c = *in;
   while (!c.result && !try_access(&c)) {
      struct kdrm_gpusvm_fault *f = util_svc_alloc(sizeof(*f));
      f->gpu_va = util_align_down(c.start, PG);
      f->access = c.access;
      kdrm_gpusvm_fault_batch(c.g->svm, f, 1);
      c.result = f->result == -EBUSY ? 0 : f->result;
      util_svc_free(f);
   }
   in->result = c.result;
   in->value = c.value;
}

int
gpu_add(struct gpu *g, void *at, uint32_t n)
{
   struct call c = {.g = g,
                    .start = (uintptr_t)at,
                    .access = KDRM_ACCESS_ATOMIC,
                    .add = n};
   util_svc_call(do_access, &c);
   return c.result;
}

int
gpu_store_add(struct gpu *g, void *at, uint32_t n)
{
   struct call c = {.g = g,
                    .start = (uintptr_t)at,
                    .access = KDRM_ACCESS_WRITE,
                    .add = n};
   util_svc_call(do_access, &c);
   return c.result;
}

uint64_t
gpu_pte(struct gpu *g, void *at)
{
   pthread_mutex_lock(&g->lock);
   uint64_t pte = *gpu_pte_at(g, (uintptr_t)at);
   pthread_mutex_unlock(&g->lock);
   return pte;
}

int
gpu_read(struct gpu *g, void *at, uint32_t *value_out)
{
   struct call c = {.g = g, .start = (uintptr_t)at, .access = KDRM_ACCESS_READ};
   util_svc_call(do_access, &c);
   *value_out = c.value;
   return c.result;
}

static void
do_sync(void *arg)
{
   struct gpu *g = arg;
   kmm_mm_sync(g->mm);
}

void
gpu_sync(struct gpu *g)
{
   util_svc_call(do_sync, g);
}

struct kdrm_gpusvm_stats
gpu_stats(struct gpu *g)
{
   struct kdrm_gpusvm_stats s;
   kdrm_gpusvm_get_stats(g->svm, &s);
   return s;
}

uint8_t
gpu_state(struct gpu *g, void *at)
{
   uint8_t s;
   kdrm_gpusvm_query(g->svm, (uintptr_t)at, 1, &s);
   return s;
}

/* ---- fixtures ---- */

struct setup {
   bool no_uffd, on_fault, learn, no_evict, upstream;
   bool two, peers, exclusive;
   unsigned blocks;
};

/* A card on g->mm, with the program's memory at g->app. */
static void
make_card(struct gpu *g, const struct setup *s)
{
   pthread_mutex_init(&g->lock, NULL);
   pthread_cond_init(&g->copy_go, NULL);
   g->refs = 1;
   g->num_blocks = s->blocks;
   g->vram = util_svc_map(s->blocks * GRANULE);
   g->pm.no_evict = s->no_evict;
   assert_int_equal(kdrm_pagemap_init(&g->pm, g->mm, &gpu_pagemap_ops, g), 0);
   if (s->peers)
      g->pm.base.peer_base = (uintptr_t)g->vram;
   g->start = (uintptr_t)g->app;
   struct kdrm_gpusvm_config c = {
      .mm = g->mm,
      .ops = &gpu_svm_ops,
      .pagemap = &g->pm,
      .hole_start = 1ull << 37,
      .hole_end = 1ull << 38,
      .peers = s->peers,
      .fault_window_pg = s->upstream ? 1 : 0,
      .only_faulting = s->upstream,
      .migrate_on_fault = s->on_fault,
      .learn = s->learn,
      .exclusive_atomics = s->exclusive,
      .driver_data = g,
   };
   assert_int_equal(kdrm_gpusvm_create(&c, &g->svm), 0);
}

static int
make(void **state, const struct setup *s)
{
   alarm(60);
   struct gpu *g = util_svc_alloc(sizeof(*g));
   struct kmm_config mc = {
      .no_uffd = s->no_uffd,
      .debug = util_flags_from_env("KMM_DEBUG", kmm_debug_flags),
   };
   assert_int_equal(kmm_mm_create(&mc, &g->mm), 0);
   g->app_B = GPU_PAGES * PG;
   char *p = mmap(NULL, g->app_B + GRANULE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
   g->app = (char *)util_align((uintptr_t)p, GRANULE);
   make_card(g, s);
   if (s->two) {
      g->peer = util_svc_alloc(sizeof(*g));
      g->peer->peer = g;
      g->peer->mm = g->mm;
      g->peer->app = g->app;
      make_card(g->peer, s);
   }
   *state = g;
   return 0;
}

int
gpu_setup_plain(void **state)
{
   return make(state, &(struct setup){.blocks = MAX_BLOCKS});
}

int
gpu_setup_coherent(void **state)
{
   return make(state, &(struct setup){.blocks = MAX_BLOCKS, .no_uffd = true});
}

int
gpu_setup_small(void **state)
{
   return make(state, &(struct setup){.blocks = 3, .on_fault = true});
}

int
gpu_setup_small_coherent(void **state)
{
   return make(state,
               &(struct setup){.blocks = 3, .on_fault = true, .no_uffd = true});
}

int
gpu_setup_learning(void **state)
{
   return make(
      state,
      &(struct setup){.blocks = MAX_BLOCKS, .on_fault = true, .learn = true});
}

int
gpu_setup_exclusive(void **state)
{
   return make(state, &(struct setup){.blocks = MAX_BLOCKS, .exclusive = true});
}

int
gpu_setup_upstream(void **state)
{
   return make(
      state, &(struct setup){.blocks = 1, .no_evict = true, .upstream = true});
}

int
gpu_setup_peers(void **state)
{
   return make(state, &(struct setup){.blocks = 4, .two = true, .peers = true});
}

int
gpu_setup_peers_on_fault(void **state)
{
   return make(state, &(struct setup){.blocks = 4,
                                      .two = true,
                                      .peers = true,
                                      .on_fault = true});
}

int
gpu_setup_strangers(void **state)
{
   return make(state, &(struct setup){.blocks = 4, .two = true});
}

void
gpu_destroy_inside(void *arg)
{
   struct gpu *g = arg;
   gpu_svm_ops.release(g->svm);
   kdrm_pagemap_finish(&g->pm);
}

int
gpu_teardown(void **state)
{
   struct gpu *g = *state;
   /* The second card first, while the other may still map its pages. */
   if (g->peer)
      util_svc_call(gpu_destroy_inside, g->peer);
   util_svc_call(gpu_destroy_inside, g);
   return gpu_teardown_rest(state);
}

int
gpu_teardown_rest(void **state)
{
   struct gpu *g = *state;
   unsigned leaked = 0;
   if (g->peer) {
      leaked += g->peer->blocks_in_use;
      util_svc_unmap(g->peer->vram, g->peer->num_blocks * GRANULE);
      util_svc_free(g->peer);
   }
   leaked += g->blocks_in_use;
   util_svc_unmap(g->vram, g->num_blocks * GRANULE);
   kmm_mm_destroy(g->mm);
   munmap(g->app, g->app_B);
   util_svc_free(g);
   alarm(0);
   if (leaked)
      print_error("%u blocks of VRAM leaked\n", leaked);
   return leaked ? -1 : 0;
}

bool
gpu_is_uffd(struct gpu *g)
{
   return kmm_mm_host_kind(g->mm) == KMM_HOST_UFFD;
}
