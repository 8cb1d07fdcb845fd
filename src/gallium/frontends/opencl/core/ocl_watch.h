/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the program wants to see of itself: the report (PARTAGE_REPORT) and the
 * trace (PARTAGE_TRACE). The one place that takes the devices' SVM events and
 * hands them to both. All functions take a NULL watch, which costs nothing, and
 * may be called from any thread.
 *
 * A trace must not miss events while a kernel runs, so a thread takes them
 * every few milliseconds; a report takes them when a batch has ended. */
#ifndef OCL_WATCH_H
#define OCL_WATCH_H

#include "util/util_macros.h"

struct ocl_event;
struct ocl_queue;
struct ocl_report;
struct ocl_watch;
struct pipe_screen;

/* NULL: nobody looks. Says its last word when the process ends. */
struct ocl_watch *ocl_watch_create_from_env(void);
/* NULL: no report. */
struct ocl_report *ocl_watch_report(struct ocl_watch *w);

/* The screen's events from now on are seen. */
void ocl_watch_add_screen(struct ocl_watch *w, struct pipe_screen *screen);
/* Takes what the screens have to tell. */
void ocl_watch_drain(struct ocl_watch *w);

/* `kind`: static text, "clSVMAlloc" or "USE_HOST_PTR". */
void ocl_watch_add_range(struct ocl_watch *w, const char *kind, const void *ptr,
                         uint64_t size_B);
void ocl_watch_remove_range(struct ocl_watch *w, const void *ptr);
void ocl_watch_migrate_hint(struct ocl_watch *w, const void *ptr,
                            uint64_t size_B);

/* Commands need their times: a fence each, as for profiling. */
bool ocl_watch_wants_times(const struct ocl_watch *w);
/* Its times are filled in and its ops still there. */
void ocl_watch_command_ended(struct ocl_watch *w, const struct ocl_event *cmd,
                             int status);

#endif
