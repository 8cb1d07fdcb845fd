/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* List scheduling within blocks, after register assignment. Between control
 * instructions, the order follows registers and memory only; of what may issue,
 * the instruction with the longest way to the end goes first, so that loads
 * start early and their users come late. */
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/nvir_access_priv.h"
#include "nouveau/compiler/nvir_order_priv.h"
#include "nouveau/compiler/nvir_passes.h"
#include "nouveau/compiler/nvir_window_priv.h"

struct reader {
   struct reader *next;
   unsigned node;
};

struct late {
   struct nvir_window window;
   /* While a window is connected: last writer of each place + 1, readers since.
    */
   unsigned writer[NVIR_NUM_PLACES];
   struct reader *readers[NVIR_NUM_PLACES];
};

/* Issue to use, in cycles. */
static unsigned
latency(const struct nvir_instr *i, unsigned place)
{
   unsigned cycles = nvir_variable_latency(i);
   return cycles ? cycles : nvir_place_latency(i, place);
}

/* Its result must be there before `n` reads or overwrites it. */
static void
wait_for_writer(struct late *l, unsigned n, unsigned place)
{
   if (!l->writer[place])
      return;
   unsigned from = l->writer[place] - 1;
   nvir_window_add_edge(&l->window, from, n,
                        latency(l->window.nodes[from].i, place));
}

static void
add_read(struct late *l, unsigned n, unsigned place)
{
   struct reader *r = util_arena_new(&l->window.arena, struct reader);
   wait_for_writer(l, n, place);
   *r = (struct reader){l->readers[place], n};
   l->readers[place] = r;
}

/* The later write must not land first; a late reader holds up the writer. */
static void
add_write(struct late *l, unsigned n, unsigned place)
{
   wait_for_writer(l, n, place);
   for (struct reader *r = l->readers[place]; r; r = r->next) {
      if (r->node == n)
         continue;
      bool reads_late = sass_is_variable(l->window.nodes[r->node].i->mi.op);
      nvir_window_add_edge(&l->window, r->node, n, reads_late ? 10 : 1);
   }
   l->writer[place] = n + 1;
   l->readers[place] = NULL;
}

static void
connect_node(struct late *l, unsigned n)
{
   struct nvir_window *w = &l->window;
   struct nvir_instr *i = w->nodes[n].i;
   struct nvir_access access = nvir_access_of(i);
   nvir_foreach_place(place, &access.reads)
      add_read(l, n, place);
   nvir_foreach_place(place, &access.writes) {
      add_write(l, n, place);
      /* A block ends when its fixed-latency results are there. */
      w->nodes[n].height =
         MAX2(w->nodes[n].height, nvir_place_latency(i, place));
   }
   for (unsigned k = 0; k < n; k++)
      if (nvir_must_keep_order(w->nodes[k].i, i))
         nvir_window_add_edge(w, k, n, 1);
}

static void
connect(struct nvir_window *w)
{
   struct late *l = container_of(w, struct late, window);
   memset(l->writer, 0, sizeof(l->writer));
   memset(l->readers, 0, sizeof(l->readers));
   for (unsigned n = 0; n < w->num; n++)
      connect_node(l, n);
}

static const struct nvir_window_client client = {
   .stays = nvir_is_fixed,
   .connect = connect,
};

void
nvir_schedule(struct nvir_shader *s)
{
   if (s->debug & (NVIR_DEBUG_SERIAL | NVIR_DEBUG_NOOPT))
      return;
   struct late *l = calloc(1, sizeof(*l));
   if (!l)
      abort();
   nvir_window_init(&l->window, &client);
   nvir_foreach_block(b, s)
      nvir_window_schedule(&l->window, b);
   nvir_window_finish(&l->window);
   free(l);
}
