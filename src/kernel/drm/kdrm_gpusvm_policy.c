/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What moves when the GPU faults.
 *
 * On fault: always, in windows of the configured size, with a brake for
 * granules that the CPU takes back again and again.
 *
 * Learning: pages stay in RAM at first, and nothing is mapped beyond the 64 KiB
 * around a fault, so that faults tell how densely the GPU uses a granule. Each
 * new window counts one, with atomics (slow over the bus) four; at SCORE_MOVE,
 * a quarter of the granule, all of it moves. Each time the CPU has taken it
 * back doubles what is needed, then the brake holds it; a time without that
 * makes it forget. */
#include "kernel/drm/kdrm_gpusvm_priv.h"

#define BOUNCES_FREE    3           /* before the brake */
#define BRAKE_NS        20000000ull /* first brake; doubles with each bounce */
#define BRAKE_SHIFT_MAX 6
#define FORGET_NS       2000000000ull /* without a bounce */
#define WINDOW_PG       16
#define SCORE_MOVE      8
#define SCORE_ATOMIC    4

void
kdrm_policy_note_bounce_locked(struct kdrm_granule *g)
{
   uint64_t now = util_time_ns();
   kdrm_count(&g->svm->stats.bounces, 1);
   if (now - g->bounced_ns > FORGET_NS && now > g->braked_until_ns)
      g->bounces = 0;
   g->bounced_ns = now;
   if (++g->bounces <= BOUNCES_FREE)
      return;
   unsigned shift = MIN2(g->bounces - BOUNCES_FREE, BRAKE_SHIFT_MAX);
   g->braked_until_ns = now + (BRAKE_NS << shift);
}

static bool
learn_locked(struct kdrm_granule *g, const struct kdrm_gpusvm_fault *f,
             unsigned n)
{
   for (unsigned i = 0; i < n; i++) {
      uint32_t bit = 1u << kdrm_granule_page(f[i].gpu_va) / WINDOW_PG;
      if (f[i].access == KDRM_ACCESS_PREFETCH || g->windows & bit)
         continue;
      g->windows |= bit;
      g->score += f[i].access == KDRM_ACCESS_ATOMIC ? SCORE_ATOMIC : 1;
   }
   if (g->score < SCORE_MOVE << MIN2(g->bounces, 2))
      return false;
   g->windows = 0;
   g->score = 0;
   return true;
}

unsigned
kdrm_policy_window(struct kdrm_granule *g, const struct kdrm_gpusvm_fault *f,
                   unsigned n)
{
   const struct kdrm_gpusvm_config *c = &g->svm->config;
   if (!c->pagemap || !c->migrate_on_fault)
      return 0;
   util_rank_lock(&g->lock, UTIL_RANK_GRANULE);
   bool braked = g->braked_until_ns > util_time_ns();
   bool moves = !braked && (!c->learn || learn_locked(g, f, n));
   util_rank_unlock(&g->lock, UTIL_RANK_GRANULE);
   if (braked)
      kdrm_count(&g->svm->stats.braked, 1);
   return !moves ? 0 : c->learn ? GRANULE_PG : c->migrate_window_pg;
}

bool
kdrm_policy_maps_ahead(const struct kdrm_granule *g, uint64_t pfn)
{
   return !g->svm->config.learn || g->braked_until_ns ||
          pfn & (KMM_PFN_DEVICE | KMM_PFN_COHERENT);
}
