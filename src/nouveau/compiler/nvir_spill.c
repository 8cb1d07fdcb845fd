/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Brings the number of live registers down to what nvir_assign_regs may use.
 * Predicates go to GPRs (0 or 1), GPRs to local memory behind the kernel's own;
 * constants and launch parameters are simply made again. A spilled value is
 * stored once, after its definition, so the program stays in SSA form: each use
 * gets a fresh copy. Rounds follow until nothing is over the limit; from the
 * second on no two uses share a copy, which makes every round shorten what is
 * left. */
#include <assert.h>
#include <errno.h>

#include "nouveau/compiler/nvir_passes.h"
#include "nouveau/compiler/nvir_spill_priv.h"

#define MAX_ROUNDS 16
/* A copy made so few instructions ago is used again in the first round. */
#define SHARE_DISTANCE 8
/* Local memory a thread may have (isa.md §6.1). */
#define MAX_LOCAL_B (512u << 10)

struct rewrite {
   struct nvir_spill *sp;
   struct nvir_block *block;
   uint32_t pos;
   /* by value index: a copy in a register of this block, where it was last used
    */
   struct nvir_value **copy;
   uint32_t *copy_pos, *copy_block;
   unsigned num_values; /* at the start of the round, */
   unsigned *uses;      /* and of each */
};

/* ---- instructions ---- */

static struct nvir_instr *
new_mach(struct nvir_spill *sp, enum sass_op op, enum sass_form form,
         struct nvir_value *dst, enum nvir_slot dst_slot)
{
   struct nvir_instr *i =
      nvir_instr_create(sp->s, NVIR_OP_MACH, dst ? 1 : 0, 0);
   sass_instr_init(&i->mi, op, form);
   if (dst) {
      nvir_instr_set_dst(i, 0, dst);
      i->dsts[0].slot = dst_slot;
   }
   return i;
}

static void
add_src(struct nvir_instr *i, struct nvir_value *v, enum nvir_slot slot)
{
   struct nvir_src src = nvir_val(v);
   src.slot = slot;
   nvir_instr_add_src(i, src);
}

static enum sass_size
memory_size(unsigned words)
{
   assert(words != 3);
   return words == 1 ? SASS_SIZE_32 : words == 2 ? SASS_SIZE_64 : SASS_SIZE_128;
}

static struct nvir_home *
home_of(struct nvir_spill *sp, const struct nvir_value *v)
{
   if (v->index >= sp->num_homes) {
      unsigned n = util_next_pow2(MAX2(v->index + 1, 64));
      sp->homes = util_arena_grow(&sp->s->arena, sp->homes,
                                  sp->num_homes * sizeof(*sp->homes),
                                  n * sizeof(*sp->homes));
      for (unsigned k = sp->num_homes; k < n; k++)
         sp->homes[k].offset_B = -1;
      sp->num_homes = n;
   }
   return &sp->homes[v->index];
}

/* Memory for `v`, behind all that is in use. */
static int32_t
alloc_slot(struct nvir_spill *sp, const struct nvir_value *v)
{
   unsigned size_B = 4 * v->words;
   int32_t off_B = util_align(sp->s->local_B, size_B);
   sp->s->local_B = off_B + size_B;
   sp->s->spill_B += size_B;
   return off_B;
}

static struct nvir_instr *
store_to(struct nvir_spill *sp, struct nvir_value *v, int32_t off_B,
         struct nvir_instr *pos, bool after)
{
   struct nvir_instr *i = new_mach(sp, SASS_OP_STL, SASS_FORM_R, NULL, 0);
   i->mi.size = memory_size(v->words);
   i->mi.off = off_B;
   if (after)
      nvir_instr_insert_after(i, pos);
   else
      nvir_instr_insert_before(i, pos);
   add_src(i, v, NVIR_SLOT_RD);
   sp->s->num_spills++;
   return i;
}

static struct nvir_value *
load_from(struct nvir_spill *sp, unsigned words, int32_t off_B,
          struct nvir_instr *before)
{
   struct nvir_value *v = nvir_value_create(sp->s, NVIR_CLASS_GPR, words);
   struct nvir_instr *i =
      new_mach(sp, SASS_OP_LDL, SASS_FORM_R, v, NVIR_SLOT_RD);
   i->mi.size = memory_size(words);
   i->mi.off = off_B;
   nvir_instr_insert_before(i, before);
   sp->s->num_fills++;
   return v;
}

/* word = p ? 1 : 0 */
static struct nvir_instr *
pred_to_word(struct nvir_spill *sp, struct nvir_value *p,
             struct nvir_value *word, struct nvir_instr *pos, bool after)
{
   struct nvir_instr *i =
      new_mach(sp, SASS_OP_SEL, SASS_FORM_I, word, NVIR_SLOT_RD);
   i->mi.imm = 1;
   i->mi.pc_not = true;
   if (after)
      nvir_instr_insert_after(i, pos);
   else
      nvir_instr_insert_before(i, pos);
   add_src(i, p, NVIR_SLOT_PC);
   return i;
}

static struct nvir_value *
word_to_pred(struct nvir_spill *sp, struct nvir_value *word,
             struct nvir_instr *before)
{
   struct nvir_value *p = nvir_value_create(sp->s, NVIR_CLASS_PRED, 1);
   struct nvir_instr *i =
      new_mach(sp, SASS_OP_ISETP, SASS_FORM_R, p, NVIR_SLOT_PD);
   i->mi.cond = SASS_COND_NE;
   nvir_instr_insert_before(i, before);
   add_src(i, word, NVIR_SLOT_RA);
   return p;
}

/* ---- repeating a definition ---- */

static bool
is_constant_sreg(enum sass_sreg sr)
{
   return sr == SASS_SR_LANEID || sr == SASS_SR_TID ||
          (sr >= SASS_SR_TID_X && sr <= SASS_SR_CTAID_Z);
}

static bool
mach_can_repeat(const struct nvir_instr *i)
{
   if (i->num_srcs || i->num_dsts != 1)
      return false;
   return i->mi.op == SASS_OP_MOV || i->mi.op == SASS_OP_MOV32I ||
          (i->mi.op == SASS_OP_S2R && is_constant_sreg(i->mi.sreg));
}

bool
nvir_spill_can_repeat(const struct nvir_value *v)
{
   const struct nvir_instr *i = v->def;
   if (!i || v->cls != NVIR_CLASS_GPR)
      return false;
   if (i->op == NVIR_OP_COPY)
      return i->srcs[0].kind != NVIR_SRC_VALUE;
   return i->op == NVIR_OP_UNDEF ||
          (i->op == NVIR_OP_MACH && mach_can_repeat(i));
}

static struct nvir_value *
repeat_def(struct nvir_spill *sp, const struct nvir_value *v,
           struct nvir_instr *before)
{
   const struct nvir_instr *old = v->def;
   struct nvir_value *copy = nvir_value_create(sp->s, v->cls, v->words);
   struct nvir_instr *i = nvir_instr_create(sp->s, old->op, 1, old->num_srcs);
   i->type = old->type;
   i->imm = old->imm;
   i->mi = old->mi;
   i->line = old->line;
   if (old->num_srcs)
      i->srcs[0] = old->srcs[0];
   nvir_instr_set_dst(i, 0, copy);
   i->dsts[0].slot = old->dsts[0].slot;
   nvir_instr_insert_before(i, before);
   return copy;
}

/* ---- homes ---- */

/* Predicates: the GPR that stands for `v`. It exists before its definition
 * does: phis may name it early. */
static struct nvir_value *
word_of(struct nvir_spill *sp, const struct nvir_value *v)
{
   struct nvir_home *h = home_of(sp, v);
   if (!h->word)
      h->word = nvir_value_create(sp->s, NVIR_CLASS_GPR, 1);
   return h->word;
}

static struct nvir_instr *
after_phis(struct nvir_block *b)
{
   nvir_foreach_instr(i, b)
      if (i->op != NVIR_OP_PHI)
         return i;
   return NULL;
}

/* Stores `v` once, behind its definition. */
static void
give_home(struct nvir_spill *sp, struct nvir_value *v)
{
   struct nvir_home *h = home_of(sp, v);
   if (h->store || h->is_fill || nvir_spill_can_repeat(v))
      return;
   bool is_phi = v->def->op == NVIR_OP_PHI;
   struct nvir_instr *pos = is_phi ? after_phis(v->def->block) : v->def;
   if (v->cls == NVIR_CLASS_PRED) {
      struct nvir_value *word = word_of(sp, v);
      home_of(sp, v)->store = pred_to_word(sp, v, word, pos, !is_phi);
      return;
   }
   h->offset_B = alloc_slot(sp, v);
   h->store = store_to(sp, v, h->offset_B, pos, !is_phi);
}

/* `v` in a register, just before `pos`. */
static struct nvir_value *
fill(struct nvir_spill *sp, const struct nvir_value *v,
     struct nvir_instr *before)
{
   struct nvir_home h = *home_of(sp, v);
   struct nvir_value *copy;
   if (nvir_spill_can_repeat(v))
      copy = repeat_def(sp, v, before);
   else if (v->cls == NVIR_CLASS_PRED)
      copy = word_to_pred(sp, h.word, before);
   else
      copy = load_from(sp, v->words, h.offset_B, before);
   struct nvir_home *ch = home_of(sp, copy);
   ch->offset_B = h.offset_B;
   ch->word = h.word;
   ch->is_fill = true;
   return copy;
}

/* ---- uses ---- */

static bool
is_spilled(const struct rewrite *r, const struct nvir_value *v)
{
   return v->cls == r->sp->cls && v->index < r->num_values &&
          r->sp->choice[v->index] != NVIR_KEEP;
}

static void
note_copy(struct rewrite *r, const struct nvir_value *v,
          struct nvir_value *copy)
{
   r->copy[v->index] = copy;
   r->copy_pos[v->index] = r->pos;
   r->copy_block[v->index] = r->block->index + 1;
}

static struct nvir_value *
copy_for_use(struct rewrite *r, const struct nvir_value *v,
             struct nvir_instr *user)
{
   unsigned share = r->sp->round == 0 ? SHARE_DISTANCE : 0;
   bool near = r->copy_block[v->index] == r->block->index + 1 &&
               r->pos - r->copy_pos[v->index] <= share;
   struct nvir_value *copy = near ? r->copy[v->index] : fill(r->sp, v, user);
   note_copy(r, v, copy);
   return copy;
}

static void
rewrite_sources(struct rewrite *r, struct nvir_instr *i)
{
   nvir_foreach_src(src, i) {
      if (src->kind != NVIR_SRC_VALUE || !is_spilled(r, src->val) ||
          home_of(r->sp, src->val)->store == i)
         continue;
      src->val = copy_for_use(r, src->val, i);
   }
}

/* The word for a source of a predicate phi that became a word phi. */
static struct nvir_src
word_source(struct rewrite *r, struct nvir_src src, struct nvir_instr *end)
{
   if (src.kind == NVIR_SRC_IMM)
      return nvir_imm(src.imm & 1);
   if (src.kind != NVIR_SRC_VALUE)
      return src;
   if (is_spilled(r, src.val))
      return nvir_val(word_of(r->sp, src.val));
   struct nvir_value *word = nvir_value_create(r->sp->s, NVIR_CLASS_GPR, 1);
   pred_to_word(r->sp, src.val, word, end, false);
   return nvir_val(word);
}

/* Stores the source of a memory phi at the end of a predecessor. */
static void
store_phi_source(struct rewrite *r, const struct nvir_instr *phi,
                 const struct nvir_src *src, int32_t off_B,
                 struct nvir_instr *end)
{
   struct nvir_value *v = src->val;
   if (src->kind == NVIR_SRC_UNDEF)
      return;
   if (src->kind == NVIR_SRC_IMM) {
      struct nvir_instr *copy = nvir_instr_create(r->sp->s, NVIR_OP_COPY, 1, 1);
      v = nvir_value_create(r->sp->s, NVIR_CLASS_GPR, phi->dsts[0].val->words);
      nvir_instr_set_dst(copy, 0, v);
      copy->srcs[0] = *src;
      nvir_instr_insert_before(copy, end);
   } else if (is_spilled(r, v)) {
      v = fill(r->sp, v, end);
   }
   store_to(r->sp, v, off_B, end, false);
}

/* ---- phis ---- */

/* A copy that an earlier round made only for a phi belongs behind the stores of
 * this round. Homes never change, so it may move. */
static void
sink_fill(struct rewrite *r, const struct nvir_value *v, struct nvir_instr *end)
{
   if (v->index >= r->num_values || !home_of(r->sp, v)->is_fill ||
       r->uses[v->index] != 1 || v->def->block != end->block)
      return;
   util_list_del(&v->def->link);
   nvir_instr_insert_before(v->def, end);
}

/* `scratch` of a memory phi: the offset where predecessors leave the value. It
 * is not the value's home: other phis' sources may still be read from that. */
static void
rewrite_phi_sources(struct rewrite *r, struct nvir_block *pred,
                    struct nvir_block *b)
{
   unsigned n = nvir_block_pred_index(b, pred);
   struct nvir_instr *end = nvir_block_terminator(pred);
   /* Memory first: it frees registers for the others. */
   for (int in_memory = 1; in_memory >= 0; in_memory--) {
      nvir_foreach_instr(i, b) {
         if (i->op != NVIR_OP_PHI)
            break;
         struct nvir_value *v = i->dsts[0].val;
         struct nvir_src *src = &i->srcs[n];
         bool to_memory =
            is_spilled(r, v) && r->sp->choice[v->index] == NVIR_SPILL_PHI;
         if (to_memory != in_memory || v->cls != r->sp->cls)
            continue;
         if (to_memory && v->cls == NVIR_CLASS_PRED)
            *src = word_source(r, *src, end);
         else if (to_memory)
            store_phi_source(r, i, src, i->scratch, end);
         else if (src->kind == NVIR_SRC_VALUE && is_spilled(r, src->val))
            src->val = copy_for_use(r, src->val, end);
         else if (src->kind == NVIR_SRC_VALUE)
            sink_fill(r, src->val, end);
      }
   }
}

/* A memory phi moves its value from the predecessors' place to its home; a
 * predicate phi becomes one of words. */
static void
finish_memory_phi(struct rewrite *r, struct nvir_instr *phi)
{
   struct nvir_value *v = phi->dsts[0].val;
   struct nvir_home *h = home_of(r->sp, v);
   if (v->cls == NVIR_CLASS_PRED) {
      struct nvir_value *word = word_of(r->sp, v);
      if (h->store)
         nvir_instr_remove(h->store);
      nvir_instr_set_dst(phi, 0, word);
      phi->type = NVIR_TYPE_I32;
      home_of(r->sp, v)->store = phi;
      return;
   }
   struct nvir_instr *pos = after_phis(phi->block);
   struct nvir_value *t = load_from(r->sp, v->words, phi->scratch, pos);
   if (h->store)
      nvir_instr_remove(h->store);
   home_of(r->sp, t)->is_fill = true;
   home_of(r->sp, t)->offset_B = phi->scratch;
   struct nvir_instr *store =
      store_to(r->sp, t, home_of(r->sp, v)->offset_B, pos, false);
   home_of(r->sp, v)->store = store;
   nvir_instr_remove(phi);
}

static void
start_memory_phi(struct rewrite *r, struct nvir_instr *phi)
{
   struct nvir_value *v = phi->dsts[0].val;
   if (v->cls == NVIR_CLASS_PRED) {
      word_of(r->sp, v);
      return;
   }
   phi->scratch = alloc_slot(r->sp, v);
   struct nvir_home *h = home_of(r->sp, v);
   if (h->offset_B < 0)
      h->offset_B = alloc_slot(r->sp, v);
}

/* ---- the round ---- */

static bool
is_memory_phi(const struct rewrite *r, const struct nvir_instr *i)
{
   return i->op == NVIR_OP_PHI && i->dsts[0].val->cls == r->sp->cls &&
          i->dsts[0].val->index < r->num_values &&
          r->sp->choice[i->dsts[0].val->index] == NVIR_SPILL_PHI;
}

static void
give_homes(struct rewrite *r)
{
   nvir_foreach_block(b, r->sp->s) {
      nvir_foreach_instr_safe(i, b) {
         if (is_memory_phi(r, i)) {
            start_memory_phi(r, i);
            continue;
         }
         nvir_foreach_dst(dst, i)
            if (is_spilled(r, dst->val))
               give_home(r->sp, dst->val);
      }
   }
}

static void
rewrite_block(struct rewrite *r, struct nvir_block *b)
{
   r->block = b;
   r->pos = 0;
   nvir_foreach_instr_safe(i, b) {
      r->pos++;
      if (i->op != NVIR_OP_PHI)
         rewrite_sources(r, i);
      nvir_foreach_dst(dst, i)
         if (is_spilled(r, dst->val) && !is_memory_phi(r, i))
            note_copy(r, dst->val, dst->val);
   }
   r->pos++;
   for (unsigned n = 0; n < 2 && b->succs[n]; n++)
      rewrite_phi_sources(r, b, b->succs[n]);
}

static unsigned *
count_uses(struct nvir_spill *sp)
{
   unsigned *uses = util_arena_array(&sp->arena, unsigned, sp->s->num_values);
   nvir_foreach_block(b, sp->s)
      nvir_foreach_instr(i, b)
         nvir_foreach_src(src, i)
            if (src->kind == NVIR_SRC_VALUE)
               uses[src->val->index]++;
   return uses;
}

/* Copies and repeatable definitions that lost all their uses. */
static void
remove_unused(struct nvir_spill *sp)
{
   const unsigned *uses = count_uses(sp);
   nvir_foreach_block(b, sp->s) {
      nvir_foreach_instr_safe(i, b) {
         struct nvir_value *v = i->num_dsts == 1 ? i->dsts[0].val : NULL;
         if (v && !uses[v->index] && i->op != NVIR_OP_PHI &&
             (home_of(sp, v)->is_fill || nvir_spill_can_repeat(v)))
            nvir_instr_remove(i);
      }
   }
}

static void
rewrite_shader(struct nvir_spill *sp)
{
   unsigned num = sp->s->num_values;
   struct rewrite r = {
      .sp = sp,
      .copy = util_arena_array(&sp->arena, struct nvir_value *, num),
      .copy_pos = util_arena_array(&sp->arena, uint32_t, num),
      .copy_block = util_arena_array(&sp->arena, uint32_t, num),
      .num_values = num,
      .uses = count_uses(sp),
   };
   give_homes(&r);
   nvir_foreach_block(b, sp->s)
      rewrite_block(&r, b);
   nvir_foreach_block(b, sp->s) {
      nvir_foreach_instr_safe(i, b)
         if (is_memory_phi(&r, i))
            finish_memory_phi(&r, i);
   }
   remove_unused(sp);
}

/* Memory is accessed by one, two or four words. Vectors of three take four
 * registers anyway; with spilling about, they get a fourth word that nobody
 * reads. */
static void
widen_collect_or_split(struct nvir_shader *s, struct nvir_instr *i)
{
   if (i->op == NVIR_OP_COLLECT && i->dsts[0].val->words == 3 &&
       i->num_srcs == 3)
      nvir_instr_add_src(i, nvir_undef());
   if (i->op != NVIR_OP_SPLIT || i->num_dsts != 3)
      return;
   i->dsts = util_arena_grow(&s->arena, i->dsts, 3 * sizeof(*i->dsts),
                             4 * sizeof(*i->dsts));
   i->num_dsts = 4;
}

static void
widen_vectors_of_three(struct nvir_shader *s)
{
   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b)
         widen_collect_or_split(s, i);
   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b)
         nvir_foreach_dst(dst, i)
            if (dst->val->words == 3)
               dst->val->words = 4;
}

/* Returns whether another round may help. */
static bool
run_round(struct nvir_spill *sp)
{
   unsigned demand[NVIR_NUM_CLASSES], chosen = 0;
   util_arena_init(&sp->arena);
   nvir_liveness_init(&sp->live, sp->s);
   nvir_register_demand(sp->s, &sp->live, demand);
   if (demand[sp->cls] > sp->limit) {
      widen_vectors_of_three(sp->s);
      sp->choice = util_arena_array(&sp->arena, uint8_t, sp->s->num_values);
      home_of(sp, &(struct nvir_value){.index = sp->s->num_values});
      chosen = nvir_spill_choose(sp);
      if (chosen)
         rewrite_shader(sp);
   }
   nvir_liveness_finish(&sp->live);
   util_arena_finish(&sp->arena);
   return chosen > 0;
}

static void
spill_class(struct nvir_shader *s, enum nvir_class cls)
{
   struct nvir_spill sp = {
      .s = s,
      .cls = cls,
      .limit = nvir_register_limit(s, cls),
   };
   while (sp.round < MAX_ROUNDS && run_round(&sp))
      sp.round++;
}

int
nvir_spill(struct nvir_shader *s)
{
   nvir_analyze_loops(s);
   spill_class(s, NVIR_CLASS_PRED);
   spill_class(s, NVIR_CLASS_GPR);
   s->local_B = util_align(s->local_B, 16);
   if (s->local_B <= MAX_LOCAL_B)
      return 0;
   if (s->log)
      util_buf_printf(s->log, "%s: %u bytes of local memory, %u at most\n",
                      s->name, s->local_B, MAX_LOCAL_B);
   return -E2BIG;
}
