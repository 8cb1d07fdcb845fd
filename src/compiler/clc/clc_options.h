/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Build, compile and link options (OpenCL 3.0 API, 5.8.6 and 5.8.7) → arguments
 * of clang's cc1. */
#ifndef CLC_OPTIONS_H
#define CLC_OPTIONS_H

#include "util/util_arena.h"
#include "util/util_buf.h"

/* Which set of options is legal. */
enum clc_options_set {
   CLC_OPTIONS_COMPILE,
   CLC_OPTIONS_LINK,
   CLC_OPTIONS_BUILD, /* both: clBuildProgram hands its options to both steps */
};

struct clc_options {
   struct util_arena *arena; /* owns everything below */
   const char **user_args;   /* for cc1, in the order given */
   unsigned num_user_args, cap_user_args;
   unsigned cl_std; /* 100, 110, 120, 200, 300; 120 if not given */
   bool create_library, enable_link_options;
   bool exact_sqrt;      /* -cl-fp32-correctly-rounded-divide-sqrt */
   bool strict_aliasing; /* -cl-strict-aliasing */
};

/* 0, or -EPROTO with the offending option named in `log`. `text` may be NULL. */
int clc_options_parse(struct clc_options *o, struct util_arena *arena,
                      const char *text, enum clc_options_set set,
                      struct util_buf *log);

/* The complete argument vector for cc1: what the target needs, then the user's.
 */
const char **clc_options_cc1_args(const struct clc_options *o, unsigned chipset,
                                  unsigned *argc_out);

#endif
