/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What goes on beside the workers: chasing pointers, migrating, malloc. */
#include "stress.h"

#include <string.h>

/* ---- kernels along a chain ---- */

struct node {
   struct node *next;
   uint32_t value, visits;
};

/* The chain runs through all pages of this worker in an order of chance; the
 * rest of each page is checked as a page's model. */
void *
stress_chase(void *arg)
{
   struct worker *w = arg;
   struct stress *s = w->s;
   unsigned n = (s->num_pages - w->nr + s->num_workers - 1) / s->num_workers;
   struct node **order = calloc(n, sizeof(*order));
   uint32_t *result = calloc(64, sizeof(*result)), visits = 0, sum = 0;
   worker_open(w);
   for (unsigned i = 0; i < n; i++) {
      unsigned page = w->nr + i * s->num_workers;
      order[i] = (struct node *)(s->arena + (size_t)page * PAGE +
                                 stress_random(w, 200) * 16);
   }
   for (unsigned i = n - 1; i > 0; i--) {
      unsigned k = stress_random(w, i + 1);
      struct node *t = order[i];
      order[i] = order[k];
      order[k] = t;
   }
   for (unsigned i = 0; i < n; i++) {
      uint32_t value = stress_random(w, 1000);
      *order[i] = (struct node){i + 1 < n ? order[i + 1] : NULL, value, 0};
      sum += value;
   }
   while (!s->stop) {
      size_t items = 4;
      memset(result, 0, 64 * sizeof(*result));
      stress_cl(clSetKernelArgSVMPointer(w->chase, 0, order[0]), "argument");
      stress_cl(clSetKernelArgSVMPointer(w->chase, 1, result), "argument");
      stress_cl(clEnqueueNDRangeKernel(w->queue, w->chase, 1, NULL, &items,
                                       NULL, 0, NULL, NULL),
                "chase");
      stress_cl(clFinish(w->queue), "chase");
      visits += items;
      for (unsigned i = 0; i < items; i++)
         if (result[i] != sum)
            stress_fail("the chain sums to %u, must be %u", result[i], sum);
      for (unsigned i = 0; i < n; i++)
         if (order[i]->visits != visits)
            stress_fail("node %u (%p) was visited %u times, must be %u", i,
                        (void *)order[i], order[i]->visits, visits);
      w->done[0]++;
      s->operations++;
   }
   worker_close(w);
   free(order);
   free(result);
   return NULL;
}

/* ---- migration ---- */

void *
stress_migrate(void *arg)
{
   struct worker *w = arg;
   struct stress *s = w->s;
   worker_open(w);
   while (!s->stop) {
      unsigned first = stress_random(w, s->num_pages);
      unsigned n = 1 + stress_random(w, s->num_pages - first);
      cl_buffer_region range = {(size_t)first * PAGE, (size_t)n * PAGE};
      cl_int err;
      cl_mem part = clCreateSubBuffer(
         s->buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &range, &err);
      stress_cl(err, "part");
      cl_mem_migration_flags flags =
         stress_random(w, 3) ? 0 : CL_MIGRATE_MEM_OBJECT_HOST;
      stress_cl(
         clEnqueueMigrateMemObjects(w->queue, 1, &part, flags, 0, NULL, NULL),
         "migrate");
      stress_cl(clFinish(w->queue), "migrate");
      clReleaseMemObject(part);
      w->done[0]++;
      s->operations++;
   }
   worker_close(w);
   return NULL;
}

/* ---- the heap and the stack ---- */

static void
one_block(struct worker *w, uint32_t **blocks, unsigned *steps, unsigned i)
{
   size_t n = PAGE_WORDS;
   const struct model m = {.seed = i + 1, .steps = steps[i]};
   if (!blocks[i]) {
      blocks[i] = malloc(PAGE);
      steps[i] = 0;
      for (unsigned k = 0; k < PAGE_WORDS; k++)
         blocks[i][k] = stress_word(&(struct model){.seed = i + 1}, k);
      return;
   }
   for (unsigned k = 0; k < PAGE_WORDS; k++)
      if (blocks[i][k] != stress_word(&m, k))
         stress_fail("block %u (%p) word %u is %#x, must be %#x", i,
                     (void *)blocks[i], k, blocks[i][k], stress_word(&m, k));
   if (steps[i] > 20 || !stress_random(w, 3)) {
      free(blocks[i]);
      blocks[i] = NULL;
      return;
   }
   stress_cl(clSetKernelArgSVMPointer(w->step, 0, blocks[i]), "argument");
   stress_cl(clEnqueueNDRangeKernel(w->queue, w->step, 1, NULL, &n, NULL, 0,
                                    NULL, NULL),
             "launch");
   stress_cl(clFinish(w->queue), "heap");
   steps[i]++;
}

void *
stress_heap(void *arg)
{
   struct worker *w = arg;
   uint32_t *blocks[64] = {NULL};
   unsigned steps[64] = {0};
   worker_open(w);
   while (!w->s->stop) {
      one_block(w, blocks, steps, stress_random(w, 64));
      w->done[0]++;
      w->s->operations++;
   }
   for (unsigned i = 0; i < 64; i++)
      free(blocks[i]);
   worker_close(w);
   return NULL;
}
