/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* See kmd.h. */
#ifndef KMD_MACHINE_H
#define KMD_MACHINE_H

#include "kmd.h"

struct kdrm_prime;
struct kmm_config;
struct kmm_mm;

struct kmd_machine *kmd_machine_get(struct kmd_machine *machine);
/* The process, from the first SVM_INIT of any card on; lives as long as the
 * machine. `config` counts for the first caller. 0 or -errno. */
int kmd_machine_mm(struct kmd_machine *machine, const struct kmm_config *config,
                   struct kmm_mm **mm_out);

/* The buffers that cards share. */
struct kdrm_prime *kmd_machine_prime(struct kmd_machine *machine);

#endif
