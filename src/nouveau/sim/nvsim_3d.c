/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The 3D class without a rasteriser: macros, constant buffer updates, the
 * report semaphore for fences, timestamps and queries, predication and clears
 * (mesa.md §1.11, §1.14, §1.16). State is kept for macros to read; what would
 * draw is refused, and so the counters of all queries are zero. */
#include "nvsim_code_priv.h"
#include "nvsim_priv.h"

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_class_3d.h"

static bool
draws(uint32_t method)
{
   switch (method) {
   case NV_3D_BEGIN: /* what comes between it and END is nothing without it */
   case NV_3D_DRAW_ZERO_INDEX:
   case NV_3D_DRAW_VERTEX_FIRST:
   case NV_3D_DRAW_VERTEX_SUBSEQUENT:
   case NV_3D_DRAW_AUTO:
      return true;
   default:
      return method > NV_3D_DRAW_INDEX_BUFFER &&
             method <= NV_3D_DRAW_INDEX_BUFFER_LAST;
   }
}

/* ---- constant buffers ---- */

/* Words past the buffer's end are dropped [guess]. */
static int
load_constant(struct nvsim_channel *c, uint32_t *state, uint32_t data)
{
   uint32_t *offset_B = &state[NV_3D_LOAD_CONSTANT_BUFFER_OFFSET / 4];
   uint32_t at_B = *offset_B & 0xfffc;
   uint64_t gpu_va =
      nvsim_state_addr(state, NV_3D_SET_CONSTANT_BUFFER_SELECTOR_B) &
      (NV_MMU_VA_END - 1);
   *offset_B += 4;
   if (at_B >= state[NV_3D_SET_CONSTANT_BUFFER_SELECTOR_A / 4])
      return 0;
   struct nvsim_mem_fault f;
   if (nvsim_mem_write(c->worker, gpu_va + at_B, &data, 4, &f))
      return nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_FE,
                                  "constant buffer update");
   return 0;
}

/* ---- predication ---- */

static int
render_enabled(struct nvsim_channel *c, const uint32_t *state, bool *enabled)
{
   uint32_t mode = state[NV_3D_SET_RENDER_ENABLE_C / 4] & 7;
   *enabled = mode == NV_3D_RENDER_ALWAYS;
   if (mode <= NV_3D_RENDER_ALWAYS)
      return 0;
   uint32_t v[6]; /* two reports, the second without its time */
   uint64_t gpu_va =
      nvsim_state_addr(state, NV_3D_SET_RENDER_ENABLE_A) & (NV_MMU_VA_END - 1);
   bool one = mode == NV_3D_RENDER_IF_NONZERO;
   struct nvsim_mem_fault f;
   if (nvsim_mem_read(c->worker, gpu_va, v, one ? 8 : sizeof(v), &f))
      return nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_FE,
                                  "render condition");
   bool equal = !one && v[0] == v[4] && v[1] == v[5];
   *enabled = one                             ? v[0] || v[1]
              : mode == NV_3D_RENDER_IF_EQUAL ? equal
                                              : !equal;
   return 0;
}

static int
clear_or_draw(struct nvsim_channel *c, const uint32_t *state, uint32_t method,
              uint32_t data)
{
   bool enabled;
   if (render_enabled(c, state, &enabled))
      return -1;
   if (!enabled)
      return 0;
   if (method == NV_3D_CLEAR_SURFACE)
      return nvsim_clear(c, state, data);
   return nvsim_chan_method_error(c, method, data,
                                  "drawing is not simulated, only clears");
}

/* ---- methods ---- */

int
nvsim_3d_expanded(struct nvsim_channel *c, uint32_t method, uint32_t data)
{
   uint32_t *state = c->state[NVSIM_ENGINE_3D];
   if (method >= NV_I2M_LINE_LENGTH_IN && method <= NV_I2M_SET_SEMAPHORE_C)
      return nvsim_i2m_common(c, NVSIM_ENGINE_3D, method, data);
   if (method >= NV_3D_LOAD_CONSTANT_BUFFER(0) &&
       method <= NV_3D_LOAD_CONSTANT_BUFFER(15))
      return load_constant(c, state, data);
   if (method == NV_3D_CLEAR_SURFACE || draws(method))
      return clear_or_draw(c, state, method, data);
   switch (method) {
   case NV_SET_REPORT_SEMAPHORE_D:
      return nvsim_report_semaphore(c, state, true);
   case NV_INVALIDATE_SHADER_CACHES:
   case NV_INVALIDATE_SHADER_CACHES_NO_WFI:
      if (data & NV_INVALIDATE_INSTRUCTION)
         nvsim_code_cache_invalidate(c->code);
      return 0;
   default:
      return 0;
   }
}

int
nvsim_3d_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                uint32_t data)
{
   bool call = method >= NV_3D_CALL_MME_MACRO(0);
   if (nvsim_mme_is_running(c->mme) && !(call && method & 4))
      return nvsim_chan_method_error(c, method, data,
                                     "a macro still waits for its parameters");
   if (call || (method >= NV_3D_LOAD_MME_INSTRUCTION_RAM_POINTER &&
                method <= NV_3D_LOAD_MME_START_ADDRESS_RAM))
      return nvsim_mme_method(c, method, data);
   return nvsim_3d_expanded(c, method, data);
}
