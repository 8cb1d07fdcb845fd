/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* QMD version 2.1: the 256-byte descriptor of one compute launch, 256-byte
 * aligned, below 2^40 (clc0c0qmd.h QMDV02_01; mesa.md §1.8, isa.md §6.2). Bit n
 * is bit n % 32 of dword n / 32. */
#ifndef NV_QMD_H
#define NV_QMD_H

#include <stdint.h>
#include <string.h>

#define NV_QMD_DW       64
#define NV_QMD_SIZE_B   256
#define NV_QMD_CBS      8
#define NV_QMD_RELEASES 2

/* X(name, first bit, width, stride of the index in bits or 0) */
#define NV_QMD_FIELDS(X)                                                       \
   X(SM_GLOBAL_CACHING_ENABLE, 134, 1, 0)                                      \
   X(IS_QUEUE, 136, 1, 0)                                                      \
   X(SEMAPHORE_RELEASE_ENABLE, 138, 1, 1)                                      \
   X(REQUIRE_SCHEDULING_PCAS, 140, 1, 0)                                       \
   X(DEPENDENT_QMD_SCHEDULE_ENABLE, 141, 1, 0)                                 \
   X(INVALIDATE_TEXTURE_HEADER_CACHE, 186, 1, 0)                               \
   X(INVALIDATE_TEXTURE_SAMPLER_CACHE, 187, 1, 0)                              \
   X(INVALIDATE_TEXTURE_DATA_CACHE, 188, 1, 0)                                 \
   X(INVALIDATE_SHADER_DATA_CACHE, 189, 1, 0)                                  \
   X(INVALIDATE_INSTRUCTION_CACHE, 190, 1, 0)                                  \
   X(INVALIDATE_SHADER_CONSTANT_CACHE, 191, 1, 0)                              \
   X(CTA_RASTER_WIDTH_RESUME, 192, 32, 0)                                      \
   X(CTA_RASTER_HEIGHT_RESUME, 224, 16, 0)                                     \
   X(CTA_RASTER_DEPTH_RESUME, 240, 16, 0)                                      \
   X(PROGRAM_OFFSET, 256, 32, 0)                                               \
   X(RELEASE_MEMBAR_TYPE, 366, 1, 0)                                           \
   X(CWD_MEMBAR_TYPE, 368, 2, 0)                                               \
   X(SEQUENTIALLY_RUN_CTAS, 370, 1, 0)                                         \
   X(THROTTLED, 372, 1, 0)                                                     \
   X(API_VISIBLE_CALL_LIMIT, 378, 1, 0)                                        \
   X(SAMPLER_INDEX, 382, 1, 0)                                                 \
   X(CTA_RASTER_WIDTH, 384, 32, 0)                                             \
   X(CTA_RASTER_HEIGHT, 416, 16, 0)                                            \
   X(CTA_RASTER_DEPTH, 448, 16, 0)                                             \
   X(SHARED_MEMORY_SIZE, 544, 18, 0)                                           \
   X(QMD_VERSION, 576, 4, 0)                                                   \
   X(QMD_MAJOR_VERSION, 580, 4, 0)                                             \
   X(CTA_THREAD_DIMENSION, 592, 16, 16)                                        \
   X(CONSTANT_BUFFER_VALID, 640, 1, 1)                                         \
   X(SM_DISABLE_MASK_LOWER, 672, 32, 0)                                        \
   X(SM_DISABLE_MASK_UPPER, 704, 32, 0)                                        \
   X(RELEASE_ADDRESS_LOWER, 736, 32, 96)                                       \
   X(RELEASE_ADDRESS_UPPER, 768, 8, 96)                                        \
   X(RELEASE_REDUCTION_OP, 788, 3, 96)                                         \
   X(RELEASE_REDUCTION_FORMAT, 792, 2, 96)                                     \
   X(RELEASE_REDUCTION_ENABLE, 794, 1, 96)                                     \
   X(RELEASE_STRUCTURE_SIZE, 799, 1, 96)                                       \
   X(RELEASE_PAYLOAD, 800, 32, 96)                                             \
   X(SHADER_LOCAL_MEMORY_LOW_SIZE, 928, 24, 0)                                 \
   X(BARRIER_COUNT, 955, 5, 0)                                                 \
   X(SHADER_LOCAL_MEMORY_HIGH_SIZE, 960, 24, 0)                                \
   X(REGISTER_COUNT, 984, 8, 0)                                                \
   X(SHADER_LOCAL_MEMORY_CRS_SIZE, 992, 24, 0)                                 \
   X(SASS_VERSION, 1016, 8, 0)                                                 \
   X(CONSTANT_BUFFER_ADDR_LOWER, 1024, 32, 64)                                 \
   X(CONSTANT_BUFFER_ADDR_UPPER, 1056, 17, 64)                                 \
   X(CONSTANT_BUFFER_INVALIDATE, 1074, 1, 64)                                  \
   X(CONSTANT_BUFFER_SIZE_SHIFTED4, 1075, 13, 64)                              \
   X(DEBUG_ID_UPPER, 1984, 32, 0)                                              \
   X(DEBUG_ID_LOWER, 2016, 32, 0)

enum nv_qmd_field {
#define X(name, lo, width, stride) NV_QMD_##name,
   NV_QMD_FIELDS(X)
#undef X
};

struct nv_qmd_field_info {
   const char *name;
   uint16_t lo;
   uint8_t width, stride;
};

static const struct nv_qmd_field_info nv_qmd_fields[] = {
#define X(name, lo, width, stride) {#name, lo, width, stride},
   NV_QMD_FIELDS(X)
#undef X
};

/* Values */
#define NV_QMD_RELEASE_MEMBAR_FE_SYSMEMBAR 1
#define NV_QMD_CWD_MEMBAR_L1_SYSMEMBAR     1
#define NV_QMD_CWD_MEMBAR_L1_MEMBAR        3
#define NV_QMD_CALL_LIMIT_NO_CHECK         1
#define NV_QMD_RELEASE_FOUR_WORDS          0 /* payload, 0, u64 nanoseconds */
#define NV_QMD_RELEASE_ONE_WORD            1
#define NV_QMD_REDUCTION_SIGNED            1

/* No field crosses a dword. `i`: index of CTA_THREAD_DIMENSION,
 * CONSTANT_BUFFER_*, RELEASE_*; else 0. */
static inline uint32_t
nv_qmd_get(const uint32_t *qmd, enum nv_qmd_field field, unsigned i)
{
   const struct nv_qmd_field_info *f = &nv_qmd_fields[field];
   unsigned bit = f->lo + i * f->stride;
   return qmd[bit / 32] >> (bit % 32) & (0xffffffffu >> (32 - f->width));
}

/* Bits of `value` above the field's width are dropped. */
static inline void
nv_qmd_set(uint32_t *qmd, enum nv_qmd_field field, unsigned i, uint32_t value)
{
   const struct nv_qmd_field_info *f = &nv_qmd_fields[field];
   unsigned bit = f->lo + i * f->stride;
   uint32_t mask = (0xffffffffu >> (32 - f->width)) << (bit % 32);
   qmd[bit / 32] = (qmd[bit / 32] & ~mask) | (value << (bit % 32) & mask);
}

/* `gpu_va` 256-byte aligned [guess: 16 is enough], size at most 64 KiB, rounded
 * up to 16. */
static inline void
nv_qmd_set_cb(uint32_t *qmd, unsigned i, uint64_t gpu_va, uint32_t size_B)
{
   nv_qmd_set(qmd, NV_QMD_CONSTANT_BUFFER_VALID, i, 1);
   nv_qmd_set(qmd, NV_QMD_CONSTANT_BUFFER_ADDR_LOWER, i, (uint32_t)gpu_va);
   nv_qmd_set(qmd, NV_QMD_CONSTANT_BUFFER_ADDR_UPPER, i, gpu_va >> 32);
   nv_qmd_set(qmd, NV_QMD_CONSTANT_BUFFER_SIZE_SHIFTED4, i, (size_B + 15) / 16);
}

static inline uint64_t
nv_qmd_cb_gpu_va(const uint32_t *qmd, unsigned i)
{
   return nv_qmd_get(qmd, NV_QMD_CONSTANT_BUFFER_ADDR_LOWER, i) |
          (uint64_t)nv_qmd_get(qmd, NV_QMD_CONSTANT_BUFFER_ADDR_UPPER, i) << 32;
}

static inline uint32_t
nv_qmd_cb_size_B(const uint32_t *qmd, unsigned i)
{
   return nv_qmd_get(qmd, NV_QMD_CONSTANT_BUFFER_SIZE_SHIFTED4, i) * 16;
}

/* Writes `payload` to `gpu_va` (below 2^40) when the grid has ended and its
 * memory writes are visible. */
static inline void
nv_qmd_set_release(uint32_t *qmd, unsigned i, uint64_t gpu_va, uint32_t payload,
                   unsigned structure_size)
{
   nv_qmd_set(qmd, NV_QMD_SEMAPHORE_RELEASE_ENABLE, i, 1);
   nv_qmd_set(qmd, NV_QMD_RELEASE_ADDRESS_LOWER, i, (uint32_t)gpu_va);
   nv_qmd_set(qmd, NV_QMD_RELEASE_ADDRESS_UPPER, i, gpu_va >> 32);
   nv_qmd_set(qmd, NV_QMD_RELEASE_STRUCTURE_SIZE, i, structure_size);
   nv_qmd_set(qmd, NV_QMD_RELEASE_PAYLOAD, i, payload);
}

static inline void
nv_qmd_init(uint32_t *qmd)
{
   memset(qmd, 0, NV_QMD_SIZE_B);
}

#endif
