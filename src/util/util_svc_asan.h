/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Memory that AddressSanitizer keeps for a thread. Private to util_svc. */
#ifndef UTIL_SVC_ASAN_H
#define UTIL_SVC_ASAN_H

#include <stdint.h>

#define UTIL_SVC_ASAN_MAX 2

struct util_svc_range {
   uint64_t start, end;
};

/* Where the sanitizer's runtime looks in the name of the calling thread,
 * whatever that does (at each longjmp): like thread-local storage, this must
 * not migrate. Returns the number of ranges; 0 without the sanitizer. It needs
 * the runtime's option use_sigaltstack=0: on a signal stack of its making it
 * asks libc for the other one, and that calls malloc. */
unsigned util_svc_asan_ranges(struct util_svc_range out[UTIL_SVC_ASAN_MAX]);

#endif
