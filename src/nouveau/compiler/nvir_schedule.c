/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* List scheduling within blocks, after register assignment. Between control
 * instructions, the order follows registers and memory only; of what may issue,
 * the instruction with the longest way to the end goes first, so that loads
 * start early and their users come late. */
#include <string.h>

#include "nouveau/compiler/nvir_access_priv.h"
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

/* ---- what an instruction costs and may pass ---- */

/* Issue to use, in cycles; of variable classes a typical value (isa.md §5.4). */
static unsigned
latency(const struct nvir_instr *i, unsigned place)
{
   switch (sass_op_info(i->mi.op)->class_) {
   case SASS_CLASS_DOUBLE:
      return 48;
   case SASS_CLASS_QUARTER:
      return 14;
   case SASS_CLASS_LEGACY:
      return 86;
   case SASS_CLASS_LOAD:
      return i->mi.op == SASS_OP_LDS || i->mi.op == SASS_OP_LDC ? 24
             : i->mi.op == SASS_OP_LDL                          ? 82
                                                                : 200;
   case SASS_CLASS_ATOMIC:
      return i->mi.op == SASS_OP_ATOMS ? 60 : 200;
   case SASS_CLASS_TEX:
      return 200;
   case SASS_CLASS_STORE:
   case SASS_CLASS_MISC:
   case SASS_CLASS_CONTROL:
      return 25;
   default:
      return nvir_place_latency(i, place);
   }
}

/* Nothing moves across it: jumps, barriers, fences, clocks. */
static bool
is_fixed(const struct nvir_instr *i)
{
   bool reads_clock =
      i->mi.op == SASS_OP_CS2R ||
      (i->mi.op == SASS_OP_S2R &&
       (i->mi.sreg == SASS_SR_CLOCK || i->mi.sreg >= SASS_SR_CLOCKLO));
   return sass_op_info(i->mi.op)->class_ == SASS_CLASS_CONTROL || reads_clock;
}

enum memory {
   NOT_MEMORY,
   CONSTANT,
   LOCAL,
   SHARED,
   OTHER
};

static enum memory
memory_of(const struct nvir_instr *i)
{
   switch (i->mi.op) {
   case SASS_OP_LDC:
      return CONSTANT;
   case SASS_OP_LDL:
   case SASS_OP_STL:
      return LOCAL;
   case SASS_OP_LDS:
   case SASS_OP_STS:
   case SASS_OP_ATOMS:
      return SHARED;
   default:
      break;
   }
   enum sass_class c = sass_op_info(i->mi.op)->class_;
   bool is_memory = c == SASS_CLASS_LOAD || c == SASS_CLASS_STORE ||
                    c == SASS_CLASS_ATOMIC || c == SASS_CLASS_TEX;
   return is_memory ? OTHER : NOT_MEMORY;
}

/* Loads that may pass each other. Past L1 they may be atomic or volatile: two
 * of one place must not change order. */
static bool
only_loads(const struct nvir_instr *i)
{
   return sass_op_info(i->mi.op)->class_ == SASS_CLASS_LOAD &&
          !i->is_volatile && i->mi.cache == SASS_CACHE_CA;
}

/* Absolute local addresses, as spilling uses, that do not overlap. */
static bool
are_apart(const struct nvir_instr *a, const struct nvir_instr *b)
{
   if (memory_of(a) != LOCAL || memory_of(b) != LOCAL)
      return false;
   nvir_foreach_src(src, a)
      if (src->slot == NVIR_SLOT_RA)
         return false;
   nvir_foreach_src(src, b)
      if (src->slot == NVIR_SLOT_RA)
         return false;
   return a->mi.off + (int)sass_size_B(a->mi.size) <= b->mi.off ||
          b->mi.off + (int)sass_size_B(b->mi.size) <= a->mi.off;
}

static bool
must_keep_order(const struct nvir_instr *a, const struct nvir_instr *b)
{
   enum memory x = memory_of(a), y = memory_of(b);
   if (x <= CONSTANT || y <= CONSTANT || (only_loads(a) && only_loads(b)))
      return false;
   if (x != y && x != OTHER && y != OTHER)
      return false;
   return !are_apart(a, b);
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
         if (must_keep_order(w->nodes[k].i, w->nodes[n].i))
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
      if (is_fixed(i) || w->num == MAX_WINDOW)
         schedule_window(w, &i->link);
      if (!is_fixed(i))
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
