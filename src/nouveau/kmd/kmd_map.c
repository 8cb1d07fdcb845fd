/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Mappings of buffer objects into the process. Each holds its object, as a VMA
 * does, until kmd_munmap takes the range away or another mapping covers it. */
#include "kmd_map.h"

#include <errno.h>
#include <sys/mman.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_gem.h"

struct mapping {
   struct util_rb_node node; /* key: address */
   uint64_t end;
   struct kdrm_gem_object *obj; /* referenced */
};

static inline struct mapping *
mapping_of(struct util_rb_node *n)
{
   return n ? container_of(n, struct mapping, node) : NULL;
}

static struct mapping *
mapping_create(uint64_t start, uint64_t end, struct kdrm_gem_object *obj)
{
   struct mapping *m = kdrm_zalloc(sizeof(*m));
   if (!m)
      return NULL;
   m->node.key = start;
   m->end = end;
   m->obj = obj;
   kdrm_gem_get(obj);
   return m;
}

/* The lowest that touches [start, end). */
static struct mapping *
find_locked(struct kmd *kmd, uint64_t start, uint64_t end)
{
   struct mapping *m = mapping_of(util_rb_floor(&kmd->maps, start));
   if (m && m->end > start)
      return m;
   m = mapping_of(util_rb_ceil(&kmd->maps, start));
   return m && m->node.key < end ? m : NULL;
}

/* Cuts [start, end) out of all mappings; what is left of one stays. Objects to
 * drop are chained through `gone` by the mappings' own nodes. */
static void
forget_locked(struct kmd *kmd, uint64_t start, uint64_t end,
              struct util_rb *gone)
{
   struct mapping *m;
   while ((m = find_locked(kmd, start, end))) {
      struct mapping *tail =
         m->end > end ? mapping_create(end, m->end, m->obj) : NULL;
      if (tail)
         util_rb_insert(&kmd->maps, &tail->node);
      if (m->node.key < start) {
         m->end = start;
      } else {
         util_rb_remove(&kmd->maps, &m->node);
         util_rb_insert(gone, &m->node);
      }
   }
}

static void
drop(struct util_rb *gone)
{
   struct util_rb_node *n;
   while ((n = util_rb_first(gone))) {
      struct mapping *m = mapping_of(n);
      util_rb_remove(gone, n);
      kdrm_gem_put(m->obj);
      kdrm_free(m);
   }
}

static void
forget(struct kmd *kmd, uint64_t start, uint64_t end)
{
   struct util_rb gone = {0};
   pthread_mutex_lock(&kmd->maps_lock);
   forget_locked(kmd, start, end, &gone);
   pthread_mutex_unlock(&kmd->maps_lock);
   drop(&gone);
}

void *
kmd_map_create(struct kmd *kmd, struct kdrm_file *file, void *addr,
               size_t length, int prot, int flags, off_t offset)
{
   struct kdrm_gem_object *obj;
   void *at = kdrm_gem_mmap(file, addr, length, prot, flags, offset, &obj);
   if (at == MAP_FAILED)
      return MAP_FAILED;
   uint64_t start = (uintptr_t)at, end = start + util_align(length, KMD_PAGE_B);
   struct mapping *m = mapping_create(start, end, obj);
   kdrm_gem_put(obj);
   if (!m) {
      munmap(at, length);
      errno = ENOMEM;
      return MAP_FAILED;
   }
   forget(kmd, start, end); /* what MAP_FIXED replaced */
   pthread_mutex_lock(&kmd->maps_lock);
   util_rb_insert(&kmd->maps, &m->node);
   pthread_mutex_unlock(&kmd->maps_lock);
   return at;
}

int
kmd_map_destroy(struct kmd *kmd, void *addr, size_t length)
{
   if (munmap(addr, length))
      return -errno;
   kmd_map_forget(kmd, addr, length);
   return 0;
}

void
kmd_map_forget(struct kmd *kmd, void *addr, size_t length)
{
   uint64_t start = (uintptr_t)addr;
   forget(kmd, start, start + util_align(length, KMD_PAGE_B));
}

void
kmd_map_release(struct kmd *kmd)
{
   forget(kmd, 0, UINT64_MAX);
}
