/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Page states. Only pages that are not in system memory have a record; the
 * records of 2 MiB lie together in a block. All of it under mm->lock. */
#include "kernel/mm/kmm_priv.h"

static const char *const state_names[] = {"system", "to-device", "device",
                                          "to-system"};

struct kmm_block *
kmm_block_find(struct kmm_mm *mm, uint64_t cpu_va)
{
   struct util_rb_node *n =
      util_rb_find(&mm->blocks, cpu_va >> KMM_BLOCK_SHIFT);
   return n ? container_of(n, struct kmm_block, node) : NULL;
}

static struct kmm_block *
block_insert(struct kmm_mm *mm, struct kmm_block *b, uint64_t cpu_va)
{
   if (!b)
      return NULL;
   b->node.key = cpu_va >> KMM_BLOCK_SHIFT;
   for (unsigned i = 0; i < KMM_BLOCK_PG; i++) {
      b->pages[i].cpu_va = (b->node.key << KMM_BLOCK_SHIFT) + i * KMM_PAGE_SIZE;
      util_list_init(&b->pages[i].fault_link);
   }
   util_rb_insert(&mm->blocks, &b->node);
   pthread_cond_signal(&mm->work); /* which looks after blocks from now on */
   return b;
}

struct kmm_block *
kmm_block_get(struct kmm_mm *mm, uint64_t cpu_va)
{
   struct kmm_block *b = kmm_block_find(mm, cpu_va);
   return b ? b : block_insert(mm, util_svc_alloc(sizeof(*b)), cpu_va);
}

/* For mremap, which has happened and cannot be refused: does not fail on
 * purpose. */
static struct kmm_block *
block_get_nofail(struct kmm_mm *mm, uint64_t cpu_va)
{
   struct kmm_block *b = kmm_block_find(mm, cpu_va);
   return b ? b : block_insert(mm, util_svc_calloc(1, sizeof(*b)), cpu_va);
}

static unsigned
page_index(uint64_t cpu_va)
{
   return cpu_va >> KMM_PAGE_SHIFT & (KMM_BLOCK_PG - 1);
}

struct kmm_page *
kmm_page_find(struct kmm_mm *mm, uint64_t cpu_va)
{
   struct kmm_block *b = kmm_block_find(mm, cpu_va);
   if (!b)
      return NULL;
   struct kmm_page *p = &b->pages[page_index(cpu_va)];
   return p->state == KMM_PAGE_SYSTEM ? NULL : p;
}

static bool
is_migrating(enum kmm_page_state s)
{
   return s == KMM_PAGE_TO_DEVICE || s == KMM_PAGE_TO_SYSTEM;
}

static bool
is_legal(enum kmm_page_state from, enum kmm_page_state to)
{
   /* To SYSTEM from everywhere: the mapping may go away at any time. */
   static const uint8_t to_mask[] = {
      [KMM_PAGE_SYSTEM] = 1 << KMM_PAGE_TO_DEVICE | 1 << KMM_PAGE_DEVICE,
      [KMM_PAGE_TO_DEVICE] = 1 << KMM_PAGE_DEVICE | 1 << KMM_PAGE_SYSTEM,
      [KMM_PAGE_DEVICE] = 1 << KMM_PAGE_TO_SYSTEM | 1 << KMM_PAGE_SYSTEM,
      [KMM_PAGE_TO_SYSTEM] = 1 << KMM_PAGE_DEVICE | 1 << KMM_PAGE_SYSTEM,
   };
   return to_mask[from] >> to & 1;
}

void
kmm_page_set(struct kmm_mm *mm, struct kmm_page *page,
             enum kmm_page_state state)
{
   struct kmm_block *b = kmm_block_find(mm, page->cpu_va);
   enum kmm_page_state old = page->state;
   assert(b && is_legal(old, state));
   kmm_trace(mm, KMM_DEBUG_MIGRATE, "page %#lx %s -> %s", page->cpu_va,
             state_names[old], state_names[state]);

   b->num_migrating += is_migrating(state) - is_migrating(old);
   mm->num_migrating += is_migrating(state) - is_migrating(old);
   bool held = old == KMM_PAGE_DEVICE, holds = state == KMM_PAGE_DEVICE;
   b->num_device += holds - held;
   mm->stats.device_pages += holds - held;
   page->state = state;
   if (!is_migrating(state))
      page->mig = NULL;
   if (state == KMM_PAGE_SYSTEM) {
      page->dpage = NULL;
      page->waiters = false;
      page->attempts = 0;
      util_list_del(&page->fault_link);
   }
   if (!b->num_device && !b->num_migrating) {
      b->idle_since_ns = util_time_ns();
      b->cpu_faults = 0;
   }
   if (is_migrating(old))
      pthread_cond_broadcast(&mm->changed);
}

/* ---- mappings that go away ---- */

/* The host tells of a madvise before it clears, lets the caller go on when that
 * is read, and says nothing when it has cleared. A page that is there when the
 * event is read, and moved out before it is cleared, would keep its old content:
 * it stays until it has been seen missing, which is when it has been cleared.
 * (What comes after that was written after the madvise began.) MADV_FREE says
 * the same and takes nothing away: such pages stay for this long. */
#define CLEARING_NS 10000000000ull

static void
note_clearing(struct kmm_mm *mm, struct kmm_block *b, unsigned first,
              unsigned n)
{
   uint64_t there[UTIL_BITSET_WORDS(KMM_BLOCK_PG)];
   uint64_t base = b->node.key << KMM_BLOCK_SHIFT;
   mm->host->ops->present(mm->host, base + first * KMM_PAGE_SIZE, n, there);
   for (unsigned i = 0; i < n; i++) {
      if (!util_bitset_test(there, i))
         continue;
      util_bitset_set(b->clearing, first + i);
      b->clearing_until_ns = util_time_ns() + CLEARING_NS;
   }
}

void
kmm_block_look_at_clearing(struct kmm_mm *mm, struct kmm_block *b)
{
   if (!b->clearing_until_ns)
      return;
   if (util_time_ns() > b->clearing_until_ns) {
      memset(b->clearing, 0, sizeof(b->clearing));
   } else {
      uint64_t there[UTIL_BITSET_WORDS(KMM_BLOCK_PG)];
      uint64_t base = b->node.key << KMM_BLOCK_SHIFT;
      unsigned i = util_bitset_next(b->clearing, 0, KMM_BLOCK_PG), first = i;
      unsigned end = KMM_BLOCK_PG;
      while (end > first && !util_bitset_test(b->clearing, end - 1))
         end--;
      if (first < end)
         mm->host->ops->present(mm->host, base + first * KMM_PAGE_SIZE,
                                end - first, there);
      for (; i < end; i++)
         if (!util_bitset_test(there, i - first))
            util_bitset_clear(b->clearing, i);
   }
   if (!util_bitset_any_range(b->clearing, 0, KMM_BLOCK_PG))
      b->clearing_until_ns = 0;
}

static void
add_to_rest(struct kmm_mm *mm, uint64_t start, uint64_t end,
            enum kmm_event event, struct kmm_dpage *dpages)
{
   struct kmm_gone *rest = &mm->gone_rest;
   rest->start = rest->end ? MIN2(rest->start, start) : start;
   rest->end = MAX2(rest->end, end);
   rest->event = event;
   while (dpages) {
      struct kmm_dpage *d = dpages;
      dpages = d->next;
      d->next = rest->dpages;
      rest->dpages = d;
   }
}

void
kmm_gone_add(struct kmm_mm *mm, uint64_t start, uint64_t end,
             enum kmm_event event, struct kmm_dpage *dpages)
{
   struct kmm_gone *g = util_svc_alloc(sizeof(*g));
   if (g) {
      *g = (struct kmm_gone){.start = start,
                             .end = end,
                             .event = event,
                             .dpages = dpages};
      util_list_add_tail(&g->link, &mm->gone);
   } else {
      add_to_rest(mm, start, end, event, dpages);
   }
   pthread_cond_signal(&mm->work);
}

bool
kmm_gone_any(const struct kmm_mm *mm)
{
   return !util_list_is_empty(&mm->gone) || mm->gone_rest.end;
}

/* The next record, as a copy. */
static bool
gone_take(struct kmm_mm *mm, struct kmm_gone *out)
{
   if (!util_list_is_empty(&mm->gone)) {
      struct kmm_gone *g = util_list_first(&mm->gone, struct kmm_gone, link);
      util_list_del(&g->link);
      *out = *g;
      util_svc_free(g);
      return true;
   }
   *out = mm->gone_rest;
   mm->gone_rest = (struct kmm_gone){.end = 0};
   return out->end != 0;
}

/* Detaches the record from its address; returns the device page that nobody has
 * any more. What is migrating is dealt with at the end of the migration. */
static struct kmm_dpage *
drop_page(struct kmm_mm *mm, struct kmm_page *p)
{
   struct kmm_dpage *d = p->state == KMM_PAGE_DEVICE ? p->dpage : NULL;
   if (p->mig)
      p->mig->page = NULL;
   mm->stats.pages_dropped += d != NULL;
   kmm_page_set(mm, p, KMM_PAGE_SYSTEM);
   return d;
}

static struct kmm_block *
next_block(struct kmm_mm *mm, uint64_t cpu_va, uint64_t end)
{
   struct util_rb_node *n =
      util_rb_ceil(&mm->blocks, cpu_va >> KMM_BLOCK_SHIFT);
   if (!n || n->key << KMM_BLOCK_SHIFT >= end)
      return NULL;
   return container_of(n, struct kmm_block, node);
}

/* Pages [first, first + count) of the block are in [start, end). */
static unsigned
block_clip(const struct kmm_block *b, uint64_t start, uint64_t end,
           unsigned *count_out)
{
   uint64_t base = b->node.key << KMM_BLOCK_SHIFT;
   uint64_t lo = MAX2(start, base), hi = MIN2(end, base + KMM_BLOCK_SIZE);
   *count_out = (hi - lo) >> KMM_PAGE_SHIFT;
   return (lo - base) >> KMM_PAGE_SHIFT;
}

void
kmm_pages_discard(struct kmm_mm *mm, uint64_t start, uint64_t end,
                  enum kmm_event event)
{
   struct kmm_dpage *list = NULL;
   struct kmm_block *b = next_block(mm, start, end);
   if (!b)
      return;
   while (b) {
      unsigned n, first = block_clip(b, start, end, &n);
      for (unsigned i = first; i < first + n; i++) {
         if (b->pages[i].state == KMM_PAGE_SYSTEM)
            continue;
         struct kmm_dpage *d = drop_page(mm, &b->pages[i]);
         if (d) {
            d->next = list;
            list = d;
         }
      }
      if (event == KMM_EVENT_UNMAP) {
         util_bitset_clear_range(b->watched, first, n);
         util_bitset_clear_range(b->clearing, first, n);
      } else {
         note_clearing(mm, b, first, n);
      }
      b = next_block(mm, (b->node.key + 1) << KMM_BLOCK_SHIFT, end);
   }
   kmm_gone_add(mm, start, end, event, list);
}

/* The page has nowhere to be noted: who touches it gets SIGBUS, not zeros. */
static void
lose_page(struct kmm_mm *mm, struct kmm_page *p, uint64_t to_va)
{
   util_err("kmm", "mremap: page %#lx is lost: no memory", p->cpu_va);
   struct kmm_dpage *d = drop_page(mm, p);
   if (d)
      d->next = NULL;
   mm->host->ops->poison(mm->host, to_va);
   kmm_gone_add(mm, to_va, to_va + KMM_PAGE_SIZE, KMM_EVENT_UNMAP, d);
}

static void
remap_page(struct kmm_mm *mm, struct kmm_page *p, uint64_t to_va)
{
   struct kmm_block *b = block_get_nofail(mm, to_va);
   if (!b) {
      lose_page(mm, p, to_va);
      return;
   }
   struct kmm_page *q = &b->pages[page_index(to_va)];
   assert(q->state == KMM_PAGE_SYSTEM);
   struct kmm_page was = *p;
   kmm_page_set(mm, p, KMM_PAGE_SYSTEM);
   if (was.state == KMM_PAGE_DEVICE) {
      kmm_page_set(mm, q, KMM_PAGE_DEVICE);
   } else {
      kmm_page_set(mm, q, KMM_PAGE_TO_DEVICE);
      /* A migration to the system is finished at the new place as well. */
      q->state = was.state;
      q->mig = was.mig;
      q->mig->page = q;
      q->mig->cpu_va = to_va;
   }
   q->dpage = was.dpage;
   q->waiters = was.waiters;
   if (q->dpage)
      kmm_dpage_set_va(q->dpage, to_va);
}

void
kmm_pages_remap(struct kmm_mm *mm, uint64_t from, uint64_t to, uint64_t len)
{
   /* What was at the target has been unmapped by the same call; devices may
    * have PTEs there even if nothing of it was ours. */
   kmm_pages_discard(mm, to, to + len, KMM_EVENT_UNMAP);
   kmm_gone_add(mm, to, to + len, KMM_EVENT_UNMAP, NULL);
   struct kmm_block *b = next_block(mm, from, from + len);
   for (; b;
        b = next_block(mm, (b->node.key + 1) << KMM_BLOCK_SHIFT, from + len)) {
      unsigned n, first = block_clip(b, from, from + len, &n);
      for (unsigned i = first; i < first + n; i++) {
         struct kmm_page *p = &b->pages[i];
         if (p->state != KMM_PAGE_SYSTEM)
            remap_page(mm, p, p->cpu_va - from + to);
         struct kmm_block *t;
         if (util_bitset_test(b->watched, i) &&
             (t = kmm_block_get(mm, p->cpu_va - from + to)))
            util_bitset_set(t->watched, page_index(p->cpu_va - from + to));
      }
      util_bitset_clear_range(b->watched, first, n);
      util_bitset_clear_range(b->clearing, first, n);
   }
   kmm_gone_add(mm, from, from + len, KMM_EVENT_UNMAP, NULL);
}

static void
finish_gone(struct kmm_mm *mm, struct kmm_gone *g)
{
   struct kmm_invalidation *inv =
      kmm_invalidate_begin(mm, g->start, g->end, g->event, NULL, NULL);
   while (g->dpages) {
      struct kmm_dpage *d = g->dpages;
      g->dpages = d->next;
      d->next = NULL;
      d->pagemap->ops->page_free(d->pagemap, d);
   }
   kmm_invalidate_end(inv);
}

void
kmm_reap(struct kmm_mm *mm, bool wait)
{
   kmm_lock(mm);
   struct kmm_gone g;
   while (gone_take(mm, &g)) {
      mm->reaping++;
      kmm_unlock(mm);
      finish_gone(mm, &g);
      kmm_lock(mm);
      mm->reaping--;
      pthread_cond_broadcast(&mm->changed);
   }
   while (wait && mm->reaping)
      pthread_cond_wait(&mm->changed, &mm->lock);
   kmm_unlock(mm);
}

/* ---- watching ---- */

void
kmm_block_watch(struct kmm_mm *mm, struct kmm_block *b, uint64_t start,
                uint64_t end)
{
   unsigned n, first = block_clip(b, start, end, &n);
   if (util_bitset_count_range(b->watched, first, n) == n)
      return;
   for (uint64_t next; start < end; start = next) {
      int err = mm->host->ops->watch(mm->host, start, end, &next);
      first = block_clip(b, start, next, &n);
      if (!err)
         util_bitset_set_range(b->watched, first, n);
   }
}

void
kmm_block_unwatch(struct kmm_mm *mm, struct kmm_block *b)
{
   uint64_t base = b->node.key << KMM_BLOCK_SHIFT;
   unsigned i = util_bitset_next(b->watched, 0, KMM_BLOCK_PG);
   while (i < KMM_BLOCK_PG) {
      unsigned e = i;
      while (e < KMM_BLOCK_PG && util_bitset_test(b->watched, e))
         e++;
      mm->host->ops->unwatch(mm->host, base + i * KMM_PAGE_SIZE,
                             base + e * KMM_PAGE_SIZE);
      i = util_bitset_next(b->watched, e, KMM_BLOCK_PG);
   }
   memset(b->watched, 0, sizeof(b->watched));
}

void
kmm_blocks_trim(struct kmm_mm *mm, uint64_t age_ns)
{
   uint64_t now = util_time_ns();
   struct util_rb_node *next;
   for (struct util_rb_node *n = util_rb_first(&mm->blocks); n; n = next) {
      next = util_rb_next(n);
      struct kmm_block *b = container_of(n, struct kmm_block, node);
      if (b->num_device || b->num_migrating ||
          (age_ns && now - b->idle_since_ns < age_ns))
         continue;
      kmm_block_look_at_clearing(mm, b);
      if (age_ns && b->clearing_until_ns)
         continue; /* it would not be seen missing any more */
      kmm_block_unwatch(mm, b);
      util_rb_remove(&mm->blocks, n);
      util_svc_free(b);
   }
}
