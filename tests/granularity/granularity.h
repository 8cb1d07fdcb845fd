/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* How large should a mirrored range be? Four answers behind one interface, run
 * on the same traces of what CPU and GPU do to memory (docs/granularity.md).
 *
 * A made-up address space of VMAs; interval notifiers, sequences and
 * invalidations are kernel/mm's own. The device's page table is a bit a page.
 * One thread; what happens "meanwhile" is part of the trace. Numbers are pages
 * from the start of the space. */
#ifndef GRANULARITY_H
#define GRANULARITY_H

#include "kernel/mm/kmm.h"

#define GRAN_PAGES  (1u << 18) /* 1 GiB */
#define GRAN_BASE   (1ull << 32)
#define GRAN_BATCH  32 /* touches that fault together: a warp's */
#define GRAN_WINDOW 16 /* pages faulted in around one, where that is done */

struct gran_counts {
   uint64_t faults;    /* GPU accesses without a PTE */
   uint64_t hmm_calls; /* reads of the process's page tables */
   uint64_t tree_ops;  /* find, insert and remove of ranges and notifiers */
   uint64_t retries;   /* the sequence had moved */
   uint64_t ptes;      /* written */
   uint64_t cpu_faults;
   uint64_t moved_pg; /* both ways */
};

struct gran_vma {
   struct util_rb_node node; /* key: first page */
   uint64_t end;
};

struct gran;

struct gran_strategy {
   const char *name, *what;
   void (*start)(struct gran *g);  /* may be NULL */
   void (*finish)(struct gran *g); /* frees ranges */
   /* Makes all of pages[], which lie in VMAs and have no PTE, present. */
   void (*serve)(struct gran *g, const uint64_t *pages, unsigned n);
   /* VMAs in [start, end) are new, gone or cut. May be NULL. */
   void (*vmas_changed)(struct gran *g, uint64_t start, uint64_t end);
   /* What comes back from VRAM when the CPU touches `page`, and what goes there
    * when [*first, *end) is asked for: may grow the range. */
   void (*back)(struct gran *g, uint64_t page, uint64_t *first, uint64_t *end);
   void (*go)(struct gran *g, uint64_t *first, uint64_t *end);
};
extern const struct gran_strategy gran_page, gran_vma_aligned, gran_chunks,
   gran_granules;
extern const struct gran_strategy *const gran_strategies[4];

/* What a trace is made of. */
enum gran_kind {
   GRAN_MAP,       /* first, n */
   GRAN_UNMAP,     /* first, n */
   GRAN_DISCARD,   /* madvise: first, n */
   GRAN_CPU,       /* touch: first, n, stride */
   GRAN_GPU,       /* touch: first, n, stride */
   GRAN_MIGRATE,   /* to the device: first, n */
   GRAN_MEANWHILE, /* the next operation happens while the next fault is served */
};

struct gran_op {
   enum gran_kind kind;
   uint64_t first, n, stride;
};

struct gran_trace {
   const char *name, *what;
   struct gran_op *ops;
   unsigned count, capacity;
};

extern const char *const gran_trace_names[]; /* ends with NULL */
void gran_trace_create(const char *name, struct gran_trace *t_out);
void gran_trace_finish(struct gran_trace *t);

/* --- The machine; in service memory --- */

struct gran {
   const struct gran_strategy *s;
   struct kmm_mm *mm;
   struct gran_counts c;
   struct util_rb vmas;
   uint64_t *pte, *vram, *present; /* bits by page */
   const struct gran_op *meanwhile;
   /* The strategy's: */
   struct util_rb ranges, notifiers;
   struct kmm_notifier *whole;
   bool serving;
   uint64_t changed_first, changed_end; /* meanwhile */
};

/* Runs a trace from an empty machine. */
void gran_run(const struct gran_strategy *s, const struct gran_trace *t,
              struct gran_counts *out);

/* For strategies. */
struct gran_vma *gran_vma_at(const struct gran *g, uint64_t page);
static inline uint64_t
gran_va(uint64_t page)
{
   return GRAN_BASE + page * KMM_PAGE_SIZE;
}
static inline uint64_t
gran_page_of(uint64_t va)
{
   return (va - GRAN_BASE) / KMM_PAGE_SIZE;
}
/* Reads [first, end), which lies in one VMA, under the notifier's sequence,
 * faults in what is in `wanted` (NULL: all), and writes PTEs of all of it that
 * is present then. */
void gran_service(struct gran *g, struct kmm_notifier *n, uint64_t first,
                  uint64_t end, const uint64_t *wanted);
void gran_clear_ptes(struct gran *g, uint64_t first, uint64_t end);

#endif
