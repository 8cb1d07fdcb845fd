/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "granularity.h"

#include <assert.h>
#include <string.h>

#include "util/util_bitset.h"
#include "util/util_svc.h"

#define PAGES_2M    512
#define PAGES_512M  (1u << 17)
#define BLOCK(p, n) util_align_down(p, n)

/* A range of pages with, maybe, a notifier of just that extent. */
struct range {
   struct util_rb_node node; /* key: first page */
   uint64_t end;
   struct kmm_notifier n;
   struct gran *g;
   bool notified, dead;
};

static struct range *
range_of(struct util_rb_node *n)
{
   return n ? container_of(n, struct range, node) : NULL;
}

static struct range *
find(struct gran *g, const struct util_rb *tree, uint64_t page)
{
   g->c.tree_ops++;
   struct range *r = range_of(util_rb_floor(tree, page));
   return r && r->end > page ? r : NULL;
}

static struct range *
insert(struct gran *g, struct util_rb *tree, uint64_t first, uint64_t end,
       const struct kmm_notifier_ops *ops)
{
   struct range *r = util_svc_alloc(sizeof(*r));
   assert(r);
   r->node.key = first;
   r->end = end;
   r->g = g;
   util_rb_insert(tree, &r->node);
   g->c.tree_ops++;
   if (ops) {
      int err =
         kmm_notifier_insert(g->mm, &r->n, gran_va(first), gran_va(end), ops);
      assert(!err);
      r->notified = true;
      g->c.tree_ops++;
   }
   return r;
}

static void
drop(struct util_rb *tree, struct range *r)
{
   if (r->notified) {
      kmm_notifier_remove(&r->n);
      r->g->c.tree_ops++;
   }
   util_rb_remove(tree, &r->node);
   r->g->c.tree_ops++;
   util_svc_free(r);
}

static void
drop_all(struct util_rb *tree)
{
   while (tree->root)
      drop(tree, range_of(util_rb_first(tree)));
}

/* Clears just what is invalid. */
static void
clear_exactly(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
   struct range *r = container_of(n, struct range, n);
   gran_clear_ptes(r->g, gran_page_of(inv->start), gran_page_of(inv->end));
}

static const struct kmm_notifier_ops exact_ops = {clear_exactly};

static bool
is_mapped(const struct gran *g, uint64_t page)
{
   return util_bitset_test(g->pte, page);
}

/* [*first, *end) grows to aligned blocks of n pages, within one VMA. */
static void
widen(const struct gran *g, uint64_t page, unsigned n, uint64_t *first,
      uint64_t *end)
{
   const struct gran_vma *v = gran_vma_at(g, page);
   *first = MAX2(BLOCK(page, n), v->node.key);
   *end = MIN2(BLOCK(page, n) + n, v->end);
}

static void
exactly(struct gran *g, uint64_t *first, uint64_t *end)
{
}

/* --- A page, for the time of a fault (upstream nouveau) ------------------ */

/* One notifier of the whole process clears PTEs. */
static void
page_start(struct gran *g)
{
   struct range *r = insert(g, &g->notifiers, 0, GRAN_PAGES, &exact_ops);
   g->whole = &r->n;
   g->c.tree_ops = 0;
}

static void
page_finish(struct gran *g)
{
   drop_all(&g->notifiers);
}

static void
ignore(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
}

static const struct kmm_notifier_ops ignore_ops = {ignore};

static void
page_serve(struct gran *g, const uint64_t *pages, unsigned n)
{
   struct kmm_notifier *t = util_svc_alloc(sizeof(*t));
   for (unsigned i = 0; i < n; i++) {
      uint64_t va = gran_va(pages[i]);
      kmm_notifier_insert(g->mm, t, va, va + KMM_PAGE_SIZE, &ignore_ops);
      gran_service(g, t, pages[i], pages[i] + 1, NULL);
      kmm_notifier_remove(t);
      g->c.tree_ops += 2;
   }
   util_svc_free(t);
}

static void
page_back(struct gran *g, uint64_t page, uint64_t *first, uint64_t *end)
{
}

const struct gran_strategy gran_page = {
   .name = "page",
   .what = "a page, for the time of a fault (upstream nouveau)",
   .start = page_start,
   .finish = page_finish,
   .serve = page_serve,
   .back = page_back,
   .go = exactly,
};

/* --- The VMA ------------------------------------------------------------- */

static struct range *
vma_range(struct gran *g, uint64_t page)
{
   struct range *r = find(g, &g->ranges, page);
   const struct gran_vma *v = gran_vma_at(g, page);
   return r ? r : insert(g, &g->ranges, v->node.key, v->end, &exact_ops);
}

/* Ranges that are not a VMA's extent any more are made anew; PTEs stay, and so
 * must a notifier for them. */
static void
vma_renew(struct gran *g, uint64_t start, uint64_t end)
{
   uint64_t at = start ? start - 1 : 0;
   struct range *r = range_of(util_rb_floor(&g->ranges, at));
   if (!r || r->end <= at)
      r = range_of(util_rb_ceil(&g->ranges, at));
   g->c.tree_ops++;
   while (r && r->node.key <= end) {
      uint64_t first = r->node.key, last = r->end;
      struct gran_vma *v = gran_vma_at(g, first);
      struct range *next = range_of(util_rb_next(&r->node));
      if (!v || v->node.key != first || v->end != last) {
         drop(&g->ranges, r);
         for (uint64_t p = first; p < last;) {
            struct gran_vma *piece = gran_vma_at(g, p);
            if (piece && is_mapped(g, p)) {
               struct range *there = find(g, &g->ranges, p);
               if (!there)
                  insert(g, &g->ranges, piece->node.key, piece->end,
                         &exact_ops);
               p = piece->end;
            } else {
               p++;
            }
         }
      }
      r = next;
   }
}

static void
vma_vmas_changed(struct gran *g, uint64_t first, uint64_t end)
{
   if (!g->serving) {
      vma_renew(g, first, end);
      return;
   }
   g->changed_first = first;
   g->changed_end = end;
}

static void
vma_serve(struct gran *g, const uint64_t *pages, unsigned n)
{
   for (unsigned i = 0; i < n; i++) {
      if (is_mapped(g, pages[i]))
         continue;
      uint64_t first, end;
      struct range *r = vma_range(g, pages[i]);
      widen(g, pages[i], GRAN_WINDOW, &first, &end);
      g->serving = true;
      gran_service(g, &r->n, first, end, NULL);
      g->serving = false;
      if (g->changed_end)
         vma_renew(g, g->changed_first, g->changed_end);
      g->changed_end = 0;
   }
}

static void
vma_finish(struct gran *g)
{
   drop_all(&g->ranges);
}

/* The range is what policy and placement belong to. */
static void
vma_back(struct gran *g, uint64_t page, uint64_t *first, uint64_t *end)
{
   const struct gran_vma *v = gran_vma_at(g, page);
   *first = v->node.key;
   *end = v->end;
}

static void
vma_go(struct gran *g, uint64_t *first, uint64_t *end)
{
   for (uint64_t p = *first; p < *end;) {
      const struct gran_vma *v = gran_vma_at(g, p);
      if (v)
         vma_range(g, p); /* what is mapped needs its notifier */
      p = v ? v->end : p + 1;
   }
}

const struct gran_strategy gran_vma_aligned = {
   .name = "vma",
   .what = "a range and notifier a VMA",
   .finish = vma_finish,
   .serve = vma_serve,
   .vmas_changed = vma_vmas_changed,
   .back = vma_back,
   .go = vma_go,
};

/* --- Chunks of 2 MiB, 64 KiB, 4 KiB under notifiers of 512 MiB (xe) ------ */

/* Any chunk that is met loses all its PTEs; after an unmap all of it is
 * collected, whatever part was unmapped. */
static void
chunk_invalidate(struct kmm_notifier *n, const struct kmm_invalidate *inv)
{
   struct gran *g = container_of(n, struct range, n)->g;
   uint64_t first = gran_page_of(inv->start), end = gran_page_of(inv->end);
   struct range *r = find(g, &g->ranges, first);
   if (!r)
      r = range_of(util_rb_ceil(&g->ranges, first));
   for (; r && r->node.key < end; r = range_of(util_rb_next(&r->node))) {
      gran_clear_ptes(g, r->node.key, r->end);
      r->dead |= inv->event == KMM_EVENT_UNMAP;
   }
}

static const struct kmm_notifier_ops chunk_ops = {chunk_invalidate};

/* Device pages of a chunk that is collected go home. */
static void
chunk_evict(struct gran *g, const struct range *r)
{
   for (uint64_t p = r->node.key; p < r->end; p++) {
      g->c.moved_pg += util_bitset_test(g->vram, p);
      util_bitset_clear(g->vram, p);
   }
}

static void
chunk_collect(struct gran *g)
{
   struct range *r = range_of(util_rb_first(&g->ranges)), *next;
   for (; r; r = next) {
      next = range_of(util_rb_next(&r->node));
      if (!r->dead)
         continue;
      chunk_evict(g, r);
      drop(&g->ranges, r);
   }
}

static struct range *
chunk_notifier(struct gran *g, uint64_t page)
{
   struct range *n = find(g, &g->notifiers, page);
   uint64_t first = BLOCK(page, PAGES_512M);
   return n ? n
            : insert(g, &g->notifiers, first, first + PAGES_512M, &chunk_ops);
}

static bool
overlaps(struct gran *g, uint64_t first, uint64_t end)
{
   g->c.tree_ops++;
   struct range *r = range_of(util_rb_floor(&g->ranges, first));
   if (r && r->end > first)
      return true;
   r = range_of(util_rb_ceil(&g->ranges, first));
   return r && r->node.key < end;
}

static struct range *
chunk_get(struct gran *g, uint64_t page)
{
   static const unsigned sizes[] = {PAGES_2M, 16, 1};
   struct range *r = find(g, &g->ranges, page);
   const struct gran_vma *v = gran_vma_at(g, page);
   for (unsigned i = 0; i < ARRAY_SIZE(sizes) && !r; i++) {
      uint64_t first = BLOCK(page, sizes[i]), end = first + sizes[i];
      if (first >= v->node.key && end <= v->end && !overlaps(g, first, end))
         r = insert(g, &g->ranges, first, end, NULL);
   }
   return r;
}

static void
chunk_serve(struct gran *g, const uint64_t *pages, unsigned n)
{
   for (unsigned i = 0; i < n; i++) {
      chunk_collect(g);
      if (is_mapped(g, pages[i]))
         continue;
      struct range *notifier = chunk_notifier(g, pages[i]);
      struct range *r = chunk_get(g, pages[i]);
      gran_service(g, &notifier->n, r->node.key, r->end, NULL);
   }
}

static void
chunk_finish(struct gran *g)
{
   drop_all(&g->ranges);
   drop_all(&g->notifiers);
}

static void
chunk_back(struct gran *g, uint64_t page, uint64_t *first, uint64_t *end)
{
   struct range *r = find(g, &g->ranges, page);
   *first = r->node.key;
   *end = r->end;
}

/* Whole chunks, or nothing. */
static void
chunk_go(struct gran *g, uint64_t *first, uint64_t *end)
{
   chunk_collect(g);
   for (uint64_t p = *first, last = *end; p < last;) {
      if (!gran_vma_at(g, p)) {
         p++;
         continue;
      }
      chunk_notifier(g, p);
      struct range *r = chunk_get(g, p);
      *first = MIN2(*first, r->node.key);
      *end = MAX2(*end, r->end);
      p = r->end;
   }
}

const struct gran_strategy gran_chunks = {
   .name = "chunk",
   .what = "2 MiB, 64 KiB, 4 KiB under notifiers of 512 MiB (xe)",
   .finish = chunk_finish,
   .serve = chunk_serve,
   .back = chunk_back,
   .go = chunk_go,
};

/* --- Persistent granules of 2 MiB (ours) --------------------------------- */

static struct range *
granule_get(struct gran *g, uint64_t page)
{
   struct range *r = find(g, &g->ranges, page);
   uint64_t first = BLOCK(page, PAGES_2M);
   return r ? r : insert(g, &g->ranges, first, first + PAGES_2M, &exact_ops);
}

/* One read for all that faults in a granule; what is there besides is mapped
 * as well. */
static void
granule_serve(struct gran *g, const uint64_t *pages, unsigned n)
{
   for (unsigned i = 0, k; i < n; i = k) {
      struct range *r = granule_get(g, pages[i]);
      uint64_t wanted[UTIL_BITSET_WORDS(PAGES_2M)] = {0};
      for (k = i; k < n && pages[k] >= r->node.key && pages[k] < r->end; k++) {
         uint64_t first, end;
         widen(g, pages[k], GRAN_WINDOW, &first, &end);
         for (uint64_t p = first; p < end; p++)
            util_bitset_set(wanted, p - r->node.key);
      }
      gran_service(g, &r->n, r->node.key, r->end, wanted);
   }
}

static void
granule_finish(struct gran *g)
{
   drop_all(&g->ranges);
}

/* 64 KiB, and all of the granule when something of it came back before. */
static void
granule_back(struct gran *g, uint64_t page, uint64_t *first, uint64_t *end)
{
   uint64_t block = BLOCK(page, PAGES_2M);
   bool before = false;
   for (uint64_t p = block; p < block + PAGES_2M; p++)
      before |= util_bitset_test(g->present, p) &&
                !util_bitset_test(g->vram, p) && gran_vma_at(g, p) &&
                BLOCK(p, 16) != BLOCK(page, 16);
   widen(g, page, before ? PAGES_2M : 16, first, end);
}

static void
granule_go(struct gran *g, uint64_t *first, uint64_t *end)
{
   for (uint64_t p = BLOCK(*first, PAGES_2M); p < *end; p += PAGES_2M)
      granule_get(g, p);
}

const struct gran_strategy gran_granules = {
   .name = "granule",
   .what = "persistent granules of 2 MiB with a sequence and bits (ours)",
   .finish = granule_finish,
   .serve = granule_serve,
   .back = granule_back,
   .go = granule_go,
};

const struct gran_strategy *const gran_strategies[4] = {
   &gran_page, &gran_vma_aligned, &gran_chunks, &gran_granules};
