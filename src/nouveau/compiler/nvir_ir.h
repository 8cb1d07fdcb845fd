/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The back end's IR: one kernel in SSA form over basic blocks.
 *
 * Two levels live in the same structures. Generic instructions (add, load, fdiv
 * …) come straight from LLVM and carry a type. nvir_legalize turns every one of
 * them into machine instructions: NVIR_OP_MACH with a struct sass_instr
 * template that holds the operation, its modifiers, immediates and
 * constant-bank operands; the registers and predicates of the template are SSA
 * values bound to slots. After nvir_assign_regs each value has a register, and
 * nvir_pack copies the numbers into the template and encodes it.
 *
 * After nvir_legalize only these are left: NVIR_OP_MACH, PHI, COLLECT, SPLIT,
 * COPY, UNDEF, and the terminators BR, CBR, EXIT, TRAP. PCOPY is made by
 * nvir_assign_regs for phis; nothing but MACH, and PHI-free, reaches nvir_pack:
 * nvir_assign_regs turns COLLECT, SPLIT, COPY, PCOPY and UNDEF into moves or
 * nothing, and nvir_insert_convergence (after it) turns the terminators into
 * BRA, SSY, SYNC, PBK, BRK and EXIT with `target`.
 *
 * All memory of a shader comes from its arena. Single-threaded. */
#ifndef NVIR_IR_H
#define NVIR_IR_H

#include "nouveau/isa/sass.h"
#include "util/util_arena.h"
#include "util/util_buf.h"
#include "util/util_list.h"

enum nvir_class {
   NVIR_CLASS_GPR,  /* 1 to 4 words; 2 words on an even register, 3 or 4 on a
                       multiple of 4 */
   NVIR_CLASS_PRED, /* P0..P6 */
   NVIR_CLASS_CC,   /* the one condition code register: carries only */
};

/* Types of generic instructions. A value of type I8, I16 or F16 is one word
 * whose upper bits are undefined; I64 and F64 are two words; I1 is a predicate.
 */
enum nvir_type {
   NVIR_TYPE_NONE,
   NVIR_TYPE_I1,
   NVIR_TYPE_I8,
   NVIR_TYPE_I16,
   NVIR_TYPE_I32,
   NVIR_TYPE_I64,
   NVIR_TYPE_F16,
   NVIR_TYPE_F32,
   NVIR_TYPE_F64,
   NVIR_NUM_TYPES,
};

/* Address spaces; addresses are 32 bits in SHARED, LOCAL and CONST, else 64. */
enum nvir_space {
   NVIR_SPACE_GENERIC,
   NVIR_SPACE_GLOBAL,
   NVIR_SPACE_SHARED, /* byte offset in the CTA's shared memory */
   NVIR_SPACE_LOCAL,  /* byte offset in the thread's local memory */
   NVIR_SPACE_CONST,  /* byte offset in bank 0 (NVIR_C0_*) */
};

/* Comparison conditions: the ISA's own numbers for floats (isa.md §1.5);
 * integer comparisons use F..GE with `is_signed`. */
enum nvir_cond {
   NVIR_COND_F,
   NVIR_COND_LT,
   NVIR_COND_EQ,
   NVIR_COND_LE,
   NVIR_COND_GT,
   NVIR_COND_NE,
   NVIR_COND_GE,
   NVIR_COND_NUM,
   NVIR_COND_NAN,
   NVIR_COND_LTU,
   NVIR_COND_EQU,
   NVIR_COND_LEU,
   NVIR_COND_GTU,
   NVIR_COND_NEU,
   NVIR_COND_GEU,
   NVIR_COND_T,
};

enum nvir_round {
   NVIR_ROUND_RN,
   NVIR_ROUND_RM,
   NVIR_ROUND_RP,
   NVIR_ROUND_RZ
};

/* Atomic operations; the first nine are the hardware's numbers (isa.md §2.8). */
enum nvir_atom {
   NVIR_ATOM_ADD,
   NVIR_ATOM_MIN,
   NVIR_ATOM_MAX,
   NVIR_ATOM_INC,
   NVIR_ATOM_DEC,
   NVIR_ATOM_AND,
   NVIR_ATOM_OR,
   NVIR_ATOM_XOR,
   NVIR_ATOM_EXCH,
   NVIR_ATOM_CAS, /* sources: address, compare, new */
   NVIR_ATOM_SUB,
   NVIR_ATOM_NAND,
   NVIR_ATOM_UMIN,
   NVIR_ATOM_UMAX,
   NVIR_ATOM_FADD,
   NVIR_ATOM_FMIN,
   NVIR_ATOM_FMAX,
};

/* Operations: name, destinations, sources (-1: any), flags. Sources in the
 * comments as a, b, c. `type` is that of the result unless stated. */
#define NVIR_OP_EFFECT     1 /* not removable */
#define NVIR_OP_TERMINATOR 2
#define NVIR_OP_PSEUDO     4 /* allowed after nvir_legalize */
#define NVIR_OP_COMMUTES   8
#define NVIR_OP_READS_MEM  16

/* clang-format off */
#define NVIR_OPS(X)                                                                              \
   X(PHI, phi, 1, -1, NVIR_OP_PSEUDO) /* source i comes from block->preds[i] */                  \
   X(UNDEF, undef, 1, 0, NVIR_OP_PSEUDO)                                                         \
   X(COPY, copy, 1, 1, NVIR_OP_PSEUDO)                                                           \
   X(COLLECT, collect, 1, -1, NVIR_OP_PSEUDO) /* 1-word values → one wide value */               \
   X(SPLIT, split, -1, 1, NVIR_OP_PSEUDO) /* wide value → words; dst may be NULL */              \
   X(PCOPY, pcopy, -1, -1, NVIR_OP_PSEUDO) /* all dsts[i] = srcs[i] at once */                   \
   X(MACH, mach, -1, -1, NVIR_OP_PSEUDO)                                                         \
   /* terminators */                                                                             \
   X(BR, br, 0, 0, NVIR_OP_TERMINATOR | NVIR_OP_PSEUDO) /* succs[0] */                           \
   X(CBR, cbr, 0, 1, NVIR_OP_TERMINATOR | NVIR_OP_PSEUDO) /* I1 ? succs[0] : succs[1] */         \
   X(EXIT, exit, 0, 0, NVIR_OP_TERMINATOR | NVIR_OP_PSEUDO)                                      \
   X(TRAP, trap, 0, 0, NVIR_OP_TERMINATOR | NVIR_OP_PSEUDO)                                      \
   /* integer */                                                                                 \
   X(CONST, const, 1, 1, 0) /* an immediate as a value */                                        \
   X(ADD, add, 1, 2, NVIR_OP_COMMUTES)                                                           \
   X(SUB, sub, 1, 2, 0)                                                                          \
   X(MUL, mul, 1, 2, NVIR_OP_COMMUTES)                                                           \
   X(UMULHI, umulhi, 1, 2, NVIR_OP_COMMUTES)                                                     \
   X(SMULHI, smulhi, 1, 2, NVIR_OP_COMMUTES)                                                     \
   X(DOT4, dot4, 1, 2, 0) /* I32: sum of the products of bytes; imm: enum nvir_dot4 */           \
   X(UDIV, udiv, 1, 2, 0)                                                                        \
   X(SDIV, sdiv, 1, 2, 0)                                                                        \
   X(UREM, urem, 1, 2, 0)                                                                        \
   X(SREM, srem, 1, 2, 0)                                                                        \
   X(SHL, shl, 1, 2, 0) /* count: any amount, bits beyond the width are masked */                \
   X(LSHR, lshr, 1, 2, 0)                                                                        \
   X(ASHR, ashr, 1, 2, 0)                                                                        \
   X(FSHL, fshl, 1, 3, 0) /* high half of {a:b} << c */                                          \
   X(FSHR, fshr, 1, 3, 0) /* low half of {a:b} >> c */                                           \
   X(AND, and, 1, 2, NVIR_OP_COMMUTES)                                                           \
   X(OR, or, 1, 2, NVIR_OP_COMMUTES)                                                             \
   X(XOR, xor, 1, 2, NVIR_OP_COMMUTES)                                                           \
   X(SMIN, smin, 1, 2, NVIR_OP_COMMUTES)                                                         \
   X(SMAX, smax, 1, 2, NVIR_OP_COMMUTES)                                                         \
   X(UMIN, umin, 1, 2, NVIR_OP_COMMUTES)                                                         \
   X(UMAX, umax, 1, 2, NVIR_OP_COMMUTES)                                                         \
   X(POPC, popc, 1, 1, 0)                                                                        \
   X(CLZ, clz, 1, 1, 0) /* the width for 0 */                                                    \
   X(CTZ, ctz, 1, 1, 0)                                                                          \
   X(BREV, brev, 1, 1, 0)                                                                        \
   X(BSWAP, bswap, 1, 1, 0)                                                                      \
   X(ICMP, icmp, 1, 2, 0) /* src_type, cond, is_signed → I1 */                                   \
   X(FCMP, fcmp, 1, 2, 0) /* src_type, cond → I1 */                                              \
   X(SELECT, select, 1, 3, 0) /* a(I1) ? b : c */                                                \
   /* conversions: src_type → type */                                                            \
   X(TRUNC, trunc, 1, 1, 0)                                                                      \
   X(ZEXT, zext, 1, 1, 0)                                                                        \
   X(SEXT, sext, 1, 1, 0)                                                                        \
   X(BITCAST, bitcast, 1, 1, 0)                                                                  \
   X(FTOF, ftof, 1, 1, 0) /* rnd */                                                              \
   X(FTOU, ftou, 1, 1, 0) /* rnd; always saturating, NaN → 0 */                                  \
   X(FTOS, ftos, 1, 1, 0)                                                                        \
   X(UTOF, utof, 1, 1, 0) /* rnd */                                                              \
   X(STOF, stof, 1, 1, 0)                                                                        \
   /* float */                                                                                   \
   X(FADD, fadd, 1, 2, NVIR_OP_COMMUTES)                                                         \
   X(FSUB, fsub, 1, 2, 0)                                                                        \
   X(FMUL, fmul, 1, 2, NVIR_OP_COMMUTES)                                                         \
   X(FMA, fma, 1, 3, 0)                                                                          \
   X(FDIV, fdiv, 1, 2, 0) /* correctly rounded unless `fast` */                                  \
   X(FREM, frem, 1, 2, 0)                                                                        \
   X(FSQRT, fsqrt, 1, 1, 0) /* correctly rounded unless `fast` */                                \
   X(FNEG, fneg, 1, 1, 0)                                                                        \
   X(FABS, fabs, 1, 1, 0)                                                                        \
   X(FCOPYSIGN, fcopysign, 1, 2, 0)                                                              \
   X(FMIN, fmin, 1, 2, NVIR_OP_COMMUTES) /* a NaN loses */                                       \
   X(FMAX, fmax, 1, 2, NVIR_OP_COMMUTES)                                                         \
   X(FROUND, fround, 1, 1, 0) /* to integral: rnd RN rint, RM floor, RP ceil, RZ trunc */        \
   X(FROUNDA, frounda, 1, 1, 0) /* to integral, halves away from zero */                         \
   X(MUFU, mufu, 1, 1, 0) /* imm: the hardware's function number, F32 */                         \
   /* memory: `space`, `align_B`, `offset_B` added to the address */                             \
   X(LOAD, load, 1, 1, NVIR_OP_READS_MEM) /* imm: bytes, 1..16; sub-words extend by is_signed */ \
   X(STORE, store, 0, 2, NVIR_OP_EFFECT) /* imm: bytes; a address, b data */                     \
   X(ATOM, atom, 1, -1, NVIR_OP_EFFECT) /* `atom`; a address, b operand, (c new) */              \
   X(FENCE, fence, 0, 0, NVIR_OP_EFFECT) /* imm: enum nvir_fence */                              \
   X(BAR, bar, 0, 0, NVIR_OP_EFFECT) /* whole work-group; no fence implied */                    \
   X(BAR_RED, bar_red, 1, 1, NVIR_OP_EFFECT) /* imm: 0 POPC (I32), 1 AND, 2 OR (I1) */           \
   /* machine state and lanes */                                                                 \
   X(S2R, s2r, 1, 0, 0) /* imm: special register (isa.md §2.12) */                               \
   X(CLOCK, clock, 1, 0, NVIR_OP_EFFECT) /* imm: special register; never merged */               \
   X(SHFL, shfl, 1, 3, NVIR_OP_EFFECT) /* imm: 0 idx 1 up 2 down 3 bfly; data, lane, c */        \
   X(VOTE, vote, 1, 1, NVIR_OP_EFFECT) /* imm: 0 all 1 any 2 eq → I1; 3 ballot → I32 */
/* clang-format on */

enum nvir_op {
#define X(NAME, name, d, s, f) NVIR_OP_##NAME,
   NVIR_OPS(X)
#undef X
   NVIR_NUM_OPS,
};

struct nvir_op_info {
   const char *name;
   int8_t num_dsts, num_srcs; /* -1: any */
   uint8_t flags;
};
extern const struct nvir_op_info nvir_op_infos[NVIR_NUM_OPS];

/* Which factors of a DOT4 have signed bytes. */
enum nvir_dot4 {
   NVIR_DOT4_SIGNED_A = 1,
   NVIR_DOT4_SIGNED_B = 2,
};

/* What a FENCE orders, widest scope last; ACQUIRE also drops stale L1 lines. */
enum nvir_fence {
   NVIR_FENCE_CTA,
   NVIR_FENCE_GPU,
   NVIR_FENCE_SYSTEM,
   NVIR_FENCE_SCOPE_MASK = 3,
   NVIR_FENCE_ACQUIRE = 4,
};

struct nvir_instr;
struct nvir_block;
struct nvir_shader;

struct nvir_value {
   uint32_t index; /* dense in [0, shader->num_values) */
   uint8_t cls;    /* enum nvir_class */
   uint8_t words;  /* GPR: 1..4, else 1 */
   int16_t reg;    /* first register (or predicate) number, -1: none yet */
   struct nvir_instr *def; /* the one definition; NULL: removed */
   /* After nvir_assign_regs: the SSA value that this is another place of. NULL:
    * this is the SSA value itself, in its first place. */
   struct nvir_value *origin;
};

/* Where a machine instruction's operand goes in its sass_instr template. */
enum nvir_slot {
   NVIR_SLOT_NONE, /* generic and pseudo instructions: position counts */
   NVIR_SLOT_RD,
   NVIR_SLOT_RA,
   NVIR_SLOT_RB,
   NVIR_SLOT_RC,
   NVIR_SLOT_PD, /* first predicate result, whichever field it has */
   NVIR_SLOT_PD2,
   NVIR_SLOT_PA, /* PSETP's first predicate source (bit 12) */
   NVIR_SLOT_PB, /* PSETP's second (bit 29) */
   NVIR_SLOT_PC, /* the usual predicate source (bit 39): SEL, MNMX, SETP, VOTE …
                  */
   NVIR_SLOT_GUARD, /* only on instructions without results */
   NVIR_SLOT_CC,    /* as dst: writes CC; as src: reads it (.X) */
   NVIR_NUM_SLOTS,
};

enum nvir_src_kind {
   NVIR_SRC_VALUE,
   NVIR_SRC_IMM,   /* generic instructions, PHI, COLLECT, PCOPY, COPY:
                      zero-extended bits */
   NVIR_SRC_CBANK, /* generic instructions, COPY: c[0][imm] of the width needed */
   NVIR_SRC_UNDEF, /* anything will do */
};

struct nvir_src {
   uint8_t kind; /* enum nvir_src_kind */
   uint8_t slot; /* enum nvir_slot */
   struct nvir_value *val;
   uint64_t imm;
};

struct nvir_dst {
   struct nvir_value *val; /* NULL: result not wanted (SPLIT only) */
   uint8_t slot;
};

struct nvir_instr {
   struct util_list link; /* in block->instrs */
   struct nvir_block *block;
   uint32_t line; /* source line, 0: unknown */

   uint8_t op;       /* enum nvir_op */
   uint8_t type;     /* enum nvir_type */
   uint8_t src_type; /* conversions and comparisons */
   uint8_t cond;
   uint8_t rnd;
   uint8_t atom;
   uint8_t space;
   bool is_signed, ftz, fast, sat;
   bool is_volatile;  /* memory: bypass L1, never merged or removed */
   bool is_invariant; /* loads: memory never written while the kernel runs */
   bool is_divergent; /* CBR: lanes of a warp may disagree; set by
                         nvir_analyze_uniformity */
   uint16_t align_B;
   int32_t offset_B;
   uint64_t imm;

   uint16_t num_dsts, num_srcs;
   struct nvir_dst *dsts;
   struct nvir_src *srcs;

   /* NVIR_OP_MACH */
   struct sass_instr mi;
   struct nvir_block
      *target; /* BRA SSY PBK PCNT: the label, filled in by nvir_pack */

   /* Control slot of the instruction, from nvir_schedule and nvir_insert_deps
    * (isa.md §1.1). */
   uint8_t stall, yield, wr_bar, rd_bar, wait_mask, reuse;

   uint32_t scratch; /* of the running pass */
};

struct nvir_block {
   struct util_list link; /* in shader->blocks: layout order, entry first */
   uint32_t index;        /* dense in [0, shader->num_blocks) */
   struct nvir_shader *shader;
   struct util_list instrs;     /* phis first, terminator last */
   struct nvir_block *succs[2]; /* NULL from the end */
   struct nvir_block **preds;
   uint32_t num_preds, cap_preds;
   uint32_t loop_depth; /* set by nvir_analyze_loops */
   void *scratch;       /* of the running pass */
};

/* One kernel. */
struct nvir_shader {
   struct util_arena arena;
   const char *name;
   uint32_t chipset;
   uint64_t debug;         /* NVIR_DEBUG_* */
   struct util_buf *log;   /* messages for the user; may be NULL */
   struct util_buf *lines; /* nvir_pack appends struct nvir_line; may be NULL */

   struct util_list blocks;
   uint32_t num_blocks, num_values;
   bool is_legal;    /* nvir_legalize has run */
   bool has_regs;    /* nvir_assign_regs has run: values have `reg`, no SSA any
                        more */
   bool has_control; /* nvir_insert_convergence has run */

   /* What becomes struct nvir_kernel. */
   uint32_t shared_B, local_B, args_B, crs_B;
   uint16_t num_gprs;
   uint8_t num_barriers;
   bool uses_double, uses_atomics, uses_printf;
   uint32_t reqd_wg_size[3];

   uint32_t spill_B, num_spills, num_fills; /* statistics of nvir_spill */
};

/* ---- building ---- */

struct nvir_shader *nvir_shader_create(const char *name, uint32_t chipset);
void nvir_shader_destroy(struct nvir_shader *s);

/* At the end of the layout. */
struct nvir_block *nvir_block_create(struct nvir_shader *s);
struct nvir_block *nvir_block_create_after(struct nvir_block *pos);
/* Records the edge in both blocks; returns the index of the new predecessor. */
unsigned nvir_block_link(struct nvir_block *from, struct nvir_block *to);
/* Phis of `to` lose their source. */
void nvir_block_unlink(struct nvir_block *from, struct nvir_block *to);
/* `from`'s edge goes to `to` instead of `old`; pred slot and phis of `old` are
 * kept for the block that takes its place: used to put a block on an edge. */
struct nvir_block *nvir_edge_split(struct nvir_block *from,
                                   struct nvir_block *to);
/* All from `pos` on moves to a new block after this one, which gets the edges;
 * the old block ends without terminator. */
struct nvir_block *nvir_block_split_before(struct nvir_instr *pos);
unsigned nvir_block_pred_index(const struct nvir_block *b,
                               const struct nvir_block *pred);
struct nvir_instr *
nvir_block_terminator(const struct nvir_block *b); /* or NULL */
/* Renumbers block->index in layout order. */
void nvir_shader_number_blocks(struct nvir_shader *s);

struct nvir_value *nvir_value_create(struct nvir_shader *s, enum nvir_class cls,
                                     unsigned words);
struct nvir_value *nvir_value_for_type(struct nvir_shader *s,
                                       enum nvir_type type);

/* With room for that many operands, not yet in a block. */
struct nvir_instr *nvir_instr_create(struct nvir_shader *s, enum nvir_op op,
                                     unsigned num_dsts, unsigned num_srcs);
void nvir_instr_insert_before(struct nvir_instr *i, struct nvir_instr *pos);
void nvir_instr_insert_after(struct nvir_instr *i, struct nvir_instr *pos);
void nvir_instr_append(struct nvir_instr *i, struct nvir_block *b);
/* Before the terminator if there is one. */
void nvir_instr_append_body(struct nvir_instr *i, struct nvir_block *b);
void nvir_instr_remove(struct nvir_instr *i);
void nvir_instr_set_dst(struct nvir_instr *i, unsigned n, struct nvir_value *v);
void nvir_instr_add_src(struct nvir_instr *i, struct nvir_src src);

static inline struct nvir_src
nvir_val(struct nvir_value *v)
{
   return (struct nvir_src){.kind = NVIR_SRC_VALUE, .val = v};
}

static inline struct nvir_src
nvir_imm(uint64_t imm)
{
   return (struct nvir_src){.kind = NVIR_SRC_IMM, .imm = imm};
}

static inline struct nvir_src
nvir_cbank(uint32_t offset_B)
{
   return (struct nvir_src){.kind = NVIR_SRC_CBANK, .imm = offset_B};
}

static inline struct nvir_src
nvir_undef(void)
{
   return (struct nvir_src){.kind = NVIR_SRC_UNDEF};
}

/* Inserts at a place; `line` is copied into what is built. */
struct nvir_builder {
   struct nvir_shader *shader;
   struct nvir_block *block;
   struct nvir_instr *before; /* NULL: at the end of `block` */
   uint32_t line;
};

struct nvir_builder nvir_builder_at_end(struct nvir_block *b);
struct nvir_builder nvir_builder_before(struct nvir_instr *i);
void nvir_build_insert(struct nvir_builder *b, struct nvir_instr *i);

/* Generic instruction with one result of `type`. */
struct nvir_instr *nvir_build_op(struct nvir_builder *b, enum nvir_op op,
                                 enum nvir_type type,
                                 const struct nvir_src *srcs,
                                 unsigned num_srcs);
struct nvir_value *nvir_build1(struct nvir_builder *b, enum nvir_op op,
                               enum nvir_type type, struct nvir_src x);
struct nvir_value *nvir_build2(struct nvir_builder *b, enum nvir_op op,
                               enum nvir_type type, struct nvir_src x,
                               struct nvir_src y);
struct nvir_value *nvir_build3(struct nvir_builder *b, enum nvir_op op,
                               enum nvir_type type, struct nvir_src x,
                               struct nvir_src y, struct nvir_src z);
struct nvir_value *nvir_build_collect(struct nvir_builder *b,
                                      const struct nvir_src *words,
                                      unsigned num_words);
/* words_out[n] for each word of `wide`. */
void nvir_build_split(struct nvir_builder *b, struct nvir_value *wide,
                      struct nvir_value **words_out);
void nvir_build_br(struct nvir_builder *b, struct nvir_block *target);
void nvir_build_cbr(struct nvir_builder *b, struct nvir_src cond,
                    struct nvir_block *if_true, struct nvir_block *if_false);

/* ---- walking ---- */

#define nvir_foreach_block(b, s)                                               \
   util_list_for_each(struct nvir_block, b, &(s)->blocks, link)
#define nvir_foreach_block_safe(b, s)                                          \
   util_list_for_each_safe(struct nvir_block, b, &(s)->blocks, link)
#define nvir_foreach_block_rev(b, s)                                           \
   for (struct nvir_block *b =                                                 \
           util_list_last(&(s)->blocks, struct nvir_block, link);              \
        &b->link != &(s)->blocks;                                              \
        b = container_of(b->link.prev, struct nvir_block, link))
#define nvir_foreach_instr(i, b)                                               \
   util_list_for_each(struct nvir_instr, i, &(b)->instrs, link)
#define nvir_foreach_instr_safe(i, b)                                          \
   util_list_for_each_safe(struct nvir_instr, i, &(b)->instrs, link)
#define nvir_foreach_instr_rev(i, b)                                           \
   for (struct nvir_instr *i =                                                 \
           util_list_last(&(b)->instrs, struct nvir_instr, link);              \
        &i->link != &(b)->instrs;                                              \
        i = container_of(i->link.prev, struct nvir_instr, link))
#define nvir_foreach_src(src, i)                                               \
   for (struct nvir_src *src = (i)->srcs; src < (i)->srcs + (i)->num_srcs;     \
        src++)
/* Skips dsts without value. */
#define nvir_foreach_dst(dst, i)                                               \
   for (struct nvir_dst *dst = (i)->dsts; dst < (i)->dsts + (i)->num_dsts;     \
        dst++)                                                                 \
      if (dst->val)

static inline struct nvir_block *
nvir_shader_entry(struct nvir_shader *s)
{
   return util_list_first(&s->blocks, struct nvir_block, link);
}

/* Next block in layout order, or NULL. */
static inline struct nvir_block *
nvir_block_next(const struct nvir_block *b)
{
   if (b->link.next == &b->shader->blocks)
      return NULL;
   return container_of(b->link.next, struct nvir_block, link);
}

static inline bool
nvir_instr_is_terminator(const struct nvir_instr *i)
{
   return nvir_op_infos[i->op].flags & NVIR_OP_TERMINATOR;
}

unsigned nvir_type_bits(enum nvir_type type);  /* 1 for I1, 0 for NONE */
unsigned nvir_type_words(enum nvir_type type); /* 1 for I1 */
bool nvir_type_is_float(enum nvir_type type);
const char *nvir_type_name(enum nvir_type type);

/* ---- text ---- */

void nvir_print(const struct nvir_shader *s, struct util_buf *out);
void nvir_print_instr(const struct nvir_instr *i, struct util_buf *out);
/* -EINVAL with a message "line N: …" in `log`. */
int nvir_parse(const char *text, struct nvir_shader **shader_out,
               struct util_buf *log);

/* Aborts after printing the shader if a rule above is broken; `after` names the
 * pass. */
void nvir_validate(struct nvir_shader *s, const char *after);

#endif
