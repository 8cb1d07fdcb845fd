/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* kdrm_gpusvm and kdrm_pagemap: faults, errors, migration, eviction, counts. */
#include "gpusvm_rig.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/util_svc.h"

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
   gpu_batch(g, f, n);
   for (unsigned i = 0; i < n; i++) {
      assert_int_equal(f[i].result, 0);
      assert_true(i == 0 || f[i].gpu_va >= f[i - 1].gpu_va);
   }
   struct kdrm_gpusvm_stats s = gpu_stats(g);
   assert_int_equal(s.hmm_calls, 2);
   assert_int_equal(s.granules, 2);
   assert_int_equal(s.faults_merged, 2);
   assert_int_equal(s.faults[KDRM_ACCESS_READ], 30);
   assert_int_equal(s.cancelled, 0);
   /* Windows of 64 KiB around what was touched. */
   assert_int_equal(gpu_state(g, g->app + 3 * PG), 3);
   assert_int_equal(gpu_state(g, g->app + 159 * PG), 3);
   assert_int_equal(gpu_state(g, g->app + 160 * PG), 0);
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
   assert_int_equal(gpu_stats(g).pages_mapped, 256 + 8);
   for (unsigned i = 0; i < 512; i += 2)
      assert_int_equal(gpu_read(g, g->app + i * PG, &v), 0);
   assert_int_equal(gpu_stats(g).hmm_calls, 1);
}

/* Upstream: a fault, a page, whatever else is there. */
static void
test_a_page_a_fault(void **state)
{
   struct gpu *g = *state;
   memset(g->app, 1, 32 * PG);
   uint32_t v;
   for (unsigned i = 0; i < 32; i++) {
      assert_int_equal(gpu_read(g, g->app + i * PG, &v), 0);
      assert_int_equal(gpu_stats(g).pages_mapped, i + 1);
      assert_int_equal(gpu_stats(g).hmm_calls, i + 1);
   }
}

static void
test_errors(void **state)
{
   struct gpu *g = *state;
   gpu_guard_accesses();
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
   gpu_batch(g, f, ARRAY_SIZE(f));
   for (unsigned i = 0; i < ARRAY_SIZE(f); i++) {
      uint64_t page = (f[i].gpu_va - (uintptr_t)a) / PG;
      int want = page == 0 || page == 4                         ? 0
                 : page == 1 && f[i].access == KDRM_ACCESS_READ ? 0
                 : page == 1                                    ? -EPERM
                                                                : -EFAULT;
      assert_int_equal(f[i].result, want);
   }
   assert_int_equal(gpu_stats(g).cancelled, 5);
   assert_int_equal(gpu_state(g, a + PG), 1);
   assert_int_equal(gpu_state(g, a + 2 * PG), 0);
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
   gpu_batch(g, &own, 1);
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
   gpu_batch(g, f, 2);
   assert_int_equal(f[0].result, 0);
   assert_int_equal(f[1].result, -EFAULT);
   assert_int_equal(gpu_state(g, g->app), 3);
   assert_int_equal(gpu_state(g, g->app + PG), 0);
}

/* What is mapped, byte for byte, when nothing is to be faulted in. */
static void
test_snapshot(void **state)
{
   struct gpu *g = *state;
   char *a = g->app;
   a[0] = 1;
   assert_int_equal(*(volatile char *)(a + PG), 0); /* the zero page */
   a[2 * PG] = 1;
   mprotect(a + 2 * PG, PG, PROT_READ);
   a[3 * PG] = 1;
   mprotect(a + 3 * PG, PG, PROT_NONE);
   munmap(a + 4 * PG, PG);
   memset(a + 16 * PG, 1, 4 * PG);
   assert_int_equal(gpu_migrate(g, false, a + 16 * PG, 4 * PG), 4);
   struct kdrm_gpusvm_fault f = {(uintptr_t)a, KDRM_ACCESS_PREFETCH};
   gpu_batch(g, &f, 1);
   assert_int_equal(f.result, 0);
   /* 1: present, 2: writable, 4: in VRAM. */
   static const uint8_t want[24] = {
      [0] = 3, [1] = 3, [2] = 1, [16] = 7, [17] = 7, [18] = 7, [19] = 7};
   for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
      assert_int_equal(gpu_state(g, a + i * PG), want[i]);
}

/* Learning: a granule moves when a quarter of it has been used, not before, and
 * later each time that the CPU takes it back. */
static void
test_learning(void **state)
{
   struct gpu *g = *state;
   uint32_t v;
   memset(g->app, 1, 2 * GRANULE);
   for (unsigned w = 0; w < 7; w++)
      assert_int_equal(gpu_read(g, g->app + w * 16 * PG, &v), 0);
   assert_int_equal(gpu_stats(g).migrated_to_vram, 0);
   assert_int_equal(gpu_state(g, g->app), 3);
   assert_int_equal(gpu_state(g, g->app + 8 * 16 * PG), 0); /* not ahead */
   assert_int_equal(gpu_read(g, g->app + 7 * 16 * PG, &v), 0);
   assert_int_equal(gpu_stats(g).migrated_to_vram, 512);
   assert_int_equal(gpu_state(g, g->app + 300 * PG), 7);
   /* Atomics count four. */
   assert_int_equal(gpu_add(g, g->app + GRANULE, 1), 0);
   assert_int_equal(gpu_add(g, g->app + GRANULE + 16 * PG, 1), 0);
   assert_int_equal(gpu_stats(g).migrated_to_vram, 1024);
   if (!gpu_is_uffd(g))
      return;
   /* Home: half of it is needed now. */
   assert_int_equal(gpu_migrate(g, true, g->app, GRANULE), 512);
   for (unsigned w = 0; w < 15; w++)
      assert_int_equal(gpu_read(g, g->app + w * 16 * PG, &v), 0);
   assert_int_equal(gpu_stats(g).migrated_to_vram, 1024);
   assert_int_equal(gpu_read(g, g->app + 15 * 16 * PG, &v), 0);
   assert_int_equal(gpu_stats(g).migrated_to_vram, 1536);
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
   assert_int_equal(gpu_migrate(g, false, g->app + 100, n * PG - 200), n - 11);
   assert_int_equal(gpu_stats(g).migrated_to_vram, n - 11);
   assert_int_equal(g->blocks_in_use, 3);
   /* Mapped while held: no fault follows. */
   assert_int_equal(gpu_state(g, g->app + 5 * PG), 7);
   assert_int_equal(gpu_state(g, g->app + 105 * PG), 0);
   uint32_t v;
   for (unsigned i = 0; i < 100; i++) {
      assert_int_equal(gpu_read(g, g->app + i * PG, &v), 0);
      assert_int_equal(v, i);
   }
   assert_int_equal(gpu_stats(g).hmm_calls, 0);
   assert_int_equal(gpu_add(g, g->app + 7 * PG, 1000), 0);
   /* Again moves nothing; back is exact as well. */
   assert_int_equal(gpu_migrate(g, false, g->app, n * PG), 0);
   assert_int_equal(*(volatile uint32_t *)(g->app + 7 * PG), 1007);
   int back = gpu_migrate(g, true, g->app, n * PG);
   struct kmm_stats ks;
   kmm_mm_get_stats(g->mm, &ks);
   assert_int_equal(ks.pages_back, n - 11);
   assert_int_equal(gpu_is_uffd(g) ? back < (int)n - 11 : back == (int)n - 11,
                    1);
   assert_int_equal(g->moved_back, n - 11);
   assert_int_equal(g->blocks_in_use, 0);
   for (unsigned i = 0; i < 100; i++)
      assert_int_equal(*(uint32_t *)(g->app + i * PG), i == 7 ? 1007 : i);
   assert_int_equal(gpu_state(g, g->app + 5 * PG), 0);
   assert_int_equal(gpu_migrate(g, false, g->app + PG, 0), -EINVAL);
}

/* When the program goes on after its touch, the page's VRAM is free again. */
static void
test_touch_frees(void **state)
{
   struct gpu *g = *state;
   if (!gpu_is_uffd(g))
      skip();
   memset(g->app, 1, PG);
   assert_int_equal(gpu_migrate(g, false, g->app, PG), 1);
   assert_int_equal(g->blocks_in_use, 1);
   g->free_delay_us = 50000;
   assert_int_equal(*(volatile char *)g->app, 1);
   assert_int_equal(g->blocks_in_use, 0);
}

/* munmap of 4 KiB of 2 MiB: 511 pages stay mapped (L2). */
static void
test_partial_unmap(void **state)
{
   struct gpu *g = *state;
   gpu_guard_accesses();
   memset(g->app, 1, GRANULE);
   assert_int_equal(gpu_migrate(g, false, g->app, GRANULE), 512);
   uint64_t before = gpu_stats(g).pages_unmapped;
   munmap(g->app + 77 * PG, PG);
   gpu_sync(g);
   if (gpu_is_uffd(g)) {
      assert_int_equal(gpu_stats(g).pages_unmapped - before, 1);
      assert_int_equal(gpu_state(g, g->app + 76 * PG), 7);
   }
   assert_int_equal(gpu_state(g, g->app + 77 * PG), 0);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app + 77 * PG, &v), -EFAULT);
   assert_int_equal(gpu_read(g, g->app + 78 * PG, &v), 0);
   assert_int_equal(v, 0x01010101);
}

static void
test_copy_failure(void **state)
{
   struct gpu *g = *state;
   if (!gpu_is_uffd(g))
      skip(); /* nothing is copied */
   memset(g->app, 3, 20 * PG);
   g->fail_copy = true;
   assert_int_equal(gpu_migrate(g, false, g->app, 20 * PG), 0);
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
   assert_true(gpu_stats(g).migrated_to_vram > 12 * 512);
   for (unsigned i = 0; i < 12 * 512; i += 7)
      assert_int_equal(*(uint32_t *)(g->app + i * PG), 3 * (1 + i));
}

/* All transfers are taken and there is no memory for another: what the CPU
 * touches comes home all the same. */
static void
test_home_without_memory(void **state)
{
   struct gpu *g = *state;
   memset(g->app, 1, 3 * GRANULE);
   assert_int_equal(gpu_migrate(g, false, g->app, GRANULE), 512);
   g->hold_copies = true;
   assert_int_equal(gpu_migrate_begin(g, g->app + GRANULE, GRANULE), 512);
   util_svc_fail_every(1);
   char byte = *(volatile char *)g->app;
   util_svc_fail_every(0);
   gpu_copy_go(g);
   assert_int_equal(byte, 1);
   gpu_migrate_wait(g, g->app + GRANULE, GRANULE);
}

static void
unlock_at_third(struct gpu *g, unsigned times)
{
   if (times == 3)
      syscall(SYS_munlock, g->app, PG);
}

/* A locked page does not move. If it is let go in time the atomic gets it for
 * itself, at the third try; if not, it is done over the bus. */
static void
test_exclusive_conflict(void **state)
{
   struct gpu *g = *state;
   memset(g->app, 0, 2 * GRANULE);
   /* Not by libc: a sanitizer would swallow it. */
   if (!gpu_is_uffd(g) || syscall(SYS_mlock, g->app, PG) ||
       syscall(SYS_mlock, g->app + GRANULE, PG))
      skip();
   g->on_alloc = unlock_at_third;
   assert_int_equal(gpu_add(g, g->app, 5), 0);
   assert_int_equal(gpu_state(g, g->app), 7); /* present, writable, in VRAM */
   assert_int_equal(g->alloc_calls, 3);
   assert_int_equal(gpu_stats(g).exclusive_retries, 2);
   assert_int_equal(*(uint32_t *)g->app, 5);

   assert_int_equal(gpu_add(g, g->app + GRANULE, 6), 0);
   assert_int_equal(gpu_state(g, g->app + GRANULE), 3);
   assert_int_equal(gpu_stats(g).exclusive_retries, 2 + 7);
   assert_int_equal(*(uint32_t *)(g->app + GRANULE), 6);
   syscall(SYS_munlock, g->app + GRANULE, PG);
}

/* The driver has no memory for the rest of the PTEs: what it wrote must not
 * outlive the page. */
static void
test_half_mapped(void **state)
{
   struct gpu *g = *state;
   uint32_t v;
   memset(g->app, 1, 8 * PG);
   g->map_room = 3;
   assert_int_equal(gpu_migrate(g, false, g->app, 8 * PG), 8);
   assert_int_equal(g->map_room, 0); /* it has failed */
   g->app[0] = 2;                    /* all of it comes home */
   for (unsigned i = 0; i < 8; i++)
      assert_false(gpu_pte(g, g->app + i * PG) & KMM_PFN_DEVICE);
   assert_int_equal(gpu_read(g, g->app, &v), 0);
   assert_int_equal(v, 0x01010102);

   /* The same in a fault: the access is refused or comes again. */
   memset(g->app + GRANULE, 1, 8 * PG);
   assert_int_equal(gpu_migrate(g, false, g->app + GRANULE, 8 * PG), 8);
   gpu_migrate(g, true, g->app + GRANULE, 8 * PG);
   g->map_room = 3;
   int err = gpu_read(g, g->app + GRANULE, &v);
   assert_true(!err || err == -ENOMEM);
   assert_int_equal(gpu_read(g, g->app + GRANULE + 7 * PG, &v), 0);
   assert_int_equal(v, 0x01010101);
}

static void
test_no_eviction(void **state)
{
   struct gpu *g = *state;
   memset(g->app, 1, 2 * GRANULE);
   assert_int_equal(gpu_migrate(g, false, g->app, 2 * GRANULE), 512);
   assert_int_equal(gpu_state(g, g->app), 7);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app + GRANULE, &v), 0);
   assert_int_equal(gpu_state(g, g->app + GRANULE), 3);
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
   if (gpu_is_uffd(g) && timely) {
      struct kdrm_gpusvm_stats st = gpu_stats(g);
      assert_true(st.bounces < 8);
      /* Fewer if a page was still on its way: it stays in RAM then. */
      assert_true(st.braked > 0 || st.bounces < 4);
   }
}

static void
test_mremap(void **state)
{
   struct gpu *g = *state;
   gpu_guard_accesses();
   if (!gpu_is_uffd(g))
      skip();
   for (unsigned i = 0; i < 64; i++)
      *(uint32_t *)(g->app + i * PG) = i;
   assert_int_equal(gpu_migrate(g, false, g->app, 64 * PG), 64);
   char *to = g->app + 3 * GRANULE + 100 * PG;
   assert_ptr_equal(
      mremap(g->app, 64 * PG, 64 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
   gpu_sync(g);
   uint32_t v;
   assert_int_equal(gpu_read(g, g->app, &v), -EFAULT);
   assert_int_equal(gpu_add(g, to + 9 * PG, 100), 0);
   assert_int_equal(gpu_state(g, to + 9 * PG), 7);
   /* The old place gets new pages; their block is another. */
   mmap(g->app, 64 * PG, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   g->app[0] = 42;
   assert_int_equal(gpu_migrate(g, false, g->app, 64 * PG), 64);
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
   assert_int_equal(gpu_migrate(g, false, g->app, 4 * PG), 4);
   pid_t pid = fork();
   if (!pid) {
      alarm(10);
      struct kdrm_gpusvm_fault f = {(uintptr_t)g->app, KDRM_ACCESS_READ};
      gpu_batch(g, &f, 1);
      bool ok = gpu_migrate(g, false, g->app, 4 * PG) == -EPERM &&
                f.result == -EFAULT && g->app[3 * PG] == 1;
      gpu_destroy_inside(g);
      _exit(ok ? 0 : 1);
   }
   int status;
   waitpid(pid, &status, 0);
   assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
   assert_int_equal(gpu_add(g, g->app, 0), 0);
}

static void
end_second(void *arg)
{
   struct gpu *b = arg;
   kdrm_gpusvm_destroy(b->svm);
}

/* Two address spaces of one card: both map the page in VRAM, both lose it. */
static void
test_two_mirrors(void **state)
{
   struct gpu *a = *state, *b = util_svc_alloc(sizeof(*b));
   pthread_mutex_init(&b->lock, NULL);
   b->mm = a->mm;
   b->vram = a->vram;
   b->start = a->start;
   b->refs = 1;
   struct kdrm_gpusvm_config c = {.mm = a->mm,
                                  .ops = &gpu_svm_ops,
                                  .pagemap = &a->pm,
                                  .driver_data = b};
   assert_int_equal(kdrm_gpusvm_create(&c, &b->svm), 0);
   memset(a->app, 0, 4 * PG);
   assert_int_equal(gpu_add(b, a->app, 1), 0);
   assert_int_equal(gpu_migrate(a, false, a->app, 4 * PG), 4);
   assert_int_equal(gpu_state(b, a->app), 0);
   assert_int_equal(gpu_add(b, a->app, 1), 0);
   assert_int_equal(gpu_add(a, a->app, 1), 0);
   assert_int_equal(gpu_state(a, a->app), 7);
   assert_int_equal(gpu_state(b, a->app), 7);
   assert_int_equal(*(volatile uint32_t *)a->app, 3);
   if (gpu_is_uffd(a)) {
      assert_int_equal(gpu_state(a, a->app), 0);
      assert_int_equal(gpu_state(b, a->app), 0);
   }
   util_svc_call(end_second, b);
   util_svc_free(b);
   assert_int_equal(gpu_add(a, a->app, 1), 0);
   assert_int_equal(*(volatile uint32_t *)a->app, 4);
}

/* An argument selects tests by pattern. */
/* A range over several mappings moves as a whole. */
static void
test_neighbouring_mappings(void **state)
{
   struct gpu *g = *state;
   mmap(g->app + 3 * PG, 5 * PG, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   for (unsigned i = 0; i < 16; i++)
      g->app[i * PG] = 'a' + i;
   assert_int_equal(gpu_migrate(g, false, g->app, 16 * PG), 16);
   for (unsigned i = 0; i < 16; i++)
      assert_int_equal(g->app[i * PG], 'a' + i);
}

int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      WITH(test_neighbouring_mappings, setup_plain),
      WITH(test_neighbouring_mappings, setup_coherent),
      WITH(test_batch, setup_plain),
      WITH(test_present_is_mapped_ahead, setup_plain),
      WITH(test_a_page_a_fault, setup_upstream),
      WITH(test_errors, setup_plain),
      WITH(test_errors, setup_coherent),
      WITH(test_errors, setup_small),
      WITH(test_prefetch, setup_plain),
      WITH(test_snapshot, setup_plain),
      WITH(test_learning, setup_learning),
      WITH(test_migrate_counts, setup_plain),
      WITH(test_migrate_counts, setup_coherent),
      WITH(test_touch_frees, setup_plain),
      WITH(test_partial_unmap, setup_plain),
      WITH(test_partial_unmap, setup_coherent),
      WITH(test_copy_failure, setup_plain),
      WITH(test_eviction, setup_small),
      WITH(test_eviction, setup_small_coherent),
      WITH(test_exclusive_conflict, setup_exclusive),
      WITH(test_home_without_memory, setup_plain),
      WITH(test_half_mapped, setup_plain),
      WITH(test_no_eviction, setup_upstream),
      WITH(test_brake, setup_small),
      WITH(test_mremap, setup_plain),
      WITH(test_child_is_refused, setup_plain),
      WITH(test_child_is_refused, setup_coherent),
      WITH(test_two_mirrors, setup_plain),
      WITH(test_two_mirrors, setup_coherent),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
