/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* sass-as: text to SASS (sass_text.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nouveau/isa/sass_text.h"
#include "util/util_buf.h"

static const char help[] =
   "usage: sass-as [-o OUT] [FILE]\n"
   "\n"
   "Assembles SASS of Maxwell and Pascal (sm_50 to sm_62). FILE or standard\n"
   "input; to OUT as binary code in bundles of 32 bytes, else one hexadecimal\n"
   "word a line to standard output, which sass-dis -x reads.\n"
   "\n"
   "A line is an instruction, a label, or empty; \"#\" begins a comment:\n"
   "\n"
   "  # counts down\n"
   "  [B------:R-:W0:-:S02] S2R R0, SR_TID.X;\n"
   "  .Lhead:\n"
   "  [B0-----:R-:W-:-:S06] IADD R0, R0, -0x1;\n"
   "  [B------:R-:W-:Y:S13] ISETP.GT.AND P0, PT, R0, RZ, PT;\n"
   "  [B------:R-:W-:Y:S13] @P0 BRA .Lhead;\n"
   "  EXIT;\n"
   "\n"
   "The control field in front, by columns:\n"
   "\n"
   "  B0-2---   waits until scoreboards 0 and 2 are free\n"
   "  R1        scoreboard 1 is free when the sources have been read\n"
   "  W0        scoreboard 0 is free when the result has been written\n"
   "  Y or -    hint to go to another warp; stalls above 12 need it\n"
   "  S06       cycles until the warp's next instruction; S00: both at once\n"
   "  U3        optional: operands (bit 0 A, 1 B, 2 C) to keep for the next\n"
   "\n"
   "Without it the instruction waits for everything, stalls 15 cycles and has\n"
   "scoreboard 0 or 1 if it needs one: slow and right. Names of instructions\n"
   "and modifiers are those of NVIDIA's disassembler; docs/sass.md has all forms.\n"
   "\".word 0x...\" stands for any 64 bits. Labels are targets of jumps; a number\n"
   "there is an offset from the code's base. The code is filled up with NOP.\n"
   "\n"
   "An error is told as FILE:LINE:COLUMN with the line; exit status 1.\n"
   "\n"
   "  sass-as -o kernel.bin kernel.sass\n"
   "  sass-as kernel.sass | sass-dis -x\n"
   "  echo 'FFMA R0, R1, R2, R3;' | sass-as\n";

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

/* The message, the line, and a mark under the column. */
static void
complain(const char *name, const char *text, unsigned line,
         const struct sass_error *err)
{
   fprintf(stderr, "%s:%u:%u: %s\n", name, line, err->column, err->msg);
   for (unsigned n = 1; n < line && *text; n++)
      text += strcspn(text, "\n") + 1;
   int length = (int)strcspn(text, "\n");
   fprintf(stderr, "   %.*s\n   ", length, text);
   for (int n = 0; n + 1 < (int)err->column && n < length; n++)
      fputc(text[n] == '\t' ? '\t' : ' ', stderr);
   fprintf(stderr, "^\n");
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
      complain(name, text.data, line, &err);
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
      bool is_file = argv[n][0] != '-' || !argv[n][1];
      if (strcmp(argv[n], "-h") == 0 || strcmp(argv[n], "--help") == 0)
         return fputs(help, stdout) < 0;
      if (strcmp(argv[n], "-o") == 0 && n + 1 < argc) {
         out_path = argv[++n];
      } else if (!path && is_file) {
         path = argv[n];
      } else {
         fprintf(stderr, "usage: sass-as [-o OUT] [FILE]; --help for more\n");
         return 2;
      }
   }
   return assemble(path && strcmp(path, "-") ? path : NULL, out_path);
}
