/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Passes by example: each file of test/passes names passes, gives IR before and
 * after.
 *
 *    ; passes opt_fold,opt_dce
 *    kernel …
 *    =>
 *    kernel …
 *
 * and so on after a line "---". NVIR_GOLDEN_UPDATE=1 writes what comes out;
 * read the difference before committing it. What is printed must also parse and
 * print the same. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nouveau/compiler/nvir_pipeline.h"

static void
read_file(const char *path, struct util_buf *out)
{
   char block[4096];
   FILE *f = fopen(path, "rb");
   assert_non_null(f);
   util_buf_init(out);
   for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
      util_buf_append(out, block, n);
   fclose(f);
   util_buf_puts(out, "");
}

static struct nvir_shader *
parse(const char *text, const char *what)
{
   struct nvir_shader *s = NULL;
   struct util_buf log;
   util_buf_init(&log);
   if (nvir_parse(text, &s, &log))
      fail_msg("%s: %s", what, log.data);
   util_buf_finish(&log);
   return s;
}

static char *
print(struct nvir_shader *s)
{
   struct util_buf b;
   util_buf_init(&b);
   nvir_print(s, &b);
   return util_buf_steal(&b);
}

static void
check_round_trip(const char *text, const char *what)
{
   struct nvir_shader *s = parse(text, what);
   char *again = print(s);
   assert_string_equal(again, text);
   free(again);
   nvir_shader_destroy(s);
}

/* Returns what the passes of the first line make of the rest. */
static char *
run_case(const char *text, const char *what)
{
   struct nvir_pipeline p;
   char names[256];
   if (sscanf(text, "; passes %255[^\n]", names) != 1)
      fail_msg("%s: no line '; passes …'", what);
   struct nvir_shader *s = parse(text, what);
   nvir_pipeline_init(&p);
   char *rest = names;
   for (char *name; (name = strsep(&rest, ","));)
      assert_int_equal(nvir_pipeline_run_pass(&p, s, name), 0);
   char *out = print(s);
   nvir_shader_destroy(s);
   check_round_trip(out, what);
   return out;
}

static void
check_file(const char *path)
{
   bool update = getenv("NVIR_GOLDEN_UPDATE") != NULL;
   struct util_buf file, fresh;
   read_file(path, &file);
   util_buf_init(&fresh);
   char *rest = file.data;
   while (rest) {
      char *this = rest, *end = strstr(rest, "---\n");
      rest = NULL;
      if (end) {
         *end = 0;
         rest = end + 4;
      }
      char *arrow = strstr(this, "=>\n");
      if (!arrow)
         fail_msg("%s: a case without =>", path);
      *arrow = 0;
      char *got = run_case(this, path);
      util_buf_printf(&fresh, "%s=>\n%s%s", this, got, rest ? "---\n" : "");
      if (!update && strcmp(got, arrow + 3))
         fail_msg("%s:\n%s=>\n%s\nexpected\n%s", path, this, got, arrow + 3);
      free(got);
   }
   if (update) {
      FILE *f = fopen(path, "wb");
      assert_non_null(f);
      fwrite(fresh.data, 1, fresh.size_B, f);
      fclose(f);
   }
   util_buf_finish(&file);
   util_buf_finish(&fresh);
}

static void
test_all_files(void **state)
{
   DIR *d = opendir(PASSES_DIR);
   unsigned count = 0;
   assert_non_null(d);
   for (struct dirent *e; (e = readdir(d));) {
      char path[1024];
      if (!strstr(e->d_name, ".nvir"))
         continue;
      snprintf(path, sizeof(path), "%s/%s", PASSES_DIR, e->d_name);
      check_file(path);
      count++;
   }
   closedir(d);
   assert_true(count >= 8);
}

static void
test_parse_errors(void **state)
{
   static const char *const bad[] = {
      "kernel \"k\"\nblock 0 preds [] succs []:\n   nonsense\n",
      "kernel \"k\"\nblock 0 preds [] succs [1]:\n   br\n",
      "kernel \"k\"\nblock 0 preds [] succs []:\n   %0.q = undef i32\n",
      "kernel \"k\"\nblock 0 preds [] succs []:\n   exit {bogus=1}\n",
      "kernel \"k\"\nblock 0 preds [] succs []:\n   mach \"FROB R1\"\n",
      "kernel \"k\"\nblock 0 preds [] succs []:\n   mach \"NOP\n",
      "kernel \"k\"\nblock 7 preds [] succs []:\n   exit\n",
      "kernel \"k\"\n   exit\n",
      "kernel \"k\"\nblock 0 preds [] succs []:\n   exit what\n",
   };
   for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
      struct nvir_shader *s = NULL;
      struct util_buf log;
      util_buf_init(&log);
      assert_int_equal(nvir_parse(bad[i], &s, &log), -EINVAL);
      assert_non_null(strstr(log.data, "line "));
      util_buf_finish(&log);
   }
}

/* opt_schedule works on windows of 256 instructions: a carry lives across the
 * end of the first. Its writer could go first of all, and nobody else could
 * have a carry until the end. */
static void
test_carry_across_windows(void **state)
{
   struct util_buf b;
   struct nvir_pipeline p;
   util_buf_init(&b);
   util_buf_puts(
      &b, "kernel \"k\" chipset=308 is_legal=1\n"
          "block 0 preds [] succs []:\n"
          "   %0.g1@rd = mach \"S2R RZ, SR_TID.X\"\n"
          "   %1.g1@rd, %2.c@cc = mach \"IADD RZ.CC, RZ, c[0x0][0x30]\" %0@ra\n"
          "   %3.g1@rd = mach \"IADD.X RZ, RZ, c[0x0][0x34]\" %2@cc\n");
   unsigned v = 4;
   for (; v < 256; v++)
      util_buf_printf(&b, "   %%%u.g1@rd = mach \"MOV RZ, RZ\" %%%u@rb\n", v,
                      v - 1);
   util_buf_printf(
      &b,
      "   %%%u.g1@rd, %%%u.c@cc = mach \"IADD RZ.CC, RZ, c[0x0][0x40]\"\n"
      "   %%%u.g1@rd = mach \"IADD.X RZ, RZ, c[0x0][0x44]\" %%%u@cc\n"
      "   %%%u.g4 = collect %%1, %%%u, %%%u, %%%u\n"
      "   mach \"STS.128 [RZ], RZ\" %%%u@rd\n"
      "   exit\n",
      v, v + 1, v + 2, v + 1, v + 3, v - 1, v, v + 2, v + 3);
   struct nvir_shader *s = parse(b.data, "carry");
   nvir_pipeline_init(&p);
   assert_int_equal(nvir_pipeline_run_pass(&p, s, "opt_schedule"), 0);
   assert_int_equal(nvir_pipeline_run_pass(&p, s, "assign_regs"), 0);
   nvir_shader_destroy(s);
   util_buf_finish(&b);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_files),
      cmocka_unit_test(test_parse_errors),
      cmocka_unit_test(test_carry_across_windows),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
