/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the fields of an instruction can be: modifiers, conditions, sizes,
 * modes. Part of sass.h.  Source: isa.md 1.5, 2. */
#ifndef SASS_DEFS_H
#define SASS_DEFS_H

#define SASS_PACKED __attribute__((packed)) /* one byte an enum */

/* Comparisons and condition code tests share one numbering (isa.md 1.5).
 * Integer compares use F..GE and T.  "..U" is true if unordered; != is NEU. */
enum sass_cond {
   SASS_COND_F,
   SASS_COND_LT,
   SASS_COND_EQ,
   SASS_COND_LE,
   SASS_COND_GT,
   SASS_COND_NE,
   SASS_COND_GE,
   SASS_COND_NUM,
   SASS_COND_NAN,
   SASS_COND_LTU,
   SASS_COND_EQU,
   SASS_COND_LEU,
   SASS_COND_GTU,
   SASS_COND_NEU,
   SASS_COND_GEU,
   SASS_COND_T,
   /* condition code tests only (member ccode) */
   SASS_COND_OFF,
   SASS_COND_LO,
   SASS_COND_SFF,
   SASS_COND_LS,
   SASS_COND_HI,
   SASS_COND_SFT,
   SASS_COND_HS,
   SASS_COND_OFT,
   SASS_COND_CSM_TA,
   SASS_COND_CSM_TR,
   SASS_COND_CSM_MX,
   SASS_COND_FCSM_TA,
   SASS_COND_FCSM_TR,
   SASS_COND_FCSM_MX,
   SASS_COND_RLE,
   SASS_COND_RGT,
} SASS_PACKED;

enum sass_bool_op {
   SASS_AND,
   SASS_OR,
   SASS_XOR
} SASS_PACKED;
enum sass_lop {
   SASS_LOP_AND,
   SASS_LOP_OR,
   SASS_LOP_XOR,
   SASS_LOP_PASS_B
} SASS_PACKED;
/* What LOP and LOP3 write to pd. */
enum sass_pmode {
   SASS_PMODE_NONE,
   SASS_PMODE_T,
   SASS_PMODE_Z,
   SASS_PMODE_NZ
} SASS_PACKED;
/* FMZ: as FTZ, and 0 * anything = +0. */
enum sass_ftz {
   SASS_FTZ_NONE,
   SASS_FTZ,
   SASS_FMZ
} SASS_PACKED;
/* RM: to -inf, RP: to +inf.  F2I, and F2F with to_int, print them as ROUND
 * (nearest even), FLOOR, CEIL, TRUNC: the same order. */
enum sass_rnd {
   SASS_RN,
   SASS_RM,
   SASS_RP,
   SASS_RTZ
} SASS_PACKED;

/* Conversions, atomics, IDP, IMADSP.  Integers: log2(bytes) * 2 + signed. */
enum sass_type {
   SASS_U8,
   SASS_S8,
   SASS_U16,
   SASS_S16,
   SASS_U32,
   SASS_S32,
   SASS_U64,
   SASS_S64,
   SASS_F16 = 9,
   SASS_F32,
   SASS_F64,
   SASS_F16X2, /* atomics: two halves of a word */
   SASS_U24,
   SASS_S24,
   SASS_U16H1,
   SASS_S16H1, /* IMADSP */
   SASS_SD32,
   SASS_SD64, /* SUATOM, names unverified */
} SASS_PACKED;

/* Width of a memory access. U128: as 128, printed U.128. */
enum sass_size {
   SASS_SIZE_U8,
   SASS_SIZE_S8,
   SASS_SIZE_U16,
   SASS_SIZE_S16,
   SASS_SIZE_32,
   SASS_SIZE_64,
   SASS_SIZE_128,
   SASS_SIZE_U128,
} SASS_PACKED;

/* Cache operator: loads CA CG CI CV, stores WB CG CS WT; LDL has LU for CG. */
enum sass_cache {
   SASS_CACHE_CA = 0,
   SASS_CACHE_CG = 1,
   SASS_CACHE_CI = 2,
   SASS_CACHE_CV = 3,
   SASS_CACHE_WB = 0,
   SASS_CACHE_LU = 1,
   SASS_CACHE_CS = 2,
   SASS_CACHE_WT = 3,
} SASS_PACKED;

enum sass_atom_op {
   SASS_ATOM_ADD,
   SASS_ATOM_MIN,
   SASS_ATOM_MAX,
   SASS_ATOM_INC,
   SASS_ATOM_DEC,
   SASS_ATOM_AND,
   SASS_ATOM_OR,
   SASS_ATOM_XOR,
   SASS_ATOM_EXCH,
   SASS_ATOM_SAFEADD = 10,
} SASS_PACKED;

enum sass_mufu {
   SASS_MUFU_COS,
   SASS_MUFU_SIN,
   SASS_MUFU_EX2,
   SASS_MUFU_LG2,
   SASS_MUFU_RCP,
   SASS_MUFU_RSQ,
   SASS_MUFU_RCP64H,
   SASS_MUFU_RSQ64H,
   SASS_MUFU_SQRT,
} SASS_PACKED;

/* XMAD: what happens to operand C (isa.md 2.2). */
enum sass_cmode {
   SASS_CMODE_NONE,
   SASS_CLO,
   SASS_CHI,
   SASS_CSFU,
   SASS_CBCC
} SASS_PACKED;
/* IADD3: part of a register. */
enum sass_half {
   SASS_HALF_NONE,
   SASS_HALF_H0,
   SASS_HALF_H1
} SASS_PACKED;
enum sass_iadd3_mode {
   SASS_IADD3_NONE,
   SASS_IADD3_RS,
   SASS_IADD3_LS
} SASS_PACKED;
enum sass_mnmx_mode {
   SASS_MNMX_NONE,
   SASS_MNMX_XLO,
   SASS_MNMX_XMED,
   SASS_MNMX_XHI
} SASS_PACKED;
enum sass_shf_type {
   SASS_SHF_32,
   SASS_SHF_U64 = 2,
   SASS_SHF_S64 = 3
} SASS_PACKED;
enum sass_prmt_mode {
   SASS_PRMT_IDX,
   SASS_PRMT_F4E,
   SASS_PRMT_B4E,
   SASS_PRMT_RC8,
   SASS_PRMT_ECL,
   SASS_PRMT_ECR,
   SASS_PRMT_RC16,
} SASS_PACKED;
/* FMUL: the product times 1, 1/2, 1/4, 1/8, 8, 4, 2. */
enum sass_fscale {
   SASS_FSCALE_NONE,
   SASS_FSCALE_D2,
   SASS_FSCALE_D4,
   SASS_FSCALE_D8,
   SASS_FSCALE_M8,
   SASS_FSCALE_M4,
   SASS_FSCALE_M2,
} SASS_PACKED;
/* Half operand: both halves as they are, the register as one f32, one half
 * twice. */
enum sass_swz {
   SASS_SWZ_H1_H0,
   SASS_SWZ_F32,
   SASS_SWZ_H0_H0,
   SASS_SWZ_H1_H1
} SASS_PACKED;
/* Half result: two halves, one f32, only one half written. */
enum sass_merge {
   SASS_MERGE_NONE,
   SASS_MERGE_F32,
   SASS_MERGE_H0,
   SASS_MERGE_H1
} SASS_PACKED;
enum sass_vote {
   SASS_VOTE_ALL,
   SASS_VOTE_ANY,
   SASS_VOTE_EQ
} SASS_PACKED;
enum sass_shfl {
   SASS_SHFL_IDX,
   SASS_SHFL_UP,
   SASS_SHFL_DOWN,
   SASS_SHFL_BFLY
} SASS_PACKED;
enum sass_bar {
   SASS_BAR_SYNC,
   SASS_BAR_ARV,
   SASS_BAR_RED,
   SASS_BAR_SCAN
} SASS_PACKED;
enum sass_bar_red {
   SASS_BAR_RED_POPC,
   SASS_BAR_RED_AND,
   SASS_BAR_RED_OR
} SASS_PACKED;
enum sass_b2r {
   SASS_B2R_STATE,
   SASS_B2R_RESULT,
   SASS_B2R_WARP
} SASS_PACKED;
enum sass_membar {
   SASS_MEMBAR_CTA,
   SASS_MEMBAR_GL,
   SASS_MEMBAR_SYS,
   SASS_MEMBAR_VC
} SASS_PACKED;
enum sass_ivall {
   SASS_IVALL_NONE,
   SASS_IVALL_D,
   SASS_IVALL_T,
   SASS_IVALL_TD
} SASS_PACKED;
enum sass_ldc_mode {
   SASS_LDC_NONE,
   SASS_LDC_IL,
   SASS_LDC_IS,
   SASS_LDC_ISL
} SASS_PACKED;
enum sass_cctl {
   SASS_CCTL_QRY1,
   SASS_CCTL_PF1,
   SASS_CCTL_PF1_5,
   SASS_CCTL_PF2,
   SASS_CCTL_WB,
   SASS_CCTL_IV,
   SASS_CCTL_IVALL,
   SASS_CCTL_RS,
   SASS_CCTL_RSLB = 9,
} SASS_PACKED;
/* Modes other than TRAP are in Kepler's order [guess]. */
enum sass_bpt {
   SASS_BPT_DRAIN_ILLEGAL,
   SASS_BPT_CAL,
   SASS_BPT_PAUSE,
   SASS_BPT_TRAP,
   SASS_BPT_INT,
   SASS_BPT_DRAIN,
} SASS_PACKED;

/* Texture: dimension * 2 + array.  Surface dimensions have their own order. */
enum sass_tex_dim {
   SASS_TEX_1D,
   SASS_TEX_ARRAY_1D,
   SASS_TEX_2D,
   SASS_TEX_ARRAY_2D,
   SASS_TEX_3D,
   SASS_TEX_ARRAY_3D,
   SASS_TEX_CUBE,
   SASS_TEX_ARRAY_CUBE,
} SASS_PACKED;
enum sass_surf_dim {
   SASS_SURF_1D,
   SASS_SURF_1D_BUFFER,
   SASS_SURF_1D_ARRAY,
   SASS_SURF_2D,
   SASS_SURF_2D_ARRAY,
   SASS_SURF_3D,
} SASS_PACKED;
enum sass_clamp {
   SASS_CLAMP_IGN,
   SASS_CLAMP_DEFAULT,
   SASS_CLAMP_TRAP
} SASS_PACKED;
enum sass_lod {
   SASS_LOD_AUTO,
   SASS_LOD_LZ,
   SASS_LOD_LB,
   SASS_LOD_LL,
   SASS_LOD_LBA = 6,
   SASS_LOD_LLA,
} SASS_PACKED;
enum sass_txq {
   SASS_TXQ_DIMENSION = 1,
   SASS_TXQ_TYPE = 2,
   SASS_TXQ_SAMPLEPOS = 5,
   SASS_TXQ_FILTER = 0x10,
   SASS_TXQ_LOD = 0x12,
   SASS_TXQ_WRAP = 0x14,
   SASS_TXQ_BORDER = 0x16,
} SASS_PACKED;

/* Video instructions: part of the register, what becomes of two operands, and
 * of the result with c.  MRG_*: it replaces that half or byte of c. */
enum sass_vpart {
   SASS_VPART_W,
   SASS_VPART_B0,
   SASS_VPART_B1,
   SASS_VPART_B2,
   SASS_VPART_B3,
   SASS_VPART_H0,
   SASS_VPART_H1,
} SASS_PACKED;
enum sass_vadd {
   SASS_VADD,
   SASS_VADD_SUB,  /* a - b; VMAD: a * b - c */
   SASS_VADD_SUBR, /* b - a; VMAD: c - a * b */
   SASS_VADD_PO,   /* plus 1 */
} SASS_PACKED;
enum sass_vmode {
   SASS_VMODE_NONE,
   SASS_VMODE_MRG_16H,
   SASS_VMODE_MRG_16L,
   SASS_VMODE_MRG_8B0,
   SASS_VMODE_MRG_8B2,
   SASS_VMODE_ACC,
   SASS_VMODE_MIN,
   SASS_VMODE_MAX,
} SASS_PACKED;

/* Special registers of S2R and CS2R (isa.md 2.12). */
enum sass_sreg {
   SASS_SR_LANEID = 0x00,
   SASS_SR_CLOCK = 0x01,
   SASS_SR_VIRTCFG = 0x02,
   SASS_SR_VIRTID = 0x03,
   SASS_SR_TID = 0x20,
   SASS_SR_TID_X = 0x21,
   SASS_SR_TID_Y = 0x22,
   SASS_SR_TID_Z = 0x23,
   SASS_SR_CTAID_X = 0x25,
   SASS_SR_CTAID_Y = 0x26,
   SASS_SR_CTAID_Z = 0x27,
   SASS_SR_NTID = 0x28,
   SASS_SR_SWINLO = 0x30,
   SASS_SR_SWINSZ = 0x31,
   SASS_SR_SMEMSZ = 0x32,
   SASS_SR_LWINLO = 0x34,
   SASS_SR_LWINSZ = 0x35,
   SASS_SR_EQMASK = 0x38,
   SASS_SR_LTMASK = 0x39,
   SASS_SR_LEMASK = 0x3a,
   SASS_SR_GTMASK = 0x3b,
   SASS_SR_GEMASK = 0x3c,
   SASS_SR_CLOCKLO = 0x50,
   SASS_SR_CLOCKHI = 0x51,
   SASS_SR_GLOBALTIMERLO = 0x52,
   SASS_SR_GLOBALTIMERHI = 0x53,
} SASS_PACKED;

#endif
