/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The instruction cache of a channel and the decoder into struct nvsim_instr. */
#include "nvsim_exec_priv.h"
#include "nvsim_sm_priv.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 64

struct nvsim_code_cache {
   struct nvsim *sim;
   pthread_mutex_t lock; /* of insertion; finding is free */
   uint64_t mmu_gen;
   bool stale; /* invalidated: compare with memory before use */
   struct nvsim_code_page *bucket[BUCKETS];
};

struct nvsim_code_cache *
nvsim_code_cache_create(struct nvsim *sim)
{
   struct nvsim_code_cache *cc = util_svc_calloc(1, sizeof(*cc));
   if (!cc)
      return NULL;
   cc->sim = sim;
   pthread_mutex_init(&cc->lock, NULL);
   return cc;
}

void
nvsim_code_cache_destroy(struct nvsim_code_cache *cc)
{
   if (!cc)
      return;
   nvsim_code_cache_clear(cc);
   pthread_mutex_destroy(&cc->lock);
   util_svc_free(cc);
}

void
nvsim_code_cache_clear(struct nvsim_code_cache *cc)
{
   for (unsigned b = 0; b < BUCKETS; b++) {
      struct nvsim_code_page *p = cc->bucket[b];
      cc->bucket[b] = NULL;
      while (p) {
         struct nvsim_code_page *next = p->next;
         nvsim_free64(p);
         p = next;
      }
   }
}

void
nvsim_code_cache_invalidate(struct nvsim_code_cache *cc)
{
   cc->stale = true;
}

static bool
same_as_memory(const struct nvsim_code_page *p, struct nvsim_worker *w)
{
   uint64_t now[NVSIM_PAGE_B / 8];
   struct nvsim_mem_fault f;
   return !nvsim_mem_read(w, p->va, now, sizeof(now), &f) &&
          !memcmp(now, p->raw, sizeof(now));
}

void
nvsim_code_cache_validate(struct nvsim_code_cache *cc, struct nvsim_worker *w)
{
   uint64_t gen = nvsim_mmu_gen(cc->sim);
   if (gen == cc->mmu_gen && !cc->stale)
      return;
   cc->mmu_gen = gen;
   cc->stale = false;
   for (unsigned b = 0; b < BUCKETS; b++) {
      struct nvsim_code_page **link = &cc->bucket[b];
      while (*link) {
         struct nvsim_code_page *p = *link;
         if (same_as_memory(p, w)) {
            link = &p->next;
            continue;
         }
         *link = p->next;
         nvsim_free64(p);
      }
   }
}

static unsigned
bucket_of(uint64_t page_va)
{
   return page_va / NVSIM_PAGE_B % BUCKETS;
}

struct nvsim_code_page *
nvsim_code_cache_find(struct nvsim_code_cache *cc, uint64_t page_va)
{
   struct nvsim_code_page *p =
      __atomic_load_n(&cc->bucket[bucket_of(page_va)], __ATOMIC_ACQUIRE);
   while (p && p->va != page_va)
      p = p->next;
   return p;
}

static struct nvsim_code_page *
create_page(uint64_t page_va, const uint64_t *raw)
{
   struct nvsim_code_page *p = nvsim_alloc64(sizeof(*p));
   if (!p)
      abort();
   memset(p->in, 0, sizeof(p->in));
   p->va = page_va;
   memcpy(p->raw, raw, NVSIM_PAGE_B);
   for (unsigned n = 0; n < NVSIM_PAGE_INSTRS; n++) {
      struct nvsim_instr *in = &p->in[n];
      in->fn = nvsim_exec_decode;
      in->guard = SASS_PT;
      in->page_off = n / SASS_BUNDLE_SLOTS * SASS_BUNDLE_B +
                     (n % SASS_BUNDLE_SLOTS + 1) * SASS_WORD_B;
   }
   p->in[NVSIM_PAGE_INSTRS] = (struct nvsim_instr){.fn = nvsim_exec_next_page,
                                                   .guard = SASS_PT,
                                                   .page_off = NVSIM_PAGE_B};
   return p;
}

struct nvsim_code_page *
nvsim_code_cache_add(struct nvsim_code_cache *cc, uint64_t page_va,
                     const uint64_t *raw)
{
   pthread_mutex_lock(&cc->lock);
   struct nvsim_code_page *p = nvsim_code_cache_find(cc, page_va);
   if (!p) {
      p = create_page(page_va, raw);
      struct nvsim_code_page **head = &cc->bucket[bucket_of(page_va)];
      p->next = *head;
      __atomic_store_n(head, p, __ATOMIC_RELEASE);
   }
   pthread_mutex_unlock(&cc->lock);
   return p;
}

/* ---- decode ---- */

static uint16_t
src_row(uint8_t reg)
{
   return reg == SASS_RZ ? NVSIM_ROW_ZERO : NVSIM_ROW_REG + reg;
}

static void
note_max_reg(struct nvsim_instr *in)
{
   struct sass_operands ops;
   sass_operands(&in->i, &ops);
   uint8_t max = 0;
   for (unsigned o = 0; o < ops.count; o++) {
      const struct sass_operand *v = &ops.v[o];
      if (v->file != SASS_FILE_GPR)
         continue;
      max = MAX2(max, v->reg + v->count - 1);
   }
   __atomic_store_n(&in->max_reg, max, __ATOMIC_RELAXED);
}

/* The loop reads these, and the highest register, also while the instruction is
 * being decoded; nvsim_exec_decode then reads them again. */
static void
decode_guard(struct nvsim_instr *in)
{
   const struct sass_instr *i = &in->i;
   bool has = sass_op_info(i->op)->has_guard;
   uint32_t flip = has && i->guard_not ? ~0u : 0;
   __atomic_store_n(&in->guard, has ? i->guard : SASS_PT, __ATOMIC_RELAXED);
   __atomic_store_n(&in->guard_not, flip, __ATOMIC_RELAXED);
}

/* Stores name their data in rd: a source. */
static bool
reads_rd(enum sass_op op)
{
   return op == SASS_OP_STG || op == SASS_OP_ST || op == SASS_OP_STL ||
          op == SASS_OP_STS || op == SASS_OP_RED || op == SASS_OP_SUST;
}

static void
decode_fields(struct nvsim_instr *in)
{
   const struct sass_instr *i = &in->i;
   in->ra = src_row(i->ra);
   in->rb = src_row(i->rb);
   in->rc = src_row(i->rc);
   in->rd =
      i->rd == SASS_RZ && !reads_rd(i->op) ? NVSIM_ROW_SINK : src_row(i->rd);
   in->pd = i->pd;
   in->pd2 = i->pd2;
   in->pc = i->pc;
   in->pc_not = i->pc_not ? ~0u : 0;
   in->imm = i->imm;
   in->cb_bank = i->cb_bank;
   in->cb_off = i->cb_off;
   in->b_src = in->c_src = NVSIM_SRC_REG;
   if (i->form == SASS_FORM_C)
      in->b_src = NVSIM_SRC_CONST;
   else if (i->form == SASS_FORM_I)
      in->b_src = NVSIM_SRC_IMM;
   else if (i->form == SASS_FORM_RC)
      in->c_src = NVSIM_SRC_CONST;
}

/* sm_60 came before IDP. */
static bool
chip_has(const struct nvsim *sim, enum sass_op op)
{
   return op != SASS_OP_IDP || sim->config.chipset != 0x130;
}

static nvsim_exec_fn
decode_word(const struct nvsim *sim, const struct nvsim_code_page *page,
            struct nvsim_instr *in)
{
   unsigned off = in->page_off, slot = off / 8 % 4 - 1;
   struct sass_ctrl ctrl[SASS_BUNDLE_SLOTS];
   sass_bundle_unpack(page->raw[off / SASS_BUNDLE_B * 4], ctrl);
   in->ctrl = ctrl[slot];
   if (sass_decode(page->raw[off / 8], &in->i) || !chip_has(sim, in->i.op))
      return nvsim_exec_illegal;
   if (sass_check_regs(&in->i, NULL))
      return nvsim_exec_misaligned_reg;
   decode_guard(in);
   decode_fields(in);
   note_max_reg(in);
   return nvsim_exec_lookup(&in->i);
}

void
nvsim_code_decode(struct nvsim_code_cache *cc, struct nvsim_code_page *page,
                  struct nvsim_instr *in)
{
   pthread_mutex_lock(&cc->lock);
   if (in->fn == nvsim_exec_decode) {
      /* `fn` goes last: other workers may run into the instruction now. */
      nvsim_exec_fn fn = decode_word(cc->sim, page, in);
      __atomic_store_n(&in->fn, fn, __ATOMIC_RELEASE);
   }
   pthread_mutex_unlock(&cc->lock);
}
