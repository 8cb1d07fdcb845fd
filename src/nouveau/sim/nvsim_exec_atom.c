/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Atomics (isa.md §2.8). Global ones are atomics of the host on the very
 * address, so that CPU and GPU agree; a CTA runs on one host thread, so shared
 * ones are plain. Where all lanes name one word, nobody sees the steps between
 * them: they are one atomic of the host. */
#include "nvsim_exec_lanes.h"

#include "nouveau/isa/sass_sem.h"
#include "nouveau/sim/tex/nvsim_tex.h"

/* ---- what an operation makes of the old value ---- */

static uint32_t
combine32(enum sass_atom_op op, bool is_signed, uint32_t old, uint32_t v)
{
   switch (op) {
   case SASS_ATOM_ADD:
   case SASS_ATOM_SAFEADD:
      return old + v;
   case SASS_ATOM_MIN:
      return sass_imnmx(old, v, is_signed, true);
   case SASS_ATOM_MAX:
      return sass_imnmx(old, v, is_signed, false);
   case SASS_ATOM_INC:
      return old >= v ? 0 : old + 1;
   case SASS_ATOM_DEC:
      return old == 0 || old > v ? v : old - 1;
   case SASS_ATOM_AND:
      return old & v;
   case SASS_ATOM_OR:
      return old | v;
   case SASS_ATOM_XOR:
      return old ^ v;
   case SASS_ATOM_EXCH:
      return v;
   }
   return old;
}

static uint64_t
combine64(enum sass_atom_op op, bool is_signed, uint64_t old, uint64_t v)
{
   uint64_t flip = is_signed ? 1ull << 63 : 0;
   bool less = (old ^ flip) < (v ^ flip);
   switch (op) {
   case SASS_ATOM_MIN:
      return less ? old : v;
   case SASS_ATOM_MAX:
      return less ? v : old;
   case SASS_ATOM_INC:
      return old >= v ? 0 : old + 1;
   case SASS_ATOM_DEC:
      return old == 0 || old > v ? v : old - 1;
   case SASS_ATOM_AND:
      return old & v;
   case SASS_ATOM_OR:
      return old | v;
   case SASS_ATOM_XOR:
      return old ^ v;
   case SASS_ATOM_EXCH:
      return v;
   default:
      return old + v;
   }
}

static uint32_t
add_f16x2(uint32_t old, uint32_t v)
{
   return sass_hadd2(sass_half_src(old, SASS_SWZ_H1_H0, false, false, false),
                     sass_half_src(v, SASS_SWZ_H1_H0, false, false, false), 0,
                     SASS_MERGE_NONE, SASS_FTZ_NONE, false);
}

static uint32_t
next32(const struct sass_instr *i, uint32_t old, uint32_t v)
{
   if (i->type == SASS_F32)
      return sass_fadd_full(old, v, SASS_FTZ, SASS_RN, false);
   if (i->type == SASS_F16X2)
      return add_f16x2(old, v);
   return combine32(i->atom_op, i->type == SASS_S32, old, v);
}

static uint64_t
next64(const struct sass_instr *i, uint64_t old, uint64_t v)
{
   if (i->type == SASS_F64)
      return sass_dadd(old, v);
   return combine64(i->atom_op, i->type == SASS_S64, old, v);
}

static bool
is_integer(enum sass_type type)
{
   return type == SASS_U32 || type == SASS_S32 || type == SASS_U64 ||
          type == SASS_S64;
}

/* Which pairs of operation and type exist (isa.md §2.8). */
static bool
is_legal(const struct sass_instr *i, bool shared)
{
   enum sass_atom_op op = i->atom_op;
   switch (i->type) {
   case SASS_U32:
      return true;
   case SASS_S32:
      return op <= SASS_ATOM_MAX || shared;
   case SASS_U64:
      if (shared)
         return op == SASS_ATOM_EXCH;
      return op != SASS_ATOM_INC && op != SASS_ATOM_DEC;
   case SASS_S64:
      return !shared && (op == SASS_ATOM_MIN || op == SASS_ATOM_MAX);
   case SASS_F32:
   case SASS_F16X2:
   case SASS_F64:
      return !shared && op == SASS_ATOM_ADD;
   default:
      return false;
   }
}

/* ---- on the host ---- */

static uint32_t
host_atom32(uint32_t *p, const struct sass_instr *i, uint32_t v)
{
   if (i->type == SASS_U32 || i->type == SASS_S32) {
      if (i->atom_op == SASS_ATOM_ADD)
         return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
      if (i->atom_op == SASS_ATOM_EXCH)
         return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
   }
   uint32_t old = __atomic_load_n(p, __ATOMIC_RELAXED);
   while (!__atomic_compare_exchange_n(p, &old, next32(i, old, v), false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
      ;
   return old;
}

static uint64_t
host_atom64(uint64_t *p, const struct sass_instr *i, uint64_t v)
{
   if (i->type == SASS_U64 && i->atom_op == SASS_ATOM_ADD)
      return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
   if (i->type == SASS_U64 && i->atom_op == SASS_ATOM_EXCH)
      return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
   uint64_t old = __atomic_load_n(p, __ATOMIC_RELAXED);
   while (!__atomic_compare_exchange_n(p, &old, next64(i, old, v), false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
      ;
   return old;
}

/* ---- a warp's atomic ---- */

enum kind {
   KIND_ATOM,
   KIND_CAS
};

/* Operands by lane, copied: the result may overwrite them before the last lane.
 */
struct atom {
   enum kind kind;
   bool wide; /* 64 bits */
   uint64_t va[NVSIM_LANES];
   uint64_t v[NVSIM_LANES], swap[NVSIM_LANES];
   uint64_t old[NVSIM_LANES];
};

static inline uint64_t
next(const struct atom *a, const struct sass_instr *i, unsigned l, uint64_t old)
{
   if (a->kind == KIND_CAS)
      return old == a->v[l] ? a->swap[l] : old;
   return a->wide ? next64(i, old, a->v[l])
                  : next32(i, (uint32_t)old, (uint32_t)a->v[l]);
}

static uint64_t
host_lane(const struct atom *a, const struct sass_instr *i, uint8_t *p,
          unsigned l)
{
   if (a->kind == KIND_CAS) {
      if (a->wide) {
         uint64_t e = a->v[l];
         __atomic_compare_exchange_n((uint64_t *)p, &e, a->swap[l], false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
         return e;
      }
      uint32_t e = (uint32_t)a->v[l];
      __atomic_compare_exchange_n((uint32_t *)p, &e, (uint32_t)a->swap[l],
                                  false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
      return e;
   }
   return a->wide ? host_atom64((uint64_t *)p, i, a->v[l])
                  : host_atom32((uint32_t *)p, i, (uint32_t)a->v[l]);
}

/* ---- all lanes on one word ---- */

static bool
is_one_word(const struct atom *a, uint32_t mask)
{
   uint64_t first = a->va[__builtin_ctz(mask)], diff = 0;
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      diff |= (a->va[l] ^ first) & -(uint64_t)(mask >> l & 1);
   return !diff;
}

#define FOLD(next_value)                                                       \
   do {                                                                        \
      nvsim_for_each_lane(l, mask) {                                           \
         a->old[l] = v;                                                        \
         v = (next_value);                                                     \
      }                                                                        \
   } while (0)

/* What the lanes make of `v`, in their order; each notes what it has seen. */
static uint64_t
fold(struct atom *a, const struct sass_instr *i, uint32_t mask, uint64_t v)
{
   bool is_sum = i->atom_op == SASS_ATOM_ADD && is_integer(i->type);
   uint64_t keep = a->wide ? UINT64_MAX : UINT32_MAX;
   if (a->kind == KIND_CAS)
      FOLD(v == a->v[l] ? a->swap[l] : v);
   else if (is_sum)
      FOLD((v + a->v[l]) & keep);
   else if (i->atom_op == SASS_ATOM_EXCH)
      FOLD(a->v[l]);
   else
      FOLD(next(a, i, l, v));
   return v;
}

/* Also writes what does not change: the host shall see a write. */
static void
host_word(struct atom *a, const struct sass_instr *i, uint32_t mask, uint8_t *p)
{
   if (a->wide) {
      uint64_t *q = (uint64_t *)p, old = __atomic_load_n(q, __ATOMIC_RELAXED);
      while (!__atomic_compare_exchange_n(q, &old, fold(a, i, mask, old), false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
         ;
   } else {
      uint32_t *q = (uint32_t *)p, old = __atomic_load_n(q, __ATOMIC_RELAXED);
      while (!__atomic_compare_exchange_n(
         q, &old, (uint32_t)fold(a, i, mask, old), false, __ATOMIC_SEQ_CST,
         __ATOMIC_RELAXED))
         ;
   }
}

/* ---- operands, results ---- */

static void
read_values(struct nvsim_warp *w, unsigned row, bool wide, uint64_t *v)
{
   nvsim_rows r = (nvsim_rows)&w->r[row];
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      v[l] = wide ? nvsim_pair(r, l) : r[0][l];
}

static bool
is_surface(enum sass_op op)
{
   return op == SASS_OP_SUATOM || op == SASS_OP_SUATOM_CAS;
}

static void
read_operands(struct nvsim_warp *w, const struct nvsim_instr *in,
              struct atom *a)
{
   const struct sass_instr *i = &in->i;
   bool red = i->op == SASS_OP_RED, surface = is_surface(i->op);
   bool cas = i->op == SASS_OP_ATOM_CAS || i->op == SASS_OP_ATOMS_CAS ||
              i->op == SASS_OP_SUATOM_CAS;
   a->kind = cas ? KIND_CAS : KIND_ATOM;
   a->wide = cas && !surface ? i->wide : sass_type_B(i->type) == 8;
   unsigned row = red ? in->rd : in->rb;
   read_values(w, row, a->wide, a->v);
   if (a->kind == KIND_CAS)
      read_values(w, row + (a->wide ? 2 : 1), a->wide, a->swap);
   const uint32_t *lo = w->r[in->ra], *hi = w->r[in->ra + 1];
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      a->va[l] = i->e ? ((uint64_t)hi[l] << 32 | lo[l]) + (int64_t)i->off
                      : (uint32_t)(lo[l] + (uint32_t)i->off);
}

static void
check_atom(struct nvsim_warp *w, const struct nvsim_instr *in,
           const struct atom *a, bool shared, uint32_t mask)
{
   if (a->kind == KIND_ATOM && !is_legal(&in->i, shared))
      nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_PARAM, mask, 0,
                       "no such atomic operation for the type");
   nvsim_check_alignment(w, a->va, a->wide ? 8 : 4, mask);
}

static void
check_windows(struct nvsim_warp *w, const struct atom *a, uint32_t mask)
{
   uint32_t bad = (nvsim_in_window(a->va, w->grid->shared_window) |
                   nvsim_in_window(a->va, w->grid->local_window)) &
                  mask;
   if (bad)
      nvsim_warp_error(w, NVSIM_WARP_INVALID_ADDR_SPACE, bad,
                       a->va[__builtin_ctz(bad)],
                       "global atomic on shared or local memory");
}

static bool
has_result(const struct nvsim_instr *in)
{
   return in->rd != NVSIM_ROW_SINK && in->i.op != SASS_OP_RED;
}

static void
write_old(struct nvsim_warp *w, const struct nvsim_instr *in,
          const struct atom *a, uint32_t mask)
{
   if (!has_result(in))
      return;
   nvsim_set_row(w->r[in->rd], mask, (uint32_t)a->old[l]);
   if (a->wide)
      nvsim_set_row(w->r[in->rd + 1], mask, a->old[l] >> 32);
}

/* One lane's result goes to its register as soon as it is there: a replay after
 * a host refusal leaves the lane out. */
static void
write_lane(struct nvsim_warp *w, const struct nvsim_instr *in,
           const struct atom *a, unsigned l, uint64_t old)
{
   if (!has_result(in))
      return;
   w->r[in->rd][l] = (uint32_t)old;
   if (a->wide)
      w->r[in->rd + 1][l] = old >> 32;
}

/* ---- the instructions ---- */

static void
global_word(struct nvsim_warp *w, const struct nvsim_instr *in, struct atom *a,
            uint32_t mask)
{
   struct nvsim_worker *wk = w->worker;
   unsigned first = __builtin_ctz(mask);
   nvsim_section_begin(wk);
   uint8_t *p = nvsim_tlb_lookup(wk, a->va[first], NV_FAULT_ACCESS_ATOMIC,
                                 &w->park.faults[0]);
   if (unlikely(!p))
      nvsim_warp_fault(w, 1, NV_FAULT_CLIENT_GPC_T1_0);
   w->mem_va = a->va[first];
   w->mem_lane = first;
   nvsim_arm(w);
   host_word(a, &in->i, mask, p);
   nvsim_disarm(w);
   nvsim_section_end(wk);
   write_old(w, in, a, mask);
}

static void
global_lanes(struct nvsim_warp *w, const struct nvsim_instr *in,
             const struct atom *a, uint32_t mask)
{
   uint8_t *p[NVSIM_LANES];
   nvsim_section_begin(w->worker);
   nvsim_translate_lanes(w, a->va, NV_FAULT_ACCESS_ATOMIC,
                         NV_FAULT_CLIENT_GPC_T1_0, mask, p);
   nvsim_arm(w);
   nvsim_for_each_lane(l, mask) {
      w->mem_va = a->va[l];
      w->mem_lane = l;
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      uint64_t old = host_lane(a, &in->i, p[l], l);
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      write_lane(w, in, a, l, old);
   }
   nvsim_disarm(w);
   nvsim_section_end(w->worker);
}

static void
atom_global(struct nvsim_warp *w, const struct nvsim_instr *in, struct atom *a,
            uint32_t mask)
{
   check_atom(w, in, a, false, mask);
   w->mem_access = NV_FAULT_ACCESS_ATOMIC;
   w->mem_client = NV_FAULT_CLIENT_GPC_T1_0;
   w->mem_mask = mask;
   if (is_one_word(a, mask))
      global_word(w, in, a, mask);
   else
      global_lanes(w, in, a, mask);
   w->done = 0;
   w->budget -= 8; /* who uses atomics may be waiting for somebody */
}

static void
exec_atom(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   struct atom a;
   mask &= ~w->done;
   if (!mask)
      return;
   read_operands(w, in, &a);
   check_windows(w, &a, mask);
   atom_global(w, in, &a, mask);
}

/* Lanes outside of the surface do nothing and get zero. */
static void
exec_suatom(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   struct atom a;
   mask &= ~w->done;
   if (!mask)
      return;
   read_operands(w, in, &a);
   uint32_t inside = nvsim_surface_atom_va(w, in, mask, a.va);
   if (inside)
      atom_global(w, in, &a, inside);
   nvsim_for_each_lane(l, mask & ~inside)
      write_lane(w, in, &a, l, 0);
}

static uint64_t
shared_load(const struct atom *a, const uint8_t *p)
{
   return a->wide ? *(const uint64_t *)p : *(const uint32_t *)p;
}

static void
shared_store(const struct atom *a, uint8_t *p, uint64_t v)
{
   if (a->wide)
      *(uint64_t *)p = v;
   else
      *(uint32_t *)p = (uint32_t)v;
}

static void
exec_atoms(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   struct atom a;
   read_operands(w, in, &a);
   check_atom(w, in, &a, true, mask);
   unsigned size_B = a.wide ? 8 : 4;
   nvsim_row bad;
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      bad[l] = a.va[l] + size_B > w->grid->shared_B ? ~0u : 0;
   uint32_t outside = nvsim_movemask(bad) & mask;
   if (outside)
      nvsim_warp_error(w, NVSIM_WARP_OOR_ADDR, outside,
                       a.va[__builtin_ctz(outside)],
                       "shared memory address out of range");
   if (is_one_word(&a, mask)) {
      uint8_t *p = w->cta->shared + a.va[__builtin_ctz(mask)];
      shared_store(&a, p, fold(&a, &in->i, mask, shared_load(&a, p)));
   } else {
      nvsim_for_each_lane(l, mask) {
         uint8_t *p = w->cta->shared + a.va[l];
         a.old[l] = shared_load(&a, p);
         shared_store(&a, p, next(&a, &in->i, l, a.old[l]));
      }
   }
   write_old(w, in, &a, mask);
}

nvsim_exec_fn
NVSIM_ISA_NAME(nvsim_exec_atom_)(const struct sass_instr *i)
{
   switch (i->op) {
   case SASS_OP_ATOM:
   case SASS_OP_ATOM_CAS:
   case SASS_OP_RED:
      return exec_atom;
   case SASS_OP_ATOMS:
   case SASS_OP_ATOMS_CAS:
      return exec_atoms;
   case SASS_OP_SUATOM:
   case SASS_OP_SUATOM_CAS:
      return exec_suatom;
   default:
      return NULL;
   }
}
