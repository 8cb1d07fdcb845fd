/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef OCL_KERNEL_H
#define OCL_KERNEL_H

#include "ocl_mem.h"
#include "ocl_program.h"
#include "ocl_svm.h"

/* The value of one argument. */
struct ocl_arg {
   bool set;
   uint32_t size_B;     /* of `value`, or of the local memory */
   struct ocl_mem *mem; /* buffer argument; see ocl_args::holds */
   const void *svm;     /* SVM pointer argument */
   bool is_svm;
   char *value; /* in ocl_args::storage */
};

/* Arguments and execution information: of a kernel, and as taken at an enqueue.
 */
struct ocl_args {
   /* References to the buffers: a command has them, a kernel must not
    * (OpenCL 3.0, clSetKernelArg). */
   bool holds;
   unsigned num;
   struct ocl_arg *arg;
   char *storage;         /* the values of CLC_ARG_VALUE arguments */
   const void **svm_ptrs; /* CL_KERNEL_EXEC_INFO_SVM_PTRS */
   unsigned num_svm_ptrs;
   bool fine_grain_system;
};

struct ocl_kernel {
   struct ocl_object obj;
   struct ocl_program *program;
   struct ocl_build *build; /* where `info` lives */
   const struct clc_kernel *info;
   struct ocl_args args;
};

OCL_OBJECT_TYPE(kernel, cl_kernel, OCL_MAGIC_KERNEL)

struct ocl_kernel *ocl_kernel_create(struct ocl_program *prog,
                                     struct ocl_build *build,
                                     const struct clc_kernel *info);
struct ocl_kernel *ocl_kernel_clone(struct ocl_kernel *kernel);

/* Arguments are checked; NULL `mem` and NULL `ptr` are legal. */
void ocl_kernel_set_value(struct ocl_kernel *k, unsigned i, const void *value);
void ocl_kernel_set_local(struct ocl_kernel *k, unsigned i, size_t size_B);
void ocl_kernel_set_mem(struct ocl_kernel *k, unsigned i, struct ocl_mem *mem);
void ocl_kernel_set_svm(struct ocl_kernel *k, unsigned i, const void *ptr);
/* Replaces the set. CL_OUT_OF_HOST_MEMORY. */
cl_int ocl_kernel_set_svm_ptrs(struct ocl_kernel *k, const void *const *ptrs,
                               unsigned n);
/* All are set, and no buffer among them has been released since. */
bool ocl_kernel_args_complete(const struct ocl_kernel *k);

cl_int ocl_args_copy(struct ocl_args *dst, const struct ocl_args *src,
                     const struct clc_kernel *info, bool hold);
void ocl_args_finish(struct ocl_args *args);

/* Bytes of local memory that the arguments ask for, placed after `start_B`;
 * each is aligned as its type wants. */
uint64_t ocl_args_local_end(const struct ocl_args *args,
                            const struct clc_kernel *info, uint64_t start_B);

#endif
