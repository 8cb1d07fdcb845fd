/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Makes a failing program smaller: leaves out statements, puts a body in the
 * place of its statement and an operand in the place of its expression, as long
 * as it still fails. */
#include "fuzz.h"

struct reduce {
   struct fuzz_program *p;
   fuzz_predicate still_fails;
   void *ctx;
   bool changed;
};

static bool
keeps_failing(struct reduce *r)
{
   bool fails = r->still_fails(r->ctx, r->p);
   r->changed |= fails;
   return fails;
}

static void
reduce_expr(struct reduce *r, struct fuzz_expr **link)
{
   struct fuzz_expr *e = *link;
   if (!e || e->op == FUZZ_CONST)
      return;
   struct fuzz_expr *kids[] = {e->a, e->b, e->c};
   for (unsigned n = 0; n < 3; n++) {
      if (!kids[n] || kids[n]->type != e->type)
         continue;
      *link = kids[n];
      if (keeps_failing(r)) {
         reduce_expr(r, link);
         return;
      }
   }
   struct fuzz_expr *one = util_arena_new(&r->p->arena, struct fuzz_expr);
   one->type = e->type;
   one->imm = 1;
   *link = one;
   if (keeps_failing(r))
      return;
   *link = e;
   reduce_expr(r, &e->a);
   reduce_expr(r, &e->b);
   reduce_expr(r, &e->c);
}

/* `body` stands for the statement at `link`. */
static bool
try_body(struct reduce *r, struct fuzz_stmt **link, struct fuzz_stmt *body)
{
   struct fuzz_stmt *s = *link, *last = body;
   if (!body)
      return false;
   while (last->next)
      last = last->next;
   last->next = s->next;
   *link = body;
   if (keeps_failing(r))
      return true;
   last->next = NULL;
   *link = s;
   return false;
}

static bool
is_loop(const struct fuzz_stmt *s)
{
   return s->kind == FUZZ_FOR || s->kind == FUZZ_WHILE;
}

static void
reduce_list(struct reduce *r, struct fuzz_stmt **link)
{
   while (*link) {
      struct fuzz_stmt *s = *link;
      *link = s->next;
      if (keeps_failing(r))
         continue;
      *link = s;
      /* A loop's body may hold BREAK. */
      if (!is_loop(s) &&
          (try_body(r, link, s->body) || try_body(r, link, s->other) ||
           try_body(r, link, s->third)))
         continue;
      reduce_list(r, &s->body);
      reduce_list(r, &s->other);
      reduce_list(r, &s->third);
      link = &s->next;
   }
}

static void
reduce_list_exprs(struct reduce *r, struct fuzz_stmt *s)
{
   for (; s; s = s->next) {
      reduce_expr(r, &s->x);
      reduce_expr(r, &s->y);
      reduce_list_exprs(r, s->body);
      reduce_list_exprs(r, s->other);
      reduce_list_exprs(r, s->third);
   }
}

void
fuzz_reduce(struct fuzz_program *p, fuzz_predicate still_fails, void *ctx)
{
   struct reduce r = {.p = p, .still_fails = still_fails, .ctx = ctx};
   do {
      r.changed = false;
      reduce_list(&r, &p->body);
      reduce_list_exprs(&r, p->body);
   } while (r.changed);
}
