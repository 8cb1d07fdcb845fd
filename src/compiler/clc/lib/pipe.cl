/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Pipes (OpenCL C 6.15.14). A ring in which nobody ever waits for another, since
 * lanes of a warp may not: tickets are claimed by compare-and-swap, commits mark
 * their slots, and whoever marks the oldest moves the end over all that follow.
 * So packets appear in the order of their reservations, as the language wants.
 *
 * clang calls these with the size and alignment of a packet. A pipe is a kernel
 * argument, the same for all lanes: those that read or write together claim
 * together. */
#include "atomic.h"
#include "shuffle.h"

#include "compiler/clc/clc_pipe.h"

EXTERNAL size_t get_local_linear_id(void);
EXTERNAL uint get_sub_group_size(void);
EXTERNAL ulong work_group_broadcast(ulong x, size_t i, size_t j, size_t k);

typedef global struct clc_pipe *pipe_ptr;

#define C_NAME __attribute__((always_inline))

/* ---- tickets ---- */

/* `n` of them; none: 0. A reservation is a claim in one word. */
struct claim {
   uint first, n;
};

#define NO_RESERVATION (~0ul)

HELPER ulong
pack(struct claim c)
{
   return c.n ? (ulong)c.n << 32 | c.first : NO_RESERVATION;
}

HELPER struct claim
unpack(void *id)
{
   ulong v = (ulong)id;
   return (struct claim){(uint)v, v == NO_RESERVATION ? 0 : (uint)(v >> 32)};
}

/* From *next on, before *limit + extra: n tickets or, of `part`, as many as
 * there are. */
HELPER struct claim
claim(global uint *next, global uint *limit, uint extra, uint n, bool part)
{
   uint first = __partage_load_1_u32(next);
   for (;;) {
      int left = (int)(__partage_load_1_u32(limit) + extra - first);
      if (left <= 0 || n == 0 || (n > (uint)left && !part))
         return (struct claim){0, 0};
      uint take = n > (uint)left ? (uint)left : n;
      uint seen = __partage_cas_1_u32(next, first, first + take);
      if (seen == first)
         return (struct claim){first, take};
      first = seen;
   }
}

HELPER struct claim
claim_to_read(pipe_ptr p, uint n, bool part)
{
   return claim(&p->begin_claimed, &p->end, 0, n, part);
}

HELPER struct claim
claim_to_write(pipe_ptr p, uint n, bool part)
{
   return claim(&p->end_claimed, &p->begin, p->capacity, n, part);
}

/* What was done to the slot by its last owner is visible after this. */
HELPER void
acquire(void)
{
   __nvir_membar_gl();
}

/* What is done so far is visible to those that see what follows. */
HELPER void
release(void)
{
   __nvir_membar_gl();
}

/* ---- slots ---- */

HELPER global uint *
written_marks(pipe_ptr p)
{
   return (global uint *)((global char *)p + CLC_PIPE_WRITTEN_B);
}

HELPER global uint *
read_marks(pipe_ptr p)
{
   return written_marks(p) + p->mask + 1;
}

HELPER global char *
packet(pipe_ptr p, uint ticket, uint size_B)
{
   ulong slots = (ulong)p->mask + 1;
   ulong start_B = CLC_PIPE_WRITTEN_B + 2 * slots * sizeof(uint);
   start_B = (start_B + CLC_PIPE_ALIGN_B - 1) & -(ulong)CLC_PIPE_ALIGN_B;
   return (global char *)p + start_B + (ulong)(ticket & p->mask) * size_B;
}

#define COPY(name, to_space, from_space, word)                                 \
   HELPER void name##_##word(to_space void *to, const from_space void *from,   \
                             uint size_B)                                      \
   {                                                                           \
      for (uint i = 0; i < size_B / sizeof(word); i++)                         \
         ((to_space word *)to)[i] = ((const from_space word *)from)[i];        \
   }

/* Size and alignment are constants once this is inlined. A packet's size is a
 * multiple of its alignment, and so are the places of packets. */
#define COPIES(name, to_space, from_space)                                     \
   COPY(name, to_space, from_space, uchar)                                     \
   COPY(name, to_space, from_space, ushort)                                    \
   COPY(name, to_space, from_space, uint)                                      \
   COPY(name, to_space, from_space, ulong)                                     \
   COPY(name, to_space, from_space, uint4)                                     \
   HELPER void name(to_space void *to, const from_space void *from,            \
                    uint size_B, uint align_B)                                 \
   {                                                                           \
      if (align_B >= 16)                                                       \
         name##_uint4(to, from, size_B);                                       \
      else if (align_B == 8)                                                   \
         name##_ulong(to, from, size_B);                                       \
      else if (align_B == 4)                                                   \
         name##_uint(to, from, size_B);                                        \
      else if (align_B == 2)                                                   \
         name##_ushort(to, from, size_B);                                      \
      else                                                                     \
         name##_uchar(to, from, size_B);                                       \
   }

COPIES(copy_in, global, )
COPIES(copy_out, , global)

HELPER void
mark(global uint *marks, uint mask, uint ticket)
{
   __partage_store_1_u32(marks + (ticket & mask), ticket + 1);
}

/* Moves *end over what is marked. The fences make sure that of two who mark
 * neighbours at the same time at least one sees both. */
HELPER void
advance(global uint *end, global uint *marks, uint mask)
{
   uint ticket = __partage_load_1_u32(end);
   while (__partage_load_1_u32(marks + (ticket & mask)) == ticket + 1) {
      release();
      uint seen = __partage_cas_1_u32(end, ticket, ticket + 1);
      ticket = seen == ticket ? ticket + 1 : seen;
   }
}

/* ---- one packet ---- */

HELPER uint
lowest_lane(uint lanes)
{
   return 31 - __builtin_clz(lanes & -lanes);
}

/* The lanes that are here claim one ticket each, in their order. */
HELPER struct claim
claim_each(pipe_ptr p, bool to_write)
{
   uint lanes = __nvir_vote_ballot(true), lane = __nvir_laneid();
   uint rank = __builtin_popcount(lanes & ((1u << lane) - 1));
   uint leader = lowest_lane(lanes), n = __builtin_popcount(lanes);
   struct claim all = {0, 0};
   if (lane == leader)
      all = to_write ? claim_to_write(p, n, true) : claim_to_read(p, n, true);
   all.first = idx_word32(all.first, leader);
   all.n = idx_word32(all.n, leader);
   return (struct claim){all.first + rank, rank < all.n};
}

/* The lowest lane of those that marked something moves the end for all. */
HELPER void
advance_together(global uint *end, global uint *marks, uint mask, bool marked)
{
   release();
   uint lanes = __nvir_vote_ballot(marked);
   if (lanes && __nvir_laneid() == lowest_lane(lanes))
      advance(end, marks, mask);
}

C_NAME int
__write_pipe_2(pipe_ptr p, const void *from, uint size_B, uint align_B)
{
   struct claim c = claim_each(p, true);
   acquire();
   if (c.n)
      copy_in(packet(p, c.first, size_B), from, size_B, align_B);
   release();
   if (c.n)
      mark(written_marks(p), p->mask, c.first);
   advance_together(&p->end, written_marks(p), p->mask, c.n);
   return c.n ? 0 : -1;
}

C_NAME int
__read_pipe_2(pipe_ptr p, void *to, uint size_B, uint align_B)
{
   struct claim c = claim_each(p, false);
   acquire();
   if (c.n)
      copy_out(to, packet(p, c.first, size_B), size_B, align_B);
   release();
   if (c.n)
      mark(read_marks(p), p->mask, c.first);
   advance_together(&p->begin, read_marks(p), p->mask, c.n);
   return c.n ? 0 : -1;
}

/* ---- reservations ---- */

C_NAME int
__write_pipe_4(pipe_ptr p, void *id, uint i, const void *from, uint size_B,
               uint align_B)
{
   struct claim c = unpack(id);
   if (i >= c.n)
      return -1;
   copy_in(packet(p, c.first + i, size_B), from, size_B, align_B);
   return 0;
}

C_NAME int
__read_pipe_4(pipe_ptr p, void *id, uint i, void *to, uint size_B, uint align_B)
{
   struct claim c = unpack(id);
   if (i >= c.n)
      return -1;
   copy_out(to, packet(p, c.first + i, size_B), size_B, align_B);
   return 0;
}

BUILTIN bool
is_valid_reserve_id(reserve_id_t id)
{
   return (ulong)__builtin_astype(id, void *) != NO_RESERVATION;
}

/* Lanes of one group share the work: `lane` of `lanes`. */
HELPER void
mark_part(global uint *marks, uint mask, void *id, uint lane, uint lanes)
{
   struct claim c = unpack(id);
   for (uint i = lane; i < c.n; i += lanes)
      mark(marks, mask, c.first + i);
}

HELPER uint
group_size(void)
{
   return C0_U32(NVIR_C0_LOCAL_SIZE) * C0_U32(NVIR_C0_LOCAL_SIZE + 4) *
          C0_U32(NVIR_C0_LOCAL_SIZE + 8);
}

#define RESERVATIONS(way, end, marks)                                          \
   C_NAME void *__reserve_##way##_pipe(pipe_ptr p, uint n, uint size_B,        \
                                       uint align_B)                           \
   {                                                                           \
      struct claim c = claim_to_##way(p, n, false);                            \
      acquire();                                                               \
      return (void *)pack(c);                                                  \
   }                                                                           \
   C_NAME void *__sub_group_reserve_##way##_pipe(pipe_ptr p, uint n,           \
                                                 uint size_B, uint align_B)    \
   {                                                                           \
      ulong id = NO_RESERVATION;                                               \
      if (__nvir_laneid() == 0)                                                \
         id = pack(claim_to_##way(p, n, false));                               \
      id = idx_word64(id, 0);                                                  \
      acquire();                                                               \
      return (void *)id;                                                       \
   }                                                                           \
   C_NAME void *__work_group_reserve_##way##_pipe(pipe_ptr p, uint n,          \
                                                  uint size_B, uint align_B)   \
   {                                                                           \
      ulong id = NO_RESERVATION;                                               \
      if (get_local_linear_id() == 0)                                          \
         id = pack(claim_to_##way(p, n, false));                               \
      id = work_group_broadcast(id, 0, 0, 0);                                  \
      acquire();                                                               \
      return (void *)id;                                                       \
   }                                                                           \
   C_NAME void __commit_##way##_pipe(pipe_ptr p, void *id, uint size_B,        \
                                     uint align_B)                             \
   {                                                                           \
      release();                                                               \
      mark_part(marks(p), p->mask, id, 0, 1);                                  \
      advance_together(&p->end, marks(p), p->mask, true);                      \
   }                                                                           \
   C_NAME void __sub_group_commit_##way##_pipe(pipe_ptr p, void *id,           \
                                               uint size_B, uint align_B)      \
   {                                                                           \
      release();                                                               \
      mark_part(marks(p), p->mask, id, __nvir_laneid(), get_sub_group_size()); \
      advance_together(&p->end, marks(p), p->mask, true);                      \
   }                                                                           \
   C_NAME void __work_group_commit_##way##_pipe(pipe_ptr p, void *id,          \
                                                uint size_B, uint align_B)     \
   {                                                                           \
      release();                                                               \
      __nvir_barrier();                                                        \
      release();                                                               \
      mark_part(marks(p), p->mask, id, (uint)get_local_linear_id(),            \
                group_size());                                                 \
      advance_together(&p->end, marks(p), p->mask, true);                      \
   }

RESERVATIONS(write, end, written_marks)
RESERVATIONS(read, begin, read_marks)

/* ---- queries ---- */

#define QUERIES(way)                                                           \
   C_NAME uint __get_pipe_num_packets_##way(pipe_ptr p, uint size_B,           \
                                            uint align_B)                      \
   {                                                                           \
      uint begin = __partage_load_1_u32(&p->begin_claimed);                    \
      int n = (int)(__partage_load_1_u32(&p->end) - begin);                    \
      return n < 0 ? 0 : (uint)n > p->capacity ? p->capacity : n;              \
   }                                                                           \
   C_NAME uint __get_pipe_max_packets_##way(pipe_ptr p, uint size_B,           \
                                            uint align_B)                      \
   {                                                                           \
      return p->capacity;                                                      \
   }

QUERIES(ro)
QUERIES(wo)
