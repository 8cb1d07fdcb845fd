/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Files put into the module at build time (embed.py). Read-only. */
#ifndef CLC_EMBED_H
#define CLC_EMBED_H

#ifdef __cplusplus
extern "C" {
#endif

/* clang's opencl-c-base.h, NUL-terminated. */
extern const char clc_embed_base_header[], clc_embed_base_header_end[];
/* The builtin library as clc_shards.h describes it. */
extern const unsigned char clc_embed_shards[], clc_embed_shards_end[];

#ifdef __cplusplus
}
#endif
#endif
