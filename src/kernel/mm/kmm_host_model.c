/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <errno.h>
#include <stdlib.h>

#include "kernel/mm/kmm_model.h"
#include "kernel/mm/kmm_priv.h"

struct model_page {
   bool mapped, watched, pinned;
   uint32_t flags;
   uint32_t *data; /* NULL: not populated */
};

struct kmm_model {
   struct kmm_host host;
   uint64_t base;
   unsigned num_pages;
   unsigned seed;
   struct model_page pages[];
};

static struct kmm_model *
model_of(struct kmm_host *h)
{
   return container_of(h, struct kmm_model, host);
}

static struct model_page *
page_at(struct kmm_model *m, uint64_t va)
{
   uint64_t i = (va - m->base) >> KMM_PAGE_SHIFT;
   assert(va >= m->base && i < m->num_pages);
   return &m->pages[i];
}

static bool
is_not_now(struct kmm_model *m)
{
   return m->seed && rand_r(&m->seed) % 5 == 0;
}

static uint32_t *
new_data(void)
{
   uint32_t *d = util_svc_alloc(KMM_PAGE_SIZE);
   assert(d);
   return d;
}

static void
drop_data(struct model_page *p)
{
   util_svc_free(p->data);
   p->data = NULL;
}

/* ---- what kmm asks ---- */

static int
start(struct kmm_host *h, struct kmm_mm *mm)
{
   return 0;
}

static void
stop(struct kmm_host *h)
{
}

static void
destroy(struct kmm_host *h)
{
   struct kmm_model *m = model_of(h);
   for (unsigned i = 0; i < m->num_pages; i++)
      drop_data(&m->pages[i]);
   util_svc_free(m);
}

static bool
is_same_mapping(const struct model_page *a, const struct model_page *b)
{
   return a->mapped && b->mapped && a->flags == b->flags;
}

static int
vma_find(struct kmm_host *h, uint64_t cpu_va, struct kmm_vma *vma_out)
{
   struct kmm_model *m = model_of(h);
   uint64_t i = cpu_va < m->base ? 0 : (cpu_va - m->base) >> KMM_PAGE_SHIFT;
   while (i < m->num_pages && !m->pages[i].mapped)
      i++;
   if (i >= m->num_pages)
      return -ENOENT;
   uint64_t first = i, end = i + 1;
   while (first > 0 && is_same_mapping(&m->pages[first - 1], &m->pages[i]))
      first--;
   while (end < m->num_pages && is_same_mapping(&m->pages[end], &m->pages[i]))
      end++;
   vma_out->start = m->base + first * KMM_PAGE_SIZE;
   vma_out->end = m->base + end * KMM_PAGE_SIZE;
   vma_out->flags = m->pages[i].flags;
   if (!(vma_out->flags & KMM_VMA_SHARED))
      vma_out->flags |= KMM_VMA_ANON;
   return 0;
}

/* The host's page fault. */
static int
fault_in(struct kmm_model *m, uint64_t va)
{
   struct kmm_mm *mm = m->host.mm;
   struct model_page *p = page_at(m, va);
   if (p->data)
      return 0;
   if (!p->watched) {
      p->data = new_data();
      return 0;
   }
   kmm_lock(mm);
   enum kmm_touch touch = kmm_touch_missing(mm, va);
   kmm_unlock(mm);
   if (touch == KMM_TOUCH_FILL) {
      p->data = new_data();
      return 0;
   }
   while (kmm_service_step(mm))
      ;
   return p->data ? 0 : -EAGAIN;
}

static int
populate(struct kmm_host *h, uint64_t start_va, uint64_t end_va, bool write)
{
   struct kmm_model *m = model_of(h);
   int err = 0;
   for (uint64_t va = start_va; va < end_va && !err; va += KMM_PAGE_SIZE) {
      struct model_page *p = page_at(m, va);
      uint32_t need = write ? KMM_VMA_WRITE : KMM_VMA_READ | KMM_VMA_WRITE;
      err = p->mapped && p->flags & need ? fault_in(m, va) : -EFAULT;
   }
   return err;
}

static void
present(struct kmm_host *h, uint64_t start_va, unsigned n, uint64_t *bits_out)
{
   memset(bits_out, 0, UTIL_BITSET_WORDS(n) * 8);
   for (unsigned i = 0; i < n; i++)
      if (page_at(model_of(h), start_va + i * KMM_PAGE_SIZE)->data)
         util_bitset_set(bits_out, i);
}

static int
watch(struct kmm_host *h, uint64_t start_va, uint64_t end_va, uint64_t *end_out)
{
   *end_out = end_va;
   for (uint64_t va = start_va; va < end_va; va += KMM_PAGE_SIZE)
      page_at(model_of(h), va)->watched = true;
   return 0;
}

static void
unwatch(struct kmm_host *h, uint64_t start_va, uint64_t end_va)
{
   for (uint64_t va = start_va; va < end_va; va += KMM_PAGE_SIZE)
      page_at(model_of(h), va)->watched = false;
}

static void
wake(struct kmm_host *h, uint64_t start_va, uint64_t end_va)
{
}

static void
fill(struct kmm_host *h, uint64_t cpu_va)
{
   page_at(model_of(h), cpu_va)->data = new_data();
}

static void
poison(struct kmm_host *h, uint64_t cpu_va)
{
   struct model_page *p = page_at(model_of(h), cpu_va);
   p->flags = 0;
}

static int
slot_get(struct kmm_host *h, enum kmm_direction direction)
{
   return 0;
}

static void
slot_put(struct kmm_host *h, int slot, uint64_t start, uint64_t end)
{
}

/* Limbo is the page's own memory, taken out of the address space: bus_va points
 * to it, and whoever ends the migration frees it. */
static int
isolate(struct kmm_host *h, int slot, uint64_t cpu_va, unsigned n,
        struct kmm_migrate_page *mig)
{
   struct kmm_model *m = model_of(h);
   struct model_page *p = page_at(m, cpu_va);
   if (is_not_now(m))
      return -EAGAIN;
   if (p->pinned) {
      mig->busy = true;
      return 1;
   }
   mig->busy = false;
   mig->isolated = true;
   if (p->data)
      mig->bus_va = (uintptr_t)p->data;
   else
      mig->flags |= KMM_MIGRATE_HOLE;
   p->data = NULL;
   return 1;
}

static int
restore(struct kmm_host *h, int slot, struct kmm_migrate_page *mig)
{
   struct kmm_model *m = model_of(h);
   if (is_not_now(m))
      return -EAGAIN;
   struct model_page *p = page_at(m, mig->cpu_va);
   assert(!p->data && p->mapped);
   p->data = (uint32_t *)mig->bus_va;
   mig->bus_va = 0;
   return 0;
}

static void
stage(struct kmm_host *h, int slot, uint64_t cpu_va,
      struct kmm_migrate_page *mig)
{
   mig->bus_va = (uintptr_t)new_data();
}

static int
place(struct kmm_host *h, int slot, unsigned n, struct kmm_migrate_page *mig)
{
   return restore(h, slot, mig) ? -EAGAIN : 1;
}

/* Memory of isolated or staged pages that did not get a place. */
static void
release(struct kmm_host *h, struct kmm_migrate_page *mig)
{
   util_svc_free((void *)mig->bus_va);
   mig->bus_va = 0;
}

static const struct kmm_host_ops ops = {
   .kind = KMM_HOST_MODEL,
   .start = start,
   .stop = stop,
   .destroy = destroy,
   .vma_find = vma_find,
   .populate = populate,
   .present = present,
   .watch = watch,
   .unwatch = unwatch,
   .wake = wake,
   .fill = fill,
   .poison = poison,
   .slot_get = slot_get,
   .slot_put = slot_put,
   .isolate = isolate,
   .restore = restore,
   .stage = stage,
   .place = place,
   .release = release,
};

int
kmm_model_create(uint64_t base, unsigned pages, unsigned seed,
                 struct kmm_model **model_out)
{
   struct kmm_model *m =
      util_svc_alloc(sizeof(*m) + pages * sizeof(m->pages[0]));
   if (!m)
      return -ENOMEM;
   m->host.ops = &ops;
   m->base = base;
   m->num_pages = pages;
   m->seed = seed;
   *model_out = m;
   return 0;
}

struct kmm_host *
kmm_model_host(struct kmm_model *m)
{
   return &m->host;
}

/* ---- what the program does ---- */

static void
tell_discard(struct kmm_model *m, uint64_t va, unsigned n, enum kmm_event event)
{
   struct kmm_mm *mm = m->host.mm;
   if (!mm)
      return;
   kmm_lock(mm);
   kmm_pages_discard(mm, va, va + n * KMM_PAGE_SIZE, event);
   kmm_unlock(mm);
}

void
kmm_model_unmap(struct kmm_model *m, uint64_t va, unsigned n)
{
   for (unsigned i = 0; i < n; i++) {
      struct model_page *p = page_at(m, va + i * KMM_PAGE_SIZE);
      drop_data(p);
      *p = (struct model_page){0};
   }
   tell_discard(m, va, n, KMM_EVENT_UNMAP);
}

void
kmm_model_map(struct kmm_model *m, uint64_t va, unsigned n, uint32_t flags)
{
   kmm_model_unmap(m, va, n);
   for (unsigned i = 0; i < n; i++) {
      struct model_page *p = page_at(m, va + i * KMM_PAGE_SIZE);
      p->mapped = true;
      p->flags = flags;
   }
}

void
kmm_model_protect(struct kmm_model *m, uint64_t va, unsigned n, uint32_t flags)
{
   for (unsigned i = 0; i < n; i++) {
      struct model_page *p = page_at(m, va + i * KMM_PAGE_SIZE);
      if (p->mapped)
         p->flags = flags | (p->flags & KMM_VMA_SHARED);
   }
}

void
kmm_model_clear_tell(struct kmm_model *m, uint64_t va, unsigned n)
{
   tell_discard(m, va, n, KMM_EVENT_CLEAR);
}

void
kmm_model_clear_do(struct kmm_model *m, uint64_t va, unsigned n)
{
   for (unsigned i = 0; i < n; i++)
      drop_data(page_at(m, va + i * KMM_PAGE_SIZE));
}

void
kmm_model_clear(struct kmm_model *m, uint64_t va, unsigned n)
{
   kmm_model_clear_tell(m, va, n);
   kmm_model_clear_do(m, va, n);
}

void
kmm_model_remap(struct kmm_model *m, uint64_t from, uint64_t to, unsigned n)
{
   struct kmm_mm *mm = m->host.mm;
   kmm_model_unmap(m, to, n);
   for (unsigned i = 0; i < n; i++) {
      struct model_page *p = page_at(m, from + i * KMM_PAGE_SIZE);
      *page_at(m, to + i * KMM_PAGE_SIZE) = *p;
      *p = (struct model_page){0};
   }
   kmm_lock(mm);
   kmm_pages_remap(mm, from, to, n * KMM_PAGE_SIZE);
   kmm_unlock(mm);
}

void
kmm_model_pin(struct kmm_model *m, uint64_t va, bool pinned)
{
   page_at(m, va)->pinned = pinned;
}

static int
check_access(const struct model_page *p, bool write)
{
   uint32_t need = write ? KMM_VMA_WRITE : KMM_VMA_READ | KMM_VMA_WRITE;
   return p->mapped && p->flags & need ? 0 : -EFAULT;
}

static int
access_word(struct kmm_model *m, uint64_t va, bool write, uint32_t *value)
{
   struct model_page *p = page_at(m, va);
   int err = check_access(p, write);
   if (!err)
      err = fault_in(m, va);
   if (err)
      return err;
   uint32_t *word = &p->data[(va & (KMM_PAGE_SIZE - 1)) / 4];
   if (write)
      *word = *value;
   else
      *value = *word;
   return 0;
}

int
kmm_model_cpu(struct kmm_model *m, uint64_t va, bool write, uint32_t *value)
{
   return access_word(m, va, write, value);
}

int
kmm_model_bus(struct kmm_model *m, uint64_t va, bool write, uint32_t *value)
{
   struct model_page *p = page_at(m, va);
   struct kmm_page *record = kmm_page_find(m->host.mm, va);
   assert(!record && "the device reached for a page that is away");
   int err = check_access(p, write);
   return err ? err : access_word(m, va, write, value);
}
