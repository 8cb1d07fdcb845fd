/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
util_buf_init(struct util_buf *b)
{
   *b = (struct util_buf){0};
}

void
util_buf_finish(struct util_buf *b)
{
   free(b->data);
   *b = (struct util_buf){0};
}

void *
util_buf_extend(struct util_buf *b, size_t size_B)
{
   if (b->size_B + size_B + 1 > b->cap_B) {
      size_t cap_B = util_next_pow2(MAX2(b->size_B + size_B + 1, 64));
      char *data = realloc(b->data, cap_B);
      if (!data) {
         fprintf(stderr, "partage: out of memory (%zu bytes)\n", cap_B);
         abort();
      }
      b->data = data;
      b->cap_B = cap_B;
   }
   char *p = b->data + b->size_B;
   memset(p, 0, size_B + 1);
   b->size_B += size_B;
   return p;
}

void
util_buf_append(struct util_buf *b, const void *src, size_t size_B)
{
   void *p = util_buf_extend(b, size_B);
   if (size_B)
      memcpy(p, src, size_B);
}

void
util_buf_puts(struct util_buf *b, const char *s)
{
   util_buf_append(b, s, strlen(s));
}

void
util_buf_printf(struct util_buf *b, const char *fmt, ...)
{
   va_list ap;
   va_start(ap, fmt);
   int n = vsnprintf(NULL, 0, fmt, ap);
   va_end(ap);
   char *p = util_buf_extend(b, n);
   va_start(ap, fmt);
   vsnprintf(p, n + 1, fmt, ap);
   va_end(ap);
}

char *
util_buf_steal(struct util_buf *b)
{
   util_buf_extend(b, 0);
   char *data = b->data;
   *b = (struct util_buf){0};
   return data;
}
