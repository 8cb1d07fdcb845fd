/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN_B (64u << 10)

struct util_arena_chunk {
   struct util_arena_chunk *next;
   size_t size_B;
   _Alignas(16) char data[];
};

void
util_arena_init(struct util_arena *a)
{
   *a = (struct util_arena){0};
}

void
util_arena_finish(struct util_arena *a)
{
   for (struct util_arena_chunk *c = a->chunks, *next; c; c = next) {
      next = c->next;
      free(c);
   }
   *a = (struct util_arena){0};
}

static void
new_chunk(struct util_arena *a, size_t size_B)
{
   size_t want_B = MAX2(size_B, CHUNK_MIN_B);
   struct util_arena_chunk *c = calloc(1, sizeof(*c) + want_B);
   if (!c) {
      fprintf(stderr, "partage: out of memory (%zu bytes)\n", want_B);
      abort();
   }
   c->size_B = want_B;
   c->next = a->chunks;
   a->chunks = c;
   a->cur = c->data;
   a->end = c->data + want_B;
   a->total_B += want_B;
}

void *
util_arena_alloc(struct util_arena *a, size_t size_B)
{
   size_B = util_align(MAX2(size_B, 1), 16);
   if ((size_t)(a->end - a->cur) < size_B)
      new_chunk(a, size_B);
   void *p = a->cur;
   a->cur += size_B;
   return p;
}

void *
util_arena_dup(struct util_arena *a, const void *src, size_t size_B)
{
   void *p = util_arena_alloc(a, size_B);
   if (size_B)
      memcpy(p, src, size_B);
   return p;
}

char *
util_arena_strdup(struct util_arena *a, const char *s)
{
   return util_arena_dup(a, s, strlen(s) + 1);
}

char *
util_arena_printf(struct util_arena *a, const char *fmt, ...)
{
   va_list ap;
   va_start(ap, fmt);
   int n = vsnprintf(NULL, 0, fmt, ap);
   va_end(ap);
   char *s = util_arena_alloc(a, n + 1);
   va_start(ap, fmt);
   vsnprintf(s, n + 1, fmt, ap);
   va_end(ap);
   return s;
}

void *
util_arena_grow(struct util_arena *a, void *old, size_t old_B, size_t new_B)
{
   void *p = util_arena_alloc(a, new_B);
   if (old_B)
      memcpy(p, old, old_B);
   return p;
}
