/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What a device may map, page by page (≙ mm/hmm.c; errors: kernel.md §3.4). */
#include <errno.h>

#include "kernel/mm/kmm_priv.h"

struct walk {
   struct kmm_hmm_range *range;
   struct kmm_mm *mm;
   struct kmm_vma vma; /* around the current page; start == end: nothing known */
   uint64_t error_va;
   uint64_t present[UTIL_BITSET_WORDS(KMM_MIGRATE_MAX_PG)];
   uint64_t present_start, present_end; /* of what present[] tells */
};

static uint64_t *
pfn_at(struct walk *w, uint64_t va)
{
   return &w->range->pfns[(va - w->range->start) >> KMM_PAGE_SHIFT];
}

static uint64_t
request(struct walk *w, uint64_t va)
{
   return (*pfn_at(w, va) & w->range->pfn_flags_mask) | w->range->default_flags;
}

static int
fail(struct walk *w, uint64_t va, int err)
{
   w->error_va = va;
   return err;
}

/* 0: the access is allowed by the mapping. */
static int
check_vma(struct walk *w, uint64_t va, uint64_t req)
{
   if (va < w->vma.start || va >= w->vma.end) {
      if (kmm_vma_find(w->mm, va, &w->vma))
         w->vma = (struct kmm_vma){.start = UINT64_MAX, .end = UINT64_MAX};
   }
   if (va < w->vma.start)
      return -EFAULT;
   uint32_t f = w->vma.flags;
   /* On x86 a mapping that may be written may be read. */
   if (f & (KMM_VMA_NOACCESS | KMM_VMA_SPECIAL) ||
       !(f & (KMM_VMA_READ | KMM_VMA_WRITE)))
      return -EFAULT;
   if (req & KMM_PFN_REQ_WRITE && !(f & KMM_VMA_WRITE))
      return -EPERM;
   return 0;
}

static uint64_t
write_bit(const struct walk *w)
{
   return w->vma.flags & KMM_VMA_WRITE ? KMM_PFN_WRITE : 0;
}

static bool
is_present(struct walk *w, uint64_t va)
{
   if (va < w->present_start || va >= w->present_end) {
      uint64_t end = MIN2(w->range->end, w->vma.end);
      end = MIN2(end, va + KMM_MIGRATE_MAX_PG * KMM_PAGE_SIZE);
      w->mm->host->ops->present(w->mm->host, va, (end - va) >> KMM_PAGE_SHIFT,
                                w->present);
      w->present_start = va;
      w->present_end = end;
   }
   return util_bitset_test(w->present,
                           (va - w->present_start) >> KMM_PAGE_SHIFT);
}

/* The pages from va on that have to come home from `pm` as well. */
static uint64_t
foreign_end(struct walk *w, uint64_t va, const struct kmm_pagemap *pm)
{
   uint64_t block_end = util_align_down(va, KMM_BLOCK_SIZE) + KMM_BLOCK_SIZE;
   uint64_t limit = MIN2(MIN2(w->vma.end, w->range->end), block_end);
   uint64_t mask = KMM_PFN_REQ_FAULT | (pm->peer_base ? KMM_PFN_REQ_PEER : 0);
   uint64_t end = va + KMM_PAGE_SIZE;
   while (end < limit && (request(w, end) & mask) == KMM_PFN_REQ_FAULT)
      end += KMM_PAGE_SIZE;
   return end;
}

enum record_kind {
   RECORD_NONE, /* system page */
   RECORD_DONE, /* *pfn is filled */
   RECORD_BUSY, /* on its way, or must come home first */
};

/* What kmm's own records say about the page. */
static enum record_kind
look_at_record(struct walk *w, uint64_t va, uint64_t req)
{
   enum record_kind kind = RECORD_NONE;
   bool coherent = w->mm->host->ops->kind == KMM_HOST_COHERENT;
   struct kmm_pagemap *pm, *foreign = NULL;
   kmm_lock(w->mm);
   struct kmm_page *p = kmm_page_find(w->mm, va);
   if (!p) {
      kind = RECORD_NONE;
   } else if (p->state != KMM_PAGE_DEVICE) {
      kind = RECORD_BUSY;
   } else if (coherent) {
      *pfn_at(w, va) = va | KMM_PFN_VALID | KMM_PFN_COHERENT | write_bit(w);
      kind = RECORD_DONE;
   } else if ((pm = p->dpage->pagemap)->owner == w->range->dev_owner) {
      *pfn_at(w, va) =
         p->dpage->vram_off | KMM_PFN_VALID | KMM_PFN_DEVICE | write_bit(w);
      kind = RECORD_DONE;
   } else if (pm->peer_base && req & KMM_PFN_REQ_PEER) {
      *pfn_at(w, va) = (pm->peer_base + p->dpage->vram_off) | KMM_PFN_VALID |
                       KMM_PFN_PEER | write_bit(w);
      kind = RECORD_DONE;
   } else {
      kind = RECORD_BUSY;
      if (req & KMM_PFN_REQ_FAULT) {
         foreign = pm;
         kmm_pagemap_hold(foreign);
      }
   }
   kmm_unlock(w->mm);

   if (kind != RECORD_BUSY)
      return kind;
   if (!(req & KMM_PFN_REQ_FAULT)) {
      *pfn_at(w, va) = 0;
      return RECORD_DONE;
   }
   if (foreign)
      kmm_migrate_to_ram(foreign, va, foreign_end(w, va, foreign));
   return RECORD_BUSY;
}

static int
populate(struct walk *w, uint64_t start, uint64_t end, bool write)
{
   /* The page may be away in a race: then this thread waits for it as any CPU
    * would, with no lock held. */
   util_svc_leave();
   int err = w->mm->host->ops->populate(w->mm->host, start, end, write);
   util_svc_enter();
   return err;
}

/* Faults in [start, end) of one mapping and one kind of request. */
static int
fault_in(struct walk *w, uint64_t start, uint64_t end, bool write)
{
   int err = populate(w, start, end, write);
   if (err == -EAGAIN)
      return -EBUSY;
   if (err && end - start > KMM_PAGE_SIZE) {
      /* Which page was it? */
      for (uint64_t va = start; va < end; va += KMM_PAGE_SIZE) {
         err = fault_in(w, va, va + KMM_PAGE_SIZE, write);
         if (err)
            return err;
      }
      return 0;
   }
   if (err) {
      /* The mapping may have changed: answer from what is there now. */
      w->vma = (struct kmm_vma){0};
      int now = check_vma(w, start, write ? KMM_PFN_REQ_WRITE : 0);
      return fail(w, start, now ? now : err);
   }
   for (uint64_t va = start; va < end; va += KMM_PAGE_SIZE)
      *pfn_at(w, va) = va | KMM_PFN_VALID | write_bit(w);
   return 0;
}

/* Handles the page at va and those after it that can go with it; *next_out. */
static int
walk_run(struct walk *w, uint64_t va, uint64_t *next_out)
{
   uint64_t req = request(w, va);
   *next_out = va + KMM_PAGE_SIZE;
   int err = check_vma(w, va, req);
   if (err && req & KMM_PFN_REQ_FAULT)
      return fail(w, va, err);
   if (err) {
      *pfn_at(w, va) = va < w->vma.start ? 0 : KMM_PFN_ERROR;
      return 0;
   }
   switch (look_at_record(w, va, req)) {
   case RECORD_BUSY:
      return -EBUSY;
   case RECORD_DONE:
      return 0;
   case RECORD_NONE:
      break;
   }
   if (!(req & KMM_PFN_REQ_FAULT)) {
      *pfn_at(w, va) =
         is_present(w, va) ? va | KMM_PFN_VALID | write_bit(w) : 0;
      return 0;
   }
   uint64_t end = va + KMM_PAGE_SIZE;
   uint64_t limit = MIN2(w->vma.end, w->range->end);
   kmm_lock(w->mm);
   while (end < limit && request(w, end) == req && !kmm_page_find(w->mm, end))
      end += KMM_PAGE_SIZE;
   kmm_unlock(w->mm);
   *next_out = end;
   return fault_in(w, va, end, req & KMM_PFN_REQ_WRITE);
}

int
kmm_hmm_range_fault(struct kmm_hmm_range *range, uint64_t *error_va_out)
{
   kmm_assert_inside();
   struct kmm_notifier *n = range->notifier;
   assert(n && n->mm && util_svc_contains(range->pfns, 8));
   struct kmm_mm *mm = n->mm;
   if (kmm_mm_check(mm))
      return -EPERM;
   if (range->start >= range->end || range->start < n->start ||
       range->end > n->end || (range->start | range->end) & ~KMM_PAGE_MASK)
      return -EINVAL;
   __atomic_add_fetch(&mm->stats.hmm_calls, 1, __ATOMIC_RELAXED);

   struct walk w = {.range = range, .mm = mm};
   int err = 0;
   for (uint64_t va = range->start; va < range->end && !err;) {
      if (kmm_notifier_read_retry(n, range->seq))
         err = -EBUSY;
      else
         err = walk_run(&w, va, &va);
   }
   if (!err && kmm_notifier_read_retry(n, range->seq))
      err = -EBUSY;
   if (err == -EBUSY)
      __atomic_add_fetch(&mm->stats.hmm_retries, 1, __ATOMIC_RELAXED);
   if (error_va_out)
      *error_va_out = w.error_va;
   return err;
}
