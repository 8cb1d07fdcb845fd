/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* kdrm_gpusvm and kdrm_pagemap on the real memory of this process, with a
 * driver whose page table is an array and whose copy engine is memcpy. */
/* cmocka.h wants these in this order */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/drm/kdrm_gpusvm.h"
#include "util/util_svc.h"

#define PG         KMM_PAGE_SIZE
#define GRANULE    (2ull << 20)
#define GPU_PAGES  (16 * 512) /* 32 MiB of address space with a page table */
#define MAX_BLOCKS 16

struct gpu {
   struct kmm_mm *mm;
   struct kdrm_gpusvm *svm;
   struct kdrm_pagemap pm;
   uint8_t *vram;
   bool block_used[MAX_BLOCKS];
   unsigned num_blocks, blocks_in_use;
   uint64_t start; /* of the address space with a page table */
   pthread_mutex_t lock;
   uint64_t pte[GPU_PAGES];
   unsigned map_calls, unmap_calls, moved_back;
   bool fail_copy;
   char *app;
   size_t app_B;
};

/* ---- the driver ---- */

static struct gpu *
gpu_of(struct kdrm_pagemap *pm)
{
   return container_of(pm, struct gpu, pm);
}

static int
block_alloc(struct kdrm_pagemap *pm, uint64_t *vram_off_out)
{
   struct gpu *g = gpu_of(pm);
   int err = -ENOMEM;
   pthread_mutex_lock(&g->lock);
   for (unsigned i = 0; i < g->num_blocks && err; i++) {
      if (g->block_used[i])
         continue;
      g->block_used[i] = true;
      g->blocks_in_use++;
      *vram_off_out = i * GRANULE;
      err = 0;
   }
   pthread_mutex_unlock(&g->lock);
   return err;
}

static void
block_free(struct kdrm_pagemap *pm, uint64_t vram_off)
{
   struct gpu *g = gpu_of(pm);
   memset(g->vram + vram_off, 0xdd, GRANULE);
   pthread_mutex_lock(&g->lock);
   assert(g->block_used[vram_off / GRANULE]);
   g->block_used[vram_off / GRANULE] = false;
   g->blocks_in_use--;
   pthread_mutex_unlock(&g->lock);
}

static int
copy(struct kdrm_pagemap *pm, const struct kdrm_copy *list, unsigned n)
{
   struct gpu *g = gpu_of(pm);
   if (g->fail_copy)
      return -EIO;
   for (unsigned i = 0; i < n; i++) {
      uint8_t *v = g->vram + list[i].vram_off;
      switch (list[i].kind) {
      case KDRM_COPY_TO_VRAM:
         memcpy(v, (void *)list[i].bus_va, PG);
         break;
      case KDRM_COPY_TO_SYSTEM:
         memcpy((void *)list[i].bus_va, v, PG);
         break;
      case KDRM_COPY_CLEAR:
         memset(v, 0, PG);
         break;
      }
   }
   return 0;
}

static void
moved(struct kdrm_pagemap *pm, uint64_t cpu_va, unsigned n,
      enum kmm_direction direction)
{
   if (direction == KMM_TO_SYSTEM)
      __atomic_add_fetch(&gpu_of(pm)->moved_back, n, __ATOMIC_RELAXED);
}

static const struct kdrm_pagemap_ops pm_ops = {
   .block_alloc = block_alloc,
   .block_free = block_free,
   .copy = copy,
   .moved = moved,
};

static uint64_t *
pte_at(struct gpu *g, uint64_t va)
{
   uint64_t i = (va - g->start) / PG;
   return i < GPU_PAGES ? &g->pte[i] : NULL;
}

static int
map(struct kdrm_gpusvm *svm, uint64_t gpu_va, unsigned n, const uint64_t *pfns)
{
   struct gpu *g = kdrm_gpusvm_driver_data(svm);
   pthread_mutex_lock(&g->lock);
   g->map_calls++;
   for (unsigned i = 0; i < n; i++) {
      uint64_t *pte = pte_at(g, gpu_va + i * PG);
      if (pfns[i] && pte)
         *pte = pfns[i];
   }
   pthread_mutex_unlock(&g->lock);
   return 0;
}

static void
unmap(struct kdrm_gpusvm *svm, uint64_t gpu_va, unsigned n)
{
   struct gpu *g = kdrm_gpusvm_driver_data(svm);
   pthread_mutex_lock(&g->lock);
   g->unmap_calls++;
   for (unsigned i = 0; i < n; i++) {
      uint64_t *pte = pte_at(g, gpu_va + i * PG);
      if (pte)
         *pte = 0;
   }
   pthread_mutex_unlock(&g->lock);
}

static const struct kdrm_gpusvm_ops svm_ops = {.map = map, .unmap = unmap};

/* ---- calls from the program ---- */

struct call {
   struct gpu *g;
   struct kdrm_gpusvm_fault *faults;
   unsigned n;
   uint64_t start, end, moved;
   bool write, to_system;
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

static void
batch(struct gpu *g, struct kdrm_gpusvm_fault *f, unsigned n)
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
         : kdrm_gpusvm_migrate_to_vram(c.g->svm, c.start, c.end, &c.moved);
   *in = c;
}

static int
migrate(struct gpu *g, bool to_system, void *start, uint64_t size_B)
{
   struct call c = {.g = g,
                    .to_system = to_system,
                    .start = (uintptr_t)start,
                    .end = (uintptr_t)start + size_B};
   util_svc_call(do_migrate, &c);
   return c.result ? c.result : (int)c.moved;
}

/* What the host refuses becomes a GPU fault, as in the simulated card. */
static __thread sigjmp_buf refused;
static __thread volatile bool guarded;

static void
on_refusal(int sig)
{
   if (!guarded)
      abort();
   guarded = false;
   siglongjmp(refused, 1);
}

static void
guard_accesses(void)
{
   struct sigaction sa = {.sa_handler = on_refusal};
   sigaction(SIGSEGV, &sa, NULL);
   sigaction(SIGBUS, &sa, NULL);
}

static bool
try_access(struct call *c)
{
   struct gpu *g = c->g;
   volatile bool done = false;
   pthread_mutex_lock(&g->lock); /* the TLB: unmap waits for accesses */
   uint64_t pte = *pte_at(g, c->start);
   if (pte & KMM_PFN_VALID && (!c->write || pte & KMM_PFN_WRITE)) {
      uint64_t page = pte & KMM_PAGE_MASK;
      uint8_t *base = pte & KMM_PFN_DEVICE ? g->vram + page : (uint8_t *)page;
      uint32_t *word = (uint32_t *)(base + (c->start & (PG - 1)));
      if (!sigsetjmp(refused, 1)) {
         guarded = true;
         c->value = c->write
                       ? __atomic_add_fetch(word, c->add, __ATOMIC_RELAXED)
                       : __atomic_load_n(word, __ATOMIC_RELAXED);
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
      f->access = c.write ? KDRM_ACCESS_ATOMIC : KDRM_ACCESS_READ;
      kdrm_gpusvm_fault_batch(c.g->svm, f, 1);
      c.result = f->result == -EBUSY ? 0 : f->result;
      util_svc_free(f);
   }
   in->result = c.result;
   in->value = c.value;
}

static int
gpu_add(struct gpu *g, void *at, uint32_t n)
{
   struct call c = {.g = g, .start = (uintptr_t)at, .write = true, .add = n};
   util_svc_call(do_access, &c);
   return c.result;
}

static int
gpu_read(struct gpu *g, void *at, uint32_t *value_out)
{
   struct call c = {.g = g, .start = (uintptr_t)at};
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

static void
gpu_sync(struct gpu *g)
{
   util_svc_call(do_sync, g);
}

static struct kdrm_gpusvm_stats
stats(struct gpu *g)
{
   struct kdrm_gpusvm_stats s;
   kdrm_gpusvm_get_stats(g->svm, &s);
   return s;
}

static uint8_t
state_of(struct gpu *g, void *at)
{
   uint8_t s;
   kdrm_gpusvm_query(g->svm, (uintptr_t)at, 1, &s);
   return s;
}

/* ---- fixtures ---- */

struct setup {
   bool no_uffd, on_fault, no_evict;
   unsigned blocks;
};

static int
make(void **state, const struct setup *s)
{
   alarm(60);
   struct gpu *g = util_svc_alloc(sizeof(*g));
   pthread_mutex_init(&g->lock, NULL);
   struct kmm_config mc = {
      .no_uffd = s->no_uffd,
      .debug = util_flags_from_env("KMM_DEBUG", kmm_debug_flags),
   };
   assert_int_equal(kmm_mm_create(&mc, &g->mm), 0);
   g->num_blocks = s->blocks;
   g->vram = util_svc_map(s->blocks * GRANULE);
   g->pm.no_evict = s->no_evict;
   assert_int_equal(kdrm_pagemap_init(&g->pm, g->mm, &pm_ops, g), 0);
   g->app_B = GPU_PAGES * PG;
   char *p = mmap(NULL, g->app_B + GRANULE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
   g->app = (char *)util_align((uintptr_t)p, GRANULE);
   g->start = (uintptr_t)g->app;
   struct kdrm_gpusvm_config c = {
      .mm = g->mm,
      .ops = &svm_ops,
      .pagemap = &g->pm,
      .hole_start = 1ull << 37,
      .hole_end = 1ull << 38,
      .migrate_on_fault = s->on_fault,
      .driver_data = g,
   };
   assert_int_equal(kdrm_gpusvm_create(&c, &g->svm), 0);
   *state = g;
   return 0;
}

static int
setup_plain(void **state)
{
   return make(state, &(struct setup){.blocks = MAX_BLOCKS});
}

static int
setup_coherent(void **state)
{
   return make(state, &(struct setup){.blocks = MAX_BLOCKS, .no_uffd = true});
}

static int
setup_small(void **state)
{
   return make(state, &(struct setup){.blocks = 3, .on_fault = true});
}

static int
setup_small_coherent(void **state)
{
   return make(state,
               &(struct setup){.blocks = 3, .on_fault = true, .no_uffd = true});
}

static int
setup_upstream(void **state)
{
   return make(state, &(struct setup){.blocks = 1, .no_evict = true});
}

static void
do_destroy(void *arg)
{
   struct gpu *g = arg;
   kdrm_gpusvm_destroy(g->svm);
   kdrm_pagemap_finish(&g->pm);
}

static int
teardown(void **state)
{
   struct gpu *g = *state;
   util_svc_call(do_destroy, g);
   unsigned leaked = g->blocks_in_use;
   kmm_mm_destroy(g->mm);
   munmap(g->app, g->app_B);
   util_svc_unmap(g->vram, g->num_blocks * GRANULE);
   util_svc_free(g);
   alarm(0);
   if (leaked)
      print_error("%u blocks of VRAM leaked\n", leaked);
   return leaked ? -1 : 0;
}

static bool
is_uffd(struct gpu *g)
{
   return kmm_mm_host_kind(g->mm) == KMM_HOST_UFFD;
}

/* ---- faults ---- */

static void
test_batch(void **state)
{
   struct gpu *g = *state;
   struct kdrm_gpusvm_fault f[40];
   unsigned n = 0;
   /* Thirty pages of one granule in reverse, two in the next, some of them
    * twice. */
   for (unsigned i = 0; i < 30; i++)
      f[n++] = (struct kdrm_gpusvm_fault){(uintptr_t)g->app + (29 - i) * 5 * PG,
                                          KDRM_ACCESS_READ};
   f[n++] = (struct kdrm_gpusvm_fault){(uintptr_t)g->app, KDRM_ACCESS_WRITE};
   f[n++] = (struct kdrm_gpusvm_fault){(uintptr_t)g->app, KDRM_ACCESS_ATOMIC};
   f[n++] = (struct kdrm_gpusvm_fault){(uintptr_t)g->app + GRANULE,
                                       KDRM_ACCESS_WRITE};
   f[n++] = (struct kdrm_gpusvm_fault){(uintptr_t)g->app + GRANULE + PG,
                                       KDRM_ACCESS_WRITE};
   batch(g, f, n);
   for (unsigned i = 0; i < n; i++) {
      assert_int_equal(f[i].result, 0);
      assert_true(i == 0 || f[i].gpu_va >= f[i - 1].gpu_va);
   }
   struct kdrm_gpusvm_stats s = stats(g);
   assert_int_equal(s.hmm_calls, 2);
   assert_int_equal(s.granules, 2);
   assert_int_equal(s.faults_merged, 2);
   assert_int_equal(s.faults[KDRM_ACCESS_READ], 30);
   assert_int_equal(s.cancelled, 0);
   /* Windows of 64 KiB around what was touched. */
   assert_int_equal(state_of(g, g->app + 3 * PG), 3);
   assert_int_equal(state_of(g, g->app + 159 * PG), 3);
   assert_int_equal(state_of(g, g->app + 160 * PG), 0);
   assert_int_equal(s.pages_mapped, 160 + 16);
   assert_int_equal(s.pages_mapped_ahead, 160 - 30 + 14);
}

static void
test_present_is_mapped_ahead(void **state)
{
   struct gpu *g = *state;
   for (unsigned i = 0; i < 512; i += 2)
      g->app[i * PG] = 1;
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app, &v), 0);
   assert_int_equal(v, 1);
   assert_int_equal(stats(g).pages_mapped, 256 + 8);
   for (unsigned i = 0; i < 512; i += 2)
      assert_int_equal(gpu_read(g, g->app + i * PG, &v), 0);
   assert_int_equal(stats(g).hmm_calls, 1);
}

static void
test_errors(void **state)
{
   struct gpu *g = *state;
   guard_accesses();
   char *a = g->app;
   memset(a, 1, 8 * PG);
   mprotect(a + PG, PG, PROT_READ);
   mprotect(a + 2 * PG, PG, PROT_NONE);
   munmap(a + 3 * PG, PG);
   struct kdrm_gpusvm_fault f[] = {
      {(uintptr_t)a, KDRM_ACCESS_WRITE},
      {(uintptr_t)a + PG, KDRM_ACCESS_ATOMIC},
      {(uintptr_t)a + PG, KDRM_ACCESS_READ},
      {(uintptr_t)a + 2 * PG, KDRM_ACCESS_READ},
      {(uintptr_t)a + 3 * PG, KDRM_ACCESS_WRITE},
      {(uintptr_t)a + 4 * PG, KDRM_ACCESS_READ},
      {(1ull << 37) + PG, KDRM_ACCESS_READ},
      {1ull << 47, KDRM_ACCESS_READ},
   };
   batch(g, f, ARRAY_SIZE(f));
   for (unsigned i = 0; i < ARRAY_SIZE(f); i++) {
      uint64_t page = (f[i].gpu_va - (uintptr_t)a) / PG;
      int want = page == 0 || page == 4                         ? 0
                 : page == 1 && f[i].access == KDRM_ACCESS_READ ? 0
                 : page == 1                                    ? -EPERM
                                                                : -EFAULT;
      assert_int_equal(f[i].result, want);
   }
   assert_int_equal(stats(g).cancelled, 5);
   assert_int_equal(state_of(g, a + PG), 1);
   assert_int_equal(state_of(g, a + 2 * PG), 0);
   uint32_t v;
   assert_int_equal(gpu_read(g, a + PG, &v), 0);
   assert_int_equal(gpu_add(g, a + PG, 1), -EPERM);
   /* The mapping becomes writable: the fault that follows sees it. */
   mprotect(a + PG, PG, PROT_READ | PROT_WRITE);
   assert_int_equal(gpu_add(g, a + PG, 1), 0);
   mmap(a + 3 * PG, PG, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   assert_int_equal(gpu_add(g, a + 3 * PG, 5), 0);
   assert_int_equal(a[3 * PG], 5);
   /* Service memory is nobody's. */
   struct kdrm_gpusvm_fault own = {util_align_down((uintptr_t)g->vram, PG),
                                   KDRM_ACCESS_READ};
   batch(g, &own, 1);
   assert_int_equal(own.result, -EFAULT);
}

static void
test_prefetch(void **state)
{
   struct gpu *g = *state;
   g->app[0] = 1;
   struct kdrm_gpusvm_fault f[] = {
      {(uintptr_t)g->app, KDRM_ACCESS_PREFETCH},
      {(uintptr_t)g->app + PG, KDRM_ACCESS_PREFETCH},
   };
   batch(g, f, 2);
   assert_int_equal(f[0].result, 0);
   assert_int_equal(f[1].result, -EFAULT);
   assert_int_equal(state_of(g, g->app), 3);
   assert_int_equal(state_of(g, g->app + PG), 0);
}

/* ---- migration ---- */

static void
test_migrate_counts(void **state)
{
   struct gpu *g = *state;
   const unsigned n = 1200;
   for (unsigned i = 0; i < n; i++)
      *(uint32_t *)(g->app + i * PG) = i;
   munmap(g->app + 100 * PG, 10 * PG);
   mprotect(g->app + 600 * PG, PG, PROT_READ);
   assert_int_equal(migrate(g, false, g->app + 100, n * PG - 200), n - 11);
   assert_int_equal(stats(g).migrated_to_vram, n - 11);
   assert_int_equal(g->blocks_in_use, 3);
   /* Mapped while held: no fault follows. */
   assert_int_equal(state_of(g, g->app + 5 * PG), 7);
   assert_int_equal(state_of(g, g->app + 105 * PG), 0);
   uint32_t v;
   for (unsigned i = 0; i < 100; i++) {
      assert_int_equal(gpu_read(g, g->app + i * PG, &v), 0);
      assert_int_equal(v, i);
   }
   assert_int_equal(stats(g).hmm_calls, 0);
   assert_int_equal(gpu_add(g, g->app + 7 * PG, 1000), 0);
   /* Again moves nothing; back is exact as well. */
   assert_int_equal(migrate(g, false, g->app, n * PG), 0);
   assert_int_equal(*(volatile uint32_t *)(g->app + 7 * PG), 1007);
   int back = migrate(g, true, g->app, n * PG);
   struct kmm_stats ks;
   kmm_mm_get_stats(g->mm, &ks);
   assert_int_equal(ks.pages_back, n - 11);
   assert_int_equal(is_uffd(g) ? back < (int)n - 11 : back == (int)n - 11, 1);
   assert_int_equal(g->moved_back, n - 11);
   assert_int_equal(g->blocks_in_use, 0);
   for (unsigned i = 0; i < 100; i++)
      assert_int_equal(*(uint32_t *)(g->app + i * PG), i == 7 ? 1007 : i);
   assert_int_equal(state_of(g, g->app + 5 * PG), 0);
   assert_int_equal(migrate(g, false, g->app + PG, 0), -EINVAL);
}

/* munmap of 4 KiB of 2 MiB: 511 pages stay mapped (L2). */
static void
test_partial_unmap(void **state)
{
   struct gpu *g = *state;
   guard_accesses();
   memset(g->app, 1, GRANULE);
   assert_int_equal(migrate(g, false, g->app, GRANULE), 512);
   uint64_t before = stats(g).pages_unmapped;
   munmap(g->app + 77 * PG, PG);
   gpu_sync(g);
   if (is_uffd(g)) {
      assert_int_equal(stats(g).pages_unmapped - before, 1);
      assert_int_equal(state_of(g, g->app + 76 * PG), 7);
   }
   assert_int_equal(state_of(g, g->app + 77 * PG), 0);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app + 77 * PG, &v), -EFAULT);
   assert_int_equal(gpu_read(g, g->app + 78 * PG, &v), 0);
   assert_int_equal(v, 0x01010101);
}

static void
test_copy_failure(void **state)
{
   struct gpu *g = *state;
   if (!is_uffd(g))
      skip(); /* nothing is copied */
   memset(g->app, 3, 20 * PG);
   g->fail_copy = true;
   assert_int_equal(migrate(g, false, g->app, 20 * PG), 0);
   g->fail_copy = false;
   assert_int_equal(g->app[19 * PG], 3);
   assert_int_equal(g->blocks_in_use, 0);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app, &v), 0);
   assert_int_equal(v, 0x03030303);
}

/* 12 granules through 3 blocks of VRAM (L8). */
static void
test_eviction(void **state)
{
   struct gpu *g = *state;
   for (unsigned round = 0; round < 3; round++) {
      for (unsigned i = 0; i < 12 * 512; i += 7)
         assert_int_equal(gpu_add(g, g->app + i * PG, 1 + i), 0);
   }
   struct kdrm_pagemap_stats s;
   kdrm_pagemap_get_stats(&g->pm, &s);
   assert_true(s.blocks_evicted >= 9);
   assert_true(s.blocks <= 3);
   assert_true(stats(g).migrated_to_vram > 12 * 512);
   for (unsigned i = 0; i < 12 * 512; i += 7)
      assert_int_equal(*(uint32_t *)(g->app + i * PG), 3 * (1 + i));
}

static void
test_no_eviction(void **state)
{
   struct gpu *g = *state;
   memset(g->app, 1, 2 * GRANULE);
   assert_int_equal(migrate(g, false, g->app, 2 * GRANULE), 512);
   assert_int_equal(state_of(g, g->app), 7);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app + GRANULE, &v), 0);
   assert_int_equal(state_of(g, g->app + GRANULE), 3);
}

/* A page that CPU and GPU touch in turn stays where both reach it. */
static void
test_brake(void **state)
{
   struct gpu *g = *state;
   volatile uint32_t *w = (uint32_t *)g->app;
   uint64_t begin = util_time_ns();
   for (unsigned i = 0; i < 50; i++) {
      assert_int_equal(gpu_add(g, g->app, 1), 0);
      assert_int_equal(*w, 2 * i + 1);
      (*w)++;
      usleep(
         1000); /* a page on its way back would be left in RAM without a brake */
   }
   assert_int_equal(*w, 100);
   /* On a machine too slow for it the brake is off again at the next touch. */
   bool timely = util_time_ns() - begin < 500000000ull;
   if (is_uffd(g) && timely) {
      assert_true(stats(g).bounces >= 4 && stats(g).bounces < 8);
      assert_true(stats(g).braked > 0);
   }
}

static void
test_mremap(void **state)
{
   struct gpu *g = *state;
   guard_accesses();
   if (!is_uffd(g))
      skip();
   for (unsigned i = 0; i < 64; i++)
      *(uint32_t *)(g->app + i * PG) = i;
   assert_int_equal(migrate(g, false, g->app, 64 * PG), 64);
   char *to = g->app + 3 * GRANULE + 100 * PG;
   assert_ptr_equal(
      mremap(g->app, 64 * PG, 64 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
   gpu_sync(g);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app, &v), -EFAULT);
   assert_int_equal(gpu_add(g, to + 9 * PG, 100), 0);
   assert_int_equal(state_of(g, to + 9 * PG), 7);
   /* The old place gets new pages; their block is another. */
   mmap(g->app, 64 * PG, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   g->app[0] = 42;
   assert_int_equal(migrate(g, false, g->app, 64 * PG), 64);
   assert_int_equal(gpu_read(g, g->app, &v), 0);
   assert_int_equal(v, 42);
   for (unsigned i = 0; i < 64; i++)
      assert_int_equal(*(uint32_t *)(to + i * PG), i == 9 ? 109 : i);
   assert_int_equal(g->app[0], 42);
}

static void
test_child_is_refused(void **state)
{
   struct gpu *g = *state;
   memset(g->app, 1, 4 * PG);
   assert_int_equal(migrate(g, false, g->app, 4 * PG), 4);
   pid_t pid = fork();
   if (!pid) {
      alarm(10);
      struct kdrm_gpusvm_fault f = {(uintptr_t)g->app, KDRM_ACCESS_READ};
      batch(g, &f, 1);
      bool ok = migrate(g, false, g->app, 4 * PG) == -EPERM &&
                f.result == -EFAULT && g->app[3 * PG] == 1;
      do_destroy(g);
      _exit(ok ? 0 : 1);
   }
   int status;
   waitpid(pid, &status, 0);
   assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
   assert_int_equal(gpu_add(g, g->app, 0), 0);
}

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
   unsigned seed = getenv("KMM_SEED") ? atoi(getenv("KMM_SEED"))
                                      : (unsigned)util_time_ns() % 100000;
   print_message("seed %u\n", seed);
   guard_accesses();
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
         assert_true(migrate(g, false, g->app + p * PG, n * PG) >= 0);
         break;
      case 9:
         assert_true(migrate(g, true, g->app + p * PG, n * PG) >= 0);
         break;
      default:
         random_map(g, o, p, n, rand_r(&seed) % 7);
         break;
      }
   }
   print_message("%u steps, %lu pages to VRAM\n", steps,
                 stats(g).migrated_to_vram);
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
                 want, stats(g).migrated_to_vram, ps.blocks_evicted,
                 stats(g).braked);
   assert_int_equal(got, want);
}

#define WITH(test, setup)                                                      \
   {                                                                           \
#test " (" #setup ")", test, setup, teardown, NULL                       \
   }

/* An argument selects tests by pattern. */
int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      WITH(test_batch, setup_plain),
      WITH(test_present_is_mapped_ahead, setup_plain),
      WITH(test_errors, setup_plain),
      WITH(test_errors, setup_coherent),
      WITH(test_errors, setup_small),
      WITH(test_prefetch, setup_plain),
      WITH(test_migrate_counts, setup_plain),
      WITH(test_migrate_counts, setup_coherent),
      WITH(test_partial_unmap, setup_plain),
      WITH(test_partial_unmap, setup_coherent),
      WITH(test_copy_failure, setup_plain),
      WITH(test_eviction, setup_small),
      WITH(test_eviction, setup_small_coherent),
      WITH(test_no_eviction, setup_upstream),
      WITH(test_brake, setup_small),
      WITH(test_mremap, setup_plain),
      WITH(test_child_is_refused, setup_plain),
      WITH(test_child_is_refused, setup_coherent),
      WITH(test_random, setup_plain),
      WITH(test_random, setup_coherent),
      WITH(test_random, setup_small),
      WITH(test_race, setup_small),
      WITH(test_race, setup_small_coherent),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
