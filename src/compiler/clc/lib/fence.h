/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The fence that orders memory for a scope. Orders weaker than sequentially
 * consistent have no cheaper instruction: a MEMBAR is all there is. */
#ifndef CLC_FENCE_H
#define CLC_FENCE_H

#include "clc_lib.h"

HELPER void
clc_membar(memory_scope scope)
{
   switch (scope) {
   case memory_scope_work_item:
      break;
   case memory_scope_all_svm_devices:
      __nvir_membar_sys();
      break;
   case memory_scope_device:
      __nvir_membar_gl();
      break;
   default: /* work-group, sub-group */
      __nvir_membar_cta();
      break;
   }
}

#endif
