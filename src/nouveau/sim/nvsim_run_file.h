/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A program for nvsim-run: SASS text whose comments `#!` say how to launch it
 * and what must come out, one key a line:
 *
 *    #! grid 4,2,1            block 32,1,1; both are 1,1,1 by default
 *    #! regs 32               shared BYTES, local BYTES, barriers N, crs BYTES
 *    #! arg 0x10              the next word of c[0][], from offset 0
 *    #! buffer out 4096       zeroed; its address is the next two words
 *    #! set out[0..63] = 5 step 2      words before the run: 5, 7, 9, ...
 *    #! want out[0..3] = 1 2 3 4       words after it, one by one
 *    #! want out[4..63] = 7 step 0     or from a first one
 *    #! float out[0..3] = 0.5 step 1   as `set`, f32
 *    #! error shared memory address    the launch fails, the text has this
 *    #! strict 2              reports of that mode during the launch, which
 *    #! race 1                turn it on
 *    #! debug mufu            more words of NVSIM_DEBUG
 *    #! watchdog 1            millions of instructions a warp may run
 *
 * To sass-as they are comments, so the same file assembles. */
#ifndef NVSIM_RUN_FILE_H
#define NVSIM_RUN_FILE_H

#include "test/nvsim_rig.h"

#define RUN_MAX_BUFFERS 16
#define RUN_MAX_LINE    512

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

struct run_file {
   const char *path;
   char *text;
   struct rig_launch launch; /* code: text */
   unsigned num_args, num_buffers, num_words;
   struct run_buffer buffer[RUN_MAX_BUFFERS];
   struct run_words *words;
   char error[128];  /* expected, or empty */
   int strict, race; /* reports expected; -1: not asked for */
   uint64_t debug;
   uint64_t watchdog;
};

/* 0, or -EINVAL after a message with file, line and column on stderr. */
int run_file_read(const char *path, struct run_file *f_out);
void run_file_finish(struct run_file *f);

#endif
