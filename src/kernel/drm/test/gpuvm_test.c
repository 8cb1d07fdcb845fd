/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The fifteen cases that drm_gpuvm documents, drawn; then random operations
 * against one word a page, and what they cost in steps through the trees.
 *
 * A drawing is a string, one character a page: a letter is an object's page
 * ('a' is page 0 of object A, 'b' its page 1, ...; 'A'.. of object B), '.' is
 * nothing. '|' before a page: another mapping begins here although it goes on
 * with the same object. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/drm/kdrm_gpuvm.h"
#include "util/test/test_random.h"

#define PAGE  4096ull
#define BASE  (1ull << 30)
#define PAGES 64

struct space {
   struct kdrm_gpuvm vm;
   struct kdrm_gpuvm_change change;
};

static struct kdrm_gem_object *
object(int i)
{
   return (struct kdrm_gem_object *)(uintptr_t)(0x1000 * (i + 1));
}

static void
space_init(struct space *s)
{
   kdrm_gpuvm_init(&s->vm, BASE, BASE + PAGES * PAGE, NULL, NULL);
}

static void
space_finish(struct space *s)
{
   struct kdrm_gpuva *va;
   while ((va = kdrm_gpuvm_find(&s->vm, BASE, PAGES * PAGE))) {
      kdrm_gpuvm_remove(&s->vm, va);
      free(va);
   }
   kdrm_gpuvm_finish(&s->vm);
}

static void
give_spares(struct kdrm_gpuvm_change *c, unsigned n)
{
   for (unsigned i = 0; i < KDRM_GPUVM_SPARES; i++)
      c->spare[i] = i < n ? calloc(1, sizeof(struct kdrm_gpuva)) : NULL;
}

static void
drop_spares(struct kdrm_gpuvm_change *c)
{
   for (unsigned i = 0; i < KDRM_GPUVM_SPARES; i++)
      free(c->spare[i]);
}

static void
commit(struct kdrm_gpuvm_change *c)
{
   util_list_for_each_safe(struct kdrm_gpuva, va, &c->removed, link) {
      util_list_del(&va->link);
      free(va);
   }
   drop_spares(c);
}

static int
map(struct space *s, const struct kdrm_gpuva *request)
{
   give_spares(&s->change, 2);
   return kdrm_gpuvm_map(&s->vm, request, &s->change);
}

static int
unmap(struct space *s, uint64_t addr, uint64_t range)
{
   give_spares(&s->change, 1);
   return kdrm_gpuvm_unmap(&s->vm, addr, range, &s->change);
}

static void
validate(const struct space *s)
{
   util_rb_validate(&s->vm.vas);
   util_rb_validate(&s->vm.gaps);
   uint64_t at = s->vm.start;
   kdrm_gpuvm_for_each_va(va, &s->vm) {
      assert_int_equal(va->gap, va->addr - at);
      at = va->addr + va->range;
   }
   assert_int_equal(s->vm.last.gap, s->vm.end - at);
}

/* --- Drawings ------------------------------------------------------------ */

/* The run of consecutive letters at *s; moves behind it. */
static struct kdrm_gpuva
parse_run(const char **s, unsigned *page)
{
   bool b = **s < 'a';
   struct kdrm_gpuva va = {.addr = BASE + *page * PAGE,
                           .obj = object(b),
                           .offset = (**s - (b ? 'A' : 'a')) * PAGE};
   char first = **s;
   unsigned n = 0;
   for (; **s && **s != '.' && **s != '|' && **s == first + (int)n; ++*s)
      n++;
   *page += n;
   va.range = n * PAGE;
   return va;
}

static void
insert_drawing(struct space *s, const char *text)
{
   for (unsigned page = 0; *text;) {
      if (*text == '.') {
         text++;
         page++;
      } else if (*text == '|') {
         text++;
      } else {
         struct kdrm_gpuva *va = malloc(sizeof(*va));
         *va = parse_run(&text, &page);
         assert_int_equal(kdrm_gpuvm_insert(&s->vm, va), 0);
      }
   }
}

static bool
goes_on(const struct kdrm_gpuva *before, const struct kdrm_gpuva *va)
{
   return before && before->addr + before->range == va->addr &&
          before->obj == va->obj && before->flags == va->flags &&
          before->offset + before->range == va->offset;
}

static void
draw(const struct space *s, char *out)
{
   const struct kdrm_gpuva *before = NULL;
   uint64_t at = BASE;
   kdrm_gpuvm_for_each_va(va, &s->vm) {
      for (; at < va->addr; at += PAGE)
         *out++ = '.';
      if (goes_on(before, va))
         *out++ = '|';
      for (uint64_t o = 0; o < va->range; o += PAGE)
         *out++ = (va->obj == object(0) ? 'a' : 'A') + (va->offset + o) / PAGE;
      at = va->addr + va->range;
      before = va;
   }
   *out = 0;
}

/* Mappings removed, trimmed and added, and '=' for "page tables stay". */
static const char *
describe(const struct kdrm_gpuvm_change *c)
{
   static char text[32];
   snprintf(text, sizeof(text), "-%u ~%u +%u%s", c->num_removed, c->num_trimmed,
            c->num_added, c->same ? " =" : "");
   return text;
}

static const struct {
   const char *before, *request, *after, *what;
} maps[] =
   {
      {"", ".abc", ".abc", "-0 ~0 +1"},
      {"abc", "abc", "abc", "-1 ~0 +1 ="},   /* 1: same, identical */
      {"abc", "bcd", "bcd", "-1 ~0 +1"},     /* 2: same, other offset */
      {"abc", "ABC", "ABC", "-1 ~0 +1"},     /* 3: same, other object */
      {"ab", "abc", "abc", "-1 ~0 +1"},      /* 4: existing is left part */
      {"abc", "ABCD", "ABCD", "-1 ~0 +1"},   /* 5 */
      {".bc", "abcd", "abcd", "-1 ~0 +1"},   /* 6: inside */
      {"abc", "ab", "abc", "-1 ~0 +1 ="},    /* 7: request is left part */
      {"abc", "AB", "ABc", "-0 ~1 +1"},      /* 8 */
      {"abc", ".bc", "abc", "-1 ~0 +1 ="},   /* 9: request is right part */
      {"abc", ".BC", "aBC", "-0 ~1 +1"},     /* 10 */
      {"abcd", ".bc", "abcd", "-1 ~0 +1 ="}, /* 11: in the middle */
      {"abcd", ".BC", "aBCd", "-0 ~1 +2"},   /* 12 */
      {"abc", "..cde", "abcde", "-1 ~0 +1"}, /* 13: overlaps its end */
      {"..cde", "abc", "abcde", "-1 ~0 +1"}, /* 14: overlaps its start */
      {"ab.cd.ef", ".ABCDEF", "aABCDEFf", "-1 ~2 +1"}, /* 15: several */
      /* Merging. */
      {"ab", "..cd", "abcd", "-1 ~0 +1"},
      {"..cd", "ab", "abcd", "-1 ~0 +1"},
      {"ab..ef", "..cd", "abcdef", "-2 ~0 +1"},
      {"ab|cd|ef", "..cd", "abcdef", "-3 ~0 +1 ="},
      {"ab|cd", "...d", "abcd", "-2 ~0 +1 ="},
      {"ab..ef", "..CD", "abCDef", "-0 ~0 +1"},
      {"abABef", "..cd", "abcdef", "-3 ~0 +1"}, /* heals a hole */
      {"ab..ef", "..bc", "abbcef", "-0 ~0 +1"}, /* not consecutive */
},
  unmaps[] = {
     {"abc", "abc", "", "-1 ~0 +0"},
     {"abc", "ab", "..c", "-0 ~1 +0"},
     {"abc", ".bc", "a", "-0 ~1 +0"},
     {"abcd", ".bc", "a..d", "-0 ~1 +1"},
     {"ab.cd.ef", ".ABCDEF", "a......f", "-1 ~2 +0"},
     {".bc", "abcd", "", "-1 ~0 +0"},
     {"", "abc", "", "-0 ~0 +0"},
};

static void
check_case(const char *before, const char *request, const char *after,
           const char *what, bool is_map)
{
   struct space s;
   char picture[2 * PAGES];
   space_init(&s);
   insert_drawing(&s, before);
   unsigned page = strspn(request, ".");
   request += page;
   struct kdrm_gpuva va = parse_run(&request, &page);
   assert_int_equal(is_map ? map(&s, &va) : unmap(&s, va.addr, va.range), 0);
   draw(&s, picture);
   assert_string_equal(picture, after);
   assert_string_equal(describe(&s.change), what);
   validate(&s);
   kdrm_gpuvm_undo(&s.change);
   draw(&s, picture);
   assert_string_equal(picture, before);
   validate(&s);
   drop_spares(&s.change);
   space_finish(&s);
}

static void
documented_cases(void **state)
{
   for (unsigned c = 0; c < ARRAY_SIZE(maps); c++)
      check_case(maps[c].before, maps[c].request, maps[c].after, maps[c].what,
                 true);
   for (unsigned c = 0; c < ARRAY_SIZE(unmaps); c++)
      check_case(unmaps[c].before, unmaps[c].request, unmaps[c].after,
                 unmaps[c].what, false);
}

static void
other_flags_do_not_merge(void **state)
{
   struct space s;
   char picture[2 * PAGES];
   space_init(&s);
   insert_drawing(&s, "ab");
   struct kdrm_gpuva va = {.addr = BASE + 2 * PAGE,
                           .range = PAGE,
                           .obj = object(0),
                           .offset = 2 * PAGE,
                           .flags = 7};
   assert_int_equal(map(&s, &va), 0);
   commit(&s.change);
   unsigned n = 0;
   kdrm_gpuvm_for_each_va(v, &s.vm)
      n++;
   assert_int_equal(n, 2);
   draw(&s, picture);
   assert_string_equal(picture, "abc");
   space_finish(&s);
}

static void
refuses_bad_ranges(void **state)
{
   struct space s;
   space_init(&s);
   const struct kdrm_gpuva bad[] = {
      {.addr = BASE, .range = 0},
      {.addr = BASE - PAGE, .range = PAGE},
      {.addr = BASE, .range = (PAGES + 1) * PAGE},
      {.addr = UINT64_MAX & ~(PAGE - 1), .range = 2 * PAGE},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
      assert_int_equal(map(&s, &bad[i]), -EINVAL);
      drop_spares(&s.change);
      assert_int_equal(unmap(&s, bad[i].addr, bad[i].range), -EINVAL);
      drop_spares(&s.change);
   }
   validate(&s);
   space_finish(&s);
}

/* --- Random -------------------------------------------------------------- */

/* One word a page: object << 32 | page of the object + 1. */
static void
compare(const struct space *s, const uint64_t *words)
{
   uint64_t seen[PAGES] = {0};
   const struct kdrm_gpuva *before = NULL;
   kdrm_gpuvm_for_each_va(va, &s->vm) {
      assert_false(goes_on(before, va));
      for (uint64_t o = 0; o < va->range; o += PAGE)
         seen[(va->addr - BASE + o) / PAGE] =
            ((uint64_t)(uintptr_t)va->obj / 0x1000 - 1) << 32 |
            ((va->offset + o) / PAGE + 1);
      before = va;
   }
   assert_memory_equal(seen, words, sizeof(seen));
}

/* Best fit, against looking at every place. */
static void
compare_hole(const struct space *s, const uint64_t *words, unsigned want)
{
   unsigned best = PAGES, best_gap = PAGES + 1;
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
   int ret = kdrm_gpuvm_find_hole(&s->vm, want * PAGE, PAGE, &addr);
   assert_int_equal(ret, best == PAGES ? -ENOSPC : 0);
   if (!ret)
      assert_int_equal(addr, BASE + best * PAGE);
}

static void
random_against_words(void **state)
{
   uint64_t seed = test_rng_state(test_seed());
   struct space s;
   uint64_t words[PAGES] = {0}, changed[PAGES];
   space_init(&s);
   for (unsigned step = 0; step < 20000; step++) {
      unsigned first = test_rng(&seed) % PAGES;
      unsigned n = test_rng(&seed) % MIN2(PAGES - first, 12) + 1;
      int obj = test_rng(&seed) % 3;
      /* Often what is there already, or goes on. */
      unsigned offset = test_rng(&seed) % 2 ? first + test_rng(&seed) % 2
                                            : test_rng(&seed) % 20;
      struct kdrm_gpuva request = {.addr = BASE + first * PAGE,
                                   .range = n * PAGE,
                                   .obj = object(obj),
                                   .offset = offset * PAGE};
      bool is_map = test_rng(&seed) % 3;
      memcpy(changed, words, sizeof(words));
      for (unsigned i = 0; i < n; i++)
         changed[first + i] =
            is_map ? (uint64_t)obj << 32 | (offset + i + 1) : 0;
      assert_int_equal(
         is_map ? map(&s, &request) : unmap(&s, request.addr, request.range),
         0);
      if (is_map)
         assert_int_equal(s.change.same,
                          !memcmp(changed, words, sizeof(words)));
      compare(&s, changed);
      validate(&s);
      if (test_rng(&seed) % 4 == 0) {
         kdrm_gpuvm_undo(&s.change);
         drop_spares(&s.change);
         compare(&s, words);
         validate(&s);
      } else {
         memcpy(words, changed, sizeof(words));
         commit(&s.change);
      }
      compare_hole(&s, words, test_rng(&seed) % 6 + 1);
   }
   space_finish(&s);
}

/* --- Cost ---------------------------------------------------------------- */

struct big {
   struct kdrm_gpuvm vm;
   struct kdrm_gpuva *nodes;
   uint64_t steps;
};

/* n mappings of two pages with holes of one between them. */
static void
big_init(struct big *b, unsigned n)
{
   *b = (struct big){0};
   kdrm_gpuvm_init(&b->vm, 0, 3ull * PAGE * n, NULL, NULL);
   b->nodes = calloc(n, sizeof(*b->nodes));
   for (unsigned i = 0; i < n; i++) {
      b->nodes[i] = (struct kdrm_gpuva){.addr = i * 3 * PAGE,
                                        .range = 2 * PAGE,
                                        .obj = object(i % 2)};
      assert_int_equal(kdrm_gpuvm_insert(&b->vm, &b->nodes[i]), 0);
   }
   b->vm.vas.steps = b->vm.gaps.steps = &b->steps;
}

static uint64_t
steps_of_split(struct big *b, uint64_t addr)
{
   struct kdrm_gpuva spare[2] = {0};
   struct kdrm_gpuvm_change c = {.spare = {&spare[0], &spare[1]}};
   struct kdrm_gpuva request = {.addr = addr,
                                .range = 2 * PAGE,
                                .obj = object(2)};
   b->steps = 0;
   assert_int_equal(kdrm_gpuvm_map(&b->vm, &request, &c), 0);
   uint64_t steps = b->steps;
   kdrm_gpuvm_undo(&c);
   return steps;
}

/* A thousand times the mappings cost ten steps more a tree walk. */
static void
cost_is_logarithmic(void **state)
{
   uint64_t seed = 1;
   for (unsigned log = 7; log <= 17; log += 5) {
      unsigned n = 1u << log;
      struct big b;
      big_init(&b, n);
      /* 2 log2(n + 1) is what a red-black tree promises. */
      assert_true(util_rb_height(&b.vm.vas) <= 2 * (log + 1));
      uint64_t worst_find = 0, worst_split = 0;
      for (unsigned i = 0; i < 2000; i++) {
         uint64_t addr = (test_rng(&seed) % (n - 1) * 3 + 1) * PAGE, hole;
         b.steps = 0;
         assert_non_null(kdrm_gpuvm_find(&b.vm, addr, PAGE));
         worst_find = MAX2(worst_find, b.steps);
         worst_split = MAX2(worst_split, steps_of_split(&b, addr));
         b.steps = 0;
         assert_int_equal(kdrm_gpuvm_find_hole(&b.vm, PAGE, PAGE, &hole), 0);
         assert_true(b.steps <= 2 * (log + 2));
      }
      print_message("%u mappings: height %u, find %llu, split %llu steps\n", n,
                    util_rb_height(&b.vm.vas), (unsigned long long)worst_find,
                    (unsigned long long)worst_split);
      assert_true(worst_find <= 2 * (log + 1));
      /* Looks for the range, three neighbours; one goes in; gaps change. */
      assert_true(worst_split <= 24 * (log + 1));
      free(b.nodes);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(documented_cases),
      cmocka_unit_test(other_flags_do_not_merge),
      cmocka_unit_test(refuses_bad_ranges),
      cmocka_unit_test(random_against_words),
      cmocka_unit_test(cost_is_logarithmic),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
