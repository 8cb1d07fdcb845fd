/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* NVSIM_DEBUG=strict: the interpreter has every result at once; this keeps the
 * books that hardware keeps (isa.md 5, 1.3, 2.13) and reports instructions that
 * would have read or overwritten a register too early, or that break a rule of
 * the encoding. docs/sim.md lists the rules. Lanes count: what only other lanes
 * wait for does not matter. */
#include "nvsim_watch_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/util_buf.h"

#define SCOREBOARDS 6
#define NO_BARRIER  SCOREBOARDS /* named none: nobody can wait for it */

enum rule {
   RULE_RAW,
   RULE_YIELD,
   RULE_RAW_SB,
   RULE_WAW,
   RULE_WAW_SB,
   RULE_WAR_SB,
   RULE_SB_EARLY,
   RULE_SB_ORDER,
   RULE_DUAL,
   RULE_UNINIT,
   RULE_UNINIT_SHARED,
   RULE_BAR_DIVERGENT,
   RULE_ENCODING,
};

static const char *const rule_names[] = {
   "raw",           "yield",         "raw-sb",   "waw",  "waw-sb",
   "war-sb",        "sb-early",      "sb-order", "dual", "uninit",
   "uninit-shared", "bar-divergent", "encoding",
};

/* A register, predicate or the condition code. */
struct book {
   uint64_t ready; /* cycle from which a fixed-latency result may be used */
   uint64_t ready_loose; /* ... if each stall count were full */
   uint32_t fixed_lanes; /* ... in these lanes */
   uint32_t known;       /* lanes that were ever written */
   /* Lanes in which a result is expected, and in which the contents are still
    * to be read, by scoreboard; and which of the scoreboard's uses it is. */
   uint32_t writing[SCOREBOARDS + 1], reading[SCOREBOARDS + 1];
   uint32_t writing_use[SCOREBOARDS + 1], reading_use[SCOREBOARDS + 1];
};

struct nvsim_strict {
   uint64_t cycle;               /* stall counts that can be relied on */
   uint64_t loose;               /* all of the stall counts */
   uint64_t set_at[SCOREBOARDS]; /* cycle of the last increment, plus 1 */
   uint32_t uses[SCOREBOARDS];
   uint16_t classes[SCOREBOARDS]; /* of instructions not yet waited for */
   struct book gpr[256], pred[8], cc;
   /* The instruction before, if it issued together with this one. */
   const struct nvsim_instr *partner;
};

struct nvsim_strict *
nvsim_strict_create(void)
{
   return util_svc_calloc(1, sizeof(struct nvsim_strict));
}

void
nvsim_strict_begin(struct nvsim_warp *w)
{
   memset(w->strict, 0, sizeof(*w->strict));
   w->strict->cycle = w->strict->loose = 1000; /* nothing is under way */
}

/* ---- reports ---- */

/* Printed once for an instruction and rule, counted each time. */
static void PRINTFLIKE(5, 6)
   report(struct nvsim_warp *w, const struct nvsim_instr *in, enum rule rule,
          const char *reg, const char *fmt, ...)
{
   uint32_t *told = &((struct nvsim_instr *)in)->told;
   w->worker->stats.strict_reports++;
   if (__atomic_fetch_or(told, 1u << rule, __ATOMIC_RELAXED) >> rule & 1)
      return;
   char why[128];
   va_list args;
   va_start(args, fmt);
   vsnprintf(why, sizeof(why), fmt, args);
   va_end(args);
   /* The printer allocates: as an ordinary thread. */
   util_svc_leave();
   struct util_buf b;
   util_buf_init(&b);
   util_buf_printf(&b, "%s: %s %s, at ", rule_names[rule], reg, why);
   nvsim_watch_print(w, nvsim_warp_pc(w), &b);
   nvsim_watch_report(w->grid->sim, "strict", b.data);
   util_buf_finish(&b);
   util_svc_enter();
}

struct reg_name {
   char text[8];
};

static struct reg_name
name_of(const struct sass_operand *o, unsigned n)
{
   static const char *const files[] = {"R", "P", "CC"};
   struct reg_name name;
   if (o->file == SASS_FILE_CC)
      snprintf(name.text, sizeof(name.text), "CC");
   else
      snprintf(name.text, sizeof(name.text), "%s%u", files[o->file],
               (o->reg + n) & 0xff);
   return name;
}

/* ---- books ---- */

static struct book *
book_of(struct nvsim_strict *s, const struct sass_operand *o, unsigned n)
{
   if (o->file == SASS_FILE_GPR)
      return &s->gpr[(o->reg + n) & 0xff];
   return o->file == SASS_FILE_PRED ? &s->pred[(o->reg + n) & 7] : &s->cc;
}

/* The scoreboard that guards any of the lanes, or -1. */
static int
guarding(const uint32_t *by_scoreboard, uint32_t lanes)
{
   for (int i = 0; i <= SCOREBOARDS; i++)
      if (by_scoreboard[i] & lanes)
         return i;
   return -1;
}

/* Uses of the scoreboard up to `use` are over. */
static void
clear_one(struct book *b, unsigned sb, uint32_t use)
{
   if (b->writing[sb] && b->writing_use[sb] <= use)
      b->writing[sb] = 0;
   if (b->reading[sb] && b->reading_use[sb] <= use)
      b->reading[sb] = 0;
}

static void
clear_scoreboard(struct nvsim_strict *s, unsigned sb, uint32_t use)
{
   for (unsigned r = 0; r < 256; r++)
      clear_one(&s->gpr[r], sb, use);
   for (unsigned p = 0; p < 8; p++)
      clear_one(&s->pred[p], sb, use);
   clear_one(&s->cc, sb, use);
   if (use >= s->uses[sb])
      s->classes[sb] = 0;
}

/* ---- waits ---- */

/* DEPBAR.LE: all but the last `imm` are over; that holds if they end in the
 * order in which they began. */
static void
wait_for_all_but(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   struct nvsim_strict *s = w->strict;
   unsigned sb = in->i.sb, left = in->i.imm;
   char name[8];
   if (sb >= SCOREBOARDS)
      return;
   snprintf(name, sizeof(name), "SB%u", sb);
   if (left && __builtin_popcount(s->classes[sb]) > 1)
      report(w, in, RULE_SB_ORDER, name,
             "counts instructions that may end in any order");
   if (s->uses[sb] > left)
      clear_scoreboard(s, sb, s->uses[sb] - left);
}

static void
do_waits(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   struct nvsim_strict *s = w->strict;
   uint8_t mask = in->ctrl.wait_mask & 0x3f, early = mask;
   if (in->i.op == SASS_OP_DEPBAR) {
      mask |= in->i.sb_mask;
      early = mask | (in->i.le ? 1u << in->i.sb : 0);
      if (in->i.le)
         wait_for_all_but(w, in);
   }
   for (unsigned i = 0; i < SCOREBOARDS; i++) {
      char name[8];
      snprintf(name, sizeof(name), "SB%u", i);
      if (early >> i & 1 && s->set_at[i] && s->cycle < s->set_at[i] - 1 + 2)
         report(w, in, RULE_SB_EARLY, name,
                "was set in the cycle before and is not seen yet");
      if (mask >> i & 1 && s->classes[i])
         clear_scoreboard(s, i, s->uses[i]);
   }
}

/* ---- reads and writes ---- */

/* Reads that need no value: what is saved whole, kept beside a half, copied, or
 * one of two from which another operand chooses. Compilers leave such where
 * the program has no value. */
static bool
may_be_unknown(const struct nvsim_instr *in, const struct sass_operand *o)
{
   bool value = o->slot == SASS_SLOT_A || o->slot == SASS_SLOT_B;
   switch (in->i.op) {
   case SASS_OP_P2R:
      return true;
   case SASS_OP_MOV:
      return o->file == SASS_FILE_GPR;
   case SASS_OP_SEL:
   case SASS_OP_ICMP:
   case SASS_OP_FCMP:
      return value;
   case SASS_OP_SHFL:
      return o->slot == SASS_SLOT_A;
   default:
      return o->slot == SASS_SLOT_D;
   }
}

/* A copy knows what its source knows. */
static void
note_copy(struct nvsim_strict *s, const struct sass_instr *i, uint32_t lanes)
{
   if (i->op != SASS_OP_MOV || i->form != SASS_FORM_R || i->rb == SASS_RZ)
      return;
   struct book *to = &s->gpr[i->rd];
   to->known &= ~lanes | s->gpr[i->rb].known;
}

static void
check_read(struct nvsim_warp *w, const struct nvsim_instr *in,
           const struct sass_operand *o, unsigned n, uint32_t lanes)
{
   const struct nvsim_strict *s = w->strict;
   const struct book *b = book_of(w->strict, o, n);
   int sb = guarding(b->writing, lanes);
   if (sb == NO_BARRIER)
      report(w, in, RULE_RAW_SB, name_of(o, n).text,
             "is read, and who writes it names no scoreboard");
   else if (sb >= 0)
      report(w, in, RULE_RAW_SB, name_of(o, n).text,
             "is read without a wait for scoreboard %d", sb);
   else if (s->cycle < b->ready && b->fixed_lanes & lanes)
      report(w, in, s->loose < b->ready_loose ? RULE_RAW : RULE_YIELD,
             name_of(o, n).text, "is read %u cycles too early%s",
             (unsigned)(b->ready - s->cycle),
             s->loose < b->ready_loose
                ? ""
                : ": stall counts above 12 count 8 without yield");
   else if (lanes & ~b->known && !may_be_unknown(in, o))
      report(w, in, RULE_UNINIT, name_of(o, n).text,
             "is read and was never written");
}

/* RRO is waited for in two ways, by NAK with a scoreboard and by nv50_ir with
 * six cycles, and both compilers' code runs on the hardware [guess]. */
static bool
is_counted_rro(const struct nvsim_instr *in)
{
   return in->i.op == SASS_OP_RRO && in->ctrl.wr_bar >= SCOREBOARDS;
}

static bool
is_variable(const struct nvsim_instr *in)
{
   return sass_is_variable(in->i.op) && !is_counted_rro(in);
}

static unsigned
latency(const struct nvsim_instr *in, const struct sass_operand *o)
{
   if (is_counted_rro(in))
      return 6;
   return o->file == SASS_FILE_PRED ? sass_pred_latency(in->i.op)
                                    : sass_gpr_latency(in->i.op);
}

static void
check_write(struct nvsim_warp *w, const struct nvsim_instr *in,
            const struct sass_operand *o, unsigned n, uint32_t lanes)
{
   const struct nvsim_strict *s = w->strict;
   const struct book *b = book_of(w->strict, o, n);
   int sb = guarding(b->reading, lanes);
   if (sb >= 0)
      report(w, in, RULE_WAR_SB, name_of(o, n).text,
             "is written, and an instruction before may not have read it");
   sb = guarding(b->writing, lanes);
   if (sb >= 0)
      report(w, in, RULE_WAW_SB, name_of(o, n).text,
             "is written before an earlier result has come");
   else if (!is_variable(in) && (b->fixed_lanes & lanes) &&
            s->cycle + latency(in, o) < b->ready)
      report(w, in, RULE_WAW, name_of(o, n).text,
             "is written before an earlier result, which then overwrites it");
}

static void
note_write(struct nvsim_warp *w, const struct nvsim_instr *in,
           const struct sass_operand *o, unsigned n, uint32_t lanes)
{
   struct nvsim_strict *s = w->strict;
   struct book *b = book_of(s, o, n);
   b->known |= lanes;
   if (is_variable(in)) {
      unsigned sb = MIN2(in->ctrl.wr_bar, NO_BARRIER);
      b->writing[sb] |= lanes;
      b->writing_use[sb] = sb < SCOREBOARDS ? s->uses[sb] : 0;
   } else {
      b->fixed_lanes = lanes | (s->cycle < b->ready ? b->fixed_lanes : 0);
      b->ready = s->cycle + latency(in, o);
      b->ready_loose = s->loose + latency(in, o);
   }
}

/* Sources of loads and the like are read some time after issue. The arrival of
 * the result implies it. */
static void
note_read(struct nvsim_warp *w, const struct nvsim_instr *in,
          const struct sass_operand *o, unsigned n, uint32_t lanes)
{
   struct nvsim_strict *s = w->strict;
   struct book *b = book_of(s, o, n);
   unsigned bar =
      in->ctrl.rd_bar < SCOREBOARDS ? in->ctrl.rd_bar : in->ctrl.wr_bar;
   if (o->file != SASS_FILE_GPR || !is_variable(in) ||
       sass_op_info(in->i.op)->class_ == SASS_CLASS_CONTROL)
      return;
   bar = MIN2(bar, NO_BARRIER);
   b->reading[bar] |= lanes;
   b->reading_use[bar] = bar < SCOREBOARDS ? s->uses[bar] : 0;
}

/* ---- rules of the control field ---- */

static bool
is_second_unit(enum sass_class c)
{
   return c >= SASS_CLASS_QUARTER;
}

static bool
reads_constant(const struct sass_instr *i)
{
   return i->form == SASS_FORM_C || i->form == SASS_FORM_RC;
}

/* Two that issue together: one for the ALUs, one for another unit, and at most
 * one constant (isa.md 5.2). A dependency is found by the books. */
static void
check_dual(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   const struct nvsim_instr *first = w->strict->partner;
   w->strict->partner = in->ctrl.stall ? NULL : in;
   if (!first)
      return;
   if (is_second_unit(sass_op_info(first->i.op)->class_) ==
       is_second_unit(sass_op_info(in->i.op)->class_))
      report(w, in, RULE_DUAL, "stall 0",
             "of the instruction before pairs two of one kind");
   else if (reads_constant(&first->i) && reads_constant(&in->i))
      report(w, in, RULE_DUAL, "stall 0",
             "of the instruction before pairs two that read constants");
   else if (in->ctrl.stall == 0)
      report(w, in, RULE_DUAL, "stall 0", "in two instructions after another");
}

static void
check_encoding(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   const struct sass_instr *i = &in->i;
   uint64_t control = w->page->raw[in->page_off / SASS_BUNDLE_B * 4];
   if (in->ctrl.wr_bar == 6 || in->ctrl.rd_bar == 6)
      report(w, in, RULE_ENCODING, "scoreboard 6", "does not exist");
   if (control >> 63)
      report(w, in, RULE_ENCODING, "bit 63", "of the control word is set");
   if (in->ctrl.reuse & 8)
      report(w, in, RULE_ENCODING, "bit 3", "of the reuse flags is set");
   if ((i->op == SASS_OP_LD || i->op == SASS_OP_ST) && i->pa != SASS_PT)
      report(w, in, RULE_ENCODING, "the predicate",
             "of a generic access is not PT");
   if (i->op == SASS_OP_BAR && i->bar != SASS_BAR_RED && i->pc != SASS_PT)
      report(w, in, RULE_ENCODING, "the predicate",
             "of a barrier that reduces nothing is not PT");
}

/* Pascal counts warps: part of one counts as all of it. */
static void
check_barrier(struct nvsim_warp *w, const struct nvsim_instr *in,
              uint32_t lanes)
{
   uint32_t missing = ~w->exited & ~lanes;
   if (in->i.op == SASS_OP_BAR && lanes && missing)
      report(w, in, RULE_BAR_DIVERGENT, "the barrier",
             "counts the whole warp, but lanes 0x%x are not here", missing);
}

static void
note_use(struct nvsim_strict *s, unsigned sb, enum sass_class c)
{
   if (sb >= SCOREBOARDS)
      return;
   s->set_at[sb] = s->cycle + 1;
   s->classes[sb] |= 1u << c;
}

static void
count_uses(struct nvsim_strict *s, const struct sass_ctrl *c)
{
   if (c->wr_bar < SCOREBOARDS)
      s->uses[c->wr_bar]++;
   if (c->rd_bar < SCOREBOARDS && c->rd_bar != c->wr_bar)
      s->uses[c->rd_bar]++;
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
   enum sass_class c = sass_op_info(in->i.op)->class_;
   struct sass_operands ops;
   sass_operands(&in->i, &ops);
   uint32_t lanes = w->active & (w->pred[in->guard] ^ in->guard_not);
   do_waits(w, in);
   check_dual(w, in);
   check_encoding(w, in);
   check_barrier(w, in, lanes);
   /* The guard comes first and is read by all active lanes, the operands by
    * those that run. */
   bool guarded = sass_op_info(in->i.op)->has_guard && in->i.guard != SASS_PT;
   for (unsigned i = 0; i < ops.count; i++)
      for (unsigned n = 0; n < ops.v[i].count; n++)
         if (!ops.v[i].write)
            check_read(w, in, &ops.v[i], n,
                       guarded && i == 0 ? w->active : lanes);
   for_operands(w, in, &ops, true, lanes, check_write);
   count_uses(s, &in->ctrl);
   for_operands(w, in, &ops, false, lanes, note_read);
   for_operands(w, in, &ops, true, lanes, note_write);
   note_copy(s, &in->i, lanes);
   note_use(s, in->ctrl.wr_bar, c);
   note_use(s, in->ctrl.rd_bar, c);
   s->cycle += nvsim_stall_cycles(&in->ctrl);
   s->loose += in->ctrl.stall;
}

/* ---- shared memory ---- */

void
nvsim_strict_shared(struct nvsim_warp *w, const struct nvsim_instr *in,
                    const struct nvsim_watch_access *a)
{
   uint8_t *known = w->cta->shared_known;
   const uint64_t *unknown = NULL;
   nvsim_for_each_lane(l, a->shared) {
      uint64_t at = a->at[l];
      if (!known || at + a->size_B > w->grid->shared_B)
         continue;
      if (a->reads && !unknown && memchr(known + at, 0, a->size_B))
         unknown = &a->at[l];
      if (a->writes)
         memset(known + at, 1, a->size_B);
   }
   if (unknown)
      report(w, in, RULE_UNINIT_SHARED, "shared memory",
             "at 0x%llx is read and was never written",
             (unsigned long long)*unknown);
}
