/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Random control flow, walked by each of 32 lanes alone before and by the warp
 * together after nvir_insert_convergence, on an own model of the token stack
 * (isa.md §3.2). Every lane must meet the same blocks in the same order; the
 * stack must stay within what crs_B was computed for; where a branch was
 * uniform, nobody may be left behind.
 *
 * A block's marker is a MOV32I RZ with its number; how a lane goes on after a
 * block is a function of the lane, the block and how often the lane was there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nouveau/compiler/nvir_passes.h"
#include "util/util_flags.h"

#define LANES      32
#define MAX_STEPS  4000 /* of a lane */
#define MAX_BLOCKS 256

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
   seed = seed * 6364136223846793005ull + 1442695040888963407ull;
   return (seed >> 33) % n;
}

/* ---- random programs, structured at first, then with jumps out of line ---- */

struct program {
   struct nvir_shader *s;
   struct nvir_value *cond;
   struct nvir_block *at; /* under construction */
   struct nvir_block *breaks[8], *continues[8];
   unsigned depth;
   struct nvir_block *ret;
   bool uniform[MAX_BLOCKS];
};

static void
mark(struct nvir_block *b)
{
   struct nvir_instr *m = nvir_instr_create(b->shader, NVIR_OP_MACH, 0, 0);
   sass_instr_init(&m->mi, SASS_OP_MOV32I, SASS_FORM_I);
   m->mi.imm = b->index;
   nvir_instr_append(m, b);
}

static struct nvir_block *
new_block(struct program *p)
{
   struct nvir_block *b = nvir_block_create(p->s);
   mark(b);
   return b;
}

static void
jump(struct program *p, struct nvir_block *to)
{
   struct nvir_builder b = nvir_builder_at_end(p->at);
   if (p->at->succs[0] || nvir_block_terminator(p->at))
      return;
   nvir_build_br(&b, to);
}

static void
branch(struct program *p, struct nvir_block *yes, struct nvir_block *no)
{
   struct nvir_builder b = nvir_builder_at_end(p->at);
   p->uniform[p->at->index] = rnd(4) == 0;
   nvir_build_cbr(&b, nvir_val(p->cond), yes, no);
   nvir_block_terminator(p->at)->is_divergent = !p->uniform[p->at->index];
}

static void statements(struct program *p, unsigned nest);

static void
if_else(struct program *p, unsigned nest)
{
   struct nvir_block *yes = new_block(p), *no = new_block(p),
                     *join = new_block(p);
   bool has_else = rnd(2);
   branch(p, yes, has_else ? no : join);
   p->at = yes;
   statements(p, nest + 1);
   jump(p, join);
   if (has_else) {
      p->at = no;
      statements(p, nest + 1);
      jump(p, join);
   }
   p->at = join;
}

static void
loop(struct program *p, unsigned nest)
{
   struct nvir_block *head = new_block(p), *body = new_block(p),
                     *latch = new_block(p), *after = new_block(p);
   bool tests_first = rnd(2);
   jump(p, head);
   p->at = head;
   if (tests_first)
      branch(p, body, after);
   else
      jump(p, body);
   p->breaks[p->depth] = after;
   p->continues[p->depth] = latch;
   p->depth++;
   p->at = body;
   statements(p, nest + 1);
   jump(p, latch);
   p->depth--;
   p->at = latch;
   if (tests_first)
      jump(p, head);
   else
      branch(p, head, after);
   p->at = after;
}

/* break, continue or return under a condition. */
static void
leave(struct program *p)
{
   struct nvir_block *rest = new_block(p), *to = p->ret;
   if (p->depth && rnd(4))
      to = rnd(2) ? p->breaks[p->depth - 1] : p->continues[p->depth - 1];
   if (rnd(3) == 0) {
      /* with something to do on the way */
      struct nvir_block *way = new_block(p);
      branch(p, way, rest);
      p->at = way;
      jump(p, to);
   } else {
      branch(p, to, rest);
   }
   p->at = rest;
}

/* if (a && b) x else y: y is entered from two branches. */
static void
short_circuit(struct program *p, unsigned nest)
{
   struct nvir_block *second = new_block(p), *x = new_block(p),
                     *y = new_block(p), *join = new_block(p);
   branch(p, second, y);
   p->at = second;
   branch(p, x, y);
   p->at = x;
   statements(p, nest + 1);
   jump(p, join);
   p->at = y;
   jump(p, join);
   p->at = join;
}

static void
statements(struct program *p, unsigned nest)
{
   unsigned n = 1 + rnd(3);
   for (unsigned i = 0; i < n && p->s->num_blocks < MAX_BLOCKS / 2; i++) {
      uint32_t kind = rnd(10);
      if (nest > 4 || kind < 2)
         leave(p);
      else if (kind < 6)
         if_else(p, nest);
      else if (kind < 8)
         loop(p, nest);
      else
         short_circuit(p, nest);
   }
}

static void
remove_unreached(struct nvir_shader *s)
{
   for (bool again = true; again;) {
      again = false;
      nvir_foreach_block_safe(b, s) {
         if (b == nvir_shader_entry(s) || b->num_preds)
            continue;
         while (b->succs[0])
            nvir_block_unlink(b, b->succs[0]);
         util_list_del(&b->link);
         again = true;
      }
   }
   nvir_shader_number_blocks(s);
}

static struct nvir_shader *
random_program(struct program *p)
{
   *p = (struct program){.s = nvir_shader_create("random", 0x134)};
   p->s->is_legal = p->s->has_regs = true;
   p->cond = nvir_value_create(p->s, NVIR_CLASS_PRED, 1);
   p->cond->reg = 0;
   p->at = new_block(p);
   p->ret = nvir_block_create(p->s);
   if (rnd(2))
      mark(p->ret);
   statements(p, 0);
   jump(p, p->ret);
   struct nvir_builder b = nvir_builder_at_end(p->ret);
   nvir_build_op(&b, NVIR_OP_EXIT, NVIR_TYPE_NONE, NULL, 0);
   remove_unreached(p->s);
   return p->s;
}

/* ---- a lane's decisions and its way ---- */

struct way {
   unsigned n;
   uint16_t blocks[MAX_STEPS];
};

struct lane {
   uint16_t visits[MAX_BLOCKS];
   unsigned at; /* marker last met */
   struct way way;
};

static void
meet(struct lane *l, unsigned marker)
{
   l->at = marker;
   l->visits[marker]++;
   if (l->way.n < MAX_STEPS)
      l->way.blocks[l->way.n++] = marker;
}

/* Tends to one side as visits grow, so that loops end: which side that is was
 * tried. */
static bool
decide(const struct program *p, const struct lane *l, unsigned lane)
{
   uint64_t h =
      l->at * 0x9e3779b97f4a7c15ull + l->visits[l->at] * 0xc2b2ae3d27d4eb4full;
   if (!p->uniform[l->at])
      h += lane * 0x165667b19e3779f9ull;
   h ^= h >> 31;
   h *= 0xff51afd7ed558ccdull;
   return h >> 40 & 1;
}

static unsigned
marker_of(const struct nvir_block *b)
{
   nvir_foreach_instr(i, b)
      if (i->op == NVIR_OP_MACH && i->mi.op == SASS_OP_MOV32I)
         return i->mi.imm;
   return MAX_BLOCKS;
}

/* False: too long. */
static bool
walk_alone(struct program *p, unsigned number, struct lane *l)
{
   struct nvir_block *b = nvir_shader_entry(p->s);
   while (l->way.n < MAX_STEPS) {
      unsigned m = marker_of(b);
      if (m < MAX_BLOCKS)
         meet(l, m);
      struct nvir_instr *term = nvir_block_terminator(b);
      if (term->op == NVIR_OP_EXIT)
         return true;
      b = term->op == NVIR_OP_BR || decide(p, l, number) ? b->succs[0]
                                                         : b->succs[1];
   }
   return false;
}

/* ---- the warp ---- */

enum kind {
   SSY,
   PBK,
   DIV
};

struct token {
   enum kind kind;
   uint32_t mask;
   const struct nvir_block *block;
   const struct nvir_instr
      *instr; /* DIV: where the others go on; else the block's first */
};

struct warp {
   struct program *p;
   struct lane *lanes;
   struct token stack[4096];
   unsigned depth, max_depth;
   uint32_t active, exited;
   const struct nvir_block *block;
   const struct util_list *pos; /* next instruction's link in block->instrs */
};

static void
push(struct warp *w, enum kind kind, uint32_t mask, const struct nvir_block *b,
     const struct util_list *pos)
{
   assert_true(w->depth < ARRAY_SIZE(w->stack));
   w->stack[w->depth++] = (struct token){
      kind, mask, b, pos ? container_of(pos, struct nvir_instr, link) : NULL};
   w->max_depth = MAX2(w->max_depth, w->depth);
}

static void
go_to(struct warp *w, const struct nvir_block *b)
{
   w->block = b;
   w->pos = b->instrs.next;
}

static bool
pop(struct warp *w)
{
   while (w->depth) {
      struct token t = w->stack[--w->depth];
      uint32_t mask = t.mask & ~w->exited;
      if (!mask)
         continue;
      w->active = mask;
      go_to(w, t.block);
      if (t.kind == DIV)
         w->pos = t.instr ? &t.instr->link : &t.block->instrs;
      return true;
   }
   return false;
}

/* Lanes of `mask` no longer belong to tokens above the newest PBK. */
static void
disable(struct warp *w, uint32_t mask)
{
   for (unsigned d = w->depth; d-- > 0;) {
      if (w->stack[d].kind == PBK)
         return;
      w->stack[d].mask &= ~mask;
   }
   fail_msg("BRK without PBK");
}

static uint32_t
guarded(struct warp *w, const struct nvir_instr *i)
{
   uint32_t mask = 0;
   if (i->num_srcs == 0)
      return w->active;
   for (unsigned l = 0; l < LANES; l++)
      if (w->active >> l & 1 &&
          decide(w->p, &w->lanes[l], l) != i->mi.guard_not)
         mask |= 1u << l;
   return mask;
}

static void
jump_warp(struct warp *w, const struct nvir_instr *i, uint32_t mask)
{
   if (mask == 0)
      return;
   if (mask != w->active)
      push(w, DIV, w->active & ~mask, w->block,
           w->pos == &w->block->instrs ? NULL : w->pos);
   w->active = mask;
   go_to(w, i->target);
}

static const struct token *
top_of(const struct warp *w)
{
   for (unsigned d = w->depth; d-- > 0;)
      if (w->stack[d].kind != DIV)
         return &w->stack[d];
   return NULL;
}

/* False: the warp is done. */
static bool
step(struct warp *w)
{
   if (w->pos == &w->block->instrs) {
      const struct nvir_block *next = nvir_block_next(w->block);
      if (!next)
         fail_msg("ran past the end");
      go_to(w, next);
      return true;
   }
   const struct nvir_instr *i = container_of(w->pos, struct nvir_instr, link);
   uint32_t mask = guarded(w, i);
   w->pos = w->pos->next;
   switch (i->mi.op) {
   case SASS_OP_MOV32I:
      for (unsigned l = 0; l < LANES; l++)
         if (mask >> l & 1)
            meet(&w->lanes[l], i->mi.imm);
      return true;
   case SASS_OP_SSY:
      push(w, SSY, w->active, i->target, NULL);
      return true;
   case SASS_OP_PBK:
      push(w, PBK, w->active, i->target, NULL);
      return true;
   case SASS_OP_BRA:
      jump_warp(w, i, mask);
      return true;
   case SASS_OP_SYNC: {
      const struct token *t = top_of(w);
      assert_true(t && t->kind == SSY);
      break;
   }
   case SASS_OP_BRK:
      disable(w, mask);
      break;
   case SASS_OP_EXIT:
      w->exited |= mask;
      break;
   default:
      fail_msg("unexpected instruction");
   }
   w->active &= ~mask;
   return w->active || pop(w);
}

/* Entries that stack_size() in nvir_insert_convergence.c makes room for. */
static unsigned
room(uint32_t crs_B)
{
   return crs_B == 0 ? 16 : crs_B <= 1024 ? 32 : crs_B / 16 - 32;
}

static bool
run_one(uint64_t number)
{
   struct program p;
   struct lane *alone = calloc(LANES, sizeof(*alone)),
               *together = calloc(LANES, sizeof(*together));
   struct warp *w = calloc(1, sizeof(*w));
   bool done = false;

   seed = number;
   random_program(&p);
   for (unsigned l = 0; l < LANES; l++)
      if (!walk_alone(&p, l, &alone[l]))
         goto out; /* does not end: no test */
   if (nvir_check_convergence(p.s))
      goto out; /* the structurizer's business */
   assert_int_equal(nvir_insert_convergence(p.s), 0);
   w->p = &p;
   w->lanes = together;
   w->active = ~0u;
   go_to(w, nvir_shader_entry(p.s));
   while (step(w))
      ;
   assert_int_equal(w->exited, ~0u);
   for (unsigned l = 0; l < LANES; l++) {
      assert_int_equal(together[l].way.n, alone[l].way.n);
      assert_memory_equal(together[l].way.blocks, alone[l].way.blocks,
                          2 * alone[l].way.n);
   }
   assert_in_range(w->max_depth, 0, room(p.s->crs_B));
   done = true;
out:
   nvir_shader_destroy(p.s);
   free(alone);
   free(together);
   free(w);
   return done;
}

static void
test_random(void **state)
{
   uint64_t first = util_env_u64("TEST_SEED", 1, 0, UINT64_MAX);
   unsigned count = 3000, run = 0;
   print_message("seeds from %llu\n", (unsigned long long)first);
   for (uint64_t k = 0; k < count; k++)
      run += run_one(first + k);
   print_message("%u of %u programs ran\n", run, count);
   assert_true(run > count / 4);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
