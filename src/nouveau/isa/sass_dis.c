/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* sass-dis: SASS to text (sass_text.h). */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass.h"
#include "nouveau/isa/sass_text.h"
#include "util/util_buf.h"

static const char help[] =
   "usage: sass-dis [-x] [FILE]\n"
   "       sass-dis -w [WORD...]\n"
   "\n"
   "Disassembles SASS of Maxwell and Pascal (sm_50 to sm_62): binary code in\n"
   "bundles of 32 bytes from FILE or standard input, offset 0 is the code's\n"
   "base. A line is an instruction with its control field (sass-as --help), and\n"
   "its offset and word as a comment. Other words are shown as .word; if they are\n"
   "an instruction but for bits that hardware ignores, that is the comment.\n"
   "sass-as makes the same bytes of it.\n"
   "\n"
   "  -x   the code is text: hexadecimal words, blanks or lines between them\n"
   "  -w   single instruction words in hexadecimal, from the command line or,\n"
   "       without any, a line each from standard input; \"?\" for what is none\n"
   "\n"
   "Exit status 1: not whole bundles (the whole ones are shown), or no words.\n"
   "\n"
   "  sass-dis kernel.bin\n"
   "  sass-as kernel.sass | sass-dis -x\n"
   "  sass-dis -w 4c98078000870001\n";

/* A hexadecimal number and blanks, all of the text. */
static bool
read_word(const char *text, uint64_t *word_out)
{
   char *end;
   errno = 0;
   *word_out = strtoull(text, &end, 16);
   bool good = end != text && !errno;
   while (isspace((unsigned char)*end))
      end++;
   return good && !*end;
}

/* "hex    text", or "hex    ?" for no instruction. */
static bool
print_word(const char *word_text)
{
   struct sass_instr i;
   struct util_buf text;
   uint64_t word;
   if (!read_word(word_text, &word)) {
      fprintf(stderr, "sass-dis: no hexadecimal word of 64 bits: %s\n",
              word_text);
      return false;
   }
   util_buf_init(&text);
   if (sass_decode(word, &i))
      util_buf_puts(&text, "?");
   else
      sass_print(&i, 0, &text);
   printf("%016" PRIx64 "    %s\n", word, text.data);
   util_buf_finish(&text);
   return true;
}

static int
dis_words(int argc, char **argv)
{
   char line[64];
   bool good = true;
   for (int n = 0; n < argc; n++)
      good &= print_word(argv[n]);
   while (!argc && fgets(line, sizeof(line), stdin))
      good &= print_word(line);
   return good ? 0 : 1;
}

/* Hexadecimal text in `code` becomes words. */
static bool
words_of_text(struct util_buf *code)
{
   struct util_buf words;
   char *save = NULL;
   util_buf_init(&words);
   util_buf_append(code, "", 1);
   for (char *t = strtok_r(code->data, " \t\r\n", &save); t;
        t = strtok_r(NULL, " \t\r\n", &save)) {
      uint64_t word;
      if (!read_word(t, &word)) {
         fprintf(stderr, "sass-dis: no hexadecimal word of 64 bits: %s\n", t);
         util_buf_finish(&words);
         return false;
      }
      util_buf_append(&words, &word, sizeof(word));
   }
   util_buf_finish(code);
   *code = words;
   return true;
}

static int
print_code(const struct util_buf *code, const char *name)
{
   struct util_buf text;
   util_buf_init(&text);
   int ret = sass_text_print((const uint64_t *)code->data,
                             code->size_B / SASS_WORD_B, &text);
   if (text.size_B)
      fputs(text.data, stdout);
   if (ret || code->size_B % SASS_BUNDLE_B) {
      fprintf(stderr, "%s: not whole bundles of %d bytes\n", name,
              SASS_BUNDLE_B);
      ret = 1;
   }
   util_buf_finish(&text);
   return ret ? 1 : 0;
}

static int
dis_file(const char *path, bool is_text)
{
   FILE *f = path ? fopen(path, "rb") : stdin;
   if (!f) {
      fprintf(stderr, "%s: %s\n", path, strerror(errno));
      return 1;
   }
   struct util_buf code;
   char chunk[4096];
   size_t n;
   util_buf_init(&code);
   while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
      util_buf_append(&code, chunk, n);
   if (path)
      fclose(f);
   int ret = 1;
   if (!is_text || words_of_text(&code))
      ret = print_code(&code, path ? path : "<stdin>");
   util_buf_finish(&code);
   return ret;
}

int
main(int argc, char **argv)
{
   bool is_text = false;
   int n = 1;
   if (argc >= 2 &&
       (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
      return fputs(help, stdout) < 0;
   if (argc >= 2 && strcmp(argv[1], "-w") == 0)
      return dis_words(argc - 2, argv + 2);
   if (argc > n && strcmp(argv[n], "-x") == 0) {
      is_text = true;
      n++;
   }
   if (argc > n + 1 || (argc > n && argv[n][0] == '-' && argv[n][1])) {
      fprintf(stderr, "usage: sass-dis [-x] [FILE] | -w [WORD...]; "
                      "--help for more\n");
      return 2;
   }
   bool from_file = argc > n && strcmp(argv[n], "-") != 0;
   return dis_file(from_file ? argv[n] : NULL, is_text);
}
