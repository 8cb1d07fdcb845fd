/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A file of events in time, in Chrome's JSON trace event format: Perfetto and
 * chrome://tracing open it, and so does any JSON reader. One event a line.
 *
 * The file is complete after each event: it is written through a mapping, so
 * that what was logged is there however the process ends (the tail is blanks
 * until util_trace_destroy cuts them off). Memory is bounded by that window.
 * In a forked child a trace does nothing.
 *
 * Times are util_time_ns(). On a track, spans do not overlap and nothing goes
 * back in time: what would is moved to the end of what is there already.
 * All functions may be called from any thread; those with a trace take NULL. */
#ifndef UTIL_TRACE_H
#define UTIL_TRACE_H

#include "util/util_macros.h"

struct util_trace;

/* "%p" in the path stands for the process's number. A file that another
 * process is writing gets the number as suffix. NULL, with a message: the file
 * cannot be written. `max_B`: the largest file; events after that are counted
 * and left out (0: 1 GiB). */
struct util_trace *util_trace_create(const char *path, uint64_t max_B);
/* Closes the file. */
void util_trace_destroy(struct util_trace *t);
/* Where it is written. */
const char *util_trace_path(const struct util_trace *t);

/* Named values of an event. Zero-initialised is empty; what does not fit is
 * left out. */
struct util_trace_args {
   char text[640];
   unsigned len;
};

void util_trace_arg_u64(struct util_trace_args *a, const char *key, uint64_t v);
void util_trace_arg_hex(struct util_trace_args *a, const char *key, uint64_t v);
void util_trace_arg_str(struct util_trace_args *a, const char *key,
                        const char *v);

/* A line of the picture, within a group (a card, say). 0 without room. */
unsigned util_trace_track(struct util_trace *t, unsigned group,
                          const char *name);
void util_trace_group(struct util_trace *t, unsigned group, const char *name);

/* `cat` and `name`: any text. `args` may be NULL. */
void util_trace_span(struct util_trace *t, unsigned track, const char *cat,
                     const char *name, uint64_t start_ns, uint64_t end_ns,
                     const struct util_trace_args *args);
/* Among tracks[0..n), on the first that is free at the time; tracks that are 0
 * are made when they are needed. */
void util_trace_span_any(struct util_trace *t, unsigned *tracks, unsigned n,
                         unsigned group, const char *track_name,
                         const char *cat, const char *name, uint64_t start_ns,
                         uint64_t end_ns, const struct util_trace_args *args);
void util_trace_instant(struct util_trace *t, unsigned track, const char *cat,
                        const char *name, uint64_t at_ns,
                        const struct util_trace_args *args);
/* Things with a life of their own, which may overlap: opened, closed, known by
 * category and id. */
void util_trace_open(struct util_trace *t, unsigned group, const char *cat,
                     uint64_t id, const char *name, uint64_t at_ns,
                     const struct util_trace_args *args);
void util_trace_close(struct util_trace *t, unsigned group, const char *cat,
                      uint64_t id, const char *name, uint64_t at_ns,
                      const struct util_trace_args *args);
void util_trace_counter(struct util_trace *t, unsigned group, const char *name,
                        uint64_t at_ns, uint64_t value);

#endif
