/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The executors of one level of the vector unit, as a table. */
#include "nvsim_exec_priv.h"

const struct nvsim_exec_vector NVSIM_ISA_NAME(nvsim_exec_) = {
   .plain = NVSIM_ISA_NAME(nvsim_exec_plain_),
   .integer = NVSIM_ISA_NAME(nvsim_exec_int_),
   .single = NVSIM_ISA_NAME(nvsim_exec_float_),
   .wide = NVSIM_ISA_NAME(nvsim_exec_wide_),
   .memory = NVSIM_ISA_NAME(nvsim_exec_mem_),
   .atomic = NVSIM_ISA_NAME(nvsim_exec_atom_),
};
