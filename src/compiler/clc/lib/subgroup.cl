/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The cl_khr_subgroup_* extensions: shuffles, rotations, ballots, and functions
 * that work where lanes are switched off. The basics are in collective.cl. */
#include "shuffle.h"

EXTERNAL uint get_sub_group_size(void);

HELPER uint
active_lanes(void)
{
   return __nvir_vote_ballot(true);
}

HELPER uint
lowest_bit(uint mask)
{
   return 31 - __builtin_clz(mask & -mask);
}

/* ---- votes, ballots ---- */

BUILTIN int
sub_group_elect(void)
{
   return __nvir_laneid() == lowest_bit(active_lanes());
}

BUILTIN int
sub_group_non_uniform_all(int x)
{
   return __nvir_vote_ballot(x == 0) == 0;
}

BUILTIN int
sub_group_non_uniform_any(int x)
{
   return __nvir_vote_ballot(x != 0) != 0;
}

BUILTIN uint4
sub_group_ballot(int x)
{
   return (uint4)(__nvir_vote_ballot(x != 0), 0, 0, 0);
}

BUILTIN int
sub_group_inverse_ballot(uint4 ballot)
{
   return ballot.x >> __nvir_laneid() & 1;
}

BUILTIN int
sub_group_ballot_bit_extract(uint4 ballot, uint i)
{
   return i < WARP ? ballot.x >> i & 1 : 0;
}

/* All bits of a sub-group of the maximum size count, also in a smaller last one. */
BUILTIN uint
sub_group_ballot_bit_count(uint4 ballot)
{
   return __builtin_popcount(ballot.x);
}

BUILTIN uint
sub_group_ballot_inclusive_scan(uint4 ballot)
{
   return __builtin_popcount(ballot.x & (2u << __nvir_laneid()) - 1);
}

BUILTIN uint
sub_group_ballot_exclusive_scan(uint4 ballot)
{
   return __builtin_popcount(ballot.x & (1u << __nvir_laneid()) - 1);
}

BUILTIN uint
sub_group_ballot_find_lsb(uint4 ballot)
{
   return lowest_bit(ballot.x);
}

BUILTIN uint
sub_group_ballot_find_msb(uint4 ballot)
{
   return 31 - __builtin_clz(ballot.x);
}

#define MASK(name, value)                                                      \
   BUILTIN uint4 get_sub_group_##name##_mask(void)                             \
   {                                                                           \
      uint lane = __nvir_laneid();                                             \
      return (uint4)(value, 0, 0, 0);                                          \
   }

MASK(eq, 1u << lane)
MASK(ge, ~0u << lane)
MASK(gt, ~0u << lane << 1)
MASK(le, (2u << lane) - 1)
MASK(lt, (1u << lane) - 1)

/* ---- shuffles ---- */

/* Cluster sizes are powers of two. */
#define SHUFFLES(type)                                                         \
   BUILTIN type sub_group_shuffle(type x, uint lane)                           \
   {                                                                           \
      return idx_##type(x, lane);                                              \
   }                                                                           \
   BUILTIN type sub_group_shuffle_xor(type x, uint lane_xor)                   \
   {                                                                           \
      return bfly_##type(x, lane_xor);                                         \
   }                                                                           \
   BUILTIN type sub_group_shuffle_up(type x, uint delta)                       \
   {                                                                           \
      return up_##type(x, delta);                                              \
   }                                                                           \
   BUILTIN type sub_group_shuffle_down(type x, uint delta)                     \
   {                                                                           \
      return down_##type(x, delta);                                            \
   }                                                                           \
   BUILTIN type sub_group_rotate(type x, int delta)                            \
   {                                                                           \
      int size = get_sub_group_size();                                         \
      int lane = ((int)__nvir_laneid() + delta % size + size) % size;          \
      return idx_##type(x, lane);                                              \
   }                                                                           \
   BUILTIN type sub_group_clustered_rotate(type x, int delta, uint cluster)    \
   {                                                                           \
      uint lane = __nvir_laneid();                                             \
      uint in_cluster = (lane + delta) & (cluster - 1);                        \
      return idx_##type(x, (lane & -cluster) | in_cluster);                    \
   }                                                                           \
   BUILTIN type sub_group_non_uniform_broadcast(type x, uint lane)             \
   {                                                                           \
      return idx_##type(x, lane);                                              \
   }                                                                           \
   BUILTIN type sub_group_broadcast_first(type x)                              \
   {                                                                           \
      return idx_##type(x, lowest_bit(active_lanes()));                        \
   }                                                                           \
   BUILTIN int sub_group_non_uniform_all_equal(type x)                         \
   {                                                                           \
      return __nvir_vote_ballot(x != sub_group_broadcast_first(x)) == 0;       \
   }

/* ---- arithmetic among active lanes ---- */

/* One step a lane that is active: lanes of a divergent branch cannot be reached by
 * a tree. The cluster's loop has the same length for all. */
#define ARITHMETIC(op, type, identity)                                         \
   BUILTIN type sub_group_non_uniform_reduce_##op(type x)                      \
   {                                                                           \
      type sum = identity;                                                     \
      for (uint left = active_lanes(); left; left &= left - 1)                 \
         sum = OP_##op(sum, idx_##type(x, lowest_bit(left)));                  \
      return sum;                                                              \
   }                                                                           \
   BUILTIN type sub_group_non_uniform_scan_exclusive_##op(type x)              \
   {                                                                           \
      type sum = identity;                                                     \
      for (uint left = active_lanes(); left; left &= left - 1) {               \
         type other = idx_##type(x, lowest_bit(left));                         \
         if (lowest_bit(left) < __nvir_laneid())                               \
            sum = OP_##op(sum, other);                                         \
      }                                                                        \
      return sum;                                                              \
   }                                                                           \
   BUILTIN type sub_group_non_uniform_scan_inclusive_##op(type x)              \
   {                                                                           \
      type before = sub_group_non_uniform_scan_exclusive_##op(x);              \
      return OP_##op(before, x);                                               \
   }                                                                           \
   BUILTIN type sub_group_clustered_reduce_##op(type x, uint cluster)          \
   {                                                                           \
      type sum = identity;                                                     \
      uint active = active_lanes(), first = __nvir_laneid() & -cluster;        \
      for (uint i = 0; i < cluster; i++) {                                     \
         type other = idx_##type(x, first + i);                                \
         if (active >> (first + i) & 1)                                        \
            sum = OP_##op(sum, other);                                         \
      }                                                                        \
      return sum;                                                              \
   }

#define NUMBERS(type, lowest, highest)                                         \
   SHUFFLES(type)                                                              \
   ARITHMETIC(add, type, 0)                                                    \
   ARITHMETIC(mul, type, 1)                                                    \
   ARITHMETIC(min, type, highest)                                              \
   ARITHMETIC(max, type, lowest)

#define BITS(type)                                                             \
   ARITHMETIC(and, type, (type)~(type)0)                                       \
   ARITHMETIC(or, type, 0)                                                     \
   ARITHMETIC(xor, type, 0)

NUMBERS(char, CHAR_MIN, CHAR_MAX)
NUMBERS(uchar, 0, UCHAR_MAX)
NUMBERS(short, SHRT_MIN, SHRT_MAX)
NUMBERS(ushort, 0, USHRT_MAX)
NUMBERS(int, INT_MIN, INT_MAX)
NUMBERS(uint, 0, UINT_MAX)
NUMBERS(long, LONG_MIN, LONG_MAX)
NUMBERS(ulong, 0, ULONG_MAX)
NUMBERS(half, -INFINITY, INFINITY)
NUMBERS(float, -INFINITY, INFINITY)
NUMBERS(double, -INFINITY, INFINITY)
BITS(char)
BITS(uchar)
BITS(short)
BITS(ushort)
BITS(int)
BITS(uint)
BITS(long)
BITS(ulong)
ARITHMETIC(logical_and, int, 1)
ARITHMETIC(logical_or, int, 0)
ARITHMETIC(logical_xor, int, 0)

/* ---- broadcasts of narrow types and vectors ---- */

#define BROADCAST_N(type, n)                                                   \
   BUILTIN type##n sub_group_broadcast(type##n x, uint lane)                   \
   {                                                                           \
      type##n result;                                                          \
      for (uint i = 0; i < n; i++)                                             \
         result[i] = idx_##type(x[i], lane);                                   \
      return result;                                                           \
   }                                                                           \
   BUILTIN type##n sub_group_non_uniform_broadcast(type##n x, uint lane)       \
   {                                                                           \
      return sub_group_broadcast(x, lane);                                     \
   }

#define BROADCASTS(type)                                                       \
   BROADCAST_N(type, 2)                                                        \
   BROADCAST_N(type, 3)                                                        \
   BROADCAST_N(type, 4)                                                        \
   BROADCAST_N(type, 8)                                                        \
   BROADCAST_N(type, 16)

#define BROADCAST_1(type)                                                      \
   BUILTIN type sub_group_broadcast(type x, uint lane)                         \
   {                                                                           \
      return idx_##type(x, lane);                                              \
   }

BROADCAST_1(char)
BROADCAST_1(uchar)
BROADCAST_1(short)
BROADCAST_1(ushort)
BROADCASTS(char)
BROADCASTS(uchar)
BROADCASTS(short)
BROADCASTS(ushort)
BROADCASTS(int)
BROADCASTS(uint)
BROADCASTS(long)
BROADCASTS(ulong)
BROADCASTS(half)
BROADCASTS(float)
BROADCASTS(double)
