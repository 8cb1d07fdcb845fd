/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The passes in order, for the driver's compile and for nvir-tool. */
#ifndef NVIR_PIPELINE_H
#define NVIR_PIPELINE_H

#include "nouveau/compiler/nvir.h"
#include "nouveau/compiler/nvir_passes.h"

struct nvir_pipeline {
   uint64_t debug;      /* NVIR_DEBUG_* */
   unsigned pass_limit; /* opt_ passes after this many are skipped: to bisect */
   unsigned passes_run;
};

/* From NVIR_DEBUG and NVIR_PASS_LIMIT. */
void nvir_pipeline_init(struct nvir_pipeline *p);
/* Generic IR to machine code appended to `code`. 0 or -errno, message in
 * s->log. */
int nvir_pipeline_run(struct nvir_pipeline *p, struct nvir_shader *s,
                      struct util_buf *code);
/* By name, for tests: "opt_dce". -ENOENT. */
int nvir_pipeline_run_pass(struct nvir_pipeline *p, struct nvir_shader *s,
                           const char *name);

/* The compiler's door (nvir.h), for the module and the tools. Static. */
const struct nvir_ops *nvir_get_ops(void);

#endif
