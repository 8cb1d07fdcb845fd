/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The functions by which our OpenCL C library (lib/) reaches the hardware, and
 * the only calls to undefined functions that remain in clc's bitcode (besides
 * LLVM intrinsics, see docs/compiler.md). nvir_from_llvm lowers each
 * by name.
 *
 * Three attribute classes tell LLVM what it may do with a call:
 *
 * - PURE: no memory; may be merged, moved and speculated
 * - CROSS: reads other lanes or the active mask; convergent, no memory
 * - EFFECT: orders memory or threads; convergent, reads and writes any memory
 *
 * `c0` offsets are NVIR_C0_* of nvir.h plus the argument block; they are nearly
 * always constants, but LLVM may merge two calls into one with a run-time
 * offset (always naturally aligned): that is an LDC.
 *
 * `c` of a shuffle is SHFL's operand: bits 0-4 clamp, 8-12 segment mask
 * (isa.md §3.6); full warp: 0x1f for idx, down and bfly, 0 for up. An
 * out-of-range source lane gives the own value.
 *
 * This header is read as C by the compiler and as OpenCL C by the library. */
#ifndef CLC_INTRINSICS_H
#define CLC_INTRINSICS_H

/* X(result, name, parameters, class) */
#define CLC_INTRINSICS(X)                                                      \
   /* S2R SR_TID.*, SR_CTAID.*, SR_LANEID */                                   \
   X(uint, __nvir_tid_x, (void), PURE)                                         \
   X(uint, __nvir_tid_y, (void), PURE)                                         \
   X(uint, __nvir_tid_z, (void), PURE)                                         \
   X(uint, __nvir_ctaid_x, (void), PURE)                                       \
   X(uint, __nvir_ctaid_y, (void), PURE)                                       \
   X(uint, __nvir_ctaid_z, (void), PURE)                                       \
   X(uint, __nvir_laneid, (void), PURE)                                        \
   /* constant bank 0 at a byte offset */                                      \
   X(uchar, __nvir_c0_u8, (uint offset_B), PURE)                               \
   X(ushort, __nvir_c0_u16, (uint offset_B), PURE)                             \
   X(uint, __nvir_c0_u32, (uint offset_B), PURE)                               \
   X(ulong, __nvir_c0_u64, (uint offset_B), PURE)                              \
   /* MUFU; sin and cos take radians (RRO included), ex2 a plain exponent */   \
   X(float, __nvir_mufu_rcp, (float x), PURE)                                  \
   X(float, __nvir_mufu_rsq, (float x), PURE)                                  \
   X(float, __nvir_mufu_sqrt, (float x), PURE)                                 \
   X(float, __nvir_mufu_ex2, (float x), PURE)                                  \
   X(float, __nvir_mufu_lg2, (float x), PURE)                                  \
   X(float, __nvir_mufu_sin, (float x), PURE)                                  \
   X(float, __nvir_mufu_cos, (float x), PURE)                                  \
   /* IDP.4A, or what it does in several instructions: the sum of the products \
    * of a's and b's bytes, each signed or not */                              \
   X(uint, __nvir_idp4a_uu, (uint a, uint b), PURE)                            \
   X(uint, __nvir_idp4a_us, (uint a, uint b), PURE)                            \
   X(uint, __nvir_idp4a_su, (uint a, uint b), PURE)                            \
   X(uint, __nvir_idp4a_ss, (uint a, uint b), PURE)                            \
   /* SHFL and VOTE (ballot of the active lanes) */                            \
   X(uint, __nvir_shfl_idx, (uint v, uint lane, uint c), CROSS)                \
   X(uint, __nvir_shfl_up, (uint v, uint delta, uint c), CROSS)                \
   X(uint, __nvir_shfl_down, (uint v, uint delta, uint c), CROSS)              \
   X(uint, __nvir_shfl_bfly, (uint v, uint lane_xor, uint c), CROSS)           \
   X(uint, __nvir_vote_ballot, (bool v), CROSS)                                \
   /* BAR.SYNC 0 by the whole CTA; fences are separate calls */                \
   X(void, __nvir_barrier, (void), EFFECT)                                     \
   /* MEMBAR, which also makes later loads see what others released before     \
    * (drops or bypasses stale L1 lines for GL and SYS) */                     \
   X(void, __nvir_membar_cta, (void), EFFECT)                                  \
   X(void, __nvir_membar_gl, (void), EFFECT)                                   \
   X(void, __nvir_membar_sys, (void), EFFECT)                                  \
   /* SR_CLOCK, 64 bits */                                                     \
   X(ulong, __nvir_clock, (void), EFFECT)

/* Function metadata on kernels, so that no one computes a layout twice:
 *   !partage_arg_offset !{i32, ...}  byte offset of each argument in the
 * argument block (c[0][NVIR_C0_ARGS + offset]) !partage_args_size !{i32} size
 * of the argument block Struct arguments (`ptr byval`) have no uses left: their
 * words are read with
 * __nvir_c0_*. Scalars, vectors and pointers stay LLVM arguments. */
#define CLC_MD_ARG_OFFSET "partage_arg_offset"
#define CLC_MD_ARGS_SIZE  "partage_args_size"

#ifdef __OPENCL_C_VERSION__
#define CLC_DECLARE(result, name, params, cls) result name params;
CLC_INTRINSICS(CLC_DECLARE)
#undef CLC_DECLARE
#endif

#endif
