/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_rb.h"

#include <assert.h>

static inline void
step(const struct util_rb *t)
{
   if (t->steps)
      ++*t->steps;
}

static void
replace_child(struct util_rb *t, struct util_rb_node *parent,
              struct util_rb_node *old, struct util_rb_node *new)
{
   if (!parent)
      t->root = new;
   else if (parent->left == old)
      parent->left = new;
   else
      parent->right = new;
   if (new)
      new->parent = parent;
}

/* Moves the right (or left) child of n above n. */
static void
rotate(struct util_rb *t, struct util_rb_node *n, bool left)
{
   step(t);
   struct util_rb_node *c = left ? n->right : n->left;
   struct util_rb_node *mid = left ? c->left : c->right;
   replace_child(t, n->parent, n, c);
   if (left) {
      c->left = n;
      n->right = mid;
   } else {
      c->right = n;
      n->left = mid;
   }
   n->parent = c;
   if (mid)
      mid->parent = n;
}

void
util_rb_insert(struct util_rb *t, struct util_rb_node *n)
{
   struct util_rb_node *parent = NULL, *at = t->root;
   bool left = false;
   while (at) {
      step(t);
      parent = at;
      left = n->key < at->key;
      at = left ? at->left : at->right;
   }
   util_rb_insert_at(t, parent, left, n);
}

void
util_rb_insert_at(struct util_rb *t, struct util_rb_node *parent, bool left,
                  struct util_rb_node *n)
{
   n->parent = parent;
   n->left = n->right = NULL;
   n->red = true;
   if (!parent)
      t->root = n;
   else if (left)
      parent->left = n;
   else
      parent->right = n;

   while (n->parent && n->parent->red) {
      struct util_rb_node *p = n->parent, *g = p->parent;
      bool p_left = p == g->left;
      struct util_rb_node *uncle = p_left ? g->right : g->left;
      step(t);
      if (uncle && uncle->red) {
         p->red = uncle->red = false;
         g->red = true;
         n = g;
         continue;
      }
      if (n == (p_left ? p->right : p->left)) {
         rotate(t, p, p_left);
         n = p;
         p = n->parent;
      }
      p->red = false;
      g->red = true;
      rotate(t, g, !p_left);
   }
   t->root->red = false;
}

static bool
is_red(const struct util_rb_node *n)
{
   return n && n->red;
}

/* `n` (may be NULL, below `parent`) lacks one black node. */
static void
fix_remove(struct util_rb *t, struct util_rb_node *n,
           struct util_rb_node *parent)
{
   while (n != t->root && !is_red(n)) {
      step(t);
      bool left = n == parent->left;
      struct util_rb_node *s = left ? parent->right : parent->left;
      if (s->red) {
         s->red = false;
         parent->red = true;
         rotate(t, parent, left);
         s = left ? parent->right : parent->left;
      }
      struct util_rb_node *near = left ? s->left : s->right;
      struct util_rb_node *far = left ? s->right : s->left;
      if (!is_red(near) && !is_red(far)) {
         s->red = true;
         n = parent;
         parent = n->parent;
         continue;
      }
      if (!is_red(far)) {
         near->red = false;
         s->red = true;
         rotate(t, s, !left);
         s = left ? parent->right : parent->left;
         far = left ? s->right : s->left;
      }
      s->red = parent->red;
      parent->red = false;
      far->red = false;
      rotate(t, parent, left);
      return;
   }
   if (n)
      n->red = false;
}

void
util_rb_remove(struct util_rb *t, struct util_rb_node *n)
{
   struct util_rb_node *child, *parent;
   bool removed_black;
   if (n->left && n->right) {
      /* Put the successor into n's place. */
      struct util_rb_node *s = n->right;
      while (s->left) {
         step(t);
         s = s->left;
      }
      removed_black = !s->red;
      child = s->right;
      parent = s->parent == n ? s : s->parent;
      if (s->parent != n) {
         replace_child(t, s->parent, s, child);
         s->right = n->right;
         s->right->parent = s;
      }
      s->left = n->left;
      s->left->parent = s;
      s->red = n->red;
      replace_child(t, n->parent, n, s);
   } else {
      removed_black = !n->red;
      child = n->left ? n->left : n->right;
      parent = n->parent;
      replace_child(t, parent, n, child);
   }
   if (removed_black && t->root)
      fix_remove(t, child, parent);
   n->parent = n->left = n->right = NULL;
}

struct util_rb_node *
util_rb_floor(const struct util_rb *t, uint64_t key)
{
   struct util_rb_node *n = t->root, *best = NULL;
   while (n) {
      step(t);
      if (n->key <= key) {
         best = n;
         n = n->right;
      } else {
         n = n->left;
      }
   }
   return best;
}

struct util_rb_node *
util_rb_ceil(const struct util_rb *t, uint64_t key)
{
   struct util_rb_node *n = t->root, *best = NULL;
   while (n) {
      step(t);
      if (n->key >= key) {
         best = n;
         n = n->left;
      } else {
         n = n->right;
      }
   }
   return best;
}

struct util_rb_node *
util_rb_find(const struct util_rb *t, uint64_t key)
{
   struct util_rb_node *n = util_rb_ceil(t, key);
   return n && n->key == key ? n : NULL;
}

struct util_rb_node *
util_rb_first(const struct util_rb *t)
{
   struct util_rb_node *n = t->root;
   while (n && n->left)
      n = n->left;
   return n;
}

struct util_rb_node *
util_rb_next(const struct util_rb_node *n)
{
   if (n->right) {
      n = n->right;
      while (n->left)
         n = n->left;
      return (struct util_rb_node *)n;
   }
   while (n->parent && n == n->parent->right)
      n = n->parent;
   return n->parent;
}

struct util_rb_node *
util_rb_prev(const struct util_rb_node *n)
{
   if (n->left) {
      n = n->left;
      while (n->right)
         n = n->right;
      return (struct util_rb_node *)n;
   }
   while (n->parent && n == n->parent->left)
      n = n->parent;
   return n->parent;
}

static unsigned
height(const struct util_rb_node *n)
{
   if (!n)
      return 0;
   unsigned left = height(n->left), right = height(n->right);
   return 1 + MAX2(left, right);
}

unsigned
util_rb_height(const struct util_rb *t)
{
   return height(t->root);
}

/* Returns the black height. */
static unsigned
validate(const struct util_rb_node *n, const struct util_rb_node *parent)
{
   if (!n)
      return 1;
   assert(n->parent == parent);
   assert(!(n->red && (is_red(n->left) || is_red(n->right))));
   assert(!n->left || n->left->key <= n->key);
   assert(!n->right || n->right->key >= n->key);
   unsigned l = validate(n->left, n), r = validate(n->right, n);
   assert(l == r);
   return l + !n->red;
}

void
util_rb_validate(const struct util_rb *t)
{
   assert(!is_red(t->root));
   validate(t->root, NULL);
}
