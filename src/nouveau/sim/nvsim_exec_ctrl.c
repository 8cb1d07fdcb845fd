/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Control flow (isa.md §2.10, §3.2). */
#include "nvsim_exec_priv.h"

#define API_CALL_LIMIT 32

static uint64_t
rel_target(const struct nvsim_warp *w, const struct nvsim_instr *in)
{
   return nvsim_warp_pc(w) + SASS_WORD_B + (int64_t)in->i.target;
}

/* Immediate or from c[][]; constants hold offsets from the code base. */
static uint64_t
jump_target(struct nvsim_warp *w, const struct nvsim_instr *in, bool absolute)
{
   if (in->i.form == SASS_FORM_C)
      return w->grid->code_base + nvsim_const32(w, in);
   return absolute ? w->grid->code_base + (uint32_t)in->i.target
                   : rel_target(w, in);
}

static uint32_t
cc_mask(const struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   if (likely(in->i.ccode == SASS_COND_T))
      return mask;
   return mask & nvsim_cc_test(w, in->i.ccode);
}

/* Lanes `taken` go to `target`, the other active ones after them go on here. */
static void
branch(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t taken,
       uint64_t target)
{
   if (!taken)
      return;
   uint32_t rest = w->active & ~taken;
   if (rest) {
      nvsim_warp_push(w, NVSIM_TOKEN_DIV, rest, nvsim_warp_next_pc(w, in));
      w->active = taken;
   }
   nvsim_warp_jump(w, target);
}

static void
exec_bra(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t taken = cc_mask(w, in, mask);
   branch(w, in, taken, jump_target(w, in, false));
}

static void
exec_jmp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t taken = cc_mask(w, in, mask);
   branch(w, in, taken, jump_target(w, in, true));
}

/* Targets by lane: those that agree with the first lane go, the others run the
 * instruction again later [guess]. */
static void
branch_lanes(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t taken,
             const uint64_t target[NVSIM_LANES])
{
   if (!taken)
      return;
   uint64_t to = target[__builtin_ctz(taken)];
   uint32_t same = 0;
   nvsim_for_each_lane(l, taken)
      same |= (uint32_t)(target[l] == to) << l;
   uint32_t rest = w->active & ~taken, later = taken & ~same;
   if (rest)
      nvsim_warp_push(w, NVSIM_TOKEN_DIV, rest, nvsim_warp_next_pc(w, in));
   if (later)
      nvsim_warp_push(w, NVSIM_TOKEN_DIV, later, nvsim_warp_pc(w));
   w->active = same;
   nvsim_warp_jump(w, to);
}

/* Entry of a jump table: c[bank][Ra + off], or Ra itself. */
static uint32_t
lane_value(struct nvsim_warp *w, const struct nvsim_instr *in, unsigned lane)
{
   uint32_t a = nvsim_src_a(w, in)[lane];
   if (in->i.form != SASS_FORM_C)
      return a;
   uint32_t v;
   memcpy(&v, nvsim_const(w, in->cb_bank, a + in->i.off, 4), 4);
   return v;
}

static void
exec_brx(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t taken = cc_mask(w, in, mask);
   uint64_t target[NVSIM_LANES];
   nvsim_for_each_lane(l, taken) {
      uint32_t v = lane_value(w, in, l);
      target[l] = in->i.form == SASS_FORM_C
                     ? w->grid->code_base + v
                     : rel_target(w, in) + (int64_t)(int32_t)v;
   }
   branch_lanes(w, in, taken, target);
}

static void
exec_jmx(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t taken = cc_mask(w, in, mask);
   uint64_t target[NVSIM_LANES];
   nvsim_for_each_lane(l, taken) {
      uint32_t v = lane_value(w, in, l);
      uint32_t off = in->i.form == SASS_FORM_C ? 0 : (uint32_t)in->i.target;
      target[l] = w->grid->code_base + (uint32_t)(v + off);
   }
   branch_lanes(w, in, taken, target);
}

static void
call(struct nvsim_warp *w, const struct nvsim_instr *in, uint64_t target)
{
   if (w->grid->call_limit && !in->i.noinc && w->call_depth >= API_CALL_LIMIT)
      nvsim_warp_error(w, NVSIM_WARP_API_STACK_ERROR, w->active, 0,
                       "calls nested too deeply");
   nvsim_warp_push(w, NVSIM_TOKEN_RET, w->active, nvsim_warp_next_pc(w, in));
   w->call_depth++;
   nvsim_warp_jump(w, target);
}

static void
exec_cal(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   call(w, in, jump_target(w, in, false));
}

static void
exec_jcal(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   call(w, in, jump_target(w, in, true));
}

static void
push_token(struct nvsim_warp *w, const struct nvsim_instr *in,
           enum nvsim_token_kind kind)
{
   nvsim_warp_push(w, kind, w->active, jump_target(w, in, false));
}

static void
exec_ssy(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   push_token(w, in, NVSIM_TOKEN_SSY);
}

static void
exec_pbk(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   push_token(w, in, NVSIM_TOKEN_PBK);
}

static void
exec_pcnt(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   push_token(w, in, NVSIM_TOKEN_PCNT);
}

static void
exec_pret(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   push_token(w, in, NVSIM_TOKEN_RET);
   w->call_depth++;
}

static void
exec_pexit(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   push_token(w, in, NVSIM_TOKEN_PEXIT);
}

static void
exec_plongjmp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   push_token(w, in, NVSIM_TOKEN_LONGJMP);
}

/* The top token apart from DIV must be the SSY that these lanes belong to. */
static void
exec_sync(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t lanes = cc_mask(w, in, mask);
   if (!lanes)
      return;
   uint32_t d = w->depth;
   while (d && w->stack[d - 1].kind == NVSIM_TOKEN_DIV)
      d--;
   if (!d || w->stack[d - 1].kind != NVSIM_TOKEN_SSY)
      nvsim_warp_error(w, NVSIM_WARP_STACK_ERROR, lanes, 0, "SYNC without SSY");
   w->active &= ~lanes;
   if (!w->active)
      nvsim_warp_pop(w);
}

/* Kinds of token that BRK, CONT and RET may pass on the way to theirs. */
#define MAY_CROSS(kind) (1u << NVSIM_TOKEN_##kind)

static void
leave(struct nvsim_warp *w, uint32_t lanes, enum nvsim_token_kind kind,
      uint32_t may_cross, enum nvsim_warp_error_id error, const char *text)
{
   if (!lanes)
      return;
   uint32_t d = w->depth;
   while (d && w->stack[d - 1].kind != kind &&
          (may_cross >> w->stack[d - 1].kind & 1))
      d--;
   if (!d || w->stack[d - 1].kind != kind)
      nvsim_warp_error(w, error, lanes, 0, text);
   for (uint32_t i = d; i < w->depth; i++)
      w->stack[i].mask &= ~lanes;
   w->active &= ~lanes;
   if (!w->active)
      nvsim_warp_pop(w);
}

static void
exec_brk(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   leave(w, cc_mask(w, in, mask), NVSIM_TOKEN_PBK,
         MAY_CROSS(SSY) | MAY_CROSS(PCNT) | MAY_CROSS(DIV),
         NVSIM_WARP_STACK_ERROR, "BRK without PBK");
}

static void
exec_cont(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   leave(w, cc_mask(w, in, mask), NVSIM_TOKEN_PCNT,
         MAY_CROSS(SSY) | MAY_CROSS(DIV), NVSIM_WARP_STACK_ERROR,
         "CONT without PCNT");
}

static void
exec_ret(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   leave(w, cc_mask(w, in, mask), NVSIM_TOKEN_RET, ~0u,
         NVSIM_WARP_RET_EMPTY_STACK, "RET without CAL");
}

static void
exec_longjmp(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   leave(w, cc_mask(w, in, mask), NVSIM_TOKEN_LONGJMP, ~0u,
         NVSIM_WARP_STACK_ERROR, "LONGJMP without PLONGJMP");
}

static void
exec_exit(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   uint32_t lanes = cc_mask(w, in, mask);
   if (lanes)
      nvsim_warp_exit_lanes(w, lanes);
}

static void
exec_bpt(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_ENCODING, w->active, 0,
                    in->i.bpt == SASS_BPT_TRAP ? "trap" : "breakpoint");
}

nvsim_exec_fn
nvsim_exec_ctrl(const struct sass_instr *i)
{
   static const nvsim_exec_fn table[SASS_OP_COUNT] = {
      [SASS_OP_BRA] = exec_bra,     [SASS_OP_JMP] = exec_jmp,
      [SASS_OP_BRX] = exec_brx,     [SASS_OP_JMX] = exec_jmx,
      [SASS_OP_CAL] = exec_cal,     [SASS_OP_JCAL] = exec_jcal,
      [SASS_OP_PRET] = exec_pret,   [SASS_OP_SSY] = exec_ssy,
      [SASS_OP_PBK] = exec_pbk,     [SASS_OP_PCNT] = exec_pcnt,
      [SASS_OP_PEXIT] = exec_pexit, [SASS_OP_PLONGJMP] = exec_plongjmp,
      [SASS_OP_SYNC] = exec_sync,   [SASS_OP_BRK] = exec_brk,
      [SASS_OP_CONT] = exec_cont,   [SASS_OP_RET] = exec_ret,
      [SASS_OP_EXIT] = exec_exit,   [SASS_OP_LONGJMP] = exec_longjmp,
      [SASS_OP_KIL] = exec_exit,    [SASS_OP_BPT] = exec_bpt,
   };
   return table[i->op];
}
