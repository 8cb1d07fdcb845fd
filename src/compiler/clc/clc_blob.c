/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/clc/clc_blob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a over 32-bit words (bitcode is made of them), which is enough against
 * accidents; nobody is kept from forging a checksum. */
static uint64_t
checksum(const void *bitcode, size_t size_B)
{
   const unsigned char *p = bitcode;
   uint64_t hash = 0xcbf29ce484222325ull ^ size_B;
   for (size_t i = 0; i + 4 <= size_B; i += 4) {
      uint32_t word;
      memcpy(&word, p + i, sizeof(word));
      hash = (hash ^ word) * 0x100000001b3ull;
      hash ^= hash >> 32;
   }
   return hash;
}

int
clc_blob_wrap(const void *bitcode, size_t size_B, struct clc_blob *out)
{
   struct clc_blob_header header = {
      .magic = CLC_BLOB_MAGIC,
      .offset_B = sizeof(header),
      .size_B = size_B,
      .checksum = checksum(bitcode, size_B),
   };
   out->data = malloc(sizeof(header) + size_B);
   if (!out->data)
      return -ENOMEM;
   memcpy(out->data, &header, sizeof(header));
   memcpy((char *)out->data + sizeof(header), bitcode, size_B);
   out->size_B = sizeof(header) + size_B;
   return 0;
}

const void *
clc_blob_unwrap(const void *data, size_t size_B, size_t *size_B_out)
{
   struct clc_blob_header header;
   if (!data || size_B < sizeof(header))
      return NULL;
   memcpy(&header, data, sizeof(header));
   const char *bitcode = (const char *)data + sizeof(header);
   if (header.magic != CLC_BLOB_MAGIC || header.version != 0 ||
       header.offset_B != sizeof(header) || header.size_B % 4 ||
       header.size_B != size_B - sizeof(header) || header.cpu_type ||
       header.reserved || header.checksum != checksum(bitcode, header.size_B))
      return NULL;
   *size_B_out = header.size_B;
   return bitcode;
}
