/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* NVSIM_DEBUG=strict: the interpreter has every result at once; this keeps the
 * books that hardware keeps (isa.md §5) and reports instructions that would
 * have read or overwritten a register too early. Rules: raw       read before
 * the stall counts make a fixed-latency result ready raw-sb    read before a
 * wait on the scoreboard of a variable-latency result waw       write that
 * would land before an earlier one, or waw-sb without a wait war-sb    write to
 * a source of a variable-latency instruction that has not been seen to be read
 *   sb-early  wait on a scoreboard in the cycle after it was set: not seen yet
 * Lanes count: what only other lanes wait for does not matter. */
#include "nvsim_exec_priv.h"

#include <stdio.h>
#include <string.h>

#include "util/util_buf.h"
#include "util/util_log.h"

#define SCOREBOARDS 6
#define NO_BARRIER  SCOREBOARDS /* named none: nobody can wait for it */
#define MAX_PRINTED 50

/* A register, predicate or the condition code. */
struct book {
   uint64_t ready; /* cycle from which a fixed-latency result may be used */
   uint32_t fixed_lanes; /* ... in these lanes */
   /* Lanes in which a result is expected, and in which the contents are still
    * to be read, by scoreboard. */
   uint32_t writing[SCOREBOARDS + 1], reading[SCOREBOARDS + 1];
};

struct nvsim_strict {
   uint64_t cycle;
   uint64_t set_at[SCOREBOARDS]; /* cycle of the last increment, plus 1 */
   struct book gpr[256], pred[8], cc;
   unsigned printed;
};

struct nvsim_strict *
nvsim_strict_create(void)
{
   return util_svc_calloc(1, sizeof(struct nvsim_strict));
}

void
nvsim_strict_begin(struct nvsim_warp *w)
{
   unsigned printed = w->strict->printed;
   memset(w->strict, 0, sizeof(*w->strict));
   w->strict->cycle = 1000; /* nothing is under way */
   w->strict->printed = printed;
}

static const char *const file_names[] = {"R", "P", "CC"};

static void
report(struct nvsim_warp *w, const struct nvsim_instr *in,
       const struct sass_operand *o, unsigned reg, const char *rule)
{
   struct nvsim_strict *s = w->strict;
   w->worker->stats.strict_reports++;
   if (s->printed++ >= MAX_PRINTED)
      return;
   uint64_t pc = nvsim_warp_pc(w) - w->grid->entry_va;
   /* The printer allocates: as an ordinary thread. */
   util_svc_leave();
   struct util_buf b;
   util_buf_init(&b);
   sass_print(&in->i, pc, &b);
   util_warn("nvsim", "strict: %s: %s%u at 0x%x: %s", rule,
             o ? file_names[o->file] : "SB", reg, (unsigned)pc, b.data);
   util_buf_finish(&b);
   util_svc_enter();
}

static struct book *
book_of(struct nvsim_strict *s, const struct sass_operand *o, unsigned n)
{
   if (o->file == SASS_FILE_GPR)
      return &s->gpr[(o->reg + n) & 0xff];
   return o->file == SASS_FILE_PRED ? &s->pred[(o->reg + n) & 7] : &s->cc;
}

static bool
any_lane(const uint32_t *by_scoreboard, uint32_t lanes)
{
   uint32_t any = 0;
   for (unsigned i = 0; i <= SCOREBOARDS; i++)
      any |= by_scoreboard[i];
   return any & lanes;
}

static void
clear_one(struct book *b, uint8_t mask)
{
   for (unsigned i = 0; i < SCOREBOARDS; i++)
      if (mask >> i & 1)
         b->writing[i] = b->reading[i] = 0;
}

static void
clear_scoreboards(struct nvsim_strict *s, uint8_t mask)
{
   for (unsigned r = 0; r < 256; r++)
      clear_one(&s->gpr[r], mask);
   for (unsigned p = 0; p < 8; p++)
      clear_one(&s->pred[p], mask);
   clear_one(&s->cc, mask);
}

static void
do_waits(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   struct nvsim_strict *s = w->strict;
   uint8_t mask = in->ctrl.wait_mask & 0x3f;
   if (in->i.op == SASS_OP_DEPBAR) {
      mask |= in->i.sb_mask;
      /* Waiting for some of several: taken for all. */
      if (in->i.le)
         mask |= 1u << in->i.sb;
   }
   for (unsigned i = 0; i < SCOREBOARDS; i++)
      if (mask >> i & 1 && s->set_at[i] && s->cycle < s->set_at[i] - 1 + 2)
         report(w, in, NULL, i, "sb-early");
   if (mask)
      clear_scoreboards(s, mask);
}

static void
check_read(struct nvsim_warp *w, const struct nvsim_instr *in,
           const struct sass_operand *o, unsigned n, uint32_t lanes)
{
   const struct book *b = book_of(w->strict, o, n);
   if (any_lane(b->writing, lanes))
      report(w, in, o, o->reg + n, "raw-sb");
   else if (w->strict->cycle < b->ready && (b->fixed_lanes & lanes))
      report(w, in, o, o->reg + n, "raw");
}

static unsigned
latency(const struct nvsim_instr *in, const struct sass_operand *o)
{
   return o->file == SASS_FILE_PRED ? sass_pred_latency(in->i.op)
                                    : sass_gpr_latency(in->i.op);
}

static void
check_write(struct nvsim_warp *w, const struct nvsim_instr *in,
            const struct sass_operand *o, unsigned n, uint32_t lanes)
{
   const struct nvsim_strict *s = w->strict;
   const struct book *b = book_of(w->strict, o, n);
   if (any_lane(b->reading, lanes))
      report(w, in, o, o->reg + n, "war-sb");
   if (any_lane(b->writing, lanes))
      report(w, in, o, o->reg + n, "waw-sb");
   else if (!sass_is_variable(in->i.op) && (b->fixed_lanes & lanes) &&
            s->cycle + latency(in, o) < b->ready)
      report(w, in, o, o->reg + n, "waw");
}

static void
note_write(struct nvsim_warp *w, const struct nvsim_instr *in,
           const struct sass_operand *o, unsigned n, uint32_t lanes)
{
   struct nvsim_strict *s = w->strict;
   struct book *b = book_of(s, o, n);
   if (sass_is_variable(in->i.op)) {
      b->writing[MIN2(in->ctrl.wr_bar, NO_BARRIER)] |= lanes;
   } else {
      b->fixed_lanes = lanes | (s->cycle < b->ready ? b->fixed_lanes : 0);
      b->ready = s->cycle + latency(in, o);
   }
}

/* Sources of loads and the like are read some time after issue. The arrival of
 * the result implies it. */
static void
note_read(struct nvsim_warp *w, const struct nvsim_instr *in,
          const struct sass_operand *o, unsigned n, uint32_t lanes)
{
   struct book *b = book_of(w->strict, o, n);
   unsigned bar =
      in->ctrl.rd_bar < SCOREBOARDS ? in->ctrl.rd_bar : in->ctrl.wr_bar;
   if (o->file != SASS_FILE_GPR || !sass_is_variable(in->i.op) ||
       sass_op_info(in->i.op)->class_ == SASS_CLASS_CONTROL)
      return;
   b->reading[MIN2(bar, NO_BARRIER)] |= lanes;
}

/* Stall counts above 11 count fully only with yield (isa.md §5.2). */
static unsigned
effective_stall(const struct sass_ctrl *c)
{
   return c->stall > 12 && !c->yield ? 8 : c->stall;
}

typedef void (*operand_fn)(struct nvsim_warp *w, const struct nvsim_instr *in,
                           const struct sass_operand *o, unsigned n,
                           uint32_t lanes);

static void
for_operands(struct nvsim_warp *w, const struct nvsim_instr *in,
             const struct sass_operands *ops, bool writes, uint32_t lanes,
             operand_fn fn)
{
   for (unsigned i = 0; i < ops->count; i++) {
      if (ops->v[i].write != writes)
         continue;
      for (unsigned n = 0; n < ops->v[i].count; n++)
         fn(w, in, &ops->v[i], n, lanes);
   }
}

void
nvsim_strict_issue(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   struct nvsim_strict *s = w->strict;
   if (in->fn == nvsim_exec_illegal || in->fn == nvsim_exec_misaligned_reg)
      return;
   struct sass_operands ops;
   sass_operands(&in->i, &ops);
   uint32_t lanes = w->active & (w->pred[in->guard] ^ in->guard_not);
   do_waits(w, in);
   /* The guard is read by all active lanes, the operands by those that run. */
   for (unsigned i = 0; i < ops.count; i++)
      if (!ops.v[i].write && ops.v[i].file == SASS_FILE_PRED)
         check_read(w, in, &ops.v[i], 0, w->active);
   for (unsigned i = 0; i < ops.count; i++)
      for (unsigned n = 0; n < ops.v[i].count; n++)
         if (!ops.v[i].write && ops.v[i].file != SASS_FILE_PRED)
            check_read(w, in, &ops.v[i], n, lanes);
   for_operands(w, in, &ops, true, lanes, check_write);
   for_operands(w, in, &ops, false, lanes, note_read);
   for_operands(w, in, &ops, true, lanes, note_write);
   if (in->ctrl.wr_bar < SCOREBOARDS)
      s->set_at[in->ctrl.wr_bar] = s->cycle + 1;
   if (in->ctrl.rd_bar < SCOREBOARDS)
      s->set_at[in->ctrl.rd_bar] = s->cycle + 1;
   s->cycle += effective_stall(&in->ctrl);
}
