/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/util_log.h"

static void
print_help(const char *var, const struct util_flag *table)
{
   fprintf(stderr, "%s takes a comma list of:\n", var);
   for (const struct util_flag *f = table; f->word; f++)
      fprintf(stderr, "   %-12s %s\n", f->word, f->help);
}

uint64_t
util_flags_parse(const char *var, const char *text,
                 const struct util_flag *table, unsigned *unknown_out)
{
   uint64_t bits = 0;
   *unknown_out = 0;
   while (*text) {
      size_t n = strcspn(text, ",");
      const struct util_flag *f = table;
      while (f->word && !(strlen(f->word) == n && !memcmp(f->word, text, n)))
         f++;
      if (f->word) {
         bits |= f->bit;
      } else if (n == 4 && !memcmp(text, "help", 4)) {
         print_help(var, table);
      } else if (n) {
         util_warn("env", "%s: unknown word '%.*s' (%s=help lists them)", var,
                   (int)n, text, var);
         ++*unknown_out;
      }
      text += n + (text[n] == ',');
   }
   return bits;
}

uint64_t
util_flags_from_env(const char *var, const struct util_flag *table)
{
   const char *env = getenv(var);
   unsigned unknown;
   return env ? util_flags_parse(var, env, table, &unknown) : 0;
}

uint64_t
util_env_u64(const char *var, uint64_t dflt, uint64_t min, uint64_t max)
{
   const char *env = getenv(var);
   if (!env || !*env)
      return dflt;
   char *end;
   errno = 0;
   uint64_t v = strtoull(env, &end, 0);
   if (errno || *end || v < min || v > max) {
      util_warn("env", "%s=%s: expected a number from %llu to %llu", var, env,
                (unsigned long long)min, (unsigned long long)max);
      return dflt;
   }
   return v;
}

bool
util_env_bool(const char *var, bool dflt)
{
   static const char *const words[] = {"0",   "1",   "false", "true", "no",
                                       "yes", "off", "on",    NULL};
   unsigned none = ARRAY_SIZE(words);
   unsigned i = util_env_choice(var, words, none);
   return i == none ? dflt : i & 1;
}

unsigned
util_env_choice(const char *var, const char *const *words, unsigned dflt)
{
   const char *env = getenv(var);
   if (!env || !*env)
      return dflt;
   for (unsigned i = 0; words[i]; i++) {
      if (!strcasecmp(words[i], env))
         return i;
   }
   char list[256] = "";
   for (unsigned i = 0; words[i]; i++) {
      size_t n = strlen(list);
      snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", words[i]);
   }
   util_warn("env", "%s=%s: expected one of %s", var, env, list);
   return dflt;
}
