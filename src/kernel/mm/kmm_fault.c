/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* CPU touches of pages that are away. The host's reader only notes them
 * (kmm_touch_missing, under mm->lock); a service thread brings the pages back. */
#include <errno.h>

#include "kernel/mm/kmm_priv.h"

#define TRIM_AGE_NS     200000000ull
#define LOOK_AGAIN_NS   10000000ull /* for mprotect, which tells nobody */
#define MAX_ATTEMPTS    8
#define FIRST_WINDOW_PG 16

enum kmm_touch
kmm_touch_missing(struct kmm_mm *mm, uint64_t cpu_va)
{
   struct kmm_page *p = kmm_page_find(mm, cpu_va);
   if (!p) {
      struct kmm_block *b = kmm_block_find(mm, cpu_va);
      if (b) /* before it is filled: it has been cleared */
         kmm_block_look_at_clearing(mm, b);
      mm->stats.zero_fills++;
      return KMM_TOUCH_FILL;
   }
   if (p->state != KMM_PAGE_DEVICE) {
      p->waiters = true;
      return KMM_TOUCH_WAIT;
   }
   if (util_list_is_empty(&p->fault_link)) {
      util_list_add_tail(&p->fault_link, &mm->faults);
      pthread_cond_signal(&mm->work);
   }
   return KMM_TOUCH_WAIT;
}

/* How much comes back with the page: a little at first, the block when the CPU
 * goes on touching. Cut to one mapping, because that is what can be moved at
 * once. */
static void
choose_window(struct kmm_mm *mm, uint64_t cpu_va, unsigned faults,
              uint64_t *start_out, uint64_t *end_out)
{
   uint64_t size = KMM_BLOCK_SIZE;
   if (faults != UINT32_MAX && mm->one_page)
      size = KMM_PAGE_SIZE;
   else if (faults < 2)
      size = FIRST_WINDOW_PG * KMM_PAGE_SIZE;
   uint64_t start = util_align_down(cpu_va, size), end = start + size;
   struct kmm_vma vma;
   if (!mm->host->ops->vma_find(mm->host, cpu_va, &vma) &&
       vma.start <= cpu_va) {
      start = MAX2(start, vma.start);
      end = MIN2(end, vma.end);
   }
   *start_out = start;
   *end_out = end;
}

/* The page could not be brought home. Its waiters get SIGBUS. */
static void
give_up(struct kmm_mm *mm, struct kmm_page *p)
{
   util_err("kmm", "page %#lx cannot be brought back from the device",
            p->cpu_va);
   struct kmm_dpage *d = p->dpage;
   uint64_t va = p->cpu_va;
   d->next = NULL;
   kmm_page_set(mm, p, KMM_PAGE_SYSTEM);
   mm->host->ops->poison(mm->host, va);
   kmm_gone_add(mm, va, va + KMM_PAGE_SIZE, KMM_EVENT_CLEAR, d);
}

void
kmm_pagemap_hold(struct kmm_pagemap *pm)
{
   pm->busy++;
}

int
kmm_migrate_to_ram(struct kmm_pagemap *pm, uint64_t start, uint64_t end)
{
   struct kmm_mm *mm = pm->mm;
   util_rank_assert_below(UTIL_RANK_GRANULE);
   int err = pm->ops->migrate_to_ram(pm, start, end);
   kmm_lock(mm);
   pm->busy--;
   pthread_cond_broadcast(&mm->changed);
   kmm_unlock(mm);
   return err;
}

static bool
serve_fault(struct kmm_mm *mm)
{
   kmm_lock(mm);
   if (util_list_is_empty(&mm->faults)) {
      kmm_unlock(mm);
      return false;
   }
   struct kmm_page *p =
      util_list_first(&mm->faults, struct kmm_page, fault_link);
   util_list_del(&p->fault_link);
   assert(p->state == KMM_PAGE_DEVICE);
   if (p->attempts++ >= MAX_ATTEMPTS) {
      give_up(mm, p);
      kmm_unlock(mm);
      return true;
   }
   uint64_t va = p->cpu_va, start, end;
   struct kmm_pagemap *pm = p->dpage->pagemap;
   struct kmm_block *b = kmm_block_find(mm, va);
   unsigned faults = b->cpu_faults++;
   mm->stats.cpu_faults++;
   kmm_pagemap_hold(pm);
   kmm_unlock(mm);

   choose_window(mm, va, faults, &start, &end);
   kmm_trace(mm, KMM_DEBUG_EVENTS, "cpu fault %#lx: bring back %#lx..%#lx", va,
             start, end);
   int err = kmm_migrate_to_ram(pm, start, end);
   if (err)
      util_err("kmm", "migrate_to_ram %#lx: error %d", va, err);

   /* Still there: it was busy or the driver failed. Once more, a few times. A
    * page that came home and has gone again since has no attempts yet. */
   kmm_lock(mm);
   p = kmm_page_find(mm, va);
   if (p && p->state == KMM_PAGE_DEVICE && p->attempts &&
       util_list_is_empty(&p->fault_link)) {
      if (err)
         give_up(mm, p);
      else
         util_list_add_tail(&p->fault_link, &mm->faults);
   }
   kmm_unlock(mm);
   return true;
}

bool
kmm_service_step(struct kmm_mm *mm)
{
   kmm_reap(mm, false);
   return serve_fault(mm);
}

/* Until there is work. While pages are away the mappings are looked at now and
 * then: a kernel that runs for long must notice an mprotect, too. */
static void
wait_for_work_locked(struct kmm_mm *mm)
{
   struct timespec until;
   bool blocks = util_rb_first(&mm->blocks), away = mm->stats.device_pages;
   if (!blocks) {
      pthread_cond_wait(&mm->work, &mm->lock);
      return;
   }
   clock_gettime(CLOCK_REALTIME, &until);
   until.tv_nsec += away ? LOOK_AGAIN_NS : TRIM_AGE_NS;
   until.tv_sec += until.tv_nsec / 1000000000;
   until.tv_nsec %= 1000000000;
   if (pthread_cond_timedwait(&mm->work, &mm->lock, &until) != ETIMEDOUT)
      return;
   kmm_blocks_trim(mm, TRIM_AGE_NS);
   if (away)
      kmm_notice_permissions_locked(mm);
}

void *
kmm_service_main(void *arg)
{
   struct kmm_mm *mm = arg;
   for (;;) {
      while (kmm_service_step(mm))
         ;
      kmm_lock(mm);
      while (util_list_is_empty(&mm->faults) && !kmm_gone_any(mm) && !mm->stop)
         wait_for_work_locked(mm);
      bool stop = mm->stop;
      kmm_unlock(mm);
      if (stop)
         return NULL;
   }
}

/* The first device page of `pm` at or above va. */
static bool
find_device_page(struct kmm_mm *mm, struct kmm_pagemap *pm, uint64_t va,
                 uint64_t *va_out, struct kmm_pagemap **pm_out)
{
   struct util_rb_node *n = util_rb_ceil(&mm->blocks, va >> KMM_BLOCK_SHIFT);
   for (; n; n = util_rb_next(n)) {
      struct kmm_block *b = container_of(n, struct kmm_block, node);
      for (unsigned i = 0; b->num_device && i < KMM_BLOCK_PG; i++) {
         struct kmm_page *p = &b->pages[i];
         if (p->cpu_va < va || p->state != KMM_PAGE_DEVICE ||
             (pm && p->dpage->pagemap != pm))
            continue;
         *va_out = p->cpu_va;
         *pm_out = p->dpage->pagemap;
         return true;
      }
   }
   return false;
}

void
kmm_bring_foreign_home(struct kmm_pagemap *pm, uint64_t start, uint64_t end)
{
   struct kmm_mm *mm = pm->mm;
   kmm_assert_inside();
   kmm_lock(mm);
   struct kmm_block *b = kmm_block_find(mm, start);
   for (uint64_t va = start; b && b->num_device && va < end;) {
      struct kmm_page *p = kmm_page_find(mm, va);
      struct kmm_pagemap *of =
         p && p->state == KMM_PAGE_DEVICE ? p->dpage->pagemap : NULL;
      if (!of || of == pm) {
         va += KMM_PAGE_SIZE;
         continue;
      }
      kmm_pagemap_hold(of);
      kmm_unlock(mm);
      kmm_migrate_to_ram(of, va, end); /* all of them are candidates */
      kmm_lock(mm);
      b = kmm_block_find(mm, start);
      va += KMM_PAGE_SIZE;
   }
   kmm_unlock(mm);
}

static void
bring_home_once(struct kmm_mm *mm, struct kmm_pagemap *pm)
{
   uint64_t at = 0, va;
   struct kmm_pagemap *of;
   kmm_lock(mm);
   while (find_device_page(mm, pm, at, &va, &of)) {
      kmm_pagemap_hold(of);
      kmm_unlock(mm);
      uint64_t start, end;
      choose_window(mm, va, UINT32_MAX, &start, &end);
      int err = kmm_migrate_to_ram(of, va, MAX2(end, va + KMM_PAGE_SIZE));
      if (err)
         util_err("kmm", "bringing home %#lx: error %d", va, err);
      at = end;
      kmm_lock(mm);
   }
   kmm_unlock(mm);
}

void
kmm_bring_home(struct kmm_mm *mm, struct kmm_pagemap *pm)
{
   for (unsigned round = 0; round < MAX_ATTEMPTS; round++) {
      bring_home_once(mm, pm);
      kmm_reap(mm, true);
      uint64_t va;
      struct kmm_pagemap *of;
      kmm_lock(mm);
      while (mm->num_migrating)
         pthread_cond_wait(&mm->changed, &mm->lock);
      bool left = find_device_page(mm, pm, 0, &va, &of);
      kmm_unlock(mm);
      if (!left)
         return;
   }
   util_err("kmm", "device pages could not be brought home");
}
