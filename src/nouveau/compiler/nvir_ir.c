/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_ir.h"

#include <assert.h>
#include <stdlib.h>

const struct nvir_op_info nvir_op_infos[NVIR_NUM_OPS] = {
#define X(NAME, name, d, s, f) [NVIR_OP_##NAME] = {#name, d, s, f},
   NVIR_OPS(X)
#undef X
};

static const struct {
   const char *name;
   uint8_t bits, words;
} type_infos[NVIR_NUM_TYPES] = {
   [NVIR_TYPE_NONE] = {"none", 0, 0}, [NVIR_TYPE_I1] = {"i1", 1, 1},
   [NVIR_TYPE_I8] = {"i8", 8, 1},     [NVIR_TYPE_I16] = {"i16", 16, 1},
   [NVIR_TYPE_I32] = {"i32", 32, 1},  [NVIR_TYPE_I64] = {"i64", 64, 2},
   [NVIR_TYPE_F16] = {"f16", 16, 1},  [NVIR_TYPE_F32] = {"f32", 32, 1},
   [NVIR_TYPE_F64] = {"f64", 64, 2},
};

unsigned
nvir_type_bits(enum nvir_type type)
{
   return type_infos[type].bits;
}

unsigned
nvir_type_words(enum nvir_type type)
{
   return type_infos[type].words;
}

bool
nvir_type_is_float(enum nvir_type type)
{
   return type >= NVIR_TYPE_F16;
}

const char *
nvir_type_name(enum nvir_type type)
{
   return type_infos[type].name;
}

/* ---- shader and blocks ---- */

struct nvir_shader *
nvir_shader_create(const char *name, uint32_t chipset)
{
   struct nvir_shader *s = calloc(1, sizeof(*s));
   if (!s)
      abort();
   util_arena_init(&s->arena);
   util_list_init(&s->blocks);
   s->name = util_arena_strdup(&s->arena, name);
   s->chipset = chipset;
   return s;
}

void
nvir_shader_destroy(struct nvir_shader *s)
{
   if (!s)
      return;
   util_arena_finish(&s->arena);
   free(s);
}

static struct nvir_block *
block_alloc(struct nvir_shader *s)
{
   struct nvir_block *b = util_arena_new(&s->arena, struct nvir_block);
   b->shader = s;
   b->index = s->num_blocks++;
   util_list_init(&b->instrs);
   return b;
}

struct nvir_block *
nvir_block_create(struct nvir_shader *s)
{
   struct nvir_block *b = block_alloc(s);
   util_list_add_tail(&b->link, &s->blocks);
   return b;
}

struct nvir_block *
nvir_block_create_after(struct nvir_block *pos)
{
   struct nvir_block *b = block_alloc(pos->shader);
   util_list_add(&b->link, &pos->link);
   return b;
}

static unsigned
block_add_pred(struct nvir_block *b, struct nvir_block *pred)
{
   if (b->num_preds == b->cap_preds) {
      unsigned cap = MAX2(4, b->cap_preds * 2);
      b->preds = util_arena_grow(&b->shader->arena, b->preds,
                                 b->num_preds * sizeof(*b->preds),
                                 cap * sizeof(*b->preds));
      b->cap_preds = cap;
   }
   b->preds[b->num_preds] = pred;
   return b->num_preds++;
}

unsigned
nvir_block_link(struct nvir_block *from, struct nvir_block *to)
{
   unsigned n = from->succs[0] ? 1 : 0;
   assert(!from->succs[n]);
   from->succs[n] = to;
   return block_add_pred(to, from);
}

unsigned
nvir_block_pred_index(const struct nvir_block *b, const struct nvir_block *pred)
{
   for (unsigned i = 0; i < b->num_preds; i++)
      if (b->preds[i] == pred)
         return i;
   assert(!"not a predecessor");
   return 0;
}

static void
remove_phi_sources(struct nvir_block *b, unsigned n)
{
   nvir_foreach_instr(i, b) {
      if (i->op != NVIR_OP_PHI)
         break;
      for (unsigned k = n; k + 1 < i->num_srcs; k++)
         i->srcs[k] = i->srcs[k + 1];
      i->num_srcs--;
   }
}

void
nvir_block_unlink(struct nvir_block *from, struct nvir_block *to)
{
   unsigned n = nvir_block_pred_index(to, from);
   for (unsigned k = n; k + 1 < to->num_preds; k++)
      to->preds[k] = to->preds[k + 1];
   to->num_preds--;
   remove_phi_sources(to, n);
   if (from->succs[0] == to)
      from->succs[0] = from->succs[1];
   else
      assert(from->succs[1] == to);
   from->succs[1] = NULL;
}

struct nvir_block *
nvir_edge_split(struct nvir_block *from, struct nvir_block *to)
{
   struct nvir_block *mid = nvir_block_create_after(from);
   unsigned n = nvir_block_pred_index(to, from);

   from->succs[from->succs[0] == to ? 0 : 1] = mid;
   block_add_pred(mid, from);
   to->preds[n] = mid;
   mid->succs[0] = to;
   struct nvir_builder b = nvir_builder_at_end(mid);
   nvir_build_insert(&b, nvir_instr_create(mid->shader, NVIR_OP_BR, 0, 0));
   return mid;
}

struct nvir_block *
nvir_block_split_before(struct nvir_instr *pos)
{
   struct nvir_block *old = pos->block;
   struct nvir_block *tail = nvir_block_create_after(old);

   for (struct util_list *l = &pos->link, *next; l != &old->instrs; l = next) {
      next = l->next;
      util_list_del(l);
      struct nvir_instr *i = container_of(l, struct nvir_instr, link);
      i->block = tail;
      util_list_add_tail(l, &tail->instrs);
   }
   for (unsigned n = 0; n < 2; n++) {
      struct nvir_block *succ = old->succs[n];
      tail->succs[n] = succ;
      old->succs[n] = NULL;
      /* Both edges may go to the same block: each finds its own entry. */
      if (succ)
         succ->preds[nvir_block_pred_index(succ, old)] = tail;
   }
   return tail;
}

struct nvir_instr *
nvir_block_terminator(const struct nvir_block *b)
{
   if (util_list_is_empty(&b->instrs))
      return NULL;
   struct nvir_instr *i = util_list_last(&b->instrs, struct nvir_instr, link);
   return nvir_instr_is_terminator(i) ? i : NULL;
}

void
nvir_shader_number_blocks(struct nvir_shader *s)
{
   s->num_blocks = 0;
   nvir_foreach_block(b, s)
      b->index = s->num_blocks++;
}

/* ---- values and instructions ---- */

struct nvir_value *
nvir_value_create(struct nvir_shader *s, enum nvir_class cls, unsigned words)
{
   struct nvir_value *v = util_arena_new(&s->arena, struct nvir_value);
   assert(words >= 1 && words <= 4);
   v->index = s->num_values++;
   v->cls = cls;
   v->words = words;
   v->reg = -1;
   return v;
}

struct nvir_value *
nvir_value_for_type(struct nvir_shader *s, enum nvir_type type)
{
   if (type == NVIR_TYPE_I1)
      return nvir_value_create(s, NVIR_CLASS_PRED, 1);
   return nvir_value_create(s, NVIR_CLASS_GPR, nvir_type_words(type));
}

struct nvir_instr *
nvir_instr_create(struct nvir_shader *s, enum nvir_op op, unsigned num_dsts,
                  unsigned num_srcs)
{
   struct nvir_instr *i = util_arena_new(&s->arena, struct nvir_instr);
   i->op = op;
   i->num_dsts = num_dsts;
   i->num_srcs = num_srcs;
   if (num_dsts)
      i->dsts = util_arena_array(&s->arena, struct nvir_dst, num_dsts);
   if (num_srcs)
      i->srcs = util_arena_array(&s->arena, struct nvir_src, num_srcs);
   util_list_init(&i->link);
   return i;
}

void
nvir_instr_insert_before(struct nvir_instr *i, struct nvir_instr *pos)
{
   i->block = pos->block;
   util_list_add_before(&i->link, &pos->link);
}

void
nvir_instr_insert_after(struct nvir_instr *i, struct nvir_instr *pos)
{
   i->block = pos->block;
   util_list_add(&i->link, &pos->link);
}

void
nvir_instr_append(struct nvir_instr *i, struct nvir_block *b)
{
   i->block = b;
   util_list_add_tail(&i->link, &b->instrs);
}

void
nvir_instr_append_body(struct nvir_instr *i, struct nvir_block *b)
{
   struct nvir_instr *term = nvir_block_terminator(b);
   if (term)
      nvir_instr_insert_before(i, term);
   else
      nvir_instr_append(i, b);
}

void
nvir_instr_remove(struct nvir_instr *i)
{
   util_list_del(&i->link);
   nvir_foreach_dst(d, i)
      if (d->val->def == i)
         d->val->def = NULL;
}

void
nvir_instr_set_dst(struct nvir_instr *i, unsigned n, struct nvir_value *v)
{
   assert(n < i->num_dsts);
   i->dsts[n].val = v;
   if (v)
      v->def = i;
}

void
nvir_instr_add_src(struct nvir_instr *i, struct nvir_src src)
{
   assert(i->block);
   i->srcs = util_arena_grow(&i->block->shader->arena, i->srcs,
                             i->num_srcs * sizeof(*i->srcs),
                             (i->num_srcs + 1) * sizeof(*i->srcs));
   i->srcs[i->num_srcs++] = src;
}

/* ---- builder ---- */

struct nvir_builder
nvir_builder_at_end(struct nvir_block *b)
{
   return (struct nvir_builder){.shader = b->shader, .block = b};
}

struct nvir_builder
nvir_builder_before(struct nvir_instr *i)
{
   return (struct nvir_builder){.shader = i->block->shader,
                                .block = i->block,
                                .before = i,
                                .line = i->line};
}

void
nvir_build_insert(struct nvir_builder *b, struct nvir_instr *i)
{
   if (!i->line)
      i->line = b->line;
   if (b->before)
      nvir_instr_insert_before(i, b->before);
   else
      nvir_instr_append(i, b->block);
}

struct nvir_instr *
nvir_build_op(struct nvir_builder *b, enum nvir_op op, enum nvir_type type,
              const struct nvir_src *srcs, unsigned num_srcs)
{
   unsigned num_dsts =
      type != NVIR_TYPE_NONE && nvir_op_infos[op].num_dsts != 0;
   struct nvir_instr *i = nvir_instr_create(b->shader, op, num_dsts, num_srcs);

   i->type = type;
   for (unsigned n = 0; n < num_srcs; n++)
      i->srcs[n] = srcs[n];
   if (num_dsts)
      nvir_instr_set_dst(i, 0, nvir_value_for_type(b->shader, type));
   nvir_build_insert(b, i);
   return i;
}

struct nvir_value *
nvir_build1(struct nvir_builder *b, enum nvir_op op, enum nvir_type type,
            struct nvir_src x)
{
   return nvir_build_op(b, op, type, &x, 1)->dsts[0].val;
}

struct nvir_value *
nvir_build2(struct nvir_builder *b, enum nvir_op op, enum nvir_type type,
            struct nvir_src x, struct nvir_src y)
{
   return nvir_build_op(b, op, type, (struct nvir_src[]){x, y}, 2)->dsts[0].val;
}

struct nvir_value *
nvir_build3(struct nvir_builder *b, enum nvir_op op, enum nvir_type type,
            struct nvir_src x, struct nvir_src y, struct nvir_src z)
{
   return nvir_build_op(b, op, type, (struct nvir_src[]){x, y, z}, 3)
      ->dsts[0]
      .val;
}

struct nvir_value *
nvir_build_collect(struct nvir_builder *b, const struct nvir_src *words,
                   unsigned num_words)
{
   struct nvir_instr *i =
      nvir_instr_create(b->shader, NVIR_OP_COLLECT, 1, num_words);
   for (unsigned n = 0; n < num_words; n++)
      i->srcs[n] = words[n];
   nvir_instr_set_dst(i, 0,
                      nvir_value_create(b->shader, NVIR_CLASS_GPR, num_words));
   nvir_build_insert(b, i);
   return i->dsts[0].val;
}

void
nvir_build_split(struct nvir_builder *b, struct nvir_value *wide,
                 struct nvir_value **words_out)
{
   struct nvir_instr *i =
      nvir_instr_create(b->shader, NVIR_OP_SPLIT, wide->words, 1);
   i->srcs[0] = nvir_val(wide);
   for (unsigned n = 0; n < wide->words; n++) {
      words_out[n] = nvir_value_create(b->shader, NVIR_CLASS_GPR, 1);
      nvir_instr_set_dst(i, n, words_out[n]);
   }
   nvir_build_insert(b, i);
}

void
nvir_build_br(struct nvir_builder *b, struct nvir_block *target)
{
   nvir_build_insert(b, nvir_instr_create(b->shader, NVIR_OP_BR, 0, 0));
   nvir_block_link(b->block, target);
}

void
nvir_build_cbr(struct nvir_builder *b, struct nvir_src cond,
               struct nvir_block *if_true, struct nvir_block *if_false)
{
   struct nvir_instr *i = nvir_instr_create(b->shader, NVIR_OP_CBR, 0, 1);
   i->srcs[0] = cond;
   nvir_build_insert(b, i);
   nvir_block_link(b->block, if_true);
   nvir_block_link(b->block, if_false);
}
