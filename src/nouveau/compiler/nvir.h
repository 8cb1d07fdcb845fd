/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Optimised LLVM bitcode (clc.h) to Pascal machine code. Lives in
 * libpartage-compiler.so; the driver gets the table below. The IR itself is in
 * nvir_ir.h, for passes and their tests only.
 *
 * Threads: any; a compile owns all its state. */
#ifndef NVIR_H
#define NVIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Constant bank 0 of a launch: written by the driver, read by generated code.
 * All offsets in bytes. The argument block follows in clc's layout (natural
 * OpenCL alignment); a __local pointer argument holds its 64-bit byte offset in
 * the CTA's shared memory, after the kernel's own shared_B. */
#define NVIR_C0_LOCAL_SIZE 0x00 /* u32[3] */
#define NVIR_C0_WORK_DIM   0x0c /* u32 */
#define NVIR_C0_NUM_GROUPS 0x10 /* u32[3], of the whole NDRange */
#define NVIR_C0_GROUP_BASE                                                     \
   0x20 /* u32[3], added to CTAID: big ranges are split */
#define NVIR_C0_ID_ORIGIN                                                      \
   0x30 /* u64[3], get_global_id() of this launch's first work-item; ids go    \
           less than 2^32 beyond it */
#define NVIR_C0_GLOBAL_SIZE 0x48 /* u64[3] */
#define NVIR_C0_DATA        0x60 /* u64: GPU address of the program's data segment */
#define NVIR_C0_PRINTF      0x68 /* u64: GPU address of the printf buffer, or 0 */
#define NVIR_C0_LOCAL_SIZE_ENQUEUED                                            \
   0x70 /* u32[3]; differs in the last, smaller group */
#define NVIR_C0_GLOBAL_OFFSET 0x80 /* u64[3] */
#define NVIR_C0_ARGS          0xa0
/* Arguments of a kernel, their padding included: clc refuses more. */
#define NVIR_MAX_ARGS_B 4096

/* Generic windows, set by the driver at channel start (facts/mesa.md §1.7). */
#define NVIR_SHARED_WINDOW 0xfe000000u
#define NVIR_LOCAL_WINDOW  0xff000000u
#define NVIR_WINDOW_SIZE   (16u << 20)

struct nvir_kernel {
   const char *name;
   uint32_t code_offset_B; /* in nvir_program.code; 0x80-aligned */
   uint32_t code_size_B;
   uint16_t num_gprs;
   uint8_t num_barriers;
   bool uses_double, uses_atomics, uses_printf;
   uint32_t shared_B; /* static shared memory */
   uint32_t local_B;  /* per thread, 16-byte aligned */
   uint32_t crs_B;    /* call-return stack per warp, 0x200-aligned */
   uint32_t args_B;
   uint32_t reqd_wg_size[3];
};

/* From this place in the code on, up to the next such entry, instructions come
 * from `line` of the source; 0: unknown. */
struct nvir_line {
   uint32_t code_offset_B; /* in nvir_program.code */
   uint32_t line;
};

/* A device binary is one self-contained block of bytes: header with magic,
 * version and chipset, kernels, code, data segment, line table, checksum. It
 * may be stored and loaded. */
struct nvir_blob {
   void *data; /* malloc'ed by the callee */
   size_t size_B;
};

/* A checked view into such a block, which must stay alive as long as the view. */
struct nvir_program {
   uint32_t chipset;
   const struct nvir_kernel *kernels;
   uint32_t num_kernels;
   const void *code;
   uint32_t code_size_B;
   const void
      *data; /* initial contents of the data segment: constants, variables */
   uint32_t data_size_B;
   const uint32_t *relocs; /* offsets in `data` of addresses within it */
   uint32_t num_relocs;
   const struct nvir_line *lines; /* ascending */
   uint32_t num_lines;
   void *priv;
};

struct nvir_ops {
   uint32_t abi; /* NVIR_ABI */

   /* 0; -EINVAL: a construct that is not supported, `log_out` names it with the
    * kernel and source line; -ENOEXEC: damaged bitcode; -E2BIG: too much local
    * or shared memory or code; -ENOMEM. `log_out` is malloc'ed and set in every
    * case. */
   int (*compile)(const void *bitcode, size_t size_B, uint32_t chipset,
                  struct nvir_blob *binary_out, char **log_out);
};

#define NVIR_ABI 1

/* Reading a binary needs no LLVM: these two are in the driver's own library
 * (nvir_binary.c). -EINVAL: foreign, damaged or truncated; -ENODEV: other
 * chipset. */
int nvir_program_open(const void *binary, size_t size_B, uint32_t chipset,
                      struct nvir_program *program_out);
void nvir_program_close(struct nvir_program *program);
/* The data segment as it must be at `gpu_va`, which is 16-byte aligned, into
 * `out` of data_size_B bytes. */
void nvir_program_data(const struct nvir_program *program, uint64_t gpu_va,
                       void *out);
/* The source line of the instruction at that place; 0: unknown. */
uint32_t nvir_program_line(const struct nvir_program *program,
                           uint32_t code_offset_B);

#endif
