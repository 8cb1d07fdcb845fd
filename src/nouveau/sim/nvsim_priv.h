/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The card's inside: device, channels, fault unit. Locks, outermost first:
 *   nvsim.chan_lock > nvsim_channel.lock > nvsim.fault.lock > nvsim.error_lock
 *   nvsim.workers_lock is taken alone.
 * No lock is held in a call to config.interrupt or in an access section. */
#ifndef NVSIM_PRIV_H
#define NVSIM_PRIV_H

#include "nvsim_mem_priv.h"

#include <pthread.h>

#include "nouveau/headers/nv_push.h"
#include "nouveau/headers/nv_regs.h"
#include "nouveau/sim/nvsim.h"
#include "util/util_svc.h"

struct nvsim_channel;
struct nvsim_grid;
struct nvsim_mme;

/* The card's threads and all that they touch are service memory (util_svc.h). */
void *nvsim_alloc64(size_t size_B); /* 64-byte aligned, zeroed */
void nvsim_free64(void *p);

/* ---- fault unit (nvsim_fault.c) ---- */

#define NVSIM_PARK_PAGES                                                       \
   64 /* pages of one warp instruction: 32 lanes, 2 accesses */

enum nvsim_park_state {
   NVSIM_PARK_NONE,
   NVSIM_PARK_WAITING,
   NVSIM_PARK_REPLAY, /* may try again */
   NVSIM_PARK_CANCEL, /* will never succeed */
};

/* A warp's access that waits for replay or cancel. Changed under fault.lock. */
struct nvsim_park {
   struct util_list link; /* nvsim_fault_unit.parked, while WAITING */
   struct nvsim_channel *chan;
   enum nvsim_park_state state;
   bool unreported; /* the buffer was full */
   uint8_t gpc, client;
   uint8_t num;
   uint8_t cancelled; /* index into `faults` */
   struct nvsim_mem_fault faults[NVSIM_PARK_PAGES];
};

/* The owner looks without the lock; what it finds besides has been written
 * before. */
static inline void
nvsim_park_set(struct nvsim_park *p, enum nvsim_park_state state)
{
   __atomic_store_n(&p->state, state, __ATOMIC_RELEASE);
}

struct nvsim_fault_unit {
   pthread_mutex_t lock;
   pthread_cond_t changed; /* some park changed state, or a grid was aborted */
   struct util_list parked;
   uint64_t base_pa;
   uint32_t lo, hi, entries, get, put;
   bool overflow;
   uint64_t num_faults, num_replays, num_cancels;
};

void nvsim_fault_init(struct nvsim *sim);
void nvsim_fault_finish(struct nvsim *sim);
uint32_t nvsim_fault_rd32(struct nvsim *sim, uint32_t reg);
void nvsim_fault_wr32(struct nvsim *sim, uint32_t reg, uint32_t value);
/* Can this client of this channel wait for a replay at all? */
bool nvsim_fault_is_replayable(struct nvsim *sim, const struct nvsim_channel *c,
                               uint8_t client);
/* park->faults, num, gpc, client and chan are set; one entry a page is written.
 */
void nvsim_fault_raise(struct nvsim *sim, struct nvsim_park *park);
/* Takes a waiting park back (its grid ended). */
void nvsim_fault_drop(struct nvsim *sim, struct nvsim_park *park);
/* Of one address space; ~0: of all. */
void nvsim_fault_replay(struct nvsim *sim, uint64_t pdb_pa);
/* `inst_pa` or `gpu_va` ~0: any. `targeted` false: all parked accesses. */
void nvsim_fault_cancel(struct nvsim *sim, bool targeted, uint8_t gpc,
                        uint8_t client, uint64_t inst_pa, uint64_t gpu_va);

/* ---- channel (nvsim_chan.c) ---- */

/* Word of a push buffer with everything before it already consumed. */
struct nvsim_pb_state {
   enum nv_push_op op;
   unsigned subch, method, count;
};

struct nvsim_class;

struct nvsim_subch {
   const struct nvsim_class *cls; /* NULL: nothing bound */
   uint16_t id;
};

/* Inline-to-memory transfer in progress. */
struct nvsim_i2m {
   bool active;
   uint32_t launch, length_B, lines, pitch_B;
   uint32_t line, pos_B; /* next byte */
   uint64_t gpu_va;      /* of the first line */
};

#define NVSIM_CLASS_METHODS 0x1000 /* dwords */

struct nvsim_channel {
   struct nvsim *sim;
   uint32_t chid;
   pthread_mutex_t lock;
   pthread_cond_t wake, idle;
   pthread_t thread;
   bool has_thread;
   /* under lock */
   uint32_t inst_reg;
   bool enabled, errored, quit;
   bool doorbell; /* look at GP_PUT again */
   bool busy;     /* the thread executes */

   /* `stop` without the lock: leave what you are doing. */
   bool stop;

   /* The channel's thread alone, from here on. */
   struct nvsim_worker *worker;
   struct nvsim_vm vm;
   uint64_t userd_pa;
   enum nv_aperture userd_aperture;
   bool privileged;
   uint64_t gp_base_va;
   uint32_t gp_mask, gp_get;
   struct nvsim_pb_state pb;
   uint32_t host[NV_HOST_METHOD_END / 4];
   struct nvsim_subch subch[NV_PUSH_SUBCHANNELS];
   /* Values last written, by kind of class (enum nvsim_engine). */
   uint32_t *state[6];
   struct nvsim_i2m i2m[6];
   struct nvsim_mme *mme;
   struct nvsim_code_cache *code;
   uint64_t launches;
};

/* Which set of methods a class has. */
enum nvsim_engine {
   NVSIM_ENGINE_3D,
   NVSIM_ENGINE_COMPUTE,
   NVSIM_ENGINE_I2M,
   NVSIM_ENGINE_2D,
   NVSIM_ENGINE_COPY,
   NVSIM_ENGINE_SW,
};

struct nvsim_class {
   enum nvsim_engine engine;
   const char *name;
   /* 0, or -1: an error has been raised. state[method / 4] holds the data
    * already. */
   int (*method)(struct nvsim_channel *c, unsigned subch, uint32_t method,
                 uint32_t data);
};

const struct nvsim_class *nvsim_class_find(const struct nvsim *sim,
                                           uint16_t id);
uint16_t nvsim_class_copy_id(const struct nvsim *sim);

int nvsim_3d_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                    uint32_t data);
int nvsim_2d_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                    uint32_t data);
int nvsim_compute_method(struct nvsim_channel *c, unsigned subch,
                         uint32_t method, uint32_t data);
int nvsim_i2m_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                     uint32_t data);
int nvsim_copy_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                      uint32_t data);
/* 0x180..0x1e4, shared by compute and A140. */
int nvsim_i2m_common(struct nvsim_channel *c, enum nvsim_engine engine,
                     uint32_t method, uint32_t data);

/* Takes some of `n` words for LOAD_INLINE_DATA at once; how many, 0 if it must
 * be done word by word, or -1. */
int nvsim_i2m_bulk(struct nvsim_channel *c, const struct nvsim_class *cls,
                   const uint32_t *words, unsigned n);

/* A 3D method that is no macro, or comes out of one; in `state` already. */
int nvsim_3d_expanded(struct nvsim_channel *c, uint32_t method, uint32_t data);

/* nvsim_mme.c: methods that load and call macros. */
struct nvsim_mme *nvsim_mme_create(void);
void nvsim_mme_destroy(struct nvsim_mme *m);
void nvsim_mme_reset(struct nvsim_mme *m);
/* It waits for a parameter. */
bool nvsim_mme_is_running(const struct nvsim_mme *m);
int nvsim_mme_method(struct nvsim_channel *c, uint32_t method, uint32_t data);

/* nvsim_clear.c: CLEAR_SURFACE. */
int nvsim_clear(struct nvsim_channel *c, const uint32_t *state, uint32_t data);

uint32_t nvsim_chan_rd32(struct nvsim *sim, uint32_t reg);
void nvsim_chan_wr32(struct nvsim *sim, uint32_t reg, uint32_t value);
void nvsim_chan_preempt(struct nvsim *sim, uint32_t chid);
void nvsim_chan_destroy_all(struct nvsim *sim);

static inline bool
nvsim_chan_stopped(const struct nvsim_channel *c)
{
   return __atomic_load_n(&c->stop, __ATOMIC_ACQUIRE);
}

/* Raises an error of the channel: it stops. `e` without chid. Always -1. */
int nvsim_chan_error(struct nvsim_channel *c, struct nvsim_error *e);
int nvsim_chan_method_error(struct nvsim_channel *c, uint32_t method,
                            uint32_t data, const char *why);
int nvsim_chan_pbdma_error(struct nvsim_channel *c, uint32_t method,
                           uint32_t data, const char *why);
/* Of a HUB client. */
int nvsim_chan_mmu_error(struct nvsim_channel *c,
                         const struct nvsim_mem_fault *f, uint8_t hub_client,
                         const char *what);

/* nvsim_pbdma.c: runs GPFIFO entries until GP_PUT or a stop. */
void nvsim_pbdma_run(struct nvsim_channel *c);

/* nvsim_semaphore.c */
enum nvsim_acquire {
   NVSIM_ACQUIRE_EQUAL,
   NVSIM_ACQUIRE_GEQ, /* around the wrap */
   NVSIM_ACQUIRE_AND,
};
/* Waits for a word of memory. -1: error, or the channel was stopped. */
int nvsim_acquire(struct nvsim_channel *c, enum nvsim_acquire how,
                  uint64_t gpu_va, uint32_t payload, uint8_t hub_client);
/* One word, or four words with the time; or a reduction. */
struct nvsim_release {
   uint64_t gpu_va;
   uint32_t payload;
   uint32_t second; /* of four words */
   bool four_words;
   bool reduce, is_signed;
   uint8_t reduction; /* enum nv_reduction */
   uint8_t hub_client;
};
int nvsim_release(struct nvsim_channel *c, const struct nvsim_release *r);
/* SET_REPORT_SEMAPHORE_D has been written in `state`. */
int nvsim_report_semaphore(struct nvsim_channel *c, const uint32_t *state,
                           bool is_3d);

static inline uint64_t
nvsim_state_addr(const uint32_t *state, uint32_t method_upper)
{
   return (uint64_t)state[method_upper / 4] << 32 | state[method_upper / 4 + 1];
}

/* nvsim_cwd.c: executes the launch that the QMD describes. 0 or -1. */
int nvsim_launch(struct nvsim_channel *c, uint64_t qmd_va);

/* ---- device ---- */

struct nvsim_error_item {
   struct util_list link;
   struct nvsim_error e;
};

struct nvsim {
   struct nvsim_config config;
   uint8_t *vram;
   int vram_fd;
   uint64_t time_base_ns;

   uint64_t mmu_gen;
   pthread_mutex_t workers_lock;
   struct util_list workers;
   struct nvsim_worker_stats retired; /* of workers that are gone */

   struct nvsim_fault_unit fault;

   pthread_mutex_t reg_lock;
   uint32_t inval_pdb, inval_pdb_hi, cancel_inst, cancel_va_lo, cancel_va_hi;

   pthread_mutex_t error_lock;
   struct util_list errors;
   struct nvsim_launch_stats last_launch; /* under error_lock */
   bool has_last_launch;

   pthread_mutex_t chan_lock;
   struct nvsim_channel *chan[NV_CHANNELS];

   struct util_pool *pool; /* helpers of the channels' threads; may stay NULL */
   struct nvsim_worker *idle_workers; /* of the pool's threads; under reg_lock */
   uint64_t num_launches, bytes_copied;
};

void nvsim_interrupt(struct nvsim *sim, uint32_t pending);
void nvsim_post_error(struct nvsim *sim, const struct nvsim_error *e);
void nvsim_worker_sum_stats(struct nvsim *sim, struct nvsim_worker_stats *sum);

static inline bool
nvsim_debug(const struct nvsim *sim, uint64_t bit)
{
   return (sim->config.debug & bit) != 0;
}

#endif
