/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_svc_asan.h"

#include "util/util_sanitize.h"

#if UTIL_HAS_ASAN
#include <assert.h>
#include <pthread.h>

#define PAGE     4096ull
#define THREAD_B (14 * PAGE)

/* The runtime has two objects for a thread: a context, which is the value of
 * the first thread-specific key, and a page-aligned one with the bounds of the
 * stack at its start. Nothing public tells where they are, but they point to
 * each other (LLVM 13 to 15: the context's word 19, the other's word 0). In the
 * first page of the second are the bounds, in the rest what malloc keeps for
 * the thread, which goes back when the thread ends. */
__attribute__((no_sanitize_address)) static uint64_t
find_thread(const void *const *context)
{
   for (unsigned i = 0; i < 32; i++) {
      const void *p = context[i];
      if (p && p != context && ((uintptr_t)p & (PAGE - 1)) == 0 &&
          (uintptr_t)p >> 44 == (uintptr_t)context >> 44 &&
          *(const void *const *)p == context)
         return (uintptr_t)p;
   }
   return 0;
}

unsigned
util_svc_asan_ranges(struct util_svc_range out[UTIL_SVC_ASAN_MAX])
{
   const void *context = pthread_getspecific(0);
   uint64_t thread = context ? find_thread(context) : 0;
   assert(thread &&
          "AddressSanitizer's own data of a thread: another version?");
   out[0] = (struct util_svc_range){thread, thread + THREAD_B};
   out[1] = (struct util_svc_range){(uintptr_t)context,
                                    (uintptr_t)context + 32 * sizeof(void *)};
   return 2;
}
#else
unsigned
util_svc_asan_ranges(struct util_svc_range out[UTIL_SVC_ASAN_MAX])
{
   return 0;
}
#endif
