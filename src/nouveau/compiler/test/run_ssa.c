/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A naive interpreter of the SSA form: the oracle for everything after it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/compiler/test/random_program.h"

static uint32_t
cbank_word(unsigned offset_B)
{
   return offset_B * 2654435761u;
}

static bool
combine(enum sass_bool_op op, bool a, bool b)
{
   return op == SASS_AND ? a && b : op == SASS_OR ? a || b : a != b;
}

static bool
compare(enum sass_cond cond, bool is_signed, uint32_t a, uint32_t b)
{
   int64_t x = is_signed ? (int32_t)a : (int64_t)a;
   int64_t y = is_signed ? (int32_t)b : (int64_t)b;
   switch (cond) {
   case SASS_COND_LT:
      return x < y;
   case SASS_COND_EQ:
      return x == y;
   case SASS_COND_LE:
      return x <= y;
   case SASS_COND_GT:
      return x > y;
   case SASS_COND_NE:
      return x != y;
   case SASS_COND_GE:
      return x >= y;
   default:
      abort();
   }
}

static void
exec_add(const struct sass_instr *mi, struct lane_io *io)
{
   uint64_t a = mi->neg_a ? (uint32_t)~io->a[0] : io->a[0];
   uint64_t sum = a + io->b[0] + (mi->x ? io->x : mi->neg_a);
   io->d[0] = sum;
   io->cc = sum >> 32;
}

static void
exec_lop(const struct sass_instr *mi, struct lane_io *io)
{
   uint32_t a = io->a[0], b = io->b[0];
   io->d[0] = mi->lop == SASS_LOP_AND  ? a & b
              : mi->lop == SASS_LOP_OR ? a | b
                                       : a ^ b;
}

void
exec_alu(const struct sass_instr *mi, struct lane_io *io)
{
   if (mi->form == SASS_FORM_I)
      io->b[0] = mi->imm;
   if (mi->form == SASS_FORM_C)
      io->b[0] = cbank_word(mi->cb_off);
   io->pa ^= mi->pa_not;
   io->pb ^= mi->pb_not;
   io->pc ^= mi->pc_not;
   switch (mi->op) {
   case SASS_OP_MOV:
   case SASS_OP_MOV32I:
      io->d[0] = io->b[0];
      break;
   case SASS_OP_IADD:
   case SASS_OP_IADD32I:
      exec_add(mi, io);
      break;
   case SASS_OP_LOP:
   case SASS_OP_LOP32I:
      exec_lop(mi, io);
      break;
   case SASS_OP_SHL:
      io->d[0] = io->b[0] > 31 ? 0 : io->a[0] << io->b[0];
      break;
   case SASS_OP_POPC:
      io->d[0] = __builtin_popcount(io->b[0]);
      break;
   case SASS_OP_SEL:
      io->d[0] = io->pc ? io->a[0] : io->b[0];
      break;
   case SASS_OP_S2R:
      io->d[0] = 100 + mi->sreg;
      break;
   case SASS_OP_ISETP: {
      bool r = compare(mi->cond, mi->is_signed, io->a[0], io->b[0]);
      io->pd = combine(mi->bool_op, r, io->pc);
      io->pd2 = combine(mi->bool_op, !r, io->pc);
      break;
   }
   case SASS_OP_PSETP: {
      bool r = combine(mi->bool_op0, io->pa, io->pb);
      io->pd = combine(mi->bool_op, r, io->pc);
      io->pd2 = combine(mi->bool_op, !r, io->pc);
      break;
   }
   default:
      abort();
   }
}

struct ssa {
   struct nvir_shader *s;
   uint32_t (*val)[4];
   uint8_t *local;
};

static void
read_src(struct ssa *m, const struct nvir_src *src, uint32_t *out,
         unsigned words)
{
   for (unsigned w = 0; w < words; w++) {
      switch (src->kind) {
      case NVIR_SRC_VALUE:
         out[w] = m->val[src->val->index][w];
         break;
      case NVIR_SRC_IMM:
         out[w] = w < 2 ? src->imm >> (32 * w) : 0;
         break;
      case NVIR_SRC_CBANK:
         out[w] = cbank_word(src->imm + 4 * w);
         break;
      default:
         out[w] = 0;
      }
   }
}

static void
read_slot(struct ssa *m, const struct nvir_src *src, struct lane_io *io)
{
   const uint32_t *v = m->val[src->val->index];
   size_t size_B = src->val->words * sizeof(uint32_t);
   switch (src->slot) {
   case NVIR_SLOT_RA:
      memcpy(io->a, v, size_B);
      break;
   case NVIR_SLOT_RB:
      memcpy(io->b, v, size_B);
      break;
   case NVIR_SLOT_RD:
      memcpy(io->d_in, v, size_B);
      break;
   case NVIR_SLOT_PA:
      io->pa = v[0];
      break;
   case NVIR_SLOT_PB:
      io->pb = v[0];
      break;
   case NVIR_SLOT_PC:
      io->pc = v[0];
      break;
   case NVIR_SLOT_CC:
      io->x = v[0];
      break;
   default:
      abort();
   }
}

static void
run_mach(struct ssa *m, const struct nvir_instr *i)
{
   struct lane_io io = {.pa = true, .pb = true, .pc = true};
   struct sass_instr mi = i->mi;
   nvir_foreach_src(src, i) {
      read_slot(m, src, &io);
      mi.x |= src->slot == NVIR_SLOT_CC;
   }
   uint32_t addr = io.a[0] + mi.off;
   if (mi.op == SASS_OP_STL) {
      assert(addr + sass_size_B(mi.size) <= MACHINE_LOCAL_B);
      memcpy(m->local + addr, io.d_in, sass_size_B(mi.size));
   } else if (mi.op == SASS_OP_LDL) {
      memcpy(io.d, m->local + addr, sass_size_B(mi.size));
   } else {
      exec_alu(&mi, &io);
   }
   nvir_foreach_dst(dst, i) {
      uint32_t *d = m->val[dst->val->index];
      if (dst->slot == NVIR_SLOT_RD)
         memcpy(d, io.d, dst->val->words * sizeof(uint32_t));
      else
         d[0] = dst->slot == NVIR_SLOT_PD    ? io.pd
                : dst->slot == NVIR_SLOT_PD2 ? io.pd2
                                             : io.cc;
   }
}

static void
run_instr(struct ssa *m, const struct nvir_instr *i)
{
   uint32_t words[4];
   switch (i->op) {
   case NVIR_OP_COPY:
      read_src(m, &i->srcs[0], m->val[i->dsts[0].val->index],
               i->dsts[0].val->words);
      break;
   case NVIR_OP_COLLECT:
      for (unsigned n = 0; n < i->num_srcs; n++)
         read_src(m, &i->srcs[n], &words[n], 1);
      memcpy(m->val[i->dsts[0].val->index], words, 4 * i->num_srcs);
      break;
   case NVIR_OP_SPLIT:
      for (unsigned n = 0; n < i->num_dsts; n++)
         if (i->dsts[n].val)
            m->val[i->dsts[n].val->index][0] = m->val[i->srcs[0].val->index][n];
      break;
   case NVIR_OP_MACH:
      run_mach(m, i);
      break;
   default:
      break;
   }
}

/* All phis read before any is written. */
static void
run_phis(struct ssa *m, const struct nvir_block *b,
         const struct nvir_block *from)
{
   unsigned num = 0, n = 0;
   nvir_foreach_instr(i, b)
      num += i->op == NVIR_OP_PHI;
   if (!num)
      return;
   uint32_t(*values)[4] = calloc(num, sizeof(*values));
   unsigned pred = nvir_block_pred_index(b, from);
   nvir_foreach_instr(i, b)
      if (i->op == NVIR_OP_PHI)
         read_src(m, &i->srcs[pred], values[n++], i->dsts[0].val->words);
   n = 0;
   nvir_foreach_instr(i, b)
      if (i->op == NVIR_OP_PHI)
         memcpy(m->val[i->dsts[0].val->index], values[n++], 16);
   free(values);
}

static struct nvir_block *
next_block(struct ssa *m, const struct nvir_block *b)
{
   const struct nvir_instr *end = nvir_block_terminator(b);
   if (end->op == NVIR_OP_EXIT)
      return NULL;
   if (end->op == NVIR_OP_BR)
      return b->succs[0];
   return b->succs[!m->val[end->srcs[0].val->index][0]];
}

void
run_ssa(struct nvir_shader *s, uint8_t *local)
{
   struct ssa m = {.s = s, .val = calloc(s->num_values, sizeof(*m.val))};
   m.local = calloc(1, MACHINE_LOCAL_B);
   struct nvir_block *b = nvir_shader_entry(s), *from = NULL;
   while (b) {
      if (from)
         run_phis(&m, b, from);
      nvir_foreach_instr(i, b)
         run_instr(&m, i);
      from = b;
      b = next_block(&m, b);
   }
   memcpy(local, m.local, PROGRAM_LOCAL_B);
   free(m.local);
   free(m.val);
}
