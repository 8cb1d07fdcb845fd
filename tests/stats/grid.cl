/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Neighbours in two dimensions. */
// run blur global 64,64 local 16,8 args f4096 F4096 i64 i64
kernel void
blur(global const float *in, global float *out, int w, int h)
{
   const float k[9] = {1, 2, 1, 2, 4, 2, 1, 2, 1};
   int x = get_global_id(0), y = get_global_id(1);
   float sum = 0;
   for (int j = -1; j <= 1; j++)
      for (int i = -1; i <= 1; i++) {
         int xx = clamp(x + i, 0, w - 1), yy = clamp(y + j, 0, h - 1);
         sum += k[(j + 1) * 3 + i + 1] * in[yy * w + xx];
      }
   out[y * w + x] = sum / 16;
}

// run jacobi global 64,64 local 16,8 args f4096 F4096 i64
kernel void
jacobi(global const float *in, global float *out, int n)
{
   int x = get_global_id(0), y = get_global_id(1), at = y * n + x;
   if (x == 0 || y == 0 || x == n - 1 || y == n - 1)
      out[at] = in[at];
   else
      out[at] = 0.25f * (in[at - 1] + in[at + 1] + in[at - n] + in[at + n]);
}

// run sobel global 64,32 local 16,8 args u2048 U2048 i64 i32
kernel void
sobel(global const uchar4 *in, global uchar4 *out, int w, int h)
{
   int x = get_global_id(0), y = get_global_id(1);
   if (x == 0 || y == 0 || x == w - 1 || y == h - 1)
      return;
   global const uchar4 *p = in + y * w + x;
   int4 a = convert_int4(p[-w - 1]), b = convert_int4(p[-w]), c = convert_int4(p[-w + 1]);
   int4 d = convert_int4(p[-1]), f = convert_int4(p[1]);
   int4 g = convert_int4(p[w - 1]), e = convert_int4(p[w]), i = convert_int4(p[w + 1]);
   int4 gx = c + 2 * f + i - a - 2 * d - g, gy = g + 2 * e + i - a - 2 * b - c;
   int4 sum = max(gx, -gx) + max(gy, -gy);
   out[y * w + x] = convert_uchar4(min(sum, (int4)255));
}

// run life global 64,64 local 16,8 args u4096 U4096 i64
kernel void
life(global const uint *in, global uint *out, int n)
{
   int x = get_global_id(0), y = get_global_id(1), alive = 0;
   for (int j = -1; j <= 1; j++)
      for (int i = -1; i <= 1; i++)
         if (i || j)
            alive += in[((y + j) & (n - 1)) * n + ((x + i) & (n - 1))] & 1;
   out[y * n + x] = alive == 3 || (alive == 2 && in[y * n + x] & 1);
}
