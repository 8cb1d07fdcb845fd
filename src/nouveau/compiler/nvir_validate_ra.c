/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Checks an allocation without knowing how it was made. The SSA program is
 * still there: every operand names an SSA value (`origin`) and a place (`reg`).
 * Along all paths we follow which word of which SSA value each register holds,
 * as one reads the machine program; every use must find its words. Nothing is
 * shared with nvir_assign_regs but the shader. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/nvir_passes.h"
#include "nouveau/compiler/nvir_regfile_priv.h"
#include "util/util_log.h"

/* What a register holds: nothing known, an immediate word, or word w of SSA
 * value i as (i + 1) * 4 + w. */
#define UNKNOWN 0
#define IMM_BIT (1ull << 63)

enum {
   FIRST_PRED = 256,
   CC = FIRST_PRED + 8,
   NUM_PLACES
};

struct state {
   uint64_t holds[NUM_PLACES];
};

struct check {
   struct nvir_shader *s;
   struct state *out; /* by block index, at its end */
   bool *reached;
   bool report; /* the states are final: a missing value is an error */
   unsigned errors;
};

static unsigned
place_of(const struct nvir_value *v, unsigned word)
{
   static const unsigned first[] = {
      [NVIR_CLASS_GPR] = 0,
      [NVIR_CLASS_PRED] = FIRST_PRED,
      [NVIR_CLASS_CC] = CC,
   };
   return first[v->cls] + v->reg + word;
}

static const struct nvir_value *
origin(const struct nvir_value *v)
{
   return v->origin ? v->origin : v;
}

static uint64_t
token(const struct nvir_value *v, unsigned word)
{
   return (origin(v)->index + 1ull) * 4 + word;
}

static uint64_t
imm_token(const struct nvir_src *src, unsigned word)
{
   return IMM_BIT | (word < 2 ? (uint32_t)(src->imm >> (32 * word)) : 0);
}

static void
complain(struct check *c, const struct nvir_instr *i,
         const struct nvir_value *v, const char *what)
{
   if (!c->report)
      return;
   struct util_buf text;
   util_buf_init(&text);
   nvir_print_instr(i, &text);
   util_err("nvir", "%s: %s: value %u at register %d: %s", c->s->name, what,
            origin(v)->index, v->reg, text.data);
   util_buf_finish(&text);
   c->errors++;
}

static bool
is_sink(const struct nvir_value *v)
{
   return (v->cls == NVIR_CLASS_GPR && v->reg == SASS_RZ) ||
          (v->cls == NVIR_CLASS_PRED && v->reg == SASS_PT);
}

static void
check_place(struct check *c, const struct nvir_instr *i,
            const struct nvir_value *v)
{
   static const unsigned size[] = {NVIR_MAX_GPR, SASS_PT, 1};
   if (is_sink(v))
      return;
   if (v->reg < 0 || v->reg + v->words > size[v->cls])
      complain(c, i, v, "outside the file");
   else if (v->reg % nvir_reg_align(v->words))
      complain(c, i, v, "misaligned");
   else
      return;
   abort();
}

static void
check_use(struct check *c, const struct state *st, const struct nvir_instr *i,
          const struct nvir_value *v)
{
   check_place(c, i, v);
   for (unsigned w = 0; w < v->words; w++)
      if (st->holds[place_of(v, w)] != token(v, w))
         complain(c, i, v, "another value is in its place");
}

/* A new definition makes every older copy of the value stale. */
static void
define(struct check *c, struct state *st, const struct nvir_instr *i,
       const struct nvir_value *v)
{
   check_place(c, i, v);
   if (is_sink(v))
      return;
   for (unsigned p = 0; p < NUM_PLACES; p++)
      if (st->holds[p] / 4 == token(v, 0) / 4)
         st->holds[p] = UNKNOWN;
   for (unsigned w = 0; w < v->words; w++)
      st->holds[place_of(v, w)] = token(v, w);
}

/* All sources are read first. Only later uses care what was copied. */
static void
run_pcopy(struct check *c, struct state *st, const struct nvir_instr *i)
{
   struct state old = *st;
   for (unsigned n = 0; n < i->num_dsts; n++) {
      const struct nvir_value *to = i->dsts[n].val;
      const struct nvir_src *from = &i->srcs[n];
      check_place(c, i, to);
      if (from->kind == NVIR_SRC_VALUE)
         check_place(c, i, from->val);
      for (unsigned w = 0; w < to->words; w++)
         st->holds[place_of(to, w)] = from->kind == NVIR_SRC_VALUE
                                         ? old.holds[place_of(from->val, w)]
                                         : imm_token(from, w);
   }
}

static void
run_block(struct check *c, const struct nvir_block *b, struct state *st)
{
   nvir_foreach_instr(i, b) {
      if (i->op == NVIR_OP_PHI)
         continue;
      if (i->op == NVIR_OP_PCOPY) {
         run_pcopy(c, st, i);
         continue;
      }
      nvir_foreach_src(src, i)
         if (src->kind == NVIR_SRC_VALUE)
            check_use(c, st, i, src->val);
      nvir_foreach_dst(dst, i)
         define(c, st, i, dst->val);
   }
}

static bool
phi_word_arrived(const struct state *from, const struct nvir_src *src,
                 const struct nvir_value *phi, unsigned w)
{
   uint64_t holds = from->holds[place_of(phi, w)];
   if (src->kind == NVIR_SRC_UNDEF)
      return true;
   return holds == (src->kind == NVIR_SRC_VALUE ? token(src->val, w)
                                                : imm_token(src, w));
}

/* The state in which `b` begins when it is entered from predecessor `pred`. */
static void
enter(struct check *c, const struct nvir_block *b, unsigned pred,
      struct state *st)
{
   const struct state *from = &c->out[b->preds[pred]->index];
   *st = *from;
   nvir_foreach_instr(i, b) {
      if (i->op != NVIR_OP_PHI)
         break;
      const struct nvir_value *phi = i->dsts[0].val;
      for (unsigned w = 0; w < phi->words; w++)
         if (!phi_word_arrived(from, &i->srcs[pred], phi, w))
            complain(c, i, phi, "source of the phi did not arrive");
   }
   nvir_foreach_instr(i, b) {
      if (i->op != NVIR_OP_PHI)
         break;
      define(c, st, i, i->dsts[0].val);
   }
}

/* Joins all reached predecessors, runs the block; returns whether its end
 * changed. */
static bool
visit(struct check *c, const struct nvir_block *b)
{
   struct state st = {0}, other;
   bool any = b->num_preds == 0;
   for (unsigned p = 0; p < b->num_preds; p++) {
      if (!c->reached[b->preds[p]->index])
         continue;
      enter(c, b, p, any ? &other : &st);
      for (unsigned r = 0; any && r < NUM_PLACES; r++)
         if (st.holds[r] != other.holds[r])
            st.holds[r] = UNKNOWN;
      any = true;
   }
   if (!any)
      return false;
   run_block(c, b, &st);
   bool changed =
      !c->reached[b->index] || memcmp(&c->out[b->index], &st, sizeof(st)) != 0;
   c->reached[b->index] = true;
   c->out[b->index] = st;
   return changed;
}

void
nvir_validate_ra(struct nvir_shader *s)
{
   struct util_arena arena;
   util_arena_init(&arena);
   struct check c = {
      .s = s,
      .out = util_arena_array(&arena, struct state, s->num_blocks),
      .reached = util_arena_array(&arena, bool, s->num_blocks),
   };
   bool again;
   do {
      again = false;
      nvir_foreach_block(b, s)
         again |= visit(&c, b);
   } while (again);
   c.report = true;
   nvir_foreach_block(b, s)
      visit(&c, b);
   if (c.errors) {
      struct util_buf text;
      util_buf_init(&text);
      nvir_print(s, &text);
      fputs(text.data, stderr);
      abort();
   }
   util_arena_finish(&arena);
}
