/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Push buffers and GPFIFO entries of PASCAL_CHANNEL_GPFIFO_A (clc06f.h, mesa.md
 * §2.1, §2.2). Bits only. */
#ifndef NV_PUSH_H
#define NV_PUSH_H

#include <stdbool.h>
#include <stdint.h>

/* Method header: SEC_OP 31:29 | count or immediate 28:16 | subchannel 15:13 |
 * method >> 2 in 11:0. */
enum nv_push_op {
   NV_PUSH_OP_GRP0 = 0,   /* legacy: increasing, count in 28:18 */
   NV_PUSH_OP_INC = 1,    /* method + 4 each word */
   NV_PUSH_OP_GRP2 = 2,   /* legacy: non-increasing, count in 28:18 */
   NV_PUSH_OP_NINC = 3,   /* always the same method */
   NV_PUSH_OP_IMMD = 4,   /* 13 bits of data in the header */
   NV_PUSH_OP_ONEINC = 5, /* first word to method, the rest to method + 4 */
   NV_PUSH_OP_RSVD = 6,
   NV_PUSH_OP_END = 7, /* the rest of the segment is skipped */
};

#define NV_PUSH_MAX_COUNT   0x1fffu
#define NV_PUSH_MAX_IMMD    0x1fffu
#define NV_PUSH_SUBCHANNELS 8

static inline uint32_t
nv_push_header(enum nv_push_op op, unsigned subch, unsigned method,
               unsigned count)
{
   return (uint32_t)op << 29 | (count & 0x1fff) << 16 | (subch & 7) << 13 |
          (method >> 2 & 0xfff);
}

struct nv_push_packet {
   enum nv_push_op op;
   unsigned subch, method;
   unsigned count; /* words that follow; for IMMD: the data */
};

/* Legacy group 0 and 2 headers come back as INC and NINC. False: not a header
 * that the host accepts. A zero word is a legacy header with count 0: a NOP. */
static inline bool
nv_push_decode(uint32_t word, struct nv_push_packet *p)
{
   p->op = (enum nv_push_op)(word >> 29);
   p->subch = word >> 13 & 7;
   p->method = (word & 0xfff) << 2;
   p->count = word >> 16 & 0x1fff;
   if (p->op == NV_PUSH_OP_GRP0 || p->op == NV_PUSH_OP_GRP2) {
      /* TERT_OP 17:16: 0 is the method group, the others address subdevice
       * masks and 1..3 of group 0 do nothing on a single card. */
      unsigned tert = word >> 16 & 3;
      p->method = word & 0x1ffc;
      p->count = word >> 18 & 0x7ff;
      if (tert && p->op == NV_PUSH_OP_GRP2)
         return false;
      if (tert)
         p->count = 0;
      p->op = p->op == NV_PUSH_OP_GRP0 ? NV_PUSH_OP_INC : NV_PUSH_OP_NINC;
      return true;
   }
   return p->op != NV_PUSH_OP_RSVD;
}

/* Host methods: below 0x100, handled by the PBDMA whatever the subchannel. */
#define NV_HOST_SET_OBJECT          0x0000 /* class 15:0, engine 20:16 */
#define NV_HOST_ILLEGAL             0x0004
#define NV_HOST_NOP                 0x0008
#define NV_HOST_SEMAPHOREA          0x0010 /* address 39:32 in 7:0 */
#define NV_HOST_SEMAPHOREB          0x0014 /* address 31:2 */
#define NV_HOST_SEMAPHOREC          0x0018 /* payload */
#define NV_HOST_SEMAPHORED          0x001c
#define NV_HOST_NON_STALL_INTERRUPT 0x0020
#define NV_HOST_FB_FLUSH            0x0024
#define NV_HOST_MEM_OP_A            0x0028
#define NV_HOST_MEM_OP_B            0x002c
#define NV_HOST_MEM_OP_C            0x0030
#define NV_HOST_MEM_OP_D            0x0034
#define NV_HOST_SET_REFERENCE       0x0050
#define NV_HOST_SYNCPOINTA          0x0070
#define NV_HOST_SYNCPOINTB          0x0074
#define NV_HOST_WFI                 0x0078
#define NV_HOST_CRC_CHECK           0x007c
#define NV_HOST_YIELD               0x0080
#define NV_HOST_METHOD_END          0x0100 /* from here on: the object's */

/* SEMAPHORED */
#define NV_HOST_SEM_OP(d)          ((d)&0x1f)
#define NV_HOST_SEM_ACQUIRE        0x01
#define NV_HOST_SEM_RELEASE        0x02
#define NV_HOST_SEM_ACQ_GEQ        0x04
#define NV_HOST_SEM_ACQ_AND        0x08
#define NV_HOST_SEM_REDUCTION      0x10
#define NV_HOST_SEM_ACQUIRE_SWITCH (1u << 12)
#define NV_HOST_SEM_RELEASE_NO_WFI (1u << 20)
#define NV_HOST_SEM_RELEASE_4B     (1u << 24) /* else 16 B with a timestamp */
#define NV_HOST_SEM_RED_OP(d)      ((d) >> 27 & 0xf)
#define NV_HOST_SEM_RED_SIGNED     (1u << 31)
/* RED_OP of host and report semaphores and of QMD releases. */
enum nv_reduction {
   NV_RED_ADD = 0,
   NV_RED_MIN = 1,
   NV_RED_MAX = 2,
   NV_RED_INC = 3,
   NV_RED_DEC = 4,
   NV_RED_AND = 5,
   NV_RED_OR = 6,
   NV_RED_XOR = 7,
};

/* MEM_OP: A and B hold the cancel client, GPC and target; D starts the
 * operation. */
#define NV_HOST_MEM_OP_A_CLIENT(a)   ((a)&0x3f)
#define NV_HOST_MEM_OP_A_GPC(a)      ((a) >> 6 & 0x1f)
#define NV_HOST_MEM_OP_A_SYSMEMBAR   (1u << 11)
#define NV_HOST_MEM_OP_C_PDB_ALL     (1u << 0)
#define NV_HOST_MEM_OP_C_REPLAY(c)   ((c) >> 2 & 7) /* NV_MMU_REPLAY_* */
#define NV_HOST_MEM_OP_D_OP(d)       ((d) >> 27)
#define NV_HOST_MEM_OP_MEMBAR        0x05
#define NV_HOST_MEM_OP_TLB_INVAL     0x09
#define NV_HOST_MEM_OP_TLB_TARGETED  0x0a
#define NV_HOST_MEM_OP_L2_PEER_INVAL 0x0d
#define NV_HOST_MEM_OP_L2_SYS_INVAL  0x0e
#define NV_HOST_MEM_OP_L2_CLEAN      0x10

/* GPFIFO entry, 8 bytes: a segment of the push buffer. Addresses are 40 bits. */
#define NV_GPFIFO_ENTRY_B   8
#define NV_GPFIFO_LEVEL_SUB (1u << 9)  /* word 1: subroutine */
#define NV_GPFIFO_SYNC_WAIT (1u << 31) /* word 1: no prefetch */
#define NV_GPFIFO_MAX_DW    0x1fffffu
/* Word 1 bits 7:0 when the length is 0. */
#define NV_GPFIFO_OP_NOP     0
#define NV_GPFIFO_OP_ILLEGAL 1
#define NV_GPFIFO_OP_GP_CRC  2
#define NV_GPFIFO_OP_PB_CRC  3

static inline uint64_t
nv_gpfifo_entry(uint64_t gpu_va, uint32_t length_dw, bool no_prefetch)
{
   uint32_t lo = gpu_va & 0xfffffffc;
   uint32_t hi = (gpu_va >> 32 & 0xff) | length_dw << 10 |
                 (no_prefetch ? NV_GPFIFO_SYNC_WAIT : 0);
   return (uint64_t)hi << 32 | lo;
}

static inline uint64_t
nv_gpfifo_gpu_va(uint64_t entry)
{
   return (entry >> 32 & 0xff) << 32 | (entry & 0xfffffffc);
}

static inline uint32_t
nv_gpfifo_length_dw(uint64_t entry)
{
   return entry >> 42 & NV_GPFIFO_MAX_DW;
}

static inline unsigned
nv_gpfifo_op(uint64_t entry)
{
   return entry >> 32 & 0xff;
}

#endif
