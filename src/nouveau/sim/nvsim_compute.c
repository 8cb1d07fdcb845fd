/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The compute class, C0C0 and C1C0: state, inline uploads, launches, semaphores
 * (mesa.md §1.7 to §1.10). A launch has finished when its method has, so
 * waiting for idle waits for nothing. */
#include "nvsim_code_priv.h"
#include "nvsim_priv.h"

#include "nouveau/headers/nv_class.h"

/* Where the class has methods at all; coarse [guess]. */
static bool
is_method(uint32_t m)
{
   static const struct {
      uint16_t first, last;
   } ranges[] = {
      {0x0100, 0x01fc}, {0x0200, 0x03fc}, {0x0550, 0x05fc}, {0x0700, 0x07fc},
      {0x0d00, 0x0dfc}, {0x1200, 0x13fc}, {0x1500, 0x16fc}, {0x1944, 0x1944},
      {0x1b00, 0x1b0c}, {0x2200, 0x27fc}, {0x3300, 0x3ffc},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
      if (m >= ranges[i].first && m <= ranges[i].last)
         return true;
   return false;
}

static int
send_pcas(struct nvsim_channel *c, const uint32_t *state, uint32_t method,
          uint32_t data)
{
   if (method == NV_COMPUTE_SEND_SIGNALING_PCAS_B &&
       !(data & NV_COMPUTE_PCAS_SCHEDULE))
      return 0; /* invalidates the scheduler's copy; there is none */
   return nvsim_launch(c, (uint64_t)state[NV_COMPUTE_SEND_PCAS_A / 4] << 8);
}

int
nvsim_compute_method(struct nvsim_channel *c, unsigned subch, uint32_t method,
                     uint32_t data)
{
   uint32_t *state = c->state[NVSIM_ENGINE_COMPUTE];
   if (method >= NV_I2M_LINE_LENGTH_IN && method <= NV_I2M_SET_SEMAPHORE_C)
      return nvsim_i2m_common(c, NVSIM_ENGINE_COMPUTE, method, data);
   switch (method) {
   case NV_COMPUTE_SEND_PCAS_B:
   case NV_COMPUTE_SEND_SIGNALING_PCAS_B:
      return send_pcas(c, state, method, data);
   case NV_SET_REPORT_SEMAPHORE_D:
      return nvsim_report_semaphore(c, state, false);
   case NV_INVALIDATE_SHADER_CACHES:
   case NV_INVALIDATE_SHADER_CACHES_NO_WFI:
      /* Constants and global data are read from memory for each launch. */
      if (data & NV_INVALIDATE_INSTRUCTION)
         nvsim_code_cache_invalidate(c->code);
      return 0;
   /* Two ways to set one thing: the later one counts. */
   case NV_COMPUTE_SET_SHADER_SHARED_MEMORY_WINDOW:
      state[NV_COMPUTE_SET_SHARED_MEMORY_WINDOW_A / 4] = 0;
      state[NV_COMPUTE_SET_SHARED_MEMORY_WINDOW_B / 4] = data;
      return 0;
   case NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW:
      state[NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW_A / 4] = 0;
      state[NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW_B / 4] = data;
      return 0;
   default:
      break;
   }
   if (is_method(method))
      return 0;
   return nvsim_chan_method_error(c, method, data,
                                  "no such method in this class");
}
