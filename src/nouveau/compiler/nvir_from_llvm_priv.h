/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared by the nvir_from_llvm*.c files.
 *
 * An LLVM value of any type is a list of components: scalars have one, vectors
 * one an element, aggregates the components of their members. Integers of up to
 * 32 bits live in an I32 whose bits beyond the type's width are undefined, up
 * to 64 in an I64; whoever needs those bits extends first. Pointers are I64;
 * one to shared memory is the byte offset. Half floats are I32 until they are
 * converted. */
#ifndef NVIR_FROM_LLVM_PRIV_H
#define NVIR_FROM_LLVM_PRIV_H

#include "nouveau/compiler/nvir_from_llvm.h"

/* Address spaces of the incoming IR (toolchain.md §1). */
#define NVIR_AS_GENERIC  0
#define NVIR_AS_GLOBAL   1
#define NVIR_AS_SHARED   3
#define NVIR_AS_CONSTANT 4

struct nvir_comps {
   struct nvir_src *c;
   unsigned n;
};

struct nvir_map_entry {
   const void *key;
   struct nvir_comps comps;         /* values */
   struct nvir_block *first, *last; /* blocks */
   uint32_t number;                 /* shared variables: offset */
};

struct nvir_map {
   struct nvir_map_entry *entries; /* power of two, open addressing */
   unsigned size, used;
};

struct nvir_import {
   LLVMModuleRef module;
   LLVMContextRef ctx;
   LLVMTargetDataRef layout;
   LLVMValueRef func;
   struct nvir_data_segment *data;
   struct nvir_shader *s;
   struct nvir_builder b;
   struct nvir_map values, blocks, shared;
   struct util_buf *log;
   LLVMValueRef inst; /* being translated, for messages */
   bool ftz;          /* single precision subnormals count as zero */
   int err;
};

/* Records the first failure with kernel and line; returns zeros for `value`. */
struct nvir_comps nvir_import_fail(struct nvir_import *im, LLVMValueRef value,
                                   const char *fmt, ...) PRINTFLIKE(3, 4);

/* As that, for what would be supported if there were less of it: -E2BIG. */
struct nvir_comps nvir_import_too_big(struct nvir_import *im,
                                      LLVMValueRef value, const char *what);

struct nvir_map_entry *nvir_map_get(struct nvir_map *m,
                                    const void *key); /* or NULL */
struct nvir_map_entry *nvir_map_insert(struct nvir_map *m,
                                       const void *key); /* or there */
void nvir_map_finish(struct nvir_map *m);

/* ---- values (nvir_from_llvm_value.c) ---- */

struct nvir_comps nvir_comps_new(struct nvir_import *im, unsigned n);
struct nvir_comps nvir_comps_one(struct nvir_import *im, struct nvir_src src);
unsigned nvir_type_leaves(LLVMTypeRef t);
LLVMTypeRef nvir_type_leaf(LLVMTypeRef t, unsigned n);
/* Type in which a scalar lives: I1, I32, I64, F32, F64. */
enum nvir_type nvir_container(LLVMTypeRef scalar);
unsigned nvir_scalar_bits(LLVMTypeRef scalar); /* pointers 64 */
LLVMTypeRef
nvir_scalar_of(LLVMTypeRef t); /* element type of a vector, else itself */
struct nvir_comps nvir_import_value(struct nvir_import *im, LLVMValueRef v);
struct nvir_src nvir_import_scalar(struct nvir_import *im, LLVMValueRef v);
/* All bits of the container defined. `bits` < container's: extends. */
struct nvir_src nvir_import_extend(struct nvir_import *im, struct nvir_src x,
                                   unsigned bits, bool is_signed);
/* Components ↔ 32-bit words as they lie in memory. */
unsigned nvir_comps_to_words(struct nvir_import *im, LLVMTypeRef t,
                             struct nvir_comps c, struct nvir_src *words_out);
struct nvir_comps nvir_words_to_comps(struct nvir_import *im, LLVMTypeRef t,
                                      const struct nvir_src *words);
#define NVIR_MAX_WORDS 64 /* of one loaded, stored or cast value */

/* Shorthands at the current place. */
struct nvir_src nvir_i1(struct nvir_import *im, enum nvir_op op,
                        enum nvir_type t, struct nvir_src x);
struct nvir_src nvir_i2(struct nvir_import *im, enum nvir_op op,
                        enum nvir_type t, struct nvir_src x, struct nvir_src y);
struct nvir_src nvir_i3(struct nvir_import *im, enum nvir_op op,
                        enum nvir_type t, struct nvir_src x, struct nvir_src y,
                        struct nvir_src z);
struct nvir_src nvir_icmp(struct nvir_import *im, enum nvir_cond cond,
                          bool is_signed, enum nvir_type t, struct nvir_src x,
                          struct nvir_src y);
struct nvir_src nvir_convert(struct nvir_import *im, enum nvir_op op,
                             enum nvir_type to, enum nvir_type from,
                             enum nvir_round rnd, struct nvir_src x);

/* ---- translation by kind; each returns the components of `v`'s result ---- */

struct nvir_comps nvir_import_alu(struct nvir_import *im, LLVMValueRef v,
                                  LLVMOpcode op);
/* A quotient or root of 2.5 ulp will do: !fpmath or a flag says so. */
bool nvir_import_may_be_fast(struct nvir_import *im, LLVMValueRef v);
struct nvir_comps nvir_import_cast(struct nvir_import *im, LLVMValueRef v,
                                   LLVMOpcode op);
struct nvir_comps nvir_import_vector(struct nvir_import *im, LLVMValueRef v,
                                     LLVMOpcode op);
struct nvir_comps nvir_import_call(struct nvir_import *im, LLVMValueRef v);

/* Where an access goes. */
struct nvir_address {
   struct nvir_src base; /* I64, or I32 in the shared and local space */
   enum nvir_space space;
   int64_t offset_B;
   unsigned align_B;
   bool is_volatile, is_invariant;
};

struct nvir_address nvir_address_of(struct nvir_import *im, LLVMValueRef ptr,
                                    unsigned align_B);
/* Source 0 and the rest of an access of `size` bytes at `at` bytes from there. */
void nvir_address_set(struct nvir_instr *i, const struct nvir_address *a,
                      int64_t at, unsigned size);

struct nvir_comps nvir_import_gep(struct nvir_import *im, LLVMValueRef v);
struct nvir_src nvir_import_global(struct nvir_import *im, LLVMValueRef global);
/* Where a variable or constant lies in the data segment; puts it there. */
uint32_t nvir_data_offset(struct nvir_import *im, LLVMValueRef global);
struct nvir_comps nvir_import_alloca(struct nvir_import *im, LLVMValueRef v);
struct nvir_comps nvir_import_load(struct nvir_import *im, LLVMValueRef v);
void nvir_import_store(struct nvir_import *im, LLVMValueRef v);
struct nvir_comps nvir_import_rmw(struct nvir_import *im, LLVMValueRef v);
struct nvir_comps nvir_import_cmpxchg(struct nvir_import *im, LLVMValueRef v);
void nvir_import_fence(struct nvir_import *im, LLVMAtomicOrdering order,
                       bool before);
/* memcpy, memmove, memset. */
void nvir_import_mem_intrinsic(struct nvir_import *im, LLVMValueRef v,
                               const char *name);
/* Constant bank 0 at an offset that may be a value. */
struct nvir_src nvir_import_c0(struct nvir_import *im, struct nvir_src offset,
                               unsigned size_B);

#endif
