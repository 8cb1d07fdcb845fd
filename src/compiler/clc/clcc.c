/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Developer's tool: clcc [-c] [-S] [-i] [-o OUT] FILE [build options...]
 *
 * Compiles and links one source, or SPIR-V module, as clBuildProgram would and
 * writes the bitcode that nvir takes (to OUT, or FILE.bc), or with -S its text.
 * -c stops before linking, -i prints the kernels and their arguments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/Core.h>

#include "compiler/clc/clc_ops.h"
#include "util/util_buf.h"
#include "util/util_macros.h"

struct clcc {
   const struct clc_ops *ops;
   const char *input, *output;
   bool compile_only, text, info;
   struct util_buf options;
};

/* NUL-terminated. */
static char *
read_input(const char *path, size_t *size_B_out)
{
   FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
   if (!f)
      return NULL;
   struct util_buf buf;
   util_buf_init(&buf);
   char block[4096];
   for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
      util_buf_append(&buf, block, n);
   fclose(f);
   *size_B_out = buf.size_B;
   util_buf_append(&buf, "", 1);
   return util_buf_steal(&buf);
}

/* Build options go on to clc quoted, as clBuildProgram would get them. */
static void
add_option(struct clcc *c, const char *word)
{
   util_buf_puts(&c->options, c->options.size_B ? " \"" : "\"");
   for (; *word; word++)
      util_buf_printf(&c->options,
                      *word == '"' || *word == '\\' ? "\\%c" : "%c", *word);
   util_buf_puts(&c->options, "\"");
}

static bool
parse_args(struct clcc *c, int argc, char **argv)
{
   for (int i = 1; i < argc; i++) {
      if (strcmp(argv[i], "-c") == 0)
         c->compile_only = true;
      else if (strcmp(argv[i], "-S") == 0)
         c->text = true;
      else if (strcmp(argv[i], "-i") == 0)
         c->info = true;
      else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc)
         c->output = argv[++i];
      else if (!c->input && (argv[i][0] != '-' || !argv[i][1]))
         c->input = argv[i];
      else
         add_option(c, argv[i]);
   }
   return c->input;
}

static void
print_info(struct clcc *c, const struct clc_blob *program)
{
   static const char *const kinds[] = {"value", "global",  "constant", "local",
                                       "image", "sampler", "pipe"};
   struct clc_program_info info;
   if (c->ops->info(program, &info))
      return;
   for (uint32_t k = 0; k < info.num_kernels; k++) {
      const struct clc_kernel *kernel = &info.kernels[k];
      printf("kernel %s: %u bytes of arguments, attributes \"%s\"\n",
             kernel->name, kernel->args_size_B, kernel->attributes);
      for (uint32_t a = 0; a < kernel->num_args; a++) {
         const struct clc_arg *arg = &kernel->args[a];
         printf("   %3u: +0x%03x %4u bytes %-8s %s %s\n", a, arg->offset_B,
                arg->size_B, kinds[arg->kind], arg->type_name, arg->name);
      }
   }
   c->ops->info_finish(&info);
}

static char *
print_module(const struct clc_blob *program)
{
   LLVMContextRef context = LLVMContextCreate();
   LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRange(
      program->data, program->size_B, "program", false);
   LLVMModuleRef module;
   char *text = NULL;
   if (LLVMParseBitcodeInContext2(context, buffer, &module) == 0) {
      text = LLVMPrintModuleToString(module);
      LLVMDisposeModule(module);
   }
   LLVMDisposeMemoryBuffer(buffer);
   LLVMContextDispose(context);
   return text;
}

static int
write_output(struct clcc *c, const struct clc_blob *program)
{
   char *text = c->text ? print_module(program) : NULL;
   const void *data = c->text ? text : program->data;
   size_t size_B = text ? strlen(text) : program->size_B;
   char path[4096];
   snprintf(path, sizeof(path), "%s.bc", c->input);
   if (c->output)
      snprintf(path, sizeof(path), "%s", c->output);

   bool to_stdout = c->text && !c->output;
   FILE *f = to_stdout ? stdout : fopen(path, "wb");
   int ret = f && data && fwrite(data, 1, size_B, f) == size_B ? 0 : 1;
   if (f && !to_stdout)
      ret |= fclose(f) != 0;
   LLVMDisposeMessage(text);
   return ret;
}

static bool
is_spirv(const char *input, size_t size_B)
{
   static const unsigned char magic[4] = {0x03, 0x02, 0x23, 0x07};
   return size_B >= sizeof(magic) && !memcmp(input, magic, sizeof(magic));
}

/* Source or SPIR-V → blob; the log goes to stderr. */
static int
build(struct clcc *c, const char *source, size_t size_B,
      struct clc_blob *program)
{
   struct clc_compile_args args = {.source = source,
                                   .options = c->options.data,
                                   .chipset = 0x134};
   struct clc_blob object;
   char *log;
   int ret =
      is_spirv(source, size_B)
         ? c->ops->from_spirv(source, size_B, c->options.data, &object, &log)
         : c->ops->compile(&args, &object, &log);
   fputs(log, stderr);
   free(log);
   if (ret || c->compile_only) {
      *program = object;
      return ret;
   }
   const struct clc_blob *objects[] = {&object};
   ret = c->ops->link(objects, 1, c->options.data, false, program, &log);
   fputs(log, stderr);
   free(log);
   free(object.data);
   return ret;
}

int
main(int argc, char **argv)
{
   struct clcc c = {.ops = clc_get_ops()};
   util_buf_init(&c.options);
   if (!parse_args(&c, argc, argv)) {
      fputs("usage: clcc [-c] [-S] [-i] [-o OUT] FILE [build options]\n",
            stderr);
      return 2;
   }
   size_t size_B;
   char *source = read_input(c.input, &size_B);
   if (!source) {
      perror(c.input);
      return 1;
   }
   struct clc_blob program = {0};
   int ret = build(&c, source, size_B, &program);
   if (ret)
      fprintf(stderr, "clcc: %s\n", strerror(-ret));
   if (!ret && c.info)
      print_info(&c, &program);
   if (!ret && (!c.info || c.output))
      ret = write_output(&c, &program);
   free(program.data);
   free(source);
   util_buf_finish(&c.options);
   return ret ? 1 : 0;
}
