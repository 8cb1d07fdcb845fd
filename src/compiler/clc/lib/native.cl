/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* native_* (OpenCL C 6.15.2): what the multi-function unit gives. half_* keep
 * libclc's full-precision versions, but for those that are as good here. */
#include "clc_lib.h"

#define LOG2_E   1.44269504f
#define LOG2_10  3.32192809f
#define LN_2     0.69314718f
#define LOG10_2  0.30103000f

/* The vector forms of a unary function, by halves. */
#define VECTORS_1(name)                                                        \
   BUILTIN float2 name(float2 x)                                               \
   {                                                                           \
      return (float2)(name(x.x), name(x.y));                                   \
   }                                                                           \
   BUILTIN float3 name(float3 x)                                               \
   {                                                                           \
      return (float3)(name(x.x), name(x.y), name(x.z));                        \
   }                                                                           \
   BUILTIN float4 name(float4 x)                                               \
   {                                                                           \
      return (float4)(name(x.lo), name(x.hi));                                 \
   }                                                                           \
   BUILTIN float8 name(float8 x)                                               \
   {                                                                           \
      return (float8)(name(x.lo), name(x.hi));                                 \
   }                                                                           \
   BUILTIN float16 name(float16 x)                                             \
   {                                                                           \
      return (float16)(name(x.lo), name(x.hi));                                \
   }

#define VECTORS_2(name)                                                        \
   BUILTIN float2 name(float2 x, float2 y)                                     \
   {                                                                           \
      return (float2)(name(x.x, y.x), name(x.y, y.y));                         \
   }                                                                           \
   BUILTIN float3 name(float3 x, float3 y)                                     \
   {                                                                           \
      return (float3)(name(x.x, y.x), name(x.y, y.y), name(x.z, y.z));         \
   }                                                                           \
   BUILTIN float4 name(float4 x, float4 y)                                     \
   {                                                                           \
      return (float4)(name(x.lo, y.lo), name(x.hi, y.hi));                     \
   }                                                                           \
   BUILTIN float8 name(float8 x, float8 y)                                     \
   {                                                                           \
      return (float8)(name(x.lo, y.lo), name(x.hi, y.hi));                     \
   }                                                                           \
   BUILTIN float16 name(float16 x, float16 y)                                  \
   {                                                                           \
      return (float16)(name(x.lo, y.lo), name(x.hi, y.hi));                    \
   }

#define NATIVE_1(name, value)                                                  \
   BUILTIN float name(float x)                                                 \
   {                                                                           \
      return value;                                                            \
   }                                                                           \
   VECTORS_1(name)

#define NATIVE_2(name, value)                                                  \
   BUILTIN float name(float x, float y)                                        \
   {                                                                           \
      return value;                                                            \
   }                                                                           \
   VECTORS_2(name)

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
