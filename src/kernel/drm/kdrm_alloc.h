/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The simulated kernel's own memory. Never the program's malloc: a service
 * thread that touches a page which is away would wait for itself
 * (util/util_svc.h). */
#ifndef KDRM_ALLOC_H
#define KDRM_ALLOC_H

#include "util/util_svc.h"

/* Zeroed; NULL: no memory. A size of 0 gives a pointer that may be freed. */
static inline void *
kdrm_zalloc(size_t size_B)
{
   return util_svc_alloc(size_B ? size_B : 1);
}

static inline void
kdrm_free(void *p)
{
   util_svc_free(p);
}

#endif
