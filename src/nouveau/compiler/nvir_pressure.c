/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_passes.h"
#include "nouveau/compiler/nvir_pressure_priv.h"

/* Without a required size a kernel may have them all: num_gprs tells how large
 * its groups can be, 1024 up to 64 registers, 512 up to 128, and always 256.
 * Spilling to keep more warps does not pay: 512 threads with 100 bytes each are
 * past a Pascal SM's L1 (24 or 48 KiB), so a fill costs an L2 access (216
 * cycles, isa.md §5.4) where one more warp hides a few. ptxas draws the line in
 * the same place. Not 255: quads then pack without a remainder. */
#define MAX_GPR_LIMIT 252
#define SM_GPRS       65536
/* Enough for any instruction: four words of result and two vectors of sources,
 * or a COLLECT with its scalars. */
#define DEBUG_GPR_LIMIT  16
#define DEBUG_PRED_LIMIT 4

/* Registers are handed out to warps by eights a thread (isa.md §6.1). */
static unsigned
gpr_limit_for_group(const uint32_t size[3])
{
   uint64_t threads = (uint64_t)size[0] * MAX2(size[1], 1) * MAX2(size[2], 1);
   unsigned rounded = util_align(CLAMP(threads, 1, 1024), 32);
   return MIN2(util_align_down(SM_GPRS / rounded, 8), MAX_GPR_LIMIT);
}

unsigned
nvir_register_limit(const struct nvir_shader *s, enum nvir_class cls)
{
   bool tiny = s->debug & NVIR_DEBUG_SPILL;
   if (cls == NVIR_CLASS_CC)
      return 1;
   if (cls == NVIR_CLASS_PRED)
      return tiny ? DEBUG_PRED_LIMIT : SASS_PT;
   if (tiny)
      return DEBUG_GPR_LIMIT;
   return s->reqd_wg_size[0] ? gpr_limit_for_group(s->reqd_wg_size)
                             : MAX_GPR_LIMIT;
}

struct count {
   unsigned now[NVIR_NUM_CLASSES], max[NVIR_NUM_CLASSES];
   uint8_t *live; /* by value index */
};

static void
set_live(struct count *c, const struct nvir_value *v, bool live)
{
   if (c->live[v->index] == live)
      return;
   c->live[v->index] = live;
   unsigned size = nvir_reg_align(v->words);
   c->now[v->cls] += live ? size : -size;
   c->max[v->cls] = MAX2(c->max[v->cls], c->now[v->cls]);
}

static void
count_block(struct count *c, const struct nvir_liveness *l,
            const struct nvir_block *b)
{
   memset(c->now, 0, sizeof(c->now));
   util_bitset_for_each(bit, l->live_out[b->index], l->num_bits)
      set_live(c, l->values[bit], true);
   nvir_foreach_instr_rev(i, b) {
      if (i->op == NVIR_OP_PHI)
         break; /* all results are live together on entry */
      nvir_foreach_dst(dst, i)
         set_live(c, dst->val, false);
      nvir_foreach_src(src, i)
         if (src->kind == NVIR_SRC_VALUE)
            set_live(c, src->val, true);
   }
   util_bitset_for_each(bit, l->live_in[b->index], l->num_bits)
      set_live(c, l->values[bit], false);
   nvir_foreach_instr(i, b) {
      if (i->op != NVIR_OP_PHI)
         break;
      set_live(c, i->dsts[0].val, false);
   }
}

void
nvir_register_demand(struct nvir_shader *s, const struct nvir_liveness *l,
                     unsigned demand_out[NVIR_NUM_CLASSES])
{
   struct util_arena arena;
   util_arena_init(&arena);
   struct count c = {.live = util_arena_array(&arena, uint8_t, s->num_values)};
   nvir_foreach_block(b, s)
      count_block(&c, l, b);
   memcpy(demand_out, c.max, sizeof(c.max));
   util_arena_finish(&arena);
}
