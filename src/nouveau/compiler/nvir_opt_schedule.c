/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* List scheduling within blocks on SSA form, so that registers are assigned to
 * an order in which loads start early. What nvir_schedule does afterwards, with
 * exact latencies, is bound by the registers; here only by how many values are
 * live: past a budget the instruction goes first that frees the most. */
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/nvir_order_priv.h"
#include "nouveau/compiler/nvir_passes.h"
#include "nouveau/compiler/nvir_pressure_priv.h"
#include "nouveau/compiler/nvir_window_priv.h"

/* Up to 32 registers cost no warp (isa.md §6.1); copies at edges want a few. */
#define CHEAP_GPRS  28
#define CHEAP_PREDS 4
/* A block that needs more stays as it is: with vectors about, another order
 * costs more in copies than it saves in waiting. */
#define MAX_GPRS 40

struct early {
   struct nvir_shader *s;
   struct nvir_window window;
   struct nvir_liveness live;
   const struct nvir_block *block;
   unsigned *node_of;   /* by value: its definition in the window + 1 */
   unsigned *uses_left; /* by value, in the block */
   unsigned now[NVIR_NUM_CLASSES], budget[NVIR_NUM_CLASSES];
};

/* ---- how much is live ---- */

static unsigned
size_of(const struct nvir_value *v)
{
   return nvir_reg_align(v->words);
}

static bool
is_first_mention(const struct nvir_instr *i, const struct nvir_src *src)
{
   for (const struct nvir_src *s = i->srcs; s < src; s++)
      if (s->kind == NVIR_SRC_VALUE && s->val == src->val)
         return false;
   return true;
}

static unsigned
mentions(const struct nvir_instr *i, const struct nvir_value *v)
{
   unsigned n = 0;
   nvir_foreach_src(src, i)
      n += src->kind == NVIR_SRC_VALUE && src->val == v;
   return n;
}

/* What an instruction would add to the live registers of each class. */
static void
growth(const struct early *e, const struct nvir_instr *i,
       int out[NVIR_NUM_CLASSES])
{
   memset(out, 0, sizeof(int) * NVIR_NUM_CLASSES);
   nvir_foreach_dst(dst, i)
      if (e->uses_left[dst->val->index] ||
          nvir_is_live_out(&e->live, e->block, dst->val))
         out[dst->val->cls] += size_of(dst->val);
   nvir_foreach_src(src, i) {
      if (src->kind != NVIR_SRC_VALUE || !is_first_mention(i, src))
         continue;
      const struct nvir_value *v = src->val;
      if (e->uses_left[v->index] == mentions(i, v) &&
          !nvir_is_live_out(&e->live, e->block, v))
         out[v->cls] -= size_of(v);
   }
}

static void
pass_instr(struct early *e, const struct nvir_instr *i)
{
   int more[NVIR_NUM_CLASSES];
   if (i->op == NVIR_OP_PHI) { /* its sources are read on the edges */
      e->now[i->dsts[0].val->cls] += size_of(i->dsts[0].val);
      return;
   }
   growth(e, i, more);
   for (unsigned c = 0; c < NVIR_NUM_CLASSES; c++)
      e->now[c] += more[c];
   nvir_foreach_src(src, i)
      if (src->kind == NVIR_SRC_VALUE)
         e->uses_left[src->val->index]--;
}

static void
count_uses(struct early *e)
{
   nvir_foreach_instr(i, e->block) {
      if (i->op == NVIR_OP_PHI)
         continue;
      nvir_foreach_src(src, i)
         if (src->kind == NVIR_SRC_VALUE)
            e->uses_left[src->val->index]++;
   }
}

static void
enter(struct early *e)
{
   memset(e->now, 0, sizeof(e->now));
   util_bitset_for_each(bit, e->live.live_in[e->block->index],
                        e->live.num_bits) {
      const struct nvir_value *v = e->live.values[bit];
      e->now[v->cls] += size_of(v);
   }
}

/* The order as it is needs so many: that, or what costs nothing. False: too
 * many. */
static bool
find_budget(struct early *e)
{
   unsigned max[NVIR_NUM_CLASSES] = {0};
   count_uses(e);
   enter(e);
   nvir_foreach_instr(i, e->block) {
      pass_instr(e, i);
      for (unsigned c = 0; c < NVIR_NUM_CLASSES && i->op != NVIR_OP_PHI; c++)
         max[c] = MAX2(max[c], e->now[c]);
   }
   unsigned limit = nvir_register_limit(e->s, NVIR_CLASS_GPR) * 3 / 4;
   unsigned preds = nvir_register_limit(e->s, NVIR_CLASS_PRED) / 2;
   e->budget[NVIR_CLASS_GPR] =
      MAX2(max[NVIR_CLASS_GPR], MIN2(limit, CHEAP_GPRS));
   e->budget[NVIR_CLASS_PRED] =
      MAX2(max[NVIR_CLASS_PRED], MIN2(preds, CHEAP_PREDS));
   e->budget[NVIR_CLASS_CC] = 1;
   return max[NVIR_CLASS_GPR] <= MAX_GPRS;
}

/* ---- what depends on what ---- */

static unsigned
latency(const struct nvir_instr *i, const struct nvir_value *v)
{
   if (i->op != NVIR_OP_MACH)
      return 0;
   unsigned cycles = nvir_variable_latency(i);
   return cycles ? cycles : v->cls == NVIR_CLASS_PRED ? 13 : 6;
}

/* The node that writes the carry which `n` reads, or -1. */
static int
carry_of(const struct early *e, unsigned n)
{
   nvir_foreach_src(src, e->window.nodes[n].i)
      if (src->kind == NVIR_SRC_VALUE && src->val->cls == NVIR_CLASS_CC)
         return (int)e->node_of[src->val->index] - 1;
   return -1;
}

/* What is waited for by a node from `writer` to `reader` comes before
 * `writer`. */
static void
gather_before(struct nvir_window *w, unsigned writer, unsigned reader)
{
   for (unsigned k = 0; k < writer; k++)
      for (const struct nvir_edge *e = w->nodes[k].succs; e; e = e->next)
         if (e->to > writer && e->to <= reader)
            nvir_window_add_edge(w, k, writer, 0);
}

/* There is one condition code. Whatever the reader of a carry waits for is
 * computed before the carry is, as far as it was; so nobody who writes another
 * is needed in between. What the writer has to wait for now, the writer of the
 * carry that it reads has to wait for as well. */
static void
keep_carry(struct early *e, unsigned reader)
{
   for (int writer; (writer = carry_of(e, reader)) >= 0; reader = writer)
      gather_before(&e->window, writer, reader);
}

static bool
is_read_later(const struct early *e, unsigned n, const struct nvir_value *v)
{
   unsigned here = 0;
   for (unsigned k = n + 1; k < e->window.num; k++)
      here += mentions(e->window.nodes[k].i, v);
   return e->uses_left[v->index] > here;
}

/* A carry that is read behind the window's end: all that was before its writer
 * stays there. */
static void
keep_last_carry(struct early *e)
{
   for (unsigned n = 0; n < e->window.num; n++)
      nvir_foreach_dst(dst, e->window.nodes[n].i) {
         if (dst->val->cls != NVIR_CLASS_CC || !is_read_later(e, n, dst->val))
            continue;
         for (unsigned k = 0; k < n; k++)
            nvir_window_add_edge(&e->window, k, n, 0);
         keep_carry(e, n);
      }
}

static void
connect_node(struct early *e, unsigned n)
{
   struct nvir_window *w = &e->window;
   struct nvir_instr *i = w->nodes[n].i;
   nvir_foreach_src(src, i) {
      if (src->kind != NVIR_SRC_VALUE || !e->node_of[src->val->index])
         continue;
      unsigned from = e->node_of[src->val->index] - 1;
      nvir_window_add_edge(w, from, n, latency(w->nodes[from].i, src->val));
   }
   for (unsigned k = 0; k < n; k++)
      if (i->op == NVIR_OP_MACH && w->nodes[k].i->op == NVIR_OP_MACH &&
          nvir_must_keep_order(w->nodes[k].i, i))
         nvir_window_add_edge(w, k, n, 1);
   keep_carry(e, n);
   nvir_foreach_dst(dst, i)
      e->node_of[dst->val->index] = n + 1;
}

static void
connect(struct nvir_window *w)
{
   struct early *e = container_of(w, struct early, window);
   for (unsigned n = 0; n < w->num; n++)
      connect_node(e, n);
   keep_last_carry(e);
   for (unsigned n = 0; n < w->num; n++)
      nvir_foreach_dst(dst, w->nodes[n].i)
         e->node_of[dst->val->index] = 0;
}

/* ---- what it costs ---- */

/* Registers beyond the budget. */
static int
cost(const struct nvir_window *w, const struct nvir_instr *i)
{
   const struct early *e = container_of(w, struct early, window);
   int more[NVIR_NUM_CLASSES], sum = 0;
   growth(e, i, more);
   /* Another carry would overwrite the one that is waited for. */
   if (more[NVIR_CLASS_CC] > 0 && e->now[NVIR_CLASS_CC] > 0)
      return NVIR_NOT_NOW;
   for (unsigned k = 0; k < NVIR_CLASS_CC; k++)
      if ((int)e->now[k] + more[k] > (int)e->budget[k])
         sum += 4 * more[k] + 1;
   return sum;
}

static void
pass(struct nvir_window *w, const struct nvir_instr *i)
{
   pass_instr(container_of(w, struct early, window), i);
}

static bool
stays(const struct nvir_instr *i)
{
   return i->op == NVIR_OP_MACH
             ? nvir_is_fixed(i)
             : i->op == NVIR_OP_PHI || nvir_instr_is_terminator(i);
}

static const struct nvir_window_client client = {
   .stays = stays,
   .connect = connect,
   .cost = cost,
   .pass = pass,
};

static void
schedule_block(struct early *e, struct nvir_block *b)
{
   e->block = b;
   if (!find_budget(e))
      return;
   count_uses(e);
   enter(e);
   nvir_window_schedule(&e->window, b);
}

void
nvir_opt_schedule(struct nvir_shader *s)
{
   struct early *e = calloc(1, sizeof(*e));
   if (!e)
      abort();
   e->s = s;
   nvir_window_init(&e->window, &client);
   nvir_liveness_init(&e->live, s);
   e->node_of = util_arena_array(&e->live.arena, unsigned, s->num_values);
   e->uses_left = util_arena_array(&e->live.arena, unsigned, s->num_values);
   nvir_foreach_block(b, s)
      schedule_block(e, b);
   nvir_liveness_finish(&e->live);
   nvir_window_finish(&e->window);
   free(e);
}
