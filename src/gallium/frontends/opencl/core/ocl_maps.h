/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Names of the process's mappings, from /proc/self/maps. */
#ifndef OCL_MAPS_H
#define OCL_MAPS_H

#include "util/util_macros.h"

struct ocl_mapping {
   uint64_t start, end;
   char name[64]; /* "[heap]", "[stack]", a file, "[anonymous]" */
};

/* Zero-initialised is empty. */
struct ocl_maps {
   struct ocl_mapping *entries;
   unsigned num, cap;
};

/* NULL: nothing is mapped there. Reads the list again if the address is new.
 * Valid until the next call. */
const struct ocl_mapping *ocl_maps_find(struct ocl_maps *maps,
                                        uint64_t address);
void ocl_maps_finish(struct ocl_maps *maps);

#endif
