/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* sass-as: text to SASS.
 *
 *    sass-as [-o OUT] [FILE]   FILE or standard input; binary bundles to OUT,
 *                              or one hexadecimal word a line to standard output
 *
 * The text is described in sass_text.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nouveau/isa/sass_text.h"
#include "util/util_buf.h"

static int
read_all(FILE *f, struct util_buf *out)
{
   char chunk[4096];
   size_t n;
   while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
      util_buf_append(out, chunk, n);
   return ferror(f) ? -EIO : 0;
}

static int
write_code(const struct util_buf *code, const char *path)
{
   FILE *f = path ? fopen(path, "wb") : stdout;
   if (!f)
      return -errno;
   if (path)
      fwrite(code->data, 1, code->size_B, f);
   for (size_t n = 0; !path && n < code->size_B / SASS_WORD_B; n++)
      fprintf(f, "%016" PRIx64 "\n", ((const uint64_t *)code->data)[n]);
   bool bad = ferror(f);
   return (path ? fclose(f) : fflush(f)) || bad ? -EIO : 0;
}

static int
assemble(const char *path, const char *out_path)
{
   struct util_buf text, code;
   struct sass_error err;
   unsigned line;
   FILE *f = path ? fopen(path, "r") : stdin;
   const char *name = path ? path : "<stdin>";
   int ret = 1;
   if (!f) {
      fprintf(stderr, "%s: %s\n", path, strerror(errno));
      return 1;
   }
   util_buf_init(&text);
   util_buf_init(&code);
   util_buf_puts(&text, "");
   if (read_all(f, &text)) {
      fprintf(stderr, "%s: cannot be read\n", name);
   } else if (sass_text_parse(text.data, &code, &line, &err)) {
      fprintf(stderr, "%s:%u:%u: %s\n", name, line, err.column, err.msg);
   } else if (write_code(&code, out_path)) {
      fprintf(stderr, "%s: %s\n", out_path ? out_path : "<stdout>",
              strerror(errno));
   } else {
      ret = 0;
   }
   util_buf_finish(&text);
   util_buf_finish(&code);
   if (path)
      fclose(f);
   return ret;
}

int
main(int argc, char **argv)
{
   const char *out_path = NULL, *path = NULL;
   for (int n = 1; n < argc; n++) {
      if (strcmp(argv[n], "-o") == 0 && n + 1 < argc)
         out_path = argv[++n];
      else if (!path && argv[n][0] != '-')
         path = argv[n];
      else {
         fprintf(stderr, "usage: sass-as [-o OUT] [FILE]\n");
         return 2;
      }
   }
   return assemble(path, out_path);
}
