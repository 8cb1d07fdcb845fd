/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* PARTAGE_TRACE=file: what goes into the trace; docs/trace.md says what it
 * looks like. No locks: ocl_watch, its owner, has one. All functions take a
 * NULL trace and then do nothing. */
#ifndef OCL_TRACE_H
#define OCL_TRACE_H

#include "util/util_macros.h"

struct ocl_event;
struct ocl_trace;
struct pipe_screen;
struct pipe_svm_event;

struct ocl_trace *ocl_trace_create(const char *path);
void ocl_trace_destroy(struct ocl_trace *t);

/* `card` counts from 0; the screen's timestamps are compared with the host's
 * clock. */
void ocl_trace_add_screen(struct ocl_trace *t, unsigned card,
                          struct pipe_screen *screen);
void ocl_trace_add_range(struct ocl_trace *t, const char *kind, const void *ptr,
                         uint64_t size_B);
void ocl_trace_remove_range(struct ocl_trace *t, const void *ptr);
void ocl_trace_take_event(struct ocl_trace *t, unsigned card,
                          const struct pipe_svm_event *ev);
void ocl_trace_command_ended(struct ocl_trace *t, const struct ocl_event *cmd,
                             int status);

#endif
