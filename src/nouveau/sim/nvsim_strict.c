/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nvsim_sm_priv.h"

#include <stdlib.h>

struct nvsim_strict {
   uint64_t cycle;
};

struct nvsim_strict *
nvsim_strict_create(void)
{
   return util_svc_calloc(1, sizeof(struct nvsim_strict));
}

void
nvsim_strict_begin(struct nvsim_warp *w)
{
   w->strict->cycle = 0;
}

void
nvsim_strict_issue(struct nvsim_warp *w, const struct nvsim_instr *in)
{
}
