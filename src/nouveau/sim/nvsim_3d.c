/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The 3D class, as far as other drivers need it for fences and timestamps: the
 * report semaphore. All else is swallowed (mesa.md §1.16). */
#include "nvsim_code_priv.h"
#include "nvsim_priv.h"

#include "nouveau/headers/nv_class.h"

int
nvsim_3d_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                uint32_t data)
{
   switch (method) {
   case NV_SET_REPORT_SEMAPHORE_D:
      return nvsim_report_semaphore(c, c->state[NVSIM_ENGINE_3D], true);
   case NV_INVALIDATE_SHADER_CACHES:
   case NV_INVALIDATE_SHADER_CACHES_NO_WFI:
      if (data & NV_INVALIDATE_INSTRUCTION)
         nvsim_code_cache_invalidate(c->code);
      return 0;
   default:
      return 0;
   }
}
