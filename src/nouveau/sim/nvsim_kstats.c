/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* NVSIM_DEBUG=stats: what a launch did and how many cycles it may have taken.
 *
 * The estimate has two bounds (isa.md 5.1, 5.4, 6.1). Throughput: each unit of
 * an SM is busy for so many quarters of a cycle a warp instruction; the busiest
 * one counts. Latency: a warp's own time, its stall counts and its waits for
 * scoreboards, times the rounds in which the groups fit into the SMs. Memory is
 * at the latency of the second-level cache; bandwidth beyond it, instruction
 * fetch and waiting at barriers are left out. */
#include "nvsim_watch_priv.h"

#include <inttypes.h>
#include <stdio.h>

#define SECTOR_B 32
#define BANKS    32

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
   struct nvsim_clock *c = &w->clock;
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
         MAX2(c->free_at[in->ctrl.rd_bar], c->now + 20);
   c->now += in->ctrl.stall;
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
   static const uint8_t sm61[NVSIM_UNITS] = {1, 2, 4, 32, 64, 16, 4};
   static const uint8_t sm60[NVSIM_UNITS] = {2, 4, 8, 4, 1, 16, 4};
   return sim->config.chipset == 0x130 ? sm60[unit] : sm61[unit];
}

void
nvsim_kstats_issue(struct nvsim_warp *w, const struct nvsim_instr *in,
                   uint32_t mask)
{
   struct nvsim_kstats *s = &w->worker->kstats;
   enum nvsim_unit unit = unit_of(&in->i);
   s->instructions++;
   s->lanes += __builtin_popcount(mask);
   s->active += __builtin_popcount(w->active);
   s->unit[unit] += unit_cost(w->grid->sim, unit);
   if (in->i.op == SASS_OP_BAR)
      s->barriers++;
   pass_time(w, in);
}

/* Different aligned pieces that the lanes touch. */
static unsigned
pieces(const struct nvsim_watch_access *a, uint32_t lanes, unsigned piece_B)
{
   uint64_t seen[NVSIM_LANES * 2];
   unsigned count = 0;
   nvsim_for_each_lane(l, lanes) {
      uint64_t last = (a->at[l] + a->size_B - 1) / piece_B;
      for (uint64_t p = a->at[l] / piece_B; p <= last; p++) {
         unsigned n = 0;
         while (n < count && seen[n] != p)
            n++;
         if (n == count && count < ARRAY_SIZE(seen))
            seen[count++] = p;
      }
   }
   return count;
}

/* Rounds that shared memory takes: words of one bank go one after the other,
 * the same word at once. */
static unsigned
bank_rounds(const struct nvsim_watch_access *a)
{
   uint64_t word[NVSIM_LANES * 4];
   uint8_t per_bank[BANKS] = {0};
   unsigned count = 0, rounds = 1;
   nvsim_for_each_lane(l, a->shared) {
      for (unsigned k = 0; k < DIV_ROUND_UP(a->size_B, 4); k++) {
         uint64_t v = a->at[l] / 4 + k;
         unsigned n = 0;
         while (n < count && word[n] != v)
            n++;
         if (n < count)
            continue;
         word[count++] = v;
         per_bank[v % BANKS]++;
         rounds = MAX2(rounds, per_bank[v % BANKS]);
      }
   }
   return rounds;
}

void
nvsim_kstats_access(struct nvsim_warp *w, const struct nvsim_watch_access *a)
{
   struct nvsim_kstats *s = &w->worker->kstats;
   if (a->global) {
      unsigned sectors = pieces(a, a->global, SECTOR_B);
      s->global_accesses++;
      s->global_sectors += sectors;
      s->global_atomics += a->reads && a->writes;
      /* Four sectors a cycle. */
      s->unit[NVSIM_UNIT_MEMORY] += sectors > 4 ? sectors - 4 : 0;
   }
   if (a->shared) {
      unsigned rounds = bank_rounds(a);
      s->shared_accesses++;
      s->shared_rounds += rounds;
      s->unit[NVSIM_UNIT_MEMORY] += 4 * (rounds - 1);
   }
   if (a->local)
      s->local_accesses++;
}

void
nvsim_kstats_end_warp(struct nvsim_warp *w)
{
   struct nvsim_kstats *s = &w->worker->kstats;
   s->warps++;
   s->warp_cycles += w->clock.now;
   s->longest_warp = MAX2(s->longest_warp, w->clock.now);
}

void
nvsim_kstats_add(struct nvsim_kstats *sum, const struct nvsim_kstats *s)
{
   uint64_t longest = MAX2(sum->longest_warp, s->longest_warp);
   uint64_t *to = (uint64_t *)sum;
   const uint64_t *from = (const uint64_t *)s;
   for (size_t n = 0; n < sizeof(*s) / sizeof(uint64_t); n++)
      to[n] += from[n];
   sum->longest_warp = longest;
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

static void
print_estimate(const struct nvsim_grid *g, const struct nvsim_kstats *s)
{
   static const char *const names[NVSIM_UNITS] = {
      "issue", "half rate",   "quarter rate", "double",
      "half2", "IMUL, video", "memory"};
   unsigned busiest = 0;
   for (unsigned u = 1; u < NVSIM_UNITS; u++)
      if (s->unit[u] > s->unit[busiest])
         busiest = u;
   uint64_t sms = MIN2(g->sim->config.sm_count, g->num_ctas);
   /* Every instruction takes an issue slot. */
   uint64_t quarters = MAX2(s->instructions, s->unit[busiest]);
   uint64_t throughput = DIV_ROUND_UP(quarters, 4 * sms);
   uint64_t rounds = DIV_ROUND_UP(g->num_ctas, sms * g->ctas_per_sm);
   uint64_t latency = s->warps ? rounds * (s->warp_cycles / s->warps) : 0;
   latency = MAX2(latency, s->longest_warp);
   fprintf(stderr,
           "nvsim:    about %" PRIu64 " cycles: throughput %" PRIu64
           " (%s), latency %" PRIu64 " (%" PRIu64 " rounds of %" PRIu64
           " cycles a warp)\n",
           MAX2(throughput, latency), throughput,
           s->instructions >= s->unit[busiest] ? "issue" : names[busiest],
           latency, rounds, s->warps ? s->warp_cycles / s->warps : 0);
}

void
nvsim_kstats_print(const struct nvsim_grid *g)
{
   const struct nvsim_kstats *s = &g->kstats;
   unsigned warps = g->ctas_per_sm * g->warps_per_cta;
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
           "nvsim:    global: %" PRIu64 " accesses, %" PRIu64
           " sectors, %" PRIu64 " atomics; shared: %" PRIu64
           " accesses in %" PRIu64 " rounds; local: %" PRIu64 "\n",
           s->global_accesses, s->global_sectors, s->global_atomics,
           s->shared_accesses, s->shared_rounds, s->local_accesses);
   fprintf(stderr,
           "nvsim:    occupancy %u of 64 warps, limit: %s (%u registers, %u B "
           "shared, %u B local)\n",
           warps, limit_name(g), g->num_regs, g->shared_B, g->local_B);
   print_estimate(g, s);
}
