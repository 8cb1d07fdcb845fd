/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "shim_priv.h"

#include <dlfcn.h>

static struct shim_real real;
static _Atomic bool looked_up;

/* Threads that come here at once write the same values. */
static void
look_up(void)
{
#define X(result, name, args) real.name = dlsym(RTLD_NEXT, #name);
   SHIM_REAL_FUNCTIONS(X)
#undef X
   looked_up = true;
}

/* Early, so that service threads find it done: dlsym may malloc. */
__attribute__((constructor)) static void
init(void)
{
   look_up();
}

const struct shim_real *
shim_real(void)
{
   if (unlikely(!looked_up)) /* another library's constructor came first */
      look_up();
   return &real;
}
