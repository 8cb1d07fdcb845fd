/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Special registers, predicates, votes, shuffles, barriers (isa.md §2.7, §3.7).
 */
#include "nvsim_watch_priv.h"

#include "nouveau/isa/sass_sem.h"

/* ---- special registers ---- */

/* Counts on from the warp's first thread: divisions are slow. */
static void
fill_tid(struct nvsim_warp *w)
{
   const uint32_t *b = w->grid->block;
   uint32_t t = w->index * NVSIM_LANES;
   uint32_t id[3] = {t % b[0], t / b[0] % b[1], t / (b[0] * b[1])};
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      for (unsigned axis = 0; axis < 3; axis++)
         w->tid[axis][l] = id[axis];
      if (++id[0] < b[0])
         continue;
      id[0] = 0;
      if (++id[1] < b[1])
         continue;
      id[1] = 0;
      id[2]++;
   }
   w->knows_tid = true;
}

static const uint32_t *
tid_row(struct nvsim_warp *w, unsigned axis)
{
   if (unlikely(!w->knows_tid))
      fill_tid(w);
   return w->tid[axis];
}

static void
packed_tid_row(struct nvsim_warp *w, uint32_t *d)
{
   const uint32_t *x = tid_row(w, 0), *y = tid_row(w, 1), *z = tid_row(w, 2);
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      d[l] = x[l] | y[l] << 16 | z[l] << 26;
}

/* The five lane masks. */
static uint32_t
lane_relation(enum sass_sreg sr, unsigned l)
{
   uint32_t eq = 1u << l, lt = eq - 1;
   switch (sr) {
   case SASS_SR_EQMASK:
      return eq;
   case SASS_SR_LTMASK:
      return lt;
   case SASS_SR_LEMASK:
      return lt | eq;
   case SASS_SR_GTMASK:
      return ~(lt | eq);
   default:
      return ~lt;
   }
}

/* Values that all lanes share. False: no such register. */
static bool
uniform_sreg(const struct nvsim_warp *w, enum sass_sreg sr, uint32_t *v)
{
   const struct nvsim_grid *g = w->grid;
   uint32_t warp_slot = w->cta->slot * g->warps_per_cta + w->index;
   switch (sr) {
   case SASS_SR_CTAID_X:
   case SASS_SR_CTAID_Y:
   case SASS_SR_CTAID_Z:
      *v = w->cta->id[sr - SASS_SR_CTAID_X];
      return true;
   case SASS_SR_NTID:
      *v = g->block[0] | g->block[1] << 16 | g->block[2] << 26;
      return true;
   case SASS_SR_VIRTCFG:
      *v = 64u << 8 | g->sim->config.sm_count << 20;
      return true;
   case SASS_SR_VIRTID:
      *v = warp_slot << 8 | w->cta->sm << 20;
      return true;
   case SASS_SR_SWINLO:
      *v = (uint32_t)g->shared_window;
      return true;
   case SASS_SR_LWINLO:
      *v = (uint32_t)g->local_window;
      return true;
   case SASS_SR_SWINSZ:
   case SASS_SR_LWINSZ:
      *v = 16u << 20;
      return true;
   case SASS_SR_SMEMSZ:
      *v = g->shared_B;
      return true;
   /* One clock a nanosecond. */
   case SASS_SR_CLOCK:
   case SASS_SR_CLOCKLO:
   case SASS_SR_GLOBALTIMERLO:
      *v = (uint32_t)nvsim_ptimer_ns(g->sim);
      return true;
   case SASS_SR_CLOCKHI:
   case SASS_SR_GLOBALTIMERHI:
      *v = nvsim_ptimer_ns(g->sim) >> 32;
      return true;
   default:
      *v = 0;
      return false;
   }
}

void
nvsim_exec_s2r(struct nvsim_warp *w, const struct nvsim_instr *in,
               uint32_t mask)
{
   nvsim_row d;
   enum sass_sreg sr = in->i.sreg;
   uint32_t v;
   if (sr == SASS_SR_TID) {
      packed_tid_row(w, d);
   } else if (sr >= SASS_SR_TID_X && sr <= SASS_SR_TID_Z) {
      nvsim_write_row(w->r[in->rd], tid_row(w, sr - SASS_SR_TID_X), mask);
      return;
   } else if (sr == SASS_SR_LANEID) {
      for (unsigned l = 0; l < NVSIM_LANES; l++)
         d[l] = l;
   } else if (sr >= SASS_SR_EQMASK && sr <= SASS_SR_GEMASK) {
      for (unsigned l = 0; l < NVSIM_LANES; l++)
         d[l] = lane_relation(sr, l);
   } else {
      /* Registers of graphics and of the profiler read 0. */
      uniform_sreg(w, sr, &v);
      nvsim_splat(d, v);
   }
   nvsim_write_row(w->r[in->rd], d, mask);
}

static void
exec_lepc(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_row d;
   nvsim_splat(d, (uint32_t)(nvsim_warp_pc(w) - w->grid->code_base));
   nvsim_write_row(w->r[in->rd], d, mask);
}

/* ---- predicates ---- */

static uint32_t
pred_op0(const struct nvsim_warp *w, const struct sass_instr *i)
{
   return nvsim_bool_op(i->bool_op0, nvsim_pred(w, i->pa, i->pa_not ? ~0u : 0),
                        nvsim_pred(w, i->pb, i->pb_not ? ~0u : 0));
}

static void
exec_psetp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_write_setp(w, in, pred_op0(w, &in->i), mask);
}

static void
exec_csetp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_write_setp(w, in, nvsim_cc_test(w, in->i.ccode), mask);
}

/* PSET, CSET: a register, -1 or 1.0f. */
static void
write_set(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t t,
          uint32_t mask)
{
   uint32_t p =
      nvsim_bool_op(in->i.bool_op, t, nvsim_pred(w, in->pc, in->pc_not));
   nvsim_row d, cc;
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      d[l] = sass_set_value(p >> l & 1, in->i.bf);
      cc[l] = sass_cc_logic(d[l]);
   }
   nvsim_write_row(w->r[in->rd], d, mask);
   if (in->i.cc)
      nvsim_write_row(w->cc, cc, mask);
}

static void
exec_pset(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   write_set(w, in, pred_op0(w, &in->i), mask);
}

static void
exec_cset(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   write_set(w, in, nvsim_cc_test(w, in->i.ccode), mask);
}

/* P0..P6, or the condition code */
static uint32_t
flag_bits(const struct nvsim_warp *w, bool use_cc, unsigned l)
{
   uint32_t v = 0;
   if (use_cc)
      return sass_cc_to_bits(w->cc[l]);
   for (unsigned p = 0; p < SASS_PT; p++)
      v |= (w->pred[p] >> l & 1) << p;
   return v;
}

static void
exec_p2r(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   unsigned shift = in->i.byte_sel * 8;
   nvsim_row d;
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      uint32_t m = (b[l] & 0xff) << shift;
      uint32_t v = flag_bits(w, in->i.use_cc, l) << shift;
      d[l] = (a[l] & ~m) | (v & m);
   }
   nvsim_write_row(w->r[in->rd], d, mask);
}

static void
exec_r2p(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   const uint32_t *a = nvsim_src_a(w, in), *b = nvsim_src_b(w, in);
   nvsim_for_each_lane(l, mask) {
      uint32_t v = a[l] >> (in->i.byte_sel * 8), m = b[l] & 0x7f;
      if (in->i.use_cc) {
         uint32_t old = sass_cc_to_bits(w->cc[l]);
         w->cc[l] = sass_cc_from_bits((old & ~m) | (v & m));
         continue;
      }
      for (unsigned p = 0; p < SASS_PT; p++)
         if (m >> p & 1)
            w->pred[p] = (w->pred[p] & ~(1u << l)) | (v >> p & 1) << l;
   }
}

/* ---- across lanes ---- */

static void
exec_vote(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t ballot = nvsim_pred(w, in->pc, in->pc_not) & mask;
   bool all = ballot == mask, any = ballot != 0;
   bool result = in->i.vote == SASS_VOTE_ALL   ? all
                 : in->i.vote == SASS_VOTE_ANY ? any
                                               : all || !any;
   nvsim_row d;
   nvsim_splat(d, ballot);
   nvsim_write_row(w->r[in->rd], d, mask);
   nvsim_write_pred(w, in->pd, result ? ~0u : 0, mask);
}

static void
exec_shfl(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   enum sass_form form = in->i.form;
   bool imm_b = form == SASS_FORM_IR || form == SASS_FORM_II;
   bool imm_c = form == SASS_FORM_RI || form == SASS_FORM_II;
   const uint32_t *a = nvsim_src_a(w, in), *b = w->r[in->rb], *c = w->r[in->rc];
   nvsim_row d;
   uint32_t ok_mask = 0;
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      bool ok;
      unsigned j =
         sass_shfl_lane(in->i.shfl, l, imm_b ? (uint32_t)in->i.imm : b[l],
                        imm_c ? (uint32_t)in->i.imm2 : c[l], &ok);
      d[l] = a[j];
      ok_mask |= (uint32_t)ok << l;
   }
   nvsim_write_row(w->r[in->rd], d, mask);
   nvsim_write_pred(w, in->pd, ok_mask, mask);
}

/* ---- barriers ---- */

static uint32_t
first_lane(const uint32_t *row, uint32_t mask)
{
   return row[__builtin_ctz(mask)];
}

static struct nvsim_barrier *
get_barrier(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask,
            uint32_t *count_out)
{
   enum sass_form f = in->i.form;
   uint32_t id = f == SASS_FORM_IR || f == SASS_FORM_II
                    ? (uint32_t)in->i.imm
                    : first_lane(w->r[in->ra], mask);
   uint32_t count = f == SASS_FORM_RI || f == SASS_FORM_II
                       ? (uint32_t)in->i.imm2
                       : first_lane(w->r[in->rb], mask);
   if (id >= w->grid->num_barriers || id >= NVSIM_BARRIERS)
      nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_PARAM2, mask, 0,
                       "barrier beyond the launch's barrier count");
   if (count % NVSIM_LANES)
      nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_PARAM, mask, 0,
                       "barrier for part of a warp");
   *count_out = count;
   return &w->cta->bar[id];
}

static void
reduce(struct nvsim_warp *w, const struct nvsim_instr *in,
       struct nvsim_barrier *b, uint32_t mask)
{
   uint32_t p = nvsim_pred(w, in->pc, in->pc_not) & mask;
   b->popc += __builtin_popcount(p);
   b->all &= p == mask;
   b->any |= p != 0;
}

/* A divergent warp counts as a whole (isa.md §3.2). */
static void
exec_bar(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   uint32_t count;
   struct nvsim_barrier *b = get_barrier(w, in, mask, &count);
   if (!b->arrived)
      *b = (struct nvsim_barrier){.expected = count, .all = true};
   if (in->i.bar == SASS_BAR_RED)
      reduce(w, in, b, mask);
   w->bar_red = in->i.bar_red;
   b->arrived += NVSIM_LANES;
   nvsim_race_arrive(w, b - w->cta->bar);
   if (in->i.bar != SASS_BAR_ARV) {
      b->waiting |= 1ull << w->index;
      w->state = NVSIM_WARP_AT_BARRIER;
   }
   nvsim_cta_check_barriers(w->cta);
}

static void
exec_b2r(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t v = 0;
   bool p = false;
   if (in->i.b2r == SASS_B2R_RESULT) {
      v = w->bar_result;
      p = w->bar_red == SASS_BAR_RED_AND  ? w->bar_all
          : w->bar_red == SASS_BAR_RED_OR ? w->bar_any
                                          : w->bar_result != 0;
   } else if (in->i.b2r == SASS_B2R_STATE) {
      unsigned id = in->i.ra < NVSIM_BARRIERS ? in->i.ra : 0;
      v = w->cta->bar[id].arrived;
   }
   nvsim_row d;
   nvsim_splat(d, v);
   nvsim_write_row(w->r[in->rd], d, mask);
   nvsim_write_pred(w, in->pd, p ? ~0u : 0, mask);
}

static void
exec_membar(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (in->i.membar != SASS_MEMBAR_CTA) /* a CTA runs on one host thread */
      __atomic_thread_fence(__ATOMIC_SEQ_CST);
   w->budget -= 16; /* who fences may be waiting for somebody */
}

/* Caches are not modelled; accesses are coherent. DEPBAR: results are there
 * already (strict mode looks at it). */
static void
exec_nop(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
}

/* Brings in all four lanes of each quad that has an active one, also lanes that
 * have exited or never existed, so that they can work for the derivatives of
 * the others; RAM puts the mask back [guess: from how Mesa uses the pair]. */
static void
exec_sam(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t any = w->active | w->active >> 1;
   any = (any | any >> 2) & 0x11111111;
   w->sam_active = w->active;
   w->active = any * 0xf;
}

static void
exec_ram(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (w->sam_active & ~w->exited)
      w->active = w->sam_active & ~w->exited;
   w->sam_active = 0;
}

nvsim_exec_fn
nvsim_exec_misc(const struct sass_instr *i)
{
   static const nvsim_exec_fn table[SASS_OP_COUNT] = {
      [SASS_OP_S2R] = nvsim_exec_s2r, [SASS_OP_CS2R] = nvsim_exec_s2r,
      [SASS_OP_LEPC] = exec_lepc,     [SASS_OP_PSETP] = exec_psetp,
      [SASS_OP_PSET] = exec_pset,     [SASS_OP_CSETP] = exec_csetp,
      [SASS_OP_CSET] = exec_cset,     [SASS_OP_P2R] = exec_p2r,
      [SASS_OP_R2P] = exec_r2p,       [SASS_OP_VOTE] = exec_vote,
      [SASS_OP_SHFL] = exec_shfl,     [SASS_OP_BAR] = exec_bar,
      [SASS_OP_B2R] = exec_b2r,       [SASS_OP_MEMBAR] = exec_membar,
      [SASS_OP_NOP] = exec_nop,       [SASS_OP_DEPBAR] = exec_nop,
      [SASS_OP_CCTL] = exec_nop,      [SASS_OP_CCTLL] = exec_nop,
      [SASS_OP_CCTLT] = exec_nop,     [SASS_OP_SAM] = exec_sam,
      [SASS_OP_RAM] = exec_ram,
   };
   return table[i->op];
}
