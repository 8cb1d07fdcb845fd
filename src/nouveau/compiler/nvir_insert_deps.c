/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Fills in the control slot of every instruction (isa.md §5). The hardware
 * checks nothing: a fixed-latency result is there after so many cycles,
 * everything else is announced on one of six scoreboards that the reader must
 * name.
 *
 * Scoreboards are given out first. Then a data flow over the blocks finds which
 * registers may be pending on which scoreboard where a block begins (union of
 * the predecessors; lanes have their own registers, so edges of the control
 * flow graph are all paths that matter). Last, each block gets its waits and
 * stalls. Fixed latencies never cross a block's end: the last instruction
 * stalls them off. */
#include <assert.h>

#include "nouveau/compiler/nvir_access_priv.h"
#include "nouveau/compiler/nvir_passes.h"

#define NUM_SCOREBOARDS 6
/* Cycles until a wait sees a scoreboard taken by an earlier instruction. */
#define SCOREBOARD_VISIBLE 2
/* nv50_ir and NAK stall so long after flow instructions, MEMBAR and BAR. */
#define CONTROL_STALL 13
#define MAX_STALL     15
/* Longer stalls count right only with yield. */
#define MAX_STALL_WITHOUT_YIELD 11

/* Places that a scoreboard's users have yet to read or to write. */
struct pending {
   struct nvir_places reads[NUM_SCOREBOARDS], writes[NUM_SCOREBOARDS];
};

struct deps {
   struct nvir_shader *s;
   struct nvir_access *access; /* by instruction, nvir_instr.scratch */
   struct pending *in;         /* by block index */
};

/* ---- scoreboards ---- */

static bool
is_control(const struct nvir_instr *i)
{
   return sass_op_info(i->mi.op)->class_ == SASS_CLASS_CONTROL;
}

static bool
reads_gpr(const struct nvir_access *a)
{
   return util_bitset_any_range(a->reads.w, 0, NVIR_FIRST_PRED_PLACE);
}

/* Round robin. A result covers the sources too: it cannot arrive before they
 * have been read. Without result the sources' read is announced; guards and
 * conditions are read at issue and need nothing. */
static void
give_scoreboard(const struct deps *d, struct nvir_instr *i, unsigned *next)
{
   const struct nvir_access *a = &d->access[i->scratch];
   i->wr_bar = i->rd_bar = SASS_BAR_NONE;
   if (!sass_is_variable(i->mi.op))
      return;
   if (!nvir_places_are_empty(&a->writes))
      i->wr_bar = *next;
   else if (reads_gpr(a))
      i->rd_bar = *next;
   else
      return;
   *next = (*next + 1) % NUM_SCOREBOARDS;
}

static void
prepare_instrs(struct deps *d)
{
   unsigned num = 0, next_bar = 0;
   nvir_foreach_block(b, d->s)
      nvir_foreach_instr(i, b)
         i->scratch = num++;
   d->access = util_arena_array(&d->s->arena, struct nvir_access, num);
   nvir_foreach_block(b, d->s) {
      nvir_foreach_instr(i, b) {
         d->access[i->scratch] = nvir_access_of(i);
         give_scoreboard(d, i, &next_bar);
         i->wait_mask = i->reuse = 0;
         i->stall = 1;
         i->yield = false;
      }
   }
}

/* Scoreboards that must be zero before `i` issues. Barriers, fences and cache
 * operations order memory, so nothing stays in flight across them. */
static unsigned
needed_waits(const struct pending *p, const struct nvir_instr *i,
             const struct nvir_access *a)
{
   unsigned mask = 0;
   bool all = i->mi.op == SASS_OP_BAR || i->mi.op == SASS_OP_MEMBAR ||
              i->mi.op == SASS_OP_CCTL;
   for (unsigned sb = 0; sb < NUM_SCOREBOARDS; sb++) {
      bool conflict = nvir_places_meet(&a->reads, &p->writes[sb]) ||
                      nvir_places_meet(&a->writes, &p->writes[sb]) ||
                      nvir_places_meet(&a->writes, &p->reads[sb]);
      bool busy = !nvir_places_are_empty(&p->reads[sb]) ||
                  !nvir_places_are_empty(&p->writes[sb]);
      mask |= (conflict || (all && busy)) << sb;
   }
   return mask;
}

/* `p` before `i` becomes `p` after it. */
static void
advance(struct pending *p, const struct nvir_instr *i,
        const struct nvir_access *a, unsigned wait_mask)
{
   util_bits_for_each(sb, wait_mask) {
      memset(&p->reads[sb], 0, sizeof(p->reads[sb]));
      memset(&p->writes[sb], 0, sizeof(p->writes[sb]));
   }
   unsigned sb = MIN2(i->wr_bar, i->rd_bar);
   if (sb == SASS_BAR_NONE)
      return;
   nvir_places_add(&p->reads[sb], &a->reads);
   nvir_places_add(&p->writes[sb], &a->writes);
}

static bool
pending_add(struct pending *a, const struct pending *b)
{
   bool grown = false;
   for (unsigned sb = 0; sb < NUM_SCOREBOARDS; sb++) {
      grown |= nvir_places_add(&a->reads[sb], &b->reads[sb]);
      grown |= nvir_places_add(&a->writes[sb], &b->writes[sb]);
   }
   return grown;
}

/* Passes `b`'s end state on; returns whether a successor's start grew. The
 * start states only ever grow, so this ends. */
static bool
flow_block(struct deps *d, const struct nvir_block *b)
{
   struct pending p = d->in[b->index];
   bool grown = false;
   nvir_foreach_instr(i, b) {
      const struct nvir_access *a = &d->access[i->scratch];
      advance(&p, i, a, needed_waits(&p, i, a));
   }
   for (unsigned n = 0; n < 2 && b->succs[n]; n++)
      grown |= pending_add(&d->in[b->succs[n]->index], &p);
   return grown;
}

static void
set_waits(struct deps *d, const struct nvir_block *b)
{
   struct pending p = d->in[b->index];
   nvir_foreach_instr(i, b) {
      const struct nvir_access *a = &d->access[i->scratch];
      i->wait_mask = needed_waits(&p, i, a);
      advance(&p, i, a, i->wait_mask);
   }
}

/* ---- fixed latencies ---- */

struct clock {
   unsigned now;                    /* issue cycle of the instruction at hand */
   unsigned ready[NVIR_NUM_PLACES]; /* cycle from which the place may be read */
};

/* First cycle at which `i` may issue. A second write must not land before the
 * first; results of unknown delay wait for the whole first one. */
static unsigned
earliest_issue(const struct clock *c, const struct nvir_instr *i,
               const struct nvir_access *a)
{
   unsigned t = c->now;
   nvir_foreach_place(place, &a->reads)
      t = MAX2(t, c->ready[place]);
   nvir_foreach_place(place, &a->writes) {
      unsigned lat = nvir_place_latency(i, place);
      if (c->ready[place] > lat)
         t = MAX2(t, c->ready[place] - lat + (lat != 0));
   }
   return t;
}

static void
note_results(struct clock *c, const struct nvir_instr *i,
             const struct nvir_access *a)
{
   if (sass_is_variable(i->mi.op))
      return;
   nvir_foreach_place(place, &a->writes)
      c->ready[place] = c->now + nvir_place_latency(i, place);
}

/* Cycles until all results are there, seen from the last issue. */
static unsigned
cycles_to_drain(const struct clock *c)
{
   unsigned t = c->now + 1;
   for (unsigned place = 0; place < NVIR_NUM_PLACES; place++)
      t = MAX2(t, c->ready[place]);
   return t - c->now;
}

static void
set_stall(struct nvir_instr *i, unsigned cycles)
{
   if (is_control(i))
      cycles = MAX2(cycles, CONTROL_STALL);
   if (i->wr_bar != SASS_BAR_NONE || i->rd_bar != SASS_BAR_NONE)
      cycles = MAX2(cycles, SCOREBOARD_VISIBLE);
   assert(cycles <= MAX_STALL);
   i->stall = cycles;
   i->yield = cycles > MAX_STALL_WITHOUT_YIELD;
}

/* The stall of an instruction is the distance to the next one's issue. */
static void
set_stalls(struct deps *d, const struct nvir_block *b)
{
   struct clock c = {0};
   struct nvir_instr *last = NULL;
   nvir_foreach_instr(i, b) {
      const struct nvir_access *a = &d->access[i->scratch];
      if (last) {
         unsigned issued = c.now++;
         set_stall(last, earliest_issue(&c, i, a) - issued);
         c.now = issued + last->stall;
      }
      note_results(&c, i, a);
      last = i;
   }
   if (last)
      set_stall(last, cycles_to_drain(&c));
}

/* NVIR_DEBUG=serial: one instruction at a time, whatever it is. */
static void
make_serial(struct nvir_shader *s)
{
   nvir_foreach_block(b, s) {
      nvir_foreach_instr(i, b) {
         i->stall = MAX_STALL;
         i->yield = true;
         i->wait_mask = (1u << NUM_SCOREBOARDS) - 1;
      }
   }
}

void
nvir_insert_deps(struct nvir_shader *s)
{
   nvir_shader_number_blocks(s);
   struct deps d = {.s = s};
   prepare_instrs(&d);
   if (s->debug & NVIR_DEBUG_SERIAL) {
      make_serial(s);
      return;
   }
   d.in = util_arena_array(&s->arena, struct pending, s->num_blocks);
   bool again;
   do {
      again = false;
      nvir_foreach_block(b, s)
         again |= flow_block(&d, b);
   } while (again);
   nvir_foreach_block(b, s) {
      set_waits(&d, b);
      set_stalls(&d, b);
   }
}
