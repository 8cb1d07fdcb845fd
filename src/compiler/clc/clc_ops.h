/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef CLC_OPS_H
#define CLC_OPS_H

#include "compiler/clc/clc.h"
#include "compiler/clc/clc_remote.h"

/* For the module (partage_compiler.c), the tool and the tests, which link clc
 * directly. Static. */
const struct clc_ops *clc_get_ops(void);

/* clc_compile.c. Without regard for what may happen, on an LLVM_STACK_B. */
int clc_compile_here(const struct clc_remote_request *request,
                     struct clc_blob *object_out, char **log_out);

#endif
