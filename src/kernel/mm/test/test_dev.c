/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "test_dev.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "util/util_svc.h"

#define BLOCK (2ull << 20)

static struct test_dev *
dev_of(struct kmm_pagemap *pm)
{
   return container_of(pm, struct test_dev, pm);
}

/* ---- memory ---- */

static struct kmm_dpage *
alloc_page(struct test_dev *dev)
{
   struct kmm_dpage *d = NULL;
   pthread_mutex_lock(&dev->lock);
   for (unsigned i = 0; i < TEST_DEV_PAGES && !d; i++) {
      if (dev->used[i])
         continue;
      dev->used[i] = true;
      dev->num_used++;
      d = &dev->pages[i];
   }
   pthread_mutex_unlock(&dev->lock);
   return d;
}

static void
page_free(struct kmm_pagemap *pm, struct kmm_dpage *d)
{
   struct test_dev *dev = dev_of(pm);
   unsigned i = d - dev->pages;
   /* Whoever still uses the page gets to see this. */
   memset(dev->vram + d->vram_off, 0xdd, KMM_PAGE_SIZE);
   pthread_mutex_lock(&dev->lock);
   assert(dev->used[i]);
   dev->used[i] = false;
   dev->num_used--;
   pthread_mutex_unlock(&dev->lock);
}

unsigned
test_dev_used(struct test_dev *dev)
{
   pthread_mutex_lock(&dev->lock);
   unsigned n = dev->num_used;
   pthread_mutex_unlock(&dev->lock);
   return n;
}

/* ---- migration ---- */

static void
copy_page(struct test_dev *dev, enum kmm_direction dir,
          struct kmm_migrate_page *p)
{
   uint8_t *vram = dev->vram + p->dpage->vram_off;
   if (p->flags & KMM_MIGRATE_STAYS)
      return;
   if (p->flags & KMM_MIGRATE_HOLE)
      memset(vram, 0, KMM_PAGE_SIZE);
   else if (dir == KMM_TO_DEVICE)
      memcpy(vram, (void *)p->bus_va, KMM_PAGE_SIZE);
   else
      memcpy((void *)p->bus_va, vram, KMM_PAGE_SIZE);
}

static void
call_midway(struct test_dev *dev)
{
   void (*midway)(void *) =
      __atomic_exchange_n(&dev->midway, NULL, __ATOMIC_ACQ_REL);
   if (midway)
      midway(dev->midway_data);
}

static int
migrate_piece(struct test_dev *dev, enum kmm_direction dir, uint64_t start,
              uint64_t end)
{
   unsigned n = (end - start) / KMM_PAGE_SIZE;
   struct kmm_migrate_page *pages = util_svc_calloc(n, sizeof(*pages));
   struct kmm_migrate m = {
      .mm = dev->mm,
      .direction = dir,
      .start = start,
      .end = end,
      .pagemap = &dev->pm,
      .pages = pages,
   };
   struct kmm_dpage *given[KMM_MIGRATE_MAX_PG] = {NULL};
   int err = kmm_migrate_setup(&m);
   if (err)
      goto out;
   for (unsigned i = 0; i < n; i++) {
      if (!(pages[i].flags & KMM_MIGRATE_PFN))
         continue;
      if (dir == KMM_TO_DEVICE && !(dev->skip_odd && i & 1))
         pages[i].dpage = given[i] = alloc_page(dev);
      if (dev->fail_copy)
         pages[i].flags &= ~KMM_MIGRATE_PFN;
      else if (pages[i].dpage)
         copy_page(dev, dir, &pages[i]);
   }
   call_midway(dev);
   kmm_migrate_pages(&m);
   for (unsigned i = 0; i < n; i++)
      if (given[i] && !(pages[i].flags & KMM_MIGRATE_PFN))
         page_free(&dev->pm, given[i]);
   kmm_migrate_finalize(&m);
   err = m.moved;
out:
   util_svc_free(pages);
   return err;
}

static int
migrate_to_ram(struct kmm_pagemap *pm, uint64_t start, uint64_t end)
{
   struct test_dev *dev = dev_of(pm);
   int n = migrate_piece(dev, KMM_TO_SYSTEM, start, end);
   void (*at_home)(void *) =
      __atomic_exchange_n(&dev->at_home, NULL, __ATOMIC_ACQ_REL);
   if (at_home)
      at_home(dev->at_home_data);
   return n < 0 ? n : dev->fail_copy ? -EIO : 0;
}

static const struct kmm_pagemap_ops pm_ops = {
   .migrate_to_ram = migrate_to_ram,
   .page_free = page_free,
};

struct call {
   struct test_dev *dev;
   struct kmm_mm *mm;
   enum kmm_direction dir;
   uint64_t start, end, flags;
   uint64_t *pfns;
   uint32_t add, value;
   bool write;
   int result;
};

static void
do_migrate(void *arg)
{
   struct call *in = arg, c = *in;
   for (uint64_t at = c.start; at < c.end && c.result >= 0;) {
      uint64_t to = MIN2(util_align_down(at, BLOCK) + BLOCK, c.end);
      int n = migrate_piece(c.dev, c.dir, at, to);
      c.result = n < 0 ? n : c.result + n;
      at = to;
   }
   in->result = c.result;
}

int
test_dev_migrate(struct test_dev *dev, enum kmm_direction dir, void *start,
                 uint64_t size_B)
{
   uint64_t s = util_align_down((uintptr_t)start, KMM_PAGE_SIZE);
   struct call c = {
      .dev = dev,
      .dir = dir,
      .start = s,
      .end = util_align((uintptr_t)start + size_B, KMM_PAGE_SIZE)};
   util_svc_call(do_migrate, &c);
   return c.result;
}

/* ---- the mirror ---- */

static void
invalidate(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
   struct test_dev *dev = container_of(n, struct test_dev, notifier);
   pthread_mutex_lock(&dev->pte_lock);
   dev->events[inv->event]++;
   for (uint64_t va = inv->start; va < inv->end; va += KMM_PAGE_SIZE)
      dev->pte[(va - dev->start) / KMM_PAGE_SIZE] = 0;
   pthread_mutex_unlock(&dev->pte_lock);
}

static const struct kmm_notifier_ops notifier_ops = {.invalidate = invalidate};

void
test_dev_mirror(struct test_dev *dev, void *start, uint64_t size_B)
{
   dev->start = (uintptr_t)start;
   dev->end = dev->start + size_B;
   dev->pte = util_svc_map(size_B / KMM_PAGE_SIZE * 8);
   int err = kmm_notifier_insert(dev->mm, &dev->notifier, dev->start, dev->end,
                                 &notifier_ops);
   assert(!err);
}

void
test_dev_unmirror(struct test_dev *dev)
{
   if (!dev->pte)
      return;
   kmm_notifier_remove(&dev->notifier);
   util_svc_unmap(dev->pte, (dev->end - dev->start) / KMM_PAGE_SIZE * 8);
   dev->pte = NULL;
}

static int
hmm(struct test_dev *dev, uint64_t start, uint64_t end, uint64_t flags,
    uint64_t *pfns)
{
   struct kmm_hmm_range r = {
      .notifier = &dev->notifier,
      .start = start,
      .end = end,
      .pfns = pfns,
      .default_flags = flags,
      .dev_owner = dev,
   };
   for (;;) {
      int err = kmm_notifier_read_begin(&dev->notifier, &r.seq);
      if (!err)
         err = kmm_hmm_range_fault(&r, NULL);
      if (err == -EBUSY)
         continue;
      if (err)
         return err;
      pthread_mutex_lock(&dev->pte_lock);
      bool stale = kmm_notifier_read_retry(&dev->notifier, r.seq);
      if (!stale)
         memcpy(&dev->pte[(start - dev->start) / KMM_PAGE_SIZE], pfns,
                (end - start) / KMM_PAGE_SIZE * 8);
      pthread_mutex_unlock(&dev->pte_lock);
      if (!stale)
         return 0;
   }
}

static void
do_hmm(void *arg)
{
   struct call *in = arg, c = *in;
   uint64_t n = (c.end - c.start) / KMM_PAGE_SIZE;
   uint64_t *pfns = util_svc_calloc(n, 8);
   in->result = hmm(c.dev, c.start, c.end, c.flags, pfns);
   if (c.pfns)
      memcpy(c.pfns, pfns, n * 8);
   util_svc_free(pfns);
}

int
test_dev_hmm(struct test_dev *dev, void *start, unsigned n, uint64_t flags,
             uint64_t *pfns_out)
{
   struct call c = {.dev = dev,
                    .start = (uintptr_t)start,
                    .end = (uintptr_t)start + n * KMM_PAGE_SIZE,
                    .flags = flags,
                    .pfns = pfns_out};
   util_svc_call(do_hmm, &c);
   return c.result;
}

/* ---- access ---- */

static bool
try_access(struct test_dev *dev, struct call *c)
{
   bool done = false;
   pthread_mutex_lock(&dev->pte_lock);
   uint64_t pte = dev->pte[(c->start - dev->start) / KMM_PAGE_SIZE];
   if (pte & KMM_PFN_VALID && (!c->write || pte & KMM_PFN_WRITE)) {
      uint8_t *base = (uint8_t *)(pte & KMM_PAGE_MASK);
      if (pte & KMM_PFN_DEVICE)
         base = dev->vram + (pte & KMM_PAGE_MASK);
      uint32_t *word = (uint32_t *)(base + (c->start & (KMM_PAGE_SIZE - 1)));
      c->value = c->write ? __atomic_add_fetch(word, c->add, __ATOMIC_RELAXED)
                          : __atomic_load_n(word, __ATOMIC_RELAXED);
      done = true;
   }
   pthread_mutex_unlock(&dev->pte_lock);
   return done;
}

static void
do_access(void *arg)
{
   struct call *in = arg, c = *in;
   while (!try_access(c.dev, &c) && !c.result) {
      uint64_t *pfn = util_svc_alloc(8);
      uint64_t page = c.start & KMM_PAGE_MASK;
      __atomic_add_fetch(&c.dev->faults, 1, __ATOMIC_RELAXED);
      c.result =
         hmm(c.dev, page, page + KMM_PAGE_SIZE,
             KMM_PFN_REQ_FAULT | (c.write ? KMM_PFN_REQ_WRITE : 0), pfn);
      util_svc_free(pfn);
   }
   in->result = c.result;
   in->value = c.value;
}

int
test_dev_add(struct test_dev *dev, void *cpu_va, uint32_t n)
{
   struct call c = {.dev = dev,
                    .start = (uintptr_t)cpu_va,
                    .add = n,
                    .write = true};
   util_svc_call(do_access, &c);
   return c.result;
}

int
test_dev_read(struct test_dev *dev, void *cpu_va, uint32_t *value_out)
{
   struct call c = {.dev = dev, .start = (uintptr_t)cpu_va};
   util_svc_call(do_access, &c);
   *value_out = c.value;
   return c.result;
}

/* ---- life ---- */

static void
do_sync(void *arg)
{
   struct call *c = arg;
   kmm_mm_sync(c->mm);
}

void
test_dev_sync(struct test_dev *dev)
{
   struct call c = {.mm = dev->mm};
   util_svc_call(do_sync, &c);
}

struct test_dev *
test_dev_create(struct kmm_mm *mm)
{
   struct test_dev *dev = util_svc_alloc(sizeof(*dev));
   assert(dev);
   dev->mm = mm;
   dev->vram = util_svc_map(TEST_DEV_PAGES * KMM_PAGE_SIZE);
   assert(dev->vram);
   pthread_mutex_init(&dev->lock, NULL);
   pthread_mutex_init(&dev->pte_lock, NULL);
   for (unsigned i = 0; i < TEST_DEV_PAGES; i++)
      dev->pages[i] = (struct kmm_dpage){
         .pagemap = &dev->pm,
         .vram_off = i * KMM_PAGE_SIZE,
      };
   kmm_pagemap_init(&dev->pm, mm, &pm_ops, dev);
   return dev;
}

static void
do_destroy(void *arg)
{
   struct call *c = arg;
   test_dev_unmirror(c->dev);
   kmm_pagemap_finish(&c->dev->pm);
   c->result = c->dev->num_used;
}

unsigned
test_dev_destroy(struct test_dev *dev)
{
   struct call c = {.dev = dev};
   util_svc_call(do_destroy, &c);
   util_svc_unmap(dev->vram, TEST_DEV_PAGES * KMM_PAGE_SIZE);
   util_svc_free(dev);
   return c.result;
}
