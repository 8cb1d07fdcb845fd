/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* PARTAGE_REPORT=1: what shared virtual memory did, by allocation, at process
 * exit. No locks: ocl_watch, its owner, has one. All functions take a NULL
 * report and then do nothing. */
#ifndef OCL_REPORT_H
#define OCL_REPORT_H

#include <stdio.h>

#include "util/util_macros.h"

struct ocl_report;
struct pipe_svm_event;

struct ocl_report *ocl_report_create(void);
void ocl_report_destroy(struct ocl_report *r);

void ocl_report_add_range(struct ocl_report *r, const char *kind,
                          const void *ptr, uint64_t size_B);
void ocl_report_remove_range(struct ocl_report *r, const void *ptr);
void ocl_report_migrate_hint(struct ocl_report *r, const void *ptr,
                             uint64_t size_B);
void ocl_report_take_event(struct ocl_report *r,
                           const struct pipe_svm_event *ev);
void ocl_report_print(struct ocl_report *r, FILE *out);

#endif
