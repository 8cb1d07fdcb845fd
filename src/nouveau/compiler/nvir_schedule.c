/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* List scheduling within blocks, after register assignment. Between control
 * instructions, the order follows registers and memory only; of what may issue,
 * the instruction with the longest way to the end goes first, so that loads
 * start early and their users come late. */
#include <string.h>

#include "nouveau/compiler/nvir_access_priv.h"
#include "nouveau/compiler/nvir_order_priv.h"
#include "nouveau/compiler/nvir_passes.h"

/* Longer runs are cut: choosing is quadratic in what is ready. */
#define MAX_WINDOW 256

struct node {
   struct nvir_instr *i;
   struct nvir_access access;
   struct edge *succs;
   unsigned num_preds; /* not yet scheduled */
   unsigned height;    /* cycles from issue to the end of the window */
   unsigned earliest;  /* cycle */
   bool done;
};

struct edge {
   struct edge *next;
   unsigned to, cycles;
};

struct window {
   struct util_arena *arena;
   struct node nodes[MAX_WINDOW];
   unsigned num;
   /* While building: last writer of each place + 1, readers since. */
   unsigned writer[NVIR_NUM_PLACES];
   struct edge *readers[NVIR_NUM_PLACES];
};

/* Issue to use, in cycles. */
static unsigned
latency(const struct nvir_instr *i, unsigned place)
{
   unsigned cycles = nvir_variable_latency(i);
   return cycles ? cycles : nvir_place_latency(i, place);
}

/* ---- the graph of a window ---- */

static void
add_edge(struct window *w, unsigned from, unsigned to, unsigned cycles)
{
   struct edge *e = util_arena_new(w->arena, struct edge);
   *e = (struct edge){w->nodes[from].succs, to, cycles};
   w->nodes[from].succs = e;
   w->nodes[to].num_preds++;
}

/* The later write must not land first; a late reader holds up the writer. */
static void
add_write_edges(struct window *w, unsigned n, unsigned place)
{
   if (w->writer[place]) {
      unsigned from = w->writer[place] - 1;
      add_edge(w, from, n, latency(w->nodes[from].i, place));
   }
   for (struct edge *r = w->readers[place]; r; r = r->next) {
      if (r->to == n)
         continue;
      bool reads_late = sass_is_variable(w->nodes[r->to].i->mi.op);
      add_edge(w, r->to, n, reads_late ? 10 : 1);
   }
   w->writer[place] = n + 1;
   w->readers[place] = NULL;
}

static void
add_register_edges(struct window *w, unsigned n)
{
   struct node *me = &w->nodes[n];
   nvir_foreach_place(place, &me->access.reads) {
      if (w->writer[place]) {
         unsigned from = w->writer[place] - 1;
         add_edge(w, from, n, latency(w->nodes[from].i, place));
      }
      struct edge *r = util_arena_new(w->arena, struct edge);
      *r = (struct edge){w->readers[place], n, 0};
      w->readers[place] = r;
   }
   nvir_foreach_place(place, &me->access.writes)
      add_write_edges(w, n, place);
}

/* A block ends when its fixed-latency results are there. */
static unsigned
cycles_to_drain(const struct node *n)
{
   unsigned cycles = 1;
   nvir_foreach_place(place, &n->access.writes)
      cycles = MAX2(cycles, nvir_place_latency(n->i, place));
   return cycles;
}

static void
build_graph(struct window *w)
{
   memset(w->writer, 0, sizeof(w->writer));
   memset(w->readers, 0, sizeof(w->readers));
   for (unsigned n = 0; n < w->num; n++) {
      w->nodes[n].access = nvir_access_of(w->nodes[n].i);
      add_register_edges(w, n);
      for (unsigned k = 0; k < n; k++)
         if (nvir_must_keep_order(w->nodes[k].i, w->nodes[n].i))
            add_edge(w, k, n, 1);
   }
   for (unsigned n = w->num; n-- > 0;) {
      struct node *me = &w->nodes[n];
      me->height = cycles_to_drain(me);
      for (struct edge *e = me->succs; e; e = e->next)
         me->height = MAX2(me->height, e->cycles + w->nodes[e->to].height);
   }
}

/* ---- choosing ---- */

static bool
is_better(const struct node *a, const struct node *b, unsigned now)
{
   bool a_waits = a->earliest > now, b_waits = b->earliest > now;
   if (a_waits != b_waits)
      return b_waits;
   if (a_waits && a->earliest != b->earliest)
      return a->earliest < b->earliest;
   return a->height > b->height;
}

/* The earlier in program order wins a tie. */
static struct node *
pick(struct window *w, unsigned now)
{
   struct node *best = NULL;
   for (unsigned n = 0; n < w->num; n++) {
      struct node *me = &w->nodes[n];
      if (!me->done && !me->num_preds && (!best || is_better(me, best, now)))
         best = me;
   }
   return best;
}

/* Puts the window's instructions before `pos` in their new order. */
static void
schedule_window(struct window *w, struct util_list *pos)
{
   unsigned now = 0;
   build_graph(w);
   for (unsigned n = 0; n < w->num; n++)
      util_list_del(&w->nodes[n].i->link);
   for (unsigned n = 0; n < w->num; n++) {
      struct node *me = pick(w, now);
      now = MAX2(now, me->earliest) + 1;
      me->done = true;
      util_list_add_before(&me->i->link, pos);
      for (struct edge *e = me->succs; e; e = e->next) {
         struct node *to = &w->nodes[e->to];
         to->earliest = MAX2(to->earliest, now - 1 + e->cycles);
         to->num_preds--;
      }
   }
   w->num = 0;
}

static void
schedule_block(struct window *w, struct nvir_block *b)
{
   nvir_foreach_instr_safe(i, b) {
      if (nvir_is_fixed(i) || w->num == MAX_WINDOW)
         schedule_window(w, &i->link);
      if (!nvir_is_fixed(i))
         w->nodes[w->num++] = (struct node){.i = i};
   }
   schedule_window(w, &b->instrs);
}

void
nvir_schedule(struct nvir_shader *s)
{
   struct util_arena arena;
   if (s->debug & (NVIR_DEBUG_SERIAL | NVIR_DEBUG_NOOPT))
      return;
   util_arena_init(&arena);
   struct window *w = util_arena_new(&arena, struct window);
   w->arena = &arena;
   nvir_foreach_block(b, s)
      schedule_block(w, b);
   util_arena_finish(&arena);
}
