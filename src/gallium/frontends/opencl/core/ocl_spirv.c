/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_spirv.h"

#include <string.h>

/* SPIR-V specification: 2.3 (header), 3.32 (instructions), 3.20 (decorations). */
#define HEADER_WORDS       5
#define OP_TYPE_INT        21
#define OP_TYPE_FLOAT      22
#define OP_SPEC_TRUE       48
#define OP_SPEC_FALSE      49
#define OP_SPEC_CONSTANT   50
#define OP_DECORATE        71
#define DECORATION_SPEC_ID 1

struct module {
   uint32_t *word;
   size_t num;
};

/* The instruction at `at`, or NULL at the end and where the module is broken. */
static uint32_t *
instruction(const struct module *m, size_t at, uint32_t *opcode,
            uint32_t *length)
{
   if (at >= m->num)
      return NULL;
   *opcode = m->word[at] & 0xffff;
   *length = m->word[at] >> 16;
   return *length && *length <= m->num - at ? &m->word[at] : NULL;
}

/* Is `id` decorated with the specialization id? */
static bool
has_spec_id(const struct module *m, uint32_t id, uint32_t spec_id)
{
   uint32_t *in, op, n;

   for (size_t at = HEADER_WORDS; (in = instruction(m, at, &op, &n)); at += n)
      if (op == OP_DECORATE && n >= 4 && in[1] == id &&
          in[2] == DECORATION_SPEC_ID && in[3] == spec_id)
         return true;
   return false;
}

/* Bits of a number type; 0: it is none. */
static uint32_t
type_width(const struct module *m, uint32_t id)
{
   uint32_t *in, op, n;

   for (size_t at = HEADER_WORDS; (in = instruction(m, at, &op, &n)); at += n)
      if ((op == OP_TYPE_INT || op == OP_TYPE_FLOAT) && n >= 3 && in[1] == id)
         return in[2];
   return 0;
}

static cl_int
set_bool(uint32_t *in, uint32_t length, size_t value_B, const void *value)
{
   if (value_B != 1)
      return CL_INVALID_VALUE;
   in[0] =
      length << 16 | (*(const uint8_t *)value ? OP_SPEC_TRUE : OP_SPEC_FALSE);
   return CL_SUCCESS;
}

/* Types of less than a word take a word, whose other bits readers ignore. */
static cl_int
set_number(const struct module *m, uint32_t *in, uint32_t length,
           size_t value_B, const void *value)
{
   uint32_t bits = type_width(m, in[1]);
   size_t room_B = (length - 3) * sizeof(uint32_t);

   if (!bits || value_B * 8 != bits || value_B > room_B)
      return CL_INVALID_VALUE;
   memset(&in[3], 0, room_B);
   memcpy(&in[3], value, value_B);
   return CL_SUCCESS;
}

cl_int
ocl_spirv_specialize(void *module, size_t size_B, uint32_t spec_id,
                     size_t value_B, const void *value)
{
   const struct module m = {module, size_B / sizeof(uint32_t)};
   uint32_t *in, op, n;

   for (size_t at = HEADER_WORDS; (in = instruction(&m, at, &op, &n));
        at += n) {
      bool is_bool = op == OP_SPEC_TRUE || op == OP_SPEC_FALSE;
      if (n < 3 || (!is_bool && op != OP_SPEC_CONSTANT) ||
          !has_spec_id(&m, in[2], spec_id))
         continue;
      return is_bool ? set_bool(in, n, value_B, value)
                     : set_number(&m, in, n, value_B, value);
   }
   return CL_INVALID_SPEC_ID;
}
