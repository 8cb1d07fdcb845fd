/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The OpenCL frontend as the composition root (targets/opencl) sees it: it
 * knows nothing of nouveau; the root hands it screens and the compiler. */
#ifndef OPENCL_H
#define OPENCL_H

#include "compiler/clc/clc.h"
#include "pipe/p_screen.h"

struct opencl_env {
   /* Devices of the platform. Called once, on first need. Returns how many
    * (0..max). */
   unsigned (*create_screens)(struct pipe_screen **screens, unsigned max);
   /* The compiler, loaded on first call. NULL with *why_out (static text) if it
    * is not installed. */
   const struct clc_ops *(*clc)(const char **why_out);
   /* Without loading it: is the compiler there? */
   bool (*clc_available)(void);
};

/* Defined by the root. */
extern const struct opencl_env opencl_env;

#endif
