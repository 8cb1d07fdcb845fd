/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The same computations on the CPU, written without looking at the kernels:
 * plain arrays instead of the fields of the structs, a plain queue. */
#ifndef PKG_CPU_H
#define PKG_CPU_H

#include "pkg_graph.h"

struct pkg_params {
   double damping, epsilon;
   unsigned max_iterations;
};

/* Writes rank[num]; returns the iterations needed. Does not touch the graph. */
unsigned pkg_cpu_rank(const struct pkg_graph *graph,
                      const struct pkg_params *params, double *rank_out);
/* Writes depth[num], -1 where not reached. */
void pkg_cpu_search(const struct pkg_graph *graph, const struct pkg *root,
                    int *depth_out);

#endif
