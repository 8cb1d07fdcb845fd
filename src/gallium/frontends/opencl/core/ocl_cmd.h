/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The commands. Each maker returns a command that is ready to be submitted (one
 * reference), or NULL without memory. Arguments are checked by api/; buffers
 * and allocations are kept alive by the command. */
#ifndef OCL_CMD_H
#define OCL_CMD_H

#include "ocl_kernel.h"
#include "ocl_queue.h"

/* A box of bytes inside a buffer or CPU memory. Its size {bytes a row, rows,
 * slices} is given once for both sides. Pitches are not 0. */
struct ocl_box {
   size_t origin[3];
   size_t row_pitch_B, slice_pitch_B;
};

static inline uint64_t
ocl_box_offset(const struct ocl_box *b, size_t row, size_t slice)
{
   return b->origin[0] + (b->origin[1] + row) * b->row_pitch_B +
          (b->origin[2] + slice) * b->slice_pitch_B;
}

struct ocl_event *ocl_cmd_marker(struct ocl_queue *q, cl_command_type type);

struct ocl_event *ocl_cmd_read(struct ocl_queue *q, struct ocl_range src,
                               void *dst);
struct ocl_event *ocl_cmd_write(struct ocl_queue *q, struct ocl_range dst,
                                const void *src);
struct ocl_event *ocl_cmd_copy(struct ocl_queue *q, struct ocl_range dst,
                               struct ocl_range src);
struct ocl_event *ocl_cmd_fill(struct ocl_queue *q, struct ocl_range dst,
                               const void *pattern, size_t pattern_B);

struct ocl_event *ocl_cmd_read_rect(struct ocl_queue *q, struct ocl_mem *src,
                                    const struct ocl_box *src_box, void *dst,
                                    const struct ocl_box *dst_box,
                                    const size_t size[3]);
struct ocl_event *ocl_cmd_write_rect(struct ocl_queue *q, struct ocl_mem *dst,
                                     const struct ocl_box *dst_box,
                                     const void *src,
                                     const struct ocl_box *src_box,
                                     const size_t size[3]);
struct ocl_event *ocl_cmd_copy_rect(struct ocl_queue *q, struct ocl_mem *dst,
                                    const struct ocl_box *dst_box,
                                    struct ocl_mem *src,
                                    const struct ocl_box *src_box,
                                    const size_t size[3]);

/* The map is registered already; `ptr` is what it gave. */
struct ocl_event *ocl_cmd_map(struct ocl_queue *q, struct ocl_range range,
                              void *ptr, cl_map_flags flags);
struct ocl_event *ocl_cmd_unmap(struct ocl_queue *q, struct ocl_mem *mem,
                                const struct ocl_map *map);
struct ocl_event *ocl_cmd_migrate(struct ocl_queue *q,
                                  struct ocl_mem *const *mems, unsigned n,
                                  cl_mem_migration_flags flags);

typedef void(CL_CALLBACK *ocl_svm_free_notify)(cl_command_queue, cl_uint,
                                               void *[], void *);
struct ocl_event *ocl_cmd_svm_free(struct ocl_queue *q, void *const *ptrs,
                                   unsigned n, ocl_svm_free_notify notify,
                                   void *data);
struct ocl_event *ocl_cmd_svm_memcpy(struct ocl_queue *q, void *dst,
                                     const void *src, size_t size_B);
struct ocl_event *ocl_cmd_svm_fill(struct ocl_queue *q, void *dst,
                                   const void *pattern, size_t pattern_B,
                                   size_t size_B);
/* Sizes of 0 stand for the whole allocation. */
struct ocl_event *ocl_cmd_svm_migrate(struct ocl_queue *q,
                                      const void *const *ptrs,
                                      const size_t *sizes, unsigned n,
                                      cl_mem_migration_flags flags);

struct ocl_ndrange {
   cl_uint work_dim;
   size_t offset[3], global[3], local[3]; /* unused dimensions: 0, 1, 1 */
};

/* Chooses `local` for a launch; false if none fits (cannot happen without a
 * required size). `max_threads` as the kernel allows. */
void ocl_choose_local_size(const struct pipe_caps *caps, uint32_t max_threads,
                           bool non_uniform, struct ocl_ndrange *range);
struct ocl_event *ocl_cmd_ndrange(struct ocl_queue *q,
                                  struct ocl_kernel *kernel,
                                  struct ocl_build *build, cl_command_type type,
                                  const struct ocl_ndrange *range,
                                  cl_int *err_out);

#endif
