/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One or two memory accesses an operation: addresses and guards are what costs. */
// run vector_add global 4096 local 128 args f4096 f4096 F4096 i4000
kernel void
vector_add(global const float *a, global const float *b, global float *c, int n)
{
   int i = get_global_id(0);
   if (i < n)
      c[i] = a[i] + b[i];
}

// run saxpy global 1024 local 128 args f4096 F4096 s2.5 i4096
kernel void
saxpy(global const float *x, global float *y, float a, int n)
{
   for (int i = get_global_id(0); i < n; i += get_global_size(0))
      y[i] = a * x[i] + y[i];
}

// run triad4 global 1024 local 128 args f4096 f4096 F4096 s3
kernel void
triad4(global const float4 *a, global const float4 *b, global float4 *c, float s)
{
   int i = get_global_id(0);
   c[i] = a[i] + s * b[i];
}

// run gather global 2048 local 128 args u2048 f4096 F2048 i4095
kernel void
gather(global const uint *index, global const float *from, global float *to, uint mask)
{
   int i = get_global_id(0);
   to[i] = from[index[i] & mask];
}
