/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Programs in GPU memory: one buffer object holds the code and the data segment
 * (constants and program-scope variables) of a device binary. All contexts of a
 * screen share it, and so the variables. */
#ifndef GP100_PROGRAM_H
#define GP100_PROGRAM_H

#include "nouveau_priv.h"

struct gp100_program {
   struct util_list link; /* in nouveau_screen.programs */
   int refcount;          /* under nouveau_screen.programs_lock */
   int users;             /* compute states not deleted yet; likewise */
   struct nouveau_screen *screen;
   const void *binary; /* identity, as long as there are users */
   struct nvir_program nvir;
   struct nouveau_ws_bo *bo;
   uint64_t code_va, data_va;
   /* Unique, unlike the address: a new program often gets a dead one's place,
    * and its code must not be taken from the instruction cache. */
   uint64_t serial;
};

/* A kernel of a program: the pipe's compute state object. */
struct gp100_cso {
   int refcount;
   struct gp100_program *program;
   const struct nvir_kernel *kernel;
};

struct gp100_cso *gp100_cso_create(struct nouveau_context *ctx,
                                   const struct pipe_compute_state *state);
void gp100_cso_ref(struct gp100_cso *cso);
void gp100_cso_unref(struct gp100_cso *cso);
/* The frontend's end of it: launches may still hold it, but the binary may go,
 * and another may come to its address. */
void gp100_cso_delete(struct gp100_cso *cso);

/* Name of the kernel whose code is at `gpu_va`, "" if none. */
void gp100_program_name_at(struct nouveau_screen *screen, uint64_t gpu_va,
                           char *name_out, size_t size_B);
/* Source line of the instruction at `gpu_va`; 0: unknown. */
uint32_t gp100_program_line_at(struct nouveau_screen *screen, uint64_t gpu_va);

#endif
