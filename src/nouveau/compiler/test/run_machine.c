/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One thread on a machine that shows every missing dependency: a fixed-latency
 * result appears after its latency and no earlier; other instructions read
 * their operands and write their results at random later times, and only the
 * scoreboards tell when. Reads before that see the old contents. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/test/random_program.h"

enum {
   MAX_EVENTS = 4096,
   MAX_CYCLES = 40 << 20,
   SCOREBOARDS = 6
};

enum event_kind {
   WRITE_GPR,
   WRITE_PRED,
   WRITE_CC,
   READ,
   RELEASE
};

struct event {
   uint64_t time, order;
   enum event_kind kind;
   unsigned reg;
   uint32_t value;
   int bar;              /* RELEASE; READ: of the sources, -1 none */
   struct sass_instr mi; /* READ */
   int wr_bar;
};

struct machine {
   uint32_t gpr[256];
   bool pred[8], cc;
   uint8_t *local;
   unsigned bars[SCOREBOARDS];
   uint64_t taken[SCOREBOARDS]; /* cycle when last taken: visible 2 later */
   struct event events[MAX_EVENTS];
   unsigned num_events, seed;
   uint64_t now, order, last_memory;
};

static unsigned
delay(struct machine *m, unsigned max)
{
   return 1 + rand_r(&m->seed) / 11 % max;
}

static struct event *
add_event(struct machine *m, enum event_kind kind, uint64_t time)
{
   assert(m->num_events < MAX_EVENTS);
   struct event *e = &m->events[m->num_events++];
   memset(e, 0, sizeof(*e));
   e->kind = kind;
   e->time = time;
   e->order = m->order++;
   e->bar = e->wr_bar = -1;
   return e;
}

static void
add_write(struct machine *m, enum event_kind kind, unsigned reg, uint32_t value,
          uint64_t time)
{
   struct event *e = add_event(m, kind, time);
   e->reg = reg;
   e->value = value;
}

static bool
pred(const struct machine *m, unsigned p)
{
   return p == SASS_PT || m->pred[p];
}

static void
read_vector(const struct machine *m, unsigned reg, uint32_t *out)
{
   for (unsigned w = 0; w < 4; w++)
      out[w] = reg == SASS_RZ || reg + w > 254 ? 0 : m->gpr[reg + w];
}

static void
access_local(struct machine *m, const struct sass_instr *mi, struct lane_io *io)
{
   uint32_t addr = io->a[0] + mi->off, size_B = sass_size_B(mi->size);
   if (addr + size_B > MACHINE_LOCAL_B || addr % size_B)
      return; /* a wild address: the result will tell */
   if (mi->op == SASS_OP_STL)
      memcpy(m->local + addr, io->d_in, size_B);
   else
      memcpy(io->d, m->local + addr, size_B);
}

static void
compute(struct machine *m, const struct sass_instr *mi, struct lane_io *io)
{
   read_vector(m, mi->ra, io->a);
   read_vector(m, mi->rb, io->b);
   read_vector(m, mi->rd, io->d_in);
   io->pa = pred(m, mi->pa);
   io->pb = pred(m, mi->pb);
   io->pc = pred(m, mi->pc);
   io->x = m->cc;
   if (mi->op == SASS_OP_STL || mi->op == SASS_OP_LDL)
      access_local(m, mi, io);
   else
      exec_alu(mi, io);
}

/* Results at their times; returns the last of them. */
static void
schedule_results(struct machine *m, const struct sass_instr *mi,
                 const struct lane_io *io, uint64_t gpr_time,
                 uint64_t pred_time)
{
   struct sass_operands list;
   sass_operands(mi, &list);
   for (unsigned n = 0; n < list.count; n++) {
      const struct sass_operand *o = &list.v[n];
      if (!o->write)
         continue;
      if (o->file == SASS_FILE_PRED)
         add_write(m, WRITE_PRED, o->reg, o->reg == mi->pd ? io->pd : io->pd2,
                   pred_time);
      else if (o->file == SASS_FILE_CC)
         add_write(m, WRITE_CC, 0, io->cc, gpr_time);
      else
         for (unsigned w = 0; w < o->count; w++)
            add_write(m, WRITE_GPR, o->reg + w, io->d[w], gpr_time);
   }
}

static void
run_event(struct machine *m, const struct event *e)
{
   switch (e->kind) {
   case WRITE_GPR:
      m->gpr[e->reg] = e->value;
      break;
   case WRITE_PRED:
      m->pred[e->reg] = e->value;
      break;
   case WRITE_CC:
      m->cc = e->value;
      break;
   case RELEASE:
      m->bars[e->bar]--;
      break;
   case READ: {
      struct lane_io io = {0};
      compute(m, &e->mi, &io);
      if (e->bar >= 0)
         m->bars[e->bar]--;
      uint64_t done = e->time + delay(m, 60);
      schedule_results(m, &e->mi, &io, done, done);
      if (e->wr_bar >= 0)
         add_event(m, RELEASE, done)->bar = e->wr_bar;
      break;
   }
   }
}

/* All events up to now, in order. */
static void
catch_up(struct machine *m)
{
   for (;;) {
      struct event *first = NULL;
      for (unsigned n = 0; n < m->num_events; n++) {
         struct event *e = &m->events[n];
         if (e->time > m->now)
            continue;
         if (!first || e->time < first->time ||
             (e->time == first->time && e->order < first->order))
            first = e;
      }
      if (!first)
         return;
      struct event e = *first;
      *first = m->events[--m->num_events];
      run_event(m, &e);
   }
}

static bool
must_wait(const struct machine *m, unsigned mask)
{
   for (unsigned b = 0; b < SCOREBOARDS; b++)
      if (mask >> b & 1 && m->bars[b] && m->taken[b] + 2 <= m->now)
         return true;
   return false;
}

static void
take_bar(struct machine *m, unsigned bar)
{
   if (bar == SASS_BAR_NONE)
      return;
   if (!m->bars[bar])
      m->taken[bar] = m->now;
   m->bars[bar]++;
}

/* Operands are read late; memory accesses stay in order. */
static void
issue_variable(struct machine *m, const struct sass_instr *mi,
               const struct sass_ctrl *ctrl)
{
   bool memory = mi->op == SASS_OP_STL || mi->op == SASS_OP_LDL;
   uint64_t time = m->now + delay(m, 30);
   if (memory)
      m->last_memory = time = MAX2(time, m->last_memory + 1);
   take_bar(m, ctrl->wr_bar);
   take_bar(m, ctrl->rd_bar);
   struct event *e = add_event(m, READ, time);
   e->mi = *mi;
   e->bar = ctrl->rd_bar == SASS_BAR_NONE ? -1 : ctrl->rd_bar;
   e->wr_bar = ctrl->wr_bar == SASS_BAR_NONE ? -1 : ctrl->wr_bar;
}

static void
issue_fixed(struct machine *m, const struct sass_instr *mi)
{
   struct lane_io io = {0};
   compute(m, mi, &io);
   schedule_results(m, mi, &io, m->now + sass_gpr_latency(mi->op),
                    m->now + sass_pred_latency(mi->op));
}

static void
init_machine(struct machine *m, unsigned seed)
{
   m->seed = seed;
   m->local = calloc(1, MACHINE_LOCAL_B);
   for (unsigned r = 0; r < 256; r++)
      m->gpr[r] = 0xdead0000 + r;
   m->now = 100;
}

/* The next instruction at *pc, which moves on. */
static void
fetch(const uint8_t *code, uint64_t *pc, struct sass_instr *mi,
      struct sass_ctrl *ctrl)
{
   uint64_t control, word;
   struct sass_ctrl slots[3];
   if (*pc % SASS_BUNDLE_B == 0)
      *pc += SASS_WORD_B;
   memcpy(&control, code + *pc / SASS_BUNDLE_B * SASS_BUNDLE_B, 8);
   memcpy(&word, code + *pc, 8);
   sass_bundle_unpack(control, slots);
   *ctrl = slots[*pc % SASS_BUNDLE_B / SASS_WORD_B - 1];
   int err = sass_decode(word, mi);
   assert(!err);
   *pc += SASS_WORD_B;
}

static bool
run(struct machine *m, const uint8_t *code, size_t size_B)
{
   uint64_t pc = 0;
   while (m->now < MAX_CYCLES) {
      struct sass_instr mi;
      struct sass_ctrl ctrl;
      assert(pc < size_B);
      fetch(code, &pc, &mi, &ctrl);
      for (catch_up(m); must_wait(m, ctrl.wait_mask); catch_up(m))
         if (++m->now > MAX_CYCLES)
            return false;
      bool guard = pred(m, mi.guard) != mi.guard_not;
      if (mi.op == SASS_OP_EXIT)
         return true;
      if (mi.op == SASS_OP_BRA)
         pc += guard ? mi.target : 0;
      else if (mi.op != SASS_OP_NOP && sass_is_variable(mi.op))
         issue_variable(m, &mi, &ctrl);
      else if (mi.op != SASS_OP_NOP)
         issue_fixed(m, &mi);
      assert(ctrl.stall && (ctrl.stall <= 11 || ctrl.yield));
      m->now += ctrl.stall;
   }
   return false;
}

uint64_t
run_machine(const uint8_t *code, size_t size_B, unsigned seed, uint8_t *local)
{
   struct machine *m = calloc(1, sizeof(*m));
   init_machine(m, seed);
   bool ended = run(m, code, size_B);
   uint64_t cycles = m->now;
   m->now += 1u << 20; /* what is in flight lands */
   catch_up(m);
   memcpy(local, m->local, PROGRAM_LOCAL_B);
   free(m->local);
   free(m);
   return ended ? cycles : 0;
}

/* ---- jumps ---- */

static struct nvir_instr *
jump(struct nvir_instr *at, enum sass_op op, struct nvir_block *target)
{
   struct nvir_instr *i =
      nvir_instr_create(at->block->shader, NVIR_OP_MACH, 0, 0);
   sass_instr_init(&i->mi, op, sass_op_first_form(op));
   i->target = target;
   nvir_instr_insert_before(i, at);
   return i;
}

void
lower_jumps(struct nvir_shader *s)
{
   nvir_foreach_block(b, s) {
      struct nvir_instr *end = nvir_block_terminator(b);
      if (end->op == NVIR_OP_EXIT)
         jump(end, SASS_OP_EXIT, NULL);
      if (end->op == NVIR_OP_CBR) {
         struct nvir_src cond = end->srcs[0];
         cond.slot = NVIR_SLOT_GUARD;
         nvir_instr_add_src(jump(end, SASS_OP_BRA, b->succs[0]), cond);
         jump(end, SASS_OP_BRA, b->succs[1]);
      }
      if (end->op == NVIR_OP_BR && b->succs[0] != nvir_block_next(b))
         jump(end, SASS_OP_BRA, b->succs[0]);
      nvir_instr_remove(end);
   }
   s->has_control = true;
}
