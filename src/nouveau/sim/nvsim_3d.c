/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The 3D class, as far as other compute drivers use it: the report semaphore
 * for fences and timestamps, and the clear of a render target, with which Mesa
 * fills buffers (mesa.md §1.11, §1.14). All else is swallowed (mesa.md §1.16).
 */
#include "nvsim_code_priv.h"
#include "nvsim_priv.h"

#include <string.h>

#include "nouveau/headers/nv_class.h"

/* Bytes of one component, and how many. */
struct format {
   uint8_t id, component_B, components;
};

static const struct format formats[] = {
   {NV_3D_FORMAT_RU32_GU32_BU32_AU32, 4, 4},
   {NV_3D_FORMAT_RU32_GU32, 4, 2},
   {NV_3D_FORMAT_RU32, 4, 1},
   {NV_3D_FORMAT_RU16, 2, 1},
   {NV_3D_FORMAT_RU8, 1, 1},
};

static const struct format *
find_format(uint32_t id)
{
   for (unsigned i = 0; i < ARRAY_SIZE(formats); i++)
      if (formats[i].id == id)
         return &formats[i];
   return NULL;
}

#define CHUNK_B 4096

/* `n` elements of `element_B` at gpu_va. */
static int
clear_line(struct nvsim_channel *c, uint64_t gpu_va, const uint8_t *element,
           unsigned element_B, uint32_t n)
{
   uint8_t chunk[CHUNK_B];
   for (unsigned i = 0; i < CHUNK_B; i += element_B)
      memcpy(chunk + i, element, element_B);
   uint64_t left = (uint64_t)n * element_B;
   while (left && !nvsim_chan_stopped(c)) {
      uint32_t now = MIN2(left, CHUNK_B);
      struct nvsim_mem_fault f;
      if (nvsim_mem_write(c->worker, gpu_va, chunk, now, &f))
         return nvsim_chan_mmu_error(c, &f, NV_FAULT_CLIENT_HUB_FE,
                                     "render target clear");
      gpu_va += now;
      left -= now;
   }
   return 0;
}

static int
clear(struct nvsim_channel *c, const uint32_t *state, uint32_t data)
{
#define REFUSE(why) nvsim_chan_method_error(c, NV_3D_CLEAR_SURFACE, data, why)
   uint32_t select = state[NV_3D_SET_CT_SELECT / 4];
   unsigned rt = NV_3D_CT_SELECT_TARGET(select, NV_3D_CLEAR_OUTPUT(data));
   const struct format *f =
      find_format(state[NV_3D_SET_COLOR_TARGET_FORMAT(rt) / 4]);
   if (!f)
      return REFUSE("clear of this format is not supported");
   unsigned all = (1u << f->components) - 1;
   if (!(state[NV_3D_SET_COLOR_TARGET_MEMORY(rt) / 4] &
         NV_3D_COLOR_TARGET_PITCH))
      return REFUSE("clear of a block linear target is not supported");
   if ((NV_3D_CLEAR_COLOR(data) & all) != all)
      return REFUSE("clear of some components is not supported");

   unsigned element_B = f->component_B * f->components;
   uint8_t element[16];
   for (unsigned i = 0; i < f->components; i++)
      memcpy(element + i * f->component_B,
             &state[NV_3D_SET_COLOR_CLEAR_VALUE(i) / 4], f->component_B);

   uint32_t h = state[NV_3D_SET_SURFACE_CLIP_HORIZONTAL / 4];
   uint32_t v = state[NV_3D_SET_SURFACE_CLIP_VERTICAL / 4];
   uint32_t pitch_B = state[NV_3D_SET_COLOR_TARGET_WIDTH(rt) / 4];
   uint32_t x0 = h & 0xffff, x1 = MIN2(x0 + (h >> 16), pitch_B / element_B);
   uint32_t y0 = v & 0xffff;
   uint32_t y1 =
      MIN2(y0 + (v >> 16), state[NV_3D_SET_COLOR_TARGET_HEIGHT(rt) / 4]);
   uint64_t gpu_va = nvsim_state_addr(state, NV_3D_SET_COLOR_TARGET_A(rt)) &
                     (NV_MMU_VA_END - 1);
   int err = 0;
   for (uint32_t y = y0; y < y1 && x0 < x1 && !err; y++)
      err = clear_line(c, gpu_va + (uint64_t)y * pitch_B + x0 * element_B,
                       element, element_B, x1 - x0);
   return err;
#undef REFUSE
}

int
nvsim_3d_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                uint32_t data)
{
   const uint32_t *state = c->state[NVSIM_ENGINE_3D];
   switch (method) {
   case NV_SET_REPORT_SEMAPHORE_D:
      return nvsim_report_semaphore(c, state, true);
   case NV_3D_CLEAR_SURFACE:
      return clear(c, state, data);
   case NV_INVALIDATE_SHADER_CACHES:
   case NV_INVALIDATE_SHADER_CACHES_NO_WFI:
      if (data & NV_INVALIDATE_INSTRUCTION)
         nvsim_code_cache_invalidate(c->code);
      return 0;
   default:
      return 0;
   }
}
