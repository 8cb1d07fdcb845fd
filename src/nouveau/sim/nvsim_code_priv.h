/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Decoded code. A channel's instruction cache holds pages of 4 KiB by GPU
 * virtual address; an instruction is decoded when it first runs. The cache is
 * coherent with nothing: INVALIDATE_SHADER_CACHES drops it, and after a TLB
 * invalidate the next launch compares each page with memory. */
#ifndef NVSIM_CODE_PRIV_H
#define NVSIM_CODE_PRIV_H

#include "nvsim_mem_priv.h"

#include "nouveau/isa/sass.h"

struct nvsim_warp;
struct nvsim_instr;

/* `mask`: lanes that are active and whose guard is true; may be 0. */
typedef void (*nvsim_exec_fn)(struct nvsim_warp *w,
                              const struct nvsim_instr *in, uint32_t mask);

/* Rows of a warp's register file: RZ as source, RZ as destination, then R0.
 * Vectors of up to four registers may start at RZ. */
#define NVSIM_ROW_ZERO 0
#define NVSIM_ROW_SINK 4
#define NVSIM_ROW_REG  8

enum nvsim_src {
   NVSIM_SRC_REG,
   NVSIM_SRC_IMM,
   NVSIM_SRC_CONST
};

/* What the executors need, within a cache line, then all the rest. */
struct nvsim_instr {
   nvsim_exec_fn fn;
   uint32_t guard_not; /* 0 or ~0 */
   uint8_t guard;
   uint8_t max_reg;         /* highest register named; 0 if none */
   uint16_t page_off;       /* byte offset in the page */
   uint16_t rd, ra, rb, rc; /* rows */
   uint8_t b_src, c_src;    /* enum nvsim_src */
   uint8_t cb_bank;
   uint8_t pd, pd2, pc;
   uint16_t cb_off;
   uint32_t pc_not; /* 0 or ~0 */
   uint32_t imm;
   struct sass_instr i;
   struct sass_ctrl ctrl;
   uint32_t told; /* rules of strict mode that it broke and were printed */
};

#define NVSIM_PAGE_INSTRS (NVSIM_PAGE_B / SASS_BUNDLE_B * SASS_BUNDLE_SLOTS)

struct nvsim_code_page {
   uint64_t va;
   struct nvsim_code_page *next; /* of the bucket */
   uint64_t raw[NVSIM_PAGE_B / 8];
   /* The last one goes on to the next page. */
   struct nvsim_instr in[NVSIM_PAGE_INSTRS + 1];
};

struct nvsim_code_cache;
struct nvsim_code_cache *nvsim_code_cache_create(struct nvsim *sim);
void nvsim_code_cache_destroy(struct nvsim_code_cache *cc);
/* The next three: while no launch of the channel runs. */
void nvsim_code_cache_clear(struct nvsim_code_cache *cc);
/* What is in memory counts from now on. */
void nvsim_code_cache_invalidate(struct nvsim_code_cache *cc);
/* Before a launch: after an invalidate of code or translations drops the pages
 * that memory has otherwise. */
void nvsim_code_cache_validate(struct nvsim_code_cache *cc,
                               struct nvsim_worker *w);
struct nvsim_code_page *nvsim_code_cache_find(struct nvsim_code_cache *cc,
                                              uint64_t page_va);
/* `raw`: the page's contents. Returns the page, that of another worker if it
 * came first. */
struct nvsim_code_page *nvsim_code_cache_add(struct nvsim_code_cache *cc,
                                             uint64_t page_va,
                                             const uint64_t *raw);
/* Decodes in place, once; `in` belongs to `page`. */
void nvsim_code_decode(struct nvsim_code_cache *cc,
                       struct nvsim_code_page *page, struct nvsim_instr *in);

static inline unsigned
nvsim_code_index(uint64_t va)
{
   unsigned off = va % NVSIM_PAGE_B, slot = off / 8 % 4;
   return off / SASS_BUNDLE_B * SASS_BUNDLE_SLOTS + (slot ? slot - 1 : 0);
}

/* The executors by op; never NULL. */
nvsim_exec_fn nvsim_exec_lookup(const struct sass_instr *i);

#endif
