/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <errno.h>
#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/Linker.h>

#include "compiler/clc/clc_embed.h"
#include "compiler/clc/clc_intrinsics_llvm.h"
#include "compiler/clc/clc_priv.h"
#include "compiler/clc/clc_shards.h"
#include "util/util_bitset.h"

#define NO_SHARD UINT32_MAX

static const struct clc_shards_header *
shards_header(void)
{
   return (const void *)clc_embed_shards;
}

static uint32_t
find_shard(const char *symbol)
{
   const struct clc_shards_header *header = shards_header();
   const struct clc_shards_symbol *symbols =
      (const void *)(clc_embed_shards + header->symbols_offset_B);
   const char *names = (const char *)clc_embed_shards + header->names_offset_B;

   for (uint32_t lo = 0, hi = header->num_symbols; lo < hi;) {
      uint32_t mid = lo + (hi - lo) / 2;
      int order = strcmp(symbol, names + symbols[mid].name);
      if (order == 0)
         return symbols[mid].shard;
      if (order < 0)
         hi = mid;
      else
         lo = mid + 1;
   }
   return NO_SHARD;
}

bool
clc_builtins_have(const char *symbol)
{
   return find_shard(symbol) != NO_SHARD;
}

bool
clc_is_intrinsic(const char *symbol)
{
   return strncmp(symbol, "llvm.", 5) == 0 || clc_intrinsic_exists(symbol);
}

static int
link_shard(struct clc_job *job, LLVMModuleRef module, uint32_t shard)
{
   const struct clc_shards_shard *s =
      (const struct clc_shards_shard *)(clc_embed_shards +
                                        shards_header()->shards_offset_B) +
      shard;
   LLVMMemoryBufferRef view = LLVMCreateMemoryBufferWithMemoryRange(
      (const char *)clc_embed_shards + s->offset_B, s->size_B, "builtins",
      false);
   LLVMModuleRef library;
   /* Lazily: only the bodies that are linked are read. */
   if (LLVMGetBitcodeModuleInContext2(job->context, view, &library)) {
      clc_job_error(job, "damaged builtin library");
      return -EINVAL;
   }
   return LLVMLinkModules2(module, library) ? -EINVAL : 0;
}

/* Marks the shards that define what `module` lacks; false if none does. */
static bool
find_needed(LLVMModuleRef module, uint64_t *needed)
{
   bool any = false;
   clc_for_each_function(fn, module)
   {
      if (!LLVMIsDeclaration(fn) || !LLVMGetFirstUse(fn))
         continue;
      uint32_t shard = find_shard(LLVMGetValueName(fn));
      if (shard == NO_SHARD)
         continue;
      util_bitset_set(needed, shard);
      any = true;
   }
   return any;
}

int
clc_builtins_link(struct clc_job *job, LLVMModuleRef module)
{
   unsigned num_shards = shards_header()->num_shards;
   unsigned words = UTIL_BITSET_WORDS(num_shards);
   uint64_t *needed = util_arena_array(&job->arena, uint64_t, words);

   /* A shard is complete in itself, so one round is enough. */
   if (!find_needed(module, needed))
      return 0;
   util_bitset_for_each(shard, needed, num_shards) {
      int ret = link_shard(job, module, shard);
      if (ret)
         return ret;
   }
   return job->failed ? -EINVAL : 0;
}
