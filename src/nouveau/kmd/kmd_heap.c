/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_heap.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "kernel/drm/kdrm_alloc.h"

static void
list_add(struct kmd_heap *h, uint32_t page, unsigned order)
{
   struct kmd_heap_page *p = &h->pages[page];
   *p = (struct kmd_heap_page){.next = h->free_head[order],
                               .order = order,
                               .free = true};
   if (p->next)
      h->pages[p->next - 1].prev = page + 1;
   h->free_head[order] = page + 1;
}

static void
list_del(struct kmd_heap *h, uint32_t page)
{
   struct kmd_heap_page *p = &h->pages[page];
   assert(p->free);
   if (p->prev)
      h->pages[p->prev - 1].next = p->next;
   else
      h->free_head[p->order] = p->next;
   if (p->next)
      h->pages[p->next - 1].prev = p->prev;
   p->free = false;
}

int
kmd_heap_init(struct kmd_heap *h, int fd, void *cpu, uint64_t size_B,
              uint64_t reserve_B)
{
   assert(util_is_aligned(size_B, KMD_PAGE_B));
   memset(h, 0, sizeof(*h));
   h->fd = fd;
   h->cpu = cpu;
   h->size_B = size_B;
   h->reserve_B = reserve_B;
   h->npages = size_B >> KMD_PAGE_SHIFT;
   h->pages = util_svc_map((size_t)h->npages * sizeof(*h->pages));
   if (!h->pages)
      return -ENOMEM;
   pthread_mutex_init(&h->lock, NULL);
   uint32_t page = 0;
   while (page < h->npages) {
      unsigned order = KMD_HEAP_ORDERS - 1;
      while (page & ((1u << order) - 1) || page + (1u << order) > h->npages)
         order--;
      list_add(h, page, order);
      page += 1u << order;
   }
   return 0;
}

void
kmd_heap_finish(struct kmd_heap *h)
{
   assert(h->used_B == 0 && "physical memory leaked");
   util_svc_unmap(h->pages, (size_t)h->npages * sizeof(*h->pages));
   pthread_mutex_destroy(&h->lock);
}

/* The smallest block that fits, the upper halves going back. */
static int
take_locked(struct kmd_heap *h, unsigned order, uint32_t *page_out)
{
   unsigned have = order;
   while (have < KMD_HEAP_ORDERS && !h->free_head[have])
      have++;
   if (have == KMD_HEAP_ORDERS)
      return -ENOMEM;
   uint32_t page = h->free_head[have] - 1;
   list_del(h, page);
   while (have > order) {
      have--;
      list_add(h, page + (1u << have), have);
   }
   h->pages[page].order = order;
   *page_out = page;
   return 0;
}

int
kmd_heap_alloc_block(struct kmd_heap *h, unsigned order, unsigned flags,
                     uint64_t *off_out)
{
   uint64_t size_B = KMD_PAGE_B << order;
   uint64_t keep_B = flags & KMD_HEAP_KERNEL ? 0 : h->reserve_B;
   uint32_t page = 0;
   pthread_mutex_lock(&h->lock);
   int ret = -ENOMEM;
   bool refused = util_svc_must_fail();
   if (!refused && h->used_B + size_B + keep_B <= h->size_B)
      ret = take_locked(h, order, &page);
   if (!ret)
      h->used_B += size_B;
   pthread_mutex_unlock(&h->lock);
   if (!ret)
      *off_out = (uint64_t)page << KMD_PAGE_SHIFT;
   return ret;
}

static void
give_back_locked(struct kmd_heap *h, uint32_t page, unsigned order)
{
   assert(!h->pages[page].free && h->pages[page].order == order);
   while (order < KMD_HEAP_ORDERS - 1) {
      uint32_t buddy = page ^ (1u << order);
      if (buddy + (1u << order) > h->npages || !h->pages[buddy].free ||
          h->pages[buddy].order != order)
         break;
      list_del(h, buddy);
      page = MIN2(page, buddy);
      order++;
   }
   list_add(h, page, order);
}

/* Large pieces go back to the host, which hands out zeros next time. */
static void
wipe(struct kmd_heap *h, uint64_t off, uint64_t size_B)
{
   if (size_B >= KMD_PAGE_64K_B &&
       fallocate(h->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off,
                 size_B) == 0)
      return;
   memset(h->cpu + off, 0, size_B);
}

void
kmd_heap_free_block(struct kmd_heap *h, uint64_t off, unsigned order)
{
   uint64_t size_B = KMD_PAGE_B << order;
   wipe(h, off, size_B);
   pthread_mutex_lock(&h->lock);
   give_back_locked(h, off >> KMD_PAGE_SHIFT, order);
   h->used_B -= size_B;
   pthread_mutex_unlock(&h->lock);
}

static unsigned
order_of(uint64_t size_B)
{
   return __builtin_ctzll(size_B) - KMD_PAGE_SHIFT;
}

static unsigned
order_below(uint64_t size_B)
{
   unsigned order = 63 - __builtin_clzll(size_B) - KMD_PAGE_SHIFT;
   return MIN2(order, KMD_HEAP_ORDERS - 1);
}

int
kmd_heap_alloc(struct kmd_heap *h, uint64_t size_B, unsigned flags,
               struct kmd_extent **extents_out, unsigned *count_out)
{
   assert(size_B && util_is_aligned(size_B, KMD_PAGE_B));
   struct kmd_extent *extents = NULL;
   unsigned count = 0, order = KMD_HEAP_ORDERS - 1;
   int ret = 0;
   while (size_B) {
      struct kmd_extent *more = NULL;
      uint64_t off;
      if (!util_svc_must_fail())
         more = util_svc_realloc(extents, (count + 1) * sizeof(*extents));
      if (!more) {
         ret = -ENOMEM;
         goto fail;
      }
      extents = more;
      order = MIN2(order, order_below(size_B));
      while ((ret = kmd_heap_alloc_block(h, order, flags, &off))) {
         if (order-- == 0)
            goto fail;
      }
      extents[count++] = (struct kmd_extent){off, KMD_PAGE_B << order};
      size_B -= KMD_PAGE_B << order;
   }
   *extents_out = extents;
   *count_out = count;
   return 0;

fail:
   kmd_heap_free(h, extents, count);
   return ret;
}

void
kmd_heap_free(struct kmd_heap *h, struct kmd_extent *extents, unsigned count)
{
   for (unsigned i = 0; i < count; i++)
      kmd_heap_free_block(h, extents[i].off, order_of(extents[i].size_B));
   util_svc_free(extents);
}

uint64_t
kmd_heap_used_B(struct kmd_heap *h)
{
   pthread_mutex_lock(&h->lock);
   uint64_t used_B = h->used_B;
   pthread_mutex_unlock(&h->lock);
   return used_B;
}
