/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* From QMD to grid: checks, occupancy, workers, release (mesa.md §1.8, isa.md
 * §6). The channel's thread works itself; helpers of the pool come when the
 * grid is worth it. */
#include "nvsim_watch_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_qmd.h"
#include "util/util_log.h"
#include "util/util_pool.h"

#define MAX_WARPS_SM   64
#define MAX_CTAS_SM    32
#define MAX_SHARED_CTA (48u << 10)
#define SM_REGS        65536u

/* ---- QMD ---- */

static const char *
read_sizes(struct nvsim_grid *g, const uint32_t *q)
{
   g->dim[0] = nv_qmd_get(q, NV_QMD_CTA_RASTER_WIDTH, 0);
   g->dim[1] = nv_qmd_get(q, NV_QMD_CTA_RASTER_HEIGHT, 0);
   g->dim[2] = nv_qmd_get(q, NV_QMD_CTA_RASTER_DEPTH, 0);
   uint64_t threads = 1;
   for (unsigned i = 0; i < 3; i++) {
      g->block[i] = nv_qmd_get(q, NV_QMD_CTA_THREAD_DIMENSION, i);
      threads *= g->block[i];
   }
   if (threads < 1 || threads > 1024 || g->block[2] > 64)
      return "QMD: illegal block size";
   if (g->dim[0] > 0x7fffffff)
      return "QMD: grid is too wide";
   g->num_ctas = (uint64_t)g->dim[0] * g->dim[1] * g->dim[2];
   g->threads = threads;
   g->warps_per_cta = DIV_ROUND_UP(threads, NVSIM_LANES);
   return NULL;
}

static const char *
read_banks(struct nvsim_grid *g, const uint32_t *q)
{
   for (unsigned i = 0; i < NV_QMD_CBS; i++) {
      g->cb[i].valid = nv_qmd_get(q, NV_QMD_CONSTANT_BUFFER_VALID, i);
      g->cb[i].gpu_va = nv_qmd_cb_gpu_va(q, i);
      g->cb[i].size_B = nv_qmd_cb_size_B(q, i);
      if (g->cb[i].valid && g->cb[i].size_B > 0x10000)
         return "QMD: constant buffer larger than 64 KiB";
      if (g->cb[i].valid && g->cb[i].gpu_va % 16)
         return "QMD: misaligned constant buffer";
   }
   return NULL;
}

/* isa.md §3.2: tokens that fit into the call-return stack of a warp. */
static uint32_t
stack_limit(uint32_t crs_B)
{
   if (crs_B < 1024)
      return 16;
   return MIN2(MAX2(crs_B / 16 - 32, 32), 1u << 16);
}

static const char *
read_code(struct nvsim_grid *g, const uint32_t *q, const uint32_t *state)
{
   g->code_base = nvsim_state_addr(state, NV_COMPUTE_SET_PROGRAM_REGION_A) &
                  (NV_MMU_VA_END - 1);
   g->entry_va = g->code_base + nv_qmd_get(q, NV_QMD_PROGRAM_OFFSET, 0);
   if (g->entry_va % 0x80)
      return "QMD: program is not 128-byte aligned";
   g->num_regs = nv_qmd_get(q, NV_QMD_REGISTER_COUNT, 0);
   g->num_barriers = nv_qmd_get(q, NV_QMD_BARRIER_COUNT, 0);
   if (!g->num_regs || g->num_regs > 255)
      return "QMD: illegal register count";
   if (g->num_barriers > NVSIM_BARRIERS)
      return "QMD: more than 16 barriers";
   g->stack_limit =
      stack_limit(nv_qmd_get(q, NV_QMD_SHADER_LOCAL_MEMORY_CRS_SIZE, 0));
   g->call_limit = !nv_qmd_get(q, NV_QMD_API_VISIBLE_CALL_LIMIT, 0);
   return NULL;
}

static uint64_t
window(const uint32_t *state, uint32_t method)
{
   return nvsim_state_addr(state, method) & (NV_MMU_VA_END - 1);
}

static const char *
read_memory(struct nvsim_grid *g, const uint32_t *q, const uint32_t *state)
{
   g->shared_B = nv_qmd_get(q, NV_QMD_SHARED_MEMORY_SIZE, 0);
   if (g->shared_B > MAX_SHARED_CTA || g->shared_B % 256)
      return "QMD: illegal shared memory size";
   g->shared_window = window(state, NV_COMPUTE_SET_SHARED_MEMORY_WINDOW_A);
   g->local_window = window(state, NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW_A);
   g->local_base = nvsim_state_addr(state, NV_COMPUTE_SET_LOCAL_MEMORY_A) &
                   (NV_MMU_VA_END - 1);
   g->local_sm_B =
      nvsim_state_addr(state, NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_A);
   g->local_B = nv_qmd_get(q, NV_QMD_SHADER_LOCAL_MEMORY_LOW_SIZE, 0) +
                nv_qmd_get(q, NV_QMD_SHADER_LOCAL_MEMORY_HIGH_SIZE, 0);
   if (g->local_B % 16 || g->local_B > (512u << 10))
      return "QMD: illegal local memory size";
   if (g->local_B)
      g->local_warp_B =
         util_align(g->local_B * NVSIM_LANES +
                       nv_qmd_get(q, NV_QMD_SHADER_LOCAL_MEMORY_CRS_SIZE, 0),
                    0x200);
   return NULL;
}

static void
read_textures(struct nvsim_grid *g, const uint32_t *q, const uint32_t *state)
{
   g->tex = (struct nvsim_tex_state){
      .tic_va = nvsim_state_addr(state, NV_COMPUTE_SET_TEX_HEADER_POOL_A) &
                (NV_MMU_VA_END - 1),
      .tic_last = state[NV_COMPUTE_SET_TEX_HEADER_POOL_C / 4] & 0x3fffff,
      .tsc_va = nvsim_state_addr(state, NV_COMPUTE_SET_TEX_SAMPLER_POOL_A) &
                (NV_MMU_VA_END - 1),
      .tsc_last = state[NV_COMPUTE_SET_TEX_SAMPLER_POOL_C / 4] & 0xfffff,
      .cb_slot = state[NV_COMPUTE_SET_BINDLESS_TEXTURE / 4] & 7,
      .tsc_as_tic = nv_qmd_get(q, NV_QMD_SAMPLER_INDEX, 0),
   };
}

/* isa.md §6.1 */
static const char *
compute_occupancy(struct nvsim_grid *g)
{
   bool gp100 = g->sim->config.chipset == 0x130;
   uint32_t shared_sm = gp100 ? 64u << 10 : 96u << 10;
   uint32_t warp_regs = util_align(g->num_regs, 8) * NVSIM_LANES;
   /* A warp's registers lie in one partition. */
   uint32_t partitions = gp100 ? 2 : 4;
   uint32_t warps = SM_REGS / partitions / warp_regs * partitions;
   const uint32_t limits[] = {
      [NVSIM_BY_WARPS] = MAX_WARPS_SM / g->warps_per_cta,
      [NVSIM_BY_REGISTERS] = warps / g->warps_per_cta,
      [NVSIM_BY_GROUPS] = MAX_CTAS_SM,
      [NVSIM_BY_SHARED] = g->shared_B ? shared_sm / g->shared_B : UINT32_MAX,
      [NVSIM_BY_LOCAL] = g->local_warp_B
                            ? g->local_sm_B / g->local_warp_B / g->warps_per_cta
                            : UINT32_MAX,
   };
   g->ctas_per_sm = UINT32_MAX;
   for (unsigned n = 0; n < ARRAY_SIZE(limits); n++) {
      if (limits[n] >= g->ctas_per_sm)
         continue;
      g->ctas_per_sm = limits[n];
      g->occupancy_limit = n;
   }
   if (!g->ctas_per_sm)
      return "QMD: a block does not fit into an SM (registers or local memory)";
   return NULL;
}

static void
set_order(struct nvsim_grid *g)
{
   uint64_t seed = g->sim->config.seed;
   g->order_mask = util_next_pow2(MAX2(g->num_ctas, 1)) - 1;
   g->order_mul = seed ? seed * 2654435761u | 1 : 1;
   g->order_add = seed ? seed * 0x9e3779b9u + g->serial : 0;
}

static const char *
read_qmd(struct nvsim_grid *g, const uint32_t *q, const uint32_t *state)
{
   if (nv_qmd_get(q, NV_QMD_IS_QUEUE, 0))
      return "QMD: queues are not supported";
   const char *why = read_sizes(g, q);
   if (!why)
      why = read_banks(g, q);
   if (!why)
      why = read_code(g, q, state);
   if (!why)
      why = read_memory(g, q, state);
   read_textures(g, q, state);
   if (!why)
      why = compute_occupancy(g);
   g->sequential = nv_qmd_get(q, NV_QMD_SEQUENTIALLY_RUN_CTAS, 0);
   return why;
}

/* ---- workers ---- */

/* A place in the pool's queue. It may come to its turn when the grid has long
 * ended: then `grid` is NULL and it only frees itself. */
struct helper {
   struct util_job job;
   pthread_mutex_t lock;
   struct nvsim_grid *grid;
   bool running;
   struct helper *next; /* of the grid */
};

static struct nvsim_worker *
take_worker(struct nvsim *sim)
{
   struct nvsim_worker *w = NULL;
   pthread_mutex_lock(&sim->reg_lock);
   if (sim->idle_workers) {
      w = sim->idle_workers;
      sim->idle_workers = w->next_idle;
   }
   pthread_mutex_unlock(&sim->reg_lock);
   return w ? w : nvsim_worker_create(sim);
}

static void
give_worker(struct nvsim *sim, struct nvsim_worker *w)
{
   pthread_mutex_lock(&sim->reg_lock);
   w->vm = NULL; /* the channel's may go */
   w->next_idle = sim->idle_workers;
   sim->idle_workers = w;
   pthread_mutex_unlock(&sim->reg_lock);
}

static void
help(struct nvsim_grid *g)
{
   struct nvsim_worker *w = take_worker(g->sim);
   if (!w)
      return;
   nvsim_guard_set_thread(&w->guard);
   unsigned index = __atomic_add_fetch(&g->next_worker, 1, __ATOMIC_RELAXED);
   nvsim_sm_work(g, w, index, g->num_workers);
   nvsim_guard_set_thread(NULL);
   give_worker(g->sim, w);
}

static void
free_helper(struct helper *h)
{
   pthread_mutex_destroy(&h->lock);
   util_svc_free(h);
}

static void
run_helper(struct util_job *job)
{
   struct helper *h = container_of(job, struct helper, job);
   pthread_mutex_lock(&h->lock);
   struct nvsim_grid *g = h->grid;
   h->running = g != NULL;
   pthread_mutex_unlock(&h->lock);
   if (!g) {
      free_helper(h);
      return;
   }
   help(g);
   pthread_mutex_lock(&g->lock);
   g->helpers--;
   pthread_cond_broadcast(&g->changed);
   pthread_mutex_unlock(&g->lock);
}

/* Waking helpers costs as much as a small grid: first see whether it is one. */
#define HELP_AFTER_NS 20000

void
nvsim_grid_want_helpers(struct nvsim_grid *g)
{
   if (g->num_workers == 1 || !pthread_equal(g->owner, pthread_self()) ||
       g->helper_list ||
       __atomic_load_n(&g->next_cta, __ATOMIC_RELAXED) >= g->num_ctas ||
       util_time_ns() - g->start_ns < HELP_AFTER_NS)
      return;
   struct util_pool *pool = g->sim->pool;
   for (unsigned i = 1; pool && i < g->num_workers; i++) {
      struct helper *h = util_svc_calloc(1, sizeof(*h));
      if (!h)
         return;
      pthread_mutex_init(&h->lock, NULL);
      h->job.run = run_helper;
      h->grid = g;
      h->next = g->helper_list;
      g->helper_list = h;
      pthread_mutex_lock(&g->lock);
      g->helpers++;
      pthread_mutex_unlock(&g->lock);
      util_pool_submit(pool, &h->job);
   }
}

/* Helpers that have not begun are let go, the others waited for. */
static void
end_helpers(struct nvsim_grid *g)
{
   unsigned detached = 0;
   struct helper *started = NULL;
   for (struct helper *h = g->helper_list, *next; h; h = next) {
      next = h->next;
      pthread_mutex_lock(&h->lock);
      bool running = h->running;
      h->grid = NULL;
      pthread_mutex_unlock(&h->lock);
      if (running) {
         h->next = started;
         started = h;
      } else {
         detached++;
      }
   }
   pthread_mutex_lock(&g->lock);
   g->helpers -= detached;
   while (g->helpers)
      pthread_cond_wait(&g->changed, &g->lock);
   pthread_mutex_unlock(&g->lock);
   while (started) {
      struct helper *next = started->next;
      free_helper(started);
      started = next;
   }
}

/* ---- launch ---- */

static int
run_grid(struct nvsim_grid *g)
{
   struct nvsim_channel *c = g->chan;
   g->owner = pthread_self();
   g->start_ns = util_time_ns();
   g->num_workers = MIN2(g->sim->config.host_threads, g->sim->config.sm_count);
   g->num_workers = MIN2(g->num_workers, g->num_ctas);
   if (g->sequential)
      g->num_workers = 1;
   pthread_mutex_init(&g->lock, NULL);
   pthread_cond_init(&g->changed, NULL);
   nvsim_sm_work(g, c->worker, 0, g->num_workers);
   end_helpers(g);
   pthread_mutex_destroy(&g->lock);
   pthread_cond_destroy(&g->changed);
   if (g->failed)
      return nvsim_chan_error(c, &g->error);
   return nvsim_chan_stopped(c) ? -1 : 0;
}

static int
release(struct nvsim_channel *c, const uint32_t *q)
{
   for (unsigned i = 0; i < NV_QMD_RELEASES; i++) {
      if (!nv_qmd_get(q, NV_QMD_SEMAPHORE_RELEASE_ENABLE, i))
         continue;
      struct nvsim_release r = {
         .gpu_va = nv_qmd_get(q, NV_QMD_RELEASE_ADDRESS_LOWER, i) |
                   (uint64_t)nv_qmd_get(q, NV_QMD_RELEASE_ADDRESS_UPPER, i)
                      << 32,
         .payload = nv_qmd_get(q, NV_QMD_RELEASE_PAYLOAD, i),
         .four_words = nv_qmd_get(q, NV_QMD_RELEASE_STRUCTURE_SIZE, i) ==
                       NV_QMD_RELEASE_FOUR_WORDS,
         .reduce = nv_qmd_get(q, NV_QMD_RELEASE_REDUCTION_ENABLE, i),
         .reduction = nv_qmd_get(q, NV_QMD_RELEASE_REDUCTION_OP, i),
         .is_signed = nv_qmd_get(q, NV_QMD_RELEASE_REDUCTION_FORMAT, i) ==
                      NV_QMD_REDUCTION_SIGNED,
         .hub_client = NV_FAULT_CLIENT_HUB_FE,
      };
      if (nvsim_release(c, &r))
         return -1;
   }
   return 0;
}

int
nvsim_launch(struct nvsim_channel *c, uint64_t qmd_va)
{
   uint32_t q[NV_QMD_DW];
   struct nvsim_mem_fault f;
   if (nvsim_mem_read(c->worker, qmd_va, q, sizeof(q), &f))
      return nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_FE, "QMD fetch");
   struct nvsim_grid *g = util_svc_calloc(1, sizeof(*g));
   if (!g)
      abort();
   g->chan = c;
   g->sim = c->sim;
   g->serial = __atomic_add_fetch(&c->sim->num_launches, 1, __ATOMIC_RELAXED);
   const char *why = read_qmd(g, q, c->state[NVSIM_ENGINE_COMPUTE]);
   int err = 0;
   if (why) {
      err = nvsim_chan_method_error(c, NV_COMPUTE_SEND_PCAS_A,
                                    (uint32_t)(qmd_va >> 8), why);
   } else if (g->num_ctas) {
      if (nv_qmd_get(q, NV_QMD_INVALIDATE_INSTRUCTION_CACHE, 0))
         nvsim_code_cache_invalidate(c->code);
      nvsim_code_cache_validate(c->code, c->worker);
      nvsim_guard_install();
      set_order(g);
      if (nvsim_debug(c->sim, NVSIM_DEBUG_RACE))
         g->race = nvsim_race_create(g);
      err = run_grid(g);
      nvsim_race_destroy(g->race);
      g->race = NULL;
      if (nvsim_debug(c->sim, NVSIM_DEBUG_STATS))
         nvsim_kstats_finish(g);
   }
   if (!err)
      err = release(c, q);
   util_svc_free(g);
   return err;
}
