/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Kernels over the graph as the CPU built it. pkg_types.h is put in front. */

/* PageRank, one package a work-item: what those who need it pass on. */
kernel void
rank_pull(global struct pkg *global *all, uint n, double base, double damping)
{
   uint i = get_global_id(0);
   if (i >= n)
      return;
   global struct pkg *p = all[i];
   double sum = 0.0;
   for (global struct pkg_dep *d = p->in; d; d = d->next_in)
      sum += d->from->rank / (double)d->from->num_out;
   p->next_rank = base + damping * sum;
}

/* Takes the new ranks over. Each group adds up, in local memory, how much changed and
 * the rank of packages that need nothing (their share goes to everybody). */
kernel void
rank_commit(global struct pkg *global *all, uint n, global double *change,
            global double *dangling, local double *scratch)
{
   uint i = get_global_id(0), l = get_local_id(0);
   local double *loose = scratch + get_local_size(0);
   scratch[l] = loose[l] = 0.0;
   if (i < n) {
      global struct pkg *p = all[i];
      scratch[l] = fabs(p->next_rank - p->rank);
      loose[l] = p->num_out ? 0.0 : p->next_rank;
      p->rank = p->next_rank;
   }
   for (uint step = get_local_size(0) / 2; step; step /= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      if (l < step) {
         scratch[l] += scratch[l + step];
         loose[l] += loose[l + step];
      }
   }
   if (l == 0) {
      change[get_group_id(0)] = scratch[0];
      dangling[get_group_id(0)] = loose[0];
   }
}

/* One level of the search: the packages [first, last) of the queue tell those they
 * need. Who comes first sets the depth and appends. */
kernel void
search_level(global struct pkg_queue *q, uint first, uint last, int depth)
{
   uint i = first + get_global_id(0);
   if (i >= last)
      return;
   for (global struct pkg_dep *d = q->items[i]->out; d; d = d->next_out) {
      global struct pkg *to = d->to;
      if (atomic_cmpxchg((volatile global int *)&to->depth, -1, depth) == -1)
         q->items[atomic_inc((volatile global uint *)&q->tail)] = to;
   }
}
