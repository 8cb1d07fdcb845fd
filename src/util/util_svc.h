/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Service memory: what the simulated kernel and card live in, apart from the
 * memory of the program they serve.
 *
 * Why. Pages of this process really move to the simulated VRAM (kernel/mm):
 * whoever touches such a page waits until the service has brought it back. The
 * service (kmm, kdrm, kmd, nvsim: their threads and everything those threads
 * touch) would wait for itself. A real kernel and card have memory of their
 * own; this header gives them the same: one region of address space, reserved
 * at first use, which never migrates and which the GPU cannot reach through
 * unmanaged pointers.
 *
 * The rules, for kmm, kdrm, kmd and nvsim:
 *  1. What a service thread touches is allocated here: util_svc_alloc, not
 * malloc. (qsort of more than 1 KiB, fopen and printf of floating point call
 * malloc.)
 *  2. Threads that must run for a page to come back (fault and event threads,
 * SM workers, the copy engine, interrupt threads) are made by
 *     util_svc_thread_create; their stack and TLS lie here.
 *  3. A function that takes locks of the service on behalf of the program (an
 * ioctl) runs inside util_svc_call: on a stack of its own, as a system call
 * runs on the kernel's. Arguments are copied in before locks are taken and
 * copied out after.
 *  4. Thread-local variables of the service: __attribute__((tls_model(
 *     "initial-exec"))), because a dlopen'ed library's other TLS is malloc'ed.
 *  5. A service thread that must touch ordinary memory (LLVM in the translator)
 * does so with no lock held that the service of a fault needs, between
 *     util_svc_leave and util_svc_enter.
 * A service thread that breaks them and touches a page that is away makes kmm
 * abort with the thread's name and the address.
 *
 * The region is one for the process (pages are, too). Threads: any function,
 * any thread. Errors: NULL or -errno. */
#ifndef UTIL_SVC_H
#define UTIL_SVC_H

#include <pthread.h>

#include "util/util_macros.h"

/* Zeroed, 16-byte aligned. NULL: exhausted or size 0. */
void *util_svc_alloc(size_t size_B);
/* n * size_B, overflow checked. */
void *util_svc_calloc(size_t n, size_t size_B);
/* As realloc; new bytes are zero. */
void *util_svc_realloc(void *p, size_t size_B);
void util_svc_free(void *p);
/* Blocks that nobody has freed yet, for tests that look for leaks. */
unsigned util_svc_num_blocks(void);
char *util_svc_strdup(const char *s);
/* For tests: every n-th request of the simulated kernel fails, or only the n-th
 * from now; 0: none on purpose. Requests are util_svc_alloc, util_svc_strdup,
 * util_svc_thread_create and whatever asks util_svc_must_fail. The simulated
 * card uses calloc and realloc, which are not: silicon asks for no memory. */
void util_svc_fail_every(unsigned n);
void util_svc_fail_once(unsigned n);
/* Requests that failed on purpose so far. */
unsigned util_svc_num_failed(void);
/* A request of another kind. True: it is one that fails. */
bool util_svc_must_fail(void);

/* Pages: zeroed, anonymous, read-write, page aligned (2 MiB aligned from 2
 * MiB). */
void *util_svc_map(size_t size_B);
void util_svc_unmap(void *p, size_t size_B);
/* Address space only (PROT_NONE), for mmap with MAP_FIXED of something else. */
void *util_svc_reserve(size_t size_B);

/* Does [addr, addr + size_B) touch the region? */
bool util_svc_contains(const void *addr, size_t size_B);
/* The region, or 0, 0 before first use. */
void util_svc_region(uint64_t *start_out, uint64_t *end_out);

/* All signals but the synchronous ones are blocked in it. `name`: up to 15
 * bytes show. Join it with util_svc_thread_join. */
int util_svc_thread_create(pthread_t *thread_out, const char *name,
                           void *(*run)(void *), void *arg);
/* The same for the card: never fails on purpose. */
int util_svc_thread_create_nofail(pthread_t *thread_out, const char *name,
                                  void *(*run)(void *), void *arg);
int util_svc_thread_join(pthread_t thread);

/* In a service thread or inside util_svc_call: locks of the service may be
 * taken. */
bool util_svc_is_inside(void);
/* [start, end) holds thread-local storage of a thread that has been inside:
 * such pages do not migrate. */
bool util_svc_pins(uint64_t start, uint64_t end);
/* The calling thread is a service thread (made above, between enter and leave).
 */
bool util_svc_is_service_thread(void);
/* As above for a thread id of gettid(); name_out: 16 bytes. */
bool util_svc_find_thread(int tid, char *name_out);
/* The calling service thread reaches into program memory by program addresses,
 * under a handler of SIGBUS that gets it out (SM workers). Touching a page that
 * is away is then answered with that signal, as for an address that the host
 * refuses. */
void util_svc_set_guarded(bool guarded);
bool util_svc_is_guarded(int tid);
void util_svc_leave(void);
void util_svc_enter(void);

/* fn(arg) on the calling thread's service stack (256 KiB, kept for next time).
 * In a service thread, or inside another util_svc_call, it is a plain call. */
void util_svc_call(void (*fn)(void *arg), void *arg);

#endif
