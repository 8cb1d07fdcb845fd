/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Specialization constants, set in a SPIR-V module itself: the default value of
 * the constant is overwritten, so that its reader needs to know nothing of
 * them. */
#ifndef OCL_SPIRV_H
#define OCL_SPIRV_H

#include "ocl_object.h"

/* CL_SUCCESS; CL_INVALID_SPEC_ID: no constant has that id; CL_INVALID_VALUE:
 * the size is not that of its type (booleans: 1). */
cl_int ocl_spirv_specialize(void *module, size_t size_B, uint32_t spec_id,
                            size_t value_B, const void *value);

#endif
