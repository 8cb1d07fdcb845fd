/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Semaphore releases of host, 3D, compute, I2M, copy and QMD (mesa.md §1.14). */
#include "nvsim_priv.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_class_3d.h"

static bool
acquired(enum nvsim_acquire how, uint32_t value, uint32_t payload)
{
   switch (how) {
   case NVSIM_ACQUIRE_EQUAL:
      return value == payload;
   case NVSIM_ACQUIRE_GEQ:
      return (int32_t)(value - payload) >= 0;
   case NVSIM_ACQUIRE_AND:
      return (value & payload) != 0;
   }
   return false;
}

/* Polls: the writer may be any agent, the CPU included. */
int
nvsim_acquire(struct nvsim_channel *c, enum nvsim_acquire how, uint64_t gpu_va,
              uint32_t payload, uint8_t hub_client)
{
   for (unsigned spins = 0; !nvsim_chan_stopped(c); spins++) {
      struct nvsim_mem_fault f;
      uint32_t value;
      if (nvsim_mem_load32(c->worker, gpu_va, &value, &f))
         return nvsim_chan_mmu_error(c, &f, hub_client, "semaphore acquire");
      if (acquired(how, value, payload))
         return 0;
      if (spins < 100)
         sched_yield();
      else
         usleep(spins < 1000 ? 20 : 200);
   }
   return -1;
}

/* +0 payload, +4 the second word, +8 time. The payload goes last: who polls it
 * may read the time. */
static int
write_four(struct nvsim_channel *c, const struct nvsim_release *r,
           struct nvsim_mem_fault *f)
{
   struct {
      uint32_t second;
      uint64_t ns;
   } __attribute__((packed)) rest = {r->second, nvsim_ptimer_ns(c->sim)};
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
      /* Counters of 64 bits take the payload's place; nothing is drawn, so all
       * are zero. */
      if (NV_3D_REPORT(d) != NV_3D_REPORT_NONE &&
          NV_3D_REPORT(d) != NV_3D_REPORT_ZPASS)
         r.payload = 0;
      return nvsim_release(c, &r);
   case NV_REPORT_OP_ACQUIRE:
      if (!is_3d)
         break;
      if (r.gpu_va % 4)
         return nvsim_chan_method_error(c, NV_SET_REPORT_SEMAPHORE_D, d,
                                        "misaligned semaphore address");
      return nvsim_acquire(
         c,
         NV_3D_REPORT_COMPARE_GE(d) ? NVSIM_ACQUIRE_GEQ : NVSIM_ACQUIRE_EQUAL,
         r.gpu_va, r.payload, NV_FAULT_CLIENT_HUB_FE);
   case NV_REPORT_OP_TRAP:
      nvsim_interrupt(c->sim, NVSIM_INTR_NONSTALL);
      return 0;
   default:
      break;
   }
   return nvsim_chan_method_error(c, NV_SET_REPORT_SEMAPHORE_D, d,
                                  "semaphore operation not of this class");
}
