/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* List scheduling within blocks on SSA form, so that registers are assigned to
 * an order in which loads start early. What nvir_schedule does afterwards, with
 * exact latencies, is bound by the registers; here only by how many values are
 * live: past a budget the instruction goes first that frees the most. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/nvir_order_priv.h"
#include "nouveau/compiler/nvir_passes.h"
#include "nouveau/compiler/nvir_pressure_priv.h"

#define MAX_WINDOW 256
/* Up to 32 registers cost no warp (isa.md §6.1); copies at edges want a few. */
#define CHEAP_GPRS  28
#define CHEAP_PREDS 4
/* A block that needs more stays as it is: with vectors about, another order
 * costs more in copies than it saves in waiting. */
#define MAX_GPRS 40

struct edge {
   struct edge *next;
   unsigned node, cycles;
};

struct node {
   struct nvir_instr *i;
   struct edge *preds, *succs;
   unsigned num_preds; /* not yet scheduled */
   unsigned height, earliest;
   bool done;
};

struct early {
   struct nvir_shader *s;
   struct util_arena arena; /* of a window */
   struct nvir_liveness live;
   const struct nvir_block *block;
   struct node nodes[MAX_WINDOW];
   unsigned num;
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
      if (i->op == NVIR_OP_PHI) {
         e->now[i->dsts[0].val->cls] += size_of(i->dsts[0].val);
         continue;
      }
      pass_instr(e, i);
      for (unsigned c = 0; c < NVIR_NUM_CLASSES; c++)
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

/* ---- the graph of a window ---- */

static void
add_edge(struct early *e, unsigned from, unsigned to, unsigned cycles)
{
   struct edge *s = util_arena_new(&e->arena, struct edge);
   *s = (struct edge){e->nodes[from].succs, to, cycles};
   e->nodes[from].succs = s;
   struct edge *p = util_arena_new(&e->arena, struct edge);
   *p = (struct edge){e->nodes[to].preds, from, cycles};
   e->nodes[to].preds = p;
   e->nodes[to].num_preds++;
}

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
   nvir_foreach_src(src, e->nodes[n].i)
      if (src->kind == NVIR_SRC_VALUE && src->val->cls == NVIR_CLASS_CC)
         return (int)e->node_of[src->val->index] - 1;
   return -1;
}

/* There is one condition code. Whatever the reader of a carry waits for is
 * computed before the carry is, as far as it was; so nobody who writes another
 * is needed in between. What the writer has to wait for now, the writer of the
 * carry that it reads has to wait for as well. */
static void
keep_carry(struct early *e, int writer, unsigned reader)
{
   for (; writer >= 0; reader = writer, writer = carry_of(e, reader))
      for (unsigned k = writer + 1; k <= reader; k++)
         for (const struct edge *p = e->nodes[k].preds; p; p = p->next)
            if (p->node < (unsigned)writer)
               add_edge(e, p->node, writer, 0);
}

static bool
is_read_later(const struct early *e, unsigned n, const struct nvir_value *v)
{
   unsigned here = 0;
   for (unsigned k = n + 1; k < e->num; k++)
      here += mentions(e->nodes[k].i, v);
   return e->uses_left[v->index] > here;
}

/* A carry that is read behind the window's end: all that was before its writer
 * stays there. */
static void
keep_last_carry(struct early *e)
{
   for (unsigned n = 0; n < e->num; n++)
      nvir_foreach_dst(dst, e->nodes[n].i) {
         if (dst->val->cls != NVIR_CLASS_CC || !is_read_later(e, n, dst->val))
            continue;
         for (unsigned k = 0; k < n; k++)
            add_edge(e, k, n, 0);
         keep_carry(e, carry_of(e, n), n);
      }
}

static void
add_node_edges(struct early *e, unsigned n)
{
   struct nvir_instr *i = e->nodes[n].i;
   nvir_foreach_src(src, i) {
      if (src->kind != NVIR_SRC_VALUE || !e->node_of[src->val->index])
         continue;
      unsigned from = e->node_of[src->val->index] - 1;
      add_edge(e, from, n, latency(e->nodes[from].i, src->val));
   }
   for (unsigned k = 0; k < n; k++)
      if (i->op == NVIR_OP_MACH && e->nodes[k].i->op == NVIR_OP_MACH &&
          nvir_must_keep_order(e->nodes[k].i, i))
         add_edge(e, k, n, 1);
   keep_carry(e, carry_of(e, n), n);
   nvir_foreach_dst(dst, i)
      e->node_of[dst->val->index] = n + 1;
}

static void
build_graph(struct early *e)
{
   for (unsigned n = 0; n < e->num; n++)
      add_node_edges(e, n);
   keep_last_carry(e);
   for (unsigned n = e->num; n-- > 0;) {
      struct node *me = &e->nodes[n];
      me->height = 1;
      for (struct edge *s = me->succs; s; s = s->next)
         me->height = MAX2(me->height, s->cycles + e->nodes[s->node].height);
   }
}

/* ---- choosing ---- */

struct choice {
   struct node *node;
   int more; /* registers beyond the budget, or 0 */
   bool waits;
};

/* Another carry would overwrite the one that is waited for. */
static bool
spoils_carry(const struct early *e, const int more[NVIR_NUM_CLASSES])
{
   return more[NVIR_CLASS_CC] > 0 && e->now[NVIR_CLASS_CC] > 0;
}

static struct choice
rate(const struct early *e, struct node *n, const int more[NVIR_NUM_CLASSES],
     unsigned now)
{
   struct choice c = {.node = n, .waits = n->earliest > now};
   for (unsigned k = 0; k < NVIR_CLASS_CC; k++)
      if ((int)e->now[k] + more[k] > (int)e->budget[k])
         c.more += 4 * more[k] + 1;
   return c;
}

static bool
is_better(const struct choice *a, const struct choice *b)
{
   if (!b->node)
      return true;
   if (a->more != b->more)
      return a->more < b->more;
   if (a->more)
      return false; /* as it was */
   if (a->waits != b->waits)
      return b->waits;
   if (a->waits && a->node->earliest != b->node->earliest)
      return a->node->earliest < b->node->earliest;
   return a->node->height > b->node->height;
}

static struct node *
pick(const struct early *e, unsigned now, unsigned first)
{
   struct choice best = {0};
   for (unsigned n = first; n < e->num; n++) {
      struct node *me = (struct node *)&e->nodes[n];
      int more[NVIR_NUM_CLASSES];
      if (me->done || me->num_preds)
         continue;
      growth(e, me->i, more);
      if (spoils_carry(e, more))
         continue;
      struct choice c = rate(e, me, more, now);
      if (is_better(&c, &best))
         best = c;
   }
   assert(best.node);
   return best.node;
}

static void
schedule_window(struct early *e, struct util_list *pos)
{
   unsigned now = 0, first = 0;
   build_graph(e);
   for (unsigned n = 0; n < e->num; n++)
      util_list_del(&e->nodes[n].i->link);
   for (unsigned n = 0; n < e->num; n++) {
      struct node *me = pick(e, now, first);
      now = MAX2(now, me->earliest) + (me->i->op == NVIR_OP_MACH);
      me->done = true;
      util_list_add_before(&me->i->link, pos);
      pass_instr(e, me->i);
      for (struct edge *s = me->succs; s; s = s->next) {
         struct node *to = &e->nodes[s->node];
         to->earliest = MAX2(to->earliest, now - 1 + s->cycles);
         to->num_preds--;
      }
      while (first < e->num && e->nodes[first].done)
         first++;
   }
   for (unsigned n = 0; n < e->num; n++)
      nvir_foreach_dst(dst, e->nodes[n].i)
         e->node_of[dst->val->index] = 0;
   e->num = 0;
   util_arena_finish(&e->arena);
   util_arena_init(&e->arena);
}

static bool
stays(const struct nvir_instr *i)
{
   return i->op == NVIR_OP_MACH
             ? nvir_is_fixed(i)
             : i->op == NVIR_OP_PHI || nvir_instr_is_terminator(i);
}

static void
schedule_block(struct early *e, struct nvir_block *b)
{
   e->block = b;
   if (!find_budget(e))
      return;
   count_uses(e);
   enter(e);
   nvir_foreach_instr_safe(i, b) {
      if (stays(i) || e->num == MAX_WINDOW)
         schedule_window(e, &i->link);
      if (i->op == NVIR_OP_PHI)
         e->now[i->dsts[0].val->cls] += size_of(i->dsts[0].val);
      else if (stays(i))
         pass_instr(e, i);
      else
         e->nodes[e->num++] = (struct node){.i = i};
   }
   schedule_window(e, &b->instrs);
}

void
nvir_opt_schedule(struct nvir_shader *s)
{
   struct early *e = calloc(1, sizeof(*e));
   if (!e)
      abort();
   e->s = s;
   util_arena_init(&e->arena);
   nvir_liveness_init(&e->live, s);
   e->node_of = util_arena_array(&e->live.arena, unsigned, s->num_values);
   e->uses_left = util_arena_array(&e->live.arena, unsigned, s->num_values);
   nvir_foreach_block(b, s)
      schedule_block(e, b);
   nvir_liveness_finish(&e->live);
   util_arena_finish(&e->arena);
   free(e);
}
