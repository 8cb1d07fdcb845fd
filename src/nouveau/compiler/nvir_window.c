/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <assert.h>

#include "nouveau/compiler/nvir_window_priv.h"

void
nvir_window_init(struct nvir_window *w, const struct nvir_window_client *client)
{
   w->client = client;
   w->num = 0;
   util_arena_init(&w->arena);
}

void
nvir_window_finish(struct nvir_window *w)
{
   util_arena_finish(&w->arena);
}

void
nvir_window_add_edge(struct nvir_window *w, unsigned from, unsigned to,
                     unsigned cycles)
{
   assert(from < to && to < w->num);
   struct nvir_edge *e = util_arena_new(&w->arena, struct nvir_edge);
   *e = (struct nvir_edge){w->nodes[from].succs, to, cycles};
   w->nodes[from].succs = e;
   w->nodes[to].num_preds++;
}

static void
find_heights(struct nvir_window *w)
{
   for (unsigned n = w->num; n-- > 0;) {
      struct nvir_node *me = &w->nodes[n];
      for (struct nvir_edge *e = me->succs; e; e = e->next)
         me->height = MAX2(me->height, e->cycles + w->nodes[e->to].height);
   }
}

static int
cost_of(const struct nvir_window *w, const struct nvir_node *n)
{
   return w->client->cost ? w->client->cost(w, n->i) : 0;
}

static bool
is_better(const struct nvir_node *a, int a_cost, const struct nvir_node *b,
          int b_cost, unsigned now)
{
   bool a_waits = a->earliest > now, b_waits = b->earliest > now;
   if (a_cost != b_cost)
      return a_cost < b_cost;
   if (a_cost)
      return false; /* as it was */
   if (a_waits != b_waits)
      return b_waits;
   if (a_waits && a->earliest != b->earliest)
      return a->earliest < b->earliest;
   return a->height > b->height;
}

static struct nvir_node *
pick(struct nvir_window *w, unsigned first, unsigned now)
{
   struct nvir_node *best = NULL;
   int best_cost = NVIR_NOT_NOW;
   for (unsigned n = first; n < w->num; n++) {
      struct nvir_node *me = &w->nodes[n];
      if (me->done || me->num_preds)
         continue;
      int cost = cost_of(w, me);
      if (cost != NVIR_NOT_NOW &&
          (!best || is_better(me, cost, best, best_cost, now))) {
         best = me;
         best_cost = cost;
      }
   }
   assert(best);
   return best;
}

static void
pass(struct nvir_window *w, const struct nvir_instr *i)
{
   if (w->client->pass)
      w->client->pass(w, i);
}

/* Puts the window's instructions before `pos`. Only machine instructions take
 * an issue slot; what else there is will be gone or cost little. */
static void
flush(struct nvir_window *w, struct util_list *pos)
{
   unsigned now = 0, first = 0;
   w->client->connect(w);
   find_heights(w);
   for (unsigned n = 0; n < w->num; n++)
      util_list_del(&w->nodes[n].i->link);
   for (unsigned n = 0; n < w->num; n++) {
      struct nvir_node *me = pick(w, first, now);
      unsigned issued = MAX2(now, me->earliest);
      now = issued + (me->i->op == NVIR_OP_MACH);
      me->done = true;
      util_list_add_before(&me->i->link, pos);
      pass(w, me->i);
      for (struct nvir_edge *e = me->succs; e; e = e->next) {
         struct nvir_node *to = &w->nodes[e->to];
         to->earliest = MAX2(to->earliest, issued + e->cycles);
         to->num_preds--;
      }
      while (first < w->num && w->nodes[first].done)
         first++;
   }
   w->num = 0;
   util_arena_finish(&w->arena);
   util_arena_init(&w->arena);
}

void
nvir_window_schedule(struct nvir_window *w, struct nvir_block *b)
{
   nvir_foreach_instr_safe(i, b) {
      bool stays = w->client->stays(i);
      if (stays || w->num == NVIR_MAX_WINDOW)
         flush(w, &i->link);
      if (stays)
         pass(w, i);
      else
         w->nodes[w->num++] = (struct nvir_node){.i = i, .height = 1};
   }
   flush(w, &b->instrs);
}
