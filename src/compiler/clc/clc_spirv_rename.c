/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* SPIR numbers address spaces otherwise (constant 2, generic 4), and mangled
 * names and intrinsics' suffixes follow. LLVM cannot change the address space
 * of a value in place, so the module goes through its text:
 *
 *    addrspace(2) → addrspace(4)        addrspace(4) → (none)
 *    _Z…PU3AS2… → PU3AS4                PU3AS4 → P
 *    llvm.….p2… → .p4                   .p4 → .p0
 *    addrspacecast between what is now one space → bitcast
 *    spir_func → (none): the library's functions have the C convention
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/clc/clc_spirv.h"
#include "util/util_buf.h"

struct rename {
   const char *at;
   struct util_buf out;
};

static bool
accept(struct rename *r, const char *word)
{
   size_t n = strlen(word);
   if (strncmp(r->at, word, n) != 0)
      return false;
   r->at += n;
   return true;
}

static void
copy_char(struct rename *r)
{
   util_buf_append(&r->out, r->at++, 1);
}

/* Strings, quoted names and comments stay as they are. */
static void
copy_quoted(struct rename *r)
{
   copy_char(r);
   while (*r->at && *r->at != '"')
      copy_char(r);
   if (*r->at)
      copy_char(r);
}

static bool
is_identifier(char c)
{
   return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$' ||
          c == '-';
}

static void
rename_mangled(struct rename *r)
{
   while (is_identifier(*r->at)) {
      if (accept(r, "PU3AS2"))
         util_buf_puts(&r->out, "PU3AS4");
      else if (accept(r, "PU3AS4"))
         util_buf_puts(&r->out, "P");
      else
         copy_char(r);
   }
}

static void
rename_intrinsic(struct rename *r)
{
   while (is_identifier(*r->at)) {
      bool ends = strlen(r->at) > 3 && !isdigit((unsigned char)r->at[3]);
      if (ends && accept(r, ".p2"))
         util_buf_puts(&r->out, ".p4");
      else if (ends && accept(r, ".p4"))
         util_buf_puts(&r->out, ".p0");
      else
         copy_char(r);
   }
}

static void
rename_global(struct rename *r)
{
   copy_char(r); /* @ */
   if (strncmp(r->at, "_Z", 2) == 0)
      rename_mangled(r);
   else if (strncmp(r->at, "llvm.", 5) == 0)
      rename_intrinsic(r);
}

/* ---- casts ---- */

/* The space of the type at `s`, "ptr" or "ptr addrspace(N)", in the new
 * numbers; -1 for something else (a vector of pointers). */
static int
new_space(const char *s)
{
   if (strncmp(s, "ptr", 3) != 0)
      return -1;
   s += 3;
   if (strncmp(s, " addrspace(", 11) != 0)
      return 0;
   int old = atoi(s + 11);
   return old == 2 ? 4 : old == 4 ? 0 : old;
}

/* From behind "addrspacecast" to the target type; NULL if the line ends before.
 */
static const char *
find_target_type(const char *s)
{
   int depth = 0;
   bool quoted = false;
   if (strncmp(s, " (", 2) == 0)
      s += 2;
   for (; *s && *s != '\n'; s++) {
      if (*s == '"')
         quoted = !quoted;
      if (quoted)
         continue;
      depth += (*s == '(') - (*s == ')');
      if (depth == 0 && strncmp(s, " to ", 4) == 0)
         return s + 4;
   }
   return NULL;
}

static void
rename_cast(struct rename *r)
{
   const char *from = r->at + (strncmp(r->at, " (", 2) == 0 ? 2 : 1);
   const char *to = find_target_type(r->at);
   bool same = to && new_space(from) >= 0 && new_space(from) == new_space(to);
   util_buf_puts(&r->out, same ? "bitcast" : "addrspacecast");
}

static void
rename_word(struct rename *r)
{
   if (accept(r, " addrspace(4)"))
      return;
   if (accept(r, "addrspace(2)"))
      util_buf_puts(&r->out, "addrspace(4)");
   else if (accept(r, "addrspacecast"))
      rename_cast(r);
   else if (accept(r, "spir_func "))
      return;
   else
      copy_char(r);
}

char *
clc_spirv_rename(const char *ir)
{
   struct rename r = {.at = ir};
   util_buf_init(&r.out);
   while (*r.at) {
      if (*r.at == '"')
         copy_quoted(&r);
      else if (*r.at == '@')
         rename_global(&r);
      else
         rename_word(&r);
   }
   return util_buf_steal(&r.out);
}
