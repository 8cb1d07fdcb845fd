/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared by the steps of one call through the door (clc.h). */
#ifndef CLC_PRIV_H
#define CLC_PRIV_H

#include <llvm-c/Core.h>

#include "compiler/clc/clc.h"
#include "util/util_arena.h"
#include "util/util_buf.h"

/* One call: its LLVM context, its log and its memory. Not shared by threads. */
struct clc_job {
   LLVMContextRef context;
   struct util_arena arena;
   struct util_buf log;
   bool failed; /* LLVM reported an error, which is in the log */
};

void clc_job_init(struct clc_job *job);
/* Hands the log to *log_out (if not NULL); module handles must be gone. */
void clc_job_finish(struct clc_job *job, char **log_out);
/* "error: …" into the log. */
void clc_job_error(struct clc_job *job, const char *fmt, ...) PRINTFLIKE(2, 3);
/* The same, preceded by "file:line:column: " where `instruction` has them. */
void clc_job_error_at(struct clc_job *job, LLVMValueRef instruction,
                      const char *fmt, ...) PRINTFLIKE(3, 4);

/* Module from the caller's bytes. NULL if they are damaged; the log says so. */
LLVMModuleRef clc_job_read(struct clc_job *job, const void *data,
                           size_t size_B);
int clc_job_write(struct clc_job *job, LLVMModuleRef module,
                  struct clc_blob *out);

/* ---- clc_compile.c: functions of clc_ops ---- */

int clc_compile(const struct clc_compile_args *args,
                struct clc_blob *object_out, char **log_out);
int clc_from_spirv(const void *spirv, size_t size_B, const char *options,
                   struct clc_blob *object_out, char **log_out);

/* ---- clc_builtins.c ---- */

/* Links the definitions of all undefined functions that the library has. */
int clc_builtins_link(struct clc_job *job, LLVMModuleRef module);
/* Is there such a function in the library? */
bool clc_builtins_have(const char *symbol);
/* Calls that stay: LLVM's own and the back end's (clc_intrinsics.h). */
bool clc_is_intrinsic(const char *symbol);

/* ---- clc_exact_sqrt.c ---- */

/* Marks an object whose square roots are to be correctly rounded. */
int clc_exact_sqrt_mark(struct clc_job *job, struct clc_blob *object);
/* With a marked object among those linked, makes all of the program's so. */
void clc_exact_sqrt_apply(struct clc_job *job, LLVMModuleRef module);

/* ---- clc_pipeline.c ---- */

/* Linked module → what nvir takes. -EINVAL: something not supported. */
int clc_pipeline_run(struct clc_job *job, LLVMModuleRef module);

/* ---- lower_*.c, opt_*.c: IR passes of our own ---- */

/* Reads of `ptr byval` arguments → words of constant bank 0; writes the layout
 * metadata of clc_intrinsics.h. */
void clc_lower_kernel_args(struct clc_job *job, LLVMModuleRef module);
/* Reads of the local size in kernels that require one → constants. */
void clc_opt_known_size(struct clc_job *job, LLVMModuleRef module);
/* Returns whether anything changed. */
bool clc_lower_wide(LLVMModuleRef module);
/* printf calls → records in the launch's buffer; errors in the log. */
void clc_lower_printf(struct clc_job *job, LLVMModuleRef module);
/* memcpy, memmove and memset → loads and stores, or calls to the library's
 * loops, which must then be linked. Returns whether there are such calls. */
bool clc_lower_memory(struct clc_job *job, LLVMModuleRef module);

/* ---- clc_kernels.c ---- */

bool clc_is_kernel(LLVMValueRef fn);
/* Size and alignment of an argument in the argument block. */
void clc_kernel_arg_layout(LLVMValueRef fn, unsigned index,
                           uint64_t *size_B_out, uint64_t *align_B_out);
/* False if the kernel does not require a work-group size. */
bool clc_kernel_reqd_size(struct clc_job *job, LLVMValueRef fn,
                          uint32_t size_out[3]);
int clc_program_info(struct clc_job *job, LLVMModuleRef module,
                     struct clc_program_info *info_out);

#define clc_for_each_function(fn, module)                                      \
   for (LLVMValueRef fn = LLVMGetFirstFunction(module); fn;                    \
        fn = LLVMGetNextFunction(fn))
#define clc_for_each_block(block, fn)                                          \
   for (LLVMBasicBlockRef block = LLVMGetFirstBasicBlock(fn); block;           \
        block = LLVMGetNextBasicBlock(block))
#define clc_for_each_instruction(inst, block)                                  \
   for (LLVMValueRef inst = LLVMGetFirstInstruction(block); inst;              \
        inst = LLVMGetNextInstruction(inst))

#endif
