/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_gpusvm.h"

#include <assert.h>
#include <errno.h>

#include "util/util_bitset.h"
#include "util/util_svc.h"

#define GRANULE_SHIFT   21
#define GRANULE_SIZE    (1ull << GRANULE_SHIFT)
#define GRANULE_PG      512
#define SERVICE_MAX_NS  1000000000ull /* then -EBUSY; kernel.md §3.3 step 10 */
#define BOUNCES_FREE    3             /* before the brake */
#define BRAKE_NS        20000000ull /* first brake; doubles with each bounce */
#define BRAKE_SHIFT_MAX 6

/* 2 MiB of the mirror. Persistent: made at the first fault, gone with the svm. */
struct granule {
   struct util_rb_node node; /* key: gpu_va >> 21 */
   struct kmm_notifier notifier;
   struct kdrm_gpusvm *svm;
   pthread_mutex_t lock; /* the bitmaps, and the PTEs that they describe */
   uint64_t present[UTIL_BITSET_WORDS(GRANULE_PG)];
   uint64_t writable[UTIL_BITSET_WORDS(GRANULE_PG)];
   uint64_t device[UTIL_BITSET_WORDS(GRANULE_PG)];
   unsigned bounces;
   uint64_t braked_until_ns;
};

struct kdrm_gpusvm {
   struct kdrm_gpusvm_config config;
   pthread_mutex_t lock; /* the tree */
   struct util_rb granules;
   struct kdrm_gpusvm_stats stats;
};

/* One granule's part of a batch. */
struct service {
   struct kdrm_gpusvm *svm;
   struct granule *g;
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
};

static void
count(struct kdrm_gpusvm *svm, uint64_t *counter, uint64_t n)
{
   __atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

/* ---- granules ---- */

static unsigned
page_index(uint64_t gpu_va)
{
   return gpu_va >> KMM_PAGE_SHIFT & (GRANULE_PG - 1);
}

/* Forgets and clears the PTEs of [first, first + n). */
static void
unmap_pages_locked(struct granule *g, unsigned first, unsigned n)
{
   struct kdrm_gpusvm *svm = g->svm;
   unsigned from = util_bitset_next(g->present, first, first + n);
   if (from == first + n)
      return;
   unsigned to = first + n;
   while (!util_bitset_test(g->present, to - 1))
      to--;
   count(svm, &svm->stats.pages_unmapped,
         util_bitset_count_range(g->present, from, to - from));
   util_bitset_clear_range(g->present, from, to - from);
   util_bitset_clear_range(g->writable, from, to - from);
   util_bitset_clear_range(g->device, from, to - from);
   svm->config.ops->unmap(
      svm, (g->node.key << GRANULE_SHIFT) + from * KMM_PAGE_SIZE, to - from);
}

/* VRAM pages that leave for the CPU: a granule that bounces gets a brake. */
static void
note_bounce_locked(struct granule *g)
{
   count(g->svm, &g->svm->stats.bounces, 1);
   if (++g->bounces <= BOUNCES_FREE)
      return;
   unsigned shift = MIN2(g->bounces - BOUNCES_FREE, BRAKE_SHIFT_MAX);
   g->braked_until_ns = util_time_ns() + (BRAKE_NS << shift);
}

static void
invalidate(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
   struct granule *g = container_of(n, struct granule, notifier);
   unsigned first = page_index(inv->start);
   unsigned num = (inv->end - inv->start) >> KMM_PAGE_SHIFT;
   pthread_mutex_lock(&g->lock);
   count(g->svm, &g->svm->stats.invalidations, 1);
   if (inv->event == KMM_EVENT_MIGRATE &&
       util_bitset_any_range(g->device, first, num))
      note_bounce_locked(g);
   unmap_pages_locked(g, first, num);
   pthread_mutex_unlock(&g->lock);
}

static const struct kmm_notifier_ops notifier_ops = {.invalidate = invalidate};

static struct granule *
find_granule(struct kdrm_gpusvm *svm, uint64_t gpu_va)
{
   pthread_mutex_lock(&svm->lock);
   struct util_rb_node *n =
      util_rb_find(&svm->granules, gpu_va >> GRANULE_SHIFT);
   pthread_mutex_unlock(&svm->lock);
   return n ? container_of(n, struct granule, node) : NULL;
}

static struct granule *
get_granule(struct kdrm_gpusvm *svm, uint64_t gpu_va)
{
   struct granule *g = find_granule(svm, gpu_va);
   if (g)
      return g;
   g = util_svc_alloc(sizeof(*g));
   if (!g)
      return NULL;
   g->svm = svm;
   g->node.key = gpu_va >> GRANULE_SHIFT;
   pthread_mutex_init(&g->lock, NULL);
   uint64_t base = util_align_down(gpu_va, GRANULE_SIZE);
   pthread_mutex_lock(&svm->lock);
   struct util_rb_node *other = util_rb_find(&svm->granules, g->node.key);
   int err = 0;
   if (!other) {
      err = kmm_notifier_insert(svm->config.mm, &g->notifier, base,
                                base + GRANULE_SIZE, &notifier_ops);
      if (!err) {
         util_rb_insert(&svm->granules, &g->node);
         count(svm, &svm->stats.granules, 1);
      }
   }
   pthread_mutex_unlock(&svm->lock);
   if (other || err) {
      pthread_mutex_destroy(&g->lock);
      util_svc_free(g);
      g = other ? container_of(other, struct granule, node) : NULL;
   }
   return g;
}

/* Writes the PTEs of pfns[] and notes them. */
static int
map_pages_locked(struct granule *g, unsigned first, unsigned n,
                 const uint64_t *pfns)
{
   struct kdrm_gpusvm *svm = g->svm;
   uint64_t va = (g->node.key << GRANULE_SHIFT) + first * KMM_PAGE_SIZE;
   int err = svm->config.ops->map(svm, va, n, pfns);
   if (err)
      return err;
   unsigned mapped = 0;
   for (unsigned i = 0; i < n; i++) {
      if (!pfns[i])
         continue;
      mapped++;
      util_bitset_set(g->present, first + i);
      util_bitset_clear(g->writable, first + i);
      util_bitset_clear(g->device, first + i);
      if (pfns[i] & KMM_PFN_WRITE)
         util_bitset_set(g->writable, first + i);
      if (pfns[i] & (KMM_PFN_DEVICE | KMM_PFN_COHERENT))
         util_bitset_set(g->device, first + i);
   }
   count(svm, &svm->stats.pages_mapped, mapped);
   return 0;
}

/* ---- fault service ---- */

/* What the batch's faults ask of each page. */
static void
note_faults(struct service *s, const struct kdrm_gpusvm_fault *f, unsigned n)
{
   for (unsigned i = 0; i < n; i++) {
      unsigned p = page_index(f[i].gpu_va);
      uint8_t want = f[i].access == KDRM_ACCESS_PREFETCH ? WANT_NOTHING
                     : f[i].access == KDRM_ACCESS_READ   ? WANT_READ
                                                         : WANT_WRITE;
      if (s->faulting[p])
         count(s->svm, &s->svm->stats.faults_merged, 1);
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
migrate_touched(struct service *s)
{
   struct kdrm_gpusvm *svm = s->svm;
   if (!svm->config.pagemap || !svm->config.migrate_on_fault)
      return;
   pthread_mutex_lock(&s->g->lock);
   bool braked = s->g->braked_until_ns > util_time_ns();
   pthread_mutex_unlock(&s->g->lock);
   if (braked) {
      count(svm, &svm->stats.braked, 1);
      return;
   }
   unsigned done = 0;
   for (unsigned p = 0; p < GRANULE_PG; p++) {
      unsigned first, end;
      if (p < done || !s->faulting[p] || s->want[p] == WANT_NOTHING ||
          !window_around(s, p, svm->config.migrate_window_pg, &first, &end))
         continue;
      uint64_t moved = 0;
      kdrm_gpusvm_migrate_to_vram(svm, s->base + first * KMM_PAGE_SIZE,
                                  s->base + end * KMM_PAGE_SIZE, &moved);
      done = end;
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
   s->want[p] = err == -EPERM && s->want[p] == WANT_WRITE && s->faulting[p]
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
   struct granule *g = s->g;
   for (unsigned p = 0; p < GRANULE_PG; p++) {
      uint64_t pfn = s->pfns[p];
      if (!(pfn & KMM_PFN_VALID)) {
         s->pfns[p] = 0;
         continue;
      }
      bool same = util_bitset_test(g->present, p) &&
                  (util_bitset_test(g->writable, p) || !(pfn & KMM_PFN_WRITE));
      /* A page that faults in spite of its PTE is written again, to be sure. */
      if (same && !s->faulting[p])
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
   struct granule *g = s->g;
   struct kmm_hmm_range range = {
      .notifier = &g->notifier,
      .start = s->base,
      .end = s->base + GRANULE_SIZE,
      .pfns = s->pfns,
      .pfn_flags_mask = KMM_PFN_REQ_FAULT | KMM_PFN_REQ_WRITE,
      .dev_owner = svm->config.pagemap ? svm->config.pagemap->base.owner : NULL,
   };
   static const uint64_t request[] = {
      [WANT_READ] = KMM_PFN_REQ_FAULT,
      [WANT_WRITE] = KMM_PFN_REQ_FAULT | KMM_PFN_REQ_WRITE,
   };
   for (unsigned p = 0; p < GRANULE_PG; p++)
      s->pfns[p] = request[s->want[p]];
   int err = kmm_notifier_read_begin(&g->notifier, &range.seq);
   if (err)
      return -EAGAIN;
   uint64_t error_va = 0;
   count(svm, &svm->stats.hmm_calls, 1);
   err = kmm_hmm_range_fault(&range, &error_va);
   if (err == -EBUSY)
      return -EAGAIN;
   if (err == -EFAULT || err == -EPERM || err == -ENOMEM) {
      if (!error_va)
         return err; /* not a page's: forked child */
      note_error(s, page_index(error_va), err);
      return -EAGAIN;
   }
   if (err)
      return err;

   pthread_mutex_lock(&g->lock);
   if (kmm_notifier_read_retry(&g->notifier, range.seq)) {
      err = -EAGAIN;
   } else {
      drop_unneeded(s);
      err = map_pages_locked(g, 0, GRANULE_PG, s->pfns);
   }
   pthread_mutex_unlock(&g->lock);
   if (!err)
      count(svm, &svm->stats.pages_mapped_ahead, count_ahead(s));
   return err;
}

static void
answer(struct service *s, struct kdrm_gpusvm_fault *f, unsigned n)
{
   pthread_mutex_lock(&s->g->lock);
   for (unsigned i = 0; i < n; i++) {
      unsigned p = page_index(f[i].gpu_va);
      bool write = f[i].access >= KDRM_ACCESS_WRITE;
      f[i].result = write ? s->write_err[p] : s->read_err[p];
      f[i].device = util_bitset_test(s->g->device, p);
      bool there = util_bitset_test(s->g->present, p);
      if (f[i].access == KDRM_ACCESS_PREFETCH && !f[i].result && !there)
         f[i].result = -EFAULT;
      if (f[i].result && f[i].result != -EBUSY)
         count(s->svm, &s->svm->stats.cancelled, 1);
   }
   pthread_mutex_unlock(&s->g->lock);
}

static void
refuse(struct kdrm_gpusvm *svm, struct kdrm_gpusvm_fault *f, unsigned n,
       int err)
{
   for (unsigned i = 0; i < n; i++) {
      f[i].result = err;
      f[i].device = false;
   }
   count(svm, &svm->stats.cancelled, n);
}

/* All faults f[0..n) lie in one granule. */
static void
service_granule(struct kdrm_gpusvm *svm, struct kdrm_gpusvm_fault *f,
                unsigned n)
{
   struct granule *g = get_granule(svm, f->gpu_va);
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
   migrate_touched(s);
   want_neighbours(s);
   int err;
   while ((err = service_round(s)) == -EAGAIN) {
      count(svm, &svm->stats.retries, 1);
      if (util_time_ns() > s->deadline_ns) {
         err = -EBUSY;
         break;
      }
   }
   if (err)
      fail_all(s, err);
   answer(s, f, n);
   if (svm->config.pagemap)
      kdrm_pagemap_touch(svm->config.pagemap, s->base);
   util_svc_free(s);
}

static bool
is_mirrored(const struct kdrm_gpusvm *svm, uint64_t gpu_va)
{
   return gpu_va >> 47 == 0 &&
          !(gpu_va >= svm->config.hole_start && gpu_va < svm->config.hole_end);
}

void
kdrm_gpusvm_fault_batch(struct kdrm_gpusvm *svm,
                        struct kdrm_gpusvm_fault *faults, unsigned n)
{
   count(svm, &svm->stats.batches, 1);
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
         count(svm, &svm->stats.faults[faults[k].access], 1);
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

/* ---- migration ---- */

/* Maps what has just moved, while the range is still held. */
static void
map_moved(void *data, uint64_t start, unsigned n, const uint64_t *pfns)
{
   struct kdrm_gpusvm *svm = data;
   struct granule *g = get_granule(svm, start);
   if (!g)
      return; /* the next access faults */
   pthread_mutex_lock(&g->lock);
   map_pages_locked(g, page_index(start), n, pfns);
   pthread_mutex_unlock(&g->lock);
}

/* Calls fn for the parts of [start, end) outside the hole. */
static int
outside_hole(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end,
             int (*fn)(struct kdrm_gpusvm *, uint64_t, uint64_t, uint64_t *),
             uint64_t *moved_out)
{
   uint64_t lo = svm->config.hole_start, hi = svm->config.hole_end, n = 0;
   *moved_out = 0;
   if (start >= end)
      return -EINVAL;
   if (!svm->config.pagemap)
      return kmm_mm_check(svm->config.mm);
   if (lo >= hi || end <= lo || start >= hi)
      return fn(svm, start, end, moved_out);
   int err = 0;
   if (start < lo)
      err = fn(svm, start, lo, moved_out);
   if (!err && end > hi)
      err = fn(svm, hi, end, &n);
   *moved_out += n;
   return err;
}

static int
part_to_vram(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end,
             uint64_t *moved_out)
{
   const struct kdrm_migrate_done done = {map_moved, svm};
   return kdrm_pagemap_migrate_to_vram(svm->config.pagemap, start, end, &done,
                                       moved_out);
}

static int
part_to_system(struct kdrm_gpusvm *svm, uint64_t start, uint64_t end,
               uint64_t *moved_out)
{
   return kdrm_pagemap_migrate_to_system(svm->config.pagemap, start, end,
                                         moved_out);
}

int
kdrm_gpusvm_migrate_to_vram(struct kdrm_gpusvm *svm, uint64_t start,
                            uint64_t end, uint64_t *moved_out)
{
   int err = outside_hole(svm, start, end, part_to_vram, moved_out);
   count(svm, &svm->stats.migrated_to_vram, *moved_out);
   return err;
}

int
kdrm_gpusvm_migrate_to_system(struct kdrm_gpusvm *svm, uint64_t start,
                              uint64_t end, uint64_t *moved_out)
{
   int err = outside_hole(svm, start, end, part_to_system, moved_out);
   count(svm, &svm->stats.migrated_to_system, *moved_out);
   return err;
}

void
kdrm_gpusvm_evict_all(struct kdrm_gpusvm *svm)
{
   if (svm->config.pagemap)
      kdrm_pagemap_evict(svm->config.pagemap, UINT32_MAX);
}

/* ---- life ---- */

int
kdrm_gpusvm_create(const struct kdrm_gpusvm_config *config,
                   struct kdrm_gpusvm **svm_out)
{
   int err = kmm_mm_check(config->mm);
   if (err)
      return err;
   struct kdrm_gpusvm *svm = util_svc_alloc(sizeof(*svm));
   if (!svm)
      return -ENOMEM;
   svm->config = *config;
   struct kdrm_gpusvm_config *c = &svm->config;
   c->fault_window_pg = c->fault_window_pg ? c->fault_window_pg : 16;
   c->migrate_window_pg = c->migrate_window_pg ? c->migrate_window_pg : 512;
   assert(util_is_pow2(c->fault_window_pg) && c->fault_window_pg <= GRANULE_PG);
   assert(util_is_pow2(c->migrate_window_pg) &&
          c->migrate_window_pg <= GRANULE_PG);
   pthread_mutex_init(&svm->lock, NULL);
   *svm_out = svm;
   return 0;
}

void
kdrm_gpusvm_destroy(struct kdrm_gpusvm *svm)
{
   if (kmm_mm_check(svm->config.mm))
      return;
   struct util_rb_node *n;
   while ((n = util_rb_first(&svm->granules))) {
      struct granule *g = container_of(n, struct granule, node);
      kmm_notifier_remove(&g->notifier);
      pthread_mutex_lock(&g->lock);
      unmap_pages_locked(g, 0, GRANULE_PG);
      pthread_mutex_unlock(&g->lock);
      util_rb_remove(&svm->granules, n);
      pthread_mutex_destroy(&g->lock);
      util_svc_free(g);
   }
   pthread_mutex_destroy(&svm->lock);
   util_svc_free(svm);
}

void *
kdrm_gpusvm_driver_data(const struct kdrm_gpusvm *svm)
{
   return svm->config.driver_data;
}

void
kdrm_gpusvm_get_stats(struct kdrm_gpusvm *svm, struct kdrm_gpusvm_stats *out)
{
   const uint64_t *from = (const uint64_t *)&svm->stats;
   uint64_t *to = (uint64_t *)out;
   for (unsigned i = 0; i < sizeof(*out) / sizeof(*to); i++)
      to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

void
kdrm_gpusvm_query(struct kdrm_gpusvm *svm, uint64_t start, unsigned n,
                  uint8_t *state_out)
{
   for (unsigned i = 0; i < n; i++) {
      uint64_t va = start + i * KMM_PAGE_SIZE;
      struct granule *g = find_granule(svm, va);
      unsigned p = page_index(va);
      state_out[i] = 0;
      if (!g)
         continue;
      pthread_mutex_lock(&g->lock);
      state_out[i] = util_bitset_test(g->present, p) |
                     util_bitset_test(g->writable, p) << 1 |
                     util_bitset_test(g->device, p) << 2;
      pthread_mutex_unlock(&g->lock);
   }
}
