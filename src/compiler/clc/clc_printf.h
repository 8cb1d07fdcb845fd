/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* printf (OpenCL C 6.15.14): what both ends agree on. A record in the buffer is
 *
 *    u32 size_B      of the whole record, a multiple of 8; 0: no room, the end
 *    u32 index       of the format among clc_program_info.printfs
 *    arguments       each aligned to its size, at most to 8
 *
 * A %s argument is the u32 index of a literal. */
#ifndef CLC_PRINTF_H
#define CLC_PRINTF_H

#include "compiler/clc/clc.h"

#define CLC_PRINTF_RECORD_B 8 /* before the arguments */
/* Where records go for which there is no room; lib/printf.cl has as much. */
#define CLC_PRINTF_MAX_RECORD_B 1024

/* An argument as clc_printf.args and the metadata of the module have it. */
#define CLC_PRINTF_ARG(element_B, count, is_string)                            \
   ((element_B) | (count) << 8 | (is_string) << 16)
#define CLC_PRINTF_ARG_ELEMENT_B(arg) ((arg)&0xff)
#define CLC_PRINTF_ARG_COUNT(arg)     ((arg) >> 8 & 0xff)
#define CLC_PRINTF_ARG_IS_STRING(arg) ((arg) >> 16 & 1)

/* Module metadata: for each literal !{!"text", i32 arg...}. */
#define CLC_MD_PRINTFS "partage_printfs"

/* Byte offset of an argument that is put after `end_B`, and the end after it. */
uint32_t clc_printf_place(uint32_t arg, uint32_t *end_B);

/* One conversion specification; `text` is not NUL-terminated. */
struct clc_printf_spec {
   const char *text; /* from the % on */
   size_t length;
   char flags[8];
   int width, precision; /* -1: none */
   unsigned vector;      /* 1: scalar */
   char modifier[3];     /* "", hh, h, hl, l */
   char conversion;      /* 0: not a legal specification */
};

/* The first specification in [text, text + length); false if there is none. */
bool clc_printf_next(const char *text, size_t length,
                     struct clc_printf_spec *spec_out);

void clc_printf_print(const struct clc_program_info *info, const void *buffer,
                      size_t size_B,
                      void (*emit)(void *data, const char *text, size_t length),
                      void *data);

#endif
