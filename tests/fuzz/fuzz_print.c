/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const type_names[] = {"uchar", "short", "int",   "uint",
                                         "long",  "ulong", "float", "double"};
/* In which arithmetic cannot overflow, or wraps. */
static const char *const wide_names[] = {"uint",  "uint",  "uint",  "uint",
                                         "ulong", "ulong", "float", "double"};
static const char *const var_names[] = {"b", "h", "i", "u", "l", "m", "f", "d"};

static void print_expr(const struct fuzz_expr *e, struct util_buf *out);

static void
print_const(const struct fuzz_expr *e, struct util_buf *out)
{
   static const char *const floats[] = {"0.0", "1.0",   "-1.0",  "0.5",  "3.0",
                                        "1e9", "1e-30", "-7.25", "1e-40"};
   if (fuzz_is_float(e->type))
      util_buf_printf(out, "((%s)%s)", type_names[e->type], floats[e->imm]);
   else
      util_buf_printf(out, "((%s)0x%" PRIx64 "ul)", type_names[e->type],
                      e->imm);
}

/* (T)((W)a op (W)b) */
static void
print_infix(const struct fuzz_expr *e, const char *op, struct util_buf *out)
{
   util_buf_printf(out, "((%s)((%s)", type_names[e->type], wide_names[e->type]);
   print_expr(e->a, out);
   util_buf_printf(out, " %s (%s)", op, wide_names[e->type]);
   print_expr(e->b, out);
   util_buf_puts(out, "))");
}

static void
print_shift(const struct fuzz_expr *e, struct util_buf *out)
{
   bool left = e->op == FUZZ_SHL;
   const char *in = left ? wide_names[e->type] : type_names[e->type];
   util_buf_printf(out, "((%s)((%s)", type_names[e->type], in);
   print_expr(e->a, out);
   util_buf_puts(out, left ? " << (" : " >> (");
   print_expr(e->b, out);
   util_buf_printf(out, " & %u)))", fuzz_bits(e->type) - 1);
}

/* The divisor is positive. */
static void
print_division(const struct fuzz_expr *e, struct util_buf *out)
{
   const char *t = type_names[e->type];
   uint64_t mask = ~0ull >> (64 - fuzz_bits(e->type) + 1);
   util_buf_printf(out, "((%s)(", t);
   print_expr(e->a, out);
   util_buf_printf(out, " %s (%s)((", e->op == FUZZ_DIV ? "/" : "%", t);
   print_expr(e->b, out);
   util_buf_printf(out, " & (%s)0x%" PRIx64 ") | 1)))", t, mask);
}

static void
print_call(const struct fuzz_expr *e, const char *name, unsigned args,
           struct util_buf *out)
{
   const struct fuzz_expr *arg[] = {e->a, e->b, e->c};
   util_buf_printf(out, "((%s)%s(", type_names[e->type], name);
   for (unsigned n = 0; n < args; n++) {
      util_buf_puts(out, n ? ", " : "");
      print_expr(arg[n], out);
   }
   util_buf_puts(out, "))");
}

static void
print_indexed(const char *array, unsigned size, const struct fuzz_expr *index,
              struct util_buf *out)
{
   util_buf_printf(out, "%s[", array);
   print_expr(index, out);
   util_buf_printf(out, " & %u]", size - 1);
}

/* The member of `union memory`: b4[…] */
static void
print_member(enum fuzz_type t, struct fuzz_access a,
             const struct fuzz_expr *index, struct util_buf *out)
{
   static const char *const spaces[] = {"(&pm)", "lm", "gm"};
   char lanes[8] = "";
   if (a.lanes > 1)
      snprintf(lanes, sizeof(lanes), "%u", a.lanes);
   util_buf_printf(out, "%s->%s%s[", spaces[a.space], var_names[t], lanes);
   print_expr(index, out);
   util_buf_printf(out, " & %u]",
                   FUZZ_MEM_B * 8 / (fuzz_bits(t) * a.lanes) - 1);
}

static void
print_load(const struct fuzz_expr *e, struct util_buf *out)
{
   if (e->access.lanes > 1)
      util_buf_printf(out, "xor_%s%u(", type_names[e->type], e->access.lanes);
   print_member(e->type, e->access, e->a, out);
   if (e->access.lanes > 1)
      util_buf_puts(out, ")");
}

static void
print_store(const struct fuzz_stmt *s, struct util_buf *out)
{
   print_member(s->type, s->access, s->x, out);
   if (s->access.lanes == 1) {
      /* The bits of a NaN are free. */
      util_buf_puts(out, fuzz_is_float(s->type) ? " = no_nan(" : " = (");
      print_expr(s->y, out);
      util_buf_puts(out, ")");
   } else {
      util_buf_printf(out, " = (%s%u)(", type_names[s->type], s->access.lanes);
      print_expr(s->y, out);
      util_buf_printf(out, ") + (%s%u)(0", type_names[s->type],
                      s->access.lanes);
      for (unsigned n = 1; n < s->access.lanes; n++)
         util_buf_printf(out, ", %u", n);
      util_buf_puts(out, ")");
   }
   util_buf_puts(out, ";\n");
}

static void
print_other(const struct fuzz_expr *e, struct util_buf *out)
{
   switch (e->op) {
   case FUZZ_CLAMP: /* the limits in order */
      util_buf_printf(out, "order_%s(", type_names[e->type]);
      print_expr(e->a, out);
      util_buf_puts(out, ", ");
      print_expr(e->b, out);
      util_buf_puts(out, ", ");
      print_expr(e->c, out);
      util_buf_puts(out, ")");
      break;
   case FUZZ_CONVERT:
      util_buf_printf(out, "convert_%s_sat(", type_names[e->type]);
      util_buf_puts(out, fuzz_is_float(e->a->type) ? "no_nan(" : "(");
      print_expr(e->a, out);
      util_buf_puts(out, "))");
      break;
   case FUZZ_FMIN: /* the sign of a zero is free */
   case FUZZ_FMAX:
      util_buf_puts(out, e->op == FUZZ_FMIN ? "(fmin(" : "(fmax(");
      print_expr(e->a, out);
      util_buf_puts(out, ", ");
      print_expr(e->b, out);
      util_buf_printf(out, ") + (%s)0)", type_names[e->type]);
      break;
   case FUZZ_COPYSIGN: /* so is that of a NaN */
      util_buf_puts(out, "copysign(");
      print_expr(e->a, out);
      util_buf_puts(out, ", no_nan(");
      print_expr(e->b, out);
      util_buf_puts(out, "))");
      break;
   case FUZZ_LDEXP:
      util_buf_printf(out, "((%s)ldexp(", type_names[e->type]);
      print_expr(e->a, out);
      util_buf_puts(out, ", ");
      print_expr(e->b, out);
      util_buf_puts(out, " % 300))");
      break;
   case FUZZ_NOT:
      util_buf_printf(out, "((%s)~", type_names[e->type]);
      print_expr(e->a, out);
      util_buf_puts(out, ")");
      break;
   case FUZZ_FNEG:
      util_buf_puts(out, "(-");
      print_expr(e->a, out);
      util_buf_puts(out, ")");
      break;
   case FUZZ_BITS:
      util_buf_printf(out, "((%s)bits%u(", type_names[e->type],
                      fuzz_bits(e->type));
      print_expr(e->a, out);
      util_buf_puts(out, "))");
      break;
   case FUZZ_LT:
   case FUZZ_EQ:
      util_buf_puts(out, "(");
      print_expr(e->a, out);
      util_buf_puts(out, e->op == FUZZ_LT ? " < " : " == ");
      print_expr(e->b, out);
      util_buf_puts(out, ")");
      break;
   case FUZZ_SELECT:
      util_buf_printf(out, "((%s)(", type_names[e->type]);
      print_expr(e->c, out);
      util_buf_puts(out, " ? ");
      print_expr(e->a, out);
      util_buf_puts(out, " : ");
      print_expr(e->b, out);
      util_buf_puts(out, "))");
      break;
   default:
      util_buf_printf(out, "((%s)", type_names[e->type]);
      print_expr(e->a, out);
      util_buf_puts(out, ")");
   }
}

static void
print_expr(const struct fuzz_expr *e, struct util_buf *out)
{
   static const char *const infix[] = {
      [FUZZ_ADD] = "+",  [FUZZ_SUB] = "-",  [FUZZ_MUL] = "*",
      [FUZZ_AND] = "&",  [FUZZ_OR] = "|",   [FUZZ_XOR] = "^",
      [FUZZ_FADD] = "+", [FUZZ_FSUB] = "-", [FUZZ_FMUL] = "*",
      [FUZZ_FDIV] = "/", [FUZZ_CAST] = NULL};
   static const struct {
      const char *name;
      unsigned args;
   } calls[FUZZ_CAST + 1] = {[FUZZ_MIN] = {"min", 2},
                             [FUZZ_MAX] = {"max", 2},
                             [FUZZ_MUL_HI] = {"mul_hi", 2},
                             [FUZZ_ROTATE] = {"rotate", 2},
                             [FUZZ_CLZ] = {"clz", 1},
                             [FUZZ_POPCOUNT] = {"popcount", 1},
                             [FUZZ_ADD_SAT] = {"add_sat", 2},
                             [FUZZ_SUB_SAT] = {"sub_sat", 2},
                             [FUZZ_ABS_DIFF] = {"abs_diff", 2},
                             [FUZZ_HADD] = {"hadd", 2},
                             [FUZZ_RHADD] = {"rhadd", 2},
                             [FUZZ_CTZ] = {"ctz", 1},
                             [FUZZ_MAD_HI] = {"mad_hi", 3},
                             [FUZZ_MAD_SAT] = {"mad_sat", 3},
                             [FUZZ_BITSELECT] = {"bitselect", 3},
                             [FUZZ_FMA] = {"fma", 3},
                             [FUZZ_FABS] = {"fabs", 1},
                             [FUZZ_FLOOR] = {"floor", 1},
                             [FUZZ_CEIL] = {"ceil", 1},
                             [FUZZ_TRUNC] = {"trunc", 1},
                             [FUZZ_RINT] = {"rint", 1},
                             [FUZZ_ROUND] = {"round", 1},
                             [FUZZ_SQRT] = {"sqrt", 1},
                             [FUZZ_FMOD] = {"fmod", 2},
                             [FUZZ_REMAINDER] = {"remainder", 2},
                             [FUZZ_FDIM] = {"fdim", 2},
                             [FUZZ_NEXTAFTER] = {"nextafter", 2}};
   if (e->op == FUZZ_CONST)
      print_const(e, out);
   else if (e->op == FUZZ_VAR)
      util_buf_printf(out, "%s%u", var_names[e->type], e->var);
   else if (e->op == FUZZ_ITEM)
      util_buf_puts(out, "gid");
   else if (e->op == FUZZ_INPUT_WORD)
      print_indexed("in", FUZZ_INPUT, e->a, out);
   else if (e->op == FUZZ_LOAD)
      print_load(e, out);
   else if (e->op == FUZZ_ARRAY_WORD)
      print_indexed("array", FUZZ_ARRAY, e->a, out);
   else if (e->op == FUZZ_SHL || e->op == FUZZ_SHR)
      print_shift(e, out);
   else if (e->op == FUZZ_DIV || e->op == FUZZ_REM)
      print_division(e, out);
   else if (infix[e->op])
      print_infix(e, infix[e->op], out);
   else if (calls[e->op].name)
      print_call(e, calls[e->op].name, calls[e->op].args, out);
   else
      print_other(e, out);
}

/* ---- statements ---- */

static void print_block(const struct fuzz_stmt *s, unsigned indent,
                        struct util_buf *out);

static void
begin(unsigned indent, struct util_buf *out)
{
   util_buf_printf(out, "%*s", 3 * indent, "");
}

static void
print_switch(const struct fuzz_stmt *s, unsigned indent, struct util_buf *out)
{
   util_buf_puts(out, "switch (");
   print_expr(s->x, out);
   util_buf_puts(out, " & 3) {\n");
   const struct fuzz_stmt *cases[] = {s->body, s->other, s->third};
   static const char *const labels[] = {"case 0:", "case 2:", "default:"};
   for (unsigned n = 0; n < 3; n++) {
      begin(indent, out);
      util_buf_printf(out, "%s\n", labels[n]);
      print_block(cases[n], indent + 1, out);
      begin(indent + 1, out);
      util_buf_puts(out, "break;\n");
   }
   begin(indent, out);
   util_buf_puts(out, "}\n");
}

static void
print_loop(const struct fuzz_stmt *s, unsigned indent, struct util_buf *out)
{
   util_buf_printf(out, "for (uint c%u = 0; c%u < ", s->loop, s->loop);
   if (s->kind == FUZZ_FOR) {
      util_buf_puts(out, "(");
      print_expr(s->x, out);
      util_buf_printf(out, " & %u)", FUZZ_MAX_LOOP);
   } else {
      util_buf_printf(out, "%u && ", FUZZ_MAX_LOOP);
      print_expr(s->x, out);
   }
   util_buf_printf(out, "; c%u++) {\n", s->loop);
   print_block(s->body, indent + 1, out);
   begin(indent, out);
   util_buf_puts(out, "}\n");
}

static void
print_if(const struct fuzz_stmt *s, unsigned indent, struct util_buf *out)
{
   util_buf_puts(out, "if (");
   print_expr(s->x, out);
   util_buf_puts(out, ") {\n");
   print_block(s->body, indent + 1, out);
   if (s->other) {
      begin(indent, out);
      util_buf_puts(out, "} else {\n");
      print_block(s->other, indent + 1, out);
   }
   begin(indent, out);
   util_buf_puts(out, "}\n");
}

/* Slots of the counters have one commutative operation each. */
static void
print_atomic(const struct fuzz_stmt *s, struct util_buf *out)
{
   static const char *const ops[] = {"add", "xor", "max", "min"};
   unsigned slot = s->var;
   util_buf_printf(out, "atomic_%s(&counters[%u], ", ops[slot % 4], slot);
   print_expr(s->y, out);
   util_buf_puts(out, ");\n");
}

static void
print_exchange(const struct fuzz_stmt *s, unsigned indent, struct util_buf *out)
{
   util_buf_puts(out, "mail[lid] = ");
   print_expr(s->y, out);
   util_buf_puts(out, ";\n");
   begin(indent, out);
   util_buf_puts(out, "barrier(CLK_LOCAL_MEM_FENCE);\n");
   begin(indent, out);
   util_buf_printf(out, "u%u = ", s->var);
   print_indexed("mail", FUZZ_GROUP, s->x, out);
   util_buf_puts(out, ";\n");
   begin(indent, out);
   util_buf_puts(out, "barrier(CLK_LOCAL_MEM_FENCE);\n");
}

static void
print_result(struct util_buf *out)
{
   util_buf_puts(out, "out[gid] = 0");
   for (unsigned t = 0; t < FUZZ_NUM_TYPES; t++)
      for (unsigned v = 0; v < FUZZ_VARS; v++)
         util_buf_printf(out,
                         t == FUZZ_F32   ? " + bits32(%s%u) * 0x%" PRIx64 "ul"
                         : t == FUZZ_F64 ? " + bits64(%s%u) * 0x%" PRIx64 "ul"
                                         : " + (ulong)%s%u * 0x%" PRIx64 "ul",
                         var_names[t], v, fuzz_factor(t, v));
   for (unsigned k = 0; k < FUZZ_MEM_B / 8; k++)
      util_buf_printf(out,
                      " + pm.m[%u] * %uul + lm->m[%u] * %uul + "
                      "gm->m[%u] * %uul",
                      k, 6 * k + 3, k, 6 * k + 5, k, 6 * k + 7);
   util_buf_puts(out, ";\n");
}

static void
print_stmt(const struct fuzz_stmt *s, unsigned indent, struct util_buf *out)
{
   begin(indent, out);
   switch (s->kind) {
   case FUZZ_ASSIGN:
      util_buf_printf(out, "%s%u = ", var_names[s->type], s->var);
      print_expr(s->x, out);
      util_buf_puts(out, ";\n");
      break;
   case FUZZ_ARRAY_STORE:
      print_indexed("array", FUZZ_ARRAY, s->x, out);
      util_buf_puts(out, " = ");
      print_expr(s->y, out);
      util_buf_puts(out, ";\n");
      break;
   case FUZZ_ATOMIC:
      print_atomic(s, out);
      break;
   case FUZZ_STORE:
      print_store(s, out);
      break;
   case FUZZ_IF:
      print_if(s, indent, out);
      break;
   case FUZZ_FOR:
   case FUZZ_WHILE:
      print_loop(s, indent, out);
      break;
   case FUZZ_SWITCH:
      print_switch(s, indent, out);
      break;
   case FUZZ_EXCHANGE:
      print_exchange(s, indent, out);
      break;
   case FUZZ_RETURN:
      print_result(out);
      begin(indent, out);
      util_buf_puts(out, "return;\n");
      break;
   default:
      util_buf_puts(out, s->kind == FUZZ_BREAK ? "break;\n" : "continue;\n");
   }
}

static void
print_block(const struct fuzz_stmt *s, unsigned indent, struct util_buf *out)
{
   for (; s; s = s->next)
      print_stmt(s, indent, out);
}

/* Through a union the same bytes may be had as several types. */
static void
print_union(struct util_buf *out)
{
   util_buf_puts(out, "union memory {\n");
   for (unsigned t = 0; t < FUZZ_NUM_TYPES; t++)
      util_buf_printf(out, "   %s %s[%u];\n", type_names[t], var_names[t],
                      FUZZ_MEM_B * 8 / fuzz_bits(t));
   static const enum fuzz_type vectors[] = {FUZZ_U8, FUZZ_U32, FUZZ_U64};
   for (unsigned n = 0; n < ARRAY_SIZE(vectors); n++) {
      enum fuzz_type t = vectors[n];
      for (unsigned k = 2; k <= 16 && k * fuzz_bits(t) <= FUZZ_MEM_B * 8;
           k *= 2)
         util_buf_printf(out, "   %s%u %s%u[%u];\n", type_names[t], k,
                         var_names[t], k, FUZZ_MEM_B * 8 / fuzz_bits(t) / k);
   }
   util_buf_puts(out, "};\n");
   for (unsigned n = 0; n < ARRAY_SIZE(vectors); n++) {
      const char *t = type_names[vectors[n]];
      util_buf_printf(
         out,
         "static %s xor_%s2(%s2 v) { return v.x ^ v.y; }\n"
         "static %s xor_%s4(%s4 v) { return xor_%s2(v.lo ^ v.hi); }\n"
         "static %s xor_%s8(%s8 v) { return xor_%s4(v.lo ^ v.hi); }\n"
         "static %s xor_%s16(%s16 v) { return xor_%s8(v.lo ^ v.hi); }\n",
         t, t, t, t, t, t, t, t, t, t, t, t, t, t, t);
   }
}

void
fuzz_print(const struct fuzz_program *p, struct util_buf *out)
{
   util_buf_puts(out, "#pragma OPENCL FP_CONTRACT OFF\n");
   print_union(out);
   util_buf_printf(
      out,
      "static ulong bits32(float x) { return isnan(x) ? 0x7fc00000 : "
      "as_uint(x); }\n"
      "static ulong bits64(double x) { return isnan(x) ? "
      "0x7ff8000000000000ul : as_ulong(x); }\n"
      "static float __attribute__((overloadable)) no_nan(float x) "
      "{ return isnan(x) ? 0 : x; }\n"
      "static double __attribute__((overloadable)) no_nan(double x) "
      "{ return isnan(x) ? 0 : x; }\n"
      "#define ORDER(t) static t order_##t(t x, t a, t b) "
      "{ return clamp(x, min(a, b), max(a, b)); }\n"
      "ORDER(uchar) ORDER(short) ORDER(int) ORDER(uint) ORDER(long) "
      "ORDER(ulong)\n"
      "kernel void fuzz(global const uint *in, global ulong *out, global uint "
      "*counters, global union memory *mem)\n{\n"
      "   local union memory lms[%u];\n"
      "   union memory pm;\n"
      "   local union memory *lm = &lms[get_local_id(0)];\n"
      "   global union memory *gm = &mem[get_global_id(0)];\n"
      "   for (uint k = 0; k < %u; k++)\n"
      "      pm.m[k] = lm->m[k] = gm->m[k] = k * get_global_id(0);\n"
      "   local uint mail[%u];\n   uint array[%u];\n"
      "   uint gid = get_global_id(0), lid = get_local_id(0);\n"
      "   for (uint k = 0; k < %u; k++) array[k] = k * gid;\n",
      FUZZ_GROUP, FUZZ_MEM_B / 8, FUZZ_GROUP, FUZZ_ARRAY, FUZZ_ARRAY);
   for (unsigned t = 0; t < FUZZ_NUM_TYPES; t++)
      for (unsigned v = 0; v < FUZZ_VARS; v++)
         util_buf_printf(out, "   %s %s%u = (%s)(int)in[(gid + %u) & %u];\n",
                         type_names[t], var_names[t], v, type_names[t],
                         t * FUZZ_VARS + v, FUZZ_INPUT - 1);
   print_block(p->body, 1, out);
   util_buf_puts(out, "   ");
   print_result(out);
   util_buf_puts(out, "}\n");
}
