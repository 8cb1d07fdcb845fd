/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Whole programs as text: what sass-dis prints and sass-as reads.
 *
 *    # comment
 *    .L0:
 *    [B------:R-:W0:Y:S02] S2R R0, SR_TID.X;              # 0008: f0c8...
 *    [B0-----:R-:W-:-:S06] @!P0 BRA .L0;
 *
 * A line is a label or an instruction.  Without control fields an instruction
 * gets those of sass_ctrl_safe.  Labels stand for targets of jumps.  A word
 * that is no instruction, or has bits that hardware ignores and we do not set,
 * is written `.word 0x...`, with the instruction as a comment.
 *
 * Offsets are bytes from the code base, where the first control word lies. */
#ifndef SASS_TEXT_H
#define SASS_TEXT_H

#include <stddef.h>

#include "nouveau/isa/sass.h"

/* `words`: bundles of four.  0, or -EINVAL after printing the whole ones if
 * `count` is not a multiple of four. */
int sass_text_print(const uint64_t *words, size_t count, struct util_buf *out);

/* Appends the program's words to `code`, filled up to a whole bundle with NOP.
 * 0 or -EINVAL with the place of the first error. */
int sass_text_parse(const char *text, struct util_buf *code, unsigned *line_out,
                    struct sass_error *err);

#endif
