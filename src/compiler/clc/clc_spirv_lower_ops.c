/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <string.h>

#include "compiler/clc/clc_spirv_lower_priv.h"

/* op of two values of the type; the result has a new id. */
static uint32_t
put_binary(struct lower *l, enum op op, uint32_t type, uint32_t x, uint32_t y)
{
   uint32_t id = new_id(l);
   put(&l->body, op, WORDS(type, id, x, y));
   return id;
}

static uint32_t
put_not(struct lower *l, uint32_t type, uint32_t x)
{
   uint32_t id = new_id(l);
   put(&l->body, OP_NOT, WORDS(type, id, x));
   return id;
}

/* ---- declarations ---- */

static void
need_int64(struct lower *l)
{
   for (const uint32_t *in = next(l, NULL); in && opcode(in) == OP_CAPABILITY;
        in = next(l, in))
      if (in[1] == CAPABILITY_INT64)
         return;
   put(&l->head, OP_CAPABILITY, WORDS(CAPABILITY_INT64));
}

static uint32_t
ulong_type(struct lower *l)
{
   for (const uint32_t *in = next(l, NULL); in && !l->ulong_id;
        in = next(l, in))
      if (opcode(in) == OP_TYPE_INT && in[2] == 64 && in[3] == 0)
         l->ulong_id = in[1];
   if (!l->ulong_id) {
      need_int64(l);
      l->ulong_id = new_id(l);
      put(&l->declarations, OP_TYPE_INT, WORDS(l->ulong_id, 64, 0));
   }
   return l->ulong_id;
}

static uint32_t
ulong_one(struct lower *l)
{
   if (!l->one_id) {
      uint32_t type = ulong_type(l);
      l->one_id = new_id(l);
      put(&l->declarations, OP_CONSTANT, WORDS(type, l->one_id, 1, 0));
   }
   return l->one_id;
}

/* ---- pointers ---- */

static uint32_t
address_of(struct lower *l, uint32_t pointer)
{
   uint32_t type = ulong_type(l), id = new_id(l);
   put(&l->body, OP_CONVERT_PTR_TO_U, WORDS(type, id, pointer));
   return id;
}

static void
lower_ptr_compare(struct lower *l, const uint32_t *in, enum op compare)
{
   uint32_t x = address_of(l, in[3]), y = address_of(l, in[4]);
   put(&l->body, compare, WORDS(in[1], in[2], x, y));
}

/* The size of what it points to is where the next one is after null. */
static uint32_t
step_of(struct lower *l, uint32_t pointer)
{
   uint32_t type = l->type[pointer], null = new_id(l), second = new_id(l);
   put(&l->declarations, OP_CONSTANT_NULL, WORDS(type, null));
   put(&l->body, OP_PTR_ACCESS_CHAIN, WORDS(type, second, null, ulong_one(l)));
   return address_of(l, second);
}

static void
lower_ptr_diff(struct lower *l, const uint32_t *in)
{
   uint32_t wide = ulong_type(l);
   uint32_t bytes =
      put_binary(l, OP_I_SUB, wide, address_of(l, in[3]), address_of(l, in[4]));
   uint32_t step = step_of(l, in[3]);
   if (in[1] == wide) {
      put(&l->body, OP_S_DIV, WORDS(wide, in[2], bytes, step));
      return;
   }
   uint32_t n = put_binary(l, OP_S_DIV, wide, bytes, step);
   put(&l->body, OP_S_CONVERT, WORDS(in[1], in[2], n));
}

/* ---- composites ---- */

/* `value` is member *i of what is made so far; returns what is made then. */
static uint32_t
put_insert(struct lower *l, uint32_t type, uint32_t so_far, uint32_t value,
           uint32_t *i, uint32_t id)
{
   put(&l->body, OP_COMPOSITE_INSERT, WORDS(type, id, value, so_far, *i));
   ++*i;
   return id;
}

/* Type, id and `n` parts, one after the other: the translator makes composites
 * of constants only. Parts of a vector may be vectors. */
static void
put_construct(struct lower *l, const uint32_t *made, uint32_t n)
{
   uint32_t so_far = new_id(l), i = 0;
   bool is_vector = opcode(l->def[made[0]]) == OP_TYPE_VECTOR;
   put(&l->body, OP_UNDEF, WORDS(made[0], so_far));
   for (uint32_t k = 0; k < n; k++) {
      uint32_t part = made[2 + k];
      const uint32_t *type =
         is_vector && part < l->first_id ? l->def[l->type[part]] : NULL;
      uint32_t num = type && opcode(type) == OP_TYPE_VECTOR ? type[3] : 1;
      for (uint32_t c = 0; c < num; c++) {
         uint32_t value = part;
         uint32_t id = k + 1 == n && c + 1 == num ? made[1] : new_id(l);
         if (num > 1) {
            value = new_id(l);
            put(&l->body, OP_COMPOSITE_EXTRACT, WORDS(type[2], value, part, c));
         }
         so_far = put_insert(l, made[0], so_far, value, &i, id);
      }
   }
}

/* Also of our own: two parts. */
static void
put_pair(struct lower *l, const uint32_t *in, uint32_t x, uint32_t y)
{
   put_construct(l, (const uint32_t[]){in[1], in[2], x, y}, 2);
}

/* The translator wants vectors of one size. */
static void
lower_shuffle(struct lower *l, const uint32_t *in)
{
   uint32_t num = l->def[l->type[in[3]]][3], n = (in[0] >> 16) - 5;
   uint32_t component = l->def[in[1]][2], so_far = new_id(l), k = 0;
   put(&l->body, OP_UNDEF, WORDS(in[1], so_far));
   for (uint32_t i = 0; i < n; i++) {
      uint32_t from = in[5 + i], value = new_id(l);
      if (from == ~0u)
         put(&l->body, OP_UNDEF, WORDS(component, value));
      else
         put(&l->body, OP_COMPOSITE_EXTRACT,
             WORDS(component, value, from < num ? in[3] : in[4],
                   from < num ? from : from - num));
      so_far = put_insert(l, in[1], so_far, value, &k,
                          i + 1 == n ? in[2] : new_id(l));
   }
}

/* ---- sums with carry, products with a high half ---- */

static uint32_t
component_type(struct lower *l, uint32_t type)
{
   const uint32_t *def = l->def[type];
   return opcode(def) == OP_TYPE_VECTOR ? def[2] : type;
}

/* The number of the type's highest bit, as a constant of an integer type or a
 * vector of them. */
static uint32_t
highest_bit(struct lower *l, uint32_t type)
{
   uint32_t component = component_type(l, type), id = new_id(l);
   uint32_t bits = l->def[component][2], words[18];
   const uint32_t constant[] = {component, id, bits - 1, 0};
   put(&l->declarations, OP_CONSTANT, constant, bits <= 32 ? 3 : 4);
   if (component == type)
      return id;
   uint32_t n = l->def[type][3];
   words[0] = type;
   words[1] = new_id(l);
   for (uint32_t i = 0; i < n; i++)
      words[2 + i] = id;
   put(&l->declarations, OP_CONSTANT_COMPOSITE, words, n + 2);
   return words[1];
}

/* (x & y | (x | y) & ~sum) and (~x & y | ~(x ^ y) & difference): the carry is
 * their highest bit. */
static void
lower_carry(struct lower *l, const uint32_t *in)
{
   uint32_t x = in[3], y = in[4], t = l->type[x];
   bool add = opcode(in) == OP_I_ADD_CARRY;
   uint32_t low = put_binary(l, add ? OP_I_ADD : OP_I_SUB, t, x, y);
   uint32_t u = add ? x : put_not(l, t, x), v;
   u = put_binary(l, OP_BITWISE_AND, t, u, y);
   if (add)
      v = put_binary(l, OP_BITWISE_AND, t,
                     put_binary(l, OP_BITWISE_OR, t, x, y), put_not(l, t, low));
   else
      v =
         put_binary(l, OP_BITWISE_AND, t,
                    put_not(l, t, put_binary(l, OP_BITWISE_XOR, t, x, y)), low);
   v = put_binary(l, OP_BITWISE_OR, t, u, v);
   v = put_binary(l, OP_SHIFT_RIGHT_LOGICAL, t, v, highest_bit(l, t));
   put_pair(l, in, low, v);
}

static uint32_t
std_import(struct lower *l)
{
   static const char name[12] = "OpenCL.std"; /* in whole words */
   for (const uint32_t *in = next(l, NULL); in && !l->std_id; in = next(l, in))
      if (opcode(in) == OP_EXT_INST_IMPORT &&
          strcmp((const char *)&in[2], name) == 0)
         l->std_id = in[1];
   if (!l->std_id) {
      uint32_t words[4] = {l->std_id = new_id(l)};
      memcpy(words + 1, name, sizeof(name));
      put(&l->imports, OP_EXT_INST_IMPORT, words, 4);
   }
   return l->std_id;
}

static void
lower_extended(struct lower *l, const uint32_t *in)
{
   uint32_t x = in[3], y = in[4], t = l->type[x], high = new_id(l);
   uint32_t how = opcode(in) == OP_U_MUL_EXTENDED ? STD_U_MUL_HI : STD_S_MUL_HI;
   uint32_t low = put_binary(l, OP_I_MUL, t, x, y);
   put(&l->body, OP_EXT_INST, WORDS(t, high, std_import(l), how, x, y));
   put_pair(l, in, low, high);
}

static uint32_t copy_logical(struct lower *l, uint32_t to, uint32_t from,
                             uint32_t value, uint32_t id);

/* Members of a struct or an array type, and the type of one. */
static uint32_t
num_members(struct lower *l, uint32_t type)
{
   const uint32_t *def = l->def[type];
   if (opcode(def) == OP_TYPE_STRUCT)
      return (def[0] >> 16) - 2;
   const uint32_t *length = l->def[def[3]];
   unsigned op = opcode(length);
   if (op != OP_CONSTANT && op != OP_SPEC_CONSTANT)
      l->num_copied = MAX_COPIED; /* computed: refused */
   return op == OP_CONSTANT || op == OP_SPEC_CONSTANT ? length[3] : 0;
}

static uint32_t
member_type(struct lower *l, uint32_t type, uint32_t i)
{
   const uint32_t *def = l->def[type];
   return opcode(def) == OP_TYPE_ARRAY ? def[2] : def[2 + i];
}

static bool
is_aggregate(struct lower *l, uint32_t type)
{
   enum op op = l->def[type] ? opcode(l->def[type]) : 0;
   return op == OP_TYPE_STRUCT || op == OP_TYPE_ARRAY;
}

static uint32_t
copy_logical(struct lower *l, uint32_t to, uint32_t from, uint32_t value,
             uint32_t id)
{
   if (to == from || !is_aggregate(l, to)) {
      put(&l->body, OP_COPY_OBJECT, WORDS(to, id, value));
      return id;
   }
   uint32_t n = num_members(l, to);
   if (n >= MAX_COPIED - l->num_copied) {
      l->num_copied = MAX_COPIED;
      return id;
   }
   l->num_copied += n;
   uint32_t *made = util_arena_array(l->arena, uint32_t, n + 2);
   made[0] = to;
   made[1] = id;
   for (uint32_t i = 0; i < n; i++) {
      uint32_t part = new_id(l), type = member_type(l, from, i);
      put(&l->body, OP_COMPOSITE_EXTRACT, WORDS(type, part, value, i));
      made[2 + i] =
         member_type(l, to, i) == type
            ? part
            : copy_logical(l, member_type(l, to, i), type, part, new_id(l));
   }
   put_construct(l, made, n);
   return id;
}

/* ---- copies ---- */

/* A load and a store. Of two sets of operands the first is the target's; one is
 * for both. */
static void
lower_copy(struct lower *l, const uint32_t *in)
{
   enum {
      FIRST = 3
   };
   unsigned target = access_words(in, FIRST), source = 0;
   const uint32_t *from = in + FIRST;
   if (target)
      source = access_words(in, FIRST + target);
   if (source)
      from += target;
   else
      source = target;
   uint32_t id = new_id(l), words[3 + 2];
   words[0] = l->def[l->type[in[2]]][3];
   words[1] = id;
   words[2] = in[2];
   memcpy(words + 3, from, source * sizeof(uint32_t));
   put(&l->body, OP_LOAD, words, 3 + source);
   words[0] = in[1];
   words[1] = id;
   memcpy(words + 2, in + FIRST, target * sizeof(uint32_t));
   put(&l->body, OP_STORE, words, 2 + target);
}

/* One set of memory operands for both sides instead of one for each: volatile
 * if one is, aligned as both are. */
static void
lower_copy_sized(struct lower *l, const uint32_t *in)
{
   unsigned at = SIZED_ACCESS, source = 0;
   unsigned target = access_words(in, at), n = at - 1;
   uint32_t words[SIZED_ACCESS + 2];
   if (target)
      source = access_words(in, at + target);
   if (!source) {
      put_as_is(&l->body, in);
      return;
   }
   memcpy(words, in + 1, n * sizeof(uint32_t));
   const uint32_t *x = in + at, *y = x + target;
   words[n++] = (x[0] | y[0]) & ACCESS_VOLATILE;
   if (x[0] & y[0] & ACCESS_ALIGNED) {
      words[n - 1] |= ACCESS_ALIGNED;
      words[n++] = x[1] < y[1] ? x[1] : y[1];
   }
   put(&l->body, OP_COPY_MEMORY_SIZED, words, n);
}

/* ---- all of them ---- */

void
lower_instruction(struct lower *l, const uint32_t *in)
{
   switch (opcode(in)) {
   case OP_PTR_EQUAL:
      lower_ptr_compare(l, in, OP_I_EQUAL);
      break;
   case OP_PTR_NOT_EQUAL:
      lower_ptr_compare(l, in, OP_I_NOT_EQUAL);
      break;
   case OP_PTR_DIFF:
      lower_ptr_diff(l, in);
      break;
   case OP_COPY_LOGICAL:
      copy_logical(l, in[1], l->type[in[3]], in[3], in[2]);
      break;
   case OP_COPY_MEMORY:
      lower_copy(l, in);
      break;
   case OP_COPY_MEMORY_SIZED:
      lower_copy_sized(l, in);
      break;
   case OP_VECTOR_SHUFFLE:
      lower_shuffle(l, in);
      break;
   case OP_COMPOSITE_CONSTRUCT:
      put_construct(l, in + 1, (in[0] >> 16) - 3);
      break;
   case OP_I_ADD_CARRY:
   case OP_I_SUB_BORROW:
      lower_carry(l, in);
      break;
   case OP_U_MUL_EXTENDED:
   case OP_S_MUL_EXTENDED:
      lower_extended(l, in);
      break;
   default:
      put_as_is(&l->body, in);
      break;
   }
}
