/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Classes of a Pascal channel: ids, method offsets and data fields of those
 * that partage uses (clc0c0.h, cla140.h, clc0b5.h, clc097.h; mesa.md §1.1,
 * §1.7, §1.10, §1.11, §1.14). The _A and _B classes of one kind have the same
 * methods. */
#ifndef NV_CLASS_H
#define NV_CLASS_H

#define NV_CLASS_PASCAL_CHANNEL_GPFIFO_A 0xc06f
#define NV_CLASS_FERMI_TWOD_A            0x902d
#define NV_CLASS_KEPLER_I2M_B            0xa140
#define NV_CLASS_PASCAL_A                0xc097 /* 3D */
#define NV_CLASS_PASCAL_B                0xc197
#define NV_CLASS_PASCAL_COMPUTE_A        0xc0c0 /* GP100, GP10B */
#define NV_CLASS_PASCAL_COMPUTE_B        0xc1c0 /* GP102..GP108 */
#define NV_CLASS_PASCAL_DMA_COPY_A       0xc0b5
#define NV_CLASS_PASCAL_DMA_COPY_B       0xc1b5
#define NV_CLASS_NOUVEAU_SW              0x906e

/* Subchannels by convention. The copy class is bound to 4 from the start, all
 * others need SET_OBJECT (mesa.md §0.3). */
#define NV_SUBCH_3D      0
#define NV_SUBCH_COMPUTE 1
#define NV_SUBCH_I2M     2
#define NV_SUBCH_2D      3
#define NV_SUBCH_COPY    4
#define NV_SUBCH_SW      7

/* ---- in compute, 3D and I2M alike ---- */
#define NV_MTHD_NO_OPERATION  0x0100
#define NV_MTHD_WAIT_FOR_IDLE 0x0110

/* Inline to memory; the same in compute (subchannel 1) and A140. Data are
 * bytes: the last word may be used in part. */
#define NV_I2M_LINE_LENGTH_IN           0x0180
#define NV_I2M_LINE_COUNT               0x0184
#define NV_I2M_OFFSET_OUT_UPPER         0x0188 /* 16:0 */
#define NV_I2M_OFFSET_OUT               0x018c
#define NV_I2M_PITCH_OUT                0x0190
#define NV_I2M_SET_DST_BLOCK_SIZE       0x0194
#define NV_I2M_SET_DST_WIDTH            0x0198
#define NV_I2M_SET_DST_HEIGHT           0x019c
#define NV_I2M_SET_DST_DEPTH            0x01a0
#define NV_I2M_SET_DST_LAYER            0x01a4
#define NV_I2M_SET_DST_ORIGIN_X         0x01a8 /* bytes */
#define NV_I2M_SET_DST_ORIGIN_Y         0x01ac
#define NV_I2M_LAUNCH_DMA               0x01b0
#define NV_I2M_LOAD_INLINE_DATA         0x01b4
#define NV_I2M_SET_SEMAPHORE_A          0x01dc /* upper */
#define NV_I2M_SET_SEMAPHORE_B          0x01e0
#define NV_I2M_SET_SEMAPHORE_C          0x01e4    /* payload */
#define NV_I2M_LAUNCH_PITCH             (1u << 0) /* else block linear */
#define NV_I2M_LAUNCH_REDUCTION         (1u << 1)
#define NV_I2M_LAUNCH_COMPLETION(d)     ((d) >> 4 & 3)
#define NV_I2M_COMPLETION_NONE          0
#define NV_I2M_COMPLETION_FLUSH         1
#define NV_I2M_COMPLETION_RELEASE       2 /* the semaphore */
#define NV_I2M_LAUNCH_SYSMEMBAR_DISABLE (1u << 6)
#define NV_I2M_LAUNCH_INTERRUPT(d)      ((d) >> 8 & 3)
#define NV_I2M_LAUNCH_SEM_ONE_WORD      (1u << 12)
/* The two values that are usually wanted. */
#define NV_I2M_LAUNCH_LINEAR       0x41u /* no flush */
#define NV_I2M_LAUNCH_LINEAR_FLUSH 0x11u

/* Report semaphore; the same place in compute and 3D. */
#define NV_SET_REPORT_SEMAPHORE_A 0x1b00 /* address 39:32 in 7:0 */
#define NV_SET_REPORT_SEMAPHORE_B 0x1b04
#define NV_SET_REPORT_SEMAPHORE_C 0x1b08 /* payload */
#define NV_SET_REPORT_SEMAPHORE_D 0x1b0c
#define NV_REPORT_OP(d)           ((d)&3)
#define NV_REPORT_OP_RELEASE      0
#define NV_REPORT_OP_ACQUIRE      1 /* 3D only */
#define NV_REPORT_OP_REPORT_ONLY  2 /* 3D only: four-word with timestamp */
#define NV_REPORT_OP_TRAP         3
#define NV_REPORT_FLUSH_DISABLE   (1u << 2)
#define NV_REPORT_REDUCTION       (1u << 3)
#define NV_REPORT_AFTER_WRITES    (1u << 4) /* 3D */
#define NV_REPORT_RED_OP(d)       ((d) >> 9 & 7)
#define NV_REPORT_RED_SIGNED(d)   (((d) >> 17 & 3) == 1)
#define NV_REPORT_AWAKEN          (1u << 20) /* NON_STALL interrupt */
#define NV_REPORT_ONE_WORD        (1u << 28) /* else four: payload, 0, u64 ns */

#define NV_INVALIDATE_SHADER_CACHES        0x021c
#define NV_INVALIDATE_SHADER_CACHES_NO_WFI 0x1698
#define NV_INVALIDATE_INSTRUCTION          (1u << 0)
#define NV_INVALIDATE_LOCKS                (1u << 1)
#define NV_INVALIDATE_FLUSH_DATA           (1u << 2)
#define NV_INVALIDATE_GLOBAL_DATA          (1u << 4)
#define NV_INVALIDATE_CONSTANT             (1u << 12)
#define NV_INVALIDATE_SAMPLER_CACHE        0x1330
#define NV_INVALIDATE_TEXTURE_HEADER_CACHE 0x1334
#define NV_INVALIDATE_TEXTURE_DATA_CACHE   0x1338

/* ---- compute, C0C0 and C1C0 ---- */
#define NV_COMPUTE_SET_SHADER_SHARED_MEMORY_WINDOW 0x0214 /* VA 31:0 */
#define NV_COMPUTE_SET_SELECT_MAXWELL_TEX_HEADERS  0x0218
#define NV_COMPUTE_SET_CWD_REF_COUNTER             0x0248
#define NV_COMPUTE_INVALIDATE_CONSTANT_BUFFER_A    0x0274
#define NV_COMPUTE_INVALIDATE_CONSTANT_BUFFER_B    0x0278
#define NV_COMPUTE_INVALIDATE_CONSTANT_BUFFER_C    0x027c
#define NV_COMPUTE_SET_COMPUTE_CLASS_VERSION       0x0280
#define NV_COMPUTE_SET_QMD_VERSION                 0x0288
#define NV_COMPUTE_INVALIDATE_SKED_CACHES          0x0298
#define NV_COMPUTE_SET_SHARED_MEMORY_WINDOW_A      0x02a0 /* VA 48:32 */
#define NV_COMPUTE_SET_SHARED_MEMORY_WINDOW_B      0x02a4 /* VA 31:0 */
#define NV_COMPUTE_SET_CWD_SLOT_COUNT              0x02b0
#define NV_COMPUTE_SEND_PCAS_A                     0x02b4 /* QMD VA >> 8 */
#define NV_COMPUTE_SEND_PCAS_B                     0x02b8
#define NV_COMPUTE_SEND_SIGNALING_PCAS_B           0x02bc
#define NV_COMPUTE_PCAS_INVALIDATE                 (1u << 0)
#define NV_COMPUTE_PCAS_SCHEDULE                   (1u << 1)
/* Bytes for one SM (64 warps). A: hi, B: lo, C: how many SMs at most. */
#define NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_A 0x02e4
#define NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_B 0x02e8
#define NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_C 0x02ec
#define NV_COMPUTE_SET_LOCAL_MEMORY_THROTTLED_A     0x02f0
#define NV_COMPUTE_SET_LOCAL_MEMORY_THROTTLED_B     0x02f4
#define NV_COMPUTE_SET_LOCAL_MEMORY_THROTTLED_C     0x02f8
#define NV_COMPUTE_SET_SPA_VERSION                  0x0310
#define NV_COMPUTE_SPA_VERSION_PASCAL               0x400 /* as Mesa sends */
#define NV_COMPUTE_SET_SM_TIMEOUT_INTERVAL          0x0de4
#define NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW          0x077c /* VA 31:0 */
#define NV_COMPUTE_SET_LOCAL_MEMORY_A               0x0790 /* base VA, hi */
#define NV_COMPUTE_SET_LOCAL_MEMORY_B               0x0794 /* lo */
#define NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW_A        0x07b0 /* VA 48:32 */
#define NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW_B        0x07b4
#define NV_COMPUTE_SET_SHADER_EXCEPTIONS            0x1528
#define NV_COMPUTE_SET_TEX_SAMPLER_POOL_A           0x155c
#define NV_COMPUTE_SET_TEX_SAMPLER_POOL_B           0x1560
#define NV_COMPUTE_SET_TEX_SAMPLER_POOL_C           0x1564
#define NV_COMPUTE_SET_TEX_HEADER_POOL_A            0x1574
#define NV_COMPUTE_SET_TEX_HEADER_POOL_B            0x1578
#define NV_COMPUTE_SET_TEX_HEADER_POOL_C            0x157c
#define NV_COMPUTE_SET_PROGRAM_REGION_A             0x1608 /* code base VA, hi */
#define NV_COMPUTE_SET_PROGRAM_REGION_B             0x160c /* lo */
#define NV_COMPUTE_SET_BINDLESS_TEXTURE             0x2608
#define NV_COMPUTE_SET_TRAP_HANDLER                 0x260c

/* Both generic windows are this large (isa.md §3.5). */
#define NV_COMPUTE_WINDOW_B (16u << 20)

/* ---- copy, C0B5 and C1B5 ---- */
#define NV_COPY_SET_SEMAPHORE_A       0x0240 /* upper */
#define NV_COPY_SET_SEMAPHORE_B       0x0244
#define NV_COPY_SET_SEMAPHORE_PAYLOAD 0x0248
#define NV_COPY_SET_SRC_PHYS_MODE     0x0260 /* NV_COPY_PHYS_* in 1:0 */
#define NV_COPY_SET_DST_PHYS_MODE     0x0264
#define NV_COPY_LAUNCH_DMA            0x0300
#define NV_COPY_OFFSET_IN_UPPER       0x0400 /* 16:0 */
#define NV_COPY_OFFSET_IN_LOWER       0x0404
#define NV_COPY_OFFSET_OUT_UPPER      0x0408
#define NV_COPY_OFFSET_OUT_LOWER      0x040c
#define NV_COPY_PITCH_IN              0x0410
#define NV_COPY_PITCH_OUT             0x0414
#define NV_COPY_LINE_LENGTH_IN        0x0418 /* bytes; elements with REMAP */
#define NV_COPY_LINE_COUNT            0x041c /* only with MULTI_LINE */
#define NV_COPY_SET_REMAP_CONST_A     0x0700
#define NV_COPY_SET_REMAP_CONST_B     0x0704
#define NV_COPY_SET_REMAP_COMPONENTS  0x0708
#define NV_COPY_SET_DST_BLOCK_SIZE    0x070c
#define NV_COPY_SET_DST_WIDTH         0x0710
#define NV_COPY_SET_DST_HEIGHT        0x0714
#define NV_COPY_SET_DST_DEPTH         0x0718
#define NV_COPY_SET_DST_LAYER         0x071c
#define NV_COPY_SET_DST_ORIGIN        0x0720
#define NV_COPY_SET_SRC_BLOCK_SIZE    0x0728 /* then as the destination's */
#define NV_COPY_SET_SRC_WIDTH         0x072c
#define NV_COPY_SET_SRC_HEIGHT        0x0730
#define NV_COPY_SET_SRC_DEPTH         0x0734
#define NV_COPY_SET_SRC_LAYER         0x0738
#define NV_COPY_SET_SRC_ORIGIN        0x073c

/* SET_xxx_BLOCK_SIZE: log2 of GOBs. Origin: x 15:0, y 31:16. */
#define NV_COPY_BLOCK_WIDTH(d)           ((d)&0xf)
#define NV_COPY_BLOCK_HEIGHT(d)          ((d) >> 4 & 0xf)
#define NV_COPY_BLOCK_DEPTH(d)           ((d) >> 8 & 0xf)
#define NV_COPY_BLOCK_GOB_HEIGHT(d)      ((d) >> 12 & 0xf)
#define NV_COPY_BLOCK_GOB_HEIGHT_FERMI_8 1

#define NV_COPY_PHYS_LOCAL_FB 0
#define NV_COPY_PHYS_SYS_COH  1
#define NV_COPY_PHYS_SYS_NCOH 2

/* LAUNCH_DMA */
#define NV_COPY_LAUNCH_PIPELINED             1u
#define NV_COPY_LAUNCH_NON_PIPELINED         2u
#define NV_COPY_LAUNCH_TRANSFER(d)           ((d)&3)
#define NV_COPY_LAUNCH_FLUSH                 (1u << 2)
#define NV_COPY_LAUNCH_SEM(d)                ((d) >> 3 & 3)
#define NV_COPY_LAUNCH_SEM_ONE_WORD          (1u << 3)
#define NV_COPY_LAUNCH_SEM_FOUR_WORD         (2u << 3)
#define NV_COPY_LAUNCH_INTERRUPT(d)          ((d) >> 5 & 3)
#define NV_COPY_LAUNCH_INTERRUPT_NONBLOCKING (2u << 5)
#define NV_COPY_LAUNCH_SRC_PITCH             (1u << 7)
#define NV_COPY_LAUNCH_DST_PITCH             (1u << 8)
#define NV_COPY_LAUNCH_MULTI_LINE            (1u << 9)
#define NV_COPY_LAUNCH_REMAP                 (1u << 10)
#define NV_COPY_LAUNCH_SRC_PHYSICAL          (1u << 12)
#define NV_COPY_LAUNCH_DST_PHYSICAL          (1u << 13)
#define NV_COPY_LAUNCH_SEM_RED_OP(d)         ((d) >> 14 & 0xf)
#define NV_COPY_LAUNCH_SEM_RED_SIGNED        (1u << 18)
#define NV_COPY_LAUNCH_SEM_RED_ENABLE        (1u << 19)
/* One line, pitch to pitch, flushed: what Mesa sends. */
#define NV_COPY_LAUNCH_LINEAR                                                  \
   (NV_COPY_LAUNCH_NON_PIPELINED | NV_COPY_LAUNCH_FLUSH |                      \
    NV_COPY_LAUNCH_SRC_PITCH | NV_COPY_LAUNCH_DST_PITCH)

/* SET_REMAP_COMPONENTS: DST_X 2:0, DST_Y 6:4, DST_Z 10:8, DST_W 14:12, component
 * size - 1 in 17:16, source components - 1 in 21:20, destination's in 25:24. */
#define NV_COPY_REMAP_SRC_X    0
#define NV_COPY_REMAP_SRC_Y    1
#define NV_COPY_REMAP_SRC_Z    2
#define NV_COPY_REMAP_SRC_W    3
#define NV_COPY_REMAP_CONST_A  4
#define NV_COPY_REMAP_CONST_B  5
#define NV_COPY_REMAP_NO_WRITE 6
#define NV_COPY_REMAP(x, y, z, w, size_B, num_src, num_dst)                    \
   ((x) | (y) << 4 | (z) << 8 | (w) << 12 | ((size_B)-1) << 16 |               \
    ((num_src)-1) << 20 | ((num_dst)-1) << 24)

#endif
