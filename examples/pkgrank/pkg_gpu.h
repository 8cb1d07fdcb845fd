/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The OpenCL half: a device with shared virtual memory, memory of the kind asked
 * for, and the kernels of pkgrank.cl over the graph. Messages go to stderr. */
#ifndef PKG_GPU_H
#define PKG_GPU_H

#include "pkg_cpu.h"
#include "pkg_graph.h"

#include <stdbool.h>

#include "partage/cl_partage.h"

enum pkg_memory {
   PKG_MEMORY_MALLOC, /* plain malloc: needs fine-grain system SVM */
   PKG_MEMORY_COARSE, /* clSVMAlloc, mapped and unmapped around host access */
   PKG_MEMORY_FINE,   /* clSVMAlloc(CL_MEM_SVM_FINE_GRAIN_BUFFER) */
};

struct pkg_gpu;

/* NULL: no suitable device; a message said why. */
struct pkg_gpu *pkg_gpu_create(enum pkg_memory memory);
void pkg_gpu_destroy(struct pkg_gpu *gpu);

const char *pkg_gpu_device_name(const struct pkg_gpu *gpu);
const char *pkg_gpu_svm_text(const struct pkg_gpu *gpu);
/* Memory for the graph; freed by pkg_gpu_destroy. */
struct pkg_allocator pkg_gpu_allocator(struct pkg_gpu *gpu);
/* False if the device does not count. */
bool pkg_gpu_counters(struct pkg_gpu *gpu, struct cl_svm_counters_partage *out);

/* Coarse memory belongs to one side at a time. No effect for the other kinds. */
bool pkg_gpu_give_to_host(struct pkg_gpu *gpu);
bool pkg_gpu_give_to_device(struct pkg_gpu *gpu);

/* Asks for the queue, the pointer table and what else clSVMAlloc gave to be
 * moved to device memory. */
bool pkg_gpu_migrate(struct pkg_gpu *gpu);

/* `progress` (may be NULL) after each iteration or level. False: an OpenCL
 * error. */
typedef void (*pkg_progress)(const char *what, unsigned step, double value);
bool pkg_gpu_rank(struct pkg_gpu *gpu, const struct pkg_graph *graph,
                  const struct pkg_params *params, pkg_progress progress,
                  unsigned *iterations_out);
bool pkg_gpu_search(struct pkg_gpu *gpu, const struct pkg_graph *graph,
                    struct pkg *root, pkg_progress progress,
                    unsigned *levels_out);

#endif
