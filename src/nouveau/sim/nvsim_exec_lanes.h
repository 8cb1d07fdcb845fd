/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What loads, stores and atomics share: addresses of 32 lanes, their
 * translation, and the guard for what the host may refuse. */
#ifndef NVSIM_EXEC_LANES_H
#define NVSIM_EXEC_LANES_H

#include "nvsim_exec_priv.h"

/* Size of the generic windows. */
#define NVSIM_WINDOW_B (16u << 20)

/* Leaves the instruction if a lane's address is no multiple of its size. */
static inline void
nvsim_check_alignment(struct nvsim_warp *w, const uint64_t *va, unsigned size_B,
                      uint32_t mask)
{
   nvsim_row bad;
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      bad[l] = va[l] & (size_B - 1) ? ~0u : 0;
   uint32_t any = nvsim_movemask(bad) & mask;
   if (unlikely(any))
      nvsim_warp_error(w, NVSIM_WARP_MISALIGNED_ADDR, any,
                       va[__builtin_ctz(any)], "misaligned address");
}

/* Lanes inside of a generic window. A window at 0 was never set. */
static inline uint32_t
nvsim_in_window(const uint64_t *va, uint64_t base)
{
   if (!base)
      return 0;
   nvsim_row in;
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      in[l] = va[l] - base < NVSIM_WINDOW_B ? ~0u : 0;
   return nvsim_movemask(in);
}

/* Between the two the host may refuse an access: w->mem_* say which. */
static inline void
nvsim_arm(struct nvsim_warp *w)
{
   w->worker->guard.armed = 1;
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
nvsim_disarm(struct nvsim_warp *w)
{
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   w->worker->guard.armed = 0;
}

/* Host addresses of all lanes; in a section. Leaves the instruction on a fault.
 */
static inline void
nvsim_translate_lanes(struct nvsim_warp *w, const uint64_t *va,
                      enum nv_fault_access access, uint8_t client,
                      uint32_t mask, uint8_t *p[NVSIM_LANES])
{
   uint64_t page = ~0ull;
   uint8_t *base = NULL;
   unsigned faults = 0;
   nvsim_for_each_lane(l, mask) {
      if (va[l] / NVSIM_PAGE_B != page || !base) {
         struct nvsim_mem_fault *f = &w->park.faults[faults];
         page = va[l] / NVSIM_PAGE_B;
         base = nvsim_tlb_lookup(w->worker, va[l], access, f);
         if (!base) {
            faults++;
            continue;
         }
         base -= va[l] % NVSIM_PAGE_B;
      }
      p[l] = base + va[l] % NVSIM_PAGE_B;
   }
   if (unlikely(faults))
      nvsim_warp_fault(w, faults, client);
}

#endif
