/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Memory of the service: one region of address space. Extents of 64 KiB units
 * are handed out first fit; small blocks come from slabs of one unit, large
 * ones have a header in front. Everything below is guarded by one mutex, a
 * leaf. The state is static because there is one address space. */
#include "util/util_svc.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "util/util_list.h"
#include "util/util_sanitize.h"

/* AddressSanitizer does not know this allocator: it is told what is whose.
 * Blocks then have some bytes behind them that are nobody's. */
#if UTIL_HAS_ASAN
#include <sanitizer/asan_interface.h>
#define poison(p, size_B)   __asan_poison_memory_region(p, size_B)
#define unpoison(p, size_B) __asan_unpoison_memory_region(p, size_B)
#define FENCE_B             16u
#else
#define poison(p, size_B)   ((void)(p), (void)(size_B))
#define unpoison(p, size_B) ((void)(p), (void)(size_B))
#define FENCE_B             0u
#endif

#define UNIT        (64ull << 10)
#define REGION_SIZE (256ull << 30) /* the VRAM of eight cards and more */
#define REGION_MIN  (1ull << 30)
#define HUGE        (2ull << 20)
#define PAGE        4096ull
#define MAGIC       0x70617274u

struct extent {
   struct util_list link; /* free extents by address, or unused records */
   uint64_t start, end;
};

/* At the start of a slab's unit, or of a large block. */
struct header {
   uint32_t magic;
   uint32_t cls;    /* index into class_B, or LARGE */
   uint64_t size_B; /* LARGE: of the whole extent */
   struct util_list link;
   void *free;
   uint32_t used, total;
};
#define LARGE       UINT32_MAX
#define HEADER_SIZE util_align(sizeof(struct header), 16)

static const uint32_t class_B[] = {
   16,   32,   48,   64,   96,   128,  192,  256,   384,   512,   768,
   1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 21824, 32704,
};
#define NUM_CLASSES ARRAY_SIZE(class_B)

static struct {
   pthread_mutex_t lock;
   uint64_t start, end;
   uint64_t records; /* units from here to the end hold extent records */
   struct util_list free_extents, unused_records;
   struct util_list partial[NUM_CLASSES];
   unsigned num_blocks;
   /* Tests; without the lock. */
   unsigned fail_every, asked, num_failed;
   int fail_once; /* requests until it */
} svc = {.lock = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- region ---- */

static void
lock_for_fork(void)
{
   pthread_mutex_lock(&svc.lock);
}

static void
unlock_after_fork(void)
{
   pthread_mutex_unlock(&svc.lock);
}

/* 32 extent records at a time: the unit comes off the end, so that it needs no
 * record itself. */
static void
refill_records(void)
{
   if (svc.end - svc.start < 2 * UNIT)
      return;
   struct extent *last =
      util_list_is_empty(&svc.free_extents)
         ? NULL
         : util_list_last(&svc.free_extents, struct extent, link);
   if (last && (last->end != svc.records || last->end - last->start < 2 * UNIT))
      return;
   uint64_t unit = svc.records - UNIT;
   if (mprotect((void *)unit, UNIT, PROT_READ | PROT_WRITE))
      return;
   svc.records = unit;
   if (last)
      last->end = unit;
   struct extent *e = (struct extent *)unit;
   for (unsigned i = 0; i < UNIT / sizeof(*e); i++)
      util_list_add_tail(&e[i].link, &svc.unused_records);
}

static struct extent *
new_record(void)
{
   if (util_list_is_empty(&svc.unused_records))
      refill_records();
   if (util_list_is_empty(&svc.unused_records))
      return NULL;
   struct extent *e = util_list_first(&svc.unused_records, struct extent, link);
   util_list_del(&e->link);
   return e;
}

static void
init_once(void)
{
   util_list_init(&svc.free_extents);
   util_list_init(&svc.unused_records);
   for (unsigned i = 0; i < NUM_CLASSES; i++)
      util_list_init(&svc.partial[i]);
   for (uint64_t size = REGION_SIZE; size >= REGION_MIN; size /= 2) {
      void *p = mmap(NULL, size + HUGE, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (p == MAP_FAILED)
         continue;
      svc.start = util_align((uintptr_t)p, HUGE);
      svc.end = svc.records = svc.start + size;
      break;
   }
   struct extent *all = svc.start ? new_record() : NULL;
   if (all) {
      all->start = svc.start;
      all->end = svc.records;
      util_list_add(&all->link, &svc.free_extents);
   }
   pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
}

/* First fit. Keeps one record in hand for the split before it changes anything.
 */
static uint64_t
take_extent_locked(uint64_t size, uint64_t align)
{
   util_list_for_each(struct extent, e, &svc.free_extents, link) {
      uint64_t at = util_align(e->start, align);
      if (at + size > e->end)
         continue;
      if (at > e->start && at + size < e->end) {
         struct extent *tail = new_record();
         if (!tail)
            return 0;
         if (at + size > e->end) { /* the record came off this extent's end */
            util_list_add(&tail->link, &svc.unused_records);
            continue;
         }
         tail->start = at + size;
         tail->end = e->end;
         e->end = at;
         util_list_add(&tail->link, &e->link);
      } else if (at > e->start) {
         e->end = at;
      } else {
         e->start = at + size;
      }
      if (e->start == e->end) {
         util_list_del(&e->link);
         util_list_add(&e->link, &svc.unused_records);
      }
      return at;
   }
   return 0;
}

static void
give_extent_locked(uint64_t start, uint64_t size)
{
   struct util_list *pos = &svc.free_extents;
   util_list_for_each(struct extent, e, &svc.free_extents, link) {
      if (e->start > start) {
         pos = &e->link;
         break;
      }
   }
   struct extent *next =
      pos == &svc.free_extents ? NULL : container_of(pos, struct extent, link);
   struct extent *prev = pos->prev == &svc.free_extents
                            ? NULL
                            : container_of(pos->prev, struct extent, link);
   assert(!prev || prev->end <= start);
   bool join_prev = prev && prev->end == start;
   bool join_next = next && next->start == start + size;
   if (join_prev && join_next) {
      prev->end = next->end;
      util_list_del(&next->link);
      util_list_add(&next->link, &svc.unused_records);
   } else if (join_prev) {
      prev->end += size;
   } else if (join_next) {
      next->start = start;
   } else {
      struct extent *e = new_record();
      if (!e)
         return; /* address space leaks, memory does not */
      e->start = start;
      e->end = start + size;
      util_list_add_before(&e->link, pos);
   }
}

static void *
map_locked(uint64_t size, bool accessible)
{
   size = util_align(size, UNIT);
   uint64_t at = take_extent_locked(size, size >= HUGE ? HUGE : UNIT);
   if (!at)
      return NULL;
   if (accessible && mprotect((void *)at, size, PROT_READ | PROT_WRITE)) {
      give_extent_locked(at, size);
      return NULL;
   }
   return (void *)at;
}

static void
unmap_locked(void *p, uint64_t size)
{
   size = util_align(size, UNIT);
   void *q =
      mmap(p, size, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
   assert(q == p && "service region: replacing a mapping failed");
   unpoison(p, size);
   give_extent_locked((uintptr_t)p, size);
}

static void *
map(size_t size_B, bool accessible)
{
   if (!size_B || size_B > REGION_SIZE)
      return NULL;
   pthread_once(&once, init_once);
   pthread_mutex_lock(&svc.lock);
   void *p = svc.start ? map_locked(size_B, accessible) : NULL;
   pthread_mutex_unlock(&svc.lock);
   return p;
}

void *
util_svc_map(size_t size_B)
{
   return map(size_B, true);
}

void *
util_svc_reserve(size_t size_B)
{
   return map(size_B, false);
}

void
util_svc_unmap(void *p, size_t size_B)
{
   if (!p)
      return;
   pthread_mutex_lock(&svc.lock);
   unmap_locked(p, size_B);
   pthread_mutex_unlock(&svc.lock);
}

bool
util_svc_contains(const void *addr, size_t size_B)
{
   uint64_t a = (uintptr_t)addr;
   return svc.start && a < svc.end && a + size_B > svc.start;
}

void
util_svc_region(uint64_t *start_out, uint64_t *end_out)
{
   *start_out = svc.start;
   *end_out = svc.end;
}

/* ---- heap ---- */

static unsigned
class_of(size_t size_B)
{
   for (unsigned i = 0; i < NUM_CLASSES; i++)
      if (size_B <= class_B[i])
         return i;
   return LARGE;
}

static struct header *
header_of(const void *p)
{
   struct header *h = (struct header *)util_align_down((uintptr_t)p, UNIT);
   assert(util_svc_contains(p, 1) && "not service memory");
   assert(h->magic == MAGIC && "not a block of util_svc_alloc, or overwritten");
   return h;
}

static size_t
usable_B(const void *p)
{
   const struct header *h = header_of(p);
   return h->cls == LARGE ? h->size_B - HEADER_SIZE : class_B[h->cls];
}

static struct header *
new_slab_locked(unsigned cls)
{
   struct header *h = map_locked(UNIT, true);
   if (!h)
      return NULL;
   h->magic = MAGIC;
   h->cls = cls;
   h->total = (UNIT - HEADER_SIZE) / class_B[cls];
   for (unsigned i = h->total; i-- > 0;) {
      void **block = (void *)((char *)h + HEADER_SIZE + i * class_B[cls]);
      *block = h->free;
      h->free = block;
   }
   poison((char *)h + HEADER_SIZE, UNIT - HEADER_SIZE);
   util_list_add(&h->link, &svc.partial[cls]);
   return h;
}

static void *
alloc_small_locked(unsigned cls)
{
   struct header *h =
      util_list_is_empty(&svc.partial[cls])
         ? new_slab_locked(cls)
         : util_list_first(&svc.partial[cls], struct header, link);
   if (!h)
      return NULL;
   void *p = h->free;
   unpoison(p, class_B[cls]);
   h->free = *(void **)p;
   if (++h->used == h->total)
      util_list_del(&h->link);
   return p;
}

static void *
alloc_large_locked(size_t size_B)
{
   struct header *h = map_locked(HEADER_SIZE + size_B, true);
   if (!h)
      return NULL;
   h->magic = MAGIC;
   h->cls = LARGE;
   h->size_B = HEADER_SIZE + size_B;
   return (char *)h + HEADER_SIZE;
}

static void *
alloc(size_t size_B)
{
   if (!size_B || size_B > REGION_SIZE)
      return NULL;
   pthread_once(&once, init_once);
   unsigned cls = class_of(size_B + FENCE_B);
   pthread_mutex_lock(&svc.lock);
   void *p = NULL;
   if (svc.start)
      p = cls == LARGE ? alloc_large_locked(size_B + FENCE_B)
                       : alloc_small_locked(cls);
   svc.num_blocks += p != NULL;
   pthread_mutex_unlock(&svc.lock);
   if (p && cls != LARGE)
      memset(p, 0, size_B);
   if (p)
      poison((char *)p + size_B, usable_B(p) - size_B);
   return p;
}

bool
util_svc_must_fail(void)
{
   unsigned n = __atomic_load_n(&svc.fail_every, __ATOMIC_RELAXED);
   bool fail =
      n && __atomic_add_fetch(&svc.asked, 1, __ATOMIC_RELAXED) % n == 0;
   if (__atomic_load_n(&svc.fail_once, __ATOMIC_RELAXED) > 0)
      fail |= __atomic_fetch_sub(&svc.fail_once, 1, __ATOMIC_RELAXED) == 1;
   if (fail)
      __atomic_add_fetch(&svc.num_failed, 1, __ATOMIC_RELAXED);
   return fail;
}

void *
util_svc_alloc(size_t size_B)
{
   return util_svc_must_fail() ? NULL : alloc(size_B);
}

void
util_svc_fail_every(unsigned n)
{
   __atomic_store_n(&svc.fail_every, n, __ATOMIC_RELAXED);
}

void
util_svc_fail_once(unsigned n)
{
   __atomic_store_n(&svc.fail_once, (int)n, __ATOMIC_RELAXED);
}

unsigned
util_svc_num_failed(void)
{
   return __atomic_load_n(&svc.num_failed, __ATOMIC_RELAXED);
}

unsigned
util_svc_num_blocks(void)
{
   pthread_mutex_lock(&svc.lock);
   unsigned n = svc.num_blocks;
   pthread_mutex_unlock(&svc.lock);
   return n;
}

void *
util_svc_calloc(size_t n, size_t size_B)
{
   size_t total;
   if (__builtin_mul_overflow(n, size_B, &total))
      return NULL;
   return alloc(total);
}

void
util_svc_free(void *p)
{
   if (!p)
      return;
   struct header *h = header_of(p);
   pthread_mutex_lock(&svc.lock);
   svc.num_blocks--;
   if (h->cls == LARGE) {
      unmap_locked(h, h->size_B);
   } else {
      unpoison(p, class_B[h->cls]);
      *(void **)p = h->free;
      poison(p, class_B[h->cls]);
      h->free = p;
      if (h->used-- == h->total)
         util_list_add(&h->link, &svc.partial[h->cls]);
      /* One empty slab a class stays, against ping-pong. */
      if (!h->used && h->link.next != h->link.prev) {
         util_list_del(&h->link);
         unmap_locked(h, UNIT);
      }
   }
   pthread_mutex_unlock(&svc.lock);
}

void *
util_svc_realloc(void *p, size_t size_B)
{
   if (!p)
      return alloc(size_B);
   /* A new block even if it would fit: the tail is zero by contract. */
   void *q = alloc(size_B);
   if (!q)
      return NULL;
   unpoison(p, usable_B(p));
   memcpy(q, p, MIN2(usable_B(p), size_B));
   util_svc_free(p);
   return q;
}

char *
util_svc_strdup(const char *s)
{
   size_t n = strlen(s) + 1;
   char *p = util_svc_alloc(n);
   if (p)
      memcpy(p, s, n);
   return p;
}
