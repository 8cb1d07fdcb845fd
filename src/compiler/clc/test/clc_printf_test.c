/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* printf from kernel source to text, the kernel running on the host. */
#include "clc_host.h"
#include "clc_test_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/util_buf.h"
#include "util/util_macros.h"

#define CAPACITY_B 4096

struct buffer {
   struct clc_printf_buffer header;
   unsigned char records[CAPACITY_B];
};

static void
append(void *data, const char *text, size_t length)
{
   util_buf_append(data, text, length);
}

/* The output of kernel `k`, which has no arguments; free it. */
static char *
run(const char *source, uint32_t capacity_B, unsigned local)
{
   struct clc_test_result r = clc_test_build(source, NULL);
   if (r.ret)
      fail_msg("%s", r.log);
   struct clc_program_info info;
   assert_int_equal(clc_get_ops()->info(&r.blob, &info), 0);
   assert_true(info.kernels[0].uses_printf);
   struct clc_host_program *p = clc_host_create(&r.blob);
   struct buffer *buffer = malloc(sizeof(*buffer));
   memset(buffer, 0xaa, sizeof(*buffer)); /* stale contents */
   buffer->header = (struct clc_printf_buffer){0, capacity_B};
   struct clc_host_launch launch = {.kernel = "k",
                                    .local = {local},
                                    .printf_buffer = buffer};
   clc_host_run(p, &launch);

   struct util_buf out;
   util_buf_init(&out);
   clc_get_ops()->print(&info, buffer, sizeof(*buffer), append, &out);
   clc_host_destroy(p);
   clc_get_ops()->info_finish(&info);
   clc_test_free(&r);
   free(buffer);
   return util_buf_steal(&out);
}

static void
check(const char *statement, const char *want)
{
   char source[512];
   snprintf(source, sizeof(source), "kernel void k() { %s; }", statement);
   char *got = run(source, CAPACITY_B, 1);
   if (strcmp(got, want) != 0)
      fail_msg("%s\ngot  [%s]\nwant [%s]", statement, got, want);
   free(got);
}

static void
test_scalars(void **state)
{
   check("printf(\"plain %% text\\n\")", "plain % text\n");
   check("printf(\"%d %i %u\", -7, 8, 9u)", "-7 8 9");
   check("printf(\"[%5d|%-5d|%05d|%+d|% d]\", 42, 42, 42, 42, 42)",
         "[   42|42   |00042|+42| 42]");
   check("printf(\"%x %X %#x %o %#o\", 255, 255, 255, 8, 8)",
         "ff FF 0xff 10 010");
   check("printf(\"%ld %lu %lx\", -1l, ~0ul, 1ul << 40)",
         "-1 18446744073709551615 10000000000");
   check("printf(\"%hhd %hd %hhu\", (char)-3, (short)-300, (uchar)200)",
         "-3 -300 200");
   check("printf(\"%hhx\", 0x1234)", "34");
   check("printf(\"%c%c\", 'o', 'k')", "ok");
   check("printf(\"%f %.2f %8.3f %e %g %a\", 1.5f, 3.14159f, 2.0f, 1e10f, "
         "0.5f, 1.0f)",
         "1.500000 3.14 "
         "   2.000 1.000000e+10 0.5 0x1p+0");
   check("printf(\"%f %.15g\", 1.0 / 3, 789456123.0)", "0.333333 789456123");
   check("printf(\"%f %F %f\", INFINITY, -INFINITY, NAN)", "inf -INF nan");
   check("printf(\"%s|%5s|%-5s|%.2s\", \"abc\", \"ab\", \"ab\", \"xyz\")",
         "abc|   ab|ab   |xy");
   check("printf(\"%s\", \"\")", "");
   check("printf(\"%p\", (global int *)0x1000)", "0x1000");
   check("printf(\"\")", "");
}

static void
test_vectors(void **state)
{
   check("printf(\"%v4d\", (int4)(1, -2, 3, -4))", "1,-2,3,-4");
   check("printf(\"%v4hld\", (int4)(1, -2, 3, -4))", "1,-2,3,-4");
   check("printf(\"%v2hhd %v8hu\", (char2)(-1, 5), "
         "(ushort8)(1, 2, 3, 4, 5, 6, 7, 65535))",
         "-1,5 1,2,3,4,5,6,7,65535");
   check("printf(\"%v3ld|%d\", (long3)(1, 2, -3), 7)", "1,2,-3|7");
   check("printf(\"%5.1v2hlf!\", (float2)(1.25f, -2.5f))", "  1.2, -2.5!");
   check("printf(\"%v2lf\", (double2)(0.5, 0.25))", "0.500000,0.250000");
   check("printf(\"%#v4hhx\", (uchar4)(1, 2, 0xab, 255))", "0x1,0x2,0xab,0xff");
}

static void
test_odd_formats(void **state)
{
   check("printf(\"%d %d\", 1)", "1 ");
   check("printf(\"%d\", 1, 2)", "1");
   check("printf(\"100%\")", "100%");
   check("printf(\"%y\", 1)", "%y");
}

/* All items' lines arrive whole; order is free. */
static void
test_many_items(void **state)
{
   char *got = run("kernel void k() { int i = get_local_id(0);\n"
                   "   if (i % 2) printf(\"<%d>\", i); }",
                   CAPACITY_B, 64);
   for (unsigned i = 0; i < 64; i++) {
      char want[16];
      snprintf(want, sizeof(want), "<%u>", i);
      assert_int_equal(strstr(got, want) != NULL, i % 2);
   }
   assert_int_equal(strlen(got), 5 * 3 + 27 * 4);
   free(got);
}

/* What does not fit is lost as a whole, and printf says so. */
static void
test_overflow(void **state)
{
   static const char source[] = "kernel void k() {\n"
                                "   int lost = 0;\n"
                                "   for (int i = 0; i < 10; i++)\n"
                                "      lost += printf(\"%d,\", i);\n"
                                "   if (lost != -6) printf(\"wrong\");\n"
                                "}";
   char *got = run(source, 4 * 16, 1);
   assert_string_equal(got, "0,1,2,3,");
   free(got);
   got = run(source, 4 * 16 + 8, 1);
   assert_string_equal(got, "0,1,2,3,");
   free(got);
   got = run(source, 0, 1);
   assert_string_equal(got, "");
   free(got);
}

/* Whatever lies in the buffer, printing ends and stays inside. */
static void
test_damaged_buffer(void **state)
{
   struct clc_test_result r = clc_test_build(
      "kernel void k() { printf(\"%d %s %v4f\", 1, \"a\", (float4)(1)); }",
      NULL);
   assert_int_equal(r.ret, 0);
   struct clc_program_info info;
   assert_int_equal(clc_get_ops()->info(&r.blob, &info), 0);
   unsigned seed = 1;
   for (unsigned n = 0; n < 20000; n++) {
      uint32_t *words = malloc(64);
      for (unsigned i = 0; i < 16; i++)
         words[i] = rand_r(&seed) % 3 ? rand_r(&seed) % 64
                                      : (uint32_t)rand_r(&seed) * 2654435761u;
      struct util_buf out;
      util_buf_init(&out);
      clc_get_ops()->print(&info, words, 64, append, &out);
      assert_true(out.size_B < 10000);
      util_buf_finish(&out);
      free(words);
   }
   clc_get_ops()->info_finish(&info);
   clc_test_free(&r);
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scalars),     cmocka_unit_test(test_vectors),
      cmocka_unit_test(test_odd_formats), cmocka_unit_test(test_many_items),
      cmocka_unit_test(test_overflow),    cmocka_unit_test(test_damaged_buffer),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
