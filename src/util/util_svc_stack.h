/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A call on a stack that is not the thread's. Private to util_svc. */
#ifndef UTIL_SVC_STACK_H
#define UTIL_SVC_STACK_H

#include <stddef.h>

/* fn(arg) on [bottom, bottom + size_B), which nobody else uses meanwhile. The
 * program's stack is not touched from before fn until after it. Under
 * AddressSanitizer its runtime knows which of the two is in use. */
void util_svc_stack_call(void *bottom, size_t size_B, void (*fn)(void *arg),
                         void *arg);

#endif
