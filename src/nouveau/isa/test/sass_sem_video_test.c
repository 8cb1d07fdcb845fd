/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Video instructions and IMADSP against arithmetic written out from the PTX
 * manual, and MUFU against the limits of its error. */
#include "sass_sem_random.h"

#include "util/util_macros.h"

#define ROUNDS 200000

/* ---- parts, saturation, what is done with c: by bits ---- */

static __int128
part_by_bits(uint32_t v, unsigned low, unsigned width, bool is_signed)
{
   __int128 r = 0;
   for (unsigned n = 0; n < width; n++)
      if (v >> (low + n) & 1)
         r += (__int128)1 << n;
   if (is_signed && v >> (low + width - 1) & 1)
      r -= (__int128)1 << width;
   return r;
}

static const struct {
   unsigned low, width;
} parts[] = {{0, 32}, {0, 8}, {8, 8}, {16, 8}, {24, 8}, {0, 16}, {16, 16}};

static __int128
clamp(__int128 v, unsigned bits, bool is_unsigned)
{
   __int128 low = is_unsigned ? 0 : -((__int128)1 << (bits - 1));
   __int128 high = ((__int128)1 << (is_unsigned ? bits : bits - 1)) - 1;
   return v < low ? low : v > high ? high : v;
}

/* d[low + width - 1 : low] = r, the rest of c. */
static uint32_t
merged(uint32_t c, uint32_t r, unsigned low, unsigned width)
{
   for (unsigned n = 0; n < width; n++)
      c = (c & ~(1u << (low + n))) | (r >> n & 1) << (low + n);
   return c;
}

static uint32_t
second(const struct sass_instr *i, bool is_unsigned, __int128 t, uint32_t c)
{
   static const struct {
      unsigned low, width;
   } place[] = {{0, 32}, {16, 16}, {0, 16}, {0, 8}, {16, 8}};
   uint32_t r = (uint32_t)t;
   if (i->vmode >= SASS_VMODE_MRG_16H && i->vmode <= SASS_VMODE_MRG_8B2)
      return merged(c, r, place[i->vmode].low, place[i->vmode].width);
   int64_t x = is_unsigned ? r : (int64_t)(int32_t)r;
   int64_t y = is_unsigned ? c : (int64_t)(int32_t)c;
   switch (i->vmode) {
   case SASS_VMODE_ACC:
      return (uint32_t)(x + y);
   case SASS_VMODE_MIN:
      return (uint32_t)(x < y ? x : y);
   case SASS_VMODE_MAX:
      return (uint32_t)(x > y ? x : y);
   default:
      return r;
   }
}

static const uint8_t sat_bits[] = {32, 16, 16, 8, 8, 32, 32, 32};

static struct sass_instr
random_video(enum sass_op op)
{
   struct sass_instr i;
   sass_instr_init(&i, op, rng() % 4 ? SASS_FORM_R : SASS_FORM_I);
   i.signed_a = rng() & 1;
   i.signed_b = rng() & 1;
   i.vpart_a = rng() % 7;
   i.vpart_b = rng() % 7;
   i.vmode = rng() % 8;
   i.vadd = rng() % 4;
   i.ud = rng() & 1;
   i.sat = rng() & 1;
   i.mx = rng() & 1;
   i.w = rng() & 1;
   i.vshr = rng() % 3;
   i.cond = rng() % 7;
   return i;
}

static __int128
a_of(const struct sass_instr *i, uint32_t a)
{
   return part_by_bits(a, parts[i->vpart_a].low, parts[i->vpart_a].width,
                       i->signed_a);
}

static __int128
b_of(const struct sass_instr *i, uint32_t b)
{
   if (i->form == SASS_FORM_I)
      return part_by_bits(b, 0, 16, i->signed_b);
   return part_by_bits(b, parts[i->vpart_b].low, parts[i->vpart_b].width,
                       i->signed_b);
}

static void
test_scalar(void **state)
{
   static const enum sass_op ops[] = {SASS_OP_VADD, SASS_OP_VMNMX,
                                      SASS_OP_VABSDIFF, SASS_OP_VSHL,
                                      SASS_OP_VSHR};
   for (unsigned n = 0; n < ROUNDS; n++) {
      struct sass_instr i = random_video(ops[rng() % 5]);
      uint32_t a = rng32(), b = n & 1 ? rng() % 40 : rng32(), c = rng32();
      if (i.op == SASS_OP_VSHL || i.op == SASS_OP_VSHR)
         i.signed_b = false;
      __int128 x = a_of(&i, a), y = b_of(&i, b), t = 0;
      unsigned count = i.w ? (unsigned)y % 32 : y > 32 ? 32 : (unsigned)y;
      switch (i.op) {
      case SASS_OP_VADD:
         t = i.vadd == 1 ? x - y : i.vadd == 2 ? y - x : x + y + (i.vadd == 3);
         break;
      case SASS_OP_VMNMX:
         t = i.mx ? (x > y ? x : y) : (x < y ? x : y);
         break;
      case SASS_OP_VABSDIFF:
         t = x > y ? x - y : y - x;
         break;
      case SASS_OP_VSHL:
         t = x * ((__int128)1 << count);
         break;
      default: /* rounds down */
         t = x >> count;
         break;
      }
      if (i.sat)
         t = clamp(t, sat_bits[i.vmode], i.ud);
      CHECK(sass_video(&i, a, b, c), second(&i, i.ud, t, c),
            "op %u form %u a %#x.%u b %#x.%u c %#x mode %u", i.op, i.form, a,
            i.vpart_a, b, i.vpart_b, c, i.vmode);
   }
}

static void
test_compare_and_mad(void **state)
{
   for (unsigned n = 0; n < ROUNDS; n++) {
      struct sass_instr i = random_video(SASS_OP_VSET);
      uint32_t a = rng32(), b = n & 1 ? rng32() : a, c = rng32();
      __int128 x = a_of(&i, a), y = b_of(&i, b);
      bool want[] = {false, x<y, x == y, x <= y, x> y, x != y, x >= y};
      CHECK(sass_video_compare(&i, a, b), want[i.cond], "vset %#x %#x", a, b);
      CHECK(sass_vset(&i, a, b, c), second(&i, true, want[i.cond], c),
            "vset %#x %#x %#x mode %u", a, b, c, i.vmode);

      i = random_video(SASS_OP_VMAD);
      x = a_of(&i, a);
      y = b_of(&i, b);
      bool is_signed = i.signed_a || i.signed_b || i.vadd == 1 || i.vadd == 2;
      __int128 z = is_signed ? (__int128)(int32_t)c : (__int128)c;
      __int128 t = i.vadd == 0   ? x * y + z
                   : i.vadd == 1 ? x * y - z
                   : i.vadd == 2 ? z - x * y
                                 : x * y + z + 1;
      t >>= i.vshr == 1 ? 7 : i.vshr == 2 ? 15 : 0;
      if (i.sat)
         t = clamp(t, 32, !is_signed);
      CHECK(sass_vmad(&i, a, b, c), (uint32_t)t, "vmad %#x %#x %#x mode %u", a,
            b, c, i.vadd);
   }
}

static void
test_simd(void **state)
{
   static const uint8_t a_bytes[14][4] = {
      {0, 1, 2, 3}, {0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3},
      {1, 2, 3, 4}, {2, 3, 4, 5}, {3, 4, 5, 6}, {1, 0, 2, 3}, {2, 1, 0, 3},
      {3, 1, 2, 0}, {0, 2, 1, 3}, {0, 3, 2, 1}, {0, 1, 3, 2}};
   static const uint8_t b_bytes[11][4] = {
      {4, 5, 6, 7}, {4, 4, 4, 4}, {5, 5, 5, 5}, {6, 6, 6, 6},
      {7, 7, 7, 7}, {3, 4, 5, 6}, {2, 3, 4, 5}, {1, 2, 3, 4},
      {7, 6, 5, 4}, {5, 4, 7, 6}, {7, 6, 4, 5}};
   for (unsigned n = 0; n < ROUNDS; n++) {
      struct sass_instr i;
      sass_instr_init(&i, SASS_OP_VABSDIFF4, SASS_FORM_R);
      i.signed_a = rng() & 1;
      i.signed_b = rng() & 1;
      i.ud = rng() & 1;
      i.sat = rng() & 1;
      i.vacc = rng() & 1;
      i.vmask = rng() & 15;
      i.vsel_a = rng() % 14;
      i.vsel_b = rng() % 11;
      uint32_t a = rng32(), b = rng32(), c = rng32(), want = c;
      for (unsigned k = 0; k < 4; k++) {
         unsigned p = a_bytes[i.vsel_a][k], q = b_bytes[i.vsel_b][k];
         __int128 x = part_by_bits(p < 4 ? a : b, p % 4 * 8, 8, i.signed_a);
         __int128 y = part_by_bits(q < 4 ? a : b, q % 4 * 8, 8, i.signed_b);
         __int128 t = x > y ? x - y : y - x;
         if (i.sat)
            t = clamp(t, 8, i.ud);
         if (i.vmask >> k & 1)
            want = i.vacc ? want + (uint32_t)t
                          : merged(want, (uint32_t)t, 8 * k, 8);
      }
      CHECK(sass_vabsdiff4(&i, a, b, c), want, "vabsdiff4 %#x %#x %#x %u.%u", a,
            b, c, i.vsel_a, i.vsel_b);
   }
}

static void
test_imadsp(void **state)
{
   static const struct {
      enum sass_type type;
      unsigned low, width;
      bool is_signed;
   } f[] = {{SASS_U32, 0, 32, false},    {SASS_S32, 0, 32, true},
            {SASS_U24, 0, 24, false},    {SASS_S24, 0, 24, true},
            {SASS_U16, 0, 16, false},    {SASS_S16, 0, 16, true},
            {SASS_U16H1, 16, 16, false}, {SASS_S16H1, 16, 16, true}};
   for (unsigned n = 0; n < ROUNDS; n++) {
      struct sass_instr i;
      sass_instr_init(&i, SASS_OP_IMADSP, SASS_FORM_R);
      unsigned ta = rng() % 8, tb = 2 + rng() % 4, wc = rng() % 3;
      i.stype = f[ta].type;
      i.type = f[tb].type;
      i.width_c = wc;
      bool is_signed = f[ta].is_signed || f[tb].is_signed;
      uint32_t a = rng32(), b = rng32(), c = rng32();
      __int128 want =
         part_by_bits(a, f[ta].low, f[ta].width, f[ta].is_signed) *
            part_by_bits(b, f[tb].low, f[tb].width, f[tb].is_signed) +
         part_by_bits(c, 0,
                      wc == 0   ? 32
                      : wc == 1 ? 24
                                : 16,
                      is_signed);
      CHECK(sass_imadsp(&i, a, b, c), (uint32_t)want, "imadsp %#x %#x %#x", a,
            b, c);
   }
}

/* ---- MUFU at the edge ---- */

static double
exact(enum sass_mufu op, double x)
{
   switch (op) {
   case SASS_MUFU_COS:
      return cos(x);
   case SASS_MUFU_SIN:
      return sin(x);
   case SASS_MUFU_EX2:
      return exp2(x);
   case SASS_MUFU_LG2:
      return log2(x);
   case SASS_MUFU_RCP:
      return 1 / x;
   case SASS_MUFU_RSQ:
      return 1 / sqrt(x);
   default:
      return sqrt(x);
   }
}

/* isa.md 3.4 once more, in units of the last place of a float. */
static double
allowed(enum sass_mufu op, double x, double y)
{
   double ulp = nextafterf(fabsf((float)y), INFINITY) - fabsf((float)y);
   switch (op) {
   case SASS_MUFU_COS:
   case SASS_MUFU_SIN:
      return exp2(-20.9);
   case SASS_MUFU_EX2:
      return exp2(-22) * y;
   case SASS_MUFU_LG2:
      return x >= 0.5 && x <= 2 ? exp2(-22.6) : 2 * ulp;
   case SASS_MUFU_RCP:
      return ulp;
   case SASS_MUFU_RSQ:
      return exp2(-22.4) * y;
   default:
      return exp2(-23) * y;
   }
}

static void
test_mufu_edges(void **state)
{
   static const enum sass_mufu ops[] = {
      SASS_MUFU_COS, SASS_MUFU_SIN, SASS_MUFU_EX2, SASS_MUFU_LG2,
      SASS_MUFU_RCP, SASS_MUFU_RSQ, SASS_MUFU_SQRT};
   for (unsigned k = 0; k < ARRAY_SIZE(ops); k++) {
      unsigned moved = 0;
      double worst = 0;
      for (unsigned n = 0; n < 20000; n++) {
         enum sass_mufu op = ops[k];
         float x =
            op <= SASS_MUFU_SIN
               ? (float)(((double)(rng() % 200001) - 100000) * 3.14159e-5)
            : op == SASS_MUFU_EX2
               ? (float)(((double)(rng() % 200001) - 100000) * 1e-3)
               : sass_f32(
                    (uint32_t)((rng() & 0x7fffff) | (64 + rng() % 128) << 23));
         uint32_t v = sass_f32_bits(x);
         double y = exact(op, x), limit = allowed(op, x, y);
         for (int edge = -1; edge <= 1; edge++) {
            double r = sass_f32(sass_mufu_at(op, v, false, edge));
            double off = fabs(r - y) / limit;
            if (off > 1.0000001 &&
                !(edge == 0 && off <= 1.5)) /* the rounding alone */
               fail_msg("MUFU %u of %a: %a is %f of what may be from %a", op, x,
                        r, off, y);
            worst = off > worst ? off : worst;
            moved += edge && sass_mufu_at(op, v, false, 0) !=
                                sass_mufu_at(op, v, false, edge);
         }
         int side = sass_mufu_edge(v);
         assert_true(side == 1 || side == -1);
      }
      assert_true(moved > 10000);
      assert_true(worst > 0.9);
   }
   /* Special values stay. */
   static const uint32_t special[] = {0, 0x80000000, 0x7f800000, 0xff800000,
                                      0x7fc00000};
   for (unsigned k = 2; k < ARRAY_SIZE(ops); k++)
      for (unsigned n = 0; n < ARRAY_SIZE(special); n++)
         for (int edge = -1; edge <= 1; edge += 2)
            CHECK(sass_mufu_at(ops[k], special[n], false, edge),
                  sass_mufu(ops[k], special[n], false), "MUFU %u of %#x",
                  ops[k], special[n]);
   assert_int_equal(sass_mufu_at(SASS_MUFU_RCP64H, 0x3ff00000, false, -1),
                    0x3fefffff);
   assert_int_equal(sass_mufu_at(SASS_MUFU_RCP64H, 0, false, -1), 0x7ff00000);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_scalar, seed),
      cmocka_unit_test_setup(test_compare_and_mad, seed),
      cmocka_unit_test_setup(test_simd, seed),
      cmocka_unit_test_setup(test_imadsp, seed),
      cmocka_unit_test_setup(test_mufu_edges, seed),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
