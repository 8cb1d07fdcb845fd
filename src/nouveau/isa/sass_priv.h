/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The tables that sass_gen.py makes from sass.isa, shared by the encoder,
 * decoder, printer and parser. */
#ifndef SASS_PRIV_H
#define SASS_PRIV_H

#include <stddef.h>

#include "nouveau/isa/sass.h"
#include "nouveau/isa/sass_members.h"
#include "util/util_macros.h"

/* Members of struct sass_instr that fields and modifiers name. */
enum sass_member {
   M_none,
#define X(name) M_##name,
   SASS_MEMBERS(X)
#undef X
   M_count
};

/* `n` bits of the word at `lo` are bits `val` and up of the value. */
struct sass_piece {
   uint8_t lo, n, val;
};

#define SASS_PIECES_MAX 4

/* Where a member lies in the word: value = bits, then sign extended from bit
 * `sext` - 1, inverted, looked up in `map`, plus `bias`. */
struct sass_field {
   uint8_t member;
   uint8_t piece_count;
   uint8_t sext; /* 0: unsigned */
   uint8_t bias;
   bool invert;
   uint8_t map_count;
   const int8_t *map; /* -1: illegal */
   struct sass_piece piece[SASS_PIECES_MAX];
};

/* A member with one value in every instruction of a form. */
struct sass_const {
   uint8_t member;
   int8_t value;
};

/* Text by encoded value; with two members by first + 2 * second. */
struct sass_mod {
   uint8_t member, member2;
   uint8_t count;
   const char *const *names; /* NULL: illegal, "": nothing to print */
};

enum sass_operand_kind {
   OPERAND_D,
   OPERAND_S,
   OPERAND_A,
   OPERAND_B,
   OPERAND_C,
   OPERAND_D_READ,
   OPERAND_RD2,
   OPERAND_PD,
   OPERAND_PD2,
   OPERAND_PA,
   OPERAND_PB,
   OPERAND_PC,
   OPERAND_CC,
   OPERAND_PR,
   OPERAND_PR_W,
   OPERAND_CCODE,
   OPERAND_SHIFT,
   OPERAND_LUT,
   OPERAND_LANE_MASK,
   OPERAND_IMM,
   OPERAND_IMM2,
   OPERAND_SREG,
   OPERAND_SWIZZLE,
   OPERAND_SB,
   OPERAND_SBMASK,
   OPERAND_SWAP,
   OPERAND_ADDR,
   OPERAND_CADDR,
   OPERAND_SURF,
   OPERAND_CB,
   OPERAND_REL,
   OPERAND_ABS,
   OPERAND_BRX,
   OPERAND_JMX,
   OPERAND_ZERO,
   OPERAND_TEXIDX,
   OPERAND_TEXDIM,
   OPERAND_TMASK,
   OPERAND_TXQ,
   OPERAND_TEXS,
   OPERAND_ATTR,
} SASS_PACKED;

/* Which part of the register is meant, printed behind it. */
enum sass_part {
   PART_NONE,
   PART_H1,
   PART_HALF,
   PART_SWZ,
   PART_BYTE,
   PART_VPART,
   PART_VSELA,
   PART_VSELB,
} SASS_PACKED;

/* When an operand may be left out: never, if it has its default, or if the
 * form's pmode says that no predicate is written. */
enum sass_omit {
   OMIT_NEVER,
   OMIT_DEFAULT,
   OMIT_NO_PMODE
} SASS_PACKED;

/* Registers of a vector: fixed, or by a member.  CAS: compare and swap value;
 * TEX*: by the texture's dimension and flags. */
enum sass_width {
   WIDTH_1,
   WIDTH_2,
   WIDTH_SIZE,
   WIDTH_DTYPE,
   WIDTH_STYPE,
   WIDTH_TYPE,
   WIDTH_WIDE,
   WIDTH_CAS,
   WIDTH_CAST,
   WIDTH_TMASK,
   WIDTH_TEXA,
   WIDTH_TEXB,
   WIDTH_TXQA,
   WIDTH_ASIZE,
} SASS_PACKED;

struct sass_operand_desc {
   enum sass_operand_kind kind;
   enum sass_part part;
   enum sass_omit omit;
   enum sass_width width;
};

/* How an immediate operand b is written. */
enum sass_imm_kind {
   IMM_UINT,
   IMM_SINT,
   IMM_UINT20,
   IMM_F32,
   IMM_F64,
   IMM_F16X2
} SASS_PACKED;

/* One form of an op. */
struct sass_row {
   uint64_t value, mask; /* fixed bits */
   uint64_t care;        /* fixed bits and fields */
   enum sass_op op;
   enum sass_form form;
   enum sass_imm_kind imm_kind;
   bool guard;
   uint16_t field, field_count;
   uint16_t const_, const_count;
   uint16_t mod, mod_count;
   uint16_t operand, operand_count;
   const char *base; /* mnemonic up to the first modifier */
};

struct sass_range {
   uint16_t start, count;
};

struct sass_base {
   const char *name;
   struct sass_range rows;
};

struct sass_op_row {
   struct sass_op_info info;
   struct sass_range rows;
   enum sass_form first_form;
};

extern const struct sass_field sass_fields[];
extern const struct sass_const sass_consts[];
extern const struct sass_mod sass_mods[];
extern const uint8_t sass_row_mods[];
extern const struct sass_operand_desc sass_operand_descs[];
extern const struct sass_row sass_rows[];
extern const unsigned sass_row_count;
/* Rows by the top byte of the word, the most specific first. */
extern const uint16_t sass_byte_rows[];
extern const struct sass_range sass_byte_index[];
/* Rows by base mnemonic, names sorted. */
extern const uint16_t sass_base_rows[];
extern const struct sass_base sass_bases[];
extern const unsigned sass_base_count;
extern const struct sass_op_row sass_op_rows[];

/* The form of `i` (op, form and constants agree), or NULL. */
const struct sass_row *sass_row_of(const struct sass_instr *i);
/* The form that decodes `word`, or NULL. */
const struct sass_row *sass_row_of_word(uint64_t word);
const struct sass_field *sass_row_field(const struct sass_row *row,
                                        enum sass_member m);
/* `i` gets defaults, op, form and constants of `row`. */
void sass_instr_init_row(struct sass_instr *i, const struct sass_row *row);

int64_t sass_member_get(const struct sass_instr *i, enum sass_member m);
void sass_member_set(struct sass_instr *i, enum sass_member m, int64_t value);
const char *sass_member_name(enum sass_member m);

/* Encoded value of a field <-> value of the member; false: not encodable,
 * illegal. */
bool sass_field_to_raw(const struct sass_field *f, int64_t value,
                       uint64_t *raw_out);
bool sass_field_from_raw(const struct sass_field *f, uint64_t raw,
                         int64_t *value_out);

/* Index into mod->names for `i`, or -1 if there is no legal text. */
int sass_mod_index(const struct sass_mod *mod, const struct sass_row *row,
                   const struct sass_instr *i);
bool sass_mod_apply(const struct sass_mod *mod, const struct sass_row *row,
                    unsigned index, struct sass_instr *i);

int sass_fail(struct sass_error *err, unsigned column, const char *fmt, ...)
   PRINTFLIKE(3, 4);

void sass_print_operand(const struct sass_operand_desc *o,
                        const struct sass_row *row, const struct sass_instr *i,
                        uint64_t pc, struct util_buf *out);

/* Name of a special register without "SR_", or NULL. */
const char *sass_sreg_name(unsigned sreg);
extern const char *const sass_cond_names[32];
extern const char *const sass_tex_dim_names[8];
extern const char
   *const sass_txq_names[64]; /* NULL: no name, printed as number */
extern const char *const sass_swizzle_names[4];
/* By enum sass_vpart; VABSDIFF4: the bytes from the highest (vsel_a, vsel_b),
 * "" for a's and b's own.  With the dot before. */
#define SASS_VPART_COUNT 7
#define SASS_VSEL_COUNT  14
extern const char *const sass_vpart_names[SASS_VPART_COUNT];
extern const char *const sass_vsel_a_names[SASS_VSEL_COUNT];
extern const char *const sass_vsel_b_names[SASS_VSEL_COUNT];

#endif
