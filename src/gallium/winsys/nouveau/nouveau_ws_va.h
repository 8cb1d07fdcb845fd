/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Free GPU addresses of a client that places its buffers itself: first fit, by
 * address. No locking. */
#ifndef NOUVEAU_WS_VA_H
#define NOUVEAU_WS_VA_H

#include "util/util_rb.h"

struct nouveau_ws_va {
   struct util_rb free; /* key: start of a free range; no two touch */
};

/* -ENOMEM */
int nouveau_ws_va_init(struct nouveau_ws_va *va, uint64_t start,
                       uint64_t size_B);
void nouveau_ws_va_finish(struct nouveau_ws_va *va);
/* `align_B`: a power of two. -ENOSPC, -ENOMEM. */
int nouveau_ws_va_alloc(struct nouveau_ws_va *va, uint64_t size_B,
                        uint64_t align_B, uint64_t *start_out);
/* Without memory the range is lost. */
void nouveau_ws_va_free(struct nouveau_ws_va *va, uint64_t start,
                        uint64_t size_B);

#endif
