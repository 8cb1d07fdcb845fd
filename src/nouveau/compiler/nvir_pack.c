/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Instructions to bundles of one control word and three instructions, with
 * branch targets, ended by a branch to itself and filled up with NOPs (isa.md
 * §1.1). */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_bind_priv.h"
#include "nouveau/compiler/nvir_passes.h"

#define CODE_ALIGN_B 0x80
/* Bits of a relative target, isa.md §2.10. */
#define TARGET_BITS 24

struct pack {
   struct nvir_shader *s;
   struct util_buf *code;
   size_t start_B;
   uint32_t *first; /* by block index: number of its first instruction */
   uint32_t num;    /* instructions so far */
   uint32_t line;   /* of the last one */
   struct sass_ctrl ctrl[SASS_BUNDLE_SLOTS];
};

/* Byte offset of instruction n from the start of the kernel. */
static uint32_t
instr_offset_B(uint32_t n)
{
   return n / SASS_BUNDLE_SLOTS * SASS_BUNDLE_B +
          (1 + n % SASS_BUNDLE_SLOTS) * SASS_WORD_B;
}

/* Where to jump for instruction n: the first of a bundle is entered by its
 * control word. */
static uint32_t
entry_offset_B(uint32_t n)
{
   uint32_t off = instr_offset_B(n);
   return n % SASS_BUNDLE_SLOTS ? off : off - SASS_WORD_B;
}

static void
number_instrs(struct pack *p)
{
   uint32_t n = 0;
   nvir_foreach_block(b, p->s) {
      p->first[b->index] = n;
      nvir_foreach_instr(i, b)
         n++;
   }
}

static void
put_word(struct pack *p, uint64_t word, const struct sass_ctrl *ctrl)
{
   unsigned slot = p->num % SASS_BUNDLE_SLOTS;
   if (slot == 0)
      util_buf_extend(p->code, SASS_BUNDLE_B);
   char *bundle =
      p->code->data + p->start_B + p->num / SASS_BUNDLE_SLOTS * SASS_BUNDLE_B;
   p->ctrl[slot] = *ctrl;
   for (unsigned n = slot + 1; n < SASS_BUNDLE_SLOTS; n++)
      p->ctrl[n] = SASS_CTRL_IDLE(0);
   uint64_t control = sass_bundle_pack(p->ctrl);
   memcpy(bundle, &control, sizeof(control));
   memcpy(bundle + (1 + slot) * SASS_WORD_B, &word, sizeof(word));
   p->num++;
}

static int
encode(struct pack *p, const struct sass_instr *mi, uint64_t *word_out)
{
   struct sass_error err;
   if (sass_encode(mi, word_out, &err) == 0)
      return 0;
   if (p->s->log)
      util_buf_printf(p->s->log, "%s: cannot encode %s: %s\n", p->s->name,
                      sass_op_info(mi->op)->name, err.msg);
   return -EINVAL;
}

static int
set_target(struct pack *p, const struct nvir_instr *i, struct sass_instr *mi)
{
   if (!i->target)
      return 0;
   int64_t to = entry_offset_B(p->first[i->target->index]);
   mi->target = to - (instr_offset_B(p->num) + SASS_WORD_B);
   if (util_sign_extend(mi->target, TARGET_BITS) == mi->target)
      return 0;
   if (p->s->log)
      util_buf_printf(p->s->log, "%s: code too long to jump over\n",
                      p->s->name);
   return -E2BIG;
}

static void
note_line(struct pack *p, uint32_t line)
{
   if (!p->s->lines || (p->num && line == p->line))
      return;
   struct nvir_line entry = {p->start_B + instr_offset_B(p->num), line};
   util_buf_append(p->s->lines, &entry, sizeof(entry));
   p->line = line;
}

/* What has no line of its own, as jumps that passes put in, belongs to its
 * neighbours in the block. */
static uint32_t
first_line(const struct nvir_block *b)
{
   nvir_foreach_instr(i, b)
      if (i->line)
         return i->line;
   return 0;
}

static int
pack_instr(struct pack *p, const struct nvir_instr *i)
{
   struct sass_instr mi;
   uint64_t word;
   nvir_bind(i, &mi);
   int err = set_target(p, i, &mi);
   if (!err)
      err = encode(p, &mi, &word);
   if (err)
      return err;
   struct sass_ctrl ctrl = {
      .stall = i->stall,
      .yield = i->yield,
      .wr_bar = i->wr_bar,
      .rd_bar = i->rd_bar,
      .wait_mask = i->wait_mask,
      .reuse = i->reuse,
   };
   put_word(p, word, &ctrl);
   return 0;
}

/* A wild fetch past the end stays in place; the rest is never run. */
static int
pack_tail(struct pack *p)
{
   struct sass_instr self, nop;
   uint64_t self_word, nop_word;
   sass_instr_init(&self, SASS_OP_BRA, sass_op_first_form(SASS_OP_BRA));
   self.target = -SASS_WORD_B;
   sass_instr_init(&nop, SASS_OP_NOP, sass_op_first_form(SASS_OP_NOP));
   int err = encode(p, &self, &self_word);
   if (!err)
      err = encode(p, &nop, &nop_word);
   if (err)
      return err;
   struct sass_ctrl idle = SASS_CTRL_IDLE(0);
   idle.stall = 15;
   idle.yield = true;
   put_word(p, self_word, &idle);
   while (p->num % SASS_BUNDLE_SLOTS ||
          p->num / SASS_BUNDLE_SLOTS * SASS_BUNDLE_B % CODE_ALIGN_B)
      put_word(p, nop_word, &idle);
   return 0;
}

int
nvir_pack(struct nvir_shader *s, struct util_buf *code)
{
   struct util_arena arena;
   util_arena_init(&arena);
   nvir_shader_number_blocks(s);
   struct pack p = {
      .s = s,
      .code = code,
      .start_B = code->size_B,
      .first = util_arena_array(&arena, uint32_t, s->num_blocks),
   };
   number_instrs(&p);
   int err = 0;
   nvir_foreach_block(b, s) {
      uint32_t line = first_line(b);
      nvir_foreach_instr(i, b) {
         line = i->line ? i->line : line;
         note_line(&p, line);
         if (!err)
            err = pack_instr(&p, i);
      }
   }
   if (!err)
      err = pack_tail(&p);
   util_arena_finish(&arena);
   return err;
}
