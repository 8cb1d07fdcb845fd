/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The dependency graph, the same text for the CPU (C) and the GPU (OpenCL C).
 * All pointers are CPU pointers; nothing is copied or translated. */
#ifndef PKG_TYPES_H
#define PKG_TYPES_H

#ifdef __OPENCL_VERSION__
#define PTR global
typedef uint pkg_u32;
typedef int pkg_i32;
#else
#include <stdint.h>
#define PTR
typedef uint32_t pkg_u32;
typedef int32_t pkg_i32;
#endif

struct pkg;

/* One dependency: a cell of two lists, of who needs and of who is needed. */
struct pkg_dep {
   PTR struct pkg *from, *to;
   PTR struct pkg_dep *next_out; /* the next thing that `from` needs */
   PTR struct pkg_dep *next_in;  /* the next one that needs `to` */
};

struct pkg {
   PTR char *name;
   PTR struct pkg_dep *out, *in;
   pkg_u32 num_out, num_in;
   double rank, next_rank;
   pkg_i32 depth; /* from the root of the search; -1: not reached */
   pkg_u32 index;
};

/* Breadth-first queue: work-items append at the tail while others read before
 * it. */
struct pkg_queue {
   pkg_u32 tail;
   pkg_u32 pad;
   PTR struct pkg *items[];
};

#endif
