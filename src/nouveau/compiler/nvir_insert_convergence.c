/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Terminators become BRA, SSY, SYNC, PBK, BRK, EXIT. Runs on allocated code,
 * where the blocks it adds need no phis. */
#include <assert.h>

#include "nouveau/compiler/nvir_convergence_priv.h"
#include "nouveau/compiler/nvir_passes.h"

int
nvir_check_convergence(struct nvir_shader *s)
{
   struct nvir_convergence cv;
   int err = nvir_convergence_init(&cv, s);
   nvir_convergence_finish(&cv);
   return err;
}

/* ---- added blocks ---- */

static struct nvir_block *
block_before(struct nvir_block *pos)
{
   struct nvir_block *b = nvir_block_create(pos->shader);
   util_list_del(&b->link);
   util_list_add_before(&b->link, &pos->link);
   return b;
}

static struct nvir_block *
node_block(struct nvir_convergence *cv, int i)
{
   struct nvir_node *n = &cv->nodes[i];
   if (n->block)
      return n->block;
   struct nvir_block *to = node_block(cv, cv->g.succ[i][0]);
   if (n->kind == NVIR_NODE_LATCH) {
      /* Behind the blocks that go to it: the last of the loop in layout. */
      struct nvir_block *last = to;
      for (unsigned k = 0; k < cv->g.n; k++)
         if (cv->nodes[k].block && cv->g.succ[k][0] == i &&
             cv->nodes[k].block->index > last->index)
            last = cv->nodes[k].block;
      n->block = nvir_block_create_after(last);
   } else {
      n->block = block_before(to);
   }
   return n->block;
}

static void
make_blocks(struct nvir_convergence *cv)
{
   for (unsigned i = 0; i < cv->g.n; i++)
      if (cv->g.rpo[i] >= 0)
         node_block(cv, i);
}

/* ---- instructions ---- */

static struct nvir_instr *
emit(struct nvir_block *b, enum sass_op op, struct nvir_block *target)
{
   struct nvir_instr *m = nvir_instr_create(b->shader, NVIR_OP_MACH, 0, 0);
   m->srcs = util_arena_array(&b->shader->arena, struct nvir_src, 1);
   sass_instr_init(&m->mi, op, sass_op_first_form(op));
   m->target = target;
   nvir_instr_append(m, b);
   return m;
}

struct branch {
   struct nvir_src cond; /* of the terminator; UNDEF: always */
   bool negate;
};

static void
guard(struct nvir_instr *m, const struct branch *br)
{
   if (br->cond.kind != NVIR_SRC_VALUE)
      return;
   m->srcs[0] = br->cond;
   m->srcs[0].slot = NVIR_SLOT_GUARD;
   m->num_srcs = 1;
   m->mi.guard_not = br->negate;
}

/* One way of a terminator. */
struct way {
   enum nvir_edge edge;
   struct nvir_block *to; /* PLAIN */
};

static struct way
way_of(struct nvir_convergence *cv, int i, unsigned e)
{
   struct nvir_node *n = &cv->nodes[i];
   if (n->exits[e])
      return (struct way){.edge = NVIR_EDGE_EXIT};
   unsigned ge = e && n->exits[0] ? 0 : e;
   return (struct way){n->edge[ge], cv->nodes[cv->g.succ[i][ge]].block};
}

static void
emit_way(struct nvir_block *b, struct way w, const struct branch *br)
{
   static const enum sass_op ops[] = {
      [NVIR_EDGE_PLAIN] = SASS_OP_BRA,
      [NVIR_EDGE_SYNC] = SASS_OP_SYNC,
      [NVIR_EDGE_BRK] = SASS_OP_BRK,
      [NVIR_EDGE_EXIT] = SASS_OP_EXIT,
   };
   guard(emit(b, ops[w.edge], w.edge == NVIR_EDGE_PLAIN ? w.to : NULL), br);
}

static bool
falls(const struct nvir_block *b, struct way w)
{
   return w.edge == NVIR_EDGE_PLAIN && w.to == nvir_block_next(b);
}

static void
emit_jump(struct nvir_block *b, struct way w)
{
   struct branch always = {nvir_undef(), false};
   if (!falls(b, w))
      emit_way(b, w, &always);
}

/* The guarded way first: the one that is not a jump to what follows, if there
 * is one. */
static void
emit_branch(struct nvir_block *b, struct nvir_src cond, struct way yes,
            struct way no)
{
   struct branch br = {cond, false};
   bool flip = falls(b, yes) ||
               (yes.edge == NVIR_EDGE_PLAIN && no.edge != NVIR_EDGE_PLAIN);
   if (flip) {
      struct way t = yes;
      yes = no;
      no = t;
      br.negate = true;
   }
   emit_way(b, yes, &br);
   emit_jump(b, no);
}

/* ---- tokens ---- */

/* A lone SYNC at the very end: where the inner of two branches with one join
 * goes. */
static struct nvir_block *
sync_block(struct nvir_convergence *cv)
{
   struct nvir_block *b = nvir_block_create(cv->s);
   emit(b, SASS_OP_SYNC, NULL);
   return b;
}

static void
emit_token(struct nvir_convergence *cv, int i, struct nvir_block *b)
{
   struct nvir_node *n = &cv->nodes[i];
   if (n->join == NVIR_NODE_NONE)
      return;
   emit(b, SASS_OP_SSY,
        n->to_outer ? sync_block(cv) : cv->nodes[n->join].block);
}

static void
emit_added(struct nvir_convergence *cv, int i)
{
   struct nvir_node *n = &cv->nodes[i];
   if (n->kind == NVIR_NODE_BEFORE) {
      for (unsigned k = 0; k < cv->num_levels; k++) {
         struct nvir_level *l = &cv->levels[k];
         if (l->header != NVIR_NODE_NONE && l->before == i && l->needs_break &&
             l->after != NVIR_NODE_NONE)
            emit(n->block, SASS_OP_PBK, cv->nodes[l->after].block);
      }
   }
   emit_jump(n->block, way_of(cv, i, 0));
}

static void
emit_node(struct nvir_convergence *cv, int i)
{
   struct nvir_node *n = &cv->nodes[i];
   struct nvir_block *b = n->block;

   if (n->kind != NVIR_NODE_BLOCK) {
      emit_added(cv, i);
      return;
   }
   struct nvir_instr *term = nvir_block_terminator(b);
   struct nvir_src cond = term->num_srcs ? term->srcs[0] : nvir_undef();
   nvir_instr_remove(term);
   struct util_list *before = b->instrs.prev;
   switch (term->op) {
   case NVIR_OP_EXIT:
      emit(b, SASS_OP_EXIT, NULL);
      break;
   case NVIR_OP_TRAP:
      emit(b, SASS_OP_BPT, NULL)->mi.bpt = SASS_BPT_TRAP;
      emit(b, SASS_OP_EXIT, NULL);
      break;
   case NVIR_OP_BR:
      emit_jump(b, way_of(cv, i, 0));
      break;
   default:
      emit_token(cv, i, b);
      emit_branch(b, cond, way_of(cv, i, 0), way_of(cv, i, 1));
   }
   for (struct util_list *l = before->next; l != &b->instrs; l = l->next)
      container_of(l, struct nvir_instr, link)->line = term->line;
}

/* ---- edges of the new blocks ---- */

static void
relink(struct nvir_convergence *cv)
{
   nvir_foreach_block(b, cv->s) {
      b->succs[0] = b->succs[1] = NULL;
      b->num_preds = 0;
   }
   for (unsigned i = 0; i < cv->g.n; i++) {
      if (cv->g.rpo[i] < 0)
         continue;
      for (unsigned e = 0; e < 2; e++)
         if (cv->g.succ[i][e] != NVIR_NODE_NONE)
            nvir_block_link(cv->nodes[i].block,
                            cv->nodes[cv->g.succ[i][e]].block);
   }
}

/* Bare EXIT blocks that nobody enters any more, and blocks never reached. */
static void
drop_unreached(struct nvir_convergence *cv)
{
   for (unsigned i = 0; i < cv->g.n; i++)
      if (cv->g.rpo[i] < 0 && cv->nodes[i].block)
         util_list_del(&cv->nodes[i].block->link);
}

/* Stack entries of a warp to bytes (isa.md §3.2, "CRS memory"). */
static uint32_t
stack_size(unsigned depth)
{
   if (depth <= 16)
      return 0;
   return depth <= 32 ? 1024 : util_align((depth + 32) * 16, 512);
}

int
nvir_insert_convergence(struct nvir_shader *s)
{
   struct nvir_convergence cv;
   int err = nvir_convergence_init(&cv, s);
   if (err) {
      if (s->log)
         util_buf_printf(s->log, "kernel '%s': control flow: %s\n", s->name,
                         cv.refused);
      nvir_convergence_finish(&cv);
      return err;
   }
   drop_unreached(&cv);
   make_blocks(&cv);
   for (unsigned i = 0; i < cv.g.n; i++)
      if (cv.g.rpo[i] >= 0)
         emit_node(&cv, i);
   relink(&cv);
   nvir_shader_number_blocks(s);
   s->crs_B = stack_size(cv.levels[cv.num_levels - 1].max_depth);
   s->has_control = true;
   nvir_convergence_finish(&cv);
   return 0;
}
