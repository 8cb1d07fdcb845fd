/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Results against expectations, for the clients of other vendors' drivers. What
 * differs ends the process with one line. */
#ifndef MESA_COMPARE_H
#define MESA_COMPARE_H

#include <stddef.h>
#include <stdint.h>

void fail(const char *format, ...)
   __attribute__((format(printf, 1, 2), noreturn));

/* Ends the process unless both are the same; `what` names the case. */
void same_u32(const char *what, const uint32_t *got, const uint32_t *want,
              size_t n);
void same_bytes(const char *what, const void *got, const void *want,
                size_t size_B);
/* |got - want| <= relative * max(|want|, 1e-3). */
void close_f32(const char *what, const float *got, const float *want, size_t n,
               double relative);

/* A reproducible sequence. */
uint32_t next_random(uint64_t *state);

#endif
