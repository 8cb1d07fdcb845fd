/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The subset of Mesa's Gallium interface that compute with shared virtual
 * memory needs. Names are Mesa's where the thing exists there. */
#ifndef P_DEFINES_H
#define P_DEFINES_H

enum pipe_resource_usage {
   PIPE_USAGE_DEFAULT, /* GPU memory */
   PIPE_USAGE_STAGING, /* system memory, coherent, for transfers */
};

#define PIPE_RESOURCE_FLAG_MAP_PERSISTENT (1u << 0)

/* buffer_map */
#define PIPE_MAP_READ  (1u << 0)
#define PIPE_MAP_WRITE (1u << 1)
#define PIPE_MAP_DISCARD_RANGE                                                 \
   (1u << 8) /* old contents of the range are not needed */
#define PIPE_MAP_UNSYNCHRONIZED (1u << 10)

#define PIPE_TIMEOUT_INFINITE (~0ull)

/* memory_barrier */
#define PIPE_BARRIER_GLOBAL_BUFFER (1u << 0)

enum pipe_reset_status {
   PIPE_NO_RESET,
   PIPE_GUILTY_CONTEXT_RESET,
   PIPE_INNOCENT_CONTEXT_RESET,
};

#endif
