/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A bare card for tests and nvsim-run: page tables, one channel and push
 * buffers made by hand, as a very small kernel would. Not thread-safe. All VRAM
 * is mapped at RIG_VA + offset by 2 MiB pages. */
#ifndef NVSIM_RIG_H
#define NVSIM_RIG_H

#include <pthread.h>

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_fault.h"
#include "nouveau/headers/nv_mmu.h"
#include "nouveau/headers/nv_push.h"
#include "nouveau/headers/nv_qmd.h"
#include "nouveau/headers/nv_regs.h"
#include "nouveau/sim/nvsim.h"
#include "util/util_buf.h"

/* Words of an address. */
#define LO(x) (uint32_t)(x)
#define HI(x) (uint32_t)((uint64_t)(x) >> 32)

#define RIG_VA         0x200000000ull
#define RIG_VRAM_B     (64ull << 20)
#define RIG_CHID       3
#define RIG_SHARED_WIN 0xfe000000u
#define RIG_LOCAL_WIN  0xff000000u
#define RIG_FAULTS     64 /* entries of the fault buffer */
#define RIG_GP_LOG2    6
#define RIG_MAX_CODE_B 65536
#define RIG_TIMEOUT_S  30u /* more than a slow machine wants */

struct rig {
   struct nvsim *sim;
   uint8_t *vram;
   uint64_t next; /* VRAM offset not yet used */
   uint64_t inst, pdb, userd, gpfifo, sem, faults, qmd, cb0, code, tls, push;
   bool is_gp100;         /* has classes of its own */
   uint32_t put;          /* GP_PUT */
   uint32_t seq;          /* last semaphore value asked for */
   struct util_buf words; /* push buffer being built */
   uint32_t fault_get;
   pthread_mutex_t lock;
   pthread_cond_t cond;
   _Atomic uint32_t pending; /* interrupts seen */
   struct util_buf reports;  /* lines of strict and race; under lock */
};

struct rig_config {
   uint32_t chipset; /* 0: 0x134 */
   uint32_t sms, host_threads;
   uint64_t seed, debug;
   bool privileged;     /* physical copies */
   uint32_t inst_flags; /* more NV_INST_PDB_* */
   bool no_replay;      /* else FAULT_REPLAY_TEX is set */
   uint64_t watchdog;   /* as in struct nvsim_config */
   bool keep_reports;   /* in rig.reports, not to stderr */
};

void rig_init(struct rig *r, const struct rig_config *config);
void rig_finish(struct rig *r);
/* Binds the channel anew (after an error). */
void rig_bind(struct rig *r);

/* VRAM: offset, zeroed, aligned to 4 KiB. */
uint64_t rig_alloc(struct rig *r, uint64_t size_B);
static inline uint64_t
rig_va(uint64_t vram_off)
{
   return RIG_VA + vram_off;
}
static inline void *
rig_ptr(struct rig *r, uint64_t vram_off)
{
   return r->vram + vram_off;
}

/* Writes one 4 KiB PTE, with the tables it needs; 0 unmaps. No invalidate. */
void rig_set_pte(struct rig *r, uint64_t gpu_va, uint64_t pte);
void rig_invalidate(struct rig *r);
/* Maps the process's pages of [p, p + size) at their own address. */
void rig_map_sys(struct rig *r, const void *p, uint64_t size_B, uint64_t flags);

void rig_word(struct rig *r, uint32_t word);
void rig_method(struct rig *r, unsigned subch, uint32_t method, uint32_t data);
/* Semaphore release on compute, then GP_PUT and doorbell. */
void rig_kick(struct rig *r);
/* Only the entry and the doorbell. */
void rig_submit(struct rig *r);
/* An entry of words that lie in memory, read when it is reached. */
void rig_submit_at(struct rig *r, uint64_t gpu_va, uint32_t length_dw);
/* True: all that was kicked has finished. False: error, or
 * RIG_TIMEOUT_S. */
bool rig_wait(struct rig *r);
bool rig_is_done(struct rig *r);
/* Sleeps until one of these interrupts has come; takes it. False:
 * RIG_TIMEOUT_S. */
bool rig_wait_interrupt(struct rig *r, uint32_t mask);
/* Oldest fault buffer entry, taken. False: empty. */
bool rig_next_fault(struct rig *r, struct nv_fault *f_out);

struct rig_launch {
   const char *code; /* text for sass_text_parse, at the start of r->code */
   uint32_t grid[3], block[3]; /* 0 counts as 1 */
   uint32_t regs, barriers, shared_B, local_B, crs_B;
   uint32_t args[64]; /* c[0][0..] */
};
/* Assembles the code, fills the QMD, puts the methods into the push buffer. */
void rig_launch(struct rig *r, const struct rig_launch *l);
/* rig_launch, rig_kick, rig_wait. */
bool rig_run(struct rig *r, const struct rig_launch *l);
/* After an error: the channel is bound anew, and what a kernel does comes out
 * right. */
bool rig_good_kernel_runs(struct rig *r);

#endif
