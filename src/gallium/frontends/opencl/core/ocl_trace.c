/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_trace.h"

#include "ocl_device.h"
#include "ocl_maps.h"
#include "ocl_queue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/p_screen.h"
#include "util/util_rb.h"
#include "util/util_trace.h"

#define MAX_CARDS     8
#define LANES         4 /* migrations at the same time that are drawn apart */
#define MAX_GRANULES  65536
#define PAGE_B        4096u
#define GRANULE_SHIFT 21
#define GRANULE_PG    512
/* Clocks drift: looked at again once a second. */
#define CLOCK_NS 1000000000ull

/* Groups of the picture. */
#define GROUP_MEMORY   1
#define GROUP_CARD(nr) (10 + (nr))

struct card {
   struct pipe_screen *screen;
   uint64_t clock_ns; /* host clock - card's clock */
   uint64_t clock_checked_ns;
   unsigned faults, service, migrations[LANES];
   uint64_t pages; /* on the card */
};

/* Memory that has a name: an allocation or a mapping of the process. */
struct place {
   struct util_rb_node node; /* key: start */
   uint64_t end, id;
   char name[64];
};

/* 2 MiB of which some pages are on a card. */
struct granule {
   struct util_rb_node node; /* key: granule number * MAX_CARDS + card */
   uint64_t bits[GRANULE_PG / 64];
   unsigned pages;
};

/* The track of a queue, which may be gone: only its address is compared. */
struct queue_track {
   const struct ocl_queue *queue;
   unsigned card, track;
};

struct ocl_trace {
   struct util_trace *file;
   struct card cards[MAX_CARDS];
   struct util_rb allocations, mappings, granules;
   unsigned num_granules;
   uint64_t next_id;
   struct ocl_maps maps;
   struct queue_track queues[32];
   unsigned num_queues;
};

/* ---- clocks ---- */

/* The card's clock is read between two looks at ours; the closest pair of a few
 * counts. */
static void
compare_clocks(struct card *c)
{
   uint64_t best = UINT64_MAX;

   for (unsigned i = 0; i < 5; i++) {
      uint64_t before = util_time_ns();
      uint64_t device = c->screen->get_timestamp(c->screen);
      uint64_t took = util_time_ns() - before;
      if (took >= best)
         continue;
      best = took;
      c->clock_ns = before + took / 2 - device;
   }
   c->clock_checked_ns = util_time_ns();
}

static uint64_t
host_time(struct card *c, uint64_t device_ns)
{
   if (util_time_ns() - c->clock_checked_ns > CLOCK_NS)
      compare_clocks(c);
   return device_ns + c->clock_ns;
}

/* ---- memory ---- */

static struct place *
find_place(struct util_rb *tree, uint64_t address)
{
   struct util_rb_node *n = util_rb_floor(tree, address);
   struct place *p = n ? container_of(n, struct place, node) : NULL;

   return p && address < p->end ? p : NULL;
}

static void
add_place(struct ocl_trace *t, struct util_rb *tree, const char *name,
          uint64_t start, uint64_t end, uint64_t at_ns)
{
   struct util_trace_args args = {0};
   struct place *p = calloc(1, sizeof(*p));

   if (!p)
      return;
   p->node.key = start;
   p->end = end;
   p->id = ++t->next_id;
   snprintf(p->name, sizeof(p->name), "%s", name);
   util_rb_insert(tree, &p->node);
   util_trace_arg_hex(&args, "addr", start);
   util_trace_arg_u64(&args, "bytes", end - start);
   util_trace_open(t->file, GROUP_MEMORY,
                   tree == &t->mappings ? "mapping" : "allocation", p->id, name,
                   at_ns, &args);
}

static void
remove_place(struct ocl_trace *t, struct util_rb *tree, struct place *p,
             uint64_t at_ns)
{
   util_trace_close(t->file, GROUP_MEMORY,
                    tree == &t->mappings ? "mapping" : "allocation", p->id,
                    p->name, at_ns, NULL);
   util_rb_remove(tree, &p->node);
   free(p);
}

static void
remove_places(struct ocl_trace *t, struct util_rb *tree)
{
   struct util_rb_node *n;

   while ((n = util_rb_first(tree)))
      remove_place(t, tree, container_of(n, struct place, node),
                   util_time_ns());
}

void
ocl_trace_add_range(struct ocl_trace *t, const char *kind, const void *ptr,
                    uint64_t size_B)
{
   uint64_t start = (uintptr_t)ptr;

   if (t)
      add_place(t, &t->allocations, kind, start, start + size_B,
                util_time_ns());
}

void
ocl_trace_remove_range(struct ocl_trace *t, const void *ptr)
{
   struct util_rb_node *n =
      t ? util_rb_find(&t->allocations, (uintptr_t)ptr) : NULL;

   if (n)
      remove_place(t, &t->allocations, container_of(n, struct place, node),
                   util_time_ns());
}

/* Memory of the program's own: its mapping is told when it is first seen. */
static void
name_memory(struct ocl_trace *t, uint64_t address, uint64_t at_ns)
{
   struct util_rb_node *n;

   if (find_place(&t->allocations, address) ||
       find_place(&t->mappings, address))
      return;
   const struct ocl_mapping *m = ocl_maps_find(&t->maps, address);
   uint64_t start = m ? m->start : address;
   uint64_t end = m ? m->end : start + PAGE_B;
   /* It may have grown, or be another one, since. */
   while ((n = util_rb_ceil(&t->mappings, start)) && n->key < end)
      remove_place(t, &t->mappings, container_of(n, struct place, node), at_ns);
   add_place(t, &t->mappings, m ? m->name : "[not mapped]", start, end, at_ns);
}

/* ---- lives of granules ---- */

static struct granule *
find_granule(struct ocl_trace *t, uint64_t key)
{
   struct util_rb_node *n = util_rb_find(&t->granules, key);

   return n ? container_of(n, struct granule, node) : NULL;
}

static struct granule *
get_granule(struct ocl_trace *t, uint64_t key)
{
   struct granule *g = find_granule(t, key);

   if (g)
      return g;
   g = t->num_granules < MAX_GRANULES ? calloc(1, sizeof(*g)) : NULL;
   if (!g)
      return NULL;
   g->node.key = key;
   util_rb_insert(&t->granules, &g->node);
   t->num_granules++;
   return g;
}

static void
granule_life(struct ocl_trace *t, const struct granule *g, uint64_t at_ns,
             bool begins)
{
   uint64_t key = g->node.key;
   char name[64];

   snprintf(name, sizeof(name), "0x%" PRIx64 " on card %u",
            key / MAX_CARDS << GRANULE_SHIFT, (unsigned)(key % MAX_CARDS));
   (begins ? util_trace_open : util_trace_close)(
      t->file, GROUP_MEMORY, "granule", key, name, at_ns, NULL);
}

static void
move_page(struct ocl_trace *t, unsigned card, uint64_t page, bool to_card,
          uint64_t at_ns)
{
   uint64_t number = page >> GRANULE_SHIFT;
   unsigned bit = page / PAGE_B % GRANULE_PG;
   uint64_t key = number * MAX_CARDS + card;
   struct granule *g = to_card ? get_granule(t, key) : find_granule(t, key);
   uint64_t mask = 1ull << bit % 64;

   if (!g || !!(g->bits[bit / 64] & mask) == to_card)
      return;
   g->bits[bit / 64] ^= mask;
   g->pages += to_card ? 1 : -1;
   t->cards[card].pages += to_card ? 1 : -1;
   if (to_card && g->pages == 1)
      granule_life(t, g, at_ns, true);
   if (g->pages)
      return;
   granule_life(t, g, at_ns, false);
   util_rb_remove(&t->granules, &g->node);
   t->num_granules--;
   free(g);
}

static void
move_pages(struct ocl_trace *t, unsigned card, const struct pipe_svm_event *ev,
           bool to_card, uint64_t at_ns)
{
   for (uint64_t i = 0; i < ev->pages; i++)
      move_page(t, card, ev->address + i * PAGE_B, to_card, at_ns);
   util_trace_counter(t->file, GROUP_CARD(card), "pages on the card", at_ns,
                      t->cards[card].pages);
}

/* ---- events of shared memory ---- */

static const char *
kind_name(enum pipe_svm_event_kind kind)
{
   static const char *const names[] = {
      [PIPE_SVM_FAULT_READ] = "read",
      [PIPE_SVM_FAULT_WRITE] = "write",
      [PIPE_SVM_FAULT_ATOMIC] = "atomic",
      [PIPE_SVM_FAULT_PREFETCH] = "prefetch",
      [PIPE_SVM_REPLAY] = "replay",
      [PIPE_SVM_MIGRATE_TO_DEVICE] = "to the card",
      [PIPE_SVM_MIGRATE_TO_HOST] = "to system memory",
      [PIPE_SVM_CANCEL] = "refused",
      [PIPE_SVM_INVALIDATE] = "invalidate",
      [PIPE_SVM_LOST] = "events lost",
   };

   return names[kind];
}

static void
take_fault(struct ocl_trace *t, unsigned card, const struct pipe_svm_event *ev,
           const char *cat, uint64_t at_ns)
{
   struct util_trace_args args = {0};

   name_memory(t, ev->address, at_ns);
   util_trace_arg_hex(&args, "addr", ev->address);
   util_trace_arg_str(&args, "why", ev->cause ? ev->cause : "");
   util_trace_arg_u64(&args, "service_ns", ev->duration_ns);
   if (ev->error)
      util_trace_arg_str(&args, "answer", strerrorname_np(-ev->error));
   util_trace_instant(t->file, t->cards[card].faults, cat, kind_name(ev->kind),
                      at_ns, &args);
}

static void
take_migration(struct ocl_trace *t, unsigned card,
               const struct pipe_svm_event *ev, uint64_t at_ns)
{
   struct util_trace_args args = {0};
   bool to_card = ev->kind == PIPE_SVM_MIGRATE_TO_DEVICE;

   name_memory(t, ev->address, at_ns);
   util_trace_arg_hex(&args, "addr", ev->address);
   util_trace_arg_u64(&args, "pages", ev->pages);
   util_trace_arg_u64(&args, "bytes", ev->pages * PAGE_B);
   util_trace_arg_str(&args, "why", ev->cause ? ev->cause : "");
   util_trace_span_any(
      t->file, t->cards[card].migrations, LANES, GROUP_CARD(card), "migrations",
      "migrate", kind_name(ev->kind), at_ns - ev->duration_ns, at_ns, &args);
   move_pages(t, card, ev, to_card, at_ns);
}

static void
take_invalidate(struct ocl_trace *t, unsigned card,
                const struct pipe_svm_event *ev, uint64_t at_ns)
{
   struct util_trace_args args = {0};

   util_trace_arg_hex(&args, "addr", ev->address);
   util_trace_arg_u64(&args, "pages", ev->pages);
   util_trace_instant(t->file, t->cards[card].faults, "invalidate",
                      ev->cause && *ev->cause ? ev->cause : "invalidate", at_ns,
                      &args);
   /* What the program unmapped or threw away is not on the card any more. */
   if (ev->cause && strcmp(ev->cause, "protect"))
      move_pages(t, card, ev, false, at_ns);
}

void
ocl_trace_take_event(struct ocl_trace *t, unsigned card,
                     const struct pipe_svm_event *ev)
{
   struct util_trace_args args = {0};

   if (!t)
      return;
   struct card *c = &t->cards[card];
   uint64_t at_ns = ev->time_ns ? host_time(c, ev->time_ns) : util_time_ns();
   switch (ev->kind) {
   case PIPE_SVM_FAULT_READ:
   case PIPE_SVM_FAULT_WRITE:
   case PIPE_SVM_FAULT_ATOMIC:
   case PIPE_SVM_FAULT_PREFETCH:
      take_fault(t, card, ev, "fault", at_ns);
      break;
   case PIPE_SVM_CANCEL:
      take_fault(t, card, ev, "cancel", at_ns);
      break;
   case PIPE_SVM_REPLAY:
      util_trace_arg_u64(&args, "faults", ev->pages);
      util_trace_span(t->file, c->service, "service", "fault service",
                      at_ns - ev->duration_ns, at_ns, &args);
      break;
   case PIPE_SVM_MIGRATE_TO_DEVICE:
   case PIPE_SVM_MIGRATE_TO_HOST:
      take_migration(t, card, ev, at_ns);
      break;
   case PIPE_SVM_INVALIDATE:
      take_invalidate(t, card, ev, at_ns);
      break;
   case PIPE_SVM_LOST:
      util_trace_arg_u64(&args, "events", ev->pages);
      util_trace_instant(t->file, c->faults, "lost", kind_name(ev->kind), at_ns,
                         &args);
      break;
   }
}

/* ---- commands ---- */

static const char *
type_name(cl_command_type type)
{
   static const struct {
      cl_command_type type;
      const char *name;
   } names[] = {
      {CL_COMMAND_NDRANGE_KERNEL, "kernel"},
      {CL_COMMAND_TASK, "kernel"},
      {CL_COMMAND_NATIVE_KERNEL, "native kernel"},
      {CL_COMMAND_READ_BUFFER, "read buffer"},
      {CL_COMMAND_WRITE_BUFFER, "write buffer"},
      {CL_COMMAND_COPY_BUFFER, "copy buffer"},
      {CL_COMMAND_FILL_BUFFER, "fill buffer"},
      {CL_COMMAND_READ_BUFFER_RECT, "read rectangle"},
      {CL_COMMAND_WRITE_BUFFER_RECT, "write rectangle"},
      {CL_COMMAND_COPY_BUFFER_RECT, "copy rectangle"},
      {CL_COMMAND_MAP_BUFFER, "map buffer"},
      {CL_COMMAND_UNMAP_MEM_OBJECT, "unmap buffer"},
      {CL_COMMAND_MIGRATE_MEM_OBJECTS, "migrate buffers"},
      {CL_COMMAND_MARKER, "marker"},
      {CL_COMMAND_BARRIER, "barrier"},
      {CL_COMMAND_SVM_FREE, "SVM free"},
      {CL_COMMAND_SVM_MEMCPY, "SVM memcpy"},
      {CL_COMMAND_SVM_MEMFILL, "SVM fill"},
      {CL_COMMAND_SVM_MAP, "SVM map"},
      {CL_COMMAND_SVM_UNMAP, "SVM unmap"},
      {CL_COMMAND_SVM_MIGRATE_MEM, "SVM migrate"},
   };

   for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
      if (names[i].type == type)
         return names[i].name;
   return "command";
}

static unsigned
card_of(const struct ocl_trace *t, const struct ocl_queue *q)
{
   for (unsigned i = 0; i < MAX_CARDS; i++)
      if (t->cards[i].screen == q->dev->screen)
         return i;
   return 0;
}

static unsigned
queue_track(struct ocl_trace *t, const struct ocl_queue *q, unsigned card)
{
   char name[32];

   for (unsigned i = 0; i < t->num_queues; i++)
      if (t->queues[i].queue == q && t->queues[i].card == card)
         return t->queues[i].track;
   unsigned slot = t->num_queues % ARRAY_SIZE(t->queues);
   if (t->num_queues < ARRAY_SIZE(t->queues))
      t->num_queues++;
   snprintf(name, sizeof(name), "queue %u", slot + 1);
   t->queues[slot] = (struct queue_track){
      q, card, util_trace_track(t->file, GROUP_CARD(card), name)};
   return t->queues[slot].track;
}

void
ocl_trace_command_ended(struct ocl_trace *t, const struct ocl_event *cmd,
                        int status)
{
   struct util_trace_args args = {0};

   if (!t)
      return;
   unsigned card = card_of(t, cmd->queue);
   struct card *c = &t->cards[card];
   /* What never ran has no times. */
   uint64_t start_ns = cmd->start_ns ? cmd->start_ns : cmd->queued_ns;
   uint64_t end_ns = MAX2(cmd->end_ns, start_ns);
   const char *name = NULL;
   if (cmd->ops && cmd->ops->describe)
      name = cmd->ops->describe(cmd, &args);
   bool is_kernel = name && cmd->type == CL_COMMAND_NDRANGE_KERNEL;
   if (!name)
      name = type_name(cmd->type);
   if (status)
      util_trace_arg_u64(&args, "error", -status);
   util_trace_arg_u64(&args, "queued_ns", start_ns - cmd->queued_ns);
   util_trace_arg_u64(&args, "submitted_ns",
                      start_ns - MAX2(cmd->submit_ns, cmd->queued_ns));
   unsigned track = queue_track(t, cmd->queue, card);
   uint64_t id = ++t->next_id;
   util_trace_open(t->file, GROUP_CARD(card), "waiting", id, name,
                   host_time(c, cmd->queued_ns), NULL);
   util_trace_close(t->file, GROUP_CARD(card), "waiting", id, name,
                    host_time(c, start_ns), NULL);
   util_trace_span(t->file, track, is_kernel ? "kernel" : "command", name,
                   host_time(c, start_ns), host_time(c, end_ns), &args);
}

/* ---- life ---- */

void
ocl_trace_add_screen(struct ocl_trace *t, unsigned card,
                     struct pipe_screen *screen)
{
   char name[160];

   if (!t || card >= MAX_CARDS)
      return;
   struct card *c = &t->cards[card];
   c->screen = screen;
   compare_clocks(c);
   snprintf(name, sizeof(name), "card %u: %s", card, screen->caps.name);
   util_trace_group(t->file, GROUP_CARD(card), name);
   c->faults = util_trace_track(t->file, GROUP_CARD(card), "faults");
   c->service = util_trace_track(t->file, GROUP_CARD(card), "fault service");
}

struct ocl_trace *
ocl_trace_create(const char *path)
{
   struct util_trace *file = util_trace_create(path, 0);
   struct ocl_trace *t = file ? calloc(1, sizeof(*t)) : NULL;

   if (!t) {
      util_trace_destroy(file);
      return NULL;
   }
   t->file = file;
   util_trace_group(file, GROUP_MEMORY, "memory");
   return t;
}

/* What lives is ended, so that every beginning has an end. */
void
ocl_trace_destroy(struct ocl_trace *t)
{
   struct util_rb_node *n;

   if (!t)
      return;
   remove_places(t, &t->allocations);
   remove_places(t, &t->mappings);
   while ((n = util_rb_first(&t->granules))) {
      struct granule *g = container_of(n, struct granule, node);
      granule_life(t, g, util_time_ns(), false);
      util_rb_remove(&t->granules, n);
      free(g);
   }
   ocl_maps_finish(&t->maps);
   util_trace_destroy(t->file);
   free(t);
}
