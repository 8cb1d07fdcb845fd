/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Constant banks and code: reads of the GCC client on behalf of a warp. The
 * worker keeps each page of a bank for the length of the launch, as the
 * constant caches do. */
#include "nvsim_sm_priv.h"

#include <stdlib.h>
#include <string.h>

void
nvsim_warp_read(struct nvsim_warp *w, uint64_t gpu_va, void *dst,
                uint32_t size_B)
{
   struct nvsim_worker *wk = w->worker;
   bool no_forced_fault = wk->no_forced_fault;
   w->mem_mask = 0;
   while (size_B) {
      uint32_t n = MIN2(size_B, NVSIM_PAGE_B - gpu_va % NVSIM_PAGE_B);
      nvsim_section_begin(wk);
      wk->no_forced_fault = true;
      const uint8_t *p =
         nvsim_tlb_lookup(wk, gpu_va, NV_FAULT_ACCESS_READ, &w->park.faults[0]);
      wk->no_forced_fault = no_forced_fault;
      if (!p)
         nvsim_warp_fault(w, 1, NV_FAULT_CLIENT_GPC_GCC);
      w->mem_va = gpu_va;
      w->mem_access = NV_FAULT_ACCESS_READ;
      w->mem_client = NV_FAULT_CLIENT_GPC_GCC;
      wk->guard.armed = 1;
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      memcpy(dst, p, n);
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      wk->guard.armed = 0;
      nvsim_section_end(wk);
      dst = (uint8_t *)dst + n;
      gpu_va += n;
      size_B -= n;
   }
}

static void __attribute__((noinline))
fill(struct nvsim_warp *w, unsigned bank, unsigned page)
{
   struct nvsim_worker *wk = w->worker;
   const struct nvsim_cb *cb = &w->grid->cb[bank];
   if (!wk->cb_data[bank]) {
      wk->cb_data[bank] = util_svc_calloc(1, NVSIM_BANK_B);
      if (!wk->cb_data[bank])
         abort();
   }
   uint8_t *dst = wk->cb_data[bank] + page * NVSIM_PAGE_B;
   uint32_t start = page * NVSIM_PAGE_B;
   uint32_t n = cb->size_B > start ? MIN2(NVSIM_PAGE_B, cb->size_B - start) : 0;
   memset(dst + n, 0, NVSIM_PAGE_B - n);
   nvsim_warp_read(w, cb->gpu_va + start, dst, n);
   wk->cb_valid[bank] |= 1u << page;
}

const uint8_t *
nvsim_const_slow(struct nvsim_warp *w, unsigned bank, uint32_t off,
                 unsigned size_B)
{
   if (unlikely(bank >= ARRAY_SIZE(w->grid->cb) || !w->grid->cb[bank].valid))
      nvsim_warp_error(w, NVSIM_WARP_INVALID_CONST_ADDR, w->active, 0,
                       "constant bank not bound");
   if (unlikely(off % size_B))
      nvsim_warp_error(w, NVSIM_WARP_MISALIGNED_IMMC_ADDR, w->active, off,
                       "misaligned constant address");
   off &= NVSIM_BANK_B - 1;
   unsigned page = off / NVSIM_PAGE_B;
   if (unlikely(!(w->worker->cb_valid[bank] >> page & 1)))
      fill(w, bank, page);
   return w->worker->cb_data[bank] + off;
}
