/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Loads, stores and atomics (isa.md §2.8, §3.5). Global accesses: all lanes are
 * translated first; if one faults, none is done. If the host then refuses a
 * lane in the middle, w->done keeps those before it from being done twice. */
#include "nvsim_exec_lanes.h"

#define MAX_WORDS 4

/* One access of up to 16 bytes a lane. */
struct access {
   uint64_t va[NVSIM_LANES];
   unsigned size_B, words;
   enum nv_fault_access kind;
   uint8_t client;
};

/* ---- addresses ---- */

/* Ra or its pair, plus the offset. */
static inline void
addresses(struct nvsim_warp *w, const struct nvsim_instr *in, uint64_t *va)
{
   const uint32_t *lo = w->r[in->ra], *hi = w->r[in->ra + 1];
   int64_t off = in->i.off;
   if (in->i.e) {
      for (unsigned l = 0; l < NVSIM_LANES; l++)
         va[l] = ((uint64_t)hi[l] << 32 | lo[l]) + (uint64_t)off;
   } else {
      for (unsigned l = 0; l < NVSIM_LANES; l++)
         va[l] = (uint32_t)(lo[l] + (uint32_t)off);
   }
}

/* Do all lanes together touch one piece within a page, in lane order? */
static bool
is_contiguous(const uint64_t *va, unsigned size_B)
{
   uint64_t diff = 0;
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      diff |= va[l] ^ (va[0] + l * size_B);
   return !diff && va[0] % NVSIM_PAGE_B + NVSIM_LANES * size_B <= NVSIM_PAGE_B;
}

/* ---- accesses ---- */

static inline void
note_access(struct nvsim_warp *w, const struct access *a, uint32_t mask)
{
   w->mem_access = a->kind;
   w->mem_client = a->client;
   w->mem_mask = a->kind == NV_FAULT_ACCESS_READ ? 0 : mask;
   w->mem_lane = 0;
}

/* ---- values in memory and in rows ---- */

static inline void
load_lane(uint32_t t[MAX_WORDS][NVSIM_LANES], unsigned l, const uint8_t *p,
          enum sass_size size)
{
   switch (size) {
   case SASS_SIZE_U8:
      t[0][l] = *p;
      break;
   case SASS_SIZE_S8:
      t[0][l] = (uint32_t)(int8_t)*p;
      break;
   case SASS_SIZE_U16:
      t[0][l] = *(const uint16_t *)p;
      break;
   case SASS_SIZE_S16:
      t[0][l] = (uint32_t) * (const int16_t *)p;
      break;
   case SASS_SIZE_32:
      t[0][l] = __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
      break;
   case SASS_SIZE_64: {
      uint64_t v = __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
      t[0][l] = (uint32_t)v;
      t[1][l] = v >> 32;
      break;
   }
   default:
      for (unsigned k = 0; k < MAX_WORDS; k++)
         t[k][l] = ((const uint32_t *)p)[k];
      break;
   }
}

static inline void
store_lane(uint8_t *p, const uint32_t (*r)[NVSIM_LANES], unsigned l,
           unsigned size_B)
{
   switch (size_B) {
   case 1:
      *p = (uint8_t)r[0][l];
      break;
   case 2:
      *(uint16_t *)p = (uint16_t)r[0][l];
      break;
   case 4:
      __atomic_store_n((uint32_t *)p, r[0][l], __ATOMIC_RELAXED);
      break;
   case 8:
      __atomic_store_n((uint64_t *)p, (uint64_t)r[1][l] << 32 | r[0][l],
                       __ATOMIC_RELAXED);
      break;
   default:
      for (unsigned k = 0; k < MAX_WORDS; k++)
         ((uint32_t *)p)[k] = r[k][l];
      break;
   }
}

static void
write_words(struct nvsim_warp *w, const struct nvsim_instr *in,
            uint32_t t[MAX_WORDS][NVSIM_LANES], unsigned words, uint32_t mask)
{
   for (unsigned k = 0; k < words; k++)
      nvsim_write_row(w->r[in->rd + k], t[k], mask);
}

/* All lanes from one piece of memory. */
static void
load_packed(uint32_t t[MAX_WORDS][NVSIM_LANES], const uint8_t *p,
            enum sass_size size)
{
   if (size == SASS_SIZE_32) {
      memcpy(t[0], p, sizeof(t[0]));
      return;
   }
   unsigned size_B = sass_size_B(size);
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      load_lane(t, l, p + l * size_B, size);
}

static void
store_packed(uint8_t *p, const uint32_t (*r)[NVSIM_LANES], unsigned size_B)
{
   if (size_B == 4) {
      memcpy(p, r[0], NVSIM_LANES * 4);
      return;
   }
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      store_lane(p + l * size_B, r, l, size_B);
}

/* ---- global ---- */

static void
load_global(struct nvsim_warp *w, const struct access *a, enum sass_size size,
            uint32_t mask, uint32_t t[MAX_WORDS][NVSIM_LANES])
{
   struct nvsim_worker *wk = w->worker;
   note_access(w, a, mask);
   if (likely(mask == NVSIM_ALL && is_contiguous(a->va, a->size_B))) {
      nvsim_section_begin(wk);
      const uint8_t *p =
         nvsim_tlb_lookup(wk, a->va[0], a->kind, &w->park.faults[0]);
      if (unlikely(!p))
         nvsim_warp_fault(w, 1, a->client);
      w->mem_va = a->va[0];
      nvsim_arm(w);
      load_packed(t, p, size);
      nvsim_disarm(w);
      nvsim_section_end(wk);
      return;
   }
   uint8_t *p[NVSIM_LANES];
   nvsim_section_begin(wk);
   nvsim_translate_lanes(w, a->va, a->kind, a->client, mask, p);
   nvsim_arm(w);
   nvsim_for_each_lane(l, mask) {
      w->mem_va = a->va[l];
      load_lane(t, l, p[l], size);
   }
   nvsim_disarm(w);
   nvsim_section_end(wk);
}

static void
store_global(struct nvsim_warp *w, const struct access *a,
             const uint32_t (*r)[NVSIM_LANES], uint32_t mask)
{
   struct nvsim_worker *wk = w->worker;
   mask &= ~w->done;
   note_access(w, a, mask);
   if (likely(mask == NVSIM_ALL && is_contiguous(a->va, a->size_B))) {
      nvsim_section_begin(wk);
      uint8_t *p = nvsim_tlb_lookup(wk, a->va[0], a->kind, &w->park.faults[0]);
      if (unlikely(!p))
         nvsim_warp_fault(w, 1, a->client);
      w->mem_va = a->va[0];
      nvsim_arm(w);
      store_packed(p, r, a->size_B);
      nvsim_disarm(w);
      nvsim_section_end(wk);
      return;
   }
   uint8_t *p[NVSIM_LANES];
   nvsim_section_begin(wk);
   nvsim_translate_lanes(w, a->va, a->kind, a->client, mask, p);
   nvsim_arm(w);
   nvsim_for_each_lane(l, mask) {
      w->mem_va = a->va[l];
      w->mem_lane = l;
      store_lane(p[l], r, l, a->size_B);
   }
   nvsim_disarm(w);
   nvsim_section_end(wk);
   w->done = 0;
}

/* ---- shared ---- */

static void
check_shared(struct nvsim_warp *w, const uint64_t *off, unsigned size_B,
             uint32_t mask)
{
   uint32_t bad = 0;
   nvsim_for_each_lane(l, mask) {
      if (unlikely(off[l] + size_B > w->grid->shared_B))
         bad |= 1u << l;
   }
   if (unlikely(bad))
      nvsim_warp_error(w, NVSIM_WARP_OOR_ADDR, bad, off[__builtin_ctz(bad)],
                       "shared memory address out of range");
}

static void
load_shared(struct nvsim_warp *w, const uint64_t *off, enum sass_size size,
            uint32_t mask, uint32_t t[MAX_WORDS][NVSIM_LANES])
{
   check_shared(w, off, sass_size_B(size), mask);
   nvsim_for_each_lane(l, mask)
      load_lane(t, l, w->cta->shared + off[l], size);
}

static void
store_shared(struct nvsim_warp *w, const uint64_t *off,
             const uint32_t (*r)[NVSIM_LANES], unsigned size_B, uint32_t mask)
{
   check_shared(w, off, size_B, mask);
   nvsim_for_each_lane(l, mask)
      store_lane(w->cta->shared + off[l], r, l, size_B);
}

/* ---- local ---- */

/* Word k of the lanes' accesses: 32 lanes' words lie side by side. */
static void
local_addresses(struct nvsim_warp *w, const uint64_t *off, unsigned k,
                uint32_t mask, struct access *a)
{
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      uint64_t word = off[l] / 4 + k;
      a->va[l] = w->local_va + (word * NVSIM_LANES + l) * 4 + (off[l] & 3);
   }
}

static void
check_local(struct nvsim_warp *w, const uint64_t *off, unsigned size_B,
            uint32_t mask)
{
   uint32_t bad = 0;
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      bad |= (uint32_t)(off[l] + size_B > w->grid->local_B) << l;
   bad &= mask;
   if (unlikely(bad))
      nvsim_warp_error(w, NVSIM_WARP_OOR_ADDR, bad, off[__builtin_ctz(bad)],
                       "local memory address out of range");
}

static void
load_local(struct nvsim_warp *w, const uint64_t *off, enum sass_size size,
           uint32_t mask, uint32_t t[MAX_WORDS][NVSIM_LANES])
{
   unsigned size_B = sass_size_B(size), words = DIV_ROUND_UP(size_B, 4);
   struct access a = {.size_B = MIN2(size_B, 4),
                      .kind = NV_FAULT_ACCESS_READ,
                      .client = NV_FAULT_CLIENT_GPC_L1_0};
   check_local(w, off, size_B, mask);
   for (unsigned k = 0; k < words; k++) {
      local_addresses(w, off, k, mask, &a);
      load_global(w, &a, words > 1 ? SASS_SIZE_32 : size, mask, t + k);
   }
}

/* A refusal in word k repeats the words before it: nobody else writes there. */
static void
store_local(struct nvsim_warp *w, const uint64_t *off,
            const uint32_t (*r)[NVSIM_LANES], unsigned size_B, uint32_t mask)
{
   struct access a = {.size_B = MIN2(size_B, 4),
                      .kind = NV_FAULT_ACCESS_WRITE,
                      .client = NV_FAULT_CLIENT_GPC_L1_0};
   check_local(w, off, size_B, mask);
   for (unsigned k = 0; k < DIV_ROUND_UP(size_B, 4); k++) {
      local_addresses(w, off, k, mask, &a);
      w->done = 0;
      store_global(w, &a, r + k, mask);
   }
}

/* ---- the instructions ---- */

static void
rebase(uint64_t *off, const uint64_t *va, uint64_t base)
{
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      off[l] = va[l] - base;
}

/* Waiting loops read volatile: let others run soon. */
static void
note_volatile(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   if (in->i.cache == SASS_CACHE_CV)
      w->budget -= 32;
}

static void
begin_access(struct nvsim_warp *w, const struct nvsim_instr *in,
             struct access *a, unsigned size_B, enum nv_fault_access kind,
             uint32_t mask)
{
   addresses(w, in, a->va);
   a->size_B = size_B;
   a->kind = kind;
   a->client = NV_FAULT_CLIENT_GPC_T1_0;
   nvsim_check_alignment(w, a->va, size_B, mask);
}

static void
exec_ldg(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   struct access a;
   nvsim_row t[MAX_WORDS];
   unsigned size_B = sass_size_B(in->i.size);
   begin_access(w, in, &a, size_B, NV_FAULT_ACCESS_READ, mask);
   load_global(w, &a, in->i.size, mask, t);
   write_words(w, in, t, DIV_ROUND_UP(size_B, 4), mask);
   if (in->i.op == SASS_OP_LDG_P)
      nvsim_write_pred(w, in->pd, ~0u, mask); /* resident */
   note_volatile(w, in);
}

/* Generic: global first, because only that part can fault and come back. */
static void
exec_ld(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   struct access a;
   nvsim_row t[MAX_WORDS];
   unsigned size_B = sass_size_B(in->i.size);
   begin_access(w, in, &a, size_B, NV_FAULT_ACCESS_READ, mask);
   uint32_t shared = nvsim_in_window(a.va, w->grid->shared_window) & mask;
   uint32_t local = nvsim_in_window(a.va, w->grid->local_window) & mask;
   uint32_t global = mask & ~shared & ~local;
   uint64_t off[NVSIM_LANES];
   if (global)
      load_global(w, &a, in->i.size, global, t);
   if (unlikely(shared)) {
      rebase(off, a.va, w->grid->shared_window);
      load_shared(w, off, in->i.size, shared, t);
   }
   if (unlikely(local)) {
      rebase(off, a.va, w->grid->local_window);
      load_local(w, off, in->i.size, local, t);
   }
   write_words(w, in, t, DIV_ROUND_UP(size_B, 4), mask);
   note_volatile(w, in);
}

static void
exec_stg(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   struct access a;
   begin_access(w, in, &a, sass_size_B(in->i.size), NV_FAULT_ACCESS_WRITE,
                mask);
   store_global(w, &a, (const uint32_t(*)[NVSIM_LANES])w->r[in->rd], mask);
}

static void
exec_st(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   struct access a;
   unsigned size_B = sass_size_B(in->i.size);
   const uint32_t(*r)[NVSIM_LANES] =
      (const uint32_t(*)[NVSIM_LANES])w->r[in->rd];
   begin_access(w, in, &a, size_B, NV_FAULT_ACCESS_WRITE, mask);
   uint32_t shared = nvsim_in_window(a.va, w->grid->shared_window) & mask;
   uint32_t local = nvsim_in_window(a.va, w->grid->local_window) & mask;
   uint32_t global = mask & ~shared & ~local;
   uint64_t off[NVSIM_LANES];
   if (global)
      store_global(w, &a, r, global);
   if (unlikely(shared)) {
      rebase(off, a.va, w->grid->shared_window);
      store_shared(w, off, r, size_B, shared);
   }
   if (unlikely(local)) {
      rebase(off, a.va, w->grid->local_window);
      store_local(w, off, r, size_B, local);
   }
}

/* 32-bit offset of a lane's word in shared or (24 bits) local memory. */
static void
offsets(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t limit,
        uint64_t *off)
{
   const uint32_t *a = w->r[in->ra];
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      off[l] = (a[l] + (uint32_t)in->i.off) & limit;
}

static void
exec_lds(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   uint64_t off[NVSIM_LANES];
   nvsim_row t[MAX_WORDS];
   unsigned size_B = sass_size_B(in->i.size);
   offsets(w, in, 0xffffffff, off);
   nvsim_check_alignment(w, off, size_B, mask);
   load_shared(w, off, in->i.size, mask, t);
   write_words(w, in, t, DIV_ROUND_UP(size_B, 4), mask);
}

static void
exec_sts(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   uint64_t off[NVSIM_LANES];
   unsigned size_B = sass_size_B(in->i.size);
   offsets(w, in, 0xffffffff, off);
   nvsim_check_alignment(w, off, size_B, mask);
   store_shared(w, off, (const uint32_t(*)[NVSIM_LANES])w->r[in->rd], size_B,
                mask);
}

static void
exec_ldl(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   uint64_t off[NVSIM_LANES];
   nvsim_row t[MAX_WORDS];
   unsigned size_B = sass_size_B(in->i.size);
   offsets(w, in, 0xffffff, off);
   nvsim_check_alignment(w, off, size_B, mask);
   load_local(w, off, in->i.size, mask, t);
   write_words(w, in, t, DIV_ROUND_UP(size_B, 4), mask);
}

static void
exec_stl(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   uint64_t off[NVSIM_LANES];
   unsigned size_B = sass_size_B(in->i.size);
   offsets(w, in, 0xffffff, off);
   nvsim_check_alignment(w, off, size_B, mask);
   store_local(w, off, (const uint32_t(*)[NVSIM_LANES])w->r[in->rd], size_B,
               mask);
}

/* ---- constants ---- */

/* Bank and offset of a lane (isa.md §3.5). Modes IS and ISL: as IL [guess]. */
static const uint8_t *
ldc_lane(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t ra,
         unsigned size_B)
{
   uint32_t addr = ra + (uint32_t)in->i.off, bank = in->i.cb_bank;
   if (in->i.ldc_mode != SASS_LDC_NONE) {
      bank += addr >> 16;
      addr &= 0xffff;
   }
   if (bank >= 8 || !w->grid->cb[bank].valid)
      nvsim_warp_error(w, NVSIM_WARP_INVALID_CONST_ADDR_LDC, w->active, addr,
                       "constant bank not bound");
   if (addr > 0xffff) {
      static const uint8_t zero[16];
      return zero;
   }
   return nvsim_const(w, bank, addr, size_B);
}

static void
exec_ldc(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (!mask)
      return;
   const uint32_t *ra = w->r[in->ra];
   unsigned size_B = sass_size_B(in->i.size);
   nvsim_row t[MAX_WORDS];
   nvsim_for_each_lane(l, mask)
      load_lane(t, l, ldc_lane(w, in, ra[l], size_B), in->i.size);
   write_words(w, in, t, DIV_ROUND_UP(size_B, 4), mask);
}

nvsim_exec_fn
NVSIM_ISA_NAME(nvsim_exec_mem_)(const struct sass_instr *i)
{
   static const nvsim_exec_fn table[SASS_OP_COUNT] = {
      [SASS_OP_LDG] = exec_ldg, [SASS_OP_LDG_P] = exec_ldg,
      [SASS_OP_STG] = exec_stg, [SASS_OP_LD] = exec_ld,
      [SASS_OP_ST] = exec_st,   [SASS_OP_LDS] = exec_lds,
      [SASS_OP_STS] = exec_sts, [SASS_OP_LDL] = exec_ldl,
      [SASS_OP_STL] = exec_stl, [SASS_OP_LDC] = exec_ldc,
   };
   return table[i->op];
}
