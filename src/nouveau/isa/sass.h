/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* SASS, the instruction set of Maxwell and Pascal (sm_50 .. sm_62): one
 * decoded form of an instruction and the ways in and out of it.
 *
 *    64-bit word  <- sass_encode / sass_decode ->  struct sass_instr
 *    text         <- sass_parse  / sass_print  ->  struct sass_instr
 *
 * The bit positions, names and operand lists stand in sass.isa; sass_gen.py
 * turns them into the tables behind this header.  Meaning (what an instruction
 * does to a lane) is in sass_sem.h.
 *
 * Everything here is a pure function without state: any thread, no locks.
 * Source: isa.md, sections named below. */
#ifndef SASS_H
#define SASS_H

#include <stdbool.h>
#include <stdint.h>

/* Values of the members of struct sass_instr. */
#include "nouveau/isa/sass_defs.h"
/* Generated from sass.isa: enum sass_op (SASS_OP_IADD, ...), SASS_OP_COUNT. */
#include "nouveau/isa/sass_ops.h"

#ifdef __cplusplus
extern "C" {
#endif

struct util_buf;

#define SASS_RZ           255 /* reads 0, writes are dropped */
#define SASS_PT           7   /* reads true, writes are dropped */
#define SASS_WORD_B       8   /* bytes of one instruction or control word */
#define SASS_BUNDLE_B     32  /* control word and three instructions */
#define SASS_BUNDLE_SLOTS 3

/* How the operands are given (isa.md 1.4).  An op with one form has R, except
 * the ...32I ops and jumps with an immediate target (I) and LDC (C). */
enum sass_form {
   SASS_FORM_R,  /* B = rb, C = rc */
   SASS_FORM_C,  /* B = c[cb_bank][cb_off], C = rc; jumps: target from c[][] */
   SASS_FORM_I,  /* B = imm, C = rc; textures, surfaces: handle = tex_idx */
   SASS_FORM_RC, /* B = rb, where R has rc; C = c[cb_bank][cb_off] */
   SASS_FORM_RI, /* SHFL: lane rb, mask imm2.  BAR: id ra, count imm2 */
   SASS_FORM_IR, /* SHFL: lane imm, mask rc.   BAR: id imm, count rb */
   SASS_FORM_II, /* both immediate: imm and imm2 */
   SASS_FORM_COUNT,
} SASS_PACKED;

/* A decoded instruction.  Members mean the same for every op that has them
 * (sass.isa lists which); the others keep sass_instr_init's default, which is
 * 0 except registers (RZ), predicates (PT), ccode (T), lane_mask and tmask
 * (0xf) and clamp (default). */
struct sass_instr {
   enum sass_op op;
   enum sass_form form;

   /* Runs if P[guard] != guard_not. */
   uint8_t guard;
   bool guard_not;

   /* Stores, RED and SUST read rd.  The 32I multiply-adds and the half merges
    * read and write it. */
   uint8_t rd, ra, rb, rc;
   uint8_t rd2;        /* TEXS, TLDS, TLD4S: second destination */
   uint8_t pd, pd2;    /* destination predicates */
   uint8_t pa, pb, pc; /* source predicates; SEL, *MNMX, *SET* use pc */
   bool pa_not, pb_not, pc_not;

   uint8_t cb_bank; /* c[bank][off], unit of cb_off: bytes, multiple of 4 */
   int32_t cb_off;
   /* Integer ops: the value, sign extended.  f32: the float's 32 bits.  f64:
    * the high word, low word 0.  f16x2: high half << 16 | low half.
    * XMAD: 16 bits. SHF: 0..63. SHFL: lane. BAR: id. DEPBAR: count. */
   int32_t imm;
   int32_t imm2;   /* SHFL: mask, clamp.  BAR: thread count, 0 = whole CTA */
   int32_t off;    /* bytes, memory: address = ra + off; LDC: c[bank][ra+off] */
   int32_t target; /* jumps, bytes: relative to this instruction + 8, except
                    * JMP, JCAL (from the code base), JMX (from ra) */

   bool neg_a, neg_b, neg_c, abs_a, abs_b;
   bool not_a, not_b; /* ~ of logic ops, POPC, FLO */
   bool po;           /* a + b + 1 */
   bool cc;           /* writes the condition code */
   bool x;            /* reads the carry */
   bool sat;
   enum sass_ftz ftz;
   enum sass_rnd rnd;
   bool to_int; /* F2F: round to an integral value */

   enum sass_cond cond;        /* comparison */
   enum sass_cond ccode;       /* condition code test, T = none */
   enum sass_bool_op bool_op;  /* result with pc */
   enum sass_bool_op bool_op0; /* PSET, PSETP: pa with pb */
   bool bf;                    /* *SET: true is 1.0f instead of -1 */
   bool is_signed; /* ISETP ISET ICMP IMNMX SHR BFE FLO; 0 = unsigned */
   bool signed_a, signed_b; /* IMUL IMAD XMAD IDP */

   enum sass_type dtype, stype; /* conversions: destination, source */
   enum sass_type type;         /* atomics */
   uint8_t width_c; /* IMADSP: a = stype, b = type; c: 32, 24, 16 bits, SD */
   enum sass_size size;
   enum sass_cache cache;
   bool e; /* 64-bit address in ra, ra+1 */
   enum sass_atom_op atom_op;
   bool wide; /* *.CAS: 64-bit */

   enum sass_lop lop;
   enum sass_pmode pmode;
   uint8_t lut;     /* LOP3: index bits A = 0xf0, B = 0xcc, C = 0xaa */
   uint8_t shift;   /* LEA, LEA.HI, ISCADD: 0..31 */
   bool w;          /* .W: shift count modulo the width */
   bool hi;         /* .HI of SHF.R, IMUL, IMAD, IDP.2A */
   bool brev, sh;   /* .BREV, .SH (FLO) */
   bool h1_a, h1_b; /* XMAD: high halves; F2F: source .H1 (h1_b) */
   bool psl, mrg;
   enum sass_cmode cmode;
   enum sass_half half_a, half_b, half_c;
   enum sass_iadd3_mode iadd3_mode;
   enum sass_mnmx_mode mnmx_mode;
   enum sass_shf_type shf_type;
   enum sass_prmt_mode prmt_mode;
   uint8_t byte_sel;  /* I2F, I2I: first byte of the source; P2R, R2P: byte */
   uint8_t lane_mask; /* MOV, MOV32I: of a quad */
   bool use_cc;       /* P2R, R2P: the condition code instead of P0..P6 */
   bool dp2a;         /* IDP: .2A instead of .4A */

   enum sass_mufu mufu;
   bool rro_ex2; /* RRO.EX2 instead of RRO.SINCOS */
   enum sass_fscale fscale;
   uint8_t swizzle; /* FSWZADD: 2 bits a lane of the quad */
   bool ndv;        /* FSWZADD, textures */
   enum sass_swz swz_a, swz_b, swz_c;
   enum sass_merge merge;
   bool h_and; /* HSETP2: pd = both halves */

   enum sass_vote vote;
   enum sass_sreg sreg;
   enum sass_shfl shfl;
   enum sass_bar bar;
   enum sass_bar_red bar_red;
   enum sass_b2r b2r;
   uint8_t sb;      /* DEPBAR.LE: scoreboard */
   uint8_t sb_mask; /* DEPBAR: scoreboards to drain */
   bool le;         /* DEPBAR.LE */
   enum sass_membar membar;
   enum sass_ivall ivall;
   enum sass_ldc_mode ldc_mode;
   enum sass_cctl cctl;
   bool u;     /* LDS.U; BRA.U, JMP.U: uniform */
   bool lmt;   /* jumps */
   bool noinc; /* CAL JCAL PRET: does not count as a call */
   enum sass_bpt bpt;

   enum sass_tex_dim tex_dim;
   enum sass_lod lod;
   uint8_t tmask;    /* components */
   uint16_t tex_idx; /* bound forms: slot in the texture constant buffer */
   uint8_t tld4_comp, tld4_off;
   bool aoffi, dc, ms, cl, nodep;
   enum sass_txq txq;
   uint8_t texs; /* TEXS, TLDS, TLD4S: raw mode bits */
   enum sass_surf_dim surf_dim;
   enum sass_clamp clamp;
   bool raw, ba; /* SULD, SUST: .D (size) or .P (tmask); byte address */

   /* Video: a, b are parts of registers; b may be imm, 16 bits. */
   enum sass_vpart vpart_a, vpart_b;
   enum sass_vadd vadd;   /* VADD, VMAD */
   enum sass_vmode vmode; /* what is done with operand c */
   bool ud;               /* result is unsigned: limits of .SAT, .MIN, .MAX */
   bool mx;               /* VMNMX: maximum */
   uint8_t vshr;          /* VMAD: 1 the sum is shifted right by 7, 2 by 15 */
   /* VABSDIFF4: bytes that are written, sum of the differences instead,
    * SASS_VSEL_*: which bytes of b:a are a's and b's four. */
   uint8_t vmask, vacc, vsel_a, vsel_b;

   /* Graphics: IPA, VOTE.VTG, ISBERD, OUT, PIXLD by sass.isa. */
   uint8_t gfx_mode, ipa_sample, attr_size;
   bool attr_o, attr_p, skew, wait, idx;
};

/* Where and why an operation failed.  `column`: 1-based place in the text
 * (sass_parse only). */
struct sass_error {
   unsigned column;
   char msg[120];
};

/* Defaults of every member for `op` in `form`.  The pair must exist. */
void sass_instr_init(struct sass_instr *i, enum sass_op op,
                     enum sass_form form);
bool sass_op_has_form(enum sass_op op, enum sass_form form);
enum sass_form sass_op_first_form(enum sass_op op);

/* 0, or -EINVAL: the pair of op and form does not exist, a member does not fit
 * its field (range, alignment) or a register vector is misaligned or runs past
 * R254.  `err` may be NULL. */
int sass_encode(const struct sass_instr *i, uint64_t *word_out,
                struct sass_error *err);
/* 0, or -EILSEQ: no such opcode, or a field has an undefined value.  Bits that
 * no field covers are ignored, as by the hardware; sass_word_mask has the bits
 * that count.  Misaligned registers decode: executing them is a warp error. */
int sass_decode(uint64_t word, struct sass_instr *i_out);
uint64_t sass_word_mask(const struct sass_instr *i);
/* 0 or -EINVAL: alignment and range of the registers (isa.md 1.3). */
int sass_check_regs(const struct sass_instr *i, struct sass_error *err);

/* nvdisasm's spelling without the `;`.  `pc`: byte offset of the instruction
 * from the code base; targets of relative jumps are printed absolute. */
void sass_print(const struct sass_instr *i, uint64_t pc, struct util_buf *out);
/* One instruction, what sass_print gives; a `;` at the end may stand.  0 or
 * -EINVAL.  `err` may be NULL. */
int sass_parse(const char *text, uint64_t pc, struct sass_instr *i_out,
               struct sass_error *err);

/* --- What an op is (isa.md 5.1) --- */

enum sass_class {
   SASS_CLASS_FULL,    /* fixed latency 6, full rate */
   SASS_CLASS_HALF,    /* fixed latency 6, half rate */
   SASS_CLASS_COMPARE, /* fixed: predicate after 13, register after 6; half rate
                        */
   SASS_CLASS_HALF2,   /* fixed: f16x2, 13, predicate 14 */
   SASS_CLASS_DOUBLE,  /* scoreboard from here on */
   SASS_CLASS_QUARTER, /* MUFU, conversions, FLO, POPC */
   SASS_CLASS_LEGACY,  /* IMUL, IMAD, video */
   SASS_CLASS_LOAD,
   SASS_CLASS_STORE,
   SASS_CLASS_ATOMIC,
   SASS_CLASS_TEX,     /* textures, surfaces */
   SASS_CLASS_MISC,    /* S2R, CS2R, B2R, SHFL, ... */
   SASS_CLASS_CONTROL, /* jumps, BAR, MEMBAR, CCTL, DEPBAR: no result */
} SASS_PACKED;

struct sass_op_info {
   const char *name; /* mnemonic without modifiers */
   enum sass_class class_;
   bool has_guard; /* else the guard is ignored */
   bool is_jump;   /* has `target`: the next instruction may be elsewhere,
                    * now or (SSY PBK PCNT PRET) later */
   bool ends_path; /* EXIT RET BRK CONT SYNC KIL ... leave by the stack */
};
const struct sass_op_info *sass_op_info(enum sass_op op);

/* Result needs a scoreboard (write barrier) instead of a stall count. */
bool sass_is_variable(enum sass_op op);
/* Cycles from issue until a fixed-latency result may be used: by an ALU
 * operand (GPR, CC), or as guard, branch condition or predicate source. */
unsigned sass_gpr_latency(enum sass_op op);
unsigned sass_pred_latency(enum sass_op op);

/* --- What an instruction reads and writes --- */

enum sass_file {
   SASS_FILE_GPR,
   SASS_FILE_PRED,
   SASS_FILE_CC
} SASS_PACKED;
/* Place in the word, for the reuse cache and banks. */
enum sass_slot {
   SASS_SLOT_A,
   SASS_SLOT_B,
   SASS_SLOT_C,
   SASS_SLOT_D,
   SASS_SLOT_NONE
} SASS_PACKED;

struct sass_operand {
   enum sass_file file;
   enum sass_slot slot;
   uint8_t reg;   /* first register; CC: 0 */
   uint8_t count; /* consecutive registers, >= 1 */
   uint8_t align; /* of reg, in registers */
   bool write;
};

#define SASS_OPERANDS_MAX 16
struct sass_operands {
   unsigned count;
   struct sass_operand v[SASS_OPERANDS_MAX];
};
/* All registers, predicates and CC that `i` reads (first) and writes, the
 * guard among them; RZ and PT left out.  A write under a guard, of a half, or
 * by R2P may keep old contents. */
void sass_operands(const struct sass_instr *i, struct sass_operands *out);

/* What the raw mode bits of TEXS, TLDS and TLD4S mean. */
struct sass_texs {
   enum sass_tex_dim dim;
   enum sass_lod lod;
   bool dc, aoffi, ms;
   bool f16;      /* results are pairs of halves */
   uint8_t tmask; /* components, in this order over both destinations */
   uint8_t comp;  /* TLD4S */
   /* Registers: array index, coordinates, lod or sample, offsets and depth
    * reference fill ra, then rb. */
   uint8_t a_count, b_count, d_count, d2_count;
};
/* False: the bits are not defined. */
bool sass_texs_decode(const struct sass_instr *i, struct sass_texs *out);

/* Bytes of a memory access: 1, 2, 4, 8, 16. */
unsigned sass_size_B(enum sass_size size);
unsigned sass_type_B(enum sass_type type);

/* --- Control words (isa.md 1.1) --- */

#define SASS_BAR_NONE 7

struct sass_ctrl {
   uint8_t stall;     /* 0..15 cycles until the next issue; 0 = dual issue */
   bool yield;        /* "Y": prefer another warp; bit 4 of the slot clear */
   uint8_t wr_bar;    /* scoreboard 0..5 released by the result, 7 = none */
   uint8_t rd_bar;    /* scoreboard released once sources are read, 7 = none */
   uint8_t wait_mask; /* wait until these scoreboards are 0 */
   uint8_t reuse;     /* bit 0 A, 1 B, 2 C; textures: bit 0 .T, bit 1 .P */
};

/* Waits for all six scoreboards, stall 15, yields, sets none. */
#define SASS_CTRL_SAFE                                                         \
   (struct sass_ctrl)                                                          \
   {                                                                           \
      15, true, SASS_BAR_NONE, SASS_BAR_NONE, 0x3f, 0                          \
   }
/* That for an instruction of which nothing is known but what it is: with
 * scoreboard 0 for its result or 1 for its sources, if they take their time. */
struct sass_ctrl sass_ctrl_safe(const struct sass_instr *i);
/* No barriers, nothing to wait for, no yield. */
#define SASS_CTRL_IDLE(stall_)                                                 \
   (struct sass_ctrl)                                                          \
   {                                                                           \
      stall_, false, SASS_BAR_NONE, SASS_BAR_NONE, 0, 0                        \
   }

/* 21 bits <-> fields.  Every value of 21 bits round-trips. */
uint32_t sass_ctrl_pack(const struct sass_ctrl *c);
struct sass_ctrl sass_ctrl_unpack(uint32_t slot);
uint64_t sass_bundle_pack(const struct sass_ctrl ctrl[SASS_BUNDLE_SLOTS]);
void sass_bundle_unpack(uint64_t word,
                        struct sass_ctrl ctrl_out[SASS_BUNDLE_SLOTS]);
/* 0 or -EINVAL: no barrier 6, every field in range. */
int sass_ctrl_check(const struct sass_ctrl *c, struct sass_error *err);
/* "[B0-----:R-:W0:Y:S06]": waits, read barrier, write barrier, yield, stall. */
void sass_ctrl_print(const struct sass_ctrl *c, struct util_buf *out);
/* Parses that; returns the characters taken, or -EINVAL. */
int sass_ctrl_parse(const char *text, struct sass_ctrl *c_out,
                    struct sass_error *err);

#ifdef __cplusplus
}
#endif

#endif
