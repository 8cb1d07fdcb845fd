/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nvsim_watch_priv.h"

#include <stdio.h>

#include "util/util_buf.h"
#include "util/util_log.h"

/* ---- which access ---- */

enum space {
   SPACE_NONE,
   SPACE_GLOBAL,
   SPACE_GENERIC,
   SPACE_SHARED,
   SPACE_LOCAL
};

static const struct {
   enum space space;
   bool reads, writes, atomic;
} kinds[SASS_OP_COUNT] = {
   [SASS_OP_LDG] = {SPACE_GLOBAL, true, false, false},
   [SASS_OP_LDG_P] = {SPACE_GLOBAL, true, false, false},
   [SASS_OP_STG] = {SPACE_GLOBAL, false, true, false},
   [SASS_OP_LD] = {SPACE_GENERIC, true, false, false},
   [SASS_OP_ST] = {SPACE_GENERIC, false, true, false},
   [SASS_OP_LDS] = {SPACE_SHARED, true, false, false},
   [SASS_OP_STS] = {SPACE_SHARED, false, true, false},
   [SASS_OP_LDL] = {SPACE_LOCAL, true, false, false},
   [SASS_OP_STL] = {SPACE_LOCAL, false, true, false},
   [SASS_OP_ATOM] = {SPACE_GLOBAL, true, true, true},
   [SASS_OP_ATOM_CAS] = {SPACE_GLOBAL, true, true, true},
   [SASS_OP_RED] = {SPACE_GLOBAL, true, true, true},
   [SASS_OP_ATOMS] = {SPACE_SHARED, true, true, true},
   [SASS_OP_ATOMS_CAS] = {SPACE_SHARED, true, true, true},
};

static unsigned
access_size(const struct sass_instr *i)
{
   switch (i->op) {
   case SASS_OP_ATOM:
   case SASS_OP_RED:
   case SASS_OP_ATOMS:
      return sass_type_B(i->type);
   case SASS_OP_ATOM_CAS:
   case SASS_OP_ATOMS_CAS:
      return i->wide ? 8 : 4;
   default:
      return sass_size_B(i->size);
   }
}

/* Moves the lanes that lie in a generic window to its space. */
static uint32_t
take_window(struct nvsim_watch_access *a, uint64_t base)
{
   uint32_t in = 0;
   if (!base)
      return 0;
   nvsim_for_each_lane(l, a->global) {
      if (a->at[l] - base >= 16u << 20)
         continue;
      a->at[l] -= base;
      in |= 1u << l;
   }
   a->global &= ~in;
   return in;
}

bool
nvsim_watch_decode(struct nvsim_warp *w, const struct nvsim_instr *in,
                   uint32_t mask, struct nvsim_watch_access *a)
{
   enum space space = kinds[in->i.op].space;
   if (space == SPACE_NONE || !mask)
      return false;
   *a = (struct nvsim_watch_access){
      .size_B = access_size(&in->i),
      .reads = kinds[in->i.op].reads,
      .writes = kinds[in->i.op].writes,
      /* .CV and .WT: volatile. */
      .atomic = kinds[in->i.op].atomic || in->i.cache == SASS_CACHE_CV,
   };
   bool wide = in->i.e && space <= SPACE_GENERIC;
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      uint64_t base = w->r[in->ra][l];
      if (wide)
         base |= (uint64_t)w->r[in->ra + 1][l] << 32;
      a->at[l] = base + (uint64_t)(int64_t)in->i.off;
      if (!wide)
         a->at[l] &= 0xffffffff;
   }
   a->global = space <= SPACE_GENERIC ? mask : 0;
   a->shared = space == SPACE_SHARED ? mask : 0;
   a->local = space == SPACE_LOCAL ? mask : 0;
   if (space == SPACE_GENERIC) {
      a->shared = take_window(a, w->grid->shared_window);
      a->local = take_window(a, w->grid->local_window);
   }
   return true;
}

/* ---- the hook ---- */

void
nvsim_watch_issue(struct nvsim_warp *w, const struct nvsim_instr *in,
                  uint32_t mask)
{
   const struct nvsim *sim = w->grid->sim;
   struct nvsim_watch_access a;
   if (in->fn == nvsim_exec_illegal || in->fn == nvsim_exec_misaligned_reg)
      return;
   if (nvsim_debug(sim, NVSIM_DEBUG_STATS))
      nvsim_kstats_issue(w, in, mask);
   if (w->strict)
      nvsim_strict_issue(w, in);
   if (nvsim_debug(sim, NVSIM_DEBUG_RACE))
      nvsim_race_fence(w, in);
   if (!nvsim_watch_decode(w, in, mask, &a))
      return;
   if (nvsim_debug(sim, NVSIM_DEBUG_STATS))
      nvsim_kstats_access(w, &a);
   if (nvsim_debug(sim, NVSIM_DEBUG_STRICT) && a.shared)
      nvsim_strict_shared(w, in, &a);
   if (nvsim_debug(sim, NVSIM_DEBUG_RACE))
      nvsim_race_access(w, &a);
}

void
nvsim_watch_print(struct nvsim_warp *w, uint64_t pc, struct util_buf *out)
{
   const struct nvsim_code_page *page = nvsim_code_cache_find(
      w->grid->chan->code, util_align_down(pc, NVSIM_PAGE_B));
   uint64_t off = pc - w->grid->entry_va;
   util_buf_printf(out, "0x%llx: ", (unsigned long long)off);
   if (page)
      sass_print(&page->in[nvsim_code_index(pc)].i, off, out);
}

void
nvsim_watch_report(const struct nvsim *sim, const char *mode, const char *text)
{
   char line[512];
   if (!sim->config.report) {
      util_warn("nvsim", "%s: %s", mode, text);
      return;
   }
   snprintf(line, sizeof(line), "%s: %s", mode, text);
   sim->config.report(sim->config.data, line);
}
