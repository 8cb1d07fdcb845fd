/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* BAR0 registers and in-memory structures of the host unit, GK104 to GP10x, as
 * far as partage uses them (kernel.md §2, §3.1, §3.6; dev_fifo, dev_ram,
 * dev_fb).
 *
 * How a channel comes to life:
 *   1. Write an instance block (4 KiB, 4 KiB aligned, VRAM): NV_INST_* below.
 *   2. NV_CHAN_INST(chid) = BIND | aperture << 28 | address >> 12.
 *   3. NV_CHAN_CTRL(chid) = ENABLE_SET.
 *   4. Put entries in the GPFIFO, write GP_PUT into USERD, ring the doorbell
 *      (nvsim_doorbell; stands for the host snooping USERD).
 * The card writes GP_GET to USERD when it has *fetched* an entry (its segment
 * may still be executing: completion is a semaphore's business).
 *
 * How it dies:
 *   1. NV_CHAN_CTRL(chid) = ENABLE_CLR: no new entry is fetched.
 *   2. NV_PFIFO_PREEMPT = chid. For a disabled channel: work in progress is
 * dropped, warps parked on a fault included. The write returns when no access
 * for the channel runs or will run. (Registers return at once and PENDING is
 * polled on a real card; polling works here too.)
 *   3. NV_CHAN_INST(chid) = 0.
 * After an error the channel is as after step 1 of its death, and needs all
 * steps to live again. A channel's methods and class state begin anew when
 * NV_CHAN_INST is written. Runlists are not modelled: an enabled channel is
 * scheduled. */
#ifndef NV_REGS_H
#define NV_REGS_H

#include <stdint.h>

/* ---- identification ---- */
#define NV_PMC_BOOT_0            0x000000 /* chipset << 20 | stepping */
#define NV_PMC_BOOT_0_CHIPSET(v) ((v) >> 20 & 0x1ff)

/* ---- PTIMER, ns; read 1, 0, 1 and repeat if 1 changed ---- */
#define NV_PTIMER_TIME_0 0x009400 /* low word */
#define NV_PTIMER_TIME_1 0x009410 /* high word */

/* ---- replayable fault buffer (kernel.md §3.1) ---- */
#define NV_FAULT_BUFFER_LO     0x002a70 /* address 31:12, bit 0 enable */
#define NV_FAULT_BUFFER_HI     0x002a74
#define NV_FAULT_BUFFER_SIZE   0x002a78 /* entries */
#define NV_FAULT_BUFFER_GET    0x002a7c /* software */
#define NV_FAULT_BUFFER_PUT    0x002a80 /* hardware */
#define NV_FAULT_BUFFER_ENABLE (1u << 0)
/* The address is one of BAR2. This card's BAR2 is VRAM, offset for offset.
 * Writing LO with ENABLE set resets PUT and GET to 0. */

/* ---- host: channels ---- */
/* GK104 to GP10x have 4096 (NVIDIA's nvgpu: ccsr_channel__size_1); fewer do. */
#define NV_CHANNELS                 512
#define NV_CHAN_INST(chid)          (0x800000 + (chid)*8)
#define NV_CHAN_CTRL(chid)          (0x800004 + (chid)*8)
#define NV_CHAN_INST_BIND           (1u << 31)
#define NV_CHAN_INST_APERTURE_SHIFT 28          /* enum nv_aperture */
#define NV_CHAN_INST_ADDR_MASK      0x0fffffffu /* address >> 12 */
#define NV_CHAN_CTRL_ENABLED        (1u << 0)   /* read: is enabled */
#define NV_CHAN_CTRL_ENABLE_SET     (1u << 10)  /* write */
#define NV_CHAN_CTRL_ENABLE_CLR     (1u << 11)  /* write */
#define NV_CHAN_CTRL_BUSY                                                      \
   (1u << 28) /* read: work left (nvgpu: ccsr_channel_busy) */
#define NV_PFIFO_PREEMPT         0x002634 /* chid */
#define NV_PFIFO_PREEMPT_PENDING (1u << 20)

/* ---- MMU: invalidate, replay, cancel (kernel.md §3.6) ---- */
#define NV_MMU_FREE_SLOTS 0x100c80 /* 23:16 free slots, 15 busy */
#define NV_MMU_INVALIDATE_PDB                                                  \
   0x100cb8 /* root table address >> 12 << 4 | aperture */
#define NV_MMU_INVALIDATE         0x100cbc
#define NV_MMU_INVALIDATE_PDB_HI  0x100cec /* root table address >> 40 */
#define NV_MMU_INVAL_ALL_VA       (1u << 0)
#define NV_MMU_INVAL_ALL_PDB      (1u << 1)
#define NV_MMU_INVAL_HUBTLB_ONLY  (1u << 2)
#define NV_MMU_INVAL_REPLAY_SHIFT 3
#define NV_MMU_INVAL_SYS_MEMBAR   (1u << 6)
#define NV_MMU_INVAL_ACK_SHIFT    7
#define NV_MMU_INVAL_CLIENT_SHIFT 9  /* 14:9 */
#define NV_MMU_INVAL_GPC_SHIFT    15 /* 19:15 */
#define NV_MMU_INVAL_CLIENT_HUB   (1u << 20)
#define NV_MMU_INVAL_LEVEL_SHIFT  24 /* 26:24 */
#define NV_MMU_INVAL_TRIGGER      (1u << 31)
enum nv_mmu_replay {
   NV_MMU_REPLAY_NONE = 0,
   NV_MMU_REPLAY_START = 1,         /* retry all parked accesses */
   NV_MMU_REPLAY_START_ACK_ALL = 2, /* and wait until each was retried */
   /* The parked accesses of this GPC and client, on channels of the instance
    * given by NV_MMU_CANCEL_INST, become errors. */
   NV_MMU_REPLAY_CANCEL_TARGETED = 3,
   NV_MMU_REPLAY_CANCEL_GLOBAL = 4, /* all parked accesses become errors */
};
/* Ours alone. nouveau makes a cancel hit the right channel by pausing the
 * context switch and comparing FECS's current instance; this card runs channels
 * side by side and takes the instance here: address >> 12 | aperture << 28 |
 * BIND. 0: any. A cancel uses it up. */
#define NV_MMU_CANCEL_INST 0x100cf0
/* Also ours: CANCEL_TARGETED hits only accesses to this 4 KiB page: low word
 * (address 31:12 | 1 to enable), high word. A cancel uses it up. Volta has the
 * like. */
#define NV_MMU_CANCEL_VA_LO 0x100cf4
#define NV_MMU_CANCEL_VA_HI 0x100cf8

/* ---- instance block: RAMFC at 0, page directory at 0x200 ---- */
#define NV_INST_SIZE_B        0x1000
#define NV_INST_USERD_LO      0x008 /* address 31:9 | aperture 1:0 */
#define NV_INST_USERD_HI      0x00c
#define NV_INST_GP_BASE_LO    0x048 /* GPU virtual address, 8-byte aligned */
#define NV_INST_GP_BASE_HI    0x04c /* address 39:32 | log2(entries) << 16 */
#define NV_INST_GP_LOG2_SHIFT 16
/* RAMFC; nouveau's gk104_chan writes it. */
#define NV_INST_CONFIG               0x0e4
#define NV_INST_CONFIG_PRIVILEGED    (1u << 5) /* physical copies, TLB methods */
#define NV_INST_PDB_LO               0x200 /* root table address 31:12 | flags */
#define NV_INST_PDB_HI               0x204
#define NV_INST_LIMIT_LO             0x208 /* last valid address; 11:0 read as ones */
#define NV_INST_LIMIT_HI             0x20c
#define NV_INST_PDB_APERTURE(v)      ((v)&3) /* enum nv_aperture */
#define NV_INST_PDB_VOL              (1u << 2)
#define NV_INST_PDB_FAULT_REPLAY_TEX (1u << 4)  /* loads and stores of SMs */
#define NV_INST_PDB_FAULT_REPLAY_GCC (1u << 5)  /* constants and instructions  */
#define NV_INST_PDB_VER2             (1u << 10) /* must be set */
#define NV_INST_PDB_64K_BIG_PAGES    (1u << 11)

/* ---- USERD, 512 bytes ---- */
#define NV_USERD_SIZE_B 0x200
#define NV_USERD_GP_GET 0x88 /* index, written by the card */
#define NV_USERD_GP_PUT 0x8c /* index, written by software */

#endif
