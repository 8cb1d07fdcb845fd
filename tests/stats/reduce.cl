/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Strided loads, then a tree in local memory with barriers. */
// run reduce global 512 local 128 args u16384 U4 l512 i16384
kernel void
reduce(global const int *in, global int *out, local int *tmp, int n)
{
   int l = get_local_id(0), sum = 0;
   for (int i = get_global_id(0); i < n; i += get_global_size(0))
      sum += in[i];
   tmp[l] = sum;
   barrier(CLK_LOCAL_MEM_FENCE);
   for (int k = get_local_size(0) / 2; k > 0; k >>= 1) {
      if (l < k)
         tmp[l] += tmp[l + k];
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   if (l == 0)
      out[get_group_id(0)] = tmp[0];
}
