/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The fifteen cases that drm_gpuvm documents, drawn; then random operations
 * against one word a page.
 *
 * A drawing is a string, one character a page: a letter is an object's page
 * ('a' is page 0 of object A, 'b' its page 1, ...; 'A'.. of object B), '.' is
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/drm/kdrm_gpuvm.h"

#define PAGE  4096ull
#define BASE  (1ull << 30)
#define PAGES 64

struct space {
   struct kdrm_gpuvm vm;
   char log[512];
};

static struct kdrm_gem_object *
object(int i)
{
   return (struct kdrm_gem_object *)(uintptr_t)(0x1000 * (i + 1));
}

static void
insert(struct space *s, struct kdrm_gpuva va)
{
   struct kdrm_gpuva *n = malloc(sizeof(*n));
   *n = va;
   assert_int_equal(kdrm_gpuvm_insert(&s->vm, n), 0);
}

static void
note(struct space *s, const char *what, bool keep)
{
   size_t len = strlen(s->log);
   snprintf(s->log + len, sizeof(s->log) - len, "%s%s%s", len ? " " : "", what,
            keep ? "=" : "");
}

static int
step_map(void *data, const struct kdrm_gpuva *request)
{
   insert(data, *request);
   note(data, "map", false);
   return 0;
}

static int
step_unmap(void *data, struct kdrm_gpuva *va, bool keep)
{
   struct space *s = data;
   kdrm_gpuvm_remove(&s->vm, va);
   free(va);
   note(s, "unmap", keep);
   return 0;
}

static int
step_remap(void *data, struct kdrm_gpuva *va, const struct kdrm_gpuva *prev,
           const struct kdrm_gpuva *next, bool keep)
{
   struct space *s = data;
   kdrm_gpuvm_remove(&s->vm, va);
   free(va);
   if (prev->range)
      insert(s, *prev);
   if (next->range)
      insert(s, *next);
   note(s,
        prev->range && next->range ? "remap(p,n)"
        : prev->range              ? "remap(p)"
                                   : "remap(n)",
        keep);
   return 0;
}

static const struct kdrm_gpuvm_ops ops = {step_map, step_unmap, step_remap};

/* Each run of consecutive letters is one mapping. */
static struct kdrm_gpuva
parse_run(const char *s, unsigned i, unsigned *end_out)
{
   unsigned j = i + 1;
   while (s[j] && s[j] != '.' && s[j] != '|' && s[j] == s[i] + (int)(j - i))
      j++;
   bool b = s[i] < 'a';
   *end_out = j;
   return (struct kdrm_gpuva){.addr = BASE + i * PAGE,
                              .range = (j - i) * PAGE,
                              .obj = object(b),
                              .offset = (s[i] - (b ? 'A' : 'a')) * PAGE};
}

static void
draw(const struct space *s, char *out)
{
   memset(out, '.', PAGES);
   out[PAGES] = 0;
   kdrm_gpuvm_for_each_va(va, &s->vm)
      for (uint64_t o = 0; o < va->range; o += PAGE)
         out[(va->addr - BASE + o) / PAGE] =
            (va->obj == object(0) ? 'a' : 'A') + (va->offset + o) / PAGE;
   for (unsigned i = PAGES; i && out[i - 1] == '.'; i--)
      out[i - 1] = 0;
}

static void
clear(struct space *s)
{
   while (kdrm_gpuvm_find(&s->vm, BASE, PAGES * PAGE)) {
      struct kdrm_gpuva *va = kdrm_gpuvm_find(&s->vm, BASE, PAGES * PAGE);
      kdrm_gpuvm_remove(&s->vm, va);
      free(va);
   }
}

static const struct {
   const char *before, *request, *after, *steps;
} cases[] = {
   /* Existing mapping, request, result, steps ('=': keep the page tables). */
   {"", ".abc", ".abc", "map"},
   {"abc", "abc", "abc", "unmap= map"},        /* 1: same, identical */
   {"abc", "bcd", "bcd", "unmap map"},         /* 2: same, other offset */
   {"abc", "ABC", "ABC", "unmap map"},         /* 3: same, other object */
   {"ab", "abc", "abc", "unmap= map"},         /* 4: existing is left part */
   {"abc", "ABCD", "ABCD", "unmap map"},       /* 5 */
   {".bc", "abcd", "abcd", "unmap= map"},      /* 6: inside */
   {"abc", "ab", "abc", "remap(n)= map"},      /* 7: request is left part */
   {"abc", "AB", "ABc", "remap(n) map"},       /* 8 */
   {"abc", ".bc", "abc", "remap(p)= map"},     /* 9: request is right part */
   {"abc", ".BC", "aBC", "remap(p) map"},      /* 10 */
   {"abcd", ".bc", "abcd", "remap(p,n)= map"}, /* 11: in the middle */
   {"abcd", ".BC", "aBCd", "remap(p,n) map"},  /* 12 */
   {"abc", "..cde", "abcde", "remap(p)= map"}, /* 13: overlaps its end */
   {"..cde", "abc", "abcde", "remap(n)= map"}, /* 14: overlaps its start */
   {"ab.cd.ef", ".ABCDEF", "aABCDEFf", "remap(p) unmap remap(n) map"}, /* 15 */
};

static void
documented_cases(void **state)
{
   for (unsigned c = 0; c < ARRAY_SIZE(cases); c++) {
      struct space s = {.log = ""};
      kdrm_gpuvm_init(&s.vm, BASE, BASE + PAGES * PAGE);
      for (unsigned i = 0; cases[c].before[i];)
         if (cases[c].before[i] == '.')
            i++;
         else
            insert(&s, parse_run(cases[c].before, i, &i));
      unsigned at = strspn(cases[c].request, "."), end;
      struct kdrm_gpuva request = parse_run(cases[c].request, at, &end);
      assert_int_equal(kdrm_gpuvm_sm_map(&s.vm, &request, &ops, &s), 0);
      char picture[PAGES + 1];
      draw(&s, picture);
      assert_string_equal(picture, cases[c].after);
      assert_string_equal(s.log, cases[c].steps);
      util_rb_validate(&s.vm.vas);
      clear(&s);
   }
}

static void
refuses_bad_ranges(void **state)
{
   struct space s = {.log = ""};
   kdrm_gpuvm_init(&s.vm, BASE, BASE + PAGES * PAGE);
   const struct kdrm_gpuva bad[] = {
      {.addr = BASE, .range = 0},
      {.addr = BASE - PAGE, .range = PAGE},
      {.addr = BASE, .range = (PAGES + 1) * PAGE},
      {.addr = UINT64_MAX & ~(PAGE - 1), .range = 2 * PAGE},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
      assert_int_equal(kdrm_gpuvm_sm_map(&s.vm, &bad[i], &ops, &s), -22);
      assert_int_equal(
         kdrm_gpuvm_sm_unmap(&s.vm, bad[i].addr, bad[i].range, &ops, &s), -22);
   }
   assert_string_equal(s.log, "");
}

static uint64_t
next(uint64_t *s)
{
   *s ^= *s << 13;
   *s ^= *s >> 7;
   *s ^= *s << 17;
   return *s;
}

static void
random_against_words(void **state)
{
   const char *env = getenv("TEST_SEED");
   uint64_t seed =
      env ? strtoull(env, NULL, 0) : (uint64_t)getpid() * 2654435761u;
   print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
   struct space s = {.log = ""};
   uint64_t words[PAGES] = {0}; /* object << 32 | page + 1 */
   kdrm_gpuvm_init(&s.vm, BASE, BASE + PAGES * PAGE);
   for (unsigned step = 0; step < 20000; step++) {
      unsigned first = next(&seed) % PAGES;
      unsigned n = next(&seed) % MIN2(PAGES - first, 12) + 1;
      int obj = next(&seed) % 3;
      unsigned offset = next(&seed) % 20;
      s.log[0] = 0;
      struct kdrm_gpuva request = {.addr = BASE + first * PAGE,
                                   .range = n * PAGE,
                                   .obj = object(obj),
                                   .offset = offset * PAGE};
      bool map = next(&seed) % 3;
      assert_int_equal(map ? kdrm_gpuvm_sm_map(&s.vm, &request, &ops, &s)
                           : kdrm_gpuvm_sm_unmap(&s.vm, request.addr,
                                                 request.range, &ops, &s),
                       0);
      for (unsigned i = 0; i < n; i++)
         words[first + i] = map ? (uint64_t)obj << 32 | (offset + i + 1) : 0;
      uint64_t seen[PAGES] = {0};
      kdrm_gpuvm_for_each_va(va, &s.vm)
         for (uint64_t o = 0; o < va->range; o += PAGE)
            seen[(va->addr - BASE + o) / PAGE] =
               ((uint64_t)(uintptr_t)va->obj / 0x1000 - 1) << 32 |
               ((va->offset + o) / PAGE + 1);
      assert_memory_equal(seen, words, sizeof(words));
      /* Best fit, against looking at every place. */
      unsigned want = next(&seed) % 6 + 1, best = PAGES, best_gap = PAGES + 1;
      for (unsigned i = 0; i < PAGES;) {
         unsigned j = i;
         while (j < PAGES && !words[j])
            j++;
         if (j - i >= want && j - i < best_gap) {
            best = i;
            best_gap = j - i;
         }
         i = j + 1;
      }
      uint64_t addr = 0;
      int ret = kdrm_gpuvm_find_hole(&s.vm, want * PAGE, PAGE, &addr);
      assert_int_equal(ret, best == PAGES ? -28 : 0);
      if (!ret)
         assert_int_equal(addr, BASE + best * PAGE);
   }
   clear(&s);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(documented_cases),
      cmocka_unit_test(refuses_bad_ranges),
      cmocka_unit_test(random_against_words),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
