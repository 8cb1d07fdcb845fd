/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compare.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
fail(const char *format, ...)
{
   va_list args;
   va_start(args, format);
   printf("FAILED: ");
   vprintf(format, args);
   printf("\n");
   va_end(args);
   exit(1);
}

void
same_u32(const char *what, const uint32_t *got, const uint32_t *want, size_t n)
{
   for (size_t i = 0; i < n; i++)
      if (got[i] != want[i])
         fail("%s: [%zu] is 0x%08x, not 0x%08x", what, i, got[i], want[i]);
}

void
same_bytes(const char *what, const void *got, const void *want, size_t size_B)
{
   const uint8_t *g = got, *w = want;
   for (size_t i = 0; i < size_B; i++)
      if (g[i] != w[i])
         fail("%s: byte %zu is 0x%02x, not 0x%02x", what, i, g[i], w[i]);
}

void
close_f32(const char *what, const float *got, const float *want, size_t n,
          double relative)
{
   for (size_t i = 0; i < n; i++) {
      double room = relative * fmax(fabs((double)want[i]), 1e-3);
      if (!(fabs((double)got[i] - want[i]) <= room))
         fail("%s: [%zu] is %.9g, not %.9g", what, i, got[i], want[i]);
   }
}

uint32_t
next_random(uint64_t *state)
{
   *state = *state * 6364136223846793005ull + 1442695040888963407ull;
   return *state >> 32;
}
