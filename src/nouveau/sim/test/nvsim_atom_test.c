/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Atomics of one warp: all lanes on one word, on words of their own, on a few
 * words; with and without lanes that stay away. The lanes go one after the
 * other, so that old values and memory are known. */
#include "nvsim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "util/util_macros.h"

#define LANES 32

/* What the kernel reads and writes, by lane. */
struct page {
   uint64_t value[LANES][2]; /* with the new value for CAS, in the op's size */
   struct {
      uint32_t offset_B, takes_part;
   } where[LANES];
   uint64_t word[LANES], old[LANES];
};

struct op {
   const char *name; /* as the assembler wants it */
   enum {
      ADD,
      MIN,
      MAX,
      INC,
      DEC,
      AND,
      OR,
      XOR,
      EXCH,
      CAS
   } what;
   enum {
      U32,
      S32,
      U64,
      S64,
      F32
   } type;
   bool not_shared;
};

static const struct op ops[] = {
   {"ADD", ADD, U32},
   {"MIN", MIN, U32},
   {"MAX", MAX, U32},
   {"INC", INC, U32},
   {"DEC", DEC, U32},
   {"AND", AND, U32},
   {"OR", OR, U32},
   {"XOR", XOR, U32},
   {"EXCH", EXCH, U32},
   {"CAS", CAS, U32},
   {"MIN.S32", MIN, S32},
   {"MAX.S32", MAX, S32},
   {"EXCH.U64", EXCH, U64},
   {"CAS.64", CAS, U64},
   {"ADD.U64", ADD, U64, .not_shared = true},
   {"MIN.U64", MIN, U64, .not_shared = true},
   {"MAX.U64", MAX, U64, .not_shared = true},
   {"AND.U64", AND, U64, .not_shared = true},
   {"OR.U64", OR, U64, .not_shared = true},
   {"XOR.U64", XOR, U64, .not_shared = true},
   {"MIN.S64", MIN, S64, .not_shared = true},
   {"MAX.S64", MAX, S64, .not_shared = true},
   {"ADD.F32.FTZ.RN", ADD, F32, .not_shared = true},
};

static bool
is_wide(const struct op *op)
{
   return op->type == U64 || op->type == S64;
}

static uint64_t
add_floats(uint32_t a, uint32_t b)
{
   float x, y;
   memcpy(&x, &a, 4);
   memcpy(&y, &b, 4);
   x += y;
   memcpy(&a, &x, 4);
   return a;
}

static bool
is_less(const struct op *op, uint64_t a, uint64_t b)
{
   switch (op->type) {
   case S32:
      return (int32_t)a < (int32_t)b;
   case S64:
      return (int64_t)a < (int64_t)b;
   default:
      return a < b;
   }
}

static uint64_t
next(const struct op *op, uint64_t old, uint64_t v, uint64_t swap)
{
   switch (op->what) {
   case ADD:
      return op->type == F32 ? add_floats(old, v) : old + v;
   case MIN:
      return is_less(op, old, v) ? old : v;
   case MAX:
      return is_less(op, v, old) ? old : v;
   case INC:
      return old >= v ? 0 : old + 1;
   case DEC:
      return old == 0 || old > v ? v : old - 1;
   case AND:
      return old & v;
   case OR:
      return old | v;
   case XOR:
      return old ^ v;
   case EXCH:
      return v;
   case CAS:
      return old == v ? swap : old;
   }
   return 0;
}

static void
expect(const struct op *op, struct page *p)
{
   uint64_t keep = is_wide(op) ? ~0ull : 0xffffffff;
   for (unsigned l = 0; l < LANES; l++) {
      if (!p->where[l].takes_part)
         continue;
      const uint32_t *narrow = (const uint32_t *)p->value[l];
      uint64_t v = is_wide(op) ? p->value[l][0] : narrow[0];
      uint64_t swap = is_wide(op) ? p->value[l][1] : narrow[1];
      uint64_t *word = &p->word[p->where[l].offset_B / 8];
      p->old[l] = *word & keep;
      *word = (next(op, *word & keep, v, swap) & keep) | (*word & ~keep);
   }
}

/* R4..R7: the lane's values; R8, R9: where; R10: its address; R12, R13: old. */
static const char begin[] = "S2R R0, SR_LANEID;\n"
                            "SHL R1, R0, 0x4;\n"
                            "IADD R2.CC, R1, c[0x0][0x0];\n"
                            "IADD.X R3, RZ, c[0x0][0x4];\n"
                            "LDG.E.128 R4, [R2];\n"
                            "SHL R1, R0, 0x3;\n"
                            "IADD R2.CC, R1, c[0x0][0x0];\n"
                            "IADD.X R3, RZ, c[0x0][0x4];\n"
                            "LDG.E.64 R8, [R2+0x200];\n"
                            "ISETP.NE.U32.AND P0, PT, R9, RZ, PT;\n"
                            "IADD R10.CC, R8, c[0x0][0x0];\n"
                            "IADD.X R11, RZ, c[0x0][0x4];\n"
                            "MOV R12, RZ;\n"
                            "MOV R13, RZ;\n";
static const char global[] = "@P0 ATOM.E.%s R12, [R10+0x300], R4%s;\n";
static const char shared[] = "LDG.E.64 R14, [R2+0x300];\n"
                             "STS.64 [R1], R14;\n"
                             "@P0 ATOMS.%s R12, [R8], R4%s;\n"
                             "LDS.64 R14, [R1];\n"
                             "STG.E.64 [R2+0x300], R14;\n";
static const char end[] = "STG.E.64 [R2+0x400], R12;\n"
                          "EXIT;\n";

static uint64_t
random_u64(uint64_t *state)
{
   *state ^= *state << 13;
   *state ^= *state >> 7;
   *state ^= *state << 17;
   return *state * 0x2545f4914f6cdd1dull;
}

/* Few different values, so that comparisons come out either way. */
static void
fill(const struct op *op, struct page *p, unsigned num_words, uint32_t mask,
     uint64_t *random)
{
   memset(p, 0, sizeof(*p));
   for (unsigned l = 0; l < LANES; l++) {
      uint64_t number[3];
      for (unsigned k = 0; k < 3; k++) {
         number[k] = random_u64(random) % 4 - (op->type == F32 ? 0 : 1);
         float f = number[k];
         if (op->type == F32)
            memcpy(&number[k], &f, 4);
      }
      uint32_t *narrow = (uint32_t *)p->value[l];
      narrow[0] = (uint32_t)number[0];
      narrow[1] = (uint32_t)number[1];
      if (is_wide(op))
         memcpy(p->value[l], number, sizeof(p->value[l]));
      p->word[l] = number[2];
      p->where[l].offset_B = l % num_words * 8;
      p->where[l].takes_part = mask >> l & 1;
   }
}

static void
check_op(struct rig *r, uint64_t buf, const struct op *op, bool in_shared,
         uint64_t *random)
{
   static const unsigned num_words[] = {1, 5, 32};
   static const uint32_t masks[] = {0xffffffff, 0x0ff0f00d, 0x80000000, 0};
   struct page *p = rig_ptr(r, buf), want;
   char middle[256], code[2048];
   snprintf(middle, sizeof(middle), in_shared ? shared : global, op->name,
            op->what != CAS ? ""
            : is_wide(op)   ? ", R6"
                            : ", R5");
   snprintf(code, sizeof(code), "%s%s%s", begin, middle, end);
   struct rig_launch launch = {
      .code = code,
      .block = {LANES},
      .shared_B = in_shared ? 256 : 0,
      .args = {(uint32_t)rig_va(buf), (uint32_t)(rig_va(buf) >> 32)}};
   for (unsigned n = 0; n < ARRAY_SIZE(num_words); n++) {
      for (unsigned m = 0; m < ARRAY_SIZE(masks); m++) {
         fill(op, p, num_words[n], masks[m], random);
         want = *p;
         expect(op, &want);
         assert_true(rig_run(r, &launch));
         if (memcmp(p, &want, sizeof(want)))
            fail_msg("%s, %s, %u words, lanes %#x", op->name,
                     in_shared ? "shared" : "global", num_words[n], masks[m]);
      }
   }
}

static void
lanes_in_order(void **state)
{
   struct rig r;
   const char *seed = getenv("TEST_SEED");
   uint64_t random = (seed ? strtoull(seed, NULL, 0) : 1) << 1 | 1;
   print_message("TEST_SEED=%llu\n", (unsigned long long)random >> 1);
   rig_init(&r, &(struct rig_config){0});
   uint64_t buf = rig_alloc(&r, sizeof(struct page));
   for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
      check_op(&r, buf, &ops[i], false, &random);
      if (!ops[i].not_shared)
         check_op(&r, buf, &ops[i], true, &random);
   }
   rig_finish(&r);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(lanes_in_order),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
