/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The copy engine, C0B5 and C1B5: pitch-linear copies, remap (fill, swizzle),
 * virtual or physical (mesa.md §1.11, kernel.md §4.2). Block-linear sides:
 * nvsim_copy_rect.c. */
#include "nvsim_copy_priv.h"

#include <stdlib.h>
#include <string.h>

#include "nouveau/headers/nv_class.h"

static enum nv_aperture
phys_aperture(uint32_t mode)
{
   static const enum nv_aperture apertures[] = {
      NV_APERTURE_VID, NV_APERTURE_SYS_COH, NV_APERTURE_SYS_NCOH,
      NV_APERTURE_PEER};
   return apertures[mode & 3];
}

static struct nvsim_mem_loc
location(const uint32_t *state, uint32_t method, bool physical,
         uint32_t mode_method)
{
   struct nvsim_mem_loc loc = {
      .physical = physical,
      .aperture = phys_aperture(state[mode_method / 4]),
      .addr = nvsim_state_addr(state, method),
   };
   if (!physical)
      loc.addr &= NV_MMU_VA_END - 1;
   return loc;
}

int
nvsim_copy_mmu_error(struct nvsim_channel *c, const struct nvsim_mem_fault *f)
{
   return nvsim_chan_mmu_error(c, f, NV_FAULT_CLIENT_HUB_CE0, "copy engine");
}

static int
copy_lines(struct nvsim_channel *c, struct nvsim_copy job)
{
   for (uint32_t l = 0; l < job.lines && !nvsim_chan_stopped(c); l++) {
      struct nvsim_mem_fault f;
      if (nvsim_mem_copy(c->worker, job.dst, job.src, job.length, &f))
         return nvsim_copy_mmu_error(c, &f);
      job.src.addr += job.src_pitch_B;
      job.dst.addr += job.dst_pitch_B;
   }
   __atomic_add_fetch(&c->sim->bytes_copied, (uint64_t)job.length * job.lines,
                      __ATOMIC_RELAXED);
   return 0;
}

static struct nvsim_remap
decode_remap(const uint32_t *state)
{
   uint32_t r = state[NV_COPY_SET_REMAP_COMPONENTS / 4];
   struct nvsim_remap m = {
      .size_B = (r >> 16 & 3) + 1,
      .num_src = (r >> 20 & 3) + 1,
      .num_dst = (r >> 24 & 3) + 1,
      .consts = {state[NV_COPY_SET_REMAP_CONST_A / 4],
                 state[NV_COPY_SET_REMAP_CONST_B / 4]},
   };
   for (unsigned i = 0; i < m.num_dst; i++) {
      m.sel[i] = r >> (4 * i) & 7;
      m.reads_src |= m.sel[i] <= NV_COPY_REMAP_SRC_W;
      m.keeps_dst |= m.sel[i] >= NV_COPY_REMAP_NO_WRITE;
   }
   return m;
}

void
nvsim_remap_elements(const struct nvsim_remap *m, uint8_t *dst,
                     const uint8_t *src, uint32_t n)
{
   for (uint32_t e = 0; e < n; e++) {
      for (unsigned i = 0; i < m->num_dst; i++) {
         uint8_t *d = dst + (size_t)(e * m->num_dst + i) * m->size_B;
         if (m->sel[i] <= NV_COPY_REMAP_SRC_W) {
            unsigned s = MIN2(m->sel[i], m->num_src - 1u);
            memcpy(d, src + (size_t)(e * m->num_src + s) * m->size_B,
                   m->size_B);
         } else if (m->sel[i] <= NV_COPY_REMAP_CONST_B) {
            memcpy(d, &m->consts[m->sel[i] - NV_COPY_REMAP_CONST_A], m->size_B);
         }
      }
   }
}

static int
remap_line(struct nvsim_channel *c, const struct nvsim_remap *m,
           struct nvsim_copy job)
{
   uint8_t src[NVSIM_REMAP_CHUNK * NVSIM_REMAP_MAX_B] = {0},
                                   dst[NVSIM_REMAP_CHUNK * NVSIM_REMAP_MAX_B];
   unsigned src_B = m->num_src * m->size_B, dst_B = m->num_dst * m->size_B;
   struct nvsim_mem_fault f;
   for (uint32_t left = job.length; left;
        left -= MIN2(left, NVSIM_REMAP_CHUNK)) {
      uint32_t n = MIN2(left, NVSIM_REMAP_CHUNK);
      if (nvsim_chan_stopped(c))
         return -1;
      if (m->reads_src &&
          nvsim_mem_read_loc(c->worker, job.src, src, n * src_B, &f))
         return nvsim_copy_mmu_error(c, &f);
      if (m->keeps_dst &&
          nvsim_mem_read_loc(c->worker, job.dst, dst, n * dst_B, &f))
         return nvsim_copy_mmu_error(c, &f);
      if (m->reads_src || m->keeps_dst || left == job.length)
         nvsim_remap_elements(m, dst, src, n); /* a fill: once */
      if (nvsim_mem_write_loc(c->worker, job.dst, dst, n * dst_B, &f))
         return nvsim_copy_mmu_error(c, &f);
      job.src.addr += n * src_B;
      job.dst.addr += n * dst_B;
   }
   __atomic_add_fetch(&c->sim->bytes_copied, (uint64_t)job.length * dst_B,
                      __ATOMIC_RELAXED);
   return 0;
}

static int
remap_lines(struct nvsim_channel *c, const struct nvsim_remap *m,
            struct nvsim_copy job)
{
   for (uint32_t l = 0; l < job.lines; l++) {
      if (remap_line(c, m, job))
         return -1;
      job.src.addr += job.src_pitch_B;
      job.dst.addr += job.dst_pitch_B;
   }
   return 0;
}

static int
release(struct nvsim_channel *c, const uint32_t *state, uint32_t d)
{
   unsigned kind = NV_COPY_LAUNCH_SEM(d);
   if (kind == 0)
      return 0;
   if (kind == 3)
      return nvsim_chan_method_error(c, NV_COPY_LAUNCH_DMA, d,
                                     "undefined semaphore type");
   struct nvsim_release r = {
      .gpu_va =
         nvsim_state_addr(state, NV_COPY_SET_SEMAPHORE_A) & (NV_MMU_VA_END - 1),
      .payload = state[NV_COPY_SET_SEMAPHORE_PAYLOAD / 4],
      .four_words = kind == 2,
      .reduce = d & NV_COPY_LAUNCH_SEM_RED_ENABLE,
      .reduction = NV_COPY_LAUNCH_SEM_RED_OP(d) & 7,
      .is_signed = d & NV_COPY_LAUNCH_SEM_RED_SIGNED,
      .hub_client = NV_FAULT_CLIENT_HUB_CE0,
   };
   return nvsim_release(c, &r);
}

static int
launch(struct nvsim_channel *c, const uint32_t *state, uint32_t d)
{
   struct nvsim_copy job = {
      .src =
         location(state, NV_COPY_OFFSET_IN_UPPER,
                  d & NV_COPY_LAUNCH_SRC_PHYSICAL, NV_COPY_SET_SRC_PHYS_MODE),
      .dst =
         location(state, NV_COPY_OFFSET_OUT_UPPER,
                  d & NV_COPY_LAUNCH_DST_PHYSICAL, NV_COPY_SET_DST_PHYS_MODE),
      .src_pitch_B = state[NV_COPY_PITCH_IN / 4],
      .dst_pitch_B = state[NV_COPY_PITCH_OUT / 4],
      .length = state[NV_COPY_LINE_LENGTH_IN / 4],
      .lines =
         d & NV_COPY_LAUNCH_MULTI_LINE ? state[NV_COPY_LINE_COUNT / 4] : 1,
   };
   if ((job.src.physical || job.dst.physical) && !c->privileged)
      return nvsim_chan_method_error(
         c, NV_COPY_LAUNCH_DMA, d,
         "physical address in a channel without privilege");
   int err = 0;
   if (NV_COPY_LAUNCH_TRANSFER(d)) {
      uint32_t pitch = NV_COPY_LAUNCH_SRC_PITCH | NV_COPY_LAUNCH_DST_PITCH;
      struct nvsim_remap m = decode_remap(state);
      bool remap = d & NV_COPY_LAUNCH_REMAP;
      if ((d & pitch) != pitch)
         err = nvsim_copy_rect(c, state, d, &job, remap ? &m : NULL);
      else
         err = remap ? remap_lines(c, &m, job) : copy_lines(c, job);
   }
   if (!err)
      err = release(c, state, d);
   if (!err && NV_COPY_LAUNCH_INTERRUPT(d))
      nvsim_interrupt(c->sim, NVSIM_INTR_NONSTALL);
   return err;
}

static bool
is_method(uint32_t m)
{
   return m == NV_MTHD_NO_OPERATION || m == 0x140 /* PM trigger */ ||
          (m >= NV_COPY_SET_SEMAPHORE_A && m <= NV_COPY_SET_DST_PHYS_MODE) ||
          m == NV_COPY_LAUNCH_DMA ||
          (m >= NV_COPY_OFFSET_IN_UPPER && m <= NV_COPY_LINE_COUNT) ||
          (m >= NV_COPY_SET_REMAP_CONST_A && m <= NV_COPY_SET_SRC_ORIGIN) ||
          m == 0x1114 /* PM trigger end */;
}

int
nvsim_copy_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                  uint32_t data)
{
   if (!is_method(method))
      return nvsim_chan_method_error(c, method, data,
                                     "no such method in this class");
   if (method != NV_COPY_LAUNCH_DMA)
      return 0;
   return launch(c, c->state[NVSIM_ENGINE_COPY], data);
}
