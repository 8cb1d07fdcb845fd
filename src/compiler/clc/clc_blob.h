/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What objects and programs look like in memory and in a cache: LLVM's bitcode
 * wrapper header, which every reader of bitcode skips, a checksum, the bitcode.
 * LLVM's reader trusts its input, so damage has to be found before it. */
#ifndef CLC_BLOB_H
#define CLC_BLOB_H

#include "compiler/clc/clc.h"

#define CLC_BLOB_MAGIC 0x0b17c0deu /* of LLVM's wrapper */

struct clc_blob_header {
   uint32_t magic;
   uint32_t version;          /* 0 */
   uint32_t offset_B, size_B; /* of the bitcode */
   uint32_t cpu_type;         /* 0 */
   uint32_t reserved;         /* 0 */
   uint64_t checksum;         /* of the bitcode */
};

/* malloc'ed copy of `bitcode` behind a header. 0 or -ENOMEM. */
int clc_blob_wrap(const void *bitcode, size_t size_B, struct clc_blob *out);
/* The bitcode within, or NULL if the blob is foreign, cut off or damaged. */
const void *clc_blob_unwrap(const void *data, size_t size_B,
                            size_t *size_B_out);

#endif
