/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Which executor runs an instruction. */
#include "nvsim_exec_priv.h"

#include "nouveau/sim/tex/nvsim_tex.h"

void
nvsim_exec_unsupported(struct nvsim_warp *w, const struct nvsim_instr *in,
                       uint32_t mask)
{
   nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_PARAM, w->active, 0,
                    "instruction that the simulator does not know");
}

static const struct nvsim_exec_vector *
best_level(void)
{
#if NVSIM_X86_LEVELS
   __builtin_cpu_init();
   if (__builtin_cpu_supports("avx512f") &&
       __builtin_cpu_supports("avx512dq") &&
       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
      return &nvsim_exec_v4;
   if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      return &nvsim_exec_v3;
#endif
   return &nvsim_exec_base;
}

nvsim_exec_fn
nvsim_exec_lookup(const struct sass_instr *i)
{
   const struct nvsim_exec_vector *v = best_level();
   const nvsim_exec_select tables[] = {
      v->plain,         v->integer,     v->single,       v->wide,
      v->memory,        v->atomic,      nvsim_exec_ctrl, nvsim_exec_misc,
      nvsim_exec_video, nvsim_exec_tex,
   };
   for (unsigned t = 0; t < ARRAY_SIZE(tables); t++) {
      nvsim_exec_fn fn = tables[t](i);
      if (fn)
         return fn;
   }
   return nvsim_exec_unsupported;
}
