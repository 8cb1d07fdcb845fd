/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Page tables of the Pascal GMMU, version 2 (gp100-mmu-format.pdf, dev_mmu.h;
 * kernel.md §7). All addresses in entries are physical: video (offset into
 * VRAM) or system (bus address). Entries are little-endian 64-bit words; PD0's
 * are pairs. */
#ifndef NV_MMU_H
#define NV_MMU_H

#include <stdbool.h>
#include <stdint.h>

#define NV_MMU_VA_BITS 49
#define NV_MMU_VA_END  (1ull << NV_MMU_VA_BITS)

/* First VA bit and number of entries of each level. Level 0 is the 4 KiB table.
 */
#define NV_MMU_PD3_SHIFT     47
#define NV_MMU_PD3_ENTRIES   4
#define NV_MMU_PD2_SHIFT     38
#define NV_MMU_PD2_ENTRIES   512
#define NV_MMU_PD1_SHIFT     29
#define NV_MMU_PD1_ENTRIES   512
#define NV_MMU_PD0_SHIFT     21
#define NV_MMU_PD0_ENTRIES   256 /* of 16 bytes */
#define NV_MMU_PT64K_SHIFT   16
#define NV_MMU_PT64K_ENTRIES 32
#define NV_MMU_PT4K_SHIFT    12
#define NV_MMU_PT4K_ENTRIES  512
#define NV_MMU_TABLE_B       4096 /* all but the 64 KiB table */
#define NV_MMU_PT64K_TABLE_B 256

/* Physical memory. In a PDE 0 is "invalid" and 1 is video; in a PTE 0 is video.
 */
enum nv_aperture {
   NV_APERTURE_VID = 0,
   NV_APERTURE_PEER = 1,
   NV_APERTURE_SYS_COH = 2,
   NV_APERTURE_SYS_NCOH = 3,
};

#define NV_PDE_IS_PTE       (1ull << 0)
#define NV_PDE_APERTURE_VID 1
#define NV_PDE_VOL          (1ull << 3) /* aperture 0 and VOL: sparse */
#define NV_PDE_SPARSE       NV_PDE_VOL
#define NV_PDE_ADDR_MASK    0x003fffffffffff00ull /* 53:8 = PA >> 12 */
#define NV_PDE0_BIG_MASK    0x003ffffffffffff0ull /* 53:4 = PA >> 8 */

#define NV_PTE_VALID          (1ull << 0)
#define NV_PTE_APERTURE_SHIFT 1
#define NV_PTE_VOL            (1ull << 3) /* VALID 0 and VOL: sparse */
#define NV_PTE_ENCRYPTED      (1ull << 4)
#define NV_PTE_PRIV           (1ull << 5)
#define NV_PTE_RO             (1ull << 6)
#define NV_PTE_ATOMIC_DISABLE (1ull << 7)
#define NV_PTE_SPARSE         NV_PTE_VOL
#define NV_PTE_KIND_SHIFT     56
#define NV_PTE_VID_ADDR_MASK  0x00000001ffffff00ull /* 32:8 */
#define NV_PTE_SYS_ADDR_MASK  0x003fffffffffff00ull /* 53:8 */

/* Index of `gpu_va` in a table whose entries cover 1 << shift bytes. */
static inline unsigned
nv_mmu_index(uint64_t gpu_va, unsigned shift, unsigned entries)
{
   return gpu_va >> shift & (entries - 1);
}

/* `flags`: NV_PTE_RO, _ATOMIC_DISABLE, _PRIV, _VOL. `pa` is aligned to the
 * page. */
static inline uint64_t
nv_pte(enum nv_aperture aperture, uint64_t pa, uint64_t flags)
{
   return NV_PTE_VALID | (uint64_t)aperture << NV_PTE_APERTURE_SHIFT | pa >> 4 |
          flags;
}

static inline enum nv_aperture
nv_pte_aperture(uint64_t pte)
{
   return (enum nv_aperture)(pte >> NV_PTE_APERTURE_SHIFT & 3);
}

static inline uint64_t
nv_pte_pa(uint64_t pte)
{
   return nv_pte_aperture(pte) >= NV_APERTURE_SYS_COH
             ? (pte & NV_PTE_SYS_ADDR_MASK) << 4
             : (pte & NV_PTE_VID_ADDR_MASK) << 4;
}

/* A PDE of PD3..PD1, or the small (4 KiB pages) half of PD0. */
static inline uint64_t
nv_pde(enum nv_aperture aperture, uint64_t table_pa)
{
   uint64_t ap = aperture == NV_APERTURE_VID ? NV_PDE_APERTURE_VID : aperture;
   return ap << 1 | table_pa >> 4;
}

/* The big (64 KiB pages) half of PD0: 256-byte aligned table. */
static inline uint64_t
nv_pde0_big(enum nv_aperture aperture, uint64_t table_pa)
{
   uint64_t ap = aperture == NV_APERTURE_VID ? NV_PDE_APERTURE_VID : aperture;
   return ap << 1 | table_pa >> 4;
}

static inline bool
nv_pde_is_present(uint64_t pde)
{
   return (pde >> 1 & 3) != 0;
}

static inline enum nv_aperture
nv_pde_aperture(uint64_t pde)
{
   unsigned ap = pde >> 1 & 3;
   return ap == NV_PDE_APERTURE_VID ? NV_APERTURE_VID : (enum nv_aperture)ap;
}

static inline uint64_t
nv_pde_pa(uint64_t pde)
{
   return (pde & NV_PDE_ADDR_MASK) << 4;
}

static inline uint64_t
nv_pde0_big_pa(uint64_t pde)
{
   return (pde & NV_PDE0_BIG_MASK) << 4;
}

#endif
