/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Bump allocator: everything of one job (a compile, say) is freed at once.
 * Memory is zeroed. An exhausted host aborts: a compile has no way to go on.
 * Not thread-safe: one arena, one owner. */
#ifndef UTIL_ARENA_H
#define UTIL_ARENA_H

#include <stdarg.h>

#include "util/util_macros.h"

struct util_arena_chunk;

struct util_arena {
   struct util_arena_chunk *chunks;
   char *cur, *end;
   size_t total_B;
};

void util_arena_init(struct util_arena *a);
void util_arena_finish(struct util_arena *a);

/* 16-byte aligned, zeroed, valid until finish. */
void *util_arena_alloc(struct util_arena *a, size_t size_B);
void *util_arena_dup(struct util_arena *a, const void *src, size_t size_B);
char *util_arena_strdup(struct util_arena *a, const char *s);
char *util_arena_printf(struct util_arena *a, const char *fmt, ...)
   PRINTFLIKE(2, 3);
/* Old contents are copied; the old block stays in the arena. */
void *util_arena_grow(struct util_arena *a, void *old, size_t old_B,
                      size_t new_B);

#define util_arena_new(a, type) ((type *)util_arena_alloc(a, sizeof(type)))
#define util_arena_array(a, type, n)                                           \
   ((type *)util_arena_alloc(a, sizeof(type) * (n)))

#endif
