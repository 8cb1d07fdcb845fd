/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The one data door: every access of the card to memory by GPU virtual address
 * goes through a worker's TLB and the page walk (kernel.md §7), inside an
 * access section.
 *
 * Rule of sections (docs/sim.md, "Invalidate"): a translation is used only
 * inside the section in which it was looked up, and a section looks at the MMU
 * generation when it begins. nvsim_mmu_invalidate raises the generation, then
 * waits until each section that was open has ended. Inside a section no lock is
 * taken and nothing waits, except that the host kernel may let the access
 * itself wait for its page.
 *
 * Host refusal: inside a guard SIGSEGV and SIGBUS jump back to where the guard
 * was set (nvsim_guard.c). */
#ifndef NVSIM_MEM_PRIV_H
#define NVSIM_MEM_PRIV_H

#include <setjmp.h>

#include "nouveau/headers/nv_fault.h"
#include "nouveau/headers/nv_mmu.h"
#include "nouveau/sim/nvsim.h"
#include "util/util_list.h"

struct nvsim;

#define NVSIM_PAGE_B 4096u

/* Address space of a channel, read from its instance block. */
struct nvsim_vm {
   uint64_t inst_pa;
   enum nv_aperture inst_aperture;
   uint64_t pdb_pa;
   enum nv_aperture pdb_aperture;
   uint64_t limit; /* last valid address */
   bool replay_tex, replay_gcc;
};

struct nvsim_mem_fault {
   uint64_t gpu_va; /* with byte offset */
   uint8_t type;    /* enum nv_fault_type */
   uint8_t access;  /* enum nv_fault_access */
};

/* What jumped to the guard. */
enum nvsim_trap {
   NVSIM_TRAP_NONE,
   NVSIM_TRAP_HOST,  /* SIGSEGV or SIGBUS: guard.host_addr */
   NVSIM_TRAP_FAULT, /* nvsim_warp_fault: worker.fault */
   NVSIM_TRAP_ERROR, /* nvsim_warp_error */
};

struct nvsim_guard {
   sigjmp_buf env;
   volatile int armed; /* SIGSEGV and SIGBUS of this thread are ours */
   void *volatile host_addr;
};

struct nvsim_tlb_entry {
   uint64_t tag;          /* epoch << 37 | page number */
   uint8_t *rd, *wr, *at; /* host address of the page, NULL: not allowed */
};

/* Entry of PD0, for 2 MiB. */
struct nvsim_walk {
   uint64_t tag; /* epoch << 28 | region */
   uint64_t big, small;
};

/* Where a page lies. */
struct nvsim_translation {
   uint8_t *page; /* NULL: sparse */
   bool system, read_only, no_atomic;
};

#define NVSIM_TLB_ENTRIES 1024

struct nvsim_worker_stats {
   uint64_t instructions, ctas, tlb_fills, strict_reports, race_reports;
};

/* Units of an SM that may be what a kernel waits for. */
enum nvsim_unit {
   NVSIM_UNIT_FULL,
   NVSIM_UNIT_HALF,
   NVSIM_UNIT_QUARTER,
   NVSIM_UNIT_DOUBLE,
   NVSIM_UNIT_HALF2,
   NVSIM_UNIT_LEGACY,
   NVSIM_UNIT_MEMORY,
   NVSIM_UNITS,
};

/* NVSIM_DEBUG=stats (nvsim_kstats.c) */
struct nvsim_kstats {
   struct nvsim_launch_stats sum;
   uint64_t unit[NVSIM_UNITS]; /* busy, in quarters of a cycle */
};

/* A host thread that accesses memory for the card. */
struct nvsim_worker {
   struct util_list link; /* nvsim.workers */
   struct nvsim_worker *next_idle;
   struct nvsim *sim;
   uint32_t section; /* odd: inside */
   uint64_t mmu_gen; /* generation that the TLB agrees with */
   uint64_t epoch;   /* moves on instead of clearing the TLB */
   const struct nvsim_vm *vm;
   struct nvsim_guard guard;
   /* FAULTALL: pages that have had their fault in this launch, by hash; and
    * fill without one (retry of a parked access, other clients). */
   uint64_t forced[1024];
   bool no_forced_fault;
   /* Constant bank contents of the current grid, page by page on first use. */
   uint8_t *cb_data[8];
   uint16_t cb_valid[8];
   uint64_t code_raw[NVSIM_PAGE_B / 8]; /* page on its way to the code cache */
   struct nvsim_worker_stats stats;
   struct nvsim_kstats kstats;  /* of the current launch; NVSIM_DEBUG=stats */
   struct nvsim_tex_cache *tex; /* headers of the launch; may be NULL */
   struct nvsim_chunk *chunks;  /* memory of CTAs, kept between launches */
   struct nvsim_walk walks[16];
   struct nvsim_tlb_entry tlb[NVSIM_TLB_ENTRIES];
   uint8_t sink[NVSIM_PAGE_B]; /* sparse writes */
};

/* Memory for one launch: 64-byte aligned, with old contents (zero at first). */
void *nvsim_worker_alloc(struct nvsim_worker *w, size_t size_B);
/* All of it is free again; some is kept for the next launch. */
void nvsim_worker_alloc_reset(struct nvsim_worker *w);

/* Also the thread's guard. NULL: no memory. */
struct nvsim_worker *nvsim_worker_create(struct nvsim *sim);
void nvsim_worker_destroy(struct nvsim_worker *w);
/* Makes `vm` current; translations of another one are forgotten. */
void nvsim_worker_set_vm(struct nvsim_worker *w, const struct nvsim_vm *vm);

/* nvsim_guard.c */
int nvsim_guard_install(void);
void nvsim_guard_set_thread(struct nvsim_guard *guard);
/* memcpy that may be refused. False: host_addr tells where. */
bool nvsim_guard_copy(struct nvsim_guard *g, void *dst, const void *src,
                      size_t size_B);
/* May this byte be read? */
bool nvsim_guard_probe_read(struct nvsim_guard *g, const void *p);

/* nvsim_mmu.c */
/* Host address of physical memory, or NULL: outside of VRAM, or a peer. */
uint8_t *nvsim_phys(struct nvsim *sim, enum nv_aperture aperture, uint64_t pa,
                    uint64_t size_B);
void nvsim_mmu_invalidate(struct nvsim *sim);
/* Fills the TLB and returns the host address of the byte, or NULL with *f_out.
 * The caller is in a section. */
uint8_t *nvsim_tlb_fill(struct nvsim_worker *w, uint64_t gpu_va,
                        enum nv_fault_access access,
                        struct nvsim_mem_fault *f_out);
void nvsim_tlb_renew(struct nvsim_worker *w);

extern bool nvsim_have_membarrier;

uint64_t nvsim_mmu_gen(const struct nvsim *sim);

static inline void
nvsim_section_begin(struct nvsim_worker *w)
{
   __atomic_store_n(&w->section, w->section + 1, __ATOMIC_RELAXED);
   /* The invalidating thread runs membarrier(2): here the compiler's order is
    * enough. */
   if (likely(nvsim_have_membarrier))
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
   else
      __atomic_thread_fence(__ATOMIC_SEQ_CST);
   if (unlikely(nvsim_mmu_gen(w->sim) != w->mmu_gen))
      nvsim_tlb_renew(w);
}

static inline void
nvsim_section_end(struct nvsim_worker *w)
{
   __atomic_store_n(&w->section, w->section + 1, __ATOMIC_RELEASE);
}

/* Arrays tend to lie a power of two apart: the same place in each is not to
 * fall into one entry. */
static inline unsigned
nvsim_tlb_index(uint64_t page)
{
   return (page ^ page >> 10 ^ page >> 17) % NVSIM_TLB_ENTRIES;
}

static inline uint8_t *
nvsim_tlb_lookup(struct nvsim_worker *w, uint64_t gpu_va,
                 enum nv_fault_access access, struct nvsim_mem_fault *f_out)
{
   uint64_t page = gpu_va / NVSIM_PAGE_B;
   const struct nvsim_tlb_entry *e = &w->tlb[nvsim_tlb_index(page)];
   if (likely(e->tag == (w->epoch << 37 | page) && gpu_va < NV_MMU_VA_END)) {
      uint8_t *p = access == NV_FAULT_ACCESS_READ    ? e->rd
                   : access == NV_FAULT_ACCESS_WRITE ? e->wr
                                                     : e->at;
      if (likely(p))
         return p + gpu_va % NVSIM_PAGE_B;
   }
   return nvsim_tlb_fill(w, gpu_va, access, f_out);
}

/* nvsim_mem.c: bulk accesses of clients that cannot replay. */
struct nvsim_mem_loc {
   bool physical;
   enum nv_aperture aperture; /* physical */
   uint64_t addr;
};
/* 0, or -EFAULT with *f_out; what lies before the fault has been done. */
int nvsim_mem_copy(struct nvsim_worker *w, struct nvsim_mem_loc dst,
                   struct nvsim_mem_loc src, uint64_t size_B,
                   struct nvsim_mem_fault *f_out);
int nvsim_mem_read(struct nvsim_worker *w, uint64_t gpu_va, void *dst,
                   uint64_t size_B, struct nvsim_mem_fault *f_out);
int nvsim_mem_write(struct nvsim_worker *w, uint64_t gpu_va, const void *src,
                    uint64_t size_B, struct nvsim_mem_fault *f_out);
int nvsim_mem_write_loc(struct nvsim_worker *w, struct nvsim_mem_loc dst,
                        const void *src, uint64_t size_B,
                        struct nvsim_mem_fault *f_out);
int nvsim_mem_read_loc(struct nvsim_worker *w, struct nvsim_mem_loc src,
                       void *dst, uint64_t size_B,
                       struct nvsim_mem_fault *f_out);
/* 4-byte aligned, one store of the host with release order. */
int nvsim_mem_store32(struct nvsim_worker *w, uint64_t gpu_va, uint32_t value,
                      struct nvsim_mem_fault *f_out);
int nvsim_mem_load32(struct nvsim_worker *w, uint64_t gpu_va,
                     uint32_t *value_out, struct nvsim_mem_fault *f_out);
/* Atomic; `op`: enum nv_reduction. */
int nvsim_mem_reduce32(struct nvsim_worker *w, uint64_t gpu_va, unsigned op,
                       bool is_signed, uint32_t value,
                       struct nvsim_mem_fault *f_out);

#endif
