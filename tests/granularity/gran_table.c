/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Prints the table of docs/granularity.md. Counts only: the same everywhere. */
#include "granularity.h"

#include <stdio.h>

int
main(void)
{
   printf("| trace | ranges | faults | reads | tree operations | retries | "
          "PTEs written | CPU faults | MiB moved |\n"
          "|---|---|---|---|---|---|---|---|---|\n");
   for (unsigned i = 0; gran_trace_names[i]; i++) {
      struct gran_trace t;
      gran_trace_create(gran_trace_names[i], &t);
      for (unsigned k = 0; k < ARRAY_SIZE(gran_strategies); k++) {
         struct gran_counts c;
         gran_run(gran_strategies[k], &t, &c);
         printf(
            "| %s | %s | %llu | %llu | %llu | %llu | %llu | %llu | %.1f |\n",
            k ? "" : t.name, gran_strategies[k]->name,
            (unsigned long long)c.faults, (unsigned long long)c.hmm_calls,
            (unsigned long long)c.tree_ops, (unsigned long long)c.retries,
            (unsigned long long)c.ptes, (unsigned long long)c.cpu_faults,
            c.moved_pg / 256.0);
      }
      gran_trace_finish(&t);
   }
   return 0;
}
