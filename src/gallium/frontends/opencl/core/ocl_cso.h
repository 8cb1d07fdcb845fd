/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The kernels that a queue has made known to its pipe context. Token holder
 * only. */
#ifndef OCL_CSO_H
#define OCL_CSO_H

#include "ocl_program.h"
#include "ocl_queue.h"

/* NULL: no memory or no device. */
void *ocl_cso_get(struct ocl_queue *q, struct ocl_build *build,
                  const struct clc_kernel *kernel);
void ocl_cso_drop_all(struct ocl_queue *q);

#endif
