/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Growable byte buffer, for text (logs, disassembly) and binary output. The
 * data is always followed by a NUL that does not count. Aborts without memory. */
#ifndef UTIL_BUF_H
#define UTIL_BUF_H

#include "util/util_macros.h"

struct util_buf {
   char *data;
   size_t size_B, cap_B;
};

void util_buf_init(struct util_buf *b);
void util_buf_finish(struct util_buf *b);
void util_buf_append(struct util_buf *b, const void *src, size_t size_B);
void util_buf_puts(struct util_buf *b, const char *s);
void util_buf_printf(struct util_buf *b, const char *fmt, ...) PRINTFLIKE(2, 3);
/* Appends `size_B` zero bytes and returns them, valid until the next append. */
void *util_buf_extend(struct util_buf *b, size_t size_B);
/* Hands the malloc'ed data over; the buffer is empty afterwards. */
char *util_buf_steal(struct util_buf *b);

#endif
