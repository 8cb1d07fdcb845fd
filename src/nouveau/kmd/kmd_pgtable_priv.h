/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What page tables are made of (kmd_pgtable_tables.c) and what is written to
 * them (kmd_pgtable.c). */
#ifndef KMD_PGTABLE_PRIV_H
#define KMD_PGTABLE_PRIV_H

#include "kmd_pgtable.h"

/* One table in VRAM. Every table takes a page, the 256-byte ones for 64 KiB
 * pages too: simple, and a granule rarely has one. */
struct pt_page {
   struct pt_page *next; /* dead, or spare */
   uint64_t vram_off;
};

/* What is below one entry of PD0: a 2 MiB page, or up to two tables, or nothing
 * and sparse. */
struct pt_slot {
   struct pt_page *small, *big;
   uint16_t small_used, big_used; /* entries: pages, and sparse ones */
   bool large, sparse;
};

/* PD3, PD2, PD1 have `child`, PD0 has `slot`. */
struct pt_dir {
   struct pt_page *page;
   struct pt_dir *next; /* spare */
   unsigned used;       /* entries in use */
   union {
      struct pt_dir *child[512];
      struct pt_slot slot[NV_MMU_PD0_ENTRIES];
   };
};

/* NULL: no memory, not even spare. */
struct pt_page *kmd_pt_page_create(struct kmd_pgtable *pt);
/* Unlinked; freed by kmd_pgtable_reap. */
void kmd_pt_page_kill(struct kmd_pgtable *pt, struct pt_page *p);
struct pt_dir *kmd_pt_dir_create(struct kmd_pgtable *pt);
/* Empty and unlinked. */
void kmd_pt_dir_destroy(struct kmd_pgtable *pt, struct pt_dir *d);
/* Nothing is reserved any more. */
void kmd_pgtable_drop_spares(struct kmd_pgtable *pt);

#endif
