/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/test/random_program.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
   G1,
   G2,
   G3,
   G4,
   P,
   NUM_KINDS
};
enum {
   MAX_VARS = 128,
   MAX_BREAKS = 8
};

/* The present SSA value of each variable. */
struct env {
   struct nvir_value *v[NUM_KINDS][MAX_VARS];
};

struct gen {
   struct nvir_shader *s;
   struct nvir_builder b;
   const struct random_options *o;
   unsigned seed, statements;
   struct env env;
};

static unsigned
pick(struct gen *g, unsigned n)
{
   return rand_r(&g->seed) / 7 % n;
}

static struct nvir_value *
new_value(struct gen *g, unsigned kind)
{
   return kind == P ? nvir_value_create(g->s, NVIR_CLASS_PRED, 1)
                    : nvir_value_create(g->s, NVIR_CLASS_GPR, kind + 1);
}

static struct nvir_instr *
mach(struct gen *g, enum sass_op op, enum sass_form form,
     struct nvir_value *dst, enum nvir_slot slot)
{
   struct nvir_instr *i = nvir_instr_create(g->s, NVIR_OP_MACH, dst ? 1 : 0, 0);
   sass_instr_init(&i->mi, op, form);
   nvir_build_insert(&g->b, i);
   if (dst) {
      nvir_instr_set_dst(i, 0, dst);
      i->dsts[0].slot = slot;
   }
   return i;
}

static void
src(struct nvir_instr *i, struct nvir_value *v, enum nvir_slot slot)
{
   struct nvir_src s = nvir_val(v);
   s.slot = slot;
   nvir_instr_add_src(i, s);
}

static void
add_dst(struct gen *g, struct nvir_instr *i, struct nvir_value *v,
        enum nvir_slot slot)
{
   struct nvir_dst *d = util_arena_array(&g->s->arena, struct nvir_dst, 2);
   d[0] = i->dsts[0];
   d[1] = (struct nvir_dst){.val = v, .slot = slot};
   i->dsts = d;
   i->num_dsts = 2;
   v->def = i;
}

static struct nvir_value **
any_var(struct gen *g, unsigned kind)
{
   return &g->env.v[kind][pick(g, g->o->num_vars[kind])];
}

static struct nvir_value *
constant(struct gen *g, uint32_t imm)
{
   struct nvir_value *v = new_value(g, G1);
   mach(g, SASS_OP_MOV32I, SASS_FORM_I, v, NVIR_SLOT_RD)->mi.imm = imm;
   return v;
}

/* ---- statements ---- */

static void
stmt_constant(struct gen *g)
{
   *any_var(g, G1) = constant(g, rand_r(&g->seed));
}

static void
stmt_alu(struct gen *g)
{
   static const enum sass_op ops[] = {SASS_OP_IADD, SASS_OP_LOP, SASS_OP_SHL};
   struct nvir_value *d = new_value(g, G1);
   struct nvir_instr *i =
      mach(g, ops[pick(g, 3)], SASS_FORM_R, d, NVIR_SLOT_RD);
   src(i, *any_var(g, G1), NVIR_SLOT_RA);
   src(i, *any_var(g, G1), NVIR_SLOT_RB);
   if (i->mi.op == SASS_OP_LOP)
      i->mi.lop = pick(g, 3);
   if (i->mi.op == SASS_OP_IADD)
      i->mi.neg_a = pick(g, 2);
   *any_var(g, G1) = d;
}

/* A result of unknown delay. */
static void
stmt_popc(struct gen *g)
{
   struct nvir_value *d = new_value(g, G1);
   src(mach(g, SASS_OP_POPC, SASS_FORM_R, d, NVIR_SLOT_RD), *any_var(g, G1),
       NVIR_SLOT_RB);
   *any_var(g, G1) = d;
}

static void
stmt_select(struct gen *g)
{
   struct nvir_value *d = new_value(g, G1);
   struct nvir_instr *i = mach(g, SASS_OP_SEL, SASS_FORM_R, d, NVIR_SLOT_RD);
   src(i, *any_var(g, G1), NVIR_SLOT_RA);
   src(i, *any_var(g, G1), NVIR_SLOT_RB);
   src(i, *any_var(g, P), NVIR_SLOT_PC);
   i->mi.pc_not = pick(g, 2);
   *any_var(g, G1) = d;
}

static void
stmt_compare(struct gen *g)
{
   struct nvir_value *d = new_value(g, P), *d2 = new_value(g, P);
   struct nvir_instr *i = mach(g, SASS_OP_ISETP, SASS_FORM_R, d, NVIR_SLOT_PD);
   i->mi.cond = SASS_COND_LT + pick(g, 6);
   i->mi.bool_op = pick(g, 3);
   src(i, *any_var(g, G1), NVIR_SLOT_RA);
   src(i, *any_var(g, G1), NVIR_SLOT_RB);
   src(i, *any_var(g, P), NVIR_SLOT_PC);
   *any_var(g, P) = d;
   if (pick(g, 2)) {
      add_dst(g, i, d2, NVIR_SLOT_PD2);
      *any_var(g, P) = d2;
   }
}

static void
stmt_psetp(struct gen *g)
{
   struct nvir_value *d = new_value(g, P);
   struct nvir_instr *i = mach(g, SASS_OP_PSETP, SASS_FORM_R, d, NVIR_SLOT_PD);
   i->mi.bool_op0 = pick(g, 3);
   i->mi.bool_op = pick(g, 3);
   i->mi.pa_not = pick(g, 2);
   src(i, *any_var(g, P), NVIR_SLOT_PA);
   src(i, *any_var(g, P), NVIR_SLOT_PB);
   src(i, *any_var(g, P), NVIR_SLOT_PC);
   *any_var(g, P) = d;
}

static void
stmt_collect(struct gen *g)
{
   unsigned kind = G2 + pick(g, 3);
   struct nvir_src words[4];
   for (unsigned n = 0; n <= kind; n++)
      words[n] = pick(g, 6) ? nvir_val(*any_var(g, G1))
                            : nvir_imm(rand_r(&g->seed) % 3);
   *any_var(g, kind) = nvir_build_collect(&g->b, words, kind + 1);
}

static void
stmt_split(struct gen *g)
{
   unsigned kind = G2 + pick(g, 3);
   struct nvir_value *words[4];
   nvir_build_split(&g->b, *any_var(g, kind), words);
   for (unsigned n = 0; n <= kind; n++)
      if (pick(g, 3))
         *any_var(g, G1) = words[n];
}

/* A 64-bit sum: split, carry, collect. */
static void
stmt_add64(struct gen *g)
{
   struct nvir_value *a[2], *b[2], *d[2] = {new_value(g, G1), new_value(g, G1)};
   struct nvir_value *carry = nvir_value_create(g->s, NVIR_CLASS_CC, 1);
   nvir_build_split(&g->b, *any_var(g, G2), a);
   nvir_build_split(&g->b, *any_var(g, G2), b);
   struct nvir_instr *lo =
      mach(g, SASS_OP_IADD, SASS_FORM_R, d[0], NVIR_SLOT_RD);
   add_dst(g, lo, carry, NVIR_SLOT_CC);
   src(lo, a[0], NVIR_SLOT_RA);
   src(lo, b[0], NVIR_SLOT_RB);
   struct nvir_instr *hi =
      mach(g, SASS_OP_IADD, SASS_FORM_R, d[1], NVIR_SLOT_RD);
   src(hi, a[1], NVIR_SLOT_RA);
   src(hi, b[1], NVIR_SLOT_RB);
   src(hi, carry, NVIR_SLOT_CC);
   struct nvir_src words[2] = {nvir_val(d[0]), nvir_val(d[1])};
   *any_var(g, G2) = nvir_build_collect(&g->b, words, 2);
}

/* An address from a register, in bounds and aligned. */
static struct nvir_value *
random_address(struct gen *g)
{
   struct nvir_value *addr = new_value(g, G1);
   struct nvir_instr *i =
      mach(g, SASS_OP_LOP32I, SASS_FORM_I, addr, NVIR_SLOT_RD);
   i->mi.imm = PROGRAM_LOCAL_B - 16;
   src(i, *any_var(g, G1), NVIR_SLOT_RA);
   return addr;
}

static void
access_memory(struct gen *g, bool store)
{
   static const unsigned kinds[] = {G1, G2, G4};
   unsigned kind = kinds[pick(g, 3)];
   struct nvir_value *addr = pick(g, 2) ? random_address(g) : NULL;
   struct nvir_value *v = store ? *any_var(g, kind) : new_value(g, kind);
   struct nvir_instr *i =
      store ? mach(g, SASS_OP_STL, SASS_FORM_R, NULL, 0)
            : mach(g, SASS_OP_LDL, SASS_FORM_R, v, NVIR_SLOT_RD);
   i->mi.size = kind == G1   ? SASS_SIZE_32
                : kind == G2 ? SASS_SIZE_64
                             : SASS_SIZE_128;
   if (addr)
      src(i, addr, NVIR_SLOT_RA);
   else
      i->mi.off = pick(g, PROGRAM_LOCAL_B / 16) * 16;
   if (store)
      src(i, v, NVIR_SLOT_RD);
   else
      *any_var(g, kind) = v;
}

static void
stmt_load(struct gen *g)
{
   access_memory(g, false);
}

static void
stmt_store(struct gen *g)
{
   access_memory(g, true);
}

static void
stmt_copy(struct gen *g)
{
   unsigned kind = pick(g, NUM_KINDS);
   if (!g->o->num_vars[kind])
      return;
   struct nvir_src from =
      pick(g, 3) ? nvir_val(*any_var(g, kind)) : nvir_imm(rand_r(&g->seed) % 2);
   if (kind == G1 && !pick(g, 4))
      from = nvir_cbank(4 * pick(g, 32));
   struct nvir_instr *i = nvir_instr_create(g->s, NVIR_OP_COPY, 1, 1);
   nvir_instr_set_dst(i, 0, new_value(g, kind));
   i->srcs[0] = from;
   nvir_build_insert(&g->b, i);
   *any_var(g, kind) = i->dsts[0].val;
}

static void
stmt_sreg(struct gen *g)
{
   struct nvir_value *d = new_value(g, G1);
   mach(g, SASS_OP_S2R, SASS_FORM_R, d, NVIR_SLOT_RD)->mi.sreg =
      SASS_SR_TID_X + pick(g, 3);
   *any_var(g, G1) = d;
}

/* ---- control flow ---- */

static void gen_region(struct gen *g, unsigned depth, unsigned statements);

static void
start_block(struct gen *g, struct nvir_block *b)
{
   g->b = nvir_builder_at_end(b);
}

static struct nvir_instr *
phi_for(struct gen *g, struct nvir_value **var, unsigned kind)
{
   struct nvir_instr *phi = nvir_instr_create(g->s, NVIR_OP_PHI, 1, 0);
   nvir_instr_set_dst(phi, 0, new_value(g, kind));
   nvir_build_insert(&g->b, phi);
   *var = phi->dsts[0].val;
   return phi;
}

#define for_each_var(g, kind, n)                                               \
   for (unsigned kind = 0; kind < NUM_KINDS; kind++)                           \
      for (unsigned n = 0; n < (g)->o->num_vars[kind]; n++)

/* Begins `to`, which the ends in `from` jump to, with phis for what differs. */
static void
meet(struct gen *g, struct nvir_block *to, const struct env *from,
     unsigned num_from)
{
   start_block(g, to);
   for_each_var(g, kind, n)
   {
      bool same = true;
      for (unsigned k = 1; k < num_from; k++)
         same &= from[k].v[kind][n] == from[0].v[kind][n];
      if (same && pick(g, 8)) {
         g->env.v[kind][n] = from[0].v[kind][n];
         continue;
      }
      struct nvir_instr *phi = phi_for(g, &g->env.v[kind][n], kind);
      for (unsigned k = 0; k < num_from; k++)
         nvir_instr_add_src(phi, kind < P && !pick(g, 12)
                                    ? nvir_imm(5)
                                    : nvir_val(from[k].v[kind][n]));
   }
}

static void
gen_if(struct gen *g, unsigned depth)
{
   struct nvir_block *then = nvir_block_create(g->s);
   struct nvir_block *other = nvir_block_create(g->s);
   struct env ends[2], before;
   nvir_build_cbr(&g->b, nvir_val(*any_var(g, P)), then, other);
   before = g->env;
   start_block(g, then);
   gen_region(g, depth - 1, 1 + pick(g, 6));
   struct nvir_builder then_end = g->b;
   ends[0] = g->env;
   g->env = before;
   start_block(g, other);
   gen_region(g, depth - 1, pick(g, 6));
   ends[1] = g->env;
   struct nvir_block *join = nvir_block_create(g->s);
   nvir_build_br(&then_end, join);
   nvir_build_br(&g->b, join);
   meet(g, join, ends, 2);
}

/* A loop of a few rounds with breaks: every exit edge has a block of its own. */
static void
gen_loop(struct gen *g, unsigned depth)
{
   struct nvir_block *head = nvir_block_create(g->s);
   struct nvir_value *zero = constant(g, 0), *count;
   struct nvir_instr *phis[NUM_KINDS][MAX_VARS] = {0};
   struct env ends[MAX_BREAKS];
   struct nvir_block *breaks[MAX_BREAKS];
   unsigned num_breaks = 0;
   nvir_build_br(&g->b, head);
   start_block(g, head);
   struct nvir_instr *counter = phi_for(g, &count, G1);
   nvir_instr_add_src(counter, nvir_val(zero));
   for_each_var(g, kind, n)
   {
      if (pick(g, 4) == 0)
         continue;
      struct nvir_value *in = g->env.v[kind][n];
      phis[kind][n] = phi_for(g, &g->env.v[kind][n], kind);
      nvir_instr_add_src(phis[kind][n], nvir_val(in));
   }
   struct env kept = g->env;
   for (unsigned part = 1 + pick(g, 3); part--;) {
      gen_region(g, depth - 1, 1 + pick(g, 6));
      struct nvir_block *leave = nvir_block_create(g->s);
      struct nvir_block *stay = nvir_block_create(g->s);
      struct nvir_value *done = *any_var(g, P);
      if (part == 0) {
         struct nvir_value *next = new_value(g, G1);
         struct nvir_instr *add =
            mach(g, SASS_OP_IADD32I, SASS_FORM_I, next, NVIR_SLOT_RD);
         add->mi.imm = 1;
         src(add, count, NVIR_SLOT_RA);
         nvir_instr_add_src(counter, nvir_val(next));
         done = new_value(g, P);
         struct nvir_instr *cmp =
            mach(g, SASS_OP_ISETP, SASS_FORM_I, done, NVIR_SLOT_PD);
         cmp->mi.cond = SASS_COND_GE;
         cmp->mi.imm = 1 + pick(g, 4);
         src(cmp, next, NVIR_SLOT_RA);
      }
      nvir_build_cbr(&g->b, nvir_val(done), leave, stay);
      breaks[num_breaks] = leave;
      ends[num_breaks++] = g->env;
      start_block(g, stay);
   }
   nvir_build_br(&g->b, head);
   for_each_var(g, kind, n)
   {
      if (phis[kind][n])
         nvir_instr_add_src(phis[kind][n], nvir_val(g->env.v[kind][n]));
      else /* not a phi: changes stay inside, later code sees the old value */
         for (unsigned k = 0; k < num_breaks; k++)
            ends[k].v[kind][n] = kept.v[kind][n];
   }
   struct nvir_block *exit = nvir_block_create(g->s);
   for (unsigned k = 0; k < num_breaks; k++) {
      struct nvir_builder at = nvir_builder_at_end(breaks[k]);
      nvir_build_br(&at, exit);
   }
   meet(g, exit, ends, num_breaks);
}

static void
gen_statement(struct gen *g)
{
   static void (*const statements[])(struct gen *) = {
      stmt_constant, stmt_alu,   stmt_alu,     stmt_popc,  stmt_select,
      stmt_compare,  stmt_psetp, stmt_collect, stmt_split, stmt_add64,
      stmt_load,     stmt_store, stmt_store,   stmt_copy,  stmt_sreg,
   };
   statements[pick(g, ARRAY_SIZE(statements))](g);
}

static void
gen_region(struct gen *g, unsigned depth, unsigned statements)
{
   for (unsigned n = 0; n < statements && g->statements; n++) {
      g->statements--;
      unsigned what = depth ? pick(g, 10) : 9;
      if (what == 0)
         gen_if(g, depth);
      else if (what == 1)
         gen_loop(g, depth);
      else
         gen_statement(g);
   }
}

/* ---- whole programs ---- */

static void
init_vars(struct gen *g)
{
   for_each_var(g, kind, n)
   {
      struct nvir_src words[4];
      for (unsigned w = 0; w < 4; w++)
         words[w] = nvir_imm(1000 * kind + 10 * n + w);
      if (kind >= G2 && kind <= G4) {
         g->env.v[kind][n] = nvir_build_collect(&g->b, words, kind + 1);
         continue;
      }
      struct nvir_instr *i = nvir_instr_create(g->s, NVIR_OP_COPY, 1, 1);
      nvir_instr_set_dst(i, 0, new_value(g, kind));
      i->srcs[0] = kind == P ? nvir_imm(n & 1) : words[0];
      nvir_build_insert(&g->b, i);
      g->env.v[kind][n] = i->dsts[0].val;
   }
}

/* Adds every variable to the output. */
static void
store_vars(struct gen *g)
{
   unsigned off = 0;
   for_each_var(g, kind, n)
   {
      struct nvir_value *words[4] = {g->env.v[kind][n]};
      if (kind == P) {
         words[0] = new_value(g, G1);
         struct nvir_instr *i =
            mach(g, SASS_OP_SEL, SASS_FORM_I, words[0], NVIR_SLOT_RD);
         i->mi.imm = 7;
         i->mi.pc_not = true;
         src(i, g->env.v[kind][n], NVIR_SLOT_PC);
      } else if (kind) {
         nvir_build_split(&g->b, g->env.v[kind][n], words);
      }
      for (unsigned w = 0; w < (kind == P ? 1 : kind + 1); w++) {
         struct nvir_instr *st = mach(g, SASS_OP_STL, SASS_FORM_R, NULL, 0);
         st->mi.size = SASS_SIZE_32;
         st->mi.off = off;
         src(st, words[w], NVIR_SLOT_RD);
         off = (off + 4) % PROGRAM_LOCAL_B;
      }
   }
}

struct nvir_shader *
random_program(const struct random_options *o)
{
   struct gen g = {.s = nvir_shader_create("random", 0x134),
                   .o = o,
                   .seed = o->seed,
                   .statements = o->num_statements};
   g.s->local_B = PROGRAM_LOCAL_B;
   g.s->is_legal = true;
   start_block(&g, nvir_block_create(g.s));
   init_vars(&g);
   while (g.statements)
      gen_region(&g, o->max_depth, g.statements);
   store_vars(&g);
   nvir_build_insert(&g.b, nvir_instr_create(g.s, NVIR_OP_EXIT, 0, 0));
   nvir_shader_number_blocks(g.s);
   return g.s;
}
