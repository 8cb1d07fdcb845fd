/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Intrusive red-black tree keyed by a 64-bit number; equal keys are allowed and
 * keep insertion order. No locking, no allocation. O(log n) for all but next,
 * which is amortised O(1). */
#ifndef UTIL_RB_H
#define UTIL_RB_H

#include "util/util_macros.h"

struct util_rb_node {
   struct util_rb_node *parent, *left, *right;
   uint64_t key;
   bool red;
};

struct util_rb {
   struct util_rb_node *root;
   uint64_t *steps; /* NULL, or counts the nodes that calls go through */
};

/* `node->key` must be set by the caller. */
void util_rb_insert(struct util_rb *t, struct util_rb_node *node);
/* For an order that `key` alone does not give: the caller has gone down to an
 * empty link of `parent` (NULL: the tree is empty). */
void util_rb_insert_at(struct util_rb *t, struct util_rb_node *parent,
                       bool left, struct util_rb_node *node);
void util_rb_remove(struct util_rb *t, struct util_rb_node *node);

/* Each returns NULL if there is none. */
struct util_rb_node *util_rb_find(const struct util_rb *t, uint64_t key);
struct util_rb_node *util_rb_floor(const struct util_rb *t,
                                   uint64_t key); /* last <= */
struct util_rb_node *util_rb_ceil(const struct util_rb *t,
                                  uint64_t key); /* first >= */
struct util_rb_node *util_rb_first(const struct util_rb *t);
struct util_rb_node *util_rb_next(const struct util_rb_node *n);
struct util_rb_node *util_rb_prev(const struct util_rb_node *n);

/* Nodes on the longest way down. Looks at all nodes. */
unsigned util_rb_height(const struct util_rb *t);
/* Aborts with a message if the tree breaks a red-black or order rule. */
void util_rb_validate(const struct util_rb *t);

#define util_rb_for_each(n, tree)                                              \
   for (struct util_rb_node *n = util_rb_first(tree); n; n = util_rb_next(n))

#endif
