/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* 4x4 blocks in registers: vector loads, FFMA, many values round a loop. */
// run matmul global 16,16 local 8,8 args f4096 f4096 F4096 i64
kernel void
matmul(global const float4 *a, global const float4 *b, global float4 *c, int n)
{
   int x = get_global_id(0), y = get_global_id(1), row = n / 4;
   float4 acc[4] = {0, 0, 0, 0};
   for (int k = 0; k < row; k++) {
      float4 b0 = b[(4 * k + 0) * row + x], b1 = b[(4 * k + 1) * row + x];
      float4 b2 = b[(4 * k + 2) * row + x], b3 = b[(4 * k + 3) * row + x];
      for (int i = 0; i < 4; i++) {
         float4 v = a[(4 * y + i) * row + k];
         acc[i] += v.x * b0 + v.y * b1 + v.z * b2 + v.w * b3;
      }
   }
   for (int i = 0; i < 4; i++)
      c[(4 * y + i) * row + x] = acc[i];
}
