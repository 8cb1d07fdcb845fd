/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Loop depth of each block: an edge to a block that is still open in a
 * depth-first walk closes a loop, whose body is what reaches that edge without
 * passing the header. Only a weight for heuristics, so irreducible graphs may
 * come out roughly. */
#include "nouveau/compiler/nvir_passes.h"
#include "util/util_bitset.h"

enum {
   UNSEEN,
   OPEN,
   DONE
};

struct walk {
   struct util_arena arena;
   uint8_t *state;
   struct nvir_block **stack;
};

/* Adds to `body` all that reaches `latch` without passing `header`. */
static void
add_body(struct walk *w, struct nvir_block *header, struct nvir_block *latch,
         uint64_t *body)
{
   unsigned depth = 0;
   util_bitset_set(body, header->index);
   if (!util_bitset_test(body, latch->index)) {
      util_bitset_set(body, latch->index);
      w->stack[depth++] = latch;
   }
   while (depth) {
      struct nvir_block *b = w->stack[--depth];
      for (unsigned p = 0; p < b->num_preds; p++) {
         if (util_bitset_test(body, b->preds[p]->index))
            continue;
         util_bitset_set(body, b->preds[p]->index);
         w->stack[depth++] = b->preds[p];
      }
   }
}

/* Fills back_edge[2 * block + succ] by a depth-first walk without recursion. */
static void
find_back_edges(struct walk *w, struct nvir_shader *s, bool *back_edge)
{
   uint8_t *next = util_arena_array(&w->arena, uint8_t, s->num_blocks);
   unsigned depth = 0;
   w->stack[depth++] = nvir_shader_entry(s);
   w->state[0] = OPEN;
   while (depth) {
      struct nvir_block *b = w->stack[depth - 1];
      unsigned n = next[b->index]++;
      struct nvir_block *succ = n < 2 ? b->succs[n] : NULL;
      if (!succ) {
         w->state[b->index] = DONE;
         depth--;
      } else if (w->state[succ->index] == UNSEEN) {
         w->state[succ->index] = OPEN;
         w->stack[depth++] = succ;
      } else if (w->state[succ->index] == OPEN) {
         back_edge[2 * b->index + n] = true;
      }
   }
}

void
nvir_analyze_loops(struct nvir_shader *s)
{
   struct walk w = {0};
   util_arena_init(&w.arena);
   nvir_shader_number_blocks(s);
   w.state = util_arena_array(&w.arena, uint8_t, s->num_blocks);
   w.stack = util_arena_array(&w.arena, struct nvir_block *, s->num_blocks + 1);
   bool *back_edge = util_arena_array(&w.arena, bool, 2 * s->num_blocks);
   size_t set_B = UTIL_BITSET_WORDS(s->num_blocks) * sizeof(uint64_t);
   uint64_t *body = util_arena_alloc(&w.arena, set_B);

   nvir_foreach_block(b, s)
      b->loop_depth = 0;
   find_back_edges(&w, s, back_edge);
   nvir_foreach_block(header, s) {
      memset(body, 0, set_B);
      bool is_header = false;
      for (unsigned p = 0; p < header->num_preds; p++) {
         struct nvir_block *latch = header->preds[p];
         unsigned n = latch->succs[0] == header ? 0 : 1;
         if (!back_edge[2 * latch->index + n])
            continue;
         add_body(&w, header, latch, body);
         is_header = true;
      }
      if (!is_header)
         continue;
      nvir_foreach_block(b, s)
         b->loop_depth += util_bitset_test(body, b->index);
   }
   util_arena_finish(&w.arena);
}
