/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* PARTAGE_REPORT=1: what shared virtual memory did, by allocation, at process
 * exit. All functions take a NULL report and then do nothing. */
#ifndef OCL_REPORT_H
#define OCL_REPORT_H

#include <stdio.h>

#include "util/util_macros.h"

struct ocl_report;
struct pipe_screen;

/* NULL: the report is off. Prints itself when the process ends. */
struct ocl_report *ocl_report_create_from_env(void);
struct ocl_report *ocl_report_create(void);
void ocl_report_destroy(struct ocl_report *r);

/* `kind`: static text, "clSVMAlloc" or "USE_HOST_PTR". */
void ocl_report_add_range(struct ocl_report *r, const char *kind,
                          const void *ptr, uint64_t size_B);
void ocl_report_remove_range(struct ocl_report *r, const void *ptr);
void ocl_report_migrate_hint(struct ocl_report *r, const void *ptr,
                             uint64_t size_B);
/* The screen's events from now on belong to the report. */
void ocl_report_add_screen(struct ocl_report *r, struct pipe_screen *screen);
/* Takes what the screen has to tell. */
void ocl_report_drain(struct ocl_report *r, struct pipe_screen *screen);
void ocl_report_print(struct ocl_report *r, FILE *out);

#endif
