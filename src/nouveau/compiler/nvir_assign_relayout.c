/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* When enough registers are free but no aligned run of them: everything moves.
 * What stays alive is packed from the bottom, widest first; what ends here and
 * what begins here share the top, widest first as well. Both stacks are without
 * holes, so this fits whenever the demand does. */
#include <assert.h>
#include <errno.h>

#include "nouveau/compiler/nvir_assign_priv.h"

struct packing {
   struct nvir_value *v[NVIR_MAX_GPR + 1 + 2 * NVIR_MAX_OPERANDS];
   int reg[NVIR_MAX_GPR + 1 + 2 * NVIR_MAX_OPERANDS];
   unsigned n;
};

static void
pack_value(struct packing *p, struct nvir_value *v, int reg)
{
   assert(p->n < ARRAY_SIZE(p->v));
   p->v[p->n] = v;
   p->reg[p->n++] = reg;
}

/* Distinct values of the file, lowest first. */
static unsigned
list_owners(const struct nvir_regfile *f, struct nvir_value **v_out)
{
   unsigned n = 0;
   for (unsigned r = 0; r < f->limit; r++)
      if (f->owner[r] && (r == 0 || f->owner[r - 1] != f->owner[r]))
         v_out[n++] = f->owner[r];
   return n;
}

/* Returns the first register above them. */
static int
pack_from_bottom(struct packing *p, struct nvir_value **v, unsigned n)
{
   int bottom = 0;
   for (unsigned size = 4; size; size /= 2) {
      for (unsigned i = 0; i < n; i++) {
         if (nvir_reg_align(v[i]->words) != size)
            continue;
         pack_value(p, v[i], bottom);
         bottom += size;
      }
   }
   return bottom;
}

/* Returns the lowest register of them. */
static int
pack_from_top(struct packing *p, struct nvir_value **v, unsigned n, int limit)
{
   int top = limit;
   for (unsigned size = 4; size; size /= 2) {
      for (unsigned i = 0; i < n; i++) {
         if (v[i]->cls != NVIR_CLASS_GPR || nvir_reg_align(v[i]->words) != size)
            continue;
         top = util_align_down(top - size, size);
         pack_value(p, v[i], top);
      }
   }
   return top;
}

/* A register that no source or result of the copy uses, low. */
static unsigned
find_temp(const struct nvir_ra *ra, const struct packing *p, unsigned limit)
{
   uint64_t busy[UTIL_BITSET_WORDS(256)] = {0};
   for (unsigned i = 0; i < p->n; i++) {
      util_bitset_set_range(busy, p->reg[i], p->v[i]->words);
      util_bitset_set_range(busy, ra->name[p->v[i]->index]->reg,
                            p->v[i]->words);
   }
   for (unsigned r = 0; r < limit; r++)
      if (!util_bitset_test(busy, r))
         return r;
   return NVIR_NO_TEMP;
}

/* A PCOPY before the step for all that moves; names follow. */
static void
emit_moves(struct nvir_ra *ra, struct nvir_ra_step *step,
           const struct packing *p, unsigned limit)
{
   struct nvir_instr *copy =
      nvir_instr_create(ra->s, NVIR_OP_PCOPY, p->n, p->n);
   copy->scratch = find_temp(ra, p, limit);
   unsigned n = 0;
   for (unsigned i = 0; i < p->n; i++) {
      struct nvir_value *old = ra->name[p->v[i]->index];
      if (old->reg == p->reg[i])
         continue;
      struct nvir_value *now = nvir_ra_name(ra, p->v[i], p->reg[i]);
      copy->dsts[n] = (struct nvir_dst){.val = now};
      copy->srcs[n++] = nvir_val(old);
      ra->name[p->v[i]->index] = now;
   }
   copy->num_dsts = copy->num_srcs = n;
   nvir_instr_insert_before(copy, step->i);
}

static void
clear_file(struct nvir_regfile *f)
{
   memset(f->owner, 0, sizeof(f->owner));
   memset(f->reserved, 0, sizeof(f->reserved));
}

int
nvir_ra_relayout(struct nvir_ra *ra, struct nvir_ra_step *step)
{
   struct nvir_regfile *f = &ra->files[NVIR_CLASS_GPR];
   struct nvir_value *owners[NVIR_MAX_GPR + 1];
   unsigned num_owners = list_owners(f, owners);
   struct packing moved = {0}, begin = {0};
   int bottom = pack_from_bottom(&moved, owners, num_owners);
   int top = pack_from_top(&moved, step->killed, step->num_killed, f->limit);
   int top2 = pack_from_top(&begin, step->dsts, step->num_dsts, f->limit);
   if (top < bottom || top2 < bottom)
      return -ENOSPC;
   emit_moves(ra, step, &moved, f->limit);
   clear_file(f);
   for (unsigned i = 0; i < num_owners; i++)
      nvir_regfile_place(f, owners[i], ra->name[owners[i]->index]->reg);
   for (unsigned i = 0; i < begin.n; i++)
      nvir_ra_place(ra, begin.v[i], begin.reg[i]);
   /* Killed values are above `bottom` now and count for the file's height. */
   for (unsigned i = 0; i < moved.n; i++)
      f->used = MAX2(f->used, moved.reg[i] + moved.v[i]->words);
   return 0;
}

int
nvir_ra_relayout_entry(struct nvir_ra *ra, struct nvir_value **v, unsigned n)
{
   struct nvir_regfile *f = &ra->files[NVIR_CLASS_GPR];
   struct nvir_value *all[2 * (NVIR_MAX_GPR + 1)];
   unsigned num = list_owners(f, all);
   if (num + n > ARRAY_SIZE(all))
      return -ENOSPC;
   for (unsigned i = 0; i < n; i++)
      if (v[i]->cls == NVIR_CLASS_GPR)
         all[num++] = v[i];
   struct packing p = {0};
   if (num > NVIR_MAX_GPR || pack_from_bottom(&p, all, num) > f->limit)
      return -ENOSPC;
   clear_file(f);
   for (unsigned i = 0; i < p.n; i++) {
      const struct nvir_instr *def = p.v[i]->def;
      if (def->op == NVIR_OP_PHI && def->block == ra->block)
         p.v[i]->reg = NVIR_NO_REG; /* this is its first place after all */
      nvir_ra_place(ra, p.v[i], p.reg[i]);
   }
   return 0;
}
