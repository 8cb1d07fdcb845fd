/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Memory, atomics, fences, barriers, special registers, lanes. Accesses are
 * already cut to size and atomics to what the hardware has
 * (nvir_lower_atomics). */
#include <assert.h>

#include "nouveau/compiler/nvir_legalize_priv.h"

static const enum sass_op load_ops[] = {
   [NVIR_SPACE_GENERIC] = SASS_OP_LD, [NVIR_SPACE_GLOBAL] = SASS_OP_LDG,
   [NVIR_SPACE_SHARED] = SASS_OP_LDS, [NVIR_SPACE_LOCAL] = SASS_OP_LDL,
   [NVIR_SPACE_CONST] = SASS_OP_LDC,
};

static const enum sass_op store_ops[] = {
   [NVIR_SPACE_GENERIC] = SASS_OP_ST,
   [NVIR_SPACE_GLOBAL] = SASS_OP_STG,
   [NVIR_SPACE_SHARED] = SASS_OP_STS,
   [NVIR_SPACE_LOCAL] = SASS_OP_STL,
};

static bool
is_wide_space(enum nvir_space space)
{
   return space == NVIR_SPACE_GENERIC || space == NVIR_SPACE_GLOBAL;
}

static enum sass_size
size_of(unsigned bytes, bool is_signed)
{
   switch (bytes) {
   case 1:
      return is_signed ? SASS_SIZE_S8 : SASS_SIZE_U8;
   case 2:
      return is_signed ? SASS_SIZE_S16 : SASS_SIZE_U16;
   case 4:
      return SASS_SIZE_32;
   case 8:
      return SASS_SIZE_64;
   default:
      return SASS_SIZE_128;
   }
}

/* Bits of the offset field, signed. */
static unsigned
offset_bits(enum sass_op op)
{
   switch (op) {
   case SASS_OP_LD:
   case SASS_OP_ST:
      return 32;
   case SASS_OP_LDC:
      return 16;
   case SASS_OP_ATOM:
   case SASS_OP_ATOM_CAS:
   case SASS_OP_RED:
      return 20;
   default:
      return 24;
   }
}

static bool
offset_fits(enum sass_op op, int64_t offset)
{
   return util_sign_extend(offset, offset_bits(op)) == offset;
}

struct place {
   struct nvir_src ra; /* value, or IMM 0 */
   int32_t off;
};

static struct place
wide_place(struct lz *lz, struct nvir_instr *i, enum sass_op op)
{
   struct place p = {.off = i->offset_B};
   struct nvir_src addr = i->srcs[0];

   if (!offset_fits(op, p.off)) {
      /* Cannot be added here without a carry chain: the importer keeps offsets
       * small. */
      lz_fail(lz, i, "memory offset");
      p.off = 0;
   }
   p.ra = nvir_val(lz_wide(lz, addr, 2));
   return p;
}

static struct place
narrow_place(struct lz *lz, struct nvir_instr *i, enum sass_op op)
{
   struct nvir_src addr = lz_word(lz, i->srcs[0], 0);
   struct place p = {.ra = addr, .off = i->offset_B};

   if (lz_is_imm(addr) && offset_fits(op, (int64_t)(int32_t)addr.imm + p.off)) {
      p.off += (int32_t)addr.imm;
      p.ra = LZ_ZERO;
      return p;
   }
   if (!offset_fits(op, p.off)) {
      p.ra = lz_add(lz, addr, nvir_imm((uint32_t)p.off));
      p.off = 0;
   }
   p.ra = lz_reg(lz, p.ra);
   return p;
}

static struct place
place_of(struct lz *lz, struct nvir_instr *i, enum sass_op op)
{
   return is_wide_space(i->space) ? wide_place(lz, i, op)
                                  : narrow_place(lz, i, op);
}

static void
set_place(struct lz *lz, struct nvir_instr *m, const struct nvir_instr *i,
          const struct place *p)
{
   lz_bind(lz, m, NVIR_SLOT_RA, p->ra);
   m->mi.off = p->off;
   m->mi.e = is_wide_space(i->space);
}

static void
legalize_load(struct lz *lz, struct nvir_instr *i)
{
   enum sass_op op = load_ops[i->space];
   struct place p = place_of(lz, i, op);
   struct nvir_instr *m = lz_mach(lz, op, sass_op_first_form(op));

   set_place(lz, m, i, &p);
   m->mi.size = size_of(i->imm, i->is_signed);
   if (i->is_volatile && is_wide_space(i->space))
      m->mi.cache = SASS_CACHE_CV;
   lz_set_wide(
      lz, i,
      lz_dst(lz, m, NVIR_SLOT_RD, NVIR_CLASS_GPR, i->imm < 4 ? 1 : i->imm / 4));
}

static void
legalize_store(struct lz *lz, struct nvir_instr *i)
{
   enum sass_op op = store_ops[i->space];
   struct place p = place_of(lz, i, op);
   unsigned words = i->imm < 4 ? 1 : i->imm / 4;
   struct nvir_src data = words == 1 ? lz_reg(lz, lz_word(lz, i->srcs[1], 0))
                                     : nvir_val(lz_wide(lz, i->srcs[1], words));
   struct nvir_instr *m = lz_mach(lz, op, sass_op_first_form(op));

   set_place(lz, m, i, &p);
   lz_bind(lz, m, NVIR_SLOT_RD, data);
   m->mi.size = size_of(i->imm, false);
   if (i->is_volatile && is_wide_space(i->space))
      m->mi.cache = SASS_CACHE_WT;
}

/* ---- atomics ---- */

static enum sass_type
atom_type(const struct nvir_instr *i)
{
   bool is_signed = i->atom == NVIR_ATOM_MIN || i->atom == NVIR_ATOM_MAX;
   if (i->atom == NVIR_ATOM_FADD)
      return i->type == NVIR_TYPE_F64 ? SASS_F64 : SASS_F32;
   if (nvir_type_bits(i->type) == 64)
      return is_signed ? SASS_S64 : SASS_U64;
   return is_signed ? SASS_S32 : SASS_U32;
}

static enum sass_atom_op
atom_op(enum nvir_atom op)
{
   switch (op) {
   case NVIR_ATOM_UMIN:
      return SASS_ATOM_MIN;
   case NVIR_ATOM_UMAX:
      return SASS_ATOM_MAX;
   case NVIR_ATOM_FADD:
      return SASS_ATOM_ADD;
   default:
      return (enum sass_atom_op)op;
   }
}

static void
legalize_cas(struct lz *lz, struct nvir_instr *i, unsigned words)
{
   bool shared = i->space == NVIR_SPACE_SHARED;
   enum sass_op op = shared ? SASS_OP_ATOMS_CAS : SASS_OP_ATOM_CAS;
   struct place p = place_of(lz, i, op);
   struct nvir_src w[4];

   for (unsigned n = 0; n < words; n++) {
      w[n] = lz_word(lz, i->srcs[1], n);
      w[words + n] = lz_word(lz, i->srcs[2], n);
   }
   struct nvir_value *both = lz_collect(lz, w, 2 * words);
   struct nvir_instr *m = lz_mach(lz, op, sass_op_first_form(op));
   set_place(lz, m, i, &p);
   lz_bind(lz, m, NVIR_SLOT_RB, nvir_val(both));
   m->mi.wide = words == 2;
   lz_set_wide(lz, i, lz_dst(lz, m, NVIR_SLOT_RD, NVIR_CLASS_GPR, words));
}

static void
legalize_atom(struct lz *lz, struct nvir_instr *i)
{
   unsigned words = nvir_type_words(i->type);
   bool shared = i->space == NVIR_SPACE_SHARED;
   bool unused = lz_map(lz, i->dsts[0].val)->num_uses == 0;
   bool red = unused && !shared && i->atom != NVIR_ATOM_EXCH;

   if (i->atom == NVIR_ATOM_CAS) {
      legalize_cas(lz, i, words);
      return;
   }
   enum sass_op op = shared ? SASS_OP_ATOMS : red ? SASS_OP_RED : SASS_OP_ATOM;
   struct place p = place_of(lz, i, op);
   struct nvir_src data = words == 1 ? lz_reg(lz, lz_word(lz, i->srcs[1], 0))
                                     : nvir_val(lz_wide(lz, i->srcs[1], words));
   struct nvir_instr *m = lz_mach(lz, op, sass_op_first_form(op));
   set_place(lz, m, i, &p);
   lz_bind(lz, m, red ? NVIR_SLOT_RD : NVIR_SLOT_RB, data);
   m->mi.atom_op = atom_op(i->atom);
   m->mi.type = atom_type(i);
   if (!red)
      lz_set_wide(lz, i, lz_dst(lz, m, NVIR_SLOT_RD, NVIR_CLASS_GPR, words));
}

/* ---- order ---- */

static void
legalize_fence(struct lz *lz, struct nvir_instr *i)
{
   unsigned scope = i->imm & NVIR_FENCE_SCOPE_MASK;
   struct nvir_instr *m =
      lz_mach(lz, SASS_OP_MEMBAR, sass_op_first_form(SASS_OP_MEMBAR));

   m->mi.membar = scope == NVIR_FENCE_CTA   ? SASS_MEMBAR_CTA
                  : scope == NVIR_FENCE_GPU ? SASS_MEMBAR_GL
                                            : SASS_MEMBAR_SYS;
   /* One SM's L1 is coherent with itself; others' stores need its lines
    * dropped. */
   if (scope != NVIR_FENCE_CTA && (i->imm & NVIR_FENCE_ACQUIRE)) {
      m = lz_mach(lz, SASS_OP_CCTL, sass_op_first_form(SASS_OP_CCTL));
      m->mi.cctl = SASS_CCTL_IVALL;
   }
}

static void
legalize_barrier(struct lz *lz, struct nvir_instr *i)
{
   struct nvir_instr *m = lz_mach(lz, SASS_OP_BAR, SASS_FORM_II);
   m->mi.bar = SASS_BAR_SYNC;
   lz->s->num_barriers = MAX2(lz->s->num_barriers, 1);
}

/* ---- machine state ---- */

static struct nvir_src
special(struct lz *lz, enum sass_op op, unsigned sr)
{
   struct nvir_instr *m = lz_mach(lz, op, sass_op_first_form(op));
   m->mi.sreg = sr;
   return lz_rd(lz, m);
}

/* High, low, high again: if the high word moved on, the low one was just 0. */
static void
legalize_clock(struct lz *lz, struct nvir_instr *i)
{
   struct nvir_src before = special(lz, SASS_OP_CS2R, i->imm + 1);
   struct nvir_src lo = special(lz, SASS_OP_CS2R, i->imm);
   struct nvir_src after = special(lz, SASS_OP_CS2R, i->imm + 1);
   struct lz_pred same =
      lz_isetp(lz, SASS_COND_EQ, false, before, after, SASS_AND, LZ_TRUE);
   lz_set_word(lz, i, 0, lz_select(lz, same, lo, LZ_ZERO));
   lz_set_word(lz, i, 1, after);
}

static void
legalize_shfl(struct lz *lz, struct nvir_instr *i)
{
   struct nvir_src v = lz_reg(lz, lz_word(lz, i->srcs[0], 0));
   struct nvir_src lane = lz_word(lz, i->srcs[1], 0),
                   c = lz_word(lz, i->srcs[2], 0);
   bool imm_lane = lz_is_imm(lane) && (uint32_t)lane.imm < 32;
   bool imm_c = lz_is_imm(c) && (uint32_t)c.imm < 1 << 13;

   if (!imm_lane)
      lane = lz_reg(lz, lane);
   if (!imm_c)
      c = lz_reg(lz, c);
   struct nvir_instr *m =
      lz_mach(lz, SASS_OP_SHFL,
              imm_lane ? (imm_c ? SASS_FORM_II : SASS_FORM_IR)
                       : (imm_c ? SASS_FORM_RI : SASS_FORM_R));
   lz_bind(lz, m, NVIR_SLOT_RA, v);
   if (imm_lane)
      m->mi.imm = lane.imm;
   else
      lz_bind(lz, m, NVIR_SLOT_RB, lane);
   if (imm_c)
      m->mi.imm2 = c.imm;
   else
      lz_bind(lz, m, NVIR_SLOT_RC, c);
   m->mi.shfl = i->imm;
   lz_set_word(lz, i, 0, lz_rd(lz, m));
}

static void
legalize_vote(struct lz *lz, struct nvir_instr *i)
{
   struct lz_pred p = lz_pred(lz, i->srcs[0]);
   struct nvir_instr *m =
      lz_mach(lz, SASS_OP_VOTE, sass_op_first_form(SASS_OP_VOTE));
   bool ballot = i->imm == 3;

   m->mi.vote = ballot ? SASS_VOTE_ANY : (enum sass_vote)i->imm;
   lz_bind_pred(lz, m, NVIR_SLOT_PC, p);
   if (ballot)
      lz_set_word(lz, i, 0, lz_rd(lz, m));
   else
      lz_set_pred(lz, i, lz_pd(lz, m));
}

bool
lz_memory(struct lz *lz, struct nvir_instr *i)
{
   switch (i->op) {
   case NVIR_OP_LOAD:
      legalize_load(lz, i);
      return true;
   case NVIR_OP_STORE:
      legalize_store(lz, i);
      return true;
   case NVIR_OP_ATOM:
      legalize_atom(lz, i);
      return true;
   case NVIR_OP_FENCE:
      legalize_fence(lz, i);
      return true;
   case NVIR_OP_BAR:
      legalize_barrier(lz, i);
      return true;
   case NVIR_OP_S2R:
      lz_set_word(lz, i, 0, special(lz, SASS_OP_S2R, i->imm));
      return true;
   case NVIR_OP_CLOCK:
      legalize_clock(lz, i);
      return true;
   case NVIR_OP_SHFL:
      legalize_shfl(lz, i);
      return true;
   case NVIR_OP_VOTE:
      legalize_vote(lz, i);
      return true;
   default:
      return false;
   }
}
