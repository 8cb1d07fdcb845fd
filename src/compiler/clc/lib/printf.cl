/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The GPU's half of printf: room for a record (clc_printf.h) in the launch's
 * buffer. clc_lower_printf.c stores the arguments. */
#include "atomic.h"

#define RECORD_B     8
#define MAX_RECORD_B 1024

/* Written when there is no buffer or no room, so that no call needs a branch. */
static global ulong sink[MAX_RECORD_B / sizeof(ulong)];

__attribute__((always_inline)) global void *
__partage_printf_begin(uint size, uint index)
{
   global uint *buffer = (global uint *)C0_U64(NVIR_C0_PRINTF);
   if (!buffer)
      return sink;
   uint capacity = buffer[1];
   uint at = __partage_add_1_u32(buffer, size);
   global uint *record = buffer + 2 + at / sizeof(uint);
   if (at > capacity || size > capacity - at) {
      if (at < capacity)
         record[0] = 0;
      return sink;
   }
   record[0] = size;
   record[1] = index;
   return (global uchar *)record + RECORD_B;
}

__attribute__((always_inline)) int
__partage_printf_end(const global void *args)
{
   return args == sink ? -1 : 0;
}
