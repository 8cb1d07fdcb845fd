/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The toy compiler of fake_screen.h. */
#ifndef FAKE_CLC_H
#define FAKE_CLC_H

#include "compiler/clc/clc.h"
#include "pipe/p_screen.h"

extern const struct clc_ops fake_clc;

int fake_compile(struct pipe_screen *screen, const void *bitcode, size_t size_B,
                 struct pipe_binary *binary_out, char **log_out);
int fake_check_binary(struct pipe_screen *screen, const void *binary,
                      size_t size_B);
bool fake_binary_has_kernel(const void *binary, size_t size_B,
                            const char *name);

#endif
