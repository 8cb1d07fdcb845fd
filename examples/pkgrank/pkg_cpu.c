/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "pkg_cpu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

unsigned
pkg_cpu_rank(const struct pkg_graph *graph, const struct pkg_params *params,
             double *rank)
{
   uint32_t n = graph->num;
   double *next = calloc(n, sizeof(*next));
   unsigned iteration = 0;
   double change = INFINITY;
   if (!next)
      abort();
   for (uint32_t i = 0; i < n; i++)
      rank[i] = 1.0 / n;
   while (iteration < params->max_iterations && change > params->epsilon) {
      double loose = 0;
      for (uint32_t i = 0; i < n; i++)
         loose += graph->all[i]->num_out ? 0 : rank[i];
      for (uint32_t i = 0; i < n; i++)
         next[i] = (1 - params->damping + params->damping * loose) / n;
      /* Push instead of pull. */
      for (uint32_t i = 0; i < n; i++) {
         const struct pkg *p = graph->all[i];
         for (const struct pkg_dep *d = p->out; d; d = d->next_out)
            next[d->to->index] += params->damping * rank[i] / p->num_out;
      }
      change = 0;
      for (uint32_t i = 0; i < n; i++)
         change += fabs(next[i] - rank[i]);
      memcpy(rank, next, n * sizeof(*rank));
      iteration++;
   }
   free(next);
   return iteration;
}

void
pkg_cpu_search(const struct pkg_graph *graph, const struct pkg *root,
               int *depth)
{
   const struct pkg **queue = calloc(graph->num, sizeof(*queue));
   uint32_t head = 0, tail = 0;
   if (!queue)
      abort();
   for (uint32_t i = 0; i < graph->num; i++)
      depth[i] = -1;
   depth[root->index] = 0;
   queue[tail++] = root;
   while (head < tail) {
      const struct pkg *p = queue[head++];
      for (const struct pkg_dep *d = p->out; d; d = d->next_out) {
         if (depth[d->to->index] < 0) {
            depth[d->to->index] = depth[p->index] + 1;
            queue[tail++] = d->to;
         }
      }
   }
   free(queue);
}
