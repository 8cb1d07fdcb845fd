/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* "Bitcode" is the source text; a "device binary" is that text behind a magic. */
#include "fake_clc.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>

#include "util/util_buf.h"
#include "util/util_macros.h"

#define BINARY_MAGIC "FAKEBIN:"

static char *
text_log(const char *text)
{
   return strdup(text);
}

static int
compile(const struct clc_compile_args *args, struct clc_blob *object_out,
        char **log_out)
{
   struct util_buf text;

   if (strstr(args->source, "#error")) {
      *log_out = text_log("source:1: error: #error");
      return -EINVAL;
   }
   util_buf_init(&text);
   for (unsigned i = 0; i < args->num_headers; i++)
      util_buf_printf(&text, "%s\n", args->headers[i].source);
   util_buf_puts(&text, args->source);
   object_out->size_B = text.size_B;
   object_out->data = util_buf_steal(&text);
   *log_out = text_log(strstr(args->source, "warn") ? "source:1: warning" : "");
   return 0;
}

static int
from_spirv(const void *spirv, size_t size_B, const char *options,
           struct clc_blob *object_out, char **log_out)
{
   *log_out = text_log("no SPIR-V");
   return -EINVAL;
}

static int
link_objects(const struct clc_blob *const *objects, unsigned n,
             const char *options, bool library, struct clc_blob *program_out,
             char **log_out)
{
   struct util_buf text;

   util_buf_init(&text);
   for (unsigned i = 0; i < n; i++) {
      util_buf_append(&text, objects[i]->data, objects[i]->size_B);
      util_buf_puts(&text, "\n");
   }
   if (!library && strstr(text.data, "unresolved")) {
      util_buf_finish(&text);
      *log_out = text_log("unresolved symbol");
      return -EINVAL;
   }
   program_out->size_B = text.size_B;
   program_out->data = util_buf_steal(&text);
   *log_out = text_log("");
   return 0;
}

/* ---- kernels ---- */

static void
add_arg(struct clc_kernel *k, enum clc_arg_kind kind, uint32_t size_B,
        uint32_t space)
{
   struct clc_arg *a = &k->args[k->num_args];
   char name[16];

   a->kind = kind;
   a->size_B = size_B;
   a->align_B = kind == CLC_ARG_VALUE ? MIN2(util_next_pow2(size_B), 128) : 8;
   a->offset_B = util_align(k->args_size_B, a->align_B);
   a->addr_space = space;
   a->access = CL_KERNEL_ARG_ACCESS_NONE;
   snprintf(name, sizeof(name), "a%u", k->num_args++);
   a->name = strdup(name);
   a->type_name = strdup(kind == CLC_ARG_VALUE ? "int" : "int*");
   k->args_size_B = a->offset_B + size_B;
}

static void
parse_args(struct clc_kernel *k, const char *p)
{
   k->args = calloc(strlen(p) + 1, sizeof(*k->args));
   while (*p && !isspace((unsigned char)*p)) {
      char *end = (char *)p + 1;
      if (*p == 'g')
         add_arg(k, CLC_ARG_GLOBAL, 8, CL_KERNEL_ARG_ADDRESS_GLOBAL);
      else if (*p == 'c')
         add_arg(k, CLC_ARG_CONSTANT, 8, CL_KERNEL_ARG_ADDRESS_CONSTANT);
      else if (*p == 'l')
         add_arg(k, CLC_ARG_LOCAL, 8, CL_KERNEL_ARG_ADDRESS_LOCAL);
      else
         add_arg(k, CLC_ARG_VALUE, strtoul(p, &end, 10),
                 CL_KERNEL_ARG_ADDRESS_PRIVATE);
      p = end;
   }
}

static int
info(const struct clc_blob *program, struct clc_program_info *out)
{
   char *text = strndup(program->data, program->size_B), *save = NULL;
   uint32_t reqd[3] = {0};

   out->kernels = calloc(64, sizeof(*out->kernels));
   for (char *line = strtok_r(text, "\n", &save); line;
        line = strtok_r(NULL, "\n", &save)) {
      char name[32], args[64] = "";
      if (sscanf(line, "reqd %u %u %u", &reqd[0], &reqd[1], &reqd[2]) == 3)
         continue;
      if (sscanf(line, "kernel %31s %63s", name, args) < 1)
         continue;
      struct clc_kernel *k = &out->kernels[out->num_kernels++];
      k->name = strdup(name);
      k->attributes = strdup("");
      parse_args(k, args);
      memcpy(k->reqd_wg_size, reqd, sizeof(reqd));
      memset(reqd, 0, sizeof(reqd));
   }
   free(text);
   return 0;
}

static void
info_finish(struct clc_program_info *p)
{
   for (unsigned i = 0; i < p->num_kernels; i++) {
      struct clc_kernel *k = &p->kernels[i];
      for (unsigned a = 0; a < k->num_args; a++) {
         free(k->args[a].name);
         free(k->args[a].type_name);
      }
      free(k->args);
      free(k->name);
      free(k->attributes);
   }
   free(p->kernels);
}

static int
check_options(const char *options, bool linking, char **log_out)
{
   *log_out = text_log("");
   return strstr(options, "-bad") ? -EPROTO : 0;
}

const struct clc_ops fake_clc = {
   .abi = CLC_ABI,
   .compile = compile,
   .from_spirv = from_spirv,
   .link = link_objects,
   .info = info,
   .info_finish = info_finish,
   .check_options = check_options,
};

/* ---- the back end ---- */

int
fake_compile(struct pipe_screen *screen, const void *bitcode, size_t size_B,
             struct pipe_binary *binary_out, char **log_out)
{
   struct util_buf b;

   *log_out = text_log("");
   util_buf_init(&b);
   util_buf_puts(&b, BINARY_MAGIC);
   util_buf_append(&b, bitcode, size_B);
   binary_out->size_B = b.size_B;
   binary_out->data = util_buf_steal(&b);
   return 0;
}

int
fake_check_binary(struct pipe_screen *screen, const void *binary, size_t size_B)
{
   size_t n = strlen(BINARY_MAGIC);

   return size_B >= n && !memcmp(binary, BINARY_MAGIC, n) ? 0 : -EINVAL;
}

bool
fake_binary_has_kernel(const void *binary, size_t size_B, const char *name)
{
   char *text = strndup(binary, size_B);
   char want[64];

   snprintf(want, sizeof(want), "kernel %s", name);
   bool found = strstr(text, want);
   free(text);
   return found;
}
