/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/clc/clc_options.h"

#include <errno.h>
#include <string.h>

#include "compiler/clc/clc_clang.h"

/* What an option of the table does. */
enum option_kind {
   OPT_PASS,         /* cc1 knows it under the same name */
   OPT_DROP,         /* accepted, without effect here */
   OPT_REPLACE,      /* cc1 knows it as `cc1` */
   OPT_VALUE,        /* value attached or in the next word: -DX or -D X */
   OPT_EXACT_SQRT,   /* passed on, and remembered in the object */
   OPT_ALIASING,     /* takes back what is said without it */
   OPT_STD,          /* -cl-std= */
   OPT_LIBRARY,      /* -create-library */
   OPT_LINK_OPTIONS, /* -enable-link-options */
};

struct option {
   const char *name;
   enum option_kind kind;
   bool compile, link;
   const char *cc1;
};

/* Line tables are always made (messages of the back end name lines), so -g has
 * nothing to add. -cl-opt-disable would leave calls, which the back end does
 * not do. */
static const struct option option_table[] = {
   {"-D", OPT_VALUE, .compile = true},
   {"-U", OPT_VALUE, .compile = true},
   {"-I", OPT_VALUE, .compile = true},
   {"-w", OPT_PASS, .compile = true},
   {"-Werror", OPT_PASS, .compile = true},
   {"-g", OPT_DROP, .compile = true},
   {"-cl-std=", OPT_STD, .compile = true},
   {"-cl-kernel-arg-info", OPT_DROP, .compile = true},
   {"-cl-opt-disable", OPT_DROP, .compile = true},
   {"-cl-strict-aliasing", OPT_ALIASING, .compile = true},
   {"-cl-uniform-work-group-size", OPT_PASS, .compile = true},
   {"-cl-no-subgroup-ifp", OPT_DROP, .compile = true, .link = true},
   {"-cl-single-precision-constant", OPT_PASS, .compile = true},
   {"-cl-fp32-correctly-rounded-divide-sqrt", OPT_EXACT_SQRT, .compile = true},
   {"-cl-denorms-are-zero", OPT_REPLACE, .compile = true, .link = true,
    .cc1 = "-fdenormal-fp-math-f32=preserve-sign"},
   {"-cl-mad-enable", OPT_PASS, .compile = true},
   {"-cl-no-signed-zeros", OPT_PASS, .compile = true, .link = true},
   {"-cl-unsafe-math-optimizations", OPT_PASS, .compile = true, .link = true},
   {"-cl-finite-math-only", OPT_PASS, .compile = true, .link = true},
   {"-cl-fast-relaxed-math", OPT_PASS, .compile = true, .link = true},
   {"-create-library", OPT_LIBRARY, .link = true},
   {"-enable-link-options", OPT_LINK_OPTIONS, .link = true},
};

static void
add_arg(struct clc_options *o, const char *arg)
{
   if (o->num_user_args == o->cap_user_args) {
      unsigned cap = o->cap_user_args ? 2 * o->cap_user_args : 16;
      o->user_args = util_arena_grow(o->arena, o->user_args,
                                     o->num_user_args * sizeof(char *),
                                     cap * sizeof(char *));
      o->cap_user_args = cap;
   }
   o->user_args[o->num_user_args++] = arg;
}

static bool
is_space(char c)
{
   return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
          c == '\v';
}

/* The next word, unquoted as a shell would: '…', "…" and backslash. NULL at the
 * end. */
static char *
next_word(struct util_arena *arena, const char **cursor)
{
   const char *s = *cursor;
   while (is_space(*s))
      s++;
   if (!*s)
      return NULL;

   char *word = util_arena_alloc(arena, strlen(s) + 1), *w = word;
   char quote = 0;
   for (; *s && (quote || !is_space(*s)); s++) {
      if (quote ? *s == quote : (*s == '"' || *s == '\''))
         quote = quote ? 0 : *s;
      else if (*s == '\\' && quote != '\'' && s[1])
         *w++ = *++s;
      else
         *w++ = *s;
   }
   *cursor = s;
   return word;
}

/* -D, -U, -I and -cl-std= match as prefixes. */
static const struct option *
find_option(const char *word)
{
   for (unsigned i = 0; i < ARRAY_SIZE(option_table); i++) {
      const struct option *opt = &option_table[i];
      bool prefix = opt->kind == OPT_VALUE || opt->kind == OPT_STD;
      if (prefix ? strncmp(word, opt->name, strlen(opt->name)) == 0
                 : strcmp(word, opt->name) == 0)
         return opt;
   }
   return NULL;
}

static bool
is_allowed(const struct option *opt, enum clc_options_set set)
{
   return set == CLC_OPTIONS_COMPILE ? opt->compile
          : set == CLC_OPTIONS_LINK  ? opt->link
                                     : opt->compile || opt->link;
}

static bool
parse_std(struct clc_options *o, const char *value)
{
   static const struct {
      const char *name;
      unsigned version;
   } stds[] = {{"CL1.0", 100},
               {"CL1.1", 110},
               {"CL1.2", 120},
               {"CL2.0", 200},
               {"CL3.0", 300}};

   for (unsigned i = 0; i < ARRAY_SIZE(stds); i++) {
      if (strcmp(value, stds[i].name) == 0) {
         o->cl_std = stds[i].version;
         return true;
      }
   }
   return false;
}

static int
apply_option(struct clc_options *o, const struct option *opt, const char *word,
             const char **cursor, struct util_buf *log)
{
   const char *value = word + strlen(opt->name);
   switch (opt->kind) {
   case OPT_ALIASING:
      o->strict_aliasing = true;
      return 0;
   case OPT_EXACT_SQRT:
      o->exact_sqrt = true;
      add_arg(o, opt->name);
      return 0;
   case OPT_PASS:
      add_arg(o, opt->name);
      return 0;
   case OPT_REPLACE:
      add_arg(o, opt->cc1);
      return 0;
   case OPT_VALUE:
      if (!*value)
         value = next_word(o->arena, cursor);
      if (!value || !*value) {
         util_buf_printf(log, "error: option '%s' needs a value\n", opt->name);
         return -EPROTO;
      }
      add_arg(o, opt->name);
      add_arg(o, value);
      return 0;
   case OPT_STD:
      if (parse_std(o, value))
         return 0;
      util_buf_printf(log, "error: invalid value '%s' in '%s'\n", value, word);
      return -EPROTO;
   case OPT_LIBRARY:
      o->create_library = true;
      return 0;
   case OPT_LINK_OPTIONS:
      o->enable_link_options = true;
      return 0;
   case OPT_DROP:
      return 0;
   }
   return -EPROTO;
}

int
clc_options_parse(struct clc_options *o, struct util_arena *arena,
                  const char *text, enum clc_options_set set,
                  struct util_buf *log)
{
   *o = (struct clc_options){.arena = arena, .cl_std = 120};
   const char *cursor = text ? text : "";

   for (char *word; (word = next_word(arena, &cursor));) {
      const struct option *opt = find_option(word);
      if (!opt) {
         util_buf_printf(log, "error: unknown option '%s'\n", word);
         return -EPROTO;
      }
      if (!is_allowed(opt, set)) {
         util_buf_printf(log, "error: option '%s' is not one for %s\n", word,
                         set == CLC_OPTIONS_LINK ? "linking" : "compiling");
         return -EPROTO;
      }
      int ret = apply_option(o, opt, word, &cursor, log);
      if (ret)
         return ret;
   }

   /* 5.8.7: -enable-link-options is for libraries only. */
   if (o->enable_link_options && !o->create_library) {
      util_buf_puts(log, "error: option '-enable-link-options' without "
                         "'-create-library'\n");
      return -EPROTO;
   }
   return 0;
}

/* Extensions and features in clang's own table; all else is off. Images are not
 * there yet. */
#define EXTENSIONS_ALWAYS                                                      \
   "-cl-ext=-all,+cl_khr_byte_addressable_store,"                              \
   "+cl_khr_global_int32_base_atomics,+cl_khr_global_int32_extended_atomics,"  \
   "+cl_khr_local_int32_base_atomics,+cl_khr_local_int32_extended_atomics,"    \
   "+cl_khr_int64_base_atomics,+cl_khr_int64_extended_atomics,+cl_khr_fp64,"   \
   "+cl_khr_fp16,"                                                             \
   "+__opencl_c_fp64"
#define EXTENSIONS_CL3                                                         \
   ",+cl_khr_subgroups,+__opencl_c_subgroups,+__opencl_c_pipes,"               \
   "+__opencl_c_generic_address_space,"                                        \
   "+__opencl_c_program_scope_global_variables,"                               \
   "+__opencl_c_atomic_order_acq_rel,+__opencl_c_atomic_order_seq_cst"

#define SUB_GROUP_DEFINES                                                      \
   "-Dcl_khr_subgroup_extended_types=1",                                       \
      "-Dcl_khr_subgroup_non_uniform_vote=1", "-Dcl_khr_subgroup_ballot=1",    \
      "-Dcl_khr_subgroup_non_uniform_arithmetic=1",                            \
      "-Dcl_khr_subgroup_shuffle=1", "-Dcl_khr_subgroup_shuffle_relative=1",   \
      "-Dcl_khr_subgroup_clustered_reduce=1", "-Dcl_khr_subgroup_rotate=1"

#define FLOAT_ATOMIC_DEFINES(bits)                                             \
   "-D__opencl_c_ext_fp" #bits "_global_atomic_add=1",                         \
      "-D__opencl_c_ext_fp" #bits "_local_atomic_add=1",                       \
      "-D__opencl_c_ext_fp" #bits "_global_atomic_min_max=1",                  \
      "-D__opencl_c_ext_fp" #bits "_local_atomic_min_max=1"
#define FLOAT_ATOMICS                                                          \
   "-Dcl_ext_float_atomics=1", FLOAT_ATOMIC_DEFINES(32),                       \
      FLOAT_ATOMIC_DEFINES(64)

/* toolchain.md §1. The options before the user's, in cc1's spelling. */
static const char *const target_args[] = {
   "-triple",
   "nvptx64-nvidia-nvcl",
   "-x",
   "cl",
   "-O2",
   "-disable-llvm-passes",
   "-emit-llvm-bc",
   "-cl-kernel-arg-info",
   "-debug-info-kind=line-tables-only",
   "-fdebug-compilation-dir=/",
   "-main-file-name",
   CLC_CLANG_SOURCE_NAME,
   "-fdeclare-opencl-builtins",
   "-nobuiltininc",
   "-nostdsysteminc",
   "-include",
   CLC_CLANG_BASE_HEADER,
   "-D__OPENCL_VERSION__=300",
   "-DFP_FAST_FMA=1",
   "-DFP_FAST_FMAF=1",
   "-Dcl_khr_extended_bit_ops=1",
   "-Dcl_khr_integer_dot_product=1",
   "-D__opencl_c_integer_dot_product_input_4x8bit=1",
   "-D__opencl_c_integer_dot_product_input_4x8bit_packed=1",
   "-fmessage-length=0",
   "-ferror-limit",
   "100",
};

/* The header looks for these itself; clang has no -cl-ext name for them. */
static const char *const cl3_args[] = {
   EXTENSIONS_ALWAYS EXTENSIONS_CL3,
   SUB_GROUP_DEFINES,
   FLOAT_ATOMICS,
   "-D__opencl_c_int64=1",
   "-D__opencl_c_atomic_scope_device=1",
   "-D__opencl_c_atomic_scope_all_devices=1",
   "-D__opencl_c_work_group_collective_functions=1",
};

static const char *const cl2_args[] = {
   EXTENSIONS_ALWAYS ",+cl_khr_subgroups",
   SUB_GROUP_DEFINES,
   FLOAT_ATOMICS,
};

static const char *const cl1_args[] = {EXTENSIONS_ALWAYS};

/* By language version. */
static const struct language {
   unsigned version;
   const char *arg;
   const char *const *args;
   unsigned num_args;
} languages[] = {
   {100, "-cl-std=CL1.0", cl1_args, ARRAY_SIZE(cl1_args)},
   {110, "-cl-std=CL1.1", cl1_args, ARRAY_SIZE(cl1_args)},
   {120, "-cl-std=CL1.2", cl1_args, ARRAY_SIZE(cl1_args)},
   {200, "-cl-std=CL2.0", cl2_args, ARRAY_SIZE(cl2_args)},
   {300, "-cl-std=CL3.0", cl3_args, ARRAY_SIZE(cl3_args)},
};

static const struct language *
find_language(unsigned version)
{
   unsigned i = 0;
   while (languages[i].version != version)
      i++;
   return &languages[i];
}

const char **
clc_options_cc1_args(const struct clc_options *o, unsigned chipset,
                     unsigned *argc_out)
{
   const struct language *language = find_language(o->cl_std);
   unsigned num =
      ARRAY_SIZE(target_args) + language->num_args + o->num_user_args + 4;
   const char **argv = util_arena_array(o->arena, const char *, num);
   unsigned n = 0;

   for (unsigned i = 0; i < ARRAY_SIZE(target_args); i++)
      argv[n++] = target_args[i];
   argv[n++] = language->arg;
   for (unsigned i = 0; i < language->num_args; i++)
      argv[n++] = language->args[i];
   argv[n++] = "-I";
   argv[n++] = CLC_CLANG_HEADER_DIR;
   /* The option that allows it would not exist if it were so without. */
   if (!o->strict_aliasing)
      argv[n++] = "-relaxed-aliasing";
   for (unsigned i = 0; i < o->num_user_args; i++)
      argv[n++] = o->user_args[i];

   *argc_out = n;
   return argv;
}
