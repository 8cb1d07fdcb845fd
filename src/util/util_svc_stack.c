/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_svc_stack.h"

#include "util/util_macros.h"
#include "util/util_sanitize.h"

/* AddressSanitizer wants to hear of each change of stack, or it takes the new
 * one for an overflow of the old. (ThreadSanitizer follows calls and returns,
 * whatever stack they are on.) */
#if UTIL_HAS_ASAN
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, bottom, size_B) ((void)(save))
#define __sanitizer_finish_switch_fiber(saved, bottom_out, size_B_out)         \
   ((void)(saved))
#endif

/* Lies at the top of the new stack, not on the program's. */
struct call {
   void (*fn)(void *arg);
   void *arg;
   const void *from; /* the old stack, as the sanitizer knows it */
   size_t from_B;
};

static void
run(void *data)
{
   struct call *c = data;
   __sanitizer_finish_switch_fiber(NULL, &c->from, &c->from_B);
   c->fn(c->arg);
   __sanitizer_start_switch_fiber(NULL, c->from, c->from_B);
}

#if defined(__x86_64__)
static void
run_on(void *bottom, struct call *c)
{
   void *top = c, *arg = c;
   void (*fn)(void *) = run;
   __asm__ volatile("movq %%rsp, %%rbx\n\t"
                    "movq %0, %%rsp\n\t"
                    "callq *%1\n\t"
                    "movq %%rbx, %%rsp"
                    : "+r"(top), "+r"(fn), "+D"(arg)
                    :
                    : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10",
                      "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                      "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
                      "xmm13", "xmm14", "xmm15", "memory", "cc");
}
#else
#include <ucontext.h>

static void
run_halves(unsigned high, unsigned low)
{
   run((void *)((uintptr_t)high << 16 << 16 | low));
}

static void
run_on(void *bottom, struct call *c)
{
   ucontext_t back, there;
   getcontext(&there);
   there.uc_stack.ss_sp = bottom;
   there.uc_stack.ss_size = (char *)c - (char *)bottom;
   there.uc_link = &back;
   uintptr_t p = (uintptr_t)c;
   makecontext(&there, (void (*)(void))run_halves, 2, (unsigned)(p >> 16 >> 16),
               (unsigned)p);
   swapcontext(&back, &there);
}
#endif

void
util_svc_stack_call(void *bottom, size_t size_B, void (*fn)(void *arg),
                    void *arg)
{
   struct call *c =
      (void *)((char *)bottom + size_B - util_align(sizeof(*c), 64));
   *c = (struct call){fn, arg};
   void *saved = NULL;
   __sanitizer_start_switch_fiber(&saved, bottom, size_B);
   run_on(bottom, c);
   __sanitizer_finish_switch_fiber(saved, NULL, NULL);
}
