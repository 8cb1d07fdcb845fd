/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Service of GPU faults, a batch at a time, granule by granule. */
#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "kernel/drm/kdrm_gpusvm_priv.h"
#include "util/util_svc.h"

#define SERVICE_MAX_NS 1000000000ull /* then -EBUSY; kernel.md §3.3 step 10 */

/* One granule's part of a batch. */
struct service {
   struct kdrm_gpusvm *svm;
   struct kdrm_granule *g;
   uint64_t base;
   uint64_t deadline_ns;
   uint64_t pfns[GRANULE_PG];
   uint8_t want[GRANULE_PG];    /* enum want */
   bool faulting[GRANULE_PG];   /* not just a neighbour */
   int8_t read_err[GRANULE_PG]; /* -errno; what a read of the page gets */
   int8_t write_err[GRANULE_PG];
};

enum want {
   WANT_NOTHING, /* map what is there */
   WANT_READ,
   WANT_WRITE,
   WANT_ATOMIC,
};

/* What the batch's faults ask of each page. */
static void
note_faults(struct service *s, const struct kdrm_gpusvm_fault *f, unsigned n)
{
   for (unsigned i = 0; i < n; i++) {
      unsigned p = kdrm_granule_page(f[i].gpu_va);
      uint8_t want = f[i].access == KDRM_ACCESS_PREFETCH ? WANT_NOTHING
                     : f[i].access == KDRM_ACCESS_READ   ? WANT_READ
                     : f[i].access == KDRM_ACCESS_WRITE  ? WANT_WRITE
                                                         : WANT_ATOMIC;
      if (s->faulting[p])
         kdrm_count(&s->svm->stats.faults_merged, 1);
      s->faulting[p] = true;
      s->want[p] = MAX2(s->want[p], want);
   }
}

/* The aligned window of `pg` pages around page p, within its mapping. */
static bool
window_around(struct service *s, unsigned p, unsigned pg, unsigned *first_out,
              unsigned *end_out)
{
   struct kmm_vma vma;
   uint64_t va = s->base + p * KMM_PAGE_SIZE;
   if (kmm_vma_find(s->svm->config.mm, va, &vma) || vma.start > va)
      return false;
   uint64_t start = util_align_down(va, pg * KMM_PAGE_SIZE);
   uint64_t end = MIN2(start + pg * KMM_PAGE_SIZE, vma.end);
   start = MAX2(start, vma.start);
   *first_out = (start - s->base) >> KMM_PAGE_SHIFT;
   *end_out = (end - s->base) >> KMM_PAGE_SHIFT;
   return true;
}

static void
want_neighbours(struct service *s)
{
   unsigned done = 0; /* pages below have been looked at */
   for (unsigned p = 0; p < GRANULE_PG; p++) {
      unsigned first, end;
      if (p < done || !s->faulting[p] || s->want[p] == WANT_NOTHING)
         continue;
      if (!window_around(s, p, s->svm->config.fault_window_pg, &first, &end))
         continue;
      for (unsigned i = first; i < end; i++)
         s->want[i] = MAX2(s->want[i], WANT_READ);
      done = end;
   }
}

/* Moves what was touched to VRAM; what does not move is mapped where it is. */
static void
migrate_touched(struct service *s, const struct kdrm_gpusvm_fault *f,
                unsigned n)
{
   struct kdrm_gpusvm *svm = s->svm;
   unsigned pg = kdrm_policy_window(s->g, f, n);
   unsigned done = 0;
   for (unsigned p = 0; p < GRANULE_PG && pg; p++) {
      unsigned first, end;
      if (p < done || !s->faulting[p] || s->want[p] == WANT_NOTHING ||
          !window_around(s, p, pg, &first, &end))
         continue;
      uint64_t moved = 0;
      kdrm_gpusvm_migrate_to_vram(svm, s->base + first * KMM_PAGE_SIZE,
                                  s->base + end * KMM_PAGE_SIZE, KDRM_CAUSE_GPU,
                                  &moved);
      done = end;
   }
}

/* Atomics over a bus that carries none: the page has to be the device's alone,
 * in VRAM; a CPU that touches it takes it back (≙ device-exclusive pages). What
 * is in the way may be gone in a moment, so this is tried a few times; what
 * never moves (shared, of a file, pinned) is left to the bus. */
#define EXCLUSIVE_TRIES    8
#define EXCLUSIVE_PAUSE_US 20 /* doubles with each try: 5 ms in all */

static void
make_exclusive(struct service *s)
{
   struct kdrm_gpusvm *svm = s->svm;
   if (!svm->config.exclusive_atomics || !svm->config.pagemap)
      return;
   for (unsigned p = 0; p < GRANULE_PG; p++) {
      uint64_t va = s->base + p * KMM_PAGE_SIZE, moved = 0;
      struct kmm_vma vma;
      if (s->want[p] != WANT_ATOMIC || kmm_vma_find(svm->config.mm, va, &vma) ||
          vma.start > va || !(vma.flags & KMM_VMA_ANON))
         continue;
      for (unsigned i = 0; i < EXCLUSIVE_TRIES && !moved; i++) {
         if (kmm_count_device_pages(svm->config.mm, va, va + KMM_PAGE_SIZE))
            break;
         kdrm_gpusvm_migrate_to_vram(svm, va, va + KMM_PAGE_SIZE,
                                     KDRM_CAUSE_GPU, &moved);
         if (moved || i == EXCLUSIVE_TRIES - 1)
            continue;
         kdrm_count(&svm->stats.exclusive_retries, 1);
         usleep(EXCLUSIVE_PAUSE_US << i);
      }
   }
}

/* A page of the batch cannot be had. Its faults get the reason; the rest goes
 * on. */
static void
note_error(struct service *s, unsigned p, int err)
{
   if (s->faulting[p]) {
      s->write_err[p] = err;
      if (err != -EPERM)
         s->read_err[p] = err;
   }
   /* Reading a read-only page is fine: ask again for that. */
   s->want[p] = err == -EPERM && s->want[p] >= WANT_WRITE && s->faulting[p]
                   ? WANT_READ
                   : WANT_NOTHING;
}

static void
fail_all(struct service *s, int err)
{
   for (unsigned p = 0; p < GRANULE_PG; p++) {
      if (!s->faulting[p])
         continue;
      s->read_err[p] = s->read_err[p] ? s->read_err[p] : err;
      s->write_err[p] = s->write_err[p] ? s->write_err[p] : err;
   }
}

static void
drop_unneeded(struct service *s)
{
   struct kdrm_granule *g = s->g;
   bool alone = s->svm->config.fault_window_pg == 1;
   for (unsigned p = 0; p < GRANULE_PG; p++) {
      uint64_t pfn = s->pfns[p];
      bool ahead = s->want[p] == WANT_NOTHING && !s->faulting[p];
      if (!(pfn & KMM_PFN_VALID) ||
          (ahead && (alone || !kdrm_policy_maps_ahead(g, pfn)))) {
         s->pfns[p] = 0;
         continue;
      }
      if (s->want[p] == WANT_ATOMIC && s->svm->config.exclusive_atomics)
         s->pfns[p] |= KMM_PFN_ATOMIC;
      bool same = util_bitset_test(g->present, p) &&
                  (util_bitset_test(g->writable, p) || !(pfn & KMM_PFN_WRITE));
      /* A page that faults in spite of its PTE is written again, to be sure. */
      if ((same || s->svm->config.only_faulting) && !s->faulting[p])
         s->pfns[p] = 0;
   }
}

static unsigned
count_ahead(const struct service *s)
{
   unsigned n = 0;
   for (unsigned p = 0; p < GRANULE_PG; p++)
      n += s->pfns[p] && !s->faulting[p];
   return n;
}

/* One round: read, then write PTEs if nothing moved. -EAGAIN: another round. */
static int
service_round(struct service *s)
{
   struct kdrm_gpusvm *svm = s->svm;
   struct kdrm_granule *g = s->g;
   struct kmm_hmm_range range = {
      .notifier = &g->notifier,
      .start = s->base,
      .end = s->base + GRANULE_SIZE,
      .pfns = s->pfns,
      .pfn_flags_mask =
         KMM_PFN_REQ_FAULT | KMM_PFN_REQ_WRITE | KMM_PFN_REQ_PEER,
      .dev_owner = svm->config.pagemap ? svm->config.pagemap->base.owner : NULL,
   };
   static const uint64_t request[] = {
      [WANT_READ] = KMM_PFN_REQ_FAULT,
      [WANT_WRITE] = KMM_PFN_REQ_FAULT | KMM_PFN_REQ_WRITE,
      [WANT_ATOMIC] = KMM_PFN_REQ_FAULT | KMM_PFN_REQ_WRITE,
   };
   for (unsigned p = 0; p < GRANULE_PG; p++) {
      s->pfns[p] = request[s->want[p]];
      if (svm->config.peers && s->want[p] != WANT_ATOMIC)
         s->pfns[p] |= KMM_PFN_REQ_PEER;
   }
   int err = kmm_notifier_read_begin(&g->notifier, &range.seq);
   if (err)
      return -EAGAIN;
   uint64_t error_va = 0;
   kdrm_count(&svm->stats.hmm_calls, 1);
   err = kmm_hmm_range_fault(&range, &error_va);
   if (err == -EBUSY)
      return -EAGAIN;
   if (err == -EFAULT || err == -EPERM || err == -ENOMEM) {
      if (!error_va)
         return err; /* not a page's: forked child */
      note_error(s, kdrm_granule_page(error_va), err);
      return -EAGAIN;
   }
   if (err)
      return err;

   util_rank_lock(&g->lock, UTIL_RANK_GRANULE);
   if (kmm_notifier_read_retry(&g->notifier, range.seq)) {
      err = -EAGAIN;
   } else {
      drop_unneeded(s);
      err = kdrm_granule_map_locked(g, 0, GRANULE_PG, s->pfns);
   }
   util_rank_unlock(&g->lock, UTIL_RANK_GRANULE);
   if (!err)
      kdrm_count(&svm->stats.pages_mapped_ahead, count_ahead(s));
   return err;
}

static void
answer(struct service *s, struct kdrm_gpusvm_fault *f, unsigned n)
{
   util_rank_lock(&s->g->lock, UTIL_RANK_GRANULE);
   for (unsigned i = 0; i < n; i++) {
      unsigned p = kdrm_granule_page(f[i].gpu_va);
      bool write = f[i].access >= KDRM_ACCESS_WRITE;
      f[i].result = write ? s->write_err[p] : s->read_err[p];
      f[i].device = util_bitset_test(s->g->device, p);
      bool there = util_bitset_test(s->g->present, p);
      if (f[i].access == KDRM_ACCESS_PREFETCH && !f[i].result && !there)
         f[i].result = -EFAULT;
      if (f[i].result && f[i].result != -EBUSY)
         kdrm_count(&s->svm->stats.cancelled, 1);
   }
   util_rank_unlock(&s->g->lock, UTIL_RANK_GRANULE);
}

static void
refuse(struct kdrm_gpusvm *svm, struct kdrm_gpusvm_fault *f, unsigned n,
       int err)
{
   for (unsigned i = 0; i < n; i++) {
      f[i].result = err;
      f[i].device = false;
   }
   kdrm_count(&svm->stats.cancelled, n);
}

/* Pages that are on the move each time must stand still at some time. */
#define ROUNDS_BEFORE_QUIET 4

static int
service_rounds(struct service *s)
{
   struct kdrm_gpusvm *svm = s->svm;
   struct kmm_mm *mm = svm->config.mm;
   struct kmm_quiet quiet;
   int err;
   unsigned rounds = 0;
   while ((err = service_round(s)) == -EAGAIN) {
      kdrm_count(&svm->stats.retries, 1);
      if (++rounds == ROUNDS_BEFORE_QUIET)
         kmm_quiet_begin(mm, &quiet, s->base, s->base + GRANULE_SIZE);
      if (util_time_ns() > s->deadline_ns) {
         err = -EBUSY;
         break;
      }
   }
   if (rounds >= ROUNDS_BEFORE_QUIET)
      kmm_quiet_end(mm, &quiet);
   return err;
}

/* All faults f[0..n) lie in one granule. */
static void
service_granule(struct kdrm_gpusvm *svm, struct kdrm_gpusvm_fault *f,
                unsigned n)
{
   struct kdrm_granule *g = kdrm_granule_get(svm, f->gpu_va);
   struct service *s = g ? util_svc_alloc(sizeof(*s)) : NULL;
   if (!s) {
      refuse(svm, f, n, -ENOMEM);
      return;
   }
   s->svm = svm;
   s->g = g;
   s->base = util_align_down(f->gpu_va, GRANULE_SIZE);
   s->deadline_ns = util_time_ns() + SERVICE_MAX_NS;
   note_faults(s, f, n);
   migrate_touched(s, f, n);
   make_exclusive(s);
   want_neighbours(s);
   int err = service_rounds(s);
   if (err)
      fail_all(s, err);
   answer(s, f, n);
   if (svm->config.pagemap)
      kdrm_pagemap_touch(svm->config.pagemap, s->base);
   util_svc_free(s);
}

static bool
is_mirrored(struct kdrm_gpusvm *svm, uint64_t gpu_va)
{
   const struct kdrm_gpusvm_config *c = &svm->config;
   return gpu_va >> 47 == 0 &&
          !(gpu_va >= c->hole_start && gpu_va < c->hole_end) &&
          !(c->ops->is_taken && c->ops->is_taken(svm, gpu_va));
}

void
kdrm_gpusvm_fault_batch(struct kdrm_gpusvm *svm,
                        struct kdrm_gpusvm_fault *faults, unsigned n)
{
   kdrm_count(&svm->stats.batches, 1);
   if (kmm_mm_check(svm->config.mm)) {
      refuse(svm, faults, n, -EFAULT);
      return;
   }
   for (unsigned i = 0; i < n;) {
      bool mirrored = is_mirrored(svm, faults[i].gpu_va);
      unsigned k = i;
      for (; k < n && faults[k].gpu_va >> GRANULE_SHIFT ==
                         faults[i].gpu_va >> GRANULE_SHIFT;
           k++) {
         if (is_mirrored(svm, faults[k].gpu_va) != mirrored)
            break;
         assert(faults[k].access <= KDRM_ACCESS_ATOMIC);
         kdrm_count(&svm->stats.faults[faults[k].access], 1);
      }
      if (mirrored)
         service_granule(svm, faults + i, k - i);
      else
         refuse(svm, faults + i, k - i, -EFAULT);
      i = k;
   }
}

static bool
before(const struct kdrm_gpusvm_fault *a, const struct kdrm_gpusvm_fault *b)
{
   return a->gpu_va != b->gpu_va ? a->gpu_va < b->gpu_va
                                 : a->access > b->access;
}

/* Shell sort: qsort would call malloc. */
void
kdrm_gpusvm_sort(struct kdrm_gpusvm_fault *faults, unsigned n)
{
   for (unsigned gap = n / 2; gap > 0; gap /= 2) {
      for (unsigned i = gap; i < n; i++) {
         struct kdrm_gpusvm_fault f = faults[i];
         unsigned k = i;
         for (; k >= gap && before(&f, &faults[k - gap]); k -= gap)
            faults[k] = faults[k - gap];
         faults[k] = f;
      }
   }
}
