/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Bulk accesses of host, front end and copy engine: page by page, each page in
 * a section of its own. Their faults are never replayed. */
#include "nvsim_mem_priv.h"
#include "nvsim_priv.h"

#include <errno.h>
#include <string.h>

/* Host address of the byte at `loc`, in a section. */
static uint8_t *
resolve(struct nvsim_worker *w, const struct nvsim_mem_loc *loc,
        uint64_t size_B, enum nv_fault_access access,
        struct nvsim_mem_fault *f_out)
{
   if (!loc->physical)
      return nvsim_tlb_lookup(w, loc->addr, access, f_out);
   uint8_t *p = nvsim_phys(w->sim, loc->aperture, loc->addr, size_B);
   if (!p)
      *f_out =
         (struct nvsim_mem_fault){loc->addr, NV_FAULT_TYPE_REGION, access};
   return p;
}

static uint64_t
page_rest(uint64_t addr)
{
   return NVSIM_PAGE_B - addr % NVSIM_PAGE_B;
}

/* One piece that crosses no page on either side. */
static int
copy_piece(struct nvsim_worker *w, const struct nvsim_mem_loc *dst,
           const struct nvsim_mem_loc *src, uint64_t size_B,
           struct nvsim_mem_fault *f_out)
{
   nvsim_section_begin(w);
   const uint8_t *s = resolve(w, src, size_B, NV_FAULT_ACCESS_READ, f_out);
   uint8_t *d =
      s ? resolve(w, dst, size_B, NV_FAULT_ACCESS_WRITE, f_out) : NULL;
   bool ok = d && nvsim_guard_copy(&w->guard, d, s, size_B);
   if (d && !ok) {
      const uint8_t *bad = w->guard.host_addr;
      bool in_src = bad >= s && bad < s + size_B;
      *f_out = (struct nvsim_mem_fault){
         in_src ? src->addr + (bad - s) : dst->addr,
         NV_FAULT_TYPE_PTE,
         in_src ? NV_FAULT_ACCESS_READ : NV_FAULT_ACCESS_WRITE,
      };
   }
   nvsim_section_end(w);
   return ok ? 0 : -EFAULT;
}

int
nvsim_mem_copy(struct nvsim_worker *w, struct nvsim_mem_loc dst,
               struct nvsim_mem_loc src, uint64_t size_B,
               struct nvsim_mem_fault *f_out)
{
   while (size_B) {
      uint64_t n = MIN2(size_B, MIN2(page_rest(dst.addr), page_rest(src.addr)));
      int err = copy_piece(w, &dst, &src, n, f_out);
      if (err)
         return err;
      dst.addr += n;
      src.addr += n;
      size_B -= n;
   }
   return 0;
}

/* Our own memory: physical, system. */
static struct nvsim_mem_loc
own(const void *p)
{
   return (struct nvsim_mem_loc){true, NV_APERTURE_SYS_COH, (uintptr_t)p};
}

int
nvsim_mem_read_loc(struct nvsim_worker *w, struct nvsim_mem_loc src, void *dst,
                   uint64_t size_B, struct nvsim_mem_fault *f_out)
{
   return nvsim_mem_copy(w, own(dst), src, size_B, f_out);
}

int
nvsim_mem_write_loc(struct nvsim_worker *w, struct nvsim_mem_loc dst,
                    const void *src, uint64_t size_B,
                    struct nvsim_mem_fault *f_out)
{
   return nvsim_mem_copy(w, dst, own(src), size_B, f_out);
}

int
nvsim_mem_read(struct nvsim_worker *w, uint64_t gpu_va, void *dst,
               uint64_t size_B, struct nvsim_mem_fault *f_out)
{
   struct nvsim_mem_loc src = {.addr = gpu_va};
   return nvsim_mem_copy(w, own(dst), src, size_B, f_out);
}

int
nvsim_mem_write(struct nvsim_worker *w, uint64_t gpu_va, const void *src,
                uint64_t size_B, struct nvsim_mem_fault *f_out)
{
   struct nvsim_mem_loc dst = {.addr = gpu_va};
   return nvsim_mem_copy(w, dst, own(src), size_B, f_out);
}

static uint32_t
reduce32(uint32_t old, unsigned op, bool is_signed, uint32_t v)
{
   bool less = is_signed ? (int32_t)v < (int32_t)old : v < old;
   switch (op) {
   case NV_RED_ADD:
      return old + v;
   case NV_RED_MIN:
      return less ? v : old;
   case NV_RED_MAX:
      return less ? old : v;
   case NV_RED_INC:
      return old >= v ? 0 : old + 1;
   case NV_RED_DEC:
      return old == 0 || old > v ? v : old - 1;
   case NV_RED_AND:
      return old & v;
   case NV_RED_OR:
      return old | v;
   default:
      return old ^ v;
   }
}

enum word_op {
   WORD_LOAD,
   WORD_STORE,
   WORD_REDUCE
};

struct word_access {
   enum word_op op;
   unsigned reduction;
   bool is_signed;
   uint32_t value;
};

static void
access_word(uint32_t *p, struct word_access *a)
{
   if (a->op == WORD_LOAD) {
      a->value = __atomic_load_n(p, __ATOMIC_ACQUIRE);
   } else if (a->op == WORD_STORE) {
      __atomic_store_n(p, a->value, __ATOMIC_RELEASE);
   } else {
      uint32_t old = __atomic_load_n(p, __ATOMIC_RELAXED);
      while (!__atomic_compare_exchange_n(
         p, &old, reduce32(old, a->reduction, a->is_signed, a->value), false,
         __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
         ;
   }
}

static bool
guarded_word(struct nvsim_guard *g, uint32_t *p, struct word_access *a)
{
   if (sigsetjmp(g->env, 0))
      return false;
   g->armed = 1;
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   access_word(p, a);
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   g->armed = 0;
   return true;
}

static int
word(struct nvsim_worker *w, uint64_t gpu_va, struct word_access *a,
     struct nvsim_mem_fault *f_out)
{
   enum nv_fault_access access = a->op == WORD_LOAD    ? NV_FAULT_ACCESS_READ
                                 : a->op == WORD_STORE ? NV_FAULT_ACCESS_WRITE
                                                       : NV_FAULT_ACCESS_ATOMIC;
   nvsim_section_begin(w);
   uint8_t *p = nvsim_tlb_lookup(w, gpu_va, access, f_out);
   bool ok = p && guarded_word(&w->guard, (uint32_t *)p, a);
   if (p && !ok)
      *f_out = (struct nvsim_mem_fault){gpu_va, NV_FAULT_TYPE_PTE, access};
   nvsim_section_end(w);
   return ok ? 0 : -EFAULT;
}

int
nvsim_mem_load32(struct nvsim_worker *w, uint64_t gpu_va, uint32_t *value_out,
                 struct nvsim_mem_fault *f_out)
{
   struct word_access a = {.op = WORD_LOAD};
   int err = word(w, gpu_va, &a, f_out);
   *value_out = a.value;
   return err;
}

int
nvsim_mem_store32(struct nvsim_worker *w, uint64_t gpu_va, uint32_t value,
                  struct nvsim_mem_fault *f_out)
{
   struct word_access a = {.op = WORD_STORE, .value = value};
   return word(w, gpu_va, &a, f_out);
}

int
nvsim_mem_reduce32(struct nvsim_worker *w, uint64_t gpu_va, unsigned op,
                   bool is_signed, uint32_t value,
                   struct nvsim_mem_fault *f_out)
{
   struct word_access a = {WORD_REDUCE, op, is_signed, value};
   return word(w, gpu_va, &a, f_out);
}
