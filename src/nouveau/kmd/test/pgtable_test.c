/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Heap and page tables against a walker written from the document (kernel.md
 * §7.1–7.4), not from nv_mmu.h, and against a naive model. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "nouveau/kmd/kmd_pgtable.h"
#include "util/test/test_random.h"

#define VRAM_B (64ull << 20)

static struct kmd_heap heap;
static int heap_fd;

static int
setup(void **state)
{
   heap_fd = memfd_create("test", 0);
   assert_int_equal(ftruncate(heap_fd, VRAM_B), 0);
   void *cpu =
      mmap(NULL, VRAM_B, PROT_READ | PROT_WRITE, MAP_SHARED, heap_fd, 0);
   assert_ptr_not_equal(cpu, MAP_FAILED);
   return kmd_heap_init(&heap, heap_fd, cpu, VRAM_B, 1 << 20);
}

static int
teardown(void **state)
{
   void *cpu = heap.cpu;
   kmd_heap_finish(&heap);
   munmap(cpu, VRAM_B);
   return close(heap_fd);
}

/* --- The walker ---------------------------------------------------------- */

#define SPARSE 8 /* VALID 0 and VOL 1 */

struct leaf {
   uint64_t pte;    /* 0: nothing there; SPARSE */
   uint64_t page_B; /* of the page found */
};

static uint64_t
word_at(uint64_t table, unsigned index)
{
   assert_true(table + index * 8 + 8 <= VRAM_B);
   uint64_t w;
   memcpy(&w, heap.cpu + table + index * 8, 8);
   return w;
}

/* Aperture bits 2:1 must say video memory (1); the address is at bit 8. */
static uint64_t
table_of_pde(uint64_t pde)
{
   assert_int_equal(pde >> 1 & 3, 1);
   assert_int_equal(pde & 1, 0);
   return (pde >> 8 & ((1ull << 25) - 1)) << 12;
}

static struct leaf
walk(uint64_t root, uint64_t va)
{
   struct leaf none = {0, 0};
   const struct {
      unsigned lo, bits;
   } dirs[] = {{47, 2}, {38, 9}, {29, 9}};
   uint64_t table = root;
   for (unsigned i = 0; i < 3; i++) {
      uint64_t pde =
         word_at(table, va >> dirs[i].lo & ((1u << dirs[i].bits) - 1));
      if (pde == 0)
         return none;
      table = table_of_pde(pde);
   }
   unsigned i = va >> 21 & 255;
   uint64_t lo = word_at(table, 2 * i), hi = word_at(table, 2 * i + 1);
   if (lo & 1)
      return (struct leaf){lo, 2 << 20};
   if (lo == SPARSE && hi == 0)
      return (struct leaf){SPARSE, 2 << 20};
   if (lo) {
      assert_int_equal(lo >> 1 & 3, 1);
      uint64_t big = (lo >> 4 & ((1ull << 29) - 1)) << 8;
      uint64_t pte = word_at(big, va >> 16 & 31);
      if (pte & 1)
         return (struct leaf){pte, 64 << 10};
   }
   if (hi) {
      uint64_t pte = word_at(table_of_pde(hi), va >> 12 & 511);
      if (pte & (1 | SPARSE))
         return (struct leaf){pte, 4 << 10};
   }
   return none;
}

static uint64_t
pa_of(uint64_t pte)
{
   bool sys = (pte >> 1 & 3) >= 2;
   uint64_t field = pte >> 8 & ((1ull << (sys ? 46 : 25)) - 1);
   return field << 12;
}

/* Physical address of a byte address, or UINT64_MAX. */
static uint64_t
translate(uint64_t root, uint64_t va)
{
   struct leaf l = walk(root, va);
   return l.pte ? pa_of(l.pte) + (va & (l.page_B - 1)) : UINT64_MAX;
}

/* --- Tests --------------------------------------------------------------- */

static void
heap_splits_and_merges(void **state)
{
   uint64_t seed = test_rng_state(test_seed()), start = kmd_heap_used_B(&heap);
   struct {
      uint64_t off;
      unsigned order;
   } held[256];
   unsigned n = 0;
   static uint8_t owner[VRAM_B >> 12];
   memset(owner, 0, sizeof(owner));
   for (unsigned step = 0; step < 20000; step++) {
      unsigned order = test_rng(&seed) % 10;
      if (n < 256 && test_rng(&seed) % 2) {
         uint64_t off;
         if (kmd_heap_alloc_block(&heap, order, 0, &off))
            continue;
         assert_int_equal(off % (4096ull << order), 0);
         for (unsigned i = 0; i < 1u << order; i++) {
            assert_int_equal(owner[(off >> 12) + i], 0);
            owner[(off >> 12) + i] = 1;
         }
         /* Free memory is zero. */
         assert_int_equal(
            heap.cpu[off] | heap.cpu[off + (4096ull << order) - 1], 0);
         heap.cpu[off] = heap.cpu[off + (4096ull << order) - 1] = 0xff;
         held[n].off = off;
         held[n++].order = order;
      } else if (n) {
         unsigned k = test_rng(&seed) % n;
         memset(owner + (held[k].off >> 12), 0, 1u << held[k].order);
         kmd_heap_free_block(&heap, held[k].off, held[k].order);
         held[k] = held[--n];
      }
   }
   while (n--)
      kmd_heap_free_block(&heap, held[n].off, held[n].order);
   assert_int_equal(kmd_heap_used_B(&heap), start);
   /* All merged again. */
   uint64_t off;
   assert_int_equal(kmd_heap_alloc_block(&heap, 13, 0, &off), 0);
   kmd_heap_free_block(&heap, off, 13);
}

static void
heap_keeps_its_reserve(void **state)
{
   struct kmd_extent *e;
   unsigned n;
   assert_int_equal(kmd_heap_alloc(&heap, VRAM_B, 0, &e, &n), -ENOMEM);
   assert_int_equal(kmd_heap_alloc(&heap, VRAM_B - (1 << 20), 0, &e, &n), 0);
   uint64_t off;
   assert_int_equal(kmd_heap_alloc_block(&heap, 0, 0, &off), -ENOMEM);
   assert_int_equal(kmd_heap_alloc_block(&heap, 0, KMD_HEAP_KERNEL, &off), 0);
   kmd_heap_free_block(&heap, off, 0);
   kmd_heap_free(&heap, e, n);
   assert_int_equal(kmd_heap_used_B(&heap), 0);
}

static void
picks_page_sizes(void **state)
{
   struct kmd_pgtable pt;
   assert_int_equal(kmd_pgtable_init(&pt, &heap), 0);
   uint64_t root = kmd_pgtable_root(&pt), va = 0x123ull << 32;
   /* 4 KiB + 64 KiB ... 2 MiB ... 64 KiB + 4 KiB, pa and va equally aligned. */
   uint64_t start = va + 0x1f0000 - 0x1000,
            size = 0x1000 + 0x10000 + 0x200000 + 0x10000 + 0x1000;
   assert_int_equal(kmd_pgtable_map(&pt, start, size, 0x3f0000 - 0x1000,
                                    NV_APERTURE_VID, 0, KMD_PAGE_SIZES_ALL),
                    0);
   assert_int_equal(walk(root, start).page_B, 4096);
   assert_int_equal(walk(root, va + 0x1f0000).page_B, 65536);
   assert_int_equal(walk(root, va + 0x200000).page_B, 2 << 20);
   assert_int_equal(walk(root, va + 0x400000).page_B, 65536);
   assert_int_equal(walk(root, va + 0x410000).page_B, 4096);
   for (uint64_t o = 0; o < size; o += 4096)
      assert_int_equal(translate(root, start + o), 0x3ef000 + o);
   assert_int_equal(translate(root, start - 1), UINT64_MAX);
   assert_int_equal(translate(root, start + size), UINT64_MAX);
   assert_false(pt.stale); /* nothing was there before */
   kmd_pgtable_unmap(&pt, start, size);
   assert_true(pt.stale);
   kmd_pgtable_reap(&pt);
   assert_int_equal(pt.tables, 1); /* the root */
   kmd_pgtable_finish(&pt);
}

/* One page of a large mapping goes; 511 stay (kernel.md §3.5, hazard K8). */
static void
splits_large_pages(void **state)
{
   struct kmd_pgtable pt;
   assert_int_equal(kmd_pgtable_init(&pt, &heap), 0);
   uint64_t root = kmd_pgtable_root(&pt), va = 7ull << 38;
   assert_int_equal(kmd_pgtable_map(&pt, va, 2 << 20, 4 << 20, NV_APERTURE_VID,
                                    NV_PTE_RO, KMD_PAGE_SIZES_ALL),
                    0);
   kmd_pgtable_unmap(&pt, va + 0x5000, 0x1000);
   for (unsigned i = 0; i < 512; i++) {
      struct leaf l = walk(root, va + i * 4096);
      assert_int_equal(l.pte != 0, i != 5);
      if (i == 5)
         continue;
      assert_int_equal(pa_of(l.pte), (4 << 20) + i * 4096);
      assert_int_equal(l.pte >> 6 & 1, 1); /* RO is kept */
   }
   /* And a 64 KiB page. */
   assert_int_equal(kmd_pgtable_map(&pt, va, 65536, 0, NV_APERTURE_VID, 0,
                                    KMD_PAGE_SIZES_ALL),
                    0);
   assert_int_equal(walk(root, va).page_B, 65536);
   assert_int_equal(
      kmd_pgtable_map(&pt, va + 0x3000, 4096, 0x12345000, NV_APERTURE_SYS_COH,
                      NV_PTE_VOL, KMD_PAGE_SIZES_4K),
      0);
   assert_int_equal(translate(root, va + 0x2000), 0x2000);
   assert_int_equal(translate(root, va + 0x3000), 0x12345000);
   assert_int_equal(walk(root, va + 0x3000).pte & 0xff, 1 | 2 << 1 | 8);
   kmd_pgtable_finish(&pt);
   assert_int_equal(kmd_heap_used_B(&heap), 0);
}

#define MODEL_PAGES 2048 /* 8 MiB */

struct model_page {
   bool valid, sys;
   uint64_t pa, flags;
   bool sparse;
};

static void
check_model(uint64_t root, uint64_t va, const struct model_page *m)
{
   for (unsigned i = 0; i < MODEL_PAGES; i++) {
      struct leaf l = walk(root, va + i * 4096ull);
      assert_int_equal(l.pte & 1, m[i].valid);
      assert_int_equal(l.pte == SPARSE, m[i].sparse);
      if (!m[i].valid)
         continue;
      assert_int_equal(translate(root, va + i * 4096ull), m[i].pa);
      assert_int_equal((l.pte >> 1 & 3) == 2, m[i].sys);
      assert_int_equal(l.pte & 0xe8, m[i].flags);
   }
}

static void
agrees_with_model(void **state)
{
   uint64_t seed = test_rng_state(test_seed()), va = (5ull << 38) - (4 << 20);
   static struct model_page model[MODEL_PAGES];
   memset(model, 0, sizeof(model));
   struct kmd_pgtable pt;
   assert_int_equal(kmd_pgtable_init(&pt, &heap), 0);
   uint64_t root = kmd_pgtable_root(&pt);
   for (unsigned step = 0; step < 3000; step++) {
      static const unsigned grain[] = {1, 16, 512};
      unsigned g = grain[test_rng(&seed) % 3];
      unsigned first = test_rng(&seed) % (MODEL_PAGES / g) * g;
      unsigned n = (test_rng(&seed) % 40 + 1) * g;
      n = MIN2(n, MODEL_PAGES - first);
      bool unmap = test_rng(&seed) % 3 == 0, sys = test_rng(&seed) % 2;
      bool sparse = unmap && test_rng(&seed) % 2;
      uint64_t pa = test_rng(&seed) % (VRAM_B / 4096) / g * g * 4096;
      uint64_t flags =
         (test_rng(&seed) & 1 ? NV_PTE_RO : 0) | (sys ? NV_PTE_VOL : 0);
      bool replaces = false;
      for (unsigned i = first; i < first + n; i++) {
         struct model_page want = {!unmap, !unmap && sys,
                                   pa + (i - first) * 4096ull, flags};
         const struct model_page *had = &model[i];
         replaces |=
            had->sparse
               ? !sparse
               : had->valid && (unmap || had->sys != want.sys ||
                                had->pa != want.pa || had->flags != want.flags);
         model[i] = unmap ? (struct model_page){.sparse = sparse} : want;
      }
      if (sparse)
         assert_int_equal(
            kmd_pgtable_sparse(&pt, va + first * 4096ull, n * 4096ull), 0);
      else if (unmap)
         kmd_pgtable_unmap(&pt, va + first * 4096ull, n * 4096ull);
      else
         assert_int_equal(
            kmd_pgtable_map(
               &pt, va + first * 4096ull, n * 4096ull, pa,
               sys ? NV_APERTURE_SYS_COH : NV_APERTURE_VID, flags,
               sys ? KMD_PAGE_B | KMD_PAGE_2M_B : KMD_PAGE_SIZES_ALL),
            0);
      if (replaces)
         assert_true(pt.stale);
      kmd_pgtable_reap(&pt);
      if (step % 10 == 0)
         check_model(root, va, model);
   }
   kmd_pgtable_unmap(&pt, va, MODEL_PAGES * 4096ull);
   kmd_pgtable_reap(&pt);
   assert_int_equal(pt.tables, 1);
   kmd_pgtable_finish(&pt);
   assert_int_equal(kmd_heap_used_B(&heap), 0);
}

static void
survives_lack_of_memory(void **state)
{
   struct kmd_pgtable pt;
   struct kmd_extent *e;
   unsigned n;
   assert_int_equal(kmd_pgtable_init(&pt, &heap), 0);
   assert_int_equal(
      kmd_heap_alloc(&heap, VRAM_B - 4 * 4096, KMD_HEAP_KERNEL, &e, &n), 0);
   /* The root is there; three directories are all that is left, no table. */
   assert_int_equal(kmd_pgtable_map(&pt, 0x1000, 4096, 0, NV_APERTURE_VID, 0,
                                    KMD_PAGE_SIZES_ALL),
                    -ENOMEM);
   assert_int_equal(kmd_pgtable_map(&pt, 2 << 20, 2 << 20, 0, NV_APERTURE_VID,
                                    0, KMD_PAGE_SIZES_ALL),
                    0);
   /* No table for the split: all of the large page goes, nothing stale stays. */
   kmd_pgtable_unmap(&pt, 2 << 20, 4096);
   assert_int_equal(translate(kmd_pgtable_root(&pt), 3 << 20), UINT64_MAX);
   kmd_heap_free(&heap, e, n);
   kmd_pgtable_finish(&pt);
   assert_int_equal(kmd_heap_used_B(&heap), 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(heap_splits_and_merges),
      cmocka_unit_test(heap_keeps_its_reserve),
      cmocka_unit_test(picks_page_sizes),
      cmocka_unit_test(splits_large_pages),
      cmocka_unit_test(agrees_with_model),
      cmocka_unit_test(survives_lack_of_memory),
   };
   return cmocka_run_group_tests(tests, setup, teardown);
}
