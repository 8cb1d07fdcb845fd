/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef KMD_TRACE_H
#define KMD_TRACE_H

#include "kmd_priv.h"

/* kdrm_device.trace */
void kmd_trace_ioctl(struct kdrm_file *file, const char *name, unsigned nr,
                     const void *arg, int ret);

#endif
