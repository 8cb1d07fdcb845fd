/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Sources and SPIR-V modules that nobody means well with: each must be compiled
 * or refused, with a word why, and the process must live. HOSTILE_ROUNDS sets
 * the number of damaged modules; TEST_SEED the damage. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "compiler/clc/clc_ops.h"
#include "compiler/clc/test/make_spirv.h"
#include "util/test/test_random.h"
#include "util/util_buf.h"
#include "util/util_macros.h"

#define CHIPSET 0x134
#define BIG_B   (10 << 20)

static uint64_t random_state;

/* ---- building ---- */

/* Links what was compiled; consumes the object. */
static int
link_object(struct clc_blob *object)
{
   const struct clc_blob *objects[] = {object};
   struct clc_blob program;
   char *log;
   int ret = clc_get_ops()->link(objects, 1, "", false, &program, &log);
   assert_non_null(log);
   if (ret)
      assert_true(*log);
   free(log);
   free(program.data);
   free(object->data);
   return ret;
}

static int
check(int ret, char *log, struct clc_blob *object)
{
   assert_non_null(log);
   if (ret && ret != -EINVAL)
      print_error("%d: %s\n", ret, log);
   assert_true(ret == 0 || ret == -EINVAL);
   if (ret)
      assert_true(*log);
   free(log);
   return ret ? ret : link_object(object);
}

/* Consumes the source. */
static int
build(struct util_buf *source)
{
   const struct clc_compile_args args = {.source = source->data,
                                         .options = "",
                                         .chipset = CHIPSET};
   struct clc_blob object;
   char *log;
   int ret = clc_get_ops()->compile(&args, &object, &log);
   util_buf_finish(source);
   return check(ret, log, &object);
}

static void
repeat(struct util_buf *out, const char *text, unsigned n)
{
   for (unsigned i = 0; i < n; i++)
      util_buf_append(out, text, strlen(text));
}

/* ---- deep nesting ---- */

/* head, left n times, middle, right n times, tail */
static const struct nest {
   const char *head, *left, *middle, *right, *tail;
} nests[] = {
#define KERNEL "kernel void k(global int *p, int x) { "
   {KERNEL "*p = ", "(", "x", ")", "; }"},
   {KERNEL "*p = ", "!", "x", "", "; }"},
   {KERNEL "*p = ", "- ", "x", "", "; }"},
   {KERNEL "*p = ", "(int)", "x", "", "; }"},
   {KERNEL "*p = ", "x+", "x", "", "; }"},
   {KERNEL "*p = ", "x*p[", "x", "]", "; }"},
   {KERNEL "*p = ", "x?x:", "x", "", "; }"},
   {KERNEL "*p = ", "abs(", "x", ")", "; }"},
   {KERNEL, "*p=", "x", "", "; }"},
   {KERNEL, "x++,", "x", "", "; }"},
   {KERNEL, "{", "*p = x;", "}", "}"},
   {KERNEL, "if(x) ", "*p = x;", "", "}"},
   {KERNEL, "if(x--) *p=x; else ", "*p = 1;", "", "}"},
   {KERNEL, "for(;x--;) ", "*p = x;", "", "}"},
   {KERNEL, "do ", "*p = x;", "while(x--);", "}"},
   {KERNEL, "for(;x--;) {", "*p = x;", "}", "}"},
   {KERNEL "switch(x) {", "case 1:", "*p = x;", "", "}}"},
   {"", "struct s {", "int a;", "} a;", ""},
   {"int ", "*", "p;", "", ""},
   {"int a", "[1]", "", "", ";"},
   {"constant int a[] = ", "{", "1", "}", ";"},
   {"constant int a[] = {", "1,", "1", "", "};"},
   {"", "typedef ", "int t;", "", ""},
   {"#if ", "(", "1", ")", "\n#endif\n"},
   {"", "#if 1\n", "", "#endif\n", ""},
   {"#include ", "", "__FILE__", "", "\n"},
   {"", "#pragma OPENCL\n", "", "", ""},
   {"kernel void k(", "int,", "int", "", ") {}"},
};

static void
test_nesting(void **state)
{
   static const unsigned depths[] = {120, 3000, 40000};
   for (unsigned i = 0; i < ARRAY_SIZE(nests); i++) {
      const struct nest *n = &nests[i];
      for (unsigned d = 0; d < ARRAY_SIZE(depths); d++) {
         struct util_buf source;
         util_buf_init(&source);
         util_buf_puts(&source, n->head);
         repeat(&source, n->left, depths[d]);
         util_buf_puts(&source, n->middle);
         repeat(&source, n->right, depths[d]);
         util_buf_puts(&source, n->tail);
         util_buf_append(&source, "", 1);
         int ret = build(&source);
         print_message("%6.2f s %s %s%s… %u times: %d\n",
                       (double)clock() / CLOCKS_PER_SEC, n->head, n->left,
                       n->middle, depths[d], ret);
      }
   }
}

/* ---- macros that expand to more than any memory ---- */

/* lines, then left 40 times, middle, right 40 times */
static const struct nest bombs[] = {
   {"#define D(x) x x\n" KERNEL, "D(", "*p += x;", ")", "}"},
   {"#define D(x) x x\n#define A(f, x) f(x)\n" KERNEL, "A(D, ", "*p += x;", ")",
    "}"},
};

/* Each line's macro is twice the one before it. */
static const struct bomb_chain {
   const char *first, *line, *use;
} bomb_chains[] = {
   {"#define D0(x) x x\n", "#define D%u(x) D%u(D%u(x))\n",
    KERNEL "D%u(*p += x;) }"},
   {"#define D0 *p += x;\n#define I(x) x\n", "#define D%u D%u D%u\n",
    KERNEL "I(D%u) }"},
};

static void
test_macros(void **state)
{
   for (unsigned i = 0; i < ARRAY_SIZE(bombs); i++) {
      const struct nest *n = &bombs[i];
      struct util_buf source;
      util_buf_init(&source);
      util_buf_puts(&source, n->head);
      repeat(&source, n->left, 40);
      util_buf_puts(&source, n->middle);
      repeat(&source, n->right, 40);
      util_buf_puts(&source, n->tail);
      assert_int_equal(build(&source), -EINVAL);
   }
   for (unsigned i = 0; i < ARRAY_SIZE(bomb_chains); i++) {
      const struct bomb_chain *c = &bomb_chains[i];
      struct util_buf source;
      util_buf_init(&source);
      util_buf_puts(&source, c->first);
      for (unsigned k = 1; k < 40; k++)
         util_buf_printf(&source, c->line, k, k - 1, k - 1);
      util_buf_printf(&source, c->use, 39);
      assert_int_equal(build(&source), -EINVAL);
   }
}

/* What people write: X macros, MAX of MAX, a kernel in an argument. */
static void
test_honest_macros(void **state)
{
   struct util_buf source;
   util_buf_init(&source);
   util_buf_puts(&source,
                 "#define MAX(a, b) ((a) > (b) ? (a) : (b))\n"
                 "#define LIST(X) X(1) X(2) X(3) X(4) X(5) X(6)\n"
                 "#define ADD(i) s += MAX(i, MAX(x, MAX(3, MAX(4, x + 1))));\n"
                 "#define K(name, body) kernel void name(global int *p, int x) "
                 "{ int s = 0; body; *p = s; }\n"
                 "K(a, LIST(ADD) LIST(ADD)) K(b, ");
   for (unsigned i = 0; i < 100; i++)
      util_buf_puts(&source, "s += MAX(s, x); ");
   util_buf_puts(&source, ")\n");
   assert_int_equal(build(&source), 0);
}

/* ---- ten megabytes ---- */

static int
build_repeated(const char *head, const char *text, const char *tail)
{
   struct util_buf source;
   util_buf_init(&source);
   util_buf_puts(&source, head);
   repeat(&source, text, BIG_B / strlen(text));
   util_buf_puts(&source, tail);
   util_buf_append(&source, "", 1);
   return build(&source);
}

static void
test_ten_megabytes(void **state)
{
   /* Large and harmless. */
   assert_int_equal(build_repeated("", "// nothing\n", KERNEL "}"), 0);
   assert_int_equal(build_repeated("", "\n", KERNEL "*p = x; }"), 0);
   /* Large and wrong. */
   assert_int_equal(build_repeated("", "a", ""), -EINVAL);
   assert_int_equal(build_repeated("", "(", ""), -EINVAL);
   assert_int_equal(build_repeated("constant char a[] = \"", "a", ""), -EINVAL);
   assert_int_equal(build_repeated("", "\"", ""), -EINVAL);
   assert_int_equal(build_repeated("", "\x01\xff", ""), -EINVAL);
   assert_int_equal(build_repeated("#define a ", "a ", "\na"), -EINVAL);

   struct util_buf noise;
   util_buf_init(&noise);
   for (unsigned i = 0; i < BIG_B; i++) {
      char c = 1 + test_rng(&random_state) % 127;
      util_buf_append(&noise, &c, 1);
   }
   util_buf_append(&noise, "", 1);
   assert_int_equal(build(&noise), -EINVAL);
}

/* ---- SPIR-V ---- */

static const char *const modules[] = {
   "kernel void vadd(global float *a, global const float4 *b)\n"
   "{\n"
   "   size_t i = get_global_id(0);\n"
   "   a[i] = dot(b[i], b[i + 1]) / sin(a[i]);\n"
   "}\n",
   "typedef struct { int n; struct { short s[3]; long l; } in; } Big;\n"
   "int pick(Big *b, int n) { return n ? b->n : b->in.s[n & 1]; }\n"
   "kernel void all(global int *p, local int *l, Big b)\n"
   "{\n"
   "   l[get_local_id(0)] = atomic_add(p, pick(&b, p[1]));\n"
   "   barrier(CLK_LOCAL_MEM_FENCE);\n"
   "   for (int i = 0; i < p[2]; i++)\n"
   "      switch (l[i] & 7) {\n"
   "      case 1: p[i] = i; break;\n"
   "      case 4: p[i + 1]++;\n"
   "      default: p[i + 2] = convert_int_sat_rte((float)l[i]);\n"
   "      }\n"
   "   vstore4((int4)(1, 2, 3, p[7]), 1, p);\n"
   "   printf(\"%d %s\\n\", p[0], \"done\");\n"
   "}\n",
};

static void
damage(uint32_t *word, size_t num)
{
   size_t at = 5 + test_rng(&random_state) % (num - 5);
   switch (test_rng(&random_state) % 6) {
   case 0:
      word[at] = test_rng(&random_state);
      break;
   case 1:
      word[at] ^= 1u << test_rng(&random_state) % 32;
      break;
   case 2: /* another id or enumerant */
      word[at] = test_rng(&random_state) % 80;
      break;
   case 3:
      word[at] = word[5 + test_rng(&random_state) % (num - 5)];
      break;
   case 4: /* another opcode of the same length */
      word[at] = (word[at] & 0xffff0000) | test_rng(&random_state) % 420;
      break;
   default: /* two words change places */
      if (at + 1 < num) {
         uint32_t other = word[at];
         word[at] = word[at + 1];
         word[at + 1] = other;
      }
   }
}

static int
translate(const void *spirv, size_t size_B)
{
   struct clc_blob object;
   char *log;
   int ret = clc_get_ops()->from_spirv(spirv, size_B, "", &object, &log);
   return check(ret, log, &object);
}

static void
test_spirv(void **state)
{
   const char *text = getenv("HOSTILE_ROUNDS");
   unsigned rounds = text ? atoi(text) : 60, refused = 0;
   for (unsigned m = 0; m < ARRAY_SIZE(modules); m++) {
      struct clc_blob good;
      assert_true(make_spirv(modules[m], &good));
      assert_int_equal(translate(good.data, good.size_B), 0);
      for (size_t size_B = 0; size_B < good.size_B;
           size_B += good.size_B / 8 + test_rng(&random_state) % 7)
         assert_int_equal(translate(good.data, size_B), -EINVAL);
      for (unsigned i = 0; i < rounds; i++) {
         uint32_t *bad = malloc(good.size_B);
         memcpy(bad, good.data, good.size_B);
         for (unsigned n = 1 + test_rng(&random_state) % 2; n; n--)
            damage(bad, good.size_B / 4);
         refused += translate(bad, good.size_B) != 0;
         free(bad);
      }
      free(good.data);
   }
   print_message("%u of %u damaged modules were refused\n", refused,
                 rounds * (unsigned)ARRAY_SIZE(modules));
}

int
main(void)
{
   random_state = test_rng_state(test_seed());
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_macros),  cmocka_unit_test(test_honest_macros),
      cmocka_unit_test(test_nesting), cmocka_unit_test(test_ten_megabytes),
      cmocka_unit_test(test_spirv),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
