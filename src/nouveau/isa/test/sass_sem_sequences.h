/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Sequences of isa.md 4.2 that several tests use. */
#ifndef SASS_SEM_SEQUENCES_H
#define SASS_SEM_SEQUENCES_H

#include "nouveau/isa/sass_sem.h"

static inline uint32_t
xmad(struct sass_xmad m, uint32_t a, uint32_t b, uint32_t c)
{
   return sass_xmad(&m, a, b, c, 0).r;
}

static inline uint32_t
mul_lo(uint32_t a, uint32_t b, uint32_t c)
{
   uint32_t t = xmad((struct sass_xmad){.mrg = true, .h1_b = true}, a, b, 0);
   uint32_t d = xmad((struct sass_xmad){0}, a, b, c);
   return xmad((struct sass_xmad){.psl = true,
                                  .cmode = SASS_CBCC,
                                  .h1_a = true,
                                  .h1_b = true},
               a, t, d);
}

/* Unsigned. */
static inline uint32_t
mul_hi(uint32_t a, uint32_t b, uint32_t c)
{
   uint32_t l = xmad((struct sass_xmad){0}, a, b, 0);
   uint32_t m = xmad((struct sass_xmad){.h1_b = true}, a, b, 0);
   uint32_t h = xmad((struct sass_xmad){.h1_a = true, .h1_b = true}, a, b, c);
   uint32_t t =
      xmad((struct sass_xmad){.h1_a = true, .cmode = SASS_CHI}, a, b, l);
   return sass_iadd3(t, m, h, 0, 0, 0, SASS_IADD3_RS, false, 0).r;
}

#endif
