/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What a job waits for and signals, as VM_BIND and EXEC are told. */
#ifndef KMD_SYNCS_H
#define KMD_SYNCS_H

#include "kmd_priv.h"

#include "kernel/drm/kdrm_sched.h"

struct kmd_sync_out;

struct kmd_syncs {
   struct kdrm_fence **wait; /* referenced */
   struct kmd_sync_out *sig;
   uint32_t wait_count, sig_count;
};

/* -EFAULT, -ENOMEM; a wait of an unknown type -EOPNOTSUPP, a signal -EINVAL;
 * unknown handle -ENOENT; nothing submitted for a point that is waited for
 * -EINVAL. */
int kmd_syncs_init(struct kmd_syncs *s, struct kdrm_file *file,
                   uint64_t wait_ptr, uint32_t wait_count, uint64_t sig_ptr,
                   uint32_t sig_count);
void kmd_syncs_finish(struct kmd_syncs *s);
/* The job waits for all of them, and `s` signals when it is finished. -ENOMEM:
 * some may have been given its fence. */
int kmd_syncs_attach(struct kmd_syncs *s, struct kdrm_job *job);

#endif
