/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Instructions that Khronos' translator for LLVM 15 does not know, or gets
 * wrong, as others that it knows. Works on the words of a valid module; many
 * have none of them and stay as they are. What is to be added to a module's
 * declarations is found while its functions are rewritten, so these go to a
 * buffer of their own. */
#include <errno.h>

#include "compiler/clc/clc_spirv.h"
#include "compiler/clc/clc_spirv_lower_priv.h"
#include "compiler/clc/clc_spirv_tools.h"

/* ---- the module ---- */

static bool
is_foreign(const spv_parsed_instruction_t *in)
{
   switch (in->opcode) {
   case OP_COPY_MEMORY:
   case OP_VECTOR_SHUFFLE:
   case OP_COMPOSITE_CONSTRUCT:
   case OP_I_ADD_CARRY:
   case OP_I_SUB_BORROW:
   case OP_U_MUL_EXTENDED:
   case OP_S_MUL_EXTENDED:
   case OP_COPY_LOGICAL:
   case OP_PTR_EQUAL:
   case OP_PTR_NOT_EQUAL:
   case OP_PTR_DIFF:
   case OP_DECORATE_STRING:
   case OP_MEMBER_DECORATE_STRING:
      return true;
   case OP_COPY_MEMORY_SIZED: {
      unsigned target = access_words(in->words, SIZED_ACCESS);
      return target && access_words(in->words, SIZED_ACCESS + target);
   }
   default:
      return false;
   }
}

struct scan {
   struct lower *l;
   size_t at;
};

static spv_result_t
on_header(void *data, spv_endianness_t endian, uint32_t magic, uint32_t version,
          uint32_t generator, uint32_t bound, uint32_t reserved)
{
   struct lower *l = ((struct scan *)data)->l;
   l->first_id = l->bound = bound;
   l->def = util_arena_array(l->arena, const uint32_t *, bound);
   l->type = util_arena_array(l->arena, uint32_t, bound);
   return SPV_SUCCESS;
}

static spv_result_t
on_instruction(void *data, const spv_parsed_instruction_t *in)
{
   struct scan *scan = data;
   struct lower *l = scan->l;
   if (in->result_id) {
      l->def[in->result_id] = l->words + scan->at;
      l->type[in->result_id] = in->type_id;
   }
   scan->at += in->num_words;
   l->needed |= is_foreign(in);
   return SPV_SUCCESS;
}

/* Our capabilities come first, where they may stand in any order, our imports
 * before the memory model, declarations before the first function. */
static void
rewrite(struct lower *l, struct util_buf *out)
{
   struct util_buf first, second, *module = &first;
   bool in_functions = false;
   util_buf_init(&first);
   util_buf_init(&second);
   for (const uint32_t *in = next(l, NULL); in; in = next(l, in)) {
      unsigned op = opcode(in);
      in_functions |= op == OP_FUNCTION;
      if (op == OP_MEMORY_MODEL)
         module = &second;
      if (op == OP_DECORATE_STRING || op == OP_MEMBER_DECORATE_STRING)
         continue; /* nothing depends on them */
      if (in_functions)
         lower_instruction(l, in);
      else
         put_as_is(module, in);
   }
   const struct util_buf *const parts[] = {
      &l->head, &first, &l->imports, &second, &l->declarations, &l->body};
   util_buf_append(out, l->words, HEADER_WORDS * sizeof(uint32_t));
   ((uint32_t *)out->data)[BOUND] = l->bound;
   for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
      util_buf_append(out, parts[i]->data, parts[i]->size_B);
   util_buf_finish(&first);
   util_buf_finish(&second);
}

int
clc_spirv_lower(struct util_arena *arena, const uint32_t *words,
                size_t num_words, struct util_buf *out)
{
   struct lower l = {.arena = arena, .words = words, .num_words = num_words};
   struct scan scan = {&l, HEADER_WORDS};
   spv_context context = spvContextCreate(SPV_ENV_UNIVERSAL_1_4);
   spv_result_t result = spvBinaryParse(context, &scan, words, num_words,
                                        on_header, on_instruction, NULL);
   spvContextDestroy(context);
   if (result != SPV_SUCCESS)
      return -EINVAL;
   if (!l.needed) {
      util_buf_append(out, words, num_words * sizeof(uint32_t));
      return 0;
   }
   util_buf_init(&l.head);
   util_buf_init(&l.imports);
   util_buf_init(&l.declarations);
   util_buf_init(&l.body);
   rewrite(&l, out);
   util_buf_finish(&l.head);
   util_buf_finish(&l.imports);
   util_buf_finish(&l.declarations);
   util_buf_finish(&l.body);
   return l.num_copied < MAX_COPIED ? 0 : -E2BIG;
}
