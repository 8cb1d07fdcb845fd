/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "fuzz.h"

#define MAX_EXPR_DEPTH 4
#define MAX_STMT_DEPTH 4

struct gen {
   struct fuzz_program *p;
   uint32_t state;
   unsigned left;       /* statements to come */
   unsigned loop_depth; /* BREAK and CONTINUE may stand here */
   unsigned switch_depth;
};

unsigned
fuzz_bits(enum fuzz_type t)
{
   static const uint8_t bits[] = {8, 16, 32, 32, 64, 64, 32, 64};
   return bits[t];
}

bool
fuzz_is_signed(enum fuzz_type t)
{
   return t == FUZZ_I16 || t == FUZZ_I32 || t == FUZZ_I64;
}

static uint32_t
rnd(struct gen *g, uint32_t n)
{
   g->state = g->state * 1664525u + 1013904223u;
   return (uint32_t)((uint64_t)(g->state ^ g->state >> 15) * n >> 32);
}

static uint64_t
random_bits(struct gen *g)
{
   static const uint64_t edges[] = {0,
                                    1,
                                    2,
                                    7,
                                    31,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0x7fff,
                                    0x8000,
                                    0xffff,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    -1ull};
   if (rnd(g, 3))
      return edges[rnd(g, ARRAY_SIZE(edges))];
   return (uint64_t)rnd(g, ~0u) << 32 | rnd(g, ~0u);
}

static struct fuzz_expr *
new_expr(struct gen *g, enum fuzz_op op, enum fuzz_type type)
{
   struct fuzz_expr *e = util_arena_new(&g->p->arena, struct fuzz_expr);
   e->op = op;
   e->type = type;
   return e;
}

static struct fuzz_expr *
leaf(struct gen *g, enum fuzz_type t)
{
   unsigned what = rnd(g, 8);
   struct fuzz_expr *e;
   if (what < 5) {
      e = new_expr(g, FUZZ_VAR, t);
      e->var = rnd(g, FUZZ_VARS);
   } else if (what == 5 && t == FUZZ_U32) {
      e = new_expr(g, FUZZ_ITEM, t);
   } else {
      e = new_expr(g, FUZZ_CONST, t);
      e->imm = t == FUZZ_F32   ? rnd(g, 9)
               : t == FUZZ_F64 ? rnd(g, 9)
                               : random_bits(g);
   }
   return e;
}

static struct fuzz_expr *expr(struct gen *g, enum fuzz_type t, unsigned depth);

static enum fuzz_type
any_type(struct gen *g)
{
   return rnd(g, FUZZ_NUM_TYPES);
}

static struct fuzz_expr *
condition(struct gen *g, unsigned depth)
{
   struct fuzz_expr *e = new_expr(g, rnd(g, 3) ? FUZZ_LT : FUZZ_EQ, FUZZ_I32);
   enum fuzz_type t = any_type(g);
   e->a = expr(g, t, depth);
   e->b = expr(g, t, depth);
   return e;
}

/* Casts from float to integer are left out: out of range they are undefined. */
static struct fuzz_expr *
cast(struct gen *g, enum fuzz_type t, unsigned depth)
{
   enum fuzz_type from = any_type(g);
   if (fuzz_is_float(from) && !fuzz_is_float(t))
      from = FUZZ_I64;
   struct fuzz_expr *e = new_expr(g, FUZZ_CAST, t);
   e->a = expr(g, from, depth);
   return e;
}

static struct fuzz_access
any_access(struct gen *g, enum fuzz_type t)
{
   struct fuzz_access a = {.space = rnd(g, FUZZ_SPACES), .lanes = 1};
   bool has_vectors = t == FUZZ_U8 || t == FUZZ_U32 || t == FUZZ_U64;
   if (has_vectors && rnd(g, 2))
      a.lanes = 2 << rnd(g, 4);
   while (a.lanes * fuzz_bits(t) / 8 > FUZZ_MEM_B)
      a.lanes /= 2;
   return a;
}

static struct fuzz_expr *
load(struct gen *g, enum fuzz_type t, unsigned depth)
{
   struct fuzz_expr *e = new_expr(g, FUZZ_LOAD, t);
   e->access = any_access(g, t);
   e->a = expr(g, FUZZ_U32, depth);
   return e;
}

static struct fuzz_expr *
memory_word(struct gen *g, unsigned depth)
{
   struct fuzz_expr *e =
      new_expr(g, rnd(g, 2) ? FUZZ_INPUT_WORD : FUZZ_ARRAY_WORD, FUZZ_U32);
   e->a = expr(g, FUZZ_U32, depth);
   return e;
}

static bool
takes_three(enum fuzz_op op)
{
   return op == FUZZ_FMA || op == FUZZ_MAD_HI || op == FUZZ_MAD_SAT ||
          op == FUZZ_BITSELECT || op == FUZZ_CLAMP;
}

static struct fuzz_expr *
expr(struct gen *g, enum fuzz_type t, unsigned depth)
{
   if (depth == 0 || rnd(g, 4) == 0)
      return leaf(g, t);
   depth--;
   unsigned what = rnd(g, 10);
   struct fuzz_expr *e;
   if (what == 0)
      return cast(g, t, depth);
   if (what == 5 && rnd(g, 2))
      return load(g, t, depth);
   if (what == 1) {
      e = new_expr(g, FUZZ_SELECT, t);
      e->c = condition(g, depth);
   } else if (what == 2 && t == FUZZ_U32) {
      return memory_word(g, depth);
   } else if (what == 3 && (t == FUZZ_U32 || t == FUZZ_U64)) {
      e = new_expr(g, FUZZ_BITS, t);
      e->a = expr(g, t == FUZZ_U32 ? FUZZ_F32 : FUZZ_F64, depth);
      return e;
   } else if (what == 4 && !fuzz_is_float(t)) {
      e = new_expr(g, FUZZ_CONVERT, t);
      e->a = expr(g, any_type(g), depth);
      return e;
   } else if (fuzz_is_float(t)) {
      e = new_expr(g, FUZZ_FADD + rnd(g, FUZZ_LDEXP - FUZZ_FADD + 1), t);
   } else {
      e = new_expr(g, FUZZ_ADD + rnd(g, FUZZ_CLAMP - FUZZ_ADD + 1), t);
   }
   e->a = expr(g, t, depth);
   e->b = expr(g, e->op == FUZZ_LDEXP ? FUZZ_I32 : t, depth);
   if (takes_three(e->op))
      e->c = expr(g, t, depth);
   return e;
}

/* ---- statements ---- */

static struct fuzz_stmt *block(struct gen *g, unsigned depth, unsigned max);

static struct fuzz_stmt *
new_stmt(struct gen *g, enum fuzz_stmt_kind kind)
{
   struct fuzz_stmt *s = util_arena_new(&g->p->arena, struct fuzz_stmt);
   s->kind = kind;
   return s;
}

static struct fuzz_stmt *
assign(struct gen *g)
{
   struct fuzz_stmt *s = new_stmt(g, FUZZ_ASSIGN);
   s->type = any_type(g);
   s->var = rnd(g, FUZZ_VARS);
   s->x = expr(g, s->type, MAX_EXPR_DEPTH);
   return s;
}

static struct fuzz_stmt *
loop(struct gen *g, enum fuzz_stmt_kind kind, unsigned depth)
{
   struct fuzz_stmt *s = new_stmt(g, kind);
   unsigned switches = g->switch_depth;
   s->loop = g->p->num_loops++;
   s->x = kind == FUZZ_FOR ? expr(g, FUZZ_U32, 2) : condition(g, 2);
   g->loop_depth++;
   g->switch_depth = 0;
   s->body = block(g, depth - 1, 5);
   g->loop_depth--;
   g->switch_depth = switches;
   return s;
}

static struct fuzz_stmt *
branch(struct gen *g, enum fuzz_stmt_kind kind, unsigned depth)
{
   struct fuzz_stmt *s = new_stmt(g, kind);
   s->x = kind == FUZZ_IF ? condition(g, 3) : expr(g, FUZZ_U32, 2);
   g->switch_depth += kind == FUZZ_SWITCH;
   s->body = block(g, depth - 1, 4);
   if (kind == FUZZ_SWITCH || rnd(g, 2))
      s->other = block(g, depth - 1, 4);
   if (kind == FUZZ_SWITCH)
      s->third = block(g, depth - 1, 3);
   g->switch_depth -= kind == FUZZ_SWITCH;
   return s;
}

static struct fuzz_stmt *
memory(struct gen *g, enum fuzz_stmt_kind kind)
{
   struct fuzz_stmt *s = new_stmt(g, kind);
   s->x = expr(g, FUZZ_U32, 2);
   s->y = expr(g, FUZZ_U32, 3);
   s->var = rnd(g, kind == FUZZ_ATOMIC ? FUZZ_COUNTERS : FUZZ_VARS);
   return s;
}

static struct fuzz_stmt *
store(struct gen *g)
{
   struct fuzz_stmt *s = new_stmt(g, FUZZ_STORE);
   s->type = any_type(g);
   s->access = any_access(g, s->type);
   s->x = expr(g, FUZZ_U32, 2);
   s->y = expr(g, s->type, 3);
   return s;
}

static struct fuzz_stmt *
statement(struct gen *g, unsigned depth)
{
   unsigned what = rnd(g, 16);
   if (what == 0)
      return memory(g, FUZZ_ARRAY_STORE);
   if (what == 1)
      return memory(g, FUZZ_ATOMIC);
   if (what == 2 && g->loop_depth && !g->switch_depth)
      return new_stmt(g, rnd(g, 2) ? FUZZ_BREAK : FUZZ_CONTINUE);
   if (what == 3 && depth < MAX_STMT_DEPTH && rnd(g, 4) == 0)
      return new_stmt(g, FUZZ_RETURN);
   if (what == 11 || what == 12)
      return store(g);
   if (!depth || what > 10)
      return assign(g);
   if (what == 4)
      return loop(g, FUZZ_FOR, depth);
   if (what == 5)
      return loop(g, FUZZ_WHILE, depth);
   if (what == 6)
      return branch(g, FUZZ_SWITCH, depth);
   return branch(g, FUZZ_IF, depth);
}

static struct fuzz_stmt *
block(struct gen *g, unsigned depth, unsigned max)
{
   struct fuzz_stmt *first = NULL, **end = &first;
   for (unsigned n = 1 + rnd(g, max); n && g->left; n--) {
      g->left--;
      *end = statement(g, depth);
      bool leaves = (*end)->kind == FUZZ_BREAK ||
                    (*end)->kind == FUZZ_CONTINUE ||
                    (*end)->kind == FUZZ_RETURN;
      end = &(*end)->next;
      if (leaves)
         break;
   }
   return first;
}

static bool
has_return(const struct fuzz_stmt *s)
{
   for (; s; s = s->next)
      if (s->kind == FUZZ_RETURN || has_return(s->body) ||
          has_return(s->other) || has_return(s->third))
         return true;
   return false;
}

/* Barriers stand at the top only, and nobody may be missing there. */
static struct fuzz_stmt *
top(struct gen *g)
{
   struct fuzz_stmt *first = NULL, **end = &first;
   bool all_here = true;
   while (g->left) {
      g->left--;
      if (all_here && rnd(g, 8) == 0) {
         *end = memory(g, FUZZ_EXCHANGE);
      } else {
         *end = statement(g, MAX_STMT_DEPTH);
      }
      all_here &= !has_return(*end);
      end = &(*end)->next;
   }
   return first;
}

void
fuzz_generate(struct fuzz_program *p, uint32_t seed, unsigned size)
{
   *p = (struct fuzz_program){.seed = seed, .size = size};
   util_arena_init(&p->arena);
   struct gen g = {.p = p, .state = seed * 2654435761u + 12345, .left = size};
   p->body = top(&g);
}

void
fuzz_finish(struct fuzz_program *p)
{
   util_arena_finish(&p->arena);
}
