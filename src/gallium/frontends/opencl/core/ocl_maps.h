/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Names of the process's mappings, from /proc/self/maps. */
#ifndef OCL_MAPS_H
#define OCL_MAPS_H

#include "util/util_macros.h"

struct ocl_maps_entry;

/* Zero-initialised is empty. */
struct ocl_maps {
   struct ocl_maps_entry *entries;
   unsigned num, cap;
};

/* "[heap]", "[stack]", a file, "[anonymous]"; "[not mapped]" if nothing is
 * mapped there. Reads the list again if the address is new. Valid until the
 * next call.
 */
const char *ocl_maps_name(struct ocl_maps *maps, uint64_t address);
void ocl_maps_finish(struct ocl_maps *maps);

#endif
