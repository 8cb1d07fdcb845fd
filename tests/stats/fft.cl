/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Complex numbers in registers and in local memory. */
// run fft64 global 256 local 64 args f512 F512 l512
kernel void
fft64(global const float2 *in, global float2 *out, local float2 *v)
{
   int l = get_local_id(0), base = get_group_id(0) * 64;
   uint r = l;
   r = (r & 0x15) << 1 | (r & 0x2a) >> 1;
   r = (r & 0x03) << 4 | (r & 0x0c) | (r & 0x30) >> 4;
   v[r] = in[base + l];
   for (int half_size = 1; half_size < 64; half_size *= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      if (l < 32) {
         int k = l & (half_size - 1), a = (l - k) * 2 + k, b = a + half_size;
         float angle = -3.14159265f * k / half_size;
         float c = native_cos(angle), s = native_sin(angle);
         float2 x = v[a], y = v[b];
         float2 t = (float2)(y.x * c - y.y * s, y.x * s + y.y * c);
         v[a] = x + t;
         v[b] = x - t;
      }
   }
   barrier(CLK_LOCAL_MEM_FENCE);
   out[base + l] = v[l];
}

// run dct8 global 256 local 64 args f2048 F2048
kernel void
dct8(global const float8 *in, global float8 *out)
{
   float8 v = in[get_global_id(0)];
   float4 s = v.lo + v.hi.wzyx, d = v.lo - v.hi.wzyx;
   float2 ss = s.xy + s.wz, sd = s.xy - s.wz;
   float8 r;
   r.s0 = ss.x + ss.y;
   r.s4 = (ss.x - ss.y) * 0.70710678f;
   r.s2 = sd.x * 0.92387953f + sd.y * 0.38268343f;
   r.s6 = sd.x * 0.38268343f - sd.y * 0.92387953f;
   r.s1 = dot(d, (float4)(0.98078528f, 0.83146961f, 0.55557023f, 0.19509032f));
   r.s3 = dot(d, (float4)(0.83146961f, -0.19509032f, -0.98078528f, -0.55557023f));
   r.s5 = dot(d, (float4)(0.55557023f, -0.98078528f, 0.19509032f, 0.83146961f));
   r.s7 = dot(d, (float4)(0.19509032f, -0.55557023f, 0.83146961f, -0.98078528f));
   out[get_global_id(0)] = r;
}

// run kmeans global 512 local 128 args f2048 f32 U512 i8
kernel void
kmeans(global const float4 *points, constant float4 *centers, global uint *nearest, int k)
{
   float4 p = points[get_global_id(0)];
   float best = 1e30f;
   uint which = 0;
   for (int c = 0; c < k; c++) {
      float4 d = p - centers[c];
      float dist = dot(d, d);
      if (dist < best) {
         best = dist;
         which = c;
      }
   }
   nearest[get_global_id(0)] = which;
}
