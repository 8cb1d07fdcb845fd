/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* NVSIM_DEBUG=stats: what a launch did and how many cycles it may have taken.
 *
 * The estimate has two bounds (isa.md 5.1, 5.4, 6.1). Throughput: each unit of
 * an SM is busy for so many quarters of a cycle a warp instruction; the busiest
 * one counts. Latency: a warp's own time, its stall counts and its waits for
 * scoreboards, times the rounds in which the groups fit into the SMs. Memory is
 * at the latency of the second-level cache; bandwidth beyond it, conflicts of
 * register banks, instruction fetch and waiting at barriers are left out. */
#include "nvsim_watch_priv.h"

#include <inttypes.h>
#include <stdio.h>

#define SECTOR_B     32
#define BANKS        32
#define SOURCES_READ 20 /* cycles after issue */

/* ---- time of a warp ---- */

/* Cycles from issue until the scoreboard is free. */
static unsigned
result_latency(const struct sass_instr *i)
{
   switch (sass_op_info(i->op)->class_) {
   case SASS_CLASS_DOUBLE:
      return 48;
   case SASS_CLASS_QUARTER:
      return 14;
   case SASS_CLASS_LEGACY:
      return 86;
   case SASS_CLASS_LOAD:
   case SASS_CLASS_STORE:
      return i->op == SASS_OP_LDS || i->op == SASS_OP_STS   ? 24
             : i->op == SASS_OP_LDC                         ? 25
             : i->op == SASS_OP_LDL || i->op == SASS_OP_STL ? 82
                                                            : 216;
   case SASS_CLASS_ATOMIC:
      return i->op == SASS_OP_ATOMS || i->op == SASS_OP_ATOMS_CAS ? 30 : 216;
   case SASS_CLASS_TEX:
      return 216;
   default:
      return 25;
   }
}

static void
pass_time(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   struct nvsim_launch_stats *sum = &w->worker->kstats.sum;
   struct nvsim_clock *c = &w->clock;
   uint64_t asked = c->now;
   uint8_t mask = in->ctrl.wait_mask;
   if (in->i.op == SASS_OP_DEPBAR)
      mask |= in->i.sb_mask | (in->i.le ? 1u << in->i.sb : 0);
   for (unsigned n = 0; n < ARRAY_SIZE(c->free_at); n++)
      if (mask >> n & 1)
         c->now = MAX2(c->now, c->free_at[n]);
   uint64_t done = c->now + result_latency(&in->i);
   if (in->ctrl.wr_bar < ARRAY_SIZE(c->free_at))
      c->free_at[in->ctrl.wr_bar] = MAX2(c->free_at[in->ctrl.wr_bar], done);
   /* Sources are read early. */
   if (in->ctrl.rd_bar < ARRAY_SIZE(c->free_at))
      c->free_at[in->ctrl.rd_bar] =
         MAX2(c->free_at[in->ctrl.rd_bar], c->now + SOURCES_READ);
   unsigned stall = nvsim_stall_cycles(&in->ctrl);
   sum->wait_cycles += c->now - asked;
   sum->stall_cycles += stall;
   sum->issue_cycles += !c->paired;
   c->paired = !stall && !c->paired;
   c->now += stall;
}

/* ---- units of an SM ---- */

static enum nvsim_unit
unit_of(const struct sass_instr *i)
{
   switch (sass_op_info(i->op)->class_) {
   case SASS_CLASS_HALF:
   case SASS_CLASS_COMPARE:
      return NVSIM_UNIT_HALF;
   case SASS_CLASS_HALF2:
      return NVSIM_UNIT_HALF2;
   case SASS_CLASS_DOUBLE:
      return NVSIM_UNIT_DOUBLE;
   case SASS_CLASS_QUARTER:
      return NVSIM_UNIT_QUARTER;
   case SASS_CLASS_LEGACY:
      return NVSIM_UNIT_LEGACY;
   case SASS_CLASS_LOAD:
   case SASS_CLASS_STORE:
   case SASS_CLASS_ATOMIC:
   case SASS_CLASS_TEX:
      return NVSIM_UNIT_MEMORY;
   case SASS_CLASS_MISC:
      return i->op == SASS_OP_SHFL ? NVSIM_UNIT_MEMORY : NVSIM_UNIT_FULL;
   default:
      return NVSIM_UNIT_FULL;
   }
}

/* Quarters of a cycle that a warp instruction takes of the unit. */
static unsigned
unit_cost(const struct nvsim *sim, enum nvsim_unit unit)
{
   static const uint8_t sm61[NVSIM_UNITS] = {1, 2, 4, 32, 128, 16, 4};
   static const uint8_t sm60[NVSIM_UNITS] = {2, 4, 8, 4, 2, 16, 4};
   return sim->config.chipset == 0x130 ? sm60[unit] : sm61[unit];
}

void
nvsim_kstats_issue(struct nvsim_warp *w, const struct nvsim_instr *in,
                   uint32_t mask)
{
   struct nvsim_kstats *s = &w->worker->kstats;
   enum nvsim_unit unit = unit_of(&in->i);
   s->sum.instructions++;
   s->sum.lanes += __builtin_popcount(mask);
   s->sum.active += __builtin_popcount(w->active);
   s->unit[unit] += unit_cost(w->grid->sim, unit);
   s->sum.barriers += in->i.op == SASS_OP_BAR;
   s->sum.texture_accesses +=
      mask && sass_op_info(in->i.op)->class_ == SASS_CLASS_TEX;
   pass_time(w, in);
}

/* ---- memory transactions ---- */

/* Different pieces of memory, each seen once. */
struct pieces {
   unsigned count;
   uint64_t seen[NVSIM_LANES * 4];
};

static bool
is_new(struct pieces *p, uint64_t piece)
{
   for (unsigned n = 0; n < p->count; n++)
      if (p->seen[n] == piece)
         return false;
   p->seen[p->count++] = piece;
   return true;
}

/* Accesses are aligned: none reaches into a second sector. */
static unsigned
global_sectors(const struct nvsim_watch_access *a)
{
   struct pieces p = {0};
   nvsim_for_each_lane(l, a->global)
      is_new(&p, a->at[l] / SECTOR_B);
   return p.count;
}

/* Words of one offset lie side by side, lane by lane (isa.md 3.5). */
static unsigned
local_sectors(const struct nvsim_watch_access *a)
{
   struct pieces p = {0};
   nvsim_for_each_lane(l, a->local)
      for (unsigned k = 0; k < DIV_ROUND_UP(a->size_B, 4); k++)
         is_new(&p, ((a->at[l] / 4 + k) * NVSIM_LANES + l) * 4 / SECTOR_B);
   return p.count;
}

/* Passes through the banks: words of one bank go one after the other, the same
 * word at once, unless each lane changes it. */
static unsigned
bank_rounds(const struct nvsim_watch_access *a)
{
   struct pieces p = {0};
   uint8_t per_bank[BANKS] = {0};
   unsigned rounds = 1;
   nvsim_for_each_lane(l, a->shared) {
      for (unsigned k = 0; k < DIV_ROUND_UP(a->size_B, 4); k++) {
         uint64_t word = a->at[l] / 4 + k;
         if (is_new(&p, word) || (a->reads && a->writes))
            per_bank[word % BANKS]++;
         rounds = MAX2(rounds, per_bank[word % BANKS]);
      }
   }
   return rounds;
}

void
nvsim_kstats_access(struct nvsim_warp *w, const struct nvsim_watch_access *a)
{
   struct nvsim_kstats *s = &w->worker->kstats;
   /* Four sectors a cycle; the first cycle is the instruction's own. */
   unsigned sectors = global_sectors(a) + local_sectors(a);
   s->unit[NVSIM_UNIT_MEMORY] += sectors > 4 ? sectors - 4 : 0;
   if (a->global) {
      s->sum.global_accesses++;
      s->sum.global_sectors += global_sectors(a);
      s->sum.global_atomics += a->reads && a->writes;
   }
   if (a->local) {
      s->sum.local_accesses++;
      s->sum.local_sectors += local_sectors(a);
   }
   if (a->shared) {
      unsigned rounds = bank_rounds(a);
      s->sum.shared_accesses++;
      s->sum.shared_rounds += rounds;
      s->unit[NVSIM_UNIT_MEMORY] += 4 * (rounds - 1);
   }
}

void
nvsim_kstats_end_warp(struct nvsim_warp *w)
{
   struct nvsim_launch_stats *sum = &w->worker->kstats.sum;
   sum->warps++;
   sum->warp_cycles += w->clock.now;
   sum->longest_warp = MAX2(sum->longest_warp, w->clock.now);
}

void
nvsim_kstats_add(struct nvsim_kstats *sum, const struct nvsim_kstats *s)
{
   uint64_t longest = MAX2(sum->sum.longest_warp, s->sum.longest_warp);
   uint64_t *to = (uint64_t *)sum;
   const uint64_t *from = (const uint64_t *)s;
   for (size_t n = 0; n < sizeof(*s) / sizeof(uint64_t); n++)
      to[n] += from[n];
   sum->sum.longest_warp = longest;
}

/* ---- the report ---- */

static double
percent(uint64_t part, uint64_t whole)
{
   return whole ? 100.0 * part / whole : 0;
}

static const char *
limit_name(const struct nvsim_grid *g)
{
   static const char *const names[] = {"warps", "registers", "groups",
                                       "shared memory", "local memory"};
   return names[g->occupancy_limit];
}

/* The two bounds of the estimate, and what the first one waits for. */
struct estimate {
   uint64_t throughput, latency, rounds;
   const char *busiest;
};

static struct estimate
make_estimate(const struct nvsim_grid *g, const struct nvsim_kstats *s)
{
   static const char *const names[NVSIM_UNITS] = {
      "issue", "half rate",   "quarter rate", "double",
      "half2", "IMUL, video", "memory"};
   /* A scheduler issues once a cycle: four of them, on GP100 two. */
   uint64_t busy = s->sum.issue_cycles * unit_cost(g->sim, NVSIM_UNIT_FULL);
   uint64_t sms = MIN2(g->sim->config.sm_count, g->num_ctas);
   struct estimate e = {
      .busiest = names[NVSIM_UNIT_FULL],
      .rounds = DIV_ROUND_UP(g->num_ctas, sms * g->ctas_per_sm)};
   for (unsigned u = 0; u < NVSIM_UNITS; u++) {
      if (s->unit[u] <= busy)
         continue;
      busy = s->unit[u];
      e.busiest = names[u];
   }
   e.throughput = DIV_ROUND_UP(busy, 4 * sms);
   if (s->sum.warps)
      e.latency = e.rounds * (s->sum.warp_cycles / s->sum.warps);
   e.latency = MAX2(e.latency, s->sum.longest_warp);
   return e;
}

static void
print_estimate(const struct nvsim_launch_stats *s, const struct estimate *e)
{
   fprintf(stderr,
           "nvsim:    about %" PRIu64 " cycles: throughput %" PRIu64
           " (%s), latency %" PRIu64 " (%" PRIu64 " rounds of %" PRIu64
           " cycles a warp)\n",
           s->cycles, e->throughput, e->busiest, e->latency, e->rounds,
           s->warps ? s->warp_cycles / s->warps : 0);
}

static void
print_counts(const struct nvsim_grid *g, const struct nvsim_launch_stats *s)
{
   fprintf(stderr,
           "nvsim: ch%u launch %" PRIu64 ": code 0x%" PRIx64
           ", grid %ux%ux%u, block %ux%ux%u, %" PRIu64 " us here\n",
           g->chan->chid, g->serial, g->entry_va, g->dim[0], g->dim[1],
           g->dim[2], g->block[0], g->block[1], g->block[2],
           (util_time_ns() - g->start_ns) / 1000);
   fprintf(stderr,
           "nvsim:    %" PRIu64 " instructions, %.0f%% of lanes active, %.0f%% "
           "run; %" PRIu64 " divergent branches, %" PRIu64 " barriers\n",
           s->instructions, percent(s->active, s->instructions * NVSIM_LANES),
           percent(s->lanes, s->instructions * NVSIM_LANES), s->divergent,
           s->barriers);
   fprintf(stderr,
           "nvsim:    cycles of all warps: %" PRIu64 " issue, %" PRIu64
           " stalled, %" PRIu64 " waiting for scoreboards\n",
           s->issue_cycles, s->stall_cycles, s->wait_cycles);
   fprintf(stderr,
           "nvsim:    global: %" PRIu64 " accesses, %" PRIu64
           " sectors, %" PRIu64 " atomics; local: %" PRIu64
           " accesses, %" PRIu64 " sectors\n",
           s->global_accesses, s->global_sectors, s->global_atomics,
           s->local_accesses, s->local_sectors);
   fprintf(stderr,
           "nvsim:    shared: %" PRIu64 " accesses in %" PRIu64
           " rounds; textures, surfaces: %" PRIu64 "\n",
           s->shared_accesses, s->shared_rounds, s->texture_accesses);
   fprintf(stderr,
           "nvsim:    occupancy %" PRIu64
           " of 64 warps, limit: %s (%u registers, %u B shared, %u B local); "
           "%" PRIu64 " here\n",
           s->occupancy, limit_name(g), g->num_regs, g->shared_B, g->local_B,
           s->resident);
}

void
nvsim_kstats_finish(struct nvsim_grid *g)
{
   struct nvsim_launch_stats *s = &g->kstats.sum;
   struct estimate e = make_estimate(g, &g->kstats);
   uint64_t share = DIV_ROUND_UP(g->num_ctas, g->sim->config.sm_count);
   s->occupancy = (uint64_t)g->ctas_per_sm * g->warps_per_cta;
   s->resident = MIN2(g->ctas_per_sm, share) * g->warps_per_cta;
   s->cycles = MAX2(e.throughput, e.latency);
   pthread_mutex_lock(&g->sim->error_lock);
   g->sim->last_launch = *s;
   g->sim->has_last_launch = true;
   pthread_mutex_unlock(&g->sim->error_lock);
   print_counts(g, s);
   print_estimate(s, &e);
}
