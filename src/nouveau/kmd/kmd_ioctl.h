/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef KMD_IOCTL_H
#define KMD_IOCTL_H

#include "kmd_priv.h"

/* nouveau as the DRM core sees it: calls, open, close. */
const struct kdrm_driver *kmd_driver(void);

#endif
