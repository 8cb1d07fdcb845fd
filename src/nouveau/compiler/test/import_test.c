/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The importer by example: the kernel of each test/import/NAME.ll must become
 * the IR in NAME.nvir. NVIR_GOLDEN_UPDATE=1 writes what comes out; read the
 * difference before committing it. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nouveau/compiler/nvir_from_llvm.h"
#include "nouveau/compiler/nvir_llvm_module.h"

static bool
read_file(const char *path, struct util_buf *out)
{
   char block[4096];
   FILE *f = fopen(path, "rb");
   util_buf_init(out);
   util_buf_puts(out, "");
   if (!f)
      return false;
   for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
      util_buf_append(out, block, n);
   fclose(f);
   return true;
}

static LLVMValueRef
first_kernel(LLVMModuleRef module)
{
   for (LLVMValueRef f = LLVMGetFirstFunction(module); f;
        f = LLVMGetNextFunction(f))
      if (nvir_llvm_is_kernel(f))
         return f;
   fail_msg("no kernel");
   return NULL;
}

/* Without LLVM's passes: the text is what is imported. */
static void
import_file(const char *path, struct util_buf *out)
{
   LLVMContextRef ctx = LLVMContextCreate();
   struct nvir_data_segment data;
   struct nvir_shader *s;
   struct util_buf text, log;
   LLVMModuleRef module;

   assert_true(read_file(path, &text));
   util_buf_init(&log);
   util_buf_init(out);
   nvir_data_segment_init(&data);
   if (nvir_llvm_read(ctx, text.data, text.size_B, &log, &module))
      fail_msg("%s: %s", path, log.data);
   if (nvir_from_llvm(first_kernel(module), 0x134, 0, &data, &log, &s))
      fail_msg("%s: %s", path, log.data);
   nvir_validate(s, path);
   nvir_print(s, out);
   nvir_shader_destroy(s);
   nvir_data_segment_finish(&data);
   LLVMDisposeModule(module);
   LLVMContextDispose(ctx);
   util_buf_finish(&text);
   util_buf_finish(&log);
}

static void
check_file(const char *name)
{
   struct util_buf got, want;
   char path[1024];

   snprintf(path, sizeof(path), "%s/%s", IMPORT_DIR, name);
   import_file(path, &got);
   strcpy(strrchr(path, '.'), ".nvir");
   if (getenv("NVIR_GOLDEN_UPDATE")) {
      FILE *f = fopen(path, "wb");
      assert_non_null(f);
      fwrite(got.data, 1, got.size_B, f);
      fclose(f);
   }
   bool found = read_file(path, &want);
   if (!found || strcmp(got.data, want.data))
      fail_msg("%s:\n%s\nexpected\n%s", name, got.data, want.data);
   util_buf_finish(&got);
   util_buf_finish(&want);
}

static void
test_all_files(void **state)
{
   DIR *d = opendir(IMPORT_DIR);
   unsigned count = 0;
   assert_non_null(d);
   for (struct dirent *e; (e = readdir(d));) {
      const char *dot = strrchr(e->d_name, '.');
      if (!dot || strcmp(dot, ".ll"))
         continue;
      check_file(e->d_name);
      count++;
   }
   closedir(d);
   assert_true(count >= 5);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_files)};
   return cmocka_run_group_tests(tests, NULL, NULL);
}
