/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the files of kernel/mm share. Locks: docs/locking.md. */
#ifndef KMM_PRIV_H
#define KMM_PRIV_H

#include <assert.h>
#include <pthread.h>
#include <sys/types.h>

#include "kernel/mm/kmm.h"
#include "kernel/mm/kmm_host.h"
#include "util/util_bitset.h"
#include "util/util_log.h"
#include "util/util_rank.h"
#include "util/util_svc.h"

#define KMM_BLOCK_SHIFT 21
#define KMM_BLOCK_SIZE  (1ull << KMM_BLOCK_SHIFT)
#define KMM_BLOCK_PG    512

/* A page without a record is in system memory, or nowhere: the host knows. */
enum kmm_page_state {
   KMM_PAGE_SYSTEM,
   KMM_PAGE_TO_DEVICE, /* migrating */
   KMM_PAGE_DEVICE,
   KMM_PAGE_TO_SYSTEM, /* migrating */
};

struct kmm_page {
   uint64_t cpu_va;
   enum kmm_page_state state;
   bool waiters;     /* migrating: a CPU touched it meanwhile */
   uint8_t attempts; /* of migrate_to_ram, for the fault that is queued */
   struct kmm_dpage *dpage;      /* DEVICE, TO_SYSTEM */
   struct kmm_migrate_page *mig; /* TO_* */
   struct util_list fault_link;  /* in mm->faults */
};

/* 2 MiB of the process in which something is, or was lately, not in the system.
 */
struct kmm_block {
   struct util_rb_node node; /* key: cpu_va >> 21 */
   unsigned num_device, num_migrating;
   unsigned cpu_faults; /* since it was last filled: how much to bring back */
   /* What the mappings allowed when last looked at. */
   uint64_t readable[UTIL_BITSET_WORDS(KMM_BLOCK_PG)];
   uint64_t writable[UTIL_BITSET_WORDS(KMM_BLOCK_PG)];
   uint64_t idle_since_ns;
   /* Pages that a madvise is about to clear: see kmm_page.c. */
   uint64_t clearing[UTIL_BITSET_WORDS(KMM_BLOCK_PG)];
   uint64_t clearing_until_ns; /* 0: none */
   uint64_t watched[UTIL_BITSET_WORDS(KMM_BLOCK_PG)];
   struct kmm_page pages[KMM_BLOCK_PG];
};

/* A range of which the mapping or content has gone: notifiers have yet to be
 * told, and after that the device pages to be freed. */
struct kmm_gone {
   struct util_list link;
   uint64_t start, end;
   enum kmm_event event;
   struct kmm_dpage *dpages;
};

struct kmm_exclusion {
   uint64_t start, end;
   unsigned what;
};

struct kmm_mm {
   struct kmm_host *host;
   uint64_t debug;
   bool one_page;
   pid_t pid;
   bool dead;             /* forked child */
   struct util_list link; /* in the process's list, for fork */

   /* notifiers */
   pthread_mutex_t notifier_lock;
   pthread_cond_t notifier_idle;
   struct util_rb notifiers;
   uint64_t notifier_max_B;

   /* pages; also what the host's reader takes: never held over anything that
    * waits for a page or for the device */
   pthread_mutex_t lock;
   pthread_cond_t
      changed; /* a page left MIGRATING, gone was reaped, a gate opened */
   pthread_cond_t work; /* for the service thread */
   struct util_rb blocks;
   struct util_list faults;
   struct util_list gone;
   struct kmm_gone gone_rest; /* what found no memory, as one; end 0: nothing */
   unsigned reaping;
   unsigned num_migrating;
   unsigned outbound; /* TO_DEVICE migrations between setup and finalize */
   unsigned forking;  /* gate: closed for TO_DEVICE */
   bool leaving;      /* the process ends: nothing goes TO_DEVICE any more */
   struct util_list quiets; /* kmm_quiet.link */
   struct util_list pagemaps;
   struct kmm_exclusion *exclusions;
   unsigned num_exclusions;
   struct kmm_stats stats;

   pthread_t service_thread;
   bool has_thread, stop;
};

#define kmm_trace(mm, bit, ...)                                                \
   do {                                                                        \
      if (unlikely((mm)->debug & (bit)))                                       \
         util_warn("kmm", __VA_ARGS__);                                        \
   } while (0)

static inline void
kmm_lock(struct kmm_mm *mm)
{
   util_rank_lock(&mm->lock, UTIL_RANK_MM);
}

static inline void
kmm_unlock(struct kmm_mm *mm)
{
   util_rank_unlock(&mm->lock, UTIL_RANK_MM);
}

static inline void
kmm_assert_inside(void)
{
   assert(util_svc_is_inside() &&
          "kmm is entered through util_svc_call or a service thread");
   util_rank_assert_below(UTIL_RANK_GRANULE); /* it may wait for anything */
}

/* kmm_page.c; all want mm->lock */
struct kmm_block *kmm_block_find(struct kmm_mm *mm, uint64_t cpu_va);
struct kmm_block *kmm_block_get(struct kmm_mm *mm, uint64_t cpu_va);
/* NULL: system. */
struct kmm_page *kmm_page_find(struct kmm_mm *mm, uint64_t cpu_va);
void kmm_page_set(struct kmm_mm *mm, struct kmm_page *page,
                  enum kmm_page_state state);
/* The mapping [start, end) lost its content, or moved by `delta`. */
void kmm_pages_discard(struct kmm_mm *mm, uint64_t start, uint64_t end,
                       enum kmm_event event);
void kmm_pages_remap(struct kmm_mm *mm, uint64_t from, uint64_t to,
                     uint64_t len);
/* Never fails: without memory the range becomes one with others like it, and
 * more than necessary is invalidated. */
void kmm_gone_add(struct kmm_mm *mm, uint64_t start, uint64_t end,
                  enum kmm_event event, struct kmm_dpage *dpages);
bool kmm_gone_any(const struct kmm_mm *mm);
/* Takes mm->lock itself; calls back without it. `wait`: also for what others
 * reap. */
void kmm_reap(struct kmm_mm *mm, bool wait);
/* Forgets those `clearing` pages that have been cleared. */
void kmm_block_look_at_clearing(struct kmm_mm *mm, struct kmm_block *b);
/* Host watches [start, end) of one block, as far as it can: b->watched. */
void kmm_block_watch(struct kmm_mm *mm, struct kmm_block *b, uint64_t start,
                     uint64_t end);
void kmm_block_unwatch(struct kmm_mm *mm, struct kmm_block *b);
/* Frees blocks that have been empty for `age_ns`. */
void kmm_blocks_trim(struct kmm_mm *mm, uint64_t age_ns);
/* kmm_vma.c: which pages of the block their mappings let be read, written.
 * `cache`: a mapping found before, zeroed at first. */
void kmm_block_permissions(struct kmm_mm *mm, const struct kmm_block *b,
                           struct kmm_vma *cache, uint64_t *readable_out,
                           uint64_t *writable_out);

/* kmm_mm.c: queues invalidations where mappings of device pages allow less than
 * they did (mprotect sends no event). */
void kmm_notice_permissions_locked(struct kmm_mm *mm);

/* kmm_notifier.c. `before`: an invalidation to which this one is chained. */
struct kmm_invalidation;
struct kmm_invalidation *kmm_invalidate_begin(struct kmm_mm *mm, uint64_t start,
                                              uint64_t end,
                                              enum kmm_event event,
                                              const void *owner,
                                              struct kmm_invalidation *before);
/* Of the whole chain; NULL is empty. */
void kmm_invalidate_end(struct kmm_invalidation *inv);

/* kmm_fault.c */
enum kmm_touch {
   KMM_TOUCH_FILL, /* nobody has the page: the host supplies a zero page */
   KMM_TOUCH_WAIT, /* will be woken */
};
/* mm->lock held. The CPU touched a missing page. */
enum kmm_touch kmm_touch_missing(struct kmm_mm *mm, uint64_t cpu_va);
/* One round of service; false: nothing was to do. No lock held. */
bool kmm_service_step(struct kmm_mm *mm);
void *kmm_service_main(void *mm);
/* The driver's migrate_to_ram; counted, so that the pagemap can wait for its
 * end. No lock held; `hold` was called under mm->lock when the pagemap was
 * found. */
void kmm_pagemap_hold(struct kmm_pagemap *pm);
int kmm_migrate_to_ram(struct kmm_pagemap *pm, uint64_t start, uint64_t end);
/* Brings every device page home (of one pagemap; NULL: all) and waits until
 * none is left. */
void kmm_bring_home(struct kmm_mm *mm, struct kmm_pagemap *pm);

/* kmm_fork.c */
void kmm_fork_register(struct kmm_mm *mm);
void kmm_fork_unregister(struct kmm_mm *mm);

#endif
