/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Local memory with barriers. */
// run transpose global 64,64 local 16,16 args f4096 F4096 l1088 i64
kernel void
transpose(global const float *in, global float *out, local float *tile, int n)
{
   int x = get_local_id(0), y = get_local_id(1);
   tile[y * 17 + x] = in[get_global_id(1) * n + get_global_id(0)];
   barrier(CLK_LOCAL_MEM_FENCE);
   int tx = get_group_id(1) * 16 + x, ty = get_group_id(0) * 16 + y;
   out[ty * n + tx] = tile[x * 17 + y];
}

// run scan global 256 local 128 args u256 U256 l1024
kernel void
scan(global const uint *in, global uint *out, local uint *tmp)
{
   int l = get_local_id(0), n = get_local_size(0), from = 0;
   tmp[l] = in[get_global_id(0)];
   barrier(CLK_LOCAL_MEM_FENCE);
   for (int step = 1; step < n; step <<= 1) {
      int to = n - from;
      tmp[to + l] = l >= step ? tmp[from + l] + tmp[from + l - step] : tmp[from + l];
      from = to;
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   out[get_global_id(0)] = tmp[from + l];
}

// run bitonic global 256 local 256 args u256 U256 l1024
kernel void
bitonic(global const uint *in, global uint *out, local uint *v)
{
   int l = get_local_id(0), n = get_local_size(0);
   v[l] = in[get_global_id(0)];
   for (int size = 2; size <= n; size <<= 1)
      for (int stride = size >> 1; stride > 0; stride >>= 1) {
         barrier(CLK_LOCAL_MEM_FENCE);
         int other = l ^ stride;
         if (other > l) {
            uint a = v[l], b = v[other];
            if ((a > b) == ((l & size) == 0)) {
               v[l] = b;
               v[other] = a;
            }
         }
      }
   barrier(CLK_LOCAL_MEM_FENCE);
   out[get_global_id(0)] = v[l];
}

// run histogram global 1024 local 128 args u4096 U256 l1024 i4096
kernel void
histogram(global const uint *in, global uint *bins, local uint *mine, int n)
{
   for (int i = get_local_id(0); i < 256; i += get_local_size(0))
      mine[i] = 0;
   barrier(CLK_LOCAL_MEM_FENCE);
   for (int i = get_global_id(0); i < n; i += get_global_size(0))
      atomic_inc(&mine[in[i] & 255]);
   barrier(CLK_LOCAL_MEM_FENCE);
   for (int i = get_local_id(0); i < 256; i += get_local_size(0))
      atomic_add(&bins[i], mine[i]);
}
