/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_pipeline.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "nouveau/isa/sass_text.h"
#include "util/util_flags.h"
#include "util/util_log.h"

static const struct util_flag debug_flags[] = {
   {"print", NVIR_DEBUG_PRINT, "IR after each pass"},
   {"validate", NVIR_DEBUG_VALIDATE, "check more often"},
   {"spill", NVIR_DEBUG_SPILL, "compile as if there were very few registers"},
   {"serial", NVIR_DEBUG_SERIAL, "wait for everything after every instruction"},
   {"noopt", NVIR_DEBUG_NOOPT, "leave out the passes that may be left out"},
   {"stats", NVIR_DEBUG_STATS, "a line of numbers for each kernel"},
   {"asm", NVIR_DEBUG_ASM, "the machine code as text"},
   {"llvm", NVIR_DEBUG_LLVM, "the LLVM IR that comes in"},
   {"struct", NVIR_DEBUG_STRUCT, "always run LLVM's structurizer"},
   {NULL, 0, NULL},
};

struct pass {
   const char *name;
   void (*run)(struct nvir_shader *s);    /* either… */
   int (*run_int)(struct nvir_shader *s); /* …or */
   bool optional;
};

static const struct pass passes[] = {
   {.name = "opt_fold", .run = nvir_opt_fold, .optional = true},
   {.name = "opt_cse", .run = nvir_opt_cse, .optional = true},
   {.name = "opt_dce", .run = nvir_opt_dce, .optional = true},
   {.name = "lower_atomics", .run = nvir_lower_atomics},
   {.name = "lower_div", .run = nvir_lower_div},
   {.name = "lower_fdiv", .run = nvir_lower_fdiv},
   {.name = "lower_int", .run = nvir_lower_int},
   {.name = "opt_fold2", .run = nvir_opt_fold, .optional = true},
   {.name = "opt_cse2", .run = nvir_opt_cse, .optional = true},
   {.name = "opt_dce2", .run = nvir_opt_dce, .optional = true},
   {.name = "analyze_uniformity", .run = nvir_analyze_uniformity},
   {.name = "legalize", .run_int = nvir_legalize},
   {.name = "opt_cse3", .run = nvir_opt_cse, .optional = true},
   {.name = "opt_dce3", .run = nvir_opt_dce},
   {.name = "split_critical_edges", .run = nvir_split_critical_edges},
   {.name = "opt_schedule", .run = nvir_opt_schedule, .optional = true},
   {.name = "analyze_loops", .run = nvir_analyze_loops},
   {.name = "spill", .run_int = nvir_spill},
   {.name = "assign_regs", .run_int = nvir_assign_regs},
   {.name = "opt_jumps", .run = nvir_opt_jumps, .optional = true},
   {.name = "opt_predicate", .run = nvir_opt_predicate, .optional = true},
   {.name = "insert_convergence", .run_int = nvir_insert_convergence},
   {.name = "schedule", .run = nvir_schedule},
   {.name = "insert_deps", .run = nvir_insert_deps},
};

void
nvir_pipeline_init(struct nvir_pipeline *p)
{
   *p = (struct nvir_pipeline){
      .debug = util_flags_from_env("NVIR_DEBUG", debug_flags),
      .pass_limit = util_env_u64("NVIR_PASS_LIMIT", UINT_MAX, 0, UINT_MAX),
   };
}

static void
print_to_stderr(struct nvir_shader *s, const char *after)
{
   struct util_buf b;
   util_buf_init(&b);
   util_buf_printf(&b, "; after %s\n", after);
   nvir_print(s, &b);
   fwrite(b.data, 1, b.size_B, stderr);
   util_buf_finish(&b);
}

static int
run_pass(struct nvir_pipeline *p, struct nvir_shader *s,
         const struct pass *pass)
{
   int err = 0;
   if (pass->run)
      pass->run(s);
   else
      err = pass->run_int(s);
   if (err)
      return err;
   if (p->debug & NVIR_DEBUG_PRINT)
      print_to_stderr(s, pass->name);
   nvir_validate(s, pass->name);
   return 0;
}

static bool
is_skipped(struct nvir_pipeline *p, const struct pass *pass)
{
   if (!pass->optional)
      return false;
   return p->debug & NVIR_DEBUG_NOOPT || ++p->passes_run > p->pass_limit;
}

static void
print_results(struct nvir_pipeline *p, struct nvir_shader *s, const char *code,
              size_t size_B)
{
   struct util_buf b;
   util_buf_init(&b);
   if (p->debug & NVIR_DEBUG_ASM) {
      util_buf_printf(&b, "# kernel %s\n", s->name);
      sass_text_print((const uint64_t *)code, size_B / 8, &b);
   }
   if (p->debug & NVIR_DEBUG_STATS)
      nvir_stats(s, &b);
   if (b.size_B)
      fprintf(stderr, "%s\n", b.data);
   util_buf_finish(&b);
}

int
nvir_pipeline_run(struct nvir_pipeline *p, struct nvir_shader *s,
                  struct util_buf *code)
{
   if (p->debug & NVIR_DEBUG_PRINT)
      print_to_stderr(s, "from_llvm");
   nvir_validate(s, "from_llvm");
   for (unsigned i = 0; i < ARRAY_SIZE(passes); i++) {
      if (is_skipped(p, &passes[i]))
         continue;
      int err = run_pass(p, s, &passes[i]);
      if (err) {
         util_dbg("nvir", "kernel '%s': pass %s: %d", s->name, passes[i].name,
                  err);
         return err;
      }
   }
   size_t start = code->size_B;
   int err = nvir_pack(s, code);
   if (!err)
      print_results(p, s, code->data + start, code->size_B - start);
   return err;
}

int
nvir_pipeline_run_pass(struct nvir_pipeline *p, struct nvir_shader *s,
                       const char *name)
{
   for (unsigned i = 0; i < ARRAY_SIZE(passes); i++)
      if (!strcmp(passes[i].name, name))
         return run_pass(p, s, &passes[i]);
   return -ENOENT;
}
