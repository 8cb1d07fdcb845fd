/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Control words (isa.md 1.1). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass_priv.h"
#include "util/util_buf.h"

#define SLOT_BITS 21

uint32_t
sass_ctrl_pack(const struct sass_ctrl *c)
{
   return (c->stall & 0xf) | (uint32_t)!c->yield << 4 | (c->wr_bar & 7u) << 5 |
          (c->rd_bar & 7u) << 8 | (c->wait_mask & 0x3fu) << 11 |
          (c->reuse & 0xfu) << 17;
}

struct sass_ctrl
sass_ctrl_unpack(uint32_t slot)
{
   return (struct sass_ctrl){
      .stall = util_bits(slot, 0, 4),
      .yield = !util_bits(slot, 4, 1),
      .wr_bar = util_bits(slot, 5, 3),
      .rd_bar = util_bits(slot, 8, 3),
      .wait_mask = util_bits(slot, 11, 6),
      .reuse = util_bits(slot, 17, 4),
   };
}

struct sass_ctrl
sass_ctrl_safe(const struct sass_instr *i)
{
   struct sass_ctrl c = SASS_CTRL_SAFE;
   struct sass_operands ops;
   sass_operands(i, &ops);
   if (!sass_is_variable(i->op) || sass_op_info(i->op)->is_jump ||
       sass_op_info(i->op)->ends_path)
      return c;
   for (unsigned n = 0; n < ops.count; n++) {
      if (ops.v[n].write)
         c.wr_bar = 0;
      else if (ops.v[n].file == SASS_FILE_GPR)
         c.rd_bar = 1;
   }
   return c;
}

uint64_t
sass_bundle_pack(const struct sass_ctrl ctrl[SASS_BUNDLE_SLOTS])
{
   uint64_t word = 0;
   for (unsigned n = 0; n < SASS_BUNDLE_SLOTS; n++)
      word |= (uint64_t)sass_ctrl_pack(&ctrl[n]) << (SLOT_BITS * n);
   return word;
}

void
sass_bundle_unpack(uint64_t word, struct sass_ctrl ctrl_out[SASS_BUNDLE_SLOTS])
{
   for (unsigned n = 0; n < SASS_BUNDLE_SLOTS; n++)
      ctrl_out[n] = sass_ctrl_unpack(util_bits(word, SLOT_BITS * n, SLOT_BITS));
}

int
sass_ctrl_check(const struct sass_ctrl *c, struct sass_error *err)
{
   if (c->stall > 15)
      return sass_fail(err, 0, "stall %u > 15", c->stall);
   if (c->wr_bar > SASS_BAR_NONE || c->wr_bar == 6)
      return sass_fail(err, 0, "write barrier %u does not exist", c->wr_bar);
   if (c->rd_bar > SASS_BAR_NONE || c->rd_bar == 6)
      return sass_fail(err, 0, "read barrier %u does not exist", c->rd_bar);
   if (c->wait_mask > 0x3f)
      return sass_fail(err, 0, "wait mask 0x%x names more than six barriers",
                       c->wait_mask);
   if (c->reuse > 0xf)
      return sass_fail(err, 0, "reuse 0x%x", c->reuse);
   return 0;
}

/* --- Text: [B012345:R0:W0:Y:S06:U1] --- */

static char
bar_char(unsigned bar)
{
   return bar == SASS_BAR_NONE ? '-' : '0' + bar;
}

void
sass_ctrl_print(const struct sass_ctrl *c, struct util_buf *out)
{
   char waits[7] = "------";
   for (unsigned b = 0; b < 6; b++) {
      if (c->wait_mask & 1u << b)
         waits[b] = '0' + b;
   }
   util_buf_printf(out, "[B%s:R%c:W%c:%c:S%02u", waits, bar_char(c->rd_bar),
                   bar_char(c->wr_bar), c->yield ? 'Y' : '-', c->stall);
   if (c->reuse)
      util_buf_printf(out, ":U%x", c->reuse);
   util_buf_puts(out, "]");
}

/* Takes one character of `allowed` or '-'; -1 for '-', -2 for anything else. */
static int
take_digit(const char **at, char max)
{
   char c = **at;
   if (c != '-' && (c < '0' || c > max))
      return -2;
   (*at)++;
   return c == '-' ? -1 : c - '0';
}

static bool
take(const char **at, const char *word)
{
   size_t n = strlen(word);
   if (strncmp(*at, word, n) != 0)
      return false;
   *at += n;
   return true;
}

static bool
take_bar(const char **at, const char *prefix, uint8_t *bar_out)
{
   if (!take(at, prefix))
      return false;
   int bar = take_digit(at, '7');
   *bar_out = bar == -1 ? SASS_BAR_NONE : bar;
   return bar != -2;
}

static bool
parse_ctrl(const char **at, struct sass_ctrl *c)
{
   if (!take(at, "[B"))
      return false;
   for (int b = 0; b < 6; b++) {
      int digit = take_digit(at, '5');
      if (digit != -1 && digit != b)
         return false;
      if (digit == b)
         c->wait_mask |= 1u << b;
   }
   if (!take_bar(at, ":R", &c->rd_bar) || !take_bar(at, ":W", &c->wr_bar))
      return false;
   c->yield = (*at)[0] == ':' && (*at)[1] == 'Y';
   if (!take(at, ":Y:S") && !take(at, ":-:S"))
      return false;
   char *end;
   unsigned long stall = strtoul(*at, &end, 10);
   if (end == *at || stall > 15)
      return false;
   c->stall = stall;
   *at = end;
   if (take(at, ":U")) {
      unsigned long reuse = strtoul(*at, &end, 16);
      if (end == *at || reuse > 15)
         return false;
      c->reuse = reuse;
      *at = end;
   }
   return take(at, "]");
}

int
sass_ctrl_parse(const char *text, struct sass_ctrl *c_out,
                struct sass_error *err)
{
   const char *at = text;
   *c_out = (struct sass_ctrl){0};
   if (!parse_ctrl(&at, c_out))
      return sass_fail(err, at - text + 1, "expected [B------:R-:W-:Y:S00]");
   return at - text;
}
