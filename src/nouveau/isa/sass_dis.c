/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* sass-dis: SASS to text.
 *
 *    sass-dis FILE          binary code in bundles, offset 0 = code base
 *    sass-dis -w [WORD...]  single instruction words in hexadecimal, from the
 *                           command line or, without any, from standard input
 *
 * Prints what sass-as reads: a line a instruction, control fields first. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass.h"
#include "nouveau/isa/sass_text.h"
#include "util/util_buf.h"

/* "hex    text", or "hex    ?" for no instruction. */
static void
print_word(uint64_t word)
{
   struct sass_instr i;
   struct util_buf text;
   util_buf_init(&text);
   if (sass_decode(word, &i))
      util_buf_puts(&text, "?");
   else
      sass_print(&i, 0, &text);
   printf("%016" PRIx64 "    %s\n", word, text.data);
   util_buf_finish(&text);
}

static int
dis_words(int argc, char **argv)
{
   char line[64];
   for (int n = 0; n < argc; n++)
      print_word(strtoull(argv[n], NULL, 16));
   while (!argc && fgets(line, sizeof(line), stdin))
      print_word(strtoull(line, NULL, 16));
   return 0;
}

static int
dis_file(const char *path)
{
   FILE *f = fopen(path, "rb");
   if (!f) {
      fprintf(stderr, "%s: %s\n", path, strerror(errno));
      return 1;
   }
   struct util_buf code, text;
   char chunk[4096];
   size_t n;
   util_buf_init(&code);
   util_buf_init(&text);
   while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
      util_buf_append(&code, chunk, n);
   fclose(f);

   int ret = sass_text_print((const uint64_t *)code.data,
                             code.size_B / SASS_WORD_B, &text);
   if (text.size_B)
      fputs(text.data, stdout);
   if (ret || code.size_B % SASS_BUNDLE_B)
      fprintf(stderr, "%s: not whole bundles of %d bytes\n", path,
              SASS_BUNDLE_B);
   util_buf_finish(&code);
   util_buf_finish(&text);
   return ret ? 1 : 0;
}

int
main(int argc, char **argv)
{
   if (argc >= 2 && strcmp(argv[1], "-w") == 0)
      return dis_words(argc - 2, argv + 2);
   if (argc == 2)
      return dis_file(argv[1]);
   fprintf(stderr, "usage: sass-dis FILE | -w [WORD...]\n");
   return 2;
}
