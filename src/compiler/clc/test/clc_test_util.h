/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* For clc's tests: one source through the door. */
#ifndef CLC_TEST_UTIL_H
#define CLC_TEST_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/clc/clc_ops.h"

#define CLC_TEST_CHIPSET 0x134

/* Result of compile() or link(); the log is never NULL. */
struct clc_test_result {
   int ret;
   struct clc_blob blob;
   char *log;
};

struct clc_test_result clc_test_compile(const char *source,
                                        const char *options);
struct clc_test_result clc_test_link(const struct clc_blob *const *objects,
                                     unsigned num, const char *options,
                                     bool library);
/* compile, then link; the log is that of the step that failed. */
struct clc_test_result clc_test_build(const char *source, const char *options);
void clc_test_free(struct clc_test_result *r);

/* Fails the test, with the log, unless the source builds. */
void clc_test_must_build(const char *source, const char *options);
/* Fails unless `text` contains `part`. */
void clc_test_contains(const char *text, const char *part);

#endif
