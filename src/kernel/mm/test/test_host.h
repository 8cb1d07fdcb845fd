/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the tests on real memory share: an mm with a device, and 4 MiB of a
 * program. */
#ifndef KMM_TEST_HOST_H
#define KMM_TEST_HOST_H

/* cmocka.h wants these in this order */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "test_dev.h"

#define PG KMM_PAGE_SIZE

struct fixture {
   struct kmm_mm *mm;
   struct test_dev *dev;
   char *app;
   size_t app_B;
   bool uffd;
};

/* cmocka fixtures. */
int host_setup_uffd(void **state);
int host_setup_coherent(void **state);
int host_teardown(void **state);
/* Skips the test where pages do not really leave. */
void host_need_uffd(struct fixture *f);

char *host_map_app(size_t size_B);
/* Page i holds bytes of 1 + i % 250. */
void host_fill(char *p, unsigned n);
void host_check(const char *p, unsigned n);
unsigned host_count_present(const void *p, unsigned n);
struct kmm_stats host_stats(struct fixture *f);
/* A page can be used a moment before its migration is over: waits. */
void host_settle(struct fixture *f, unsigned device_pages);

#define BOTH(test)                                                             \
   {#test " (uffd)", test, host_setup_uffd, host_teardown, NULL},              \
   {                                                                           \
#test " (coherent)", test, host_setup_coherent, host_teardown, NULL      \
   }

#endif
