/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Migration in three steps, as migrate_vma (kernel.md §4.1): setup holds the
 * pages and takes them out of everybody's reach, the driver copies, pages
 * re-points, finalize lets go. A mapping that goes away meanwhile leaves its
 * entry behind with page == NULL: every step asks for that under mm->lock,
 * together with the host call that depends on it. */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "kernel/mm/kmm_priv.h"

static unsigned
num_pages(const struct kmm_migrate *m)
{
   return (m->end - m->start) >> KMM_PAGE_SHIFT;
}

static bool
range_is_valid(const struct kmm_migrate *m)
{
   return m->start < m->end && !((m->start | m->end) & ~KMM_PAGE_MASK) &&
          m->start >> KMM_BLOCK_SHIFT == (m->end - 1) >> KMM_BLOCK_SHIFT;
}

/* Lets somebody else have the lock, when the host says "not now": an event is
 * under way, and the reader wants the lock to take it. */
static void
yield_lock(struct kmm_mm *mm)
{
   kmm_unlock(mm);
   sched_yield();
   kmm_lock(mm);
}

/* ---- setup ---- */

static bool
is_movable(const struct kmm_vma *v)
{
   const uint32_t want = KMM_VMA_ANON | KMM_VMA_READ | KMM_VMA_WRITE;
   const uint32_t bad = KMM_VMA_EXEC | KMM_VMA_SHARED | KMM_VMA_HUGETLB |
                        KMM_VMA_SPECIAL | KMM_VMA_NOMIGRATE;
   return (v->flags & want) == want && !(v->flags & bad);
}

/* Claims what is system memory in [start, end) of one movable mapping. */
static void
claim_run_locked(struct kmm_migrate *m, uint64_t start, uint64_t end)
{
   struct kmm_block *b = m->mm->leaving ? NULL : kmm_block_get(m->mm, start);
   if (!b)
      return;
   kmm_block_watch(m->mm, b, start, end);
   kmm_block_look_at_clearing(m->mm, b);
   bool some_pinned = util_svc_pins(start, end);
   for (uint64_t va = start; va < end; va += KMM_PAGE_SIZE) {
      unsigned i = va >> KMM_PAGE_SHIFT & (KMM_BLOCK_PG - 1);
      /* What is not watched would read as zero while it is away. */
      if (util_bitset_test(b->clearing, i) || !util_bitset_test(b->watched, i))
         continue;
      struct kmm_page *p = &b->pages[i];
      struct kmm_migrate_page *mig =
         &m->pages[(va - m->start) >> KMM_PAGE_SHIFT];
      if (p->state != KMM_PAGE_SYSTEM ||
          (some_pinned && util_svc_pins(va, va + KMM_PAGE_SIZE)))
         continue;
      kmm_page_set(m->mm, p, KMM_PAGE_TO_DEVICE);
      p->mig = mig;
      *mig = (struct kmm_migrate_page){
         .flags = KMM_MIGRATE_PFN | KMM_MIGRATE_WRITE,
         .page = p,
         .cpu_va = va,
      };
   }
}

static void
claim_system_pages(struct kmm_migrate *m)
{
   struct kmm_vma vma;
   for (uint64_t va = m->start; va < m->end;) {
      if (kmm_vma_find(m->mm, va, &vma) || vma.start >= m->end)
         return;
      uint64_t from = MAX2(va, vma.start), to = MIN2(m->end, vma.end);
      if (is_movable(&vma)) {
         kmm_lock(m->mm);
         claim_run_locked(m, from, to);
         kmm_unlock(m->mm);
      }
      va = to;
   }
}

static void
claim_device_pages(struct kmm_migrate *m)
{
   kmm_lock(m->mm);
   for (unsigned i = 0; i < num_pages(m); i++) {
      struct kmm_page *p = kmm_page_find(m->mm, m->start + i * KMM_PAGE_SIZE);
      if (!p || p->state != KMM_PAGE_DEVICE ||
          (m->pagemap && p->dpage->pagemap != m->pagemap))
         continue;
      kmm_page_set(m->mm, p, KMM_PAGE_TO_SYSTEM);
      util_list_del(&p->fault_link);
      p->waiters = true; /* whoever was queued: woken at the end */
      p->mig = &m->pages[i];
      m->pages[i] = (struct kmm_migrate_page){
         .flags = KMM_MIGRATE_PFN,
         .dpage = p->dpage,
         .page = p,
         .cpu_va = p->cpu_va,
      };
   }
   kmm_unlock(m->mm);
}

/* The page stays what it was before setup. */
static void
release_locked(struct kmm_migrate *m, struct kmm_migrate_page *mig)
{
   mig->flags = 0;
   if (!mig->page)
      return;
   struct kmm_page *p = mig->page;
   bool out = m->direction == KMM_TO_DEVICE, touched = p->waiters;
   mig->page = NULL;
   p->waiters = false;
   kmm_page_set(m->mm, p, out ? KMM_PAGE_SYSTEM : KMM_PAGE_DEVICE);
   m->mm->stats.pages_skipped += out;
   if (touched)
      m->mm->host->ops->wake(m->mm->host, mig->cpu_va,
                             mig->cpu_va + KMM_PAGE_SIZE);
}

/* Pages of a run are neighbours in the process that are still ours. */
static unsigned
run_length(const struct kmm_migrate *m, unsigned i, bool isolated)
{
   unsigned n = 1;
   while (i + n < num_pages(m) && m->pages[i + n].page &&
          m->pages[i + n].flags & KMM_MIGRATE_PFN &&
          m->pages[i + n].isolated == isolated &&
          m->pages[i + n].cpu_va == m->pages[i].cpu_va + n * KMM_PAGE_SIZE)
      n++;
   return n;
}

/* Pages still shared with a child (or that were, when they were last written)
 * are made this process's own, as a CPU's store would; pinned ones are not
 * helped by it. */
static void
unshare_busy(struct kmm_migrate *m)
{
   struct kmm_host *h = m->mm->host;
   for (unsigned i = 0; i < num_pages(m); i++) {
      struct kmm_migrate_page *mig = &m->pages[i];
      if (!mig->busy)
         continue;
      uint64_t va = m->start + i * KMM_PAGE_SIZE;
      util_svc_leave();
      h->ops->populate(h, va, va + KMM_PAGE_SIZE, true);
      util_svc_enter();
   }
}

/* `last`: what is busy now stays. True: something was. */
static bool
isolate_all(struct kmm_migrate *m, bool last)
{
   struct kmm_host *h = m->mm->host;
   bool busy = false;
   kmm_lock(m->mm);
   for (unsigned i = 0; i < num_pages(m);) {
      struct kmm_migrate_page *mig = &m->pages[i];
      if (!(mig->flags & KMM_MIGRATE_PFN) || mig->isolated) {
         i++;
         continue;
      }
      if (!mig->page || mig->cpu_va != m->start + i * KMM_PAGE_SIZE) {
         release_locked(m, mig); /* went away or moved */
         i++;
         continue;
      }
      int n =
         h->ops->isolate(h, m->slot, mig->cpu_va, run_length(m, i, false), mig);
      if (n == -EAGAIN) {
         yield_lock(m->mm);
         continue;
      }
      assert(n >= 1);
      for (int k = 0; k < n; k++) {
         busy |= mig[k].busy;
         if (!mig[k].isolated && (last || !mig[k].busy))
            release_locked(m, &mig[k]);
      }
      i += n;
   }
   kmm_unlock(m->mm);
   return busy;
}

/* By the address at which the page was claimed: an mremap meanwhile changes
 * where it goes (mig->cpu_va), and its place in the slot must stay its own. */
static void
stage_all(struct kmm_migrate *m)
{
   for (unsigned i = 0; i < num_pages(m); i++)
      if (m->pages[i].flags & KMM_MIGRATE_PFN)
         m->mm->host->ops->stage(m->mm->host, m->slot,
                                 m->start + i * KMM_PAGE_SIZE, &m->pages[i]);
}

void
kmm_quiet_begin(struct kmm_mm *mm, struct kmm_quiet *q, uint64_t start,
                uint64_t end)
{
   q->start = start;
   q->end = end;
   kmm_lock(mm);
   util_list_add_tail(&q->link, &mm->quiets);
   kmm_unlock(mm);
}

void
kmm_quiet_end(struct kmm_mm *mm, struct kmm_quiet *q)
{
   kmm_lock(mm);
   util_list_del(&q->link);
   pthread_cond_broadcast(&mm->changed);
   kmm_unlock(mm);
}

#define QUIET_MAX_NS 100000000ull

static bool
is_quiet_locked(struct kmm_mm *mm, uint64_t start, uint64_t end)
{
   util_list_for_each(struct kmm_quiet, q, &mm->quiets, link)
      if (q->start < end && start < q->end)
         return true;
   return false;
}

/* Others want the range to keep still, each for a moment; but all of them
 * together might want it for ever. */
static void
wait_for_quiet_locked(struct kmm_mm *mm, uint64_t start, uint64_t end)
{
   struct timespec until;
   clock_gettime(CLOCK_REALTIME, &until);
   until.tv_nsec += QUIET_MAX_NS;
   until.tv_sec += until.tv_nsec / 1000000000;
   until.tv_nsec %= 1000000000;
   while (is_quiet_locked(mm, start, end) &&
          pthread_cond_timedwait(&mm->changed, &mm->lock, &until) != ETIMEDOUT)
      ;
}

/* Nobody may move pages out while a fork is being made. */
static void
enter_gate(struct kmm_mm *mm, uint64_t start, uint64_t end)
{
   kmm_lock(mm);
   wait_for_quiet_locked(mm, start, end);
   while (mm->forking)
      pthread_cond_wait(&mm->changed, &mm->lock);
   mm->outbound++;
   kmm_unlock(mm);
}

static void
leave_gate(struct kmm_mm *mm)
{
   kmm_lock(mm);
   mm->outbound--;
   pthread_cond_broadcast(&mm->changed);
   kmm_unlock(mm);
}

static unsigned
count_candidates(const struct kmm_migrate *m)
{
   unsigned n = 0;
   for (unsigned i = 0; i < num_pages(m); i++)
      n += m->pages[i].flags & KMM_MIGRATE_PFN;
   return n;
}

/* Devices let go before the pages do: from here on no access by an old
 * translation is under way, so that none can meet a missing page. Run by run,
 * to spare what is not concerned, as long as the runs are few. */
static void
invalidate_candidates(struct kmm_migrate *m)
{
   const void *owner = m->pagemap ? m->pagemap->owner : NULL;
   const unsigned max_runs = 8;
   unsigned n = num_pages(m), runs = 0;
   for (unsigned i = 0; i < n;) {
      unsigned e = i;
      while (e < n && m->pages[e].flags & KMM_MIGRATE_PFN)
         e++;
      if (e > i && ++runs == max_runs)
         e = n; /* the rest in one go */
      if (e > i)
         m->inv = kmm_invalidate_begin(m->mm, m->start + i * KMM_PAGE_SIZE,
                                       m->start + e * KMM_PAGE_SIZE,
                                       KMM_EVENT_MIGRATE, owner, m->inv);
      i = MAX2(e, i + 1);
   }
}

int
kmm_migrate_setup(struct kmm_migrate *m)
{
   kmm_assert_inside();
   struct kmm_mm *mm = m->mm;
   if (kmm_mm_check(mm))
      return -EPERM;
   if (!range_is_valid(m) || (m->direction == KMM_TO_DEVICE && !m->pagemap))
      return -EINVAL;
   assert(util_svc_contains(m->pages, num_pages(m) * sizeof(m->pages[0])));
   memset(m->pages, 0, num_pages(m) * sizeof(m->pages[0]));
   m->cpages = m->moved = 0;
   m->inv = NULL;
   if (m->direction == KMM_TO_DEVICE)
      enter_gate(mm, m->start, m->end);
   m->slot = mm->host->ops->slot_get(mm->host, m->direction);
   if (m->slot < 0) {
      if (m->direction == KMM_TO_DEVICE)
         leave_gate(mm);
      return m->slot;
   }

   if (m->direction == KMM_TO_DEVICE)
      claim_system_pages(m);
   else
      claim_device_pages(m);
   m->cpages = count_candidates(m);
   if (!m->cpages)
      return 0; /* finalize has little to do */
   invalidate_candidates(m);
   if (m->direction == KMM_TO_SYSTEM) {
      stage_all(m);
   } else if (isolate_all(m, false)) {
      unshare_busy(m);
      isolate_all(m, true);
   }
   m->cpages = count_candidates(m);
   return 0;
}

/* ---- pages ---- */

static void
point_to_device(struct kmm_migrate *m)
{
   kmm_lock(m->mm);
   for (unsigned i = 0; i < num_pages(m); i++) {
      struct kmm_migrate_page *mig = &m->pages[i];
      bool here = mig->page && mig->cpu_va == m->start + i * KMM_PAGE_SIZE;
      mig->moved = mig->flags & KMM_MIGRATE_PFN && mig->dpage && here;
      if (!mig->moved) {
         mig->flags &= ~KMM_MIGRATE_PFN;
         continue;
      }
      mig->dpage->pagemap = m->pagemap;
      kmm_dpage_set_va(mig->dpage, mig->cpu_va);
      m->moved++;
   }
   kmm_unlock(m->mm);
}

static void
point_to_system(struct kmm_migrate *m)
{
   struct kmm_host *h = m->mm->host;
   kmm_lock(m->mm);
   for (unsigned i = 0; i < num_pages(m);) {
      struct kmm_migrate_page *mig = &m->pages[i];
      if (!(mig->flags & KMM_MIGRATE_PFN)) {
         i++;
         continue;
      }
      int n = 1;
      if (mig->page) {
         n = h->ops->place(h, m->slot, run_length(m, i, false), mig);
         if (n == -EAGAIN) {
            yield_lock(m->mm);
            continue;
         }
         if (n < 0) {
            kmm_trace(m->mm, KMM_DEBUG_MIGRATE, "page %#lx stays away: %d",
                      mig->cpu_va, n);
            mig->flags &= ~KMM_MIGRATE_PFN;
            i++;
            continue;
         }
      }
      /* Without a mapping the device page is free all the same. */
      for (int k = 0; k < n; k++)
         mig[k].moved = true;
      m->moved += n;
      i += n;
   }
   kmm_unlock(m->mm);
}

void
kmm_migrate_pages(struct kmm_migrate *m)
{
   kmm_assert_inside();
   if (m->direction == KMM_TO_DEVICE)
      point_to_device(m);
   else
      point_to_system(m);
}

/* ---- finalize ---- */

static void
restore_page(struct kmm_migrate *m, struct kmm_migrate_page *mig)
{
   struct kmm_host *h = m->mm->host;
   int err;
   while (mig->page && (err = h->ops->restore(h, m->slot, mig)) == -EAGAIN)
      yield_lock(m->mm);
   if (mig->page && err)
      util_err("kmm", "page %#lx is lost: %d", mig->cpu_va, err);
   release_locked(m, mig);
}

static void
settle_in_device(struct kmm_migrate *m, struct kmm_migrate_page *mig,
                 uint64_t va)
{
   struct kmm_mm *mm = m->mm;
   struct kmm_page *p = mig->page;
   if (!p || p->cpu_va != va) {
      /* The driver may have mapped it at va: tell it once more. */
      struct kmm_dpage *d = p ? NULL : mig->dpage;
      if (d)
         d->next = NULL;
      kmm_gone_add(mm, va, va + KMM_PAGE_SIZE, KMM_EVENT_UNMAP, d);
      mm->stats.pages_dropped += d != NULL;
   }
   if (!p)
      return;
   bool touched = p->waiters;
   p->dpage = mig->dpage;
   kmm_dpage_set_va(p->dpage, p->cpu_va);
   p->waiters = false;
   kmm_page_set(mm, p, KMM_PAGE_DEVICE);
   mm->stats.pages_out++;
   if (touched) {
      util_list_add_tail(&p->fault_link, &mm->faults);
      pthread_cond_signal(&mm->work);
   }
}

static void
settle_in_system(struct kmm_migrate *m, struct kmm_migrate_page *mig,
                 struct kmm_dpage **free_list)
{
   struct kmm_mm *mm = m->mm;
   if (!mig->moved) {
      if (mig->page)
         release_locked(m, mig);
      else
         mig->moved = true; /* neither copied nor wanted any more */
   }
   if (!mig->moved)
      return;
   mig->dpage->next = *free_list;
   *free_list = mig->dpage;
   mm->stats.pages_back++;
   if (mig->page)
      kmm_page_set(mm, mig->page, KMM_PAGE_SYSTEM);
}

/* Who waited for a page that has come home. Last of all, so that the device
 * page is free again when the program goes on, as it is after Linux's
 * migrate_to_ram. */
static void
wake_waiters(struct kmm_migrate *m)
{
   struct kmm_mm *mm = m->mm;
   kmm_lock(mm);
   for (unsigned i = 0; i < num_pages(m); i++) {
      uint64_t va = m->pages[i].cpu_va; /* mremap may have moved it */
      if (m->pages[i].moved && (va < m->start || va >= m->end))
         mm->host->ops->wake(mm->host, va, va + KMM_PAGE_SIZE);
   }
   mm->host->ops->wake(mm->host, m->start, m->end);
   kmm_unlock(mm);
}

/* Pages that came to the device were readable and writable, see is_movable. */
static void
remember_permissions(struct kmm_migrate *m)
{
   struct kmm_block *b = kmm_block_find(m->mm, m->start);
   for (unsigned i = 0; b && i < num_pages(m); i++) {
      if (!m->pages[i].moved)
         continue;
      unsigned p = (m->start >> KMM_PAGE_SHIFT & (KMM_BLOCK_PG - 1)) + i;
      util_bitset_set(b->readable, p);
      util_bitset_set(b->writable, p);
   }
}

void
kmm_migrate_finalize(struct kmm_migrate *m)
{
   kmm_assert_inside();
   struct kmm_mm *mm = m->mm;
   struct kmm_dpage *free_list = NULL;
   kmm_lock(mm);
   for (unsigned i = 0; i < num_pages(m); i++) {
      struct kmm_migrate_page *mig = &m->pages[i];
      bool claimed = mig->page || mig->isolated || mig->moved || mig->flags ||
                     (m->direction == KMM_TO_SYSTEM && mig->dpage);
      if (!claimed)
         continue;
      if (m->direction == KMM_TO_SYSTEM)
         settle_in_system(m, mig, &free_list);
      else if (mig->moved)
         settle_in_device(m, mig, m->start + i * KMM_PAGE_SIZE);
      else
         restore_page(m, mig);
      if (mm->host->ops->release)
         mm->host->ops->release(mm->host, mig);
   }
   if (m->direction == KMM_TO_DEVICE && m->moved)
      remember_permissions(m);
   kmm_unlock(mm);

   mm->host->ops->slot_put(mm->host, m->slot, m->start, m->end);
   while (free_list) {
      struct kmm_dpage *d = free_list;
      free_list = d->next;
      d->next = NULL;
      d->pagemap->ops->page_free(d->pagemap, d);
   }
   kmm_invalidate_end(m->inv);
   if (m->direction == KMM_TO_DEVICE)
      leave_gate(mm);
   else
      wake_waiters(m);
   kmm_reap(mm, false);
}

unsigned
kmm_count_device_pages(struct kmm_mm *mm, uint64_t start, uint64_t end)
{
   unsigned n = 0;
   kmm_lock(mm);
   for (uint64_t va = start; va < end;) {
      struct kmm_block *b = kmm_block_find(mm, va);
      if (!b || !b->num_device) {
         va = util_align_down(va, KMM_BLOCK_SIZE) + KMM_BLOCK_SIZE;
         continue;
      }
      struct kmm_page *p = kmm_page_find(mm, va);
      n += p && p->state == KMM_PAGE_DEVICE;
      va += KMM_PAGE_SIZE;
   }
   kmm_unlock(mm);
   return n;
}
