/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* OpenCL C (and SPIR-V) to optimised LLVM bitcode. Lives in
 * libpartage-compiler.so, which is loaded when the first program is compiled;
 * the table below is its door.
 *
 * The bitcode is nvptx64-numbered (private and generic 0, global 1, local 3,
 * constant 4), holds kernels with calling convention spir_kernel, has libclc
 * and our builtins linked in and inlined, and is what nvir.h takes.
 *
 * Threads: any; each call has its own LLVM context. */
#ifndef CLC_H
#define CLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* malloc'ed by the callee; free with free(). */
struct clc_blob {
   void *data;
   size_t size_B;
};

struct clc_header {
   const char *name; /* as in #include */
   const char *source;
};

struct clc_compile_args {
   const char *source;  /* NUL-terminated */
   const char *options; /* as given to clBuildProgram; may be NULL or "" */
   const struct clc_header *headers; /* embedded headers of clCompileProgram */
   unsigned num_headers;
   unsigned chipset; /* selects features */
};

/* One kernel argument, as clGetKernelArgInfo and the launch need it. */
enum clc_arg_kind {
   CLC_ARG_VALUE,    /* scalar, vector or struct by value */
   CLC_ARG_GLOBAL,   /* __global pointer (or generic): 8 bytes */
   CLC_ARG_CONSTANT, /* __constant pointer: 8 bytes */
   CLC_ARG_LOCAL, /* __local pointer: 8 bytes, an offset into shared memory */
   CLC_ARG_IMAGE,
   CLC_ARG_SAMPLER,
   CLC_ARG_PIPE,
};

struct clc_arg {
   enum clc_arg_kind kind;
   uint32_t size_B, align_B; /* of the value as the application passes it */
   uint32_t offset_B;        /* in the kernel's argument block */
   uint32_t addr_space;      /* cl_kernel_arg_address_qualifier */
   uint32_t access;          /* cl_kernel_arg_access_qualifier */
   uint64_t type_qual;       /* cl_kernel_arg_type_qualifier */
   char *name, *type_name;
};

struct clc_kernel {
   char *name;
   char *
      attributes; /* CL_KERNEL_ATTRIBUTES, e.g. "reqd_work_group_size(8,1,1)" */
   struct clc_arg *args;
   uint32_t num_args;
   uint32_t args_size_B;     /* of the argument block */
   uint32_t reqd_wg_size[3]; /* 0: not given */
   uint32_t wg_size_hint[3];
   char vec_type_hint[32];
   bool uses_printf; /* of a linked program only: it wants a buffer */
};

/* A literal that printf calls refer to by its index: a format with the sizes of
 * the arguments stored for it, or the string of a %s. */
struct clc_printf {
   char *text;
   size_t length;  /* text may hold NULs */
   uint32_t *args; /* private to clc_printf.c */
   uint32_t num_args;
};

/* The printf buffer, in memory the GPU can write; its address goes into
 * NVIR_C0_PRINTF. The host writes the header before the launch, kernels append
 * records of their own layout behind it, clc_ops.print reads them after. */
struct clc_printf_buffer {
   uint32_t used_B;     /* 0 at launch; may end up above capacity_B */
   uint32_t capacity_B; /* of what follows; 8-byte aligned */
};

struct clc_program_info {
   struct clc_kernel *kernels;
   uint32_t num_kernels;
   struct clc_printf *printfs;
   uint32_t num_printfs;
};

/* Return values: 0; -EINVAL: the source or an input is wrong, `log_out` says
 * why; -ENOEXEC: damaged bitcode; -ENOMEM; -EPROTO: unknown option (log names
 * it). `log_out`: malloc'ed text like clang's (may be ""), set in every case.
 */
struct clc_ops {
   uint32_t abi; /* CLC_ABI */

   /* Source → one unlinked object (bitcode). */
   int (*compile)(const struct clc_compile_args *args,
                  struct clc_blob *object_out, char **log_out);
   /* SPIR-V → object. `spec` as clSetProgramSpecializationConstant. */
   int (*from_spirv)(const void *spirv, size_t size_B, const char *options,
                     struct clc_blob *object_out, char **log_out);
   /* Objects → linked, optimised program with builtins. `library`:
    * -create-library, stays unoptimised and may have unresolved symbols. */
   int (*link)(const struct clc_blob *const *objects, unsigned num_objects,
               const char *options, bool library, struct clc_blob *program_out,
               char **log_out);
   /* Kernels and their arguments of an object or program. */
   int (*info)(const struct clc_blob *program,
               struct clc_program_info *info_out);
   void (*info_finish)(struct clc_program_info *info);
   /* Text of the records of a printf buffer (header included, `size_B` bytes),
    * in the order in which they were made, as `emit(data, text, length)`.
    * Output that found no room is lost, as OpenCL allows. Damaged buffers print
    * less. */
   void (*print)(const struct clc_program_info *info, const void *buffer,
                 size_t size_B,
                 void (*emit)(void *data, const char *text, size_t length),
                 void *data);
   /* Validates build/compile/link options without compiling: 0 or -EPROTO. */
   int (*check_options)(const char *options, bool linking, char **log_out);
};

#define CLC_ABI 1

#endif
