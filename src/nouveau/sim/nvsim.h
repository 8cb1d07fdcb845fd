/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The simulated GTX 1080, seen from its bus: registers, VRAM, a doorbell and an
 * interrupt line. Nothing else of it is visible to the (simulated) kernel.
 *
 * Physical addresses: a video address is an offset into VRAM. A system address
 * (PTE aperture 2 or 3) is an address in *this process*: the platform's IOMMU
 * is the identity, so a page of the process at CPU address X has bus address X.
 * The card reads and writes it with ordinary loads, stores and host atomics. An
 * access that the host refuses (SIGSEGV, SIGBUS) becomes an MMU fault of that
 * page, not a crash.
 *
 * Threads: every function may be called from any thread. `interrupt` is called
 * from the card's own threads, with no lock of the card held. */
#ifndef NVSIM_H
#define NVSIM_H

#include <stdbool.h>
#include <stdint.h>

#include "util/util_flags.h"

struct nvsim;

struct nvsim_config {
   uint32_t chipset;      /* 0x134: GP104; 0x130, 0x132, 0x136..0x138 */
   uint32_t sm_count;     /* streaming multiprocessors; 20 on a GTX 1080 */
   uint64_t vram_B;       /* multiple of 2 MiB */
   uint64_t seed;         /* order of warps and CTAs; 0: natural order */
   uint32_t host_threads; /* that execute SMs; 0: one a host CPU */
   uint64_t debug;        /* NVSIM_DEBUG bits of nvsim_debug_flags */
   uint64_t watchdog;     /* millions of instructions that a warp may run in a
                           * launch; 0: no limit */
   /* `pending`: NV_PMC_INTR-style mask of NVSIM_INTR_*; level-like: called
    * again for each new cause, may be called when the cause has been taken
    * already. */
   void (*interrupt)(void *data, uint32_t pending);
   /* One line of strict or race, without newline; NULL: to stderr. From the
    * card's threads, several at a time. */
   void (*report)(void *data, const char *text);
   void *data;
};

#define NVSIM_INTR_REPLAYABLE_FAULT (1u << 0) /* the fault buffer has entries */
#define NVSIM_INTR_ERROR            (1u << 1) /* nvsim_next_error has entries */
#define NVSIM_INTR_NONSTALL         (1u << 2) /* work retired: look at semaphores */

/* Words of NVSIM_DEBUG; ends with a NULL word. */
extern const struct util_flag nvsim_debug_flags[];
#define NVSIM_DEBUG_STRICT                                                     \
   (1ull << 0) /* report reads before scoreboard or stall allow */
#define NVSIM_DEBUG_FAULTALL                                                   \
   (1ull << 1) /* a worker's first touch of a system page in a launch faults */
#define NVSIM_DEBUG_TRACE   (1ull << 2) /* print each instruction executed */
#define NVSIM_DEBUG_METHODS (1ull << 3) /* print each method */
#define NVSIM_DEBUG_STATS   (1ull << 4) /* count and estimate each launch */
#define NVSIM_DEBUG_MUFU    (1ull << 5) /* MUFU as wrong as it may be */
#define NVSIM_DEBUG_RACE    (1ull << 6) /* report data races */

/* -EINVAL: unknown chipset or sizes; -ENOMEM. */
int nvsim_create(const struct nvsim_config *config, struct nvsim **sim_out);
/* Stops all work at once; parked warps are dropped. */
void nvsim_destroy(struct nvsim *sim);

/* BAR0, 32-bit registers of nv_regs.h. Unknown ones read 0 and ignore writes.
 * A write to the MMU invalidate trigger returns when the invalidate is
 * complete: no access through the old translation is running or will run. It
 * must not be called while holding a lock that the card needs to finish an
 * access (it needs none of the caller's). */
uint32_t nvsim_rd32(struct nvsim *sim, uint32_t reg);
void nvsim_wr32(struct nvsim *sim, uint32_t reg, uint32_t value);

/* BAR1 over all of VRAM, for the life of the card. */
void *nvsim_vram(struct nvsim *sim);
/* The memory file behind VRAM (offset = video address), so that a buffer object
 * can be mapped once more at another CPU address, MAP_SHARED. Owned by the
 * card. */
int nvsim_vram_fd(struct nvsim *sim);

/* GP_PUT in the channel's USERD has changed. Stands in for the host unit
 * snooping USERD, which a process cannot see. */
void nvsim_doorbell(struct nvsim *sim, uint32_t chid);

/* PTIMER, nanoseconds. */
uint64_t nvsim_ptimer_ns(struct nvsim *sim);

enum nvsim_error_kind {
   NVSIM_ERROR_MMU,    /* non-replayable or cancelled fault */
   NVSIM_ERROR_WARP,   /* SM exception: warp_error is a WARPERRORSTATUS id */
   NVSIM_ERROR_METHOD, /* illegal method, class, data or QMD */
   NVSIM_ERROR_PBDMA,  /* malformed push buffer or GPFIFO entry */
};

/* What the MMU fault, GR exception and PBDMA interrupt registers would tell.
 * The channel has stopped and stays so until it is rebound. */
struct nvsim_error {
   enum nvsim_error_kind kind;
   uint32_t chid;
   uint64_t gpu_va; /* MMU, memory warp errors: the address, with byte offset */
   uint8_t fault_type;      /* MMU: NV_FAULT_TYPE_* of nv_fault.h */
   uint8_t access;          /* NV_FAULT_ACCESS_* */
   uint8_t client, gpc;     /* MMU */
   bool hub;                /* MMU: hub client (host, copy, I2M) */
   uint8_t warp_error;      /* WARP */
   uint32_t method, data;   /* METHOD, PBDMA */
   uint64_t program_va;     /* WARP and SM faults: code address of the kernel */
   uint32_t pc;             /* ... and byte offset of the instruction in it */
   uint32_t cta[3], tid[3]; /* ... first offending thread */
   char text[160];          /* one line for people */
};

/* Takes the oldest error. False: none. */
bool nvsim_next_error(struct nvsim *sim, struct nvsim_error *error_out);

struct nvsim_stats {
   uint64_t instructions; /* warp instructions issued */
   uint64_t launches, ctas;
   uint64_t tlb_fills, replayable_faults, replays, cancels;
   uint64_t bytes_copied;
   uint64_t strict_reports; /* rules broken under NVSIM_DEBUG=strict */
   uint64_t race_reports;   /* pairs of accesses under NVSIM_DEBUG=race */
};

void nvsim_get_stats(struct nvsim *sim, struct nvsim_stats *stats_out);

/* What a launch did under NVSIM_DEBUG=stats, and the model's estimate of its
 * time on hardware (nvsim_kstats.c). Counts are of warp instructions and sums
 * over all warps; all members are uint64_t. */
struct nvsim_launch_stats {
   uint64_t instructions;
   uint64_t issue_cycles;  /* instructions but for the second of a dual issue */
   uint64_t stall_cycles;  /* of stall counts: not yet the next instruction */
   uint64_t wait_cycles;   /* for scoreboards */
   uint64_t active, lanes; /* lanes of all instructions: there, and run */
   uint64_t divergent;     /* paths that branches have split off */
   uint64_t barriers;
   /* Sectors: different 32-byte pieces that an instruction touches. */
   uint64_t global_accesses, global_sectors, global_atomics;
   uint64_t local_accesses, local_sectors;
   /* Rounds: an instruction's passes through the 32 banks. */
   uint64_t shared_accesses, shared_rounds;
   uint64_t texture_accesses; /* textures and surfaces */
   uint64_t warps, warp_cycles, longest_warp;
   uint64_t occupancy; /* warps of an SM that there is room for, of 64 */
   uint64_t resident;  /* ... and that this grid has */
   uint64_t cycles;    /* the estimate */
};

/* Of the last launch that has ended. False: none, or not counted. */
bool nvsim_get_launch_stats(struct nvsim *sim,
                            struct nvsim_launch_stats *stats_out);

#endif
