/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Build-time tool: clc_shard OUT OWN.bc LIBCLC.bc
 *
 * Cuts the builtin library into shards (clc_shards.h). A function of OWN
 * replaces libclc's of the same name, also for libclc's own calls. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/Linker.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "compiler/clc/clc_intrinsics_llvm.h"
#include "compiler/clc/clc_shard_strip.h"
#include "compiler/clc/clc_shards.h"
#include "compiler/clc/clc_target.h"
#include "util/util_buf.h"
#include "util/util_macros.h"

struct symbol {
   char *name;
   char *family;
   uint32_t shard;
};

struct cut {
   LLVMContextRef context;
   LLVMMemoryBufferRef own, libclc; /* cleaned bitcode, read again per shard */
   LLVMModuleRef own_index, libclc_index; /* the same, for look-ups */
   struct symbol *symbols;
   unsigned num_symbols, cap_symbols;
   struct util_buf bitcode; /* all shards */
   struct clc_shards_shard *shards;
   unsigned num_shards;
};

static void
die(const char *what, const char *why)
{
   fprintf(stderr, "clc_shard: %s: %s\n", what, why ? why : "failed");
   exit(1);
}

static LLVMModuleRef
read_file(LLVMContextRef context, const char *path)
{
   LLVMMemoryBufferRef buffer;
   char *why = NULL;
   if (LLVMCreateMemoryBufferWithContentsOfFile(path, &buffer, &why))
      die(path, why);
   LLVMModuleRef module;
   if (LLVMParseBitcodeInContext2(context, buffer, &module))
      die(path, "not bitcode");
   LLVMDisposeMemoryBuffer(buffer);
   return module;
}

static LLVMModuleRef
read_lazily(struct cut *cut, LLVMMemoryBufferRef buffer)
{
   LLVMMemoryBufferRef view = LLVMCreateMemoryBufferWithMemoryRange(
      LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer), "library", false);
   LLVMModuleRef module;
   if (LLVMGetBitcodeModuleInContext2(cut->context, view, &module))
      die("library", "not bitcode");
   return module;
}

/* Attributes for a machine that is not ours, and what hinders inlining. */
static void
strip_attributes(LLVMValueRef fn)
{
   static const char *const strings[] = {"target-cpu", "target-features"};
   static const char *const enums[] = {"noinline", "optnone"};
   for (unsigned i = 0; i < ARRAY_SIZE(strings); i++)
      LLVMRemoveStringAttributeAtIndex(fn, LLVMAttributeFunctionIndex,
                                       strings[i], strlen(strings[i]));
   for (unsigned i = 0; i < ARRAY_SIZE(enums); i++)
      LLVMRemoveEnumAttributeAtIndex(
         fn, LLVMAttributeFunctionIndex,
         LLVMGetEnumAttributeKindForName(enums[i], strlen(enums[i])));
}

static void
clean_module(LLVMModuleRef module)
{
   LLVMSetTarget(module, CLC_TARGET_TRIPLE);
   LLVMSetDataLayout(module, CLC_TARGET_DATA_LAYOUT);
   LLVMSetSourceFileName(module, "builtins", strlen("builtins"));
   clc_shard_strip(module);
   for (LLVMValueRef fn = LLVMGetFirstFunction(module); fn;
        fn = LLVMGetNextFunction(fn)) {
      strip_attributes(fn);
   }
}

/* So that the linker takes only what is used, and merges copies. */
static void
make_linkonce(LLVMModuleRef module)
{
   for (LLVMValueRef fn = LLVMGetFirstFunction(module); fn;
        fn = LLVMGetNextFunction(fn)) {
      if (!LLVMIsDeclaration(fn) && LLVMGetLinkage(fn) == LLVMExternalLinkage)
         LLVMSetLinkage(fn, LLVMLinkOnceODRLinkage);
   }
}

static void
annotate_intrinsics(LLVMModuleRef module)
{
   for (LLVMValueRef fn = LLVMGetFirstFunction(module); fn;
        fn = LLVMGetNextFunction(fn))
      clc_intrinsic_annotate(fn);
}

/* sroa and friends once here rather than in every user's build. */
static void
simplify(LLVMModuleRef module)
{
   LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
   LLVMErrorRef error = LLVMRunPasses(
      module,
      "always-inline,function(sroa,early-cse,instcombine,simplifycfg),globaldce",
      NULL, options);
   if (error)
      die("simplify", LLVMGetErrorMessage(error));
   LLVMDisposePassBuilderOptions(options);
}

/* Renames libclc's versions of our functions to __libclc_NAME, under which ours
 * may call them; their old callers get ours. */
static void
rename_replaced(LLVMModuleRef libclc, LLVMModuleRef own)
{
   for (LLVMValueRef fn = LLVMGetFirstFunction(own); fn;
        fn = LLVMGetNextFunction(fn)) {
      if (LLVMIsDeclaration(fn) || LLVMGetLinkage(fn) == LLVMInternalLinkage)
         continue;
      LLVMValueRef old = LLVMGetNamedFunction(libclc, LLVMGetValueName(fn));
      if (!old || LLVMIsDeclaration(old))
         continue;
      char renamed[256];
      snprintf(renamed, sizeof(renamed), "__libclc_%s", LLVMGetValueName(fn));
      LLVMSetValueName2(old, renamed, strlen(renamed));
      LLVMValueRef fresh = LLVMAddFunction(libclc, LLVMGetValueName(fn),
                                           LLVMGlobalGetValueType(old));
      LLVMReplaceAllUsesWith(old, fresh);
   }
}

/* The identifier in an Itanium-mangled name, or the name itself. */
static const char *
base_name(const char *name, size_t *length_out)
{
   char *base;
   if (strncmp(name, "_Z", 2) == 0 && isdigit((unsigned char)name[2])) {
      *length_out = strtoul(name + 2, &base, 10);
      return base;
   }
   *length_out = strlen(name);
   return name;
}

/* "sin" of _Z3sinDv4_f. The 5400 convert_* go by element type and saturation:
 * "convert_uchar_sat" of _Z22convert_uchar4_sat_rteDv4_f. */
static char *
family_of(const char *name)
{
   size_t length;
   const char *base = base_name(name, &length);
   char *family = strndup(base, length);
   if (strncmp(family, "__partage_mem", 13) == 0)
      strcpy(family, "__partage_m"); /* memcpy and so on in one */
   if (strncmp(family, "__partage_printf", 16) == 0)
      strcpy(family, "__partage_p"); /* both halves know one sink */
   if (strncmp(family, "convert_", 8) != 0)
      return family;

   bool saturates = strstr(family, "_sat");
   size_t n = 8;
   while (isalpha((unsigned char)family[n]))
      n++;
   strcpy(family + n, saturates ? "_sat" : "");
   return family;
}

static void
add_symbols(struct cut *cut, LLVMModuleRef module)
{
   for (LLVMValueRef fn = LLVMGetFirstFunction(module); fn;
        fn = LLVMGetNextFunction(fn)) {
      if (LLVMIsDeclaration(fn) || LLVMGetLinkage(fn) == LLVMInternalLinkage)
         continue;
      const char *name = LLVMGetValueName(fn);
      size_t length;
      const char *base = base_name(name, &length);
      if (strncmp(base, "__clc", 5) == 0 || strncmp(base, "__libclc", 8) == 0)
         continue; /* inner functions come with their callers */
      if (cut->num_symbols == cut->cap_symbols) {
         cut->cap_symbols = MAX2(1024, 2 * cut->cap_symbols);
         cut->symbols =
            realloc(cut->symbols, cut->cap_symbols * sizeof(struct symbol));
      }
      cut->symbols[cut->num_symbols++] = (struct symbol){
         .name = strdup(name),
         .family = family_of(name),
      };
   }
}

static int
by_family(const void *a, const void *b)
{
   const struct symbol *x = a, *y = b;
   int order = strcmp(x->family, y->family);
   return order ? order : strcmp(x->name, y->name);
}

static int
by_name(const void *a, const void *b)
{
   return strcmp(((const struct symbol *)a)->name,
                 ((const struct symbol *)b)->name);
}

static void
declare(LLVMModuleRef shard, LLVMModuleRef from, const char *name)
{
   LLVMValueRef fn = LLVMGetNamedFunction(from, name);
   if (fn && !LLVMGetNamedFunction(shard, name))
      LLVMAddFunction(shard, name, LLVMGlobalGetValueType(fn));
}

static bool
defines(LLVMModuleRef module, const char *name)
{
   LLVMValueRef fn = LLVMGetNamedFunction(module, name);
   return fn && !LLVMIsDeclaration(fn);
}

/* Does `shard` call something that the library has and the shard has not? */
static bool
is_incomplete(struct cut *cut, LLVMModuleRef shard)
{
   for (LLVMValueRef fn = LLVMGetFirstFunction(shard); fn;
        fn = LLVMGetNextFunction(fn)) {
      const char *name = LLVMGetValueName(fn);
      if (LLVMIsDeclaration(fn) &&
          (defines(cut->own_index, name) || defines(cut->libclc_index, name)))
         return true;
   }
   return false;
}

/* Pulls the definitions of what `shard` declares, ours first, until it is
 * complete: libclc's functions call ours and the other way round. */
static void
pull(struct cut *cut, LLVMModuleRef shard)
{
   do {
      if (LLVMLinkModules2(shard, read_lazily(cut, cut->own)) ||
          LLVMLinkModules2(shard, read_lazily(cut, cut->libclc)))
         die("shard", "link failed");
   } while (is_incomplete(cut, shard));
}

static void
drop_unused_declarations(LLVMModuleRef module)
{
   for (LLVMValueRef fn = LLVMGetFirstFunction(module), next; fn; fn = next) {
      next = LLVMGetNextFunction(fn);
      if (LLVMIsDeclaration(fn) && !LLVMGetFirstUse(fn))
         LLVMDeleteFunction(fn);
   }
}

static void
write_shard(struct cut *cut, LLVMModuleRef module)
{
   LLVMMemoryBufferRef buffer = LLVMWriteBitcodeToMemoryBuffer(module);
   size_t pad_B = util_align(cut->bitcode.size_B, 16) - cut->bitcode.size_B;
   util_buf_extend(&cut->bitcode, pad_B);
   cut->shards =
      realloc(cut->shards, (cut->num_shards + 1) * sizeof(*cut->shards));
   cut->shards[cut->num_shards++] = (struct clc_shards_shard){
      .offset_B = cut->bitcode.size_B, /* made absolute by write_file */
      .size_B = LLVMGetBufferSize(buffer),
   };
   util_buf_append(&cut->bitcode, LLVMGetBufferStart(buffer),
                   LLVMGetBufferSize(buffer));
   LLVMDisposeMemoryBuffer(buffer);
}

static void
cut_family(struct cut *cut, struct symbol *first, unsigned num)
{
   LLVMModuleRef shard =
      LLVMModuleCreateWithNameInContext("builtins", cut->context);
   LLVMSetTarget(shard, CLC_TARGET_TRIPLE);
   LLVMSetDataLayout(shard, CLC_TARGET_DATA_LAYOUT);

   for (unsigned i = 0; i < num; i++) {
      declare(shard, cut->own_index, first[i].name);
      declare(shard, cut->libclc_index, first[i].name);
      first[i].shard = cut->num_shards;
   }

   pull(cut, shard);
   drop_unused_declarations(shard);
   write_shard(cut, shard);
   LLVMDisposeModule(shard);
}

static void
cut_all(struct cut *cut)
{
   qsort(cut->symbols, cut->num_symbols, sizeof(*cut->symbols), by_family);
   for (unsigned i = 0, n; i < cut->num_symbols; i += n) {
      struct symbol *first = &cut->symbols[i];
      for (n = 1; i + n < cut->num_symbols; n++)
         if (strcmp(first[n].family, first->family) != 0)
            break;
      cut_family(cut, first, n);
   }
   qsort(cut->symbols, cut->num_symbols, sizeof(*cut->symbols), by_name);
}

static void
write_file(struct cut *cut, const char *path)
{
   struct util_buf names, out;
   util_buf_init(&names);
   util_buf_init(&out);
   uint32_t symbols_B = cut->num_symbols * sizeof(struct clc_shards_symbol);
   uint32_t shards_B = cut->num_shards * sizeof(struct clc_shards_shard);
   struct clc_shards_header header = {
      .magic = CLC_SHARDS_MAGIC,
      .num_symbols = cut->num_symbols,
      .num_shards = cut->num_shards,
      .symbols_offset_B = sizeof(header),
      .shards_offset_B = sizeof(header) + symbols_B,
      .names_offset_B = sizeof(header) + symbols_B + shards_B,
   };
   util_buf_append(&out, &header, sizeof(header));

   for (unsigned i = 0; i < cut->num_symbols; i++) {
      struct clc_shards_symbol symbol = {names.size_B, cut->symbols[i].shard};
      util_buf_append(&out, &symbol, sizeof(symbol));
      util_buf_append(&names, cut->symbols[i].name,
                      strlen(cut->symbols[i].name) + 1);
   }
   uint32_t bitcode_offset_B =
      util_align(header.names_offset_B + names.size_B, 16);
   for (unsigned i = 0; i < cut->num_shards; i++) {
      cut->shards[i].offset_B += bitcode_offset_B;
      util_buf_append(&out, &cut->shards[i], sizeof(cut->shards[i]));
   }
   util_buf_append(&out, names.data, names.size_B);
   util_buf_extend(&out, bitcode_offset_B - out.size_B);
   util_buf_append(&out, cut->bitcode.data, cut->bitcode.size_B);

   FILE *f = fopen(path, "wb");
   if (!f || fwrite(out.data, 1, out.size_B, f) != out.size_B || fclose(f))
      die(path, "cannot write");
   util_buf_finish(&names);
   util_buf_finish(&out);
}

static void
finish(struct cut *cut)
{
   for (unsigned i = 0; i < cut->num_symbols; i++) {
      free(cut->symbols[i].name);
      free(cut->symbols[i].family);
   }
   free(cut->symbols);
   free(cut->shards);
   util_buf_finish(&cut->bitcode);
   LLVMDisposeModule(cut->own_index);
   LLVMDisposeModule(cut->libclc_index);
   LLVMDisposeMemoryBuffer(cut->own);
   LLVMDisposeMemoryBuffer(cut->libclc);
   LLVMContextDispose(cut->context);
}

int
main(int argc, char **argv)
{
   if (argc != 4)
      die("usage", "clc_shard OUT OWN.bc LIBCLC.bc");

   struct cut cut = {.context = LLVMContextCreate()};
   util_buf_init(&cut.bitcode);
   LLVMModuleRef own = read_file(cut.context, argv[2]);
   LLVMModuleRef libclc = read_file(cut.context, argv[3]);
   clean_module(own);
   clean_module(libclc);
   annotate_intrinsics(own);
   simplify(own);
   make_linkonce(own);
   make_linkonce(libclc);
   rename_replaced(libclc, own);
   add_symbols(&cut, own);
   add_symbols(&cut, libclc);
   cut.own = LLVMWriteBitcodeToMemoryBuffer(own);
   cut.libclc = LLVMWriteBitcodeToMemoryBuffer(libclc);
   LLVMDisposeModule(own);
   LLVMDisposeModule(libclc);
   cut.own_index = read_lazily(&cut, cut.own);
   cut.libclc_index = read_lazily(&cut, cut.libclc);

   cut_all(&cut);
   write_file(&cut, argv[1]);
   printf("%u symbols in %u shards, %zu bytes\n", cut.num_symbols,
          cut.num_shards, cut.bitcode.size_B);
   finish(&cut);
   return 0;
}
