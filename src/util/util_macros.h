/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef UTIL_MACROS_H
#define UTIL_MACROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define MIN2(a, b)         ((a) < (b) ? (a) : (b))
#define MAX2(a, b)         ((a) > (b) ? (a) : (b))
#define CLAMP(v, lo, hi)   MAX2(lo, MIN2(v, hi))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

/* The struct of which `member` at `ptr` is a part. */
#define container_of(ptr, type, member)                                        \
   ((type *)((char *)(ptr)-offsetof(type, member)))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define PRINTFLIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define PARTAGE_EXPORT        __attribute__((visibility("default")))

/* `a` is a power of two in the next four. */
static inline uint64_t
util_align(uint64_t v, uint64_t a)
{
   return (v + a - 1) & ~(a - 1);
}

static inline uint64_t
util_align_down(uint64_t v, uint64_t a)
{
   return v & ~(a - 1);
}

static inline bool
util_is_aligned(uint64_t v, uint64_t a)
{
   return (v & (a - 1)) == 0;
}

static inline bool
util_is_pow2(uint64_t v)
{
   return v && (v & (v - 1)) == 0;
}

static inline uint64_t
util_next_pow2(uint64_t v)
{
   return v <= 1 ? 1 : 1ull << (64 - __builtin_clzll(v - 1));
}

/* Bits [lo, lo+n) of v; n in 1..64. */
static inline uint64_t
util_bits(uint64_t v, unsigned lo, unsigned n)
{
   return (v >> lo) & (~0ull >> (64 - n));
}

static inline int64_t
util_sign_extend(uint64_t v, unsigned n)
{
   return (int64_t)(v << (64 - n)) >> (64 - n);
}

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t util_time_ns(void);

#endif
