/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "granularity.h"

#include <assert.h>
#include <string.h>

#include "kernel/mm/kmm_model.h"
#include "kernel/mm/kmm_priv.h"
#include "util/util_bitset.h"
#include "util/util_svc.h"

/* --- VMAs ---------------------------------------------------------------- */

static struct gran_vma *
vma_of(struct util_rb_node *n)
{
   return n ? container_of(n, struct gran_vma, node) : NULL;
}

struct gran_vma *
gran_vma_at(const struct gran *g, uint64_t page)
{
   struct gran_vma *v = vma_of(util_rb_floor(&g->vmas, page));
   return v && v->end > page ? v : NULL;
}

static void
vma_insert(struct gran *g, uint64_t start, uint64_t end)
{
   struct gran_vma *v = util_svc_alloc(sizeof(*v));
   assert(v);
   v->node.key = start;
   v->end = end;
   util_rb_insert(&g->vmas, &v->node);
}

static void
vma_remove(struct gran *g, struct gran_vma *v)
{
   util_rb_remove(&g->vmas, &v->node);
   util_svc_free(v);
}

static void
cut_vmas(struct gran *g, uint64_t start, uint64_t end)
{
   struct gran_vma *v = gran_vma_at(g, start);
   if (!v)
      v = vma_of(util_rb_ceil(&g->vmas, start));
   while (v && v->node.key < end) {
      uint64_t v_start = v->node.key, v_end = v->end;
      vma_remove(g, v);
      if (v_start < start)
         vma_insert(g, v_start, start);
      if (v_end > end)
         vma_insert(g, end, v_end);
      v = vma_of(util_rb_ceil(&g->vmas, end));
   }
}

/* Anonymous mappings that touch become one, as in Linux. */
static void
map(struct gran *g, uint64_t start, uint64_t end)
{
   struct gran_vma *before = start ? gran_vma_at(g, start - 1) : NULL;
   struct gran_vma *after = gran_vma_at(g, end);
   uint64_t from = before ? before->node.key : start;
   uint64_t to = after ? after->end : end;
   if (before)
      vma_remove(g, before);
   if (after)
      vma_remove(g, after);
   vma_insert(g, from, to);
}

/* --- Device -------------------------------------------------------------- */

void
gran_clear_ptes(struct gran *g, uint64_t first, uint64_t end)
{
   for (uint64_t p = first; p < end; p++)
      util_bitset_clear(g->pte, p);
}

static void
invalidate(struct gran *g, uint64_t first, uint64_t end, enum kmm_event event)
{
   kmm_invalidate_end(kmm_invalidate_begin(g->mm, gran_va(first), gran_va(end),
                                           event, NULL, NULL));
}

static void run_op(struct gran *g, const struct gran_op *op);

void
gran_service(struct gran *g, struct kmm_notifier *n, uint64_t first,
             uint64_t end, const uint64_t *wanted)
{
   uint64_t seq;
   for (;;) {
      int err = kmm_notifier_read_begin(n, &seq);
      assert(!err);
      g->c.hmm_calls++;
      const struct gran_op *op = g->meanwhile;
      g->meanwhile = NULL;
      if (op)
         run_op(g, op);
      if (!kmm_notifier_read_retry(n, seq))
         break;
      g->c.retries++;
   }
   for (uint64_t p = first; p < end; p++) {
      if (!gran_vma_at(g, p))
         continue;
      if (!wanted || util_bitset_test(wanted, p - first))
         util_bitset_set(g->present, p);
      if (!util_bitset_test(g->present, p) || util_bitset_test(g->pte, p))
         continue;
      util_bitset_set(g->pte, p);
      g->c.ptes++;
   }
}

static void
gpu_touch(struct gran *g, const struct gran_op *op)
{
   for (uint64_t i = 0; i < op->n;) {
      uint64_t missing[GRAN_BATCH];
      unsigned n = 0;
      for (unsigned k = 0; k < GRAN_BATCH && i < op->n; k++, i++) {
         uint64_t p = op->first + i * op->stride;
         if (gran_vma_at(g, p) && !util_bitset_test(g->pte, p))
            missing[n++] = p;
      }
      g->c.faults += n;
      if (n)
         g->s->serve(g, missing, n);
      for (unsigned k = 0; k < n; k++)
         assert(util_bitset_test(g->pte, missing[k]));
   }
}

/* --- Moving -------------------------------------------------------------- */

static void
move(struct gran *g, uint64_t first, uint64_t end, bool to_device)
{
   invalidate(g, first, end, KMM_EVENT_MIGRATE);
   for (uint64_t p = first; p < end; p++) {
      if (!gran_vma_at(g, p) || util_bitset_test(g->vram, p) == to_device)
         continue;
      g->c.moved_pg++;
      if (to_device)
         util_bitset_set(g->vram, p);
      else
         util_bitset_clear(g->vram, p);
      util_bitset_set(g->present, p);
   }
   /* What is there is mapped at once. */
   for (uint64_t p = first; p < end && to_device; p++) {
      if (!util_bitset_test(g->vram, p) || util_bitset_test(g->pte, p))
         continue;
      util_bitset_set(g->pte, p);
      g->c.ptes++;
   }
}

static void
cpu_touch(struct gran *g, const struct gran_op *op)
{
   for (uint64_t i = 0; i < op->n; i++) {
      uint64_t p = op->first + i * op->stride, first = p, end = p + 1;
      if (!gran_vma_at(g, p))
         continue;
      util_bitset_set(g->present, p);
      if (!util_bitset_test(g->vram, p))
         continue;
      g->c.cpu_faults++;
      g->s->back(g, p, &first, &end);
      move(g, first, end, false);
   }
}

static void
discard(struct gran *g, uint64_t first, uint64_t end)
{
   for (uint64_t p = first; p < end; p++) {
      util_bitset_clear(g->present, p);
      util_bitset_clear(g->vram, p);
   }
}

static void
changed(struct gran *g, uint64_t first, uint64_t end)
{
   if (g->s->vmas_changed)
      g->s->vmas_changed(g, first, end);
}

static void
run_op(struct gran *g, const struct gran_op *op)
{
   uint64_t first = op->first, end = op->first + op->n;
   switch (op->kind) {
   case GRAN_MAP:
      map(g, first, end);
      changed(g, first, end);
      break;
   case GRAN_UNMAP:
      invalidate(g, first, end, KMM_EVENT_UNMAP);
      discard(g, first, end);
      cut_vmas(g, first, end);
      changed(g, first, end);
      break;
   case GRAN_DISCARD:
      invalidate(g, first, end, KMM_EVENT_CLEAR);
      discard(g, first, end);
      break;
   case GRAN_CPU:
      cpu_touch(g, op);
      break;
   case GRAN_GPU:
      gpu_touch(g, op);
      break;
   case GRAN_MIGRATE:
      g->s->go(g, &first, &end);
      move(g, first, end, true);
      break;
   case GRAN_MEANWHILE:
      break;
   }
}

/* Nothing was served, so it could not happen meanwhile. */
static void
run_late(struct gran *g)
{
   const struct gran_op *op = g->meanwhile;
   g->meanwhile = NULL;
   if (op)
      run_op(g, op);
}

/* --- Runs ---------------------------------------------------------------- */

struct run {
   const struct gran_strategy *s;
   const struct gran_trace *t;
   struct gran_counts *out;
};

static uint64_t *
new_bits(void)
{
   uint64_t *bits = util_svc_alloc(UTIL_BITSET_WORDS(GRAN_PAGES) * 8);
   assert(bits);
   return bits;
}

static void
run(void *data)
{
   struct run *r = data;
   struct kmm_model *model;
   int err = kmm_model_create(GRAN_BASE, 1, 0, &model);
   struct gran *g = util_svc_alloc(sizeof(*g));
   assert(!err && g);
   g->s = r->s;
   const struct kmm_config config = {.model = kmm_model_host(model)};
   err = kmm_mm_create(&config, &g->mm);
   assert(!err);
   g->pte = new_bits();
   g->vram = new_bits();
   g->present = new_bits();
   if (g->s->start)
      g->s->start(g);
   for (unsigned i = 0; i < r->t->count; i++) {
      if (r->t->ops[i].kind == GRAN_MEANWHILE)
         g->meanwhile = &r->t->ops[++i];
      else
         run_op(g, &r->t->ops[i]);
      if (r->t->ops[i].kind == GRAN_GPU)
         run_late(g);
   }
   *r->out = g->c;
   g->s->finish(g);
   struct util_rb_node *n;
   while ((n = util_rb_first(&g->vmas)))
      vma_remove(g, vma_of(n));
   util_svc_free(g->pte);
   util_svc_free(g->vram);
   util_svc_free(g->present);
   kmm_mm_destroy(g->mm);
   util_svc_free(g);
}

void
gran_run(const struct gran_strategy *s, const struct gran_trace *t,
         struct gran_counts *out)
{
   struct run r = {s, t, out};
   util_svc_call(run, &r);
}
