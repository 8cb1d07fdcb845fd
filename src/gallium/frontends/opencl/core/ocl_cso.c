/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_cso.h"

#include <stdlib.h>

#include "pipe/p_context.h"

struct ocl_cso {
   struct util_list link; /* queue->csos, last used first */
   struct ocl_build *build;
   const struct clc_kernel *kernel;
   void *cso;
};

static void
drop(struct ocl_queue *q, struct ocl_cso *c)
{
   q->pipe->delete_compute_state(q->pipe, c->cso);
   util_list_del(&c->link);
   ocl_build_put(c->build);
   free(c);
}

void
ocl_cso_drop_all(struct ocl_queue *q)
{
   util_list_for_each_safe(struct ocl_cso, c, &q->csos, link)
      drop(q, c);
}

/* Builds that nobody else holds any more will not come back. */
static void
drop_unused(struct ocl_queue *q)
{
   util_list_for_each_safe(struct ocl_cso, c, &q->csos, link) {
      if (__atomic_load_n(&c->build->refs, __ATOMIC_RELAXED) == 1)
         drop(q, c);
   }
}

static struct ocl_cso *
make(struct ocl_queue *q, struct ocl_build *build,
     const struct clc_kernel *kernel)
{
   struct ocl_cso *c = calloc(1, sizeof(*c));
   struct pipe_compute_state state = {
      .binary = build->binary.data,
      .binary_size_B = build->binary.size_B,
      .kernel = kernel->name,
   };

   if (!c)
      return NULL;
   c->cso = q->pipe->create_compute_state(q->pipe, &state);
   if (!c->cso) {
      free(c);
      return NULL;
   }
   c->build = ocl_build_get(build);
   c->kernel = kernel;
   return c;
}

void *
ocl_cso_get(struct ocl_queue *q, struct ocl_build *build,
            const struct clc_kernel *kernel)
{
   if (!ocl_queue_pipe(q))
      return NULL;
   util_list_for_each(struct ocl_cso, c, &q->csos, link) {
      if (c->kernel == kernel && c->build == build) {
         util_list_del(&c->link);
         util_list_add(&c->link, &q->csos);
         return c->cso;
      }
   }
   drop_unused(q);
   struct ocl_cso *c = make(q, build, kernel);
   if (!c)
      return NULL;
   util_list_add(&c->link, &q->csos);
   return c->cso;
}
