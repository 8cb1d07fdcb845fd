#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Writes, as LLVM text, what OpenCL C cannot say: relaxed atomic operations by
address space and width, and a piece of local memory for the collectives. Ordering
is not here: the library puts __nvir_membar_* around these (fence.h)."""
import sys

SPACES = (0, 1, 3)
OPS = ('xchg', 'add', 'sub', 'and', 'or', 'xor', 'max', 'min', 'umax', 'umin')
FLOATS = {'float': 4, 'double': 8}
FLOAT_OPS = ('fadd', 'fmax', 'fmin')


def primitives(space, bits):
    ptr = f'ptr addrspace({space})' if space else 'ptr'
    word = f'i{bits}'
    align = bits // 8
    suffix = f'{space}_u{bits}'
    for op in OPS:
        yield f'''
define {word} @__partage_{op}_{suffix}({ptr} %p, {word} %v) #0 {{
  %old = atomicrmw {op} {ptr} %p, {word} %v monotonic, align {align}
  ret {word} %old
}}'''
    yield f'''
define {word} @__partage_cas_{suffix}({ptr} %p, {word} %expected, {word} %v) #0 {{
  %pair = cmpxchg {ptr} %p, {word} %expected, {word} %v monotonic monotonic, align {align}
  %old = extractvalue {{ {word}, i1 }} %pair, 0
  ret {word} %old
}}

define {word} @__partage_load_{suffix}({ptr} %p) #0 {{
  %v = load atomic {word}, {ptr} %p monotonic, align {align}
  ret {word} %v
}}

define void @__partage_store_{suffix}({ptr} %p, {word} %v) #0 {{
  store atomic {word} %v, {ptr} %p monotonic, align {align}
  ret void
}}'''


def float_primitives(space, floats):
    ptr = f'ptr addrspace({space})' if space else 'ptr'
    for op in FLOAT_OPS:
        yield f'''
define {floats} @__partage_{op}_{space}_{floats}({ptr} %p, {floats} %v) #0 {{
  %old = atomicrmw {op} {ptr} %p, {floats} %v monotonic, align {FLOATS[floats]}
  ret {floats} %old
}}'''


def saturating(bits, floats, sign):
    """Conversion that clamps, and takes NaN to 0, as convert_*_sat does."""
    kind = {'float': 'f32', 'double': 'f64'}[floats]
    op = f'llvm.fpto{sign}i.sat.i{bits}.{kind}'
    name = f'__partage_sat_{sign}{bits}_{floats}'
    yield f'''
define i{bits} @{name}({floats} %x) #0 {{
  %v = call i{bits} @{op}({floats} %x)
  ret i{bits} %v
}}

declare i{bits} @{op}({floats})'''


# The square root of OpenCL may be 3 ulp off, and then it is one MUFU.
SQRT = '''
define float @__partage_sqrt(float %x) #0 {
  %v = call float @llvm.sqrt.f32(float %x), !fpmath !0
  ret float %v
}

declare float @llvm.sqrt.f32(float)
!0 = !{float 3.000000e+00}
'''


# With a single rounding.
FMA_HALF = '''
define half @__partage_fma_half(half %x, half %y, half %z) #0 {
  %v = call half @llvm.fma.f16(half %x, half %y, half %z)
  ret half %v
}

declare half @llvm.fma.f16(half, half, half)
'''


# One 64-bit word per warp of a work-group.
SCRATCH = '''
@__partage_scratch_words = linkonce_odr addrspace(3) global [32 x i64] undef, align 8

define ptr addrspace(3) @__partage_scratch() #0 {
  ret ptr addrspace(3) @__partage_scratch_words
}
'''


def main():
    out = ['target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"',
           'target triple = "nvptx64-nvidia-nvcl"']
    for space in SPACES:
        for bits in (32, 64):
            out += primitives(space, bits)
        for floats in FLOATS:
            out += float_primitives(space, floats)
    for bits in (8, 16, 32, 64):
        for floats in ('float', 'double'):
            for sign in ('s', 'u'):
                out += saturating(bits, floats, sign)
    out += [SQRT, FMA_HALF, SCRATCH, 'attributes #0 = { alwaysinline nounwind }']
    with open(sys.argv[1], 'w') as f:
        f.write('\n'.join(out) + '\n')


main()
