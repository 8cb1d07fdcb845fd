/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Programs. A build is what one compile, link or binary gave for one device; it
 * never changes once it is made and is shared by the kernels and launches that
 * came from it. */
#ifndef OCL_PROGRAM_H
#define OCL_PROGRAM_H

#include "ocl_context.h"

#include "compiler/clc/clc.h"
#include "util/util_arena.h"

/* A kernel as the driver knows it; made once, on first need, and kept as long
 * as the build: program-scope variables live as long as the driver's object. */
struct ocl_kernel_state {
   void *cso; /* NULL: not made yet */
   struct pipe_compute_state_object_info info;
};

struct ocl_build {
   int refs; /* atomic */
   struct ocl_device *dev;
   cl_program_binary_type type;
   struct clc_blob bitcode; /* object, library or linked program; may be empty */
   struct pipe_binary binary;    /* executables */
   struct clc_program_info info; /* in `arena` */
   struct util_arena arena;
   pthread_mutex_t lock;            /* guards the making of states */
   struct ocl_kernel_state *states; /* one a kernel */
};

/* Of one device of a program; guarded by program->lock. */
struct ocl_program_device {
   struct ocl_device *dev;
   struct ocl_build *build; /* NULL: none */
   cl_build_status status;
   char *options; /* of the last build, compile or link */
   char *log;
};

struct ocl_program {
   struct ocl_object obj;
   struct ocl_context *ctx;
   char *source;     /* NULL: not from source */
   void *il;         /* NULL: not from IL */
   void *il_special; /* the same with the constants that were set; under lock */
   size_t il_B;
   pthread_mutex_t lock;
   bool busy;        /* a build is running */
   unsigned kernels; /* attached kernel objects */
   struct ocl_program_device *devs;
   unsigned num_devs;
};

OCL_OBJECT_TYPE(program, cl_program, OCL_MAGIC_PROGRAM)

struct ocl_program *ocl_program_create(struct ocl_context *ctx,
                                       struct ocl_device *const *devs,
                                       unsigned num);
struct ocl_program_device *
ocl_program_find_device(struct ocl_program *prog, const struct ocl_device *dev);

/* Marks the program busy. CL_INVALID_OPERATION: it is, or kernels are attached.
 */
cl_int ocl_program_begin(struct ocl_program *prog);
void ocl_program_end(struct ocl_program *prog);

struct ocl_header {
   const char *name;
   struct ocl_program *program;
};

/* Between begin and end. Each sets status, options, log and build of the devices
 * and returns CL_SUCCESS or the error of the first device that failed. */
cl_int ocl_program_build(struct ocl_program *prog,
                         struct ocl_device *const *devs, unsigned num_devs,
                         const char *options);
cl_int ocl_program_compile(struct ocl_program *prog,
                           struct ocl_device *const *devs, unsigned num_devs,
                           const char *options,
                           const struct ocl_header *headers,
                           unsigned num_headers);
cl_int ocl_program_link(struct ocl_program *prog,
                        struct ocl_device *const *devs, unsigned num_devs,
                        const char *options, struct ocl_program *const *inputs,
                        unsigned num_inputs);
/* CL_SUCCESS, CL_INVALID_*_OPTIONS (`bad`) or CL_COMPILER_NOT_AVAILABLE. */
cl_int ocl_check_options(const char *options, bool linking, cl_int bad);

/* Some device's executable (the first that has one) with a reference, or NULL. */
struct ocl_build *ocl_program_executable(struct ocl_program *prog);
/* The executable of that device with a reference, or NULL. */
struct ocl_build *ocl_program_device_executable(struct ocl_program *prog,
                                                const struct ocl_device *dev);

/* Takes bitcode and binary over, copies info. NULL: out of memory (they are
 * freed). */
struct ocl_build *ocl_build_create(struct ocl_device *dev,
                                   cl_program_binary_type type,
                                   struct clc_blob bitcode,
                                   struct pipe_binary binary,
                                   const struct clc_program_info *info);
void ocl_build_put(struct ocl_build *build);
const struct clc_kernel *ocl_build_find(const struct ocl_build *build,
                                        const char *name);
/* The kernel of the build as the driver knows it. NULL: the driver has no such
 * kernel, or no memory. Never changes once it is there. */
const struct ocl_kernel_state *ocl_build_state(struct ocl_build *build,
                                               const struct clc_kernel *kernel);

static inline struct ocl_build *
ocl_build_get(struct ocl_build *build)
{
   __atomic_add_fetch(&build->refs, 1, __ATOMIC_RELAXED);
   return build;
}

/* Our own binary format (ocl_binary.c): a container around the device binary,
 * the bitcode and the kernel descriptions. */
void ocl_binary_write(const struct ocl_build *build, struct clc_blob *out);
/* CL_INVALID_BINARY: foreign, damaged or of another device. */
cl_int ocl_binary_read(struct ocl_device *dev, const void *data, size_t size_B,
                       struct ocl_build **build_out);

#endif
