#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""pyopencl on partage: its generated kernels against numpy, and numpy's own arrays as shared memory."""
import os
import sys

try:
    import numpy as np
    import pyopencl as cl
    import pyopencl.array as cla
    import pyopencl.clmath as clmath
    from pyopencl.algorithm import RadixSort
    from pyopencl.clrandom import PhiloxGenerator
    from pyopencl.scan import InclusiveScanKernel
except ImportError as missing:
    print(missing)
    sys.exit(77)

seed = int(os.environ.get('TEST_SEED', '1'))
print('TEST_SEED=%d' % seed)
random = np.random.default_rng(seed)
context = cl.Context(cl.get_platforms()[0].get_devices())
queue = cl.CommandQueue(context)


def to_card(a):
    return cla.to_device(queue, a)


def arrays():
    a, b = random.random(10000, np.float32), random.random(10000, np.float32)
    x, y = to_card(a), to_card(b)
    np.testing.assert_array_equal((x * y - x).get(), a * b - a)
    np.testing.assert_allclose(cla.sum(x).get(), a.sum(dtype=np.float64), rtol=1e-5)
    np.testing.assert_allclose(cla.dot(x, y).get(), a.astype(np.float64).dot(b), rtol=1e-5)
    assert cla.max(x).get() == a.max() and cla.min(x).get() == a.min()
    c = (a + 1j * b).astype(np.complex64)
    np.testing.assert_allclose((to_card(c) * to_card(c)).get(), c * c, rtol=1e-4)


def functions():
    a = random.random(5000) * 20 - 10
    for name in ('exp', 'sin', 'cos', 'tanh', 'floor'):
        np.testing.assert_allclose(getattr(clmath, name)(to_card(a)).get(), getattr(np, name)(a), rtol=1e-13)


def scan_and_sort():
    a = random.integers(0, 100, 5000, np.int32)
    x = to_card(a)
    InclusiveScanKernel(context, np.int32, 'a+b', neutral='0')(x)
    np.testing.assert_array_equal(x.get(), a.cumsum())
    keys = random.integers(0, 2**32, 3000, np.uint32)
    sort = RadixSort(context, 'uint *keys', key_expr='keys[i]', sort_arg_names=['keys'])
    (result,), _ = sort(to_card(keys))
    np.testing.assert_array_equal(result.get(), np.sort(keys))


def random_numbers():
    u = PhiloxGenerator(context, seed=seed).uniform(queue, 10000, np.float64).get()
    assert 0 <= u.min() and u.max() < 1 and abs(u.mean() - 0.5) < 0.02, u.mean()


def shared_memory():
    """An array of numpy's is an argument as it is: fine-grain system SVM."""
    assert context.devices[0].svm_capabilities & cl.device_svm_capabilities.FINE_GRAIN_SYSTEM
    a = random.integers(0, 2**31, 100000, np.int32)
    expected = a * 3 + 1
    kernel = cl.Program(context, 'kernel void f(global int *a) { size_t i = get_global_id(0); a[i] = a[i] * 3 + 1; }'
                        ).build().f
    kernel.set_arg(0, cl.SVM(a))
    cl.enqueue_nd_range_kernel(queue, kernel, a.shape, None)
    queue.finish()
    np.testing.assert_array_equal(a, expected)


for test in (arrays, functions, scan_and_sort, random_numbers, shared_memory):
    test()
    print('ok', test.__name__)
