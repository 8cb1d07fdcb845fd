/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* GPFIFO and push buffer decode, host methods (mesa.md §2.1, §2.2). The
 * decoder's state lives in the channel: a packet may go on in the next entry.
 */
#include "nvsim_priv.h"

#include <stdio.h>
#include <string.h>

#include "nouveau/headers/nv_class.h"
#include "util/util_log.h"

#define CHUNK_DW 1024

static uint32_t *
userd_word(struct nvsim_channel *c, unsigned offset)
{
   return (uint32_t *)(nvsim_phys(c->sim, c->userd_aperture, c->userd_pa,
                                  NV_USERD_SIZE_B) +
                       offset);
}

/* ---- host methods ---- */

static int
set_object(struct nvsim_channel *c, unsigned subch, uint32_t data)
{
   uint16_t id = data & 0xffff;
   const struct nvsim_class *cls = nvsim_class_find(c->sim, id);
   if (!cls)
      return nvsim_chan_method_error(c, NV_HOST_SET_OBJECT, data,
                                     "no such class on this chip");
   c->subch[subch] = (struct nvsim_subch){cls, id};
   return 0;
}

static int
host_semaphore(struct nvsim_channel *c, uint32_t d)
{
   const uint32_t *h = c->host;
   uint64_t gpu_va = (uint64_t)(h[NV_HOST_SEMAPHOREA / 4] & 0xff) << 32 |
                     (h[NV_HOST_SEMAPHOREB / 4] & ~3u);
   uint32_t payload = h[NV_HOST_SEMAPHOREC / 4], op = NV_HOST_SEM_OP(d);
   switch (op) {
   case NV_HOST_SEM_ACQUIRE:
      return nvsim_acquire(c, NVSIM_ACQUIRE_EQUAL, gpu_va, payload,
                           NV_FAULT_CLIENT_HUB_HOST);
   case NV_HOST_SEM_ACQ_GEQ:
      return nvsim_acquire(c, NVSIM_ACQUIRE_GEQ, gpu_va, payload,
                           NV_FAULT_CLIENT_HUB_HOST);
   case NV_HOST_SEM_ACQ_AND:
      return nvsim_acquire(c, NVSIM_ACQUIRE_AND, gpu_va, payload,
                           NV_FAULT_CLIENT_HUB_HOST);
   case NV_HOST_SEM_RELEASE:
   case NV_HOST_SEM_REDUCTION: {
      struct nvsim_release r = {
         .gpu_va = gpu_va,
         .payload = payload,
         .four_words = !(d & NV_HOST_SEM_RELEASE_4B),
         .reduce = op == NV_HOST_SEM_REDUCTION,
         .reduction = NV_HOST_SEM_RED_OP(d) & 7,
         .is_signed = d & NV_HOST_SEM_RED_SIGNED,
         .hub_client = NV_FAULT_CLIENT_HUB_HOST,
      };
      return nvsim_release(c, &r);
   }
   default:
      return nvsim_chan_pbdma_error(c, NV_HOST_SEMAPHORED, d,
                                    "unknown semaphore operation");
   }
}

static int
mem_op(struct nvsim_channel *c, uint32_t d)
{
   uint32_t a = c->host[NV_HOST_MEM_OP_A / 4],
            op_c = c->host[NV_HOST_MEM_OP_C / 4];
   switch (NV_HOST_MEM_OP_D_OP(d)) {
   case NV_HOST_MEM_OP_MEMBAR:
   case NV_HOST_MEM_OP_L2_PEER_INVAL:
   case NV_HOST_MEM_OP_L2_SYS_INVAL:
   case NV_HOST_MEM_OP_L2_CLEAN:
      __atomic_thread_fence(__ATOMIC_SEQ_CST);
      return 0;
   case NV_HOST_MEM_OP_TLB_INVAL:
   case NV_HOST_MEM_OP_TLB_TARGETED: {
      if (!c->privileged)
         return nvsim_chan_pbdma_error(c, NV_HOST_MEM_OP_D, d,
                                       "TLB method without privilege");
      uint32_t inval = NV_MMU_INVAL_TRIGGER | NV_MMU_INVAL_ALL_VA |
                       NV_HOST_MEM_OP_C_REPLAY(op_c)
                          << NV_MMU_INVAL_REPLAY_SHIFT |
                       NV_HOST_MEM_OP_A_GPC(a) << NV_MMU_INVAL_GPC_SHIFT |
                       NV_HOST_MEM_OP_A_CLIENT(a) << NV_MMU_INVAL_CLIENT_SHIFT;
      nvsim_wr32(c->sim, NV_MMU_INVALIDATE, inval);
      return 0;
   }
   default:
      return nvsim_chan_pbdma_error(c, NV_HOST_MEM_OP_D, d,
                                    "unknown memory operation");
   }
}

static int
host_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
            uint32_t data)
{
   c->host[method / 4] = data;
   switch (method) {
   case NV_HOST_SET_OBJECT:
      return set_object(c, subch, data);
   case NV_HOST_SEMAPHORED:
      return host_semaphore(c, data);
   case NV_HOST_MEM_OP_D:
      return mem_op(c, data);
   case NV_HOST_NON_STALL_INTERRUPT:
      nvsim_interrupt(c->sim, NVSIM_INTR_NONSTALL);
      return 0;
   case NV_HOST_FB_FLUSH:
      __atomic_thread_fence(__ATOMIC_SEQ_CST);
      return 0;
   case NV_HOST_NOP:
   case NV_HOST_SEMAPHOREA:
   case NV_HOST_SEMAPHOREB:
   case NV_HOST_SEMAPHOREC:
   case NV_HOST_MEM_OP_A:
   case NV_HOST_MEM_OP_B:
   case NV_HOST_MEM_OP_C:
   case NV_HOST_SET_REFERENCE:
   case NV_HOST_SYNCPOINTA:
   case NV_HOST_SYNCPOINTB:
   case NV_HOST_WFI: /* each method is finished before the next begins */
   case NV_HOST_CRC_CHECK:
   case NV_HOST_YIELD:
      return 0;
   default:
      return nvsim_chan_pbdma_error(c, method, data, "unknown host method");
   }
}

/* ---- decode ---- */

static int
run_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
           uint32_t data)
{
   if (unlikely(nvsim_debug(c->sim, NVSIM_DEBUG_METHODS)))
      fprintf(stderr, "nvsim: ch%u sub%u %-8s %04x = %08x\n", c->chid, subch,
              method < NV_HOST_METHOD_END ? "host"
              : c->subch[subch].cls       ? c->subch[subch].cls->name
                                          : "?",
              method, data);
   if (method < NV_HOST_METHOD_END)
      return host_method(c, subch, method, data);
   const struct nvsim_class *cls = c->subch[subch].cls;
   if (!cls)
      return nvsim_chan_method_error(c, method, data,
                                     "no object on this subchannel");
   c->state[cls->engine][method / 4] = data;
   return cls->method(c, subch, method, data);
}

/* A header, or the next word of the packet that is open. 1: skip the rest of
 * the segment. */
static int
push_word(struct nvsim_channel *c, uint32_t word)
{
   struct nvsim_pb_state *pb = &c->pb;
   if (pb->count) {
      uint32_t method = pb->method;
      pb->count--;
      if (pb->op == NV_PUSH_OP_INC || pb->op == NV_PUSH_OP_ONEINC)
         pb->method = (pb->method + 4) & 0x3ffc;
      if (pb->op == NV_PUSH_OP_ONEINC)
         pb->op = NV_PUSH_OP_NINC;
      return run_method(c, pb->subch, method, word);
   }
   struct nv_push_packet p;
   if (!nv_push_decode(word, &p))
      return nvsim_chan_pbdma_error(c, p.method, word,
                                    "malformed method header");
   if (p.op == NV_PUSH_OP_END)
      return 1;
   if (p.op == NV_PUSH_OP_IMMD)
      return run_method(c, p.subch, p.method, p.count);
   *pb = (struct nvsim_pb_state){p.op, p.subch, p.method, p.count};
   return 0;
}

/* Most words of a stream are inline data: those of a packet that lie here
 * together. */
static int
push_bulk(struct nvsim_channel *c, const uint32_t *words, uint32_t n)
{
   struct nvsim_pb_state *pb = &c->pb;
   if (pb->op != NV_PUSH_OP_NINC || pb->method != NV_I2M_LOAD_INLINE_DATA ||
       pb->count < 2 || nvsim_debug(c->sim, NVSIM_DEBUG_METHODS))
      return 0;
   int used =
      nvsim_i2m_bulk(c, c->subch[pb->subch].cls, words, MIN2(n, pb->count));
   if (used > 0)
      pb->count -= used;
   return used;
}

static int
run_segment(struct nvsim_channel *c, uint64_t gpu_va, uint32_t length_dw)
{
   uint32_t buf[CHUNK_DW];
   while (length_dw) {
      uint32_t n = MIN2(length_dw, CHUNK_DW);
      struct nvsim_mem_fault f;
      if (nvsim_mem_read(c->worker, gpu_va, buf, n * 4, &f))
         return nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_HOST,
                                     "push buffer fetch");
      for (uint32_t i = 0; i < n; i++) {
         if (nvsim_chan_stopped(c))
            return -1;
         int used = push_bulk(c, &buf[i], n - i);
         if (used < 0)
            return -1;
         if (used) {
            i += used - 1;
            continue;
         }
         int r = push_word(c, buf[i]);
         if (r)
            return MIN2(r, 0);
      }
      gpu_va += n * 4;
      length_dw -= n;
   }
   return 0;
}

static int
run_entry(struct nvsim_channel *c, uint64_t entry)
{
   uint32_t length_dw = nv_gpfifo_length_dw(entry);
   if (length_dw)
      return run_segment(c, nv_gpfifo_gpu_va(entry), length_dw);
   switch (nv_gpfifo_op(entry)) {
   case NV_GPFIFO_OP_NOP:
   case NV_GPFIFO_OP_GP_CRC:
   case NV_GPFIFO_OP_PB_CRC:
      return 0;
   default:
      return nvsim_chan_pbdma_error(c, 0, (uint32_t)(entry >> 32),
                                    "illegal GPFIFO entry");
   }
}

static bool
may_fetch(struct nvsim_channel *c)
{
   pthread_mutex_lock(&c->lock);
   bool ok = c->enabled && !c->errored;
   pthread_mutex_unlock(&c->lock);
   return ok;
}

void
nvsim_pbdma_run(struct nvsim_channel *c)
{
   uint32_t *get = userd_word(c, NV_USERD_GP_GET);
   uint32_t *put = userd_word(c, NV_USERD_GP_PUT);
   while (may_fetch(c)) {
      uint32_t end = __atomic_load_n(put, __ATOMIC_ACQUIRE);
      if (end > c->gp_mask) {
         nvsim_chan_pbdma_error(c, 0, end, "GP_PUT lies outside of the GPFIFO");
         return;
      }
      if (c->gp_get == end)
         return;
      uint64_t entry;
      struct nvsim_mem_fault f;
      if (nvsim_mem_read(c->worker, c->gp_base_va + c->gp_get * 8ull, &entry, 8,
                         &f)) {
         nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_HOST, "GPFIFO fetch");
         return;
      }
      c->gp_get = (c->gp_get + 1) & c->gp_mask;
      __atomic_store_n(get, c->gp_get, __ATOMIC_RELEASE);
      if (run_entry(c, entry))
         return;
   }
}
