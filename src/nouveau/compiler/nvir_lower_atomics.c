/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Atomics the hardware lacks (isa.md §2.8) become compare-and-swap loops;
 * generic ones ask whether the address lies in the shared window, for ATOM must
 * not meet it. */
#include <assert.h>

#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_build_priv.h"
#include "nouveau/compiler/nvir_passes.h"

static bool
has_f64_add(const struct nvir_shader *s)
{
   return s->chipset >= 0x130;
}

/* In the given space, without loop. */
static bool
is_native(const struct nvir_shader *s, const struct nvir_instr *i)
{
   bool wide = nvir_type_bits(i->type) == 64,
        shared = i->space == NVIR_SPACE_SHARED;

   switch (i->atom) {
   case NVIR_ATOM_CAS:
   case NVIR_ATOM_EXCH:
      return true;
   case NVIR_ATOM_NAND:
   case NVIR_ATOM_FMIN:
   case NVIR_ATOM_FMAX:
      return false;
   case NVIR_ATOM_FADD:
      return !shared && (!wide || has_f64_add(s));
   case NVIR_ATOM_INC:
   case NVIR_ATOM_DEC:
      return !wide;
   default:
      return !shared || !wide;
   }
}

/* Single precision additions in memory take subnormals for zero (isa.md §2.8)
 * where the program wants them kept. From 2^-101 on the operand decides: its
 * last place is above all subnormals, so these can be neither an addend that
 * counts nor a sum. */
#define KEEPS_SUBNORMALS 0x0d000000u

static bool
may_lose_subnormals(const struct nvir_instr *i)
{
   const struct nvir_src *x = &i->srcs[1];

   if (i->atom != NVIR_ATOM_FADD || i->type != F32 || i->ftz ||
       i->space != NVIR_SPACE_GLOBAL)
      return false;
   return x->kind != NVIR_SRC_IMM ||
          ((uint32_t)x->imm & 0x7fffffff) < KEEPS_SUBNORMALS;
}

/* What the memory holds after the operation on `old`. */
static struct nvir_src
new_value(struct nvir_builder *b, const struct nvir_instr *i,
          struct nvir_src old)
{
   static const uint8_t ops[] = {
      [NVIR_ATOM_ADD] = NVIR_OP_ADD,   [NVIR_ATOM_MIN] = NVIR_OP_SMIN,
      [NVIR_ATOM_MAX] = NVIR_OP_SMAX,  [NVIR_ATOM_AND] = NVIR_OP_AND,
      [NVIR_ATOM_OR] = NVIR_OP_OR,     [NVIR_ATOM_XOR] = NVIR_OP_XOR,
      [NVIR_ATOM_SUB] = NVIR_OP_SUB,   [NVIR_ATOM_NAND] = NVIR_OP_AND,
      [NVIR_ATOM_UMIN] = NVIR_OP_UMIN, [NVIR_ATOM_UMAX] = NVIR_OP_UMAX,
      [NVIR_ATOM_FADD] = NVIR_OP_FADD, [NVIR_ATOM_FMIN] = NVIR_OP_FMIN,
      [NVIR_ATOM_FMAX] = NVIR_OP_FMAX,
   };
   struct nvir_src r = op2(b, ops[i->atom], i->type, old, i->srcs[1]);
   r.val->def->ftz = i->ftz;
   if (i->atom == NVIR_ATOM_NAND)
      r = op2(b, NVIR_OP_XOR, i->type, r,
              nvir_imm(i->type == I64 ? ~0ull : 0xffffffff));
   return r;
}

static enum nvir_type
bits_type(enum nvir_type t)
{
   return nvir_type_bits(t) == 64 ? I64 : I32;
}

static void
copy_address(struct nvir_instr *to, const struct nvir_instr *from)
{
   to->srcs[0] = from->srcs[0];
   to->space = from->space;
   to->offset_B = from->offset_B;
   to->align_B = from->align_B;
}

static struct nvir_src
load_old(struct nvir_builder *b, const struct nvir_instr *i)
{
   struct nvir_instr *ld =
      nvir_build_op(b, NVIR_OP_LOAD, bits_type(i->type), i->srcs, 1);
   copy_address(ld, i);
   ld->imm = nvir_type_bits(i->type) / 8;
   ld->is_volatile = true;
   return nvir_val(ld->dsts[0].val);
}

/* What may be there; the swap tells what is. Shared memory has no loads that
 * say they are atomic, and there zero is as good a guess. */
static struct nvir_src
guess_old(struct nvir_builder *b, const struct nvir_instr *i)
{
   return i->space == NVIR_SPACE_SHARED ? nvir_imm(0) : load_old(b, i);
}

static struct nvir_src
swap_if_same(struct nvir_builder *b, const struct nvir_instr *i,
             struct nvir_src old, struct nvir_src new)
{
   struct nvir_instr *cas =
      nvir_build_op(b, NVIR_OP_ATOM, bits_type(i->type),
                    (struct nvir_src[]){i->srcs[0], old, new}, 3);
   copy_address(cas, i);
   cas->atom = NVIR_ATOM_CAS;
   cas->imm = nvir_type_bits(i->type) / 8;
   return nvir_val(cas->dsts[0].val);
}

/* old = guess; do { expected = old; old = cas(p, expected, op(expected)) }
 * while (differ) */
static void
lower_to_loop(struct nvir_instr *i)
{
   enum nvir_type t = bits_type(i->type);
   struct nvir_block *head = i->block;
   struct nvir_block *done = nvir_block_split_before(i);
   struct nvir_block *loop = nvir_block_create_after(head);
   struct nvir_builder b = nvir_builder_at_end(head);

   b.line = i->line;
   struct nvir_src first = guess_old(&b, i);
   nvir_build_br(&b, loop);
   b = nvir_builder_at_end(loop);
   b.line = i->line;
   struct nvir_instr *phi = nvir_build_op(&b, NVIR_OP_PHI, t, &first, 1);
   struct nvir_src expected = nvir_val(phi->dsts[0].val);
   struct nvir_src old =
      swap_if_same(&b, i, expected, new_value(&b, i, expected));
   struct nvir_src differ = compare(&b, NVIR_COND_NE, false, t, old, expected);
   nvir_build_cbr(&b, differ, loop, done);
   nvir_instr_add_src(phi, old);
   become(i, old);
}

static void
lower_native(struct nvir_instr *i)
{
   struct nvir_builder b = nvir_builder_before(i);
   if (i->atom != NVIR_ATOM_SUB)
      return;
   i->srcs[1] = op2(&b, NVIR_OP_SUB, i->type, nvir_imm(0), i->srcs[1]);
   i->atom = NVIR_ATOM_ADD;
}

/* Nobody else sees a thread's own memory: load, compute, store. */
static void
lower_private(struct nvir_instr *i)
{
   struct nvir_builder b = nvir_builder_before(i);
   enum nvir_type t = bits_type(i->type);
   struct nvir_src old = load_old(&b, i), new;

   if (i->atom == NVIR_ATOM_CAS)
      new = select_value(&b, t,
                         compare(&b, NVIR_COND_EQ, false, t, old, i->srcs[1]),
                         i->srcs[2], old);
   else
      new = i->atom == NVIR_ATOM_EXCH ? i->srcs[1] : new_value(&b, i, old);
   struct nvir_instr *st =
      nvir_build_op(&b, NVIR_OP_STORE, NVIR_TYPE_NONE,
                    (struct nvir_src[]){i->srcs[0], new}, 2);
   copy_address(st, i);
   st->imm = nvir_type_bits(t) / 8;
   become(i, old);
}

static struct nvir_instr *
clone_in_space(struct nvir_block *blk, const struct nvir_instr *i,
               enum nvir_space space)
{
   struct nvir_builder b = nvir_builder_at_end(blk);
   b.line = i->line;
   struct nvir_src srcs[3];
   for (unsigned n = 0; n < i->num_srcs; n++)
      srcs[n] = i->srcs[n];
   if (space == NVIR_SPACE_SHARED)
      srcs[0] = op2(&b, NVIR_OP_ADD, I32, low_word(&b, srcs[0]),
                    nvir_imm((uint32_t)-NVIR_SHARED_WINDOW));
   struct nvir_instr *c =
      nvir_build_op(&b, NVIR_OP_ATOM, i->type, srcs, i->num_srcs);
   copy_address(c, i);
   c->srcs[0] = srcs[0];
   c->space = space;
   c->atom = i->atom;
   c->ftz = i->ftz;
   c->imm = i->imm;
   return c;
}

/* Two ways of doing it, and where they meet. */
struct ways {
   struct nvir_instr *yes, *no;
};

static struct ways
split_ways(struct nvir_instr *i,
           struct nvir_src (*ask)(struct nvir_builder *,
                                  const struct nvir_instr *),
           enum nvir_space yes_space, enum nvir_space no_space)
{
   struct nvir_block *head = i->block;
   struct nvir_block *done = nvir_block_split_before(i);
   struct nvir_block *no = nvir_block_create_after(head);
   struct nvir_block *yes = nvir_block_create_after(head);
   struct nvir_builder b = nvir_builder_at_end(head);
   struct ways w;

   b.line = i->line;
   nvir_build_cbr(&b, ask(&b, i), yes, no);
   w.yes = clone_in_space(yes, i, yes_space);
   b = nvir_builder_at_end(yes);
   nvir_build_br(&b, done);
   w.no = clone_in_space(no, i, no_space);
   b = nvir_builder_at_end(no);
   nvir_build_br(&b, done);

   struct nvir_instr *phi = nvir_instr_create(head->shader, NVIR_OP_PHI, 1, 2);
   phi->type = i->type;
   phi->line = i->line;
   phi->srcs[0] = nvir_val(w.yes->dsts[0].val);
   phi->srcs[1] = nvir_val(w.no->dsts[0].val);
   nvir_instr_set_dst(phi, 0, nvir_value_for_type(head->shader, i->type));
   nvir_instr_insert_before(phi, i);
   become(i, nvir_val(phi->dsts[0].val));
   return w;
}

/* 0xfe000000 <= address + offset < 0xff000000: the high word is 0 and the top
 * byte fits. */
static struct nvir_src
is_in_shared_window(struct nvir_builder *b, const struct nvir_instr *i)
{
   struct nvir_src a = i->srcs[0];
   if (i->offset_B)
      a = op2(b, NVIR_OP_ADD, I64, a, nvir_imm((int64_t)i->offset_B));
   struct nvir_src rest =
      op2(b, NVIR_OP_SUB, I64, a, nvir_imm(NVIR_SHARED_WINDOW));
   return compare(b, NVIR_COND_LT, false, I64, rest,
                  nvir_imm(NVIR_WINDOW_SIZE));
}

static void
lower_generic(struct nvir_instr *i)
{
   split_ways(i, is_in_shared_window, NVIR_SPACE_SHARED, NVIR_SPACE_GLOBAL);
}

static struct nvir_src
operand_is_small(struct nvir_builder *b, const struct nvir_instr *i)
{
   return compare(b, NVIR_COND_LT, false, F32,
                  op1(b, NVIR_OP_FABS, F32, i->srcs[1]),
                  nvir_imm(KEEPS_SUBNORMALS));
}

static void
lower_exact_add(struct nvir_instr *i)
{
   struct ways w = split_ways(i, operand_is_small, i->space, i->space);
   w.no->ftz = true; /* and nothing is lost by it */
   lower_to_loop(w.yes);
}

void
nvir_lower_atomics(struct nvir_shader *s)
{
   nvir_foreach_block(b, s)
      nvir_foreach_instr_safe(i, b) {
         if (i->op != NVIR_OP_ATOM)
            continue;
         /* Splitting moves the rest of the block on: the outer walk gets there.
          */
         if (i->space == NVIR_SPACE_GENERIC) {
            lower_generic(i);
            break;
         }
         if (i->space == NVIR_SPACE_LOCAL) {
            lower_private(i);
            continue;
         }
         if (is_native(s, i) && may_lose_subnormals(i)) {
            lower_exact_add(i);
            break;
         }
         if (!is_native(s, i)) {
            lower_to_loop(i);
            break;
         }
         lower_native(i);
      }
   nvir_shader_number_blocks(s);
}
