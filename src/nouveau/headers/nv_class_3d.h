/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Methods of the 3D class (C097, C197) that need no rasteriser: the macro
 * engine, constant buffer updates, clears, predication; those that draw, by
 * number; and the copies of the 2D class (902D). Both 3D classes have
 * the same methods (clc097.h, cl902d.h; mesa.md §1.14, §1.16). */
#ifndef NV_CLASS_3D_H
#define NV_CLASS_3D_H

#include <stdint.h>

/* ---- macros: the front end expands a method into many ----
 * Instructions and start addresses are loaded through pointers that move on.
 * CALL_MACRO(j) starts macro j with its first parameter, CALL_DATA(j) has the
 * others. Macros read back methods and keep values in SHADOW_SCRATCH. */
#define NV_3D_LOAD_MME_INSTRUCTION_RAM_POINTER   0x0114
#define NV_3D_LOAD_MME_INSTRUCTION_RAM           0x0118
#define NV_3D_LOAD_MME_START_ADDRESS_RAM_POINTER 0x011c
#define NV_3D_LOAD_MME_START_ADDRESS_RAM         0x0120
#define NV_3D_SET_MME_SHADOW_RAM_CONTROL         0x0124
#define NV_3D_SET_MME_SHADOW_SCRATCH(i)          (0x3400 + (i)*4)
#define NV_3D_CALL_MME_MACRO(j)                  (0x3800 + (j)*8)
#define NV_3D_CALL_MME_DATA(j)                   (0x3804 + (j)*8)
#define NV_3D_MME_MACROS                         128
#define NV_3D_MME_INSTRUCTIONS                   2048 /* [guess] */

/* A macro's instruction. Every one but a branch makes a result; ASSIGN says
 * what becomes of it. The method address is a register of its own: dwords in
 * 11:0, in 17:12 what each SEND adds. EXIT ends after the next instruction,
 * unless this is a branch that is taken. */
#define NV_MME_OP(i)           ((i)&7)
#define NV_MME_OP_ALU          0 /* a op b */
#define NV_MME_OP_ADD_IMM      1 /* a + imm */
#define NV_MME_OP_INSERT       2 /* a, with a field of b */
#define NV_MME_OP_SHIFT_TO_IMM 3 /* field of b from a on, shifted left */
#define NV_MME_OP_SHIFT_TO_REG 4 /* field of b, shifted left by a */
#define NV_MME_OP_READ         5 /* method a + imm */
#define NV_MME_OP_BRANCH       7
#define NV_MME_ASSIGN(i)       ((i) >> 4 & 7)
#define NV_MME_EXIT            (1u << 7)
#define NV_MME_DST(i)          ((i) >> 8 & 7)
#define NV_MME_SRC_A(i)        ((i) >> 11 & 7)
#define NV_MME_SRC_B(i)        ((i) >> 14 & 7)
#define NV_MME_IMM(i)          ((int32_t)(i) >> 14) /* 18 bits, signed */
#define NV_MME_ALU(i)          ((i) >> 17 & 0x1f)
#define NV_MME_FIELD_FROM(i)   ((i) >> 17 & 0x1f)
#define NV_MME_FIELD_BITS(i)   ((i) >> 22 & 0x1f)
#define NV_MME_FIELD_TO(i)     ((i) >> 27 & 0x1f)
#define NV_MME_BRANCH_NONZERO  (1u << 4) /* else taken if a is zero */
#define NV_MME_BRANCH_ANNUL    (1u << 5) /* without the next instruction */
#define NV_MME_ADDRESS(m)      ((m)&0xfff)
#define NV_MME_ADDRESS_STEP(m) ((m) >> 12 & 0x3f)

enum nv_mme_alu {
   NV_MME_ALU_ADD = 0,
   NV_MME_ALU_ADD_CARRY = 1,
   NV_MME_ALU_SUB = 2,
   NV_MME_ALU_SUB_BORROW = 3,
   NV_MME_ALU_XOR = 8,
   NV_MME_ALU_OR = 9,
   NV_MME_ALU_AND = 10,
   NV_MME_ALU_AND_NOT = 11,
   NV_MME_ALU_NAND = 12,
};

enum nv_mme_assign {
   NV_MME_ASSIGN_FETCH,        /* dst = next parameter */
   NV_MME_ASSIGN_MOVE,         /* dst = result */
   NV_MME_ASSIGN_MOVE_METHOD,  /* dst = method address = result */
   NV_MME_ASSIGN_FETCH_SEND,   /* dst = next parameter; send result */
   NV_MME_ASSIGN_MOVE_SEND,    /* dst = result, sent */
   NV_MME_ASSIGN_FETCH_METHOD, /* dst = next parameter; method = result */
   NV_MME_ASSIGN_METHOD_FETCH, /* MOVE_METHOD; send next parameter */
   NV_MME_ASSIGN_METHOD_SEND,  /* MOVE_METHOD; send the step */
};

/* ---- constant buffers: words go to memory at an offset that moves on ---- */
#define NV_3D_SET_CONSTANT_BUFFER_SELECTOR_A 0x2380 /* bytes */
#define NV_3D_SET_CONSTANT_BUFFER_SELECTOR_B 0x2384 /* address, hi */
#define NV_3D_SET_CONSTANT_BUFFER_SELECTOR_C 0x2388
#define NV_3D_LOAD_CONSTANT_BUFFER_OFFSET    0x238c
#define NV_3D_LOAD_CONSTANT_BUFFER(i)        (0x2390 + (i)*4) /* 16 of them */

/* ---- predication: of clears and draws ---- */
#define NV_3D_SET_RENDER_ENABLE_A 0x1550 /* address, hi */
#define NV_3D_SET_RENDER_ENABLE_B 0x1554
#define NV_3D_SET_RENDER_ENABLE_C 0x1558 /* mode */

enum nv_3d_render_enable {
   NV_3D_RENDER_NEVER,
   NV_3D_RENDER_ALWAYS,
   NV_3D_RENDER_IF_NONZERO, /* the value of a report */
   NV_3D_RENDER_IF_EQUAL,   /* of two reports, 16 bytes apart */
   NV_3D_RENDER_IF_NOT_EQUAL,
};

/* ---- reports: SET_REPORT_SEMAPHORE_D with REPORT_ONLY ---- */
#define NV_3D_REPORT(d)            ((d) >> 23 & 0x1f)
#define NV_3D_REPORT_NONE          0               /* payload and time */
#define NV_3D_REPORT_ZPASS         2               /* payload, 32 bits, time */
#define NV_3D_REPORT_COMPARE_GE(d) ((d) >> 16 & 1) /* ACQUIRE; else equal */

/* ---- clears ---- */
#define NV_3D_SET_COLOR_TARGET_A(i) (0x0800 + (i)*0x40) /* address, hi */
#define NV_3D_SET_COLOR_TARGET_B(i) (0x0804 + (i)*0x40)
#define NV_3D_SET_COLOR_TARGET_WIDTH(i)                                        \
   (0x0808 + (i)*0x40) /* or pitch: bytes */
#define NV_3D_SET_COLOR_TARGET_HEIGHT(i) (0x080c + (i)*0x40)
#define NV_3D_SET_COLOR_TARGET_FORMAT(i) (0x0810 + (i)*0x40)
#define NV_3D_SET_COLOR_TARGET_MEMORY(i) (0x0814 + (i)*0x40)
#define NV_3D_SET_COLOR_TARGET_DEPTH(i)  (0x0818 + (i)*0x40)
#define NV_3D_SET_COLOR_TARGET_STRIDE(i)                                       \
   (0x081c + (i)*0x40) /* of layers: dwords */
#define NV_3D_SET_COLOR_TARGET_LAYER(i) (0x0820 + (i)*0x40)
/* SET_COLOR_TARGET_MEMORY: log2 of a block's GOBs */
#define NV_3D_COLOR_TARGET_BLOCK_W(m)   ((m)&0xf)
#define NV_3D_COLOR_TARGET_BLOCK_H(m)   ((m) >> 4 & 0xf)
#define NV_3D_COLOR_TARGET_BLOCK_D(m)   ((m) >> 8 & 0xf)
#define NV_3D_COLOR_TARGET_PITCH        (1u << 12) /* else block linear */
#define NV_3D_COLOR_TARGET_IS_3D        (1u << 16) /* else an array */
#define NV_3D_SET_CLEAR_RECT_HORIZONTAL 0x0d6c     /* 15:0 first, 31:16 end */
#define NV_3D_SET_CLEAR_RECT_VERTICAL   0x0d70
#define NV_3D_SET_COLOR_CLEAR_VALUE(c)  (0x0d80 + (c)*4)
#define NV_3D_SET_Z_CLEAR_VALUE         0x0d90 /* float */
#define NV_3D_SET_STENCIL_CLEAR_VALUE   0x0da0
#define NV_3D_SET_SCISSOR_ENABLE(j)     (0x0e00 + (j)*16)
#define NV_3D_SET_SCISSOR_HORIZONTAL(j) (0x0e04 + (j)*16) /* first, end */
#define NV_3D_SET_SCISSOR_VERTICAL(j)   (0x0e08 + (j)*16)
/* The depth and stencil target; block linear. */
#define NV_3D_SET_ZT_A                    0x0fe0 /* address, hi */
#define NV_3D_SET_ZT_B                    0x0fe4
#define NV_3D_SET_ZT_FORMAT               0x0fe8
#define NV_3D_SET_ZT_BLOCK_SIZE           0x0fec /* as SET_COLOR_TARGET_MEMORY 11:0 */
#define NV_3D_SET_ZT_ARRAY_PITCH          0x0ff0 /* of layers: dwords */
#define NV_3D_SET_ZT_SIZE_A               0x1228 /* width */
#define NV_3D_SET_ZT_SIZE_B               0x122c /* height */
#define NV_3D_SET_ZT_SELECT               0x1538 /* 1: there is one */
#define NV_3D_SET_ZT_LAYER                0x179c
#define NV_3D_SET_STENCIL_MASK            0x139c /* of the front */
#define NV_3D_SET_SURFACE_CLIP_HORIZONTAL 0x0ff4 /* 15:0 first, 31:16 size */
#define NV_3D_SET_SURFACE_CLIP_VERTICAL   0x0ff8
#define NV_3D_SET_CLEAR_SURFACE_CONTROL   0x10f8
#define NV_3D_CLEAR_USE_STENCIL_MASK      (1u << 0)
#define NV_3D_CLEAR_USE_RECT              (1u << 4)
#define NV_3D_CLEAR_USE_SCISSOR0          (1u << 8)
/* How many targets in 3:0; the target that output i goes to in 3 bits each. */
#define NV_3D_SET_CT_SELECT          0x121c
#define NV_3D_CT_SELECT_TARGET(d, i) ((d) >> (4 + 3 * (i)) & 7)
/* Samples of a pixel lie side by side: targets are as much larger, clips and
 * scissors are of pixels. The modes: 1x1, 2x1, 2x2, 4x2, and the latter two of
 * Direct3D 4x2, 2x1; 4x4. */
#define NV_3D_SET_ANTI_ALIAS 0x15d0
#define NV_3D_SAMPLES_LOG2_X(mode)                                             \
   ((const uint8_t[16]){0, 1, 1, 2, 2, 1, 2, 0, 1, 1, 2, 2}[(mode)&15])
#define NV_3D_SAMPLES_LOG2_Y(mode)                                             \
   ((const uint8_t[16]){0, 0, 1, 1, 1, 0, 2, 0, 1, 1, 1, 1}[(mode)&15])
#define NV_3D_CLEAR_SURFACE   0x19d0
#define NV_3D_CLEAR_Z         (1u << 0)
#define NV_3D_CLEAR_STENCIL   (1u << 1)
#define NV_3D_CLEAR_COLOR(d)  ((d) >> 2 & 0xf) /* bit 0: red */
#define NV_3D_CLEAR_OUTPUT(d) ((d) >> 6 & 0xf)
#define NV_3D_CLEAR_LAYER(d)  ((d) >> 10 & 0xffff)

/* Color target formats: components from the highest bits to the lowest where
 * they are parts of one word (A8B8G8R8), else from the first on. No letter
 * after the component: unsigned normalised; L: sRGB; N: signed normalised. */
#define NV_3D_FORMAT_RF32_GF32_BF32_AF32 0xc0
#define NV_3D_FORMAT_RS32_GS32_BS32_AS32 0xc1
#define NV_3D_FORMAT_RU32_GU32_BU32_AU32 0xc2
#define NV_3D_FORMAT_RF32_GF32_BF32_X32  0xc3
#define NV_3D_FORMAT_RS32_GS32_BS32_X32  0xc4
#define NV_3D_FORMAT_RU32_GU32_BU32_X32  0xc5
#define NV_3D_FORMAT_R16_G16_B16_A16     0xc6
#define NV_3D_FORMAT_RN16_GN16_BN16_AN16 0xc7
#define NV_3D_FORMAT_RS16_GS16_BS16_AS16 0xc8
#define NV_3D_FORMAT_RU16_GU16_BU16_AU16 0xc9
#define NV_3D_FORMAT_RF16_GF16_BF16_AF16 0xca
#define NV_3D_FORMAT_RF32_GF32           0xcb
#define NV_3D_FORMAT_RS32_GS32           0xcc
#define NV_3D_FORMAT_RU32_GU32           0xcd
#define NV_3D_FORMAT_RF16_GF16_BF16_X16  0xce
#define NV_3D_FORMAT_A8R8G8B8            0xcf
#define NV_3D_FORMAT_A8RL8GL8BL8         0xd0
#define NV_3D_FORMAT_A2B10G10R10         0xd1
#define NV_3D_FORMAT_AU2BU10GU10RU10     0xd2
#define NV_3D_FORMAT_A8B8G8R8            0xd5
#define NV_3D_FORMAT_A8BL8GL8RL8         0xd6
#define NV_3D_FORMAT_AN8BN8GN8RN8        0xd7
#define NV_3D_FORMAT_AS8BS8GS8RS8        0xd8
#define NV_3D_FORMAT_AU8BU8GU8RU8        0xd9
#define NV_3D_FORMAT_R16_G16             0xda
#define NV_3D_FORMAT_RN16_GN16           0xdb
#define NV_3D_FORMAT_RS16_GS16           0xdc
#define NV_3D_FORMAT_RU16_GU16           0xdd
#define NV_3D_FORMAT_RF16_GF16           0xde
#define NV_3D_FORMAT_A2R10G10B10         0xdf
#define NV_3D_FORMAT_BF10GF11RF11        0xe0
#define NV_3D_FORMAT_RS32                0xe3
#define NV_3D_FORMAT_RU32                0xe4
#define NV_3D_FORMAT_RF32                0xe5
#define NV_3D_FORMAT_X8R8G8B8            0xe6
#define NV_3D_FORMAT_R5G6B5              0xe8
#define NV_3D_FORMAT_A1R5G5B5            0xe9
#define NV_3D_FORMAT_G8R8                0xea
#define NV_3D_FORMAT_GN8RN8              0xeb
#define NV_3D_FORMAT_GS8RS8              0xec
#define NV_3D_FORMAT_GU8RU8              0xed
#define NV_3D_FORMAT_R16                 0xee
#define NV_3D_FORMAT_RN16                0xef
#define NV_3D_FORMAT_RS16                0xf0
#define NV_3D_FORMAT_RU16                0xf1
#define NV_3D_FORMAT_RF16                0xf2
#define NV_3D_FORMAT_R8                  0xf3
#define NV_3D_FORMAT_RN8                 0xf4
#define NV_3D_FORMAT_RS8                 0xf5
#define NV_3D_FORMAT_RU8                 0xf6
#define NV_3D_FORMAT_A8                  0xf7
#define NV_3D_FORMAT_X8B8G8R8            0xf9

/* Depth and stencil formats, from the highest bits to the lowest. */
#define NV_3D_ZT_FORMAT_ZF32       0x0a
#define NV_3D_ZT_FORMAT_Z16        0x13
#define NV_3D_ZT_FORMAT_Z24S8      0x14
#define NV_3D_ZT_FORMAT_X8Z24      0x15
#define NV_3D_ZT_FORMAT_S8Z24      0x16
#define NV_3D_ZT_FORMAT_S8         0x17
#define NV_3D_ZT_FORMAT_ZF32_X24S8 0x19 /* two words, depth first */

/* ---- what draws ---- */
#define NV_3D_DRAW_ZERO_INDEX   0x0304
#define NV_3D_BEGIN             0x1618
#define NV_3D_DRAW_INDEX_BUFFER 0x17e0
#define NV_3D_DRAW_AUTO         0x123c
/* Begin, end and instances in one; for indices up to 0x17f8. */
#define NV_3D_DRAW_VERTEX_FIRST      0x1214
#define NV_3D_DRAW_VERTEX_SUBSEQUENT 0x1218
#define NV_3D_DRAW_INDEX_BUFFER_LAST 0x17f8

/* ---- 2D (cl902d.h): two surfaces, each with these after its FORMAT ---- */
#define NV_2D_SET_DST_FORMAT 0x0200 /* NV_3D_FORMAT_* */
#define NV_2D_SET_SRC_FORMAT 0x0230
#define NV_2D_MEMORY_LAYOUT  0x04 /* 1: pitch */
#define NV_2D_BLOCK_SIZE     0x08 /* log2 of GOBs: height 6:4, depth 10:8 */
#define NV_2D_DEPTH          0x0c
#define NV_2D_LAYER          0x10
#define NV_2D_PITCH          0x14
#define NV_2D_WIDTH          0x18
#define NV_2D_HEIGHT         0x1c
#define NV_2D_OFFSET_UPPER   0x20
#define NV_2D_OFFSET_LOWER   0x24
#define NV_2D_MAX_EDGE       0x20000u /* more than any surface has */

#define NV_2D_SET_CLIP_X0       0x0280
#define NV_2D_SET_CLIP_Y0       0x0284
#define NV_2D_SET_CLIP_WIDTH    0x0288
#define NV_2D_SET_CLIP_HEIGHT   0x028c
#define NV_2D_SET_CLIP_ENABLE   0x0290
#define NV_2D_SET_OPERATION     0x02ac
#define NV_2D_OPERATION_SRCCOPY 3
#define NV_2D_SAMPLE_MODE       0x088c
#define NV_2D_SAMPLE_CORNER     (1u << 0) /* else from pixels' centers */
#define NV_2D_SAMPLE_BILINEAR   (1u << 4)
#define NV_2D_DST_X0            0x08b0
#define NV_2D_DST_Y0            0x08b4
#define NV_2D_DST_WIDTH         0x08b8
#define NV_2D_DST_HEIGHT        0x08bc
/* Fraction, then integer, of 32 bits each. */
#define NV_2D_DU_DX_FRAC  0x08c0
#define NV_2D_DV_DY_FRAC  0x08c8
#define NV_2D_SRC_X0_FRAC 0x08d0
#define NV_2D_SRC_Y0_FRAC 0x08d8
/* What starts each operation. */
#define NV_2D_SOLID_PRIM_FIRST   0x0600 /* points of lines and rectangles */
#define NV_2D_SOLID_PRIM_LAST    0x07fc
#define NV_2D_PIXELS_FROM_CPU    0x0860
#define NV_2D_PIXELS_FROM_MEMORY 0x08dc

#endif
