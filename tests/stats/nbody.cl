/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Tiles in local memory, rsqrt, a long chain of FFMA. */
// run nbody global 256 local 64 args f1024 F1024 l1024 i256
kernel void
nbody(global const float4 *pos, global float4 *acc, local float4 *tile, int n)
{
   float4 me = pos[get_global_id(0)];
   float3 sum = 0;
   int l = get_local_id(0), size = get_local_size(0);
   for (int t = 0; t < n; t += size) {
      tile[l] = pos[t + l];
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int j = 0; j < size; j++) {
         float3 d = tile[j].xyz - me.xyz;
         float r = native_rsqrt(dot(d, d) + 1e-3f);
         sum += d * (tile[j].w * r * r * r);
      }
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   acc[get_global_id(0)] = (float4)(sum, 0);
}

/* Divergent loop with two ways out. */
// run mandelbrot global 64,64 local 8,8 args U4096 s-2 s-1.25 s0.04 i100
kernel void
mandelbrot(global uint *out, float x0, float y0, float step, uint limit)
{
   float cx = x0 + get_global_id(0) * step, cy = y0 + get_global_id(1) * step;
   float x = 0, y = 0;
   uint n = 0;
   while (n < limit && x * x + y * y < 4) {
      float t = x * x - y * y + cx;
      y = 2 * x * y + cy;
      x = t;
      n++;
   }
   out[get_global_id(1) * get_global_size(0) + get_global_id(0)] = n;
}

/* 64-bit integers, division. */
// run primes global 256 local 64 args p512 U64
kernel void
primes(global const ulong *in, global uchar *out)
{
   ulong n = in[get_global_id(0)];
   uchar prime = n > 1;
   for (ulong d = 2; prime && d * d <= n; d++)
      prime = n % d != 0;
   out[get_global_id(0)] = prime;
}
