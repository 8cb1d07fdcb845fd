/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A program, work-item by work-item. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

struct item {
   uint32_t id;
   bool done;
   uint64_t vars[FUZZ_NUM_TYPES][FUZZ_VARS];
   uint32_t array[FUZZ_ARRAY];
   uint32_t mail;
   uint8_t mem[FUZZ_SPACES][FUZZ_MEM_B];
};

struct run {
   const uint32_t *input;
   struct fuzz_result *out;
   struct item items[FUZZ_ITEMS];
};

enum flow {
   NEXT,
   BREAK,
   CONTINUE,
   RETURN
};

/* Where the access at `index` begins. */
static uint8_t *
access_at(struct item *me, struct fuzz_access a, enum fuzz_type t,
          uint32_t index)
{
   unsigned size_B = a.lanes * fuzz_bits(t) / 8;
   return &me->mem[a.space][index % (FUZZ_MEM_B / size_B) * size_B];
}

static uint64_t
load(struct item *me, const struct fuzz_expr *e, uint32_t index)
{
   const uint8_t *p = access_at(me, e->access, e->type, index);
   uint64_t all = 0;
   for (unsigned n = 0; n < e->access.lanes; n++) {
      uint64_t v = 0;
      memcpy(&v, p + n * fuzz_bits(e->type) / 8, fuzz_bits(e->type) / 8);
      all ^= v;
   }
   return fuzz_is_float(e->type) ? all : fuzz_wrap(e->type, all);
}

static void
store(struct item *me, const struct fuzz_stmt *s, uint32_t index, uint64_t v)
{
   uint8_t *p = access_at(me, s->access, s->type, index);
   for (unsigned n = 0; n < s->access.lanes; n++) {
      uint64_t x = v + n; /* little endian: the low bytes */
      memcpy(p + n * fuzz_bits(s->type) / 8, &x, fuzz_bits(s->type) / 8);
   }
}

static uint64_t
eval(struct run *r, struct item *me, const struct fuzz_expr *e)
{
   switch (e->op) {
   case FUZZ_CONST:
      return fuzz_constant(e);
   case FUZZ_VAR:
      return me->vars[e->type][e->var];
   case FUZZ_ITEM:
      return me->id;
   case FUZZ_INPUT_WORD:
      return r->input[eval(r, me, e->a) & (FUZZ_INPUT - 1)];
   case FUZZ_ARRAY_WORD:
      return me->array[eval(r, me, e->a) & (FUZZ_ARRAY - 1)];
   case FUZZ_LOAD:
      return load(me, e, eval(r, me, e->a));
   case FUZZ_SELECT:
      return eval(r, me, e->c) ? eval(r, me, e->a) : eval(r, me, e->b);
   case FUZZ_CAST:
      return fuzz_cast(e->type, e->a->type, eval(r, me, e->a));
   case FUZZ_CONVERT:
      return fuzz_wrap(e->type,
                       fuzz_convert(e->type, e->a->type, eval(r, me, e->a)));
   case FUZZ_BITS:
      return fuzz_float_bits(e->a->type, eval(r, me, e->a));
   case FUZZ_LT:
      return fuzz_less(e->a->type, eval(r, me, e->a), eval(r, me, e->b));
   case FUZZ_EQ:
      return fuzz_equal(e->a->type, eval(r, me, e->a), eval(r, me, e->b));
   default:
      break;
   }
   uint64_t a = eval(r, me, e->a), b = eval(r, me, e->b);
   uint64_t c = e->c ? eval(r, me, e->c) : 0;
   if (fuzz_is_float(e->type))
      return fuzz_float_op(e->op, e->type, a, b, c);
   return fuzz_wrap(e->type, fuzz_int_op(e->op, e->type, a, b, c));
}

/* ---- statements ---- */

static enum flow exec_block(struct run *r, struct item *me,
                            const struct fuzz_stmt *s);

static void
set_result(struct run *r, struct item *me)
{
   uint64_t sum = 0;
   for (unsigned t = 0; t < FUZZ_NUM_TYPES; t++) {
      for (unsigned v = 0; v < FUZZ_VARS; v++) {
         uint64_t x = me->vars[t][v];
         sum +=
            (fuzz_is_float(t) ? fuzz_float_bits(t, x) : x) * fuzz_factor(t, v);
      }
   }
   for (unsigned k = 0; k < FUZZ_MEM_B / 8; k++) {
      for (unsigned space = 0; space < FUZZ_SPACES; space++) {
         uint64_t word;
         memcpy(&word, &me->mem[space][8 * k], 8);
         sum += word * (6 * k + 3 + 2 * space);
      }
   }
   r->out->out[me->id] = sum;
}

static void
exec_atomic(struct run *r, struct item *me, const struct fuzz_stmt *s)
{
   unsigned slot = s->var;
   uint32_t *c = &r->out->counters[slot], v = eval(r, me, s->y);
   switch (slot % 4) {
   case 0:
      *c += v;
      break;
   case 1:
      *c ^= v;
      break;
   case 2:
      *c = MAX2(*c, v);
      break;
   default:
      *c = MIN2(*c, v);
   }
}

static enum flow
exec_loop(struct run *r, struct item *me, const struct fuzz_stmt *s)
{
   for (unsigned k = 0;; k++) {
      bool go = s->kind == FUZZ_FOR ? k < (eval(r, me, s->x) & FUZZ_MAX_LOOP)
                                    : k < FUZZ_MAX_LOOP && eval(r, me, s->x);
      if (!go)
         return NEXT;
      enum flow f = exec_block(r, me, s->body);
      if (f == RETURN)
         return RETURN;
      if (f == BREAK)
         return NEXT;
   }
}

static enum flow
exec_switch(struct run *r, struct item *me, const struct fuzz_stmt *s)
{
   unsigned which = eval(r, me, s->x) & 3;
   return exec_block(r, me,
                     which == 0   ? s->body
                     : which == 2 ? s->other
                                  : s->third);
}

static enum flow
exec(struct run *r, struct item *me, const struct fuzz_stmt *s)
{
   switch (s->kind) {
   case FUZZ_ASSIGN:
      me->vars[s->type][s->var] = eval(r, me, s->x);
      return NEXT;
   case FUZZ_ARRAY_STORE: {
      uint32_t v = eval(r, me, s->y);
      me->array[eval(r, me, s->x) & (FUZZ_ARRAY - 1)] = v;
      return NEXT;
   }
   case FUZZ_ATOMIC:
      exec_atomic(r, me, s);
      return NEXT;
   case FUZZ_STORE: {
      uint64_t v = eval(r, me, s->y);
      if (fuzz_is_float(s->type) && fuzz_is_nan(s->type, v))
         v = 0;
      store(me, s, eval(r, me, s->x), v);
      return NEXT;
   }
   case FUZZ_IF:
      return exec_block(r, me, eval(r, me, s->x) ? s->body : s->other);
   case FUZZ_FOR:
   case FUZZ_WHILE:
      return exec_loop(r, me, s);
   case FUZZ_SWITCH:
      return exec_switch(r, me, s);
   case FUZZ_RETURN:
      set_result(r, me);
      me->done = true;
      return RETURN;
   default:
      return s->kind == FUZZ_BREAK ? BREAK : CONTINUE;
   }
}

static enum flow
exec_block(struct run *r, struct item *me, const struct fuzz_stmt *s)
{
   for (; s; s = s->next) {
      enum flow f = exec(r, me, s);
      if (f != NEXT)
         return f;
   }
   return NEXT;
}

static void
exchange(struct run *r, const struct fuzz_stmt *s)
{
   for (unsigned i = 0; i < FUZZ_ITEMS; i++)
      r->items[i].mail = eval(r, &r->items[i], s->y);
   for (unsigned i = 0; i < FUZZ_ITEMS; i++) {
      unsigned from = eval(r, &r->items[i], s->x) & (FUZZ_GROUP - 1);
      r->items[i].vars[FUZZ_U32][s->var] =
         r->items[i / FUZZ_GROUP * FUZZ_GROUP + from].mail;
   }
}

static void
init_item(struct run *r, unsigned id)
{
   struct item *me = &r->items[id];
   me->id = id;
   for (unsigned k = 0; k < FUZZ_ARRAY; k++)
      me->array[k] = k * id;
   for (unsigned space = 0; space < FUZZ_SPACES; space++)
      for (uint64_t k = 0; k < FUZZ_MEM_B / 8; k++)
         memcpy(&me->mem[space][8 * k], &(uint64_t){k * id}, 8);
   for (unsigned t = 0; t < FUZZ_NUM_TYPES; t++)
      for (unsigned v = 0; v < FUZZ_VARS; v++)
         me->vars[t][v] =
            fuzz_cast(t, FUZZ_I32,
                      (int32_t)r->input[(id + t * FUZZ_VARS + v) % FUZZ_INPUT]);
}

void
fuzz_interpret(const struct fuzz_program *p, const uint32_t *input,
               struct fuzz_result *out)
{
   static struct run r;
   memset(&r, 0, sizeof(r));
   r.input = input;
   r.out = out;
   for (unsigned i = 0; i < FUZZ_ITEMS; i++)
      init_item(&r, i);
   for (const struct fuzz_stmt *s = p->body; s; s = s->next) {
      if (s->kind == FUZZ_EXCHANGE) {
         exchange(&r, s);
         continue;
      }
      for (unsigned i = 0; i < FUZZ_ITEMS; i++)
         if (!r.items[i].done)
            exec(&r, &r.items[i], s);
   }
   for (unsigned i = 0; i < FUZZ_ITEMS; i++)
      if (!r.items[i].done)
         set_result(&r, &r.items[i]);
}
