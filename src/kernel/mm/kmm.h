/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Linux mm/ for the simulated kernel, on the real memory of this process: VMAs,
 * page states, interval notifiers, hmm_range_fault, migrate_vma, device-private
 * pages (facts: kernel.md §3.4, §4.1, §10; hmm-real.md §6; docs/svm.md,
 * docs/locking.md). It knows nothing about GPUs.
 *
 * Addresses: cpu_va are addresses of this process. The bus address of a system
 * page is its cpu_va. vram_off is an offset into the memory of a pagemap's
 * device. Pages are 4 KiB. Ranges are half open; `start` and `end` page
 * aligned.
 *
 * Who keeps what right:
 *  - System pages: the host's MMU. A device that loads and stores at cpu_va is
 *    refused by the host as the CPU would be; the refusal becomes a device
 * fault and comes here through kmm_hmm_range_fault, which answers from the VMAs
 * of now. So a device PTE to a system page may outlive munmap and mprotect
 * harmlessly, and W in such a PTE means "the VMA is writable": copy on write is
 * done by the host.
 *  - Device pages: this module. The page is missing in the process; a CPU touch
 * makes the host ask us, and we ask the device driver (migrate_to_ram).
 *
 * Everything that a caller hands in by pointer and that is used from the
 * service (notifiers, pagemaps, migrate and hmm arrays) lies in service memory,
 * see util/util_svc.h: asserted. Calls that wait say so; do not hold a lock
 * over them that `invalidate`, `migrate_to_ram` or `page_free` takes.
 *
 * Errors: 0 or -errno. -EAGAIN: the sequence moved, start again at read_begin.
 * -EPERM from a function that takes a kmm_mm: also "not the process that made
 * it" (a forked child has no mirror, kernel.md L12). */
#ifndef KMM_H
#define KMM_H

#include "util/util_flags.h"
#include "util/util_list.h"
#include "util/util_rb.h"

#define KMM_PAGE_SHIFT 12
#define KMM_PAGE_SIZE  4096ull
#define KMM_PAGE_MASK  (~(KMM_PAGE_SIZE - 1))

struct kmm_mm;
struct kmm_dpage;

/* ---- the process ---- */

enum kmm_host_kind {
   KMM_HOST_UFFD,     /* pages really leave; CPU touch brings them back */
   KMM_HOST_COHERENT, /* a migrated page is relabelled and stays:
                         DEVICE_COHERENT */
   KMM_HOST_MODEL,    /* a made-up address space, for tests: kmm_model.h */
};

#define KMM_DEBUG_EVENTS  (1ull << 0) /* print each host event and CPU fault */
#define KMM_DEBUG_MIGRATE (1ull << 1) /* print each migration */
#define KMM_DEBUG_NOUFFD  (1ull << 2) /* coherent */
extern const struct util_flag kmm_debug_flags[]; /* words of KMM_DEBUG */

struct kmm_config {
   uint64_t debug;
   bool no_uffd;           /* coherent even where userfaultfd is granted */
   bool one_page;          /* a CPU touch brings back its page and no other */
   struct kmm_host *model; /* of kmm_model_create; NULL: the real process */
};

int kmm_mm_create(const struct kmm_config *config, struct kmm_mm **mm_out);
/* Brings all device pages home. Notifiers and pagemaps must be gone or idle.
 * Waits. */
void kmm_mm_destroy(struct kmm_mm *mm);
enum kmm_host_kind kmm_mm_host_kind(const struct kmm_mm *mm);
/* 0, or -EPERM in a forked child. Cheap: call it at every entry. */
int kmm_mm_check(const struct kmm_mm *mm);

/* After it returns, every munmap, mremap and madvise that had returned before
 * is seen by all notifiers, and device pages in mappings that lost permissions
 * by mprotect have been invalidated (the host sends no event for mprotect). Call
 * it at each submission of device work. Waits (for invalidate callbacks). */
void kmm_mm_sync(struct kmm_mm *mm);

enum kmm_exclude {
   KMM_EXCLUDE_MIGRATE = 1, /* never moves */
   KMM_EXCLUDE_ACCESS = 2,  /* and hmm answers -EFAULT */
};
/* Service memory is excluded already (both). Ranges stay until kmm_mm_destroy
 * or include. */
int kmm_mm_exclude(struct kmm_mm *mm, uint64_t start, uint64_t end,
                   unsigned what);
void kmm_mm_include(struct kmm_mm *mm, uint64_t start, uint64_t end);

#define KMM_VMA_READ      (1u << 0)
#define KMM_VMA_WRITE     (1u << 1)
#define KMM_VMA_EXEC      (1u << 2)
#define KMM_VMA_SHARED    (1u << 3)
#define KMM_VMA_ANON      (1u << 4) /* private anonymous: heap, stack, .bss, mmap */
#define KMM_VMA_HUGETLB   (1u << 5)
#define KMM_VMA_SPECIAL   (1u << 6) /* vdso, device files */
#define KMM_VMA_NOMIGRATE (1u << 7) /* excluded, or ANON but not ours to move */
#define KMM_VMA_NOACCESS  (1u << 8) /* excluded from access */

struct kmm_vma {
   uint64_t start, end;
   uint32_t flags;
};
/* The mapping that contains cpu_va or else the next above it, cut at exclusions.
 * -ENOENT: nothing there or above. A guess of the moment: it may change. */
int kmm_vma_find(struct kmm_mm *mm, uint64_t cpu_va, struct kmm_vma *vma_out);

struct kmm_stats {
   uint64_t cpu_faults; /* touches of device pages by the CPU */
   uint64_t zero_fills; /* touches of unpopulated pages in watched ranges */
   uint64_t pages_out, pages_back; /* moved to, from devices */
   uint64_t pages_skipped;         /* asked to move, could not */
   uint64_t pages_dropped;         /* device pages whose mapping went away */
   uint64_t invalidations, hmm_calls, hmm_retries;
   uint64_t device_pages;   /* now */
   uint64_t watched_blocks; /* 2 MiB pieces registered with the host now */
   uint64_t forks;
};
void kmm_mm_get_stats(struct kmm_mm *mm, struct kmm_stats *stats_out);

/* ---- interval notifiers (≙ mmu_interval_notifier) ---- */

enum kmm_event {
   KMM_EVENT_UNMAP,   /* the mapping goes away or moves */
   KMM_EVENT_CLEAR,   /* the content goes away (madvise) */
   KMM_EVENT_PROT,    /* permissions were reduced */
   KMM_EVENT_MIGRATE, /* the pages move between system and device memory */
   KMM_EVENT_EXCLUSIVE,
};

struct kmm_notifier;

struct kmm_invalidate {
   uint64_t start, end; /* clipped to the notifier's interval */
   enum kmm_event event;
   const void *owner; /* MIGRATE: owner of the pagemap concerned */
};

struct kmm_notifier_ops {
   /* Clear the device's PTEs of the range and complete its TLB invalidate
    * before returning. No PTE may be spared, also not for one's own MIGRATE
    * (kernel.md §4.3). Called with no kmm lock held, from any thread; must not
    * wait for anything that touches program memory. The sequence has been
    * advanced already: take the lock under which PTEs are written and
    * read_retry is asked. */
   void (*invalidate)(struct kmm_notifier *n, const struct kmm_invalidate *inv);
};

/* Embedded by its owner. Private to kmm from insert to remove. */
struct kmm_notifier {
   struct util_rb_node node; /* key: start */
   uint64_t start, end;
   const struct kmm_notifier_ops *ops;
   struct kmm_mm *mm;
   uint64_t seq;
   unsigned active; /* invalidations in progress */
};

/* [start, end) may overlap others. -EINVAL, -EPERM. */
int kmm_notifier_insert(struct kmm_mm *mm, struct kmm_notifier *n,
                        uint64_t start, uint64_t end,
                        const struct kmm_notifier_ops *ops);
/* Waits until no invalidate runs on it. */
void kmm_notifier_remove(struct kmm_notifier *n);
/* Waits while an invalidation is in progress (bounded: -EBUSY after 1 s). */
int kmm_notifier_read_begin(struct kmm_notifier *n, uint64_t *seq_out);
/* Under the lock that the invalidate callback takes. True: what was read since
 * read_begin is stale. */
bool kmm_notifier_read_retry(const struct kmm_notifier *n, uint64_t seq);

/* ---- hmm_range_fault ---- */

/* One word a page: bits 63:12 the cpu_va of a system page or the vram_off of a
 * device page, low bits: */
#define KMM_PFN_VALID (1ull << 0)
#define KMM_PFN_WRITE (1ull << 1)
#define KMM_PFN_DEVICE                                                         \
   (1ull << 2) /* device-private page of dev_owner: vram_off */
#define KMM_PFN_COHERENT                                                       \
   (1ull << 3) /* relabelled device page: address is cpu_va */
#define KMM_PFN_ERROR (1ull << 4) /* snapshot: exists, cannot be used */
#define KMM_PFN_PEER                                                           \
   (1ull << 5) /* another device's page: bus address through its BAR */
/* Set by users of this word, not by hmm: atomics are allowed in any case. */
#define KMM_PFN_ATOMIC (1ull << 6)
/* Requests, per page (default_flags, or in pfns[] under pfn_flags_mask): */
#define KMM_PFN_REQ_FAULT KMM_PFN_VALID
#define KMM_PFN_REQ_WRITE KMM_PFN_WRITE
#define KMM_PFN_REQ_PEER  KMM_PFN_PEER /* may be answered with PEER */
#define KMM_PFN_FLAGS     0xfffull

struct kmm_hmm_range {
   struct kmm_notifier *notifier; /* covers [start, end) */
   uint64_t seq;                  /* of read_begin */
   uint64_t start, end;
   uint64_t *pfns;          /* (end - start) >> 12 words, in service memory */
   uint64_t default_flags;  /* for every page */
   uint64_t pfn_flags_mask; /* which bits of pfns[i] on entry are requests */
   /* Pages of other owners are brought home if faulted, unless REQ_PEER and
    * their pagemap allow otherwise. NULL: all device pages are others'. */
   const void *dev_owner;
};

/* For each page with REQ_FAULT: makes it present (REQ_WRITE: writable). For
 * others: reports what is there (0: nothing). Waits; hold no lock. 0        all
 * requests satisfied -EBUSY   the sequence moved or a page is on its way:
 * read_begin again -EFAULT  requested page: no VMA, PROT_NONE, excluded,
 * SIGBUS-like -EPERM   write requested, VMA not writable; or forked child
 * -EINVAL bad range     -ENOMEM  no memory On -EFAULT and -EPERM pfns[] is
 * filled up to the page that failed, and *error_va_out (may be NULL) tells it;
 * pages after it hold their requests. */
int kmm_hmm_range_fault(struct kmm_hmm_range *range, uint64_t *error_va_out);

/* ---- device memory (≙ dev_pagemap) ---- */

/* One page of device memory. Of its fields the driver owns `driver_data` only. */
struct kmm_dpage {
   struct kmm_pagemap *pagemap;
   uint64_t vram_off;
   uint64_t
      cpu_va; /* where it is mapped; changes by mremap: read in callbacks */
   void *driver_data;
   struct kmm_dpage *next; /* private: waits for page_free */
};

/* cpu_va of a page in use changes under kmm's locks; others see a value of
 * late. */
static inline uint64_t
kmm_dpage_va(const struct kmm_dpage *d)
{
   return __atomic_load_n(&d->cpu_va, __ATOMIC_RELAXED);
}

static inline void
kmm_dpage_set_va(struct kmm_dpage *d, uint64_t cpu_va)
{
   __atomic_store_n(&d->cpu_va, cpu_va, __ATOMIC_RELAXED);
}

struct kmm_pagemap_ops {
   /* The CPU touched a page of [start, end) (all candidates are pages of this
    * pagemap; the range lies in one VMA and one 2 MiB block). Do a
    * KMM_TO_SYSTEM migration of it. Called from a service thread, no lock held.
    * 0 or -errno: the touch is then answered with SIGBUS. */
   int (*migrate_to_ram)(struct kmm_pagemap *pm, uint64_t start, uint64_t end);
   /* The page is not in use any more: give it back to the allocator. No PTE
    * refers to it. No lock held. */
   void (*page_free)(struct kmm_pagemap *pm, struct kmm_dpage *dpage);
};

struct kmm_pagemap {
   const struct kmm_pagemap_ops *ops;
   const void *owner;
   /* Bus address at which other devices reach its memory (vram_off 0), set
    * after init; 0: they do not. What they map is theirs until the `invalidate`
    * of their notifiers, as everything is: a page is neither freed nor moved
    * before (kernel.md §9, seed 004). */
   uint64_t peer_base;
   struct kmm_mm *mm;
   struct util_list link;
   unsigned busy; /* calls of migrate_to_ram under way */
   void *driver_data;
};

void kmm_pagemap_init(struct kmm_pagemap *pm, struct kmm_mm *mm,
                      const struct kmm_pagemap_ops *ops, const void *owner);
/* Brings its pages home first. Waits. */
void kmm_pagemap_finish(struct kmm_pagemap *pm);

/* ---- migration (≙ migrate_vma_setup, _pages, _finalize) ---- */

enum kmm_direction {
   KMM_TO_DEVICE,
   KMM_TO_SYSTEM
};

/* While it lasts, no migration to a device begins that overlaps [start, end);
 * one that wants to waits, though not for long. For who maps pages of the range
 * and finds them on the move each time. What is under way goes on, and all may
 * come home. */
struct kmm_quiet {
   struct util_list link; /* in mm->quiets */
   uint64_t start, end;
};
void kmm_quiet_begin(struct kmm_mm *mm, struct kmm_quiet *q, uint64_t start,
                     uint64_t end);
void kmm_quiet_end(struct kmm_mm *mm, struct kmm_quiet *q);

#define KMM_MIGRATE_PFN                                                        \
   (1u << 0) /* candidate; after `pages`: it really moved */
#define KMM_MIGRATE_WRITE (1u << 1) /* mapping is writable */
#define KMM_MIGRATE_HOLE                                                       \
   (1u << 2) /* TO_DEVICE: nothing there, clear, don't copy */
#define KMM_MIGRATE_STAYS (1u << 3) /* coherent: label only, don't copy */

struct kmm_migrate_page {
   uint32_t flags;
   uint64_t bus_va;         /* system side of the copy; 0 with HOLE and STAYS */
   struct kmm_dpage *dpage; /* TO_SYSTEM: source. TO_DEVICE: set by the driver;
                               NULL: skip this page */
   /* private */
   struct kmm_page *page; /* NULL: the mapping went away meanwhile */
   uint64_t cpu_va;
   bool isolated, moved, busy;
};

#define KMM_MIGRATE_MAX_PG 512

struct kmm_migrate {
   struct kmm_mm *mm;
   enum kmm_direction direction;
   uint64_t start, end; /* within one aligned 2 MiB block */
   struct kmm_pagemap
      *pagemap; /* TO_DEVICE: target; TO_SYSTEM: NULL means any */
   struct kmm_migrate_page *pages; /* one a page of the range, service memory */
   unsigned cpages;                /* out of setup: candidates */
   unsigned moved;                 /* out of pages: really moved */
   int slot;                       /* private from here on */
   struct kmm_invalidation *inv;
};

/* Collects, invalidates (notifiers), isolates. Pages that cannot move (not
 * private anonymous, excluded, pinned, shared with a child, already there) just
 * lack KMM_MIGRATE_PFN and are counted. `pages` need not be initialised. Waits.
 * -EINVAL: bad range; -EPERM: forked child; -ENOMEM. On success the range is
 * held (read_begin waits, CPU touches wait) until finalize. */
int kmm_migrate_setup(struct kmm_migrate *m);
/* After the driver's copies have completed: re-points the mapping of pages that
 * have a dpage; clears KMM_MIGRATE_PFN where it could not (the driver keeps
 * such a dpage of TO_DEVICE and frees it). A driver whose copy of a page failed
 * clears KMM_MIGRATE_PFN itself before. TO_DEVICE: from here on the driver may
 * write device PTEs for moved pages, under the lock of its invalidate callback,
 * before finalize. */
void kmm_migrate_pages(struct kmm_migrate *m);
/* Lets go of the range; pages that did not move are back where they were.
 * TO_SYSTEM: moved dpages are freed through page_free. Waits. */
void kmm_migrate_finalize(struct kmm_migrate *m);

/* Brings pages that are on other devices home, so that `pm` can have them. One
 * 2 MiB block at most; best effort. Waits. */
void kmm_bring_foreign_home(struct kmm_pagemap *pm, uint64_t start,
                            uint64_t end);

/* Device pages in [start, end), snapshot. */
unsigned kmm_count_device_pages(struct kmm_mm *mm, uint64_t start,
                                uint64_t end);

#endif
