/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Reads a Debian package database (dpkg's status file or an archive's Packages
 * file) into a graph of individually allocated structs. */
#ifndef PKG_GRAPH_H
#define PKG_GRAPH_H

#include "pkg_types.h"

#include <stddef.h>

/* Where the graph's memory comes from; never freed piece by piece. */
struct pkg_allocator {
   void *(*alloc)(void *data,
                  size_t size_B); /* 16-byte aligned, NULL: no memory */
   void *data;
};

struct pkg_graph {
   struct pkg **all;
   uint32_t num;
   uint32_t num_deps;
};

/* 0, or -errno with a message on stderr. -ENODATA: no package in it. */
int pkg_graph_read(const char *path, const struct pkg_allocator *allocator,
                   struct pkg_graph *graph_out);
/* NULL: not there. */
struct pkg *pkg_graph_find(const struct pkg_graph *graph, const char *name);

#endif
