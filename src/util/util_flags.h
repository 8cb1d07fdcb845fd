/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Environment variables of the form NAME=word,word,key=value. One table a
 * variable feeds the parser and its help; an unknown word is reported, "help"
 * prints the table. docs/envvars.md lists all variables. */
#ifndef UTIL_FLAGS_H
#define UTIL_FLAGS_H

#include "util/util_macros.h"

struct util_flag {
   const char *word;
   uint64_t bit;
   const char *help;
};

/* Parses getenv(var). The table ends with a NULL word. Returns the OR of the
 * bits named, 0 if unset. */
uint64_t util_flags_from_env(const char *var, const struct util_flag *table);

/* As above on a given string; `unknown` words are counted in *unknown_out. */
uint64_t util_flags_parse(const char *var, const char *text,
                          const struct util_flag *table, unsigned *unknown_out);

/* A number (decimal, 0x hex) or `dflt` if unset; an unreadable value or one
 * outside [min, max] is reported and `dflt` taken. */
uint64_t util_env_u64(const char *var, uint64_t dflt, uint64_t min,
                      uint64_t max);
/* 0, false, no, off | 1, true, yes, on. */
bool util_env_bool(const char *var, bool dflt);
/* Index of the word in `words` (ends with NULL), or `dflt`. */
unsigned util_env_choice(const char *var, const char *const *words,
                         unsigned dflt);

#endif
