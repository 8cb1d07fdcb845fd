/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One meaning, many speeds: the executors of each level of the vector unit
 * against sass_sem, lane by lane, for random instructions, values and masks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass_sem.h"
#include "nouveau/sim/nvsim_exec_priv.h"
#include "util/test/test_random.h"
#include "util/util_buf.h"

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#define REGS  16
#define STEPS 60000

static uint64_t rng;

static uint32_t
rnd(void)
{
   rng ^= rng << 13;
   rng ^= rng >> 7;
   rng ^= rng << 17;
   return (uint32_t)(rng >> 16);
}

static bool
coin(void)
{
   return rnd() & 1;
}

/* Ordinary, small, edge and float-special numbers. */
static uint32_t
value(void)
{
   static const uint32_t edges[] = {
      0,          1,          31,         32,         33,         0x7fffffff,
      0x80000000, 0xffffffff, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
      0x7fc00000, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0x0000ffff,
   };
   switch (rnd() % 4) {
   case 0:
      return edges[rnd() % ARRAY_SIZE(edges)];
   case 1:
      return rnd() % 64;
   case 2: /* floats near one another */
      return (rnd() & 0x81ffffff) | 0x3e000000;
   default:
      return rnd();
   }
}

struct machine {
   struct nvsim sim;
   struct nvsim_grid grid;
   struct nvsim_worker worker;
   struct nvsim_cta cta;
   struct nvsim_warp w;
   uint32_t rows[NVSIM_ROW_REG + REGS][NVSIM_LANES]
      __attribute__((aligned(64)));
   uint8_t bank[0x10000] __attribute__((aligned(64)));
};

/* What an instruction may change. */
struct state {
   uint32_t r[REGS][NVSIM_LANES], pred[8], cc[NVSIM_LANES];
};

static void
randomize(struct machine *m)
{
   memset(m->rows, 0, NVSIM_ROW_REG * sizeof(m->rows[0]));
   for (unsigned r = 0; r < REGS; r++)
      for (unsigned l = 0; l < NVSIM_LANES; l++)
         m->rows[NVSIM_ROW_REG + r][l] = value();
   for (unsigned p = 0; p < 7; p++)
      m->w.pred[p] = rnd();
   m->w.pred[7] = NVSIM_ALL;
   /* Carries of 3 do not come about. */
   for (unsigned l = 0; l < NVSIM_LANES; l++)
      m->w.cc[l] = (rnd() & 0x13) | rnd() % 3 * SASS_CC_C;
   for (unsigned i = 0; i < 64; i++) {
      uint32_t v = value();
      memcpy(m->bank + i * 4, &v, 4);
   }
}

static void
save(const struct machine *m, struct state *s)
{
   memcpy(s->r, m->rows[NVSIM_ROW_REG], sizeof(s->r));
   memcpy(s->pred, m->w.pred, sizeof(s->pred));
   memcpy(s->cc, m->w.cc, sizeof(s->cc));
}

static void
load(struct machine *m, const struct state *s)
{
   memcpy(m->rows[NVSIM_ROW_REG], s->r, sizeof(s->r));
   memcpy(m->w.pred, s->pred, sizeof(s->pred));
   memcpy(m->w.cc, s->cc, sizeof(s->cc));
}

/* ---- the reference ---- */

struct lane {
   uint32_t a, b, c, d;
   uint8_t cc;
   bool pc;
};

struct outcome {
   uint32_t r;
   uint8_t cc;
   bool writes_r, writes_cc, writes_pd, writes_pd2, pd, pd2;
};

static struct outcome
result(const struct sass_instr *i, uint32_t r, uint8_t cc)
{
   return (
      struct outcome){.r = r, .cc = cc, .writes_r = true, .writes_cc = i->cc};
}

static struct outcome
sum(const struct sass_instr *i, struct sass_sum s)
{
   return result(i, s.r, s.cc);
}

static struct outcome
setp(const struct sass_instr *i, bool t, bool pc)
{
   return (struct outcome){.writes_pd = true,
                           .writes_pd2 = true,
                           .pd = sass_bool(i->bool_op, t, pc),
                           .pd2 = sass_bool(i->bool_op, !t, pc)};
}

static struct outcome
with_pmode(const struct sass_instr *i, uint32_t r, uint8_t cc)
{
   struct outcome o = result(i, r, sass_cc_logic_x(r, i->x, cc));
   o.writes_pd = i->pmode != SASS_PMODE_NONE;
   o.pd = sass_pmode_value(i->pmode, sass_zero_x(r, i->x, cc));
   return o;
}

static struct outcome
carry_pred(const struct sass_instr *i, struct sass_sum s)
{
   struct outcome o = sum(i, s);
   o.writes_pd = true;
   o.pd = sass_cc_carry(s.cc) != 0;
   return o;
}

static struct outcome
reference(const struct sass_instr *i, const struct lane *v)
{
   const struct sass_xmad xmad = {i->h1_a, i->h1_b, i->signed_a, i->signed_b,
                                  i->psl,  i->mrg,  i->x,        i->cmode};
   uint32_t fa = sass_f32_mod(v->a, i->neg_a, i->abs_a);
   uint32_t fb = sass_f32_mod(v->b, i->neg_b, i->abs_b);
   uint32_t fc = sass_f32_mod(v->c, i->neg_c, false), r;
   switch (i->op) {
   case SASS_OP_IADD:
   case SASS_OP_IADD32I:
      return sum(i, sass_iadd_full(v->a, v->b, i->neg_a, i->neg_b, i->po, i->x,
                                   i->sat, v->cc));
   case SASS_OP_IADD3:
      return sum(i, sass_iadd3(sass_half_of(v->a, i->half_a),
                               sass_half_of(v->b, i->half_b),
                               sass_half_of(v->c, i->half_c), i->neg_a,
                               i->neg_b, i->neg_c, i->iadd3_mode, i->x, v->cc));
   case SASS_OP_ISCADD:
      return sum(i, sass_lea(v->a, v->b, i->shift, i->neg_a, i->neg_b, i->po,
                             false, v->cc));
   case SASS_OP_LEA:
      return carry_pred(i, sass_lea(v->a, v->b, i->shift, i->neg_a, i->neg_b,
                                    i->po, i->x, v->cc));
   case SASS_OP_LEA_HI:
      return carry_pred(
         i, sass_lea_hi(v->a, v->b, v->c, i->shift, i->neg_a, i->x, v->cc));
   case SASS_OP_XMAD:
      return sum(i, sass_xmad(&xmad, v->a, v->b, v->c, v->cc));
   case SASS_OP_IMNMX:
      if (i->mnmx_mode != SASS_MNMX_NONE)
         return sum(i, sass_imnmx_wide(v->a, v->b, i->is_signed, v->pc,
                                       i->mnmx_mode, v->cc));
      r = sass_imnmx(v->a, v->b, i->is_signed, v->pc);
      return result(i, r, sass_cc_logic(r));
   case SASS_OP_ISETP:
      return setp(i,
                  i->x ? sass_icmp_x(i->cond, i->is_signed, v->a, v->b, v->cc)
                       : sass_icmp(i->cond, i->is_signed, v->a, v->b),
                  v->pc);
   case SASS_OP_SHL:
      r = sass_shl(v->a, v->b, i->w);
      return result(i, r, sass_cc_logic_x(r, i->x, v->cc));
   case SASS_OP_SHR:
      r = sass_shr(v->a, v->b, i->is_signed, i->w, i->brev);
      return result(i, r, sass_cc_logic_x(r, i->x, v->cc));
   case SASS_OP_LOP:
   case SASS_OP_LOP32I:
      return with_pmode(i,
                        sass_lop(i->lop, sass_not_if(v->a, i->not_a),
                                 sass_not_if(v->b, i->not_b)),
                        v->cc);
   case SASS_OP_LOP3:
      return with_pmode(i, sass_lop3(v->a, v->b, v->c, i->lut), v->cc);
   case SASS_OP_SEL:
      return result(i, v->pc ? v->a : v->b, 0);
   case SASS_OP_MOV:
   case SASS_OP_MOV32I:
      return result(i, v->b, 0);
   case SASS_OP_FADD:
   case SASS_OP_FADD32I:
      r = sass_fadd_full(fa, fb, i->ftz, i->rnd, i->sat);
      return result(i, r, sass_cc_f32(r));
   case SASS_OP_FMUL:
   case SASS_OP_FMUL32I:
      r = sass_fmul_full(v->a, fb, i->fscale, i->ftz, i->rnd, i->sat);
      return result(i, r, sass_cc_f32(r));
   case SASS_OP_FFMA:
      r = sass_ffma_full(v->a, fb, fc, i->ftz, i->rnd, i->sat);
      return result(i, r, sass_cc_f32(r));
   case SASS_OP_FMNMX:
      r = sass_fmnmx(fa, fb, i->ftz, v->pc);
      return result(i, r, sass_cc_f32(r));
   case SASS_OP_FSETP:
      return setp(i, sass_fcmp_full(i->cond, fa, fb, i->ftz), v->pc);
   case SASS_OP_MUFU:
      return result(i, sass_mufu(i->mufu, fa, i->sat), 0);
   case SASS_OP_VADD:
   case SASS_OP_VMNMX:
   case SASS_OP_VABSDIFF:
   case SASS_OP_VSHL:
   case SASS_OP_VSHR:
      r = sass_video(i, v->a, v->b, v->c);
      return result(i, r, sass_cc_logic(r));
   case SASS_OP_VSET:
      r = sass_vset(i, v->a, v->b, v->c);
      return result(i, r, sass_cc_logic(r));
   case SASS_OP_VMAD:
      r = sass_vmad(i, v->a, v->b, v->c);
      return result(i, r, sass_cc_logic(r));
   case SASS_OP_VABSDIFF4:
      return result(i, sass_vabsdiff4(i, v->a, v->b, v->c), 0);
   case SASS_OP_IMADSP:
      r = sass_imadsp(i, v->a, v->b, v->c);
      return result(i, r, sass_cc_logic(r));
   case SASS_OP_VSETP:
      return setp(i, sass_video_compare(i, v->a, v->b), v->pc);
   default:
      abort();
   }
}

static const enum sass_op ops[] = {
   SASS_OP_IADD,      SASS_OP_IADD32I, SASS_OP_IADD3,   SASS_OP_ISCADD,
   SASS_OP_LEA,       SASS_OP_LEA_HI,  SASS_OP_XMAD,    SASS_OP_IMNMX,
   SASS_OP_ISETP,     SASS_OP_SHL,     SASS_OP_SHR,     SASS_OP_LOP,
   SASS_OP_LOP32I,    SASS_OP_LOP3,    SASS_OP_SEL,     SASS_OP_MOV,
   SASS_OP_MOV32I,    SASS_OP_FADD,    SASS_OP_FMUL,    SASS_OP_FFMA,
   SASS_OP_FMNMX,     SASS_OP_FSETP,   SASS_OP_FADD32I, SASS_OP_FMUL32I,
   SASS_OP_MUFU,      SASS_OP_VADD,    SASS_OP_VMNMX,   SASS_OP_VABSDIFF,
   SASS_OP_VSHL,      SASS_OP_VSHR,    SASS_OP_VSET,    SASS_OP_VMAD,
   SASS_OP_VABSDIFF4, SASS_OP_IMADSP,  SASS_OP_VSETP,
};

/* ---- random instructions ---- */

static uint8_t
reg(void)
{
   return rnd() % 8 ? rnd() % REGS : SASS_RZ;
}

/* Flips bits of a plain instruction until it is another legal one of the same
 * op, then brings registers and constants into range. */
static bool
random_instr(uint64_t *word)
{
   struct sass_instr i;
   enum sass_op op = ops[rnd() % ARRAY_SIZE(ops)];
   enum sass_form form = rnd() % 4;
   if (!sass_op_has_form(op, form))
      return false;
   sass_instr_init(&i, op, form);
   if (sass_encode(&i, word, NULL))
      return false;
   uint64_t flips =
      ((uint64_t)rnd() << 32 | rnd()) & ((uint64_t)rnd() << 32 | rnd());
   if (coin()) /* few modifiers */
      flips &= ((uint64_t)rnd() << 32 | rnd()) | 0x0100007ffff00000ull;
   if (sass_decode(*word ^ flips, &i) || i.op != op || i.form != form)
      return false;
   i.rd = reg();
   i.ra = reg();
   if (form != SASS_FORM_I && form != SASS_FORM_C)
      i.rb = reg();
   i.rc = i.rc == SASS_RZ ? SASS_RZ : reg();
   i.guard = SASS_PT;
   i.guard_not = false;
   i.cb_bank = 0;
   i.cb_off &= 0xfc;
   if (i.op == SASS_OP_MOV || i.op == SASS_OP_MOV32I)
      i.lane_mask = 0xf;
   if (form == SASS_FORM_I && coin())
      i.imm = (int32_t)value();
   return !sass_encode(&i, word, NULL);
}

/* ---- the comparison ---- */

static uint32_t
operand(const struct machine *m, const struct state *s, uint8_t r, unsigned l)
{
   return r < REGS ? s->r[r][l] : 0; /* RZ, or not an operand */
}

static struct lane
lane_of(const struct machine *m, const struct state *s,
        const struct sass_instr *i, unsigned l)
{
   uint32_t constant;
   memcpy(&constant, m->bank + i->cb_off, 4);
   struct lane v = {
      .a = operand(m, s, i->ra, l),
      .b = operand(m, s, i->rb, l),
      .c = operand(m, s, i->rc, l),
      .d = operand(m, s, i->rd, l),
      .cc = s->cc[l],
      .pc = (s->pred[i->pc] >> l & 1) != i->pc_not,
   };
   if (i->form == SASS_FORM_I)
      v.b = i->imm;
   if (i->form == SASS_FORM_C)
      v.b = constant;
   if (i->form == SASS_FORM_RC)
      v.c = constant;
   return v;
}

static void
set_pred(struct state *s, uint8_t p, unsigned l, bool v)
{
   if (p != SASS_PT)
      s->pred[p] = (s->pred[p] & ~(1u << l)) | (uint32_t)v << l;
}

static void
run_reference(const struct machine *m, const struct state *before,
              const struct sass_instr *i, uint32_t mask, struct state *after)
{
   *after = *before;
   nvsim_for_each_lane(l, mask) {
      struct lane v = lane_of(m, before, i, l);
      struct outcome o = reference(i, &v);
      if (o.writes_r && i->rd != SASS_RZ)
         after->r[i->rd][l] = o.r;
      if (o.writes_cc)
         after->cc[l] = o.cc;
      if (o.writes_pd)
         set_pred(after, i->pd, l, o.pd);
      if (o.writes_pd2)
         set_pred(after, i->pd2, l, o.pd2);
   }
}

static nvsim_exec_fn
lookup(const struct nvsim_exec_vector *level, const struct sass_instr *i)
{
   const nvsim_exec_select tables[] = {level->plain, level->integer,
                                       level->single, nvsim_exec_video};
   nvsim_exec_fn fn = NULL;
   for (unsigned t = 0; t < ARRAY_SIZE(tables) && !fn; t++)
      fn = tables[t](i);
   return fn;
}

static void
compare(const struct nvsim_exec_vector *level, const struct nvsim_instr *in,
        struct machine *m, const struct state *before, const struct state *want,
        uint32_t mask)
{
   struct state got;
   nvsim_exec_fn fn = lookup(level, &in->i);
   assert_non_null(fn);
   if (fn == nvsim_exec_unsupported)
      return;
   load(m, before);
   fn(&m->w, in, mask);
   save(m, &got);
   if (!memcmp(&got, want, sizeof(got)))
      return;
   struct util_buf b;
   util_buf_init(&b);
   sass_print(&in->i, 0, &b);
   for (unsigned l = 0; l < NVSIM_LANES; l++) {
      struct lane v = lane_of(m, before, &in->i, l);
      unsigned rd = in->i.rd % REGS;
      if (got.r[rd][l] != want->r[rd][l] || got.cc[l] != want->cc[l])
         print_message("lane %u: a %08x b %08x c %08x cc %02x: %08x/%02x, not "
                       "%08x/%02x\n",
                       l, v.a, v.b, v.c, v.cc, got.r[rd][l], got.cc[l],
                       want->r[rd][l], want->cc[l]);
   }
   fail_msg("%s, mask %08x", b.data, mask);
}

static void
executors_agree_with_sem(void **state)
{
   uint64_t seed = test_seed();
   rng = seed * 0x9e3779b97f4a7c15ull | 1;
   static struct machine m;
   static struct nvsim_code_page page;
   struct nvsim_code_cache *cc = nvsim_code_cache_create(&m.sim);
   m.w.r = m.rows;
   m.w.grid = &m.grid;
   m.grid.sim = &m.sim;
   m.w.worker = &m.worker;
   m.w.cta = &m.cta;
   m.grid.cb[0] = (struct nvsim_cb){.valid = true, .size_B = 0x10000};
   m.worker.cb_data[0] = m.bank;
   m.worker.cb_valid[0] = 0xffff;
   const struct nvsim_exec_vector *levels[3] = {&nvsim_exec_base};
   unsigned num_levels = 1;
#if defined(__x86_64__)
   if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      levels[num_levels++] = &nvsim_exec_v3;
   if (__builtin_cpu_supports("avx512f") &&
       __builtin_cpu_supports("avx512dq") &&
       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
      levels[num_levels++] = &nvsim_exec_v4;
#endif
   unsigned done = 0;
   while (done < STEPS) {
      uint64_t word;
      struct nvsim_instr in = {.fn = nvsim_exec_decode, .page_off = 8};
      if (!random_instr(&word))
         continue;
      page.raw[1] = word;
      nvsim_code_decode(cc, &page, &in);
      if (in.max_reg >= REGS)
         continue;
      struct state before, want;
      if (done % 16 == 0)
         randomize(&m);
      save(&m, &before);
      uint32_t mask = coin() ? NVSIM_ALL : rnd();
      run_reference(&m, &before, &in.i, mask, &want);
      for (unsigned l = 0; l < num_levels; l++)
         compare(levels[l], &in, &m, &before, &want, mask);
      load(&m, &before);
      done++;
   }
   nvsim_code_cache_destroy(cc);
}

/* ---- all of them ---- */

/* Instructions that end in an error on purpose; all others run. */
static const struct {
   enum sass_op op;
   const char *why;
} refused[] = {
   {SASS_OP_GETCRSPTR, "of the trap handler"},
   {SASS_OP_SETCRSPTR, "of the trap handler"},
   {SASS_OP_GETLMEMBASE, "of the trap handler"},
   {SASS_OP_SETLMEMBASE, "of the trap handler"},
   {SASS_OP_RTT, "of the trap handler"},
   {SASS_OP_IDE, "of the debugger"},
   {SASS_OP_R2B, "nobody knows what it does"},
   {SASS_OP_TXA, "nobody knows what it gives"},
};

static bool
is_refused(enum sass_op op)
{
   for (unsigned n = 0; n < ARRAY_SIZE(refused); n++)
      if (refused[n].op == op)
         return true;
   return false;
}

static void
every_instruction_has_an_executor(void **state)
{
   unsigned missing = 0;
   for (enum sass_op op = 0; op < SASS_OP_COUNT; op++) {
      for (enum sass_form form = 0; form < SASS_FORM_COUNT; form++) {
         struct sass_instr i;
         if (!sass_op_has_form(op, form))
            continue;
         sass_instr_init(&i, op, form);
         bool runs = nvsim_exec_lookup(&i) != nvsim_exec_unsupported;
         if (runs != !is_refused(op)) {
            print_message("%s form %u: %s\n", sass_op_info(op)->name, form,
                          runs ? "runs" : "is not implemented");
            missing++;
         }
      }
   }
   assert_int_equal(missing, 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(executors_agree_with_sem),
      cmocka_unit_test(every_instruction_has_an_executor),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
