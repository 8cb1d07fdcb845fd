/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Which PTEs the process's pages get: 4 KiB, 64 KiB and 2 MiB, in RAM and in
 * VRAM, mixed in one granule. The walker is written from the document
 * (kernel.md §7.1–7.4). */
#include "svm_rig.h"

#include "nouveau/kmd/kmd_svm.h"
#include "nouveau/kmd/kmd_vmm.h"

struct leaf {
   uint64_t page_B; /* 0: nothing is mapped */
   bool vram, readonly;
};

static uint64_t
word(struct ctx *c, uint64_t table, unsigned index)
{
   return __atomic_load_n((uint64_t *)(c->kmd->vram.cpu + table + index * 8),
                          __ATOMIC_ACQUIRE);
}

static uint64_t
table_of(uint64_t pde, unsigned unit_shift)
{
   return (pde >> 8 & ((1ull << 25) - 1)) << unit_shift;
}

static struct leaf
leaf_of(uint64_t pte, uint64_t page_B)
{
   return (struct leaf){pte & 1 ? page_B : 0, !(pte >> 1 & 3), pte >> 6 & 1};
}

static struct leaf
walk(struct ctx *c, const void *p)
{
   struct kdrm_file *file = kdrm_file_get(&c->kmd->drm, c->file);
   struct kmd_client *client = file->priv;
   uint64_t va = (uintptr_t)p, at = kmd_vmm_root(client->svm->vmm);
   kdrm_file_put(file);
   static const unsigned shift[] = {47, 38, 29}, bits[] = {2, 9, 9};
   for (unsigned i = 0; i < 3; i++) {
      uint64_t pde = word(c, at, va >> shift[i] & ((1u << bits[i]) - 1));
      if (!(pde >> 1 & 3))
         return (struct leaf){0};
      at = table_of(pde, 12);
   }
   unsigned slot = va >> 21 & 255;
   uint64_t low = word(c, at, 2 * slot), high = word(c, at, 2 * slot + 1);
   if (low & 1)
      return leaf_of(low, 2 << 20);
   if (low >> 1 & 3) {
      uint64_t big = (low >> 4 & ((1ull << 29) - 1)) << 8;
      struct leaf l = leaf_of(word(c, big, va >> 16 & 31), 64 << 10);
      if (l.page_B)
         return l;
   }
   return high >> 1 & 3
             ? leaf_of(word(c, table_of(high, 12), va >> 12 & 511), PAGE)
             : (struct leaf){0};
}

static void
expect(struct ctx *c, const char *p, unsigned first, unsigned end,
       uint64_t page_B, bool vram)
{
   for (unsigned i = first; i < end; i++) {
      struct leaf l = walk(c, p + i * PAGE);
      assert_int_equal(l.page_B, page_B);
      if (page_B)
         assert_int_equal(l.vram, vram);
   }
}

/* Without userfaultfd the process's pages stay in RAM. */
static bool
pages_move(struct ctx *c)
{
   return kmm_mm_host_kind(c->kmd->mm) == KMM_HOST_UFFD;
}

static void
one_page_for_a_granule(struct ctx *c)
{
   if (!pages_move(c))
      return;
   char *p = aligned_pages(512);
   memset(p, 1, 512 * PAGE);
   assert_int_equal(run(c, reading, 1, 0, p), 0);
   expect(c, p, 0, 512, 2 << 20, false);
   uint64_t moved;
   assert_int_equal(bind(c, p, 512, true, &moved), 0);
   expect(c, p, 0, 512, 2 << 20, true);
   /* A hole: what is around it stays mapped, in smaller pages. */
   munmap(p + 100 * PAGE, PAGE);
   assert_int_equal(run(c, reading, 1, 0, p), 0);
   expect(c, p, 100, 101, 0, false);
   expect(c, p, 0, 100, PAGE, true);
   expect(c, p, 101, 512, PAGE, true);
   /* Home: nothing is mapped until it is touched. */
   assert_int_equal(bind(c, p, 512, false, &moved), 0);
   expect(c, p, 0, 512, 0, false);
   munmap(p, 512 * PAGE);
}

static void
pieces_of_64_KiB(struct ctx *c)
{
   char *p = aligned_pages(512);
   memset(p + 32 * PAGE, 1, 16 * PAGE);
   memset(p + 64 * PAGE, 1, 3 * PAGE);
   assert_int_equal(run(c, reading, 1, 0, p + 32 * PAGE), 0);
   expect(c, p, 0, 32, 0, false);
   expect(c, p, 32, 48, 64 << 10, false);
   expect(c, p, 48, 64, 0, false);
   expect(c, p, 64, 67, PAGE, false);
   munmap(p, 512 * PAGE);
}

static void
ram_and_vram_in_one_granule(struct ctx *c)
{
   if (!pages_move(c))
      return;
   char *p = aligned_pages(512);
   memset(p, 1, 512 * PAGE);
   uint64_t moved;
   assert_int_equal(run(c, reading, 1, 0, p), 0);
   assert_int_equal(bind(c, p + 16 * PAGE, 20, true, &moved), 0);
   assert_int_equal(moved, 20);
   assert_int_equal(run(c, increment, 512, PAGE, p), 0);
   expect(c, p, 16, 32, 64 << 10, true);
   expect(c, p, 32, 36, PAGE, true);
   for (unsigned i = 0; i < 512; i++) {
      struct leaf l = walk(c, p + i * PAGE);
      assert_int_equal(l.vram, i >= 16 && i < 36);
      assert_true(l.page_B == PAGE || l.page_B == 64 << 10);
   }
   for (unsigned i = 0; i < 512; i++)
      assert_int_equal(*(uint32_t *)(p + i * PAGE), 0x01010102);
   munmap(p, 512 * PAGE);
}

static void
protection_is_in_the_pte(struct ctx *c)
{
   char *p = aligned_pages(512);
   memset(p, 1, 512 * PAGE);
   mprotect(p + 16 * PAGE, 16 * PAGE, PROT_READ);
   assert_int_equal(run(c, reading, 1, 0, p), 0);
   for (unsigned i = 0; i < 512; i++) {
      struct leaf l = walk(c, p + i * PAGE);
      assert_true(l.page_B >= PAGE);
      assert_int_equal(l.readonly, i >= 16 && i < 32);
   }
   munmap(p, 512 * PAGE);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      SCENE(one_page_for_a_granule, BETTER),
      SCENE(pieces_of_64_KiB, BETTER),
      SCENE(ram_and_vram_in_one_granule, BETTER),
      SCENE(protection_is_in_the_pte, BETTER),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
