/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Developer's tool:
 *
 *    nvir-tool [-c CHIPSET] [-o BINARY] FILE       bitcode or LLVM text →
 * machine code nvir-tool -p PASS[,PASS…] FILE                IR text → IR text
 *
 * Without -o the code is printed. NVIR_DEBUG works as in the driver. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nouveau/compiler/nvir_pipeline.h"
#include "nouveau/isa/sass_text.h"

struct tool {
   const char *input, *output, *passes;
   uint32_t chipset;
};

static bool
read_file(const char *path, struct util_buf *out)
{
   FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
   char block[4096];
   if (!f)
      return false;
   for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
      util_buf_append(out, block, n);
   if (f != stdin)
      fclose(f);
   return true;
}

static void
print_kernel(const struct nvir_program *p, const struct nvir_kernel *k)
{
   struct util_buf text;
   util_buf_init(&text);
   printf(
      "# kernel %s: %u registers, %u barriers, shared %u, local %u, stack %u, arguments %u\n",
      k->name, k->num_gprs, k->num_barriers, k->shared_B, k->local_B, k->crs_B,
      k->args_B);
   sass_text_print((const uint64_t *)((const char *)p->code + k->code_offset_B),
                   k->code_size_B / 8, &text);
   fwrite(text.data, 1, text.size_B, stdout);
   util_buf_finish(&text);
}

static int
write_binary(const char *path, const struct nvir_blob *blob)
{
   FILE *f = fopen(path, "wb");
   if (!f || fwrite(blob->data, 1, blob->size_B, f) != blob->size_B) {
      perror(path);
      return 1;
   }
   return fclose(f) ? 1 : 0;
}

static int
print_binary(const struct tool *t, const struct nvir_blob *blob)
{
   struct nvir_program p;
   int err = nvir_program_open(blob->data, blob->size_B, t->chipset, &p);
   if (err) {
      fprintf(stderr, "nvir-tool: own binary: %s\n", strerror(-err));
      return 1;
   }
   for (unsigned i = 0; i < p.num_kernels; i++)
      print_kernel(&p, &p.kernels[i]);
   nvir_program_close(&p);
   return 0;
}

static int
compile(const struct tool *t, const struct util_buf *in)
{
   struct nvir_blob blob = {0};
   char *log;
   int err =
      nvir_get_ops()->compile(in->data, in->size_B, t->chipset, &blob, &log);
   fputs(log, stderr);
   free(log);
   if (err) {
      fprintf(stderr, "nvir-tool: %s\n", strerror(-err));
      return 1;
   }
   int rc = t->output ? write_binary(t->output, &blob) : print_binary(t, &blob);
   free(blob.data);
   return rc;
}

static int
run_passes(const struct tool *t, const struct util_buf *in)
{
   struct nvir_pipeline pipeline;
   struct nvir_shader *s;
   struct util_buf log, out;
   int err;

   nvir_pipeline_init(&pipeline);
   util_buf_init(&log);
   util_buf_init(&out);
   err = nvir_parse(in->data, &s, &log);
   if (!err) {
      char *list = strdup(t->passes), *rest = list, *name;
      s->log = &log;
      while (!err && (name = strsep(&rest, ",")))
         err = nvir_pipeline_run_pass(&pipeline, s, name);
      free(list);
      nvir_print(s, &out);
      fwrite(out.data, 1, out.size_B, stdout);
      nvir_shader_destroy(s);
   }
   if (log.size_B)
      fputs(log.data, stderr);
   if (err)
      fprintf(stderr, "nvir-tool: %s\n", strerror(-err));
   util_buf_finish(&log);
   util_buf_finish(&out);
   return err ? 1 : 0;
}

int
main(int argc, char **argv)
{
   struct tool t = {.chipset = 0x134};
   struct util_buf in;
   int opt;

   while ((opt = getopt(argc, argv, "c:o:p:")) != -1) {
      switch (opt) {
      case 'c':
         t.chipset = strtoul(optarg, NULL, 16);
         break;
      case 'o':
         t.output = optarg;
         break;
      case 'p':
         t.passes = optarg;
         break;
      default:
         return 2;
      }
   }
   if (optind + 1 != argc) {
      fprintf(stderr,
              "usage: nvir-tool [-c CHIPSET] [-o BINARY] [-p PASS,...] FILE\n");
      return 2;
   }
   util_buf_init(&in);
   if (!read_file(argv[optind], &in)) {
      perror(argv[optind]);
      return 1;
   }
   util_buf_puts(&in, "");
   int rc = t.passes ? run_passes(&t, &in) : compile(&t, &in);
   util_buf_finish(&in);
   return rc;
}
