/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* native_* (OpenCL C 6.15.2): what the multi-function unit gives. half_* keep
 * libclc's full-precision versions, but for those that are as good here. */
#include "vectors.h"

#define LOG2_E   1.44269504f
#define LOG2_10  3.32192809f
#define LN_2     0.69314718f
#define LOG10_2  0.30103000f

#define NATIVE_1(name, value)                                                  \
   BUILTIN float name(float x)                                                 \
   {                                                                           \
      return value;                                                            \
   }                                                                           \
   VECTORS_1(name, float)

#define NATIVE_2(name, value)                                                  \
   BUILTIN float name(float x, float y)                                        \
   {                                                                           \
      return value;                                                            \
   }                                                                           \
   VECTORS_2(name, float, float)

NATIVE_1(native_recip, __nvir_mufu_rcp(x))
NATIVE_1(native_rsqrt, __nvir_mufu_rsq(x))
NATIVE_1(native_sqrt, __nvir_mufu_sqrt(x))
NATIVE_1(native_exp2, __nvir_mufu_ex2(x))
NATIVE_1(native_exp, __nvir_mufu_ex2(x *LOG2_E))
NATIVE_1(native_exp10, __nvir_mufu_ex2(x *LOG2_10))
NATIVE_1(native_log2, __nvir_mufu_lg2(x))
NATIVE_1(native_log, __nvir_mufu_lg2(x) * LN_2)
NATIVE_1(native_log10, __nvir_mufu_lg2(x) * LOG10_2)
NATIVE_1(native_sin, __nvir_mufu_sin(x))
NATIVE_1(native_cos, __nvir_mufu_cos(x))
NATIVE_1(native_tan, __nvir_mufu_sin(x) * __nvir_mufu_rcp(__nvir_mufu_cos(x)))
NATIVE_2(native_divide, x *__nvir_mufu_rcp(y))
NATIVE_2(native_powr, __nvir_mufu_ex2(y *__nvir_mufu_lg2(x)))
