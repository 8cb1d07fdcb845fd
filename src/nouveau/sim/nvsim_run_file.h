/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A program for nvsim-run: SASS text whose comments `#!` say how to launch it
 * and what must come out, one key a line: nvsim_run_help.c has them all. To
 * sass-as they are comments, so the same file assembles. */
#ifndef NVSIM_RUN_FILE_H
#define NVSIM_RUN_FILE_H

#include "test/nvsim_rig.h"

#define RUN_MAX_BUFFERS 16
#define RUN_MAX_CHECKS  16

struct run_buffer {
   char name[32];
   uint64_t size_B;
   unsigned arg; /* index of the word that gets its address */
};

/* Words `first`..`last` of a buffer are value, value + step, ... or a list. */
struct run_words {
   bool want; /* else set */
   unsigned line, buffer, first, last;
   uint32_t *value; /* last - first + 1 */
};

/* A count of struct nvsim_launch_stats. */
struct run_stat {
   char name[24];
   size_t offset;
   uint64_t value;
};

struct run_file {
   const char *path;
   char *text;
   struct rig_launch launch; /* code: text */
   unsigned num_args, num_buffers, num_words;
   struct run_buffer buffer[RUN_MAX_BUFFERS];
   struct run_words *words;
   char error[128];       /* expected, or empty */
   unsigned strict, race; /* reports expected */
   unsigned num_reports, num_stats;
   char report[RUN_MAX_CHECKS][128]; /* expected in the reports' lines */
   struct run_stat stat[RUN_MAX_CHECKS];
   uint64_t debug;
   uint64_t watchdog;
   uint64_t chipset; /* 0: GP104 */
};

/* 0, or -EINVAL after a message with file, line and column on stderr. */
int run_file_read(const char *path, struct run_file *f_out);
void run_file_finish(struct run_file *f);

/* For --help: the tool, its keys, examples. */
extern const char run_help[];

#endif
