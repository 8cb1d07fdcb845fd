/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Inline to memory: data words of the push buffer go to memory (mesa.md §1.11).
 */
#include "nvsim_priv.h"

#include <string.h>

#include "nouveau/headers/nv_class.h"

static int
finish(struct nvsim_channel *c, struct nvsim_i2m *t, const uint32_t *state)
{
   t->active = false;
   if (NV_I2M_LAUNCH_COMPLETION(t->launch) != NV_I2M_COMPLETION_RELEASE)
      return 0;
   struct nvsim_release r = {
      .gpu_va = nvsim_state_addr(state, NV_I2M_SET_SEMAPHORE_A),
      .payload = state[NV_I2M_SET_SEMAPHORE_C / 4],
      .four_words = !(t->launch & NV_I2M_LAUNCH_SEM_ONE_WORD),
      .hub_client = NV_FAULT_CLIENT_HUB_FE,
   };
   return nvsim_release(c, &r);
}

static int
launch(struct nvsim_channel *c, struct nvsim_i2m *t, const uint32_t *state,
       uint32_t data)
{
   /* LAUNCH_DMA while data are still missing drops the old transfer [guess]. */
   *t = (struct nvsim_i2m){
      .active = true,
      .launch = data,
      .length_B = state[NV_I2M_LINE_LENGTH_IN / 4],
      .lines = state[NV_I2M_LINE_COUNT / 4],
      .pitch_B = state[NV_I2M_PITCH_OUT / 4],
      .gpu_va =
         nvsim_state_addr(state, NV_I2M_OFFSET_OUT_UPPER) & (NV_MMU_VA_END - 1),
   };
   /* Block linear with a block of one GOB height and one line is linear within
    * 64 bytes only; nobody here writes images this way. */
   if (!(data & NV_I2M_LAUNCH_PITCH))
      return nvsim_chan_method_error(c, NV_I2M_LAUNCH_DMA, data,
                                     "block linear upload is not supported");
   if (data & NV_I2M_LAUNCH_REDUCTION)
      return nvsim_chan_method_error(c, NV_I2M_LAUNCH_DMA, data,
                                     "reducing upload is not supported");
   return t->length_B && t->lines ? 0 : finish(c, t, state);
}

/* Each line begins with a new word. */
static int
load_data(struct nvsim_channel *c, struct nvsim_i2m *t, const uint32_t *state,
          uint32_t data)
{
   if (!t->active)
      return nvsim_chan_method_error(c, NV_I2M_LOAD_INLINE_DATA, data,
                                     "more inline data than announced");
   uint32_t n = MIN2(4, t->length_B - t->pos_B);
   uint64_t gpu_va = t->gpu_va + (uint64_t)t->line * t->pitch_B + t->pos_B;
   struct nvsim_mem_fault f;
   if (nvsim_mem_write(c->worker, gpu_va, &data, n, &f))
      return nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_FE,
                                  "inline upload");
   t->pos_B += n;
   if (t->pos_B < t->length_B)
      return 0;
   t->pos_B = 0;
   return ++t->line < t->lines ? 0 : finish(c, t, state);
}

int
nvsim_i2m_bulk(struct nvsim_channel *c, const struct nvsim_class *cls,
               const uint32_t *words, unsigned n)
{
   if (!cls ||
       (cls->engine != NVSIM_ENGINE_COMPUTE && cls->engine != NVSIM_ENGINE_I2M))
      return 0;
   struct nvsim_i2m *t = &c->i2m[cls->engine];
   if (!t->active)
      return 0;
   /* Whole words that are not the last of the line. */
   uint32_t whole = MIN2(n, (t->length_B - t->pos_B - 1) / 4);
   if (!whole)
      return 0;
   uint64_t gpu_va = t->gpu_va + (uint64_t)t->line * t->pitch_B + t->pos_B;
   struct nvsim_mem_fault f;
   if (nvsim_mem_write(c->worker, gpu_va, words, whole * 4ull, &f))
      return nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_FE,
                                  "inline upload");
   t->pos_B += whole * 4;
   return (int)whole;
}

int
nvsim_i2m_common(struct nvsim_channel *c, enum nvsim_engine engine,
                 uint32_t method, uint32_t data)
{
   struct nvsim_i2m *t = &c->i2m[engine];
   const uint32_t *state = c->state[engine];
   if (method == NV_I2M_LAUNCH_DMA)
      return launch(c, t, state, data);
   if (method == NV_I2M_LOAD_INLINE_DATA)
      return load_data(c, t, state, data);
   return 0;
}

int
nvsim_i2m_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                 uint32_t data)
{
   if (method >= NV_I2M_LINE_LENGTH_IN && method <= NV_I2M_SET_SEMAPHORE_C)
      return nvsim_i2m_common(c, NVSIM_ENGINE_I2M, method, data);
   if (method == NV_MTHD_NO_OPERATION || method == NV_MTHD_WAIT_FOR_IDLE ||
       method < NV_I2M_LINE_LENGTH_IN)
      return 0;
   return nvsim_chan_method_error(c, method, data,
                                  "no such method in this class");
}
