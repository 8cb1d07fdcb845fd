/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "granularity.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MIB 256 /* pages */

static void
add(struct gran_trace *t, enum gran_kind kind, uint64_t first, uint64_t n,
    uint64_t stride)
{
   if (t->count == t->capacity) {
      t->capacity = t->capacity ? t->capacity * 2 : 256;
      t->ops = realloc(t->ops, t->capacity * sizeof(*t->ops));
      assert(t->ops);
   }
   t->ops[t->count++] = (struct gran_op){kind, first, n, stride};
}

static void
map_and_fill(struct gran_trace *t, uint64_t first, uint64_t n)
{
   add(t, GRAN_MAP, first, n, 0);
   add(t, GRAN_CPU, first, n, 1);
}

static unsigned
next(unsigned *s)
{
   *s = *s * 1664525 + 1013904223;
   return *s >> 8;
}

static void
sequential(struct gran_trace *t)
{
   map_and_fill(t, 0, 64 * MIB);
   add(t, GRAN_GPU, 0, 64 * MIB, 1);
}

static void
untouched(struct gran_trace *t)
{
   add(t, GRAN_MAP, 0, 64 * MIB, 0);
   add(t, GRAN_GPU, 0, 64 * MIB, 1);
}

static void
strided(struct gran_trace *t)
{
   add(t, GRAN_MAP, 0, 64 * MIB, 0);
   add(t, GRAN_GPU, 0, 64 * MIB / 64, 64);
}

static void
random_touches(struct gran_trace *t)
{
   unsigned seed = 1;
   add(t, GRAN_MAP, 0, 256 * MIB, 0);
   for (unsigned i = 0; i < 4096; i++)
      add(t, GRAN_GPU, next(&seed) % (256 * MIB), 1, 1);
}

/* Blocks of 256 KiB come and go; one goes while another is served. */
static void
churn(struct gran_trace *t)
{
   unsigned seed = 2;
   bool live[256] = {false};
   for (unsigned round = 0; round < 2000; round++) {
      unsigned slot = next(&seed) % 256, other = next(&seed) % 256;
      uint64_t at = slot * 96;
      if (live[slot]) {
         add(t, GRAN_UNMAP, at, 64, 0);
         live[slot] = false;
         continue;
      }
      map_and_fill(t, at, 64);
      if (live[other] && other != slot && round % 4 == 0) {
         add(t, GRAN_MEANWHILE, 0, 0, 0);
         add(t, GRAN_UNMAP, other * 96, 64, 0);
         live[other] = false;
      }
      add(t, GRAN_GPU, at, 64, 1);
      live[slot] = true;
   }
}

/* One page of each 2 MiB goes, all is used again. */
static void
holes(struct gran_trace *t)
{
   map_and_fill(t, 0, 64 * MIB);
   add(t, GRAN_GPU, 0, 64 * MIB, 1);
   for (unsigned i = 0; i < 32; i++)
      add(t, GRAN_UNMAP, i * 512 + 200, 1, 0);
   add(t, GRAN_GPU, 0, 64 * MIB, 1);
}

static void
small_vmas(struct gran_trace *t)
{
   for (unsigned i = 0; i < 4000; i++)
      map_and_fill(t, i * 4, 3);
   for (unsigned i = 0; i < 4000; i++)
      add(t, GRAN_GPU, i * 4, 3, 1);
}

/* A heap of one VMA: its far end is discarded while the near one is served. */
static void
busy_heap(struct gran_trace *t)
{
   map_and_fill(t, 0, 256 * MIB);
   for (unsigned i = 0; i < 512; i++) {
      add(t, GRAN_MEANWHILE, 0, 0, 0);
      add(t, GRAN_DISCARD, 256 * MIB - 16 - i * 16, 16, 0);
      add(t, GRAN_GPU, i * 64, 16, 1);
   }
}

/* 16 MiB to the device; the CPU looks at a word of each MiB of the first half,
 * again and again. */
static void
ping_pong(struct gran_trace *t)
{
   map_and_fill(t, 0, 32 * MIB);
   for (unsigned round = 0; round < 20; round++) {
      add(t, GRAN_MIGRATE, 4 * MIB + 100, 16 * MIB, 0);
      add(t, GRAN_GPU, 4 * MIB + 100, 16 * MIB, 1);
      add(t, GRAN_CPU, 5 * MIB, 8, MIB);
   }
}

static const struct {
   const char *name, *what;
   void (*make)(struct gran_trace *t);
} traces[] = {
   {"sequential", "64 MiB that the CPU has written, in order", sequential},
   {"untouched", "64 MiB that nobody has touched, in order", untouched},
   {"strided", "one page of each 256 KiB of 64 MiB", strided},
   {"random", "4096 touches in 256 MiB", random_touches},
   {"churn", "256 KiB blocks mapped, used, unmapped", churn},
   {"holes", "64 MiB; a page of each 2 MiB unmapped; again", holes},
   {"small-vmas", "4000 VMAs of three pages", small_vmas},
   {"busy-heap", "one VMA, discarded at its far end meanwhile", busy_heap},
   {"ping-pong", "16 MiB migrated, a word of each MiB read back", ping_pong},
};

const char *const gran_trace_names[] = {
   "sequential", "untouched",  "strided",   "random",    "churn",
   "holes",      "small-vmas", "busy-heap", "ping-pong", NULL};

void
gran_trace_create(const char *name, struct gran_trace *t_out)
{
   *t_out = (struct gran_trace){0};
   for (unsigned i = 0; i < ARRAY_SIZE(traces); i++) {
      if (strcmp(traces[i].name, name))
         continue;
      t_out->name = traces[i].name;
      t_out->what = traces[i].what;
      traces[i].make(t_out);
      return;
   }
   assert(!"no such trace");
}

void
gran_trace_finish(struct gran_trace *t)
{
   free(t->ops);
}
