/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* kernel/mm on a made-up address space: random operations, also between the
 * steps of a migration, against an oracle that knows nothing of pages that
 * move. One file of some length: the rig's migration calls the program's random
 * events midway, and they call the rig. */
/* cmocka.h wants these in this order */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/mm/kmm_model.h"
#include "util/util_bitset.h"
#include "util/util_svc.h"

#define PG    KMM_PAGE_SIZE
#define BASE  0x40000000ull
#define PAGES 1100 /* three blocks, the last in part */
#define VRAM  700  /* pages: less than there may be */

struct oracle {
   bool mapped[PAGES];
   uint32_t flags[PAGES];
   uint32_t value[PAGES];
};

struct rig {
   struct kmm_model *model;
   struct kmm_mm *mm;
   unsigned seed;
   struct oracle o;
   /* the device */
   struct kmm_pagemap pm;
   uint32_t *vram[VRAM];
   bool used[VRAM];
   struct kmm_dpage dpages[VRAM];
   unsigned num_used;
   struct kmm_notifier n;
   uint64_t pte[PAGES];
   unsigned depth; /* of migrations under way */
   unsigned moved, waits, dropped_midway;
};

static unsigned
pick(struct rig *r, unsigned n)
{
   return rand_r(&r->seed) % n;
}

static uint64_t
va_of(unsigned page)
{
   return BASE + page * PG;
}

/* ---- the device ---- */

static void
page_free(struct kmm_pagemap *pm, struct kmm_dpage *d)
{
   struct rig *r = container_of(pm, struct rig, pm);
   unsigned i = d - r->dpages;
   assert_true(r->used[i]);
   r->used[i] = false;
   r->num_used--;
   *r->vram[i] = 0xdddddddd;
   for (unsigned p = 0; p < PAGES; p++)
      assert_true(!(r->pte[p] & KMM_PFN_DEVICE) ||
                  (r->pte[p] & KMM_PAGE_MASK) != d->vram_off);
}

static struct kmm_dpage *
page_alloc(struct rig *r)
{
   for (unsigned i = 0; i < VRAM; i++) {
      if (r->used[i])
         continue;
      r->used[i] = true;
      r->num_used++;
      return &r->dpages[i];
   }
   return NULL;
}

static void some_events(struct rig *r);

/* One migration of a range in one block, with whatever may happen in between. */
static int
migrate(struct rig *r, enum kmm_direction dir, uint64_t start, uint64_t end,
        bool disturbed)
{
   unsigned n = (end - start) / PG;
   struct kmm_migrate_page *p = util_svc_calloc(n, sizeof(*p));
   struct kmm_dpage *given[512] = {NULL};
   struct kmm_migrate m = {.mm = r->mm,
                           .direction = dir,
                           .start = start,
                           .end = end,
                           .pagemap = &r->pm,
                           .pages = p};
   int err = kmm_migrate_setup(&m);
   if (err)
      goto out;
   r->depth++;
   if (disturbed)
      some_events(r);
   for (unsigned i = 0; i < n; i++) {
      if (!(p[i].flags & KMM_MIGRATE_PFN))
         continue;
      if (dir == KMM_TO_DEVICE && pick(r, 8))
         p[i].dpage = given[i] = page_alloc(r);
      if (!p[i].dpage)
         continue;
      uint32_t *v = r->vram[p[i].dpage - r->dpages];
      if (p[i].flags & KMM_MIGRATE_HOLE)
         *v = 0;
      else if (dir == KMM_TO_DEVICE)
         *v = *(uint32_t *)p[i].bus_va;
      else
         *(uint32_t *)p[i].bus_va = *v;
   }
   if (disturbed)
      some_events(r);
   kmm_migrate_pages(&m);
   /* Mappings may go before the driver maps: finalize clears what it wrote
    * then. */
   bool early = pick(r, 2);
   if (disturbed && early)
      some_events(r);
   for (unsigned i = 0; i < n; i++) {
      bool moved = p[i].flags & KMM_MIGRATE_PFN;
      if (given[i] && !moved)
         page_free(&r->pm, given[i]);
      if (given[i] && moved)
         r->pte[(start - BASE) / PG + i] =
            given[i]->vram_off | KMM_PFN_VALID | KMM_PFN_DEVICE | KMM_PFN_WRITE;
   }
   if (disturbed && !early)
      some_events(r);
   kmm_migrate_finalize(&m);
   r->depth--;
   r->moved += m.moved;
out:
   util_svc_free(p);
   return err;
}

static int
migrate_to_ram(struct kmm_pagemap *pm, uint64_t start, uint64_t end)
{
   struct rig *r = container_of(pm, struct rig, pm);
   return migrate(r, KMM_TO_SYSTEM, start, end, false);
}

static const struct kmm_pagemap_ops pm_ops = {
   .migrate_to_ram = migrate_to_ram,
   .page_free = page_free,
};

static void
invalidate(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
   struct rig *r = container_of(n, struct rig, n);
   for (uint64_t va = inv->start; va < inv->end; va += PG)
      r->pte[(va - BASE) / PG] = 0;
}

static const struct kmm_notifier_ops notifier_ops = {.invalidate = invalidate};

/* Makes the PTE of the page, as a driver does. */
static int
device_fault(struct rig *r, unsigned page, bool write)
{
   uint64_t *pfn = util_svc_alloc(8);
   struct kmm_hmm_range range = {
      .notifier = &r->n,
      .start = va_of(page),
      .end = va_of(page + 1),
      .pfns = pfn,
      .default_flags = KMM_PFN_REQ_FAULT | (write ? KMM_PFN_REQ_WRITE : 0),
      .dev_owner = r,
   };
   int err = -EBUSY;
   for (unsigned tries = 0; tries < 3 && err == -EBUSY; tries++) {
      /* The notifier covers everything: with a migration under way it would
       * wait. */
      err = r->depth ? -EBUSY : kmm_notifier_read_begin(&r->n, &range.seq);
      if (!err)
         err = kmm_hmm_range_fault(&range, NULL);
   }
   if (!err)
      r->pte[page] = *pfn;
   util_svc_free(pfn);
   return err;
}

/* 0, -EFAULT, -EPERM, or -EBUSY: would have to wait. */
static int
device_access(struct rig *r, unsigned page, bool write, uint32_t *value)
{
   for (unsigned tries = 0; tries < 3; tries++) {
      uint64_t pte = r->pte[page];
      if (pte & KMM_PFN_VALID && (!write || pte & KMM_PFN_WRITE)) {
         if (!(pte & KMM_PFN_DEVICE)) {
            if (!kmm_model_bus(r->model, va_of(page), write, value))
               return 0;
         } else {
            uint32_t *v = r->vram[(pte & KMM_PAGE_MASK) / PG];
            if (write)
               *v = *value;
            else
               *value = *v;
            return 0;
         }
      }
      int err = device_fault(r, page, write);
      if (err)
         return err;
   }
   fail_msg("page %u faults for ever", page);
   return 0;
}

/* ---- the program, and the oracle ---- */

static int
oracle_access(const struct rig *r, unsigned p, bool write)
{
   if (!r->o.mapped[p] || !(r->o.flags[p] & (KMM_VMA_READ | KMM_VMA_WRITE)))
      return -EFAULT;
   return write && !(r->o.flags[p] & KMM_VMA_WRITE) ? -EPERM : 0;
}

static void
do_access(struct rig *r, unsigned p, bool device)
{
   bool write = pick(r, 2);
   uint32_t v = rand_r(&r->seed);
   int want = oracle_access(r, p, write);
   int err = device ? device_access(r, p, write, &v)
                    : kmm_model_cpu(r->model, va_of(p), write, &v);
   if (err == -EBUSY || err == -EAGAIN) {
      assert_true(r->depth > 0); /* otherwise nothing is to be waited for */
      r->waits++;
      return;
   }
   if (!device && want == -EPERM)
      want = -EFAULT;
   assert_int_equal(err, want);
   if (err)
      return;
   if (write)
      r->o.value[p] = v;
   else
      assert_int_equal(v, r->o.value[p]);
}

static void
do_map(struct rig *r, unsigned p, unsigned n)
{
   uint32_t flags = KMM_VMA_READ | KMM_VMA_WRITE;
   if (!pick(r, 6))
      flags |= KMM_VMA_SHARED;
   bool map = pick(r, 4);
   if (map)
      kmm_model_map(r->model, va_of(p), n, flags);
   else
      kmm_model_unmap(r->model, va_of(p), n);
   for (unsigned i = p; i < p + n; i++) {
      r->o.mapped[i] = map;
      r->o.flags[i] = flags;
      r->o.value[i] = 0;
   }
}

static void
do_protect(struct rig *r, unsigned p, unsigned n)
{
   static const uint32_t choices[] = {0, KMM_VMA_READ,
                                      KMM_VMA_READ | KMM_VMA_WRITE,
                                      KMM_VMA_READ | KMM_VMA_WRITE};
   uint32_t flags = choices[pick(r, 4)];
   kmm_model_protect(r->model, va_of(p), n, flags);
   for (unsigned i = p; i < p + n; i++)
      r->o.flags[i] = flags | (r->o.flags[i] & KMM_VMA_SHARED);
}

static void
do_clear(struct rig *r, unsigned p, unsigned n)
{
   for (unsigned i = p; i < p + n; i++)
      if (r->o.mapped[i])
         r->o.value[i] = 0;
   kmm_model_clear(r->model, va_of(p), n);
}

static void
do_remap(struct rig *r, unsigned p, unsigned n)
{
   unsigned to = pick(r, PAGES - n);
   if (to < p + n && p < to + n)
      return;
   kmm_model_remap(r->model, va_of(p), va_of(to), n);
   for (unsigned i = 0; i < n; i++) {
      r->o.mapped[to + i] = r->o.mapped[p + i];
      r->o.flags[to + i] = r->o.flags[p + i];
      r->o.value[to + i] = r->o.value[p + i];
      r->o.mapped[p + i] = false;
   }
}

static unsigned
pick_range(struct rig *r, unsigned *n_out)
{
   unsigned p = pick(r, PAGES);
   unsigned n = 1 + pick(r, 1u << pick(r, 8));
   *n_out = MIN2(n, PAGES - p);
   return p;
}

static void
change_mappings(struct rig *r)
{
   unsigned n, p = pick_range(r, &n);
   switch (pick(r, 8)) {
   case 0 ... 2:
      do_map(r, p, n);
      break;
   case 3 ... 4:
      do_protect(r, p, n);
      break;
   case 5:
      do_clear(r, p, MIN2(n, 4));
      break;
   case 6:
      do_remap(r, p, n);
      break;
   case 7:
      kmm_model_pin(r->model, va_of(p), pick(r, 3) == 0);
      break;
   }
   /* A device whose work is running learns at the next submission. */
   kmm_mm_sync(r->mm);
}

static void
some_events(struct rig *r)
{
   unsigned before = r->num_used;
   for (unsigned i = pick(r, 4); i > 0; i--) {
      if (pick(r, 3) == 0)
         change_mappings(r);
      else
         do_access(r, pick(r, PAGES), pick(r, 2));
   }
   r->dropped_midway += before > r->num_used;
}

static void
do_migrate(struct rig *r)
{
   unsigned n, p = pick_range(r, &n);
   uint64_t start = va_of(p), end = va_of(p + n);
   uint64_t block_end = util_align_down(start, 2 << 20) + (2 << 20);
   enum kmm_direction dir = pick(r, 3) ? KMM_TO_DEVICE : KMM_TO_SYSTEM;
   assert_int_equal(migrate(r, dir, start, MIN2(end, block_end), true), 0);
   /* What was mapped at the end of it may have lost permissions meanwhile. */
   kmm_mm_sync(r->mm);
}

/* ---- invariants ---- */

static void
check_all(struct rig *r)
{
   struct kmm_stats s;
   kmm_mm_sync(r->mm);
   kmm_mm_get_stats(r->mm, &s);
   assert_int_equal(s.device_pages, r->num_used);
   for (unsigned p = 0; p < PAGES; p++) {
      bool away = kmm_count_device_pages(r->mm, va_of(p), va_of(p + 1));
      assert_true(!away || r->o.mapped[p]);
      if (r->pte[p])
         assert_int_equal(!!(r->pte[p] & KMM_PFN_DEVICE), away);
   }
}

static void
run(void *arg)
{
   struct rig *r = arg;
   for (unsigned step = 0; step < 6000; step++) {
      switch (pick(r, 10)) {
      case 0 ... 3:
         do_access(r, pick(r, PAGES), false);
         break;
      case 4 ... 6:
         do_access(r, pick(r, PAGES), true);
         break;
      case 7 ... 8:
         do_migrate(r);
         break;
      default:
         change_mappings(r);
         break;
      }
      if (step % 64 == 0)
         check_all(r);
   }
   for (unsigned p = 0; p < PAGES; p++)
      do_access(r, p, false);
   check_all(r);
}

static void
begin(void *arg)
{
   struct rig *r = arg;
   assert_int_equal(kmm_model_create(BASE, PAGES, r->seed | 1, &r->model), 0);
   struct kmm_config c = {
      .model = kmm_model_host(r->model),
      .debug = util_flags_from_env("KMM_DEBUG", kmm_debug_flags),
   };
   assert_int_equal(kmm_mm_create(&c, &r->mm), 0);
   kmm_pagemap_init(&r->pm, r->mm, &pm_ops, r);
   for (unsigned i = 0; i < VRAM; i++) {
      r->vram[i] = util_svc_alloc(4);
      r->dpages[i] = (struct kmm_dpage){.pagemap = &r->pm, .vram_off = i * PG};
   }
   assert_int_equal(
      kmm_notifier_insert(r->mm, &r->n, BASE, BASE + PAGES * PG, &notifier_ops),
      0);
   for (unsigned p = 0; p < PAGES; p++)
      r->o.mapped[p] = true, r->o.flags[p] = KMM_VMA_READ | KMM_VMA_WRITE;
   kmm_model_map(r->model, BASE, PAGES, KMM_VMA_READ | KMM_VMA_WRITE);
}

static void
end(void *arg)
{
   struct rig *r = arg;
   kmm_notifier_remove(&r->n);
   memset(r->pte, 0, sizeof(r->pte));
   kmm_pagemap_finish(&r->pm);
   assert_int_equal(r->num_used, 0);
   for (unsigned i = 0; i < VRAM; i++)
      util_svc_free(r->vram[i]);
   kmm_mm_destroy(r->mm);
}

static void
test_random(void **state)
{
   const char *env = getenv("TEST_SEED");
   unsigned seed = env ? atoi(env) : (unsigned)util_time_ns() % 1000000;
   for (unsigned i = 0; i < (env ? 1 : 12); i++) {
      struct rig *r = util_svc_alloc(sizeof(*r));
      r->seed = seed + i;
      print_message("seed %u: ", seed + i);
      util_svc_call(begin, r);
      util_svc_call(run, r);
      util_svc_call(end, r);
      print_message("%u pages moved, %u waits, %u dropped midway\n", r->moved,
                    r->waits, r->dropped_midway);
      assert_true(r->moved > 100 && r->waits > 0);
      util_svc_free(r);
   }
}

static void
on_a_rig(unsigned seed, void (*inside)(void *rig))
{
   struct rig *r = util_svc_alloc(sizeof(*r));
   r->seed = seed;
   util_svc_call(begin, r);
   util_svc_call(inside, r);
   util_svc_call(end, r);
   util_svc_free(r);
}

/* ---- a slow madvise ---- */

static void
expect_word(struct rig *r, unsigned page, uint32_t want)
{
   uint32_t v = ~want;
   assert_int_equal(kmm_model_cpu(r->model, va_of(page), false, &v), 0);
   assert_int_equal(v, want);
}

/* The caller of madvise has been let go and sleeps before it clears. Whatever
 * migrates meanwhile, the old content is gone when it has. */
static void
slow_clear_inside(void *arg)
{
   enum {
      N = 8
   };
   struct rig *r = arg;
   uint32_t old = 2, new = 5;
   for (unsigned p = 0; p < N; p++)
      assert_int_equal(kmm_model_cpu(r->model, va_of(p), true, &old), 0);
   /* 0..3 are away when the event comes, 4..7 are there. */
   migrate(r, KMM_TO_DEVICE, va_of(0), va_of(4), false);
   for (unsigned p = 4; p < N; p++) /* watched, as by an earlier migration */
      kmm_model_pin(r->model, va_of(p), true);
   migrate(r, KMM_TO_DEVICE, va_of(4), va_of(N), false);
   for (unsigned p = 4; p < N; p++)
      kmm_model_pin(r->model, va_of(p), false);
   kmm_model_clear_tell(r->model, va_of(0), N);
   kmm_mm_sync(r->mm);
   usleep(1200000); /* no short time makes it good */
   migrate(r, KMM_TO_DEVICE, va_of(0), va_of(N), false);
   kmm_model_clear_do(r->model, va_of(0), N);
   for (unsigned p = 0; p < N; p++)
      expect_word(r, p, 0);

   /* It is over: nothing keeps the pages from moving. */
   for (unsigned p = 0; p < N; p++)
      assert_int_equal(kmm_model_cpu(r->model, va_of(p), true, &new), 0);
   migrate(r, KMM_TO_DEVICE, va_of(0), va_of(N), false);
   assert_true(kmm_count_device_pages(r->mm, va_of(0), va_of(N)) > 0);
   for (unsigned p = 0; p < N; p++)
      expect_word(r, p, new);
}

static void
test_slow_clear(void **state)
{
   on_a_rig(7, slow_clear_inside);
}

/* ---- mremap without memory ---- */

/* It has happened when we hear of it, so what we note must be noted. */
static void
remap_without_memory_inside(void *arg)
{
   enum {
      N = 4,
      TO = 600 /* in a block without a record */
   };
   struct rig *r = arg;
   uint32_t v = 9;
   for (unsigned p = 0; p < N; p++)
      assert_int_equal(kmm_model_cpu(r->model, va_of(p), true, &v), 0);
   while (kmm_count_device_pages(r->mm, va_of(0), va_of(N)) < N)
      migrate(r, KMM_TO_DEVICE, va_of(0), va_of(N), false);
   util_svc_fail_every(1);
   kmm_model_remap(r->model, va_of(0), va_of(TO), N);
   util_svc_fail_every(0);
   kmm_mm_sync(r->mm);
   for (unsigned p = 0; p < N; p++)
      expect_word(r, TO + p, 9);
}

static void
test_remap_without_memory(void **state)
{
   on_a_rig(11, remap_without_memory_inside);
}

/* ---- notifiers ---- */

struct listener {
   struct kmm_notifier n;
   unsigned calls;
   uint64_t start, end;
   enum kmm_event event;
};

static void
listen(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
   struct listener *l = container_of(n, struct listener, n);
   l->calls++;
   l->start = inv->start;
   l->end = inv->end;
   l->event = inv->event;
}

static const struct kmm_notifier_ops listen_ops = {.invalidate = listen};

/* Each interval hears exactly what overlaps it, clipped, and its sequence
 * moves. */
static void
notifiers_inside(void *arg)
{
   enum {
      N = 40,
      STEPS = 400
   };
   struct rig *r = arg;
   struct listener *l = util_svc_calloc(N, sizeof(*l));
   for (unsigned i = 0; i < N; i++) {
      unsigned p = pick(r, PAGES - 1), n = 1 + pick(r, PAGES - p);
      assert_int_equal(kmm_notifier_insert(r->mm, &l[i].n, va_of(p),
                                           va_of(p + n), &listen_ops),
                       0);
   }
   assert_int_equal(
      kmm_notifier_insert(r->mm, &l[0].n, BASE, BASE, &listen_ops), -EINVAL);
   for (unsigned step = 0; step < STEPS; step++) {
      uint64_t seq[N];
      unsigned n, p = pick_range(r, &n);
      for (unsigned i = 0; i < N; i++) {
         l[i].calls = 0;
         assert_int_equal(kmm_notifier_read_begin(&l[i].n, &seq[i]), 0);
      }
      /* Something must be away there for the host to tell. */
      uint64_t to =
         MIN2(va_of(p + n), util_align_down(va_of(p), 2 << 20) + (2 << 20));
      kmm_model_map(r->model, va_of(p), n, KMM_VMA_READ | KMM_VMA_WRITE);
      kmm_mm_sync(r->mm);
      migrate(r, KMM_TO_DEVICE, va_of(p), to, false);
      for (unsigned i = 0; i < N; i++) {
         l[i].calls = 0;
         kmm_notifier_read_begin(&l[i].n, &seq[i]);
      }
      kmm_model_unmap(r->model, va_of(p), n);
      kmm_mm_sync(r->mm);
      for (unsigned i = 0; i < N; i++) {
         bool hit = l[i].n.start < va_of(p + n) && l[i].n.end > va_of(p);
         assert_int_equal(l[i].calls, hit);
         assert_int_equal(kmm_notifier_read_retry(&l[i].n, seq[i]), hit);
         if (!hit)
            continue;
         assert_int_equal(l[i].event, KMM_EVENT_UNMAP);
         assert_int_equal(l[i].start, MAX2(l[i].n.start, va_of(p)));
         assert_int_equal(l[i].end, MIN2(l[i].n.end, va_of(p + n)));
      }
   }
   for (unsigned i = 0; i < N; i++)
      kmm_notifier_remove(&l[i].n);
   util_svc_free(l);
}

static void
test_notifiers(void **state)
{
   on_a_rig(5, notifiers_inside);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_notifiers),
      cmocka_unit_test(test_slow_clear),
      cmocka_unit_test(test_remap_without_memory),
      cmocka_unit_test(test_random),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
