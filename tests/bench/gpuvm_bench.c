/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What an operation on a GPU address space costs with a thousand to a million
 * mappings in it: steps through the trees, which are the same everywhere, and
 * time. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/drm/kdrm_gpuvm.h"

#define PAGE 4096ull
#define OPS  20000

static uint64_t steps;

struct cost {
   uint64_t steps, ns;
};

static uint64_t
next(uint64_t *s)
{
   *s ^= *s << 13;
   *s ^= *s >> 7;
   *s ^= *s << 17;
   return *s;
}

static struct kdrm_gem_object *
object(uintptr_t i)
{
   return (struct kdrm_gem_object *)(0x1000 * (i + 1));
}

/* Mappings of two pages, of two objects in turn, a page free between them. */
static struct kdrm_gpuva *
fill(struct kdrm_gpuvm *vm, unsigned n, struct cost *cost)
{
   struct kdrm_gpuva *nodes = calloc(n, sizeof(*nodes));
   assert(nodes);
   kdrm_gpuvm_init(vm, 0, 3 * PAGE * n, NULL, NULL);
   vm->vas.steps = vm->gaps.steps = &steps;
   steps = 0;
   uint64_t start = util_time_ns();
   for (unsigned i = 0; i < n; i++) {
      nodes[i] = (struct kdrm_gpuva){.addr = i * 3 * PAGE,
                                     .range = 2 * PAGE,
                                     .obj = object(i % 2)};
      int ret = kdrm_gpuvm_insert(vm, &nodes[i]);
      assert(!ret);
   }
   *cost = (struct cost){steps / n, (util_time_ns() - start) / n};
   return nodes;
}

/* Over the second page of a mapping, the gap and the first of the next; then
 * all as before. */
static void
map_and_undo(struct kdrm_gpuvm *vm, uint64_t i)
{
   struct kdrm_gpuva spare[2] = {0};
   struct kdrm_gpuvm_change c = {.spare = {&spare[0], &spare[1]}};
   struct kdrm_gpuva request = {.addr = (i * 3 + 1) * PAGE,
                                .range = 3 * PAGE,
                                .obj = object(2)};
   int ret = kdrm_gpuvm_map(vm, &request, &c);
   assert(!ret && c.num_trimmed == 2);
   kdrm_gpuvm_undo(&c);
}

/* The gap between two mappings goes: three become one, and three again. */
static void
merge_and_undo(struct kdrm_gpuvm *vm, uint64_t i)
{
   struct kdrm_gpuva spare[2] = {0};
   struct kdrm_gpuvm_change c = {.spare = {&spare[0], &spare[1]}};
   struct kdrm_gpuva request = {.addr = (i * 3 + 2) * PAGE,
                                .range = PAGE,
                                .obj = object(i % 2),
                                .offset = 2 * PAGE};
   int ret = kdrm_gpuvm_map(vm, &request, &c);
   assert(!ret && c.num_removed == 1);
   kdrm_gpuvm_undo(&c);
}

static void
find(struct kdrm_gpuvm *vm, uint64_t i)
{
   struct kdrm_gpuva *va = kdrm_gpuvm_find(vm, i * 3 * PAGE, PAGE);
   assert(va);
}

static void
find_gap(struct kdrm_gpuvm *vm, uint64_t i)
{
   uint64_t addr;
   int ret = kdrm_gpuvm_find_hole(vm, PAGE, PAGE, &addr);
   assert(!ret);
}

static struct cost
measure(struct kdrm_gpuvm *vm, unsigned n,
        void (*op)(struct kdrm_gpuvm *vm, uint64_t i))
{
   uint64_t seed = 1, start = util_time_ns();
   steps = 0;
   for (unsigned k = 0; k < OPS; k++)
      op(vm, next(&seed) % (n - 1));
   return (struct cost){steps / OPS, (util_time_ns() - start) / OPS};
}

static void
print(struct cost c)
{
   printf(" %llu, %.2f µs |", (unsigned long long)c.steps, c.ns / 1e3);
}

int
main(void)
{
   printf("| mappings | height | insert | find | best gap | split and undo | "
          "merge and undo |\n|---|---|---|---|---|---|---|\n");
   for (unsigned n = 1 << 10; n <= 1 << 20; n *= 4) {
      struct kdrm_gpuvm vm;
      struct cost insert;
      struct kdrm_gpuva *nodes = fill(&vm, n, &insert);
      printf("| %u | %u |", n, util_rb_height(&vm.vas));
      print(insert);
      print(measure(&vm, n, find));
      print(measure(&vm, n, find_gap));
      print(measure(&vm, n, map_and_undo));
      print(measure(&vm, n, merge_and_undo));
      printf("\n");
      free(nodes);
   }
   return 0;
}
