/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A pipe in memory: what the OpenCL frontend lays out and the builtin library
 * (lib/pipe.cl) works on. Read as C by both.
 *
 *   struct clc_pipe
 *   written[slots]   CLC_PIPE_WRITTEN_B   the last ticket that was committed
 *   read[slots]                           there, plus 1
 *   packets[slots]   from a multiple of CLC_PIPE_ALIGN_B on
 *
 * Packets have tickets, counted modulo 2^32; ticket t lies in slot t & mask.
 * All zeros but for the first two words is an empty pipe. */
#ifndef CLC_PIPE_H
#define CLC_PIPE_H

#ifdef __OPENCL_C_VERSION__
#define CLC_PIPE_WORD uint
#else
#include <stdint.h>
#define CLC_PIPE_WORD uint32_t
#endif

struct clc_pipe {
   CLC_PIPE_WORD mask;        /* slots - 1; a power of two at least capacity */
   CLC_PIPE_WORD capacity;    /* packets, below 2^31 */
   CLC_PIPE_WORD end_claimed; /* first ticket that no writer has */
   CLC_PIPE_WORD end;         /* first one that is not there for readers */
   CLC_PIPE_WORD begin_claimed; /* first ticket that no reader has */
   CLC_PIPE_WORD begin;         /* first one that is not there for writers */
};

#define CLC_PIPE_WRITTEN_B 32
#define CLC_PIPE_ALIGN_B   128

#endif
