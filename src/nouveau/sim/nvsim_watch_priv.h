/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What looks over the interpreter's shoulder under NVSIM_DEBUG: strict
 * (nvsim_strict.c), stats (nvsim_kstats.c), race (nvsim_race.c). All of it is
 * called before an instruction runs, once, not again after a replayed fault.
 * Without one of the words nothing of it exists. */
#ifndef NVSIM_WATCH_PRIV_H
#define NVSIM_WATCH_PRIV_H

#include "nvsim_exec_priv.h"

#define NVSIM_DEBUG_WATCH                                                      \
   (NVSIM_DEBUG_STRICT | NVSIM_DEBUG_STATS | NVSIM_DEBUG_RACE)

/* ---- memory accesses (nvsim_watch.c) ---- */

/* What an instruction is about to do to memory. */
struct nvsim_watch_access {
   /* Lanes by space; a generic access may have several. */
   uint32_t global, shared, local;
   /* Global: virtual addresses. Shared, local: offsets. */
   uint64_t at[NVSIM_LANES];
   unsigned size_B;
   bool reads, writes;
   bool atomic; /* or volatile: meant to meet others */
};

/* False: no access to such memory. */
bool nvsim_watch_decode(struct nvsim_warp *w, const struct nvsim_instr *in,
                        uint32_t mask, struct nvsim_watch_access *a);
/* Hands the instruction to those that are turned on. */
void nvsim_watch_issue(struct nvsim_warp *w, const struct nvsim_instr *in,
                       uint32_t mask);
/* "0x38: LDG.E R0, [R2]" of an instruction by its address; frees nothing that
 * the caller has. To be called between util_svc_leave and util_svc_enter. */
void nvsim_watch_print(struct nvsim_warp *w, uint64_t pc, struct util_buf *out);
/* Cycles that a stall count is good for: above 12 it counts fully only with
 * yield (isa.md 5.2). */
static inline unsigned
nvsim_stall_cycles(const struct sass_ctrl *c)
{
   return c->stall > 12 && !c->yield ? 8 : c->stall;
}

/* A line for people: "mode: text". To be called likewise. */
void nvsim_watch_report(const struct nvsim *sim, const char *mode,
                        const char *text);
/* Memory of a CTA for strict and race; called when its slot is made, and for
 * each CTA in it. */
void nvsim_watch_create_cta(struct nvsim_cta *cta);
void nvsim_watch_begin_cta(struct nvsim_cta *cta);

/* ---- strict ---- */

void nvsim_strict_shared(struct nvsim_warp *w, const struct nvsim_instr *in,
                         const struct nvsim_watch_access *a);

/* ---- stats ---- */

void nvsim_kstats_issue(struct nvsim_warp *w, const struct nvsim_instr *in,
                        uint32_t mask);
void nvsim_kstats_access(struct nvsim_warp *w,
                         const struct nvsim_watch_access *a);
/* The warp has ended. */
void nvsim_kstats_end_warp(struct nvsim_warp *w);
void nvsim_kstats_add(struct nvsim_kstats *sum, const struct nvsim_kstats *s);
/* The launch has ended: its sums become the card's last launch, and are
 * printed. */
void nvsim_kstats_finish(struct nvsim_grid *g);

/* ---- race ---- */

struct nvsim_race *nvsim_race_create(struct nvsim_grid *g);
void nvsim_race_destroy(struct nvsim_race *r);
void nvsim_race_access(struct nvsim_warp *w,
                       const struct nvsim_watch_access *a);
void nvsim_race_fence(struct nvsim_warp *w, const struct nvsim_instr *in);
/* A warp comes to a barrier; the barrier lets those go on that wait. */
void nvsim_race_arrive(struct nvsim_warp *w, unsigned barrier);
void nvsim_race_release(struct nvsim_cta *cta, unsigned barrier);

#endif
