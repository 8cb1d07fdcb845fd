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

#include "nouveau/compiler/nvir_bind_priv.h"
#include "nouveau/compiler/nvir_passes.h"
#include "util/util_bitset.h"

#define NUM_SCOREBOARDS 6
/* Cycles until a wait sees a scoreboard taken by an earlier instruction. */
#define SCOREBOARD_VISIBLE 2
/* nv50_ir and NAK stall so long after flow instructions, MEMBAR and BAR. */
#define CONTROL_STALL 13
#define MAX_STALL     15
/* Longer stalls count right only with yield. */
#define MAX_STALL_WITHOUT_YIELD 11

enum {
   FIRST_PRED = 256,
   CC = FIRST_PRED + 8,
   NUM_PLACES
};
enum {
   PLACE_WORDS = UTIL_BITSET_WORDS(NUM_PLACES)
};

struct place_set {
   uint64_t w[PLACE_WORDS];
};

/* What is read and written, in places: GPRs, predicates, CC. */
struct access {
   struct place_set reads, writes;
};

/* Places that a scoreboard's users have yet to read or to write. */
struct pending {
   struct place_set reads[NUM_SCOREBOARDS], writes[NUM_SCOREBOARDS];
};

struct deps {
   struct nvir_shader *s;
   struct access *access; /* by instruction, nvir_instr.scratch */
   struct pending *in;    /* by block index */
};

/* ---- sets of places ---- */

static bool
sets_meet(const struct place_set *a, const struct place_set *b)
{
   uint64_t any = 0;
   for (unsigned n = 0; n < PLACE_WORDS; n++)
      any |= a->w[n] & b->w[n];
   return any != 0;
}

static bool
set_is_empty(const struct place_set *a)
{
   return !sets_meet(a, a);
}

/* Returns whether `a` grew. */
static bool
set_add(struct place_set *a, const struct place_set *b)
{
   uint64_t grown = 0;
   for (unsigned n = 0; n < PLACE_WORDS; n++) {
      grown |= b->w[n] & ~a->w[n];
      a->w[n] |= b->w[n];
   }
   return grown != 0;
}

static unsigned
first_place(const struct sass_operand *o)
{
   switch (o->file) {
   case SASS_FILE_GPR:
      return o->reg;
   case SASS_FILE_PRED:
      return FIRST_PRED + o->reg;
   default:
      return CC;
   }
}

static struct access
list_access(const struct nvir_instr *i)
{
   struct sass_instr mi;
   struct sass_operands list;
   struct access a = {0};
   nvir_bind(i, &mi);
   sass_operands(&mi, &list);
   for (unsigned n = 0; n < list.count; n++) {
      const struct sass_operand *o = &list.v[n];
      util_bitset_set_range(o->write ? a.writes.w : a.reads.w, first_place(o),
                            o->count);
   }
   return a;
}

/* ---- scoreboards ---- */

static bool
is_control(const struct nvir_instr *i)
{
   return sass_op_info(i->mi.op)->class_ == SASS_CLASS_CONTROL;
}

static bool
reads_gpr(const struct access *a)
{
   return util_bitset_any_range(a->reads.w, 0, FIRST_PRED);
}

/* Round robin. A result covers the sources too: it cannot arrive before they
 * have been read. Without result the sources' read is announced; guards and
 * conditions are read at issue and need nothing. */
static void
give_scoreboard(const struct deps *d, struct nvir_instr *i, unsigned *next)
{
   const struct access *a = &d->access[i->scratch];
   i->wr_bar = i->rd_bar = SASS_BAR_NONE;
   if (!sass_is_variable(i->mi.op))
      return;
   if (!set_is_empty(&a->writes))
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
   d->access = util_arena_array(&d->s->arena, struct access, num);
   nvir_foreach_block(b, d->s) {
      nvir_foreach_instr(i, b) {
         d->access[i->scratch] = list_access(i);
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
             const struct access *a)
{
   unsigned mask = 0;
   bool all = i->mi.op == SASS_OP_BAR || i->mi.op == SASS_OP_MEMBAR ||
              i->mi.op == SASS_OP_CCTL;
   for (unsigned sb = 0; sb < NUM_SCOREBOARDS; sb++) {
      bool conflict = sets_meet(&a->reads, &p->writes[sb]) ||
                      sets_meet(&a->writes, &p->writes[sb]) ||
                      sets_meet(&a->writes, &p->reads[sb]);
      bool busy = !set_is_empty(&p->reads[sb]) || !set_is_empty(&p->writes[sb]);
      mask |= (conflict || (all && busy)) << sb;
   }
   return mask;
}

/* `p` before `i` becomes `p` after it. */
static void
advance(struct pending *p, const struct nvir_instr *i, const struct access *a,
        unsigned wait_mask)
{
   util_bits_for_each(sb, wait_mask) {
      memset(&p->reads[sb], 0, sizeof(p->reads[sb]));
      memset(&p->writes[sb], 0, sizeof(p->writes[sb]));
   }
   unsigned sb = MIN2(i->wr_bar, i->rd_bar);
   if (sb == SASS_BAR_NONE)
      return;
   set_add(&p->reads[sb], &a->reads);
   set_add(&p->writes[sb], &a->writes);
}

static bool
pending_add(struct pending *a, const struct pending *b)
{
   bool grown = false;
   for (unsigned sb = 0; sb < NUM_SCOREBOARDS; sb++) {
      grown |= set_add(&a->reads[sb], &b->reads[sb]);
      grown |= set_add(&a->writes[sb], &b->writes[sb]);
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
      const struct access *a = &d->access[i->scratch];
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
      const struct access *a = &d->access[i->scratch];
      i->wait_mask = needed_waits(&p, i, a);
      advance(&p, i, a, i->wait_mask);
   }
}

/* ---- fixed latencies ---- */

struct clock {
   unsigned now;               /* issue cycle of the instruction at hand */
   unsigned ready[NUM_PLACES]; /* cycle from which the place may be read */
};

static unsigned
latency_of(const struct nvir_instr *i, unsigned place)
{
   bool is_pred = place >= FIRST_PRED && place < CC;
   return is_pred ? sass_pred_latency(i->mi.op) : sass_gpr_latency(i->mi.op);
}

/* First cycle at which `i` may issue. A second write must not land before the
 * first; results of unknown delay wait for the whole first one. */
static unsigned
earliest_issue(const struct clock *c, const struct nvir_instr *i,
               const struct access *a)
{
   unsigned t = c->now;
   util_bitset_for_each(place, a->reads.w, NUM_PLACES)
      t = MAX2(t, c->ready[place]);
   util_bitset_for_each(place, a->writes.w, NUM_PLACES) {
      unsigned lat = latency_of(i, place);
      if (c->ready[place] > lat)
         t = MAX2(t, c->ready[place] - lat + (lat != 0));
   }
   return t;
}

static void
note_results(struct clock *c, const struct nvir_instr *i,
             const struct access *a)
{
   if (sass_is_variable(i->mi.op))
      return;
   util_bitset_for_each(place, a->writes.w, NUM_PLACES)
      c->ready[place] = c->now + latency_of(i, place);
}

/* Cycles until all results are there, seen from the last issue. */
static unsigned
cycles_to_drain(const struct clock *c)
{
   unsigned t = c->now + 1;
   for (unsigned place = 0; place < NUM_PLACES; place++)
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
      const struct access *a = &d->access[i->scratch];
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
