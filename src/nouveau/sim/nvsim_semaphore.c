/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Semaphore releases of host, 3D, compute, I2M, copy and QMD (mesa.md §1.14). */
#include "nvsim_priv.h"

#include <string.h>

#include "nouveau/headers/nv_class.h"

/* +0 payload, +4 zero, +8 time. The payload goes last: who polls it may read
 * the time. */
static int
write_four(struct nvsim_channel *c, const struct nvsim_release *r,
           struct nvsim_mem_fault *f)
{
   struct {
      uint32_t zero;
      uint64_t ns;
   } __attribute__((packed)) rest = {0, nvsim_ptimer_ns(c->sim)};
   int err = nvsim_mem_write(c->worker, r->gpu_va + 4, &rest, sizeof(rest), f);
   return err ? err : nvsim_mem_store32(c->worker, r->gpu_va, r->payload, f);
}

int
nvsim_release(struct nvsim_channel *c, const struct nvsim_release *r)
{
   unsigned align = r->four_words && !r->reduce ? 16 : 4;
   if (r->gpu_va % align)
      return nvsim_chan_method_error(c, NV_SET_REPORT_SEMAPHORE_B,
                                     (uint32_t)r->gpu_va,
                                     "misaligned semaphore address");
   struct nvsim_mem_fault f;
   int err;
   __atomic_thread_fence(__ATOMIC_SEQ_CST);
   if (r->reduce)
      err = nvsim_mem_reduce32(c->worker, r->gpu_va, r->reduction, r->is_signed,
                               r->payload, &f);
   else if (r->four_words)
      err = write_four(c, r, &f);
   else
      err = nvsim_mem_store32(c->worker, r->gpu_va, r->payload, &f);
   if (err)
      return nvsim_chan_mmu_error(c, &f, r->hub_client, "semaphore release");
   nvsim_interrupt(c->sim, NVSIM_INTR_NONSTALL);
   return 0;
}

int
nvsim_report_semaphore(struct nvsim_channel *c, const uint32_t *state,
                       bool is_3d)
{
   uint32_t d = state[NV_SET_REPORT_SEMAPHORE_D / 4];
   uint32_t hi = state[NV_SET_REPORT_SEMAPHORE_A / 4] & 0xff;
   struct nvsim_release r = {
      .gpu_va = (uint64_t)hi << 32 | state[NV_SET_REPORT_SEMAPHORE_B / 4],
      .payload = state[NV_SET_REPORT_SEMAPHORE_C / 4],
      .four_words = !(d & NV_REPORT_ONE_WORD),
      .reduce = d & NV_REPORT_REDUCTION,
      .is_signed = NV_REPORT_RED_SIGNED(d),
      .reduction = NV_REPORT_RED_OP(d),
      .hub_client = NV_FAULT_CLIENT_HUB_FE,
   };
   switch (NV_REPORT_OP(d)) {
   case NV_REPORT_OP_RELEASE:
      return nvsim_release(c, &r);
   case NV_REPORT_OP_REPORT_ONLY:
      if (!is_3d)
         break;
      r.reduce = false;
      return nvsim_release(c, &r);
   case NV_REPORT_OP_TRAP:
      nvsim_interrupt(c->sim, NVSIM_INTR_NONSTALL);
      return 0;
   default:
      break;
   }
   return nvsim_chan_method_error(c, NV_SET_REPORT_SEMAPHORE_D, d,
                                  "semaphore operation not of this class");
}
