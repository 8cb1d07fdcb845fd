/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef CLC_OPS_H
#define CLC_OPS_H

#include "compiler/clc/clc.h"

/* For the module (partage_compiler.c), the tool and the tests, which link clc
 * directly. Static. */
const struct clc_ops *clc_get_ops(void);

#endif
