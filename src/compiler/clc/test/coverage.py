#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""coverage.py CLANG HEADER CLCC [--keep DIR]

Takes clang's full list of builtin functions (opencl-c.h), writes a kernel that
calls each overload, and builds them all with clcc: every builtin we declare must
link and go through the pipeline. Prints what is missing and the LLVM intrinsics
and calls that are left for the back end."""
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

EXTENSIONS = (
    '-all,+cl_khr_byte_addressable_store,+cl_khr_global_int32_base_atomics,'
    '+cl_khr_global_int32_extended_atomics,+cl_khr_local_int32_base_atomics,'
    '+cl_khr_local_int32_extended_atomics,+cl_khr_int64_base_atomics,'
    '+cl_khr_int64_extended_atomics,+cl_khr_fp64,+__opencl_c_fp64,+cl_khr_fp16')
EXTENSIONS_3 = (
    ',+cl_khr_subgroups,+__opencl_c_subgroups,+__opencl_c_generic_address_space,'
    '+__opencl_c_program_scope_global_variables,+__opencl_c_atomic_order_acq_rel,'
    '+__opencl_c_atomic_order_seq_cst,+__opencl_c_images,'
    '+__opencl_c_3d_image_writes,+cl_khr_3d_image_writes,'
    '+__opencl_c_read_write_images')
DEFINES = ['-Dcl_khr_' + name + '=1' for name in
           ('extended_bit_ops', 'integer_dot_product')]
DEFINES += ['-D__opencl_c_integer_dot_product_input_4x8bit' + tail + '=1'
            for tail in ('', '_packed')]
DEFINES_3 = ['-Dcl_khr_subgroup_' + name + '=1' for name in
             ('extended_types', 'non_uniform_vote', 'ballot',
              'non_uniform_arithmetic', 'shuffle', 'shuffle_relative',
              'clustered_reduce', 'rotate')]
DEFINES_3 += ['-D__opencl_c_int64=1', '-D__opencl_c_atomic_scope_device=1',
             '-D__opencl_c_atomic_scope_all_devices=1',
             '-D__opencl_c_work_group_collective_functions=1',
             '-Dcl_ext_float_atomics=1']
DEFINES_3 += [f'-D__opencl_c_ext_fp{bits}_{space}_atomic_{what}=1'
             for bits in (32, 64) for space in ('global', 'local')
             for what in ('add', 'min_max')]

# Not offered yet, or not a function of the library.
SKIP_TYPES = ('image', 'sampler', 'pipe', 'queue_t', 'ndrange', 'clk_event')
SKIP_NAMES = ('printf',)

PER_PROGRAM = 40


def builtins(clang, header, std):
    """(name, return type, parameter types) of every overload."""
    extensions = EXTENSIONS + (EXTENSIONS_3 if std == 'CL3.0' else '')
    with tempfile.NamedTemporaryFile(suffix='.cl', mode='w') as f:
        f.write('constant int dummy = 1;\n')
        f.flush()
        out = subprocess.run(
            [clang, '-cc1', '-triple', 'nvptx64-nvidia-nvcl', '-x', 'cl',
             '-cl-std=' + std, '-cl-ext=' + extensions, '-include', header,
             '-ast-dump=json', f.name]
            + DEFINES + (DEFINES_3 if std == 'CL3.0' else []),
            stdout=subprocess.PIPE, check=True).stdout
    seen = set()
    for decl in json.loads(out)['inner']:
        if decl['kind'] != 'FunctionDecl':
            continue
        name = decl['name']
        qual = decl['type']['qualType']
        if name in SKIP_NAMES or any(t in qual for t in SKIP_TYPES):
            continue
        params = [p['type']['qualType'] for p in decl.get('inner', [])
                  if p['kind'] == 'ParmVarDecl']
        key = (name, qual)
        if key not in seen:
            seen.add(key)
            yield name, qual[:qual.index('(')].strip(), params


class Kernel:
    """Kernel text that calls one overload on values from memory."""

    def __init__(self, index, function):
        self.name, self.result, self.params = function
        self.kernel_params = []
        self.body = []
        self.args = [self.argument(i, p) for i, p in enumerate(self.params)]
        call = f'{self.name}({", ".join(self.args)})'
        if self.result == 'void':
            self.body.append(call + ';')
        elif self.result == 'event_t':
            self.body.append(f'event_t e = {call}; wait_group_events(1, &e);')
        else:
            self.kernel_params.append(f'global {self.result} *result')
            self.body.append(f'*result = {call};')
        self.text = (f'kernel void k{index}({", ".join(self.kernel_params)})\n'
                     '{\n   ' + '\n   '.join(self.body) + '\n}\n')

    def argument(self, i, qual):
        qual = re.sub(r'\s*\b__private$', '', qual).strip()
        pointer = qual.endswith('*')
        base = qual.rstrip('* ').strip()
        if not pointer:
            return self.value(i, base)
        space = re.search(r'__(global|local|constant|private|generic)', base)
        plain = re.sub(r'\b(__\w+|const|volatile|restrict)\b', '', base).strip()
        if plain == 'void':
            plain = 'int'
        if space and space.group(1) in ('global', 'local', 'constant'):
            self.kernel_params.append(f'{space.group(1)} {plain} *p{i}')
            return f'p{i}'
        if plain == 'event_t':
            self.body.append('event_t events = 0;')
            return '&events'
        if plain == 'half':
            self.body.append(f'ushort room{i}[64]; '
                             f'room{i}[0] = get_local_id(0);')
            return f'(half *)room{i}'
        if plain.startswith('atomic_'):
            self.kernel_params.append(f'global {plain} *p{i}')
            return f'(volatile {plain} *)p{i}'
        # Results through private memory are stored, so that they count.
        self.kernel_params.append(f'global {plain} *p{i}')
        self.body.append(f'{plain} v{i}[16]; v{i}[0] = *p{i}; '
                         f'v{i}[1] = v{i}[0];')
        return f'v{i}'

    def value(self, i, base):
        base = re.sub(r'\b(__private|const)\b', '', base).strip()
        if base == 'event_t':
            return '0'
        if base == 'memory_order':
            return 'memory_order_relaxed' if 'load' in self.name or \
                'store' in self.name or 'clear' in self.name else \
                'memory_order_acquire'
        if base == 'memory_scope':
            return 'memory_scope_device'
        if base == 'cl_mem_fence_flags':
            return 'CLK_GLOBAL_MEM_FENCE'
        if 'cluster' in self.name and i == len(self.params) - 1:
            return '8'
        kernel_type = {'size_t': 'ulong', 'ptrdiff_t': 'long',
                       'intptr_t': 'long', 'uintptr_t': 'ulong',
                       'bool': 'int'}.get(base, base)
        self.kernel_params.append(f'global {kernel_type} *p{i}')
        return f'*p{i}'


RESULT_TYPES = {'size_t': 'ulong', 'bool': 'int', 'intptr_t': 'long',
                'uintptr_t': 'ulong', 'ptrdiff_t': 'long'}


def programs(functions):
    """Groups of kernels: (list of names, text)."""
    functions = sorted(functions)
    for start in range(0, len(functions), PER_PROGRAM):
        part = functions[start:start + PER_PROGRAM]
        kernels = [Kernel(i, (n, RESULT_TYPES.get(r, r), p))
                   for i, (n, r, p) in enumerate(part)]
        yield sorted({k.name for k in kernels}), \
            ''.join(k.text for k in kernels)


def build(clcc, std, names, text, keep):
    with tempfile.NamedTemporaryFile(suffix='.cl', mode='w', dir=keep,
                                     delete=keep is None) as f:
        f.write(text)
        f.flush()
        done = subprocess.run([clcc, '-S', f.name, '-cl-std=' + std],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=300)
    return names, done.returncode, done.stdout, done.stderr


def main():
    clang, header, clcc = sys.argv[1:4]
    keep = sys.argv[5] if sys.argv[4:5] == ['--keep'] else None
    left = collections.Counter()
    failed = total = 0
    seen = set()
    for std in ('CL3.0', 'CL1.2'):
        functions = list(builtins(clang, header, std))
        assert len(functions) > 9000, 'the list is not what it was'
        # Of the older language only what it declares otherwise.
        functions = [f for f in functions if (f[0], f[1], str(f[2])) not in seen]
        seen.update((f[0], f[1], str(f[2])) for f in functions)
        total += len(functions)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(build, clcc, std, names, text, keep)
                    for names, text in programs(functions)]
            for job in jobs:
                names, code, out, err = job.result()
                if code:
                    failed += 1
                    print(f'{std} {names[0]} … {names[-1]}: exit {code}\n'
                          + '\n'.join(err.splitlines()[:20]))
                left.update(re.findall(r'call [^\n]*?@([\w.]+)\(', out))
    print(f'{total} overloads, {failed} programs failed')
    print('left:', ', '.join(f'{n} {c}' for n, c in sorted(left.items())))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
