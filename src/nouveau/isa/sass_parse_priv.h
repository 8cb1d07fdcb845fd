/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The parser's three files: words and numbers, operands, instructions. */
#ifndef SASS_PARSE_PRIV_H
#define SASS_PARSE_PRIV_H

#include "nouveau/isa/sass_priv.h"

/* One attempt to read the text as the form `row`. */
struct sass_parser {
   const char *text, *at;
   uint64_t pc;
   const struct sass_row *row;
   struct sass_instr i;
   struct sass_error err;
};

/* All take what stands at p->at, or set p->err and return false.  Only
 * sass_parse_take and sass_parse_word may miss without an error. */
bool sass_parse_fail(struct sass_parser *p, const char *what);
void sass_parse_skip_space(struct sass_parser *p);
bool sass_parse_take(struct sass_parser *p, const char *word);
/* Takes `word` only if no longer word begins with it. */
bool sass_parse_word(struct sass_parser *p, const char *word);
bool sass_parse_expect(struct sass_parser *p, const char *word);
bool sass_parse_is_word_char(char c);

/* Sets a member after a look at its field. */
bool sass_parse_set(struct sass_parser *p, enum sass_member m, int64_t value);
bool sass_parse_has(struct sass_parser *p, enum sass_member m);

bool sass_parse_int(struct sass_parser *p, int64_t *out);
bool sass_parse_int_into(struct sass_parser *p, enum sass_member m);
/* The immediate operand b of the form's kind. */
bool sass_parse_imm(struct sass_parser *p);

bool sass_parse_pred(struct sass_parser *p, uint8_t *out, bool *not_out);
bool sass_parse_operand(struct sass_parser *p,
                        const struct sass_operand_desc *o);

#endif
