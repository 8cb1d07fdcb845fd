/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The builtin library as it lies in the module: many small bitcode files
 * (shards) and an index from symbol to shard. A whole-library link would cost
 * 16 to 23 ms a build, a shard costs 1 (toolchain.md §2).
 *
 * A shard holds one family of functions (all overloads of sin, say) and all
 * they call in turn, so that one look-up suffices; copies of the same function
 * in several shards are linkonce_odr and merge.
 *
 * Layout, little endian: header, symbols sorted by name, shards, names,
 * bitcode. Written by clc_shard.c at build time only, so it is trusted. */
#ifndef CLC_SHARDS_H
#define CLC_SHARDS_H

#include <stdint.h>

#define CLC_SHARDS_MAGIC 0x53434c43u /* "CLCS" */

struct clc_shards_header {
   uint32_t magic;
   uint32_t num_symbols, num_shards;
   uint32_t symbols_offset_B; /* struct clc_shards_symbol[num_symbols] */
   uint32_t shards_offset_B;  /* struct clc_shards_shard[num_shards] */
   uint32_t names_offset_B;   /* NUL-terminated strings */
};

struct clc_shards_symbol {
   uint32_t name; /* byte offset among the names */
   uint32_t shard;
};

struct clc_shards_shard {
   uint32_t offset_B,
      size_B; /* from the start of the header; 16-byte aligned */
};

#endif
