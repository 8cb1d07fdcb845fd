/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nvsim_flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/util_macros.h"

#define SEED_FACTOR 0x79b1u
#define SEED_ADDEND 0x2545f491u
#define LOOP_DEPTH  2 /* in a function */

/* ---- generate ---- */

struct maker {
   struct flow_program *p;
   uint32_t (*draw)(void);
   unsigned function, loops, depth;
   bool in_loop, in_try;
};

static struct flow_node *make_list(struct maker m, unsigned most);

static struct flow_node *
new_node(const struct maker *m, enum flow_kind kind)
{
   struct flow_node *n = &m->p->node[m->p->num_nodes++];
   *n = (struct flow_node){.kind = kind,
                           .variant = m->draw() % 4,
                           .shift = m->draw() % 24,
                           .mask = 1 + m->draw() % 15,
                           .k = m->draw() & 0x7fffffff};
   return n;
}

/* What may stand here. */
static enum flow_kind
draw_kind(const struct maker *m)
{
   for (;;) {
      enum flow_kind kind = m->draw() % (FLOW_EXCHANGE + 1);
      bool may = true;
      bool nests = kind == FLOW_IF || kind == FLOW_SWITCH ||
                   kind == FLOW_LOOP || kind == FLOW_TRY;
      if (nests)
         may = m->depth < 5 && (kind != FLOW_LOOP || m->loops < LOOP_DEPTH);
      else if (kind == FLOW_BREAK || kind == FLOW_CONTINUE)
         may = m->in_loop;
      else if (kind == FLOW_EXIT)
         may = m->draw() % 3 == 0;
      else if (kind == FLOW_RETURN)
         may = m->function > 0;
      else if (kind == FLOW_CALL)
         may = m->function + 1 < FLOW_FUNCTIONS;
      else if (kind == FLOW_THROW)
         may = m->in_try;
      else if (kind == FLOW_EXCHANGE)
         may = m->function == 0 && m->depth == 0;
      if (may)
         return kind;
   }
}

static struct flow_node *
make_node(struct maker m)
{
   struct flow_node *n = new_node(&m, draw_kind(&m));
   struct maker inner = m;
   inner.depth++;
   switch (n->kind) {
   case FLOW_IF:
      n->body[0] = make_list(inner, 3);
      n->body[1] = n->variant & 1 ? make_list(inner, 3) : NULL;
      break;
   case FLOW_SWITCH:
      for (unsigned k = 0; k < 4; k++)
         n->body[k] = make_list(inner, 2);
      break;
   case FLOW_LOOP:
      n->depth = m.loops;
      inner.loops++;
      inner.in_loop = true;
      n->body[0] = make_list(inner, 4);
      break;
   case FLOW_TRY:
      /* BRK and CONT do not cross its token. */
      inner.in_loop = false;
      inner.in_try = true;
      n->body[0] = make_list(inner, 4);
      break;
   case FLOW_CALL:
      n->k = m.function + 1 + n->k % (FLOW_FUNCTIONS - 1 - m.function);
      break;
   default:
      break;
   }
   return n;
}

static struct flow_node *
make_list(struct maker m, unsigned most)
{
   struct flow_node *first = NULL, **end = &first;
   unsigned count = 1 + m.draw() % most;
   /* make_node makes a node, and lists of which each makes one at least. */
   for (unsigned n = 0; n < count; n++) {
      *end = m.p->num_nodes + 32 < FLOW_MAX_NODES ? make_node(m) : NULL;
      if (!*end)
         break;
      end = &(*end)->next;
   }
   return first;
}

void
flow_generate(struct flow_program *p, uint32_t (*draw)(void))
{
   memset(p, 0, sizeof(*p));
   for (unsigned f = 0; f < FLOW_FUNCTIONS; f++)
      p->function[f] = make_list(
         (struct maker){.p = p, .draw = draw, .function = f}, f ? 4 : 8);
}

/* ---- print ----
 * R4:R5 address of the result, R7 the state that conditions look at, R8 the
 * item's number, R9 temporary, R12 address in shared memory, R16.. counters. */

struct printer {
   struct util_buf *out;
   unsigned instructions, labels, function;
};

static void PRINTFLIKE(2, 3) ins(struct printer *p, const char *fmt, ...)
{
   char text[96];
   va_list args;
   va_start(args, fmt);
   vsnprintf(text, sizeof(text), fmt, args);
   va_end(args);
   util_buf_printf(p->out, "%s;\n", text);
   p->instructions++;
}

static void
label(struct printer *p, unsigned l)
{
   util_buf_printf(p->out, ".L%u:\n", l);
}

/* `op` where the condition holds, or where not, by a predicate or by the
 * condition code; `target`: a label, or -1. */
static void
when(struct printer *p, const struct flow_node *n, bool holds, const char *op,
     int target)
{
   bool cc = n->k & 1;
   char to[16] = "", test[8] = "";
   ins(p, "SHR.U32 R9, R7, 0x%x", n->shift);
   if (cc) {
      ins(p, "LOP.AND RZ.CC, R9, 0x%x", n->mask);
      snprintf(test, sizeof(test), " CC.%s", holds ? "NE" : "EQ");
   } else {
      ins(p, "LOP.AND.NZ P0, RZ, R9, 0x%x", n->mask);
   }
   if (target >= 0)
      snprintf(to, sizeof(to), "%s .L%d", cc ? "," : "", target);
   ins(p, "%s%s%s%s", cc ? "" : holds ? "@P0 " : "@!P0 ", op, test, to);
}

static void print_list(struct printer *p, const struct flow_node *n);

static void
print_if(struct printer *p, const struct flow_node *n)
{
   unsigned other = p->labels++, join = p->labels++;
   ins(p, "SSY .L%u", join);
   if (n->body[1])
      when(p, n, false, "BRA", other);
   else
      when(p, n, false, "SYNC", -1);
   print_list(p, n->body[0]);
   ins(p, "SYNC");
   if (n->body[1]) {
      label(p, other);
      print_list(p, n->body[1]);
      ins(p, "SYNC");
   }
   label(p, join);
}

/* Entries of the table are bundles of their own. */
static void
print_switch(struct printer *p, const struct flow_node *n)
{
   unsigned first = p->labels, join = first + 4;
   p->labels += 5;
   ins(p, "SHR.U32 R9, R7, 0x%x", n->shift);
   ins(p, "LOP.AND R9, R9, 0x3");
   ins(p, "SHL R9, R9, 0x5");
   ins(p, "SSY .L%u", join);
   while (p->instructions % 3 != 2)
      ins(p, "NOP");
   ins(p, "BRX R9 0x0");
   for (unsigned k = 0; k < 4; k++) {
      ins(p, "BRA .L%u", first + k);
      ins(p, "NOP");
      ins(p, "NOP");
   }
   for (unsigned k = 0; k < 4; k++) {
      label(p, first + k);
      print_list(p, n->body[k]);
      if (k == 3 || n->variant != k)
         ins(p, "SYNC");
   }
   label(p, join);
}

static void
print_loop(struct printer *p, const struct flow_node *n)
{
   unsigned head = p->labels++, next = p->labels++, out = p->labels++;
   unsigned counter = 16 + p->function * LOOP_DEPTH + n->depth;
   ins(p, "PBK .L%u", out);
   ins(p, "SHR.U32 R%u, R7, 0x%x", counter, n->shift);
   ins(p, "LOP.AND R%u, R%u, 0x3", counter, counter);
   label(p, head);
   ins(p, "PCNT .L%u", next);
   ins(p, "ISETP.EQ.U32.AND P0, PT, R%u, RZ, PT", counter);
   ins(p, "@P0 BRK");
   ins(p, "IADD R%u, R%u, -0x1", counter, counter);
   print_list(p, n->body[0]);
   ins(p, "CONT");
   label(p, next);
   ins(p, "BRA .L%u", head);
   label(p, out);
}

static void
print_exit(struct printer *p, const struct flow_node *n)
{
   ins(p, "SHR.U32 R9, R7, 0x%x", n->shift);
   ins(p, "LOP.AND.NZ P0, RZ, R9, 0x%x", n->mask);
   ins(p, "[B012345:R1:W-:Y:S15] @P0 STG.E [R4], R8");
   ins(p, "@P0 %s", n->variant & 1 ? "EXIT" : "KIL");
}

static void
print_exchange(struct printer *p, const struct flow_node *n)
{
   ins(p, "[B012345:R1:W-:Y:S15] STS [R12], R8");
   ins(p, "BAR.SYNC 0x0");
   ins(p, "LOP.XOR R9, R13, 0x%x", n->k & 127);
   ins(p, "IMNMX.U32 R9, R9, c[0x0][0xc], PT");
   ins(p, "SHL R9, R9, 0x2");
   ins(p, "[B012345:R-:W0:Y:S15] LDS R9, [R9]");
   ins(p, "BAR.SYNC 0x0");
   ins(p, "IADD R8, R8, R9");
}

static void
print_node(struct printer *p, const struct flow_node *n)
{
   unsigned out;
   switch (n->kind) {
   case FLOW_MIX:
      ins(p, "ISCADD R8, R8, R8, 0x2");
      ins(p, "IADD32I R8, R8, 0x%x", n->k);
      ins(p, "SHL R9, R7, 0x5");
      ins(p, "LOP.XOR R7, R7, R9");
      ins(p, "IADD32I R7, R7, 0x%x", n->k);
      break;
   case FLOW_IF:
      print_if(p, n);
      break;
   case FLOW_SWITCH:
      print_switch(p, n);
      break;
   case FLOW_LOOP:
      print_loop(p, n);
      break;
   case FLOW_BREAK:
      when(p, n, true, "BRK", -1);
      break;
   case FLOW_CONTINUE:
      when(p, n, true, "CONT", -1);
      break;
   case FLOW_EXIT:
      print_exit(p, n);
      break;
   case FLOW_RETURN:
      when(p, n, true, "RET", -1);
      break;
   case FLOW_CALL:
      ins(p, "CAL .F%u", n->k);
      break;
   case FLOW_TRY:
      out = p->labels++;
      ins(p, "PLONGJMP .L%u", out);
      print_list(p, n->body[0]);
      ins(p, "LONGJMP");
      label(p, out);
      break;
   case FLOW_THROW:
      when(p, n, true, "LONGJMP", -1);
      break;
   case FLOW_EXCHANGE:
      print_exchange(p, n);
      break;
   }
}

static void
print_list(struct printer *p, const struct flow_node *n)
{
   for (; n; n = n->next)
      print_node(p, n);
}

static void
print_entry(struct printer *p)
{
   ins(p, "[B------:R-:W0:Y:S15] S2R R13, SR_TID.X");
   ins(p, "[B------:R-:W1:Y:S15] S2R R1, SR_CTAID.X");
   ins(p, "XMAD R0, R1, c[0x0][0x8], R13");
   ins(p, "SHL R2, R0, 0x2");
   ins(p, "IADD R4.CC, R2, c[0x0][0x0]");
   ins(p, "IADD.X R5, RZ, c[0x0][0x4]");
   ins(p, "MOV32I R9, 0x%x", SEED_ADDEND);
   ins(p, "XMAD R7, R0, 0x%x, R9", SEED_FACTOR);
   ins(p, "MOV R8, RZ");
   ins(p, "SHL R12, R13, 0x2");
   ins(p, "[B012345:R1:W-:Y:S15] STS [R12], RZ");
}

void
flow_print(const struct flow_program *program, struct util_buf *out)
{
   struct printer p = {.out = out};
   print_entry(&p);
   print_list(&p, program->function[0]);
   ins(&p, "[B012345:R1:W-:Y:S15] STG.E [R4], R8");
   ins(&p, "EXIT");
   for (p.function = 1; p.function < FLOW_FUNCTIONS; p.function++) {
      util_buf_printf(out, ".F%u:\n", p.function);
      print_list(&p, program->function[p.function]);
      ins(&p, "RET");
   }
}

/* ---- interpret ---- */

enum outcome {
   GOES_ON,
   BROKE,
   CONTINUED,
   EXITED,
   RETURNED,
   THREW,
};

struct item {
   uint32_t state, number, slot;
   bool done;
};

struct run {
   const struct flow_program *p;
   struct item *items;
   uint32_t count;
};

static enum outcome run_list(struct run *r, struct item *i,
                             const struct flow_node *n);

static enum outcome
run_loop(struct run *r, struct item *i, const struct flow_node *n)
{
   for (uint32_t left = i->state >> n->shift & 3; left; left--) {
      enum outcome o = run_list(r, i, n->body[0]);
      if (o == BROKE)
         break;
      if (o != GOES_ON && o != CONTINUED)
         return o;
   }
   return GOES_ON;
}

static enum outcome
run_switch(struct run *r, struct item *i, const struct flow_node *n)
{
   unsigned k = i->state >> n->shift & 3;
   enum outcome o = run_list(r, i, n->body[k]);
   if (o == GOES_ON && k < 3 && n->variant == k)
      o = run_list(r, i, n->body[k + 1]);
   return o;
}

static enum outcome
run_node(struct run *r, struct item *i, const struct flow_node *n)
{
   bool holds = (i->state >> n->shift & n->mask) != 0;
   enum outcome o;
   switch (n->kind) {
   case FLOW_MIX:
      i->number = i->number * 5 + n->k;
      i->state = (i->state ^ i->state << 5) + n->k;
      return GOES_ON;
   case FLOW_IF:
      return run_list(r, i, n->body[!holds]);
   case FLOW_SWITCH:
      return run_switch(r, i, n);
   case FLOW_LOOP:
      return run_loop(r, i, n);
   case FLOW_BREAK:
      return holds ? BROKE : GOES_ON;
   case FLOW_CONTINUE:
      return holds ? CONTINUED : GOES_ON;
   case FLOW_EXIT:
      return holds ? EXITED : GOES_ON;
   case FLOW_RETURN:
      return holds ? RETURNED : GOES_ON;
   case FLOW_THROW:
      return holds ? THREW : GOES_ON;
   case FLOW_CALL:
      o = run_list(r, i, r->p->function[n->k]);
      return o == RETURNED ? GOES_ON : o;
   case FLOW_TRY:
      o = run_list(r, i, n->body[0]);
      return o == THREW ? GOES_ON : o;
   case FLOW_EXCHANGE:
      break; /* run_kernel */
   }
   return GOES_ON;
}

static enum outcome
run_list(struct run *r, struct item *i, const struct flow_node *n)
{
   enum outcome o = GOES_ON;
   for (; n && o == GOES_ON; n = n->next)
      o = run_node(r, i, n);
   return o;
}

static void
exchange(struct run *r, const struct flow_node *n)
{
   for (uint32_t k = 0; k < r->count; k++)
      if (!r->items[k].done)
         r->items[k].slot = r->items[k].number;
   for (uint32_t k = 0; k < r->count; k++)
      if (!r->items[k].done)
         r->items[k].number +=
            r->items[MIN2(k ^ (n->k & 127), r->count - 1)].slot;
}

void
flow_interpret(const struct flow_program *p, uint32_t first, uint32_t items,
               uint32_t *out)
{
   struct item item[1024];
   struct run r = {p, item, items};
   for (uint32_t k = 0; k < items; k++)
      item[k] = (struct item){.state = ((first + k) & 0xffff) * SEED_FACTOR +
                                       SEED_ADDEND};
   for (const struct flow_node *n = p->function[0]; n; n = n->next) {
      if (n->kind == FLOW_EXCHANGE)
         exchange(&r, n);
      for (uint32_t k = 0; k < items; k++)
         if (!item[k].done && run_node(&r, &item[k], n) == EXITED)
            item[k].done = true;
   }
   for (uint32_t k = 0; k < items; k++)
      out[k] = item[k].number;
}
