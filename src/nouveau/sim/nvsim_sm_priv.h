/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Grid, CTA, warp. A worker (host thread) stands for some SMs; it owns the CTAs
 * it has started, so nothing here is locked but struct nvsim_grid's few shared
 * members. */
#ifndef NVSIM_SM_PRIV_H
#define NVSIM_SM_PRIV_H

#include "nvsim_code_priv.h"
#include "nvsim_priv.h"

#include "nouveau/sim/tex/nvsim_tex.h"
#include "util/util_bitset.h"

#define NVSIM_LANES    32
#define NVSIM_BARRIERS 16
#define NVSIM_ALL      0xffffffffu
#define NVSIM_BANK_B   0x10000u /* of constants */

/* WARPERRORSTATUS (isa.md §3.5) */
enum nvsim_warp_error_id {
   NVSIM_WARP_STACK_ERROR = 0x1,
   NVSIM_WARP_API_STACK_ERROR = 0x2,
   NVSIM_WARP_RET_EMPTY_STACK = 0x3,
   NVSIM_WARP_PC_WRAP = 0x4,
   NVSIM_WARP_MISALIGNED_PC = 0x5,
   NVSIM_WARP_PC_OVERFLOW = 0x6,
   NVSIM_WARP_MISALIGNED_IMMC_ADDR = 0x7,
   NVSIM_WARP_MISALIGNED_REG = 0x8,
   NVSIM_WARP_ILLEGAL_ENCODING = 0x9,
   NVSIM_WARP_ILLEGAL_SPH_COMBO = 0xa,
   NVSIM_WARP_ILLEGAL_PARAM = 0xb,
   NVSIM_WARP_INVALID_CONST_ADDR = 0xc,
   NVSIM_WARP_OOR_REG = 0xd,
   NVSIM_WARP_OOR_ADDR = 0xe,
   NVSIM_WARP_MISALIGNED_ADDR = 0xf,
   NVSIM_WARP_INVALID_ADDR_SPACE = 0x10,
   NVSIM_WARP_ILLEGAL_PARAM2 = 0x11,
   NVSIM_WARP_INVALID_CONST_ADDR_LDC = 0x12,
   /* BPT.TRAP and a barrier nobody can pass have no id of their own in the
    * list; the text tells. */
   NVSIM_WARP_EXIT = 0x15,
   NVSIM_WARP_TIMEOUT = 0x1f, /* ours: bit 31 of the global error status */
};

struct nvsim_cb {
   bool valid;
   uint64_t gpu_va;
   uint32_t size_B;
};

struct helper;

struct nvsim_race;
struct nvsim_race_cta;

/* What limits the groups of an SM. */
enum nvsim_occupancy {
   NVSIM_BY_WARPS,
   NVSIM_BY_REGISTERS,
   NVSIM_BY_GROUPS,
   NVSIM_BY_SHARED,
   NVSIM_BY_LOCAL,
};

/* One launch. */
struct nvsim_grid {
   struct nvsim_channel *chan;
   struct nvsim *sim;
   uint64_t serial;
   uint64_t code_base, entry_va;
   uint32_t dim[3], block[3];
   uint64_t num_ctas;
   uint32_t threads, warps_per_cta;
   uint32_t num_regs, num_barriers;
   uint32_t shared_B, local_B, local_warp_B;
   uint64_t local_base, local_sm_B;
   uint64_t shared_window, local_window;
   uint32_t stack_limit;
   bool call_limit;
   struct nvsim_cb cb[8];
   struct nvsim_tex_state tex;
   uint32_t ctas_per_sm;
   enum nvsim_occupancy occupancy_limit;
   bool sequential;
   uint64_t order_mask, order_mul, order_add; /* shuffles CTAs */

   /* shared by the workers */
   uint64_t next_cta;
   uint32_t next_worker, num_workers;
   bool abort;
   pthread_mutex_t lock;
   pthread_cond_t changed;
   unsigned helpers;           /* jobs submitted and not finished */
   struct helper *helper_list; /* the owner's */
   pthread_t owner;
   uint64_t start_ns;
   bool failed; /* `error` is set; first one wins */
   struct nvsim_error error;
   uint64_t instructions;
   struct nvsim_kstats kstats;
   struct nvsim_race *race; /* NULL without NVSIM_DEBUG=race */
};

enum nvsim_token_kind {
   NVSIM_TOKEN_SSY,
   NVSIM_TOKEN_PBK,
   NVSIM_TOKEN_PCNT,
   NVSIM_TOKEN_RET,
   NVSIM_TOKEN_DIV,
   NVSIM_TOKEN_PEXIT,
   NVSIM_TOKEN_LONGJMP,
};

struct nvsim_token {
   enum nvsim_token_kind kind;
   uint32_t mask;
   uint64_t pc;
};

enum nvsim_warp_state {
   NVSIM_WARP_READY,
   NVSIM_WARP_AT_BARRIER,
   NVSIM_WARP_PARKED,
   NVSIM_WARP_DONE,
};

struct nvsim_strict;

/* Estimated time of a warp, and when its scoreboards are free. */
struct nvsim_clock {
   uint64_t now, free_at[6];
   bool paired; /* the next instruction issues together with the last one */
};

struct nvsim_warp {
   const struct nvsim_instr *ip;  /* next */
   const struct nvsim_instr *cur; /* running */
   uint32_t (*r)[NVSIM_LANES];    /* rows, NVSIM_ROW_* */
   uint32_t active;
   uint32_t pred[8]; /* bit = lane; [7] is all ones */
   uint32_t cc[NVSIM_LANES] __attribute__((aligned(64))); /* SASS_CC_* */
   enum nvsim_warp_state state;
   int budget;   /* instructions until the next warp's turn */
   uint64_t ran; /* instructions in this launch */
   uint32_t num_regs;
   struct nvsim_worker *worker;
   struct nvsim_cta *cta;
   struct nvsim_grid *grid;
   struct nvsim_code_page *page; /* of cur */
   uint64_t pending_pc;          /* for the fetch instruction */
   uint32_t index;
   uint32_t lanes;      /* that exist */
   uint32_t exited;     /* or never existed */
   uint32_t sam_active; /* before SAM; 0: none */
   /* Lanes of `cur` whose effects on memory are done: a replay leaves them out.
    */
   volatile uint32_t done;
   volatile uint32_t mem_lane; /* lane that is accessing memory now */
   uint32_t mem_mask; /* lanes of a store or atomic under way, else 0 */
   uint64_t local_va;
   struct nvsim_token *stack;
   uint32_t depth, capacity;
   uint32_t call_depth;
   uint32_t bar_id, bar_result;
   bool bar_all, bar_any;
   enum sass_bar_red bar_red;
   struct nvsim_park park;
   struct nvsim_strict *strict;
   struct nvsim_clock clock;
   /* What nvsim_warp_error was told. */
   uint8_t error_id;
   uint32_t error_lanes;
   uint64_t error_va;
   const char *error_text;
   bool knows_tid;     /* tid[] is filled */
   bool retry;         /* running again after a replay */
   uint8_t mem_access; /* enum nv_fault_access of the access under way */
   uint8_t mem_client;
   volatile uint64_t mem_va; /* its address, for a host refusal */
   /* Broadcast immediates and constants of the running instruction. */
   uint32_t src_b[4][NVSIM_LANES] __attribute__((aligned(64)));
   uint32_t src_c[4][NVSIM_LANES] __attribute__((aligned(64)));
   uint32_t tid[3][NVSIM_LANES]; /* the same in all CTAs of a launch */
};

struct nvsim_barrier {
   uint64_t waiting;  /* warps */
   uint32_t arrived;  /* threads, in whole warps */
   uint32_t expected; /* 0: the whole CTA */
   uint32_t popc;
   bool all, any;
};

struct nvsim_cta {
   struct util_list link; /* worker's resident list */
   struct nvsim_grid *grid;
   struct nvsim_worker *worker;
   uint64_t index; /* in the grid */
   uint32_t id[3];
   uint32_t sm, slot;
   uint32_t live; /* warps not DONE */
   uint32_t turn; /* warp that runs next */
   uint8_t *shared;
   struct nvsim_barrier bar[NVSIM_BARRIERS];
   uint32_t num_warps;
   uint32_t order[32]; /* of warps */
   struct nvsim_warp *warps;
   uint32_t (*rows)[NVSIM_LANES];
   uint8_t *shared_known; /* strict: bytes of `shared` that were written */
   struct nvsim_race_cta *race;
};

/* nvsim_sm.c: runs CTAs of the grid until none is left. */
void nvsim_sm_work(struct nvsim_grid *grid, struct nvsim_worker *worker,
                   unsigned worker_index, unsigned num_workers);
void nvsim_grid_fail(struct nvsim_grid *grid, const struct nvsim_error *e);
/* nvsim_cwd.c: brings in helpers when it pays. */
void nvsim_grid_want_helpers(struct nvsim_grid *grid);

/* nvsim_warp.c */
void nvsim_warp_init(struct nvsim_warp *w, struct nvsim_cta *cta,
                     unsigned index);
/* READY until something else, or for `budget` instructions. */
void nvsim_warp_run(struct nvsim_warp *w, int budget);
void nvsim_warp_exit_lanes(struct nvsim_warp *w, uint32_t lanes);
void nvsim_warp_push(struct nvsim_warp *w, enum nvsim_token_kind kind,
                     uint32_t mask, uint64_t pc);
/* Active lanes are none: takes tokens until there are some, or ends the warp. */
void nvsim_warp_pop(struct nvsim_warp *w);
void nvsim_warp_jump(struct nvsim_warp *w, uint64_t pc_va);
void nvsim_cta_check_barriers(struct nvsim_cta *cta);
/* Leaves the instruction: warp error. `lanes`: the offenders. */
void __attribute__((noreturn))
nvsim_warp_error(struct nvsim_warp *w, enum nvsim_warp_error_id id,
                 uint32_t lanes, uint64_t gpu_va, const char *text);
/* Leaves the instruction: w->park.faults[0..num) are the faults of `client`. */
void __attribute__((noreturn))
nvsim_warp_fault(struct nvsim_warp *w, unsigned num, uint8_t client);
/* Fails the grid from outside of an instruction. */
void nvsim_warp_post_error(struct nvsim_warp *w, enum nvsim_warp_error_id id,
                           const char *text);
void nvsim_warp_post_mmu_error(struct nvsim_warp *w,
                               const struct nvsim_mem_fault *f);
void nvsim_warp_trace(struct nvsim_warp *w, const struct nvsim_instr *in,
                      uint32_t mask);

static inline uint64_t
nvsim_warp_pc(const struct nvsim_warp *w)
{
   return w->cur ? w->page->va + w->cur->page_off : w->pending_pc;
}

/* Of the instruction after `in` */
static inline uint64_t
nvsim_warp_next_pc(const struct nvsim_warp *w, const struct nvsim_instr *in)
{
   return w->page->va + in[1].page_off;
}

/* nvsim_const.c: memory of c[bank][off, off + size_B); reads 0 past the bank's
 * end. May leave the instruction. */
const uint8_t *nvsim_const_slow(struct nvsim_warp *w, unsigned bank,
                                uint32_t off, unsigned size_B);

static inline const uint8_t *
nvsim_const(struct nvsim_warp *w, unsigned bank, uint32_t off, unsigned size_B)
{
   const struct nvsim_worker *wk = w->worker;
   if (likely(bank < ARRAY_SIZE(wk->cb_valid) && off < NVSIM_BANK_B &&
              !(off % size_B) &&
              (wk->cb_valid[bank] >> off / NVSIM_PAGE_B & 1)))
      return wk->cb_data[bank] + off;
   return nvsim_const_slow(w, bank, off, size_B);
}

/* Copies code or constants; may leave the instruction. */
void nvsim_warp_read(struct nvsim_warp *w, uint64_t gpu_va, void *dst,
                     uint32_t size_B);

/* nvsim_strict.c */
struct nvsim_strict *nvsim_strict_create(void);
void nvsim_strict_begin(struct nvsim_warp *w);
void nvsim_strict_issue(struct nvsim_warp *w, const struct nvsim_instr *in);

#define nvsim_for_each_lane(l, mask) util_bits_for_each(l, mask)

#endif
