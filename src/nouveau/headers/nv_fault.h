/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Replayable fault buffer, MAXWELL_FAULT_BUFFER_A (clb069.h; kernel.md §3.1,
 * §3.2). A ring of 32-byte entries. Hardware writes at PUT, VALID last;
 * software clears VALID of an entry before it moves GET past it. The ring is
 * full when PUT + 1 == GET (mod entries): accesses that fault then stay parked
 * and are reported later. */
#ifndef NV_FAULT_H
#define NV_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#define NV_FAULT_ENTRY_B  32
#define NV_FAULT_ENTRY_DW 8

enum nv_fault_type {
   NV_FAULT_TYPE_PDE = 0x0, /* directory entry invalid */
   NV_FAULT_TYPE_PDE_SIZE = 0x1,
   NV_FAULT_TYPE_PTE = 0x2, /* page table entry invalid */
   NV_FAULT_TYPE_VA_LIMIT = 0x3,
   NV_FAULT_TYPE_UNBOUND_INST = 0x4,
   NV_FAULT_TYPE_PRIV = 0x5,
   NV_FAULT_TYPE_RO = 0x6, /* write to a read-only page */
   NV_FAULT_TYPE_WO = 0x7,
   NV_FAULT_TYPE_PITCH_MASK = 0x8,
   NV_FAULT_TYPE_WORK_CREATION = 0x9,
   NV_FAULT_TYPE_APERTURE = 0xa,
   NV_FAULT_TYPE_COMPRESSION = 0xb,
   NV_FAULT_TYPE_KIND = 0xc,
   NV_FAULT_TYPE_REGION = 0xd,
   NV_FAULT_TYPE_POISONED = 0xe,
   NV_FAULT_TYPE_ATOMIC = 0xf, /* atomic on a page with ATOMIC_DISABLE */
};

enum nv_fault_access {
   NV_FAULT_ACCESS_READ = 0,
   NV_FAULT_ACCESS_WRITE = 1,
   NV_FAULT_ACCESS_ATOMIC = 2,
   NV_FAULT_ACCESS_PREFETCH = 3,
};

/* Clients of class GPC (the SM side): replayable where the instance block
 * allows. */
#define NV_FAULT_CLIENT_GPC_L1_0 0x00
#define NV_FAULT_CLIENT_GPC_T1_0 0x01
#define NV_FAULT_CLIENT_GPC_GCC  0x0d /* constants, instructions */
/* Clients of class HUB: never replayable. */
#define NV_FAULT_CLIENT_HUB_CE0  0x01
#define NV_FAULT_CLIENT_HUB_CE1  0x02
#define NV_FAULT_CLIENT_HUB_FE   0x04 /* methods, QMD, inline to memory */
#define NV_FAULT_CLIENT_HUB_HOST 0x06 /* GPFIFO, push buffer, semaphores */

struct nv_fault {
   uint64_t inst_pa;      /* instance block, 4 KiB aligned */
   uint8_t inst_aperture; /* enum nv_aperture */
   uint64_t gpu_va;       /* 4 KiB aligned */
   uint64_t timestamp_ns; /* PTIMER */
   uint8_t type;          /* enum nv_fault_type */
   uint8_t access;        /* enum nv_fault_access */
   uint8_t client, gpc;
   bool hub;
   bool valid;
};

#define NV_FAULT_DW7_VALID (1u << 31)

static inline void
nv_fault_pack(uint32_t dw[NV_FAULT_ENTRY_DW], const struct nv_fault *f)
{
   dw[0] = (uint32_t)(f->inst_pa & 0xfffff000) | (uint32_t)f->inst_aperture
                                                    << 8;
   dw[1] = (uint32_t)(f->inst_pa >> 32);
   dw[2] = (uint32_t)(f->gpu_va & 0xfffff000);
   dw[3] = (uint32_t)(f->gpu_va >> 32);
   dw[4] = (uint32_t)f->timestamp_ns;
   dw[5] = (uint32_t)(f->timestamp_ns >> 32);
   dw[6] = 0;
   dw[7] = (f->type & 0x1fu) | (f->client & 0x7fu) << 8 |
           (f->access & 7u) << 16 | (f->hub ? 1u << 20 : 0) |
           (f->gpc & 0x1fu) << 24 | (f->valid ? NV_FAULT_DW7_VALID : 0);
}

static inline void
nv_fault_unpack(const uint32_t dw[NV_FAULT_ENTRY_DW], struct nv_fault *f)
{
   f->inst_pa = (uint64_t)dw[1] << 32 | (dw[0] & 0xfffff000);
   f->inst_aperture = dw[0] >> 8 & 3;
   f->gpu_va = (uint64_t)dw[3] << 32 | (dw[2] & 0xfffff000);
   f->timestamp_ns = (uint64_t)dw[5] << 32 | dw[4];
   f->type = dw[7] & 0x1f;
   f->client = dw[7] >> 8 & 0x7f;
   f->access = dw[7] >> 16 & 7;
   f->hub = dw[7] >> 20 & 1;
   f->gpc = dw[7] >> 24 & 0x1f;
   f->valid = dw[7] >> 31;
}

#endif
