/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The macro engine in front of the 3D class: small programs, uploaded by
 * methods, that expand one method into many. A macro runs as far as its
 * parameters go and waits for more, as on hardware, where the method stream
 * stands still meanwhile: so parameters may come from any packet or entry. */
#include "nvsim_priv.h"

#include <string.h>

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_class_3d.h"

/* Instructions between two parameters. No macro that does its work comes near;
 * the longest loops send methods, a few instructions for each [guess]. */
#define STEP_LIMIT 1000000

struct nvsim_mme {
   uint32_t code[NV_3D_MME_INSTRUCTIONS];
   uint32_t start[NV_3D_MME_MACROS];
   uint32_t reg[8]; /* 0 stays 0 */
   uint32_t method; /* NV_MME_ADDRESS, NV_MME_ADDRESS_STEP */
   uint32_t pc;
   /* What follows the next instruction: a branch's target, or the end. */
   uint32_t target;
   enum {
      MME_NEXT,
      MME_JUMP,
      MME_END
   } after;
   bool carry;
   bool running; /* waits for a parameter */
   bool has_parameter;
   uint32_t parameter;
};

struct nvsim_mme *
nvsim_mme_create(void)
{
   return util_svc_calloc(1, sizeof(struct nvsim_mme));
}

void
nvsim_mme_destroy(struct nvsim_mme *m)
{
   util_svc_free(m);
}

void
nvsim_mme_reset(struct nvsim_mme *m)
{
   memset(m, 0, sizeof(*m));
}

bool
nvsim_mme_is_running(const struct nvsim_mme *m)
{
   return m->running;
}

/* ---- instructions ---- */

static uint32_t
alu(struct nvsim_mme *m, enum nv_mme_alu op, uint32_t a, uint32_t b, bool *ok)
{
   uint64_t wide;
   switch (op) {
   case NV_MME_ALU_ADD:
   case NV_MME_ALU_ADD_CARRY:
      wide = (uint64_t)a + b + (op == NV_MME_ALU_ADD_CARRY && m->carry);
      m->carry = wide >> 32;
      return (uint32_t)wide;
   case NV_MME_ALU_SUB:
   case NV_MME_ALU_SUB_BORROW: /* no carry means a borrow */
      wide = (uint64_t)a - b - (op == NV_MME_ALU_SUB_BORROW && !m->carry);
      m->carry = !(wide >> 32);
      return (uint32_t)wide;
   case NV_MME_ALU_XOR:
      return a ^ b;
   case NV_MME_ALU_OR:
      return a | b;
   case NV_MME_ALU_AND:
      return a & b;
   case NV_MME_ALU_AND_NOT:
      return a & ~b;
   case NV_MME_ALU_NAND:
      return ~(a & b);
   default:
      *ok = false;
      return 0;
   }
}

static uint32_t
shift_left(uint32_t v, uint32_t by)
{
   return by < 32 ? v << by : 0;
}

static uint32_t
shift_right(uint32_t v, uint32_t by)
{
   return by < 32 ? v >> by : 0;
}

/* Of all but branches. */
static uint32_t
result_of(struct nvsim_channel *c, uint32_t insn, bool *ok)
{
   struct nvsim_mme *m = c->mme;
   uint32_t a = m->reg[NV_MME_SRC_A(insn)], b = m->reg[NV_MME_SRC_B(insn)];
   uint32_t field = (1u << NV_MME_FIELD_BITS(insn)) - 1;
   unsigned from = NV_MME_FIELD_FROM(insn), to = NV_MME_FIELD_TO(insn);
   switch (NV_MME_OP(insn)) {
   case NV_MME_OP_ALU:
      return alu(m, NV_MME_ALU(insn), a, b, ok);
   case NV_MME_OP_ADD_IMM:
      return a + NV_MME_IMM(insn);
   case NV_MME_OP_INSERT:
      return (a & ~(field << to)) | (b >> from & field) << to;
   case NV_MME_OP_SHIFT_TO_IMM:
      return (shift_right(b, a) & field) << to;
   case NV_MME_OP_SHIFT_TO_REG:
      return shift_left(b >> from & field, a);
   case NV_MME_OP_READ:
      return c->state[NVSIM_ENGINE_3D]
                     [NV_MME_ADDRESS(a + (uint32_t)NV_MME_IMM(insn))];
   default:
      *ok = false;
      return 0;
   }
}

static bool
needs_parameter(uint32_t insn)
{
   if (NV_MME_OP(insn) == NV_MME_OP_BRANCH)
      return false;
   switch ((enum nv_mme_assign)NV_MME_ASSIGN(insn)) {
   case NV_MME_ASSIGN_FETCH:
   case NV_MME_ASSIGN_FETCH_SEND:
   case NV_MME_ASSIGN_FETCH_METHOD:
   case NV_MME_ASSIGN_METHOD_FETCH:
      return true;
   default:
      return false;
   }
}

static int
send(struct nvsim_channel *c, uint32_t data)
{
   struct nvsim_mme *m = c->mme;
   uint32_t method = NV_MME_ADDRESS(m->method) * 4;
   m->method = (m->method & ~0xfffu) |
               NV_MME_ADDRESS(m->method + NV_MME_ADDRESS_STEP(m->method));
   if (method < NV_HOST_METHOD_END || method >= NV_3D_CALL_MME_MACRO(0) ||
       (method >= NV_3D_LOAD_MME_INSTRUCTION_RAM_POINTER &&
        method <= NV_3D_LOAD_MME_START_ADDRESS_RAM))
      return nvsim_chan_method_error(c, method, data,
                                     "a macro may not send this method");
   c->state[NVSIM_ENGINE_3D][method / 4] = data;
   return nvsim_3d_expanded(c, method, data);
}

static int
assign(struct nvsim_channel *c, uint32_t insn, uint32_t result)
{
   struct nvsim_mme *m = c->mme;
   uint32_t *dst = &m->reg[NV_MME_DST(insn)];
   uint32_t parameter = m->parameter;
   if (needs_parameter(insn))
      m->has_parameter = false;
   int err = 0;
   switch ((enum nv_mme_assign)NV_MME_ASSIGN(insn)) {
   case NV_MME_ASSIGN_FETCH:
      *dst = parameter;
      break;
   case NV_MME_ASSIGN_MOVE:
      *dst = result;
      break;
   case NV_MME_ASSIGN_MOVE_METHOD:
      *dst = m->method = result;
      break;
   case NV_MME_ASSIGN_FETCH_SEND:
      *dst = parameter;
      err = send(c, result);
      break;
   case NV_MME_ASSIGN_MOVE_SEND:
      *dst = result;
      err = send(c, result);
      break;
   case NV_MME_ASSIGN_FETCH_METHOD:
      *dst = parameter;
      m->method = result;
      break;
   case NV_MME_ASSIGN_METHOD_FETCH:
      *dst = m->method = result;
      err = send(c, parameter);
      break;
   case NV_MME_ASSIGN_METHOD_SEND:
      *dst = m->method = result;
      err = send(c, NV_MME_ADDRESS_STEP(result));
      break;
   }
   m->reg[0] = 0;
   return err;
}

/* ---- the program counter ---- */

static void
branch(struct nvsim_mme *m, uint32_t insn)
{
   bool nonzero = m->reg[NV_MME_SRC_A(insn)] != 0;
   if (nonzero != !!(insn & NV_MME_BRANCH_NONZERO)) {
      if (insn & NV_MME_EXIT)
         m->after = MME_END;
      m->pc++;
      return;
   }
   uint32_t target = m->pc + (uint32_t)NV_MME_IMM(insn);
   if (insn & NV_MME_BRANCH_ANNUL) {
      m->pc = target;
      return;
   }
   m->pc++;
   m->after = MME_JUMP;
   m->target = target;
}

/* One instruction. What an earlier one has asked for comes after it, whatever
 * it asks for itself: a branch or exit behind a branch is lost [guess]. */
static int
step(struct nvsim_channel *c, uint32_t insn)
{
   struct nvsim_mme *m = c->mme;
   int after = m->after;
   uint32_t target = m->target;
   m->after = MME_NEXT;
   if (NV_MME_OP(insn) == NV_MME_OP_BRANCH) {
      branch(m, insn);
   } else {
      bool ok = true;
      uint32_t result = result_of(c, insn, &ok);
      if (!ok)
         return nvsim_chan_method_error(c, NV_3D_CALL_MME_MACRO(0), insn,
                                        "illegal macro instruction");
      if (insn & NV_MME_EXIT)
         m->after = MME_END;
      m->pc++;
      if (assign(c, insn, result))
         return -1;
   }
   if (after == MME_JUMP) {
      m->pc = target;
      m->after = MME_NEXT;
   } else if (after == MME_END) {
      m->running = false;
   }
   return 0;
}

/* Until the end or the next parameter. */
static int
run(struct nvsim_channel *c)
{
   struct nvsim_mme *m = c->mme;
   for (unsigned n = 0; m->running; n++) {
      if (m->pc >= NV_3D_MME_INSTRUCTIONS)
         return nvsim_chan_method_error(c, NV_3D_CALL_MME_MACRO(0), m->pc,
                                        "a macro left its memory");
      if (n > STEP_LIMIT)
         return nvsim_chan_method_error(c, NV_3D_CALL_MME_MACRO(0), m->pc,
                                        "a macro does not end");
      if (nvsim_chan_stopped(c))
         return -1;
      uint32_t insn = m->code[m->pc];
      if (needs_parameter(insn) && !m->has_parameter)
         return 0;
      if (step(c, insn))
         return -1;
   }
   return 0;
}

/* ---- methods ---- */

static int
start(struct nvsim_channel *c, unsigned macro, uint32_t data)
{
   struct nvsim_mme *m = c->mme;
   memset(m->reg, 0, sizeof(m->reg));
   m->reg[1] = data;
   m->pc = m->start[macro];
   m->after = MME_NEXT;
   m->has_parameter = false;
   m->running = true;
   return run(c);
}

static int
call(struct nvsim_channel *c, uint32_t method, uint32_t data)
{
   struct nvsim_mme *m = c->mme;
   unsigned macro = (method - NV_3D_CALL_MME_MACRO(0)) / 8;
   if (macro >= NV_3D_MME_MACROS)
      return nvsim_chan_method_error(c, method, data, "no such macro");
   if (!(method & 4))
      return start(c, macro, data);
   /* More parameters than the macro took are nothing [guess]. */
   if (!m->running)
      return 0;
   m->parameter = data;
   m->has_parameter = true;
   return run(c);
}

/* The pointers are methods and so are read back from there. */
static uint32_t
take_pointer(struct nvsim_channel *c, uint32_t method)
{
   return c->state[NVSIM_ENGINE_3D][method / 4]++;
}

int
nvsim_mme_method(struct nvsim_channel *c, uint32_t method, uint32_t data)
{
   struct nvsim_mme *m = c->mme;
   uint32_t at;
   if (method >= NV_3D_CALL_MME_MACRO(0))
      return call(c, method, data);
   switch (method) {
   case NV_3D_LOAD_MME_INSTRUCTION_RAM:
      at = take_pointer(c, NV_3D_LOAD_MME_INSTRUCTION_RAM_POINTER);
      if (at >= NV_3D_MME_INSTRUCTIONS)
         return nvsim_chan_method_error(c, method, data,
                                        "the macro memory ends before");
      m->code[at] = data;
      return 0;
   case NV_3D_LOAD_MME_START_ADDRESS_RAM:
      at = take_pointer(c, NV_3D_LOAD_MME_START_ADDRESS_RAM_POINTER);
      if (at >= NV_3D_MME_MACROS)
         return nvsim_chan_method_error(c, method, data, "no such macro");
      m->start[at] = data;
      return 0;
   default:
      return 0;
   }
}
