/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A worker runs the CTAs of its SMs. It finishes what it has started before it
 * starts more, because a CTA's registers are then in the host's caches; but a
 * CTA that runs for long, waits or is parked lets others in, up to the
 * occupancy of the SMs, so that CTAs which wait for each other make progress as
 * on hardware. */
#include "nvsim_watch_priv.h"

#include <stdlib.h>
#include <string.h>

#define WARP_BUDGET 8192   /* instructions until the next warp's turn */
#define CTA_BUDGET  400000 /* ... until the next CTA's */

struct sm {
   struct nvsim_grid *grid;
   struct nvsim_worker *worker;
   unsigned index, num_workers;
   uint32_t num_sms, slots;
   struct nvsim_cta **cta; /* by slot; kept for the next CTA of the slot */
   struct util_list resident;
   uint32_t num_resident;
   bool no_more;
   uint64_t random;
};

static uint64_t
next_random(struct sm *sm)
{
   uint64_t x = sm->random;
   x ^= x << 13;
   x ^= x >> 7;
   x ^= x << 17;
   return sm->random = x;
}

static bool
is_over(struct nvsim_grid *grid)
{
   return __atomic_load_n(&grid->abort, __ATOMIC_ACQUIRE) ||
          nvsim_chan_stopped(grid->chan);
}

void
nvsim_grid_fail(struct nvsim_grid *grid, const struct nvsim_error *e)
{
   pthread_mutex_lock(&grid->lock);
   if (!grid->failed)
      grid->error = *e;
   grid->failed = true;
   __atomic_store_n(&grid->abort, true, __ATOMIC_RELEASE);
   pthread_mutex_unlock(&grid->lock);
   /* Workers whose warps are parked sleep there. */
   pthread_mutex_lock(&grid->sim->fault.lock);
   pthread_cond_broadcast(&grid->sim->fault.changed);
   pthread_mutex_unlock(&grid->sim->fault.lock);
}

/* ---- CTAs ---- */

static struct nvsim_cta *
create_cta(struct sm *sm, uint32_t slot)
{
   const struct nvsim_grid *g = sm->grid;
   struct nvsim_worker *wk = sm->worker;
   struct nvsim_cta *cta = nvsim_worker_alloc(wk, sizeof(*cta));
   uint32_t warp_rows = NVSIM_ROW_REG + g->num_regs;
   memset(cta, 0, sizeof(*cta));
   cta->rows = nvsim_worker_alloc(
      wk, (size_t)g->warps_per_cta * warp_rows * sizeof(cta->rows[0]));
   cta->warps = nvsim_worker_alloc(wk, g->warps_per_cta * sizeof(*cta->warps));
   cta->shared = nvsim_worker_alloc(wk, g->shared_B);
   cta->grid = sm->grid;
   cta->worker = wk;
   cta->num_warps = g->warps_per_cta;
   cta->sm = sm->index + slot % sm->num_sms * sm->num_workers;
   cta->slot = slot / sm->num_sms;
   memset(cta->warps, 0, g->warps_per_cta * sizeof(*cta->warps));
   for (uint32_t i = 0; i < cta->num_warps; i++) {
      struct nvsim_warp *w = &cta->warps[i];
      w->r = cta->rows + (size_t)i * warp_rows;
      memset(w->r, 0, NVSIM_ROW_REG * sizeof(w->r[0]));
      cta->order[i] = i;
      if (nvsim_debug(g->sim, NVSIM_DEBUG_STRICT))
         w->strict = nvsim_strict_create();
   }
   nvsim_watch_create_cta(cta);
   return cta;
}

/* The rest is the worker's. */
static void
destroy_cta(struct nvsim_cta *cta)
{
   if (!cta)
      return;
   for (uint32_t i = 0; i < cta->num_warps; i++) {
      util_svc_free(cta->warps[i].stack);
      util_svc_free(cta->warps[i].strict);
   }
}

/* Bijection of [0, num_ctas): a bijection of the next power of two, walked
 * until it comes back. The identity without a seed. */
static uint64_t
shuffle_index(const struct nvsim_grid *g, uint64_t i)
{
   do {
      i = (i * g->order_mul + g->order_add) & g->order_mask;
   } while (i >= g->num_ctas);
   return i;
}

static void
shuffle_warps(struct sm *sm, struct nvsim_cta *cta)
{
   if (!sm->grid->sim->config.seed)
      return;
   for (uint32_t i = cta->num_warps; i > 1; i--) {
      uint32_t k = next_random(sm) % i, t = cta->order[i - 1];
      cta->order[i - 1] = cta->order[k];
      cta->order[k] = t;
   }
}

static void
init_cta(struct sm *sm, struct nvsim_cta *cta, uint64_t index)
{
   const struct nvsim_grid *g = sm->grid;
   cta->index = index;
   cta->id[0] = index % g->dim[0];
   cta->id[1] = index / g->dim[0] % g->dim[1];
   cta->id[2] = index / ((uint64_t)g->dim[0] * g->dim[1]);
   cta->live = cta->num_warps;
   cta->turn = 0;
   memset(cta->bar, 0, sizeof(cta->bar));
   nvsim_watch_begin_cta(cta);
   shuffle_warps(sm, cta);
   for (uint32_t i = 0; i < cta->num_warps; i++)
      nvsim_warp_init(&cta->warps[i], cta, i);
   sm->worker->stats.ctas++;
}

/* Starts one more CTA at the head of the list. NULL: none left, or no room. */
static struct nvsim_cta *
start_cta(struct sm *sm)
{
   if (sm->no_more || sm->num_resident == sm->slots)
      return NULL;
   uint64_t n = __atomic_fetch_add(&sm->grid->next_cta, 1, __ATOMIC_RELAXED);
   if (n >= sm->grid->num_ctas) {
      sm->no_more = true;
      return NULL;
   }
   uint32_t slot = 0;
   while (sm->cta[slot] && sm->cta[slot]->live)
      slot++;
   if (!sm->cta[slot])
      sm->cta[slot] = create_cta(sm, slot);
   struct nvsim_cta *cta = sm->cta[slot];
   init_cta(sm, cta, shuffle_index(sm->grid, n));
   util_list_add(&cta->link, &sm->resident);
   sm->num_resident++;
   return cta;
}

/* ---- parked warps ---- */

static void
cancelled(struct nvsim_warp *w)
{
   nvsim_warp_post_mmu_error(w, &w->park.faults[w->park.cancelled]);
}

/* Takes warps out of PARKED whose replay or cancel has come. */
static void
unpark(struct nvsim_cta *cta)
{
   for (uint32_t i = 0; i < cta->num_warps; i++) {
      struct nvsim_warp *w = &cta->warps[i];
      if (w->state != NVSIM_WARP_PARKED)
         continue;
      enum nvsim_park_state s =
         __atomic_load_n(&w->park.state, __ATOMIC_ACQUIRE);
      if (s == NVSIM_PARK_CANCEL) {
         cancelled(w);
      } else if (s == NVSIM_PARK_REPLAY) {
         nvsim_park_set(&w->park, NVSIM_PARK_NONE);
         w->state = NVSIM_WARP_READY;
         w->retry = true;
      }
   }
}

static bool
has_state(const struct nvsim_cta *cta, enum nvsim_warp_state state)
{
   for (uint32_t i = 0; i < cta->num_warps; i++)
      if (cta->warps[i].state == state)
         return true;
   return false;
}

/* Sleeps until a parked warp of this worker may go on, or the grid is over. All
 * its CTAs wait. */
static void
wait_parked(struct sm *sm)
{
   struct nvsim_fault_unit *u = &sm->grid->sim->fault;
   pthread_mutex_lock(&u->lock);
   for (bool ready = false; !ready && !is_over(sm->grid);) {
      util_list_for_each(struct nvsim_cta, cta, &sm->resident, link) {
         for (uint32_t i = 0; i < cta->num_warps; i++)
            ready |= cta->warps[i].state == NVSIM_WARP_PARKED &&
                     cta->warps[i].park.state != NVSIM_PARK_WAITING;
      }
      if (!ready)
         pthread_cond_wait(&u->changed, &u->lock);
   }
   pthread_mutex_unlock(&u->lock);
}

/* ---- barriers ---- */

static void
release_barrier(struct nvsim_cta *cta, struct nvsim_barrier *b)
{
   nvsim_race_release(cta, b - cta->bar);
   for (uint32_t i = 0; i < cta->num_warps; i++) {
      struct nvsim_warp *w = &cta->warps[i];
      if (!(b->waiting >> i & 1))
         continue;
      w->bar_result = b->popc;
      w->bar_all = b->all;
      w->bar_any = b->any;
      w->state = NVSIM_WARP_READY;
   }
   *b = (struct nvsim_barrier){0};
}

/* Exited warps count as arrived where the whole CTA is expected. */
void
nvsim_cta_check_barriers(struct nvsim_cta *cta)
{
   for (unsigned i = 0; i < NVSIM_BARRIERS; i++) {
      struct nvsim_barrier *b = &cta->bar[i];
      if (!b->arrived)
         continue;
      uint32_t want = b->expected ? b->expected : cta->live * NVSIM_LANES;
      if (b->arrived >= want)
         release_barrier(cta, b);
   }
}

static void
report_deadlock(struct nvsim_cta *cta)
{
   for (uint32_t i = 0; i < cta->num_warps; i++) {
      if (cta->warps[i].state == NVSIM_WARP_AT_BARRIER) {
         nvsim_warp_post_error(&cta->warps[i], NVSIM_WARP_ILLEGAL_PARAM2,
                               "barrier that not all work-items reach");
         return;
      }
   }
}

/* ---- the worker ---- */

/* One warp after the other. True: used up its share of time. */
static bool
run_slice(struct sm *sm, struct nvsim_cta *cta)
{
   bool shuffled = sm->grid->sim->config.seed != 0;
   int left = CTA_BUDGET;
   bool any = true;
   while (any && cta->live && left > 0) {
      any = false;
      for (uint32_t i = 0; i < cta->num_warps && !is_over(sm->grid); i++) {
         struct nvsim_warp *w = &cta->warps[cta->order[i]];
         if (w->state != NVSIM_WARP_READY)
            continue;
         any = true;
         int budget =
            shuffled ? 1 + (int)(next_random(sm) % WARP_BUDGET) : WARP_BUDGET;
         nvsim_warp_run(w, budget);
         left -= budget - MAX2(w->budget, 0);
      }
      if (is_over(sm->grid))
         return false;
   }
   return left <= 0;
}

static struct nvsim_cta *
pick(struct sm *sm)
{
   util_list_for_each(struct nvsim_cta, cta, &sm->resident, link) {
      unpark(cta);
      if (has_state(cta, NVSIM_WARP_READY))
         return cta;
   }
   return NULL;
}

static void
retire(struct sm *sm, struct nvsim_cta *cta)
{
   util_list_del(&cta->link);
   sm->num_resident--;
}

static void
run_all(struct sm *sm)
{
   bool grow = false; /* the last CTA ran for long: let others in */
   while (!is_over(sm->grid)) {
      struct nvsim_cta *cta = grow ? start_cta(sm) : NULL;
      grow = false;
      if (!cta)
         cta = pick(sm);
      if (!cta)
         cta = start_cta(sm);
      if (!cta && !sm->num_resident)
         return;
      if (!cta) {
         wait_parked(sm);
         continue;
      }
      grow = run_slice(sm, cta);
      nvsim_grid_want_helpers(sm->grid);
      if (!cta->live) {
         retire(sm, cta);
      } else {
         util_list_del(&cta->link);
         util_list_add_tail(&cta->link, &sm->resident);
         if (!has_state(cta, NVSIM_WARP_READY) &&
             !has_state(cta, NVSIM_WARP_PARKED) && !is_over(sm->grid))
            report_deadlock(cta);
      }
   }
}

static void
drop_parked(struct sm *sm)
{
   util_list_for_each(struct nvsim_cta, cta, &sm->resident, link)
      for (uint32_t i = 0; i < cta->num_warps; i++)
         if (cta->warps[i].state == NVSIM_WARP_PARKED)
            nvsim_fault_drop(sm->grid->sim, &cta->warps[i].park);
}

void
nvsim_sm_work(struct nvsim_grid *grid, struct nvsim_worker *worker,
              unsigned worker_index, unsigned num_workers)
{
   struct sm sm = {
      .grid = grid,
      .worker = worker,
      .index = worker_index,
      .num_workers = num_workers,
      .num_sms = (grid->sim->config.sm_count - worker_index + num_workers - 1) /
                 num_workers,
      .random =
         (grid->sim->config.seed + grid->serial) * 0x9e3779b97f4a7c15ull |
         1ull << 63,
   };
   sm.slots = grid->sequential ? 1 : sm.num_sms * grid->ctas_per_sm;
   sm.slots = MIN2(sm.slots, grid->num_ctas);
   sm.cta = nvsim_worker_alloc(worker, sm.slots * sizeof(*sm.cta));
   memset(sm.cta, 0, sm.slots * sizeof(*sm.cta));
   util_list_init(&sm.resident);
   nvsim_worker_set_vm(worker, &grid->chan->vm);
   memset(worker->cb_valid, 0, sizeof(worker->cb_valid));
   memset(worker->forced, 0, sizeof(worker->forced));
   worker->no_forced_fault = true;
   uint64_t before = worker->stats.instructions;
   worker->kstats = (struct nvsim_kstats){0};

   run_all(&sm);

   __atomic_add_fetch(&grid->instructions, worker->stats.instructions - before,
                      __ATOMIC_RELAXED);
   pthread_mutex_lock(&grid->lock);
   nvsim_kstats_add(&grid->kstats, &worker->kstats);
   pthread_mutex_unlock(&grid->lock);
   drop_parked(&sm);
   for (uint32_t i = 0; i < sm.slots; i++)
      destroy_cta(sm.cta[i]);
   nvsim_worker_alloc_reset(worker);
}
